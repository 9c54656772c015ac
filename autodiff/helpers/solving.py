"""Linear algebra: solutions of linear systems, inverses, determinants, factorisations, functions of matrices.

Rows of the catalogue are mostly composites here: they read and check the arguments, and apply ops that no user calls
(``solve_matrix``, ``triangular_matrix``, ...), whose operands are matrices in the last two dimensions, and whose parameters say
what else there is (transposed, ...).  These are holomorphic where they can be: their derivatives are written with plain
transposes, as for real matrices.
"""
import importlib
import math
from typing import Any

from numpy.linalg import LinAlgError as _NumpyError

from .linear import _differ, _of_no_influence, _product, _side_by_side, _transposed


class LinAlgError(RuntimeError, _NumpyError):
    """A matrix that an op of linear algebra cannot be computed of: singular, not positive-definite, ...

    A RuntimeError, as in PyTorch, and NumPy's error of the same name.
    """

    __module__ = "autodiff.linalg"


# ---- SciPy's LAPACK, where there is one

_scipy: list[Any] = []


def _lapack():
    """(scipy.linalg.lapack, scipy.linalg.blas); None without SciPy.  Looked for at the first call."""
    if not _scipy:
        try:
            _scipy.append([importlib.import_module(f"scipy.linalg.{name}") for name in ("lapack", "blas")])
        except ImportError:
            _scipy.append(None)
    return _scipy[0]


def _letter(dtype):
    """LAPACK's letter for a dtype."""
    return {"f": "s", "d": "d", "F": "c", "D": "z"}[dtype.char]


def _routine(name, dtype, which=0):
    """LAPACK's routine (which=1: that of BLAS) for a dtype; None without SciPy."""
    found = _lapack()
    return None if found is None else getattr(found[which], _letter(dtype) + name)


# ---- arguments

def _error(ops, x):
    """What the NumPy flavour raises for matrices that do not fit, or PyTorch's RuntimeError."""
    return LinAlgError if ops.is_numpy(x) else RuntimeError


def _floats_of_matrices(ops, x, name, kernel="", low=True, words=True):
    """x, checked to hold floats or complex numbers; the NumPy flavour has integers as float64.

    kernel: what PyTorch names where it has no loop for a dtype; low: whether half floats are refused in its words.
    """
    dtype = ops.dtype(x)
    if dtype.kind in "fc" and dtype.char != "e":
        return x
    if ops.is_numpy(x):
        if dtype.char == "e":
            raise TypeError("array type float16 is unsupported in linalg")
        return ops.to(x, "float64")
    scalar = ops.scalar_name(x)
    if dtype.char == "e" and low and words:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {scalar}")
    if dtype.char == "e" or not words:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar}'")
    raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {scalar}")


def _square(ops, x, name, argument="A", colon=": "):
    """Checked to be square matrices."""
    if x.ndim < 2:
        raise _error(ops, x)(f"{name}{colon}The input tensor {argument} must have at least 2 dimensions.")
    rows, columns = tuple(x.shape)[-2:]
    if rows != columns:
        raise _error(ops, x)(f"{name}{colon}{argument} must be batches of square matrices, but they are {rows} by {columns} "
                             "matrices")


def _flag(value, name, argument):
    if not isinstance(value, bool):
        raise TypeError(f"{name}(): argument '{argument}' must be bool, not {type(value).__name__}")
    return value


def _one_dtype(ops, x, y, words):
    """Both of the dtype that they promote to in the NumPy flavour; else PyTorch's error unless they agree."""
    if x.dtype == y.dtype:
        return x, y
    if not _differ(ops, x, y):
        common = ops.common_dtype((x, y))
        return ops.to(x, common), ops.to(y, common)
    raise RuntimeError(words.format(ops.scalar_name(x), ops.scalar_name(y)))


def _adjoint(ops, x):
    return _transposed(ops, ops.conj(x) if ops.dtype(x).kind == "c" else x)


def _conjugate(ops, x):
    return ops.conj(x) if ops.dtype(x).kind == "c" else x


def _to_matrices(ops, g):
    """A cotangent for each matrix of a batch, ready to multiply them."""
    return ops.reshape(g, (*tuple(g.shape), 1, 1))


def _element(index, shape):
    """PyTorch's words for which matrix of a batch is meant."""
    return f"(Batch element {index}): " if len(shape) > 2 else ""


