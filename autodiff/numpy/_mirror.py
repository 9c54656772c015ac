"""The namespace of NumPy as `autodiff.numpy` has it.  Imported when the first name of it is asked for.

A function of NumPy's dispatches on the Variables among its arguments, but not on those in lists (`np.mean([v0, v1])`) and in
object arrays, nor if it makes arrays of its own (`np.zeros`, `np.full`).  Here the former are made one Variable before NumPy's
function is called, and the latter are written anew, with NumPy's signatures.
"""
from __future__ import annotations

import functools
import inspect
import itertools
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .. import _variable as _variable_module
from .._dlpack import array_from_dlpack
from .._rebind import Rebinding
from .._types import DTYPES
from .._variable import OPS, Tensor, ndarray
from ._dispatch import lifted, values_of

_v: Any = _variable_module         # of which the stub has what users see alone
_Base: Any = Tensor.__base__
_HERE = "autodiff.numpy"

#: Functions with an argument that is a sequence of arrays, each of which is lifted by itself.
SEQUENCES = ("concatenate", "concat", "stack", "hstack", "vstack", "row_stack", "dstack", "column_stack", "select", "choose",
             "piecewise", "lexsort", "linalg.multi_dot")
#: Functions whose nested lists NumPy walks by itself, or that are handed other things than arrays.
AS_GIVEN = ("block", "shape", "ndim", "size", "iterable", "apply_over_axes", "set_printoptions", "printoptions", "r_", "c_")
#: Submodules of which nothing takes Variables: they are NumPy's own.
PLAIN_MODULES = ("char", "core", "ctypeslib", "dtypes", "exceptions", "f2py", "ma", "matlib", "rec", "strings", "typing",
                 "version")


# ---- what holds Variables

def holds(value: Any, depth: int = 33) -> bool:
    """Whether a list, a tuple or an object array has a Variable in it, somewhere."""
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist() if value.dtype.kind == "O" else ()
    kinds = set(map(type, value))
    if ndarray in kinds or Tensor in kinds:
        return True
    if not depth:
        raise ValueError("too many dimensions: nested lists may be at most 32 deep")
    if kinds.isdisjoint(_NESTED):
        return False
    return any(holds(v, depth - 1) for v in value if type(v) in _NESTED)


def holds_inexact(value: Any, depth: int = 33) -> bool:
    """The same of Variables that have derivatives: a list of positions is for NumPy's function to read."""
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist() if value.dtype.kind == "O" else ()
    return any(_v.dtype_in(v).kind in "fc" if isinstance(v, _Base) else
               type(v) in _NESTED and depth > 0 and holds_inexact(v, depth - 1) for v in value)


_NESTED = (list, tuple, np.ndarray)


def _ready(value: Any) -> Any:
    """An argument, its lists and object arrays made one Variable where they hold one."""
    return _numpys(lifted(value)) if type(value) in _NESTED and holds_inexact(value) else value


def _each_ready(value: Any) -> Any:
    """An argument that may be a sequence of arrays."""
    if type(value) in (list, tuple):
        return type(value)(map(_ready, value))
    return _ready(value)


def _numpys(x: Any) -> Any:
    """A Variable in the NumPy flavour."""
    return _v.as_ndarray(x, None, False) if type(x) is Tensor else x


def _takes(name: str, function: Any) -> Callable[..., Any]:
    """A function of NumPy's that sees the Variables in its lists."""
    ready = _each_ready if name in SEQUENCES else _ready

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if type(value) in _NESTED:
                args = tuple([ready(v) if type(v) in _NESTED else v for v in args])
                break
        if kwargs:
            for key, value in kwargs.items():
                if type(value) in _NESTED:
                    kwargs[key] = ready(value)
        return function(*args, **kwargs)

    named = _named(call, name)
    if getattr(function, "__text_signature__", "") is None:
        del named.__wrapped__       # a compiled function of no signature
    return named


def _named(function: Any, name: str) -> Any:
    """The function, which is found, and pickled, by its name here."""
    original = vars(function).get("__wrapped__")
    if original is not None and original.__doc__:
        function.__doc__ = _summary(original, name)
    module, _, last = f"{_HERE}.{name}".rpartition(".")
    function.__module__, function.__name__, function.__qualname__ = module, last, last
    return function


