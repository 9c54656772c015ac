"""The functions of autodiff.special: accuracy against 50 digits, identities, ends of their domains, loops that end."""
import time

import mpmath
import numpy as np
import pytest

import autodiff
from autodiff import autograd, special
from autodiff._variable import OPS
from checks import leaf, plain

inf, nan = np.inf, np.nan
RANDOM = np.random.default_rng(7)
#: From the least to the largest numbers at which something happens, and the plain ones.
POSITIVE = np.concatenate([RANDOM.uniform(0, 30, 60), 10.0 ** RANDOM.uniform(-300, 2.8, 40)])
BOTH = np.concatenate([POSITIVE, -POSITIVE])
BESSEL = np.concatenate([RANDOM.uniform(0, 3, 40), RANDOM.uniform(0, 60, 60), 10.0 ** RANDOM.uniform(0, 5, 20)])
AIRY = np.concatenate([RANDOM.uniform(0, 3, 50), RANDOM.uniform(0, 100, 40)])


def amplitude(x):
    """Of a Bessel function: what its error is measured by near its zeros."""
    return min(1.0, np.sqrt(2 / (np.pi * max(abs(x), 1e-300))))


def log_ndtr(x):
    return mpmath.log(mpmath.ncdf(x)) if x < 0 else mpmath.log1p(-mpmath.ncdf(-x))


def erfcx(x):
    if x > 1e3:
        return (1 - 1 / (2 * x * x) + 3 / (4 * x ** 4)) / (x * mpmath.sqrt(mpmath.pi))
    return mpmath.exp(x * x) * mpmath.erfc(x)


#: function, reference, points, bound in ulp, and what the ulp is of where it is not of the value
UNARY = {
    "erfcx": (special.erfcx, erfcx, np.concatenate([POSITIVE, -RANDOM.uniform(0, 26, 60)]), 4),
    "log_ndtr": (special.log_ndtr, log_ndtr, np.concatenate([RANDOM.uniform(-40, 37, 80), RANDOM.uniform(-2, 1, 60),
                                                             -10.0 ** RANDOM.uniform(0, 3, 20)]), 4),
    "i0": (autodiff.i0, lambda x: mpmath.besseli(0, x), BOTH[abs(BOTH) < 700], 4),
    "i1": (special.i1, lambda x: mpmath.besseli(1, x), BOTH[abs(BOTH) < 700], 4),
    "i0e": (special.i0e, lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)), BOTH, 4),
    "i1e": (special.i1e, lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)), BOTH, 4),
    "k0": (special.modified_bessel_k0, lambda x: mpmath.besselk(0, x), POSITIVE, 4),
    "k1": (special.modified_bessel_k1, lambda x: mpmath.besselk(1, x), POSITIVE[POSITIVE > 1e-290], 4),
    "k0 scaled": (special.scaled_modified_bessel_k0, lambda x: mpmath.besselk(0, x) * mpmath.exp(x), POSITIVE, 4),
    "k1 scaled": (special.scaled_modified_bessel_k1, lambda x: mpmath.besselk(1, x) * mpmath.exp(x),
                  POSITIVE[POSITIVE > 1e-290], 4),
    "j0": (special.bessel_j0, lambda x: mpmath.besselj(0, x), BESSEL, 6, amplitude),
    "j1": (special.bessel_j1, lambda x: mpmath.besselj(1, x), BESSEL, 6, amplitude),
    "y0": (special.bessel_y0, lambda x: mpmath.bessely(0, x), BESSEL, 6, lambda x: max(amplitude(x), abs(np.log(x)))),
    "y1": (special.bessel_y1, lambda x: mpmath.bessely(1, x), BESSEL, 6, lambda x: max(amplitude(x), 1 / x)),
    "spherical j0": (special.spherical_bessel_j0, lambda x: mpmath.sin(x) / x, POSITIVE, 4),
    "ai": (special.airy_ai, mpmath.airyai, AIRY, 6),
    "ai below 0": (special.airy_ai, mpmath.airyai, -AIRY, 6, lambda x: 0.5 / max(abs(x), 1) ** 0.25),
    "ai'": (OPS.airy_ai_prime, lambda x: mpmath.airyai(x, derivative=1), AIRY, 6),
    "ai' below 0": (OPS.airy_ai_prime, lambda x: mpmath.airyai(x, derivative=1), -AIRY, 6,
                    lambda x: 0.5 * max(abs(x), 1) ** 0.25),
}


def errors(found, wanted, scales=None):
    """In units in the last place, of results that are neither below nor above what a double can be."""
    for i, (value, want) in enumerate(zip(found, wanted, strict=True)):
        if 2.3e-308 < abs(want) < 1.7e308:
            yield float(abs(mpmath.mpf(float(value)) - want)) / np.spacing(abs(float(want)) if scales is None else scales[i])


