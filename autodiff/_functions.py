"""Functions whose work is a method's: autodiff.sum(x, dim) is x.sum(dim)."""
from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _variable as _v
from ._types import SCALAR_NAMES, Size, dtype_of, to_numpy_dtype
from ._types import device as _device
from ._variable import Tensor, common_dtype_of, from_numpy, integer_given, into, number_operand, plain_of

if TYPE_CHECKING:
    from ._variable import Base, _Number

_Base: Any = Tensor.__base__


def _operand(x, name):
    if not isinstance(x, _Base):
        found = _v.lifted_object(x)
        if found is None:
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
        return found
    return x


def _by_method(name: str, out: bool = False) -> Any:
    """A function that calls the method of its first argument; what the method's help says holds of it, too.

    ``out``: whether it takes out=, a Variable to write the result into.
    """
    # NumPy's flavour has methods of these names that read NumPy's arguments.
    shared = getattr(_Base, name) if name in ("sum", "mean") else None

    def plain(input, *args, **kwargs):
        if shared is not None:
            return shared(_operand(input, name), *args, **kwargs)
        return getattr(_operand(input, name), name)(*args, **kwargs)

    def written(input, *args, out=None, **kwargs):
        if out is None:
            return plain(input, *args, **kwargs)
        return into(out, name, lambda x: plain(x, *args, **kwargs), (input,))

    function = written if out else plain

    function.__name__ = function.__qualname__ = name
    function.__doc__ = inspect.getdoc(getattr(Tensor, name))
    # The method's own signature: help() and the test of the type stubs shall see what it takes.  Of a method of C inspect
    # would read it from a text with the tokenizer and re, 5 ms of an import, and making Signatures here takes another half.
    text = getattr(Tensor, name).__text_signature__[1:-1].replace("$self, /", "input").replace("$self", "input")
    if out and "out=" not in text:
        text += ", out=None" if "*" in text else ", *, out=None"
    function.__wrapped__ = eval(f"lambda {text}: 0")
    return function


sum = _by_method("sum", out=True)
mean = _by_method("mean", out=True)
norm = _by_method("norm", out=True)
flatten = _by_method("flatten")
unbind = _by_method("unbind")
reshape = _by_method("reshape")
ravel = _by_method("ravel")
select = _by_method("select")
narrow = _by_method("narrow")
swapaxes = _by_method("swapaxes")
transpose = _by_method("transpose")
permute = _by_method("permute")
t = _by_method("t")
squeeze = _by_method("squeeze")
unsqueeze = _by_method("unsqueeze")
clone = _by_method("clone")


def is_tensor(value: object) -> bool:
    """Whether a value is a Variable of either flavour.

    >>> import autodiff
    >>> autodiff.is_tensor(autodiff.ones(1)), autodiff.is_tensor(1.0)
    (True, False)
    """
    return isinstance(value, _Base)


def is_floating_point(input: Base) -> bool:
    """Whether the dtype is float16, float32 or float64.

    >>> import autodiff
    >>> autodiff.is_floating_point(autodiff.ones(1))
    True
    """
    return bool(_operand(input, "is_floating_point").is_floating_point())


def is_complex(input: Base) -> bool:
    """Whether the dtype is complex64 or complex128.

    >>> import autodiff
    >>> autodiff.is_complex(autodiff.ones(1))
    False
    """
    return bool(_operand(input, "is_complex").is_complex())


def is_inference(input: Base) -> bool:
    """Whether the Variable was made in inference_mode.  Raises TypeError for what is no Variable.

    >>> import autodiff
    >>> with autodiff.inference_mode():
    ...     x = autodiff.ones(1)
    >>> autodiff.is_inference(x)
    True
    """
    return bool(_operand(input, "is_inference").is_inference())


def is_conj(input: Base) -> bool:
    """False: a conjugate is computed at once, and never a promise to do so later.  Raises TypeError for what is no Variable.

    >>> import autodiff
    >>> autodiff.is_conj(autodiff.tensor([1j]).conj())
    False
    """
    return bool(_operand(input, "is_conj").is_conj())


def is_neg(input: Base) -> bool:
    """False: negation is computed at once, as is_conj() says of conjugation.  Raises TypeError for what is no Variable.

    >>> import autodiff
    >>> autodiff.is_neg(-autodiff.ones(1))
    False
    """
    return bool(_operand(input, "is_neg").is_neg())


def is_nonzero(input: Base) -> bool:
    """Whether the only element is not zero; RuntimeError unless there is exactly one.

    >>> import autodiff
    >>> autodiff.is_nonzero(autodiff.tensor([2.0]))
    True
    """
    return bool(_operand(input, "is_nonzero").is_nonzero())


