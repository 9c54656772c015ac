"""Recorded programs as bytes: a format of our own, which runs nothing when it is read, and in which a program is the same bytes
wherever it was recorded.

Bytes begin with MAGIC, the version of the format, the library's, the length of what follows and its checksum.  What follows
is one value: numbers, strings and tuples, each with a letter before it that says what it is.  A program of numbers is written
as its logical contents (ops by name, operands by how far back they are, constants and places by their first use), and built
anew by what builds a recording, after each number of it was looked at.

With the function, bytes travel inside of a pickle, which has the objects that the program refers to and that are found by name
(classes of results, functions that are static arguments) beside them; without it such objects are an error.
"""
from __future__ import annotations

import dataclasses
import enum
import hashlib
import struct
import sys
import types
from collections import OrderedDict, defaultdict
from typing import Any

import numpy as np

from .. import _program as _program_module
from .._pytree import LEAF, Treedef

_program: Any = _program_module

MAGIC, FORMAT = b"\x93ADPROG\n", 1
#: Deeper values are refused when they are written, so that what was written can be read.
DEPTH = 200
#: Numbers among the arguments.
INPUTS = 1 << 24
#: Types of NumPy's numbers that may be static arguments.
_NUMBERS = {kind.__name__: kind for kind in (np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32,
                                             np.uint64, np.float32, np.float64)}
#: Types of objects that a pickle has by their name.
_FOUND: Any = (type, types.FunctionType, types.BuiltinFunctionType)
_SINGLE = {None: b"N", True: b"T", False: b"F", Ellipsis: b"."}
_FACTORIES = {kind.__name__: kind for kind in (list, dict, set, int, float, str)}
_KINDS: dict[str, int] = _program.KINDS


class Unwritable(TypeError):
    """A value has no place in the bytes."""


# ---- values

