"""What a function reaches besides its arguments: where Variables stand in it, and whether a run changed something there.

A replay does nothing to what lies outside of a program.  So a run that changed something there is no program, unless what it
left is what every run leaves.
"""
from __future__ import annotations

import collections
import dis
import functools
import gc
import operator
import random
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import _variable as _variable_module
from .._rebind import _codes

_v: Any = _variable_module
_Base: Any = _v.Tensor.__base__

#: So many objects are looked through for Variables, at most, when a program is recorded that closes over some.
_SOUGHT = 20_000
#: ... and for what a run may change, nearest first; of longer lists, dicts and arrays (in bytes) the length and both ends.
_COMPARED, _LONG, _LARGE = 2_000, 500, 1 << 14
#: Objects that hold no Variables, or of which nothing but their own code knows how.
_UNSOUGHT: Any = (float, int, complex, str, bytes, type(None), np.ndarray, np.generic, types.CodeType,
                  types.BuiltinFunctionType)
#: Modules whose functions know no Variables of the user's.
_LIBRARIES = frozenset(sys.stdlib_module_names) | {"numpy", "scipy"}
_HOLDERS = frozenset(("builtins", "collections", "functools", "types"))
_ROOT = __name__.partition(".")[0]
#: Iterators of Python's own that know how much is left.
_WALKING: Any = frozenset(map(type, (iter([]), iter(()), iter(""), iter({}), iter({}.values()), iter({}.items()),
                                     iter(range(0)), iter(range(1 << 70)), iter(set()), iter(b""))))
#: Values that are the same if they are equal.
_BY_VALUE = frozenset((int, float, complex, str, bytes, bool, type(None)))
_GONE: Any = object()


def library(value: Any) -> bool:
    """Whether it is a module or a function of a library, or an object of its kind that holds none of others."""
    if isinstance(value, types.ModuleType):
        root = str(value.__name__).partition(".")[0]
        return root in _LIBRARIES or root == _ROOT
    if type(value) is types.FunctionType:
        root = str(value.__module__).partition(".")[0]
        return root in _LIBRARIES or root == _ROOT
    root = str(type(value).__module__).partition(".")[0]
    return root in _LIBRARIES and root not in _HOLDERS


def stands_at(cell: Any, names: Any, key: Any) -> Any:
    """What stands in a cell, a dict, a list or a slot of an object; None: nothing."""
    if cell is not None:
        try:
            return cell.cell_contents
        except ValueError:
            return None
    if isinstance(names, dict):
        return names.get(key)
    if type(names) is list:
        return names[key] if key < len(names) else None
    return getattr(names, key, None)


class _Count:
    """How many items a dict has, as an attribute that is something else when they are more or fewer."""

    __slots__ = ("items", "number")

    def __init__(self, items: Any) -> None:
        self.items, self.number = items, len(items)

    @property
    def same(self) -> Any:
        """Itself, or None."""
        return self if len(self.items) == self.number else None


