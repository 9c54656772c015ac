"""Every row at its kinks: orders 1 to 3 in reverse mode, order 1 in forward mode, against the row and against limits."""
import math
import re
from pathlib import Path

import numpy as np
import pytest

import autodiff
from autodiff import autograd, rules
from autodiff._variable import OPS
from autodiff.autograd import forward_ad
from checks import plain, public, render

ROOT = Path(__file__).resolve().parent.parent
NAMES = {"inf": math.inf, "nan": math.nan, "floor": np.floor, "trunc": np.trunc}
TABLE = [(rule, kink) for rule in rules.RULES for kink in render.kinks_of(rule)]
POINTS = [pytest.param(rule, kink, call, id=f"{rule.name}({call})") for rule, kink in TABLE for call in kink.calls]
#: Where the limit along one direction is not that along others, or a number would make what is made of the op wrong without
#: a word: norm of one element and std of two are linear on both sides of 0, and their squares are not.
DIRECTIONS = ("norm", "dist", "std", "atan2", "hypot", "cosine_of", "xlogy", "xlog1py")
#: Linear in what is left of the operand, as in PyTorch: their recorded gradient does not depend on the operand.
LINEAR = ("nan_to_num", "nansum", "nanmean", "cummax", "cummin", "scatter_reduce", "index_reduce")


def read(rule, call):
    """A function of the operands alone, and the operands, of a call's arguments."""
    arguments, words = eval(f"(lambda *a, **k: (a, k))({call})", dict(NAMES))
    operands = [np.asarray(v, complex if "j" in call else float) for v in arguments[:rule.arity]]
    rest = arguments[rule.arity:]
    words = {name: autodiff.tensor(np.asarray(v, int if name == "index" else float)) if isinstance(v, list) else v
             for name, v in words.items()}
    if rule.function:
        function = public(rule)
    elif rule.elementwise:
        function = getattr(OPS, rule.name)
    else:
        given, words = tuple(words.values()), {}
        return lambda *xs: OPS.apply(rule.name, xs, given), operands, {}

    def f(*xs):
        out = function(*xs, *rest, **words)
        return out[0] if isinstance(out, tuple) else out

    return f, operands, words


def total(out):
    """A real number that depends on every part of a result."""
    if plain(out).dtype.kind == "c":
        out = autodiff.view_as_real(out)
    return out.sum()


def derivatives(f, operands, i):
    """Repeated derivatives in operand i, orders 1 to 3, and the first order that is out of the operand's graph (or 4)."""
    xs = [autodiff.tensor(a, requires_grad=True) for a in operands]
    found, out = [], total(f(*xs))
    for _ in range(3):
        if not out.requires_grad:
            break
        (g,) = autograd.grad(out, xs[i], create_graph=True, allow_unused=True)
        if g is None:
            break
        found.append(plain(g))
        out = total(g)
    lost = len(found) + 1
    return found + [np.zeros(operands[i].shape)] * (3 - len(found)), lost


def stated(rule, kink, operands, words, order, i):
    """The row's value for one order and operand, in the operand's shape; None where the row says nothing of it."""
    text = kink.orders[order].get(rule.operands[i])
    if text is None:
        return None
    names = NAMES | {name: float(v) for name, v in re.findall(r"(\w+)=(-?[\d.]+)", rule.params)} | words
    names |= dict(zip(rule.operands, operands))
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(eval(text, names), float), operands[i].shape)


def wanted(rule, kink, operands, words):
    for i in range(len(operands)):
        for order in range(3):
            value = stated(rule, kink, operands, words, order, i)
            if value is not None:
                yield i, order, value


@pytest.mark.parametrize(("rule", "kink", "call"), POINTS)
def test_orders_1_to_3(rule, kink, call):
    f, operands, words = read(rule, call)
    shapes = [(), (1,), (2,), (2, 1)] if all(a.ndim == 0 for a in operands) and rule.name != "median_of_all" else [None]
    for shape in shapes:
        arrays = operands if shape is None else [np.full(shape, a) for a in operands]
        for i, order, value in wanted(rule, kink, arrays, words):
            found, _ = derivatives(f, arrays, i)
            np.testing.assert_allclose(found[order].real, value, rtol=1e-12, atol=1e-12, err_msg=f"order {order + 1} {shape}")


