"""Choosing among arrays, and reading and writing at positions.

Writes into a Variable keep the gradient.  A plain array keeps none: a Variable that is recorded is not written into one.
"""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .. import _variable as _module
from .._variable import OPS
from ._dispatch import any_recorded, composite, lifted, stand_in, values_of, variable, wider, write_out

_v: Any = _module


# ---- choosing

def _choice(value: Any) -> Any:
    """One of the arrays to choose from: Python numbers stay, which take the dtype of the others."""
    return value if isinstance(value, (bool, int, float, complex)) else lifted(value)


def _common(values: Any) -> Any:
    return np.result_type(*[stand_in(v) if OPS.is_variable(v) else v for v in values])


@composite("select")
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if not len(condlist):
        raise ValueError("select with an empty condition list is not possible")
    conditions = [lifted(condition) for condition in condlist]
    for i, condition in enumerate(conditions):
        if np.dtype(_v.dtype_in(condition)) != np.bool:
            raise TypeError(f"invalid entry {i} in condlist: should be boolean ndarray")
    choices = [_choice(choice) for choice in choicelist]
    result = _choice(default)
    dtype = _common([*choices, result])
    for condition, choice in zip(reversed(conditions), reversed(choices)):
        result = np.where(condition, _at(choice, dtype), _at(result, dtype))
    return variable(result)


def _at(value: Any, dtype: Any) -> Any:
    """A choice at the dtype of all of them."""
    return np.asarray(value, dtype) if not OPS.is_variable(value) else value.astype(dtype, copy=False)


@composite("choose")
def choose(a: Any, choices: Any, out: Any = None, mode: Any = "raise") -> Any:
    options = [_choice(choice) for choice in choices]
    dtype = _common(options)
    options = [variable(option) for option in options]
    index = np.broadcast_arrays(np.asarray(values_of(lifted(a))), *map(stand_in, options))[0]
    if mode == "wrap":
        index = index % len(options)
    elif mode == "clip":
        index = np.clip(index, 0, len(options) - 1)
    elif mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    if index.dtype.kind not in "iub" or (index.size and not 0 <= index.min() <= index.max() < len(options)):
        raise ValueError("invalid entry in choice array")
    stacked = np.stack([np.broadcast_to(option.astype(dtype, copy=False), index.shape) for option in options])
    result = stacked[(index.astype(np.intp), *np.indices(index.shape, sparse=True))]
    return result if out is None else write_out(out, result, "np.choose")


@composite("piecewise")
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    x = variable(x)
    count = len(funclist)
    if np.isscalar(condlist) or (x.ndim and not (isinstance(condlist[0], list) or np.ndim(condlist[0]))):
        condlist = [condlist]
    conditions = np.asarray(values_of(condlist), dtype=bool)
    if len(conditions) == count - 1:
        conditions = np.concatenate([conditions, ~np.any(conditions, axis=0, keepdims=True)])
    elif len(conditions) != count:
        raise ValueError(f"with {len(conditions)} condition(s), either {len(conditions)} or {len(conditions) + 1} functions "
                         "are expected")
    result = np.zeros_like(x)
    for condition, function in zip(conditions, funclist):
        if callable(function):
            there = x[condition]
            if there.size:
                result[condition] = function(there, *args, **kw)
        elif condition.any():
            result[condition] = function
    return result


# ---- along an axis

@wider("take")
def take(a: Any, indices: Any, axis: Any = None, mode: Any = "raise") -> Any:
    return np.take(a, indices, axis, mode=mode)


@composite("take_along_axis")
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    arr, indices = variable(arr), variable(indices)
    if axis is None:
        if indices.ndim != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        arr, axis = arr.reshape(-1), 0
    return arr[_along(arr, indices, axis)]


def _along(arr: Any, indices: Any, axis: int) -> tuple[Any, ...]:
    """The index of arr with positions along an axis, and the other axes in line."""
    if indices.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    axis = _v.wrapped_dim(axis, arr.ndim)
    grid = np.ogrid[tuple([slice(n) for n in arr.shape])]
    grid = grid if isinstance(grid, (tuple, list)) else [grid]
    return tuple([indices if d == axis else np.asarray(grid[d]) for d in range(arr.ndim)])


