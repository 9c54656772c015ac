# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""What the walk of _core asks of an op: derivatives on values, recorded, in forward mode; nodes as Python sees them; passes.

Right of the ops, which derivatives are made of; left of _variable.  The walk itself is in _core.
"""
cimport numpy as cnp
from cpython.object cimport PyObject, PyTypeObject, visitproc
from cpython.ref cimport Py_DECREF, Py_XDECREF
from libc.stdint cimport int64_t, uint32_t, uintptr_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from ._base cimport (ABOVE, ANOMALY, ARITY, ATTACHED, BATCHED, COMPLEX_KIND, COMPLEX_SAVES, COMPLEX_VJPS, DEFAULTS,
                     DEPENDS, DIFFERENTIABLE, EXPAND, FORWARD, GRAD_FN, GRAD_OFF, HOLOMORPHIC, INDEX, INFERENCE,
                     INFERENCE_TENSOR, INLINE32, INLINE64, LINEAR, NAMES, NAN_ALLOWED, NDARRAY, OP_ABS, OP_ADD, OP_CLONE,
                     OP_COPY_REGION, OP_DIV, OP_EMBED, OP_EXP, OP_EXP_SHIFTED, OP_FLAT, OP_INDEX, OP_INDEX_ADD_ZEROS,
                     OP_INDEX_SET, OP_MATMUL, OP_MUL, OP_POSITIVE, OP_VIEW, OWN, PACKING, PERMUTE, PIECEWISE, POINT_GRAD,
                     RECORDING, RESHAPE, SECOND, SELECT, SLICE, TAGS, TENSOR, TRACED, TRACING, T_DOUBLE, T_FLOAT, T_HALF,
                     T_LONG, VJPS, WATCHED, WRITING, BatchLevel, Call, Extras, Py_TYPE, Transform, Variable, add_generic,
                     alias_of, array_in, array_of, ask, attached_any, batched, category, contiguous_copy_of,
                     current_node, drop_grad, enter_lower, enter_modes, extras_of, first_of, from_array, from_number,
                     from_owned, give_tangents, is_variable, later, leave_lower, leave_modes, links_of, make, make_view,
                     materialise, modes, modes_to_hand_over, ndarray_of, new_transform, node_extras, numpy_dtype,
                     overlaps, owned, physical_in, plain, prefetch, recorder_above, reduce_generic, same_sizes, set_edge,
                     set_requires_grad, set_tangent, shape_tuple, take_modes_over, tangent_in, tell_of_pass, transformed,
                     transformed_once, type_of, view_by, visit_nodes, warn)
from ._elementwise cimport elementwise, packed_of, put_packed, run_values, unary
from ._structural cimport (AHEAD, EUCLIDEAN, AutodiffBlas, blas_routines, blocks, cast, constant, count_along, expand,
                           exponentials_of, largest, least_square, like_matrices, matmul, multiply_batches,
                           narrow as narrowed, permute, reduce_sum, reshape, rows_in, select_view, set_quick,
                           shifted, small_order, structural, triangles, wrap_dim)
from ._indexing cimport filled, flavoured, number_will_change, zero_like
from ._batched cimport can_batch, geometry_of, seed_batch, set_of_batch, spread_strides
from ._core cimport (ARRAY, FLOAT32, FREED, HEAD, HOOKED, LEAF, LEFT_NUMBER, MXNET, NOTHING, NUMBER, OUT_SCALAR, PACKED,
                     PAYLOAD, PICK, PYTHON, RIGHT_NUMBER, SAVED, SLAB_NODES, UNDEFINED, VARIANT, Array, Cotangent, Node,
                     NodeExtras, Pass, Payload, Saved, Shape, accumulate_array, accumulate_value, add_array, allocate,
                     begin_pass, bump, check_modified, contiguous_copy, current_leaf, disown, end_pass, graph, hold,
                     hold_array, is_element, itemsize, kernel_type, mark, new_array, new_geometry, new_payload, new_shape,
                     node_shape, node_type, node_x, open_place, ops, promote, raise_freed, read_double, reduce_array,
                     reduces_to, release_array, release_shape, run_accumulated, run_pass, same_shape, saved_array,
                     scalar_shape, seed, slab_of, sole_owner, source_of, strides_of, table, total, wanted as is_wanted,
                     write_double, zeros)
from ._kernels cimport (FLOAT64 as KERNEL_FLOAT64, MAX_DIMS, SAVES_OUT, SAVES_X, SAVES_Y, fill, intp, kernels,
                        matmul as matmul_kernel, run_partial)

cdef extern from "csrc/matrices.h":
    enum:
        AUTODIFF_SMALL_MATRIX
    void autodiff_inverse_dx_double(intp count, int n, double* y, double* g, double* place) nogil
    void autodiff_inverse_dx_float(intp count, int n, float* y, float* g, float* place) nogil
    int autodiff_determinant_dx_double(intp count, int n, int logarithm, double* x, double* g, double* place) nogil
    int autodiff_determinant_dx_float(intp count, int n, int logarithm, float* x, float* g, float* place) nogil
    int autodiff_inverts_double(intp count, int n, double atol, double rtol, double* x, double* y) nogil
    int autodiff_inverts_float(intp count, int n, double atol, double rtol, float* x, float* y) nogil
    int autodiff_matrix_exp_dx_double(intp count, int n, double* x, double* g, double* place) nogil
    int autodiff_matrix_exp_dx_float(intp count, int n, float* x, float* g, float* place) nogil
    void autodiff_cholesky_dx_double(intp count, int n, int triangle, double* y, double* g, double* place) nogil
    void autodiff_cholesky_dx_float(intp count, int n, int triangle, float* y, float* g, float* place) nogil
    int autodiff_solve_dx_double(intp count, int n, intp k, int turned, double* x, double* y, double* g, double* room,
                                 double* left) nogil
    int autodiff_eigh_dx_double(intp count, int n, double* y, double* g, double* place) nogil
    int autodiff_eigh_dx_float(intp count, int n, float* y, float* g, float* place) nogil
    int autodiff_svd_dx_double(intp count, int m, int n, double* y, double* g, double* place) nogil
    int autodiff_svd_dx_float(intp count, int m, int n, float* y, float* g, float* place) nogil
    int autodiff_qr_dx_double(intp count, int m, int n, double* y, double* g, double* place) nogil
    int autodiff_qr_dx_float(intp count, int m, int n, float* y, float* g, float* place) nogil
    int autodiff_solve_dx_float(intp count, int n, intp k, int turned, float* x, float* y, float* g, float* room,
                                float* left) nogil

cdef extern from "csrc/blocks.h":
    void autodiff_cholesky_large_double(AutodiffBlas* blas, intp count, int n, int triangle, double* y, double* g,
                                        double* place) nogil
    void autodiff_cholesky_large_float(AutodiffBlas* blas, intp count, int n, int triangle, float* y, float* g,
                                       float* place) nogil
    int autodiff_qr_large_double(AutodiffBlas* blas, intp count, int m, int n, double* y, double* g, double* room,
                                 double* place) nogil
    int autodiff_qr_large_float(AutodiffBlas* blas, intp count, int m, int n, float* y, float* g, float* room,
                                float* place) nogil
    void autodiff_triangular_double(AutodiffBlas* blas, intp count, int n, int k, int upper, int transposed, int unit,
                                    double* x, double* b, double* out) nogil
    void autodiff_triangular_float(AutodiffBlas* blas, intp count, int n, int k, int upper, int transposed, int unit,
                                   float* x, float* b, float* out) nogil
    void autodiff_triangular_dx_double(AutodiffBlas* blas, intp count, int n, int k, int upper, int transposed, int unit,
                                       double* y, double* room, double* place) nogil
    void autodiff_triangular_dx_float(AutodiffBlas* blas, intp count, int n, int k, int upper, int transposed, int unit,
                                      float* y, float* room, float* place) nogil

cdef extern from "csrc/small.h":
    void autodiff_select(intp n, int size, char* condition, int step, char* x, int x_step, char* y, int y_step, char* out) nogil
    int autodiff_share_double(intp outer, intp n, intp inner, double* x, double* out, double* g, double* place) nogil
    int autodiff_share_float(intp outer, intp n, intp inner, float* x, float* out, float* g, float* place) nogil
    void autodiff_parts_dx_double(intp rows, intp n, double* out, double* g, double* place) nogil
    void autodiff_logs_dx_double(intp rows, intp n, double* g, double* place) nogil
    void autodiff_class_dx_double(intp rows, intp n, int64_t* at, double* g, int step, double* place) nogil
    void autodiff_standard_dx_double(intp rows, intp n, double eps, double* x, double* out, double* g, double* place) nogil
    void autodiff_parts_dx_float(intp rows, intp n, float* out, float* g, float* place) nogil
    void autodiff_logs_dx_float(intp rows, intp n, float* g, float* place) nogil
    void autodiff_class_dx_float(intp rows, intp n, int64_t* at, float* g, int step, float* place) nogil
    void autodiff_standard_dx_float(intp rows, intp n, double eps, float* x, float* out, float* g, float* place) nogil

import collections
import weakref
from _thread import _local
from functools import partial

import numpy as np

from ._base import OPS, batched_transform
from ._indexing import f_where
from ._types import TENSOR_NAMES, Size, device, dtype_of


# ---- fast VJPs: values only, beside the recorded rules

cdef int fast_identity(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    if node.flags & OUT_SCALAR:
        if not node.left.flags & OUT_SCALAR:
            return 1            # half or complex, or no longer 0-d
        return accumulate_value(walk, node.left, g.value)
    g.array.owners += 1
    return accumulate_array(walk, node.left, g.array)


cdef int fast_sum(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return spread(walk, node, g, 1.0)


cdef int fast_mean(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return spread(walk, node, g, <double>node_shape(node.left).size)


cdef int spread(Pass* walk, Node* node, Cotangent* g, double count) except -1:
    """The cotangent of a full sum, or of a full mean, to every element."""
    cdef Node* target = node.left
    cdef Array* array
    cdef double value = g.value
    cdef int k
    if not node.flags & OUT_SCALAR:
        return spread_along(walk, node, g, count != 1)
    if node.flags & FLOAT32:
        value = <float>value / <float>count
    else:
        value = value / count
    if target.flags & OUT_SCALAR:
        return accumulate_value(walk, target, value)
    k = kernel_type(node_type(target))
    if k < 0:
        return 1
    array = new_array(node_type(target), node_shape(target))
    fill(k, array.shape.size, array.data, value)
    return accumulate_array(walk, target, array)


cdef int spread_along(Pass* walk, Node* node, Cotangent* g, bint mean) except -1:
    """The cotangent of a sum, or of a mean, over some dimensions to every element."""
    cdef Node* target = node.left
    cdef Shape* shape = node_shape(target)
    cdef Array* out
    cdef Array* given = g.array
    cdef int k
    cdef intp[MAX_DIMS] along, room
    cdef intp[2 * MAX_DIMS] own
    cdef char* data[3]
    cdef const intp* strides[3]
    cdef double wide
    cdef float narrow
    cdef tuple params
    if node.x.payload.params == NULL or target.flags & OUT_SCALAR:
        return 1
    k = kernel_type(node_type(target))
    if k < 0 or given.type != node_type(target):
        return 1
    params = <tuple><object>node.x.payload.params
    if params[2] is not None:
        return 1
    spread_strides(shape, strides_of(given, room), params[0], params[1], along)
    out = new_array(given.type, shape)
    data[0], data[1] = given.data, out.data
    strides[0], strides[1] = along, strides_of(out, own)
    given.owners += 1
    if mean:
        wide = <double>count_along(shape, params[0])
        narrow = <float>wide
        memset(&own[MAX_DIMS], 0, MAX_DIMS * sizeof(intp))
        data[1], data[2] = <char*>&wide if k == KERNEL_FLOAT64 else <char*>&narrow, out.data
        strides[1], strides[2] = &own[MAX_DIMS], strides[1]
        run_values(&kernels[k][OP_DIV], 3, shape, data, strides)
    else:
        run_values(&kernels[k][OP_POSITIVE], 2, shape, data, strides)
    release_array(given)
    return accumulate_array(walk, target, out)


cdef int spread_exponentials(Pass* walk, Node* node, Cotangent* g, bint last) except -1:
    """The cotangent of logsumexp from exp(x - out) as its forward pass kept it, into that if nobody else needs it."""
    cdef Saved* saved = &node.x.payload.y
    cdef Array* parts = saved.array
    cdef Array* given = NULL
    cdef Array* result
    cdef int k = kernel_type(parts.type)
    cdef double wide
    cdef float narrow
    cdef char* data[3]
    cdef intp[4 * MAX_DIMS] room
    cdef const intp* strides[3]
    cdef tuple params = <tuple><object>node.x.payload.params
    memset(&room[MAX_DIMS], 0, MAX_DIMS * sizeof(intp))
    strides[1] = &room[MAX_DIMS]
    if node.flags & OUT_SCALAR:
        wide = g.value / saved.value
        narrow = <float>wide
        data[1] = <char*>&wide if k == KERNEL_FLOAT64 else <char*>&narrow
    else:
        given = g.array
        data[1] = given.data
        spread_strides(parts.shape, strides_of(given, room), params[0], params[1], &room[MAX_DIMS])
    if last and not walk.retain and sole_owner(parts):
        result = parts
        saved.array, saved.state = NULL, NOTHING
    else:
        result = new_array(parts.type, parts.shape)
    parts.owners += 1           # another thread's pass may free what is saved
    if given != NULL:
        given.owners += 1
    data[0], data[2] = parts.data, result.data
    strides[0], strides[2] = strides_of(parts, &room[2 * MAX_DIMS]), strides_of(result, &room[3 * MAX_DIMS])
    run_values(&kernels[k][OP_MUL], 3, parts.shape, data, strides)
    release_array(parts)
    release_array(given)
    return accumulate_array(walk, node.left, result)


cdef bint all_finite(Array* array, int k) noexcept:
    """Whether no element of contiguous memory is infinite or NaN."""
    cdef intp i
    if array.strides != NULL:
        return False
    for i in range(array.shape.size):
        if k == KERNEL_FLOAT64:
            if (<double*>array.data)[i] - (<double*>array.data)[i] != 0:
                return False
        elif (<float*>array.data)[i] - (<float*>array.data)[i] != 0:
            return False
    return True


cdef int fast_logsumexp(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """g * exp(x - out) in one loop: that of the row exp_shifted."""
    cdef Node* target = node.left
    cdef Payload* payload = node.x.payload
    cdef Array* x
    cdef Array* out
    cdef Array* result
    cdef Array* given = NULL
    cdef Shape* shape
    cdef int k = kernel_type(payload.type)
    out = NULL
    cdef double[2] wide
    cdef float[2] narrow
    cdef char* data[5]
    cdef intp[4 * MAX_DIMS] room
    cdef intp[MAX_DIMS] none
    cdef const intp* strides[5]
    cdef tuple params = <tuple><object>payload.params
    if payload.x.state != SAVED or payload.out.state not in (SAVED, NUMBER) or k < 0 or node_type(target) != payload.type:
        return 1
    saved_array(node, &payload.x, &x)
    if payload.y.state == SAVED:
        return spread_exponentials(walk, node, g, last)
    shape = x.shape
    memset(none, 0, sizeof(none))
    data[4], strides[4] = NULL, none
    data[2], strides[2] = x.data, strides_of(x, &room[0])
    if payload.out.state == NUMBER:
        wide[0], narrow[0] = payload.out.value, <float>payload.out.value
        data[3], strides[3] = <char*>&wide[0] if k == KERNEL_FLOAT64 else <char*>&narrow[0], none
        if payload.out.value - payload.out.value != 0:
            return 1            # infinite: elements may share
    else:
        saved_array(node, &payload.out, &out)
        if not all_finite(out, k):
            return 1
        data[3], strides[3] = out.data, &room[MAX_DIMS]
        spread_strides(shape, strides_of(out, none), params[0], params[1], &room[MAX_DIMS])
        memset(none, 0, sizeof(none))
    if node.flags & OUT_SCALAR:
        wide[1], narrow[1] = g.value, <float>g.value
        data[1], strides[1] = <char*>&wide[1] if k == KERNEL_FLOAT64 else <char*>&narrow[1], none
    else:
        given = g.array
        data[1], strides[1] = given.data, &room[2 * MAX_DIMS]
        spread_strides(shape, strides_of(given, none), params[0], params[1], &room[2 * MAX_DIMS])
        memset(none, 0, sizeof(none))
    result = new_array(payload.type, shape)
    data[0], strides[0] = result.data, strides_of(result, &room[3 * MAX_DIMS])
    x.owners += 1               # another thread's pass may free what is saved
    if out != NULL:
        out.owners += 1
    if given != NULL:
        given.owners += 1
    if shape.size < 32768:
        run_partial(kernels[k][OP_EXP_SHIFTED].dx, shape.ndim, shape.dim, data, strides, False)
    else:
        with nogil:
            run_partial(kernels[k][OP_EXP_SHIFTED].dx, shape.ndim, shape.dim, data, strides, False)
    release_array(x)
    release_array(out)
    release_array(given)
    return accumulate_array(walk, target, result)


cdef int fast_norm(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """x * (g / out), 0 at 0: the general rule's text for the 2-norm of all elements, while its parts stay in range."""
    cdef Node* target = node.left
    cdef Array* x
    cdef Array* out
    cdef int k = kernel_type(node.x.payload.type)
    cdef char* data[3]
    cdef intp[2 * MAX_DIMS] room
    cdef intp[MAX_DIMS] none
    cdef const intp* strides[3]
    cdef double factor
    cdef float single
    cdef double value, size = node.x.payload.out.value
    if node.x.payload.params not in (NULL, <PyObject*>EUCLIDEAN) or node.x.payload.x.state == PACKED:
        return 1
    if node.x.payload.x.state == NUMBER:        # the absolute value
        value = node.x.payload.x.value
        return accumulate_value(walk, target, g.value if value > 0 else -g.value if value < 0 else g.value * value)
    if node.x.payload.x.state != SAVED:
        raise_freed()
    saved_array(node, &node.x.payload.x, &x)
    factor = kernels[k][OP_DIV].value1(g.value, size if size != 0 else 1)
    value = least_square(k)
    if x.shape.size == 1 or (size != 0 and not value <= size * size <= largest(k)) or (
            g.value != 0 and not value <= factor * factor <= largest(k)):
        return 1
    single = <float>factor
    out = new_array(x.type, x.shape)
    memset(none, 0, sizeof(none))
    data[0], data[2] = x.data, out.data
    data[1] = <char*>&factor if k == KERNEL_FLOAT64 else <char*>&single
    strides[0], strides[1], strides[2] = strides_of(x, room), none, strides_of(out, &room[MAX_DIMS])
    x.owners += 1               # another thread's pass may free what is saved
    run_values(&kernels[k][OP_MUL], 3, x.shape, data, strides)
    release_array(x)
    return accumulate_array(walk, target, out)


