"""Looking at the graph, and hooks on what it saves."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from .. import _variable as _v
from .._variable import Node_ as Node

__all__ = ["Node", "save_on_disk", "saved_tensors_hooks"]


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
        _v.push_saved_hooks(self.pack_hook, self.unpack_hook)
        return self

    def __exit__(self, *error: object) -> None:
        _v.pop_saved_hooks()


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

            import numpy as np

            handle, path = tempfile.mkstemp(suffix=".npy", prefix="autodiff-", dir=directory)
            file = _File(path)
            with os.fdopen(handle, "wb") as stream:
                np.save(stream, array, allow_pickle=False)
            return file

        def unpack(packed: Any) -> _v.Base:
            if not isinstance(packed, _File):
                return packed
            import numpy as np

            return _v.from_numpy(np.load(packed.path, allow_pickle=False))

        super().__init__(pack, unpack)
