"""Custom Functions: an op with a derivative of the user's own."""
from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Never

from .. import _variable as _v
from .._variable import Context as FunctionCtx
from . import grad_mode

__all__ = ["BackwardCFunction", "Function", "FunctionCtx", "InplaceFunction", "once_differentiable"]

#: What the contexts of all Functions are instances of, by PyTorch's name.
BackwardCFunction = FunctionCtx


class FunctionMeta(type):
    """Gives each Function the class of its contexts, which bears its name."""

    def __init__(cls, name, bases, attributes):
        super().__init__(name, bases, attributes)
        cls._backward_cls = type(f"{name}Backward", (FunctionCtx,), {"_forward_cls": cls})


class Function(_v.Applied, metaclass=FunctionMeta):
    """An op with a derivative of your own: a class with static methods, called by `apply`.

    `forward(ctx, *args)` computes, unrecorded, and keeps what it needs by `ctx.save_for_backward(...)`; or `forward(*args)`
    computes and `setup_context(ctx, inputs, output)` keeps.  `backward(ctx, *grad_outputs)` gets the gradient of each output,
    of its shape and dtype, and returns that of each argument, None for what has none; made of ops it has derivatives itself.
    `jvp(ctx, *tangents)` is the same for forward mode.  Errors are PyTorch's.
    As https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function

    >>> import autodiff
    >>> class Exp(autodiff.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         y = x.exp()
    ...         ctx.save_for_backward(y)
    ...         return y
    ...     @staticmethod
    ...     def backward(ctx, gradient):
    ...         y, = ctx.saved_tensors
    ...         return gradient * y
    >>> x = autodiff.tensor([0.0, 1.0], requires_grad=True)
    >>> y = Exp.apply(x); y
    tensor([1.0000, 2.7183], grad_fn=<ExpBackward>)
    >>> y.sum().backward(); x.grad
    tensor([1.0000, 2.7183])
    """

    __slots__ = ()
    #: Whether vmap() batches forward(), backward() and jvp() themselves, in place of the static method vmap().
    generate_vmap_rule = False
    #: Whether ctx.saved_tensors lets go of what it gives, so that backward() may free it early; it is read once then.
    clear_saved_tensors_on_access = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should "
                      "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
                      "version of PyTorch.", DeprecationWarning, stacklevel=2)

    if not TYPE_CHECKING:
        def __getattr__(self, name):
            # What a context or a node has; nobody finds it on a Function, which is neither.
            if name == "metadata":
                raise RuntimeError("You attempted to access the anomaly metadata of a custom autograd function but the "
                                   "underlying PyNode has already been deallocated.  The most likely reason this occurred is "
                                   "because you assigned x.grad_fn to a local variable and then let the original variable get "
                                   "deallocated.  Don't do that!")
            if not name.startswith("__") and (hasattr(FunctionCtx, name) or hasattr(_v.Node_, name)
                                              or name in ("_register_hook_dict", "_set_sequence_nr")):
                raise RuntimeError(f"Attribute '{name}' is invalid for this instance of {type(self).__name__}. Accessing this "
                                   "attribute directly on an instance of autograd.Function is a legacy access pattern that is "
                                   "no longer supported. For examples on how to use new-style autograd functions, see "
                                   "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function ")
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __call__(self, *args: Any, **kwargs: Any) -> Never:
        raise RuntimeError("Legacy autograd function with non-static forward method is deprecated. Please use new-style "
                           "autograd function with static forward method. (Example: "
                           "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)")

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The values: forward(ctx, *args), or forward(*args) beside setup_context().  To be defined."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Keep what backward() and jvp() need of inputs and output, where forward() is not given the context."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments from those of the outputs.  To be defined."""
        raise NotImplementedError("You must implement either the backward or vjp method for your custom autograd.Function "
                                  "to use it with backward mode AD.")

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Another name of backward(): define one of them."""
        raise NotImplementedError("You must implement either the backward or vjp method for your custom autograd.Function "
                                  "to use it with backward mode AD.")

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs from those of the arguments.  Needed in forward mode alone."""
        raise NotImplementedError("You must implement the jvp function for custom autograd.Function to use it with forward "
                                  "mode AD.")

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        """The batched outputs and their batch dimensions: (outputs, out_dims).  Needed under vmap alone."""
        raise NotImplementedError("To use autograd.Function with vmap, you must either override the vmap static method or set "
                                  "generate_vmap_rule=True.")


_v.is_the_function(Function)


class InplaceFunction(Function):
    """The older name of Function for what writes in place, which old programs inherit from: Function does the same.

    As PyTorch's torch.autograd.function.InplaceFunction.

    >>> import autodiff
    >>> class Double(autodiff.autograd.function.InplaceFunction):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.mark_dirty(x)
    ...         return x.mul_(2)
    ...     @staticmethod
    ...     def backward(ctx, gradient):
    ...         return gradient * 2
    >>> x = autodiff.tensor(3.0, requires_grad=True)
    >>> Double.apply(x * 1)
    tensor(6., grad_fn=<DoubleBackward>)
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of backward(): what it returns has no derivative.

    A pass that reaches it again raises RuntimeError, where PyTorch misses that part of the derivative if the gradient handed to
    backward() happens to need none.
    As https://pytorch.org/docs/stable/generated/torch.autograd.function.once_differentiable.html

    >>> import autodiff
    >>> from autodiff.autograd.function import once_differentiable
    >>> class Square(autodiff.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     @once_differentiable
    ...     def backward(ctx, gradient):
    ...         return 2 * gradient * ctx.saved_tensors[0]
    >>> x = autodiff.tensor(3.0, requires_grad=True)
    >>> g, = autodiff.autograd.grad(Square.apply(x), x, create_graph=True)
    >>> g.backward()
    Traceback (most recent call last):
    ...
    RuntimeError: trying to differentiate twice a function that was marked with @once_differentiable
    """

    @functools.wraps(function)
    def backward(ctx, *gradients):
        with grad_mode.no_grad():
            results = function(ctx, *gradients)
        if not grad_mode.is_grad_enabled():
            return results
        return _v.differentiable_once(ctx, gradients, results)

    return backward
