"""Norms and deviations of very large and very small numbers: scaled where the sum of powers leaves the range."""
import math

import mpmath
import numpy as np
import pytest

import autodiff
from autodiff import autograd
from checks import plain

SCALES = {np.float64: (1e-320, 1e-308, 1e-200, 1e-160, 1e-100, 1.0, 1e100, 1e153, 1e200, 1e307),
          np.float32: (1e-44, 1e-37, 1e-25, 1e-18, 1.0, 1e15, 1e20, 1e37), np.float16: (6e-8, 1e-4, 1e-2, 1.0, 300.0, 1e4)}
CASES = [pytest.param(dtype, scale, id=f"{dtype.__name__} {scale}") for dtype in SCALES for scale in SCALES[dtype]]


def exact(x, p):
    total = mpmath.fsum(abs(mpmath.mpf(float(v))) ** p for v in x)
    return total ** (mpmath.mpf(1) / p)


def relative(dtype, value):
    """What rounding to the dtype may change, denormal numbers included."""
    info = np.finfo(dtype)
    return 8 * float(info.eps) + float(info.smallest_subnormal) / abs(float(value))


@pytest.mark.parametrize("p", [2, 3, 0.5, -1, 1.5])
@pytest.mark.parametrize(("dtype", "scale"), CASES)
def test_norm_and_its_gradient(dtype, scale, p):
    """By each path: of all elements, of rows, of one in the shape of a number."""
    x = np.asarray(np.array([3.0, -4.0, 1.0, 2.0]) * scale, dtype)
    with mpmath.workdps(60):
        wanted = exact(x, p)
        if wanted > np.finfo(dtype).max or not np.all(x):
            return
        signs = [mpmath.sign(float(v)) * (abs(mpmath.mpf(float(v))) / wanted) ** (p - 1) for v in x]
        wanted, gradient = float(wanted), np.array([float(s) for s in signs])
    # The exponent 1 / p is rounded, which counts by the logarithm of the sum.
    tolerance = relative(dtype, wanted) * (1 if dtype != np.float16 else 4) * (1 if p == 2 else 1 + abs(math.log(scale)))
    for f in (lambda v: v.norm(p), lambda v: v.reshape(1, 4).norm(p, dim=1).sum(), lambda v: v.dist(v.detach() * 0, p)):
        for create_graph in (False, True):
            v = autodiff.tensor(x, requires_grad=True)
            out = f(v)
            assert out.dtype == v.dtype
            np.testing.assert_allclose(float(out.item()), wanted, rtol=tolerance)
            (g,) = autograd.grad(out, v, create_graph=create_graph)
            np.testing.assert_allclose(plain(g).astype(float), gradient, rtol=30 * tolerance, atol=tolerance)


@pytest.mark.parametrize("p", ["fro", 2, 1, 3, 0.5, -2, math.inf])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)], ids=str)
def test_of_one_element_it_is_the_absolute_value(shape, p):
    for value in (1e-200, 1e200, -3.0, 49.0, -5e-324, 1.7e308, -1e-160):
        for dim in (None, -1) if shape else (None,):
            x = autodiff.tensor(np.full(shape, value), requires_grad=True)
            out = x.norm(p, dim=dim).sum()
            assert out.item() == abs(value)
            for create_graph in (True, False):
                (g,) = autograd.grad(out, x, create_graph=create_graph)
                np.testing.assert_array_equal(plain(g), np.full(shape, np.sign(value)))


def test_the_everyday_path_has_the_bits_of_the_plain_sum():
    x = np.random.default_rng(0).normal(size=(50, 7)) * np.exp(np.random.default_rng(1).uniform(-60, 60, (50, 1)))
    expected = np.sqrt(np.sum(np.square(x), axis=1))
    np.testing.assert_array_equal(plain(autodiff.tensor(x).norm(dim=1)), expected)
    # A row out of the range changes no bit of the others.
    wide = np.concatenate([x, [[1e200] * 7, [1e-200] * 7, [0] * 7, [np.inf] * 7, [np.nan] * 7]])
    found = plain(autodiff.tensor(wide).norm(dim=1))
    np.testing.assert_array_equal(found[:50], expected)
    np.testing.assert_allclose(found[50:], [1e200 * 7 ** 0.5, 1e-200 * 7 ** 0.5, 0, np.inf, np.nan], rtol=1e-15)
    narrow, rows = autodiff.tensor(x, requires_grad=True), autodiff.tensor(wide, requires_grad=True)
    (g,), (h,) = (autograd.grad(v.norm(dim=1).sum(), v) for v in (narrow, rows))
    np.testing.assert_array_equal(plain(h)[:50], plain(g))
    np.testing.assert_allclose(plain(h)[50:53], [[7 ** -0.5] * 7] * 2 + [[0] * 7], rtol=1e-15)


