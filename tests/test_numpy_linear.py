"""Linear algebra as NumPy spells it, beyond lines: norms at 0, ties, refusals, results written, operands that do not fit."""
import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from checks import plain


def variable(values):
    return anp.array(np.asarray(values, float), requires_grad=True)


@pytest.mark.parametrize("norm", [
    np.linalg.norm, np.linalg.vector_norm, lambda x: np.linalg.norm(x, axis=0), lambda x: np.linalg.norm(x, 3),
    lambda x: np.linalg.norm(x, 1), lambda x: np.linalg.norm(x, np.inf)])
def test_the_gradient_of_a_norm_at_0_is_0(norm):
    x = variable([0.0, 0.0, 0.0])
    value = norm(x)
    assert float(plain(value.detach())) == 0.0
    np.testing.assert_array_equal(plain(autograd.grad(value, x)[0]), 0.0)
    rows = variable([[3.0, 4.0], [0.0, 0.0]])
    (gradient,) = autograd.grad(np.linalg.norm(rows, axis=1).sum(), rows)
    np.testing.assert_allclose(plain(gradient), [[0.6, 0.8], [0.0, 0.0]], rtol=1e-15)
    matrix = variable(np.zeros((2, 2)))
    np.testing.assert_array_equal(plain(autograd.grad(np.linalg.matrix_norm(matrix), matrix)[0]), 0.0)


def test_norms_neither_overflow_nor_vanish_between():
    """Where NumPy's squares do."""
    x = variable([3e200, 4e200])
    value = np.linalg.norm(x)
    np.testing.assert_allclose(plain(value.detach()), 5e200, rtol=1e-15)
    np.testing.assert_allclose(plain(autograd.grad(value, x)[0]), [0.6, 0.8])


def test_ties_of_the_largest_column_share_the_gradient():
    x = variable([[1.0, -1.0], [2.0, 2.0]])
    (gradient,) = autograd.grad(np.linalg.norm(x, 1), x)
    np.testing.assert_array_equal(plain(gradient), [[0.5, -0.5], [0.5, 0.5]])


def test_powers_of_a_matrix():
    x = np.array([[2.0, 1.0], [1.0, 3.0]])
    np.testing.assert_array_equal(plain(np.linalg.matrix_power(variable(x), -1).detach()), np.linalg.matrix_power(x, -1))
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        np.linalg.matrix_power(variable(np.ones((2, 2))), -2)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.matrix_power(variable(np.ones((2, 3))), 2)


def test_a_rank_is_a_value():
    assert np.linalg.matrix_rank(variable([[1.0, 2.0], [2.0, 4.0]])) == 1


@pytest.mark.parametrize(("call", "plainly"), [
    (lambda x, out: np.dot(x, x, out=out), lambda x: np.dot(x, x)),
    (lambda x, out: np.outer(x[0], x[1], out=out), lambda x: np.outer(x[0], x[1])),
    (lambda x, out: np.einsum("ij,jk->ik", x, x, out=out), lambda x: x @ x),
    (lambda x, out: np.linalg.multi_dot([x, x, x], out=out), lambda x: x @ x @ x)])
def test_results_are_written_into_variables_with_their_gradient(call, plainly):
    x = variable([[1.0, 2.0], [0.5, -1.0]])
    out = anp.array(np.zeros((2, 2)))
    assert call(x, out) is out
    (gradient,), (expected,) = (autograd.grad(value.sum(), x) for value in (out * 1.0, plainly(x)))
    np.testing.assert_allclose(plain(gradient), plain(expected), rtol=1e-12)
    with pytest.raises(TypeError, match="would lose the gradient"):
        call(x, np.zeros((2, 2)))
    array = np.zeros((2, 2))
    assert call(x.detach(), array) is array
    np.testing.assert_allclose(array, plain(plainly(x.detach())), rtol=1e-12)


@pytest.mark.parametrize("call", [
    lambda x: np.dot(x, np.ones(4)), lambda x: np.inner(x, np.ones(4)), lambda x: np.vdot(x, np.ones(4)),
    lambda x: np.tensordot(x, np.ones(4), 1), lambda x: np.einsum("ij", x), lambda x: np.einsum("i->ii", x),
    lambda x: np.einsum("i,i", x, np.ones(4)), lambda x: np.cross(x, np.ones(4)), lambda x: np.linalg.outer(x, np.ones((2, 2))),
    lambda x: np.linalg.multi_dot([x]), lambda x: np.linalg.norm(x, "fro"), lambda x: np.matrix_transpose(x),
    lambda x: np.vecdot(x, np.ones(4)), lambda x: np.matvec(np.ones((2, 4)), x), lambda x: np.vecmat(x, np.ones((4, 2))),
    lambda x: np.diagonal(x), lambda x: np.linalg.cross(np.ones(4), x), lambda x: np.linalg.norm(x, axis=(0, 0))])
def test_what_does_not_fit_raises_numpys_error(call):
    x = variable([1.0, 2.0, 3.0])
    with pytest.raises(ValueError) as expected:
        call(plain(x.detach()))
    with pytest.raises(ValueError) as found:
        call(x)
    assert issubclass(found.type, ValueError) and str(found.value) and expected.type


def test_tensors_give_tensors():
    x = autodiff.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    for result in (np.dot(x, x), np.outer(x, x), np.linalg.norm(x), np.einsum("ij->ji", x), np.vecdot(x, x),
                   np.linalg.multi_dot([x, x]), np.matrix_transpose(x)):
        assert type(result) is autodiff.Tensor and result.requires_grad
    assert type(np.dot(x, anp.array([1.0, 2.0]))) is anp.ndarray


def test_a_path_is_found_without_reading():
    """Under vmap, too, where nothing can be read."""
    paths = []

    def f(x):
        paths.append(np.einsum_path("ij,jk,kl->il", x, x, x)[0])
        return x.sum()

    autodiff.vmap(f)(np.ones((3, 2, 2)))
    assert paths == [np.einsum_path("ij,jk,kl->il", *[np.ones((2, 2))] * 3)[0]]