class Writer:
    """Writes values.  objects: where those go that are found by name; None: they are an error."""

    def __init__(self, objects: list[Any] | None) -> None:
        self.parts: list[bytes] = []
        self.objects = objects
        self.strings: dict[str, int] = {}
        self.depth = 0

    def number(self, n: int) -> None:
        made = bytearray()
        while n > 127:
            made.append(n & 127 | 128)
            n >>= 7
        made.append(n)
        self.parts.append(bytes(made))

    def sized(self, tag: bytes, data: bytes) -> None:
        self.parts.append(tag)
        self.number(len(data))
        self.parts.append(data)

    def put(self, x: Any) -> None:
        kind = type(x)
        if x is None or kind is bool or x is Ellipsis:
            self.parts.append(_SINGLE[x])
        elif kind is int:
            if 0 <= x < 1 << 63:
                self.parts.append(b"i")
                self.number(x)
            else:
                self.sized(b"j", x.to_bytes((x.bit_length() + 8) // 8, "little", signed=True))
        elif kind is float:
            self.parts.append(b"f" + struct.pack("<d", x))
        elif kind is complex:
            self.parts.append(b"c" + struct.pack("<dd", x.real, x.imag))
        elif kind is str:
            if x in self.strings:
                self.parts.append(b"r")
                self.number(self.strings[x])
            else:
                self.strings[x] = len(self.strings)
                self.sized(b"s", x.encode("utf-8", "surrogatepass"))
        elif kind is bytes:
            self.sized(b"b", x)
        elif kind is tuple or kind is list:
            self.depth += 1
            if self.depth > DEPTH:
                raise Unwritable("a value that is nested too deeply")
            self.parts.append(b"(" if kind is tuple else b"[")
            self.number(len(x))
            for part in x:
                self.put(part)
            self.depth -= 1
        elif kind.__name__ in _NUMBERS and kind is _NUMBERS[kind.__name__]:
            self.parts.append(b"n")
            self.put(kind.__name__)
            self.sized(b"b", np.asarray(x, x.dtype.newbyteorder("<")).tobytes())
        else:
            self.named(x)

    def named(self, x: Any) -> None:
        """What is found by its name: an object of the pickle that has these bytes, or a member of an Enum."""
        if isinstance(x, enum.Enum) and _is_found(type(x)):
            if self.objects is None:
                self.parts.append(b"e")
                for part in (type(x).__module__, type(x).__qualname__, x.name):
                    self.put(part)
                return
        elif self.objects is None or not isinstance(x, _FOUND) or not _is_found(x):
            raise Unwritable(f"{_described(x)}, which is no number, string, bytes or None")
        self.parts.append(b"o")
        self.number(len(self.objects))
        self.objects.append(x)

    def done(self) -> bytes:
        return b"".join(self.parts)


class Reader:
    """Reads what a Writer wrote; whatever is not as it writes it raises ValueError."""

    def __init__(self, data: bytes, objects: list[Any] | None) -> None:
        self.data, self.at, self.objects = data, 0, objects
        self.strings: list[str] = []
        self.depth = 0

    def take(self, n: int) -> bytes:
        if n > len(self.data) - self.at:
            raise ValueError("a value that is longer than what is there")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self) -> int:
        n = shift = 0
        while shift < 64:
            byte = self.take(1)[0]
            n |= (byte & 127) << shift
            if byte < 128:
                return n
            shift += 7
        raise ValueError("a number that is none")

    def length(self) -> int:
        """How many parts come, each of a byte at least."""
        n = self.number()
        if n > len(self.data) - self.at:
            raise ValueError("a value that is longer than what is there")
        return n

    def get(self) -> Any:
        tag = self.take(1)
        if tag in _TAGS:
            return _TAGS[tag]
        if tag == b"i":
            return self.number()
        if tag == b"j":
            return int.from_bytes(self.take(self.length()), "little", signed=True)
        if tag == b"f":
            return struct.unpack("<d", self.take(8))[0]
        if tag == b"c":
            return complex(*struct.unpack("<dd", self.take(16)))
        if tag == b"s":
            text = self.take(self.length()).decode("utf-8", "surrogatepass")
            self.strings.append(text)
            return text
        if tag == b"r":
            return self.strings[self.number()]
        if tag == b"b":
            return self.take(self.length())
        if tag in b"([":
            self.depth += 1
            if self.depth > DEPTH:
                raise ValueError("a value that is nested too deeply")
            parts = [self.get() for _ in range(self.length())]
            self.depth -= 1
            return tuple(parts) if tag == b"(" else parts
        if tag == b"n":
            kind = _NUMBERS[of(str, self.get())]
            given = np.frombuffer(of(bytes, self.get()), np.dtype(kind).newbyteorder("<"))
            if len(given) != 1:
                raise ValueError("a number that is none")
            return kind(given[0])
        if tag == b"e":
            module, name, member = [of(str, self.get()) for _ in range(3)]
            members = getattr(_by_name(module, name), "__members__", None)
            if not isinstance(members, types.MappingProxyType) or not isinstance(members.get(member), enum.Enum):
                raise ValueError(f"{module}.{name}.{member}, which is not there: import {module} first")
            return members[member]
        if tag == b"o" and self.objects is not None:
            return self.objects[self.number()]
        raise ValueError("a value of a kind that there is not")


_TAGS = {tag: value for value, tag in _SINGLE.items()}


def of(kind: Any, value: Any) -> Any:
    """The value, if it is of that type."""
    if type(value) is not kind:
        raise ValueError(f"a value that is no {kind.__name__}, but {type(value).__name__}")
    return value


def _described(x: Any) -> str:
    return f"{x!r:.100} of the type {type(x).__module__}.{type(x).__qualname__}"


def _by_name(module: str, name: str) -> Any:
    """What a module that is imported has under a name; None: nothing.  Nothing is run: neither imports nor attributes."""
    held: Any = sys.modules.get(module)
    for part in name.split("."):
        held = vars(held).get(part) if isinstance(held, (types.ModuleType, type)) else None     # getattr may import
    return held


def _is_found(x: Any) -> bool:
    """Whether it is what its module has under its name, so that a pickle has the name of it alone."""
    module, name = getattr(x, "__module__", None), getattr(x, "__qualname__", None)
    return isinstance(module, str) and isinstance(name, str) and _by_name(module, name) is x


# ---- how results are nested

_MADE = {"list": list, "tuple": tuple, "dict": dict, "ordered": OrderedDict, "default": defaultdict}


def _nesting(tree: Treedef, named: bool) -> Any:
    """A Treedef as a value.  named: classes by their names, else as they are."""
    kind, context = tree.kind, tree.context
    if kind is None:
        return "."
    parts = tuple([_nesting(part, named) for part in tree.parts])
    if kind in (list, tuple):
        return "list" if kind is list else "tuple", parts
    if kind in (dict, OrderedDict, defaultdict):
        keys, factory = context
        for key in keys:
            _check_key(key)
        if kind is not defaultdict:
            return "dict" if kind is dict else "ordered", parts, keys
        name = getattr(factory, "__name__", None)
        if factory is not None and _FACTORIES.get(str(name)) is not factory:
            raise Unwritable(f"a defaultdict of {_described(factory)}")
        return "default", parts, keys, name
    if not _is_found(kind):
        raise Unwritable(f"a result of the class {kind.__module__}.{kind.__qualname__}, which is not found under that name")
    return "class", parts, (kind.__module__, kind.__qualname__) if named else kind, tuple(_fields(kind))


def _check_key(key: Any) -> None:
    if type(key) is tuple:
        for part in key:
            _check_key(part)
    elif key is not None and type(key) not in (bool, int, float, str, bytes):
        raise Unwritable(f"a result under the key {_described(key)}")


def _fields(kind: Any) -> list[str]:
    """The names of a named tuple's or a dataclass's parts."""
    if issubclass(kind, tuple):
        return list(kind._fields)
    return [field.name for field in dataclasses.fields(kind)]


def _treedef(value: Any) -> Treedef:
    if value == ".":
        return LEAF
    name, parts, *more = of(tuple, value)
    made = tuple([_treedef(part) for part in of(tuple, parts)])
    count = sum([part.count for part in made])
    if name == "class":
        given, fields = more
        kind = _class(given, of(tuple, fields))
        if len(fields) != len(made):
            raise ValueError("a class with other fields")
        return Treedef(kind, None if issubclass(kind, tuple) else fields, made, count)
    kind = _MADE[name]
    if kind in (list, tuple):
        return Treedef(kind, None, made, count)
    keys = of(tuple, more[0])
    for key in keys:
        _check_key(key)
    if len(set(keys)) != len(keys) or len(keys) != len(made):
        raise ValueError("a dict with other keys")
    factory = more[1] if kind is defaultdict else None
    return Treedef(kind, (keys, None if factory is None else _FACTORIES[factory]), made, count)


def _class(given: Any, fields: tuple[str, ...]) -> Any:
    """The named tuple or dataclass, which has those fields."""
    kind = given if isinstance(given, type) else _by_name(*[of(str, part) for part in of(tuple, given)])
    if isinstance(kind, type):
        known = hasattr(kind, "_fields") if issubclass(kind, tuple) else dataclasses.is_dataclass(kind)
        if known and tuple(_fields(kind)) == fields:
            return kind
    raise ValueError(f"a result of the class {given if isinstance(given, type) else '.'.join(given)}, which is not there, or "
                     "has other fields: import its module first")


# ---- a program of numbers

def of_tree(tree: Any, choices: list[tuple[int, ...]], objects: list[Any] | None, derived: bool) -> bytes:
    """The bytes of one tree.  objects: as for Writer.  derived: how often each branch ran goes along, and for which arguments
    there are derivatives."""
    if tree.references:
        raise Unwritable("Variables that it closes over")
    ops, constants, places, code, leaves = tree.written()
    outputs = []
    ran = []
    for number, runs, codes in leaves:
        treedef, numbers = tree.output_of(number)
        outputs.append((None if treedef is None else _nesting(treedef, objects is None),
                        [... if number is _program.TRUTH else number for number in numbers]))
        ran.append((runs, tuple([(kind, *_of_choice(choices[choice])) for kind, choice in
                                 sorted(codes, key=lambda one: (one[0], choices[one[1]]))])))
    structure: list[tuple[Any, ...]] = []
    for kind, length, static in tree.structure():
        if kind == _KINDS["floats"]:
            if length > INPUTS:
                raise Unwritable(f"an argument of {length} numbers")
            structure.append(("list" if static is list else "tuple", length))
        else:
            structure.append(("static", static) if kind == _KINDS["static"] else
                             ("float" if kind == _KINDS["float"] else "float32",))
    writer = Writer(objects)
    writer.put((tuple(structure), tuple(ops), struct.pack(f"<{len(constants)}d", *constants), tuple(places), code,
                tuple(outputs), tuple(ran) if derived else None))
    return writer.done()


def _of_choice(choice: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """(places of the arguments, whether more than a number is returned)."""
    return (choice[:-1], True) if choice and choice[-1] == -1 else (choice, False)


def to_tree(data: bytes, choice: Any, objects: list[Any] | None) -> Any:
    """A tree of its bytes.  choice(places): the number of a choice of arguments."""
    reader = Reader(data, objects)
    structure, ops, numbers, places, code, outputs, ran = of(tuple, reader.get())
    args: list[Any] = []
    inputs = 0
    for part in of(tuple, structure):
        name = of(tuple, part)[0]
        if name in ("list", "tuple"):
            length = of(int, part[1])
            inputs += length
            if not length or inputs > INPUTS:
                raise ValueError("an argument of so many numbers")
            args.append([0.0] * length if name == "list" else (0.0,) * length)
        elif name == "static":
            args.append(part[1])
            if _program.kind_of(part[1]) != (_KINDS["static"], 0):
                raise ValueError("a static argument that is none")
        else:
            args.append({"float": 0.0, "float32": np.float32(0)}[name])
    tree = _program.Tree(tuple(args))
    known = []
    for place in of(tuple, places):
        if place is not None:
            file, line, function = of(tuple, place)
            place = of(str, file), of(int, line), of(str, function)
        known.append(place)
    results = []
    for treedef, constants in of(tuple, outputs):
        results.append((None if treedef is None else _treedef(treedef),
                        [_program.TRUTH if number is ... else number for number in of(list, constants)]))
    leaves: list[Any] = [(0, ())] * len(results)
    if ran is not None:
        leaves = []
        for runs, derived in of(tuple, ran):
            found = []
            for kind, chosen, aux in of(tuple, derived):
                chosen = tuple([of(int, place) for place in of(tuple, chosen)])
                number = choice((*chosen, -1) if of(bool, aux) else chosen)
                if of(int, kind) not in (-1, _program.RESULT_ROWS, _program.GRADIENT_ROWS):
                    raise ValueError("a derivative of a kind that there is not")
                found.append((kind, number, chosen, aux))
            leaves.append((of(int, runs), tuple(found)))
    if len(leaves) != len(results) or len(of(bytes, numbers)) % 8:
        raise ValueError("another number of results")
    tree.read([(of(str, name), of(int, flags)) for name, flags in of(tuple, ops)],
              list(struct.unpack(f"<{len(numbers) // 8}d", numbers)), tuple(known), of(bytes, code), results, leaves)
    return tree


def arguments_of(tree: Any) -> tuple[Any, ...]:
    """Arguments that fit."""
    found: list[Any] = []
    for kind, length, static in tree.structure():
        if kind == _KINDS["floats"]:
            found.append(static((0.0,) * length))
        else:
            found.append(static if kind == _KINDS["static"] else 0.0 if kind == _KINDS["float"] else np.float32(0))
    return tuple(found)


# ---- around all

def packed(value: Any) -> bytes:
    """A value with the magic, versions, length and checksum before it."""
    writer = Writer(None)
    writer.put(value)
    data = writer.done()
    version = _version().encode()
    head = MAGIC + struct.pack("<HB", FORMAT, len(version)) + version + struct.pack("<Q", len(data))
    return head + _checksum(head, data) + data


def _version() -> str:
    return str(sys.modules[__package__.partition(".")[0]].__version__)


def _checksum(head: bytes, data: bytes) -> bytes:
    made = hashlib.blake2b(head, digest_size=16)
    made.update(data)
    return made.digest()


def unpacked(data: Any) -> Any:
    """What packed() was given; ValueError for what it did not make, or what is not whole, or of another version."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"a compiled function is read from bytes, but got {type(data).__name__}")
    data = bytes(data)
    if not data.startswith(MAGIC):
        raise ValueError("these are no bytes of a compiled function (Compiled.to_bytes), or their beginning is missing")
    at = len(MAGIC)
    try:
        version, length = struct.unpack_from("<HB", data, at)
        name = data[at + 3:at + 3 + length].decode("ascii", "replace")
        (size,) = struct.unpack_from("<Q", data, at + 3 + length)
    except struct.error:
        raise ValueError("the bytes of a compiled function were cut short") from None
    if version != FORMAT or name != _version():
        raise ValueError(f"the bytes of a compiled function are of version {version} of their format, by autodiff {name}, and "
                         f"this is autodiff {_version()}, which reads version {FORMAT} of its own: record it anew")
    start = at + 3 + length + 8 + 16
    if len(data) != start + size:
        raise ValueError(f"the bytes of a compiled function were cut short: they are {len(data)}, and should be {start + size}"
                         if len(data) < start + size else
                         f"the bytes of a compiled function have {len(data) - start - size} more behind them")
    if _checksum(data[:start - 16], data[start:]) != data[start - 16:start]:
        raise ValueError("the bytes of a compiled function are damaged: their checksum is another")
    reader = Reader(data[start:], None)
    with reading():
        value = reader.get()
        if reader.at != len(reader.data):
            raise ValueError("a value, and more behind it")
    return value


class reading:
    """What is not as it was written raises ValueError, whatever else it raises."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, MemoryError):
            raise ValueError(f"the bytes of a compiled function hold what this version does not write: {error}") from error


# ---- which function it is

def fingerprint(function: Any) -> bytes:
    """What tells a function's code from another's, wherever it is imported; b"" for what has no Python code."""
    code = getattr(function, "__code__", None) or getattr(getattr(function, "__func__", None), "__code__", None)
    if code is None:
        return b""
    made = hashlib.blake2b(digest_size=16)
    _add_code(made, code)
    return made.digest()


def _add_code(made: Any, code: types.CodeType) -> None:
    made.update(repr((sys.version_info[:2], code.co_argcount, code.co_names, code.co_varnames, code.co_freevars)).encode())
    made.update(code.co_code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _add_code(made, constant)
        else:       # the order of a set is another in another process
            made.update(repr(sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant).encode())
