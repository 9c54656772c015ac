"""Sorting and searching: positions are constants, so a derivative goes to the elements at the positions that were found."""
from .common import along, refuse_complex
from .indexing import indices_of

#: From this size on, the k largest are looked for without sorting all.
MANY = 2048


def order_of(np, values, dim, descending=False):
    """The stable order of an array along a dimension; NaN counts as the largest."""
    if not descending:
        return np.argsort(values, axis=dim, kind="stable")
    return values.shape[dim] - 1 - np.flip(np.argsort(np.flip(values, dim), axis=dim, kind="stable"), dim)


def _picked(ops, x, order, dim, name):
    """x at an order of positions along dim, and the order."""
    where = (order,) if x.ndim == 1 else along(ops.numpy, order, dim)
    return ops.apply("index", (x,), (where,), name), ops.constant(order, like=x)


def sort_of(ops, x, dim, descending, stable):
    """In a stable order either way; PyTorch's node for a call with stable= has another name."""
    refuse_complex(ops, x, RuntimeError, " Sort does not support complex dtypes on CPU")
    name = "SortBackward0" if stable is None else "SortBackward1"
    dim = ops.wrap_dim(dim, x.ndim)
    if x.ndim == 0:
        return ops.named(x.clone(), name, x), ops.constant(ops.numpy.zeros((), ops.numpy.int64), like=x)
    return _picked(ops, x, order_of(ops.numpy, ops.plain(x), dim, descending), dim, name)


def _known(kind, order, stable):
    """Refuse what NumPy refuses; equal elements keep their order, stable or not."""
    if kind not in (None, "quicksort", "mergesort", "heapsort", "stable"):
        raise ValueError(f"sort kind must be one of 'quick', 'heap', or 'stable' (got {kind!r})")
    if order is not None:
        raise ValueError("Cannot specify order when the array has no fields.")
    if kind is not None and stable is not None:
        raise ValueError("`kind` and `stable` parameters can't be provided at the same time. Use only one of them.")


def _numpy_sorted(ops, x, axis, descending):
    """NumPy has NaN last, descending too, where it is the largest for PyTorch."""
    if descending and x.dtype.kind in "fc":
        return ops.neg(ops.sort(ops.neg(x), axis)[0])
    return ops.sort(x, axis, bool(descending))[0]


def numpy_sort_of(ops, x, axis, kind, order, stable, descending):
    """ndarray.sort: in place, returns nothing."""
    _known(kind, order, stable)
    if x.ndim == 0:
        ops.wrap_dim(axis, 0)
        raise IndexError("axis -1 is out of bounds for array of dimension 0")
    if axis is None:
        raise TypeError("sort(): an array of several dimensions is sorted in place along one: reshape(-1) first for all")
    ops.in_place(lambda source: _numpy_sorted(ops, source, axis, descending), x)


def numpy_sorted_of(ops, x, axis, kind, order, stable, descending):
    """numpy.sort: a copy; without an axis, of the flattened operand."""
    _known(kind, order, stable)
    if axis is None:
        return _numpy_sorted(ops, ops.reshape(x, (-1,)), 0, descending)
    if x.ndim == 0:
        raise ops.numpy.exceptions.AxisError(axis, 0)
    return _numpy_sorted(ops, x, axis, descending)


def argsort_of(ops, x, dim, descending, stable):
    refuse_complex(ops, x, RuntimeError, " Sort does not support complex dtypes on CPU")
    dim = ops.wrap_dim(dim, x.ndim)
    values = ops.plain(x)
    if x.ndim == 0:
        return ops.constant(ops.numpy.zeros((), ops.numpy.int64), like=x)
    return ops.constant(order_of(ops.numpy, values, dim, descending), like=x)


def numpy_argsort_of(ops, x, axis, kind, order, stable, descending):
    _known(kind, order, stable)
    if axis is None:
        x, axis = ops.reshape(x, (-1,)), 0
    elif x.ndim == 0:
        x = ops.reshape(x, (1,))
    if descending and x.dtype.kind in "fc":
        x, descending, stable = ops.neg(x), False, True
    if descending or stable or ops.is_batch(x):
        return ops.argsort(x, axis, bool(descending))
    return ops.constant(ops.numpy.argsort(ops.plain(x), axis, kind), like=x)    # NumPy's order among equal elements


def msort_of(ops, x):
    refuse_complex(ops, x, RuntimeError, " Sort does not support complex dtypes on CPU")
    if x.ndim == 0:
        return ops.named(x.clone(), "SortBackward0", x)
    return sort_of(ops, x, 0, False, None)[0]


