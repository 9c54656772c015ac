"""Indexing: reading and writing by arrays of positions; sorting and searching stand in searching.py.

Every op of this family is one of four, under PyTorch's name: index reads, index_set writes, index_put_add adds, and
index_add_zeros, the transpose of index, adds to zeros.  Their index is what NumPy's would be: a tuple of arrays, slices and
integers.  Its arrays are in C order, so that of several elements written to one place the last in C order stays.
"""
from .common import C_TYPES, along, within

#: Up to this many elements NumPy's own adding by a tuple of arrays is the faster.
FEW = 256


# ---- the four ops

def index_value(np, x, index):
    return np.array(x[index], order="C")        # where NumPy gathers along a last dimension, its layout is another


def index_dx(ops, g, index, shape_x):
    return ops.index_add_zeros(g, index, shape_x)


def add_at(np, out, index, x):
    """out[index] += x with duplicates added each: by NumPy, but by places in the flat array where there are many.

    NumPy adds fast at one array of places only, and where no place can occur twice there is no need of it.
    """
    entries = index if isinstance(index, tuple) else (index,)
    if not any(isinstance(entry, np.ndarray) and entry.dtype != np.bool for entry in entries):
        out[index] += x
    elif out.size <= FEW or (len(entries) == 1 and out.ndim == 1) or not out.flags.c_contiguous:
        np.add.at(out, index, x)
    else:
        places = np.arange(out.size).reshape(out.shape)[index]
        np.add.at(out.reshape(-1), places.reshape(-1), np.broadcast_to(x, places.shape).reshape(-1).astype(out.dtype))


def index_add_zeros_value(np, x, index, shape):
    out = np.zeros(shape, x.dtype)
    add_at(np, out, index, x)
    return out


def index_set_value(np, x, y, index):
    out = np.array(x, order="C")
    out[index] = y
    return out


def index_set_dx(ops, g, index):
    return ops.index_set(g, 0.0, index)


def index_set_dy(ops, g, index):
    """What was written and written over again got no place in the result: its cotangent is 0."""
    read = ops.index(g, index)
    lost = written_over(ops.numpy, index, tuple(g.shape))
    return read if lost is None else ops.where(lost, 0.0, read)


def written_over(np, index, shape):
    """Which elements of out[index] = y a later one of the same write replaces, in a shape that y's broadcasts with.

    None if there are none.  NumPy writes in C order where the arrays of the index are in C order, as ours are (with arrays
    in Fortran's order it may write in theirs), so the last in that order stays.
    """
    entries = index if isinstance(index, tuple) else (index,)
    arrays = [entry for entry in entries if isinstance(entry, np.ndarray)]
    if not arrays or (len(arrays) == 1 and _once(np, arrays[0])):
        return None
    # The write done again with numbers, of the arrays' dimensions alone: what a slice takes is the same for each position.
    # The table is read where it was written and nowhere else, so what it costs grows with the index, not with the operand.
    consumed = sum([entry.ndim if isinstance(entry, np.ndarray) and entry.dtype == np.bool else 1 for entry in entries
                    if entry is not None and entry is not Ellipsis])
    sizes, reduced = [], []
    if not any(entry is Ellipsis for entry in entries):
        entries = (*entries, Ellipsis)
    for entry in entries:
        room = shape[len(sizes):]
        if isinstance(entry, np.ndarray):
            sizes.extend(room[:entry.ndim if entry.dtype == np.bool else 1])
        elif entry is Ellipsis:
            sizes.extend([1] * (len(shape) - consumed))
        elif entry is not None:
            sizes.append(1)
            entry = slice(None) if isinstance(entry, slice) else 0
        reduced.append(entry)
    places = tuple(reduced)
    like = np.broadcast_to(True, sizes)[places]
    table = np.empty(sizes, np.int64)
    if table.size <= 64 * like.size:
        # Bytes stay in the cache where numbers do not: of a permutation of a million this takes a tenth of what follows.
        seen = np.zeros(sizes, np.bool)
        seen[places] = True
        if np.count_nonzero(seen) == like.size:
            return None
    numbers = np.arange(like.size).reshape(like.shape)
    table[places] = numbers
    lost = table[places] != numbers
    return lost if lost.any() else None


