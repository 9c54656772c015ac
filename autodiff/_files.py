"""Variables and what holds them in files, in a format that runs no code when it is loaded.

A file is a ZIP archive, not compressed: ``header.json`` says what there is, and each array is a member in NumPy's format
``.npy``, so that other programs can read it.  In the header a value stands as it is if it is None, a bool, a string or an
int of 64 bits; all else is an object with one key, its kind.
"""
from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _variable as _v
from ._types import DTYPES, Size
from ._types import dtype as _dtype
from ._variable import Tensor

if TYPE_CHECKING:
    import os
    from typing import BinaryIO, TypeAlias

    _File: TypeAlias = str | os.PathLike[str] | BinaryIO

__all__ = ["load", "save"]

FORMAT, VERSION, HEADER = "autodiff", 1, "header.json"
#: Deeper structures are refused when they are saved, so that what was saved can be loaded.
DEPTH = 200
_Base: Any = Tensor.__base__


def _is_named_tuple(kind):
    return kind.__bases__ != (object,) and issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple)


class _Writer:
    """Gathers the arrays of a value while it writes the header of it."""

    def __init__(self):
        self.arrays, self.numbers, self.inside, self.kept = [], {}, [], []

    def array(self, array):
        if array.dtype.hasobject or array.dtype.names is not None:
            raise TypeError(f"save() writes arrays of numbers, bools, strings and dates, not of dtype {array.dtype}")
        self.arrays.append(array)
        return len(self.arrays) - 1

    def variable(self, x):
        """A Variable seen before is that one: parameters that two layers share stay one parameter."""
        if id(x) in self.numbers:
            return {"again": self.numbers[id(x)]}
        if not x.is_leaf:
            import warnings

            warnings.warn("save() writes a Variable that is the result of recorded ops: its graph is not saved, and it comes "
                          "back as a leaf. Save x.detach() to say so", stacklevel=_depth_of_call())
        self.numbers[id(x)] = len(self.numbers)
        self.kept.append(x)
        attributes = self.put(dict(vars(x))) if vars(x) else None
        return {"tensor" if isinstance(x, Tensor) else "ndarray": [self.array(x.detach().numpy()), x.requires_grad, attributes]}

    def put(self, x):
        kind = type(x)
        if x is None or kind is bool or kind is str or (kind is int and -2**63 <= x < 2**63):
            return x
        if kind is int:
            return {"int": hex(x)}
        if kind is float:
            return {"float": x.hex()}
        if kind is complex:
            return {"complex": [x.real.hex(), x.imag.hex()]}
        if isinstance(x, _Base):
            return self.variable(x)
        if kind is np.ndarray:
            return {"array": self.array(x)}
        if isinstance(x, np.generic):
            return {"number": self.array(np.asarray(x))}
        if isinstance(x, _dtype):
            return {"dtype": x.name}
        if any(x is held for held in self.inside):
            raise ValueError("save() cannot write a structure that contains itself")
        if len(self.inside) >= DEPTH:
            raise ValueError(f"save() writes structures of at most {DEPTH} levels")
        self.inside.append(x)
        try:
            return self.container(x, kind)
        finally:
            self.inside.pop()

    def container(self, x, kind):
        from collections import OrderedDict

        if kind in (list, tuple, Size):
            return {{list: "list", tuple: "tuple", Size: "size"}[kind]: [self.put(value) for value in x]}
        if kind in (dict, OrderedDict):
            return {"dict" if kind is dict else "ordered": [[self.put(key), self.put(value)] for key, value in x.items()]}
        if _is_named_tuple(kind):
            return {"named": [kind.__module__, kind.__qualname__, list(kind._fields), [self.put(value) for value in x]]}
        raise TypeError(f"save() cannot write an object of type {kind.__module__}.{kind.__qualname__}: it writes Variables, "
                        "arrays, numbers, strings and None, in dicts, lists, tuples and named tuples. Save what it holds, as a "
                        "dict")


