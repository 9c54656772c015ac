"""autodiff.compile over arrays: replays against eager runs, for every row of the catalogue, and what gives up."""
import collections
import math
import os
import random
import threading
import warnings
from queue import SimpleQueue

import numpy as np
import pytest

import autodiff
from autodiff import _arrays, _kernels
from autodiff._lift import lift
from cases import CASES


def inside(f):
    """The function as compile() runs it where nothing is recorded."""
    return lift(f)


def leaves(tree):
    return [np.asarray(v) for v in autodiff._pytree.flatten(tree)[0]]


def close(found, expected, tolerance=1e-12):
    found, expected = leaves(found), leaves(expected)
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        assert a.shape == b.shape and a.dtype == b.dtype
        scale = np.abs(b[np.isfinite(b)]).max(initial=1.0)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale)


def arrays_of(shapes, seed):
    return [np.random.default_rng(10 * seed + i).permutation(int(np.prod(s))).reshape(s) * 0.3 - 0.7 + 0.01 * seed
            for i, s in enumerate(shapes)]


def total(f):
    """A number of a case, to which its elements contribute differently."""
    def of(*xs):
        out = f(*xs)
        return (out * out * 0.5 + out).sum() if isinstance(out, autodiff.Tensor.__base__) else out
    return of


@pytest.mark.parametrize(("f", "shapes"), [pytest.param(f, shapes, id=f"{row} {name} {shapes}")
                                           for row, cases in CASES.items() for name, f, _, shapes in cases if shapes])
def test_rows(f, shapes):
    """Recorded at one point, replayed at others: nothing that depends on values may be frozen."""
    g = total(f)
    argnums = tuple(range(len(shapes)))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        eager = autodiff.value_and_grad(inside(g), argnums=argnums)
        compiled = autodiff.compile(g)
        of = autodiff.value_and_grad(compiled, argnums=argnums)
        try:
            for seed in range(3):
                eager(*arrays_of(shapes, seed))
        except (RuntimeError, TypeError, NotImplementedError, ValueError, IndexError, np.linalg.LinAlgError) as error:
            with pytest.raises(type(error)):
                for seed in range(3):
                    of(*arrays_of(shapes, seed))
            return
        for seed in (0, 1, 2, 0):
            args = arrays_of(shapes, seed)
            close(of(*args), eager(*args), 1e-9)
            if compiled._state.reason is None:
                close(compiled(*args), eager(*args)[0], 1e-9)


# ---- what a program does

RNG = np.random.default_rng(0)
X, W, B = RNG.standard_normal((4, 3)), RNG.standard_normal((3, 2)), RNG.standard_normal(2)


def branching(x):
    if (x * x).sum() > 2.0:
        return (x * 3.0).sum()
    if x[0] > x[1] and x.max() < 0.9:
        return np.tanh(x).sum()
    return (x * x).prod()


def recurrent(weights, xs):
    h = np.zeros(2)
    for i in range(10):
        h = np.tanh(weights @ h + xs[i])
    return (h * h).sum()


EXACT = {
    "sum at the end": (lambda x: (np.tanh(x) * x + np.exp(-x) * 2).sum(), [X]),
    "several sums": (lambda x: (x * x).sum() * np.exp(x).sum() + np.sin(x).mean(), [X]),
    "large": (lambda x: (np.tanh(x) * x + np.exp(-x) * 2).sum(), [RNG.standard_normal(5001)]),
    "float32": (lambda x: (np.tanh(x) * x + np.exp(-x) * 2).sum(), [RNG.standard_normal(1700).astype(np.float32)]),
    "mean of a product": (lambda x, w, b: np.mean((np.tanh(x @ w + b) - 1.0) ** 2), [X, W, B]),
    "rows and columns": (lambda x: ((x - x.mean(axis=0)) / (1.0 + x.max(axis=1, keepdims=True) ** 2)).sum(),
                         [RNG.standard_normal((6, 9))]),
    "wide rows": (lambda x, b: (np.exp(x * b) + b).sum(), [RNG.standard_normal((3, 700)), RNG.standard_normal(700)]),
    "conditions": (lambda x: np.where(x > 0.1, x * x, -x).sum() + (x * (x > 0.3)).sum(), [X]),
    "conditions of each other": (lambda x: np.where((x > 0.1) & ~(x > 1.0), x, 0.0).sum(), [X]),
    "decisions": (lambda x: x.sum() * 2.0 if np.any(x > 1.0) else (x * x).sum(), [X]),
    "parts": (lambda x: (x[1:] * x[:-1]).sum() + x[2, 1] * x[:, 0].sum() + x[::-2].sum(), [X]),
    "constant positions": (lambda x: (x[np.array([0, 2, 0])] ** 2).sum(), [X]),
    "turned": (lambda x: (x.T @ x).sum() + x.reshape(6, 2).T[1].sum() + np.tanh(x.T).sum(), [X]),
    "joined": (lambda x: (np.concatenate([x, 2 * x]) * np.stack([x, x]).reshape(8, 3)).sum(), [X]),
    "softmax": (lambda x: autodiff.softmax(x, 1)[0, 0] + autodiff.log_softmax(x, 0).mean(), [X]),
    "a number beside": (lambda x, a: (x * a).sum() * a, [X, 1.5]),
    "a step": (recurrent, [RNG.standard_normal((2, 2)), RNG.standard_normal((10, 2))]),
    "trees": (lambda p, x: np.tanh(x @ p["w"] + p["b"][0]).sum(), [{"w": W, "b": [B, 1.0]}, X]),
    "branches": (branching, [RNG.standard_normal(3)]),
    "nothing": (lambda x: (x * 2.0).sum(), [np.zeros((0, 3))]),
}


def moved(tree, by):
    if isinstance(tree, dict):
        return {k: moved(v, by) for k, v in tree.items()}
    if isinstance(tree, list):
        return [moved(v, by) for v in tree]
    return tree + np.asarray(by, tree.dtype)[()] if isinstance(tree, np.ndarray) else tree + by


@pytest.mark.parametrize("name", EXACT)
def test_bits_of_eager_code(name):
    f, args = EXACT[name]
    argnums = tuple(range(len(args)))
    compiled = autodiff.compile(f)
    of, eager = autodiff.value_and_grad(compiled, argnums=argnums), autodiff.value_and_grad(inside(f), argnums=argnums)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for by in (0.0, 0.25, -0.5, 0.125, 0.0):
            given = [moved(a, by) for a in args]
            found, expected, value = of(*given), eager(*given), compiled(*given)
            for a, b in zip(leaves(found), leaves(expected), strict=True):
                assert a.dtype == b.dtype and a.tobytes() == b.tobytes(), name
            assert type(value) is float and value == expected[0]
            assert type(found[1]) is tuple and type(found[1][0]) is type(expected[1][0])
    assert compiled._state.reason is None


def long_chains(x, y, row, column, scale):
    a = scale / (1.5 - ((x * y + row) / column - x) * scale)
    b = -a * a + y / 3.0
    return np.exp(b / (b * b + 1.0)) * b - (x - b) / (b * b + 1.0), b - a + a * x * x * x * x * x * x * x * x * x


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(1, 8), (3, 8), (31, 14), (5, 33), (2, 130), (7, 513), (200, 20)])
def test_chains_have_the_bits_of_single_ops(shape, dtype, level):
    """Of arithmetic on one another's results, over rows, columns and numbers, at lengths with all rests."""
    random = np.random.default_rng(0)
    args = [random.uniform(0.5, 2.0, size).astype(dtype) for size in (shape, shape, shape[1:], (shape[0], 1), ())]
    f = lambda *args: sum(part.sum() for part in long_chains(*args))
    both = [(autodiff.compile(long_chains), inside(long_chains))]
    both.append([autodiff.grad(g, argnums=(0, 1)) for g in (autodiff.compile(f), inside(f))])
    try:
        _arrays.use_level(level if level in _kernels.cpu_levels() else "baseline")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for of, eager in both:
                for by in (0.0, 0.25):
                    given = [a + dtype(by) for a in args]
                    for a, b in zip(leaves(of(*given)), leaves(eager(*given)), strict=True):
                        assert a.dtype == b.dtype and a.tobytes() == b.tobytes()
    finally:
        _arrays.use_level(_kernels.chosen_cpu_level())


def along_rows(x, row):
    difference = x - row
    return ((difference * difference).sum(-1) * 2.0, (x[..., ::-1] * row).sum(-1), (-x).sum(-1, keepdims=True) + x + x,
            np.swapaxes(x - row[:1, :, :1], 0, -1) * 3.0)


def over_the_first(x, row):
    return autodiff.logsumexp(x * row, 0), autodiff.logsumexp(x - 3.0 * row, 0, keepdim=True) * x


PLACED = np.array([[3, 0, 3], [1, 3, 0]]), np.array([True, False, True, True, False])


