# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Structural ops: value by a helper on plain arrays, or by a fast path: shapes, reductions, products, casts, joins.

Right of _elementwise, left of _indexing.
"""
cimport numpy as cnp
from cpython.contextvars cimport PyContextVar_Reset, PyContextVar_Set
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from libc.float cimport DBL_EPSILON, DBL_MAX, DBL_MIN, FLT_EPSILON, FLT_MAX, FLT_MIN
from libc.limits cimport INT_MAX
from libc.math cimport fabs
from libc.stdint cimport int64_t, uint16_t, uintptr_t
from libc.stdlib cimport free
from libc.stdint cimport uint32_t
from libc.string cimport memcpy

from ._base cimport (ABOVE, ARITY, COMPLEX_KIND, DEFAULTS, DIFFERENTIABLE, EXPAND, FORWARD, INDEX, NAMES, NDARRAY, NEWAXIS,
                     ONE_OF_SEVERAL, OP_AMAX, OP_AMIN, OP_CAT, OP_CLONE, OP_DIV, OP_EMBED, OP_EXP, OP_LOG, OP_LOGSUMEXP,
                     OP_MATMUL, OP_MEAN, OP_NORM, OP_SQRT, OP_SQUARE, OP_STACK, OP_SUM, OP_TO, OP_WHERE, PACKING, PERMUTE,
                     REFUSED, RESHAPE, SELECT, SLICE, STRIDED, TAGS, TENSOR, T_BOOL, T_FLOAT, T_HALF, T_LONG, VALUES,
                     Py_TYPE, Transform, Variable, array_copy_of, array_of, ask, category, edge_of, from_array, is_variable,
                     later, make, make_number, make_of_points, make_view, materialise, modes, new_transform, normal_type,
                     numpy_dtype, owned, plain, prefetch, tag_number, transformed, transformed_once, type_of, view_by, warn)
from ._elementwise cimport (RANK_NUMBER, RANK_SCALAR, Operand, Point, check_inference, drop_operand, given_array, is_point,
                            must_snapshot, promoted, run_values, save, save_result, saved_since, take_operand, variable_word,
                            version_of, weak_type)
from ._core cimport (NUMBER, RIGHT_NUMBER, SAVED, SAVES, VARIANT, Array, Node, Payload, Saved, Shape, add_array, allocate,
                     contiguous_copy, disown, hold, hold_array, itemsize, kernel_type, new_array, new_geometry, new_payload,
                     new_shape, ops, read_double, reduce_array, release_array, release_payload, release_shape, same_shape,
                     scalar_shape, strides_of, write_double, zeros)
from ._kernels cimport (FLOAT64 as KERNEL_FLOAT64, MAX_DIMS, SAVES_OUT, SAVES_SHAPES, SAVES_X, SAVES_Y, add_into,
                        exp_sum, intp, kernels, matmul as matmul_kernel, matmul_batch, run_loop, scale, sum_all)

import importlib
import operator
import warnings

import numpy as np

from ._base import OPS, no_view
from ._elementwise import number_given
from ._types import SCALAR_NAMES, TENSOR_NAMES, to_numpy_dtype

cnp.import_array()

#: NumPy's variable of what becomes of floating-point errors, and its value where they are ignored: entering and leaving
#: np.errstate is 0.9 us of an op that takes 0.5 without it.  None where NumPy keeps them elsewhere.
cdef object ERRORS = getattr(np._core.umath, "_extobj_contextvar", None)
cdef object QUIET = None
if ERRORS is not None:
    with np.errstate(all="ignore"):
        QUIET = ERRORS.get()

cdef extern from "csrc/matrices.h":
    enum:
        AUTODIFF_SMALL_MATRIX
    int autodiff_inverse_double(intp count, int n, double* x, double* out) nogil
    int autodiff_inverse_float(intp count, int n, float* x, float* out) nogil
    int autodiff_determinant_double(intp count, int n, int logarithm, double* x, double* out) nogil
    int autodiff_determinant_float(intp count, int n, int logarithm, float* x, float* out) nogil
    int autodiff_qr_double(intp count, int m, int n, double* x, double* out) nogil
    int autodiff_qr_float(intp count, int m, int n, float* x, float* out) nogil
    int autodiff_cholesky_double(intp count, int n, double* x, double* out) nogil
    int autodiff_inverts_double(intp count, int n, double atol, double rtol, double* x, double* y) nogil
    int autodiff_inverts_float(intp count, int n, double atol, double rtol, float* x, float* y) nogil
    int autodiff_matrix_exp_double(intp count, int n, double* x, double* out) nogil
    int autodiff_matrix_exp_float(intp count, int n, float* x, float* out) nogil
    int autodiff_cholesky_float(intp count, int n, float* x, float* out) nogil
    int autodiff_solve_double(intp count, int n, intp k, int turned, double* x, double* b, double* out) nogil
    int autodiff_solve_float(intp count, int n, intp k, int turned, float* x, float* b, float* out) nogil

cdef extern from "csrc/small.h":
    void autodiff_select(intp n, int size, char* condition, int step, char* x, int x_step, char* y, int y_step, char* out) nogil
    void autodiff_extreme_double(intp outer, intp n, intp inner, double* x, double* out, int sign) nogil
    void autodiff_extreme_float(intp outer, intp n, intp inner, float* x, float* out, int sign) nogil
    int autodiff_shift_double(intp rows, intp n, double* x, double* out) nogil
    void autodiff_parts_double(intp rows, intp n, double* out) nogil
    void autodiff_sums_double(intp rows, intp n, double* x, double* sums) nogil
    void autodiff_less_double(intp rows, intp n, double* less, double* x) nogil
    int autodiff_pick_double(intp rows, intp n, double* x, int64_t* at, double* out) nogil
    void autodiff_standard_double(intp rows, intp n, double eps, double* x, double* out) nogil
    int autodiff_shift_float(intp rows, intp n, float* x, float* out) nogil
    void autodiff_parts_float(intp rows, intp n, float* out) nogil
    void autodiff_sums_float(intp rows, intp n, float* x, float* sums) nogil
    void autodiff_less_float(intp rows, intp n, float* less, float* x) nogil
    int autodiff_pick_float(intp rows, intp n, float* x, int64_t* at, float* out) nogil
    void autodiff_standard_float(intp rows, intp n, double eps, float* x, float* out) nogil
    int AUTODIFF_ROW

cdef extern from "csrc/blocks.h":
    void autodiff_triangular_double(AutodiffBlas* blas, intp count, int n, int k, int upper, int transposed, int unit,
                                    double* x, double* b, double* out) nogil
    void autodiff_triangular_float(AutodiffBlas* blas, intp count, int n, int k, int upper, int transposed, int unit,
                                   float* x, float* b, float* out) nogil

cdef extern from "Python.h":
    const char* PyCapsule_GetName(object capsule) except? NULL
    void* PyCapsule_GetPointer(object capsule, const char* name) except NULL
    PyObject* PyList_GET_ITEM(object list, Py_ssize_t i)


# ---- structural ops: value by a helper on plain arrays, or by a fast path of the following sections

cdef object structural(int op, int flags, tuple operands, tuple params, str tag=None):
    """An op whose value is a helper's: operands are Variables (or numbers), params the row's, tag its node's name or key."""
    if modes() & ABOVE:
        taken = ask(NAMES[op], operands, params)
        if taken is not NotImplemented:
            return taken
    return structural_of(op, flags, operands, params, tag)


cdef object structural_of(int op, int flags, tuple operands, tuple params, str tag=None):
    """What structural() does once nobody above has answered."""
    cdef PyTypeObject* kind = TENSOR
    cdef list values = []
    cdef list nodes = []
    cdef Node* node
    cdef bint any_node = False
    for operand in operands:
        if is_variable(operand):
            if Py_TYPE(<PyObject*>operand) == NDARRAY:
                kind = NDARRAY
            node = hold(edge_of(<Variable>operand))     # while helpers run
            any_node = any_node or node != NULL
            nodes.append(<uintptr_t>node)
            values.append(plain(<Variable>operand))
        else:
            nodes.append(<uintptr_t>0)
            values.append(operand)
    try:
        return structural_on(op, flags, operands, params, tag, values, nodes, any_node, kind)
    finally:
        for address in nodes:
            disown(<Node*><uintptr_t>address)


#: Values of small operands without NumPy, for which a call of it is most of the time, by op.  Each is handed operands and
#: params, and answers NULL, without an error, where the row's helper is to compute.
ctypedef Array* (*Quick)(tuple operands, tuple params) except? NULL
cdef Quick[512] quick_values


cdef Array* copied(tuple operands, tuple params) except? NULL:
    """clone(): 0.2 us of 2.5 by the helper."""
    cdef Array* given = (<Variable>operands[0]).array if isinstance(operands[0], Variable) else NULL
    return NULL if given == NULL else contiguous_copy(given)


cdef Array* multiplied(tuple operands, tuple params) except? NULL:
    """matmul() of batches of matrices."""
    if not isinstance(operands[0], Variable) or not isinstance(operands[1], Variable):
        return NULL
    return multiply_batches((<Variable>operands[0]).array, (<Variable>operands[1]).array)


cdef Array* embedded(tuple operands, tuple params) except? NULL:
    """Zeros of some sizes with an array where an index looks."""
    cdef intp[MAX_DIMS] room
    cdef Array* x = (<Variable>operands[0]).array
    cdef Transform t = <Transform>params[0]
    cdef tuple sizes = params[1]
    cdef Array* out
    cdef Array* region
    cdef Shape* shape
    cdef int i, n = len(sizes)
    if x == NULL or t.kind != INDEX or kernel_type(x.type) < 0:
        return NULL
    for i in range(n):
        room[i] = sizes[i]
    shape = new_shape(n, room)
    try:
        out = zeros(x.type, shape)
    finally:
        release_shape(shape)
    try:
        region = transformed_once(t, out)
        try:
            add_array(region, x)
        finally:
            release_array(region)
    except BaseException:
        release_array(out)
        raise
    return out


cdef enum:
    ROWS_AT_MOST = 1048576      # elements, beyond which threads would help
    SMALL = 8192                # elements up to which a plain loop is quicker than NumPy's call and its vectors


cdef Array* chosen(tuple operands, tuple params) except? NULL:
    """where() of operands of one shape, or numbers."""
    cdef object x = operands[0], y = operands[1]
    cdef cnp.ndarray condition = params[0]
    cdef Array* out
    cdef Array* given
    cdef Shape* shape = NULL
    cdef char* data[2]
    cdef int[2] steps
    cdef double[2] wide
    cdef float[2] narrow
    cdef int i, type = -1, size
    cdef Variable v
    for i in range(2):
        operand = y if i else x
        data[i] = NULL
        if is_variable(operand):
            v = <Variable>operand
            if type >= 0 and type_of(v) != type:
                return NULL
            type = type_of(v)
            if v.array == NULL:
                wide[i] = v.value
                continue
            given = v.array
            if given.strides != NULL or (shape != NULL and not same_shape(given.shape, shape)):
                return NULL
            if given.shape.ndim:
                shape, data[i] = given.shape, given.data
            elif kernel_type(type) >= 0:
                wide[i] = read_double(type, given.data)
        elif isinstance(operand, (float, int, np.float32)):
            wide[i] = operand
        else:
            return NULL
    if type < 0 or kernel_type(type) < 0 or shape == NULL or shape.size > SMALL or (
            cnp.PyArray_TYPE(condition) != cnp.NPY_BOOL or not cnp.PyArray_IS_C_CONTIGUOUS(condition)
            or cnp.PyArray_NDIM(condition) != shape.ndim):
        return NULL
    for i in range(shape.ndim):
        if cnp.PyArray_DIM(condition, i) != shape.dim[i]:
            return NULL
    size = itemsize(type)
    for i in range(2):
        steps[i] = size if data[i] != NULL else 0
        if data[i] == NULL:
            narrow[i] = <float>wide[i]
            data[i] = <char*>&wide[i] if size == 8 else <char*>&narrow[i]
    out = new_array(type, shape)
    autodiff_select(shape.size, size, <char*>cnp.PyArray_DATA(condition), 1, data[0], steps[0], data[1], steps[1], out.data)
    return out


