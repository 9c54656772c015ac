"""Ufuncs of scipy.special of Variables: SciPy's values, and derivatives that are functions of NumPy and SciPy again.

SciPy is found at run time: what calls one of these functions has imported it.  A derivative is computed when a pass asks for
it; since it is made of functions that Variables answer, its own derivatives and forward mode follow.  Where an argument has no
derivative in closed form, a pass that needs one raises and says so.
"""
from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _variable as _v
from .._variable import OPS, Tensor
from ..autograd.function import Function
from ._dispatch import values_of
from ._elementwise import SCIPY, _exprel_series, _of_numpy_flavour
from ._operands import as_variables, is_variable

_Base: Any = Tensor.__base__
_variables: Any = _v


class _Special:
    """scipy.special, once somebody has imported it: of Variables its functions are answered here."""

    def __getattr__(self, name: str) -> Any:
        try:
            module = sys.modules.get("scipy.special") or __import__("scipy.special").special
        except ImportError:
            raise ImportError(f"scipy.special.{name} needs SciPy: pip install autodiff-core[scipy]") from None
        return getattr(module._ufuncs if name.startswith("_") else module, name)


sp: Any = _Special()

#: Why an argument has no derivative here.
ORDER = "a derivative in the order has no closed form"
PARAMETER = "a derivative in it has no closed form"
WHOLE = "the function is one of whole numbers in it"


class Partials:
    """A ufunc, and for each of its results the partial derivatives: functions (out, *operands), or why there is none."""

    def __init__(self, name: str, results: tuple[tuple[Any, ...], ...]) -> None:
        self.name, self.results = name, results

    @functools.cached_property
    def function(self) -> Any:
        """The Function that bears the ufunc's name, made with the first call."""
        return type(self.name.strip("_").title().replace("_", ""), (_Recorded,),
                    {"__module__": __name__, "__doc__": f"scipy.special.{self.name.strip('_')} of Variables."})

    def __call__(self, *operands: Any) -> Any:
        return self.function.apply(self, *operands)

    def partial(self, result: int, position: int, operands: list[Any]) -> Any:
        """The derivative of one result in one operand."""
        found = self.results[result][position]
        if isinstance(found, str):
            raise NotImplementedError(f"scipy.special.{self.name.strip('_')}() of Variables has no derivative in its argument "
                                      f"{position + 1}: {found}.  Give that argument without a gradient, by x.detach()")
        # computed again where it is asked for, and not saved: programs write into results
        return found(None if found.__code__.co_varnames[0] == "_" else self(*operands), *operands)


def _given(ctx: Any) -> list[Any]:
    """The operands, those that are Variables on the graph, in NumPy's flavour."""
    operands = list(ctx.rest)
    for i, value in zip(ctx.where, ctx.saved_tensors, strict=True):
        operands[i] = _variables.as_ndarray(value, copy=False)
    return operands


class _Recorded(Function):
    """What a ufunc of SciPy records; that of each is a subclass that bears its name."""

    __slots__ = ()

    @staticmethod
    def forward(ctx: Any, rule: Partials, *operands: Any) -> Any:
        variables = [v for v in operands if isinstance(v, _Base)]
        plain = [_variables.plain_of(v) if isinstance(v, _Base) else v for v in operands]
        with np.errstate(all="ignore"):
            results = getattr(sp, rule.name)(*plain)
        results = results if isinstance(results, tuple) else (results,)
        if (any(np.iscomplexobj(v) for v in plain) and rule.name not in HOLOMORPHIC
                and any(ctx.needs_input_grad)):
            raise NotImplementedError(f"scipy.special.{rule.name}() of complex Variables has no derivative in autodiff")
        outs = tuple(_variables.constant_of(np.asarray(result), variables[0]) for result in results)
        ctx.rule, ctx.rest = rule, tuple(None if isinstance(v, _Base) else v for v in operands)
        ctx.where = tuple(i for i, v in enumerate(operands) if isinstance(v, _Base))
        ctx.set_materialize_grads(False)
        ctx.kinds, ctx.shapes = tuple(np.dtype(out.dtype) for out in outs), tuple(tuple(out.shape) for out in outs)
        ctx.save_for_backward(*variables)
        ctx.save_for_forward(*variables)
        return outs[0] if len(outs) == 1 else outs

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        operands = _given(ctx)
        found: list[Any] = [None]
        for i, operand in enumerate(operands):
            total = None
            for k, g in enumerate(gradients):
                if not ctx.needs_input_grad[i + 1] or g is None:
                    continue
                slope = ctx.rule.partial(k, i, operands)
                if ctx.kinds[k].kind == "c":
                    slope = np.conjugate(slope)
                part = _variables.as_ndarray(g, copy=False) * slope
                total = part if total is None else total + part
            if total is not None:
                total = _cast(total, np.dtype(operand.dtype))
            found.append(total)
        return tuple(found)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        operands = _given(ctx)
        found: list[Any] = []
        for k, kind in enumerate(ctx.kinds):
            total = None
            for i, tangent in enumerate(tangents[1:]):
                if tangent is None:
                    continue
                part = _variables.as_ndarray(tangent, copy=False) * ctx.rule.partial(k, i, operands)
                total = part if total is None else total + part
            if total is not None:
                total = _variables.in_flavour(_cast(np.broadcast_to(total, ctx.shapes[k]), kind), ctx.saved_tensors[0])
            found.append(total)
        return found[0] if len(found) == 1 else tuple(found)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], rule: Partials, *operands: Any) -> Any:
        batched = [dim is not None for dim in in_dims[1:]]
        rank = max(np.ndim(v) - of_batch for v, of_batch in zip(operands, batched, strict=True))
        lined = [v.reshape((info.batch_size, *(1,) * (rank - v.ndim + 1), *tuple(v.shape)[1:])) if of_batch else v
                 for v, of_batch in zip(operands, batched, strict=True)]
        return rule(*lined), (0 if len(rule.results) == 1 else (0,) * len(rule.results))


def _cast(value: Any, dtype: Any) -> Any:
    """A derivative in the dtype of what it is added to: of real operands the real part."""
    found = np.dtype(value.dtype)
    if found.kind == "c" and dtype.kind != "c":
        value = np.real(value)
        found = np.dtype(value.dtype)
    return value if found == dtype else value.astype(dtype)


#: Functions of complex numbers, too.
HOLOMORPHIC = {"_lambertw", "wofz"}


def _answers(name: str, partials: Any, *more: Any) -> None:
    """A ufunc's partial derivatives, a tuple for each result."""
    rule = Partials(name, (partials, *more))

    def answer(*operands: Any) -> Any:
        return rule(*operands)

    answer.__name__, answer.__doc__ = name, f"scipy.special.{name.strip('_')} of Variables."
    SCIPY[name] = _of_numpy_flavour(answer)


