# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Elementwise ops on Variables: promotion, broadcasting, what is saved; values of no dimensions go by C doubles.

The loops themselves are in csrc/.  Right of _base, whose door every op goes through; left of the other ops.
"""
cimport numpy as cnp
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from libc.stdint cimport uint32_t
from libc.string cimport memset

from ._base cimport (ABOVE, ARITY, BATCHED, COMPLEX_KIND, COMPLEX_SAVES, COMPLEX_VALUES, DIFFERENTIABLE, DTYPE_RULE, FORWARD,
                     GRAD_OFF, INFERENCE_TENSOR, INLINE64, NAMES, NDARRAY, NUMPY_FUNCTIONS, OP_CLONE, OP_DIV, OP_FLOOR_QUOTIENT,
                     OP_FMOD, OP_GE, OP_GT, OP_LE, OP_LT, OP_NEG, OP_POW, OP_REMAINDER, OP_SQUARE, OP_SUB,
                     OP_TRUNC_QUOTIENT, OTHER_ROW, OWN, PACKING, REFUSED, SPECIAL_POWERS, T_BOOL, T_DOUBLE, T_FLOAT,
                     T_HALF, T_LONG, TENSOR, Py_TYPE, Variable, array_copy_of, array_in, array_of, ask, ask_point, category,
                     default_type, edge_of, enter_modes, fresh, from_array, from_owned, hook_stack, is_variable, later,
                     leave_modes, make, make_number, make_point, modes, ndarray_of, normal_type, numpy_dtype, plain,
                     point_result, set_edge, shape_tuple, tangent_in, type_of)
from ._core cimport (FLAT_SIZE, LEAF, LEFT_NUMBER, MODIFIED, NUMBER, PACKED, RIGHT_NUMBER, SAVED, SAVES, Array, Node,
                     Payload, Saved, Shape, broadcast_strides, contiguous_copy, disown, graph, hold, hold_array,
                     itemsize, kernel_type, lies_flat, new_array, new_payload, new_shape, node_shape, node_type, ops,
                     read_double, release_array, release_payload, release_shape, same_shape, scalar_shape, strides_of,
                     watches, write_double)
from ._kernels cimport (FLOAT64 as KERNEL_FLOAT64, MAX_DIMS, SAVES_OUT, SAVES_X, SAVES_Y, Kernel, intp, kernels, run_loop)

import operator

import numpy as np

from ._base import OPS
from ._types import SCALAR_NAMES

cnp.import_array()


# ---- operands: dtypes, promotion, what is saved of them

cdef bint is_operand(object o) noexcept:
    """Whether an operator takes o: a Variable, a number or an array of numbers."""
    if isinstance(o, cnp.ndarray):
        return (<cnp.ndarray>o).descr.type_num != cnp.NPY_OBJECT
    return is_variable(o) or isinstance(o, (int, float, complex, np.number, np.bool_))


cdef int take_operand(object o, PyTypeObject* kind, Operand* operand) except -1:
    """Look at one operand of a call; 1: it is nothing that an op can take."""
    cdef Variable v
    operand.array, operand.node, operand.number, operand.value = NULL, NULL, False, 0
    if is_variable(o):
        v = <Variable>o
        operand.node = hold(edge_of(v))
        operand.type = type_of(v)
        operand.array = v.array
        operand.value = v.value
        operand.rank = RANK_SCALAR
        if v.array != NULL:
            v.array.owners += 1
            operand.version = v.array.storage.version
            if v.array.shape.ndim:
                operand.rank = RANK_ARRAY
        return 0
    operand.number = True
    operand.rank = RANK_NUMBER
    if type(o) is float:
        operand.type, operand.value = T_DOUBLE, <double>o
    elif type(o) is int:
        operand.type = T_LONG
        try:
            operand.value = PyLong_AsDouble(o)
        except OverflowError:
            raise OverflowError("a Python int too large for a float meets a Variable; convert it with float() if that "
                                "is what is meant") from None
    elif type(o) is bool:
        operand.type, operand.value = T_BOOL, 1.0 if o else 0.0
    elif isinstance(o, complex) and not isinstance(o, np.generic):
        operand.type = cnp.NPY_CDOUBLE
    elif isinstance(o, (np.ndarray, np.generic)):
        if isinstance(o, cnp.ndarray) and o.dtype == object:
            return 1
        if kind == TENSOR and isinstance(o, np.generic):
            return take_operand(python_number(o), kind, operand)
        operand.number = False
        operand.array = array_of(np.asarray(o))
        operand.version = operand.array.storage.version
        operand.type = operand.array.type
        operand.rank = RANK_ARRAY if operand.array.shape.ndim else RANK_SCALAR
    elif isinstance(o, (int, float)):
        return take_operand(python_number(o), kind, operand)
    else:
        return 1
    return 0


cdef object python_number(object o):
    """A number of a subclass of int or float, or NumPy's, as Python's own; what is no number stays as it is.

    Its type is what matters: an IntEnum answers isinstance(o, int), the item of a longdouble is a longdouble again.
    """
    if isinstance(o, np.generic):
        value = o.item()
        if isinstance(value, np.generic):
            value = complex(o) if isinstance(o, np.complexfloating) else float(o) if isinstance(o, np.floating) else None
        return value
    return int.__index__(o) if isinstance(o, int) else float.__float__(o)


cdef void drop_operand(Operand* operand) noexcept:
    if operand.array != NULL:
        release_array(operand.array)
    disown(operand.node)


cdef int complex_of(int type) noexcept:
    """The complex dtype that a complex number makes of a float dtype."""
    return cnp.NPY_CDOUBLE if type == T_DOUBLE else cnp.NPY_CFLOAT


cdef int weak_type(Operand* operand) noexcept:
    """The dtype that a Python number brings if its kind is above the others'."""
    cdef int c = category(operand.type)
    if c == 2:
        return default_type
    if c == 3:
        return cnp.NPY_CDOUBLE if default_type == T_DOUBLE else cnp.NPY_CFLOAT
    return T_BOOL if c == 0 else T_LONG