cdef Array* joined(tuple operands, tuple params) except? NULL:
    """cat() of contiguous floats."""
    cdef int dim = params[0]
    cdef Array* given
    cdef Array* out
    cdef Shape* first
    cdef Shape* shape
    cdef intp[MAX_DIMS] sizes
    cdef intp along = 0, outer = 1, row, inner, i, at
    cdef int k, size
    if (<Variable>operands[0]).array == NULL:
        return NULL
    first = (<Variable>operands[0]).array.shape
    for operand in operands:
        given = (<Variable>operand).array
        if given == NULL or given.strides != NULL or kernel_type(given.type) < 0 or given.shape.ndim != first.ndim or (
                given.type != (<Variable>operands[0]).array.type):
            return NULL
        along += given.shape.dim[dim]
    size = itemsize((<Variable>operands[0]).array.type)
    inner = size
    for k in range(first.ndim):
        sizes[k] = along if k == dim else first.dim[k]
        if k < dim:
            outer *= first.dim[k]
        elif k > dim:
            inner *= first.dim[k]
    shape = new_shape(first.ndim, sizes)
    try:
        out = new_array((<Variable>operands[0]).array.type, shape)
    finally:
        release_shape(shape)
    at = 0
    for operand in operands:
        given = (<Variable>operand).array
        row = given.shape.dim[dim] * inner
        for i in range(outer):
            memcpy(out.data + i * along * inner + at, given.data + i * row, row)
        at += row
    return out


cdef bint blocks(Shape* shape, object dims, intp* outer, intp* n, intp* inner) except -1:
    """Whether dimensions, all or one, are a run in memory: then how many runs there are, how long, how far apart."""
    cdef int dim, i
    outer[0] = inner[0] = 1
    n[0] = shape.size
    if dims is None or shape.ndim == 0:
        return True
    if len(<tuple>dims) != 1:
        return False
    dim = (<tuple>dims)[0]
    n[0] = shape.dim[dim]
    for i in range(shape.ndim):
        if i < dim:
            outer[0] *= shape.dim[i]
        elif i > dim:
            inner[0] *= shape.dim[i]
    return True


cdef Array* largest_of(tuple operands, tuple params) except? NULL:
    return extreme(<Variable>operands[0], params[0], params[1], 1)


cdef Array* smallest_of(tuple operands, tuple params) except? NULL:
    return extreme(<Variable>operands[0], params[0], params[1], -1)


cdef Array* extreme(Variable x, object dims, bint keepdim, int sign) except? NULL:
    """amax() and amin() of a small contiguous array."""
    cdef Array* given = x.array
    cdef Array* out
    cdef Shape* shape
    cdef bint[MAX_DIMS] marked
    cdef intp[MAX_DIMS] sizes
    cdef intp outer, n, inner
    cdef int i, rank = 0
    if given == NULL or given.strides != NULL or kernel_type(given.type) < 0 or given.shape.size > SMALL or (
            given.shape.size == 0 or not blocks(given.shape, dims, &outer, &n, &inner)):
        return NULL
    marked_dims(given.shape.ndim, dims, marked)
    for i in range(given.shape.ndim):
        if keepdim or not marked[i]:
            sizes[rank] = 1 if marked[i] else given.shape.dim[i]
            rank += 1
    shape = new_shape(rank, sizes)
    try:
        out = new_array(given.type, shape)
    finally:
        release_shape(shape)
    if given.type == T_FLOAT:
        autodiff_extreme_float(outer, n, inner, <float*>given.data, <float*>out.data, sign)
    else:
        autodiff_extreme_double(outer, n, inner, <double*>given.data, <double*>out.data, sign)
    return out


# ---- linear algebra of small matrices (csrc/matrices.h): its last bit is not LAPACK's, so not for NumPy's flavour

cdef int small_order(Array* x) noexcept:
    """The order of small square matrices, contiguous floats; 0 for others."""
    cdef int n
    if x == NULL or x.strides != NULL or kernel_type(x.type) < 0 or x.shape.ndim < 2 or x.shape.size == 0:
        return 0
    n = <int>min(x.shape.dim[x.shape.ndim - 1], AUTODIFF_SMALL_MATRIX + 1)
    return n if n == x.shape.dim[x.shape.ndim - 2] and n <= AUTODIFF_SMALL_MATRIX else 0


cdef bint like_matrices(Array* x, Array* b) noexcept:
    """Whether b has as many right-hand sides for each matrix of x, contiguous floats of its dtype."""
    cdef int i, ndim = x.shape.ndim
    if b == NULL or b.strides != NULL or b.type != x.type or b.shape.ndim != ndim or b.shape.size == 0:
        return False
    for i in range(ndim - 1):
        if b.shape.dim[i] != x.shape.dim[i]:
            return False
    return True


cdef Array* small_matrices(tuple operands, int* n) noexcept:
    """The first operand, if it is small matrices of PyTorch's flavour, with their order; else NULL."""
    if not isinstance(operands[0], Variable) or Py_TYPE(<PyObject*>operands[0]) == NDARRAY:
        return NULL
    n[0] = small_order((<Variable>operands[0]).array)
    return (<Variable>operands[0]).array if n[0] else NULL


