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

from .linear import _differ, _of_no_influence, _product, _side_by_side, _transposed, chain_of, matrix_power_of


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
    """(packed factors, pivots from 0) of the matrices of a batch, by SciPy's LAPACK unless there are many small ones."""
    m, n = a.shape[-2:]
    worth_a_call = a.size and (min(m, n) >= _KEPT_FROM or _product(a.shape[:-2]) <= _KEPT_FROM)
    getrf = _routine("getrf", a.dtype) if worth_a_call else None
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
    or be another one, in a derivative of a higher order.  last: the last system that a derivative solved by it, which is that
    of the other operand's derivative as well: (kept, whether transposed, right-hand side, solution).
    """

    __slots__ = ("kept", "last")

    def __init__(self):
        self.kept = self.last = None

    def __repr__(self):
        return "Factors()"

    def __eq__(self, other):        # what is kept is a matter of time, and tells no op from another
        return isinstance(other, Factors)

    def __hash__(self):
        return hash(Factors)

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
    solved, again, kept = None, False, None
    if factors is not None and a.shape[-1] >= _KEPT_FROM and b.size and _lapack() is not None:
        kept = factors.kept
        solved = _by_factors(np, a, transposed, checked, factors)
        again, last = kept is not None and kept is factors.kept, factors.last
        known = again and last is not None and last[0] is kept and last[1] == transposed and last[3].shape == shape
        if known and np.array_equal(last[2], b):
            return last[3].copy()
    if solved is None:
        turned = _swaps(np, a) if transposed else a

        def solved(b, one):
            return _solved(np, turned.reshape(turned.shape[-2:]) if one else turned, b, checked)

    if b.ndim > 2 and _product(a.shape[:-2]) == 1 and b.shape[-2]:     # one factorisation for all, beside each other
        wide = np.moveaxis(b, -2, 0)
        found = np.moveaxis(solved(wide.reshape(len(wide), -1), True).reshape(wide.shape), 0, -2)
    else:
        found = solved(b, False)
    if found.shape != shape or not found.flags.c_contiguous:
        found = np.array(np.broadcast_to(found, shape))
    if factors is not None:
        factors.last = (kept, transposed, b.copy(), found.copy()) if again else None
    return found


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


def _ordered_factors(np, a):
    """(packed factors, from which row each has come) of square matrices, which lie in columns, as BLAS has them."""
    getrf, n = _routine("getrf", a.dtype), a.shape[-1]
    lu = _swaps(np, np.empty(a.shape, a.dtype))
    orders = np.empty(a.shape[:-1], np.intp)
    for index in np.ndindex(*a.shape[:-2]):
        lu[index], pivots, _ = getrf(a[index])
        order = list(range(n))
        for i, other in enumerate(pivots.tolist()):
            order[i], order[other] = order[other], order[i]
        orders[index] = order
    return lu, orders


def _from_factors(np, lu, order, b, transposed):
    """op(A)^-1 B by the factors of A, of which row i came from order[i].  B's rows are columns to BLAS, so that triangles stand
    on the right of its transpose, which takes no copy and less time than LAPACK's getrs."""
    unit = {"lower": 1, "diag": 1}
    if b.shape[-1] == 1:
        trsv = _routine("trsv", lu.dtype, 1)
        if not transposed:
            return trsv(lu, trsv(lu, b[order, 0], overwrite_x=1, **unit), overwrite_x=1)[:, None]
        found = np.empty_like(b)
        found[order, 0] = trsv(lu, trsv(lu, b[:, 0], trans=1), trans=1, overwrite_x=1, **unit)
        return found
    trsm = _routine("trsm", lu.dtype, 1)
    if not transposed:
        out = trsm(1.0, lu, b[order].T, side=1, trans_a=1, overwrite_b=1, **unit)
        return trsm(1.0, lu, out, side=1, trans_a=1, overwrite_b=1).T
    out = trsm(1.0, lu, np.array(b, order="C").T, side=1, overwrite_b=1)
    out = trsm(1.0, lu, out, side=1, overwrite_b=1, **unit).T
    found = np.empty_like(out)
    found[order] = out
    return found


def _by_factors(np, a, transposed, checked, factors):
    """The same by factors that are kept, as a function of B and whether there is one matrix for all."""
    lu, orders = factors.of(np, a, _ordered_factors)
    singular = (np.diagonal(lu, axis1=-2, axis2=-1) == 0).any(-1)
    if checked and singular.any():
        raise LinAlgError(f"{checked}: {_element(np.argmax(singular), a.shape)}The solver failed because the input "
                          "matrix is singular.")

    def solved(b, one):
        if one:
            kept = [v.reshape(v.shape[len(a.shape) - 2:]) for v in (lu, orders, singular)]
        else:
            batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
            kept = [np.broadcast_to(v, (*batch, *v.shape[len(a.shape) - 2:])) for v in (lu, orders, singular)]
            b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
        out = np.empty(b.shape, b.dtype)
        for index in np.ndindex(*b.shape[:-2]):
            packed, order, failed = (v[index] for v in kept)
            out[index] = np.nan if failed else _from_factors(np, packed, order, b[index], transposed)
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
    return result, ops.apply("lu_info", (_floats_of_matrices(ops, x, "linalg.solve"),), (Factors(),))


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

def lu_info_value(np, x, factors):
    """Of each matrix the number of its first pivot that is 0, counted from 1; 0 if none is."""
    return _first_zero(np, factors.of(np, x, _factored)[0])


#: Beyond, SciPy's inverse from LU factors, 4/3 n^3 operations, gains more on NumPy's, 2 n^3, than its calls cost.
_INVERTED_FROM = 33


def _inverted(np, x):
    """(inverses, determinants) of matrices; NumPy's LinAlgError where one is singular."""
    getri = _routine("getri", x.dtype) if x.shape[-1] >= _INVERTED_FROM and x.size else None
    if getri is None:
        return np.linalg.inv(x), np.asarray(np.linalg.det(x))
    getrf, n = _routine("getrf", x.dtype), x.shape[-1]
    out, determinants = np.empty(x.shape, x.dtype), np.empty(x.shape[:-2], x.dtype)
    for index in np.ndindex(*x.shape[:-2]):
        lu, pivots, failed = getrf(x[index])
        if failed:
            raise np.linalg.LinAlgError("Singular matrix")
        with np.errstate(all="ignore"):
            odd = np.count_nonzero(pivots != np.arange(n)) % 2
            determinants[index] = np.prod(np.diagonal(lu)) * (-1 if odd else 1)
        out[index] = getri(lu, pivots, lwork=64 * n, overwrite_lu=1)[0]
    return out, determinants


def _first_zero(np, lu):
    diagonal = np.diagonal(lu, axis1=-2, axis2=-1) == 0
    if not diagonal.shape[-1]:
        return np.zeros(diagonal.shape[:-1], np.int32)
    return np.where(diagonal.any(-1), diagonal.argmax(-1) + 1, 0).astype(np.int32)