def result_type(tensor1: Base | _Number, tensor2: Base | _Number) -> Any:
    """The dtype of what an op makes of two operands.

    >>> import autodiff
    >>> autodiff.result_type(autodiff.ones(2, dtype=autodiff.float32), 1.5)
    autodiff.float32
    """
    return dtype_of(common_dtype_of([tensor1, tensor2]))


def _plain(x, name):
    array = plain_of(x)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{name}(): arguments 'input' and 'other' must be Tensors, arrays or numbers, not {type(x).__name__}")
    return array


def allclose(input: Base, other: Base, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are equal within atol + rtol * abs(other).

    Shapes are broadcast; NaN equals NaN if equal_nan.

    >>> import autodiff
    >>> autodiff.allclose(autodiff.tensor([1.0]), autodiff.tensor([1.0 + 1e-9]))
    True
    """
    try:
        rtol, atol = float(rtol), float(atol)
    except (TypeError, ValueError):
        raise TypeError("allclose(): arguments 'rtol' and 'atol' must be numbers") from None
    taken = _v.asked("allclose", (input, other), (rtol, atol, equal_nan), leaves=True) if _v.levels else NotImplemented
    if taken is not NotImplemented:
        return bool(taken)
    return bool(np.allclose(_plain(input, "allclose"), _plain(other, "allclose"), rtol=rtol, atol=atol, equal_nan=equal_nan))


def equal(input: Base, other: Base) -> bool:
    """Whether two Variables have the same shape and elements.

    >>> import autodiff
    >>> autodiff.equal(autodiff.tensor([1.0, 2.0]), autodiff.tensor([1, 2]))
    True
    """
    taken = _v.asked("equal", (input, other), leaves=True) if _v.levels else NotImplemented
    if taken is not NotImplemented:
        return bool(taken)
    return bool(np.array_equal(_plain(input, "equal"), _plain(other, "equal")))


def _triangle_indices(name: str, row: int, col: int, offset: int, dtype: Any, device: Any, layout: Any) -> Tensor:
    row, col, offset = (integer_given(value, name, argument)
                        for argument, value in (("row", row), ("col", col), ("offset", offset)))
    for word, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{word} must be non-negative, got{n}")
    if device is not None:
        _device(device)
    kind = to_numpy_dtype(np.int64 if dtype is None else dtype)
    if kind not in (np.int64, np.int32):
        raise NotImplementedError(f'"{name}" not implemented for \'{SCALAR_NAMES[kind.name]}\'')
    found = np.tril_indices(row, offset, col) if name == "tril_indices" else np.triu_indices(row, offset, col)
    return from_numpy(np.stack(found).astype(kind))


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """Rows and columns of the elements of a matrix on and below a diagonal, as a Tensor of two rows.

    >>> tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle_indices("tril_indices", row, col, offset, dtype, device, layout)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """Rows and columns of the elements of a matrix on and above a diagonal, as a Tensor of two rows.

    >>> triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _triangle_indices("triu_indices", row, col, offset, dtype, device, layout)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that operands of these shapes are broadcast to; an int is a shape of one dimension.

    >>> broadcast_shapes((2, 1), (3,))
    autodiff.Size([2, 3])
    """
    given = [tuple(integer_given(n, "broadcast_shapes", "shapes", 0, "tuple of ints")
                   for n in ((shape,) if isinstance(shape, int) else shape)) for shape in shapes]
    result: list[int] = []
    for position, shape in enumerate(given):
        if any(n < 0 for n in shape):
            raise ValueError("Attempting to broadcast a dimension with negative length!")
        result = [1] * (len(shape) - len(result)) + result
        for i in range(-1, -1 - len(shape), -1):
            if result[i] == 1:
                result[i] = shape[i]
            elif shape[i] not in (1, result[i]):
                raise RuntimeError(f"Attempting to broadcast a dimension of length {shape[i]} at {i}! Mismatching argument "
                                   f"at index {position} had {shape}; but expected shape should be broadcastable to {result}")
    return Size(result)


def polygamma(n: int, input: Base) -> Any:
    """The derivative of order n of digamma, in PyTorch's order of arguments; input.polygamma(n).

    n: 0 to 100; input: any shape, floats (integers become the default dtype).  Raises TypeError where n is no int,
    RuntimeError where it is negative or above 100.
    Formula: Abramowitz and Stegun 6.4.1.

    >>> import autodiff
    >>> autodiff.polygamma(1, autodiff.tensor([1.0]))
    tensor([1.6449])
    """
    return number_operand(input, "polygamma", position=2).polygamma(n)