cdef Array* small_inverse(tuple operands, tuple params) except? NULL:
    """params: in whose name errors are raised, and whether an inverse without correct digits is one."""
    cdef int n, wrong
    cdef Array* x = small_matrices(operands, &n)
    cdef Array* out
    if x == NULL or params[1]:
        return NULL
    out = new_array(x.type, x.shape)
    if x.type == T_FLOAT:
        wrong = autodiff_inverse_float(x.shape.size // (n * n), n, <float*>x.data, <float*>out.data)
    else:
        wrong = autodiff_inverse_double(x.shape.size // (n * n), n, <double*>x.data, <double*>out.data)
    return kept_if(out, not wrong)


cdef Array* small_determinant(tuple operands, tuple params) except? NULL:
    return determinants(operands, False)


cdef Array* small_logarithm(tuple operands, tuple params) except? NULL:
    return determinants(operands, True)


cdef Array* determinants(tuple operands, bint logarithm) except? NULL:
    cdef int n, wrong
    cdef Array* x = small_matrices(operands, &n)
    cdef Array* out
    cdef Shape* shape
    if x == NULL:
        return NULL
    shape = new_shape(x.shape.ndim - 2, x.shape.dim)
    try:
        out = new_array(x.type, shape)
    finally:
        release_shape(shape)
    if x.type == T_FLOAT:
        wrong = autodiff_determinant_float(x.shape.size // (n * n), n, logarithm, <float*>x.data, <float*>out.data)
    else:
        wrong = autodiff_determinant_double(x.shape.size // (n * n), n, logarithm, <double*>x.data, <double*>out.data)
    return kept_if(out, not wrong)


cdef Array* small_cholesky(tuple operands, tuple params) except? NULL:
    cdef int n, wrong
    cdef Array* x = small_matrices(operands, &n)
    cdef Array* out
    if x == NULL:
        return NULL
    out = new_array(x.type, x.shape)
    if x.type == T_FLOAT:
        wrong = autodiff_cholesky_float(x.shape.size // (n * n), n, <float*>x.data, <float*>out.data)
    else:
        wrong = autodiff_cholesky_double(x.shape.size // (n * n), n, <double*>x.data, <double*>out.data)
    return kept_if(out, not wrong)


cdef Array* small_pseudoinverse(tuple operands, tuple params) except? NULL:
    """Of square matrices of full rank, whose inverses these are.  params: an older tolerance, whether x is Hermitian, the
    absolute and the relative tolerance, None or numbers as arrays without dimensions here."""
    cdef int n, wrong
    cdef Array* x = small_matrices(operands, &n)
    cdef Array* out
    cdef double atol, rtol
    cdef intp count
    if x == NULL or params[1]:
        return NULL
    for given in params[2:]:
        if given is not None and (<object>given).ndim:
            return NULL
    atol = 0 if params[2] is None else params[2]
    rtol = params[3] if params[3] is not None else 0 if atol > 0 else n * (FLT_EPSILON if x.type == T_FLOAT else DBL_EPSILON)
    count = x.shape.size // (n * n)
    out = new_array(x.type, x.shape)
    if x.type == T_FLOAT:
        wrong = autodiff_inverse_float(count, n, <float*>x.data, <float*>out.data) or not autodiff_inverts_float(
            count, n, atol, rtol, <float*>x.data, <float*>out.data)
    else:
        wrong = autodiff_inverse_double(count, n, <double*>x.data, <double*>out.data) or not autodiff_inverts_double(
            count, n, atol, rtol, <double*>x.data, <double*>out.data)
    return kept_if(out, not wrong)


cdef Array* small_exponential(tuple operands, tuple params) except? NULL:
    cdef int n, wrong
    cdef Array* x = small_matrices(operands, &n)
    cdef Array* out
    if x == NULL:
        return NULL
    out = new_array(x.type, x.shape)
    if x.type == T_FLOAT:
        wrong = autodiff_matrix_exp_float(x.shape.size // (n * n), n, <float*>x.data, <float*>out.data)
    else:
        wrong = autodiff_matrix_exp_double(x.shape.size // (n * n), n, <double*>x.data, <double*>out.data)
    return kept_if(out, not wrong)


cdef Array* small_solution(tuple operands, tuple params) except? NULL:
    """params: whether the transposed matrices are meant, and more."""
    cdef int n, wrong
    cdef Array* x = small_matrices(operands, &n)
    cdef Array* b = (<Variable>operands[1]).array if isinstance(operands[1], Variable) else NULL
    cdef Array* out
    cdef intp k
    if x == NULL or not like_matrices(x, b):
        return NULL
    out = new_array(b.type, b.shape)
    k = b.shape.dim[b.shape.ndim - 1]
    if x.type == T_FLOAT:
        wrong = autodiff_solve_float(x.shape.size // (n * n), n, k, params[0], <float*>x.data, <float*>b.data, <float*>out.data)
    else:
        wrong = autodiff_solve_double(x.shape.size // (n * n), n, k, params[0], <double*>x.data, <double*>b.data,
                                      <double*>out.data)
    return kept_if(out, not wrong)


cdef Array* small_orthogonal(tuple operands, tuple params) except? NULL:
    """Q and R beside each other, of matrices with at least as many rows as columns."""
    cdef Array* x = (<Variable>operands[0]).array if isinstance(operands[0], Variable) else NULL
    cdef Array* out
    cdef Shape* shape
    cdef intp[MAX_DIMS] sizes
    cdef intp count
    cdef int i, m, n, wrong, ndim
    if x == NULL or Py_TYPE(<PyObject*>operands[0]) == NDARRAY or x.strides != NULL or kernel_type(x.type) < 0 or (
            x.shape.ndim < 2 or x.shape.size == 0 or params[0] not in ("reduced", "complete")):
        return NULL
    ndim = x.shape.ndim
    m = <int>min(x.shape.dim[ndim - 2], AUTODIFF_SMALL_MATRIX + 1)
    n = <int>min(x.shape.dim[ndim - 1], AUTODIFF_SMALL_MATRIX + 1)
    if m > AUTODIFF_SMALL_MATRIX or n > m or (n < m and params[0] != "reduced"):
        return NULL
    for i in range(ndim - 2):
        sizes[i] = x.shape.dim[i]
    sizes[ndim - 2] = (m + n) * n
    shape = new_shape(ndim - 1, sizes)
    try:
        out = new_array(x.type, shape)
    finally:
        release_shape(shape)
    count = x.shape.size // (m * n)
    if x.type == T_FLOAT:
        wrong = autodiff_qr_float(count, m, n, <float*>x.data, <float*>out.data)
    else:
        wrong = autodiff_qr_double(count, m, n, <double*>x.data, <double*>out.data)
    return kept_if(out, not wrong)


# ---- softmax and its kin, and what the normalisations call: rows of contiguous memory

cdef Array* rows_of(object operand, object dims, intp* rows, intp* n) except? NULL:
    """The array of an operand, if it has such rows; NULL, without an error, for others."""
    cdef Array* x = (<Variable>operand).array if isinstance(operand, Variable) else NULL
    return x if rows_in(x, dims, rows, n) else NULL


cdef bint rows_in(Array* x, object dims, intp* rows, intp* n) except -1:
    """Whether x is a contiguous array of floats, dims its last dimensions, which make rows."""
    cdef int i, first
    cdef intp size
    if x == NULL or x.strides != NULL or kernel_type(x.type) < 0 or x.shape.size == 0 or x.shape.ndim == 0 or (
            x.shape.size > ROWS_AT_MOST):
        return False
    first = x.shape.ndim - (1 if isinstance(dims, int) else len(dims))
    if isinstance(dims, int):
        if dims != first:
            return False
    else:
        for i in range(first, x.shape.ndim):
            if dims[i - first] != i:
                return False
    size = 1
    for i in range(first, x.shape.ndim):
        size *= x.shape.dim[i]
    if size > AUTODIFF_ROW:
        return False
    rows[0], n[0] = x.shape.size // size, size
    return True


cdef void exponentials_of(Array* x) noexcept:
    """exp of contiguous memory, in place."""
    cdef int k = kernel_type(x.type)
    cdef intp size = itemsize(x.type)
    cdef intp* steps = [size, size]
    cdef char** args = [x.data, x.data]
    cdef intp n = x.shape.size
    kernels[k][OP_EXP].value(args, &n, steps, kernels[k][OP_EXP].value_data)


cdef void logarithms_of(int type, intp n, char* x) noexcept:
    cdef int k = kernel_type(type)
    cdef intp size = itemsize(type)
    cdef intp* steps = [size, size]
    cdef char** args = [x, x]
    kernels[k][OP_LOG].value(args, &n, steps, kernels[k][OP_LOG].value_data)


cdef Array* shifted(Array* x, intp rows, intp n) except? NULL:
    """x less the largest element of each row; NULL where one is not finite."""
    cdef Array* out = new_array(x.type, x.shape)
    if x.type == T_FLOAT:
        return kept_if(out, autodiff_shift_float(rows, n, <float*>x.data, <float*>out.data))
    return kept_if(out, autodiff_shift_double(rows, n, <double*>x.data, <double*>out.data))


cdef Array* sums_of(Array* x, intp rows, intp n) except NULL:
    cdef Shape* shape = new_shape(1, &rows)
    cdef Array* out
    try:
        out = new_array(x.type, shape)
    finally:
        release_shape(shape)
    if x.type == T_FLOAT:
        autodiff_sums_float(rows, n, <float*>x.data, <float*>out.data)
    else:
        autodiff_sums_double(rows, n, <double*>x.data, <double*>out.data)
    return out


cdef Array* soft_parts(tuple operands, tuple params) except? NULL:
    """softmax() along the last dimension."""
    cdef intp rows, n
    cdef Array* x = rows_of(operands[0], params[0], &rows, &n)
    cdef Array* out = shifted(x, rows, n) if x != NULL else NULL
    if out == NULL:
        return NULL
    exponentials_of(out)
    if x.type == T_FLOAT:
        autodiff_parts_float(rows, n, <float*>out.data)
    else:
        autodiff_parts_double(rows, n, <double*>out.data)
    return out


cdef Array* soft_logarithms(tuple operands, tuple params) except? NULL:
    """log_softmax() along the last dimension."""
    cdef intp rows, n
    cdef Array* x = rows_of(operands[0], params[0], &rows, &n)
    cdef Array* out = shifted(x, rows, n) if x != NULL else NULL
    cdef Array* sums
    cdef Array* parts
    if out == NULL:
        return NULL
    parts = new_array(x.type, x.shape)
    memcpy(parts.data, out.data, x.shape.size * itemsize(x.type))
    exponentials_of(parts)
    sums = sums_of(parts, rows, n)
    release_array(parts)
    logarithms_of(x.type, rows, sums.data)
    if x.type == T_FLOAT:
        autodiff_less_float(rows, n, <float*>sums.data, <float*>out.data)
    else:
        autodiff_less_double(rows, n, <double*>sums.data, <double*>out.data)
    release_array(sums)
    return out


cdef Array* class_losses(tuple operands, tuple params) except? NULL:
    """-log_softmax() of the element of each row that a second operand has the number of."""
    cdef intp rows, n, i
    cdef Array* x
    cdef Array* at = (<Variable>operands[1]).array if isinstance(operands[1], Variable) else NULL
    cdef Array* parts
    cdef Array* sums
    cdef Array* out
    if at == NULL or at.strides != NULL or at.type != T_LONG or at.shape.ndim == 0 or not isinstance(operands[0], Variable) or (
            (<Variable>operands[0]).array == NULL):
        return NULL
    x = rows_of(operands[0], (<Variable>operands[0]).array.shape.ndim - 1, &rows, &n)
    if x == NULL or x.shape.ndim != at.shape.ndim + 1 or at.shape.size != rows:
        return NULL
    for i in range(at.shape.ndim):
        if at.shape.dim[i] != x.shape.dim[i]:
            return NULL
    parts = shifted(x, rows, n)
    if parts == NULL:
        return NULL
    out = new_array(x.type, at.shape)
    if x.type == T_FLOAT:
        if not autodiff_pick_float(rows, n, <float*>parts.data, <int64_t*>at.data, <float*>out.data):
            release_array(parts)
            return kept_if(out, False)
    elif not autodiff_pick_double(rows, n, <double*>parts.data, <int64_t*>at.data, <double*>out.data):
        release_array(parts)
        return kept_if(out, False)
    exponentials_of(parts)
    sums = sums_of(parts, rows, n)
    release_array(parts)
    logarithms_of(x.type, rows, sums.data)
    for i in range(rows):
        if x.type == T_FLOAT:
            (<float*>out.data)[i] = (<float*>sums.data)[i] - (<float*>out.data)[i]
        else:
            (<double*>out.data)[i] = (<double*>sums.data)[i] - (<double*>out.data)[i]
    release_array(sums)
    return out


cdef Array* standard_rows(tuple operands, tuple params) except? NULL:
    """(x - mean) / sqrt(variance + eps) over the last dimensions."""
    cdef intp rows, n
    cdef Array* x = rows_of(operands[0], params[0], &rows, &n)
    cdef Array* out
    if x == NULL:
        return NULL
    out = new_array(x.type, x.shape)
    if x.type == T_FLOAT:
        autodiff_standard_float(rows, n, params[1], <float*>x.data, <float*>out.data)
    else:
        autodiff_standard_double(rows, n, params[1], <double*>x.data, <double*>out.data)
    return out


cdef inline Array* kept_if(Array* out, bint right) noexcept:
    if right:
        return out
    release_array(out)
    return NULL


cdef AutodiffBlas found_blas
#: Whether SciPy's BLAS was found; -1 where nobody has looked.
cdef int has_blas = -1


cdef AutodiffBlas* blas_routines() except? NULL:
    """The routines of csrc/blocks.h: pointers that SciPy gives to Cython.  NULL without SciPy, or where its ints are others."""
    global has_blas
    if has_blas < 0:
        has_blas = look_for_blas()
    return &found_blas if has_blas else NULL


cdef bint look_for_blas() except -1:
    cdef void** place
    try:
        pointers = importlib.import_module("scipy.linalg.cython_blas").__pyx_capi__
    except (ImportError, AttributeError):
        return False
    for routine in ("gemm", "symm", "trsm", "trmm"):
        place = (found_blas.gemm if routine == "gemm" else found_blas.symm if routine == "symm" else
                 found_blas.trsm if routine == "trsm" else found_blas.trmm)
        for letter in "ds":
            capsule = pointers.get(letter + routine)
            if capsule is None or b"char *, int *, int *" not in PyCapsule_GetName(capsule):
                return False
            place["ds".index(letter)] = PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule))
    return True


cdef int triangles(Array* x, Array* b) noexcept:
    """The order of triangles with right-hand sides, contiguous floats, that are worth a call of BLAS; 0 for others."""
    cdef intp n
    if x == NULL or x.strides != NULL or kernel_type(x.type) < 0 or x.shape.ndim < 2 or x.shape.size == 0 or (
            not like_matrices(x, b)):
        return 0
    n = x.shape.dim[x.shape.ndim - 1]
    if n < 8 or n > INT_MAX // 2 or n != x.shape.dim[x.shape.ndim - 2] or b.shape.dim[b.shape.ndim - 1] > INT_MAX // 2:
        return 0
    return <int>n


cdef Array* triangular_solution(tuple operands, tuple params) except? NULL:
    """params: which triangle, whether it is transposed, whether its diagonal is 1."""
    cdef Array* x = (<Variable>operands[0]).array if isinstance(operands[0], Variable) else NULL
    cdef Array* b = (<Variable>operands[1]).array if isinstance(operands[1], Variable) else NULL
    cdef int n = triangles(x, b)
    cdef AutodiffBlas* blas = blas_routines() if n else NULL
    cdef Array* out
    cdef intp count
    cdef int k
    cdef bint upper, transposed, unit
    if blas == NULL:
        return NULL
    upper, transposed, unit = params
    k = <int>b.shape.dim[b.shape.ndim - 1]
    count = x.shape.size // (<intp>n * n)
    out = new_array(b.type, b.shape)
    if x.type == T_FLOAT:
        with nogil:
            autodiff_triangular_float(blas, count, n, k, upper, transposed, unit, <float*>x.data, <float*>b.data,
                                      <float*>out.data)
    else:
        with nogil:
            autodiff_triangular_double(blas, count, n, k, upper, transposed, unit, <double*>x.data, <double*>b.data,
                                       <double*>out.data)
    return out


#: Quick values by the names that rows call them, which are those of their VJPs, too.
cdef dict QUICK = {
    "inverse": <uintptr_t><void*>small_inverse,
    "determinant": <uintptr_t><void*>small_determinant,
    "logarithm of the determinant": <uintptr_t><void*>small_logarithm,
    "cholesky": <uintptr_t><void*>small_cholesky,
    "solve": <uintptr_t><void*>small_solution,
    "qr": <uintptr_t><void*>small_orthogonal,
    "softmax": <uintptr_t><void*>soft_parts,
    "log_softmax": <uintptr_t><void*>soft_logarithms,
    "losses of classes": <uintptr_t><void*>class_losses,
    "standardized": <uintptr_t><void*>standard_rows,
    "triangular": <uintptr_t><void*>triangular_solution,
    "exponential": <uintptr_t><void*>small_exponential,
    "pseudoinverse": <uintptr_t><void*>small_pseudoinverse,
}


cdef int set_quick(int op, str name) except -1:
    if name in QUICK:
        quick_values[op] = <Quick><void*><uintptr_t>QUICK[name]
    return 0


quick_values[<int>OP_CLONE], quick_values[<int>OP_MATMUL], quick_values[<int>OP_EMBED] = copied, multiplied, embedded
quick_values[<int>OP_WHERE], quick_values[<int>OP_CAT] = chosen, joined
quick_values[<int>OP_AMAX], quick_values[<int>OP_AMIN] = largest_of, smallest_of


cdef object structural_on(int op, int flags, tuple operands, tuple params, str tag, list values, list nodes, bint any_node,
                          PyTypeObject* kind):
    """What structural_of() does, on plain values, with the operands' nodes, which the caller owns."""
    cdef Node* left = NULL
    cdef Node* right = NULL
    cdef Payload* payload
    cdef Array* out
    cdef int i, n = len(operands), saves = 0
    cdef bint variadic = ARITY[op] < 0
    cdef tuple shapes = None
    cdef uint32_t x_version = version_of(operands[0]) if n else 0
    cdef uint32_t y_version = version_of(operands[1]) if n > 1 else 0
    out = quick_values[op](operands, params) if quick_values[op] != NULL else NULL
    if out == NULL:
        if QUIET is not None:
            token = PyContextVar_Set(ERRORS, QUIET)
            try:
                value = structural_value(op, values, params, variadic, kind == NDARRAY and NAMES[op] in AS_NUMPY)
            finally:
                PyContextVar_Reset(ERRORS, token)
        else:
            with np.errstate(all="ignore"):
                value = structural_value(op, values, params, variadic, kind == NDARRAY and NAMES[op] in AS_NUMPY)
        out = array_of(value)
    try:
        if any_node and DIFFERENTIABLE[op] and COMPLEX_KIND[op] == REFUSED and category(out.type) > 1:
            for v in values:
                if isinstance(v, cnp.ndarray) and v.dtype.kind == "c":
                    raise NotImplementedError(f"the derivative of {NAMES[op]} for {v.dtype} is not implemented: apply it to "
                                              ".real, .imag or .abs(), or compute it out of the graph with .detach()")
        if not any_node or not DIFFERENTIABLE[op] or category(out.type) < 2:
            differentiable = DIFFERENTIABLE[op] and category(out.type) >= 2
            return make(op, 0, kind, out, NULL, NULL, NULL, operands if differentiable else None, None, params)
        payload = new_payload(out.type, out.shape)
        try:
            payload.tag = tag_number(tag)
            if variadic:
                if ops[op].dx_saves & SAVES_SHAPES:
                    shapes = tuple([v.shape for v in values])
                payload.edge = <Node**>allocate(n * sizeof(Node*))
                payload.edges = n
                for i in range(n):
                    payload.edge[i] = <Node*><uintptr_t>nodes[i]
            else:
                left = <Node*><uintptr_t>nodes[0]
                right = <Node*><uintptr_t>nodes[1] if n > 1 else NULL
                saves = (ops[op].dx_saves if left != NULL else 0) | (ops[op].dy_saves if right != NULL else 0)
                if saves & SAVES_X:
                    save_operand(&payload.x, operands[0])
                    saved_since(&payload.x, operands[0], x_version)
                if saves & SAVES_Y:
                    save_operand(&payload.y, operands[1])
                    saved_since(&payload.y, operands[1], y_version)
                if saves & SAVES_OUT:
                    save_result(&payload.out, out)
            if params:
                payload.params = owned(params)
            if shapes is not None:
                payload.beside.shapes = owned(shapes)
        except BaseException:
            payload.edges = 0
            release_payload(payload)
            raise
        if n > 1 and not variadic and not is_variable(operands[1]):
            flags |= RIGHT_NUMBER
        return make(op, flags | (SAVES if saves else 0), kind, out, payload, left, right, operands, None, params)
    finally:
        release_array(out)


#: Rows of NumPy's functions that round half floats at every step.  Not sum, which adds up gradients, too.
cdef frozenset AS_NUMPY = frozenset({"prod", "cumsum", "cumprod", "var", "std"})


#: Where the helpers are, by their names.
cdef object helpers = None


def use_helpers(module):
    """The helpers of the rows, from _ops: each is found when its op is first applied, so that import need not import them."""
    global helpers
    helpers = module


cdef object helper_of(int op):
    """The helper that computes the value of a row on plain arrays."""
    function = VALUES[op]
    if type(function) is str:
        function = VALUES[op] = getattr(helpers, function)
    return function


cdef object structural_value(int op, list values, tuple params, bint variadic, bint as_numpy):
    """A helper's value; of half floats alone, computed in float32 and rounded once, unless NumPy's flavour has NumPy's bits."""
    cdef bint half = False, wide = False
    if op != OP_TO and not as_numpy:
        for v in values:
            if isinstance(v, cnp.ndarray) and category(cnp.PyArray_TYPE(v)) >= 2:
                half, wide = half or cnp.PyArray_TYPE(v) == T_HALF, wide or cnp.PyArray_TYPE(v) != T_HALF
    if half and not wide:
        values = [v.astype(np.float32) if isinstance(v, cnp.ndarray) and v.dtype == np.float16 else v for v in values]
    helper = helper_of(op)
    value = np.asarray(helper(np, values, *params) if variadic else helper(np, *values, *params))
    return value.astype(np.float16) if half and not wide and value.dtype == np.float32 else value


cdef int save_operand(Saved* saved, object operand) except -1:
    cdef Operand look
    take_operand(operand, TENSOR, &look)
    try:
        save(saved, &look, must_snapshot(operand))
    finally:
        drop_operand(&look)
    return 0


# ---- shapes: views

cdef int wrap_dim(object dim, int ndim) except -1:
    cdef int d
    cdef int n = ndim if ndim > 0 else 1
    try:
        d = dim
    except OverflowError:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})") from None
    except (TypeError, np.ma.MAError):
        if isinstance(dim, int):
            raise
        raise TypeError(f"argument 'dim' must be int, not {type(dim).__name__}") from None
    if d < -n or d >= n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {d})")
    return d + n if d < 0 else d


cdef tuple sizes_of(tuple args, str function, str keyword, object given):
    """Sizes given one by one, as one tuple, list or Size, or by keyword."""
    if given is not None:
        if args:
            raise TypeError(f"{function}() got multiple values for argument '{keyword}'")
        args = (given,)
    elif not args:
        raise TypeError(f'{function}() missing 1 required positional arguments: "{keyword}"')
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    try:
        return tuple([operator.index(n) for n in args])
    except (TypeError, np.ma.MAError):
        wrong = [type(n).__name__ for n in args if not hasattr(n, "__index__")] or ["Tensor"]
        raise TypeError(f"{function}(): argument '{keyword}' (position 1) must be tuple of ints, but found element of type "
                        f"{wrong[0]}") from None


cdef tuple shape_like(Variable x, object other, str function):
    """The shape of another Variable, named in an argument."""
    if not isinstance(other, Variable):
        raise TypeError(f"{function}(): argument 'other' (position 1) must be {variable_word(x)}, not "
                        f"{type(other).__name__}")
    return tuple(other.shape)


cdef object reshape(Variable x, tuple sizes, bint may_copy):
    cdef intp size
    cdef intp known = 1
    cdef int unknown = -1, i = 0
    cdef Transform t
    cdef Array* geometry
    materialise(x)
    size = x.array.shape.size
    if -1 in sizes:
        for n in sizes:
            if n == -1:
                if unknown >= 0:
                    raise RuntimeError("only one dimension can be inferred")
                unknown = i
            elif n < 0:
                raise RuntimeError(f"invalid shape dimension {n}")
            else:
                known *= <intp>n
            i += 1
        if known == 0 and size == 0:
            raise RuntimeError(f"cannot reshape tensor of 0 elements into shape {list(sizes)} because the unspecified "
                               "dimension size -1 can be any value and is ambiguous")
        if known == 0 or size % known:
            raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {size}")
        sizes = sizes[:unknown] + (size // known,) + sizes[unknown + 1:]
    else:
        for n in sizes:
            if n < 0:
                raise RuntimeError(f"invalid shape dimension {n}")
            known *= <intp>n
        if known != size:
            raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {size}")
    t = reshape_transform(sizes, "reshape")
    t.output = not may_copy     # for levels above, whose memory may forbid what that of x allows
    geometry = transformed(t, x.array)
    if geometry == NULL:
        if not may_copy:
            raise RuntimeError("view size is not compatible with input tensor's size and stride (at least one dimension "
                               "spans across two contiguous subspaces). Use .reshape(...) instead.")
        t.name = "unsafe"
        return no_view(view_by(<Variable>structural(OP_CLONE, 0, (x,), ()), t))
    return make_view(x, t, geometry)


cdef Transform reshape_transform(tuple sizes, str name):
    cdef Transform t = new_transform(RESHAPE, name, len(sizes))
    cdef int i
    for i in range(len(sizes)):
        t.data[i] = sizes[i]
    return t


cdef Variable reshape_view(Variable x, tuple sizes, str name):
    """A reshape that only adds or removes sizes of 1: always a view."""
    return view_by(x, reshape_transform(sizes, name))


cdef Variable permute(Variable x, tuple dims, str name):
    cdef int n = x.ndim, i
    cdef Transform t
    if len(dims) != n:
        raise RuntimeError(f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of "
                           f"the desired ordering of dimensions i.e. input.dim() = {n} is not equal to len(dims) = {len(dims)}")
    dims = tuple([wrap_dim(d, n) for d in dims])
    if len(set(dims)) != n:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    t = new_transform(PERMUTE, name, n)
    for i in range(n):
        t.data[i] = dims[i]
    return view_by(x, t)


cdef Variable exchange(Variable x, object dim0, object dim1, str name):
    cdef int n = x.ndim
    cdef int a = wrap_dim(dim0, n), b = wrap_dim(dim1, n)
    dims = list(range(n))
    if n:
        dims[a], dims[b] = b, a
    return permute(x, tuple(dims), name)


cdef Variable matrix_transpose(Variable x, str name, str deprecated):
    """The last two dimensions exchanged; of a 0-d Variable, itself, with PyTorch's warning."""
    if x.ndim == 1:
        raise RuntimeError(f"{name} is only supported on matrices or batches of matrices. Got 1-D tensor.")
    if x.ndim == 0:
        warn(deprecated)
        return x
    return exchange(x, -2, -1, "transpose")


cdef Variable expand(Variable x, tuple sizes):
    cdef tuple own = tuple(x.shape)
    cdef int extra = len(sizes) - len(own), i
    cdef Transform t
    if extra < 0:
        shown = "{" + str(list(own)) + "}"
        raise RuntimeError(f"expand(autodiff.{TENSOR_NAMES[numpy_dtype(type_of(x)).name]}{shown}, size={list(sizes)}): "
                           f"the number of sizes provided ({len(sizes)}) must be greater or equal to the number of "
                           f"dimensions in the tensor ({len(own)})")
    t = new_transform(EXPAND, "expand", len(sizes))
    for i in range(len(sizes)):
        n = sizes[i]
        if n < 0 and i < extra:
            raise RuntimeError(f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}")
        if n == -1:
            n = own[i - extra]
        elif i >= extra and own[i - extra] not in (1, n):
            raise RuntimeError(f"The expanded size of the tensor ({n}) must match the existing size ({own[i - extra]}) at "
                               f"non-singleton dimension {i}.  Target sizes: {list(sizes)}.  Tensor sizes: {list(own)}")
        t.data[i] = n
    return view_by(x, t)


cdef Variable select_view(Variable x, int dim, object index, str name):
    cdef Transform t
    cdef intp i = index, n
    cdef int d
    if x.array == NULL or x.array.shape.ndim == 0:
        raise IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                         "convert a 0-dim tensor to a number")
    n = x.array.shape.dim[dim]
    if i < -n or i >= n:
        raise IndexError(f"index {i} is out of bounds for dimension {dim} with size {n}")
    if i < 0:
        i += n
    t = new_transform(INDEX, name, dim + 1)
    for d in range(dim):
        t.data[4 * d], t.data[4 * d + 1], t.data[4 * d + 2], t.data[4 * d + 3] = SLICE, 0, 1, x.array.shape.dim[d]
    t.data[4 * dim], t.data[4 * dim + 1], t.data[4 * dim + 2], t.data[4 * dim + 3] = SELECT, i, 0, 0
    cdef Variable v = make_view(x, t, transformed_once(t, x.array))
    if name == "unbind":
        v.flags |= ONE_OF_SEVERAL
        t.output = i
    return v


def strided_view(Variable x, starts, dims, str name, int output=-1):
    """A view whose dimensions each step along several of x's at once; within x, the caller has seen to it.

    starts has, for each dimension of x, where the view begins; dims has, for each dimension of the view, its length and
    its step in each dimension of x.  output >= 0 makes it one of several results.
    """
    cdef int n = x.ndim, i
    cdef Transform t = new_transform(STRIDED, name, (1 + n) * (1 + len(dims)))
    cdef intp* item
    cdef Variable v
    if len(dims) > MAX_DIMS:
        raise RuntimeError(f"{name}() makes {len(dims)} dimensions: at most {MAX_DIMS} are supported")
    t.data[0] = n
    for i in range(n):
        t.data[1 + i] = starts[i]
    item = &t.data[1 + n]
    for length, steps in dims:
        item[0] = length
        for i in range(n):
            item[1 + i] = steps[i]
        item += 1 + n
    v = view_by(x, t)
    if output >= 0:
        t.output = output
        v.flags |= ONE_OF_SEVERAL
    return v


cdef Variable narrow(Variable x, int dim, intp start, intp length):
    cdef Transform t
    cdef intp n = x.shape[dim]
    if start < 0:
        start += n
    if start < 0 or length < 0 or start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    t = basic_index(x, (slice(None),) * dim + (slice(start, start + length),))
    return make_view(x, t, transformed_once(t, x.array))


cdef Transform basic_index(Variable x, tuple index):
    """The transform of an index of ints, slices, None and Ellipsis; None if something else is in it."""
    cdef int consumed = 0, count = 0, d = 0, ndim
    cdef bint ellipsis = False
    cdef Transform t
    cdef intp i, n, start, stop, step
    cdef intp* item
    ndim = x.array.shape.ndim
    for entry in index:
        kind = type(entry)
        if kind is int or kind is slice:
            consumed += 1
        elif entry is Ellipsis:
            if ellipsis:
                raise IndexError("an index can only have a single ellipsis ('...')")
            ellipsis = True
        elif entry is not None:
            return None
    if consumed > ndim:
        if ndim == 0:
            raise IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
                             "to convert a 0-dim tensor to a number")
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    if len(index) + ndim > MAX_DIMS:
        raise IndexError(f"an index of {len(index)} entries makes too many dimensions: at most {MAX_DIMS} are supported")
    t = new_transform(INDEX, "slice", len(index) + (ndim - consumed if ellipsis else 0) - (1 if ellipsis else 0))
    for entry in index:
        item = &t.data[4 * count]
        if entry is None:
            item[0] = NEWAXIS
            count += 1
            if len(index) == 1:
                t.name = "unsqueeze"
        elif entry is Ellipsis:
            for _ in range(ndim - consumed):
                item = &t.data[4 * count]
                item[0], item[1], item[2], item[3] = SLICE, 0, 1, x.array.shape.dim[d]
                count += 1
                d += 1
        elif type(entry) is int:
            n = x.array.shape.dim[d]
            i = entry
            if i < -n or i >= n:
                raise IndexError(f"index {i} is out of bounds for dimension {d} with size {n}")
            item[0], item[1], item[2], item[3] = SELECT, i + n if i < 0 else i, 0, 0
            if t.name == "slice" and entry is index[len(index) - 1]:
                t.name = "select"
            count += 1
            d += 1
        else:
            n = x.array.shape.dim[d]
            start, stop, step = entry.indices(n)
            if step > 0:
                i = (stop - start + step - 1) // step if stop > start else 0
            else:
                i = (start - stop - step - 1) // -step if start > stop else 0
            item[0], item[1], item[2], item[3] = SLICE, start, step, i
            count += 1
            d += 1
    return t


# ---- reductions

cdef object some_dims(Variable x, object dim):
    """Dimensions as ops are applied with them, counted from the front; not yet checked.

    No dimensions at all mean all of them, as in PyTorch; so do those of a 0-d Variable, once checked.
    """
    if isinstance(dim, (tuple, list)):
        if not dim:
            return None
        dim = tuple([from_the_front(d, x.ndim) for d in dim])
    elif dim is not None:
        dim = from_the_front(dim, x.ndim)
    if x.ndim == 0 and dim is not None:
        check_dims(dim, 0)
        return None
    return dim


cdef object reduce_sum(Variable x, object dim, object keepdim, object dtype):
    cdef Array* array
    dim = some_dims(x, dim)
    if dtype is not None:
        dtype = to_numpy_dtype(dtype)
        x = <Variable>cast(x, dtype)
        if category(type_of(x)) >= 2:
            dtype = None        # the cast is an op; a sum of integers would be int64 if it were not told
    if modes() & ABOVE:
        taken = ask("sum", (x,), (whole_dims(dim, x.ndim), bool(keepdim), dtype))
        if taken is not NotImplemented:
            return taken
    if dim is None and x.array == NULL:
        return point_reduction(OP_SUM, x, bool(keepdim))
    if dim is None and not keepdim and kernel_type(x.array.type) >= 0:
        return whole_reduction(OP_SUM, x)
    whole = whole_dims(dim, x.ndim)
    array = x.array
    if not integral(dim):
        whole = dim             # refused by NumPy
    elif dtype is None and array != NULL and array.strides == NULL and kernel_type(array.type) >= 0:
        return reduced(OP_SUM, x, whole, bool(keepdim), 0)
    return structural_of(OP_SUM, 0 if dim is None else VARIANT, (x,), (whole, bool(keepdim), dtype))


cdef object reduce_mean(Variable x, object dim, object keepdim, object dtype):
    cdef Array* array
    dim = some_dims(x, dim)
    if dtype is not None:
        dtype = to_numpy_dtype(dtype)
        x = <Variable>cast(x, dtype)
        if category(type_of(x)) < 2 and Py_TYPE(<PyObject*>x) == NDARRAY:
            return cast(<Variable>reduce_mean(x, dim, keepdim, None), dtype)    # NumPy divides, and then casts
    if category(type_of(x)) < 2:
        if Py_TYPE(<PyObject*>x) == NDARRAY:
            x = <Variable>cast(x, np.dtype(np.float64))
        else:
            raise RuntimeError("mean(): could not infer output dtype. Input dtype must be either a floating point or "
                               f"complex dtype. Got: {SCALAR_NAMES[numpy_dtype(type_of(x)).name]}")
    if modes() & ABOVE:
        taken = ask("mean", (x,), (whole_dims(dim, x.ndim), bool(keepdim), None))
        if taken is not NotImplemented:
            return taken
    if dim is None and x.array == NULL:
        return point_reduction(OP_MEAN, x, bool(keepdim))
    if dim is None and not keepdim and kernel_type(x.array.type) >= 0 and x.array.shape.size:
        return whole_reduction(OP_MEAN, x)
    whole = whole_dims(dim, x.ndim)
    array = x.array
    if not integral(dim):
        whole = dim             # refused by NumPy
    elif array != NULL and array.strides == NULL and kernel_type(array.type) >= 0:
        count = count_along(array.shape, whole)
        if count:
            return reduced(OP_MEAN, x, whole, bool(keepdim), count)
    if array != NULL and Py_TYPE(<PyObject*>x) == NDARRAY and integral(dim) and count_along(array.shape, whole) == 0:
        warnings.warn("Mean of empty slice", RuntimeWarning, stacklevel=2)
    return structural_of(OP_MEAN, 0 if dim is None else VARIANT, (x,), (whole, bool(keepdim), None))


cdef object whole_reduction(int op, Variable x):
    """The sum, or the mean, of all elements of an array of floats."""
    cdef Node* left = edge_of(x)
    cdef Array* array = x.array
    cdef intp[MAX_DIMS] room
    cdef int type = array.type
    cdef double value = sum_all(kernel_type(type), array.shape.ndim, array.shape.dim, array.data, strides_of(array, room))
    if op == OP_MEAN:
        if type == T_FLOAT:
            value = <float>value / <float>array.shape.size
        else:
            value /= array.shape.size
    return make_number(op, 0, Py_TYPE(<PyObject*>x), value, type, NULL if left == NULL else new_payload(type, scalar_shape),
                       left, NULL, x, None, <tuple>DEFAULTS[op])


cdef bint integral(object dim):
    """Whether dimensions are ints, or None: NumPy refuses what is neither, in its words."""
    if dim is not None:
        for d in (dim if isinstance(dim, (tuple, list)) else (dim,)):
            if type(d) is not int:
                return False
    return True


cdef intp marked_dims(int ndim, object dim, bint* marked) except -1:
    """Mark the dimensions that a reduction goes over, checked before; None: all of them."""
    cdef int i
    for i in range(ndim):
        marked[i] = dim is None
    if dim is not None:
        for d in (dim if isinstance(dim, (tuple, list)) else (dim,)):
            i = d
            i = i + ndim if i < 0 else i
            if not 0 <= i < ndim:
                raise IndexError(f"dimension {d} of {ndim}")
            marked[i] = True
    return 0


cdef intp count_along(Shape* shape, object dim) except -1:
    """How many elements go into one of the result."""
    cdef bint[MAX_DIMS] marked
    cdef intp count = 1
    cdef int i
    marked_dims(shape.ndim, dim, marked)
    for i in range(shape.ndim):
        if marked[i]:
            count *= shape.dim[i]
    return count


cdef Array* summed_side_by_side(Array* array, Shape* kept) except NULL:
    """The sum over a short last dimension: of 5,000 pairs in 3 us, where a call of NumPy's loop for each pair takes 30.

    Below 8 elements NumPy adds them one after the other, so the bits are its.
    """
    cdef Array* out = zeros(array.type, kept)
    cdef intp n = array.shape.dim[array.shape.ndim - 1], i, size = array.shape.size // n
    cdef int k = kernel_type(array.type)
    cdef intp item = 8 if k == KERNEL_FLOAT64 else 4, step = n * item
    for i in range(n):
        add_into(k, 1, &size, out.data, &item, array.data + i * item, &step)
    return out


cdef Array* reduced_array(Array* array, object dim, bint keepdim, intp count, Shape* kept) except NULL:
    """The sum over dimensions of contiguous memory, or, with a count, the mean; kept is the shape with sizes of 1."""
    cdef Array* out
    cdef Array* flat
    cdef bint[MAX_DIMS] marked
    cdef intp[MAX_DIMS] sizes
    cdef intp i
    cdef int k = kernel_type(array.type), n = 0
    cdef Shape* shape
    cdef double wide = <double>count
    cdef float narrow = <float>count
    cdef char* data[3]
    cdef const intp* strides[3]
    cdef intp* step = [8 if k == KERNEL_FLOAT64 else 4, 0]
    cdef int last = array.shape.ndim - 1
    marked_dims(array.shape.ndim, dim, marked)
    for i in range(last):
        if marked[i]:
            break
    else:
        i = last
    if i == last and 1 < array.shape.dim[last] < 8 and array.shape.size >= 256:
        out = summed_side_by_side(array, kept)
    else:
        out = reduce_array(array, array.type, kept)
    if count > 1:
        data[0] = data[2] = out.data
        data[1] = <char*>&wide if k == KERNEL_FLOAT64 else <char*>&narrow
        strides[0] = strides[2] = &step[0]
        strides[1] = &step[1]
        i = out.shape.size
        run_loop(kernels[k][OP_DIV].value, kernels[k][OP_DIV].value_data, 3, 1, &i, data, strides)
    if keepdim:
        return out
    for i in range(array.shape.ndim):
        if not marked[i]:
            sizes[n] = array.shape.dim[i]
            n += 1
    shape = NULL
    try:
        shape = new_shape(n, sizes)
        flat = new_geometry(out, out.data, shape, NULL)
    finally:
        release_shape(shape)
        release_array(out)
    return flat


cdef Shape* kept_shape(Shape* shape, object dim) except NULL:
    cdef bint[MAX_DIMS] marked
    cdef intp[MAX_DIMS] sizes
    cdef int i
    marked_dims(shape.ndim, dim, marked)
    for i in range(shape.ndim):
        sizes[i] = 1 if marked[i] else shape.dim[i]
    return new_shape(shape.ndim, sizes)


def logsumexp_rows(Variable x not None, dim, bint keepdim):
    """logsumexp over the last dimensions of contiguous memory, without a temporary; None for anything else."""
    cdef Array* array = x.array
    cdef bint[MAX_DIMS] marked
    cdef intp[MAX_DIMS] sizes
    cdef intp n = 1, rows = 1, i
    cdef int d, kept = 0, k
    cdef double top, total
    cdef Array* out
    cdef Array* parts = NULL
    cdef Shape* shape
    cdef Node* left
    cdef Payload* payload
    cdef char* place
    cdef char* row
    cdef char* exponentials = NULL
    cdef bint normal = True
    if array == NULL or array.strides != NULL or kernel_type(array.type) < 0 or modes() & (ABOVE | FORWARD):
        return None
    k = kernel_type(array.type)
    marked_dims(array.shape.ndim, dim, marked)
    for d in range(array.shape.ndim):
        if marked[d]:
            n *= array.shape.dim[d]
            if keepdim:
                sizes[kept] = 1
                kept += 1
        else:
            if n != 1 or d > 0 and marked[d - 1]:
                return None
            rows *= array.shape.dim[d]
            sizes[kept] = array.shape.dim[d]
            kept += 1
    if n == 0 or rows * 16 > array.shape.size and rows > 1:
        return None             # NumPy's loops over many short rows are faster than a call for each
    # Held before anything is saved: hooks on saved tensors run code, which may give x other data.
    hold_array(array)
    shape = NULL
    out = NULL
    left = NULL
    try:
        left = hold(edge_of(x))
        shape = new_shape(kept, sizes)
        out = new_array(array.type, shape)
    except BaseException:
        disown(left)
        release_array(array)
        raise
    finally:
        release_shape(shape)
    place = out.data
    payload = NULL
    if left != NULL:
        # saved before the loop lets other threads run, which may give x other data
        try:
            payload = new_payload(array.type, out.shape)
            save_operand(&payload.x, x)
            if payload.x.state == SAVED:
                parts = new_array(array.type, array.shape)
        except BaseException:
            if payload != NULL:
                release_payload(payload)
            release_array(out)
            release_array(array)
            disown(left)
            raise
    total = 1
    for i in range(rows):
        row = array.data + i * n * SIZES_OF_KERNEL[k]
        if parts != NULL:
            exponentials = parts.data + i * n * SIZES_OF_KERNEL[k]
        if n < 32768:
            total = exp_sum(k, n, row, &top, exponentials)
            if parts != NULL and kept:
                scale(k, n, exponentials, 1 / total)
        else:
            with nogil:
                total = exp_sum(k, n, row, &top, exponentials)
                if parts != NULL and kept:
                    scale(k, n, exponentials, 1 / total)
        normal = normal and total > 0 and total - total == 0
        if k == KERNEL_FLOAT64:
            (<double*>place)[i] = kernels[k][OP_LOG].value1(total, 0) + top
        else:
            (<float*>place)[i] = <float>kernels[k][OP_LOG].value1(total, 0) + <float>top
    if parts != NULL and normal:
        # exp(x - out), or a multiple where out is one number: then the product with the gradient divides by it
        payload.y.array, payload.y.version, payload.y.state = parts, parts.storage.version, SAVED
        payload.y.value = 1 if kept else total
    else:
        release_array(parts)
    release_array(array)
    try:
        if left != NULL:
            try:
                save_result(&payload.out, out)
                params = (dim, keepdim)
                Py_INCREF(params)
                payload.params = <PyObject*>params
            except BaseException:
                release_payload(payload)
                raise
        return make(OP_LOGSUMEXP, SAVES, Py_TYPE(<PyObject*>x), out, payload, left, NULL, x, None, ())
    finally:
        disown(left)
        release_array(out)


cdef intp* SIZES_OF_KERNEL = [8, 4]


cdef object reduced(int op, Variable x, object dim, bint keepdim, intp count):
    """sum and mean over dimensions of contiguous memory: NumPy's loop of add, without NumPy's reduction around it."""
    cdef Node* left
    cdef Shape* kept
    cdef Array* out
    cdef Payload* payload = NULL
    cdef tuple params = (dim, keepdim, None)
    left = hold(edge_of(x))
    kept = NULL
    out = NULL
    try:
        kept = kept_shape(x.array.shape, dim)
        out = reduced_array(x.array, dim, keepdim, count, kept)
        if left != NULL:
            payload = new_payload(out.type, out.shape)
            Py_INCREF(params)
            payload.params = <PyObject*>params
        return make(op, 0 if dim is None else VARIANT, Py_TYPE(<PyObject*>x), out, payload, left, NULL, x, None, params)
    finally:
        release_shape(kept)
        release_array(out)
        disown(left)


cdef Variable point_reduction(int op, Variable x, bint keepdim):
    """The sum, or the mean, of a 0-d float: itself, under a node of its own."""
    cdef Node* left = edge_of(x)
    cdef Payload* payload = NULL if left == NULL else new_payload(type_of(x), scalar_shape)
    cdef tuple params = KEPT if keepdim else <tuple>DEFAULTS[op]
    if keepdim and payload != NULL:
        payload.params = owned(params)
    return make_number(op, 0, Py_TYPE(<PyObject*>x), x.value, type_of(x), payload, left, NULL, x, None, params)


cdef tuple KEPT = (None, True, None)


cdef int no_out(str name, object out) except -1:
    """NumPy's functions pass out=None to methods."""
    if out is not None:
        raise RuntimeError(f"{name}(): functions with out=... arguments don't support automatic differentiation")
    return 0


cdef int check_dims(object dim, int ndim) except -1:
    whole_dims(dim, ndim)
    return 0


cdef object whole_dims(object dim, int ndim):
    """The dimensions checked, as a tuple of non-negative ints that nobody changes later; None stays."""
    if dim is None:
        return None
    dims = tuple([wrap_dim(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))])
    if len(set(dims)) != len(dims):
        raise RuntimeError(f"dim {dims[0]} appears multiple times in the list of dims")
    return dims


cdef Variable floating(Variable x, str name):
    if category(type_of(x)) < 2:
        if Py_TYPE(<PyObject*>x) == NDARRAY:
            return <Variable>cast(x, np.dtype(np.float64))
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got "
                           f"{SCALAR_NAMES[numpy_dtype(type_of(x)).name]}")
    return x


cdef object norm(Variable x, object p, object dim, object keepdim):
    dim = some_dims(x, dim)
    whole = whole_dims(dim, x.ndim)
    if isinstance(p, Variable):
        p = number_given(p, "norm", "p")
    if modes() & ABOVE:
        taken = ask("norm", (x,), (p, whole, bool(keepdim), None))
        if taken is not NotImplemented:
            return taken
    if type(p) is str and p != "fro":       # of matrices, whose dimensions are all unless they are named
        if x.ndim < 2 or dim is None:
            whole = tuple(range(x.ndim))
        return OPS.linalg_matrix_norm(x, p, whole, bool(keepdim))
    if (dim is None and not keepdim and kernel_type(type_of(x)) >= 0 and (p == "fro" or p == 2)
            and not modes() & PACKING):
        return euclidean(x, (<tuple>DEFAULTS[OP_NORM]) if type(p) is str else EUCLIDEAN)
    return structural_of(OP_NORM, 0, (floating(x, "linalg.vector_norm"),),
                         (p, whole if integral(dim) else dim, bool(keepdim), None))


cdef double least_square(int k) noexcept nogil:
    """The least sum of squares whose root is right to the last digits; as the helper of the row has it."""
    return DBL_MIN / (DBL_EPSILON * DBL_EPSILON) if k == KERNEL_FLOAT64 else FLT_MIN / (FLT_EPSILON * FLT_EPSILON)


cdef double largest(int k) noexcept nogil:
    return DBL_MAX if k == KERNEL_FLOAT64 else FLT_MAX


cdef object euclidean(Variable x, tuple params):
    """The 2-norm of all elements: NumPy's loops for the squares and their sum, the bits of the general path."""
    cdef Array* array = x.array
    cdef int k = kernel_type(type_of(x))
    cdef Node* left
    cdef Array* squares
    cdef Payload* payload = NULL
    cdef char* data[2]
    cdef intp[2 * MAX_DIMS] room
    cdef const intp* strides[2]
    cdef double value
    if array == NULL:
        value = fabs(x.value)
    else:
        squares = new_array(array.type, array.shape)
        data[0], data[1] = array.data, squares.data
        strides[0], strides[1] = strides_of(array, room), strides_of(squares, &room[MAX_DIMS])
        array.owners += 1
        run_values(&kernels[k][OP_SQUARE], 2, array.shape, data, strides)
        value = sum_all(k, array.shape.ndim, array.shape.dim, squares.data, strides[1])
        release_array(squares)
        release_array(array)
        if least_square(k) <= value <= largest(k):
            value = kernels[k][OP_SQRT].value1(value, 0)
        else:               # the sum of squares left the safe range: scaled
            with np.errstate(all="ignore"):
                value = helper_of(OP_NORM)(np, plain(x), 2.0, None, False, None)
    # Only now: the loops may have run without the lock.
    left = edge_of(x)
    if left != NULL and array == NULL:      # while b.norm() < 1000: nothing is made or run before the node is recorded
        payload = new_payload(type_of(x), scalar_shape)
        payload.x.state, payload.x.value = NUMBER, x.value
        payload.out.state, payload.out.value = NUMBER, value
        if params is EUCLIDEAN:
            payload.params = owned(params)
    elif left != NULL:
        hold(left)
        try:
            payload = new_payload(type_of(x), scalar_shape)
            try:
                save_operand(&payload.x, x)
                payload.out.state, payload.out.value = NUMBER, value
            except BaseException:
                release_payload(payload)
                raise
            if params is EUCLIDEAN:
                payload.params = owned(params)
            return make_number(OP_NORM, SAVES, Py_TYPE(<PyObject*>x), value, type_of(x), payload, left, NULL, x, None, params)
        finally:
            disown(left)
    return make_number(OP_NORM, SAVES, Py_TYPE(<PyObject*>x), value, type_of(x), payload, left, NULL, x, None, params)


EUCLIDEAN = (2.0, None, False, None)        # the 2-norm of all elements; without parameters it was asked for as "fro"


# ---- products

cdef object matmul(object x, object y):
    """x @ y; two matrices or vectors of one float dtype go straight to NumPy's loop."""
    cdef Variable a, b
    cdef Array* left
    cdef Array* right
    cdef Array* out
    cdef Node* left_node
    cdef Node* right_node
    cdef Shape* shape
    cdef uint32_t left_version, right_version
    cdef Payload* payload
    cdef PyTypeObject* kind
    cdef intp[2] dims
    cdef int n
    if not is_variable(x):
        if not isinstance(x, (np.ndarray, list)):
            return NotImplemented
        x = constant(x, Py_TYPE(<PyObject*>y))
    if not is_variable(y):
        if not isinstance(y, (np.ndarray, list)):
            return NotImplemented
        y = constant(y, Py_TYPE(<PyObject*>x))
    a, b = <Variable>x, <Variable>y
    kind = NDARRAY if Py_TYPE(<PyObject*>a) == NDARRAY or Py_TYPE(<PyObject*>b) == NDARRAY else TENSOR
    if a.ndim == 0 or b.ndim == 0:
        raise RuntimeError("both arguments to matmul need to be at least 1D, but they are "
                           f"{a.ndim}D and {b.ndim}D")
    if type_of(a) != type_of(b):
        if kind == TENSOR:
            raise RuntimeError(dtypes_differ(a, b))
        common = np.promote_types(numpy_dtype(type_of(a)), numpy_dtype(type_of(b)))
        a, b = <Variable>cast(a, common), <Variable>cast(b, common)
    if modes() & ABOVE:         # the row is applied to operands of one dtype, and saves them
        taken = ask("matmul", (a, b), ())
        if taken is not NotImplemented:
            return taken
    left, right = a.array, b.array
    n = left.shape.dim[left.shape.ndim - 1]
    if n != right.shape.dim[0 if right.shape.ndim == 1 else right.shape.ndim - 2]:
        if left.shape.ndim > 2 and right.shape.ndim > 2:
            check_batches(left.shape, right.shape)
        raise RuntimeError(shapes_differ(tuple(a.shape), tuple(b.shape)))
    if left.shape.ndim > 2 or right.shape.ndim > 2 or kernel_type(left.type) < 0:
        return matmul_of_arrays(a, b, kind)
    # Held while the lock is released: another thread may assign .data, or write in place.
    hold_array(left)
    hold_array(right)
    left_node = NULL
    right_node = NULL
    out = NULL
    shape = NULL
    n = 0
    if left.shape.ndim == 2:
        dims[0] = left.shape.dim[0]
        n = 1
    if right.shape.ndim == 2:
        dims[n] = right.shape.dim[1]
        n += 1
    try:
        left_node = hold(edge_of(a))
        right_node = hold(edge_of(b))
        shape = new_shape(n, dims)
        out = new_array(left.type, shape)
        left_version, right_version = left.storage.version, right.storage.version
        multiply(left, right, out)
        payload = NULL
        if left_node != NULL or right_node != NULL:
            if right_node != NULL:
                check_inference(a)
            if left_node != NULL:
                check_inference(b)
            payload = new_payload(out.type, out.shape)
            try:
                if right_node != NULL:
                    save_operand(&payload.x, a)
                    saved_since(&payload.x, a, left_version)
                if left_node != NULL:
                    save_operand(&payload.y, b)
                    saved_since(&payload.y, b, right_version)
                payload.tag = PRODUCTS[2 * (left.shape.ndim - 1) + right.shape.ndim - 1]
            except BaseException:
                release_payload(payload)
                raise
        return make(OP_MATMUL, SAVES, kind, out, payload, left_node, right_node, a, b, ())
    finally:
        release_shape(shape)
        release_array(out)
        release_array(left)
        release_array(right)
        disown(left_node)
        disown(right_node)


cdef object matmul_of_arrays(Variable a, Variable b, PyTypeObject* kind):
    """The product for batches and for dtypes without a loop of our own."""
    cdef int n = a.ndim, m = b.ndim
    if n > 2 and m > 2:
        check_batches(a.array.shape, b.array.shape)
    if kind == TENSOR and type_of(a) == cnp.NPY_BOOL:
        op = "bmm"
        if n <= 2 and m <= 2:
            op = "addmm_impl_cpu_" if m == 2 else "addmv_impl_cpu" if n == 2 else "dot"
        raise NotImplementedError(f'"{op}" not implemented for \'Bool\'')
    if n <= 2 and m <= 2:
        return structural_of(OP_MATMUL, 0, (a, b), (), TAGS[PRODUCTS[2 * (n - 1) + m - 1]])
    # PyTorch computes a matrix times a batch as the batch times the matrix, transposed, where that spares it copies.
    return structural_of(OP_MATMUL, 0, (a, b), (), "CloneBackward0" if n == 2 and m > 2 and edge_of(a) != NULL else "bmm")


cdef uint16_t[4] PRODUCTS                   # tags by the dimensions of both operands
PRODUCTS[0], PRODUCTS[1] = tag_number("dot"), tag_number("vm")
PRODUCTS[2], PRODUCTS[3] = tag_number("mv"), 0


cdef object product_of(tuple sizes):
    product = 1
    for size in sizes:
        product *= size
    return product


cdef str shapes_differ(tuple a, tuple b):
    """PyTorch's words where the inner sizes of two operands differ; how it lays out the product shows in them."""
    cdef int n = len(a), m = len(b)
    if n == 1 and m == 1:
        return (f"inconsistent tensor size, expected tensor [{a[0]}] and src [{b[0]}] to have the same number of elements, "
                f"but got {a[0]} and {b[0]} elements respectively")
    if n > 2 and m > 2:
        batch = product_of(np.broadcast_shapes(a[:n - 2], b[:m - 2]))
        return (f"Expected size for first two dimensions of batch2 tensor to be: [{batch}, {a[n - 1]}] but got: [{batch}, "
                f"{b[m - 2]}].")
    rows = product_of(a[:n - 1])
    if m == 1:
        return f"size mismatch, got input ({rows}), mat ({rows}x{a[n - 1]}), vec ({b[0]})"
    return f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a[n - 1]} and {b[m - 2]}x{b[m - 1]})"


