"""What composites of several families make of their arguments."""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import _variable as _v
from .._variable import OPS, Tensor

_Base: Any = Tensor.__base__


def operand(value: Any) -> Any:
    """An argument as a Variable or a plain array: lists that hold Variables become one."""
    if isinstance(value, _Base):
        return value
    value = OPS.lifted(value)
    return value if isinstance(value, _Base) else np.asarray(value)


def is_variable(value: Any) -> bool:
    """Whether it is a Variable."""
    return isinstance(value, _Base)


def as_variables(*values: Any) -> list[Any]:
    """Plain arrays as constants of the flavour of the first Variable among them: for functions that take Variables alone."""
    like = next(value for value in values if isinstance(value, _Base))
    return [value if isinstance(value, _Base) else _v.constant_of(np.asarray(value), like) for value in values]


def inexact(value: Any) -> Any:
    """The operand, integers and bools as float64."""
    return value if np.dtype(value.dtype).kind in "fc" else value.astype(np.float64)


def wrapped_axis(axis: Any, ndim: int) -> int:
    """An axis as a number that is not negative, or NumPy's AxisError."""
    return range(ndim)[_checked(axis, ndim)]


def _checked(axis: Any, ndim: int) -> int:
    number = axis.__index__()
    if not -ndim <= number < ndim:
        raise np.exceptions.AxisError(number, ndim)
    return number
