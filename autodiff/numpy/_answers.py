"""All of the families that answer functions of NumPy."""
from . import (  # noqa: F401
    _calculus,
    _creation,
    _dispatch,
    _elementwise,
    _indexing,
    _linear,
    _polynomials,
    _shapes,
    _sorting,
    _statistics,
    _ufuncs,
    _values,
)
