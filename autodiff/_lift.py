"""`autodiff.lift`: a function written for NumPy and math, run with the mirrors of both in their place."""
from __future__ import annotations

import functools
import math
import threading
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _math
from . import _variable as _variable_module
from . import numpy as _numpy
from ._pytree import flatten, map_leaves
from ._rebind import Rebinding
from ._transforms import Transform
from ._travel import by_name
from ._types import DTYPES

__all__ = ["lift"]

_v: Any = _variable_module
_Base: Any = _v.Tensor.__base__
_PLACES = ("", "linalg", "fft", "emath", "random", "testing", "lib", "lib.stride_tricks", "polynomial", "polynomial.polynomial",
           "polynomial.chebyshev", "polynomial.legendre", "polynomial.hermite", "polynomial.hermite_e", "polynomial.laguerre")


def lift(function: Any) -> Any:
    """The function with its `numpy` and `math` rebound to the mirrors that keep gradients, under whatever names it has them.

    For code that NumPy cannot differentiate as it stands: `y = np.zeros(3); y[0] = x[0]`, `np.array([x, y])` of rows,
    `A.dot(x)` of a plain array, `math.sin(x)`.  Nothing of the function is changed: a copy of it runs with `autodiff.numpy` for
    `numpy`, and so do the functions of its module that it calls.  Names of functions (`from numpy import sin`), closures,
    defaults, local imports, lambdas, generators, functools.partial, and a method with those that it calls on its object are
    seen; compiled functions, other modules and classes that the function names are left alone.  Of a class given to lift() all
    methods are lifted, in place.  Without a Variable among the arguments it returns plain arrays and numbers.

    Raises TypeError for what has no Python code.

    >>> import math
    >>> import numpy as np
    >>> import autodiff
    >>> @autodiff.lift
    ... def f(x):
    ...     y = np.zeros(2)
    ...     y[0], y[1] = math.sin(x), x ** 2
    ...     return y.sum()
    >>> autodiff.grad(f)(0.0), f(0.0)
    (1.0, np.float64(0.0))
    """
    if isinstance(function, type):
        return _lifted_class(function)
    if isinstance(function, Lifted):
        return function
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(lift(function.__func__))
    if not callable(function):
        raise TypeError(f"lift() takes a function, but got {type(function).__name__}")
    other = _other(function)
    if other is not function:
        return other        # of NumPy or math itself
    return Lifted(function)


def _again(function: Any) -> Any:
    return lift(function)


#: With more functions than these, all are rebound anew: arguments and globals may be other functions in each call.
_MOST = 1000


class Lifted:
    """What lift() makes."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function, updated=())
        self.__wrapped__ = function
        root = _root(function)
        if root is None:
            name = getattr(function, "__qualname__", None) or repr(function)
            raise TypeError(f"lift() rebinds the names of a Python function, and {name} has no Python code: call it as it is")
        self._pair: tuple[Rebinding, Any] = Rebinding(_other, root.__module__), None     # and what it made, to be called

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        rebinding, made = self._pair
        if rebinding.count > _MOST and not _wrapped.depth:
            rebinding, made = Rebinding(_other, rebinding.module), None
        if made is None or isinstance(self.__wrapped__, functools.partial):
            made = _rebound(self.__wrapped__, rebinding)
            self._pair = rebinding, made
        _wrapped.depth += 1
        try:
            rebinding.refresh()
            return self._run(rebinding, made, args, kwargs)
        finally:
            _wrapped.depth -= 1
            if not _wrapped.depth:
                _wrapped.arrays.clear()

    def _run(self, rebinding: Rebinding, made: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = any(isinstance(v, _Base) for value in (*args, *kwargs.values()) for v in flatten(value)[0])
        args = tuple([_argument(v, given, rebinding) for v in args])
        for name, value in kwargs.items():
            kwargs[name] = _argument(value, given, rebinding)
        try:
            result = made(*args, **kwargs)
        finally:
            rebinding.flush(_as_given if given else _plain)
        if _wrapped.depth == 1:
            _check_writes()
        return result if given else map_leaves(_plain, result)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"lift({getattr(self.__wrapped__, '__name__', None) or repr(self.__wrapped__)})"

    def __reduce__(self) -> Any:
        return by_name(self) or (_again, (self.__wrapped__,))


def _argument(value: Any, given: bool, rebinding: Rebinding) -> Any:
    """An argument as the function sees it: a plain array beside Variables may be written into, too."""
    kind = type(value)
    if kind is np.ndarray:
        return _ours(value) if given else value
    if isinstance(value, (_Base, float, int, list, tuple, dict, str)):
        return value
    return rebinding.replaced(value)


def _as_given(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    if not isinstance(value, _Base) or value.requires_grad or _v.carries_more(value):
        return value
    return np.asarray(value)[()]


class _Wrapped(threading.local):
    """The plain arrays that lifted functions of a thread see as Variables, while the outermost of them runs."""

    def __init__(self) -> None:
        self.depth = 0
        self.arrays: dict[int, tuple[Any, Any]] = {}


_wrapped = _Wrapped()


def _ours(array: Any) -> Any:
    """A plain array as the one Variable that all lifted functions see in its place, so that writes into it meet."""
    if array.dtype.kind not in "fciu" or array.dtype not in DTYPES:
        return array        # masks and positions are for NumPy to read
    if not _wrapped.depth:
        return _v.as_ndarray(array, None, False)
    found = _wrapped.arrays.get(id(array))
    if found is None:
        found = _wrapped.arrays[id(array)] = array, _v.as_ndarray(array, None, False)
    return found[1]


def _check_writes() -> None:
    """Say so where a plain array that others see, too, was written with what is recorded: it holds the numbers alone."""
    for array, ours in _wrapped.arrays.values():
        for other, _others in _wrapped.arrays.values() if ours._version else ():
            if other is not array and np.may_share_memory(array, other) and np.shares_memory(array, other):
                raise TypeError("a lifted function wrote into an array and saw the same memory by another one: hand in one "
                                "of them")
        if ours.requires_grad or _v.carries_more(ours):
            warnings.warn(f"a lifted function wrote values with a gradient into a plain array of shape {array.shape} that it "
                          "was given, or that is global: outside of it the array holds the numbers alone. Return them, hand in "
                          "a Variable, as np.zeros_like(x) is, or lift the function that made the array",
                          UserWarning, stacklevel=4)


def _root(function: Any) -> types.FunctionType | None:
    """The Python function that a callable runs."""
    while True:
        if isinstance(function, types.FunctionType):
            return function
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, types.MethodType):
            function = function.__func__
        elif isinstance(function, Transform):
            function = function.function
        elif isinstance(function, np.vectorize):
            function = function.pyfunc
        elif isinstance(function, (Lifted, type(functools.lru_cache(len)))):
            function = function.__wrapped__
        elif callable(function) and isinstance(type(function).__call__, (types.FunctionType, Lifted)):
            function = type(function).__call__
        else:
            return None


def _rebound(function: Any, rebinding: Rebinding) -> Any:
    """What is run in the place of the callable that lift() was given."""
    if isinstance(function, types.FunctionType):
        return rebinding.function(function)
    if isinstance(function, types.MethodType) and isinstance(function.__func__, types.FunctionType):
        return types.MethodType(rebinding.function(function.__func__), _instance(function.__self__, rebinding))
    found = rebinding.replaced(function)
    if found is function:
        call: Any = _root(type(function).__call__)
        found = types.MethodType(rebinding.function(call), _instance(function, rebinding))
    return found


def _instance(value: Any, rebinding: Rebinding) -> Any:
    """An object as its methods see it: its methods are rebound, its attributes are the object's own."""
    cls: Any = type(value)
    bases = cls.__mro__[:-1]
    if type(cls) is not type or not hasattr(value, "__dict__") or any(
            "__init_subclass__" in vars(base) or not base.__flags__ & _HEAP_TYPE for base in bases):
        return value        # a class of it could not be made without more happening
    names: dict[str, Any] = {}
    for base in reversed(bases):
        if base.__module__ == rebinding.module:
            names.update({name: rebinding.function(f) for name, f in vars(base).items() if type(f) is types.FunctionType})
    names.update(__module__=cls.__module__, __qualname__=cls.__qualname__)
    seen: Any = object.__new__(type(cls.__name__, (cls,), names))
    seen.__dict__ = value.__dict__
    return seen


