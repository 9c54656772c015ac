"""MXNet's scopes: record, pause, train_mode, predict_mode."""
from __future__ import annotations

from typing import Self

from .. import _variable as _v


class _Scope:
    def __init__(self, **modes: bool) -> None:
        self._modes = modes
        self._previous: list[dict[str, bool]] = []

    def __enter__(self) -> Self:
        self._previous.append({name: _v.set_mode(name, on) for name, on in self._modes.items()})
        return self

    def __exit__(self, *error: object) -> None:
        for name, on in self._previous.pop().items():
            _v.set_mode(name, on)


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
    return _Scope(recording=True, grad_off=False, training=bool(train_mode))


def pause(train_mode: bool = False) -> _Scope:
    """Record nothing inside."""
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
