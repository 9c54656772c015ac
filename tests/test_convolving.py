"""Convolutions, pooling and grids: what each is beside the others, corners, words of errors, and memory."""
import tracemalloc

import numpy as np
import pytest
from cases_convolving import convolution

import autodiff
import autodiff.numpy as anp
from autodiff import _convolving as loops
from autodiff import autograd, func
from autodiff.autograd import gradcheck, gradgradcheck
from autodiff.nn import functional as F

T = autodiff.tensor
RANDOM = np.random.default_rng(0)


def leaf(*shape, dtype=np.float64):
    return T(RANDOM.standard_normal(shape).astype(dtype), requires_grad=True)


def numbers(v):
    return v.detach().numpy()


# ---- identities

@pytest.mark.parametrize("geometry", [
    {}, {"stride": 2}, {"padding": 1}, {"stride": (1, 3), "padding": (2, 0), "dilation": (2, 1)}])
def test_a_transposed_convolution_is_the_transpose(geometry):
    """<conv(x), y> = <x, conv_transpose(y)>, whatever part of x the windows leave out."""
    x, w = leaf(2, 3, 7, 8), leaf(4, 3, 3, 2)
    out = F.conv2d(x, w, **geometry)
    y = leaf(*out.shape)
    back = F.conv_transpose2d(y, w, **geometry)
    given = autograd.grad((out * y).sum(), x)[0]
    h, width = back.shape[2:]
    np.testing.assert_allclose(numbers(given)[:, :, :h, :width], numbers(back), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(numbers(given)[:, :, h:], 0)


def test_a_convolution_is_a_product_with_columns():
    x, w = leaf(2, 3, 6, 5), leaf(4, 3, 3, 2)
    product = w.reshape(4, -1) @ F.unfold(x, (3, 2), padding=1, stride=2)
    np.testing.assert_allclose(numbers(F.conv2d(x, w, padding=1, stride=2)).reshape(2, 4, -1), numbers(product), rtol=1e-12)


def test_fold_is_the_transpose_of_unfold():
    x = leaf(1, 2, 5, 6)
    columns = F.unfold(x, (2, 3), dilation=(2, 1), padding=(0, 1), stride=(1, 2))
    y = leaf(*columns.shape)
    given, = autograd.grad((columns * y).sum(), x)
    np.testing.assert_allclose(numbers(F.fold(y, (5, 6), (2, 3), (2, 1), (0, 1), (1, 2))), numbers(given), rtol=1e-12)


def test_groups_are_convolutions_of_their_own():
    x, w = leaf(2, 6, 5, 5), leaf(9, 2, 3, 3)
    apart = [F.conv2d(x[:, 2 * g:2 * g + 2], w[3 * g:3 * g + 3]) for g in range(3)]
    np.testing.assert_allclose(numbers(F.conv2d(x, w, groups=3)), numbers(autodiff.cat(apart, 1)), rtol=1e-12)


def test_an_identity_of_affine_maps_samples_every_element():
    for align in (False, True):
        x = leaf(2, 3, 4, 5)
        theta = T(np.tile([[1.0, 0, 0], [0, 1, 0]], (2, 1, 1)))
        out = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=align), align_corners=align)
        np.testing.assert_allclose(numbers(out), numbers(x), rtol=1e-12, atol=1e-12)


def test_unpooling_undoes_pooling_of_its_own_result():
    x = T(RANDOM.permutation(48).reshape(1, 1, 6, 8) * 1.0)
    values, at = F.max_pool2d(x, 2, return_indices=True)
    again = F.max_pool2d(F.max_unpool2d(values, at, 2), 2)
    np.testing.assert_array_equal(numbers(again), numbers(values))


# ---- corners

def test_ties_go_to_the_first_and_nan_is_the_largest():
    values, at = F.max_pool1d(T([[2.0, 2.0, 1.0, 2.0]]), 4, return_indices=True)
    assert values.tolist() == [[2.0]] and at.tolist() == [[0]]
    _, at = F.max_pool1d(T([[1.0, np.nan, 5.0, np.nan]]), 4, return_indices=True)
    assert at.tolist() == [[3]]
    _, at = F.max_pool1d(T([[-np.inf, -np.inf]]), 2, return_indices=True)
    assert at.tolist() == [[0]]


