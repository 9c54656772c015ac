"""`import autodiff.numpy as np`: the whole of NumPy, whose functions see Variables in lists, and whose arrays can be written.

Derivatives are held against central differences of the same function of plain arrays, and forward mode against reverse.
"""
import pickle
import subprocess
import sys

import numpy
import pytest

import autodiff
import autodiff.numpy as np

RNG = numpy.random.default_rng(3)


def differences(f, x, step=1e-6):
    """The gradient of the sum of what f returns, by central differences."""
    x = numpy.asarray(x, float)
    slope = numpy.zeros(x.shape)
    for i in numpy.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        slope[i] = (numpy.sum(numpy.asarray(f(up), float)) - numpy.sum(numpy.asarray(f(down), float))) / (2 * step)
    return slope


def check(f, x):
    """Value as of plain arrays; gradient against differences, forward mode against reverse, of order 2 against order 1."""
    x = numpy.asarray(x, float)
    leaf = np.array(x, requires_grad=True)
    out = f(leaf)
    assert type(out) is np.ndarray and out.requires_grad
    numpy.testing.assert_allclose(out.detach().numpy(), numpy.asarray(f(x)), rtol=1e-13)

    def total(x):
        return np.sum(f(x) * numpy.arange(1.0, out.numel() + 1).reshape(out.shape))

    gradient = autodiff.grad(total)(x)
    numpy.testing.assert_allclose(gradient, differences(total, x), rtol=1e-6, atol=1e-7)
    numpy.testing.assert_allclose(autodiff.jacfwd(total)(x), gradient, rtol=1e-12, atol=1e-14)
    second = autodiff.hessian(total)(x)
    numpy.testing.assert_allclose(second.reshape(-1, x.size).sum(0).reshape(x.shape),
                                  differences(lambda x: autodiff.grad(total)(x), x), rtol=1e-5, atol=1e-6)


# ---- the namespace

def test_every_public_name_of_numpy_is_there():
    # NumPy's modules of its own machinery are no part of what programs use.
    names = {name for name in dir(numpy) if not name.startswith("_")}
    assert names <= set(dir(np))
    for name in names:
        assert getattr(np, name) is not None or getattr(numpy, name) is None, name
    for module in ("linalg", "fft", "random", "testing", "polynomial", "emath", "lib"):
        ours, theirs = getattr(np, module), getattr(numpy, module)
        for name in dir(theirs):
            if not name.startswith("_"):
                assert getattr(ours, name) is not None, f"{module}.{name}"
        assert {name for name in dir(theirs) if not name.startswith("_")} <= set(dir(ours))
    with pytest.raises(AttributeError, match=r"module 'autodiff\.numpy' has no attribute 'nosuch'"):
        np.nosuch  # noqa: B018
    with pytest.raises(AttributeError):
        np.linalg.nosuch  # noqa: B018


def test_imports_of_every_form():
    program = ("import autodiff.numpy as np, autodiff.numpy.linalg as la, numpy\n"
               "from autodiff.numpy.random import default_rng\n"
               "from autodiff.numpy import *\n"
               "assert la is np.linalg and solve_is(la) and sin is np.sin and zeros is np.zeros\n"
               "assert np.__version__ == numpy.__version__ and default_rng(0).normal() == np.random.default_rng(0).normal()")
    program = "def solve_is(la): return callable(la.solve)\n" + program
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_mirror_is_imported_when_it_is_asked_for():
    program = ("import sys, autodiff; "
               "assert not {m for m in sys.modules if m.startswith('autodiff.numpy._')} - {'autodiff.numpy._methods'}")
    subprocess.run([sys.executable, "-c", program], check=True)


def test_constants_types_and_functions_of_none_are_numpys_own():
    for name in ("pi", "e", "inf", "newaxis", "float64", "int32", "bool_", "integer", "errstate", "finfo", "dtype", "mgrid",
                 "ma", "generic", "ufunc"):
        assert getattr(np, name) is getattr(numpy, name), name
    assert numpy.isnan(np.nan)


