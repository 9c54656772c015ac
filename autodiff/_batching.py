"""Batching: the level that vmap puts above the ops, and what each row does to a batch.

Inside vmap a function sees *handles*: Variables with the shape of one sample, no memory and no node.  The batch itself, the
*physical* Variable, stands behind them, its first dimension the batch's.  The level is asked before each op; where an operand
is a handle of its own it computes the op on the physical Variables, whole, and makes a handle of the result.  The levels below
see that op as any other, and so does the graph: nested vmaps, gradients through vmap and gradients inside of it need nothing
more.

Most rules follow from the rows.  An op on elements needs its operands' dimensions lined up; one with a signature has its
dimensions, the parameters of the roles ``dim`` and ``dims``, moved up by one.  The rest have a rule of their own here,
in RULES. A composite row is asked about as it was called, and handed on, since the ops that it computes with are asked
about, too; CALLED has those that read values between their ops.  What has no rule runs sample by sample, with a warning
that names it.
"""
from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import _variable as _variable_module

_v: Any = _variable_module         # of which the stub has what users see alone
OPS: Any = _v.OPS
Base: Any = _v.Tensor.__base__

#: PyTorch's words, to the letter: programs and tests look for them.
CONTROL_FLOW = ("vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support "
                "that yet, please file an issue at https://github.com/pytorch/pytorch/issues .")
ITEM = ("vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, "
        "please try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch "
        "internals, please file a bug report.")
STORAGE = "Cannot access data pointer of Tensor that doesn't have storage"
IN_PLACE = ("vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args "
            "that has more elements than `self`. This happened due to `other` being vmapped over but `self` not being "
            "vmapped over in a vmap. Please try to use out-of-place operators instead of inplace arithmetic. If said "
            "operator is being called inside the PyTorch framework, please file a bug report instead.")
MASK = ("vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing with a "
        "boolean mask.")
DYNAMIC = ("vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over aten::{}. "
           "Please file an issue at https://github.com/pytorch/pytorch/issues if you need this feature.")
RANDOM = ("vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
          "randomness flags on vmap or perform the randomness operation out of vmap")


class Level(_variable_module.BatchLevel):    # type: ignore[name-defined]
    """One vmap, while its function runs: how many samples there are, and what each op does to a batch."""

    def __init__(self, size: int, randomness: str) -> None:
        self.size, self.randomness = size, randomness

    def __repr__(self) -> str:
        return f"Level({self.size})"

    def __enter__(self) -> Level:
        _v.push_level(self)
        return self

    def __exit__(self, *error: Any) -> None:
        _v.pop_level()
        self.close()

    def answer(self, call: Any) -> Any:
        """The answer to an op on handles, where there is no quick one."""
        name = call.name
        if name in RANDOM_OPS and not call.operands:
            return self.random(call)
        if call.leaves and name in LEAVING:
            raise RuntimeError(LEAVING[name])
        if call.called:
            rule = CALLED.get(name)
            if rule is None or is_custom(call):
                return custom(self, call) if is_custom(call) else NotImplemented
        else:
            rule = RULES.get(name)
            if rule is None:
                rule = RULES[name] = rule_of(name)
        if call.into is None or name in WRITING:
            return rule(self, call)
        return in_place(self, call)

    # ---- operands and results

    def lifted(self, v: Any) -> Any:
        """The batch behind a handle; what else is the same for all samples stays as it is.

        But for a value of which a tangent is a handle of this level: that differs from sample to sample.
        """
        physical = self.physical(v)
        if physical is not None:
            return physical
        if isinstance(v, Base) and _v.innermost_level() is not None and self.has_tangent(v):
            return self.dual(v)
        return v

    def has_tangent(self, v: Any) -> bool:
        return any(self.concerns((_v.tangent_of(v, number),)) for number in _v.forward_levels())

    def dual(self, v: Any) -> Any:
        """A batch of a value that is the same for all samples, with its tangents, which are not."""
        tangents = [(number, _v.tangent_of(v, number)) for number in _v.forward_levels()]
        result = _v.without_forward(lambda: v.expand(self.size, *v.shape).clone())
        for number, tangent in tangents:
            if tangent is not None:
                _v.set_tangent_at(result, self.batch(tangent), number)
        return result

    def batch(self, v: Any, shape: Sequence[int] | None = None) -> Any:
        """The batch behind a handle, or a value repeated for each sample: of a shape, if one is given."""
        physical = self.lifted(v)
        if physical is v:
            if not isinstance(v, Base):
                v = _v.constant_of(v)
            return v.expand(self.size, *(v.shape if shape is None else shape))
        if shape is not None and tuple(physical.shape[1:]) != tuple(shape):
            return self.aligned(v, len(shape)).expand(self.size, *shape)
        return physical

    def aligned(self, v: Any, rank: int) -> Any:
        """The batch behind a handle, with sizes of 1 behind its first dimension so that others of a rank broadcast with it."""
        physical = self.lifted(v)
        if physical is v:
            return v
        missing = rank - physical.ndim + 1
        if missing <= 0:
            return physical
        return physical.reshape(physical.shape[0], *(1,) * missing, *physical.shape[1:])

    def wrapped(self, result: Any) -> Any:
        """Handles of the results of an op: a Variable, an array of the NumPy flavour, or a tuple of them."""
        if isinstance(result, Base):
            return self.wrap(result)
        if isinstance(result, tuple):
            kind: Any = type(result)
            return tuple.__new__(kind, [self.wrapped(part) for part in result])
        return self.wrap(_v.as_ndarray(np.asarray(result)))

    def inside(self, function: Callable[..., Any], *args: Any) -> Any:
        """function(*args) with this level in its place: for rules in terms of one sample."""
        _v.push_level(self)
        try:
            return function(*args)
        finally:
            _v.pop_level()

    # ---- random numbers

    def random(self, call: Any) -> Any:
        if self.randomness == "error":
            raise RuntimeError(RANDOM)
        if self.randomness == "same":
            return NotImplemented
        params = list(call.params)
        generator = params.pop() if isinstance(params[-1], np.random.Generator) else None
        *numbers, sizes, dtype = params
        return self.wrap(RANDOM_OPS[call.name](*numbers, (self.size, *sizes), dtype, generator))


def level_sizes() -> list[int]:
    """The batch sizes of the vmaps that this thread is inside of, the innermost last."""
    return [level.size for level in active()]


def active() -> list[Level]:
    """The levels of vmap of this thread that ops ask, the innermost last."""
    levels = _v.levels_above()
    return [level for level in levels if isinstance(level, Level)] if levels else levels


def batch_rows(run: Callable[..., Sequence[Any]], basis: Sequence[Any], count: int, randomness: str = "error") -> list[Any]:
    """run(row of each basis) for all `count` rows in one pass: its results, each with the rows along a new first dimension."""
    with Level(count, randomness) as level:
        return [level.batch(v) for v in run(*[level.wrap(b) for b in basis])]