def _summary(function: Any, name: str) -> str:
    """What a function of NumPy's says of itself, without its examples, which show arrays of NumPy's."""
    parts = inspect.cleandoc(function.__doc__).split("\n\n")
    words = next((part for part in parts if "(" not in part.partition("\n")[0] and part != "--"), parts[0])
    return f"{words}\n\nAs https://numpy.org/doc/stable/reference/generated/numpy.{name}.html"


class Ufunc(_v.RowUfunc):
    """A universal function of NumPy's that sees the Variables in lists."""

    def __init__(self, ufunc: np.ufunc, name: str) -> None:
        super().__init__(ufunc)
        self._name = name
        self.__doc__ = _summary(ufunc, name)
        self.__name__, self.__qualname__ = ufunc.__name__, ufunc.__name__
        self.__module__ = _HERE

    def called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for value in args:
            if type(value) in _NESTED:
                return self._ufunc(*[lifted(v) if type(v) in _NESTED else v for v in args], **kwargs)
        return self._ufunc(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(object.__getattribute__(self, "_ufunc"), name)
        if name in ("reduce", "accumulate", "reduceat", "outer", "at"):
            def method(*args: Any, **kwargs: Any) -> Any:
                return found(*[_ready(v) for v in args], **kwargs)

            method.__name__, method.__qualname__, method.__doc__ = name, f"ufunc.{name}", found.__doc__
            return method
        return found

    def __repr__(self) -> str:
        return repr(self._ufunc)

    def __reduce__(self) -> Any:
        return of_numpy, (self._name,)

    def __eq__(self, other: object) -> Any:
        return self._ufunc == (other._ufunc if isinstance(other, Ufunc) else other)

    def __hash__(self) -> int:
        return hash(self._ufunc)


# ---- arrays that can be written into

def _ours(made: Any) -> Any:
    """A plain array as a Variable that shares its memory; one of a dtype that no Variable has stays as it is."""
    return _v.as_ndarray(made, None, False) if isinstance(made, np.ndarray) and made.dtype in DTYPES else made


def _fresh(made: Any) -> Any:
    """The same of an array to be written into: inside vmap one for each sample, since a sample's values go into it."""
    if _v.levels_above() and made.dtype.kind in "fc" and made.dtype in DTYPES:
        from .._batching import active

        levels = active()
        made = np.array(np.broadcast_to(made, (*[level.size for level in levels], *made.shape)))
        made = _v.as_ndarray(made, None, False)
        for level in levels:
            made = level.wrap(made)
        return made
    return _ours(made)


def _of_variables(x: Any, dtype: Any, order: Any, copy: Any, ndmin: int) -> Any:
    """array() of a Variable, or of lists that hold some."""
    given = x
    if not isinstance(x, _Base):
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        x, copy = lifted(x), None
    if dtype is not None:
        try:
            dtype = np.dtype(dtype)
        except (TypeError, ValueError, LookupError, SyntaxError):   # whose words are of what NumPy reads in a dict or a list
            raise TypeError(f"Cannot interpret {dtype!r} as a data type") from None
        if dtype not in DTYPES:
            raise TypeError(f"np.array(..., dtype={dtype}) of Variables: the dtypes of autodiff are "
                            f"{', '.join(map(str, DTYPES))}")
        if dtype != _v.dtype_in(x):
            if copy is False:
                raise ValueError("Unable to avoid copy while creating an array as requested.")
            x, copy = _v.cast_variable(x, dtype), None
    x = _v.as_ndarray(x, None, bool(copy) and x is given)
    if order == "F" and not x.T.is_contiguous():
        x = x.T.contiguous().T
    elif order == "C" and not x.is_contiguous():
        x = x.contiguous()
    return OPS.reshape(x, (*(1,) * (ndmin - x.ndim), *x.shape)) if x.ndim < ndmin else x


def array(object: Any, dtype: Any = None, requires_grad: bool = False, *, copy: bool | None = True, order: Any = "K",
          subok: bool = False, ndmin: int = 0, ndmax: int = 0, like: Any = None) -> Any:
    """As `autodiff.numpy.array`, which has the words."""
    if isinstance(object, _Base) or (type(object) in _NESTED and holds(object)):
        if ndmax:
            raise TypeError("np.array(..., ndmax=) makes objects of lists, which hold no Variable")
        result = _of_variables(object, dtype, order, copy, ndmin)
    else:
        more = {} if like is None or isinstance(like, _Base) else {"like": like}
        if ndmax:
            more["ndmax"] = ndmax
        result = _ours(np.array(object, None if dtype is None else np.dtype(dtype), copy=copy, order=order, subok=subok,
                                ndmin=ndmin, **more))
    return result.requires_grad_(True) if requires_grad else result


def asarray(a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None, like: Any = None) -> Any:
    """numpy.asarray(): a Variable is itself, a plain array shares its memory."""
    if device not in (None, "cpu"):
        raise ValueError(f'Device not understood. Only "cpu" is allowed, but received: {device}')
    return array(a, dtype, copy=copy, order=order or "K", like=like)


def asanyarray(a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None, like: Any = None) -> Any:
    """numpy.asanyarray()."""
    return asarray(a, dtype, order, device=device, copy=copy, like=like)


def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """numpy.ascontiguousarray(): in the order of C, of one dimension at least."""
    return array(a, dtype, copy=None, order="C", ndmin=1, like=like)


def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """numpy.asfortranarray(): in the order of Fortran, of one dimension at least."""
    return array(a, dtype, copy=None, order="F", ndmin=1, like=like)


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """numpy.asarray_chkfinite(): asarray(), which raises ValueError for infinities and NaN."""
    result = asarray(a, dtype, order)
    if not np.isfinite(values_of(result)).all():
        raise ValueError("array must not contain infs or NaNs")
    return result


def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """numpy.copy(): what is recorded stays recorded."""
    return array(a, order=order, copy=True, subok=subok)


def _maker(name: str, fresh: bool) -> Any:
    """A function of NumPy's that makes an array of numbers alone."""
    function: Any = getattr(np, name)

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        if isinstance(kwargs.get("like"), _Base):
            del kwargs["like"]
        if "dtype" in kwargs:
            kwargs["dtype"] = None if kwargs["dtype"] is None else np.dtype(kwargs["dtype"])
        made = function(*args, **kwargs)
        return _fresh(made) if fresh else _ours(made)

    return _named(make, name)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None) -> Any:
    """numpy.full(): the gradient of fill_value, a number or an array that is repeated, is kept."""
    if type(fill_value) in _NESTED and holds(fill_value):
        fill_value = lifted(fill_value)
    if not isinstance(fill_value, _Base):
        return _fresh(np.full(shape, fill_value, None if dtype is None else np.dtype(dtype), order))
    shape = (shape,) if isinstance(shape, (int, np.integer, _Base)) else tuple(shape)
    filled = OPS.expand(asarray(fill_value, dtype), tuple(map(int, shape)))
    return array(filled, order=order)


