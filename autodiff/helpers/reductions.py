"""Reductions, statistics, cumulative ops, softmax."""
from .common import along, axis_of, checked_dims, count_of, dims_of, kept, refuse_complex, rounded_once
from .elementwise import logaddexp_plane_value


def floating(ops, x, error, text):
    """x, if its dtype is inexact; integers become float64 in the NumPy flavour, else error(text) with the dtype's name."""
    if ops.dtype(x).kind not in "biu":
        return x
    if not ops.is_numpy(x):
        raise error(text.format(ops.scalar_name(x)))
    return ops.to(x, "float64")


def summed(ops, x, dtype):
    """x as a sum or product takes it: cast to dtype; without one, integers and bools become int64."""
    if dtype is not None:
        return ops.to(x, dtype)
    return ops.to(x, "int64") if ops.dtype(x).kind in "biu" else x


def needed(name, dim):
    """dim, where PyTorch has no default for it."""
    if dim is None:
        raise TypeError(f'{name}() missing 1 required positional arguments: "dim"')
    return dim


def sum_value(np, x, dim, keepdim, dtype):
    if dtype is None and x.dtype.kind in "biu":
        dtype = np.int64
    return np.sum(x, axis=axis_of(dim), keepdims=keepdim, dtype=dtype)


def sum_dx(ops, g, shape_x, dim, keepdim):
    return ops.expand(kept(ops, g, shape_x, dim, keepdim), shape_x)


def mean_value(np, x, dim, keepdim, dtype):
    """sum / count, as PyTorch computes it; the mean of nothing is NaN without a warning."""
    total = np.asarray(np.sum(x, axis=axis_of(dim), keepdims=keepdim, dtype=dtype))
    count = count_of(x.shape, dim)
    if count == 0:
        return np.full(total.shape, np.nan, total.dtype)
    if total.dtype == np.complex64:     # NumPy divides by an int64, with which this promotes to complex128
        return (total.astype(np.complex128) / count).astype(total.dtype)
    return total / total.dtype.type(count)


def mean_dx(ops, g, shape_x, dim, keepdim):
    return ops.expand(kept(ops, g / max(count_of(shape_x, dim), 1), shape_x, dim, keepdim), shape_x)


def _order(p):
    if p == "fro" or p is None:
        return 2.0
    return float(p)


def _scaled(np, x, dim, smallest=False):
    """An array times powers of two that bring the largest (or the smallest) of each row near 1, and their exponents."""
    sizes = np.abs(x)
    top = sizes.min(axis=dim, keepdims=True) if smallest else sizes.max(axis=dim, keepdims=True, initial=0)
    exponent = np.where(np.isfinite(top) & (top > 0), np.frexp(top)[1], 0)
    # In two steps: one power of two alone may be too large for the dtype.
    half = exponent // 2
    one = sizes.dtype.type(1)
    return x * np.ldexp(one, -half) * np.ldexp(one, half - exponent), exponent


def norm_value(np, x, p, dim, keepdim, dtype):
    """Naively; a row whose sum of powers left the safe range is computed again, scaled."""
    p, axis = _order(p), axis_of(dim)
    if (p < 0 or p == float("inf")) and 0 in [x.shape[d] for d in dims_of(dim, x.ndim)]:
        raise RuntimeError(f"linalg.vector_norm cannot compute the {p:g} norm on an empty tensor because the operation does "
                           "not have an identity")
    x = np.abs(x) if x.dtype.kind == "c" else x
    if p == 0:
        return np.sum(x != 0, axis=axis, keepdims=keepdim, dtype=x.dtype)
    if p == 1 or count_of(x.shape, dim) == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdim)
    if p == float("inf"):
        return np.max(np.abs(x), axis=axis, keepdims=keepdim)
    if p == -float("inf"):
        return np.min(np.abs(x), axis=axis, keepdims=keepdim)
    total = _powers(np, x, p, axis, keepdim)
    out = _root(np, total, p)
    info = np.finfo(x.dtype)
    # Above this a square that underflowed changes nothing: the others are larger by the square of a rounding.
    safe = (total >= info.tiny / info.eps ** 2) & (total <= info.max)
    if np.all(safe):
        return out
    scaled, exponent = _scaled(np, x, axis, p < 0)
    again = np.ldexp(_root(np, _powers(np, scaled, p, axis, True), p), exponent).reshape(np.shape(out))
    return np.where(safe, out, again).astype(x.dtype, copy=False)


def _powers(np, x, p, axis, keepdim):
    return np.sum(np.square(x) if p == 2 else np.abs(x) ** x.dtype.type(p), axis=axis, keepdims=keepdim)


def _root(np, total, p):
    return np.sqrt(total) if p == 2 else np.asarray(total ** total.dtype.type(1 / p), total.dtype)


def _balanced(ops, g, x, out, powers=False):
    """x and out, both times a power of two for each row where g / out or its product with x might leave the dtype's range;
    everywhere where powers of them are wanted.

    What is wanted is x / out, which does not change; nor do its bits where no number was too large or too small.
    """
    np = ops.numpy
    size, weight = ops.plain(out), np.abs(ops.all_samples(g))
    info = np.finfo(size.dtype)
    low, high = np.sqrt(info.tiny), np.sqrt(info.max)
    everyday = not powers and size.size and low <= size.min() and size.max() <= high
    if not size.size or (everyday and low <= weight.min() and weight.max() <= high):
        return x, out
    exponent = np.where(np.isfinite(size) & (size > 0), np.frexp(size)[1], 0)
    if not exponent.any():
        return x, out
    half = exponent // 2
    for part in (half, exponent - half):
        scale = ops.constant(np.asarray(np.ldexp(size.dtype.type(1), -part)), like=x)
        x, out = x * scale, out * scale
    return x, out


