"""Ops that a program calls whole: by this library's own function, on arrays, with the graph of the call kept for its gradient.

What reads values between its parts, has several results, or saves what no other op would know again, is one op of a
recording, and its gradient another.  A replay calls the op as eager code does and, later in the same run, the reverse pass of
that call: Python's cost is that of two calls, whatever the op consists of.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import _engine as _engine_module  # type: ignore[attr-defined]
from .. import _variable as _variable_module
from .._batching import called
from ..autograd import grad

_engine: Any = _engine_module
_v: Any = _variable_module
_Base: Any = _v.Tensor.__base__
OPS: Any = _v.OPS

EXAMPLES = {_v.Tensor: _v.tensor(0.0), _v.ndarray: _v.as_ndarray(0.0)}

#: Numbers of ops that are no rows: one as it is called by name, one of a custom Function, a row applied, a function of
#: NumPy's, the gradient of such.
CALLED, CUSTOM, APPLIED, FUNCTION, GRADIENT = -2, -3, -4, -5, -6
WHOLE = (CALLED, CUSTOM, APPLIED, FUNCTION)


class Ref(NamedTuple):
    """A value of the recording, by its slot, and the flavour in which an op was given it."""

    slot: int
    flavour: Any = None


def refs_in(tree: Any) -> list[Ref]:
    found: list[Ref] = []
    _gather(tree, found)
    return found


def refs_in_op(operands: tuple[Any, ...], params: Any) -> list[Ref]:
    """Those in the operands and parameters of an op, most of which are no containers."""
    found: list[Ref] = []
    for part in operands:
        kind = type(part)
        if kind is Ref:
            found.append(part)
        elif kind is not float and kind is not int:
            _gather(part, found)
    if params:
        _gather(params, found)
    return found


def _gather(tree: Any, found: list[Ref]) -> None:
    kind = type(tree)
    if kind is Ref:
        found.append(tree)
    elif kind is tuple or kind is list:
        for part in tree:
            _gather(part, found)
    elif kind is dict:
        for part in tree.values():
            _gather(part, found)
    elif kind is slice:
        _gather((tree.start, tree.stop, tree.step), found)


def mapped(tree: Any, function: Callable[[Any], Any]) -> Any:
    """A tree with other leaves."""
    if isinstance(tree, Ref):
        return function(tree)
    if type(tree) in (tuple, list):
        return type(tree)([mapped(part, function) for part in tree])
    if type(tree) is dict:
        return {key: mapped(part, function) for key, part in tree.items()}
    if type(tree) is slice:
        return slice(*[mapped(part, function) for part in (tree.start, tree.stop, tree.step)])
    return function(tree)


#: Functions of conditions, as they are called.
LOGICAL = frozenset(("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "logical_and", "logical_or", "logical_xor",
                     "logical_not", "any", "all"))
#: Ops that are no rows.
OTHERS: dict[str, Callable[..., Any]] = {"ties": _engine.ties, "sign": _engine.sign_of}


def apply(name: str, number: int, operands: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
    """An op by its name, as outside of a recording."""
    if number == APPLIED:
        number = _v.op_number(name)
    if number >= 0 and _v.is_elementwise(number):
        return _v.apply_elementwise(number, *operands)
    if number == CUSTOM:
        return params[0].apply(*operands, **params[1])
    if number == FUNCTION:
        return params[0](*operands, **params[1])
    if number == CALLED and name == "index":
        return operands[0][params[0]]
    if number == CALLED and name == "index_set":
        result = operands[0].clone()
        result[params[0]] = operands[1]
        return result
    if number == CALLED:
        return called(name, operands, params)
    if name == "view":
        return _v.apply_view(operands[0], params[0])
    if name == "cast":
        return _v.cast_variable(operands[0], params[0])
    if name in LOGICAL:
        return called(name, operands, params)
    if name in OTHERS:
        return OTHERS[name](*operands)
    return OPS.apply(name, operands, params)


def results_of(result: Any) -> list[Any] | None:
    """The Variables and arrays of a result, in order; None: there is something else in it."""
    if isinstance(result, (_Base, np.ndarray)):
        return [result]
    if isinstance(result, (np.generic, bool, int, float)):
        return [np.asarray(result)]
    if isinstance(result, (tuple, list)):
        found = []
        for part in result:
            inner = results_of(part)
            if inner is None:
                return None
            found += inner
        return found
    return None


class Kept:
    """The graph of a call, between it and its gradient."""

    __slots__ = ("given", "results")

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.results: list[Any] = []

    def gradient(self, cotangents: list[Any], again: bool = False) -> list[Any]:
        """Of what was given, a Variable each, None where a result does not depend on it.  again: the graph is kept."""
        pairs = [(r, g) for r, g in zip(self.results, cotangents, strict=True)
                 if g is not None and isinstance(r, _Base) and r.requires_grad]
        given = self.given
        if not again:
            self.given, self.results = [], []
        if not pairs or not given:
            return [None] * len(given)
        return list(grad([r for r, _ in pairs], given, [g for _, g in pairs], allow_unused=True, retain_graph=again))


def forward(name: str, number: int, operands: Any, params: Any, wanted: list[Ref], kept: Kept | None) -> Callable[..., Any]:
    """An op as a function of plain arrays, one for each different Ref in it; the graph is kept for those that are wanted."""
    refs = list(dict.fromkeys(refs_in((operands, params))))
    place = {ref: i for i, ref in enumerate(refs)}
    examples = [EXAMPLES.get(ref.flavour) for ref in refs]
    wants = [ref in wanted for ref in refs]
    whole = number in (CALLED, CUSTOM, FUNCTION)        # a row's parameters are plain arrays

    def run(*arrays: Any) -> Any:
        given = [_v.constant_of(a, like=like) if like is not None else a for a, like in zip(arrays, examples, strict=True)]
        if kept is not None:
            kept.given = [v.requires_grad_() for v, want in zip(given, wants, strict=True) if want]
        off = _v.set_mode("grad_off", kept is None)
        try:
            found: Any = results_of(apply(
                name, number, mapped(operands, lambda leaf: given[place[leaf]] if isinstance(leaf, Ref) else leaf),
                mapped(params, lambda leaf: (given if whole else arrays)[place[leaf]] if isinstance(leaf, Ref) else leaf)))
        finally:
            _v.set_mode("grad_off", off)
        if kept is not None:
            kept.results = found
        return [np.asarray(_v.plain_of(v)) if isinstance(v, _Base) else v for v in found]

    return run


def backward(kept: Kept, present: list[bool], shapes: list[Any], places: list[int | None]) -> Callable[..., Any]:
    """The gradient of such a call as a function of the cotangents that are there, as arrays.

    shapes: those and the dtypes of what was given; places: which of that each result is the gradient of, None: nobody asks.
    """
    def run(*arrays: Any) -> Any:
        cotangents = iter(arrays)
        found = kept.gradient([_v.constant_of(next(cotangents), like=r) if there else None
                               for there, r in zip(present, kept.results, strict=True)])
        made = [np.zeros(*shape) if v is None else np.asarray(_v.plain_of(v)) for v, shape in zip(found, shapes, strict=True)]
        return [None if place is None else made[place] for place in places]

    return run
