"""Python functions run with other objects in the place of some that they name: globals, closures, defaults and imports."""
from __future__ import annotations

import builtins
import dis
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_MISSING: Any = object()


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """A function's code, and that of functions, lambdas and comprehensions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


_WRITES = frozenset((dis.opmap["STORE_GLOBAL"], dis.opmap["DELETE_GLOBAL"]))


class _View:
    """The globals of a module as rebound functions see them: a dict of its own, brought up to date before each call."""

    def __init__(self, source: dict[str, Any], rebinding: Rebinding) -> None:
        self.source, self.rebinding = source, rebinding
        self.names = {**source, "__builtins__": {**vars(builtins), "__import__": self._import}}
        self.needed: list[str] = []
        self.seen: dict[str, Any] = {}
        self.put: dict[str, Any] = {}
        self.written: set[str] = set()
        self.codes: list[types.CodeType] = []       # of which it is not known yet which names are globals
        self.read: set[str] = set()                 # names that are read as globals, not as attributes alone

    def _import(self, name: str, *args: Any, **kwargs: Any) -> Any:
        found = builtins.__import__(name, *args, **kwargs)
        return self.rebinding.replaced(found)

    def add(self, code: types.CodeType) -> None:
        """A function's code: what it names is looked up from now on."""
        known = set(self.needed)
        for part in _codes(code):
            self.codes.append(part)
            for name in part.co_names:
                if name not in known:
                    known.add(name)
                    self.needed.append(name)
                    self._look_up(name)
            if not _WRITES.isdisjoint(part.co_code[::2]):       # else there is none, and no need for a slow look
                self.written.update(step.argval for step in dis.get_instructions(part)
                                    if step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"))

    def _look_up(self, name: str) -> None:
        value = self.source.get(name, _MISSING)
        if value is self.seen.get(name, _MISSING) and type(value) is not np.ndarray:
            return
        self.seen[name] = value
        if value is _MISSING:
            self.names.pop(name, None)
            self.put.pop(name, None)
        else:
            if type(value) is not np.ndarray or self._reads(name):
                value = self.rebinding.replaced(value)
            self.names[name] = self.put[name] = value

    def _reads(self, name: str) -> bool:
        """Whether a global is read, and not an attribute of its name: what replaces an array is an op that a recording sees."""
        while self.codes:
            self.read.update(step.argval for step in dis.get_instructions(self.codes.pop())
                             if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
        return name in self.read

    def refresh(self) -> None:
        """Before a call: what the module has now."""
        for name in self.needed:
            self._look_up(name)

    def flush(self, given_back: Callable[[Any], Any]) -> None:
        """After a call: what `global` statements wrote goes into the module."""
        for name in self.written:
            value = self.names.get(name, _MISSING)
            if value is self.put.get(name, _MISSING):
                continue
            if value is _MISSING:
                self.source.pop(name, None)
                self.seen.pop(name, None)
                self.put.pop(name, None)
            else:
                self.source[name] = given_back(value)
                self._look_up(name)


class _Cell:
    """A cell of a closure whose contents are replaced, and the one in its place."""

    __slots__ = ("mine", "original", "put", "seen")

    def __init__(self, original: types.CellType) -> None:
        self.original, self.mine = original, types.CellType()
        self.seen: Any = _MISSING
        self.put: Any = _MISSING

    def refresh(self, rebinding: Rebinding) -> None:
        value = _contents(self.original)
        if value is not _MISSING and (value is not self.seen or type(value) is np.ndarray):
            self.seen = value
            self.put = self.mine.cell_contents = rebinding.replaced(value)

    def flush(self, given_back: Callable[[Any], Any]) -> None:
        value = _contents(self.mine)
        if value is not self.put:
            self.original.cell_contents = self.seen = given_back(value)
            self.put = value


def _contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:      # not filled yet
        return _MISSING


class Rebinding:
    """The functions of one program that are rebound together.

    other: for a value that is no function of the program, what stands in its place; the value itself if nothing does.
    module: the module whose functions are rebound, too, wherever one names another.
    """

    def __init__(self, other: Callable[[Any], Any], module: str | None) -> None:
        self.other, self.module = other, module
        self._views: dict[int, _View] = {}
        self._made: dict[int, tuple[types.FunctionType, types.FunctionType]] = {}
        self._cells: list[_Cell] = []
        self._with_arrays: list[tuple[types.FunctionType, types.FunctionType]] = []     # among their defaults

    @property
    def count(self) -> int:
        """How many functions are kept."""
        return len(self._made)

    def function(self, function: types.FunctionType) -> types.FunctionType:
        """A function as it runs with other names; the same one whenever it is asked for."""
        known = self._made.get(id(function))
        if known is not None:
            return known[1]
        view = self._views.get(id(function.__globals__))
        if view is None:
            view = self._views[id(function.__globals__)] = _View(function.__globals__, self)
        cells = [_Cell(cell) if self._concerns(_contents(cell)) else cell for cell in function.__closure__ or ()]
        made = types.FunctionType(function.__code__, view.names, function.__name__, function.__defaults__,
                                  tuple(cell.mine if isinstance(cell, _Cell) else cell for cell in cells))
        self._made[id(function)] = (function, made)     # a function may name itself
        functools.update_wrapper(made, function)
        del made.__wrapped__    # type: ignore[attr-defined]
        made.__dict__ = function.__dict__       # what is written into the one (f.calls += 1) the other has
        made.__kwdefaults__ = function.__kwdefaults__
        for cell in cells:
            if isinstance(cell, _Cell):
                self._cells.append(cell)
                cell.refresh(self)
        self._set_defaults(function, made)
        if any(type(v) is np.ndarray for v in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())):
            self._with_arrays.append((function, made))
        view.add(function.__code__)
        return made

    def _set_defaults(self, function: types.FunctionType, made: types.FunctionType) -> None:
        if function.__defaults__:
            made.__defaults__ = tuple(map(self.replaced, function.__defaults__))
        if function.__kwdefaults__:
            made.__kwdefaults__ = {name: self.replaced(value) for name, value in function.__kwdefaults__.items()}

    def _concerns(self, value: Any) -> bool:
        """Whether a cell needs one in its place: others stay shared with the function that made them."""
        if value is _MISSING or type(value) is np.ndarray or self._belongs(value):
            return True
        return self.replaced(value) is not value

    def _belongs(self, value: Any) -> bool:
        return type(value) is types.FunctionType and value.__module__ == self.module

    def replaced(self, value: Any) -> Any:
        """What stands in the place of a value; the value itself where nothing does."""
        kind = type(value)
        if kind is types.FunctionType:
            return self.function(value) if self._belongs(value) else self.other(value)
        if kind is functools.partial:
            parts = (self.replaced(value.func), tuple(map(self.replaced, value.args)),
                     {name: self.replaced(v) for name, v in value.keywords.items()})
            same = parts[0] is value.func and all(a is b for a, b in zip(parts[1], value.args, strict=True)) and all(
                parts[2][name] is v for name, v in value.keywords.items())
            return value if same else functools.partial(parts[0], *parts[1], **parts[2])
        if kind is types.MethodType and self._belongs(value.__func__):
            return types.MethodType(self.function(value.__func__), value.__self__)
        if kind is _CACHED and self._belongs(value.__wrapped__):
            return self.function(value.__wrapped__)     # Variables are no keys of a cache
        return self.other(value)

    def refresh(self) -> None:
        """Before a call from outside: all that the functions name, as it is now."""
        for cell in tuple(self._cells):
            cell.refresh(self)
        for pair in self._with_arrays:
            self._set_defaults(*pair)
        for view in tuple(self._views.values()):
            view.refresh()

    def flush(self, given_back: Callable[[Any], Any]) -> None:
        """After it: what they wrote to globals and closures goes where the functions themselves would have written it.

        given_back: of a value written, what the program is to see.
        """
        for cell in self._cells:
            cell.flush(given_back)
        for view in self._views.values():
            if view.written:
                view.flush(given_back)


_CACHED: Any = type(functools.lru_cache(len))
