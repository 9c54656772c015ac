"""Random numbers of distributions with parameters, and writes of random numbers in place.  The numbers are NumPy's."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _variable as _variable_module
from ._create import _dtype, _finish, _is_variable, _made_into, _real, _require_variable, _sizes, rand, randint, randn
from ._random import drawn_from
from ._types import SCALAR_NAMES, to_numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._create import _Source
    from ._variable import Base, Tensor, _Device, _DType, _Number

_v: Any = _variable_module         # of which the stub has what users see alone

__all__ = ["binomial", "multinomial", "normal", "poisson", "randint_like", "randperm", "sample_beta", "sample_dirichlet",
           "standard_gamma"]


def _kind(v: Any) -> np.dtype:
    return _v.dtype_in(v)


def _word(v: Any) -> str:
    """PyTorch's word for a dtype: Long."""
    return SCALAR_NAMES[_kind(v).name]


def _all(values: Any) -> bool:
    """Whether a condition holds everywhere, where values can be looked at: those of a batch, inside of vmap, cannot."""
    return _v.physical_of(values) is not None or bool(values.all())


def _varied(v: Any) -> Any:
    """An operand that has an entry for each sample of every vmap around it, as vmap's randomness= asks for.

    What a row draws for a batch is drawn for each of its entries.
    """
    if not _v.levels:
        return v
    below = v
    while (pair := _v.physical_of(below)) is not None:
        below, level = pair
        if getattr(level, "randomness", "") == "same":
            raise RuntimeError("Vmap does not currently support same randomness with a batched tensor input: draw with "
                               "randomness='different', or outside of vmap")
    return v + rand((), dtype=_kind(v)) * 0     # raises where random numbers are not allowed


# ---- normal numbers

def normal(mean: Base | _Number = 0.0, std: Base | _Number = 1.0, size: int | Sequence[int] | None = None, *,
           generator: _Source | None = None, dtype: _DType | None = None, requires_grad: bool = False,
           device: _Device | None = None, out: Base | None = None) -> Any:
    """Normal random numbers of the means and standard deviations that are given, as Tensors that broadcast or as numbers.

    mean + std * randn(...), with gradients in both Tensors; in the dtype of mean, or of std where mean is a number.  Of two
    numbers, size= is the shape, and dtype= and requires_grad= are as for randn().  Raises RuntimeError for a negative std and
    for shapes that do not broadcast, NotImplementedError for integers.
    As https://pytorch.org/docs/stable/generated/torch.normal.html

    >>> import autodiff
    >>> autodiff.normal(autodiff.tensor([1.0, 2.0]), 0.0), autodiff.normal(0, 1, (2, 3)).shape
    (tensor([1., 2.]), autodiff.Size([2, 3]))
    """
    if not _is_variable(mean) and not _is_variable(std):
        mean, std = _real("normal", "mean", 1, mean), _real("normal", "std", 2, std)
        if size is None:
            raise TypeError("normal() received an invalid combination of arguments: a mean and a std that are numbers need "
                            "size=")
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        d = _dtype(dtype if dtype is not None or not _is_variable(out) else out.dtype)
        if d.kind not in "fc":
            raise NotImplementedError(f"\"normal_kernel_cpu\" not implemented for '{SCALAR_NAMES[d.name]}'")
        drawn = randn(_sizes("normal", (), size), generator=generator, dtype=d)
        return _made_into(out, "normal", _finish(drawn * std + mean, requires_grad, device))
    if size is not None or dtype is not None:
        raise TypeError("normal() received an invalid combination of arguments: size= and dtype= are those of the Tensors")
    like = mean if _is_variable(mean) else std
    if not _is_variable(mean):
        mean = _real("normal", "mean", 1, mean)
    if _is_variable(std):
        if _kind(std).kind == "c":
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if not _all(std.detach() >= 0):
            raise RuntimeError("normal expects all elements of std >= 0.0")
    else:
        std = _real("normal", "std", 2, std)
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    if _kind(like).kind not in "fc":
        raise NotImplementedError(f"\"normal_kernel_cpu\" not implemented for '{_word(like)}'")
    shape = tuple(like.shape) if not (_is_variable(mean) and _is_variable(std)) else _v.broadcast_shapes(mean.shape, std.shape)
    tensors = [v for v in (mean, std) if _is_variable(v)]
    if out is not None:
        _v.check_unrecorded(tuple(tensors), "normal")
    d = _kind(like)
    if _is_variable(std) and _kind(std) != d and d.kind == "f":
        std = std.to(d)
    drawn = _v.in_flavour(randn(tuple(shape), generator=generator, dtype=d), like)
    result = drawn * std + mean
    _v.name_node(result, "NormalBackward3" if len(tensors) == 2 else "NormalBackward1" if _is_variable(mean) else
                 "NormalBackward2")
    return _made_into(out, "normal", _finish(result, requires_grad, device))


