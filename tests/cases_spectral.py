"""Decompositions by eigenvalues and singular values, and what is made of them."""
import numpy as np

import autodiff
from autodiff import linalg
from autodiff._variable import OPS


def symmetric(x):
    return x + x.swapaxes(-1, -2)


def squares(x):
    """Signs of vectors are anybody's."""
    return x * x


def projected(x):
    """All vectors, with a function of the values: what does not depend on the signs."""
    values, vectors = linalg.eigh(symmetric(x))
    return (vectors * values.sin()[..., None, :]) @ vectors.mT


def numpy_projected(x):
    values, vectors = np.linalg.eigh(symmetric(x))
    return (vectors * np.sin(values)[..., None, :]) @ vectors.swapaxes(-1, -2)


def thin(x):
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return u, s, vh.swapaxes(-1, -2)


def rebuilt(x, full=False):
    u, s, vh = linalg.svd(x, full_matrices=full)
    k = s.shape[-1]
    return (u[..., :k] * s.exp()[..., None, :]) @ vh[..., :k, :]


def numpy_rebuilt(x):
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return (u * np.exp(s)[..., None, :]) @ vh


SQUARE = [(3, 3), (2, 2, 2), (1, 1), (0, 0), (0, 2, 2)]
#: The same, the first without rows that could be equal.
APART = [(1, 1), (3, 3), (2, 2, 2), (0, 0), (0, 2, 2)]
MATRICES = [(1, 1), (3, 3), (3, 2), (2, 3), (2, 3, 2), (0, 2), (2, 0), (0, 3, 2)]

