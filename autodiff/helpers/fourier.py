"""Fourier transforms.

A transform is linear, and its derivative the adjoint: the transform with the other sign of the exponent, conjugate rather than
inverse, so that the factor stays.  Of a spectrum whose second half is left out, each number but the first (and the middle
one, where n is even) stands for two.
"""
import operator

#: The factors of the three words in a direction: forward and back.
_SCALES = {"backward": ("none", "full"), "ortho": ("root", "root"), "forward": ("full", "none")}
#: The other way round: NumPy's word for a factor in a direction.
_WORDS = {(scale, forward): word for word, pair in _SCALES.items() for scale, forward in zip(pair, (True, False))}


# ---- arguments

def _prepared(ops, name, x, real=""):
    """The operand as one of floats or complex numbers; real: the words that refuse complex ones."""
    d = ops.dtype(x)
    if d.kind == "c":
        if real:
            raise TypeError(real.format(ops.scalar_name(x)))
    elif d.kind != "f":
        return ops.to(x, "float64" if ops.is_numpy(x) else ops.default_dtype())
    elif d.itemsize < 4:
        if not ops.is_numpy(x):
            raise NotImplementedError("Unsupported dtype Half")
        return ops.to(x, "float32")
    return x


def _int(name, argument, value):
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}(): argument '{argument}' must be int, not {type(value).__name__}")
    return operator.index(value)


def _ints(name, argument, values):
    """An int or several, in a list."""
    if hasattr(values, "__index__") and not isinstance(values, bool):
        return [operator.index(values)]
    if isinstance(values, (str, dict)) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name}(): argument '{argument}' must be tuple of ints, not {type(values).__name__}")
    return [_int(name, argument, value) for value in values]


def _scale(name, norm, forward):
    if norm is None:
        norm = "backward"
    if not isinstance(norm, str):
        raise TypeError(f"{name}(): argument 'norm' must be str, not {type(norm).__name__}")
    if norm not in _SCALES:
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return _SCALES[norm][0 if forward else 1]


def _points(n):
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _dim(ops, name, x, dim):
    dim = _int(name, "dim", dim)
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return ops.wrap_dim(dim, x.ndim)


def _extents(ops, name, x, s, dim):
    """Dimensions, and the size that x is to have in each."""
    dims = None if dim is None else [_dim(ops, name, x, d) for d in _ints(name, "dim", dim)]
    if dims is not None and len(set(dims)) != len(dims):
        raise RuntimeError("FFT dims must be unique")
    if s is None:
        dims = list(range(x.ndim)) if dims is None else dims
        sizes = [x.shape[d] for d in dims]
    else:
        sizes = _ints(name, "s", s)
        if dims is not None and len(dims) != len(sizes):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(sizes) > x.ndim:
            raise RuntimeError(f"Got shape with {len(sizes)} values but input tensor only has {x.ndim} dimensions.")
        dims = list(range(x.ndim - len(sizes), x.ndim)) if dims is None else dims
        sizes = [x.shape[d] if n == -1 else n for d, n in zip(dims, sizes)]
    return dims, [_points(n) for n in sizes]


def _some(name, dims):
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")


def _resized(ops, x, dims, sizes):
    """x with its last elements cut off, or zeros behind them."""
    more = {d: n - x.shape[d] for d, n in zip(dims, sizes) if n != x.shape[d]}
    if not more:
        return x
    pad = []
    for d in range(x.ndim - 1, min(more) - 1, -1):
        pad += [0, more.get(d, 0)]
    return ops.pad(x, pad)


def _complex(ops, x):
    """x as complex numbers; those of its own dtype where it has them."""
    d = ops.dtype(x)
    return x if d.kind == "c" else ops.to(x, "complex64" if d.itemsize < 8 else "complex128")


# ---- the transforms

def _whole(ops, x, dims, forward, scale, tag=None):
    """Forward or back, the whole spectrum: of real numbers the first step makes use of that."""
    dims = tuple(dims)
    if dims and ops.dtype(x).kind != "c":
        x = ops.apply("fft_r2c", (x,), (dims[-1:], forward, False, scale), tag)
        dims = dims[:-1]
        if not dims:
            return x
    return ops.apply("fft_c2c", (_complex(ops, x),), (dims, forward, scale))