def _like(name: str) -> Any:
    function: Any = getattr(np, name)

    @functools.wraps(function)
    def make(a: Any, *args: Any, **kwargs: Any) -> Any:
        a = _ready(a)
        if type(args) is tuple and any(isinstance(v, _Base) for v in (a, *args, *kwargs.values())):
            return function(a, *args, **kwargs)
        return _fresh(np.asarray(function(a, *args, **kwargs)))

    return _named(make, name)


def arange(*args: Any, **kwargs: Any) -> Any:
    """numpy.arange(): start and step may be Variables, whose values say how many elements there are."""
    if isinstance(kwargs.get("like"), _Base):
        del kwargs["like"]
    given = [*args[:3], *(kwargs[key] for key in ("start", "stop", "step") if key in kwargs)]
    if not any(isinstance(v, _Base) and _v.dtype_in(v).kind in "fc" for v in given):
        return _ours(np.arange(*args, **kwargs))
    names = ("start", "stop", "step", "dtype")
    found = dict(zip(names if len(args) > 1 else ("stop",), args, strict=False)) | kwargs
    start, step, dtype = found.get("start", 0), found.get("step", 1), found.get("dtype")
    stop = found.get("stop")
    if stop is None:
        start, stop = 0, start
    count = len(np.arange(*[v.item() if isinstance(v, _Base) else v for v in (start, stop, step)]))
    result = start + step * _ours(np.arange(count))
    return asarray(result, dtype)


def _spaced(name: str) -> Any:
    function: Any = getattr(np, name)

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        args = tuple(map(_ready, args))
        made = function(*args, **kwargs)
        return (_ours(made[0]), made[1]) if isinstance(made, tuple) else _ours(made)

    return _named(make, name)


