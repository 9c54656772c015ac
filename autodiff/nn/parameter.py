"""Parameters: leaves that are told from other Variables by isinstance."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _variable as _v

__all__ = ["Parameter"]

_Base: Any = _v.Tensor.__base__


class _ParameterMeta(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, _Base) and getattr(instance, "_is_param", False) is True


if TYPE_CHECKING:
    from .._variable import Tensor as Parameter
else:
    class Parameter(metaclass=_ParameterMeta):
        """Parameter(data=None, requires_grad=True): a leaf that shares data's memory, and says that it is a parameter.

        data: a Variable of either flavour, whose graph is left behind, or an array, a number or nested lists; nothing at
        all is an empty Tensor.  requires_grad: whether passes compute its gradient, under no_grad, too.  It is a Tensor (or
        ndarray) of data's dtype and shape, for which isinstance(p, Parameter) holds; so it does for its copies and what is
        unpickled, and not for what is computed with it.  Raises RuntimeError where integers are to require grad, TypeError
        for what is no array of numbers.
        As https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html

        >>> import autodiff
        >>> autodiff.nn.Parameter(autodiff.ones(2))
        Parameter containing:
        tensor([1., 1.], requires_grad=True)
        """

        def __new__(cls, data=None, requires_grad=True):
            if data is None:
                data = _v.tensor([])
            elif not isinstance(data, _Base):
                data = _v.as_tensor(data)
            if requires_grad and not (data.is_floating_point() or data.is_complex()):
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients: give "
                                   "requires_grad=False")
            result = data.detach()
            result.requires_grad_(requires_grad)
            result._is_param = True
            return result