def inverse_matrix_value(np, x, checked, limit):
    """checked: the name to raise an error under where a matrix is singular (empty: its inverse is nan).

    limit: whether a matrix of which less than half of the digits would be right counts as singular.
    """
    try:
        out = _inverted(np, x)[0]
    except np.linalg.LinAlgError:
        failed, singular = _singular(np, x)
        if checked and singular.any():
            first = int(np.argmax(singular))
            info = int(_first_zero(np, _factored(np, x.reshape(-1, *x.shape[-2:])[first])[0])) or x.shape[-1]
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
    return result, ops.apply("lu_info", (_floats_of_matrices(ops, x, "linalg.inv"),), (Factors(),))


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
    """The matrix of cofactors, which is the derivative of the determinant, singular or not."""
    if x.shape[-1] > 1:
        return ops.apply("cofactor_matrix", (x,), ())
    return _of_no_influence(ops, x, ops.constant(ops.numpy.ones(tuple(x.shape), ops.dtype(x)), like=x))


def _turned(np, x):
    """Of order 2: the cofactors."""
    out = x[..., ::-1, ::-1].copy()
    out[..., 0, 1] *= -1
    out[..., 1, 0] *= -1
    return out


def _minors(np, x, y):
    """Of order 3: the elements of x and y of which cofactors are differences of products."""
    def part(v, rows, columns):
        return v[..., rows, :][..., columns]

    one, two = [1, 2, 0], [2, 0, 1]
    return part(x, one, one) * part(y, two, two) - part(x, one, two) * part(y, two, one)


def cofactor_matrix_value(np, x):
    """Polynomials up to order 3; else det(A) A^-T, and where A is near singular, by its singular values, of which one may be 0,
    or several."""
    n = x.shape[-1]
    if n == 2:
        return _turned(np, x)
    if n == 3:
        return _minors(np, x, x)
    flat = x.reshape(-1, n, n)
    out = np.full(flat.shape, np.nan, x.dtype)
    finite = np.isfinite(flat).all((-1, -2))
    rest = finite.copy()
    with np.errstate(all="ignore"):
        try:
            inverse, determinants = _inverted(np, flat)
        except np.linalg.LinAlgError:
            pass        # one of them is singular: all go the other way
        else:
            limit = _WELL_CONDITIONED * n * (1 if np.finfo(x.dtype).bits == 64 else 0.1)
            good = finite & (_condition(np, flat, inverse) < limit)
            if good.all():
                np.multiply(determinants[:, None, None], _swaps(np, inverse), out=out)
            else:
                out[good] = determinants[good][:, None, None] * _swaps(np, inverse[good])
            rest = finite & ~good
        if rest.any():
            u, s, v, sign = _singular_values(np, flat[rest])
            products = _products_of_others(np, s)
            out[rest] = np.matmul((sign[:, None] * products)[:, None, :] * u.conj(), v.conj())
    return out.reshape(x.shape)


#: Of matrices with a smaller condition number, times their order, the inverse has digits enough: the cofactors lose as many
#: as it says.  Singular values take ten times as long.
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
    if n == 2:
        return np.array(np.broadcast_to(_turned(np, y), shape))
    if n == 3:
        return _minors(np, x, y) + _minors(np, y, x)
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
    """The third derivative of the determinant: of order 3 symmetric, too; else by the inverse, so of regular matrices alone."""
    if x.shape[-1] == 2:
        return ops.constant(ops.numpy.zeros(tuple(x.shape), ops.dtype(x)), like=x)
    if x.shape[-1] == 3:
        return ops.apply("cofactor_slope", (g, y), ())
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
    column = b.shape[-1] == 1       # for which BLAS has a loop that packs nothing
    trsm = _routine("trsv" if column else "trsm", dtype, 1) if shared or n >= _KEPT_FROM else None
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
        if column:
            out[index][:, 0] = trsm(one, b[index][:, 0], lower=lower, trans=turn, diag=unitriangular)
        else:
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


def _substitute(ops, a, b, upper, transposed, unitriangular=False):
    return ops.apply("triangular_matrix", (a, b), (upper, transposed, unitriangular))


def linalg_solve_triangular_of(ops, x, y, upper, left, unitriangular):
    name = "linalg_solve_triangular"
    ops.operand(y, name, "B", 2)
    upper, left, unitriangular = (_flag(value, name, argument) for value, argument in (
        (upper, "upper"), (left, "left"), (unitriangular, "unitriangular")))
    name = "linalg.solve_triangular"
    _square(ops, x, name)
    _fitting(ops, x, y, left, name)
    x, y = (_floats_of_matrices(ops, v, name, "triangular_solve_cpu", words=False) for v in (x, y))
    x, y = _one_type(ops, x, y)
    if left:
        return _substitute(ops, x, y, upper, False, unitriangular)
    out = _transposed(ops, _substitute(ops, x, _transposed(ops, y), upper, True, unitriangular))
    return ops.named(ops.no_view(out), "LinalgSolveTriangularBackward0", x, y)


def _one_type(ops, x, y):
    """Both in the dtype that they promote to."""
    if ops.dtype(x) == ops.dtype(y):
        return x, y
    common = ops.common_dtype((x, y))
    return ops.to(x, common), ops.to(y, common)


def _older_operands(ops, y, x, function, kernel, vector):
    """Right-hand side and matrix of the older functions, which broadcast, checked: words of their own."""
    if y.ndim < 2:
        raise RuntimeError(vector.format(y.ndim))
    if x.ndim < 2:
        raise RuntimeError(f"{function}: The input tensor A must have at least 2 dimensions.")
    n, columns = tuple(x.shape)[-2:]
    if n != columns:
        raise RuntimeError(f"A must be batches of square matrices, but they are {n} by {columns} matrices")
    if y.shape[-2] != n:
        raise RuntimeError(f"Incompatible matrix sizes for {function}: each A matrix is {n} by {n} but each b matrix is "
                           f"{y.shape[-2]} by {y.shape[-1]}")
    y, x = _one_dtype(ops, y, x, "Expected b and A to have the same dtype, but found b of type {} and A of type {} instead.")
    ops.broadcast_shapes(tuple(y.shape)[:-2], tuple(x.shape)[:-2])
    return tuple(_floats_of_matrices(ops, v, function, kernel, words=False) for v in (y, x))


def triangular_solve_of(ops, y, x, upper, transpose, unitriangular):
    ops.operand(x, "triangular_solve", "A", 2)
    upper, transpose, unitriangular = (_flag(value, "triangular_solve", argument) for value, argument in (
        (upper, "upper"), (transpose, "transpose"), (unitriangular, "unitriangular")))
    y, x = _older_operands(ops, y, x, "triangular_solve", "triangular_solve_cpu", "torch.triangular_solve: Expected b to have "
                           "at least 2 dimensions, but it has {} dimensions instead".replace("torch", "autodiff"))
    batch = ops.broadcast_shapes(tuple(y.shape)[:-2], tuple(x.shape)[:-2])
    return (_substitute(ops, x, y, upper, transpose, unitriangular),
            ops.broadcast_to(x, (*batch, *tuple(x.shape)[-2:])).clone())


