"""Polynomials by their coefficients, the highest power first; least squares by polynomials."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ._dispatch import composite, values_of
from ._operands import inexact, is_variable, operand


def _coefficients(value: Any) -> Any:
    """As an array; of a np.poly1d, which holds plain numbers, its coefficients."""
    return np.atleast_1d(operand(value.coeffs if isinstance(value, np.poly1d) else value))


# ---- arithmetic

@composite("poly")
def poly(seq_of_zeros: Any) -> Any:
    zeros = inexact(np.atleast_1d(operand(seq_of_zeros)))
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] != 0:
        raise NotImplementedError("np.poly() of a matrix needs its eigenvalues, of which autodiff has no derivative; it takes "
                                  "zeros in one dimension")
    if zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    one = np.ones(1, np.dtype(zeros.dtype))
    none = np.zeros(1, np.dtype(zeros.dtype))
    result = one
    for i in range(len(zeros)):
        result = np.concatenate([result, none]) - np.concatenate([none, result]) * zeros[i]
    if np.dtype(result.dtype).kind == "c":
        values = np.asarray(values_of(zeros), complex)
        if np.all(np.sort(values) == np.sort(values.conjugate())):
            result = np.real(result).copy()
    return result


def _sum(a1: Any, a2: Any, sign: int) -> Any:
    a1, a2 = _coefficients(a1), _coefficients(a2)
    missing = len(a2) - len(a1)
    if missing > 0:
        a1 = np.concatenate((np.zeros(missing, np.dtype(a1.dtype)), a1))
    elif missing < 0:
        a2 = np.concatenate((np.zeros(-missing, np.dtype(a2.dtype)), a2))
    return a1 + a2 if sign > 0 else a1 - a2


@composite("polyadd")
def polyadd(a1: Any, a2: Any) -> Any:
    return _sum(a1, a2, 1)


@composite("polysub")
def polysub(a1: Any, a2: Any) -> Any:
    return _sum(a1, a2, -1)


@composite("polymul")
def polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(_coefficients(a1), _coefficients(a2))


@composite("polydiv")
def polydiv(u: Any, v: Any) -> Any:
    """The remainder loses leading coefficients that are 0 up to rounding, as NumPy's; so many are left as values say."""
    u, v = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    dtype = np.result_type(np.dtype(u.dtype), np.dtype(v.dtype))
    m, n = len(u) - 1, len(v) - 1
    scale = 1.0 / v[0]
    rest, quotient = u.astype(dtype), []
    for k in range(m - n + 1):
        factor = scale * rest[k]
        quotient.append(factor)
        rest = np.concatenate([rest[:k], rest[k:k + n + 1] - factor * v, rest[k + n + 1:]])
    ratio = np.stack([np.asarray(q) if not is_variable(q) else q for q in quotient]) if quotient else np.zeros(1, dtype)
    values, first = np.asarray(values_of(rest)), 0
    while first < len(values) - 1 and np.allclose(values[first], 0, rtol=1e-14):
        first += 1
    return ratio, rest[first:]


@composite("polyder")
def polyder(p: Any, m: int = 1) -> Any:
    m = int(m)
    p = _coefficients(p)
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    for _ in range(m):
        n = len(p) - 1
        p = p[:-1] * np.arange(n, 0, -1)
    return p


@composite("polyint")
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    m = int(m)
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    constants = np.atleast_1d(operand(np.zeros(m) if k is None else k))
    if len(constants) == 1 and m > 1:
        constants = np.repeat(constants, m)
    if len(constants) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    p = _coefficients(p)
    for i in range(m):
        p = np.concatenate((p / np.arange(len(p), 0, -1), constants[i:i + 1]))
    return p


@composite("polyval")
def polyval(p: Any, x: Any) -> Any:
    """By Horner's rule."""
    if isinstance(x, np.poly1d):
        raise NotImplementedError("np.polyval() of Variables does not take a np.poly1d for x")
    p, x = p.coeffs if isinstance(p, np.poly1d) else operand(p), operand(x)
    if p.ndim == 0:
        raise TypeError("iteration over a 0-d array")
    y = np.zeros(x.shape, np.dtype(x.dtype))
    for i in range(len(p)):
        y = y * x + p[i]
    return y


# ---- zeros

@composite("roots")
def roots(p: Any) -> Any:
    """NumPy's zeros, and a step of Newton's method for each order of the derivative.

    Newton's method squares the distance from a simple zero, and with it what lacks in the derivatives: they are right up to
    the orders 1, 3, 7 after so many steps.  A multiple zero has no derivative: there they are infinite or NaN.
    """
    p = _coefficients(p)
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    found = np.roots(values_of(p))
    if not len(found):
        return found
    n = len(p) - 1
    for _ in range(3):
        value, slope = p[0] * 1.0, 0.0
        for i in range(1, n + 1):
            slope = slope * found + value
            value = value * found + p[i]
        found = found - value / slope
    return found


# ---- least squares

