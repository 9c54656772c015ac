"""numpy.random's functions of the mirror, as functions of the parameters of their distributions.

NumPy's own function draws, from the values and from its own generator, and refuses what it refuses: so the numbers are NumPy's.
What follows is how each moves with its parameters while it keeps its place in the distribution function.  The moves are written
so that they are nothing at the values that the parameters have: the numbers keep their bits.
"""
from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .. import _variable as _variable_module
from .._variable import OPS, ndarray
from ._dispatch import values_of
from ._operands import operand

_v: Any = _variable_module         # of which the stub has what users see alone


def _moved(parameter: Any, value: Any) -> Any:
    """A parameter less its value: 0, with its derivative."""
    return parameter - value


def _linear(drawn: Any, slopes: Any, parameters: Any, values: Any) -> Any:
    """drawn, which moves with each parameter at a slope that does not depend on them."""
    for slope, parameter, value in zip(slopes, parameters, values):
        if _v.records(parameter):
            drawn = drawn + slope * _moved(parameter, value)
    return drawn


def _of_place_and_scale(drawn: Any, parameters: Any, values: Any) -> Any:
    place, scale = values
    return _linear(drawn, (np.ones_like(drawn), _quotient(drawn - place, scale)), parameters, values)


def _of_scale(drawn: Any, parameters: Any, values: Any) -> Any:
    return _linear(drawn, (_quotient(drawn, values[0]),), parameters, values)


def _between(drawn: Any, parameters: Any, values: Any) -> Any:
    low, high = values
    share = _quotient(drawn - low, high - low)
    return _linear(drawn, (1 - share, share), parameters, values)


def _quotient(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is: numbers that do not differ say nothing of how they would."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))), where=np.asarray(b) != 0)


def _lognormal(drawn: Any, parameters: Any, values: Any) -> Any:
    mean, sigma = values
    move = _linear(np.zeros_like(drawn), (np.ones_like(drawn), _quotient(np.log(drawn) - mean, sigma)), parameters, values)
    return drawn * np.exp(move)


def _power(drawn: Any, parameters: Any, values: Any) -> Any:
    """A constant to the power of 1 / a: numbers of Weibull's distribution, and of the power function's."""
    return drawn * np.exp(np.log(drawn) * (values[0] / parameters[0] - 1))


def _pareto(drawn: Any, parameters: Any, values: Any) -> Any:
    return drawn + (1 + drawn) * np.expm1(np.log1p(drawn) * (values[0] / parameters[0] - 1))


def _gamma(drawn: Any, parameters: Any, values: Any) -> Any:
    shape, *scale = parameters
    standard = drawn / values[1] if scale else drawn
    if _v.records(shape):
        standard = OPS.apply("gamma_sample", (_wide(shape), _constant(standard, shape)), ())
    return standard * scale[0] if scale else standard


def _chisquare(drawn: Any, parameters: Any, values: Any) -> Any:
    return _gamma(drawn / 2, (parameters[0] / 2,), values) * 2


def _beta(drawn: Any, parameters: Any, values: Any) -> Any:
    like = next(v for v in parameters if _v.records(v))
    pairs = np.stack(np.broadcast_arrays(*[_wide(v) if _v.records(v) else _constant(v, like) for v in parameters]), -1)
    return OPS.apply("dirichlet_sample", (pairs, _constant(np.stack([drawn, 1 - drawn], -1), like)), ())[..., 0]


def _dirichlet(drawn: Any, parameters: Any, values: Any) -> Any:
    alpha, = parameters
    return OPS.apply("dirichlet_sample", (np.broadcast_to(_wide(alpha), drawn.shape), _constant(drawn, alpha)), ())


def _wide(parameter: Any) -> Any:
    """A parameter in float64, as NumPy draws."""
    return parameter if parameter.dtype == np.float64 else parameter.astype(np.float64)


def _constant(value: Any, like: Any) -> Any:
    return _v.constant_of(np.array(value, np.float64), like)


#: How a number moves: {function of numpy.random: (drawn, parameters, their values) -> the same number as a function of them}.
MOVES: dict[str, Any] = {
    **dict.fromkeys(("normal", "laplace", "logistic", "gumbel"), _of_place_and_scale),
    **dict.fromkeys(("exponential", "rayleigh"), _of_scale),
    "uniform": _between, "lognormal": _lognormal, "weibull": _power, "power": _power, "pareto": _pareto,
    "standard_gamma": _gamma, "gamma": _gamma, "chisquare": _chisquare, "beta": _beta, "dirichlet": _dirichlet,
}
#: numpy.random's signatures, which its functions do not tell: names and defaults before size=.
_PARAMETERS: dict[str, dict[str, Any]] = {
    **{name: {"loc": 0.0, "scale": 1.0} for name in ("normal", "laplace", "logistic", "gumbel")},
    **{name: {"scale": 1.0} for name in ("exponential", "rayleigh")},
    "uniform": {"low": 0.0, "high": 1.0}, "lognormal": {"mean": 0.0, "sigma": 1.0},
    **{name: {"a": ...} for name in ("weibull", "power", "pareto")},
    "standard_gamma": {"shape": ...}, "gamma": {"shape": ..., "scale": 1.0}, "chisquare": {"df": ...},
    "beta": {"a": ..., "b": ...}, "dirichlet": {"alpha": ...},
}


def _signature(name: str) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    given = [inspect.Parameter(word, kind, default=inspect.Parameter.empty if default is ... else default)
             for word, default in _PARAMETERS[name].items()]
    return inspect.Signature([*given, inspect.Parameter("size", kind, default=None)])


def drawn(name: str, function: Any, args: Any, kwargs: Any) -> Any:
    """What a function of numpy.random draws, as a function of its parameters, some of which are recorded."""
    bound = _signature(name).bind(*args, **kwargs)
    bound.apply_defaults()
    size = bound.arguments.pop("size")
    parameters = tuple(_in_numpy_flavour(operand(v)) for v in bound.arguments.values())
    values = tuple(np.asarray(values_of(v.detach() if _v.records(v) else v), np.float64) for v in parameters)
    numbers = np.asarray(function(*values, size=size))
    result = MOVES[name](numbers, parameters, values)
    shape = tuple(numbers.shape)
    return result if tuple(result.shape) == shape else np.broadcast_to(result, shape)


def _in_numpy_flavour(value: Any) -> Any:
    return value if type(value) is ndarray or isinstance(value, np.ndarray) else _v.as_ndarray(value, None, False)