def _formula(name: str, function: Callable[..., Any]) -> None:
    """A ufunc that is a short formula of others."""
    function.__name__, function.__doc__ = name, f"scipy.special.{name} of Variables."
    SCIPY[name] = _of_numpy_flavour(function)


# ---- what several derivatives are made of

#: Points and weights on the interval from 0 to 1, doubly exponentially near its ends (Takahasi and Mori 1974): each point's
#: distance from 0, that from 1, and its weight divided by the first.
_STEPS = np.arange(-97, 98) / 16.0
_GROWTH = np.pi * np.sinh(_STEPS)
_POINTS, _RESTS = 1.0 / (1.0 + np.exp(-_GROWTH)), 1.0 / (1.0 + np.exp(_GROWTH))
_WEIGHTS = np.pi / 16.0 * np.cosh(_STEPS) * _RESTS


def _spread(*values: Any) -> list[Any]:
    """Operands with a last dimension for the points of an integral."""
    return [(v if is_variable(v) else np.asarray(v))[..., np.newaxis] for v in values]


#: Elements that an integral is computed of at a time where nothing is recorded: each has 195 points.
_PIECE = 16384


def _in_pieces(function: Callable[..., Any], *operands: Any) -> Any:
    """function(*operands), of many elements in pieces, unless the ops that compute it are recorded."""
    count = int(np.prod(np.broadcast_shapes(*map(np.shape, operands))))
    if count <= _PIECE or any(isinstance(v, _Base) and (_variables.records(v) or _variables.physical_of(v) is not None
                                                        or OPS.tangent(v) is not None) for v in operands):
        return function(*operands)
    whole = np.broadcast_arrays(*map(values_of, operands))
    flat = [v.reshape(-1) for v in whole]
    parts = [function(*(v[start:start + _PIECE] for v in flat)) for start in range(0, count, _PIECE)]
    return np.concatenate(parts).reshape(whole[0].shape)


def _select(condition: Any, x: Any, y: Any) -> Any:
    return np.where(values_of(condition), x, y)


def _known(x: Any, at: float, where: Any) -> Any:
    """x with a number in place of what a condition holds for: where another branch is chosen, nothing may be infinite."""
    return np.where(values_of(where), at, x)


def _quotient(x: Any, y: Any) -> Any:
    """x / y, and 0 where x is 0: at the ends, where both are."""
    nothing = np.equal(values_of(x), 0)
    return np.where(nothing, 0.0, x) / np.where(nothing, 1.0, y)


def _gamma_density(a: Any, x: Any) -> Any:
    """x^(a-1) exp(-x) / Gamma(a)."""
    end = np.isinf(values_of(x))
    x = _known(x, 1.0, end)
    return _select(end, 0.0, np.exp(sp.xlogy(a - 1.0, x) - x - sp.gammaln(a)))


def _gammainc_in_a(a: Any, x: Any) -> Any:
    """The derivative of the lower incomplete gamma function in a."""
    return _in_pieces(_gammainc_in_order, a, x)


def _gammainc_in_order(a: Any, x: Any) -> Any:
    """The derivative of the lower incomplete gamma function in a: the integral of (log t - psi(a)) t^(a-1) exp(-t) / Gamma(a).

    Over t from 0 to x where x is below a, from x on with the other sign where it is above: the integrand is largest at x.  Of
    a large a over as much of that as matters, in steps of t and not of its logarithm.
    """
    value, order = values_of(x), values_of(a)
    outside = np.logical_or(np.equal(value, 0), np.isinf(value))
    small = np.logical_and(np.less(order, 0.2), np.less(value, 2.0))
    large = np.logical_not(small)
    near = _gammainc_in_small_a(_known(a, 0.1, large), _known(x, 0.1, np.logical_or(outside, large)))
    shape, at = _spread(_known(a, 1.0, small), _known(x, 1.0, np.logical_or(outside, small)))
    order, end = values_of(shape), values_of(at)
    below = np.less_equal(end, order)
    narrow = np.logical_or(np.greater(order, 10.0), np.logical_not(below))
    room = 12.0 * np.sqrt(order) + 40.0
    room = np.where(below, np.minimum(end, room), room)
    there = np.where(below, (at - room) + room * _POINTS, at + room * _RESTS)
    log = np.where(narrow, np.log(np.where(narrow, there, 1.0)), np.log(at) + np.log(_POINTS))
    steps = np.where(narrow, np.log(room * _POINTS), log)
    inside = np.exp((shape - 1.0) * log + steps - np.exp(log) - sp.gammaln(shape)) * (log - sp.psi(shape))
    total = np.sum(_WEIGHTS * np.where(below, inside, -inside), axis=-1)
    return _select(outside, 0.0, np.where(small, near, total))


def _gammainc_in_small_a(a: Any, x: Any) -> Any:
    """The same for a < 0.2, x < 2 by the power series: t^(a-1) vanishes too slowly towards 0."""
    log, term = np.log(x) - sp.psi(1.0 + a), x * 0.0 + 1.0
    total = log
    for k in range(1, 31):
        term = term * (-x / k)
        total = total + term * (k / (a + k) + a * log) / (a + k)
    return np.exp(a * np.log(x) - sp.gammaln(1.0 + a)) * total


def _beta_density(a: Any, b: Any, x: Any, rest: Any) -> Any:
    """x^(a-1) (1-x)^(b-1) / B(a, b), of x and 1 - x."""
    return np.exp(sp.xlogy(a - 1.0, x) + sp.xlogy(b - 1.0, rest) - sp.betaln(a, b))


def _betainc_in(which: int, a: Any, b: Any, x: Any, rest: Any) -> Any:
    """The derivative of the incomplete beta function in a (0) or b (1), at x and rest = 1 - x."""
    return _in_pieces(functools.partial(_betainc_in_order, which), a, b, x, rest)


