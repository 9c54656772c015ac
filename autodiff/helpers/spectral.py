"""Decompositions by eigenvalues and singular values, and what is made of them: norms, ranks, pseudoinverses.

The results of one decomposition are one op, whose result holds all of them in one array ("packed"): so the derivative of
what is made of values and vectors together is one formula, of which forward mode, higher orders and batches follow as for
every other row.

Where values repeat, the vectors that belong to them are one basis of many.  The cotangents of values and vectors do not
say how what is computed from them would change under another basis, so that its derivative cannot be known from them:
it is NaN, and a warning says why.  The derivative of what is computed from the values alone, or from vectors of values
that do not repeat, is known.
"""
import warnings

from .common import C_TYPES, checked_dims
from .linear import _product, _transposed
from .solving import LinAlgError as _LinAlgError

# ---- shared

def _adjoint(ops, x):
    """The conjugate transpose of the last two dimensions."""
    x = _transposed(ops, x)
    return ops.conj(x) if ops.dtype(x).kind == "c" else x


def _real(ops, x):
    return ops.real(x) if ops.dtype(x).kind == "c" else x


def _diagonal_of(ops, x):
    return ops.diagonal(x, 0, -2, -1)


def _of_diagonal(ops, x):
    return ops.diag_embed(x)


def _columns_times(ops, x, values):
    """x diag(values)."""
    return x * values[..., None, :]


def _rows_times(ops, values, x):
    """diag(values) x."""
    return values[..., :, None] * x


def _single(ops, result, name):
    """A part of a packed result as a result of its own."""
    return ops.named(ops.no_view(result), name)


def _values(ops, result, name):
    """Vectors of values, which are small: of a batch they are copied together, so that they can be viewed in another shape."""
    return ops.named(ops.no_view(result.contiguous()), name)


def _packed(np, parts, batch):
    """Arrays beside each other in one, flattened but for the batch."""
    return np.concatenate([part.reshape(*batch, _product(part.shape[len(batch):])) for part in parts], axis=-1)


def _parts(packed, shapes):
    """The arrays that _packed took."""
    found, start = [], 0
    batch = tuple(packed.shape)[:-1]
    for shape in shapes:
        end = start + _product(shape)
        found.append(packed[..., start:end].reshape(*batch, *shape))
        start = end
    return found


def _matrix(x, name):
    if x.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")


def _square(x, name):
    _matrix(x, name)
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} "
                           "matrices")


def _inexact(ops, x, name, kernel):
    """x, which PyTorch wants to be of floats or complex numbers; of the NumPy flavour, integers are cast."""
    dtype = ops.dtype(x)
    if dtype.kind in "biu":
        if ops.is_numpy(x):
            return ops.to(x, "float64")
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {ops.scalar_name(x)}")
    return _wide(ops, x, kernel)


def _wide(ops, x, kernel):
    if ops.dtype(x).char == "e":
        if ops.is_numpy(x):
            raise TypeError("array type float16 is unsupported in linalg")
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Half'")
    return x


def _alone(ops, x):
    """Whether the values of x are all that is wanted: no gradient, no tangent, no batch."""
    return not (ops.is_batch(x) or ops.records(x) or ops.tangent(x) is not None)


# ---- values that repeat

_WORDS = ("linalg.{}: values repeat, to rounding, and the gradient of what is computed from their vectors, of which any other "
          "basis would do as well, cannot be told: it is NaN.  Of what is computed from the values alone it is known: use "
          "linalg.{}, or the vectors of single values alone")
REPEATED = {
    "eigh": _WORDS.format("eigh", "eigvalsh"), "svd": _WORDS.format("svd", "svdvals"),
    "eig": "linalg.eig: eigenvalues repeat, to rounding, and neither they nor their vectors have a derivative by themselves: "
           "the gradient is NaN.  What is the same function of all of them, as a sum or a product, has one",
}


def _rounding(np, values):
    """How far values of a decomposition may be from true ones: a row's largest times some units in the last place."""
    top = np.max(np.abs(values), axis=-1, keepdims=True, initial=0)
    return top * (4 * np.finfo(values.dtype).eps * max(values.shape[-1], 1) ** 0.5)


def _repeats(np, values):
    """Which of the pairs of values along the last dimension are the same, to rounding; none with itself."""
    same = np.abs(values[..., :, None] - values[..., None, :]) <= _rounding(np, values)[..., None]
    n = values.shape[-1]
    same[..., np.arange(n), np.arange(n)] = False
    return same


def _unknown(np, values, kind, rows, columns):
    """Of which of the vectors, on the left and on the right, the derivative is not determined by the values.

    kind: ``eigh``, ``eig`` or ``svd``.  Of the last a left vector of the value 0 may be turned into the space that no vector of
    the decomposition covers, where the matrix is tall; a right one, where it is wide; and the sign of one of them is free.
    """
    left = np.any(_repeats(np, values), axis=-1)
    if kind != "svd":
        return left, left
    zero = values <= _rounding(np, values)
    return left | (zero & (rows >= columns)), left | (zero & (rows <= columns))


def undetermined_value(np, x, values, kind, rows, columns):
    """0, or NaN for a matrix where the cotangent x of the vectors asks for what the values, a row, do not determine."""
    values = values[..., 0, :]
    out = np.zeros((*np.broadcast_shapes(x.shape[:-2], values.shape[:-1]), rows, columns), x.dtype)
    same = _repeats(np, values)
    asked = x != 0
    left, right = np.any(asked[..., :rows, :], axis=-2), np.any(asked[..., rows:, :], axis=-2)
    if kind == "eig":       # the cotangent of the values follows that of the vectors, and is to be the same for the same values
        of_values = x[..., rows, :]
        size = np.max(np.abs(of_values), axis=-1, keepdims=True, initial=0)[..., None]
        right = np.any(same & (np.abs(of_values[..., :, None] - of_values[..., None, :])
                               > size * np.finfo(x.dtype).eps ** 0.5), axis=-1)
    asked = left | right
    bad = np.any(same & (asked[..., :, None] | asked[..., None, :]), axis=(-1, -2))
    if kind == "svd":
        zero = values <= _rounding(np, values)
        beyond = left & right
        if rows > columns:
            beyond = left
        elif columns > rows:
            beyond = right
        bad |= np.any(zero & beyond, axis=-1)
    if np.any(bad):
        warnings.warn(REPEATED[kind], UserWarning, stacklevel=2)
        out[bad] = np.nan
    return out


def undetermined_dx(ops, g, values, shape_x, kind, rows, columns):
    return ops.apply("undetermined_columns", (g, values), (kind, rows, columns, shape_x[-2]))


def undetermined_columns_value(np, x, values, kind, rows, columns, height):
    """The transpose: NaN in the columns of vectors that are not determined, where anything is asked for."""
    values = values[..., 0, :]
    out = np.zeros((*np.broadcast_shapes(x.shape[:-2], values.shape[:-1]), height, values.shape[-1]), x.dtype)
    left, right = _unknown(np, values, kind, rows, columns)
    asked = np.any(x != 0, axis=(-1, -2))[..., None]
    out[..., :rows, :] = np.where(asked & left, np.nan, 0)[..., None, :]
    out[..., rows:, :] = np.where(asked & right, np.nan, 0)[..., None, :]
    return out


def undetermined_columns_dx(ops, g, values, kind, rows, columns):
    return ops.apply("undetermined", (g, values), (kind, rows, columns))


def _or_undetermined(ops, result, vectors, values, kind, rows, columns):
    """result, with NaN where the cotangent of the vectors asks for what the values do not determine."""
    np = ops.numpy
    known = ops.all_samples(values)
    left, right = _unknown(np, known, kind, rows, columns)
    if not (np.any(left) or np.any(right)):
        return result
    return result + ops.apply("undetermined", (vectors, values[..., None, :]), (kind, rows, columns))


def nothing_dx(ops, g, shape_x):
    """The cotangent of an operand that decides alone whether a derivative is known."""
    return ops.constant(ops.numpy.zeros(shape_x, ops.dtype(g)), g)


def gap_reciprocals_value(np, x):
    """1 / (x_k - x_j) in row j and column k; 0 where they are the same, to rounding."""
    gaps = x[..., None, :] - x[..., :, None]
    same = _repeats(np, x)
    n = x.shape[-1]
    same[..., np.arange(n), np.arange(n)] = True
    return np.where(same, 0, 1 / np.where(same, 1, gaps)).astype(x.dtype, copy=False)


def gap_reciprocals_dx(ops, g, out):
    square = out * out
    slope = g * (ops.conj(square) if ops.dtype(out).kind == "c" else square)
    return ops.sum(slope, (-1,), False) - ops.sum(slope, (-2,), False)


