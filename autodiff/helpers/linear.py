"""Linear algebra: products."""
from .common import count_of


def matmul_value(np, x, y):
    return np.matmul(x, y)


def _transposed(ops, x):
    n = len(x.shape)
    return ops.permute(x, (*range(n - 2), n - 1, n - 2))


def matmul_dx(ops, g, y, shape_x):
    """g y^T; a vector stands for a row on the left and a column on the right."""
    if len(shape_x) == 1:
        if len(y.shape) == 1:
            return g * y
        return ops.matmul(y, ops.reshape(g, (*g.shape, 1)))[..., 0]
    if len(y.shape) == 1:
        return ops.reshape(g, (*g.shape, 1)) * y
    return ops.matmul(g, _transposed(ops, y))


def matmul_dy(ops, g, x, shape_y):
    """x^T g."""
    if len(shape_y) == 1:
        if len(x.shape) == 1:
            return g * x
        rows = count_of(tuple(x.shape)[:-1], None)
        flat = ops.reshape(x, (rows, x.shape[-1]))
        return ops.matmul(_transposed(ops, flat), ops.reshape(g, (rows,)))
    if len(x.shape) == 1:
        return ops.reshape(x, (-1, 1)) * ops.reshape(g, (*tuple(g.shape)[:-1], 1, g.shape[-1]))
    return ops.matmul(_transposed(ops, x), g)
