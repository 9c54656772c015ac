"""MXNet's scopes and switches: record, pause, train_mode, predict_mode, set_recording, set_training, mark_variables."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Self, TypeVar

from .. import _variable as _v

__all__ = ["is_recording", "is_training", "mark_variables", "pause", "predict_mode", "record", "set_recording",
           "set_training", "train_mode"]

_F = TypeVar("_F", bound=Callable[..., Any])


class _Scope:
    """Modes of this thread inside a with block, or in the calls of a decorated function; what they were comes back."""

    def __init__(self, **modes: bool) -> None:
        self._modes = modes
        self._previous: list[dict[str, bool]] = []

    def __call__(self, function: _F) -> _F:
        @wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            # A scope of its own for each call: calls nest, and threads have modes of their own.
            with _Scope(**self._modes):
                return function(*args, **kwargs)

        return inside  # type: ignore[return-value]

    def __enter__(self) -> Self:
        self._previous.append({name: _v.set_mode(name, on) for name, on in self._modes.items()})
        return self

    def __exit__(self, *error: object) -> None:
        for name, on in self._previous.pop().items():
            _v.set_mode(name, on)


def _refuse_function(name, train_mode):
    """Taken for a truth value, a function decorated without parentheses would never run."""
    if callable(train_mode):
        raise TypeError(f"{name}() takes train_mode, not a function: to decorate one write @autograd.{name}()")


def record(train_mode: bool = True) -> _Scope:
    """Record what is computed inside, by MXNet's rules: leaves are what attach_grad() marked.

    A graph recorded here writes gradients instead of accumulating them, and a head of any shape has ones for gradient.
    As MXNet's mxnet.autograd.record.

    >>> import autodiff
    >>> x = autodiff.arange(3.0); x.attach_grad()
    >>> with autodiff.autograd.record():
    ...     y = x * x
    >>> y.backward(); x.grad
    tensor([0., 2., 4.])
    """
    _refuse_function("record", train_mode)
    return _Scope(recording=True, grad_off=False, training=bool(train_mode))


def pause(train_mode: bool = False) -> _Scope:
    """Record nothing inside."""
    _refuse_function("pause", train_mode)
    return _Scope(recording=False, grad_off=True, training=bool(train_mode))


def train_mode() -> _Scope:
    """Training behaviour inside, recording left as it is."""
    return _Scope(training=True)


def predict_mode() -> _Scope:
    """Prediction behaviour inside, recording left as it is."""
    return _Scope(training=False)


def is_recording() -> bool:
    """Whether this thread is inside record()."""
    return _v.mode("recording") and not _v.mode("grad_off")


def is_training() -> bool:
    """Whether this thread is in training mode."""
    return _v.mode("training")


def set_recording(is_record: bool) -> bool:
    """Switch recording of this thread on or off; returns whether it was on.

    >>> from autodiff import autograd
    >>> before = autograd.set_recording(True)
    >>> before, autograd.set_recording(before)
    (False, True)
    """
    was = is_recording()
    _v.set_mode("recording", bool(is_record))
    _v.set_mode("grad_off", False)
    return was


def set_training(train_mode: bool) -> bool:
    """Switch training mode of this thread on or off; returns whether it was on."""
    return _v.set_mode("training", bool(train_mode))


def mark_variables(variables: Any, gradients: Any, grad_reqs: str | Iterable[str] = "write") -> None:
    """Make leaves of variables whose gradients go into the given buffers: attach_grad() with buffers of one's own.

    variables, gradients: a Variable each, or sequences of equal lengths; a gradient has its variable's shape and dtype.
    grad_reqs: 'write', 'add' or 'null', one for all or one each.  Raises ValueError where the numbers differ and
    for another request, RuntimeError for a buffer that does not fit; then no variable is changed.
    As MXNet's mxnet.autograd.mark_variables.

    >>> import autodiff
    >>> x, gradient = autodiff.tensor([1.0, 2.0]), autodiff.zeros(2)
    >>> autodiff.autograd.mark_variables(x, gradient)
    >>> with autodiff.autograd.record():
    ...     y = x * x
    >>> y.backward(); gradient
    tensor([2., 4.])
    """
    variables = (variables,) if isinstance(variables, _v.Base) else tuple(variables)
    gradients = (gradients,) if isinstance(gradients, _v.Base) else tuple(gradients)
    requests = (grad_reqs,) * len(variables) if isinstance(grad_reqs, str) else tuple(grad_reqs)
    if not len(variables) == len(gradients) == len(requests):
        raise ValueError(f"mark_variables(): got {len(variables)} variables, {len(gradients)} gradients and {len(requests)} "
                         "requests; their numbers must agree")
    for variable, gradient, request in zip(variables, gradients, requests, strict=True):
        if not isinstance(variable, _v.Base) or not isinstance(gradient, _v.Base):
            raise TypeError("mark_variables(): variables and gradients must be Variables")
        if request not in ("write", "add", "null"):
            raise ValueError(f"grad_req {request!r}: use 'write', 'add' or 'null'")
        if variable is gradient and request != "null":
            raise RuntimeError("mark_variables(): can't assign Variable as its own grad")
        if request != "null" and not (variable.is_floating_point() or variable.is_complex()):
            raise RuntimeError("mark_variables(): only Tensors of floating point dtype can require gradients")
        if tuple(variable.shape) != tuple(gradient.shape) or variable.dtype != gradient.dtype:
            raise RuntimeError(f"mark_variables(): a gradient of shape {tuple(gradient.shape)} and dtype {gradient.dtype} does "
                               f"not fit a variable of shape {tuple(variable.shape)} and dtype {variable.dtype}")
    for variable, gradient, request in zip(variables, gradients, requests, strict=True):
        variable.attach_grad(request)
        if request != "null":
            variable.grad = gradient
