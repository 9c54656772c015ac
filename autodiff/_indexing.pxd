# cython: language_level=3
"""Writes in place, indexing, constructors."""
from cpython.object cimport PyTypeObject

from ._base cimport Variable

cdef int number_will_change(Variable v, bint tracked) except -1
cdef object inplace(int op, object target, object other, bint is_unary)
cdef int check_result(Variable v, Variable result) except -1
cdef object write_result(Variable v, Variable result)
cdef object fill_in(Variable v, object value, bint is_zero=*)
cdef int copy_in(Variable v, object given, str name=*) except -1
cdef tuple unpacked(Variable x, object index)
cdef object getitem(Variable x, object index)
cdef int setitem(Variable x, object index, object value) except -1
cdef Variable filled(tuple shape, object value, object dtype)
cdef Variable zero_like(Variable v)
cdef Variable flavoured(Variable v, PyTypeObject* kind)
cdef object as_operand(object x, str name)
cdef object absent
cdef object where(object condition, object input, object other)