@pytest.mark.parametrize(("rule", "kink", "call"), POINTS)
def test_passes_that_are_not_recorded_and_forward_mode(rule, kink, call):
    """Both have the recorded derivative's values."""
    f, operands, _ = read(rule, call)
    for i in range(len(operands)):
        if getattr(rule, ("dx", "dy")[i]) is None and not rule.composite:
            continue
        recorded = derivatives(f, operands, i)[0][0]
        xs = [autodiff.tensor(a, requires_grad=True) for a in operands]
        (g,) = autograd.grad(total(f(*xs)), xs[i])
        np.testing.assert_array_equal(plain(g), recorded)
        with forward_ad.dual_level():
            duals = [autodiff.tensor(a) for a in operands]
            duals[i] = forward_ad.make_dual(duals[i], autodiff.tensor(np.ones_like(operands[i])))
            tangent = forward_ad.unpack_dual(total(f(*duals))).tangent
            np.testing.assert_allclose(plain(tangent), recorded.real.sum(), rtol=1e-13)


def side(f, operands, i, sign):
    """What each order tends to from one side: numbers, infinities, nan where it is not defined or does not settle."""
    a = operands[i]
    direction = (1 + 0.3 * np.arange(a.size).reshape(a.shape)) * (1 + 0.5j if a.dtype.kind == "c" else 1)
    steps = (1e-3, 1e-4, 1e-5, 1e-6)
    near = []
    for step in steps:
        moved = list(operands)
        moved[i] = a + sign * step * direction
        near.append([g.real for g in derivatives(f, moved, i)[0]])
    limits = []
    for order in range(3):
        before, last = [values[order] for values in near[-2:]]
        grows = (np.abs(last) > 1.05 * np.abs(before)) & (np.abs(last) > 10)
        with np.errstate(invalid="ignore"):     # of infinities
            settles = np.abs(last - before) < 1e-3 * (1 + np.abs(last))
        limits.append(np.where(settles & ~grows, last, np.where(grows, np.copysign(np.inf, last), np.nan)))
    return limits


@pytest.mark.parametrize(("rule", "kink", "call"), POINTS)
def test_against_the_limits_from_both_sides(rule, kink, call):
    """Where both sides agree their limit is what is stated, or nan where it is infinite; a later order is never a number
    that is neither a limit nor the mean of both."""
    f, operands, words = read(rule, call)
    if not all(np.isfinite(a).all() for a in operands):
        return      # of nan there are no neighbours
    for i, order, value in wanted(rule, kink, operands, words):
        left, right = (side(f, operands, i, sign)[order] for sign in (-1, 1))
        for a, b, v in zip(left.ravel().tolist(), right.ravel().tolist(), value.ravel().tolist()):
            if np.isnan(v) and rule.name in DIRECTIONS:
                continue
            if np.isfinite(a) and abs(a - b) < 2e-3 * (1 + abs(a)):
                assert abs(v - a) < 2e-3 * (1 + abs(a)), (order + 1, a, b, v)
            elif order and np.isfinite(v):
                nearest = [abs(v - limit) for limit in (a, b, (a + b) / 2) if np.isfinite(limit)]
                assert nearest and min(nearest) < 2e-3 * (1 + abs(v)), (order + 1, a, b, v)


@pytest.mark.parametrize(("rule", "kink", "call"), [point for point in POINTS if point.values[0].name not in LINEAR])
def test_a_piecewise_derivative_stays_in_the_graph(rule, kink, call):
    """The next one may be 0, but asking for it does not raise."""
    f, operands, words = read(rule, call)
    for i in {i for i, _, _ in wanted(rule, kink, operands, words)}:
        assert derivatives(f, operands, i)[1] == 4


def masked(rule):
    """Whether a formula of a row chooses: there its points belong into the table."""
    return rule.elementwise and any("where(" in (getattr(rule, which) or "") for which in ("dx", "dy"))


#: Rows whose choice is between formulas of one smooth function, and what only other rows' derivatives call.  The last two are
#: linear, and piecewise for the sake of the graphs of pools, whose gradients stay in them.
SMOOTH = ("sinc", "exp2", "erfcx", "spherical_bessel_j0", *rules.CONSTANTS, "at_places", "averaged")


def test_every_row_that_chooses_is_in_the_table():
    listed = {rule.name for rule, _ in TABLE}
    missing = [rule.name for rule in rules.RULES if (masked(rule) or rule.piecewise) and rule.name not in listed
               and rule.name not in SMOOTH and rule.name != "pick"]
    assert not missing, (
        f"a derivative of {', '.join(missing)} chooses between formulas, and the row names no point where it does: give it "
        'kinks={"x = 0": "first; second; third order at 0"} in its row (CONTRIBUTING, Domain), or, where both formulas are of '
        "one smooth function, put the name into SMOOTH of tests/test_kinks.py")
    assert len(TABLE) == sum(len(rule.kinks) for rule in rules.RULES) >= 90


needs_docs = pytest.mark.skipif(not (ROOT / "docs/kinks.md").exists(), reason="needs a checkout")


