"""All of the families that answer functions of NumPy."""
from . import _creation, _dispatch, _indexing, _shapes, _values  # noqa: F401
