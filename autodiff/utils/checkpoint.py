"""Values that a reverse pass computes again instead of keeping them.

As https://pytorch.org/docs/stable/checkpoint.html
"""
from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Never, overload

from .. import _variable as _v
from .._batching import active
from .._pytree import flatten
from ..autograd import backward as _backward
from ..autograd import enable_grad, is_grad_enabled, no_grad
from ..autograd.function import Function
from ..autograd.graph import saved_tensors_hooks
from ._numbers import Numbers, generators_among, generators_known

__all__ = ["CheckpointError", "CheckpointFunction", "check_backward_validity", "checkpoint", "checkpoint_sequential",
           "detach_variable", "noop_context_fn", "set_checkpoint_debug_enabled", "set_checkpoint_early_stop"]

_Base: Any = _v.Tensor.__base__
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

_TIP = ("Tip: a longer message, with the lines that the values were computed in, is given by `debug=True`, or inside of `with "
        "autodiff.utils.checkpoint.set_checkpoint_debug_enabled(True):`.")


class CheckpointError(RuntimeError):
    """A checkpointed function did not do the same the second time."""


class _Settings(threading.local):
    """What the context managers set, None for nothing: of a thread, so that one does not change what another computes."""

    debug: bool | None = None
    early_stop: bool | None = None


_SETTINGS = _Settings()


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Inside, checkpoints take enabled for their debug=, unless it is None.

    As torch.utils.checkpoint.set_checkpoint_debug_enabled.

    >>> import autodiff
    >>> from autodiff.utils.checkpoint import checkpoint, set_checkpoint_debug_enabled
    >>> x = autodiff.ones(2, requires_grad=True)
    >>> with set_checkpoint_debug_enabled(True):
    ...     y = checkpoint(autodiff.sin, x, use_reentrant=False)
    """
    before, _SETTINGS.debug = _SETTINGS.debug, enabled
    try:
        yield
    finally:
        _SETTINGS.debug = before


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Inside, checkpoints run their function again to its end (False), or only as far as values are needed (True).

    It concerns checkpoints whose forward computation is inside, wherever the reverse pass is.  Only use_reentrant=False stops
    early at all.  As torch.utils.checkpoint.set_checkpoint_early_stop.

    >>> import autodiff
    >>> from autodiff.utils.checkpoint import checkpoint, set_checkpoint_early_stop
    >>> def f(x):
    ...     y = x.exp()
    ...     print("the end")
    ...     return y
    >>> x = autodiff.ones(2, requires_grad=True)
    >>> with set_checkpoint_early_stop(False):
    ...     y = checkpoint(f, x, use_reentrant=False)
    the end
    >>> y.sum().backward()
    the end
    """
    before, _SETTINGS.early_stop = _SETTINGS.early_stop, enable
    try:
        yield
    finally:
        _SETTINGS.early_stop = before


