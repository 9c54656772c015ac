"""Linear algebra: products."""
import operator

from .common import rounded_once, within

#: What PyTorch's kernels call a dtype, in messages.
C_NAMES = {"float64": "double", "float32": "float", "int64": "long int", "int32": "int", "int16": "short int",
           "int8": "signed char", "uint8": "unsigned char"}


# ---- shared

def _product(sizes):
    product = 1
    for size in sizes:
        product *= size
    return product


def _transposed(ops, x):
    """The last two dimensions exchanged."""
    n = x.ndim
    return ops.permute(x, (1, 0) if n == 2 else (*range(n - 2), n - 1, n - 2))


def _flat(ops, x):
    """The rows of all matrices of a batch, in one matrix."""
    return ops.reshape(x, (_product(tuple(x.shape)[:-1]), x.shape[-1]))


def _side_by_side(ops, x):
    """The matrices of a batch in one matrix, beside each other."""
    shape = tuple(x.shape)
    n = len(shape)
    return ops.reshape(ops.permute(x, (n - 2, *range(n - 2), n - 1)), (shape[-2], _product(shape[:-2]) * shape[-1]))


def _tensors(ops, name, **others):
    """The operands after the first, checked: ``argument=(position, value)``."""
    for argument, (position, value) in others.items():
        ops.operand(value, name, argument, position)


def _dtype_name(ops, x):
    return ops.dtype(x).name


def _differ(ops, *operands):
    """Whether dtypes differ; they may in NumPy's flavour, which promotes them."""
    first = operands[0].dtype
    return any(x.dtype != first for x in operands) and not any(ops.is_numpy(x) for x in operands)


def _refuse_bool(ops, name, x):
    if _dtype_name(ops, x) == "bool" and not ops.is_numpy(x):
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")


# ---- matrix products

def matmul_value(np, x, y):
    """A batch times one matrix is a single product of matrices, one call of BLAS."""
    if x.ndim > 2 and y.ndim == 2 and x.size and x.flags.c_contiguous:
        return np.matmul(x.reshape(-1, x.shape[-1]), y).reshape(*x.shape[:-1], y.shape[1])
    return np.matmul(x, y)


def matmul_dx(ops, g, y, shape_x):
    """g y^T; a vector stands for a row on the left and a column on the right."""
    if len(shape_x) == 1:
        if y.ndim == 1:
            return g * y
        return ops.matmul(y, ops.reshape(g, (*g.shape, 1)))[..., 0]
    if y.ndim == 1:
        return ops.reshape(g, (*g.shape, 1)) * y
    if len(shape_x) == 2 and y.ndim > 2:      # the sum over the batch is an inner dimension
        return ops.matmul(_side_by_side(ops, g), _transposed(ops, _side_by_side(ops, y)))
    return ops.matmul(g, _transposed(ops, y))


def matmul_dy(ops, g, x, shape_y):
    """x^T g."""
    if len(shape_y) == 1:
        if x.ndim == 1:
            return g * x
        flat = _flat(ops, x)
        return ops.matmul(_transposed(ops, flat), ops.reshape(g, (flat.shape[0],)))
    if x.ndim == 1:
        return ops.reshape(x, (-1, 1)) * ops.reshape(g, (*tuple(g.shape)[:-1], 1, g.shape[-1]))
    if len(shape_y) == 2 and x.ndim > 2:
        return ops.matmul(_transposed(ops, _flat(ops, x)), _flat(ops, g))
    return ops.matmul(_transposed(ops, x), g)


def bmm_of(ops, x, y):
    _tensors(ops, "bmm", mat2=(2, y))
    _check_batches(x, y)
    if _differ(ops, x, y):
        raise RuntimeError(f"expected scalar type {ops.scalar_name(x)} but found {ops.scalar_name(y)}")
    _refuse_bool(ops, "bmm", x)
    return ops.apply("matmul", (x, y), (), "BmmBackward0")


def _check_batches(x, y, names=("batch1", "batch2")):
    for name, operand in zip(names, (x, y)):
        if operand.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    if (y.shape[0], y.shape[1]) != (x.shape[0], x.shape[2]):
        raise RuntimeError("Expected size for first two dimensions of batch2 tensor to be: "
                           f"[{x.shape[0]}, {x.shape[2]}] but got: [{y.shape[0]}, {y.shape[1]}].")


def vdot_value(np, x, y):
    return np.vdot(x, y)


def vdot_dx(ops, g, y):
    return g * y


def vdot_complex_dx(ops, g, y):
    """In the operand that is conjugated."""
    return ops.conj(g) * y


def vdot_front(ops, name, x, y):
    _tensors(ops, name, other=(2, y))
    if x.ndim != 1 or y.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {x.ndim}D and {y.ndim}D tensors")
    if _differ(ops, x, y):
        raise RuntimeError("dot : expected both vectors to have same dtype, but found "
                           f"{ops.scalar_name(x)} and {ops.scalar_name(y)}")
    if x.shape[0] != y.shape[0]:
        raise RuntimeError(f"inconsistent tensor size, expected tensor [{x.shape[0]}] and src [{y.shape[0]}] to have the same "
                           f"number of elements, but got {x.shape[0]} and {y.shape[0]} elements respectively")
    _refuse_bool(ops, "dot", x)
    return ops.apply(name, (x, y), ())