def norm_dx(ops, g, x, out, p, dim, keepdim):
    """Zero at x = 0, PyTorch's choice of a subgradient; no limit is at hand there for what comes next, so that it is NaN."""
    p = _order(p)
    shape_x = tuple(x.shape)
    g, out = kept(ops, g, shape_x, dim, keepdim), kept(ops, out, shape_x, dim, keepdim)
    if p == 0:
        return _stays(ops, ops.expand(g * 0.0, shape_x), x)
    if p == 1 or (count_of(shape_x, dim) == 1 and p != 2):
        return _stays(ops, g * _phase(ops, x, True), x)
    zero = ops.plain(out) == 0
    unsmooth = ops.kink(out) if ops.records(out) and zero.any() else 0.0
    if count_of(shape_x, dim) == 1:
        return _stays(ops, g * (_phase(ops, x) + unsmooth), x)
    if p in (float("inf"), -float("inf")):
        phase = _phase(ops, x)
        if ops.dtype(x).kind == "c":
            phase = phase + unsmooth
        return _stays(ops, _shared(ops, g * phase, ops.abs(x), out, dim), x)
    if p == 2:
        x, out = _balanced(ops, g, x, out)
        return x * (g / (ops.where(zero, 1.0, out) if zero.any() else out) + unsmooth)
    x, out = _balanced(ops, g, x, out, True)
    safe = ops.where(zero, 1.0, out) if zero.any() else out
    if p > 1:
        factor = g / safe ** (p - 1) + unsmooth
        if p % 2 == 0 and ops.dtype(x).kind != "c":
            return x ** (p - 1) * factor
        return _phase(ops, x) * ops.abs(x) ** (p - 1) * factor
    phase = _phase(ops, x)
    none = ops.plain(x) == 0
    ratio = ops.where(none, 1.0, ops.abs(x)) / safe
    if ops.records(x) and none.any():
        unsmooth = unsmooth + ops.kink(ops.abs(x))
    return g * (ops.where(none | zero, 0.0, phase * ratio ** (p - 1)) + unsmooth)


def _phase(ops, x, last=False):
    """The sign of real numbers, x / abs(x) of complex ones, and 0 at 0; last: the derivative of that at 0 is NaN."""
    if ops.dtype(x).kind != "c":
        return ops.sign(x)
    if last and ops.records(x) and not ops.plain(x).all():
        return ops.sgn(x) + ops.kink(ops.abs(x))
    return ops.sgn(x)


def _stays(ops, dx, x):
    """A derivative that is constant between kinks, in the graph of x where one is recorded: the next one is 0."""
    return dx + ops.flat(x) if ops.records(x) else dx


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


def argmin_value(np, x, dim, keepdim):
    return np.argmin(x, axis=dim, keepdims=keepdim)


def position_front(ops, name, x, dim, keepdim):
    """argmax, argmin: some element along dim, and no bools and complex numbers, which PyTorch does not order."""
    if ops.is_numpy(x) and 0 in (x.shape if dim is None else x.shape and [x.shape[ops.wrap_dim(dim, x.ndim)]]):
        raise ValueError(f"attempt to get {name} of an empty sequence")
    if dim is not None:
        dim = ops.wrap_dim(dim, x.ndim)
        if x.ndim and x.shape[dim] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    elif x.numel() == 0:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    if ops.dtype(x).kind == "b" and not ops.is_numpy(x):
        raise RuntimeError(f"{name}(): does not support bool input")
    refuse_complex(ops, x, RuntimeError, f"{name}(): does not support complex input")
    return ops.apply(name, (x,), (dim if x.ndim else None, bool(keepdim) and x.ndim > 0))


def amin_value(np, x, dim, keepdim):
    return np.min(x, axis=axis_of(dim), keepdims=keepdim)


_EXTREMES = {"amax": "maximum", "max": "maximum", "amin": "minimum", "min": "minimum"}


def some_element(ops, name, x, dims):
    """Raise where a reduced dimension is empty: an extreme value needs an element."""
    if ops.is_numpy(x) and name in _EXTREMES:
        if 0 in (x.shape if dims is None else [x.shape[d] for d in dims]):
            raise ValueError(f"zero-size array to reduction operation {_EXTREMES[name]} which has no identity")
        return
    if dims is None and x.numel() == 0:
        raise RuntimeError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                           "reduction dim with the 'dim' argument.")
    for d in dims or ():
        if x.shape[d] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def extreme_front(ops, name, x, dim, keepdim):
    """amax, amin: dims checked, no element refused."""
    dims = checked_dims(ops, x, dim)
    some_element(ops, name, x, dims)
    return ops.apply(name, (x,), (dims, bool(keepdim)))


def picked(ops, x, positions, dim, keepdim, name):
    """The elements of x at positions along dim, of which one or several are kept, and the positions: a recorded pair."""
    np = ops.numpy
    if x.ndim == 0:
        return ops.named(ops.clone(x), name), ops.constant(np.zeros((), np.int64), like=x)
    index = along(np, positions, dim)
    if not keepdim:
        index = tuple([part.squeeze(dim) for part in np.broadcast_arrays(*index)])
        positions = index[dim]
    return ops.apply("pick", (x,), (index,), name), ops.constant(np.array(positions, np.int64), like=x)


def max_of(ops, x, dim, keepdim, other):
    return _extreme(ops, "max", x, dim, keepdim, other)


def min_of(ops, x, dim, keepdim, other):
    return _extreme(ops, "min", x, dim, keepdim, other)


