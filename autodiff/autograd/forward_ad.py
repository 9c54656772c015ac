"""Forward mode: tangents carried along with the values, in levels that nest."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _variable as _v

if TYPE_CHECKING:
    from .._variable import Base

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class UnpackedDualTensor(NamedTuple):
    """The pair (primal, tangent) that unpack_dual returns; the tangent is None where there is none."""

    primal: Any
    tangent: Any


def __getattr__(name: str) -> Any:
    if name == "_current_level":        # what programs for PyTorch ask: the innermost level of this thread, or -1
        return len(_v.forward_levels()) - 1
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def enter_dual_level() -> int:
    """Start a level of forward mode, inside of those that this thread has; returns its number: 0 is the outermost.

    (PyTorch's does not nest.)
    """
    _v.enter_level()
    return len(_v.forward_levels()) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """End the innermost level; its tangents are gone.  Raises RuntimeError for another level, or where there is none."""
    levels = _v.forward_levels()
    if level is not None and levels and level != len(levels) - 1:
        raise RuntimeError("Trying to exit a forward AD level that was not the last one that was created. This is not "
                           "supported.")
    _v.exit_level()


class dual_level:
    """Forward mode inside.

    >>> import autodiff
    >>> from autodiff.autograd import forward_ad
    >>> with forward_ad.dual_level():
    ...     x = forward_ad.make_dual(autodiff.tensor(3.0), autodiff.tensor(1.0))
    ...     forward_ad.unpack_dual(x * x).tangent
    tensor(6.)
    """

    def __enter__(self) -> int:
        self._level = enter_dual_level()
        return self._level

    def __exit__(self, *error: object) -> None:
        exit_dual_level(level=self._level)


def make_dual(tensor: Base, tangent: Base, *, level: int | None = None) -> Any:
    """A Variable of tensor's elements that carries a tangent of the same shape, in the innermost level.

    It shares memory with tensor, unless that is recorded.  Raises RuntimeError outside a level, for a tangent of another shape
    and where one of the two has a tangent in this level already, ValueError for integers, TypeError for what is no Variable.
    As https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.make_dual.html
    """
    _check(level)
    return _v.make_dual(tensor, tangent)


def unpack_dual(tensor: Base, *, level: int | None = None) -> UnpackedDualTensor:
    """The named tuple (primal, tangent) in the innermost level; the tangent is None where there is none.

    As https://pytorch.org/docs/stable/generated/torch.autograd.forward_ad.unpack_dual.html
    """
    _check(level)
    return UnpackedDualTensor(_v.primal_of(tensor), _v.tangent_of(tensor))


def _check(level: int | None) -> None:
    if level is not None and level != len(_v.forward_levels()) - 1:
        raise RuntimeError("a dual is made and unpacked in the innermost level of forward mode: exit the others first")
