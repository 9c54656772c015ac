# cython: language_level=3
"""C loops for one row of the catalogue at one dtype.  No graph, no Python object, no array: pointers, steps, counts."""

ctypedef Py_ssize_t intp

# NumPy's own inner loop: args are the operands then the result, dimensions[0] elements, steps in bytes.
ctypedef void (*Loop)(char** args, const intp* dimensions, const intp* steps, void* data) noexcept nogil
# args and steps of {dst, g, x, y, out}; dst = (or, accumulate, +=) the rule's text. Unused places may be NULL, step 0.
# dst may be g's own buffer (same pointer and step) when not accumulating.
ctypedef void (*Partial)(char** args, const intp* steps, intp n, bint accumulate) noexcept nogil
# The same rules on C doubles; for float32 every operation is rounded to float32.
ctypedef double (*Value1)(double x, double y) noexcept nogil
ctypedef double (*Partial1)(double g, double x, double y, double out) noexcept nogil

cdef enum:
    FLOAT64 = 0                 # the order of rules.DTYPES
    FLOAT32 = 1
    SAVES_X = 1
    SAVES_Y = 2
    SAVES_OUT = 4
    SAVES_SHAPES = 8            # of any number of operands
    MAX_OPS = 512
    MAX_DIMS = 64

cdef struct Kernel:
    int arity                   # 0: the row is not elementwise
    int dx_saves, dy_saves      # SAVES_*: which names the text of dx, dy mentions
    bint dx_is_g, dy_is_g       # the text is just "g": the cotangent itself can be handed on
    Loop value                  # for a comparison the result is a byte per element
    void* value_data
    Partial dx, dy              # NULL: no derivative
    Value1 value1
    Partial1 dx1, dy1

# kernels[dtype][op], op as in rules.NUMBER
cdef Kernel kernels[2][512]

# Apply a loop over n-dimensional strided operands; dimensions of size 1 and those that run on are merged first.
# strides[k] has ndim entries in bytes (0 where operand k is broadcast). Nothing happens when a dimension is 0.
# At most 5 operands; memory must be aligned.
cdef void run_loop(Loop loop, void* data, int nargs, int ndim, const intp* shape, char** args,
                   const intp** strides) noexcept nogil
# The five of a Partial; a dst with zero strides sums when accumulating.
cdef void run_partial(Partial partial, int ndim, const intp* shape, char** args, const intp** strides,
                      bint accumulate) noexcept nogil

# NumPy's add loop, used for accumulating: dst += src, of one dtype. dst may have zero strides: then it sums, for
# contiguous src with the bits of np.sum over those dimensions.
cdef void add_into(int dtype, int ndim, const intp* shape, char* dst, const intp* dst_strides, char* src,
                   const intp* src_strides) noexcept nogil
# The sum of n-d strided elements; contiguous memory is summed with NumPy's pairwise bits (np.sum's).
cdef double sum_all(int dtype, int ndim, const intp* shape, char* src, const intp* strides) noexcept nogil
# part(work, 0 ... parts - 1), each once, in any order, on this thread and whoever helps; and how many threads that are.
cdef void run_parts(void (*part)(void* work, intp part) noexcept nogil, void* work, intp parts) noexcept nogil
cdef int threads_at_most() noexcept nogil
# n bytes copied, on several threads if there are many; from NULL: zeros.
cdef void copy_bytes(char* target, char* source, intp n) noexcept nogil
# The sum of exp(x - top) over n > 0 contiguous elements, and top: their maximum, or 0 where that is infinite. Unless kept
# is NULL, exp(x - top) is written there.
cdef double exp_sum(int dtype, intp n, char* x, double* top, char* kept) noexcept nogil
cdef void scale(int dtype, intp n, char* x, double factor) noexcept nogil
cdef void fill(int dtype, intp n, char* dst, double value) noexcept nogil
# (m,k) @ (k,n) -> (m,n) through the captured matmul loop; strides in bytes, any sign.
cdef void matmul(int dtype, intp m, intp k, intp n, char* x, intp xs0, intp xs1, char* y, intp ys0, intp ys1,
                 char* out, intp os0, intp os1) noexcept nogil
# A batch of products, on several threads if they are many and small: sizes are m, k, n; steps in bytes those from product
# to product of x, y, out, then the two of each. Without the GIL, which a loop may take to report an error.
cdef void matmul_batch(int dtype, intp batch, const intp* sizes, char** args, const intp* steps) noexcept nogil