def _once(np, index):
    """Whether it is soon seen that no position occurs twice: in a mask, where they rise, and in a few."""
    if index.dtype == np.bool or index.size <= 1:
        return True
    if index.size <= FEW:
        positions = index.reshape(-1).tolist()
        return min(positions) >= 0 and len(set(positions)) == len(positions)
    return index.ndim == 1 and index[0] >= 0 and bool((index[1:] > index[:-1]).all())


def index_put_add_value(np, x, y, index):
    out = np.array(x, order="C")
    add_at(np, out, index, y)
    return out


# ---- positions that a user gave

def indices_of(ops, x, index, name, argument="index", position=2):
    """A user's index, a Variable or an array (in the NumPy flavour lists, too), as an array of its own."""
    if not (ops.is_variable(index) or isinstance(index, ops.numpy.ndarray) or ops.is_numpy(x)):
        raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(index).__name__}")
    index = ops.numpy.array(ops.plain(index), order="C")
    return index.astype(ops.numpy.int64) if not index.size and ops.is_numpy(x) else index


def is_whole(ops, index, wide=False):
    """Whether an index is of int64, or of int32."""
    return index.dtype == ops.numpy.int64 or (not wide and index.dtype == ops.numpy.int32)


def check_bounds(index, dim, n, kind=RuntimeError, name="", negative=False):
    """Raise unless all positions are of a dimension of size n."""
    if index.size and (index.min() < (-n if negative else 0) or index.max() >= n):
        wrong = index[(index < (-n if negative else 0)) | (index >= n)].flat[0] if index.ndim else index
        raise kind(f"{name}index {wrong} is out of bounds for dimension {dim} with size {n}")


def mask_of(ops, x, mask, name, wrong):
    """A user's mask as an array of bools of its own."""
    mask = indices_of(ops, x, mask, name, "mask", 1)
    if mask.dtype != ops.numpy.bool:
        raise RuntimeError(wrong.format(ops.scalar_name(ops.constant(mask)).lower()))
    return mask


def broadcast_with(ops, x, mask):
    """x and a mask in the shape that both broadcast to."""
    shape, other = tuple(x.shape), mask.shape
    for back in range(1, min(len(shape), len(other)) + 1):
        a, b = shape[-back], other[-back]
        if a != b and a != 1 and b != 1:
            raise RuntimeError(f"The size of tensor a ({b}) must match the size of tensor b ({a}) at non-singleton dimension "
                               f"{max(len(shape), len(other)) - back}")
    common = ops.numpy.broadcast_shapes(shape, other)
    return (x if shape == common else ops.expand(x, common)), ops.numpy.broadcast_to(mask, common)


def check_same_dtype(ops, x, y, words):
    """PyTorch refuses a source of another dtype, and says so in a different way in every op."""
    if ops.dtype(x) != ops.dtype(y):
        raise RuntimeError(words.format(ops.scalar_name(x), ops.scalar_name(y)))


# ---- gather and what reads

def _as_vector(ops, x):
    return ops.reshape(x, (1,)) if not x.ndim else x