def _extreme(ops, name, x, dim, keepdim, other):
    """The three overloads of max and min: of two operands, of all elements, along a dimension."""
    if other is not None or ops.is_variable(dim):
        other = ops.operand(dim if other is None else other, name, "other", 2)
        return (ops.maximum if name == "max" else ops.minimum)(x, other)
    word = name.title()
    if dim is None or ops.is_numpy(x):
        dims = checked_dims(ops, x, dim)
        some_element(ops, name, x, dims)
        return ops.apply(f"a{name}", (x,), (dims, bool(keepdim)), f"{word}Backward1" if dim is None else None)
    dim = ops.wrap_dim(dim, x.ndim)
    some_element(ops, name, x, (dim,) if x.ndim else None)
    values = ops.plain(x)
    positions = (values.argmax if name == "max" else values.argmin)(axis=dim, keepdims=True) if x.ndim else None
    return picked(ops, x, positions, dim, keepdim, f"{word}Backward0")


def aminmax_of(ops, x, dim, keepdim):
    """Both extremes; a gradient is shared evenly among ties."""
    if dim is not None:
        dim = ops.wrap_dim(dim, x.ndim)
        if x.ndim and not x.shape[dim]:
            raise IndexError(f"aminmax: Expected reduction dim {dim} to have non-zero size.")
    elif x.numel() == 0:
        raise RuntimeError("aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.")
    return ops.amin(x, dim, keepdim), ops.amax(x, dim, keepdim)


def ptp_of(ops, x, dim, keepdim):
    return ops.amax(x, dim, keepdim) - ops.amin(x, dim, keepdim)


# ---- products

def prod_front(ops, name, x, dim, keepdim, dtype):
    x = summed(ops, x, dtype)
    return ops.apply(name, (x,), (checked_dims(ops, x, dim), bool(keepdim), None), variant=dim is not None)


def prod_value(np, x, dim, keepdim, dtype):
    return np.prod(x, axis=dim, keepdims=keepdim, dtype=x.dtype)


def _ordinary(ops, x, out):
    """Whether products may be divided by a factor: none lost digits or left the range, and no derivative will be taken.

    That of a quotient subtracts what is equal, and divides by the square of a factor, which may be too small for it.
    """
    if ops.records(x) or ops.records(out):
        return False
    np = ops.numpy
    sizes = np.abs(ops.plain(out))
    return bool(np.all((sizes >= np.finfo(sizes.dtype).tiny) & (sizes < np.inf)))


def prod_dx(ops, g, x, out, dim, keepdim):
    """Quotients; where they may not be taken, the product of the factors before times that of those after."""
    shape = tuple(x.shape)
    if not shape:
        return g
    g, out = kept(ops, g, shape, dim, keepdim), kept(ops, out, shape, dim, keepdim)
    if _ordinary(ops, x, out):
        return g * (out / x)
    np = ops.numpy
    dims = dims_of(dim, len(shape))
    order = [d for d in range(len(shape)) if d not in dims] + list(dims)
    rows = [shape[d] for d in order[:len(shape) - len(dims)]]
    flat = ops.reshape(ops.permute(x, order), (*rows, count_of(shape, dims) if dims else 1))
    last = len(rows)
    others = _before(ops, flat, last) * ops.flip(_before(ops, ops.flip(flat, last), last), last)
    others = ops.reshape(others, tuple([shape[d] for d in order]))
    return g * ops.permute(others, [int(d) for d in np.argsort(order)])


def _shifted(ops, x, dim, first):
    """The elements moved on by one place along a dimension, with a number in front."""
    shape = tuple(x.shape)
    front = ops.constant(ops.numpy.full((*shape[:dim], min(shape[dim], 1), *shape[dim + 1:]), first, ops.dtype(x)), like=x)
    return ops.cat([front, ops.narrow(x, dim, 0, max(shape[dim] - 1, 0))], dim)


def _before(ops, x, dim):
    """At each place the product of the elements before it."""
    return _shifted(ops, ops.cumprod(x, dim), dim, 1)


# ---- cumulative ops

def cumulative_dim(ops, name, x, dim):
    """x and the dimension: in the NumPy flavour x is flattened where none is given."""
    if dim is None and ops.is_numpy(x):
        return ops.reshape(x, (-1,)), 0
    return x, ops.wrap_dim(needed(name, dim), x.ndim)


def cumulative_front(ops, name, x, dim, dtype):
    x, dim = cumulative_dim(ops, name, summed(ops, x, dtype), dim)
    return ops.apply(name, (x,), (dim, None))


def numpy_cumsum(ops, x, axis, dtype):
    return ops.cumsum(*_flattened(ops, "cumsum", x, axis), dtype=dtype)


def numpy_cumprod(ops, x, axis, dtype):
    return ops.cumprod(*_flattened(ops, "cumprod", x, axis), dtype=dtype)


def _flattened(ops, name, x, axis):
    """numpy.cumsum, numpy.cumprod: without an axis, of the flattened operand, of whatever flavour it is."""
    ops.operand(x, name, "a", 1)
    return (x, axis) if axis is not None else (ops.reshape(x, (-1,)), 0)


def cumsum_value(np, x, dim, dtype):
    return np.cumsum(x, axis=dim, dtype=x.dtype) if x.ndim else x.copy()


def cumsum_dx(ops, g, dim):
    return _sum_from(ops, g, dim)


def _sum_from(ops, g, dim):
    """At each place the sum of the elements from it on."""
    return ops.flip(ops.apply("cumsum", (ops.flip(g, dim),), (dim, None)), dim) if len(g.shape) else g


def cumprod_value(np, x, dim, dtype):
    return np.cumprod(x, axis=dim, dtype=x.dtype) if x.ndim else x.copy()


