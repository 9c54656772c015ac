"""Convolutions, pooling and the geometry of pictures.

Values of floats are computed by the loops of _convolving, which the package hands over by use_loops(). Pictures are read as
three-dimensional there, with sizes of 1 for what they lack; what stands in front (samples of vmap) counts as more pictures.
"""
from math import floor, prod

loops = None


def use_loops(module):
    """The compiled loops, from the package."""
    global loops
    loops = module


#: Dimensions beside those of the picture, in PyTorch's words.
AXES = {1: ("width",), 2: ("height", "width"), 3: ("depth", "height", "width")}


# ---- arguments

def _ints(ops, value, name, argument, position):
    """A number or several as a tuple of ints, or a single int."""
    if isinstance(value, (tuple, list)):
        given = value
    elif hasattr(value, "__index__") and not isinstance(value, bool):
        return _small(ops.integer(value), name, argument)
    else:
        raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be tuple of ints, not "
                        f"{type(value).__name__}")
    for i, one in enumerate(given):
        if not hasattr(one, "__index__"):
            raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be tuple of ints, but found element "
                            f"of type {type(one).__name__} at pos {i}")
    return tuple([_small(ops.integer(one), name, argument) for one in given])


def _small(value, name, argument):
    """Sums of a few such numbers and sizes of arrays are integers of the loops: 2**62 as a stride wrote outside of memory."""
    if abs(value) >= 2 ** 31:
        raise RuntimeError(f"{name}(): argument '{argument}' is {value}, but must be less than 2**31")
    return value


def _spread(value, n):
    """One for each dimension; None where that many are not given."""
    if isinstance(value, int):
        return (value,) * n
    return value * n if len(value) == 1 else value if len(value) == n else None


def _by(sizes):
    return " x ".join(map(str, sizes))


def _check_operand(ops, x, name, argument, position):
    if not ops.is_variable(x):
        raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(x).__name__}")


def _batched(ops, x, dims, name):
    """x with a dimension of pictures in front, and whether it was put there."""
    if x.ndim == dims + 2:
        return x, False
    if x.ndim == dims + 1:
        return ops.reshape(x, (1, *x.shape)), True
    raise RuntimeError(f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size: "
                       f"{list(x.shape)}")


def _without(ops, x, added):
    return ops.named(ops.reshape(x, tuple(x.shape)[1:]), "SqueezeBackward1", x) if added else x


def _refuse(ops, x, word, *names):
    """NotImplementedError for dtypes, as PyTorch's kernels say it."""
    if ops.dtype(x).name in names:
        raise NotImplementedError(f"\"{word}\" not implemented for '{ops.scalar_name(x)}'")


# ---- windows

def _cube(sizes):
    """Three sizes."""
    return (*(1,) * (3 - len(sizes)), *sizes)


def _plan(plan):
    """Strides, zeros in front, dilations of three dimensions, and groups."""
    stride, before, dilation, groups = plan
    return _cube(stride), (*(0,) * (3 - len(before)), *before), _cube(dilation), groups


def _pictures(np, x, dims):
    """x as contiguous (pictures, channels, three sizes)."""
    lead = x.shape[:x.ndim - dims - 1]
    return np.ascontiguousarray(x).reshape(prod(lead), x.shape[-dims - 1], *_cube(x.shape[x.ndim - dims:]))


def _in_parts(np, function, x, y):
    """A function that is linear in both of its operands, of complex ones."""
    xs, ys = ((v.real, v.imag) if v.dtype.kind == "c" else (v, None) for v in (x, y))
    parts = [[None if a is None or b is None else function(np.ascontiguousarray(a), np.ascontiguousarray(b)) for b in ys]
             for a in xs]
    real = parts[0][0] if parts[1][1] is None else parts[0][0] - parts[1][1]
    imaginary = parts[1][0] if parts[0][1] is None else parts[0][1] if parts[1][0] is None else parts[0][1] + parts[1][0]
    out = np.empty(real.shape, np.result_type(x, y))
    out.real, out.imag = real, imaginary
    return out


def _for_samples(np, function, x, y, dims, merge):
    """function(pictures, others) for each of what stands in front of the dimensions of both, five and five.

    merge: whether the first operand's samples may stand for more pictures where the second is the same for all of them.
    """
    count = x.ndim - dims - 2
    if not count:
        return function(x, y)
    lead = np.broadcast_shapes(x.shape[:count], y.shape[:count])
    if merge and all(n == 1 or step == 0 for n, step in zip(y.shape[:count], y.strides)):
        x = np.broadcast_to(x, (*lead, *x.shape[count:]))
        out = function(x.reshape(-1, *x.shape[count + 1:]), y[(0,) * count])
        return out.reshape(*lead, x.shape[count], *out.shape[1:])
    x, y = np.broadcast_to(x, (*lead, *x.shape[count:])), np.broadcast_to(y, (*lead, *y.shape[count:]))
    found = [function(x[i], y[i]) for i in np.ndindex(*lead)]
    return np.stack(found).reshape(*lead, *found[0].shape)


def convolved_value(np, x, y, windows, plan):
    """Of pictures and weights; windows says how many there are."""
    dims = len(windows)
    if not all(lead for v in (x, y) for lead in v.shape[:v.ndim - dims - 2]):
        lead = np.broadcast_shapes(x.shape[:-dims - 2], y.shape[:-dims - 2])
        return np.zeros((*lead, x.shape[-dims - 2], y.shape[-dims - 2], *windows), np.result_type(x, y))

    def real(a, b):
        if a.dtype.kind not in "f":
            return _of_integers(np, a, b, windows, plan)
        b = np.ascontiguousarray(b, a.dtype).reshape(*b.shape[:2], *_cube(b.shape[2:]))
        out = loops.convolution(_pictures(np, a, dims), b, _cube(windows), _plan(plan))
        return out.reshape(*out.shape[:2], *windows)

    def one(a, b):
        return _in_parts(np, real, a, b) if a.dtype.kind == "c" or b.dtype.kind == "c" else real(a, b)

    return _for_samples(np, one, x, y, dims, True)


