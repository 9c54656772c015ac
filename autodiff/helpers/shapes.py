"""Shapes: views and their transposes, copies, casts, joining."""
from .common import within


def embed_value(np, x, geometry, shape):
    """By positions: an expanded geometry looks at one element several times, a reshape may have no view here."""
    if geometry.shows_once:
        out = np.zeros(tuple(shape), x.dtype)
        geometry.apply(out)[...] = x
        return out
    for step, before in reversed(geometry.steps(tuple(shape))):
        if isinstance(step, str):
            x = _without_parts(np, x, step)
            continue
        out = np.zeros(before, x.dtype)
        np.add.at(out.reshape(-1), step, x)
        x = out
    return x


def _parts_shown(np, x, step):
    """What a step over parts of complex numbers shows, a view; x is contiguous."""
    if step == "joined":
        return x.view(np.result_type(x.dtype, np.complex64))[..., 0]
    return x.view(x.real.dtype).reshape(*x.shape, 2) if step == "pairs" else x.real if step == "real" else x.imag


def _without_parts(np, x, step):
    """The transpose: zeros where the step does not look."""
    if step == "joined":
        return _parts_shown(np, np.ascontiguousarray(x), "pairs")
    if step == "pairs":
        return _parts_shown(np, np.ascontiguousarray(x), "joined")
    out = np.zeros(x.shape, np.result_type(x.dtype, np.complex64))
    _parts_shown(np, out, step)[...] = x
    return out


def clone_value(np, x):
    return np.array(x, order="C")


def fill_value(np, x):
    return np.zeros(x.shape, x.dtype)


def fill_dx(ops, g):
    return ops.zeros_like(g)


def to_value(np, x, dtype):
    return (x.real if x.dtype.kind == "c" and np.dtype(dtype).kind in "fiu" else x).astype(dtype)


def copy_region_value(np, x, y, geometry):
    out = np.array(x, order="C")
    _write(np, out, geometry.steps(out.shape), y)
    return out


def _write(np, out, steps, y):
    """y where the steps look in a contiguous array; what is between two of them is copied, and back."""
    (step, _), *rest = steps
    place = _parts_shown(np, out, step) if isinstance(step, str) else out.reshape(-1)
    index = ... if isinstance(step, str) else step
    if rest:
        inner = np.array(place[index], order="C")
        _write(np, inner, rest, y)
        y = inner
    place[index] = y


def copy_region_dx(ops, g, geometry):
    return ops.copy_region(g, 0.0, geometry)


def copy_region_dy(ops, g, geometry):
    return ops.view(g, geometry)


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


# ---- arguments

def _ints(name, keyword, ints, given):
    """Integers given one by one, as one sequence, or by keyword."""
    if given is not None:
        if ints:
            raise TypeError(f"{name}() got multiple values for argument '{keyword}'")
        ints = (given,)
    elif not ints:
        raise TypeError(f'{name}() missing 1 required positional arguments: "{keyword}"')
    if len(ints) == 1 and isinstance(ints[0], (tuple, list)):
        ints = ints[0]
    for n in ints:
        if not hasattr(n, "__index__"):
            raise TypeError(f"{name}(): argument '{keyword}' (position 1) must be tuple of ints, not {type(n).__name__}")
    return tuple([int(n) for n in ints])


def _different(ops, x, dims):
    """Dimensions as non-negative ones, each at most once."""
    dims = tuple([ops.wrap_dim(d, x.ndim) for d in dims])
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims


def _each(ops, name, tensors):
    """The operands of a call as a list of Variables; plain arrays and numbers among them become constants."""
    if ops.is_variable(tensors):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    found = []
    for t in tensors:
        if not ops.is_variable(t):
            if not isinstance(t, ops.numpy.ndarray):
                raise TypeError(f"expected Tensor as element {len(found)} in argument 0, but got {type(t).__name__}")
            lifted = ops.lifted(t) if t.dtype.kind == "O" else t        # it may hold Variables
            t = lifted if ops.is_variable(lifted) else ops.constant(ops.numpy.array(t))
        found.append(t)
    return found


def _spread(ops, name, tensors):
    """The same of operands that are the arguments of the call, or all in one sequence; and whether they were in one."""
    packed = len(tensors) == 1 and isinstance(tensors[0], (tuple, list))
    return _each(ops, name, tensors[0] if packed else tensors), packed


def _unit(ndim, d, step=1):
    """Steps along one dimension alone."""
    return tuple([step if i == d else 0 for i in range(ndim)])


def _whole(x):
    """The dimensions of x, each with its steps, for a strided view."""
    return [(n, _unit(x.ndim, d)) for d, n in enumerate(x.shape)]


