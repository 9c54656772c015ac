"""All of the families that answer functions of NumPy."""
from . import _calculus, _dispatch, _elementwise, _linear, _polynomials, _ufuncs  # noqa: F401
