"""NumPy's choices and writes: into Variables with the gradient, into plain arrays where there is none to lose.

Values and gradients of what returns something: numpy_lines/indexing.txt.
"""
import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff.autograd import forward_ad

V = np.array([1.0, 2.0, 3.0])
A = np.arange(1.0, 7.0).reshape(2, 3)


def variable(array):
    return anp.array(array, requires_grad=True)


#: Functions that write: of a (2x3), x (3) and what they are called with.
WRITES = ["np.put(a, [0, 4], x[:2])", "np.place(a, a > 2, x)", "np.putmask(a, a > 2, x)", "np.copyto(a, x)",
          "np.copyto(a, x[0], where=[True, False, True])", "np.put_along_axis(a, np.array([[0], [2]]), x[:2, None], 1)",
          "np.put_along_axis(a, np.array([1, 2, 3]), x, None)"]


@pytest.mark.parametrize("line", WRITES)
@pytest.mark.parametrize("make", [autodiff.tensor, anp.array], ids=["Tensor", "ndarray"])
def test_a_write_keeps_the_gradient_of_what_is_written_and_of_what_stays(make, line):
    plain = A.copy()
    assert eval(line, {"np": np, "a": plain, "x": V}) is None
    base, x = make(A, requires_grad=True), make(V, requires_grad=True)
    a = base * 1
    assert eval(line, {"np": np, "a": a, "x": x}) is None
    np.testing.assert_array_equal(a.detach().numpy(), plain)
    kept, written = autodiff.autograd.grad((a * make(A)).sum(), [base, x])
    marks = A.copy()
    eval(line, {"np": np, "a": marks, "x": np.array([101.0, 102.0, 103.0])})
    np.testing.assert_array_equal(kept.numpy(), np.where(marks > 100, 0.0, A))
    np.testing.assert_array_equal(written.numpy(), [np.sum(A[marks == 101 + i]) for i in range(3)])


@pytest.mark.parametrize("line", WRITES)
def test_a_plain_array_is_not_written_with_what_is_recorded(line):
    for x in (variable(V), autodiff.tensor(V, requires_grad=True)):
        plain = A.copy()
        with pytest.raises(TypeError, match=r"np\.zeros_like\(x\) or np\.zeros\(n, like=x\)"):
            eval(line, {"np": np, "a": plain, "x": x})
        np.testing.assert_array_equal(plain, A)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(anp.array(V), anp.array(V))
        with pytest.raises(TypeError, match="plain array"):
            eval(line, {"np": np, "a": A.copy(), "x": dual})
    expected, plain = A.copy(), A.copy()
    eval(line, {"np": np, "a": expected, "x": V})
    eval(line, {"np": np, "a": plain, "x": anp.array(V)})       # nothing to lose
    np.testing.assert_array_equal(plain, expected)


@pytest.mark.parametrize("line", [*WRITES, "np.fill_diagonal(a, 1.0)"])
def test_a_leaf_is_not_written(line):
    with pytest.raises(RuntimeError, match="leaf"):
        eval(line, {"np": np, "a": variable(A), "x": V})


WRONG = ["np.put(a, [9], x)", "np.put(a, [0], x, mode='far')", "np.put(a, np.array([0.5]), 1.0)", "np.place(a, [True], x)",
         "np.place(a, a > 0, [])", "np.putmask(a, [True], x)", "np.copyto(a, x[:2])", "np.copyto(a, 1j)",
         "np.copyto(a, x, casting='wild')", "np.copyto(a, [1j, 2j, 3j])", "np.fill_diagonal(x, 1.0)",
         "np.fill_diagonal(np.stack([a, a]), 1.0)", "np.put_along_axis(a, np.array([0]), 1.0, 1)",
         "np.put_along_axis(a, np.array([[0.5]]), 1.0, 1)", "np.put_along_axis(a, np.array([[7]]), 1.0, 1)",
         "np.put_along_axis(a, np.array([[0]]), 1.0, 5)", "np.put_along_axis(a, np.array([[0]]), 1.0, None)",
         "np.take(x, [3])", "np.take(x, np.array([0.5]))", "np.take(a, 0, axis=2)", "np.take(x, [0], mode='far')",
         "np.take_along_axis(a, np.array([0]), 1)", "np.take_along_axis(a, np.array([[0.5]]), 1)",
         "np.take_along_axis(a, np.array([[4]]), 1)", "np.take_along_axis(a, np.array([[0]]), 3)",
         "np.choose([0, 1, 2], [x, x])", "np.choose([0.5], [x])", "np.choose([0], [x], mode='far')",
         "np.choose([0, 1], [x, x])", "np.select([], [])", "np.select([x > 1], [x, x])", "np.select([x], [x])",
         "np.select([x > 1], [a[:, :2]])", "np.piecewise(x, [x > 1], [1, 2, 3])", "np.piecewise(x, [x > 1, x < 0], [1])"]