cdef str dtypes_differ(Variable a, Variable b):
    """PyTorch's words where the dtypes of two operands differ, those of the kernel it would run."""
    cdef int n = a.ndim, m = b.ndim
    one, other = SCALAR_NAMES[numpy_dtype(type_of(a)).name], SCALAR_NAMES[numpy_dtype(type_of(b)).name]
    if n == 1 and m == 1:
        return f"dot : expected both vectors to have same dtype, but found {one} and {other}"
    if n > 2 and m > 2:
        return f"expected scalar type {one} but found {other}"
    if m == 1:
        return f"addmv input tensors must have the same dtype, but got {other}, {one}, and {other}"
    return f"expected m1 and m2 to have the same dtype, but got: {c_name(type_of(a))} != {c_name(type_of(b))}"


cdef int check_batches(Shape* a, Shape* b) except -1:
    cdef int i, ia, ib, n = (a.ndim if a.ndim > b.ndim else b.ndim) - 2
    for i in range(n):
        ia, ib = i - (n + 2 - a.ndim), i - (n + 2 - b.ndim)
        if ia >= 0 and ib >= 0 and a.dim[ia] != b.dim[ib] and a.dim[ia] != 1 and b.dim[ib] != 1:
            raise RuntimeError(f"The size of tensor a ({a.dim[ia]}) must match the size of tensor b ({b.dim[ib]}) at "
                               f"non-singleton dimension {i}")
    return 0