def _to_half(ops, x, dims, forward, scale):
    """Real numbers to the first half of their spectrum."""
    tag = None if forward else "c2c" if len(dims) > 1 else "conj"
    return ops.apply("fft_r2c", (x,), (tuple(dims), forward, True, scale), tag)


def _from_half(ops, x, dims, length, forward, scale):
    return ops.apply("fft_c2r", (_complex(ops, x),), (tuple(dims), length, forward, scale))


def _along_one(ops, name, x, n, dim, norm, forward):
    """fft and ifft."""
    x = _prepared(ops, name, x)
    d = _dim(ops, name, x, dim)
    if n is None:
        _points(x.shape[d])
    else:
        x = _resized(ops, x, [d], [_points(_int(name, "n", n))])
    return _whole(ops, x, (d,), forward, _scale(name, norm, forward), None if forward else "conj")


def _half_along_one(ops, name, x, n, dim, norm, forward):
    """rfft and ihfft."""
    x = _prepared(ops, name, x, name.removeprefix("fft_") + " expects a real input tensor, but got {}")
    d = _dim(ops, name, x, dim)
    n = _points(x.shape[d] if n is None else _int(name, "n", n))
    return _to_half(ops, _resized(ops, x, [d], [n]), [d], forward, _scale(name, norm, forward))


