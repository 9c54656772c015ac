"""Elementwise ops whose text is too long for a row, or that take parameters."""


def where_value(np, x, y, condition):
    return np.where(condition, x, y)


def where_dx(ops, g, condition):
    return ops.where(condition, g, 0.0)


def where_dy(ops, g, condition):
    return ops.where(condition, 0.0, g)


def leaky_relu_of(ops, x, negative_slope):
    return ops.where(x > 0, x, x * negative_slope)