def _frequencies(name: str) -> Any:
    function = getattr(np.fft, name)

    def make(n: Any, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
        d = _ready(d)
        return asarray(function(n, 1.0) / d if isinstance(d, _Base) else function(n, d), dtype, device=device)

    functools.update_wrapper(make, function)
    return _named(make, f"fft.{name}")


def expand_dims(a: Any, axis: Any = 0) -> Any:
    """numpy.expand_dims(), whose axis the array API standard lets be left out."""
    return np.expand_dims(_ready(a), axis)


def unique_values(x: Any) -> Any:
    """numpy.unique_values(), in ascending order: NumPy's is that of a hash table, and scikit-learn expects PyTorch's order."""
    return np.unique(_ready(x), equal_nan=False)


def fromfunction(function: Any, shape: Any, *, dtype: Any = float, like: Any = None, **kwargs: Any) -> Any:
    """numpy.fromfunction(): the function is handed arrays of the positions in each dimension."""
    return function(*map(_ours, np.indices(shape, dtype=np.dtype(dtype))), **kwargs)


def fromiter(iter: Iterable[Any], dtype: Any, count: int = -1, *, like: Any = None) -> Any:
    """numpy.fromiter(): what is recorded stays recorded."""
    values = list(iter if count < 0 else itertools.islice(iter, count))
    if len(values) < count:
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {len(values)} items.")
    return array(values, dtype) if holds(values) else _ours(np.fromiter(values, np.dtype(dtype)))


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """numpy.from_dlpack(): an array that shares the memory of another library's; a copy where that may not be written."""
    return _ours(array_from_dlpack(x, device, copy))


def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None, descending: Any = None) -> Any:
    """numpy.sort(); descending, which NumPy has since 2.5, of any version."""
    return _sorted(np.sort, a, axis, kind, order, stable, descending)


def argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None, descending: Any = None) -> Any:
    """numpy.argsort(); descending, which NumPy has since 2.5, of any version."""
    return _sorted(np.argsort, a, axis, kind, order, stable, descending)


def _sorted(function: Any, a: Any, axis: Any, kind: Any, order: Any, stable: Any, descending: Any) -> Any:
    if descending is None or order is not None:
        return function(_ready(a), axis, kind, order, stable=stable)
    return _v.ARRAY_FUNCTIONS[function](asarray(a), axis, kind, stable=stable, descending=descending)


def isscalar(element: Any) -> bool:
    """numpy.isscalar(): of a Variable without dimensions, too, which stands where NumPy has a scalar."""
    return element.ndim == 0 if isinstance(element, _Base) else np.isscalar(element)


# ---- functions of elements

def _elements(args: Iterable[Any]) -> tuple[tuple[int, ...], Iterator[list[Any]]]:
    """(shape, elements of each argument in turn) of what broadcasts together."""
    arrays = [asarray(v) for v in args]
    shape = np.broadcast_shapes(*[tuple(v.shape) for v in arrays])
    flat = [np.broadcast_to(v, shape).ravel() if isinstance(v, np.ndarray) else OPS.reshape(OPS.expand(v, shape), (-1,))
            for v in arrays]
    return shape, ([v[i] for v in flat] for i in range(flat[0].shape[0] if flat else 1))


def _gathered(results: list[Any], shape: tuple[int, ...]) -> Any:
    """Results of elements as one array of a shape, and behind it their own."""
    joined = array(results)
    return joined.reshape((*shape, *joined.shape[1:]))


