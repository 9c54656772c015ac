# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Values of convolutions, pooling and resampling on plain arrays: csrc/windows.h and BLAS, in blocks that stay in cache.

The helpers of the family are handed this module; arrays are contiguous floats of one dtype.  A convolution takes the columns
of a block of windows, as many as BLOCK bytes hold, and multiplies the weights with them: neither the columns of a large
picture nor those of all pictures are ever there together.
"""
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

cimport numpy as cnp

from ._kernels cimport FLOAT32, FLOAT64, intp, matmul

import numpy

cnp.import_array()

cdef extern from "csrc/windows.h":
    ctypedef struct Windows "AutodiffWindows":
        intp channels
        intp size[3]
        intp kernel[3]
        intp windows[3]
        intp stride[3]
        intp before[3]
        intp dilation[3]

    ctypedef struct Span "AutodiffSpan":
        intp size, windows, step
        const int64_t* first
        const int64_t* end

    void autodiff_columns_double(const Windows* w, const double* picture, intp start, intp count, double* columns) nogil
    void autodiff_columns_float(const Windows* w, const float* picture, intp start, intp count, float* columns) nogil
    void autodiff_picture_double(const Windows* w, double* picture, intp start, intp count, const double* columns) nogil
    void autodiff_picture_float(const Windows* w, float* picture, intp start, intp count, const float* columns) nogil
    void autodiff_largest_double(intp count, const Span* span, const double* x, int64_t* out) nogil
    void autodiff_largest_float(intp count, const Span* span, const float* x, int64_t* out) nogil
    int autodiff_take_double(intp rows, intp n, intp count, const double* x, const int64_t* at, double* out) nogil
    int autodiff_take_float(intp rows, intp n, intp count, const float* x, const int64_t* at, float* out) nogil
    int autodiff_put_double(intp rows, intp n, intp count, const double* x, const int64_t* at, double* out) nogil
    int autodiff_put_float(intp rows, intp n, intp count, const float* x, const int64_t* at, float* out) nogil
    void autodiff_blend_double(intp outer, intp n, intp inner, intp m, const int64_t* first, const int64_t* at,
                               const double* weight, const double* x, double* out) nogil
    void autodiff_blend_float(intp outer, intp n, intp inner, intp m, const int64_t* first, const int64_t* at,
                              const double* weight, const float* x, float* out) nogil
    void autodiff_sum_double(intp n, const double* x, double* out) nogil
    void autodiff_sum_float(intp n, const float* x, float* out) nogil

cdef enum:
    BLOCK = 262144              # bytes of columns that are made together
    OUTPUT = 0                  # what is computed from the other two
    INPUT = 1
    WEIGHT = 2


cdef int dtype_of(cnp.ndarray x) except -1:
    """0 for doubles, 1 for floats, of contiguous memory."""
    cdef int number = cnp.PyArray_TYPE(x)
    if (number != cnp.NPY_DOUBLE and number != cnp.NPY_FLOAT) or not cnp.PyArray_IS_C_CONTIGUOUS(x) or (
            not cnp.PyArray_ISBEHAVED_RO(x)):
        raise TypeError(f"an array of {x.dtype} is not one of contiguous floats")
    return FLOAT64 if number == cnp.NPY_DOUBLE else FLOAT32


cdef int alike(cnp.ndarray x, cnp.ndarray y, cnp.ndarray z) except -1:
    cdef int dtype = dtype_of(x)
    if dtype_of(y) != dtype or dtype_of(z) != dtype:
        raise TypeError("the dtypes differ")
    return dtype


cdef int64_t* positions(cnp.ndarray x) except NULL:
    if cnp.PyArray_TYPE(x) != cnp.NPY_INT64 or not cnp.PyArray_IS_C_CONTIGUOUS(x):
        raise TypeError("positions are contiguous int64")
    return <int64_t*> cnp.PyArray_DATA(x)


cdef int read_windows(Windows* w, object sizes, object kernel, object windows, object params) except -1:
    """Three of each; params are strides, counts of zeros in front, dilations, and the number of groups."""
    cdef int i
    for i in range(3):
        w.size[i], w.kernel[i], w.windows[i] = sizes[i], kernel[i], windows[i]
        w.stride[i], w.before[i], w.dilation[i] = params[0][i], params[1][i], params[2][i]
        if w.stride[i] < 1 or w.dilation[i] < 1 or w.kernel[i] < 1 or w.windows[i] < 0 or w.size[i] < 0:
            raise ValueError("sizes of windows are positive")
    return 0


cdef inline void columns_of(int dtype, const Windows* w, char* picture, intp start, intp count, char* columns) noexcept nogil:
    if dtype == FLOAT64:
        autodiff_columns_double(w, <double*> picture, start, count, <double*> columns)
    else:
        autodiff_columns_float(w, <float*> picture, start, count, <float*> columns)


cdef inline void add_columns(int dtype, const Windows* w, char* picture, intp start, intp count, char* columns) noexcept nogil:
    if dtype == FLOAT64:
        autodiff_picture_double(w, <double*> picture, start, count, <double*> columns)
    else:
        autodiff_picture_float(w, <float*> picture, start, count, <float*> columns)


cdef int walk(int which, int dtype, const Windows* w, intp pictures, intp groups, intp outputs, char* x, char* weight,
              char* y) noexcept nogil:
    """A convolution, or one of its transposes, into zeros; 1 without memory.  w.channels and outputs are those of a group."""
    cdef intp size = 8 if dtype == FLOAT64 else 4
    cdef intp plane = w.size[0] * w.size[1] * w.size[2] * size
    cdef intp across = w.windows[2], rows = w.windows[0] * w.windows[1], area = rows * across
    cdef intp taps = w.channels * w.kernel[0] * w.kernel[1] * w.kernel[2]
    cdef intp count, length, start, n, g, i
    cdef bint bare = area * size == plane    # columns are the picture itself
    cdef char* columns = NULL
    cdef char* product = NULL
    cdef char* look
    cdef char* picture
    cdef char* factors
    cdef char* place
    cdef bint memory = False
    for i in range(3):
        bare = bare and w.kernel[i] == 1 and w.stride[i] == 1 and w.before[i] == 0
    if area == 0 or taps == 0 or outputs == 0 or pictures == 0:
        return 0
    count = BLOCK // (taps * across * size)
    count = rows if bare or count > rows else count if count > 1 else 1
    if rows > count:            # blocks of one length
        length = (rows + count - 1) // count
        count = (rows + length - 1) // length
    if not bare:
        columns = <char*> malloc(taps * count * across * size)
        memory = columns == NULL
    if which == WEIGHT:
        product = <char*> malloc(outputs * taps * size)
        memory = memory or product == NULL
    if memory:
        free(columns)
        free(product)
        return 1
    for n in range(pictures):
        for g in range(groups):
            picture = x + (n * groups + g) * w.channels * plane
            factors = weight + g * outputs * taps * size
            place = y + (n * groups + g) * outputs * area * size
            start = 0
            while start < rows:
                if start + count > rows:
                    length = (rows - start) * across
                else:
                    length = count * across
                look = picture if bare else columns
                if which != INPUT and not bare:
                    columns_of(dtype, w, picture, start, length // across, columns)
                if which == OUTPUT:
                    matmul(dtype, outputs, taps, length, factors, taps * size, size, look, length * size, size,
                           place + start * across * size, area * size, size)
                elif which == INPUT:
                    matmul(dtype, taps, outputs, length, factors, size, taps * size, place + start * across * size, area * size,
                           size, look, length * size, size)
                    if not bare:
                        add_columns(dtype, w, picture, start, length // across, columns)
                else:
                    matmul(dtype, outputs, length, taps, place + start * across * size, area * size, size, look, size,
                           length * size, product, taps * size, size)
                    if dtype == FLOAT64:
                        autodiff_sum_double(outputs * taps, <double*> product, <double*> factors)
                    else:
                        autodiff_sum_float(outputs * taps, <float*> product, <float*> factors)
                start += count
    free(columns)
    free(product)
    return 0


cdef object run(int which, cnp.ndarray x, cnp.ndarray weight, cnp.ndarray y, object params):
    """x is (pictures, channels, three sizes), weight (outputs, channels of a group, three), y (pictures, outputs, three)."""
    cdef Windows w
    cdef int dtype = alike(x, weight, y), wrong
    cdef intp groups = params[3], pictures, outputs
    if cnp.PyArray_NDIM(x) != 5 or cnp.PyArray_NDIM(weight) != 5 or cnp.PyArray_NDIM(y) != 5:
        raise ValueError("pictures, weights and results have five dimensions")
    read_windows(&w, (<object> x).shape[2:], (<object> weight).shape[2:], (<object> y).shape[2:], params)
    pictures, w.channels, outputs = x.shape[0], weight.shape[1], weight.shape[0]
    if groups < 1 or x.shape[1] != groups * w.channels or outputs % groups or y.shape[1] != outputs or y.shape[0] != pictures:
        raise ValueError("the sizes do not fit")
    with nogil:
        wrong = walk(which, dtype, &w, pictures, groups, outputs // groups, cnp.PyArray_BYTES(x), cnp.PyArray_BYTES(weight),
                     cnp.PyArray_BYTES(y))
    if wrong:
        raise MemoryError("no memory for the columns of a convolution")


def convolution(x, weight, windows, params):
    """The convolution of pictures with weights; windows says how many there are in each dimension."""
    make = numpy.empty if x.size and weight.size else numpy.zeros
    y = make((x.shape[0], weight.shape[0], *windows), x.dtype)
    run(OUTPUT, x, weight, y, params)
    return y


def of_input(y, weight, channels, sizes, params):
    """Its transpose in the pictures, which have some sizes."""
    x = numpy.zeros((y.shape[0], channels, *sizes), y.dtype)
    run(INPUT, x, weight, y, params)
    return x


def of_weight(x, y, kernel, params):
    """Its transpose in the weights, of a kernel's sizes."""
    weight = numpy.zeros((y.shape[1], x.shape[1] // params[3], *kernel), x.dtype)
    run(WEIGHT, x, weight, y, params)
    return weight


def columns(x, kernel, windows, params):
    """(pictures, channels, three sizes) -> (pictures, channels * places of a window, windows)."""
    cdef Windows w
    cdef cnp.ndarray source = x, out
    cdef intp picture, matrix, n
    read_windows(&w, x.shape[2:], kernel, windows, params)
    w.channels = x.shape[1]
    out = numpy.empty((x.shape[0], w.channels * w.kernel[0] * w.kernel[1] * w.kernel[2],
                       w.windows[0] * w.windows[1] * w.windows[2]), x.dtype)
    cdef int dtype = alike(source, source, out)
    if not out.size:
        return out
    picture, matrix = x.nbytes // x.shape[0], out.nbytes // x.shape[0]
    with nogil:
        for n in range(source.shape[0]):
            columns_of(dtype, &w, cnp.PyArray_BYTES(source) + n * picture, 0, w.windows[0] * w.windows[1],
                       cnp.PyArray_BYTES(out) + n * matrix)
    return out


def of_columns(x, channels, sizes, kernel, windows, params):
    """The transpose of columns()."""
    cdef Windows w
    cdef cnp.ndarray source = x, out = numpy.zeros((x.shape[0], channels, *sizes), x.dtype)
    cdef int dtype = alike(source, source, out)
    cdef intp picture, matrix, n
    read_windows(&w, sizes, kernel, windows, params)
    w.channels = channels
    if x.shape[1] != channels * w.kernel[0] * w.kernel[1] * w.kernel[2] or (
            x.shape[2] != w.windows[0] * w.windows[1] * w.windows[2]):
        raise ValueError("the sizes do not fit")
    if not out.size or not x.size:
        return out
    picture, matrix = (<object> out).nbytes // x.shape[0], x.nbytes // x.shape[0]
    with nogil:
        for n in range(source.shape[0]):
            add_columns(dtype, &w, cnp.PyArray_BYTES(out) + n * picture, 0, w.windows[0] * w.windows[1],
                        cnp.PyArray_BYTES(source) + n * matrix)
    return out


def largest(x, spans):
    """Where the largest element of each window stands in its picture: x is (pictures, three sizes), spans three times the
    first and the end of each window, and the step."""
    cdef Span[3] span
    cdef int i
    cdef cnp.ndarray source = x, out
    cdef int dtype = dtype_of(source)
    cdef intp count
    for i in range(3):
        first, end, step = spans[i]
        span[i].size, span[i].windows, span[i].step = x.shape[i + 1], len(first), step
        span[i].first, span[i].end = positions(first), positions(end)
        if len(end) != len(first) or (len(first) and (first.min() < 0 or end.max() > x.shape[i + 1] or (first >= end).any())):
            raise ValueError("windows lie inside the picture, and none is empty")
    out = numpy.empty((x.shape[0], span[0].windows, span[1].windows, span[2].windows), numpy.int64)
    count = source.shape[0]
    with nogil:
        if dtype == FLOAT64:
            autodiff_largest_double(count, span, <double*> cnp.PyArray_DATA(source), <int64_t*> cnp.PyArray_DATA(out))
        else:
            autodiff_largest_float(count, span, <float*> cnp.PyArray_DATA(source), <int64_t*> cnp.PyArray_DATA(out))
    return out


def take(x, at):
    """The elements of each row at its positions, which are inside."""
    cdef cnp.ndarray source = x, where = at, out = numpy.empty(at.shape, x.dtype)
    cdef int dtype = alike(source, source, out), wrong
    cdef int64_t* places = positions(where)
    cdef intp rows = where.shape[0], n = source.shape[1], count = where.shape[1]
    if source.shape[0] != rows:
        raise ValueError("the rows differ in number")
    with nogil:
        if dtype == FLOAT64:
            wrong = autodiff_take_double(rows, n, count, <double*> cnp.PyArray_DATA(source), places,
                                         <double*> cnp.PyArray_DATA(out))
        else:
            wrong = autodiff_take_float(rows, n, count, <float*> cnp.PyArray_DATA(source), places,
                                        <float*> cnp.PyArray_DATA(out))
    if wrong:
        raise IndexError("a position is not inside its row")
    return out


def put(x, at, intp n):
    """The transpose of take(): rows of n elements."""
    cdef cnp.ndarray source = x, where = at, out = numpy.zeros((at.shape[0], n), x.dtype)
    cdef int dtype = alike(source, source, out), wrong
    cdef int64_t* places = positions(where)
    cdef intp rows = where.shape[0], count = where.shape[1]
    if x.shape != at.shape:
        raise ValueError("there is a position for each element")
    with nogil:
        if dtype == FLOAT64:
            wrong = autodiff_put_double(rows, n, count, <double*> cnp.PyArray_DATA(source), places,
                                        <double*> cnp.PyArray_DATA(out))
        else:
            wrong = autodiff_put_float(rows, n, count, <float*> cnp.PyArray_DATA(source), places,
                                       <float*> cnp.PyArray_DATA(out))
    if wrong:
        raise IndexError("a position is not inside its row")
    return out


def blend(x, first, at, weights, size):
    """A sparse matrix of some columns along the middle of three dimensions: see csrc/windows.h."""
    if x.shape[1] != size or first[len(first) - 1] != len(at):
        raise ValueError("the matrix has other columns than the dimension elements")
    cdef cnp.ndarray source = x, begin = first, where = at, factors = weights
    cdef cnp.ndarray out = numpy.empty((x.shape[0], len(first) - 1, x.shape[2]), x.dtype)
    cdef int dtype = alike(source, source, out)
    cdef int64_t* begins = positions(begin)
    cdef int64_t* places = positions(where)
    cdef intp outer = source.shape[0], n = source.shape[1], inner = source.shape[2], m = out.shape[1]
    if cnp.PyArray_TYPE(factors) != cnp.NPY_DOUBLE or not cnp.PyArray_IS_C_CONTIGUOUS(factors) or len(weights) != len(at):
        raise TypeError("the factors are contiguous doubles")
    with nogil:
        if dtype == FLOAT64:
            autodiff_blend_double(outer, n, inner, m, begins, places, <double*> cnp.PyArray_DATA(factors),
                                  <double*> cnp.PyArray_DATA(source), <double*> cnp.PyArray_DATA(out))
        else:
            autodiff_blend_float(outer, n, inner, m, begins, places, <double*> cnp.PyArray_DATA(factors),
                                 <float*> cnp.PyArray_DATA(source), <float*> cnp.PyArray_DATA(out))
    return out