def first_row(v: Any) -> Any:
    """What is the same for all rows of the innermost batch, and was computed once for each."""
    pair = _v.physical_of(v)
    return pair[0][0] if pair is not None and pair[1] is active()[-1] else v


def fresh_leaf(v: Any) -> Any:
    """A new leaf of the value of a Variable, for a transform: with an entry for each sample of every vmap around it.

    So the gradient of a weight that all samples share is one for each sample, as that of any other value.
    """
    return leaf_in(active(), v)


def leaf_in(levels: list[Level], v: Any) -> Any:
    plain = _v.physical_of(v) is None and not _v.records(v)
    if plain:
        shape = (*[level.size for level in levels], *v.shape)
        result, recorder = _v.leaf_of_batches(v, shape), _v.recorder()
        if recorder is not None:        # it sees ops, and this is none
            recorder.forked(v.expand(shape) if levels else v, result)
        for level in levels:
            result = level.wrap(result)
        return result
    if not levels:
        return _v.fork(v)
    *outer, level = levels
    physical = level.lifted(v)
    if physical is v:
        physical = v.expand(level.size, *v.shape)
    return level.wrap(leaf_in(outer, physical))


TENSOR = _v.as_tensor(0.0)
RANDOM_OPS: dict[str, Callable[..., Any]] = {
    "rand": lambda sizes, dtype, generator: _create().rand(sizes, dtype=dtype, generator=generator),
    "randn": lambda sizes, dtype, generator: _create().randn(sizes, dtype=dtype, generator=generator),
    "randint": lambda low, high, sizes, dtype, generator: _create().randint(low, high, sizes, dtype=dtype, generator=generator),
}


def _create() -> Any:
    from . import _create

    return _create


#: What leaves the batch as a plain value, and the words that refuse it.
LEAVING = {
    "item": ITEM, "__float__": ITEM, "__int__": ITEM, "__complex__": ITEM, "__index__": ITEM, "__contains__": ITEM,
    "__bool__": CONTROL_FLOW, "tolist": STORAGE, "numpy": STORAGE, "__array__": STORAGE, "data_ptr": STORAGE,
    "__reduce__": STORAGE, "values": "vmap: an op reads the values of a Tensor that stands for a batch of them, which has no "
                                     "rule under vmap. Compute with it by other operations",
    "equal": CONTROL_FLOW,
    "allclose": "vmap over autodiff.allclose isn't supported yet. Please file an issue at "
                "https://github.com/pytorch/pytorch/issues "
                "if you need this feature.",
}


# ---- rules that follow from the rows

class Plan(NamedTuple):
    """How a row with a signature is applied to a batch."""

    number: int
    dims: tuple[tuple[int, str], ...]       # parameters that are dimensions: position, role
    keepdim: int                            # position of keepdim, -1 without one
    reduces: bool                           # whether the dimensions are gone from the result


def rule_of(name: str) -> Callable[[Level, Any], Any]:
    """The rule of an op that has none of its own: by its row."""
    number = _v.op_number(name)
    if number >= 0 and _v.is_elementwise(number):
        return functools.partial(elementwise, number)
    from .rules import BY_NAME

    rule = BY_NAME.get(name)
    if rule is None or rule.batch == "own":
        return looped
    if not rule.signature:
        return looped
    if rule.signature in ("()->()", "(),()->()"):
        return of_elements
    names = [parameter.split("=")[0].strip(" *") for parameter in rule.params.split(",")] if rule.params else []
    names = [parameter for parameter in names if parameter]
    dims = tuple((i, rule.parameter(parameter).role) for i, parameter in enumerate(names)
                 if rule.parameter(parameter).role in ("dim", "dims"))
    if name == "flip":                      # ints and dims are one parameter, by position or by keyword
        dims = dims[:1]
    keepdim = names.index("keepdim") if "keepdim" in names else -1
    return functools.partial(along, Plan(number, dims, keepdim, rule.signature.endswith("->()")))


def of_one_dtype(operands: Sequence[Any]) -> Sequence[Any]:
    """Operands in the dtype that those of one sample promote to: what has no dimensions there gives way, and may not here."""
    known = [v for v in operands if isinstance(v, (Base, np.ndarray))]
    if len(known) < 2 or len({_v.dtype_in(v) for v in known}) == 1:
        return operands
    dtype = _v.common_dtype_of(list(operands))
    return [_v.cast_variable(v, dtype) if isinstance(v, Base) else v.astype(dtype) if isinstance(v, np.ndarray) else v
            for v in operands]


def lined_up(level: Level, operands: Sequence[Any], promote: bool = True) -> list[Any]:
    """Batches and other operands, their dimensions in line as those of one sample are."""
    if len(operands) > 1:
        # arrays that NumPy made of samples' numbers
        operands = [level.inside(_v.OPS.lifted, v) if isinstance(v, np.ndarray) and v.dtype == object else v for v in operands]
        if promote:
            operands = level.inside(of_one_dtype, operands)
        rank = max([v.ndim for v in operands if isinstance(v, (Base, np.ndarray))])
        return [level.aligned(v, rank) for v in operands]
    return [level.lifted(v) for v in operands]


def elementwise(number: int, level: Level, call: Any) -> Any:
    """A row of compiled loops."""
    operands = call.operands
    try:
        result = _v.apply_elementwise(number, *lined_up(level, operands))
    except (RuntimeError, ValueError):
        of_a_sample(functools.partial(_v.apply_elementwise, number), operands)
        raise
    return result if result is NotImplemented else level.wrapped(result)


def in_place(level: Level, call: Any) -> Any:
    """A row of compiled loops, written into the batch of its first operand."""
    number, into = _v.op_number(call.name), call.into
    target = level.physical(into)
    if target is None:
        if call.name == "add":
            common = OPS.broadcast_shapes(into.shape, call.operands[1].shape)
            raise RuntimeError(f"output with shape {list(into.shape)} doesn't match the broadcast shape "
                               f"{[level.size, *common]}")
        raise RuntimeError(IN_PLACE)
    if len(call.operands) == 1:
        _v.apply_in_place(number, target)
        return into
    other = level.inside(of_one_dtype, call.operands)[1]
    if isinstance(other, (Base, np.ndarray)):
        common = tuple(OPS.broadcast_shapes(into.shape, other.shape))
        if common != tuple(into.shape):
            raise RuntimeError(f"output with shape {list(into.shape)} doesn't match the broadcast shape {list(common)}")
    other = level.aligned(other, into.ndim)
    return into if _v.apply_in_place(number, target, other) is target else NotImplemented


def positive(level: Level, call: Any) -> Any:
    """Another Variable of the same value, under a node of its own: forward mode makes its duals by it."""
    return level.wrap(_v.apply_elementwise(_v.op_number("positive"), level.lifted(call.operands[0])))


def of_elements(level: Level, call: Any) -> Any:
    """A structural row that computes each element by itself."""
    return level.wrap(_v.apply_row(call.name, tuple(lined_up(level, call.operands)), call.params))