cdef int promoted(Operand* a, Operand* b, PyTypeObject* kind) except -1:
    """PyTorch's flavour: operands with dimensions outrank 0-d ones, which outrank Python numbers.  NumPy's: numbers
    are weak, everything else promotes alike."""
    cdef int rank_a = a.rank, rank_b = b.rank, type_a = a.type, type_b = b.type
    if kind == NDARRAY:
        rank_a, rank_b = min(rank_a, 1), min(rank_b, 1)
    if a.number:
        type_a = weak_type(a)
    if b.number:
        type_b = weak_type(b)
    if type_a == type_b:
        return type_a
    if rank_a != rank_b:
        if rank_a > rank_b:
            if category(type_b) <= category(type_a):
                return type_a
            return complex_of(type_a) if category(type_b) == 3 and category(type_a) == 2 else type_b
        if category(type_a) <= category(type_b):
            return type_b
        return complex_of(type_b) if category(type_a) == 3 and category(type_b) == 2 else type_a
    if (type_a == T_FLOAT and type_b == T_DOUBLE) or (type_a == T_DOUBLE and type_b == T_FLOAT):
        return T_DOUBLE
    if kind == TENSOR and category(type_a) != category(type_b):
        # PyTorch: an integer takes the float's dtype (NumPy: int64 and float32 make float64)
        if category(type_a) >= 2 and category(type_b) < 2:
            return type_a
        if category(type_b) >= 2 and category(type_a) < 2:
            return type_b
    return normal_type(np.promote_types(numpy_dtype(type_a), numpy_dtype(type_b)).num)


cdef int cast_operand(Operand* operand, int type) except -1:
    """Bring an operand to the dtype of the computation; its node stays: the engine casts the cotangent back."""
    cdef Array* array
    cdef double value
    if operand.array == NULL:
        if type == T_FLOAT:
            operand.value = <float>operand.value
        return 0
    if operand.array.type != type:
        array = operand.array
        if array.shape.ndim == 0 and kernel_type(array.type) >= 0 and kernel_type(type) >= 0:
            value = read_double(array.type, array.data)
            operand.array = new_array(type, scalar_shape)
            write_double(type, operand.array.data, value)
        else:
            operand.array = new_array(type, array.shape)
            np.copyto(ndarray_of(operand.array, False), ndarray_of(array, False), casting="unsafe")
        operand.version = operand.array.storage.version
        release_array(array)
    return 0


cdef Shape* broadcast(Shape* a, Shape* b) except NULL:
    """The common shape; a new reference."""
    cdef intp[MAX_DIMS] dims
    cdef int i, ia, ib, n
    cdef intp da, db
    if same_shape(a, b) or b.ndim == 0:
        a.owners += 1
        return a
    if a.ndim == 0:
        b.owners += 1
        return b
    n = max(a.ndim, b.ndim)
    for i in range(n):
        ia, ib = i - (n - a.ndim), i - (n - b.ndim)
        da = a.dim[ia] if ia >= 0 else 1
        db = b.dim[ib] if ib >= 0 else 1
        if da != db and da != 1 and db != 1:
            raise RuntimeError(f"The size of tensor a ({da}) must match the size of tensor b ({db}) at non-singleton "
                               f"dimension {i}")
        dims[i] = db if da == 1 else da
    return new_shape(n, dims)


cdef int save(Saved* saved, Operand* operand, bint snapshot) except -1:
    """The one door of saved values: version, snapshot, hooks."""
    cdef Array* array = operand.array
    if array == NULL:
        saved.state, saved.value = NUMBER, operand.value
        return 0
    if snapshot:
        array = contiguous_copy(array)
    else:
        array.owners += 1
        array.saves += 1
        saved.counted = True
    saved.array, saved.version, saved.state = array, array.storage.version, SAVED
    if operand.array.storage.version != operand.version:
        # Another thread wrote while the loop ran: a pass says so.  Of a copy, to which nobody writes, any other number does.
        saved.version = saved.version + 1 if snapshot else operand.version
    if modes() & PACKING and not operand.number:
        pack(saved, operand.node)
    return 0


cdef uint32_t version_of(object o) noexcept:
    """The version of an operand's elements, for saved_since()."""
    return (<Variable>o).array.storage.version if is_variable(o) and (<Variable>o).array != NULL else 0


cdef void saved_since(Saved* saved, object o, uint32_t version) noexcept:
    """What save() does for an operand that was looked at, version_of(), before another thread could write to it."""
    if saved.state == SAVED and version_of(o) != version:
        saved.version = saved.version - 1


cdef int pack(Saved* saved, Node* node) except -1:
    """Let the hooks of the context have a saved value; node: what it is the result of, NULL for a constant."""
    hooks = hook_stack()
    if not hooks:
        return 0
    pack_hook, unpack_hook = hooks[len(hooks) - 1]
    # Nobody else knows the saved value yet.
    return put_packed(saved, packed_of(saved.array, node, pack_hook, unpack_hook))


