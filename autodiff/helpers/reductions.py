"""Reductions, softmax, cumulative ops."""
from .common import axis_of, checked_dims, count_of, dims_of, kept


def sum_value(np, x, dim, keepdim, dtype):
    return np.sum(x, axis=axis_of(dim), keepdims=keepdim, dtype=dtype)


def sum_dx(ops, g, shape_x, dim, keepdim):
    return ops.expand(kept(ops, g, shape_x, dim, keepdim), shape_x)


def mean_value(np, x, dim, keepdim, dtype):
    """sum / count, as PyTorch computes it; the mean of nothing is NaN without a warning."""
    total = np.asarray(np.sum(x, axis=axis_of(dim), keepdims=keepdim, dtype=dtype))
    count = count_of(x.shape, dim)
    if count == 0:
        return np.full(total.shape, np.nan, total.dtype)
    return total / total.dtype.type(count)


def mean_dx(ops, g, shape_x, dim, keepdim):
    return ops.expand(kept(ops, g / max(count_of(shape_x, dim), 1), shape_x, dim, keepdim), shape_x)


def _order(p):
    if p == "fro" or p is None:
        return 2.0
    if isinstance(p, str):
        raise NotImplementedError(f"norm() of order {p!r} is not supported: use a number, inf or 'fro'")
    return float(p)


def norm_value(np, x, p, dim, keepdim):
    p, axis = _order(p), axis_of(dim)
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
    g, out = kept(ops, g, shape_x, dim, keepdim), kept(ops, out, shape_x, dim, keepdim)
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
    return g * (ties / ops.sum(ties, dims_of(dim, len(x.shape)), True))


def amax_value(np, x, dim, keepdim):
    return np.max(x, axis=axis_of(dim), keepdims=keepdim)


def amax_dx(ops, g, x, out, dim, keepdim):
    shape_x = tuple(x.shape)
    return _shared(ops, kept(ops, g, shape_x, dim, keepdim), x, kept(ops, out, shape_x, dim, keepdim), dim)


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


def amin_value(np, x, dim, keepdim):
    return np.min(x, axis=axis_of(dim), keepdims=keepdim)


def extreme_front(ops, name, x, dim, keepdim):
    """amax, amin: dims checked, no element refused."""
    dims = checked_dims(ops, x, dim)
    reduced = tuple(x.shape) if dims is None else [x.shape[d] for d in dims]
    if 0 in reduced:
        raise RuntimeError(f"{name[1:]}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                           "reduction dim with the 'dim' argument.")
    return ops.apply(name, (x,), (dims, bool(keepdim)), variant=dims is not None)