def _cholesky_solution(ops, factor, y, upper):
    """Of A X = B by the Cholesky factor of A."""
    turned = _conjugate(ops, factor)
    if upper:
        return _substitute(ops, factor, _substitute(ops, turned, y, True, True), True, False)
    return _substitute(ops, turned, _substitute(ops, factor, y, False, False), False, True)


def cholesky_solve_of(ops, y, x, upper):
    ops.operand(x, "cholesky_solve", "L", 2)
    upper = _flag(upper, "cholesky_solve", "upper")
    y, x = _older_operands(ops, y, x, "cholesky_solve", "cholesky_solve_cpu",
                           "b should have at least 2 dimensions, but has {} dimensions instead")
    return _cholesky_solution(ops, x, y, upper)


def cholesky_inverse_of(ops, x, upper):
    upper = _flag(upper, "cholesky_inverse", "upper")
    _square(ops, x, "cholesky_inverse")
    x = _floats_of_matrices(ops, x, "cholesky_inverse", "cholesky_inverse_out_cpu", words=False)
    one = ops.constant(ops.numpy.eye(x.shape[-1], dtype=ops.dtype(x)), like=x)
    return _cholesky_solution(ops, x, one, upper)


# ---- LU

def lu_packed_value(np, x, y, checked, factors):
    """y: the pivots in a column, for the derivative.

    checked: the name to raise an error under where a pivot is 0; empty for none.
    """
    lu = factors.of(np, x, _factored)[0]
    if checked:
        info = _first_zero(np, lu).ravel()
        if info.any():
            index = int(np.argmax(info != 0))
            raise RuntimeError(f"{checked}: {_element(index, x.shape)}U[{info[index]},{info[index]}] is zero and using it on "
                               "lu_solve would result in a division by zero. If you still want to perform the factorization, "
                               "consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)")
    return lu.copy()


def lu_pivots_value(np, x, factors):
    """With which row each was exchanged, counted from 1."""
    return factors.of(np, x, _factored)[1] + np.int32(1)


def pivot_order_value(np, x, rows, inverse, name):
    """The order of rows that exchanges lead to; inverse: where each row has gone."""
    count = x.shape[-1]
    pivots = x.reshape(_product(x.shape[:-1]), count).astype(np.int64) - 1
    if pivots.size and (pivots.min() < 0 or pivots.max() >= rows):
        raise RuntimeError("pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
                           "Did you properly pass the result of lu_factor?" if name == "lu_unpack" else
                           f"Pivots given to {name} must all be smaller or equal to LU.size(-2). Did you properly pass the "
                           "result of lu_factor?")
    order = np.tile(np.arange(rows), (len(pivots), 1))
    batch = np.arange(len(pivots))
    for i in range(count):
        other = pivots[:, i]
        taken = order[batch, other]
        order[batch, other] = order[:, i]
        order[:, i] = taken
    return (np.argsort(order, -1) if inverse else order).reshape(*x.shape[:-1], rows)


def pivot_matrix_value(np, x, rows, dtype):
    """P, in which a row stands in the column where it has come from."""
    order = pivot_order_value(np, x, rows, True, "lu_unpack")
    return (order[..., None] == np.arange(rows)).astype(dtype)


def _rows_in_order(ops, x, pivots, inverse, name="lu_solve"):
    """The rows of x in the order that pivots lead to: P^T x; inverse: P x."""
    order = ops.apply("pivot_order", (pivots,), (x.shape[-2], inverse, name))
    order = ops.reshape(order, (*(1,) * (x.ndim - order.ndim - 1), *tuple(order.shape), 1))
    if x.ndim < order.ndim:
        x = ops.reshape(x, (*(1,) * (order.ndim - x.ndim), *tuple(x.shape)))
    return ops.take_along_dim(x, order, x.ndim - 2)


def lu_packed_dx(ops, g, y, out):
    """P L^-T M U^-T, M the lower triangle of L^T gL and the upper one of gU U^T; of what is not square, the rest first."""
    m, n = tuple(out.shape)[-2:]
    k = min(m, n)
    packed, rest = out[..., :k, :k], None
    one = ops.constant(ops.numpy.eye(k, dtype=ops.dtype(out)), like=out)
    lower, upper = ops.tril(packed, -1) + one, ops.triu(packed)
    g_lower, g_upper = ops.tril(g[..., :k, :k], -1), ops.triu(g[..., :k, :k])

    def by_lower(v):        # L^-T v
        return _substitute(ops, packed, v, False, True, True)

    def by_upper(v):        # v U^-T
        return _transposed(ops, _substitute(ops, packed, _transposed(ops, v), True, False))

    if n > k:
        rest = by_lower(g[..., k:])
        g_lower = g_lower - ops.matmul(rest, _transposed(ops, out[..., k:]))
    elif m > k:
        rest = by_upper(g[..., k:, :])
        g_upper = g_upper - ops.matmul(_transposed(ops, out[..., k:, :]), rest)
    core = (ops.tril(ops.matmul(_transposed(ops, lower), g_lower), -1)
            + ops.triu(ops.matmul(g_upper, _transposed(ops, upper))))
    found = by_upper(by_lower(core))
    if rest is not None:
        found = ops.cat([found, rest], found.ndim - (1 if n > k else 2))
    return _rows_in_order(ops, found, y[..., 0], True)


def _lu_operand(ops, x, pivot, name, function):
    if x.ndim < 2:
        raise _error(ops, x)(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(x.shape)} instead")
    x = _floats_of_matrices(ops, x, name, "lu_cpu", words=False)
    if not _flag(pivot, function, "pivot"):
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    return x


def _lu_factors(ops, x, pivot, function, checked=""):
    x = _lu_operand(ops, x, pivot, "autodiff.lu_factor", function)
    factors = Factors()
    return (*_packed_and_pivots(ops, x, checked, factors), ops.apply("lu_info", (x,), (factors,)))


def _packed_and_pivots(ops, x, checked, factors):
    pivots = ops.apply("lu_pivots", (x,), (factors,))
    return ops.apply("lu_packed", (x, ops.reshape(pivots, (*tuple(pivots.shape), 1))), (checked, factors)), pivots


def linalg_lu_factor_of(ops, x, pivot):
    return _lu_factors(ops, x, pivot, "linalg_lu_factor", "autodiff.linalg.lu_factor")[:2]


def linalg_lu_factor_ex_of(ops, x, pivot, check_errors):
    checked = "autodiff.linalg.lu_factor_ex" if _flag(check_errors, "linalg_lu_factor_ex", "check_errors") else ""
    return _lu_factors(ops, x, pivot, "linalg_lu_factor_ex", checked)


def lu_of(ops, x, pivot, get_infos):
    found = _lu_factors(ops, x, pivot, "lu")
    return found if get_infos else found[:2]


def linalg_lu_of(ops, x, pivot):
    x = _lu_operand(ops, x, pivot, "linalg.lu", "linalg_lu")
    packed, pivots = _packed_and_pivots(ops, x, "", Factors())
    return (ops.apply("pivot_matrix", (pivots,), (x.shape[-2], ops.dtype(x))), *_triangles(ops, packed, "LinalgLuBackward0"))


