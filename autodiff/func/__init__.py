"""Transforms of functions: gradients, products with the Jacobian, Jacobians, as functions of what the function takes.

As https://pytorch.org/docs/stable/func.api.html; the same objects are `autodiff.grad` and so on.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .._transforms import (
    ElementwiseGrad,
    Grad,
    GradAndValue,
    Hessian,
    HolomorphicGrad,
    JacFwd,
    Jacobian,
    JacRev,
    ValueAndGrad,
    hvp,
    jvp,
    linearize,
    vjp,
)
from .._vmap import vmap

__all__ = ["elementwise_grad", "grad", "grad_and_value", "hessian", "holomorphic_grad", "hvp", "jacfwd", "jacobian", "jacrev",
           "jvp", "linearize", "value_and_grad", "vjp", "vmap"]

_Argnums = int | str | tuple[int | str, ...]


def _made(kind: Any, func: Any, **options: Any) -> Any:
    """A transform of a function, or what a compiled one says is that of itself."""
    own = getattr(type(func), "_differentiated", None)
    return kind(func, **options) if own is None else own(func, kind, options)


def grad(func: Callable[..., Any], argnums: _Argnums = 0, has_aux: bool = False) -> Grad:
    """The gradient of a function with a scalar result, as a function of the same arguments.

    argnums: which arguments to differentiate in: a place, a name, or a tuple of them, for which a tuple is returned.  Arguments
    are Variables, arrays, numbers, or trees of them (lists, tuples, dicts, dataclasses), and the gradient is of the same form.
    If an argument is a Variable the function is handed Variables of its flavour, Variables come back, and gradients flow on to
    what those depend on; if all are plain arrays and numbers the function is handed `autodiff.numpy.ndarray` in the place of
    what is differentiated, and plain arrays and floats come back.  has_aux: the function returns (result, anything), and
    (gradient, anything) comes back.
    Raises TypeError for arguments without derivatives (arrays of integers), RuntimeError for a result that is no real scalar.
    As https://pytorch.org/docs/stable/generated/torch.func.grad.html

    >>> import numpy as np
    >>> import autodiff
    >>> autodiff.grad(lambda x: np.exp(x) * x)(0.0)
    1.0
    >>> autodiff.grad(lambda p, x: ((p["w"] * x).sum() + p["b"]) ** 2)({"w": np.ones(2), "b": 1.0}, np.array([1.0, 2.0]))
    {'w': array([ 8., 16.]), 'b': 8.0}
    """
    return _made(Grad, func, argnums=argnums, has_aux=has_aux)


def value_and_grad(func: Callable[..., Any], argnums: _Argnums = 0, has_aux: bool = False) -> ValueAndGrad:
    """A function that returns (value, gradient): see grad().  With has_aux ((value, aux), gradient).

    >>> import autodiff
    >>> autodiff.value_and_grad(lambda x: x ** 2)(3.0)
    (9.0, 6.0)
    """
    return _made(ValueAndGrad, func, argnums=argnums, has_aux=has_aux)


def grad_and_value(func: Callable[..., Any], argnums: _Argnums = 0, has_aux: bool = False) -> GradAndValue:
    """A function that returns (gradient, value), PyTorch's order: see grad().  With has_aux (gradient, (value, aux)).

    As https://pytorch.org/docs/stable/generated/torch.func.grad_and_value.html

    >>> import autodiff
    >>> autodiff.func.grad_and_value(lambda x: x ** 2)(3.0)
    (6.0, 9.0)
    """
    return _made(GradAndValue, func, argnums=argnums, has_aux=has_aux)


def elementwise_grad(func: Callable[..., Any], argnums: _Argnums = 0) -> ElementwiseGrad:
    """The derivative of a function that computes each element by itself, at every element at once: of the argument's shape.

    Of another function the sums over its results are given: an element for each of the argument's, one pass in all.
    Raises RuntimeError for a result that is no array or number, or is complex.  As HIPS autograd's elementwise_grad:
    https://github.com/HIPS/autograd

    >>> import numpy as np
    >>> import autodiff
    >>> autodiff.elementwise_grad(np.sin)(np.array([0.0, np.pi]))
    array([ 1., -1.])
    """
    return ElementwiseGrad(func, argnums=argnums)


def holomorphic_grad(func: Callable[..., Any], argnums: _Argnums = 0) -> HolomorphicGrad:
    """The complex derivative of a holomorphic function with one complex result.

    Of a function that is not holomorphic it is the conjugate of the gradient of its real part.  grad() gives, of a real
    function of complex arguments, dL/d conj(z), as PyTorch.  Raises TypeError for real arguments or results.

    >>> import autodiff
    >>> autodiff.holomorphic_grad(lambda z: z ** 2)(1 + 2j)
    (2+4j)
    """
    return HolomorphicGrad(func, argnums=argnums)


def jacrev(func: Callable[..., Any], argnums: _Argnums = 0, *, has_aux: bool = False,
           chunk_size: int | None = None) -> JacRev:
    """The Jacobian by reverse mode, all rows in one batched pass, or chunk_size of them at a time.

    Of a result of shape (m, ...) and an argument of shape (n, ...) it has the shape (m, ..., n, ...); of trees it is a tree
    like the result, of trees like the argument.  As https://pytorch.org/docs/stable/generated/torch.func.jacrev.html

    >>> import numpy as np
    >>> import autodiff
    >>> autodiff.jacrev(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if chunk_size is not None and not (isinstance(chunk_size, int) and chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")
    return _made(JacRev, func, argnums=argnums, has_aux=has_aux, chunk_size=chunk_size)


def jacfwd(func: Callable[..., Any], argnums: _Argnums = 0, has_aux: bool = False, *, randomness: str = "error") -> JacFwd:
    """The Jacobian by forward mode, all columns in one batched run: see jacrev().

    randomness: what random functions do, as for vmap.
    As https://pytorch.org/docs/stable/generated/torch.func.jacfwd.html

    >>> import numpy as np
    >>> import autodiff
    >>> autodiff.jacfwd(lambda x: x.sum() * x)(np.array([1.0, 2.0]))
    array([[4., 1.],
           [2., 5.]])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    return _made(JacFwd, func, argnums=argnums, has_aux=has_aux, randomness=randomness)


def jacobian(func: Callable[..., Any], argnums: _Argnums = 0, *, has_aux: bool = False,
             mode: Literal["rev", "fwd"] | None = None) -> Jacobian:
    """The Jacobian by whichever of jacrev() and jacfwd() has fewer passes, or by mode="rev", mode="fwd".

    >>> import numpy as np
    >>> import autodiff
    >>> autodiff.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in (None, "rev", "fwd"):
        raise ValueError(f"jacobian: mode is 'rev', 'fwd' or None, got {mode!r}")
    return _made(Jacobian, func, argnums=argnums, has_aux=has_aux, mode=mode)


def hessian(func: Callable[..., Any], argnums: _Argnums = 0) -> Hessian:
    """The matrix of second derivatives of a function with a scalar result: all rows in one batched pass over its gradient.

    As https://pytorch.org/docs/stable/generated/torch.func.hessian.html

    >>> import numpy as np
    >>> import autodiff
    >>> autodiff.hessian(lambda x: (x ** 3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return _made(Hessian, func, argnums=argnums)