cdef Variable as_packed(Array* array, Node* node):
    """What a pack hook is shown: the leaf itself, or a Variable on the node of what was saved."""
    cdef Variable v
    if node != NULL and node_type(node) == array.type and same_shape(node_shape(node), array.shape):
        if node.flags & (LEAF | MODIFIED) == LEAF and node.y.variable != NULL:
            v = <Variable>node.y.variable
            if v.array != NULL and Py_TYPE(<PyObject*>v) == TENSOR and (
                    v.array.data == array.data and v.array.storage == array.storage):
                return v
        if not node.flags & LEAF or array.shape.ndim == 0:
            v = from_owned(hold_array(array))
            set_edge(v, node, False)
            return v
    return from_owned(hold_array(array))


cdef tuple packed_of(Array* array, Node* node, object pack_hook, object unpack_hook):
    """What is kept in the place of a saved array, which the caller holds: what the hook makes of it, and unpack_hook."""
    cdef Variable v
    cdef int kept
    hold(node)
    try:
        v = as_packed(array, node)
    finally:
        disown(node)
    version = array.storage.version
    kept = enter_modes(GRAD_OFF, PACKING)
    try:
        packed = pack_hook(v)
    finally:
        leave_modes(kept)
    if array.storage.version != version:
        raise RuntimeError("A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack "
                           "hook cannot be modified by in-place operations as this can lead to unexpected side-effects. "
                           "Please open an issue if you need to perform in-place operations on the input to a pack hook.")
    return packed, unpack_hook


cdef int put_packed(Saved* saved, tuple pair) except -1:
    cdef Array* array = saved.array
    Py_INCREF(pair)
    saved.packed = <PyObject*>pair
    graph.hooks += 1
    if saved.counted:
        array.saves -= 1
    saved.array, saved.counted = NULL, False
    saved.state = PACKED
    release_array(array)
    return 0


cdef bint must_snapshot(object o):
    """NumPy's flavour may write to an array after its view was used: y[i + 1] = y[i] + h * f(y[i]).

    A plain ndarray has no version, so that a later write to it could not be noticed.
    """
    if is_variable(o):
        return Py_TYPE(<PyObject*>o) == NDARRAY and (<Variable>o).path is not None
    return isinstance(o, cnp.ndarray)


cdef int check_inference(object o) except -1:
    if is_variable(o) and (<Variable>o).flags & INFERENCE_TENSOR:
        raise RuntimeError("Inference tensors cannot be saved for backward. Please do not use Tensors created in "
                           "inference mode in computation tracked by autograd. To work around this, you can make a clone "
                           "to get a normal tensor and use it in autograd, or use `autodiff.no_grad()` instead of "
                           "`autodiff.inference_mode()`.")
    return 0


cdef int run_values(Kernel* kernel, int nargs, Shape* shape, char** data, const intp** strides) noexcept:
    if shape.size < 32768:
        run_loop(kernel.value, kernel.value_data, nargs, shape.ndim, shape.dim, data, strides)
    else:
        # The operands and the result are owned by the caller meanwhile.
        with nogil:
            run_loop(kernel.value, kernel.value_data, nargs, shape.ndim, shape.dim, data, strides)
    return 0


cdef int save_result(Saved* saved, Array* out) except -1:
    """A result; of no dimensions it lives in the Variable as a C double, so its value is copied."""
    if out.shape.ndim == 0 and kernel_type(out.type) >= 0:
        saved.state, saved.value = NUMBER, read_double(out.type, out.data)
        return 0
    out.owners += 1
    out.saves += 1
    saved.array, saved.version, saved.state, saved.counted = out, out.storage.version, SAVED, True
    if modes() & PACKING:
        pack(saved, NULL)
    return 0


NDARRAY_WORD = "autodiff.numpy.ndarray"


cdef str variable_word(object beside):
    """What messages call a Variable of the flavour of another: an array of NumPy's is never called a Tensor."""
    return NDARRAY_WORD if Py_TYPE(<PyObject*>beside) == NDARRAY else "Tensor"


# ---- data and numbers that a call is given

cdef bint holds_variable(object data):
    """Whether a nested list has a Variable in it; without recursion, level by level.

    ValueError for lists nested deeper than an array has dimensions: one that holds itself is nested without end.
    """
    cdef list level = [data]
    cdef list below
    cdef set seen
    cdef int depth = 0
    while level:
        below = []
        seen = set()            # a list that holds itself twice would double from level to level
        for item in level:
            if isinstance(item, Variable):
                return True
            if isinstance(item, (list, tuple)) and id(item) not in seen:
                seen.add(id(item))
                below.extend(item)
        depth += 1
        if depth > MAX_DIMS + 1:
            raise ValueError(f"too many dimensions: nested lists may be at most {MAX_DIMS} deep")
        level = below
    return False


cdef object finite(object data):
    """data as it came, once lists in it are known to end: NumPy looks for the end of one that holds itself for ever."""
    if isinstance(data, (list, tuple)):
        holds_variable(data)
    return data


cdef object given_array(object data, object dtype=None):
    """What a call was given, as a plain array; ValueError for lists of unequal lengths."""
    try:
        return np.asarray(finite(data), dtype)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError("expected a number, an array or nested sequences of equal lengths") from None


cdef str out_of_range(object dtype):
    """PyTorch's words where an int is none of a dtype."""
    return f"value cannot be converted to type {'int' if dtype.name == 'int32' else dtype.name + '_t'} without overflow"


