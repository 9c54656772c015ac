"""Looking at the graph, hooks on what it saves and on several gradients, edges as inputs and outputs of a pass."""
from __future__ import annotations

import contextlib
import weakref
from _thread import _local
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, Self

import numpy as np

from .. import _variable as _v
from .._variable import GradientEdge, RemovableHandle
from . import grad_mode

__all__ = ["GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge",
           "increment_version", "register_multi_grad_hook", "save_on_cpu", "save_on_disk", "saved_tensors_hooks"]


class Node(ABC):
    """What every node of a graph is an instance of: those of ops, of leaves, and contexts of custom functions.

    Made by recorded ops alone; a virtual base class, as PyTorch's torch.autograd.graph.Node: it stands in no node's mro.

    >>> import autodiff
    >>> x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    >>> y = x * x
    >>> isinstance(y.grad_fn, autodiff.autograd.graph.Node), y.grad_fn.name()
    (True, 'MulBackward0')
    """

    @abstractmethod
    def name(self) -> str:
        """The node's name, as PyTorch's."""
        raise NotImplementedError

    @property
    @abstractmethod
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes of the operands, each with the number of its output: ((node or None, number), ...)."""
        raise NotImplementedError

    @property
    @abstractmethod
    def metadata(self) -> dict[Any, Any]:
        """A dict of the user's, kept with the node."""
        raise NotImplementedError

    @property
    @abstractmethod
    def _input_metadata(self) -> tuple[Any, ...]:
        """Shape, dtype and device of each result, and so of each gradient that the node takes."""
        raise NotImplementedError

    @abstractmethod
    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(grad_inputs, grad_outputs) after the node ran; a tuple that it returns replaces grad_inputs."""
        raise NotImplementedError

    @abstractmethod
    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(grad_outputs) before the node runs; a tuple that it returns replaces grad_outputs."""
        raise NotImplementedError

    @abstractmethod
    def _sequence_nr(self) -> int:
        """The place in the order of creation."""
        raise NotImplementedError

    @classmethod
    def __subclasshook__(cls, subclass: type) -> bool:
        return issubclass(subclass, (_v.Node_, _v.Context)) or subclass is Node if cls is Node else NotImplemented


def get_gradient_edge(tensor: _v.Base) -> GradientEdge:
    """The place in the graph at which the gradient of a Variable arrives: a named tuple (node, output_nr, ownership_token).

    backward() and grad() take it as an input and as an output.  It is that of the value as of now: it holds after the Variable
    is deleted or written in place.  Raises RuntimeError for a Variable that requires no gradient.
    As PyTorch's torch.autograd.graph.get_gradient_edge.

    >>> import autodiff
    >>> x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    >>> y = x * 3
    >>> edge = autodiff.autograd.graph.get_gradient_edge(y)
    >>> total = (y * y).sum()
    >>> del y
    >>> autodiff.autograd.grad(total, edge)
    (tensor([ 6., 12.]),)
    """
    if not isinstance(tensor, _v.Tensor.__base__):
        raise TypeError(f"get_gradient_edge(): expected a Tensor, got {type(tensor).__name__}")
    return _v.gradient_edge(tensor)


def increment_version(tensor: _v.Base | Iterable[_v.Base]) -> None:
    """Tell the library that the elements of a Variable, or of several, were written by code that it did not see.

    A pass that needs a value saved before then raises, as after a write in place.  Variables made in inference_mode have no
    version and are passed over.  Raises RuntimeError for what is no Variable.
    As PyTorch's torch.autograd.graph.increment_version.

    >>> import autodiff
    >>> x = autodiff.ones(2)
    >>> x.numpy()[0] = 5.0
    >>> autodiff.autograd.graph.increment_version(x); x._version
    1
    """
    base = _v.Tensor.__base__
    if isinstance(tensor, base):
        tensor = (tensor,)
    elif not isinstance(tensor, Iterable):
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    tensors = tuple(tensor)
    for each in tensors:
        if not isinstance(each, base):
            raise RuntimeError("increment_version expects each element of the iterable to be a tensor")
    _v.increment_versions(tensors)


# ---- hooks