# ---- counts

def poisson(input: Base, generator: _Source | None = None) -> Any:
    """Poisson random numbers, whole ones in floating point, of the rates that input has.

    The derivative is 0 everywhere.  Raises RuntimeError for a negative rate or NaN, NotImplementedError for input that is not
    of floats, TypeError for what is no Variable.
    As https://pytorch.org/docs/stable/generated/torch.poisson.html

    >>> import autodiff
    >>> autodiff.poisson(autodiff.zeros(2))
    tensor([0., 0.])
    """
    _require_variable("poisson", input)
    if _kind(input).kind != "f":
        raise NotImplementedError(f"\"poisson_cpu\" not implemented for '{_word(input)}'")
    return _v.apply_row("poisson_draw", (_varied(input),), (drawn_from(generator, "poisson"),))


def binomial(count: Base, prob: Base, generator: _Source | None = None) -> Any:
    """How many of count trials end well, where each does with the probability prob: random whole numbers in floating point.

    The derivative is 0 everywhere.  Raises TypeError for what is no Variable, ValueError for integers, RuntimeError for dtypes
    that differ.
    As https://pytorch.org/docs/stable/generated/torch.binomial.html

    >>> import autodiff
    >>> autodiff.binomial(autodiff.tensor([3.0, 4.0]), autodiff.tensor([0.0, 1.0]))
    tensor([0., 4.])
    """
    for name, v, position in (("count", count, 1), ("prob", prob, 2)):
        if not _is_variable(v):
            raise TypeError(f"binomial(): argument '{name}' (position {position}) must be Tensor, not {type(v).__name__}")
        if _kind(v).kind != "f":
            raise ValueError(f"binomial only supports floating-point dtypes for {name}, got: {_word(v)}")
    if _kind(count) != _kind(prob):
        raise RuntimeError(f"Found dtype {_word(prob)} but expected {_word(count)}")
    return _v.apply_row("binomial_draw", (_varied(count), _varied(prob)), (drawn_from(generator, "binomial"),))


def multinomial(input: Base, num_samples: int, replacement: bool = False, *, generator: _Source | None = None,
                out: Base | None = None) -> Any:
    """Positions, drawn with the probabilities that input has there: num_samples of each row of one or two dimensions.

    The probabilities need no sum of 1.  Without replacement no position comes twice.  The result is int64, without a gradient.
    Raises RuntimeError for probabilities that are negative, infinite, NaN or all 0, and for more samples than there are
    positions.
    As https://pytorch.org/docs/stable/generated/torch.multinomial.html

    >>> import autodiff
    >>> autodiff.multinomial(autodiff.tensor([0.0, 3.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    _require_variable("multinomial", input)
    count = _v.integer_given(num_samples, "multinomial", "num_samples", 2)
    if _kind(input).kind != "f":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {_word(input)}")
    if _is_variable(out) and _kind(out) != np.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {_word(out)}")
    if input.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if count <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and count > input.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    p = input.detach().to(np.float64)
    if not _all((p >= 0) & (p < math.inf)):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if not _all(p.sum(-1) > 0):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    rows = tuple(input.shape)[:-1]
    if not replacement:
        # Of exponential numbers divided by weights each is the least with a probability in proportion to its weight.
        waiting = _exponential(tuple(p.shape), generator, p)
        result = _v.OPS.topk(p / waiting, count, -1, True, True)[1]
    else:
        reached = p.cumsum(-1)
        total = reached[..., -1:]
        # Below the total, whatever rounding makes of the product.
        drawn = _v.in_flavour(rand((*rows, count), generator=generator, dtype=np.float64), p) * (total * (1 - 2.0 ** -52))
        if _v.levels:
            result = (reached.unsqueeze(-2) <= drawn.unsqueeze(-1)).sum(-1)
        else:
            result = _v.OPS.searchsorted(reached.contiguous(), drawn, right=True)
    return _made_into(out, "multinomial", result)


def _exponential(sizes: Any, generator: Any, like: Any) -> Any:
    """Exponential random numbers of the mean 1 in float64, of another Variable's flavour; none is 0."""
    drawn = _v.in_flavour(rand(sizes, generator=generator, dtype=np.float64), like)
    return _v.OPS.maximum(-(-drawn).log1p(), 2.0 ** -60)


