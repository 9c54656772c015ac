"""Linear algebra: products."""
import numpy as np

import autodiff
from autodiff._variable import OPS


def einsum(equation, *shapes):
    return (equation, lambda *xs: autodiff.einsum(equation, *xs), lambda *xs: np.einsum(equation, *xs), list(shapes))


def tensordot(dims, *shapes):
    return (str(dims), lambda x, y: autodiff.tensordot(x, y, dims), lambda x, y: np.tensordot(x, y, dims), list(shapes))


def cross(x, y, dim=-1):
    """numpy.cross broadcasts over the other dimensions, and wants them there."""
    return np.moveaxis(np.cross(np.moveaxis(x, dim, -1), np.moveaxis(y, dim, -1)), -1, dim)


def convolved(start, length, *shapes):
    """Elements of the whole convolution, 0 beyond its ends."""
    def reference(x, y):
        whole = np.concatenate([np.zeros(length + 9), np.convolve(x, y), np.zeros(length + 9)])
        return whole[length + 9 + start:][:length]

    return (f"{start} {length}", lambda x, y: OPS.apply("convolve_part", (x, y), (start, length)), reference, list(shapes))


def added(name, product, *shapes):
    def in_place(x, a, b):
        y = x.clone()
        getattr(y, f"{name}_")(a, b, beta=0.5, alpha=2)
        return y

    full = product(*map(np.ones, shapes[1:])).shape
    function = getattr(autodiff, name)
    return [("method", lambda x, a, b: getattr(x, name)(a, b), lambda x, a, b: x + product(a, b), [full, *shapes[1:]]),
            ("factors", lambda x, a, b: function(x, a, b, beta=0.5, alpha=-2),
             lambda x, a, b: 0.5 * x - 2 * product(a, b), list(shapes)),
            ("beta 0", lambda x, a, b: function(x, a, b, beta=0), lambda x, a, b: 0 * x + product(a, b), list(shapes)),
            ("in place", in_place, lambda x, a, b: 0.5 * x + 2 * product(a, b), [full, *shapes[1:]])]


def power(n, *shapes):
    return (str(n), lambda x: x.matrix_power(n), lambda x: np.linalg.matrix_power(x, n), list(shapes))


