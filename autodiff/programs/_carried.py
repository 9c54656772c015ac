"""Compiled functions that travel: with their function inside of a pickle, and without it as bytes alone.

Without its function a program stands in for it: `Recorded` runs what was recorded op by op, where a replay does not do
(Variables among the arguments, other transforms), and raises where nothing was.
"""
from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import _program as _program_module
from .. import _variable as _variable_module
from .._pytree import map_leaves
from . import MEMORY, _bytes, _close, _outlines, _plain, _same, _State

_program: Any = _program_module
_v: Any = _variable_module
_Base: Any = _v.Tensor.__base__
_KINDS: dict[str, int] = _program.KINDS
_NAMES = {number: name for name, number in _KINDS.items()}
_ASKED: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    ".lt": ("lt", lambda a, b: a < b), ".le": ("le", lambda a, b: a <= b), ".gt": ("gt", lambda a, b: a > b),
    ".ge": ("ge", lambda a, b: a >= b), ".eq": ("eq", lambda a, b: a == b), ".ne": ("ne", lambda a, b: a != b)}


class Recorded:
    """What stands in for a function that was left behind: its programs, run op by op."""

    def __init__(self, name: str, parameters: tuple[Any, ...] | None, trees: list[Any], outlines: list[Any]) -> None:
        self.__name__, self.__qualname__ = name.rpartition(".")[2], name
        self.trees, self.of_arrays, self.parameters = trees, outlines, parameters
        self.outlines: dict[int, Any] = {}
        if parameters is not None:
            self.__signature__ = inspect.Signature([
                inspect.Parameter(one, inspect._ParameterKind(kind), default=... if has_default else inspect.Parameter.empty)
                for one, kind, has_default in parameters])

    def __repr__(self) -> str:
        return f"<the recorded program of {self.__qualname__}>"

    def __call__(self, *args: Any) -> Any:
        tree = next((tree for tree in self.trees if self.fits(tree, args)), None)
        if tree is None:
            return self.with_arrays(args)
        values: list[Any] = []
        for (kind, length, _), value in zip(tree.structure(), args, strict=True):
            if length:
                values += [_variable(v) for v in (value if kind == _KINDS["floats"] else (value,))]
        result = self.run(tree, values)
        return result if any(isinstance(v, _Base) for value in args for v in _each(value)) else map_leaves(_plain, result)

    def with_arrays(self, args: tuple[Any, ...]) -> Any:
        """By what is recorded of arrays."""
        left: Exception | None = None
        for outline in self.of_arrays:
            values = outline.bound(args)
            if values is not None:
                try:
                    return outline.run(values)
                except _outlines.Left as error:
                    left = error
        if left is None:
            raise self.unfit(args) from None
        name, answer, place = left.args
        raise self.missing(f"the branch where {name} is {answer}{_line(place)} is not recorded") from None

    def fits(self, tree: Any, args: tuple[Any, ...]) -> bool:
        structure = tree.structure()
        if len(structure) != len(args):
            return False
        for (kind, length, static), value in zip(structure, args, strict=True):
            if kind == _KINDS["floats"]:
                if type(value) is not static or len(value) != length or not all(_is_number(v, np.float64) for v in value):
                    return False
            elif kind == _KINDS["static"]:
                if value is not static and (type(value) is not type(static) or isinstance(value, _Base) or (
                        not _program.same_static(value, static))):
                    return False
            elif not _is_number(value, np.float64 if kind == _KINDS["float"] else np.float32):
                return False
        return True

    def run(self, tree: Any, values: list[Any]) -> Any:
        if id(tree) not in self.outlines:
            self.outlines[id(tree)] = tree.outline()
        segments, constants = self.outlines[id(tree)]
        at, whole = 0, None
        while True:
            start, items, (question, a, b, place), after, returned = segments[at]
            del values[start:]
            for i, item in enumerate(items):
                if item[0] == ".check":
                    self.check(item, items[i - 1], values, constants)
                values.append(self.computed(item, values, constants))
            if returned is not None:
                slots, (treedef, numbers) = returned
                results = [_result(values[slot], number) if slot >= 0 else number
                           for slot, number in zip(slots, numbers, strict=True)]
                return results[0] if treedef is None else treedef.unflatten(results)
            x, y = [values[slot] if slot >= 0 else constants[-1 - slot] for slot in (a, b)]
            if question == ".int":
                whole = int(x) if whole is None else whole
                way = whole == y
            elif isinstance(x, _Base) or isinstance(y, _Base):
                way = bool(_v.apply_elementwise(_v.op_number(_ASKED[question][0]), x, y))
            else:
                way = bool(_ASKED[question][1](x, y))
            if way or question != ".int":
                whole = None            # another number of the same value is asked for further down
            at = after[way]
            if at < 0:
                shown = [_item(v) for v in ((x,) if question == ".int" else (x, y))]
                raise self.unknown((_decision(question, a, b, constants), tuple(shown), way, place))

    def computed(self, item: Any, values: list[Any], constants: list[float]) -> Any:
        name, flags, row, a, b, _ = item
        given = [values[slot] if slot >= 0 else constants[-1 - slot] for slot in ((a,) if b is None else (a, b))]
        if name == ".check":
            return None
        if name == ".copy":
            return _v.OPS.clone(_variable(given[0]))
        if name in (".select", ".where"):
            condition: Any = True
            if name == ".where":
                condition = values[-1]
                if isinstance(condition, _Base) and _v.dtype_in(condition).kind != "b":
                    condition = _v.apply_elementwise(_v.op_number("ne"), condition, 0.0)
            given = [v if isinstance(v, _Base) else _v.as_ndarray(np.float32(v) if flags else v) for v in given]
            return _v.OPS.where(condition if isinstance(condition, _Base) else np.asarray(condition), *given)
        if not flags:       # beside a float32 a constant of Python's would give way to it
            given = [np.float64(v) if type(v) is float else v for v in given]
        if not any(isinstance(v, _Base) for v in given):
            given[0] = _variable(given[0])
        number = np.float32 if flags else float         # a condition beside a float32 is one: it would not give way
        given = [_v.as_ndarray(number(v)) if isinstance(v, (bool, np.bool_)) else v for v in given]
        return _v.apply_elementwise(row, *given)

    def check(self, item: Any, checked: Any, values: list[Any], constants: list[float]) -> None:
        """Raise where one of math's functions does: for nan of what is none, and for inf of what is finite."""
        def plain(slot: int) -> Any:
            value = values[slot] if slot >= 0 else constants[-1 - slot]
            return _v.plain_of(value) if isinstance(value, _Base) else value

        if _program.unusual():          # it may be many points
            return
        result, given = plain(item[3]), [plain(slot) for slot in checked[3:5] if slot is not None]
        if (np.isnan(result) and not any(map(np.isnan, given))) or (np.isinf(result) and all(map(np.isfinite, given))):
            raise self.unknown((f"%{item[3]}", (_item(values[item[3]]),), None, item[5]))

    # ---- what is not recorded

    def unknown(self, left: tuple[Any, ...]) -> RuntimeError:
        """The error for arguments that leave the program; left: as Tree.left()."""
        decision, values, way, place = left
        line = _line(place)
        shown = ", ".join(map(repr, values))
        if way is None:
            what = f"a result of one of math's functions is {shown}{line}, where the function may have raised"
        else:
            holds = "holds" if way else "does not hold"
            what = f"the branch where {decision} {holds}, here with {shown}{line}, is not recorded"
        return self.missing(what)

    def missing(self, what: str) -> RuntimeError:
        return RuntimeError(f"autodiff.compile: {self.__qualname__} was read from bytes, without its function, and {what}. "
                            "Call it with such arguments where the function is, and make the bytes again")

    def unfit(self, args: tuple[Any, ...]) -> RuntimeError:
        known = "; ".join([*[f"({', '.join(map(_kind, tree.structure()))})" for tree in self.trees],
                           *dict.fromkeys(map(str, self.of_arrays))])
        return self.missing(f"is recorded for {known}, but was called with ({', '.join(map(_shown, args))})")