@pytest.mark.parametrize("line", WRONG)
@pytest.mark.filterwarnings("ignore")
def test_what_numpy_refuses_is_refused_as_numpy_does(line):
    with pytest.raises(Exception) as expected:
        eval(line, {"np": np, "a": A.copy(), "x": V.copy()})
    with pytest.raises(type(expected.value)) as caught:
        eval(line, {"np": np, "a": variable(A) * 1.0, "x": variable(V)})
    assert type(caught.value) is type(expected.value) and str(caught.value) == str(expected.value)


def test_writes_under_vmap_are_of_each_sample():
    def function(x):
        a = np.zeros_like(x)
        np.put(a, [2, 0], x[:2])
        np.copyto(a, x * 2, where=x > 4.5)
        np.fill_diagonal(a[:, None] * np.ones(3), 1.0)
        np.put_along_axis(a, np.argmin(x, keepdims=True), 9.0, 0)
        return a

    found = autodiff.vmap(function)(A)
    for sample, row in zip(A, found):
        np.testing.assert_array_equal(function(anp.array(sample)).numpy(), row)


def test_lists_of_variables_are_written_with_the_gradient():
    x = variable(V)
    y = np.zeros_like(x)
    y[:2] = [x[1] * 2, x[0]]
    y[2:] = np.array([x[2]])
    assert y.tolist() == [4, 1, 3]
    np.sum(y * y).backward()
    assert x.grad.tolist() == [2, 16, 6]

    def rows(x):
        y = np.zeros_like(x, shape=(2, 2))
        y[0] = [x[0], 1.0]
        y[1] = (x[1], x[0] * x[2])
        return y

    assert autodiff.vmap(rows)(A).tolist() == [[[1, 1], [2, 3]], [[4, 1], [5, 24]]]
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(rows(forward_ad.make_dual(anp.array(V), anp.array([1.0, 0.0, 0.0])))).tangent
    assert tangent.tolist() == [[1, 0], [0, 3]]


def test_rows_of_a_loop_are_views():
    x = variable(A)
    y = x * 1.0
    for scale, row in enumerate(y):
        row *= scale + 2.0
    for row in reversed(y):
        row[0] = 0.0
    assert y.tolist() == [[0, 4, 6], [0, 15, 18]]
    np.sum(y).backward()
    assert x.grad.tolist() == [[0, 2, 2], [0, 3, 3]]


def jitter(x):
    K = np.exp(-(x[:, None] - x) ** 2)
    K[np.diag_indices(3)] += 0.1
    return np.sum(K @ K)


def normalised(x):
    p = np.exp(x)
    p /= p.sum()
    return np.sum(p * p)


def cut_off(x):
    y = np.tanh(x)
    y[y > 0.9] = 0.0
    return np.sum(y ** 2)


def squared_in_place(x):
    y = x * 2.0
    y[:] = y ** 2
    y[0] *= 3.0
    return np.sum(y)


def one_element(x):
    y = x * 2.0
    z = y ** 2
    y[0] = x[1]
    y[1] = y[0] * x[2]
    return np.sum(z) + np.sum(y ** 3)


def part_of_a_used_array(x):
    y = np.sqrt(x)
    y[1:] = y[1:] * y[:-1]
    row = np.exp(y)
    row[:2] += 1.0
    row[2:][0] = 0.5
    return np.sum(row * y)


def steps(x):
    u = x * 1.0
    for _ in range(3):
        energy = np.sum(u ** 3)
        u[1:-1] = u[1:-1] + 0.1 * (u[2:] - u[:-2]) * energy
        u[0] = np.sin(u[0])
    return np.sum(u * u)


@pytest.mark.parametrize("function", [jitter, normalised, cut_off, squared_in_place, one_element, part_of_a_used_array, steps],
                         ids=lambda function: function.__name__)
