"""Windows of signals, and the frequencies of spectra: Tensors that depend on nothing but how many elements they have."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _variable as _variable_module
from ._create import _dtype, _made_into, _real, _take

if TYPE_CHECKING:
    from ._variable import Base, Tensor, _Device, _DType, _Number

_v: Any = _variable_module         # of which the stub has what users see alone

__all__ = ["bartlett_window", "blackman_window", "fftfreq", "hamming_window", "hann_window", "kaiser_window", "rfftfreq"]


def _window(name: str, window_length: int, periodic: bool, shape: Any, dtype: Any, requires_grad: bool, device: Any) -> Any:
    """shape(2 pi times the place in the window, from 0 to 1) in a dtype; a periodic one is cut from one of an element more."""
    count = _v.integer_given(window_length, name, "window_length", 1)
    if not isinstance(periodic, (bool, np.bool)):
        raise TypeError(f"{name}(): argument 'periodic' must be bool, not {type(periodic).__name__}")
    d = _dtype(dtype)
    if d.kind == "c":
        raise NotImplementedError(f"{name}() makes floating point numbers, not {d}")
    if d.kind != "f":
        raise RuntimeError(f"{name} expects floating point dtypes, got: {d}")
    if count < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={count}")
    last = count if periodic else count - 1
    values = np.ones(count) if count < 2 else shape(np.arange(count) / last)
    return _take(values.astype(d), requires_grad, device)


def hann_window(window_length: int, periodic: bool = True, *, dtype: _DType | None = None, requires_grad: bool = False,
                device: _Device | None = None) -> Tensor:
    """Half a wave of a cosine, from 0 up to 1 and down: 0.5 - 0.5 cos(2 pi i / n).

    n is window_length, for the spectra of stft, or where periodic is False one less, which ends in 0 as it begins.  Raises
    RuntimeError for a negative length and for integers and bools, NotImplementedError for complex numbers.
    As https://pytorch.org/docs/stable/generated/torch.hann_window.html

    >>> import autodiff
    >>> autodiff.hann_window(4), autodiff.hann_window(3, periodic=False)
    (tensor([0.0000, 0.5000, 1.0000, 0.5000]), tensor([0., 1., 0.]))
    """
    return _window("hann_window", window_length, periodic, lambda t: 0.5 - 0.5 * np.cos(2 * np.pi * t), dtype, requires_grad,
                   device)


def hamming_window(window_length: int, periodic: bool = True, alpha: _Number = 0.54, beta: _Number = 0.46, *,
                   dtype: _DType | None = None, requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """A wave of a cosine on a step: alpha - beta cos(2 pi i / n).

    n, and what is raised, are as for hann_window.  Raises TypeError for an alpha or beta that requires grad: write the sum
    with cos().
    As https://pytorch.org/docs/stable/generated/torch.hamming_window.html

    >>> import autodiff
    >>> autodiff.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    alpha, beta = _real("hamming_window", "alpha", 3, alpha), _real("hamming_window", "beta", 4, beta)
    return _window("hamming_window", window_length, periodic, lambda t: alpha - beta * np.cos(2 * np.pi * t), dtype,
                   requires_grad, device)


