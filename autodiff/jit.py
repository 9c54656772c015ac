"""PyTorch's name for a recording made by an example: `trace`, of which autodiff.compile is the rest.

>>> import autodiff
>>> double = autodiff.jit.trace(lambda x: 2.0 * x, (3.0,))
>>> double(4.0)
8.0
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never

from .programs import compile

__all__ = ["trace"]


def trace(func: Callable[..., Any], example_inputs: Any, *, check: bool = False, memory: int = 64 << 20) -> Any:
    """The function, compiled, and called with an example: what that call computes is recorded.

    Where torch.jit.trace freezes an `if`, a way that the example did not take is recorded when it is first taken.
    example_inputs: a tuple of arguments, or the argument itself, where it is one and no tuple.  check, memory: as of
    autodiff.compile.  Raises what the function raises.
    As https://pytorch.org/docs/stable/generated/torch.jit.trace.html

    >>> import autodiff
    >>> size = autodiff.jit.trace(lambda x: x if x > 0 else -x, 3.0)
    >>> size(-2.0), autodiff.grad(size)(-2.0)
    (2.0, -1.0)
    """
    compiled = compile(func, check=check, memory=memory)
    compiled(*example_inputs if type(example_inputs) is tuple else (example_inputs,))
    return compiled


def __getattr__(name: str) -> Never:
    from ._missing import words

    raise AttributeError((not name.startswith("__") and words(f"jit.{name}"))
                         or f"module 'autodiff.jit' has no attribute '{name}'")
