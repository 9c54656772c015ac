"""The compiled loops against NumPy, bit for bit, over geometries, lengths and dtypes."""
import itertools

import numpy as np
import pytest

from autodiff import _kernels, rules
from checks import render

LENGTHS = (0, 1, 2, 3, 7, 8, 64, 511, 512, 513, 1500)
dtypes = pytest.mark.parametrize("dtype", rules.DTYPES)
elementwise = pytest.mark.parametrize("rule", rules.ELEMENTWISE, ids=lambda rule: rule.name)
differentiable = pytest.mark.parametrize(
    ("rule", "which"),
    [pytest.param(rule, which, id=f"{rule.name}-{which}")
     for rule in rules.ELEMENTWISE for which in ("dx", "dy") if getattr(rule, which) is not None])



def own(name):
    """A function that NumPy lacks, by its own loop: test_derivatives holds its values against another library."""
    def function(*operands):
        dtype = np.asarray(operands[0]).dtype
        operands = [np.asarray(operand, dtype) for operand in np.broadcast_arrays(*operands)]
        return _kernels.evaluate(name, "value", np.empty(operands[0].shape, operands[0].dtype), *operands)

    return function


def function(name, dtype):
    """What a text's call of a function must have the bits of: NumPy's, but where the loop is our own."""
    rule = rules.BY_NAME[name]
    numpys = rule.loop_at(dtype).partition("numpy:")[2] or rule.loop.partition("like numpy:")[2]
    if name in render.EXACT:
        numpys = rule.numpy_name
    return getattr(np, numpys) if numpys else own(name)


NAMESPACE = {dtype: {"where": np.where, "__builtins__": {}} | {name: function(name, dtype) for name in rules.FUNCTIONS}
             for dtype in rules.DTYPES}


#: Rows of which some numbers have rows of their own: powers.
SPECIAL = render.specials(rules)


def power(x, y):
    """A power as derivatives compute it: NumPy's for a single exponent, at every exponent."""
    x, y = np.broadcast_arrays(x, y)
    general = np.asarray(np.power(x, y.copy()))
    simple = np.isin(y, [-1, 0, 0.5, 1, 2])
    general[simple] = [np.power(base, exponent) for base, exponent in zip(x[simple], y[simple])]
    return general


def reference(rule, which, **arrays):
    """NumPy's evaluation of a row's text."""
    dtype = next(iter(arrays.values())).dtype.name
    if which == "value" and rule.name in NAMESPACE[dtype]:
        with np.errstate(all="ignore"):
            return NAMESPACE[dtype][rule.name](*(arrays[name] for name in rule.operands))
    if which == "value" and rule.loop_at(dtype) == "vector":
        return own(rule.name)(*(arrays[name] for name in rule.operands))
    with np.errstate(all="ignore"):
        found = eval(getattr(rule, which), {**NAMESPACE[dtype], "pow": power}, arrays)
    if getattr(rule, which) == "0":
        return np.zeros_like(arrays["g"])
    # A constant between two branches is a number of Python to np.where, which would widen float32.
    return found if found.dtype.kind == "b" else found.astype(next(iter(arrays.values())).dtype, copy=False)


def sample(rule, n, dtype, seed=0):
    """Operands from the row's interval, kinks among them, with the result and a cotangent."""
    random = np.random.default_rng(seed)
    x = random.uniform(*rule.at, n)
    y = random.uniform(*(rule.at_y or rule.at), n)
    if rule.name in ("relu", "abs", "sign", "maximum", "fmax", "clamp_min") or rule.dtype == "bool":
        x[::5] = 0
        y[::10] = 0
    if rule.name in SPECIAL:
        y[::6] = np.resize([0, 1, 3, *SPECIAL[rule.name]], y[::6].shape)
    x, y = x.astype(dtype), y.astype(dtype)
    out = np.asarray(reference(rule, "value", **dict(zip(rule.operands, (x, y)))))
    return {"g": random.standard_normal(n).astype(dtype), "x": x, "y": y, "out": out}