def _betainc_in_order(which: int, a: Any, b: Any, x: Any, rest: Any) -> Any:
    """The derivative of the incomplete beta function in a (0) or b (1), by the integral of the derivative of its density.

    From 0 to x where x is below the mean, from x to 1 with the other sign where it is above; else as of the gamma function.
    """
    outside = np.logical_or(np.equal(values_of(x), 0), np.equal(values_of(rest), 0))
    a, b, x, rest = _spread(a, b, _known(x, 0.5, outside), _known(rest, 0.5, outside))
    one, two = values_of(a), values_of(b)
    below, narrow = np.less_equal(values_of(x) * two, one * values_of(rest)), np.greater(np.minimum(one, two), 10.0)
    near, far = np.where(below, x, rest), np.where(below, rest, x)
    room = (14.0 * np.sqrt(one * two / (one + two)) + 60.0) / (one + two)
    room = np.where(narrow, np.minimum(values_of(near), room), values_of(near))
    points = np.where(narrow, 1.0, _POINTS)
    # the distance from the nearer end of the interval, and that from the other
    first = np.log(near) + np.log(points)
    first = np.where(narrow, np.log(np.where(narrow, (near - room) + room * _POINTS, 1.0)), first)
    second = np.log(far + np.where(narrow, room, near) * _RESTS)
    log, other = np.where(below, first, second), np.where(below, second, first)
    steps = np.where(narrow, np.log(room * _POINTS), first)
    density = np.exp((a - 1.0) * log + (b - 1.0) * other + steps - sp.betaln(a, b))
    mean = sp.psi(a) if which == 0 else sp.psi(b)
    inside = density * ((log if which == 0 else other) - mean + sp.psi(a + b))
    # Near an end of a small exponent p the power t^(p-1) vanishes too slowly, and is integrated by itself.
    p, r = np.where(below, a, b), np.where(below, b, a)
    slow = np.less(values_of(p), 0.2)
    p = np.where(slow, p, 0.1)
    scale = np.exp(p * np.log(near) - sp.betaln(a, b))
    rest_of = np.exp(p * np.log(_POINTS)) * np.expm1((r - 1.0) * second)
    own = np.equal(below, which == 0)
    constant = sp.psi(a + b) - mean
    factor = np.where(own, first, 0.0) + constant
    beside = rest_of * factor + np.where(own, 0.0, np.exp(p * np.log(_POINTS) + (r - 1.0) * second) * second)
    # psi(p) = psi(1 + p) - 1 / p cancels 1 / p^2
    alone = np.where(own, np.log(near) - sp.psi(1.0 + p) + sp.psi(a + b), constant) / p
    inside = np.where(slow, scale * beside, inside)
    total = np.sum(_WEIGHTS * inside, axis=-1) + np.where(slow, scale * alone, 0.0)[..., 0]
    return _select(outside, 0.0, np.where(below[..., 0], total, -total))


def _sinhc(x: Any) -> Any:
    """sinh(x) / x."""
    near = np.less(np.abs(values_of(x)), 0.1)
    small, large = np.where(near, x, 0.0), np.where(near, 1.0, x)
    return np.where(near, (_exprel_series(small) + _exprel_series(-small)) / 2.0, np.sinh(large) / large)


def _tail(x: Any, sign: float) -> Any:
    """The sum over k >= 1 of sign^k (2k-1)!! / (2 x^2)^k, which Dawson's and the error function have far out."""
    step = sign / (2.0 * x * x)
    total: Any = 0.0
    for k in range(14, 0, -1):
        total = (2.0 * k - 1.0) * step * (1.0 + total)
    return total


def _lower(n: Any, function: Callable[..., Any]) -> Any:
    """A polynomial of the order below n; 0 for the order 0."""
    none = np.equal(values_of(n), 0)
    return np.where(none, 0.0, function(np.where(none, 1, n) - 1))


#: B_2k / (2k)!, k >= 1.
_BERNOULLI = (0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07, 2.08767569878681e-08,
              -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225828e-13, 8.586062056277845e-15,
              -2.174868698558062e-16, 5.509002828360229e-18, -1.3954464685812523e-19)


# ---- the gamma and beta functions


def _rgamma_slope(out: Any, x: Any) -> Any:
    """Left of 1/2 by reflection, which has no poles where the function has zeros."""
    left = np.less(values_of(x), 0.5)
    one, other = np.where(left, 1.0, x), np.where(left, x, 0.0)
    whole = np.rint(values_of(other))
    sign, angle = np.where(np.mod(whole, 2.0) == 0, 1.0, -1.0), np.pi * (other - whole)
    mirrored = sign * sp.gamma(1.0 - other) * (np.cos(angle) - np.sin(angle) * sp.psi(1.0 - other) / np.pi)
    return np.where(left, mirrored, -np.where(left, 1.0, out) * sp.psi(one))


_answers("gamma", (lambda out, x: out * sp.psi(x),))
_answers("rgamma", (_rgamma_slope,))

def _psi_step(a: Any, b: Any) -> Any:
    """psi(a + b) - psi(a): of a large a by the asymptotic series of both, whose logarithms do not cancel."""
    far = np.logical_and(np.greater(values_of(a), 30.0), np.greater(values_of(a) + values_of(b), 30.0))
    x, step = np.where(far, a, 30.0), np.where(far, b, 0.0)
    total = np.log1p(step / x) + 0.5 * step / (x * (x + step))
    one, two = 1.0 / np.square(x), 1.0 / np.square(x + step)
    # 1/x^2 - 1/(x + b)^2 without a difference of powers, and with it those of higher powers
    drop, powers = step * (2.0 * x + step) * one * two, 1.0
    for k, bernoulli in enumerate((1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)):
        total = total + bernoulli * drop * powers
        powers = powers * one + two ** float(k + 1)
    near_a, near_b = np.where(far, 1.0, a), np.where(far, 1.0, b)
    return np.where(far, total, sp.psi(near_a + near_b) - sp.psi(near_a))


_answers("beta", (lambda out, a, b: -out * _psi_step(a, b), lambda out, a, b: -out * _psi_step(b, a)))
_answers("betaln", (lambda _, a, b: -_psi_step(a, b), lambda _, a, b: -_psi_step(b, a)))
_answers("poch", (lambda out, x, m: out * _psi_step(x, m), lambda out, x, m: out * sp.psi(x + m)))


def _binom_in(which: int, out: Any, n: Any, k: Any) -> Any:
    """By digamma functions; where a factor 1 / Gamma is 0, and they are infinite, by the derivatives of that."""
    rest = n - k + 1.0
    zero = np.logical_or(np.less_equal(values_of(rest), 0.0), np.less_equal(values_of(k) + 0.0 * values_of(rest), -1.0))
    two, three = np.where(zero, 1.0, k), np.where(zero, 3.0, rest)
    slope = _psi_step(three, two) if which == 0 else sp.psi(three) - sp.psi(two + 1.0)
    top, low, high = np.where(zero, n, 0.0) + 1.0, np.where(zero, k, 0.0) + 1.0, np.where(zero, rest, 1.0)
    by_low, by_high = sp.rgamma(low), sp.rgamma(high)
    slope_of_high = by_low * _rgamma_slope(by_high, high)
    if which == 0:
        at_zero = sp.psi(top) * by_low * by_high + slope_of_high
    else:
        at_zero = _rgamma_slope(by_low, low) * by_high - slope_of_high
    return np.where(zero, sp.gamma(top) * at_zero, np.where(zero, 0.0, out) * slope)


_answers("binom", (lambda out, n, k: _binom_in(0, out, n, k), lambda out, n, k: _binom_in(1, out, n, k)))

