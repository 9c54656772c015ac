"""All of the families that answer functions of NumPy; with them they are answered."""
from .._variable import OPS
from . import _creation, _dispatch, _indexing, _shapes, _values  # noqa: F401

# Here and not in _dispatch, which families import: nothing is asked before all of them are there.
OPS.run_array_function, OPS.wider = _dispatch.run_array_function, _dispatch.run_wider
OPS.lifted, OPS.raise_as_numpy = _dispatch.lifted, _dispatch.raise_as_numpy
