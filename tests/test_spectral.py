"""Decompositions: identities that hold whatever the vectors' signs are, their derivatives, values that repeat, and words."""
import re
import warnings

import numpy as np
import pytest

import autodiff
from autodiff import autograd, func, linalg

RANDOM = np.random.default_rng(7)
DTYPES = ["float32", "float64", "complex64", "complex128"]


def matrix(*shape, dtype="float64", hermitian=False):
    a = RANDOM.standard_normal(shape)
    if dtype.startswith("complex"):
        a = a + 1j * RANDOM.standard_normal(shape)
    if hermitian:
        a = a + a.swapaxes(-1, -2).conj()
    return a.astype(dtype)


def leaf(a):
    return autodiff.tensor(a, requires_grad=True)


def plain(v):
    return v.detach().numpy()


def tolerance(dtype):
    return 1e-3 if dtype in ("float32", "complex64") else 1e-9


def scalar(v):
    """A real number of every element, no two with the same weight."""
    w = autodiff.tensor(np.sin(1 + np.arange(v.numel())).reshape(tuple(v.shape)).astype(str(v.dtype).rpartition(".")[2]))
    if v.is_complex():
        return (v * w).real.sum() + (v * w).imag.sum() * 0.5
    return (v * w).sum()


def same(f, g, a, tol=1e-9):
    """Two functions of one matrix agree in value, gradient, second derivative and tangent."""
    direction = np.cos(np.arange(a.size)).reshape(a.shape).astype(a.dtype)
    found = []
    for function in (f, g):
        x = leaf(a)
        y = scalar(function(x))
        first, = autograd.grad(y, x, create_graph=True)
        t = scalar(first)
        second = plain(autograd.grad(t, x)[0]) if t.requires_grad else np.zeros_like(a)
        tangent = func.jvp(lambda x, function=function: scalar(function(x)), (autodiff.tensor(a),),
                           (autodiff.tensor(direction),))[1]
        found.append((plain(y), plain(first), second, plain(tangent)))
    for one, other in zip(*found):
        np.testing.assert_allclose(one, other, rtol=tol, atol=tol * (1 + np.max(np.abs(other), initial=0)))


def hermitian_part(x):
    return (x + x.mH) * 0.5


# ---- identities

@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 1)])
def test_eigh_gives_the_matrix_again(dtype, shape):
    def rebuilt(x):
        values, vectors = linalg.eigh(hermitian_part(x))
        return (vectors * values[..., None, :]) @ vectors.mH

    same(rebuilt, hermitian_part, matrix(*shape, dtype=dtype), tolerance(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_eigenvalues_have_the_trace_and_the_squares(dtype):
    def trace(x):
        values = linalg.eigvalsh(x)
        return autodiff.stack([values.sum(), (values ** 2).sum()])

    def expected(x):
        x = hermitian_part(x)
        sums = autodiff.stack([x.diagonal().sum(), (x @ x).diagonal().sum()])
        return sums.real if x.is_complex() else sums

    same(lambda x: trace(hermitian_part(x)), expected, matrix(4, 4, dtype=dtype), tolerance(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 2, 3), (1, 1)])
def test_svd_gives_the_matrix_again(dtype, shape):
    def rebuilt(x):
        u, s, vh = linalg.svd(x, full_matrices=False)
        return (u * s[..., None, :]) @ vh

    same(rebuilt, lambda x: x * 1, matrix(*shape, dtype=dtype), tolerance(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "mode"), [
    (shape, mode) for shape in ((3, 3), (4, 2), (2, 4), (2, 2, 3), (1, 1)) for mode in ("reduced", "complete")
    if mode == "reduced" or shape[-2] <= shape[-1]])        # of others "complete" has no gradient, see below
def test_qr_gives_the_matrix_again(dtype, shape, mode):
    def rebuilt(x):
        q, r = linalg.qr(x, mode)
        return q @ r

    same(rebuilt, lambda x: x * 1, matrix(*shape, dtype=dtype), tolerance(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 2), (3, 3)])
def test_the_vectors_are_orthonormal_in_every_order(dtype, shape):
    a = matrix(*shape, dtype=dtype)
    k = min(shape)
    identity = autodiff.eye(k, dtype=getattr(autodiff, dtype))
    for f in (lambda x: linalg.svd(x, full_matrices=False).U, lambda x: linalg.svd(x, full_matrices=False).Vh.mH,
              lambda x: linalg.qr(x).Q, lambda x: linalg.eigh(x.mH @ x)[1]):
        def gram(x, f=f):
            v = f(x)
            return v.mH @ v + 0 * (x * x).sum()

        same(gram, lambda x: identity + 0 * (x * x).sum(), a, tolerance(dtype))