def safe_reciprocal_value(np, x):
    """1 / x; 0 where x is 0, to rounding in the units of its row's largest."""
    zero = np.abs(x) <= _rounding(np, x)
    return np.where(zero, 0, 1 / np.where(zero, 1, x)).astype(x.dtype, copy=False)


def safe_reciprocal_dx(ops, g, out):
    return -(g * out * out)


#: Below which, beside the largest number of a matrix and by themselves, numbers count as rounding errors.
ROUNDED = {"F": (1e-2, 1e-4), "f": (1e-2, 1e-4), "D": (1e-6, 1e-12), "d": (1e-6, 1e-12)}


def _phase_matters(ops, found, *beside):
    """Whether the imaginary parts that a change of phase multiplies are more than rounding, beside whole matrices."""
    np = ops.numpy
    part = np.abs(ops.all_samples(found).imag)
    share, least = ROUNDED[ops.dtype(found).char]
    size = [np.max(np.abs(ops.all_samples(x)), axis=(-1, -2), initial=0)[..., None] for x in beside]
    return bool(np.any((part > share * np.maximum(size[0], size[-1])) & (part > least)))


PHASE = ("{}: The {}vectors in the complex case are specified up to multiplication by e^{{i phi}}. The specified loss function "
         "depends on this quantity, so it is ill-defined.")


# ---- eigenvalues of Hermitian matrices

def _uplo(ops, name, given):
    if not isinstance(given, str):
        raise TypeError(f"{name}(): argument 'UPLO' must be str, not {type(given).__name__}")
    if given.upper() not in ("L", "U") or not given:
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {given}")
    return given.upper()


def _eigh_operand(ops, name, x, given):
    _square(x, "linalg.eigh")
    uplo = _uplo(ops, name, given)
    if ops.dtype(x).kind in "biu":
        if ops.is_numpy(x):
            x = ops.to(x, "float64")
        else:
            raise NotImplementedError(f"\"linalg_eigh_cpu\" not implemented for '{ops.scalar_name(x)}'")
    return _wide(ops, x, "linalg_eigh_cpu"), uplo


def _loop(np, name, x):
    """The loop behind a function of numpy.linalg, for floats so few that the function's Python is most of the time.

    None where there is no such; where it fails, its results are NaN, and the function is to say so.
    """
    return getattr(getattr(np.linalg, "_umath_linalg", None), name, None) if x.size <= 4096 and x.dtype.char in "fd" else None


def eigh_packed_value(np, x, uplo, alone):
    """The eigenvalues in the first row, the matrix of eigenvectors below.

    alone: whether the values are to have the bits of eigvalsh, which is another algorithm.
    """
    loop = None if alone else _loop(np, "eigh_lo" if uplo == "L" else "eigh_up", x)
    if loop is not None:
        out = np.empty((*x.shape[:-2], x.shape[-1] + 1, x.shape[-1]), x.dtype)
        loop(x, out=(out[..., 0, :], out[..., 1:, :]))
        if np.isfinite(out).all():
            return out
    try:
        values, vectors = np.linalg.eigh(x, uplo)
        if alone:
            values = np.linalg.eigvalsh(x, uplo)
    except np.linalg.LinAlgError as error:
        raise _LinAlgError(f"linalg.eigh: The algorithm failed to converge: {error}") from None
    return np.concatenate([values[..., None, :].astype(x.dtype), vectors], axis=-2)


def eigvalsh_value(np, x, uplo):
    try:
        return np.linalg.eigvalsh(x, uplo)
    except np.linalg.LinAlgError as error:
        raise _LinAlgError(f"linalg.eigh: The algorithm failed to converge: {error}") from None


def eigh_packed_dx(ops, g, out):
    """V (diag(gL) + (V^H gV)_skew / (l_k - l_j)) V^H, a Hermitian matrix."""
    n = out.shape[-1]
    values, vectors = _real(ops, out[..., 0, :]), out[..., 1:, :]
    of_values, of_vectors = _real(ops, g[..., 0, :]), g[..., 1:, :]
    adjoint = _adjoint(ops, vectors)
    inner = ops.matmul(adjoint, of_vectors)
    if ops.dtype(out).kind == "c" and _phase_matters(ops, _diagonal_of(ops, inner), inner):
        raise RuntimeError(PHASE.format("linalg_eigh_backward", "eigen"))
    turned = (inner - _adjoint(ops, inner)) * 0.5 * ops.apply("gap_reciprocals", (values,), ())
    result = ops.matmul(_columns_times(ops, vectors, of_values) + ops.matmul(vectors, turned), adjoint)
    return _or_undetermined(ops, result, of_vectors, values, "eigh", n, n)


def _eigh(ops, x, uplo, alone=False):
    packed = ops.apply("eigh_packed", (x,), (uplo, alone))
    return (_values(ops, _real(ops, packed[..., 0, :]), "LinalgEighBackward0"),
            _single(ops, packed[..., 1:, :], "LinalgEighBackward0"))


def eigh_of(ops, x, uplo):
    return _eigh(ops, *_eigh_operand(ops, "linalg_eigh", x, uplo))


def eigvalsh_of(ops, x, uplo):
    x, uplo = _eigh_operand(ops, "linalg_eigvalsh", x, uplo)
    if _alone(ops, x):
        return ops.apply("eigvalsh_alone", (x,), (uplo,))
    return _eigh(ops, x, uplo, True)[0]


def _from_triangle(ops, x, uplo):
    """The Hermitian matrix of which one triangle is read, as a function of the triangle: the gradient is 0 in the other.

    Imaginary parts of the diagonal are not read.
    """
    if uplo == "L":
        part = ops.tril(x, -1)
    else:
        part = ops.triu(x, 1)
    return part + _adjoint(ops, part) + _of_diagonal(ops, _real(ops, _diagonal_of(ops, x)))


def _numpy_triangle(ops, x, uplo):
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    uplo = uplo.upper()
    if x.ndim < 2:
        raise ops.numpy.linalg.LinAlgError(f"{x.ndim}-dimensional array given. Array must be at least two-dimensional")
    if x.shape[-1] != x.shape[-2]:
        raise ops.numpy.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    x = _numpy_inexact(ops, x)
    return (x if _alone(ops, x) else _from_triangle(ops, x, uplo)), uplo


def _numpy_inexact(ops, x):
    if ops.dtype(x).kind in "biu":
        return ops.to(x, "float64")
    if ops.dtype(x).char == "e":
        raise TypeError("array type float16 is unsupported in linalg")
    return x


_result_types: dict[str, type] = {}


def _numpy_result(ops, name, *results):
    """Results in the named tuple that NumPy's function returns."""
    kind = _result_types.get(name)
    if kind is None:
        kind = _result_types[name] = type(getattr(ops.numpy.linalg, name)(ops.numpy.eye(1)))
    return kind(*results)


def numpy_eigh(ops, x, uplo):
    """numpy.linalg.eigh: the gradient is that of the triangle that is read."""
    return _numpy_result(ops, "eigh", *_eigh(ops, *_numpy_triangle(ops, x, uplo)))


def numpy_eigvalsh(ops, x, uplo):
    x, uplo = _numpy_triangle(ops, x, uplo)
    return eigvalsh_of(ops, x, uplo)


# ---- eigenvalues of any square matrix

def _eig_operand(ops, name, x):
    _square(x, f"linalg.{name}")
    if ops.dtype(x).kind in "biu":
        if not ops.is_numpy(x):
            raise RuntimeError(f"Unknown Complex ScalarType for {ops.scalar_name(x)}")
        x = ops.to(x, "float64")
    return _wide(ops, x, "linalg_eig_out_cpu")


def _checked_eig(np, function, x, name):
    if not np.all(np.isfinite(x)):
        raise RuntimeError(f"autodiff.linalg.{name}: input tensor should not contain infs or NaNs.")
    try:
        return function(x)
    except np.linalg.LinAlgError as error:
        raise _LinAlgError(f"linalg.{name}: The algorithm failed to converge: {error}") from None


def _complex_type(np, x):
    return np.result_type(x.dtype, np.complex64)


def eig_packed_value(np, x, alone, real):
    """The eigenvalues in the first row, the matrix of eigenvectors below.

    alone: whether the values are to have the bits, and the order, of those that are computed without vectors.
    """
    values, vectors = _checked_eig(np, np.linalg.eig, x, "eig")
    if alone:
        wanted = np.linalg.eigvals(x)
        if not np.array_equal(values, wanted):
            vectors = np.take_along_axis(vectors, _matched(np, wanted, values)[..., None, :], axis=-1)
            values = wanted
    return np.concatenate([values[..., None, :], vectors], axis=-2).astype(_complex_type(np, x), copy=False)


