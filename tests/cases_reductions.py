"""Reductions, statistics, cumulative ops, softmax, and sorting."""
import numpy as np

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from autodiff._ops import OPS
from checks import leaf, plain

DIMS = [(dim, keep) for dim in (None, 0, -1, (0, 1)) for keep in (False, True)]


def reduced(name, ref, dims=DIMS, shape=(2, 3)):
    """Cases of a method (dim, keepdim) against a function of NumPy."""
    return [(f"{dim} {keep}", lambda x, d=dim, k=keep: getattr(x, name)(d, keepdim=k),
             lambda x, d=dim, k=keep: ref(x, axis=d, keepdims=k), [shape]) for dim, keep in dims]


def at_zero(places, n=4):
    """x less its own first elements in the cases' first operand, so that a function meets exact zeros."""
    x = np.random.default_rng(0).permutation(n) * 0.3 - 0.7
    x = np.where(np.abs(x) < 0.05, 0.15, x)
    return np.where(np.isin(np.arange(n), places), x, 0)


def with_zeros(name, f, ref):
    """Cases in which no, one and several factors are zero."""
    return [(f"{name} {places}", lambda x, p=places: f(x - autodiff.tensor(at_zero(p), dtype=x.dtype)),
             lambda x, p=places: ref(x - at_zero(p)), [(4,)]) for places in ((0,), (1, 3), (0, 1, 2))]


