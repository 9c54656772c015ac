"""Linear algebra: linear systems, inverses, determinants, factorisations, functions of matrices."""
import numpy as np

import autodiff
from autodiff import linalg
from autodiff._variable import OPS
from autodiff.helpers.solving import Factors


def regular(x, numpy=True):
    """A matrix made of any: the diagonal is large."""
    eye = 3 * np.eye(x.shape[-1])
    return x + (eye if numpy else autodiff.tensor(eye, dtype=x.dtype))


def positive(x, numpy=True):
    """A symmetric positive-definite matrix made of any."""
    eye = np.eye(x.shape[-1])
    product = x @ (np.swapaxes(x, -1, -2) if numpy else x.mT)
    return product + (eye if numpy else autodiff.tensor(eye, dtype=x.dtype))


def of(made, name, function, reference, *shapes, **keywords):
    """A case of a function of a matrix that is made regular or positive-definite, and of other operands."""
    return (name, lambda x, *rest: function(made(x, False), *rest, **keywords), lambda x, *rest: reference(made(x), *rest),
            list(shapes))


def solved(x, y, left=True):
    """numpy.linalg.solve by PyTorch's rule of vectors."""
    if y.ndim == 1 or (x.ndim - 1 == y.ndim and y.shape == x.shape[:-1]):
        return np.linalg.solve(x, y[..., None])[..., 0]
    if left:
        return np.linalg.solve(x, y)
    return np.swapaxes(np.linalg.solve(np.swapaxes(x, -1, -2), np.swapaxes(y, -1, -2)), -1, -2)


def upper_factor(x):
    return np.swapaxes(np.linalg.cholesky(x), -1, -2)


def inner(name, params, reference, *shapes, made=regular):
    """A case of an op that only other rows apply."""
    return (f"{params} {shapes}", lambda x, *rest: OPS.apply(name, (made(x, False), *rest), params),
            lambda x, *rest: reference(made(x), *rest), list(shapes))


def transposed(x):
    return np.swapaxes(x, -1, -2)


def cofactors(x):
    """By the determinants of minors."""
    n = x.shape[-1]
    out = np.empty_like(x)
    for i in range(n):
        for j in range(n):
            out[..., i, j] = (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x, i, -2), j, -1))
    return out


def slope_of_cofactors(x, y):
    """By a complex step, which has no rounding."""
    return cofactors(x + 1e-20j * y).imag / 1e-20


def triangle(x, upper, unit=False):
    x = np.triu(x) if upper else np.tril(x)
    return x - np.eye(x.shape[-1]) * x + np.eye(x.shape[-1]) if unit else x


def turned_solve(turned, factors, *shapes):
    def reference(x, y):
        return np.linalg.solve(transposed(x) if turned else x, y)

    return inner("solve_matrix", (turned, "", factors), reference, *shapes)


def triangular(upper, turned, unit, *shapes):
    def reference(x, y):
        x = triangle(x, upper, unit)
        return np.linalg.solve(transposed(x) if turned else x, y)

    return inner("triangular_matrix", (upper, turned, unit), reference, *shapes)


SQUARE = ((2, 2), (1, 1), (3, 3), (2, 2, 2), (0, 0), (0, 2, 2))