def test_the_space_that_no_singular_vector_covers_is_what_the_others_leave():
    def rest(x):
        u = linalg.svd(x).U[..., 2:]
        return u @ u.mH

    def left(x):
        u = linalg.svd(x, full_matrices=False).U
        return autodiff.eye(4, dtype=x.dtype) - u @ u.mH

    for dtype in ("float64", "complex128"):
        same(rest, left, matrix(4, 2, dtype=dtype))


# ---- values that repeat

def rotated(values, dtype="float64"):
    q = np.linalg.qr(matrix(len(values), len(values), dtype=dtype))[0]
    return (q * values) @ q.conj().T


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("values", [[1.0, 1.0, 2.0], [3.0, 3.0, 3.0], [0.0, 0.0, 0.0]])
def test_symmetric_functions_of_repeated_eigenvalues_are_differentiated(dtype, values):
    a = rotated(values, dtype)
    x = leaf(a)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (linalg.eigvalsh(x) ** 2).sum().backward()
        np.testing.assert_allclose(plain(x.grad), 2 * a, atol=1e-12)
        x.grad = None
        linalg.eigh(x).eigenvalues.exp().sum().backward()
    w, v = np.linalg.eigh(a)
    np.testing.assert_allclose(plain(x.grad), (v * np.exp(w)) @ v.conj().T, atol=1e-12)


def test_the_vectors_of_repeated_eigenvalues_have_no_gradient_and_a_warning_says_so():
    """Two functions with the same cotangents at this matrix: the sum of fourth powers depends on the basis, a trace does not.

    Nothing that the op is handed tells one from the other, so neither gets a number.
    """
    for f in (lambda w, v: (v ** 4).sum(), lambda w, v: 4 * (v @ v.mT).trace(), lambda w, v: (v * w.exp()) @ v.mT):
        x = leaf(np.eye(3))
        y = f(*linalg.eigh(x))
        with pytest.warns(UserWarning, match=r"linalg\.eigh: values repeat.*use linalg\.eigvalsh"):
            scalar(y).backward()
        assert np.isnan(plain(x.grad)).all()


def test_vectors_of_single_eigenvalues_are_differentiated_beside_repeated_ones():
    a = rotated([1.0, 1.0, 2.0])
    b = matrix(3, 3)
    hermitian = b + b.T

    def projection(x):
        v = linalg.eigh(hermitian_part(x)).eigenvectors[:, 2:]
        return v @ v.mT

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jacobian = plain(func.jvp(projection, (autodiff.tensor(a),), (autodiff.tensor(hermitian),))[1])
        x = leaf(a)
        (projection(x) * autodiff.tensor(b)).sum().backward()
    h = 1e-6
    near = [plain(projection(autodiff.tensor(a + t * hermitian))) for t in (-h, h)]
    expected = (near[1] - near[0]) / (2 * h)
    np.testing.assert_allclose(jacobian, expected, atol=1e-8)
    np.testing.assert_allclose((plain(x.grad) * hermitian).sum(), (expected * b).sum(), rtol=1e-7)


def test_the_second_derivative_of_a_single_eigenvalue_is_right_beside_repeated_ones_and_that_of_repeated_ones_is_nan():
    a, b = rotated([1.0, 1.0, 2.0]), matrix(3, 3, hermitian=True)

    def curvature(f):
        x = leaf(a)
        first, = autograd.grad(f(linalg.eigvalsh(x)), x, create_graph=True)
        return plain(autograd.grad((first * autodiff.tensor(b)).sum(), x)[0])

    found = (curvature(lambda w: w[2]) * b).sum()
    h = 1e-4
    top = [np.linalg.eigvalsh(a + t * b)[2] for t in (-h, 0, h)]
    np.testing.assert_allclose(found, (top[0] - 2 * top[1] + top[2]) / h ** 2, rtol=1e-5)
    with pytest.warns(UserWarning, match="values repeat"):
        assert np.isnan(curvature(lambda w: (w ** 3).sum())).all()


def test_the_tangent_of_repeated_vectors_is_nan_and_that_of_the_values_is_not():
    a, b = autodiff.tensor(np.diag([1.0, 1.0, 3.0])), autodiff.tensor(matrix(3, 3, hermitian=True))
    (_, v), (dw, dv) = func.jvp(lambda x: tuple(linalg.eigh(x)), (a,), (b,))
    assert np.isnan(plain(dv)[:, :2]).all() and np.isfinite(plain(dv)[:, 2]).all()
    np.testing.assert_allclose(plain(dw), plain((v.mT @ b @ v).diagonal()), atol=1e-14)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