def _triangles(ops, packed, name):
    """L and U of packed factors."""
    m, n = tuple(packed.shape)[-2:]
    k = min(m, n)
    one = ops.constant(ops.numpy.eye(m, k, dtype=ops.dtype(packed)), like=packed)
    return (ops.named(ops.tril(packed[..., :k], -1) + one, name), ops.named(ops.triu(packed[..., :k, :]), name))


def lu_unpack_of(ops, x, pivots, unpack_data, unpack_pivots):
    ops.operand(pivots, "lu_unpack", "LU_pivots", 2)
    unpack_data, unpack_pivots = (_flag(unpack_data, "lu_unpack", "unpack_data"),
                                  _flag(unpack_pivots, "lu_unpack", "unpack_pivots"))
    if x.ndim < 2:
        raise RuntimeError(f"autodiff.lu_unpack: Expected tensor with 2 or more dimensions. Got size: {list(x.shape)} instead")
    m, n = tuple(x.shape)[-2:]
    if unpack_pivots:
        if ops.dtype(pivots) != ops.numpy.int32:
            raise RuntimeError("autodiff.lu_unpack: LU_pivots is expected to be a contiguous tensor of autodiff.int32 dtype.\n"
                               "Note: this function is intended to be used with the output produced by "
                               "autodiff.linalg.lu_factor")
        expected = [*tuple(x.shape)[:-2], min(m, n)]
        if list(pivots.shape) != expected:
            raise ValueError(f"Expected LU_pivots to have shape {expected} but got {list(pivots.shape)} instead.")
    nothing = ops.constant(ops.numpy.zeros(0, ops.dtype(x)), like=x)
    permutation = ops.apply("pivot_matrix", (pivots,), (m, ops.dtype(x))) if unpack_pivots else nothing
    return (permutation, *(_triangles(ops, x, "LuUnpackBackward0") if unpack_data else (nothing, nothing)))


def _lu_solution(ops, x, pivots, y, left, adjoint):
    name = "linalg.lu_solve"
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        _square(ops, x, "autodiff." + name)
    if ops.dtype(pivots) != ops.numpy.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type autodiff.int32")
    x, y = _one_dtype(ops, x, y, f"{name}: Expected LU and B to have the same dtype, but found LU of type {{}} and B of type "
                                 "{} instead")
    x, y = (_floats_of_matrices(ops, v, name, "lu_solve_cpu", words=False) for v in (x, y))
    _fitting(ops, x, y, left, name)
    if tuple(pivots.shape)[-1:] != tuple(x.shape)[-1:]:
        raise RuntimeError(f"{name}: Number of pivots per batch should be same as the dimension of the matrix")
    if tuple(pivots.shape) != tuple(x.shape)[:-1]:
        raise RuntimeError(f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
                           f"{list(pivots.shape)} instead")
    # From the right, the transposed system is solved; that of the adjoint there is the plain one of conjugates.
    conjugated = adjoint and ops.dtype(x).kind == "c"
    if not left:
        y = _transposed(ops, y)
    if conjugated and not left:
        y = ops.conj(y)
    if left == adjoint:
        factor = ops.conj(x) if conjugated and left else x
        out = _substitute(ops, factor, _substitute(ops, factor, y, True, True), False, True, True)
        out = _rows_in_order(ops, out, pivots, True)
    else:
        out = _substitute(ops, x, _rows_in_order(ops, y, pivots, False), False, False, True)
        out = _substitute(ops, x, out, True, False)
    if not left:
        out = _transposed(ops, ops.conj(out) if conjugated else out)
    return ops.named(ops.no_view(out), "LinalgLuSolveBackward0", x, y)


def linalg_lu_solve_of(ops, x, pivots, y, left, adjoint):
    ops.operand(pivots, "linalg_lu_solve", "pivots", 2)
    ops.operand(y, "linalg_lu_solve", "B", 3)
    return _lu_solution(ops, x, pivots, y, _flag(left, "linalg_lu_solve", "left"),
                        _flag(adjoint, "linalg_lu_solve", "adjoint"))


def lu_solve_of(ops, y, x, pivots):
    ops.operand(x, "lu_solve", "LU_data", 2)
    ops.operand(pivots, "lu_solve", "LU_pivots", 3)
    return _lu_solution(ops, x, pivots, y, True, False)


# ---- LDL^T of symmetric matrices

def _bunch_kaufman(np, a, hermitian):
    """(LD, pivots, info) of the lower triangle of one matrix, as LAPACK has them.

    Pivots are counted from 1; two negative ones stand for a block of two rows.
    """
    n, info = len(a), 0
    a, pivots = np.tril(a), np.zeros(n, np.int32)
    alpha = (1 + 17 ** 0.5) / 8
    size = (lambda v: np.abs(v.real) + np.abs(v.imag)) if a.dtype.kind == "c" else np.abs
    turn = np.conj if hermitian else (lambda v: v)
    k = 0
    while k < n:
        width, other = 1, k
        if hermitian:
            a[k, k] = a[k, k].real
        mine = size(a[k, k])
        largest = int(size(a[k + 1:, k]).argmax()) + k + 1 if k + 1 < n else k
        column = size(a[largest, k]) if largest > k else 0
        if max(mine, column) == 0 or np.isnan(mine):
            info = info or k + 1
        else:
            if mine < alpha * column:
                row = max([size(a[largest, k:largest]).max(), *size(a[largest + 1:, largest])])
                if mine < alpha * column * (column / row):
                    other = largest
                    width = 1 if size(a[largest, largest]) >= alpha * row else 2
            last = k + width - 1
            if other != last:
                a[other + 1:, [last, other]] = a[other + 1:, [other, last]]
                between = a[last + 1:other, last].copy()
                a[last + 1:other, last] = turn(a[other, last + 1:other])
                a[other, last + 1:other] = turn(between)
                a[other, last] = turn(a[other, last])
                a[last, last], a[other, other] = a[other, other], a[last, last]
                if width == 2:
                    a[last, k], a[other, k] = a[other, k], a[last, k]
            rest = k + width
            block = a[k:rest, k:rest].copy()
            if width == 2:
                block[0, 1] = turn(block[1, 0])
            if hermitian:
                block[range(width), range(width)] = block.diagonal().real
                a[range(k, rest), range(k, rest)] = block.diagonal()
            if rest < n:
                columns = a[rest:, k:rest].copy()
                factors = np.linalg.solve(block.T, columns.T).T
                a[rest:, rest:] -= np.tril(factors @ turn(columns.T))
                a[rest:, k:rest] = factors
        pivots[k:k + width] = other + 1 if width == 1 else -(other + 1)
        k += width
    return a, pivots, info


def _ldl(np, a, hermitian):
    """(LD, pivots, info) of all matrices of a batch."""
    n = a.shape[-1]
    hermitian = hermitian and a.dtype.kind == "c"
    ld, pivots, info = np.empty(a.shape, a.dtype), np.empty(a.shape[:-1], np.int32), np.zeros(a.shape[:-2], np.int32)
    routine = _routine("hetrf" if hermitian else "sytrf", a.dtype) if n else None
    for index in np.ndindex(*a.shape[:-2]):
        if routine is None:
            ld[index], pivots[index], info[index] = _bunch_kaufman(np, a[index], hermitian)
        else:
            found, swaps, info[index] = routine(a[index], lower=1)
            ld[index], pivots[index] = np.tril(found), swaps
    return ld, pivots, info