def cumprod_dx(ops, g, x, out, dim):
    """Quotients; where they may not be taken, a recurrence without division.

    With P the product before k, the derivative is P (g_k + x_(k+1) (g_(k+1) + x_(k+2) (...))).
    """
    if not len(x.shape):
        return g
    if _ordinary(ops, x, out):
        return _sum_from(ops, g * out, dim) / x
    return _before(ops, x, dim) * _recurrence_from(ops, g, x, dim)


def _recurrence_from(ops, g, x, dim):
    """s_k = g_k + x_(k+1) s_(k+1), from the end."""
    factors = _shifted(ops, ops.flip(x, dim), dim, 0)
    return ops.flip(ops.apply("recurrence", (ops.flip(g, dim), factors), (dim,)), dim)


def recurrence_value(np, x, y, dim):
    """h_k = x_k + y_k h_(k-1), with h = 0 before the first."""
    out = np.array(x)
    h, y = np.moveaxis(out, dim, 0), np.moveaxis(y, dim, 0)
    for k in range(1, len(h)):
        h[k] += y[k] * h[k - 1]
    return out


def recurrence_dx(ops, g, y, dim):
    return _recurrence_from(ops, g, y, dim)


def recurrence_dy(ops, g, y, out, dim):
    return _recurrence_from(ops, g, y, dim) * _shifted(ops, out, dim, 0)


def cummax_of(ops, x, dim):
    return _running(ops, "cummax", x, dim)


def cummin_of(ops, x, dim):
    return _running(ops, "cummin", x, dim)


def _running(ops, name, x, dim):
    """The extreme so far, at its latest place; from the first NaN on, NaN."""
    np = ops.numpy
    dim = ops.wrap_dim(needed(name, dim), x.ndim)
    refuse_complex(ops, x, NotImplementedError, f"\"{name}_cpu\" not implemented for '{{}}'")
    if x.ndim == 0:
        return ops.clone(x), ops.constant(np.zeros((), np.int64), like=x)
    values = ops.plain(x)
    extremes = (np.maximum if name == "cummax" else np.minimum).accumulate(values, axis=dim)
    here = np.arange(values.shape[dim]).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
    attained = (values == extremes) | (values != values)
    positions = np.maximum.accumulate(np.where(attained, here, 0), axis=dim)
    return picked(ops, x, positions, dim, True, None)


def logcumsumexp_front(ops, name, x, dim):
    if ops.dtype(x).kind != "c":
        x = floating(ops, x, NotImplementedError, "\"logcumsumexp_out_cpu\" not implemented for '{}'")
    x, dim = cumulative_dim(ops, name, x, dim)
    return ops.apply(name, (x,), (dim,))


def logcumsumexp_value(np, x, dim):
    if x.dtype.kind == "c" and x.ndim:
        out = np.array(x, order="C")
        along_first = np.moveaxis(out, dim, 0)
        for k in range(1, len(along_first)):
            along_first[k] = logaddexp_plane_value(np, along_first[k - 1], along_first[k])
        return out
    return np.logaddexp.accumulate(x, axis=dim) if x.ndim else x.copy()


def logcumsumexp_dx(ops, g, x, out, dim):
    """exp(x_k - out_k) t_k, where t_k = g_k + exp(out_k - out_(k+1)) t_(k+1): no exponent is positive."""
    if not len(x.shape) or not x.shape[dim]:
        return g
    np = ops.numpy
    # The first has none before it: itself, so that nothing is infinite where nothing is asked for.
    before = ops.cat([ops.narrow(out, dim, 0, 1), ops.narrow(out, dim, 0, x.shape[dim] - 1)], dim)
    if ops.dtype(x).kind == "c":
        return ops.exp(x - out) * _recurrence_from(ops, g, ops.exp(before - out), dim)
    parts, falls = ops.exp_shifted(x, out), ops.exp_shifted(before, out)
    tied = np.isinf(ops.plain(out)) & (ops.plain(x) == ops.plain(out))
    if tied.any():      # the elements that are the same infinity share evenly, those before and this one
        count = np.where(ops.plain(out) > 0, *[np.cumsum(ops.plain(x) == end, axis=dim, dtype=ops.dtype(x))
                                              for end in (np.inf, -np.inf)])
        parts = parts / ops.constant(np.where(tied, count, 1))
        stays = tied & (ops.plain(before) == ops.plain(out)) & (count > 1)
        falls = falls * ops.constant(np.where(stays, (count - 1) / np.maximum(count, 1), 1).astype(ops.dtype(x)))
    return parts * _recurrence_from(ops, g, falls, dim)


# ---- exponentials

def scipy_logsumexp(ops, x, axis, keepdims):
    """scipy.special.logsumexp: of all elements without an axis."""
    return ops.logsumexp(x, tuple(range(x.ndim)) if axis is None else axis, keepdims)


def logsumexp_front(ops, name, x, dim, keepdim):
    dims = checked_dims(ops, x, needed(name, dim))
    if ops.dtype(x).kind in "biu":
        x = ops.to(x, "float64" if ops.is_numpy(x) else ops.default_dtype())
    result = ops.logsumexp_rows(x, dims, bool(keepdim))
    return ops.apply(name, (x,), (dims, bool(keepdim))) if result is None else result


def logsumexp_value(np, x, dim, keepdim):
    """Shifted by the maximum; by nothing where that is infinite.  Of real parts: complex numbers give the principal value."""
    top = np.max(x.real, axis=dim, keepdims=True, initial=-np.inf)
    top = np.where(np.isinf(top), x.dtype.type(0), top)
    out = np.log(np.sum(np.exp(x - top), axis=dim, keepdims=True)) + top
    return out if keepdim else out.reshape([n for d, n in enumerate(x.shape) if d not in dims_of(dim, x.ndim)])