class _MultiHandle(RemovableHandle):
    """The handles of a hook on several gradients, as one."""

    __slots__ = ("handles",)

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __getstate__(self) -> Any:
        return self.handles

    def __setstate__(self, state: Any) -> None:
        self.handles = state


def register_multi_grad_hook(tensors: Sequence[_v.Base], fn: Callable[..., Any], *,
                             mode: Literal["all", "any"] = "all") -> RemovableHandle:
    """Call fn once in each reverse pass, when the gradients of several Variables are there.

    mode="all": fn(gradients), a list with a Variable, or None, for each of tensors, as soon as all that take part in the pass
    have theirs; None for those that do not.  mode="any": fn(gradient) with the first.  What fn returns is of no matter, and it
    should not write into its arguments.  Returns a handle whose remove() takes the hook away; also a context manager.  Raises
    ValueError for another mode, RuntimeError for a Variable that requires no gradient ("any" passes over it).
    As PyTorch's torch.autograd.graph.register_multi_grad_hook; of leaves it works in grad(), too.

    >>> import autodiff
    >>> a, b = (autodiff.tensor(v, requires_grad=True) for v in (2.0, 3.0))
    >>> c, d = a * b, a + b
    >>> handle = autodiff.autograd.graph.register_multi_grad_hook((a, b, c, d), lambda gs: print([g is not None for g in gs]))
    >>> c.backward()
    [True, True, True, False]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    key = object()      # what is known of a pass goes with the pass, also when that raises
    if mode == "any":
        def first(gradient: _v.Tensor) -> None:
            notes = _v.pass_notes()
            if key not in notes:
                notes[key] = True
                fn(gradient)

        return _MultiHandle(tuple(tensor.register_hook(first) for tensor in tensors if tensor.requires_grad))
    tensors = tuple(tensors)
    if not all(tensor.requires_grad for tensor in tensors):
        raise RuntimeError("Expected gradient function to be set: one of the tensors does not require gradient")
    handles: list[RemovableHandle] = []

    def of(position: int) -> Callable[[_v.Tensor], None]:
        def one(gradient: _v.Tensor) -> None:
            notes = _v.pass_notes()
            if key not in notes:
                notes[key] = [sum(_v.will_call(handles)), [None] * len(handles)]
            known = notes[key]
            known[0] -= 1
            known[1][position] = gradient
            if known[0] == 0:
                fn(known[1])

        return one

    handles.extend(tensor.register_hook(of(i)) for i, tensor in enumerate(tensors))
    return _MultiHandle(tuple(handles))


def _current_graph_task_id() -> int:
    """The number of the reverse pass that runs in this thread, -1 outside of one."""
    return _v.pass_number()


def _current_graph_task_execution_order() -> list[Any]:
    """The nodes of the reverse pass that runs in this thread, in the order in which it comes to them.

    Raises RuntimeError outside of a pass, and as in PyTorch unless set_multithreading_enabled(False) holds.
    """
    order = _v.execution_order()
    if grad_mode.is_multithreading_enabled():
        raise RuntimeError("get_current_graph_task_execution_order expects the current backward to be executed with "
                           "multithreading disabled, e.g. by running:\n\n>>> with autodiff.autograd.set_multithreading_enabled("
                           "False):\n...     autodiff.autograd.grad(...)\n")
    return order


def _current_autograd_node() -> Any:
    """The node whose derivative or hooks the reverse pass in this thread runs; None outside of one."""
    return _v.running_node()


def _will_engine_execute_node(node: Any) -> bool:
    """Whether the reverse pass that runs in this thread comes to a node.

    Raises RuntimeError outside of one, for what is no node, and for that of a leaf in grad(), where no leaf accumulates.
    """
    if not isinstance(node, Node):
        raise RuntimeError(f"_will_engine_execute_node expects an grad_fn, but got {type(node).__name__}")
    node = _v.node_of_context(node)
    return not isinstance(node, _v.Context) and _v.will_run(node)       # a context whose node is gone is in no pass


# ---- hooks on saved values

class saved_tensors_hooks:
    """Inside, every saved value goes through pack_hook, and through unpack_hook when the reverse pass needs it.

    pack_hook(tensor) returns anything; unpack_hook(that) returns a Tensor of the same values.  The innermost pair wins.
    As PyTorch's torch.autograd.graph.saved_tensors_hooks.

    >>> import autodiff
    >>> x = autodiff.tensor([2.0], requires_grad=True)
    >>> with autodiff.autograd.graph.saved_tensors_hooks(lambda t: t.numpy().tobytes(), lambda b: autodiff.tensor([2.0])):
    ...     y = x * x
    >>> y.backward(); x.grad
    tensor([4.])
    """

    def __init__(self, pack_hook: Callable[[_v.Tensor], Any], unpack_hook: Callable[[Any], _v.Base]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> Self:
        _remember_saved_hooks()
        _v.push_saved_hooks(self.pack_hook, self.unpack_hook)
        return self

    def __exit__(self, *error: object) -> None:
        _remember_saved_hooks()
        _v.pop_saved_hooks()


class _SavedHooks:
    """The saved-tensor hooks of a thread as a pass found them, which they are again when the pass lets go of this."""

    __slots__ = ("stack",)

    def __init__(self) -> None:
        self.stack = _v.saved_hooks()

    def __del__(self) -> None:
        _v.restore_saved_hooks(self.stack)


def _remember_saved_hooks() -> None:
    """What a hook enters or leaves during a pass, without the other half, is undone at the end of the pass, as in PyTorch."""
    if _v.pass_number() >= 0:
        notes = _v.pass_notes()
        if "saved hooks" not in notes:
            notes["saved hooks"] = _SavedHooks()


class _File:
    """A saved array in a file, removed with the last reference to it."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __del__(self) -> None:
        import os

        try:
            os.remove(self.path)
        except FileNotFoundError:       # the user's temporary directory was cleaned up before the graph went
            return