_answers("gammainc", (lambda _, a, x: _gammainc_in_a(a, x), lambda _, a, x: _gamma_density(a, x)))
_answers("gammaincc", (lambda _, a, x: -_gammainc_in_a(a, x), lambda _, a, x: -_gamma_density(a, x)))
_answers("gammaincinv", (lambda x, a, y: -_quotient(_gammainc_in_a(a, x), _gamma_density(a, x)),
                         lambda x, a, y: 1.0 / _gamma_density(a, x)))
_answers("gammainccinv", (lambda x, a, y: -_quotient(_gammainc_in_a(a, x), _gamma_density(a, x)),
                          lambda x, a, y: -1.0 / _gamma_density(a, x)))
_answers("betainc", (lambda _, a, b, x: _betainc_in(0, a, b, x, 1.0 - x), lambda _, a, b, x: _betainc_in(1, a, b, x, 1.0 - x),
                     lambda _, a, b, x: _beta_density(a, b, x, 1.0 - x)))
_answers("betaincc", (lambda _, a, b, x: -_betainc_in(0, a, b, x, 1.0 - x),
                      lambda _, a, b, x: -_betainc_in(1, a, b, x, 1.0 - x),
                      lambda _, a, b, x: -_beta_density(a, b, x, 1.0 - x)))
for _name, _sign in (("betaincinv", 1.0), ("betainccinv", -1.0)):
    _answers(_name, (lambda x, a, b, y: -_quotient(_betainc_in(0, a, b, x, 1.0 - x), _beta_density(a, b, x, 1.0 - x)),
                     lambda x, a, b, y: -_quotient(_betainc_in(1, a, b, x, 1.0 - x), _beta_density(a, b, x, 1.0 - x)),
                     lambda x, a, b, y, sign=_sign: sign / _beta_density(a, b, x, 1.0 - x)))

# ---- distributions

for _name, _sign in (("chdtr", 1.0), ("chdtrc", -1.0)):
    _answers(_name, (lambda _, v, x, sign=_sign: sign * 0.5 * _gammainc_in_a(0.5 * v, 0.5 * x),
                     lambda _, v, x, sign=_sign: sign * 0.5 * _gamma_density(0.5 * v, 0.5 * x)))
_answers("chdtri", (lambda x, v, y: -_gammainc_in_a(0.5 * v, 0.5 * x) / _gamma_density(0.5 * v, 0.5 * x),
                    lambda x, v, y: -2.0 / _gamma_density(0.5 * v, 0.5 * x)))
_answers("chdtriv", (lambda v, p, x: 2.0 / _gammainc_in_a(0.5 * v, 0.5 * x),
                     lambda v, p, x: -_gamma_density(0.5 * v, 0.5 * x) / _gammainc_in_a(0.5 * v, 0.5 * x)))
for _name, _sign in (("gdtr", 1.0), ("gdtrc", -1.0)):
    _answers(_name, (lambda _, a, b, x, sign=_sign: sign * x * _gamma_density(b, a * x),
                     lambda _, a, b, x, sign=_sign: sign * _gammainc_in_a(b, a * x),
                     lambda _, a, b, x, sign=_sign: sign * a * _gamma_density(b, a * x)))
_answers("gdtrix", (lambda x, a, b, p: -x / a, lambda x, a, b, p: -_gammainc_in_a(b, a * x) / (a * _gamma_density(b, a * x)),
                    lambda x, a, b, p: 1.0 / (a * _gamma_density(b, a * x))))
_answers("gdtria", (lambda a, p, b, x: 1.0 / (x * _gamma_density(b, a * x)),
                    lambda a, p, b, x: -_gammainc_in_a(b, a * x) / (x * _gamma_density(b, a * x)), lambda a, p, b, x: -a / x))
_answers("gdtrib", (lambda b, a, p, x: -x * _gamma_density(b, a * x) / _gammainc_in_a(b, a * x),
                    lambda b, a, p, x: 1.0 / _gammainc_in_a(b, a * x),
                    lambda b, a, p, x: -a * _gamma_density(b, a * x) / _gammainc_in_a(b, a * x)))
_answers("pdtr", (WHOLE, lambda _, k, m: -_gamma_density(np.floor(k) + 1.0, m)))
_answers("pdtrc", (WHOLE, lambda _, k, m: _gamma_density(np.floor(k) + 1.0, m)))
_answers("pdtri", (WHOLE, lambda m, k, y: -1.0 / _gamma_density(np.floor(k) + 1.0, m)))
_answers("pdtrik", (lambda k, p, m: -1.0 / _gammainc_in_a(k + 1.0, m),
                    lambda k, p, m: -_gamma_density(k + 1.0, m) / _gammainc_in_a(k + 1.0, m)))


def _binomial_density(k: Any, n: Any, p: Any) -> Any:
    k = np.floor(k)
    return _beta_density(n - k, k + 1.0, 1.0 - p, p)


for _name, _sign in (("bdtr", -1.0), ("bdtrc", 1.0)):
    _answers(_name, (WHOLE, WHOLE, lambda _, k, n, p, sign=_sign: sign * _binomial_density(k, n, p)))
_answers("bdtri", (WHOLE, WHOLE, lambda p, k, n, y: -1.0 / _binomial_density(k, n, p)))
for _name, _sign in (("nbdtr", 1.0), ("nbdtrc", -1.0)):
    _answers(_name, (WHOLE, WHOLE, lambda _, k, n, p, sign=_sign: sign * _beta_density(n, k + 1.0, p, 1.0 - p)))
_answers("nbdtri", (WHOLE, WHOLE, lambda p, k, n, y: 1.0 / _beta_density(n, k + 1.0, p, 1.0 - p)))


def _f_parts(m: Any, n: Any, x: Any) -> tuple[Any, ...]:
    """Of the F distribution: halves of the degrees, the argument of the beta distribution and what is left of 1, the sum."""
    total = n + m * x
    return 0.5 * m, 0.5 * n, m * x / total, n / total, total


def _f_in(which: int, m: Any, n: Any, x: Any) -> Any:
    a, b, z, rest, total = _f_parts(m, n, x)
    density = _beta_density(a, b, z, rest)
    if which == 0:
        return 0.5 * _betainc_in(0, a, b, z, rest) + density * x * n / (total * total)
    if which == 1:
        return 0.5 * _betainc_in(1, a, b, z, rest) - density * x * m / (total * total)
    return density * m * n / (total * total)


for _name, _sign in (("fdtr", 1.0), ("fdtrc", -1.0)):
    _answers(_name, (lambda _, m, n, x, sign=_sign: sign * _f_in(0, m, n, x),
                     lambda _, m, n, x, sign=_sign: sign * _f_in(1, m, n, x),
                     lambda _, m, n, x, sign=_sign: sign * _f_in(2, m, n, x)))
