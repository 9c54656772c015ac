"""All of the families that answer functions of NumPy."""
from . import _dispatch  # noqa: F401
from . import _creation, _indexing, _shapes, _values  # noqa: F401
