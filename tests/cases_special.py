"""Special functions, and the conventions of smooth functions at their singularities."""
import operator

import mpmath
import numpy as np

import autodiff
from autodiff._variable import OPS
from checks import derivative, leaf, plain


def by_mpmath(function):
    """A function of mpmath on arrays, to double precision."""
    def of_arrays(*operands):
        of_numbers = np.vectorize(lambda *numbers: float(function(*map(mpmath.mpf, map(float, numbers)))), otypes=[float])
        dtype = np.result_type(*operands)
        return of_numbers(*operands).astype(dtype if dtype.kind == "f" else float)

    return of_arrays


def multigammaln(x, p):
    """The logarithm of the multivariate gamma function, by its product."""
    return sum((by_mpmath(lambda v: mpmath.loggamma(v))(x - j / 2) for j in range(p)), p * (p - 1) / 4 * np.log(np.pi))


def of_positive(function):
    """A function of two positive numbers."""
    return by_mpmath(lambda x, y: function(x, y) if x > 0 and y > 0 else mpmath.nan)


def of_bessel(function, order, sign=0):
    """A Bessel function, times exp(sign * |x|)."""
    return by_mpmath(lambda x: mpmath.re(function(order, x)) * mpmath.exp(sign * abs(x)))


def polynomial(kind, derivative=0):
    """An orthogonal polynomial of the order n rounded towards zero, 0 below 0; or a derivative of it."""
    chebyshev = {"v": lambda n, x: mpmath.chebyu(n, x) - mpmath.chebyu(n - 1, x),
                 "w": lambda n, x: mpmath.chebyu(n, x) + mpmath.chebyu(n - 1, x)}
    of_order = {"t": mpmath.chebyt, "u": mpmath.chebyu, **chebyshev, "p": mpmath.legendre,
                "l": lambda n, x: sum(mpmath.binomial(n, k) * (-x) ** k / mpmath.factorial(k) for k in range(n + 1)),
                "h": mpmath.hermite,
                "he": lambda n, x: mpmath.hermite(n, x / mpmath.sqrt(2)) / mpmath.sqrt(2) ** n}[kind]
    if derivative:
        return by_mpmath(lambda x, n: mpmath.diff(lambda t: of_order(int(n), t), x, derivative) if n >= 1 else 0)
    return by_mpmath(lambda x, n: of_order(int(n), x) if n >= 1 else n >= 0)


