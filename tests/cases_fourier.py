"""Fourier transforms.  Operands of the cases are real: where they are complex, a last dimension holds pairs."""
import numpy as np
from cases_types import apart, joined, pairs, together

from autodiff import fft, istft, stft, tensor
from autodiff._variable import OPS

NUMBERS = np.random.default_rng(0).normal(size=(3, 4, 2))


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

def middle(window, n_fft, win_length):
    """A window in the middle of zeros."""
    left = (n_fft - win_length) // 2
    return np.pad(np.ones(win_length) if window is None else window, (left, n_fft - win_length - left))


def spectrogram(a, n_fft, hop, window=None, win_length=None, mode="reflect", half=True, scale=1.0):
    """By a loop over the windows; frequencies first."""
    if mode:
        a = np.pad(a, [(0, 0)] * (a.ndim - 1) + [(n_fft // 2, n_fft // 2)],
                   {"replicate": "edge", "circular": "wrap"}.get(mode, mode))
    factors = middle(window, n_fft, win_length or n_fft)
    transform = np.fft.rfft if half else np.fft.fft
    found = [transform(a[..., i:i + n_fft] * factors) for i in range(0, a.shape[-1] - n_fft + 1, hop)]
    return np.stack(found, -1) * scale


def resynthesised(z, n_fft, hop, window, center=True, length=None, real=True):
    """The weighed mean of the windows, one after the other."""
    count = z.shape[-1]
    weight = np.zeros(n_fft + hop * (count - 1))
    total = np.zeros((*z.shape[:-2], len(weight)), float if real else complex)
    for i in range(count):
        part = np.fft.irfft(z[..., i], n_fft) if real else np.fft.ifft(z[..., i])
        total[..., i * hop:i * hop + n_fft] += part * window
        weight[i * hop:i * hop + n_fft] += window ** 2
    start, end = (n_fft // 2, len(weight) - n_fft // 2) if center else (0, len(weight))
    end = end if length is None else start + length
    return total[..., start:end] / weight[start:end]


def put_together(a, step, length):
    *batch, count, n = a.shape
    out = np.zeros((*batch, length))
    for i in range(count):
        out[..., i * step:i * step + n] += a[..., i, :]
    return out


FACTORS = np.array([0.2, 0.7, 1.0, 0.8])


def factors(x):
    """Those in the dtype of an operand."""
    return tensor(FACTORS, dtype=x.dtype)


ROOT = 0.5              # 1 / sqrt(4)

CASES = {
    "stft": [
        ("window", lambda x, w: pairs(x.stft(4, window=w, return_complex=True)), lambda a, w: apart(spectrogram(a, 4, 1, w)),
         [(5,), (4,)]),
        ("batch", lambda x: pairs(stft(x, 4, 2, window=factors(x), return_complex=True)),
         lambda a: apart(spectrogram(a, 4, 2, FACTORS)), [(2, 6)]),
        ("short window", lambda x, w: pairs(x.stft(5, 2, 3, w, pad_mode="replicate", return_complex=True)),
         lambda a, w: apart(spectrogram(a, 5, 2, w, 3, "replicate")), [(7,), (3,)]),
        ("not centred", lambda x, w: pairs(x.stft(4, 2, None, w, False, onesided=False, normalized=True, return_complex=True)),
         lambda a, w: apart(spectrogram(a, 4, 2, w, mode="", half=False, scale=ROOT)), [(8,), (4,)]),
        ("complex", lambda x, w: pairs(joined(x).stft(4, window=w, pad_mode="constant")),
         lambda a, w: apart(spectrogram(together(a), 4, 1, w, mode="constant", half=False)), [(4, 2), (4,)]),
    ],
    "istft": [
        ("window", lambda x: joined(x).istft(4, window=factors(x)),
         lambda a: resynthesised(together(a), 4, 1, FACTORS), [(3, 4, 2)]),
        ("batch", lambda x: istft(joined(x), 4, 2, window=factors(x), length=3, onesided=True),
         lambda a: resynthesised(together(a), 4, 2, FACTORS, length=3), [(2, 3, 3, 2)]),
        ("in the window", lambda w: istft(joined(tensor(NUMBERS, dtype=w.dtype)), 4, window=w + 3, center=False),
         lambda w: resynthesised(together(NUMBERS), 4, 1, w + 3, False), [(4,)]),
        ("whole spectra", lambda x: istft(joined(x), 4, window=factors(x), onesided=False, normalized=True),
         lambda a: resynthesised(together(a)[:3] / ROOT, 4, 1, FACTORS), [(4, 3, 2)]),
        ("complex", lambda x: pairs(istft(joined(x), 4, window=factors(x), onesided=False, return_complex=True)),
         lambda a: apart(resynthesised(together(a), 4, 1, FACTORS, real=False)), [(4, 3, 2)]),
    ],
    "frames": [(f"{n} {step}", lambda x, n=n, step=step: OPS.apply("frames", (x,), (n, step)),
                lambda a, n=n, step=step: np.stack([a[..., i:i + n] for i in range(0, a.shape[-1] - n + 1, step)], -2), [shape])
               for n, step, shape in ((2, 1, (5,)), (2, 3, (2, 6)), (3, 2, (3,)))],
    "overlap_add": [(f"{step}", lambda x, step=step: OPS.apply("overlap_add", (x,), (step, 9)),
                     lambda a, step=step: put_together(a, step, 9), [shape])
                    for step, shape in ((1, (3, 2)), (3, (3, 2)), (2, (2, 2, 5)), (5, (1, 4)))],
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