def _of_integers(np, x, y, windows, plan):
    """By a sum over the places of a window."""
    stride, before, dilation, groups = plan
    dims, kernel = len(windows), y.shape[2:]
    reach = [(w - 1) * s + (k - 1) * d + 1 for w, s, k, d in zip(windows, stride, kernel, dilation)]
    room = np.zeros((*x.shape[:2], *[max(b + n, r) for b, n, r in zip(before, x.shape[2:], reach)]), x.dtype)
    room[(slice(None), slice(None), *[slice(b, b + n) for b, n in zip(before, x.shape[2:])])] = x
    out = np.zeros((x.shape[0], groups, y.shape[0] // groups, *windows), x.dtype)
    factors = y.reshape(groups, y.shape[0] // groups, *y.shape[1:])
    for place in np.ndindex(*kernel):
        look = room[(slice(None), slice(None), *[slice(p * d, p * d + (w - 1) * s + 1, s)
                                                  for p, d, w, s in zip(place, dilation, windows, stride)])]
        look = look.reshape(x.shape[0], groups, y.shape[1], *windows)
        out += np.einsum(look, [0, 1, 3, *range(4, 4 + dims)], factors[(..., *place)], [1, 2, 3],
                         [0, 1, 2, *range(4, 4 + dims)])
    return out.reshape(x.shape[0], y.shape[0], *windows)


def convolved_dx(ops, g, y, shape_x, plan):
    return ops.apply("convolved_input", (g, y), (tuple(shape_x)[-len(plan[0]):], plan))


def convolved_dy(ops, g, x, shape_y, plan):
    return ops.apply("convolved_weight", (x, g), (tuple(shape_y)[-len(plan[0]):], plan))


def convolved_input_value(np, x, y, sizes, plan):
    """The transpose of convolved in the pictures, which have some sizes; x is like its result."""
    dims = len(sizes)

    def real(a, b):
        dtype = a.dtype if a.dtype.kind == "f" else np.dtype(float)
        b = np.ascontiguousarray(b, dtype).reshape(*b.shape[:2], *_cube(b.shape[2:]))
        pictures = _pictures(np, a.astype(dtype, copy=False), dims)
        out = loops.of_input(pictures, b, b.shape[1] * plan[3], _cube(sizes), _plan(plan))
        return out.reshape(*out.shape[:2], *sizes).astype(a.dtype, copy=False)

    def one(a, b):
        return _in_parts(np, real, a, b) if a.dtype.kind == "c" or b.dtype.kind == "c" else real(a, b)

    return _for_samples(np, one, x, y, dims, True)


def convolved_input_dx(ops, g, y, shape_x, plan):
    return ops.apply("convolved", (g, y), (tuple(shape_x)[-len(plan[0]):], plan))


def convolved_input_dy(ops, g, x, shape_y, plan):
    return ops.apply("convolved_weight", (g, x), (tuple(shape_y)[-len(plan[0]):], plan))


def convolved_weight_value(np, x, y, kernel, plan):
    """The transpose of convolved in the weights; y is like its result."""
    dims = len(kernel)

    def real(a, b):
        b = _pictures(np, b.astype(a.dtype, copy=False), dims)
        out = loops.of_weight(_pictures(np, a, dims), b, _cube(kernel), _plan(plan))
        return out.reshape(*out.shape[:2], *kernel)

    def one(a, b):
        return _in_parts(np, real, a, b) if a.dtype.kind == "c" or b.dtype.kind == "c" else real(a, b)

    return _for_samples(np, one, x, y, dims, False)


def convolved_weight_dx(ops, g, y, shape_x, plan):
    return ops.apply("convolved_input", (y, g), (tuple(shape_x)[-len(plan[0]):], plan))


def convolved_weight_dy(ops, g, x, shape_y, plan):
    return ops.apply("convolved", (x, g), (tuple(shape_y)[-len(plan[0]):], plan))


# ---- convolutions

def _read_convolution(ops, name, x, y, bias, dims, stride, padding, dilation, groups, more=()):
    """Checked arguments; x with a dimension of pictures."""
    _check_operand(ops, y, name, "weight", 2)
    if bias is not None:
        _check_operand(ops, bias, name, "bias", 3)
    given = {"stride": _ints(ops, stride, name, "stride", 4), "dilation": _ints(ops, dilation, name, "dilation", 6),
             **{word: _ints(ops, value, name, word, 5) for word, value in (("padding", padding), *more)
                if not isinstance(value, str)}}
    groups = ops.integer(groups)
    x, added = _batched(ops, x, dims, name)
    if y.ndim < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if y.ndim != dims + 2:
        raise RuntimeError(f"Expected {y.ndim}-dimensional input for {y.ndim}-dimensional weight {list(y.shape)}, but got "
                           f"{x.ndim}-dimensional input of size {list(x.shape)} instead")
    for word, value in given.items():
        if _spread(value, dims) is None:
            raise RuntimeError(f"expected {word} to be a single integer value or a list of {dims} values to match the "
                               f"convolution dimensions, but got {word}={list(value)}")
    given = {word: _spread(value, dims) for word, value in given.items()}
    if any(n < 0 for n in given.get("padding", ())):
        raise RuntimeError("negative padding is not supported")
    if any(n < 0 for n in given.get("output_padding", ())):
        raise RuntimeError("negative output_padding is not supported")
    if any(n <= 0 for n in given["stride"]):
        raise RuntimeError("non-positive stride is not supported")
    if any(n <= 0 for n in given["dilation"]):
        raise RuntimeError(f"dilation should be greater than zero, but got {list(given['dilation'])}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    return x, added, given, groups


def _check_dtypes(ops, x, y, bias, name):
    """x, y and bias in the dtype that they have: in PyTorch's flavour one."""
    operands = [v for v in (x, y, bias) if v is not None]
    if any(ops.is_numpy(v) for v in operands):
        common = ops.common_dtype(operands)
        return [v if v is None or ops.dtype(v) == common else ops.to(v, common) for v in (x, y, bias)]
    if ops.dtype(x) != ops.dtype(y):
        raise RuntimeError(f"expected scalar type {ops.scalar_name(x)} but found {ops.scalar_name(y)}")
    if bias is not None and ops.dtype(bias) != ops.dtype(x):
        raise RuntimeError(f"Input type ({_c_name(ops, x)}) and bias type ({_c_name(ops, bias)}) should be the same")
    _refuse(ops, x, "slow_conv2d_cpu", "bool")
    return x, y, bias


def _c_name(ops, x):
    """PyTorch's short word for a dtype: float, double, long int."""
    from .linear import C_NAMES

    name = ops.dtype(x).name
    return C_NAMES.get(name, name)


def _with_bias(ops, out, bias, dims):
    if bias is None:
        return out
    return ops.named(out + ops.reshape(bias, (bias.shape[0], *(1,) * dims)), "ConvolutionBackward0", out)


def _check_bias(bias, count, transposed, shape):
    if bias is not None and (bias.ndim != 1 or bias.shape[0] != count):
        raise RuntimeError(f"Given {'transposed=1, ' if transposed else ''}weight of size {list(shape)}, expected bias to be "
                           f"1-dimensional with {count} elements, but got bias of size {list(bias.shape)} instead")


def _convolution(ops, name, dims, x, y, bias, stride, padding, dilation, groups):
    x, added, given, groups = _read_convolution(ops, name, x, y, bias, dims, stride, padding, dilation, groups)
    stride, dilation = given["stride"], given["dilation"]
    outputs, channels, *kernel = y.shape
    sizes = tuple(x.shape)[2:]
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise RuntimeError(f"Invalid padding string: '{padding}'")
        if padding == "same" and any(n != 1 for n in stride):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
    if outputs < groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of "
                           f"size {list(y.shape)} instead")
    if outputs % groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight "
                           f"of size [{list(y.shape)}] instead")
    if x.shape[1] != channels * groups:
        raise RuntimeError(f"Given groups={groups}, weight of size {list(y.shape)}, expected input{list(x.shape)} to have "
                           f"{channels * groups} channels, but got {x.shape[1]} channels instead")
    _check_bias(bias, outputs, False, y.shape)
    reach = [d * (k - 1) for d, k in zip(dilation, kernel)]
    if padding == "same":
        before, padded = tuple([r // 2 for r in reach]), tuple([n + r for n, r in zip(sizes, reach)])
    else:
        before = (0,) * dims if padding == "valid" else given["padding"]
        padded = tuple([n + 2 * b for n, b in zip(sizes, before)])
    if any(k <= 0 for k in kernel) or any(n < r + 1 for n, r in zip(padded, reach)):
        raise RuntimeError(f"Calculated padded input size per channel: ({_by(padded)}). Kernel size: "
                           f"({_by([r + 1 for r in reach])}). Kernel size can't be greater than actual input size")
    if 0 in sizes:
        raise RuntimeError(f"Only zero batch or zero channel inputs are supported, but got input shape: {list(x.shape)}")
    x, y, bias = _check_dtypes(ops, x, y, bias, name)
    windows = tuple([(n - r - 1) // s + 1 for n, r, s in zip(padded, reach, stride)])
    out = ops.apply("convolved", (x, y), (windows, (stride, before, dilation, groups)))
    return _without(ops, _with_bias(ops, out, bias, dims), added)


def conv1d_of(ops, x, y, bias, stride, padding, dilation, groups):
    return _convolution(ops, "conv1d", 1, x, y, bias, stride, padding, dilation, groups)


def conv2d_of(ops, x, y, bias, stride, padding, dilation, groups):
    return _convolution(ops, "conv2d", 2, x, y, bias, stride, padding, dilation, groups)


def conv3d_of(ops, x, y, bias, stride, padding, dilation, groups):
    return _convolution(ops, "conv3d", 3, x, y, bias, stride, padding, dilation, groups)


def _transposed(ops, name, dims, x, y, bias, stride, padding, output_padding, groups, dilation):
    if isinstance(padding, str):
        raise TypeError(f"{name}(): argument 'padding' must be tuple of ints, not str")
    x, added, given, groups = _read_convolution(ops, name, x, y, bias, dims, stride, padding, dilation, groups,
                                                (("output_padding", output_padding),))
    stride, dilation, padding, extra = (given[word] for word in ("stride", "dilation", "padding", "output_padding"))
    channels, outputs, *kernel = y.shape
    if channels < groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of "
                           f"size {list(y.shape)} instead")
    if channels % groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight "
                           f"of size [{list(y.shape)}] instead")
    if x.shape[1] != channels:
        raise RuntimeError(f"Given transposed=1, weight of size {list(y.shape)}, expected input{list(x.shape)} to have "
                           f"{channels} channels, but got {x.shape[1]} channels instead")
    _check_bias(bias, outputs * groups, True, y.shape)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        words = [f"{word}_{axis}: {n}" for word, values in (("output_padding", extra), ("stride", stride),
                                                            ("dilation", dilation)) for axis, n in zip(AXES[dims], values)]
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {' '.join(words)}")
    sizes = tuple([(n - 1) * s - 2 * p + d * (k - 1) + e + 1
                   for n, s, p, d, k, e in zip(tuple(x.shape)[2:], stride, padding, dilation, kernel, extra)])
    if any(n < 1 for n in sizes):
        raise RuntimeError(f"Given input size per channel: ({_by(tuple(x.shape)[2:])}). Calculated output size per channel: "
                           f"({_by(sizes)}). Output size is too small")
    x, y, bias = _check_dtypes(ops, x, y, bias, name)
    out = ops.apply("convolved_input", (x, y), (sizes, (stride, padding, dilation, groups)))
    return _without(ops, _with_bias(ops, out, bias, dims), added)


def conv_transpose1d_of(ops, x, y, bias, stride, padding, output_padding, groups, dilation):
    return _transposed(ops, "conv_transpose1d", 1, x, y, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d_of(ops, x, y, bias, stride, padding, output_padding, groups, dilation):
    return _transposed(ops, "conv_transpose2d", 2, x, y, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d_of(ops, x, y, bias, stride, padding, output_padding, groups, dilation):
    return _transposed(ops, "conv_transpose3d", 3, x, y, bias, stride, padding, output_padding, groups, dilation)


# ---- columns

def _of_parts(np, function, x):
    """A linear function of floats, of other dtypes."""
    if x.dtype.kind == "c":
        out = function(np.ascontiguousarray(x.real)) + 1j * function(np.ascontiguousarray(x.imag))
        return out.astype(x.dtype, copy=False)
    if x.dtype.kind != "f":
        return function(x.astype(float)).astype(x.dtype)
    return function(np.ascontiguousarray(x))


def columns_value(np, x, kernel, windows, plan):
    """(..., channels, sizes) to (..., channels times places of a window, windows)."""
    dims, lead = len(kernel), x.shape[:x.ndim - len(kernel) - 1]
    rows = x.shape[x.ndim - dims - 1] * prod(kernel)
    if not x.size:
        return np.zeros((*lead, rows, prod(windows)), x.dtype)

    def real(a):
        return loops.columns(_pictures(np, a, dims), _cube(kernel), _cube(windows), _plan((*plan, 1)))

    return _of_parts(np, real, x).reshape(*lead, rows, prod(windows))


def columns_dx(ops, g, shape_x, kernel, windows, plan):
    return ops.apply("of_columns", (g,), (tuple(shape_x)[-len(kernel):], kernel, windows, plan))


def of_columns_value(np, x, sizes, kernel, windows, plan):
    """The transpose: what stands in columns added where it comes from."""
    lead, channels = x.shape[:-2], x.shape[-2] // prod(kernel)
    if not x.size:
        return np.zeros((*lead, channels, *sizes), x.dtype)

    def real(a):
        return loops.of_columns(a.reshape(-1, *a.shape[-2:]), channels, _cube(sizes), _cube(kernel), _cube(windows),
                                _plan((*plan, 1)))

    return _of_parts(np, real, x).reshape(*lead, channels, *sizes)


def of_columns_dx(ops, g, kernel, windows, plan):
    return ops.apply("columns", (g,), (kernel, windows, plan))


def _read_columns(ops, name, kernel_size, dilation, padding, stride):
    """Pairs of ints, of which padding alone may be 0."""
    found = []
    for word, value, position in (("kernel_size", kernel_size, 2), ("dilation", dilation, 3), ("padding", padding, 4),
                                  ("stride", stride, 5)):
        pair = _ints(ops, value, name, word, position)
        found.append(_spread(pair, 2))
        if found[-1] is None:
            raise RuntimeError(f"It is expected {word} equals to 2, but got size {len(pair)}")
    kernel, dilation, padding, stride = found
    for word, name, pair in (("kernel size", "kernel", kernel), ("stride", "stride", stride),
                             ("dilation", "dilation", dilation)):
        if min(pair) <= 0:
            raise RuntimeError(f"{word} should be greater than zero, but got {name}_height: {pair[0]} {name}_width: {pair[1]}")
    if min(padding) < 0:
        raise RuntimeError(f"padding should be non-negative, but got pad_height: {padding[0]} pad_width: {padding[1]}")
    return found


def _windows_of(sizes, kernel, dilation, padding, stride):
    return tuple([(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in zip(sizes, kernel, dilation, padding, stride)])


def unfold_columns_of(ops, x, kernel_size, dilation, padding, stride):
    kernel, dilation, padding, stride = _read_columns(ops, "im2col", kernel_size, dilation, padding, stride)
    if x.ndim not in (3, 4) or 0 in tuple(x.shape)[-3:]:
        raise RuntimeError("Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for "
                           f"input, but got: {list(x.shape)}")
    windows = _windows_of(tuple(x.shape)[-2:], kernel, dilation, padding, stride)
    if min(windows) < 1:
        raise RuntimeError(f"Given input with spatial size {tuple(x.shape)[-2:]}, kernel_size={kernel}, dilation={dilation}, "
                           f"padding={padding}, calculated shape of the array of sliding blocks as {windows}, but its "
                           "components must be at least one.")
    if ops.dtype(x).kind in "iu":
        raise NotImplementedError(f"\"im2col_out_cpu\" not implemented for '{ops.scalar_name(x)}'")
    return ops.named(ops.apply("columns", (x,), (kernel, windows, (stride, padding, dilation))), "Im2ColBackward0", x)


def fold_columns_of(ops, x, output_size, kernel_size, dilation, padding, stride):
    kernel, dilation, padding, stride = _read_columns(ops, "col2im", kernel_size, dilation, padding, stride)
    size = _ints(ops, output_size, "col2im", "output_size", 2)
    sizes = _spread(size, 2)
    if sizes is None:
        raise RuntimeError(f"It is expected output_size equals to 2, but got size {len(size)}")
    if x.ndim not in (2, 3) or 0 in tuple(x.shape)[-2:]:
        raise RuntimeError("Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions "
                           f"for input, but got: {list(x.shape)}")
    rows, count = tuple(x.shape)[-2:]
    if rows % prod(kernel):
        raise RuntimeError("Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
                           f"input.size(1)={rows} and kernel_size={kernel}.")
    windows = _windows_of(sizes, kernel, dilation, padding, stride)
    if min(windows) < 1 or prod(windows) != count:
        raise RuntimeError(f"Given output_size={sizes}, kernel_size={kernel}, dilation={dilation}, padding={padding}, "
                           f"stride={stride}, expected size of input's dimension 2 to match the calculated number of sliding "
                           f"blocks {windows[0]} * {windows[1]} = {prod(windows)}, but got input.size(2)={count}.")
    return ops.named(ops.apply("of_columns", (x,), (sizes, kernel, windows, (stride, padding, dilation))), "Col2ImBackward0", x)


# ---- the largest elements of windows

#: Spans and matrices that were computed lately, by what they were computed of.
_KEPT: dict = {}


def _kept(make, given):
    """make(given), computed once for the programs that ask for it again and again."""
    found = _KEPT.get((make, given))
    if found is None:
        if len(_KEPT) >= 256:
            _KEPT.clear()
        found = _KEPT[make, given] = make(given)
    return found


def _span(span):
    """The first and the end of each window along a dimension, and the step: of ("strided", size, windows, kernel, stride,
    padding, dilation), ("adaptive", size, windows) or ("given", the first of each, kernel)."""
    import numpy as np

    kind, *numbers = span
    if kind == "strided":
        size, windows, kernel, stride, padding, dilation = numbers
        first = np.arange(windows, dtype=np.int64) * stride - padding
        end = np.minimum(first + (kernel - 1) * dilation + 1, size)
        return np.where(first < 0, first % dilation, first), end, dilation
    if kind == "given":
        first = np.array(numbers[0], np.int64)
        return first, first + numbers[1], 1
    size, windows = numbers
    at = np.arange(windows, dtype=np.int64)
    return at * size // max(windows, 1), -(-(at + 1) * size // max(windows, 1)), 1


def largest_places_value(np, x, spans):
    """Where the largest element of each window of the last dimensions stands, of their elements in order."""
    dims = len(spans)
    lead, sizes = x.shape[:x.ndim - dims], x.shape[x.ndim - dims:]
    found = [_kept(_span, span) for span in spans]
    out = (*lead, *[len(first) for first, _, _ in found])
    if not prod(out):
        return np.zeros(out, np.int64)
    one = np.zeros(1, np.int64), np.ones(1, np.int64), 1
    if x.dtype.kind != "f":
        x = x.astype(np.float64) if x.dtype.itemsize < 8 else _ordered(np, x)
    x = np.ascontiguousarray(x).reshape(prod(lead), *_cube(sizes))
    return loops.largest(x, [one] * (3 - dims) + found).reshape(out)


def _ordered(np, x):
    """Doubles in the order of integers, of which not all are doubles: their ranks."""
    return np.unique(x, return_inverse=True)[1].reshape(x.shape).astype(np.float64)


def at_places_value(np, x, y, dims):
    """The elements at positions among the last dimensions."""
    lead = np.broadcast_shapes(x.shape[:-dims], y.shape[:-dims])
    inner = x.shape[x.ndim - dims:]
    x = np.broadcast_to(x, (*lead, *inner)).reshape(prod(lead), prod(inner))
    places = np.broadcast_to(y, (*lead, *y.shape[y.ndim - dims:]))
    at = places.reshape(prod(lead), prod(y.shape[y.ndim - dims:]))
    if x.dtype.kind != "f":
        return np.take_along_axis(x, at, 1).reshape(places.shape)
    return loops.take(np.ascontiguousarray(x), np.ascontiguousarray(at, np.int64)).reshape(places.shape)


def at_places_dx(ops, g, y, shape_x, dims):
    return ops.apply("put_places", (g, y), (tuple(shape_x)[-dims:],))


def put_places_value(np, x, y, sizes):
    """Zeros of some sizes, with elements added at positions among them."""
    dims = len(sizes)
    lead = np.broadcast_shapes(x.shape[:-dims], y.shape[:-dims])
    inner = x.shape[x.ndim - dims:]
    rows, at = (np.ascontiguousarray(np.broadcast_to(v, (*lead, *inner)).reshape(prod(lead), prod(inner))) for v in (x, y))
    return _of_parts(np, lambda a: loops.put(a, at, prod(sizes)), rows).reshape(*lead, *sizes)


def put_places_dx(ops, g, y, sizes):
    return ops.apply("at_places", (g, y), (len(sizes),))


def _largest(ops, x, spans, name, indices):
    """The largest elements and where they stand."""
    at = ops.apply("largest_places", (x,), (spans,))
    values = ops.named(ops.apply("at_places", (x, at), (len(spans),)), name, x)
    return (values, at) if indices else values


def _pool_shape(size, kernel, stride, padding, dilation, ceil):
    """How many windows there are, the last of which begins inside."""
    out = (size + 2 * padding - dilation * (kernel - 1) - 1 + (stride - 1 if ceil else 0)) // stride + 1
    return out - 1 if ceil and (out - 1) * stride >= size + padding else out


def _read_pool(ops, name, dims, kernel_size, stride, padding, dilation=1):
    """A tuple for each; the stride is the kernel's size where it is not given."""
    found = []
    words = "two ints" if dims == 2 else "three ints"
    for word, value, position in (("kernel_size", kernel_size, 2), ("stride", stride, 3), ("padding", padding, 4),
                                  ("dilation", dilation, 5)):
        if word == "stride" and (value is None or (isinstance(value, (tuple, list)) and not value)):
            found.append(found[0])
            continue
        given = _ints(ops, value, name, word, position)
        found.append(_spread(given, dims))
        if found[-1] is None:
            if dims == 1:
                raise RuntimeError(f"{name}() {word} must be an int, list of ints or tuple of ints of size 1 but got size "
                                   f"{len(given)}")
            raise RuntimeError(f"{name}: {word} must {'either be omitted,' if word == 'stride' else 'either be'} a single int, "
                               f"or a tuple of {words}")
    return found


def _too_small(x, dims, windows):
    channels = (x.shape[-dims - 1], *(1,) * (dims == 1))
    return RuntimeError(f"Given input size: ({'x'.join(map(str, (*channels, *tuple(x.shape)[-dims:])))}). Calculated output "
                        f"size: ({'x'.join(map(str, (*channels, *windows)))}). Output size is too small")


def _check_pool(ops, x, dims, kernel, stride, padding, dilation, ceil):
    """Windows of a pool of two or three dimensions, and what PyTorch refuses."""
    if min(stride) <= 0 and 0 in stride:
        raise RuntimeError("stride should not be zero")
    if min(kernel) <= 0 or min(stride) <= 0:
        words = [f"{letter}{axis}: {n}" for letter, values in (("k", kernel), ("d", stride))
                 for axis, n in zip("THW"[3 - dims:], values)]
        raise RuntimeError(f"kernel size and stride should be greater than zero, but got {' '.join(words)}")
    if min(dilation) <= 0:
        words = [f"dilation{axis}: {n}" for axis, n in zip("THW"[3 - dims:], dilation)]
        raise RuntimeError(f"dilation should be greater than zero, but got {' '.join(words)}")
    for k, p, d in zip(kernel, padding, dilation):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and "
                               f"dilation={d}")
    sizes = tuple(x.shape)[-dims:]
    windows = tuple([_pool_shape(*each, ceil) for each in zip(sizes, kernel, stride, padding, dilation)])
    if min(windows) < 1:
        raise _too_small(x, dims, windows)
    return windows


def _max_pool(ops, name, dims, x, kernel_size, stride, padding, dilation, ceil_mode, indices):
    kernel, stride, padding, dilation = _read_pool(ops, name, dims, kernel_size, stride, padding, dilation)
    sizes = tuple(x.shape)
    if dims == 1:
        if x.ndim not in (2, 3) or 0 in sizes[-2:]:
            raise RuntimeError(f"{name}: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but "
                               f"got:{list(sizes)}")
        for word, (n,) in (("kernel_size", kernel), ("stride", stride), ("dilation", dilation)):
            if n <= 0:
                raise RuntimeError(f"max_pool1d() {word} must be greater than zero, but got {n}")
        if padding[0] < 0:
            raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {padding[0]}")
        if padding[0] > ((kernel[0] - 1) * dilation[0] + 1) // 2:
            raise RuntimeError("max_pool1d() padding should be at most half of kernel size, but got "
                               f"padding={padding[0]} and kernel_size={kernel[0]}")
        windows = (_pool_shape(sizes[-1], kernel[0], stride[0], padding[0], dilation[0], ceil_mode),)
        if windows[0] < 1:
            raise RuntimeError(f"max_pool1d() Invalid computed output size: {windows[0]}")
    else:
        if x.ndim not in (dims + 1, dims + 2):
            raise RuntimeError(f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input")
        if 0 in sizes[-dims - 1:]:
            raise RuntimeError(f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for "
                               f"input, but got:{list(sizes)}")
        windows = _check_pool(ops, x, dims, kernel, stride, padding, dilation, ceil_mode)
    _refuse(ops, x, name, "bool", "complex64", "complex128")
    spans = tuple([("strided", *each) for each in zip(sizes[-dims:], windows, kernel, stride, padding, dilation)])
    return _largest(ops, x, spans, "SqueezeBackward1" if dims == 1 else f"MaxPool{dims}DWithIndicesBackward0", indices)


def max_pool1d_of(ops, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    return _max_pool(ops, "max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d_of(ops, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    return _max_pool(ops, "max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d_of(ops, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    return _max_pool(ops, "max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _unpooled_sizes(ops, x, dims, kernel, stride, padding, output_size):
    sizes = tuple(x.shape)[-dims:]
    default = [(n - 1) * s + k - 2 * p for n, s, k, p in zip(sizes, stride, kernel, padding)]
    if output_size is None:
        return tuple(default)
    given = _ints(ops, tuple(output_size), "max_unpool", "output_size", 6)
    if len(given) == dims + 2:
        given = given[2:]
    if len(given) != dims:
        raise ValueError(f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of "
                         f"'{len(given)}'")
    for d in range(dims):
        low, high = default[d] - stride[d], default[d] + stride[d]
        if not low < given[d] < high:
            raise ValueError(f"invalid output_size \"{given}\" (dim {d} must be between {low} and {high})")
    return given


def _unpool(ops, name, dims, x, indices, kernel_size, stride, padding, output_size):
    kernel, stride, padding, _ = _read_pool(ops, name, dims, kernel_size, stride, padding)
    _check_operand(ops, indices, name, "indices", 2)
    sizes = _unpooled_sizes(ops, x, dims, kernel, stride, padding, output_size)
    if ops.dtype(indices).name != "int64":
        raise RuntimeError(f"elements in indices should be type int64 but got: {ops.scalar_name(indices)}")
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"Input to {name} should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with {x.ndim} "
                           "dimensions.")
    if tuple(x.shape) != tuple(indices.shape):
        raise RuntimeError("Expected shape of indices to be same as that of the input tensor "
                           f"({list(x.shape)}) but got indices tensor with shape: {list(indices.shape)}")
    lead, inner = tuple(x.shape)[:-dims], prod(tuple(x.shape)[-dims:])
    known = ops.all_samples(indices)
    wrong = known[(known < 0) | (known >= prod(sizes))]
    if wrong.size:
        raise RuntimeError(f"Found an invalid max index: {int(wrong[0])} (output volumes are of size "
                           f"{'x'.join(map(str, sizes if dims > 1 else (*sizes, 1)))})")
    zeros = ops.constant(ops.numpy.zeros((*lead, prod(sizes)), ops.dtype(x)), x)
    out = ops.scatter(zeros, len(lead), ops.reshape(indices, (*lead, inner)), ops.reshape(x, (*lead, inner)))
    return ops.named(ops.no_view(ops.reshape(out, (*lead, *sizes))),
                     "SqueezeBackward1" if dims == 1 else f"MaxUnpool{dims}DBackward0", x)


def max_unpool1d_of(ops, x, indices, kernel_size, stride, padding, output_size):
    return _unpool(ops, "max_unpool1d", 1, x, indices, kernel_size, stride, padding, output_size)


def max_unpool2d_of(ops, x, indices, kernel_size, stride, padding, output_size):
    return _unpool(ops, "max_unpool2d", 2, x, indices, kernel_size, stride, padding, output_size)


def max_unpool3d_of(ops, x, indices, kernel_size, stride, padding, output_size):
    return _unpool(ops, "max_unpool3d", 3, x, indices, kernel_size, stride, padding, output_size)


# ---- sparse matrices along dimensions: means, interpolation

def _table(plan):
    """(first, at, weight, size): the matrix of a plan, row by row, and how many columns it has.

    Plans are ("transposed", plan); ("mean", size, windows, kernel, stride, padding, what counts); ("adaptive", size, windows);
    and of interpolation (mode, size, windows, scale, align_corners).
    """
    import numpy as np

    kind, *numbers = plan
    if kind == "transposed":
        first, at, weight, size = _kept(_table, numbers[0])
        rows = np.repeat(np.arange(len(first) - 1), np.diff(first))
        order = np.argsort(at, kind="stable")
        begin = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=size))]).astype(np.int64)
        return begin, rows[order].astype(np.int64), weight[order], len(first) - 1
    size, windows = numbers[:2]
    if kind in ("mean", "adaptive"):
        if kind == "mean":
            kernel, stride, padding, counts = numbers[2:]
            start = np.arange(windows) * stride - padding
            end = np.minimum(start + kernel, size + padding)
            count = end - start
            start, end = np.maximum(start, 0), np.minimum(end, size)
            if counts == "inside":
                count = end - start
            elif counts == "nothing":
                count = np.ones_like(count)
        else:
            start, end, _ = _kept(_span, plan)
            count = end - start
        length = np.maximum(end - start, 0)
        taps = [np.arange(a, a + n) for a, n in zip(start, length)]
        weights = [np.full(n, 1 / c if c else np.nan) for n, c in zip(length, count)]
    else:
        taps, weights = _interpolation(np, kind, size, windows, *numbers[2:])
    first = np.concatenate([[0], np.cumsum([len(each) for each in taps])]).astype(np.int64)
    at = np.concatenate([*taps, np.zeros(0, np.int64)]).astype(np.int64)
    return first, at, np.concatenate([*weights, np.zeros(0)]).astype(np.float64), size


def _interpolation(np, kind, size, windows, scale, align):
    """The neighbours of each place and their weights."""
    at = np.arange(windows)
    if kind in ("nearest", "nearest-exact"):
        # in single precision, as PyTorch's kernels for all dtypes
        step = np.float32(1 / scale if scale else size / windows)
        place = np.floor((at.astype(np.float32) + np.float32(0.5 if kind == "nearest-exact" else 0)) * step)
        return np.minimum(place.astype(np.int64), size - 1)[:, None], np.ones((windows, 1))
    if align:
        step = (size - 1) / (windows - 1) if windows > 1 else 0.0
        place = at * step
    else:
        step = 1 / scale if scale else size / windows
        place = (at + 0.5) * step - 0.5
    if kind.endswith("antialias"):
        reach = (2 if "cubic" in kind else 1) * max(step, 1.0)
        taps, weights = [], []
        for i in range(windows):
            centre = step * (i + 0.5)
            low = max(int(centre - reach + 0.5), 0)
            high = min(int(centre + reach + 0.5), size)
            near = np.arange(low, high)
            distance = np.abs((near - centre + 0.5) / max(step, 1.0))
            factor = _cubic(np, distance, -0.5) if "cubic" in kind else np.maximum(1 - distance, 0)
            taps.append(near)
            weights.append(factor / factor.sum())
        return taps, weights
    if kind == "linear":
        place = np.maximum(place, 0)
        low = np.minimum(np.floor(place).astype(np.int64), size - 1)
        part = np.clip(place - low, 0, 1)
        return np.stack([low, np.minimum(low + 1, size - 1)], 1), np.stack([1 - part, part], 1)
    low = np.floor(place).astype(np.int64)
    near = low[:, None] + np.arange(-1, 3)
    return np.clip(near, 0, size - 1), _cubic(np, np.abs(place[:, None] - near), -0.75)


def _cubic(np, distance, a):
    """The cubic convolution kernel (Keys 1981) at distances."""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def blended_value(np, x, plans):
    """The matrices of plans along the last dimensions; first the one that leaves least to do."""
    tables = [_kept(_table, plan) for plan in plans]
    dims = len(plans)

    def real(a):
        for d in sorted(range(dims), key=lambda d: (len(tables[d][0]) - 1) / max(tables[d][3], 1)):
            axis, (first, at, weight, size) = a.ndim - dims + d, tables[d]
            outer, inner = a.shape[:axis], a.shape[axis + 1:]
            flat = a.reshape(prod(outer), a.shape[axis], prod(inner))
            a = loops.blend(flat, first, at, weight, size).reshape(*outer, len(first) - 1, *inner)
        return a

    return _of_parts(np, real, x)


def blended_dx(ops, g, plans):
    return ops.apply("blended", (g,), (_transposes(plans),))


def _transposes(plans):
    return tuple([plan[1] if plan[0] == "transposed" else ("transposed", plan) for plan in plans])


def averaged_dx(ops, g, plans):
    """By its transpose, which is piecewise, too: of means of windows PyTorch's second derivative is 0 and no error."""
    return ops.apply("averaged", (g,), (_transposes(plans),))


def _avg_pool(ops, name, dims, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor=None):
    kernel, stride, padding, _ = _read_pool(ops, name, dims, kernel_size, stride, padding)
    sizes = tuple(x.shape)
    if dims == 1:
        if x.ndim not in (2, 3):
            raise RuntimeError(f"Expected 2 to 3 dimensions, but got {x.ndim}-dimensional tensor for argument #1 'self' (while "
                               "checking arguments for avg_pool1d)")
        if min(kernel) <= 0 or min(stride) <= 0:
            raise RuntimeError("stride should not be zero" if 0 in stride else "kernel size and stride should be greater than "
                               f"zero, but got kernel: {kernel[0]} stride: {stride[0]}")
    elif x.ndim not in (dims + 1, dims + 2):
        if dims == 2:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-max(x.ndim, 1)}, {max(x.ndim, 1) - 1}], "
                             f"but got {-3 if x.ndim < 3 else 3 - x.ndim})") if x.ndim < 3 else RuntimeError(
                                 "non-empty 3D or 4D (batch mode) tensor expected for input")
        raise RuntimeError("non-empty 4D or 5D (batch mode) tensor expected for input")
    if divisor is not None:
        divisor = ops.integer(divisor)
        if divisor == 0:
            raise RuntimeError("divisor must be not zero")
    windows = _check_pool(ops, x, dims, kernel, stride, padding, (1,) * dims, ceil_mode)
    if 0 in sizes[-dims - 1:]:
        raise RuntimeError(f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for input, "
                           f"but got:{list(sizes)}")
    _refuse(ops, x, name, "bool")
    counts = "nothing" if divisor is not None else "padded" if count_include_pad else "inside"
    plans = tuple([("mean", *each, counts) for each in zip(sizes[-dims:], windows, kernel, stride, padding)])
    out = ops.apply("averaged", (x,), (plans,))
    if divisor is not None:
        out = out / divisor
    return ops.named(out, "SqueezeBackward1" if dims == 1 else f"AvgPool{dims}DBackward0", x)


def avg_pool1d_of(ops, x, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return _avg_pool(ops, "avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d_of(ops, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    return _avg_pool(ops, "avg_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d_of(ops, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    return _avg_pool(ops, "avg_pool3d", 3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _lp_pool(ops, dims, x, norm_type, kernel_size, stride, ceil_mode):
    """The power's mean times the size of a window, whatever part of it is inside."""
    kernel = _read_pool(ops, f"avg_pool{dims}d", dims, kernel_size, None, 0)[0]
    mean = _avg_pool(ops, f"avg_pool{dims}d", dims, ops.pow(x, norm_type), kernel_size, stride, 0, ceil_mode, True)
    return ops.pow(ops.sign(mean) * ops.relu(ops.abs(mean)) * prod(kernel), 1.0 / norm_type)


def lp_pool1d_of(ops, x, norm_type, kernel_size, stride, ceil_mode):
    return _lp_pool(ops, 1, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d_of(ops, x, norm_type, kernel_size, stride, ceil_mode):
    return _lp_pool(ops, 2, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d_of(ops, x, norm_type, kernel_size, stride, ceil_mode):
    return _lp_pool(ops, 3, x, norm_type, kernel_size, stride, ceil_mode)


def _adaptive_sizes(ops, name, dims, x, output_size, word):
    """How many windows there are: None is as many as elements."""
    sizes = tuple(x.shape)
    if x.ndim not in (dims + 1, dims + 2):
        if dims == 1:
            raise RuntimeError(f"Expected 2 to 3 dimensions, but got {x.ndim}-dimensional tensor for argument #1 'self' (while "
                               f"checking arguments for {name})")
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got{':' if word == 'max' else ''} "
                           f"{list(sizes)}")
    if dims == 1 and isinstance(output_size, (tuple, list)) and len(output_size) != 1:
        raise RuntimeError(f"{name}() argument 'output_size' should contain one int (got {len(output_size)})")
    if isinstance(output_size, (tuple, list)):
        if len(output_size) not in (1, dims) or (len(output_size) == 1 and dims > 1):
            raise RuntimeError(f"{name}: output_size must be {dims}" if word == "avg" else
                               f"{name}(): internal error: output_size.size() must be {dims}")
        output_size = [n if given is None else given for n, given in zip(sizes[-dims:], output_size)]
    out = _spread(_ints(ops, output_size, name, "output_size", 2), dims)
    if min(out) < 0:
        raise RuntimeError(f"{name}: elements of output_size must be greater than or equal to 0 but received "
                           f"{{{', '.join(map(str, out))}}}")
    for d in range(x.ndim - dims, x.ndim):
        if sizes[d] == 0:
            raise RuntimeError(f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                               f"{list(sizes)} with dimension {d} being empty")
    return tuple([("adaptive", n, count) for n, count in zip(sizes[-dims:], out)])


def _adaptive_avg(ops, dims, x, output_size):
    plans = _adaptive_sizes(ops, f"adaptive_avg_pool{dims}d", dims, x, output_size, "avg")
    if ops.dtype(x).kind not in "fc":
        raise NotImplementedError(f"\"adaptive_avg_pool{dims}d_cpu\" not implemented for '{ops.scalar_name(x)}'")
    name = "SqueezeBackward1" if dims == 1 else f"AdaptiveAvgPool{dims}DBackward0"
    if all(plan[2] == 1 for plan in plans) and dims > 1:
        name = "MeanBackward1"
    return ops.named(ops.apply("averaged", (x,), (plans,)), name, x)


def adaptive_avg_pool1d_of(ops, x, output_size):
    return _adaptive_avg(ops, 1, x, output_size)


def adaptive_avg_pool2d_of(ops, x, output_size):
    return _adaptive_avg(ops, 2, x, output_size)


def adaptive_avg_pool3d_of(ops, x, output_size):
    return _adaptive_avg(ops, 3, x, output_size)


def _adaptive_max(ops, dims, x, output_size, indices):
    spans = _adaptive_sizes(ops, f"adaptive_max_pool{dims}d", dims, x, output_size, "max")
    if ops.dtype(x).kind != "f":
        raise NotImplementedError(f"\"adaptive_max_pool{max(dims, 2)}d\" not implemented for '{ops.scalar_name(x)}'")
    name = "SqueezeBackward1" if dims == 1 else f"AdaptiveMaxPool{dims}DBackward0"
    return _largest(ops, x, spans, name, indices)


def adaptive_max_pool1d_of(ops, x, output_size, return_indices):
    return _adaptive_max(ops, 1, x, output_size, return_indices)


def adaptive_max_pool2d_of(ops, x, output_size, return_indices):
    return _adaptive_max(ops, 2, x, output_size, return_indices)


def adaptive_max_pool3d_of(ops, x, output_size, return_indices):
    return _adaptive_max(ops, 3, x, output_size, return_indices)


# ---- interpolation

MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "lanczos", "area", "nearest-exact")
NODES = {"nearest": "UpsampleNearest{0}DBackward0", "nearest-exact": "UpsampleNearestExact{0}DBackward0",
         "linear": "UpsampleLinear1DBackward0", "bilinear": "UpsampleBilinear2DBackward0",
         "trilinear": "UpsampleTrilinear3DBackward0", "bicubic": "UpsampleBicubic2DBackward0"}


def interpolate_of(ops, x, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias):
    dims = x.ndim - 2
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError("align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
                             "trilinear")
    else:
        align_corners = bool(align_corners)
    sizes = list(x.shape)[2:]
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    scales = None
    if size is not None:
        if isinstance(size, (tuple, list)):
            if len(size) != dims:
                raise ValueError("Input and output must have the same number of spatial dimensions, but got input with spatial "
                                 f"dimensions of {sizes} and output size of {size}. Please provide input tensor in (N, C, d1, "
                                 "d2, ...,dK) format and output size in (o1, o2, ...,oK) format.")
            wanted = [ops.integer(n) for n in size]
        else:
            wanted = [ops.integer(size)] * dims
        if recompute_scale_factor:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    elif scale_factor is not None:
        if isinstance(scale_factor, (tuple, list)):
            if len(scale_factor) != dims:
                raise ValueError("Input and scale_factor must have the same number of spatial dimensions, but got input with "
                                 f"spatial dimensions of {sizes} and scale_factor of shape {scale_factor}. Please provide "
                                 "input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format.")
            scales = [float(ops.number(s, "interpolate", "scale_factor")) for s in scale_factor]
        else:
            scales = [float(ops.number(scale_factor, "interpolate", "scale_factor"))] * dims
        wanted = [floor(n * s) for n, s in zip(sizes, scales)]
        if recompute_scale_factor or mode == "area":
            scales = None
    else:
        raise ValueError("either size or scale_factor should be defined")
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and x.ndim == 4):
        raise ValueError("Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as "
                         "input")
    needs = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
    if dims not in (1, 2, 3) or mode not in MODES:
        raise NotImplementedError("Input Error: Only 3D, 4D and 5D input Tensors supported "
                                  f"(got {x.ndim}D) for the modes: {' | '.join(MODES)} (got {mode})")
    if mode == "lanczos":
        raise NotImplementedError("interpolate(): the mode 'lanczos' is not implemented: use 'bicubic' with antialias=True")
    if x.ndim != needs.get(mode, x.ndim):
        raise NotImplementedError(f"Got {x.ndim}D input, but {mode} mode needs {needs[mode]}D input")
    if mode == "area":
        return [adaptive_avg_pool1d_of, adaptive_avg_pool2d_of, adaptive_avg_pool3d_of][dims - 1](ops, x, wanted)
    if min(*sizes, *wanted) <= 0:
        words = ", ".join(f"{axis}: {n}" for axis, n in zip("DHW"[3 - dims:], sizes))
        other = ", ".join(f"{axis}: {n}" for axis, n in zip("DHW"[3 - dims:], wanted))
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got input ({words}) output ({other})")
    name = ops.dtype(x).name
    if name not in ("float16", "float32", "float64") and not (name == "uint8" and mode.startswith("nearest")):
        word = f"upsample_{mode.replace('-', '_')}{dims}d" if mode.startswith("nearest") else f"compute_indices_weights_{mode}"
        raise NotImplementedError(f"\"{word}\" not implemented for '{ops.scalar_name(x)}'")
    kind = mode if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
    if antialias:
        kind += " antialias"
    plans = tuple([(kind, n, m, s, bool(align_corners)) for n, m, s in zip(sizes, wanted, scales or [None] * dims)])
    node = NODES[mode].format(dims)
    return ops.named(ops.apply("blended", (x,), (plans,)), node.replace("DBackward0", "DAaBackward0") if antialias else node, x)


def upsample_of(ops, x, size, scale_factor, mode, align_corners):
    ops.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.")
    return interpolate_of(ops, x, size, scale_factor, mode, align_corners, None, False)


# ---- samples at places of a grid

def _check_grid(ops, x, grid, mode):
    sizes, given = list(x.shape), list(grid.shape)
    if ops.dtype(x) != ops.dtype(grid):
        raise RuntimeError(f"expected scalar type {ops.scalar_name(x)} but found {ops.scalar_name(grid)}")
    if sizes[:1] != given[:1]:
        raise RuntimeError("grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
                           f"{sizes} and grid with sizes {given}")
    if not given or given[-1] != x.ndim - 2:
        raise RuntimeError(f"grid_sampler(): expected grid to have size {x.ndim - 2} in last dimension, but got grid with "
                           f"sizes {given}")
    for d in range(2, x.ndim):
        if sizes[d] == 0:
            raise RuntimeError("grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
                               f"{sizes} with dimension {d} being empty")
    if x.ndim not in (4, 5) or grid.ndim != x.ndim:
        raise RuntimeError("grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input "
                           f"with sizes {sizes} and grid with sizes {given}")
    if x.ndim == 5 and mode == "bicubic":
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")


def _reflected(ops, place, low, high):
    """Places outside of an interval, mirrored into it; low and high are twice its ends."""
    if low == high:
        return place * 0
    least, span = low / 2, (high - low) / 2
    shifted = place - least
    distance = ops.abs(shifted)
    turns = ops.floor(distance / span)
    rest = distance - turns * span
    even = ops.remainder(turns, 2.0) == 0
    return ops.where(even, rest + least, span - rest + least)


def _inside(ops, place, size, padding_mode, align):
    """Places of a padding mode: kept, drawn to the border, or mirrored and drawn to the border."""
    if padding_mode == "reflection":
        place = _reflected(ops, place, 0, 2 * (size - 1)) if align else _reflected(ops, place, -1, 2 * size - 1)
    if padding_mode != "zeros":
        place = _clipped(ops, place, size)
    return place


def _clipped(ops, place, size):
    """Between 0 and size - 1; at the ends and beyond the derivative is 0, as PyTorch's."""
    between = (place > 0) & (place < size - 1)
    return ops.where(between, place, ops.clamp(place.detach(), 0, size - 1))


def grid_sample_of(ops, x, grid, mode, padding_mode, align_corners):
    """By gathering neighbours and adding up their products with weights, which are functions of the grid."""
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError("nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: "
                         f"'{mode}'")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError("nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but "
                         f"got: '{padding_mode}'")
    _check_operand(ops, grid, "grid_sampler", "grid", 2)
    if align_corners is None:
        ops.warn("Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
                 "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.")
        align_corners = False
    _check_grid(ops, x, grid, mode)
    dims = x.ndim - 2
    sizes, count = tuple(x.shape)[2:], prod(tuple(grid.shape)[1:-1])
    places = []
    for d in range(dims):       # of the grid the last coordinate is the first dimension
        at = ops.reshape(ops.select(grid, grid.ndim - 1, dims - 1 - d), (grid.shape[0], count))
        size = sizes[d]
        places.append((at + 1) * ((size - 1) / 2) if align_corners else ((at + 1) * size - 1) / 2)
    if mode == "bicubic":
        neighbours = [_near_cubic(ops, place) for place in places]
    else:
        places = [_inside(ops, place, size, padding_mode, align_corners) for place, size in zip(places, sizes)]
        if mode == "nearest":
            neighbours = [[(ops.round(place), None)] for place in places]
        else:
            neighbours = [_near_linear(ops, place) for place in places]
    total = None
    for chosen in _products(neighbours):
        part = _at(ops, x, [place for place, _ in chosen], sizes, padding_mode if mode == "bicubic" else "zeros",
                   align_corners)
        factor = None
        for _, weight in chosen:
            if weight is not None:
                factor = weight if factor is None else factor * weight
        if factor is not None:
            part = part * ops.reshape(factor, (x.shape[0], 1, count))
        total = part if total is None else total + part
    if mode == "nearest":       # of the grid, too, whose derivative is 0
        total = total + ops.reshape(ops.round(places[0]), (x.shape[0], 1, count)) * 0
    out = ops.reshape(total, (x.shape[0], x.shape[1], *tuple(grid.shape)[1:-1]))
    return ops.named(ops.no_view(out), f"GridSampler{dims}DBackward0", x, grid)


def _near_linear(ops, place):
    low = ops.floor(place.detach())
    part = place - low
    return [(low, 1 - part), (low + 1, part)]


def _near_cubic(ops, place, a=-0.75):
    low = ops.floor(place.detach())
    part = place - low
    found = []
    for k in (-1, 0, 1, 2):
        t = part + 1 if k == -1 else part if k == 0 else 1 - part if k == 1 else 2 - part
        weight = (((a + 2) * t - (a + 3)) * t * t + 1) if k in (0, 1) else ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        found.append((low + k, weight))
    return found


def _products(lists):
    if not lists:
        yield []
        return
    for first in lists[0]:
        for rest in _products(lists[1:]):
            yield [first, *rest]


def _at(ops, x, places, sizes, padding_mode, align):
    """The elements of all channels at places, (pictures, count) for each dimension; 0 outside."""
    inside, flat = None, None
    for place, size in zip(places, sizes):
        place = _inside(ops, place.detach(), size, padding_mode, align)
        here = (place >= 0) & (place <= size - 1)
        inside = here if inside is None else inside & here
        place = ops.where(here, place, ops.zeros_like(place))
        flat = place if flat is None else flat * size + place
    pictures, channels, count = x.shape[0], x.shape[1], flat.shape[1]
    at = ops.expand(ops.reshape(ops.to(flat, "int64"), (pictures, 1, count)), (pictures, channels, count))
    found = ops.apply("at_places", (ops.reshape(x, (pictures, channels, prod(sizes))), at), (1,))
    # comparisons in NumPy's flavour are plain arrays
    return ops.where(inside.reshape(pictures, 1, count), found, 0.0)


def affine_grid_of(ops, theta, size, align_corners):
    dims = len(size) - 2
    if align_corners is None:
        ops.warn("Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
                 "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.")
        align_corners = False
    if ops.dtype(theta).kind != "f":
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError("affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. "
                                  f"Got size {tuple(size)}.")
    sizes = tuple([ops.integer(n) for n in size])
    if theta.ndim != 3 or tuple(theta.shape)[1:] != (dims, dims + 1):
        raise ValueError(f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {sizes}. Got "
                         f"{theta.shape}.")
    if min(sizes) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {sizes}")
    if align_corners and 1 in sizes[2:]:
        ops.warn("Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is "
                 "not an intended use case of affine_grid. See the documentation of affine_grid for details.")
    if theta.shape[0] != sizes[0]:
        raise RuntimeError(f"Expected a batch of {sizes[0]} matrices, but got {theta.shape[0]}")
    np = ops.numpy
    lines = [_line(np, n, align_corners) for n in sizes[2:]]
    grid = np.stack([*np.meshgrid(*lines, indexing="ij")[::-1], np.ones(sizes[2:])], -1).reshape(-1, dims + 1)
    base = ops.constant(grid.astype(ops.dtype(theta)), theta)
    out = ops.matmul(base, ops.permute(theta, (0, 2, 1)))
    return ops.named(ops.no_view(ops.reshape(out, (sizes[0], *sizes[2:], dims))), "AffineGridGeneratorBackward0", theta)


def _line(np, n, align):
    """The coordinates of n elements between -1 and 1."""
    if n == 1:
        return np.zeros(1)
    line = np.linspace(-1, 1, n)
    return line if align else line * ((n - 1) / n)


# ---- places of elements

def pixel_shuffle_of(ops, x, upscale_factor):
    """(..., c r^2, h, w) to (..., c, h r, w r)."""
    r = ops.integer(upscale_factor)
    if x.ndim < 3:
        raise RuntimeError(f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {x.ndim} "
                           "dimension(s)")
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *batch, channels, height, width = x.shape
    if channels % (r * r):
        raise RuntimeError("pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
                           f"upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}")
    n = len(batch)
    parts = ops.reshape(x, (*batch, channels // (r * r), r, r, height, width))
    parts = ops.permute(parts, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return ops.reshape(parts, (*batch, channels // (r * r), height * r, width * r))


def pixel_unshuffle_of(ops, x, downscale_factor):
    """The other way round."""
    r = ops.integer(downscale_factor)
    if x.ndim < 3:
        raise RuntimeError(f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {x.ndim} "
                           "dimension(s)")
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *batch, channels, height, width = x.shape
    for word, n, d in (("height", height, -2), ("width", width, -1)):
        if n % r:
            raise RuntimeError(f"pixel_unshuffle expects {word} to be divisible by downscale_factor, but input.size({d})={n} "
                               f"is not divisible by {r}")
    n = len(batch)
    parts = ops.reshape(x, (*batch, channels, height // r, r, width // r, r))
    parts = ops.permute(parts, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return ops.no_view(ops.reshape(parts, (*batch, channels * r * r, height // r, width // r)))


def channel_shuffle_of(ops, x, groups):
    """(n, groups c, ...) to (n, c groups, ...)."""
    groups = ops.integer(groups)
    if x.ndim <= 2:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(x.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    count, channels, *sizes = x.shape
    if channels % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups.")
    parts = ops.reshape(x, (count, groups, channels // groups, *sizes))
    parts = ops.permute(parts, (0, 2, 1, *range(3, parts.ndim)))
    return ops.no_view(ops.reshape(parts, (count, channels, *sizes)))