def standing(function: Any, variables: list[Any]) -> list[Any]:
    """Where these Variables stand: in cells, globals, objects, dicts and lists that the function, or one it names, reaches.

    With each come the places by which it is reached: `model.layer = other` gives the function another `layer.w`, too.  Of lists
    and dicts on the way it is seen when they grow.
    """
    sought = {id(v) for v in variables}
    found: dict[Any, Any] = {}
    # What to look at, and the way to it: (the way before, (cell, names, key, value)).
    waiting: list[tuple[Any, Any]] = [(function, None)] if variables else []
    seen: dict[int, Any] = {}       # with what it is about, which lives as long as its id is asked for
    named = {"__call__"}            # what code that was seen names
    classes: dict[int, tuple[Any, Any]] = {}
    tables: set[int] = set()        # dicts that are no object's own

    def look(value: Any, way: Any, cell: Any, names: Any, key: Any) -> None:
        way = way, (cell, names, key, value)
        if id(value) in sought:
            while way is not None:
                way, place = way
                if place[0] is not None or place[1] is not None:    # else it stands there for good
                    found[id(place[0]), id(place[1]), place[2]] = place
                holder = place[1]
                if type(holder) is list:
                    found[id(holder), "grows"] = None, holder, len(holder), None
                elif id(holder) in tables and (id(holder), "grows") not in found:
                    number = _Count(holder)
                    found[id(holder), "grows"] = None, number, "same", number
        elif id(value) not in seen and len(seen) < _SOUGHT and not isinstance(value, _UNSOUGHT) and not library(value):
            seen[id(value)] = value
            waiting.append((value, way))

    for value, way in waiting:          # which grows
        if isinstance(value, dict):
            tables.add(id(value))
            for key, part in list(value.items()):
                look(part, way, None, value, key)
        elif type(value) is list:
            for i, part in enumerate(value):
                look(part, way, None, value, i)
        elif isinstance(value, (tuple, set, frozenset)):
            for part in value:
                look(part, way, None, None, None)
        elif type(value) is types.FunctionType:
            for key, part in vars(value).items():
                look(part, way, None, vars(value), key)
            for cell in value.__closure__ or ():
                look(stands_at(cell, None, None), way, cell, None, None)
            look(value.__defaults__, way, None, value, "__defaults__")
            look(value.__kwdefaults__, way, None, value, "__kwdefaults__")
            for code in _codes(value.__code__):
                named.update(code.co_names)
                for name in code.co_names:
                    if name in value.__globals__:
                        look(value.__globals__[name], way, None, value.__globals__, name)
        elif type(value) is types.ModuleType:
            for name in named & vars(value).keys():
                look(vars(value)[name], way, None, vars(value), name)
        elif isinstance(value, type):
            for name, part in list(vars(value).items()):
                if name in named and type(part) not in _DESCRIPTORS:
                    look(part, way, None, value, name)
        else:
            if isinstance(value, functools.partial):
                for part in (value.func, *value.args, *value.keywords.values()):
                    look(part, way, None, None, None)
            if isinstance(value, types.MethodType):
                look(value.__func__, way, None, None, None)
                look(value.__self__, way, None, None, None)
                continue
            inside = getattr(value, "__dict__", None)
            if isinstance(inside, dict):
                for key, part in list(inside.items()):
                    look(part, way, None, inside, key)
            for kind in type(value).__mro__:
                for name, part in list(vars(kind).items()):
                    if type(part) is types.MemberDescriptorType and kind is not object:
                        look(getattr(value, name, None), way, None, value, name)
                    elif name in named and type(part) is types.FunctionType:
                        look(part, way, None, None, None)
                if kind.__module__.partition(".")[0] not in _OF_LIBRARIES:
                    classes[id(kind)] = kind, way
        if value is waiting[-1][0]:     # all is seen but what code names of classes, which it does only now
            for kind, way in classes.values():
                for name, part in list(vars(kind).items()):
                    if name in named and type(part) not in _DESCRIPTORS:
                        look(part, way, None, kind, name)
            classes.clear()
    return list(found.values())


# ---- what a run changed