def noop_context_fn() -> tuple[contextlib.AbstractContextManager[None], contextlib.AbstractContextManager[None]]:
    """Two contexts that do nothing: what checkpoint() takes for context_fn.

    >>> from autodiff.utils.checkpoint import noop_context_fn
    >>> len(noop_context_fn())
    2
    """
    return contextlib.nullcontext(), contextlib.nullcontext()


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Each Variable of a tuple as a leaf that requires grad where it did; everything else as it is.

    Raises RuntimeError for what is no tuple.

    >>> import autodiff
    >>> from autodiff.utils.checkpoint import detach_variable
    >>> x = autodiff.ones(2, requires_grad=True)
    >>> detach_variable((x * 2, 3))
    (tensor([2., 2.], requires_grad=True), 3)
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError("Only tuple of tensors is supported. Got Unsupported input type: " + type(inputs).__name__)
    return tuple(value.detach().requires_grad_(value.requires_grad) if isinstance(value, _Base) else value for value in inputs)


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn where no Variable among inputs requires grad, as gradients are None then.

    >>> from autodiff.utils.checkpoint import check_backward_validity
    >>> import autodiff
    >>> check_backward_validity([autodiff.ones(2, requires_grad=True)])
    """
    if not any(value.requires_grad for value in inputs if isinstance(value, _Base)):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)


# ---- use_reentrant=True: an op whose derivative computes again and runs a pass of its own

class CheckpointFunction(Function):
    """What checkpoint(..., use_reentrant=True) applies: unrecorded at first, recorded in the reverse pass."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        """The function's results; its Variables are saved, and where random numbers stand."""
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.numbers = Numbers((*generators_among(args), *generators_known(run_function))) if preserve_rng_state else None
        ctx.places = [place for place, value in enumerate(args) if isinstance(value, _Base)]
        ctx.inputs = [None if isinstance(value, _Base) else value for value in args]
        ctx.save_for_backward(*(args[place] for place in ctx.places))
        with no_grad():
            out = run_function(*args)
        if not isinstance(out, (tuple, _Base)) and any(isinstance(leaf, _Base) for leaf in flatten(out)[0]):
            raise TypeError(f"checkpoint with use_reentrant=True: the function returned a {type(out).__name__} of Variables, "
                            "whose gradients would be lost: return a Variable or a tuple of them, or take use_reentrant=False")
        return out

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        """The gradients, of a graph that is recorded now."""
        if not _v.pass_accumulates():
            raise RuntimeError("When use_reentrant=True, autodiff.utils.checkpoint is incompatible with .grad() or passing an "
                               "`inputs` parameter to .backward(). To resolve this error, you can either set "
                               "use_reentrant=False, or call .backward() without passing the `inputs` argument.")
        inputs = list(ctx.inputs)
        for place, value in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[place] = value
        leaves = detach_variable(tuple(inputs))
        with contextlib.nullcontext() if ctx.numbers is None else ctx.numbers.again(), enable_grad():
            outputs = ctx.run_function(*leaves)
        if isinstance(outputs, _Base):
            outputs = (outputs,)
        pairs = [(out, g) for out, g in zip(outputs, args, strict=False) if isinstance(out, _Base) and out.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        _backward([out for out, _ in pairs], [g for _, g in pairs])
        return None, None, *(leaf.grad if isinstance(leaf, _Base) else None for leaf in leaves)


# ---- use_reentrant=False: what is saved is a promise, which hooks redeem by running the function again

class _Stop(BaseException):
    """All that is needed was computed.  No Exception, which the user's function may catch."""


class _Holder:
    """What a node keeps in the place of a saved value: by pass, what was computed again for it."""

    __slots__ = ("__weakref__", "values")

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}


class _Keep(Function):
    """A node by which Variables are saved as those of any op are: versions checked, hooks further out called."""

    @staticmethod
    def forward(ctx: Any, root: Any, *tensors: Any) -> Any:
        """An alias of the first; the others are saved."""
        ctx.save_for_backward(*tensors)
        return root.detach()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Never:
        """Never run: the node is in no graph of the user's."""
        raise NotImplementedError

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        """That of an alias of what has none; tangents of what is saved are saved with it."""
        return _v.tensor(0.0)


#: What lets a node of _Keep come about though no argument requires grad.
_ROOT = _v.tensor(0.0, requires_grad=True)


def _metadata(value: Any) -> dict[str, Any]:
    return {"shape": value.shape, "dtype": value.dtype, "device": value.device}


_CHECKS: dict[str, Callable[[Any], Any]] = {"default": _metadata, "none": lambda value: None}


