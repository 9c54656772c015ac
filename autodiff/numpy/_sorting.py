"""Sorting, searching, sets: what is found are elements of the operands, so a gradient goes to where they were taken from.

Where they stand is read from the values, by NumPy itself.  Functions whose result has a shape that depends on values raise
under vmap, as reading does.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .._variable import OPS
from ._dispatch import composite, of_values, values_of
from ._statistics import _into, array_of, axes_of, cast, is_batch, is_variable

# ---- sorting

@composite("partition")
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Any:
    a, kth = array_of(a), values_of(kth)
    if axis is None:
        a, axis = a.reshape(-1), -1
    axis = axes_of(axis, a.ndim)[0]
    if is_batch(a):                             # in order they are parted, too
        np.partition(np.zeros(a.shape[axis]), kth, 0, kind, order)
        return np.sort(a, axis=axis)
    values = values_of(a)
    parted = np.partition(values, kth, axis, kind, order)
    # What NumPy's partition leaves in no order is not what its argpartition does: elements are found again by their ranks.
    places = np.empty(values.shape, np.intp)
    np.put_along_axis(places, np.argsort(parted, axis, kind="stable"), np.argsort(values, axis, kind="stable"), axis)
    return np.take_along_axis(a, places, axis)


@composite("sort_complex")
def sort_complex(a: Any) -> Any:
    a = array_of(a)
    narrow = {"b": "F", "h": "F", "B": "F", "H": "F", "g": "G"}
    found = np.sort(a, axis=-1)
    return found if a.dtype.kind == "c" else cast(found, np.dtype(narrow.get(a.dtype.char, "D")))


of_values("argpartition", "lexsort", "flatnonzero")


# ---- searching

def _searched(edges: Any, v: Any, side: Any) -> Any:
    """np.searchsorted of a batch."""
    like = v if is_variable(v) else edges
    edges, v = [x if is_variable(x) else OPS.constant(np.array(x), like=like) for x in (edges, v)]
    return OPS.searchsorted(edges, v, side=side)


@composite("searchsorted")
def searchsorted(a: Any, v: Any, side: Any = "left", sorter: Any = None) -> Any:
    if not is_batch(a, v):
        return np.searchsorted(values_of(a), values_of(v), side, values_of(sorter))
    a, v = array_of(a), array_of(v)
    if a.ndim != 1:
        raise ValueError("object too deep for desired array" if a.ndim else "object of too small depth for desired array")
    if side not in ("left", "right"):
        raise ValueError(f"search side must be one of 'left' or 'right' (got {side!r})")
    return _searched(a if sorter is None else np.take(a, values_of(sorter)), v, side)


@composite("digitize")
def digitize(x: Any, bins: Any, right: Any = False) -> Any:
    if not is_batch(x, bins):
        return np.digitize(values_of(x), values_of(bins), bool(right))
    x, bins = array_of(x), array_of(bins)
    if is_batch(bins):
        _refuse_bins()
    edges = values_of(bins)
    np.digitize(np.zeros(1), edges)             # NumPy's error for what is not monotonic
    falling = edges.size > 1 and edges[0] > edges[-1]
    side = "left" if right else "right"
    if falling:
        return edges.size - _searched(edges[::-1], x, "left" if side == "right" else "right")
    return _searched(edges, x, side)


def _refuse_bins() -> None:
    """Whether bins rise or fall decides the answer, and those that differ from sample to sample cannot be looked at."""
    raise NotImplementedError("np.digitize() under vmap, of bins that differ from sample to sample: call "
                              "np.searchsorted(bins, x, side='right'), which takes them in ascending order")


@composite("isin")
def isin(element: Any, test_elements: Any, assume_unique: Any = False, invert: Any = False, *, kind: Any = None) -> Any:
    if is_batch(element, test_elements):
        element, test_elements = array_of(element), array_of(test_elements)
        like = element if is_variable(element) else test_elements
        pair = [v if is_variable(v) else OPS.constant(np.array(v), like=like) for v in (element, test_elements)]
        return OPS.isin(*pair, assume_unique=bool(assume_unique), invert=bool(invert))
    return np.isin(values_of(element), values_of(test_elements), assume_unique, invert, kind=kind)


of_values("in1d")       # gone with NumPy 2.4


# ---- elements chosen by their values

def _at(flat: Any, places: Any) -> Any:
    return np.take(flat, places)


def _gathered(flat: Any, found: Any) -> Any:
    """Values that NumPy found among the elements of a flat operand, taken from it: of equal elements from the first."""
    values = values_of(flat)
    distinct, first = np.unique(values, return_index=True)
    return _at(flat, first[np.searchsorted(distinct, found)])


@composite("extract")
def extract(condition: Any, arr: Any) -> Any:
    return _at(array_of(arr).reshape(-1), np.flatnonzero(values_of(condition)))


@composite("compress")
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    condition, a = np.asarray(values_of(condition)), array_of(a)
    if condition.ndim != 1:
        raise ValueError("condition must be a 1-d array")
    return _into(out, np.take(a, np.flatnonzero(condition), axis=axis), "np.compress")


@composite("trim_zeros")
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    filt = array_of(filt)
    trim = trim.lower()
    if trim not in ("f", "b", "fb", "bf"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    found = np.argwhere(values_of(filt))
    index = [slice(None)] * filt.ndim
    for d in axes_of(axis, filt.ndim):
        start, stop = (found[:, d].min(), found[:, d].max() + 1) if len(found) else (filt.shape[d], 0)
        first, last = start if "f" in trim else 0, stop if "b" in trim else filt.shape[d]
        index[d] = slice(int(first), int(max(first, last)))
    return filt[tuple(index)]


# ---- sets

@composite("unique")
def unique(ar: Any, return_index: Any = False, return_inverse: Any = False, return_counts: Any = False, axis: Any = None, *,
           equal_nan: Any = True, sorted: Any = True) -> Any:
    ar = array_of(ar)
    values = values_of(ar)
    if not sorted and axis is None and not (return_index or return_inverse or return_counts):
        return _without_duplicates(ar.reshape(-1), np.unique(values, equal_nan=equal_nan, sorted=False), equal_nan)
    options: dict[str, Any] = {"return_inverse": bool(return_inverse), "return_counts": bool(return_counts)}
    first, *more = np.unique(values, return_index=True, axis=axis, equal_nan=equal_nan, **options)[1:]
    elements = _at(ar.reshape(-1), first) if axis is None else np.take(ar, first, axis=axis)
    results = (elements, *([first] if return_index else []), *more)
    return results if len(results) > 1 else results[0]


def _unique_as(name: str, x: Any) -> Any:
    """The functions of the array API: named tuples of NumPy's, the values taken from the operand."""
    x = array_of(x)
    found = getattr(np, name)(values_of(x))
    if name == "unique_values":
        return _without_duplicates(x.reshape(-1), found)
    return type(found)(_without_duplicates(x.reshape(-1), found[0]), *found[1:])


