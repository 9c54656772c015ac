"""The plan of a recorded program of arrays: which ops run together, what is left out, and where each value lies.

A recording is a list of ops, forward and backward alike (the derivatives are recorded ops, too).  The plan

* leaves out what nobody asks for, and computes what depends on no input once (the cotangent 1, for instance);
* makes views and copies nothing but another way to look, for nobody writes inside of a program;
* puts elementwise ops of one size into one *sweep*, in blocks that stay in the first-level cache, a sum of all elements
  with them: what is behind the sum is not waited for where its cotangent is known;
* adds a part's gradient where the part is, rather than to zeros;
* gives each value that crosses sweeps a place in one arena, which later ones take over when it is read for the last time.

Ops are sorted by *level*: that of an op is above those of its operands, but for elementwise ops that share a sweep.
"""
from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _arrays as _arrays_module
from .. import _variable as _variable_module
from ._whole import GRADIENT, WHOLE, Kept, Ref, backward, forward, mapped, refs_in, refs_in_op

_arrays: Any = _arrays_module
_v: Any = _variable_module
K: dict[str, int] = _arrays.KINDS
ARENA, REGISTERS, FIRST = _arrays.ARENA, _arrays.REGISTERS, _arrays.FIRST_BASE
MOVED, STORED, TWO, NEGATED, END, SAME = (
    _arrays.MOVED, _arrays.STORED, _arrays.TWO, _arrays.NEGATED, _arrays.END, _arrays.SAME)
AT_ONCE, CODES, OPERANDS, ROWS_SPREAD = _arrays.AT_ONCE, _arrays.CODES, _arrays.OPERANDS, _arrays.ROWS_SPREAD
BLOCK, REGISTER_BYTES, SUMS, DIMS, SHORT = 512, 4096, 16, 8, 128
#: A program of more ops is not shown: the list of them is not kept.
SHOWN = 50_000
#: Beyond so many micro-ops a sweep is ended: its code would not stay in the cache, either.
MICROS = 400

#: Elements at places are picked without Python up to so many: the places are kept.
PLACES = 1 << 17

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
BOOL = np.dtype(bool)
COMMUTATIVE = ("add", "mul")
NUMBERS = frozenset((int, float, bool))


class Op(NamedTuple):
    """A recorded op: operands are Refs, numbers and arrays, parameters may hold Refs.

    more: what it computes besides `out`.  An op that is called whole has its own operands and parameters; the gradient of one
    the cotangents, and (out of the op, a Ref for each slot in it, those of which it is the gradient).
    """

    name: str
    number: int
    operands: tuple[Any, ...]
    params: tuple[Any, ...]
    out: int
    place: Any
    more: tuple[int, ...] = ()


class Guard(NamedTuple):
    """That a value is what was decided by it.  after: how many ops come before."""

    kind: str
    slot: int
    expected: bool
    after: int
    place: Any


