"""Special functions over their whole range, and smooth functions where a formula's parts leave the range of doubles."""
import math

import mpmath
import numpy as np
import pytest

import autodiff
from autodiff import autograd
from checks import derivative, leaf, plain

inf, nan = np.inf, np.nan
TINY, HUGE = 10.0 ** np.arange(-300, 0, 37), 10.0 ** np.arange(2, 300, 37)
BELOW = -np.array([1e-9, 0.1, 0.5, 0.999, 1.5, 2.25, 3.7, 10.3, 25.5])
ABOVE = np.array([0.05, 0.3, 0.999, 1.0, 1.25, 1.46, 1.47, 2.0, 2.5, 7.9, 10.0, 10.1, 30.5])


def log_gamma(x):
    return mpmath.log(abs(mpmath.gamma(x))) if x < 1e4 else mpmath.loggamma(x)


def erfinv(y):
    """By bisection: mpmath's own does not converge everywhere."""
    a, rest = abs(y), 1 - abs(y)
    low, high = mpmath.mpf(0), mpmath.mpf(7)
    for _ in range(160):
        middle = (low + high) / 2
        low, high = (middle, high) if mpmath.erfc(middle) > rest else (low, middle)
    return mpmath.sign(y) * low if a > 1e-20 else y * mpmath.sqrt(mpmath.pi) / 2


def of_order(n):
    """n! zeta(n + 1, x) with all the digits that the formula of Euler and Maclaurin gives, below 0 by recurrence."""
    def function(x):
        total, s = mpmath.mpf(0), n + 1
        while x < 40 + s:
            total += x ** -s
            x += 1
        total += x ** (1 - s) / n + x ** -s / 2
        rising, power = mpmath.mpf(s), x ** (-s - 1)
        for k in range(1, 30):
            total += mpmath.bernoulli(2 * k) / mpmath.factorial(2 * k) * rising * power
            rising *= (s + 2 * k - 1) * (s + 2 * k)
            power /= x * x
        return (-1) ** (n + 1) * mpmath.factorial(n) * total

    return function


@pytest.mark.parametrize(("name", "reference", "points"), [
    ("erf", mpmath.erf, np.concatenate([TINY, -TINY, ABOVE, BELOW])),
    ("erfc", mpmath.erfc, np.concatenate([TINY, BELOW, ABOVE[:-1], [20.0, 26.0]])),
    ("erfinv", erfinv, np.concatenate([TINY, -TINY, [0.3, -0.5, 0.9, -0.99, 1 - 1e-6, 1 - 1e-10, 1e-15 - 1, 1 - 2 ** -53]])),
    ("lgamma", log_gamma, np.concatenate([TINY, ABOVE, BELOW, HUGE[:5]])),
    ("digamma", mpmath.digamma, np.concatenate([TINY, -TINY, ABOVE, BELOW, HUGE])),
    (1, of_order(1), np.concatenate([TINY[-4:], ABOVE, BELOW, HUGE[:4]])),
    (2, of_order(2), np.concatenate([ABOVE, BELOW, HUGE[:4]])),
    (7, of_order(7), np.concatenate([ABOVE, BELOW[:-2], HUGE[:1]])),
    (20, of_order(20), np.concatenate([ABOVE, [1e4, 1e10, 1e16]])),
    (50, of_order(50), np.concatenate([ABOVE, [1e3, 1e6, 1e8]])),
    (100, of_order(100), np.concatenate([ABOVE, [1e3, 3e4]])),
])
def test_values_over_the_range(name, reference, points):
    """To a few units in the last place, those of digamma and lgamma below 0 measured at the size of their terms."""
    f = (lambda x: autodiff.polygamma(name, x)) if isinstance(name, int) else getattr(autodiff, name)
    found = plain(f(autodiff.tensor(points)))
    with mpmath.workdps(50):
        wanted = np.array([float(reference(mpmath.mpf(float(x)))) for x in points])
    scale = 2.0 if name in ("lgamma", "digamma") else 0.0
    np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-14 * scale)
    scalars = [f(autodiff.tensor(float(x), dtype=autodiff.float64)).item() for x in points]
    np.testing.assert_array_equal(scalars, found)