@pytest.mark.parametrize("name", UNARY)
def test_accuracy(name):
    function, reference, points, bound, *scale = UNARY[name]
    with mpmath.workdps(50):
        wanted = [mpmath.re(reference(mpmath.mpf(float(x)))) for x in points]
    found = plain(function(autodiff.tensor(points)))
    assert max(errors(found, wanted, [scale[0](x) for x in points] if scale else None)) <= bound
    narrow = points[(abs(points) > 1e-30) & (abs(points) < 80)].astype(np.float32)
    with mpmath.workdps(50), np.errstate(over="ignore"):
        wanted = np.array([float(mpmath.re(reference(mpmath.mpf(float(x))))) for x in narrow]).astype(np.float32)
    np.testing.assert_allclose(plain(function(autodiff.tensor(narrow))), wanted, rtol=1.3e-7, atol=1e-15)


def test_the_inverse_of_the_normal_distribution():
    p = np.concatenate([RANDOM.uniform(0, 1, 60), 10.0 ** RANDOM.uniform(-299, -1, 60),
                        1 - 10.0 ** RANDOM.uniform(-15, -1, 30)])
    found = plain(special.ndtri(autodiff.tensor(p)))
    with mpmath.workdps(50):
        wanted = []
        for start, q in zip(found, p, strict=True):
            x = mpmath.mpf(float(start))
            for _ in range(3):
                x -= (mpmath.log(mpmath.ncdf(x)) - mpmath.log(mpmath.mpf(float(q)))) * mpmath.ncdf(x) / mpmath.npdf(x)
            wanted.append(x)
    assert max(errors(found, wanted)) <= 4


@pytest.mark.parametrize(("low", "high", "spread", "bound"), [(-3, 0, 2, 10), (0, 1, 1.5, 10), (1, 2, 0.1, 40), (2.3,
    4, 0.02, 60),
                                                              (4.01, 5, 0.004, 60)])
def test_accuracy_of_the_incomplete_gamma_functions(low, high, spread, bound):
    a = 10.0 ** RANDOM.uniform(low, high, 40)
    x = a * np.exp(RANDOM.normal(0, spread, 40))
    with mpmath.workdps(50):
        lower = [mpmath.gammainc(mpmath.mpf(s), 0, mpmath.mpf(t), regularized=True) for s, t in zip(a, x, strict=True)]
        upper = [mpmath.gammainc(mpmath.mpf(s), mpmath.mpf(t), regularized=True) for s, t in zip(a, x, strict=True)]
    assert max(errors(plain(autodiff.igamma(autodiff.tensor(a), autodiff.tensor(x))), lower)) <= bound
    assert max(errors(plain(autodiff.igammac(autodiff.tensor(a), autodiff.tensor(x))), upper)) <= bound


@pytest.mark.parametrize(("a", "x"), [(1e-3, 1e-4), (0.1, 1.9), (0.3, 0.4), (3.0, 2.0), (9.0, 30.0), (80.0, 70.0),
                                      (1e3, 1.01e3)])
def test_derivatives_of_the_incomplete_gamma_function_in_the_order(a, x):
    with mpmath.workdps(150):
        def lower(s):
            return mpmath.gammainc(s, 0, mpmath.mpf(x), regularized=True)

        h = mpmath.mpf(10) ** -30
        low, middle, high = lower(a - h), lower(mpmath.mpf(a)), lower(a + h)
        wanted = [float((high - low) / (2 * h)), float((high - 2 * middle + low) / (h * h))]
    s = leaf(a)
    (first,) = autograd.grad(autodiff.igamma(s, x), s, create_graph=True)
    (second,) = autograd.grad(first, s, create_graph=True)
    np.testing.assert_allclose([first.item(), second.item()], wanted, rtol=1e-10)
    with pytest.raises(RuntimeError, match="the third derivative of igamma in its first operand is not implemented"):
        autograd.grad(second, s)


@pytest.mark.parametrize(("s", "q"), [(1.001, 1.0), (1.5, 0.3), (2.0, 1.0), (7.5, 20.0), (60.0, 3.0), (3.0, 1e5),
                                      (40.0, 400.0)])
def test_zeta_and_its_derivatives(s, q):
    with mpmath.workdps(150):
        h = mpmath.mpf(10) ** -30
        low, middle, high = (mpmath.zeta(s + k * h, mpmath.mpf(q)) for k in (-1, 0, 1))
        wanted = [float(middle), float((high - low) / (2 * h)), float((high - 2 * middle + low) / (h * h))]
    x = leaf(s)
    value = special.zeta(x, q)
    (first,) = autograd.grad(value, x, create_graph=True)
    (second,) = autograd.grad(first, x)
    np.testing.assert_allclose([value.item(), first.item(), second.item()], wanted, rtol=2e-14)


