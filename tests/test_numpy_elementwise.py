"""Ufuncs that formulas answer: from the first call on, at edges, of both flavours."""
import subprocess
import sys

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from checks import plain


def variable(values):
    return anp.array(np.asarray(values), requires_grad=True)


def gradient(f, values):
    x = variable(values)
    return plain(autograd.grad(f(x).sum(), x)[0])


@pytest.mark.parametrize("call", [
    "np.degrees(x)", "np.vecdot(x, x)", "np.convolve(x, x)", "np.array([1.0, 2.0]).clip(0.0, x)", "np.divmod([1.0, 2.0], x)[1]",
    "np.heaviside([1.0, 0.0], x)"])
def test_the_first_call_of_a_process_is_answered(call):
    """Families are imported when they are asked for."""
    program = ("import numpy as np, autodiff.numpy as anp\nx = anp.array([1.0, 2.0], requires_grad=True)\n"
               f"assert {call}.requires_grad")
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


@pytest.mark.parametrize("call", ["ndtr(x)", "xlog1py(x, x)"])
def test_the_first_call_of_scipys_is_answered(call):
    pytest.importorskip("scipy")
    program = ("import scipy.special, autodiff.numpy as anp\nx = anp.array([1.0, 2.0], requires_grad=True)\n"
               f"assert scipy.special.{call}.requires_grad")
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


@pytest.mark.parametrize("f", [np.degrees, np.radians, np.fabs, lambda x: np.float_power(x, 2), lambda x: np.modf(x)[0],
                               lambda x: np.frexp(x)[0], lambda x: np.ldexp(x, 2), lambda x: np.divmod(x, 2.0)[1], np.spacing,
                               lambda x: np.vecdot(x, x), lambda x: np.matvec(np.ones((2, 2)), x)])
def test_tensors_give_tensors(f):
    x = autodiff.tensor([1.5, -2.5], requires_grad=True)
    assert type(f(x)) is autodiff.Tensor and f(x).requires_grad
    assert type(f(autodiff.tensor([1.5, -2.5]))) is autodiff.Tensor


def test_fractions_and_mantissas_at_edges():
    x = np.array([2.0, -2.0, 0.0, -0.0, np.inf, -np.inf, np.nan, 0.75, -3.25])
    for function in (np.modf, np.frexp):
        for one, other in zip(function(variable(x)), function(x)):
            one = plain(one.detach()) if isinstance(one, autodiff.Variable) else one
            np.testing.assert_array_equal(one, other)
            np.testing.assert_array_equal(np.signbit(one), np.signbit(other))
    np.testing.assert_array_equal(gradient(lambda v: np.modf(v)[0], x[[0, 1, 2, 7, 8]]), 1.0)
    np.testing.assert_array_equal(gradient(lambda v: np.frexp(v)[0], [3.0, 0.3, -12.0]), [0.25, 2.0, 0.0625])


@pytest.mark.parametrize(("x", "n"), [(1.5, 2000), (2.0 ** -1000, 1500), (2.0 ** 1000, -1500), (1.5, -1060), (3.0, 0),
                                      (0.0, 5)])
def test_powers_of_2_beyond_the_range_of_one(x, n):
    with np.errstate(over="ignore"):
        assert float(plain(np.ldexp(variable(x), n).detach())) == np.ldexp(x, n)


def test_what_is_about_bits_of_plain_numbers_stays_numpys():
    n = anp.array([4, 6])
    np.testing.assert_array_equal(np.gcd(n, 4), [4, 2])
    np.testing.assert_array_equal(np.lcm([2, 3], n), [4, 6])
    np.testing.assert_array_equal(np.bitwise_count(n), [1, 2])
    np.testing.assert_array_equal(np.nextafter(anp.array([1.0]), 2.0), np.nextafter([1.0], 2.0))
    np.testing.assert_array_equal(gradient(lambda v: np.nextafter(v, 2.0), [1.0, 2.0]), [1.0, 1.0])


def test_dtypes_of_integers_are_numpys():
    n = np.array([1, 2, 3], np.int64)
    for f in (np.fabs, np.degrees, np.radians, lambda v: np.modf(v)[0], lambda v: np.modf(v)[1],
              lambda v: np.frexp(v)[0], lambda v: np.ldexp(v, 2), lambda v: np.float_power(v, 2),
              lambda v: np.divmod(v, 2)[0], lambda v: np.vecdot(v, v)):
        found, expected = f(anp.array(n)), f(n)
        assert found.dtype == expected.dtype and found.shape == expected.shape
        np.testing.assert_array_equal(plain(found) if isinstance(found, autodiff.Variable) else found, expected)