def test_overlapping_windows_add_their_gradients():
    x = T([[1.0, 3.0, 2.0]], requires_grad=True)
    F.max_pool1d(x, 2, 1).sum().backward()
    assert x.grad.tolist() == [[0.0, 2.0, 0.0]]


def test_a_stride_beyond_the_window_leaves_elements_out():
    x, w = T(np.arange(7.0)[None, None], requires_grad=True), T(np.ones((1, 1, 2)))
    F.conv1d(x, w, stride=4).sum().backward()
    assert x.grad.tolist() == [[[1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_of_windows_are_the_whole(dtype):
    """A picture whose columns are larger than a block, in all three products."""
    x, w = leaf(1, 4, 90, 70, dtype=dtype), leaf(3, 4, 5, 5, dtype=dtype)
    out = F.conv2d(x, w, padding=2)
    expected = np.zeros(out.shape)
    room = np.pad(numbers(x).astype(float), [(0, 0), (0, 0), (2, 2), (2, 2)])
    for i, j in np.ndindex(5, 5):
        expected += np.einsum("nchw,oc->nohw", room[:, :, i:i + 90, j:j + 70], numbers(w).astype(float)[:, :, i, j])
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-11}
    np.testing.assert_allclose(numbers(out), expected, **tolerance)
    y = RANDOM.standard_normal(out.shape).astype(dtype)
    out.backward(T(y))
    given = np.stack([np.einsum("nchw,nohw->oc", room[:, :, i:i + 90, j:j + 70], y.astype(float))
                      for i, j in np.ndindex(5, 5)], -1).reshape(3, 4, 5, 5)
    np.testing.assert_allclose(numbers(w.grad), given, rtol=tolerance["rtol"], atol=1e-2 if dtype == np.float32 else 1e-9)
    back = np.zeros_like(room)
    for i, j in np.ndindex(5, 5):
        back[:, :, i:i + 90, j:j + 70] += np.einsum("nohw,oc->nchw", y.astype(float), numbers(w).astype(float)[:, :, i, j])
    np.testing.assert_allclose(numbers(x.grad), back[:, :, 2:-2, 2:-2], **tolerance)


def test_no_columns_of_a_large_picture_stand_in_memory():
    """25 times the picture, which is 4 MB, would be 100 MB."""
    x, w = T(np.ones((1, 1, 720, 720))), T(np.ones((2, 1, 5, 5)))
    tracemalloc.start()
    F.conv2d(x, w)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_complex_convolutions(dtype):
    x, w = ((RANDOM.standard_normal(s) + 1j * RANDOM.standard_normal(s)).astype(dtype) for s in ((2, 2, 4, 4), (3, 2, 2, 2)))
    found = F.conv2d(T(x), T(w))
    np.testing.assert_allclose(found.numpy(), convolution(x, w), rtol=1e-5)
    assert found.dtype == {np.complex128: autodiff.complex128, np.complex64: autodiff.complex64}[dtype]
    if dtype == np.complex128:
        assert gradcheck(F.conv2d, (T(x, requires_grad=True), T(w, requires_grad=True)))


def test_integers_and_halves():
    x, w = RANDOM.integers(-5, 5, (2, 4, 5, 4)), RANDOM.integers(-5, 5, (4, 2, 3, 2))
    found = F.conv2d(T(x), T(w), stride=2, padding=1, groups=2)
    assert found.dtype == autodiff.int64
    np.testing.assert_array_equal(found.numpy(), convolution(x, w, stride=2, padding=1, groups=2))
    half = F.conv2d(T(x).half(), T(w).half(), groups=2)
    assert half.dtype == autodiff.float16
    large = T([[2**60, 2**60 + 1]])
    values, at = F.max_pool2d(large[None], (1, 2), return_indices=True)
    assert values.item() == 2**60 + 1 and at.item() == 1


def test_layouts_in_memory_do_not_matter():
    x, w = leaf(4, 5, 2, 3), leaf(2, 2, 3, 4)
    turned, weights = x.permute(3, 2, 0, 1), w.permute(3, 0, 2, 1)
    weights = weights[:, :, ::1, :1]
    expected = F.conv2d(turned.contiguous(), weights.contiguous())
    np.testing.assert_array_equal(numbers(F.conv2d(turned, weights)), numbers(expected))
    np.testing.assert_array_equal(numbers(F.max_pool2d(turned, 2)), numbers(F.max_pool2d(turned.contiguous(), 2)))


def test_only_the_gradients_that_are_wanted_are_computed(monkeypatch):
    asked = []
    for name in ("of_input", "of_weight"):
        whole = getattr(loops, name)
        monkeypatch.setattr(loops, name, lambda *args, name=name, whole=whole: asked.append(name) or whole(*args))
    x, w = T(np.ones((1, 1, 4, 4))), leaf(1, 1, 2, 2)
    F.conv2d(x, w).sum().backward()
    assert asked == ["of_weight"]
    asked.clear()
    F.conv2d(x.requires_grad_(), w.detach()).sum().backward()
    assert asked == ["of_input"]


def test_the_numpy_flavour_promotes():
    x, w = anp.array(np.ones((1, 1, 3, 3), np.float32)), anp.array(np.ones((1, 1, 2, 2)))
    out = F.conv2d(x, w)
    assert type(out) is anp.ndarray and out.dtype == np.float64 and out.tolist() == [[[[4.0, 4.0], [4.0, 4.0]]]]


# ---- derivatives

@pytest.mark.parametrize("f", [
    lambda x: F.max_pool2d(x, 2, 1, 1, ceil_mode=True), lambda x: F.avg_pool2d(x, 3, 2, 1, True, False),
    lambda x: F.adaptive_max_pool2d(x, 2), lambda x: F.interpolate(x, (7, 2), mode="bicubic"),
    lambda x: F.interpolate(x, (2, 3), mode="bilinear", antialias=True), lambda x: F.unfold(x, 2, padding=1)])
def test_two_orders_of_both_modes(f):
    x = T(RANDOM.permutation(40).reshape(1, 2, 4, 5) * 1.0, requires_grad=True)
    assert gradcheck(f, (x,), check_forward_ad=True)
    assert gradgradcheck(lambda v: f(v * v), (x,))


def test_gradients_of_samples():
    """Of each sample of a batch, by vmap of grad, as of each alone."""
    x, w, b = leaf(4, 2, 6, 6), leaf(3, 2, 3, 3), leaf(3)

    def loss(w, b, picture):
        return F.max_pool2d(F.relu(F.conv2d(picture, w, b)), 2).square().sum()

    found = func.vmap(func.grad(loss, argnums=(0, 1)), in_dims=(None, None, 0))(w.detach(), b.detach(), x.detach())
    for i in range(4):
        alone = autograd.grad(loss(w, b, x[i]), (w, b))
        for several, one in zip(found, alone):
            np.testing.assert_allclose(numbers(several[i]), numbers(one), rtol=1e-11, atol=1e-11)


def test_models_side_by_side():
    """A batch of weights, each with pictures of its own."""
    x, w = leaf(3, 2, 1, 5, 5), leaf(3, 2, 1, 2, 2)
    found = func.vmap(lambda x, w: F.conv2d(x, w, padding=1))(x, w)
    expected = np.stack([numbers(F.conv2d(x[i], w[i], padding=1)) for i in range(3)])
    np.testing.assert_allclose(numbers(found), expected, rtol=1e-12)


# ---- loops refuse what they cannot read

def test_positions_outside_are_refused():
    rows, at = np.ones((2, 3)), np.array([[0, 2], [1, 3]])
    with pytest.raises(IndexError, match="not inside"):
        loops.take(rows, at)
    with pytest.raises(IndexError, match="not inside"):
        loops.put(np.ones((2, 2)), at, 3)
    with pytest.raises(IndexError, match="not inside"):
        loops.take(rows, -at)


def test_arrays_that_do_not_fit_are_refused():
    x, params = np.ones((1, 1, 1, 4, 4)), ((1, 1, 1), (0, 0, 0), (1, 1, 1), 1)
    with pytest.raises(TypeError, match="contiguous floats"):
        loops.convolution(np.asfortranarray(x)[..., ::2], x, (1, 1, 1), params)
    with pytest.raises(TypeError, match="dtypes differ"):
        loops.convolution(x, x.astype(np.float32), (1, 1, 1), params)
    with pytest.raises(ValueError, match="do not fit"):
        loops.convolution(x, np.ones((2, 3, 1, 2, 2)), (1, 3, 3), params)
    with pytest.raises(ValueError, match="windows lie inside"):
        loops.largest(np.ones((1, 1, 1, 4)), [(np.zeros(1, int), np.ones(1, int), 1)] * 2
                      + [(np.array([3]), np.array([5]), 1)])
    with pytest.raises(ValueError, match="other columns"):
        loops.blend(np.ones((1, 3, 1)), np.array([0, 1]), np.array([0]), np.ones(1), 4)


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda: F.conv2d(T([[1.0]]), T([[1.0]])), RuntimeError, "Expected 3D .* or 4D .* input to conv2d"),
    (lambda: F.conv2d(T(np.ones((1, 2, 3, 3))), T(np.ones((1, 1, 2, 2)))), RuntimeError, "to have 1 channels, but got 2"),
    (lambda: F.conv2d(T(np.ones((1, 1, 3, 3))), [1.0]), TypeError, r"'weight' \(position 2\) must be Tensor, not list"),
    (lambda: F.conv2d(T(np.ones((1, 1, 3, 3))), T(np.ones((1, 1, 2, 2))), stride=1.5), TypeError, "tuple of ints, not float"),
    (lambda: F.conv2d(T(np.ones((1, 1, 3, 3), bool)), T(np.ones((1, 1, 2, 2), bool))), NotImplementedError, "'Bool'"),
    (lambda: F.conv_transpose1d(T(np.ones((1, 1, 3))), T(np.ones((1, 1, 2))), padding="same"), TypeError, "ints, not str"),
    (lambda: F.max_pool2d(T(np.ones((1, 4, 4))), (2.0, 2)), TypeError, "found element of type float at pos 0"),
    (lambda: F.max_pool3d(T(np.ones((1, 4, 4, 4))), 2, 2, 2), RuntimeError, "at most half of effective kernel size"),
    (lambda: F.interpolate(T(np.ones((1, 1, 4, 4))), 2, mode="lanczos"), NotImplementedError, "use 'bicubic' with antialias"),
    (lambda: F.grid_sample(T(np.ones((1, 1, 2, 2, 2))), T(np.ones((1, 1, 1, 1, 3))), "bicubic", align_corners=True),
     RuntimeError, "bicubic interpolation only supports 4D input"),
])
def test_words_of_errors(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


@pytest.mark.parametrize("call", [
    lambda n: F.conv1d(leaf(1, 1, 4), leaf(1, 1, 2), None, n, 3),
    lambda n: F.conv2d(leaf(1, 1, 4, 4), leaf(1, 1, 2, 2), None, 1, n),
    lambda n: F.unfold(leaf(1, 1, 4, 4), 2, 1, n, 2), lambda n: F.max_pool2d(leaf(1, 1, 4, 4), 2, n),
    lambda n: F.avg_pool2d(leaf(1, 1, 4, 4), n)])
@pytest.mark.parametrize("number", [2 ** 31, 2 ** 62, 2 ** 63 - 1])
def test_numbers_that_no_window_has(call, number):
    """Sums of them wrapped around, and the loops wrote outside of their memory."""
    with pytest.raises(RuntimeError, match=r"but must be less than 2\*\*31"):
        call(number)