def inner_of(ops, x, y):
    _tensors(ops, "inner", other=(2, y))
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    if _differ(ops, x, y):
        raise RuntimeError("both inputs should have same dtype")
    if x.shape[-1] != y.shape[-1]:
        raise RuntimeError("inner() the last dimension must match on both input tensors but got shapes "
                           f"{list(x.shape)} and {list(y.shape)}")
    return ops.named(_contracted(ops, x, y, [x.ndim - 1], [y.ndim - 1]), "ViewBackward0", x, y)


def outer_of(ops, x, y):
    _tensors(ops, "outer", vec2=(2, y))
    for name, operand in (("self", x), ("vec2", y)):
        if operand.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {operand.ndim}-D")
    return ops.reshape(x, (x.shape[0], 1)) * y


def kron_of(ops, x, y):
    """The blocks x[i] * y as an elementwise product of interleaved dimensions."""
    _tensors(ops, "kron", other=(2, y))
    n = max(x.ndim, y.ndim)
    a = (1,) * (n - x.ndim) + tuple(x.shape)
    b = (1,) * (n - y.ndim) + tuple(y.shape)
    product = (ops.reshape(x, [size for each in a for size in (each, 1)])
               * ops.reshape(y, [size for each in b for size in (1, each)]))
    return ops.no_view(ops.reshape(product, [p * q for p, q in zip(a, b)]))