def test_plain_arguments_give_plain_results():
    a = RNG.uniform(1, 2, (3, 4))
    for f in (lambda n: n.sin(a), lambda n: n.mean(a, axis=0), lambda n: n.concatenate([a, a]), lambda n: n.linalg.norm(a),
              lambda n: n.add.reduce(a), lambda n: n.where(a > 1.5, a, 0.0), lambda n: n.r_[1.0, 2.0], lambda n: n.fft.fft(a),
              lambda n: n.sum([1.0, 2.0]), lambda n: n.exp([1.0, 2.0]), lambda n: n.mgrid[0:3], lambda n: n.stack([[1], [2]]),
              lambda n: n.polynomial.polynomial.polyval(2.0, [1.0, 2.0])):
        found, expected = f(np), f(numpy)
        assert type(found) is type(expected)
        numpy.testing.assert_array_equal(found, expected)


def test_functions_keep_their_names_signatures_and_pickle():
    import inspect

    assert inspect.signature(np.mean) == inspect.signature(numpy.mean)
    assert np.mean.__doc__.startswith("Compute the arithmetic mean along the specified axis.")
    assert np.mean.__name__ == "mean" and repr(np.sin) == repr(numpy.sin)
    for function in (np.mean, np.sin, np.linalg.norm, np.zeros, np.full, np.r_, np.vectorize, np.ndarray):
        assert pickle.loads(pickle.dumps(function)) is function or function == np.sin
    assert np.sin == numpy.sin and np.sin.nin == 1 and np.add.identity == 0 and hash(np.sin) == hash(numpy.sin)
    for maker in ("zeros", "ones", "empty", "full", "arange", "eye", "identity", "tri", "linspace", "zeros_like", "copy"):
        assert callable(getattr(np, maker)) and getattr(np, maker).__name__ == maker


def test_what_is_an_array():
    assert isinstance(np.array(1.0), np.ndarray) and isinstance(numpy.ones(2), np.ndarray)
    assert not isinstance(1.0, np.ndarray) and not isinstance([1.0], np.ndarray)
    assert not isinstance(autodiff.tensor(1.0), np.ndarray) and not isinstance(numpy.float64(1), np.ndarray)
    assert issubclass(numpy.ndarray, np.ndarray) and issubclass(np.ndarray, np.ndarray) and not issubclass(int, np.ndarray)
    made = np.ndarray((2, 3), dtype=int)
    assert type(made) is np.ndarray and made.shape == (2, 3) and made.dtype == numpy.int64
    assert np.isscalar(np.array(1.0)) and np.isscalar(1.0) and not np.isscalar(np.array([1.0])) and not np.isscalar([1])


# ---- arrays of ours

def test_arrays_of_values_are_ours_and_equal_numpys():
    for f in (lambda n: n.zeros(3), lambda n: n.zeros((2, 3), dtype=int), lambda n: n.ones((2,), numpy.float32),
              lambda n: n.full((2, 2), 7), lambda n: n.full(2, 1.5, dtype="float32"), lambda n: n.arange(5),
              lambda n: n.arange(1.0, 2.0, 0.25), lambda n: n.arange(3, dtype=float), lambda n: n.arange(stop=3),
              lambda n: n.linspace(0, 1, 5),
              lambda n: n.linspace(0, 1, 5, endpoint=False), lambda n: n.logspace(0, 1, 3), lambda n: n.geomspace(1, 8, 4),
              lambda n: n.eye(3, 4, 1), lambda n: n.identity(2), lambda n: n.tri(3, k=-1), lambda n: n.array([[1, 2], [3, 4]]),
              lambda n: n.array([1.0, 2.0], dtype=complex), lambda n: n.array([1, 2], float), lambda n: n.array(3.0, ndmin=2),
              lambda n: n.asarray([1.0, 2.0]), lambda n: n.asanyarray((1, 2)), lambda n: n.ascontiguousarray(2.0),
              lambda n: n.asfortranarray([[1.0, 2.0]]), lambda n: n.copy([1.0]), lambda n: n.zeros_like([1.0, 2.0]),
              lambda n: n.ones_like(numpy.ones((2, 2), numpy.float32)), lambda n: n.full_like([1, 2], 3),
              lambda n: n.fromfunction(lambda i, j: i + j, (2, 3)), lambda n: n.fromiter(range(3), float),
              lambda n: n.zeros(2, bool), lambda n: n.asarray_chkfinite([1.0, 2.0])):
        found, expected = f(np), f(numpy)
        assert type(found) is np.ndarray and found.dtype == expected.dtype and tuple(found.shape) == expected.shape
        assert not found.requires_grad
        numpy.testing.assert_array_equal(found.numpy(), expected)
    assert np.empty((2, 3), numpy.float32).shape == (2, 3) and np.empty_like([1.0, 2.0]).shape == (2,)
    spaced, step = np.linspace(0, 1, 3, retstep=True)
    assert type(spaced) is np.ndarray and step == 0.5