def needed(rule, which, arrays):
    """The operands of a derivative that its text mentions; the others must not be looked at."""
    mentioned = render.mentioned(rule, which) | {"g"}
    return [arrays[name] if name in mentioned else None for name in ("g", "x", "y", "out")]


def same(found, wanted):
    np.testing.assert_array_equal(found, wanted, strict=True)
    if found.dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))


def test_captured_loops_are_numpys_own():
    assert all(_kernels.captured_loops().values())


@elementwise
@dtypes
def test_value_has_numpys_bits(rule, dtype, lengths=LENGTHS):
    for n in lengths:
        arrays = sample(rule, n, dtype)
        out = np.empty(n, arrays["out"].dtype)
        _kernels.evaluate(rule.name, "value", out, *(arrays[name] for name in rule.operands))
        same(out, arrays["out"])


@differentiable
@dtypes
def test_derivative_has_the_bits_of_its_text(rule, which, dtype, lengths=LENGTHS):
    for n in lengths:
        arrays = sample(rule, n, dtype)
        wanted = reference(rule, which, **arrays)
        dst = np.empty(n, dtype)
        same(_kernels.evaluate(rule.name, which, dst, *needed(rule, which, arrays)), wanted)
        start = np.linspace(-1, 1, n, dtype=dtype)
        dst = start.copy()
        same(_kernels.evaluate(rule.name, which, dst, *needed(rule, which, arrays), accumulate=True), start + wanted)


@differentiable
@dtypes
def test_derivative_may_overwrite_its_cotangent(rule, which, dtype):
    arrays = sample(rule, 1300, dtype)
    wanted = reference(rule, which, **arrays)
    for step in (1, -1, 2):
        g = np.repeat(arrays["g"], 2)[::2 if step == 2 else 1][:1300]
        g[...] = arrays["g"]
        same(_kernels.evaluate(rule.name, which, g, g, *needed(rule, which, arrays)[1:]), wanted)


@elementwise
@dtypes
def test_scalar_value_has_the_arrays_bits(rule, dtype):
    arrays = sample(rule, 300, dtype)
    # NumPy's power of arrays differs from that of single numbers in the simple exponents.
    wanted = (np.array([np.power(*pair) for pair in zip(arrays["x"], arrays["y"])]) if rule.name in SPECIAL
              else arrays["out"])
    found = [_kernels.evaluate_scalar(rule.name, "value", dtype, *(arrays[name][i] for name in rule.operands))
             for i in range(300)]
    same(np.array(found).astype(wanted.dtype), wanted)


@differentiable
@dtypes
def test_scalar_derivative_has_the_arrays_bits(rule, which, dtype):
    arrays = sample(rule, 700, dtype)
    wanted = _kernels.evaluate(rule.name, which, np.empty(700, dtype), *needed(rule, which, arrays))
    found = [_kernels.evaluate_scalar(rule.name, which, dtype, *(arrays[name][i] for name in ("g", "x", "y", "out")))
             for i in range(700)]
    assert all(number == np.dtype(dtype).type(number) for number in found if number == number)
    same(np.array(found, dtype), wanted)


GEOMETRIES = {
    "reversed": lambda array: array[::-1],
    "transposed": lambda array: array.T,
    "permuted": lambda array: array.transpose(1, 2, 0),
    "every second": lambda array: array[::2, :, ::2],
    "thin": lambda array: array[:, :2, :1],
    "reversed inside": lambda array: array[:, ::-1, ::-1],
    "one element": lambda array: array[:1, :1, :1],
    "empty": lambda array: array[:, :0],
    "zero-dimensional": lambda array: array[1, 2, 3, ...],
}


@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
@pytest.mark.parametrize(("name", "which"),
                         [("tanh", "dx"), ("pow", "dx"), ("cos", "dx"), ("div", "dy"), ("relu", "dx")])
