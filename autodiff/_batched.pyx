# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Reverse passes of many cotangents at once: what a row does to a batch of them, on values.

A Jacobian is one pass whose cotangents have a dimension in front, one row for each element of the result; the graph, and what
its nodes saved, has no such dimension.  Common rows have their loops here.  The others compute on handles of vmap, as all of
them did: each op of a derivative is then asked about, makes a Variable and a handle.  The Hessian of Rosenbrock's function of
30 variables takes 1.2 to 1.7 times as long on handles written with slices, 1.7 to 2.9 times as a loop over x[i].

Right of the ops, left of _engine, which begins such passes.  In them every cotangent is an array, also that of a 0-d result.
"""
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy, memset

from ._base cimport (BATCHED, EXPAND, FORWARD, OP_DIV, RESHAPE, BatchLevel, Transform, Variable, array_in, batched, from_owned,
                     innermost_above, is_variable, modes, ndarray_of, owned, transformed)
from ._elementwise cimport run_values
from ._structural cimport count_along, marked_dims
from ._core cimport (ARRAY, FLOAT32, OUT_SCALAR, SAVED, UNDEFINED, UNTOUCHED, Array, Cotangent, Node, Op, Pass, Payload,
                     Saved, Shape, accumulate_undefined, add_array, contiguous_copy, edge, hold_array,
                     is_element, itemsize, kernel_type, make_own, new_array, new_geometry, new_shape, node_shape, node_type,
                     node_x, operand_of, ops, reduce_array, release_array, release_shape, run_held, same_shape, saved_array,
                     slot, sole_owner, strides_of, table, wanted, zeros)
from ._kernels cimport (FLOAT32 as KERNEL_FLOAT32, FLOAT64 as KERNEL_FLOAT64, MAX_DIMS, SAVES_OUT, SAVES_X, SAVES_Y, Kernel,
                        Partial, intp, kernels, matmul as matmul_kernel)


# ---- batches of arrays of a shape

cdef Shape* shape_of_batch(Pass* walk, Shape* shape) except NULL:
    """The shape of a batch, owned."""
    cdef intp[MAX_DIMS] dim
    if shape.ndim == 0:
        walk.rows.owners += 1
        return walk.rows
    if shape.ndim + 1 > MAX_DIMS:
        raise RuntimeError(f"a batch of arrays of {shape.ndim} dimensions: at most {MAX_DIMS - 1} are supported")
    dim[0] = walk.batch
    memcpy(&dim[1], shape.dim, shape.ndim * sizeof(intp))
    return new_shape(shape.ndim + 1, dim)


cdef bint is_batch_of(Pass* walk, Shape* whole, Shape* shape) noexcept:
    cdef int i
    if whole.ndim != shape.ndim + 1 or whole.dim[0] != walk.batch:
        return False
    for i in range(shape.ndim):
        if whole.dim[i + 1] != shape.dim[i]:
            return False
    return True


cdef Array* view_of(Pass* walk, Array* array, Shape* shape, const intp* strides) except NULL:
    """A geometry of the shape of a batch on an array; NULL as strides: contiguous."""
    cdef Shape* whole = shape_of_batch(walk, shape)
    try:
        return new_geometry(array, array.data, whole, strides)
    finally:
        release_shape(whole)


cdef Array* new_batch(Pass* walk, int type, Shape* shape) except NULL:
    cdef Shape* whole = shape_of_batch(walk, shape)
    try:
        return new_array(type, whole)
    finally:
        release_shape(whole)


cdef Array* reduced(Pass* walk, Array* array, int type, Shape* shape) except NULL:
    """A batch summed to the shape of an operand that was broadcast, and cast; a new array."""
    cdef intp[MAX_DIMS] dim, room, steps
    cdef int i, extra = array.shape.ndim - 1 - shape.ndim
    cdef Shape* whole
    cdef Array* result
    cdef Array* seen
    if array.shape.ndim == 1 and shape.ndim:        # one number for all elements
        memset(steps, 0, sizeof(steps))
        steps[0] = strides_of(array, room)[0]
        seen = view_of(walk, array, shape, steps)
        try:
            return reduce_array(seen, type, seen.shape)
        finally:
            release_array(seen)
    dim[0] = walk.batch
    for i in range(max(extra, 0)):
        dim[1 + i] = 1
    memcpy(&dim[1 + max(extra, 0)], shape.dim, shape.ndim * sizeof(intp))
    whole = new_shape(1 + max(extra, 0) + shape.ndim, dim)
    try:
        result = reduce_array(array, type, whole)
    finally:
        release_shape(whole)
    if extra > 0:
        seen = view_of(walk, result, shape, NULL)
        release_array(result)
        return seen
    return result


cdef int accumulate_batch(Pass* walk, Node* node, Array* array) except -1:
    """Add a batch to the cotangents of a node, summed to its shape and cast to its dtype.  Takes the array, always."""
    cdef Cotangent* place
    cdef Array* fresh
    cdef Shape* shape = node_shape(node)
    cdef int type = node_type(node)
    try:
        if not wanted(walk, node):
            return 0
        if array.type != type or not is_batch_of(walk, array.shape, shape):
            fresh = reduced(walk, array, type, shape)
            release_array(array)
            array = fresh
        place = slot(walk, node)
        if place.bits == UNTOUCHED or place.bits == UNDEFINED:
            place.array = array
            array = NULL
        else:
            make_own(place)
            add_array(place.array, array)
    finally:
        release_array(array)
    return 0


cdef Array* open_batch(Pass* walk, Node* node) except NULL:
    """The cotangents of a node as an array to add into: zeros at first, contiguous, seen by nobody else; borrowed."""
    cdef Cotangent* place = slot(walk, node)
    cdef Shape* whole
    if place.bits == UNTOUCHED or place.bits == UNDEFINED:
        whole = shape_of_batch(walk, node_shape(node))
        try:
            place.array = zeros(node_type(node), whole)
        finally:
            release_shape(whole)
    else:
        make_own(place)
    return place.array


cdef Array* region_of(Pass* walk, Transform t, Array* whole, Shape* shape) except? NULL:
    """What a geometry shows of each array of a contiguous batch; NULL: it shows copies."""
    cdef Array* first = new_geometry(whole, whole.data, shape, NULL)
    cdef Array* region = NULL
    cdef intp[MAX_DIMS] steps, room
    try:
        region = transformed(t, first)
        if region == NULL:
            return NULL
        steps[0] = shape.size * itemsize(whole.type)
        memcpy(&steps[1], strides_of(region, room), region.shape.ndim * sizeof(intp))
        return view_of(walk, region, region.shape, steps)
    finally:
        release_array(first)
        release_array(region)


cdef Array* contiguous(Array* array) except NULL:
    """The array, or a copy in C order; owned."""
    return hold_array(array) if array.strides == NULL else contiguous_copy(array)


# ---- nodes of compiled loops

cdef int run_point(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """An op on 0-d values, whose operands are numbers in the node."""
    cdef Node* target = edge(node, operand)
    cdef int dtype = KERNEL_FLOAT32 if node.flags & FLOAT32 else KERNEL_FLOAT64
    cdef Kernel* kernel = ops[node.op].kernel[dtype]
    cdef int type = g.array.type
    cdef intp[MAX_DIMS] room
    cdef double[3] wide
    cdef float[3] narrow
    cdef char* data[5]
    cdef intp[5] steps
    cdef Cotangent* place
    cdef Array* given
    cdef int k
    if kernel.dx_is_g if operand == 0 else kernel.dy_is_g:
        return accumulate_batch(walk, target, hold_array(g.array))
    wide[0], wide[1], wide[2] = node_x(node), node.y.value, node.out.value
    for k in range(3):
        narrow[k] = <float>wide[k]
        data[2 + k] = <char*>&wide[k] if dtype == KERNEL_FLOAT64 else <char*>&narrow[k]
        steps[2 + k] = 0
    data[1], steps[1] = g.array.data, strides_of(g.array, room)[0]
    steps[0] = itemsize(type)
    if target.flags & OUT_SCALAR and node_type(target) == type:
        place = slot(walk, target)
        if place.bits != UNTOUCHED and place.bits != UNDEFINED:
            make_own(place)
            data[0] = place.array.data
            (kernel.dx if operand == 0 else kernel.dy)(data, steps, walk.batch, True)
            return 0
    if last and sole_owner(g.array) and g.array.strides == NULL:
        given = g.array
        g.bits = UNDEFINED
    else:
        given = new_array(type, walk.rows)
    data[0] = given.data
    (kernel.dx if operand == 0 else kernel.dy)(data, steps, walk.batch, False)
    return accumulate_batch(walk, target, given)


cdef int run_element_of(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The cotangents of an element read are added where it was; of a write, they are taken out of those of the whole."""
    cdef intp position = node.y.place.position
    cdef intp i, row, step
    cdef intp[MAX_DIMS] room
    cdef Array* array
    cdef Array* part
    cdef int type = g.array.type, size = itemsize(type)
    cdef char* source
    cdef char* place
    if node.flags & OUT_SCALAR:
        array = open_batch(walk, node.left)
        row = node_shape(node.left).size * size
        source, step = g.array.data, strides_of(g.array, room)[0]
        place = array.data + position * size
        for i in range(walk.batch):
            if size == sizeof(double):
                (<double*>(place + i * row))[0] += (<double*>(source + i * step))[0]
            else:
                (<float*>(place + i * row))[0] += (<float*>(source + i * step))[0]
        return 0
    row = node.x.shape.size * size
    if operand == 1:
        array = contiguous(g.array)
        try:
            part = new_array(type, walk.rows)
            for i in range(walk.batch):
                memcpy(part.data + i * size, array.data + i * row + position * size, size)
        finally:
            release_array(array)
        return accumulate_batch(walk, node.right, part)
    if last and sole_owner(g.array) and g.array.strides == NULL:
        array = g.array
        g.bits = UNDEFINED
    else:
        array = contiguous_copy(g.array)
    for i in range(walk.batch):
        memset(array.data + i * row + position * size, 0, size)
    return accumulate_batch(walk, node.left, array)