def ldl_packed_value(np, x, hermitian, checked, factors):
    ld, _, info = factors.of(np, x, lambda np, a: _ldl(np, a, hermitian))
    if checked and info.any():
        index = int(np.argmax(info.ravel() != 0))
        raise LinAlgError(f"{checked}: {_element(index, x.shape)}The pivot {info.ravel()[index]} of the factorization is zero: "
                          "the matrix is singular, and linalg.ldl_solve would divide by it.")
    return ld.copy()


def ldl_pivots_value(np, x, hermitian, factors):
    return factors.of(np, x, lambda np, a: _ldl(np, a, hermitian))[1].copy()


def ldl_info_value(np, x, hermitian, factors):
    return factors.of(np, x, lambda np, a: _ldl(np, a, hermitian))[2].copy()


def ldl_refused(ops, g, x):
    raise RuntimeError("derivative for aten::linalg_ldl_factor_ex is not implemented: linalg.solve has one, and so have "
                       "linalg.lu_factor and linalg.cholesky")


def ldl_solution_value(np, x, y, hermitian):
    """X of A X = B by the factors of A and, in a last column, its pivots: a step of the factorisation after the other."""
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    out = np.array(np.broadcast_to(y, (*batch, *y.shape[-2:])))
    x = np.broadcast_to(x, (*batch, *x.shape[-2:]))
    for index in np.ndindex(*batch):
        _ldl_solved(np, x[index][:, :-1], x[index][:, -1].real.astype(int), out[index], hermitian and x.dtype.kind == "c")
    return out


def _ldl_solved(np, a, pivots, b, hermitian):
    """In the place of b."""
    n, starts, k = len(a), [], 0
    while k < n:
        width = 1 if pivots[k] > 0 else 2
        other = abs(int(pivots[k])) - 1
        starts.append((k, width, other))
        rest = k + width
        b[[rest - 1, other]] = b[[other, rest - 1]]
        b[rest:] -= a[rest:, k:rest] @ b[k:rest]
        block = a[k:rest, k:rest].copy()
        if width == 2:
            block[0, 1] = block[1, 0].conj() if hermitian else block[1, 0]
        with np.errstate(all="ignore"):
            if width == 1:
                b[k] /= block[0, 0]
            else:
                determinant = block[0, 0] * block[1, 1] - block[0, 1] * block[1, 0]
                b[k:rest] = np.array([[block[1, 1], -block[0, 1]], [-block[1, 0], block[0, 0]]]) @ b[k:rest] / determinant
        k = rest
    for k, width, other in reversed(starts):
        rest = k + width
        columns = a[rest:, k:rest].T
        b[k:rest] -= (columns.conj() if hermitian else columns) @ b[rest:]
        b[[rest - 1, other]] = b[[other, rest - 1]]


def ldl_solution_dx(ops, g, x):
    raise RuntimeError("derivative for aten::linalg_ldl_solve in LD is not implemented: linalg.solve has one, of the matrix")


def ldl_solution_dy(ops, g, x, shape_y, hermitian):
    """The matrix is its own transpose, or adjoint."""
    turn = ops.conj if not hermitian and ops.dtype(x).kind == "c" else (lambda v: v)
    return _summed_to(ops, turn(ops.apply("ldl_solution", (x, turn(g)), (hermitian,))), tuple(shape_y))


def _ldl_factors(ops, x, hermitian, function, checked):
    name = "autodiff.linalg.ldl_factor_ex"
    _square(ops, x, name)
    x = _floats_of_matrices(ops, x, name, "ldl_factor_kernel_cpu", low=False)
    hermitian, factors = _flag(hermitian, function, "hermitian"), Factors()
    return (ops.apply("ldl_packed", (x,), (hermitian, checked, factors)),
            ops.apply("ldl_pivots", (x,), (hermitian, factors)), ops.apply("ldl_info", (x,), (hermitian, factors)))


def linalg_ldl_factor_of(ops, x, hermitian):
    return _ldl_factors(ops, x, hermitian, "linalg_ldl_factor", "linalg.ldl_factor")[:2]


def linalg_ldl_factor_ex_of(ops, x, hermitian, check_errors):
    checked = "linalg.ldl_factor_ex" if _flag(check_errors, "linalg_ldl_factor_ex", "check_errors") else ""
    return _ldl_factors(ops, x, hermitian, "linalg_ldl_factor_ex", checked)


def linalg_ldl_solve_of(ops, x, pivots, y, hermitian):
    ops.operand(pivots, "linalg_ldl_solve", "pivots", 2)
    ops.operand(y, "linalg_ldl_solve", "B", 3)
    name = "autodiff.linalg.ldl_solve"
    _square(ops, x, name)
    if y.ndim < 2:
        raise RuntimeError(f"{name}: Expected B to have at least 2 dimensions, but it has {y.ndim} dimensions instead")
    n = x.shape[-1]
    if y.shape[-2] != n:
        raise RuntimeError(f"Incompatible matrix sizes for {name}: each A matrix is {n} by {n} but each b matrix is "
                           f"{y.shape[-2]} by {y.shape[-1]}")
    if tuple(pivots.shape) != tuple(x.shape)[:-1]:
        raise RuntimeError(f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
                           f"{list(pivots.shape)} instead")
    if ops.dtype(pivots).kind not in "iu":
        raise RuntimeError(f"{name}: Expected pivots to be integers. Got {ops.scalar_name(pivots)}")
    y, x = _one_dtype(ops, y, x, "Expected b and A to have the same dtype, but found b of type {} and A of type {} instead.")
    y, x = (_floats_of_matrices(ops, v, name, "ldl_solve_cpu", words=False) for v in (y, x))
    ops.broadcast_shapes(tuple(y.shape)[:-2], tuple(x.shape)[:-2])
    pivots = ops.to(ops.reshape(pivots, (*tuple(pivots.shape), 1)), ops.dtype(x))
    packed = ops.cat([x, ops.like(pivots, x)], x.ndim - 1)
    return ops.apply("ldl_solution", (packed, y), (_flag(hermitian, "linalg_ldl_solve", "hermitian"),))


# ---- the exponential

#: Coefficients of Pade's approximants, by degree, and up to which norm of a matrix each has full precision (Higham 2005).
_PADE = {3: (120, 60, 12, 1), 5: (30240, 15120, 3360, 420, 30, 1),
         7: (17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1),
         9: (17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1),
         13: (64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
              670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1)}
_REACH = {"d": {3: 1.495585217958292e-2, 5: 2.539398330063230e-1, 7: 9.504178996162932e-1, 9: 2.097847961257068,
                13: 4.25}, "f": {3: 4.258730016922831e-1, 5: 1.880152677804762, 7: 3.925724783138660}}


def _norm(np, x):
    return np.abs(x).sum(-2).max(-1)


