"""Formulas too long for a row of rules.py.

A helper imports nothing.  A ``*_value`` helper receives NumPy and plain arrays and returns a plain array; a helper of a
derivative receives the namespace of recorded ops (``ops``) and Variables, so that its own derivatives follow.  Under
``no_grad`` the same text computes values alone.
"""


# ---- reductions


def _dims(dim, ndim):
    """A dimension, several or None as a sorted tuple of non-negative ones."""
    if dim is None:
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        dim = (dim,)
    if ndim == 0:
        return ()
    return tuple(sorted(d + ndim if d < 0 else d for d in dim)) or tuple(range(ndim))


def _axis(dim):
    return tuple(dim) if isinstance(dim, list) else dim


def _keep(ops, g, shape_x, dim, keepdim):
    """The cotangent of a reduction with the reduced dimensions put back, each of size 1."""
    if keepdim:
        return g
    dims = _dims(dim, len(shape_x))
    return ops.reshape(g, tuple(1 if d in dims else n for d, n in enumerate(shape_x)))


def sum_value(np, x, dim, keepdim, dtype):
    return np.sum(x, axis=_axis(dim), keepdims=keepdim, dtype=dtype)


def sum_dx(ops, g, shape_x, dim, keepdim):
    return ops.expand(_keep(ops, g, shape_x, dim, keepdim), shape_x)


def _count(shape_x, dim):
    count = 1
    for d in _dims(dim, len(shape_x)):
        count *= shape_x[d]
    return count


def mean_value(np, x, dim, keepdim, dtype):
    """sum / count, as PyTorch computes it; the mean of nothing is NaN without a warning."""
    total = np.asarray(np.sum(x, axis=_axis(dim), keepdims=keepdim, dtype=dtype))
    count = _count(x.shape, dim)
    if count == 0:
        return np.full(total.shape, np.nan, total.dtype)
    return total / total.dtype.type(count)


def mean_dx(ops, g, shape_x, dim, keepdim):
    return ops.expand(_keep(ops, g / max(_count(shape_x, dim), 1), shape_x, dim, keepdim), shape_x)


def _order(p):
    if p == "fro" or p is None:
        return 2.0
    if isinstance(p, str):
        raise NotImplementedError(f"norm() of order {p!r} is not supported: use a number, inf or 'fro'")
    return float(p)


def norm_value(np, x, p, dim, keepdim):
    p, axis = _order(p), _axis(dim)
    if p == 2:
        return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdim))
    if p == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdim)
    if p == 0:
        return np.sum(x != 0, axis=axis, keepdims=keepdim, dtype=x.dtype)
    if p == float("inf"):
        return np.max(np.abs(x), axis=axis, keepdims=keepdim)
    if p == -float("inf"):
        return np.min(np.abs(x), axis=axis, keepdims=keepdim)
    total = np.sum(np.abs(x) ** x.dtype.type(p), axis=axis, keepdims=keepdim)
    return np.asarray(total ** x.dtype.type(1 / p), x.dtype)


def norm_dx(ops, g, x, out, p, dim, keepdim):
    """Zero at x = 0, PyTorch's choice of a subgradient; divisors are masked so that no NaN comes in by 0 * inf."""
    p = _order(p)
    shape_x = tuple(x.shape)
    g, out = _keep(ops, g, shape_x, dim, keepdim), _keep(ops, out, shape_x, dim, keepdim)
    if p == 2:
        return x * ops.where(out == 0, 0.0, g / ops.where(out == 0, 1.0, out))
    if p == 1:
        return g * ops.sign(x)
    if p == 0:
        return ops.expand(g * 0.0, shape_x)
    if p in (float("inf"), -float("inf")):
        return _shared(ops, g * ops.sign(x), ops.abs(x), out, dim)
    safe = ops.where(x == 0, 1.0, ops.abs(x))
    ratio = safe / ops.where(out == 0, 1.0, out)
    return g * ops.where(x == 0, 0.0, ops.sign(x) * ratio ** (p - 1))