def logsumexp_dx(ops, g, x, out, dim, keepdim):
    """Where the result is infinite, the elements that are the same infinity share evenly: the limit along equal ones."""
    shape = tuple(x.shape)
    g, out = kept(ops, g, shape, dim, keepdim), kept(ops, out, shape, dim, keepdim)
    if ops.dtype(x).kind == "c":
        return g * ops.exp(x - out)
    np, values = ops.numpy, ops.plain(out)
    infinite = np.isinf(values)
    if infinite.any():
        count = np.sum(ops.plain(x) == values, axis=dims_of(dim, len(shape)), keepdims=True, dtype=ops.dtype(out))
        g = g / ops.constant(np.where(infinite, np.maximum(count, 1), 1).astype(ops.dtype(out)))
    return g * ops.exp_shifted(x, out)


def softmax_front(ops, name, x, dim, dtype):
    dim = ops.wrap_dim(needed(name, dim), x.ndim)
    if dtype is not None:
        x = ops.to(x, dtype)
    x = floating(ops, x, NotImplementedError, f"\"{name}_lastdim_kernel_impl\" not implemented for '{{}}'")
    return ops.apply(name, (x,), (dim, None))


def softmax_value(np, x, dim, dtype):
    if x.size == 0 or x.ndim == 0:
        return np.exp(x - x)
    out = np.exp(x - np.max(x, axis=dim, keepdims=True))
    out /= np.sum(out, axis=dim, keepdims=True)
    return out


def softmax_dx(ops, g, out, dim):
    weighted = g * out
    return weighted - out * (ops.sum(weighted, (dim,), True) if len(out.shape) else weighted)


def softmin_of(ops, x, dim, dtype):
    return ops.softmax(-x, dim, dtype)


def log_softmax_value(np, x, dim, dtype):
    if x.size == 0 or x.ndim == 0:
        return x - x
    shifted = x - np.max(x, axis=dim, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=dim, keepdims=True))


def log_softmax_dx(ops, g, out, dim):
    return g - ops.exp(out) * (ops.sum(g, (dim,), True) if len(out.shape) else g)


# ---- variances

def variance_front(ops, name, x, dim, unbiased, keepdim, correction):
    """var, std: a bool in the place of dim is unbiased, as in PyTorch's overload; correction overrides it."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased else 0
    x = floating(ops, x, RuntimeError, "std and var only support floating point and complex dtypes")
    dims = checked_dims(ops, x, dim)
    if count_of(tuple(x.shape), dims) - correction <= 0:
        if ops.is_numpy(x):
            ops.warn("Degrees of freedom <= 0 for slice", RuntimeWarning)
        else:
            ops.warn(f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
                     "(input numel divided by output numel).")
    return ops.apply(name, (x,), (dims, True, bool(keepdim), correction))


def numpy_var(ops, x, axis, dtype, ddof, keepdims, correction):
    return _numpy_spread(ops, "var", x, axis, dtype, ddof, keepdims, correction)


def numpy_std(ops, x, axis, dtype, ddof, keepdims, correction):
    return _numpy_spread(ops, "std", x, axis, dtype, ddof, keepdims, correction)


def _numpy_spread(ops, name, x, axis, dtype, ddof, keepdims, correction):
    """numpy.var, numpy.std: biased unless ddof, or correction by its newer name, says otherwise."""
    if correction is not None:
        if not ops.is_variable(ddof) and ddof != 0:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        ddof = correction
    if dtype is not None and ops.numpy_dtype(dtype) != ops.dtype(x):
        return ops.wider(name, (x,), {"axis": axis, "dtype": dtype, "ddof": ddof, "keepdims": keepdims})
    return getattr(ops, name)(x, axis, keepdim=keepdims, correction=ddof)


def var_value(np, x, dim, unbiased, keepdim, correction):
    """Naively; a row whose squares or sum overflowed is computed again, scaled."""
    out = _squares(np, x, dim, keepdim, correction)
    finite = np.isfinite(out)
    if finite.all():
        return out
    scaled, exponent = _scaled(np, x, dim)
    again = np.ldexp(_squares(np, scaled, dim, True, correction), 2 * exponent).reshape(np.shape(out))
    return np.where(finite, out, again).astype(out.dtype, copy=False)


def _squares(np, x, dim, keepdim, correction):
    count = count_of(x.shape, dim)
    # Not np.sum, whose Python is most of the time of a few elements.
    centred = x - np.add.reduce(x, axis=dim, keepdims=True) / x.dtype.type(count)
    squares = (centred * np.conj(centred)).real if x.dtype.kind == "c" else centred * centred
    return np.add.reduce(squares, axis=dim, keepdims=keepdim) / squares.dtype.type(max(count - correction, 0))


def var_dx(ops, g, x, dim, keepdim, correction):
    shape = tuple(x.shape)
    free = count_of(shape, dim) - correction
    centred = x - ops.mean(x, dims_of(dim, len(shape)), True)
    return kept(ops, g, shape, dim, keepdim) * (centred * (2 / free if free else float("inf")))


def std_value(np, x, dim, unbiased, keepdim, correction):
    """Naively; a row whose variance left the safe range is computed again, scaled."""
    total = _squares(np, x, dim, keepdim, correction)
    out = np.sqrt(total)
    info = np.finfo(out.dtype)
    safe = (total >= info.tiny / info.eps ** 2) & (total <= info.max)
    if np.all(safe) or not x.size:
        return out
    scaled, exponent = _scaled(np, x, dim)
    again = np.ldexp(np.sqrt(_squares(np, scaled, dim, True, correction)), exponent).reshape(np.shape(out))
    return np.where(safe, out, again).astype(out.dtype, copy=False)


def std_dx(ops, g, x, out, dim, keepdim, correction):
    """Zero at a deviation of 0, PyTorch's choice; what comes next is NaN, as no limit is at hand."""
    shape = tuple(x.shape)
    g, out = kept(ops, g, shape, dim, keepdim), kept(ops, out, shape, dim, keepdim)
    if count_of(shape, dim) == 1 and correction < 1:
        return _stays(ops, g * ops.zeros_like(x), x)    # of one element the deviation is 0 whatever it is: no kink
    zero = ops.plain(out) == 0
    if not zero.any():
        x, out = _balanced(ops, g, x, out)
        return var_dx(ops, g / (2 * out), x, dim, True, correction)
    given = x
    x, out = _balanced(ops, g, x, out)
    dx = var_dx(ops, ops.where(zero, 0.0, g / (2 * ops.where(zero, 1.0, out))), x, dim, True, correction)
    if ops.records(given):
        apart = ops.abs(given - ops.constant(ops.plain(given), like=given))
        dx = dx + ops.kink(ops.where(zero, apart, 1.0))
    return dx


