"""Functions of arrays as bytes: the ops that a recording of them wrote down, without derivatives, and what runs them again.

What replays a program of arrays is planned for the machine at hand, memory and all, so it is no part of the bytes: what is read
is run once by the public functions of this library, which look at every argument, and is recorded then as any function is.
"""
from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import _program as _program_module
from .. import _variable as _variable_module
from .._batching import called
from ..rules import BY_NAME
from . import _bytes
from ._plan import Guard
from ._whole import CALLED, EXAMPLES, LOGICAL, Ref, refs_in, results_of

_program: Any = _program_module
_v: Any = _variable_module
_Base: Any = _v.Tensor.__base__
_OPS: Any = _v.OPS
_FLAVOURS = {"Tensor": _v.Tensor, "ndarray": _v.ndarray}
_NAMES = {kind: name for name, kind in _FLAVOURS.items()}

#: Rows whose parameters are those of their public function, in its order.
ALIKE = frozenset(("amax", "amin", "argmax", "argmin", "clone", "cumprod", "cumsum", "flip", "log_softmax", "logsumexp",
                   "matmul", "mean", "norm", "prod", "roll", "softmax", "std", "sum", "tril", "triu", "var"))
#: Others that are written out in applied().
OTHERS = frozenset(("cat", "index", "stack", "to", "view", "where"))


# ---- of a plan

def _known(name: str, kind: int) -> bool:
    if kind == CALLED:
        return name in BY_NAME
    if kind >= 0:
        return name in ALIKE or name in OTHERS or bool(_v.is_elementwise(_v.op_number(name)))
    return kind == -1 and (name in LOGICAL or name == "cast")


class _Writer:
    """Slots by their first use, constants, and parameters as values."""

    def __init__(self, plan: Any) -> None:
        self.plan, self.numbers = plan, dict[int, int]()
        self.constants: list[tuple[int, str, tuple[int, ...], bytes]] = []

    def new(self, slot: int) -> int:
        return self.numbers.setdefault(slot, len(self.numbers))

    def slot(self, slot: int) -> int:
        if slot in self.numbers:
            return self.numbers[slot]
        held = self.plan.constant.get(slot, self.plan.origin.constants.get(slot))
        if held is None:
            raise _bytes.Unwritable("a Variable that is no argument, and that is read where it is: make it an argument")
        array = np.broadcast_to(held, self.plan.slots[slot].shape)
        number = self.new(slot)
        written = array.astype(array.dtype.newbyteorder("<")).tobytes()
        self.constants.append((number, _dtype_name(array.dtype), array.shape, written))
        return number

    def value(self, x: Any) -> Any:
        if isinstance(x, Ref):
            return "ref", self.slot(x.slot), None if x.flavour is None else _NAMES[x.flavour]
        if type(x) in (tuple, list):
            return type(x).__name__, tuple([self.value(part) for part in x])
        if type(x) is dict:
            return "dict", tuple(x), tuple([self.value(part) for part in x.values()])
        if type(x) is slice:
            return "slice", self.value(x.start), self.value(x.stop), self.value(x.step)
        if x is None or x is Ellipsis or type(x) in (bool, int, float, str):
            return x
        if isinstance(x, (np.dtype, type)) or hasattr(x, "to_numpy") or type(x).__name__ == "dtype":
            return "dtype", _dtype_name(x)
        if hasattr(x, "links") and x.links is not None:
            return "view", tuple([(name, self.value(numbers)) for name, numbers in x.links])
        raise _bytes.Unwritable(f"an op with {x!r:.60}")

    def part(self, part: Any) -> Any:
        kind = part[0]
        if kind in ("list", "tuple"):
            return kind, tuple([self.part(p) for p in part[1]])
        if kind == "dict":
            for key in part[1]:
                _bytes._check_key(key)
            return kind, part[1], tuple([self.part(p) for p in part[2]])
        if kind == "static":
            return kind, part[1]
        number = self.new(part[1])
        if kind == "array":
            return kind, number, _dtype_name(self.plan.slots[part[1]].dtype), tuple(part[3])
        if kind == "values":
            return kind, number, _dtype_name(self.plan.slots[part[1]].dtype), tuple(part[3]), _NAMES[part[5]]
        return kind, number


