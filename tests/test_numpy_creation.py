"""Arrays that NumPy makes by the shape of a Variable, by like= one, or between two: what they are, and writes into them."""
import io

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp

V = np.array([1.0, 2.0, 3.0])
A = np.arange(1.0, 7.0).reshape(2, 3)


def variable(array):
    return anp.array(array, requires_grad=True)


LIKE = ["np.zeros_like(x)", "np.ones_like(x, dtype=np.float32)", "np.full_like(x, 2)", "np.full_like(x, 2.5, dtype=int)",
        "np.zeros_like(x, shape=(2, 2))", "np.ones_like(x, dtype=bool)", "np.full_like(x, 1 + 2j, dtype=complex)",
        "np.zeros_like(x, shape=4, order='F', subok=False)", "np.full_like(x, [4, 5, 6])",
        "np.zeros(3, like=x)", "np.zeros((2, 2), np.float32, like=x)", "np.ones((1, 2), dtype=int, like=x)",
        "np.full(2, 7, like=x)", "np.full((2, 2), 1.5, np.float32, like=x)", "np.empty((0, 2), like=x)", "np.arange(4, like=x)",
        "np.arange(1, 2, 0.25, like=x)", "np.arange(3, dtype=np.float32, like=x)", "np.eye(2, 3, 1, like=x)",
        "np.identity(2, dtype=np.float32, like=x)", "np.tri(2, 3, like=x)", "np.array([1, 2], like=x)",
        "np.array([[1.0]], dtype=np.float32, ndmin=3, like=x)", "np.asarray(5.0, like=x)", "np.asanyarray([1.0, 2], like=x)",
        "np.ascontiguousarray(5, like=x)", "np.asfortranarray([[1.0, 2.0]], like=x)", "np.require([1, 2], float, 'C', like=x)",
        "np.fromfunction(lambda i, j: i + j, (2, 2), like=x)", "np.fromiter(range(3), float, like=x)",
        "np.frombuffer(np.arange(3.0).tobytes(), like=x)", "np.fromstring('1 2 3', sep=' ', like=x)",
        "np.loadtxt(['1 2', '3 4'], like=x)", "np.genfromtxt(['1,2', '3,'], delimiter=',', like=x)",
        "np.loadtxt(['1 2', '3 4'], unpack=True, like=x)[0]", "np.array(x, np.float32, like=x)", "np.array(x, ndmin=2, like=x)"]


@pytest.mark.parametrize("line", LIKE)
@pytest.mark.filterwarnings("ignore")
def test_what_is_made_like_a_variable(line):
    expected = eval(line, {"np": np, "x": V})
    for make in (variable, anp.array, autodiff.tensor):
        found = eval(line, {"np": np, "x": make(V)})
        assert type(found) is type(make(V)) and found.numel() == expected.size
        assert np.asarray(found.detach()).dtype == expected.dtype
        np.testing.assert_array_equal(found.detach().numpy(), expected)
        if "array(x" not in line:
            assert not found.requires_grad


def test_what_variables_cannot_hold_is_numpys():
    x = variable(V)
    boxes = np.empty_like(x, dtype=object)
    assert type(boxes) is np.ndarray and boxes.dtype == object
    assert type(np.zeros_like(x, dtype=np.uint16)) is np.ndarray and np.zeros(2, "U3", like=x).dtype == "U3"
    with pytest.raises(TypeError, match="float64"):
        np.zeros_like(x, dtype=np.longdouble)
    with pytest.raises(TypeError, match="float64"):
        np.zeros(3, np.longdouble, like=x)


def test_a_loop_that_writes_keeps_the_gradient():
    """An orbit's worth of Euler steps: what PyTorch refuses."""
    def end(start):
        y = np.zeros(6, like=start)
        y[0] = start
        for i in range(5):
            y[i + 1] = y[i] + 0.1 * np.sin(y[i])
        return y[-1] + np.sum(y * y)

    step = 1e-6
    slope = autodiff.grad(end)(0.7)
    assert slope == pytest.approx((end(np.array(0.7 + step)) - end(np.array(0.7 - step))) / (2 * step), rel=1e-8)
    np.testing.assert_allclose(autodiff.vmap(autodiff.grad(end))(np.array([0.7, 0.2])), [slope, autodiff.grad(end)(0.2)])


def test_like_under_nested_vmap_takes_results_of_any_level():
    def outer(x):
        def inner(y):
            table = np.zeros((2, 2), like=x)
            table[0] = x[:2]
            table[1] = y * x[2]
            return table
        return autodiff.vmap(inner)(np.array([1.0, 10.0]))

    found = autodiff.vmap(outer)(A)
    assert found.shape == (2, 2, 2, 2) and found[1, 1].tolist() == [[4, 5], [60, 60]]


