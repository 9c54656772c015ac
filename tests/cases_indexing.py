"""Indexing, sorting and searching."""
import numpy as np

import autodiff
from checks import leaf

I = np.array([[0, 2, 1], [2, 2, 0]])        # along dim 0 of (3, 4), with duplicates; smaller than the operand
J = np.array([[3, 0], [1, 1], [0, 2]])      # along dim 1
MASK = np.array([[True, False, True, False], [False, False, True, True], [False, True, False, False]])
ROWS = np.array([2, 0, 2])
T = autodiff.tensor


def grid(index, dim):
    places = np.indices(index.shape)
    return tuple(index if d == dim else places[d] for d in range(index.ndim))


def put(x, index, y, accumulate=False):
    out = np.array(x, np.result_type(x, y))
    if accumulate:
        np.add.at(out, index, y)
    else:
        out[index] = y
    return out


def reduced(x, index, y, how, include_self):
    """scatter_reduce and index_reduce, one element after the other."""
    out, seen = np.array(x), {}
    for place, value in zip(zip(*(np.broadcast_to(i, y.shape).ravel() for i in index)), y.ravel()):
        seen.setdefault(place, [x[place]] if include_self else []).append(value)
    for place, values in seen.items():
        out[place] = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}[how](values)
    return out


def pair(f):
    """The values of a pair of values and positions."""
    return lambda *args: f(*args)[0]


