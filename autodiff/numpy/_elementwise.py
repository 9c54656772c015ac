"""Ufuncs of NumPy and SciPy that no row answers by itself: short formulas of rows."""
from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .. import _variable as _v
from .._variable import OPS, ndarray
from ._dispatch import _as_tensors, _in_numpy_flavour, values_of
from ._operands import is_variable

#: {ufunc: (name, who answers)}, as ``_ops.ANSWERS`` has them of rows; and SciPy's by name, found once it is imported.
ANSWERS: dict[Any, tuple[str, Any]] = {}
SCIPY: dict[str, Any] = {}
_of_rows = OPS.answer


def answer(function: Any) -> Any:
    """(name, who answers) of a ufunc: a row, or a formula of this module.  None if nobody does."""
    found = ANSWERS.get(function) or _of_rows(function)
    if found is None and "scipy.special" in sys.modules and isinstance(function, np.ufunc):
        name = function.__name__
        own, module = SCIPY.get(name), sys.modules["scipy.special"]
        if own is not None and function in (getattr(module, name, None), getattr(getattr(module, "_ufuncs", None), name, None)):
            _register(function, name, own)
            return ANSWERS[function]
    return found


OPS.answer = answer


def _register(ufunc: Any, name: str, function: Any) -> None:
    ANSWERS[ufunc] = name, function


def _of_numpy_flavour(function: Any) -> Any:
    """Formulas are written for the NumPy flavour; of Tensors alone the results are Tensors."""
    def compute(*operands: Any, **kwargs: Any) -> Any:
        if ndarray in map(type, operands):
            return function(*operands, **kwargs)
        return _as_tensors(function(*_in_numpy_flavour(operands), **kwargs))

    compute.__name__, compute.__doc__ = function.__name__, function.__doc__
    return compute


def formula(*names: str) -> Any:
    """A decorator: the function answers to these ufuncs of NumPy."""
    def register(function: Any) -> Any:
        for name in names:
            found = getattr(np, name, None)
            if found is not None:
                _register(found, name, _of_numpy_flavour(function))
        return function
    return register


def special(*names: str) -> Any:
    """A decorator: the function answers to these ufuncs of scipy.special."""
    def register(function: Any) -> Any:
        SCIPY.update(dict.fromkeys(names, _of_numpy_flavour(function)))
        return function
    return register


def _of_floats(ufunc: Any, x: Any) -> Any:
    """The operand in the dtype of floats in which the ufunc computes."""
    if np.dtype(x.dtype).kind in "fc":
        return x
    made = ufunc(np.ones((), np.dtype(x.dtype)))
    return x.astype((made[0] if isinstance(made, tuple) else made).dtype)


# ---- NumPy's

@formula("degrees")
def degrees(x: Any) -> Any:
    return np.rad2deg(x)


@formula("radians")
def radians(x: Any) -> Any:
    return np.deg2rad(x)


@formula("fabs")
def fabs(x: Any) -> Any:
    """The absolute value as a float."""
    if np.dtype(x.dtype).kind == "c":
        raise TypeError("ufunc 'fabs' not supported for the input types, and the inputs could not be safely coerced to any "
                        "supported types according to the casting rule ''safe''")
    return np.abs(_of_floats(np.fabs, x))


@formula("float_power")
def float_power(x: Any, y: Any) -> Any:
    """In double precision at least."""
    dtype = np.result_type(*(v.dtype if hasattr(v, "dtype") else v for v in (x, y)), np.float64)
    return np.power(*(v.astype(dtype) if hasattr(v, "astype") else np.asarray(v, dtype) for v in (x, y)))


@formula("divmod")
def divmod_(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y), np.remainder(x, y)


@formula("modf")
def modf(x: Any) -> Any:
    """The whole part is constant between its steps.  A fraction of 0 has the operand's sign, and the derivative 1."""
    x = _of_floats(np.modf, x)
    whole = np.trunc(x)
    fraction = np.where(np.signbit(x), -(whole - x), x - whole)
    return np.where(np.isinf(x), np.copysign(0.0, x), fraction), whole


@formula("frexp")
def frexp(x: Any) -> Any:
    """The mantissa is the operand times a power of 2 that is constant between its steps."""
    mantissa, exponent = np.frexp(values_of(x))
    if not OPS.records(x):
        return _v.constant_of(np.asarray(mantissa), x), exponent
    return ldexp(x, -exponent), exponent


@formula("ldexp")
def ldexp(x: Any, exponent: Any) -> Any:
    """By two powers of 2: one alone would overflow, or vanish, where the result need not."""
    exponent = np.asarray(values_of(exponent))
    if not is_variable(x):      # positions have no derivative
        return np.ldexp(x, exponent)
    half = exponent // 2
    one = np.ones((), np.ldexp(np.ones((), np.dtype(x.dtype)), 0).dtype)
    return x * np.ldexp(one, half) * np.ldexp(one, exponent - half)


@formula("spacing")
def spacing(x: Any) -> Any:
    """Constant between its steps, in the graph of its operand: the derivative is 0."""
    return np.where(np.zeros((1,) * x.ndim, bool), x, np.spacing(values_of(x)))


@formula("vecdot")
def vecdot(x: Any, y: Any, axis: int = -1) -> Any:
    """Sums of products over the last dimension, the first operand conjugated."""
    x, y = (v if is_variable(v) else np.asarray(v) for v in (x, y))
    if axis != -1:
        x, y = np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)
    _core_sizes("vecdot", x, y, x.shape[-1:], y.shape[-1:])
    return np.matmul(np.conjugate(x)[..., np.newaxis, :], y[..., :, np.newaxis])[..., 0, 0]


