"""Shapes and joins: other geometries of the same elements, and elements put together.

What only moves elements is run by NumPy itself on the numbers of the elements, and the elements are taken by what comes out
(``moved``): shapes, errors and corner cases are then NumPy's own, in every version of it.  What NumPy answers with a view is
a view here too, so that writes into it meet.
"""
from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .._variable import OPS
from ._dispatch import composite, of_shapes, of_values, stand_in, values_of, variable, wider

of_shapes("ndim", "shape", "size", "iscomplexobj", "isrealobj", "tril_indices_from", "triu_indices_from", "diag_indices_from")
of_values("iscomplex", "ravel_multi_index", "unravel_index")


def moved(function: Any, *operands: Any) -> Any:
    """function(*operands), of a function that moves elements, repeats them and leaves some out."""
    numbers, start = [], 0
    for x in operands:
        numbers.append(np.arange(start, start + x.size).reshape(x.shape))
        start += x.size
    positions = np.asarray(function(*numbers))
    flat = [x.reshape(-1) for x in operands]
    joined = flat[0] if len(flat) == 1 else np.concatenate(flat)
    if not positions.size:
        return joined[:0].reshape(positions.shape)
    return joined[positions]


# ---- views

@composite("transpose", "permute_dims")
def transpose(a: Any, axes: Any = None) -> Any:
    return a.transpose() if axes is None else a.transpose(tuple([operator.index(d) for d in axes]))


@composite("matrix_transpose", "linalg.matrix_transpose")
def matrix_transpose(x: Any, /) -> Any:
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return np.swapaxes(x, -1, -2)


@composite("expand_dims")
def expand_dims(a: Any, axis: Any) -> Any:
    new = np.expand_dims(stand_in(a), axis).ndim
    places = {d % new for d in (axis if isinstance(axis, (tuple, list)) else (axis,))}
    return a[tuple([None if d in places else slice(None) for d in range(new)])]


@composite("rollaxis")
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    return a.transpose(_order(lambda x: np.rollaxis(x, axis, start), a))


def _order(function: Any, a: Any) -> tuple[int, ...]:
    """The dimensions of a in the order in which a function that permutes them leaves them."""
    order: tuple[int, ...] = function(np.empty(tuple(range(a.ndim)))).shape      # of an array whose sizes are 0, 1, 2, ...
    return order


@composite("split")
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    return _parts(ary, axis, np.split, indices_or_sections)


@composite("array_split")
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    return _parts(ary, axis, np.array_split, indices_or_sections)


@composite("hsplit")
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if ary.ndim == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@composite("vsplit")
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if ary.ndim < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@composite("dsplit")
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if ary.ndim < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


def _parts(x: Any, axis: int, function: Any, where: Any) -> list[Any]:
    """Views of x along an axis, cut where a function of NumPy's cuts the numbers of the places there."""
    length = stand_in(x).swapaxes(axis, 0).shape[0]
    front = (slice(None),) * (axis % x.ndim)
    found, start = [], 0
    for part in function(np.arange(length), values_of(where)):
        start = int(part[0]) if part.size else start
        found.append(x[(*front, slice(start, start + part.size))])
    return found


@composite("unstack")
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    if x.ndim == 0:
        raise ValueError("Input array must be at least 1-d.")
    x = np.moveaxis(x, axis, 0)
    return tuple([x[i] for i in range(len(x))])         # and not by iteration, whose views cannot be written


@composite("lib.stride_tricks.sliding_window_view")
def sliding_window_view(x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False) -> Any:
    shape = np.lib.stride_tricks.sliding_window_view(stand_in(x), window_shape, axis).shape
    sizes = shape[x.ndim:]
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    for d, size in zip(axes, sizes):
        x = x.unfold(d % len(shape[:len(shape) - len(sizes)]), size, 1)
    return x


@composite("meshgrid")
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n = len(xi)
    axes = [variable(x).reshape(-1) for x in xi]
    swapped = indexing == "xy" and n > 1
    place = [1, 0, *range(2, n)] if swapped else [*range(n)]
    axes = [x.reshape(tuple([-1 if d == place[i] else 1 for d in range(n)])) for i, x in enumerate(axes)]
    if not sparse:
        shape = np.broadcast_shapes(*[x.shape for x in axes])
        axes = [np.broadcast_to(x, shape) for x in axes]
    return tuple([x.copy() for x in axes]) if copy else tuple(axes)


@composite("ix_")
def ix_(*args: Any) -> tuple[Any, ...]:
    shapes = [x.shape for x in np.ix_(*[np.zeros(np.shape(x)) for x in args])]
    found = []
    for x, shape in zip(args, shapes):
        x = variable(x)
        if x.dtype.kind == "b":
            found.append(np.ix_(values_of(x))[0].reshape([-1 if n != 1 else 1 for n in shape] if x.size > 1 else shape))
        else:
            found.append(x.reshape(shape))
    return tuple(found)


# ---- dtypes and parts