def test_what_no_variable_can_hold_is_numpys():
    for f in (lambda n: n.array(["a", "b"]), lambda n: n.zeros(2, dtype="U3"), lambda n: n.array([None, 1]),
              lambda n: n.zeros(2, dtype=[("a", float), ("b", int)]), lambda n: n.arange("2020-01", "2020-03", dtype="M8[M]"),
              lambda n: n.zeros(2, dtype=numpy.longdouble), lambda n: n.array([1, 2], dtype=numpy.uint32)):
        found, expected = f(np), f(numpy)
        assert type(found) is numpy.ndarray and found.dtype == expected.dtype
        numpy.testing.assert_array_equal(found, expected)


def test_arrays_can_be_written_into_with_the_gradient_kept():
    def filled(make):
        def f(x):
            y = make(x)
            y[0] = x[0] * 2
            y[1:3] = x[1:3] ** 2
            y[3] = y[0] * y[1]
            return y * y
        return f

    for make in (lambda x: np.zeros(4), lambda x: np.ones(4), lambda x: np.empty(4), lambda x: np.full(4, 2.0),
                 lambda x: np.arange(4.0), lambda x: np.linspace(0, 1, 4), lambda x: np.eye(4)[0], lambda x: np.zeros((4,)),
                 lambda x: np.array([1.0, 2.0, 3.0, 4.0]), lambda x: np.asarray([1.0] * 4), lambda x: np.copy(numpy.ones(4)),
                 lambda x: np.zeros_like(numpy.ones(4)), lambda x: np.zeros(4, like=x), lambda x: np.full(4, x[2])):
        check(filled(make), RNG.uniform(0.5, 1.5, 4))


def test_a_loop_that_writes_is_right_to_any_order_in_batches_too():
    def f(x):
        y = np.zeros(4)
        y[0] = x[0] * 2
        for i in range(1, 4):
            y[i] = y[i - 1] * x[i] + np.sin(x[i])
        return y.sum()

    x = RNG.uniform(0.5, 1.5, (3, 4))
    for g in (f, autodiff.grad(f), autodiff.jacfwd(f), autodiff.hessian(f)):
        numpy.testing.assert_allclose(autodiff.vmap(g)(x), numpy.stack([g(row) for row in x]), rtol=1e-12)
    nested = autodiff.vmap(lambda a: autodiff.vmap(lambda b: f(a * b))(x))(x)
    numpy.testing.assert_allclose(nested, [[f(a * b).item() for b in x] for a in x], rtol=1e-12)


def test_list_of_variables():
    check(lambda x: np.array([[np.cos(x[0]), -np.sin(x[0])], [np.sin(x[1]), 1.0]]), [0.3, 0.7])
    check(lambda x: np.array([x, x * x]), [0.3, 0.7])
    check(lambda x: np.array([x, [1.0, 2.0], numpy.ones(2)]), [0.3, 0.7])
    check(lambda x: np.array([[x, x], [x, x * 2]]), [0.3, 0.7])
    check(lambda x: np.asarray((x[0], 1.0, x[1])), [0.3, 0.7])
    check(lambda x: np.array([numpy.array([v * v for v in x], dtype=object)]) if type(x) is np.ndarray
          else numpy.array([x * x]), [0.3, 0.7])
    check(lambda x: np.full((2, 2), x[0] * x[1]), [0.3, 0.7])
    check(lambda x: np.full((3, 2), x), [0.3, 0.7])
    check(lambda x: np.full((2, 2), [x[0], 1.0]), [0.3, 0.7])
    with pytest.raises(ValueError, match=r"shapes \(\) and \(2,\)"):
        np.array([np.array(1.0, requires_grad=True), numpy.ones(2)])