class Slot(NamedTuple):
    """A value of the recording: its shape, dtype, flavour, and what it was; source is where it comes from."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    flavour: Any
    source: str                     # input, reference, constant, flat (zeros that need not be added), op
    value: Any                      # of a constant: the array; of an op, the Variable until it is planned


class Look:
    """Where a value lies: in the memory of a root, from an offset on, with strides, all in bytes."""

    __slots__ = ("offset", "root", "shape", "strides")

    def __init__(self, root: int, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> None:
        self.root, self.shape, self.strides, self.offset = root, shape, strides, offset

    def same(self, other: Look) -> bool:
        return (self.root, self.offset, self.shape, self.strides) == (other.root, other.offset, other.shape, other.strides)

    def contiguous(self, size: int) -> bool:
        return all(n == 1 or s == t for n, s, t in zip(self.shape, self.strides, packed(self.shape, size), strict=True))


def _strides(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """The strides of contiguous memory."""
    strides = []
    for n in reversed(shape):
        strides.append(size)
        size *= n
    return tuple(reversed(strides))


packed: Any = functools.lru_cache(4096)(_strides)


def count(shape: tuple[int, ...]) -> int:
    total = 1
    for n in shape:
        total *= n
    return total


class Sweep:
    """Elementwise ops of one size, to be run together in blocks."""

    __slots__ = ("columns", "level", "ops", "row_sums", "rows", "size", "sums")

    def __init__(self, level: int, size: int) -> None:
        self.level, self.size, self.rows, self.columns = level, size, 0, 0
        self.ops: list[Any] = []
        self.sums: list[Any] = []               # of all elements: (target, source)
        self.row_sums: list[Any] = []           # ... of each row

    def sums_rows(self, columns: int) -> bool:
        """Whether it may go by rows of so many elements and sum them."""
        split = self.size // columns, columns
        return split[0] > 1 and 8 <= columns <= SHORT and (self.rows == 0 or (self.rows, self.columns) == split) and (
            len(self.row_sums) < SUMS)


class Plan:
    """Made of a recording once; `program` is what runs."""

    def __init__(self, slots: list[Slot], ops: list[Op], guards: list[Guard], outputs: list[int]) -> None:
        self.slots = slots
        self.origin: Any = None                     # what was recorded of the function itself, see _arrays.Origin
        self.dropped = 0                            # so many ops are not kept
        self.alias: dict[int, int] = {}             # a slot that is another one's value
        self.constant: dict[int, np.ndarray[Any, Any]] = {}
        self.look: dict[int, Look] = {}
        self.guards, self.outputs = guards, outputs
        self.made = {slots[slot].dtype for slot in outputs}
        self.level: dict[int, int] = {}             # of roots
        self.sweep: dict[int, Sweep] = {}           # in which a root is computed
        self.sweeps: dict[tuple[int, int], Sweep] = {}
        self.at_level: dict[int, list[Any]] = {}    # steps that are no sweeps, and sweeps, in order
        self.place: dict[int, tuple[int, int]] = {}
        self.inplace: dict[int, int] = {}           # a root that takes over another one's memory
        self.seen: dict[Any, int] = {}              # ops by what they compute
        self.embedded: dict[int, Any] = {}          # zeros with a value in a part of them: (step, value, part)
        self.exponentials: dict[int, Any] = {}      # steps of logsumexp by their result
        self.owned: set[int] = set()                # ... and sums of such: values in memory that one op alone reads
        self.shapes, self.dtypes = [slot.shape for slot in slots], [slot.dtype for slot in slots]      # with fresh slots behind
        self.numbers: dict[Any, int] = {}           # constants without dimensions by dtype and bits, as keys of what is seen
        for i, slot in enumerate(slots):
            if slot.source in ("constant", "flat"):
                self.constant[i] = slot.value
            elif slot.source != "op":
                self.look[i] = Look(i, slot.shape, packed(slot.shape, slot.dtype.itemsize))
                self.level[i] = 0
        self.refs = {op.out: refs_in_op(op.operands, op.params) for op in ops}
        self.ops, self.recorded = self.wanted(ops), ops
        self.live = {out for op in self.ops for out in (op.out, *op.more)}
        self.whole = {op.out: op for op in self.ops if op.number in WHOLE}
        self.graphs: dict[int, tuple[Kept, list[Ref]]] = {}      # of ops called whole, and of what gradients are wanted
        self.uses = self.counted()
        self.writes = {op.operands[0].slot for op in self.ops if op.name == "copy_region"}     # of which a part is written
        self.until: dict[int, float] = {}           # the last op that reads a slot, through views of it too
        self.read: dict[int, float] = {}            # ... that reads a root itself, or through a view that is no copy
        self.read_at: dict[int, int] = {}           # the level of the last step so far that reads a root
        self.overwritten: set[int] = set()          # roots whose memory holds another value by now
        self.now = 0
        if self.writes:
            self.find_last_reads()
        for i, op in enumerate(self.ops):
            self.now = i
            self.take(op)
            if self.writes:
                self.note_reads(op)
        self.live -= set(self.constant)

    # ---- what is computed at all

    def wanted(self, ops: list[Op]) -> list[Op]:
        live = {guard.slot for guard in self.guards} | set(self.outputs)
        found = []
        for op in reversed(ops):
            if op.out in live or any(out in live for out in op.more) or self.sizes(op):
                found.append(op)
                live.update([ref.slot for ref in self.refs[op.out]])
        found.reverse()
        return found

    def sizes(self, op: Op) -> bool:
        """Whether the shape of a result may depend on values: it is a decision, though nobody may read the result."""
        return op.number in WHOLE or (op.name in ("index", "pick") and any(
            self.slots[ref.slot].dtype == np.bool_ for ref in refs_in(op.params)))

    def counted(self) -> dict[int, int]:
        uses: dict[int, int] = {}
        for op in self.ops:
            for ref in self.refs[op.out]:
                uses[ref.slot] = uses.get(ref.slot, 0) + 1
        for slot in [guard.slot for guard in self.guards] + self.outputs:
            uses[slot] = uses.get(slot, 0) + 2
        return uses

    def find_last_reads(self) -> None:
        for slot in [guard.slot for guard in self.guards] + self.outputs:
            self.until[slot] = self.read[slot] = float("inf")
        for i in range(len(self.ops) - 1, -1, -1):
            op = self.ops[i]
            through = self.until.get(op.out, i) if op.name in ("view", "clone", "positive") else i
            for ref in self.refs[op.out]:
                self.read.setdefault(ref.slot, i)
                self.until[ref.slot] = max(self.until.get(ref.slot, -1), through)

    def note_reads(self, op: Op) -> None:
        """At which level an op reads its operands, where they are."""
        root = self.root_of(self.known(op.out))
        if root is not None:
            self.reads_at([ref.slot for ref in self.refs[op.out]], self.level[root])

    def reads_at(self, slots: list[int], level: int) -> None:
        for slot in slots:
            root = self.root_of(self.known(slot))
            if root is not None:
                self.read_at[root] = max(self.read_at.get(root, 0), level)

    def seen_until(self, slot: int, other: int) -> None:
        """That who reads a slot reads the memory of another one."""
        root = self.root_of(other)
        if root is not None:
            self.read[root] = max(self.read.get(root, -1), self.until.get(slot, -1))

    def same(self, slot: int, other: int, fewer: int) -> None:
        """That a slot is another one's value, which is read where it was."""
        if self.writes:
            self.seen_until(slot, other)
        self.alias[slot] = other
        self.uses[other] = self.uses.get(other, 0) + self.uses.get(slot, 0) - fewer

    def known(self, slot: int) -> int:
        while slot in self.alias:
            slot = self.alias[slot]
        return slot

    def shape_of(self, slot: int) -> tuple[int, ...]:
        return self.shapes[slot]

    def dtype_of(self, slot: int) -> np.dtype[Any]:
        return self.dtypes[slot]

    def fresh(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
        self.shapes.append(shape)
        self.dtypes.append(dtype)
        return len(self.shapes) - 1

    # ---- op by op

    def take(self, op: Op) -> None:
        slot = self.slots[op.out]
        for ref in self.refs[op.out]:
            if self.known(ref.slot) not in self.constant:
                break
        else:
            for out in (op.out, *op.more):
                value = self.slots[out].value
                self.constant[out] = uniform(np.asarray(value if isinstance(value, np.ndarray) else _v.plain_of(value)))
            return
        number = op.number
        if number <= GRADIENT or number in WHOLE:
            self.by_python(op)
        elif op.name == "view":
            self.view(op)
        elif op.name in ("clone", "positive") and self.dtype_of(self.ref(op.operands[0])) == slot.dtype:
            self.same(op.out, self.ref(op.operands[0]), 1)
        elif op.name == "where" and slot.dtype in FLOATS:
            self.elementwise(op, [op.params[0], *op.operands], None)
        elif op.name == "exp_shifted" and slot.dtype in FLOATS and self.shares(op):
            pass
        elif number >= 0 and _v.is_elementwise(number) and self.by_loop(op):
            self.elementwise(op, op.operands, number)
        elif not self.structural(op):
            self.by_python(op)

    def structural(self, op: Op) -> bool:
        """Whether it has steps of its own."""
        slot, way = self.slots[op.out], STRUCTURAL.get(op.name)
        return way is not None and slot.dtype in FLOATS and len(slot.shape) <= DIMS and way(self, op)

    def ref(self, operand: Any) -> int:
        return self.known(operand.slot)

    def by_loop(self, op: Op) -> bool:
        """Whether the row's loop takes the operands as they are: floats of one dtype, numbers beside them."""
        slot = self.slots[op.out]
        if len(slot.shape) > DIMS:
            return False
        dtype = None
        for v in op.operands:
            if type(v) is Ref:
                found = self.dtypes[self.known(v.slot)]
                if dtype is not None and differ(found, dtype):
                    return False
                dtype = found
            elif type(v) not in NUMBERS:
                return False
        return dtype in FLOATS and (slot.dtype is dtype or slot.dtype in (dtype, BOOL))

    def operand(self, value: Any, dtype: np.dtype[Any]) -> int:
        """The slot of an operand, a number's too."""
        if type(value) is Ref:
            return self.known(value.slot)
        array = np.asarray(value, dtype)
        slot = self.fresh(array.shape, array.dtype)
        self.constant[slot] = array
        return slot

    def elementwise(self, op: Op, operands: Sequence[Any], number: int | None) -> None:
        # What most ops of most recordings come through, hence few calls and no questions asked twice.
        out, alias, constant, dtypes, shapes = op.out, self.alias, self.constant, self.dtypes, self.shapes
        slot = self.slots[out]
        shape, name = slot.shape, op.name
        given: list[int] = []
        for v in operands:
            if type(v) is Ref:
                s = v.slot
                while s in alias:
                    s = alias[s]
                given.append(s)
            else:
                first = next((w for w in op.operands if type(w) is Ref), None)
                given.append(self.operand(v, slot.dtype if first is None else dtypes[self.known(first.slot)]))
        if number is None and (differ(dtypes[given[0]], BOOL) or any(differ(dtypes[s], slot.dtype) for s in given[1:])):
            self.by_python(op)
            return
        if name == "mul":
            for one, other in (given, given[::-1]):
                found = constant.get(one)
                if found is not None and shapes[other] == shape and is_one(found) and other not in constant:
                    self.same(out, other, 1)
                    return
        elif name == "add":
            for one, other in (given, given[::-1]):
                if one < len(self.slots) and self.slots[one].source == "flat" and shapes[other] == shape:
                    self.same(out, other, 1)
                    return
        keys = [self.key_of(s) if s in constant else s for s in given]
        if name in COMMUTATIVE:
            keys.sort()
        key = name, *keys, shape
        before = self.seen.setdefault(key, out)
        if before in self.overwritten:
            self.seen[key] = out
        elif before != out:
            self.same(out, self.known(before), 0)
            return
        if name == "add" and self.embedded and self.added(op, given):
            return
        looks, ways, even, n = [], [], True, count(shape)
        for s in given:
            look = self.look.get(s)
            if look is None or look.shape != shape:
                look = self.flat_look(s, shape)
            looks.append(look)
            way = way_of(look.strides, shape, dtypes[s].itemsize)
            ways.append(way)
            even = even and (way == "flat" or way == "one")
        split = (1, n) if even else common_split(ways, n)
        self.look[out] = Look(out, shape, packed(shape, slot.dtype.itemsize))
        if split is None or n == 0:
            level = 1 + max((self.level_of(s) for s in given), default=0)
            self.level[out] = level
            self.at_level.setdefault(level, []).append(("strided", out, number, given, looks))
            return
        level, levels, sweeps = 1, self.level, self.sweep
        for look, way in zip(looks, ways, strict=True):
            root = look.root
            if root in constant:
                continue
            sweep = sweeps.get(root)
            above = levels[root] + (0 if sweep is not None and sweep.size == n and way == "flat" else 1)
            if above > level:
                level = above
        while True:
            sweep = self.sweeps.get((level, n))
            if sweep is None:
                sweep = self.sweeps[level, n] = Sweep(level, n)
                self.at_level.setdefault(level, []).append(sweep)
            if len(sweep.ops) < MICROS and (split == (1, n) or sweep.rows == 0 or (sweep.rows, sweep.columns) == split):
                break
            level += 1
        if split != (1, n):
            sweep.rows, sweep.columns = split
        sweep.ops.append((out, number, given, looks, ways))
        levels[out] = level
        sweeps[out] = sweep

    def key_of(self, slot: int) -> int:
        """What an operand is, as a number: constants without dimensions are one if their bits are."""
        found = self.constant.get(slot)
        if found is not None and found.ndim == 0:
            return self.numbers.setdefault((found.dtype.str, found.tobytes()), -1 - len(self.numbers))
        return slot

    def root_of(self, slot: int) -> int | None:
        look = self.look.get(slot)
        return None if look is None or look.root in self.constant else look.root

    def level_of(self, slot: int) -> int:
        root = self.root_of(slot)
        return 0 if root is None else self.level[root]

    def look_at(self, slot: int) -> Look:
        look = self.look.get(slot)
        if look is None:
            array, shape = self.constant[slot], self.shapes[slot]
            strides = array.strides if array.shape == shape else np.broadcast_to(array, shape).strides
            look = self.look[slot] = Look(slot, shape, strides)
        return look

    def flat_look(self, slot: int, shape: tuple[int, ...]) -> Look:
        """A value broadcast to a shape."""
        look = self.look_at(slot)
        if look.shape == shape:
            return look
        extra = len(shape) - len(look.shape)
        if look.strides:
            strides = tuple([0] * extra + [0 if n == 1 and m != 1 else s
                                           for n, m, s in zip(look.shape, shape[extra:], look.strides, strict=True)])
        else:
            strides = (0,) * extra
        return Look(look.root, shape, strides, look.offset)

    def standard(self, slot: int) -> int:
        """The slot itself, or of a copy of it that lies one after the other."""
        look, size = self.look_at(slot), self.dtype_of(slot).itemsize
        if look.contiguous(size):
            return slot
        copy = self.fresh(look.shape, self.dtype_of(slot))
        self.look[copy] = Look(copy, look.shape, packed(look.shape, size))
        self.level[copy] = level = 1 + self.level_of(slot)
        self.at_level.setdefault(level, []).append(("copy", copy, slot))
        return copy

    def view(self, op: Op) -> None:
        source, transform = self.ref(op.operands[0]), op.params[0]
        if len(self.shape_of(source)) > DIMS or len(self.slots[op.out].shape) > DIMS:
            self.by_python(op)
            return
        look = self.look_at(source)
        dtype = self.dtype_of(source)
        try:
            seen = seen_by(transform, look, dtype)
        except ValueError:
            look = self.look_at(self.standard(source))
            seen = seen_by(transform, look, dtype)
        if seen is None or seen.shape != self.slots[op.out].shape or differ(self.slots[op.out].dtype, dtype):
            self.by_python(op)
            return
        if self.writes:
            # A small part of what will be written is copied, so that the rest can be written where it is.
            if op.operands[0].slot in self.writes and source not in self.constant and (
                    count(seen.shape) == 1 or count(seen.shape) * 4 <= count(self.shapes[source])):
                copy = self.fresh(seen.shape, dtype)
                self.look[copy] = Look(copy, seen.shape, packed(seen.shape, dtype.itemsize))
                self.level[copy] = level = 1 + self.level_of(source)
                part = self.fresh(seen.shape, dtype)
                self.look[part] = seen
                self.at_level.setdefault(level, []).append(("copy", copy, part))
                self.reads_at([part], level)
                self.look[op.out] = Look(copy, seen.shape, self.look[copy].strides)
                return
            self.seen_until(op.out, source)
        self.look[op.out] = seen

    def total(self, op: Op) -> bool:
        """A sum or a mean."""
        source, out = self.ref(op.operands[0]), op.out
        slot = self.slots[out]
        shape, dtype = self.shape_of(source), self.dtype_of(source)
        if differ(dtype, slot.dtype) or len(shape) > DIMS or op.params[2] is not None:
            return False
        dims = op.params[0]
        over = set(range(len(shape))) if dims is None else {d % len(shape) for d in dims} if shape else set()
        terms = count(tuple(shape[d] for d in over))
        if not terms or (op.name == "mean" and not count(shape)):
            return False
        target = out if op.name == "sum" or terms == 1 else self.fresh(slot.shape, dtype)
        kept = tuple(1 if d in over else n for d, n in enumerate(shape))
        self.look[target] = Look(target, slot.shape, packed(slot.shape, dtype.itemsize))
        root = self.root_of(source)
        sweep = self.sweep.get(root) if root is not None else None
        if sweep is not None and len(over) == len(shape) and len(sweep.sums) < SUMS and sweep.size == count(shape) and (
                self.look_at(source).contiguous(dtype.itemsize)) and (
                not sweep.sums or self.dtype_of(sweep.sums[0][1]) == dtype):
            sweep.sums.append((target, source))
            self.level[target] = sweep.level
        elif sweep is not None and sweep.size == count(shape) and over == set(range(len(shape) - len(over), len(shape))) and (
                self.look_at(source).contiguous(dtype.itemsize)) and sweep.sums_rows(terms) and (
                not sweep.row_sums or self.dtype_of(sweep.row_sums[0][1]) == dtype):
            sweep.rows, sweep.columns = sweep.size // terms, terms
            sweep.row_sums.append((target, source))
            self.level[target] = sweep.level
        else:
            self.level[target] = level = 1 + self.level_of(source)
            strides = tuple(0 if d in over else s for d, s in enumerate(packed(kept, dtype.itemsize)))
            self.at_level.setdefault(level, []).append(("sum", target, source, strides))
        if target != out:
            divisor = self.operand(float(terms), dtype)
            mean = Op("div", _v.op_number("div"), (Ref(target), Ref(divisor)), (), out, op.place)
            self.uses[target] = 1
            self.elementwise(mean, list(mean.operands), mean.number)
        return True

    def product(self, op: Op) -> bool:
        x, y = (self.ref(v) for v in op.operands)
        slot, size = self.slots[op.out], self.slots[op.out].dtype.itemsize
        a, b = self.look_at(x), self.look_at(y)
        if differ(self.dtypes[x], slot.dtype) or differ(self.dtypes[y], slot.dtype):
            return False
        if len(a.shape) > 2 or len(b.shape) > 2:
            return self.products(op, x, y)
        k = a.shape[-1]
        m, n = a.shape[0] if len(a.shape) == 2 else 1, b.shape[1] if len(b.shape) == 2 else 1
        left = a.strides if len(a.shape) == 2 else (k * size, a.strides[0])
        right = b.strides if len(b.shape) == 2 else (b.strides[0], size)
        self.look[op.out] = Look(op.out, slot.shape, packed(slot.shape, size))
        self.level[op.out] = level = 1 + max(self.level_of(x), self.level_of(y))
        self.at_level.setdefault(level, []).append(("matmul", op.out, x, y, (m, k, n), left, right))
        return True

    def products(self, op: Op, x: int, y: int) -> bool:
        """Of as many matrices each, in their order."""
        slot, size = self.slots[op.out], self.slots[op.out].dtype.itemsize
        a, b = self.look_at(x), self.look_at(y)
        batch, (m, n) = slot.shape[:-2], slot.shape[-2:]
        if a.shape[:-2] != batch or b.shape[:-2] != batch or not count(slot.shape):
            return False
        for look in (a, b):         # one step leads from each matrix to the next
            if any(s != t * d for s, t, d in zip(look.strides[:-3], look.strides[1:-2], look.shape[1:-2], strict=True)):
                return False
        self.look[op.out] = Look(op.out, slot.shape, packed(slot.shape, size))
        self.level[op.out] = level = 1 + max(self.level_of(x), self.level_of(y))
        self.at_level.setdefault(level, []).append(
            ("matmul", op.out, x, y, (m, a.shape[-1], n, count(batch)), a.strides[-3:], b.strides[-3:]))
        return True

    def embed(self, op: Op) -> bool:
        """Zeros with a value where a geometry looks."""
        if not op.params[0].shows_once:
            return False
        source = self.ref(op.operands[0])
        slot = self.slots[op.out]
        self.look[op.out] = whole = Look(op.out, slot.shape, packed(slot.shape, slot.dtype.itemsize))
        region = seen_by(op.params[0], whole, slot.dtype)
        self.look_at(source)
        self.level[op.out] = level = 1 + self.level_of(source)
        step = ["embed", op.out, source, region]
        self.at_level.setdefault(level, []).append(step)
        self.embedded[op.out] = step, source, region
        self.owned.add(op.out)
        return True

    def added(self, op: Op, given: list[int]) -> bool:
        """Where one operand is zeros with something in a part of them: add to that part, in the memory of the other operand."""
        for part, rest in (given[::-1], given):
            found = self.embedded.get(part)
            look = self.look.get(rest)
            if found is None or look is None or look.root != rest or rest in self.constant or part == rest:
                continue
            if self.slots[op.out].shape != self.shape_of(rest) or self.dtype_of(rest) != self.slots[op.out].dtype:
                continue
            if self.uses.get(part, 0) != 1 or self.uses.get(rest, 0) != 1 or rest not in self.owned:
                continue
            step, source, region = found
            if self.root_of(source) in self.overwritten:
                continue
            step[0] = "nothing"
            shape, size = self.slots[op.out].shape, self.slots[op.out].dtype.itemsize
            self.look[op.out] = Look(op.out, shape, packed(shape, size))
            self.level[op.out] = level = 1 + max(self.level_of(source), self.level[rest])
            self.inplace[op.out] = rest
            self.at_level.setdefault(level, []).append(("add_to", op.out, source, region))
            self.reads_at([source], level)
            self.owned.discard(part)
            self.owned.add(op.out)
            return True
        return False

    def put(self, op: Op) -> bool:
        """A value with another one where a geometry looks: written there if nobody else reads it any more, or into a copy."""
        slot, geometry = self.slots[op.out], op.params[0]
        x, y = self.ref(op.operands[0]), self.operand(op.operands[1], slot.dtype)
        if not geometry.shows_once or any(differ(self.dtypes[s], slot.dtype) for s in (x, y)):
            return False
        whole = Look(op.out, slot.shape, packed(slot.shape, slot.dtype.itemsize))
        region = seen_by(geometry, whole, slot.dtype)
        if region is None or self.shapes[x] != slot.shape or len(region.shape) > DIMS or not fits(self.shapes[y], region.shape):
            return False
        look, value = self.look_at(x), self.look_at(y)
        if look.root == x and x not in self.constant and self.is_computed(x) and value.root != x and (
                x not in self.overwritten and self.read.get(x, -1) <= self.now):
            rest = x
        else:
            rest = self.fresh(slot.shape, slot.dtype)
            self.look[rest] = Look(rest, slot.shape, whole.strides)
            self.level[rest] = level = 1 + self.level_of(x)
            self.at_level.setdefault(level, []).append(("copy", rest, x))
            self.reads_at([x], level)
        self.look[op.out] = whole
        self.level[op.out] = level = 1 + max(self.level_of(y), self.level[rest], self.read_at.get(rest, 0))
        self.inplace[op.out] = rest
        self.overwritten.add(rest)
        self.at_level.setdefault(level, []).append(("put", op.out, y, region))
        self.owned.add(op.out)
        return True

    def logsumexp(self, op: Op) -> bool:
        """Over the last dimensions.  The exponentials are kept for the gradient, which is found to want them later."""
        source = self.ref(op.operands[0])
        shape, dtype = self.shape_of(source), self.dtype_of(source)
        dims, _ = op.params
        over = set(range(len(shape))) if dims is None else {d % len(shape) for d in dims} if shape else set()
        first = len(shape) - len(over)
        rows, n = count(shape[:first]), count(shape[first:])
        if over == {0} and len(shape) > 1 and rows_across(shape) and self.look_at(source).contiguous(dtype.itemsize):
            out, slot = op.out, self.slots[op.out]
            self.look[out] = Look(out, slot.shape, packed(slot.shape, dtype.itemsize))
            self.level[out] = level = 1 + self.level_of(source)
            self.at_level.setdefault(level, []).append(("logsumexp_across", out, source, shape[0], count(shape[1:])))
            return True
        if not shape or over != set(range(first, len(shape))) or not n or not rows or (rows > 1 and rows * 16 > rows * n):
            return False
        source = self.standard(source)
        out, slot = op.out, self.slots[op.out]
        self.look[out] = Look(out, slot.shape, packed(slot.shape, dtype.itemsize))
        self.level[out] = level = 1 + self.level_of(source)
        step = ["logsumexp", out, source, rows, n, None, None]
        self.at_level.setdefault(level, []).append(step)
        self.exponentials[out] = step
        return True

    def shares(self, op: Op) -> bool:
        """exp(x - logsumexp(x)): what that kept, times one over the sum."""
        x, y = (self.ref(v) for v in op.operands)
        look = self.look.get(y)
        step = self.exponentials.get(look.root) if look is not None else None
        slot = self.slots[op.out]
        if step is None or look is None or self.standard(x) != step[2] or slot.shape != self.shape_of(x) or (
                count(look.shape) != count(self.shape_of(look.root))):
            return False
        if step[5] is None:
            dtype = slot.dtype
            step[5], step[6] = self.fresh(slot.shape, dtype), self.fresh(look.shape, dtype)
            for made in step[5:]:
                shape = self.shape_of(made)
                self.look[made] = Look(made, shape, packed(shape, dtype.itemsize))
                self.level[made] = self.level[step[1]]
        if self.shape_of(step[6]) != look.shape:
            return False
        product = Op("mul", _v.op_number("mul"), (Ref(step[5]), Ref(step[6])), (), op.out, op.place)
        self.elementwise(product, list(product.operands), product.number)
        return True

    def picked(self, op: Op) -> bool:
        """Elements at places that no input decides, or zeros with elements added there, in order."""
        if any(self.known(ref.slot) not in self.constant for ref in refs_in(op.params)):
            return False
        slot, adds = self.slots[op.out], op.name == "index_add_zeros"
        source = self.operand(op.operands[0], slot.dtype)
        given, shape = self.shape_of(source), slot.shape if adds else self.shape_of(source)
        if self.dtype_of(source) != slot.dtype or count(shape) > PLACES:
            return False
        key = "places", shape, repr(mapped(op.params[0], lambda leaf: self.known(leaf.slot) if isinstance(leaf, Ref) else leaf))
        if key not in self.seen:
            index = mapped(op.params[0], lambda leaf: np.broadcast_to(
                self.constant[self.known(leaf.slot)], self.shape_of(leaf.slot)) if isinstance(leaf, Ref) else leaf)
            found = np.arange(count(shape), dtype=np.intp).reshape(shape)[index]
            self.seen[key] = places = self.fresh(found.shape, found.dtype)
            self.constant[places] = np.array(found, order="C")
        places = self.seen[key]
        chosen_shape = self.shape_of(places)
        if chosen_shape != (given if adds else slot.shape) or not 0 < count(chosen_shape) <= PLACES:
            return False
        source = self.standard(source)
        self.look[op.out] = Look(op.out, slot.shape, packed(slot.shape, slot.dtype.itemsize))
        self.look_at(places)
        self.level[op.out] = level = 1 + self.level_of(source)
        self.at_level.setdefault(level, []).append(("scatter" if adds else "gather", op.out, source, places))
        return True

    def joined(self, op: Op) -> bool:
        slot = self.slots[op.out]
        given = [self.operand(v, slot.dtype) for v in op.operands]
        dim = op.params[0]
        if any(self.dtype_of(s) != slot.dtype for s in given) or type(dim) is not int or slot.dtype not in FLOATS:
            return False
        whole = Look(op.out, slot.shape, packed(slot.shape, slot.dtype.itemsize))
        dim %= len(slot.shape)
        at, parts = 0, []
        for s in given:
            shape = self.shape_of(s)
            if op.name == "stack":
                part = Look(op.out, shape, whole.strides[:dim] + whole.strides[dim + 1:], at * whole.strides[dim])
                at += 1
            else:
                if len(shape) != len(slot.shape):
                    return False
                part = Look(op.out, shape, whole.strides, at * whole.strides[dim])
                at += shape[dim]
            self.look_at(s)
            parts.append((s, part))
        if at != slot.shape[dim]:
            return False
        self.look[op.out] = whole
        self.level[op.out] = level = 1 + max(self.level_of(s) for s in given)
        self.at_level.setdefault(level, []).append(("join", op.out, parts))
        return True

    def by_python(self, op: Op) -> None:
        given = [self.known(ref.slot) for ref in dict.fromkeys(self.refs[op.out])]
        for s in given:
            self.look_at(s)
        level = 1 + max((self.level_of(s) for s in given), default=0)
        outs = [out for out in (op.out, *op.more) if out == op.out or self.uses.get(out)]
        for out in outs:
            slot = self.slots[out]
            self.look[out] = Look(out, slot.shape, packed(slot.shape, slot.dtype.itemsize))
            self.level[out] = level
        if op.number == GRADIENT:
            source, _, wanted = op.params
            self.graphs[source.slot] = Kept(), [ref for ref, out in zip(wanted, (op.out, *op.more), strict=True) if out in outs]
        self.at_level.setdefault(level, []).append(("python", op.out, op, given, outs))

    # ---- in order, with places

    def compiled(self, finals: list[int]) -> tuple[Any, dict[int, int], list[int]]:
        """The program; the base of each input and reference; and those of the outputs, where a slot is no constant.

        finals: the slots of the outputs.
        """
        order: list[Any] = []
        for level in sorted(self.at_level):
            for step in self.at_level[level]:
                if isinstance(step, Sweep):
                    order.append(step)
                    if step.rows > 1 or (step.rows == 1 and step.columns != step.size):
                        order += [("sum", target, source, (0,) * len(self.shape_of(source))) for target, source in step.sums]
                        step.sums = []
                elif step[0] != "nothing":
                    order.append(step)
        flow = [self.read_by(step) for step in order]
        self.take_over(order, flow, finals)
        ends: list[Any] = []
        bases: dict[int, int] = {}
        next_base = FIRST
        for i, slot in enumerate(self.slots):
            if slot.source in ("input", "reference"):
                bases[i] = next_base
                next_base += 1
        output_bases = []
        taken: dict[int, int] = {}              # root: the base of the output that it is
        for final in finals:
            final = self.known(final)
            look = self.look_at(final)
            root = look.root
            whole = root not in self.constant and root not in bases and root not in taken and look.offset == 0 and (
                look.contiguous(self.dtype_of(final).itemsize) and count(look.shape) == count(self.shape_of(root)))
            first = self.first_of(root)
            if whole and first not in taken and first not in bases:
                taken[first] = next_base
            else:
                ends.append(("final", next_base, final))
            output_bases.append(next_base)
            next_base += 1
        order += ends
        flow += [self.read_by(step) for step in ends]
        # The last step in which each root is read.
        guards = [(g, self.known(g.slot)) for g in self.guards]
        made: dict[int, int] = {}
        last: dict[int, int] = {}
        inner: list[set[int]] = []
        written: list[list[int]] = []
        writers: dict[int, int] = {}            # the last step that writes each root
        inplace = self.inplace
        for i, step in enumerate(order):
            reads, writes = flow[i]
            written.append(writes)
            for root in writes:
                writers[root] = i
                made.setdefault(self.first_of(root) if root in inplace else root, i)
            for root in reads:
                last[self.first_of(root) if root in inplace else root] = i
            inner.append(set(writes) if isinstance(step, Sweep) else set())
        # Guards as early as what they ask is there.
        at_step: dict[int, list[Any]] = {}
        for number, (guard, asked) in enumerate(guards):
            look = self.look_at(asked)
            root = self.first_of(look.root)
            at = writers.get(look.root, made.get(root, -1))     # what is written in place is there later
            last[root] = max(last.get(root, -1), at + 1)
            at_step.setdefault(at, []).append((number, guard, look, self.dtype_of(asked)))
        free = Arena()
        expiring: dict[int, list[int]] = {}
        local: dict[int, set[int]] = {}
        for i, step in enumerate(order):
            if isinstance(step, Sweep):
                summed = self.summed(step)
                local[i] = {root for root in inner[i] if last.get(root, i) == i and root not in taken
                            and root not in inplace and root not in summed}
        constants = []
        constant_bases: dict[int, int] = {}
        for known, look in self.look.items():
            if known in self.constant and look.root == known:
                constants.append((next_base, self.constant[known]))
                constant_bases[known] = next_base
                next_base += 1
        self.bases = {**bases, **constant_bases}
        self.taken = taken
        self.where: dict[int, int] = {}
        steps: list[Any] = []
        micros: list[Any] = []
        sums: list[Any] = []
        calls: list[Any] = []
        registers = 1
        heavy = False

        def guarded(i: int) -> None:
            for number, guard, look, dtype in at_step.get(i, ()):
                base, offset = self.at(look)
                kind = {"b": 0, "f": 0}.get(dtype.kind, 2)
                steps.append({"kind": K[guard.kind], "size": dtype.itemsize, "dtype": kind, "shape": (count(look.shape),),
                              "places": [(base, offset, ())], "expected": 2 * number + bool(guard.expected)})

        guarded(-1)
        for i, step in enumerate(order):
            here = local.get(i, set())
            for root in written[i]:
                first = self.first_of(root)
                if first in taken or first in self.where or root in here:
                    continue
                shape, dtype = self.shape_of(first), self.dtype_of(first)
                self.where[first] = free.take(count(shape) * dtype.itemsize)
                expiring.setdefault(max(last.get(first, i), i), []).append(first)
            if isinstance(step, Sweep):
                made_micros, made_sums, used = self.micros_of(step, here)
                length = 2 if self.lengthened(step, made_micros, made_sums, used) else 1
                rows = step.rows or 1
                dtype = next((self.dtype_of(source) for _, source in step.sums + step.row_sums), FLOATS[0])
                steps.append({"kind": K["fused"], "micros": (len(micros), len(made_micros)),
                              "sums": (len(sums), len(step.sums)), "row_sums": len(step.row_sums), "dtype": FLOATS.index(dtype),
                              "block": length * BLOCK,
                              "sweep": (rows, step.columns or step.size)})
                micros += made_micros
                sums += made_sums
                registers = max(registers, length * used)
                heavy = heavy or step.size >= 32768
            else:
                heavy = self.emit(step, steps, calls) or heavy
            guarded(i)
            for root in expiring.get(i, ()):
                shape, dtype = self.shape_of(root), self.dtype_of(root)
                free.give(self.where[root], count(shape) * dtype.itemsize)
        program = _arrays.Program(steps, micros, sums, next_base, free.size, registers, constants, calls, heavy)
        self.steps, self.calls = len(steps), len(calls)
        return program, bases, output_bases

    def take_over(self, order: list[Any], flow: list[Any], finals: list[int]) -> None:
        """Where a sweep alone reads a value, once, element by element, what is computed of it takes its memory.

        flow: what each step reads and computes.
        """
        reads: dict[int, int] = {}
        for roots, _ in flow:
            for root in roots:
                reads[root] = reads.get(root, 0) + 1
        for slot in [self.known(guard.slot) for guard in self.guards] + [self.known(final) for final in finals]:
            root = self.look_at(slot).root
            reads[root] = reads.get(root, 0) + 2
        taken = set(self.inplace.values())
        for step in order:
            if not isinstance(step, Sweep):
                continue
            inside = {out for out, *_ in step.ops}
            here: dict[int, int] = {}
            for look in [look for _, _, _, looks, _ in step.ops for look in looks] + [
                    self.look_at(source) for _, source in step.sums + step.row_sums]:
                here[look.root] = here.get(look.root, 0) + 1
            for out, _, _, looks, ways in step.ops:
                if out in self.inplace or reads.get(out, 0) <= here.get(out, 0):
                    continue            # of nobody's memory: it stays in a register
                for look, way in zip(looks, ways, strict=True):
                    root = look.root
                    if (way == "flat" and reads.get(root) == 1 and root not in inside and root not in taken
                            and root not in self.constant and self.is_computed(root)
                            and self.look[root].root == root and count(self.shape_of(root)) == step.size
                            and not differ(self.dtypes[root], self.dtypes[out])):
                        self.inplace[out] = root
                        taken.add(root)
                        break

    def listing(self) -> list[tuple[int, str, Any]]:
        """[(depth, text, place)]: what is computed, one op a line, as for programs of numbers."""
        found: list[tuple[int, str, Any]] = []
        guards = sorted(self.guards, key=lambda guard: guard.after)
        for i, op in enumerate(self.recorded):
            while guards and guards[0].after <= i:
                found.append(self.asked(guards.pop(0)))
            if op.out in self.live:
                operands = ", ".join(f"%{v.slot}" if isinstance(v, Ref) else repr(v) if np.ndim(v) == 0 else "constant"
                                     for v in op.operands)
                shape = self.slots[op.out].shape
                found.append((0, f"%{op.out} = {op.name} {operands}" + (f"  {shape}" if shape else ""), op.place))
        found += map(self.asked, guards)
        if self.dropped:
            return [(0, f"... {self.dropped} ops, which are not kept: they are more than {SHOWN}", None)]
        return [*found, (0, f"return {', '.join(f'%{slot}' for slot in self.outputs)}", None)]

    def asked(self, guard: Guard) -> tuple[int, str, Any]:
        text = f"guard {'' if guard.expected else 'not '}%{guard.slot}"
        return 0, text if guard.kind == "truth" else f"leave unless {guard.kind} %{guard.slot}", guard.place

    def is_computed(self, root: int) -> bool:
        return root >= len(self.slots) or self.slots[root].source == "op"

    def forget(self) -> None:
        """What is not looked at any more: values of the recording."""
        if len(self.recorded) > SHOWN:      # the list of ops would take several times what the program itself does
            self.dropped = len(self.recorded)
            self.recorded, self.slots, self.live = [], [], set()
        self.slots = [Slot(shape, dtype, flavour, source, None) for shape, dtype, flavour, source, _ in self.slots]
        self.ops = []
        self.sweeps, self.sweep, self.at_level, self.look, self.seen, self.refs = {}, {}, {}, {}, {}, {}
        self.alias, self.uses, self.level, self.place, self.inplace, self.numbers = {}, {}, {}, {}, {}, {}
        self.shapes, self.dtypes = [], []
        self.embedded, self.exponentials, self.owned, self.whole, self.graphs = {}, {}, set(), {}, {}
        self.bases, self.taken, self.where = {}, {}, {}
        self.writes, self.until, self.read, self.read_at, self.overwritten = set(), {}, {}, {}, set()

    def first_of(self, root: int) -> int:
        while root in self.inplace:
            root = self.inplace[root]
        return root

    def summed(self, sweep: Sweep) -> set[int]:
        return {target for target, _ in sweep.sums + sweep.row_sums}

    def read_by(self, step: Any) -> tuple[list[int], list[int]]:
        """The roots that a step reads, and those that it computes."""
        if isinstance(step, Sweep):
            reads = [look.root for _, _, _, looks, _ in step.ops for look in looks]
            sums = step.sums + step.row_sums
            reads += [self.look_at(source).root for _, source in sums]
            return [r for r in reads if r not in self.constant], [out for out, *_ in step.ops] + [t for t, _ in sums]
        kind = step[0]
        if kind == "strided":
            reads = [look.root for look in step[4]]
        elif kind == "logsumexp":
            reads = [self.look_at(step[2]).root]
            return [r for r in reads if r not in self.constant], [step[1]] + [s for s in step[5:] if s is not None]
        elif kind in ("copy", "sum", "embed", "logsumexp_across", "gather", "scatter"):
            reads = [self.look_at(step[2]).root]
        elif kind == "add_to" or kind == "put":
            reads = [self.look_at(step[2]).root, self.inplace[step[1]]]
        elif kind == "matmul":
            reads = [self.look_at(step[2]).root, self.look_at(step[3]).root]
        elif kind == "join":
            reads = [self.look_at(s).root for s, _ in step[2]]
        elif kind == "python":
            return [r for r in [self.look_at(s).root for s in step[3]] if r not in self.constant], step[4]
        else:
            return [r for r in [self.look_at(step[2]).root] if r not in self.constant], []
        return [r for r in reads if r not in self.constant], [step[1]]

    def at(self, look: Look) -> tuple[int, int]:
        """The base and the offset of a value."""
        root = look.root
        while root in self.inplace:
            root = self.inplace[root]
        at = self.where.get(root)
        if at is not None:
            return ARENA, at + look.offset
        return self.taken[root] if root in self.taken else self.bases[root], look.offset

    def stretches_of(self, sweep: Sweep) -> list[list[Any]]:
        """The ops of a sweep in the order in which they run: those with loops of their own, and between them arithmetic, which
        waits until something asks for it: what one stretch of it computes may stay in the processor's registers."""
        found: list[list[Any]] = []
        waiting: dict[int, Any] = {}            # arithmetic by its result
        for op in sweep.ops:
            if self.is_arithmetic(op):
                waiting[op[0]] = op
                if len(waiting) == WAITING:
                    found.append(list(waiting.values()))
                    waiting = {}
                continue
            wanted = {look.root for look in op[3] if look.root in waiting}
            if wanted:
                for out in reversed(waiting):
                    if out in wanted:
                        wanted.update([look.root for look in waiting[out][3] if look.root in waiting])
                found.append([made for out, made in waiting.items() if out in wanted])
                waiting = {out: made for out, made in waiting.items() if out not in wanted}
            found.append([op])
        if waiting:
            found.append(list(waiting.values()))
        return found

    def is_arithmetic(self, op: Any) -> bool:
        if op[1] not in ARITHMETIC:
            return False
        dtype = self.dtypes[op[0]]
        for s in op[2]:
            if self.dtypes[s] is not dtype and self.dtypes[s] != dtype:
                return False
        return dtype in FLOATS

    def micros_of(self, sweep: Sweep, local: set[int]) -> tuple[list[Any], list[Any], int]:
        """The ops of a sweep, its sums, and how many registers they take."""
        columns = sweep.columns or sweep.size
        left: dict[int, int] = {}               # how often a value is yet to be read
        read: dict[int, Look] = {}
        parts: set[int] = set()                 # values that are not read as the same elements each time
        for _, _, _, looks, _ in sweep.ops:
            for look in looks:
                left[look.root] = left.get(look.root, 0) + 1
                before = read.setdefault(look.root, look)
                if before is not look and not before.same(look):
                    parts.add(look.root)
        for _, source in sweep.sums + sweep.row_sums:
            root = self.look_at(source).root
            left[root] = left.get(root, 0) + 1
        blocks = Blocks(local, left)

        def place_of(slot: int, look: Look, way: Any) -> tuple[int, int, int, int]:
            size = self.dtypes[slot].itemsize
            at = blocks.at.get(look.root)
            if at is not None:
                return REGISTERS, at * REGISTER_BYTES, 0, size
            base, offset = self.at(look)
            return base, offset, *steps_of(way, columns, size)

        def target_of(out: int) -> tuple[int, int, int, int]:
            size = self.dtype_of(out).itemsize
            if out in local:
                return REGISTERS, blocks.take(out) * REGISTER_BYTES, 0, size
            base, offset = self.at(self.look[out])
            return base, offset, columns * size, size

        made: list[Any] = []
        for stretch in self.stretches_of(sweep):
            out, number, given, looks, ways = stretch[0]
            if self.is_arithmetic(stretch[0]):
                dtype = self.dtype_of(out)
                ahead: dict[int, int] = {}
                for op in stretch:
                    for look in op[3]:
                        ahead[look.root] = ahead.get(look.root, 0) + 1
                code = Arithmetic(local, left, ahead, parts, blocks, place_of, target_of)
                for op in stretch:
                    if code.full(op) or differ(self.dtypes[op[0]], dtype):
                        made.append((code.done(), FLOATS.index(dtype), dtype.itemsize, code.places))
                        dtype, code = self.dtype_of(op[0]), Arithmetic(local, left, ahead, parts, blocks, place_of, target_of)
                    code.take(op)
                made.append((code.done(), FLOATS.index(dtype), dtype.itemsize, code.places))
                continue
            size = self.dtype_of(out).itemsize
            places = [place_of(slot, look, way) for slot, look, way in zip(given, looks, ways, strict=True)]
            # The result may be where an operand was, element by element.
            wide = all(self.dtype_of(look.root).itemsize == size for look in looks if look.root in local)
            if not wide:
                places.append(target_of(out))
            for look in looks:
                blocks.read(look.root)
            if wide:
                places.append(target_of(out))
            blocks.unread(out)
            made.append((number, FLOATS.index(self.dtype_of(given[-1])), size, places))
        sums = []
        for target, source in sweep.sums + sweep.row_sums:
            base, offset = self.at(self.look[target])
            sums.append((place_of(source, self.look_at(source), "flat"), (base, offset, 0, 0)))
        return made, sums, blocks.used

    def lengthened(self, sweep: Sweep, made: list[Any], sums: list[Any], used: int) -> bool:
        """Whether its blocks are twice as long, with registers to match: a few of them stay in the first-level cache so."""
        if used > FEW or sweep.rows > 1 or sweep.size <= BLOCK:
            return False
        for _, _, _, places in made:
            places[:] = [twice_as_far(place) for place in places]
        sums[:] = [(twice_as_far(source), target) for source, target in sums]
        return True

    def emit(self, step: Any, steps: list[Any], calls: list[Any]) -> bool:
        """The code of a step that is no sweep; whether it may take long."""
        kind = step[0]
        if kind == "final":
            _, base, slot = step
            look, dtype = self.look_at(slot), self.dtype_of(slot)
            steps.append({"kind": K["copy"], "size": dtype.itemsize, "shape": look.shape,
                          "places": [(*self.at(look), look.strides), (base, 0, packed(look.shape, dtype.itemsize))]})
            return count(look.shape) >= 32768
        out = step[1]
        shape, dtype = self.shape_of(out), self.dtype_of(out)
        whole = self.look[out]
        target = (*self.at(whole), whole.strides)
        size = dtype.itemsize
        n = count(shape)
        if kind == "strided":
            _, _, number, given, looks = step
            if number is None:
                calls.append((chosen, [self.array_place(look, s) for look, s in zip(looks, given, strict=True)],
                              [self.array_place(whole, out)]))
                steps.append({"kind": K["python"], "expected": len(calls) - 1})
                return n >= 32768
            steps.append({"kind": K["strided"], "op": number, "dtype": FLOATS.index(self.dtype_of(given[0])), "shape": shape,
                          "places": [*[(*self.at(look), look.strides) for look in looks], target]})
        elif kind == "copy":
            look = self.look_at(step[2])
            steps.append({"kind": K["copy"], "size": size, "shape": look.shape,
                          "places": [(*self.at(look), look.strides), target]})
        elif kind == "sum":
            look = self.look_at(step[2])
            steps.append({"kind": K["sum"], "dtype": FLOATS.index(dtype), "shape": look.shape,
                          "zeroed": (n * size, target[1]), "places": [(*self.at(look), look.strides), (*target[:2], step[3])]})
            n = count(look.shape)
        elif kind == "logsumexp":
            places = [self.look_at(step[2]), whole] + [self.look[s] for s in step[5:] if s is not None]
            steps.append({"kind": K["logsumexp"], "dtype": FLOATS.index(dtype), "size": size, "shape": (step[3], step[4]),
                          "places": [(*self.at(look), ()) for look in places]})
            n = step[3] * step[4]
        elif kind == "logsumexp_across":
            steps.append({"kind": K[kind], "dtype": FLOATS.index(dtype), "shape": step[3:],
                          "places": [(*self.at(self.look_at(step[2])), ()), (*target[:2], ())]})
            n = step[3] * step[4]
        elif kind in ("gather", "scatter"):
            n = count(self.shape_of(step[3]))
            steps.append({"kind": K[kind], "dtype": FLOATS.index(dtype), "shape": (n,),
                          "zeroed": (count(shape) * size, target[1]),
                          "places": [*[(*self.at(self.look_at(s)), ()) for s in step[2:]], (*target[:2], ())]})
        elif kind == "matmul":
            _, _, x, y, sizes, left, right = step
            steps.append({"kind": K["matmul"], "dtype": FLOATS.index(dtype), "shape": sizes,
                          "places": [(*self.at(self.look_at(x)), left), (*self.at(self.look_at(y)), right),
                                     (*target[:2], packed(shape[-3:] if len(sizes) > 3 else (0, sizes[2]), size))]})
            n = count(sizes) // 4
        elif kind == "embed":
            look, region = self.look_at(step[2]), step[3]
            steps.append({"kind": K["copy"], "size": size, "shape": region.shape, "zeroed": (n * size, target[1]),
                          "places": [(*self.at(look), self.flat_look(step[2], region.shape).strides),
                                     (target[0], target[1] + region.offset, region.strides)]})
        elif kind == "put":
            look, region = self.look_at(step[2]), step[3]
            steps.append({"kind": K["copy"], "size": size, "shape": region.shape,
                          "places": [(*self.at(look), self.flat_look(step[2], region.shape).strides),
                                     (target[0], target[1] + region.offset, region.strides)]})
            n = count(region.shape)
        elif kind == "add_to":
            look, region = self.look_at(step[2]), step[3]
            steps.append({"kind": K["add_to"], "dtype": FLOATS.index(dtype), "shape": region.shape,
                          "places": [(*self.at(look), self.flat_look(step[2], region.shape).strides),
                                     (target[0], target[1] + region.offset, region.strides)]})
        elif kind == "join":
            for s, part in step[2]:
                look = self.look_at(s)
                steps.append({"kind": K["copy"], "size": size, "shape": look.shape,
                              "places": [(*self.at(look), look.strides),
                                         (target[0], target[1] + part.offset, part.strides)]})
        else:
            op, given, outs = step[2], step[3], step[4]
            if op.number == GRADIENT:
                given = [self.known(ref.slot) for ref in refs_in(op.operands)]
            calls.append((self.called(op, outs), [self.array_place(self.look_at(s), s) for s in given],
                          [self.array_place(self.look[s], s) if s in outs else None for s in (op.out, *op.more)]))
            steps.append({"kind": K["python"], "expected": len(calls) - 1})
        return n >= 32768

    def called(self, op: Op, outs: list[int]) -> Callable[..., Any]:
        """What a step calls."""
        if op.number == GRADIENT:
            source, _, wanted = op.params
            kept, refs = self.graphs[source.slot]
            places = [refs.index(ref) if ref in refs else None for ref in wanted]
            shapes = [(self.slots[ref.slot].shape, self.slots[ref.slot].dtype) for ref in refs]
            return backward(kept, [v is not None for v in op.operands], shapes, places)
        graph, wanted = self.graphs.get(op.out, (None, []))
        return forward(op.name, op.number, op.operands, op.params, wanted, graph)

    def array_place(self, look: Look, slot: int) -> tuple[Any, ...]:
        return (*self.at(look), look.shape, look.strides, self.dtype_of(slot).num)


STRUCTURAL: dict[str, Callable[[Plan, Op], bool]] = {
    "sum": Plan.total, "mean": Plan.total, "matmul": Plan.product, "embed": Plan.embed, "logsumexp": Plan.logsumexp,
    "cat": Plan.joined, "stack": Plan.joined, "index": Plan.picked, "pick": Plan.picked, "index_add_zeros": Plan.picked,
    "copy_region": Plan.put,
}


class Arena:
    """Places in memory: first fit among what was given back."""

    def __init__(self) -> None:
        self.size = 0
        self.spare: list[tuple[int, int]] = []          # (start, length), in order

    def take(self, n: int) -> int:
        n = (n + 63) & ~63
        for i, (start, length) in enumerate(self.spare):
            if length >= n:
                if length == n:
                    del self.spare[i]
                else:
                    self.spare[i] = start + n, length - n
                return start
        start = self.size
        if self.spare and sum(self.spare[-1]) == self.size:
            start = self.spare.pop()[0]
        self.size = start + n
        return start

    def give(self, start: int, n: int) -> None:
        n = (n + 63) & ~63
        if not n:
            return
        i = bisect.bisect(self.spare, (start, 0))
        if i < len(self.spare) and self.spare[i][0] == start + n:
            n += self.spare.pop(i)[1]
        if i and sum(self.spare[i - 1]) == start:
            i -= 1
            before = self.spare.pop(i)
            start, n = before[0], n + before[1]
        self.spare.insert(i, (start, n))


# ---- what is asked of values and shapes

def uniform(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """One element for an array of which all have the same bits."""
    if array.ndim and array.size:
        flat = np.ascontiguousarray(array).reshape(-1)
        bits = flat.view(f"V{array.dtype.itemsize}")
        if (bits == bits[0]).all():
            return flat[0].reshape(()).copy() if isinstance(flat[0], np.ndarray) else np.array(flat[0])
    return np.array(array, order="C")


def differ(x: np.dtype[Any], y: np.dtype[Any]) -> bool:
    """Whether two dtypes do: mostly they are one object, and NumPy takes long to say what others are."""
    return x is not y and x != y


def fits(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether a shape is broadcast to another."""
    return len(shape) <= len(other) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(other), strict=False))


def rows_across(shape: tuple[int, ...]) -> bool:
    """Whether NumPy's reductions over the first dimension go row by row."""
    return shape[0] > 0 and count(shape[1:]) > 1


def is_one(array: np.ndarray[Any, Any]) -> bool:
    return array.ndim == 0 and bool(array == 1)


def seen_by(transform: Any, look: Look, dtype: np.dtype[Any]) -> Look | None:
    """What a geometry shows of a value; ValueError where that would need a copy."""
    seen = _arrays.seen_by(transform, look.shape, look.strides, dtype)
    return None if seen is None else Look(look.root, seen[0], seen[1], look.offset + seen[2])


def _way_of(strides_of: tuple[int, ...], shape: tuple[int, ...], size: int) -> Any:
    """How a sweep over contiguous elements of a shape goes through a value with such strides: "flat", "one" element for all,
    ("row", m): m elements again and again, ("column", m): each element m times; None: in no such way."""
    if strides_of == packed(shape, size) and shape:
        return "flat" if count(shape) != 1 else "one"
    strides = [s for n, s in zip(shape, strides_of, strict=True) if n != 1]
    dims = [n for n in shape if n != 1]
    if all(s == 0 for s in strides):
        return "one"
    expected = packed(tuple(dims), size)
    if tuple(strides) == expected:
        return "flat"
    k = next(i for i, s in enumerate(strides) if s != 0)
    if k and tuple(strides[k:]) == expected[k:]:
        return "row", count(tuple(dims[k:]))
    k = len(dims) - next(i for i, s in enumerate(reversed(strides)) if s != 0)
    if k < len(dims) and tuple(strides[:k]) == packed(tuple(dims[:k]), size):
        return "column", count(tuple(dims[k:]))
    return None


way_of: Any = functools.lru_cache(4096)(_way_of)


def common_split(ways: list[Any], n: int) -> tuple[int, int] | None:
    """Rows and columns of a sweep that goes through all of them; None: there are none."""
    for way in ways:
        if way != "flat" and way != "one":
            break
    else:
        return 1, n
    columns = {way[1] for way in ways if isinstance(way, tuple)}
    if None in ways or len(columns) > 1:
        return None
    if not columns:
        return 1, n
    m = columns.pop()
    return (n // m, m) if m >= 8 else None


def twice_as_far(place: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return (REGISTERS, 2 * place[1], *place[2:]) if place[0] == REGISTERS else place


def steps_of(way: Any, columns: int, size: int) -> tuple[int, int]:
    """How far from row to row, and from element to element."""
    if way == "flat":
        return columns * size, size
    if way == "one":
        return 0, 0
    return (0, size) if way[0] == "row" else (size, 0)


#: Numbers of the ops that arithmetic is made of.
ARITHMETIC: dict[int | None, str] = {_v.op_number(name): name for name in (*_arrays.CHAINED, *_arrays.ALONE)}
#: What is done, with the same bits, to a value that was to be negated first: -a + b is b - a.
NEGATIVE: dict[int, int] = {_arrays.CHAINED["add"][0]: _arrays.CHAINED["sub"][1],
                            _arrays.CHAINED["sub"][1]: _arrays.CHAINED["add"][0]}
#: Registers of a sweep whose blocks may be long.
FEW = 2
#: So much of it waits at most: longer, and what it reads would not stay in the cache.
WAITING = 24


class Blocks:
    """Registers of a sweep, each a block of memory, and which value is in which."""

    def __init__(self, local: set[int], left: dict[int, int]) -> None:
        self.local, self.left = local, left
        self.at: dict[int, int] = {}
        self.spare: list[int] = []
        self.used = 0

    def take(self, root: int) -> int:
        if self.spare:
            self.at[root] = self.spare.pop()
        else:
            self.at[root], self.used = self.used, self.used + 1
        return self.at[root]

    def read(self, root: int) -> None:
        """That a value was read once more."""
        self.left[root] -= 1
        self.unread(root)

    def unread(self, root: int) -> None:
        """Give back where a value is if nobody reads it any more."""
        if not self.left.get(root) and root in self.at:
            self.spare.append(self.at.pop(root))


class Arithmetic:
    """The code of a stretch of arithmetic on AT_ONCE registers of the processor, and where its operands lie."""

    def __init__(self, local: set[int], left: dict[int, int], ahead: dict[int, int], parts: set[int], blocks: Blocks,
                 place_of: Any, target_of: Any) -> None:
        """left, ahead: how often each value is yet to be read, in the sweep and in this stretch."""
        self.local, self.left, self.ahead, self.parts, self.blocks = local, left, ahead, parts, blocks
        self.place_of, self.target_of = place_of, target_of
        self.code: list[int] = []
        self.places: list[Any] = []
        self.held: list[int | None] = [None] * AT_ONCE      # the value in each
        self.lies: set[int] = set()                         # values that are in memory, too
        self.spread = 0

    def full(self, op: Any) -> bool:
        """Whether one more op, with what it may need, is too much: two loads, itself, and every register written."""
        spread = self.spread
        for way in op[4]:
            spread += type(way) is tuple
        return (len(self.code) + 4 + 2 * AT_ONCE > CODES or len(self.places) + 2 + 2 * AT_ONCE > OPERANDS
                or spread > ROWS_SPREAD)

    def take(self, op: Any) -> None:
        out, number, given, looks, ways = op
        name = ARITHMETIC[number]
        operands = list(zip(given, looks, ways, strict=True))
        roots = [look.root for look in looks]
        if name in _arrays.ALONE or (len(roots) == 2 and roots[0] == roots[1] and looks[0].same(looks[1])):
            at = self.overwritten(operands[0], roots, len(roots))
            self.code.append(NEGATED + at if name == "neg" else self.pair(
                _arrays.ALONE[name] if name in _arrays.ALONE else _arrays.CHAINED[name][0], at, at))
        else:
            left, right = _arrays.CHAINED[name]
            one, other, does = 0, 1, left
            if not self.last_of(roots[0], 1) and self.last_of(roots[1], 1):
                one, other, does = 1, 0, right
            at = self.overwritten(operands[one], roots, 1)
            if self.code and self.code[-1] == NEGATED + at and does in NEGATIVE:
                self.code.pop()
                does = NEGATIVE[does]
            if roots[other] in self.held:
                self.code.append(self.pair(does, at, self.held.index(roots[other])))
            else:
                self.memory(does, at, operands[other])
            self.read(roots[other])
        self.held[at] = out
        if out not in self.local:
            self.write(at)
        if not self.left.get(out):
            self.held[at] = None

    def last_of(self, root: int, times: int) -> bool:
        """Whether a value in a register is read by the op at hand and nobody else."""
        return root in self.held and self.left[root] == times

    def overwritten(self, operand: Any, roots: list[int], times: int) -> int:
        """The register in which an operand is, to be changed there."""
        root = operand[1].root
        if self.last_of(root, times):
            at = self.held.index(root)
            self.held[at] = None
        else:
            at = self.free(roots)
            if root not in self.held and operand[2] == "flat" and self.ahead[root] > times and root not in self.parts:
                for i, other in enumerate(self.held):
                    if i != at and (other is None or (other in self.lies and other not in roots)):
                        self.memory(MOVED, i, operand)      # once for all that read it
                        self.held[i] = root
                        self.lies.add(root)
                        break
            if root in self.held:
                self.code.append(self.pair(MOVED, at, self.held.index(root)))
            else:
                self.memory(MOVED, at, operand)
        for _ in range(times):
            self.read(root)
        return at

    def free(self, roots: list[int]) -> int:
        """A register that holds nothing, if need be after what it held is written."""
        if None in self.held:
            return self.held.index(None)
        at = min([i for i, root in enumerate(self.held) if root not in roots], key=lambda i: self.held[i] not in self.lies)
        self.write(at)
        self.held[at] = None
        return at

    def write(self, at: int) -> None:
        root = self.held[at]
        if root is not None and root not in self.lies:
            self.lies.add(root)
            self.code.append(3 * STORED + at)
            self.places.append(self.target_of(root))

    def memory(self, does: int, at: int, operand: Any) -> None:
        place = self.place_of(*operand)
        self.code.append((0 if any(place[2:]) else SAME) + 3 * does + at)
        self.places.append(place)
        self.spread += type(operand[2]) is tuple

    def pair(self, does: int, at: int, other: int) -> int:
        return TWO + 9 * does + 3 * at + other

    def read(self, root: int) -> None:
        self.blocks.read(root)
        self.ahead[root] -= 1
        if not self.left[root] and root in self.held:
            self.held[self.held.index(root)] = None

    def done(self) -> tuple[int, ...]:
        """The code, after which what others read is in memory."""
        for at, root in enumerate(self.held):
            if root is not None and self.left.get(root):
                self.write(at)
        return (*self.code, END)


# ---- what has no loop here

def chosen(condition: Any, x: Any, y: Any) -> Any:
    return [np.where(condition, x, y)]