# ---- factorisation by elimination

def _swaps(np, a):
    return np.swapaxes(a, -1, -2)


def _unrepeated(a):
    """A batch without the dimensions along which it repeats itself (vmap's shared operands): of size 1 there."""
    strides = a.strides[:-2]
    if all(strides):
        return a
    return a[tuple(slice(0, 1) if not stride else slice(None) for stride in strides)]


def lu_in_numpy(np, a):
    """(packed factors, pivots from 0) with partial pivoting, of all matrices of a batch at once: LAPACK's choices of pivots.

    Columns are eliminated in panels, so that most of the work of a large matrix is one product for each panel.
    """
    shape, (m, n) = a.shape, a.shape[-2:]
    lu = np.array(a.reshape(_product(shape[:-2]), m, n))
    k = min(m, n)
    batch = np.arange(len(lu))
    pivots = np.empty((len(lu), k), np.int32)
    magnitude = (lambda c: np.abs(c.real) + np.abs(c.imag)) if lu.dtype.kind == "c" else np.abs
    with np.errstate(all="ignore"):
        for start in range(0, k, _PANEL):
            stop = min(start + _PANEL, k)
            for j in range(start, stop):
                size = magnitude(lu[:, j:, j])
                found = np.argmax(np.where(np.isnan(size), -1.0, size), axis=1) + j
                pivots[:, j] = found
                rows = lu[batch, found]
                lu[batch, found] = lu[:, j]
                lu[:, j] = rows
                pivot = lu[:, j, j]
                lu[:, j + 1:, j] /= np.where(pivot == 0, 1, pivot)[:, None]
                if j + 1 < stop:
                    lu[:, j + 1:, j + 1:stop] -= lu[:, j + 1:, j, None] * lu[:, j, None, j + 1:stop]
            if stop < n:
                for j in range(start + 1, stop):
                    lu[:, j, stop:] -= np.matmul(lu[:, j, None, start:j], lu[:, start:j, stop:])[:, 0]
                if stop < m:
                    lu[:, stop:, stop:] -= np.matmul(lu[:, stop:, start:stop], lu[:, start:stop, stop:])
    return lu.reshape(shape), pivots.reshape(*shape[:-2], k)


_PANEL = 32
#: From this order on a factorisation is kept for the derivatives; below it, to factorise again is cheaper than to ask.
_KEPT_FROM = 8


def _factored(np, a):
    """(packed factors, pivots from 0) of the matrices of a batch, by SciPy's LAPACK where the order is worth a call."""
    m, n = a.shape[-2:]
    getrf = _routine("getrf", a.dtype) if min(m, n) >= _KEPT_FROM else None
    if getrf is None:
        return lu_in_numpy(np, a)
    lu = np.empty(a.shape, a.dtype)
    pivots = np.empty((*a.shape[:-2], min(m, n)), np.int32)
    for index in np.ndindex(*a.shape[:-2]):
        lu[index], pivots[index], _ = getrf(a[index])
    return lu, pivots


class Factors:
    """What was computed of a matrix once, for those that need it again: a derivative, another result of the same call.

    kept: (a copy of the matrix, what was computed of it).  It is compared before each use: an operand may have been written to,
    or be another one, in a derivative of a higher order.
    """

    __slots__ = ("kept",)

    def __init__(self):
        self.kept = None

    def __repr__(self):
        return "Factors()"

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        return Factors, ()

    def of(self, np, a, compute):
        kept = self.kept
        if kept is None or kept[0].shape != a.shape or kept[0].dtype != a.dtype or not np.array_equal(kept[0], a):
            kept = self.kept = (a.copy(), compute(np, a))
        return kept[1]


# ---- A X = B

def solve_matrix_value(np, a, b, transposed, checked, factors):
    """op(A)^-1 B; factors: where those of A are kept, None if nobody will need them again.

    checked: the name to raise an error under where a matrix is singular; empty: its solution is nan.
    """
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:])
    a = _unrepeated(a)
    solved = None
    if factors is not None and a.shape[-1] >= _KEPT_FROM and b.size:
        getrs = _routine("getrs", a.dtype)
        if getrs is not None:
            solved = _by_factors(np, a, transposed, checked, factors, getrs)
    if solved is None:
        turned = _swaps(np, a) if transposed else a

        def solved(b, one):
            return _solved(np, turned.reshape(turned.shape[-2:]) if one else turned, b, checked)

    if b.ndim > 2 and _product(a.shape[:-2]) == 1 and b.shape[-2]:     # one factorisation for all, beside each other
        wide = np.moveaxis(b, -2, 0)
        found = np.moveaxis(solved(wide.reshape(len(wide), -1), True).reshape(wide.shape), 0, -2)
    else:
        found = solved(b, False)
    return found if found.shape == shape and found.flags.c_contiguous else np.array(np.broadcast_to(found, shape))