def test_functions_see_variables_in_lists():
    for f in (lambda n, a, b: n.sum([a, b]), lambda n, a, b: n.mean([a, b * a]), lambda n, a, b: n.exp([a, b]),
              lambda n, a, b: n.max([a, b]), lambda n, a, b: n.stack([[a, b], [b, a]]), lambda n, a, b: n.hstack([a, b]),
              lambda n, a, b: n.concatenate(([a], [b, 1.0])), lambda n, a, b: n.where([True, False], [a, b], 0.0),
              lambda n, a, b: n.clip([a, b], 0.4, 0.6), lambda n, a, b: n.multiply([a, b], [2.0, 3.0]),
              lambda n, a, b: n.einsum("i->", [a, b]), lambda n, a, b: n.atleast_1d([a, b]),
              lambda n, a, b: n.add([a, b], a), lambda n, a, b: n.reshape([a, b], (2, 1))):
        check(lambda x, f=f: f(np if type(x) is np.ndarray else numpy, x[0], x[1]), [0.3, 0.7])


def test_lists_of_positions_and_shapes_are_read():
    x = np.array([1.0, 2.0, 3.0], requires_grad=True)
    i, n = np.array(1), np.array([1, 2])
    assert np.zeros((i, n[1])).shape == (1, 2) and [10, 20, 30][i] == 20 and x[n].tolist() == [2, 3]
    assert numpy.arange(3.0)[n].tolist() == [1, 2] and list(range(i)) == [0]
    assert np.reshape(x, (3, i)).shape == (3, 1) and np.sum(np.ones((2, 3)), axis=(n[0], 0)).item() == 6


def test_r_and_c():
    a = RNG.uniform(size=(2, 3))
    x = np.array(a, requires_grad=True)
    for name, key in (("r_", lambda x: (x[0], 1.0, x[1, 1])), ("r_", lambda x: (x, x)), ("r_", lambda x: ("-1", x, x)),
                      ("r_", lambda x: ("0,2", x[0], x[1])), ("r_", lambda x: ("0,2,0", x[0], x[1])),
                      ("r_", lambda x: (slice(0, 3), x[0])), ("r_", lambda x: (slice(0, 1, 5j), x[0])),
                      ("r_", lambda x: ("1,2,0", x[0], x[1])), ("r_", lambda x: x[0]),
                      ("r_", lambda x: ([x[0, 0], 2.0], x[1])),
                      ("r_", lambda x: ("0,3,1", x[0], x[1])), ("r_", lambda x: ("0,3,-1", x, x)),
                      ("c_", lambda x: (x[0], x[1])), ("c_", lambda x: (x, numpy.ones(2))),
                      ("c_", lambda x: (x[0, 0], x[1, 1])),
                      ("c_", lambda x: (x[0], numpy.arange(3))), ("c_", lambda x: (slice(0, 3), x[0]))):
        found, expected = getattr(np, name)[key(x)], getattr(numpy, name)[key(a)]
        assert type(found) is np.ndarray and found.requires_grad
        numpy.testing.assert_array_equal(found.detach().numpy(), expected)
        assert np.sum(found * found).item() == pytest.approx(numpy.sum(expected * expected))
    check(lambda x: np.r_[x[0] * x[1], x, 1.0], [0.3, 0.7])
    check(lambda x: np.c_[x, x * x], [0.3, 0.7])
    with pytest.raises(TypeError, match=r"np\.r_\['r', \.\.\.\] makes a numpy\.matrix"):
        np.r_["r", x[0]]