def _line(place: Any) -> str:
    return f" ({place[0]}, line {place[1]}, in {place[2]})" if place is not None else ""


def _each(value: Any) -> Any:
    return value if type(value) in (list, tuple) else (value,)


def _item(value: Any) -> Any:
    return _v.plain_of(value).item() if isinstance(value, _Base) and not value.ndim else value


def _variable(value: Any) -> Any:
    return value if isinstance(value, _Base) else _v.as_ndarray(float(value) if isinstance(value, (bool, np.bool_)) else value)


def _result(value: Any, constant: Any) -> Any:
    """A value as it is returned: a number, or a condition."""
    if constant is None:
        return _variable(value)
    return value if isinstance(value, (bool, np.bool_)) else bool(value)


def _is_number(value: Any, dtype: Any) -> bool:
    if isinstance(value, _Base):
        return not value.ndim and _v.dtype_in(value) == dtype
    return type(value) is dtype or (type(value) is float and dtype is np.float64)


def _decision(question: str, a: int, b: int, constants: list[float]) -> str:
    x, y = [f"%{slot}" if slot >= 0 else repr(constants[-1 - slot]) for slot in (a, b)]
    sign = {".lt": "<", ".le": "<=", ".gt": ">", ".ge": ">=", ".eq": "==", ".ne": "!="}
    return f"int({x}) == {int(float(y))}" if question == ".int" else f"{x} {sign[question]} {y}"


