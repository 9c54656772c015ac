# cython: language_level=3
"""Derivatives: on values, recorded, forward mode; what the engine asks; nodes as Python sees them; passes."""
from cpython.object cimport PyObject

from ._core cimport Cotangent, Array, Node

cdef PyObject* place(Node* node) except NULL
cdef int accumulate(Node* leaf, Cotangent g, bint recorded) except -1
cdef void span(Array* array, char** first, char** end) noexcept
cdef object node_object(Node* node)
cdef object object_on(Node* node)
cdef tuple edge_object(Node* node)
cdef str name_of(Node* node)
cdef int output_of(Node* node)
cdef object add_hook(Node* node, str kind, object hook)
cpdef object run_backward(outputs, gradients, retain_graph, create_graph, inputs, bint accumulate_inputs, allow_unused,
                          str caller, materialize=*)
cdef int set_fast(int op, str name) except -1