@composite("polyfit")
def polyfit(x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    x, y = operand(x) + 0.0, operand(y) + 0.0
    w = None if w is None else operand(w) + 0.0
    order = int(deg) + 1
    if deg < 0:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if len(x) == 0:
        raise TypeError("expected non-empty vector for x")
    if y.ndim < 1 or y.ndim > 2:
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")
    if w is not None and w.ndim != 1:
        raise TypeError("expected a 1-d array for weights")
    if w is not None and w.shape[0] != y.shape[0]:
        raise TypeError("expected w and y to have the same length")
    if rcond is None:
        rcond = len(x) * np.finfo(np.dtype(x.dtype)).eps
    matrix, right = _powers(x, order), y
    if w is not None:
        matrix = matrix * w[:, np.newaxis]
        right = right * (w[:, np.newaxis] if y.ndim == 2 else w)
    scale = np.sqrt(np.sum(np.square(values_of(matrix)), axis=0))
    scale[scale == 0] = 1
    matrix = matrix / scale
    plain = values_of(matrix)
    left, singular, turned = np.linalg.svd(plain, full_matrices=False)
    rank = int(np.sum(singular > rcond * singular[0]))
    if rank != order and not full:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=3)
    if not is_variable(matrix):
        inverse = (turned[:rank].T / singular[:rank]) @ left[:, :rank].T
        solution = np.matmul(inverse, right)
    elif rank == order:
        if full:
            raise NotImplementedError("np.polyfit(..., full=True) of points whose derivative is wanted returns singular "
                                      "values, of which autodiff has none: leave full=True away, or give x.detach()")
        solution = _least_squares(matrix, right, left, singular, turned)
    else:
        raise np.linalg.LinAlgError("np.polyfit() of points whose derivative is wanted needs as many different points as "
                                    "coefficients: the matrix is singular")
    coefficients = (solution.T / scale).T
    residuals = np.zeros(0)
    if rank == order and len(x) > order:
        residuals = np.atleast_1d(np.sum(np.square(np.abs(right - np.matmul(matrix, solution))), axis=0))
    if full:
        return coefficients, residuals, rank, singular, rcond
    if not cov:
        return coefficients
    if not is_variable(matrix):
        base = (turned.T / np.square(singular)) @ turned
    else:
        base = _inverse_of_products(matrix, singular, turned)
    base = base / np.outer(scale, scale)
    factor: Any
    if isinstance(cov, str) and cov == "unscaled":
        factor = 1
    else:
        if len(x) <= order:
            raise ValueError("the number of data points must exceed order to scale the covariance matrix")
        factor = residuals / (len(x) - order)
    return coefficients, base * factor if y.ndim == 1 else base[:, :, np.newaxis] * factor


def _powers(x: Any, order: int) -> Any:
    """The Vandermonde matrix."""
    columns = [np.ones(len(x), np.dtype(x.dtype))]
    for _ in range(order - 1):
        columns.append(columns[-1] * x)
    return np.stack(columns[::-1], axis=1)


def _least_squares(matrix: Any, right: Any, left: Any, singular: Any, turned: Any) -> Any:
    """The solution of least squares in a matrix that has a derivative.

    By the normal equations in the basis that makes the columns orthonormal: of the values they are the unit matrix, so that
    nothing is lost by squaring the condition.  What they solve for is the distance from the solution of the values, which is
    0; its derivatives, of every order, are the solution's.
    """
    start = (turned.T / singular) @ (left.T @ values_of(right))
    basis = turned.T / singular
    columns = np.matmul(matrix, basis)
    turned_columns = columns.T
    step = _solved(np.matmul(turned_columns, columns), np.matmul(turned_columns, right - np.matmul(matrix, start)))
    return start + np.matmul(basis, step)


def _inverse_of_products(matrix: Any, singular: Any, turned: Any) -> Any:
    """The inverse of matrix.T @ matrix, in the same basis."""
    basis = turned.T / singular
    columns = np.matmul(matrix, basis)
    inner = _solved(np.matmul(columns.T, columns), np.eye(len(singular)))
    return np.matmul(np.matmul(basis, inner), basis.T)


def _solved(matrix: Any, right: Any) -> Any:
    """By elimination, of a matrix near the unit matrix, which needs no other order of its rows."""
    vector = right.ndim == 1
    rows = np.concatenate([matrix, right[:, np.newaxis] if vector else right], axis=1)
    n = matrix.shape[0]
    for k in range(n):
        pivot = rows[k] / rows[k, k]
        others = np.concatenate([rows[:k, k], np.zeros(1), rows[k + 1:, k]])
        unit = np.zeros((n, 1), bool)
        unit[k] = True
        rows = np.where(unit, pivot, rows - np.outer(others, pivot))
    solution = rows[:, n:]
    return solution[:, 0] if vector else solution




# ---- numpy.polynomial.polynomial: the lowest power first, further dimensions of coefficients are further polynomials

def _by_powers(x: Any, c: Any, tensor: bool) -> Any:
    """Horner's rule, along the first dimension of c."""
    if tensor:
        c = np.reshape(c, (*c.shape, *[1] * x.ndim))
    total = c[-1] + x * 0
    for i in range(2, len(c) + 1):
        total = c[-i] + total * x
    return total


@composite("polynomial.polynomial.polyval2d")
def polyval2d(x: Any, y: Any, c: Any) -> Any:
    return _at_points((x, y), c)


@composite("polynomial.polynomial.polyvalnd")
def polyvalnd(pts: Any, c: Any) -> Any:
    return _at_points(tuple(pts), c)


def _at_points(points: Any, c: Any) -> Any:
    """The value at points that are given by one array for each dimension."""
    points = [inexact(operand(x)) for x in points]
    if any(tuple(x.shape) != tuple(points[0].shape) for x in points):
        raise ValueError({2: "x, y", 3: "x, y, z"}.get(len(points), "ordinates") + " are incompatible")
    found = inexact(operand(c))
    for i, x in enumerate(points):
        found = _by_powers(x, np.atleast_1d(found), i == 0)
    return found


@composite("polynomial.polynomial.polygrid2d")
def polygrid2d(x: Any, y: Any, c: Any) -> Any:
    x, y, c = inexact(operand(x)), inexact(operand(y)), np.atleast_2d(inexact(operand(c)))
    return _by_powers(y, _by_powers(x, c, True), True)