def _kind(part: tuple[int, int, Any]) -> str:
    kind, length, static = part
    if kind == _KINDS["static"]:
        return f"{static!r:.40}"
    return f"{static.__name__} of {length} floats" if kind == _KINDS["floats"] else _NAMES[kind]


def _shown(value: Any) -> str:
    if type(value) in (list, tuple):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, float) or (isinstance(value, _Base) and not value.ndim):
        return "float32" if isinstance(value, _Base) and _v.dtype_in(value) == np.float32 else "float"
    return f"array of {value.dtype}" if isinstance(value, (np.ndarray, _Base)) else f"{value!r:.40}"


# ---- with the function, beside it

def with_function(state: Any) -> tuple[bytes, list[list[Any]]] | None:
    """(bytes, the objects that they refer to) of what was recorded, for a pickle that has the function; None: nothing.

    What refers to an object that a pickle cannot find by its name is left out, and recorded anew.
    """
    choices = list(state.choices)
    trees, objects = [], []
    for tree in list(state.trees):
        own: list[Any] = []
        try:
            made = _bytes.of_tree(tree, choices, own, True)
        except _bytes.Unwritable:
            continue
        trees.append(made)
        objects.append(own)
    if not trees and state.reason is None:
        return None
    return _bytes.packed(("with function", _bytes.fingerprint(state.function), state.reason,
                          tuple(trees))), objects


def take_up(state: Any, data: bytes, objects: list[list[Any]], by_name: bool) -> None:
    """Give a function what was recorded of it elsewhere.  by_name: it may have programs of its own."""
    _, code, reason, trees = _read(data, "with function", 4)
    if code != _bytes.fingerprint(state.function):
        return              # another version of the function: it is recorded anew
    made = []
    with _bytes.reading():
        if len(trees) != len(objects):
            raise ValueError("objects of another number of programs")
        for tree, own in zip(trees, objects, strict=True):
            made.append(_bytes.to_tree(_bytes.of(bytes, tree), state.choice, own))
    if state.reason is not None:
        return
    if reason is not None and not by_name:
        state.reason = reason
    for tree in made:
        args = _bytes.arguments_of(tree)
        known = next((own for own in state.trees if own.fits(args)), None)
        if known is None or known.leaves < tree.leaves:
            state.trees.append(tree)
            if known in state.trees:
                state.trees.remove(known)


def _read(data: Any, kind: str, length: int) -> Any:
    value = _bytes.unpacked(data)
    if type(value) is not tuple or len(value) != length or value[0] != kind:
        raise ValueError("the bytes of a compiled function hold what this version does not write")
    return value