def at_places(x, row):
    y = x * row
    return y[..., PLACED[0]] * 2.0, y[PLACED[0] % x.shape[0]], y[..., PLACED[1]], y[:, PLACED[0] % x.shape[1], PLACED[0]]


def replayed_with_bits_of_eager(f, args, others):
    """Values and gradients of a function, compiled and not, at arguments and at others."""
    total = lambda *args: sum((part * part).sum() for part in f(*args))
    both = [] if f is over_the_first else [(autodiff.compile(f), inside(f))]        # which takes no plain arrays
    both.append([autodiff.value_and_grad(g, argnums=(0, 1)) for g in (autodiff.compile(total), inside(total))])
    for of, eager in both:
        for given in (args, others):
            for a, b in zip(leaves(of(*given)), leaves(eager(*given)), strict=True):
                a, b = np.asarray(a), np.asarray(b)
                assert a.dtype == b.dtype and a.shape == b.shape
                assert np.array_equal(a, b, equal_nan=True) and np.array_equal(np.signbit(a[a == 0]), np.signbit(b[b == 0]))


def negations(x, y):
    """What is negated and then added, subtracted, or kept, on either side."""
    a, b, c = -(x * y), -(x - y), -(x + y)
    return (-(x * 2) + y, y + -(x * 3), -(x * 4) - y, y - -(x * 5), -(x * 0) + y, y - -(x * 0), -x - x, a + a, y - b + x,
            (c + y, c), -(-(x * x) + y) + x * y)


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [7, 8, 96, 128, 129, 200, 249, 252, 256, 257, 503, 776, 1030])
def test_sums_and_negations_have_numpys_bits(n, dtype, level):
    """Around the lengths at which NumPy's pairwise sum is cut in halves; with zeros of either sign."""
    x, y = RNG.standard_normal((2, n)).astype(dtype)
    x[:4], y[:4] = (0.0, -0.0, 0.0, -0.0), (0.0, 0.0, -0.0, -0.0)
    f = autodiff.compile(negations)
    total, rows = autodiff.compile(lambda x: (x * 3).sum()), autodiff.compile(lambda x: (x * 3).sum(-1))
    try:
        _arrays.use_level(level if level in _kernels.cpu_levels() else "baseline")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(3):
                for a, b in zip(leaves(f(x, y)), leaves(negations(x, y)), strict=True):
                    assert a.tobytes() == b.tobytes()
                assert dtype(total(x)) == (x * dtype(3)).sum()
                found = rows(np.stack([x, y, -x]))
                assert found.tobytes() == (np.stack([x, y, -x]) * dtype(3)).sum(-1).tobytes()
    finally:
        _arrays.use_level(_kernels.chosen_cpu_level())


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [along_rows, over_the_first, at_places])
@pytest.mark.parametrize("shape", [(3, 40, 5), (2, 5, 8), (4, 70, 20), (2, 3, 101), (3, 4, 128), (2, 4, 130), (2, 700, 6)])
def test_short_rows_have_the_bits_of_whole_arrays(shape, f, dtype, level):
    """Sums along them, operands that are the same for each, logsumexp across them, elements at places."""
    if f is at_places and shape[-1] != 5:
        shape = (*shape[:-1], 5)
    x = RNG.standard_normal(shape).astype(dtype)
    row = RNG.standard_normal((shape[0], 1, shape[-1])).astype(dtype)
    odd = x.copy()
    odd[0, 0, 0], odd[0, 0, 1], odd[0, 0, 2] = np.nan, np.inf, -np.inf
    odd[:, 1, :], odd[:, 2, :2] = -np.inf, -0.0
    try:
        _arrays.use_level(level if level in _kernels.cpu_levels() else "baseline")
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error")
            replayed_with_bits_of_eager(f, (x, row), (x[::-1].copy(), row))
            replayed_with_bits_of_eager(f, (x, row), (odd, row))
    finally:
        _arrays.use_level(_kernels.chosen_cpu_level())


@pytest.mark.skipif(os.name == "nt", reason="one thread on Windows")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(300_001,), (40_000, 9), (300, 1_001)])
def test_threads_share_a_sweep(shape, dtype):
    """The bits are the same for any number of them."""
    x, row = RNG.standard_normal(shape).astype(dtype), RNG.standard_normal(shape[1:]).astype(dtype)
    f = autodiff.value_and_grad(autodiff.compile(lambda x, row: (np.tanh(x * row) * x + np.exp(-x) * 2).sum()))
    before, found = autodiff.get_num_threads(), set()
    try:
        for threads in (1, 2, 3, 1):
            autodiff.set_num_threads(threads)
            for _ in range(5):
                value, gradient = f(x, row)
                found.add((value, gradient.tobytes()))
    finally:
        autodiff.set_num_threads(before)
    assert len(found) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = autodiff.value_and_grad(inside(lambda x, row: (np.tanh(x * row) * x + np.exp(-x) * 2).sum()))(x, row)
    assert np.asarray(expected[1]).tobytes() == found.pop()[1]


def test_batches_of_products():
    x, y = RNG.standard_normal((2, 3, 4, 5)), RNG.standard_normal((2, 3, 5, 6))
    f = autodiff.compile(lambda x, y: (np.swapaxes(np.tanh(x @ y), -1, -2) @ x).sum())
    eager = inside(lambda x, y: (np.swapaxes(np.tanh(x @ y), -1, -2) @ x).sum())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for by in (0.0, 0.5):
            close(autodiff.grad(f, argnums=(0, 1))(x + by, y), autodiff.grad(eager, argnums=(0, 1))(x + by, y))


def test_conditions_of_rows_and_columns():
    x = RNG.standard_normal((20, 12))
    for condition in (x[:, :1] > 0, x[0] > 0, x[:1, :1] > 0):
        f = lambda x, condition: (np.where(condition, x, -2.0 * x) * x).sum()
        of = autodiff.value_and_grad(autodiff.compile(f))
        for sign in (1.0, -1.0):
            close(of(sign * x, condition), autodiff.value_and_grad(inside(f))(sign * x, condition))
            condition = ~condition