class vectorize(np.vectorize):
    """numpy.vectorize: the function is called with elements that are Variables, and what it returns is joined, recorded."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results for all elements of the arguments, which broadcast together."""
        given = [*args, *kwargs.values()]
        if not hasattr(self, "pyfunc") or not callable(self.pyfunc) or not any(
                isinstance(v, _Base) or (type(v) in _NESTED and holds(v)) for v in given):
            return super().__call__(*args, **kwargs)
        names = list(kwargs)
        whole = {i for i in self.excluded if isinstance(i, int)}
        varying = [i for i in range(len(args)) if i not in whole]
        named = [name for name in names if name not in self.excluded]
        moving = [args[i] for i in varying] + [kwargs[name] for name in named]

        def call(*elements: Any) -> Any:
            positional, keyword = list(args), dict(kwargs)
            for i, value in zip(varying, elements, strict=False):
                positional[i] = value
            keyword.update(zip(named, elements[len(varying):], strict=True))
            return self.pyfunc(*positional, **keyword)

        if self.signature is not None:
            return self._by_signature(call, moving)
        shape, elements = _elements(moving)
        results = [call(*row) for row in elements]
        if not results:
            if not self.otypes:
                raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
            empty = tuple(array(np.empty(shape, t)) for t in self.otypes)
            return empty if len(empty) > 1 else empty[0]
        if not isinstance(results[0], tuple):
            return self._typed(_gathered(results, shape), 0)
        return tuple(self._typed(_gathered(list(column), shape), i) for i, column in enumerate(zip(*results, strict=True)))

    def _typed(self, result: Any, i: int) -> Any:
        return asarray(result, self.otypes[i]) if self.otypes else result

    def _by_signature(self, call: Callable[..., Any], args: list[Any]) -> Any:
        """The same with core dimensions, which the function is handed whole."""
        text = self.signature or ""
        left, right = text.replace(" ", "").split("->")
        cores = [len(list(filter(None, core.split(",")))) for core in re.findall(r"\(([^)]*)\)", left)]
        several = len(re.findall(r"\(([^)]*)\)", right)) > 1
        if len(cores) != len(args):
            raise TypeError(f"wrong number of positional arguments: expected {len(cores)}, got {len(args)}")
        arrays = [asarray(v) for v in args]
        for v, core in zip(arrays, cores, strict=True):
            if v.ndim < core:
                raise ValueError(f"{v.ndim}-dimensional argument does not have enough dimensions for all core dimensions "
                                 f"of the signature {text}")
        loops = [tuple(v.shape[:v.ndim - core]) for v, core in zip(arrays, cores, strict=True)]
        shape = np.broadcast_shapes(*loops)
        wide = [np.broadcast_to(v, (*shape, *v.shape[len(loop):])) if isinstance(v, np.ndarray) else
                OPS.expand(v, (*shape, *tuple(v.shape)[len(loop):])) for v, loop in zip(arrays, loops, strict=True)]
        results = [call(*[v[index] for v in wide]) for index in np.ndindex(shape)]
        if not several:
            return self._typed(_gathered(results, shape), 0)
        return tuple(self._typed(_gathered(list(column), shape), i) for i, column in enumerate(zip(*results, strict=True)))


class _OfElements:
    """What frompyfunc() makes."""

    def __init__(self, func: Callable[..., Any], nin: int, nout: int, identity: Any) -> None:
        self._ufunc = np.frompyfunc(func, nin, nout, **identity)
        self._func, self.nin, self.nout, self._identity = func, nin, nout, identity
        self.__name__ = self._ufunc.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(v, _Base) or (type(v) in _NESTED and holds(v)) for v in args):
            return self._ufunc(*args, **kwargs)
        if kwargs:
            raise TypeError(f"{self.__name__}() of a Variable takes no keyword arguments")
        if len(args) != self.nin:
            raise TypeError(f"{self.__name__}() takes {self.nin} positional arguments but {len(args)} were given")
        shape, elements = _elements(args)
        results = [self._func(*row) for row in elements]
        if self.nout == 1:
            return _gathered(results, shape)
        return tuple(_gathered(list(column), shape) for column in zip(*results, strict=True))

    def __getattr__(self, name: str) -> Any:
        found = getattr(object.__getattribute__(self, "_ufunc"), name)
        if name == "reduce":
            return self._reduce
        return found

    def _reduce(self, array: Any, axis: Any = 0, **kwargs: Any) -> Any:
        array = _ready(array)
        if not isinstance(array, _Base):
            return self._ufunc.reduce(array, axis, **kwargs)
        if kwargs or not isinstance(axis, int):
            raise TypeError(f"{self.__name__}.reduce() of a Variable takes one axis alone")
        rows = OPS.movedim(array, axis, 0)
        return functools.reduce(self, [rows[i] for i in range(len(rows))])

    def __reduce__(self) -> Any:
        return _of_elements, (self._func, self.nin, self.nout, self._identity)

    def __repr__(self) -> str:
        return repr(self._ufunc)


