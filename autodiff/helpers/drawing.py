"""Random numbers that depend on their parameters, and how a sample moves with them.

A sample of a distribution function F(x; a) that keeps its place, F(x(a); a) = u, moves by dx/da = -(dF/da) / (dF/dx)
(Figurnov, Mohamed and Mnih 2018, Implicit reparameterization gradients).  dF/da is an integral from an end of the interval to
x, dF/dx the integrand's factor there: their quotient is an integral of one sign over the shorter side, by nodes that crowd at
both ends of the line (Takahasi and Mori 1974, Double exponential formulas for numerical integration).
"""
# ---- samples

def _checked(np, name, argument, x):
    """Here, where there are arrays: a level above may know no values."""
    if not (x >= 0).all():      # NaN neither
        raise RuntimeError(f"{name} expects all elements of {argument} to be non-negative")


def poisson_draw_value(np, x, generator):
    if not (x >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    # Beyond what NumPy's integers hold the relative deviation is less than a float's.
    large = x > 1e15
    return np.where(large, x, generator.poisson(np.where(large, 0, x).astype(np.float64))).astype(x.dtype)


def binomial_draw_value(np, x, y, generator):
    """A count below 0 or NaN counts as 0, a probability beyond 0 and 1 as these: as PyTorch has it."""
    x, y = np.broadcast_arrays(x, y)
    count = np.floor(np.where(x > 0, x, 0)).astype(np.int64)
    return np.asarray(generator.binomial(count, np.where(y > 0, np.minimum(y, 1), 0).astype(np.float64))).astype(x.dtype)


def _above_0(np, x, dtype):
    """In a dtype, and above 0, of which there is no logarithm: at small parameters samples are less than any float."""
    return np.asarray(np.maximum(x, np.finfo(dtype).tiny)).astype(dtype)


def gamma_draw_value(np, x, generator):
    _checked(np, "standard_gamma", "concentration", x)
    return _above_0(np, generator.standard_gamma(x.astype(np.float64)), x.dtype)


def beta_draw_value(np, x, y, generator):
    _checked(np, "sample_beta", "concentration1", x)
    _checked(np, "sample_beta", "concentration0", y)
    drawn = np.asarray(generator.beta(x.astype(np.float64), y.astype(np.float64)))
    return np.minimum(_above_0(np, drawn, x.dtype), x.dtype.type(1 - np.finfo(x.dtype).epsneg))


def dirichlet_draw_value(np, x, generator):
    """Gammas divided by their sum."""
    _checked(np, "sample_dirichlet", "concentration", x)
    if not x.ndim:
        return np.ones_like(x)
    drawn = _above_0(np, generator.standard_gamma(x.astype(np.float64)), np.float64)
    return _above_0(np, drawn / drawn.sum(-1, keepdims=True), x.dtype)


# ---- the same as functions of their parameters

def second_of(np, x, y):
    return np.array(np.broadcast_to(y, np.broadcast_shapes(x.shape, y.shape)), order="C")


def gamma_sample_dx(ops, g, x, y):
    return g * ops.apply("gamma_slope", (x, y), ())


def dirichlet_sample_dx(ops, g, x, y):
    """One parameter moves its own number as it would one of a beta distribution; the others shrink in proportion."""
    if not x.ndim:
        return ops.zeros_like(g)
    if tuple(x.shape) != tuple(y.shape):
        x = ops.expand(x, tuple(y.shape))
    last = (x.ndim - 1,)
    if x.shape[-1] == 2:        # exactly, where one is next to 1
        rest, others = ops.flip(y, last), ops.flip(x, last)
    else:
        rest, others = 1 - y, ops.sum(x, last, True) - x
    slopes = ops.apply("beta_slope", (ops.stack([x, others], x.ndim), ops.stack([y, rest], x.ndim)), ())
    alone = ops.select(slopes, x.ndim, 0) / ops.where(rest == 0, 1.0, rest)
    return alone * (g - ops.sum(g * y, last, True))


def no_slope_of_a_slope(ops, g):
    raise NotImplementedError("random samples have derivatives of order 1 in the parameters of gamma, beta and Dirichlet "
                              "distributions, and none of order 2: take the first with autograd.grad() without create_graph, "
                              "or its values with .detach()")


# ---- how they move

def _digamma(np, x):
    """By the asymptotic series, and from 10 on downwards by the recurrence."""
    shift = np.zeros_like(x)
    for _ in range(10):
        low = x < 10
        shift = shift - np.where(low, 1 / x, 0)
        x = np.where(low, x + 1, x)
    w = 1 / (x * x)
    return shift + np.log(x) - 0.5 / x - w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (
        1 / 132 - w * (691 / 32760 - w / 12))))))


def _nodes(np, step):
    """Places and weights on (0, inf): crowded at 0, apart where an exponential has fallen; for a scale of 1."""
    s = np.arange(-4.2, 5.2, step)
    v = np.exp(s - np.exp(-s))
    return v, step * v * (1 + np.exp(-s))


def _integral(np, scale, exponent, factor, step=0.05):
    """The integral over (0, inf) of exp(exponent(v)) factor(v), where the exponent falls on this scale."""
    total = np.zeros_like(scale)
    for v, weight in zip(*_nodes(np, step)):
        at = v * scale
        total += weight * scale * np.exp(exponent(at)) * factor(at)
    return total