def middle(x, axis=None, keepdims=False):
    """The lower median."""
    values = np.sort(x, axis)
    n = values.shape[-1 if axis is None else axis]
    out = np.take(values, (n - 1) // 2, axis=axis)
    return out if not keepdims else np.reshape(out, [1] * x.ndim) if axis is None else np.expand_dims(out, axis)


def extremes_so_far(name):
    ref = (np.maximum if name == "cummax" else np.minimum).accumulate
    return [(f"{dim}", lambda x, d=dim: getattr(x, name)(d).values, lambda x, d=dim: ref(x, axis=d), [(2, 3)])
            for dim in (0, -1)] + [("0-d", lambda x: getattr(x, name)(0)[0], lambda x: x, [()]),
                                   ("none", lambda x: getattr(x, name)(0)[0], lambda x: x, [(0,)])]


def recurrence(x, y):
    out = [x[0]]
    for a, b in zip(x[1:], y[1:]):
        out.append(a + b * out[-1])
    return np.array(out)


def cumulative_trapezoid(y, axis=-1, x=None, dx=1.0):
    y = np.moveaxis(y, axis, -1)
    steps = dx if x is None else np.diff(x)
    return np.moveaxis(np.cumsum((y[..., 1:] + y[..., :-1]) / 2 * steps, -1), -1, axis)


def picked(name, *arguments):
    """The values of an op of two results, by its indices in the function's own result."""
    def f(x):
        out = getattr(x, name)(*arguments)
        dim = arguments[0] if name == "mode" else arguments[1]
        np.testing.assert_array_equal(np.take_along_axis(x.detach().numpy(), out.indices.unsqueeze(dim).numpy(), dim),
                                      out.values.detach().unsqueeze(dim).numpy())
        return out.values
    return f


def logsumexp(x, axis, keepdims=False):
    return np.log(np.sum(np.exp(x), axis, keepdims=keepdims))


def softmax(x, axis):
    return np.exp(x) / np.sum(np.exp(x), axis, keepdims=True)


EACH = [(0, False), (-1, True), (1, False)]
HOW = ("linear", "lower", "higher", "nearest", "midpoint")

CASES = {
    "amin": reduced("amin", np.min),
    "amax": [("0-d", lambda x: x.amax(0), lambda x: x, [()])],
    "max": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.max(d, k).values, lambda x, d=dim, k=keep: x.max(d, keepdims=k),
             [(2, 3)]) for dim, keep in EACH]
           + [("all", lambda x: x.max(), np.max, [(2, 3)]),
              ("two", lambda x, y: x.max(y), np.maximum, [(2, 3), (3,)]),
              ("other", lambda x, y: autodiff.max(x, other=y), np.maximum, [(3,), (2, 1)])],
    "min": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.min(d, k)[0], lambda x, d=dim, k=keep: x.min(d, keepdims=k),
             [(2, 3)]) for dim, keep in EACH]
           + [("all", lambda x: x.min(), np.min, [(2, 3)]), ("0-d", lambda x: x.min(0)[0], lambda x: x, [()]),
              ("two", lambda x, y: x.min(y), np.minimum, [(2, 3), (3,)])],
    "aminmax": [("low", lambda x: x.aminmax(dim=1).min, lambda x: x.min(1), [(2, 3)]),
                ("high", lambda x: x.aminmax(keepdim=True)[1], lambda x: x.max(keepdims=True), [(2, 3)])],
    "prod": reduced("prod", np.prod) + [("0-d", lambda x: x.prod(), lambda x: x, [()]),
                                        ("none", lambda x: x.prod(0), lambda x: x.prod(0), [(0, 2)]),
                                        ("three", lambda x: x.prod(1), lambda x: x.prod(1), [(2, 3, 2)])]
            + with_zeros("zeros", lambda x: x.prod(), np.prod)
            + with_zeros("zeros along", lambda x: x.reshape(2, 2).prod(0), lambda x: x.reshape(2, 2).prod(0)),
    "nansum": reduced("nansum", np.nansum),
    "nanmean": reduced("nanmean", np.nanmean) + [("0-d", lambda x: x.nanmean(), lambda x: x, [()])],
    "dist": [(f"{p}", lambda x, y, p=p: x.dist(y, p), lambda x, y, p=p: np.linalg.norm((x - y).ravel(), p), [(2, 3), (3,)])
             for p in (2, 1, 3)],
    "var": [(f"{dim} {keep} {c}", lambda x, d=dim, k=keep, c=c: x.var(d, correction=c, keepdim=k),
             lambda x, d=dim, k=keep, c=c: x.var(d, ddof=c, keepdims=k), [(3, 3)]) for dim, keep in DIMS for c in (1, 0)],
    "std": [(f"{dim} {keep} {c}", lambda x, d=dim, k=keep, c=c: autodiff.std(x, d, bool(c), k),
             lambda x, d=dim, k=keep, c=c: x.std(d, ddof=c, keepdims=k), [(3, 3)]) for dim, keep in DIMS for c in (1, 0)],
    "var_mean": [("variance", lambda x: autodiff.var_mean(x, 1)[0], lambda x: x.var(1, ddof=1), [(2, 3)]),
                 ("mean", lambda x: autodiff.var_mean(x, 1, keepdim=True)[1], lambda x: x.mean(1, keepdims=True), [(2, 3)])],
    "std_mean": [("deviation", lambda x: autodiff.std_mean(x, correction=0)[0], np.std, [(2, 3)]),
                 ("mean", lambda x: autodiff.std_mean(x, False)[1], np.mean, [(2, 3)])],
    "median": [("all", lambda x: x.median(), middle, [(2, 3)]), ("odd", lambda x: x.median(), np.median, [(3,)]),
               ("0-d", lambda x: x.median(), lambda x: x, [()])]
              + [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.median(d, k).values,
                  lambda x, d=dim, k=keep: middle(x, d, k), [(2, 3)]) for dim, keep in EACH],
    "nanmedian": [("all", lambda x: x.nanmedian(), middle, [(2, 3)]),
                  ("dim", lambda x: x.nanmedian(1).values, lambda x: middle(x, 1), [(2, 4)])],
    "median_of_all": [("", lambda x: x.median(), middle, [(4,)])],
    "quantile": [(f"{how} {dim}", lambda x, h=how, d=dim: x.quantile(0.3, d, interpolation=h),
                  lambda x, h=how, d=dim: np.quantile(x, 0.3, axis=d, method=h), [(3, 4)])
                 for how in HOW for dim in (None, 0, 1)]
                + [("several", lambda x: x.quantile(autodiff.tensor([0.0, 0.6, 1.0], dtype=x.dtype), 1, True),
                    lambda x: np.quantile(x, [0.0, 0.6, 1.0], axis=1, keepdims=True), [(2, 4)]),
                   ("0-d", lambda x: x.quantile(0.5), lambda x: x, [()]),
                   ("of q too", lambda x, q: x.quantile(q * 0.2 + 0.5, 1),
                    lambda x, q: np.quantile(x, q * 0.2 + 0.5, axis=1), [(2, 4), (2,)])],
    "nanquantile": [("", lambda x: x.nanquantile(0.3, 1), lambda x: np.quantile(x, 0.3, axis=1), [(2, 4)])],
    "kthvalue": [(f"{k} {dim}", picked("kthvalue", k, dim), lambda x, k=k, d=dim: np.take(np.sort(x, d), k - 1, d), [(2, 3)])
                 for k, dim in ((1, -1), (2, 0), (3, 1))],
    "mode": [("", picked("mode", -1), lambda x: x.min(-1), [(2, 3)])],
    "cumsum": [(f"{dim} {s}", lambda x, d=dim: x.cumsum(d), lambda x, d=dim: np.cumsum(x, d), [s])
               for dim, s in ((0, (3,)), (-1, (2, 3)), (0, (2, 3)), (0, (0,)))]
              + [("0-d", lambda x: x.cumsum(-1), lambda x: x, [()]),
                 ("in place", lambda x: (x * 2).cumsum_(0), lambda x: np.cumsum(x * 2, 0), [(2, 3)])],
    "cumprod": [(f"{dim} {s}", lambda x, d=dim: x.cumprod(d), lambda x, d=dim: np.cumprod(x, d), [s])
                for dim, s in ((0, (3,)), (-1, (2, 3)), (0, (2, 3)), (0, (0,)))]
               + [("0-d", lambda x: x.cumprod(-1), lambda x: x, [()]),
                  ("in place", lambda x: (x * 2).cumprod_(dim=0), lambda x: np.cumprod(x * 2, 0), [(2, 3)])]
               + with_zeros("zeros", lambda x: x.cumprod(0), np.cumprod),
    "recurrence": [("", lambda x, y: OPS.apply("recurrence", (x, y), (0,)), recurrence, [(4,), (4,)]),
                   ("last", lambda x, y: OPS.apply("recurrence", (x, y), (1,)), lambda x, y: recurrence(x.T, y.T).T,
                    [(2, 3), (2, 3)])],
    "cummax": extremes_so_far("cummax"),
    "cummin": extremes_so_far("cummin"),
    "logcumsumexp": [(f"{dim} {s}", lambda x, d=dim: x.logcumsumexp(d), lambda x, d=dim: np.log(np.cumsum(np.exp(x), d)), [s])
                     for dim, s in ((0, (4,)), (-1, (2, 3)), (0, (2, 3)), (0, (0,)))]
                    + [("0-d", lambda x: x.logcumsumexp(0), lambda x: x, [()])],
    "diff": [(f"{n} {dim}", lambda x, n=n, d=dim: x.diff(n, d), lambda x, n=n, d=dim: np.diff(x, n, d), [(3, 4)])
             for n in (0, 1, 2) for dim in (0, -1)]
            + [("ends", lambda x, y: autodiff.diff(x, prepend=y, append=x),
                lambda x, y: np.diff(x, prepend=y, append=x), [(2, 2), (2, 1)]),
               ("none left", lambda x: x.diff(5), lambda x: np.diff(x, 2), [(2,)])],
    "trapezoid": [("", lambda y: autodiff.trapezoid(y), np.trapezoid, [(4,)]),
                  ("dx", lambda y: autodiff.trapezoid(y, dx=0.5, dim=0), lambda y: np.trapezoid(y, dx=0.5, axis=0), [(3, 2)]),
                  ("x", lambda y, x: autodiff.trapezoid(y, x), np.trapezoid, [(2, 3), (3,)]),
                  ("all x", lambda y, x: autodiff.trapezoid(y, x, dim=0), lambda y, x: np.trapezoid(y, x, axis=0),
                   [(3, 2), (3, 2)])],
    "cumulative_trapezoid": [
        ("", lambda y: autodiff.cumulative_trapezoid(y), cumulative_trapezoid, [(4,)]),
        ("dx", lambda y: autodiff.cumulative_trapezoid(y, dx=2, dim=0), lambda y: cumulative_trapezoid(y, 0, dx=2), [(3, 2)]),
        ("x", lambda y, x: autodiff.cumulative_trapezoid(y, x), lambda y, x: cumulative_trapezoid(y, x=x), [(2, 3), (3,)])],
    "logsumexp": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.logsumexp(d, k),
                   lambda x, d=dim, k=keep: logsumexp(x, d, keepdims=k), [(2, 3)])
                  for dim, keep in DIMS if dim is not None] + [("0-d", lambda x: x.logsumexp(0), lambda x: x, [()])],
    "softmax": [(f"{dim} {s}", lambda x, d=dim: x.softmax(d), lambda x, d=dim: softmax(x, d), [s])
                for dim, s in ((0, (4,)), (-1, (2, 3)), (0, (2, 3)), (1, (2, 3, 2)))]
               + [("0-d", lambda x: x.softmax(0), lambda x: x * 0 + 1, [()]), ("none", lambda x: x.softmax(0), lambda x: x,
                                                                              [(0, 3)])],
    "softmin": [("", lambda x: autodiff.softmin(x, 1), lambda x: softmax(-x, 1), [(2, 3)])],
    "sort": [(f"{dim} {down}", lambda x, d=dim, down=down: x.sort(d, down)[0],
              lambda x, d=dim, down=down: np.flip(np.sort(x, d), d) if down else np.sort(x, d), [(2, 3)])
             for dim in (0, -1) for down in (False, True)],
}