REFERENCES = {
    **{f"{name}_{kind}_{word}": polynomial(kind, derivative)
       for name, kind in (("chebyshev", "u"), ("chebyshev", "v"), ("chebyshev", "w"), ("legendre", "p"), ("laguerre", "l"))
       for derivative, word in ((1, "slope"), (2, "curve"))},
    "erf": by_mpmath(mpmath.erf), "erfc": by_mpmath(mpmath.erfc), "normal_cdf": by_mpmath(mpmath.ncdf),
    "erfinv": by_mpmath(lambda x: mpmath.erfinv(x) if abs(x) < 1 else mpmath.inf if x == 1 else mpmath.nan),
    "lgamma": by_mpmath(lambda x: mpmath.log(abs(mpmath.gamma(x)))), "digamma": by_mpmath(mpmath.digamma),
    "trigamma": by_mpmath(lambda x: mpmath.polygamma(1, x)),
    "polygamma_at": by_mpmath(lambda x, n: mpmath.polygamma(int(n), x)),
    "log_ndtr": by_mpmath(lambda x: mpmath.log(mpmath.ncdf(x))),
    "erfcx": by_mpmath(lambda x: mpmath.exp(x * x) * mpmath.erfc(x)),
    "ndtri": by_mpmath(lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1) if 0 < p < 1 else mpmath.inf if p == 1
                       else mpmath.nan),
    "i0": of_bessel(mpmath.besseli, 0), "i1": of_bessel(mpmath.besseli, 1), "i0e": of_bessel(mpmath.besseli, 0, -1),
    "i1e": of_bessel(mpmath.besseli, 1, -1), "bessel_i_at": by_mpmath(lambda x, n: mpmath.besseli(int(n), x)),
    "bessel_ie_at": by_mpmath(lambda x, n: mpmath.besseli(int(n), x) * mpmath.exp(-abs(x))),
    "modified_bessel_k0": of_bessel(mpmath.besselk, 0), "modified_bessel_k1": of_bessel(mpmath.besselk, 1),
    "scaled_modified_bessel_k0": of_bessel(mpmath.besselk, 0, 1), "scaled_modified_bessel_k1": of_bessel(mpmath.besselk, 1, 1),
    "bessel_j0": of_bessel(mpmath.besselj, 0), "bessel_j1": of_bessel(mpmath.besselj, 1),
    "bessel_j_at": by_mpmath(lambda x, n: mpmath.besselj(int(n), x)),
    "bessel_y0": of_bessel(mpmath.bessely, 0), "bessel_y1": of_bessel(mpmath.bessely, 1),
    "airy_ai": by_mpmath(mpmath.airyai), "airy_ai_prime": by_mpmath(lambda x: mpmath.airyai(x, derivative=1)),
    "igamma": of_positive(lambda a, x: mpmath.gammainc(a, 0, x, regularized=True)),
    "igammac": of_positive(lambda a, x: mpmath.gammainc(a, x, regularized=True)),
    "gamma_density": by_mpmath(lambda a, x: x ** (a - 1) * mpmath.exp(-x) / mpmath.gamma(a)),
    "igamma_in_a": by_mpmath(lambda a, x: mpmath.diff(lambda s: mpmath.gammainc(s, 0, x, regularized=True), a)),
    "igamma_in_aa": by_mpmath(lambda a, x: mpmath.diff(lambda s: mpmath.gammainc(s, 0, x, regularized=True), a, 2)),
    "zeta_in_xx": by_mpmath(lambda s, q: mpmath.zeta(s, q, 2)),
    "zeta": of_positive(lambda s, q: mpmath.zeta(s, q) if s > 1 else mpmath.inf if s == 1 else mpmath.nan),
    "zeta_in_x": by_mpmath(lambda s, q: mpmath.zeta(s, q, 1)),
    **{f"chebyshev_polynomial_{kind}": polynomial(kind) for kind in "tuvw"},
    "legendre_polynomial_p": polynomial("p"), "laguerre_polynomial_l": polynomial("l"),
    "hermite_polynomial_h": polynomial("h"), "hermite_polynomial_he": polynomial("he"),
}

CASES = {
    "logit": [("plain", lambda x: x.sigmoid().logit(), lambda x: x, [(2, 3)]), ("0-d", lambda x: x.sigmoid().logit(),
                                                                               lambda x: x, [()]),
              ("eps", lambda x: (x / 10 + 0.5).logit(0.05),
               lambda x: np.log(np.clip(x / 10 + 0.5, 0.05, 0.95) / (1 - np.clip(x / 10 + 0.5, 0.05, 0.95))), [(4,)]),
              ("in place", lambda x: (x.sigmoid() * 1).logit_(), lambda x: x, [(3,)])],
    "polygamma": [(f"order {n}", lambda x, n=n: (abs(x) + 0.7).polygamma(n),
                   lambda x, n=n: by_mpmath(lambda v: mpmath.polygamma(n, v))(abs(x) + 0.7), [(3,)]) for n in (0, 1, 2, 3)]
                 + [("0-d", lambda x: autodiff.polygamma(1, x * x + 1),
                     lambda x: by_mpmath(lambda v: mpmath.polygamma(1, v))(x * x + 1), [()]),
                    ("below 0", lambda x: (-0.3 - x * x).polygamma(1),
                     lambda x: by_mpmath(lambda v: mpmath.polygamma(1, v))(-0.3 - x * x), [(2,)]),
                    ("nothing", lambda x: x.polygamma(2), lambda x: x, [(0,)])],
    "mvlgamma": [(f"dimension {p}", lambda x, p=p: (abs(x) + p).mvlgamma(p), lambda x, p=p: multigammaln(abs(x) + p, p), [s])
                 for p, s in ((1, (3,)), (2, ()), (3, (2, 2)), (2, (0,)))],
    "float_power": [("pair", lambda x, y: (abs(x) + 0.5).float_power(y).to(x.dtype),
                     lambda x, y: np.float_power(abs(x) + 0.5, y), [(2, 3), (3,)]),
                    ("a number", lambda x: x.float_power(2).to(x.dtype), lambda x: x ** 2, [(3,)]),
                    ("of a number", lambda x: autodiff.float_power(2.0, x).to(x.dtype), lambda x: 2.0 ** x, [()])],
    "ldexp": [("whole", lambda x: x.ldexp(autodiff.tensor(2)), lambda x: x * 4.0, [(2, 3)]),
              ("pair", lambda x, y: x.ldexp(y), lambda x, y: x * 2.0 ** y, [(2, 1), (3,)]),
              ("0-d", lambda x, y: x.ldexp(y), lambda x, y: x * 2.0 ** y, [(), ()])],
    "frexp": [("mantissa", lambda x: (x + 5.0).frexp().mantissa, lambda x: np.frexp(x + 5.0)[0], [(2, 3)]),
              ("0-d", lambda x: (x - 5.0).frexp()[0], lambda x: np.frexp(x - 5.0)[0], [()])],
}
VALUES = {
    "gcd": [("pair", lambda x, y: x.gcd(y), np.gcd, [np.array([[4], [-6], [0]]), np.array([6, 0])]),
            ("bytes", lambda x, y: autodiff.gcd(x, y), np.gcd, [np.array([4], np.int32), np.array([6], np.uint8)])],
    "lcm": [("pair", lambda x, y: x.lcm(y), np.lcm, [np.array([[4], [-6], [0]]), np.array([6, 0])])],
    # what stands for an operand whose derivative is an error: its value
    "ending": [("value", lambda x: OPS.apply("ending", (x,), ("zeta_in_xx",)), np.copy, [np.array([[1.0, -2.0], [0.5, 3.0]])])],
}
POINTWISE = {"polygamma", "mvlgamma", "float_power", "ldexp", "frexp"}