def matrix_exp_value(np, x):
    """Scaling and squaring, with the scaling of Al-Mohy and Higham 2009: by norms of powers, so that a matrix far from normal
    is not scaled down too often."""
    n = x.shape[-1]
    flat = x.reshape(_product(x.shape[:-2]), n, n)
    if not flat.size:
        return x.copy()
    out = np.full(flat.shape, np.nan, x.dtype)
    finite = np.isfinite(flat).all((-1, -2))
    if finite.any():
        out[finite] = _exponential(np, flat[finite])
    return out.reshape(x.shape)


def _exponential(np, a):
    """Of finite matrices, the degree chosen for the batch, the scaling for each matrix."""
    reach = _REACH["f" if a.dtype.char in "fF" else "d"]
    one, largest = np.eye(a.shape[-1], dtype=a.dtype), _norm(np, a)
    degree = next((m for m in reach if (largest <= reach[m]).all()), max(reach))
    times = np.zeros(len(a), int)
    if (largest > reach[degree]).any():
        times = _halvings(np, a, degree, reach[degree])
        a = a * np.ldexp(np.ones(len(a)), -times).astype(a.real.dtype)[:, None, None]
    # numerator and denominator: even and odd powers
    b = _PADE[degree]
    square = np.matmul(a, a)
    powers = [one, square]
    if degree == 13:
        fourth = np.matmul(square, square)
        sixth = np.matmul(square, fourth)
        odd = np.matmul(sixth, b[13] * sixth + b[11] * fourth + b[9] * square) + (
            b[7] * sixth + b[5] * fourth + b[3] * square + b[1] * one)
        even = np.matmul(sixth, b[12] * sixth + b[10] * fourth + b[8] * square) + (
            b[6] * sixth + b[4] * fourth + b[2] * square + b[0] * one)
    else:
        while len(powers) <= degree // 2:
            powers.append(np.matmul(powers[-1], square))
        odd = sum(b[2 * i + 1] * power for i, power in enumerate(powers))
        even = sum(b[2 * i] * power for i, power in enumerate(powers))
    odd = np.matmul(a, odd)
    out = np.linalg.solve(even - odd, even + odd).astype(a.dtype, copy=False)
    for i in range(times.max(initial=0)):
        again = times > i
        out[again] = np.matmul(out[again], out[again])
    return out


def _halvings(np, a, degree, reach):
    """How often each matrix is halved."""
    second = np.matmul(a, a)
    fourth = np.matmul(second, second)
    sixth, eighth = np.matmul(second, fourth), np.matmul(fourth, fourth)
    found = np.zeros(len(a), int)
    with np.errstate(all="ignore"):
        d4, d6, d8 = (_norm(np, power) ** (1 / k) for power, k in ((fourth, 4), (sixth, 6), (eighth, 8)))
        size = np.minimum(np.maximum(d4, d6), np.maximum(d6, d8))
        size = np.where(np.isfinite(size), size, _norm(np, a))      # powers that overflow
        found = np.maximum(np.ceil(np.log2(np.where(size > 0, size, 1) / reach)), 0).astype(int)
        # further ones where the elements' sizes say that the approximant's error is larger than that of the norms
        sizes = np.abs(a) * np.ldexp(np.ones(len(a)), -found).astype(a.real.dtype)[:, None, None]
        row = np.ones((len(a), 1, a.shape[-1]), sizes.dtype)
        for _ in range(2 * degree + 1):
            row = np.matmul(row, sizes)
        ratio = row.max((-1, -2)) / np.where(_norm(np, sizes) > 0, _norm(np, sizes), 1)
        error = ratio * (math.factorial(degree) ** 2 / math.factorial(2 * degree) / math.factorial(2 * degree + 1))
        more = np.ceil(np.log2(np.where(error > 0, error, 1) / (np.finfo(a.dtype).eps / 2)) / (2 * degree))
        return found + np.where(np.isfinite(more), np.maximum(more, 0), 0).astype(int)


def matrix_exp_dx(ops, g, x):
    return ops.apply("matrix_exp_along", (_transposed(ops, x), g), ())


def matrix_exp_along_value(np, x, y):
    """The derivative of exp(A) along E, a block of the exponential of [[A, E], [0, A]]; E scaled to the size of A."""
    shape = np.broadcast_shapes(x.shape, y.shape)
    n = shape[-1]
    if not _product(shape):
        return np.zeros(shape, x.dtype)
    size, sought = _norm(np, y), _norm(np, x)
    factor = np.where((size > 0) & np.isfinite(size), size / np.where(sought > 0, sought, 1), 1).astype(y.real.dtype)
    block = np.zeros((*shape[:-2], 2 * n, 2 * n), np.result_type(x, y))
    block[..., :n, :n] = block[..., n:, n:] = x
    block[..., :n, n:] = y / factor[..., None, None]
    return np.ascontiguousarray(matrix_exp_value(np, block)[..., :n, n:] * factor[..., None, None])


def _block(ops, x, y):
    """[[x, y], [0, x]]."""
    zero = ops.constant(ops.numpy.zeros(tuple(x.shape), ops.dtype(x)), like=x)
    last = x.ndim - 1
    return ops.cat([ops.cat([x, y], last), ops.cat([zero, x], last)], last - 1)


def matrix_exp_along_dy(ops, g, x, shape_y):
    return _summed_to(ops, ops.apply("matrix_exp_along", (_transposed(ops, x), g), ()), tuple(shape_y))


def matrix_exp_along_dx(ops, g, x, y):
    """The exponential of a block is made of both, so its derivative has all that is wanted in its blocks."""
    n = x.shape[-1]
    zero = ops.constant(ops.numpy.zeros(tuple(x.shape), ops.dtype(x)), like=x)
    cotangent = ops.cat([ops.cat([zero, g], x.ndim - 1), ops.cat([zero, zero], x.ndim - 1)], x.ndim - 2)
    found = ops.apply("matrix_exp_along", (_transposed(ops, _block(ops, x, y)), cotangent), ())
    return found[..., :n, :n] + found[..., n:, n:]


def matrix_exp_of(ops, x):
    _square(ops, x, "linalg.matrix_exp")
    if ops.dtype(x).char == "e" and not ops.is_numpy(x):
        return ops.to(matrix_exp_of(ops, ops.to(x, "float32")), "float16")
    return ops.apply("matrix_exp_matrix", (_floats_of_matrices(ops, x, "linalg.matrix_exp"),), ())


# ---- products, powers and parts under the names of linalg

def linalg_matrix_power_of(ops, x, n):
    return matrix_power_of(ops, x, n, "linalg_matrix_power")


def linalg_matmul_of(ops, x, y):
    ops.operand(y, "linalg_matmul", "other", 2)
    return ops.matmul(x, y)