cdef int run_elementwise(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The fused loop of a row, what its node saved read anew for each cotangent.  1: a hook packed it."""
    cdef Payload* payload = node.x.payload
    cdef Shape* shape = payload.shape
    cdef Shape* whole
    cdef int ndim = shape.ndim + 1
    cdef int dtype = kernel_type(payload.type)
    cdef Kernel* kernel = ops[node.op].kernel[dtype]
    cdef Partial partial = kernel.dx if operand == 0 else kernel.dy
    cdef int saves = kernel.dx_saves if operand == 0 else kernel.dy_saves
    cdef Node* target = edge(node, operand)
    cdef intp[5 * MAX_DIMS] room
    cdef const intp* strides[5]
    cdef char* data[5]
    cdef float[3] single
    cdef Saved* saved
    cdef Cotangent* place
    cdef Array* given
    cdef int k
    if partial == NULL:
        return 1
    if kernel.dx_is_g if operand == 0 else kernel.dy_is_g:
        return accumulate_batch(walk, target, hold_array(g.array))
    for k in range(5):
        data[k] = NULL
        strides[k] = &room[k * ndim]
        memset(&room[k * ndim], 0, ndim * sizeof(intp))
    if saves & SAVES_X and operand_of(node, &payload.x, shape, &data[2], &room[2 * ndim + 1]):
        return 1
    if saves & SAVES_Y and operand_of(node, &payload.y, shape, &data[3], &room[3 * ndim + 1]):
        return 1
    if saves & SAVES_OUT and operand_of(node, &payload.out, shape, &data[4], &room[4 * ndim + 1]):
        return 1
    if dtype == KERNEL_FLOAT32:         # saved numbers are doubles; the loop reads floats
        for k in range(3):
            saved = &payload.x if k == 0 else &payload.y if k == 1 else &payload.out
            if data[k + 2] == <char*>&saved.value:
                single[k] = <float>saved.value
                data[k + 2] = <char*>&single[k]
    data[1] = g.array.data
    memcpy(&room[ndim], strides_of(g.array, &room[0]), ndim * sizeof(intp))
    whole = hold_shape(g.array.shape)
    try:
        if node_type(target) == payload.type and same_shape(node_shape(target), shape):
            place = slot(walk, target)
            if place.bits != UNTOUCHED and place.bits != UNDEFINED:
                make_own(place)
                data[0] = place.array.data
                strides[0] = strides_of(place.array, &room[0])
                run_held(payload, partial, whole, data, strides, True)
                return 0
        if last and sole_owner(g.array) and g.array.strides == NULL:
            given = g.array
            g.bits = UNDEFINED
        else:
            given = new_array(payload.type, whole)
        data[0] = given.data
        strides[0] = strides_of(given, &room[0])
        run_held(payload, partial, whole, data, strides, False)
    finally:
        release_shape(whole)
    return accumulate_batch(walk, target, given)


cdef inline Shape* hold_shape(Shape* shape) noexcept:
    shape.owners += 1
    return shape


# ---- nodes of other rows

cdef int run_identity(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return accumulate_batch(walk, node.left, hold_array(g.array))       # casts, too


cdef int spread_strides(Shape* shape, const intp* steps, object dim, bint keepdim, intp* along) except -1:
    """The strides under which the result of a reduction has the operand's shape."""
    cdef bint[MAX_DIMS] marked
    cdef int i, j = 0
    marked_dims(shape.ndim, dim, marked)
    for i in range(shape.ndim):
        if marked[i]:
            along[i] = 0
            j += keepdim
        else:
            along[i] = steps[j]
            j += 1
    return 0


cdef int spread(Pass* walk, Node* node, Array* g) except -1:
    """The cotangents of a sum to every element: a geometry, no copy."""
    cdef Node* target = node.left
    cdef Shape* shape = node_shape(target)
    cdef intp[MAX_DIMS] along, room
    cdef const intp* steps = strides_of(g, room)
    cdef tuple params
    memset(along, 0, sizeof(along))
    along[0] = steps[0]
    if not node.flags & OUT_SCALAR and node.x.payload.shape.ndim:
        if node.x.payload.params == NULL:
            return 1
        params = <tuple><object>node.x.payload.params
        spread_strides(shape, steps + 1, params[0], params[1], &along[1])
    return accumulate_batch(walk, target, view_of(walk, g, shape, along))


cdef int run_sum(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    return spread(walk, node, g.array)


cdef int run_mean(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    cdef Shape* shape = node_shape(node.left)
    cdef int k = kernel_type(g.array.type)
    cdef Array* divided
    cdef double wide = <double>shape.size
    cdef float narrow
    cdef char* data[3]
    cdef intp[2 * MAX_DIMS] room
    cdef intp[MAX_DIMS] none
    cdef const intp* strides[3]
    if k < 0:
        return 1
    if not node.flags & OUT_SCALAR and node.x.payload.params != NULL:
        wide = <double>count_along(shape, (<tuple><object>node.x.payload.params)[0])
    narrow = <float>wide
    memset(none, 0, sizeof(none))
    divided = new_array(g.array.type, g.array.shape)
    try:
        data[0], data[2] = g.array.data, divided.data
        data[1] = <char*>&wide if k == KERNEL_FLOAT64 else <char*>&narrow
        strides[0], strides[1], strides[2] = strides_of(g.array, room), none, strides_of(divided, &room[MAX_DIMS])
        run_values(&kernels[k][OP_DIV], 3, divided.shape, data, strides)
        return spread(walk, node, divided)
    finally:
        release_array(divided)


cdef int run_stack(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """Of operands without dimensions: each gets its column."""
    cdef Array* column
    cdef intp[MAX_DIMS] room
    cdef const intp* steps = strides_of(g.array, room)
    if g.array.shape.ndim != 2 or operand < 2:
        return 1
    column = new_geometry(g.array, g.array.data + (operand - 2) * steps[1], walk.rows, steps)
    return accumulate_batch(walk, edge(node, operand), column)


cdef Transform geometry_of(Payload* payload):
    """The geometry of a view or a region: the parameter itself, or the first of a tuple."""
    params = <object>payload.params
    return <Transform>params if type(params) is Transform else <Transform>(<tuple>params)[0]


cdef int run_view(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    cdef Node* target = node.left
    cdef Transform t = geometry_of(node.x.payload)
    cdef Shape* shape = node_shape(target)
    cdef Array* region
    if kernel_type(node_type(target)) < 0 or g.array.type != node_type(target):
        return 1
    if t.kind == EXPAND:
        return accumulate_batch(walk, target, hold_array(g.array))
    if t.kind == RESHAPE and g.array.strides == NULL:
        return accumulate_batch(walk, target, view_of(walk, g.array, shape, NULL))
    region = region_of(walk, t, open_batch(walk, target), shape)
    if region == NULL:
        return 1
    try:
        add_array(region, g.array)
    finally:
        release_array(region)
    return 0


cdef int run_embed(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The derivative of a view's derivative: what the geometry shows."""
    cdef Array* whole = contiguous(g.array)
    cdef Array* region
    try:
        region = region_of(walk, geometry_of(node.x.payload), whole, node_shape(node))
    finally:
        release_array(whole)
    return 1 if region == NULL else accumulate_batch(walk, node.left, region)


cdef int run_copy_region(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """What was written gets its part of g; the rest of g goes to what was there before."""
    cdef Transform t
    cdef Array* whole
    cdef Array* region
    cdef Array* part
    if node.flags & OUT_SCALAR or kernel_type(node.x.payload.type) < 0:
        return 1
    t = geometry_of(node.x.payload)
    if operand == 0 and last and sole_owner(g.array) and g.array.strides == NULL:
        whole = hold_array(g.array)
    elif operand == 0:
        whole = contiguous_copy(g.array)
    else:
        whole = contiguous(g.array)
    try:
        region = region_of(walk, t, whole, node_shape(node))
        if region == NULL:
            return 1
        if kernel_type(region.type) < 0:        # complex numbers over real ones
            release_array(region)
            return 1
        if operand == 1:        # a copy: the rest of g is written to
            try:
                part = contiguous_copy(region)
            finally:
                release_array(region)
            return accumulate_batch(walk, node.right, part)
        ndarray_of(region, True)[...] = 0
        return accumulate_batch(walk, node.left, hold_array(whole))
    finally:
        release_array(whole)


cdef int run_matmul(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """g y^T, the rows of all of g at once; x^T g, at once where g has one column, else one after another."""
    cdef Payload* payload = node.x.payload
    cdef Node* target = node.left if operand == 0 else node.right
    cdef int dtype = kernel_type(payload.type)
    cdef Shape* shape = node_shape(target)
    cdef Shape* left
    cdef Shape* right
    cdef Array* other
    cdef Array* rows
    cdef Array* out
    cdef intp[MAX_DIMS] room
    cdef const intp* steps
    cdef intp m, k, n, i, size, row, column
    cdef int rank_x, rank_y
    cdef Saved* saved = &payload.y if operand == 0 else &payload.x
    if dtype < 0 or saved.state != SAVED or shape.ndim > 2 or saved.array.shape.ndim > 2 or node_type(target) != payload.type:
        return 1
    saved_array(node, saved, &other)
    size = itemsize(payload.type)
    left, right = shape if operand == 0 else other.shape, other.shape if operand == 0 else shape
    rank_x, rank_y = left.ndim, right.ndim
    if rank_x == 0 or rank_y == 0:
        return 1
    k = left.dim[rank_x - 1]
    m = left.dim[0] if rank_x == 2 else 1
    n = right.dim[1] if rank_y == 2 else 1
    steps = strides_of(other, room)
    rows = contiguous(g.array)              # (batch, m, n)
    out = NULL
    hold_array(other)
    try:
        out = new_batch(walk, payload.type, shape)
        if operand == 0:
            # (batch m, n) @ (n, k)
            matmul_kernel(dtype, walk.batch * m, n, k, rows.data, n * size, size, other.data,
                          steps[1] if rank_y == 2 else size, steps[0], out.data, k * size, size)
        else:
            row, column = steps[0] if rank_x == 2 else k * size, steps[rank_x - 1]
            if n == 1:
                # (batch, m) @ (m, k)
                matmul_kernel(dtype, walk.batch, m, k, rows.data, m * size, size, other.data, row, column, out.data,
                              k * size, size)
            else:
                # (k, m) @ (m, n)
                for i in range(walk.batch):
                    matmul_kernel(dtype, k, m, n, other.data, column, row, rows.data + i * m * n * size, n * size, size,
                                  out.data + i * k * n * size, n * size, size)
    except BaseException:
        release_array(out)
        raise
    finally:
        release_array(rows)
        release_array(other)
    return accumulate_batch(walk, target, out)


ctypedef int (*OfBatch)(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1

#: By the names that rows call their value-only VJPs.
cdef dict OF_BATCH = {
    "identity": <uintptr_t><void*>run_identity,
    "cast": <uintptr_t><void*>run_identity,
    "sum": <uintptr_t><void*>run_sum,
    "mean": <uintptr_t><void*>run_mean,
    "stack": <uintptr_t><void*>run_stack,
    "view": <uintptr_t><void*>run_view,
    "embed": <uintptr_t><void*>run_embed,
    "copy_region": <uintptr_t><void*>run_copy_region,
    "matmul": <uintptr_t><void*>run_matmul,
}


cdef int set_of_batch(int op, str name) except -1:
    if name in OF_BATCH:
        ops[op].of_batch = <OfBatch><void*><uintptr_t>OF_BATCH[name]
    return 0


# ---- any node

cdef int run_on_handles(Pass* walk, Node* node, int operand, Array* g) except -1:
    """The row's rule on Variables, which are handles of the batch."""
    cdef BatchLevel level = <BatchLevel>walk.level
    cdef Node* target = edge(node, operand)
    cdef PyObject* result
    cdef Variable v = batched(from_owned(hold_array(g)), level)
    result = table.vjp(node, operand, <PyObject*>v)
    if result == NULL:
        return accumulate_undefined(walk, target)
    given = <object>result
    Py_DECREF(given)
    return accumulate_batch(walk, target, rows_of(walk, given))


cdef Array* rows_of(Pass* walk, object value) except NULL:
    """The batch behind a handle, or a value repeated for each row; owned."""
    cdef Variable v
    cdef Array* array
    cdef intp[MAX_DIMS] steps, room
    if not is_variable(value):
        raise TypeError(f"expected Variable or None (got {type(value).__name__})")
    v = <Variable>value
    if v.flags & BATCHED and v.extras.handle.batch is <object>walk.level:
        return array_in(<Variable>v.extras.handle.physical)
    array = array_in(v)
    try:
        steps[0] = 0
        memcpy(&steps[1], strides_of(array, room), array.shape.ndim * sizeof(intp))
        return view_of(walk, array, array.shape, steps)
    finally:
        release_array(array)


cdef int run_batch(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The one question, of a batch of cotangents: add those of an operand into its place."""
    cdef Op* op = &ops[node.op]
    if is_element(node):
        return run_element_of(walk, node, operand, g, last)
    if not node.flags & ARRAY:
        return run_point(walk, node, operand, g, last)
    if op.kernel[0] != NULL and kernel_type(node.x.payload.type) >= 0:
        if run_elementwise(walk, node, operand, g, last) != 1:
            return 0
    elif op.of_batch != NULL:
        if op.of_batch(walk, node, operand, g, last) != 1:
            return 0
    return run_on_handles(walk, node, operand, g.array)


cdef PyObject* wrap_batch(Array* array) except NULL:
    """The batch as a Variable; the pass keeps its own reference."""
    return owned(from_owned(hold_array(array)))


# ---- the beginning

cdef bint can_batch(Pass* walk, list seeds) except -1:
    """Whether a pass from these cotangents may be one of a batch of arrays; if so it is from now on.

    Handles of the innermost vmap, of plain batches, where nothing is to be called on the way.
    """
    cdef Variable v, physical
    cdef BatchLevel level = None
    if walk.unusual or walk.counted or walk.anomaly or modes() & FORWARD:
        return False
    for seed in seeds:
        v = <Variable>seed
        if not v.flags & BATCHED:
            continue
        physical = <Variable>v.extras.handle.physical
        if physical.flags & BATCHED or physical.array == NULL or (level is not None and v.extras.handle.batch is not level):
            return False
        level = <BatchLevel>v.extras.handle.batch
    if level is None or innermost_above() is not level or not physical.array.shape.dim[0]:
        return False
    walk.rows = new_shape(1, &physical.array.shape.dim[0])
    walk.batch = walk.rows.size
    walk.level = <PyObject*>level
    walk.recorded = False
    return True


cdef int seed_batch(Pass* walk, Node* node, Variable g) except -1:
    return accumulate_batch(walk, node, rows_of(walk, g))


table.run_batch = run_batch
table.accumulate_batch = accumulate_batch
table.wrap_batch = wrap_batch
