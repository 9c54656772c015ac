"""What formulas of several families need: dimensions and counts.  Imports nothing of the package."""
from math import prod
from operator import index

#: How PyTorch's messages call what a number cannot become.
C_TYPES = {"float64": "double", "float32": "float", "float16": "c10::Half", "int64": "int64_t", "int32": "int",
           "int16": "int16_t", "int8": "int8_t", "uint8": "uint8_t", "bool": "bool"}


def dims_of(dim, ndim):
    """A dimension, several or None as a sorted tuple of non-negative ones."""
    if dim is None:
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        dim = (dim,)
    if ndim == 0:
        return ()
    return tuple(sorted(d + ndim if d < 0 else d for d in dim)) or tuple(range(ndim))


def within(offset, rows, columns):
    """A diagonal's number, at most the first beyond a matrix: NumPy's C has an int for it, and its trace() reads memory that is
    not the array's for -2**31."""
    return max(-rows, min(index(offset), columns))


def axis_of(dim):
    return tuple(dim) if isinstance(dim, list) else dim


def kept(ops, g, shape_x, dim, keepdim):
    """The cotangent of a reduction with the reduced dimensions put back, each of size 1."""
    if keepdim or (dim is None and not g.ndim):      # what has no dimensions broadcasts as it is
        return g
    dims = dims_of(dim, len(shape_x))
    return ops.reshape(g, tuple(1 if d in dims else n for d, n in enumerate(shape_x)))


def count_of(shape_x, dim):
    if dim is None:
        return prod(shape_x)
    count = 1
    for d in dims_of(dim, len(shape_x)):
        count *= shape_x[d]
    return count


def checked_dims(ops, x, dim):
    """dim as a tuple of different non-negative dimensions; None where all are meant (None, no dims, or a 0-d operand)."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return None
    dims = tuple([ops.wrap_dim(d, x.ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))])
    if len(set(dims)) != len(dims):
        if ops.is_numpy(x):
            raise ValueError("duplicate value in 'axis'")
        raise RuntimeError(f"dim {dims[0]} appears multiple times in the list of dims")
    return dims if x.ndim else None


def rounded_once(formula):
    """A formula of several ops, which of half floats alone is computed in float32: half floats end at 65504, where what is
    between operands and result easily goes beyond (lerp of -60000 and 60000), and 11 bits do not bear several roundings."""
    def compute(ops, x, *rest):
        if not ops.is_variable(x) or ops.dtype(x).char != "e":
            return formula(ops, x, *rest)
        if any(ops.is_variable(v) and ops.dtype(v).char != "e" for v in rest):
            return formula(ops, x, *rest)       # promoted, or refused, as it comes
        wide = [ops.to(v, "float32") if ops.is_variable(v) else v for v in (x, *rest)]
        return ops.to(formula(ops, *wide), "float16")

    compute.__name__, compute.__doc__ = formula.__name__, formula.__doc__
    return compute


def refuse_complex(ops, x, error, words):
    """PyTorch does not order complex numbers; NumPy does, by real and then by imaginary parts."""
    if ops.dtype(x).kind == "c" and not ops.is_numpy(x):
        raise error(words.format(ops.scalar_name(x)))


def along(np, positions, dim):
    """The index that takes, along a dimension, the elements at an array of positions (as np.take_along_axis)."""
    grid = np.indices(positions.shape, sparse=True)
    return tuple([positions if i == dim else grid[i] for i in range(positions.ndim)])