def _without_duplicates(flat: Any, found: Any, equal_nan: bool = False) -> Any:
    """Values that occur once each, in whatever order they were found."""
    _, first = np.unique(values_of(flat), return_index=True, equal_nan=equal_nan)
    places = np.empty(len(first), np.intp)
    places[np.argsort(found, kind="stable")] = first
    return _at(flat, places)


@composite("unique_all")
def unique_all(x: Any) -> Any:
    return _unique_as("unique_all", x)


@composite("unique_counts")
def unique_counts(x: Any) -> Any:
    return _unique_as("unique_counts", x)


@composite("unique_inverse")
def unique_inverse(x: Any) -> Any:
    return _unique_as("unique_inverse", x)


@composite("unique_values")
def unique_values(x: Any) -> Any:
    return _unique_as("unique_values", x)


@composite("union1d")
def union1d(ar1: Any, ar2: Any) -> Any:
    return unique(_joined(ar1, ar2))


def _joined(ar1: Any, ar2: Any) -> Any:
    return np.concatenate([array_of(ar1).reshape(-1), array_of(ar2).reshape(-1)])


@composite("intersect1d")
def intersect1d(ar1: Any, ar2: Any, assume_unique: Any = False, return_indices: Any = False) -> Any:
    first, second = array_of(ar1).reshape(-1), array_of(ar2).reshape(-1)
    found, *places = _and_more(np.intersect1d(values_of(first), values_of(second), assume_unique, return_indices))
    if not return_indices:
        return _gathered(_joined(first, second), found)
    return cast(_at(first, places[0]), found.dtype), *places


def _and_more(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)


@composite("setdiff1d")
def setdiff1d(ar1: Any, ar2: Any, assume_unique: Any = False) -> Any:
    first = array_of(ar1).reshape(-1)
    if assume_unique:                           # in their own order, and whatever occurs twice stays
        return _at(first, np.flatnonzero(np.isin(values_of(first), values_of(ar2), assume_unique=True, invert=True)))
    return _gathered(first, np.setdiff1d(values_of(first), values_of(ar2)))


@composite("setxor1d")
def setxor1d(ar1: Any, ar2: Any, assume_unique: Any = False) -> Any:
    joined = _joined(ar1, ar2)
    return _gathered(joined, np.setxor1d(values_of(ar1), values_of(ar2), assume_unique))
