"""Calculus and signals as NumPy spells them, beyond lines: at knots and ends, at 0, long signals, what NumPy refuses."""
import math

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from checks import plain


def variable(values):
    return anp.array(np.asarray(values), requires_grad=True)


def slope(f, x, order=1):
    """The derivatives of a function of each element, at plain values."""
    x = variable(np.asarray(x, float))
    value = f(x)
    for _ in range(order):
        (value,) = autograd.grad(value.sum(), x, create_graph=True)
    return plain(value.detach())


XP, FP = np.array([0.0, 1.0, 3.0]), np.array([2.0, 1.0, 5.0])


def test_interpolation_at_knots_and_beyond_the_ends():
    """The slope of the segment after a knot; before the last one; none outside."""
    x = [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0]
    np.testing.assert_array_equal(slope(lambda v: np.interp(v, XP, FP), x), [0, -1, -1, 2, 2, 2, 0])
    np.testing.assert_array_equal(plain(np.interp(variable(x), XP, FP).detach()), np.interp(x, XP, FP))
    y = variable(FP)
    (gradient,) = autograd.grad(np.interp(4.0, XP, y) + np.interp(-1.0, XP, y) + np.interp(1.0, XP, y), y)
    np.testing.assert_array_equal(plain(gradient), [1.0, 1.0, 1.0])


def test_interpolation_keeps_nan_and_is_in_double_precision():
    x = variable(np.array([np.nan, 0.5], np.float32))
    value = np.interp(x, XP, FP)
    assert value.dtype == np.float64
    np.testing.assert_array_equal(plain(value.detach()), np.interp(plain(x.detach()), XP, FP))
    (gradient,) = autograd.grad(value[1], x)
    assert plain(gradient).dtype == np.float32
    np.testing.assert_array_equal(plain(np.interp(variable([np.nan, 1.0, 2.0]), [1.0], [5.0]).detach()), [np.nan, 5.0, 5.0])


def test_sinc_at_0():
    """1, 0, -pi**2 / 3, 0, pi**4 / 5: the derivatives of sin(pi x) / (pi x)."""
    expected = [1.0, 0.0, -np.pi ** 2 / 3, 0.0, np.pi ** 4 / 5]
    for order, value in enumerate(expected):
        np.testing.assert_allclose(slope(np.sinc, [0.0, 1e-9, -1e-9], order), value, rtol=1e-6, atol=1e-6)
    z = variable(np.array([0j]))
    first = autograd.grad(np.real(np.sinc(z)).sum(), z, create_graph=True)[0]
    (second,) = autograd.grad(np.real(first).sum(), z)
    np.testing.assert_allclose(plain(second), -np.pi ** 2 / 3, rtol=1e-12)


#: The Bessel function of order 1 at -30, 30 and 700, of 40 digits rounded.
I1 = [-768532038938.957, 768532038938.957, 1.5285003902339006e+302]


def test_the_bessel_function_keeps_its_digits():
    """Against the power series, and up to overflow against NumPy's own values."""
    x = np.array([0.0, 1e-8, 0.1, 1.0, 5.0, 20.0, 100.0, 700.0])
    np.testing.assert_allclose(plain(np.i0(variable(x)).detach()), np.i0(x), rtol=1e-13)
    small = x[:4]
    series = sum((small / 2) ** (2 * k + 1) / (math.factorial(k) * math.factorial(k + 1)) for k in range(20))
    np.testing.assert_allclose(slope(np.i0, small), series, rtol=1e-13)
    np.testing.assert_allclose(slope(np.i0, [0.0], 2), 0.5, rtol=1e-14)
    np.testing.assert_allclose(slope(np.i0, [-30.0, 30.0, 700.0]), I1, rtol=1e-14)
    assert np.isinf(plain(np.i0(variable([1e4, -1e4, np.inf])).detach())).all()
    np.testing.assert_array_equal(plain(np.i0(variable([np.nan])).detach()), np.nan)
    with pytest.raises(TypeError):
        np.i0(variable([1j]))