def _solved(np, a, b, checked):
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        failed, singular = _singular(np, a)
        if checked and singular.any():
            raise LinAlgError(f"{checked}: {_element(np.argmax(singular), a.shape)}The solver failed because the input "
                              "matrix is singular.") from None
        good = np.where(failed[..., None, None], np.eye(a.shape[-1], dtype=a.dtype), a)
        return np.where(failed[..., None, None], np.nan, np.linalg.solve(good, b)).astype(b.dtype)


def _singular(np, a):
    """Which matrices of a batch NumPy's solver fails for, and which of them are singular: with NaN it may fail, too."""
    found = np.zeros(a.shape[:-2], bool)
    for index in np.ndindex(*a.shape[:-2]):
        try:
            np.linalg.inv(a[index])
        except np.linalg.LinAlgError:
            found[index] = True
    return found, found & ~np.isnan(a).any((-1, -2))


def _by_factors(np, a, transposed, checked, factors, getrs):
    """The same by factors that are kept, as a function of B and whether there is one matrix for all."""
    lu, pivots = factors.of(np, a, _factored)
    singular = (np.diagonal(lu, axis1=-2, axis2=-1) == 0).any(-1)
    if checked and singular.any():
        raise LinAlgError(f"{checked}: {_element(np.argmax(singular), a.shape)}The solver failed because the input "
                          "matrix is singular.")

    def solved(b, one):
        if one:
            kept = [v.reshape(v.shape[len(a.shape) - 2:]) for v in (lu, pivots, singular)]
        else:
            batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
            kept = [np.broadcast_to(v, (*batch, *v.shape[len(a.shape) - 2:])) for v in (lu, pivots, singular)]
            b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
        out = np.empty(b.shape, b.dtype)
        for index in np.ndindex(*b.shape[:-2]):
            packed, swaps, failed = (v[index] for v in kept)
            out[index] = np.nan if failed else getrs(packed, swaps, b[index], trans=int(transposed))[0]
        return out

    return solved


def _outer_product(ops, a, b, shape):
    """a b^T as a cotangent of matrices of a shape: where that is one matrix for a batch, the sum is one product."""
    if len(shape) == 2 and a.ndim > 2 and tuple(a.shape)[:-2] == tuple(b.shape)[:-2]:
        a, b = _side_by_side(ops, a), _side_by_side(ops, b)
    return _summed_to(ops, ops.matmul(a, _transposed(ops, b)), shape)


def _summed_to(ops, g, shape):
    """A cotangent of an operand that was broadcast, in its shape."""
    found = tuple(g.shape)
    if found == shape:
        return g
    more = len(found) - len(shape)
    dims = tuple(d for d in range(len(found)) if d < more or found[d] != shape[d - more])
    return ops.reshape(ops.sum(g, dims, True), shape)


def solve_matrix_dy(ops, g, x, shape_y, transposed, checked, factors):
    return _summed_to(ops, ops.apply("solve_matrix", (x, g), (not transposed, checked, factors)), tuple(shape_y))


def solve_matrix_dx(ops, g, x, out, transposed, checked, factors):
    """-A^-T g X^T; of the transposed matrix, its transpose."""
    g = ops.apply("solve_matrix", (x, g), (not transposed, checked, factors))
    one, other = (out, g) if transposed else (g, out)
    return -_outer_product(ops, one, other, tuple(x.shape))