def _dtype_name(given: Any) -> str:
    try:
        dtype = np.dtype(getattr(given, "name", given))
    except TypeError:
        raise _bytes.Unwritable(f"an op with {given!r:.60}") from None
    if dtype.kind not in "fbiu" or dtype.itemsize > 8:
        raise _bytes.Unwritable(f"an array of {dtype}")
    return dtype.name


def of_plan(plan: Any) -> bytes:
    """The bytes of one recording of a function of arrays."""
    if plan.dropped:
        raise _bytes.Unwritable(f"a program of {plan.dropped} ops, of which the list is not kept")
    origin = plan.origin
    ops, guards = plan.recorded[:origin.ops], plan.guards[:origin.guards]
    live = {slot for slot, _ in origin.leaves} | {guard.slot for guard in guards}
    kept = []
    for op in reversed(ops):
        if live.intersection((op.out, *op.more)) or plan.sizes(op):
            kept.append(op)
            live.update(ref.slot for ref in refs_in((op.operands, op.params)))
    kept.reverse()
    writer = _Writer(plan)
    parts = tuple([writer.part(part) for part in origin.parts])
    made: list[Any] = []
    asked: list[Any] = []
    waiting = sorted(guards, key=lambda guard: guard.after)
    position = {id(op): i for i, op in enumerate(ops)}
    for op in kept:
        while waiting and waiting[0].after <= position[id(op)]:
            asked.append((waiting.pop(0), len(made)))
        if not _known(op.name, op.number):
            raise _bytes.Unwritable(f"{op.name}(), which is not written")
        given = writer.value(tuple(op.operands)), writer.value(tuple(op.params))
        outs = (op.out, *op.more)
        # Where a shape depends on values it is a decision.
        shapes = tuple([tuple(plan.slots[out].shape) for out in outs]) if plan.sizes(op) else None
        made.append((op.name, min(op.number, 0), *given, tuple([writer.new(out) for out in outs]), shapes, op.place))
    asked += [(guard, len(made)) for guard in waiting]
    value = (parts, tuple(made),
             tuple([(guard.kind, writer.slot(guard.slot), bool(guard.expected), after, guard.place) for guard, after in asked]),
             tuple([(writer.slot(slot), None) if slot >= 0 else (-1, constant) for slot, constant in origin.leaves]),
             _bytes._nesting(origin.treedef, True), tuple(writer.constants))
    written = _bytes.Writer(None)
    written.put(value)
    return written.done()


# ---- read again

class Left(Exception):
    """A guard decides otherwise: (the op that it asks, what was recorded, place)."""


