"""no_grad, enable_grad, set_grad_enabled, inference_mode: contexts, and decorators with and without parentheses."""
from __future__ import annotations

import functools
from _thread import _local
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

import numpy as np

from .. import _variable as _v

__all__ = ["enable_grad", "inference_mode", "is_grad_enabled", "is_inference_mode_enabled",
           "is_multithreading_enabled", "no_grad", "set_grad_enabled", "set_multithreading_enabled"]

_F = TypeVar("_F", bound=Callable[..., Any])


def is_grad_enabled() -> bool:
    """Whether ops of this thread are recorded.

    >>> import autodiff
    >>> with autodiff.no_grad():
    ...     autodiff.is_grad_enabled()
    False
    """
    return not (_v.mode("grad_off") or _v.mode("inference"))


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in inference mode.

    >>> import autodiff
    >>> with autodiff.inference_mode():
    ...     autodiff.is_inference_mode_enabled()
    True
    """
    return _v.mode("inference")


class _Threads(_local):
    allowed = True


_threads = _Threads()


def is_multithreading_enabled() -> bool:
    """What set_multithreading_enabled says in this thread: True at first.

    As PyTorch's torch.autograd.is_multithreading_enabled.

    >>> import autodiff
    >>> autodiff.autograd.is_multithreading_enabled()
    True
    """
    return _threads.allowed


def checked_bool(value: Any, name: str, argument: str = "enabled") -> bool:
    """A switch, as a bool; TypeError for what is none: no_grad's arguments are often mistaken for those of others."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}(): argument '{argument}' (position 1) must be bool, not {type(value).__name__}")
    return bool(value)


class _Mode:
    """A context that switches modes of this thread; used on a function, for each call; on a generator, for each step."""

    @overload
    def __new__(cls, function: _F, /) -> _F: ...

    @overload
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        if len(args) == 1 and not kwargs and callable(args[0]):
            self.__init__()
            return self(args[0])
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError(f"{cls.__name__}() takes a function to decorate, or nothing: set_grad_enabled(mode) switches by a "
                            "value")
        return self

    def _switch(self):
        raise NotImplementedError

    def __enter__(self) -> None:
        self._previous = getattr(self, "_previous", [])
        self._previous.append([(name, _v.set_mode(name, on)) for name, on in self._switch()])

    def __exit__(self, *error: object) -> None:
        for name, on in self._previous.pop():
            _v.set_mode(name, on)

    def _copy(self):
        copy = object.__new__(type(self))
        copy.__dict__.update({key: value for key, value in self.__dict__.items() if key != "_previous"})
        return copy

    def __call__(self, function: _F) -> _F:
        if isinstance(function, type):
            import warnings

            warnings.warn("Decorating classes is deprecated and will be disabled in future versions. You should only "
                          "decorate functions or methods. To preserve the current behavior of class decoration, you can "
                          "directly decorate the `__init__` method and nothing else.", FutureWarning, stacklevel=2)
            function.__init__ = self(function.__init__)
            return function
        if function.__code__.co_flags & 0x20 if hasattr(function, "__code__") else False:
            return self._wrap_generator(function)

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with self._copy():
                return function(*args, **kwargs)

        return wrapper

    def _wrap_generator(self, function):
        """The mode holds while the generator runs, and not between its yields."""

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            generator = function(*args, **kwargs)
            step, given = generator.send, None
            while True:
                try:
                    with self._copy():
                        value = step(given)
                except StopIteration as stop:
                    return stop.value
                try:
                    given = yield value
                    step = generator.send
                except GeneratorExit:
                    with self._copy():
                        generator.close()
                    raise
                except BaseException as error:
                    step, given = generator.throw, error

        return wrapper


