"""New arrays: of the shape of a Variable, or by ``like=`` one, and rows of numbers between Variables.

What is made here can be written into with the gradient kept, as ``y = np.zeros_like(x); y[i] = 2 * x[i]`` does.
"""
from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import _variable as _module
from .._create import _filled_beside
from .._variable import OPS
from ._dispatch import any_recorded, composite, lifted, stand_in, values_of, variable
from ._shapes import on_cpu

_v: Any = _module
_NDARRAY = _v.as_ndarray(0.0)
#: Kinds of dtypes that Variables have; of others NumPy's own arrays are made, which have no gradient to keep.
_HELD = "biufc"


def _owned(array: Any) -> Any:
    """NumPy's array, which nobody else holds, as a Variable; as it is where Variables have no such dtype."""
    if array.dtype.kind in _HELD and array.dtype not in _NOT_HELD:
        return _v.as_ndarray(array, None, False)
    if array.dtype.kind in "fc":
        raise TypeError(f"autodiff has no arrays of {array.dtype}, whose gradient would be lost: use float64 or complex128")
    return array


_NOT_HELD = {np.dtype(code) for code in (np.uint16, np.uint32, np.uint64, np.longdouble, np.clongdouble)}


# ---- like a Variable

def _like(name: str, a: Any, value: Any, dtype: Any, order: str, subok: bool, shape: Any, device: Any) -> Any:
    model = stand_in(a)
    plain = getattr(np, name)(model, dtype=dtype, order=order, subok=subok, shape=0 if shape is None else shape, device=device)
    if plain.dtype.kind not in _HELD or plain.dtype in _NOT_HELD:
        return _owned(np.full_like(model, value, dtype=dtype, shape=shape))
    return _v.in_flavour(_filled_beside(a, a.shape if shape is None else plain.shape, value, plain.dtype), _NDARRAY)


@composite("zeros_like")
def zeros_like(a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *,
               device: Any = None) -> Any:
    return _like("zeros_like", a, 0, dtype, order, subok, shape, device)


@composite("ones_like")
def ones_like(a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *,
              device: Any = None) -> Any:
    return _like("ones_like", a, 1, dtype, order, subok, shape, device)


@composite("empty_like")
def empty_like(prototype: Any, /, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *,
               device: Any = None) -> Any:
    return _like("empty_like", prototype, 0, dtype, order, subok, shape, device)


@composite("full_like")
def full_like(a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *,
              device: Any = None) -> Any:
    result = _like("zeros_like", a, 0, dtype, order, subok, shape, device)
    np.copyto(result, lifted(fill_value), casting="unsafe")
    return result


# ---- by like=

def _blank(function: Any, shape: Any, *args: Any, **kwargs: Any) -> Any:
    """An array of one number by a function of a shape.

    ``like=`` does not say which Variable was given: under vmap the array has an entry for each sample of every vmap, so that
    results of any of them can be written into it.
    """
    levels = [level for level in _v.levels_above() if isinstance(level, _v.BatchLevel)]
    sizes = tuple([level.size for level in levels])
    shape = function(shape, dtype=bool).shape if not args else function(shape, args[0], dtype=bool).shape
    result = _owned(function((*sizes, *shape), *args, **kwargs))
    for level in levels if OPS.is_variable(result) else ():
        result = level.wrap(result)
    return result


@composite("zeros")
def zeros(shape: Any, dtype: Any = None, order: Any = "C", *, device: Any = None) -> Any:
    return _blank(np.zeros, shape, dtype=dtype, order=order, device=device)


@composite("ones")
def ones(shape: Any, dtype: Any = None, order: Any = "C", *, device: Any = None) -> Any:
    return _blank(np.ones, shape, dtype=dtype, order=order, device=device)


@composite("empty")
def empty(shape: Any, dtype: Any = None, order: Any = "C", *, device: Any = None) -> Any:
    return _blank(np.zeros, shape, dtype=dtype, order=order, device=device)


