"""Elementwise ops beyond what every row is tested for: what has no derivative, far from zero, integers, conditions."""
import operator

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from autodiff.autograd import forward_ad
from checks import leaf, plain

WITH_STEPS = [
    (lambda x: x // 2, "floor_divide"), (lambda x: 2 // x, "floor_divide"),
    (lambda x: (x * 1).floor_divide_(x), "floor_divide"),
    (lambda x: autodiff.heaviside(x, x.detach() * 0 + 1), "heaviside"),
    (lambda x: np.floor_divide(x, 2), "floor_divide")]


@pytest.mark.parametrize(("f", "name"), WITH_STEPS)
def test_what_has_no_derivative_says_so(f, name):
    """Recorded, so that a gradient is refused, not left out."""
    x = leaf([1.5, -2.0])
    out = f(x)
    assert type(out) is type(x)
    assert out.requires_grad and out.grad_fn.name() == "NotImplemented"
    with pytest.raises(RuntimeError, match=f"derivative for aten::{name} is not implemented"):
        autograd.grad((out * x).sum(), x)
    with autodiff.no_grad():
        assert not f(leaf([1.5, -2.0])).requires_grad
    with forward_ad.dual_level(), pytest.raises(NotImplementedError, match="forward AD with"):
        f(forward_ad.make_dual(x.detach(), x.detach()))


@pytest.mark.parametrize(("f", "name"), WITH_STEPS)
def test_in_numpys_flavour_its_derivative_is_0(f, name):
    """As that of floor, ceil and sign; of the product with x, the value itself."""
    x = anp.array([1.5, -2.0], requires_grad=True)
    out = f(x)
    assert type(out) is anp.ndarray and out.requires_grad
    (gradient,) = autograd.grad((out * x).sum(), x)
    np.testing.assert_array_equal(plain(gradient), plain(out.detach()))
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(f(forward_ad.make_dual(x.detach(), x.detach()))).tangent
        assert tangent is None or not plain(tangent).any()


ACTIVATIONS = [autodiff.leaky_relu, autodiff.elu, autodiff.selu, autodiff.celu, autodiff.gelu,
               lambda x: autodiff.gelu(x, approximate="tanh"), autodiff.silu, autodiff.mish, autodiff.softplus,
               lambda x: autodiff.softplus(x, 2.0, 50.0), autodiff.logsigmoid, autodiff.hardtanh, autodiff.relu6,
               autodiff.hardswish, autodiff.hardsigmoid, autodiff.softsign, lambda x: x.threshold(0, 0)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", ACTIVATIONS)
def test_activations_far_from_zero(f, dtype):
    """Value, first and second derivative are finite wherever x is, and those of the straight lines they approach."""
    far = [30, 90, 200, 800, 1e4, 1e30]
    x = leaf(np.array([*[-a for a in reversed(far)], *far], dtype))
    for elements in (x, *x.detach()):
        v = elements if elements is x else elements.clone().requires_grad_()
        out = f(v)
        first, = autograd.grad(out.sum(), v, create_graph=True)
        assert np.isfinite(plain(out)).all() and np.isfinite(plain(first)).all()
        if first.requires_grad:
            second, = autograd.grad(first.sum(), v, allow_unused=True)
            assert second is None or (np.isfinite(plain(second)).all() and np.abs(plain(second)).max() < 1e-3)
        compiled, = autograd.grad(f(v).sum(), v)
        np.testing.assert_array_equal(plain(compiled), plain(first))


def test_integer_division_by_zero():
    """PyTorch's error; NumPy's flavour has NumPy's 0."""
    x, zero = autodiff.tensor([1, 2]), autodiff.tensor([1, 0])
    for f in (lambda: x % 0, lambda: x % zero, lambda: x // zero, lambda: x.fmod(0), lambda: 5 % zero,
              lambda: x.div(0, rounding_mode="trunc"), lambda: x.div(0, rounding_mode="floor"),
              lambda: x.clone().remainder_(0)):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            f()
    assert (anp.array([1, 2]) % 0).tolist() == (anp.array([1, 2]) // 0).tolist() == [0, 0]


def test_integers_beyond_what_a_double_holds():
    big = 2 ** 62 + 1
    x = autodiff.tensor([big, -big])
    assert x.div(1, rounding_mode="trunc").tolist() == x.div(1, rounding_mode="floor").tolist() == [big, -big]
    assert x.div(2, rounding_mode="trunc").tolist() == [big // 2, -(big // 2)]
    assert (x // 2).tolist() == [big // 2, -(big // 2) - 1]
    assert (x % 10).tolist() == [big % 10, -big % 10]
    assert x.clamp(max=big).tolist() == [big, -big] and x.sign().tolist() == [1, -1]


@pytest.mark.parametrize("name", ["eq_", "not_equal_", "lt_", "greater_equal_", "logical_and_", "logical_xor_"])
@pytest.mark.parametrize("value", [[1.0, 2.0, 0.0], 2.0])
def test_conditions_in_place(name, value):
    """0 and 1 in the operand's dtype; what it was has no influence any more, so its gradient is 0."""
    x = leaf(value)
    y = x * 1
    same = getattr(y, name)(2.0)
    assert same is y and y.dtype == autodiff.float64 and y.requires_grad
    expected = getattr(x.detach(), name[:-1])(2.0)
    np.testing.assert_array_equal(plain(y), plain(expected).astype(float))
    (y * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), plain(y))
    with autodiff.no_grad():
        z = autodiff.tensor(value)
        getattr(z, name)(2.0)
        np.testing.assert_array_equal(plain(z), plain(y))
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        getattr(x, name)(2.0)
    view = autodiff.zeros(3, dtype=autodiff.float64)
    getattr(view[1:], name)(2.0)
    assert view[0].item() == 0


def test_what_a_condition_in_place_is_saved_for_notices():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = y * y
    y.eq_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_operators_of_bits_refuse_what_is_no_number():
    x = autodiff.tensor([1, 2])
    for other in ("a", None, [1, 2], object()):
        for f in (operator.and_, operator.or_, operator.lshift, operator.floordiv, operator.mod):
            for operands in ((x, other), (other, x)):
                if f is operator.mod and operands[0] == "a":
                    continue        # formatting
                with pytest.raises(TypeError, match="unsupported operand"):
                    f(*operands)
    with pytest.raises(TypeError, match="divmod"):
        divmod(x, 2)
    assert autodiff.bitwise_and(6, 3).item() == 2
    with pytest.raises(TypeError, match="bitwise_and"):
        autodiff.bitwise_and("a", 2)


def values(v):
    return v.detach().numpy() if hasattr(v, "detach") else np.asarray(v)


def test_numpys_functions_of_ndarrays():
    x = anp.array([-1.5, 0.5, 2.5], requires_grad=True)
    for name in ("sign", "floor", "ceil", "trunc", "rint", "isnan", "isfinite", "signbit"):
        np.testing.assert_array_equal(values(getattr(np, name)(x)), getattr(np, name)(values(x)))
    for name in ("maximum", "minimum", "fmax", "fmin", "fmod", "remainder", "copysign", "logical_and", "floor_divide"):
        for operands in ((x, 2.0), (np.array([1.0, 0.5, 1.0]), x)):
            out = getattr(np, name)(*operands)
            np.testing.assert_array_equal(values(out), getattr(np, name)(*[values(v) for v in operands]))
    bits = anp.array([1, 2, 3])
    assert type(bits & 1) is anp.ndarray and np.bitwise_or(bits, 4).tolist() == [5, 6, 7]
    assert (np.array([1, 1, 1]) & bits).tolist() == [1, 0, 1]
    np.maximum(x, 1.0).sum().backward()
    assert x.grad.tolist() == [0, 0, 1]
    assert x.round(1).tolist() == [-1.5, 0.5, 2.5] and x.clip(0, 1).tolist() == [0, 0.5, 1]


def test_where_takes_conditions_alone_and_numbers():
    assert [p.tolist() for p in autodiff.where(autodiff.tensor([[0, 1], [2, 0]]))] == [[0, 1], [1, 0]]
    condition = autodiff.tensor([True, False])
    assert autodiff.where(condition, 1, 0).dtype == autodiff.int64
    assert autodiff.where(condition, 1.0, 0).dtype == autodiff.get_default_dtype()
    x = leaf([1.0, 2.0])
    x.where(condition, 5.0).sum().backward()
    assert x.grad.tolist() == [1, 0]
    with pytest.raises(RuntimeError, match="boolean tensor"):
        autodiff.where(x, x, x)
    with pytest.raises(TypeError, match="condition alone"):
        autodiff.where(condition, x)
    with pytest.raises(RuntimeError, match="must match the size"):
        autodiff.where(condition, autodiff.ones(3), x)
    y = anp.array([1.0, 2.0], requires_grad=True)
    out = autodiff.where(y[0] > 0, y, 0.0)      # NumPy's flavour compares to a bool of NumPy
    assert out.shape == (2,) and type(out) is anp.ndarray


def test_recorded_rules_choose_in_numpys_flavour():
    """Comparisons of 0-d ndarrays are NumPy's bools, on which the recorded derivatives branch."""
    for f in (lambda x: x.clamp(0, 1), lambda x: autodiff.maximum(x, 0.5), lambda x: x.relu6(), lambda x: x.hardtanh(),
              lambda x: x.threshold(0, 3), lambda x: x.copysign(-1.0), lambda x: x.elu(), lambda x: x.hardswish()):
        for value in (-0.5, 0.75, 5.0):
            x, y = anp.array(value, requires_grad=True), leaf(value)
            g, = autograd.grad((f(x) * x).sum(), x, create_graph=True)
            e, = autograd.grad((f(y) * y).sum(), y, create_graph=True)
            assert type(g) is anp.ndarray and g.item() == e.item()
            assert autograd.grad(g, x)[0].item() == autograd.grad(e, y)[0].item()


@pytest.mark.parametrize("f", [lambda x, y: x.lerp_(y, x), lambda x, y: x.addcmul_(x, y), lambda x, y: x.addcdiv_(y, x),
                               lambda x, y: x.clamp_(min=x * 0.5), lambda x, y: x.maximum(y).mul_(x)])
def test_an_operand_written_in_place_is_used_twice(f):
    """The gradient is that of the same op out of place, or an error: never another one."""
    x, y = leaf([0.3, 1.2]), leaf([0.7, 0.4])
    v = x * 1
    try:
        out = f(v, y)
        found = autograd.grad(out.sum(), (x, y), allow_unused=True)
    except RuntimeError as error:
        assert "modified by an inplace operation" in str(error)
        return
    step = 1e-6
    for i, g in enumerate(found):
        for k in range(2):
            moved = []
            for sign in (1, -1):
                a = [plain(x).copy(), plain(y).copy()]
                a[i][k] += sign * step
                moved.append(f(autodiff.tensor(a[0]), autodiff.tensor(a[1])).sum().item())
            assert abs((moved[0] - moved[1]) / (2 * step) - (0 if g is None else g[k].item())) < 1e-6


def test_a_power_of_two_numbers_is_that_of_tensors():
    assert autodiff.pow(2.0, 3.0).item() == 8.0 and autodiff.pow(1, np.inf).item() == 1.0
    assert autodiff.pow(True, np.zeros(3)).tolist() == [1.0, 1.0, 1.0]
    for numbers in (("a", 2.0), (2.0, None), ([1.0], 2.0)):
        with pytest.raises(TypeError, match="pow"):
            autodiff.pow(*numbers)
