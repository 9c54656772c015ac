"""All of the families that answer functions of NumPy."""
from .._variable import OPS
from . import (  # noqa: F401
    _calculus,
    _creation,
    _dispatch,
    _elementwise,
    _indexing,
    _linear,
    _polynomials,
    _scipy,
    _shapes,
    _sorting,
    _statistics,
    _ufuncs,
    _values,
)
from ._dispatch import lifted, raise_as_numpy, run_array_function, run_wider
from ._ufuncs import run_ufunc

# Here, and not where each is written: once they are called, every family has said what it answers to.
OPS.run_array_function, OPS.wider, OPS.lifted, OPS.raise_as_numpy = run_array_function, run_wider, lifted, raise_as_numpy
OPS.run_ufunc = run_ufunc
