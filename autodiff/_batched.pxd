# cython: language_level=3
"""Reverse passes of many cotangents at once."""
from ._base cimport Transform, Variable
from ._core cimport Node, Pass, Payload, Shape
from ._kernels cimport intp

cdef Transform geometry_of(Payload* payload)
cdef int spread_strides(Shape* shape, const intp* steps, object dim, bint keepdim, intp* along) except -1
cdef int set_of_batch(int op, str name) except -1
cdef bint can_batch(Pass* walk, list seeds) except -1
cdef int seed_batch(Pass* walk, Node* node, Variable g) except -1
