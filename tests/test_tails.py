"""Values and derivatives over the whole range of a dtype, against mpmath: nothing overflows, vanishes or cancels on the way.

The reference is the function itself in mpmath; its derivatives are differences of it in as many digits as they take.
"""
import math

import mpmath
import numpy as np
import pytest
from mpmath import mpf

import autodiff
from autodiff._variable import OPS
from autodiff.rules import ELEMENTWISE
from checks import plain

inf, nan = math.inf, math.nan


def everywhere(dtype, step):
    """Both signs of every so many powers of two, the ends of the range, and what lies around 1 and the ends of tails."""
    limits, random = np.finfo(dtype), np.random.default_rng(5)
    powers = np.arange(limits.minexp - limits.nmant, limits.maxexp, step)
    x = np.concatenate([np.ldexp(random.uniform(1, 2, len(powers)), powers), [
        limits.smallest_subnormal, 1.1 * float(limits.tiny), 1e-9, 0.1, 0.25, 0.3, 0.5, 0.9, 0.99, 1 - 1e-6, 1.0, 1 + 1e-6,
        2.0, 3.0, 6.0, 10.0, 15.0, 19.0, 27.0, 37.5, 40.0, 88.0, 103.0, 126.5, 127.0, 127.5, 300.0, 709.7, 744.0, 800.0,
        1022.5, 1023.5, 1024.0, 1024.5, 1050.0, 1e19, 1.1e19, 1e77, 1e155, 0.99 * float(limits.max)]])
    x = x[x <= limits.max].astype(dtype)
    return np.concatenate([x, -x])


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


def normal_cdf(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def logistic(x):
    return 1 / (1 + mpmath.exp(-x))


def gelu_tanh(x):
    return x * logistic(2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpf("0.044715") * x ** 3))


def below_1(x):
    """expm1 of what is negative, the rest as it is."""
    return x if x > 0 else mpmath.expm1(x)


POSITIVE, ABOVE_1, WITHIN_1 = (0, inf), (1, inf), (-1, 1)
#: Beyond, an argument has no digits behind the point and the reference is slow.
PERIODIC, SMALL = (-1e9, 1e9), (-3000, 3000)
#: Errors in units of 2^-53 (2^-24 at float32) of value, first and second derivative; measured and half as much again.
#: EXPONENT is what an argument rounded before an exponential of a square leaves where the results are the least.
EXACT, EXPONENT = (4, 4, 8), (6, 2000, 2000)

