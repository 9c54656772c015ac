"""Looking at the graph, and hooks on what it saves."""
from .. import _variable as _v
from .._variable import Node_ as Node

__all__ = ["Node", "saved_tensors_hooks"]


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

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self):
        _v.push_saved_hooks(self.pack_hook, self.unpack_hook)
        return self

    def __exit__(self, *error):
        _v.pop_saved_hooks()