class save_on_disk(saved_tensors_hooks):
    """Inside, saved arrays of at least `threshold` bytes wait for the reverse pass in files of a directory.

    directory: where (default: the system's for temporary files).  Files go with the graph, or as the walk passes them.
    Raises OSError if the directory cannot be written to.

    >>> import autodiff
    >>> x = autodiff.ones(1000, requires_grad=True)
    >>> with autodiff.autograd.graph.save_on_disk(threshold=1):
    ...     y = (x * x).sum()
    >>> y.backward(); x.grad[:2]
    tensor([2., 2.])
    """

    def __init__(self, directory: str | None = None, threshold: int = 1 << 20) -> None:
        def pack(tensor: _v.Tensor) -> Any:
            array = tensor.detach().numpy()
            if array.nbytes < threshold:
                return tensor
            import os
            import tempfile

            handle, path = tempfile.mkstemp(suffix=".npy", prefix="autodiff-", dir=directory)
            file = _File(path)
            with os.fdopen(handle, "wb") as stream:
                np.save(stream, array, allow_pickle=False)
            return file

        def unpack(packed: Any) -> _v.Base:
            if not isinstance(packed, _File):
                return packed
            return _v.from_numpy(np.load(packed.path, allow_pickle=False))

        super().__init__(pack, unpack)


class save_on_cpu(saved_tensors_hooks):
    """PyTorch's context that keeps saved values in the CPU's memory.  They are there: nothing is moved.

    pin_memory, device_type: taken and of no effect, as there is no other device.  Inside, saved-tensor hooks further out are
    not called, as within any saved_tensors_hooks; a value that was written in place since raises RuntimeError in the pass.

    >>> import autodiff
    >>> x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    >>> with autodiff.autograd.graph.save_on_cpu(pin_memory=True):
    ...     y = (x * x).sum()
    >>> y.backward(); x.grad
    tensor([2., 4.])
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: _v.Tensor) -> Any:
            return tensor, tensor._version

        def unpack(packed: Any) -> _v.Base:
            tensor, version = packed
            if tensor._version != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"[{tensor.type()} {list(tensor.shape)}] is at version {tensor._version}; expected version {version} "
                    "instead.")
            return tensor

        super().__init__(pack, unpack)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, or in the calls of a decorated function, saved-tensor hooks are refused: RuntimeError with this message.

    Raised where hooks would be entered, and at once where some are in force already.  Of this thread alone.
    As PyTorch's torch.autograd.graph.disable_saved_tensors_hooks.

    >>> import autodiff
    >>> graph = autodiff.autograd.graph
    >>> with graph.disable_saved_tensors_hooks("no hooks in here"):
    ...     with graph.save_on_cpu():
    ...         pass
    Traceback (most recent call last):
    RuntimeError: no hooks in here
    """
    if not isinstance(error_message, str):
        raise TypeError(f"disable_saved_tensors_hooks(): error_message must be str, not {type(error_message).__name__}")
    before = _v.refuse_saved_hooks(error_message)
    try:
        if _v.saved_hooks_are_on():
            raise RuntimeError(error_message)
        yield
    finally:
        _v.refuse_saved_hooks(before)