@needs_docs
def test_the_page_has_a_line_for_each():
    lines = [line for line in (ROOT / "docs/kinks.md").read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    assert [re.match(r"\| \[(\w+)\]", line)[1] for line in lines] == [rule.name for rule, _ in TABLE], (
        "docs/kinks.md is not what the rows say: run `python docs/ops_page.py`")


# ---- what the table cannot say: two operands, batches, derivatives of conventions

def mixed(f, x, y):
    """d/dy of d/dx, and d/dx of d/dy."""
    found = []
    for first in (0, 1):
        xs = [autodiff.tensor(v, dtype=autodiff.float64, requires_grad=True) for v in (x, y)]
        (g,) = autograd.grad(f(*xs).sum(), xs[first], create_graph=True)
        found.append(plain(autograd.grad(g.sum(), xs[1 - first])[0]))
    return found


def test_the_mixed_second_derivative_of_a_power():
    """At the exponent 0 it is 1 / x, at the base 0 it has a limit beyond the exponent 1 alone."""
    for x in (23.0, 0.25, [23.0, 0.25, 3.0]):
        for found in mixed(lambda a, b: a ** b, x, np.zeros(np.shape(x))):
            np.testing.assert_allclose(found, 1 / np.asarray(x), rtol=1e-14)
    for y in (1.5, 2.0, 3.0):
        assert mixed(lambda a, b: a ** b, 0.0, y) == [0, 0]
    for y in (0.0, 0.5, 1.0):
        assert np.isnan(mixed(lambda a, b: a ** b, 0.0, y)).all()
    # Each element by itself.
    for found in mixed(lambda a, b: a ** b, [0.0, 2.0, 0.0, 4.0], [2.0, 0.0, 1.0, 1.0]):
        np.testing.assert_allclose(found, [0, 0.5, np.nan, 1 + np.log(4.0)], rtol=1e-14)


def test_third_derivatives_of_a_power_against_differences():
    def second(x, y):
        xs = [autodiff.tensor(v, dtype=autodiff.float64, requires_grad=True) for v in (x, y)]
        (g,) = autograd.grad((xs[0] ** xs[1]).sum(), xs[0], create_graph=True)
        return autograd.grad(g.sum(), xs, create_graph=True), xs

    x, y, h = np.array([1.5, 0.5, 2.0]), np.zeros(3), 1e-6
    (xx, xy), xs = second(x, y)
    for g, of in ((xx, 0), (xy, 1)):
        third = autograd.grad(g.sum(), xs, retain_graph=True)
        for i, moved in enumerate((((x + h, y), (x - h, y)), ((x, y + h), (x, y - h)))):
            up, down = (plain(second(*place)[0][of]) for place in moved)
            np.testing.assert_allclose(plain(third[i]), (up - down) / (2 * h), rtol=1e-5, atol=1e-6)


def hessian(f, x):
    x = autodiff.tensor(x, dtype=autodiff.float64, requires_grad=True)
    (g,) = autograd.grad(f(x), x, create_graph=True)
    return plain(g), np.array([plain(autograd.grad(v, x, retain_graph=True)[0]) for v in g.reshape(-1)])


SMOOTH_OF_A_CONVENTION = [
    ("norm", lambda x: autodiff.exp(-x.norm() ** 2), [0.0, 0.0]), ("of one", lambda x: x.norm() ** 2, [0.0]),
    ("p = 3", lambda x: x.norm(3) ** 3, [0.0, 0.0]), ("p = 4", lambda x: x.norm(4) ** 4, [0.0, 0.0]),
    ("dist", lambda x: x.dist(autodiff.tensor([1.0, 2.0])) ** 2, [1.0, 2.0]),
    ("std", lambda x: x.std(unbiased=False) ** 2, [1.0, 1.0]), ("std_mean", lambda x: autodiff.std_mean(x)[0] ** 2, [1.0, 1.0]),
    ("complex abs", lambda x: autodiff.complex(x[0], x[1]).abs() ** 2, [0.0, 0.0]),
    ("complex norm", lambda x: autodiff.complex(x[:1], x[1:]).norm() ** 2, [0.0, 0.0]),
    ("keepdim", lambda x: (x.reshape(1, 2).norm(dim=1, keepdim=True) ** 2).sum(), [0.0, 0.0]),
    ("atan2", lambda x: autodiff.atan2(x[0], x[1]) * x[0], [0.0, 0.0]),
]


@pytest.mark.parametrize(("f", "at"), [pytest.param(f, at, id=name) for name, f, at in SMOOTH_OF_A_CONVENTION])
def test_a_convention_is_not_differentiated_as_a_constant(f, at):
    """The square of a norm is smooth at 0, and its Hessian there is 2: what is found may be nan, but no other number."""
    first, second = hessian(f, at)
    np.testing.assert_array_equal(first, np.zeros(2 if len(at) == 2 else 1))
    assert np.isnan(second).any(axis=1).all()


def test_row_by_row_of_a_batch():
    x = [[0.0, 0.0], [3.0, 4.0]]
    for f in (lambda x: x.norm(dim=1), lambda x: x.std(dim=1), lambda x: x.norm(3, dim=1)):
        v = autodiff.tensor(x, requires_grad=True)
        (g,) = autograd.grad((f(v) ** 2).sum(), v, create_graph=True)
        (h,) = autograd.grad((g * autodiff.tensor([1.0, 2.0])).sum(), v)
        alone = autodiff.tensor(x[1:], requires_grad=True)
        (g1,) = autograd.grad((f(alone) ** 2).sum(), alone, create_graph=True)
        (h1,) = autograd.grad((g1 * autodiff.tensor([1.0, 2.0])).sum(), alone)
        assert np.isnan(plain(h)[0]).all() and g[0].tolist() == [0, 0]
        np.testing.assert_allclose(plain(h)[1], plain(h1)[0], rtol=1e-14)


def test_the_smooth_spelling():
    _, second = hessian(lambda x: (x * x).sum(), [0.0, 0.0])
    np.testing.assert_array_equal(second, 2 * np.eye(2))


PIECES = [lambda x: (x ** 1).sum(), lambda x: x.norm(1), lambda x: x.norm(math.inf), lambda x: x.norm(-math.inf),
          lambda x: x.norm(0), lambda x: x.leaky_relu(0.1).sum(), lambda x: x.hardtanh().sum(), lambda x: x.relu6().sum(),
          lambda x: x.relu().sum(), lambda x: x.abs().sum(), lambda x: x.threshold(0.5, 2).sum(),
          lambda x: x.hardsigmoid().sum(),
          lambda x: x.clamp(-1, 2).sum(), lambda x: x.clamp(min=0.0).sum(), lambda x: x.max(), lambda x: x.min(0).values,
          lambda x: autodiff.maximum(x, 0.5).sum(), lambda x: autodiff.fmin(x, 0.5).sum(), lambda x: x.median(),
          lambda x: x.amax(), lambda x: x.sign().sum(), lambda x: x.floor().sum(), lambda x: x.frac().sum(),
          lambda x: x.fmod(2.0).sum(), lambda x: (x % 2.0).sum(), lambda x: x.copysign(-1.0).sum(), lambda x: x.round().sum()]


@pytest.mark.parametrize("f", PIECES)
@pytest.mark.parametrize("dtype", [autodiff.float64, autodiff.float32])
def test_piecewise_linear_ops_have_a_second_derivative(f, dtype):
    x = autodiff.tensor([1.5, -2.5], dtype=dtype, requires_grad=True)
    found = [f(x)]
    for order in range(3):
        found += autograd.grad(found[order].sum(), x, create_graph=True)
        assert found[-1].dtype == dtype and found[-1].shape == x.shape and found[-1].requires_grad
    assert found[2].tolist() == found[3].tolist() == [0, 0]
    assert autograd.grad(f(x), x)[0].tolist() == found[1].tolist()


def test_products_divide_by_no_factor():
    _, second = hessian(lambda x: 1e200 * x.prod(), [1e-150, 1.0, 1.0])
    np.testing.assert_allclose(second, [[0, 1e200, 1e200], [1e200, 0, 1e50], [1e200, 1e50, 0]], rtol=1e-15)
    first, second = hessian(lambda x: 1e200 * x.prod(), [1e150, 1.0, 1e-100])
    np.testing.assert_allclose(first, [1e100, 1e250, math.inf], rtol=1e-14)
    np.testing.assert_allclose(second[:2, :2], [[0, 1e100], [1e100, 0]], rtol=1e-14)
    _, second = hessian(lambda x: x.cumprod(0).sum(), [1e-200, 2.0, 3.0])
    np.testing.assert_allclose(second, [[0, 4, 2], [4, 0, 1e-200], [2, 1e-200, 0]], rtol=1e-14)


@pytest.mark.parametrize("of", ["x.prod()", "x.norm()", "autodiff.dist(x, x * 0.5)", "x.norm(3)", "x.norm(1)"])
@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_the_first_derivative_of_one_element_has_a_graph_as_of_several(of, shape):
    """So that code for the second derivative works for every number of elements."""
    x = autodiff.full(shape, 2.0, requires_grad=True)
    (g,) = autodiff.autograd.grad(eval(of), [x], create_graph=True)
    assert g.requires_grad
    assert autodiff.autograd.grad(g.sum(), [x])[0].tolist() == autodiff.zeros(*shape).tolist()