@pytest.mark.parametrize("values", [[2.0, 2.0, 2.0], [2.0, 2.0, 1.0]])
def test_the_nuclear_norm_is_differentiated_at_repeated_singular_values(shape, values):
    u, v = np.linalg.qr(matrix(shape[0], 3))[0], np.linalg.qr(matrix(shape[1], 3))[0]
    x = leaf((u * values) @ v.T)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        linalg.svdvals(x).sum().backward()
    np.testing.assert_allclose(plain(x.grad), u @ v.T, atol=1e-12)
    with pytest.warns(UserWarning, match=r"linalg\.svd: values repeat"):
        gradient, = autograd.grad((linalg.svd(x, full_matrices=False).U ** 4).sum(), x)
    assert np.isnan(plain(gradient)).all()


def test_one_matrix_of_a_batch_does_not_spoil_the_others():
    x = leaf(np.stack([np.eye(2), np.diag([1.0, 2.0])]))
    with pytest.warns(UserWarning, match="values repeat"):
        (linalg.eigh(x).eigenvectors ** 3).sum().backward()
    assert np.isnan(plain(x.grad)[0]).all() and np.isfinite(plain(x.grad)[1]).all()


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3)])
def test_a_null_vector_is_differentiated_where_it_is_determined(shape):
    """A value of 0: on the side that is not longer, its vector is one up to its sign, on the other one of many."""
    u, v = np.linalg.qr(matrix(shape[0], 3))[0], np.linalg.qr(matrix(shape[1], 3))[0]
    a, b = (u * [3.0, 2.0, 0.0]) @ v.T, matrix(*shape)

    def outer(x, side):
        left, _, right = linalg.svd(x, full_matrices=False)
        vector = left[:, 2] if side == "U" else right[2]
        return vector[:, None] * vector

    for side in ("U", "V"):
        x = leaf(a)
        y = scalar(outer(x, side))
        if shape[0] == shape[1] or (side == "V") == (shape[0] > shape[1]):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                y.backward()
            h = 1e-6
            expected = [plain(scalar(outer(autodiff.tensor(a + t * b), side))) for t in (-h, h)]
            np.testing.assert_allclose((plain(x.grad) * b).sum(), (expected[1] - expected[0]) / (2 * h), rtol=1e-5, atol=1e-7)
        else:
            with pytest.warns(UserWarning, match="values repeat"):
                y.backward()
            assert np.isnan(plain(x.grad)).all()


def test_the_product_of_the_vectors_of_the_value_0_turns_over_and_has_no_gradient():
    x = leaf(np.diag([2.0, 0.0]))
    u, _, vh = linalg.svd(x)
    with pytest.warns(UserWarning, match="values repeat"):
        scalar(u @ vh).backward()
    assert np.isnan(plain(x.grad)).all()


def test_what_depends_on_the_basis_of_the_rest_has_no_gradient():
    x = leaf(matrix(4, 2))
    with pytest.warns(UserWarning, match="one basis of many"):
        (linalg.svd(x).U[:, 2] ** 4).sum().backward()
    assert np.isnan(plain(x.grad)).all()


# ---- complex phases, triangles, matrices of lower rank

@pytest.mark.parametrize(("f", "words"), [
    (lambda x: linalg.eigh(x + x.mH)[1], r"linalg_eigh_backward: The eigenvectors in the complex case"),
    (lambda x: linalg.svd(x)[0], r"svd_backward: The singular vectors in the complex case"),
])
def test_the_phase_of_complex_vectors_has_no_gradient(f, words):
    for scale in (1e-6, 1.0, 1e12):
        with pytest.raises(RuntimeError, match=words):
            (f(leaf(matrix(3, 3, dtype="complex128"))).imag.sum() * scale).backward()
        (f(leaf(matrix(3, 3, dtype="complex128"))).abs().sum() * scale).backward()


