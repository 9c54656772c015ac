"""vmap: a function of one sample, applied to a batch of them in one pass."""
from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _batching
from . import _variable as _variable_module
from ._pytree import flatten, flatten_results, spread
from ._travel import by_name

__all__ = ["Vmap", "vmap"]

_v: Any = _variable_module         # of which the stub has what users see alone
Base: Any = _v.Tensor.__base__
_RANDOMNESS = ("error", "different", "same")
_FUNCTIONS: tuple[Any, ...] = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *,
         chunk_size: int | None = None) -> Vmap:
    """func applied to each sample of a batch, all of them in one pass: a function of batches.

    func is written for one sample: inside, the mapped dimension of each argument is not there.  in_dims says which dimension
    of each argument is mapped: an int for all, or a tuple with an entry for each argument, None where an argument is the same
    for all samples; an entry for a dict, list, tuple or dataclass may be one of the same structure.  out_dims says where the
    mapped dimension goes in each result, None for a result that is the same for all.  Arguments by keyword are the same for
    all.  The sizes of mapped dimensions must agree.  randomness: whether random numbers are refused ('error'), one draw
    for each sample ('different') or one for all ('same').  chunk_size: at most so many samples at once, which takes
    less memory.

    Gradients flow through the result to what the arguments depend on, and func may compute gradients itself: vmap(grad(f)) are
    the gradients of each sample.  Given plain arrays and numbers alone, func is handed the NumPy flavour and arrays are
    returned.  A value inside is one for each sample, so nothing can be decided by it in Python: `if x > 0` and x.item() raise
    RuntimeError; use where(), or autodiff.compile, whose programs of numbers go their own way at each point.  ValueError for
    in_dims or out_dims that do not fit, and for results that are no Variables.
    As https://pytorch.org/docs/stable/generated/torch.func.vmap.html

    >>> import autodiff
    >>> from autodiff.func import vmap
    >>> a, b = autodiff.tensor([[1.0, 2.0], [3.0, 4.0]]), autodiff.tensor([1.0, 10.0])
    >>> vmap(autodiff.dot, in_dims=(0, None))(a, b)
    tensor([21., 43.])
    """
    return Vmap(func, in_dims, out_dims, randomness, chunk_size=chunk_size)


