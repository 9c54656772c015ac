"""What is done to all parameters at once: gradients clipped, values in one vector."""
from __future__ import annotations

import math
import types
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _variable as _v
from .._types import to_numpy_dtype
from ..autograd import no_grad

if TYPE_CHECKING:
    from .._variable import Base

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "vector_to_parameters"]

_Base: Any = _v.Tensor.__base__


def _gradients(parameters, name):
    if isinstance(parameters, _Base):
        parameters = [parameters]
    generated = isinstance(parameters, types.GeneratorType)
    parameters = list(parameters)
    if generated and not parameters:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
    for p in parameters:
        if not isinstance(p, _Base):
            raise TypeError(f"{name}(): parameters must be Variables, not {type(p).__name__}")
    return [p.grad for p in parameters if p.grad is not None]


def clip_grad_norm_(parameters: Base | Iterable[Base], max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, foreach: bool | None = None) -> Any:
    """Scale the `.grad` of all parameters, in place, so that the norm of them together is at most max_norm.

    parameters: a Variable or several; those without a gradient are passed over.  norm_type: the p of the norm, math.inf for
    the largest element.  Returns the norm before, a 0-d Variable; gradients are scaled by max_norm / (norm + 1e-6), if that
    is below 1.  Raises RuntimeError for a norm that is no finite number if error_if_nonfinite, TypeError for what is no
    Variable.  foreach changes nothing.
    As https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html

    >>> import autodiff
    >>> w = autodiff.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> autodiff.nn.utils.clip_grad_norm_(w, 1.0), w.grad
    (tensor(10.), tensor([0.6000, 0.8000]))
    """
    gradients = _gradients(parameters, "clip_grad_norm_")
    max_norm, norm_type = float(max_norm), float(norm_type)
    with no_grad():
        if not gradients:
            return _v.tensor(0.0)
        norms = [g.norm(norm_type) for g in gradients]
        dtype = np.result_type(*(to_numpy_dtype(norm.dtype) for norm in norms))
        total = _v.FUNCTIONS["stack"]([norm.to(dtype) for norm in norms]).norm(norm_type)
        if error_if_nonfinite and not math.isfinite(total.item()):
            raise RuntimeError(f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it "
                               "cannot be clipped. To disable this error and scale the gradients by the non-finite norm "
                               "anyway, set `error_if_nonfinite=False`")
        scale = (max_norm / (total + 1e-6)).clamp(max=1.0)
        for g in gradients:
            g.mul_(scale.to(g.dtype) if not g.is_complex() else scale)
        return total


def clip_grad_value_(parameters: Base | Iterable[Base], clip_value: float, foreach: bool | None = None) -> None:
    """Move the elements of the `.grad` of all parameters, in place, into [-clip_value, clip_value].

    parameters: a Variable or several; those without a gradient are passed over.  Raises TypeError for what is no Variable.
    foreach changes nothing.
    As https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html

    >>> import autodiff
    >>> w = autodiff.tensor([3.0, 0.1], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> autodiff.nn.utils.clip_grad_value_([w], 1.0); w.grad
    tensor([1.0000, 0.2000])
    """
    clip_value = float(clip_value)
    with no_grad():
        for g in _gradients(parameters, "clip_grad_value_"):
            g.clamp_(min=-clip_value, max=clip_value)


def parameters_to_vector(parameters: Iterable[Base]) -> Any:
    """The elements of all parameters, one after the other, in one vector: recorded, so that gradients flow to each.

    Raises RuntimeError for no parameters at all.
    As https://pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html

    >>> import autodiff
    >>> autodiff.nn.utils.parameters_to_vector([autodiff.ones(2), autodiff.zeros(1, 2)])
    tensor([1., 1., 0., 0.])
    """
    return _v.FUNCTIONS["cat"]([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Base, parameters: Iterable[Base]) -> None:
    """Let the parameters have the elements of a vector, one after the other: the opposite of parameters_to_vector.

    Each shares the vector's memory from then on, as in PyTorch.  Elements left over are not used.  Raises TypeError where
    vec is no Variable, RuntimeError where it has too few elements; then no parameter has changed.
    As https://pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html

    >>> import autodiff
    >>> w = autodiff.zeros(2, 2)
    >>> autodiff.nn.utils.vector_to_parameters(autodiff.arange(4.0), [w]); w
    tensor([[0., 1.],
            [2., 3.]])
    """
    if not isinstance(vec, _Base):
        raise TypeError(f"expected autodiff.Tensor, but got: {type(vec).__name__}")
    parts, start = [], 0
    for p in parameters:
        count = p.numel()
        parts.append((p, vec.detach()[start:start + count].reshape(tuple(p.shape))))
        start += count
    for p, part in parts:
        p.data = part.data