@formula("matvec")
def matvec(x: Any, y: Any) -> Any:
    """Products of matrices and vectors, over the other dimensions broadcast."""
    x, y = (v if is_variable(v) else np.asarray(v) for v in (x, y))
    _core_sizes("matvec", x, y, x.shape[-1:] if x.ndim > 1 else (), y.shape[-1:])
    return np.matmul(x, y[..., np.newaxis])[..., 0]


@formula("vecmat")
def vecmat(x: Any, y: Any) -> Any:
    """Products of vectors, which are conjugated, and matrices."""
    x, y = (v if is_variable(v) else np.asarray(v) for v in (x, y))
    _core_sizes("vecmat", x, y, x.shape[-1:], y.shape[-2:-1])
    return np.matmul(np.conjugate(x)[..., np.newaxis, :], y)[..., 0, :]


def _core_sizes(name: str, x: Any, y: Any, one: Any, other: Any) -> None:
    if not one or not other:
        raise ValueError(f"{name}: an input operand does not have enough dimensions: {tuple(x.shape)} and {tuple(y.shape)}")
    if tuple(one) != tuple(other):
        raise ValueError(f"{name}: the inner dimensions of the operands differ: {tuple(x.shape)} and {tuple(y.shape)}")


# NumPy calls a ufunc of this name for arr.clip(low, high) of a plain array.
def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


_umath: Any = vars(np)["_core"].umath
_clip_ufunc = getattr(_umath, "clip", None)
if _clip_ufunc is not None:
    _register(_clip_ufunc, "clip", _of_numpy_flavour(_clip))


# ---- SciPy's

def _relative(x: Any, y: Any, at_0: Any, more: Any) -> Any:
    """x log(x / y) + more(x, y); at_0 where x is 0 and y >= 0, inf elsewhere."""
    inside = np.logical_and(np.greater(x, 0), np.greater(y, 0))
    one, other = np.where(inside, x, 1), np.where(inside, y, 1)
    value = more(one * np.log(one / other), one, other)
    outside = np.where(np.logical_or(np.isnan(x), np.isnan(y)), np.nan, np.inf).astype(np.dtype(value.dtype), copy=False)
    return np.where(inside, value, np.where(np.logical_and(np.equal(x, 0), np.greater_equal(y, 0)), at_0, outside))


@special("rel_entr")
def rel_entr(x: Any, y: Any) -> Any:
    """x log(x / y), 0 where x is 0 and y >= 0, inf elsewhere."""
    return _relative(x, y, 0, lambda value, one, other: value)


@special("kl_div")
def kl_div(x: Any, y: Any) -> Any:
    """rel_entr(x, y) - x + y."""
    return _relative(x, y, y, lambda value, one, other: value - one + other)


@special("log_expit")
def log_expit(x: Any) -> Any:
    """log(expit(x)), computed stably."""
    return OPS.log_logistic(x)


@special("softplus")
def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


@special("loggamma")
def loggamma(x: Any) -> Any:
    """Of real numbers: NaN below 0, where the logarithm has an imaginary part."""
    if np.dtype(x.dtype).kind == "c":
        raise NotImplementedError("scipy.special.loggamma() of complex Variables has no derivative in autodiff")
    return np.where(np.less(x, 0), np.nan, OPS.lgamma(x))


@special("gammasgn")
def gammasgn(x: Any) -> Any:
    """The sign of the gamma function, constant between the integers below 0."""
    return np.where(np.zeros((1,) * x.ndim, bool), x, sys.modules["scipy.special"].gammasgn(values_of(x)))


@special("pseudo_huber")
def pseudo_huber(delta: Any, r: Any) -> Any:
    """delta**2 * (sqrt(1 + (r / delta)**2) - 1), by the quotient that subtracts nothing."""
    return np.square(r) / (1.0 + np.hypot(1.0, r / delta))


@special("huber")
def huber(delta: Any, r: Any) -> Any:
    """Half the square of r up to delta, a line beyond; inf where delta is negative."""
    size = np.abs(r)
    value = np.where(np.less_equal(size, delta), 0.5 * np.square(r), delta * (size - 0.5 * delta))
    return np.where(np.less(delta, 0), np.inf, value)


def _exprel_series(x: Any) -> Any:
    """expm1(x) / x for abs(x) < 0.1: no derivative subtracts equal numbers, as those of the quotient would."""
    series = 1.0 + x / 12.0
    for k in range(11, 1, -1):
        series = 1.0 + x / k * series
    return series


@special("exprel")
def exprel(x: Any) -> Any:
    """expm1(x) / x, 1 at 0."""
    near = np.less(np.abs(x), 0.1)
    large = np.where(near, 1.0, x)
    finite = np.minimum(large, np.finfo(np.dtype(large.dtype)).max)
    return np.where(near, _exprel_series(np.where(near, x, 0.0)), np.expm1(large) / finite)


@special("inv_boxcox")
def inv_boxcox(y: Any, power: Any) -> Any:
    return np.exp(_log1p_over(y, power))


@special("inv_boxcox1p")
def inv_boxcox1p(y: Any, power: Any) -> Any:
    return np.expm1(_log1p_over(y, power))


def _log1p_over(y: Any, power: Any) -> Any:
    """log1p(power * y) / power; near 0 by the power series."""
    t = power * y
    near = np.less(np.abs(t), 0.01)
    small = np.where(near, t, 0.0)
    series: Any = 1.0 / 10
    for k in range(9, 0, -1):
        series = 1.0 / k - small * series
    return np.where(near, y * series, np.log1p(np.where(near, 1.0, t)) / np.where(near, 1.0, power))