CASES = {
    "gather": [
        ("dim 0", lambda x: x.gather(0, T(I)), lambda x: x[grid(I, 0)], [(3, 4)]),
        ("dim -1", lambda x: x.gather(-1, T(J)), lambda x: x[grid(J, 1)], [(3, 4)]),
        ("no dimensions", lambda x: x.gather(0, T([0, 0])), lambda x: np.stack([x, x]), [()]),
        ("nothing", lambda x: x.gather(0, T(np.zeros((0, 4), int))), lambda x: x[:0], [(3, 4)]),
        ("one dimension", lambda x: autodiff.gather(x, 0, T([2, 2, 0, 1])), lambda x: x[[2, 2, 0, 1]], [(3,)]),
    ],
    "take_along_dim": [
        ("dim 0", lambda x: x.take_along_dim(T(I[:, :1]), 0), lambda x: np.take_along_axis(x, I[:, :1], 0), [(3, 4)]),
        ("flat", lambda x: x.take_along_dim(T([5, 0, 5, 11])), lambda x: x.ravel()[[5, 0, 5, 11]], [(3, 4)]),
        ("broadcast operand", lambda x: x.take_along_dim(T(J), 1),
         lambda x: np.take_along_axis(np.tile(x, (3, 1)), J, 1), [(1, 4)]),
    ],
    "take": [
        ("flat", lambda x: x.take(T(I)), lambda x: x.ravel()[I], [(3, 4)]),
        ("negative", lambda x: x.take(T([-1, 0, -1])), lambda x: x.ravel()[[-1, 0, -1]], [(3, 2)]),
        ("no dimensions", lambda x: x.take(T([0, -1])), lambda x: np.stack([x, x]), [()]),
    ],
    "index_select": [
        ("dim 0", lambda x: x.index_select(0, T(ROWS)), lambda x: x[ROWS], [(3, 4)]),
        ("dim 1", lambda x: x.index_select(1, T(ROWS)), lambda x: x[:, ROWS], [(3, 4)]),
        ("many", lambda x: x.index_select(0, T(np.arange(300) % 5)), lambda x: x[np.arange(300) % 5], [(5, 1)]),
    ],
    "masked_select": [
        ("same shape", lambda x: x.masked_select(T(MASK)), lambda x: x[MASK], [(3, 4)]),
        ("broadcast mask", lambda x: x.masked_select(T([True, False, True, True])),
         lambda x: x[:, [0, 2, 3]].ravel(), [(3, 4)]),
        ("broadcast operand", lambda x: x.masked_select(T(MASK)), lambda x: np.tile(x, (3, 1))[MASK], [(4,)]),
    ],
    "masked_fill": [
        ("number", lambda x: x.masked_fill(T(MASK), 2.0), lambda x: np.where(MASK, 2.0, x), [(3, 4)]),
        ("Variable", lambda x, y: x.masked_fill(T(MASK), y), lambda x, y: np.where(MASK, y, x), [(3, 4), ()]),
        ("broadcast", lambda x: x.masked_fill(T(MASK[:, :1]), -1.0), lambda x: np.where(MASK[:, :1], -1.0, x), [(4,)]),
        ("in place", lambda x: (x * 1).masked_fill_(T(MASK), 2.0), lambda x: np.where(MASK, 2.0, x), [(3, 4)]),
    ],
    "masked_scatter": [
        ("longer source", lambda x, y: x.masked_scatter(T(MASK), y),
         lambda x, y: put(x, MASK, y.ravel()[:5]), [(3, 4), (2, 3)]),
        ("in place", lambda x, y: (x * 1).masked_scatter_(T(MASK), y), lambda x, y: put(x, MASK, y), [(3, 4), (5,)]),
    ],
    "scatter": [
        ("src", lambda x, y: x.scatter(1, T([[3, 0], [1, 2]]), y),
         lambda x, y: put(x, grid(np.array([[3, 0], [1, 2]]), 1), y[:2, :2]), [(3, 4), (3, 3)]),
        ("number", lambda x: x.scatter(0, T(I), 2.5), lambda x: put(x, grid(I, 0), 2.5), [(3, 4)]),
        ("add", lambda x, y: x.scatter(0, T(I), y, reduce="add"), lambda x, y: put(x, grid(I, 0), y, True), [(3, 4), (2, 3)]),
        ("multiply", lambda x, y: x.scatter(0, T(I), y, reduce="multiply"),
         lambda x, y: reduced(x, grid(I, 0), y, "prod", True), [(3, 4), (2, 3)]),
        ("in place", lambda x, y: (x * 1).scatter_(0, T([2, 0]), y), lambda x, y: put(x, [2, 0], y), [(3,), (2,)]),
        ("no dimensions", lambda x, y: x.scatter(0, T(0), y), lambda x, y: y * 1, [(), ()]),
    ],
    "scatter_add": [
        ("duplicates", lambda x, y: x.scatter_add(0, T(I), y), lambda x, y: put(x, grid(I, 0), y, True), [(3, 4), (2, 3)]),
        ("smaller index", lambda x, y: x.scatter_add(1, T(J[:2]), y), lambda x, y: put(x, grid(J[:2], 1), y[:2, :2], True),
         [(3, 4), (3, 3)]),
        ("many", lambda x, y: x.scatter_add(0, T(np.arange(300) % 3), y), lambda x, y: put(x, np.arange(300) % 3, y, True),
         [(3,), (300,)]),
        ("in place", lambda x, y: (x * 1).scatter_add_(0, T(I), y), lambda x, y: put(x, grid(I, 0), y, True), [(3, 4), (2, 3)]),
    ],
    "scatter_reduce": [
        (f"{how} {with_self}", lambda x, y, how=how, s=with_self: x.scatter_reduce(0, T(I), y, how, include_self=s),
         lambda x, y, how=how, s=with_self: reduced(x, grid(I, 0), y, how, s), [(3, 4), (2, 3)])
        for how in ("sum", "prod", "mean", "amax", "amin") for with_self in (True, False)
    ],
    "index_add": [
        ("dim 0", lambda x, y: x.index_add(0, T(ROWS), y), lambda x, y: put(x, ROWS, y, True), [(3, 4), (3, 4)]),
        ("alpha", lambda x, y: x.index_add(1, T(ROWS), y, alpha=-2), lambda x, y: put(x, (slice(None), ROWS), -2 * y, True),
         [(3, 4), (3, 3)]),
        ("in place", lambda x, y: (x * 1).index_add_(0, T(ROWS), y), lambda x, y: put(x, ROWS, y, True), [(3,), (3,)]),
    ],
    "index_reduce": [
        (f"{how} {with_self}", lambda x, y, how=how, s=with_self: x.index_reduce(1, T([2, 0, 2]), y, how, include_self=s),
         lambda x, y, how=how, s=with_self: reduced(x, (np.arange(3)[:, None], np.array([[2, 0, 2]])), y, how, s),
         [(3, 4), (3, 3)])
        for how in ("prod", "mean", "amax", "amin") for with_self in (True, False)
    ] + [
        ("in place", lambda x, y: (x * 1).index_reduce_(0, T([1, 1]), y, "prod"),
         lambda x, y: reduced(x, (np.array([1, 1]),), y, "prod", True), [(3,), (2,)]),
    ],
    "index_copy": [
        ("dim 1", lambda x, y: x.index_copy(1, T([3, 0]), y), lambda x, y: put(x, (slice(None), [3, 0]), y), [(3, 4), (3, 2)]),
        ("in place", lambda x, y: (x * 1).index_copy_(0, T([1]), y), lambda x, y: put(x, [1], y), [(3, 4), (1, 4)]),
    ],
    "index_fill": [
        ("number", lambda x: x.index_fill(1, T([3, -4]), 7.0), lambda x: put(x, (slice(None), [3, 0]), 7.0), [(3, 4)]),
        ("Variable", lambda x, y: x.index_fill(0, T(1), y), lambda x, y: put(x, [1], y), [(3, 4), ()]),
        ("in place", lambda x: (x * 1).index_fill_(0, T([1]), 7), lambda x: put(x, [1], 7.0), [(3, 4)]),
    ],
    "index_put": [
        ("rows", lambda x, y: x.index_put((T([2, 0]),), y), lambda x, y: put(x, [2, 0], y), [(3, 4), (4,)]),
        ("pairs", lambda x, y: x.index_put((T([2, 0]), T([1, 1])), y),
         lambda x, y: put(x, ([2, 0], [1, 1]), y), [(3, 4), (2,)]),
        ("accumulate", lambda x, y: x.index_put((T(ROWS),), y, True), lambda x, y: put(x, ROWS, y, True), [(3, 4), (3, 1)]),
        ("accumulate one", lambda x, y: x.index_put((T(ROWS),), y, accumulate=True), lambda x, y: put(x, ROWS, y, True),
         [(3, 4), ()]),
        ("mask", lambda x, y: x.index_put((T(MASK),), y, True), lambda x, y: put(x, MASK, y, True), [(3, 4), (5,)]),
        ("in place", lambda x, y: (x * 1).index_put_((T(MASK),), y), lambda x, y: put(x, MASK, y), [(3, 4), ()]),
    ],
    "put": [
        ("flat", lambda x, y: x.put(T([[5, -12]]), y), lambda x, y: put(x.ravel(), [5, 0], y.ravel()).reshape(x.shape),
         [(3, 4), (2, 1)]),
        ("accumulate", lambda x, y: x.put(T([5, 5, 1]), y, accumulate=True),
         lambda x, y: put(x.ravel(), [5, 5, 1], y, True).reshape(x.shape), [(3, 4), (3,)]),
        ("in place", lambda x, y: (x * 1).put_(T([2]), y), lambda x, y: put(x, [2], y), [(3,), ()]),
    ],
    "select_scatter": [("row", lambda x, y: x.select_scatter(y, 0, -1), lambda x, y: put(x, -1, y), [(3, 4), (4,)]),
                       ("column", lambda x, y: x.select_scatter(y, 1, 2), lambda x, y: put(x, (slice(None), 2), y),
                        [(3, 4), (3,)])],
    "slice_scatter": [("step", lambda x, y: x.slice_scatter(y, 1, 0, 4, 2), lambda x, y: put(x, (slice(None), [0, 2]), y),
                       [(3, 4), (3, 2)]),
                      ("from", lambda x, y: x.slice_scatter(y, start=-1), lambda x, y: put(x, slice(-1, None), y),
                       [(3, 4), (1, 4)])],
    "diagonal_scatter": [("main", lambda x, y: x.diagonal_scatter(y), lambda x, y: put(x, (range(3), range(3)), y),
                          [(3, 4), (3,)]),
                         ("below", lambda x, y: x.diagonal_scatter(y, -1, 1, 2),
                          lambda x, y: put(x, (slice(None), [1, 2], [0, 1]), y), [(2, 3, 4), (2, 2)])],
    "msort": [("rows", lambda x: x.msort(), lambda x: np.sort(x, 0), [(3, 4)])],
    "topk": [
        ("largest", pair(lambda x: x.topk(2)), lambda x: np.sort(x, -1)[:, :-3:-1], [(3, 4)]),
        ("smallest", pair(lambda x: x.topk(2, 0, False)), lambda x: np.sort(x, 0)[:2], [(3, 4)]),
        ("all", pair(lambda x: x.topk(3, largest=False)), lambda x: np.sort(x), [(3,)]),
        ("no dimensions", pair(lambda x: x.topk(1)), lambda x: x * 1, [()]),
    ],
}