def test_results_that_are_arrays():
    c = autodiff.compile(lambda x, y: {"a": x * y, "b": (x.sum(), x, 3)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            found = c(X, 2.0)
            assert type(found["a"]) is np.ndarray and (found["a"] == X * 2.0).all()
            assert found["b"][0] == X.sum() and (found["b"][1] == X).all() and found["b"][2] == 3
            assert found["b"][1] is X           # as without compile()
            found["a"][...] = 0.0
    assert X.any()


def test_results_that_are_views_of_arguments():
    x, y = np.arange(6.0).reshape(2, 3), [np.arange(4.0)]
    c = autodiff.compile(lambda x, y: (x.T, x[1], y[0][::2], x * 1.0, x[0, 0], x[:, 1:] + 0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for given, other in ((x, y), (x + 1.0, y), (x.copy()[:, ::-1], [y[0] + 1.0]), (x, y)):
            found = c(given, other)
            assert [np.shares_memory(v, given) for v in found] == [True, True, False, False, False, False]
            assert np.shares_memory(found[2], other[0]) and type(found[4]) is float
            for v, w in zip(found, (given.T, given[1], other[0][::2], given, given[0, 0], given[:, 1:])):
                np.testing.assert_array_equal(v, w)


def test_results_stay_when_the_program_runs_again():
    c, x = autodiff.compile(lambda x: (x * 2.0, np.tanh(x), np.sort(x))), RNG.standard_normal(5000)
    first = c(x)
    kept = [v.copy() for v in first]
    second = c(x + 1.0)
    assert all((a == b).all() for a, b in zip(first, kept))
    for v in first:
        v[...] = 0.0
    np.testing.assert_array_equal(second[0], (x + 1.0) * 2.0)


def test_complex_and_empty_arrays_and_arrays_without_dimensions():
    z = RNG.standard_normal(3) + 1j * RNG.standard_normal(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for f, given in ((lambda z: z * z.conj() + 1.0, z), (lambda z: abs(z).sum(), z.astype(np.complex64)),
                         (lambda z: (z * 2.0).sum(), np.zeros((0, 3))), (lambda z: z @ np.ones((3, 2)), np.zeros((0, 3))),
                         (lambda z: z * 2.0, np.array(3.0)), (lambda z: z * 2, np.array(3)),
                         (lambda z: z + 1, np.arange(3, dtype="u1"))):
            c = autodiff.compile(f)
            for _ in range(3):
                found, expected = c(given), f(given)
                np.testing.assert_allclose(found, expected, rtol=1e-6)
                assert np.asarray(found).dtype == expected.dtype or not np.ndim(expected)
            assert sum(len(a.player.programs) for a in c._state.of_arrays.values()) == 1


def test_an_error_in_a_replay_is_that_of_the_function():
    c = autodiff.compile(lambda x: np.linalg.inv(x).sum())
    g = autodiff.grad(c)
    for f in (c, g):
        f(np.eye(2))
        with pytest.raises(np.linalg.LinAlgError) as found:
            f(np.zeros((2, 2)))
        with pytest.raises(np.linalg.LinAlgError) as expected:
            autodiff.grad(inside(lambda x: np.linalg.inv(x).sum()))(np.zeros((2, 2)))
        assert str(found.value) == str(expected.value)
        f(2.0 * np.eye(2))
    assert c._state.reason is None and c(2.0 * np.eye(2)) == 1.0


def test_an_error_that_the_function_catches_is_a_decision():
    def f(x):
        try:
            return np.linalg.inv(x).sum()
        except np.linalg.LinAlgError:
            return 5.0 * x.sum()

    c = autodiff.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for x in (np.eye(2), np.ones((2, 2)), 2.0 * np.eye(2), np.ones((2, 2))):
            assert c(x) == f(x)


def test_shapes_without_end_run_as_they_are():
    c = autodiff.compile(lambda x: (x * x).sum())
    with pytest.warns(UserWarning, match="hardly come again"):
        for n in range(1, 80):
            assert c(np.ones(n)) == n


def test_a_program_of_very_many_ops_keeps_no_list_of_them(monkeypatch):
    monkeypatch.setattr("autodiff.programs._plan.SHOWN", 30)
    w = np.linspace(-0.5, 0.5, 16).reshape(4, 4)

    def f(x, y):
        for _ in range(12 if y.sum() > 0 else 11):
            x = np.tanh(x @ w + y)
        return (x * x).sum()

    compiled, x, y = autodiff.compile(f), np.full((3, 4), 0.1), np.full(4, 0.2)
    of, eager = autodiff.value_and_grad(compiled, argnums=(0, 1)), autodiff.value_and_grad(inside(f), argnums=(0, 1))
    for sign in (1, -1, 1, -1):
        close(of(x, y * sign), eager(x, y * sign))
        close(compiled(x + 0.1, y * sign), f(x + 0.1, y * sign))
    assert compiled._state.reason is None
    assert str(compiled.program).count("ops, which are not kept: they are more than 30") == 4
    assert "ops, which are not kept" in str(compiled.program.draw()) and len(compiled.branches) == 2
    with pytest.raises(TypeError, match="ops, of which the list is not kept"):
        compiled.to_bytes()
    np.testing.assert_allclose(autodiff.vmap(compiled, in_dims=(0, None))(np.stack([x, x + 0.1]), y), [f(x, y), f(x + 0.1, y)])
    kept = autodiff.compile(f)
    monkeypatch.setattr("autodiff.programs._plan.SHOWN", 50_000)
    kept(x, y)
    assert len(str(kept.program).splitlines()) > 30 and len(kept.to_bytes()) > 100


def test_memory_bounds_programs_of_arrays():
    c = autodiff.compile(lambda x: np.sin(x @ x.T).sum(axis=0) @ np.cumsum(x, axis=0), memory=100_000)
    with pytest.warns(UserWarning, match="more than 100000 bytes"):
        for n in range(1, 80):
            c(np.ones((n, 3)))


def test_a_custom_function_is_called():
    scale = [2.0]

    class Scaled(autodiff.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * scale[0]

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x * 2.0 * scale[0]

    c = autodiff.compile(lambda x: (Scaled.apply(np.sin(x)) * x).sum())
    g = autodiff.value_and_grad(c)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for by in (0.0, 0.5, 1.0):
            close(g(X + by), autodiff.value_and_grad(lambda x: (np.sin(x) ** 2 * 2.0 * x).sum())(X + by))
        scale[0] = 3.0      # Python runs
        close(c(X), (np.sin(X) ** 2 * 3.0 * X).sum())


def test_a_custom_function_that_reads_what_it_is_not_given_runs_as_it_is():
    class Sees(autodiff.autograd.Function):
        beside = None

        @staticmethod
        def forward(ctx, x):
            return x * Sees.beside

        @staticmethod
        def backward(ctx, g):
            return g * Sees.beside

    def f(x):
        Sees.beside = x.detach() * 2.0
        return Sees.apply(x).sum()

    c = autodiff.compile(f)
    with pytest.warns(UserWarning, match="reads values that it is not given"):
        assert c(np.ones(3)) == 6.0
    assert c(np.full(3, 2.0)) == 24.0


def test_parameters_are_read_where_they_are_and_get_their_gradients():
    w, b = autodiff.tensor(W, requires_grad=True), autodiff.tensor(B, requires_grad=True)
    step = autodiff.compile(lambda x: ((x @ w + b) ** 2).mean())

    def eager(x):
        return ((autodiff.tensor(x) @ w + b) ** 2).mean()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(4):
            found, expected = [], []
            for function, into in ((step, found), (eager, expected)):
                w.grad = b.grad = None
                loss = function(X + i)
                (loss * 2.0).backward()
                into += [loss.item(), w.grad.numpy().copy(), b.grad.numpy().copy()]
            close(found, expected)
            with autodiff.no_grad():
                w -= 0.1 * w.grad
                b -= 0.1 * b.grad
    assert step._state.reason is None
    found = []
    for function in (step, eager):
        (g,) = autodiff.autograd.grad(function(X), w, create_graph=True)
        found.append(autodiff.autograd.grad((g * g).sum(), b)[0].numpy())
    close(*found)


def test_another_shape_or_dtype_is_another_program():
    c = autodiff.compile(lambda x: (x * x).sum())
    for x in (np.ones(3), np.ones((2, 2)), np.ones(3, np.float32), np.arange(3), np.ones(3)):
        assert c(x) == (x * x).sum()
    assert len(c._state.arrays(c).player.programs) == 4 and c._state.reason is None


def test_memory_in_any_order():
    c = autodiff.compile(lambda x: (x * x[0]).sum())
    x = RNG.standard_normal((6, 4))
    for given in (x, x.T, x[::2], x[:, ::-1], np.asfortranarray(x)):
        assert c(given) == pytest.approx((given * given[0]).sum(), rel=1e-14)
        assert c(given) == pytest.approx((given * given[0]).sum(), rel=1e-14)


ODD = {
    "a value": lambda x: (x * float(x.sum())).sum(),
    "an item": lambda x: (x * x[0].item()).sum(),
    "values": lambda x: x[np.argsort(autodiff.numpy.array(x).detach().tolist())][0] * 2.0,
    "a write into an argument": lambda x: (x.__setitem__(0, 1.0), x.sum())[1],
    "draws": lambda x: (x * np.random.rand()).sum() * 0.0,
    "forward mode": lambda x: (x * autodiff.jvp(np.sin, (x,), (x,))[1]).sum(),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_not_recorded_is_right(name):
    f = ODD[name]
    c = autodiff.compile(f)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for x in ([0.5, -1.0, 2.0], [1.5, 3.0, -2.0], [-0.5, -1.0, 0.25], [1.0, 2.0, 3.0], [3.0, 2.0, -1.0]):
            assert c(np.array(x)) == pytest.approx(float(inside(f)(autodiff.numpy.array(x))), rel=1e-12)
    said = [str(w.message) for w in caught if "runs as it is" in str(w.message)]
    assert len(said) == 1 and c._state.reason is not None


def cost(w, x):
    return (np.tanh(w @ x) ** 2).sum() + np.exp(-(x * x).sum())


def descent(w, x):
    for _ in range(20):
        value, gradient = autodiff.value_and_grad(cost, argnums=1)(w, x)
        if np.linalg.norm(gradient) < 0.3:
            break
        x = x - 0.1 * gradient
    return x * value


def newton(a):
    x = a
    for _ in range(6):
        value, slope = autodiff.value_and_grad(lambda x: x**3 - a)(x)
        x = x - value / slope
    return x


def step(parameters, velocity, x):
    def loss(parameters):
        return ((np.tanh(x @ parameters["w"]) @ parameters["v"] - 1.0) ** 2).mean()

    value, gradient = autodiff.value_and_grad(loss)(parameters)
    velocity = {k: 0.9 * velocity[k] + gradient[k] for k in gradient}
    return value, {k: parameters[k] - 0.1 * velocity[k] for k in velocity}, velocity


def of_a_leaf(w, x):
    leaf = autodiff.numpy.array(x).detach().requires_grad_()
    (g,) = autodiff.autograd.grad(cost(w, leaf), leaf, create_graph=True)
    return autodiff.autograd.grad((g * g).sum(), leaf)[0]


def newton_of_many(w, x):
    for _ in range(4):
        gradient, hessian = autodiff.grad(cost, 1)(w, x), autodiff.hessian(cost, 1)(w, x)
        x = x - np.linalg.solve(hessian + 3.0 * np.eye(3), gradient)
        if np.linalg.norm(gradient) < 1e-3:
            break
    return x


def least_squares(w, x):
    for _ in range(3):
        residual, jacobian = np.tanh(w @ x) - 0.3, autodiff.jacobian(lambda x: np.tanh(w @ x))(x)
        x = x - np.linalg.solve(jacobian.T @ jacobian + 0.1 * np.eye(3), jacobian.T @ residual)
    return x


SQUARE = np.array([[1.0, 0.5, -0.3], [0.2, -1.0, 0.4], [0.1, 0.3, 2.0]])
#: Functions with derivatives inside, and arguments.
INSIDE = {
    "descent": (descent, lambda i: (SQUARE + i, np.array([1.0, -0.5, 2.0]) / (i + 1))),
    "Newton's method": (newton, lambda i: (2.0 + i,)),
    "a training step": (step, lambda i: ({"w": SQUARE / (i + 1), "v": SQUARE[0]}, {"w": SQUARE * 0.0, "v": SQUARE[1]},
                                         SQUARE.T + i)),
    "a step before the cost": (lambda w, x: cost(w, x - 0.2 * autodiff.grad(cost, argnums=1)(w, x)),
                               lambda i: (SQUARE + i, np.array([1.0, -0.5, 2.0]))),
    "a penalty on the gradient": (lambda w, x: cost(w, x) + (np.linalg.norm(autodiff.grad(cost)(w, x)) - 1.0) ** 2,
                                  lambda i: (SQUARE + i, np.array([1.0, -0.5, 2.0]))),
    "a product with the Hessian": (lambda w, x: autodiff.grad(lambda x: autodiff.grad(cost, 1)(w, x) @ x)(x),
                                   lambda i: (SQUARE + i, np.array([1.0, -0.5, 2.0]))),
    "in an array that is closed over": (lambda x: autodiff.grad(lambda w: cost(w, x))(SQUARE),
                                        lambda i: (np.array([1.0, -0.5, 2.0]) + i,)),
    "a VJP": (lambda w, x: autodiff.vjp(lambda x: np.tanh(w @ x), x)[1](x * x)[0],
              lambda i: (SQUARE + i, np.array([1.0, -0.5, 2.0]))),
    "with more": (lambda w, x: autodiff.grad(lambda x: (cost(w, x), w @ x), has_aux=True)(x),
                  lambda i: (SQUARE + i, np.array([1.0, -0.5, 2.0]))),
    "of each element": (lambda x: autodiff.elementwise_grad(np.tanh)(x) * x, lambda i: (SQUARE + i,)),
    "of a number": (lambda x, s: x * autodiff.grad(autodiff.grad(lambda s: np.exp(-s * x).sum()))(s),
                    lambda i: (SQUARE, 0.5 + i)),
    "Newton's method with a Hessian": (newton_of_many, lambda i: (SQUARE / (i + 1), np.array([1.0, -0.5, 2.0]))),
    "Gauss and Newton's": (least_squares, lambda i: (SQUARE / (i + 1), np.array([1.0, -0.5, 2.0]))),
    "more rows than columns": (lambda x: autodiff.jacobian(lambda x: np.outer(x, x).ravel())(x).sum(axis=0) * x,
                               lambda i: (np.array([1.0, -0.5, 2.0]) + i,)),
    "for each sample": (lambda w, x: autodiff.vmap(autodiff.grad(lambda w, x: np.tanh(w @ x) ** 2), in_dims=(None, 0))(x, w),
                        lambda i: (SQUARE + i, np.array([1.0, -0.5, 2.0]))),
    "for each sample of what is closed over": (lambda x: autodiff.vmap(lambda x: autodiff.grad(
        lambda w: cost(w, x))(SQUARE))(x).sum(axis=0), lambda i: (SQUARE + i,)),
    "of a leaf that it makes": (of_a_leaf, lambda i: (SQUARE + i, np.array([1.0, -0.5, 2.0]))),
}


@pytest.mark.parametrize("name", INSIDE)
def test_derivatives_inside_are_recorded(name):
    """A function that differentiates is replayed as any other, and can be differentiated."""
    f, given = INSIDE[name]

    def total(*args):
        result = f(*args)
        return sum([np.sum(v) for v in autodiff._pytree.flatten(result)[0]]) if isinstance(result, tuple) else np.sum(result)

    places = tuple(range(len(given(0))))
    ways = [(f, lambda g: g)]
    if f is not of_a_leaf:          # whose value depends on nothing
        ways.append((total, lambda g: autodiff.value_and_grad(g, argnums=places)))
    for function, of in ways:
        c = autodiff.compile(function)
        expected_of, found_of = of(function), of(c)
        for i in (0, 1, 2, 3, 0, 1):
            close(found_of(*given(i)), expected_of(*given(i)))
        assert c._state.reason is None and c.program is not None and "=" in str(c.program)


def volatility(price, strike):
    """Implied by a price, by Newton's method with the derivative that the library finds."""
    def value(spot, strike, vol):
        d = (math.log(spot / strike) + vol * vol / 2) / vol
        n = lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2.0)))
        return spot * n(d) - strike * n(d - vol)

    vol = 0.2 + 0.0 * price
    for _ in range(30):
        miss, vega = autodiff.value_and_grad(value, argnums=2)(100.0 + 0.0 * price, strike, vol)
        if abs(miss - price) < 1e-11:
            break
        vol = vol - (miss - price) / vega
    return vol


def test_numbers_whose_function_differentiates():
    """A program of arrays, with math's functions and their domains; over many points, too."""
    c = autodiff.compile(volatility)
    for price in (10.0, 12.0, 8.5, 25.0, 10.0, 12.0):
        assert c(price, 95.0) == lift(volatility)(price, 95.0)
    assert c._state.reason is None and c.branches
    slope = (volatility_at := lift(volatility))(10.001, 95.0) - volatility_at(9.999, 95.0)
    assert autodiff.grad(c)(10.0, 95.0) == pytest.approx(slope / 0.002, rel=1e-5)
    prices = np.linspace(8.0, 20.0, 7)
    close(autodiff.vmap(c, in_dims=(0, None))(prices, 95.0), np.array([c(p, 95.0) for p in prices]))
    fresh = autodiff.compile(volatility)
    close(autodiff.vmap(fresh, in_dims=(0, None))(prices, 95.0), np.array([c(p, 95.0) for p in prices]))
    with pytest.raises(ValueError, match="math domain error"):
        c(10.0, -3.0)
    assert c(10.0, 95.0) == lift(volatility)(10.0, 95.0)


def branching(w, x):
    y = np.tanh(w @ x)
    return (y * y * x).sum() if y.sum() > 0 else np.exp(y).sum() * x[0]


@pytest.mark.parametrize("transform", [autodiff.hessian, autodiff.jacobian, autodiff.jacrev, autodiff.jacfwd])
@pytest.mark.parametrize("places", [0, 1, (0, 1), (1,)])
def test_matrices_of_derivatives_are_programs(transform, places):
    """Of each way through the function; of many elements, which would take long to record, as it always was."""
    f = branching if transform is autodiff.hessian else lambda w, x: np.tanh(w @ x) * branching(w, x)
    c = autodiff.compile(f)
    of, expected_of = transform(c, argnums=places), transform(f, argnums=places)
    for i in (1, -1, 2, 1, -2, -1, 3):
        given = SQUARE * i, np.array([1.0, -0.5, 2.0])
        found, expected = of(*given), expected_of(*given)
        close(found, expected)
        assert type(found) is type(expected)
    (derived,) = c._state.derivatives.values()
    assert derived._state.reason is None and len(derived.program.trees) == 2
    large = np.tanh(np.arange(1600.0)).reshape(40, 40), np.linspace(-1, 1, 40)
    if places == 1:
        close(of(*large), expected_of(*large))
        assert len(derived.program.trees) == 2


def test_products_with_the_hessian_are_programs():
    c = autodiff.compile(branching)
    for i in (1, -1, 2, 1, -2, -1):
        given, along = (SQUARE * i, np.array([1.0, -0.5, 2.0])), (SQUARE.T, np.ones(3))
        close(autodiff.hvp(c, given, along), autodiff.hvp(branching, given, along))
    assert len(c._state.derivatives["hvp"].program.trees) == 2
    for bad in ((given, along[:1]), (given, (along[0], np.ones(2))), (list(given), list(along))):
        with pytest.raises(RuntimeError) as found:
            autodiff.hvp(c, *bad)
        with pytest.raises(RuntimeError) as expected:
            autodiff.hvp(branching, *bad)
        assert str(found.value) == str(expected.value)


def test_a_pass_inside_that_accumulates():
    """It is right, and says why it is not recorded."""
    def f(x):
        y = autodiff.numpy.array(x).detach().requires_grad_()
        (y * y).sum().backward()
        return y.grad

    c = autodiff.compile(f)
    with pytest.warns(UserWarning, match=r"backward\(\) inside of it"):
        for i in range(4):
            close(c(SQUARE + i), f(SQUARE + i))


def test_a_derivative_inside_has_a_leaf_of_its_own():
    """What a function refers to besides its argument is none, though both are one array; with ops called whole, too."""
    def f(x, n):
        slope = autodiff.grad(lambda p: ((p["w"] * x + p["c"]) ** 2).sum())({"w": x, "c": n})["w"]
        return (slope * ((slope > 0.1).sum() + 0.5)).mean()

    c = autodiff.compile(f)
    c._state.whole.add("mul")
    for i in range(3):
        assert c(SQUARE + i, 0.5) == pytest.approx(f(SQUARE + i, 0.5), rel=1e-12)
    with pytest.warns(UserWarning, match="its backward pass raises"):       # what is called whole has first derivatives
        assert autodiff.value_and_grad(c, argnums=(0, 1))(SQUARE, 0.5)[0] == pytest.approx(f(SQUARE, 0.5), rel=1e-12)


#: Called as one: what reads values, has several results or indices, computes with complex numbers in between.
WHOLE = {
    "the largest": lambda x: x[x.argmax()] * 1.0,
    "where it is": lambda x: x[(x > 0.3).argmax()] * 1.0,
    "sorted": lambda x: (np.sort(x) * np.arange(3.0)).sum(),
    "a mask": lambda x: (x[x > 0.0] ** 2).sum(),
    "how many": lambda x: x[x > 0.0].sum() * len(x[x > 0.0]),
    "complex": lambda x: abs(np.fft.fft(x)).sum(),
    "complex conjugates": lambda x: (np.fft.rfft(x) * np.fft.rfft(x[::-1]).conj()).real.sum(),
    "solved": lambda x: np.linalg.solve(np.outer(x, x) + np.eye(3), x).sum(),
    "decomposed": lambda x: np.linalg.cholesky(np.outer(x, x) + 2.0 * np.eye(3))[2, 0] * 2.0,
    "determinant": lambda x: np.linalg.slogdet(np.outer(x, x) + np.eye(3))[1] * np.linalg.inv(np.outer(x, x) + np.eye(3))[0, 1],
    "eigenvalues": lambda x: (np.linalg.eigh(np.outer(x, x) + np.diag(x))[0] * np.arange(3.0)).sum(),
    "top": lambda x: autodiff.topk(autodiff.tensor(0.0) + x, 2).values.sum(),
    "products": lambda x: (np.cumprod(x) * np.cumsum(x)).sum(),
    "gathered": lambda x: autodiff.gather(autodiff.tensor(0.0) + x, 0, autodiff.argsort(autodiff.tensor(0.0) + x))[1] * 2.0,
    "several": lambda x: autodiff.sort(autodiff.tensor(0.0) + x).values[2] - autodiff.sort(autodiff.tensor(0.0) + x).values[0],
    "a norm": lambda x: np.linalg.norm(x) + np.linalg.norm(np.outer(x, x), 2),
    "einsum": lambda x: np.einsum("i,j,i->", x, x, x),
    "detach": lambda x: (x * autodiff.numpy.array(x).detach()).sum(),
    "positions": lambda x: x[np.argsort(x)][0] * 2.0 + x[np.argsort(-x)[:2]].sum(),
    "statistics": lambda x: np.median(x) + np.percentile(x, 30) * np.ptp(x) + np.interp(0.3, np.sort(x), x),
    "ranks": lambda x: np.linalg.matrix_rank(np.outer(x, x)) * np.linalg.lstsq(np.outer(x, x) + np.eye(3), x)[0].sum(),
    "any of floats": lambda x: (x if np.any(x - x[0]) else -x).sum(),
    "an array of numbers": lambda x: (np.array([x[0], 2.0, x[1] * x[2]]) * x).sum(),
}


def has_programs_like_eager(f):
    """Value and gradient at points in different orders are eager's, from programs, without a word."""
    c = autodiff.compile(f)
    g, eager = autodiff.value_and_grad(c), autodiff.value_and_grad(inside(f))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in ([0.5, -1.0, 2.0], [1.5, 3.0, -2.0], [-0.5, -1.0, 0.25], [1.0, 2.0, 3.0], [3.0, 2.0, -1.0], [0.5, -1.0, 2.0]):
            expected = eager(np.array(x))
            close(g(np.array(x)), expected, 1e-14)
            close(c(np.array(x)), expected[0], 1e-14)
    assert c._state.reason is None and all(len(a.player.programs) for a in c._state.of_arrays.values())


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_called_as_one_op(name):
    has_programs_like_eager(WHOLE[name])


def running(x):
    y = np.zeros(4)
    for i in range(3):
        y[i + 1] = 0.5 * y[i] + x[i]
    y[1:] *= x
    y[np.argsort(x)] += 1.0
    return (y * y).sum()


def table(x):
    y = np.zeros((3, 3))
    y[0] = x
    y[1] += 2.0 * x
    y[:, 1] -= y[1] * x
    y += x
    y /= 1.0 + x * x
    total = 0.0 * x.sum()
    for row in y:
        total += (row * x).sum()
    return total


def cut(x):
    y = np.tanh(x)
    y[y < 0.2] = 0.1
    y[0] = y[1] * y[2]
    return (y * x).sum()


def turned_in_place(x):
    y = autodiff.tensor(0.0) + x
    z = y * y
    z.mul_(y).add_(1.0)
    z[1:].neg_()
    return z.sum() + z[2] * 3.0


WRITES = {"running": running, "table": table, "cut": cut, "in place": turned_in_place}


@pytest.mark.parametrize("name", WRITES)
def test_writes_into_what_the_function_made(name):
    has_programs_like_eager(WRITES[name])


def test_a_view_of_what_is_written_runs_as_it_is():
    def f(x):
        y = x * 2.0
        head = y[:2]
        y += 1.0
        return (head * x[:2]).sum()

    c = autodiff.compile(f)
    with pytest.warns(UserWarning, match="reads a view of what was written"):
        assert c(np.ones(3)) == 6.0
    assert c(np.ones(3)) == 6.0


INTEGERS = {
    "int of a float": lambda x: x[int(abs(x[0]))] * x.sum(),
    "a number of turns": lambda x: sum([x.sum() ** k for k in range(int(x.max()))], x[0] * 1.0),
    "int of a position": lambda x: x[int(x.argmin())] * x[x.argmax().item()] + x[: int((x > 0).sum()) + 1].prod(),
    "an index": lambda x: [x[0] * 2.0, x[1] * 3.0, x[2] * 4.0][x.argmax()] * x.sum(),
}


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_of_values_are_decisions(name):
    f = INTEGERS[name]
    c = autodiff.compile(f)
    g, eager = autodiff.value_and_grad(c), autodiff.value_and_grad(inside(f))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in ([0.5, -1.0, 2.0], [1.5, 3.0, -2.0], [-0.5, -1.0, 0.25], [2.0, 2.5, 3.0], [1.75, 3.5, -1.0], [0.5, -1.0, 2.0]):
            expected = eager(np.array(x))
            close(g(np.array(x)), expected, 1e-14)
            close(c(np.array(x)), expected[0], 1e-14)
    assert c._state.reason is None and all(len(a.player.programs) > 1 for a in c._state.of_arrays.values())


def test_a_write_into_what_was_looked_at_is_right():
    def f(x):
        y = np.tanh(x)
        if y[0] > 0.1:      # a view that is gone by the write, but for a recording
            y += 1.0
        return (y * x).sum()

    of, eager = autodiff.value_and_grad(autodiff.compile(f)), autodiff.value_and_grad(inside(f))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for x in ([-0.5, 1.0], [0.5, 1.0], [0.7, 1.0], [-0.5, 1.0]):
            close(of(np.array(x)), eager(np.array(x)))


def test_the_caller_sees_writes_into_arguments_once():
    def f(x):
        x += 1.0
        return x.sum()

    c, x = autodiff.compile(f), np.zeros(3)
    with pytest.warns(UserWarning, match="writes into a value"):
        assert c(x) == 3.0
    assert x.tolist() == [1.0] * 3
    assert c(x) == 6.0 and x.tolist() == [2.0] * 3


def test_the_caller_sees_writes_into_closed_over_variables_once():
    count = autodiff.zeros(1)

    def f(x):
        count.add_(1.0)
        return (x * count).sum()

    c = autodiff.compile(f)
    with pytest.warns(UserWarning, match="writes into a value"):
        assert c(np.ones(3)) == 3.0
    assert count.item() == 1.0
    assert c(np.ones(3)) == 6.0 and count.item() == 2.0


def test_a_function_that_is_not_recorded_runs_once_a_call():
    calls = []

    def f(x):
        calls.append(1)
        return (x * np.random.rand()).sum() * 0.0

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for g in (autodiff.compile(f), autodiff.value_and_grad(autodiff.compile(f))):
            calls.clear()
            g(np.ones(3))
            g(np.ones(3))
            assert len(calls) == 2


def test_hooks_run():
    def f(x):
        y = x * 2.0
        if y.requires_grad:
            y.register_hook(lambda g: g * 10.0)
        return (y * x).sum()

    g = autodiff.grad(autodiff.compile(f))
    with pytest.warns(UserWarning, match="hook"):
        first = g(np.ones(2))
    assert first.tolist() == g(np.ones(2)).tolist() == [22.0, 22.0]


def test_what_is_frozen_is_found():
    factor = [np.ones(3)]
    c = autodiff.compile(lambda x: (x * factor[0]).sum(), check=True)
    assert c(np.ones(3)) == c(np.ones(3)) == 3.0
    factor[0] = np.full(3, 2.0)
    with pytest.raises(RuntimeError, match="not the same function twice"):
        c(np.ones(3))


def test_infinities_leave_the_program():
    """logsumexp shares a gradient evenly where it is infinite: a case that a program does not have."""
    def f(x):
        return autodiff.logsumexp(x, 0)

    g, eager = autodiff.grad(autodiff.compile(f)), autodiff.grad(inside(f))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for x in ([0.0, 1.0], [2.0, 1.0], [np.inf, 1.0], [np.inf, np.inf], [0.5, 0.25]):
            np.testing.assert_allclose(g(np.array(x)), eager(np.array(x)), rtol=1e-15)


def test_threads_call_one_program():
    g = autodiff.value_and_grad(autodiff.compile(EXACT["large"][0]))
    arrays = [np.random.default_rng(i).standard_normal(40_000) for i in range(3)]
    expected, wrong = [g(x) for x in arrays], []

    def run(i):
        for _ in range(10):
            value, gradient = g(arrays[i])
            if value != expected[i][0] or not np.array_equal(gradient, expected[i][1]):
                wrong.append(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and g.function._state.reason is None


def test_programs_are_shown():
    def f(x):
        if (x * x).sum() > 2.0:
            return (x * 3.0).sum()
        return np.sin(x).sum()

    c = autodiff.compile(f)
    g = autodiff.grad(c)
    for x in ([2.0, 1.0, 0.5], [0.1, 0.2, 0.3], [2.0, 1.0, 0.5], [0.1, 0.2, 0.3], [3.0, 1.0, 0.5]):
        g(np.array(x))
    text = str(c.program)
    assert "guard %" in text and "guard not %" in text and "= sin %" in text and "# f, line" in text
    (first,) = c.branches
    assert first.line == f.__code__.co_firstlineno + 1
    assert (first.held, first.otherwise) == (3, 2)


# ---- what a reader with fresh eyes found

@pytest.mark.parametrize("matrix", ["hessian", "jacobian", "jacrev", "jacfwd"])
def test_matrices_of_functions_of_arrays(matrix):
    x = np.array([1.0, 2.0, 3.0])
    if matrix != "hessian":
        compiled = autodiff.compile(lambda x: x * x)
        np.testing.assert_array_equal(getattr(autodiff, matrix)(compiled)(x), np.diag(2 * x))
        np.testing.assert_array_equal(compiled(x), x * x)
    compiled = autodiff.compile(lambda x: (x * x * x).sum())
    expected = np.diag(6 * x) if matrix == "hessian" else 3 * x ** 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(getattr(autodiff, matrix)(compiled)(x), expected)
        np.testing.assert_array_equal(autodiff.grad(compiled)(x), 3 * x ** 2)


MIXED = {
    "powers": lambda x, y, z: np.power(x * np.ones((3, 3)) + 5, x) + x ** z,
    "products": lambda x, y, z: (x @ y) * (y @ x) + x @ z,
    "angles": lambda x, y, z: np.arctan2(x, y) + np.copysign(x, y) + np.hypot(x, z),
    "factors": lambda x, y, z: np.linalg.cholesky(x @ x.T + 2.0 * np.eye(3)) @ y,
    "choices": lambda x, y, z: np.where(x > 1, x, y) + np.where(z > 3, z, x),
}


@pytest.mark.parametrize("name", MIXED)
def test_arrays_of_different_dtypes(name):
    def f(x, y, z):
        return MIXED[name](x, y, z).sum()

    x, y, z = RNG.uniform(0.5, 1.5, (3, 3)).astype("f"), RNG.uniform(0.5, 1.5, (3, 3)), np.arange(9).reshape(3, 3)
    for argnums in ((0, 1), (0,)):
        c = autodiff.compile(f)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for by in (0.0, 0.25, 0.5, 0.0):
                given = x + np.float32(by), y + by, z
                close(autodiff.value_and_grad(c, argnums=argnums)(*given),
                      autodiff.value_and_grad(inside(f), argnums=argnums)(*given), 1e-6)
        assert sum(len(a.player.programs) for a in c._state.of_arrays.values()) == 1


def test_products_of_different_dtypes_beside_a_whole_op():
    """norm's derivative makes every op one step: a product's is of one dtype, or what it saved is read as another."""
    for f in (lambda x, y: np.mean(np.linalg.norm((x.T @ np.ones((3, 4))) * (y.T @ y), axis=1, keepdims=True)),
              lambda x, y: np.linalg.norm(x.astype(np.float64).T @ y, axis=1, keepdims=True).sum()):
        compiled = autodiff.compile(f)
        for seed in (0, 1, 2, 0):
            x, y = [np.random.default_rng((seed, i)).uniform(0.5, 1.5, (3, 4)).astype(np.float32) for i in range(2)]
            close(autodiff.grad(compiled, argnums=(0, 1))(x, y), autodiff.grad(f, argnums=(0, 1))(x, y), 1e-6)
        assert compiled._state.reason is None
    with pytest.raises(RuntimeError, match="expected m1 and m2 to have the same dtype"):
        autodiff.compile(lambda x: x.float() @ x.double())(autodiff.ones(2, 2))


def test_a_python_float_does_not_widen_arrays():
    compiled = autodiff.compile(lambda x, k: x - k * x)
    x = np.arange(1.0, 4.0, dtype="f")
    assert compiled(x, np.float32(0.1)).dtype == np.float32
    with pytest.warns(UserWarning, match="give numpy.float32 of it"):
        assert compiled(x, 0.1).dtype == np.float32
    assert compiled(x, 0.1).dtype == np.float32


def test_containers_of_other_types_are_taken_apart():
    pair = collections.namedtuple("pair", "w")(np.arange(1.0, 4.0))
    compiled, x = autodiff.compile(lambda p, x: (p.w * x).sum()), np.ones(3)
    for _ in range(3):
        assert compiled(pair, x) == 6
    pair.w[:] = 0
    assert compiled(pair, x) == 0 and compiled._state.reason is None


# ---- Variables for arguments

def long(w, x, y):
    """More than fifty ops, with a branch on values."""
    for _ in range(12):
        if (w * x).sum() > y:
            x = (w * x).tanh()
        else:
            x = (x + w).sin() * 0.5
    return (x * x).mean() * y


def by_hand(function, *args):
    """Value and gradients of a result that is walked back; the graph ends at the arguments."""
    result = function(*args)
    wanted = [v for v in args if v.requires_grad]
    return result.detach().tolist(), [g.tolist() for g in autodiff.autograd.grad(result, wanted)]


@pytest.mark.parametrize("flavour", [autodiff, autodiff.numpy])
def test_variables_for_arguments_get_their_gradients(flavour):
    c = autodiff.compile(long)
    make = autodiff.tensor if flavour is autodiff else autodiff.numpy.array
    for seed in range(6):
        rng = np.random.default_rng(seed % 3)
        w, x = (make(rng.standard_normal(4)).requires_grad_() for _ in range(2))
        y = make(rng.standard_normal()).requires_grad_()
        assert by_hand(c, w, x, y) == by_hand(long, w, x, y)
        assert by_hand(c, w, x.detach(), y * 2) == by_hand(long, w, x.detach(), y * 2)
        assert type(c(w, x, y)) is type(w) and c(w, x, y).requires_grad
    assert type(c(w, x, y).grad_fn).__name__ == "CompiledBackward" and str(c.program).count("return") >= 2


def test_parameters_in_lists_and_computed_ones():
    def net(layers, x):
        for weight, bias in layers:
            for _ in range(9):
                x = autodiff.tanh(x @ weight + bias)
        return (x * x).sum()

    c = autodiff.compile(net)
    autodiff.manual_seed(0)
    base = [autodiff.randn(3, 3, requires_grad=True) for _ in range(2)]
    bias = autodiff.zeros(3, requires_grad=True)
    x = autodiff.randn(5, 3)
    for _ in range(3):
        found = []
        for function in (c, net):
            result = function([(w * 0.5, bias) for w in base], x)
            found.append([g.numpy() for g in autodiff.autograd.grad(result, [*base, bias])])
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    assert c.program.trees


def test_second_derivatives_in_arguments_run_the_function_again():
    c = autodiff.compile(long)
    w, x = (autodiff.linspace(0.1, 0.7, 4, requires_grad=True) for _ in range(2))
    y = autodiff.tensor(0.3)
    found = []
    for function in (c, c, long):
        (g,) = autodiff.autograd.grad(function(w, x, y), w, create_graph=True)
        (h,) = autodiff.autograd.grad((g * g).sum(), x)
        found.append(h.tolist())
    np.testing.assert_allclose(found[0], found[2], rtol=1e-12)
    assert found[0] == found[1]
    result = c(w, x, y)
    with autodiff.no_grad():
        w.mul_(2.0)
    (g,) = autodiff.autograd.grad(result, x, retain_graph=True)         # of the values that it had
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*second derivative"):
        autodiff.autograd.grad(result, x, create_graph=True)


@pytest.mark.filterwarnings("error")
def test_with_variables_for_arguments_the_rest_runs_as_it_is():
    for function in (lambda w: w * 2, lambda w: (w * 2).sum(), lambda w: [w.sum()], lambda w: w.detach().sum(),
                     lambda w: sum([(w * i).sum() for i in range(60)]).item()):
        c = autodiff.compile(function)
        w = autodiff.linspace(0.1, 0.7, 4, requires_grad=True)
        for _ in range(2):
            found, expected = c(w), function(w)
            assert str(found) == str(expected)
    assert c.program.reason is None
    plain = autodiff.compile(long)
    w = np.linspace(0.1, 0.7, 4)
    assert autodiff.value_and_grad(plain)(w, w, 0.3)[0] == autodiff.value_and_grad(long)(w, w, 0.3)[0]


# ---- transforms of programs of arrays

SECOND = {
    "straight": lambda x, y: (np.tanh(x @ y) * x).sum(),
    "branches": lambda x, y: x @ y @ x if (x * x).sum() > 2.0 else np.sin(x).sum() * y.sum(),
}


@pytest.mark.parametrize("name", SECOND)
@pytest.mark.parametrize("argnums", [0, 1, (0, 1), (1, 0)])
def test_second_derivatives(name, argnums):
    f, x, y = SECOND[name], RNG.standard_normal(3), RNG.standard_normal((3, 3))
    c = autodiff.compile(f)
    for scale in (0.2, 1.5, 0.2):
        for transform in (autodiff.hessian, autodiff.jacrev, autodiff.jacfwd, autodiff.jacobian):
            close(transform(c, argnums=argnums)(scale * x, y), transform(inside(f), argnums=argnums)(scale * x, y))
        for product in (autodiff.hvp, autodiff.jvp):
            close(product(c, (scale * x, y), (x, y)), product(inside(f), (scale * x, y), (x, y)))
        twice = autodiff.grad(lambda *v: autodiff.grad(c)(*v).sum())(scale * x, y)
        close(twice, autodiff.grad(lambda *v: autodiff.grad(inside(f))(*v).sum())(scale * x, y))


@pytest.mark.parametrize("transform", [autodiff.grad, autodiff.value_and_grad, autodiff.func.grad_and_value])
def test_what_comes_beside_the_value(transform):
    def f(x, y):
        z = x * 2.0
        return (z @ y).sum(), {"z": z, "n": 3, "s": z.sum()}

    c = autodiff.compile(f)
    of, eager = transform(c, has_aux=True), transform(inside(f), has_aux=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for by in (0.0, 1.0, 2.0):
            found, expected = of(X + by, W), eager(X + by, W)
            close(found, expected)
            assert autodiff._pytree.flatten(found)[1] == autodiff._pytree.flatten(expected)[1]
    assert [len(a.player.programs) for a in c._state.of_arrays.values()] == [1]


@pytest.mark.parametrize("name", SECOND)
@pytest.mark.parametrize("size", [1, 40])
def test_vmap_over_python_branches(name, size):
    f, xs, y = SECOND[name], RNG.standard_normal((size, 3)), RNG.standard_normal((3, 3))
    for transform in (lambda f: f, autodiff.grad, lambda f: autodiff.value_and_grad(f, argnums=(0, 1)), autodiff.hessian):
        found = leaves(autodiff.vmap(transform(autodiff.compile(f)), in_dims=(0, None))(xs, y))
        expected = zip(*[leaves(transform(inside(f))(x, y)) for x in xs])
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, np.stack(b), rtol=1e-12)


def test_vmap_of_large_samples_has_the_bits_of_calls():
    f, xs = (lambda x: (np.exp(-x) * x).sum()), RNG.standard_normal((3, 700, 2))
    g = autodiff.value_and_grad(autodiff.compile(f))
    values, gradients = autodiff.vmap(g, in_dims=2)(xs)
    for i in range(2):
        value, gradient = g(xs[:, :, i])
        assert values[i] == value and (gradients[i] == gradient).all()


@pytest.mark.parametrize("branches", [False, True])
def test_vmap_of_single_precision_stays_in_it(branches):
    f = autodiff.compile((lambda x: (x * x).sum() if x[0] > 0 else x.sum()) if branches else lambda x: (np.sin(x) * x).sum())
    xs = np.array([[1.0, 2.0], [-1.0, 0.5], [0.25, 3.0]], np.float32)
    for transform in (lambda f: f, autodiff.value_and_grad):
        for _ in range(2):
            for found in leaves(autodiff.vmap(transform(f))(xs)):
                assert found.dtype == np.float32
    assert all(found.dtype == np.float64 for found in leaves(autodiff.vmap(f)(xs.astype(float))))


@pytest.mark.parametrize("arrays", [False, True])
@pytest.mark.parametrize("inner", [False, True])
def test_forward_mode_goes_on_under_no_grad_from_the_first_call_on(arrays, inner):
    def f(x):
        start = autodiff.grad(lambda y: (y * y).sum())(x) if inner else x
        with autodiff.no_grad():
            scale = (start * start).sum()
        return (x * scale).sum()

    x = np.array([1.0, 2.0]) if arrays else 2.0
    for transform in (autodiff.jacfwd, autodiff.jacobian, autodiff.jacrev):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            g = transform(autodiff.compile(f))
            for _ in range(3):
                np.testing.assert_allclose(g(x), transform(inside(f))(x))


@pytest.mark.parametrize("transform", [autodiff.jacobian, autodiff.jacrev, autodiff.jacfwd, autodiff.hessian, autodiff.grad])
def test_derivatives_of_numbers_over_batches_inside_are_numbers_in_each_call(transform):
    def f(x, y):
        return autodiff.vmap(autodiff.grad(lambda t: t * t * x))(np.array([1.0, 2.0, 3.0])).sum() * y

    def pulled(x, y):
        out, pull = autodiff.vjp(lambda t: np.where(t > 0, t, t) + np.tanh(t), y)
        return np.cos(pull(x + out)[0]) + np.sqrt(x ** 2 + 1)

    for function in (f, pulled):
        g, expected = transform(autodiff.compile(function)), transform(inside(function))(0.3, 2.0)
        for _ in range(4):
            found = g(0.3, 2.0)
            assert type(found) is float
            np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("f", [lambda v: np.where(v > 0, v, 2 * v) * v, lambda v: np.sin(np.where(v > 0.2, v, v * v)),
                               lambda v: np.stack([v, v * v]).sum() * v, lambda v: np.clip(v, 0.0, 1.0) * v])
def test_the_first_call_of_a_function_of_numbers_with_a_batch_inside_is_right(f):
    """Rules of vmap push their level anew: after it the recorder further out was asked alone, past the batch."""
    def of(y):
        return autodiff.vmap(autodiff.grad(f))(np.array([0.5, 1.0]) * y).sum()

    compiled = autodiff.compile(of)
    for y in (0.3, 0.3, 0.7):
        np.testing.assert_allclose(compiled(y), inside(of)(y))


@pytest.mark.parametrize("f", [
    lambda v: np.max(v) * v[0], lambda v: np.sort(v)[1] * v.sum(), lambda v: np.std(v), lambda v: np.median(v) * v[1],
    lambda v: np.linalg.norm(v) * v[0], lambda v: np.cumsum(v)[-2] ** 2, lambda v: np.prod(v), lambda v: np.logaddexp.reduce(v),
    lambda v: np.diff(v).var(), lambda v: np.array([v[0], v[1] * v[2]]).sum() ** 2, lambda v: (np.roll(v, 1) * v).sum(),
    lambda v: np.linalg.det(np.outer(v, v) + np.eye(4)), lambda v: np.einsum("i,j->", v, v * v),
    lambda v: autodiff.vmap(lambda t: np.maximum(t, 0.0) * t)(v).sum(), lambda v: np.tanh(np.convolve(v, v)).sum(),
    lambda v: np.where(v > 0, v, v * v).sum() * v[0], lambda v: np.interp(v[0], [0.0, 2.0], [0.0, 1.0]) * v[1]])
@pytest.mark.parametrize("transform", [lambda f: f, autodiff.grad, autodiff.hessian], ids=["f", "grad", "hessian"])
def test_functions_of_samples_of_vmap_inside(f, transform):
    """Composite rows were recorded of a sample, past its batch: their values were whatever lay in its memory."""
    def of(x, weights):
        return (autodiff.vmap(transform(f))(x * 1.5) * weights).sum()

    rng = np.random.default_rng(3)
    points = [rng.standard_normal((3, 4)) for _ in range(3)]
    weights = rng.standard_normal(np.shape(autodiff.vmap(transform(lift(f)))(points[0])))
    expected = [autodiff.value_and_grad(inside(of))(x, weights) for x in points]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = autodiff.compile(of)
        gradient = autodiff.value_and_grad(autodiff.compile(of))
        for _ in range(2):
            for x, (value, g) in zip(points, expected):
                np.testing.assert_allclose(compiled(x, weights), value, rtol=1e-9)
                found = gradient(x, weights)
                np.testing.assert_allclose(found[0], value, rtol=1e-9)
                np.testing.assert_allclose(found[1], g, rtol=1e-9, atol=1e-9)


class _Layer:
    def __init__(self, weight):
        self.weight = autodiff.tensor(weight, requires_grad=True)

    def __call__(self, x):
        return np.tanh(x * self.weight)


class _Slotted:
    __slots__ = ("layers", "name", "scales")

    def __init__(self):
        self.layers, self.scales = [_Layer([0.5, 0.3]), _Layer([0.2, 0.7])], {"a": autodiff.tensor(2.0, requires_grad=True)}


def test_an_attribute_an_item_or_an_object_on_the_way_that_stands_for_another_variable():
    """Who steps by w = w - rate * g writes attributes and items: a program of the old ones would go on unseen."""
    model = _Slotted()

    def f(x):
        for layer in model.layers:
            x = layer(x)
        return x.sum() * model.scales["a"]

    compiled = autodiff.compile(f)

    def variables():
        return [*[layer.weight for layer in model.layers], model.scales["a"]]

    def run(function, x):
        for v in variables():
            v.grad = None
        result = function(x)
        result.backward()
        return result.item(), [v.grad.tolist() for v in variables()]

    def another(value):
        return autodiff.tensor(value, requires_grad=True)

    def replace_model():
        nonlocal model
        model = _Slotted()

    for change in (lambda: None,
                   lambda: setattr(model.layers[0], "weight", another([0.9, -0.4])),
                   lambda: model.layers.__setitem__(1, _Layer([1.0, 2.0])),
                   lambda: setattr(model, "layers", [_Layer([0.1, 0.4])]),
                   lambda: model.scales.update(a=another(-3.0)),
                   lambda: setattr(model, "scales", {"a": another(5.0)}),
                   lambda: model.layers.__setitem__(slice(None), [_Layer([0.3, 0.6])]),
                   replace_model):
        change()
        for x in (np.array([1.0, 2.0]), np.array([-1.0, 0.5]), np.array([0.3, -2.0])):
            (value, gradients), (expected, others) = run(compiled, x), run(f, x)
            np.testing.assert_allclose(value, expected, rtol=1e-12)
            for a, b in zip(gradients, others, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)
    assert compiled._state.reason is None and compiled._state.played()


def test_what_a_library_has_is_not_looked_through_for_variables():
    """NumPy's modules and a logger's handlers are thousands of objects, at each recording."""
    import logging

    log, w = logging.getLogger(__name__), autodiff.tensor([1.0, 2.0], requires_grad=True)
    layer = _Layer([0.5, 0.3])

    def f(x):
        log.debug("called")
        return np.linalg.norm(layer(x) * w)

    from autodiff.programs._reach import standing

    found = standing(f, [w, layer.weight])
    assert sorted(type(key).__name__ for _, _, key, _ in found) == ["NoneType", "NoneType", "str"]


@pytest.mark.parametrize("dtype", [">f8", ">f4"])
def test_arrays_of_the_other_byte_order_are_read_as_what_they_are(dtype):
    """As files of FITS and netCDF have them: a program recorded for the machine's own read them as numbers near 0."""
    c = autodiff.compile(lambda x: (x * x).sum())
    x = np.arange(1.0, 4.0).astype(dtype)
    own = x.astype(x.dtype.newbyteorder("="))
    for _ in range(2):
        assert c(own) == 14.0 and autodiff.grad(c)(own).tolist() == [2.0, 4.0, 6.0]
        assert c(x) == 14.0 and autodiff.grad(c)(x).tolist() == [2.0, 4.0, 6.0]


def test_calls_by_keyword_and_ints_that_are_differentiated_are_recorded_once():
    """They fit a program only after they were put in order: each call was recorded anew, until 65 programs had run once."""
    calls = SimpleQueue()

    def f(x, scale, shift=0.5):
        calls.put(None)
        return (np.tanh(x) * scale).sum() - shift

    c, x = autodiff.compile(f), np.array([0.5, -1.5])
    g = autodiff.grad(c, argnums=(0, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(5):
            assert c(x=x, scale=2.0) == c(x, scale=2.0, shift=0.5) == c(x, 2.0)
            close(g(x, 2), autodiff.grad(f, argnums=(0, 1))(x, 2.0))
            if i == 0:
                recorded = calls.qsize()
    assert calls.qsize() - recorded == 4      # eager code's


# ---- writes, where the values are

def a_function_that_writes(seed):
    """Lines that make arrays, write parts of them (of themselves too), and read what was there before."""
    draw, n, known = random.Random(seed), random.Random(seed).choice((3, 6, 24)), ["x", "u"]
    lines = []
    for k in range(draw.randint(4, 14)):
        a, b, i, j = draw.choice(known), draw.choice(known), draw.randrange(n), draw.randrange(n)
        start, stop = sorted((draw.randrange(n + 1), draw.randrange(n + 1)))
        other = draw.randrange(n - (stop - start) + 1)
        part, from_there = f"{start}:{stop}", f"{other}:{other + stop - start}"
        if len(known) < 3 or draw.random() < 0.3:
            known.append(f"y{k}")
            lines.append(f"y{k} = " + draw.choice((f"{a} * 2.0", f"np.zeros({n})", f"{a} + {b}", f"{a}.copy()",
                                                   f"np.ones({n}) * 0.5", f"{a} * np.sum({b} * np.sum({a} * {b}))")))
            continue
        y = draw.choice(known[2:])
        lines.append(draw.choice((
            f"{y}[{i}] = {a}[{j}] * {b}[{i}]", f"{y}[{i}] = {a}[{j}] + 0.5 * {y}[{i}]", f"{y}[{i}] = 0.25",
            f"{y}[{part}] = {a}[{from_there}]", f"{y}[{part}] += {y}[{from_there}]", f"{y}[{part}] *= {a}[{from_there}]",
            f"{y}[{part}] = {y}[{from_there}][::-1]", f"{y}[::2] = {a}[::2] * 0.5", f"{y} += {a} * 0.5",
            f"for i in range(1, {n}): {y}[i] = 0.5 * {y}[i - 1] + {a}[i]")))
    lines.append("return " + " + ".join(f"({v} * {v}).sum()" for v in known))
    return n, "def f(x, u):\n" + "".join(f"    {line}\n" for line in lines)


def test_writes_into_parts_of_arrays():
    """A replay writes where the array is, unless somebody reads its old value later, through a view or a twin of it."""
    recorded = 0
    for seed in range(80):
        n, text = a_function_that_writes(seed)
        names = {"np": np}
        exec(text, names)
        f, rng = lift(names["f"]), np.random.default_rng(seed)
        c = autodiff.compile(names["f"])
        of, expected = (autodiff.value_and_grad(g, argnums=(0, 1)) for g in (c, f))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for x, u in rng.uniform(-1.0, 1.0, (3, 2, n)):
                close(c(x, u), f(x, u))
                try:
                    y, gs = expected(x, u)
                except RuntimeError:        # it wrote into what a derivative needs
                    with pytest.raises(RuntimeError, match="inplace"):
                        of(x, u)
                    continue
                value, gradients = of(x, u)
                close(value, y)
                for a, b in zip(gradients, gs, strict=True):
                    close(a, b)
        assert "does not compute" not in (c._state.reason or ""), text
        recorded += c._state.reason is None
    assert recorded > 55


def test_a_recurrence_is_written_without_python():
    def f(x):
        y = np.zeros(len(x))
        for i in range(1, len(x)):
            y[i] = 0.5 * y[i - 1] + x[i] * x[i]
        return y.sum()

    c, x = autodiff.compile(f), np.linspace(0.0, 1.0, 60)
    gradient = autodiff.grad(c)
    assert c(x) == f(x) and np.allclose(gradient(x), autodiff.grad(lift(f))(x), rtol=1e-13)
    for played in c._state.played():
        assert not played.plan.calls and played.plan.steps < 6 * 60