def randperm(n: int, *, generator: _Source | None = None, out: Base | None = None, dtype: _DType | None = None,
             requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """The integers from 0 up to, without, n, in random order.

    int64 unless dtype= is given.  Raises RuntimeError for a negative n, and for a dtype that does not hold n - 1.
    As https://pytorch.org/docs/stable/generated/torch.randperm.html

    >>> import autodiff
    >>> autodiff.randperm(4).sort().values
    tensor([0, 1, 2, 3])
    """
    count = _v.integer_given(n, "randperm", "n", 1)
    if count < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {count}: [{count}]")
    d = to_numpy_dtype(dtype if dtype is not None else out.dtype if _is_variable(out) else np.int64)
    if d.kind == "b" or (d.kind in "iu" and count - 1 > np.iinfo(d).max):
        raise RuntimeError(f"value cannot be converted to type {d} without overflow")
    # The order of numbers of 53 bits, of which two are hardly ever the same; so that vmap needs no rule for it.
    result = _v.OPS.argsort(rand(count, generator=generator, dtype=np.float64)).to(d)
    return _made_into(out, "randperm", _finish(result, requires_grad, device))


def randint_like(input: Base, low: int, high: int | None = None, *, generator: _Source | None = None,
                 dtype: _DType | None = None, requires_grad: bool = False, device: _Device | None = None) -> Tensor:
    """Random integers, as randint() draws them, in another Variable's shape and dtype.

    >>> import autodiff
    >>> autodiff.randint_like(autodiff.zeros(2), 5, 6)
    tensor([5., 5.])
    """
    _require_variable("randint_like", input)
    if high is None:
        low, high = 0, low
    return randint(low, high, tuple(input.shape), generator=generator, dtype=dtype if dtype is not None else input.dtype,
                   requires_grad=requires_grad, device=device)


# ---- samples that move with their parameters

def _concentration(name: str, word: str, v: Any, position: int = 1, argument: str = "concentration") -> Any:
    if not _is_variable(v):
        raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(v).__name__}")
    if _kind(v).kind != "f" or _kind(v).itemsize < 4:
        raise NotImplementedError(f"\"{word}\" not implemented for '{_word(v)}'")
    return v


def standard_gamma(concentration: Base, generator: _Source | None = None) -> Any:
    """Random numbers of the gamma distributions of these shapes, and of the scale 1.

    The gradient in concentration is how a sample moves that keeps its place in the distribution function; there is none of
    order 2: NotImplementedError, as for other dtypes than float32 and float64.  Raises RuntimeError for a negative shape.
    PyTorch's name is torch._standard_gamma.
    As https://arxiv.org/abs/1805.08498

    >>> import autodiff
    >>> a = autodiff.tensor([3.0], requires_grad=True)
    >>> autodiff.standard_gamma(a).sum().backward(); bool(a.grad > 0)
    True
    """
    x = _varied(_concentration("standard_gamma", "gamma_cpu", concentration))
    drawn = _v.apply_row("gamma_draw", (x.detach(),), (drawn_from(generator, "standard_gamma"),))
    return _v.apply_row("gamma_sample", (x, drawn), ())