def _solution(ops, x, y, left, name, checked):
    """linalg.solve, checked; checked is the name in errors for singular matrices, empty for none."""
    x_words = "linalg.solve"
    _square(ops, x, x_words)
    x, y = _float_operands(ops, x, y, x_words, "lu_cpu",
                           "linalg.solve: Expected A and B to have the same dtype, but found A of type {} and B of type {} "
                           "instead")
    vector = y.ndim == 1 or (x.ndim - 1 == y.ndim and tuple(y.shape) == tuple(x.shape)[:-1])
    if vector:
        y = ops.reshape(y, (*tuple(y.shape), 1))
    _fitting(ops, x, y, left, x_words)
    if not left and vector:     # PyTorch's words for a vector from the right
        n, (rows, columns) = x.shape[-1], tuple(y.shape)[-2:]
        raise RuntimeError(f"{x_words}: Incompatible shapes of A and B for the equation XA = B ({n}x{n} and {rows}x{columns})")
    out = _solved_matrices(ops, x, y, left, checked)
    out = ops.reshape(out, tuple(out.shape)[:-1]) if vector else out
    return ops.named(ops.no_view(out), "LinalgSolveExBackward0", x, y)


def _solved_matrices(ops, x, y, left, checked):
    factors = Factors() if ops.dtype(x) == ops.dtype(y) and x.shape[-1] >= _KEPT_FROM and _wanted(ops, x, y) else None
    if left:
        return ops.apply("solve_matrix", (x, y), (False, checked, factors))
    return _transposed(ops, ops.apply("solve_matrix", (x, _transposed(ops, y)), (True, checked, factors)))


def _wanted(ops, *operands):
    """Whether a derivative may be asked for, so that what it needs is worth keeping."""
    return any(ops.records(v) or ops.is_batch(v) or ops.tangent(v) is not None for v in operands)


def _float_operands(ops, x, y, name, kernel, words):
    x, y = _one_dtype(ops, x, y, words)
    return (_floats_of_matrices(ops, x, name, kernel, low=False), _floats_of_matrices(ops, y, name, kernel, low=False))


def _fitting(ops, x, y, left, name):
    """Checked to be matrices that fit: A X = B, or X A = B."""
    if y.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions.")
    n = x.shape[-1]
    if y.shape[-2 if left else -1] != n:
        raise RuntimeError(f"{name}: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B ({n}x{n} and "
                           f"{y.shape[-2]}x{y.shape[-1]})")
    ops.broadcast_shapes(tuple(y.shape)[:-2], tuple(x.shape)[:-2])


def linalg_solve_of(ops, x, y, left):
    ops.operand(y, "linalg_solve", "B", 2)
    return _solution(ops, x, y, _flag(left, "linalg_solve", "left"), "linalg.solve", "autodiff.linalg.solve")


def linalg_solve_ex_of(ops, x, y, left, check_errors):
    ops.operand(y, "linalg_solve_ex", "B", 2)
    checked = "autodiff.linalg.solve_ex" if _flag(check_errors, "linalg_solve_ex", "check_errors") else ""
    result = _solution(ops, x, y, _flag(left, "linalg_solve_ex", "left"), "linalg.solve_ex", checked)
    return result, ops.apply("lu_info", (_floats_of_matrices(ops, x, "linalg.solve"),), ())


def numpy_solve(ops, x, y):
    """numpy.linalg.solve: b is a vector where it has one dimension, else matrices."""
    _square(ops, x, "linalg.solve")
    if y.ndim == 0:
        raise ValueError("linalg.solve: b must have at least one dimension")
    x, y = _promoted(ops, x, y, "linalg.solve")
    vector = y.ndim == 1
    if vector:
        y = ops.reshape(y, (y.shape[0], 1))
    _fitting(ops, x, y, True, "linalg.solve")
    out = _solved_matrices(ops, x, y, True, "linalg.solve")
    return ops.reshape(out, tuple(out.shape)[:-1]) if vector else out


def _promoted(ops, x, y, name):
    """Operands of NumPy's functions, in the dtype that numpy.linalg computes with: integers count as float64."""
    x, y = (_floats_of_matrices(ops, v, name) for v in (x, y))
    common = ops.common_dtype((x, y))
    return (v if ops.dtype(v) == common else ops.to(v, common) for v in (x, y))


# ---- the inverse

def lu_info_value(np, x):
    """Of each matrix the number of its first pivot that is 0, counted from 1; 0 if none is."""
    diagonal = np.diagonal(_factored(np, x)[0], axis1=-2, axis2=-1) == 0
    if not diagonal.shape[-1]:
        return np.zeros(diagonal.shape[:-1], np.int32)
    return np.where(diagonal.any(-1), diagonal.argmax(-1) + 1, 0).astype(np.int32)