def test_entropies_at_0_and_outside():
    special = pytest.importorskip("scipy.special")
    x = np.array([0.0, 0.5, -1.0, np.nan])
    np.testing.assert_array_equal(plain(special.entr(variable(x)).detach()), special.entr(x))
    assert gradient(special.entr, [0.0])[0] == np.inf
    pairs = np.array([[0.0, 1.0], [1.0, 2.0], [1.0, 0.0], [0.0, 0.0], [-1.0, 1.0], [np.nan, 1.0], [1.0, np.nan]]).T
    for function in (special.rel_entr, special.kl_div, special.xlog1py):
        found = function(variable(pairs[0]), pairs[1])
        np.testing.assert_allclose(plain(found.detach()), function(*pairs), rtol=1e-14)
    np.testing.assert_allclose(gradient(lambda v: special.xlog1py(v, np.array([-1.0, 1.0])), [0.0, 0.0]), [0.0, np.log(2.0)])


def test_a_loss_of_huber_beyond_its_threshold():
    special = pytest.importorskip("scipy.special")
    np.testing.assert_array_equal(gradient(lambda r: special.huber(1.0, r), [-3.0, -0.5, 0.25, 2.0]), [-1.0, -0.5, 0.25, 1.0])
    np.testing.assert_allclose(gradient(lambda r: special.pseudo_huber(1.0, r), [1e-12, 1e6]), [1e-12, 1.0], rtol=1e-12)


def test_the_tail_of_the_normal_distribution():
    """The slope h of log_ndtr satisfies h' = -h * (x + h) and lies between -x and -x - 1 / x, far out, too."""
    special = pytest.importorskip("scipy.special")
    at = np.array([-1e8, -300.0, -30.0, -10.0, -4.001, -3.999, -1.0, 0.0, 3.0])
    x = variable(at)
    value = special.log_ndtr(x)
    np.testing.assert_allclose(plain(value.detach()), special.log_ndtr(at), rtol=1e-14)
    first = autograd.grad(value.sum(), x, create_graph=True)[0]
    second = autograd.grad(first.sum(), x)[0]
    h = plain(first.detach())
    far = at < -2
    assert (h[far] >= -at[far] * (1 - 1e-15)).all() and (h[far] <= (-at[far] - 1 / at[far]) * (1 + 1e-15)).all()
    near = at > -50
    np.testing.assert_allclose(plain(second)[near], (-h * (at + h))[near], rtol=1e-10)


def test_the_gamma_function_to_the_third_order_and_at_its_ends():
    """The derivatives at 1: -c, c**2 + pi**2 / 6, -c**3 - c * pi**2 / 2 - 2 * zeta(3)."""
    special = pytest.importorskip("scipy.special")
    x, c = variable([1.0]), np.euler_gamma
    found, value = [], special.gamma(x)
    for _ in range(3):
        (value,) = autograd.grad(value.sum(), x, create_graph=True)
        found.append(float(plain(value.detach())[0]))
    expected = [-c, c ** 2 + np.pi ** 2 / 6, -c ** 3 - c * np.pi ** 2 / 2 - 2 * special.zeta(3.0)]
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    ends = np.array([0.0, -1.0, np.inf, np.nan, 171.0, 200.0, -0.5])
    np.testing.assert_array_equal(plain(special.gamma(variable(ends)).detach()), special.gamma(ends))


def test_an_inverse_distribution_at_its_ends_and_to_the_third_order():
    special = pytest.importorskip("scipy.special")
    p = np.array([0.0, 1.0, -1.0, np.nan])
    np.testing.assert_array_equal(plain(special.ndtri(variable(p)).detach()), special.ndtri(p))
    np.testing.assert_array_equal(gradient(special.ndtri, [0.0, 1.0, 2.0]), [np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(gradient(special.erfcinv, [0.0, 2.0, 3.0]), [-np.inf, -np.inf, np.nan])
    x = variable([1e-12, 0.3, 0.999])
    value = special.ndtri(x)
    z = plain(value.detach())
    first = autograd.grad(value.sum(), x, create_graph=True)[0]
    second = autograd.grad(first.sum(), x, create_graph=True)[0]
    third = autograd.grad(second.sum(), x)[0]
    slope = np.sqrt(2 * np.pi) * np.exp(z ** 2 / 2)
    np.testing.assert_allclose(plain(first.detach()), slope, rtol=1e-12)
    np.testing.assert_allclose(plain(second.detach()), z * slope ** 2, rtol=1e-12)
    np.testing.assert_allclose(plain(third), (1 + 2 * z ** 2) * slope ** 3, rtol=1e-12)


def test_powers_of_box_and_cox_at_0():
    special = pytest.importorskip("scipy.special")
    x = np.array([0.0, 0.5, 3.0])
    for power in (0.0, 1e-12, 0.5, -0.5, 2.0):
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(plain(special.boxcox(variable(x), power).detach()), special.boxcox(x, power), rtol=1e-14)
    np.testing.assert_allclose(gradient(lambda power: special.boxcox(3.0, power), [0.0, 1e-9]), np.log(3.0) ** 2 / 2, rtol=1e-8)
