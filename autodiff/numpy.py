"""The NumPy flavour: arrays whose methods and attributes are numpy.ndarray's, on the same storage and graph."""
from ._variable import as_ndarray as _as_ndarray
from ._variable import ndarray

__all__ = ["array", "asarray", "ndarray"]


def array(data, dtype=None, requires_grad=False):
    """An array of a copy of data, in the NumPy flavour.

    >>> import autodiff.numpy as anp
    >>> x = anp.array([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4.])
    """
    result = _as_ndarray(data, dtype, True)
    return result.requires_grad_(True) if requires_grad else result


def asarray(data, dtype=None):
    """data in the NumPy flavour, sharing memory where that is possible."""
    return _as_ndarray(data, dtype, False)