# name: function, reference, the open interval, bounds
CASES = {
    "reciprocal": (autodiff.reciprocal, lambda x: 1 / x, None, EXACT),
    "pow_minus_one": (OPS.pow_minus_one, lambda x: 1 / x, None, EXACT),
    "square": (autodiff.square, lambda x: x * x, None, EXACT),
    "sqrt": (autodiff.sqrt, mpmath.sqrt, POSITIVE, (4, 4, 10)),
    "pow_half": (OPS.pow_half, mpmath.sqrt, POSITIVE, (4, 4, 10)),
    "rsqrt": (autodiff.rsqrt, lambda x: 1 / mpmath.sqrt(x), POSITIVE, (4, 9, 15)),
    "cbrt": (autodiff.cbrt, lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), None, (6, 16, 26)),
    "exp": (autodiff.exp, mpmath.exp, SMALL, EXACT),
    "exp2": (autodiff.exp2, lambda x: mpf(2) ** x, SMALL, EXACT),
    "log": (autodiff.log, mpmath.log, POSITIVE, EXACT),
    "log1p": (autodiff.log1p, mpmath.log1p, (-1, inf), EXACT),
    "log2": (autodiff.log2, lambda x: mpmath.log(x) / mpmath.log(2), POSITIVE, EXACT),
    "log10": (autodiff.log10, lambda x: mpmath.log(x) / mpmath.log(10), POSITIVE, EXACT),
    "sin": (autodiff.sin, mpmath.sin, PERIODIC, EXACT),
    "cos": (autodiff.cos, mpmath.cos, PERIODIC, EXACT),
    "tan": (autodiff.tan, mpmath.tan, PERIODIC, EXACT),
    "sinh": (autodiff.sinh, mpmath.sinh, SMALL, EXACT),
    "cosh": (autodiff.cosh, mpmath.cosh, SMALL, EXACT),
    "asin": (autodiff.asin, mpmath.asin, WITHIN_1, EXACT),
    "acos": (autodiff.acos, mpmath.acos, WITHIN_1, EXACT),
    "atan": (autodiff.atan, mpmath.atan, None, (4, 6, 12)),
    "asinh": (autodiff.asinh, mpmath.asinh, None, EXACT),
    "acosh": (autodiff.acosh, mpmath.acosh, ABOVE_1, EXACT),
    "atanh": (autodiff.atanh, mpmath.atanh, WITHIN_1, EXACT),
    "one_minus_square": (OPS.one_minus_square, lambda x: 1 - x * x, None, EXACT),
    "erf": (autodiff.erf, mpmath.erf, SMALL, EXPONENT),
    "erfc": (autodiff.erfc, mpmath.erfc, SMALL, EXPONENT),
    "normal_cdf": (OPS.normal_cdf, normal_cdf, SMALL, EXPONENT),
    "ndtr": (autodiff.special.ndtr, normal_cdf, SMALL, EXPONENT),
    # the first derivative is 0 at 1 / e
    "entr": (autodiff.special.entr, lambda x: -x * mpmath.log(x), POSITIVE, (4, 40, 8)),
    "xlog1py": (lambda x: autodiff.special.xlog1py(2.0, x), lambda x: 2 * mpmath.log1p(x), (-1, inf), EXACT),
    "gelu": (autodiff.gelu, lambda x: x * normal_cdf(x), SMALL, EXPONENT),
    # relative to the largest exponent, 745
    "gelu by tanh": (lambda x: autodiff.gelu(x, approximate="tanh"), gelu_tanh, SMALL, (2000, 2000, 4000)),
    "logistic": (OPS.logistic, logistic, SMALL, EXACT),
    "logistic_slope": (OPS.logistic_slope, lambda x: logistic(x) * logistic(-x), SMALL, (4, 8, 12)),
    "log_logistic": (OPS.log_logistic, lambda x: -softplus(-x), SMALL, EXACT),
    "logsigmoid": (autodiff.logsigmoid, lambda x: -softplus(-x), SMALL, EXACT),
    "softplus": (lambda x: autodiff.softplus(x, 1, 1e9), softplus, SMALL, EXACT),
    "log1p_exp_minus": (OPS.log1p_exp_minus, lambda x: softplus(-x), (0, 3000), EXACT),
    "elu": (autodiff.elu, below_1, SMALL, EXACT),
    "celu": (lambda x: autodiff.celu(x, 2.0), lambda x: 2 * below_1(x / 2), SMALL, EXACT),
    "softsign": (autodiff.softsign, lambda x: x / (1 + abs(x)), None, EXACT),
    # at 1/2 the second derivative is exactly 0, which differences are not
    "log_odds": (autodiff.logit, lambda x: mpmath.log(x / (1 - x)), (0.5, 1), EXACT),
    "log_odds below 1/2": (autodiff.logit, lambda x: mpmath.log(x / (1 - x)), (1e-18, 0.5), EXACT),
    "hypot": (lambda x: autodiff.hypot(x, 1.0), lambda x: mpmath.sqrt(x * x + 1), None, EXACT),
    "cosine_of": (lambda x: OPS.cosine_of(x, 1.0), lambda x: x / mpmath.sqrt(x * x + 1), None, (4, 8, 16)),
    "cosine_of the other": (lambda x: OPS.cosine_of(1.0, x), lambda x: 1 / mpmath.sqrt(x * x + 1), None, (4, 8, 16)),
    "atan2": (lambda x: autodiff.atan2(x, 1.0), mpmath.atan, None, (4, 6, 12)),
    "atan2 of the other": (lambda x: autodiff.atan2(1.0, x), lambda x: mpmath.atan(1 / x), POSITIVE, (4, 6, 12)),
    "logaddexp": (lambda x: autodiff.logaddexp(x, 1.0), lambda x: 1 + softplus(x - 1), SMALL, EXACT),
    "logaddexp of the other": (lambda x: autodiff.logaddexp(1.0, x), lambda x: 1 + softplus(x - 1), SMALL, EXACT),
    "logaddexp2": (lambda x: autodiff.logaddexp2(x, 1.0),
                   lambda x: mpmath.log(2 + mpf(2) ** x) / mpmath.log(2), SMALL, (4, 1500, 1500)),
    "exp_shifted": (lambda x: OPS.exp_shifted(x, 1.0), lambda x: mpmath.exp(x - 1), SMALL, EXACT),
}
#: Their derivatives by the result, or what is made of those, cost what they cost since 1 - out is 0 in the tail: an error of
#: so many units of 2^-53 (2^-24) of 1, and at float64 sigmoid is 0 where exp(-x) overflows (docs/accuracy.md).
FAST = {
    "sigmoid": (autodiff.sigmoid, logistic, SMALL, (4, 4, 4)),
    "tanh": (autodiff.tanh, mpmath.tanh, SMALL, (4, 4, 8)),
    "expm1": (autodiff.expm1, mpmath.expm1, SMALL, (4, 4, 4)),
    "silu": (autodiff.silu, lambda x: x * logistic(x), SMALL, (6, 40, 400)),
    "mish": (autodiff.mish, lambda x: x * mpmath.tanh(softplus(x)), SMALL, (6, 40, 400)),
    "logsumexp": (lambda x: autodiff.stack([x, autodiff.ones_like(x)]).logsumexp(0), lambda x: 1 + softplus(x - 1),
                  SMALL, (4, 16, 16)),
}
#: Rows that are held elsewhere, or have nothing between operands and result.
ELSEWHERE = {
    "mul", "div", "pow", "xlogy",                                       # test_elementwise, test_derivatives
    "abs", "relu", "relu6", "hardswish", "hardsigmoid", "maximum", "minimum", "fmax", "fmin", "clamp_min", "clamp_max",
    "copysign", "deg2rad", "rad2deg", "fmod", "remainder",              # pieces of lines
    "kink", "hole", "pow_slope_at_0",                                   # 0, or NaN at a kink: test_kinks
    "sinc",                                                             # zeros at all whole numbers: test_special
    "erfinv", "lgamma", "digamma", "trigamma", "polygamma_at",          # test_accuracy_division_plane_gamma, below
    # test_special_functions
    "log_ndtr", "ndtri", "erfcx", "i0", "i1", "i0e", "i1e", "bessel_i_at", "bessel_ie_at", "modified_bessel_k0",
    "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "bessel_j0", "bessel_j1", "bessel_j_at",
    "bessel_y0", "bessel_y1", "spherical_bessel_j0", "airy_ai", "airy_ai_prime", "igamma", "igammac", "gamma_density",
    "igamma_in_a", "igamma_in_aa", "zeta", "zeta_in_x", "zeta_in_xx", "legendre_polynomial_p", "laguerre_polynomial_l",
    "hermite_polynomial_h", "hermite_polynomial_he", "legendre_p_slope", "legendre_p_curve", "laguerre_l_slope",
    "laguerre_l_curve",
    *(f"{shifted}chebyshev_polynomial_{kind}" for shifted in ("", "shifted_") for kind in "tuvw"),
    *(f"chebyshev_{kind}_{order}" for kind in "uvw" for order in ("slope", "curve")),
}