def sample_beta(concentration1: Base, concentration0: Base, generator: _Source | None = None) -> Any:
    """Random numbers of the beta distributions of these parameters, Tensors of one dtype that broadcast.

    The gradients in both are how a sample moves that keeps its place in the distribution function; there are none of order 2:
    NotImplementedError, as for other dtypes than float32 and float64.  Raises RuntimeError for a negative parameter and for
    dtypes that differ.
    As https://arxiv.org/abs/1805.08498

    >>> import autodiff
    >>> a = autodiff.tensor([3.0], requires_grad=True)
    >>> autodiff.sample_beta(a, autodiff.tensor([2.0])).sum().backward(); bool(a.grad > 0)
    True
    """
    a = _concentration("sample_beta", "beta", concentration1, 1, "concentration1")
    b = _concentration("sample_beta", "beta", concentration0, 2, "concentration0")
    if _kind(a) != _kind(b):
        raise RuntimeError(f"Found dtype {_word(b)} but expected {_word(a)}")
    pairs = _varied(_v.OPS.stack(_v.OPS.broadcast_tensors(a, b), -1))
    values = pairs.detach()
    drawn = _v.apply_row("beta_draw", (values[..., 0], values[..., 1]), (drawn_from(generator, "sample_beta"),))
    # The first of two numbers of a Dirichlet distribution.
    return _v.apply_row("dirichlet_sample", (pairs, _v.OPS.stack([drawn, 1 - drawn], -1)), ())[..., 0]


def sample_dirichlet(concentration: Base, generator: _Source | None = None) -> Any:
    """Random numbers of Dirichlet distributions: above 0, and of sum 1 along the last dimension.

    The gradient in concentration is how a sample moves that keeps its place in the distribution function; there is none of
    order 2: NotImplementedError, as for other dtypes than float32 and float64.  Raises RuntimeError for a negative parameter.
    PyTorch's name is torch._sample_dirichlet.
    As https://arxiv.org/abs/1805.08498

    >>> import autodiff
    >>> round(autodiff.sample_dirichlet(autodiff.tensor([1.0, 2.0, 3.0])).sum().item(), 6)
    1.0
    """
    x = _varied(_concentration("sample_dirichlet", "dirichlet", concentration))
    drawn = _v.apply_row("dirichlet_draw", (x.detach(),), (drawn_from(generator, "sample_dirichlet"),))
    return _v.apply_row("dirichlet_sample", (x, drawn), ())


# ---- writes in place

def _written(name: str, self: Any, kinds: str, error: Any, words: str) -> np.dtype:
    """The dtype of what is written into; an error for one of another kind."""
    _require_variable(name, self)
    if _kind(self).kind not in kinds:
        raise error(words.format(_word(self)))
    return _kind(self)


def exponential_(self: Base, lambd: _Number = 1.0, *, generator: _Source | None = None) -> Any:
    """Write exponential random numbers of the rate lambd: their mean is 1 / lambd.

    Returns the Variable, of floats.  Raises RuntimeError for a rate that is not above 0, for another dtype, and where it cannot
    be written in place.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html

    >>> import autodiff
    >>> bool((autodiff.zeros(3).exponential_() > 0).all())
    True
    """
    d = _written("exponential_", self, "f", RuntimeError, "Exponential distribution is a continuous probability distribution. "
                                                          "dtype must be a floating point but you specified {}")
    rate = _real("exponential_", "lambd", 1, lambd)
    if not rate > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
    return self.copy_((_exponential(tuple(self.shape), generator, self) / rate).to(d))


def log_normal_(self: Base, mean: _Number = 1.0, std: _Number = 2.0, *, generator: _Source | None = None) -> Any:
    """Write random numbers whose logarithms are normal, of this mean and standard deviation.

    Returns the Variable, of floats.  Raises RuntimeError for an std that is not above 0 and where it cannot be written in
    place, NotImplementedError for another dtype.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html

    >>> import autodiff
    >>> bool((autodiff.zeros(3).log_normal_() > 0).all())
    True
    """
    d = _written("log_normal_", self, "f", NotImplementedError, "\"log_normal_cpu\" not implemented for '{}'")
    mean, std = _real("log_normal_", "mean", 1, mean), _real("log_normal_", "std", 2, std)
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    drawn = _v.in_flavour(randn(tuple(self.shape), generator=generator, dtype=np.float64), self)
    return self.copy_((drawn * std + mean).exp().to(d))