def linalg_multi_dot_of(ops, tensors):
    """A vector in front is a row, one at the end a column."""
    if ops.is_variable(tensors):
        raise TypeError("linalg_multi_dot(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    for i, x in enumerate(tensors):
        if not ops.is_variable(x):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    for i, which in ((0, "first"), (-1, "last")):
        if tensors[i].ndim not in (1, 2):
            raise RuntimeError(f"multi_dot(): the {which} tensor must be 1D or 2D but got {tensors[i].ndim}D")
    for i, x in enumerate(tensors[1:-1], 1):
        if x.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {x.ndim}D")
    for i, x in enumerate(tensors):
        if _differ(ops, tensors[0], x):
            raise RuntimeError(f"multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                               f"{ops.scalar_name(tensors[0]).lower()} and tensor {i} {ops.scalar_name(x).lower()}")
    row, column = tensors[0].ndim == 1, tensors[-1].ndim == 1
    if row:
        tensors[0] = ops.reshape(tensors[0], (1, tensors[0].shape[0]))
    if column:
        tensors[-1] = ops.reshape(tensors[-1], (tensors[-1].shape[0], 1))
    out = chain_of(ops, tensors)
    if row or column:
        shape = tuple(out.shape)
        out = ops.reshape(out, shape[row:2 - column])
    return ops.named(ops.no_view(out), "ViewBackward0", *tensors)


def linalg_cross_of(ops, x, y, dim):
    ops.operand(y, "linalg_cross", "other", 2)
    if x.ndim == y.ndim:
        d = ops.wrap_dim(dim, x.ndim)
        if x.shape[d] != 3 or y.shape[d] != 3:
            raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {x.shape[d]} and {y.shape[d]}")
    return ops.cross(x, y, dim)


def linalg_vecdot_of(ops, x, y, dim):
    ops.operand(y, "linalg_vecdot", "y", 2)
    for v in (x, y):
        if ops.dtype(v).kind not in "fc":
            raise RuntimeError(f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {ops.scalar_name(v)}")
    x, y = _one_dtype(ops, x, y, "linalg.vecdot: Expected x and y to have the same dtype, but found x of type {} and y of type "
                                 "{} instead")
    if x.ndim == y.ndim == 1:
        ops.wrap_dim(dim, 1)
        return ops.vdot(x, y)
    product = _conjugate(ops, x) * y
    if not product.ndim:
        ops.wrap_dim(dim, 0)
        return product
    return ops.sum(product, (ops.wrap_dim(dim, product.ndim),), False)


def linalg_diagonal_of(ops, x, offset, dim1, dim2):
    return ops.diagonal(x, offset, dim1, dim2)


def _powers(ops, x, count):
    """The powers of each element from the 0th on, in a last dimension."""
    shape = tuple(x.shape)
    first = ops.constant(ops.numpy.ones((*shape, min(count, 1)), ops.dtype(x)), like=x)
    if count < 2:
        return first
    rest = ops.cumprod(ops.broadcast_to(ops.reshape(x, (*shape, 1)), (*shape, count - 1)), x.ndim)
    return ops.cat([first, rest if ops.dtype(rest) == ops.dtype(first) else ops.to(rest, ops.dtype(first))], x.ndim)


def _count_of_powers(N, name):
    if isinstance(N, bool) or not hasattr(N, "__index__"):
        raise TypeError(f"{name}(): argument 'N' must be int, not {type(N).__name__}")
    return N.__index__()


def linalg_vander_of(ops, x, N):
    if ops.dtype(x).kind == "b":
        raise RuntimeError("linalg.vander supports floating point, complex, and integer tensors, but got Bool")
    count = (x.shape[-1] if x.ndim else 1) if N is None else _count_of_powers(N, "linalg_vander")
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    if ops.dtype(x).kind in "iu":
        x = ops.to(x, "int64")
    return _powers(ops, x, count)


def vander_of(ops, x, N, increasing):
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = x.shape[0] if N is None else _count_of_powers(N, "vander")
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    if ops.dtype(x).kind in "iu":
        x = ops.to(x, "int64")
    found = _powers(ops, x, count)
    return found if _flag(increasing, "vander", "increasing") else ops.flip(found, (1,))


# ---- tensors as matrices

def linalg_tensorinv_of(ops, x, ind):
    if not hasattr(ind, "__index__") or isinstance(ind, bool):
        raise TypeError(f"linalg_tensorinv(): argument 'ind' must be int, not {type(ind).__name__}")
    ind = ind.__index__()
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    shape = tuple(x.shape)
    if ind > len(shape):
        raise RuntimeError(f"ind={ind} is larger than the number of dimensions, {len(shape)}")
    rows, columns = _product(shape[:ind]), _product(shape[ind:])
    if rows != columns:
        raise RuntimeError("Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
                           f"{columns} != {rows}")
    return ops.reshape(_inverse(ops, ops.reshape(x, (rows, rows)), "inv"), (*shape[ind:], *shape[:ind]))


def linalg_tensorsolve_of(ops, x, y, dims):
    ops.operand(y, "linalg_tensorsolve", "B", 2)
    if dims is not None:
        taken = [ops.wrap_dim(d, x.ndim) for d in (dims if isinstance(dims, (tuple, list)) else (dims,))]
        x = ops.permute(x, [d for d in range(x.ndim) if d not in taken] + taken)
    shape = tuple(x.shape)
    rows, columns = _product(shape[:y.ndim]), _product(shape[y.ndim:])
    if rows != columns:
        raise RuntimeError("Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
                           f"prod(self.shape[:other.ndim]), but got {columns} != {rows}")
    if _product(tuple(y.shape)) != rows:
        raise RuntimeError(f"shape '[{rows}]' is invalid for input of size {_product(tuple(y.shape))}")
    solution = linalg_solve_of if not ops.is_numpy(x) else (lambda ops, x, y, left: numpy_solve(ops, x, y))
    return ops.reshape(solution(ops, ops.reshape(x, (rows, rows)), ops.reshape(y, (rows,)), True), shape[y.ndim:])


def numpy_tensorsolve(ops, a, b, axes):
    """numpy.linalg.tensorsolve, which moves axes to the end one after the other."""
    if axes is not None:
        order = list(range(a.ndim))
        for axis in axes:
            order.remove(axis)
            order.insert(a.ndim, axis)
        a = ops.permute(a, order)
    return linalg_tensorsolve_of(ops, a, b, None)


# ---- least squares

def least_squares_value(np, x, y, rcond, full):
    """full: the name to raise an error under where a matrix has not full rank; empty for none."""
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    (m, n), k = x.shape[-2:], y.shape[-1]
    out = np.zeros((*batch, n, k), np.result_type(x, y))
    x, y = np.broadcast_to(x, (*batch, m, n)), np.broadcast_to(y, (*batch, m, k))
    if not x.size:
        return out
    for number, index in enumerate(np.ndindex(*batch)):
        if not (np.isfinite(x[index]).all() and np.isfinite(y[index]).all()):
            out[index] = np.nan
            continue
        out[index], _, rank, _ = np.linalg.lstsq(x[index], y[index], rcond)
        if full and rank < min(m, n):
            raise LinAlgError(f"{full}: {_element(number, (*batch, m, n))}The least squares solution could not be computed "
                              "because the input matrix does not have full rank (error code: 2).")
    return out


def least_squares_dy(ops, g, x, shape_y, rcond):
    return _summed_to(ops, ops.apply("least_squares", (_adjoint(ops, x), g), (rcond, "")), tuple(shape_y))


def least_squares_dx(ops, g, x, y, out, rcond):
    """Of matrices whose rank stays (Golub and Pereyra 1973): with Z the solution of A^H Z = g,

    -Z X^H + (B - A X) (A^+ Z)^H + (A^+H X) (g - A^H Z)^H, the second 0 for as many independent rows as there are, the third
    for as many independent columns.
    """
    turned, (m, n) = _adjoint(ops, x), tuple(x.shape)[-2:]
    z = ops.apply("least_squares", (turned, g), (rcond, ""))
    found = -ops.matmul(z, _adjoint(ops, out))
    rank = ops.all_samples(ops.apply("least_squares_rank", (x,), (rcond,)))
    if (rank < m).any():
        rest = y - ops.matmul(x, out)
        found = found + ops.matmul(rest, _adjoint(ops, ops.apply("least_squares", (x, z), (rcond, ""))))
    if (rank < n).any():
        rest = g - ops.matmul(turned, z)
        found = found + ops.matmul(ops.apply("least_squares", (turned, out), (rcond, "")), _adjoint(ops, rest))
    return _summed_to(ops, found, tuple(x.shape))


def least_squares_rank_value(np, x, rcond):
    s = np.linalg.svd(x, compute_uv=False) if x.size else np.zeros((*x.shape[:-2], 0))
    limit = np.finfo(x.dtype).eps * max(x.shape[-2:]) if rcond is None or rcond < 0 else rcond
    return (s > limit * s.max(-1, keepdims=True, initial=0)).sum(-1)


def singular_values_value(np, x):
    if not x.size:
        return np.zeros((*x.shape[:-2], min(x.shape[-2:])), x.real.dtype)
    return np.linalg.svd(x, compute_uv=False)


def singular_values_dx(ops, g, x):
    """U diag(g) V^H."""
    return ops.apply("least_squares_slope", (x, ops.reshape(g, (*tuple(g.shape), 1))), ())


def singular_slope_value(np, x, y):
    """x: the matrix; y: a number for each singular value, in a column."""
    shape = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if not x.size:
        return np.zeros((*shape, *x.shape[-2:]), x.dtype)
    u, _, v = np.linalg.svd(x, full_matrices=False)
    return np.matmul(u, y * v).astype(x.dtype)


def singular_slope_dy(ops, g, x, shape_y):
    return _summed_to(ops, ops.apply("least_squares_part", (x, g), ()), tuple(shape_y))


def singular_part_value(np, x, y):
    """The real diagonal of U^H y V, in a column."""
    shape = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if not x.size:
        return np.zeros((*shape, min(x.shape[-2:]), 1), x.real.dtype)
    u, _, v = np.linalg.svd(x, full_matrices=False)
    return (np.matmul(_swaps(np, u).conj(), y) * v.conj()).sum(-1).real[..., None]


def singular_part_dy(ops, g, x, shape_y):
    return _summed_to(ops, ops.apply("least_squares_slope", (x, g), ()), tuple(shape_y))


def singular_refused(ops, g, x):
    raise RuntimeError("the second derivative of the singular values that lstsq returns is not implemented: detach them")


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def linalg_lstsq_of(ops, x, y, rcond, driver):
    ops.operand(y, "linalg_lstsq", "B", 2)
    name = "autodiff.linalg.lstsq"
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if y.ndim < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    driver = "gelsy" if driver is None else driver
    if driver not in _DRIVERS:
        raise RuntimeError(f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    vector = y.ndim == 1 or (x.ndim - 1 == y.ndim and tuple(y.shape) == tuple(x.shape)[:-1])
    if y.shape[-1 if vector else -2] != x.shape[-2]:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size({-1 if vector else -2})")
    x, y = _one_dtype(ops, x, y, f"{name}: Expected input and other to have the same dtype, but got input's dtype {{}} and "
                                 "other's dtype {}")
    for v in (x, y):
        if not ops.is_numpy(v) and (ops.dtype(v).kind not in "fc" or ops.dtype(v).char == "e"):
            raise RuntimeError("This function doesn't handle types other than float and double")
    x, y = (_floats_of_matrices(ops, v, name) for v in (x, y))
    if vector:
        y = ops.reshape(y, (*tuple(y.shape), 1))
    ops.broadcast_shapes(tuple(x.shape)[:-2], tuple(y.shape)[:-2])
    return _least_squares(ops, x, y, vector, rcond, driver)


def _least_squares(ops, x, y, vector, rcond, driver):
    """(solution, residuals, rank, singular values), those that a driver of LAPACK gives; the others are empty."""
    rcond = float(ops.plain(rcond)) if ops.is_variable(rcond) else rcond
    if rcond is None:
        rcond = float(ops.numpy.finfo(ops.dtype(x)).eps) * max(tuple(x.shape)[-2:])
    m, n = tuple(x.shape)[-2:]
    solution = ops.apply("least_squares", (x, y), (rcond, "autodiff.linalg.lstsq" if driver == "gels" else ""))
    rank = ops.apply("least_squares_rank", (x,), (rcond,))
    real = ops.numpy.zeros(0, ops.dtype(x).type(0).real.dtype)
    residuals = values = ops.constant(real, like=x)
    if m > n and driver != "gelsy" and (ops.all_samples(rank) == n).all() and _product(tuple(x.shape)):
        rest = y - ops.matmul(x, solution)
        residuals = ops.sum(ops.square(ops.abs(rest)) if ops.dtype(x).kind == "c" else rest * rest, (rest.ndim - 2,), False)
        residuals = ops.named(residuals, "LinalgLstsqBackward0")
    if driver in ("gelsd", "gelss"):
        values = ops.apply("least_squares_values", (x,), ())
    if driver == "gels":
        rank = ops.constant(ops.numpy.zeros(0, ops.numpy.int64), like=x)
    if vector:
        solution = ops.reshape(solution, tuple(solution.shape)[:-1])
    return ops.named(ops.no_view(solution), "LinalgLstsqBackward0", x, y), residuals, rank, values


def numpy_lstsq(ops, x, y, rcond):
    """numpy.linalg.lstsq: of one matrix; the rank is a number."""
    if x.ndim != 2:
        raise LinAlgError(f"{x.ndim}-dimensional array given. Array must be two-dimensional")
    vector = y.ndim == 1
    if vector:
        y = ops.reshape(y, (y.shape[0], 1))
    if y.ndim != 2:
        raise LinAlgError(f"{y.ndim}-dimensional array given. Array must be two-dimensional")
    if x.shape[0] != y.shape[0]:
        raise LinAlgError("Incompatible dimensions")
    x, y = _promoted(ops, x, y, "linalg.lstsq")
    solution, residuals, rank, values = _least_squares(ops, x, y, False, rcond, "gelsd")
    if vector:
        solution = ops.reshape(solution, (solution.shape[0],))
    number = ops.plain(rank) if not ops.is_batch(rank) else rank
    return solution, residuals, number if number is rank else ops.numpy.int32(number), values
