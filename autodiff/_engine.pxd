# cython: language_level=3
"""Derivatives: on values, recorded, forward mode; what the engine asks; nodes as Python sees them; passes."""
from cpython.object cimport PyObject

from ._core cimport Cotangent, Array, Node, NodeExtras, Saved

cdef class Node_:
    cdef Node* node
    cdef object __weakref__
    cdef object unused          # an object, so that Cython gives the type the slots of the collector: see visit_node_object
    cdef Node* alive(self) except NULL

cdef class SavedTensor:
    cdef Node_ owner            # None: of a custom Function, see _function
    cdef int which
    cdef str word

cdef int check_hooks(object pack_hook, object unpack_hook, bint freed) except -1
cdef int become_array(Saved* saved, int type) except -1
cdef PyObject* place(Node* node) except NULL
cdef int accumulate(Node* leaf, Cotangent g, bint recorded) except -1
cdef void span(Array* array, char** first, char** end) noexcept
cdef object node_object(Node* node)
cdef object object_on(Node* node)
cdef tuple edge_object(Node* node)
cdef str name_of(Node* node)
cdef int output_of(Node* node)
cdef object add_hook(Node* node, str kind, object hook)
cdef NodeExtras node_extras_if_any(Node* node)
cpdef object run_backward(outputs, gradients, retain_graph, create_graph, inputs, bint accumulate_inputs, allow_unused,
                          str caller, materialize=*)
cdef int set_fast(int op, str name) except -1