def cauchy_(self: Base, median: _Number = 0.0, sigma: _Number = 1.0, *, generator: _Source | None = None) -> Any:
    """Write random numbers of the Cauchy distribution of this median and half width.

    Returns the Variable, of floats.  Raises RuntimeError for a width that is not above 0, for another dtype, and where it
    cannot be written in place.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html

    >>> import autodiff
    >>> autodiff.zeros(3).cauchy_(5, 1e-12).round()
    tensor([5., 5., 5.])
    """
    d = _written("cauchy_", self, "f", RuntimeError, "Cauchy distribution is a continuous probability distribution. dtype must "
                                                     "be a floating point but you specified {}")
    median, sigma = _real("cauchy_", "median", 1, median), _real("cauchy_", "sigma", 2, sigma)
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    drawn = _v.in_flavour(rand(tuple(self.shape), generator=generator, dtype=np.float64), self)
    return self.copy_((((drawn - 0.5) * math.pi).tan() * sigma + median).to(d))


def geometric_(self: Base, p: _Number, *, generator: _Source | None = None) -> Any:
    """Write geometric random numbers: how many trials there are up to the first that ends well, each with the probability p.

    Returns the Variable, of floats or integers.  Raises RuntimeError for a p that is not between 0 and 1 and where it cannot be
    written in place, NotImplementedError for another dtype.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html

    >>> import autodiff
    >>> bool((autodiff.zeros(3, dtype=autodiff.int64).geometric_(0.5) >= 1).all())
    True
    """
    d = _written("geometric_", self, "fiu", NotImplementedError, "\"geometric_cpu\" not implemented for '{}'")
    chance = _real("geometric_", "p", 1, p)
    if not 0 < chance < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={chance:g}")
    drawn = (_exponential(tuple(self.shape), generator, self) / -math.log1p(-chance)).ceil()
    if d.kind in "iu":
        most = int(np.iinfo(d).max)
        drawn = _v.OPS.minimum(drawn, float(most) if float(most) <= most else math.nextafter(float(most), 0))
    return self.copy_(drawn.to(d))


def random_(self: Base, from_: int | None = None, to: int | None = ..., *, generator: _Source | None = None,
            **old: Any) -> Any:
    """Write random integers from 0, or from the first of two numbers, up to, without, the last; as far as the dtype without it.

    Floats are filled with all integers that they hold, up to 2 ** 24 for float32.  Returns the Variable.  Raises RuntimeError
    where there is no integer between the two, where one is out of the dtype's range, and where it cannot be written in place,
    NotImplementedError for complex numbers.
    As https://pytorch.org/docs/stable/generated/torch.Tensor.random_.html

    >>> import autodiff
    >>> autodiff.zeros(3).random_(5, 6), autodiff.zeros(2, dtype=autodiff.int64).random_(1)
    (tensor([5., 5., 5.]), tensor([0, 0]))
    """
    d = _written("random_", self, "fiub", NotImplementedError, "\"random_kernel_cpu\" not implemented for '{}'")
    if to is ...:           # one number alone is the end
        from_, to = None, from_
    first = old.pop("from", from_)      # a word of Python's, which PyTorch takes as a keyword all the same
    if old:
        raise TypeError(f"random_() got an unexpected keyword argument '{next(iter(old))}'")
    low = 0 if first is None else _v.integer_given(first, "random_", "from")
    least, most = ((0, 1) if d.kind == "b" else (int(np.iinfo(d).min), int(np.iinfo(d).max)) if d.kind in "iu" else
                   (-int(np.finfo(d).max), int(np.finfo(d).max)))
    if to is None:
        high = (most if d.kind != "f" else 2 ** (np.finfo(d).nmant + 1)) + 1
    else:
        high = _v.integer_given(to, "random_", "to")
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    for name, bound in (("from", low), ("to - 1", high - 1)):
        if not least <= bound <= most:
            raise RuntimeError(f"{name} is out of bounds for {d}")
    drawn = randint(low, high, tuple(self.shape), generator=generator)
    return self.copy_(_v.in_flavour(drawn, self).to(d))


for _method in (exponential_, log_normal_, cauchy_, geometric_, random_):
    _method.__module__, _method.__qualname__ = "autodiff", f"Tensor.{_method.__name__}"
    _v.install_method(_v.Tensor.__base__, _method.__name__, _method)
_v.install_method(_v.Tensor.__base__, "multinomial", multinomial)
del _method
