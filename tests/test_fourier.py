"""Fourier transforms: identities, gradients by the adjoint, NumPy's signatures and refusals."""
import inspect
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd, fft
from checks import leaf, plain

ONE = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
ALL = [name + ending for name in ONE for ending in ("", "2", "n")]
REAL = ("rfft", "ihfft")            # of real operands alone


def numbers(*shape, seed=0, kind="d"):
    random = np.random.default_rng(seed)
    a = random.normal(size=shape)
    return a + 1j * random.normal(size=shape) if kind == "c" else a


def operand(name, *shape, seed=0):
    return numbers(*shape, seed=seed, kind="d" if name.rstrip("2n") in REAL else "c")


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_each_is_undone_by_its_inverse(n, norm):
    x, c = autodiff.tensor(numbers(3, n)), autodiff.tensor(numbers(3, n, kind="c"))
    for there, back, given in (("fft", "ifft", c), ("ifft", "fft", c), ("rfft", "irfft", x), ("ihfft", "hfft", x)):
        more = {"n": n} if given is x else {}
        found = getattr(fft, back)(getattr(fft, there)(given, norm=norm), norm=norm, **more)
        np.testing.assert_allclose(plain(found), plain(given), rtol=1e-12, atol=1e-12)
        more = {"s": (3, n)} if given is x else {}
        found = getattr(fft, back + "n")(getattr(fft, there + "n")(given, norm=norm), norm=norm, **more)
        np.testing.assert_allclose(plain(found), plain(given), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (5, 1), (1, 2)])