@pytest.mark.parametrize("uplo", ["L", "U"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_numpys_eigh_has_the_gradient_of_the_triangle_that_it_reads(uplo, dtype):
    a, h = matrix(3, 3, dtype=dtype), 1e-6
    x = autodiff.numpy.array(a, requires_grad=True)

    def f(x):
        values, vectors = np.linalg.eigh(x, uplo)
        total = (np.abs(vectors) ** 2 * np.arange(9.0).reshape(3, 3)).sum() + (values ** 3).sum()
        return total + np.linalg.eigvalsh(x, uplo).max()

    f(x).backward()
    expected = np.zeros_like(a)
    for index in np.ndindex(3, 3):
        for unit in (1, 1j) if dtype == "complex128" else (1,):
            step = np.zeros_like(a)
            step[index] = h * unit
            expected[index] += unit * (f(a + step) - f(a - step)) / (2 * h)
    np.testing.assert_allclose(x.grad.numpy(), expected, atol=1e-7)
    assert not np.any(np.triu(x.grad.numpy(), 1) if uplo == "L" else np.tril(x.grad.numpy(), -1))


def test_the_other_triangle_is_not_read_and_the_gradient_is_symmetric():
    for dtype in ("float64", "complex128"):
        a = matrix(3, 3, dtype=dtype)
        for uplo, other in (("L", np.triu(np.full((3, 3), np.nan), 1)), ("U", np.tril(np.full((3, 3), np.nan), -1))):
            x = leaf(a + other)
            values, vectors = linalg.eigh(x, uplo)
            (values.sin().sum() + ((vectors * values.exp()) @ vectors.mH).abs().sum()).backward()
            np.testing.assert_allclose(plain(x.grad), plain(x.grad).conj().T, atol=1e-12)


@pytest.mark.parametrize("a", [[[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 1.0]], [[1.0, 2.0, 3.0], [2.0, 4.0, 5.0]]])
def test_qr_of_columns_that_depend_on_each_other_has_no_gradient(a):
    x = leaf(np.array(a))
    with pytest.warns(UserWarning, match=r"linalg\.qr: the first columns"):
        linalg.qr(x).R.sum().backward()
    assert np.isnan(plain(x.grad)).any()


def test_numpys_qr_has_a_gradient_without_q_and_none_of_householders_vectors():
    a = matrix(3, 2)
    x, y = (autodiff.numpy.array(a, requires_grad=True) for _ in range(2))
    np.linalg.qr(x, mode="r").sum().backward()
    np.linalg.qr(y).R.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.grad.numpy())
    with pytest.raises(NotImplementedError, match="Householder"):
        np.linalg.qr(x, mode="raw")
    np.testing.assert_array_equal(np.linalg.qr(x.detach(), "raw")[0].numpy(), np.linalg.qr(a, "raw")[0])


# ---- types

def test_values_of_a_batch_lie_together():
    a = matrix(2, 3, 3)
    for dtype in ("float64", "complex128"):
        for f in (lambda x: linalg.eigh(x)[0], lambda x: linalg.svd(x)[1], linalg.eigvalsh, linalg.svdvals,
                  lambda x: linalg.eig(x)[0]):
            assert f(leaf(a.astype(dtype))).view(-1).shape == (6,)


def test_results_have_numpys_types():
    x = autodiff.numpy.array(np.diag([1.0, 2.0]), requires_grad=True)
    for name, fields in (("eigh", ("eigenvalues", "eigenvectors")), ("svd", ("U", "S", "Vh")), ("qr", ("Q", "R"))):
        found = getattr(np.linalg, name)(x)
        assert type(found) is type(getattr(np.linalg, name)(np.eye(2))) and found._fields == fields
        assert all(type(part) is autodiff.numpy.ndarray for part in found)
    assert np.linalg.eigvalsh(autodiff.numpy.array([[2, 1], [1, 2]])).dtype == np.float64
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.eigh(autodiff.numpy.array(np.ones((2, 3)), requires_grad=True))
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.svd(autodiff.numpy.array(np.full((2, 2), np.nan), requires_grad=True))


def test_the_values_alone_have_the_bits_that_they_have_beside_a_gradient():
    for dtype in DTYPES:
        a = matrix(5, 5, dtype=dtype, hermitian=True)
        for f in (linalg.eigvalsh, linalg.svdvals):
            np.testing.assert_array_equal(plain(f(autodiff.tensor(a))), plain(f(leaf(a))))


# ---- eigenvalues of any square matrix

@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (1, 1)])
def test_eig_gives_the_matrix_again(dtype, shape):
    def rebuilt(x):
        values, vectors = linalg.eig(x)
        result = (vectors * values[..., None, :]) @ linalg.pinv(vectors)
        return result if x.is_complex() else result.real

    same(rebuilt, lambda x: x * 1, matrix(*shape, dtype=dtype), 100 * tolerance(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_of_powers_of_eigenvalues_are_traces(dtype):
    for power in (1, 2, 3):
        def traces(x, power=power):
            y = x
            for _ in range(power - 1):
                y = y @ x
            total = y.diagonal().sum() + 0 * (x * x).sum()
            return total if x.is_complex() else autodiff.complex(total, total * 0)

        same(lambda x, power=power: (linalg.eigvals(x) ** power).sum() + 0 * (x * x).sum(), traces, matrix(4, 4, dtype=dtype),
             10 * tolerance(dtype))


def test_vectors_have_norm_1_in_every_order():
    same(lambda x: (linalg.eig(x).eigenvectors.abs() ** 2).sum(-2) + 0 * (x * x).sum(),
         lambda x: autodiff.ones(3) + 0 * (x * x).sum(), matrix(3, 3))


@pytest.mark.parametrize("a", [np.eye(2), [[2.0, 1.0], [0.0, 2.0]], np.zeros((2, 2))])
def test_repeated_eigenvalues_have_a_gradient_together_and_none_apart(a):
    x = leaf(np.array(a))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        linalg.eigvals(x).real.sum().backward()
    np.testing.assert_allclose(plain(x.grad), np.eye(2), atol=1e-12)
    for f in (lambda w, v: w.real[0], lambda w, v: (v.abs() ** 4).sum()):
        with pytest.warns(UserWarning, match=r"linalg\.eig: eigenvalues repeat"):
            gradient, = autograd.grad(f(*linalg.eig(x)), x)
        assert np.isnan(plain(gradient)).all()
    _, tangent = func.jvp(lambda x: linalg.eigvals(x).real[0], (autodiff.tensor(np.array(a)),),
                          (autodiff.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=autodiff.float64),))
    assert np.isnan(tangent.item())


def test_the_phase_of_eigenvectors_has_no_gradient_and_real_ones_have_none():
    with pytest.raises(RuntimeError, match="linalg_eig_backward: The eigenvectors in the complex case"):
        linalg.eig(leaf(matrix(3, 3, dtype="complex128")))[1].imag.sum().backward()
    a, b, h = np.array([[2.0, 1.0, 0.0], [0.5, 3.0, 0.3], [0.0, 0.1, 5.0]]), matrix(3, 3), 1e-6

    def f(x):       # of the real parts, with the signs taken out
        vectors = linalg.eig(x).eigenvectors.real
        return scalar(vectors * vectors[1].sign())

    x = leaf(a)
    f(x).backward()
    expected = [f(autodiff.tensor(a + t * b)).item() for t in (-h, h)]
    np.testing.assert_allclose((plain(x.grad) * b).sum(), (expected[1] - expected[0]) / (2 * h), rtol=1e-6)


def test_eig_has_numpys_types_and_pytorchs():
    real, turned = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[0.0, 1.0], [-1.0, 0.0]])
    for a in (real, turned, real.astype("float32"), real.astype("complex64"), np.zeros((0, 0)), np.eye(2, dtype=int)):
        expected = np.linalg.eig(a)
        found = np.linalg.eig(autodiff.numpy.array(a))
        assert type(found) is type(expected)
        for one, other in zip(found, expected):
            assert one.dtype == other.dtype and one.shape == other.shape
        assert np.linalg.eigvals(autodiff.numpy.array(a)).dtype == np.linalg.eigvals(a).dtype
    assert linalg.eig(autodiff.tensor(real))[0].dtype == linalg.eigvals(autodiff.tensor(real)).dtype == autodiff.complex128
    assert linalg.eigvals(autodiff.tensor(real.astype("float32"))).dtype == autodiff.complex64
    for f in (np.linalg.eig, np.linalg.eigvals):
        for bad in (np.full((2, 2), np.nan), np.ones((2, 3))):
            with pytest.raises(np.linalg.LinAlgError):
                f(autodiff.numpy.array(bad, requires_grad=True))