def _line_of_user() -> str:
    """Where outside of the package it goes on."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return "unknown" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


def _described(value: Any) -> str:
    node = value.grad_fn
    made = "a leaf" if value.is_leaf and value.requires_grad else "a constant" if node is None else node.name()
    return f"{list(value.shape)} {value.dtype} of {made}, saved at {_line_of_user()}"


class _Frame:
    """A call of a checkpointed function: how to repeat it, and whose values that gives."""

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: Numbers | None,
                 again: Any, stop: bool, check: Callable[[Any], Any], debug: bool) -> None:
        self.function, self.numbers, self.again, self.stop = function, numbers, again, stop
        self.check, self.debug = check, debug
        self.holders: list[weakref.ref[_Holder]] = []
        self.notes: list[Any] = []              # what the check says of each saved value
        self.versions: list[int | None] = []    # of each that is no result: parameters that the function knows by itself
        self.lines: list[str] = []
        self.done = False                       # the first run came to its end
        self.lenient = False                    # a pass ran within the function
        self.levels = active()
        self.kwargs = kwargs
        # Within vmap what saves values saves those of the batch: copies of handles are kept instead, which nobody writes to.
        self.args = [(value.clone() if self.levels else None) if isinstance(value, _Base) else value for value in args]
        self.places = [place for place, value in enumerate(args) if isinstance(value, _Base) and not self.levels]
        self.kept = _Keep.apply(_ROOT, *(args[place] for place in self.places)) if self.places else None

    # -- the first time

    def pack(self, value: Any) -> _Holder:
        holder = _Holder()
        self.holders.append(weakref.ref(holder))
        self.notes.append(self.check(value))
        self.versions.append(_version(value))
        if self.debug:
            self.lines.append(_described(value))
        return holder

    def unpack(self, holder: _Holder) -> Any:
        number = _v.pass_number()
        key = number if number >= 0 else object()
        if key not in holder.values:
            self.run(key)
        return holder.values.pop(key)

    # -- again

    def run(self, key: Any) -> None:
        """Give every holder that is still there its value for a pass."""
        if active()[:len(self.levels)] != self.levels:
            raise CheckpointError("autodiff.utils.checkpoint: the function ran inside of vmap, and the reverse pass is outside "
                                  "of it, where it cannot run again for one sample: put the checkpoint around vmap, as in "
                                  "checkpoint(vmap(f), x, use_reentrant=False), or the gradient into it, as in vmap(grad(f))")
        args = list(self.args)
        if self.kept is not None:
            for place, value in zip(self.places, self.kept.grad_fn.saved_tensors, strict=True):
                args[place] = value
        second = _Again(self, key)
        try:
            with (contextlib.nullcontext() if self.numbers is None else self.numbers.again(),
                  saved_tensors_hooks(second.pack, _same), enable_grad(), self.again):
                self.function(*args, **self.kwargs)
        except _Stop as stop:
            if stop.args[0] is not second:      # that of a checkpoint around this one
                raise
        second.compare()


def _same(value: Any) -> Any:
    return value


def _version(value: Any) -> int | None:
    return value._version if value.is_leaf else None


class _Again:
    """A repetition of a checkpointed function: it counts what is saved."""

    def __init__(self, frame: _Frame, key: Any) -> None:
        self.frame, self.key, self.count = frame, key, 0
        self.different: list[tuple[int, Any, Any]] = []
        self.lines: list[str] = []

    def pack(self, value: Any) -> Any:
        frame, place = self.frame, self.count
        self.count += 1
        if frame.debug:
            self.lines.append(_described(value))
        version = _version(value)
        if value.requires_grad:
            value = value.detach()
        if place >= len(frame.holders):
            if frame.done and not frame.lenient:
                self.fail("trying to save more tensors during recomputation than during the original forward pass.")
            frame.lenient = True        # a pass in the middle of the function: what was saved up to there is what it needs
            return value
        holder = frame.holders[place]()
        if holder is not None:          # else its node is gone: it was used, or nobody asks for its result
            note = frame.check(value)
            if note != frame.notes[place]:
                self.different.append((place, frame.notes[place], note))
            elif version is not None and frame.versions[place] is not None and version != frame.versions[place]:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: one of "
                    f"shape {list(value.shape)}, which a checkpointed function uses, is at version {version}; expected version "
                    f"{frame.versions[place]} instead. The function would run again with other values: write to it after the "
                    "reverse pass")
            holder.values[self.key] = value
        if frame.stop and self.count == len(frame.holders):
            raise _Stop(self)
        return value

    def compare(self) -> None:
        """Raise CheckpointError where the function saved other values than the first time."""
        frame = self.frame
        if frame.lenient:
            return
        if self.count != len(frame.holders):
            self.fail("A different number of tensors was saved during the original forward and recomputation.\n"
                      f"Number of tensors saved during forward: {len(frame.holders)}\n"
                      f"Number of tensors saved during recomputation: {self.count}.")
        if self.different:
            self.fail("Recomputed values for the following tensors have different metadata than during the forward pass.\n"
                      + "\n".join(f"tensor at position {place}:\nsaved metadata: {was}\nrecomputed metadata: {now}"
                                  for place, was, now in self.different))

    def fail(self, words: str) -> Never:
        words = f"autodiff.utils.checkpoint: {words}\n"
        if not self.frame.debug:
            raise CheckpointError(words + _TIP)
        first = next((i for i, (a, b) in enumerate(zip(self.frame.lines, self.lines, strict=False)) if a != b),
                     min(len(self.frame.lines), len(self.lines)))
        lists = [f"{title}:\n" + "\n".join(f"{'->' if i == first else '  '} {i}: {line}" for i, line in enumerate(lines))
                 for title, lines in (("Saved during the original forward", self.frame.lines),
                                      ("Saved during recomputation", self.lines))]
        raise CheckpointError(words + "\n" + "\n\n".join(lists) + f"\n\nThey part at position {first}: a function that is to "
                              "be checkpointed does the same each time that it is called.")


def _without_reentrance(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], preserve_rng_state: bool,
                        context_fn: Any, determinism_check: str, debug: bool, early_stop: bool) -> Any:
    debug = debug if _SETTINGS.debug is None else _SETTINGS.debug
    if debug and context_fn is not noop_context_fn:
        raise ValueError("debug=True is incompatible with non-default context_fn")
    if determinism_check not in _CHECKS:
        raise ValueError(f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}")
    first, again = context_fn()
    if not is_grad_enabled():
        return function(*args, **kwargs)
    numbers = (Numbers((*generators_among((*args, *kwargs.values())), *generators_known(function))) if preserve_rng_state
               else None)
    frame = _Frame(function, args, kwargs, numbers, again, early_stop if _SETTINGS.early_stop is None else _SETTINGS.early_stop,
                   _CHECKS[determinism_check], debug)
    finished = False
    with saved_tensors_hooks(frame.pack, frame.unpack), first:
        result = function(*args, **kwargs)
        finished = True
    if not finished:        # the context's __exit__ said that an exception is none
        raise RuntimeError("autodiff.utils.checkpoint: the forward context provided by context_fn suppressed an exception "
                           "raised during the checkpointed forward. This is not supported because checkpoint cannot return a "
                           "value for a failed forward.")
    frame.done = True
    return result


# ---- the call

class _Checkpointed:
    """checkpoint(use_reentrant=...)(function): a function that is checkpointed at each call."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function, updated=())
        self.function, self.options = function, options

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _checkpoint(self.function, args, kwargs, **self.options)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        bind = getattr(self.function, "__get__", None)
        if instance is None or bind is None:
            return self
        return type(self)(bind(instance, owner), self.options)

    def __reduce__(self) -> Any:
        return type(self), (self.function, self.options)