def test_the_gradient_is_the_adjoint(name, norm, shape):
    """Re <w, F x> is Re <F* w, x>: F* w is the gradient, of complex operands and of real ones."""
    function = getattr(fft, name)
    a = operand(name, *shape)
    if name.rstrip("2n") in ("irfft", "hfft") and shape[-1] == 1:
        a = operand(name, shape[0], 2)
    x = leaf(a)
    out = function(x, norm=norm)
    w = numbers(*out.shape, seed=1, kind="c" if out.is_complex() else "d")
    g, = autograd.grad(out, x, autodiff.tensor(w))
    assert g.dtype == x.dtype
    b = operand(name, *a.shape, seed=2)
    left = np.vdot(w, plain(function(autodiff.tensor(b), norm=norm)))
    np.testing.assert_allclose(np.vdot(plain(g), b).real, left.real, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_the_second_derivative_of_the_energy(name):
    """Of sum |F x|^2 it is 2 Re F* F, whatever x: a pass through the recorded gradient of the gradient."""
    function = getattr(fft, name)
    x, b = leaf(operand(name, 3, 4)), autodiff.tensor(operand(name, 3, 4, seed=1))

    def energy(v):
        out = function(v)
        return (autodiff.real(out * out.conj())).sum()

    g, = autograd.grad(energy(x), x, create_graph=True)
    h, = autograd.grad(autodiff.real(autodiff.vdot(g.flatten(), b.flatten())), x)
    y = leaf(plain(b))
    expected, = autograd.grad(energy(y), y)
    np.testing.assert_allclose(plain(h), plain(expected), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", ALL)
def test_dtypes(name):
    function = getattr(fft, name)
    for real, twin in (("float32", "complex64"), ("float64", "complex128")):
        a = operand(name, 3, 4)
        x = autodiff.tensor(a.astype(twin if a.dtype.kind == "c" else real), requires_grad=True)
        out = function(x)
        assert str(out.dtype) == "autodiff." + (real if name.rstrip("2n") in ("irfft", "hfft") else twin)
        g, = autograd.grad(out.abs().sum(), x)
        assert g.dtype == x.dtype
    with pytest.raises(NotImplementedError, match="Unsupported dtype Half"):
        function(autodiff.ones(3, 4, dtype=autodiff.float16))
    autodiff.set_default_dtype(autodiff.float32)
    try:
        assert function(autodiff.ones(3, 4, dtype=autodiff.int64)).dtype in (autodiff.complex64, autodiff.float32)
    finally:
        autodiff.set_default_dtype(autodiff.float64)


def test_what_is_added_or_cut_off_has_a_gradient_of_zeros():
    x = leaf(numbers(2, 5))
    fft.fft(x, n=3).real.sum().backward()
    assert plain(x.grad)[:, 3:].tolist() == [[0, 0], [0, 0]] and np.abs(plain(x.grad)[:, :1]).min() > 0.5


def test_imaginary_parts_that_a_real_signal_does_not_have():
    """They are read by nobody, as in NumPy, and their gradient is 0."""
    a = np.array([1 + 5j, 2 - 1j, 3 + 7j])
    x = leaf(a)
    out = fft.irfft(x)
    np.testing.assert_array_equal(plain(out), np.fft.irfft(a))
    g, = autograd.grad(out, x, autodiff.tensor(numbers(4)))
    assert plain(g)[0].imag == plain(g)[2].imag == 0 != plain(g)[1].imag


def test_convolution_by_the_theorem():
    x, y = leaf(numbers(6)), leaf(numbers(4, seed=1))
    by_transforms = fft.irfft(fft.rfft(x, 9) * fft.rfft(y, 9), 9)
    directly = autodiff.tensor(np.convolve(plain(x), plain(y)))
    np.testing.assert_allclose(plain(by_transforms), plain(directly), rtol=1e-12, atol=1e-12)
    w = numbers(9, seed=2)
    gx, gy = autograd.grad((by_transforms * autodiff.tensor(w)).sum(), (x, y))
    np.testing.assert_allclose(plain(gx), np.correlate(w, plain(y), "valid"), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(plain(gy), np.correlate(w, plain(x), "valid"), rtol=1e-12, atol=1e-12)


def test_out():
    x = autodiff.tensor(numbers(4))
    out = autodiff.zeros(4, dtype=autodiff.complex128)
    assert fft.fft(x, out=out) is out
    np.testing.assert_array_equal(plain(out), np.fft.fft(plain(x)))
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        fft.fft(leaf(plain(x)), out=out)


# ---- NumPy

def test_numpy_takes_its_own_arguments():
    a = numbers(3, 4)
    x = anp.array(a, requires_grad=True)
    for name in ("fft", "fft2", "fftn", "ifft", "ifft2", "ifftn", "rfft", "rfft2", "rfftn", "irfft", "irfft2", "irfftn", "hfft",
                 "ihfft", "fftshift", "ifftshift"):
        function = getattr(np.fft, name)
        out = function(x)
        assert type(out) is anp.ndarray and out.requires_grad
        np.testing.assert_array_equal(plain(out.detach()), function(a))
        parameters = inspect.signature(function).parameters
        assert type(function(autodiff.tensor(a))) is autodiff.Tensor
        if "out" in parameters:
            target = np.zeros(out.shape, out.dtype)
            with pytest.raises(TypeError, match="would lose the gradient"):
                function(x, out=target)
            assert function(x.detach(), out=target) is target
            np.testing.assert_array_equal(target, function(a))


def test_numpys_dtypes_and_corners():
    for dtype in ("int32", "bool", "float16", "float32", "complex64"):
        a = np.ones((2, 3), dtype)
        for name in ("fft", "ifft2", "irfftn", "hfft"):
            out = getattr(np.fft, name)(anp.array(a))
            assert out.dtype == getattr(np.fft, name)(a).dtype, (name, dtype)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        np.testing.assert_array_equal(plain(np.fft.fftn(anp.array(numbers(2, 3)), (3,))), np.fft.fft(numbers(2, 3)))
    assert any("axes" in str(w.message) and w.category is DeprecationWarning for w in heard)
    assert np.fft.fftshift(anp.array(1.0)).shape == ()


@pytest.mark.parametrize("call", [
    lambda x: np.fft.fft(x, 0), lambda x: np.fft.fft(x, axis=4), lambda x: np.fft.rfft(x + 1j),
    lambda x: np.fft.fft(x, norm="no"),
    lambda x: np.fft.irfft(x[:, :1]), lambda x: np.fft.fftn(x, (2,), (0, 1)), lambda x: np.fft.rfft2(x[0]),
    lambda x: np.fft.fft(x[0, 0]), lambda x: np.fft.ifftshift(x, 5)])
def test_numpys_refusals(call):
    with pytest.raises(Exception) as expected:
        call(np.ones((2, 3)))
    with pytest.raises(type(expected.value)):
        call(anp.array(np.ones((2, 3)), requires_grad=True))


def test_scipys_transforms_name_the_way():
    scipy_fft = pytest.importorskip("scipy.fft")
    for x in (autodiff.tensor([1.0, 2.0], requires_grad=True), anp.array([1.0, 2.0], requires_grad=True)):
        for name in ("fft", "irfft", "rfftn", "hfft2"):
            with pytest.raises((RuntimeError, TypeError), match=rf"autodiff\.fft\.{name}"):
                getattr(scipy_fft, name)(x)
        with pytest.raises((RuntimeError, TypeError), match=r"scipy\.fft\.dct"):
            scipy_fft.dct(x)


# ---- windows and frequencies

@pytest.mark.parametrize("n", [0, 1, 2, 5, 8])
def test_windows_are_those_of_numpy(n):
    for name in ("bartlett", "blackman", "hamming", "kaiser"):
        more = (12.0,) if name == "kaiser" else ()
        found = getattr(autodiff, f"{name}_window")(n, False, *([] if name != "kaiser" else [12.0]))
        np.testing.assert_allclose(plain(found), getattr(np, name)(n, *more), rtol=1e-13, atol=1e-16)
        if n > 1:
            periodic = getattr(autodiff, f"{name}_window")(n)
            np.testing.assert_allclose(plain(periodic), getattr(np, name)(n + 1, *more)[:-1], rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(plain(autodiff.hann_window(n, False)), np.hanning(n), rtol=1e-13, atol=1e-16)


def test_frequencies():
    for n in (1, 4, 5):
        for d in (1.0, 0.3):
            np.testing.assert_array_equal(plain(fft.fftfreq(n, d)), np.fft.fftfreq(n, d))
            np.testing.assert_array_equal(plain(fft.rfftfreq(n, d)), np.fft.rfftfreq(n, d))
    assert fft.fftfreq(3, dtype=autodiff.float32).dtype == autodiff.float32
    out = autodiff.zeros(3)
    assert fft.fftfreq(3, out=out) is out and out.tolist() == plain(fft.fftfreq(3)).tolist()
    with pytest.raises(TypeError, match="'d'"):
        fft.fftfreq(3, leaf(np.array(2.0)))


# ---- spectra of windows

@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize(("n_fft", "hop", "length"), [(8, 2, 33), (7, 3, 34), (4, 4, 12)])
def test_a_signal_comes_back_from_its_spectra(n_fft, hop, length, center):
    window = autodiff.hamming_window(n_fft)
    x = leaf(numbers(2, length))
    spectra = autodiff.stft(x, n_fft, hop, window=window, center=center, return_complex=True)
    back = autodiff.istft(spectra, n_fft, hop, window=window, center=center)
    reached = back.shape[-1]
    assert length - reached < hop
    np.testing.assert_allclose(plain(back), plain(x)[:, :reached], rtol=1e-11, atol=1e-12)
    w = numbers(2, reached, seed=1)
    g, = autograd.grad(back, x, autodiff.tensor(w))
    np.testing.assert_allclose(plain(g)[:, :reached], w, rtol=1e-11, atol=1e-11)
    assert not np.abs(plain(g)[:, reached:]).max(initial=0) > 1e-11


def test_spectra_warn_where_no_window_is_given():
    x = autodiff.tensor(numbers(8))
    with pytest.warns(UserWarning, match="window was not provided"):
        spectra = x.stft(4, return_complex=True)
    with pytest.warns(UserWarning, match="window was not provided"):
        spectra.istft(4)
    with pytest.warns(UserWarning, match="return_complex=False is deprecated"):
        x.stft(4, window=autodiff.ones(4), return_complex=False)
    with pytest.warns(UserWarning, match="zeros follow"):
        longer = spectra.istft(4, window=autodiff.ones(4), length=12)
    assert longer.shape == (12,) and longer[-1].item() == 0
    with pytest.raises(TypeError, match="'window' must be Tensor, not list"):
        x.stft(4, window=[1.0] * 4, return_complex=True)
    with pytest.raises(NotImplementedError, match="Half"):
        x.half().stft(4, window=autodiff.ones(4).half(), return_complex=True)


def test_spectra_of_the_numpy_flavour():
    a, w = numbers(8), np.hanning(5)[:4] + 0.1
    x = anp.array(a, requires_grad=True)
    out = autodiff.stft(x, 4, window=w, return_complex=True)
    assert type(out) is anp.ndarray and out.dtype == np.complex128
    same = autodiff.stft(autodiff.tensor(a), 4, window=autodiff.tensor(w), return_complex=True)
    np.testing.assert_array_equal(plain(out.detach()), plain(same))