class no_grad(_Mode):
    """Ops inside are not recorded.

    >>> import autodiff
    >>> x = autodiff.tensor(1.0, requires_grad=True)
    >>> with autodiff.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    def _switch(self):
        return (("grad_off", True),)


class enable_grad(_Mode):
    """Ops inside are recorded, also within no_grad().

    >>> import autodiff
    >>> x = autodiff.tensor(1.0, requires_grad=True)
    >>> with autodiff.no_grad(), autodiff.enable_grad():
    ...     (x * 2).requires_grad
    True
    """

    def _switch(self):
        return (("grad_off", False),)


class set_grad_enabled(_Mode):
    """Recording on or off: at once when called, undone at the end when used as a context.  Raises TypeError for no bool.

    >>> import autodiff
    >>> x = autodiff.tensor(1.0, requires_grad=True)
    >>> with autodiff.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __new__(cls, mode: bool) -> Self:
        return object.__new__(cls)

    def __init__(self, mode: bool) -> None:
        self.mode = checked_bool(mode, "set_grad_enabled")
        self._before = _v.set_mode("grad_off", not self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}(mode={self.mode})"

    def _switch(self):
        return (("grad_off", not self.mode),)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        _v.set_mode("grad_off", self._before)

    def __call__(self, function: _F) -> _F:
        _v.set_mode("grad_off", self._before)       # as a decorator it changes nothing outside the function
        mode = no_grad() if not self.mode else enable_grad()
        return mode(function)


class inference_mode(_Mode):
    """No recording, and results that can never enter a graph; inference_mode(False) switches it off inside.

    >>> import autodiff
    >>> with autodiff.inference_mode():
    ...     y = autodiff.ones(2) * 2
    >>> y.is_inference(), y.requires_grad
    (True, False)
    """

    if not TYPE_CHECKING:
        def __new__(cls, *args, **kwargs):
            if not args and len(kwargs) == 1 and callable(kwargs.get("mode")):
                args, kwargs = (kwargs["mode"],), {}        # inference_mode(mode=function): a decorator, as in PyTorch
            return super().__new__(cls, *args, **kwargs)

    def __init__(self, mode: bool = True) -> None:
        self.mode = checked_bool(mode, "inference_mode", "mode")

    def _switch(self):
        return (("inference", self.mode),) if self.mode else (("inference", False), ("grad_off", False))


class set_multithreading_enabled(_Mode):
    """Whether passes of this thread may run in threads of devices: for programs that say so; at once, or as a context.

    In PyTorch it is the threads of graphics cards.  Here, as on the CPU there, a pass runs in the thread that asks for it
    whatever is said, so that False asks for nothing but what is always so.
    As https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_multithreading_enabled.html

    >>> import autodiff
    >>> with autodiff.autograd.set_multithreading_enabled(False):
    ...     autodiff.autograd.is_multithreading_enabled()
    False
    """

    def __new__(cls, mode: bool) -> Self:
        return object.__new__(cls)

    def __init__(self, mode: bool) -> None:
        self.mode = checked_bool(mode, "set_multithreading_enabled")
        self._before = _threads.allowed
        _threads.allowed = self.mode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        _threads.allowed = self._before

    def __call__(self, function: _F) -> _F:
        _threads.allowed = self._before             # as a decorator it changes nothing outside the function

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with type(self)(self.mode):
                return function(*args, **kwargs)

        return wrapper      # type: ignore[return-value]


class _unsafe_preserve_version_counter:
    """Writes inside into a Variable, or into a tuple of them, do not count: on leaving, the versions are what they were.

    Unsafe: for code that takes the elements of a saved value away and puts them back before a pass needs them.  Where they are
    not the same, gradients are wrong without a word.  Raises RuntimeError for a Variable made in inference_mode.
    As PyTorch's torch.autograd._unsafe_preserve_version_counter.

    >>> import autodiff
    >>> x = autodiff.ones(2)
    >>> with autodiff.autograd._unsafe_preserve_version_counter(x):
    ...     x.mul_(2)
    tensor([2., 2.])
    >>> x._version
    0
    """

    def __init__(self, tensors: _v.Base | tuple[_v.Base, ...]) -> None:
        self.tensors = (tensors,) if isinstance(tensors, _v.Tensor.__base__) else tensors
        if not isinstance(self.tensors, tuple):
            raise AssertionError("Expected tensors to be a tuple")
        self.versions = tuple(tensor._version for tensor in self.tensors)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        _v.set_versions(self.tensors, self.versions)
