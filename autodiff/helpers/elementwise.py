"""Elementwise ops whose text is too long for a row, or that take parameters."""


def where_value(np, x, y, condition):
    return np.where(condition, x, y)


def where_dx(ops, g, condition):
    return ops.where(condition, g, 0.0)


def where_dy(ops, g, condition):
    return ops.where(condition, 0.0, g)


def leaky_relu_of(ops, x, negative_slope):
    return ops.where(x > 0, x, x * negative_slope)


def logit_of(ops, x, eps):
    if eps is not None:
        # Outside the interval the value is constant and the derivative 0; NaN stays NaN.
        x = ops.where(x < eps, eps, ops.where(x > 1 - eps, 1 - eps, x))
    return ops.log_odds(x)


def polygamma_of(ops, x, n):
    if not hasattr(n, "__index__"):
        raise TypeError(f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    n = n.__index__()
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    if n > 100:
        raise RuntimeError(f"polygamma(n, x) supports n up to 100, not {n}: doubles overflow for most x beyond")
    return ops.named(ops.digamma(x), "PolygammaBackward0", x) if n == 0 else ops.polygamma_at(x, n)
