"""Names that PyTorch keeps in torch._C and that programs which look into a graph or a pass use all the same."""
from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from . import _variable as _v
from .autograd.grad_mode import is_multithreading_enabled as _is_multithreading_enabled
from .autograd.graph import (
    _current_autograd_node,
    _current_graph_task_execution_order,
    _current_graph_task_id,
    _will_engine_execute_node,
)

__all__ = ["_WeakTensorRef", "_autograd", "_current_autograd_node", "_current_graph_task_execution_order",
           "_current_graph_task_id", "_functions", "_is_multithreading_enabled", "_will_engine_execute_node"]

_Base: Any = _v.Tensor.__base__


class _WeakTensorRef:
    """A weak reference to a Variable that says whether it is gone.

    >>> import autodiff
    >>> x = autodiff.ones(2)
    >>> reference = autodiff._C._WeakTensorRef(x)
    >>> reference.expired()
    False
    """

    __slots__ = ("_reference",)

    def __init__(self, tensor: _v.Base) -> None:
        self._reference = weakref.ref(tensor)

    def expired(self) -> bool:
        """Whether the Variable is gone."""
        return self._reference() is None


def _results(operands: Sequence[_v.Base | None], derivative: Any, name: str) -> Any:
    """The values of operands, each on a node with this derivative where it needs one."""
    given = [operand for operand in operands if operand is not None]
    for operand in given:
        if not isinstance(operand, _Base):
            raise TypeError(f"{name}: expected Variables or None, got {type(operand).__name__}")
    made = iter(_v.record_custom(tuple(given), tuple(operand.detach() for operand in given), derivative, name) if given else ())
    results = tuple(None if operand is None else _v.in_flavour(next(made), operand) for operand in operands)
    return results[0] if len(results) == 1 else results


class _DelayedError:
    """Called with as many Variables as it is made for, it returns them; a reverse pass that comes to one raises RuntimeError.

    >>> import autodiff
    >>> x = autodiff.tensor(2.0, requires_grad=True)
    >>> autodiff._C._functions.DelayedError("not here", 1)(x).backward()
    Traceback (most recent call last):
    ...
    RuntimeError: not here
    """

    __slots__ = ("_count", "_words")

    def __init__(self, words: str, count: int) -> None:
        self._words, self._count = words, count

    def __call__(self, *operands: _v.Base | None) -> Any:
        if len(operands) != self._count:
            raise TypeError(f"expected {self._count} arguments, got {len(operands)} instead")

        def refuse(gradients, needs):
            raise RuntimeError(self._words)

        return _results(operands, refuse, "Error")


class _UndefinedGrad:
    """Called with a Variable, it returns that, and a reverse pass hands None on, as for an operand that took no part.

    >>> import autodiff
    >>> x = autodiff.tensor(2.0, requires_grad=True)
    >>> autodiff._C._functions.UndefinedGrad()(x * 3).backward(); print(x.grad)
    None
    """

    __slots__ = ()

    def __call__(self, *operands: _v.Base) -> Any:
        if len(operands) != 1:
            raise TypeError(f"expected 1 arguments, got {len(operands)} instead")
        return _results(operands, lambda gradients, needs: (None,), "UndefinedGradBackward")


class _functions:
    """Nodes by name: isinstance(node, _functions.AccumulateGrad); and two ops of the graph alone."""

    AccumulateGrad = _v.node_kind("AccumulateGrad")
    DelayedError = _DelayedError
    UndefinedGrad = _UndefinedGrad


class _autograd:
    """What is done to versions."""

    @staticmethod
    def _unsafe_set_version_counter(tensors: Sequence[_v.Base], versions: Sequence[int]) -> None:
        """Say how often Variables shall have been written in place.

        Unsafe: a saved value whose elements were changed is then used as it is.  Raises RuntimeError for a negative number, and
        for more or fewer numbers than Variables.
        """
        for tensor in tensors:
            if not isinstance(tensor, _Base):
                raise TypeError(f"_unsafe_set_version_counter(): expected Variables, got {type(tensor).__name__}")
        _v.set_versions(tuple(tensors), tuple(versions))