CASES = {
    "linalg_eigh": [(f"values {s}", lambda x: linalg.eigh(symmetric(x)).eigenvalues,
                     lambda x: np.linalg.eigh(symmetric(x))[0], [s])
                    for s in SQUARE]
    + [(f"vectors {s}", lambda x: squares(linalg.eigh(symmetric(x), UPLO="U").eigenvectors),
        lambda x: squares(np.linalg.eigh(symmetric(x), "U")[1]), [s]) for s in SQUARE]
    + [(f"both {s}", projected, numpy_projected, [s]) for s in SQUARE],
    "linalg_eigvalsh": [(f"{s}", lambda x: linalg.eigvalsh(symmetric(x)), lambda x: np.linalg.eigvalsh(symmetric(x)), [s])
                        for s in SQUARE],
    "linalg_svd": [(f"{i} {s}", lambda x, i=i: squares(linalg.svd(x, full_matrices=False)[i]),
                    lambda x, i=i: squares(np.linalg.svd(x, full_matrices=False)[i]),
                    [s]) for s in MATRICES for i in range(3)]
    + [(f"all {s}", rebuilt, numpy_rebuilt, [s]) for s in MATRICES]
    + [(f"beyond {s}", lambda x: squares(linalg.svd(x)[0][..., -1]), lambda x: squares(np.linalg.svd(x)[0][..., -1]), [s])
       for s in ((3, 2), (2, 4, 3))]
    + [(f"space beyond {s}", lambda x: (lambda v: v.mT @ v)(linalg.svd(x).Vh[..., 1:, :]),
        lambda x: (lambda v: v.swapaxes(-1, -2) @ v)(np.linalg.svd(x)[2][..., 1:, :]), [s]) for s in ((1, 3), (2, 1, 4))],
    "linalg_svdvals": [(f"{s}", linalg.svdvals, lambda x: np.linalg.svd(x, compute_uv=False), [s]) for s in MATRICES],
    "svd": [(f"{i} {s}", lambda x, i=i: squares(x.svd()[i]), lambda x, i=i: squares(thin(x)[i]), [s])
            for s in ((1, 2), (3, 2), (2, 2, 3)) for i in range(3)]
    + [("values alone", lambda x: x.svd(compute_uv=False).S, lambda x: np.linalg.svd(x, compute_uv=False), [(3, 2)]),
       ("full", lambda x: squares(autodiff.svd(x, some=False).V), lambda x: squares(np.linalg.svd(x)[2].T), [(2, 2)])],
    "linalg_qr": [(f"{mode} {i} {s}", lambda x, i=i, mode=mode: linalg.qr(x, mode=mode)[i],
                   lambda x, i=i, mode=mode: np.linalg.qr(x, mode)[i], [s])
                  for s in MATRICES for mode in ("reduced",
                                                 "complete") if mode == "reduced" or s[-2] <= s[-1] for i in range(2)],
    "qr": [(f"{i} {s}", lambda x, i=i: x.qr()[i], lambda x, i=i: np.linalg.qr(x)[i], [s])
           for s in ((1, 2), (3, 2)) for i in range(2)]
    + [("some", lambda x: autodiff.qr(x, some=False).R, lambda x: np.linalg.qr(x, "complete")[1], [(2, 3)])],
    "eigh_packed": [("sums", lambda x: squares(OPS.apply("eigh_packed", (symmetric(x),), ("L", True))),
                     lambda x: np.concatenate([squares(np.linalg.eigvalsh(symmetric(x)))[..., None, :],
                                               squares(np.linalg.eigh(symmetric(x))[1])], -2), [(2, 3, 3)])],
    "svd_packed": [(f"{s}", lambda x: squares(OPS.apply("svd_packed", (x,), (False, False))),
                    lambda x: np.concatenate([squares(part).ravel() for part in np.linalg.svd(x, full_matrices=False)]),
                    [s])
                   for s in ((1, 2), (3, 2))],
    "qr_packed": [(f"{s}", lambda x: OPS.apply("qr_packed", (x,), ("reduced",)),
                   lambda x: np.concatenate([part.ravel() for part in np.linalg.qr(x)]), [s])
                  for s in ((1, 2), (3, 2))],
    "gap_reciprocals": [("gaps", lambda x: OPS.apply("gap_reciprocals", (x,), ()),
                         lambda x: (lambda d: np.where(d == 0, 0, 1 / np.where(d == 0, 1, d)))(
                             x[..., None, :] - x[..., :, None]), [(2, 3)])],
    "sum_reciprocals": [("sums", lambda x: OPS.apply("sum_reciprocals", (x * x,), ()),
                         lambda x: 1 / ((x * x)[..., None, :] + (x * x)[..., :, None]), [(2, 3)])],
    "safe_reciprocal": [("vector", lambda x: OPS.apply("safe_reciprocal", (x,), ()), lambda x: 1 / x, [(2, 3)])],
    "triangle_solve": [("one", lambda x, y: OPS.apply("triangle_solve", (x.triu() + 3 * autodiff.eye(3, dtype=x.dtype),
        y), ()),
                        lambda x, y: np.linalg.solve(np.triu(x) + 3 * np.eye(3), y), [(3, 3), (3, 2)]),
                       ("batch", lambda x, y: OPS.apply("triangle_solve", (x.triu() + 3 * autodiff.eye(2,
                           dtype=x.dtype), y), ()),
                        lambda x, y: np.linalg.solve(np.triu(x) + 3 * np.eye(2), y), [(2, 2, 2), (2, 2, 1)])],
    "undetermined": [("nothing repeats", lambda x, y: OPS.apply("undetermined", (x, (y * y + 1).cumsum(-1)[None]),
                                                                ("svd", 2, 3)),
                      lambda x, y: np.zeros((2, 3)), [(5, 2), (2,)]),
                     ("one", lambda x, y: OPS.apply("undetermined", (x, y), ("eigh", 1, 1)), lambda x, y: np.zeros((1, 1)),
                      [(1, 1), (1, 1)])],
    "undetermined_columns": [("nothing repeats", lambda x, y: OPS.apply("undetermined_columns", (x,
        (y * y + 1).cumsum(-1)[None]), ("svd", 2, 3, 5)),
                              lambda x, y: np.zeros((5, 2)), [(2, 3), (2,)]),
                             ("one", lambda x, y: OPS.apply("undetermined_columns", (x, y), ("eigh", 1, 1, 1)),
                              lambda x, y: np.zeros((1, 1)), [(1, 1), (1, 1)])],
    "basis_dependent": [("symmetric", lambda x: OPS.apply("basis_dependent", (symmetric(x),), ()), lambda x: np.zeros((1,
        1)), [(2, 2)])],
}
INF = float("inf")
ORDERS = ("fro", "nuc", 1, -1, 2, -2, INF, -INF)