# Rows without a name of their own for users.
CASES["index_put_add"] = CASES["index_add"][:1] + CASES["index_put"][2:4]
CASES["scatter_extreme"] = [case for case in CASES["scatter_reduce"] if case[0].startswith("a")][:2]

FLOATS = np.array([[3.0, 1.0, 2.0, 1.0], [0.0, 5.0, 0.0, np.nan], [-1.0, np.inf, 7.0, -np.inf]])
INTS = np.array([[2, 0, 2], [1, 1, 0]])
SORTED = np.array([1.0, 2.0, 2.0, 4.0])

VALUES = {
    "argsort": [
        ("last", lambda x: x.argsort(), lambda x: np.argsort(x, kind="stable"), [FLOATS]),
        ("ties down", lambda x: x.argsort(0, descending=True), lambda x: np.argsort(-x, 0, kind="stable"), [INTS]),
        ("no dimensions", lambda x: x.argsort(), lambda x: np.array(0), [np.array(3.0)]),
    ],
    "unique": [
        ("values", lambda x: x.unique(), np.unique, [INTS]),
        ("inverse", lambda x: x.unique(return_inverse=True)[1], lambda x: np.unique(x, return_inverse=True)[1].reshape(x.shape),
         [INTS]),
        ("counts", lambda x: x.unique(return_counts=True)[1], lambda x: np.unique(x, return_counts=True)[1], [INTS]),
        ("dim", lambda x: x.unique(dim=1), lambda x: np.unique(x, axis=1), [INTS[:, [0, 1, 0, 2]]]),
        ("nothing", lambda x: x.unique(), lambda x: x, [np.zeros(0)]),
    ],
    "unique_consecutive": [
        ("values", lambda x: x.unique_consecutive(), lambda x: np.array([2, 0, 2, 1, 0]), [INTS]),
        ("inverse", lambda x: x.unique_consecutive(return_inverse=True)[1], lambda x: np.array([[0, 1, 2], [3, 3, 4]]), [INTS]),
        ("counts", lambda x: x.unique_consecutive(return_counts=True)[1], lambda x: np.array([1, 1, 1, 2, 1]), [INTS]),
        ("dim", lambda x: x.unique_consecutive(dim=0), lambda x: x[[0, 2, 3]], [INTS[[0, 0, 1, 0]]]),
        ("nothing", lambda x: x.unique_consecutive(), lambda x: x, [np.zeros(0)]),
    ],
    "nonzero": [
        ("rows", lambda x: x.nonzero(), np.argwhere, [INTS]),
        ("tuple", lambda x: x.nonzero(as_tuple=True)[1], lambda x: np.nonzero(x)[1], [FLOATS]),
        ("no dimensions", lambda x: x.nonzero(), lambda x: np.zeros((1, 0), np.int64), [np.array(2.0)]),
    ],
    "argwhere": [("rows", lambda x: x.argwhere(), np.argwhere, [FLOATS])],
    "searchsorted": [
        (f"{side}", lambda e, x, s=side: autodiff.searchsorted(e, x, side=s), lambda e, x, s=side: np.searchsorted(e, x, s),
         [SORTED, FLOATS]) for side in ("left", "right")
    ] + [
        ("rows", autodiff.searchsorted, lambda e, x: np.stack([np.searchsorted(a, b) for a, b in zip(e, x)]),
         [np.sort(FLOATS, 1), FLOATS[:, :2]]),
        ("sorter", lambda e, x: autodiff.searchsorted(e, x, sorter=T([2, 0, 1])), lambda e, x: np.searchsorted(np.sort(e), x),
         [np.array([2, 3, 1]), np.array([0, 3, 9])]),
        ("int32", lambda e, x: autodiff.searchsorted(e, x, out_int32=True),
         lambda e, x: np.searchsorted(e, x).astype(np.int32), [SORTED, FLOATS]),
        ("number", lambda e: autodiff.searchsorted(e, 2.0, right=True), lambda e: np.array(3), [SORTED]),
    ],
    "bucketize": [("left", lambda x, e: autodiff.bucketize(x, e), lambda x, e: np.searchsorted(e, x), [FLOATS, SORTED]),
                  ("right", lambda x, e: autodiff.bucketize(x, e, right=True), lambda x, e: np.searchsorted(e, x, "right"),
                   [FLOATS, SORTED])],
    "isin": [("ints", lambda x, y: autodiff.isin(x, y), np.isin, [INTS, np.array([0, 2])]),
             ("inverted", lambda x, y: autodiff.isin(x, y, invert=True), lambda x, y: np.isin(x, y, invert=True),
              [INTS, np.array([0, 2])]),
             ("nothing", lambda x, y: autodiff.isin(x, y), np.isin, [INTS, np.zeros(0, int)])],
    "bincount": [("counts", lambda x: x.bincount(), lambda x: np.array([2, 0, 1]), [np.array([2, 0, 0])]),
                 ("longer", lambda x: x.bincount(minlength=5), lambda x: np.array([2, 0, 1, 0, 0]), [np.array([2, 0, 0])]),
                 ("weights", lambda x, w: x.bincount(w), lambda x, w: np.array([0.5, 0, 2.0]),
                  [np.array([2, 0, 0]), np.array([2.0, 1.0, -0.5])]),
                 ("nothing", lambda x: x.bincount(), lambda x: x, [np.zeros(0, int)])],
    "histc": [("range", lambda x: x.histc(4, 0, 8), lambda x: np.histogram(x[np.isfinite(x)], 4, (0, 8))[0] * 1.0, [FLOATS]),
              ("own range", lambda x: x.histc(3), lambda x: np.histogram(x, 3)[0] * 1.0, [SORTED]),
              ("one value", lambda x: x.histc(2), lambda x: np.array([0.0, 2.0]), [np.array([3.0, 3.0])])],
}


def ties_of_scatter_reduce():
    x, y = leaf([1.0, 5.0]), leaf([5.0, 5.0, 0.0])
    x.scatter_reduce(0, T([1, 1, 0]), y, "amax").sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [1, 1 / 3])
    np.testing.assert_allclose(y.grad.numpy(), [1 / 3, 1 / 3, 0])


def ties_of_index_reduce():
    x, y = leaf([1.0, 5.0]), leaf([5.0, 5.0, 0.0])
    x.index_reduce(0, T([1, 1, 0]), y, "amax").sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [1, 1 / 3])
    np.testing.assert_allclose(y.grad.numpy(), [1 / 3, 1 / 3, 0])


KINKS = {"scatter_reduce": ties_of_scatter_reduce, "index_reduce": ties_of_index_reduce,
         "scatter_extreme": ties_of_scatter_reduce}
