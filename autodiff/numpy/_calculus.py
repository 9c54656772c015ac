"""Calculus and signals: differences, interpolation, convolution, phases, and functions that go over to complex numbers."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._variable import OPS
from ._dispatch import composite, values_of, wider, write_out
from ._operands import as_variables, inexact, is_variable, operand, wrapped_axis

# ---- differences

@composite("gradient")
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = operand(f)
    if axis is None:
        axes = tuple(range(f.ndim))
    else:
        axes = tuple(wrapped_axis(a, f.ndim) for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
        if len(set(axes)) != len(axes):
            raise ValueError("repeated axis")
    if not varargs:
        spacings = [1.0] * len(axes)
    elif len(varargs) == 1 and np.ndim(varargs[0]) == 0:
        spacings = list(varargs) * len(axes)
    elif len(varargs) == len(axes):
        spacings = list(varargs)
    else:
        raise TypeError("invalid number of arguments")
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    f = inexact(f)
    results = [_slopes(f, a, _steps(spacing, f.shape[a]), edge_order) for a, spacing in zip(axes, spacings)]
    return results[0] if len(axes) == 1 else tuple(results)


def _steps(spacing: Any, size: int) -> Any:
    """The distance of neighbours: one number, or an array of them where they differ."""
    if not hasattr(spacing, "__len__") or np.ndim(spacing) == 0:
        return spacing
    spacing = operand(spacing)
    if spacing.ndim != 1:
        raise ValueError("distances must be either scalars or 1d")
    if len(spacing) != size:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    if np.dtype(spacing.dtype).kind in "iub":
        spacing = spacing.astype(np.float64)
    steps = np.diff(spacing)
    if not is_variable(steps) and (steps == steps[0]).all():
        return steps[0]
    return steps        # of Variables never one number: each position has a derivative of its own


def _slopes(f: Any, axis: int, steps: Any, edge_order: int) -> Any:
    if f.shape[axis] < edge_order + 1:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are "
                         "required.")

    def at(start: Any, stop: Any) -> Any:
        return f[(slice(None),) * axis + (slice(start, stop),)]

    def spread(factors: Any) -> Any:
        return np.reshape(factors, [-1 if d == axis else 1 for d in range(f.ndim)])

    even = np.ndim(steps) == 0
    if even:
        inside = (at(2, None) - at(None, -2)) / (2. * steps)
    else:
        before, after = steps[:-1], steps[1:]
        inside = (spread(-(after) / (before * (before + after))) * at(None, -2)
                  + spread((after - before) / (before * after)) * at(1, -1)
                  + spread(before / (after * (before + after))) * at(2, None))
    if edge_order == 1:
        one, other = (steps, steps) if even else (steps[0], steps[-1])
        first, last = (at(1, 2) - at(0, 1)) / one, (at(-1, None) - at(-2, -1)) / other
    else:
        if even:
            a, b, c = -1.5 / steps, 2. / steps, -0.5 / steps
            u, v, w = 0.5 / steps, -2. / steps, 1.5 / steps
        else:
            p, q = steps[0], steps[1]
            a, b, c = -(2. * p + q) / (p * (p + q)), (p + q) / (p * q), -p / (q * (p + q))
            p, q = steps[-2], steps[-1]
            u, v, w = q / (p * (p + q)), -(q + p) / (p * q), (2. * q + p) / (q * (p + q))
        first = a * at(0, 1) + b * at(1, 2) + c * at(2, 3)
        last = u * at(-3, -2) + v * at(-2, -1) + w * at(-1, None)
    return np.concatenate([first, inside, last], axis=axis)


# ---- interpolation

@composite("interp")
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """In double precision, as NumPy computes it.  At a point that is given, the slope is that of the segment after it; at the
    last one, of the segment before."""
    x, xp, fp = operand(x), operand(xp), operand(fp)
    if xp.ndim != 1 or fp.ndim != 1:
        raise ValueError("object too deep for desired array" if max(xp.ndim, fp.ndim) > 1 else
                         "object of too small depth for desired array")
    if len(xp) != len(fp):
        raise ValueError("fp and xp are not of the same length.")
    if not len(xp):
        raise ValueError("array of sample points is empty")
    x, xp = x.astype(np.float64), xp.astype(np.float64)
    fp = fp.astype(np.complex128 if np.dtype(fp.dtype).kind == "c" else np.float64)
    x, xp, fp = as_variables(x, xp, fp)
    if period is not None:
        if not is_variable(period) and period == 0:
            raise ValueError("period must be a non-zero value")
        period, left, right = np.abs(period), None, None
        x, xp = x % period, xp % period
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate((xp[-1:] - period, xp, xp[0:1] + period))
        fp = np.concatenate((fp[-1:], fp, fp[0:1]))
    last = len(xp) - 1
    left, right = fp[0] if left is None else left, fp[last] if right is None else right
    if last:
        found = np.clip(OPS.searchsorted(xp, x, right=True), 1, last + 1) - 1
        segment = np.minimum(found, last - 1)
        slopes = (fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1])
        inside = slopes[segment] * (x - xp[found]) + fp[found]
    else:
        inside = fp[0]
    result = np.where(x < xp[0], left, np.where(x > xp[last], right, inside))
    return result if last else np.where(np.isnan(x), x, result)


# ---- convolution

def _sequence(value: Any) -> Any:
    value = operand(value)
    if value.ndim > 1:
        raise ValueError("object too deep for desired array")
    return np.reshape(value, (-1,)) if value.ndim == 0 else value


def _mode(mode: Any, n: int, m: int) -> tuple[int, int]:
    """Which part of the whole convolution, of vectors of n >= m elements: where it starts, and how many."""
    names = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}
    if isinstance(mode, int):
        mode = ("valid", "same", "full")[mode]
    if mode not in names:
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    return names[mode]


@composite("convolve")
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    a, v = _sequence(a), _sequence(v)
    if len(v) > len(a):
        a, v = v, a
    if len(a) == 0:
        raise ValueError("a cannot be empty")
    if len(v) == 0:
        raise ValueError("v cannot be empty")
    start, length = _mode(mode, len(a), len(v))
    dtype = np.result_type(np.dtype(a.dtype), np.dtype(v.dtype))
    return OPS.apply("convolve_part", tuple(as_variables(a.astype(dtype), v.astype(dtype))), (start, length))


@composite("correlate")
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """Convolution with the second operand turned round and conjugated."""
    a, v = _sequence(a), _sequence(v)
    if len(a) == 0 or len(v) == 0:
        raise ValueError("first array argument cannot be empty" if len(a) == 0 else "second array argument cannot be empty")
    v = np.conjugate(v)
    if len(v) > len(a):
        return np.convolve(v, a[::-1], mode)[::-1]
    return np.convolve(a, v[::-1], mode)


# ---- elements

@composite("unwrap")
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Any:
    """The corrections are whole periods: in p, a constant."""
    p = operand(p)
    if p.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    steps = np.diff(p, axis=axis)
    if discont is None:
        discont = period / 2
    dtype = np.result_type(np.dtype(steps.dtype), period.dtype if is_variable(period) else period)
    if np.dtype(dtype).kind in "iu":
        high, remainder = divmod(period, 2)
        ambiguous = remainder == 0
    else:
        high, ambiguous = period / 2, True
    low = -high
    wrapped = np.mod(steps - low, period) + low
    if ambiguous:
        wrapped = np.where(np.logical_and(np.equal(wrapped, low), np.greater(steps, 0)), high, wrapped)
    corrections = np.where(np.less(np.abs(steps), discont), 0, wrapped - steps)
    start = tuple(slice(0, 1) if d == wrapped_axis(axis, p.ndim) else slice(None) for d in range(p.ndim))
    rest = tuple(slice(1, None) if d == wrapped_axis(axis, p.ndim) else slice(None) for d in range(p.ndim))
    return np.concatenate([p[start].astype(dtype), (p[rest] + np.cumsum(corrections, axis)).astype(dtype)], axis=axis)


@composite("sinc")
def sinc(x: Any) -> Any:
    x = inexact(operand(x))
    if np.dtype(x.dtype).kind != "c":
        return OPS.sinc(x)
    # near 0 the power series, whose derivatives are right at 0, too
    near = np.abs(x) < 1e-2
    y = math.pi * np.where(near, 0.5, x)
    square = np.square(math.pi * np.where(near, x, 0.0))
    series = 1.0 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72)))
    return np.where(near, series, np.sin(y) / y)


@composite("i0")
def i0(x: Any) -> Any:
    x = operand(x)
    if np.dtype(x.dtype).kind == "c":
        raise TypeError("i0 not supported for complex values")
    return OPS.i0(inexact(x))


@composite("fix")
def fix(x: Any, out: Any = None) -> Any:
    result = np.trunc(x)
    return result if out is None else write_out(out, result, "np.fix")


@wider("angle")
def _angle(z: Any, deg: Any) -> Any:
    phase = OPS.angle(z)
    return phase * (180 / math.pi) if deg else phase


@wider("nan_to_num")
def _nan_to_num(x: Any, copy: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    result = np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
    if copy:
        return result
    x[...] = result
    return x


@composite("real_if_close")
def real_if_close(a: Any, tol: float = 100) -> Any:
    a = operand(a)
    if np.dtype(a.dtype).kind != "c":
        return a
    if tol > 1:
        tol = np.finfo(np.dtype(a.dtype)).eps * tol
    return np.real(a) if np.all(np.absolute(values_of(a).imag) < tol) else a


# ---- functions that go over to complex numbers where real ones have no value

def _complex_where(x: Any, condition: Any) -> Any:
    """The operand as complex numbers, if the condition holds for the value of an element that is real."""
    x = operand(x)
    values = values_of(x)
    if np.any(np.isreal(values) & condition(values)):
        single = values.dtype.char in "fFbBhH"
        return x.astype(np.complex64 if single else np.complex128)
    return x


def _negative(x: Any) -> Any:
    return _complex_where(x, lambda values: np.real(values) < 0)


def _above_one(x: Any) -> Any:
    return _complex_where(x, lambda values: np.abs(values) > 1)


@composite("emath.sqrt")
def emath_sqrt(x: Any) -> Any:
    return np.sqrt(_negative(x))


@composite("emath.log")
def emath_log(x: Any) -> Any:
    return np.log(_negative(x))


@composite("emath.log10")
def emath_log10(x: Any) -> Any:
    return np.log10(_negative(x))


@composite("emath.log2")
def emath_log2(x: Any) -> Any:
    return np.log2(_negative(x))


@composite("emath.logn")
def emath_logn(n: Any, x: Any) -> Any:
    return np.log(_negative(x)) / np.log(_negative(n))


@composite("emath.power")
def emath_power(x: Any, p: Any) -> Any:
    p = operand(p)
    values = values_of(p)
    if np.any(np.isreal(values) & (np.real(values) < 0)):
        p = p * 1.0
    return np.power(_negative(x), p)


@composite("emath.arccos")
def emath_arccos(x: Any) -> Any:
    return np.arccos(_above_one(x))


@composite("emath.arcsin")
def emath_arcsin(x: Any) -> Any:
    return np.arcsin(_above_one(x))


@composite("emath.arctanh")
def emath_arctanh(x: Any) -> Any:
    return np.arctanh(_above_one(x))