def _places(ops, x, dim, index, name):
    """dim, and an index along it, checked; a 0-d operand or index counts as one of one dimension."""
    dim = ops.wrap_dim(dim, x.ndim)
    if not is_whole(ops, index):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if index.size and max(index.ndim, 1) != max(x.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    return dim, index.astype(ops.numpy.int64)


def gather_of(ops, x, dim, index, sparse_grad):
    if sparse_grad:
        raise NotImplementedError("gather(): gradients are dense; leave sparse_grad at False")
    index = indices_of(ops, x, index, "gather")
    dim, index = _places(ops, x, dim, index, "gather")
    shape = tuple(x.shape) or (1,)
    if index.size:
        for d, n in enumerate(index.shape):
            if d != dim and n > shape[d]:
                raise RuntimeError(f"Size does not match at dimension {d} expected index {list(index.shape)} to be no larger "
                                   f"than self {list(shape)} apart from dimension {dim}")
    check_bounds(index, dim, shape[dim])
    return _gathered(ops, x, dim, index)


def _gathered(ops, x, dim, index):
    """x at checked positions along dim."""
    if not index.size:
        # Arrays of positions that are empty, too, fit dimensions of size 0, where a number does not.
        where = (ops.numpy.zeros(index.shape, ops.numpy.int64),) * max(x.ndim, 1)
    else:
        where = (index,) if max(x.ndim, 1) == 1 else along(ops.numpy, index, dim)
    return ops.apply("index", (_as_vector(ops, x),), (where,), "GatherBackward0")


def take_along_dim_of(ops, x, indices, dim):
    indices = indices_of(ops, x, indices, "take_along_dim", "indices", 1)
    if not is_whole(ops, indices, wide=True):
        raise RuntimeError("autodiff.take_along_dim(): dtype of indices should be Long but got "
                           f"{ops.scalar_name(ops.constant(indices))}")
    if dim is None:
        x, indices, dim = ops.reshape(x, (-1,)), indices.reshape(-1), 0
    if indices.ndim != x.ndim:
        raise RuntimeError("autodiff.take_along_dim(): input and indices should have the same number of dimensions, but got "
                           f"{x.ndim} dimensions for input, and {indices.ndim} dimensions for indices")
    dim = ops.wrap_dim(dim, x.ndim)
    if x.ndim:
        apart = lambda shape: tuple([1 if d == dim else n for d, n in enumerate(shape)])
        try:
            common = ops.numpy.broadcast_shapes(apart(x.shape), apart(indices.shape))
        except ValueError:
            raise RuntimeError(f"autodiff.take_along_dim(): the shapes {list(x.shape)} and {list(indices.shape)} cannot be "
                               f"broadcast apart from dimension {dim}") from None
        with_dim = lambda n: (*common[:dim], n, *common[dim + 1:])
        if tuple(x.shape) != with_dim(x.shape[dim]):
            x = ops.expand(x, with_dim(x.shape[dim]))
        indices = ops.numpy.broadcast_to(indices, with_dim(indices.shape[dim]))
    check_bounds(indices, dim, x.shape[dim] if x.ndim else 1, negative=True)
    return _gathered(ops, x, dim, indices)


def take_of(ops, x, index):
    index = indices_of(ops, x, index, "take", position=1)
    if not is_whole(ops, index, wide=not ops.is_numpy(x)):
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {ops.scalar_name(ops.constant(index))}")
    n = x.numel()
    if index.size and not n:
        raise IndexError("take(): tried to take from an empty tensor")
    _check_flat(index, n)
    if x.ndim <= 1:
        return ops.apply("index", (_as_vector(ops, x),), ((index,),), "TakeBackward0")
    return ops.apply("index", (x,), (ops.numpy.unravel_index(index % max(n, 1), tuple(x.shape)),), "TakeBackward0")


def _check_flat(index, n):
    if index.size and (index.min() < -n or index.max() >= n):
        wrong = index[(index < -n) | (index >= n)].flat[0] if index.ndim else index
        raise IndexError(f"out of range: tried to access index {wrong} on a tensor of {n} elements.")


def _numpy_mode(ops, index, n, mode):
    """Positions under NumPy's mode=: 'wrap' and 'clip' leave none out of range."""
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    return index if mode == "raise" else index % n if mode == "wrap" else ops.numpy.clip(index, 0, n - 1)


def numpy_take_of(ops, x, indices, axis, mode):
    """numpy.take: flat, or whole slices along an axis."""
    index = indices_of(ops, x, indices, "take", "indices", 1).astype(ops.numpy.int64, casting="same_kind")
    if axis is None:
        return take_of(ops, x, _numpy_mode(ops, index, x.numel(), mode))
    axis = ops.wrap_dim(axis, x.ndim)
    n = x.shape[axis]
    index = _numpy_mode(ops, index, n, mode)
    check_bounds(index, axis, n, IndexError, negative=True)
    return ops.apply("index", (x,), ((slice(None),) * axis + (index,),), "IndexSelectBackward0")


def index_select_of(ops, x, dim, index):
    index = indices_of(ops, x, index, "index_select")
    dim = ops.wrap_dim(dim, x.ndim)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if not is_whole(ops, index):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if not x.ndim and index.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
    if index.size and (index.min() < 0 or index.max() >= (x.shape[dim] if x.ndim else 1)):
        raise IndexError("index out of range in self")
    if not x.ndim:
        return ops.apply("index", (x,), ((),), "IndexSelectBackward0")
    return ops.apply("index", (x,), ((slice(None),) * dim + (index.reshape(-1),),), "IndexSelectBackward0")


def masked_select_of(ops, x, mask):
    mask = mask_of(ops, x, mask, "masked_select", "masked_select: expected BoolTensor for mask")
    x, mask = broadcast_with(ops, x, mask)
    return ops.apply("index", (x,), ((mask,),), "MaskedSelectBackward0")


# ---- scatter and what writes

def _scatter_places(ops, x, dim, index, src):
    """dim, the index of the places, and the part of src that goes there, all checked; index may be smaller than src."""
    index = indices_of(ops, x, index, "scatter")
    dim, index = _places(ops, x, dim, index, "scatter")
    shape = tuple(x.shape) or (1,)
    if src is not None:
        if ops.dtype(x) != ops.dtype(src):
            raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
        if index.size and max(src.ndim, 1) != len(shape):
            raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if index.size:
        index = index.reshape(index.shape or (1,))
        room = tuple(src.shape) or (1,) if src is not None else index.shape
        if any(n > room[d] or (d != dim and n > shape[d]) for d, n in enumerate(index.shape)):
            raise RuntimeError(f"Expected index {list(index.shape)} to be no larger than self {list(shape)} apart from "
                               f"dimension {dim}"
                               + (f" and to be no larger size than src {list(room)}" if src is not None else ""))
        if src is not None:
            src = _as_vector(ops, src)
            if room != index.shape:
                src = src[tuple([slice(0, n) for n in index.shape])]
    check_bounds(index, dim, shape[dim])
    return dim, ((index,) if index.ndim == 1 else along(ops.numpy, index, dim)) if index.size else None, src


def _written(ops, op, x, y, index, tag):
    """An op of two operands at places of x, which may have no dimensions; index None: at no place."""
    if index is None:       # recorded all the same: the gradient of what was not written is 0 and not None
        index = (ops.numpy.empty(0, ops.numpy.int64),) * max(x.ndim, 1)
        y = ops.reshape(y, (-1,))[:0] if ops.is_variable(y) else y
    if x.ndim:
        return ops.apply(op, (x, y), (index,), tag)
    return ops.named(ops.no_view(ops.reshape(ops.apply(op, (_as_vector(ops, x), y), (index,), tag), ())), tag, x)


def scatter_of(ops, x, dim, index, src, value, reduce):
    if (src is None) == (value is None):
        raise TypeError("scatter() received an invalid combination of arguments: give either src, a Variable or number, or "
                        "value, a number")
    if src is None or not ops.is_variable(src):
        src, value = None, value if src is None else src
        if ops.is_variable(value):
            value = value.item()
        if not isinstance(value, (bool, int, float, complex, ops.numpy.number)):
            raise TypeError(f"scatter(): argument 'src' (position 3) must be Tensor, not {type(value).__name__}")
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        if src is None:
            index = indices_of(ops, x, index, "scatter")
            src = ops.constant(ops.numpy.full(index.shape, value, ops.dtype(x)))
        if reduce == "multiply":
            return scatter_reduce_of(ops, x, dim, index, src, "prod", True)
        return scatter_add_of(ops, x, dim, index, src)
    _, index, part = _scatter_places(ops, x, dim, index, src)
    if src is None:
        return _written(ops, "index_set", x, number_for(ops, x, value), index, "ScatterBackward1")
    return _written(ops, "index_set", x, part, index, "ScatterBackward0")


def number_for(ops, x, value):
    """A number that is to become elements of x."""
    kind = ops.dtype(x).kind
    if isinstance(value, (complex, ops.numpy.complexfloating)) and kind != "c":
        raise RuntimeError(f"value cannot be converted to type {C_TYPES[ops.dtype(x).name]} without overflow")
    return bool(value) if kind == "b" else ops.as_integer(value, ops.dtype(x), not ops.is_numpy(x)) if kind in "iu" else value


def scatter_add_of(ops, x, dim, index, src):
    ops.operand(src, "scatter_add", "src", 3)
    _, index, src = _scatter_places(ops, x, dim, index, src)
    return _written(ops, "index_put_add", x, src, index, "ScatterAddBackward0")


def scatter_reduce_of(ops, x, dim, index, src, reduce, include_self):
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    ops.operand(src, "scatter_reduce", "src", 3)
    _, where, part = _scatter_places(ops, x, dim, index, src)
    if where is None:
        return ops.named(x.clone(), "ScatterReduceBackward0", x)
    return _reduced_at(ops, x, where, part, reduce, include_self, "ScatterReduceBackward0")


def index_reduce_of(ops, x, dim, index, source, reduce, include_self):
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    where, source = _rows_and_source(ops, x, dim, index, source, "index_reduce", IndexError)
    return _reduced_at(ops, x, where, source, reduce, include_self, "IndexReduceBackward0")


def _reduced_at(ops, x, where, part, reduce, include_self, name):
    vector = _as_vector(ops, x)
    if reduce in ("amax", "amin"):
        result = ops.apply("scatter_extreme", (vector, part), (where, reduce == "amax", bool(include_self)))
    elif reduce == "prod":
        result = _product_at(ops, vector, part, where, include_self)
    else:
        start = vector if include_self else ops.apply("index_set", (vector, 0), (where,))
        result = ops.apply("index_put_add", (start, part), (where,))
        if reduce == "mean":
            result = _mean_at(ops, result, where, include_self)
    return ops.named(result if x.ndim else ops.no_view(ops.reshape(result, ())), name, x)


def _mean_at(ops, total, where, include_self):
    """A sum at places, divided by how many were added there; integers are rounded down."""
    np = ops.numpy
    count = np.zeros(tuple(total.shape), np.int64)
    add_at(np, count, where, 1)
    count = count + 1 if include_self else np.maximum(count, 1)
    dtype = ops.dtype(total)
    if dtype.kind in "iu":
        return ops.constant(ops.plain(total) // count.astype(dtype), like=total)
    return total / ops.constant(count.astype(dtype), like=total)


def _product_at(ops, x, src, where, include_self):
    """The product of the elements that go to one place, and of the one there: by pairs, so that zeros need no care.

    Elements in the order of their places; in each round the second, fourth, ... of a place is multiplied into its left
    neighbour, until one is left for each.  Recorded ops only, so the derivatives of every order are right.
    """
    np = ops.numpy
    flat = np.arange(x.numel()).reshape(tuple(x.shape))[where].reshape(-1)
    values = ops.reshape(src, (-1,))
    result = ops.reshape(x, (-1,))
    if include_self:
        touched = np.unique(flat)
        values, flat = ops.cat([ops.index(result, (touched,)), values], 0), np.concatenate([touched, flat])
    order = np.argsort(flat, kind="stable")
    values, flat = ops.index(values, (order,)), flat[order]
    while True:
        first = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
        rank = np.arange(flat.size) - np.repeat(first, np.diff(np.append(first, flat.size)))
        right = np.flatnonzero(rank % 2)
        if not right.size:
            break
        left = np.flatnonzero(rank % 2 == 0)
        paired = np.searchsorted(left, right - 1)
        kept = ops.index(values, (left,))
        values = ops.index_set(kept, ops.index(values, (right - 1,)) * ops.index(values, (right,)), (paired,))
        flat = flat[left]
    return ops.reshape(ops.index_set(result, values, (flat,)), tuple(x.shape))


def scatter_extreme_value(np, x, y, index, largest, include_self):
    out = np.array(x, order="C")
    if not include_self:
        kind = np.iinfo(out.dtype) if out.dtype.kind in "iu" else None
        out[index] = False if out.dtype.kind == "b" else -np.inf if kind is None else kind.min
        if not largest:
            out[index] = True if out.dtype.kind == "b" else np.inf if kind is None else kind.max
    flat = np.arange(out.size).reshape(out.shape)[index]
    (np.maximum if largest else np.minimum).at(out.reshape(-1), flat.reshape(-1), np.broadcast_to(y, flat.shape).reshape(-1))
    return out


def _shares(ops, x, y, out, index, include_self):
    """For each element of x and of y, its share of the cotangent: evenly among those that attain the extreme."""
    np = ops.numpy
    x, y, out = ops.plain(x), ops.plain(y), ops.plain(out)
    same = lambda a, b: ((a == b) | (np.isnan(a) & np.isnan(b))).astype(out.dtype)
    of_x, of_y = same(x, out), same(y, out[index])
    if not include_self:
        of_x[index] = 0
    count = of_x.copy()
    add_at(np, count, index, of_y)
    untouched = np.ones(x.shape, bool)
    untouched[index] = False
    of_x[untouched] = 1
    count[untouched] = 1
    count = np.maximum(count, 1)
    return of_x / count, of_y / count[index]


def scatter_extreme_dx(ops, g, x, y, out, index, include_self):
    return g * ops.constant(_shares(ops, x, y, out, index, include_self)[0])


def scatter_extreme_dy(ops, g, x, y, out, index, include_self):
    return ops.index(g, index) * ops.constant(_shares(ops, x, y, out, index, include_self)[1])


def masked_fill_of(ops, x, mask, value):
    mask = mask_of(ops, x, mask, "masked_fill", "masked_fill_ only supports boolean masks, but got mask with dtype {}")
    if ops.is_variable(value):
        if value.ndim:
            raise RuntimeError("masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                               f"{value.ndim} dimension(s).")
        if ops.dtype(value).kind == "c" and ops.dtype(x).kind != "c" and value.item().imag:
            raise RuntimeError(f"value cannot be converted to type {ops.scalar_name(x).lower()} without overflow")
        value, name = ops.to(value, ops.dtype(x)), "MaskedFillBackward1"
    else:
        value, name = number_for(ops, x, value), "MaskedFillBackward0"
    x, mask = broadcast_with(ops, x, mask)
    return ops.apply("index_set", (x, value), ((mask,),), name)


def masked_scatter_of(ops, x, mask, source):
    ops.operand(source, "masked_scatter", "source", 2)
    check_same_dtype(ops, x, source, "masked_scatter: expected self and source to have same dtypes but got{} and {}")
    mask = mask_of(ops, x, mask, "masked_scatter", "masked_scatter_ only supports boolean masks, but got mask with dtype {}")
    x, mask = broadcast_with(ops, x, mask)
    count = int(ops.numpy.count_nonzero(mask))
    if source.numel() < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    source = ops.reshape(source, (-1,))
    if source.shape[0] != count:
        source = source[:count]
    return ops.apply("index_set", (x, source), ((mask,),), "MaskedScatterBackward0")


def _rows_and_source(ops, x, dim, index, source, name, kind):
    """An index of the slices at a vector of positions along dim, and as many slices of a source; all checked."""
    ops.operand(source, name, "source", 3)
    index = indices_of(ops, x, index, name)
    dim = ops.wrap_dim(dim, x.ndim)
    word = ops.scalar_name(ops.constant(index))
    copies = name == "index_copy"
    if index.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})" if copies else
                         f"{name}_(): Index is supposed to be a vector, but got dim: {index.ndim} with type: {word} and "
                         f"size: {list(index.shape)}")
    if copies and not is_whole(ops, index, wide=True):
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {word}")
    if not is_whole(ops, index):
        raise RuntimeError(f"{name}_(): Expected dtype int32/int64 for index but got: {word}")
    check_same_dtype(ops, x, source, "index_copy_(): self and source expected to have the same dtype, but got (self) {} and "
                                     "(source) {}" if copies else
                                     name + "_(): self ({}) and source ({}) must have the same scalar type")
    found = source.shape[dim] if source.ndim > dim else 1
    without = lambda v: [n for d, n in enumerate(v.shape) if d != dim]
    shapes_fit = without(x) == without(source) and (x.ndim == source.ndim or (copies and x.numel() == source.numel() == 1))
    if copies:
        if not shapes_fit:
            raise RuntimeError("index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
                               f"{without(x)} at dimension {dim} and source slice shape: {without(source)} at dimension {dim}.")
        if found != index.size:
            raise IndexError(f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({found})")
    else:
        if found != index.size:
            raise RuntimeError(f"{name}_(): Number of indices ({index.size}) should be equal to source.size(dim): "
                               f"({found}), for dim: {dim}")
        if not shapes_fit:
            raise RuntimeError("source tensor shape must match self tensor shape, excluding the specified dimension. Got "
                               f"self.shape = {list(x.shape)} source.shape = {list(source.shape)}")
    length = x.shape[dim] if x.ndim else 1
    if (name == "index_reduce" or (not copies and x.ndim <= 1)) and index.size and (index.min() < 0 or index.max() >= length):
        raise IndexError("index out of range in self")
    check_bounds(index, dim, length, kind, "index_copy_(): " if copies else "")
    return (slice(None),) * dim + (index.reshape(-1),), _as_vector(ops, source)


def index_add_of(ops, x, dim, index, source, alpha):
    where, source = _rows_and_source(ops, x, dim, index, source, "index_add", RuntimeError)
    alpha = ops.factor(alpha, "index_add", "alpha")
    if ops.is_variable(alpha) or alpha != 1:
        source = source * (ops.to(alpha, ops.dtype(x)) if ops.is_variable(alpha) else alpha)
    return _written(ops, "index_put_add", x, source, where, "IndexAddBackward0")


def index_copy_of(ops, x, dim, index, source):
    where, source = _rows_and_source(ops, x, dim, index, source, "index_copy", IndexError)
    return _written(ops, "index_set", x, source, where, "IndexCopyBackward0")


def index_fill_of(ops, x, dim, index, value):
    index = indices_of(ops, x, index, "index_fill")
    if not is_whole(ops, index, wide=True):
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    dim = ops.wrap_dim(dim, x.ndim)
    if index.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    name = "IndexFillBackward0"
    if ops.is_variable(value):
        if value.ndim:
            raise RuntimeError("index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                               f"{value.ndim} dimension(s).")
        value, name = ops.to(value, ops.dtype(x)), "IndexFillBackward1"
    else:
        value = number_for(ops, x, value)
    check_bounds(index, dim, x.shape[dim] if x.ndim else 1, IndexError, negative=True)
    return _written(ops, "index_set", x, value, (slice(None),) * dim + (index.reshape(-1),), name)


def index_put_of(ops, x, indices, values, accumulate):
    if not isinstance(indices, (tuple, list)):
        raise TypeError(f"index_put(): argument 'indices' (position 1) must be tuple of Tensors, not {type(indices).__name__}")
    arrays = []
    for i, index in enumerate(indices):
        if not (ops.is_variable(index) or isinstance(index, ops.numpy.ndarray)):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(index).__name__}")
        index = ops.numpy.array(ops.plain(index), order="C")
        if index.dtype.kind not in "iub":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        arrays.append(index.astype(bool) if index.dtype == ops.numpy.uint8 else index)
    ops.operand(values, "index_put", "values", 2)
    check_same_dtype(ops, x, values, "Index put requires the source and destination dtypes match, got {} for the destination "
                                     "and {} for the source.")
    index = ops.checked_index(x, tuple(arrays))
    shape = ops.numpy.empty(tuple(x.shape), bool)[index].shape
    try:
        fits = ops.numpy.broadcast_shapes(tuple(values.shape), shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result "
                           f"of shape {list(shape)}")
    return ops.apply("index_put_add" if accumulate else "index_set", (x, values), (index,), "IndexPutBackward0")


def put_of(ops, x, index, source, accumulate):
    ops.operand(source, "put", "source", 2)
    index = indices_of(ops, x, index, "put", position=1)
    if not is_whole(ops, index, wide=True):
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {ops.scalar_name(ops.constant(index))}")
    check_same_dtype(ops, x, source, "put_(): self and source expected to have the same dtype, but got self.dtype = {} and "
                                     "source.dtype = {}")
    if index.size != source.numel():
        raise IndexError("put_(): Expected source and index to have the same number of elements, but got source.numel() = "
                         f"{source.numel()}, index.numel() = {index.size}")
    n = x.numel()
    if index.size and not n:
        raise IndexError("put_(): tried to put elements into an empty tensor")
    _check_flat(index, n)
    index = index.reshape(-1) % max(n, 1)
    where = None
    if index.size:
        where = ops.numpy.unravel_index(index, tuple(x.shape)) if x.ndim > 1 else (index,)
    return _written(ops, "index_put_add" if accumulate else "index_set", x, ops.reshape(source, (-1,)), where, "PutBackward0")


def numpy_put_of(ops, x, indices, values, mode):
    """numpy.put: in place, values repeated as often as needed."""
    index = indices_of(ops, x, indices, "put", "indices", 1).reshape(-1)
    index = _numpy_mode(ops, index.astype(ops.numpy.int64, casting="same_kind"), x.numel(), mode)
    _check_flat(index, x.numel())
    if not ops.is_variable(values):
        values = ops.lifted(values)
    if not ops.is_variable(values):
        values = ops.constant(ops.numpy.array(values), like=x)
    n = values.numel()
    if not n or not index.size:
        return
    values = ops.reshape(values, (-1,))
    if n != index.size:
        values = ops.index(values, (ops.numpy.arange(index.size) % n,))
    ops.in_place(lambda source: put_of(ops, source, index, ops.to(values, ops.dtype(x)), False), x)


# ---- select_scatter, slice_scatter, diagonal_scatter

def _region_put(ops, x, src, where, shape, name, argument):
    ops.operand(src, argument, "src", 1)
    if tuple(src.shape) != tuple(shape):
        raise RuntimeError(f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size "
                           f"= {list(shape)}")
    return ops.named(x.clone(), name, x) if where is None else ops.apply("index_set", (x, src), (where,), name)


def select_scatter_of(ops, x, src, dim, index):
    dim = ops.wrap_dim(dim, x.ndim)
    if not x.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    n = x.shape[dim]
    if index < -n or index >= n:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(x.shape)} at dimension {dim}")
    shape = [size for d, size in enumerate(x.shape) if d != dim]
    return _region_put(ops, x, src, (slice(None),) * dim + (int(index),), shape, "SelectScatterBackward0", "select_scatter")


def slice_scatter_of(ops, x, src, dim, start, end, step):
    dim = ops.wrap_dim(dim, x.ndim)
    if not x.ndim:
        raise RuntimeError("slice() cannot be applied to a 0-dim tensor.")
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    part = slice(start, end, step)
    shape = list(x.shape)
    shape[dim] = len(range(*part.indices(shape[dim])))
    return _region_put(ops, x, src, (slice(None),) * dim + (part,), shape, "SliceScatterBackward0", "slice_scatter")


def diagonal_scatter_of(ops, x, src, offset, dim1, dim2):
    dim1, dim2 = ops.wrap_dim(dim1, x.ndim), ops.wrap_dim(dim2, x.ndim)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    np = ops.numpy
    shape = tuple(x.shape)
    places = np.diagonal(np.arange(x.numel()).reshape(shape), within(offset, shape[dim1], shape[dim2]), dim1, dim2)
    where = np.unravel_index(places, shape) if places.size else None
    return _region_put(ops, x, src, where, places.shape, "DiagonalScatterBackward0", "diagonal_scatter")
