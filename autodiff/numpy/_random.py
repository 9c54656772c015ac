"""numpy.random's functions of the mirror, and methods of its generators, as functions of the parameters of distributions.

NumPy's own function draws, from the values and from its own generator, and refuses what it refuses: so the numbers are NumPy's.
What follows is how each moves with its parameters while it keeps its place in the distribution function.  The moves are written
so that they are nothing at the values that the parameters have: the numbers keep their bits.
"""
from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from .. import _variable as _variable_module
from .._variable import OPS, ndarray
from ._dispatch import values_of
from ._mirror import _summary as summary_of
from ._mirror import holds_inexact_in_lists
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


def _log(drawn: Any) -> Any:
    """The logarithm, and 0 where a number is 0: there it stays, whatever it is multiplied by."""
    return np.log(np.where(drawn > 0, drawn, 1))


def _lognormal(drawn: Any, parameters: Any, values: Any) -> Any:
    mean, sigma = values
    share = _quotient(_log(drawn) - mean, sigma)
    return drawn * np.exp(_linear(np.zeros_like(drawn), (np.ones_like(drawn), share), parameters, values))


def _power(drawn: Any, parameters: Any, values: Any) -> Any:
    """A constant to the power of 1 / a: numbers of Weibull's distribution, and of the power function's."""
    return drawn * np.exp(_log(drawn) * (values[0] / parameters[0] - 1))


def _pareto(drawn: Any, parameters: Any, values: Any) -> Any:
    return drawn + (1 + drawn) * np.expm1(np.log1p(drawn) * (values[0] / parameters[0] - 1))


def _gamma(drawn: Any, parameters: Any, values: Any) -> Any:
    shape, *scale = parameters
    standard = _quotient(drawn, values[1]) if scale else drawn
    if _v.records(shape):
        standard = OPS.apply("gamma_sample", (_wide(shape), _constant(standard, shape)), ())
    return standard * scale[0] if scale else standard


def _chisquare(drawn: Any, parameters: Any, values: Any) -> Any:
    return _gamma(drawn / 2, (parameters[0] / 2,), values) * 2


def _beta(drawn: Any, parameters: Any, values: Any) -> Any:
    """The first of two numbers of a Dirichlet distribution."""
    like = next(v for v in parameters if _v.records(v))
    pairs = np.stack([np.broadcast_to(_wide(v) if _v.records(v) else _constant(v, like), drawn.shape) for v in parameters], -1)
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


# ---- generators

REFUSED = ("np.{}() of a Variable would lose its gradient: draw standard numbers and transform them, as in mean + scale * "
           "np.random.standard_normal(n)")


def recorded(args: Any, kwargs: Any, nested: Any) -> bool:
    """Whether a parameter is recorded, itself or in a list; nested: what says so of a list."""
    return any(_v.records(v) or nested(v) for v in (*args, *kwargs.values()))


class Generator(np.random.Generator):
    """numpy.random.Generator, of which numbers move with the parameters of their distributions.

    Its numbers are those of NumPy's for one seed.  What has no derivative in a parameter is refused where that is recorded.
    """

    def __reduce__(self) -> Any:
        return _restored, (super().bit_generator,)


def _restored(source: Any) -> Generator:
    return Generator(source)


def _method(name: str) -> Any:
    inner = getattr(np.random.Generator, name)

    @functools.wraps(inner)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not recorded(args, kwargs, holds_inexact_in_lists):
            return inner(self, *values_of(args), **values_of(kwargs))
        if name not in MOVES:
            raise TypeError(REFUSED.format(f"random.Generator.{name}"))
        return drawn(name, lambda *values, size: inner(self, *values, size=size), args, kwargs)

    method.__module__, method.__qualname__ = __name__, f"Generator.{name}"
    method.__doc__ = summary_of(inner, f"random.Generator.{name}")
    return method


for _name in dir(np.random.Generator):
    if not _name.startswith("_") and callable(getattr(np.random.Generator, _name)) and _name not in (
            "spawn", "shuffle", "permutation", "permuted", "choice", "bytes"):
        setattr(Generator, _name, _method(_name))
del _name


def default_rng(seed: Any = None) -> np.random.Generator:
    """numpy.random.default_rng(), of which the numbers move with the parameters of their distributions."""
    if isinstance(seed, np.random.Generator):
        return seed
    return Generator(np.random.default_rng(seed).bit_generator)