def test_values_alone_keep_their_order_beside_the_vectors():
    for dtype in DTYPES:
        a = matrix(12, 12, dtype=dtype)
        x = leaf(a)
        values = linalg.eigvals(x)
        np.testing.assert_array_equal(plain(values), plain(linalg.eigvals(autodiff.tensor(a))))
        gradient, = autograd.grad(values[3].abs(), x)
        vectors = np.linalg.eig(a)
        i = np.argmin(np.abs(vectors[0] - plain(values)[3]))
        right, left = vectors[1][:, i], np.linalg.inv(vectors[1])[i]
        expected = np.outer(left.conj(), right.conj()) * vectors[0][i] / abs(vectors[0][i])
        expected = expected if dtype.startswith("complex") else expected.real
        np.testing.assert_allclose(plain(gradient), expected, atol=tolerance(dtype))


# ---- norms, condition numbers, pseudoinverses, ranks

@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 2, 3), (2, 3, 2)])
def test_penroses_four_laws(dtype, shape):
    a, tol = matrix(*shape, dtype=dtype), tolerance(dtype) * 10
    pinv = linalg.pinv
    same(lambda x: x @ pinv(x) @ x, lambda x: x * 1, a, tol)
    same(lambda x: pinv(x) @ x @ pinv(x), pinv, a, tol)
    same(lambda x: (x @ pinv(x)).mH * 1, lambda x: x @ pinv(x), a, tol)
    same(lambda x: (pinv(x) @ x).mH * 1, lambda x: pinv(x) @ x, a, tol)
    same(lambda x: pinv(pinv(x)), lambda x: x * 1, a, tol)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
def test_the_pseudoinverse_of_lower_rank(shape):
    """Where the rank stays: of products of a tall and a wide matrix."""
    left, right = matrix(shape[0], 2), matrix(2, shape[1])

    def product(x):
        return (x @ autodiff.tensor(right)).mT

    same(lambda x: linalg.pinv(product(x).mT, rtol=1e-9),
         lambda x: linalg.pinv(autodiff.tensor(right)) @ linalg.pinv(x), left, 1e-7)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4), (2, 4, 4)])