def norms(x, *arguments, **keywords):
    return linalg.matrix_norm(x, *arguments, **keywords)


def cond(x, p):
    found = [np.linalg.cond(a, p) for a in x.reshape(-1, *x.shape[-2:])]
    return np.array(found).reshape(x.shape[:-2])


def low(x):
    """Of rank 1, which all steps keep."""
    return x[..., :, :1] @ x[..., :1, :]


def tall(x):
    """Of full rank, far from singular and from sums that are equal."""
    m, n = x.shape[-2:]
    far = np.eye(m, n) * [3.0, 1.7, 4.1][:n]
    return x * 0.3 + (far if isinstance(x, np.ndarray) else autodiff.tensor(far, dtype=x.dtype))


def sizes(x):
    return (x * x.conj()).real


def mixed(x):
    """A function of values and vectors that no phase changes."""
    module = np if isinstance(x, np.ndarray) else autodiff
    values, vectors = module.linalg.eig(x)
    return sizes(vectors) @ (values.real + 2 * sizes(values))[..., None]


CASES |= {
    "linalg_eig": [(f"values {s}", lambda x: (lambda w: w.real + w.imag)(linalg.eig(x).eigenvalues),
                    lambda x: (lambda w: w.real + w.imag)(np.linalg.eig(x)[0]), [s]) for s in APART]
    + [(f"vectors {s}", lambda x: sizes(linalg.eig(x).eigenvectors), lambda x: sizes(np.linalg.eig(x)[1]),
        [s]) for s in APART]
    + [(f"both {s}", mixed, mixed, [s]) for s in APART],
    "linalg_eigvals": [(f"{s}", lambda x: sizes(linalg.eigvals(x)), lambda x: sizes(np.linalg.eigvals(x)),
                        [s]) for s in APART],
    "eig_packed": [(f"{s}", lambda x: sizes(OPS.apply("eig_packed", (x,), (True, True))),
                    lambda x: sizes(np.concatenate([part.reshape(-1, x.shape[1]) for part in np.linalg.eig(x)])), [s])
                   for s in ((1, 1), (3, 3))],
    "square_solve": [("one", lambda x, y: OPS.apply("square_solve", (tall(x), y), ()),
                      lambda x, y: np.linalg.solve(tall(x), y), [(2, 2), (2, 3)]),
                     ("batch", lambda x, y: OPS.apply("square_solve", (tall(x), y), ()),
                      lambda x, y: np.linalg.solve(tall(x), y), [(2, 3, 3), (2, 3, 1)])],
    "linalg_norm": [("vector", lambda x: linalg.norm(x), np.linalg.norm, [(3,)]),
                    ("all", lambda x: linalg.norm(x), np.linalg.norm, [(2, 2, 2)]),
                    ("vector 3", lambda x: linalg.norm(x, 3), lambda x: np.linalg.norm(x, 3), [(3,)]),
                    ("rows", lambda x: linalg.norm(x, 1, 1), lambda x: np.linalg.norm(x, 1, 1), [(2, 3)]),
                    ("matrix", lambda x: linalg.norm(x, 2), lambda x: np.linalg.norm(x, 2), [(2, 3)]),
                    ("dims", lambda x: linalg.norm(x, "nuc", dim=(2, 0), keepdim=True),
                     lambda x: np.linalg.norm(x, "nuc", (2, 0), True), [(2, 2, 3)])],
    "linalg_vector_norm": [(f"{p} {dim}", lambda x, p=p, dim=dim: linalg.vector_norm(x, p, dim),
                            lambda x, p=p, dim=dim: np.linalg.vector_norm(x, ord=p, axis=dim), [(2, 3)])
                           for p in (2, 1, 3, INF, -INF, 0) for dim in (None, 1, (0, 1))],
    "linalg_matrix_norm": [(f"{p} {s}", lambda x, p=p: norms(x, p), lambda x, p=p: np.linalg.norm(x, p, (-2, -1)), [s])
                           for p in ORDERS for s in ((2, 3), (2, 2, 2))]
    + [(f"{p} kept", lambda x, p=p: norms(x, p, (0, 2), keepdim=True), lambda x, p=p: np.linalg.norm(x, p, (0, 2), True),
        [(3, 2, 2)]) for p in ("nuc", 1)],
    "linalg_cond": [(f"{p} {s}", lambda x, p=p: linalg.cond(tall(x), p), lambda x, p=p: cond(tall(x), p), [s])
                    for p in (None, *ORDERS) for s in ((1, 1), (2, 2), (2, 3, 3))]
    + [("wide", lambda x: linalg.cond(x), np.linalg.cond, [(2, 3)])],
    "inverse_or_infinite": [("inverse", lambda x: OPS.apply("inverse_or_infinite", (tall(x),), ()),
                             lambda x: np.linalg.inv(tall(x)), [(2, 2, 2)])],
    "infinite_for_nan": [("numbers", lambda x, y: OPS.apply("infinite_for_nan", (x, y), ()), lambda x, y: x, [(3,), (3,)])],
    "linalg_pinv": [(f"{s}", lambda x: linalg.pinv(tall(x)), lambda x: np.linalg.pinv(tall(x)), [s])
                    for s in ((1, 1), (3, 2), (2, 3), (2, 2, 2), (0, 2), (2, 0, 3))]
    + [(f"rank 1 {s}", lambda x: linalg.pinv(low(tall(x)), rtol=1e-6), lambda x: np.linalg.pinv(low(tall(x)), 1e-6), [s])
       for s in ((3, 2), (2, 2, 3))]
    + [("hermitian", lambda x: linalg.pinv(symmetric(tall(x)), hermitian=True),
        lambda x: np.linalg.pinv(symmetric(tall(x)), hermitian=True), [(2, 2)])],
    "pinverse": [("method", lambda x: tall(x).pinverse(), lambda x: np.linalg.pinv(tall(x)), [(1, 2)]),
                 ("dropped", lambda x: autodiff.pinverse(x * 0.1 + autodiff.tensor(np.diag([3.0, 1.0]), dtype=x.dtype),
                                                         0.7),
                  lambda x: np.linalg.pinv(x * 0.1 + np.diag([3.0, 1.0]), 0.7), [(2, 2)])],
}
def distances(x, y, p):
    return np.linalg.norm(x[..., :, None, :] - y[..., None, :, :], p, axis=-1)