def of_a_sample(function: Callable[..., Any], operands: Sequence[Any]) -> None:
    """Raise what one sample would: words about shapes are to be those that the user sees."""
    function(*[_v.as_tensor(np.zeros(v.shape, _v.dtype_in(v))) if isinstance(v, Base) else v for v in operands])


def along(plan: Plan, level: Level, call: Any) -> Any:
    """A row with a signature: its dimensions moved up by one."""
    operands, params = call.operands, list(call.params)
    rank = max([v.ndim for v in operands if isinstance(v, Base)])
    batches = [level.batch(v) if level.physical(v) is not None or len(operands) > 1 else level.lifted(v) for v in operands]
    if len(operands) > 1:
        batches = [v.reshape(level.size, *(1,) * (rank - v.ndim + 1), *v.shape[1:]) for v in batches]
    size = level.size
    shape, out = tuple(batches[0].shape[1:]), None
    if rank == 0:                               # dimension 0 of no dimensions: one of one element
        batches = [v.reshape(size, 1) for v in batches]
        out = (size,)
        for position, role in plan.dims:
            params[position] = 1 if role == "dim" else (1,)
        if plan.keepdim >= 0:
            params[plan.keepdim] = False
    else:
        for position, role in plan.dims:
            dim = params[position]
            if (dim is None and role == "dim") or (dim == () and role == "dims"):
                batches = [flat(v) for v in batches]
                params[position] = 1 if role == "dim" else (1,)
                out = (size, *shape)
                if plan.reduces:
                    out = (size, *(1,) * rank) if plan.keepdim >= 0 and params[plan.keepdim] else None
            elif dim is None:
                params[position] = tuple(range(1, rank + 1))
            else:
                params[position] = moved(dim, rank + (1 if call.name == "diag_embed" else 0))
    result = applied(plan.number, call.name, batches, params)
    if out is not None:
        result = result.reshape(out)
    return level.wrap(result)


def flat(batch: Any) -> Any:
    """A batch whose samples have one dimension.  A size of -1 would be ambiguous where there is no element."""
    return batch.reshape(batch.shape[0], math.prod(batch.shape[1:]))


def moved(dim: Any, rank: int) -> Any:
    """A dimension of a sample, or several, as those of a batch."""
    if isinstance(dim, (tuple, list)):
        return tuple([moved(d, rank) for d in dim])
    return dim + 1 if dim >= 0 else dim + rank + 1


def applied(number: int, name: str, batches: Sequence[Any], params: Sequence[Any]) -> Any:
    """A structural row on batches; those with a fast path go by it."""
    if name == "sum" or name == "mean":
        return getattr(OPS, name)(batches[0], *params) if name == "sum" else OPS.mean(batches[0], *params[:2])
    if name == "norm":
        return batches[0].norm(*params[:3])
    if name == "logsumexp":
        return OPS.logsumexp(batches[0], *params)
    return _v.apply_row(name, tuple(batches), tuple(params))


# ---- rules of their own: views and writes

def embed(level: Level, call: Any) -> Any:
    (g,), (geometry, shape) = call.operands, call.params
    geometry = _v.batched_transform(geometry, level.size, len(shape))[0]
    return level.wrap(_v.embed(level.batch(g), geometry, (level.size, *shape)))


def copy_region(level: Level, call: Any) -> Any:
    """Elements replaced where a geometry looks; in place: a write into a view of the batch."""
    (x, value), (geometry, *_) = call.operands, call.params
    geometry, rank = _v.batched_transform(geometry, level.size, x.ndim)
    if call.into is None:
        value = written_value(level, value, rank)
        return level.wrap(_v.apply_row("copy_region", (level.batch(x), value), (geometry,)))
    target = level.physical(call.into)
    if target is None:
        raise RuntimeError(IN_PLACE)
    _v.apply_view(target, geometry)[...] = written_value(level, value, rank)
    return call.into


def written_value(level: Level, value: Any, rank: int) -> Any:
    """What is to be written to a region of a rank: without leading dimensions of size 1 that the region has not."""
    physical = level.lifted(value)
    if physical is value:
        return value
    size, *shape = physical.shape
    while len(shape) > rank and shape[0] == 1:
        shape = shape[1:]
    return physical.reshape(size, *(1,) * (rank - len(shape)), *shape)


def detach(level: Level, call: Any) -> Any:
    return level.wrap(level.lifted(call.operands[0]).detach())


def no_data(level: Level, call: Any) -> Any:
    raise RuntimeError("accessing `data` under vmap transform is not allowed")


def deep_copy(level: Level, call: Any) -> Any:
    return level.wrap(level.lifted(call.operands[0]).clone())


def shown(level: Level, call: Any) -> Any:
    """The text of a handle: the batch, under its level."""
    v = call.operands[0]
    text = repr(level.lifted(v)).replace("\n", "\n    ")
    return f"BatchedTensor(lvl={len(active()) + 1}, bdim=0, value=\n    {text}\n)"


def flavour(level: Level, call: Any) -> Any:
    """A handle in the other flavour."""
    data, dtype, *_ = call.params
    if not isinstance(data, Base):
        return NotImplemented       # of a list: what it is made of is asked about
    if not call.operands:           # a constructor
        copy = level.lifted(data).detach().clone()
        return level.wrap(OPS.like(copy if dtype is None else _v.cast_variable(copy, dtype), TENSOR))
    batch = level.lifted(call.operands[0])
    result = _v.as_ndarray(batch, None, False) if call.name == "array" else OPS.like(batch, TENSOR)
    return level.wrap(result if dtype is None else _v.cast_variable(result, dtype))


# ---- choices, joins, products

def where(level: Level, call: Any) -> Any:
    if call.called:
        if len(call.operands) < 2 or call.operands[1] is None:      # numpy.where of the condition alone
            raise RuntimeError(DYNAMIC.format("nonzero"))
        return NotImplemented
    (condition,) = call.params
    x, y = level.inside(of_one_dtype, call.operands)
    condition, x, y = lined_up(level, (condition, x, y), promote=False)
    return level.wrapped(OPS.where(condition, x, y))


def joined(level: Level, call: Any) -> Any:
    """cat and stack."""
    return level.wrap(_v.apply_row(call.name, tuple([level.batch(v) for v in call.operands]), (call.params[0] + 1,)))


def matmul(level: Level, call: Any) -> Any:
    x, y = call.operands
    n, m = x.ndim, y.ndim
    if n == 0 or m == 0 or x.shape[-1] != y.shape[-2 if m > 1 else 0]:
        of_a_sample(OPS.matmul, (x, y))
    if _v.innermost_level() is None:
        return _v.quick_matmul(level, call)
    # Tangents may be those of samples where the operand is not: both as batches, of two dimensions at least.
    a, b = level.batch(x), level.batch(y)
    a = a.unsqueeze(1) if n == 1 else a
    b = b.unsqueeze(-1) if m == 1 else b
    rank = max(a.ndim, b.ndim)
    a, b = [v.reshape(level.size, *(1,) * (rank - v.ndim), *v.shape[1:]) for v in (a, b)]
    result = OPS.matmul(a, b)
    result = result.squeeze(-1) if m == 1 else result
    return level.wrap(result.squeeze(-1 if m == 1 else -2) if n == 1 else result)