def _matched(np, wanted, values):
    """For each of some numbers the position of the nearest of others, each once."""
    order = np.empty(wanted.shape, np.intp)
    for index in np.ndindex(*wanted.shape[:-1]):
        free = list(range(wanted.shape[-1]))
        for i, value in enumerate(wanted[index]):
            order[index][i] = free.pop(int(np.argmin(np.abs(values[index][free] - value))))
    return order


def eigvals_value(np, x):
    return _checked_eig(np, np.linalg.eigvals, x, "eigvals").astype(_complex_type(np, x), copy=False)


def eig_packed_dx(ops, g, out, real):
    """V^-H (diag(gL) + (V^H gV - V^H V diag(Re V^H gV)) / conj(l_k - l_j)) V^H; of a real matrix, the real part."""
    n = out.shape[-1]
    values, vectors = out[..., 0, :], out[..., 1:, :]
    of_values, of_vectors = g[..., 0, :], g[..., 1:, :]
    adjoint = _adjoint(ops, vectors)
    inner = ops.matmul(adjoint, of_vectors)
    scale = _diagonal_of(ops, inner)
    if _phase_matters(ops, scale, inner):
        raise RuntimeError(PHASE.format("linalg_eig_backward", "eigen"))
    inner = inner - ops.matmul(adjoint, _columns_times(ops, vectors, ops.real(scale)))
    inner = inner * ops.conj(ops.apply("gap_reciprocals", (values,), ())) + _of_diagonal(ops, of_values)
    result = ops.apply("square_solve", (adjoint, ops.matmul(inner, adjoint)), ())
    asked = ops.cat([of_vectors, of_values[..., None, :]], -2)
    result = _or_undetermined(ops, result, asked, values, "eig", n, n)
    return ops.real(result) if real else result


def square_solve_value(np, x, y):
    """x^-1 y; NaN for a matrix x that is singular."""
    try:
        return np.linalg.solve(x, y)
    except np.linalg.LinAlgError:
        out = np.full_like(y, np.nan)
        for index in np.ndindex(*x.shape[:-2]):
            try:
                out[index] = np.linalg.solve(x[index], y[index])
            except np.linalg.LinAlgError:       # which of a batch it was, NumPy does not say
                continue
        warnings.warn("linalg.eig: a matrix has fewer eigenvectors than rows, and its eigenvalues and eigenvectors have no "
                      "derivative: the gradient is NaN", UserWarning, stacklevel=2)
        return out


def square_solve_dx(ops, g, x, out):
    """-(x^-H g) out^H."""
    return -ops.matmul(square_solve_dy(ops, g, x), _adjoint(ops, out))


def square_solve_dy(ops, g, x):
    return ops.apply("square_solve", (_adjoint(ops, x), g), ())


def _eig(ops, x, alone=False):
    packed = ops.apply("eig_packed", (x,), (alone, ops.dtype(x).kind != "c"))
    return _values(ops, packed[..., 0, :], "LinalgEigBackward0"), _single(ops, packed[..., 1:, :], "LinalgEigBackward0")


def eig_of(ops, x):
    return _eig(ops, _eig_operand(ops, "eig", x))


def eigvals_of(ops, x):
    x = _eig_operand(ops, "eigvals", x)
    return ops.apply("eigvals_alone", (x,), ()) if _alone(ops, x) else _eig(ops, x, True)[0]


def _as_numpy_says(ops, x, *results):
    """Real results where NumPy, before 2.5, returns real ones: of a real matrix with real eigenvalues alone."""
    np = ops.numpy
    if ops.dtype(x).kind == "c" or np.linalg.eigvals(np.eye(1)).dtype.kind == "c" or np.any(ops.all_samples(results[0]).imag):
        return results
    return tuple([ops.no_view(ops.real(part)) for part in results])


def _numpy_square(ops, x):
    x = _numpy_matrix(ops, x)
    if x.shape[-1] != x.shape[-2]:
        raise ops.numpy.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    return x


def numpy_eig(ops, x):
    x = _numpy_square(ops, x)
    return _numpy_result(ops, "eig", *_as_numpy_says(ops, x, *_eig(ops, x)))


def numpy_eigvals(ops, x):
    x = _numpy_square(ops, x)
    return _as_numpy_says(ops, x, eigvals_of(ops, x))[0]


# ---- singular values

def _svd_shapes(m, n, full):
    k = min(m, n)
    return ((m, m if full else k), (k,), (n if full else k, n))


def svd_packed_value(np, x, full, alone):
    """U, S and V^H beside each other.

    alone: whether the values are to have the bits of those that are computed without vectors.
    """
    loop = None if alone else _loop(np, "svd_f" if full else "svd_s", x)
    if loop is not None:
        m, n = x.shape[-2:]
        (_, left), (k,), (right, _) = _svd_shapes(m, n, full)
        ends = (m * left, m * left + k, m * left + k + right * n)
        out = np.empty((*x.shape[:-2], ends[2]), x.dtype)
        parts = (out[..., :ends[0]].reshape(*x.shape[:-2], m, left), out[..., ends[0]:ends[1]],
                 out[..., ends[1]:].reshape(*x.shape[:-2], right, n))
        loop(x, out=parts)
        if np.isfinite(out).all() and (not out.size or all(np.may_share_memory(part, out) for part in parts if part.size)):
            return out
    try:
        u, s, vh = np.linalg.svd(x, full_matrices=full)
        if alone:
            s = np.linalg.svd(x, compute_uv=False)
    except np.linalg.LinAlgError as error:
        raise _svd_failed(np, x, error) from None
    return _packed(np, (u, s.astype(x.dtype), vh), x.shape[:-2])


def _svd_failed(np, x, error):
    why = ("because the input matrix contained non-finite values." if not np.all(np.isfinite(x)) else
           f"because the input matrix is ill-conditioned or has too many repeated singular values: {error}")
    return _LinAlgError(f"linalg.svd: The algorithm failed to converge {why}")


def svdvals_value(np, x):
    try:
        return np.linalg.svd(x, compute_uv=False)
    except np.linalg.LinAlgError as error:
        raise _svd_failed(np, x, error) from None


def svd_packed_dx(ops, g, out, shape_x, full):
    """U [(U^H gU)_skew F S + S (V^H gV)_skew F + diag(gS)] V^H, and what is outside of the spans of U and of V.

    F is 1 / (s_k^2 - s_j^2).  The columns of U beyond those of S span what these do not: their cotangent counts as one of
    these, since U_2^H dU_1 = -(dU_2)^H U_1.
    """
    m, n = shape_x[-2:]
    k = min(m, n)
    u, s, vh = _parts(out, _svd_shapes(m, n, full))
    gu, gs, gvh = _parts(g, _svd_shapes(m, n, full))
    s, gs = _real(ops, s), _real(ops, gs)
    v, gv = _adjoint(ops, vh), _adjoint(ops, gvh)
    rests = []
    if full and m != n:
        u, gu, rest_u = _without_rest(ops, u, gu, k)
        v, gv, rest_v = _without_rest(ops, v, gv, k)
        rests = [rest for rest in (rest_u, rest_v) if rest is not None]
        vh = _adjoint(ops, v)
    of_u, of_v = ops.matmul(_adjoint(ops, u), gu), ops.matmul(vh, gv)
    gaps = ops.apply("gap_reciprocals", (s,), ())
    sums = ops.apply("sum_reciprocals", (s,), ())
    factors = gaps * sums
    inner = (_columns_times(ops, (of_u - _adjoint(ops, of_u)) * factors, s)
             + _rows_times(ops, s, (of_v - _adjoint(ops, of_v)) * factors) + _of_diagonal(ops, gs))
    inverse = ops.apply("safe_reciprocal", (s,), ())
    if ops.dtype(out).kind == "c":
        turn_u, turn_v = _diagonal_of(ops, of_u), _diagonal_of(ops, of_v)
        if _phase_matters(ops, turn_u + turn_v, of_u, of_v):
            raise RuntimeError(PHASE.format("svd_backward", "singular "))
        half = ops.complex(ops.imag(turn_u) * 0, (ops.imag(turn_u) - ops.imag(turn_v)) * 0.5 * inverse)
        inner = inner + _of_diagonal(ops, half)
    result = ops.matmul(ops.matmul(u, inner), vh)
    if m > k:
        outside = gu - ops.matmul(u, of_u)
        result = result + ops.matmul(_columns_times(ops, outside, inverse), vh)
    if n > k:
        outside = gv - ops.matmul(v, of_v)
        result = result + ops.matmul(_columns_times(ops, u, inverse), _adjoint(ops, outside))
    for rest in rests:
        result = result + rest
    return _or_undetermined(ops, result, ops.cat([gu, gv], -2), s, "svd", m, n)