# ---- views

def numpy_reshape(ops, x, shape, order, copy):
    """ndarray.reshape: order 'F' reads and writes with the first index changing fastest, 'A' does where memory does."""
    shape = _ints("reshape", "shape", shape, None) if shape else ()
    if order == "F" or (order == "A" and _memory_order(x) == tuple(range(x.ndim))[::-1] and not x.is_contiguous()):
        x = ops.permute(x, range(x.ndim)[::-1])
        out = ops.reshape(x, shape[::-1])
        out = ops.permute(out, range(out.ndim)[::-1])
    elif order in ("C", "A"):
        out = ops.reshape(x, shape)
    else:
        raise ValueError(f"order {order!r} is not permitted for reshaping")
    return out.clone() if copy else out


def numpy_reshaped(ops, x, shape, order, copy):
    """numpy.reshape, which takes the sizes in one tuple, or one size."""
    return numpy_reshape(ops, x, tuple(shape) if isinstance(shape, (tuple, list, ops.numpy.ndarray)) else (shape,), order, copy)


def numpy_flatten(ops, x, order):
    """ndarray.flatten: always a copy."""
    return numpy_reshape(ops, x, (x.numel(),), order, True)


def numpy_ravel(ops, x, order):
    """ndarray.ravel: order 'K' reads the elements as they lie in memory."""
    if order == "K":
        x, order = ops.permute(x, _memory_order(x)), "C"
    return numpy_reshape(ops, x, (x.numel(),), order, False)


def _memory_order(x):
    """The dimensions of x by the steps between their elements, the longest first."""
    steps = x.stride()
    return tuple(sorted(range(x.ndim), key=lambda d: -abs(steps[d])))


def numpy_squeeze(ops, x, axis):
    """ndarray.squeeze: an axis of another size is refused."""
    s = tuple(x.shape)
    dims = tuple([d for d, n in enumerate(s) if n == 1]) if axis is None else _different(
        ops, x, axis if isinstance(axis, (tuple, list)) else (axis,))
    if any(s[d] != 1 for d in dims if x.ndim):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return ops.reshape(x, [n for d, n in enumerate(s) if d not in dims])


def transposed_of(ops, x, dim0, dim1):
    order = list(range(x.ndim))
    a, b = ops.wrap_dim(dim0, x.ndim), ops.wrap_dim(dim1, x.ndim)
    if order:
        order[a], order[b] = b, a
    return ops.named(ops.permute(x, order), "TransposeBackward0", x)


def adjoint_of(ops, x):
    if x.ndim == 1:
        raise RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor.")
    if x.ndim == 0:
        ops.warn("adjoint() is deprecated on 0-D tensors. Consider using x.conj().")
        return ops.conj(x)
    return ops.conj(transposed_of(ops, x, -2, -1))


def movedim_of(ops, x, source, destination):
    several = isinstance(source, (tuple, list))
    if several != isinstance(destination, (tuple, list)):
        raise TypeError("movedim() received an invalid combination of arguments - source and destination must both be ints "
                        "or both be tuples of ints")
    source, destination = (tuple(source), tuple(destination)) if several else ((source,), (destination,))
    if len(source) != len(destination):
        raise RuntimeError(f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same "
                           f"number of dims as destination ({list(destination)} dims)")
    moved = [tuple([ops.wrap_dim(d, x.ndim) for d in dims]) for dims in (source, destination)]
    for word, dims, found in zip(("source", "destination"), (source, destination), moved):
        if len(set(found)) != len(found):
            raise RuntimeError(f"movedim: repeated dim in `{word}` ({list(dims)})")
    order = [d for d in range(x.ndim) if d not in moved[0]]
    if x.ndim:
        for to, start in sorted(zip(moved[1], moved[0])):
            order.insert(to, start)
    return ops.named(ops.permute(x, order), "PermuteBackward0" if order else "AliasBackward0", x)


def unflatten_of(ops, x, dim, sizes):
    if not isinstance(sizes, (tuple, list)):
        raise TypeError(f"unflatten(): argument 'sizes' (position 2) must be tuple of ints, not {type(sizes).__name__}")
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    dim = ops.wrap_dim(dim, x.ndim)
    shape = tuple(x.shape)
    if not shape:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    sizes, known = [int(n) for n in sizes], 1
    for n in sizes:
        known *= n if n != -1 else 1
    if sizes.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    if -1 in sizes and known > 0 and shape[dim] % known == 0:
        sizes[sizes.index(-1)] = shape[dim] // known
    elif -1 in sizes or known != shape[dim] or min(sizes) < 0:
        raise RuntimeError(f"unflatten: Provided sizes {sizes} don't multiply up to the size of dim {dim} ({shape[dim]}) in "
                           "the input tensor")
    return ops.reshape(x, (*shape[:dim], *sizes, *shape[dim + 1:]))