@composite("full")
def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None) -> Any:
    fill_value = lifted(fill_value)
    if not OPS.is_variable(fill_value):
        return _blank(np.full, shape, fill_value, dtype=dtype, order=order, device=device)
    result = _blank(np.zeros, shape, dtype=fill_value.dtype if dtype is None else dtype, order=order, device=device)
    np.copyto(result, fill_value, casting="unsafe")
    return result


@composite("array")
def array(object: Any, dtype: Any = None, *, copy: Any = True, order: Any = "K", subok: bool = False, ndmin: int = 0,
          **newer: Any) -> Any:
    given = lifted(object)
    if not OPS.is_variable(given):
        return _owned(np.array(given, dtype, order=order, subok=subok, ndmin=ndmin, **newer))
    if copy is False and given is not object:
        raise ValueError("Unable to avoid copy while creating an array as requested: a list is put together")
    result = _as(given, dtype, copy and given is object)
    return result.reshape((1,) * (ndmin - result.ndim) + result.shape) if ndmin > result.ndim else result


def _as(x: Any, dtype: Any, copy: Any) -> Any:
    """A Variable at a dtype, in the NumPy flavour; copy: True, None or False, as NumPy reads it."""
    x = _v.in_flavour(x, _NDARRAY)
    if dtype is not None and np.dtype(dtype) != x.dtype:
        if copy is False:
            raise ValueError(f"Unable to avoid copy while creating an array of {np.dtype(dtype)} from one of {x.dtype}")
        return x.astype(dtype)
    return x.copy() if copy else x


@composite("asarray", "asanyarray")
def asarray(a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None) -> Any:
    on_cpu(device)
    given = lifted(a)
    if OPS.is_variable(given):
        return _as(given, dtype, copy)
    return _owned(np.array(given, dtype, order=order or "K"))


@composite("ascontiguousarray", "asfortranarray")
def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    return np.atleast_1d(asarray(a, dtype))


