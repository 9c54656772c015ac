"""Derivatives of functions of Tensors: PyTorch's older interface; `autodiff.func` has functions of functions."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import _batching
from .. import _variable as _v
from .._transforms import Hessian, JacFwd
from . import grad_mode

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_Base: Any = _v.Tensor.__base__
_OPS: Any = _v.OPS


def _tuple(value: Any, what: str, caller: str) -> tuple[bool, tuple[Any, ...]]:
    """(whether it was one, a tuple)."""
    several = isinstance(value, tuple)
    values = value if several else (value,)
    for i, entry in enumerate(values):
        if not isinstance(entry, _Base):
            if several:
                raise TypeError(f"The {what} given to {caller} must be either a Tensor or a tuple of Tensors but the value at "
                                f"index {i} has type {type(entry)}.")
            raise TypeError(f"The {what} given to {caller} must be either a Tensor or a tuple of Tensors but the given {what} "
                            f"has type {type(entry)}.")
    return several, values


class _Call:
    """The function on inputs of their own, and what it returned."""

    def __init__(self, func: Callable[..., Any], inputs: Any, caller: str, create_graph: bool, strict: bool,
                 scalar: bool = False) -> None:
        self.caller, self.create_graph, self.strict = caller, create_graph, strict
        self.several, given = _tuple(inputs, "inputs", caller)
        with grad_mode.enable_grad():
            for v in given:
                if not v.is_floating_point() and not v.is_complex():
                    raise RuntimeError("only Tensors of floating point dtype can require gradients: convert the inputs of "
                                       f"{caller}, as by x.double()")
            self.inputs = tuple([_v.fork(v if create_graph else v.detach()) for v in given])
            self.several_out, self.outputs = _tuple(func(*self.inputs), "outputs of the user-provided function", caller)
        if scalar:
            if self.several_out:
                raise RuntimeError(f"The function given to {caller} should return a single Tensor")
            if self.outputs[0].numel() != 1 if type(self.outputs[0]) is _v.Tensor else self.outputs[0].size != 1:
                raise RuntimeError(f"The Tensor returned by the function given to {caller} should contain a single element")
        if strict:
            for i, output in enumerate(self.outputs):
                if not output.requires_grad:
                    raise RuntimeError(f"Output {i} of the user-provided function does not require gradients. The outputs must "
                                       "be computed in a differentiable manner from the input when running in strict mode.")

    def vectors(self, v: Any, like: Sequence[Any], several: bool, of_input: bool) -> tuple[Any, ...]:
        """The vector of a product, checked."""
        if v is None:
            if len(like) != 1 or _count(like[0]) != 1:
                of = "input to the user-provided function is" if of_input else "user-provided function returns"
                raise RuntimeError(f"The vector v can only be None if the {of} a single Tensor with a single element.")
            return (_v.zeros_like(like[0]) + 1.0,)
        _, values = _tuple(v, "v", self.caller)
        if len(values) != len(like):
            if several:
                raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(values)}.")
            raise RuntimeError("The given v should contain a single Tensor.")
        for i, (value, other) in enumerate(zip(values, like, strict=True)):
            if tuple(value.shape) != tuple(other.shape):
                entry = f"Entry {i} in " if several else ""
                raise RuntimeError(f"{entry}v has invalid size: should be {other.shape} but got {value.shape}.")
        return tuple([value if self.create_graph else value.detach() for value in values])

    def gradients(self, outputs: Sequence[Any], cotangents: Sequence[Any], inputs: Sequence[Any],
                  create_graph: bool) -> list[Any]:
        pairs = [(o, g) for o, g in zip(outputs, cotangents, strict=True) if o is not None and o.requires_grad]
        if not pairs:
            return [None] * len(inputs)
        found, _ = _v.gradients(tuple([o for o, _ in pairs]), tuple([g for _, g in pairs]), tuple(inputs), True, create_graph)
        return list(found)

    def depends(self, found: Sequence[Any], what: str = "output", **named: Any) -> None:
        """In strict mode, each gradient must be there."""
        if self.strict:
            for i, g in enumerate(found):
                if g is None:
                    raise RuntimeError(_STRICT[what].format(i=i, **named))

    def filled(self, found: Sequence[Any], like: Sequence[Any], what: str = "output", **named: Any) -> tuple[Any, ...]:
        """Zeros where there is no gradient; in strict mode that is an error, and what has no graph where one is asked for."""
        self.depends(found, what, **named)
        if self.strict and self.create_graph:
            order = "hessian" if what == "jacobian" else "jacobian"
            for i, g in enumerate(found):
                if not g.requires_grad:
                    raise RuntimeError(f"The {order} of the user-provided function is independent of input {i}. This is not "
                                       "allowed in strict mode when create_graph=True.")
        return tuple([_v.zeros_like(other) if g is None else g for g, other in zip(found, like, strict=True)])

    def given(self, values: Sequence[Any], several: bool) -> Any:
        values = values if self.create_graph else [value.detach() for value in values]
        return tuple(values) if several else values[0]


_STRICT = {
    "output": "The output of the user-provided function is independent of input {i}. This is not allowed in strict mode.",
    "row": "Output {output} of the user-provided function is independent of input {i}. This is not allowed in strict mode.",
    "product": "Output {i} of the user-provided function is independent of the input. This is not allowed in strict mode.",
    "jacobian": ("While computing the hessian, found that the jacobian of the user-provided function with respect to input {i} "
               "is independent of the input. This is not allowed in strict mode. You should ensure that your function is twice "
               "differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for "
               "example)."),
}


def _count(value: Any) -> int:
    count = 1
    for size in value.shape:
        count *= size
    return count


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(outputs, v times the Jacobian): a product for each input.

    inputs, and what func returns: a Variable or a tuple of them.  v: of the outputs' shapes; may be left out for a single
    element.  create_graph: results are part of the graph of inputs.  strict: an output that does not depend on an input is an
    error and not zeros.  Raises RuntimeError for a v of other shapes, TypeError for what is no Variable.
    As https://pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html

    >>> import autodiff
    >>> autodiff.autograd.functional.vjp(lambda x: x * x, autodiff.tensor([1.0, 2.0]), autodiff.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    call = _Call(func, inputs, "vjp", create_graph, strict)
    vectors = call.vectors(v, call.outputs, call.several_out, False)
    found = call.gradients(call.outputs, vectors, call.inputs, create_graph)
    return call.given(call.outputs, call.several_out), call.given(call.filled(found, call.inputs), call.several)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(outputs, the Jacobian times v): a product for each output.

    See vjp(); v has the inputs' shapes.  The product is made of two reverse passes, as PyTorch's; forward mode is
    `autodiff.jvp`.  As https://pytorch.org/docs/stable/generated/torch.autograd.functional.jvp.html

    >>> import autodiff
    >>> autodiff.autograd.functional.jvp(lambda x: x * x, autodiff.tensor([1.0, 2.0]), autodiff.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    call = _Call(func, inputs, "jvp", create_graph, strict)
    vectors = call.vectors(v, call.inputs, call.several, True)
    with grad_mode.enable_grad():
        ones = tuple([_v.zeros_like(output).requires_grad_() for output in call.outputs])
    pulled = call.gradients(call.outputs, ones, call.inputs, True)
    call.depends(pulled)
    products = call.filled(call.gradients(pulled, vectors, ones, create_graph), call.outputs, "product")
    return call.given(call.outputs, call.several_out), call.given(products, call.several_out)


def jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
             strategy: str = "reverse-mode") -> Any:
    """The Jacobian, of shape (*output, *input): for each output, for each input.

    See vjp().  vectorize: all rows in one batched pass, or with strategy="forward-mode" all columns; not together with strict.
    As https://pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html

    >>> import autodiff
    >>> autodiff.autograd.functional.jacobian(lambda x: x * x, autodiff.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _check(strategy, "jacobian", create_graph, strict, vectorize)
    if strategy == "forward-mode":
        return _by_columns(func, inputs, "jacobian")
    call = _Call(func, inputs, "jacobian", create_graph, strict)
    parts = [_blocks(call, i, output, vectorize, call.several) for i, output in enumerate(call.outputs)]
    return tuple(parts) if call.several_out else parts[0]


def _blocks(call: _Call, i: int, output: Any, vectorize: bool, several: bool) -> Any:
    """The Jacobian of the output at i, for each input.  What puts its rows together is recorded under no_grad, too."""
    with grad_mode.enable_grad():
        rows = _rows(call, i, output, vectorize)
        return call.given([_OPS.reshape(row, (*output.shape, *v.shape))
                           for row, v in zip(rows, call.inputs, strict=True)], several)


def _rows(call: _Call, i: int, output: Any, vectorize: bool) -> Sequence[Any]:
    """The derivatives of all elements of the output at i, stacked, for each input."""
    count = _count(output)
    if output.is_complex() or any(v.is_complex() for v in call.inputs):
        raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {output.dtype}: take "
                           f"{call.caller} of the real and of the imaginary part")
    if not output.requires_grad or not count:
        return [_v.zeros_like(v).expand((count, *v.shape)) for v in call.inputs]
    identity = _v.constant_of(_identity(count, output), output)

    def run(cotangent: Any) -> Sequence[Any]:
        found = call.gradients((output,), (cotangent,), call.inputs, call.create_graph)
        return call.filled(found, call.inputs, "row", output=i)

    if vectorize:
        return _batching.batch_rows(run, (identity,), count)
    rows = [run(identity[i]) for i in range(count)]
    return [_v.FUNCTIONS["stack"](list(column)) for column in zip(*rows, strict=True)]