WHOLE = np.array([[3, 0, 1], [2, 7, 0]])
REAL = np.array([[0.0, 2.0, np.nan], [0.0, 0.0, 0.0]])

VALUES = {
    "argmin": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.argmin(d, k), lambda a, d=dim, k=keep: a.argmin(d, keepdims=k), [a])
               for dim in (None, 0, -1) for keep in (False, True) for a in (WHOLE, REAL)],
    "all": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.all(d, k), lambda a, d=dim, k=keep: a.all(d, keepdims=k), [a])
            for dim, keep in DIMS for a in (WHOLE, REAL)]
           + [("uint8", lambda x: x.all(1), lambda a: a.all(1).astype(np.uint8), [WHOLE.astype(np.uint8)])],
    "any": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.any(d, k), lambda a, d=dim, k=keep: a.any(d, keepdims=k), [a])
            for dim, keep in DIMS for a in (WHOLE, REAL)],
    "count_nonzero": [(f"{dim}", lambda x, d=dim: x.count_nonzero(d), lambda a, d=dim: np.asarray(np.count_nonzero(a, d)), [a])
                      for dim in (None, 0, (0, 1)) for a in (WHOLE, REAL)],
    "ptp": [(f"{dim} {keep}", lambda x, d=dim, k=keep: anp.asarray(x).ptp(d, keepdims=k),
             lambda a, d=dim, k=keep: np.ptp(a, d, keepdims=k), [a]) for dim in (None, 1) for keep in (False, True)
            for a in (WHOLE, REAL)],
    "sum": [(str(a.dtype), lambda x: x.sum(1), lambda a: a.sum(1, dtype=np.int64), [a])
            for a in (WHOLE, WHOLE > 0, WHOLE.astype(np.uint8), WHOLE.astype(np.int16))],
    "prod": [(str(a.dtype), lambda x: x.prod(1), lambda a: a.prod(1, dtype=np.int64), [a])
             for a in (WHOLE, WHOLE > 0, WHOLE.astype(np.uint8))]
            + [("dtype", lambda x: x.prod(dtype=np.int16), lambda a: a.prod(dtype=np.int16), [WHOLE])],
    "cumsum": [(str(a.dtype), lambda x: x.cumsum(1), lambda a: a.cumsum(1, dtype=np.int64), [a])
               for a in (WHOLE, WHOLE > 0, WHOLE.astype(np.uint8))],
    "mode": [("ties", lambda x: tuple(x.mode()), lambda a: (np.array([1.0, 5.0]), np.array([3, 1])),
              [np.array([[2.0, 1, 2, 1, 0], [5, 5, 0, 1, 2]])])],
    "nansum": [("", lambda x: x.nansum(1), lambda a: np.nansum(a, 1), [REAL])],
    "nanmedian": [("", lambda x: tuple(x.nanmedian(1)), lambda a: (np.array([0.0, 0.0]), np.array([0, 1])), [REAL])],
    "nanquantile": [(how, lambda x, h=how: x.nanquantile(0.3, 1, interpolation=h),
                     lambda a, h=how: np.nanquantile(a, 0.3, 1, method=h), [REAL]) for how in HOW],
    "quantile": [("NaN", lambda x: x.quantile(0.3, 1), lambda a: np.quantile(a, 0.3, 1), [REAL])],
}