def inverse_matrix_value(np, x, checked, limit):
    """checked: the name to raise an error under where a matrix is singular (empty: its inverse is nan).

    limit: whether a matrix of which less than half of the digits would be right counts as singular.
    """
    try:
        out = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        failed, singular = _singular(np, x)
        if checked and singular.any():
            first = int(np.argmax(singular))
            info = int(lu_info_value(np, x.reshape(-1, *x.shape[-2:])[first])) or x.shape[-1]
            raise LinAlgError(f"{checked}: {_element(first, x.shape)}The diagonal element {info} is zero, the inversion could "
                              "not be completed because the input matrix is singular.") from None
        good = np.where(failed[..., None, None], np.eye(x.shape[-1], dtype=x.dtype), x)
        out = np.where(failed[..., None, None], np.nan, np.linalg.inv(good)).astype(x.dtype)
    if limit and x.size and not (_condition(np, x, out) * np.sqrt(np.finfo(x.dtype).eps) < 1).all():
        raise LinAlgError(f"{checked}: the matrix is singular, or too near to it for this derivative to have correct digits")
    return out


def _condition(np, x, inverse):
    """The condition number of matrices in the 1-norm."""
    return np.abs(x).sum(-2).max(-1) * np.abs(inverse).sum(-2).max(-1)


def inverse_matrix_dx(ops, g, out):
    out = _transposed(ops, out)
    return -ops.matmul(out, ops.matmul(g, out))


def _inverse(ops, x, checked="linalg.inv"):
    _square(ops, x, "linalg.inv")
    return ops.apply("inverse_matrix", (_floats_of_matrices(ops, x, "linalg.inv"),), (checked, False))


def linalg_inv_of(ops, x):
    return _inverse(ops, x)


def linalg_inv_ex_of(ops, x, check_errors):
    checked = "linalg.inv_ex" if _flag(check_errors, "linalg_inv_ex", "check_errors") else ""
    result = _inverse(ops, x, checked)
    return result, ops.apply("lu_info", (_floats_of_matrices(ops, x, "linalg.inv"),), ())


# ---- determinants

def determinant_value(np, x):
    return _nan_of_nan(np, x, np.asarray(np.linalg.det(x)), 0)


def _nan_of_nan(np, x, out, wrong):
    """out, of LAPACK, which finds a matrix singular whose first pivot is NaN."""
    if (out == wrong).any():
        out = np.where((out == wrong) & np.isnan(x).any((-1, -2)), np.nan, out).astype(out.dtype)
    return out


def determinant_dx(ops, g, x):
    return _to_matrices(ops, g) * _cofactors(ops, x)


def _cofactors(ops, x):
    """The matrix of cofactors, which is the derivative of the determinant, singular or not: polynomials up to order 3."""
    n = x.shape[-1]
    if n > 3:
        return ops.apply("cofactor_matrix", (x,), ())
    if n == 3:
        rows = [x[..., i, :] for i in range(3)]
        return ops.stack([ops.cross(rows[i - 2], rows[i - 1], -1) for i in range(3)], -2)
    if n == 2:
        turned = ops.flip(x, (x.ndim - 2, x.ndim - 1))
        return turned * ops.constant(ops.numpy.array([[1, -1], [-1, 1]], ops.dtype(x)), like=x)
    return _of_no_influence(ops, x, ops.constant(ops.numpy.ones(tuple(x.shape), ops.dtype(x)), like=x))


def cofactor_matrix_value(np, x):
    """det(A) A^-T; where A is near singular, by its singular values, of which one may be 0, or several."""
    n = x.shape[-1]
    flat = x.reshape(-1, n, n)
    out = np.full(flat.shape, np.nan, x.dtype)
    finite = np.isfinite(flat).all((-1, -2))
    rest = finite.copy()
    with np.errstate(all="ignore"):
        try:
            inverse = np.linalg.inv(flat)
        except np.linalg.LinAlgError:
            pass        # one of them is singular: all go the other way
        else:
            good = finite & (_condition(np, flat, inverse) < _WELL_CONDITIONED)
            out[good] = np.linalg.det(flat[good])[:, None, None] * _swaps(np, inverse[good])
            rest = finite & ~good
        if rest.any():
            u, s, v, sign = _singular_values(np, flat[rest])
            products = _products_of_others(np, s)
            out[rest] = np.matmul((sign[:, None] * products)[:, None, :] * u.conj(), v.conj())
    return out.reshape(x.shape)