def test_arange_of_variables():
    check(lambda x: np.arange(x[0], 2.0, x[1]), [0.3, 0.7])
    check(lambda x: np.arange(x[0], 2.0) if type(x) is np.ndarray else numpy.arange(x[0], 2.0), [0.3])
    assert np.arange(np.array(3.0, requires_grad=True)).tolist() == [0, 1, 2]


def test_copies_dtypes_and_orders():
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    assert np.asarray(x) is x and np.asarray(x, float) is x and np.array(x) is not x and np.copy(x) is not x
    assert np.array(x, copy=False).requires_grad and np.array(x, copy=None).requires_grad
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.array(x, dtype=numpy.float32, copy=False)
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.array([x, x], copy=False)
    low = np.array(x, dtype=numpy.float32)
    assert low.dtype == numpy.float32
    np.sum(low * low).backward()
    assert x.grad.dtype == numpy.float64 and x.grad.tolist() == [[2, 4, 6], [8, 10, 12]]
    assert np.array(x, order="F").T.is_contiguous() and np.ascontiguousarray(x.T).is_contiguous()
    assert np.asfortranarray(x).T.is_contiguous() and np.array(x[0], ndmin=3).shape == (1, 1, 3)
    assert np.array(x, order="F").requires_grad and np.array(x, like=x).requires_grad
    with pytest.raises(TypeError, match="the dtypes of autodiff are"):
        np.array(x, dtype="U3")
    with pytest.raises(ValueError, match="infs or NaNs"):
        np.asarray_chkfinite(np.array([numpy.inf], requires_grad=True))
    with pytest.raises(ValueError, match="Device not understood"):
        np.asarray(x, device="gpu")
    shared = numpy.zeros(2)
    np.asarray(shared)[0] = 3.0
    assert shared[0] == 3.0
    tensor = autodiff.tensor([1.0], requires_grad=True)
    assert type(np.asarray(tensor)) is np.ndarray and np.asarray(tensor).requires_grad
    assert type(np.array([tensor, [1.0]])) is np.ndarray
    held = [1.0]
    held.append(held)
    with pytest.raises(ValueError):
        np.array(held)


# ---- elements, one by one

def test_vectorize():
    check(lambda x: np.vectorize(lambda t: t * t if t > 0.5 else np.sin(t))(x), [0.3, 0.7, 0.4])
    check(lambda x: np.vectorize(lambda t, u, k=1.0: t * u + k)(x, [[1.0], [2.0]], k=x[0]), [0.3, 0.7])
    check(lambda x: np.vectorize(lambda a, b: np.sum(a * b), signature="(n),(n)->()")(numpy.ones((2, 3)), x), [0.3, 0.7, 0.2])
    check(lambda x: np.vectorize(lambda t, p: p[0] * t + p[1], excluded=["p"])(t=x, p=[2.0, x[0]]), [0.3, 0.7])

    @np.vectorize
    def two(t):
        return t * 2, t ** 2

    x = np.array([[0.3, 0.7]], requires_grad=True)
    a, b = two(x)
    assert a.shape == b.shape == (1, 2) and a.requires_grad and b.requires_grad
    assert np.vectorize(lambda t: t, otypes=[numpy.float32])(x).dtype == numpy.float32
    with pytest.raises(ValueError, match="size 0"):
        np.vectorize(abs)(np.array(numpy.zeros(0)))
    assert np.vectorize(abs, otypes=[float])(np.array(numpy.zeros(0))).shape == (0,)
    with pytest.raises(TypeError, match="wrong number of positional arguments"):
        np.vectorize(abs, signature="(n),(n)->()")(x)
    numpy.testing.assert_array_equal(np.vectorize(lambda t: t + 1)(numpy.ones(2)), [2.0, 2.0])


