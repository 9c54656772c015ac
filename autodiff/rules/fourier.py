"""Discrete Fourier transforms, and spectra of windows of a signal."""
from __future__ import annotations

from .row import Rule

COOLEY = "Cooley and Tukey 1965, An algorithm for the machine calculation of complex Fourier series"
GIVEN = "Half floats and sizes below 1 are refused: NotImplementedError, RuntimeError."
REAL = "TypeError for complex numbers.  " + GIVEN


def _transform(name, doc, example, errors=GIVEN):
    """A public function of autodiff.fft, of one dimension, two or several, which the ending of its name says."""
    params, given = {
        "2": ("s=None, dim=(-2, -1), norm=None", "a, s=None, axes=(-2, -1), norm=None, out=None"),
        "n": ("s=None, dim=None, norm=None", "a, s=None, axes=None, norm=None, out=None")}.get(
            name[-1], ("n=None, dim=-1, norm=None", "a, n=None, axis=-1, norm=None, out=None"))
    extent, own = params.partition("=")[0], name.removeprefix("fft_")
    answers = f"fft.{own}({given})"
    if extent == "s":       # NumPy has none of hfft
        answers = "" if "hfft" in own else f"{answers} = numpy_fft_{own[:-1]}n(a, s, axes, norm)"
    return Rule(name, f"{name}_of(x, {extent}, dim, norm)", operands="x", params=params, namespace="fft", method=False,
                loop="composite", out=True, complex="as written", numpy=answers, source=COOLEY, doc=doc, errors=errors,
                example=example)