def _without_rest(ops, u, gu, k):
    """The first k columns, their cotangent with what that of the others adds, and NaN where the others' is of a basis."""
    if u.shape[-1] == k:
        return u, gu, None
    first, rest = u[..., :k], u[..., k:]
    g_first, g_rest = gu[..., :k], gu[..., k:]
    inner = ops.matmul(_adjoint(ops, rest), g_rest)
    return (first, g_first - ops.matmul(rest, ops.matmul(_adjoint(ops, g_rest), first)),
            ops.apply("basis_dependent", (inner,), ()))


def basis_dependent_value(np, x):
    """0 for a matrix that is Hermitian to rounding, else NaN; of one row and one column, so that it goes with any matrix."""
    share, least = ROUNDED[x.dtype.char]
    size, worst = (np.max(np.abs(v), axis=(-1, -2), keepdims=True, initial=0)
                   for v in (x, x - np.conj(np.swapaxes(x, -1, -2))))
    bad = (worst > share * size) & (worst > least)
    if np.any(bad):
        warnings.warn("linalg.svd: the vectors beyond those of the singular values are one basis of many, and what is "
                      "computed from them depends on which: its gradient is NaN", UserWarning, stacklevel=2)
    return np.where(bad, np.nan, 0).astype(x.dtype)


def sum_reciprocals_value(np, x):
    """1 / (x_j + x_k); 0 where both are 0, to rounding."""
    sums = x[..., None, :] + x[..., :, None]
    zero = sums <= _rounding(np, x)[..., None]
    return np.where(zero, 0, 1 / np.where(zero, 1, sums)).astype(x.dtype, copy=False)


def sum_reciprocals_dx(ops, g, out):
    slope = g * out * out
    return -(ops.sum(slope, (-1,), False) + ops.sum(slope, (-2,), False))


def _svd(ops, x, full, alone=False):
    m, n = x.shape[-2:]
    u, s, vh = _parts(ops.apply("svd_packed", (x,), (full, alone)), _svd_shapes(m, n, full))
    name = "LinalgSvdBackward0"
    return _single(ops, u, name), _values(ops, _real(ops, s), name), _single(ops, vh, name)


def _svd_operand(ops, x):
    x = _inexact(ops, x, "linalg.svd", "linalg_svd_cpu")
    _matrix(x, "linalg.svd")
    return x


def _no_driver(driver):
    if driver is not None:
        raise RuntimeError("autodiff.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER "
                           "backend.")


def svd_of(ops, x, full_matrices, driver):
    x = _svd_operand(ops, x)
    _no_driver(driver)
    return _svd(ops, x, bool(full_matrices))


def _singular_values(ops, x):
    if _alone(ops, x):
        return ops.apply("svdvals_alone", (x,), ())
    return _svd(ops, x, False, True)[1]


def svdvals_of(ops, x, driver):
    x = _svd_operand(ops, x)
    _no_driver(driver)
    return _singular_values(ops, x)


def old_svd_of(ops, x, some, compute_uv):
    """torch.svd, which returns V and not its adjoint."""
    if x.ndim < 2:
        raise RuntimeError(f"linalg.svd: input should have at least 2 dimensions, but has {x.ndim} dimensions instead")
    x = _svd_operand(ops, x)
    if not compute_uv:
        m, n = x.shape[-2:]
        np, batch = ops.numpy, tuple(x.shape)[:-2]
        zeros = [ops.constant(np.zeros((*batch, size, size), ops.dtype(x)), x) for size in (m, n)]
        return zeros[0], _singular_values(ops, x), zeros[1]
    u, s, vh = _svd(ops, x, not some)
    return u, s, ops.named(ops.no_view(_adjoint(ops, vh)), "LinalgSvdBackward0")


def numpy_svd(ops, x, full_matrices, compute_uv, hermitian):
    """numpy.linalg.svd; of a Hermitian matrix by its eigenvalues, of which one triangle is read."""
    x = _numpy_matrix(ops, x)
    if hermitian:
        if not compute_uv:
            return ops.flip(ops.sort(ops.abs(numpy_eigvalsh(ops, x, "L")), -1)[0], (-1,))
        values, vectors = numpy_eigh(ops, x, "L")
        sizes, order = (ops.flip(part, (-1,)) for part in ops.sort(ops.abs(values), -1))
        u = ops.take_along_dim(vectors, order[..., None, :], -1)
        signs = ops.take_along_dim(ops.sign(values), order, -1)
        return _numpy_result(ops, "svd", u, sizes, _adjoint(ops, _columns_times(ops, u, signs)))
    if not compute_uv:
        return _singular_values(ops, x)
    return _numpy_result(ops, "svd", *_svd(ops, x, bool(full_matrices)))


def _numpy_matrix(ops, x):
    if x.ndim < 2:
        raise ops.numpy.linalg.LinAlgError(f"{x.ndim}-dimensional array given. Array must be at least two-dimensional")
    return _numpy_inexact(ops, x)


def numpy_svdvals(ops, x):
    return _singular_values(ops, _numpy_matrix(ops, x))


# ---- orthogonal times triangular

def _qr_shapes(m, n, mode):
    k = min(m, n)
    return ((m, m), (m, n)) if mode == "complete" else ((m, k), (k, n))


def qr_packed_value(np, x, mode):
    """Q and R; with mode='r', R; with 'raw', R with Householder's vectors below it, and their factors."""
    parts = np.linalg.qr(x, mode)
    if mode == "raw":
        parts = np.swapaxes(parts[0], -1, -2), parts[1]
    return _packed(np, (parts,) if mode == "r" else parts, x.shape[:-2])


NO_Q = ("The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
        "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr.")


def qr_packed_dx(ops, g, out, shape_x, mode):
    """(gQ + Q H) R^-H, where H is Hermitian with the upper triangle of gR R^H - Q^H gQ; of a wide matrix, that of its first
    columns, the others being Q times the others of R."""
    m, n = shape_x[-2:]
    if mode == "r":
        raise RuntimeError(NO_Q)
    if mode == "raw":
        raise NotImplementedError("the derivative for 'geqrf' is not implemented.")
    if mode == "complete" and m > n:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
    q, r = _parts(out, _qr_shapes(m, n, mode))
    gq, gr = _parts(g, _qr_shapes(m, n, mode))
    gr = ops.triu(gr)
    rest = None
    if m < n:
        rest = ops.matmul(q, gr[..., m:])
        gq = gq + ops.matmul(ops.matmul(q, r[..., m:]), _adjoint(ops, gr[..., m:]))
        r, gr = r[..., :m], gr[..., :m]
    found = ops.matmul(gr, _adjoint(ops, r)) - ops.matmul(_adjoint(ops, q), gq)
    upper = ops.triu(found, 1)
    hermitian = upper + _adjoint(ops, upper) + _of_diagonal(ops, _real(ops, _diagonal_of(ops, found)))
    result = gq + ops.matmul(q, hermitian)
    result = _adjoint(ops, ops.apply("triangle_solve", (r, _adjoint(ops, result)), ()))
    return result if rest is None else ops.cat([result, rest], -1)


def triangle_solve_value(np, x, y):
    """x^-1 y for an upper triangle x; NaN for one that is singular to rounding."""
    diagonal = np.abs(np.diagonal(x, axis1=-2, axis2=-1))
    singular = np.any(diagonal <= _rounding(np, diagonal), axis=-1)[..., None, None]
    if np.any(singular):
        warnings.warn("linalg.qr: the first columns of the matrix depend on each other, to rounding, so that the "
                      "decomposition is one of many: its gradient is NaN", UserWarning, stacklevel=2)
        x = np.where(singular, np.eye(x.shape[-1], dtype=x.dtype), x)
    return np.where(singular, np.nan, np.linalg.solve(x, y))


def triangle_solve_dx(ops, g, x, out):
    """-(x^-H g) out^H, and x has no elements below its diagonal."""
    return ops.triu(-ops.matmul(triangle_solve_dy(ops, g, x), _adjoint(ops, out)))


def triangle_solve_dy(ops, g, x):
    """x^-H g; as a system of an upper triangle, whose rows and columns are turned round."""
    return ops.flip(ops.apply("triangle_solve", (ops.flip(_adjoint(ops, x), (-1, -2)), ops.flip(g, (-2,))), ()), (-2,))


def _qr(ops, x, mode):
    m, n = x.shape[-2:]
    q, r = _parts(ops.apply("qr_packed", (x,), (mode,)), _qr_shapes(m, n, mode))
    return _single(ops, q, "LinalgQrBackward0"), _single(ops, r, "LinalgQrBackward0")


def qr_of(ops, x, mode):
    x = _inexact(ops, x, "linalg.qr", "geqrf_cpu")
    _matrix(x, "linalg.qr")
    if not isinstance(mode, str):
        raise TypeError(f"linalg_qr(): argument 'mode' (position 2) must be str, not {type(mode).__name__}")
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or "
                           "'complete'")
    if mode == "r":
        m, n = x.shape[-2:]
        (r,) = _parts(ops.apply("qr_packed", (x,), ("r",)), ((min(m, n), n),))
        return ops.constant(ops.numpy.zeros(0, ops.dtype(x)), x), _single(ops, r, "LinalgQrBackward0")
    return _qr(ops, x, mode)