@composite("put_along_axis", writes=True)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    values = lifted(values)
    if not _written(arr, values, "put_along_axis"):
        return np.put_along_axis(arr, values_of(indices), values_of(values), axis)
    indices = variable(indices)
    if axis is None:
        if indices.ndim != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        flat = np.asarray(values_of(indices))
        arr[np.unravel_index(flat % max(prod(arr.shape), 1), tuple(arr.shape))] = values
    else:
        arr[_along(arr, indices, axis)] = values


# ---- writes

def _written(arr: Any, values: Any, name: str) -> bool:
    """Whether the destination is a Variable; False for a plain array, which takes what has no gradient to lose."""
    if OPS.is_variable(arr):
        return True
    if any_recorded(values):
        raise TypeError(f"np.{name}() would write a Variable that is recorded into a plain array, which keeps no gradient. "
                        "Allocate the array with np.zeros_like(x) or np.zeros(n, like=x), x being the Variable, or write the "
                        "program with autodiff.numpy in the place of numpy. Of x.detach() the values alone are written: the "
                        "gradient ends there.")
    return False


def _put_at(arr: Any, positions: Any, values: Any) -> None:
    """The elements of values, from the first again where they end, to flat positions of arr."""
    values = values if OPS.is_variable(values) else np.asarray(values)
    count = prod(values.shape)
    if not positions.size:
        return
    flat = values.reshape(-1)
    if count != 1:
        flat = flat[np.arange(positions.size) % count]
    arr[np.unravel_index(positions, tuple(arr.shape))] = flat.reshape(()) if count == 1 else flat


@composite("put", writes=True)
def put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    v = lifted(v)
    if not _written(a, v, "put"):
        return np.put(a, values_of(ind), values_of(v), mode)
    numbers = np.arange(prod(a.shape))
    ind = np.asarray(values_of(lifted(ind)))
    if prod(np.shape(v)):
        _put_at(a, np.take(numbers, ind.reshape(-1), mode=mode), v)


@composite("place", writes=True)
def place(arr: Any, mask: Any, vals: Any) -> None:
    vals, mask = lifted(vals), np.asarray(values_of(lifted(mask)))
    if not _written(arr, vals, "place"):
        return np.place(arr, mask, values_of(vals))
    if mask.size != prod(arr.shape):
        raise ValueError("place: mask and data must be the same size")
    positions = np.flatnonzero(mask)
    if positions.size and not prod(np.shape(vals)):
        raise ValueError("Cannot insert from an empty array!")
    _put_at(arr, positions, vals)


@composite("putmask", writes=True)
def putmask(a: Any, /, mask: Any, values: Any) -> None:
    values, mask = lifted(values), np.asarray(values_of(lifted(mask)))
    if not _written(a, values, "putmask"):
        return np.putmask(a, mask, values_of(values))
    if mask.size != prod(a.shape):
        raise ValueError("putmask: mask and data must be the same size")
    positions, count = np.flatnonzero(mask), prod(np.shape(values))
    if not count:
        return
    values = values if OPS.is_variable(values) else np.asarray(values)
    a_values = values.reshape(-1)[positions % count]        # those of the same number, and not the next ones in order
    if positions.size:
        a[np.unravel_index(positions, tuple(a.shape))] = a_values


@composite("copyto", writes=True)
def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    src = src if isinstance(src, (bool, int, float, complex)) else lifted(src)
    if isinstance(dst, np.ndarray) and dst.dtype == object and OPS.is_variable(src) and not src.ndim:
        box = np.empty((), object)      # as np.full(n, x) has it: elements that are Variables
        box[()] = src
        return np.copyto(dst, box, casting, values_of(where))
    if not _written(dst, src, "copyto"):
        return np.copyto(dst, values_of(src), casting, values_of(where))
    # casts and shapes that NumPy refuses
    np.copyto(np.empty((), _v.dtype_in(dst)), np.zeros((), _v.dtype_in(src)) if np.ndim(src) or OPS.is_variable(src) else src,
              casting)
    np.broadcast_to(stand_in(src) if OPS.is_variable(src) else src, tuple(dst.shape))
    if where is True:
        dst[...] = src
    else:
        where = lifted(where)
        dst[...] = np.where(where, src, dst)


@composite("fill_diagonal", writes=True)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    marks = np.zeros(tuple(a.shape), bool)
    np.fill_diagonal(marks, True, wrap)
    val = lifted(val)
    if prod(np.shape(val)):
        _put_at(a, np.flatnonzero(marks), val)
