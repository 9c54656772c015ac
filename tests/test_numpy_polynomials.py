"""Polynomials as NumPy spells them, beyond lines: zeros to high order, least squares that are badly conditioned, refusals."""
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from checks import plain


def variable(values):
    return anp.array(np.asarray(values), requires_grad=True)


def derivatives(f, at, orders):
    """The derivatives of a function of one number, of the orders 1, 2, ..."""
    x = anp.array(at, requires_grad=True)
    found, value = [], f(x)
    for _ in range(orders):
        (value,) = autograd.grad(value, x, create_graph=True)
        found.append(float(plain(value.detach())))
    return found


def test_zeros_to_the_fifth_order():
    """The greater zero of x**2 - c is sqrt(c)."""
    roots = derivatives(lambda c: np.max(np.real(np.roots(np.stack([c * 0 + 1.0, c * 0, -c])))), 2.0, 5)
    np.testing.assert_allclose(roots, derivatives(np.sqrt, 2.0, 5), rtol=1e-10)


def test_a_zero_at_0_moves_with_the_last_coefficient():
    p = variable([1.0, 2.0, 0.0])
    zeros = np.roots(p)
    np.testing.assert_allclose(plain(zeros.detach()), [-2.0, 0.0])
    np.testing.assert_allclose(plain(autograd.grad(zeros[1], p)[0]), [0.0, 0.0, -0.5])


def test_the_degenerate_zeros_are_numpys():
    assert np.roots(variable([0.0, 0.0, 3.0])).shape == (0,)
    assert np.roots(variable([0.0, 0.0])).shape == (0,)
    np.testing.assert_allclose(plain(np.roots(variable([0.0, 1.0, -3.0])).detach()), [3.0])