class Vmap:
    """What vmap() returns: it knows the function, and how it is mapped, prints, and pickles when the function does."""

    def __init__(self, func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *,
                 chunk_size: int | None = None) -> None:
        if randomness not in _RANDOMNESS:
            raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
        if chunk_size is not None and not (isinstance(chunk_size, int) and chunk_size > 0):
            raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
        self.func, self.in_dims, self.out_dims = func, in_dims, out_dims
        self.randomness, self.chunk_size = randomness, chunk_size
        functools.update_wrapper(self, func, updated=())

    def __repr__(self) -> str:
        more = "" if self.out_dims == 0 else f", out_dims={self.out_dims}"
        more += "" if self.randomness == "error" else f", randomness={self.randomness!r}"
        more += "" if self.chunk_size is None else f", chunk_size={self.chunk_size}"
        func = _name(self.func) if isinstance(self.func, _FUNCTIONS) else repr(self.func)
        return f"vmap({func}, in_dims={self.in_dims}{more})"

    def __reduce__(self) -> Any:
        return by_name(self) or (_again, (self.func, self.in_dims, self.out_dims, self.randomness, self.chunk_size))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, tree = flatten(args)
        dims = self._dims_of(leaves, tree)
        size = self._size_of(leaves, dims)
        own = getattr(type(self.func), "_over_points", None)
        if own is not None and not kwargs and self.out_dims == 0:       # a program, which may branch
            found = own(self.func, tree, leaves, dims, size)
            if found is not NotImplemented:
                return found
        given = [v for v in leaves if isinstance(v, Base)]
        if kwargs:
            given += [v for v in flatten(kwargs)[0] if isinstance(v, Base)]
        plain = not given
        if len(given) < len(leaves):
            made_of: Any = functools.partial(_v.as_ndarray, copy=False)
            if given and not _v.is_numpy_flavour(given[0]):
                made_of = _v.as_tensor
            leaves = [made_of(v) if isinstance(v, np.ndarray) and (plain or dim is not None) else v
                      for v, dim in zip(leaves, dims)]
        if self.chunk_size is None or size <= self.chunk_size:
            made, structure, where = self._run(size, leaves, dims, tree, kwargs)
        else:
            parts = []
            for start in range(0, size, self.chunk_size):
                some = [v if dim is None else v.narrow(dim, start, min(self.chunk_size, size - start))
                        for v, dim in zip(leaves, dims)]
                made, structure, where = self._run(min(self.chunk_size, size - start), some, dims, tree, kwargs)
                parts.append(made)
            made = [v if dim is None else _v.OPS.cat(list(pieces), dim)
                    for *pieces, v, dim in zip(*parts, parts[-1], where)]
        if plain:
            made = [v if not isinstance(v, Base) or v.requires_grad or _v.carries_more(v) else v.numpy() for v in made]
            made = [v[()] if isinstance(v, np.ndarray) and v.ndim == 0 else v for v in made]
        return structure.unflatten(made)

    # ---- arguments

    def _dims_of(self, leaves: list[Any], tree: Any) -> list[int | None]:
        """in_dims for each leaf of the arguments, checked."""
        name, in_dims = _name(self.func), self.in_dims
        if type(in_dims) is not int and not isinstance(in_dims, (int, tuple, list)):
            raise ValueError(f"{self._called()}: expected `in_dims` to be int or a (potentially nested) tuple matching the "
                             f"structure of inputs, got: {type(in_dims)}.")
        if not leaves:
            raise ValueError(f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to "
                             "vmap over a function with no inputs. The latter is unsupported.")
        dims = spread(in_dims if isinstance(in_dims, int) else tuple(in_dims), tree)
        if dims is None:
            raise ValueError(f"{self._called()}: in_dims is not compatible with the structure of `inputs`. in_dims has "
                             f"structure {flatten(in_dims)[1]} but inputs has structure {tree}.")
        for i, (v, dim) in enumerate(zip(leaves, dims)):
            if dim is None:
                continue
            if not isinstance(dim, int):
                raise ValueError(f"{self._called()}: Got in_dim={dim} for an input but in_dim must be either an integer "
                                 "dimension or None.")
            if not isinstance(v, (Base, np.ndarray)):
                raise ValueError(f"{self._called()}: Got in_dim={dim} for an input but the input is of type {type(v)}. We "
                                 "cannot vmap over non-Tensor arguments, please use None as the respective in_dim")
            if not -v.ndim <= dim < v.ndim:
                raise ValueError(f"{self._called()}: Got in_dim={dim} for some input, but that input is a Tensor of "
                                 f"dimensionality {v.ndim} so expected in_dim to satisfy -{v.ndim} <= in_dim < {v.ndim}.")
            if dim < 0:
                dims[i] = dim + v.ndim
        return dims

    def _called(self) -> str:
        return f"vmap({_name(self.func)}, in_dims={self.in_dims}, ...)(<inputs>)"

    def _size_of(self, leaves: list[Any], dims: list[int | None]) -> int:
        sizes = [v.shape[dim] for v, dim in zip(leaves, dims) if dim is not None]
        if not sizes:
            raise ValueError("vmap: Expected at least one Tensor to vmap over: all entries of in_dims are None")
        if len(sizes) > 1 and len(set(sizes)) != 1:
            raise ValueError(f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} "
                             "for the mapped dimension")
        return sizes[0]

    # ---- the pass

    def _run(self, size: int, leaves: list[Any], dims: list[int | None], tree: Any, kwargs: dict[str, Any]) -> Any:
        with _batching.Level(size, self.randomness) as level:
            inside = [v if dim is None else level.wrap(v if dim == 0 else v.movedim(dim, 0)) for v, dim in zip(leaves, dims)]
            result = self.func(*tree.unflatten(inside), **kwargs)
            outs, structure = flatten_results(result)
            where = self._out_dims(outs, structure)
            physical = [self._checked(level, v, dim) for v, dim in zip(outs, where)]
        made = [v if dim is None else _moved(v, dim) for v, dim in zip(physical, where)]
        return made, structure, where

    def _out_dims(self, outs: list[Any], structure: Any) -> list[int | None]:
        name, out_dims = _name(self.func), self.out_dims
        if not (out_dims is None or isinstance(out_dims, (int, tuple, list, dict)) or flatten(out_dims)[1].kind is not None):
            raise ValueError(f"vmap({name}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python "
                             f"collection of ints "
                             "representing where in the outputs the vmapped dimension should appear.")
        where = spread(out_dims, structure)
        if where is None and structure.kind is None and isinstance(out_dims, (tuple, list)) and len(out_dims) == 1:
            where = list(out_dims)
        if where is None:
            raise ValueError(f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the "
                             f"structure of `outputs`. out_dims has structure {flatten(out_dims)[1]} but outputs has "
                             f"structure {structure}.")
        for dim in where:
            if dim is not None and not isinstance(dim, int):
                raise ValueError(f"vmap({name}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python "
                                 f"collection of "
                                 "ints representing where in the outputs the vmapped dimension should appear.")
        return where

    def _checked(self, level: Any, v: Any, dim: int | None) -> Any:
        """A result's batch."""
        name = _name(self.func)
        if dim is None:
            if level.physical(v) is not None:
                raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
            return v
        if not isinstance(v, Base):
            if isinstance(v, (np.ndarray, np.generic)):
                v = _v.as_ndarray(v)
            else:
                raise ValueError(f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(v)}. Did you mean to "
                                 "set out_dims= to None for output?")
        return level.batch(v)


def _moved(v: Any, dim: int) -> Any:
    if dim == 0 or dim == -v.ndim:
        return v
    return v.movedim(0, dim)


def _name(func: Any) -> str:
    return getattr(func, "__name__", None) or repr(func)


def _again(func: Any, in_dims: Any, out_dims: Any, randomness: str, chunk_size: int | None) -> Vmap:
    return Vmap(func, in_dims, out_dims, randomness, chunk_size=chunk_size)