_answers("fdtri", (lambda x, m, n, p: -_f_in(0, m, n, x) / _f_in(2, m, n, x),
                   lambda x, m, n, p: -_f_in(1, m, n, x) / _f_in(2, m, n, x), lambda x, m, n, p: 1.0 / _f_in(2, m, n, x)))


def _t_density(df: Any, t: Any) -> Any:
    return np.exp(sp.gammaln(0.5 * df + 0.5) - sp.gammaln(0.5 * df) - 0.5 * np.log(np.pi * df)
                  - (0.5 * df + 0.5) * np.log1p(t * t / df))


def _t_in_df(df: Any, t: Any) -> Any:
    """Of Student's distribution function: half of what the beta distribution leaves, on the side of t."""
    square = t * t
    total = df + square
    a, z, rest = 0.5 * df, df / total, square / total
    nothing = np.equal(values_of(t), 0)
    safe = _known(rest, 0.5, nothing)
    at = _known(z, 0.5, nothing)
    slope = 0.5 * _betainc_in(0, a, 0.5, at, safe) + _beta_density(a, 0.5, at, safe) * square / (total * total)
    return np.where(nothing, 0.0, -0.5 * np.sign(values_of(t)) * slope)


_answers("stdtr", (lambda _, df, t: _t_in_df(df, t), lambda _, df, t: _t_density(df, t)))
_answers("stdtrit", (lambda t, df, p: -_t_in_df(df, t) / _t_density(df, t), lambda t, df, p: 1.0 / _t_density(df, t)))
_answers("stdtridf", (lambda df, p, t: 1.0 / _t_in_df(df, t), lambda df, p, t: -_t_density(df, t) / _t_in_df(df, t)))


def _chndtr_density(x: Any, df: Any, nc: Any) -> Any:
    central = np.logical_or(np.equal(values_of(nc), 0), np.equal(values_of(x), 0))
    at, shift = np.where(central, 1.0, x), np.where(central, 1.0, nc)
    root, other = np.sqrt(at), np.sqrt(shift)
    exponent = -0.5 * np.square(root - other) + (0.25 * df - 0.5) * np.log(at / shift)
    density = 0.5 * np.exp(exponent) * sp.ive(0.5 * df - 1.0, root * other)
    # at either end of both Bessel's function is its first term
    plain = 0.5 * _gamma_density(0.5 * df, 0.5 * np.where(central, x, 1.0)) * np.exp(-0.5 * np.where(central, nc, 0.0))
    return np.where(central, plain, density)


_answers("chndtr", (lambda _, x, df, nc: _chndtr_density(x, df, nc), PARAMETER,
                    lambda _, x, df, nc: -_chndtr_density(x, df + 2.0, nc)))
_answers("chndtrix", (lambda x, p, df, nc: 1.0 / _chndtr_density(x, df, nc), PARAMETER,
                      lambda x, p, df, nc: _chndtr_density(x, df + 2.0, nc) / _chndtr_density(x, df, nc)))
_formula("nrdtrimn", lambda p, std, x: x - std * sp.ndtri(p))
_formula("nrdtrisd", lambda mn, p, x: (x - mn) / sp.ndtri(p))
_answers("ndtri", (lambda x, p: 2.5066282746310002 * np.exp(0.5 * np.square(x)),))
_answers("ndtri_exp", (lambda x, y: 2.5066282746310002 * np.exp(0.5 * x * x + y),))
_answers("kolmogorov", (lambda _, x: sp._kolmogp(x),))
_answers("_kolmogp", (PARAMETER,))
_answers("kolmogi", (lambda x, p: 1.0 / sp._kolmogp(x),))
_answers("smirnov", (WHOLE, lambda _, n, d: sp._smirnovp(n, d)))
_answers("_smirnovp", (WHOLE, PARAMETER))
_answers("smirnovi", (WHOLE, lambda d, n, p: 1.0 / sp._smirnovp(n, d)))
_answers("tklmbda", (lambda p, x, shape: 1.0 / (p ** (shape - 1.0) + (1.0 - p) ** (shape - 1.0)), PARAMETER))
_answers("owens_t", (lambda _, h, a: -0.19947114020071635 * np.exp(-0.5 * h * h) * sp.erf(0.7071067811865476 * a * h),
                     lambda _, h, a: 0.15915494309189535 * np.exp(-0.5 * h * h * (1.0 + a * a)) / (1.0 + a * a)))

# ---- the error function's relatives

_answers("erfcinv", (lambda x, y: -0.886226925452758 * np.exp(np.square(x)),))
_answers("erfi", (lambda _, x: 1.1283791670955126 * np.exp(x * x),))


def _dawsn_slope(out: Any, x: Any) -> Any:
    far = np.greater(np.abs(values_of(x)), 12.0)
    return np.where(far, -_tail(np.where(far, x, 12.0), 1.0), 1.0 - 2.0 * np.where(far, 0.0, x) * np.where(far, 0.0, out))


def _erfcx_slope(out: Any, x: Any) -> Any:
    far = np.greater(values_of(x), 12.0)
    return np.where(far, 1.1283791670955126 * _tail(np.where(far, x, 12.0), -1.0),
                    2.0 * np.where(far, 0.0, x) * np.where(far, 0.0, out) - 1.1283791670955126)


_answers("dawsn", (_dawsn_slope,))
_answers("erfcx", (_erfcx_slope,))
_answers("fresnel", (lambda _, x: np.sin(0.5 * np.pi * x * x),), (lambda _, x: np.cos(0.5 * np.pi * x * x),))
_answers("wofz", (lambda out, z: 2j / np.sqrt(np.pi) - 2.0 * z * out,))


def _voigt(x: Any, sigma: Any, gamma: Any) -> Any:
    """The real part of Faddeeva's function at (x + i gamma) / (sigma sqrt(2)); without sigma Cauchy's distribution."""
    none = np.equal(sigma, 0)
    width = np.where(none, 1.0, sigma)
    scale = 1.4142135623730951 * width
    value = FADDEEVA(*as_variables(x / scale, np.abs(gamma) / scale))[0] / (2.5066282746310002 * width)
    both = np.logical_and(none, np.not_equal(gamma, 0))
    cauchy = gamma / (np.pi * (x * x + np.square(np.where(both, gamma, 1.0))))
    nothing = np.where(np.equal(x, 0), np.inf, 0.0).astype(np.dtype(value.dtype))
    return np.where(none, np.where(both, cauchy, nothing), value)


class _Faddeeva(Partials):
    """The real and the imaginary part of wofz(x + i y), y >= 0."""

    def __init__(self) -> None:
        def with_x(out: Any, x: Any, y: Any) -> Any:
            return 2.0 * (y * out[1] - x * out[0])

        def with_y(out: Any, x: Any, y: Any) -> Any:
            return 2.0 * (x * out[1] + y * out[0]) - 1.1283791670955126

        super().__init__("_faddeeva", ((with_x, with_y), (lambda out, x, y: -with_y(out, x, y), with_x)))