def var_mean_of(ops, x, dim, unbiased, keepdim, correction):
    return _with_mean(ops, "var", x, dim, unbiased, keepdim, correction)


def std_mean_of(ops, x, dim, unbiased, keepdim, correction):
    return _with_mean(ops, "std", x, dim, unbiased, keepdim, correction)


def _with_mean(ops, name, x, dim, unbiased, keepdim, correction):
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    x = floating(ops, x, RuntimeError, f"{name}_mean only support floating point and complex dtypes")
    return (ops.var if name == "var" else ops.std)(x, dim, unbiased, keepdim, correction=correction), ops.mean(x, dim, keepdim)


# ---- truth, counts, sums past NaN

def all_of(ops, x, dim, keepdim):
    return _truth(ops, "all", x, dim, keepdim)


def any_of(ops, x, dim, keepdim):
    return _truth(ops, "any", x, dim, keepdim)


def _truth(ops, name, x, dim, keepdim):
    """A plain array or numpy.bool in the NumPy flavour, as of its comparisons; of uint8, uint8."""
    values = ops.plain(x)
    out = getattr(values, name)(axis=checked_dims(ops, x, dim), keepdims=bool(keepdim))
    if ops.is_numpy(x):
        return out
    return ops.constant(out.astype("uint8") if values.dtype == "uint8" else out)


def count_nonzero_of(ops, x, dim):
    np = ops.numpy
    return ops.constant(np.asarray(np.count_nonzero(ops.plain(x), axis=checked_dims(ops, x, dim)), np.int64), like=x)


def nansum_of(ops, x, dim, keepdim, dtype):
    total = ops.sum(_without_nan(ops, x), dim, keepdim, None if dtype is None else ops.numpy_dtype(dtype))
    return ops.named(total, "NansumBackward0", x)


def _without_nan(ops, x):
    present = ops.numpy.asarray(ops.plain(x) == ops.plain(x))
    return x if present.all() else ops.where(present, x, 0.0)


def nanmean_of(ops, x, dim, keepdim, dtype):
    return (_nanmean if ops.is_numpy(x) else _nanmean_rounded_once)(ops, x, dim, keepdim, dtype)


def _nanmean(ops, x, dim, keepdim, dtype):
    np = ops.numpy
    if ops.is_numpy(x) and dtype is not None and ops.dtype(x).kind in "fc" and ops.numpy_dtype(dtype).kind in "biu":
        raise TypeError("If a is inexact, then dtype must be inexact")
    if dtype is not None:
        x = ops.to(x, dtype)
    x = floating(ops, x, RuntimeError, "nanmean(): expected input to have floating point or complex dtype but got {}")
    present = ops.plain(x) == ops.plain(x)
    count = np.sum(present, axis=checked_dims(ops, x, dim), keepdims=bool(keepdim), dtype=ops.dtype(x))
    if ops.is_numpy(x) and not np.all(count):
        ops.warn("Mean of empty slice", RuntimeWarning)
    return ops.sum(_without_nan(ops, x), dim, keepdim) / ops.constant(np.asarray(count), like=x)


_nanmean_rounded_once = rounded_once(_nanmean)


# ---- order statistics

def median_of(ops, x, dim, keepdim):
    return _median(ops, "median", x, dim, keepdim)


def nanmedian_of(ops, x, dim, keepdim):
    return _median(ops, "nanmedian", x, dim, keepdim)


def _median(ops, name, x, dim, keepdim):
    """The lower of two middle elements: of all (a gradient is shared evenly among its equals), or along dim (one place)."""
    np = ops.numpy
    word = name.title()
    if dim is None:
        out = ops.apply("median_of_all", (x,), (name == "nanmedian",), f"{word}Backward0")
        return ops.reshape(out, (1,) * x.ndim) if keepdim else out
    dim = ops.wrap_dim(dim, x.ndim)
    if x.ndim == 0:
        return picked(ops, x, None, dim, keepdim, f"{word}Backward1")
    some_element(ops, "median", x, (dim,))
    values = ops.plain(x)
    present = np.sum(values == values, axis=dim, keepdims=True)
    rank = np.maximum(present - 1, 0) // 2
    if name == "median":        # the first NaN, where there is one
        rank = np.where(present < values.shape[dim], present, rank)
    order = np.argsort(values, axis=dim, kind="stable")
    return picked(ops, x, np.take_along_axis(order, rank, dim), dim, keepdim,
                  "MedianBackward1" if name == "median" else "NanmedianBackward1")