def test_every_row_is_held():
    rows = {rule.name for rule in ELEMENTWISE if {rule.dx, rule.dy} - {None, "0", "g", "-g"}}
    missing = sorted(rows - CASES.keys() - FAST.keys() - ELSEWHERE)
    assert not missing, (
        f"far from 0 nobody looks at {', '.join(missing)}: add to CASES of tests/test_tails.py a line "
        f'"{missing[0]}": (function of Variables, the same of mpmath, points, bounds of 3 orders), or the name to ELSEWHERE')
    gone = sorted(ELSEWHERE - (rows - CASES.keys() - FAST.keys()))
    assert not gone, f"ELSEWHERE of tests/test_tails.py excuses {', '.join(gone)}, which needs no excuse any more: take it out"


def derivatives(reference, x):
    """Value, first and second derivative: differences at a distance that is small beside x and beside 1."""
    exponent, size = math.frexp(x)[1], abs(x)
    tail = 2 * size * size if size < 45 else 4 * size if size < 3000 else 0
    with mpmath.workprec(300 + 5 * abs(exponent) + int(tail)):
        at, h = mpf(x), mpf(2) ** (min(0, exponent) - 60)
        low, middle, high = reference(at - h), reference(at), reference(at + h)
        return middle, (high - low) / (2 * h), (high - 2 * middle + low) / (h * h)