def as_integer(value, dtype, bint wraps=True):
    """A number as an integer dtype has it: rounded towards 0; RuntimeError if it is out of range, or NaN.

    wraps: as in PyTorch, an int below 0 is counted from the end of an unsigned dtype, so that -1 is 255 in uint8.
    """
    limits = np.iinfo(dtype)
    wraps = wraps and limits.min == 0 and isinstance(value, int)
    if not (-limits.max if wraps else limits.min) <= value <= limits.max:
        raise RuntimeError(out_of_range(dtype))
    return int(value) & int(limits.max) if wraps else int(value)


cdef object real_number(object value, str name):
    """A number that has no imaginary part."""
    if not isinstance(value, (complex, np.complexfloating)):
        return value
    if value.imag:
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    return value.real


def number_given(value, str name, str argument):
    """A parameter that is a number: a 0-d Variable gives its value, unless its gradient would be lost."""
    cdef Variable v
    if not is_variable(value):
        return value
    v = <Variable>value
    if v.flags & BATCHED or v.ndim == 0 and not has_derivative(v):
        return v.item()
    raise TypeError(f"{name}(): argument '{argument}' must be Number, not {type(value).__name__}" + (
        f" that requires grad: {name}() has no derivative in it. Compute with it by ops that have (+, *, where, expand), or "
        f"give its value, where the gradient ends: {argument}.item()" if v.ndim == 0 else ""))


def integer_given(value, str name, str argument, int position=0, str wanted="int"):
    """A parameter that is a whole number, as Python's int; TypeError for anything else, a masked element among it."""
    value = number_given(value, name, argument)
    try:
        return int.__index__(operator.index(value))
    except (TypeError, np.ma.MAError):
        place = f" (position {position})" if position else ""
        raise TypeError(f"{name}(): argument '{argument}'{place} must be {wanted}, not {type(value).__name__}") from None


def factor_given(value, str name, str argument, bint number=True):
    """A parameter that may be differentiated: a number, or a 0-d Variable if a gradient is wanted of it."""
    if is_variable(value) and (<Variable>value).ndim == 0 and (
            (<Variable>value).flags & BATCHED or has_derivative(<Variable>value)):
        return value
    value = number_given(value, name, argument)
    if number and not isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
        raise TypeError(f"{name}(): argument '{argument}' must be Number, not {type(value).__name__}")
    return value


cdef bint has_derivative(Variable v):
    """Whether what is computed with v is recorded, or carries a tangent."""
    return edge_of(v) != NULL or (modes() & FORWARD and tangent_in(v) is not None)


cdef object item_of(Variable v):
    """The only element, as a Python number."""
    if v.array == NULL:
        return v.value
    if v.array.shape.size != 1:
        if Py_TYPE(<PyObject*>v) == NDARRAY:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        raise RuntimeError(f"a Tensor with {v.array.shape.size} elements cannot be converted to Scalar")
    if kernel_type(v.array.type) >= 0:
        return read_double(v.array.type, v.array.data)
    return ndarray_of(v.array, False).item()


# ---- elementwise ops

cdef object elementwise(int op, object x, object y, bint overwritten=False):
    """An elementwise op of one operand (y None with arity 1) or two.

    overwritten: x is about to be written, so what is saved of it is a copy.
    """
    if modes() & ABOVE:
        if modes() == ABOVE and not overwritten:
            taken = ask_point(op, x, y)
            if taken is not None:
                return taken
        if ARITY[op] == 2 and not (is_operand(x) and is_operand(y)):
            return NotImplemented
        taken = ask(NAMES[op], (x,) if ARITY[op] == 1 else (x, y), (), None, DTYPE_RULE[op] == 2 and of_numpy(x, y))
        if taken is not NotImplemented:
            return taken
    return elementwise_of(op, x, y, NULL, overwritten)


cdef bint of_numpy(object x, object y) noexcept:
    """Whether the result has NumPy's flavour, in which conditions are plain arrays."""
    return Py_TYPE(<PyObject*>x) == NDARRAY or Py_TYPE(<PyObject*>y) == NDARRAY


cdef int float_of(int op, int type) noexcept:
    """The float dtype in which NumPy computes an op on integers: the smallest that holds them, but for a division."""
    if op == OP_DIV or type in (cnp.NPY_INT, cnp.NPY_LONG, cnp.NPY_LONGLONG):
        return T_DOUBLE
    return T_FLOAT if type == cnp.NPY_SHORT else T_HALF