def median_of_all_value(np, x, ignore_nan):
    values = np.sort(x, axis=None)      # NaN last
    present = np.count_nonzero(values == values)
    if present == 0 or (present < values.size and not ignore_nan):
        # NaN as each dtype has it: what PyTorch's conversion of it gives.
        return np.asarray(np.iinfo(x.dtype).min if x.dtype.kind == "i" else 0 if x.dtype.kind == "u" else np.nan, x.dtype)
    return values[(present - 1) // 2]


def median_of_all_dx(ops, g, x, out):
    return _shared(ops, g, x, out, None)


def kthvalue_of(ops, x, k, dim, keepdim):
    np = ops.numpy
    dim, k = ops.wrap_dim(dim, x.ndim), ops.integer(k)
    refuse_complex(ops, x, NotImplementedError, "\"kthvalue_cpu\" not implemented for '{}'")
    if x.ndim:
        some_element(ops, "kthvalue", x, (dim,))
    if not 1 <= k <= (x.shape[dim] if x.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    order = np.argsort(ops.plain(x), axis=dim, kind="stable") if x.ndim else None
    return picked(ops, x, None if order is None else np.take(order, [k - 1], dim), dim, keepdim, "KthvalueBackward0")


def mode_of(ops, x, dim, keepdim):
    """The most frequent element, of several the smallest, at its last place."""
    np = ops.numpy
    dim = ops.wrap_dim(dim, x.ndim)
    refuse_complex(ops, x, NotImplementedError, "\"mode_cpu\" not implemented for '{}'")
    if x.ndim == 0:
        return picked(ops, x, None, dim, keepdim, "ModeBackward0")
    some_element(ops, "mode", x, (dim,))
    values = np.moveaxis(ops.plain(x), dim, -1)
    order = np.argsort(values, axis=-1, kind="stable")
    values = np.take_along_axis(values, order, -1)
    here = np.arange(values.shape[-1])
    starts = np.ones(values.shape, bool)
    starts[..., 1:] = values[..., 1:] != values[..., :-1]
    length = here - np.maximum.accumulate(np.where(starts, here, 0), axis=-1)
    best = np.take_along_axis(order, np.argmax(length, axis=-1, keepdims=True), -1)
    return picked(ops, x, np.moveaxis(best, -1, dim), dim, keepdim, "ModeBackward0")


def quantile_of(ops, x, q, dim, keepdim, interpolation):
    return _quantile(ops, x, q, dim, keepdim, interpolation, False)


def nanquantile_of(ops, x, q, dim, keepdim, interpolation):
    return _quantile(ops, x, q, dim, keepdim, interpolation, True)


@rounded_once
def _quantile(ops, x, q, dim, keepdim, interpolation, ignore_nan):
    """Elements at the ranks around q (n - 1), blended; q, if it is a Variable of one dimension, comes first in the result."""
    np = ops.numpy
    x = floating(ops, x, RuntimeError, "quantile() input tensor must be either float or double dtype")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise RuntimeError("quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
                           f"{interpolation}")
    if x.numel() == 0:
        raise RuntimeError("quantile() input tensor must be non-empty")
    dtype = ops.dtype(x)
    if ops.is_variable(q):
        if ops.dtype(q) != dtype:
            raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    elif isinstance(q, (int, float)) and not 0 <= q <= 1:
        raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q}")
    elif not isinstance(q, (int, float, list, tuple, np.ndarray, np.generic)):
        raise TypeError(f"quantile(): argument 'q' (position 2) must be Tensor, not {type(q).__name__}")
    portions = np.asarray(ops.plain(q), dtype)
    if portions.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if not np.all((portions >= 0) & (portions <= 1)):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    if dim is None:
        kept_shape, x, dim = (1,) * x.ndim, ops.reshape(x, (-1,)), 0
    else:
        dim = ops.wrap_dim(dim, x.ndim)
        kept_shape = tuple([1 if d == dim else n for d, n in enumerate(x.shape)])
        x = ops.reshape(x, (-1,)) if x.ndim == 0 else x
    values = np.moveaxis(ops.plain(x), dim, -1)
    order = np.argsort(values, axis=-1, kind="stable")      # NaN last
    present = np.sum(values == values, axis=-1)
    count = values.shape[-1]
    portions_all = portions.reshape(-1, *(1,) * present.ndim)
    if ignore_nan:
        scale = np.maximum(present - 1, 0).astype(dtype)
        ranks = portions_all * scale
    else:
        scale = np.asarray(count - 1, dtype)
        ranks = np.where(present < count, scale, portions_all * scale)      # NaN, where there is one
    how = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}.get(interpolation)
    grid = [np.broadcast_to(part, ranks.shape) for part in np.indices(present.shape, sparse=True)]

    def at(places):
        places = order[(*grid, places.astype(np.int64))]
        return ops.index(x, (*grid[:dim], places, *grid[dim:]))

    if how is not None:
        out = at(how(ranks))
    else:
        below, above = at(np.floor(ranks)), at(np.ceil(ranks))
        if interpolation == "midpoint":
            weight = np.full(ranks.shape, 0.5, dtype)
        elif ops.records(q):
            exact = np.where(present < count, dtype.type(0), scale) if not ignore_nan else scale
            weight = ops.reshape(q, portions_all.shape) * ops.constant(exact) - ops.constant(
                np.asarray(np.where(exact == 0, 0, np.floor(ranks)), dtype))
        else:
            weight = np.asarray(ranks - np.floor(ranks))
        rise = above - below
        near = ops.plain(weight) < 0.5
        weight = weight if ops.is_variable(weight) else ops.constant(weight, like=x)
        out = ops.where(near, below + weight * rise, above - rise * (1 - weight))
    shape = kept_shape if keepdim else tuple(present.shape)
    return ops.no_view(ops.reshape(out, (*portions.shape, *shape)))