def test_dropped_values_that_are_no_rounding_errors_turn_with_the_others(dtype, shape):
    u, _, vh = np.linalg.svd(matrix(*shape, dtype=dtype), full_matrices=False)
    a = (u * np.array([3.0, 3.0, 0.5, 0.3])[:min(shape[-2:])]) @ vh      # two that repeat, and are kept
    b, h = matrix(*shape, dtype=dtype), 1e-5

    def f(x):
        return scalar(linalg.pinv(x, rtol=0.4))

    x = leaf(a)
    f(x).backward()
    expected = (f(autodiff.tensor(a + h * b)) - f(autodiff.tensor(a - h * b))).item() / (2 * h)
    np.testing.assert_allclose((plain(x.grad).conj() * b).real.sum(), expected, rtol=1e-7)


def test_the_condition_number_is_the_norm_times_that_of_the_inverse():
    a = matrix(3, 3) + 4 * np.eye(3)
    for p in (None, 2, "fro", "nuc", 1, np.inf):
        same(lambda x, p=p: linalg.cond(x, p),
             lambda x, p=p: linalg.matrix_norm(x, p or 2) * linalg.matrix_norm(linalg.pinv(x), p or 2), a, 1e-8)


def test_condition_numbers_of_singular_matrices():
    a = np.array([[1.0, 1.0], [1.0, 1.0]])
    for p in (1, -1, "fro", np.inf):
        assert linalg.cond(autodiff.tensor(a), p).item() == np.inf
        assert np.linalg.cond(autodiff.numpy.array(a), p).item() == np.linalg.cond(a, p)
    zero = autodiff.numpy.array(np.zeros((2, 2)), requires_grad=True)
    assert np.linalg.cond(zero).item() == np.inf
    assert np.isnan(np.linalg.cond(autodiff.numpy.array(np.full((2, 2), np.nan)), 1).item())
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cond(autodiff.numpy.array(np.zeros((0, 0)), requires_grad=True))


def test_orders_of_norms_that_singular_values_make():
    a = matrix(3, 4)
    squares = autodiff.tensor(np.linalg.svd(a, compute_uv=False) ** 2)
    assert np.isclose(linalg.norm(leaf(a), "nuc").item(), squares.sqrt().sum().item())
    same(lambda x: linalg.matrix_norm(x, 2) ** 2, lambda x: linalg.eigvalsh(x @ x.mT).amax(), a)
    same(lambda x: linalg.matrix_norm(x, -2) ** 2, lambda x: linalg.eigvalsh(x @ x.mT).amin(), a)
    same(lambda x: linalg.matrix_norm(x, "nuc"), lambda x: linalg.eigvalsh(x @ x.mT).sqrt().sum(), a)
    same(lambda x: linalg.matrix_norm(x, "fro") ** 2, lambda x: (linalg.svdvals(x) ** 2).sum(), a)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 2)])
def test_subgradients_of_norms_are_finite(shape):
    """At 0, and where singular values repeat: an element of the subdifferential, which has the dual norm 1 at most."""
    dual = {2: "nuc", "nuc": 2, "fro": "fro", 1: None, np.inf: None}
    for a in (np.zeros(shape), np.eye(*shape)):
        for p, q in dual.items():
            x = leaf(a)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                y = linalg.matrix_norm(x, p)
                y.backward()
            g = plain(x.grad)
            assert np.isfinite(g).all() and np.isclose((g * a).sum(), y.item())
            assert q is None or np.linalg.norm(g, q) <= 1 + 1e-12


def test_numpys_norms_of_matrices_without_elements_are_numpys():
    for shape in ((0, 3), (3, 0)):
        for p in (2, -2, "nuc"):
            x = autodiff.numpy.array(np.zeros(shape), requires_grad=True)
            try:
                expected = np.linalg.norm(np.zeros(shape), p)
            except ValueError:
                with pytest.raises(ValueError, match="zero-size"):
                    np.linalg.norm(x, p)
            else:
                assert np.linalg.norm(x, p).item() == expected


def test_ranks_and_tolerances_are_those_of_several_matrices():
    a = np.stack([np.diag([3.0, 2.0, 1.0])] * 2)
    assert linalg.matrix_rank(autodiff.tensor(a), autodiff.tensor([0.5, 2.5])).tolist() == [3, 1]
    assert linalg.matrix_rank(autodiff.tensor(a), rtol=np.array([0.5, 0.9])).tolist() == [2, 1]
    assert linalg.matrix_rank(leaf(a), hermitian=True, atol=1.5).tolist() == [2, 2]
    x = leaf(a[0])
    both = linalg.pinv(x, atol=autodiff.tensor([0.5, 1.5]))
    assert both.shape == (2, 3, 3)
    both[0].sum().backward()
    y = leaf(a[0])
    linalg.pinv(y, atol=0.5).sum().backward()
    np.testing.assert_allclose(plain(x.grad), plain(y.grad), atol=1e-14)
    for f in (linalg.matrix_rank, linalg.pinv):
        with pytest.raises(TypeError):
            f(x, 0.5, atol=0.5)
        with pytest.raises(TypeError, match="must be float or Tensor"):
            f(x, atol="x")
        with pytest.raises(RuntimeError, match="must match"):
            f(autodiff.tensor(a), atol=autodiff.tensor([0.1, 0.2, 0.3]))
    assert linalg.matrix_rank(autodiff.tensor(a), atol=10 ** 30).tolist() == [0, 0]
    with pytest.raises(TypeError, match="range"):
        autodiff.histogram(autodiff.tensor([1.0, 2.0]), 3, range=2)