class Outline:
    """What a function of arrays computes for one structure of its arguments and one way through it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        of = _bytes.of
        parts, ops, guards, leaves, nesting, constants = of(tuple, _bytes.Reader(data, None).get())
        self.known: set[int] = set()
        self.parts = tuple([self.part(part) for part in of(tuple, parts)])
        self.constants = {}
        self.variables: dict[tuple[int, Any], Any] = {}     # constants as they are given to ops
        for number, name, shape, held in of(tuple, constants):
            array = np.frombuffer(of(bytes, held), _dtype(name).newbyteorder("<")).astype(_dtype(name))
            self.constants[self.new(number)] = array.reshape(_shape(shape))
        self.ops: list[Any] = []
        by_slot: dict[int, str] = {}
        made: dict[int, int] = {}
        for name, kind, operands, params, outs, shapes, place in of(tuple, ops):
            if of(int, kind) not in (0, -1, CALLED) or not _known(of(str, name), kind):
                raise ValueError(f"an op {name!r} that this version does not have")
            given = self.value(operands), self.value(params)
            if type(given[0]) is not tuple or type(given[1]) is not tuple or not _small(given[1]):
                raise ValueError("operands that are none")
            outs = tuple([self.new(out) for out in of(tuple, outs)])
            by_slot.update(dict.fromkeys(outs, name))
            made.update(dict.fromkeys(outs, len(self.ops) + 1))
            shapes = None if shapes is None else [_shape(shape) for shape in of(tuple, shapes)]
            self.ops.append((name, kind, *given, outs, shapes, _place(place)))
        self.guards = []
        for kind, slot, expected, after, place in of(tuple, guards):
            if kind not in ("truth", "finite", "ordinary") or not (
                    made.get(slot, 0) <= of(int, after) <= len(self.ops)):
                raise ValueError("a guard that is none")
            self.guards.append(Guard(kind, self.old(slot), of(bool, expected), after, _place(place)))
        self.leaves = [(self.old(slot), None) if of(int, slot) >= 0 else (-1, constant) for slot, constant in of(tuple, leaves)]
        self.treedef = _bytes._treedef(nesting)
        self.names = by_slot
        if self.treedef.count != len(self.leaves):
            raise ValueError("another number of results")

    def new(self, number: Any) -> int:
        if _bytes.of(int, number) in self.known:
            raise ValueError("a value that is made twice")
        self.known.add(number)
        return int(number)

    def old(self, number: Any) -> int:
        if _bytes.of(int, number) not in self.known:
            raise ValueError("a value that is not there")
        return int(number)

    def part(self, part: Any) -> Any:
        of = _bytes.of
        kind, *more = of(tuple, part)
        if kind in ("list", "tuple"):
            return kind, tuple([self.part(p) for p in of(tuple, more[0])])
        if kind == "dict":
            keys, parts = of(tuple, more[0]), of(tuple, more[1])
            if len(keys) != len(parts) or len(set(keys)) != len(keys):
                raise ValueError("a dict with other keys")
            return kind, keys, tuple([self.part(p) for p in parts])
        if kind == "static":
            return kind, more[0]
        number = self.new(more[0])
        if kind in ("number", "single"):
            return kind, number, np.dtype(np.float64 if kind == "number" else np.float32), ()
        if kind == "array":
            return kind, number, _dtype(more[1]), _shape(more[2])
        if kind == "values":
            return kind, number, _dtype(more[1]), _shape(more[2]), _FLAVOURS[more[3]]
        raise ValueError("an argument that is none")

    def value(self, x: Any) -> Any:
        if type(x) is not tuple:
            if x is None or x is Ellipsis or type(x) in (bool, int, float, str):
                return x
            raise ValueError("a parameter that is none")
        kind, *more = x
        if kind == "ref":
            return Ref(self.old(more[0]), None if more[1] is None else _FLAVOURS[more[1]])
        if kind in ("tuple", "list"):
            return (tuple if kind == "tuple" else list)([self.value(part) for part in _bytes.of(tuple, more[0])])
        if kind == "dict":
            return dict(zip(more[0], [self.value(part) for part in more[1]], strict=True))
        if kind == "slice":
            return slice(*[self.value(part) for part in more])
        if kind == "dtype":
            return _dtype(more[0])
        if kind == "view":
            links = [(name, self.value(numbers)) for name, numbers in _bytes.of(tuple, more[0])]
            if any(name != "index" and name not in _STEPS for name, _ in links):
                raise ValueError("a view that is none")
            return _View(links)
        raise ValueError("a parameter that is none")

    # ---- running

    def bound(self, args: tuple[Any, ...]) -> dict[int, Any] | None:
        """The inputs of arguments by slot; None: they are of another structure."""
        found: dict[int, Any] = {}
        if len(args) != len(self.parts) or not all(map(lambda part, value: _bind(part, value, found), self.parts, args)):
            return None
        return found

    def run(self, values: dict[int, Any]) -> Any:
        """Of inputs by slot; Left where a guard decides otherwise."""
        values.update(self.constants)
        guards = iter(self.guards)
        guard = next(guards, None)
        for i in range(len(self.ops) + 1):
            while guard is not None and guard.after == i:
                self.ask(guard, values)
                guard = next(guards, None)
            if i == len(self.ops):
                break
            name, kind, operands, params, outs, shapes, place = self.ops[i]
            results = results_of(applied(name, kind, self.filled(operands, values), self.filled(params, values)))
            if results is None or len(results) != len(outs):
                raise ValueError(f"{name}() has other results than when it was recorded")
            found = [tuple(v.shape) for v in results]
            if shapes is not None and found != shapes:
                raise Left(f"the shape of {name}", found[0], place)
            values.update(zip(outs, results, strict=True))
        leaves = [values[slot] if slot >= 0 else constant for slot, constant in self.leaves]
        return self.treedef.unflatten([_v.as_ndarray(v) if isinstance(v, (np.ndarray, np.generic)) and slot >= 0 else v
                                       for v, (slot, _) in zip(leaves, self.leaves, strict=True)])

    def filled(self, tree: Any, values: dict[int, Any]) -> Any:
        """Operands or parameters, with values for their Refs in the flavour in which they were given."""
        if isinstance(tree, Ref):
            value = values[tree.slot]
            if tree.flavour is None or isinstance(value, _Base):
                return value
            made = self.variables.get(tree)
            if made is None:
                made = _v.constant_of(np.asarray(value), like=EXAMPLES[tree.flavour])
                if tree.slot in self.constants:
                    self.variables[tree] = made
            return made
        if type(tree) in (tuple, list):
            return type(tree)([self.filled(part, values) for part in tree])
        if type(tree) is dict:
            return {key: self.filled(part, values) for key, part in tree.items()}
        if type(tree) is slice:
            return slice(*[self.filled(part, values) for part in (tree.start, tree.stop, tree.step)])
        return tree

    def ask(self, guard: Guard, values: dict[int, Any]) -> None:
        value = values[guard.slot]
        if guard.kind == "truth":
            answer = bool(value)
        else:
            plain = np.asarray(_v.plain_of(value) if isinstance(value, _Base) else value)
            answer = bool(np.isfinite(plain).all() and (guard.kind == "finite" or plain.all()))
        if answer is not guard.expected:
            raise Left(self.names.get(guard.slot, "an argument"), answer, guard.place)

    # ---- to look at

    def listing(self) -> list[tuple[int, str, Any]]:
        """As of a plan."""
        found: list[tuple[int, str, Any]] = []
        for i in range(len(self.ops) + 1):
            found += [(0, f"guard {'' if guard.expected else 'not '}%{guard.slot}" if guard.kind == "truth" else
                       f"leave unless {guard.kind} %{guard.slot}", guard.place) for guard in self.guards if guard.after == i]
            if i < len(self.ops):
                name, _, operands, _, outs, _, place = self.ops[i]
                shown = ", ".join([f"%{v.slot}" if isinstance(v, Ref) else repr(v) for v in operands])
                found.append((0, f"{', '.join([f'%{out}' for out in outs])} = {name} {shown}", place))
        shown = ", ".join([f"%{slot}" if slot >= 0 else repr(constant) for slot, constant in self.leaves])
        return [*found, (0, f"return {shown}", None)]

    def __str__(self) -> str:
        return f"({', '.join(map(_shown, self.parts))})"


class _View(NamedTuple):
    """Steps of a view: (name, sizes, dimensions or an index)."""

    links: list[tuple[str, Any]]


def _small(tree: Any) -> bool:
    """Whether all whole numbers are less than what C's int has: NumPy has functions that do not ask."""
    if type(tree) in (tuple, list):
        return all(map(_small, tree))
    if isinstance(tree, _View):
        return _small([given for _, given in tree.links])
    return _small([tree.start, tree.stop, tree.step]) if type(tree) is slice else type(tree) is not int or abs(tree) < 1 << 31