def test_full_and_array_take_variables():
    x = variable(V)
    np.sum(np.full((2, 3), x, like=x) * A).backward()
    assert x.grad.tolist() == [5, 7, 9]
    turn = np.array([[np.cos(x[0]), -np.sin(x[0])], [np.sin(x[0]), np.cos(x[0])]], like=x)
    assert turn.shape == (2, 2) and turn.requires_grad
    assert np.array(x, like=x) is not x and np.asarray(x, like=x) is x
    with pytest.raises(ValueError, match=r"[Uu]nable to avoid copy"):
        np.array(x, dtype=np.float32, copy=False, like=x)
    with pytest.raises(ValueError, match=r"[Uu]nable to avoid copy"):
        np.asarray(x, np.float32, copy=False, like=x)
    assert np.asarray(autodiff.tensor(V), like=x).tolist() == V.tolist()


def test_ends_may_be_variables_where_numpy_takes_arrays():
    for line in ("np.linspace(x, y, 3, retstep=True)", "np.linspace(x[0], y[0], 1, retstep=True)",
                 "np.linspace(x, y, 0, endpoint=False, retstep=True)"):
        found = eval(line, {"np": np, "x": variable(V), "y": variable(V + 1)})
        expected = eval(line, {"np": np, "x": V, "y": V + 1})
        assert type(found) is tuple and len(found) == 2
        for one, other in zip(found, expected):
            np.testing.assert_array_equal(one.detach().numpy() if type(one) is anp.ndarray else one, other)
    # integers are floats between two ends, and Python numbers take the dtype of the other end where NumPy has it so
    assert np.linspace(anp.array(1), 3, 3).dtype == np.float64
    for line in ("np.linspace(0, x, 3)", "np.linspace(x, [0, 1], 3)", "np.linspace(i, 3, 3)", "np.geomspace(x, 8.0, 3)",
                 "np.geomspace(i, 4, 3)", "np.logspace(x, 2, 3)", "np.logspace(x, 2, 3, base=2)", "np.linspace(x, 1j, 3)",
                 "np.geomspace(x, 2j, 3)", "np.logspace(0, 1, 3, base=x)", "np.linspace(x, x, 3, dtype=np.float16)"):
        plain = {"x": np.array(1.0, np.float32), "i": np.array(2)}
        found, expected = eval(line, {"np": np, **{k: anp.array(v) for k, v in plain.items()}}), eval(line, {"np": np, **plain})
        assert found.dtype == expected.dtype, line
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)


WRONG = ["np.linspace(x, x, -1)", "np.linspace(x, x, 2.5)", "np.geomspace(x * 0, x, 3)", "np.geomspace(x, x, -2)",
         "np.linspace(x, [1.0, 2.0], 3)", "np.linspace(x, x, 3, axis=4)", "np.vander(np.stack([x, x]))", "np.vander(x, -1)",
         "np.zeros(-1, like=x)", "np.zeros('a', like=x)", "np.full((2, 2), x, like=x)", "np.full_like(x, [1.0, 2.0])",
         "np.zeros_like(x, shape=-3)", "np.eye(-1, like=x)", "np.arange(1, 2, 0, like=x)", "np.require(x, None, 'Q', like=x)",
         "np.array([[1.0], [1.0, 2.0]], like=x)", "np.zeros_like(x, device='gpu')", "np.fromiter([1.0], float, 3, like=x)"]


@pytest.mark.parametrize("line", WRONG)
@pytest.mark.filterwarnings("ignore")
def test_what_numpy_refuses_is_refused_as_numpy_does(line):
    with pytest.raises(Exception) as expected:
        eval(line, {"np": np, "x": V.copy()})
    with pytest.raises(type(expected.value)):
        eval(line, {"np": np, "x": variable(V)})


def test_files_and_lines_of_text_are_read_as_variables():
    x = variable(V)
    assert np.loadtxt(io.StringIO("1 2\n3 4"), like=x).tolist() == [[1, 2], [3, 4]]


def test_numbers_between_variables_by_arange():
    x = variable(V)
    numbers = np.arange(x[0], x[2], x[0] / 2, like=x)
    assert numbers.tolist() == [1, 1.5, 2, 2.5]
    np.sum(numbers).backward()
    assert x.grad.tolist() == [4 + 3.0, 0, 0]
