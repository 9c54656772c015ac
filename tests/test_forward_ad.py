"""Forward mode against reverse mode: t = J v by one, u . t by the other, for every row that has a derivative."""
import gc

import numpy as np
import pytest

import autodiff
import cases
from autodiff import autograd, rules
from autodiff._variable import OPS
from autodiff.autograd import forward_ad
from checks import public

RNG = np.random.default_rng(7)

#: Row: functions of one array of shape (2, 3) with elements in (0.5, 2).
CASES = {
    "add": [lambda x: x + x.sum(0), lambda x: 2.0 + x],
    "sub": [lambda x: x - x[:, :1], lambda x: 1 - x],
    "mul": [lambda x: x * x, lambda x: x * x[0, 0]],
    "div": [lambda x: x / x.sum(), lambda x: 2 / x],
    "pow": [lambda x: x ** 1.5, lambda x: 2.0 ** x, lambda x: x ** x],
    "neg": [lambda x: -x], "positive": [lambda x: +x], "abs": [lambda x: (x - 1).abs()],
    "reciprocal": [lambda x: x ** -1], "square": [lambda x: x ** 2], "sqrt": [lambda x: x.sqrt()],
    "exp": [lambda x: x.exp()], "log": [lambda x: x.log()], "sin": [lambda x: x.sin()], "cos": [lambda x: x.cos()],
    "tanh": [lambda x: x.tanh()], "sigmoid": [lambda x: x.sigmoid()], "relu": [lambda x: (x - 1).relu()],
    "sum": [lambda x: x.sum(), lambda x: x.sum(1, keepdim=True)],
    "mean": [lambda x: x.mean(), lambda x: x.mean(0)],
    "norm": [lambda x: x.norm(), lambda x: x.norm(3, dim=1), lambda x: x[0, 0].norm()],
    "amax": [lambda x: x.max(), lambda x: x.amax(1)],
    "log_softmax": [lambda x: x.log_softmax(1)],
    "matmul": [lambda x: x @ x.T, lambda x: x[0] @ x[1], lambda x: x @ x[0]],
    "view": [lambda x: x.reshape(3, 2).T[1:], lambda x: x.unsqueeze(0).expand(2, 2, 3)],
    "clone": [lambda x: x.clone()], "to": [lambda x: x.float().double()],
    "where": [lambda x: autodiff.where(x > 1, x * 2, x * x)],
    "index": [lambda x: x[[0, 1, 0], [2, 2, 2]], lambda x: x.max(1)[0]],
    "cat": [lambda x: autodiff.cat([x, x * 2, autodiff.ones(1, 3)])],
    "stack": [lambda x: autodiff.stack([x, x.exp()], 1)],
}
#: Writes, which have tests of their own below.
WRITES = {"copy_region", "index_set", "fill"}
#: Recorded by reverse passes alone: see forward over reverse.
REVERSE_ONLY = {"embed", "index_add_zeros"}


def test_every_row_has_a_case():
    rows = {rule.name for rule in rules.RULES if rule.dx or rule.dy or rule.composite}
    generic = {rule.name for rule in rules.ELEMENTWISE} | set(cases.CASES) | set(cases.VALUES)
    missing = sorted(rows - (set(CASES) | WRITES | REVERSE_ONLY | generic))
    assert not missing, (
        f"forward mode is not tested for {', '.join(missing)}: add a case to CASES of tests/cases_FAMILY.py, from which this "
        "test follows, too, or a function of x to CASES of tests/test_forward_ad.py")