@dtypes
def test_strided_operands(geometry, name, which, dtype):
    rule = rules.BY_NAME[name]
    shape = (6, 5, 26)
    arrays = {key: array.reshape(shape) for key, array in sample(rule, 780, dtype).items()}
    views = {key: geometry(array) for key, array in arrays.items()}
    wanted = np.asarray(reference(rule, which, **{key: view.copy() for key, view in views.items()}))
    for mixed in itertools.product((False, True), repeat=2):
        # Some operands in the view's own memory, some in a fresh and contiguous one.
        used = {key: view.copy() if mixed[0] and key in ("x", "g") else view for key, view in views.items()}
        memory = np.full(shape, 7, dtype)
        dst = geometry(memory) if mixed[1] else np.full(wanted.shape, 7, dtype)
        same(_kernels.evaluate(name, which, dst, *needed(rule, which, used)), wanted)
        if mixed[1]:
            # Nothing beside the view was written.
            untouched = np.ones(shape, bool)
            geometry(untouched)[...] = False
            assert (memory[untouched] == 7).all()


@pytest.mark.parametrize("shapes", [((5, 1, 7), (4, 1)), ((), (3, 2)), ((700,), (1,)), ((2, 3, 600), (3, 1))])
@dtypes
def test_broadcast_operands(shapes, dtype):
    random = np.random.default_rng(1)
    x, y = (random.uniform(0.5, 2, shape).astype(dtype) for shape in shapes)
    shape = np.broadcast_shapes(*shapes)
    g = random.standard_normal(shape).astype(dtype)
    for name in ("mul", "div", "pow"):
        rule = rules.BY_NAME[name]
        out = np.empty(shape, dtype)
        same(_kernels.evaluate(name, "value", out, x, y), np.asarray(reference(rule, "value", x=x, y=y)))
        for which in ("dx", "dy"):
            operands = {"g": g, "x": x, "y": y, "out": out}
            wanted = reference(rule, which, **operands)
            same(_kernels.evaluate(name, which, np.empty(shape, dtype), *needed(rule, which, operands)), wanted)
            one = np.ones((), dtype)
            operands["g"] = one
            wanted = np.broadcast_to(reference(rule, which, **operands), shape)
            same(_kernels.evaluate(name, which, np.empty(shape, dtype), *needed(rule, which, operands)), wanted)


@dtypes
def test_derivative_into_a_broadcast_operand_is_summed(dtype):
    random = np.random.default_rng(2)
    g, y = random.standard_normal((2, 40, 700)).astype(dtype)
    for shape in ((), (1, 700), (40, 1), (700,)):
        dst = np.ones(shape, dtype)
        _kernels.evaluate("mul", "dx", dst, g, None, y, accumulate=True)
        axes = tuple(range(2 - len(shape))) + tuple(axis for axis, length in enumerate(shape) if length == 1)
        wanted = 1 + (g.astype("d") * y).sum(axes, keepdims=True).reshape(shape)
        np.testing.assert_allclose(dst, wanted, rtol=1e-12 if dtype == "float64" else 1e-4, atol=1e-3)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "div", "pow", "relu", "sigmoid", "sin"])
@dtypes
def test_special_numbers(name, dtype):
    rule = rules.BY_NAME[name]
    numbers = np.array([0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 1e30, -1e-30], dtype)
    x, y = (grid.ravel() for grid in np.meshgrid(numbers, numbers))
    with np.errstate(all="ignore"):
        wanted = np.asarray(reference(rule, "value", **dict(zip(rule.operands, (x, y)))))
    out = np.empty(x.shape, dtype)
    _kernels.evaluate(name, "value", out, *(x, y)[:len(rule.operands)])
    np.testing.assert_array_equal(out, wanted)
    operands = {"g": np.ones_like(x), "x": x, "y": y, "out": out}
    for which in ("dx", "dy")[:len(rule.operands)]:
        with np.errstate(all="ignore"):
            wanted = reference(rule, which, **operands)
        np.testing.assert_array_equal(
            _kernels.evaluate(name, which, np.empty_like(x), *needed(rule, which, operands)), wanted)


# ---- sums

@dtypes
@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 127, 128, 129, 1000, 65537, 2_000_003])
def test_contiguous_sum_has_numpys_bits(dtype, n):
    array = np.random.default_rng(3).standard_normal(n).astype(dtype)
    assert _kernels.evaluate_sum(array) == float(array.sum())
    if n == 1000:
        cube = array.reshape(10, 20, 5)
        assert _kernels.evaluate_sum(cube) == _kernels.evaluate_sum(cube.T) == float(cube.sum())


