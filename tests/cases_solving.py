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
    """linalg.solve, with its rule of vectors."""
    if y.ndim == 1 or (x.ndim - 1 == y.ndim and y.shape == x.shape[:-1]):
        return np.linalg.solve(x, y[..., None])[..., 0]
    return of_matrices(x, y, left)


def of_matrices(x, y, left=True):
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


def lu_in_steps(x):
    """(P, L, U) by elimination with partial pivoting, of one matrix or a batch."""
    if x.ndim > 2:
        parts = [lu_in_steps(one) for one in x]
        return tuple(np.stack(part) for part in zip(*parts))
    m, n = x.shape
    k = min(m, n)
    upper, lower, order = x.copy(), np.zeros((m, k), x.dtype), np.arange(m)
    for i in range(k):
        best = i + np.argmax(abs(upper[i:, i]))
        for array in (upper, lower, order):
            array[[i, best]] = array[[best, i]]
        lower[i:, i] = upper[i:, i] / upper[i, i]
        upper[i + 1:] -= np.outer(lower[i + 1:, i], upper[i])
    return np.eye(m)[order].T, lower, np.triu(upper[:k])


def packed(x):
    if not x.size:
        return x
    _, lower, upper = lu_in_steps(x)
    m, n = x.shape[-2:]
    out = np.zeros_like(x)
    out[..., :min(m, n)] += np.tril(lower, -1)
    out[..., :min(m, n), :] += upper
    return out


def packed_op(x):
    factors = Factors()
    pivots = OPS.apply("lu_pivots", (x,), (factors,))
    return OPS.apply("lu_packed", (x, pivots.reshape(*pivots.shape, 1)), ("", factors))


def lower_factor(x, numpy=True):
    """A lower triangle with a large diagonal, in a matrix whose other triangle is not read."""
    return regular(x, numpy)


def by_factor(x, y, upper=False):
    x = triangle(x, upper)
    return np.linalg.solve(transposed(x) @ x if upper else x @ transposed(x), y)


def lu_solved(x, y, left, adjoint):
    return of_matrices(transposed(x) if adjoint else x, y, left)


def exponential(x):
    """By Taylor's series of what is halved eight times."""
    x = x / 256
    term = out = np.broadcast_to(np.eye(x.shape[-1]), x.shape)
    for i in range(1, 20):
        term = term @ x / i
        out = out + term
    for _ in range(8):
        out = out @ out
    return out


def along(x, y):
    """The derivative of the exponential, by a complex step."""
    return exponential(x + 1e-20j * y).imag / 1e-20


def nearest(x, y):
    """Least squares of full rank, by normal equations."""
    return np.linalg.solve(transposed(x) @ x, transposed(x) @ y) if x.shape[-2] >= x.shape[-1] else (
        transposed(x) @ np.linalg.solve(x @ transposed(x), y))


def oblong(x, numpy=True):
    """A matrix of full rank made of any."""
    eye = 3 * np.eye(*x.shape[-2:])
    return x + (eye if numpy else autodiff.tensor(eye, dtype=x.dtype))


OBLONG = ((2, 2), (3, 2), (2, 3), (3, 3), (2, 2, 2), (2, 3, 2), (1, 1), (0, 2), (2, 0), (0, 2, 2))

SQUARE = ((2, 2), (1, 1), (3, 3), (2, 2, 2), (0, 0), (0, 2, 2))

