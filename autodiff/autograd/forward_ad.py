"""Forward mode: tangents carried along with the values, one level at a time."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _variable as _v

if TYPE_CHECKING:
    from .._variable import Base

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class UnpackedDualTensor(tuple[Any, Any]):
    """The pair (primal, tangent) that unpack_dual returns."""

    __slots__ = ()

    @property
    def primal(self) -> Any:
        """The value."""
        return self[0]

    @property
    def tangent(self) -> Any:
        """The tangent, or None."""
        return self[1]


def enter_dual_level() -> int:
    """Start forward mode; returns the level.  Raises RuntimeError inside another level."""
    return _v.enter_level()


def exit_dual_level(*, level: int | None = None) -> None:
    """End forward mode; tangents of the level are gone."""
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
        return enter_dual_level()

    def __exit__(self, *error: object) -> None:
        exit_dual_level()


def make_dual(tensor: Base, tangent: Base, *, level: int | None = None) -> Any:
    """A Variable of tensor's values that carries a tangent of the same shape.

    Raises RuntimeError outside a level and for a tangent of another shape, ValueError for integers.
    """
    return _v.make_dual(tensor, tangent)


def unpack_dual(tensor: Base, *, level: int | None = None) -> UnpackedDualTensor:
    """The pair (primal, tangent); the tangent is None where there is none."""
    tangent = _v.tangent_of(tensor)
    return UnpackedDualTensor((tensor if tangent is None else tensor.detach(), tangent))
