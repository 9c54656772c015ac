"""The NumPy flavour: arrays whose methods and attributes are numpy.ndarray's, on the same storage and graph."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._variable import as_ndarray as _as_ndarray
from .._variable import ndarray
from . import _methods  # noqa: F401

if TYPE_CHECKING:
    from .._variable import _DType

__all__ = ["array", "asarray", "ndarray"]


def array(data: Any, dtype: _DType | None = None, requires_grad: bool = False) -> ndarray:
    """An array of a copy of data, in the NumPy flavour.

    >>> import autodiff.numpy as anp
    >>> x = anp.array([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4.])
    """
    result = _as_ndarray(data, dtype, True)
    return result.requires_grad_(True) if requires_grad else result


def asarray(data: Any, dtype: _DType | None = None) -> ndarray:
    """data in the NumPy flavour, sharing memory where that is possible."""
    return _as_ndarray(data, dtype, False)