INDEFINITE = np.array([[0.0, 1.0, 3.0], [1.0, 5.0, 0.0], [3.0, 0.0, 1.0]])
#: What makes tensors invertible, by how many dimensions stand for rows.
LARGE = {1: autodiff.tensor(3 * np.eye(2).reshape(2, 2, 1)), 2: autodiff.tensor(3 * np.eye(2).reshape(1, 2, 2))}
#: Whose singular values are 3 and 2.
SPREAD = autodiff.tensor([[0.0, 3.0], [2.0, 0.0], [0.0, 0.0]])
#: Factors and pivots in one, and the matrix.
LDL = (autodiff.cat([v.reshape(3, -1).double() for v in linalg.ldl_factor(autodiff.tensor(INDEFINITE))], 1), INDEFINITE)

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
    "lu_packed": [(f"{shape}", packed_op, packed, [shape]) for shape in (*OBLONG, (9, 9))],
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
    "linalg_solve_triangular": [
        of(regular, f"{upper} {left} {unit} {a} {b}", linalg.solve_triangular,
           lambda x, y, upper=upper, left=left, unit=unit: of_matrices(triangle(x, upper, unit), y, left), a, b,
           upper=upper, left=left, unitriangular=unit)
        for upper in (False, True) for left in (False, True) for unit in (False, True)
        for a, b in (((2, 2), (2, 2)), ((2, 2, 2), (2, 2)))],
    "triangular_solve": [
        of(regular, f"{upper} {turned}", lambda x, y, upper=upper, turned=turned: y.triangular_solve(x, upper, turned)[0],
           lambda x, y, upper=upper, turned=turned: np.linalg.solve(
               transposed(triangle(x, upper)) if turned else triangle(x, upper), y), (2, 2), (2, 1))
        for upper in (False, True) for turned in (False, True)]
    + [("copy", lambda x: autodiff.triangular_solve(autodiff.ones(2, 2, 1, dtype=x.dtype), x).cloned_coefficient,
        lambda x: np.stack([x, x]), [(2, 2)])],
    "linalg_lu_factor": [of(regular, f"{shape}", lambda x: linalg.lu_factor(x).LU, packed, shape)
                         for shape in ((2, 2), (3, 3), (2, 2, 2))],
    "linalg_lu_factor_ex": [(f"{shape}", lambda x: linalg.lu_factor_ex(x)[0], packed, [shape])
                            for shape in ((2, 2), (2, 2, 3), (3, 2))],
    "linalg_lu": [(f"{part} {shape}", lambda x, part=part: linalg.lu(x)[part],
                   lambda x, part=part: lu_in_steps(x)[part], [shape])
                  for part in (1, 2) for shape in ((2, 2), (3, 2), (2, 2, 3))],
    "lu": [("method", lambda x: x.lu()[0], packed, [(2, 2)]),
           ("infos", lambda x: autodiff.lu(x, get_infos=True)[0], packed, [(2, 3, 3)])],
    "lu_unpack": [(f"{part} {shape}", lambda x, part=part: autodiff.lu_unpack(*x.lu())[part],
                   lambda x, part=part: lu_in_steps(x)[part], [shape])
                  for part in (1, 2) for shape in ((2, 2), (3, 2), (2, 2, 3))],
    "linalg_lu_solve": [
        of(regular, f"{left} {adjoint} {a} {b}",
           lambda x, y, left=left, adjoint=adjoint: linalg.lu_solve(*linalg.lu_factor(x), y, left=left, adjoint=adjoint),
           lambda x, y, left=left, adjoint=adjoint: lu_solved(x, y, left, adjoint), a, b)
        for left in (False, True) for adjoint in (False, True)
        for a, b in (((2, 2), (2, 2)), ((2, 2, 2), (2, 2)), ((2, 2), (2, 2, 2)))],
    "lu_solve": [of(regular, "method", lambda x, y: y.lu_solve(*x.lu()), np.linalg.solve, (2, 2), (2, 1))],
    "ldl_solution": [("right-hand side", lambda y: OPS.apply("ldl_solution", (LDL[0].to(y.dtype), y), (False,)),
                      lambda y: np.linalg.solve(LDL[1], y), [shape]) for shape in ((3, 2), (2, 3, 1))],
    "matrix_exp_matrix": [(f"{shape}", lambda x: OPS.apply("matrix_exp_matrix", (x,), ()), exponential, [shape])
                          for shape in SQUARE]
    + [("scaled", lambda x: OPS.apply("matrix_exp_matrix", (4 * x,), ()) / 100, lambda x: exponential(4 * x) / 100, [(2, 2)])],
    "matrix_exp_along": [(f"{shapes}", lambda x, y: OPS.apply("matrix_exp_along", (x, y), ()), along, list(shapes))
                         for shapes in (((2, 2), (2, 2)), ((2, 2, 2), (2, 2, 2)), ((0, 0), (0, 0)))],
    "linalg_matrix_exp": [(f"{shape}", linalg.matrix_exp, exponential, [shape]) for shape in ((2, 2), (2, 3, 3))],
    "matrix_exp": [("method", lambda x: x.matrix_exp(), exponential, [(2, 2)])],
    "linalg_matrix_power": [of(regular, f"{n}", lambda x, n=n: linalg.matrix_power(x, n),
                               lambda x, n=n: np.linalg.matrix_power(x, n), (2, 2)) for n in (-2, -1, 0, 1, 3)],
    "linalg_tensorinv": [(f"{ind}", lambda x, ind=ind: linalg.tensorinv(x + LARGE[ind].to(x.dtype), ind),
                          lambda x, ind=ind: np.linalg.tensorinv(x + LARGE[ind].numpy(), ind), [tuple(LARGE[ind].shape)])
                         for ind in (1, 2)],
    "linalg_tensorsolve": [("plain", lambda x, y: linalg.tensorsolve(x + LARGE[2].to(x.dtype), y),
                            lambda x, y: np.linalg.tensorsolve(x + LARGE[2].numpy(), y), [(1, 2, 2), (1, 2)]),
                           ("dims", lambda x, y: linalg.tensorsolve(x + LARGE[1].to(x.dtype), y, (1,)),
                            lambda x, y: np.linalg.tensorsolve(x + LARGE[1].numpy(), y, (1,)), [(2, 2, 1), (2, 1)])],
    "least_squares": [inner("least_squares", (1e-15, ""), nearest, a, b, made=oblong)
                      for a, b in (((2, 2), (2, 2)), ((3, 2), (3, 2)), ((2, 3), (2, 1)), ((2, 3, 2), (3, 1)),
                                   ((3, 2), (2, 3, 1)), ((2, 0), (2, 1)))],
    "least_squares_part": [("along", lambda y: OPS.apply("least_squares_part", (SPREAD.to(y.dtype), y), ()),
                            lambda y: np.stack([y[0, 1], y[1, 0]])[:, None], [(3, 2)])],
    "least_squares_slope": [("one", lambda y: OPS.apply("least_squares_slope", (SPREAD[:1, 1:].to(y.dtype), y), ()),
                             lambda y: y * 1, [(1, 1)]),
                            ("weights", lambda y: OPS.apply("least_squares_slope", (SPREAD.to(y.dtype), y), ()),
                             lambda y: np.array([[0, y[0, 0]], [y[1, 0], 0], [0, 0]]), [(2, 1)])],
    "linalg_lstsq": [of(oblong, f"{a} {b}", lambda x, y: linalg.lstsq(x, y).solution, nearest, a, b)
                     for a, b in (((3, 2), (3, 2)), ((2, 3), (2, 1)), ((2, 3, 2), (2, 3, 1)))]
    + [of(oblong, "vector", lambda x, y: linalg.lstsq(x, y, driver="gels")[0], nearest, (3, 2), (3,)),
       of(oblong, "residuals", lambda x, y: linalg.lstsq(x, y, driver="gelsd").residuals,
          lambda x, y: ((x @ nearest(x, y) - y) ** 2).sum(-2), (3, 2), (3, 2))],
    "linalg_matmul": [("matrices", linalg.matmul, np.matmul, [(2, 3), (3, 2)])],
    "linalg_multi_dot": [(f"{shapes}", lambda *xs: linalg.multi_dot(xs), lambda *xs: np.linalg.multi_dot(xs), list(shapes))
                         for shapes in (((2, 3), (3, 1), (1, 2)), ((2,), (2, 3), (3,)), ((2, 3), (3,)),
                                        ((2,), (2, 3), (3, 1)))],
    "linalg_cross": [("last", linalg.cross, lambda x, y: np.linalg.cross(x, y), [(2, 3), (2, 3)]),
                     ("dim", lambda x, y: linalg.cross(x, y, dim=0), lambda x, y: np.linalg.cross(x, y, axis=0),
                      [(3, 2), (3, 2)])],
    "linalg_vecdot": [("last", linalg.vecdot, np.vecdot, [(2, 3), (3,)]), ("vectors", linalg.vecdot, np.vecdot, [(3,), (3,)]),
                      ("dim", lambda x, y: linalg.vecdot(x, y, dim=0), lambda x, y: (x * y).sum(0), [(3, 2), (3, 2)])],
    "linalg_diagonal": [("plain", lambda x: linalg.diagonal(x) * 1, lambda x: np.diagonal(x, 0, -2, -1), [(2, 3, 2)]),
                        ("offset", lambda x: linalg.diagonal(x, offset=1, dim1=0, dim2=1) * 1, lambda x: np.diagonal(x, 1),
                         [(2, 3, 2)])],
    "linalg_vander": [(f"{N} {shape}", lambda x, N=N: linalg.vander(x, N=N),
                       lambda x, N=N: x[..., None] ** np.arange(x.shape[-1] if N is None else N), [shape])
                      for N in (None, 2, 4) for shape in ((3,), (2, 2))],
    "vander": [("plain", autodiff.vander, np.vander, [(3,)]),
               ("increasing", lambda x: autodiff.vander(x, 2, increasing=True), lambda x: np.vander(x, 2, True), [(3,)]),
               ("one", lambda x: autodiff.vander(x, 1) + 0 * x[:, None], lambda x: np.vander(x, 1), [(3,)])],
    "linalg_ldl_solve": [("right-hand side",
                          lambda y: linalg.ldl_solve(*linalg.ldl_factor(autodiff.tensor(LDL[1]).to(y.dtype)), y),
                          lambda y: np.linalg.solve(LDL[1], y), [shape]) for shape in ((3, 2), (2, 3, 1))],
    "cholesky_solve": [of(lower_factor, f"{upper} {a} {b}", lambda x, y, upper=upper: y.cholesky_solve(x, upper),
                          lambda x, y, upper=upper: by_factor(x, y, upper), a, b)
                       for upper in (False, True) for a, b in (((2, 2), (2, 1)), ((2, 2, 2), (2, 1)))],
    "cholesky_inverse": [of(lower_factor, f"{upper}", lambda x, upper=upper: x.cholesky_inverse(upper),
                            lambda x, upper=upper: by_factor(x, np.eye(2), upper), (2, 2)) for upper in (False, True)],
    "linalg_cholesky": [of(positive, f"{shape}", linalg.cholesky, np.linalg.cholesky, shape) for shape in SQUARE]
    + [of(positive, "upper", linalg.cholesky, upper_factor, (2, 2, 2), upper=True)],
    "linalg_cholesky_ex": [of(positive, "L", lambda x: linalg.cholesky_ex(x).L, np.linalg.cholesky, (2, 2)),
                           of(positive, "upper", lambda x: linalg.cholesky_ex(x, upper=True)[0], upper_factor, (2, 2))],
    "cholesky": [of(positive, "method", lambda x: x.cholesky(), np.linalg.cholesky, (2, 2)),
                 of(positive, "upper", autodiff.cholesky, upper_factor, (3, 3), upper=True)],
}

SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 1.0, 1.0]])
PIVOTS = np.array([[3, 2, 3], [1, 3, 3]], np.int32)
LDL_PIVOTS = np.array([-3, -3, 3], np.int32)


def ordered(pivots, inverse):
    order = np.arange(9)
    for i, other in enumerate(pivots):
        order[[i, other - 1]] = order[[other - 1, i]]
    return np.argsort(order) if inverse else order


VALUES = {
    "least_squares_values": [("one", lambda x: OPS.apply("least_squares_values", (x,), ()).round(decimals=9),
                              lambda x: np.array([3.0, 2.0]), [SPREAD.numpy()])],
    "least_squares_rank": [("batch", lambda x: OPS.apply("least_squares_rank", (x,), (1e-14,)), lambda x: np.array([2, 1, 0]),
                            [np.array([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])])],
    "lu_pivots": [("batch", lambda x: OPS.apply("lu_pivots", (x,), (Factors(),)),
                   lambda x: np.array([[2, 2], [1, 2]], np.int32),
                   [np.array([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [1.0, 2.0]]])])],
    "pivot_order": [(f"{inverse}", lambda x, inverse=inverse: OPS.apply("pivot_order", (x,), (9, inverse, "lu_solve")),
                     lambda x, inverse=inverse: np.stack([ordered(one, inverse) for one in x]), [PIVOTS])
                    for inverse in (False, True)],
    "pivot_matrix": [("batch", lambda x: OPS.apply("pivot_matrix", (x,), (9, np.dtype("float32"))),
                      lambda x: np.stack([np.eye(9, dtype=np.float32)[ordered(one, True)] for one in x]), [PIVOTS])],
    "ldl_packed": [("one", lambda x: OPS.apply("ldl_packed", (x,), (False, "", Factors())),
                    lambda x: np.array([[0.0, 0.0, 0.0], [3.0, 1.0, 0.0], [-1 / 9, 1 / 3, 46 / 9]]), [INDEFINITE])],
    "ldl_pivots": [("one", lambda x: OPS.apply("ldl_pivots", (x,), (False, Factors())), lambda x: LDL_PIVOTS, [INDEFINITE])],
    "ldl_info": [("batch", lambda x: OPS.apply("ldl_info", (x,), (False, Factors())), lambda x: np.array([0, 1], np.int32),
                  [np.stack([INDEFINITE, 0 * INDEFINITE])])],
    "linalg_ldl_factor": [("LD", lambda x: linalg.ldl_factor(x).LD, lambda x: np.array([[2.0, 0.0], [0.5, 2.5]]),
                           [np.array([[2.0, 1.0], [1.0, 3.0]])])],
    "linalg_ldl_factor_ex": [("pivots", lambda x: linalg.ldl_factor_ex(x).pivots, lambda x: LDL_PIVOTS, [INDEFINITE])],
    "lu_info": [("batch", lambda x: OPS.apply("lu_info", (x,), (Factors(),)), lambda x: np.array([0, 3, 1], np.int32),
                 [np.stack([np.eye(3), SINGULAR, 0 * SINGULAR])]),
                ("empty", lambda x: OPS.apply("lu_info", (x,), (Factors(),)), lambda x: np.zeros(2, np.int32),
                 [np.zeros((2, 0, 0))])],
    "cholesky_info": [("batch", lambda x: OPS.apply("cholesky_info", (x,), ()), lambda x: np.array([0, 3, 1], np.int32),
                       [np.stack([np.eye(3), np.diag([1.0, 1.0, -1.0]), -np.eye(3)])])],
}
