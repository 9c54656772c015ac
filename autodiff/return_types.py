"""The types of results that have several parts, by the op's name.

>>> import autodiff
>>> pair = autodiff.tensor([3.0, 1.0]).sort()
>>> isinstance(pair, autodiff.return_types.sort), pair.indices
(True, tensor([1, 0]))
"""
import builtins as _builtins

from . import _ops
from ._ops import RETURN_TYPES as _RETURN_TYPES

globals().update(_RETURN_TYPES)
# For `from autodiff.return_types import *`, which must not replace max and min.
__all__ = sorted({*_RETURN_TYPES, *_ops.LATER["types"]} - {*dir(_builtins)})


def __getattr__(name):
    if name in _ops.LATER["types"]:     # of a row whose family is not imported yet
        _ops.load(_ops.LATER["types"][name])
        return _RETURN_TYPES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_ops.LATER["types"]})