FADDEEVA = _Faddeeva()


def _faddeeva(x: Any, y: Any) -> tuple[Any, Any]:
    value = sp.wofz(np.asarray(x) + 1j * np.asarray(y))
    return value.real, value.imag


_Special._faddeeva = staticmethod(_faddeeva)        # type: ignore[attr-defined]
_formula("voigt_profile", _voigt)

# ---- integrals of exponentials, logarithms, sines

_answers("exp1", (lambda _, x: -np.exp(-x) / x,))
_answers("expi", (lambda _, x: np.exp(x) / x,))


def _expn_slope(_: Any, n: Any, x: Any) -> Any:
    first = np.equal(values_of(n), 0)
    return np.where(first, -np.exp(-x) * (1.0 + x) / np.square(x), -sp.expn(np.where(first, 1, n) - 1, x))


_answers("expn", (ORDER, _expn_slope))
_answers("sici", (lambda _, x: np.sinc(x / np.pi),), (lambda _, x: np.cos(x) / x,))
_answers("shichi", (lambda _, x: _sinhc(x),), (lambda _, x: np.cosh(x) / x,))
_answers("spence", (lambda _, z: -_log1p_ratio(z),))


def _log1p_ratio(z: Any) -> Any:
    """log(z) / (z - 1), 1 at 1."""
    t = z - 1.0
    near = np.less(np.abs(values_of(t)), 0.01)
    small = np.where(near, t, 0.0)
    series: Any = 1.0 / 10
    for k in range(9, 0, -1):
        series = 1.0 / k - small * series
    return np.where(near, series, np.log(np.where(near, 2.0, z)) / np.where(near, 1.0, t))


_answers("wrightomega", (lambda out, x: out / (1.0 + out),))


def _lambertw_slope(out: Any, z: Any, k: Any, tolerance: Any) -> Any:
    return 1.0 / (np.exp(out) * (1.0 + out))


_answers("_lambertw", (_lambertw_slope, WHOLE, "it is a tolerance"))
_answers("powm1", (lambda _, x, y: y * np.power(x, y - 1.0), lambda _, x, y: sp.xlogy(np.power(x, y), x)))

# ---- elliptic integrals, the mean of Gauss

_answers("ellipk", (lambda _, m: 0.39269908169872414 * sp.hyp2f1(0.5, 0.5, 2.0, m) / (1.0 - m),))
_answers("ellipkm1", (lambda _, p: -0.39269908169872414 * sp.hyp2f1(0.5, 0.5, 2.0, 1.0 - p) / p,))
_answers("ellipe", (lambda _, m: -0.39269908169872414 * sp.hyp2f1(0.5, 1.5, 2.0, m),))


def _elliptic_in_m(phi: Any, m: Any, power: float) -> Any:
    """The integral of sin^2 / (1 - m sin^2)^power from 0 to phi."""
    return _in_pieces(functools.partial(_elliptic_integral, power=power), phi, m)


def _elliptic_integral(phi: Any, m: Any, power: float) -> Any:
    """The integral of sin^2 / (1 - m sin^2)^power from 0 to phi: whole half turns, and the rest."""
    turns = np.rint(values_of(phi) / np.pi)
    rest = phi - np.pi * turns
    angle, modulus = _spread(rest, m)
    total = np.sum(_WEIGHTS * _POINTS * _elliptic_terms(angle * _POINTS, modulus, power), axis=-1) * rest
    if np.any(turns):
        (modulus,) = _spread(m)
        quarter = np.sum(_WEIGHTS * _POINTS * _elliptic_terms(0.5 * np.pi * _POINTS, modulus, power), axis=-1) * (0.5 * np.pi)
        total = total + 2.0 * turns * quarter
    return total


def _elliptic_terms(angle: Any, m: Any, power: float) -> Any:
    square = np.square(np.sin(angle))
    return square * (np.square(np.cos(angle)) + (1.0 - m) * square) ** -power


_answers("ellipkinc", (lambda _, phi, m: 1.0 / np.sqrt(1.0 - m * np.square(np.sin(phi))),
                       lambda _, phi, m: 0.5 * _elliptic_in_m(phi, m, 1.5)))
_answers("ellipeinc", (lambda _, phi, m: np.sqrt(1.0 - m * np.square(np.sin(phi))),
                       lambda _, phi, m: -0.5 * _elliptic_in_m(phi, m, 0.5)))


def _amplitude_in_m(outs: Any, u: Any, m: Any) -> Any:
    """The derivative of the amplitude in m at a fixed argument."""
    return -0.5 * outs[2] * _elliptic_in_m(outs[3], m, 1.5)


_answers("ellipj", (lambda o, u, m: o[1] * o[2], lambda o, u, m: o[1] * _amplitude_in_m(o, u, m)),
         (lambda o, u, m: -o[0] * o[2], lambda o, u, m: -o[0] * _amplitude_in_m(o, u, m)),
         (lambda o, u, m: -m * o[0] * o[1],
          lambda o, u, m: -(0.5 * np.square(o[0]) + m * o[0] * o[1] * _amplitude_in_m(o, u, m)) / o[2]),
         (lambda o, u, m: o[2], _amplitude_in_m))
_formula("agm", lambda a, b: 0.7853981633974483 * (a + b) / sp.ellipkm1(4.0 * a * b / np.square(a + b)))
_answers("elliprf", (lambda _, x, y, z: -sp.elliprd(y, z, x) / 6.0, lambda _, x, y, z: -sp.elliprd(x, z, y) / 6.0,
                     lambda _, x, y, z: -sp.elliprd(x, y, z) / 6.0))
_answers("elliprc", (lambda _, x, y: -sp.elliprd(y, y, x) / 6.0, lambda _, x, y: -sp.elliprd(x, y, y) / 3.0))
_answers("elliprd", (PARAMETER, PARAMETER, PARAMETER))

# ---- Bessel functions

for _name in ("jv", "yv", "jn", "jve", "yve"):
    _answers(_name, (ORDER, lambda _, v, x, f=_name: 0.5 * (getattr(sp, f)(v - 1, x) - getattr(sp, f)(v + 1, x))))