def found(function, x):
    leaf = autodiff.tensor(x, requires_grad=True)
    value = function(leaf)
    first, = autodiff.autograd.grad(value.sum(), leaf, create_graph=True)
    second, = autodiff.autograd.grad(first.sum(), leaf)
    return [plain(v.detach()) for v in (value, first, second)]


def largest_errors(function, reference, interval, bounds, dtype, absolute):
    """Where an error is above its bound: the order, the operand, what was found and what is wanted."""
    limits = np.finfo(dtype)
    x = everywhere(dtype, 89 if dtype == np.float64 else 23)
    x = x if interval is None else x[(x > interval[0]) & (x < interval[1])]
    if absolute and dtype == np.float64:
        x = x[x > -709.7]
    with np.errstate(all="ignore"):
        results = found(function, x)
    wrong = []
    for i, operand in enumerate(x):
        for order, want in enumerate(derivatives(reference, float(operand))):
            got = float(results[order][i])
            scale = max(abs(want), 1) if absolute else abs(want)
            room = bounds[order] * scale * limits.eps / 2 + 100 * float(limits.smallest_subnormal)
            if abs(want) + room >= limits.max and abs(got) >= 0.999 * limits.max and got * want > 0:
                continue
            if not abs(got - want) <= room:
                wrong.append((order, float(operand), got, float(want), float(abs(got - want) / scale / (limits.eps / 2))))
    return wrong


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
def test_tails(name, dtype):
    assert largest_errors(*CASES[name], dtype, absolute=False) == []


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FAST)
def test_tails_that_round_to_0(name, dtype):
    assert largest_errors(*FAST[name], dtype, absolute=True) == []


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_hypot_of_unequal_operands(dtype):
    """The second derivative is (y / r)^2 / r, in which 1 - (x / r)^2 would cancel."""
    limit = 150 if dtype == np.float64 else 18
    for exponent in range(0, limit, 7):
        small = dtype(10.0 ** -exponent)
        xx, xy, yy = hessian(autodiff.hypot, dtype(1), small)
        with mpmath.workdps(400):
            x, y = mpf(1), mpf(float(small))
            r = mpmath.sqrt(x * x + y * y)
            want = [y * y / r ** 3, -x * y / r ** 3, x * x / r ** 3]
        for got, value in zip((xx, xy, yy), want):
            assert abs(got - value) <= 8 * np.finfo(dtype).eps * abs(value)


