"""Methods and attributes of the NumPy flavour that numpy.ndarray has and no row does, installed into the class.

What is called in loops (``sum``, ``mean``, ``dot``, ``item``, ``copy``, ``astype``, ``transpose``) is compiled, in
``_variable``.
"""
from __future__ import annotations

import math
import operator
import os
import sys
from collections.abc import Iterator
from types import GenericAlias
from typing import Any

import numpy as np

from .. import _variable
from .._variable import OPS, Tensor, ndarray

_v: Any = _variable          # of which the stub has what users see alone
_Base: Any = Tensor.__base__


def _values(x: Any) -> Any:
    return _v.readable(x) if isinstance(x, _Base) else x


def _into(out: Any, result: Any, name: str) -> Any:
    if out is None:
        return result
    from ._dispatch import write_out

    return write_out(out, result, f"ndarray.{name}")


# ---- methods

def argpartition(self: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Any:
    """The positions that partition the array, as numpy.argpartition's: a plain array, without a derivative."""
    return np.argpartition(_values(self), kth, axis, kind, order)


def choose(self: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Elements of choices, of which this array of integers has the numbers; see numpy.choose.

    >>> import autodiff.numpy as anp
    >>> anp.array([1, 0]).choose([[1.0, 2.0], [3.0, 4.0]])
    array([3., 2.])
    """
    choices = OPS.lifted(choices) if isinstance(choices, (list, tuple)) else choices
    parts = [part if isinstance(part, _Base) else np.asarray(part) for part in choices]
    which = _values(self)
    if which.dtype.kind not in "iub":
        raise TypeError(f"Cannot cast array data from {which.dtype!r} to dtype('int64') according to the rule 'safe'")
    which = which.astype(np.int64)
    if mode == "raise" and which.size and not (which.min() >= 0 and which.max() < len(parts)):
        raise ValueError("invalid entry in choice array")
    which = which % len(parts) if mode == "wrap" else np.clip(which, 0, len(parts) - 1)
    shape = np.broadcast_shapes(which.shape, *[tuple(part.shape) for part in parts])
    if not any(isinstance(part, _Base) for part in parts):
        return _into(out, _v.constant_of(np.choose(which, parts), self), "choose")
    whole = np.stack([np.broadcast_to(part, shape) for part in parts])
    return _into(out, whole[(np.broadcast_to(which, shape), *np.indices(shape))], "choose")


def clip(self: Any, min: Any = None, max: Any = None, out: Any = None, **kwargs: Any) -> Any:
    """The elements, none below min or above max; see numpy.clip.

    >>> import autodiff.numpy as anp
    >>> anp.array([0.5, 1.5, 2.5]).clip(1.0, 2.0)
    array([1. , 1.5, 2. ])
    """
    return _v.ARRAY_FUNCTIONS[np.clip](self, min, max, out, **kwargs)


def compress(self: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    """The slices along an axis for which a condition holds; without an axis, of the flattened array.

    >>> import autodiff.numpy as anp
    >>> anp.array([1.0, 2.0, 3.0]).compress([True, False, True])
    array([1., 3.])
    """
    condition = np.asarray(_values(condition))
    if condition.ndim != 1:
        raise ValueError("condition must be a 1-d array")
    return _into(out, _v.ARRAY_FUNCTIONS[np.take](self, np.flatnonzero(condition), axis), "compress")


def conjugate(self: Any) -> Any:
    """The complex conjugate of every element; the array itself where its dtype is real.

    >>> import autodiff.numpy as anp
    >>> anp.array([1 + 2j]).conjugate()
    array([1.-2.j])
    """
    return np.conjugate(self)


def dump(self: Any, file: Any) -> None:
    """Write a pickle of the array to a file, given open or by its name."""
    if hasattr(file, "write"):
        file.write(dumps(self))
    else:
        with open(os.fspath(file), "wb") as opened:
            opened.write(dumps(self))


def dumps(self: Any) -> bytes:
    """A pickle of the array, as bytes; it comes back with requires_grad and without a graph.

    >>> import autodiff.numpy as anp, pickle
    >>> pickle.loads(anp.array([1.0, 2.0]).dumps())
    array([1., 2.])
    """
    import pickle

    return pickle.dumps(self)


def fill(self: Any, value: Any) -> None:
    """Write a number, or the only element of an array with its gradient, into every element.

    >>> import autodiff.numpy as anp
    >>> x = anp.array([1.0, 2.0])
    >>> x.fill(3.0)
    >>> x
    array([3., 3.])
    """
    if np.ndim(value) != 0:
        raise ValueError("setting an array element with a sequence.")
    self[...] = value


def partition(self: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> None:
    """Arrange the elements along an axis in place, so that the kth is where it were in order; see numpy.partition.

    >>> import autodiff.numpy as anp
    >>> x = anp.array([3.0, 1.0, 2.0])
    >>> x.partition(1)
    >>> x[1]
    array(2.)
    """
    places = np.argpartition(_values(self), kth, axis, kind, order)
    self[...] = OPS.gather(self.copy(), axis, _v.constant_of(places, self))


def resize(self: Any, *new_shape: Any, refcheck: bool = True) -> None:
    """Another shape of as many elements, in place.  For more or fewer elements np.resize makes a new array.

    >>> import autodiff.numpy as anp
    >>> x = anp.array([1.0, 2.0, 3.0, 4.0])
    >>> x.resize(2, 2)
    >>> x
    array([[1., 2.],
           [3., 4.]])
    """
    sizes = new_shape[0] if len(new_shape) == 1 and isinstance(new_shape[0], (tuple, list)) else new_shape
    try:
        count = math.prod(map(operator.index, sizes))
    except TypeError:
        raise TypeError(f"resize() takes sizes that are integers, not {new_shape}") from None
    if count != self.size:
        raise ValueError(f"resize() in place to {count} elements would move an array of {self.size} that a graph "
                         "may look at: use y = np.resize(x, shape)")
    self.shape = tuple(sizes)


def setflags(self: Any, *, write: Any = None, align: Any = None, uic: Any = None) -> None:
    """Nothing to set: an array that records can be written, and is told of it.  write=False is refused."""
    if write is not None and not write:
        raise ValueError("setflags(write=False): a Variable cannot be made read-only; a write to it is noticed by the graph. "
                         "Take a copy, x.copy(), to keep its elements")
    if uic:
        raise ValueError("cannot set WRITEBACKIFCOPY flag to True")


def swapaxes(self: Any, axis1: Any, axis2: Any) -> Any:
    """Two dimensions exchanged; a view.

    >>> import autodiff.numpy as anp
    >>> anp.array([[1.0, 2.0]]).swapaxes(0, 1).shape
    (2, 1)
    """
    return _Base.swapaxes(self, axis1, axis2)


def to_device(self: Any, device: Any, /, *, stream: Any = None) -> Any:
    """The array itself; the only device is 'cpu'."""
    if stream is not None:
        raise ValueError("The stream argument in to_device() is not supported")
    if device != "cpu":
        raise ValueError(f"Unsupported device: {device}. Only 'cpu' is accepted.")
    return self


def tobytes(self: Any, order: str = "C") -> bytes:
    """The values as bytes, where the gradient ends as with item().

    >>> import autodiff.numpy as anp
    >>> len(anp.array([1.0, 2.0]).tobytes())
    16
    """
    return _values(self).tobytes(order)


def tofile(self: Any, fid: Any, sep: str = "", format: str = "%s") -> None:
    """Write the values to a file, as text or as bytes, as numpy.ndarray.tofile."""
    _values(self).tofile(fid, sep, format)


def view(self: Any, *args: Any, **kwargs: Any) -> Any:
    """The same elements as a new array, a view; as complex numbers, or as their parts.

    dtype: its own, or between float64 and complex128 (float32 and complex64) the other, which changes the last dimension.
    Raises TypeError for another dtype: the bytes of a number read as another have no derivative.

    >>> import autodiff.numpy as anp
    >>> anp.array([1 + 2j, 3 + 4j]).view(float)
    array([1., 2., 3., 4.])
    """
    given = [a for a in args if a is not None] + [v for v in kwargs.values() if v is not None]
    if set(kwargs) - {"dtype", "type"} or len(args) + len(kwargs) > 2:
        raise TypeError("view() takes a dtype and a type")
    if args and all(isinstance(size, (int, np.integer, tuple, list)) for size in args):     # PyTorch's, which takes sizes
        return _Base.view(self, *args)
    dtypes = [g for g in given if not (isinstance(g, type) and issubclass(g, (np.ndarray, _Base)))]
    if not dtypes:
        return self[...]
    try:
        wanted = OPS.numpy_dtype(dtypes[0])
    except TypeError:
        wanted = None
    own = self.dtype
    if wanted is not None and wanted == own:
        return self[...]
    pair = {"complex128": "float64", "complex64": "float32"}
    if wanted is not None and pair.get(own.name) == wanted.name and self.ndim:
        parts = OPS.view_as_real(self)
        return parts.reshape(*parts.shape[:-2], parts.shape[-2] * 2)
    if wanted is not None and pair.get(wanted.name) == own.name and self.ndim and self.shape[-1] % 2 == 0:
        return OPS.view_as_complex(self.reshape(*self.shape[:-1], self.shape[-1] // 2, 2))
    raise TypeError("view(dtype) reads the bytes of numbers as others, which has no derivative: use x.astype(dtype) to convert "
                    "values, x.reshape(shape) for another shape")


def byteswap(self: Any, inplace: bool = False) -> Any:
    """Raises TypeError: the bytes of a number have no derivative."""
    raise _of_bytes("byteswap")


def getfield(self: Any, dtype: Any, offset: int = 0) -> Any:
    """Raises TypeError: the bytes of a number have no derivative."""
    raise _of_bytes("getfield")


def setfield(self: Any, val: Any, dtype: Any, offset: int = 0) -> None:
    """Raises TypeError: the bytes of a number have no derivative."""
    raise _of_bytes("setfield")


def _of_bytes(name: str) -> TypeError:
    return TypeError(f"{name}() of a Variable: the bytes of a number have no derivative. Use x.detach().numpy(), where the "
                     "gradient ends.")


# ---- attributes

class Flags:
    """What numpy.ndarray.flags says of the memory; nothing can be set."""

    def __init__(self, array: Any, owner: bool) -> None:
        flags = array.flags
        self.__dict__.update(c_contiguous=flags.c_contiguous, f_contiguous=flags.f_contiguous, owndata=owner, writeable=True,
                             aligned=flags.aligned, writebackifcopy=False)

    @property
    def contiguous(self) -> bool:
        """The same as c_contiguous."""
        return self.__dict__["c_contiguous"]

    def __getitem__(self, name: str) -> bool:
        short = {"C": "c_contiguous", "F": "f_contiguous", "O": "owndata", "W": "writeable", "A": "aligned"}
        name = short.get(name, name).lower()
        if name not in self.__dict__:
            raise KeyError("Unknown flag")
        return self.__dict__[name]

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"flags.{name} of a Variable cannot be set: a write to it is noticed by the graph, so it is "
                             "always writeable")

    def __repr__(self) -> str:
        return "\n".join(f"  {name.upper()} : {value}" for name, value in self.__dict__.items())


class FlatIterator:
    """numpy.ndarray.flat: the elements in order, read and written with their gradients."""

    def __init__(self, base: Any) -> None:
        self.base, self.index = base, 0

    def __len__(self) -> int:
        return self.base.size

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.index >= self.base.size:
            self.index = 0
            raise StopIteration
        self.index += 1
        return self.base[self._place(self.index - 1)]

    def _place(self, number: Any) -> Any:
        return tuple(map(int, np.unravel_index(number, self.base.shape))) if self.base.ndim else ()

    @property
    def coords(self) -> tuple[int, ...]:
        """Where the next element stands."""
        return self._place(self.index % max(self.base.size, 1))

    def copy(self) -> Any:
        """The elements in one dimension, a copy."""
        return self.base.flatten()

    def _number(self, index: Any) -> int:
        number = operator.index(index)
        if not -len(self) <= number < len(self):
            raise IndexError(f"index {number} is out of bounds for size {len(self)}")
        return number % len(self)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, (int, np.integer)) and not isinstance(index, bool):
            return self.base[self._place(self._number(index))]
        return self.base.reshape(-1)[index].copy()

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, (int, np.integer)) and not isinstance(index, bool):
            self.base[self._place(self._number(index))] = value
            return
        places = np.arange(len(self))[_values(index)]
        value = OPS.lifted(value) if isinstance(value, (list, tuple)) else value
        value = value if isinstance(value, _Base) else np.asarray(value)
        flat = value.reshape(-1)
        if flat.shape[0] == 0:
            if places.size:
                raise ValueError("Error setting single item of array.")
            return
        if flat.shape[0] != 1:          # fewer are begun again, more are not read
            flat = flat[np.arange(places.size) % flat.shape[0]]
        self.base[np.unravel_index(places, self.base.shape) if self.base.ndim else ...] = flat if self.base.ndim else flat[0]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.base.reshape(-1).__array__(dtype, copy)


def _flat(self: Any) -> Any:
    """The elements in order, to iterate over, read by an index, and write into."""
    return FlatIterator(self)


def _set_flat(self: Any, value: Any) -> None:
    FlatIterator(self)[:] = value


def _set_shape(self: Any, sizes: Any) -> None:
    """x.shape = sizes."""
    sizes = (sizes,) if isinstance(sizes, (int, np.integer)) else tuple(map(operator.index, sizes))
    known = int(np.prod([n for n in sizes if n != -1]))
    if sizes.count(-1) > 1 or (known != self.size if -1 not in sizes else not known or self.size % known):
        raise ValueError(f"cannot reshape array of size {self.size} into shape {sizes}")
    if sizes == self.shape:
        return
    try:
        _v.become_view(self, lambda x: _Base.view(x, sizes), "ViewBackward0")
    except RuntimeError as error:
        raise AttributeError(f"Incompatible shape for in-place modification. Use x = x.reshape({sizes}) ({error})") from None


def _base(self: Any) -> Any:
    """The array that this one is a view of, or None."""
    return self._base


def _flags(self: Any) -> Flags:
    """What is so of the memory: c_contiguous, owndata and their like."""
    return Flags(_values(self), self._base is None)


def _strides(self: Any) -> Any:
    """The distance between neighbours along each dimension, in bytes."""
    return tuple(step * self.itemsize for step in self.stride())


def _ctypes(self: Any) -> Any:
    """The memory for ctypes.  Raises TypeError where a gradient is required."""
    if self.requires_grad:
        raise TypeError("x.ctypes of an array that requires grad shows its memory, where the gradient ends: x.detach().ctypes, "
                        "if that is meant")
    return self.numpy().ctypes


def _imag(self: Any) -> Any:
    """The imaginary parts, a view; zeros where the dtype is real."""
    if self.dtype.kind == "c":
        return OPS.imag(self)
    return _v.constant_of(np.zeros(self.shape, self.dtype), self)


def _set_imag(self: Any, value: Any) -> None:
    if self.dtype.kind != "c":
        raise TypeError("array does not have imaginary part to set")
    _Base.imag.__set__(self, value)


def _mT(self: Any) -> Any:
    """The last two dimensions exchanged; a view."""
    if self.ndim < 2:
        raise ValueError("matrix transpose with ndim < 2 is undefined")
    return _Base.mT.__get__(self)


def _device(self: Any) -> str:
    """'cpu'."""
    return "cpu"


def _class_getitem(cls: Any, item: Any, /) -> Any:
    return GenericAlias(cls, item)


def __array_namespace__(self: Any, /, *, api_version: str | None = None) -> Any:
    """The module `autodiff.numpy`, which has the functions of the array API standard.

    Raises ValueError for a version of the standard that this NumPy does not know.

    >>> import autodiff.numpy as anp
    >>> anp.array(1.0).__array_namespace__() is anp
    True
    """
    unchecked: Any = api_version        # NumPy's stub lists the versions that it knows
    np.empty(0).__array_namespace__(api_version=unchecked)
    return sys.modules["autodiff.numpy"]


_class_getitem.__name__, _class_getitem.__qualname__ = "__class_getitem__", "ndarray.__class_getitem__"

METHODS = (__array_namespace__, argpartition, byteswap, choose, clip, compress, conjugate, dump, dumps, fill, getfield,
           partition, resize, setfield, setflags, swapaxes, to_device, tobytes, tofile, view)
ATTRIBUTES = {
    "flat": property(_flat, _set_flat), "base": property(_base),
    "flags": property(_flags), "strides": property(_strides), "ctypes": property(_ctypes),
    "imag": property(_imag, _set_imag), "mT": property(_mT), "device": property(_device),
}


def install() -> None:
    """Put them into the class, under their names."""
    for method in METHODS:
        method.__module__, method.__qualname__ = "autodiff.numpy", f"ndarray.{method.__name__}"
        _v.install_method(ndarray, method.__name__, method)
    for name, attribute in ATTRIBUTES.items():
        _v.install_method(ndarray, name, attribute)
    OPS.set_shape = _set_shape
    _v.install_method(ndarray, "__class_getitem__", classmethod(_class_getitem))


install()