@composite("astype")
def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    if not OPS.is_variable(x):
        raise TypeError(f"Input should be a NumPy array. It is a {type(x).__name__} instead.")
    on_cpu(device)
    return x.astype(dtype, copy=copy)


def on_cpu(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f'Device not understood. Only "cpu" is allowed, but received: {device}')


@composite("real_if_close")
def real_if_close(a: Any, tol: float = 100) -> Any:
    if a.dtype.kind == "c" and np.isrealobj(np.real_if_close(values_of(a), tol)):
        return np.real(a)
    return a


@wider("nan_to_num")
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    result = np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
    if copy:
        return result
    x[...] = result
    return x


# ---- joins

def _cast(arrays: Any, dtype: Any, casting: Any) -> list[Any]:
    """The operands of a join at the dtype of its result."""
    arrays = [variable(x) for x in arrays]
    target = np.result_type(*[stand_in(x) for x in arrays]) if dtype is None else np.dtype(dtype)
    for x in arrays:
        if not np.can_cast(x.dtype, target, casting):
            raise TypeError(f"Cannot cast array data from {x.dtype!r} to {target!r} according to the rule {casting!r}")
    return [x.astype(target, copy=False) for x in arrays]


@wider("concatenate")
def concatenate(arrays: Any, axis: Any = 0, dtype: Any = None, casting: Any = "same_kind") -> Any:
    return np.concatenate(_cast(arrays, dtype, casting), axis)


@wider("stack")
def stack(arrays: Any, axis: int = 0, dtype: Any = None, casting: Any = "same_kind") -> Any:
    return np.stack(_cast(arrays, dtype, casting), axis)


@wider("hstack")
def hstack(tup: Any, dtype: Any = None, casting: Any = "same_kind") -> Any:
    return np.hstack(_cast(tup, dtype, casting))


@wider("vstack")
def vstack(tup: Any, dtype: Any = None, casting: Any = "same_kind") -> Any:
    return np.vstack(_cast(tup, dtype, casting))


@composite("append")
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    return np.concatenate((variable(arr), variable(values)), axis)


@composite("block")
def block(arrays: Any) -> Any:
    depths: set[int] = set()
    ranks = [0]

    def look(part: Any, depth: int) -> None:
        if isinstance(part, tuple):
            raise TypeError("block() takes lists and arrays; a tuple is neither")
        if not isinstance(part, list):
            depths.add(depth)
            ranks.append(np.ndim(part))
        elif not part:
            raise ValueError("block() takes no empty lists")
        for inner in part if isinstance(part, list) else ():
            look(inner, depth + 1)

    look(arrays, 0)
    if len(depths) > 1:
        raise ValueError(f"List depths are mismatched: {sorted(depths)}")
    depth = depths.pop()
    rank = max(*ranks, depth)

    def joined(part: Any, level: int) -> Any:
        if isinstance(part, list):
            return np.concatenate([joined(inner, level + 1) for inner in part], axis=level - depth)
        x = variable(part)
        return x.reshape((1,) * (rank - x.ndim) + x.shape)

    return joined(arrays, 0) if depth else variable(arrays).copy()


@composite("insert")
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    arr = variable(arr)
    values = variable(values).astype(arr.dtype, copy=False)
    where = _positions(obj)
    return moved(lambda x, y: np.insert(x, where, y, axis), arr, values)


@composite("delete")
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    where = _positions(obj)
    return moved(lambda x: np.delete(x, where, axis), variable(arr))


def _positions(obj: Any) -> Any:
    return obj if isinstance(obj, slice) else values_of(obj)


@composite("resize")
def resize(a: Any, new_shape: Any) -> Any:
    if not a.size:
        return np.zeros_like(a, shape=np.resize(stand_in(a), new_shape).shape)
    return moved(lambda x: np.resize(x, new_shape), a)


# ---- padding

@composite("pad")
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    widths = _widths(array, pad_width)
    if callable(mode):
        return _padded_by(mode, array, widths, kwargs)
    allowed = _PADDING.get(mode)
    if allowed is None:
        raise ValueError(f"mode '{mode}' is not supported")
    if not set(kwargs) <= set(allowed):
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {set(kwargs) - set(allowed)}")
    if mode in ("constant", "empty"):
        return _padded_along(array, widths, _constants(array, kwargs.get("constant_values", 0)))
    if mode in ("edge", "wrap") or (mode in ("reflect", "symmetric") and kwargs.get("reflect_type", "even") == "even"):
        return moved(lambda x: np.pad(x, widths, mode), array)
    # for what NumPy raises
    np.pad(stand_in(array), widths, mode, **{key: values_of(v) for key, v in kwargs.items() if key != "end_values"})
    if mode == "linear_ramp":
        ends = _pairs(kwargs.get("end_values", 0), array.ndim)
        return _padded_along(array, widths, lambda x, axis, side, width: _ramp(x, axis, side, width, ends[axis][side]))
    if mode in ("reflect", "symmetric"):
        for axis, (before, after) in enumerate(widths):
            array = _reflected_oddly(array, axis, before, after, mode == "symmetric")
        return array
    lengths = _pairs(kwargs.get("stat_length"), array.ndim)
    return _padded_along(array, widths, lambda x, axis, side, width: _statistic(
        _STATISTICS[mode], x, axis, side, lengths[axis][side]))


