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


def _by_method(name: str) -> Any:
    """A function that calls the method of its first argument; what the method's help says holds of it, too."""
    def function(input, *args, **kwargs):
        return getattr(_operand(input, name), name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = inspect.getdoc(getattr(Tensor, name))
    # The method's own signature: help() and the test of the type stubs shall see what it takes.
    _, *parameters = inspect.signature(getattr(Tensor, name)).parameters.values()
    own = inspect.Parameter("input", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    function.__signature__ = inspect.Signature([own, *parameters])
    return function


sum = _by_method("sum")
mean = _by_method("mean")
norm = _by_method("norm")
max = _by_method("max")
amax = _by_method("amax")
argmax = _by_method("argmax")
log_softmax = _by_method("log_softmax")
flatten = _by_method("flatten")
unbind = _by_method("unbind")
reshape = _by_method("reshape")
transpose = _by_method("transpose")
permute = _by_method("permute")
t = _by_method("t")
squeeze = _by_method("squeeze")
unsqueeze = _by_method("unsqueeze")
clone = _by_method("clone")


def is_tensor(value: object) -> bool:
    """Whether a value is a Variable of either flavour.

    >>> import autodiff
    >>> autodiff.is_tensor(autodiff.ones(1)), autodiff.is_tensor(1.0)
    (True, False)
    """
    return isinstance(value, _Base)


def _plain(x):
    return x.detach().numpy() if isinstance(x, _Base) else np.asarray(x)


def allclose(input: Base, other: Base, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are equal within atol + rtol * abs(other).

    Shapes are broadcast; NaN equals NaN if equal_nan.

    >>> import autodiff
    >>> autodiff.allclose(autodiff.tensor([1.0]), autodiff.tensor([1.0 + 1e-9]))
    True
    """
    return bool(np.allclose(_plain(input), _plain(other), rtol=rtol, atol=atol, equal_nan=equal_nan))


def equal(input: Base, other: Base) -> bool:
    """Whether two Variables have the same shape and elements.

    >>> import autodiff
    >>> autodiff.equal(autodiff.tensor([1.0, 2.0]), autodiff.tensor([1, 2]))
    True
    """
    return bool(np.array_equal(_plain(input), _plain(other)))