def _width(np, slope, curvature):
    """How far exp(-slope v - curvature v^2 / 2) reaches."""
    return 1 / (0.5 * slope + np.sqrt(0.25 * slope * slope + 0.5 * curvature))


def _gamma_series(np, a, x):
    """For x below 1: by the power series of the incomplete gamma function, differentiated term by term."""
    term, harmonic, total, slope = np.ones_like(x), np.zeros_like(x), np.ones_like(x), np.zeros_like(x)
    for n in range(1, 22):
        term = term * x / (a + n)
        harmonic = harmonic + 1 / (a + n)
        total, slope = total + term, slope - term * harmonic
    return -(x / a) * (total * (np.log(x) - _digamma(np, a + 1)) + slope)


def _gamma_below(np, a, x):
    """From x down, in t = x exp(-v)."""
    middle = np.log(x) - _digamma(np, a)
    return -x * _integral(np, _width(np, a - x, x), lambda v: -a * v - x * np.expm1(-v), lambda v: middle - v)


def _gamma_above(np, a, x):
    """From x up, in t = x exp(v)."""
    middle = np.log(x) - _digamma(np, a)

    def exponent(v):
        v = np.minimum(v, 300.0)        # exp() of more overflows, and nothing is left there
        return a * v - x * np.expm1(v)

    return x * _integral(np, _width(np, x - a, x), exponent, lambda v: middle + v)


def _in_parts(np, out, cases, *operands):
    """Each case computed where it holds, on the operands there, a piece at a time."""
    for where, function in cases:
        places = np.flatnonzero(where)
        for i in range(0, len(places), 4096):
            some = places[i:i + 4096]
            out[some] = function(np, *[v[some] for v in operands])
    return out


def gamma_slope_value(np, x, y):
    """dx/da of a sample y of the gamma distribution of shape a = x."""
    a, z = np.broadcast_arrays(x, y)
    shape, dtype = a.shape, np.result_type(x, y)
    a, z = a.astype(np.float64).ravel(), z.astype(np.float64).ravel()
    fits = (a > 0) & (z > 0) & np.isfinite(a) & np.isfinite(z)
    with np.errstate(all="ignore"):
        cases = ((z < 1, _gamma_series), ((z >= 1) & (z <= a), _gamma_below), ((z >= 1) & (z > a), _gamma_above))
        out = _in_parts(np, np.where(z == 0, 0.0, np.nan), [(fits & case, function) for case, function in cases], a, z)
    return out.reshape(shape).astype(dtype)


def _beta_below(np, z, rest, a, b):
    """From z down, in the logit of t; rest is 1 - z."""
    middle = _digamma(np, a) - _digamma(np, a + b)
    log = np.where(z > 0.5, np.log1p(-rest), np.log(z))
    # Near an end the integrand is flat as far as that, and falls as exp(-a v) behind.
    width = np.minimum(_width(np, a * rest - b * z, (a + b) * z * rest), 1 + 0.2 * np.log1p(z / rest))
    scale = np.where(a < 1, 1 / a, width)

    def grown(v):
        """log of (1 - t) / (1 - z), where t / z = exp(-v) of that."""
        return -np.log1p(z * np.expm1(-v))

    return -z * rest * _integral(np, scale, lambda v: -a * v + (a + b) * grown(v),
                                   lambda v: log - v + grown(v) - middle, 0.03)


def _beta_above(np, z, rest, a, b):
    """From z up: with the roles of t and 1 - t exchanged, but for the factor, log t."""
    middle = _digamma(np, a) - _digamma(np, a + b)
    log = np.where(z > 0.5, np.log1p(-rest), np.log(z))
    width = np.minimum(_width(np, b * z - a * rest, (a + b) * z * rest), 1 + 0.2 * np.log1p(rest / z))
    scale = np.where(b < 1, 1 / b, width)

    def grown(v):
        return -np.log1p(rest * np.expm1(-v))

    return z * rest * _integral(np, scale, lambda v: -b * v + (a + b) * grown(v),
                                  lambda v: log + grown(v) - middle, 0.03)


def _beta_slope(np, z, rest, a, b):
    shape = z.shape
    z, rest, a, b = z.ravel(), rest.ravel(), a.ravel(), b.ravel()
    fits = (a > 0) & (b > 0) & (z > 0) & (rest > 0) & np.isfinite(a) & np.isfinite(b)
    below = a * rest >= b * z
    with np.errstate(all="ignore"):
        cases = ((fits & below, _beta_below), (fits & ~below, _beta_above))
        out = _in_parts(np, np.where((z == 0) | (rest == 0), 0.0, np.nan), cases, z, rest, a, b)
    return out.reshape(shape)


def beta_slope_value(np, x, y):
    """dz/da and dz/db of samples z of beta distributions: 1 - z is one of those of b and a."""
    dtype = np.result_type(x, y)
    x, y = np.broadcast_arrays(x.astype(np.float64), y.astype(np.float64))
    a, b, z, rest = x[..., 0], x[..., 1], y[..., 0], y[..., 1]
    return np.stack([_beta_slope(np, z, rest, a, b), -_beta_slope(np, rest, z, b, a)], -1).astype(dtype)