CASES = {
    "solve_matrix": [turned_solve(turned, None, a, b) for turned in (False, True)
                     for a, b in (((2, 2), (2, 2)), ((2, 2, 2), (2, 2, 1)), ((2, 2), (3, 2, 1)), ((3, 2, 2), (2, 1)),
                                  ((1, 2, 2), (3, 2, 1)))]
    + [turned_solve(turned, Factors(), a, b) for turned in (False, True)
       for a, b in (((9, 9), (9, 2)), ((9, 9), (2, 9, 1)), ((2, 9, 9), (2, 9, 1)), ((2, 9, 9), (9, 1)))],
    "inverse_matrix": [inner("inverse_matrix", ("", False), np.linalg.inv, (2, 2))],
    "determinant": [inner("determinant", (), np.linalg.det, (2, 2))],
    "cofactor_matrix": [inner("cofactor_matrix", (), cofactors, (n, n)) for n in (2, 3, 4)]
    + [inner("cofactor_matrix", (), cofactors, (2, 4, 4))],
    "cofactor_slope": [inner("cofactor_slope", (), slope_of_cofactors, (n, n), (n, n)) for n in (2, 3, 4)]
    + [inner("cofactor_slope", (), slope_of_cofactors, (2, 3, 3), (2, 3, 3))],
    "det_sign": [inner("det_sign", (Factors(),), lambda x: np.linalg.slogdet(x)[0], (2, 2))],
    "det_logarithm": [inner("det_logarithm", (Factors(),), lambda x: np.linalg.slogdet(x)[1], (2, 2))],
    "cholesky_factor": [inner("cholesky_factor", (read, ""), np.linalg.cholesky, (2, 2), made=positive)
                        for read in (False, True)]
    + [inner("cholesky_factor", (True, ""), np.linalg.cholesky, (3, 3))],
    "triangular_matrix": [triangular(upper, turned, unit, *shapes) for upper in (False, True) for turned in (False, True)
                          for unit in (False, True) for shapes in (((2, 2), (2, 2)), ((2, 2, 2), (2, 2, 1)))]
    + [triangular(upper, turned, False, *shapes) for upper in (False, True) for turned in (False, True)
       for shapes in (((3, 3), (2, 3, 1)), ((2, 3, 3), (3, 1)), ((9, 9), (9, 1)), ((2, 9, 9), (2, 9, 2)), ((0, 0), (0, 2)))],
    "linalg_solve": [of(regular, f"{a} {b}", linalg.solve, solved, a, b)
                     for a, b in (((2, 2), (2,)), ((3, 3), (3, 2)), ((2, 2, 2), (2, 2)), ((2, 2), (3, 2, 1)), ((0, 0), (0,)),
                                  ((2, 2, 2), (2, 1)), ((3, 1, 2, 2), (2, 2, 1)), ((9, 9), (9,)), ((2, 2), (2, 0)))]
    + [of(regular, "right", linalg.solve, lambda x, y: solved(x, y, False), (2, 2), (3, 2), left=False),
       of(regular, "right, broadcast", linalg.solve, lambda x, y: solved(x, y, False), (2, 2, 2), (3, 2), left=False)],
    "linalg_solve_ex": [of(regular, "result", lambda x, y: linalg.solve_ex(x, y).result, solved, (2, 2), (2, 1)),
                        of(regular, "right", lambda x, y: linalg.solve_ex(x, y, left=False)[0],
                           lambda x, y: solved(x, y, False), (2, 2), (1, 2))],
    "linalg_inv": [of(regular, f"{shape}", linalg.inv, np.linalg.inv, shape) for shape in SQUARE],
    "linalg_inv_ex": [of(regular, "inverse", lambda x: linalg.inv_ex(x).inverse, np.linalg.inv, (2, 2))],
    "inverse": [of(regular, "method", lambda x: x.inverse(), np.linalg.inv, (2, 2)),
                of(regular, "function", autodiff.inverse, np.linalg.inv, (2, 2, 2))],
    "linalg_det": [(f"{shape}", linalg.det, np.linalg.det, [shape]) for shape in (*SQUARE, (4, 4))],
    "det": [("method", lambda x: x.det(), np.linalg.det, [(2, 2)]), ("function", autodiff.det, np.linalg.det, [(2, 3, 3)])],
    "linalg_slogdet": [of(regular, f"{shape}", lambda x: linalg.slogdet(x).logabsdet,
                          lambda x: np.linalg.slogdet(x).logabsdet, shape) for shape in SQUARE]
    + [of(regular, "sign", lambda x: linalg.slogdet(x)[0], lambda x: np.linalg.slogdet(x)[0], (2, 2))],
    "slogdet": [of(regular, "method", lambda x: x.slogdet().logabsdet, lambda x: np.linalg.slogdet(x)[1], (2, 2))],
    "logdet": [of(positive, f"{shape}", autodiff.logdet, lambda x: np.linalg.slogdet(x)[1], shape)
               for shape in ((2, 2), (2, 2, 2), (0, 0))],
    "linalg_cholesky": [of(positive, f"{shape}", linalg.cholesky, np.linalg.cholesky, shape) for shape in SQUARE]
    + [of(positive, "upper", linalg.cholesky, upper_factor, (2, 2, 2), upper=True)],
    "linalg_cholesky_ex": [of(positive, "L", lambda x: linalg.cholesky_ex(x).L, np.linalg.cholesky, (2, 2)),
                           of(positive, "upper", lambda x: linalg.cholesky_ex(x, upper=True)[0], upper_factor, (2, 2))],
    "cholesky": [of(positive, "method", lambda x: x.cholesky(), np.linalg.cholesky, (2, 2)),
                 of(positive, "upper", autodiff.cholesky, upper_factor, (3, 3), upper=True)],
}

SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 1.0, 1.0]])
VALUES = {
    "lu_info": [("batch", lambda x: OPS.apply("lu_info", (x,), ()), lambda x: np.array([0, 3, 1], np.int32),
                 [np.stack([np.eye(3), SINGULAR, 0 * SINGULAR])]),
                ("empty", lambda x: OPS.apply("lu_info", (x,), ()), lambda x: np.zeros(2, np.int32), [np.zeros((2, 0, 0))])],
    "cholesky_info": [("batch", lambda x: OPS.apply("cholesky_info", (x,), ()), lambda x: np.array([0, 3, 1], np.int32),
                       [np.stack([np.eye(3), np.diag([1.0, 1.0, -1.0]), -np.eye(3)])])],
}
