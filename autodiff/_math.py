"""The module math with Variables: what `autodiff.lift` puts in its place.

Of plain numbers each function is math's own.  Of a Variable it is the function of NumPy with that meaning, recorded, which
raises where math's raises; what has no derivative (floor, isnan, gcd, ...) gives Python's numbers.
"""
from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import _variable as _variable_module
from ._batching import active

_v: Any = _variable_module
_Base: Any = _v.Tensor.__base__
_OPS: Any = _v.OPS


def _number(x: Any) -> Any:
    """A Variable of one element, without dimensions."""
    if not isinstance(x, _Base):
        return x
    if x.ndim:
        if x.numel() != 1:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        x = _OPS.reshape(x, ())
    return x if type(x) is _v.ndarray else _v.as_ndarray(x, None, False)


def _value(x: Any) -> Any:
    return x.item() if isinstance(x, _Base) else x


def _read(*values: Any) -> bool:
    """Whether values can be read: none stands for a batch under vmap.  In forward mode only tangents do."""
    return not (active() and any(isinstance(x, _Base) and _v.physical_of(x) is not None for x in values))


def _recorded(name: str, compute: Callable[..., Any]) -> Callable[..., Any]:
    """math's function of that name, of Variables by compute()."""
    plain = getattr(math, name)

    @functools.wraps(plain, assigned=("__name__", "__qualname__", "__doc__"))
    def function(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            if isinstance(x, _Base):
                break
        else:
            return plain(*args, **kwargs)
        args = tuple(map(_number, args))
        if active():
            known = not _read(*args)
        else:
            known = bool(_v.levels) and _v.asked("domain", args, (plain,), None, True, False) is not NotImplemented
        if not known:
            plain(*map(_value, args), **kwargs)     # raises for a point outside of the domain, where NumPy has NaN
        return compute(*args, **kwargs)

    return function


def _of_value(name: str) -> Callable[..., Any]:
    """math's function of that name, whose derivative is 0 wherever it has one: of the values, a number of Python's."""
    plain = getattr(math, name)
    condition = getattr(np, name, None) if name.startswith("is") else None
    asked = plain if name in ("ceil", "floor", "trunc") else None if condition is None else lambda x: bool(condition(x))

    @functools.wraps(plain, assigned=("__name__", "__qualname__", "__doc__"))
    def function(*args: Any, **kwargs: Any) -> Any:
        if asked is not None and _v.levels and len(args) == 1 and not kwargs and isinstance(args[0], _Base):
            return asked(_number(args[0]))      # who records knows these
        return plain(*[_value(_number(x)) for x in args], **{key: _value(_number(x)) for key, x in kwargs.items()})

    return function


def _log(x: Any, base: Any = None) -> Any:
    return np.log(x) if base is None else np.log(x) / np.log(base)


def log(x: Any, base: Any = None, /) -> Any:
    """math.log: of a base that is a Variable by the logarithms of both, each of which raises outside of its domain."""
    if not isinstance(base, _Base):
        return _LOG(x) if base is None else _LOG(x, base)
    above, below = _LOG(x), _LOG(base)
    if _read(base) and not below:
        math.log(2.0, 1.0)      # raises in its own words
    return above / below


def _gamma(x: Any) -> Any:
    # |gamma| is exp(lgamma), and math's own says the sign.
    sign = math.copysign(1.0, math.gamma(x.item())) if _read(x) else 1.0
    result = sign * np.exp(_OPS.lgamma(x))
    return _shifted(result, math.gamma(x.item())) if _read(x) else result


def _frexp(x: Any) -> tuple[Any, int]:
    exponent = math.frexp(x.item())[1]
    return x * math.ldexp(1.0, -exponent), exponent


def _shifted(x: Any, by: float) -> Any:
    return x + (by - _value(x))


def _remainder(x: Any, y: Any) -> Any:
    left = math.remainder(_value(x), _value(y))
    whole = 0 if math.isinf(_value(y)) else round((_value(x) - left) / _value(y))
    result = x - whole * y if whole else x * 1.0
    return _shifted(result, left) if _read(x, y) else result


def hypot(*coordinates: Any) -> Any:
    """The length of a vector: math.hypot."""
    if not any(isinstance(x, _Base) for x in coordinates):
        return math.hypot(*coordinates)
    numbers = list(map(_number, coordinates))
    return np.abs(numbers[0]) if len(numbers) == 1 else functools.reduce(np.hypot, numbers)


def dist(p: Iterable[Any], q: Iterable[Any], /) -> Any:
    """The distance of two points: math.dist."""
    p, q = list(p), list(q)
    if not any(isinstance(x, _Base) for x in (*p, *q)):
        return math.dist(p, q)
    if len(p) != len(q):
        raise ValueError("both points must have the same number of dimensions")
    return hypot(*[a - b for a, b in zip(p, q, strict=True)])


def fsum(seq: Iterable[Any], /) -> Any:
    """The sum, rounded once: math.fsum."""
    numbers = [_number(x) for x in seq]
    if not any(isinstance(x, _Base) for x in numbers):
        return math.fsum(numbers)
    total = functools.reduce(lambda a, b: a + b, numbers, 0.0)
    return _shifted(total, math.fsum(map(_value, numbers))) if _read(*numbers) else total


def isclose(a: Any, b: Any, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool:
    """Whether two numbers are close: math.isclose, by comparisons that somebody who records sees."""
    if not _v.levels or not (isinstance(a, _Base) or isinstance(b, _Base)):
        return math.isclose(*map(_value, map(_number, (a, b))), rel_tol=_value(rel_tol), abs_tol=_value(abs_tol))
    a, b = _number(a), _number(b)
    if rel_tol < 0 or abs_tol < 0:
        raise ValueError("tolerances must be non-negative")
    if a == b:
        return True
    if np.isinf(a) or np.isinf(b):
        return False
    apart = np.abs(b - a)
    return bool(apart <= np.abs(rel_tol * b) or apart <= np.abs(rel_tol * a) or apart <= abs_tol)


def prod(iterable: Iterable[Any], /, *, start: Any = 1) -> Any:
    """The product: math.prod."""
    return functools.reduce(lambda a, b: a * b, map(_number, iterable), _number(start))


def _sumprod(p: Iterable[Any], q: Iterable[Any], /) -> Any:
    """The sum of products: math.sumprod."""
    p, q = [_number(x) for x in p], [_number(x) for x in q]
    if len(p) != len(q):
        raise ValueError("Inputs are not the same length")
    return functools.reduce(lambda a, b: a + b, [a * b for a, b in zip(p, q, strict=True)], 0)


#: By math's name: what computes it of Variables.
_RECORDED: dict[str, Any] = {
    **{name: getattr(np, name) for name in ("arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt",
                                            "copysign", "cos", "cosh", "exp", "exp2", "expm1", "log10", "log1p", "log2", "sin",
                                            "sinh", "sqrt", "tan", "tanh")},
    "fabs": _OPS.abs, "degrees": _OPS.rad2deg, "radians": _OPS.deg2rad, "erf": _OPS.erf, "erfc": _OPS.erfc,
    "lgamma": _OPS.lgamma, "gamma": _gamma, "log": _log, "pow": lambda x, y: x ** y, "fmod": np.fmod, "frexp": _frexp,
    "modf": np.modf, "ldexp": lambda x, i: x * math.ldexp(1.0, i), "remainder": _remainder,
    "nextafter": lambda x, y, **steps: _shifted(x, math.nextafter(_value(x), _value(y), **steps)),
    "fma": lambda x, y, z: x * y + z, "fmax": np.fmax, "fmin": np.fmin,
}
_OF_VALUES = ("ceil", "comb", "factorial", "floor", "gcd", "isfinite", "isinf", "isnan", "isqrt", "lcm", "perm",
              "trunc", "ulp", "isnormal", "issubnormal", "signbit")
#: Written out above; sumprod is newer than the oldest Python.
_OWN = {"hypot": hypot, "dist": dist, "fsum": fsum, "isclose": isclose, "log": log, "prod": prod, "sumprod": _sumprod}
_sumprod.__name__ = _sumprod.__qualname__ = "sumprod"

_RECORDED.update({name.replace("arc", "a"): _RECORDED.pop(name) for name in list(_RECORDED) if name.startswith("arc")})

_LOG = _recorded("log", _log)

for _name, _found in vars(math).items():
    if _name in _OWN:
        _found = _OWN[_name]
    elif _name in _RECORDED:
        _found = _recorded(_name, _RECORDED[_name])
    elif _name in _OF_VALUES:
        _found = _of_value(_name)
    if not _name.startswith("_"):
        globals()[_name] = _found
del _name, _found


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'math' has no attribute '{name}'")