#: What PyTorch's kernels call a dtype, in messages.
cdef dict C_NAMES = {"float64": "double", "float32": "float", "int64": "long int", "int32": "int", "int16": "short int",
                     "int8": "signed char", "uint8": "unsigned char"}


cdef str c_name(int type):
    return C_NAMES.get(numpy_dtype(type).name, numpy_dtype(type).name)


cdef int multiply(Array* x, Array* y, Array* out) except -1:
    """out = x @ y for one or two dimensions each; a vector is a row on the left, a column on the right."""
    cdef intp[MAX_DIMS] room_x, room_y
    cdef const intp* xs = strides_of(x, room_x)
    cdef const intp* ys = strides_of(y, room_y)
    cdef intp m = x.shape.dim[0] if x.shape.ndim == 2 else 1
    cdef intp k = x.shape.dim[x.shape.ndim - 1]
    cdef intp n = y.shape.dim[1] if y.shape.ndim == 2 else 1
    cdef intp size = itemsize(x.type)
    cdef intp xs0 = xs[0] if x.shape.ndim == 2 else k * size
    cdef intp ys1 = ys[1] if y.shape.ndim == 2 else size
    cdef int dtype = kernel_type(x.type)
    if m * n * k < 100000:
        matmul_kernel(dtype, m, k, n, x.data, xs0, xs[x.shape.ndim - 1], y.data, ys[0], ys1, out.data, n * size, size)
    else:
        with nogil:
            matmul_kernel(dtype, m, k, n, x.data, xs0, xs[x.shape.ndim - 1], y.data, ys[0], ys1, out.data, n * size, size)
    return 0