def hessian(function, x, y):
    x, y = [autodiff.tensor(v, requires_grad=True) for v in (x, y)]
    dx, dy = autodiff.autograd.grad(function(x, y), (x, y), create_graph=True)
    xx, xy = autodiff.autograd.grad(dx, (x, y), retain_graph=True)
    yy, = autodiff.autograd.grad(dy, y)
    return xx.item(), xy.item(), yy.item()


def test_gamma_at_the_ends():
    """Against mpmath's own digamma and its derivative."""
    x = np.array([1e-300, 1e-150, 1e-20, 0.1, 3.0, 1e3, 1e17, 1e100, 1e250, 1e306])
    value, first, second = found(autodiff.lgamma, x)
    with np.errstate(over="ignore"):
        for i, v in enumerate(x):
            with mpmath.workdps(60):
                want = [mpmath.loggamma(v), mpmath.digamma(v), mpmath.psi(1, v)]
            for got, w in zip((value[i], first[i], second[i]), want):
                assert got == pytest.approx(float(w), rel=1e-14) or (abs(w) > 1.7e308 and got == inf)


# ---- infinities: gradients where the mathematics has a limit, in every order

def pair(function):
    return lambda x: function(x[..., 0], x[..., 1])


def rows(x):
    """logsumexp by its formula: many rows are too short for the loop that keeps exponentials."""
    return autodiff.stack([x] * 20).logsumexp(-1)[3]


def columns(x):
    return autodiff.stack([x] * 20).T.logsumexp(0, keepdim=True)[0, 3]


SUMS = {
    "logsumexp": lambda x: x.logsumexp(0), "rows": rows, "columns": columns,
    "over two dimensions": lambda x: x.reshape(1, -1).logsumexp((0, 1), keepdim=True)[0, 0],
    "logcumsumexp": lambda x: x.logcumsumexp(0)[-1],
    "logcumsumexp of columns": lambda x: autodiff.stack([x, x]).T.logcumsumexp(0)[-1, 1],
}
PAIRS = {"logaddexp": pair(autodiff.logaddexp), "logaddexp2": pair(autodiff.logaddexp2)}


def contracted(function, x, dtype, order):
    """Derivatives of orders 1 to `order`, each the gradient of the one before times 1, 2, 3, ..."""
    leaf = autodiff.tensor(x, dtype=dtype, requires_grad=True)
    weights = autodiff.arange(1.0, 1 + len(x)).to(dtype)
    y, each = function(leaf), []
    for _ in range(order):
        g, = autodiff.autograd.grad(y, leaf, create_graph=True)
        each.append(g.tolist())
        y = (g * weights).sum()
    return each


def tangent(function, x, direction, dtype):
    forward = autodiff.autograd.forward_ad
    with forward.dual_level():
        dual = forward.make_dual(autodiff.tensor(x, dtype=dtype), autodiff.tensor(direction, dtype=dtype))
        return forward.unpack_dual(function(dual)).tangent.item()


@pytest.mark.parametrize("dtype", [autodiff.float64, autodiff.float32])
@pytest.mark.parametrize(("x", "equal"), [
    # an infinity beside finite numbers, and finite operands with the same derivatives in every order
    ([1.0, inf], [0.0, 1e4]), ([inf, 1.0], [1e4, 0.0]), ([-inf, 1.0], [-1e4, 1.0]), ([1.0, -inf], [1.0, -1e4]),
    ([-inf, inf], [0.0, 1e4]), ([inf, -inf], [1e4, 0.0]),
    # the same infinities: as equal numbers
    ([-inf, -inf], [3.0, 3.0]), ([inf, inf], [3.0, 3.0]),
    ([-inf, -inf, 2.0], [-1e4, -1e4, 2.0]), ([-inf, 0.5, 1.5, -inf], [-1e4, 0.5, 1.5, -1e4]),
    ([inf, 1.0, inf], [3.0, -1e4, 3.0]), ([-inf, inf, inf, 0.0], [-1e4, 3.0, 3.0, -1e4]),
    ([-inf, -inf, -inf], [3.0, 3.0, 3.0]), ([inf], [3.0]), ([-inf], [3.0]),
])
def test_infinities(x, equal, dtype):
    for name, function in {**SUMS, **(PAIRS if len(x) == 2 else {})}.items():
        found, wanted = [contracted(function, v, dtype, 3) for v in (x, equal)]
        assert np.array(found) == pytest.approx(np.array(wanted), abs=2e-6), name
        assert tangent(function, x, [1.0] * len(x), dtype) == pytest.approx(1), name
        assert tangent(function, x, [1.0] + [0.0] * (len(x) - 1), dtype) == pytest.approx(wanted[0][0], abs=1e-6), name


