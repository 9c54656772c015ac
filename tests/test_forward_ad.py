"""Forward mode against reverse mode: t = J v by one, u . t by the other, for every row that has a derivative."""
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
#: Writes to elements are refused in forward mode, with a message that names the alternative.
REFUSED = {"copy_region", "index_set", "fill"}
#: Recorded by reverse passes alone, and a reverse pass through duals is refused.
REVERSE_ONLY = {"embed", "index_add_zeros"}


def test_every_row_has_a_case():
    rows = {rule.name for rule in rules.RULES if rule.dx or rule.dy or rule.composite}
    generic = {rule.name for rule in rules.ELEMENTWISE} | set(cases.CASES) | set(cases.VALUES)
    missing = sorted(rows - (set(CASES) | REFUSED | REVERSE_ONLY | generic))
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
    try:
        agree(f, [RNG.uniform(0.5, 1.5, s) for s in shapes])
    except NotImplementedError as error:
        assert "in forward mode" in str(error)      # an in-place write to what has views says so


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


def test_a_reverse_pass_through_duals_is_refused_not_wrong():
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, autodiff.ones(2))
        with pytest.raises(NotImplementedError, match="forward over reverse"):
            autograd.grad((dual * dual).sum(), dual, create_graph=True)
        (gradient,) = autograd.grad((x * x).sum(), x)       # what has no tangent is differentiated as ever
    assert gradient.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("value", [2.0, [2.0, 3.0]])
def test_in_place_ops_carry_the_tangent(value):
    x = autodiff.tensor(value)
    with forward_ad.dual_level():
        y = forward_ad.make_dual(x, x) * 1
        y *= y
        assert forward_ad.unpack_dual(y).tangent.tolist() == (2 * x * x).tolist()


def test_tangents_die_with_their_level_and_levels_do_not_nest():
    with forward_ad.dual_level():
        x = forward_ad.make_dual(autodiff.tensor(1.0), autodiff.tensor(1.0))
        assert forward_ad.unpack_dual(x).tangent is not None
        with pytest.raises(RuntimeError, match="Nested forward mode"):
            forward_ad.enter_dual_level()
    with forward_ad.dual_level():
        assert forward_ad.unpack_dual(x).tangent is None
    with pytest.raises(RuntimeError, match="no level exists"):
        forward_ad.make_dual(autodiff.tensor(1.0), autodiff.tensor(1.0))


def test_bad_duals_and_what_is_refused():
    with forward_ad.dual_level():
        with pytest.raises(RuntimeError, match="tangent of the primal's shape"):
            forward_ad.make_dual(autodiff.ones(2), autodiff.ones(3))
        with pytest.raises(ValueError, match="floating point"):
            forward_ad.make_dual(autodiff.arange(3), autodiff.arange(3))
        x = forward_ad.make_dual(autodiff.ones(2), autodiff.ones(2))
        y = x * 2
        with pytest.raises(NotImplementedError, match="stack, cat or where"):
            y[0] = 1.0
        with pytest.raises(NotImplementedError, match="stack, cat or where"):
            autodiff.zeros(2).copy_(x)
        z = y[:1]
        with pytest.raises(NotImplementedError, match="out-of-place"):
            z.mul_(2)
