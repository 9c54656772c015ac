"""All of the families that answer functions of NumPy."""
from . import _dispatch  # noqa: F401