class Change:
    """That something stands elsewhere, or is another, after a run: in what has it under a key, with what that was and is."""

    __slots__ = ("before", "holder", "key", "value", "way", "what")

    def __init__(self, what: str, holder: Any, key: Any, before: Any, value: Any, way: tuple[str, ...]) -> None:
        self.what, self.holder, self.key, self.before, self.value, self.way = what, holder, key, before, value, way

    @property
    def place(self) -> tuple[Any, Any]:
        """Where, as a key."""
        return id(self.holder), self.key

    @property
    def watched(self) -> tuple[Any, Any, Any, Any]:
        """As `standing` says where a Variable is."""
        cell = self.holder if type(self.holder) is types.CellType else None
        return cell, None if cell is not None else self.holder, self.key, self.value

    def again(self, before: Change) -> bool:
        """Whether it left what an earlier run did."""
        return alike(self.value, before.value)

    def settles(self, depends: Callable[[Any], bool]) -> bool:
        """Whether it may be that each run leaves this: under a name what depends on no argument, made once.

        depends: whether a Variable does.
        """
        return self.what in ("attribute", "global", "cell", "item") and self.value is not _GONE and not any(
            map(depends, variables_in(self.value))) and (self.what != "item" or isinstance(self.holder, dict))

    def undo(self) -> None:
        """Have it as it was, where that can be: the function runs once more.  No iterator can be turned back."""
        if self.what == "cell":
            self.holder.cell_contents = self.before
        elif self.key is None:
            if isinstance(self.before, (list, set)):
                self.holder.clear()
                getattr(self.holder, "extend" if isinstance(self.before, list) else "update")(self.before)
        elif isinstance(self.holder, dict):
            if self.before is _GONE:
                self.holder.pop(self.key, None)
            else:
                self.holder[self.key] = self.before
        elif self.before is _GONE:
            delattr(self.holder, self.key)
        else:
            setattr(self.holder, self.key, self.before)

    def __str__(self) -> str:
        name = ".".join(self.way)
        if self.what == "cell":
            return f"it changes {self.key}, a name of the function around it"
        if self.what in ("attribute", "global"):
            return f"it changes {name}{'.' if name else ''}{self.key}" if self.what == "attribute" else (
                f"it changes {self.key}, a global name")
        if self.what == "random":
            return f"it draws random numbers from {name}"
        if self.what == "iterator":
            return f"it goes on in {name}, an iterator"
        kind = "an array" if self.what == "array" else f"a {type(self.holder).__name__}"
        return f"it changes {name or kind}{f', {kind}' if name else ''} that it did not make"


def variables_in(value: Any) -> list[Any]:
    if type(value) in (list, tuple, set, frozenset):
        return [v for part in value for v in variables_in(part)]
    return variables_in(list(value.values())) if type(value) is dict else [value] if isinstance(value, _Base) else []


def alike(x: Any, y: Any) -> bool:
    """Whether two values are one, or numbers or texts that are the same to every bit."""
    if x is y:
        return True
    if type(x) is not type(y):
        return False
    if type(x) in _BY_VALUE:
        return bool(x == y or x != x) and repr(x) == repr(y)
    return type(x) is tuple and len(x) == len(y) and all(map(alike, x, y))