def topk_of(ops, x, k, dim, largest, sorted):
    refuse_complex(ops, x, RuntimeError, " topk does not support complex dtypes on CPU")
    dim = ops.wrap_dim(dim, x.ndim)
    np, values = ops.numpy, ops.plain(x)
    n = values.shape[dim] if x.ndim else 1
    if isinstance(k, bool) or not hasattr(k, "__index__"):
        raise TypeError(f"topk(): argument 'k' (position 1) must be int, not {type(k).__name__}")
    k = int(k)
    if not 0 <= k <= n:
        raise RuntimeError("selected index k out of range")
    if x.ndim == 0:
        if k != 1:
            return ops.reshape(x, (1,))[:0], ops.constant(np.zeros(0, np.int64), like=x)
        return ops.named(x.clone(), "TopkBackward0", x), ops.constant(np.zeros((), np.int64), like=x)
    if n < MANY or not 0 < k < n // 4:
        order = order_of(np, values, dim, largest)
    else:
        order = np.argpartition(values, n - k if largest else k - 1, axis=dim)
        order = np.sort(order[_first(dim, n - k, n) if largest else _first(dim, 0, k)], axis=dim)
        order = np.take_along_axis(order, order_of(np, np.take_along_axis(values, order, dim), dim, largest), dim)
    return _picked(ops, x, np.ascontiguousarray(order[_first(dim, 0, k)]), dim, "TopkBackward0")


def _first(dim, start, stop):
    return (slice(None),) * dim + (slice(start, stop),)


# ---- distinct elements

def _without_derivative(ops, x, values, name, function):
    """Values that are elements of x, though which of equal ones is not known: a gradient is refused when it is asked for."""
    if not ops.records(x):
        return ops.constant(values, like=x)

    def refuse(gs, needs):
        raise NotImplementedError(f"the derivative for '{function}' is not implemented: which of equal elements a value comes "
                                  "from is not defined; call it on x.detach()")

    return ops.like(ops.custom((x,), (values,), refuse, name)[0], x)


def _with_extras(ops, x, values, inverse, counts, wanted):
    extras = [ops.constant(a.astype(ops.numpy.int64), like=x) for a, keep in zip((inverse, counts), wanted) if keep]
    return (values, *extras) if extras else values


def _dim_of_slices(ops, x, dim):
    if x.ndim == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return ops.wrap_dim(dim, x.ndim)


