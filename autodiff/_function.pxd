# cython: language_level=3
"""Custom Functions: their contexts, what they save, and how they are applied."""
from cpython.object cimport PyTypeObject

from ._core cimport Array, Node, Saved

cdef class SavedValue:          # what save_for_backward() keeps of one Variable
    cdef Saved saved
    cdef int type
    cdef int place              # which edge of the node it is the operand of, or output, or neither: see below
    cdef bint output
    cdef bint dependent         # it depends on an input, and is neither input nor output
    cdef PyTypeObject* kind     # its flavour
    cdef object packed          # (what the pack hook returned, the unpack hook)
    cdef object variable        # of a graph of its own: the Variable
    cdef public dict tangents   # in forward mode: see keep_tangents

cdef class Context:
    cdef Node* node             # lent: it owns this context; NULL before it is recorded, and once it is gone
    cdef Node** edge            # of the inputs that are Variables; owned where `owner`, else lent by the node
    cdef int edges
    cdef bint owner             # before the node is recorded, and after it is gone if somebody still looks
    cdef Node** pick            # lent: of each of several outputs, while its node lives
    cdef int outputs
    cdef bint freed
    cdef bint cleared           # clear_saved_tensors_on_access, and they were accessed
    cdef tuple needs
    cdef tuple is_variable      # of the inputs
    cdef list kept              # SavedValue or None
    cdef list about             # of each output (shape, dtype, flavour's class) or None; None: of one, see `kind`
    cdef PyTypeObject* kind
    cdef object to_save, saved_for_forward, dirty_tensors, non_differentiable
    cdef bint materialize
    cdef object __weakref__