@pytest.mark.parametrize(("name", "wanted"), [
    # at          0     -0    -1    inf   -inf  nan
    ("erf", (0, -0.0, math.erf(-1), 1, -1, nan)),
    ("erfc", (1, 1, math.erfc(-1), 0, 2, nan)),
    ("erfinv", (0, -0.0, -inf, nan, nan, nan)),
    ("lgamma", (inf, inf, inf, inf, inf, nan)),
    ("digamma", (-inf, inf, nan, inf, nan, nan)),
    (1, (inf, inf, inf, 0, nan, nan)),
    (2, (-inf, inf, nan, -0.0, nan, nan)),
])
def test_values_at_the_ends(name, wanted):
    f = (lambda x: autodiff.polygamma(name, x)) if isinstance(name, int) else getattr(autodiff, name)
    for dtype in (autodiff.float32, autodiff.float64):
        found = plain(f(autodiff.tensor([0.0, -0.0, -1.0, inf, -inf, nan], dtype=dtype)))
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.parametrize(("n", "error"), [(1.5, TypeError), ("1", TypeError), (-1, RuntimeError), (101, RuntimeError)])
def test_orders_that_there_are_not(n, error):
    with pytest.raises(error, match="polygamma"):
        autodiff.polygamma(n, leaf(1.0))


@pytest.mark.parametrize("scale", [1e-30, 1e25])
def test_the_derivative_of_atan2_where_squares_leave_the_range_of_float32(scale):
    x, y = (leaf(scale, autodiff.float32) for _ in range(2))
    autodiff.atan2(x, y).backward()
    np.testing.assert_allclose([x.grad.item(), y.grad.item()], [0.5 / scale, -0.5 / scale], rtol=1e-6)


@pytest.mark.parametrize("x", [1e3, 1e6, 1e25])
def test_the_second_derivative_of_sinc_far_from_its_power_series(x):
    """Where the series overflows it is not chosen, and must not show."""
    x = leaf(x, autodiff.float32)
    (first,) = autograd.grad(x.sinc(), x, create_graph=True)
    (second,) = autograd.grad(first, x)
    assert abs(second.item()) <= 4 / x.item()


def test_mixed_derivative_of_xlogy_at_y_0():
    """1 / y, which is infinite; nan where a convention chose the first derivative."""
    x, y = leaf([-1.0, 2.0, 0.0]), leaf([0.0, 0.0, 0.0])
    (first,) = autograd.grad(x.xlogy(y).sum(), x, create_graph=True)
    np.testing.assert_array_equal(plain(autograd.grad(first.sum(), y)[0]), [inf, inf, nan])


def test_acosh_at_the_end_of_its_domain_and_outside():
    assert derivative(autodiff.acosh, 1.0, order=2) == -inf
    assert np.isnan(derivative(autodiff.acosh, -2.0))
    assert derivative(lambda x: autodiff.acosh(x.to(autodiff.float32)), 1e25) == pytest.approx(1e-25, rel=1e-6)


@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("name, at", [("igamma", (1.5, 0.7)), ("igammac", (1.5, 0.7)), ("zeta", (2.5, 1.7))])
def test_third_derivatives_that_are_not_computed_are_errors(name, at, shape):
    """In the first operand; in the second they are there."""
    x, y = (autodiff.tensor(np.full(shape, v), requires_grad=True) for v in at)
    out = getattr(autodiff if name.startswith("igamma") else autodiff.special, name)(x, y).sum()
    for _ in range(2):
        (out,) = autograd.grad(out.sum(), x, create_graph=True)
    assert np.isfinite(autograd.grad(out.sum(), y, retain_graph=True)[0].numpy()).all()
    for more in (False, True):
        with pytest.raises(RuntimeError, match=r"third derivative of (igamma|zeta) in its first operand is not implemented"):
            autograd.grad(out.sum(), x, create_graph=more, retain_graph=True)


def test_an_operand_without_a_derivative_beside_one_that_has_one():
    """Rows that derivatives call may have such; asked for, it is an error in words."""
    from autodiff._base import OPS

    x, y = (autodiff.tensor([v, v], requires_grad=True) for v in (1.5, 2.0))
    for more in (False, True):
        with pytest.raises(RuntimeError, match="derivative of polygamma_at in operand 2 is not implemented"):
            OPS.polygamma_at(x, y).sum().backward(create_graph=more)