def agree(f, arrays):
    """u . J v by forward mode and by reverse mode, all operands at once."""
    leaves = [autodiff.tensor(a, requires_grad=True) for a in arrays]
    tangents = [autodiff.tensor(RNG.normal(size=np.shape(a))) for a in arrays]
    with forward_ad.dual_level():
        duals = [forward_ad.make_dual(x, v) for x, v in zip(leaves, tangents)]
        primal, tangent = forward_ad.unpack_dual(f(*duals))
    out = f(*leaves)
    np.testing.assert_array_equal(primal.detach().numpy(), out.detach().numpy())
    u = autodiff.tensor(RNG.normal(size=tuple(out.shape)))
    pulled = autograd.grad(out, leaves, u, allow_unused=True)
    expected = sum((g * v).sum().item() for g, v in zip(pulled, tangents) if g is not None)
    if tangent is None:
        assert expected == 0
        return
    assert tangent.shape == out.shape and tangent.dtype == out.dtype
    np.testing.assert_allclose((u * tangent).sum().item(), expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("rule", [rule for rule in rules.ELEMENTWISE if rule.dx and rule.function
                                  and (rule.dy or rule.arity == 1)], ids=lambda rule: rule.name)
def test_elementwise_rows(rule):
    low = [rule.at, rule.at_y or rule.at][:rule.arity]
    agree(public(rule) if rule.function else getattr(OPS, rule.name), [RNG.uniform(*interval, (2, 3)) for interval in low])


@pytest.mark.parametrize(("f", "shapes"), [pytest.param(f, shapes, id=f"{row} {name}") for row, found in cases.CASES.items()
                                           for name, f, _, shapes in found[:3]])
def test_structural_and_composite_rows(f, shapes):
    agree(f, [RNG.uniform(0.5, 1.5, s) for s in shapes])


@pytest.mark.parametrize(("name", "f"), [(name, f) for name, fs in CASES.items() for f in fs])
def test_forward_agrees_with_reverse(name, f):
    x = autodiff.tensor(RNG.uniform(0.5, 2, (2, 3)), requires_grad=True)
    v = autodiff.tensor(RNG.normal(size=(2, 3)))
    with forward_ad.dual_level():
        primal, tangent = forward_ad.unpack_dual(f(forward_ad.make_dual(x, v)))
    out = f(x)
    np.testing.assert_array_equal(primal.detach().numpy(), out.detach().numpy())
    assert tangent.shape == out.shape and tangent.dtype == out.dtype
    u = autodiff.tensor(RNG.normal(size=tuple(out.shape)))
    (gradient,) = autograd.grad(out, x, u)
    # casts to float32 inside one case round the tangent
    tolerance = 1e-6 if name == "to" else 1e-11
    np.testing.assert_allclose((u * tangent).sum().item(), (gradient * v).sum().item(), rtol=tolerance, atol=tolerance)


# ---- forward over reverse: saved values carry tangents

def hessian_product(f, arrays):
    """The gradient of u . f, and its derivative along tangents: by a reverse pass through duals, and by two reverse passes."""
    leaves = [autodiff.tensor(a, requires_grad=True) for a in arrays]
    tangents = [autodiff.tensor(RNG.normal(size=np.shape(a))) for a in arrays]
    out = f(*leaves)
    u = autodiff.tensor(RNG.normal(size=tuple(out.shape)))
    gradients = autograd.grad(out, leaves, u, create_graph=True, allow_unused=True)
    total = sum(((g * v).sum() for g, v in zip(gradients, tangents) if g is not None), autodiff.zeros(()))
    wanted = (autograd.grad(total, leaves, allow_unused=True) if total.requires_grad else [None] * len(leaves))
    with forward_ad.dual_level():
        duals = [forward_ad.make_dual(x, v) for x, v in zip(leaves, tangents)]
        found = autograd.grad(f(*duals), leaves, u, allow_unused=True)
        pairs = [forward_ad.unpack_dual(g) if g is not None else (None, None) for g in found]
    for (primal, tangent), gradient, product in zip(pairs, gradients, wanted):
        if gradient is None:
            assert primal is None
            continue
        np.testing.assert_allclose(primal.detach().numpy(), gradient.detach().numpy(), rtol=1e-12, atol=1e-12)
        zero = np.zeros(np.shape(gradient.detach().numpy()))
        np.testing.assert_allclose(zero if tangent is None else tangent.detach().numpy(),
                                   zero if product is None else product.numpy(), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("rule", [rule for rule in rules.ELEMENTWISE if rule.dx and rule.function
                                  and (rule.dy or rule.arity == 1)], ids=lambda rule: rule.name)
@pytest.mark.parametrize("shape", [(2, 3), ()])
def test_forward_over_reverse_of_elementwise_rows(rule, shape):
    low = [rule.at, rule.at_y or rule.at][:rule.arity]
    hessian_product(public(rule), [RNG.uniform(*interval, shape) for interval in low])


@pytest.mark.parametrize(("f", "shapes"), [pytest.param(f, shapes, id=f"{row} {name}") for row, found in cases.CASES.items()
                                           for name, f, _, shapes in found[:2]])
def test_forward_over_reverse_of_structural_and_composite_rows(f, shapes):
    hessian_product(f, [RNG.uniform(0.5, 1.5, s) for s in shapes])


def test_a_program_differentiated_forward_over_reverse():
    """Writes, views, branches; against the exact Hessian of x0^2 x1 + x1^3."""
    def f(x):
        y = x.clone()
        y[0] = x[0] * x[0]
        y[1:].mul_(2)
        return y[0] * x[1] + (y[1] / 2) ** 3

    x = autodiff.tensor([2.0, 3.0], requires_grad=True)
    for v, product in (([1.0, 0.0], [6.0, 4.0]), ([0.0, 1.0], [4.0, 18.0])):
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(x, autodiff.tensor(v))
            g, = autograd.grad(f(dual), x)
            assert forward_ad.unpack_dual(g).tangent.tolist() == product


def test_backward_inside_a_level_fills_grad_with_a_dual():
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    with forward_ad.dual_level():
        (forward_ad.make_dual(x, autodiff.ones(2)) ** 3).sum().backward()
        assert forward_ad.unpack_dual(x.grad).tangent.tolist() == [6.0, 12.0]
    assert x.grad.tolist() == [3.0, 12.0] and not x.grad.requires_grad


def test_nothing_of_a_level_stays():
    """A tangent may refer to the node that keeps it: the end of the level takes them apart."""
    gc.collect()
    before = autodiff.memory_stats()["nodes"]
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):
        with forward_ad.dual_level():
            y = forward_ad.make_dual(x, autodiff.ones(2)).exp().exp() * 2.0
            autograd.grad(y.sum(), x)
        del y
    gc.collect()
    assert autodiff.memory_stats()["nodes"] <= before + 1


# ---- levels that nest

def along(f, v=1.0):
    def derivative(x):
        with forward_ad.dual_level():
            return forward_ad.unpack_dual(f(forward_ad.make_dual(x, autodiff.full_like(x, v)))).tangent

    return derivative


@pytest.mark.parametrize("value", [0.5, [0.5, 1.25]])
def test_nested_levels_are_derivatives_of_derivatives(value):
    x = autodiff.tensor(value)
    f = lambda x: x.exp() * x.sin()
    third = along(along(along(f)))(x)
    np.testing.assert_allclose(third.numpy(), 2 * np.exp(value) * (np.cos(value) - np.sin(value)), rtol=1e-12)


def test_nested_levels_do_not_mix_their_perturbations():
    """d/dx (x * d/dy (x + y)) is 1, and not 2."""
    x = autodiff.tensor(3.0)
    assert along(lambda x: x * along(lambda y: x + y)(autodiff.tensor(1.0)))(x) == 1
    assert along(lambda x: along(lambda y: x * y * y)(autodiff.tensor(4.0)))(x) == 8
    # the inner function's own variable is a dual of the outer level
    assert along(lambda x: along(lambda y: y * y * y)(x * x))(x) == 12 * 27     # d/dx 3 x^4


def test_nested_levels_over_views_writes_and_products():
    def f(x):
        y = x.clone()
        y[0] = x[1] * x[0]
        y[1:].mul_(x[0])
        return (y.reshape(1, 2) @ y.reshape(2, 1)).sum()

    x = autodiff.tensor([2.0, 3.0], requires_grad=True)
    gradient = autograd.grad(f(x), x, create_graph=True)[0]
    h = [autograd.grad(gradient[i], x, retain_graph=True)[0] for i in range(2)]
    second = along(along(f))(x.detach())
    np.testing.assert_allclose(second.numpy(), sum(float(row.sum()) for row in h), rtol=1e-12)


def test_the_levels_end_in_order_and_tangents_die_with_theirs():
    outer = forward_ad.enter_dual_level()
    x = forward_ad.make_dual(autodiff.tensor(1.0), autodiff.tensor(2.0))
    inner = forward_ad.enter_dual_level()
    assert forward_ad.unpack_dual(x).tangent is None
    y = forward_ad.make_dual(x, autodiff.tensor(1.0)) * x
    assert forward_ad.unpack_dual(y).tangent == 1
    with pytest.raises(RuntimeError, match="not the last one"):
        forward_ad.exit_dual_level(level=outer)
    forward_ad.exit_dual_level(level=inner)
    assert forward_ad.unpack_dual(y).tangent == 4
    forward_ad.exit_dual_level()
    with pytest.raises(RuntimeError, match="no level is active"):
        forward_ad.exit_dual_level()
    with forward_ad.dual_level():
        assert forward_ad.unpack_dual(x).tangent is None
    with pytest.raises(RuntimeError, match="no level exists"):
        forward_ad.make_dual(autodiff.tensor(1.0), autodiff.tensor(1.0))


# ---- writes

@pytest.mark.parametrize("value", [2.0, [2.0, 3.0]])
def test_in_place_ops_carry_the_tangent(value):
    x = autodiff.tensor(value)
    with forward_ad.dual_level():
        y = forward_ad.make_dual(x, x) * 1
        y *= y
        assert forward_ad.unpack_dual(y).tangent.tolist() == (2 * x * x).tolist()


def dual(values, tangents):
    return forward_ad.make_dual(autodiff.tensor(values), autodiff.tensor(tangents))


def tangent_of(v):
    return forward_ad.unpack_dual(v).tangent.tolist()


def test_writes_carry_tangents():
    with forward_ad.dual_level():
        x, y = dual([1.0, 2.0, 3.0], [1.0, 10.0, 100.0]), dual(5.0, 7.0)
        z = x * 1
        z[0] = y
        assert tangent_of(z) == [7.0, 10.0, 100.0]
        z[1:] = 4.0
        assert tangent_of(z) == [7.0, 0.0, 0.0]
        z[[2, 0]] = x[:2]
        assert tangent_of(z) == [10.0, 0.0, 1.0]
        z[z > 3] = y * 2
        assert tangent_of(z) == [10.0, 14.0, 1.0] and z.tolist() == [2.0, 10.0, 1.0]
        plain = autodiff.zeros(3)
        plain[1] = y
        assert tangent_of(plain) == [0.0, 7.0, 0.0]
        copy = autodiff.zeros(2, 3)
        copy.copy_(x)
        assert tangent_of(copy) == [[1.0, 10.0, 100.0]] * 2
        copy.zero_()
        assert tangent_of(copy) == [[0.0] * 3] * 2
        x[1:] = x[:-1]
        assert tangent_of(x) == [1.0, 1.0, 10.0] and x.tolist() == [1.0, 1.0, 2.0]


def test_writes_to_views_and_to_what_has_views_carry_tangents():
    with forward_ad.dual_level():
        x = dual([1.0, 2.0, 3.0], [1.0, 10.0, 100.0]) * 1
        head, rest, turned = x[:2], x[1:], x.flip(0)
        head.mul_(2)
        assert tangent_of(x) == [2.0, 20.0, 100.0] and tangent_of(rest) == [20.0, 100.0]
        assert tangent_of(turned) == [100.0, 10.0, 1.0]         # a copy
        x.mul_(x)
        assert tangent_of(head) == [8.0, 160.0] and tangent_of(rest) == [160.0, 600.0]
        base = autodiff.zeros(2, 2)
        row = base[0]
        row.add_(dual([1.0, 2.0], [3.0, 4.0]))
        assert tangent_of(base) == [[3.0, 4.0], [0.0, 0.0]] and tangent_of(row) == [3.0, 4.0]
        base.t()[0, 1] = dual(1.0, 9.0)
        assert tangent_of(base) == [[3.0, 4.0], [9.0, 0.0]]
        with autodiff.no_grad():
            base *= dual(2.0, 1.0)
        assert tangent_of(base) == [[7.0, 10.0], [19.0, 0.0]] and tangent_of(row) == [7.0, 10.0]


def test_a_dual_shares_memory_with_its_primal():
    x = autodiff.tensor([1.0, 2.0])
    with forward_ad.dual_level():
        y = forward_ad.make_dual(x, autodiff.ones(2))
        y.mul_(3)
        assert tangent_of(y) == [3.0, 3.0]
        pair = forward_ad.unpack_dual(y)
        assert pair.primal.data_ptr() == x.data_ptr() and pair._fields == ("primal", "tangent")
    assert x.tolist() == [3.0, 6.0]


def test_a_primal_stays_in_the_graph():
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    with forward_ad.dual_level():
        primal, tangent = forward_ad.unpack_dual(forward_ad.make_dual(x * 3, x))
    g, = autograd.grad((primal * tangent).sum(), x)
    assert g.tolist() == [6.0, 12.0]


def test_bad_duals():
    with forward_ad.dual_level() as level:
        with pytest.raises(RuntimeError, match="different size than that of the original"):
            forward_ad.make_dual(autodiff.ones(2), autodiff.ones(3))
        with pytest.raises(ValueError, match="primal to be floating point or complex"):
            forward_ad.make_dual(autodiff.arange(3), autodiff.ones(3))
        with pytest.raises(ValueError, match="tangent to be floating point or complex"):
            forward_ad.make_dual(autodiff.ones(3), autodiff.arange(3))
        with pytest.raises(TypeError, match="'primal' must be Tensor, not float"):
            forward_ad.make_dual(1.0, autodiff.tensor(1.0))
        with pytest.raises(RuntimeError, match="innermost level"):
            forward_ad.make_dual(autodiff.ones(2), autodiff.ones(2), level=level + 1)


def test_views_follow_writes_whose_base_is_gone():
    def whole(x):
        y = x * 1
        v = y[:2]
        y *= x
        return v

    def sibling(x):
        y = x.clone()
        v, w = y[:1], y[:1]
        v.mul_(x[1])
        return w

    def copied(x):
        y = autodiff.zeros(3)
        v = y[:2]
        y.copy_(x * x)
        return v

    x = autodiff.tensor([1.0, 2.0, 3.0])
    for f, wanted in ((whole, [2.0, 4.0]), (sibling, [3.0]), (copied, [2.0, 4.0])):
        with forward_ad.dual_level():
            assert tangent_of(f(forward_ad.make_dual(x, autodiff.ones(3)))) == wanted


def test_detach_in_place_drops_the_tangents_of_every_level():
    with forward_ad.dual_level():
        x = forward_ad.make_dual(autodiff.tensor([2.0, 3.0]), autodiff.ones(2))
        with forward_ad.dual_level():
            y = forward_ad.make_dual(x * x, autodiff.ones(2))
            z, w = y.clone(), y.detach()
            z.detach_()
            for one in (z * y, w * y):
                np.testing.assert_array_equal(forward_ad.unpack_dual(one).tangent.detach().numpy(), [4.0, 9.0])
        assert forward_ad.unpack_dual(z).tangent is None and forward_ad.unpack_dual(w).tangent is None
        np.testing.assert_array_equal(forward_ad.unpack_dual(y).tangent.numpy(), [4.0, 6.0])
    for f in (lambda x: x.clone().detach_() * x, lambda x: x.detach() * x):
        _, derivative = autodiff.func.linearize(f, autodiff.tensor([3.0]))
        assert derivative(autodiff.ones(1)).item() == 3
        assert autodiff.func.jvp(f, (autodiff.tensor([3.0]),), (autodiff.ones(1),))[1].item() == 3
        assert autodiff.func.vmap(autodiff.func.jacfwd(f))(autodiff.tensor([[3.0], [4.0]])).flatten().tolist() == [3, 4]


def test_a_dual_made_of_a_dual_of_the_same_level_is_refused():
    x, t = autodiff.tensor([2.0]), autodiff.ones(1)
    with forward_ad.dual_level():
        d = forward_ad.make_dual(x, t)
        for primal, tangent in ((d, t), (x, d), (x, d[:1])):
            with pytest.raises(RuntimeError, match="has a forward gradient at the same level"):
                forward_ad.make_dual(primal, tangent)
        with forward_ad.dual_level() as level:
            assert level == 1 == forward_ad._current_level
            both = forward_ad.make_dual(d * d, d)       # those of an outer level are welcome
            assert forward_ad.unpack_dual(both).tangent.item() == 2
        assert forward_ad.unpack_dual(forward_ad.unpack_dual(d).primal).tangent is None
        assert forward_ad.make_dual(forward_ad.unpack_dual(d).primal, 3 * t) is not d