@dtypes
def test_sum_over_dimensions_of_contiguous_memory_has_numpys_bits(dtype):
    array = np.random.default_rng(4).standard_normal((17, 31, 130)).astype(dtype)
    for axes in [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)]:
        wanted = array.sum(axes, keepdims=True)
        same(_kernels.evaluate_add(np.zeros_like(wanted), array), wanted)


@dtypes
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_strided_sum(dtype, geometry):
    array = geometry(np.random.default_rng(5).standard_normal((6, 5, 26)).astype(dtype))
    assert _kernels.evaluate_sum(array) == pytest.approx(float(array.sum(dtype="d")), rel=1e-5, abs=1e-4)
    for axis in range(array.ndim):
        wanted = array.sum(axis, keepdims=True)
        np.testing.assert_allclose(_kernels.evaluate_add(np.zeros_like(wanted), array), wanted, rtol=1e-5, atol=1e-5)


@dtypes
def test_add_into(dtype):
    random = np.random.default_rng(6)
    dst, src = random.standard_normal((2, 9, 33)).astype(dtype)
    for source in (src, src[:1], src[:, ::-1], src[0, 0, ...]):
        same(_kernels.evaluate_add(dst.copy(), source), dst + source)
    turned = dst.T.copy().T
    same(_kernels.evaluate_add(turned, src), dst + src)


@dtypes
def test_fill(dtype):
    assert (_kernels.evaluate_fill(np.empty((3, 4), dtype), 0.1) == np.dtype(dtype).type(0.1)).all()


# ---- matrix product

@dtypes
@pytest.mark.parametrize(("m", "k", "n"),
                         [(1, 1, 1), (3, 4, 5), (2, 0, 3), (0, 2, 2), (17, 33, 9), (64, 64, 64), (1, 9, 1)])
