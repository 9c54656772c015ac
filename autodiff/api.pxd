# cython: language_level=3
"""For compiled ops of your own: a versioned table of functions, found at run time.

The structs of the core are not part of it and may change; this table only grows.  In a .pyx of yours::

    from cpython.object cimport PyObject
    from libc.math cimport cosh, sinh
    from autodiff.api cimport AutodiffApi, autodiff_api
    import autodiff

    cdef double value(double x, double y) noexcept nogil:
        return cosh(x)

    cdef double dx(double g, double x, double y, double out) noexcept nogil:
        return g * sinh(x)

    def recorded_dx(g, x, y, out):
        return g * autodiff.sinh(x)

    cdef AutodiffApi* api = autodiff_api()
    cdef int COSH = api.register_op("cosh", 1, value, dx, NULL, <PyObject*>recorded_dx, NULL)

    def my_cosh(x):
        return api.apply(COSH, x, None)

The functions see one element at a time and must not touch Python; float32 arrays are computed in double and rounded.
The last two arguments of register_op are Python callables that compute the derivatives with recorded ops, each cast to
PyObject*; the table keeps a reference.  NULL there means that the op has no second derivative.
"""
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_Import

ctypedef double (*autodiff_value)(double x, double y) noexcept nogil
ctypedef double (*autodiff_partial)(double g, double x, double y, double out) noexcept nogil

ctypedef struct AutodiffApi:
    int version                 # 1
    # Returns the op's number, -1 with an exception set on failure.  arity 1 or 2; dy NULL for one operand.  recorded_dx
    # and recorded_dy are Python callables (g, x, y, out) -> Variable for derivatives of derivatives, or NULL.
    int (*register_op)(const char* name, int arity, autodiff_value value, autodiff_partial dx, autodiff_partial dy,
                       PyObject* recorded_dx, PyObject* recorded_dy) except -1
    # The op on a Variable, or on two operands of which one is; y None for one operand.
    object (*apply)(int op, object x, object y)


cdef inline AutodiffApi* autodiff_api() except NULL:
    cdef AutodiffApi* api = <AutodiffApi*>PyCapsule_Import("autodiff._variable.api", 0)
    if api.version < 1:
        raise ImportError("this extension needs version 1 of autodiff's table of functions")
    return api