def test_zeta_below_0():
    q = np.array([-0.5, -1.5, -10.3, -1500.25])
    with mpmath.workdps(60):
        wanted = [float(mpmath.zeta(3, mpmath.mpf(v))) for v in q[:3]]
    found = plain(special.zeta(3.0, autodiff.tensor(q)))
    np.testing.assert_allclose(found[:3], wanted, rtol=1e-12)
    # by the recurrence from there on
    np.testing.assert_allclose(found[3], plain(special.zeta(3.0, autodiff.tensor([-0.25])))[0]
                               + np.sum((-0.25 - np.arange(1, 1501.0)) ** -3), rtol=1e-9)


@pytest.mark.parametrize("function", [
    special.chebyshev_polynomial_t, special.chebyshev_polynomial_u, special.chebyshev_polynomial_v,
        special.chebyshev_polynomial_w,
    special.shifted_chebyshev_polynomial_t, special.shifted_chebyshev_polynomial_w, special.legendre_polynomial_p,
    special.laguerre_polynomial_l, special.hermite_polynomial_h, special.hermite_polynomial_he])
def test_huge_orders_and_operands_end(function):
    """Whatever is asked for, an answer comes soon."""
    x = autodiff.tensor([0.5, -0.5, 2.0, -2.0, 1.0, 0.0, inf, -inf, nan, 1e300])
    began = time.perf_counter()
    for n in (1e300, inf, nan, -inf, -1.0, 2e6, 1e5, 2.0 ** 31, 2.0 ** 63, 5e-324):
        assert function(x, n).shape == x.shape
    assert time.perf_counter() - began < 20
    np.testing.assert_array_equal(plain(function(x[:6], 0)), 1.0)
    np.testing.assert_array_equal(plain(function(x[:6], -3)), 0.0)


@pytest.mark.parametrize("call", [
    lambda x: special.zeta(x, 1.0), lambda x: special.zeta(2.0, x), lambda x: special.zeta(2.5, x),
        lambda x: autodiff.igamma(x, x),
    lambda x: autodiff.igammac(x, 1.0), lambda x: autodiff.igammac(1.0, x), lambda x: autodiff.igamma(x, 1e300),
        special.airy_ai,
    special.bessel_j0, special.bessel_y1, special.i0e, special.i1, special.modified_bessel_k1, special.erfcx, special.ndtri,
    special.log_ndtr, lambda x: OPS.bessel_ie_at(x, 100.0), lambda x: OPS.bessel_j_at(x, 7.0), lambda x: OPS.igamma_in_a(x, x)])
def test_extreme_operands_end(call):
    x = np.array([0.0, -0.0, 5e-324, 1e-300, 1e16, 1e17, 1e300, 1.7e308, inf, -inf, nan, -5e-324, -1e16, -1e300,
                  -2.5, -1e5 - 0.5])
    began = time.perf_counter()
    assert call(autodiff.tensor(x)).shape == x.shape
    assert time.perf_counter() - began < 5


def test_polynomials_at_1():
    """T(1) = 1, U(1) = n + 1, V(1) = 1, W(1) = 2n + 1, P(1) = 1, P'(1) = n(n + 1) / 2, U'(1) = n(n + 1)(n + 2) / 3."""
    for n in (1, 4, 11):
        for name, value in (("t", 1), ("u", n + 1), ("v", 1), ("w", 2 * n + 1)):
            assert getattr(special, f"chebyshev_polynomial_{name}")(leaf(1.0), n).item() == value
        for function, slope in ((special.legendre_polynomial_p, n * (n + 1) / 2), (special.chebyshev_polynomial_t, n * n),
                                (special.chebyshev_polynomial_u, n * (n + 1) * (n + 2) / 3)):
            x = leaf(1.0)
            function(x, n).backward()
            assert x.grad.item() == pytest.approx(slope, rel=1e-13)


@pytest.mark.parametrize("function", [special.chebyshev_polynomial_u, special.chebyshev_polynomial_v,
                                      special.chebyshev_polynomial_w,
                                      special.legendre_polynomial_p, special.laguerre_polynomial_l,
                                          special.hermite_polynomial_h])
def test_derivatives_of_polynomials_of_the_fourth_order(function):
    """Against those of the polynomial that goes through seven values."""
    n, at = 6, np.linspace(-0.9, 0.9, 7)
    fitted = np.polynomial.Polynomial.fit(at, plain(function(autodiff.tensor(at), n)), n).convert()
    x = leaf([0.3, -0.45])
    value = function(x, n)
    for order in range(1, 5):
        (value,) = autograd.grad(value.sum(), x, create_graph=True)
        np.testing.assert_allclose(plain(value.detach()), fitted.deriv(order)([0.3, -0.45]), rtol=1e-7)