def renormed(x, p, dim, maxnorm):
    others = tuple(d for d in range(x.ndim) if d != dim)
    norm = (np.abs(x) ** p).sum(others, keepdims=True) ** (1 / p)
    return np.where(norm > maxnorm, x * maxnorm / (norm + 1e-7), x)


def reflections(x, tau, m):
    """The whole product of the reflections."""
    product = np.broadcast_to(np.eye(m), (*x.shape[:-2], m, m))
    for i in range(tau.shape[-1]):
        v = np.tril(x, -1)[..., i] + np.eye(m)[i]
        product = product @ (np.eye(m) - tau[..., i, None, None] * v[..., :, None] * v[..., None, :])
    return product


def householder(x, tau):
    return reflections(x, tau, x.shape[-2])[..., :x.shape[-1]]


FREQUENCIES = np.array([1, 2, 1, 3])
CASES |= {
    "cov": [(f"{s} {correction}", lambda x, c=correction: x.cov(correction=c), lambda x, c=correction: np.cov(x,
        ddof=c), [s])
            for s in ((3, 4), (4,), (1, 3)) for correction in (0, 1)]
    + [("weights", lambda x: autodiff.cov(x, fweights=autodiff.tensor(FREQUENCIES)), lambda x: np.cov(x,
        fweights=FREQUENCIES),
        [(2, 4)]),
       ("their gradient", lambda x, w: autodiff.cov(x, aweights=w * w + 1), lambda x, w: np.cov(x, aweights=w * w + 1),
        [(2, 4), (4,)])],
    "corrcoef": [("matrix", lambda x: x.corrcoef()[0, 1:], lambda x: np.corrcoef(x)[0, 1:], [(3, 4)])],
    "histogram": [("edges", lambda x: x.histogram(3).bin_edges, lambda x: np.histogram(x, 3)[1], [(5,)]),
                  ("weights", lambda w: autodiff.histogram(autodiff.tensor([[0.5, 1.5], [3.0, 1.0]], dtype=w.dtype), 3,
                                                           weight=w).hist,
                   lambda w: np.histogram([[0.5, 1.5], [3.0, 1.0]], 3, weights=w)[0], [(2, 2)]),
                  ("density", lambda w: autodiff.histogram(autodiff.tensor([0.5, 1.5, 3.0], dtype=w.dtype), 2,
                                                           weight=w * w + 1,
                                                           density=True).hist,
                   lambda w: np.histogram([0.5, 1.5, 3.0], 2, weights=w * w + 1, density=True)[0], [(3,)])],
    "cdist": [(f"{p} {a} {b}", lambda x, y, p=p: autodiff.cdist(x, y, p), lambda x, y, p=p: distances(x, y, p), [a, b])
              for p in (2, 1, 3) for a, b in (((2, 3), (4, 3)), ((2, 1, 2, 2), (3, 1, 2)))]
    + [("no columns", lambda x, y: autodiff.cdist(x, y), lambda x, y: distances(x, y, 2), [(2, 0), (3, 0)])],
    "pdist": [(f"{p}", lambda x, p=p: autodiff.pdist(x, p), lambda x, p=p: distances(x, x, p)[np.triu_indices(4, 1)],
               [(4, 3)])
              for p in (2, 1, 3)],
    "renorm": [(f"{p} {dim}", lambda x, p=p, dim=dim: x.renorm(p, dim, 1.234), lambda x, p=p, dim=dim: renormed(x, p, dim,
        1.2),
                [(2, 3)]) for p in (2, 3) for dim in (0, 1)]
    + [("in place", lambda x: x.clone().renorm_(2, 0, 0.7), lambda x: renormed(x, 2, 0, 0.7), [(2, 2, 2)])],
    "linalg_householder_product": [(f"{s}", linalg.householder_product, householder, [s, (*s[:-2], k)])
                                   for s, k in (((1, 1), 1), ((3, 2), 2), ((2, 3, 3), 2), ((3, 0), 0))],
    "orgqr": [("method", lambda x, tau: x.orgqr(tau), householder, [(3, 2), (2,)])],
    "ormqr": [(f"{s} {transpose}", lambda x, tau, y, t=transpose: x.ormqr(tau, y, transpose=t),
               lambda x, tau, y, t=transpose: (lambda q: q.swapaxes(-1, -2) if t else q)(reflections(x, tau,
                   x.shape[-2])) @ y,
               [s, (*s[:-2], s[-1]), (*s[:-2], s[-2], 2)]) for s in ((3, 2), (2, 2, 2)) for transpose in (False, True)]
    + [("right", lambda x, tau, y: autodiff.ormqr(x, tau, y, left=False), lambda x, tau, y: y @ reflections(x, tau, 3),
        [(3, 2), (2,), (1, 3)])],
}
VALUES = {
    "geqrf": [("matrix", lambda x: x.geqrf().a, lambda x: np.linalg.qr(x, "raw")[0].T, [np.array([[3.0, 1.0], [4.0,
        2.0]])])],
    "eigvals_alone": [("values", lambda x: OPS.apply("eigvals_alone", (x,), ()),
                       lambda x: np.linalg.eigvals(x).astype(complex), [np.array([[0.0, 1.0], [-1.0, 0.0]])])],
    "linalg_matrix_rank": [("one", linalg.matrix_rank, lambda x: np.asarray(np.linalg.matrix_rank(x)), [np.ones((2, 3))]),
                           ("batch", lambda x: linalg.matrix_rank(x, 1.5), lambda x: np.linalg.matrix_rank(x, 1.5),
                            [np.stack([np.eye(2), np.diag([1.0, 2.0]), np.diag([2.0, 3.0])])])],
    "eigvalsh_alone": [("values", lambda x: OPS.apply("eigvalsh_alone", (x,), ("L",)), np.linalg.eigvalsh,
                        [np.diag([2.0, 1.0])])],
    "svdvals_alone": [("values", lambda x: OPS.apply("svdvals_alone", (x,), ()), lambda x: np.linalg.svd(x,
        compute_uv=False),
                       [np.diag([2.0, 1.0])])],
}