# ---- statistics, distances, reflections

def test_cov_is_the_product_of_deviations_and_corrcoef_its_scale():
    for dtype in ("float64", "complex128"):
        a = matrix(3, 5, dtype=dtype)

        def product(x):
            away = x - x.mean(1, keepdim=True)
            return away @ away.mH / 4

        same(lambda x: x.cov(), product, a)

        def scaled(x):
            c = product(x)
            d = c.diagonal().real.sqrt() if c.is_complex() else c.diagonal().sqrt()
            return (c / d[:, None] / d)[0, 1:]

        same(lambda x: x.corrcoef()[0, 1:], scaled, a)


def test_frequencies_are_repeated_observations():
    counts = autodiff.tensor([1, 3, 2])
    same(lambda x: x.cov(fweights=counts), lambda x: x.repeat_interleave(counts, 1).cov(), matrix(2, 3))


def test_a_histogram_is_numpys_and_its_edges_follow_the_extremes():
    a = matrix(50)
    for bins, keywords in ((7, {}), (5, {"range": (-1.0, 0.5)}), (4, {"density": True})):
        found, expected = autodiff.tensor(a).histogram(bins, **keywords), np.histogram(a, bins, **keywords)
        np.testing.assert_allclose(plain(found.hist), expected[0])
        np.testing.assert_allclose(plain(found.bin_edges), expected[1], rtol=1e-14)
    x = leaf(a)
    x.histogram(4).bin_edges[1].backward()
    expected = np.zeros(50)
    expected[a.argmin()], expected[a.argmax()] = 0.75, 0.25
    np.testing.assert_allclose(plain(x.grad), expected, atol=1e-15)
    edges = leaf(np.array([-2.0, 0.0, 1.0]))
    found = autodiff.tensor(a).histogram(edges, density=True)
    assert found.bin_edges.requires_grad and np.isclose(
        (plain(found.hist) * np.diff(plain(edges))).sum(), 1)


def test_pdist_is_the_triangle_of_cdist_and_both_are_norms():
    a = matrix(4, 3)
    for p in (0.5, 1, 1.5, 2, 3, np.inf):       # the pairs of one of the first two rows and one of the others
        same(lambda x, p=p: autodiff.pdist(x, p)[1:5], lambda x, p=p: autodiff.cdist(x[:2], x[2:], p).flatten(), a)
    same(lambda x: autodiff.cdist(x, autodiff.tensor(a[:2] + 1)) ** 2,
         lambda x: ((x[:, None] - autodiff.tensor(a[:2] + 1)) ** 2).sum(-1), a)


def test_renorm_leaves_what_is_small_and_scales_the_rest():
    a = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    x = leaf(a)
    y = x.renorm(2, 0, 1.0)
    np.testing.assert_allclose(plain(y), [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]], rtol=1e-6)
    first, = autograd.grad((y * y).sum(), x, create_graph=True)
    np.testing.assert_allclose(plain(first), [[0.0, 0.0], [0.6, 0.8], [0.0, 0.0]], atol=1e-7)
    second, = autograd.grad(first.sum(), x)
    assert np.isfinite(plain(second)).all() and np.allclose(plain(second)[1:], 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (2, 4, 2)])
def test_householders_vectors_make_the_matrix_again(dtype, shape):
    a = matrix(*shape, dtype=dtype)
    x = autodiff.tensor(a)
    h, tau = x.geqrf()
    q, r = linalg.householder_product(h, tau), h.triu()[..., :shape[-1], :]
    tol = tolerance(dtype)
    np.testing.assert_allclose(plain(q @ r), a, atol=tol)
    np.testing.assert_allclose(plain(q), np.linalg.qr(a)[0], atol=tol)
    np.testing.assert_allclose(plain(autodiff.ormqr(h, tau, x, transpose=True)[..., :shape[-1], :].triu()), plain(r), atol=tol)
    wide = autodiff.tensor(a.swapaxes(-1, -2).copy())
    eye = np.broadcast_to(np.eye(shape[-2], dtype=dtype), (*shape[:-1], shape[-2]))
    whole = autodiff.ormqr(h, tau, autodiff.tensor(eye.copy()))
    np.testing.assert_allclose(plain(autodiff.ormqr(h, tau, wide, left=False)), plain(wide @ whole), atol=tol)
    np.testing.assert_allclose(plain(autodiff.ormqr(h, tau, wide, False, True)), plain(wide @ whole.mH), atol=tol)