_answers("yn", (ORDER, lambda _, v, x: 0.5 * (sp.yv(v - 1, x) - sp.yv(v + 1, x))))
_answers("iv", (ORDER, lambda _, v, x: 0.5 * (sp.iv(v - 1, x) + sp.iv(v + 1, x))))
_answers("kv", (ORDER, lambda _, v, x: -0.5 * (sp.kv(v - 1, x) + sp.kv(v + 1, x))))
_answers("kn", (ORDER, lambda _, v, x: -0.5 * (sp.kv(v - 1, x) + sp.kv(v + 1, x))))
_answers("ive", (ORDER, lambda out, v, x: 0.5 * (sp.ive(v - 1, x) + sp.ive(v + 1, x)) - np.sign(x) * out))
_answers("kve", (ORDER, lambda out, v, x: out - 0.5 * (sp.kve(v - 1, x) + sp.kve(v + 1, x))))
_answers("j0", (lambda _, x: -sp.j1(x),))
_answers("j1", (lambda _, x: 0.5 * (sp.j0(x) - sp.jv(2, x)),))
_answers("y0", (lambda _, x: -sp.y1(x),))
_answers("y1", (lambda _, x: 0.5 * (sp.y0(x) - sp.yv(2, x)),))
_answers("i0e", (lambda out, x: sp.i1e(x) - np.sign(x) * out,))
_answers("i1e", (lambda out, x: 0.5 * (sp.i0e(x) + sp.ive(2, x)) - np.sign(x) * out,))
_answers("k0", (lambda _, x: -sp.k1(x),))
_answers("k1", (lambda _, x: -0.5 * (sp.k0(x) + sp.kv(2, x)),))
_answers("k0e", (lambda out, x: out - sp.k1e(x),))
_answers("k1e", (lambda out, x: out - 0.5 * (sp.k0e(x) + sp.kve(2, x)),))


def _struve_term(v: Any, x: Any) -> Any:
    return np.power(0.5 * x, v) * sp.rgamma(v + 1.5) * 0.5641895835477563


_answers("struve", (ORDER, lambda _, v, x: 0.5 * (sp.struve(v - 1, x) - sp.struve(v + 1, x) + _struve_term(v, x))))
_answers("modstruve", (ORDER, lambda _, v, x: 0.5 * (sp.modstruve(v - 1, x) + sp.modstruve(v + 1, x) + _struve_term(v, x))))
_answers("itstruve0", (lambda _, x: sp.struve(0, x),))
_answers("itmodstruve0", (lambda _, x: sp.modstruve(0, x),))
_answers("it2struve0", (lambda _, x: -sp.struve(0, x) / x,))
_answers("itj0y0", (lambda _, x: sp.j0(x),), (lambda _, x: sp.y0(x),))
_answers("iti0k0", (lambda _, x: sp.i0(x),), (lambda _, x: sp.k0(x),))
_answers("it2j0y0", (lambda _, x: (1.0 - sp.j0(x)) / x,), (lambda _, x: -sp.y0(x) / x,))
_answers("it2i0k0", (lambda _, x: (sp.i0(x) - 1.0) / x,), (lambda _, x: -sp.k0(x) / x,))
for _name in ("hankel1", "hankel2"):
    _answers(_name, (ORDER, lambda _, v, x, f=_name: 0.5 * (getattr(sp, f)(v - 1, x) - getattr(sp, f)(v + 1, x))))
for _name, _sign in (("hankel1e", -1.0), ("hankel2e", 1.0)):
    _answers(_name, (ORDER, lambda out, v, x, f=_name, sign=_sign: 0.5 * (getattr(sp, f)(v - 1, x) - getattr(sp, f)(v + 1, x))
                     + sign * 1j * out))
_answers("besselpoly", (lambda _, a, power, v: sp.besselpoly(a, power + 1.0, v - 1.0) - sp.besselpoly(a, power + 1.0, v + 1.0),
                        PARAMETER, ORDER))
_answers("wright_bessel", (PARAMETER, PARAMETER, lambda _, a, b, x: sp.wright_bessel(a, b + a, x)))
_answers("kelvin", (lambda o, x: o[2],), (lambda o, x: o[3],), (lambda o, x: 1j * o[0] - o[2] / x,),
         (lambda o, x: 1j * o[1] - o[3] / x,))
_answers("airy", (lambda o, x: o[1],), (lambda o, x: x * o[0],), (lambda o, x: o[3],), (lambda o, x: x * o[2],))
_answers("airye", (lambda o, x: o[1] + np.sqrt(x) * o[0],), (lambda o, x: x * o[0] + np.sqrt(x) * o[1],),
         (lambda o, x: o[3] - np.sqrt(x) * o[2],), (lambda o, x: x * o[2] - np.sqrt(x) * o[3],))
_answers("itairy", (lambda _, x: sp.airy(x)[0],), (lambda _, x: sp.airy(x)[2],), (lambda _, x: sp.airy(-x)[0],),
         (lambda _, x: sp.airy(-x)[2],))
for _one, _two, _sign in (("ber", "bei", -1.0), ("bei", "ber", 1.0), ("ker", "kei", -1.0), ("kei", "ker", 1.0)):
    _answers(_one, (lambda _, x, f=_one: getattr(sp, f + "p")(x),))
    _answers(_one + "p", (lambda out, x, f=_two, sign=_sign: sign * getattr(sp, f)(x) - out / x,))
_answers("pbdv", (ORDER, lambda o, v, x: o[1]), (ORDER, lambda o, v, x: (0.25 * x * x - v - 0.5) * o[0]))
_answers("pbvv", (ORDER, lambda o, v, x: o[1]), (ORDER, lambda o, v, x: (0.25 * x * x - v - 0.5) * o[0]))
_answers("pbwa", (PARAMETER, lambda o, a, x: o[1]), (PARAMETER, lambda o, a, x: (a - 0.25 * x * x) * o[0]))

# ---- hypergeometric functions, zeta

_answers("hyp0f1", (PARAMETER, lambda _, v, z: sp.hyp0f1(v + 1.0, z) / v))
_answers("hyp1f1", (PARAMETER, PARAMETER, lambda _, a, b, z: a / b * sp.hyp1f1(a + 1.0, b + 1.0, z)))
_answers("hyp2f1", (PARAMETER, PARAMETER, PARAMETER,
                    lambda _, a, b, c, z: a * b / c * sp.hyp2f1(a + 1.0, b + 1.0, c + 1.0, z)))
_answers("hyperu", (PARAMETER, PARAMETER, lambda _, a, b, z: -a * sp.hyperu(a + 1.0, b + 1.0, z)))


def _zeta_slope(_: Any, s: Any) -> Any:
    """Of Riemann's function: by its terms above 0, by reflection below."""
    below = np.less(values_of(s), 0.0)
    one, other = np.where(below, 2.0, s), np.where(below, s, -0.5)
    if not np.any(below):
        return _zeta_in_s(s, np.ones(np.shape(values_of(s))))
    angle = 0.5 * np.pi * other
    scale = 2.0 * np.exp((other - 1.0) * 1.8378770664093453 + sp.gammaln(1.0 - other))
    mirrored = sp._zeta(1.0 - other, 1.0)
    sine, cosine = np.sin(angle), np.cos(angle)
    inner = (0.5 * np.pi * cosine + sine * (1.8378770664093453 - sp.psi(1.0 - other))) * mirrored
    slope = scale * (inner - sine * _zeta_in_s(1.0 - other, np.ones(np.shape(values_of(other)))))
    return np.where(below, slope, _zeta_in_s(one, np.ones(np.shape(values_of(one)))))