def _dtype(name: Any) -> np.dtype[Any]:
    dtype = np.dtype(_bytes.of(str, name))
    if dtype.kind not in "fbiu" or dtype.itemsize > 8 or dtype.name != name:
        raise ValueError("a dtype that is none")
    return dtype


def _shape(shape: Any) -> tuple[int, ...]:
    known = len(_bytes.of(tuple, shape)) <= 32 and all(type(n) is int and 0 <= n < 1 << 48 for n in shape)
    if not known or math.prod(shape) >= 1 << 48:
        raise ValueError("a shape that is none")
    return tuple(shape)


def _place(place: Any) -> tuple[str, int, str] | None:
    if place is None:
        return None
    file, line, function = _bytes.of(tuple, place)
    return _bytes.of(str, file), _bytes.of(int, line), _bytes.of(str, function)


def applied(name: str, kind: int, operands: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
    """An op by the public function of this library that looks at its arguments."""
    if name == "view" and kind >= 0:
        (value,), (view,) = operands, params
        for step, given in view.links:
            value = value[given] if step == "index" else _STEPS[step](value, given)
        return value
    if name == "view" or any(type(value) is _View for value in params):
        raise ValueError("a view that is none")     # the op itself takes what only this library makes
    if name == "index":
        return operands[0][params[0]]
    if name == "where" and kind >= 0:
        return _OPS.where(params[0], *operands)
    if name in ("cat", "stack") and kind >= 0:
        return getattr(_OPS, name)(operands, params[0])
    if name == "cast" or name == "to":
        return _OPS.to(operands[0], params[0])
    if kind >= 0 and name not in ALIKE:
        return getattr(_OPS, name)(*operands)
    return called(name, operands, params)


_STEPS: dict[str, Any] = {"reshape": _OPS.reshape, "permute": _OPS.permute, "expand": _OPS.expand}


def _bind(part: Any, value: Any, found: dict[int, Any]) -> bool:
    kind = part[0]
    if kind in ("list", "tuple"):
        return type(value) is (list if kind == "list" else tuple) and len(value) == len(part[1]) and all(
            map(lambda p, v: _bind(p, v, found), part[1], value))
    if kind == "dict":
        return type(value) is dict and tuple(value) == part[1] and all(
            map(lambda p, v: _bind(p, v, found), part[2], value.values()))
    if kind == "static":
        return not isinstance(value, (_Base, np.ndarray)) and _program.same_static(value, part[1])
    dtype, shape = part[2], part[3]
    if isinstance(value, _Base):
        if _v.dtype_in(value) != dtype or tuple(value.shape) != shape or (kind == "values" and type(value) is not part[4]):
            return False
    elif kind == "number":
        if type(value) not in (float, np.float64):
            return False
        value = _v.as_ndarray(float(value))
    elif kind == "single":
        if type(value) is not np.float32:
            return False
        value = _v.as_ndarray(value)
    elif kind == "array" and type(value) is np.ndarray and value.dtype == dtype and value.shape == shape:
        value = _v.as_ndarray(value, copy=False)
    else:
        return False
    found[part[1]] = value
    return True


def _shown(part: Any) -> str:
    kind = part[0]
    if kind in ("list", "tuple"):
        return f"{kind} of {', '.join(map(_shown, part[1]))}"
    if kind == "dict":
        return f"dict of {', '.join([f'{key!r}: {_shown(p)}' for key, p in zip(part[1], part[2], strict=True)])}"
    if kind == "static":
        return f"{part[1]!r:.40}"
    if kind in ("number", "single"):
        return "float" if kind == "number" else "float32"
    return f"array of {part[2]} {part[3]}"