cdef object elementwise_of(int op, object x, object y, Array* into, bint overwritten=False):
    """What elementwise() does once nobody above has answered.  into: where to write the result (values only), the caller's."""
    cdef Operand a, b
    cdef PyTypeObject* kind
    cdef int type, dtype, out_type, arity = ARITY[op], saves, flags = 0
    cdef bint copies
    cdef Kernel* kernel
    cdef Shape* shape = NULL
    cdef Array* out = NULL
    cdef char* data[3]
    cdef intp[3 * MAX_DIMS] room
    cdef const intp* strides[3]
    cdef Payload* payload
    cdef Variable result
    cdef double value, single_a, single_b
    cdef float float_a, float_b
    cdef intp[3] steps
    kind = Py_TYPE(<PyObject*>x)
    if kind != NDARRAY and arity == 2 and Py_TYPE(<PyObject*>y) == NDARRAY or not is_variable(x):
        kind = Py_TYPE(<PyObject*>y) if arity == 2 and is_variable(y) else kind
    b.array = NULL
    b.node = NULL
    if take_operand(x, kind, &a):
        return NotImplemented
    try:
        if arity == 2:
            if take_operand(y, kind, &b):
                return NotImplemented
            type = promoted(&a, &b, kind)
        else:
            type = a.type
        out_type = type
        if DTYPE_RULE[op] == 1 and category(type) < 2:          # "float": integers become the default dtype
            type = out_type = default_type if kind == TENSOR else float_of(op, type)
        elif DTYPE_RULE[op] == 2:
            out_type = T_BOOL
        dtype = kernel_type(type)
        if dtype < 0:
            if op == OP_SQUARE and type == T_BOOL:              # a power of 2, and so of an integer: True ** 2 is 1
                type = out_type = T_LONG if kind == TENSOR else cnp.NPY_BYTE
            return generic(op, x, y, kind, type, out_type, &a, &b, overwritten)
        kernel = &kernels[dtype][op]
        cast_operand(&a, type)
        if arity == 2:
            cast_operand(&b, type)
        if DIFFERENTIABLE[op] == 0:
            disown(a.node)
            disown(b.node)
            a.node = b.node = NULL
        if a.array == NULL and (arity == 1 or b.array == NULL):
            # 0-d values in C doubles
            value = kernel.value1(a.value, b.value if arity == 2 else 0)
            if out_type == T_BOOL:
                if kind == NDARRAY:
                    return np.bool_(value != 0)
                return bool_tensor(value != 0)
            if a.node != NULL or b.node != NULL:
                flags = number_flags(&a, &b, arity, kernel)
                if modes() & PACKING:
                    payload = packed_payload(type, kernel, &a, &b, value)
                    return make_number(op, flags, kind, value, type, payload, a.node, b.node, x, y, ())
            return make_point(kind, op, flags, type, value, a.node, a.value, b.node, b.value if arity == 2 else 0, x, y)
        if a.array == NULL:
            shape = b.array.shape
            shape.owners += 1
        elif arity == 1 or b.array == NULL:
            shape = a.array.shape
            shape.owners += 1
        else:
            try:
                shape = broadcast(a.array.shape, b.array.shape)
            except RuntimeError:
                if kind == NDARRAY:
                    raise ValueError("operands could not be broadcast together with shapes "
                                     f"{shape_tuple(a.array.shape)} {shape_tuple(b.array.shape)}") from None
                raise
        if into != NULL:
            if not same_shape(into.shape, shape):
                raise RuntimeError(f"output with shape {list(shape_tuple(into.shape))} doesn't match the broadcast shape "
                                   f"{list(shape_tuple(shape))}")
            if into.type != out_type:
                raise RuntimeError(f"a result of {numpy_dtype(out_type)} has no room in {numpy_dtype(into.type)}")
            out = into
            out.owners += 1
        else:
            out = new_array(out_type, shape)
        single_a, single_b = a.value, b.value
        float_a, float_b = <float>a.value, <float>b.value
        if a.array == NULL:
            data[0] = <char*>&single_a if dtype == KERNEL_FLOAT64 else <char*>&float_a
        else:
            data[0] = a.array.data
        data[1] = data[2] = out.data
        if arity == 2:
            if b.array == NULL:
                data[1] = <char*>&single_b if dtype == KERNEL_FLOAT64 else <char*>&float_b
            else:
                data[1] = b.array.data
        if shape.size < FLAT_SIZE and shape.ndim and out.strides == NULL and (
                a.array == NULL or lies_flat(a.array, shape)) and (
                arity == 1 or b.array == NULL or lies_flat(b.array, shape)):
            # Few contiguous elements of one shape: with 4 of them the walk over strides takes longer than the loop.
            steps[0] = 0 if a.array == NULL else itemsize(type)
            steps[1] = steps[2] = itemsize(out_type)
            if arity == 2:
                steps[1] = 0 if b.array == NULL else itemsize(type)
            kernel.value(data, &shape.size, steps, kernel.value_data)
        else:
            memset(room, 0, 3 * shape.ndim * sizeof(intp))
            strides[0] = &room[0]
            strides[1] = &room[shape.ndim]
            strides[2] = &room[2 * shape.ndim]
            if a.array != NULL:
                broadcast_strides(a.array, shape, &room[0])
            if arity == 2 and b.array != NULL:
                broadcast_strides(b.array, shape, &room[shape.ndim])
            strides[arity] = strides_of(out, &room[arity * shape.ndim])
            run_values(kernel, arity + 1, shape, data, strides)
        if into != NULL:
            return None
        if out_type == T_BOOL:
            if kind == NDARRAY:
                out.owners += 1
                return ndarray_of(out, True)[()]
            result = fresh(TENSOR)
            out.owners += 1
            result.array = out
            return result
        payload = NULL
        if a.node != NULL or b.node != NULL:
            saves = (kernel.dx_saves if a.node != NULL else 0) | (kernel.dy_saves if b.node != NULL else 0)
            flags = number_flags(&a, &b, arity, kernel)
            copies = flags & ops[op].copies
            if saves & SAVES_X:
                check_inference(x)
            if saves & SAVES_Y:
                check_inference(y)
            payload = new_payload(type, shape)
            try:
                if saves & SAVES_X:
                    save(&payload.x, &a, copies or overwritten or must_snapshot(x))
                if saves & SAVES_Y:
                    save(&payload.y, &b, copies or (overwritten and y is x) or must_snapshot(y))
                if saves & SAVES_OUT:
                    save_result(&payload.out, out)
            except BaseException:
                release_payload(payload)
                raise
        return make(op, flags, kind, out, payload, a.node, b.node, x, y, ())
    finally:
        drop_operand(&a)
        if arity == 2:
            drop_operand(&b)
        release_shape(shape)
        release_array(out)