def blackman_window(window_length: int, periodic: bool = True, *, dtype: _DType | None = None, requires_grad: bool = False,
                    device: _Device | None = None) -> Tensor:
    """The sum of two waves: 0.42 - 0.5 cos(2 pi i / n) + 0.08 cos(4 pi i / n).

    n, and what is raised, are as for hann_window.
    As https://pytorch.org/docs/stable/generated/torch.blackman_window.html

    >>> import autodiff
    >>> autodiff.blackman_window(5, periodic=False).round(decimals=2).abs()
    tensor([0.0000, 0.3400, 1.0000, 0.3400, 0.0000])
    """
    return _window("blackman_window", window_length, periodic,
                   lambda t: 0.42 - 0.5 * np.cos(2 * np.pi * t) + 0.08 * np.cos(4 * np.pi * t), dtype, requires_grad, device)


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: _DType | None = None, requires_grad: bool = False,
                    device: _Device | None = None) -> Tensor:
    """A triangle, from 0 up to 1 and down: 1 - abs(2 i / n - 1).

    n, and what is raised, are as for hann_window.
    As https://pytorch.org/docs/stable/generated/torch.bartlett_window.html

    >>> import autodiff
    >>> autodiff.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("bartlett_window", window_length, periodic, lambda t: 1 - np.abs(2 * t - 1), dtype, requires_grad, device)


def kaiser_window(window_length: int, periodic: bool = True, beta: _Number = 12.0, *, dtype: _DType | None = None,
                  requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """i0(beta sqrt(1 - (2 i / n - 1)^2)) / i0(beta): narrow for a large beta, with little beside it in its spectrum.

    n, and what is raised, are as for hann_window.  Raises TypeError for a beta that requires grad: numpy.kaiser of one has the
    derivative.
    As https://pytorch.org/docs/stable/generated/torch.kaiser_window.html

    >>> import autodiff
    >>> autodiff.kaiser_window(4, beta=6.0)
    tensor([0.0149, 0.4830, 1.0000, 0.4830])
    """
    beta = float(_real("kaiser_window", "beta", 3, beta))
    return _window("kaiser_window", window_length, periodic,
                   lambda t: np.i0(beta * np.sqrt(np.maximum(4 * t * (1 - t), 0))) / np.i0(beta), dtype, requires_grad,
                   device)


# ---- autodiff.fft

def _frequencies(name: str, n: int, d: _Number, dtype: Any, requires_grad: bool, device: Any, out: Any, places: Any) -> Any:
    count = _v.integer_given(n, f"fft_{name}", "n", 1)
    spacing = _real(f"fft_{name}", "d", 2, d)
    kind = _dtype(dtype)
    if kind.kind == "c":
        raise NotImplementedError(f"{name}() makes floating point numbers, not {kind}")
    if kind.kind != "f":
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    with np.errstate(all="ignore"):
        values = (places(count) * (np.float64(1.0) / (count * np.float64(spacing)))).astype(kind)
    return _made_into(out, f"fft_{name}", _take(values, requires_grad, device))


def _all_places(n: int) -> Any:
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    return np.concatenate([np.arange((n + 1) // 2), np.arange(-(n // 2), 0)])


def fftfreq(n: int, d: _Number = 1.0, *, dtype: _DType | None = None, requires_grad: bool = False,
            device: _Device | None = None, out: Base | None = None) -> Tensor:
    """The frequencies of the n numbers that fft makes, for samples that are d apart: 0, 1, ..., -1 times 1 / (n d).

    In the default dtype unless dtype= is given.  Raises RuntimeError for a negative n and for integers, TypeError for a d that
    requires grad: divide fftfreq(n) by it.
    As https://pytorch.org/docs/stable/generated/torch.fft.fftfreq.html

    >>> import autodiff
    >>> autodiff.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    return _frequencies("fftfreq", n, d, dtype, requires_grad, device, out, _all_places)


def rfftfreq(n: int, d: _Number = 1.0, *, dtype: _DType | None = None, requires_grad: bool = False,
             device: _Device | None = None, out: Base | None = None) -> Tensor:
    """The frequencies of the n // 2 + 1 numbers that rfft makes of n samples that are d apart.

    In the default dtype unless dtype= is given.  Raises RuntimeError for integers, TypeError for a d that requires grad: divide
    rfftfreq(n) by it.
    As https://pytorch.org/docs/stable/generated/torch.fft.rfftfreq.html

    >>> import autodiff
    >>> autodiff.fft.rfftfreq(4, 0.5)
    tensor([0.0000, 0.5000, 1.0000])
    """
    return _frequencies("rfftfreq", n, d, dtype, requires_grad, device, out, lambda n: np.arange(max(n // 2 + 1, 0)))


for _function in (fftfreq, rfftfreq):
    _function.__module__ = "autodiff.fft"
del _function