#: Of matrices with a smaller condition number the inverse has digits enough: the cofactors lose as many as it says.
_WELL_CONDITIONED = 100.0


def _singular_values(np, x):
    """U, s, V^H, and the determinant of U V^H."""
    u, s, v = np.linalg.svd(x)
    return u, s, v, np.linalg.det(u) * np.linalg.det(v)


def _products_of_others(np, s):
    """Of each number of a vector the product of all the others."""
    ones = np.ones((*s.shape[:-1], 1), s.dtype)
    before = np.cumprod(np.concatenate([ones, s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, s[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


def cofactor_matrix_dx(ops, g, x):
    return ops.apply("cofactor_slope", (x, g), ())


def cofactor_slope_value(np, x, y):
    """The derivative of the cofactors along y: with A = U S V^H and G = U^H y V, of entries i j

    the products of all singular values but i and j, times G_jj summed over j, or times -G_ji.
    """
    shape = np.broadcast_shapes(x.shape, y.shape)
    n = shape[-1]
    x, y = (np.broadcast_to(v, shape).reshape(-1, n, n) for v in (x, y))
    out = np.full(x.shape, np.nan, x.dtype)
    finite = np.isfinite(x).all((-1, -2))
    if finite.any():
        u, s, v, sign = _singular_values(np, x[finite])
        without = np.where(np.eye(n, dtype=bool), 1, s[:, None, :])       # row i: the i-th is left out
        pairs = _products_of_others(np, without)
        pairs[:, np.arange(n), np.arange(n)] = 0
        turned = np.matmul(np.matmul(_swaps(np, u).conj(), y[finite]), _swaps(np, v).conj())
        core = -pairs * _swaps(np, turned)
        core[:, np.arange(n), np.arange(n)] = np.einsum("bij,bjj->bi", pairs, turned)
        out[finite] = sign[:, None, None] * np.matmul(np.matmul(u.conj(), core), v.conj())
    return out.reshape(shape)


def cofactor_slope_dy(ops, g, x):
    """The second derivative of the determinant is symmetric in its directions."""
    return ops.apply("cofactor_slope", (x, g), ())


def cofactor_slope_dx(ops, g, x, y):
    """The third derivative of the determinant: by the inverse, and so of regular matrices alone."""
    inverse = ops.apply("inverse_matrix", (x,), ("the third derivative of det", True))
    by, bg = ops.matmul(inverse, y), ops.matmul(inverse, g)
    byg = ops.matmul(by, bg)

    def trace(v):
        return _to_matrices(ops, ops.sum(ops.diagonal(v, 0, v.ndim - 2, v.ndim - 1), (v.ndim - 2,), False))

    found = ((trace(by) * trace(bg) - trace(byg)) * inverse - trace(bg) * ops.matmul(by, inverse)
             - trace(by) * ops.matmul(bg, inverse) + ops.matmul(byg, inverse) + ops.matmul(ops.matmul(bg, by), inverse))
    return _to_matrices(ops, ops.apply("determinant", (x,), ())) * _transposed(ops, found)


def _determinant(ops, x):
    _square(ops, x, "linalg.det")
    return ops.apply("determinant", (_floats_of_matrices(ops, x, "linalg.det", "lu_cpu", low=False),), ())


def linalg_det_of(ops, x):
    return _determinant(ops, x)


def _sign_and_logarithm(np, a):
    sign, logarithm = map(np.asarray, np.linalg.slogdet(a))
    return _nan_of_nan(np, a, sign, 0), _nan_of_nan(np, a, logarithm, -np.inf)


def det_sign_value(np, x, factors):
    return factors.of(np, x, _sign_and_logarithm)[0]


def det_sign_dx(ops, g, x, out):
    """That of real matrices is 0; of complex ones sign has the derivative i sign Im tr(A^-1 dA)."""
    if ops.dtype(x).kind != "c":
        return ops.constant(ops.numpy.zeros(tuple(x.shape), ops.dtype(x)), like=g)
    turned = ops.imag(g * ops.conj(out))
    return _to_matrices(ops, turned) * (1j * _inverse_adjoint(ops, x))


def det_logarithm_value(np, x, factors):
    return factors.of(np, x, _sign_and_logarithm)[1]


def det_logarithm_dx(ops, g, x):
    return _to_matrices(ops, g) * _inverse_adjoint(ops, x)


def _inverse_adjoint(ops, x):
    return _adjoint(ops, ops.apply("inverse_matrix", (x,), ("", False)))


def _slogdet(ops, x, name="linalg.slogdet"):
    _square(ops, x, name)
    x = _floats_of_matrices(ops, x, name)
    factors = Factors()
    return ops.apply("det_sign", (x,), (factors,)), ops.apply("det_logarithm", (x,), (factors,))


def linalg_slogdet_of(ops, x):
    return _slogdet(ops, x)


def logdet_of(ops, x):
    sign, logarithm = _slogdet(ops, x, "logdet")
    if ops.dtype(x).kind == "c":
        return logarithm + ops.log(sign)
    return ops.where(sign == -1, math.nan, logarithm)


def numpy_slogdet(ops, x):
    """numpy.linalg.slogdet, with NumPy's own type of result."""
    kind = type(ops.numpy.linalg.slogdet(ops.numpy.ones((1, 1))))
    return kind(*_slogdet(ops, x))


# ---- Cholesky

def cholesky_factor_value(np, x, triangle, checked):
    """The lower factor, of the lower triangle.  checked: as above."""
    try:
        out = np.linalg.cholesky(x)
        if triangle or not np.isnan(out).any():
            return out
        raise np.linalg.LinAlgError     # of NaN there is no positive-definite matrix
    except np.linalg.LinAlgError:
        out = np.empty_like(x)
        for number, index in enumerate(np.ndindex(*x.shape[:-2])):
            try:
                out[index] = np.linalg.cholesky(x[index])
                if not triangle and np.isnan(out[index]).any():
                    raise np.linalg.LinAlgError
            except np.linalg.LinAlgError:
                if checked:
                    raise LinAlgError(
                        f"{checked}: {_element(number, x.shape)}The factorization could not be completed because the input is "
                        f"not positive-definite (the leading minor of order {_minor(np, x[index])} is not positive-definite)."
                        ) from None
                out[index] = np.tril(np.full_like(out[index], np.nan))
        return out


def _minor(np, x):
    """The order of the first leading minor that is not positive-definite; 0 if all are."""
    low, high = 0, x.shape[-1] + 1      # low is positive-definite, high is not, or beyond
    while high - low > 1:
        middle = (low + high) // 2
        try:
            good = not np.isnan(np.linalg.cholesky(x[:middle, :middle])).any()
        except np.linalg.LinAlgError:
            good = False
        low, high = (middle, high) if good else (low, middle)
    return 0 if high > x.shape[-1] else high


def cholesky_info_value(np, x):
    out = np.zeros(x.shape[:-2], np.int32)
    for index in np.ndindex(*x.shape[:-2]):
        out[index] = _minor(np, x[index])
    return out


def cholesky_factor_dx(ops, g, out, triangle):
    """L^-H P L^-1, P the Hermitian part of the lower triangle of L^H g with half its diagonal.

    triangle: the gradient in the elements that were read, those of the lower triangle; else the symmetric one.
    """
    np, n = ops.numpy, out.shape[-1]
    halves = np.tril(np.ones((n, n), ops.dtype(out))) - 0.5 * np.eye(n, dtype=ops.dtype(out))
    found = ops.tril(ops.matmul(_adjoint(ops, out), g)) * ops.constant(halves, like=out)
    found = 0.5 * (found + _adjoint(ops, found))
    factor = _conjugate(ops, out)
    for _ in range(2):          # Hermitian before and after: from the left, and from the right
        found = _adjoint(ops, ops.apply("triangular_matrix", (factor, found), (False, True, False)))
    if not triangle:
        return found
    return ops.tril(found) * ops.constant(2 * halves, like=out)


def _cholesky(ops, x, upper, checked, triangle=False, name="linalg.cholesky"):
    _square(ops, x, name)
    x = _floats_of_matrices(ops, x, name, "cholesky_cpu", low=False)
    if upper:
        out = _adjoint(ops, ops.apply("cholesky_factor", (_adjoint(ops, x),), (triangle, checked)))
        return ops.named(ops.no_view(out), "LinalgCholeskyExBackward0", x)
    return ops.apply("cholesky_factor", (x,), (triangle, checked))


def linalg_cholesky_of(ops, x, upper):
    return _cholesky(ops, x, _flag(upper, "linalg_cholesky", "upper"), "linalg.cholesky")


def linalg_cholesky_ex_of(ops, x, upper, check_errors):
    checked = "linalg.cholesky_ex" if _flag(check_errors, "linalg_cholesky_ex", "check_errors") else ""
    factor = _cholesky(ops, x, _flag(upper, "linalg_cholesky_ex", "upper"), checked)
    read = _adjoint(ops, x) if upper else x
    return factor, ops.apply("cholesky_info", (read,), ())


def cholesky_of(ops, x, upper):
    return _cholesky(ops, x, _flag(upper, "cholesky", "upper"), "linalg.cholesky")


def numpy_cholesky(ops, x, upper):
    """numpy.linalg.cholesky, which reads one triangle: the gradient is in its elements."""
    return _cholesky(ops, x, bool(upper), "linalg.cholesky", triangle=True)


# ---- triangular systems

def triangular_matrix_value(np, a, b, upper, transposed, unitriangular):
    """op(T)^-1 B by substitution; what is in the other triangle is not read, and a pivot of 0 gives inf or nan."""
    a = _unrepeated(a)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    shape = (*batch, *b.shape[-2:])
    dtype = np.result_type(a, b)
    if not _product(shape):
        return np.zeros(shape, dtype)
    a, b = a.astype(dtype, copy=False), b.astype(dtype, copy=False)
    n = a.shape[-1]
    shared = _product(a.shape[:-2]) == 1
    trsm = _routine("trsm", dtype, 1) if shared or n >= _KEPT_FROM else None
    if shared and b.ndim > 2:
        wide = np.moveaxis(b, -2, 0)
        found = triangular_matrix_value(np, a.reshape(n, n), wide.reshape(n, -1), upper, transposed, unitriangular)
        return np.ascontiguousarray(np.moveaxis(found.reshape(wide.shape), 0, -2)).reshape(shape)
    if trsm is None:
        return _substituted(np, a, np.broadcast_to(b, shape), upper, transposed, unitriangular)
    out = np.empty(shape, dtype)
    a, b = np.broadcast_to(a, (*batch, n, n)), np.broadcast_to(b, shape)
    for index in np.ndindex(*batch):
        one, turn = a[index], transposed
        lower = not upper
        if one.flags.c_contiguous:      # as its transpose, which BLAS takes without a copy
            one, lower, turn = one.T, not lower, not turn
        out[index] = trsm(1.0, one, b[index], lower=lower, trans_a=turn, diag=unitriangular)
    return out


def _substituted(np, a, b, upper, transposed, unitriangular):
    """The same by NumPy, all matrices of a batch at once; blocks of rows, so that most of the work is in products."""
    if transposed:
        a, upper = _swaps(np, a), not upper
    if upper:           # turned round, it is lower
        a, b = a[..., ::-1, ::-1], b[..., ::-1, :]
    n = a.shape[-1]
    out = np.array(b)
    with np.errstate(all="ignore"):
        for start in range(0, n, _PANEL):
            stop = min(start + _PANEL, n)
            if start:
                out[..., start:stop, :] -= np.matmul(a[..., start:stop, :start], out[..., :start, :])
            for i in range(start, stop):
                if i > start:
                    out[..., i, :] -= np.matmul(a[..., i, None, start:i], out[..., start:i, :])[..., 0, :]
                if not unitriangular:
                    out[..., i, :] /= a[..., i, i, None]
    return out[..., ::-1, :] if upper else out


def triangular_matrix_dy(ops, g, x, shape_y, upper, transposed, unitriangular):
    return _summed_to(ops, ops.apply("triangular_matrix", (x, g), (upper, not transposed, unitriangular)), tuple(shape_y))


def triangular_matrix_dx(ops, g, x, out, upper, transposed, unitriangular):
    """-T^-T g X^T in the triangle that is read."""
    g = ops.apply("triangular_matrix", (x, g), (upper, not transposed, unitriangular))
    one, other = (out, g) if transposed else (g, out)
    found = -_outer_product(ops, one, other, tuple(x.shape))
    offset = int(unitriangular)
    return ops.triu(found, offset) if upper else ops.tril(found, -offset)