def _shared(ops, g, x, extreme, dim):
    """A cotangent shared evenly among the elements that attain the extreme value; NaN counts as attaining NaN."""
    ties = ops.ties(x, extreme)
    return g * (ties / ops.sum(ties, _dims(dim, len(x.shape)), True))


def amax_value(np, x, dim, keepdim):
    return np.max(x, axis=_axis(dim), keepdims=keepdim)


def amax_dx(ops, g, x, out, dim, keepdim):
    shape_x = tuple(x.shape)
    return _shared(ops, _keep(ops, g, shape_x, dim, keepdim), x, _keep(ops, out, shape_x, dim, keepdim), dim)


def argmax_value(np, x, dim, keepdim):
    return np.argmax(x, axis=dim, keepdims=keepdim)


def log_softmax_value(np, x, dim):
    if x.size == 0 or x.ndim == 0:
        return x - x
    shifted = x - np.max(x, axis=dim, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=dim, keepdims=True))


def log_softmax_dx(ops, g, out, dim):
    if not out.shape:
        return ops.zeros_like(g)
    return g - ops.exp(out) * ops.sum(g, (dim,), True)


# ---- linear algebra


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
        rows = _count(tuple(x.shape)[:-1], None)
        flat = ops.reshape(x, (rows, x.shape[-1]))
        return ops.matmul(_transposed(ops, flat), ops.reshape(g, (rows,)))
    if len(x.shape) == 1:
        return ops.reshape(x, (-1, 1)) * ops.reshape(g, (*tuple(g.shape)[:-1], 1, g.shape[-1]))
    return ops.matmul(_transposed(ops, x), g)


# ---- shapes, indexing, joining


def embed_value(np, x, geometry, shape):
    """By positions: an expanded geometry looks at one element several times, a reshape may have no view here."""
    out = np.zeros(shape, x.dtype)
    np.add.at(out.reshape(-1), geometry.places(tuple(shape)), x)
    return out


def clone_value(np, x):
    return np.array(x, order="C")


def fill_value(np, x):
    return np.zeros(x.shape, x.dtype)


def fill_dx(ops, g):
    return ops.zeros_like(g)


def to_value(np, x, dtype):
    return x.astype(dtype)


def copy_region_value(np, x, y, geometry):
    out = np.array(x, order="C")
    out.reshape(-1)[geometry.places(out.shape)] = y
    return out


def copy_region_dx(ops, g, geometry):
    return ops.copy_region(g, 0.0, geometry)


def copy_region_dy(ops, g, geometry):
    return ops.view(g, geometry)


def index_value(np, x, index):
    return np.array(x[index])


def index_dx(ops, g, index, shape_x):
    return ops.index_add_zeros(g, index, shape_x)


def index_add_zeros_value(np, x, index, shape):
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def index_put_value(np, x, y, index):
    out = np.array(x)
    out[index] = y
    return out


def index_put_dx(ops, g, index):
    return ops.index_put(g, 0.0, index)


def cat_value(np, xs, dim):
    return np.concatenate(xs, axis=dim)


def cat_dx(ops, g, shapes, position, dim):
    """The slice of the cotangent that belongs to one operand; a 1-d operand of no elements takes no part."""
    if shapes[position] == (0,) and len(g.shape) != 1:
        return None
    dim = dim + len(g.shape) if dim < 0 else dim
    start = sum(shape[dim] for shape in shapes[:position] if len(shape) == len(g.shape))
    return ops.narrow(g, dim, start, shapes[position][dim])


def stack_value(np, xs, dim):
    return np.stack(xs, axis=dim)


def stack_dx(ops, g, position, dim):
    return ops.select(g, dim, position)


def where_value(np, x, y, condition):
    return np.where(condition, x, y)


def where_dx(ops, g, condition):
    return ops.where(condition, g, 0.0)


def where_dy(ops, g, condition):
    return ops.where(condition, 0.0, g)