def _of_elements(func: Any, nin: int, nout: int, identity: Any) -> _OfElements:
    return _OfElements(func, nin, nout, identity)


def frompyfunc(func: Callable[..., Any], /, nin: int, nout: int, **identity: Any) -> _OfElements:
    """numpy.frompyfunc(): the function is called with elements that are Variables, and what it returns is joined, recorded."""
    return _OfElements(func, nin, nout, identity)


class ndenumerate:
    """numpy.ndenumerate: (index, element) of an array, one after the other."""

    def __init__(self, arr: Any) -> None:
        self._array = asarray(arr)
        self._indices = iter(np.ndindex(tuple(self._array.shape)))

    def __next__(self) -> tuple[Any, Any]:
        index = next(self._indices)
        return index, self._array[index]

    def __iter__(self) -> ndenumerate:
        return self


class broadcast:
    """numpy.broadcast: the elements of arrays side by side, as they broadcast together."""

    def __init__(self, *args: Any) -> None:
        self._args = [_ready(v) for v in args]
        self.shape: tuple[int, ...] = _elements(self._args)[0]
        self.ndim = self.nd = len(self.shape)
        self.numiter, self.size = len(args), int(np.prod(self.shape, dtype=int))
        self.reset()

    def reset(self) -> None:
        """Begin again."""
        self.index, self._rest = 0, _elements(self._args)[1]

    @property
    def iters(self) -> tuple[Any, ...]:
        """An iterator over the elements of each."""
        return tuple(iter([row[i] for row in _elements(self._args)[1]]) for i in range(self.numiter))

    def __next__(self) -> tuple[Any, ...]:
        found = tuple(next(self._rest))
        self.index += 1
        return found

    def __iter__(self) -> broadcast:
        return self


def nditer(op: Any, flags: Any = None, op_flags: Any = None, *args: Any, **kwargs: Any) -> Any:
    """numpy.nditer; with Variables the elements are views of theirs, in the order of C, and written with x[...] = v."""
    several = type(op) in (list, tuple) and any(isinstance(v, (_Base, np.ndarray, list, tuple)) for v in op)
    ops = list(op) if several else [op]
    if not any(isinstance(v, _Base) or (type(v) in _NESTED and holds(v)) for v in ops):
        return np.nditer(op, *[v for v in (flags, op_flags) if v is not None], *args, **kwargs)
    unknown = set(flags or ()) - {"multi_index", "refs_ok", "zerosize_ok", "c_index"}
    if unknown or args or kwargs:
        given = ", ".join(sorted(unknown) or ["other arguments"])
        raise TypeError(f"np.nditer() of a Variable does not take {given}: loop over np.ndindex(x.shape), and read and write "
                        "x[index]")
    return _Elements(ops)