def gradients_at(f, *point):
    leaves = [leaf(np.array(v)) for v in point]
    f(*leaves).backward()
    return [v.grad.item() for v in leaves]


def same(found, *wanted):
    np.testing.assert_array_equal(found, wanted)


def infinite(name, *points):
    def check():
        for x, wanted in points:
            same([derivative(operator.attrgetter(name)(autodiff), x)], wanted)

    return check


def xlogy_kinks():
    same(gradients_at(autodiff.xlogy, 0.0, 2.0), np.log(2.0), 0.0)
    same(gradients_at(autodiff.xlogy, 0.0, 0.0), 0.0, np.nan)
    same(gradients_at(autodiff.xlogy, 0.0, -1.0), 0.0, -0.0)
    assert np.isnan(plain(autodiff.xlogy(leaf(0.0), leaf(np.nan))))


def poles(name, at_zero):
    def check():
        assert derivative(getattr(autodiff, name), 0.0) == at_zero

    return check


inf, nan = np.inf, np.nan
KINKS = {
    "log1p": infinite("log1p", (-1.0, inf)), "log2": infinite("log2", (0.0, inf)), "log10": infinite("log10", (0.0, inf)),
    "rsqrt": infinite("rsqrt", (0.0, -inf)), "cbrt": infinite("cbrt", (0.0, inf)),
    "asin": infinite("asin", (1.0, inf), (-1.0, inf)), "acos": infinite("acos", (1.0, -inf), (-1.0, -inf)),
    "acosh": infinite("acosh", (1.0, inf)), "atanh": infinite("atanh", (1.0, inf), (-1.0, inf)),
    "erfinv": infinite("erfinv", (1.0, inf), (-1.0, inf)), "logit": infinite("logit", (0.0, inf), (1.0, inf)),
    "log_odds": infinite("logit", (0.0, inf), (1.0, inf), (1.5, nan), (-0.5, nan)),
    "atan2": lambda: same(gradients_at(autodiff.atan2, 0.0, 0.0), 0, 0),
    "hypot": lambda: same(gradients_at(autodiff.hypot, 0.0, 0.0), nan, nan),
    "xlogy": xlogy_kinks, "lgamma": infinite("lgamma", (0.0, -inf), (-1.0, nan)),
    "digamma": infinite("digamma", (0.0, inf), (-2.0, inf)), "entr": infinite("special.entr", (0.0, inf)),
    "xlog1py": lambda: same(gradients_at(autodiff.special.xlog1py, 0.0, -2.0), 0.0, -0.0),
    "trigamma": lambda: same([derivative(lambda x: autodiff.polygamma(1, x), 0.0)], -inf),
    "polygamma_at": lambda: same([derivative(lambda x: autodiff.polygamma(2, x), 0.0)], inf),
}
