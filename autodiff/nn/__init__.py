"""Parameters, and what optimisers do with all of them at once; layers and losses are left to you.

>>> import autodiff
>>> w = autodiff.nn.Parameter(autodiff.ones(2))
>>> isinstance(w, autodiff.nn.Parameter), w.requires_grad
(True, True)
"""
from __future__ import annotations

from typing import Never

from . import parameter, utils
from .parameter import Parameter

__all__ = ["Parameter", "parameter", "utils"]


def __getattr__(name: str) -> Never:
    from .._missing import words

    raise AttributeError(f"module 'autodiff.nn' has no attribute '{name}'" if name.startswith("__") else words(f"nn.{name}"))