def _real_along_one(ops, name, x, n, dim, norm, forward):
    """irfft and hfft; NumPy's have half floats for half floats."""
    if ops.dtype(x).char == "e" and ops.is_numpy(x):
        return ops.to(getattr(ops, name)(ops.to(x, "float32"), n, dim, norm), "float16")
    x = _prepared(ops, name, x)
    d = _dim(ops, name, x, dim)
    n = _points(2 * (x.shape[d] - 1) if n is None else _int(name, "n", n))
    scale = _scale(name, norm, forward)
    return _from_half(ops, _resized(ops, x, [d], [n // 2 + 1]), [d], n, forward, scale)


def _along_several(ops, name, x, s, dim, norm, forward):
    """fft2, fftn and their inverses."""
    x = _prepared(ops, name, x)
    dims, sizes = _extents(ops, name, x, s, dim)
    scale = _scale(name, norm, forward)
    return _whole(ops, _resized(ops, x, dims, sizes), dims, forward, scale, "c2c")


def _half_along_several(ops, name, x, s, dim, norm, forward):
    """rfft2, rfftn, ihfft2, ihfftn; PyTorch's words are those of the n-dimensional ones, and in their order."""
    if forward:
        x = _prepared(ops, name, x, "rfftn expects a real-valued input tensor, but got {}")
    dims, sizes = _extents(ops, name, x, s, dim)
    _some("rfftn" if forward else "ihfftn", dims)
    x = _prepared(ops, name, x, "Only supports floating-point dtypes, but found: {}")
    return _to_half(ops, _resized(ops, x, dims, sizes), dims, forward, _scale(name, norm, forward))


def _real_along_several(ops, name, x, s, dim, norm, forward):
    """irfft2, irfftn, hfft2, hfftn."""
    x = _prepared(ops, name, x)
    dims, sizes = _extents(ops, name, x, s, dim)
    _some("hfftn" if forward else "irfftn", dims)
    last = 2 * (x.shape[dims[-1]] - 1) if s is None or _ints(name, "s", s)[-1] == -1 else sizes[-1]
    sizes[-1] = _points(last) // 2 + 1
    scale = _scale(name, norm, forward)
    return _from_half(ops, _resized(ops, x, dims, sizes), dims, last, forward, scale)


def fft_fft_of(ops, x, n, dim, norm):
    return _along_one(ops, "fft_fft", x, n, dim, norm, True)


def fft_fft2_of(ops, x, s, dim, norm):
    return _along_several(ops, "fft_fft2", x, s, dim, norm, True)


def fft_fftn_of(ops, x, s, dim, norm):
    return _along_several(ops, "fft_fftn", x, s, dim, norm, True)


def fft_ifft_of(ops, x, n, dim, norm):
    return _along_one(ops, "fft_ifft", x, n, dim, norm, False)


def fft_ifft2_of(ops, x, s, dim, norm):
    return _along_several(ops, "fft_ifft2", x, s, dim, norm, False)


def fft_ifftn_of(ops, x, s, dim, norm):
    return _along_several(ops, "fft_ifftn", x, s, dim, norm, False)


def fft_rfft_of(ops, x, n, dim, norm):
    return _half_along_one(ops, "fft_rfft", x, n, dim, norm, True)


def fft_rfft2_of(ops, x, s, dim, norm):
    return _half_along_several(ops, "fft_rfft2", x, s, dim, norm, True)


def fft_rfftn_of(ops, x, s, dim, norm):
    return _half_along_several(ops, "fft_rfftn", x, s, dim, norm, True)


def fft_ihfft_of(ops, x, n, dim, norm):
    return _half_along_one(ops, "fft_ihfft", x, n, dim, norm, False)


def fft_ihfft2_of(ops, x, s, dim, norm):
    return _half_along_several(ops, "fft_ihfft2", x, s, dim, norm, False)


def fft_ihfftn_of(ops, x, s, dim, norm):
    return _half_along_several(ops, "fft_ihfftn", x, s, dim, norm, False)


def fft_irfft_of(ops, x, n, dim, norm):
    return _real_along_one(ops, "fft_irfft", x, n, dim, norm, False)


def fft_irfft2_of(ops, x, s, dim, norm):
    return _real_along_several(ops, "fft_irfft2", x, s, dim, norm, False)


def fft_irfftn_of(ops, x, s, dim, norm):
    return _real_along_several(ops, "fft_irfftn", x, s, dim, norm, False)


def fft_hfft_of(ops, x, n, dim, norm):
    return _real_along_one(ops, "fft_hfft", x, n, dim, norm, True)


def fft_hfft2_of(ops, x, s, dim, norm):
    return _real_along_several(ops, "fft_hfft2", x, s, dim, norm, True)


def fft_hfftn_of(ops, x, s, dim, norm):
    return _real_along_several(ops, "fft_hfftn", x, s, dim, norm, True)


# ---- the same by NumPy's rules

def _numpy_extents(ops, x, s, axes):
    """numpy.fft's: sizes without axes are those of the last ones, an axis may come several times."""
    if s is not None and axes is None:
        ops.warn("`axes` should not be `None` if `s` is not `None` (Deprecated in NumPy 2.0): s[i] is the size along axes[i].",
                 DeprecationWarning)
    axes = list(range(-(x.ndim if s is None else len(s)), 0)) if axes is None else list(axes)
    if s is not None and len(s) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    dims = [ops.wrap_dim(d, x.ndim) for d in axes]
    sizes = [x.shape[d] for d in dims] if s is None else [x.shape[d] if n == -1 else operator.index(n) for d, n in zip(dims, s)]
    return dims, sizes


def _numpy_whole(ops, name, x, s, axes, norm):
    dims, sizes = _numpy_extents(ops, x, s, axes)
    if len(set(dims)) == len(dims):
        return getattr(ops, name + "n")(x, sizes, dims, norm)
    for d, n in zip(dims[::-1], sizes[::-1]):
        x = getattr(ops, name)(x, n, d, norm)
    return x


def _numpy_half(ops, x, s, axes, norm):
    """Of an axis that comes several times the last is the one that is halved."""
    dims, sizes = _numpy_extents(ops, x, s, axes)
    if len(set(dims)) == len(dims):
        return ops.fft_rfftn(x, sizes, dims, norm)
    x = ops.fft_rfft(x, sizes[-1], dims[-1], norm)
    for d, n in zip(dims[-2::-1], sizes[-2::-1]):
        x = ops.fft_fft(x, n, d, norm)
    return x


def _numpy_real(ops, x, s, axes, norm):
    dims, sizes = _numpy_extents(ops, x, s, axes)
    last = sizes[-1] if s is not None and s[-1] != -1 else 2 * (x.shape[dims[-1]] - 1)
    if len(set(dims)) == len(dims):
        return ops.fft_irfftn(x, [*sizes[:-1], last], dims, norm)
    for d, n in zip(dims[:-1], sizes):
        x = ops.fft_ifft(x, n, d, norm)
    return ops.fft_irfft(x, last, dims[-1], norm)


def numpy_fft_fftn(ops, x, s, axes, norm):
    return _numpy_whole(ops, "fft_fft", x, s, axes, norm)


def numpy_fft_ifftn(ops, x, s, axes, norm):
    return _numpy_whole(ops, "fft_ifft", x, s, axes, norm)


def numpy_fft_rfftn(ops, x, s, axes, norm):
    return _numpy_half(ops, x, s, axes, norm)


def numpy_fft_irfftn(ops, x, s, axes, norm):
    return _numpy_real(ops, x, s, axes, norm)


# ---- values and derivatives

def fft_c2c_value(np, x, dims, forward, scale):
    """Of several dimensions by NumPy's function of several, whose order, and so its bits, differ between versions."""
    if not dims:
        return np.array(x, order="C")
    if len(dims) == 1:
        word = _WORDS[scale, forward]
        # numpy.fft's own Python is four fifths of a transform of 64 numbers; its loop has the same bits.
        loop = getattr(getattr(np.fft, "_pocketfft", None), "pfu", None) if 0 < x.size <= 4096 else None
        plain = word == ("backward" if forward else "forward") and dims[0] == x.ndim - 1 and x.dtype.char in "dD"
        if loop is not None and plain:
            return (loop.fft if forward else loop.ifft)(x, 1, out=np.empty(x.shape, np.complex128))
        return np.ascontiguousarray((np.fft.fft if forward else np.fft.ifft)(x, axis=dims[0], norm=word))
    return np.ascontiguousarray((np.fft.fftn if forward else np.fft.ifftn)(x, axes=dims, norm=_WORDS[scale, forward]))


def fft_c2c_dx(ops, g, dims, forward, scale):
    return ops.apply("fft_c2c", (_complex(ops, g),), (dims, not forward, scale))


def fft_r2c_value(np, x, dims, forward, onesided, scale):
    if not onesided:
        return fft_c2c_value(np, x, dims, forward, scale)
    if forward:
        return np.ascontiguousarray(np.fft.rfftn(x, axes=dims, norm=_WORDS[scale, True]))
    half = np.fft.rfft(x, axis=dims[-1], norm=_WORDS[scale, True])
    return fft_c2c_value(np, np.conj(half), dims[:-1], forward, scale)


def fft_r2c_dx(ops, g, shape_x, dims, forward, onesided, scale):
    if not onesided:
        return ops.real(fft_c2c_dx(ops, g, dims, forward, scale))
    n = shape_x[dims[-1]]
    return ops.apply("fft_c2r", (_complex(ops, g) * _weights(ops, g, dims[-1], n, 0.5),), (dims, n, not forward, scale))


def fft_c2r_value(np, x, dims, length, forward, scale):
    if not forward:
        sizes = [*(x.shape[d] for d in dims[:-1]), length]
        return np.ascontiguousarray(np.fft.irfftn(x, sizes, dims, _WORDS[scale, False]))
    if len(dims) > 1:
        x = np.fft.fftn(x, axes=dims[:-1], norm=_WORDS[scale, True])
    return np.ascontiguousarray(np.fft.irfft(np.conj(x), length, axis=dims[-1], norm=_WORDS[scale, False]))


def fft_c2r_dx(ops, g, dims, length, forward, scale):
    half = ops.apply("fft_r2c", (g,), (dims, not forward, True, scale))
    return half * _weights(ops, half, dims[-1], length, 2.0)


def _weights(ops, like, dim, n, of_pairs):
    """1 for the numbers of half a spectrum that stand for themselves, of_pairs for those that stand for two."""
    np = ops.numpy
    found = np.full(n // 2 + 1, of_pairs, np.float32 if ops.dtype(like).itemsize <= 8 else np.float64)
    found[0] = 1
    if n % 2 == 0:
        found[-1] = 1
    shape = [1] * like.ndim
    shape[dim] = n // 2 + 1
    return ops.constant(found.reshape(shape), like)


# ---- order of frequencies

def _turned(ops, name, x, dim, sign):
    dims = list(range(x.ndim)) if dim is None else [_dim(ops, name, x, d) for d in _ints(name, "dim", dim)]
    return ops.roll(x, [sign * (x.shape[d] // 2) for d in dims], dims)


def fft_fftshift_of(ops, x, dim):
    return _turned(ops, "fft_fftshift", x, dim, 1)


def fft_ifftshift_of(ops, x, dim):
    return _turned(ops, "fft_ifftshift", x, dim, -1)


def numpy_fftshift(ops, x, axes):
    """numpy.fft.fftshift, which leaves what has no dimensions as it is."""
    return ops.fft_fftshift(x, axes) if x.ndim and not (axes is not None and not _ints("", "", axes)) else ops.clone(x)


def numpy_ifftshift(ops, x, axes):
    return ops.fft_ifftshift(x, axes) if x.ndim and not (axes is not None and not _ints("", "", axes)) else ops.clone(x)


# ---- spectra of windows

def frames_value(np, x, n, step):
    return np.array(np.lib.stride_tricks.sliding_window_view(x, n, -1)[..., ::step, :], order="C")


def frames_of(ops, g, step, shape_x):
    """The first windows of a signal, as many as there are."""
    count, n = shape_x[-2:]
    return ops.apply("frames", (ops.narrow(g, g.ndim - 1, 0, (count - 1) * step + n),), (n, step))


def overlap_add(ops, g, step, shape_x):
    return ops.apply("overlap_add", (g,), (step, shape_x[-1]))


def overlap_add_value(np, x, step, length):
    """By pieces of a step's length: one addition for each piece of a window, of all windows together."""
    *batch, count, n = x.shape
    pieces = -(-n // step)
    padded = np.zeros((*batch, count, pieces * step), x.dtype)
    padded[..., :n] = x
    padded = padded.reshape(*batch, count, pieces, step)
    total = np.zeros((*batch, count + pieces - 1, step), x.dtype)
    for i in range(pieces):
        total[..., i:i + count, :] += padded[..., i, :]
    out = np.zeros((*batch, length), x.dtype)
    covered = (count - 1) * step + n
    out[..., :covered] = total.reshape(*batch, -1)[..., :covered]
    return out


def _window(ops, name, x, window):
    """The window as a Variable, or None."""
    if window is None or ops.is_variable(window):
        return window
    if not isinstance(window, ops.numpy.ndarray):
        raise TypeError(f"{name}(): argument 'window' must be Tensor, not {type(window).__name__}")
    return ops.constant(window, x)


def _shown(ops, x, sizes=None, braces=False):
    sizes = list(x.shape) if sizes is None else sizes
    if ops.dtype(x).kind == "c":
        return f"CPU{ops.scalar_name(x)}Type{{{sizes}}}" if braces else f"CPU{ops.scalar_name(x)}Type{sizes}"
    return f"autodiff.{ops.scalar_name(x)}Tensor{{{sizes}}}" if braces else f"autodiff.{ops.scalar_name(x)}Tensor{sizes}"


def _number(value):
    """None, or a flag as C++ shows it."""
    return None if value is None else int(value)


def _in_the_middle(ops, window, win_length, n_fft):
    left = (n_fft - win_length) // 2
    return ops.pad(window, [left, n_fft - win_length - left]) if win_length < n_fft else window


def _weighed(ops, windows, window):
    """Their product, at one dtype, so that what is saved are results and leaves and no copies of them."""
    dtype = ops.common_dtype((windows, window))
    windows, window = (v if ops.dtype(v) == dtype else ops.to(v, dtype) for v in (windows, window))
    return windows * window


def stft_of(ops, x, n_fft, hop_length, win_length, window, center, pad_mode, normalized, onesided, return_complex):
    n_fft = _int("stft", "n_fft", n_fft)
    hop_length = n_fft // 4 if hop_length is None else _int("stft", "hop_length", hop_length)
    win_length = n_fft if win_length is None else _int("stft", "win_length", win_length)
    window = _window(ops, "stft", x, window)
    given = (x,) if window is None else (x, window)
    if window is None:
        ops.warn("A window was not provided: the rectangle that stands for one leaks from a frequency into the others. Give "
                 "window=autodiff.hann_window(n_fft), or window=autodiff.ones(n_fft) where a rectangle is meant.")
    if ops.is_numpy(x) and ops.dtype(x).kind in "biu":
        x = ops.to(x, "float64")
    is_complex = any(ops.dtype(v).kind == "c" for v in given)
    if return_complex is None and not is_complex:
        raise RuntimeError("stft requires the return_complex parameter be given for real inputs, and will further require that "
                           "return_complex=True in a future PyTorch release.")
    signal = x if x.ndim > 1 else ops.reshape(x, (1, -1))
    if center:
        side = n_fft // 2
        signal = ops.reshape(signal, (1, *signal.shape)) if x.ndim < 3 else signal
        if pad_mode != "constant" and not signal.shape[-1]:
            raise RuntimeError("Expected 2D or 3D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions "
                               f"for input, but got: {list(signal.shape)}")
        signal = ops.pad(signal, [side, side], pad_mode)
        signal = ops.reshape(signal, tuple(signal.shape)[1:]) if x.ndim < 3 else signal
    sizes = list(signal.shape) if x.ndim != 1 else [signal.shape[-1]]

    def refuse(reason, error=RuntimeError):
        shown = None if window is None else _shown(ops, window, braces=True)
        raise error(f"stft({_shown(ops, x, sizes)}, n_fft={n_fft}, hop_length={hop_length}, win_length={win_length}, "
                    f"window={shown}, normalized={_number(normalized)}, onesided={_number(onesided)}, "
                    f"return_complex={_number(return_complex)}, align_to_window=None) : {reason}")

    if ops.dtype(x).kind not in "fc":
        refuse("expected a tensor of floating point or complex values", NotImplementedError)
    if x.ndim not in (1, 2):
        refuse("expected a 1D or 2D tensor")
    length = signal.shape[-1]
    if not 0 < n_fft <= length:
        refuse(f"expected 0 < n_fft < {length}, but got n_fft={n_fft}")
    if hop_length <= 0:
        refuse(f"expected hop_length > 0, but got hop_length={hop_length}")
    if not 0 < win_length <= n_fft:
        refuse(f"expected 0 < win_length <= n_fft, but got win_length={win_length}")
    if window is not None and tuple(window.shape) != (win_length,):
        refuse(f"expected a 1D window tensor of size equal to win_length={win_length}, but got window with size "
               f"{list(window.shape)}")
    if any(ops.dtype(v).char == "e" for v in given):
        raise NotImplementedError("Unsupported dtype Half")
    windows = ops.apply("frames", (signal,), (n_fft, hop_length))
    if window is None and win_length < n_fft:
        window = ops.constant(ops.numpy.ones(win_length, ops.dtype(x)), x)
    if window is not None:
        windows = _weighed(ops, windows, _in_the_middle(ops, window, win_length, n_fft))
    scale = "root" if normalized else "none"
    if is_complex and onesided:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if is_complex or onesided is False:
        spectra = _whole(ops, windows, (2,), True, scale)
    else:
        spectra = _to_half(ops, windows, (2,), True, scale)
    if x.ndim == 1:
        spectra = ops.named(ops.permute(ops.reshape(spectra, tuple(spectra.shape)[1:]), (1, 0)), "SqueezeBackward4")
    else:
        spectra = ops.named(ops.permute(spectra, (0, 2, 1)), "TransposeBackward1")
    if return_complex or return_complex is None:
        return spectra
    ops.warn("stft with return_complex=False is deprecated: call autodiff.view_as_real on the complex result instead.")
    return ops.view_as_real(spectra)


def istft_of(ops, x, n_fft, hop_length, win_length, window, center, normalized, onesided, length, return_complex):
    n_fft = _int("istft", "n_fft", n_fft)
    hop_length = n_fft // 4 if hop_length is None else _int("istft", "hop_length", hop_length)
    win_length = n_fft if win_length is None else _int("istft", "win_length", win_length)
    length = None if length is None else _int("istft", "length", length)
    window = _window(ops, "istft", x, window)
    if window is None:
        ops.warn("A window was not provided: the inverse of stft takes the window that stft was given, or "
                 "window=autodiff.ones(n_fft) where a rectangle is meant.")
    if ops.dtype(x).kind != "c":
        raise TypeError("istft requires a complex-valued input tensor matching the output from stft with return_complex=True.")

    def refuse(reason):
        shown = None if window is None else _shown(ops, window, braces=True)
        raise RuntimeError(f"istft(CPU{ops.scalar_name(x)}Type{list(x.shape)}, n_fft={n_fft}, hop_length={hop_length}, "
                           f"win_length={win_length}, window={shown}, center={_number(center)}, "
                           f"normalized={_number(normalized)}, onesided={_number(onesided)}, length={length}, "
                           f"return_complex={_number(return_complex)}) {reason}")

    if x.ndim < 2:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-x.ndim - 1}, {x.ndim}], but got -3)")
    size, count = x.shape[-2], x.shape[-1]
    if 0 in x.shape:
        refuse(": input tensor cannot be empty.")
    if x.ndim > 3:
        refuse(f": expected a tensor with 3 or 4 dimensions, but got {x.ndim + 1}")
    half = size != n_fft if onesided is None else bool(onesided)
    if size != (n_fft // 2 + 1 if half else n_fft):
        refuse(": expected the frequency dimension (3rd to the last) of the input tensor to match "
               f"{'n_fft / 2 + 1' if half else 'n_fft'} when onesided={half}, but got {size}")
    if not 0 < hop_length <= win_length:
        refuse(": expected 0 < hop_length <= win_length")
    if not 0 < win_length <= n_fft:
        refuse(": expected 0 < win_length <= n_fft")
    if window is not None and tuple(window.shape) != (win_length,):
        refuse(": Invalid window shape. window has to be 1D and length of `win_length`")
    whole = n_fft + hop_length * (count - 1)
    spectra = ops.permute(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))
    scale, last = "root" if normalized else "full", (x.ndim - 1,)
    if return_complex:
        if half:
            raise RuntimeError("Cannot have onesided output if window or input is complex")
        windows = _whole(ops, spectra, last, False, scale)
    else:
        if window is not None and ops.dtype(window).kind == "c":
            raise RuntimeError("Complex windows are incompatible with return_complex=False")
        if not half:
            spectra = ops.narrow(spectra, x.ndim - 1, 0, n_fft // 2 + 1)
        windows = _from_half(ops, spectra, last, n_fft, False, scale)
    if window is None:
        window = ops.constant(ops.numpy.ones(win_length, ops.dtype(windows)), x)
    window = _in_the_middle(ops, window, win_length, n_fft)
    signal = ops.apply("overlap_add", (_weighed(ops, windows, window),), (hop_length, whole))
    weight = ops.apply("overlap_add", (ops.expand(window * window, (count, n_fft)),), (hop_length, whole))
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - (n_fft // 2 if center else 0)
    reached = max(min(end, whole) - start, 0)
    if not reached:
        raise RuntimeError("min(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
                           "with the 'dim' argument.")
    signal, weight = ops.narrow(signal, x.ndim - 2, start, reached), ops.narrow(weight, 0, start, reached)
    if ops.numpy.abs(ops.all_samples(weight)).min() < 1e-11:
        refuse("window overlap add min: 1")
    signal = ops.named(signal / weight, "SqueezeBackward1" if x.ndim == 2 else "DivBackward0")
    if end > whole:
        ops.warn("The length of signal is shorter than the length parameter: zeros follow it.")
        signal = ops.pad(signal, [0, end - whole])
    return signal