def _depth_of_call():
    """How far up the caller of save() is, for a warning."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals is globals():
        depth, frame = depth + 1, frame.f_back
    return depth


class _Reader:
    """Makes the value of a header anew; whatever is not as save() writes it is an error."""

    def __init__(self, arrays):
        self.arrays, self.variables = arrays, []

    def get(self, x, depth=0):
        if x is None or type(x) in (bool, str, int):
            return x
        if type(x) is not dict or len(x) != 1 or depth > DEPTH:
            raise ValueError("a value that is none")
        ((kind, held),) = x.items()
        if kind in ("list", "tuple", "size"):
            values = [self.get(value, depth + 1) for value in _list(held)]
            if kind == "size" and not all(type(value) is int for value in values):
                raise ValueError("a Size that is none")
            return values if kind == "list" else tuple(values) if kind == "tuple" else Size(values)
        if kind in ("dict", "ordered"):
            from collections import OrderedDict

            pairs = [(self.get(key, depth + 1), self.get(value, depth + 1)) for key, value in map(_list, _list(held))]
            return dict(pairs) if kind == "dict" else OrderedDict(pairs)
        if kind == "named":
            module, name, fields, values = _list(held)
            return _named(module, name, _list(fields), [self.get(value, depth + 1) for value in _list(values)])
        if kind == "int":
            return int(held, 16)
        if kind == "float":
            return float.fromhex(held)
        if kind == "complex":
            real, imag = map(float.fromhex, _list(held))
            return complex(real, imag)
        if kind == "dtype":
            return DTYPES[np.dtype(held)]
        if kind == "array":
            return self.arrays[_index(held)]
        if kind == "number":
            return self.arrays[_index(held)][()]
        if kind == "again":
            return self.variables[_index(held)]
        if kind not in ("tensor", "ndarray"):
            raise ValueError(f"a value of a kind {kind!r}, which this version does not know")
        number, requires_grad, attributes = _list(held)
        array = self.arrays[_index(number)]
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        value = _v.from_numpy(array) if kind == "tensor" else _v.as_ndarray(array, None, False)
        self.variables.append(value)
        value.requires_grad_(requires_grad is True)
        if attributes is not None:
            found = self.get(attributes, depth + 1)
            if type(found) is not dict or not all(type(key) is str for key in found):
                raise ValueError("attributes that are none")
            value.__dict__.update(found)
        return value


def _list(x):
    if type(x) is not list:
        raise ValueError("a list that is none")
    return x


def _index(x):
    if type(x) is not int or x < 0:
        raise ValueError("a number of an array that is none")
    return x


def _named(module, name, fields, values):
    """A named tuple: of the class of that name if the program has it already, else of one made for it."""
    if len(fields) != len(values):
        raise ValueError("a named tuple with other fields")
    found = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)       # not getattr, which may import, and so run code
    if isinstance(found, type) and issubclass(found, tuple) and list(getattr(found, "_fields", ())) == fields:
        return tuple.__new__(found, values)
    from collections import namedtuple

    return namedtuple(name.rpartition(".")[2], fields)._make(values)


def save(obj: Any, f: _File) -> None:
    """Write Variables, and dicts, lists and tuples of them, into a file for load().

    obj: Variables of either flavour and nn.Parameters (values, dtype, requires_grad; not `.grad`, hooks or graph), NumPy's
    arrays and numbers, dtypes, None, bools, numbers and strings, in dicts, OrderedDicts, lists, tuples and named tuples,
    however nested.  A Variable that occurs twice is one Variable again; views are written each with its own elements.  f: a
    path, or a file open for writing bytes.  A file at a path is complete or not there: what stood there is replaced at the
    end.
    Raises TypeError for an object of another type, ValueError for a structure that contains itself, OSError where the file
    cannot be written; warns of results of recorded ops, which come back as leaves.
    In the place of https://pytorch.org/docs/stable/generated/torch.save.html, in a format of its own.

    >>> import autodiff, io
    >>> file = io.BytesIO()
    >>> autodiff.save({"w": autodiff.ones(2, requires_grad=True), "step": 3}, file)
    >>> _ = file.seek(0); autodiff.load(file)
    {'w': tensor([1., 1.], requires_grad=True), 'step': 3}
    """
    import os

    writer = _Writer()
    tree = writer.put(obj)
    if hasattr(f, "write"):
        _write(f, tree, writer.arrays)
        return
    import stat

    path = os.path.realpath(os.fsdecode(f))     # what a link leads to is replaced, and not the link
    mode = os.stat(path).st_mode if os.path.exists(path) else None
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb") as file:          # a device or a pipe cannot be replaced
            _write(file, tree, writer.arrays)
        return
    folder, name = os.path.split(path)
    scratch = os.path.join(folder, f".{name}.{os.urandom(6).hex()}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            _write(file, tree, writer.arrays)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(scratch, stat.S_IMODE(mode))
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise


def _write(file, tree, arrays):
    import json
    import zipfile

    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        header = {"format": FORMAT, "version": VERSION, "arrays": len(arrays), "value": tree}
        archive.writestr(zipfile.ZipInfo(HEADER), json.dumps(header, allow_nan=False))
        for number, array in enumerate(arrays):
            with archive.open(zipfile.ZipInfo(f"arrays/{number}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def load(f: _File, map_location: Any = None, *, weights_only: bool = True) -> Any:
    """What save() wrote, made anew.  Nothing in the file is run.

    f: a path, or a file open for reading bytes.  map_location: None or 'cpu'; weights_only: True or False, which are the same
    here.  A named tuple is of its class where that has been imported, else of one with the same fields.  Raises RuntimeError
    for a file that is damaged, or that something else wrote (torch.save, pickle, numpy.savez), OSError where it cannot be read.
    In the place of https://pytorch.org/docs/stable/generated/torch.load.html, in a format of its own.

    >>> import autodiff, io
    >>> autodiff.load(io.BytesIO(b"something else"))
    Traceback (most recent call last):
    RuntimeError: the file is not one of autodiff.save: it is no ZIP archive, or it was cut short
    """
    import json
    import os
    import struct
    import zipfile

    if map_location is not None:
        from ._types import device

        device(map_location)
    source: Any = f if hasattr(f, "read") else os.fsdecode(f)
    name = "the file" if hasattr(f, "read") else f"'{source}'"
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
        raise RuntimeError(f"{name} is not one of autodiff.save: {_foreign(source)}") from None
    with archive:
        members = set(archive.namelist())
        if HEADER not in members:
            raise RuntimeError(f"{name} is not one of autodiff.save: {_other_archive(members)}")
        try:
            header = json.loads(archive.read(HEADER))
            known = type(header) is dict and header.get("format") == FORMAT
            if known and header.get("version") == VERSION:
                arrays = [_read_array(archive, f"arrays/{number}.npy") for number in range(_index(header["arrays"]))]
                return _Reader(arrays).get(header["value"])
        except OSError:
            raise
        except Exception as error:      # whatever a reader of ZIP, JSON or arrays says to bytes that are none of these
            raise RuntimeError(f"{name} is damaged: {type(error).__name__}: {error}") from error
    if not known:
        raise RuntimeError(f"{name} is not one of autodiff.save: its header is of another format")
    raise RuntimeError(f"{name} is of version {header.get('version')} of the format of autodiff.save, and this autodiff reads "
                       f"version {VERSION}")


def _read_array(archive, name):
    import io

    # all bytes first, so that the checksum is looked at
    data = io.BytesIO(archive.read(name))
    array = np.lib.format.read_array(data, allow_pickle=False)
    if data.read(1):
        raise ValueError(f"{name} is longer than its array")
    return array


def _foreign(f):
    """What a file is that is no archive."""
    try:
        if hasattr(f, "read"):
            f.seek(0)
            head = f.read(8)
        else:
            with open(f, "rb") as file:
                head = file.read(8)
    except (OSError, ValueError):
        head = b""
    if head[:1] == b"\x80" and head[1:2] <= b"\x08":
        return "it is a pickle, which may run any code; load it with pickle.load if you trust where it comes from"
    if head.startswith(b"\x93NUMPY"):
        return "it is an array of NumPy's, for numpy.load"
    return "it is no ZIP archive, or it was cut short"


def _other_archive(members):
    if any(member.endswith("data.pkl") for member in members):
        return ("it was written by torch.save; load it with PyTorch, and save {name: t.numpy() for name, t in ...} with "
                "autodiff.save or numpy.savez")
    if members and all(member.endswith(".npy") for member in members):
        return "it was written by numpy.savez, for numpy.load"
    return "it is an archive of something else"