_PADDING = {"constant": ("constant_values",), "empty": (), "edge": (), "wrap": (), "linear_ramp": ("end_values",),
            "reflect": ("reflect_type",), "symmetric": ("reflect_type",),
            **dict.fromkeys(("maximum", "minimum", "mean", "median"), ("stat_length",))}
_STATISTICS = {"maximum": np.amax, "minimum": np.amin, "mean": np.mean, "median": np.median}


def _widths(array: Any, pad_width: Any) -> list[tuple[int, int]]:
    """How many elements before and after, for each axis; NumPy's errors, by a padding of no elements' values."""
    if isinstance(pad_width, dict):
        by_axis = [(0, 0)] * array.ndim
        for axis, width in pad_width.items():
            by_axis[axis] = (width, width) if isinstance(width, (int, np.integer)) else tuple(width)
        pad_width = by_axis
    pad_width = np.asarray(values_of(pad_width))
    if pad_width.dtype.kind not in "iu":
        raise TypeError("`pad_width` must be of integral type.")
    if (pad_width < 0).any():
        raise ValueError("index can't contain negative values")
    return [(int(before), int(after)) for before, after in np.broadcast_to(pad_width, (array.ndim, 2))]


def _pairs(value: Any, ndim: int) -> Any:
    """What may be given once, for both ends, or for both ends of each axis: in that last form."""
    if value is None:
        return [(None, None)] * ndim
    value = OPS.lifted(value)
    return np.broadcast_to(value, (ndim, 2))


def _padded_along(array: Any, widths: Any, made: Any) -> Any:
    """Padding axis by axis, so that a later one sees what an earlier one added.

    made: function of (array, axis, 0 or 1 for the end, width): what broadcasts to the part to be added.
    """
    for axis, sides in enumerate(widths):
        parts = [array]
        for side, width in enumerate(sides):
            if width:
                shape = (*array.shape[:axis], width, *array.shape[axis + 1:])
                part = np.broadcast_to(variable(made(array, axis, side, width)).astype(array.dtype, copy=False), shape)
                parts = [*parts, part] if side else [part, *parts]
        if len(parts) > 1:
            array = np.concatenate(parts, axis)
    return array if any(map(any, widths)) else array.copy()


def _constants(array: Any, values: Any) -> Any:
    pairs = _pairs(values, array.ndim)
    return lambda x, axis, side, width: pairs[axis][side]


def _edge(x: Any, axis: int, side: int) -> Any:
    return x[(slice(None),) * axis + (slice(-1, None) if side else slice(0, 1),)]


def _ramp(x: Any, axis: int, side: int, width: int, end: Any) -> Any:
    edge = np.squeeze(_edge(x, axis, side), axis)
    ramp = np.linspace(end, edge, width, endpoint=False, dtype=x.dtype, axis=axis)
    return np.flip(ramp, axis) if side else ramp


def _statistic(function: Any, x: Any, axis: int, side: int, length: Any) -> Any:
    n = x.shape[axis]
    count = n if length is None else min(int(length), n)
    part = x[(slice(None),) * axis + (slice(n - count, n) if side else slice(0, count),)]
    found = function(part, axis=axis, keepdims=True)
    return np.rint(found) if x.dtype.kind in "iu" else found


def _reflected_oddly(x: Any, axis: int, before: int, after: int, repeats_edge: bool) -> Any:
    """Mirrored in the edges with the other sign of what differs from them: 2 * edge - element, as often as there is room."""
    front, n = (slice(None),) * axis, x.shape[axis]
    offset = 1 if repeats_edge else 0
    if n == 1:          # NumPy repeats what has one element
        return moved(lambda numbers: np.pad(numbers, [(before, after) if d == axis else (0, 0) for d in range(x.ndim)], "edge"),
                     x)
    while before or after:
        size = x.shape[axis]
        usable = size // n * n if repeats_edge else (size - 1) // (n - 1) * (n - 1)
        first, last = min(before, usable), min(after, usable)
        low = np.flip(x[(*front, slice(1 - offset, 1 - offset + first))], axis)
        high = np.flip(x[(*front, slice(size - 1 + offset - last, size - 1 + offset))], axis)
        x = np.concatenate([2 * _edge(x, axis, 0) - low, x, 2 * _edge(x, axis, 1) - high], axis)
        before, after = before - first, after - last
    return x


def _padded_by(function: Any, array: Any, widths: Any, kwargs: Any) -> Any:
    """Padding by a function that writes into each vector of the padded array, one axis after the other."""
    padded = _padded_along(array, widths, lambda *_: 0)
    for axis in range(padded.ndim):
        view = np.moveaxis(padded, axis, -1)
        for index in np.ndindex(view.shape[:-1]):
            function(view[index], widths[axis], axis, kwargs)
    return padded
