"""Statistics: reductions with all of NumPy's arguments, reductions past NaN, order statistics, covariances, histograms.

Each is written with NumPy's functions in the order of NumPy's own steps, so that values have its bits.  Elements that
are left out, by ``where=`` or as NaN, are replaced before they are computed with: a NaN among them would turn the
gradient of the others into NaN, since NaN * 0 is NaN.
"""
from __future__ import annotations

import math
import operator
import warnings
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from .. import _variable as _variable_module
from .._variable import OPS, Tensor
from ._dispatch import composite, lifted, values_of, wider, write_out

_v: Any = _variable_module          # of which the stub has what users see alone
_Base: Any = Tensor.__base__
_NoValue: Any = np._NoValue
#: Python's, where a parameter has that name, too.
_range = range


# ---- arguments

def is_variable(value: Any) -> bool:
    return isinstance(value, _Base)


def is_batch(*values: Any) -> bool:
    """Whether one of the values stands for a batch of them, under vmap: there is no value to read."""
    return any(is_variable(v) and _v.physical_of(v) is not None for v in values)


def array_of(value: Any) -> Any:
    """A Variable as it is; anything else as an array, or as one Variable where it holds some."""
    if is_variable(value):
        return value
    value = lifted(value)
    return value if is_variable(value) else np.asarray(value)


def cast(value: Any, dtype: Any) -> Any:
    return value if value.dtype == dtype else value.astype(dtype)


def not_given(value: Any) -> bool:
    return value is None or value is _NoValue


def flag(value: Any) -> bool:
    return value is not _NoValue and bool(value)


def condition_of(where: Any) -> Any:
    """where=: None where all elements take part."""
    if not_given(where) or where is True:
        return None
    return where if is_variable(where) else np.asarray(where, bool)


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim, argname="axis")