def test_an_order_has_no_slope():
    """It is rounded towards zero, between whose steps nothing changes."""
    n = leaf([3.0, 2.5])
    special.legendre_polynomial_p(0.3, n).sum().backward()
    np.testing.assert_array_equal(plain(n.grad), 0.0)


@pytest.mark.parametrize(("name", "at", "wanted"), [
    ("modified_bessel_k0", [0.0, -1.0, inf, nan], [inf, nan, 0, nan]), ("modified_bessel_k1", [0.0, -1.0, inf], [inf, nan, 0]),
    ("scaled_modified_bessel_k0", [0.0, -1.0, inf], [inf, nan, 0]), ("bessel_y0", [0.0, -1.0, inf], [-inf, nan, 0]),
    ("bessel_y1", [0.0, -1.0, inf], [-inf, nan, 0]), ("bessel_j0", [0.0, inf, -inf], [1, 0, 0]),
    ("bessel_j1", [0.0, -0.0, inf], [0, -0.0, 0]), ("i0", [0.0, inf, -inf], [1, inf, inf]), ("i1", [0.0, inf, -inf],
        [0, inf, -inf]),
    ("i0e", [0.0, inf, -inf], [1, 0, 0]), ("i1e", [-0.0, inf], [-0.0, 0]), ("airy_ai", [inf, -inf], [0, 0]),
    ("spherical_bessel_j0", [0.0, inf, nan], [1, 0, nan]), ("erfcx", [0.0, inf, -inf, nan], [1, 0, inf, nan]),
    ("log_ndtr", [inf, -inf, nan], [0, -inf, nan]), ("ndtri", [0.0, 1.0, -1e-30, 1.1, nan], [-inf, inf, nan, nan, nan]),
    ("entr", [0.0, -1.0, inf, nan], [0, -inf, -inf, nan])])
def test_values_at_the_ends(name, at, wanted):
    for dtype in (autodiff.float64, autodiff.float32):
        np.testing.assert_array_equal(plain(getattr(special, name)(autodiff.tensor(at, dtype=dtype))), wanted)


def test_the_equations_that_they_solve():
    """Airy's y'' = x y, Bessel's x y'' + y' + x y = 0 and the modified one, by recorded derivatives."""
    x = leaf([0.3, 1.7, 4.2, 11.0])
    for function, left in ((special.airy_ai, lambda y, d, dd: dd - x * y), (special.bessel_j0, lambda y, d,
                                                                            dd: x * dd + d + x * y),
                           (special.bessel_y0, lambda y, d, dd: x * dd + d + x * y), (autodiff.i0, lambda y, d,
                                                                                      dd: x * dd + d - x * y),
                           (special.modified_bessel_k0, lambda y, d, dd: x * dd + d - x * y),
                           (special.bessel_j1, lambda y, d, dd: x * x * dd + x * d + (x * x - 1) * y),
                           (special.modified_bessel_k1, lambda y, d, dd: x * x * dd + x * d - (x * x + 1) * y)):
        value = function(x)
        (first,) = autograd.grad(value.sum(), x, create_graph=True)
        (second,) = autograd.grad(first.sum(), x)
        size = np.abs(plain(value.detach())) * (1 + plain(x.detach()) ** 2)
        assert (np.abs(plain(left(value, first, second).detach())) <= 1e-13 * (size + 1)).all()


def test_names_of_pytorchs_that_are_elsewhere():
    for name, function in (("erf", autodiff.erf), ("expit", autodiff.sigmoid), ("psi", autodiff.digamma),
                           ("digamma", autodiff.digamma), ("gammaln", autodiff.lgamma), ("gammainc", autodiff.igamma),
                           ("gammaincc", autodiff.igammac), ("multigammaln", autodiff.mvlgamma), ("polygamma",
                               autodiff.polygamma),
                           ("modified_bessel_i0", autodiff.i0), ("modified_bessel_i1", special.i1)):
        assert getattr(special, name) is function
    assert "round" in dir(special) and "round" not in special.__all__      # a star import replaces no builtin


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: autodiff.mvlgamma(leaf(3.0), 0), RuntimeError, "greater than or equal to 1"),
    (lambda: autodiff.mvlgamma(leaf(3.0), 1.5), TypeError, "must be int, not float"),
    (lambda: autodiff.frexp(autodiff.tensor([1])), RuntimeError, "only supports floating-point"),
    (lambda: autodiff.gcd(autodiff.tensor([1.0]), autodiff.tensor([2])), NotImplementedError, "gcd_cpu"),
    (lambda: autodiff.lcm(autodiff.tensor([True]), autodiff.tensor([True])), NotImplementedError, "Bool"),
    (lambda: autodiff.ldexp(leaf(1.0), 2), TypeError, "argument 'other'"),
    (lambda: autodiff.igamma(leaf([1.0, 2.0]), leaf([1.0, 2.0, 3.0])), RuntimeError, "must match"),
])
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