def gradient(f, *numbers):
    x = leaf(list(numbers))
    f(x).backward()
    return x.grad.tolist()


def amin_ties():
    assert gradient(lambda x: x.amin(), 2.0, 1.0, 1.0) == [0, 0.5, 0.5]


def max_ties():
    assert gradient(lambda x: x.max(), 1.0, 2.0, 2.0) == [0, 0.5, 0.5]
    assert gradient(lambda x: x.max(0).values, 1.0, 2.0, 2.0) == [0, 1, 0]


def min_ties():
    assert gradient(lambda x: x.min(), 2.0, 1.0, 1.0) == [0, 0.5, 0.5]
    assert gradient(lambda x: x.min(0)[0], 2.0, 1.0, 1.0) == [0, 1, 0]


def aminmax_ties():
    assert gradient(lambda x: x.aminmax().min + x.aminmax().max * 2, 1.0, 1.0, 3.0) == [0.5, 0.5, 2]


def median_ties():
    for name in ("median", "nanmedian"):
        assert gradient(lambda x, f=name: getattr(x, f)(), 0.0, 1.0, 1.0, 5.0) == [0, 0.5, 0.5, 0]
        assert gradient(lambda x, f=name: getattr(x, f)(0).values, 0.0, 1.0, 1.0, 5.0) == [0, 1, 0, 0]