cdef int number_flags(Operand* a, Operand* b, int arity, Kernel* kernel) noexcept:
    cdef int flags = 0, saves = 0
    if a.node != NULL:
        saves |= kernel.dx_saves
    if arity == 2 and b.node != NULL:
        saves |= kernel.dy_saves
    # A number counts as saved: a second pass through x * 2 is refused, as PyTorch does, which wraps it in a tensor.
    if a.number:
        flags |= LEFT_NUMBER
    if arity == 2 and b.number:
        flags |= RIGHT_NUMBER
    return flags | (SAVES if saves else 0)


cdef Payload* packed_payload(int type, Kernel* kernel, Operand* a, Operand* b, double value) except NULL:
    """Saved-tensor hooks see 0-d values too: such a node has a payload."""
    cdef Payload* payload = new_payload(type, scalar_shape)
    cdef int saves = (kernel.dx_saves if a.node != NULL else 0) | (kernel.dy_saves if b.node != NULL else 0)
    try:
        if saves & SAVES_X:
            pack_number(&payload.x, a, type)
        if saves & SAVES_Y:
            pack_number(&payload.y, b, type)
        if saves & SAVES_OUT:
            payload.out.array = new_array(type, scalar_shape)
            write_double(type, payload.out.array.data, value)
            payload.out.state = SAVED
            pack(&payload.out, NULL)
    except BaseException:
        release_payload(payload)
        raise
    return payload


cdef int pack_number(Saved* saved, Operand* operand, int type) except -1:
    if operand.number:
        saved.state, saved.value = NUMBER, operand.value
        return 0
    saved.array = new_array(type, scalar_shape)
    write_double(type, saved.array.data, operand.value)
    saved.state = SAVED
    return pack(saved, operand.node)


cdef object value_as(object operand, object dtype, int op, PyTypeObject* kind):
    """An operand's values in the dtype of the computation.

    A Python int is taken as NumPy 2 takes it beside an array: compared as it is, else OverflowError where it does not fit.
    """
    if is_variable(operand):
        return np.asarray(plain(<Variable>operand)).astype(dtype, copy=False)
    if kind == NDARRAY and type(operand) is int:
        return operand if DTYPE_RULE[op] == 2 else np.array(operand, dtype)
    return np.asarray(operand).astype(dtype, copy=False)


cdef object generic(int op, object x, object y, PyTypeObject* kind, int type, int out_type, Operand* a, Operand* b,
                    bint overwritten):
    """Integers, booleans, complex numbers, half floats: on plain arrays.  Recorded where a result can have a gradient."""
    cdef int arity = ARITY[op], saves
    cdef bint is_complex = category(type) == 3, copies = a.number and ops[op].copies & LEFT_NUMBER
    cdef Array* out
    cdef Payload* payload
    d = numpy_dtype(type)
    if op in (OP_NEG, OP_SUB) and kind == TENSOR:
        refuse_bools(op, a.type == T_BOOL, op == OP_SUB and b.type == T_BOOL)
    operands = (x,) if arity == 1 else (x, y)
    function = NUMPY_FUNCTIONS[op]
    if is_complex:
        if (COMPLEX_KIND[op] == REFUSED and DTYPE_RULE[op] != 2) or (kind == TENSOR and op in (OP_LT, OP_LE, OP_GT, OP_GE)):
            try:
                refuse_complex(op, d)
            except NotImplementedError as error:
                if kind == TENSOR:
                    raise
                raise TypeError(str(error)) from None
        if COMPLEX_KIND[op] == OTHER_ROW:
            if overwritten:
                operands = (later.other_row(OP_CLONE, (x,)),)
            return later.other_row(<int>COMPLEX_VALUES[op], operands)
        function = COMPLEX_VALUES[op] if COMPLEX_VALUES[op] is not None else function
    if type == T_HALF:
        values = in_float32(op, operands)
    elif function is None:
        if is_complex:
            raise NotImplementedError(f"{NAMES[op]}() is not supported for {d}")
        values = plain(<Variable>elementwise_of(op, cast_value(x, np.dtype(np.float64)), None, NULL))
    else:
        arrays = [value_as(v, d, op, kind) for v in operands]
        if (op in (OP_FMOD, OP_REMAINDER, OP_FLOOR_QUOTIENT, OP_TRUNC_QUOTIENT) and kind == TENSOR and category(type) < 2
                and not arrays[1].all()):
            raise RuntimeError("ZeroDivisionError")
        try:
            with np.errstate(all="ignore"):
                values = function(*arrays)
        except TypeError:
            if kind == NDARRAY:
                raise
            raise NotImplementedError(f"{NAMES[op]}() is not supported for {d}") from None
    values = np.asarray(values)
    if DTYPE_RULE[op] == 2 and kind == NDARRAY:
        return values[()]
    if kind == NDARRAY and type == T_BOOL and DTYPE_RULE[op] == 0:
        out_type = normal_type(values.dtype.num)        # a quotient of bools is an int8
    if values.dtype != numpy_dtype(out_type):
        with np.errstate(all="ignore"):
            values = values.astype(numpy_dtype(out_type))
    if not DIFFERENTIABLE[op] or category(out_type) < 2 or (a.node == NULL and (arity == 1 or b.node == NULL)):
        out = array_of(values)
        try:
            return make(op, 0, kind, out, NULL, NULL, NULL, x, y, ())
        finally:
            release_array(out)
    else:
        dx_saves, dy_saves = ops[op].dx_saves, ops[op].dy_saves
        if is_complex and COMPLEX_KIND[op] == OWN:
            dx_saves, dy_saves = COMPLEX_SAVES[op]
        saves = (dx_saves if a.node != NULL else 0) | (dy_saves if arity == 2 and b.node != NULL else 0)
        if saves & SAVES_X:
            check_inference(x)
        if saves & SAVES_Y:
            check_inference(y)
        out = array_of(values)
        try:
            payload = new_payload(out_type, out.shape)
            try:
                if saves & SAVES_X:
                    save_cast(&payload.x, a, x, type, copies or overwritten or must_snapshot(x))
                if saves & SAVES_Y:
                    save_cast(&payload.y, b, y, type, copies or (overwritten and y is x) or must_snapshot(y))
                if saves & SAVES_OUT:
                    save_result(&payload.out, out)
            except BaseException:
                release_payload(payload)
                raise
            saves = (LEFT_NUMBER if a.number else 0) | (SAVES if saves else 0)
            if arity == 2 and b.number:
                saves |= RIGHT_NUMBER
            return make(op, saves, kind, out, payload, a.node, b.node if arity == 2 else NULL, x, y, ())
        finally:
            release_array(out)