def reduced_shape(shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    if keepdims:
        return tuple(1 if d in axes else n for d, n in enumerate(shape))
    return tuple(n for d, n in enumerate(shape) if d not in axes)


def chosen(x: Any, where: Any, otherwise: Any) -> Any:
    """x where a condition holds; NumPy's reductions do not let the condition have more dimensions than the operand."""
    if where is None:
        return x
    if where.ndim > x.ndim:
        raise ValueError("input operand has more dimensions than allowed by the axis remapping")
    # A bare number would promote: 0.0 where the operand is of ints.
    return np.where(where, x, np.asarray(otherwise, x.dtype))


def count_of(shape: tuple[int, ...], where: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """How many elements go into each of a result: an int where that is the same for all."""
    if where is None:
        return math.prod(shape[d] for d in axes)
    if is_variable(where):
        return np.sum(np.broadcast_to(where, shape), axis=axes, keepdims=keepdims)
    return np.sum(np.broadcast_to(where, shape), axis=axes, dtype=np.intp, keepdims=keepdims)


def divided(total: Any, count: Any) -> Any:
    """A total by a count, in the dtype of the total: counts are int64, which would promote float32."""
    if is_variable(count):
        return total / cast(count, total.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / np.asarray(count, np.finfo(total.dtype).dtype)


def no_axis_at_all(axis: Any) -> bool:
    return isinstance(axis, tuple) and not axis


# ---- reductions: where=, initial=, mean= and axis=()

def _accumulated(a: Any, dtype: Any) -> Any:
    """The operand of a sum or product, in the dtype of the result: without one, small ints and bools become int64."""
    if dtype is not None:
        return cast(a, np.dtype(dtype))
    return cast(a, np.dtype(np.int64)) if a.dtype.kind in "biu" and a.dtype.itemsize < 8 else a


def _started(total: Any, initial: Any, ufunc: Any) -> Any:
    """A total combined with what it starts from, in the dtype of the total."""
    if not_given(initial):
        return total
    initial = array_of(initial)
    if initial.ndim:
        raise ValueError("initial= must be one number")
    return ufunc(cast(initial, total.dtype), total)


@wider("sum")
def sum_(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None) -> Any:
    x = _accumulated(a, dtype)
    x = chosen(x, condition_of(where), 0)
    total = +x if no_axis_at_all(axis) else np.sum(x, axis=axis, keepdims=flag(keepdims))
    return _started(total, initial, np.add)


@wider("prod")
def prod(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None) -> Any:
    x = _accumulated(a, dtype)
    x = chosen(x, condition_of(where), 1)
    total = +x if no_axis_at_all(axis) else np.prod(x, axis=axis, keepdims=flag(keepdims))
    return _started(total, initial, np.multiply)


def _lowest(dtype: Any) -> Any:
    if dtype.kind == "b":
        return False
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    return -np.inf


def _highest(dtype: Any) -> Any:
    if dtype.kind == "b":
        return True
    if dtype.kind in "iu":
        return np.iinfo(dtype).max
    return np.inf


def _extreme(name: str, a: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    reduction, pair, ends = {"max": (np.max, np.maximum, _lowest), "min": (np.min, np.minimum, _highest)}[name]
    where, keepdims = condition_of(where), flag(keepdims)
    if where is not None and not_given(initial):
        raise ValueError(f"reduction operation '{pair.__name__}' does not have an identity, so to use a where mask one has to "
                         "specify 'initial'")
    axes = axes_of(axis, a.ndim)
    if any(a.shape[d] == 0 for d in axes) and not not_given(initial):
        total = OPS.constant(np.full(reduced_shape(tuple(a.shape), axes, keepdims), ends(a.dtype), a.dtype), like=a)
    elif no_axis_at_all(axis):
        total = +chosen(a, where, ends(a.dtype)) if a.dtype.kind != "b" else chosen(a, where, ends(a.dtype))
    else:
        total = reduction(chosen(a, where, ends(a.dtype)), axis=axis, keepdims=keepdims)
    return _started(total, initial, pair)


@wider("max", "amax")
def max_(a: Any, axis: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None) -> Any:
    return _extreme("max", a, axis, keepdims, initial, where)


@wider("min", "amin")
def min_(a: Any, axis: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None) -> Any:
    return _extreme("min", a, axis, keepdims, initial, where)


@wider("ptp")
def ptp(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return max_(a, axis, keepdims) - min_(a, axis, keepdims) if no_axis_at_all(axis) else np.ptp(a, axis, None, flag(keepdims))


def _truth(name: str, a: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    where, keepdims = condition_of(where), flag(keepdims)
    reduction = np.all if name == "all" else np.any
    if not is_batch(a, where):
        return reduction(values_of(a), axis=axis, keepdims=keepdims, where=True if where is None else values_of(where))
    holds = a != 0
    if where is not None:
        holds = holds | np.logical_not(where) if name == "all" else holds & where
    return holds if no_axis_at_all(axis) else reduction(holds, axis=axis, keepdims=keepdims)


@wider("all")
def all_(a: Any, axis: Any = None, keepdims: Any = False, where: Any = None) -> Any:
    return _truth("all", a, axis, keepdims, where)


@wider("any")
def any_(a: Any, axis: Any = None, keepdims: Any = False, where: Any = None) -> Any:
    return _truth("any", a, axis, keepdims, where)


@wider("count_nonzero")
def count_nonzero(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    if is_batch(a):
        holds = a != 0
        return cast(holds, np.dtype(np.int64)) if no_axis_at_all(axis) else np.sum(holds, axis=axis, keepdims=flag(keepdims))
    return OPS.constant(np.asarray(np.count_nonzero(values_of(a), axis=axis, keepdims=flag(keepdims)), np.int64), like=a)


def _warn_where(condition: Any, text: str, level: int = 4) -> None:
    """NumPy's warning, where there are values to look at."""
    if not is_batch(condition) and np.any(values_of(condition)):
        warnings.warn(text, RuntimeWarning, stacklevel=level)


def _inexact(a: Any, dtype: Any) -> tuple[Any, Any]:
    """The operand of a mean, and the dtype of the result: computed in float32 where that is float16, as NumPy does."""
    result = np.dtype(dtype) if dtype is not None else a.dtype if a.dtype.kind in "fc" else np.dtype(np.float64)
    if dtype is None and result == np.float16:
        return cast(a, np.dtype(np.float32)), result
    return cast(a, result if result.kind in "fc" else np.dtype(np.float64)), result


@wider("mean")
def mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, where: Any = None) -> Any:
    where, keepdims = condition_of(where), flag(keepdims)
    x, result = _inexact(a, dtype)
    if no_axis_at_all(axis) and where is None:
        return cast(x, result) if x is not a else +x
    count = count_of(tuple(a.shape), where, axes_of(axis, a.ndim), keepdims)
    _warn_where(count == 0, "Mean of empty slice")
    return cast(divided(sum_(x, axis, None, keepdims, None, where), count), result)


def _correction(ddof: Any, correction: Any) -> Any:
    if not_given(correction):
        return ddof
    if ddof != 0:
        raise ValueError("ddof and correction can't be provided simultaneously.")
    return correction


def _variance(a: Any, axis: Any, dtype: Any, ddof: Any, keepdims: Any, where: Any, given_mean: Any, present: Any = None) -> Any:
    """The variance of the elements at which where= holds and, where a function asks that looks past NaN, that are present."""
    x = a if a.dtype.kind in "fc" else cast(a, np.dtype(np.float64))
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        dtype = None
    taking_part = where if present is None else present if where is None else np.logical_and(present, where)
    axes = axes_of(axis, a.ndim)
    count = count_of(tuple(a.shape), taking_part, axes, True)
    x = chosen(x, taking_part, 0)
    middle = array_of(given_mean) if not not_given(given_mean) else divided(sum_(x, axes, dtype, True), count)
    apart = chosen(x - middle, taking_part, 0)
    if present is not None:
        apart = cast(apart, x.dtype)
    if apart.dtype.kind != "c":
        squares = apart * apart
    elif present is None:
        squares = np.real(apart) * np.real(apart) + np.imag(apart) * np.imag(apart)
    else:
        squares = np.real(apart * np.conj(apart))
    total = sum_(squares, axes, dtype, flag(keepdims))
    if not isinstance(count, int) and not flag(keepdims):
        count = count.reshape(total.shape)
    free = count - ddof
    if present is None:
        _warn_where(free <= 0, "Degrees of freedom <= 0 for slice", 5)
        found = divided(total, np.maximum(free, 0))
    else:
        _warn_where(free <= 0, "Degrees of freedom <= 0 for slice.", 5)
        found = divided(total, free)
        if is_batch(free) or np.any(free <= 0):
            found = np.where(free <= 0, np.asarray(np.nan, found.dtype), found)
    return found


@wider("var")
def var(a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, where: Any = None, mean: Any = None,
        correction: Any = None) -> Any:
    return _variance(a, axis, dtype, _correction(ddof, correction), keepdims, condition_of(where), mean)


def _root(variance: Any) -> Any:
    """The square root; at 0 the gradient is 0, as that of np.std of equal elements."""
    if not is_batch(variance):
        zero = np.asarray(values_of(variance)) == 0
        if not zero.any():
            return np.sqrt(variance)
    else:
        zero = variance == 0
    one, none = np.asarray(1, variance.dtype), np.asarray(0, variance.dtype)
    return np.where(zero, none, np.sqrt(np.where(zero, one, variance)))


@wider("std")
def std(a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, where: Any = None, mean: Any = None,
        correction: Any = None) -> Any:
    return _root(var(a, axis, dtype, ddof, keepdims, where, mean, correction))


# ---- past NaN

def _absent(a: Any) -> Any:
    """Where NaN stands; None where it stands nowhere."""
    if a.dtype.kind not in "fc":
        return None
    absent = np.isnan(a)
    return absent if is_batch(absent) or np.any(absent) else None


def _without_nan(a: Any, otherwise: Any) -> Any:
    absent = _absent(a)
    return a if absent is None else np.where(absent, np.asarray(otherwise, a.dtype), a)


def _and_present(where: Any, absent: Any) -> Any:
    present = np.logical_not(absent)
    return present if where is None else np.logical_and(present, where)


@wider("nansum")
def nansum(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None) -> Any:
    return sum_(_without_nan(a, 0), axis, dtype, keepdims, initial, where)


@composite("nanprod")
def nanprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = _NoValue, initial: Any = _NoValue,
            where: Any = _NoValue) -> Any:
    return _into(out, prod(_without_nan(array_of(a), 1), axis, dtype, keepdims, initial, where), "np.nanprod")


def _into(out: Any, result: Any, name: str) -> Any:
    return result if out is None else write_out(out, result, name)


@wider("nanmean")
def nanmean(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, where: Any = None) -> Any:
    absent, where = _absent(a), condition_of(where)
    if absent is None:
        return mean(a, axis, dtype, keepdims, where)
    _check_inexact(dtype)
    keepdims = flag(keepdims)
    count = count_of(tuple(a.shape), _and_present(where, absent), axes_of(axis, a.ndim), keepdims)
    total = sum_(np.where(absent, np.asarray(0, a.dtype), a), axis, dtype, keepdims, None, where)
    _warn_where(count == 0, "Mean of empty slice")
    return divided(total, count)


def _check_inexact(dtype: Any) -> None:
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError("If a is inexact, then dtype must be inexact")


def _nan_extreme(name: str, a: Any, axis: Any, out: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    a = array_of(a)
    absent, condition, keepdims = _absent(a), condition_of(where), flag(keepdims)
    if absent is None:
        return _into(out, _extreme(name, a, axis, keepdims, initial, where), f"np.nan{name}")
    ends = _lowest if name == "max" else _highest
    filled = np.where(absent, np.asarray(ends(a.dtype), a.dtype), a)
    result = _extreme(name, filled, axis, keepdims, initial, where)
    present = _and_present(condition, absent)
    none = np.logical_not(present) if no_axis_at_all(axis) else np.logical_not(np.any(present, axis=axis, keepdims=keepdims))
    if not_given(initial) and (is_batch(none) or np.any(none)):
        _warn_where(none, "All-NaN slice encountered")
        result = np.where(none, np.asarray(np.nan, a.dtype), result)
    return _into(out, result, f"np.nan{name}")


@composite("nanmax")
def nanmax(a: Any, axis: Any = None, out: Any = None, keepdims: Any = _NoValue, initial: Any = _NoValue,
           where: Any = _NoValue) -> Any:
    return _nan_extreme("max", a, axis, out, keepdims, initial, where)


@composite("nanmin")
def nanmin(a: Any, axis: Any = None, out: Any = None, keepdims: Any = _NoValue, initial: Any = _NoValue,
           where: Any = _NoValue) -> Any:
    return _nan_extreme("min", a, axis, out, keepdims, initial, where)


def _nan_position(name: str, a: Any, axis: Any, out: Any, keepdims: Any) -> Any:
    if is_batch(a):
        filled = _without_nan(a, np.inf if name == "argmin" else -np.inf)
        found = getattr(np, name)(filled, axis=axis, keepdims=flag(keepdims))
    else:
        found = getattr(np, f"nan{name}")(values_of(a), axis=axis, keepdims=flag(keepdims))
    return _into(out, found, f"np.nan{name}")


@composite("nanargmax")
def nanargmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = _NoValue) -> Any:
    return _nan_position("argmax", a, axis, out, keepdims)


@composite("nanargmin")
def nanargmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = _NoValue) -> Any:
    return _nan_position("argmin", a, axis, out, keepdims)


@composite("nancumsum")
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumsum(_without_nan(array_of(a), 0), axis=axis, dtype=dtype, out=out)


@composite("nancumprod")
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumprod(_without_nan(array_of(a), 1), axis=axis, dtype=dtype, out=out)


def _nan_variance(a: Any, axis: Any, dtype: Any, ddof: Any, keepdims: Any, where: Any, given_mean: Any, correction: Any) -> Any:
    a, ddof = array_of(a), _correction(ddof, correction)
    absent, condition = _absent(a), condition_of(where)
    if a.dtype.kind not in "fc":
        return _variance(a, axis, dtype, ddof, keepdims, condition, given_mean)
    _check_inexact(dtype)
    if absent is None:
        free = math.prod(a.shape[d] for d in axes_of(axis, a.ndim)) - ddof
        if condition is None and not_given(given_mean) and not no_axis_at_all(axis) and free > 0:
            return np.var(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=flag(keepdims))
        absent = np.zeros(tuple(a.shape), bool)
    return _variance(a, axis, dtype, ddof, keepdims, condition, given_mean, np.logical_not(absent))


@composite("nanvar")
def nanvar(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = _NoValue, *,
           where: Any = _NoValue, mean: Any = _NoValue, correction: Any = _NoValue) -> Any:
    return _into(out, _nan_variance(a, axis, dtype, ddof, keepdims, where, mean, correction), "np.nanvar")


@composite("nanstd")
def nanstd(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = _NoValue, *,
           where: Any = _NoValue, mean: Any = _NoValue, correction: Any = _NoValue) -> Any:
    return _into(out, _root(_nan_variance(a, axis, dtype, ddof, keepdims, where, mean, correction)), "np.nanstd")


# ---- weighted means

def _weights_like(weights: Any, a: Any, axis: Any) -> Any:
    """Weights in the shape of the operand, or in one that broadcasts with it: those of some axes are laid along them."""
    weights = array_of(weights)
    if tuple(weights.shape) == tuple(a.shape):
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = axes_of(axis, a.ndim)
    if tuple(weights.shape) != tuple(a.shape[d] for d in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    if len(axes) > 1:
        weights = np.transpose(weights, tuple(int(d) for d in np.argsort(axes)))
    return weights.reshape(tuple(n if d in axes else 1 for d, n in enumerate(a.shape)))


@composite("average")
def average(a: Any, axis: Any = None, weights: Any = None, returned: Any = False, *, keepdims: Any = _NoValue) -> Any:
    a, keepdims = array_of(a), flag(keepdims)
    if axis is not None:
        axis = axes_of(axis, a.ndim)
    if weights is None:
        result = mean(a, axis, None, keepdims) if no_axis_at_all(axis) else np.mean(a, axis=axis, keepdims=keepdims)
        scale = np.asarray(math.prod(a.shape) / max(math.prod(result.shape), 1), result.dtype)
    else:
        weights = _weights_like(weights, a, axis)
        dtype = np.result_type(a.dtype, weights.dtype, *(["f8"] if a.dtype.kind in "biu" else []))
        scale = sum_(weights, axis, dtype, keepdims)
        if not is_batch(scale) and np.any(values_of(scale) == 0.0):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        result = sum_(cast(a, dtype) * cast(weights, dtype), axis, None, keepdims) / scale
    if not returned:
        return result
    return result, (scale if tuple(scale.shape) == tuple(result.shape) else np.copy(np.broadcast_to(scale, result.shape)))


# ---- order statistics

def _lined_up(x: Any, axes: tuple[int, ...]) -> Any:
    """The axes brought to the front and made one."""
    ndim = x.ndim
    if len(axes) != 1 or axes[0] != 0:
        x = np.transpose(x, (*axes, *(d for d in range(ndim) if d not in axes)))
    if len(axes) == 1:
        return x
    return x.reshape((math.prod(x.shape[:len(axes)]), *x.shape[len(axes):]))


def _order(x: Any, positions: Any) -> Any:
    """Where the elements stand, along the first dimension, that sorting would bring to the positions, an array of one."""
    if is_batch(x):
        return np.argsort(x, axis=0)[positions]
    return np.argpartition(values_of(x), np.unique(positions), axis=0)[positions]


def _picked(x: Any, order: Any) -> Any:
    return np.take_along_axis(x, order, 0)


def _with_nan(x: Any, last: Any, result: Any) -> Any:
    """The result, NaN where the last of the sorted elements is: gradients go to that element, as PyTorch's median does."""
    if x.dtype.kind not in "fc":
        return result
    absent = np.isnan(last)
    if not is_batch(absent, result) and result.ndim == 0:
        return last if absent else result
    return np.where(absent, last, result) if is_batch(absent) or np.any(absent) else result


def _put_back(result: Any, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool, front: tuple[int, ...] = ()) -> Any:
    return result.reshape((*front, *reduced_shape(shape, axes, True))) if keepdims else result


def _median(a: Any, axis: Any, keepdims: Any) -> Any:
    axes, shape = axes_of(axis, a.ndim), tuple(a.shape)
    x = _lined_up(a, axes)
    n = x.shape[0]
    if n == 0 or 0 in x.shape:
        return _put_back(np.mean(x, axis=0), shape, axes, flag(keepdims))
    middle = [n // 2] if n % 2 else [n // 2 - 1, n // 2]
    order = _order(x, np.array([*middle, n - 1]))
    result = np.mean(_picked(x, order[:len(middle)]), axis=0)
    if x.dtype.kind in "fc":
        last = _picked(x, order[len(middle):])
        result = _with_nan(x, last.reshape(result.shape), result)
    return _put_back(result, shape, axes, flag(keepdims))


@composite("median")
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, keepdims: Any = False) -> Any:
    return _into(out, _median(array_of(a), axis, keepdims), "np.median")


@composite("nanmedian")
def nanmedian(a: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, keepdims: Any = _NoValue) -> Any:
    a = array_of(a)
    absent = _absent(a)
    if 0 in a.shape:
        return _into(out, np.nanmean(a, axis=axis, keepdims=flag(keepdims)), "np.nanmedian")
    if absent is None:
        return _into(out, _median(a, axis, keepdims), "np.nanmedian")
    axes, shape = axes_of(axis, a.ndim), tuple(a.shape)
    x = _lined_up(a, axes)
    order, count = np.argsort(x, axis=0), _present_count(x)
    first, second = [_picked(x, _picked(order, _row(np.maximum(at, 0)))).reshape(count.shape)
                     for at in ((count - 1) // 2, count // 2)]
    # An odd number has one middle element, and half of it twice could overflow.
    result = np.where(count % 2 == 1, first, np.mean(np.stack([first, second]), axis=0))
    _warn_where(count == 0, "All-NaN slice encountered", 3)
    return _into(out, _put_back(result, shape, axes, flag(keepdims)), "np.nanmedian")


def _present_count(x: Any) -> Any:
    """How many elements of each column are no NaN."""
    return np.sum(np.logical_not(np.isnan(x)), axis=0)


def _row(positions: Any) -> Any:
    return positions.reshape((1, *positions.shape))


#: Methods by which a quantile is one of the elements: where it stands is NumPy's own answer, asked about positions.
_SELECTING = ("inverted_cdf", "closest_observation", "lower", "higher", "nearest")
#: alpha and beta of Hyndman and Fan, Sample quantiles in statistical packages (The American Statistician 50, 1996).
_PLOTTING = {"interpolated_inverted_cdf": (0, 1), "hazen": (0.5, 0.5), "weibull": (0, 0),
             "median_unbiased": (1 / 3.0, 1 / 3.0), "normal_unbiased": (3 / 8.0, 3 / 8.0)}
_BETWEEN = ("linear", "midpoint", "averaged_inverted_cdf", *_PLOTTING)


def _virtual_position(n: Any, q: Any, method: Any) -> Any:
    """Where among n sorted elements the quantile stands, between two of them."""
    if method in _PLOTTING:
        alpha, beta = _PLOTTING[method]
        return n * q + (alpha + q * (1 - alpha - beta)) - 1
    if method == "averaged_inverted_cdf":
        return n * q - 1
    place = (n - 1) * q
    return place if method == "linear" else 0.5 * (np.floor(place) + np.ceil(place))


def _neighbours(n: Any, q: Any, method: Any) -> tuple[Any, Any, Any]:
    """The positions on both sides of the quantile and how far it is from the first to the second: part of 1."""
    place = _virtual_position(n, q, method)
    before = np.floor(place if is_batch(place) else values_of(place))
    part = place - before
    if method == "averaged_inverted_cdf":
        part = 1 - 0.5 * cast(part == 0, part.dtype)
    elif method == "midpoint":
        part = 0.5 * cast(place % 1 != 0, part.dtype)
    last = np.maximum(n - 1, 0)
    inside = np.logical_and(before >= 0, before < last)
    before, after = [np.clip(v, 0, last).astype(np.intp) for v in (before, before + 1)]
    after = np.where(inside, after, before)
    return before, after, part * inside


def _between(a: Any, b: Any, part: Any, weak: bool) -> Any:
    """From the nearer end, so that both ends are met exactly."""
    rest = 1 - part
    if weak and a.dtype.kind == "f":            # a Python number for q leaves float32 what it is
        part, rest = cast(part, a.dtype), cast(rest, a.dtype)
    if a.dtype.kind == "b":
        raise TypeError("numpy boolean subtract, the `-` operator, is not supported, use the bitwise_xor, the `^` operator, or "
                        "the logical_xor function instead.")
    difference = b - a
    near, far = a + difference * part, b - difference * rest
    return np.where(part >= 0.5, far, near)


def _quantile(a: Any, q: Any, axis: Any, method: Any, keepdims: Any, weights: Any, past_nan: bool, percent: bool) -> Any:
    a = array_of(a)
    if a.dtype.kind == "c":
        raise TypeError("a must be an array of real numbers")
    weak = type(q) in (int, float)
    q = array_of(q)
    if percent:
        q = q / 100
    if not is_batch(q):
        known = values_of(q)
        if known.ndim > 2:
            raise ValueError("q must be a scalar or 1d")
        if known.size and not (np.min(known) >= 0 and np.max(known) <= 1):
            raise ValueError("Percentiles must be in the range [0, 100]" if percent else
                             "Quantiles must be in the range [0, 1]")
    if method not in _SELECTING and method not in _BETWEEN:
        raise ValueError(f"{method!r} is not a valid method. Use one of: {sorted((*_SELECTING, *_BETWEEN))}")
    keepdims, axes, shape = flag(keepdims), axes_of(axis, a.ndim), tuple(a.shape)
    constant_in = [v for v in (q if method in _SELECTING else None, array_of(weights)) if is_variable(v) and _v.records(v)]
    if weights is not None:
        if method != "inverted_cdf":
            raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
        weights = np.broadcast_to(values_of(_weights_like(weights, a, axis)), shape)
        if np.any(weights < 0):
            raise ValueError("Weights must be non-negative.")
        weights = _lined_up(weights, axes)
    if past_nan and 0 in shape:
        return np.nanmean(a, axis=axis, keepdims=keepdims)
    x, front = _lined_up(a, axes), tuple(q.shape)
    if x.shape[0] == 0:
        raise IndexError("index -1 is out of bounds for axis 0 with size 0")
    if past_nan and _absent(x) is not None:
        result = _quantile_past_nan(x, q, method, weights, weak)
    elif weights is not None:
        result = _picked_by_rank(x, q, method, weights, False)
    else:
        result = _quantile_of(x, q, method, weak)
    for v in constant_in:                       # the element that is picked stays the same when they move a little
        result = result + cast(np.sum(OPS.flat(v)), result.dtype)
    return _put_back(result, shape, axes, keepdims, front)


def _quantile_of(x: Any, q: Any, method: Any, weak: bool) -> Any:
    n, front, rest = x.shape[0], tuple(q.shape), tuple(x.shape[1:])
    whole = method == "linear" and q.dtype.kind in "iub"
    if method in _SELECTING or whole:
        before = np.quantile(np.arange(n), values_of(q), method=method) if not whole else (n - 1) * values_of(q)
        after, part = before, None
    else:
        before, after, part = _neighbours(n, q, method)
    if is_batch(before):                        # q differs from sample to sample, and so do the positions
        ranked = np.sort(x, axis=0)
        ranked = ranked if is_variable(ranked) else OPS.constant(ranked, like=q)
        lower, upper, last = ranked[before], ranked[after], ranked[n - 1]
    else:
        before, after = [np.asarray(v).astype(np.intp).ravel() for v in (before, after)]
        k = before.size
        order = _order(x, np.concatenate([before, after, [n - 1]]))
        lower, upper = [_picked(x, order[s]).reshape((*front, *rest)) for s in (slice(0, k), slice(k, 2 * k))]
        last = _picked(x, order[2 * k:]).reshape(rest)
    if part is None:
        result = lower
    else:
        result = _between(lower, upper, part.reshape((*front, *(1,) * len(rest))), weak)
    return _with_nan(x, last, result)


def _picked_by_rank(x: Any, q: Any, method: Any, weights: Any, past_nan: bool) -> Any:
    """Elements whose places NumPy finds: it is asked for the quantile of the places, from 0 to n - 1, of the sorted ones."""
    order = np.argsort(values_of(x), axis=0, kind="stable")
    places = np.empty(order.shape)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(float(len(order))).reshape(-1, *(1,) * (order.ndim - 1)),
                                                     order.shape), 0)
    absent = np.isnan(values_of(x)) if x.dtype.kind == "f" else np.zeros(order.shape, bool)
    q, rest = values_of(q), tuple(x.shape[1:])
    if past_nan:
        places[absent] = np.nan
        found = np.nanquantile(places, q, axis=0, method=method, weights=weights)
    else:
        found = np.quantile(places, q, axis=0, method=method, weights=weights)
        found = np.where(absent.any(axis=0), len(order) - 1, found)
    none = np.isnan(found)
    found = np.where(none, len(order) - 1, found).astype(np.intp).reshape((-1, *rest))
    return _picked(x, np.take_along_axis(order, found, 0)).reshape((*q.shape, *rest))


def _quantile_past_nan(x: Any, q: Any, method: Any, weights: Any, weak: bool) -> Any:
    front, rest = tuple(q.shape), tuple(x.shape[1:])
    if weights is not None or (method in _SELECTING and not is_batch(x)):
        return _picked_by_rank(x, q, method, weights, True)
    count = _present_count(x)
    laid = q.reshape((*front, *(1,) * len(rest)))
    if method in _SELECTING:                    # how many are no NaN differs from sample to sample: for each number a row
        n = x.shape[0]
        table = np.stack([np.quantile(np.arange(max(m, 1)), values_of(q), method=method) for m in range(n + 1)])
        found = OPS.constant(table.reshape(n + 1, -1).astype(np.intp), like=x)[count]
        before = after = np.moveaxis(found, -1, 0)
        part = None
    else:
        before, after, part = _neighbours(count, laid, method)
    order = np.argsort(x, axis=0)
    lower, upper = [_picked(x, _picked(order, v.reshape((-1, *rest)))).reshape((*front, *rest)) for v in (before, after)]
    _warn_where(count == 0, "All-NaN slice encountered", 5)
    return lower if part is None else _between(lower, upper, part, weak)


@composite("quantile")
def quantile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, method: Any = "linear",
             keepdims: Any = False, *, weights: Any = None) -> Any:
    return _into(out, _quantile(a, q, axis, method, keepdims, weights, False, False), "np.quantile")


@composite("percentile")
def percentile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, method: Any = "linear",
               keepdims: Any = False, *, weights: Any = None) -> Any:
    return _into(out, _quantile(a, q, axis, method, keepdims, weights, False, True), "np.percentile")


@composite("nanquantile")
def nanquantile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, method: Any = "linear",
                keepdims: Any = _NoValue, *, weights: Any = None) -> Any:
    return _into(out, _quantile(a, q, axis, method, keepdims, weights, True, False), "np.nanquantile")


@composite("nanpercentile")
def nanpercentile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, method: Any = "linear",
                  keepdims: Any = _NoValue, *, weights: Any = None) -> Any:
    return _into(out, _quantile(a, q, axis, method, keepdims, weights, True, True), "np.nanpercentile")


# ---- covariances

def _sample_weights(weights: Any, count: int, name: str) -> Any:
    weights = cast(array_of(weights), np.dtype(float))
    if weights.ndim > 1:
        raise RuntimeError(f"cannot handle multidimensional {name}")
    if weights.shape[0] != count:
        raise RuntimeError(f"incompatible numbers of samples and {name}")
    if not is_batch(weights):
        known = values_of(weights)
        if name == "fweights" and not np.all(known == np.around(known)):
            raise TypeError("fweights must be integer")
        if np.any(known < 0):
            raise ValueError(f"{name} cannot be negative")
    return weights


@composite("cov")
def cov(m: Any, y: Any = None, rowvar: Any = True, bias: Any = False, ddof: Any = None, fweights: Any = None,
        aweights: Any = None, *, dtype: Any = None) -> Any:
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    given = [("m", array_of(m))] if y is None else [("m", array_of(m)), ("y", array_of(y))]
    for name, v in given:
        if v.ndim > 2:
            raise ValueError(f"{name} has more than 2 dimensions")
    dtype = np.result_type(*[v.dtype for _, v in given], np.float64) if dtype is None else np.dtype(dtype)
    parts = []
    for name, v in given:
        rows = cast(v, dtype)
        rows = rows if rows.ndim == 2 else rows.reshape((1, -1))
        turned = not rowvar and (v.ndim != 1 if name == "m" else rows.shape[0] != 1)
        parts.append(rows.T if turned else rows)
        if name == "m" and parts[0].shape[0] == 0:
            return np.array([]).reshape(0, 0)
    x = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights, of_weights = None, None
    if fweights is not None:
        weights = _sample_weights(fweights, x.shape[1], "fweights")
    if aweights is not None:
        of_weights = _sample_weights(aweights, x.shape[1], "aweights")
        weights = of_weights if weights is None else weights * of_weights
    middle, total = average(x, axis=1, weights=weights, returned=True)
    total = total[0]
    if weights is None:
        free = x.shape[1] - ddof
    elif ddof == 0:
        free = total
    elif aweights is None:
        free = total - ddof
    else:
        free = total - ddof * np.sum(weights * of_weights) / total
    if not is_batch(free) and np.real(values_of(free)) <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        free = 0.0
    x = x - middle[:, None]
    other = (x if weights is None else x * weights).T
    found = np.matmul(x, np.conj(other) if other.dtype.kind == "c" else other)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = array_of(1 / free if is_variable(free) else np.true_divide(1, free))
        # A float64 as NumPy has it, so that float32 is scaled in float64.
        found = cast(found * scale, found.dtype)
    return np.squeeze(found)


@composite("corrcoef")
def corrcoef(x: Any, y: Any = None, rowvar: Any = True, *, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    spread = np.sqrt(np.real(np.diag(c)))
    c = c / spread[:, None]
    c = c / spread[None, :]
    if c.dtype.kind == "c":
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)


# ---- histograms: counts have no derivative in what is counted, sums of weights have one in the weights

def _outer_edges(a: Any, given: Any) -> tuple[Any, Any]:
    """The ends of the range of a histogram; those of the data move with its least and its largest element."""
    if given is not None:
        low, high = [array_of(v) for v in given]
        if values_of(low) > values_of(high):
            raise ValueError("max must be larger than min in range parameter.")
        if not np.all(np.isfinite(values_of([low, high]))):
            raise ValueError(f"supplied range of [{values_of(low)}, {values_of(high)}] is not finite")
    elif 0 in a.shape:
        low, high = np.asarray(0), np.asarray(1)
    else:
        low, high = [v if is_variable(v) else np.asarray(v) for v in (np.min(a), np.max(a))]
        if not np.all(np.isfinite(values_of([low, high]))):
            raise ValueError(f"autodetected range of [{values_of(low)}, {values_of(high)}] is not finite")
    if values_of(low) == values_of(high):
        low, high = low - 0.5, high + 0.5
    return low, high


def _edges(a: Any, bins: Any, given: Any, weights: Any) -> Any:
    """The edges of the bins of one dimension.  They have a derivative: in the ends of the range, or as they were given."""
    if not isinstance(bins, str) and np.ndim(values_of(bins)) != 0:
        edges = array_of(bins)
        found = np.histogram_bin_edges(values_of(a), values_of(edges), values_of(given), values_of(weights))
        return edges if is_variable(edges) else found
    found = np.histogram_bin_edges(values_of(a), values_of(bins), values_of(given), values_of(weights))
    low, high = _outer_edges(a, given)
    if not (is_variable(low) or is_variable(high)) or not (_v.records(low) or _v.records(high)):
        return found
    return _spaced(low, high, len(found) - 1, found.dtype)


def _spaced(low: Any, high: Any, count: int, dtype: Any) -> Any:
    """count equal intervals from low to high, the last edge exactly high."""
    low, high = cast(low, dtype), cast(high, dtype)
    inner = np.arange(count, dtype=dtype) * ((high - low) / np.asarray(count, dtype)) + low
    return np.concatenate([inner, high.reshape((1,))])


def _tallied(places: Any, weights: Any, count: int) -> Any:
    """How often each place occurs, or the sums of the weights there."""
    if weights is None or not is_variable(weights):
        return np.bincount(places, weights, minlength=count)
    return bincount(places, weights, count)


@composite("histogram_bin_edges")
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    return _edges(array_of(a).reshape(-1), bins, range, None if weights is None else array_of(weights).reshape(-1))


def _any_variable(*values: Any) -> bool:
    return any(_any_variable(*v) if isinstance(v, (list, tuple)) else is_variable(v) for v in values)


@composite("histogram")
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    a, weights = array_of(a), None if weights is None else array_of(weights)
    if weights is not None and tuple(weights.shape) != tuple(a.shape):
        raise ValueError("weights should have the same shape as a.")
    a = a.reshape(-1)
    weights = None if weights is None else weights.reshape(-1)
    edges = _edges(a, bins, range, weights if isinstance(bins, str) else None)
    known, data = values_of(edges), values_of(a)
    if weights is None or not is_variable(weights):
        counts = np.histogram(data, values_of(bins), values_of(range), weights=weights)[0]
    else:
        places = np.searchsorted(known, data, side="right") - 1
        places[data == known[-1]] = len(known) - 2
        inside = np.flatnonzero((places >= 0) & (places < len(known) - 1))
        counts = cast(bincount(places[inside], np.take(weights, inside), len(known) - 1), weights.dtype)
    if density:
        widths = cast(edges[1:] - edges[:-1], np.dtype(float))
        counts = counts / widths / np.sum(counts)
    return counts, edges


@composite("histogramdd")
def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if not is_variable(sample) and isinstance(sample, (list, tuple)):
        columns = [array_of(v) for v in sample] if np.ndim(values_of(sample[0])) else None
        sample = np.stack(columns, axis=-1) if columns else array_of(sample)
    sample = array_of(sample)
    if sample.ndim != 2:
        sample = sample.reshape((-1, 1)) if sample.ndim == 1 else np.atleast_2d(sample).T
    n, dims = sample.shape
    if is_variable(bins) or (not isinstance(bins, (list, tuple, np.ndarray))):
        bins = [bins] * dims if not is_variable(bins) or bins.ndim == 0 else list(bins)
    if len(bins) != dims:
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    ranges = [None] * dims if range is None else list(range)
    if len(ranges) != dims:
        raise ValueError("range argument must have one entry per dimension")
    edges, places = [], []
    for i, (bin, given) in enumerate(zip(bins, ranges)):
        column = sample[:, i]
        if np.ndim(values_of(bin)) == 0:
            count = operator.index(values_of(bin).item() if is_variable(bin) else bin)
            if count < 1:
                raise ValueError(f"`bins[{i}]` must be positive, when an integer")
            low, high = _outer_edges(column, given)
            if is_variable(low) or is_variable(high):
                dtype = np.result_type(low.dtype, high.dtype)
                found = _spaced(low, high, count, dtype if dtype.kind == "f" else np.dtype(float))
            else:
                found = np.linspace(low, high, count + 1)
        else:
            found = array_of(bin)
            if np.any(values_of(found)[:-1] > values_of(found)[1:]):
                raise ValueError(f"`bins[{i}]` must be monotonically increasing, when an array")
        known, data = values_of(found), values_of(column)
        place = np.searchsorted(known, data, side="right")
        place[data == known[-1]] -= 1
        edges.append(found)
        places.append(place)
    sizes = [len(edge) + 1 for edge in edges]
    weights = None if weights is None else array_of(weights)
    flat = np.ravel_multi_index(places, sizes) if n else np.zeros(0, np.intp)
    counts = _tallied(flat, weights, math.prod(sizes)).reshape(tuple(sizes))
    counts = cast(counts, np.dtype(float))[tuple([slice(1, -1)] * dims)]
    if density:
        total = np.sum(counts)
        for i, edge in enumerate(edges):
            widths = edge[1:] - edge[:-1]
            counts = counts / widths.reshape(tuple(-1 if d == i else 1 for d in _range(dims)))
        counts = counts / total
    return counts, tuple(edges)


@composite("histogram2d")
def histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    x, y = array_of(x), array_of(y)
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    if isinstance(bins, (list, tuple)) or (isinstance(bins, np.ndarray) and bins.ndim):
        if len(bins) not in (1, 2):
            bins = [bins, bins]
    elif is_variable(bins) and bins.ndim:
        bins = [bins, bins]
    counts, edges = histogramdd([x, y], bins, range, density, weights)
    return counts, edges[0], edges[1]


@composite("bincount")
def bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    if weights is None or not _any_variable(weights):
        return np.bincount(values_of(x), values_of(weights), minlength)
    places, weights = values_of(x), array_of(weights)
    sums = np.bincount(places, np.zeros(tuple(weights.shape), weights.dtype), minlength)     # for NumPy's errors, and the size
    places = np.array(places, np.int64)
    return OPS.apply("index_add_zeros", (cast(weights, np.dtype(np.float64)),), (places, sums.shape), "BincountBackward0")


# ---- cumulative sums of the array API

def _cumulative(function: Any, x: Any, axis: Any, dtype: Any, out: Any, include_initial: Any, first: int) -> Any:
    x = array_of(x)
    if x.ndim == 0:
        x = x.reshape((1,))
    if axis is None:
        if x.ndim != 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0
    result = function(x, axis=axis, dtype=dtype)
    if include_initial:
        shape = list(result.shape)
        shape[axis] = 1
        result = np.concatenate([np.full(shape, first, result.dtype), result], axis=axis)
    return _into(out, result, f"np.{'cumulative_sum' if function is np.cumsum else 'cumulative_prod'}")


@composite("cumulative_sum")
def cumulative_sum(x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: Any = False) -> Any:
    return _cumulative(np.cumsum, x, axis, dtype, out, include_initial, 0)


@composite("cumulative_prod")
def cumulative_prod(x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: Any = False) -> Any:
    return _cumulative(np.cumprod, x, axis, dtype, out, include_initial, 1)


# ---- functions of slices

@composite("apply_along_axis")
def apply_along_axis(func1d: Any, axis: Any, arr: Any, *args: Any, **kwargs: Any) -> Any:
    arr = array_of(arr)
    axis = axes_of(axis, arr.ndim)[0]
    turned = np.moveaxis(arr, axis, -1) if axis != arr.ndim - 1 else arr
    outer = tuple(turned.shape[:-1])
    if 0 in outer:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    parts = [array_of(func1d(turned[index], *args, **kwargs)) for index in np.ndindex(*outer)]
    dtype, shape = parts[0].dtype, tuple(parts[0].shape)
    parts = [np.broadcast_to(cast(part, dtype), shape) if tuple(part.shape) != shape else cast(part, dtype) for part in parts]
    if not any(is_variable(part) for part in parts):
        joined = np.stack(parts)
    else:
        joined = np.stack([part if is_variable(part) else OPS.constant(np.array(part), like=arr) for part in parts])
    joined = joined.reshape((*outer, *shape))
    n, k = len(outer), len(shape)
    return np.transpose(joined, (*range(axis), *range(n, n + k), *range(axis, n)))


@composite("apply_over_axes")
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    found = array_of(a)
    ndim = found.ndim
    for axis in np.atleast_1d(values_of(axes)).tolist():
        axis = axis + ndim if axis < 0 else axis
        result = func(found, axis)
        if result.ndim != found.ndim:
            result = result.reshape(tuple(result.shape[:axis]) + (1,) + tuple(result.shape[axis:]))
            if result.ndim != found.ndim:
                raise ValueError("function is not returning an array of the correct shape")
        found = result
    return found


@composite("ediff1d")
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    ary = array_of(ary).reshape(-1)
    parts = [ary[1:] - ary[:-1]]
    for name, given, at in (("to_begin", to_begin, 0), ("to_end", to_end, 1)):
        if given is None:
            continue
        ends = array_of(given)
        if not np.can_cast(ends.dtype if ends.ndim or is_variable(given) else np.result_type(given), ary.dtype, "same_kind"):
            raise TypeError(f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule.")
        parts.insert(at * len(parts), cast(ends.reshape(-1), ary.dtype))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