def old_qr_of(ops, x, some):
    return qr_of(ops, x, "reduced" if some else "complete")


def numpy_qr(ops, x, mode):
    """numpy.linalg.qr; with mode='r', the R of 'reduced', so that it has a gradient."""
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(f"Unrecognized mode '{mode}'")
    x = _numpy_matrix(ops, x)
    if mode == "r":
        return _qr(ops, x, "reduced")[1]
    if mode == "raw":
        if not _alone(ops, x):
            raise NotImplementedError("np.linalg.qr(mode='raw') returns Householder's vectors, of which autodiff has no "
                                      "derivative: use mode='reduced', or x.detach()")
        return tuple([ops.constant(part, x) for part in ops.numpy.linalg.qr(ops.plain(x), "raw")])
    return _numpy_result(ops, "qr", *_qr(ops, x, mode))


# ---- norms

def _norm_dtype(ops, x, name, dtype):
    """x, checked and cast: its dtype is one of floats or complex numbers, and the wanted one is no narrower."""
    np = ops.numpy
    own = ops.dtype(x)
    if own.kind in "biu":
        if not ops.is_numpy(x):
            raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {ops.scalar_name(x)}")
        x = ops.to(x, "float64")
        own = ops.dtype(x)
    if dtype is None:
        return x
    wanted = np.dtype(ops.numpy_dtype(dtype))
    said = ops.scalar_name(np.zeros((), wanted))
    if wanted.kind not in "fc":
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {said}")
    if (own.kind == "c") != (wanted.kind == "c"):
        kind = "complex" if own.kind == "c" else "real"
        raise RuntimeError(f"{name}: dtype should be {kind} for {kind} inputs, but got {said}")
    if np.promote_types(own, wanted) != wanted:
        raise RuntimeError(f"{name}: the dtype of the input ({ops.scalar_name(x)}) should be convertible without narrowing to "
                           f"the specified dtype ({said})")
    return ops.to(x, wanted)


def vector_norm_of(ops, x, ord, dim, keepdim, dtype):
    if isinstance(ord, str) or (not ops.is_variable(ord) and not hasattr(ord, "__float__")):
        raise TypeError(f"linalg_vector_norm(): argument 'ord' (position 2) must be Number, not {type(ord).__name__}")
    return _vector_norm(ops, _norm_dtype(ops, x, "linalg.vector_norm", dtype), ord, dim, keepdim)


def _vector_norm(ops, x, ord, dim, keepdim):
    """Where nothing is to be reduced, the absolute values, of any order but 0."""
    dims = checked_dims(ops, x, dim)
    if dims == () and ord == 0:
        return ops.norm(x[None], 0, (0,), False)
    return ops.norm(x, ord, dims, bool(keepdim))


def _two_dims(ops, x, dim):
    """The dimensions of the matrices, from the front."""
    given = tuple(dim) if isinstance(dim, (tuple, list)) else None
    if given is None:
        raise TypeError(f"linalg_matrix_norm(): argument 'dim' must be tuple of ints, not {type(dim).__name__}")
    if len(given) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, given))}")
    row, column = (ops.wrap_dim(d, x.ndim) for d in given)
    if row == column:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({given[0]}, {given[1]})")
    return row, column


_INFINITIES = (float("inf"), -float("inf"))


def matrix_norm_of(ops, x, ord, dim, keepdim, dtype):
    known = ("fro", "nuc") if isinstance(ord, str) else (1, -1, 2, -2, *_INFINITIES)
    if isinstance(ord, str) and ord not in known:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    if x.ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if ord not in known:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    row, column = _two_dims(ops, x, dim)
    x = _norm_dtype(ops, x, "linalg.matrix_norm", dtype)
    return _matrix_norm(ops, x, ord, row, column, keepdim)


def _matrix_norm(ops, x, ord, row, column, keepdim):
    if ord == "fro":
        return ops.norm(x, 2, (row, column), bool(keepdim))
    if ord in (1, -1, *_INFINITIES):
        summed, chosen = (row, column) if ord in (1, -1) else (column, row)
        if ord > 0 and not x.shape[chosen]:
            return _no_norm(ops, x, row, column, keepdim)
        sums = ops.norm(x, 1, (summed,), bool(keepdim))
        if not keepdim and chosen > summed:
            chosen -= 1
        return (ops.amax if ord > 0 else ops.amin)(sums, (chosen,), bool(keepdim))
    if ord != -2 and 0 in (x.shape[row], x.shape[column]):
        return _no_norm(ops, x, row, column, keepdim)
    rest = [d for d in range(x.ndim) if d not in (row, column)]
    values = _singular_values(ops, _wide(ops, ops.permute(x, (*rest, row, column)), "linalg_svd_cpu"))
    if ord == "nuc":
        out = ops.sum(values, (-1,), False)
    else:
        out = (ops.amax if ord > 0 else ops.amin)(values, (-1,), False)
    if not keepdim:
        return out
    back = [0] * x.ndim
    for place, d in enumerate((*rest, row, column)):
        back[d] = place
    return ops.permute(out[..., None, None], back)


def _no_norm(ops, x, row, column, keepdim):
    """0 for matrices without elements."""
    return ops.norm(x, 2, (row, column), bool(keepdim))


def linalg_norm_of(ops, x, ord, dim, keepdim, dtype):
    if dim is not None:
        dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
        if ord is not None and not isinstance(ord, str) and len(dims) not in (1, 2):
            raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
        if ord is None and len(dims) not in (1, 2):
            raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
        if ord is None or (len(dims) == 1 and not isinstance(ord, str)):
            return vector_norm_of(ops, x, 2 if ord is None else ord, dims, keepdim, dtype)
        return matrix_norm_of(ops, x, ord, dims, keepdim, dtype)
    if ord is None:
        return vector_norm_of(ops, x, 2, None, keepdim, dtype)
    if x.ndim not in (1, 2):
        raise RuntimeError("linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
                           f"{x.ndim}D.")
    if x.ndim == 1 and not isinstance(ord, str):
        return vector_norm_of(ops, x, ord, None, keepdim, dtype)
    return matrix_norm_of(ops, x, ord, (-2, -1), keepdim, dtype)


# ---- condition numbers

def inverse_or_infinite_value(np, x):
    """The inverse; of a singular matrix, all infinite."""
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        out = np.full_like(x, np.inf)
        for index in np.ndindex(*x.shape[:-2]):
            try:
                out[index] = np.linalg.inv(x[index])
            except np.linalg.LinAlgError:       # which of a batch it was, NumPy does not say
                continue
        return out


def inverse_or_infinite_dx(ops, g, out):
    adjoint = _adjoint(ops, out)
    return -ops.matmul(ops.matmul(adjoint, g), adjoint)


def cond_of(ops, x, p):
    if x.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    known = ("fro", "nuc") if isinstance(p, str) else (None, 1, -1, 2, -2, *_INFINITIES)
    if p not in known:
        raise ValueError(f"linalg.cond got an invalid norm type: {p}")
    if p is None or p in (2, -2):
        x = _svd_operand(ops, x)
        values = _singular_values(ops, x)
        if not values.shape[-1]:
            return ops.sum(values, (-1,), False)
        first, last = values[..., 0], values[..., -1]
        return last / first if p == -2 else first / last
    word = p if isinstance(p, str) else f"{p:g}"
    _square(x, f"linalg.cond(ord={word})")
    if ops.dtype(x).kind in "biu" and not ops.is_numpy(x):
        raise RuntimeError(f"linalg.inv: Expected a floating point or complex tensor as input. Got {ops.scalar_name(x)}")
    x = _inexact(ops, x, "linalg.inv", "linalg_inv_out_cpu")
    if not x.shape[-1]:
        return ops.norm(x, 2, (x.ndim - 2, x.ndim - 1), False)
    rows, columns = x.ndim - 2, x.ndim - 1
    if p == "nuc":
        values = _singular_values(ops, x)
        return ops.sum(values, (-1,), False) * ops.sum(1 / values, (-1,), False)
    inverse = ops.apply("inverse_or_infinite", (x,), ())
    found = _matrix_norm(ops, x, p, rows, columns, False) * _matrix_norm(ops, inverse, p, rows, columns, False)
    return found if ops.is_numpy(x) else _infinite(ops, found, x)


def _infinite(ops, found, x):
    """inf for the NaN that is 0 * inf or 0 / 0: unless x, of the same matrix, is NaN by itself."""
    if ops.is_numpy(x):
        return ops.apply("infinite_for_nan", (found, x), ())
    return ops.apply("infinite_for_nan", (found, ops.constant(ops.numpy.zeros((), ops.dtype(found)), found)), ())