def test_least_squares_of_badly_conditioned_points():
    """Years as abscissae: the derivative in y against the exact solution, in x against differences in high precision."""
    x = np.arange(2000.0, 2012.0)
    y = np.cos(x)
    v = variable(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = np.polyfit(v, y, 2)
    np.testing.assert_allclose(plain(fit.detach()), np.polyfit(x, y, 2), rtol=1e-6)

    def curvature(x):
        """The leading coefficient, which a shift of the points does not change."""
        return np.polyfit(x - 2005.5, y, 2)[0]

    (gradient,) = autograd.grad(fit[0], v)
    expected = [(curvature(x + 1e-5 * e) - curvature(x - 1e-5 * e)) / 2e-5 for e in np.eye(len(x))]
    np.testing.assert_allclose(plain(gradient), expected, rtol=1e-4, atol=1e-9)


def test_least_squares_to_the_fourth_order():
    """The slope of the line through (0, 0), (1, 1), (s, 0), whose derivatives are those of the formula."""
    def formula(s):
        mean = (1.0 + s) / 3.0
        return (1.0 - mean) / (mean ** 2 + (1.0 - mean) ** 2 + (s - mean) ** 2) * (1.0 - 0.0) - 0.0 * s

    def fitted(s):
        return np.polyfit(np.stack([s * 0.0, s * 0.0 + 1.0, s]), [0.0, 1.0, 0.0], 1)[0]

    np.testing.assert_allclose(derivatives(fitted, 2.5, 4), derivatives(formula, 2.5, 4), rtol=1e-8)


def test_what_needs_singular_values_of_variables_is_refused():
    x = variable([0.0, 1.0, 2.0, 3.0])
    with pytest.raises(NotImplementedError, match="full=True"):
        np.polyfit(x, np.ones(4), 1, full=True)
    with pytest.raises(np.linalg.LinAlgError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.polyfit(x * 0.0, np.ones(4), 1)
    with pytest.warns(np.exceptions.RankWarning):
        np.polyfit(np.zeros(4), x, 1)


def test_all_that_full_returns():
    x, y = np.array([0.0, 1.0, 2.0, 4.0]), variable([1.0, 0.0, 2.0, 3.0])
    for one, other in zip(np.polyfit(x, y, 1, full=True), np.polyfit(x, plain(y.detach()), 1, full=True)):
        np.testing.assert_allclose(plain(one.detach()) if isinstance(one, autodiff.Variable) else one, other, rtol=1e-12)


def test_the_characteristic_polynomial_is_refused():
    with pytest.raises(NotImplementedError, match="eigenvalues"):
        np.poly(variable(np.eye(2)))


def test_conjugate_zeros_make_real_coefficients():
    result = np.poly(variable(np.array([1 + 2j, 1 - 2j])))
    assert result.dtype == np.float64
    np.testing.assert_array_equal(plain(result.detach()), [1.0, -2.0, 5.0])


def test_plain_polynomials_beside_variables():
    p, x = np.poly1d([1.0, 2.0]), variable([3.0, 4.0])
    np.testing.assert_array_equal(plain(np.polyadd(x, p).detach()), [4.0, 6.0])
    np.testing.assert_array_equal(plain(np.polymul(x, p).detach()), [3.0, 10.0, 8.0])
    quotient, rest = np.polydiv(variable([1.0, 5.0, 6.0]), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(plain(quotient.detach()), [1.0, 3.0])
    np.testing.assert_array_equal(plain(rest.detach()), [0.0])


@pytest.mark.parametrize("call", [
    lambda p: np.polyder(p, -1), lambda p: np.polyint(p, -1), lambda p: np.polyint(p, 3, [1, 2]),
    lambda p: np.polyfit(p, p, -1), lambda p: np.roots(p.reshape(1, 3)), lambda p: np.poly(p.reshape(1, 3))])
def test_what_numpy_refuses_is_refused(call):
    p = variable([1.0, 2.0, 3.0])
    for operand in (plain(p.detach()), p):
        with pytest.raises(ValueError):
            call(operand)


@pytest.mark.parametrize("call", [
    lambda p: np.polyfit(p, p[:2], 1), lambda p: np.polyfit(p.reshape(1, 3), p, 1), lambda p: np.polyfit(p, p, 1, w=p[:2]),
    lambda p: np.polyfit(p[:0], p[:0], 1)])
def test_points_that_do_not_fit(call):
    p = variable([1.0, 2.0, 3.0])
    for operand in (plain(p.detach()), p):
        with pytest.raises(TypeError):
            call(operand)


def test_tensors_give_tensors():
    p = autodiff.tensor([1.0, 3.0, 2.0], requires_grad=True)
    for result in (np.polyval(p, 2.0), np.poly(p), np.polyadd(p, p), np.polymul(p, p), *np.polydiv(p, [1.0, 1.0]), np.roots(p),
                   np.polyfit([0.0, 1.0, 2.0], p, 1), np.polyint(p), np.polyder(p)):
        assert type(result) is autodiff.Tensor and result.requires_grad


@pytest.mark.skipif(not hasattr(np.polynomial.polynomial, "polyvalnd"), reason="NumPy has it since 2.5")
def test_polyvalnd_is_of_any_number_of_dimensions():
    x, y, z = variable([0.5, 2.0]), variable([1.0, 3.0]), variable([-1.0, 0.25])
    c = variable(np.arange(12.0).reshape(2, 3, 2))
    found = np.polynomial.polynomial.polyvalnd([x, y, z], c)
    np.testing.assert_allclose(plain(found.detach()), np.polynomial.polynomial.polyvalnd([plain(v.detach()) for v in (x, y, z)],
                                                                                         plain(c.detach())))
    autograd.gradcheck(lambda *v: np.polynomial.polynomial.polyvalnd(v[:3], v[3]), (x, y, z, c))
    with pytest.raises(ValueError, match=r"^ordinates are incompatible"):
        np.polynomial.polynomial.polyvalnd([x, y, z, z[:1]], c)