def _zeta_in_s(s: Any, q: Any) -> Any:
    """The derivative in s of _zeta_by_terms, term by term."""
    many, count = 20, 12
    s, q = (v if is_variable(v) else np.asarray(v, dtype=float) for v in (s, q))
    start = q + float(many)
    points = q[..., np.newaxis] + np.arange(many)
    total = -np.sum(np.log(points) * points ** -(s[..., np.newaxis]), axis=-1)
    log, power = np.log(start), start ** -s
    rest = s - 1.0
    total = total - power * start * (log / rest + 1.0 / np.square(rest)) - 0.5 * log * power
    factor, slope = s / start, 1.0 / start
    for k in range(count):
        total = total + _BERNOULLI[k] * power * (slope - factor * log)
        one, two = s + (2.0 * k + 1.0), s + (2.0 * k + 2.0)
        slope = (slope * one * two + factor * (one + two)) / (start * start)
        factor = factor * one * two / (start * start)
    return total


_answers("_zeta", (lambda _, s, q: _zeta_in_s(s, q), lambda _, s, q: -s * sp._zeta(s + 1.0, q)))
_answers("_riemann_zeta", (_zeta_slope,))
_answers("zetac", (_zeta_slope,))

# ---- orthogonal polynomials

_answers("eval_legendre", (ORDER, lambda _, n, x: _lower(n, lambda k: sp.eval_gegenbauer(k, 1.5, x))))
_answers("eval_sh_legendre", (ORDER, lambda _, n, x: 2.0 * _lower(n, lambda k: sp.eval_gegenbauer(k, 1.5, 2.0 * x - 1.0))))
_answers("eval_chebyt", (ORDER, lambda _, n, x: n * _lower(n, lambda k: sp.eval_chebyu(k, x))))
_answers("eval_chebyu", (ORDER, lambda _, n, x: 2.0 * _lower(n, lambda k: sp.eval_gegenbauer(k, 2.0, x))))
_answers("eval_chebyc", (ORDER, lambda _, n, x: n * _lower(n, lambda k: sp.eval_chebys(k, x))))
_answers("eval_chebys", (ORDER, lambda _, n, x: _lower(n, lambda k: sp.eval_gegenbauer(k, 2.0, 0.5 * x))))
_answers("eval_sh_chebyt", (ORDER, lambda _, n, x: 2.0 * n * _lower(n, lambda k: sp.eval_chebyu(k, 2.0 * x - 1.0))))
_answers("eval_sh_chebyu", (ORDER, lambda _, n, x: 4.0 * _lower(n, lambda k: sp.eval_gegenbauer(k, 2.0, 2.0 * x - 1.0))))
_answers("eval_gegenbauer", (ORDER, PARAMETER, lambda _, n, a, x: 2.0 * a * _lower(
    n, lambda k: sp.eval_gegenbauer(k, a + 1.0, x))))
_answers("eval_jacobi", (ORDER, PARAMETER, PARAMETER, lambda _, n, a, b, x: 0.5 * (n + a + b + 1.0) * _lower(
    n, lambda k: sp.eval_jacobi(k, a + 1.0, b + 1.0, x))))
_answers("eval_sh_jacobi", (ORDER, PARAMETER, PARAMETER, lambda _, n, p, q, x: (n + p) * _lower(
    n, lambda k: sp.eval_jacobi(k, p - q + 1.0, q, 2.0 * x - 1.0)) / sp.binom(2.0 * n + p - 1.0, n)))
_answers("eval_laguerre", (ORDER, lambda _, n, x: -_lower(n, lambda k: sp.eval_genlaguerre(k, 1.0, x))))
_answers("eval_genlaguerre", (ORDER, PARAMETER, lambda _, n, a, x: -_lower(n, lambda k: sp.eval_genlaguerre(k, a + 1.0, x))))
_answers("eval_hermite", (ORDER, lambda _, n, x: 2.0 * n * _lower(n, lambda k: sp.eval_hermite(k, x))))
_answers("eval_hermitenorm", (ORDER, lambda _, n, x: n * _lower(n, lambda k: sp.eval_hermitenorm(k, x))))
_answers("lpmv", (ORDER, ORDER, lambda out, m, v, x: (v * x * out - (v + m) * sp.lpmv(m, v - 1.0, x)) / (x * x - 1.0)))

# ---- elementary

_DEGREE = 0.017453292519943295

_formula("radian", lambda degrees, minutes, seconds: np.deg2rad(degrees + minutes / 60.0 + seconds / 3600.0))
_answers("sindg", (lambda _, x: _DEGREE * sp.cosdg(x),))
_answers("cosdg", (lambda _, x: -_DEGREE * sp.sindg(x),))
_answers("tandg", (lambda out, x: _DEGREE * (1.0 + out * out),))
_answers("cotdg", (lambda out, x: -_DEGREE * (1.0 + out * out),))
_answers("cosm1", (lambda _, x: -np.sin(x),))
_answers("exp10", (lambda out, x: 2.302585092994046 * out,))


def _boxcox_in_power(log: Any, power: Any) -> Any:
    """The derivative of expm1(power * log) / power in power, near 0 by its power series."""
    t = power * log
    near = np.less(np.abs(values_of(t)), 0.5)
    small, large, divisor = np.where(near, t, 0.0), np.where(near, 1.0, t), np.where(near, 1.0, power)
    series: Any = 0.0
    term: Any = np.where(near, 1.0, 0.0)
    for k in range(18):
        series = series + term / (k + 2.0)
        term = term * small / (k + 1.0)
    return np.where(near, np.square(np.where(near, log, 0.0)) * series,
                    (large * np.exp(large) - np.expm1(large)) / np.square(divisor))


#: What stands for the logarithm of 0, so that no difference of infinities is made.
_LEAST = -1e4


def _finite_log(log: Any) -> Any:
    return np.where(np.less(values_of(log), _LEAST), _LEAST, log)


_answers("boxcox", (lambda _, x, power: np.power(x, power - 1.0),
                    lambda _, x, power: _boxcox_in_power(_finite_log(np.log(x)), power)))
_answers("boxcox1p", (lambda _, x, power: np.power(1.0 + x, power - 1.0),
                      lambda _, x, power: _boxcox_in_power(_finite_log(np.log1p(x)), power)))
_formula("round", lambda x: np.rint(x))