def test_geqrf_has_no_derivative_and_says_so():
    with pytest.raises(NotImplementedError, match="the derivative for 'geqrf' is not implemented"):
        leaf(matrix(3, 2)).geqrf().a.sum().backward()


# ---- low rank

@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 5, 5)])
def test_a_matrix_of_low_rank_is_decomposed_exactly(dtype, shape):
    a = matrix(*shape[:-1], 2, dtype=dtype) @ matrix(*shape[:-2], 2, shape[-1], dtype=dtype)
    u, s, v = autodiff.svd_lowrank(autodiff.tensor(a), 2)
    np.testing.assert_allclose(plain((u * s[..., None, :]) @ v.mH), a, atol=1e-12)
    np.testing.assert_allclose(plain(s), np.linalg.svd(a, compute_uv=False)[..., :2])
    _, s, v = autodiff.pca_lowrank(autodiff.tensor(a), 2, center=False)
    np.testing.assert_allclose(plain(s), np.linalg.svd(a, compute_uv=False)[..., :2])
    one = autodiff.tensor(np.ones((1, shape[-1]), dtype))
    u, s, v = autodiff.svd_lowrank(autodiff.tensor(a) + one, 2, M=one)
    np.testing.assert_allclose(plain((u * s[..., None, :]) @ v.mH), a, atol=1e-12)


def test_gradients_of_low_rank():
    a = matrix(5, 2) @ matrix(2, 4)
    x, y = leaf(a), leaf(a)
    (autodiff.svd_lowrank(x, 2)[1] ** 3).sum().backward()
    (linalg.svdvals(y)[:2] ** 3).sum().backward()
    np.testing.assert_allclose(plain(x.grad), plain(y.grad), atol=1e-9)
    x, y = leaf(matrix(6, 3)), matrix(6, 3)
    _, s, v = autodiff.pca_lowrank(x, 3)
    covariance = (v * s ** 2) @ v.mT / 5
    (covariance * autodiff.tensor(y[:3])).sum().backward()
    z = leaf(plain(x))
    (z.mT.cov() * autodiff.tensor(y[:3])).sum().backward()
    np.testing.assert_allclose(plain(x.grad), plain(z.grad), atol=1e-9)


def test_words_about_low_rank():
    a = autodiff.tensor(matrix(5, 4))
    for q, niter, words in ((9, 2, "not greater than min"), (-1, 2, "non-negative integer"), (2, -1, "niter")):
        with pytest.raises(ValueError, match=words):
            autodiff.pca_lowrank(a, q, niter=niter)
    for f in (autodiff.svd_lowrank, autodiff.pca_lowrank):
        with pytest.raises(ValueError, match="takes matrices"):
            f(a[0])
        with pytest.raises(TypeError, match="must be Tensor"):
            f([[1.0]])
        with pytest.raises(RuntimeError):
            f(autodiff.tensor([[1, 2]]))


def test_norm_of_matrices_by_the_older_function():
    """Tensor.norm takes the names of norms of matrices, as linalg.matrix_norm has them."""
    a = matrix(3, 4)
    x = leaf(a)
    (g,) = autograd.grad(x.norm("nuc"), x)
    (expected,) = autograd.grad(linalg.norm(x, "nuc"), x)
    np.testing.assert_allclose(plain(g), plain(expected))
    assert x.norm("nuc", dim=(-1, 0), keepdim=True).shape == (1, 1)
    for call, words in ((lambda: leaf(matrix(2, 3, 3)).norm("nuc"), "dim must be a 2-tuple. Got 0 1 2"),
                        (lambda: x.norm("nuc", dim=0), "dim must be a 2-tuple. Got 0"),
                        (lambda: leaf(matrix(3)).norm("nuc"), "The input tensor A must have at least 2 dimensions."),
                        (lambda: x.norm("xx"), "Order xx not supported.")):
        with pytest.raises(RuntimeError, match=re.escape(words)):
            call()


def test_rank_by_numpy_under_vmap():
    stack = matrix(4, 3, 3)
    stack[1, 2] = stack[1, 0]
    for arguments in ((), (0.5,), (None, False)):
        found = autodiff.vmap(lambda m, arguments=arguments: np.linalg.matrix_rank(m, *arguments))(autodiff.asarray(stack))
        assert np.asarray(found).tolist() == np.linalg.matrix_rank(stack, *arguments).tolist()
    assert np.asarray(autodiff.vmap(lambda m: np.linalg.matrix_rank(m, rtol=0.3))(autodiff.asarray(stack))).tolist() == (
        np.linalg.matrix_rank(stack, rtol=0.3).tolist())
