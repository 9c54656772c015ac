"""Constructors: Tensors from sizes, ranges and random numbers.  Random numbers are NumPy's."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _variable as _v
from ._random import drawn_from
from ._types import Size, dtype_of, to_numpy_dtype
from ._types import device as _device
from ._variable import Tensor, as_tensor, from_numpy, tensor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from ._random import Generator
    from ._types import dtype as _dtype_type
    from ._variable import Base, _Device, _DType, _Number

    _Source: TypeAlias = Generator | np.random.Generator

__all__ = ["BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor", "IntTensor",
           "LongTensor", "ShortTensor", "arange", "as_tensor", "asarray", "bernoulli", "empty", "empty_like", "eye",
           "from_numpy", "full", "full_like", "get_default_device", "get_default_dtype", "linspace", "logspace", "numel",
           "ones", "ones_like", "rand", "rand_like", "randint", "randn", "randn_like", "set_default_device",
           "set_default_dtype", "tensor", "zeros", "zeros_like"]

def set_default_device(device: _Device | None) -> None:
    """The device of new Tensors: 'cpu', or None, which is the same; another raises RuntimeError.

    >>> import autodiff
    >>> autodiff.set_default_device("cpu")
    """
    if device is not None:
        _device(device)


def get_default_device() -> _device:
    """The device of new Tensors.

    >>> import autodiff
    >>> autodiff.get_default_device()
    device(type='cpu')
    """
    return _device("cpu")


def set_default_dtype(d: _DType) -> None:
    """The dtype that Python floats get: float64 at first, float32 for PyTorch's.  Raises TypeError for another.

    >>> import autodiff
    >>> autodiff.set_default_dtype(autodiff.float32)
    >>> autodiff.tensor(1.5).dtype
    autodiff.float32
    >>> autodiff.set_default_dtype(autodiff.float64)
    """
    _v.set_default_type(d)


def get_default_dtype() -> _dtype_type:
    """The dtype that Python floats get.

    >>> import autodiff
    >>> autodiff.get_default_dtype()
    autodiff.float64
    """
    return dtype_of(_v.get_default_type())


def _sizes(name, args, size):
    if size is not None:
        if args:
            raise TypeError(f"{name}() takes sizes as arguments or as size=, not both")
        args = size if isinstance(size, (tuple, list)) else (size,)
    elif len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = args[0]
    sizes = tuple(_v.integer_given(n, name, "size", 1, "tuple of ints") for n in args)
    if any(n < 0 for n in sizes):
        raise RuntimeError(f"{name}: Dimension size must be non-negative, not {list(sizes)}")
    return sizes


def _dtype(given, default=None):
    if given is not None:
        return to_numpy_dtype(given)
    return _v.get_default_type() if default is None else default


def _number(name, argument, position, value):
    value = _v.number_given(value, name, argument)
    if not isinstance(value, (int, float, complex, np.number, np.bool)):
        raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Number, not {type(value).__name__}")
    return value


def _real(name, argument, position, value):
    value = _number(name, argument, position, value)
    if isinstance(value, (complex, np.complexfloating)):
        raise TypeError(f"{name}(): argument '{argument}' must be a real number, not {value}")
    return value


def _finish(result, requires_grad, device=None):
    if device is not None:
        _device(device)
    if requires_grad:
        if to_numpy_dtype(result.dtype).kind not in "fc":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        result.requires_grad_(True)
    return result


def zeros(*args: int | Sequence[int], size: int | Sequence[int] | None = None, dtype: _DType | None = None,
          requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """Zeros of a shape, given as sizes, a tuple or size=.

    In the default dtype unless dtype= is given.  Raises RuntimeError for a negative size, and for requires_grad of
    integers or bools.

    >>> import autodiff
    >>> autodiff.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return _finish(_v.full_of(_sizes("zeros", args, size), 0.0, _dtype(dtype)), requires_grad, device)