@overload
def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool | None = ..., preserve_rng_state: bool = ...,
               context_fn: Callable[[], tuple[Any, Any]] | None = ..., determinism_check: str = ..., debug: bool = ...,
               early_stop: bool = ..., **kwargs: Any) -> Any: ...
@overload
def checkpoint(function: None = ..., *, use_reentrant: bool | None = ..., preserve_rng_state: bool = ...,
               context_fn: Callable[[], tuple[Any, Any]] | None = ..., determinism_check: str = ..., debug: bool = ...,
               early_stop: bool = ...) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
def checkpoint(function: Any = None, *args: Any, use_reentrant: bool | None = None, preserve_rng_state: bool = True,
               context_fn: Callable[[], tuple[Any, Any]] | None = None, determinism_check: str = "default",
               debug: bool = False, early_stop: bool = True, **kwargs: Any) -> Any:
    """function(*args, **kwargs), whose saved values are not kept: the reverse pass runs the function again.

    use_reentrant: False for the form that works everywhere; True for the older one, which runs a pass within the pass: it takes
    no keywords, knows gradients of its Variables alone (not of those within lists), and refuses grad() and backward(inputs=).
    It is to be given; without it there is a warning, and True is taken.  preserve_rng_state: the second run draws the same
    random numbers, from the library's generator, from NumPy's global one, from generators that are arguments or that function
    refers to.
    Of use_reentrant=False alone are: context_fn, which returns two contexts, for the first run and for the second;
    determinism_check: "default" compares shapes and dtypes of what both runs save, "none" does not; debug: what was saved, and
    in which of your lines, is told where they differ; early_stop: the second run ends when it has all that is needed.
    Without a function it makes a decorator.  Raises CheckpointError in the reverse pass where the function saves other values
    the second time, RuntimeError where an argument or a leaf that it uses was written in place since.
    As https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint

    >>> import autodiff
    >>> from autodiff.utils.checkpoint import checkpoint
    >>> def f(x):
    ...     print("runs")
    ...     return x.sin().exp().sum()
    >>> x = autodiff.ones(2, requires_grad=True)
    >>> y = checkpoint(f, x, use_reentrant=False)
    runs
    >>> y.backward(); x.grad
    runs
    tensor([1.2534, 1.2534])
    """
    options: dict[str, Any] = {
        "use_reentrant": use_reentrant, "preserve_rng_state": preserve_rng_state, "debug": debug, "early_stop": early_stop,
        "context_fn": noop_context_fn if context_fn is None else context_fn, "determinism_check": determinism_check}
    if function is None and not args:
        _no_keywords(kwargs)
        return lambda function: _Checkpointed(function, options)
    return _checkpoint(function, args, kwargs, **options)