def test_frompyfunc_and_fromiter():
    check(lambda x: np.frompyfunc(lambda t: t * np.sin(t), 1, 1)(x).astype(float) if type(x) is not np.ndarray
          else np.frompyfunc(lambda t: t * np.sin(t), 1, 1)(x), [0.3, 0.7])
    x = np.array([0.3, 0.7], requires_grad=True)
    product = np.frompyfunc(lambda a, b: a * b, 2, 1)
    assert product.reduce(x).requires_grad and product.reduce(x).item() == pytest.approx(0.21)
    first, second = np.frompyfunc(lambda a: (a, a * a), 1, 2)(x)
    assert first.requires_grad and second.requires_grad
    with pytest.raises(TypeError, match="takes 2 positional arguments"):
        product(x)
    assert product(numpy.array([2.0]), 3.0).dtype == object and product.nin == 2
    kept = np.fromiter((t * t for t in x), float)
    assert kept.requires_grad and kept.shape == (2,)
    assert np.fromiter(x, float, count=1).shape == (1,)
    with pytest.raises(ValueError, match="iterator too short"):
        np.fromiter(x, float, count=3)


def test_iterators():
    x = np.array([[0.3, 0.7], [0.1, 0.2]], requires_grad=True)

    def indexed(x):
        return sum(v * (i + 2 * j) for (i, j), v in np.ndenumerate(x))

    def paired(x):
        return sum(a * b for a, b in np.broadcast(x, x[0]))

    def visited(x):
        return sum(v * v for v in np.nditer(x))

    def multi(x):
        it, total = np.nditer(x, flags=["multi_index"]), 0.0
        while not it.finished:
            total = total + it[0] * sum(it.multi_index)
            it.iternext()
        return total

    for f in (indexed, paired, visited, multi):
        numpy.testing.assert_allclose(autodiff.grad(f)(x.detach().numpy()), differences(f, x.detach().numpy()), atol=1e-8)
    y = np.zeros((2, 2))
    with np.nditer([y, x], op_flags=[["readwrite"], ["readonly"]]) as it:
        for target, value in it:
            target[...] = value * 2
    assert y.requires_grad and y.tolist() == (x * 2).tolist()
    b = np.broadcast(x, np.ones((3, 1, 1)))
    assert b.shape == (3, 2, 2) and b.size == 12 and b.ndim == b.nd == 3 and b.numiter == 2 and len(b.iters) == 2
    assert next(b)[0].requires_grad and b.index == 1
    assert list(np.ndindex(2)) == [(0,), (1,)]
    with pytest.raises(TypeError, match=r"does not take buffered.*np\.ndindex"):
        np.nditer(x, flags=["buffered"])


def test_polynomials():
    check(lambda x: np.poly1d(x)(numpy.array([2.0, 3.0])), [0.3, 0.7, 0.2])
    check(lambda x: np.poly1d([x[0], x[1], 1.0])(x[0]), [0.3, 0.7])
    check(lambda x: np.polynomial.polynomial.polyval(x, [1.0, 2.0, 3.0]), [0.3, 0.7])
    check(lambda x: np.polynomial.polynomial.polyval(2.0, x), [0.3, 0.7])
    check(lambda x: np.polynomial.chebyshev.chebval(x, [1.0, 2.0, 3.0]), [0.3, 0.7])
    assert np.poly1d([1.0, 2.0])(3.0) == 5.0 and np.poly1d([1.0, 2.0]).deriv()(0.0) == 1.0


# ---- submodules

def test_numbers_drawn_have_no_gradient_to_lose():
    v = np.array(0.5, requires_grad=True)
    with pytest.raises(TypeError, match="draw standard numbers"):
        np.random.poisson(v)
    with pytest.raises(TypeError, match="draw standard numbers"):
        np.random.standard_t([v, v])
    np.random.seed(0)
    drawn = np.random.normal(v.detach(), size=2)
    np.random.seed(0)
    assert drawn.tolist() == numpy.random.normal(0.5, size=2).tolist()


def test_comparisons_of_testing_are_of_values():
    x = np.array([0.1, 0.2], requires_grad=True)
    np.testing.assert_allclose(x, [0.1, 0.2])
    np.testing.assert_array_equal([x, x], [[0.1, 0.2]] * 2)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(x, [0.1, 0.3])