def broadcast_to_of(ops, x, ints, size):
    return ops.expand(x, _ints("broadcast_to", "size", ints, size))


def diagonal_of(ops, x, offset, dim1, dim2):
    if x.ndim < 2 and ops.is_numpy(x):
        raise ValueError("diag requires an array of at least two dimensions")
    a, b = ops.wrap_dim(dim1, x.ndim), ops.wrap_dim(dim2, x.ndim)
    if a == b:
        raise (ValueError if ops.is_numpy(x) else RuntimeError)(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = x.shape[a], x.shape[b]
    length = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    starts = [0] * x.ndim
    if length:
        starts[a], starts[b] = max(-offset, 0), max(offset, 0)
    along = [1 if d in (a, b) else 0 for d in range(x.ndim)]
    dims = [one for d, one in enumerate(_whole(x)) if d not in (a, b)]
    return ops.strided(x, starts, [*dims, (length, along)], "diagonal")


def unfold_of(ops, x, dimension, size, step):
    d = ops.wrap_dim(dimension, x.ndim)
    n = x.shape[d] if x.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {d} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    dims = _whole(x)
    if x.ndim:
        dims[d] = ((n - size) // step + 1, _unit(x.ndim, d, step))
    return ops.strided(x, [0] * x.ndim, [*dims, (size, _unit(x.ndim, d))], "unfold")


def as_strided_of(ops, x, size, stride, storage_offset):
    """By steps along the elements in order.  Within x's own elements: others have no gradient to give."""
    size, stride = tuple([int(n) for n in size]), tuple([int(n) for n in stride])
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(n < 0 for n in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    if any(n < 0 for n in size):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(size)}: {list(size)}")
    if not x.is_contiguous():
        raise NotImplementedError("as_strided() of a Variable that is not contiguous is not supported: use contiguous(), which "
                                  "copies, or the views diagonal(), unfold(), permute() and slices")
    first = x.storage_offset()
    start = 0 if storage_offset is None else int(storage_offset) - first
    last = start + sum([(n - 1) * step for n, step in zip(size, stride)])
    if 0 not in size and (start < 0 or last >= x.numel()):
        item = ops.dtype(x).itemsize
        raise RuntimeError(f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {start + first}, and "
                           f"itemsize {item} requiring a storage size of {(last + first + 1) * item} are out of bounds for "
                           f"storage of size {(first + x.numel()) * item}: only the elements of the Variable itself, from "
                           f"offset {first} on, can be looked at")
    flat = x if x.ndim == 1 else ops.reshape(x, (x.numel(),))
    return ops.strided(flat, [start if 0 not in size else 0], [(n, (step,)) for n, step in zip(size, stride)], "as_strided")


def broadcast_tensors_of(ops, tensors):
    tensors, _ = _spread(ops, "broadcast_tensors", tensors)
    shape = []
    for t in tensors:
        own = list(t.shape)
        own, shape = [1] * (len(shape) - len(own)) + own, [1] * (len(own) - len(shape)) + shape
        for d, (a, b) in enumerate(zip(shape, own)):
            if a != b and 1 not in (a, b):
                raise RuntimeError(f"The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton "
                                   f"dimension {d}")
            shape[d] = b if a == 1 else a
    return tuple([t if list(t.shape) == shape else ops.expand(t, shape) for t in tensors])


def meshgrid_of(ops, tensors, indexing):
    tensors, _ = _spread(ops, "meshgrid", tensors)
    if indexing is None:
        ops.warn("autodiff.meshgrid: in an upcoming release, it will be required to pass the indexing argument.")
        indexing = "ij"
    return _grid(ops, tensors, indexing)


def _grid(ops, tensors, indexing="ij"):
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'autodiff.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for t in tensors:
        if t.ndim > 1:
            raise RuntimeError(f"autodiff.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {t!r}")
        if ops.dtype(t) != ops.dtype(tensors[0]):
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    place = list(range(len(tensors)))       # the dimension along which each operand runs
    if indexing == "xy" and len(tensors) > 1:
        place[0], place[1] = 1, 0
    shape = [0] * len(tensors)
    for t, d in zip(tensors, place):
        shape[d] = t.numel()
    return tuple([ops.expand(ops.reshape(t, [t.numel() if i == d else 1 for i in range(len(shape))]), shape)
                  for t, d in zip(tensors, place)])


def _at_least(ops, name, tensors, widen):
    tensors, packed = _spread(ops, name, tensors)
    out = tuple([widen(t) for t in tensors])
    return out[0] if len(out) == 1 and not packed else out


def atleast_1d_of(ops, tensors):
    return _at_least(ops, "atleast_1d", tensors, lambda t: t if t.ndim else ops.reshape(t, (1,)))


def _wide_2d(ops, t):
    return ops.reshape(t, (1, 1)) if t.ndim == 0 else t.unsqueeze(0) if t.ndim == 1 else t


def _wide_3d(ops, t):
    if t.ndim == 0:
        return ops.reshape(t, (1, 1, 1))
    return t.unsqueeze(0).unsqueeze(-1) if t.ndim == 1 else t.unsqueeze(-1) if t.ndim == 2 else t


def atleast_2d_of(ops, tensors):
    return _at_least(ops, "atleast_2d", tensors, lambda t: _wide_2d(ops, t))


def atleast_3d_of(ops, tensors):
    return _at_least(ops, "atleast_3d", tensors, lambda t: _wide_3d(ops, t))


# ---- shapes that change in place

def squeeze_in_place(ops, x, dim):
    name = "SqueezeBackward" + ("3" if dim is None else "5" if isinstance(dim, (tuple, list)) else "4")
    return ops.become_view(x, lambda t: t.squeeze(dim) if dim is not None else t.squeeze(), name)


def unsqueeze_in_place(ops, x, dim):
    return ops.become_view(x, lambda t: t.unsqueeze(dim), "UnsqueezeBackward1")


def as_strided_in_place(ops, x, size, stride, storage_offset):
    return ops.become_view(x, lambda t: as_strided_of(ops, t, size, stride, storage_offset), "AsStridedBackward1")


def t_in_place(ops, x):
    if x.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {x.ndim}D")
    return ops.become_view(x, lambda t: t.t(), "TBackward1")


def transpose_in_place(ops, x, dim0, dim1):
    return ops.become_view(x, lambda t: transposed_of(ops, t, dim0, dim1), "TransposeBackward1")


# ---- splitting

def _parts(ops, x, dim, sizes, name, unsafe=False):
    """Runs along a dimension: views that may not be written in place one by one, or if unsafe copies, which may."""
    dims, start, parts = _whole(x), 0, []
    grad_fn = "UnsafeSplitBackward0" if name == "split" else "UnsafeSplitWithSizesBackward0"
    for number, n in enumerate(sizes):
        dims[dim] = (n, dims[dim][1])
        part = ops.strided(x, _unit(x.ndim, dim, start if n else 0), dims, name, number)
        parts.append(ops.named(part.clone(), grad_fn, x) if unsafe else part)
        start += n
    return tuple(parts)


def split_with_sizes_of(ops, x, split_sizes, dim):
    return split_of(ops, x, _sizes("split_with_sizes", split_sizes), dim, None)


def _sizes(name, split_sizes):
    for n in split_sizes if isinstance(split_sizes, (tuple, list)) else (None,):
        if not hasattr(n, "__index__"):
            raise TypeError(f"{name}(): argument 'split_sizes' (position 2) must be tuple of ints, not "
                            f"{type(split_sizes if n is None else n).__name__}")
    return tuple(split_sizes)


def unsafe_split_of(ops, x, split_size, dim):
    if not hasattr(split_size, "__index__"):
        raise TypeError(f"unsafe_split(): argument 'split_size' (position 2) must be int, not {type(split_size).__name__}")
    return split_of(ops, x, split_size, dim, None, True)


def unsafe_split_with_sizes_of(ops, x, split_sizes, dim):
    return split_of(ops, x, _sizes("unsafe_split_with_sizes", split_sizes), dim, None, True)


def unsafe_chunk_of(ops, x, chunks, dim):
    return chunk_of(ops, x, chunks, dim, True)


def split_of(ops, x, split_size_or_sections, dim, split_size, unsafe=False):
    sizes = split_size if split_size_or_sections is None else split_size_or_sections
    if sizes is None:
        raise TypeError("split() missing 1 required positional argument: 'split_size'")
    if x.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    several = isinstance(sizes, (tuple, list))
    if not several and not hasattr(sizes, "__index__"):
        raise TypeError(f"split_with_sizes(): argument 'split_sizes' (position 2) must be tuple of ints, not "
                        f"{type(sizes).__name__}")
    dim = ops.wrap_dim(dim, x.ndim)
    n = x.shape[dim]
    if several:
        sizes = [int(size) for size in sizes]
        if any(size < 0 for size in sizes):
            raise RuntimeError("split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes="
                               f"{sizes}")
        if sum(sizes) != n:
            raise RuntimeError(f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension "
                               f"{dim}), but got split_sizes={sizes}")
        return _parts(ops, x, dim, sizes, "split_sizes", unsafe)
    sizes = int(sizes)
    if sizes < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={sizes}")
    if sizes == 0 and n:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
    return _parts(ops, x, dim, [min(sizes, n - start) for start in range(0, n, sizes or 1)] or [0], "split", unsafe)


def chunk_of(ops, x, chunks, dim, unsafe=False):
    if x.ndim == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = ops.wrap_dim(dim, x.ndim)
    n = x.shape[dim]
    return split_of(ops, x, -(-n // chunks) if n else [0] * chunks, dim, None, unsafe)


def tensor_split_of(ops, x, indices_or_sections, dim, sections, indices):
    given = next((one for one in (indices_or_sections, sections, indices) if one is not None), None)
    if given is None:
        raise TypeError("tensor_split() missing 1 required positional argument: 'indices_or_sections'")
    if x.ndim == 0:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = ops.wrap_dim(dim, x.ndim)
    n = x.shape[dim]
    if ops.is_variable(given):
        if given.ndim > 1 or ops.dtype(given) != ops.numpy.int64:
            raise RuntimeError("tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional "
                               f"tensor of int64, but got a tensor with {given.ndim} dims and dtype {ops.scalar_name(given)}")
        given = given.tolist()
    if isinstance(given, (tuple, list)):
        ends = [*[int(i) for i in given], n]
        slices = [slice(a, b) for a, b in zip([0, *ends], ends)]
    else:
        if given <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        if given >= 2**31:
            raise ValueError(f"Overflow when unpacking long long: {given} sections are more than memory holds")
        least, longer = divmod(n, given)
        start = [i * least + min(i, longer) for i in range(given + 1)]
        slices = [slice(start[i], start[i + 1]) for i in range(given)]
    return tuple([x[(*[slice(None)] * dim, one)] for one in slices])


def _split_along(ops, x, name, dim, least, given, sections, indices):
    given = next((one for one in (given, sections, indices) if one is not None), None)
    if x.ndim < least:
        raise RuntimeError(f"autodiff.{name} requires a tensor with at least {least} dimension, but got a tensor with {x.ndim} "
                           "dimensions!")
    if isinstance(given, int) and (given <= 0 or x.shape[dim] % given):
        raise RuntimeError(f"autodiff.{name} attempted to split along dimension {dim}, but the size of the dimension "
                           f"{x.shape[dim]} is not divisible by the split_size {given}!")
    return tensor_split_of(ops, x, given, dim, None, None)


def hsplit_of(ops, x, indices_or_sections, sections, indices):
    return _split_along(ops, x, "hsplit", 1 if x.ndim > 1 else 0, 1, indices_or_sections, sections, indices)


def vsplit_of(ops, x, indices_or_sections, sections, indices):
    return _split_along(ops, x, "vsplit", 0, 2, indices_or_sections, sections, indices)


def dsplit_of(ops, x, indices_or_sections, sections, indices):
    return _split_along(ops, x, "dsplit", 2, 3, indices_or_sections, sections, indices)


# ---- joining

def _joined(ops, name, tensors, widen, dim):
    tensors = [widen(t) for t in _each(ops, name, tensors)]
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return ops.cat(tensors, dim(tensors[0]))


def hstack_of(ops, tensors):
    return _joined(ops, "hstack", tensors, lambda t: t if t.ndim else ops.reshape(t, (1,)), lambda t: 0 if t.ndim == 1 else 1)


def vstack_of(ops, tensors):
    return _joined(ops, "vstack", tensors, lambda t: _wide_2d(ops, t), lambda t: 0)


def dstack_of(ops, tensors):
    return _joined(ops, "dstack", tensors, lambda t: _wide_3d(ops, t), lambda t: 2)


def column_stack_of(ops, tensors):
    return _joined(ops, "column_stack", tensors, lambda t: ops.reshape(t, (t.numel(), 1)) if t.ndim < 2 else t, lambda t: 1)


def numpy_concatenate(ops, tensors, axis):
    """numpy.concatenate: without an axis, of the flattened operands."""
    if axis is None:
        tensors = [ops.reshape(t, (-1,)) if ops.is_variable(t) else ops.numpy.ravel(t) for t in tensors]
        axis = 0
    return ops.cat(tensors, axis)


def block_diag_of(ops, tensors):
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        raise TypeError(f"expected Tensor as element 0 in argument 0, but got {type(tensors[0]).__name__}")
    tensors = _each(ops, "block_diag", tensors)
    for i, t in enumerate(tensors):
        if t.ndim > 2:
            raise RuntimeError("autodiff.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                               f"{i} has {t.ndim} dimensions")
    if not tensors:
        return ops.constant(ops.numpy.zeros((1, 0), ops.default_dtype()))
    tensors = [_wide_2d(ops, t) for t in tensors]
    widths = [t.shape[1] for t in tensors]
    return ops.cat([ops.pad(t, (sum(widths[:i]), sum(widths[i + 1:]))) for i, t in enumerate(tensors)], 0)


def cartesian_prod_of(ops, tensors):
    tensors, _ = _spread(ops, "cartesian_prod", tensors)
    for t in tensors:
        if t.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t.shape)}")
    if len(tensors) == 1:
        return ops.reshape(tensors[0], (tensors[0].numel(),))
    return ops.stack([ops.reshape(t, (t.numel(),)) for t in _grid(ops, tensors)], 1)


def combinations_of(ops, x, r, with_replacement):
    if x.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(x.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r >= 2**31:
        raise ValueError(f"Overflow when unpacking long long: combinations of {r} are more than memory holds")
    np = ops.numpy
    if r == 0:
        return ops.constant(np.zeros((0,), ops.dtype(x)), x)
    # The increasing ones of all tuples of positions, one position more at a time.
    found = np.arange(x.shape[0])[None]
    for _ in range(r - 1):
        grown = np.concatenate([np.repeat(found, x.shape[0], 1), np.tile(np.arange(x.shape[0]), found.shape[1])[None]])
        found = grown[:, grown[-2] <= grown[-1] if with_replacement else grown[-2] < grown[-1]]
    return ops.stack([ops.index(x, (row,)) for row in found], 1)


# ---- rearranging

def repeat_front(ops, name, x, ints, repeats):
    sizes = _ints("repeat", "repeats", ints, repeats)
    return _repeated(ops, x, sizes)


def _repeated(ops, x, sizes):
    if len(sizes) < x.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(n < 0 for n in sizes):
        shape = [n * m for n, m in zip(sizes, [1] * (len(sizes) - x.ndim) + list(x.shape))]
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {shape}")
    return ops.apply("repeat", (x,), (sizes, None))


def repeat_value(np, x, sizes, _):
    return np.array(np.tile(x, sizes), order="C")


def repeat_dx(ops, g, shape_x, sizes):
    """The sum over the copies: each dimension of g is one of copies and one of x."""
    own = [1] * (len(sizes) - len(shape_x)) + list(shape_x)
    if not own:
        return g
    parts = ops.reshape(g, [n for pair in zip(sizes, own) for n in pair])
    return ops.reshape(ops.sum(parts, tuple(range(0, 2 * len(own), 2)), False), shape_x)


def tile_of(ops, x, ints, dims):
    sizes = _ints("tile", "dims", ints, dims)
    return _repeated(ops, x, (1,) * (x.ndim - len(sizes)) + sizes)


def numpy_tile(ops, x, reps):
    """numpy.tile, whose counts may be an array."""
    return ops.tile(x, tuple([int(n) for n in ops.numpy.atleast_1d(ops.plain(reps) if ops.is_variable(reps) else reps)]))


def repeat_interleave_of(ops, x, repeats, dim, output_size):
    np = ops.numpy
    if repeats is None:                 # repeat_interleave(repeats): the positions alone
        return ops.constant(_interleaved(ops, x, x.shape[0] if x.ndim else 1), x)
    if dim is None:
        x, dim = ops.reshape(x, (x.numel(),)), 0
    elif x.ndim == 0:
        dim, x = ops.wrap_dim(dim, 0), ops.reshape(x, (1,))
    dim = ops.wrap_dim(dim, x.ndim)
    shape = tuple(x.shape)
    if isinstance(repeats, (int, np.integer)):
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        wide = ops.expand(x.unsqueeze(dim + 1), (*shape[:dim + 1], int(repeats), *shape[dim + 1:]))
        out = ops.reshape(wide.clone(), (*shape[:dim], shape[dim] * int(repeats), *shape[dim + 1:]))
    else:
        if not ops.is_variable(repeats):
            if not isinstance(repeats, np.ndarray):
                raise TypeError("repeat_interleave() received an invalid combination of arguments - repeats must be an int or "
                                f"a Tensor, not {type(repeats).__name__}")
            repeats = ops.constant(np.array(repeats))
        positions = _interleaved(ops, repeats, shape[dim])
        out = ops.named(ops.index(x, (*[slice(None)] * dim, positions)), "IndexSelectBackward0", x)
    if output_size is not None and out.shape[dim] != output_size:
        raise RuntimeError("allocated size does not match required size")
    return out


def _interleaved(ops, repeats, count):
    """0, 1, ..., count - 1, each as often as repeats says."""
    np = ops.numpy
    times = ops.plain(repeats)
    if times.dtype not in (np.int64, np.int32):
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{ops.scalar_name(repeats)}'")
    if times.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if times.size not in (1, count):
        raise RuntimeError("repeats must have the same size as input along dim, but got repeats.size(0) = "
                           f"{times.size} and input.size(0) = {count}")
    if (times < 0).any():
        raise RuntimeError("repeats can not be negative")
    return np.repeat(np.arange(count), np.broadcast_to(times.reshape(-1), (count,)))


def numpy_repeat(ops, x, repeats, axis):
    """numpy.repeat: each element several times."""
    if isinstance(repeats, (tuple, list)):
        repeats = ops.numpy.array(_ints("repeat", "repeats", tuple(repeats), None) if repeats else (), ops.numpy.int64)
    return repeat_interleave_of(ops, x, repeats, axis, None)


def flip_front(ops, name, x, ints, dims):
    return ops.apply("flip", (x,), (_different(ops, x, _ints("flip", "dims", ints, dims)), None))


def numpy_flip(ops, x, axis):
    """numpy.flip: along all dimensions without an axis."""
    return ops.flip(x, tuple(range(x.ndim)) if axis is None else axis)


def numpy_roll(ops, x, shift, axis):
    """numpy.roll: shifts and axes broadcast against each other, and those of an axis that comes twice are added up."""
    np = ops.numpy
    if axis is None:
        return ops.reshape(numpy_roll(ops, ops.reshape(x, (x.numel(),)), shift, 0), x.shape)
    pairs = np.broadcast(*[ops.plain(v) if ops.is_variable(v) else v for v in (shift, axis)])
    if pairs.ndim > 1:
        raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
    total = {}
    for n, d in pairs:
        d = ops.wrap_dim(int(d), x.ndim)
        total[d] = total.get(d, 0) + int(n)
    return ops.roll(x, tuple(total.values()), tuple(total)) if total else x.clone()


def numpy_tril(ops, x, k):
    return ops.tril(_as_rows(ops, x), k)


def numpy_triu(ops, x, k):
    return ops.triu(_as_rows(ops, x), k)


def _as_rows(ops, x):
    """NumPy's triangles of a vector: of the matrix with it in every row."""
    return ops.expand(x, (x.shape[0], x.shape[0])) if x.ndim == 1 else x


def flip_value(np, x, dims, _):
    return np.array(np.flip(x, dims) if x.ndim else x, order="C")


def flip_dx(ops, g, dims):
    return ops.apply("flip", (g,), (dims, None))


def fliplr_of(ops, x):
    if x.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return ops.flip(x, 1)


def flipud_of(ops, x):
    if x.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return ops.flip(x, 0)


def roll_front(ops, name, x, shifts, dims):
    shifts = tuple([int(n) for n in (shifts if isinstance(shifts, (tuple, list)) else (shifts,))])
    dims = () if dims is None else tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    if not shifts:
        raise RuntimeError("`shifts` required")
    if len(shifts) != len(dims) and (dims or len(shifts) > 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if dims and x.ndim == 0:
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    return ops.apply("roll", (x,), (shifts, tuple([ops.wrap_dim(d, x.ndim) for d in dims])))


def roll_value(np, x, shifts, dims):
    return np.array(np.roll(x, shifts, dims) if dims else np.roll(x, shifts[0]), order="C")


def roll_dx(ops, g, shifts, dims):
    return ops.apply("roll", (g,), (tuple([-n for n in shifts]), dims))


def rot90_front(ops, name, x, k, dims):
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if x.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {x.ndim}")
    a, b = ops.wrap_dim(dims[0], x.ndim), ops.wrap_dim(dims[1], x.ndim)
    if a == b:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    return ops.apply("rot90", (x,), (int(k) % 4, (a, b)))


def rot90_value(np, x, k, dims):
    return np.array(np.rot90(x, k, dims), order="C")


def rot90_dx(ops, g, k, dims):
    return ops.apply("rot90", (g,), (-k % 4, dims))


def triangle_front(ops, name, x, diagonal):
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    return ops.apply(name, (x,), (within(int(diagonal), *x.shape[-2:]),))


def tril_value(np, x, diagonal):
    return np.tril(x, diagonal)


def triu_value(np, x, diagonal):
    return np.triu(x, diagonal)


def tril_dx(ops, g, diagonal):
    return ops.apply("tril", (g,), (diagonal,))


def triu_dx(ops, g, diagonal):
    return ops.apply("triu", (g,), (diagonal,))


def diag_of(ops, x, diagonal):
    if x.ndim == 1:
        return ops.diag_embed(x, diagonal)
    if x.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {x.ndim}D")
    return ops.named(diagonal_of(ops, x, diagonal, 0, 1).clone(), "DiagonalBackward0_copy", x)


def diag_embed_front(ops, name, x, offset, dim1, dim2):
    a, b = ops.wrap_dim(dim1, x.ndim + 1), ops.wrap_dim(dim2, x.ndim + 1)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.apply("diag_embed", (x,), (int(offset), a, b))


def diag_embed_value(np, x, offset, dim1, dim2):
    size = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], size, size), x.dtype)
    each = np.arange(x.shape[-1])
    out[..., each + max(-offset, 0), each + max(offset, 0)] = x
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


def diag_embed_dx(ops, g, offset, dim1, dim2):
    return diagonal_of(ops, g, offset, dim1, dim2)


def diagflat_of(ops, x, offset):
    return ops.diag_embed(ops.reshape(x, (x.numel(),)), offset)


def pad_front(ops, name, x, pad, mode, value):
    pad = [int(n) for n in pad]
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * x.ndim:
        raise RuntimeError("Padding length should be less than or equal to two times the input dimension but got padding "
                           f"length {len(pad)} and input of dimension {x.ndim}")
    # PyTorch's order: the last dimension first, each from both sides.
    sides = tuple([(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2])))
    if mode == "constant":
        if any(n + min(before, 0) + min(after, 0) < 0 for n, (before, after) in zip(x.shape, sides)):
            raise RuntimeError("narrow(): length must be non-negative.")
        return ops.apply("pad", (x,), (sides, mode, value or 0))
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    count = len(pad) // 2
    if count not in (1, 2, 3) or x.ndim not in (count + 1, count + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {x.ndim}D input tensor. Supported combinations for non-constant "
            "padding: 2D or 3D input: padding size = 2 (pads last dimension); 3D or 4D input: padding size = 4 (pads last 2 "
            "dimensions); 4D or 5D input: padding size = 6 (pads last 3 dimensions)")
    return _pad_by_index(ops, x, sides, mode, count)


def _pad_by_index(ops, x, sides, mode, count):
    """The modes whose padding is elements of x: one dimension after the other."""
    np, out = ops.numpy, x
    for d in range(x.ndim - count, x.ndim):
        n, (before, after) = x.shape[d], sides[d]
        if mode == "reflect" and max(before, after) >= n:
            raise RuntimeError("Argument #4: Padding size should be less than the corresponding input dimension, but got: "
                               f"padding ({before}, {after}) at dimension {d} of input {list(x.shape)}")
        if mode == "circular" and max(before, after) > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        first, left = max(-before, 0), n - max(-before, 0) - max(-after, 0)
        if n == 0 or n + before + after <= 0 or (mode == "circular" and left <= 0):
            raise RuntimeError(f"the padded dimension {d} would have {n + before + after} elements: it must have some before "
                               "and after")
        at = np.arange(-before, n + after)
        if mode == "reflect":
            at = np.abs(at)
            at = np.where(at >= n, 2 * (n - 1) - at, at)
        elif mode == "replicate":
            at = np.clip(at, 0, n - 1)
        else:       # round what is left once the ends are cut off
            at = first + (at - first) % left
        out = ops.index(out, (*[slice(None)] * d, at))
    name = {"reflect": f"ReflectionPad{count}DBackward0", "replicate": f"ReplicationPad{count}DBackward0"}
    return ops.named(out, name.get(mode, "CopySlices"), x)


def pad_value(np, x, sides, mode, value):
    inner = x[tuple([slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(x.shape, sides)])]
    wide = [(max(before, 0), max(after, 0)) for before, after in sides]
    out = np.full([n + sum(side) for n, side in zip(inner.shape, wide)], np.asarray(value).astype(x.dtype), x.dtype)
    out[tuple([slice(before, before + n) for n, (before, _) in zip(inner.shape, wide)])] = inner
    return out


def pad_dx(ops, g, sides):
    """What was added is cut off, what was cut off has no derivative."""
    return ops.apply("pad", (g,), (tuple([(-before, -after) for before, after in sides]), "constant", 0))
