"""Differentiation: backward, grad, grad modes, Variable, and MXNet's record, pause."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Never, TypeAlias

from .. import _variable as _v
from .._variable import SavedTensor
from . import forward_ad, function, graph
from .anomaly_mode import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from .function import Function
from .grad_mode import (
    _unsafe_preserve_version_counter as _unsafe_preserve_version_counter,
)
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    is_multithreading_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from .gradcheck import gradcheck, gradgradcheck
from .record import (
    _Scope,
    is_recording,
    is_training,
    mark_variables,
    pause,
    predict_mode,
    record,
    set_recording,
    set_training,
    train_mode,
)

__all__ = ["Function", "SavedTensor", "Variable", "backward", "detect_anomaly", "enable_grad", "forward_ad", "function",
           "functional", "grad", "gradcheck", "gradgradcheck", "graph", "inference_mode", "is_anomaly_enabled",
           "is_grad_enabled", "is_inference_mode_enabled", "is_multithreading_enabled", "is_recording", "is_training",
           "mark_variables", "no_grad", "pause", "predict_mode", "record", "set_detect_anomaly", "set_grad_enabled",
           "set_multithreading_enabled", "set_recording", "set_training", "train_mode"]


def __getattr__(name: str) -> Any:
    if name == "functional":            # imported when it is asked for, as autodiff.func is
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "functional"})


_Base: Any = _v.Tensor.__base__
_Bases: TypeAlias = _v.Base | graph.GradientEdge | Iterable[_v.Base | graph.GradientEdge]
_Gradients: TypeAlias = _v.Base | Sequence[_v.Base | None] | None


class _VariableMeta(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, _Base)


if TYPE_CHECKING:
    from .._variable import Base as Variable  # to a type checker: what both flavours have in common
    from . import functional as functional
else:
    class Variable(metaclass=_VariableMeta):
        """Variable(data, requires_grad=False): a Tensor that shares data's memory; every Tensor and ndarray is an instance.

        data: a Tensor, an ndarray, a number or nested lists.  As PyTorch's torch.autograd.Variable.

        >>> from autodiff.autograd import Variable
        >>> x = Variable([2.0], requires_grad=True)
        >>> isinstance(x, Variable), type(x).__name__
        (True, 'Tensor')
        """

        _execution_engine = _v.Engine()

        def __new__(cls, data=None, requires_grad=False, **legacy):
            return _v.make_variable(data, requires_grad, **legacy)


def variable(*args: Any, **kwargs: Any) -> Never:
    """Gone, as in PyTorch.  Raises RuntimeError, always."""
    raise RuntimeError("autodiff.autograd.variable(...) is deprecated, use autodiff.tensor(...) instead")


def _sequence(value):
    return (value,) if isinstance(value, (_Base, graph.GradientEdge)) else tuple(value)


def _gradients(given, count):
    if given is None:
        return (None,) * count
    gradients = (given,) if isinstance(given, _Base) else given
    if not isinstance(gradients, (tuple, list)):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(given).__name__}; wrap it in "
                        "autodiff.tensor(...)")
    if len(gradients) != count:
        raise RuntimeError(f"got {count} tensors and {len(gradients)} gradients")
    return tuple(gradients)


def backward(tensors: _Bases | None = None, grad_tensors: _Gradients = None, retain_graph: bool | None = None,
             create_graph: bool = False, grad_variables: _Gradients = None, inputs: _Bases | None = None, *,
             heads: _Bases | None = None, head_grads: _Gradients = None, train_mode: bool | None = None) -> None:
    """Accumulate the derivatives of tensors, weighted by grad_tensors, into the `.grad` of leaves (or of inputs).

    tensors: a Variable or several; grad_tensors: the cotangent of each, of its shape, or None for a single element.
    heads, head_grads and train_mode (what is_training() says meanwhile) are MXNet's names.  Raises RuntimeError for what
    has no graph, for a missing or misshapen cotangent and for values that an earlier pass freed.
    Semantics: https://pytorch.org/docs/stable/generated/torch.autograd.backward.html

    >>> import autodiff
    >>> x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    >>> autodiff.autograd.backward([x.sum(), x[0] * 2])
    >>> x.grad
    tensor([3., 1.])
    """
    tensors = heads if tensors is None else tensors
    grad_tensors = head_grads if grad_tensors is None else grad_tensors
    if tensors is None:
        raise TypeError("backward() needs tensors to start from")
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeError("`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. "
                               "Please only use `grad_tensors`.")
        import warnings

        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        grad_tensors = grad_variables
    if inputs is not None:
        inputs = _sequence(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    tensors = _sequence(tensors)
    with _training(train_mode):
        _v.run_backward(tensors, _gradients(grad_tensors, len(tensors)), retain_graph, create_graph, inputs, True, True,
                        "backward")


def _training(wanted):
    """MXNet's train_mode= of a pass: what is_training() says to the rules that run in it."""
    return _Scope() if wanted is None else _Scope(training=bool(wanted))