def unique_of(ops, x, sorted, return_inverse, return_counts, dim):
    refuse_complex(ops, x, NotImplementedError, f"\"unique{'_dim' if dim is not None else ''}\" not implemented for '{{}}'")
    np, values = ops.numpy, ops.plain(x)
    if dim is not None:
        dim = _dim_of_slices(ops, x, dim)
        if not values.shape[dim] and 0 in values.shape[:dim] + values.shape[dim + 1:]:
            raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    found, inverse, counts = np.unique(values, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    inverse = inverse.reshape(values.shape if dim is None else -1)
    name, function = ("Unique2Backward0", "_unique2") if dim is None else ("UniqueDimBackward0", "unique_dim")
    found = _without_derivative(ops, x, found, name, function)
    return _with_extras(ops, x, found, inverse, counts, (return_inverse, return_counts))


def unique_consecutive_of(ops, x, return_inverse, return_counts, dim):
    np, values = ops.numpy, ops.plain(x)
    flat, axis = (values.reshape(-1), 0) if dim is None else (values, _dim_of_slices(ops, x, dim))
    n = flat.shape[axis]
    rows = np.moveaxis(flat, axis, 0).reshape(n, -1 if flat.size else 0)
    new = np.concatenate([np.ones(min(n, 1), bool), (rows[1:] != rows[:-1]).any(axis=1)])
    start = np.flatnonzero(new)
    inverse = (np.cumsum(new) - 1).reshape(values.shape if dim is None else -1)
    found = _without_derivative(ops, x, np.take(flat, start, axis), "UniqueConsecutiveBackward0", "unique_consecutive")
    return _with_extras(ops, x, found, inverse, np.diff(np.append(start, n)), (return_inverse, return_counts))


# ---- searching

def nonzero_of(ops, x, as_tuple):
    np, values = ops.numpy, ops.plain(x)
    if as_tuple:
        return tuple([ops.constant(a, like=x) for a in np.nonzero(values if x.ndim else values.reshape(1))])
    return argwhere_of(ops, x)


def numpy_nonzero_of(ops, x):
    """ndarray.nonzero: one array of positions for each dimension."""
    if x.ndim == 0:
        raise ValueError("Calling nonzero on 0d arrays is not allowed. Use np.atleast_1d(scalar).nonzero() instead.")
    return nonzero_of(ops, x, True)


def argwhere_of(ops, x):
    return ops.constant(ops.numpy.ascontiguousarray(ops.numpy.argwhere(ops.plain(x))), like=x)


def _searched(ops, name, edges, x, right, side, sorter, out_int32):
    """Where each element of x belongs among edges in ascending order; in the last dimension where they have several."""
    np = ops.numpy
    if side not in (None, "left", "right"):
        raise RuntimeError(f"autodiff.{name}(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(f"autodiff.{name}(): side and right can't be set to opposites, got side of left while right was "
                           "True")
    side = "right" if right else side or "left"
    if sorter is not None:
        if sorter.shape != edges.shape:
            raise RuntimeError(f"autodiff.{name}(): boundary and sorter must have the same size, but got boundary tensor "
                               f"{list(edges.shape)} and got sorter tensor {list(sorter.shape)}")
        if sorter.dtype != np.int64:
            raise RuntimeError(f"autodiff.{name}(): sorter must be a tensor of long dtype but got dtype {sorter.dtype.name}")
        edges = np.take_along_axis(edges, sorter, -1)
    if edges.ndim == 0:
        raise RuntimeError(f"autodiff.{name}(): input value can be a scalar only when boundaries tensor dimension is 1, but we "
                           "got boundaries tensor dim(0)")
    if edges.ndim == 1:
        found = np.searchsorted(edges, x, side)
    elif edges.ndim == x.ndim and edges.shape[:-1] == x.shape[:-1]:
        found = np.empty(x.shape, np.int64)
        for row in np.ndindex(*edges.shape[:-1]):
            found[row] = np.searchsorted(edges[row], x[row], side)
    else:
        raise RuntimeError(f"autodiff.{name}(): boundaries tensor should be 1 dimension or the first N-1 dimensions of "
                           f"boundaries tensor and input value tensor must match, but we got boundaries tensor "
                           f"{list(edges.shape)} and input value tensor {list(x.shape)}")
    return np.asarray(found, np.int32 if out_int32 else np.int64)


def searchsorted_of(ops, edges, x, out_int32, right, side, sorter):
    sorter = None if sorter is None else indices_of(ops, edges, sorter, "searchsorted", "sorter", 3)
    found = _searched(ops, "searchsorted", ops.plain(edges), ops.plain(x), right, side, sorter, out_int32)
    return ops.constant(found, like=edges)


def numpy_searchsorted_of(ops, edges, v, side, sorter):
    """ndarray.searchsorted, of edges and v of which one at least is a Variable."""
    np = ops.numpy
    like = edges if ops.is_variable(edges) else v
    edges, v = [x if ops.is_variable(x) else ops.constant(np.asarray(x), like=like) for x in (edges, v)]
    if edges.ndim != 1:
        raise ValueError("object too deep for desired array" if edges.ndim else "object of too small depth for desired array")
    if side not in ("left", "right"):
        raise ValueError(f"side must be 'left' or 'right' (got {side!r})")
    if sorter is not None:
        sorter = np.asarray(ops.plain(sorter) if ops.is_variable(sorter) else sorter)
        if sorter.dtype.kind not in "biu":
            raise TypeError("sorter must only contain integers")
        if sorter.shape != edges.shape:
            raise ValueError("sorter.size must equal self.size")
        sorter = sorter.astype(np.int64)
    return ops.searchsorted(edges, v, side=side, sorter=sorter)


def bucketize_of(ops, x, boundaries, out_int32, right):
    ops.operand(boundaries, "bucketize", "boundaries", 2)
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    found = _searched(ops, "bucketize", ops.plain(boundaries), ops.plain(x), right, None, None, out_int32)
    return ops.constant(found, like=x)


def isin_of(ops, elements, test_elements, assume_unique, invert):
    np = ops.numpy
    found = np.isin(ops.plain(elements), ops.plain(test_elements), invert=bool(invert))
    return ops.constant(np.asarray(found), like=elements)


def bincount_of(ops, x, weights, minlength):
    """How often each number occurs; with weights their sums, which are recorded."""
    np, values = ops.numpy, ops.plain(x)
    if values.dtype.kind not in "iu":
        raise NotImplementedError(f'"bincount_cpu" not implemented for \'{ops.scalar_name(x)}\'')
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if values.size and (values.ndim != 1 or values.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    values = values.reshape(-1).astype(np.int64)
    if weights is None:
        return ops.constant(np.bincount(values, minlength=minlength), like=x)
    if not ops.is_variable(weights):
        weights = ops.constant(np.array(weights), like=x)
    if tuple(weights.shape) != values.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    if ops.dtype(weights).kind != "f":
        weights = ops.to(weights, np.float64)
    n = max(int(values.max(initial=-1)) + 1, minlength)
    return ops.apply("index_add_zeros", (weights,), (values, (n,)), "BincountBackward0")


def histc_of(ops, x, bins, min, max):
    np, values = ops.numpy, ops.plain(x)
    if values.dtype.kind != "f":
        raise NotImplementedError(f'"histogram_cpu" not implemented for \'{ops.scalar_name(x)}\'')
    if bins <= 0:
        raise RuntimeError(f"autodiff.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = float(min), float(max)
    if low == high and values.size:
        low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 1, high + 1
    if not np.isfinite(low) or not np.isfinite(high):
        raise RuntimeError(f"autodiff.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("autodiff.histc: max must be larger than min")
    counts = np.histogram(values[np.isfinite(values)], bins, (low, high))[0]
    return ops.constant(counts.astype(values.dtype), like=x)
