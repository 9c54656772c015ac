"""DLPack: memory shared with other libraries' arrays, both ways, without a copy."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import _variable
from ._types import device as _device
from ._variable import Tensor, from_numpy

_v: Any = _variable          # of which the stub has what users see alone
_Base: Any = Tensor.__base__

__all__ = ["from_dlpack"]


def _export(self: Any, *, stream: Any = None, max_version: tuple[int, int] | None = None,
            dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
    """A capsule by which other libraries share the memory: torch.from_dlpack(x), np.from_dlpack(x).

    stream: of other devices, None here.  max_version: the newest version of DLPack that the caller knows.
    dl_device: where it is wanted, (1, 0) at most.  copy: whether of a copy.

    Raises BufferError if a gradient is required, which would end there: export x.detach().
    Source: the array API standard, array.__dlpack__.

    >>> import numpy, autodiff
    >>> numpy.from_dlpack(autodiff.tensor([1.0, 2.0]))
    array([1., 2.])
    """
    if self.requires_grad or _v.records(self):      # or carries a tangent
        raise BufferError("Can't export tensors that require gradient, use tensor.detach(): the gradient ends there")
    more: dict[str, Any] = {"max_version": max_version, "dl_device": dl_device, "copy": copy}
    # NumPy 2.0 knows none of these, and needs none where they are not given.
    return self.numpy().__dlpack__(stream=stream, **{key: value for key, value in more.items() if value is not None})


def _export_device(self: Any) -> tuple[int, int]:
    """The device as DLPack numbers them: (1, 0), the CPU.

    >>> import autodiff
    >>> autodiff.tensor(1.0).__dlpack_device__()
    (1, 0)
    """
    return 1, 0


def array_from_dlpack(x: Any, device: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
    """An array of NumPy's that shares another's memory, or with copy=True is one."""
    if device is not None:
        _device(device)
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"from_dlpack() takes an object with a method __dlpack__, not {type(x).__name__}")
    shared = np.from_dlpack(x)
    if copy:
        return shared.copy()
    if not shared.flags.writeable:
        if copy is False:
            raise BufferError("from_dlpack(copy=False): the memory may only be read, and Variables can be written: pass "
                              "copy=True")
        return shared.copy()
    return shared


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A Tensor that shares the memory of another library's array.

    ext_tensor: an object with `__dlpack__`, such as a torch.Tensor or a numpy.ndarray, of any shape and a dtype that there is
    here.  device: 'cpu' or None.  copy: True for a copy, False to have none; None makes one only where the memory may not
    be written.

    Raises TypeError for something else, and what its library raises if it does not hand its memory out, as PyTorch does for
    tensors that require grad.
    Source: PyTorch, torch.from_dlpack.

    >>> import autodiff, numpy
    >>> a = numpy.zeros(2)
    >>> x = autodiff.from_dlpack(a)
    >>> a[0] = 5.0
    >>> x
    tensor([5., 0.])
    """
    return from_numpy(array_from_dlpack(ext_tensor, device, copy))


_export.__name__, _export.__qualname__ = "__dlpack__", "Tensor.__dlpack__"
_export_device.__name__, _export_device.__qualname__ = "__dlpack_device__", "Tensor.__dlpack_device__"
for _method in (_export, _export_device):
    _v.install_method(_Base, _method.__name__, _method)