def test_an_array_may_be_written_after_it_was_used(function):
    """As NumPy code does; of a Tensor PyTorch's RuntimeError stands."""
    step = 1e-6
    for point in (np.array([0.5, 1.25, 2.0]), np.array([0.25, 0.75, 1.75])):
        expected = [(function(point + step * unit) - function(point - step * unit)) / (2 * step) for unit in np.eye(3)]
        np.testing.assert_allclose(autodiff.grad(function)(point), expected, rtol=1e-6, atol=1e-8)
    batch = np.stack([point, point + 0.1])
    if function is not cut_off:
        np.testing.assert_allclose(autodiff.vmap(autodiff.grad(function))(batch),
                                   [autodiff.grad(function)(row) for row in batch], rtol=1e-12)


def test_who_else_looks_at_the_elements_sees_the_write():
    x = variable(V)
    y = x * 2.0
    view, alias = y[1:], y.detach()
    z = y ** 2
    y[1] = 0.0
    assert view.tolist() == [0, 6] and alias.tolist() == [2, 0, 6]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        np.sum(z).backward()
    t = autodiff.tensor(V, requires_grad=True) * 2
    u = t ** 2
    t[0] = 0.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        u.sum().backward()


def test_a_view_of_a_used_array_goes_on_showing_it():
    x = variable(V)
    y = x * 2.0
    z = np.exp(y)
    row = y[1:]
    row *= 10.0
    assert y.tolist() == [2, 40, 60] and np.shares_memory(row, y) and y._version > 0
    row[0] = 1.0
    assert y.tolist() == [2, 1, 60]
    np.sum(z + y).backward()
    np.testing.assert_allclose(x.grad, [2 * np.exp(2) + 2, 2 * np.exp(4), 2 * np.exp(6) + 20])
    array = np.array([1.0, 2.0])        # memory of NumPy's, which is to see writes
    shared = anp.asarray(array)
    product = np.sum(variable(V[:2]) * shared)
    shared[0] = 7.0
    assert array[0] == 7
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_copyto_an_object_array_keeps_the_variables():
    x = variable(V)
    filled = np.full((2, 2), x[1])
    assert filled.dtype == object and filled[0, 1] is filled[1, 0]
    np.sum(x[:2] * filled).backward()
    assert x.grad.tolist() == [4, 10, 0]


def test_choose_and_take_write_into_out():
    x = variable(V)
    out = np.zeros_like(x)
    assert np.choose([0, 1, 0], [x, x * x], out=out) is out and out.tolist() == [1, 4, 3]
    assert np.take(x, [2, 0, 1], out=out) is out and out.tolist() == [3, 1, 2]
    with pytest.raises(TypeError, match="would lose the gradient"):
        np.choose([0, 1, 0], [x, x], out=np.zeros(3))
    with pytest.raises(TypeError, match="would lose the gradient"):
        np.take(x, [0, 1, 2], out=np.zeros(3))


def test_piecewise_hands_its_functions_variables():
    seen = []

    def square(v, scale):
        seen.append(type(v))
        return scale * v ** 2

    x = variable(V)
    result = np.piecewise(x, [x > 1.5], [square, 0.5], 3.0)
    assert seen == [anp.ndarray] and result.tolist() == [0.5, 12, 27]
    np.sum(result).backward()
    assert x.grad.tolist() == [0, 12, 18]
    t = autodiff.tensor(V, requires_grad=True)
    assert type(np.piecewise(t, [t.detach().numpy() > 1.5], [lambda v: v, -1.0])) is autodiff.Tensor


def test_indices_may_be_variables():
    x, at = variable(A), anp.array([0, 2])
    assert np.take(A, at, axis=1).tolist() == [[1, 3], [4, 6]]
    assert np.take(x, at, axis=1).tolist() == [[1, 3], [4, 6]]
    assert np.choose(at // 2, [[1.0, 1.0], [2.0, 3.0]]).tolist() == [1, 3]
    assert np.unravel_index(anp.array([4]), (2, 3))[1].tolist() == [1]
    assert np.ravel_multi_index((anp.array([1]), anp.array([2])), (2, 3)).tolist() == [5]
    assert np.delete(x, at, axis=1).tolist() == [[2], [5]] and np.insert(V, at, 0.0).tolist() == [0, 1, 2, 0, 3]