cdef int fast_stack(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """Of operands without dimensions: each gets its element of g."""
    cdef Node* target = node.x.payload.edge[operand - 2]
    cdef intp[MAX_DIMS] room
    cdef intp step
    if node.x.payload.shape.ndim != 1 or kernel_type(node.x.payload.type) < 0 or not target.flags & OUT_SCALAR:
        return 1
    if operand >= 2 + AHEAD:
        prefetch(node.x.payload.edge[operand - 2 - AHEAD])      # from the last to the first
    step = strides_of(g.array, room)[0]
    return accumulate_value(walk, target, read_double(g.array.type, g.array.data + (operand - 2) * step))


cdef int fast_cat(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The run of g along the dimension that an operand gave, as a view of it."""
    cdef Payload* payload = node.x.payload
    cdef Node* target = payload.edge[operand - 2]
    cdef Shape* shape = node_shape(target)
    cdef intp[MAX_DIMS] room
    cdef const intp* steps
    cdef intp start = 0
    cdef int dim, i
    cdef tuple shapes
    if node.flags & OUT_SCALAR or target.flags & OUT_SCALAR or kernel_type(payload.type) < 0 or payload.params == NULL or (
            payload.beside.shapes == NULL or shape.ndim != payload.shape.ndim):
        return 1
    dim = (<tuple><object>payload.params)[0]
    shapes = <tuple><object>payload.beside.shapes
    for i in range(operand - 2):
        if len(<tuple>shapes[i]) != shape.ndim:
            return 1
        start += <intp>(<tuple>shapes[i])[dim]
    steps = strides_of(g.array, room)
    return accumulate_array(walk, target, new_geometry(g.array, g.array.data + start * steps[dim], shape, steps))


cdef int fast_where(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """g where the operand was chosen, 0 elsewhere, for operands of the result's shape."""
    cdef Node* target = node.left if operand == 0 else node.right
    cdef Array* given = g.array
    cdef Array* out
    cdef cnp.ndarray condition
    cdef int i, size
    cdef double nothing = 0
    if node.flags & OUT_SCALAR or target.flags & OUT_SCALAR or kernel_type(node_type(target)) < 0 or (
            given.strides != NULL or given.type != node_type(target) or not same_shape(given.shape, node_shape(target))):
        return 1
    condition = (<tuple><object>node.x.payload.params)[0]
    if cnp.PyArray_TYPE(condition) != cnp.NPY_BOOL or not cnp.PyArray_IS_C_CONTIGUOUS(condition) or (
            cnp.PyArray_NDIM(condition) != given.shape.ndim):
        return 1
    for i in range(given.shape.ndim):
        if cnp.PyArray_DIM(condition, i) != given.shape.dim[i]:
            return 1
    size = itemsize(given.type)
    out = new_array(given.type, given.shape)
    autodiff_select(given.shape.size, size, <char*>cnp.PyArray_DATA(condition), 1,
                    given.data if operand == 0 else <char*>&nothing, size if operand == 0 else 0,
                    <char*>&nothing if operand == 0 else given.data, 0 if operand == 0 else size, out.data)
    return accumulate_array(walk, target, out)


cdef int fast_extreme(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """A cotangent shared evenly among the elements that attain the extreme value: added there, and nowhere else."""
    cdef Node* target = node.left
    cdef Payload* payload = node.x.payload
    cdef Array* x
    cdef Array* out = NULL
    cdef Array* place
    cdef intp outer = 1, n, inner = 1
    cdef double[2] wide
    cdef float[2] narrow
    cdef char* values
    cdef char* cotangents
    cdef int done
    if target.flags & OUT_SCALAR or kernel_type(payload.type) < 0 or node_type(target) != payload.type or (
            payload.x.state != SAVED or payload.out.state not in (SAVED, NUMBER)):
        return 1
    saved_array(node, &payload.x, &x)
    if x.strides != NULL:
        return 1
    if node.flags & OUT_SCALAR:
        if payload.out.state == SAVED:
            saved_array(node, &payload.out, &out)
        n = x.shape.size
        wide[0], wide[1] = payload.out.value if out == NULL else read_double(out.type, out.data), g.value
        narrow[0], narrow[1] = <float>wide[0], <float>wide[1]
        values = <char*>&wide[0] if payload.type == T_DOUBLE else <char*>&narrow[0]
        cotangents = <char*>&wide[1] if payload.type == T_DOUBLE else <char*>&narrow[1]
    else:
        if payload.out.state != SAVED or payload.params == NULL or g.array.type != payload.type:
            return 1
        saved_array(node, &payload.out, &out)
        if out.strides != NULL or g.array.strides != NULL or not blocks(
                x.shape, (<tuple><object>payload.params)[0], &outer, &n, &inner):
            return 1
        values, cotangents = out.data, g.array.data
    place = open_place(walk, target)
    if payload.type == T_DOUBLE:
        done = autodiff_share_double(outer, n, inner, <double*>x.data, <double*>values, <double*>cotangents,
                                     <double*>place.data)
    else:
        done = autodiff_share_float(outer, n, inner, <float*>x.data, <float*>values, <float*>cotangents, <float*>place.data)
    return 0 if done else 1


cdef int fast_cast(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    if node.flags & OUT_SCALAR:
        if not node.left.flags & OUT_SCALAR:
            return 1            # half or complex
        return accumulate_value(walk, node.left, g.value)
    g.array.owners += 1
    return accumulate_array(walk, node.left, g.array)      # casts


cdef int fast_view(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """Add g where the view looks: O(size of the view) however large the base is, but for the first zeros."""
    cdef Node* target = node.left
    cdef Transform t = geometry_of(node.x.payload)
    cdef Array* place
    cdef Array* region
    cdef char* element
    cdef Shape* shape = node_shape(target)
    cdef intp[MAX_DIMS] room, steps
    cdef const intp* own
    cdef int i
    if target.flags & OUT_SCALAR:
        if node.flags & OUT_SCALAR:
            return accumulate_value(walk, target, g.value)
        return accumulate_value(walk, target, total(g.array))
    if kernel_type(node_type(target)) < 0:
        return 1
    if not node.flags & OUT_SCALAR:
        if t.kind == RESHAPE and g.array.strides == NULL:
            return accumulate_array(walk, target, new_geometry(g.array, g.array.data, shape, NULL))
        if t.kind == PERMUTE:
            own = strides_of(g.array, room)
            for i in range(t.count):
                steps[t.data[i]] = own[i]
            return accumulate_array(walk, target, new_geometry(g.array, g.array.data, shape, steps))
        if t.kind == EXPAND:
            return accumulate_array(walk, target, reduce_array(g.array, node_type(target), shape))
    place = open_place(walk, target)
    if node.flags & OUT_SCALAR and t.kind == INDEX:
        # x[i], x[i, j]: without a geometry, which took a tenth of the time
        own = strides_of(place, room)
        element = place.data
        for i in range(t.count):
            if t.data[4 * i] != SELECT:
                break
            element += t.data[4 * i + 1] * own[i]
        else:
            write_double(place.type, element, read_double(place.type, element) + g.value)
            return 0
    region = transformed(t, place)
    if region == NULL:
        return 1
    try:
        if node.flags & OUT_SCALAR:
            write_double(region.type, region.data, read_double(region.type, region.data) + g.value)
        else:
            add_array(region, g.array)
    finally:
        release_array(region)
    return 0


cdef int fast_embed(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The derivative of a view's derivative: what the geometry shows."""
    cdef Array* region
    if node.flags & OUT_SCALAR:
        return 1
    region = transformed(geometry_of(node.x.payload), g.array)
    return 1 if region == NULL else accumulate_array(walk, node.left, region)


cdef int fast_copy_region(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """What was written gets its part of g; the rest of g, its buffer handed on, goes to what was there before."""
    cdef Transform t
    cdef Node* target = node.left if operand == 0 else node.right
    cdef Array* region
    cdef Array* rest
    cdef Array* part
    cdef double value
    if node.flags & OUT_SCALAR or kernel_type(node.x.payload.type) < 0:
        return 1
    t = geometry_of(node.x.payload)
    region = transformed(t, g.array)
    if region == NULL:
        return 1
    if kernel_type(region.type) < 0:        # complex numbers over real ones
        release_array(region)
        return 1
    if operand == 1:
        try:
            if region.shape.ndim == 0:
                value = read_double(region.type, region.data)
                if target.flags & OUT_SCALAR:
                    return accumulate_value(walk, target, value)
            part = new_array(region.type, region.shape)
            memset(part.data, 0, part.shape.size * itemsize(part.type))
            try:
                add_array(part, region)
            except BaseException:
                release_array(part)
                raise
        finally:
            release_array(region)
        return accumulate_array(walk, target, part)
    release_array(region)
    if last and sole_owner(g.array) and g.array.strides == NULL:
        rest = g.array          # contiguous, and so is what it was looked at above
        g.bits = UNDEFINED
    else:
        rest = contiguous_copy(g.array)
    try:
        region = transformed(t, rest)
        if region == NULL:
            release_array(rest)
            return 1
        clear(region)
        release_array(region)
    except BaseException:
        release_array(rest)
        raise
    return accumulate_array(walk, target, rest)


cdef int clear(Array* region) except -1:
    if region.shape.ndim == 0:
        memset(region.data, 0, itemsize(region.type))
    elif region.strides == NULL:
        memset(region.data, 0, region.shape.size * itemsize(region.type))
    else:
        ndarray_of(region, False)[...] = 0
    return 0


cdef int fast_matmul_of_batches(Pass* walk, Node* node, int operand, Cotangent* g) except -1:
    """What fast_matmul() does, for batches of as many matrices."""
    cdef Node* target = node.left if operand == 0 else node.right
    cdef Array* other
    cdef Array* turned
    cdef Array* out
    cdef intp[MAX_DIMS] room, steps, sizes
    cdef Shape* shape
    cdef int i, n
    saved_array(node, &node.x.payload.y if operand == 0 else &node.x.payload.x, &other)
    n = other.shape.ndim
    if n < 3 or g.array.shape.ndim != n or node_shape(target).ndim != n or node_type(target) != g.array.type:
        return 1
    memcpy(steps, strides_of(other, room), n * sizeof(intp))
    for i in range(n):
        sizes[i] = other.shape.dim[i]
    sizes[n - 2], sizes[n - 1] = sizes[n - 1], sizes[n - 2]
    steps[n - 2], steps[n - 1] = steps[n - 1], steps[n - 2]
    shape = new_shape(n, sizes)
    try:
        turned = new_geometry(other, other.data, shape, steps)
    finally:
        release_shape(shape)
    try:
        out = multiply_batches(g.array, turned) if operand == 0 else multiply_batches(turned, g.array)
    finally:
        release_array(turned)
    if out == NULL:
        return 1
    if not same_shape(out.shape, node_shape(target)):
        release_array(out)
        return 1
    return accumulate_array(walk, target, out)


cdef int fast_matmul(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """g y^T and x^T g by the same loop, transposed operands read through their strides."""
    cdef Payload* payload = node.x.payload
    cdef Node* target = node.left if operand == 0 else node.right
    cdef Array* other
    cdef Shape* left
    cdef Shape* right
    cdef Array* out
    cdef intp[MAX_DIMS] room_g, room_o
    cdef const intp* gs
    cdef const intp* ys
    cdef intp m, k, n, size, gs0, gs1
    cdef char* g_data
    cdef double number
    cdef float single
    cdef int dtype = kernel_type(payload.type)
    cdef Saved* saved = &payload.y if operand == 0 else &payload.x
    cdef Shape* shape = node_shape(target)
    cdef int rank_x, rank_y
    if dtype < 0 or saved.state != SAVED or target.flags & OUT_SCALAR:
        return 1
    if shape.ndim > 2 or saved.array.shape.ndim > 2:
        return fast_matmul_of_batches(walk, node, operand, g)
    saved_array(node, saved, &other)
    size = itemsize(payload.type)
    left = shape if operand == 0 else other.shape
    right = other.shape if operand == 0 else shape
    rank_x, rank_y = left.ndim, right.ndim
    k = left.dim[rank_x - 1]
    m = left.dim[0] if rank_x == 2 else 1
    n = right.dim[1] if rank_y == 2 else 1
    if node_type(target) != payload.type:
        return 1
    if node.flags & OUT_SCALAR:
        number = g.value
        single = <float>number
        g_data = <char*>&number if dtype == KERNEL_FLOAT64 else <char*>&single
        gs0 = gs1 = size
    else:
        gs = strides_of(g.array, room_g)
        g_data = g.array.data
        gs0 = gs[0] if rank_x == 2 else n * size
        gs1 = gs[g.array.shape.ndim - 1] if rank_y == 2 else size
    ys = strides_of(other, room_o)
    out = new_array(payload.type, node_shape(target))
    if operand == 0:            # (m, n) @ (n, k)
        matmul_kernel(dtype, m, n, k, g_data, gs0, gs1, other.data,
                      ys[1] if rank_y == 2 else size, ys[0], out.data, k * size, size)
    else:                       # (k, m) @ (m, n)
        matmul_kernel(dtype, k, m, n, other.data, ys[other.shape.ndim - 1],
                      ys[0] if rank_x == 2 else k * size, g_data, gs0, gs1, out.data, n * size, size)
    return accumulate_array(walk, target, out)


# ---- linear algebra of small matrices

cdef Array* small_saved(Node* node, Saved* saved, Node* target, int* n) except? NULL:
    """Small matrices that were saved, of the dtype of a target and so of the cotangent; NULL, without an error, for others."""
    cdef Array* x
    if saved.state != SAVED or target.flags & OUT_SCALAR or node_type(target) != node.x.payload.type:
        return NULL
    saved_array(node, saved, &x)
    n[0] = small_order(x) if x.type == node.x.payload.type else 0
    return x if n[0] else NULL


cdef int fast_inverse(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    cdef int n
    cdef Array* y = small_saved(node, &node.x.payload.out, node.left, &n)
    cdef Array* out
    if y == NULL or node.flags & OUT_SCALAR or g.array.strides != NULL or g.array.type != y.type:
        return 1
    out = zeros(y.type, y.shape)
    if y.type == T_FLOAT:
        autodiff_inverse_dx_float(y.shape.size // (n * n), n, <float*>y.data, <float*>g.array.data, <float*>out.data)
    else:
        autodiff_inverse_dx_double(y.shape.size // (n * n), n, <double*>y.data, <double*>g.array.data, <double*>out.data)
    return accumulate_array(walk, node.left, out)


cdef int fast_determinant(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return share_determinants(walk, node, g, False)


cdef int fast_logarithm(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return share_determinants(walk, node, g, True)


cdef int share_determinants(Pass* walk, Node* node, Cotangent* g, bint logarithm) except -1:
    cdef int n, wrong
    cdef Array* x = small_saved(node, &node.x.payload.x, node.left, &n)
    cdef Array* out
    cdef double number
    cdef float single
    cdef char* given
    if x == NULL:
        return 1
    if node.flags & OUT_SCALAR:
        number = g.value
        single = <float>number
        given = <char*>&single if x.type == T_FLOAT else <char*>&number
    elif g.array.strides != NULL or g.array.type != x.type:
        return 1
    else:
        given = g.array.data
    out = zeros(x.type, x.shape)
    if x.type == T_FLOAT:
        wrong = autodiff_determinant_dx_float(x.shape.size // (n * n), n, logarithm, <float*>x.data, <float*>given,
                                              <float*>out.data)
    else:
        wrong = autodiff_determinant_dx_double(x.shape.size // (n * n), n, logarithm, <double*>x.data, <double*>given,
                                               <double*>out.data)
    if wrong:
        release_array(out)
        return 1
    return accumulate_array(walk, node.left, out)


cdef int cholesky_of_large(Pass* walk, Node* node, Cotangent* g) except -1:
    """fast_cholesky of more rows than loops of our own are for."""
    cdef Payload* payload = node.x.payload
    cdef Array* y
    cdef Array* out
    cdef AutodiffBlas* blas
    cdef intp count
    cdef int n
    cdef bint triangle
    if payload.out.state != SAVED or node_type(node.left) != payload.type or (node.left.flags | node.flags) & OUT_SCALAR:
        return 1
    saved_array(node, &payload.out, &y)
    if y.type != payload.type or kernel_type(y.type) < 0 or y.strides != NULL or y.shape.ndim < 2 or y.shape.size == 0 or (
            g.array.strides != NULL or g.array.type != y.type):
        return 1
    n = <int>min(y.shape.dim[y.shape.ndim - 1], 1 << 30)
    if n <= AUTODIFF_SMALL_MATRIX or n != y.shape.dim[y.shape.ndim - 2]:
        return 1
    blas = blas_routines()
    if blas == NULL:
        return 1
    triangle = (<tuple><object>payload.params)[0]
    count = y.shape.size // (<intp>n * n)
    out = new_array(y.type, y.shape)
    if y.type == T_FLOAT:
        with nogil:
            autodiff_cholesky_large_float(blas, count, n, triangle, <float*>y.data, <float*>g.array.data, <float*>out.data)
    else:
        with nogil:
            autodiff_cholesky_large_double(blas, count, n, triangle, <double*>y.data, <double*>g.array.data,
                                           <double*>out.data)
    return accumulate_array(walk, node.left, out)


cdef int fast_cholesky(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """params: whether the op is a function of the lower triangle alone, and more."""
    cdef int n
    cdef Array* y = small_saved(node, &node.x.payload.out, node.left, &n)
    cdef Array* out
    cdef bint triangle
    if y == NULL:
        return cholesky_of_large(walk, node, g)
    if node.flags & OUT_SCALAR or g.array.strides != NULL or g.array.type != y.type:
        return 1
    triangle = (<tuple><object>node.x.payload.params)[0]
    out = zeros(y.type, y.shape)
    if y.type == T_FLOAT:
        autodiff_cholesky_dx_float(y.shape.size // (n * n), n, triangle, <float*>y.data, <float*>g.array.data,
                                   <float*>out.data)
    else:
        autodiff_cholesky_dx_double(y.shape.size // (n * n), n, triangle, <double*>y.data, <double*>g.array.data,
                                    <double*>out.data)
    return accumulate_array(walk, node.left, out)


cdef int fast_solve(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """params: whether the transposed matrices were meant, and more."""
    cdef int n, wrong
    cdef Node* target = node.left if operand == 0 else node.right
    cdef Array* x = small_saved(node, &node.x.payload.x, target, &n)
    cdef Array* y = NULL
    cdef Array* room
    cdef Array* out
    cdef intp k
    cdef bint turned
    if x == NULL or node.flags & OUT_SCALAR or not like_matrices(x, g.array) or node.x.payload.out.state != SAVED:
        return 1
    if operand == 0:
        saved_array(node, &node.x.payload.out, &y)
        if not like_matrices(x, y):
            return 1
    turned = (<tuple><object>node.x.payload.params)[0]
    k = g.array.shape.dim[g.array.shape.ndim - 1]
    room = new_array(x.type, g.array.shape)
    out = zeros(x.type, x.shape) if operand == 0 else NULL
    if x.type == T_FLOAT:
        wrong = autodiff_solve_dx_float(x.shape.size // (n * n), n, k, turned, <float*>x.data,
                                        <float*>y.data if y != NULL else NULL, <float*>g.array.data, <float*>room.data,
                                        <float*>out.data if out != NULL else NULL)
    else:
        wrong = autodiff_solve_dx_double(x.shape.size // (n * n), n, k, turned, <double*>x.data,
                                         <double*>y.data if y != NULL else NULL, <double*>g.array.data, <double*>room.data,
                                         <double*>out.data if out != NULL else NULL)
    if operand == 0:
        release_array(room)
        room = out
    if wrong:
        release_array(room)
        return 1
    return accumulate_array(walk, target, room)


cdef int fast_pseudoinverse(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """Of square matrices of full rank, whose inverses these are."""
    cdef int n, m, right
    cdef Array* y = small_saved(node, &node.x.payload.out, node.left, &n)
    cdef Array* x = small_saved(node, &node.x.payload.x, node.left, &m)
    if y == NULL or x == NULL or (<tuple><object>node.x.payload.params)[1]:
        return 1
    if x.type == T_FLOAT:
        right = autodiff_inverts_float(x.shape.size // (n * n), n, 0, 0, <float*>x.data, <float*>y.data)
    else:
        right = autodiff_inverts_double(x.shape.size // (n * n), n, 0, 0, <double*>x.data, <double*>y.data)
    return fast_inverse(walk, node, operand, g, last) if right else 1


cdef int fast_exponential(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    cdef int n, wrong
    cdef Array* x = small_saved(node, &node.x.payload.x, node.left, &n)
    cdef Array* out
    if x == NULL or 2 * n > AUTODIFF_SMALL_MATRIX or node.flags & OUT_SCALAR or g.array.strides != NULL or (
            g.array.type != x.type):
        return 1
    out = zeros(x.type, x.shape)
    if x.type == T_FLOAT:
        wrong = autodiff_matrix_exp_dx_float(x.shape.size // (n * n), n, <float*>x.data, <float*>g.array.data,
                                             <float*>out.data)
    else:
        wrong = autodiff_matrix_exp_dx_double(x.shape.size // (n * n), n, <double*>x.data, <double*>g.array.data,
                                              <double*>out.data)
    if wrong:
        release_array(out)
        return 1
    return accumulate_array(walk, node.left, out)


cdef int fast_triangular(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """params: which triangle, whether it is transposed, whether its diagonal is 1."""
    cdef Payload* payload = node.x.payload
    cdef Node* target = node.left if operand == 0 else node.right
    cdef Array* x
    cdef Array* y = NULL
    cdef Array* room
    cdef Array* out
    cdef AutodiffBlas* blas
    cdef intp count
    cdef int n, k
    cdef bint upper, transposed, unit
    if payload.x.state != SAVED or node_type(target) != payload.type or (target.flags | node.flags) & OUT_SCALAR:
        return 1
    saved_array(node, &payload.x, &x)
    n = triangles(x, g.array)
    if n == 0 or not same_shape(node_shape(target), x.shape if operand == 0 else g.array.shape):
        return 1
    if operand == 0:
        if payload.out.state != SAVED:
            return 1
        saved_array(node, &payload.out, &y)
        if not like_matrices(x, y):
            return 1
    blas = blas_routines()
    if blas == NULL:
        return 1
    upper, transposed, unit = <tuple><object>payload.params
    k = <int>g.array.shape.dim[g.array.shape.ndim - 1]
    count = x.shape.size // (<intp>n * n)
    room = new_array(x.type, g.array.shape)
    out = new_array(x.type, x.shape) if operand == 0 else NULL
    if x.type == T_FLOAT:
        with nogil:
            autodiff_triangular_float(blas, count, n, k, upper, not transposed, unit, <float*>x.data, <float*>g.array.data,
                                      <float*>room.data)
            if out != NULL:
                autodiff_triangular_dx_float(blas, count, n, k, upper, transposed, unit, <float*>y.data, <float*>room.data,
                                             <float*>out.data)
    else:
        with nogil:
            autodiff_triangular_double(blas, count, n, k, upper, not transposed, unit, <double*>x.data,
                                       <double*>g.array.data, <double*>room.data)
            if out != NULL:
                autodiff_triangular_dx_double(blas, count, n, k, upper, transposed, unit, <double*>y.data,
                                              <double*>room.data, <double*>out.data)
    if operand == 0:
        release_array(room)
        room = out
    return accumulate_array(walk, target, room)


cdef enum:
    OF_EIGH, OF_SVD, OF_QR


cdef int fast_eigh(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return undo_decomposition(walk, node, g, OF_EIGH)


cdef int fast_svd(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return undo_decomposition(walk, node, g, OF_SVD)


cdef int fast_qr(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return undo_decomposition(walk, node, g, OF_QR)


cdef int undo_decomposition(Pass* walk, Node* node, Cotangent* g, int kind) except -1:
    """The cotangent of small matrices from that of their parts, which lie beside each other in the result."""
    cdef Payload* payload = node.x.payload
    cdef Node* target = node.left
    cdef Shape* shape = node_shape(target)
    cdef Array* y
    cdef Array* out
    cdef int m, n, wrong
    cdef intp count, each
    if target.flags & OUT_SCALAR or node.flags & OUT_SCALAR or payload.out.state != SAVED or shape.ndim < 2 or (
            node_type(target) != payload.type or kernel_type(payload.type) < 0 or shape.size == 0):
        return 1
    if max(shape.dim[shape.ndim - 1], shape.dim[shape.ndim - 2]) > AUTODIFF_SMALL_MATRIX:
        return qr_of_large(walk, node, g) if kind == OF_QR else 1
    m, n = <int>shape.dim[shape.ndim - 2], <int>shape.dim[shape.ndim - 1]
    count = shape.size // (m * n)
    saved_array(node, &payload.out, &y)
    # Vectors beyond those of the values, and a wide matrix's R, are left to the recorded rule.
    each = (n + 1) * n if kind == OF_EIGH else (m + n + 1) * min(m, n) if kind == OF_SVD else (m + n) * n
    if y.shape.size != count * each or y.strides != NULL or g.array.strides != NULL or g.array.type != y.type or (
            kind == OF_QR and m < n):
        return 1
    out = zeros(y.type, shape)
    if y.type == T_FLOAT:
        if kind == OF_EIGH:
            wrong = autodiff_eigh_dx_float(count, n, <float*>y.data, <float*>g.array.data, <float*>out.data)
        elif kind == OF_SVD:
            wrong = autodiff_svd_dx_float(count, m, n, <float*>y.data, <float*>g.array.data, <float*>out.data)
        else:
            wrong = autodiff_qr_dx_float(count, m, n, <float*>y.data, <float*>g.array.data, <float*>out.data)
    elif kind == OF_EIGH:
        wrong = autodiff_eigh_dx_double(count, n, <double*>y.data, <double*>g.array.data, <double*>out.data)
    elif kind == OF_SVD:
        wrong = autodiff_svd_dx_double(count, m, n, <double*>y.data, <double*>g.array.data, <double*>out.data)
    else:
        wrong = autodiff_qr_dx_double(count, m, n, <double*>y.data, <double*>g.array.data, <double*>out.data)
    if wrong:
        release_array(out)
        return 1
    return accumulate_array(walk, target, out)


cdef int qr_of_large(Pass* walk, Node* node, Cotangent* g) except -1:
    """fast_qr of more rows than loops of our own are for; its caller has looked at node and target."""
    cdef Node* target = node.left
    cdef Shape* shape = node_shape(target)
    cdef Array* y
    cdef Array* out
    cdef AutodiffBlas* blas
    cdef int m, n, wrong
    cdef intp count, room_size
    cdef void* room
    m, n = <int>min(shape.dim[shape.ndim - 2], 1 << 30), <int>min(shape.dim[shape.ndim - 1], 1 << 30)
    count = shape.size // (<intp>m * n)
    saved_array(node, &node.x.payload.out, &y)
    if m < n or count * m * n != shape.size or y.shape.size != count * (m + <intp>n) * n or y.strides != NULL or (
            g.array.strides != NULL or g.array.type != y.type):
        return 1
    blas = blas_routines()
    if blas == NULL:
        return 1
    room_size = <intp>n * n * itemsize(y.type)
    room = allocate(room_size)
    out = new_array(y.type, shape)
    with nogil:
        if y.type == T_FLOAT:
            wrong = autodiff_qr_large_float(blas, count, m, n, <float*>y.data, <float*>g.array.data, <float*>room,
                                            <float*>out.data)
        else:
            wrong = autodiff_qr_large_double(blas, count, m, n, <double*>y.data, <double*>g.array.data, <double*>room,
                                             <double*>out.data)
    free(room)
    if wrong:
        release_array(out)
        return 1
    return accumulate_array(walk, target, out)


# ---- softmax and its kin, and what the normalisations call: rows of contiguous memory

cdef Array* saved_rows(Node* node, Saved* saved, Cotangent* g, object dims, intp* rows, intp* n) except? NULL:
    """What was saved, contiguous rows of the dtype and shape of the cotangent; NULL, without an error, for others."""
    cdef Array* x
    if saved.state != SAVED or node.flags & OUT_SCALAR or node.left.flags & OUT_SCALAR or (
            node_type(node.left) != node.x.payload.type):
        return NULL
    saved_array(node, saved, &x)
    if g.array.strides != NULL or g.array.type != x.type or x.type != node.x.payload.type or not rows_in(x, dims, rows, n):
        return NULL
    return x


cdef int fast_softmax(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    cdef intp rows, n
    cdef Array* y = saved_rows(node, &node.x.payload.out, g, (<tuple><object>node.x.payload.params)[0], &rows, &n)
    cdef Array* out
    if y == NULL:
        return 1
    out = new_array(y.type, y.shape)
    if y.type == T_FLOAT:
        autodiff_parts_dx_float(rows, n, <float*>y.data, <float*>g.array.data, <float*>out.data)
    else:
        autodiff_parts_dx_double(rows, n, <double*>y.data, <double*>g.array.data, <double*>out.data)
    return accumulate_array(walk, node.left, out)


cdef int fast_log_softmax(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    cdef intp rows, n
    cdef Array* y = saved_rows(node, &node.x.payload.out, g, (<tuple><object>node.x.payload.params)[0], &rows, &n)
    cdef Array* out
    if y == NULL:
        return 1
    out = contiguous_copy(y)
    exponentials_of(out)
    if out.type == T_FLOAT:
        autodiff_logs_dx_float(rows, n, <float*>g.array.data, <float*>out.data)
    else:
        autodiff_logs_dx_double(rows, n, <double*>g.array.data, <double*>out.data)
    return accumulate_array(walk, node.left, out)


cdef int fast_class_losses(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    cdef intp rows, n
    cdef int ndim = node_shape(node.left).ndim
    cdef Array* x = saved_rows(node, &node.x.payload.x, g, ndim - 1, &rows, &n)
    cdef Array* at
    cdef Array* out
    if x == NULL or node.x.payload.y.state != SAVED:
        return 1
    saved_array(node, &node.x.payload.y, &at)
    if at.strides != NULL or at.type != T_LONG or at.shape.size != rows or g.array.shape.size != rows:
        return 1
    out = shifted(x, rows, n)
    if out == NULL:
        return 1
    exponentials_of(out)
    if out.type == T_FLOAT:
        autodiff_class_dx_float(rows, n, <int64_t*>at.data, <float*>g.array.data, 1, <float*>out.data)
    else:
        autodiff_class_dx_double(rows, n, <int64_t*>at.data, <double*>g.array.data, 1, <double*>out.data)
    return accumulate_array(walk, node.left, out)


cdef int fast_standardized(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """params: the dimensions, and what is added to the variance."""
    cdef intp rows, n
    cdef tuple params = <tuple><object>node.x.payload.params
    cdef double eps = params[1]
    cdef Array* x = saved_rows(node, &node.x.payload.x, g, params[0], &rows, &n)
    cdef Array* y
    cdef Array* out
    if x == NULL or node.x.payload.out.state != SAVED:
        return 1
    saved_array(node, &node.x.payload.out, &y)
    if y.strides != NULL or y.type != x.type or not same_shape(y.shape, x.shape):
        return 1
    out = new_array(x.type, x.shape)
    if x.type == T_FLOAT:
        autodiff_standard_dx_float(rows, n, eps, <float*>x.data, <float*>y.data, <float*>g.array.data, <float*>out.data)
    else:
        autodiff_standard_dx_double(rows, n, eps, <double*>x.data, <double*>y.data, <double*>g.array.data, <double*>out.data)
    return accumulate_array(walk, node.left, out)


ctypedef int (*Fast)(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1

#: Value-only VJPs by the names that rows call them.
cdef dict FAST = {
    "identity": <uintptr_t><void*>fast_identity,
    "sum": <uintptr_t><void*>fast_sum,
    "mean": <uintptr_t><void*>fast_mean,
    "logsumexp": <uintptr_t><void*>fast_logsumexp,
    "norm": <uintptr_t><void*>fast_norm,
    "stack": <uintptr_t><void*>fast_stack,
    "cat": <uintptr_t><void*>fast_cat,
    "where": <uintptr_t><void*>fast_where,
    "extreme": <uintptr_t><void*>fast_extreme,
    "cast": <uintptr_t><void*>fast_cast,
    "view": <uintptr_t><void*>fast_view,
    "embed": <uintptr_t><void*>fast_embed,
    "copy_region": <uintptr_t><void*>fast_copy_region,
    "matmul": <uintptr_t><void*>fast_matmul,
    "inverse": <uintptr_t><void*>fast_inverse,
    "determinant": <uintptr_t><void*>fast_determinant,
    "logarithm of the determinant": <uintptr_t><void*>fast_logarithm,
    "cholesky": <uintptr_t><void*>fast_cholesky,
    "solve": <uintptr_t><void*>fast_solve,
    "triangular": <uintptr_t><void*>fast_triangular,
    "exponential": <uintptr_t><void*>fast_exponential,
    "pseudoinverse": <uintptr_t><void*>fast_pseudoinverse,
    "eigh": <uintptr_t><void*>fast_eigh,
    "svd": <uintptr_t><void*>fast_svd,
    "qr": <uintptr_t><void*>fast_qr,
    "softmax": <uintptr_t><void*>fast_softmax,
    "log_softmax": <uintptr_t><void*>fast_log_softmax,
    "losses of classes": <uintptr_t><void*>fast_class_losses,
    "standardized": <uintptr_t><void*>fast_standardized,
}


cdef int set_fast(int op, str name) except -1:
    ops[op].fast = <Fast><void*><uintptr_t>FAST[name]
    set_quick(op, name)
    set_of_batch(op, name)
    return 0


# ---- what the recorded derivatives of rows, in _ops, are made of

def apply_view(g, geometry):
    """The view of g under a geometry, recorded."""
    cdef Array* array
    materialise(<Variable>g)
    array = transformed(<Transform>geometry, (<Variable>g).array)
    if array != NULL:
        return make_view(<Variable>g, <Transform>geometry, array)
    for part in links_of(<Transform>geometry):
        array = transformed_once(<Transform>part, (<Variable>g).array)
        if array == NULL:
            g = structural(OP_CLONE, 0, (g,), ())
            array = transformed_once(<Transform>part, (<Variable>g).array)
        g = make_view(<Variable>g, <Transform>part, array)
    return g


def embed(g, geometry, shape):
    """Zeros of a shape with g added where a geometry looks.  A view of each element once, or of copies, is undone by one, or
    by their sum: adding at positions, which goes for every view, takes 20 times as long."""
    cdef Transform t = <Transform?>geometry
    cdef Variable v = <Variable?>g
    cdef int i, extra
    if t.kind == PERMUTE:
        inverse = [0] * t.count
        for i in range(t.count):
            inverse[t.data[i]] = i
        return permute(v, tuple(inverse), "permute")
    if t.kind == EXPAND:
        own = tuple(v.shape)
        extra = len(own) - len(shape)
        dims = tuple([i for i in range(len(own)) if i < extra or (shape[i - extra] == 1 and own[i] != 1)])
        if dims:
            v = <Variable>reduce_sum(v, dims, True, None)
        return reshape(v, tuple(shape), True) if extra else v.clone() if v is g else v
    if t.kind == RESHAPE or (t.kind == INDEX and all_in_order(t, v, shape)):
        return reshape(v, tuple(shape), True)
    return structural(OP_EMBED, 0, (g,), (geometry, shape))


cdef bint all_in_order(Transform t, Variable v, tuple shape) except -1:
    """Whether an index shows each element of an operand once and in order: it adds or takes away sizes of 1."""
    cdef int i
    cdef intp count = 1
    for i in range(t.count):
        if t.data[4 * i] == SLICE and t.data[4 * i + 2] != 1 and t.data[4 * i + 3] > 1:
            return False
    for size in shape:
        count *= <intp>size
    return count == v.numel()


def quick_view(BatchLevel level not None, Call call not None):
    """The view of a batch, for levels of vmap."""
    cdef Variable physical = <Variable>(<Variable>call.operands[0]).extras.handle.physical
    cdef Array* array = physical.array
    cdef Transform t = <Transform>call.params[0]
    moved, _ = batched_transform(t, array.shape.dim[0], array.shape.ndim - 1)
    if t.kind == RESHAPE and t.output:
        return batched(view_by(physical, <Transform>moved), level)
    return batched(<Variable>apply_view(physical, moved), level)


def index_of(g, index):
    return structural(OP_INDEX, 0, (g,), (index,))


def index_add_zeros(g, index, shape):
    return structural(OP_INDEX_ADD_ZEROS, 0, (g,), (index, shape))


def cast_to(g, dtype):
    return cast(<Variable>g, np.dtype(dtype))


def zeros_like(x):
    """Zeros of the shape, dtype and flavour of x."""
    return flavoured(zero_like(<Variable>x), Py_TYPE(<PyObject*>x))


def ties(x, extreme):
    """1 where x attains the extreme (NaN attains NaN), else 0; a constant."""
    if modes() & ABOVE:
        taken = ask("ties", (x, extreme), ())
        if taken is not NotImplemented:
            return taken
    a, e = plain(<Variable>x), plain(<Variable>extreme)
    return from_array(TENSOR, array_of(((a == e) | (np.isnan(a) & np.isnan(e))).astype(a.dtype)))


def sign_of(x):
    """The sign; its derivative is 0 everywhere."""
    if modes() & ABOVE:
        taken = ask("sign", (x,), ())
        if taken is not NotImplemented:
            return taken
    return from_array(TENSOR, array_of(np.sign(plain(<Variable>x))))


OPS.reshape = lambda x, shape: reshape(<Variable>x, tuple(shape), True)
OPS.expand = lambda x, shape: expand(<Variable>x, tuple(shape))
OPS.permute = lambda x, dims: permute(<Variable>x, tuple(dims), "permute")
OPS.narrow = lambda x, dim, start, length: narrowed(<Variable>x, wrap_dim(dim, x.ndim), start, length)
OPS.select = lambda x, dim, index: select_view(<Variable>x, dim, index, "select")
OPS.sum = lambda x, dim, keepdim, dtype=None: reduce_sum(<Variable>x, dim, keepdim, dtype)
OPS.matmul = lambda x, y: matmul(x, y)
OPS.exp = lambda x: unary(OP_EXP, x)
OPS.abs = lambda x: unary(OP_ABS, x)
OPS.where = f_where
OPS.sign = sign_of
OPS.zeros_like = lambda x: zero_like(<Variable>x)
OPS.ties = ties
OPS.cast = lambda x, like: cast(<Variable>x, numpy_dtype(type_of(<Variable>like)))
OPS.view = apply_view
OPS.copy_region = lambda x, value, geometry: structural(OP_COPY_REGION, 0, (x, value), (geometry,))
OPS.index_set = lambda x, value, index: structural(OP_INDEX_SET, 0, (x, value), (index,))
OPS.index_add_zeros = index_add_zeros


# ---- forward mode: the tangent of a result, from the same rows

def make_dual(tensor, tangent, level=None):
    """A Variable of the same elements that carries a tangent of the innermost level; what is unrecorded shares memory."""
    cdef Variable v, dual, t
    cdef int depth
    if not modes() & FORWARD:
        raise RuntimeError("Trying to create a dual Tensor for forward AD but no level exists, make sure to "
                           "enter_dual_level() first.")
    for given, name in ((tensor, "primal"), (tangent, "tangent")):
        if not is_variable(given):
            raise TypeError(f"make_dual(): argument '{name}' must be Tensor, not {type(given).__name__}")
    v, t = <Variable>tensor, <Variable>tangent
    if category(type_of(v)) < 2:
        raise ValueError(f"Expected primal to be floating point or complex, but got: {dtype_of(numpy_dtype(type_of(v)))}")
    if category(type_of(t)) < 2:
        raise ValueError(f"Expected tangent to be floating point or complex, but got: {dtype_of(numpy_dtype(type_of(t)))}")
    if tuple(v.shape) != tuple(t.shape):
        raise RuntimeError("Trying to set a forward gradient that has a different size than that of the original "
                           f"Tensor, this is not supported. Tensor is of size {list(v.shape)} while the given forward "
                           f"gradient is of size {list(t.shape)}.")
    if tangent_in(t) is not None:
        raise RuntimeError("Setting a forward grad that itself has a forward gradient at the same level is not supported: give "
                           "its primal or its tangent, unpack_dual(tangent)[0] or [1]")
    if tangent_in(v) is not None:
        raise RuntimeError("Making a dual Tensor based on a Tensor that already has a forward gradient at the same level is "
                           "not supported: start from its primal, unpack_dual(tensor)[0]")
    if v.flags & BATCHED and t.flags & BATCHED:
        v = <Variable?>OPS.batch_beside(v, t)
    depth = enter_lower()
    try:
        if current_node(v) != NULL or depth > 1 or v.flags & BATCHED:
            dual = <Variable>unary(OP_POSITIVE, v)
            if dual is v:
                dual = <Variable>v.clone()
        else:
            dual = alias_of(v, True)
        if type_of(t) != type_of(v):
            t = <Variable>cast(t, numpy_dtype(type_of(v)))
    finally:
        leave_lower(depth)
    set_tangent(dual, t)
    return dual


def primal_of(tensor):
    """A Variable without its tangent of the innermost level; in the graph, and with tangents of the levels below, as it was."""
    cdef Variable v = <Variable>tensor
    cdef Variable result
    cdef int depth
    if not modes() & FORWARD:
        return v
    depth = enter_lower()
    try:
        if current_node(v) != NULL or depth > 1 or v.flags & BATCHED:
            result = <Variable>unary(OP_POSITIVE, v)
            return v.clone() if result is v else result
        return alias_of(v, True)
    finally:
        leave_lower(depth)


def fork(tensor):
    """Another Variable of the same value, to be differentiated in: in the graph where that is, with its tangents; or a leaf."""
    cdef Variable v = <Variable>tensor
    cdef Variable result
    cdef bint linked = current_node(v) != NULL and not modes() & GRAD_OFF      # under no_grad it is a constant
    cdef int kept = enter_modes(0 if linked else GRAD_OFF, GRAD_OFF | INFERENCE if linked else INFERENCE)
    try:
        if linked or modes() & FORWARD or v.flags & (BATCHED | INFERENCE_TENSOR):
            result = <Variable>unary(OP_POSITIVE, v)
            if result is v or v.flags & INFERENCE_TENSOR:
                result = <Variable>v.clone()
        elif v.array == NULL and not modes() & ABOVE:
            result = from_number(Py_TYPE(<PyObject*>v), v.value, type_of(v))
        else:
            result = alias_of(v, True)
        set_requires_grad(result, True)
    finally:
        leave_modes(kept)
    return result


def retire(tuple leaves):
    """Leaves of a transform that has done with them: what is recorded of them no longer depends on anything of the caller's."""
    cdef Node* node
    for leaf in leaves:
        node = (<Variable>leaf).node
        if node != NULL and node.flags & LEAF:
            node.y.variable = NULL


def carries_more(tensor):
    """Whether a Variable is more than its values: it has a tangent, or stands for a batch."""
    return (<Variable>tensor).flags & BATCHED != 0 or (modes() & FORWARD and tangent_in(tensor) is not None)


cdef Variable fit_to(Variable like, Variable tangent):
    """A tangent in the shape and dtype of its primal."""
    if tuple(tangent.shape) != tuple(like.shape):
        tangent = expand(tangent, tuple(like.shape))
    if type_of(tangent) != type_of(like):
        tangent = <Variable>cast(tangent, numpy_dtype(type_of(like)))
    return tangent


cdef int push_tangents(int op, PyObject* result, PyObject* x, PyObject* y, PyObject* params) except -1:
    """The tangent of a fresh result, if an operand has one: for make()."""
    if ops[op].kernel[0] != NULL:
        return push_elementwise(op, <Variable>result, <object>x, <object>y)
    operands = <object>x
    if type(operands) is not tuple:
        operands = (operands,) if <object>y is None else (operands, <object>y)
    return push_structural(op, <Variable>result, operands, <tuple>params)


later.push_tangents = push_tangents


cdef int push_elementwise(int op, Variable result, object x, object y) except -1:
    """Elementwise: the rule with the tangent of each operand in the place of g."""
    cdef Variable tx = tangent_in(x), ty = tangent_in(y), total_tangent = None
    cdef int kept
    if (tx is None and ty is None) or not DIFFERENTIABLE[op]:
        return 0
    # A rule is written for Variables and numbers; a copy, since a level above may keep it.
    if isinstance(x, (np.ndarray, np.generic)):
        x = constant(x, Py_TYPE(<PyObject*>result))
    if isinstance(y, (np.ndarray, np.generic)):
        y = constant(y, Py_TYPE(<PyObject*>result))
    kept = enter_lower()
    try:
        if COMPLEX_KIND[op] == OWN and ((is_variable(x) and category(type_of(<Variable>x)) == 3)
                                        or (is_variable(y) and category(type_of(<Variable>y)) == 3)):
            operands = (x,) if ARITY[op] == 1 else (x, y)
            for i in range(ARITY[op]):
                if (tx if i == 0 else ty) is not None:
                    part = fit_to(result, transposed(op, result, operands, (), i, tx if i == 0 else ty))
                    total_tangent = part if total_tangent is None else <Variable>(total_tangent + part)
            leave_lower(kept)
            return set_tangent(result, total_tangent)
        if tx is not None:
            total_tangent = fit_to(result, <Variable>VJPS[op][0](tx, x, y, result, None, None, None, None, None, 0))
        if ty is not None and VJPS[op][1] is not None:
            other = fit_to(result, <Variable>VJPS[op][1](ty, x, y, result, None, None, None, None, None, 0))
            total_tangent = other if total_tangent is None else <Variable>(total_tangent + other)
    finally:
        leave_lower(kept)
    return set_tangent(result, total_tangent)


cdef int push_structural(int op, Variable result, tuple operands, tuple params) except -1:
    """A linear op applies itself to the tangents; for the rest the reverse rule, linear in g, is transposed."""
    cdef list tangents = [tangent_in(o) for o in operands]
    cdef Variable tangent = None
    cdef int kept
    if all([t is None for t in tangents]):
        return 0
    kept = enter_lower()
    try:
        if op == OP_VIEW:
            tangent = <Variable>apply_view(tangents[0], params[0])
        elif LINEAR[op]:
            filled_in = tuple([t if t is not None else (zero_like(<Variable>o) if is_variable(o) else 0.0)
                               for t, o in zip(tangents, operands)])
            tangent = <Variable>structural(op, 0, filled_in, params)
        elif op == OP_MATMUL:
            for i in range(2):
                if tangents[i] is not None:
                    part = matmul(tangents[0], operands[1]) if i == 0 else matmul(operands[0], tangents[1])
                    tangent = part if tangent is None else tangent + part
        else:
            for i in range(len(operands)):
                if tangents[i] is not None:
                    part = transposed(op, result, operands, params, i, tangents[i])
                    tangent = part if tangent is None else tangent + part
        tangent = fit_to(result, tangent)
    finally:
        leave_lower(kept)
    return set_tangent(result, tangent)


cdef Variable transposed(int op, Variable result, tuple operands, tuple params, int i, Variable tangent):
    """J t by two reverse passes: u -> J^T u is linear, its transpose is J."""
    cdef Variable u = zero_like(result)
    cdef int kept = enter_modes(0, GRAD_OFF)
    try:
        set_requires_grad(u, True)
        x = operands[0]
        y = operands[1] if len(operands) > 1 else None
        function = VJPS[op][i]
        conjugate = False
        if (is_variable(x) and category(type_of(<Variable>x)) == 3) or (is_variable(y) and category(type_of(<Variable>y)) == 3):
            if COMPLEX_KIND[op] == OWN:
                function = COMPLEX_VJPS[op][i]
            elif COMPLEX_KIND[op] == HOLOMORPHIC:
                conjugate = True
        w = function(OPS.conj(u) if conjugate else u, x, y, result, params, tuple(x.shape) if is_variable(x) else None,
                     tuple(y.shape) if is_variable(y) else None, None,
                     tuple([tuple(o.shape) for o in operands]) if ARITY[op] < 0 else None, i)
        if conjugate:
            w = OPS.conj(w)
        if current_node(<Variable>w) == NULL:       # the derivative is 0 whatever u is
            return zero_like(result)
        return <Variable>run_backward((w,), (tangent,), True, True, (u,), False, False, "jvp")[0]
    finally:
        leave_modes(kept)


# ---- what the engine asks

cdef Transform place_of(Node* node):
    """Which element an element node reads or writes, as the parameter of its op."""
    cdef Shape* shape = node_shape(node.left) if node.flags & OUT_SCALAR else node.x.shape
    cdef Transform t = new_transform(INDEX, "select", shape.ndim)
    cdef intp position = node.y.place.position
    cdef int d
    for d in range(shape.ndim - 1, -1, -1):
        t.data[4 * d], t.data[4 * d + 1], t.data[4 * d + 2], t.data[4 * d + 3] = SELECT, position % shape.dim[d], 0, 0
        position //= shape.dim[d]
    return t


cdef PyObject* place(Node* node) except NULL:
    return owned(place_of(node))


cdef PyObject* wrap(Node* node, Cotangent g) except NULL:
    """A cotangent as a Variable; the pass keeps its own reference."""
    if node.flags & OUT_SCALAR:
        return owned(from_number(TENSOR, g.value, node_type(node)))
    return owned(from_owned(hold_array(g.array)))


cdef int unwrap(Node* node, object variable, Cotangent* g) except -1:
    """A Variable as a cotangent for a node, owned; cast to the node's dtype, its shape is the caller's business."""
    cdef Variable v
    cdef Array* array
    if not is_variable(variable):
        raise TypeError(f"expected Variable or None (got {type(variable).__name__})")
    v = <Variable>variable
    if v.flags & BATCHED:
        raise RuntimeError("vmap: a hook, or the backward() of a custom Function, gave a gradient for each sample where the "
                           "pass has one for all of them")
    if node.flags & OUT_SCALAR:
        if v.array == NULL:
            g.value = v.value
        elif kernel_type(v.array.type) >= 0:
            g.value = total(v.array)
        else:
            g.value = float(plain(v).real.sum())
        g.value = quiet(g.value)
        return 0
    array = array_in(v)
    if array.type != node_type(node):
        try:
            g.array = reduce_array(array, node_type(node), array.shape)
        finally:
            release_array(array)
    else:
        g.array = array
    return 0


cdef inline double quiet(double value) noexcept:
    """Signalling NaNs mark untouched cotangents; one that a user passes in becomes a quiet one."""
    return value if value == value else float_nan


cdef double float_nan = float("nan")


cdef object saved_value(Node* node, Saved* saved, Node* edge, bint number):
    """A saved value as a Variable on its own node, or as the Python number it was."""
    cdef Variable v
    cdef Array* array
    if saved.state == NUMBER:
        if number:
            return int(saved.value) if abs(saved.value) < 2.0**53 and saved.value == <long long>saved.value else saved.value
        v = from_number(TENSOR, saved.value, node_type(node))
    elif saved.state == SAVED:
        saved_array(node, saved, &array)
        v = from_owned(hold_array(array))
    elif saved.state == PACKED:
        pair = <object>saved.packed
        previous = enter_modes(GRAD_OFF, PACKING)
        try:
            unpacked = pair[1](pair[0])
        finally:
            leave_modes(previous)
        if not is_variable(unpacked):
            raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                            f"{type(unpacked).__name__}")
        v = <Variable>(<Variable>unpacked).detach()
    else:
        if node.flags & FREED:
            raise_freed()
        return None
    set_edge(v, edge, False)
    if modes() & FORWARD:
        as_dual(v, node, 2 if saved == &node.x.payload.out else 1 if saved == &node.x.payload.y else 0)
    return v


cdef int as_dual(Variable v, Node* node, int which) except -1:
    """A saved value of a node that was recorded of duals: see keep_tangents."""
    if node.flags & PAYLOAD and node.x.payload.extras != NULL:
        kept = (<NodeExtras>node.x.payload.extras).tangents
        if kept is not None:
            give_tangents(v, kept, which)
    return 0


cdef PyObject* vjp(Node* node, int operand, PyObject* g) except? NULL:
    """The row's rule on Variables; recorded or not, as the grad mode says."""
    cdef PyObject* result = vjp_of_row(node, operand, g)
    cdef Node* target
    cdef Node* made
    if result != NULL and SECOND[node.op] and not modes() & GRAD_OFF:
        made = (<Variable>result).node
        if made != NULL and made.owners == 1 and made.flags & PAYLOAD and not made.flags & (LEAF | PYTHON | PICK):
            made.x.payload.tag = SECOND[node.op]
    if result != NULL and PIECEWISE[node.op] & (2 if operand == 1 else 1) and not modes() & GRAD_OFF:
        target = node.left if operand == 0 else node.right if operand == 1 else node.x.payload.edge[operand - 2]
        try:
            return owned(elementwise(OP_ADD, <object>result, flat_of(<object>result, target)))
        finally:
            Py_DECREF(<object>result)
    return result


cdef Variable flat_of(object like, Node* target):
    """Zeros that depend on an operand: with them the derivative of a piecewise formula stays in the operand's graph."""
    cdef Array* out = zeros(node_type(target), node_shape(target))
    try:
        return make(OP_FLAT, 0, Py_TYPE(<PyObject*>like), out, new_payload(out.type, out.shape), target, NULL, None, None, ())
    finally:
        release_array(out)


cdef PyObject* vjp_of_row(Node* node, int operand, PyObject* g) except? NULL:
    cdef Node* target
    if node.flags & ARRAY and not is_element(node):
        target = node.left if operand == 0 else node.right if operand == 1 else node.x.payload.edge[operand - 2]
        if kernel_type(node.x.payload.type) < 0 or kernel_type(node_type(target)) < 0:
            return vjp_generic(node, operand, <object>g, target)
    return vjp_of(node, operand, <object>g, VJPS[node.op][1 if operand == 1 else 0],
                  ops[node.op].dx_saves if operand != 1 else ops[node.op].dy_saves, None)


cdef PyObject* vjp_generic(Node* node, int operand, object g, Node* target) except? NULL:
    """Complex: conj(rule(conj g)) of a holomorphic row: PyTorch's gradients are those in the conjugate.  Half: in float32."""
    cdef int op = node.op, saves = ops[op].dx_saves if operand != 1 else ops[op].dy_saves, position = operand == 1
    cdef PyObject* result
    function = VJPS[op][position]
    if category(node.x.payload.type) == 3 or category(node_type(target)) == 3:
        if COMPLEX_KIND[op] == HOLOMORPHIC:
            result = vjp_of(node, operand, OPS.conj(g), function, saves, None)
            if result == NULL:
                return NULL
            conjugate = OPS.conj(<object>result)
            Py_DECREF(<object>result)
            return owned(conjugate)
        if COMPLEX_KIND[op] == OWN:
            function, saves = COMPLEX_VJPS[op][position], COMPLEX_SAVES[op][position]
    elif node.x.payload.type == T_HALF:
        return vjp_of(node, operand, g, function, saves, np.dtype(np.float32))
    return vjp_of(node, operand, g, function, saves, None)


cdef PyObject* vjp_of(Node* node, int operand, object g, object function, int saves, object dtype) except? NULL:
    """A rule on the cotangent and what it needs saved, all of them brought to a dtype if one is given."""
    if function is None:
        raise RuntimeError(f"the derivative of {NAMES[node.op]} in operand {operand + 1} is not implemented: detach it")
    return vjp_by(node, operand, g, function, saves, dtype)


cdef PyObject* vjp_by(Node* node, int operand, object g, object function, int saves, object dtype) except? NULL:
    cdef object x = None, y = None, out = None, shape_x = None, shape_y = None, dtype_x = None, shapes = None, params = None
    cdef Payload* payload
    cdef object result
    if is_element(node):
        pass                        # reads and writes save nothing
    elif node.flags & ARRAY:
        payload = node.x.payload
        if saves & SAVES_X:
            x = saved_value(node, &payload.x, node.left, node.flags & LEFT_NUMBER)
        if saves & SAVES_Y:
            y = saved_value(node, &payload.y, node.right, node.flags & RIGHT_NUMBER)
        if saves & SAVES_OUT:
            out = saved_value(node, &payload.out, node, False)
        if payload.edges and payload.beside.shapes != NULL:
            shapes = <object>payload.beside.shapes
    else:
        if saves & SAVES_X:
            x = point_value(node, node_x(node), node.left, node.flags & LEFT_NUMBER, 0)
        if saves & SAVES_Y:
            y = point_value(node, node.y.value, node.right, node.flags & RIGHT_NUMBER, 1)
        if saves & SAVES_OUT:
            out = point_value(node, node.out.value, node, False, 2)
    if kernels[KERNEL_FLOAT64][node.op].arity == 0:     # the text of an elementwise row names no parameter, shape or dtype
        params = params_of(node)
        if node.left != NULL:
            shape_x = shape_tuple(node_shape(node.left))
            dtype_x = numpy_dtype(node_type(node.left))
        if node.right != NULL:
            shape_y = shape_tuple(node_shape(node.right))
    if dtype is not None:
        g, x, y, out = [cast(<Variable>v, dtype) if is_variable(v) else v for v in (g, x, y, out)]
    result = function(g, x, y, out, params, shape_x, shape_y, dtype_x, shapes, operand - 2)
    if result is None:
        return NULL
    return owned(result)


cdef tuple params_of(Node* node):
    """The parameters with which a structural op was applied.

    Where they are the row's defaults its node keeps none, so that the sum of an array stays a node without objects.  Of one
    Transform or dtype it keeps that alone, since a tuple around it would be 64 bytes for each view.
    """
    if is_element(node):
        return (place_of(node),)
    if node.x.payload.params == NULL:
        return <tuple>DEFAULTS[node.op]
    params = <object>node.x.payload.params
    return <tuple>params if type(params) is tuple else (params,)


cdef object point_value(Node* node, double value, Node* edge, bint number, int which):
    cdef Variable v
    if number:
        return value
    v = from_number(TENSOR, value, node_type(node))
    set_edge(v, edge, edge != node and node.flags & ops[node.op].copies)
    if modes() & FORWARD:
        as_dual(v, node, which)
    return v


cdef PyObject* add_variables(PyObject* a, PyObject* b) except NULL:
    return owned(elementwise(OP_ADD, <object>a, <object>b))


cdef PyObject* fit(Node* node, PyObject* g) except NULL:
    """A recorded cotangent in the shape and dtype of an operand: broadcasting undone, cast back."""
    cdef Variable v
    cdef Shape* shape = node_shape(node)
    if not is_variable(<object>g):
        raise TypeError(f"expected Variable or None (got {type(<object>g).__name__})")
    v = <Variable><object>g
    own = tuple(v.shape)
    wanted = shape_tuple(shape)
    if own != wanted:
        materialise(v)
        if not reduces_to(v.array.shape, shape):
            raise RuntimeError(f"got a gradient of shape {list(own)} but expected shape compatible with {list(wanted)}")
        extra = len(own) - len(wanted)
        if not own:
            v = expand(v, wanted)
        elif extra < 0:
            dims = tuple([i for i in range(len(own)) if own[i] != wanted[i - extra]])
            if dims:
                v = <Variable>reduce_sum(v, dims, True, None)
            v = <Variable>reshape(v, wanted, True)
        else:
            dims = tuple([i for i in range(len(own)) if i < extra or (wanted[i - extra] == 1 and own[i] != 1)])
            if dims:
                v = <Variable>reduce_sum(v, dims, True, None)
            if extra:
                v = <Variable>reshape(v, wanted, True)
    if type_of(v) != node_type(node):
        v = <Variable>cast(v, numpy_dtype(node_type(node)))
    return owned(v)


cdef bint accumulate_point(Node* leaf, double value) noexcept:
    """A gradient of a 0-d leaf that nobody has looked at yet: added in the node, no object made."""
    cdef PyObject* o = <PyObject*>leaf.y.variable
    cdef Extras extras
    if (<Variable>o).node != leaf or modes() & WRITING:
        return False
    extras = (<Variable>o).extras
    # A leaf whose gradient was looked at once keeps its extras: 100,000 of them, cleared, took 0.6 us each without this.
    if extras is not None and (extras.grad is not None or extras.attached != NULL or extras.request is not None):
        return False
    if (<Variable>o).flags & POINT_GRAD:
        value += leaf.out.value
        if leaf.flags & FLOAT32:
            value = <float>value
    leaf.out.value = value
    (<Variable>o).flags |= POINT_GRAD
    return True


cdef int accumulate(Node* leaf, Cotangent g, bint recorded) except -1:
    """Into `.grad` of a leaf: stolen where nobody else sees it, added in place, or out of place when recorded."""
    cdef Variable v, grad
    cdef Extras extras
    cdef Variable before
    cdef PyTypeObject* kind
    cdef bint write
    cdef Array* array
    if leaf.y.variable == NULL:
        release_cotangent(leaf, g, recorded)
        return 0
    if not recorded and leaf.flags & OUT_SCALAR and accumulate_point(leaf, g.value):
        return 0
    v = <Variable><object>leaf.y.variable
    kind = Py_TYPE(<PyObject*>v)
    extras = extras_of(v)
    if extras.dormant == leaf:      # requires_grad was switched off
        release_cotangent(leaf, g, recorded)
        return 0
    write = modes() & WRITING and extras.request != "add"
    if recorded:
        gradient = <object>g.variable
        Py_DECREF(gradient)
        if modes() & GRAD_OFF and not modes() & FORWARD and not (<Variable>gradient).flags & BATCHED:
            recorded = False        # a pass on Variables for the sake of a level above: accumulated as any other
            unwrap(leaf, gradient, &g)
        if (<Variable>gradient).flags & BATCHED:
            raise RuntimeError("vmap: a gradient for each sample cannot be accumulated into the .grad of a leaf that is not "
                               "batched. Use autodiff.func.grad, or autograd.grad, which return it")
    if recorded:
        while True:
            found = extras.grad
            if found is None or write:
                grad = <Variable>gradient.clone()
                if grad.node != NULL and grad.node.op == OP_CLONE:
                    grad.node.flags |= VARIANT      # under PyTorch's name of it, CopyBackwards
                summed = flavoured(grad, kind)
            else:
                summed = found + gradient
            if extras.grad is found:        # or another thread was faster
                extras.grad = summed
                return 0
    before = <Variable>extras.grad
    if before is not None and (before.node == NULL or not write) and type_of(before) == node_type(leaf) \
            and same_sizes(before, leaf) and writable(before):
        # In place also where the gradient has a graph, which stays: PyTorch adds under no_grad.
        if leaf.flags & OUT_SCALAR:
            number_will_change(before, False)
            add_to_number(before, g.value, write)
        else:
            try:
                if may_share(before.array, g.array):    # the cotangent that the user gave, or part of it
                    array = contiguous_copy(g.array)
                    release_array(g.array)
                    g.array = array
                if write:
                    if before.array.strides == NULL:
                        memset(before.array.data, 0, before.array.shape.size * itemsize(before.array.type))
                    else:
                        ndarray_of(before.array, False)[...] = 0
                add_array(before.array, g.array)
                bump(before.array.storage)
            finally:
                release_array(g.array)
        return 0
    if leaf.flags & OUT_SCALAR:
        grad = from_number(kind, g.value, node_type(leaf))
    else:
        array = g.array
        if not sole_owner(array) or array.strides != NULL:
            try:
                array = contiguous_copy(array)
            finally:
                release_array(g.array)
            if extras.grad is not before:   # another thread was faster while NumPy copied
                g.array = array
                return accumulate(leaf, g, recorded)
        grad = from_array(kind, array)
    grad.flags &= ~INFERENCE_TENSOR
    if before is not None and not write:
        # Read-only, expanded, or of another shape by way of .data: a new one, on the graph that the old one has.
        previous = enter_modes(0 if before.node != NULL else GRAD_OFF, 0 if before.node == NULL else GRAD_OFF | INFERENCE)
        try:
            while True:
                summed = elementwise(OP_ADD, before, grad)
                if extras.grad is before:
                    extras.grad = <Variable>summed
                    break
                before = <Variable>extras.grad      # another thread's
                if before is None:
                    extras.grad = grad
                    break
        finally:
            leave_modes(previous)
    else:
        extras.grad = grad
    return 0


cdef bint writable(Variable v) noexcept:
    """Whether a gradient can be added to in place: an assigned one may be expanded, or a read-only ndarray's."""
    if v.flags & BATCHED:
        return writable(physical_in(v))
    return v.array == NULL or not (v.array.storage.readonly or (v.array.strides != NULL and overlaps(v.array)))


cdef bint may_share(Array* a, Array* b) noexcept:
    """Whether an element of one may lie in the memory of the other: by the stretches of memory that they span."""
    cdef char* ends[4]
    if sole_owner(b):
        return False
    span(a, &ends[0], &ends[1])
    span(b, &ends[2], &ends[3])
    return ends[0] < ends[3] and ends[2] < ends[1]


cdef void span(Array* array, char** first, char** end) noexcept:
    cdef intp[MAX_DIMS] room
    cdef const intp* steps = strides_of(array, room)
    cdef int i
    first[0] = end[0] = array.data
    if not array.shape.size:
        return
    for i in range(array.shape.ndim):
        if steps[i] < 0:
            first[0] += steps[i] * (array.shape.dim[i] - 1)
        else:
            end[0] += steps[i] * (array.shape.dim[i] - 1)
    end[0] += itemsize(array.type)


cdef int add_to_number(Variable before, double value, bint write) except -1:
    cdef double old
    if before.array == NULL:
        before.value = value if write else before.value + value
        if before.flags & INLINE32:
            before.value = <float>before.value
    else:
        old = read_double(before.array.type, before.array.data)
        write_double(before.array.type, before.array.data, value if write else old + value)
        bump(before.array.storage)
    return 0


cdef void release_cotangent(Node* node, Cotangent g, bint recorded) noexcept:
    if recorded:
        Py_XDECREF(g.variable)
    elif not node.flags & OUT_SCALAR:
        release_array(g.array)


cdef PyObject* own(PyObject* variable, bint recorded) except NULL:
    """A Variable whose elements nobody else can see: the one given, if the caller's is the only reference to it and to them."""
    cdef bint lone = variable.ob_refcnt == 1
    cdef Variable v = <Variable><object>variable
    if lone and v.history == NULL and (v.array == NULL or (sole_owner(v.array) and v.array.strides == NULL)):
        return owned(v)
    if recorded:
        return owned(v.clone())
    return owned(from_array(Py_TYPE(<PyObject*>v), contiguous_copy_of(v)))


cdef bint is_any_variable(PyObject* o) noexcept:
    return is_variable(<object>o)


cdef int retain(Node* node, object variable, Cotangent g, bint recorded) except -1:
    """The gradient of a Variable that is no leaf, for retain_grad(); g stays the pass's."""
    cdef Variable v = <Variable>variable
    cdef Extras extras = extras_of(v)
    cdef PyObject* wrapped
    cdef Variable gradient
    if recorded:
        gradient = <Variable>(<Variable><object>g.variable).clone()
    else:
        wrapped = wrap(node, g)
        gradient = <Variable><object>wrapped
        Py_DECREF(gradient)
        gradient = from_array(Py_TYPE(<PyObject*>v), contiguous_copy_of(gradient))
    extras.grad = gradient if extras.grad is None else extras.grad + gradient
    return 0


def place_of_program():
    """(file, line, function) of the program's innermost call, or None."""
    from . import _guidance

    return _guidance.place()


def line_text(tuple place):
    from . import _guidance

    return _guidance.line_text(place)


cdef int created(Node* node) except -1:
    if modes() & ANOMALY:
        import traceback

        extras = node_extras(node)
        extras.traceback = traceback.format_list(traceback.extract_stack())
        extras.parent = EVALUATED.current
        extras.place = place_of_program()
    return 0


#: In anomaly mode: where storages and 0-d values were written, {(address, version): place}; of the last 100,000 writes.
cdef dict WRITES = {}


cdef void wrote(void* place, uint32_t version) noexcept:
    if modes() & ANOMALY:
        if len(WRITES) >= 100000:
            WRITES.clear()
        WRITES[<uintptr_t>place, version] = place_of_program()


def where_made(node):
    """(file, line, function) of the program's call that made a node, if anomaly mode was on then; else None."""
    cdef NodeExtras extras = None
    if isinstance(node, Node_):
        extras = node_extras_if_any((<Node_>node).node)
    return None if extras is None else extras.place


cdef str in_program(tuple place, str what):
    """A sentence that names a line of the program, or nothing where its text cannot be read."""
    if place is None:
        return ""
    text = line_text(place)
    return f" {what} {text}." if text else ""


class _Evaluated(_local):
    """In anomaly mode: the node whose derivative is being computed, so that the nodes of it can tell."""
    current = None


cdef object EVALUATED = _Evaluated()


cdef PyObject* enter_node(Node* node) except NULL:
    outer = EVALUATED.current
    EVALUATED.current = object_on(node)
    return owned(outer)


cdef int leave_node(PyObject* outer) except -1:
    EVALUATED.current = <object>outer
    Py_DECREF(<object>outer)
    return 0


cdef int arity_of(Node* node) noexcept:
    return 2 if node.right != NULL or ARITY[node.op] == 2 else 1


cdef int warn_origin(Node* node) except -1:
    """Where the user's source made a node, if anomaly mode was on then."""
    cdef NodeExtras extras = node_extras_if_any(node)
    if extras is None or extras.traceback is None:
        if modes() & ANOMALY:
            warn_beside(f"Error detected in {name_of(node)}. {NO_FORWARD}")
        return 0
    warn_beside(f"Error detected in {name_of(node)}. Traceback of forward call that caused the error:\n"
                + "".join(extras.traceback))
    while extras is not None and extras.parent is not None:
        node = (<Node_>extras.parent).node
        extras = node_extras_if_any(node)
        text = f"\n\nPrevious calculation was induced by {name_of(node)}. "
        if extras is None or extras.traceback is None:
            warn_beside(text + NO_FORWARD)
        else:
            warn_beside(f"{text}Traceback of forward call that induced the previous calculation:\n"
                        + "".join(extras.traceback))
    return 0


NO_FORWARD = "No forward pass information available. Enable detect anomaly during forward pass for more information."


cdef NodeExtras node_extras_if_any(Node* node):
    if not node.flags & PAYLOAD or node.x.payload.extras == NULL:
        return None
    return <NodeExtras>node.x.payload.extras


cdef int warn_beside(str text) except -1:
    """A warning beside an error that is about to be raised: where warnings are errors it is printed instead."""
    try:
        warn(text)
    except Warning as warning:
        import traceback

        traceback.print_exception(warning)
    return 0


cdef int inspect(Node* node, PyObject* results) except -1:
    position = 0
    for result in <object>results:
        if result is not None and np.isnan(plain(<Variable>result)).any():
            warn_origin(node)
            extras = node_extras_if_any(node)
            raise RuntimeError(f"Function '{name_of(node)}' returned nan values in its {position}th output."
                               + in_program(None if extras is None else extras.place, "The op stands in"))
        position += 1
    return 0


cdef int changed(Node* node, Node* source, Array* array, int expected) except -1:
    """A value that node saved was written in place since: which (source: its node, or NULL), how often, by what.

    A recorded write is what the Variable is the result of by now, so the message names its op, as PyTorch's does.
    """
    cdef int version = expected + 1
    cdef Shape* shape
    cdef int type
    if array != NULL:
        version, shape, type = array.storage.version, array.shape, array.type
    else:
        shape, type = node_shape(source), node_type(source)
    hint = ("enable anomaly detection to find the operation that failed to compute its gradient, with "
            "autodiff.autograd.set_detect_anomaly(True, check_nan=False).")
    if modes() & ANOMALY and node != NULL:
        warn_origin(node)
        hint = ("the backtrace further above shows the operation that failed to compute its gradient. The variable in "
                "question was changed in there or anywhere later. Good luck!")
        # The first write after the value was saved; what was written before anomaly mode is not known.
        key = (<uintptr_t>array.storage, expected + 1) if array != NULL else (<uintptr_t>source, 0)
        hint += in_program(WRITES.get(key), "It was written in")
    origin = ""
    if source != NULL and not source.flags & LEAF:
        result = source == node or (source.flags & PICK and source.left == node)     # PyTorch names what saved it then
        written = GRAD_FN[array.storage.writer - 1] if array != NULL and array.storage.writer and not result else None
        if isinstance(written, dict):
            written = written.get("", None)
        name = "AsStrided" if source.op == OP_VIEW and not source.flags & (PYTHON | PICK) else written or name_of(source)
        origin = f", which is output {0 if written else output_of(source)} of {in_message(name)},"
    raise RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[autodiff.{TENSOR_NAMES.get(numpy_dtype(type).name, 'Tensor')} {list(shape_tuple(shape))}]{origin} "
        f"is at version {version}; expected version {expected} instead. Hint: {hint}")


cdef str in_message(str name):
    """The name of a node as PyTorch writes it here: Exp of ExpBackward0, T1 of TBackward1."""
    return name.replace("Backward0", "").replace("Backward", "")


table.wrap = wrap
table.unwrap = unwrap
table.vjp = vjp
table.add = add_variables
table.fit = fit
table.accumulate = accumulate
table.retain = retain
table.own = own
table.is_variable = is_any_variable
table.changed = changed
table.created = created
table.wrote = wrote
table.place = place
table.arity = arity_of
table.inspect = inspect
table.enter_node = enter_node
table.leave_node = leave_node
table.add_generic = add_generic
table.reduce_generic = reduce_generic


# ---- node objects: a node as Python sees it

cdef dict NODE_OBJECTS = {}            # address of a node: address of its object, while that lives
cdef dict NODE_TYPES = {}
cdef bint making_node_object = False


cdef class Node_:
    """A node of the graph: what made a Variable.  Transient; two looks at one node give one object while one lives."""

    def __cinit__(self):
        if not making_node_object:
            raise TypeError(f"cannot create '{type(self).__name__}' instances: nodes of the graph are made by recorded ops")

    def __dealloc__(self):
        if self.node != NULL:
            if NODE_OBJECTS.get(<uintptr_t>self.node) == <uintptr_t><PyObject*>self:
                del NODE_OBJECTS[<uintptr_t>self.node]
            disown(self.node)

    cdef Node* alive(self) except NULL:
        if self.node == NULL:
            raise RuntimeError("the graph that this node was part of is gone")
        # A leaf that got another node since is looked at by way of the former.
        return current_leaf(self.node) if self.node.flags & LEAF and self.node.left != NULL else self.node

    def name(self):
        """The node's name, as PyTorch's."""
        return name_of(self.node)

    @property
    def next_functions(self):
        """The nodes of the operands, each with the number of its output: ((node or None, number), ...)."""
        cdef Node* n = self.alive()
        cdef int i
        result = []
        if n.flags & LEAF:
            return ()
        if n.flags & PICK:
            return node_object(n.left).next_functions
        if not n.flags & PAYLOAD or not n.x.payload.edges:
            result.append(edge_object(n.left))
            if arity_of(n) == 2:
                result.append(edge_object(n.right))
        else:
            for i in range(n.x.payload.edges):
                result.append(edge_object(n.x.payload.edge[i]))
        return tuple(result)

    def register_hook(self, hook):
        """Call hook(grad_inputs, grad_outputs) after the node ran; a tuple that it returns replaces grad_inputs.

        grad_inputs: a tuple of the gradients of the operands, None where there is none; empty for the node of a leaf, which
        ran when the gradient is accumulated.  grad_outputs: a tuple of those of the results.  Returns a handle whose remove()
        takes the hook away.  The pass raises RuntimeError for a tuple of another length or a gradient of another shape,
        TypeError for what is no Variable.
        Semantics: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_hook.html

        >>> import autodiff
        >>> x = autodiff.tensor(2.0, requires_grad=True)
        >>> y = x * 3
        >>> handle = y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 10, None))
        >>> y.backward(); x.grad
        tensor(30.)
        """
        return add_hook(self.alive(), "posthooks", hook)

    def register_prehook(self, hook):
        """Call hook(grad_outputs) before the node runs; a tuple that it returns replaces grad_outputs.

        grad_outputs: a tuple with an entry for each result, None where one took no part.  Returns a handle whose remove()
        takes the hook away.  Errors are those of register_hook.
        Semantics: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_prehook.html

        >>> import autodiff
        >>> x = autodiff.tensor(2.0, requires_grad=True)
        >>> y = x * 3
        >>> handle = y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 10,))
        >>> y.backward(); x.grad
        tensor(30.)
        """
        return add_hook(self.alive(), "prehooks", hook)

    @property
    def metadata(self):
        """A dict of the user's, kept with the node."""
        cdef NodeExtras extras = node_extras(self.alive())
        if extras.metadata is None:
            extras.metadata = {}
            extras.counted += 1         # what it holds must be shown to the collector
            graph.hooks += 1
        return extras.metadata

    @property
    def variable(self):
        """The leaf itself, for an accumulating node; None once it is gone."""
        cdef Node* node = self.alive()
        if not node.flags & LEAF:
            raise AttributeError(f"'{name_of(node)}' object has no attribute 'variable'")
        node = current_leaf(node)
        return <object>node.y.variable if node.y.variable != NULL else None

    @property
    def requires_grad(self):
        """True: only what needs a gradient is recorded."""
        return True

    @property
    def _input_metadata(self):
        """Shape, dtype and device of each result, and so of each gradient that the node takes: a tuple."""
        cdef Node* node = self.alive()
        if node.flags & HEAD:
            raise NotImplementedError(f"{name_of(node)} has several results, whose shapes are kept with them: ask the results")
        return (InputMetadata(Size(shape_tuple(node_shape(node))), dtype_of(numpy_dtype(node_type(node))), device("cpu")),)

    def _sequence_nr(self):
        """The place in the order of creation."""
        cdef Node* node = self.alive()
        if node.flags & LEAF:
            return 2 ** 64 - 1
        return slab_of(node).number * SLAB_NODES + (node - &slab_of(node).node[0])

    def __call__(self, *grads, **named):
        """The gradients of the operands for those of the results: the derivative alone, without hooks, nothing freed.

        grads: a Variable or None for each result.  Returns a tuple with a Variable or None for each operand, or what it would
        hold alone; the node of a leaf accumulates and returns ().  Recorded where gradients are.  Raises TypeError for another
        number of gradients and for what is no Variable, RuntimeError for another shape and for a node whose saved values are
        freed.

        >>> import autodiff
        >>> x = autodiff.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).grad_fn(autodiff.ones(2))
        (tensor([1., 2.], grad_fn=<MulBackward0>), tensor([1., 2.], grad_fn=<MulBackward0>))
        """
        if named:
            raise TypeError("keyword arguments are not supported")
        return call_node(self.alive(), grads)

    def __getattr__(self, name):
        """_saved_NAME: what the op saved under that name, or a parameter; _raw_saved_NAME: what hooks are put on."""
        if self.node != NULL and (name.startswith("_saved_") or name.startswith("_raw_saved_")):
            raw = name[1] == "r"
            word = name[len("_raw_saved_" if raw else "_saved_"):]
            names = saved_names(self.node)
            if word in names and (not raw or names[word] < 3):
                return saved_tensor(self, names[word], word) if raw else saved_under(self, names[word], word)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __dir__(self):
        names = list(object.__dir__(self))
        if self.node == NULL or not self.node.flags & LEAF:
            names.remove("variable")
        if self.node != NULL:
            for word, which in saved_names(self.node).items():
                names.append("_saved_" + word)
                if which < 3:
                    names.append("_raw_saved_" + word)
        return names

    def __repr__(self):
        return f"<{name_of(self.node)} object at {hex(<uintptr_t>self.node)}>"


class InputMetadata(collections.namedtuple("InputMetadata", "shape dtype device")):
    """Of a result of a node: what the gradient that arrives there is like."""

    __slots__ = ()


class GradientEdge(collections.namedtuple("GradientEdge", "node output_nr ownership_token", defaults=(None,))):
    """A place in the graph at which a gradient arrives: result output_nr of a node.  See get_gradient_edge.

    ownership_token: what keeps the graph where node does not; None for most.

    >>> import autodiff
    >>> x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    >>> y = x * 3
    >>> autodiff.autograd.grad(y.sum(), autodiff.autograd.graph.GradientEdge(y.grad_fn, 0))
    (tensor([1., 1.]),)
    """

    __slots__ = ()


InputMetadata.__module__ = GradientEdge.__module__ = "autodiff.autograd.graph"


cdef extern from *:
    """
    static traverseproc autodiff_node_fields;
    static void autodiff_show_nodes(PyTypeObject* type, traverseproc traverse) {
        autodiff_node_fields = type->tp_traverse;
        type->tp_traverse = traverse;
    }
    """
    int node_fields "autodiff_node_fields"(PyObject* o, visitproc visit, void* arg) noexcept
    void show_nodes "autodiff_show_nodes"(PyTypeObject* type, int (*traverse)(PyObject*, visitproc, void*) noexcept)


cdef int visit_node_object(PyObject* o, visitproc visit, void* arg) noexcept:
    """What the collector sees: what hangs on nodes that this object alone keeps alive.  A hook may refer to its own grad_fn."""
    cdef Node* waiting[64]
    cdef int result = node_fields(o, visit, arg)
    if result or (<Node_>o).node == NULL or not graph.hooks:
        return result
    waiting[0] = (<Node_>o).node
    return visit_nodes(waiting, 1, visit, arg)


show_nodes(<PyTypeObject*>Node_, visit_node_object)


cdef inline Node* operand_at(Node* node, int i) noexcept:
    return node.left if i == 0 else node.right if i == 1 else node.x.payload.edge[i - 2]


cdef object call_node(Node* node, tuple grads):
    """A node as a function.  The node is owned by its object."""
    cdef int expected = <int>node.y.value if node.flags & HEAD else 1
    cdef int i, first = 0, count
    cdef PyObject* result
    cdef list results = [], gs = list(grads)
    if len(grads) != expected:
        raise TypeError(f"expected {expected} arguments, got {len(grads)} instead")
    for i in range(expected):
        if gs[i] is not None and not is_variable(gs[i]):
            raise TypeError(f"argument {i} is not a Variable")
    if not node.flags & HEAD and gs[0] is not None:
        if tuple(gs[0].shape) != shape_tuple(node_shape(node)):
            raise RuntimeError(f"{name_of(node)}: got a gradient of shape {list(gs[0].shape)} but expected shape "
                               f"{list(shape_tuple(node_shape(node)))}")
        if type_of(<Variable>gs[0]) != node_type(node):
            gs[0] = cast(<Variable>gs[0], numpy_dtype(node_type(node)))
    if node.flags & LEAF:
        accumulate_in(current_leaf(node), gs[0])
        return ()
    if node.flags & FREED:
        raise_freed()
    count = arity_of(node)
    if node.flags & PAYLOAD and node.x.payload.edges:
        first, count = 2, 2 + node.x.payload.edges
    if node.flags & PYTHON:
        needs = [operand_at(node, i) != NULL for i in range(first, count)]
        result = table.vjp_python(node, <PyObject*>gs, <PyObject*>needs)
        results = list(<object>result)
        Py_DECREF(<object>result)
    else:
        for i in range(first, count):
            results.append(None)
            if operand_at(node, i) == NULL or gs[0] is None:
                continue
            if graph.modified:
                check_modified(node, i)
            result = vjp(node, i, <PyObject*>gs[0])
            if result != NULL:
                results[i - first] = <object>result
                Py_DECREF(<object>result)
    for i in range(len(results)):
        if results[i] is not None and first + i < count and operand_at(node, first + i) != NULL:
            result = fit(operand_at(node, first + i), <PyObject*>results[i])
            results[i] = <object>result
            Py_DECREF(<object>result)
    return results[0] if len(results) == 1 else tuple(results)


cdef int accumulate_in(Node* leaf, object gradient) except -1:
    """The node of a leaf, called: into its gradient, then the hooks after accumulation."""
    cdef Cotangent g
    cdef bint recorded
    if gradient is None:
        return 0
    hold(leaf)
    try:
        recorded = not modes() & GRAD_OFF and current_node(<Variable>gradient) != NULL
        if recorded:
            g.variable = owned(gradient)
        else:
            unwrap(leaf, gradient, &g)
        accumulate(leaf, g, recorded)
        run_accumulated(leaf)
    finally:
        disown(leaf)
    return 0


# ---- what a node saved, by PyTorch's names

#: {op: (the operands of which a derivative needs the value, the parameters that one mentions, in their order and "" for others;
#: whose shapes one mentions, a bit for each; all operands; {further name: value})}, from the rows.
SAVED_NAMES = {}

cdef enum:                      # what a name means; up to RESULT a saved value
    OF_X = 0
    OF_Y = 1
    RESULT = 2
    SIZES_X = 3
    SIZES_Y = 4
    CONSTANT = 5
    PARAMETER = 6               # the first of them


cdef int saves_of(Node* node) noexcept:
    """What the op keeps for the operands that need a gradient."""
    return (ops[node.op].dx_saves if node.left != NULL else 0) | (ops[node.op].dy_saves if node.right != NULL else 0)


cdef dict saved_names(Node* node):
    """{name: what it means} of an op."""
    cdef int i, saves
    known = SAVED_NAMES.get(node.op) if not node.flags & (LEAF | PYTHON | PICK | HEAD) else None
    if known is None:
        return {}
    operands, params, sizes, own, constants = known
    saves = ops[node.op].dx_saves | ops[node.op].dy_saves
    names = dict.fromkeys(constants, <int>CONSTANT)
    for i in range(len(operands)):
        if operands[i]:
            names[operands[i]] = <int>OF_X if i == 0 else <int>OF_Y
    for i in range(2):
        if sizes >> i & 1:
            names[own[i] + "_sym_sizes"] = <int>SIZES_X if i == 0 else <int>SIZES_Y
    if saves & SAVES_OUT:
        names["result"] = <int>RESULT
    for i in range(len(params)):
        if params[i]:
            names[params[i]] = <int>PARAMETER + i
    return names


cdef object saved_under(Node_ owner, int which, str word):
    """The value of _saved_NAME."""
    cdef Node* node = owner.node
    cdef Node* edge
    if which == CONSTANT:
        return SAVED_NAMES[node.op][4][word]
    if which == SIZES_X or which == SIZES_Y:
        edge = node.left if which == SIZES_X else node.right
        return tuple(shape_tuple(node_shape(edge))) if edge != NULL else None
    if which >= PARAMETER:
        params = params_of(node) if node.flags & ARRAY else None
        value = params[which - PARAMETER] if params is not None and which - PARAMETER < len(params) else None
        return tuple([as_shown(part) for part in value]) if type(value) is tuple else as_shown(value)
    if node.flags & FREED:
        raise_freed()
    if not saves_of(node) & (SAVES_X if which == OF_X else SAVES_Y if which == OF_Y else SAVES_OUT):
        return None
    for i in range(2):
        if (ops[node.op].dx_saves if i == 0 else ops[node.op].dy_saves) & (
                SAVES_X if which == OF_X else SAVES_Y if which == OF_Y else SAVES_OUT) and operand_at(node, i) != NULL:
            check_modified(node, i)
    edge = node.left if which == OF_X else node.right if which == OF_Y else node
    leaf = leaf_saved(node, which, edge)
    if leaf is not None:
        return leaf
    number = node.flags & (LEFT_NUMBER if which == OF_X else RIGHT_NUMBER) if which != RESULT else False
    if node.flags & ARRAY:
        return saved_value(node, saved_in(node, which), edge, number)
    if which == OF_X:
        return point_value(node, node_x(node), edge, number, 0)
    if which == OF_Y:
        return point_value(node, node.y.value, edge, number, 1)
    return point_value(node, node.out.value, edge, number, 2)


cdef object as_shown(object value):
    return from_array(TENSOR, array_of(value)) if isinstance(value, np.ndarray) else value


cdef Saved* saved_in(Node* node, int which) noexcept:
    return &node.x.payload.x if which == OF_X else &node.x.payload.y if which == OF_Y else &node.x.payload.out


cdef object leaf_saved(Node* node, int which, Node* edge):
    """The leaf itself, where its value is what was saved; else None."""
    cdef Variable v
    cdef Saved* saved
    if edge == NULL or not edge.flags & LEAF or edge.y.variable == NULL:
        return None
    v = <Variable><object>edge.y.variable
    if node.flags & ARRAY:
        saved = saved_in(node, which)
        if saved.state == NUMBER and v.array == NULL and saved.value == v.value:
            return v
        if saved.state == SAVED and v.array != NULL and saved.version == v.array.storage.version and (
                v.array.data == saved.array.data and same_shape(v.array.shape, saved.array.shape)):
            return v
        return None
    return v if v.array == NULL and v.value == (node_x(node) if which == OF_X else node.y.value) else None


cdef class SavedTensor:
    """A value that an op saved: node._raw_saved_NAME, or one of node._raw_saved_tensors of a custom Function.

    Made by recorded ops alone: called, it raises RuntimeError.
    """

    def __init__(self, *args, **kwargs):
        raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")

    @property
    def data(self):
        """What is kept: what the pack hook returned, or the value, out of the graph where it is the op's own result."""
        cdef Saved* saved
        if self.owner is None:
            raise RuntimeError("a SavedTensor is what a node has under _raw_saved_NAME")
        if self.owner.node.flags & ARRAY and not self.owner.node.flags & FREED:
            saved = saved_in(self.owner.node, self.which)
            if saved.state == PACKED:
                return (<object>saved.packed)[0]
        value = self.unpack()
        return value.detach() if self.which == RESULT and value is not None else value

    @property
    def unpack_hook(self):
        """The hook that makes a Variable of `data`, or None."""
        cdef Saved* saved
        if self.owner is None or self.owner.node.flags & FREED or not self.owner.node.flags & ARRAY:
            return None
        saved = saved_in(self.owner.node, self.which)
        return (<object>saved.packed)[1] if saved.state == PACKED else None

    def unpack(self):
        """The value, as `_saved_NAME`.  Raises RuntimeError where it was freed, or written in place since."""
        if self.owner is None:
            raise RuntimeError("a SavedTensor is what a node has under _raw_saved_NAME")
        return saved_under(self.owner, self.which, self.word)

    def register_hooks(self, pack_hook=None, unpack_hook=None):
        """Keep what pack_hook(value) returns, now, instead of the value; the pass asks unpack_hook(that) for it.

        Raises TypeError for hooks that are not callable, RuntimeError where the value was freed, is None, has hooks already,
        or is a Python number.

        >>> import autodiff
        >>> x = autodiff.tensor([1.0, 2.0], requires_grad=True)
        >>> y = x.exp()
        >>> y.grad_fn._raw_saved_result.register_hooks(lambda t: t.numpy(), lambda a: autodiff.tensor(a) * 10)
        >>> y.sum().backward(); x.grad
        tensor([27.1828, 73.8906])
        """
        cdef Node* node
        cdef Saved* saved
        cdef Array* array
        if self.owner is None:
            raise RuntimeError("a SavedTensor is what a node has under _raw_saved_NAME")
        node = self.owner.node
        check_hooks(pack_hook, unpack_hook, node.flags & FREED != 0)
        if not saves_of(node) & (SAVES_X if self.which == OF_X else SAVES_Y if self.which == OF_Y else SAVES_OUT):
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        if self.which != RESULT and node.flags & (LEFT_NUMBER if self.which == OF_X else RIGHT_NUMBER):
            raise RuntimeError(f"Calling register_hooks on _raw_saved_{self.word}, a Python number: hooks see saved tensors")
        if not node.flags & ARRAY:
            widen(node)
        saved = saved_in(node, self.which)
        if saved.state == PACKED:
            raise RuntimeError(HOOKED_ALREADY)
        if saved.state == NUMBER:
            become_array(saved, node_type(node))
        if saved.state != SAVED:
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        # On the node itself the hook would make a cycle of what it keeps.
        array = hold_array(saved.array)
        try:
            pair = packed_of(array, source_of(node, saved) if self.which != RESULT else NULL, pack_hook, unpack_hook)
            # The hook may have run a pass that freed the value, or set hooks on it.
            check_hooks(pack_hook, unpack_hook, node.flags & FREED != 0)
            saved = saved_in(node, self.which)
            if saved.state == PACKED:
                raise RuntimeError(HOOKED_ALREADY)
            if saved.state != SAVED or saved.array != array:
                raise RuntimeError(CHANGED_MEANWHILE)
            put_packed(saved, pair)
        finally:
            release_array(array)


CHANGED_MEANWHILE = "Calling register_hooks on a saved tensor that changed while its pack hook ran"
HOOKED_ALREADY = ("Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of hooks is "
                  "allowed at a time.")


cdef int check_hooks(object pack_hook, object unpack_hook, bint freed) except -1:
    """Before hooks are put on a saved value."""
    if not callable(pack_hook) or not callable(unpack_hook):
        raise TypeError("register_hooks(): incompatible function arguments: pack_hook and unpack_hook must be callable")
    if freed:
        raise RuntimeError("Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of "
                           "the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if "
                           "you need to backward through the graph a second time or if you need to access saved variables "
                           "after calling backward.")
    return 0


cdef int become_array(Saved* saved, int type) except -1:
    """A saved number becomes an array of no dimensions, for hooks to see."""
    cdef Array* array = new_array(type, scalar_shape)
    write_double(type, array.data, saved.value)
    saved.array, saved.version, saved.state = array, array.storage.version, SAVED
    return 0


cdef SavedTensor saved_tensor(Node_ owner, int which, str word):
    cdef SavedTensor saved = SavedTensor.__new__(SavedTensor)
    saved.owner, saved.which, saved.word = owner, which, word
    return saved


cdef int widen(Node* node) except -1:
    """A node on C doubles becomes the node that is recorded where saved-tensor hooks are: with saved values of its own."""
    cdef Payload* payload
    cdef int i, saves = saves_of(node)
    cdef Node* source
    for i in range(2):
        source = operand_at(node, i)
        if source != NULL and (is_element(source) or (
                source.flags & PAYLOAD and source.x.payload.edges == 0 and source.x.payload.beside.watched != NULL)):
            raise NotImplementedError("register_hooks: the op copied an element of an array; use saved_tensors_hooks around it")
    payload = promote(node)
    if saves & SAVES_Y:
        payload.y.state, payload.y.value = NUMBER, node.y.value
    if saves & SAVES_OUT:
        payload.out.state, payload.out.value = NUMBER, node.out.value
    payload.x.state = NUMBER if saves & SAVES_X or node.flags & LEFT_NUMBER else NOTHING
    if node.flags & RIGHT_NUMBER and not saves & SAVES_Y:
        payload.y.state, payload.y.value = NUMBER, node.y.value
    node.flags |= ARRAY
    return 0


cdef tuple edge_object(Node* node):
    if node == NULL:
        return (None, 0)
    node = first_of(node)
    return (node_object(node), output_of(node))


cdef int output_of(Node* node):
    """Which of the results of its op a node stands for; each view that split() gives has a node of its own."""
    if node.flags & PICK:
        return <int>node.y.value
    if node.op == OP_VIEW and node.flags & PAYLOAD and not node.flags & (LEAF | PYTHON):
        return (<Transform>params_of(node)[0]).output
    return 0


cdef Node* shown(Node* node) noexcept:
    """The node that stands for another to whoever looks: an op's for its results, a leaf's for those that it had before."""
    node = first_of(node)
    if node.flags & LEAF and node.left != NULL:
        return current_leaf(node)
    return node.left if node.flags & PICK else node


cdef object node_object(Node* node):
    """What shows a node to Python: of a custom Function its context, as in PyTorch."""
    cdef Node* head = node.left if node.flags & PICK else node
    if head.flags & PYTHON and type(<object>head.x.payload.params) is not tuple:
        return <object>head.x.payload.params
    return object_on(shown(node))


cdef object object_on(Node* node):
    """The object of a node itself, be it that of one of several results."""
    global making_node_object
    cdef Node_ wrapper
    key = <uintptr_t>node
    known = NODE_OBJECTS.get(key)
    if known is not None and (<PyObject*><uintptr_t>known).ob_refcnt > 0:     # 0: its weak references are being cleared
        return <object><PyObject*><uintptr_t>known
    hold(node)
    try:
        name = name_of(node)
        kind = node_kind(name)
        making_node_object = True
        try:
            wrapper = <Node_>(<object>kind).__new__(kind)
        finally:
            making_node_object = False
    except BaseException:
        disown(node)
        raise
    wrapper.node = node            # its hold is the object's
    NODE_OBJECTS[key] = <uintptr_t><PyObject*>wrapper
    return wrapper


def node_kind(str name):
    """The class of the objects of all nodes of a name."""
    kind = NODE_TYPES.get(name)
    if kind is None:
        kind = NODE_TYPES[name] = type(name, (Node_,), {"__slots__": (), "__module__": "autodiff.autograd"})
    return kind


cdef str name_of(Node* node):
    """PyTorch's name of the node."""
    while not named(node) and (node.flags & PICK or (node.op == OP_POSITIVE and node.flags & VARIANT
                                                     and not node.flags & (LEAF | PYTHON))):
        node = node.left        # an output of the op, or the same Variable before its value was written: see replace_node
    if named(node):
        return (<NodeExtras>node.x.payload.extras).name
    if node.flags & LEAF:
        return "AccumulateGrad"
    if node.flags & PYTHON:
        params = <object>node.x.payload.params
        return params[1] if type(params) is tuple else type(params).__name__
    names = GRAD_FN[node.op]
    if node.op == OP_CLONE and node.flags & VARIANT:
        return "CopyBackwards"
    if is_element(node):
        return names["select"] if type(names) is dict else names     # of a read, of a write
    if node.flags & ARRAY and node.x.payload.tag:
        tag = TAGS[node.x.payload.tag]
        return names[tag] if type(names) is dict and tag in names else tag
    if type(names) is dict and node.flags & ARRAY and node.x.payload.params != NULL:
        params = <object>node.x.payload.params
        if type(params) is Transform:
            return names.get((<Transform>params).name, "AsStridedBackward0" if (<Transform>params).name == "path"
                             else "UnbindBackward0")
    if type(names) is str:
        return names
    key = "nt" if node.flags & LEFT_NUMBER else "tn" if node.flags & RIGHT_NUMBER else "dim" if node.flags & VARIANT else ""
    return names.get(key, names.get(""))


cdef inline bint named(Node* node) noexcept:
    """Whether a composite op gave the node its name."""
    return (node.flags & PAYLOAD and node.x.payload.extras != NULL
            and (<NodeExtras>node.x.payload.extras).name is not None)


cdef object add_hook(Node* node, str kind, object hook):
    """A hook of one of the kinds of NodeExtras; returns its handle."""
    cdef NodeExtras extras
    hold(node)
    try:
        extras = node_extras(node)
        hooks = getattr(extras, kind)
        if hooks is None:
            hooks = Hooks()
            setattr(extras, kind, hooks)
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        extras.counted += 1
        graph.hooks += 1
        node.flags |= HOOKED
        if node.flags & LEAF:
            extras.leaf_hooks += 1
            graph.leaf_hooks += 1
    finally:
        disown(node)
    return handle


# ---- what a pass starts from

cdef Variable seed_of(Variable output, object gradient, int position, bint implicit):
    """The cotangent of a root, checked."""
    cdef Variable g
    if gradient is None:
        if output.array != NULL and output.array.shape.size != 1 and not implicit:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if category(type_of(output)) == 3:
            raise RuntimeError("grad can be implicitly created only for real scalar outputs but got "
                               f"{dtype_of(numpy_dtype(type_of(output)))}")
        if output.array == NULL:
            return from_number(TENSOR, 1.0, type_of(output))
        return filled(tuple(output.shape), 1.0, numpy_dtype(type_of(output)))
    if not is_variable(gradient):
        if isinstance(gradient, (list, tuple)) and gradient:
            gradient = gradient[0]
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}; wrap it in "
                        "autodiff.tensor(...)")
    g = <Variable>gradient
    if tuple(g.shape) != tuple(output.shape):
        raise RuntimeError(f"Mismatch in shape: grad_output[{position}] has a shape of {Size(g.shape)} and "
                           f"output[{position}] has a shape of {Size(output.shape)}.")
    if (category(type_of(g)) == 3) != (category(type_of(output)) == 3):
        raise RuntimeError("For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch "
                           f"in dtype: grad_output[{position}] has a dtype of {g.dtype} and output[{position}] has a dtype "
                           f"of {output.dtype}.")
    return g


# ---- gradient edges

def gradient_edge(Variable tensor):
    """The GradientEdge of a Variable."""
    cdef Node* node = place_of_gradient(tensor)
    if node == NULL:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    hold(node)
    try:
        # A context of a custom Function does not keep its graph, and the node of several results is not where one arrives.
        token = object_on(node) if node.flags & (PICK | PYTHON) else None
        return GradientEdge(node_object(node), output_of(node), token)
    finally:
        disown(node)


cdef Node* place_of_gradient(Variable tensor) except? NULL:
    if tensor.flags & ATTACHED and tensor.extras is not None and tensor.extras.attached != NULL:
        return tensor.extras.attached
    return first_of(current_node(tensor))


def edge_metadata(edge):
    """(shape, dtype) of the gradient that arrives at a GradientEdge."""
    cdef Node* node = node_of_edge(edge, NULL, 0)
    return Size(shape_tuple(node_shape(node))), dtype_of(numpy_dtype(node_type(node)))


#: What makes the object of a node of a custom Function's context; _function puts it here.
OF_CONTEXT = []


cdef Node* node_of_edge(edge, Node** roots, intp count) except NULL:
    """Where the gradient of an edge arrives; the edge owns it, or a graph of one of the roots."""
    cdef Node* node
    cdef Node* part
    given, position, token = edge
    for plain in OF_CONTEXT:
        given = plain(given)
    if not isinstance(given, Node_):
        raise RuntimeError(f"GradientEdge's first object must be an autograd.graph.Node but got {type(given).__name__}")
    if isinstance(token, Node_) and (<Node_>token).node != NULL and (
            (<Node_>given).node == NULL or shown((<Node_>token).node) == (<Node_>given).node):
        return (<Node_>token).node
    node = (<Node_>given).alive()
    several = <int>node.y.value if node.flags & HEAD else 1
    if not isinstance(position, int) or not (0 <= position < several or position == output_of(node)):
        raise RuntimeError(f"GradientEdge: {name_of(node)} has {several} result{'' if several == 1 else 's'}, but output_nr is "
                           f"{position}")
    if node.flags & HEAD:
        for address in reached_from(roots, count):
            part = <Node*><uintptr_t>address
            if part.flags & PICK and part.left == node and <int>part.y.value == position:
                return part
        raise RuntimeError(f"GradientEdge: {name_of(node)} has several results, of which the edge does not keep one: make it "
                           "by get_gradient_edge(tensor)")
    return current_leaf(node) if node.flags & LEAF else node


def variable_on(edge, tuple outputs):
    """A Variable of zeros, which takes no memory, whose gradient arrives at an edge in the graph of outputs."""
    cdef Node** roots = <Node**>allocate((len(outputs) + 1) * sizeof(Node*))
    cdef Node* node = NULL
    cdef intp count = 0
    cdef Variable v
    try:
        for output in outputs:
            roots[count] = hold(current_node(<Variable>output))
            count += roots[count] != NULL
        node = hold(node_of_edge(edge, roots, count))
        v = <Variable>stand_in(node).detach()
        set_edge(v, node, False)
    finally:
        disown(node)
        for i in range(count):
            disown(roots[i])
        free(roots)
    return v


cdef Variable stand_in(Node* node):
    """What has shape and dtype of the gradients at a node, where an edge is given and no Variable."""
    cdef Array* array
    array = zeros(node_type(node), scalar_shape)
    try:
        like = from_array(TENSOR, hold_array(array))
    finally:
        release_array(array)
    return expand(like, shape_tuple(node_shape(node))) if node_shape(node).ndim else like


# ---- what runs in this thread: a pass, and those that it runs in

cdef extern from *:
    """
    #if defined(_MSC_VER)
    static __declspec(thread) void* autodiff_running = NULL;
    #elif defined(__GLIBC__) && defined(__GNUC__)
    static _Thread_local void* autodiff_running __attribute__((tls_model("initial-exec"))) = NULL;  /* as in _base */
    #else
    static _Thread_local void* autodiff_running = NULL;
    #endif
    """
    void* running "autodiff_running"

cdef struct Running:            # lies on the stack of run_backward
    Pass* walk
    long long number
    Node** roots                # owned by run_backward
    intp count
    PyObject* callbacks         # a list, or NULL
    PyObject* notes             # a dict, or NULL
    PyObject* reached           # a set of addresses, or NULL
    Running* outer
    bint chosen                 # inputs were given

cdef long long passes = 0       # begun so far


cdef void begin_running(Running* now, Pass* walk, Node** roots, intp count) noexcept:
    global passes, running
    passes += 1
    now.walk, now.number, now.roots, now.count = walk, passes, roots, count
    now.callbacks = now.notes = now.reached = NULL
    now.outer = <Running*>running
    running = now


cdef void end_running(Running* now) noexcept:
    """What hooks left with a pass goes with it."""
    global running
    running = now.outer
    Py_XDECREF(now.callbacks)
    Py_XDECREF(now.notes)
    Py_XDECREF(now.reached)


cdef int run_callbacks(Running* pass_) except -1:
    """At the end of a pass, in the order in which they came; they may queue further ones."""
    cdef list callbacks = <list><object>pass_.callbacks
    cdef Py_ssize_t i = 0
    while i < len(callbacks):
        callbacks[i]()
        i += 1
    return 0


class Engine:
    """What Variable._execution_engine is: the way to callbacks at the end of a pass."""

    __slots__ = ()

    def queue_callback(self, callback):
        """Call callback() at the end of the reverse pass that runs in this thread, after all gradients are accumulated.

        Callbacks may queue further ones; those of a nested pass run at its end.  A pass that raises runs none.  Raises
        RuntimeError outside of a pass, TypeError for what is not callable.

        >>> import autodiff
        >>> x = autodiff.tensor(2.0, requires_grad=True)
        >>> engine = autodiff.autograd.Variable._execution_engine
        >>> handle = x.register_hook(lambda g: engine.queue_callback(lambda: print("done", x.grad)))
        >>> (x * 3).backward()
        done tensor(3.)
        """
        cdef Running* pass_ = <Running*>running
        if pass_ == NULL:
            raise RuntimeError("Final callbacks can only be installed during backward pass.")
        if not callable(callback):
            raise TypeError(f"queue_callback(): expected a callable, got {type(callback).__name__}")
        if pass_.callbacks == NULL:
            pass_.callbacks = owned([])
        (<list><object>pass_.callbacks).append(callback)


def passes_begun():
    """How many reverse passes the process has begun."""
    return passes


def pass_number():
    """The number of the reverse pass that runs in this thread, -1 outside of one."""
    return (<Running*>running).number if running != NULL else -1


def pass_accumulates():
    """Whether the reverse pass that runs in this thread is for the `.grad` of all leaves, and not of inputs that were given."""
    return running != NULL and not (<Running*>running).chosen


def running_node():
    """The node whose hooks or derivative the reverse pass in this thread runs, None outside of one and at its end."""
    cdef Running* pass_ = <Running*>running
    return node_object(pass_.walk.current) if pass_ != NULL and pass_.walk.current != NULL else None


def pass_notes():
    """A dict that lives as long as the reverse pass that runs in this thread: for hooks that work together."""
    cdef Running* pass_ = <Running*>running
    if pass_ == NULL:
        raise RuntimeError("expected to be called inside of a reverse pass")
    if pass_.notes == NULL:
        pass_.notes = owned({})
    return <object>pass_.notes


def will_run(Node_ node):
    """Whether the reverse pass that runs in this thread brings a gradient to a node.

    Raises RuntimeError outside of one, and for a leaf in grad(), which accumulates in none.
    """
    cdef Node* place = node.alive()
    if place.flags & LEAF:
        if running != NULL and (<Running*>running).walk.captures != NULL:
            raise RuntimeError("A leaf node was passed to _will_engine_execute_node but we are currently running "
                               "autograd.grad(). This is currently not supported.")
        place = current_leaf(place)
    return <uintptr_t>place in reached_by_pass()


def execution_order():
    """The nodes to which the reverse pass that runs in this thread comes, in the order in which it does: a list."""
    cdef Running* pass_ = <Running*>running
    cdef Node* node
    cdef Node* leaf
    cdef int i
    cdef dict pending = {}
    cdef set leaves = set()
    cdef list inner = [], order = []
    if pass_ == NULL:
        raise RuntimeError("_current_graph_task_execution_order should only be called during the backward pass")
    for address in reached_by_pass():
        node = <Node*><uintptr_t>address
        if node.flags & LEAF:
            if node.left == NULL:       # else another stands for it
                leaves.add((turn_of(node), address))
            continue
        inner.append((turn_of(node), address))
        for i in range(2 + (node.x.payload.edges if node.flags & PAYLOAD else 0)):
            if operand_at(node, i) != NULL and operand_at(node, i).flags & LEAF:
                key = <uintptr_t>current_leaf(operand_at(node, i))
                pending[key] = pending.get(key, 0) + 1
    for _, address in sorted(inner, reverse=True):      # newest first
        node = <Node*><uintptr_t>address
        if not node.flags & PICK:
            order.append(node_object(node))
        for i in range(2 + (node.x.payload.edges if node.flags & PAYLOAD else 0)):
            if operand_at(node, i) == NULL or not operand_at(node, i).flags & LEAF:
                continue
            leaf = current_leaf(operand_at(node, i))
            key = <uintptr_t>leaf
            pending[key] -= 1
            if not pending[key] and pass_.walk.counted and leaf.flags & HOOKED and (turn_of(leaf), key) in leaves:
                order.append(node_object(leaf))     # see settle_leaves
                leaves.remove((turn_of(leaf), key))
    return order + [node_object(<Node*><uintptr_t>address) for _, address in sorted(leaves, reverse=True)]


cdef tuple turn_of(Node* node):
    """Where a node stands in the order in which passes go from slab to slab, and in a slab."""
    return slab_of(node).number, node - &slab_of(node).node[0]


def will_call(handles):
    """For each handle of a hook on a gradient whether the reverse pass that runs in this thread comes to that gradient."""
    cdef Node* node
    cdef NodeExtras extras
    notes = pass_notes()
    found = notes.get("hooks")
    if found is None:           # by the hooks, as whoever asks is one of them: kept nodes would be a cycle through the graph
        found = set()
        for address in reached_by_pass():
            node = <Node*><uintptr_t>address
            if node.flags & HOOKED and node.x.payload.extras != NULL:
                extras = <NodeExtras>node.x.payload.extras
                if extras.hooks is not None:
                    found.add(id(extras.hooks))
        notes["hooks"] = found
    return [handle.hooks() is not None and id(handle.hooks()) in found for handle in handles]


cdef set reached_by_pass():
    """The addresses of the nodes to which the pass brings a gradient: below its roots, and on the way to an input if any is
    given."""
    cdef Running* pass_ = <Running*>running
    cdef set found
    if pass_ == NULL:
        raise RuntimeError("_get_should_execute_nodes should only be called during the backward pass")
    if pass_.reached == NULL:
        found = reached_from(pass_.roots, pass_.count)
        if pass_.walk.marked:
            found = {address for address in found if is_wanted(pass_.walk, <Node*><uintptr_t>address)}
        pass_.reached = owned(found)
    return <set><object>pass_.reached


cdef set reached_from(Node** roots, intp count):
    """The addresses of all nodes that roots lead to; edges stay through a pass."""
    cdef list waiting = [<uintptr_t>roots[i] for i in range(count)]
    cdef set found = set()
    cdef Node* node
    cdef int i
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        found.add(address)
        node = <Node*><uintptr_t>address
        if node.flags & LEAF:
            if node.left != NULL:
                waiting.append(<uintptr_t>current_leaf(node))
            continue
        for i in range(2 + (node.x.payload.edges if node.flags & PAYLOAD else 0)):
            if operand_at(node, i) != NULL:
                waiting.append(<uintptr_t>operand_at(node, i))
    return found


# ---- backward

cdef extern from *:
    """
    #if defined(_MSC_VER)
    static __declspec(thread) int autodiff_nested_passes = 0;
    #else
    static _Thread_local int autodiff_nested_passes = 0;
    #endif
    """
    int nested_passes "autodiff_nested_passes"

cdef enum:
    NESTED_PASSES = 60          # ... of one thread: 2,000 of them take more than its stack, and than Python's own limit


cpdef object run_backward(outputs, gradients, retain_graph, create_graph, inputs, bint accumulate_inputs, allow_unused,
                          str caller, materialize=False):
    """One reverse pass.  Returns the gradients of `inputs` if there are any, else None.

    A pass inside of many others, by way of hooks or of custom Functions, is handed over to a thread with a stack of its own.
    A level that writes down what runs has a method passing(run, outputs, cotangents, inputs, create_graph, accumulates), by
    which it is handed the pass: run(outputs, cotangents, inputs, create_graph) carries it out.
    """
    if modes() & ABOVE:
        recorder = recorder_above()
        if recorder is not None:
            run = partial(one_of_many, retain_graph, accumulate_inputs, allow_unused, caller, materialize)
            if inputs is not None:
                inputs = (inputs,) if is_variable(inputs) or type(inputs) is GradientEdge else tuple(inputs)
            return recorder.passing(run, tuple(outputs), tuple(gradients), inputs, bool(create_graph),
                                    inputs is None or accumulate_inputs)[0]
    return one_pass(outputs, gradients, retain_graph, create_graph, inputs, accumulate_inputs, allow_unused, caller,
                    materialize)


def one_of_many(retain_graph, accumulate_inputs, allow_unused, caller, materialize, outputs, gradients, inputs, create_graph):
    """A pass, for a level that says of what, with which cotangents and whether recorded: what it returns, and False."""
    return one_pass(outputs, gradients, retain_graph, create_graph, inputs, accumulate_inputs, allow_unused, caller,
                    materialize), False


cdef object one_pass(outputs, gradients, retain_graph, create_graph, inputs, bint accumulate_inputs, allow_unused, str caller,
                     materialize):
    global nested_passes
    if nested_passes >= NESTED_PASSES:
        return in_another_thread(partial(run_backward, outputs, gradients, retain_graph, create_graph, inputs,
                                         accumulate_inputs, allow_unused, caller, materialize))
    nested_passes += 1
    try:
        return reverse_pass(outputs, gradients, retain_graph, create_graph, inputs, accumulate_inputs, allow_unused, caller,
                            materialize, NULL)
    finally:
        nested_passes -= 1


def gradients(tuple outputs, tuple given, tuple inputs, retain_graph=None, create_graph=None):
    """The gradients of inputs, None for one that was not used, and whether anything but the inputs is differentiated.

    Recorded just where outputs depend on other leaves: what the caller handed in may be part of a graph, or the function that
    was differentiated refers to something that is.  For transforms of functions.
    """
    if modes() & ABOVE:
        recorder = recorder_above()
        if recorder is not None:
            return recorder.passing(partial(gradients_and_others, retain_graph), outputs, given, inputs, create_graph, False)
    return gradients_and_others(retain_graph, outputs, given, inputs, create_graph)


def gradients_and_others(retain_graph, tuple outputs, tuple given, tuple inputs, create_graph):
    """What gradients() returns, whatever level is above."""
    global nested_passes
    cdef bint others = False
    if nested_passes >= NESTED_PASSES:
        return in_another_thread(partial(gradients, outputs, given, inputs, retain_graph, create_graph))
    nested_passes += 1
    try:
        found = reverse_pass(outputs, given, retain_graph, create_graph, inputs, False, True, "grad", False, &others)
        return found, others
    finally:
        nested_passes -= 1


def partial_gradients(tuple outputs, tuple given, tuple inputs, bint recorded=False):
    """The gradients of inputs, None for one that was not used, along the paths on which no other input comes before.

    Hooks and retain_grad() of theirs learn nothing of it: another pass hands these gradients on, and calls them.
    """
    global nested_passes
    if nested_passes >= NESTED_PASSES:
        return in_another_thread(partial(partial_gradients, outputs, given, inputs, recorded))
    nested_passes += 1
    try:
        return reverse_pass(outputs, given, recorded, recorded, inputs, False, True, "grad", False, NULL, True)
    finally:
        nested_passes -= 1


def scalar_gradient(function, x):
    """(value, gradient) of a function of one plain array or float, in a thread without modes: the shortest way of grad().

    NotImplemented where it is not so simple; (leaf, result) and None where the function was called and did not return what has
    a gradient.  Results as transforms give them: floats, arrays, and Variables where other leaves are reached.
    """
    global nested_passes
    cdef Variable leaf, out, g
    cdef bint others = False
    if modes():
        return NotImplemented
    if type(x) is float:
        leaf = from_number(NDARRAY, x, T_DOUBLE)
    elif type(x) is np_ndarray and x.dtype is FLOAT64_DTYPE:
        leaf = from_array(NDARRAY, array_of(x))
    else:
        return NotImplemented
    set_requires_grad(leaf, True)
    result = function(leaf)
    if Py_TYPE(<PyObject*>result) != NDARRAY or (<Variable>result).array != NULL or not (<Variable>result).flags & INLINE64 or \
            current_node(<Variable>result) == NULL or modes():
        return (leaf, result), None
    out = <Variable>result
    if leaf.extras is None and leaf.node != NULL and not leaf.node.flags & HOOKED and nested_passes < NESTED_PASSES:
        # Nobody but the function has seen the leaf: its own .grad takes the gradient, with less to look after.
        nested_passes += 1
        try:
            reverse_pass((out,), (None,), None, None, (leaf,), True, True, "grad", False, &others)
        finally:
            nested_passes -= 1
        found = leaf.grad
        drop_grad(leaf)     # the function may have kept the leaf: what is returned is not to be seen there
    else:
        (found,), others = gradients((out,), (None,), (leaf,))
    if leaf.node != NULL:
        leaf.node.y.variable = NULL     # see retire()
    if others:
        return out, found if found is not None else zero_like(leaf)
    g = <Variable>found
    if g is None:
        return out.value, np.zeros_like(x) if leaf.array != NULL else 0.0
    return out.value, plain(g) if g.array != NULL else g.value


np_ndarray = np.ndarray
FLOAT64_DTYPE = np.dtype(np.float64)


def depends_on_others(tuple outputs, tuple inputs):
    """Whether what outputs depend on has leaves that are no inputs."""
    cdef Pass* walk = begin_pass(True, False)
    cdef Node* node
    cdef list roots = [], known = []
    cdef list held = []
    cdef bint others
    try:
        for v in outputs + inputs:
            node = current_node(physical_in(<Variable>v))       # of vmap's handles the graph is that of their batches
            if node != NULL:
                hold(node)
                held.append(<uintptr_t>node)
                (roots if len(held) <= len(outputs) else known).append(<uintptr_t>first_of(node))
        mark(walk, roots, known)
        others = walk.others
    finally:
        end_pass(walk)
        for address in held:
            disown(<Node*><uintptr_t>address)
    return others


def in_another_thread(function):
    """function() in a thread that has this one's modes; this one waits."""
    given = modes_to_hand_over()
    outcome = []

    def run():
        take_modes_over(given)
        try:
            outcome.append((function(), None))
        except BaseException as error:
            outcome.append((None, error))

    import threading

    thread = threading.Thread(target=run, name="autodiff nested backward")
    thread.start()
    thread.join()
    result, error = outcome[0]
    if error is not None:
        raise error
    return result


cdef object reverse_pass(given_outputs, given_gradients, retain_graph, create_graph, inputs, bint accumulate_inputs,
                         allow_unused, str caller, materialize, bint* others, bint bare=False):
    """others not NULL: told whether other leaves than the inputs are reached; create_graph None: recorded where they are."""
    cdef Pass* walk
    cdef Node* node
    cdef Variable output, g
    cdef Cotangent entry
    cdef bint recorded = bool(create_graph)
    cdef bint on_variables = recorded or modes() & FORWARD != 0     # tangents go along with Variables alone
    cdef bint retain = recorded if retain_graph is None else bool(retain_graph)
    cdef bint mxnet = False
    cdef int previous
    cdef intp i
    cdef Node* few[8]
    cdef Node** held = few      # the roots, then the inputs; owned
    cdef intp held_count = 0, roots
    cdef list seeds = []
    cdef list wanted = None
    cdef dict captures = None
    cdef set edges = None       # which inputs are edges
    cdef Running now
    cdef object handles = None
    cdef BatchLevel level = None    # whose batch of cotangents the pass computes, as arrays
    # One tuple of each, held to the end: an iterable may make its Variables on the way.
    cdef tuple outputs = tuple(given_outputs), gradients = tuple(given_gradients)
    if inputs is not None:
        inputs = (inputs,) if is_variable(inputs) or type(inputs) is GradientEdge else tuple(inputs)
        if not inputs:
            raise RuntimeError(f"`inputs` argument to `{caller}()` cannot be empty.")
    if modes() & ABOVE and any_handle(outputs, inputs):
        outputs, gradients, inputs, handles = OPS.physical_pass(outputs, gradients, inputs)
    if modes() & WATCHED:
        tell_of_pass(outputs, gradients)
    # The pass owns its roots and inputs: a hook may drop the last other reference to the graph.
    roots = len(outputs)
    if roots + (len(inputs) if inputs is not None else 0) > 8:
        held = <Node**>allocate((roots + (len(inputs) if inputs is not None else 0)) * sizeof(Node*))
    try:
        for i in range(roots):
            root = outputs[i]
            if not is_variable(root):
                if type(root) is not GradientEdge:
                    raise TypeError(f"{caller}(): outputs must be Variables, not {type(root).__name__}")
                node = held[held_count] = hold(node_of_edge(root, NULL, 0))
                held_count += 1
                seeds.append(seed_of(stand_in(node), gradients[i], i, node.flags & MXNET))
                mxnet = mxnet or node.flags & MXNET
                continue
            output = <Variable>root
            node = current_node(output)
            if node == NULL and output.flags & ATTACHED and modes() & RECORDING:
                node = output.extras.attached
            held[held_count] = hold(node)
            held_count += 1
            if node == NULL:
                raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn" + (
                    ".  Leaves of attach_grad() are recorded inside autograd.record() only" if attached_any else ""))
            mxnet = mxnet or node.flags & MXNET
            seeds.append(seed_of(output, gradients[i], i, node.flags & MXNET))
        if modes() & ABOVE and not on_variables:
            # vmap need not see the ops of a pass through batches, but where cotangents are handles: nodes save no handles.
            on_variables = any([(<Variable>seed).flags & BATCHED for seed in seeds])
        if inputs is not None:
            wanted = []
            for variable in inputs:
                if not is_variable(variable):
                    if type(variable) is not GradientEdge:
                        raise RuntimeError("all inputs have to be Tensors or GradientEdges, but got "
                                           f"{type(variable).__name__}")
                    if edges is None:
                        edges = set()
                    edges.add(len(wanted))
                    node = held[held_count] = hold(node_of_edge(variable, held, roots))
                    held_count += 1
                    wanted.append(<uintptr_t>first_of(node))
                    continue
                node = current_node(<Variable>variable)
                if node == NULL and (<Variable>variable).flags & ATTACHED:
                    node = (<Variable>variable).extras.attached
                held[held_count] = hold(node)
                held_count += 1
                if node == NULL:
                    raise RuntimeError("One of the differentiated Tensors does not require grad")
                wanted.append(<uintptr_t>first_of(node))
            if accumulate_inputs:
                for i in range(len(wanted)):
                    if not first_of(held[roots + i]).flags & LEAF and (edges is None or i not in edges):
                        (<Variable>inputs[i]).retain_grad()
        if not roots:
            if wanted is None or accumulate_inputs:
                return None
            results = results_of(inputs, edges, wanted, {}, recorded, on_variables, allow_unused, materialize, mxnet)
            return results if handles is None else handles(results)
        walk = begin_pass(retain, on_variables)
        if on_variables and not recorded and graph.leaf_hooks:
            walk.counted = True
        if modes() & ANOMALY and not modes() & NAN_ALLOWED:
            walk.anomaly = walk.special = True
        previous = modes()
        begin_running(&now, walk, held, roots)
        now.chosen, walk.bare = wanted is not None, bare
        try:
            if wanted is not None and not accumulate_inputs:
                captures = {}
                walk.captures = owned(captures)
            if wanted is not None or walk.counted:
                mark(walk, [<uintptr_t>held[i] for i in range(roots)], wanted)
            if others != NULL:
                others[0] = walk.others
                if create_graph is None and walk.others:
                    recorded = on_variables = walk.recorded = True
                    walk.retain = True if retain_graph is None else walk.retain
            if on_variables and captures is not None and not recorded and can_batch(walk, seeds):
                on_variables = False
                level = <BatchLevel>walk.level
            enter_modes((0 if recorded else GRAD_OFF) | (WRITING if mxnet else 0),
                        RECORDING | TRACED | (GRAD_OFF | INFERENCE if recorded else PACKING) | (0 if mxnet else WRITING))
            for i in range(roots):
                node = held[i]
                g = <Variable>seeds[i]
                if walk.batch:
                    seed_batch(walk, node, g)
                    continue
                if on_variables:
                    entry.variable = owned(g)
                else:
                    unwrap(node, g, &entry)
                seed(walk, node, entry)
            run_pass(walk)
            if now.callbacks != NULL:
                run_callbacks(&now)
        finally:
            end_running(&now)
            end_pass(walk)
            leave_modes(previous)
    finally:
        for i in range(held_count):
            disown(held[i])
        if held != few:
            free(held)
    if captures is None:
        return None
    results = results_of(inputs, edges, wanted, captures, recorded, on_variables, allow_unused, materialize, mxnet)
    if level is not None:
        results = tuple([None if g is None else batched(<Variable>g, level) for g in results])
    return results if handles is None else handles(results)


cdef bint any_handle(tuple outputs, object inputs) noexcept:
    """Whether vmap's handles are to be differentiated, which have no nodes: those of their batches are meant."""
    for v in outputs:
        if is_variable(v) and (<Variable>v).flags & BATCHED:
            return True
    for v in (<tuple>inputs if inputs is not None else ()):
        if is_variable(v) and (<Variable>v).flags & BATCHED:
            return True
    return False


cdef object results_of(inputs, set edges, list wanted, dict captures, bint recorded, bint on_variables, allow_unused,
                       materialize, bint mxnet):
    """Gradients of the inputs, a tuple in their order."""
    cdef Variable variable, gradient
    cdef list results = []
    cdef set seen = set()
    cdef int i, previous
    for i in range(len(wanted)):
        variable = <Variable>inputs[i] if edges is None or i not in edges else None
        found = captures.get(wanted[i])
        if found is None:
            if materialize and variable is None:
                raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
            if materialize:
                zero = filled(tuple(variable.shape), 0.0, numpy_dtype(type_of(variable)))
                results.append(flavoured(zero, Py_TYPE(<PyObject*>variable)))
                if recorded:
                    set_requires_grad(<Variable>results[len(results) - 1], True)
                continue
            if not allow_unused and mxnet:
                raise RuntimeError(f"Cannot differentiate with respect to the {i + 1}-th variable because it is "
                                   "unreachable from the outputs.  Set allow_unused=True if this is the desired "
                                   "behavior.")
            if not allow_unused:
                raise RuntimeError(f"The differentiated Tensor at index {i} appears to not have been used in the graph. "
                                   "Set allow_unused=True if this is the desired behavior.")
            results.append(None)
            continue
        gradient = <Variable>found
        # Nobody's buffer is handed out twice, nor one that the caller passed in.
        if gradient.array != NULL and not on_variables:
            if wanted[i] in seen or not sole_owner(gradient.array) or gradient.array.strides != NULL:
                gradient = from_array(TENSOR, contiguous_copy(gradient.array))
        elif not on_variables and gradient.array == NULL and wanted[i] in seen:
            gradient = from_number(TENSOR, gradient.value, type_of(gradient))
        elif on_variables and (wanted[i] in seen or not writable(gradient)):
            previous = enter_modes(0 if recorded else GRAD_OFF, GRAD_OFF | INFERENCE if recorded else 0)
            try:
                gradient = <Variable>gradient.clone()
            finally:
                leave_modes(previous)
        seen.add(wanted[i])
        gradient = flavoured(gradient, Py_TYPE(<PyObject*>variable) if variable is not None else TENSOR)
        if modes() & TRACING:
            gradient.flags |= DEPENDS       # of a custom Function's input, most likely
        results.append(gradient)
    return tuple(results)


# ---- hooks and their handles

class Hooks(dict):
    """Hooks by their handles' numbers, in the order of registration; a handle refers to it weakly."""

    __slots__ = ("__weakref__",)


class RemovableHandle:
    """What register_hook returns: remove() takes the hook away; also a context manager.

    >>> import autodiff
    >>> x = autodiff.tensor(2.0, requires_grad=True)
    >>> with x.register_hook(lambda gradient: gradient * 10):
    ...     (x * 3).backward()
    >>> x.grad
    tensor(30.)
    """

    __slots__ = ("__weakref__", "hooks", "id")
    next_id = 0

    def __init__(self, hooks):
        # Weakly: a handle that outlives the graph must not keep the hooks, and what they refer to, alive.
        self.hooks = weakref.ref(hooks)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1

    def remove(self):
        """Take the hook away; again does nothing."""
        hooks = self.hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.remove()

    def __getstate__(self):
        """The number alone: what a copy in another process could remove is not there."""
        return self.id

    def __setstate__(self, state):
        self.hooks = weakref.ref(Hooks())       # of nothing
        self.id = state
        RemovableHandle.next_id = max(RemovableHandle.next_id, state + 1)