cdef int refuse_bools(int op, bint left, bint right) except -1:
    """Differences of bools mean several things: PyTorch wants the one that is meant by name."""
    if not (left or right):
        return 0
    if op == OP_SUB and left and right:
        raise RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                           "`logical_xor()` operator instead.")
    raise RuntimeError(f"{'Negation' if op == OP_NEG else 'Subtraction'}, the `-` operator, "
                       f"{'on' if op == OP_NEG else 'with'} a bool tensor is not supported. If you are trying to invert a "
                       "mask, use the `~` or `logical_not()` operator instead.")


cdef int refuse_complex(int op, object dtype) except -1:
    name = SCALAR_NAMES.get(dtype.name, str(dtype))
    if DTYPE_RULE[op] == 2:
        raise NotImplementedError(f'"{NAMES[op]}_cpu" not implemented for \'{name}\'')
    raise NotImplementedError(f"{NAMES[op]} is not supported for complex inputs ({name}): apply it to .real, .imag or .abs()")


cdef object in_float32(int op, tuple operands):
    """An elementwise op on half floats, computed in float32 as PyTorch does: the plain values, still in float32."""
    cdef list wide = []
    single = np.dtype(np.float32)
    for v in operands:
        if is_variable(v) or isinstance(v, cnp.ndarray):
            v = from_array(TENSOR, array_of(np.asarray(plain(<Variable>v) if is_variable(v) else v).astype(single)))
        wide.append(v)
    return plain(<Variable>elementwise_of(op, wide[0], wide[1] if len(wide) > 1 else None, NULL))


cdef int save_cast(Saved* saved, Operand* operand, object o, int type, bint snapshot) except -1:
    """Save an operand in the dtype of a computation that has no loop of its own; a real number stays one."""
    if operand.array == NULL and not (operand.number and category(operand.type) < 3):
        operand.array = array_copy_of(np.asarray(o, numpy_dtype(type))) if operand.number else array_in(<Variable>o)
        operand.version = operand.array.storage.version
    cast_operand(operand, type)
    return save(saved, operand, snapshot)


cdef Variable cast_value(object x, object dtype):
    return from_array(Py_TYPE(<PyObject*>x), array_of(plain(<Variable>x).astype(dtype)))


cdef object bool_tensor(bint value):
    cdef Array* array = new_array(T_BOOL, scalar_shape)
    array.data[0] = value
    return from_array(TENSOR, array)


cdef object binary(int op, object x, object y):
    cdef object result
    if not modes():
        result = point_condition(op, x, y) if DTYPE_RULE[op] == 2 else point_op(op, x, y)
        if result is not None:
            return result
    result = elementwise(op, x, y)
    if result is NotImplemented:
        pair = with_lists(x, y)
        if pair is not None:
            result = elementwise(op, pair[0], pair[1])
    return result


cdef tuple with_lists(object x, object y):
    """Both operands of an operator, of which one has NumPy's flavour, where the other is what NumPy makes an array of.

    A list, a tuple, an object array, which may hold Variables; a Series or DataFrame of pandas'.  None: it is nothing of
    that kind.
    """
    if Py_TYPE(<PyObject*>x) == NDARRAY and not is_operand(y):
        taken = array_of_list(y)
        return None if taken is None else (x, taken)
    if Py_TYPE(<PyObject*>y) == NDARRAY and not is_operand(x):
        taken = array_of_list(x)
        return None if taken is None else (taken, y)
    return None


cdef object array_of_list(object o):
    if type(o) is not list and type(o) is not tuple and not isinstance(o, cnp.ndarray):
        if not hasattr(type(o), "__pandas_priority__") or is_variable(o):
            return None
        o = np.asarray(o)
    taken = OPS.lifted(o)
    if isinstance(taken, cnp.ndarray) and (<cnp.ndarray>taken).descr.type_num == cnp.NPY_OBJECT:
        raise TypeError("an array of objects that are no numbers meets a Variable: autodiff computes with numbers alone; make "
                        "it an array of a dtype of numbers, by array.astype(float)")
    return taken


cdef object point_condition(int op, object x, object y):
    """A condition on 0-d float64 of PyTorch's flavour, `while loss > 1e-3`; None if it is not."""
    cdef double value
    if Py_TYPE(<PyObject*>x) != TENSOR or not (<Variable>x).flags & INLINE64:
        return None
    if type(y) is float:
        value = <double>y
    elif Py_TYPE(<PyObject*>y) == TENSOR and (<Variable>y).flags & INLINE64:
        value = (<Variable>y).value
    elif type(y) is int:
        try:
            value = PyLong_AsDouble(y)
        except OverflowError:
            return None         # the general way says it in words
    else:
        return None
    return bool_tensor(kernels[KERNEL_FLOAT64][op].value1((<Variable>x).value, value) != 0)


