"""The types of results that have several parts, by the op's name.

>>> import autodiff
>>> pair = autodiff.tensor([3.0, 1.0]).sort()
>>> isinstance(pair, autodiff.return_types.sort), pair.indices
(True, tensor([1, 0]))
"""
import builtins as _builtins

from ._ops import RETURN_TYPES as _RETURN_TYPES

globals().update(_RETURN_TYPES)
# For `from autodiff.return_types import *`, which must not replace max and min.
__all__ = sorted(name for name in _RETURN_TYPES if name not in dir(_builtins))