def vdot(level: Level, call: Any) -> Any:
    x, y = [level.batch(v) for v in call.operands]
    return level.wrap(OPS.sum(OPS.conj(x) * y, 1, False))


# ---- rules of their own: what is applied with sizes

def repeat(level: Level, call: Any) -> Any:
    (x,), (sizes, other) = call.operands, call.params
    batch = level.aligned(x, len(sizes))
    return level.wrap(_v.apply_row("repeat", (batch,), ((1, *sizes), other)))


def pad(level: Level, call: Any) -> Any:
    sides, *rest = call.params
    return level.wrap(_v.apply_row("pad", (level.batch(call.operands[0]),), (((0, 0), *sides), *rest)))


# ---- rules of their own: positions

def entries_of(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def arrays_apart(entries: tuple[Any, ...]) -> tuple[bool, int]:
    """Of an index that NumPy takes: whether something stands between its arrays, and how many dimensions these make together.

    Arrays with something between them put their dimensions first.
    """
    places = [i for i, entry in enumerate(entries) if isinstance(entry, (np.ndarray, int, np.integer))]
    shapes = [(np.count_nonzero(entries[i]),) if entries[i].dtype == bool else entries[i].shape for i in places
              if isinstance(entries[i], np.ndarray)]
    apart = bool(places) and places[-1] - places[0] + 1 != len(places)
    return apart, len(np.broadcast_shapes(*shapes)) if shapes else 0


def index(level: Level, call: Any) -> Any:
    """x[index] by arrays: the batch has a full slice in front."""
    (x,), (entries,) = call.operands, call.params
    entries = entries_of(entries)
    result = _v.apply_row(call.name, (level.batch(x),), ((slice(None), *entries),))
    apart, count = arrays_apart(entries)
    return level.wrap(result.movedim(count, 0) if apart else result)


def at_index(level: Level, entries: tuple[Any, ...], shape: tuple[int, ...], y: Any) -> Any:
    """What is written or added at an index of a shape, a number or a Variable, for the index with a slice in front."""
    if not isinstance(y, (Base, np.ndarray)):
        return y
    rank = np.broadcast_to(np.empty((), bool), shape)[entries].ndim
    apart, count = arrays_apart(entries)
    batch = written_value(level, y, rank)
    if not apart:
        return batch
    if batch is y:
        wide = (1,) * (rank - y.ndim) + tuple(y.shape)
        return y.reshape(*wide[:count], 1, *wide[count:])
    return batch.movedim(0, count)


def index_add_zeros(level: Level, call: Any) -> Any:
    (g,), (entries, shape) = call.operands, call.params
    entries = entries_of(entries)
    return level.wrap(_v.index_add_zeros(at_index(level, entries, shape, g), (slice(None), *entries), (level.size, *shape)))


def index_set(level: Level, call: Any) -> Any:
    """x with elements at an index replaced, or added to, or compared with them."""
    (x, y), (entries, *rest) = call.operands, call.params
    if call.called or level.concerns(entries_of(entries)):
        return set_at_handles(level, call)
    entries = entries_of(entries)
    value = at_index(level, entries, tuple(x.shape), y)
    entries = (slice(None), *entries)
    if call.into is not None:
        target = level.physical(call.into)
        if target is None:
            raise RuntimeError(IN_PLACE)
        target[entries] = value
        return call.into
    return level.wrap(_v.apply_row(call.name, (level.batch(x), value), (entries, *rest)))


def full_index(level: Level, x: Any, entries: Sequence[Any]) -> tuple[tuple[Any, ...], int, int]:
    """An index of which some entries are batches of positions, for the batch of x, and how its result is laid out.

    (the index, how many dimensions the arrays make, how many dimensions of a sample's result come before them); in the result
    the arrays' dimensions follow the batch's.
    """
    made: list[Any] = []
    for entry in entries:
        if isinstance(entry, Base):
            kind = _v.dtype_in(entry).kind
            if kind not in "iub":
                raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
            if kind == "b" or _v.dtype_in(entry) == np.uint8:
                if level.physical(entry) is not None:
                    raise RuntimeError(MASK)
                made.extend([_v.as_tensor(places) for places in np.nonzero(_v.plain_of(entry))])
            else:
                made.append(entry)
        elif isinstance(entry, (list, np.ndarray, range)):
            array = np.asarray(entry)
            positions = np.nonzero(array) if array.dtype == bool else (array.astype(np.int64),)
            made.extend([_v.as_tensor(places) for places in positions])
        else:
            made.append(entry)
    consumed = sum(entry is not None and entry is not Ellipsis for entry in made)
    if any(entry is Ellipsis for entry in made):
        at = next(i for i, entry in enumerate(made) if entry is Ellipsis)
        made[at:at + 1] = [slice(None)] * (x.ndim - consumed)
    if consumed > x.ndim:
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}")
    # What comes before the arrays' dimensions in a result: numbers are selections to PyTorch, and arrays to NumPy.
    numbers = [isinstance(entry, (int, np.integer)) or (isinstance(entry, Base) and entry.ndim == 0) for entry in made]
    if not _v.is_numpy_flavour(x):
        rest = [entry for entry, number in zip(made, numbers) if not number]
        places = [i for i, entry in enumerate(rest) if isinstance(entry, Base)]
    else:
        places = [i for i, entry in enumerate(made) if isinstance(entry, Base) or numbers[i]]
    before = places[0] if places and places[-1] - places[0] + 1 == len(places) else 0
    rank = max([entry.ndim for entry in made if isinstance(entry, Base)])
    samples = _v.as_tensor(np.arange(level.size).reshape(-1, *(1,) * rank))
    return (samples, *[level.aligned(entry, rank) for entry in made]), rank, before


def index_of_handles(level: Level, call: Any) -> Any:
    """x[index] where the index has Variables in it, some of them batches."""
    (x,), (entries,) = call.operands, call.params
    if not level.concerns(entries):
        return NotImplemented
    table = len(entries) == 1 and level.physical(x) is None and isinstance(entries[0], Base)
    if table and _v.dtype_in(entries[0]).kind in "iu":
        return level.wrap(x[level.lifted(entries[0])])      # rows of a table that all samples share
    places, rank, before = full_index(level, x, entries)
    result = level.batch(x)[places]
    if before:
        result = result.movedim(tuple(range(1 + rank, 1 + rank + before)), tuple(range(1, 1 + before)))
    return level.wrap(result)