# ---- differences and integrals

def diff_of(ops, x, n, dim, prepend, append):
    """Differences of neighbours, n times; of bools, whether they differ."""
    if x.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    n = ops.integer(n)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    dim = ops.wrap_dim(dim, x.ndim)
    parts = [part for part in (prepend, x, append) if part is not None]
    for part in parts:
        if ops.operand(part, "diff", "prepend or append", 4).ndim != x.ndim:
            raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    out = x if len(parts) == 1 else ops.cat(parts, dim)
    if n == 0:
        return ops.clone(out)
    for _ in range(min(n, out.shape[dim])):
        left, right = (ops.narrow(out, dim, start, out.shape[dim] - 1) for start in (0, 1))
        if ops.dtype(out).kind == "b":
            out = ops.constant(ops.plain(left) != ops.plain(right), like=x)
        else:
            out = right - left
    return out


def numpy_diff(ops, x, n, axis, prepend, append):
    """numpy.diff, whose ends may be numbers."""
    if x.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    if n == 0:
        return x

    def end(value):
        if value is None:
            return None
        d = ops.wrap_dim(axis, x.ndim)
        value = value if ops.is_variable(value) else ops.constant(ops.numpy.asarray(value), like=x)
        if not value.ndim:
            value = ops.expand(value, [1 if i == d else m for i, m in enumerate(x.shape)])
        return value

    return ops.diff(x, n, axis, end(prepend), end(append))


def numpy_trapezoid(ops, y, x, dx, axis):
    """numpy.trapezoid, where dx gives way to x; in the order of NumPy's sums."""
    axis = ops.wrap_dim(axis, y.ndim)

    def neighbours(v, d):
        length = max(v.shape[d] - 1, 0)
        return ops.narrow(v, d, min(1, v.shape[d]), length), ops.narrow(v, d, 0, length)

    steps = dx
    if x is not None:
        x = x if ops.is_variable(x) else ops.constant(ops.numpy.asarray(x), like=y)
        after, before = neighbours(x, 0 if x.ndim == 1 else ops.wrap_dim(axis, x.ndim))
        steps = after - before
        if x.ndim == 1:
            steps = ops.reshape(steps, [-1 if d == axis else 1 for d in range(y.ndim)])
    elif not ops.is_variable(dx) and ops.numpy.ndim(dx):
        steps = ops.constant(ops.numpy.asarray(dx), like=y)
    after, before = neighbours(y, axis)
    return ops.sum(steps * (after + before) / 2.0, (axis,), False)


@rounded_once
def trapezoid_of(ops, y, x, dx, dim):
    """The integral of samples y at x, or at distances dx, by the trapezoidal rule."""
    y, steps, dim = _trapezoids(ops, "trapezoid", y, x, dx, dim)
    shape = tuple(y.shape)
    if not shape[dim]:
        return ops.constant(ops.numpy.zeros(shape[:dim] + shape[dim + 1:], ops.dtype(y)), like=y)
    if x is None:
        ends = ops.select(y, dim, 0) + ops.select(y, dim, shape[dim] - 1)
        return ops.named(ops.keep_number((ops.sum(y, (dim,), False) - ops.keep_number(ends * 0.5)) * steps), "MulBackward1")
    left, right = (ops.narrow(y, dim, start, shape[dim] - 1) for start in (0, 1))
    return ops.keep_number(ops.sum(steps * (left + right), (dim,), False) / 2)


@rounded_once
def cumulative_trapezoid_of(ops, y, x, dx, dim):
    """The same up to each sample but the first."""
    y, steps, dim = _trapezoids(ops, "cumulative_trapezoid", y, x, dx, dim)
    length = max(y.shape[dim] - 1, 0)
    left, right = (ops.narrow(y, dim, min(start, y.shape[dim]), length) for start in (0, 1))
    half = ops.keep_number(steps / 2) if ops.is_variable(steps) else steps / 2
    return ops.cumsum(ops.keep_number((left + right) * half), dim)


def _trapezoids(ops, name, y, x, dx, dim):
    """y, the distances of neighbours (a number, or a Variable whose shape broadcasts), and the dimension."""
    dim = ops.wrap_dim(dim, y.ndim)
    if y.ndim == 0:
        raise IndexError(f"{name}: expected samples in a dimension, but y has none")
    if ops.dtype(y).kind == "b" or (x is not None and ops.dtype(ops.operand(x, name, "x", 2)).kind == "b"):
        raise RuntimeError(f"{name}: received a bool input for `x` or `y`, but bool is not supported")
    if x is None:
        if isinstance(dx, bool) or ops.is_variable(dx):
            raise TypeError(f"{name}(): argument 'dx' must be Number, not {type(dx).__name__}")
        return y, 1.0 if dx is None else float(dx), dim
    if dx is not None:
        raise TypeError(f"{name}() takes x or dx, not both")
    if x.ndim == 1:
        if x.shape[0] != y.shape[dim]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = ops.reshape(x, tuple([-1 if d == dim else 1 for d in range(y.ndim)]))
    elif x.ndim < y.ndim:
        x = ops.reshape(x, (*(1,) * (y.ndim - x.ndim), *tuple(x.shape)))
    if not y.shape[dim]:
        return y, 1.0, dim
    return y, ops.narrow(x, dim, 1, x.shape[dim] - 1) - ops.narrow(x, dim, 0, x.shape[dim] - 1), dim


@rounded_once
def dist_of(ops, x, y, p):
    if not ops.is_variable(y):
        raise TypeError(f"dist(): argument 'other' (position 2) must be Tensor, not {type(y).__name__}")
    return ops.norm(x - y, p)