def test_a_long_signal_costs_no_more_than_its_product():
    """The gradient in a short kernel of a long signal is a short convolution, not a square of the long one."""
    signal = np.sin(np.arange(200_000.0))
    kernel = variable([0.25, 0.5, 0.25])
    (gradient,) = autograd.grad(np.convolve(signal, kernel, "valid").sum(), kernel)
    np.testing.assert_allclose(plain(gradient), [signal[2:].sum(), signal[1:-1].sum(), signal[:-2].sum()], rtol=1e-9, atol=1e-9)


def test_gradient_in_positions_that_are_evenly_spaced():
    """Each position keeps a derivative of its own, though NumPy computes with one distance there."""
    f = np.array([1.0, 4.0, 9.0, 16.0])
    at = variable([0.0, 1.0, 2.0, 3.0])
    value = np.gradient(f, at)
    np.testing.assert_allclose(plain(value.detach()), np.gradient(f, plain(at.detach())))
    (gradient,) = autograd.grad(value[1], at)
    moved = 1e-6 * np.eye(4)
    expected = [(np.gradient(f, np.arange(4.0) + e)[1] - np.gradient(f, np.arange(4.0) - e)[1]) / 2e-6 for e in moved]
    np.testing.assert_allclose(plain(gradient), expected, rtol=1e-6, atol=1e-8)


def test_unwrapped_phases_have_the_derivative_1():
    phases = variable(np.mod(np.arange(8.0) * 2.0, 2 * np.pi))
    (gradient,) = autograd.grad(np.unwrap(phases).sum(), phases)
    np.testing.assert_array_equal(plain(gradient), 1.0)
    integers = np.array([1, 5, 10, 15])
    np.testing.assert_array_equal(plain(np.unwrap(anp.array(integers), period=4)), np.unwrap(integers, period=4))


def test_nan_is_replaced_in_place_where_that_is_asked():
    x = variable([1.0, np.nan, np.inf])
    y = x * 1.0
    assert np.nan_to_num(y, copy=False, posinf=3.0) is y
    np.testing.assert_array_equal(plain(y.detach()), [1.0, 0.0, 3.0])
    np.testing.assert_array_equal(plain(autograd.grad(y.sum(), x)[0]), [1.0, 0.0, 0.0])


def test_real_or_complex_as_the_values_are():
    x = variable([4.0, -4.0])
    root = np.emath.sqrt(x)
    assert root.dtype == np.complex128
    (gradient,) = autograd.grad(np.imag(root)[1], x)
    np.testing.assert_allclose(plain(gradient), [0.0, -0.25])
    assert np.emath.sqrt(variable([4.0])).dtype == np.float64
    assert np.emath.sqrt(variable(np.array([-1.0], np.float32))).dtype == np.complex64
    assert np.emath.arccos(variable([2.0])).dtype == np.complex128


@pytest.mark.parametrize("call", [
    lambda x: np.gradient(x[:1]), lambda x: np.gradient(x, edge_order=3), lambda x: np.gradient(x, [1.0, 2.0]),
    lambda x: np.diff(x, -1), lambda x: np.diff(x[0]), lambda x: np.interp(x, XP, FP[:2]), lambda x: np.interp(x, [], []),
    lambda x: np.interp(x, XP, FP, period=0), lambda x: np.convolve(x, []), lambda x: np.convolve(x, x, "none"),
    lambda x: np.correlate(x, []), lambda x: np.correlate(x, np.ones((2, 2))), lambda x: np.unwrap(x[0])])
def test_what_numpy_refuses_is_refused(call):
    x = variable([1.0, 2.0, 3.0])
    for operand in (plain(x.detach()), x):
        with pytest.raises(ValueError):
            call(operand)


def test_tensors_give_tensors():
    x = autodiff.tensor([1.0, 2.0, 4.0], requires_grad=True)
    for result in (np.gradient(x), np.interp(x, XP, FP), np.convolve(x, x), np.sinc(x), np.i0(x), np.unwrap(x),
                   np.emath.sqrt(x), np.trapezoid(x)):
        assert type(result) is autodiff.Tensor and result.requires_grad