class _Elements:
    """The iterator of nditer()."""

    def __init__(self, ops: list[Any]) -> None:
        arrays = [asarray(v) for v in ops]
        self.shape = np.broadcast_shapes(*[tuple(v.shape) for v in arrays])
        self.operands = tuple(arrays)
        self.itersize = int(np.prod(self.shape, dtype=int))
        self._wide = [v if tuple(v.shape) == self.shape else np.broadcast_to(v, self.shape) if isinstance(v, np.ndarray)
                      else OPS.expand(v, self.shape) for v in arrays]
        self.iterindex = 0

    @property
    def finished(self) -> bool:
        """Whether all have been visited."""
        return self.iterindex >= self.itersize

    @property
    def multi_index(self) -> tuple[int, ...]:
        """Where it is."""
        return tuple(map(int, np.unravel_index(self.iterindex, self.shape)))

    @property
    def index(self) -> int:
        """The same, counted in the order of C."""
        return self.iterindex

    @property
    def value(self) -> Any:
        """The element, or the elements, where it is."""
        index: Any = (*self.multi_index, ...)
        found = tuple(v[index] for v in self._wide)
        return found[0] if len(found) == 1 else found

    def iternext(self) -> bool:
        """Go on; whether there is an element."""
        self.iterindex += 1
        return not self.finished

    def __getitem__(self, i: int) -> Any:
        found = self.value
        return found[i] if isinstance(found, tuple) else (found,)[i]

    def __setitem__(self, i: int, value: Any) -> None:
        self._wide[i][self.multi_index] = value

    def __iter__(self) -> Iterator[Any]:
        while not self.finished:
            yield self.value
            self.iterindex += 1

    def __enter__(self) -> _Elements:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held: what was written is written."""


class poly1d(np.poly1d):
    """numpy.poly1d, whose coefficients may be Variables."""

    def __init__(self, c_or_r: Any, r: bool = False, variable: str | None = None) -> None:
        c_or_r = _ready(c_or_r)
        if isinstance(c_or_r, _Base):       # a box for each: poly1d computes with objects as with numbers
            boxes = np.empty(c_or_r.shape[0] if c_or_r.ndim else 1, object)
            for i in range(len(boxes)):
                boxes[i] = c_or_r[i] if c_or_r.ndim else c_or_r
            c_or_r = boxes
        super().__init__(c_or_r, r, variable)

    def __call__(self, val: Any) -> Any:
        """The value at a number, an array, or a polynomial."""
        if not holds(self.coeffs) or isinstance(val, np.poly1d):
            return super().__call__(val)
        result = 0.0 * (val := _ready(val))
        for coefficient in self.coeffs:
            result = result * val + coefficient
        return result


# ---- r_ and c_

class _Joined:
    """r_ and c_: what stands in the brackets, joined."""

    def __init__(self, name: str, axis: int, ndmin: int, trans1d: int) -> None:
        self._plain, self._name = getattr(np, name), name
        self._axis, self._ndmin, self._trans1d = axis, ndmin, trans1d

    def __getitem__(self, key: Any) -> Any:
        items = key if isinstance(key, tuple) else (key,)
        parts = [part for item in items
                 for part in ((item.start, item.stop, item.step) if isinstance(item, slice) else (item,))]
        if not any(isinstance(v, _Base) or (type(v) in _NESTED and holds(v)) for v in parts):
            return self._plain[key]
        axis, ndmin, trans1d = self._axis, self._ndmin, self._trans1d
        if isinstance(items[0], str):
            if items[0] in ("r", "c"):
                raise TypeError(f"np.{self._name}['{items[0]}', ...] makes a numpy.matrix, which holds no Variable")
            axis, ndmin, trans1d = (*map(int, items[0].split(",")), *(axis, ndmin, trans1d)[items[0].count(",") + 1:])
            items = items[1:]
        return np.concatenate([self._part(item, ndmin, trans1d) for item in items], axis)

    @staticmethod
    def _part(item: Any, ndmin: int, trans1d: int) -> Any:
        if isinstance(item, slice):
            start, step = 0 if item.start is None else item.start, 1 if item.step is None else item.step
            if isinstance(step, complex):
                found = np.linspace(start, item.stop, int(abs(step)))
            else:
                found = arange(start, item.stop, step)
            rank = 1
        else:
            found = asarray(item)
            rank = found.ndim
        if rank == 0 or rank >= ndmin:
            return array(found, copy=None, ndmin=ndmin)
        found = array(found, copy=None, ndmin=ndmin)
        if trans1d == -1:
            return found
        # The dimensions of the item come to stand from trans1d on, those of size 1 around them.
        first = trans1d if trans1d >= 0 else trans1d + ndmin - rank + 1
        added = list(range(ndmin - rank))
        return found.transpose(tuple(added[:first] + list(range(ndmin - rank, ndmin)) + added[first:]))

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"{_HERE}.{self._name}"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return of_numpy, (self._name,)


def _default_rng() -> Any:
    @functools.wraps(np.random.default_rng)
    def make(seed: Any = None) -> Any:
        from ._random import default_rng

        return default_rng(seed)

    return _named(make, "random.default_rng")


# ---- the names

_LIKE = ("zeros_like", "ones_like", "empty_like", "full_like")
_FRESH = ("zeros", "ones", "empty")
_MADE = ("eye", "identity", "tri")
_SPACED = ("linspace", "logspace", "geomspace")
_OWN: dict[str, Any] = {
    **{f.__name__: _named(f, f.__name__) for f in (
        asanyarray, ascontiguousarray, asfortranarray, asarray_chkfinite, copy, full, arange, fromfunction, fromiter,
        from_dlpack, expand_dims, unique_values, sort, argsort, isscalar, vectorize, frompyfunc, ndenumerate,
        broadcast, nditer, poly1d)},
    **{name: _like(name) for name in _LIKE},
    **{name: _maker(name, True) for name in _FRESH},
    **{name: _maker(name, False) for name in _MADE},
    **{name: _spaced(name) for name in _SPACED},
    "fft.fftfreq": _frequencies("fftfreq"), "fft.rfftfreq": _frequencies("rfftfreq"),
    "r_": _Joined("r_", 0, 1, -1), "c_": _Joined("c_", -1, 2, 0),
}


def names_of(module: str) -> list[str]:
    """The public names of NumPy's module."""
    found = _numpys_module(module)
    return sorted(name for name in {*dir(found), *getattr(found, "__all__", ())} if not name.startswith("_"))