CASES = {
    # A matrix times a batch and a batch times a matrix have sums over the batch of their own.
    "matmul": [(f"{a} {b}", lambda x, y: x @ y, np.matmul, [a, b])
               for a, b in (((2, 3), (4, 3, 2)), ((2, 3), (2, 1, 3, 2)), ((4, 2, 3), (3, 1)), ((0, 2, 3), (3, 2)),
                            ((2, 3), (0, 3, 2)), ((2, 0), (0, 3)), ((2, 2, 0), (0, 3)), ((1, 2, 3), (4, 3, 2)))]
    + [("transposed batch", lambda x, y: x.transpose(0, 1) @ y, lambda x, y: np.swapaxes(x, 0, 1) @ y, [(2, 4, 3), (3, 2)])],
    "bmm": [("method", lambda x, y: x.bmm(y), np.matmul, [(2, 3, 4), (2, 4, 1)]),
            ("transposed", lambda x, y: autodiff.bmm(x.transpose(1, 2), y), lambda x, y: np.swapaxes(x, 1, 2) @ y,
             [(2, 3, 4), (2, 3, 1)]),
            ("empty", lambda x, y: x.bmm(y), np.matmul, [(2, 3, 0), (2, 0, 1)])],
    "vdot": [("method", lambda x, y: x.vdot(y), np.vdot, [(3,), (3,)]),
             ("itself", lambda x: x.vdot(x), lambda x: np.vdot(x, x), [(3,)])],
    "inner": [(f"{a} {b}", lambda x, y: x.inner(y), np.inner, [a, b])
              for a, b in (((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 2, 3)), ((), (3,)), ((2, 3), ()), ((2, 0), (3, 0)))],
    "outer": [("method", lambda x, y: x.outer(y), np.outer, [(2,), (3,)]),
              ("alias", lambda x, y: autodiff.ger(x, y), np.outer, [(1,), (0,)])],
    "einsum": [
        einsum("ij,jk->ik", (2, 3), (3, 4)), einsum("ij,jk", (2, 3), (3, 2)), einsum("ji,kj->ki", (3, 2), (4, 3)),
        einsum("bij,bjk->bik", (2, 2, 3), (2, 3, 1)), einsum("bqhd,bkhd->bhqk", (1, 2, 2, 3), (1, 3, 2, 3)),
        einsum("i,i->", (3,), (3,)), einsum("i,i->i", (3,), (3,)), einsum("i,j->ji", (2,), (3,)),
        einsum("ij,j->i", (2, 3), (3,)),
        einsum("i,ij->j", (2,), (2, 3)), einsum("ii->i", (3, 3)), einsum("ii", (3, 3)), einsum("iij->ji", (2, 2, 3)),
        einsum("iii->i", (2, 2, 2)), einsum("ijij->", (2, 3, 2, 3)), einsum("aab,bc->ac", (2, 2, 3), (3, 2)),
        einsum("ij->ji", (2, 3)), einsum("ij->j", (2, 3)), einsum("ij->", (2, 3)), einsum("ba", (2, 3)),
        einsum("...ij,...jk->...ik", (2, 2, 3), (3, 2)), einsum("i...->...", (2, 3)), einsum("...i,...i->...", (2, 3), (1, 3)),
        einsum("...", (2, 3)), einsum("i...,j->...j", (2, 3), (2,)), einsum(" i j , j k -> i k ", (2, 3), (3, 2)),
        einsum("ij,k->j", (2, 3), (2,)), einsum(",i->i", (), (3,)), einsum("->", ()), einsum("ij,jk->ik", (2, 0), (0, 3)),
        einsum("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), einsum("ij,ij,ij->j", (2, 3), (2, 3), (2, 3)),
        einsum("bn,anm,bm->ba", (2, 3), (2, 3, 2), (2, 2)), einsum("i,j,k,ijk->", (2,), (3,), (2,), (2, 3, 2)),
        ("size 1", lambda x, y: autodiff.einsum("ij,kj->ik", x, y), lambda x, y: np.einsum("ij,kj->ik", np.repeat(x, 3, 1), y),
         [(2, 1), (4, 3)]),
        ("all of size 1", lambda x, y: autodiff.einsum("ij,jk->ijk", x, y), lambda x, y: np.einsum("ij,jk->ijk", x, y),
         [(2, 1), (1, 3)]),
        ("subscript lists", lambda x, y: autodiff.einsum(x, [0, 1], y, [1, 2], [2, 0]), lambda x, y: (x @ y).T,
         [(2, 3), (3, 2)]),
        ("ellipsis in a list", lambda x: autodiff.einsum(x, [..., 0], [0, ...]), np.transpose, [(2, 3)]),
        ("same operand", lambda x: autodiff.einsum("ij,kj->ik", x, x), lambda x: x @ x.T, [(2, 3)]),
    ],
    "tensordot": [
        tensordot(1, (2, 3), (3, 2)), tensordot(0, (2,), (3,)), tensordot(2, (2, 3), (2, 3)), tensordot(0, (), (2,)),
        tensordot(([1, 2], [1, 0]), (2, 3, 4), (4, 3, 2)), tensordot(((0,), (-1,)), (2, 3), (3, 2)),
        tensordot(([1], [0]), (2, 0), (0, 3)),
        ("size 1", lambda x, y: autodiff.tensordot(x, y, 1), lambda x, y: x.sum(1, keepdims=True) @ y, [(2, 3), (1, 2)]),
    ],
    "kron": [(f"{a} {b}", lambda x, y: x.kron(y), np.kron, [a, b])
             for a, b in (((2, 3), (3, 2)), ((2,), (2, 2)), ((2, 1, 2), (2,)), ((), (3,)), ((2,), (0,)))],
    "cross": [("last", lambda x, y: x.cross(y, -1), cross, [(2, 3), (2, 3)]),
              ("found", lambda x, y: autodiff.cross(x, y), lambda x, y: cross(x, y, 0), [(3, 2), (3, 2)]),
              ("broadcast", lambda x, y: x.cross(y, dim=1), lambda x, y: cross(x, y, 1), [(2, 3, 1), (1, 3, 2)]),
              ("itself", lambda x: x.cross(x * x), lambda x: cross(x, x * x), [(3,)])],
    "convolve_part": [convolved(start, length, *shapes) for start, length, *shapes in (
        (0, 5, (3,), (3,)), (1, 3, (3,), (3,)), (2, 3, (5,), (3,)), (1, 5, (3,), (5,)), (-2, 4, (4,), (2,)), (3, 6, (2,), (4,)),
        (-3, 2, (2,), (2,)))],
    "trace": [(f"{shape}", lambda x: x.trace(), np.trace, [shape]) for shape in ((3, 3), (2, 3), (3, 2), (0, 3), (1, 1))],
    "addmm": added("addmm", np.matmul, (2, 1), (2, 3), (3, 4)),
    "addmv": added("addmv", np.matmul, (1,), (2, 3), (3,)),
    "addr": added("addr", np.outer, (3,), (2,), (3,)),
    "addbmm": added("addbmm", lambda a, b: (a @ b).sum(0), (), (2, 2, 3), (2, 3, 2)),
    "baddbmm": added("baddbmm", np.matmul, (2, 1), (2, 2, 3), (2, 3, 2)),
    "chain_matmul": [("three", autodiff.chain_matmul, lambda a, b, c: a @ b @ c, [(2, 3), (3, 1), (1, 2)]),
                     ("five", autodiff.chain_matmul, lambda *xs: np.linalg.multi_dot(xs),
                      [(1, 3), (3, 2), (2, 4), (4, 1), (1, 2)]),
                     ("one", lambda x: autodiff.chain_matmul(x), np.copy, [(2, 3)]),
                     ("two", autodiff.chain_matmul, np.matmul, [(2, 3), (3, 2)])],
    "matrix_power": [power(3, (2, 2)), power(0, (2, 2)), power(1, (2, 2)), power(6, (2, 2)), power(3, (2, 2, 2)),
                     power(2, (0, 0))],
    "linear": [("bias", autodiff.linear, lambda x, w, b: x @ w.T + b, [(2, 3), (4, 3), (4,)]),
               ("none", autodiff.linear, lambda x, w: x @ w.T, [(2, 3), (4, 3)]),
               ("batch", autodiff.linear, lambda x, w, b: x @ w.T + b, [(2, 2, 3), (4, 3), (4,)]),
               ("batch without bias", autodiff.linear, lambda x, w: x @ w.T, [(2, 2, 3), (4, 3)]),
               ("vector", autodiff.linear, lambda x, w, b: x @ w.T + b, [(3,), (2, 3), (2,)]),
               ("two vectors", autodiff.linear, lambda x, w, b: x @ w + b, [(3,), (3,), ()]),
               ("empty", autodiff.linear, lambda x, w, b: x @ w.T + b, [(0, 3), (2, 3), (2,)])],
    "bilinear": [("bias", autodiff.bilinear, lambda x, y, w, b: np.einsum("bi,kij,bj->bk", x, w, y) + b,
                  [(2, 3), (2, 2), (3, 3, 2), (3,)]),
                 ("vectors", autodiff.bilinear, lambda x, y, w: np.einsum("i,kij,j->k", x, w, y), [(3,), (2,), (3, 3, 2)]),
                 ("batch", autodiff.bilinear, lambda x, y, w: np.einsum("abi,kij,abj->abk", x, w, y),
                  [(2, 1, 3), (2, 1, 2), (2, 3, 2)])],
}