def _identity(count: int, like: Any) -> Any:
    import numpy as np

    return np.eye(count, dtype=_v.dtype_in(like)).reshape((count, *like.shape))


def _by_columns(func: Callable[..., Any], inputs: Any, caller: str) -> Any:
    several, given = _tuple(inputs, "inputs", caller)
    values = tuple([v.detach() for v in given])
    found = JacFwd(func, argnums=tuple(range(len(values))), has_aux=False, randomness="error")(*values)
    flat = isinstance(found[0], tuple)
    if several:
        return found
    return tuple([row[0] for row in found]) if flat else found[0]


def _check(strategy: str, caller: str, create_graph: bool, strict: bool, vectorize: bool) -> None:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more '
                             'outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use '
                             '"reverse-mode".')
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(f"autodiff.autograd.functional.{caller}: `create_graph=True` and "
                                      '`strategy="forward-mode"` are not supported together (yet). Please either set '
                                      '`create_graph=False` or `strategy="reverse-mode"`.')
        if strict:
            raise RuntimeError(f"autodiff.autograd.functional.{caller}: `strict=True` and `strategy=\"forward-mode\"` are not "
                               'supported together (yet). Please either set `strict=False` or `strategy="reverse-mode"`.')
        if not vectorize:
            raise NotImplementedError("Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented "
                                      "for `vectorize=True`.")
    if strict and vectorize:
        raise RuntimeError(f"autodiff.autograd.functional.{caller}: `strict=True` and `vectorized=True` are not supported "
                           "together. Please either set `strict=False` or `vectorize=False`.")