def test_nan_stays():
    for function in (*SUMS.values(), *PAIRS.values()):
        assert np.isnan(contracted(function, [nan, 1.0], autodiff.float64, 2)).all()


def test_a_chain_of_infinities():
    """logaddexp of what is -inf by a mask, then with a number: what logsumexp of the three gives."""
    for function in (autodiff.logaddexp, autodiff.logaddexp2):
        x = [-inf, -inf, 2.0]
        assert contracted(lambda x, f=function: f(f(x[0], x[1]), x[2]), x, autodiff.float64, 3) == [
            [0, 0, 1], [0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("function", [autodiff.softmax, autodiff.log_softmax])
def test_masked_softmax(function):
    """An element of -inf takes no part, in any order."""
    part = lambda x: function(x, 0)[1]
    found, wanted = [contracted(part, v, autodiff.float64, 3) for v in ([-inf, 0.5, 1.5], [-1e4, 0.5, 1.5])]
    assert np.array(found) == pytest.approx(np.array(wanted), abs=1e-12)


def test_far_operands():
    """The second derivative of logcumsumexp was NaN from exp(800) on, though nothing is asked of that element."""
    found = contracted(lambda x: x.logcumsumexp(0)[-1], [-800.0, -800.0], autodiff.float64, 2)
    assert np.array(found) == pytest.approx(np.array([[0.5, 0.5], [-0.25, 0.25]]))


# ---- half floats are computed in float32 and rounded once

HALF = {
    "lerp": (lambda a, b: a.lerp(b, 1.0), [-5e4], [5e4]),
    "lerp at a quarter": (lambda a, b: a.lerp(b, 0.25), [-6e4], [6e4]),
    "lerp by a Tensor": (lambda a, b: a.lerp(b, autodiff.tensor([0.25], dtype=a.dtype)), [-6e4], [6e4]),
    "addcmul": (lambda a, b: a.addcmul(b, b), [-6e4], [300.0]),
    "addcmul by a value": (lambda a, b: a.addcmul(b, b, value=300), [-6e4], [15.0]),
    "addcdiv": (lambda a, b: a.addcdiv(b, b * 1e-5), [-6e4], [30.0]),
    "mean": (lambda a, b: a.mean(), [6e4, 6e4], [0.0]),
    "nanmean": (lambda a, b: a.nanmean(), [6e4, nan, 6e4], [0.0]),
    "var": (lambda a, b: a.var(), [300.0, -200.0, 100.0], [0.0]),
    "std": (lambda a, b: a.std(), [6e4, 5e4, 6.2e4], [0.0]),
    "norm": (lambda a, b: a.norm(), [3e4, 4e4], [0.0]),
    "dist": (lambda a, b: a.dist(b), [300.0, 400.0], [0.0, 0.0]),
    "hypot": (lambda a, b: a.hypot(b), [3e4], [4e4]),
    "softplus": (lambda a, b: autodiff.softplus(a), [15.0, -12.0], [0.0]),
    "logsumexp": (lambda a, b: a.logsumexp(0), [15.0, 14.0], [0.0]),
    "logcumsumexp": (lambda a, b: a.logcumsumexp(0), [15.0, 14.0], [0.0]),
    "logaddexp": (lambda a, b: a.logaddexp(b), [15.0], [14.0]),
    "softmax": (lambda a, b: a.softmax(0), [15.0, 14.0], [0.0]),
    "gelu": (lambda a, b: autodiff.gelu(a), [-5.0], [0.0]),
    "gelu by tanh": (lambda a, b: autodiff.gelu(a, approximate="tanh"), [-5.0, 300.0], [0.0]),
    "silu": (lambda a, b: autodiff.silu(a), [-15.0], [0.0]),
    "mish": (lambda a, b: autodiff.mish(a), [-12.0], [0.0]),
    "selu": (lambda a, b: autodiff.selu(a), [6.2e4, -5.0], [0.0]),
    "celu": (lambda a, b: autodiff.celu(a, 3.0), [-5.0], [0.0]),
    "round": (lambda a, b: a.round(decimals=2), [6e4, 1.2345], [0.0]),
    "quantile": (lambda a, b: a.quantile(0.25), [-6e4, 6e4], [0.0]),
    "trapezoid": (lambda a, b: autodiff.trapezoid(a), [6e4, 5e4], [0.0]),
    "cumulative_trapezoid": (lambda a, b: autodiff.cumulative_trapezoid(a), [6e4, 5e4], [0.0]),
    "matmul": (lambda a, b: a @ b, [6e4, 6e4, 1.0], [6e4, -6e4, 1.0]),
    "addmm": (lambda a, b: autodiff.addmm(a.reshape(1, 1), b.reshape(1, 1), b.reshape(1, 1)), [-6e4], [300.0]),
    "addmv": (lambda a, b: autodiff.addmv(a, b.reshape(1, 1), b), [-6e4], [300.0]),
    "addr": (lambda a, b: autodiff.addr(a.reshape(1, 1), b, b), [-6e4], [300.0]),
    "baddbmm": (lambda a, b: autodiff.baddbmm(a.reshape(1, 1, 1), b.reshape(1, 1, 1), b.reshape(1, 1, 1)), [-6e4], [300.0]),
    "addbmm": (lambda a, b: autodiff.addbmm(a.reshape(1, 1), b.reshape(1, 1, 1), b.reshape(1, 1, 1)), [-6e4], [300.0]),
    "linear": (lambda a, b: autodiff.linear(b.reshape(1, 1), b.reshape(1, 1), a), [-6e4], [300.0]),
    "sum": (lambda a, b: a.sum(), [6e4, 6e4, -6e4], [0.0]),
    "cumprod": (lambda a, b: a.cumprod(0)[2], [6e4, 6e4, 2e-6], [0.0]),
    "prod": (lambda a, b: a.prod(), [6e4, 6e4, 2e-6], [0.0]),
}


@pytest.mark.parametrize("name", HALF)
def test_half_floats(name):
    """What float32 gives for the same operands, rounded; and a gradient that is finite and near float32's."""
    function, *operands = HALF[name]
    half = [autodiff.tensor(v, dtype=autodiff.float16, requires_grad=True) for v in operands]
    single = [v.detach().float().requires_grad_() for v in half]
    if name == "addcdiv":
        function = lambda a, b: a.addcdiv(b, autodiff.tensor([3e-4], dtype=autodiff.float16).to(b.dtype))
    out, wide = function(*half), function(*single)
    assert out.dtype == autodiff.float16
    assert np.isfinite(plain(wide.detach())).all()
    np.testing.assert_array_equal(plain(out.detach()), plain(wide.detach()).astype(np.float16))
    grads, wanted = [autodiff.autograd.grad(y.sum(), xs, allow_unused=True) for y, xs in ((out, half), (wide, single))]
    for g, w in zip(grads, wanted):
        if g is not None and abs(plain(w)).max() < 65504:
            assert g.dtype == autodiff.float16
            np.testing.assert_allclose(plain(g).astype(float), plain(w), rtol=0.04, atol=1e-5)