FLOAT64 = np.float64


cdef object point_op(int op, object x, object y):
    """An op on values of no dimensions of one dtype, some of them elements of arrays, as one on C doubles; None if it is not.

    total + x[i] took two payloads and a result in a storage, 200 ns of its 410, when it went the way of arrays.  An op that
    saves an element may hold a copy only where a later write to the array is noticed, or where the copy is a snapshot.
    """
    cdef Point a, b
    cdef PyTypeObject* kind = Py_TYPE(<PyObject*>(x if is_variable(x) else y))
    if DIFFERENTIABLE[op] == 0 or DTYPE_RULE[op] == 2 or (kind != TENSOR and kind != NDARRAY):
        return None
    if is_variable(x) and (<Variable>x).array != NULL and (<Variable>x).array.shape.ndim:
        return None             # at once: large arrays come by here too
    a.node = b.node = NULL
    b.value, b.type, b.storage = 0, 0, NULL
    try:
        if not is_point(x, kind, &a) or (ARITY[op] == 2 and not is_point(y, kind, &b)):
            return None
        return point_op_of(op, x, y, kind, &a, &b)
    finally:
        disown(a.node)
        disown(b.node)


cdef inline object point_op_of(int op, object x, object y, PyTypeObject* kind, Point* a, Point* b):
    cdef Kernel* kernel
    cdef int type, flags = 0, saves = 0
    cdef double value
    type = a.type if a.type else b.type
    if (a.type and a.type != type) or (b.type and b.type != type):
        return None
    if type == T_FLOAT:
        a.value, b.value = <float>a.value, <float>b.value
    kernel = &kernels[kernel_type(type)][op]
    if a.node != NULL:
        saves |= kernel.dx_saves
    if b.node != NULL:
        saves |= kernel.dy_saves
    if saves & SAVES_X and a.storage != NULL and not may_copy(<Variable>x, a):
        return None
    if saves & SAVES_Y and b.storage != NULL and not may_copy(<Variable>y, b):
        return None
    value = kernel.value1(a.value, b.value)
    if a.type == 0:
        flags |= LEFT_NUMBER
    if ARITY[op] == 2 and b.type == 0:
        flags |= RIGHT_NUMBER
    return point_result(kind, op, flags | (SAVES if saves else 0), type, value, a.node, a.value, b.node, b.value)


cdef bint may_copy(Variable v, Point* point) noexcept:
    """Whether an op may save a copy of an element: see must_snapshot."""
    if Py_TYPE(<PyObject*>v) == NDARRAY:
        return v.path is not None
    return point.node != NULL and watches(point.node, point.storage)


cdef object unary(int op, object x):
    cdef Variable v
    cdef Kernel* kernel
    cdef double out
    if not modes() and is_variable(x) and (<Variable>x).flags & INLINE64:
        v = <Variable>x
        kernel = &kernels[KERNEL_FLOAT64][op]
        out = kernel.value1(v.value, 0)
        return point_result(Py_TYPE(<PyObject*>x), op, SAVES if kernel.dx_saves else 0, T_DOUBLE, out, v.node, v.value, NULL, 0)
    if not is_variable(x):
        raise TypeError(f"{NAMES[op]}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    if not modes() and (<Variable>x).array != NULL and (<Variable>x).array.shape.ndim == 0:
        point = point_op(op, x, None)
        if point is not None:
            return point
    return elementwise(op, x, None)


cdef object condition(int op, object x):
    """unary() where the result is bool."""
    return elementwise(op, x, None)


cdef object itself(int op, object x):
    """unary() where the value is the operand: PyTorch returns that, NumPy's functions and operators a copy."""
    if not is_variable(x) or Py_TYPE(<PyObject*>x) != TENSOR:
        return unary(op, x)
    if type_of(<Variable>x) == T_BOOL:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return x


cdef object checked(object result, str name, object input, object other):
    """A method has no other operand to ask: NotImplemented becomes an error."""
    if result is NotImplemented:
        raise TypeError(f"{name}(): argument 'other' (position 1) must be {variable_word(input)} or a number, not "
                        f"{type(other).__name__}")
    return result


cdef object power(object x, object y, bint overwritten=False):
    """x ** y; exponents that have a row of their own take it, as NumPy does (x ** 2 is x * x exactly)."""
    cdef int op
    cdef Variable v
    if is_variable(x) and type(y) in (int, float):
        op = SPECIAL_POWERS.get(y, 0)
        if op and category(type_of(<Variable>x)) >= 2:
            v = <Variable>elementwise(op, x, None, True) if overwritten else <Variable>unary(op, x)
            if v.node != NULL and v.node.flags & RIGHT_NUMBER == 0:
                v.node.flags |= RIGHT_NUMBER    # its name is that of a power
            return v
        if type(y) is int and y < 0 and category(type_of(<Variable>x)) < 2:
            if Py_TYPE(<PyObject*>x) == TENSOR:
                raise RuntimeError("Integers to negative integer powers are not allowed.")
            return elementwise(OP_POW, x, float(y), overwritten)
    result = elementwise(OP_POW, x, y, overwritten)
    if result is NotImplemented:
        pair = with_lists(x, y)
        if pair is not None:
            return power(pair[0], pair[1], overwritten)
    return result