def chain_of(ops, matrices):
    """The product in the order of fewest multiplications, by dynamic programming over where to split."""
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for i, x in enumerate(matrices):
        ops.operand(x, "chain_matmul", "matrices", i + 1)
        if x.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {x.ndim}, expected 2 instead.")
    if len(matrices) == 1:
        return matrices[0].clone()
    for i in range(len(matrices) - 1):
        one, other = list(matrices[i].shape), list(matrices[i + 1].shape)
        if one[1] != other[0]:
            raise RuntimeError(f"multi_dot(): tensors {i} and {i + 1} with shapes {one} and {other} cannot be multiplied")
    sizes = [x.shape[0] for x in matrices] + [matrices[-1].shape[1]]
    count = len(matrices)
    cost = {(i, i): 0 for i in range(count)}
    split = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j], split[i, j] = min((cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                                          for k in range(i, j))

    def product(i, j):
        if i == j:
            return matrices[i]
        return ops.matmul(product(i, split[i, j]), product(split[i, j] + 1, j))

    return ops.named(product(0, count - 1), "ViewBackward0")


def matrix_power_of(ops, x, n, name="matrix_power"):
    """By squaring; of the inverse where n is negative."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or ops.is_variable(n):
        raise TypeError(f"{name}(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    n = n.__index__()
    error = ops.numpy.linalg.LinAlgError if ops.is_numpy(x) else RuntimeError
    if x.ndim < 2:
        raise error("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    rows, columns = x.shape[-2], x.shape[-1]
    if rows != columns:
        raise error("linalg.matrix_power: A must be batches of square matrices, but they are "
                           f"{rows} by {columns} matrices")
    if n < 0:
        x, n = ops.linalg_inv(x), -n
        if n == 1:
            return x
    if n == 0:      # of a constant, but part of the graph: the gradient is 0
        one = ops.constant(ops.numpy.broadcast_to(ops.numpy.eye(rows, dtype=ops.dtype(x)), tuple(x.shape)).copy(), x)
        return ops.named(_of_no_influence(ops, x, one), "CopyBackwards", one)
    if n == 1:
        return x.clone()
    result, square = None, x
    while n:
        if n & 1:
            result = square if result is None else ops.matmul(square, result)
        n >>= 1
        if n:
            square = ops.matmul(square, square)
    return result


def _of_no_influence(ops, x, result):
    """result, but part of x's graph: x gets a gradient of zeros.  The value of x, which may be NaN, takes no part."""
    if not ops.records(x):
        return result
    return ops.where(ops.numpy.zeros((1,) * result.ndim, bool), x, result)


def numpy_dot(ops, x, y):
    """numpy.dot: the last dimension of x with the last but one of y, whatever other dimensions there are."""
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    inner = max(y.ndim - 2, 0)
    if x.shape[-1] != y.shape[inner]:
        raise ValueError(f"shapes {tuple(x.shape)} and {tuple(y.shape)} not aligned: {x.shape[-1]} (dim {x.ndim - 1}) != "
                         f"{y.shape[inner]} (dim {inner})")
    if y.ndim <= 2:
        return ops.matmul(x, y)
    return _contracted(ops, x, y, [x.ndim - 1], [inner])


def numpy_inner(ops, x, y):
    """numpy.inner, whose last dimensions must agree."""
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(f"shapes {tuple(x.shape)} and {tuple(y.shape)} not aligned: {x.shape[-1]} (dim {x.ndim - 1}) != "
                         f"{y.shape[-1]} (dim {y.ndim - 1})")
    return _contracted(ops, x, y, [x.ndim - 1], [y.ndim - 1])


def numpy_vdot(ops, x, y):
    """numpy.vdot: of the flattened operands."""
    x, y = (v if v.ndim == 1 else ops.reshape(v, (-1,)) for v in (x, y))
    if x.shape[0] != y.shape[0]:
        raise ValueError(f"cannot reshape array of size {y.shape[0]} into shape ({x.shape[0]},)")
    if ops.dtype(x) != ops.dtype(y):
        common = ops.common_dtype((x, y))
        x, y = ops.to(x, common), ops.to(y, common)
    return ops.vdot(x, y)


def numpy_outer(ops, x, y):
    """numpy.outer: of the flattened operands."""
    return ops.reshape(x, (-1, 1)) * ops.reshape(y, (1, -1))


def numpy_tensordot(ops, x, y, axes):
    """numpy.tensordot, which takes an int in the place of a list, too, and no size 1 for another."""
    if ops.is_variable(axes):
        axes = axes.tolist()
    try:
        first, second = axes
    except TypeError:
        count = axes.__index__()
        if count > min(x.ndim, y.ndim):
            raise ValueError("shape-mismatch for sum") from None
        first, second = list(range(x.ndim - count, x.ndim)), list(range(max(count, 0)))
    first, second = ([d.__index__() for d in (given if hasattr(given, "__iter__") else (given,))] for given in (first, second))
    if len(first) != len(second):
        raise ValueError("shape-mismatch for sum")
    first, second = [ops.wrap_dim(d, x.ndim) for d in first], [ops.wrap_dim(d, y.ndim) for d in second]
    if any(x.shape[i] != y.shape[j] for i, j in zip(first, second)):
        raise ValueError("shape-mismatch for sum")
    return _contracted(ops, x, y, first, second)


# ---- convolution

def convolve_part_value(np, x, y, start, length):
    """By NumPy's loop, which takes products of the shorter operand with windows of the longer one."""
    if x.ndim > 1 or y.ndim > 1:
        batch = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
        out = np.empty((*batch, length), x.dtype)
        x, y = np.broadcast_to(x, (*batch, x.shape[-1])), np.broadcast_to(y, (*batch, y.shape[-1]))
        for index in np.ndindex(*batch):
            out[index] = convolve_part_value(np, x[index], y[index], start, length)
        return out
    if len(y) > len(x):
        x, y = y, x
    n, m = len(x), len(y)
    for mode, whole in (("full", (0, n + m - 1)), ("same", ((m - 1) // 2, n)), ("valid", (m - 1, n - m + 1))):
        if (start, length) == whole:
            return np.convolve(x, y, mode)
    padded = np.zeros(length + m - 1, x.dtype)
    low, high = max(start - m + 1, 0), min(start + length, n)
    if high > low:
        padded[low - start + m - 1:high - start + m - 1] = x[low:high]
    return np.convolve(padded, y, "valid")


def convolve_part_dx(ops, g, y, shape_x, start):
    """Again a part of a convolution, with the other operand turned round."""
    n, m = shape_x[-1], y.shape[-1]
    return ops.apply("convolve_part", (g, ops.flip(y, (-1,))), (m - 1 - start, n))


# ---- a product added

def _blended(ops, name, x, product, beta, alpha):
    """beta * x + alpha * product; beta = 0 ignores the values of x."""
    shape = tuple(product.shape)
    sizes = tuple(x.shape)
    if len(sizes) > len(shape):
        raise RuntimeError(f"expand(autodiff.{ops.scalar_name(x)}Tensor{{{list(sizes)}}}, size={list(shape)}): the number of "
                           f"sizes provided ({len(shape)}) must be greater or equal to the number of dimensions in the "
                           f"tensor ({len(sizes)})")
    for d in range(-1, -len(sizes) - 1, -1):
        if sizes[d] not in (1, shape[d]):
            raise RuntimeError(f"The expanded size of the tensor ({shape[d]}) must match the existing size ({sizes[d]}) at "
                               f"non-singleton dimension {d + len(shape)}.  Target sizes: {list(shape)}.  Tensor sizes: "
                               f"{list(sizes)}")
    function = name.removesuffix("Backward0").lower()
    beta = _factor(ops, beta, function, "beta", x, product)
    alpha = _factor(ops, alpha, function, "alpha", x, product)
    if alpha is not None:
        product = ops.keep_number(product * alpha)
    if beta is not None and not ops.is_variable(beta) and beta == 0:
        return ops.named(_of_no_influence(ops, x, product), name)
    return ops.named((x if beta is None else ops.keep_number(x * beta)) + product, name)


def _factor(ops, value, name, argument, x, product):
    """A factor as a number (or a Variable that needs a gradient); None for 1."""
    value = ops.factor(value, name, argument)
    if ops.is_variable(value):
        return ops.to(value, ops.dtype(product))
    if isinstance(value, float) and ops.dtype(product).kind in "iu" and ops.dtype(x).kind in "iu":
        value = int(value)      # PyTorch's kernels take numbers of their dtype
    return None if value == 1 else value


def _same_dtypes(ops, x, a, b):
    for names, one, other in (("self and mat2", x, b), ("mat1 and mat2", a, b)):
        if _differ(ops, one, other):
            raise RuntimeError(f"{names} must have the same dtype, but got {ops.scalar_name(one)} and "
                               f"{ops.scalar_name(other)}")


@rounded_once
def addmm_of(ops, x, a, b, beta, alpha):
    _tensors(ops, "addmm", mat1=(2, a), mat2=(3, b))
    for name, operand in (("mat1", a), ("mat2", b)):
        if operand.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix, got {operand.ndim}-D tensor")
    _same_dtypes(ops, x, a, b)
    return _blended(ops, "AddmmBackward0", x, ops.matmul(a, b), beta, alpha)


@rounded_once
def addmv_of(ops, x, matrix, vector, beta, alpha):
    _tensors(ops, "addmv", mat=(2, matrix), vec=(3, vector))
    if matrix.ndim != 2 or vector.ndim != 1 or x.ndim > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {x.ndim}, {matrix.ndim}, {vector.ndim}")
    if _differ(ops, x, matrix, vector):
        raise RuntimeError("addmv input tensors must have the same dtype, but got "
                           f"{ops.scalar_name(x)}, {ops.scalar_name(matrix)}, and {ops.scalar_name(vector)}")
    rows, columns = matrix.shape
    if vector.shape[0] != columns or x.numel() not in (1, rows):
        raise RuntimeError(f"size mismatch, got input ({x.numel()}), mat ({rows}x{columns}), vec ({vector.shape[0]})")
    return _blended(ops, "AddmvBackward0", x, ops.matmul(matrix, vector), beta, alpha)


@rounded_once
def addr_of(ops, x, a, b, beta, alpha):
    _tensors(ops, "addr", vec1=(2, a), vec2=(3, b))
    for name, operand in (("vec1", a), ("vec2", b)):
        if operand.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {operand.ndim}-D")
    for name, value in (("beta", beta), ("alpha", alpha)):
        if isinstance(value, float) and all(ops.dtype(v).kind in "biu" for v in (x, a, b)):
            raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    return _blended(ops, "AddrBackward0", x, ops.reshape(a, (a.shape[0], 1)) * b, beta, alpha)


@rounded_once
def baddbmm_of(ops, x, a, b, beta, alpha):
    _tensors(ops, "baddbmm", batch1=(2, a), batch2=(3, b))
    _check_batches(a, b)
    if _differ(ops, x, a, b):
        x_name, a_name, b_name = (C_NAMES.get(_dtype_name(ops, v), _dtype_name(ops, v)) for v in (x, a, b))
        raise RuntimeError(f"Input dtypes must be the same, got: input {x_name}, batch1: {a_name}, batch2: {b_name}")
    return _blended(ops, "BaddbmmBackward0", x, ops.matmul(a, b), beta, alpha)


@rounded_once
def addbmm_of(ops, x, a, b, beta, alpha):
    """The sum over the batch is an inner dimension of one product of matrices."""
    _tensors(ops, "addbmm", batch1=(2, a), batch2=(3, b))
    for name, operand in (("batch1", a), ("batch2", b)):
        if operand.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    if a.shape[0] != b.shape[0]:
        raise RuntimeError(f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}")
    if a.shape[2] != b.shape[1]:
        raise RuntimeError(f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and {b.shape[1]}x{b.shape[2]})")
    _same_dtypes(ops, x, a, b)
    return _blended(ops, "AddbmmBackward0", x, ops.matmul(_side_by_side(ops, a), _flat(ops, b)), beta, alpha)


# ---- layers

@rounded_once
def linear_of(ops, x, weight, bias):
    """x weight^T + bias."""
    _tensors(ops, "linear", weight=(2, weight))
    if bias is not None:
        _tensors(ops, "linear", bias=(3, bias))
    if x.ndim == 0 or weight.ndim == 0:
        raise RuntimeError(f"both arguments to linear need to be at least 1D, but they are {x.ndim}D and {weight.ndim}D")
    if weight.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {weight.ndim}D")
    turned = weight if weight.ndim == 1 else _transposed(ops, weight)
    if bias is None:
        return ops.matmul(x, turned)
    if weight.ndim == 1:
        if x.ndim > 1:
            raise RuntimeError("mat2 must be a matrix, got 1-D tensor")
        return ops.matmul(x, weight) + bias
    if _differ(ops, x, weight):
        raise RuntimeError("self and mat2 must have the same dtype, but got "
                           f"{ops.scalar_name(x)} and {ops.scalar_name(weight)}")
    if x.ndim == 2:
        return addmm_of(ops, bias, x, turned, 1, 1)
    result = addmm_of(ops, bias, _flat(ops, x), turned, 1, 1)
    return ops.reshape(result, (*tuple(x.shape)[:-1], weight.shape[0]))


@rounded_once
def bilinear_of(ops, x, y, weight, bias):
    """x weight[k] y for each k, plus bias."""
    _tensors(ops, "bilinear", input2=(2, y), weight=(3, weight))
    if _differ(ops, x, y, weight):
        x_name, y_name, w_name = (C_NAMES.get(_dtype_name(ops, v), _dtype_name(ops, v)) for v in (x, y, weight))
        raise RuntimeError(f"All tensors must have the same dtype, got input1: {x_name}, input2: {y_name}, weight: {w_name}")
    if weight.ndim != 3:
        raise RuntimeError(f"bilinear(): weight has {weight.ndim} dimensions, expected 3: (out, in1, in2)")
    if x.ndim != y.ndim or x.ndim == 0:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {x.ndim} and {y.ndim}")
    for d in range(x.ndim - 1):
        if x.shape[d] != y.shape[d]:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {d}: got {x.shape[d]} and "
                               f"{y.shape[d]}")
    out, first, second = weight.shape
    for name, operand, size in (("input1", x, first), ("input2", y, second)):
        if operand.shape[-1] != size:
            raise RuntimeError(f"bilinear(): {name} size does not match weight size: got {operand.shape[-1]} but expected "
                               f"{size}")
    if bias is not None and (ops.operand(bias, "bilinear", "bias", 4).ndim != 1 or bias.shape[0] != out):
        raise RuntimeError(f"bilinear(): bias size does not match weight size: got {bias.numel()} but expected {out}")
    batch = tuple(x.shape)[:-1]
    left, right = _flat(ops, x), _flat(ops, y)
    rows = left.shape[0]
    halfway = ops.matmul(left, ops.reshape(ops.permute(weight, (1, 0, 2)), (first, out * second)))
    result = ops.matmul(ops.reshape(halfway, (rows, out, second)), ops.reshape(right, (rows, second, 1)))
    result = ops.reshape(result, (*batch, out))
    return result if bias is None else result + bias


# ---- cross product, trace

def cross_value(np, x, y, dim):
    out = np.empty(x.shape, x.dtype)
    a, b, c = (np.moveaxis(v, dim, 0) for v in (x, y, out))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        c[i] = a[j] * b[k] - a[k] * b[j]
    return out


def cross_dx(ops, g, y, dim):
    return ops.apply("cross", (y, g), (dim,))


def cross_dy(ops, g, x, dim):
    return ops.apply("cross", (g, x), (dim,))


def cross_front(ops, name, x, y, dim):
    """Without dim, the first dimension of size 3, as PyTorch still does."""
    _tensors(ops, name, other=(2, y))
    if x.ndim != y.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    if dim is None:
        found = [d for d, size in enumerate(x.shape) if size == 3]
        if not found:
            raise RuntimeError("no dimension of size 3 in input")
        dim = found[0]
    dim = ops.wrap_dim(dim, x.ndim)
    if x.shape[dim] != 3 or y.shape[dim] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {x.shape[dim]} and {y.shape[dim]}")
    for d, (n, m) in enumerate(zip(x.shape, y.shape)):
        if n != m and 1 not in (n, m):
            raise RuntimeError(f"The size of tensor a ({n}) must match the size of tensor b ({m}) at non-singleton "
                               f"dimension {d}")
    if _differ(ops, x, y):
        raise RuntimeError(f"expected scalar type {ops.scalar_name(x)} but found {ops.scalar_name(y)}")
    _refuse_bool(ops, "cross", x)
    if ops.dtype(x) != ops.dtype(y):
        common = ops.common_dtype((x, y))
        x, y = ops.to(x, common), ops.to(y, common)
    if tuple(x.shape) != tuple(y.shape):
        shape = [m if n == 1 else n for n, m in zip(x.shape, y.shape)]
        x, y = ops.expand(x, shape), ops.expand(y, shape)
    return ops.apply(name, (x, y), (dim,))


def trace_value(np, x, offset, axis1, axis2):
    return np.trace(x, offset, axis1, axis2)


def trace_dx(ops, g, shape_x, offset, axis1, axis2):
    np = ops.numpy
    diagonal = np.eye(shape_x[axis1], shape_x[axis2], offset, dtype=bool)
    if axis1 > axis2:
        diagonal = diagonal.T
    pair = (axis1, axis2)
    mask = diagonal.reshape([n if d in pair else 1 for d, n in enumerate(shape_x)])
    g = ops.reshape(g, [1 if d in pair else n for d, n in enumerate(shape_x)])
    return ops.where(np.broadcast_to(mask, shape_x), g, 0.0)


def trace_front(ops, name, x, offset, axis1, axis2):
    if not ops.is_numpy(x):
        if x.ndim != 2:
            raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")
        _refuse_bool(ops, name, x)
    elif x.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    axis1, axis2 = ops.wrap_dim(axis1, x.ndim), ops.wrap_dim(axis2, x.ndim)
    if axis1 == axis2:
        raise ValueError("axis1 and axis2 cannot be the same")
    return ops.apply(name, (x,), (within(offset, x.shape[axis1], x.shape[axis2]), axis1, axis2))


# ---- contractions: tensordot, einsum

def tensordot_of(ops, x, y, dims):
    _tensors(ops, "tensordot", b=(2, y))
    first, second = _dims_to_contract(ops, x, y, dims)
    if _differ(ops, x, y):
        raise RuntimeError("both inputs should have same dtype")
    for i, j in zip(first, second):
        n, m = x.shape[i], y.shape[j]
        if n != m and 1 not in (n, m):
            raise RuntimeError(f"contracted dimensions need to match, but first has size {n} in dim {i} and second has "
                               f"size {m} in dim {j}")
    return ops.named(_contracted(ops, x, y, first, second), "ViewBackward0", x, y)


def _dims_to_contract(ops, x, y, dims):
    """The pairs of dimensions that tensordot sums over, as two lists of non-negative ints."""
    if ops.is_variable(dims):
        dims = dims.tolist()
    if isinstance(dims, (tuple, list)):
        first, second = dims
        for position, (name, given) in enumerate((("dims_self", first), ("dims_other", second)), 3):
            if not isinstance(given, (tuple, list)):
                raise TypeError(f"tensordot(): argument '{name}' (position {position}) must be tuple of ints, not "
                                f"{type(given).__name__}")
        if len(first) != len(second):
            raise RuntimeError("both dimension lists should have same length")
        found = []
        for operand, given in ((x, first), (y, second)):
            wrapped = [ops.wrap_dim(d, operand.ndim) for d in given]
            twice = [d for d in wrapped if wrapped.count(d) > 1]
            if twice:
                raise RuntimeError(f"dim {twice[0]} appears multiple times in the list of dims")
            found.append(wrapped)
        return found
    if isinstance(dims, bool) or not hasattr(dims, "__index__"):
        raise RuntimeError("tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two "
                           f"lists, but got dims={dims}")
    count = dims.__index__()
    if count < 0:
        raise RuntimeError(f"tensordot expects dims >= 0, but got dims={count}")
    if count > min(x.ndim, y.ndim):
        raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={count}")
    return list(range(x.ndim - count, x.ndim)), list(range(count))


def _contracted(ops, x, y, first, second):
    """The sum over pairs of dimensions; dimensions of x that stay come before those of y."""
    labels_x = list(range(x.ndim))
    labels_y = [x.ndim + d for d in range(y.ndim)]
    for i, j in zip(first, second):
        labels_y[j] = labels_x[i]
    keep = {label for label in (*labels_x, *labels_y) if (label in labels_x) != (label in labels_y)}
    x, labels_x, y, labels_y = _aligned(ops, x, labels_x, y, labels_y)
    x, labels_x = _summed(ops, x, labels_x, keep | set(labels_y))
    y, labels_y = _summed(ops, y, labels_y, keep | set(labels_x))
    return _paired(ops, x, labels_x, y, labels_y, keep)[0]


def _aligned(ops, x, labels_x, y, labels_y):
    """Without the dimensions of size 1 that stand for the other operand's size."""
    drop_x = {label for label in labels_x if label in labels_y
              and x.shape[labels_x.index(label)] == 1 != y.shape[labels_y.index(label)]}
    drop_y = {label for label in labels_y if label in labels_x
              and y.shape[labels_y.index(label)] == 1 != x.shape[labels_x.index(label)]}
    return (*_dropped(ops, x, labels_x, drop_x), *_dropped(ops, y, labels_y, drop_y))


def _dropped(ops, x, labels, drop):
    """Without the dimensions, all of size 1, of some labels."""
    if not drop:
        return x, labels
    x = ops.reshape(x, [n for n, label in zip(x.shape, labels) if label not in drop])
    return x, [label for label in labels if label not in drop]


def _summed(ops, x, labels, keep, alone=False):
    """Summed over the dimensions whose label nobody else has; the dtype stays, but for an operand that is alone."""
    dims = tuple(d for d, label in enumerate(labels) if label not in keep)
    if not dims:
        return x, labels
    dtype = ops.dtype(x)
    x = ops.sum(x, dims, False)
    if ops.dtype(x) != dtype and not alone:
        x = ops.to(x, dtype)
    return x, [label for label in labels if label in keep]


def _paired(ops, x, labels_x, y, labels_y, keep):
    """The product of two operands summed over the labels they share and nobody keeps; labels of the result.

    Shared labels that are kept are a batch; with none that is summed, the product is element by element.
    """
    shared = [label for label in labels_x if label in labels_y]
    summed = [label for label in shared if label not in keep]
    batch = [label for label in shared if label in keep]
    rows = [label for label in labels_x if label not in shared]
    columns = [label for label in labels_y if label not in shared]
    size = dict(zip(labels_x, x.shape)) | dict(zip(labels_y, y.shape))
    if not summed:
        x = ops.reshape(x, (*x.shape, *(1,) * len(columns))) if columns else x
        return x * _placed(ops, y, labels_y, labels_x + columns), labels_x + columns

    def arranged(v, labels, *groups):
        """The dimensions in the order of the groups, each group merged into one dimension."""
        order = [labels.index(label) for group in groups for label in group]
        if order != list(range(len(order))):
            v = ops.permute(v, order)
        if all(len(group) == 1 for group in groups):
            return v
        return ops.reshape(v, [_product(size[label] for label in group) for group in groups])

    if batch:
        product = ops.matmul(arranged(x, labels_x, batch, rows, summed), arranged(y, labels_y, batch, summed, columns))
    else:       # a side with no labels of its own is a vector
        product = ops.matmul(arranged(x, labels_x, *([rows] if rows else []), summed),
                             arranged(y, labels_y, summed, *([columns] if columns else [])))
    labels = batch + rows + columns
    shape = tuple(size[label] for label in labels)
    return product if tuple(product.shape) == shape else ops.reshape(product, shape), labels


def _placed(ops, x, labels, places):
    """The dimensions in the order of the places, of size 1 where x has no such label."""
    order = [labels.index(label) for label in places if label in labels]
    if order != list(range(len(order))):
        x = ops.permute(x, order)
    if len(order) == len(places):
        return x
    sizes = iter(x.shape)
    return ops.reshape(x, [next(sizes) if label in labels else 1 for label in places])


def einsum_of(ops, arguments):
    """The equation read, diagonals taken, and the operands contracted pair by pair."""
    equation, operands = _equation_of(ops, arguments)
    for i, x in enumerate(operands):
        if not ops.is_variable(x):
            raise TypeError(f"expected Tensor as element {i} in argument 1, but got {type(x).__name__}")
    inputs, output = _read_equation(equation, tuple([x.ndim for x in operands]))
    sizes = {}
    terms = []
    for i, (x, labels) in enumerate(zip(operands, inputs)):
        x, labels = _diagonal(ops, x, list(labels), i)
        for label, n in zip(labels, x.shape):
            if sizes.get(label, 1) == 1:
                sizes[label] = n
            elif n not in (1, sizes[label]):
                raise RuntimeError(f"einsum(): subscript {label if isinstance(label, str) else '...'} has size {n} for operand "
                                   f"{i} which does not broadcast with previously seen size {sizes[label]}")
        terms.append((x, labels))
    terms = [_dropped(ops, x, labels, {label for label, n in zip(labels, x.shape) if n == 1 != sizes[label]})
             for x, labels in terms]
    several = len(terms) > 1
    contracted = bool(set(sizes) - set(output))
    if several and contracted:
        _refuse_bool(ops, "bmm", operands[0])
    while True:
        held = [set(output).union(*(other for j, (_, other) in enumerate(terms) if j != i)) for i in range(len(terms))]
        terms = [_summed(ops, x, labels, keep, not several) for (x, labels), keep in zip(terms, held)]
        if len(terms) == 1:
            break
        i, j = (0, 1) if len(terms) == 2 else _cheapest_pair([labels for _, labels in terms], output, sizes)
        (x, labels_x), (y, labels_y) = terms[i], terms[j]
        keep = set(output).union(*(labels for k, (_, labels) in enumerate(terms) if k not in (i, j)))
        if set(labels_x) & set(labels_y) - keep and _differ(ops, x, y):
            raise RuntimeError(f"expected scalar type {ops.scalar_name(x)} but found {ops.scalar_name(y)}")
        terms[i:i + 1] = [_paired(ops, x, labels_x, y, labels_y, keep)]
        del terms[j]
    result, labels = terms[0]
    missing = [label for label in output if label not in labels]
    if missing:     # every operand has size 1 there
        result = ops.reshape(result, (*result.shape, *(1,) * len(missing)))
        labels = labels + missing
    order = [labels.index(label) for label in output]
    if order != list(range(len(order))) or any(result is x for x in operands):
        result = ops.permute(result, order)
    name = ("ViewBackward0" if contracted else "MulBackward0") if several else (
        "SumBackward1" if contracted else "PermuteBackward0")
    return ops.named(result, name, *operands)


def _equation_of(ops, arguments):
    """An equation and its operands, of what einsum was called with: those, operands in a list, or subscript lists."""
    if len(arguments) < 2:
        raise ValueError("einsum(): must specify the equation string and at least one operand, or at least one operand and "
                         "its subscripts list")
    if ops.is_variable(arguments[0]):
        operands = arguments[:len(arguments) // 2 * 2:2]
        equation = ",".join("".join(map(_subscript, labels)) for labels in arguments[1::2])
        if len(arguments) % 2:
            equation += "->" + "".join(map(_subscript, arguments[-1]))
        return equation, operands
    equation, *operands = arguments
    if not isinstance(equation, str):
        raise TypeError(f"einsum(): argument 'equation' (position 1) must be str, not {type(equation).__name__}")
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = operands[0]
    return equation, operands


def _subscript(label):
    """The letter of a number in a subscript list."""
    if label is Ellipsis:
        return "..."
    try:
        label = operator.index(label)
    except TypeError:
        raise TypeError(f"einsum(): a subscript list must hold ints, not {type(label).__name__}") from None
    if not 0 <= label < 52:
        raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
    return chr(ord("A") + label) if label < 26 else chr(ord("a") + label - 26)


#: Equations read before, for numbers of dimensions of their operands.
_known_equations: dict[tuple[str, tuple[int, ...]], tuple[tuple, tuple]] = {}


def _read_equation(equation, ndims):
    """What an equation says; read once."""
    found = _known_equations.get((equation, ndims))
    if found is None:
        if len(_known_equations) >= 512:
            _known_equations.clear()
        found = _known_equations[equation, ndims] = _parsed_equation(equation, ndims)
    return found


def _parsed_equation(equation, ndims):
    """The labels of each operand's dimensions and of the result's: letters, and 1, 2, ... from the right for an ellipsis."""
    left, arrow, right = equation.partition("->")
    texts = left.split(",")
    if len(texts) != len(ndims):
        raise RuntimeError(f"einsum(): {'more' if len(texts) < len(ndims) else 'fewer'} operands were provided than "
                           "specified in the equation")
    inputs, start, widest = [], 0, 0
    for i, (text, ndim) in enumerate(zip(texts, ndims)):
        labels = _labels_of(text, start, f"operand {i}")
        start += len(text) + 1
        letters = len(labels) - (Ellipsis in labels)
        if letters > ndim if Ellipsis in labels else letters != ndim:
            relation, also = (("is more than", "") if Ellipsis in labels else
                              ("does not match", " and no ellipsis was given"))
            raise RuntimeError(f"einsum(): the number of subscripts in the equation ({letters}) {relation} the number of "
                               f"dimensions ({ndim}) for operand {i}{also}")
        width = ndim - letters
        widest = max(widest, width)
        inputs.append(_spread(labels, width))
    if arrow:
        labels = _labels_of(right, len(left) + 2, "output")
        seen = {label for labels_x in inputs for label in labels_x}
        for label in labels:
            if label is not Ellipsis and labels.count(label) > 1:
                raise RuntimeError(f"einsum(): output subscript {label} appears more than once in the output")
            if label is not Ellipsis and label not in seen:
                raise RuntimeError(f"einsum(): output subscript {label} does not appear in the equation for any input operand")
        output = _spread(labels, widest)
    else:
        letters = [label for labels in inputs for label in labels if isinstance(label, str)]
        output = (*range(widest, 0, -1), *sorted(label for label in letters if letters.count(label) == 1))
    return tuple(inputs), output


def _labels_of(text, start, place):
    """The letters of one operand or of the output, and Ellipsis."""
    labels, i = [], 0
    while i < len(text):
        if text[i] == ".":
            if Ellipsis in labels:
                raise RuntimeError(f"einsum(): found '.' for {place} "
                                   + ("but an ellipsis (...) was already found" if place == "output" else
                                      "for which an ellipsis was already found"))
            if text[i:i + 3] != "...":
                raise RuntimeError(f"einsum(): found '.' for {place} that is not part of any ellipsis"
                                   + (" (...)" if place == "output" else ""))
            labels.append(Ellipsis)
            i += 3
            continue
        if text[i].isascii() and text[i].isalpha():
            labels.append(text[i])
        elif text[i] != " ":
            raise RuntimeError(f"einsum(): invalid subscript given at index {start + i} in the equation string, subscripts "
                               "must be in [a-zA-Z]")
        i += 1
    return labels


def _spread(labels, width):
    """The labels with the ellipsis written out, counted from the right, where its dimensions are aligned."""
    spread = []
    for label in labels:
        spread += range(width, 0, -1) if label is Ellipsis else [label]
    return tuple(spread)


def _diagonal(ops, x, labels, position):
    """The elements at which the dimensions of a label that is repeated have one index; a view where memory allows."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            n = x.shape[i]
            if x.shape[j] != n:
                raise RuntimeError(f"einsum(): subscript {label} is repeated for operand {position} but the sizes don't match, "
                                   f"{x.shape[j]} != {n}")
            rest = [d for d in range(len(labels)) if d not in (i, j)]
            outer = [x.shape[d] for d in rest]
            x = ops.reshape(ops.permute(x, (*rest, i, j)), (*outer, n * n))[..., ::n + 1]
            labels = [labels[d] for d in rest] + [label]
    return x, labels


def _cheapest_pair(terms, output, sizes):
    """The two operands whose product takes least memory beyond their own, then fewest multiplications: a greedy order."""
    best = None
    for j in range(len(terms)):
        for i in range(j):
            others = set(output).union(*(labels for k, labels in enumerate(terms) if k not in (i, j)))
            both = set(terms[i]) | set(terms[j])
            work = _product(sizes[label] for label in both)
            growth = (_product(sizes[label] for label in both & others)
                      - _product(sizes[label] for label in terms[i]) - _product(sizes[label] for label in terms[j]))
            if best is None or (growth, work) < best[0]:
                best = (growth, work), (i, j)
    return best[1]