# ---- writes to what was saved

class _Allowing(_local):
    """Whether a thread is inside of allow_mutation_on_saved_tensors."""

    on = False


_allowing = _Allowing()


class _Handle:
    """What a saved value is packed as: whether it is still the value, or a copy, stands in the context."""

    __slots__ = ("__weakref__", "place")

    def __init__(self, place: tuple[Any, ...]) -> None:
        self.place = place


class _AllowMutationOnSavedContext:
    """What allow_mutation_on_saved_tensors keeps: the saved values, and copies of those that were written since."""

    def __init__(self) -> None:
        self.cloned: weakref.WeakKeyDictionary[_Handle, _v.Tensor] = weakref.WeakKeyDictionary()
        self.original: weakref.WeakKeyDictionary[_Handle, _v.Tensor] = weakref.WeakKeyDictionary()
        self.tid_to_weakhandle: weakref.WeakValueDictionary[tuple[Any, ...], _Handle] = weakref.WeakValueDictionary()

    def clear(self) -> None:
        """Forget everything: what was saved inside cannot be used any more."""
        self.cloned.clear()
        self.original.clear()
        self.tid_to_weakhandle.clear()

    def _pack(self, tensor: _v.Tensor) -> _Handle:
        place = (*_v.storage_of(tensor), tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
        handle = self.tid_to_weakhandle.get(place)
        if handle is None:
            handle = self.tid_to_weakhandle[place] = _Handle(place)
            self.original[handle] = tensor.detach()
        return handle

    def _unpack(self, handle: _Handle) -> _v.Tensor:
        for known in (self.cloned, self.original):
            if _allowing.on and handle in known:
                return known[handle]
        raise AssertionError("Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph "
                             "was originally recorded.")

    def _before(self, call: Any) -> Any:
        """A level above the ops: before a write, what was saved of the same elements is copied."""
        if call.into is not None:
            elements = call.into.detach().numpy()
            for handle, tensor in list(self.original.items()):
                if np.may_share_memory(elements, tensor.numpy()):       # `.data` has a storage of its own on the same memory
                    self.cloned[handle] = tensor.clone()
                    del self.original[handle]
                    self.tid_to_weakhandle.pop(handle.place, None)      # the storage may go, and its address come again
        return NotImplemented


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_AllowMutationOnSavedContext]:
    """Inside, Variables that were saved for a reverse pass may be written in place: what was saved is copied before the write.

    The pass must run inside of the same context, too; outside it raises AssertionError.  Gives an object whose `original` and
    `cloned` hold the saved values and the copies.  Raises RuntimeError inside of another one.
    As PyTorch's torch.autograd.graph.allow_mutation_on_saved_tensors.

    >>> import autodiff
    >>> with autodiff.autograd.graph.allow_mutation_on_saved_tensors():
    ...     x = autodiff.tensor([2.0, 3.0], requires_grad=True)
    ...     y = x.clone()
    ...     z = (y ** 2).sum()
    ...     y = y.sin_()
    ...     z.backward()
    >>> x.grad
    tensor([4., 6.])
    """
    if _allowing.on:
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    context = _AllowMutationOnSavedContext()
    with saved_tensors_hooks(context._pack, context._unpack):
        _v.push_level(context._before)
        _allowing.on = True
        try:
            yield context
        finally:
            _allowing.on = False
            _v.pop_level()
            context.clear()