@composite("require")
def require(a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    np.require(np.zeros(1), None, requirements)        # unknown requirements
    return asarray(a, dtype)


def _from_values(name: str) -> Any:
    """NumPy's function of a name, its array as a Variable: for what is read, or counted, and has no derivative."""
    function = getattr(np, name)

    def made(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        return tuple(map(_owned, result)) if isinstance(result, (tuple, list)) else _owned(result)
    made.__name__ = name
    return made


for _name in ("eye", "identity", "tri", "frombuffer", "fromstring", "fromfile", "loadtxt", "genfromtxt"):
    composite(_name)(_from_values(_name))
del _name


@composite("arange")
def arange(*args: Any, **kwargs: Any) -> Any:
    if not any_recorded(*args, *kwargs.values()):
        return _owned(np.arange(*values_of(args), **values_of(kwargs)))
    bounds = dict(zip(("start", "stop", "step"), args)) | kwargs
    if "start_or_stop" in bounds:                   # NumPy 2.4's word for the first
        bounds["start"] = bounds.pop("start_or_stop")
    numbers = np.arange(*values_of(args), **values_of(kwargs))
    start = bounds["start"] if bounds.get("stop") is not None else 0.0
    result = start + np.arange(numbers.size) * bounds.get("step", 1)
    return result.astype(numbers.dtype, copy=False)


@composite("fromfunction")
def fromfunction(function: Any, shape: Any, *, dtype: Any = float, **kwargs: Any) -> Any:
    result = function(*map(_owned, np.indices(shape, dtype=dtype)), **kwargs)
    return result if OPS.is_variable(result) or not isinstance(result, np.ndarray) else _owned(result)


@composite("fromiter")
def fromiter(iter: Any, dtype: Any, count: int = -1) -> Any:
    items = list(iter) if count < 0 else [item for _, item in zip(range(count), iter)]
    given = lifted(items)
    if not OPS.is_variable(given):
        return _owned(np.fromiter(items, dtype, count))
    if given.ndim > 1 or count > len(items):
        raise ValueError(f"fromiter() takes {'numbers' if given.ndim > 1 else count}, not "
                         f"{'arrays' if given.ndim > 1 else len(items)}")
    return _as(given, dtype, None)


# ---- rows of numbers between two ends

def _end(value: Any) -> Any:
    """An end of an interval: Python numbers stay, which take the dtype of the other end."""
    return value if isinstance(value, (bool, int, float, complex)) else lifted(value)


def _dtype_of(*values: Any) -> Any:
    return np.result_type(*[stand_in(v) if OPS.is_variable(v) else v for v in values])


@composite("linspace")
def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
             axis: int = 0, *, device: Any = None) -> Any:
    on_cpu(device)
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    start, stop = _end(start), _end(stop)
    wide = _dtype_of(start, stop, 0.0)
    start, stop = [variable(end).astype(wide, copy=False) for end in (start, stop)]
    parts = num - 1 if endpoint else num
    delta = stop - start
    steps = np.arange(0, num, dtype=wide).reshape((-1,) + (1,) * delta.ndim)
    step = delta / parts if parts > 0 else np.nan
    result = steps * (step if parts > 0 else delta) + start
    if endpoint and num > 1:            # exactly the end, which then has the whole derivative
        result = np.concatenate([result[:-1], np.broadcast_to(stop, result.shape[1:])[None]])
    result = _finished(result, wide if dtype is None else np.dtype(dtype), axis)
    return (result, step) if retstep else result


def _finished(result: Any, dtype: Any, axis: int) -> Any:
    if dtype.kind in "iu":
        result = np.floor(result)
    result = result.astype(dtype, copy=False)
    return np.moveaxis(result, 0, axis) if axis else result


@composite("logspace")
def logspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None,
             axis: int = 0) -> Any:
    start, stop, base = lifted(start), lifted(stop), base if isinstance(base, (int, float)) else lifted(base)
    if np.ndim(base):
        rank = np.broadcast(*map(stand_in, map(variable, (start, stop, base)))).ndim
        start, stop, base = [x[(None,) * (rank - x.ndim) + (...,)] for x in map(variable, (start, stop, base))]
        base = np.expand_dims(base, axis=axis)
    powers = linspace(start, stop, num=num, endpoint=endpoint, axis=axis)
    result = np.power(base, powers)
    return result if dtype is None else result.astype(dtype, copy=False)


@composite("geomspace")
def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    start, stop, num = variable(start), variable(stop), operator.index(num)
    for end in (start, stop):
        # without reading the values of samples
        if _v.physical_of(end) is None and np.any(values_of(end) == 0):
            raise ValueError("Geometric sequence cannot include zero")
    wide = _dtype_of(start, stop, float(num), np.zeros((), dtype))
    start, stop = start.astype(wide, copy=False), stop.astype(wide, copy=False)
    start, stop = np.broadcast_arrays(start, stop)
    sign = start / np.abs(start) if wide.kind == "c" else np.sign(start)
    first, last = start / sign, stop / sign
    result = logspace(np.log10(first), np.log10(last), num, endpoint, 10.0, wide)
    inner = slice(1, num - 1 if endpoint else num)
    if num > 0:                         # the ends themselves, and not powers of their logarithms
        ends = [first[None], result[inner], *([last[None]] if endpoint and num > 1 else [])]
        result = np.concatenate(ends)
    return _finished(result * sign, wide if dtype is None else np.dtype(dtype), axis)


@composite("vander")
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    width = len(x) if N is None else operator.index(N)
    if width < 0:
        raise ValueError("negative dimensions are not allowed")
    x = x.astype(np.promote_types(x.dtype, int), copy=False)
    powers = [np.ones_like(x)[:, None]][:width]
    if width > 1:
        powers.append(np.cumprod(np.broadcast_to(x[:, None], (len(x), width - 1)), axis=1))
    result = np.concatenate(powers, axis=1) if powers else np.zeros_like(x, shape=(len(x), 0))
    return result if increasing else np.flip(result, 1)
