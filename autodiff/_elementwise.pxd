# cython: language_level=3
"""Elementwise ops: operands, promotion, what is saved of them, points."""
from cpython.object cimport PyObject, PyTypeObject

from ._base cimport (INFERENCE_TENSOR, INLINE64, Py_TYPE, T_DOUBLE, T_FLOAT, TENSOR, Variable, edge_of)
from ._core cimport Array, Node, Saved, Shape, Storage, disown, hold, kernel_type, read_double
from ._kernels cimport Kernel, intp

from libc.stdint cimport uint32_t

cdef extern from "Python.h":
    double PyLong_AsDouble(object o) except? -1.0

cdef enum:
    RANK_NUMBER = 0
    RANK_SCALAR = 1
    RANK_ARRAY = 2

cdef struct Operand:
    Array* array                # owned; NULL: the number in value
    double value
    int type                    # NumPy's; of a Python number 0 (bool), 7 (int), 12 (float), 15 (complex)
    int rank                    # 2: dimensions, 1: 0-d, 0: Python number
    Node* node                  # owned
    bint number
    uint32_t version            # of the array when it was looked at: another thread may write while a loop runs

cdef struct Point:              # an operand of no dimensions
    double value
    int type                    # of a number 0
    Node* node                  # owned
    Storage* storage            # of an element of an array

cdef object FLOAT64

cdef bint is_operand(object o) noexcept
cdef int take_operand(object o, PyTypeObject* kind, Operand* operand) except -1
cdef object python_number(object o)
cdef tuple with_lists(object x, object y)
cdef void drop_operand(Operand* operand) noexcept
cdef int weak_type(Operand* operand) noexcept
cdef int promoted(Operand* a, Operand* b, PyTypeObject* kind) except -1
cdef uint32_t version_of(object o) noexcept
cdef void saved_since(Saved* saved, object o, uint32_t version) noexcept
cdef int save(Saved* saved, Operand* operand, bint snapshot) except -1
cdef bint must_snapshot(object o)
cdef int check_inference(object o) except -1
cdef int run_values(Kernel* kernel, int nargs, Shape* shape, char** data, const intp** strides) noexcept
cdef int pack(Saved* saved, Node* node) except -1
cdef int save_result(Saved* saved, Array* out) except -1
cdef str variable_word(object beside)
cdef bint holds_variable(object data)
cdef object finite(object data)
cdef object given_array(object data, object dtype=*)
cdef str out_of_range(object dtype)
cdef object real_number(object value, str name)
cdef object item_of(Variable v)
cdef object elementwise(int op, object x, object y, bint overwritten=*)
cdef object elementwise_of(int op, object x, object y, Array* into, bint overwritten=*)
cdef object binary(int op, object x, object y)
cdef object point_op(int op, object x, object y)
cdef bint may_copy(Variable v, Point* point) noexcept
cdef object unary(int op, object x)
cdef object condition(int op, object x)
cdef object itself(int op, object x)
cdef object itself(int op, object x)
cdef object checked(object result, str name, object input, object other)
cdef tuple packed_of(Array* array, Node* node, object pack_hook, object unpack_hook)
cdef int put_packed(Saved* saved, tuple pair) except -1
cdef object power(object x, object y, bint overwritten=*)


cdef inline bint is_point(object o, PyTypeObject* kind, Point* point) except -1:
    """Look at a float, an int, or a Variable of no dimensions, whether its value is its own or an element of an array."""
    cdef Variable v
    point.node, point.storage, point.type = NULL, NULL, 0
    if Py_TYPE(<PyObject*>o) == kind:
        v = <Variable>o
        if v.array != NULL and (v.array.shape.ndim or kernel_type(v.array.type) < 0 or v.flags & INFERENCE_TENSOR):
            return False
        point.node = hold(edge_of(v))
        if v.array == NULL:
            point.value, point.type = v.value, T_DOUBLE if v.flags & INLINE64 else T_FLOAT
        elif v.array.shape.ndim or kernel_type(v.array.type) < 0:           # code ran meanwhile
            disown(point.node)
            point.node = NULL
            return False
        else:
            point.value, point.type, point.storage = read_double(v.array.type, v.array.data), v.array.type, v.array.storage
        return True
    if type(o) is float or (kind == TENSOR and type(o) is FLOAT64):
        point.value = <double>o         # NumPy's scalars are numbers in PyTorch's flavour
        return True
    if type(o) is int:
        try:
            point.value = PyLong_AsDouble(o)
        except OverflowError:
            return False        # the general way says it in words
        return True
    return False
