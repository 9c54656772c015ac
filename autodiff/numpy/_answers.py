"""All of the families that answer functions of NumPy."""
from . import _dispatch, _sorting, _statistics  # noqa: F401
