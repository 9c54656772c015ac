# cython: language_level=3
"""Structural ops: shapes, reductions, products, casts, joins."""
from cpython.object cimport PyTypeObject

from ._base cimport Transform, Variable
from ._core cimport Array, Shape
from ._kernels cimport intp

cdef extern from "csrc/blocks.h":
    ctypedef struct AutodiffBlas:
        void** gemm
        void** symm
        void** trsm
        void** trmm

cdef enum:
    AHEAD = 12                  # operands of a stack: 100,000 lie beyond the caches

cdef tuple EUCLIDEAN
cdef int set_quick(int op, str name) except -1
cdef int small_order(Array* x) noexcept
cdef bint rows_in(Array* x, object dims, intp* rows, intp* n) except -1
cdef void exponentials_of(Array* x) noexcept
cdef Array* shifted(Array* x, intp rows, intp n) except? NULL
cdef bint like_matrices(Array* x, Array* b) noexcept
cdef int triangles(Array* x, Array* b) noexcept
cdef AutodiffBlas* blas_routines() except? NULL
cdef object structural(int op, int flags, tuple operands, tuple params, str tag=*)
cdef object structural_of(int op, int flags, tuple operands, tuple params, str tag=*)
cdef int wrap_dim(object dim, int ndim) except -1
cdef tuple sizes_of(tuple args, str function, str keyword, object given)
cdef tuple shape_like(Variable x, object other, str function)
cdef object reshape(Variable x, tuple sizes, bint may_copy)
cdef Variable reshape_view(Variable x, tuple sizes, str name)
cdef Variable permute(Variable x, tuple dims, str name)
cdef Variable exchange(Variable x, object dim0, object dim1, str name)
cdef Variable matrix_transpose(Variable x, str name, str deprecated)
cdef Variable expand(Variable x, tuple sizes)
cdef Variable select_view(Variable x, int dim, object index, str name)
cdef Variable narrow(Variable x, int dim, intp start, intp length)
cdef Transform basic_index(Variable x, tuple index)
cdef object reduce_sum(Variable x, object dim, object keepdim, object dtype)
cdef object reduce_mean(Variable x, object dim, object keepdim, object dtype)
cdef intp marked_dims(int ndim, object dim, bint* marked) except -1
cdef intp count_along(Shape* shape, object dim) except -1
cdef bint blocks(Shape* shape, object dims, intp* outer, intp* n, intp* inner) except -1
cdef int no_out(str name, object out) except -1
cdef Variable floating(Variable x, str name)
cdef object norm(Variable x, object p, object dim, object keepdim)
cdef double least_square(int k) noexcept nogil
cdef double largest(int k) noexcept nogil
cdef object product_of(tuple sizes)
cdef object matmul(object x, object y)
cdef str c_name(int type)
cdef Array* multiply_batches(Array* x, Array* y) except? NULL
cdef object mm(object x, object y, int position=*)
cdef object mv(object x, object y, int position=*)
cdef object dot(object x, object y, int position=*)
cdef object cast(Variable x, object dtype)
cdef int warn_of_imaginary(Variable target) except -1
cdef object converted(Variable x, object dtype)
cdef object common_dtype(list operands)
cdef object stack_or_cat(int op, object tensors, object dim)
cdef Variable constant(object value, PyTypeObject* kind)