cdef Array* multiply_batches(Array* x, Array* y) except? NULL:
    """x @ y for as many matrices each, in their order; NULL, without an error, for anything else."""
    cdef intp[MAX_DIMS] room, room_x, room_y
    cdef const intp* xs
    cdef const intp* ys
    cdef intp[9] steps
    cdef intp[3] sizes
    cdef char* args[3]
    cdef Array* out
    cdef Shape* shape
    cdef int i, n, dtype
    cdef intp batch = 1, size
    if x == NULL or y == NULL:
        return NULL
    n, dtype, size = x.shape.ndim, kernel_type(x.type), itemsize(x.type)
    if n < 3 or n != y.shape.ndim or dtype < 0 or y.type != x.type:
        return NULL
    xs, ys = strides_of(x, room_x), strides_of(y, room_y)
    for i in range(n - 2):
        if x.shape.dim[i] != y.shape.dim[i]:
            return NULL
        if i < n - 3 and (xs[i] != xs[i + 1] * x.shape.dim[i + 1] or ys[i] != ys[i + 1] * y.shape.dim[i + 1]):
            return NULL
        batch *= x.shape.dim[i]
        room[i] = x.shape.dim[i]
    sizes[0], sizes[1], sizes[2] = x.shape.dim[n - 2], x.shape.dim[n - 1], y.shape.dim[n - 1]
    if y.shape.dim[n - 2] != sizes[1]:
        return NULL
    room[n - 2], room[n - 1] = sizes[0], sizes[2]
    shape = new_shape(n, room)
    try:
        out = new_array(x.type, shape)
    finally:
        release_shape(shape)
    if batch * sizes[0] * sizes[2] == 0:
        return out
    steps[0], steps[1], steps[2] = xs[n - 3], ys[n - 3], sizes[0] * sizes[2] * size
    steps[3], steps[4], steps[5], steps[6] = xs[n - 2], xs[n - 1], ys[n - 2], ys[n - 1]
    steps[7], steps[8] = sizes[2] * size, size
    args[0], args[1], args[2] = x.data, y.data, out.data
    # Held while the lock is released: another thread may assign .data, or its pass free what is saved.
    x.owners += 1
    y.owners += 1
    with nogil:
        matmul_batch(dtype, batch, sizes, args, steps)
    release_array(x)
    release_array(y)
    return out