_HEAP_TYPE = 1 << 9        # Py_TPFLAGS_HEAPTYPE: made by a class statement


def _lifted_class(cls: Any) -> Any:
    """A class with all functions in it lifted."""
    for name, value in list(vars(cls).items()):
        if isinstance(value, (types.FunctionType, staticmethod, classmethod)):
            if _root(getattr(value, "__func__", value)) is not None:
                setattr(cls, name, lift(value))
        elif type(value) is property:
            get, put, drop = [part if part is None else lift(part) for part in (value.fget, value.fset, value.fdel)]
            setattr(cls, name, property(get, put, drop, value.__doc__))
    return cls


# ---- what stands in whose place

def _other(value: Any) -> Any:
    """What stands in the place of a value that is no function of the program."""
    kind = type(value)
    if kind is types.ModuleType:
        return _modules().get(value.__name__, value) if value.__name__.partition(".")[0] in ("numpy", "math") else value
    if kind is np.ndarray:
        return _ours(value)
    if kind in _KINDS:
        place = _places().get(id(value))
        return value if place is None else _found(*place)
    if kind is np.vectorize:
        return _numpy.vectorize(lift(value.pyfunc), value.otypes, value.__doc__, value.excluded, value.cache, value.signature)
    if isinstance(value, Transform):
        return type(value)(lift(value.function), **value.options)
    return value


def _found(module: str, name: str) -> Any:
    found: Any = _numpy if module.startswith("numpy") else _math
    for part in filter(None, module.split(".")[1:]):
        found = getattr(found, part)
    return getattr(found, name)


#: The types of what NumPy and math have that a program may name.
_KINDS = {types.FunctionType, types.BuiltinFunctionType, np.ufunc, type, type(np.mean), type(np.r_), type(np.c_)}


def _modules() -> dict[str, Any]:
    """The mirrors, by the modules' names."""
    if not _MODULES:
        _MODULES.update({"math": _math}, **{f"numpy.{place}".rstrip("."): _module(place) for place in _PLACES})
    return _MODULES


_MODULES: dict[str, Any] = {}
_FOUND: dict[int, tuple[str, str]] = {}


def _module(place: str) -> Any:
    found: Any = _numpy
    for part in filter(None, place.split(".")):
        found = getattr(found, part)
    return found


def _places() -> dict[int, tuple[str, str]]:
    """Where functions and types of NumPy and math are found, by their id."""
    if _FOUND:
        return _FOUND
    found: dict[int, tuple[str, str]] = {}
    for place in reversed(_PLACES):
        module: Any = np
        for part in filter(None, place.split(".")):
            module = getattr(module, part)
        for name, value in vars(module).items():
            if not name.startswith("_") and type(value) in _KINDS:
                found[id(value)] = (f"numpy.{place}".rstrip("."), name)
    found.update((id(value), ("math", name)) for name, value in vars(math).items()
                 if not name.startswith("_") and callable(value))
    _FOUND.update(found)
    return _FOUND
