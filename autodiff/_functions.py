"""Functions whose work is a method's: autodiff.sum(x, dim) is x.sum(dim)."""
from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from ._variable import Tensor

if TYPE_CHECKING:
    from ._variable import Base

_Base: Any = Tensor.__base__


def _operand(x, name):
    if not isinstance(x, _Base):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    return x


def _by_method(name: str, doc: str) -> Any:
    def function(input, *args, **kwargs):
        return getattr(_operand(input, name), name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    # The method's own signature: help() and the test of the type stubs shall see what it takes.
    _, *parameters = inspect.signature(getattr(Tensor, name)).parameters.values()
    own = inspect.Parameter("input", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    function.__signature__ = inspect.Signature([own, *parameters])
    return function


sum = _by_method("sum", "Sum of all elements, or over dim.")
mean = _by_method("mean", "Mean of all elements, or over dim.")
norm = _by_method("norm", "Vector norm of order p of all elements, or over dim.")
max = _by_method("max", "Largest element; over a dimension the pair (values, indices).")
amax = _by_method("amax", "Largest element, of all or over dim; ties share the gradient evenly.")
argmax = _by_method("argmax", "Index of the largest element, of all or along dim.")
log_softmax = _by_method("log_softmax", "x - log(sum(exp(x))) along dim.")
flatten = _by_method("flatten", "The dimensions from start_dim to end_dim as one; a view where possible.")
unbind = _by_method("unbind", "All slices along a dimension, as a tuple of views.")
reshape = _by_method("reshape", "The elements in another shape; a view where possible.")
transpose = _by_method("transpose", "Two dimensions exchanged; a view.")
permute = _by_method("permute", "The dimensions in another order; a view.")
t = _by_method("t", "The transpose of at most two dimensions; a view.")
squeeze = _by_method("squeeze", "Dimensions of size 1 removed; a view.")
unsqueeze = _by_method("unsqueeze", "A dimension of size 1 inserted; a view.")
clone = _by_method("clone", "A recorded copy.")


def is_tensor(value: object) -> bool:
    """Whether a value is a Variable of either flavour."""
    return isinstance(value, _Base)


def _plain(x):
    return x.detach().numpy() if isinstance(x, _Base) else np.asarray(x)


def allclose(input: Base, other: Base, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are equal within atol + rtol * abs(other)."""
    return bool(np.allclose(_plain(input), _plain(other), rtol=rtol, atol=atol, equal_nan=equal_nan))


def equal(input: Base, other: Base) -> bool:
    """Whether two Variables have the same shape and elements."""
    return bool(np.array_equal(_plain(input), _plain(other)))