def running_ties():
    assert gradient(lambda x: x.cummax(0).values.sum(), 1.0, 3.0, 2.0, 3.0) == [1, 2, 0, 1]
    assert gradient(lambda x: x.cummin(0).values.sum(), 3.0, 1.0, 2.0, 1.0) == [1, 2, 0, 1]


def not_a_number():
    assert gradient(lambda x: x.nansum(), 1.0, np.nan) == [1, 0]
    assert gradient(lambda x: x.nanmean(), 1.0, np.nan, 3.0) == [0.5, 0, 0.5]
    x = leaf([1.0, np.nan])
    (g,) = autograd.grad((x * x).nansum(), x, create_graph=True)
    assert g[0].item() == 2


def flat_deviation():
    assert gradient(lambda x: x.std(), 2.0, 2.0) == [0, 0]
    x = leaf([2.0, 2.0, 2.0])
    (g,) = autograd.grad(x.std(), x, create_graph=True)
    assert np.isnan(plain(autograd.grad(g.sum(), x)[0])).all()


def no_distance():
    assert gradient(lambda x: autodiff.dist(x, x.detach()), 1.0, 2.0) == [0, 0]


CASES["pick"] = [("largest along dim", lambda x: x.kthvalue(3, 1).values, lambda x: x.max(1), [(2, 3)])]
KINKS = {"amin": amin_ties, "max": max_ties, "min": min_ties, "aminmax": aminmax_ties, "median": median_ties,
         "nanmedian": median_ties, "median_of_all": median_ties, "cummax": running_ties, "cummin": running_ties,
         "nansum": not_a_number, "nanmean": not_a_number, "std": flat_deviation, "dist": no_distance}
