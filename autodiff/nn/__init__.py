"""Layers and losses as functions, parameters, and what optimisers do with all of them at once.

>>> import autodiff
>>> w = autodiff.nn.Parameter(autodiff.ones(2))
>>> isinstance(w, autodiff.nn.Parameter), w.requires_grad
(True, True)
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import parameter, utils
from .parameter import Parameter

if TYPE_CHECKING:
    from . import functional as functional

__all__ = ["Parameter", "functional", "parameter", "utils"]


def __getattr__(name: str) -> Any:
    if name == "functional":        # imported when it is asked for, with its rows
        from importlib import import_module

        return import_module(".functional", __name__)
    from .._missing import words

    raise AttributeError(f"module 'autodiff.nn' has no attribute '{name}'" if name.startswith("__") else words(f"nn.{name}"))