def numpy_cond(ops, x, p):
    """numpy.linalg.cond, which is infinite where it would be NaN of a matrix without NaN."""
    np = ops.numpy
    x = _numpy_matrix(ops, x)
    if 0 in x.shape:
        raise np.linalg.LinAlgError("cond is not defined on empty arrays")
    if not (p is None or p in (2, -2)) and x.shape[-1] != x.shape[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    return _infinite(ops, cond_of(ops, x, p), ops.sum(x.abs(), (-1, -2), False))


def infinite_for_nan_value(np, x, y):
    return np.where(np.isnan(x) & ~np.isnan(y), np.inf, x).astype(x.dtype, copy=False)


def infinite_for_nan_dx(ops, g):
    return g


# ---- pseudoinverses and ranks

def _tolerance(ops, name, word, given, x):
    """A tolerance as a plain array that goes with the batch of x; None if there is none."""
    if given is None:
        return None
    if ops.is_variable(given):
        if ops.dtype(given).kind == "c":
            raise RuntimeError(f"autodiff.linalg.{name}: {word} tensor of complex type is not supported. Got "
                               f"{ops.scalar_name(given)}")
        ops.broadcast_shapes(tuple(given.shape), tuple(x.shape)[:-2])
        return ops.plain(given)
    if isinstance(given, str) or not (hasattr(given, "__float__") or hasattr(given, "__array__")):
        raise TypeError(f"linalg_{name}(): argument '{word}' must be float or Tensor, not {type(given).__name__}")
    given = ops.numpy.asarray(given, float)
    ops.broadcast_shapes(given.shape, tuple(x.shape)[:-2])
    return given


def _cutoff(np, sizes, shape, atol, rtol):
    """Up to which singular values count as 0: an absolute tolerance, or one relative to the largest, whichever is more.

    The relative one is some units in the last place where neither is given, or the absolute one is 0.
    """
    atol = np.asarray(0.0 if atol is None else atol)
    if rtol is None:
        rtol = np.where(atol > 0, 0.0, np.finfo(sizes.dtype).eps * max(shape[-2:]))
    return np.maximum(atol, rtol * np.max(sizes, axis=-1, initial=0))[..., None]


def _sizes(np, x, hermitian):
    return np.abs(np.linalg.eigvalsh(x)) if hermitian else np.linalg.svd(x, compute_uv=False)


def matrix_rank_value(np, x, tol, hermitian, atol, rtol):
    """How many singular values are larger than both tolerances."""
    try:
        sizes = _sizes(np, x, hermitian)
    except np.linalg.LinAlgError as error:
        raise _svd_failed(np, x, error) from None
    return np.asarray(np.sum(sizes > _cutoff(np, sizes, x.shape, atol, rtol), axis=-1), np.int64)


def matrix_rank_front(ops, name, x, tol, hermitian, atol, rtol):
    if x.ndim < 2:
        raise RuntimeError("autodiff.linalg.matrix_rank: The input tensor input must have at least 2 dimensions.")
    if ops.dtype(x).kind not in "fc" or ops.dtype(x).char == "e":
        raise RuntimeError("This function doesn't handle types other than float and double")
    if tol is not None and not (atol is None and rtol is None):
        raise TypeError("linalg_matrix_rank(): tol, which is atol with rtol=0, goes with neither of them")
    if hermitian:
        _square(x, "linalg.eigh")
    if tol is not None:
        atol, rtol = tol, 0.0
    atol, rtol = (_tolerance(ops, "matrix_rank", word, given, x) for word, given in (("atol", atol), ("rtol", rtol)))
    return ops.apply(name, (x,), (None, bool(hermitian), atol, rtol))


def pinv_value(np, x, rcond, hermitian, atol, rtol):
    """V diag(1 / s) U^H of the singular values above both tolerances."""
    try:
        if hermitian:
            values, u = np.linalg.eigh(x)
            sizes, vh = np.abs(values), np.conj(np.swapaxes(u, -1, -2))
        else:
            u, values, vh = np.linalg.svd(x, full_matrices=False)
            sizes = values
    except np.linalg.LinAlgError as error:
        raise _svd_failed(np, x, error) from None
    large = sizes > _cutoff(np, sizes, x.shape, atol, rtol)
    inverse = np.where(large, 1 / np.where(large, values, 1), 0).astype(values.dtype, copy=False)
    if inverse.ndim > values.ndim:      # several tolerances
        u, vh = (np.broadcast_to(v, (*inverse.shape[:-1], *v.shape[-2:])) for v in (u, vh))
    return np.matmul(np.conj(np.swapaxes(vh, -1, -2)), inverse[..., None] * np.conj(np.swapaxes(u, -1, -2)))


def pinv_dx(ops, g, x, out, hermitian):
    """-P^H g P^H, and what the complements of the ranges add: (1 - A P) g^H P P^H and P^H P g^H (1 - P A).

    That is so where the rank stays and what was dropped are rounding errors; else see below.
    """
    np = ops.numpy
    if hermitian:
        x = _from_triangle(ops, x, "L")
    kept = ops.matmul(x, out)
    known, found = ops.all_samples(x), ops.all_samples(kept)
    rank = np.round(np.trace(found, axis1=-2, axis2=-1).real)
    size = np.max(np.abs(known), axis=(-1, -2), keepdims=True, initial=0)
    if np.any(np.abs(known - found @ known) > size * (1e3 * np.finfo(known.dtype).eps * max(known.shape[-2:]))):
        return _truncated_pinv_dx(ops, g, x, rank)
    adjoint, of_g = _adjoint(ops, out), _adjoint(ops, g)
    result = -ops.matmul(ops.matmul(adjoint, g), adjoint)
    m, n = x.shape[-2:]
    if np.any(rank < m):
        part = ops.matmul(ops.matmul(of_g, out), adjoint)
        result = result + part - ops.matmul(kept, part)
    if np.any(rank < n):
        part = ops.matmul(ops.matmul(adjoint, out), of_g)
        result = result + part - ops.matmul(ops.matmul(part, out), x)
    return result


def _truncated_pinv_dx(ops, g, x, rank):
    """Where values were dropped that are no rounding errors: P = V f(S) U^H with f = 1 / s of those kept and 0 of the others.

    Of x in a square of zeros, with K = U^H dA V, V^H dP U is -f_a K_ab f_b where both are kept, 0 where neither is, and
    (min K_ab / max + conj(K_ba)) / (max^2 - min^2) of the pairs of one and one.
    """
    np = ops.numpy
    m, n = x.shape[-2:]
    size = max(m, n)
    square = ops.pad(x, (0, size - n, 0, size - m))
    u, s, vh = _parts(ops.apply("svd_packed", (square,), (False, False)), _svd_shapes(size, size, False))
    s = _real(ops, s)
    on = (np.arange(size) < np.asarray(rank)[..., None]).astype(ops.dtype(s))
    on = ops.constant(on, s)
    kept = s * on
    inverse = on / (kept + (1 - on))
    dropped = s * (1 - on)
    # of a pair of one and one: its larger value, which is kept, its smaller one, and 1 / (larger^2 - smaller^2)
    mixed = on[..., :, None] * (1 - on)[..., None, :] + (1 - on)[..., :, None] * on[..., None, :]
    larger, smaller = (v[..., :, None] + v[..., None, :] for v in (kept, dropped))
    gap = mixed / ((larger * larger - smaller * smaller) * mixed + (1 - mixed))
    ratio = smaller * mixed / (larger * mixed + (1 - mixed))
    turned = ops.matmul(ops.matmul(vh, ops.pad(g, (0, size - m, 0, size - n))), u)
    inner = turned * (ratio * gap - inverse[..., :, None] * inverse[..., None, :]) + _adjoint(ops, turned) * gap
    return ops.matmul(ops.matmul(u, inner), vh)[..., :m, :n]


def pinv_front(ops, name, x, rcond, hermitian, atol, rtol):
    dtype = ops.dtype(x)
    if x.ndim < 2 or dtype.kind not in "fc" or dtype.char == "e":
        if ops.is_numpy(x):
            x = _numpy_matrix(ops, x)
        else:
            raise RuntimeError(f"linalg.pinv({ops.scalar_name(x)}{{{list(x.shape)}}}): expected a tensor with 2 or more "
                               "dimensions of float, double, cfloat or cdouble types")
    if rcond is not None and not (atol is None and rtol is None):
        raise TypeError("linalg_pinv(): rcond, an older name of rtol, goes with neither atol nor rtol")
    if hermitian:
        _square(x, "linalg.eigh")
    rtol = rtol if rcond is None else rcond
    atol, rtol = (_tolerance(ops, "pinv", word, given, x) for word, given in (("atol", atol), ("rtol", rtol)))
    return ops.apply(name, (x,), (None, bool(hermitian), atol, rtol))


def pinverse_of(ops, x, rcond):
    return ops.linalg_pinv(x, rcond)


def numpy_pinv(ops, x, rcond, hermitian, rtol):
    """numpy.linalg.pinv, whose tolerance is 1e-15 unless rtol=None asks for one that depends on dtype and size."""
    x = _numpy_matrix(ops, x)
    if rcond is None:
        rcond = 1e-15 if rtol == "default" else rtol
    elif rtol != "default":
        raise ValueError("`rtol` and `rcond` can't be both set.")
    if hermitian and not _alone(ops, x):
        _square(x, "linalg.pinv")
        x = _from_triangle(ops, x, "L")
    return ops.linalg_pinv(x, None, hermitian, rtol=rcond)


# ---- statistics of several variables

def _weights(ops, name, given, kind, x, count):
    """Weights of observations as a Variable; None if there are none."""
    if given is None:
        return None
    if not ops.is_variable(given):
        raise TypeError(f"cov(): argument '{name}' must be Tensor, not {type(given).__name__}")
    if given.ndim > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {name} with {given.ndim} "
                           "dimensions")
    dtype = ops.dtype(given)
    if (dtype.kind not in "iu") if kind == "integral" else (dtype.kind != "f"):
        raise RuntimeError(f"cov(): expected {name} to have {kind} dtype but got {name} with {ops.scalar_name(given)} dtype")
    if given.numel() != count:
        raise RuntimeError(f"cov(): expected {name} to have the same numel as there are observations in the input but got "
                           f"{given.numel()} != {count}")
    if ops.numpy.any(ops.all_samples(given) < 0):
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return ops.to(given, ops.dtype(_real(ops, x)))