def hessian(func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
            outer_jacobian_strategy: str = "reverse-mode") -> Any:
    """The matrix of second derivatives of a function with a single element: for each input, for each input.

    See jacobian().  As https://pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html

    >>> import autodiff
    >>> autodiff.autograd.functional.hessian(lambda x: (x ** 3).sum(), autodiff.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    _check(outer_jacobian_strategy, "hessian", create_graph, strict, vectorize)
    several = isinstance(inputs, tuple)
    if outer_jacobian_strategy == "forward-mode":
        _, values = _tuple(inputs, "inputs", "hessian")
        _Call(func, inputs, "hessian", False, False, scalar=True)
        found = Hessian(lambda *v: func(*v).sum(), argnums=tuple(range(len(values))))(*[v.detach() for v in values])
        return found if several else found[0][0]
    call = _Call(func, inputs, "hessian", create_graph, strict, scalar=True)
    first = call.gradients(call.outputs, (_v.zeros_like(call.outputs[0]) + 1.0,), call.inputs, True)
    call.depends([g if g is not None and g.requires_grad else None for g in first], "jacobian")
    call.strict = False         # what the second derivatives depend on is the function's affair
    parts = [_blocks(call, i, _v.zeros_like(v) if g is None else g, vectorize, several)
             for i, (g, v) in enumerate(zip(first, call.inputs, strict=True))]
    return tuple(parts) if several else parts[0]


def _hessian_product(func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool, caller: str) -> Any:
    call = _Call(func, inputs, caller, create_graph, strict, scalar=True)
    vectors = call.vectors(v, call.inputs, call.several, True)
    first = call.gradients(call.outputs, (_v.zeros_like(call.outputs[0]) + 1.0,), call.inputs, True)
    call.depends(first)
    call.depends([g if g is not None and g.requires_grad else None for g in first], "jacobian")
    found = call.gradients(first, vectors, call.inputs, create_graph)
    return (call.given(call.outputs, False),
            call.given(call.filled(found, call.inputs, "jacobian"), call.several))


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(outputs, v times the Hessian) of a function with a single element.

    See vjp(); v has the inputs' shapes.
    As https://pytorch.org/docs/stable/generated/torch.autograd.functional.vhp.html

    >>> import autodiff
    >>> autodiff.autograd.functional.vhp(lambda x: (x ** 3).sum(), autodiff.tensor([1.0, 2.0]), autodiff.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product(func, inputs, v, create_graph, strict, "vhp")


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(outputs, the Hessian times v) of a function with a single element: the same as vhp(), the Hessian being symmetric.

    As https://pytorch.org/docs/stable/generated/torch.autograd.functional.hvp.html

    >>> import autodiff
    >>> autodiff.autograd.functional.hvp(lambda x: (x ** 3).sum(), autodiff.tensor([1.0, 2.0]), autodiff.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product(func, inputs, v, create_graph, strict, "hvp")