class Reach:
    """What a function and its static arguments reach, as it is before a run: names, attributes, items, and positions."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self.seen: dict[int, Any] = {}
        self.named: set[str] = set()
        self.codes: list[types.CodeType] = []
        self.waiting: list[tuple[Any, tuple[str, ...]]] = []
        self.holders: list[tuple[Any, tuple[str, ...], set[str]]] = []     # modules and classes, of which named names count
        self.dicts: list[tuple[dict[Any, Any], dict[Any, Any], str, tuple[str, ...]]] = []
        self.names: list[tuple[Any, str, Any, str, tuple[str, ...]]] = []
        self.cells: list[tuple[Any, Any, str]] = []
        self.slots: list[tuple[Any, Any, Any, tuple[str, ...]]] = []
        self.lists: list[tuple[Any, list[Any], tuple[str, ...]]] = []
        self.states: list[tuple[str, Callable[[Any], Any], Any, Any, tuple[str, ...]]] = []
        for root in roots:
            self._look(root, ())
        while self.waiting:
            for value, way in self.waiting:         # which grows
                self._enter(value, way)
            self.waiting = []
            for holder, way, known in self.holders:
                self._of_names(holder, way, known)

    # ---- what there is

    def _look(self, value: Any, way: tuple[str, ...]) -> None:
        kind = type(value)
        if kind in _PLAIN or id(value) in self.seen or len(self.seen) >= _COMPARED:
            return
        if kind is types.FunctionType or kind is types.ModuleType or kind in _CONTAINERS:
            if kind in _CONTAINERS or not library(value):
                self.seen[id(value)] = value
                self.waiting.append((value, way))
            return
        self.seen[id(value)] = value
        state = state_of(value)
        if state is not None:
            what, function = state
            self.states.append((what, function, value, function(value), way))
        elif kind in _INSIDE or kind.__module__ == "itertools":
            for part in gc.get_referents(value):
                self._look(part, way)
        elif issubclass(kind, type):
            if str(value.__module__).partition(".")[0] not in _OF_LIBRARIES:
                self.holders.append((value, way, set()))
                self.waiting.append((None, way))
        elif not issubclass(kind, _UNSOUGHT) and not issubclass(kind, _Base) and not library(value):
            self.waiting.append((value, way))

    def _enter(self, value: Any, way: tuple[str, ...]) -> None:
        kind = type(value)
        if kind is types.FunctionType:
            self._function(value, way)
        elif issubclass(kind, dict):
            self._of_dict(value, "item", way)
        elif issubclass(kind, (list, collections.deque)):
            self._of_list(value, way)
        elif issubclass(kind, (tuple, frozenset)):
            for part in tuple.__iter__(value) if issubclass(kind, tuple) else value:
                self._look(part, way)
        elif issubclass(kind, set):
            self.states.append(("set", set.copy, value, set.copy(value), way))
            for part in set.copy(value):
                self._look(part, way)
        elif kind is types.ModuleType:
            self.holders.append((value, way, set()))
        elif kind is types.MethodType:
            self._look(value.__self__, way or ("self",))
            self._look(value.__func__, way)
        elif kind is functools.partial:
            for part in (value.func, *value.args, *value.keywords.values()):
                self._look(part, way)
        if kind not in _CONTAINERS and kind is not types.FunctionType and value is not None:
            self._instance(value, way)

    def _instance(self, value: Any, way: tuple[str, ...]) -> None:
        kind = type(value)
        if kind.__dictoffset__:
            inside = object.__getattribute__(value, "__dict__")
            if kind.__module__.partition(".")[0] == _ROOT and "__wrapped__" in inside:      # of compile(), lift() and the like
                self._look(inside["__wrapped__"], way)
                return
            if type(inside) is dict:
                self._of_dict(inside, "attribute", way)
        for base in kind.__mro__:
            if base.__module__.partition(".")[0] in _OF_LIBRARIES:
                continue
            self._look(base, way)
            for name in base.__dict__.get("__slots__", ()) if "__slots__" in base.__dict__ else ():
                part = base.__dict__.get(name)
                if type(part) is types.MemberDescriptorType:
                    found = of_slot(part, value)
                    self.slots.append((part, value, found, way))
                    self._look(found, (*way, name))

    def _of_dict(self, value: dict[Any, Any], what: str, way: tuple[str, ...]) -> None:
        if len(value) > _LONG:
            self.states.append(("dict", len, value, len(value), way))
            return
        copy = dict.copy(value)
        self.dicts.append((value, copy, what, way))
        for key, part in copy.items():
            if type(part) not in _PLAIN:
                self._look(part, (*way, key) if type(key) is str and what == "attribute" else way)

    def _of_list(self, value: Any, way: tuple[str, ...]) -> None:
        if len(value) > _LONG:
            self.states.append(("list", _ends, value, _ends(value), way))
            return
        copy = list(value)
        self.lists.append((value, copy, way))
        for part in copy:
            if type(part) not in _PLAIN:
                self._look(part, way)

    def _function(self, value: types.FunctionType, way: tuple[str, ...]) -> None:
        code, names = value.__code__, value.__globals__
        if value.__dict__:
            self._of_dict(value.__dict__, "attribute", (*way, value.__name__))
        for name, cell in zip(code.co_freevars, value.__closure__ or (), strict=True):
            found = stands_at(cell, None, None)
            self.cells.append((cell, found, name))
            self._look(found, (name,))
        for part in (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()):
            if type(part) not in _PLAIN:
                self._look(part, (f"a default of {value.__name__}",))
        self.codes.append(code)
        own, written = _names_of(code)
        self.named |= own
        for name in own:
            found = names.get(name, _GONE)
            if found is not _GONE:
                if type(found) not in _STANDING:
                    self.names.append((names, name, found, "global", ()))
                    self._look(found, (name,))
                elif not library(found):
                    self._look(found, (name,))
        self.names += [(names, name, names.get(name, _GONE), "global", ()) for name in written]

    def _of_names(self, holder: Any, way: tuple[str, ...], known: set[str]) -> None:
        """The names of a module or a class that are named in code, and what Python calls without a name."""
        inside = holder.__dict__
        of_class = type(holder) is not types.ModuleType
        new = (self.named & inside.keys()) - known
        if of_class and not known:
            new |= {name for name, part in list(inside.items()) if type(part) is types.FunctionType and name[:2] == "__"}
            known.add("")
        known |= new
        for name in sorted(new):
            part = inside[name]
            if type(part) is property:
                for function in (part.fget, part.fset, part.fdel):
                    self._look(function, way)
            elif type(part) in (staticmethod, classmethod):
                self._look(part.__func__, way)
            elif type(part) is functools.cached_property:
                self._look(part.func, way)
            elif type(part) is types.FunctionType:
                self._look(part, way)
            elif type(part) not in _DESCRIPTORS:
                self.names.append((holder, name, part, "attribute", way))
                self._look(part, (*way, name))

    # ---- what a run changed

    def changes(self) -> list[Change]:
        """What is otherwise than it was."""
        found: list[Change] = []
        same = operator.is_
        for names, copy, what, way in self.dicts:
            if len(names) != len(copy) or not all(map(same, names.values(), copy.values())) or not all(map(same, names, copy)):
                now_there = dict.copy(names)
                for key in [*copy, *[key for key in now_there if key not in copy]]:
                    before, value = copy.get(key, _GONE), now_there.get(key, _GONE)
                    if not alike(before, value):
                        found.append(Change(what, names, key, before, value, way))
        for cell, before, name in self.cells:
            value = stands_at(cell, None, None)
            if value is not before and not alike(value, before):
                found.append(Change("cell", cell, name, before, value, (name,)))
        for names, name, before, what, way in self.names:
            value = (names if type(names) is dict else names.__dict__).get(name, _GONE)
            if value is not before and not alike(value, before):
                found.append(Change(what, names, name, before, value, way))
        for part, holder, before, way in self.slots:
            value = of_slot(part, holder)
            if value is not before and not alike(value, before):
                found.append(Change("attribute", holder, part.__name__, before, value, way))
        for holder, items, way in self.lists:
            if len(holder) != len(items) or not (all(map(same, holder, items)) or all(map(alike, holder, items))):
                found.append(Change("item", holder, None, items, holder, way))
        for what, function, value, before, way in self.states:
            after = function(value)
            if not (alike(after, before) if what == "iterator" else after == before):
                found.append(Change(what, value, None, before, after, way))
        return found

    def line(self, change: Change) -> tuple[str, int, str] | None:
        """The line that does it, as far as the names on the lines say."""
        best: tuple[int, Any] = (0, None)
        names = {*change.way[-1:], change.key} if isinstance(change.key, str) else {*change.way[-1:]}
        for code in [part for outer in self.codes for part in _codes(outer)]:
            lines: dict[int, int] = {}
            for step in dis.get_instructions(code):
                if step.positions is None or step.positions.lineno is None:
                    continue
                line, writes = step.positions.lineno, step.opname.startswith(_STORES)
                points = lines.get(line, 0)
                if step.argval in names and isinstance(step.argval, str):
                    points |= 4 if writes and change.what in ("attribute", "global", "cell") else 2
                elif writes or (isinstance(step.argval, str) and step.argval in _WRITERS):
                    points |= 1
                lines[line] = points
            for line, points in lines.items():
                if points > best[0]:
                    best = points, (code.co_filename, line, code.co_name)
        return best[1] if best[0] >= 2 else None


def undo(reach: Any) -> None:
    """What a run changed is as it was, for the function runs again."""
    for change in reach.changes() if reach is not None else ():
        change.undo()


_OF_LIBRARIES = _LIBRARIES | {_ROOT}
_CONTAINERS = frozenset((dict, list, tuple, set, frozenset, collections.deque))
_PLAIN = frozenset((float, int, complex, str, bytes, type(None), bool, types.CodeType, types.BuiltinFunctionType, np.ufunc,
                    type(Ellipsis), range, slice, np.float64, np.float32, np.int64, np.dtype))
#: What stands under a global name for good, as far as a function that does not write it is asked.
_STANDING = frozenset((types.FunctionType, types.ModuleType, types.BuiltinFunctionType, type, np.ufunc))
_DESCRIPTORS = frozenset((types.MemberDescriptorType, types.GetSetDescriptorType, types.WrapperDescriptorType,
                          types.MethodDescriptorType, types.ClassMethodDescriptorType))
_INSIDE = frozenset((zip, map, filter, enumerate, reversed))
_STORES = ("STORE_ATTR", "STORE_GLOBAL", "STORE_DEREF", "STORE_SUBSCR", "STORE_SLICE", "DELETE_ATTR", "DELETE_GLOBAL",
           "DELETE_DEREF", "DELETE_SUBSCR")
_WRITERS = frozenset(("append", "appendleft", "add", "extend", "insert", "pop", "popleft", "popitem", "remove", "discard",
                      "clear", "update", "setdefault", "sort", "reverse", "rotate", "fill", "put", "next", "setattr",
                      "__setattr__", "__next__", "send"))


def _found_in(code: types.CodeType) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names in a function's code, and those of them that it binds as globals."""
    names: set[str] = set()
    written: set[str] = set()
    for part in _codes(code):
        names.update(part.co_names)
        if not _GLOBAL_WRITES.isdisjoint(part.co_code[::2]):
            written.update(step.argval for step in dis.get_instructions(part)
                           if step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"))
    return frozenset(names - written), tuple(sorted(written))


_names_of: Any = functools.lru_cache(4096)(_found_in)
_GLOBAL_WRITES = frozenset((dis.opmap["STORE_GLOBAL"], dis.opmap["DELETE_GLOBAL"]))


def of_slot(part: Any, value: Any) -> Any:
    try:
        return part.__get__(value)
    except AttributeError:
        return _GONE


def _ends(value: Any) -> tuple[Any, ...]:
    return len(value), id(value[0]), id(value[-1])


def _elements(array: Any) -> Any:
    if array.dtype.hasobject:
        return None
    return array.tobytes() if array.nbytes <= _LARGE else array.flat[::array.size // 512].tobytes()


def _bits(value: Any) -> bytes:
    return bytes(value[:_LARGE])


def _paused(generator: Any) -> Any:
    frame = generator.gi_frame
    return None if frame is None else (frame.f_lasti, tuple(frame.f_locals.values()))


def _generator(value: Any) -> Any:
    state = value.bit_generator.state if isinstance(value, np.random.Generator) else value.get_state(legacy=False)
    return repr(_plainly(state))


def _plainly(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _plainly(v) for key, v in state.items()}
    return state.tobytes() if isinstance(state, np.ndarray) else state


def state_of(value: Any) -> tuple[str, Callable[[Any], Any]] | None:
    """What an object is that has a position or contents of its own, and what says where it is; None: it is none such."""
    kind = type(value)
    if issubclass(kind, np.ndarray):
        return "array", _elements
    if kind is bytearray:
        return "bytes", _bits
    if kind is types.GeneratorType:
        return "iterator", _paused
    if kind in _WALKING:
        return "iterator", operator.length_hint
    if kind.__module__ == "itertools" and kind.__name__ in ("count", "repeat"):
        return "iterator", repr
    if issubclass(kind, random.Random) and not issubclass(kind, random.SystemRandom):
        return "random", random.Random.getstate
    if "numpy.random" in sys.modules and issubclass(kind, (np.random.Generator, np.random.RandomState)):
        return "random", _generator
    return None