cdef object mm(object x, object y, int position=2):
    if not (is_variable(x) and is_variable(y)):
        raise TypeError(f"mm(): argument 'mat2' (position {position}) must be {variable_word(x)}, not {type(y).__name__}")
    if (<Variable>x).ndim != 2 or (<Variable>y).ndim != 2:
        raise RuntimeError(f"{'self' if (<Variable>x).ndim != 2 else 'mat2'} must be a matrix")
    return matmul(x, y)


cdef object mv(object x, object y, int position=2):
    if not (is_variable(x) and is_variable(y)):
        raise TypeError(f"mv(): argument 'vec' (position {position}) must be {variable_word(x)}, not {type(y).__name__}")
    if (<Variable>x).ndim != 2 or (<Variable>y).ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {(<Variable>x).ndim}, {(<Variable>y).ndim}")
    if (<Variable>x).shape[1] != (<Variable>y).shape[0]:
        sizes = 'x'.join(map(str, (<Variable>x).shape))
        raise RuntimeError(f"size mismatch, got input ({(<Variable>x).shape[0]}), mat ({sizes}), "
                           f"vec ({(<Variable>y).shape[0]})")
    return matmul(x, y)


cdef object dot(object x, object y, int position=2):
    if is_variable(x) and Py_TYPE(<PyObject*>x) == NDARRAY:
        return numpy_dot(<Variable>x, y)
    if not (is_variable(x) and is_variable(y)):
        raise TypeError(f"dot(): argument 'tensor' (position {position}) must be Tensor, not {type(y).__name__}")
    if (<Variable>x).ndim != 1 or (<Variable>y).ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {(<Variable>x).ndim}D and {(<Variable>y).ndim}D tensors")
    return matmul(x, y)