def _no_keywords(kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))


def _checkpoint(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, use_reentrant: bool | None,
                preserve_rng_state: bool, context_fn: Any, determinism_check: str, debug: bool, early_stop: bool) -> Any:
    if use_reentrant is None:
        _warn("checkpoint", stacklevel=4)
        use_reentrant = True
    if not use_reentrant:
        return _without_reentrance(function, args, kwargs, preserve_rng_state, context_fn, determinism_check, debug, early_stop)
    _no_keywords(kwargs)
    if context_fn is not noop_context_fn or debug is not False:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    return CheckpointFunction.apply(function, preserve_rng_state, *args)


def _warn(name: str, stacklevel: int) -> None:
    warnings.warn(f"autodiff.utils.checkpoint.{name}: the use_reentrant parameter should be passed explicitly. Programs for "
                  "PyTorch get use_reentrant=True without it; use_reentrant=False is recommended.", stacklevel=stacklevel)


def checkpoint_sequential(functions: Sequence[Callable[[Any], Any]], segments: int, input: Any,
                          use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """functions[-1](... functions[0](input)), in segments that are checkpointed, but for the last.

    functions: one after the other, each of the result of the one before.  segments: how many.  use_reentrant and the keyword
    preserve_rng_state: see checkpoint().  Raises ValueError for another keyword.
    As https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint_sequential

    >>> import autodiff
    >>> from autodiff.utils.checkpoint import checkpoint_sequential
    >>> x = autodiff.ones(2, requires_grad=True)
    >>> checkpoint_sequential([autodiff.sin] * 9, 3, x, use_reentrant=False).sum().backward(); x.grad
    tensor([0.0895, 0.0895])
    """
    if use_reentrant is None:
        _warn("checkpoint_sequential", stacklevel=3)
        use_reentrant = True
    preserve_rng_state = kwargs.pop("preserve_rng_state", True)
    _no_keywords(kwargs)
    functions = list(functions)

    def run(start: int, end: int) -> Callable[[Any], Any]:
        def segment(value: Any) -> Any:
            for function in functions[start:end]:
                value = function(value)
            return value

        return segment

    size, end = len(functions) // segments, 0
    for start in range(0, size * (segments - 1), size) if size else ():
        end = start + size
        input = checkpoint(run(start, end), input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state)
    return run(end, len(functions))(input)