def grad(outputs: _Bases | None = None, inputs: Any = None, grad_outputs: _Gradients = None,
         retain_graph: bool | None = None, create_graph: bool = False, only_inputs: bool = True,
         allow_unused: bool | None = None, is_grads_batched: bool = False, materialize_grads: bool = False, *,
         heads: _Bases | None = None, variables: Any = None, head_grads: _Gradients = None,
         train_mode: bool | None = None) -> Any:
    """The gradients of outputs, weighted by grad_outputs, with respect to inputs: a tuple (a dict for a dict).

    Touches no `.grad`.  heads, variables, head_grads and train_mode are MXNet's names.  Raises RuntimeError for an
    input that was not used (unless allow_unused, then None, or materialize_grads, then zeros), for outputs without a
    graph, and for values that an earlier pass freed; ValueError for materialize_grads with allow_unused=False.
    Semantics: https://pytorch.org/docs/stable/generated/torch.autograd.grad.html

    >>> import autodiff
    >>> x = autodiff.tensor(3.0, requires_grad=True)
    >>> autodiff.autograd.grad(x ** 3, x, create_graph=True)
    (tensor(27., grad_fn=<MulBackward0>),)
    """
    outputs = heads if outputs is None else outputs
    inputs = variables if inputs is None else inputs
    grad_outputs = head_grads if grad_outputs is None else grad_outputs
    if callable(outputs) and not isinstance(outputs, _Base):
        raise TypeError("autograd.grad() takes the results of a computation and its inputs; what makes the gradient function "
                        "of a function is autodiff.grad(f)")
    if outputs is None or inputs is None:
        raise TypeError("grad() needs outputs and inputs")
    if not only_inputs:
        import warnings

        warnings.warn("only_inputs argument is deprecated and is ignored now (defaults to True)", FutureWarning,
                      stacklevel=2)
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
                         "allow_unused=False.")
    keys = None
    if type(inputs) is dict:
        keys = list(inputs)
        inputs = [inputs[key] for key in keys]
    outputs, inputs = _sequence(outputs), _sequence(inputs)
    if not inputs:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    gradients = _gradients(grad_outputs, len(outputs))

    def run(gradients, retain):
        return _v.run_backward(outputs, gradients, retain, create_graph, inputs, False,
                               allow_unused or materialize_grads, "grad", materialize_grads)

    with _training(train_mode):
        if is_grads_batched:
            results = _batched(run, outputs, gradients, create_graph if retain_graph is None else retain_graph)
        else:
            results = run(gradients, retain_graph)
    return results if keys is None else dict(zip(keys, results, strict=True))


def _batched(run, outputs, gradients, retain):
    """One pass for all entries of the leading dimension."""
    for i, (output, gradient) in enumerate(zip(outputs, gradients, strict=True)):
        if gradient is None:
            continue
        shape = _v.edge_metadata(output)[0] if isinstance(output, graph.GradientEdge) else output.shape
        if tuple(gradient.shape)[1:] != tuple(shape) or gradient.ndim == 0:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. "
                "The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a "
                f"mismatch was detected: grad_output[{i}] has a shape of {gradient.shape} and output[{i}] has a shape of "
                f"{shape}. If you only want some tensors in `grad_output` to be considered batched, consider using "
                "vmap.")
    if all(gradient is None for gradient in gradients):
        raise RuntimeError("grad can be implicitly created only for scalar outputs: is_grads_batched=True needs grad_outputs "
                           "with a leading batch dimension")
    from .._vmap import vmap

    used = []

    def rows(*batched):
        given = iter(batched)
        results = run(tuple(None if g is None else next(given) for g in gradients), retain)
        used[:] = [result is not None for result in results]
        return tuple(result for result in results if result is not None)

    stacked = iter(vmap(rows)(*(g for g in gradients if g is not None)))
    return tuple(next(stacked) if is_used else None for is_used in used)