def _numpys_module(name: str) -> Any:
    found: Any = np
    for part in filter(None, name.split(".")):
        found = getattr(found, part)
    return found


def of_numpy(name: str) -> Any:
    """What `autodiff.numpy` has of a name."""
    if name == "__all__":
        return [name for name in np.__all__ if not name.startswith("_")]
    if name in _OWN:
        return _OWN[name]
    package = sys.modules[_HERE]
    if name in vars(package):
        return vars(package)[name]
    try:
        value = getattr(np, name)
    except AttributeError as error:
        raise AttributeError(str(error).replace("'numpy'", f"'{_HERE}'")) from None
    return _mirrored(value, name)


def of_submodule(module: str, name: str) -> Any:
    """The same of a submodule."""
    value = getattr(_numpys_module(module), name)
    if name == "__all__":
        return value
    return _OWN.get(f"{module}.{name}") or _mirrored(value, f"{module}.{name}")


def _mirrored(value: Any, name: str) -> Any:
    if isinstance(value, types.ModuleType):
        if name in PLAIN_MODULES or value.__name__.partition(".")[0] != "numpy":
            return value
        known = sys.modules.get(f"{_HERE}.{name}")
        return known or sys.modules[_HERE]._submodule(name)
    if isinstance(value, np.ufunc):
        return Ufunc(value, name)
    if isinstance(value, type) or not callable(value) or name in AS_GIVEN:
        return value
    if name.startswith("testing."):
        return _of_values(name, value)
    if name.startswith("random."):
        return _drawn(name, value)
    if name.startswith("polynomial."):
        return _rebound(name, value)
    return _takes(name, value)


def _of_values(name: str, function: Any) -> Any:
    """A function of numpy.testing: it compares values."""
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*values_of(args), **values_of(kwargs))

    return _named(call, name)


def holds_inexact_in_lists(value: Any) -> bool:
    """Whether a list, or what is one, has Variables that have or may have a gradient."""
    return type(value) in _NESTED and holds_inexact(value)


def _drawn(name: str, function: Any) -> Any:
    """A function of numpy.random: numbers of some distributions move with their parameters, those of others are refused."""
    if name == "random.default_rng":
        return _default_rng()
    if not isinstance(function, (types.BuiltinFunctionType, types.MethodType, types.FunctionType)):
        return function

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(_v.records(value) or holds_inexact_in_lists(value) for value in (*args, *kwargs.values())):
            from . import _random

            own = name.removeprefix("random.")
            if own in _random.MOVES:
                return _random.drawn(own, function, args, kwargs)
            raise TypeError(_random.REFUSED.format(name))
        return function(*values_of(args), **values_of(kwargs))

    return _named(call, name)


def _rebound(name: str, function: Any) -> Any:
    """A function of numpy.polynomial, which is written in NumPy: it runs with this namespace in the place of NumPy's."""
    if type(function) is not types.FunctionType:
        return function

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(v, _Base) or (type(v) in _NESTED and holds(v)) for v in (*args, *kwargs.values())):
            return _POLYNOMIAL.function(function)(*args, **kwargs)
        return function(*args, **kwargs)

    return _named(call, name)


def _of_this_namespace(value: Any) -> Any:
    if isinstance(value, types.ModuleType):
        if not value.__name__.startswith("numpy"):
            return value
        name = value.__name__.removeprefix("numpy").lstrip(".")
        return _mirrored(value, name) if name else sys.modules[_HERE]
    if type(value) is types.FunctionType and value.__module__.startswith("numpy.polynomial"):
        return _POLYNOMIAL.function(value)
    return value


_POLYNOMIAL = Rebinding(_of_this_namespace, None)
