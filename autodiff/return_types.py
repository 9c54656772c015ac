"""The types of results that have several parts, by the op's name.

>>> import autodiff
>>> pair = autodiff.tensor([3.0, 1.0]).sort()
>>> isinstance(pair, autodiff.return_types.sort), pair.indices
(True, tensor([1, 0]))
"""
from ._ops import RETURN_TYPES as _RETURN_TYPES

globals().update(_RETURN_TYPES)