def test_matmul_has_numpys_bits(dtype, m, k, n):
    random = np.random.default_rng(7)
    x, y = random.standard_normal((m, k)).astype(dtype), random.standard_normal((k, n)).astype(dtype)
    for a, b in itertools.product((x, x.T.copy().T), (y, y.T.copy().T)):
        same(_kernels.evaluate_matmul(a, b, np.full((m, n), 7, dtype)), np.matmul(a, b))
    turned = np.full((n, m), 7, dtype).T
    np.testing.assert_allclose(_kernels.evaluate_matmul(x, y, turned), x @ y, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(_kernels.evaluate_matmul(x[::-1, ::-1], y[::-1], np.empty((m, n), dtype)),
                               x[::-1, ::-1] @ y[::-1], rtol=1e-4, atol=1e-5)


# ---- without NumPy's inner loops

@pytest.fixture
def without_inner_loops():
    _kernels.refuse_captured(True)
    yield
    _kernels.refuse_captured(False)


@dtypes
def test_everything_works_through_the_ufuncs(without_inner_loops, dtype):
    assert not any(_kernels.captured_loops().values())
    for rule in rules.ELEMENTWISE:
        test_value_has_numpys_bits(rule, dtype, (600,))
        test_scalar_value_has_the_arrays_bits(rule, dtype)
        for which in ("dx", "dy"):
            if getattr(rule, which) is not None:
                test_derivative_has_the_bits_of_its_text(rule, which, dtype, (600,))
    test_sum_over_dimensions_of_contiguous_memory_has_numpys_bits(dtype)
    test_add_into(dtype)
    test_derivative_into_a_broadcast_operand_is_summed(dtype)
    test_matmul_has_numpys_bits(dtype, 3, 4, 5)


# ---- the door itself

def test_the_table_says_what_the_rows_say():
    for rule in rules.ELEMENTWISE:
        assert _kernels.describe(rule.name) == {
            "arity": len(rule.operands),
            "dx_saves": render.saves_mask(rule, "dx"), "dy_saves": render.saves_mask(rule, "dy"),
            "dx_is_g": rule.dx == "g", "dy_is_g": rule.dy == "g",
            "has_dx": rule.dx is not None, "has_dy": rule.dy is not None}


def test_the_door_refuses_what_would_crash():
    wide, narrow = np.ones(3), np.ones(3, "f")
    locked = np.ones(3)
    locked.flags.writeable = False
    unaligned = np.frombuffer(bytearray(25), np.uint8)[1:].view("d")
    evaluate = _kernels.evaluate
    refused = [
        lambda: evaluate("matmul", "value", wide, wide, wide),
        lambda: evaluate("nonsense", "value", wide, wide),
        lambda: evaluate("mul", "dz", wide, wide, wide),
        lambda: evaluate("mul", "value", wide, wide),
        lambda: evaluate("mul", "value", wide),
        lambda: evaluate("mul", "value", wide, wide, narrow),
        lambda: evaluate("mul", "value", narrow, wide, wide),
        lambda: evaluate("lt", "value", wide, wide, wide),
        lambda: evaluate("mul", "value", locked, wide, wide),
        lambda: evaluate("mul", "value", wide[:1], wide, wide),
        lambda: evaluate("mul", "value", wide, wide[:2], wide),
        lambda: evaluate("mul", "value", [1.0], wide, wide),
        lambda: evaluate("mul", "value", wide, wide, 1.0),
        lambda: evaluate("mul", "value", wide, wide, wide, accumulate=True),
        lambda: evaluate("mul", "value", wide, unaligned, wide),
        lambda: evaluate("mul", "value", wide, wide.astype(">f8"), wide),
        lambda: evaluate("mul", "dx", wide, wide, wide, None),
        lambda: evaluate("mul", "dx", wide, None, wide, wide),
        lambda: evaluate("mul", "dx", wide, wide, wide, wide, wide, wide),
        lambda: evaluate("exp", "dy", wide, wide, wide, wide, wide),
        lambda: evaluate("lt", "dx", wide, wide, wide, wide, wide),
        lambda: evaluate("exp", "value", np.ones(3, int), np.ones(3, int)),
        lambda: _kernels.evaluate_scalar("lt", "dx", "float64", 1, 1, 1, 1),
        lambda: _kernels.evaluate_scalar("mul", "dx", "int64", 1, 1, 1, 1),
        lambda: _kernels.evaluate_add(locked, wide),
        lambda: _kernels.evaluate_add(wide, narrow),
        lambda: _kernels.evaluate_sum([1.0]),
        lambda: _kernels.evaluate_fill(np.ones(6)[::2], 1.0),
        lambda: _kernels.evaluate_matmul(wide, wide, wide),
        lambda: _kernels.evaluate_matmul(np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 3))),
        lambda: _kernels.benchmark("lt", "dx", 4, 1),
    ]
    for call in refused:
        with pytest.raises((TypeError, ValueError, KeyError)):
            call()


@pytest.mark.parametrize("dtype", rules.DTYPES)
@pytest.mark.parametrize("length", [2, 3, 4, 5, 7, 8, 13, 15, 16, 17])
@pytest.mark.parametrize("threads", [1, 3])
def test_short_rows_are_added_in_their_order(dtype, length, threads):
    """Row upon row, as NumPy adds them; into memory that has something, strided and backwards, on any number of threads."""
    before = _kernels.get_num_threads()
    _kernels.set_num_threads(threads)
    try:
        for outer, count in ((1, 1), (3, 50), (70, 900)):
            source = np.random.default_rng(length).standard_normal((outer, count, 2 * length)).astype(dtype)
            for src in (source[..., :length], source[..., ::2], source[:, ::-1, length:], source[..., ::-2],
                        np.ascontiguousarray(source[..., :length].swapaxes(0, 1)).swapaxes(0, 1)):
                start = np.arange(outer * length).reshape(outer, 1, length).astype(dtype)
                wanted = start.copy()
                for i in range(count):
                    wanted += src[:, i:i + 1]
                assert _kernels.evaluate_add(start, src).tobytes() == wanted.tobytes()
    finally:
        _kernels.set_num_threads(before)