cdef object numpy_dot(Variable x, object y):
    """numpy.dot: the last dimension of x with the last but one of y; a 0-d operand multiplies."""
    cdef int m
    if not is_variable(y):
        y = constant(y, NDARRAY)
    m = (<Variable>y).ndim
    if x.ndim == 0 or m == 0:
        return x * y
    if x.ndim <= 2 and m <= 2:
        return matmul(x, y)
    return OPS.tensordot(x, y, ([x.ndim - 1], [max(m - 2, 0)]))


# ---- casts and joins

cdef inline object from_the_front(object dim, int ndim):
    """A dimension counted from the front; what is none stays as it is, for the check that refuses it."""
    if isinstance(dim, np.integer):
        dim = int(dim)
    return dim + ndim if type(dim) is int and -ndim <= dim < 0 else dim


cdef object cast(Variable x, object dtype):
    """Another dtype, recorded; x itself if it has it."""
    cdef int type = normal_type((<cnp.dtype>dtype).num)
    cdef Node* left
    cdef Payload* payload = NULL
    if type == type_of(x):
        return x
    if modes() & ABOVE:
        taken = ask("to", (x,), (dtype,))
        if taken is not NotImplemented:
            return taken
    if x.array == NULL and kernel_type(type) >= 0:
        left = edge_of(x)
        if left != NULL:
            payload = new_payload(type, scalar_shape)
            payload.params = owned(dtype)
        return make_number(OP_TO, 0, Py_TYPE(<PyObject*>x), x.value, type, payload, left, NULL, x, None,
                           (dtype,) if modes() & FORWARD else ())
    return structural_of(OP_TO, 0, (x,), (dtype,))


cdef int warn_of_imaginary(Variable target) except -1:
    """PyTorch's warning where complex numbers are written into real ones."""
    if category(type_of(target)) < 3 and type_of(target) != T_BOOL:
        warn("Casting complex values to real discards the imaginary part")
    return 0


cdef object converted(Variable x, object dtype):
    """A cast that a user asked for: PyTorch warns where imaginary parts get lost."""
    if category(type_of(x)) == 3 and dtype.kind in "fiu":
        warn("Casting complex values to real discards the imaginary part")
    return cast(x, dtype)


cdef object common_dtype(list operands):
    """The dtype that several Variables promote to, by flavour.

    PyTorch's: those with dimensions among themselves, the 0-d ones and the numbers too, and then the three.  In pairs from
    the left a 0-d float64, integers and float32 would make float64.
    """
    cdef Operand[3] best            # of numbers, 0-d operands, those with dimensions
    cdef Operand b
    cdef bint[3] found = [False, False, False]
    cdef PyTypeObject* kind = TENSOR
    cdef int rank, taken = -1
    for t in operands:
        if Py_TYPE(<PyObject*>t) == NDARRAY:
            kind = NDARRAY
    for t in operands:
        if take_operand(t, kind, &b):
            raise TypeError(f"a Variable, an array or a number has a dtype, not {type(t).__name__}")
        drop_operand(&b)            # only its dtype and rank are read
        rank = 0 if b.rank == RANK_NUMBER else 1 if b.rank == RANK_SCALAR or kind == NDARRAY else 2
        if not found[rank]:
            best[rank], found[rank] = b, True
            if b.number:
                best[rank].type = weak_type(&b)
        else:
            best[rank].type = promoted(&best[rank], &b, kind)
    for rank in range(3):
        if found[rank]:
            if taken >= 0:
                best[rank].type = promoted(&best[taken], &best[rank], kind)
                best[rank].number = False
            taken = rank
    return numpy_dtype(best[taken].type)


cdef object stack_points(object operands, object dim):
    """The stack of a list or tuple of Variables of no dimensions, all of one flavour and dtype; None if they are not.

    1.1 us an operand became a tenth of it: helpers and NumPy make an array of each.  Of 100,000 none is in a cache, so each is
    looked at once: the list is not copied, and what is held of the nodes becomes the new node's.
    """
    cdef PyTypeObject* kind
    cdef intp n = len(operands), i, taken = 0
    cdef intp[1] dims
    cdef Node** held = NULL         # owned: what runs meanwhile may give the operands other nodes
    cdef Node** edge
    cdef Shape* shape = NULL
    cdef Array* out = NULL
    cdef Payload* payload
    cdef Point point
    cdef bint any_node = False, is_list = type(operands) is list
    if not n or n > INT_MAX - 2 or not is_variable(operands[0]) or (
            (<Variable>operands[0]).array != NULL and (<Variable>operands[0]).array.shape.ndim):
        return None
    kind = Py_TYPE(<PyObject*>operands[0])
    try:
        held = <Node**>allocate(n * sizeof(Node*))
        dims[0] = n
        shape = new_shape(1, dims)
        out = new_array(type_of(<Variable>operands[0]), shape)
        if kernel_type(out.type) < 0:
            return None
        for i in range(n):
            if is_list:
                if len(<list>operands) != n:
                    return None         # changed by code that ran meanwhile
                operand = (<list>operands)[i]
                if i + AHEAD < n:
                    prefetch(PyList_GET_ITEM(operands, i + AHEAD))
            else:
                operand = (<tuple>operands)[i]
            if not is_point(operand, kind, &point):
                return None
            held[i] = point.node
            taken += 1
            if point.type != out.type:
                return None
            write_double(out.type, out.data + i * itemsize(out.type), point.value)
            any_node = any_node or point.node != NULL
        wrap_dim(dim, 1)
        if not any_node:
            return make(OP_STACK, 0, kind, out, NULL, NULL, NULL, None, None, ())
        payload = new_payload(out.type, shape)
        edge, held, taken = held, NULL, 0
        return make_of_points(OP_STACK, kind, out, payload, edge, <int>n)
    finally:
        for i in range(taken):
            disown(held[i])
        free(held)
        release_shape(shape)
        release_array(out)


cdef object stack_or_cat(int op, object tensors, object dim):
    cdef list operands = []
    if is_variable(tensors):
        raise TypeError(f"{NAMES[op]}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    if op == OP_STACK and (type(tensors) is list or type(tensors) is tuple) and not modes():
        result = stack_points(tensors, dim)
        if result is not None:
            return result
    for t in tensors:
        if is_variable(t):
            operands.append(t)
        elif isinstance(t, (np.ndarray, int, float)):
            if isinstance(t, np.ndarray) and t.dtype.kind == "O":
                t = OPS.lifted(t)       # it may hold Variables
            operands.append(t if is_variable(t) else constant(t, TENSOR))
        else:
            raise TypeError(f"expected Tensor as element {len(operands)} in argument 0, but got {type(t).__name__}")
    if not operands:
        if op == OP_STACK:
            raise RuntimeError("stack expects a non-empty TensorList")
        raise ValueError("autodiff.cat(): expected a non-empty list of Tensors")
    first = <Variable>operands[0]
    if op == OP_STACK:
        for t in operands:
            if tuple(t.shape) != tuple(first.shape):
                raise RuntimeError(f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and "
                                   f"{list(t.shape)} at entry {[tuple(o.shape) for o in operands].index(tuple(t.shape))}")
        d = wrap_dim(dim, first.ndim + 1)
    else:
        for t in operands:
            if tuple(t.shape) != (0,):
                first = <Variable>t
                break
        if first.ndim == 0:
            at = [t is first for t in operands].index(True)
            raise RuntimeError(f"zero-dimensional tensor (at position {at}) cannot be concatenated")
        d = wrap_dim(dim, first.ndim)
        if first.ndim > 1:      # a 1-d operand of no elements fits everything; it stays in the graph, and in the dtype
            none = tuple([0 if i == d else first.shape[i] for i in range(first.ndim)])
            operands = [reshape(<Variable>t, none, True) if tuple(t.shape) == (0,) else t for t in operands]
        for k, t in enumerate(operands):
            if t.ndim != first.ndim:
                raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {t.ndim}")
            for i in range(first.ndim):
                if i != d and t.shape[i] != first.shape[i]:
                    raise RuntimeError(f"Sizes of tensors must match except in dimension {d}. Expected size "
                                       f"{first.shape[i]} but got size {t.shape[i]} for tensor number {k} in the list.")
    dtype = common_dtype(operands)
    return structural(op, 0, tuple([cast(<Variable>t, dtype) for t in operands]), (d,))


cdef Variable constant(object value, PyTypeObject* kind):
    """A plain array or number as a Variable; a copy, since a later write to the array could not be noticed."""
    return from_array(kind, array_copy_of(given_array(value)))


cdef object other_row(int op, tuple operands):
    """What an elementwise row is for complex numbers, where that is another row."""
    return structural(op, 0, operands, ())


later.other_row = other_row