def set_at_handles(level: Level, call: Any) -> Any:
    """x[index] = value where the index has Variables in it, some of them batches."""
    (x, value), (entries,) = call.operands, call.params
    entries = entries_of(entries)
    target = level.physical(x)
    if not level.concerns(entries):
        return NotImplemented
    if target is None:
        raise RuntimeError(IN_PLACE)
    mask = entries[0] if len(entries) == 1 else None
    if isinstance(mask, Base) and _v.dtype_in(mask).kind == "b":
        if isinstance(value, Base) and value.ndim:
            raise RuntimeError(MASK)
        condition = level.lifted(mask).reshape(level.size, *mask.shape, *(1,) * (x.ndim - mask.ndim))
        value = level.inside(lambda: value.to(x.dtype) if isinstance(value, Base) else value)
        target.copy_(OPS.where(condition, level.aligned(value, x.ndim), target))
        return x
    places, rank, before = full_index(level, x, entries)
    if isinstance(value, (Base, np.ndarray)):
        shape = tuple(target[places].shape)
        value = written_value(level, value, len(shape) - 1)
        if before:                      # of a sample: what comes before the arrays' dimensions stands first
            if not (isinstance(value, Base) and level.physical(call.operands[1]) is not None):
                value = _v.as_tensor(value)
                value = value.reshape(1, *(1,) * (len(shape) - 1 - value.ndim), *value.shape)
            value = value.movedim(tuple(range(1, 1 + before)), tuple(range(1 + rank, 1 + rank + before)))
    target[places] = value
    return x


# ---- composite rows that read values between their ops: applied whole

def pointwise(level: Level, call: Any) -> Any:
    """Each element by itself."""
    variables = (*call.operands, *call.params)
    ready = level.inside(of_one_dtype, variables) if call.name in PROMOTING else variables
    ranks = [v.ndim for v in ready if isinstance(v, (Base, np.ndarray))]
    lifted = [level.aligned(v, max(ranks)) for v in ready]
    return level.wrapped(called(call.name, lifted[:len(call.operands)], lifted[len(call.operands):]))


def called(name: str, operands: Sequence[Any], params: Sequence[Any]) -> Any:
    """The function of a row by its arguments as it was asked about with."""
    given = dict(zip(parameter_names(name), params))
    several = SEVERAL.get(name)
    if several is None:
        return getattr(OPS, name)(*operands, **given)
    return getattr(OPS, name)(*operands, *given.pop(several), **given)


PARAMETERS: dict[str, tuple[str, ...]] = {}
SEVERAL: dict[str, str | None] = {}         # the parameter of which there may be any number, one after the other


def parameter_names(name: str) -> tuple[str, ...]:
    """The parameters of a row, in the order of a call."""
    found = PARAMETERS.get(name)
    if found is None:
        from .rules import BY_NAME

        texts, depth = [""], 0
        for letter in BY_NAME[name].params:         # commas between parameters, and those of defaults
            depth += (letter in "([{") - (letter in ")]}")
            texts = [*texts, ""] if letter == "," and not depth else [*texts[:-1], texts[-1] + letter]
        parts = [part.split("=")[0].strip() for part in texts]
        SEVERAL[name] = next((part[1:] for part in parts if part.startswith("*") and part != "*"), None)
        names = [part.strip("*") for part in parts]
        found = PARAMETERS[name] = tuple([part for part in names if part])
    return found


def along_called(level: Level, call: Any) -> Any:
    """A composite row that works along dimensions of its operand: they move up by one."""
    from .rules import BY_NAME

    (x,), name = call.operands, call.name
    if level.concerns(call.params):
        return looped(level, call)
    params = dict(zip(parameter_names(name), call.params))
    batch, rank, out = level.lifted(x), x.ndim, None
    row = BY_NAME[name]
    for parameter, dim in params.items():
        role = row.parameter(parameter).role
        if role not in ("dim", "dims"):
            continue
        if rank == 0:
            batch, out = batch.reshape(level.size, 1), (level.size,)
            params[parameter] = 1
            if "keepdim" in params:
                params["keepdim"] = False
        elif dim is None or dim == () or dim == []:
            if role == "dims":
                params[parameter] = tuple(range(1, rank + 1))
            else:
                batch = flat(batch)
                params[parameter] = 1
                if params.get("keepdim"):
                    out = (level.size, *(1,) * rank)
        elif isinstance(dim, (tuple, list)):
            params[parameter] = tuple([OPS.wrap_dim(d, rank) + 1 for d in dim])
        else:
            params[parameter] = OPS.wrap_dim(dim, rank) + 1
    result = getattr(OPS, name)(batch, **params)
    if row.single and call.params[parameter_names(name).index("dim")] is None:
        result = result[0]
    if out is not None:
        several = isinstance(result, tuple)
        result = tuple.__new__(type(result), [part.reshape(out) for part in result]) if several else result.reshape(out)
    return level.wrapped(result)


def extreme(level: Level, call: Any) -> Any:
    """max and min: along a dimension they read values, else they are other ops."""
    dim, other = call.params[0], call.params[2]
    if dim is None or other is not None or isinstance(dim, (Base, np.ndarray)):
        return NotImplemented
    return along_called(level, call)


def median(level: Level, call: Any) -> Any:
    """median and nanmedian: of all elements it is another op, whose gradient is shared among ties."""
    return NotImplemented if call.params[0] is None else along_called(level, call)


def msort(level: Level, call: Any) -> Any:
    return level.inside(lambda: OPS.sort(call.operands[0], 0)[0])


def searched(level: Level, call: Any) -> Any:
    """searchsorted and bucketize: the edges in order are the same for all samples, or in rows, one for each."""
    params = dict(zip(parameter_names(call.name), call.params))
    named = "boundaries" if call.name == "bucketize" else "input"
    edges, x = (params[named], call.operands[0]) if call.name == "bucketize" else (call.operands[0], params[named])
    if level.concerns((params.get("sorter"),)) or (not isinstance(x, Base)):
        return looped(level, call)
    if level.physical(edges) is None and edges.ndim == 1:
        ready = level.lifted(x)
    elif edges.ndim == 1 and params.get("sorter") is None:
        edges, ready = level.batch(edges), flat(level.batch(x))
        side = {key: v for key, v in params.items() if key in ("out_int32", "right", "side")}
        return level.wrap(OPS.searchsorted(edges, ready, **side).reshape(level.size, *x.shape))
    else:
        return looped(level, call)
    given = {**params, named: edges if call.name == "bucketize" else ready}
    return level.wrap(getattr(OPS, call.name)(ready if call.name == "bucketize" else edges, **given))


def isin(level: Level, call: Any) -> Any:
    if level.concerns(call.params):
        return looped(level, call)
    return level.wrapped(called("isin", [level.lifted(v) for v in call.operands], call.params))


def quantile(level: Level, call: Any) -> Any:
    (x,), (q, dim, keepdim, interpolation) = call.operands, call.params
    if level.concerns((q,)):
        return looped(level, call)
    batch, rank = level.batch(x), x.ndim
    out = None
    if dim is None or rank == 0:
        batch, dim = flat(batch), 1
        out = (1,) * rank if keepdim else ()
        keepdim = False
    else:
        dim = OPS.wrap_dim(dim, rank) + 1
    result = getattr(OPS, call.name)(batch, q, dim, keepdim, interpolation=interpolation)
    several = result.ndim - (batch.ndim - (0 if keepdim else 1))
    if several:
        result = result.movedim(0, 1)
    if out is not None:
        result = result.reshape(*result.shape, *out)
    return level.wrap(result)