def by_name(module: str, name: str, data: bytes, objects: list[list[Any]]) -> Any:
    """The compiled function that a module has under a name, as pickle finds it, with what was recorded of it."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if hasattr(found, "_state") and isinstance(found, _program.Replay):
        take_up(found._state, data, objects, True)
    return found


# ---- without the function

def without_function(state: Any, derived: bool) -> bytes:
    """The bytes of a compiled function alone.  derived: with how often its branches ran, and what there is of derivatives."""
    name = state.name
    if state.reason is not None:
        raise ValueError(f"{name} has no program: {state.reason}")
    choices = list(state.choices)
    try:
        trees = [_bytes.of_tree(tree, choices, None, derived) for tree in list(state.trees)]
        outlines = state.outlines() if state.alone else {_outlines.of_plan(played.plan) for played in state.played()}
    except _bytes.Unwritable as error:
        raise TypeError(f"{name} cannot be written as bytes: it has {error}. Pickle it with its function") from None
    if not trees and not outlines and state.forms:
        raise TypeError(f"{name} cannot be written as bytes: what was recorded are calls by keyword, or with numbers in dicts "
                        "and the like. Call it by position with numbers or lists of them, or pickle it with its function")
    if not trees and not outlines:
        raise ValueError(f"{name} has no program yet: call it once")
    return _bytes.packed(("alone", name, _parameters(state.function), tuple(trees if derived else sorted(trees)),
                          tuple(sorted(outlines)), state.over_arrays))


def _parameters(function: Any) -> tuple[Any, ...] | None:
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return tuple([(one.name, int(one.kind), one.default is not inspect.Parameter.empty) for one in found])


class Alone(_State):
    """What a compiled function without its function shares with its gradients."""

    def __init__(self, function: Recorded, memory: int) -> None:
        super().__init__(function, False, memory)
        self.alone, self.lifted = True, function
        self.trees = list(function.trees)
        self.shown = [_Shown(outline) for outline in function.of_arrays]
        self.op_by_op = False       # whether functions of arrays are

    def outlines(self) -> set[bytes]:
        return {outline.data for outline in self.function.of_arrays}    # type: ignore[attr-defined]

    def unseen(self, variables: list[Any]) -> bool:
        """Whether there are others than constants of the program among Variables: a result of an op that was not recorded."""
        known = {id(v) for outline in self.function.of_arrays for v in outline.variables.values()}      # type: ignore[attr-defined]
        return any(id(v) not in known for v in variables)

    def played(self) -> list[Any]:
        return super().played() or self.shown

    def arrays(self, replay: Any, of_variables: bool = False) -> Any:
        return _OpByOp(self) if self.op_by_op else super().arrays(replay, of_variables)

    def give_up(self, reason: str, place: Any) -> None:
        """What is recorded stays: the call that has no place in it raises."""
        self.op_by_op = True

    def this_call(self, replay: Any, args: tuple[Any, ...], kwargs: dict[str, Any], reason: str) -> Any:
        return replay.eager(self.plainly, args, kwargs)

    def _record(self, replay: Any, args: tuple[Any, ...], tree: Any, again: int = 0) -> Any:
        """What is missing is a derivative of what is recorded, or the call raises."""
        result = replay.eager(self.plainly, args, {})
        same: Any = _same
        if replay._what >= _program.HESSIAN:
            same = _close
            if not tree.rows(args, replay._choice, replay._places, replay._what - _program.HESSIAN ^ 1):
                replay.plain = True
                return result
        elif replay._what:
            tree.differentiate(args, replay._choice, replay._places, replay._aux)
        replay.plain = not same(replay.replayed(tree, args), result)
        return result


class _Shown(NamedTuple):
    """What is printed of arrays before it is recorded here."""

    plan: Any
    runs: int = 0


class _OpByOp(NamedTuple):
    """In the place of programs of arrays."""

    state: Alone

    def run(self, replay: Any, args: tuple[Any, ...]) -> Any:
        return replay.eager(self.state.plainly, args, {})


def alone(data: Any) -> Alone:
    """What without_function() wrote."""
    _, name, parameters, trees, outlines, over_arrays = _read(data, "alone", 6)
    choices: dict[tuple[int, ...], int] = {(): 0}
    with _bytes.reading():
        made = [_bytes.to_tree(_bytes.of(bytes, tree), lambda places: choices.setdefault(places, len(choices)), None)
                for tree in _bytes.of(tuple, trees)]
        function = Recorded(_bytes.of(str, name), parameters, made,
                            [_outlines.Outline(_bytes.of(bytes, outline)) for outline in _bytes.of(tuple, outlines)])
        _bytes.of(bool, over_arrays)
    state = Alone(function, MEMORY)
    state.choices, state.over_arrays = choices, over_arrays
    return state
