"""Fourier transforms.  Operands of the cases are real: where they are complex, a last dimension holds pairs."""
import numpy as np
from cases_types import apart, joined, pairs, together

from autodiff import fft


def spectrum(name, shape, *args, **kwargs):
    """Real numbers to complex ones."""
    function, reference = getattr(fft, name), REFERENCE.get(name) or getattr(np.fft, name)
    return (f"{shape} {args} {kwargs}", lambda x: pairs(function(x, *args, **kwargs)),
            lambda a: apart(reference(a, *args, **renamed(kwargs))), [shape])


def between(name, shape, *args, **kwargs):
    """Complex numbers to complex ones."""
    function, reference = getattr(fft, name), REFERENCE.get(name) or getattr(np.fft, name)
    return (f"complex {shape} {args} {kwargs}", lambda x: pairs(function(joined(x), *args, **kwargs)),
            lambda a: apart(reference(together(a), *args, **renamed(kwargs))), [(*shape, 2)])


def signal(name, shape, *args, **kwargs):
    """Complex numbers to real ones."""
    function, reference = getattr(fft, name), REFERENCE.get(name) or getattr(np.fft, name)
    return (f"complex {shape} {args} {kwargs}", lambda x: function(joined(x), *args, **kwargs),
            lambda a: reference(together(a), *args, **renamed(kwargs)), [(*shape, 2)])


def renamed(kwargs):
    return {{"dim": "axes"}.get(key, key): value for key, value in kwargs.items()}


SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def hfftn(a, s=None, axes=None, norm=None):
    axes = tuple(range(-a.ndim if s is None else -len(s), 0)) if axes is None else axes
    return np.fft.irfftn(np.conj(a), s, axes, SWAPPED[norm])


def ihfftn(a, s=None, axes=None, norm=None):
    axes = tuple(range(-a.ndim if s is None else -len(s), 0)) if axes is None else axes
    return np.conj(np.fft.rfftn(a, s, axes, SWAPPED[norm]))


def hfft2(a, s=None, axes=(-2, -1), norm=None):
    return hfftn(a, s, axes, norm)


def ihfft2(a, s=None, axes=(-2, -1), norm=None):
    return ihfftn(a, s, axes, norm)


REFERENCE = {"hfftn": hfftn, "ihfftn": ihfftn, "hfft2": hfft2, "ihfft2": ihfft2}

CASES = {
    **{f"fft_{name}": [
        spectrum(name, (4,)), spectrum(name, (1,)), spectrum(name, (2, 3), 5, 0), spectrum(name, (2, 3), None, -2, "ortho"),
        spectrum(name, (5,), 3, norm="forward"), between(name, (3,)), between(name, (2, 3), 4, 0, "ortho"),
        between(name, (4,), 2, norm="forward"), spectrum(name, (0, 3))] for name in ("fft", "ifft")},
    **{f"fft_{name}": [
        spectrum(name, (4,)), spectrum(name, (5,)), spectrum(name, (1,)), spectrum(name, (2, 3), 5, 0),
        spectrum(name, (2, 3), None, -2, "ortho"), spectrum(name, (6,), 3, norm="forward"), spectrum(name, (0, 3))]
       for name in ("rfft", "ihfft")},
    **{f"fft_{name}": [
        signal(name, (3,)), signal(name, (3,), 5), signal(name, (3,), 1), signal(name, (2, 3), 6, 0),
        signal(name, (2, 3), 3, -1, "ortho"), signal(name, (2, 2), norm="forward"), signal(name, (0, 3))]
       for name in ("irfft", "hfft")},
    **{f"fft_{name}": [
        spectrum(name, (2, 3)), spectrum(name, (3, 2), (2, 4), (0, 1), "ortho"),
        spectrum(name, (2, 2, 3), norm="forward", dim=(0, 2)),
        between(name, (2, 3)), between(name, (3, 2), (4, 1), (1, 0), "forward")]
       for name in ("fft2", "ifft2", "fftn", "ifftn")},
    **{f"fft_{name}": [
        spectrum(name, (2, 3)), spectrum(name, (3, 2), (2, 4), (0, 1), "ortho"),
        spectrum(name, (2, 2, 3), norm="forward", dim=(0, 2)),
        spectrum(name, (2, 4), dim=(1, 0))] for name in ("rfft2", "rfftn", "ihfft2", "ihfftn")},
    **{f"fft_{name}": [
        signal(name, (2, 3)), signal(name, (3, 2), (2, 5), (0, 1), "ortho"),
        signal(name, (2, 2, 2), norm="forward", dim=(0, 2)),
        signal(name, (2, 3), (3, 4), dim=(1, 0))] for name in ("irfft2", "irfftn", "hfft2", "hfftn")},
    "fft_fftshift": [(f"{dim}", lambda x, d=dim: fft.fftshift(x, d), lambda a, d=dim: np.fft.fftshift(a, d), [(3, 4)])
                     for dim in (None, 1, (0, -1))],
    "fft_ifftshift": [(f"{dim}", lambda x, d=dim: fft.ifftshift(x, d), lambda a, d=dim: np.fft.ifftshift(a, d), [(3, 4)])
                      for dim in (None, 1, (0, -1))],
    # What the public rows apply, in the forms that they do not reach by themselves.
    "fft_c2c": [between("fft", (3,))],
    "fft_r2c": [spectrum("fft", (3,)), spectrum("rfft", (4,))],
    "fft_c2r": [signal("irfft", (3,)), signal("hfft", (3,), 3)],
}