def gathered(level: Level, call: Any) -> Any:
    """Rows whose positions along dim are an operand of the same number of dimensions: gather, scatter and their like."""
    if not level.concerns(call.params):         # the ops that it computes with are asked about
        return NotImplemented
    (x,), names = call.operands, parameter_names(call.name)
    params = dict(zip(names, call.params))
    positions = "indices" if "indices" in params else "index"
    dim, rank = params["dim"], x.ndim
    batch = level.batch(x)
    given = {name: level.batch(v) for name, v in params.items() if isinstance(v, Base)}
    if positions not in given:
        given[positions] = level.batch(_v.as_tensor(np.asarray(params[positions])))
    out = None
    if dim is None:                             # take_along_dim of all elements in order
        batch, given = flat(batch), {name: flat(v) for name, v in given.items()}
        dim = 0
    elif rank == 0:
        batch, out = batch.reshape(level.size, 1), (level.size,)
        given = {name: flat(v) for name, v in given.items()}
        dim = 0
    else:
        dim = OPS.wrap_dim(dim, rank)
        given = {name: v.reshape(level.size, 1) if v.ndim == 1 else v for name, v in given.items()}
    result = called(call.name, (batch,), tuple({**params, **given, "dim": dim + 1}.values()))
    return level.wrap(result if out is None else result.reshape(out))


def by_gather(level: Level, call: Any) -> Any:
    """Rows whose positions are of slices along dim, a vector of them for each sample: gather and scatter do it by element."""
    if not level.concerns(call.params):
        return NotImplemented
    (x,), params = call.operands, dict(zip(parameter_names(call.name), call.params))
    function: Any = SLICES[call.name]
    return level.inside(function, x, *params.values())


def along_slices(x: Any, dim: int, index: Any, like: Any = None) -> tuple[int, Any]:
    """(dim, positions of each element) for positions of slices along dim."""
    dim = OPS.wrap_dim(dim, x.ndim)
    if not isinstance(index, Base):
        index = _v.as_tensor(np.asarray(index))
    index = index.reshape(-1)
    if not x.ndim:
        return dim, index
    sizes = [1] * x.ndim
    sizes[dim] = -1
    shape = [n if i != dim else index.shape[0] for i, n in enumerate(x.shape)]
    return dim, index.reshape(*sizes).expand(*shape)


def index_select(x: Any, dim: int, index: Any) -> Any:
    dim, positions = along_slices(x, dim, index)
    return x.gather(dim, positions) if x.ndim else x.reshape(1).gather(0, positions).reshape(())


def index_add(x: Any, dim: int, index: Any, source: Any, alpha: Any) -> Any:
    dim, positions = along_slices(x, dim, index)
    return x.scatter_add(dim, positions, source * alpha if alpha != 1 else source)


def index_reduce(x: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool) -> Any:
    dim, positions = along_slices(x, dim, index)
    return x.scatter_reduce(dim, positions, source, reduce, include_self=include_self)


def index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    dim, positions = along_slices(x, dim, index)
    return x.scatter(dim, positions, source)


def index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    dim, positions = along_slices(x, dim, index)
    source = (value if isinstance(value, Base) else _v.as_tensor(np.asarray(value))).to(x.dtype)
    return x.scatter(dim, positions, source.expand(*positions.shape))


def take(x: Any, index: Any) -> Any:
    flat = x.reshape(-1)
    if not isinstance(index, Base):
        index = _v.as_tensor(np.asarray(index))
    positions = index.reshape(-1)
    positions = OPS.where(positions < 0, positions + flat.shape[0], positions)
    return flat.gather(0, positions).reshape(tuple(index.shape))