def _observations(ops, x, name):
    if x.ndim > 2:
        raise RuntimeError(f"{name}(): expected input to have two or fewer dimensions but got an input with {x.ndim} "
                           "dimensions")
    dtype = ops.dtype(x)
    if dtype.kind == "b":
        raise NotImplementedError("cov(): bool dtype is not supported for input")
    if dtype.kind in "iu":
        x = ops.to(x, "float64" if ops.is_numpy(x) else ops.default_dtype())
    return x if x.ndim == 2 else ops.reshape(x, (1, x.numel()))


def cov_of(ops, x, correction, fweights, aweights):
    """The products of deviations, weighted, over the count less a correction."""
    if not isinstance(correction, int) and not hasattr(correction, "__index__"):
        raise TypeError(f"cov(): argument 'correction' must be int, not {type(correction).__name__}")
    x = _observations(ops, x, "cov")
    count = x.shape[1]
    frequencies = _weights(ops, "fweights", fweights, "integral", x, count)
    importance = _weights(ops, "aweights", aweights, "floating point", x, count)
    weights = frequencies if importance is None else importance if frequencies is None else frequencies * importance
    if weights is None:
        factor, mean = count - correction, ops.mean(x, (1,), True)
    else:
        total = ops.sum(weights, None, False)
        if count and not ops.numpy.all(ops.all_samples(total)):
            raise RuntimeError("cov(): weights sum to zero, can't be normalized")
        mean = ops.sum(x * weights, (1,), True) / total
        factor = total - correction
        if importance is not None and correction:
            factor = total - ops.sum(weights * importance, None, False) / total * correction
    if ops.numpy.any((ops.all_samples(factor) if ops.is_variable(factor) else ops.numpy.asarray(factor)) <= 0):
        ops.warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.")
        factor = ops.clamp(factor, 0, None) if ops.is_variable(factor) else max(factor, 0)
    away = x - mean
    other = _adjoint(ops, away if weights is None else away * weights)
    if not ops.is_variable(factor):
        factor = ops.constant(ops.numpy.asarray(factor, ops.dtype(_real(ops, x))), x)
    return ops.no_view(ops.squeeze(ops.matmul(away, other) / factor))


def corrcoef_of(ops, x):
    """Covariances over the standard deviations of both; rounding may not lead beyond 1."""
    found = cov_of(ops, _observations(ops, x, "corrcoef"), 1, None, None)
    if found.ndim == 0:
        return found / found
    deviation = ops.sqrt(_real(ops, _diagonal_of(ops, found)))
    found = found / deviation[:, None] / deviation[None, :]
    if ops.dtype(found).kind == "c":
        return ops.complex(ops.clamp(ops.real(found), -1, 1), ops.clamp(ops.imag(found), -1, 1))
    return ops.clamp(found, -1, 1)


def histogram_of(ops, x, bins, range, weight, density):
    """Counts, or sums of weights, in intervals, and the edges of these, which follow the extreme elements."""
    np = ops.numpy
    dtype, values = ops.dtype(x), ops.plain(x)
    given = ops.is_variable(bins)
    if given and range is not None:
        raise TypeError("histogram(): range goes with a number of bins; the edges that bins gives have one of their own")
    if not given and (isinstance(bins, bool) or not hasattr(bins, "__index__")):
        raise TypeError(f"histogram(): argument 'bins' must be int or Tensor, not {type(bins).__name__}")
    if dtype.kind != "f" or dtype.char == "e":
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{ops.scalar_name(x)}'")
    word = C_TYPES.get(dtype.name, dtype.name)
    if given:
        if bins.ndim != 1:
            raise RuntimeError(f"autodiff.histogramdd: bins tensor should have one dimension, but got {bins.ndim} "
                               "dimensions in the bins tensor for dimension 0")
        if not bins.numel():
            raise RuntimeError("autodiff.histogramdd: bins tensor should have at least 1 element, but got 0 elements in the "
                               "bins tensor for dimension 0")
        if ops.dtype(bins) != dtype:
            raise RuntimeError("autodiff.histogramdd: input tensor and bins tensors should have the same dtype, but got input "
                               f"with dtype {word} and bins for dimension 0 with dtype {C_TYPES.get(ops.dtype(bins).name)}")
    count = bins.numel() - 1 if given else bins.__index__()
    if count <= 0:
        raise RuntimeError(f"autodiff.histogram(): bins must be > 0, but got {count} for dimension 0")
    if weight is not None:
        if not ops.is_variable(weight):
            raise TypeError(f"histogram(): argument 'weight' must be Tensor, not {type(weight).__name__}")
        if tuple(weight.shape) != tuple(x.shape):
            raise RuntimeError("autodiff.histogramdd: if weight tensor is provided it should have the same shape as the input "
                               f"tensor excluding its innermost dimension, but got input with shape {[*x.shape, 1]} and "
                               f"weight with shape {list(weight.shape)}")
        if ops.dtype(weight) != dtype:
            raise RuntimeError("autodiff.histogramdd: if weight tensor is provided, input tensor and weight tensor should have "
                               f"the same dtype, but got input({word}), and weight({C_TYPES.get(ops.dtype(weight).name)})")
    edges = ops.clone(bins) if given else _edges(ops, x, values, count, range)
    known = ops.plain(edges)
    flat = values.reshape(-1)
    inside = (flat >= known[0]) & (flat <= known[-1])
    places = np.minimum(np.searchsorted(known, flat[inside], "right") - 1, count - 1)
    if weight is None:
        found = ops.constant(np.bincount(places, minlength=count).astype(dtype), x)
    else:
        taken = ops.index(ops.reshape(weight, (-1,)), (np.flatnonzero(inside),))
        zeros = ops.constant(np.zeros(count, dtype), x)
        found = ops.index_add(zeros, 0, ops.constant(places.astype(np.int64), x), taken)
    if density:
        found = found / (ops.diff(edges) * ops.sum(found, None, False))
    return found, edges


def _edges(ops, x, values, count, range):
    """Of intervals of equal width over a range, by default that of the elements."""
    np = ops.numpy
    if range is None:
        if values.size and values.min() != values.max():
            low, high = ops.amin(x), ops.amax(x)
        else:
            low = high = ops.reshape(x, (-1,))[0] if values.size else ops.constant(np.zeros((), values.dtype), x)
    else:
        if not isinstance(range, (tuple, list)):
            raise TypeError(f"histogram(): argument 'range' must be tuple of floats, not {type(range).__name__}")
        if len(range) != 2:
            raise RuntimeError("autodiff.histogramdd: for a 1-dimensional histogram range should have 2 elements, but got "
                               f"{len(range)}")
        low, high = (ops.constant(np.asarray(float(v), values.dtype), x) for v in range)
    ends = float(ops.plain(low)), float(ops.plain(high))
    if not np.all(np.isfinite(ends)):
        raise RuntimeError(f"autodiff.histogramdd: dimension 0's range [{ends[0]:g}, {ends[1]:g}] is not finite")
    if ends[0] > ends[1]:
        raise RuntimeError(f"autodiff.histogramdd: min should not exceed max, but got min {ends[0]:g} max {ends[1]:g} for "
                           "dimension 0")
    if ends[0] == ends[1]:
        if values.size or range is not None:
            low, high = low - 0.5, high + 0.5
        else:
            high = high + 1
    share = ops.constant(np.linspace(0, 1, count + 1).astype(values.dtype), x)
    return low * (1 - share) + high * share


