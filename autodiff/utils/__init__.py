"""Long computations in little memory: `checkpoint`, and the loop behind `autodiff.checkpointed_loop`.

>>> import autodiff
>>> x = autodiff.tensor(2.0, requires_grad=True)
>>> autodiff.utils.checkpoint.checkpoint(lambda x: x.sin().exp(), x, use_reentrant=False).backward()
>>> x.grad
tensor(-1.0331)
"""
from __future__ import annotations

from typing import Never

from . import checkpoint

__all__ = ["checkpoint"]


def __getattr__(name: str) -> Never:
    from .._missing import words

    raise AttributeError((not name.startswith("__") and words(f"utils.{name}"))
                         or f"module 'autodiff.utils' has no attribute '{name}'")