def put(x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    flat, positions = x.reshape(-1), index.reshape(-1)
    positions = OPS.where(positions < 0, positions + flat.shape[0], positions)
    source = source.reshape(-1)
    result = flat.scatter_add(0, positions, source) if accumulate else flat.scatter(0, positions, source)
    return result.reshape(tuple(x.shape))


def index_put(level: Level, call: Any) -> Any:
    (x,), (indices, values, accumulate) = call.operands, call.params
    if not level.concerns(call.params):
        return NotImplemented
    if not level.concerns(tuple(indices)):
        return NotImplemented
    places, *_ = full_index(level, x, tuple(indices))
    batch = level.batch(x)
    if isinstance(values, Base):
        values = written_value(level, values, len(batch[places].shape) - 1)
    return level.wrap(batch.index_put(tuple([p for p in places if isinstance(p, Base)]), values, accumulate))


def masked_fill(level: Level, call: Any) -> Any:
    (x,), (mask, value) = call.operands, call.params
    if not level.concerns((mask,)):
        return NotImplemented
    return level.inside(lambda: OPS.where(mask, value.to(x.dtype) if isinstance(value, Base) else value, x))


def no_shape(level: Level, call: Any) -> Any:
    raise RuntimeError(DYNAMIC.format({"unique": "_unique2", "argwhere": "nonzero"}.get(call.name, call.name)))


def masked_select(level: Level, call: Any) -> Any:
    if level.concerns(call.params):
        raise RuntimeError("vmap: Attempted to vmap over `mask` in torch.masked_select(self, mask) We cannot support this "
                           "because for each batch this would return a differently shaped Tensor. Please file an issue "
                           "at https://github.com/pytorch/pytorch/issues if you need this feature.")
    return NotImplemented


SLICES = {"index_select": index_select, "index_add": index_add, "index_copy": index_copy, "index_fill": index_fill,
          "index_reduce": index_reduce, "take": take, "put": put}


# ---- what has no rule: sample by sample

def looped(level: Level, call: Any) -> Any:
    """The op on each sample in turn, and the results stacked; with a warning that names it."""
    warnings.warn("There is a performance drop because we have not yet implemented the batching rule for "
                  f"{call.name}: it runs sample by sample under vmap.", UserWarning, stacklevel=4)
    FALLBACKS.add(call.name)
    if level.size == 0:
        raise RuntimeError(f"vmap: {call.name} has no batching rule, and without a sample its result's shape is not known")
    results = []
    for i in range(level.size):
        operands, params = sample(level, call.operands, i), sample(level, call.params, i)
        results.append(called(call.name, operands, params) if call.called else apply(call.name, operands, params))
    return level.wrapped(stacked(results))


#: Rows that ran sample by sample, by name; for tests.
FALLBACKS: set[str] = set()


def apply(name: str, operands: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
    return _v.apply_row(name, operands, params)


def sample(level: Level, value: Any, i: int) -> Any:
    """What one sample sees of a value, or of a nest of them."""
    if isinstance(value, (tuple, list)):
        return type(value)([sample(level, v, i) for v in value])
    physical = level.physical(value)
    return value if physical is None else physical[i]


def stacked(results: list[Any]) -> Any:
    first = results[0]
    if isinstance(first, tuple):
        parts = [stacked(list(parts)) for parts in zip(*results)]
        return tuple.__new__(type(first), parts)
    if isinstance(first, Base):
        return OPS.stack(results)
    return np.stack([np.asarray(result) for result in results])


# ---- custom Functions

def is_custom(call: Any) -> bool:
    params = call.params
    return len(params) == 2 and ((isinstance(params[0], type) and isinstance(params[1], dict))
                                 or (isinstance(params[0], tuple) and callable(params[1])))


class Info(NamedTuple):
    """What a Function's vmap() is told of the batch."""

    batch_size: int
    randomness: str


def custom(level: Level, call: Any) -> Any:
    function: Any = call.params[0]
    kwargs: dict[str, Any] = call.params[1]
    if isinstance(call.params[0], tuple):       # of record_custom(): plain values and their derivative
        raise NotImplementedError(f"{call.name} has no batching rule: its results would not depend on the samples")
    given = function.vmap is not _v.the_function().vmap
    if function.generate_vmap_rule:
        if given:
            raise RuntimeError(f"You tried to vmap over {function.__name__}, but it has both generate_vmap_rule=True and an "
                               "overridden vmap staticmethod. Please set generate_vmap_rule=False or delete the "
                               "overridden vmap staticmethod to avoid ambiguity. For more details, please see "
                               "https://pytorch.org/docs/main/notes/extending.func.html")
        return generated(level, function, call.operands, kwargs)
    if not given and function.setup_context is _v.the_function().setup_context:
        raise RuntimeError("In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it "
                           "must override the setup_context staticmethod. For more details, please see "
                           "https://pytorch.org/docs/main/notes/extending.func.html")
    if not given:
        raise RuntimeError(f"You tried to vmap over {function.__name__}, but it does not have vmap support. Please override "
                           "and implement the vmap staticmethod or set generate_vmap_rule=True. For more details, please "
                           "see https://pytorch.org/docs/main/notes/extending.func.html")
    in_dims = tuple([0 if level.physical(v) is not None else None for v in call.operands])
    result = function.vmap(Info(level.size, level.randomness), in_dims, *[level.lifted(v) for v in call.operands], **kwargs)
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(f"Expected the vmap staticmethod to have two returns, an output and out_dims with pytree structure "
                           f"compatible with the output. Got a {type(result)} instead")
    outputs, out_dims = result
    if isinstance(outputs, (tuple, list)):
        dims = out_dims if isinstance(out_dims, (tuple, list)) else (out_dims,) * len(outputs)
        return type(outputs)([placed(level, v, d) for v, d in zip(outputs, dims)])
    return placed(level, outputs, out_dims)


def placed(level: Level, v: Any, dim: int | None) -> Any:
    if dim is None or not isinstance(v, Base):
        return v
    return level.wrap(v if dim == 0 else v.movedim(dim, 0))


def generated(level: Level, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """generate_vmap_rule: a Function of batches whose forward() and backward() are those of a sample, each inside a vmap."""
    which = tuple([level.physical(v) is not None for v in args])
    result = batched_function(function).apply(level.size, level.randomness, which, kwargs, *[level.lifted(v) for v in args])
    return level.wrapped(result)


def batched_function(function: Any) -> Any:
    """The Function of batches of one that is written for a sample; made once, and kept by that.

    Its context keeps the level and the samples' context, whose attributes may be handles.
    """
    if "_of_batches" not in vars(function):
        function._of_batches = made_for_batches(function)
    return function._of_batches


def made_for_batches(function: Any) -> Any:
    Function: Any = _v.the_function()
    two_parts = function.setup_context is not Function.setup_context

    def forward(ctx: Any, size: int, randomness: str, which: tuple[bool, ...], kwargs: dict[str, Any], *args: Any) -> Any:
        level = ctx.level = Level(size, randomness)
        inner = ctx.inner = SampleContext(ctx.needs_input_grad[4:])
        ctx.which = which
        handles = [level.wrap(v) if batched else v for v, batched in zip(args, which)]

        def run() -> Any:
            if not two_parts:
                return function.forward(inner, *handles, **kwargs)
            output = function.forward(*handles, **kwargs)
            function.setup_context(inner, tuple(handles), output)
            return output

        output = level.inside(run)
        inner.hand_over(level, ctx)
        for name, value in list(vars(inner).items()):       # the context looks after what depends on inputs, unrecorded
            if level.physical(value) is not None:
                setattr(ctx, f"of_samples_{name}", level.physical(value))
        return made_batches(level, output)

    def backward(ctx: Any, *gradients: Any) -> Any:
        level, inner = ctx.level, ctx.inner
        inner.saved_tensors = tuple([level.wrap(v) if batched else v for v, batched in zip(ctx.saved_tensors,
                                                                                           inner.which)])
        handles = [None if g is None else level.wrap(g) for g in gradients]
        results = level.inside(lambda: function.backward(inner, *handles))
        results = results if isinstance(results, tuple) else (results,)
        summed = [level.batch(g) if isinstance(g, Base) else g for g in results]
        return (None, None, None, None, *[g if batched or not isinstance(g, Base) else OPS.sum(g, 0, False)
                                          for g, batched in zip(summed, ctx.which)])

    def jvp(ctx: Any, *tangents: Any) -> Any:
        level, inner = ctx.level, ctx.inner
        inner.saved_tensors = inner.for_forward
        handles = [level.wrap(t) if batched and t is not None else t for t, batched in zip(tangents[4:], ctx.which)]
        return made_batches(level, level.inside(lambda: function.jvp(inner, *handles)))

    return type(function.__name__, (Function,), {
        "generate_vmap_rule": True, "forward": staticmethod(forward), "backward": staticmethod(backward),
        "jvp": staticmethod(jvp)})


def made_batches(level: Level, output: Any) -> Any:
    if isinstance(output, tuple):
        return tuple([made_batches(level, v) for v in output])
    return level.batch(output) if isinstance(output, Base) else output


class SampleContext:
    """The context that forward(), backward() and jvp() of a Function see, where its rule for batches is generated."""

    def __init__(self, needs: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs
        self.materialize_grads = True
        self.to_save: tuple[Any, ...] = ()
        self.for_forward: tuple[Any, ...] = ()
        self.fixed: tuple[Any, ...] = ()
        self.which: tuple[bool, ...] = ()
        self.saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        self.for_forward = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        raise RuntimeError("vmap: a Function with generate_vmap_rule=True cannot write its inputs in place: define its vmap "
                           "staticmethod")

    def mark_non_differentiable(self, *tensors: Any) -> None:
        self.fixed = tensors

    def set_materialize_grads(self, value: bool) -> None:
        self.materialize_grads = bool(value)

    def hand_over(self, level: Level, ctx: Any) -> None:
        """What was said of a sample's Variables holds for their batches."""
        ctx.set_materialize_grads(self.materialize_grads)
        self.which = tuple([v is not None and level.physical(v) is not None for v in self.to_save])
        ctx.save_for_backward(*[None if v is None else level.lifted(v) for v in self.to_save])
        if self.fixed:
            ctx.mark_non_differentiable(*[level.lifted(v) for v in self.fixed])
        self.for_forward = self.for_forward or self.to_save
        self.to_save = self.fixed = ()


# ---- reverse passes through handles

def levels_of(v: Any) -> list[Level]:
    """The levels of a handle, the outermost first."""
    found: list[Level] = []
    pair = _v.physical_of(v)
    while pair is not None:
        v, level = pair
        found.insert(0, level)
        pair = _v.physical_of(v)
    return found


def without(level: Level, v: Any) -> Any:
    """v with the batch of a level as its first dimension, a handle of the other levels alone."""
    pair = _v.physical_of(v)
    if pair is None:
        return v.expand(level.size, *v.shape)
    physical, own = pair
    if own is level:
        return physical
    return own.wrap(without(level, physical).movedim(0, 1)) if concerned(level, physical) else v.expand(level.size, *v.shape)


def concerned(level: Level, v: Any) -> bool:
    return level in levels_of(v)


def within(level: Level, v: Any) -> Any:
    """The other way round: a handle of the level on what has its batch as the first dimension."""
    pair = _v.physical_of(v)
    inner = active()
    if pair is None or pair[1] not in inner[inner.index(level) + 1:]:
        return level.wrap(v)
    physical, own = pair
    return own.wrap(within(level, physical.movedim(1, 0)))


def physical_pass(outputs: tuple[Any, ...], gradients: tuple[Any, ...], inputs: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """A reverse pass from and to handles is one from and to their batches: (outputs, cotangents, inputs, what makes handles).

    Raises RuntimeError for an input that is the same for all samples while the outputs are not: its gradient would be a sum
    over the batch, and not that of a sample.
    """
    if len(outputs) == 1 and gradients[0] is None and inputs:
        # The gradient of a scalar inside of one vmap: what grad() under vmap() asks for, in half the time (7 us).
        pairs: list[Any] = [_v.physical_of(v) if isinstance(v, Base) else None for v in (*outputs, *inputs)]
        level: Any = pairs[0][1] if pairs[0] is not None else None
        if all(pair is not None and pair[1] is level and _v.physical_of(pair[0]) is None for pair in pairs):
            (physical, _), *others = pairs
            if physical.ndim == 1 and not physical.is_complex():
                return (physical,), (_ones(physical),), tuple([v for v, _ in others]), functools.partial(_wrapped, level)
    levels: list[Level] = []
    for v in outputs:
        if isinstance(v, Base):
            levels += [level for level in levels_of(v) if level not in levels]
    given: list[tuple[Any, Any]] = []
    for v, g in zip(outputs, gradients):
        for level in reversed(levels_of(v) if isinstance(v, Base) else []):
            if g is None:
                if v.numel() != 1:
                    raise RuntimeError("grad can be implicitly created only for scalar outputs")
                if v.is_complex():
                    raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {v.dtype}")
                g = _ones(v)
            if tuple(g.shape) != tuple(v.shape):
                raise RuntimeError(f"Mismatch in shape: grad_output[{len(given)}] has a shape of {g.shape} and "
                                   f"output[{len(given)}] has a shape of {v.shape}.")
            g, v = without(level, g), level.physical(v)
        given.append((v, g))
    made: list[list[Level]] = []
    found = []
    for v in inputs or ():
        own = levels_of(v) if isinstance(v, Base) else []
        if isinstance(v, Base) and any(level not in own for level in levels):
            raise RuntimeError("vmap: a gradient with respect to a Variable that all samples share would be a sum over the "
                               "batch, not that of a sample. Use autodiff.func.grad inside of vmap, or give it as an "
                               "argument of the function that is batched")
        made.append(own)
        for level in reversed(own):
            v = level.physical(v)
        found.append(v)

    def handles(results: Any) -> Any:
        if results is None:
            return None
        return tuple([None if g is None else functools.reduce(lambda v, level: within(level, v), own, g)
                      for g, own in zip(results, made)])

    return (tuple([v for v, _ in given]), tuple([g for _, g in given]), None if inputs is None else tuple(found), handles)


def _wrapped(level: Level, results: Any) -> Any:
    return None if results is None else tuple([None if g is None else level.wrap(g) for g in results])


def _ones(v: Any) -> Any:
    return _v.as_tensor(np.ones(tuple(v.shape), _v.dtype_in(v)))


def physical_beside(v: Any, tangent: Any) -> Any:
    """The tangent of a handle as that of its batch."""
    _, level = _v.physical_of(v)
    return level.batch(tangent)


def batch_beside(v: Any, tangent: Any) -> Any:
    """A handle with an entry for each sample of a tangent's level as well, where that is further inside than its own."""
    levels = levels_of(v)
    for level in reversed(levels_of(tangent)):
        if level not in levels and active().index(level) > active().index(levels[-1]):
            v = level.wrap(level.batch(v))
    return v


_v.register_quick(_v.quick_rules)
_v.quick_rules["view"] = _v.quick_view
OPS.physical_pass = physical_pass
OPS.batch_beside = batch_beside
OPS.physical_beside = physical_beside


# ---- the tables

#: Ops whose rule does the writing itself.
WRITING = {"copy_region", "index_set", "set_data"}

RULES: dict[str, Callable[[Level, Any], Any]] = {
    "view": _v.quick_view, "embed": embed, "copy_region": copy_region, "detach": detach, "data": no_data, "set_data": no_data,
    "__deepcopy__": deep_copy, "__repr__": shown, "where": where, "cat": joined, "stack": joined, "matmul": matmul,
    "vdot": vdot, "repeat": repeat, "pad": pad, "index": index, "pick": index, "index_add_zeros": index_add_zeros,
    "index_set": index_set,
    "index_put_add": index_set, "scatter_extreme": index_set, "positive": positive,
}

#: Composite rows, as they were called, that read values between their ops.
CALLED: dict[str, Callable[[Level, Any], Any]] = {
    "where": where, "array": flavour, "tensor": flavour, "index": index_of_handles, "index_set": set_at_handles,
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "bitwise_left_shift", "bitwise_right_shift",
                     "isclose", "isreal", "lerp", "heaviside", "polar", "nan_to_num", "isposinf", "isneginf", "frexp", "gcd",
                     "lcm"), pointwise),
    **dict.fromkeys(("sort", "argsort", "topk", "kthvalue", "mode", "cummax", "cummin", "count_nonzero",
                     "nansum", "nanmean", "all", "any"), along_called),
    "quantile": quantile, "nanquantile": quantile, "max": extreme, "min": extreme, "msort": msort, "isin": isin,
    "median": median, "nanmedian": median,
    "searchsorted": searched, "bucketize": searched,
    **dict.fromkeys(("gather", "take_along_dim", "scatter", "scatter_add", "scatter_reduce"), gathered),
    **dict.fromkeys(SLICES, by_gather),
    "index_put": index_put, "masked_fill": masked_fill, "masked_select": masked_select,
    **dict.fromkeys(("nonzero", "argwhere", "unique", "unique_consecutive"), no_shape),
    **dict.fromkeys(("histc", "bincount", "histogram"), looped),
}
PROMOTING = {"bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm"}