RULES: tuple[Rule, ...] = (
    # ---- Fourier transforms
    _transform("fft_fft", "The discrete Fourier transform along a dimension: the sums of x[j] exp(-2 pi i j k / n).",
               "fft.fft(tensor([1.0, 2.0, 3.0])) -> tensor([ 6.0000+0.0000j, -1.5000+0.8660j, -1.5000-0.8660j])"),
    _transform("fft_ifft", "The inverse of fft: the mean over j of x[j] exp(2 pi i j k / n).",
               "fft.ifft(tensor([6.0, 0.0])) -> tensor([3.+0.j, 3.+0.j])"),
    _transform("fft_rfft", "The first half of fft of real numbers, n // 2 + 1 of them; the rest are their conjugates.",
               "fft.rfft(tensor([1.0, 2.0, 3.0, 4.0])) -> tensor([10.+0.j, -2.+2.j, -2.+0.j])", REAL),
    _transform("fft_irfft", "The inverse of rfft: n real numbers, of the first half of their spectrum; n is even if not given.",
               "fft.irfft(tensor([10.0, -2 + 2j, -2.0])) -> tensor([1., 2., 3., 4.])"),
    _transform("fft_hfft", "The spectrum, n real numbers, of the first half of a signal that, turned round, is its conjugate.",
               "fft.hfft(tensor([1.0, 1j])) -> tensor([1., 1.])"),
    _transform("fft_ihfft", "The inverse of hfft: the first half of the signal, n // 2 + 1 numbers, of a real spectrum.",
               "fft.ihfft(tensor([1.0, 3.0])).real -> tensor([ 2., -1.])", REAL),
    _transform("fft_fft2", "The transform fft along two dimensions.",
               "fft.fft2(ones(2, 2)).real -> tensor([[4., 0.],\n        [0., 0.]])"),
    _transform("fft_ifft2", "The inverse of fft2.", "fft.ifft2(ones(2, 2)).real -> tensor([[1., 0.],\n        [0., 0.]])"),
    _transform("fft_rfft2", "The transform rfft along the last dimension of dim, then fft along the other.",
               "fft.rfft2(ones(2, 3)).real -> tensor([[6., 0.],\n        [0., 0.]])", REAL),
    _transform("fft_irfft2", "The inverse of rfft2.", "fft.irfft2(ones(2, 2)) -> tensor([[1., 0.],\n        [0., 0.]])"),
    _transform("fft_hfft2", "The transform hfft along the last dimension of dim, after fft along the other.",
               "fft.hfft2(ones(2, 2)) -> tensor([[4., 0.],\n        [0., 0.]])"),
    _transform("fft_ihfft2", "The inverse of hfft2.",
               "fft.ihfft2(ones(2, 2)).real -> tensor([[1., 0.],\n        [0., 0.]])", REAL),
    _transform("fft_fftn", "The transform fft along several dimensions, all of them if none are given.",
               "fft.fftn(ones(2, 2)).real -> tensor([[4., 0.],\n        [0., 0.]])"),
    _transform("fft_ifftn", "The inverse of fftn.", "fft.ifftn(ones(2, 2)).real -> tensor([[1., 0.],\n        [0., 0.]])"),
    _transform("fft_rfftn", "The transform rfft along the last dimension of dim, then fft along the others.",
               "fft.rfftn(ones(2, 3)).real -> tensor([[6., 0.],\n        [0., 0.]])", REAL),
    _transform("fft_irfftn", "The inverse of rfftn.", "fft.irfftn(ones(2, 2)) -> tensor([[1., 0.],\n        [0., 0.]])"),
    _transform("fft_hfftn", "The transform hfft along the last dimension of dim, after fft along the others.",
               "fft.hfftn(ones(2, 2)) -> tensor([[4., 0.],\n        [0., 0.]])"),
    _transform("fft_ihfftn", "The inverse of hfftn.",
               "fft.ihfftn(ones(2, 2)).real -> tensor([[1., 0.],\n        [0., 0.]])", REAL),
    Rule("fft_fftshift", "fft_fftshift_of(x, dim)", operands="x", params="dim=None", namespace="fft", method=False,
         loop="composite", kind="linear", dtype="same", complex="holomorphic",
         numpy="fft.fftshift(x, axes=None) = numpy_fftshift(x, axes)", source="PyTorch, torch.fft.fftshift",
         doc="The frequency 0 moved to the middle, along dimensions or all of them.", errors="RuntimeError for no dimension.",
         example="fft.fftshift(tensor([0.0, 1.0, -1.0])) -> tensor([-1.,  0.,  1.])"),
    Rule("fft_ifftshift", "fft_ifftshift_of(x, dim)", operands="x", params="dim=None", namespace="fft", method=False,
         loop="composite", kind="linear", dtype="same", complex="holomorphic",
         numpy="fft.ifftshift(x, axes=None) = numpy_ifftshift(x, axes)", source="PyTorch, torch.fft.ifftshift",
         doc="The inverse of fftshift.", errors="RuntimeError for no dimension.",
         example="fft.ifftshift(tensor([-1.0, 0.0, 1.0])) -> tensor([ 0.,  1., -1.])"),
    # ---- spectra of windows
    Rule("stft", "stft_of(x, n_fft, hop_length, win_length, window, center, pad_mode, normalized, onesided, return_complex)",
         operands="x", params="n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode='reflect', "
                              "normalized=False, onesided=None, return_complex=None",
         loop="composite", complex="as written",
         source="Allen 1977, Short term spectral analysis, synthesis, and modification by discrete Fourier transform",
         doc="The spectra of windows of a signal, one beside the other: a signal, or a batch of signals, becomes a matrix for "
             "each, of frequencies and places.",
         errors="RuntimeError for sizes that do not fit, and for real signals without return_complex; NotImplementedError for "
                "integers and half floats.",
         example="tensor([1.0, 2.0, 3.0, 4.0]).stft(2, 1, window=ones(2), center=False, return_complex=True).real -> "
                 "tensor([[ 3.,  5.,  7.],\n        [-1., -1., -1.]])"),
    Rule("istft", "istft_of(x, n_fft, hop_length, win_length, window, center, normalized, onesided, length, return_complex)",
         operands="x", params="n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False, "
                              "onesided=None, length=None, return_complex=False",
         loop="composite", complex="as written",
         source="Griffin and Lim 1984, Signal estimation from modified short-time Fourier transform",
         doc="The signal of which the windows have spectra that are nearest to these: the inverse of stft.",
         errors="RuntimeError for sizes that do not fit, and where the windows leave a place of the signal out; TypeError for "
                "spectra that are not complex.",
         example="tensor([[3 + 0j, 5.0, 7.0], [-1.0, -1.0, -1.0]]).istft(2, 1, window=ones(2), center=False) -> "
                 "tensor([1., 2., 3., 4.])"),
    Rule("frames", "frames_value(x, n, step)", "overlap_add(g, step, shape_x)", kind="linear", operands="x", params="n, step",
         signature="(n)->(m,k)", method=False, function=False, loop="helper", dtype="same", grad_fn="AsStridedBackward0",
         complex="as written", source="Allen 1977", doc="Windows of n elements of a signal, a step apart, copied."),
    Rule("overlap_add", "overlap_add_value(x, step, length)", "frames_of(g, step, shape_x)", kind="linear", operands="x",
         params="step, length", signature="(m,k)->(n)", method=False, function=False, loop="helper", dtype="same",
         grad_fn="UnfoldBackwardBackward0", complex="as written", source="Allen 1977",
         doc="Windows, a step apart, added to a signal: what frames has for a derivative."),
    # Three rows, each the others' derivative: complex to complex, real to complex, complex to real.
    Rule("fft_c2c", "fft_c2c_value(x, dims, forward, scale)", "fft_c2c_dx(g, dims, forward, scale)", kind="linear",
         operands="x", params="dims, forward, scale", signature="(n)->(n)", method=False, function=False, loop="helper",
         dtype="same", grad_fn="FftC2CBackward0", complex="as written", source=COOLEY,
         doc="Complex numbers transformed along dimensions, forward or back, times 1, 1/sqrt(n) or 1/n."),
    Rule("fft_r2c", "fft_r2c_value(x, dims, forward, onesided, scale)",
         "fft_r2c_dx(g, shape_x, dims, forward, onesided, scale)", kind="linear", operands="x",
         params="dims, forward, onesided, scale", signature="(n)->(m)", method=False, function=False, loop="helper",
         grad_fn={"": "FftR2CBackward0", "conj": "ConjBackward0", "c2c": "FftC2CBackward0"}, complex="as written",
         source=COOLEY, doc="Real numbers transformed: all of the spectrum, or its first half along the last of dims."),
    Rule("fft_c2r", "fft_c2r_value(x, dims, length, forward, scale)", "fft_c2r_dx(g, dims, length, forward, scale)",
         kind="linear", operands="x", params="dims, length, forward, scale", signature="(m)->(n)", method=False,
         function=False, loop="helper", grad_fn="FftC2RBackward0", complex="as written", source=COOLEY,
         doc="The real numbers whose spectrum has this first half along the last of dims."),
)