@pytest.mark.parametrize("g", [1e-300, 1e-200, 1.0, 1e200])
@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1.0, 1e150, 1e300])
def test_gradients_of_any_size(scale, g):
    for f in (lambda v: v.norm(), lambda v: v.norm(dim=0), lambda v: v.reshape(1, 2).norm(dim=1)):
        x = autodiff.tensor(np.array([3.0, 4.0]) * scale, requires_grad=True)
        out = f(x)
        (found,) = autograd.grad(out, x, autodiff.full(tuple(out.shape), g))
        np.testing.assert_allclose(plain(found) / g, [0.6, 0.8], rtol=1e-13)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e100, 1e200, 1e307])
@pytest.mark.parametrize("f", [lambda x: x.std(), lambda x: autodiff.std_mean(x)[0], lambda x: x.reshape(1, 3).std(dim=1).sum(),
                               lambda x: x.std(unbiased=False) * 1.5 ** 0.5])
def test_deviations(f, scale):
    x = autodiff.tensor(np.array([1.0, 2.0, 4.0]) * scale, requires_grad=True)
    out = f(x)
    np.testing.assert_allclose(out.item() / scale, (7 / 3) ** 0.5, rtol=1e-14)
    for create_graph in (True, False):
        (g,) = autograd.grad(out, x, create_graph=create_graph)
        np.testing.assert_allclose(plain(g), (np.array([1.0, 2.0, 4.0]) - 7 / 3) / 2 / (7 / 3) ** 0.5, rtol=1e-13)


def test_variances():
    """They overflow where they are too large, and not before."""
    assert autodiff.tensor([1e200, 2e200]).var().item() == math.inf
    assert autodiff.tensor([1.5e308, 1.5e308]).var().item() == autodiff.tensor([1.5e308, 1.5e308]).std().item() == 0
    assert autodiff.var_mean(autodiff.tensor([1.5e153, 0.5e153]))[0].item() == pytest.approx(0.5e306, rel=1e-15)
    assert np.isnan(autodiff.tensor([1.0, math.inf]).std().item()) and np.isnan(autodiff.tensor([math.nan, 1.0]).var().item())
    rows = autodiff.tensor([[1e200, 3e200], [1.0, 3.0], [1e-200, 3e-200]])
    np.testing.assert_allclose(plain(rows.std(dim=1)), np.array([1e200, 1.0, 1e-200]) * 2 ** 0.5, rtol=1e-15)
    assert rows.std(dim=1, keepdim=True).shape == (3, 1)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_complex(scale):
    x = autodiff.tensor(np.array([3 + 4j, 12j]) * scale, requires_grad=True)
    out = x.norm()
    np.testing.assert_allclose(out.item() / scale, 13, rtol=1e-15)
    np.testing.assert_allclose(plain(autograd.grad(out, x)[0]), np.array([3 + 4j, 12j]) / 13, rtol=1e-14)
    y = autodiff.tensor(np.array([3j, -3j]) * scale, requires_grad=True)
    out = y.std()
    np.testing.assert_allclose(out.item() / scale, 18 ** 0.5, rtol=1e-15)
    np.testing.assert_allclose(plain(autograd.grad(out, y)[0]), np.array([3j, -3j]) / 18 ** 0.5, rtol=1e-14)
    z = autodiff.tensor(np.array([3 + 4j]) * scale, requires_grad=True)
    np.testing.assert_allclose(plain(autograd.grad(z.angle().sum(), z)[0]) * scale, (-4 + 3j) / 25, rtol=1e-14)


def test_second_derivatives_of_large_and_small_numbers():
    """(1 - u u^T) / norm with u the direction."""
    for scale in (1e-100, 1.0, 1e200):
        x = autodiff.tensor(np.array([3.0, 4.0]) * scale, requires_grad=True)
        (g,) = autograd.grad(x.norm(), x, create_graph=True)
        second = np.array([plain(autograd.grad(v, x, retain_graph=True)[0]) for v in g])
        np.testing.assert_allclose(second * 5 * scale, [[0.64, -0.48], [-0.48, 0.36]], rtol=1e-12)