# ---- distances

def _order_of_distance(ops, name, p):
    if isinstance(p, str) or not hasattr(p, "__float__"):
        position = 3 if name == "cdist" else 2
        raise TypeError(f"{name}(): argument 'p' (position {position}) must be float, not {type(p).__name__}")
    if not p >= 0:
        raise RuntimeError(f"{name} only supports non-negative p values")
    return float(p)


def cdist_of(ops, x, y, p, compute_mode):
    """The norms of all differences of a row of one matrix and one of the other."""
    ops.operand(y, "cdist", "x2", 2)
    for word, v in (("X1", x), ("X2", y)):
        if v.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {word} got: {v.ndim}D")
    for word, v in (("X1", x), ("X2", y)):
        if ops.dtype(v).kind != "f":
            raise RuntimeError(f"cdist only supports floating-point dtypes, {word} got: {ops.scalar_name(v)}")
    if x.shape[-1] != y.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x.shape[-1]} X2: {y.shape[-1]}")
    modes = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    if compute_mode is not None and compute_mode not in modes:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    p = _order_of_distance(ops, "cdist", p)
    if ops.dtype(x) != ops.dtype(y):
        raise RuntimeError(f"expected scalar type {ops.scalar_name(x)} but found {ops.scalar_name(y)}")
    if ops.dtype(x).char == "e":
        raise NotImplementedError("\"cdist\" not implemented for 'Half'")
    return _distances(ops, x[..., :, None, :] - y[..., None, :, :], p)


def _distances(ops, difference, p):
    if not difference.shape[-1]:
        return ops.sum(difference, (-1,), False)
    return ops.norm(difference, p, (-1,), False)


def pdist_of(ops, x, p):
    if x.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {x.ndim}D")
    if ops.dtype(x).kind != "f":
        raise RuntimeError("pdist only supports floating-point dtypes")
    p = _order_of_distance(ops, "pdist", p)
    if ops.dtype(x).char == "e":
        raise NotImplementedError("\"pdist\" not implemented for 'Half'")
    first, second = ops.numpy.triu_indices(x.shape[0], 1)
    return _distances(ops, ops.index(x, (first,)) - ops.index(x, (second,)), p)


def renorm_of(ops, x, p, dim, maxnorm):
    """The slices along dim whose norm is more than maxnorm, made that small."""
    for position, (word, value) in enumerate((("p", p), ("maxnorm", maxnorm))):
        if isinstance(value, str) or not hasattr(value, "__float__"):
            raise TypeError(f"renorm(): argument '{word}' (position {2 + 2 * position}) must be Number, not "
                            f"{type(value).__name__}")
    if isinstance(p, complex) or not p > 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if not maxnorm >= 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if x.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {x.ndim} dimensions")
    dim = ops.wrap_dim(dim, x.ndim)
    if ops.dtype(x).kind not in "fc":
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
                           f"{ops.scalar_name(x)}")
    others = tuple(d for d in range(x.ndim) if d != dim)
    if 0 in [x.shape[d] for d in others]:
        return ops.clone(x)
    large = ops.norm(x.detach(), p, others, True) > maxnorm
    # What is small enough is replaced before, so that its norm, which has no derivative at 0, takes no part.
    norm = ops.norm(ops.where(large, x, ops.constant(ops.numpy.ones((), ops.dtype(x)), x)), p, others, True)
    return x * ops.where(large, maxnorm / (norm + 1e-7), ops.constant(ops.numpy.ones((), ops.dtype(norm)), x))


# ---- Householder's reflections

def _reflectors(ops, x):
    """The vectors that x holds below its diagonal, as columns with 1 on it; checked."""
    np = ops.numpy
    m = x.shape[-2]
    v = ops.tril(x, -1)
    return v + ops.constant(np.eye(m, x.shape[-1], dtype=ops.dtype(x)), x)


def _reflected(ops, v, tau, order, other, adjoint):
    """The product of the reflections 1 - tau v v^H, or of their adjoints, with a matrix: the first of order last."""
    for i in order:
        column, factor = v[..., i:i + 1], tau[..., i, None, None]
        if adjoint and ops.dtype(tau).kind == "c":
            factor = ops.conj(factor)
        other = other - factor * ops.matmul(column, ops.matmul(_adjoint(ops, column), other))
    return other


def _householder_operands(ops, name, x, tau):
    ops.operand(tau, name, "tau", 2)
    where = "autodiff.ormqr" if name == "ormqr" else "autodiff.linalg.householder_product"
    if x.ndim < 2:
        raise RuntimeError(f"{where}: input must have at least 2 dimensions.")
    return where


def _same_batches(where, x, tau):
    if tau.ndim != x.ndim - 1:
        raise RuntimeError(f"{where}: Expected tau to have one dimension less than input, but got tau.ndim equal to {tau.ndim} "
                           f"and input.ndim is equal to {x.ndim}")
    if tuple(tau.shape)[:-1] != tuple(x.shape)[:-2]:
        raise RuntimeError(f"{where}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
                           f"{list(tau.shape)[:-1]}")


def householder_product_of(ops, x, tau):
    where = _householder_operands(ops, "linalg_householder_product", x, tau)
    m, n = x.shape[-2:]
    if m < n:
        raise RuntimeError(f"{where}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if tau.ndim and n < tau.shape[-1]:
        raise RuntimeError(f"{where}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    _same_batches(where, x, tau)
    if ops.dtype(tau) != ops.dtype(x):
        raise RuntimeError(f"{where}: tau dtype {ops.scalar_name(tau)} does not match input dtype {ops.scalar_name(x)}")
    _of_floats(ops, x, "orgqr_cpu")
    np = ops.numpy
    start = ops.constant(np.broadcast_to(np.eye(m, n, dtype=ops.dtype(x)), tuple(x.shape)).copy(), x)
    if not tau.shape[-1]:       # without a reflection: of no influence, but part of both graphs
        return start + ops.tril(x, -m) + ops.sum(tau, (-1,), False)[..., None, None]
    return _reflected(ops, _reflectors(ops, x), tau, reversed(range(tau.shape[-1])), start, False)


def _of_floats(ops, x, kernel):
    if ops.dtype(x).kind not in "fc" or ops.dtype(x).char == "e":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{ops.scalar_name(x)}'")


def orgqr_of(ops, x, tau):
    return householder_product_of(ops, x, tau)


def ormqr_of(ops, x, tau, other, left, transpose):
    where = _householder_operands(ops, "ormqr", x, tau)
    ops.operand(other, "ormqr", "other", 3)
    if other.ndim < 2:
        raise RuntimeError(f"{where}: other must have at least 2 dimensions.")
    size, word = (other.shape[-2], "-2") if left else (other.shape[-1], "-1")
    if size != x.shape[-2]:
        raise RuntimeError(f"{where}: other.shape[{word}] must be equal to input.shape[-2]")
    if tau.ndim and tau.shape[-1] != min(size, x.shape[-1]):
        raise RuntimeError(f"{where}: tau.shape[-1] must be equal to min(other.shape[{word}], input.shape[-1])")
    _same_batches(where, x, tau)
    if tuple(other.shape)[:-2] != tuple(x.shape)[:-2]:
        raise RuntimeError(f"{where}: Expected batch dimensions of other to be equal to input.shape[:-2], but got "
                           f"{list(other.shape)[:-2]}")
    for word, v in (("tau", tau), ("other", other)):
        if ops.dtype(v) != ops.dtype(x):
            raise RuntimeError(f"{where}: Expected input and {word} to have the same dtype, but input has dtype"
                               f"{ops.scalar_name(x)} and {word} has dtype {ops.scalar_name(v)}")
    _of_floats(ops, x, "ormqr_cpu")
    v, count = _reflectors(ops, x), tau.shape[-1]
    if not left:        # (Q^H C^H)^H
        transpose, other = not transpose, _adjoint(ops, other)
    order = range(count) if transpose else reversed(range(count))
    found = _reflected(ops, v, tau, order, other, bool(transpose))
    return found if left else _adjoint(ops, found)


def geqrf_of(ops, x):
    if x.ndim < 2:
        raise RuntimeError("autodiff.geqrf: input must have at least 2 dimensions.")
    _of_floats(ops, x, "geqrf_cpu")
    m, n = x.shape[-2:]
    parts = _parts(ops.apply("qr_packed", (x,), ("raw",)), ((m, n), (min(m, n),)))
    return tuple([_single(ops, part, "GeqrfBackward0") for part in parts])