def ones(*args: int | Sequence[int], size: int | Sequence[int] | None = None, dtype: _DType | None = None,
         requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """Ones of a shape, given as sizes, a tuple or size=.

    In the default dtype unless dtype= is given.  Raises RuntimeError for a negative size, and for requires_grad of
    integers or bools.

    >>> import autodiff
    >>> autodiff.ones((2,), dtype=autodiff.int64)
    tensor([1, 1])
    """
    return _finish(_v.full_of(_sizes("ones", args, size), 1.0, _dtype(dtype)), requires_grad, device)


def empty(*args: int | Sequence[int], size: int | Sequence[int] | None = None, dtype: _DType | None = None,
          requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """A Tensor of a shape whose elements are still to be written (zeros, so that nothing old shows).

    >>> import autodiff
    >>> autodiff.empty(2, 3).shape
    autodiff.Size([2, 3])
    """
    return _finish(_v.full_of(_sizes("empty", args, size), 0.0, _dtype(dtype)), requires_grad, device)


def full(size: int | Sequence[int], fill_value: Base | _Number, *, dtype: _DType | None = None,
         requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """A shape filled with one number; the dtype follows the number unless given.

    Raises TypeError for a fill_value that is no number or requires grad (use fill_value.expand(size)), RuntimeError for
    a negative size.

    >>> import autodiff
    >>> autodiff.full((2,), 1.5), autodiff.full((2,), 3).dtype
    (tensor([1.5000, 1.5000]), autodiff.int64)
    """
    fill_value = _number("full", "fill_value", 2, fill_value)
    inferred = np.dtype(bool) if isinstance(fill_value, bool) else np.dtype(np.int64) if isinstance(fill_value, int) else None
    if isinstance(fill_value, (complex, np.complexfloating)):
        inferred = np.promote_types(_v.get_default_type(), np.complex64)
    return _finish(_v.full_of(_sizes("full", (size,), None), fill_value, _dtype(dtype, inferred)), requires_grad, device)


def _is_variable(value):
    return isinstance(value, Tensor.__base__)


def _require_variable(name, value):
    if not _is_variable(value):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(value).__name__}")


def _like(name, value, other, dtype, requires_grad, device=None):
    _require_variable(name, other)
    d = to_numpy_dtype(dtype if dtype is not None else other.dtype)
    return _finish(_filled_beside(other, other.shape, value, d), requires_grad, device)


def _filled_beside(other, shape, value, d):
    """A shape filled with one number; under vmap a batch where the other is one, so that it can take results of a batch."""
    pair = _v.physical_of(other) if _v.levels else None
    if pair is None:
        return _v.full_of(tuple(shape), value, d)
    physical, level = pair
    return level.wrap(_filled_beside(physical, (level.size, *shape), value, d))


def zeros_like(input: Base, *, dtype: _DType | None = None, requires_grad: bool = False,
               device: _Device | None = None) -> Tensor:
    """Zeros of another Variable's shape and dtype.

    >>> import autodiff
    >>> autodiff.zeros_like(autodiff.tensor([1, 2]))
    tensor([0, 0])
    """
    return _like("zeros_like", 0.0, input, dtype, requires_grad, device)


def ones_like(input: Base, *, dtype: _DType | None = None, requires_grad: bool = False,
              device: _Device | None = None) -> Tensor:
    """Ones of another Variable's shape and dtype.

    >>> import autodiff
    >>> autodiff.ones_like(autodiff.tensor([1, 2]))
    tensor([1, 1])
    """
    return _like("ones_like", 1.0, input, dtype, requires_grad, device)


def empty_like(input: Base, *, dtype: _DType | None = None, requires_grad: bool = False,
               device: _Device | None = None) -> Tensor:
    """A Tensor of another Variable's shape and dtype, still to be written.

    >>> import autodiff
    >>> autodiff.empty_like(autodiff.zeros(2, 3)).shape
    autodiff.Size([2, 3])
    """
    return _like("empty_like", 0.0, input, dtype, requires_grad, device)


def full_like(input: Base, fill_value: Base | _Number, *, dtype: _DType | None = None, requires_grad: bool = False,
              device: _Device | None = None) -> Tensor:
    """Another Variable's shape and dtype, filled with one number.

    >>> import autodiff
    >>> autodiff.full_like(autodiff.zeros(2), 7.0)
    tensor([7., 7.])
    """
    fill_value = _number("full_like", "fill_value", 2, fill_value)
    return _like("full_like", fill_value, input, dtype, requires_grad, device)


def _take(array, requires_grad=False, device=None):
    return _finish(tensor(array), requires_grad, device)


def asarray(obj: Any, *, dtype: _DType | None = None, device: _Device | None = None, copy: bool | None = None,
            requires_grad: bool = False) -> Tensor:
    """obj as a Tensor, sharing memory where that is possible, unless copy=True.

    >>> import autodiff
    >>> autodiff.asarray([1.0, 2.0])
    tensor([1., 2.])
    """
    result = tensor(obj, dtype=dtype, device=device) if copy and not _is_variable(obj) else as_tensor(obj, dtype, device)
    return _finish(result.detach().clone() if copy and result is obj else result, requires_grad)


def arange(start: Base | _Number = 0, end: Base | _Number | None = None, step: Base | _Number = 1, *,
           dtype: _DType | None = None, requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """Numbers from start (0 if only the end is given) up to, without, end; integers if all arguments are.

    Raises RuntimeError for a step of 0, or one that leads away from the end, TypeError for an argument that requires
    grad.

    >>> import autodiff
    >>> autodiff.arange(3), autodiff.arange(1, 2, 0.5)
    (tensor([0, 1, 2]), tensor([1.0000, 1.5000]))
    """
    if end is None:
        start, end = 0, start
    start, end, step = bounds = [_real("arange", argument, position, value) for position, (argument, value) in enumerate(
        (("start", start), ("end", end), ("step", step)), 1)]
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    floats = any(isinstance(v, float) for v in bounds)
    d = _dtype(dtype, None if floats else np.dtype(np.int64))
    values = np.arange(start, end, step, dtype=np.float64 if floats else None).astype(d)
    return _take(values, requires_grad, device)


def _ends(name, start, end, steps):
    start, end = _number(name, "start", 1, start), _number(name, "end", 2, end)
    steps = _v.integer_given(steps, name, "steps")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return start, end, steps


def linspace(start: Base | _Number, end: Base | _Number, steps: int, *, dtype: _DType | None = None,
             requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """steps numbers from start to end, both included.

    Raises RuntimeError for a negative number of steps, TypeError for a start or end that requires grad: write
    start + (end - start) * linspace(0, 1, steps).

    >>> import autodiff
    >>> autodiff.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    start, end, steps = _ends("linspace", start, end, steps)
    return _take(np.linspace(start, end, steps).astype(_dtype(dtype)), requires_grad, device)


def logspace(start: Base | _Number, end: Base | _Number, steps: int, base: float = 10.0, *, dtype: _DType | None = None,
             requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """base to the power of steps numbers from start to end, both included.

    In the default dtype unless dtype= is given; a negative base has NaN where the power is no whole number.  Raises
    RuntimeError for a negative number of steps, TypeError for an argument that requires grad: write base ** (start +
    (end - start) * linspace(0, 1, steps)).
    As https://pytorch.org/docs/stable/generated/torch.logspace.html

    >>> import autodiff
    >>> autodiff.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    start, end, steps = _ends("logspace", start, end, steps)
    base = _real("logspace", "base", 4, base)
    d = _dtype(dtype)
    if dtype is None and any(isinstance(v, (complex, np.complexfloating)) for v in (start, end)):
        d = np.promote_types(d, np.complex64)
    with np.errstate(all="ignore"):
        values = np.power(base if base >= 0 or d.kind != "c" else complex(base), np.linspace(start, end, steps)).astype(d)
    return _take(values, requires_grad, device)


def eye(n: int, m: int | None = None, *, dtype: _DType | None = None, requires_grad: bool = False,
        device: _Device | None = None) -> Tensor:
    """Ones on the diagonal of an n by m matrix, zeros elsewhere; m is n if not given.

    Raises RuntimeError for a negative size.

    >>> import autodiff
    >>> autodiff.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows = _v.integer_given(n, "eye", "n")
    columns = rows if m is None else _v.integer_given(m, "eye", "m")
    for name, size in (("n", rows), ("m", columns)):
        if size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    return _take(np.eye(rows, columns, dtype=_dtype(dtype)), requires_grad, device)


def _random_of(name, method, args, size, generator, dtype, requires_grad, device, out=None):
    if out is not None:
        return _random_into(out, name, lambda d: _random_of(name, method, args, size, generator, d, False, None), dtype,
                            requires_grad, device)
    d = _dtype(dtype)
    if d.kind not in "fc":
        raise NotImplementedError(f"{name}() makes floating point and complex numbers, not {d}; use randint() for integers")
    sizes = _sizes(name, args, size)
    numbers = drawn_from(generator, name)
    given = () if generator is None else (numbers,)
    taken = _v.asked(name, (), (sizes, d, *given)) if _v.levels else NotImplemented
    if taken is not NotImplemented:
        return _finish(taken, requires_grad, device)
    values = np.asarray(getattr(numbers, method)((*sizes, 2) if d.kind == "c" else sizes))
    if method == "random":      # what rounding would make 1 stays below it
        values = np.minimum(values, 1 - float(np.finfo(d).epsneg))
    elif d.kind == "c":
        values = values * math.sqrt(0.5)
    if d.kind == "c":
        values = values.view(np.complex128)[..., 0]
    return _take(np.asarray(values).astype(d), requires_grad, device)


def _made_into(out, name, result):
    """A result that depends on no Variable written into out=, or the result itself."""
    if out is None:
        return result
    if not _is_variable(out):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    return _v.into(out, name, lambda _: result, (result,))


def _random_into(out, name, draw, dtype, requires_grad, device):
    """Random numbers written into out=, in its dtype."""
    if not _is_variable(out):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if dtype is not None and to_numpy_dtype(dtype) != to_numpy_dtype(out.dtype):
        raise RuntimeError(f"dtype {dtype} does not match dtype of out parameter ({out.dtype})")
    return _finish(_made_into(out, name, draw(out.dtype)), requires_grad, device)


def rand(*args: int | Sequence[int], size: int | Sequence[int] | None = None,
         generator: _Source | None = None, dtype: _DType | None = None,
         requires_grad: bool = False, device: _Device | None = None,
         out: Base | None = None) -> Tensor:
    """Uniform random numbers in [0, 1); of a complex dtype, both parts are.

    The shape is given as sizes, a tuple or size=; manual_seed() makes the numbers repeatable, and generator= draws them
    from a Generator (or one of NumPy's).  Raises NotImplementedError for integers and bools, TypeError for a generator that
    is none.

    >>> import autodiff
    >>> autodiff.rand(2, 3).shape
    autodiff.Size([2, 3])
    """
    return _random_of("rand", "random", args, size, generator, dtype, requires_grad, device, out)


def randn(*args: int | Sequence[int], size: int | Sequence[int] | None = None,
          generator: _Source | None = None, dtype: _DType | None = None,
          requires_grad: bool = False, device: _Device | None = None,
          out: Base | None = None) -> Tensor:
    """Standard normal random numbers; of a complex dtype, the variance of 1 is shared by both parts.

    The shape is given as sizes, a tuple or size=; manual_seed() makes the numbers repeatable, and generator= draws them
    from a Generator (or one of NumPy's).  Raises NotImplementedError for integers and bools, TypeError for a generator that
    is none.

    >>> import autodiff
    >>> autodiff.randn(2, 3).shape
    autodiff.Size([2, 3])
    """
    return _random_of("randn", "standard_normal", args, size, generator, dtype, requires_grad, device, out)


def rand_like(input: Base, *, generator: _Source | None = None, dtype: _DType | None = None,
              requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """Uniform random numbers in another Variable's shape and dtype.

    >>> import autodiff
    >>> autodiff.rand_like(autodiff.zeros(2, 3)).shape
    autodiff.Size([2, 3])
    """
    _require_variable("rand_like", input)
    return rand(tuple(input.shape), generator=generator, dtype=dtype if dtype is not None else input.dtype,
                requires_grad=requires_grad, device=device)


def randn_like(input: Base, *, generator: _Source | None = None, dtype: _DType | None = None,
               requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """Standard normal random numbers in another Variable's shape and dtype.

    >>> import autodiff
    >>> autodiff.randn_like(autodiff.zeros(2, 3)).shape
    autodiff.Size([2, 3])
    """
    _require_variable("randn_like", input)
    return randn(tuple(input.shape), generator=generator, dtype=dtype if dtype is not None else input.dtype,
                 requires_grad=requires_grad, device=device)


def randint(low: int, high: int | Sequence[int] | None = None, size: Sequence[int] | None = None, *,
            generator: _Source | None = None, dtype: _DType | None = None, requires_grad: bool = False,
            device: _Device | None = None, out: Base | None = None) -> Tensor:
    """Random integers from low (0 if only high is given) up to, without, high; generator= as for rand.

    >>> import autodiff
    >>> int(autodiff.randint(5, 6, (1,)))
    5
    """
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    low, high = _v.integer_given(low, "randint", "low"), _v.integer_given(high, "randint", "high")
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if out is not None:
        return _random_into(out, "randint", lambda d: randint(low, high, size, generator=generator, dtype=d), dtype,
                            requires_grad, device)
    sizes, d = _sizes("randint", (size,), None), _dtype(dtype, np.dtype(np.int64))
    numbers = drawn_from(generator, "randint")
    given = () if generator is None else (numbers,)
    taken = _v.asked("randint", (), (low, high, sizes, d, *given)) if _v.levels else NotImplemented
    if taken is not NotImplemented:
        return _finish(taken, requires_grad, device)
    return _take(np.asarray(numbers.integers(low, high, sizes)).astype(d), requires_grad, device)


def bernoulli(input: Base, p: Base | _Number | None = None, *, generator: _Source | None = None,
              out: Base | None = None) -> Any:
    """Ones and zeros, drawn: each element is 1 with the probability that input has there, or with p if that is given.

    input: a Variable of floats in [0, 1]; where p is given, its shape and dtype alone matter.  The result has its shape and
    dtype.  Its derivative is 0 everywhere.  Raises RuntimeError for a probability that is none, NotImplementedError for input
    that is not of floats.
    As https://pytorch.org/docs/stable/generated/torch.bernoulli.html

    >>> import autodiff
    >>> autodiff.bernoulli(autodiff.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    _require_variable("bernoulli", input)
    d = to_numpy_dtype(input.dtype)
    if p is None and d.kind != "f":
        raise NotImplementedError(f"bernoulli() draws with probabilities in floating point, not {d}; "
                                  "x.bernoulli_(p) writes into a Tensor of another dtype")
    if out is not None:
        return _v.into(out, "bernoulli", lambda *_: bernoulli(input, p, generator=generator).detach(), (input,))
    drawn = _drawn_ones("bernoulli", input, input if p is None else p, generator).to(d)
    _v.name_node(drawn, "BernoulliBackward0")
    return drawn


def _drawn_ones(name, like, p, generator):
    """1 or 0 in the shape of a Variable, in float64, each 1 with the probability p, a number or a Variable."""
    if _is_variable(p):
        probability, values = p, p.detach()
        # Inside of vmap values are not there to be looked at.
        fits = bool(_v.levels) or bool(((values >= 0) & (values <= 1)).all())
    else:
        p = _real(name, "p", 2, p)
        probability, fits = _v.in_flavour(tensor(p, dtype=np.float64), like), 0 <= p <= 1
    if not fits:        # NaN neither
        raise RuntimeError("bernoulli_ expects p to be in [0, 1]" + ("" if _is_variable(p) else f", but got p={p}"))
    # Below p lies a share p of the numbers in [0, 1).  In float64, where none is rounded up to 1; the difference is above 0 for
    # just those, and ceil has the derivative 0.
    drawn = _v.in_flavour(rand(tuple(like.shape), generator=generator, dtype=np.float64), like)
    # Between 0 and 1 also inside of vmap, where nobody has looked.
    probability = _v.OPS.minimum(_v.OPS.maximum(probability.to(np.float64), 0.0), 1.0)
    if _is_variable(p) and tuple(p.shape) != tuple(like.shape):
        probability = _v.OPS.expand(probability, tuple(like.shape))
    return (probability - drawn).ceil().abs()


def numel(input: Base) -> int:
    """The number of elements.

    >>> import autodiff
    >>> autodiff.numel(autodiff.zeros(2, 3))
    6
    """
    _require_variable("numel", input)
    return input.numel()


# ---- methods: what a Variable makes of its own flavour and dtype

def _new(self, name, args, size, value, dtype, requires_grad, device):
    _require_variable(name, self)       # a method of the class can be called with whatever comes
    if not args and size is None:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    made = _filled_beside(self, _sizes(name, args, size), value, to_numpy_dtype(self.dtype if dtype is None else dtype))
    return _finish(_v.in_flavour(made, self), requires_grad, device)


def new_zeros(self: Base, *args: int | Sequence[int], size: int | Sequence[int] | None = None,
              dtype: _DType | None = None, requires_grad: bool = False, device: _Device | None = None) -> Any:
    """Zeros of a shape, given as sizes, a tuple or size=, in the dtype of this Variable unless dtype= is given.

    Of its flavour; its values and its graph do not matter.  Raises what zeros raises.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html

    >>> import autodiff
    >>> autodiff.tensor([1, 2]).new_zeros(3)
    tensor([0, 0, 0])
    """
    return _new(self, "new_zeros", args, size, 0.0, dtype, requires_grad, device)


def new_ones(self: Base, *args: int | Sequence[int], size: int | Sequence[int] | None = None,
             dtype: _DType | None = None, requires_grad: bool = False, device: _Device | None = None) -> Any:
    """Ones of a shape, given as sizes, a tuple or size=, in the dtype of this Variable unless dtype= is given.

    Of its flavour; its values and its graph do not matter.  Raises what ones raises.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.new_ones.html

    >>> import autodiff
    >>> autodiff.tensor([1, 2]).new_ones(3)
    tensor([1, 1, 1])
    """
    return _new(self, "new_ones", args, size, 1.0, dtype, requires_grad, device)


def new_empty(self: Base, *args: int | Sequence[int], size: int | Sequence[int] | None = None,
              dtype: _DType | None = None, requires_grad: bool = False, device: _Device | None = None) -> Any:
    """A shape whose elements are still to be written (zeros), in the dtype of this Variable unless dtype= is given.

    Of its flavour.  Raises what empty raises.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.new_empty.html

    >>> import autodiff
    >>> autodiff.tensor([1, 2]).new_empty(2, 3).shape
    autodiff.Size([2, 3])
    """
    return _new(self, "new_empty", args, size, 0.0, dtype, requires_grad, device)


def new_full(self: Base, size: Sequence[int], fill_value: Base | _Number, *, dtype: _DType | None = None,
             requires_grad: bool = False, device: _Device | None = None) -> Any:
    """A shape, a tuple of sizes, filled with one number, in the dtype of this Variable unless dtype= is given.

    Of its flavour.  Raises TypeError for a size that is no tuple and a fill_value that is no number, RuntimeError for a
    complex one in a dtype that is not.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.new_full.html

    >>> import autodiff
    >>> autodiff.tensor([1.0, 2.0]).new_full((2,), 3)
    tensor([3., 3.])
    """
    _require_variable("new_full", self)
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"new_full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}")
    fill_value = _number("new_full", "fill_value", 2, fill_value)
    d = to_numpy_dtype(self.dtype if dtype is None else dtype)
    if isinstance(fill_value, (complex, np.complexfloating)) and d.kind != "c" and fill_value.imag != 0:
        raise RuntimeError(f"value cannot be converted to type {d} without overflow: {fill_value} is complex")
    if d.kind in "iu" and not isinstance(fill_value, (bool, int, np.integer)):
        fill_value = int(fill_value.real)
    return _new(self, "new_full", (tuple(size),), None, fill_value, d, requires_grad, device)


def new_tensor(self: Base, data: Any, *, dtype: _DType | None = None, requires_grad: bool = False,
               device: _Device | None = None) -> Any:
    """A copy of data, a number, nested lists or an array, in the dtype of this Variable unless dtype= is given: a leaf.

    Of its flavour.  Of a Variable the values alone are copied, with PyTorch's warning.  Raises what tensor raises.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html

    >>> import autodiff
    >>> autodiff.tensor([1.0]).new_tensor([1, 2])
    tensor([1., 2.])
    """
    _require_variable("new_tensor", self)
    if _is_variable(data):
        import warnings

        warnings.warn("To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
                      "sourceTensor.detach().clone().requires_grad_(True), rather than tensor.new_tensor(sourceTensor).",
                      stacklevel=2)
        data = _v.plain_of(data)
    made = tensor(data, dtype=self.dtype if dtype is None else dtype).detach()
    return _finish(_v.in_flavour(made, self), requires_grad, device)


def new(self: Base, *args: Any, device: _Device | None = None) -> Any:
    """A Variable of this one's flavour and dtype, of data or of sizes, as Tensor(...) and FloatTensor(...) make them.

    The way of old programs: write new_empty(sizes) or new_tensor(data).  Raises what those raise.

    >>> import autodiff
    >>> autodiff.tensor([1.0]).new([3, 4]), autodiff.tensor([1.0]).new(2, 3).shape
    (tensor([3., 4.]), autodiff.Size([2, 3]))
    """
    _require_variable("new", self)
    return _v.in_flavour(_legacy("new", to_numpy_dtype(self.dtype), args, device), self)


def bernoulli_(self: Base, p: Base | _Number = 0.5, *, generator: _Source | None = None) -> Any:
    """Write ones and zeros, drawn: each element is 1 with the probability p, a number or a Variable that fits.

    Returns the Variable, of any dtype.  Raises RuntimeError for a probability that is none, and where it cannot be written in
    place.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html

    >>> import autodiff
    >>> autodiff.zeros(3, dtype=autodiff.bool).bernoulli_(1)
    tensor([True, True, True])
    """
    _require_variable("bernoulli_", self)
    return self.copy_(_drawn_ones("bernoulli_", self, p, generator))


def uniform_(self: Base, from_: _Number = 0.0, to: _Number = 1.0, *, generator: _Source | None = None, **old: Any) -> Any:
    """Write uniform random numbers between two numbers: 0 and 1, or those given by position or as from=, to=.

    Returns the Variable, of floats.  Raises RuntimeError if the second is less than the first and where it cannot be written in
    place, NotImplementedError for integers.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html

    >>> import autodiff
    >>> autodiff.zeros(2).uniform_(3, 3)
    tensor([3., 3.])
    """
    _require_variable("uniform_", self)
    from_ = old.pop("from", from_)      # a word of Python's, which PyTorch takes as a keyword all the same
    if old:
        raise TypeError(f"uniform_() got an unexpected keyword argument '{next(iter(old))}'")
    low, high = _real("uniform_", "from", 1, from_), _real("uniform_", "to", 2, to)
    if not low <= high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
    d = _written("uniform_", self)
    most = float(np.finfo(d).max)
    for word, bound in (("from", low), ("to", high)):
        if not -most <= bound <= most:
            raise RuntimeError(f"{word} is out of bounds for {d}")
    if not high - low <= most:
        raise RuntimeError(f"uniform_ expects to-from to be at most {most}, but found to={high} and from={low}")
    drawn = _v.in_flavour(rand(tuple(self.shape), generator=generator, dtype=d), self) * (high - low) + low
    if low < high and d.kind == "f":        # what rounding would make `to` stays below it
        drawn = _v.OPS.minimum(drawn, float(np.nextafter(d.type(high), d.type(low))))
    return self.copy_(drawn)


def normal_(self: Base, mean: _Number = 0.0, std: _Number = 1.0, *, generator: _Source | None = None) -> Any:
    """Write normal random numbers of this mean and standard deviation.

    Returns the Variable, of floats.  Raises RuntimeError for a negative std and where it cannot be written in place,
    NotImplementedError for integers.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.normal_.html

    >>> import autodiff
    >>> autodiff.zeros(2).normal_(3, 0)
    tensor([3., 3.])
    """
    _require_variable("normal_", self)
    mean, std = _real("normal_", "mean", 1, mean), _real("normal_", "std", 2, std)
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    drawn = randn(tuple(self.shape), generator=generator, dtype=_written("normal_", self))
    return self.copy_(_v.in_flavour(drawn, self) * std + mean)


def _written(name, variable):
    """The dtype of what random numbers are written into."""
    d = to_numpy_dtype(variable.dtype)
    if d.kind not in "fc":
        raise NotImplementedError(f"{name}() writes floating point numbers, not {d}")
    return d


for _method in (new_zeros, new_ones, new_empty, new_full, new_tensor, new, bernoulli_, uniform_, normal_):
    _method.__module__, _method.__qualname__ = "autodiff", f"Tensor.{_method.__name__}"
    _v.install_method(Tensor.__base__, _method.__name__, _method)
_v.install_method(Tensor.__base__, "bernoulli", bernoulli)
del _method


def _legacy(name, d, args, device):
    """What FloatTensor(...) makes: of sizes, or of data."""
    if device is not None:
        _device(device)
    if len(args) == 1 and _is_variable(args[0]):
        return args[0].detach().to(d)
    if len(args) == 1 and not isinstance(args[0], (int, Size)):
        if isinstance(args[0], str):
            raise TypeError(f"new(): invalid data type '{type(args[0]).__name__}'")
        if isinstance(args[0], (float, complex)):
            raise TypeError(f"new(): data must be a sequence (got {type(args[0]).__name__})")
        return tensor(args[0], dtype=d)
    return _v.full_of(_sizes(name, args or (0,), None), 0, d)


class _TypedMeta(type):
    """isinstance(x, FloatTensor): whether x is a Tensor of that dtype."""

    @property
    def dtype(cls):
        return dtype_of(cls.tensor_dtype)

    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor) and instance.dtype == cls.tensor_dtype


def _typed(name: str, numpy_name: str) -> Any:
    """FloatTensor(2, 3): sizes; FloatTensor([4]): data.  Also names a dtype: x.type(FloatTensor)."""
    d = np.dtype(numpy_name)

    def new(cls, *args, device=None):
        return _legacy(name, d, args, device)

    doc = (f"A Tensor of dtype {numpy_name}: of data, or of sizes.  Also names that dtype, as in x.type({name}).\n\n"
           f">>> import autodiff\n>>> autodiff.{name}([1, 0]).dtype\nautodiff.{numpy_name}\n")
    return _TypedMeta(name, (), {"__new__": new, "__doc__": doc, "__module__": "autodiff", "tensor_dtype": d})


HalfTensor = _typed("HalfTensor", "float16")
FloatTensor = _typed("FloatTensor", "float32")
DoubleTensor = _typed("DoubleTensor", "float64")
ByteTensor = _typed("ByteTensor", "uint8")
CharTensor = _typed("CharTensor", "int8")
ShortTensor = _typed("ShortTensor", "int16")
IntTensor = _typed("IntTensor", "int32")
LongTensor = _typed("LongTensor", "int64")
BoolTensor = _typed("BoolTensor", "bool")

_v.OPS.rand = rand      # for helpers: dropout and its kin
