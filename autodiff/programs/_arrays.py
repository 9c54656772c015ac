"""Recorded programs of arrays: the level that records, and when its programs are used.

Forward and backward are recorded alike: the derivatives of rows are recorded ops, so a gradient is a program of the ops that a
recorded pass applies.  What is made of a recording is in `_plan`, what runs it in `_arrays`.
"""
from __future__ import annotations

import contextlib
import functools
import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import _arrays as _arrays_module
from .. import _engine as _engine_module  # type: ignore[attr-defined]
from .. import _program as _program_module
from .. import _variable as _variable_module
from .._batching import RANDOM_OPS, called, is_custom, physical_pass
from .._pytree import flatten_results
from ..autograd import grad
from ..rules import BY_NAME
from ._plan import STRUCTURAL, Guard, Op, Plan, Slot
from ._reach import undo
from ._whole import (
    APPLIED,
    CALLED,
    CUSTOM,
    EXAMPLES,
    FUNCTION,
    GRADIENT,
    LOGICAL,
    OTHERS,
    Kept,
    Ref,
    apply,
    mapped,
    refs_in,
    results_of,
)

_arrays: Any = _arrays_module
_engine: Any = _engine_module
_program: Any = _program_module
_v: Any = _variable_module
_Base: Any = _v.Tensor.__base__
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

_arrays._fill(_v.op_number)
_arrays._use(_v.plain_of)

#: Functions that read values for a case that hardly ever is: a guard says that it is not.
REGULAR = {"logsumexp_dx": "finite", "std_dx": "ordinary", "norm_dx": "ordinary", "var_dx": "finite"}
#: Called functions that draw, or make what depends on the call.
DRAWS = frozenset(RANDOM_OPS) | {"rand", "randn", "randint", "randperm", "multinomial", "bernoulli", "normal", "dropout",
                                 "empty"}
#: So many programs that ran once say that none will run again.  What the list of an op takes, in bytes.
MOST, OP_BYTES = 64, 800
#: Larger values are not kept when they are written: where one was a constant, the function runs as it is.
KEPT_BYTES = 1 << 18
#: In place of a row's name: all that are intricate are called whole, for nobody knows whose derivative it was.
COARSE = "*"
WRITTEN, DRAWN, HOOKED = "it writes into a value", "it draws random numbers", "a hook stands on one of its values"
SECOND = "a second derivative inside of it is of an op that is called as one"
UNTRACKED = "a derivative inside of it needs names for all values"
#: Reasons for which a row is not called whole, either.
HOPELESS = frozenset((WRITTEN, DRAWN))
#: Functions that have answers of their own, or none to be recorded.
PLAIN = frozenset(("where", "array", "tensor"))
#: Rows whose parameters keep what was computed of values, or that are no functions of their operands.
KEEPING = frozenset(("put", "pick"))


#: Ops below which a program with Variables for arguments is left alone: to make a node of its result takes as long as eager
#: code takes for some fifty numbers (12 us), or for fifteen small arrays, forward and backward.
WORTHWHILE = 50


#: Where files are that are no user's.
_LIBRARIES = (_PACKAGE, _program.NUMPY, _program.SCIPY)
#: Whether a file is of this package, of NumPy or of SciPy.
_OURS: dict[str, bool] = {}
_NUMBERS: dict[str, int] = {}       # of rows by name
_CONSTANTS = frozenset((float, int, np.float64, np.float32, np.int64))
_NUMBERS_OF_PYTHON = frozenset((int, float, bool, type(None), str))


class Recorder(_v.FunctionLevel):
    """A level that writes down a run of a function.  `reason` is None, or why it came to nothing, and `place` where."""

    def __init__(self, whole: set[str]) -> None:
        self.whole = whole                          # rows that are called whole
        self.blamed: str | None = None              # a row whose derivative could not be recorded
        self.failed_in_pass = False                 # it came to nothing while a pass was recorded
        self.trying = False                         # the parts of a composite row are recorded
        self.sharing: dict[int, list[int]] = {}     # storages, and the Variables by identity that are known to look at them
        self.copies: set[int] = set()               # arguments by identity that are not the caller's own arrays
        self.writes = 0
        self.made: dict[int, None] = {}             # Variables that the function made itself, by identity
        self.written: set[int] = set()              # ... that were written, and not looked at since
        self.regions: dict[int, tuple[Any, Any]] = {}   # views by identity: of what, and where
        self.slots: list[Slot] = []
        self.ops: list[Op] = []
        self.guards: list[Guard] = []
        self.known: dict[int, int] = {}             # Variables by identity, and their slots
        self.refs: dict[int, Ref] = {}              # by slot, in the flavour that it has
        self.called_from: Any = None                # the line of the user's that had the reverse pass run
        self.held: list[Any] = []
        self.references: list[tuple[int, Any]] = []
        self.pending: dict[int, int] = {}           # plain arrays that were handed out, and their slots
        self.handed: list[Any] = []
        self.reason: str | None = None
        self.place: tuple[str, int, str] | None = None
        self.numbers = _NUMBERS
        self.nodes: dict[int, int] = {}             # nodes of Variables by address, and their slots
        self.memory: dict[Any, int] = {}            # ... of those without one, by where their elements are
        self.arrays: dict[Any, int] = {}            # plain arrays by where they are: constants, and Variables' own
        self.nameless = False                       # there is a number without a node: what was saved of it bears no name
        self.forward = 0                            # how many slots there are of the function itself
        self.backward = False                       # a pass is recorded: what was saved comes as other Variables
        self.tracked = False                        # all inputs have nodes, to be told by
        self.passes = 0                             # derivatives inside of the function
        self.looking = False                        # the ops that run are its own
        self.checks = False                         # the next value is one of math's, which raises where it is not finite
        self.customs = False                        # an op was called whole, and has a gradient
        self.other = False                          # what it returns is not what it does where nothing is recorded

    # ---- slots

    def made_inside(self) -> dict[int, Any]:
        """Of Variables that are no arguments those that nobody else has, who might write into them: their values by slot."""
        probe = [object()]      # in as many lists as a Variable of a recording
        references = [*self.references, (-1, probe[0])]
        probe += probe
        counts = {slot: sys.getrefcount(v) for slot, v in references}
        return {slot: np.array(_v.plain_of(v)) for slot, v in self.references if counts[slot] <= counts[-1]}

    def learn(self, v: Any, source: str) -> int:
        slot, traits = len(self.slots), _arrays.traits_of(v)
        self.slots.append(Slot(traits[0], _v.dtype_in(v), type(v), source, v))
        self.known[id(v)] = slot
        self.held.append(v)
        self.name(v, slot, traits)
        return slot

    def name(self, v: Any, slot: int, traits: Any) -> None:
        """By what a value is known again where it comes as another Variable."""
        shape, node, storage, memory = traits
        if storage:
            others = self.sharing.get(storage)
            if others is None:
                self.sharing[storage] = [id(v)]
            else:
                others.append(id(v))
        if node:
            self.nodes.setdefault(node, slot)
        elif memory:
            dtype = self.slots[slot].dtype
            self.memory.setdefault((memory, shape, dtype, _v.plain_of(v).strides), slot)
            self.arrays.setdefault((memory, shape, dtype), slot)
        elif self.slots[slot].dtype.kind == "f" and not self.backward:
            self.nameless = True

    def place_in_memory(self, v: Any) -> Any:
        return _arrays.memory_of(v), tuple(v.shape), _v.dtype_in(v), _v.plain_of(v).strides

    def slot_of_gradient(self, v: Any) -> int | None:
        """What a pass returned, which may be another Variable than the one that was computed."""
        node = _arrays.node_of(v)
        if id(v) in self.known:
            return self.known[id(v)]
        if node:
            return self.nodes.get(node)
        if _arrays.memory_of(v):
            return self.memory.get(self.place_in_memory(v))
        bits = _v.plain_of(v).tobytes()
        found = [op.out for op in self.ops if op.out >= self.forward and not self.slots[op.out].shape
                 and self.values(op.out).tobytes() == bits and not _arrays.node_of(self.slots[op.out].value)]
        return found[0] if len(found) == 1 else None

    def moved(self, v: Any, value: Any) -> int | None:
        """The slot of a number that got a place in memory, and with it another node of the same op."""
        kind = type(v.grad_fn)
        found = [slot for slot in set(self.nodes.values()) if not self.slots[slot].shape and slot < self.forward
                 and self.values(slot).tobytes() == value.tobytes() and type(self.slots[slot].value.grad_fn) is kind]
        if len(found) != 1:
            return None
        self.known[id(v)] = found[0]
        self.held.append(v)
        return found[0]

    def flat(self, v: Any) -> int:
        """Zeros that keep a recorded derivative in a graph: nobody has to add them."""
        self.slots.append(Slot(tuple(v.shape), _v.dtype_in(v), type(v), "flat", np.zeros((), _v.dtype_in(v))))
        self.held.append(v)
        self.known[id(v)] = len(self.slots) - 1
        return len(self.slots) - 1

    def constant(self, array: Any) -> int:
        array = np.array(array)
        self.slots.append(Slot(array.shape, array.dtype, _v.ndarray, "constant", array))
        return len(self.slots) - 1

    def values(self, slot: int) -> Any:
        """What a slot was when it was recorded."""
        value = self.slots[slot].value
        return _v.plain_of(value) if isinstance(value, _Base) else value

    def slot_of(self, v: Any) -> int:
        """The slot of a Variable; one that was not seen is an input by reference.

        In a recorded pass saved values come as Variables of their own, which are told by their node or their memory.
        """
        slot = self.known.get(id(v))
        if slot is not None:
            if slot < 0:
                self.give_up("it reads a view of what was written")
                return 0
            if id(v) in self.written:
                self.written.discard(id(v))
                self.name(v, slot, _arrays.traits_of(v))
            if not _arrays.has_shape(v, self.slots[slot].shape):
                self.give_up("it gives a Variable another shape in place")
            return slot
        node = _arrays.node_of(v)
        slot = self.nodes.get(node) if node else self.memory.get(self.place_in_memory(v)) if _arrays.memory_of(v) else None
        if slot is not None:
            self.known[id(v)] = slot
            self.held.append(v)
            return slot
        if not self.backward:
            if node and not v.is_leaf:
                self.give_up("it uses a Variable that was computed outside of it")
            slot = self.learn(v, "reference")
            self.references.append((slot, v))
            return slot
        value = _v.plain_of(v)
        if node and type(v.grad_fn).__name__.startswith("Flat") and not value.any():
            return self.flat(v)
        if node and not v.ndim:
            slot = self.moved(v, value)
            if slot is not None:
                return slot
        if node or (not _arrays.memory_of(v) and self.nameless) or (_arrays.memory_of(v) and not self.is_constant(value)):
            self.give_up("a saved value of it cannot be told from another")
        slot = self.known[id(v)] = self.constant(value)
        self.held.append(v)
        return slot

    def is_constant(self, value: Any) -> bool:
        """Whether an array is one of the constants of the recording, or made of them, and nothing else that is known."""
        def same(slot: int) -> bool:
            known = self.slots[slot]
            return known.shape == value.shape and known.dtype == value.dtype and bool(
                np.array_equal(self.values(slot), value, equal_nan=value.dtype.kind == "f"))

        constant = {i for i, slot in enumerate(self.slots) if slot.source == "constant"}
        for op in self.ops:         # as the ones that the cotangent of a sum is spread over
            if {ref.slot for ref in refs_in((op.operands, op.params))} <= constant:
                constant.update((op.out, *op.more))
        return any(map(same, constant)) and not any(same(slot) for slot in self.memory.values() if slot not in constant)

    def encoded(self, value: Any) -> Any:
        """An operand or a parameter, with Refs for what is computed."""
        kind = type(value)
        if kind is tuple:
            return tuple([self.encoded(part) for part in value])
        if kind in _NUMBERS_OF_PYTHON:
            return value
        if isinstance(value, _Base):
            known = self.slot_of(value)
            ref = self.refs.get(known)
            if ref is None or ref.flavour is not kind:
                ref = self.refs[known] = Ref(known, kind)
            return ref
        if isinstance(value, np.ndarray):
            if id(value) in self.pending:
                return Ref(self.pending[id(value)])
            if value.dtype == object:
                self.give_up("it computes with an array of objects")
            key = value.__array_interface__["data"][0], value.shape, value.dtype
            slot = self.arrays.get(key)
            if slot is None and self.backward and value.dtype.kind == "b":
                self.give_up("a saved condition of it cannot be told from another")
            if slot is None:
                slot = self.arrays[key] = self.constant(value)
                self.handed.append(value)
            return Ref(slot)
        if isinstance(value, np.generic):
            return value.item() if type(value) is np.float64 else Ref(self.constant(value))
        if kind is list:
            return [self.encoded(part) for part in value]
        if kind is slice:
            return slice(*[self.encoded(part) for part in (value.start, value.stop, value.step)])
        return value

    def views_in(self, results: list[Any], taken: list[Any], args: tuple[Any, ...]) -> dict[int, Any]:
        """Of results that are arguments, or views of them, which: where among the arguments, and what geometries show of it."""
        made = {op.out: op for op in self.ops}
        places: dict[int, Any] = {}

        def walk(part: Any, value: Any, path: tuple[Any, ...]) -> None:
            if part[0] in ("list", "tuple"):
                for i, inner in enumerate(part[1]):
                    walk(inner, value[i], (*path, i))
            elif part[0] == "dict":
                for key, inner in zip(part[1], part[2], strict=True):
                    walk(inner, value[key], (*path, key))
            elif part[0] == "array" and value.ndim:
                places[part[1]] = path

        for i, (_, part) in enumerate(taken):
            walk(part, args[i], (i,))
        found = {}
        for i, v in enumerate(results):
            slot = self.known[id(v)]
            transforms: list[Any] = []
            while slot in made and made[slot].name == "view":
                transforms.insert(0, made[slot].params[0])
                slot = made[slot].operands[0].slot
            if slot in places and v.ndim:
                found[i] = places[slot], transforms
        return found

    def depends(self, v: Any) -> bool:
        """Whether a Variable is an argument, or was computed of one."""
        slot = self.known.get(id(v))
        if slot is None or slot < 0:
            return slot is not None
        found = {i for i, known in enumerate(self.slots) if known.source == "input"}
        for op in self.ops:
            if any(ref.slot in found for ref in refs_in((op.operands, op.params))):
                found.update((op.out, *op.more))
        return slot in found

    def give_up(self, reason: str) -> Any:
        if self.reason is None:
            self.reason, self.place = reason, self.here()
            if self.backward:
                self.failed_in_pass, self.blamed = True, differentiated()
        return NotImplemented

    def push(self) -> None:
        _v.push_level(self)

    def pop(self) -> None:
        _v.pop_level()

    def here(self) -> tuple[str, int, str] | None:
        """The line of the user's."""
        if self.called_from is not None:
            return self.called_from
        frame = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            ours = _OURS.get(code.co_filename)
            if ours is None:
                ours = _OURS[code.co_filename] = code.co_filename.startswith(_LIBRARIES)
            if not ours:
                return code.co_filename, frame.f_lineno, code.co_name
            frame = frame.f_back    # type: ignore[assignment]
        return None

    # ---- the door

    def __call__(self, call: Any) -> Any:
        if self.looking:
            return NotImplemented
        if call.into is not None and (id(call.into) in self.copies or id(call.into._base) in self.copies):
            raise _Leave        # the caller is to see it, which gave another array
        if self.reason is not None:
            return NotImplemented
        name, params = call.name, call.params
        if _program.unusual():
            return self.give_up("it computes in another mode: no_grad(), forward mode, vmap")
        if call.into is not None:
            return self.write(call)
        if self.pending and not (call.leaves and name in ("values", "numpy", "__array__")) and not call.called and (
                not self.consumed((call.operands, params))):
            return self.give_up("it takes values out")
        if call.called:
            if name in DRAWS:
                return self.give_up(DRAWN)
            if any(_v.physical_of(v) is not None for v in variables_in((call.operands, params))):
                return NotImplemented       # of a sample of vmap: its ops, of the batch, are seen
            if is_custom(call):
                if isinstance(params[0], type):
                    return self.called_whole(name, call.operands, params, CUSTOM)
                return self.give_up(f"{name}() is not recorded")
            if name in LOGICAL:
                return self.logical(call)
            if name == "index":         # by Variables
                known = any(id(v) in self.known for v in variables_in(params))
                return self.called_whole(name, call.operands, params, CALLED) if known else NotImplemented
            if name in BY_NAME and name not in PLAIN:
                if name in self.whole and not self.backward:
                    return self.called_whole(name, call.operands, params, CALLED)
                return NotImplemented if self.trying or self.backward else self.parts(call)
            if name in ("array", "tensor"):
                return self.constructed(name, params)
            if any(id(v) in self.known for v in variables_in(params)):
                return self.give_up(f"{name}() depends on values by a parameter")
            return NotImplemented
        if call.leaves:
            return self.domain(call.operands, params[0]) if name == "domain" else self.leaving(name, call.operands)
        if name == "full" and not variables_in(params):
            return self.constructed(name, params)
        if name == "detach":
            operand = self.encoded(call.operands)
            result = call.operands[0].detach()
            self.ops.append(Op("clone", self.number("clone"), operand, (), self.learn(result, "op"), self.here()))
            return result
        number = self.number(name)
        if (number < 0 and name not in OTHERS) or name in KEEPING:
            return self.give_up(f"{name}() is not recorded")
        if not self.backward and (name in self.whole or (COARSE in self.whole and is_intricate(name, number, call.operands))):
            return self.called_whole(name, call.operands, params, APPLIED)
        if name == "flat":
            result = apply(name, number, call.operands, params)
            self.flat(result)
            return result
        operands = self.encoded(call.operands)
        encoded = self.encoded(params)
        if self.reason is not None:
            return NotImplemented
        if number >= 0 and len(operands) > 1 and _v.is_elementwise(number) and type(call.operands[0]) is not bool:
            given, operands = self.in_floats(call.operands, operands)
        else:
            given = call.operands
        self.pending.clear()
        if name == "where" and isinstance(params[0], _Base):        # a condition that its node keeps, and by which it is told
            condition = np.array(_v.plain_of(params[0]))
            self.arrays[condition.__array_interface__["data"][0], condition.shape, condition.dtype] = encoded[0].slot
            self.handed.append(condition)
            params = (condition,)
        result = apply(name, number, given, params)
        if not isinstance(result, _Base):
            return self.give_up(f"{name}() has another result than an array")
        self.ops.append(Op(name, number, operands, encoded, self.learn(result, "op"), self.here()))
        if self.checks and not result.ndim:
            self.checks = False
            self.guards.append(Guard("finite", self.known[id(result)], True, len(self.ops), self.here()))
        if name == "view":
            self.regions[id(result)] = call.operands[0], params[0]
        return result

    # ---- what the function makes, and writes

    def constructed(self, name: str, params: Any) -> Any:
        """An array of what is no Variable, or a copy of one."""
        data, *options = params
        if name == "full" or not variables_in(data):
            v = (_v.full_of(*params) if name == "full" else _v.as_ndarray(*params) if name == "array" else
                 _v.tensor(data, dtype=options[0]))
            slot = self.known[id(v)] = self.constant(_v.plain_of(v))
            self.held.append(v)
            self.name(v, slot, _arrays.traits_of(v))
            self.made[id(v)] = None
            return v
        if not isinstance(data, _Base):
            return NotImplemented           # of a list: joined by ops
        ref = Ref(self.slot_of(data), type(data))
        if self.reason is not None:
            return NotImplemented
        v, dtype = data, options[0]
        if name == "tensor":                # without a gradient
            v = data.detach()
        if dtype is not None and np.dtype(dtype) != _v.dtype_in(v):
            v = _v.cast_variable(v, np.dtype(dtype))
            slot = self.learn(v, "op")
            self.ops.append(Op("cast", -1, (ref,), (np.dtype(dtype),), slot, self.here()))
            ref = Ref(slot, type(v))
        v = v.clone() if name == "tensor" or options[1] else v
        v = _v.in_flavour(v, EXAMPLES[_v.ndarray if name == "array" else _v.Tensor])
        if id(v) not in self.known:
            self.ops.append(Op("clone", self.number("clone"), (ref,), (), self.learn(v, "op"), self.here()))
        return v

    def write(self, call: Any) -> Any:
        """A write into what the function made: the op without the write is recorded, and the Variable is that from now on.

        Other Variables that look at the same memory are not what they were: if one is used, the function runs as it is.
        """
        x, name, params = call.into, call.name, call.params
        storage = _arrays.storage_of(x)
        slot = self.known.get(id(x), -1)
        whole, region = self.regions.get(id(x), (None, None)) if x._is_view() else (x, None)
        if self.backward or slot < 0 or whole is None or whole._is_view() or self.known.get(id(whole), -1) < 0 or (
                self.slots[self.known[id(whole)]].source not in ("op", "constant")) or (
                self.slots[self.known[id(whole)]].source == "constant" and id(whole) not in self.made):
            return self.give_up(WRITTEN)
        if call.called:         # at an index of Variables
            if region is not None:
                return self.give_up(WRITTEN)
            self.keep_values(storage)
            result = self.called_whole(call.name, call.operands, params, CALLED)
            if self.reason is None:
                self.overwritten(x, self.known[id(result)], storage)
                self.writes += 1
            return result
        number = self.number(name)
        if number < 0:
            return self.give_up(f"{name}() is not recorded")
        self.keep_values(storage)
        operands, encoded = self.encoded(call.operands), self.encoded(params)
        if self.reason is not None:
            return NotImplemented
        self.pending.clear()
        off = _v.set_mode("grad_off", True)
        try:
            result = apply(name, number, call.operands, params)
            made = self.learn(result, "op")
            self.ops.append(Op(name, number, operands, encoded, made, self.here()))
            if _v.dtype_in(result) != _v.dtype_in(x):
                if _v.dtype_in(result).kind != _v.dtype_in(x).kind:
                    return self.give_up(WRITTEN)
                result = _v.cast_variable(result, _v.dtype_in(x))
                self.ops.append(Op("cast", -1, (Ref(made, type(result)),), (_v.dtype_in(x),), self.learn(result, "op"),
                                   self.here()))
                made = self.known[id(result)]
            if tuple(result.shape) != tuple(x.shape):
                return self.give_up(WRITTEN)
            if region is not None:
                ref = Ref(self.slot_of(whole), type(whole))
                base = apply("copy_region", self.number("copy_region"), (whole, result), (region,))
                self.ops.append(Op("copy_region", self.number("copy_region"), (ref, Ref(made, type(result))), (region,),
                                   self.learn(base, "op"), self.here()))
        finally:
            _v.set_mode("grad_off", off)
        if self.reason is not None:
            return NotImplemented
        self.overwritten(x, made, storage)
        self.writes += 1
        if region is not None:
            self.known[id(whole)] = self.known[id(base)]
            self.written.add(id(whole))
        return NotImplemented

    def keep_values(self, storage: int) -> None:
        """What is about to be written keeps its value where that may be a constant of the plan."""
        for key in self.sharing.get(storage, ()):
            slot = self.known.get(key, -1)
            if slot >= 0 and self.slots[slot].source == "op" and self.slots[slot].shape and isinstance(
                    self.slots[slot].value, _Base):
                value = _v.plain_of(self.slots[slot].value)
                if value.nbytes <= KEPT_BYTES:
                    self.slots[slot] = self.slots[slot]._replace(value=np.array(value))

    def overwritten(self, x: Any, slot: int, storage: int) -> None:
        """x has another value from now on, and what looks at the same memory none that is known."""
        for key in self.sharing.pop(storage, ()):
            self.known[key] = -1
        if storage:
            at = _arrays.memory_of(x)
            for names in (self.memory, self.arrays):
                for key in [key for key in names if key[0] == at]:
                    del names[key]
        self.known[id(x)] = slot
        self.made[id(x)] = None
        self.written.add(id(x))

    # ---- what is called whole

    def function(self, which: Any, args: Any, kwargs: Any, run: Callable[[], Any]) -> Any:
        """A function of NumPy's."""
        name = f"np.{which.__name__}"
        if self.reason is not None or self.backward or self.trying or self.looking:
            return run()
        if name not in self.whole:
            found = self.tried(run)
            if found is not NotImplemented:
                return found
            if any(map(callable, (*args, *kwargs.values()))) or kwargs.get("out") is not None:
                return run()
            self.reason = self.place = None
            self.whole.add(name)
        self.pop()
        try:
            found = self.called_whole(name, args, (which, kwargs), FUNCTION)
        finally:
            self.push()
        return run() if found is NotImplemented else found

    def parts(self, call: Any) -> Any:
        """A composite row: what it consists of is recorded, and where that cannot be, the row is called whole."""
        self.push()
        try:
            found = self.tried(lambda: called(call.name, call.operands, call.params))
        finally:
            self.pop()
        if found is not NotImplemented:
            return found
        self.reason = self.place = None
        self.whole.add(call.name)
        return self.called_whole(call.name, call.operands, call.params, CALLED)

    def tried(self, run: Callable[[], Any]) -> Any:
        """run(), recorded; NotImplemented where that came to nothing, and nothing of it is left but the reason."""
        lists: Any = (self.slots, self.held, self.ops, self.guards, self.references, self.handed)
        counts = [len(v) for v in lists]
        names: Any = (self.known, self.nodes, self.memory, self.arrays, self.made, self.regions)
        sizes, pending, nameless, writes = [len(v) for v in names], dict(self.pending), self.nameless, self.writes
        self.trying = True
        try:
            result = run()
        except BaseException:
            self.give_up("an op of it raises")
            raise
        finally:
            self.trying = False
        if self.reason is None and not self.pending:
            return result
        if self.reason is None:
            self.give_up("it takes values out")
        if self.writes != writes:
            self.reason = WRITTEN
        if self.reason in HOPELESS:     # it has drawn, or written, and must not do so again
            return result
        self.pending, self.nameless = pending, nameless
        for known, size in zip(names, sizes, strict=True):
            while len(known) > size:
                known.popitem()
        for made, size in zip(lists, counts, strict=True):
            del made[size:]
        return NotImplemented

    def called_whole(self, name: str, operands: Any, params: Any, number: int) -> Any:
        """An op that is one step of the program, and its gradient another."""
        found: dict[Ref, Any] = {}

        def encoded(leaf: Any) -> Any:
            if not isinstance(leaf, (_Base, np.ndarray)):
                return leaf
            ref = self.encoded(leaf)
            found.setdefault(ref, leaf)
            return ref

        operands, params = mapped(operands, encoded), mapped(params, encoded)
        if self.reason is not None:
            return NotImplemented
        self.pending.clear()
        variables = [(ref, v) for ref, v in found.items() if isinstance(v, _Base) and v.requires_grad]
        kept = Kept()
        inside = {ref: _v.constant_of(np.array(_v.plain_of(v)), like=v) if isinstance(v, _Base) else v
                  for ref, v in found.items()}
        for ref, _ in variables:
            kept.given.append(inside[ref].requires_grad_())
        versions = [v._version for v in inside.values() if isinstance(v, _Base)]

        def value(leaf: Any) -> Any:
            return inside.get(leaf, leaf) if isinstance(leaf, Ref) else leaf

        try:
            _v.push_level(self.watched)
            try:
                result = apply(name, number, mapped(operands, value), mapped(params, value))
            finally:
                _v.pop_level()
        except BaseException:
            self.give_up("an op of it raises")
            raise
        if versions != [v._version for v in inside.values() if isinstance(v, _Base)]:
            return self.give_up(WRITTEN)
        leaves = results_of(result)
        if self.reason is not None:
            return NotImplemented
        if not leaves:
            return self.give_up(f"{name}() is not recorded")
        kept.results = leaves
        values = [np.array(_v.plain_of(leaf)) if isinstance(leaf, _Base) else np.asarray(leaf) for leaf in leaves]
        first = len(self.slots)

        def vjp(gs: Any, needs: Any) -> Any:
            return self.gradient(name, kept, gs, first, tuple(found), variables)

        if any(isinstance(leaf, _Base) and leaf.requires_grad for leaf in leaves):
            self.customs = True
            recorded = _v.record_custom(tuple([v for _, v in variables]), tuple(values), vjp, name)
            made = [_v.in_flavour(v, EXAMPLES[type(leaf)]) if isinstance(leaf, _Base) else _v.as_ndarray(value)
                    for v, leaf, value in zip(recorded, leaves, values, strict=True)]
        else:
            made = [_v.constant_of(value, like=leaf) if isinstance(leaf, _Base) else _v.as_ndarray(value)
                    for leaf, value in zip(leaves, values, strict=True)]
        slots = [self.learn(v, "op") for v in made]
        place = self.here()
        self.ops.append(Op(name, number, operands, params, slots[0], place, tuple(slots[1:])))
        if self.checks:
            self.checks = False
            self.guards.append(Guard("finite", slots[0], True, len(self.ops), place))
        given = iter(zip(made, leaves, strict=True))

        def rebuilt(part: Any) -> Any:
            if isinstance(part, (tuple, list)):
                parts = [rebuilt(p) for p in part]
                return parts if isinstance(part, list) else tuple.__new__(type(part), parts)
            v, leaf = next(given)
            if isinstance(leaf, (_Base, np.ndarray)) and isinstance(part, (_Base, np.ndarray)):
                return v
            if isinstance(part, (bool, np.bool_)):
                self.guards.append(Guard("truth", self.known[id(v)], bool(part), len(self.ops), place))
                return part
            if isinstance(part, (int, np.integer)) and self.reason is None:
                self.as_integer(v)
                return part
            self.give_up(f"{name}() takes a value out")
            return part

        return rebuilt(result)

    def watched(self, call: Any) -> Any:
        """While an op is called whole: it must read nothing of the recording but what it was given."""
        if any(id(v) in self.known for v in variables_in((call.operands, call.params))):
            self.give_up("a function of it reads values that it is not given")
        return NotImplemented

    # ---- derivatives inside of the function

    def forked(self, v: Any, leaf: Any) -> None:
        """A leaf of the same value, made by a transform: a slot of its own, since a derivative in it is none in v."""
        if self.reason is None and not self.looking and id(leaf) not in self.known:
            with self.off():
                operand = Ref(self.slot_of(v), type(v))
                self.ops.append(Op("clone", self.number("clone"), (operand,), (), self.learn(leaf, "op"), self.here()))

    @contextlib.contextmanager
    def off(self) -> Iterator[None]:
        """While it looks at values itself."""
        before, self.looking = self.looking, True
        try:
            yield
        finally:
            self.looking = before

    def passing(self, run: Callable[..., Any], outputs: tuple[Any, ...], cotangents: tuple[Any, ...],
                inputs: tuple[Any, ...] | None, create_graph: bool | None, accumulates: bool) -> Any:
        """A reverse pass that begins: it is recorded as the function's own ops are, whether or not it is to have a graph."""
        if self.backward or self.looking:
            return run(outputs, cotangents, inputs, create_graph)
        if self.reason is not None:
            pass
        elif accumulates:
            self.give_up("backward() inside of it accumulates into .grad: take autodiff.grad(f), or autodiff.autograd.grad()")
        elif self.pending:
            self.give_up("it takes values out")
        elif self.trying:
            self.give_up("an op of it begins a pass")
        elif not all(isinstance(v, _Base) for v in (*outputs, *(inputs or ()))) or not all(
                g is None or isinstance(g, _Base) for g in cotangents):
            self.give_up("a derivative inside of it is not of Variables by Variables")
        elif not self.tracked:          # with the next call, then with names for all values
            self.give_up(UNTRACKED)
        if self.reason is not None:
            self.other = self.other or self.customs     # whose first derivatives are not in the graph outside of a program
            return run(outputs, cotangents, inputs, create_graph)
        self.passes += 1
        handles = None
        with self.off():
            for v in self.held:         # one that became a leaf since it is known, by requires_grad_()
                node = _arrays.node_of(v)
                if node and self.known.get(id(v), -1) >= 0:
                    self.nodes.setdefault(node, self.known[id(v)])
            made = [g is None for g in cotangents]
            if any(_v.physical_of(v) is not None for v in (*outputs, *(inputs or ()))):     # inside of vmap: of the batches
                outputs, cotangents, inputs, handles = physical_pass(outputs, cotangents, inputs)
            cotangents = tuple([self.seed_of(v, g) if new and _v.dtype_in(v).kind == "f" and (g is not None or not v.ndim)
                                else g for v, g, new in zip(outputs, cotangents, made, strict=True)])
        forward = self.forward
        self.backward, self.forward = True, len(self.slots)
        try:
            found, others = run(outputs, cotangents, inputs, True)
            in_graph = create_graph or (create_graph is None and others)
            with self.off():
                found = tuple([None if g is None else self.handed_out(g, in_graph) for g in found])
                return found if handles is None else handles(found), others
        finally:
            self.backward, self.forward = False, forward

    def seed_of(self, value: Any, seed: Any = None) -> Any:
        """A cotangent that is a constant of the recording, 1 if none is given."""
        with self.off():
            if seed is None:
                seed = _v.constant_of(np.ones((), _v.dtype_in(value)), like=value)
            self.known[id(seed)] = self.constant(_v.plain_of(seed))
            self.held.append(seed)
            return seed

    def of_none(self, v: Any) -> Any:
        """The gradient of what nothing depends on: a constant."""
        return v if self.looking or _v.physical_of(v) is not None else self.seed_of(v, v)

    def row_of(self, basis: Any, i: int) -> Any:
        """A cotangent of a pass for one row of a Jacobian."""
        with self.off():
            return self.seed_of(basis, _v.constant_of(_v.plain_of(basis)[i].copy(), basis))

    def handed_out(self, g: Any, in_graph: bool) -> Any:
        """A gradient of a pass inside of the function, in the graph of that pass or not."""
        slot = self.slot_of_gradient(g)
        if slot is None:
            self.give_up("a gradient of it is not recorded")
            return g if in_graph else g.detach()
        if not in_graph:
            g = g.detach()
            self.nameless = self.nameless or not _arrays.memory_of(g)
        if id(g) not in self.known:
            self.known[id(g)] = slot
            self.held.append(g)
            self.name(g, slot, _arrays.traits_of(g))
        return g

    def gradient(self, name: str, kept: Kept, gs: Any, first: int, refs: tuple[Ref, ...], variables: list[Any]) -> Any:
        """Those of an op that was called whole, and a step that computes them."""
        with self.off():
            passes = _engine.passes_begun()
            found = kept.gradient([None if g is None or not isinstance(r, _Base) else
                                   _v.constant_of(np.array(_v.plain_of(g)), like=r)
                                   for g, r in zip(gs, kept.results, strict=True)], True)
            self.passes += _engine.passes_begun() - passes
            values = [np.zeros(tuple(v.shape), _v.dtype_in(v)) if g is None else np.array(_v.plain_of(g))
                      for g, (_, v) in zip(found, variables, strict=True)]
            if not self.backward:
                return tuple([_v.constant_of(value, like=v) for value, (_, v) in zip(values, variables, strict=True)])
            cotangents = tuple([None if g is None else Ref(self.slot_of(g), type(g)) for g in gs])
            # It depends on what the op was given, too, which a pass around this one would have to go on to.
            made = _v.record_custom((*[g for g in gs if g is not None], *[v for _, v in variables]), tuple(values),
                                    self.refused, name)
            made = tuple([_v.in_flavour(g, EXAMPLES[type(v)]) for g, (_, v) in zip(made, variables, strict=True)])
            slots = [self.learn(g, "op") for g in made]
            params = Ref(first), refs, tuple([ref for ref, _ in variables])
            self.ops.append(Op(f"{name} gradient", GRADIENT, cotangents, params, slots[0], self.here(), tuple(slots[1:])))
            return made

    def refused(self, gs: Any, needs: Any) -> Any:
        """The function runs once more, as it is."""
        self.give_up(SECOND)
        raise NotImplementedError(SECOND)

    def in_floats(self, given: tuple[Any, ...], operands: Any) -> tuple[Any, Any]:
        """Operands of which those of bools and integers are cast beside floats, by an op: what is saved of them has a name."""
        for v in given:
            if isinstance(v, np.ndarray) or (isinstance(v, _Base) and _v.dtype_in(v).kind != "f"):
                break
        else:
            return given, operands
        kinds = {_v.dtype_in(v).kind for v in given if isinstance(v, (_Base, np.ndarray))}
        if not kinds & set("biu") or "f" not in kinds:
            return given, operands
        dtype = _v.common_dtype_of(list(given))
        found, refs = list(given), list(operands)
        for i, v in enumerate(given):
            if isinstance(v, _Base) and _v.dtype_in(v).kind in "biu":
                found[i] = _v.cast_variable(v, dtype)
                slot = self.learn(found[i], "op")
                self.ops.append(Op("cast", -1, (operands[i],), (dtype,), slot, self.here()))
                refs[i] = Ref(slot, type(found[i]))
        return tuple(found), tuple(refs)

    def logical(self, call: Any) -> Any:
        """and, or, not of conditions, and whether any or all hold: conditions again."""
        operands, params = self.encoded(call.operands), self.encoded(call.params)
        if self.reason is not None:
            return NotImplemented
        if any(isinstance(v, _Base) and _v.dtype_in(v).kind != "b" for v in call.operands):
            return self.called_whole(call.name, call.operands, call.params, CALLED)
        result = apply(call.name, -1, call.operands, call.params)
        if result is NotImplemented:
            return result
        made = result if isinstance(result, _Base) else _v.as_ndarray(np.asarray(result))
        slot = self.learn(made, "op")
        self.ops.append(Op(call.name, -1, operands, params, slot, self.here()))
        if isinstance(result, _Base) or np.ndim(result):
            return made
        self.guards.append(Guard("truth", slot, bool(result), len(self.ops), self.here()))
        return result

    def number(self, name: str) -> int:
        number = self.numbers.get(name)
        if number is None:
            number = self.numbers[name] = _v.op_number(name)
        return number

    def consumed(self, tree: Any) -> bool:
        """Whether all arrays that were handed out are among the arguments."""
        found: set[int] = set()

        def walk(part: Any) -> None:
            if isinstance(part, np.ndarray):
                found.add(id(part))
            elif type(part) in (tuple, list):
                for p in part:
                    walk(p)

        walk(tree)
        return all(key in found for key in self.pending)

    def hashed(self, v: Any) -> None:
        """A number is found by its value in a dict or a set, a Variable by what it is."""
        if not v.ndim and id(v) in self.known and self.reason is None:
            self.give_up("hash() takes a value out")

    def leaving(self, name: str, operands: tuple[Any, ...]) -> Any:
        if self.number(name) >= 0:                  # a comparison of NumPy's flavour
            number = self.numbers[name]
            encoded = self.encoded(operands)
            if self.reason is not None:
                return NotImplemented
            result = apply(name, number, operands, ())
            if isinstance(result, _Base):
                self.ops.append(Op(name, number, encoded, (), self.learn(result, "op"), self.here()))
                return result
            if result is NotImplemented:
                return result
            made = _v.as_ndarray(np.asarray(result))
            slot = self.learn(made, "op")
            self.ops.append(Op(name, number, encoded, (), slot, self.here()))
            if np.ndim(result):
                return made
            self.guards.append(Guard("truth", slot, bool(result), len(self.ops), self.here()))
            return result
        v = operands[0]
        if name == "__bool__" and isinstance(v, _Base) and v.numel() == 1 and _v.dtype_in(v).kind in "bfiu":
            answer = bool(_v.plain_of(v).item())
            self.guards.append(Guard("truth", self.slot_of(v), answer, len(self.ops), self.here()))
            return answer
        if name in ("__int__", "__index__", "item") and isinstance(v, _Base) and v.numel() == 1 and not self.backward and (
                _v.dtype_in(v).kind in "biu" or (name == "__int__" and _v.dtype_in(v).kind == "f")):
            return self.as_integer(v)
        if name in ("values", "numpy", "__array__") and isinstance(v, _Base):
            kind = self.helper()
            dtype = _v.dtype_in(v)
            if kind is not None and dtype.kind == "f":
                plain = np.asarray(_v.plain_of(v))
                slot = self.slot_of(v)
                regular = np.isfinite(plain).all() and (kind == "finite" or plain.all())
                source = self.slots[slot]
                if regular and source.dtype.itemsize in (4, 8):
                    if not any(g.slot == slot and g.kind == kind for g in self.guards):
                        self.guards.append(Guard(kind, slot, True, len(self.ops), self.here()))
                    return plain
            elif name == "values" and dtype.kind in "biu":
                plain = np.asarray(_v.plain_of(v))
                self.pending[id(plain)] = self.slot_of(v)
                self.handed.append(plain)
                return plain
        return self.give_up(f"{name}() takes a value out")

    def domain(self, operands: tuple[Any, ...], function: Any) -> Any:
        """math raises outside of the domain of its functions: so it does now, and a replay there leaves the program."""
        base = operands[1] if len(operands) == 2 else None
        if function not in _program.MATH or (function is math.log and isinstance(base, _Base)):
            return self.give_up(f"math.{function.__name__}() is not recorded")
        function(*[_v.plain_of(v).item() if isinstance(v, _Base) else v for v in operands])
        self.checks = True
        return True

    def as_integer(self, v: Any) -> Any:
        """The integer that a value is, or that a float is cut down to: a decision, as that it is equal to it."""
        plain = _v.plain_of(v).reshape(()).item()
        found = plain if isinstance(plain, bool) else int(plain)
        ref = Ref(self.slot_of(v), type(v))
        if self.reason is not None:
            return NotImplemented
        off = _v.set_mode("grad_off", True)
        try:
            if isinstance(plain, float):
                v = apply("trunc", self.number("trunc"), (v,), ())
                self.ops.append(Op("trunc", self.number("trunc"), (ref,), (), self.learn(v, "op"), self.here()))
                ref = Ref(self.known[id(v)], type(v))
            equal = apply("eq", self.number("eq"), (v, type(plain)(found)), ())
        finally:
            _v.set_mode("grad_off", off)
        equal = equal if isinstance(equal, _Base) else _v.as_ndarray(np.asarray(equal))
        slot = self.learn(equal, "op")
        self.ops.append(Op("eq", self.number("eq"), (ref, type(plain)(found)), (), slot, self.here()))
        self.guards.append(Guard("truth", slot, True, len(self.ops), self.here()))
        return found

    def helper(self) -> str | None:
        """What is to be asked in a replay for the helper that reads values now; None: it may read anything."""
        frame: Any = sys._getframe(2)
        for _ in range(3):
            if frame is None:
                return None
            if frame.f_code.co_name in REGULAR and frame.f_code.co_filename.startswith(_PACKAGE):
                return REGULAR[frame.f_code.co_name]
            frame = frame.f_back
        return None


def is_intricate(name: str, number: int, operands: tuple[Any, ...]) -> bool:
    """Whether what is saved of an op may be more than its operands and its result."""
    dtypes = {_v.dtype_in(v) for v in operands if isinstance(v, _Base)}
    if len(dtypes) > 1 or any(dtype.kind == "c" for dtype in dtypes):
        return True
    return number >= 0 and not _v.is_elementwise(number) and name not in ("view", "clone", "where", *STRUCTURAL)


def differentiated() -> str | None:
    """The row whose derivative is being recorded: its function is among those that run."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name.endswith(("_dx", "_dy")) and os.path.basename(code.co_filename).startswith("_ops"):
            return code.co_name[1:-3].removeprefix("complex_")
        frame = frame.f_back    # type: ignore[assignment]
    return None


def variables_in(tree: Any) -> list[Any]:
    if isinstance(tree, _Base):
        return [tree]
    if type(tree) in (tuple, list):
        return [v for part in tree for v in variables_in(part)]
    if type(tree) is dict:
        return variables_in(tuple(tree.values()))
    return variables_in((tree.start, tree.stop, tree.step)) if type(tree) is slice else []


# ---- arguments

class Origin(NamedTuple):
    """What a program was made of, without derivatives: how many ops and guards, the arguments, and what is returned."""

    ops: int
    guards: int
    parts: Any
    leaves: tuple[tuple[int, Any], ...]     # (slot, None), or (-1, what is returned as it is)
    treedef: Any
    constants: dict[int, Any]               # by slot: what the function made itself


class _Leave(BaseException):
    """The function is to run as it is, before it does what it is about to do: no `except Exception` of its own sees it."""


class _Unfit(Exception):
    """An argument that no program has."""


class _Given:
    """The arguments while they are recorded: Variables for floats and arrays, and how they are found again."""

    def __init__(self, recorder: Recorder, tracked: bool, variables: bool) -> None:
        self.recorder, self.tracked, self.of_variables = recorder, tracked, variables
        self.slots: list[int] = []
        self.variables: list[Any] = []
        self.wanted: list[Any] = []
        self.parts: list[Any] = []
        self.weak = self.narrow = False     # whether there is a float of Python's, whether an array of less than float64

    def take(self, value: Any, wanted: bool) -> tuple[Any, Any]:
        """(the argument as the function sees it, its part as the player reads it, with a slot for the base)."""
        if type(value) in (list, tuple):
            parts = [self.take(v, wanted) for v in value]
            kind = "list" if type(value) is list else "tuple"
            return type(value)([v for v, _ in parts]), (kind, tuple([p for _, p in parts]))
        if type(value) is dict:
            parts = [self.take(v, wanted) for v in value.values()]
            return dict(zip(value, [v for v, _ in parts], strict=True)), ("dict", tuple(value), tuple([p for _, p in parts]))
        if isinstance(value, _Base):
            own = self.of_variables and value.requires_grad and _v.dtype_in(value).kind == "f"
            if _v.carries_more(value) or (value.requires_grad and not own):
                raise _Unfit("an argument is a Variable that requires a gradient")
            if type(value) not in (_v.Tensor, _v.ndarray):
                raise _Unfit("an argument is of a subclass")
            self.narrow = self.narrow or (_v.dtype_in(value).kind == "f" and _v.dtype_in(value).itemsize < 8)
            v = value.detach().requires_grad_() if own else value      # a leaf of its own: what it was computed of is not seen
            if own:
                self.wanted.append(v)
            self.input(v)
            return v, ("values", self.slots[-1], _v.dtype_in(value).num, tuple(value.shape), own, type(value))
        if type(value) is np.ndarray:
            if value.dtype.kind not in "fbiuc" or (wanted and value.dtype.kind != "f") or not value.dtype.isnative:
                raise _Unfit(f"an argument is an array of {value.dtype}")
            self.narrow = self.narrow or value.dtype.char in "efF"
            v = self.array(value, wanted)
            return v, ("array", self.slots[-1], value.dtype.num, value.shape)
        if type(value) in (float, np.float64, np.float32):
            self.weak = self.weak or (type(value) is float and not wanted)
            v = self.array(value, wanted)
            return v, ("single" if type(value) is np.float32 else "number", self.slots[-1])
        if (isinstance(value, (tuple, list, dict, set, bytearray, np.ndarray, complex, np.complexfloating))
                or hasattr(type(value), "__dataclass_fields__")):
            raise _Unfit(f"an argument is {type(value).__name__}")
        if wanted:
            raise _Unfit(f"an argument that is differentiated is {type(value).__name__}")
        return value, ("static", value)

    def array(self, value: Any, wanted: bool) -> Any:
        """A Variable of it.  Where a pass is recorded those that are not differentiated have nodes, too, to be told by."""
        v = _v.as_ndarray(value, copy=wanted or self.tracked or type(value) is not np.ndarray)
        if wanted:
            v.requires_grad_()
            self.wanted.append(v)
        elif self.tracked and _v.dtype_in(v).kind == "f":
            self.recorder.held.append(v.requires_grad_())       # a leaf that is gone is none for a derivative inside
            v = +v
        self.input(v, type(value) is np.ndarray and (wanted or self.tracked))
        return v

    def input(self, v: Any, is_copy: bool = False) -> None:
        if id(v) in self.recorder.known:
            raise _Unfit("a Variable is two arguments")
        self.slots.append(self.recorder.learn(v, "input"))
        if is_copy:
            self.recorder.copies.add(id(v))
        self.variables.append(v)


def _with_bases(part: Any, bases: dict[int, int]) -> Any:
    kind, number = part[0], _arrays.PARTS[part[0]]
    if kind in ("list", "tuple"):
        return number, tuple([_with_bases(p, bases) for p in part[1]])
    if kind == "dict":
        return number, part[1], tuple([_with_bases(p, bases) for p in part[2]])
    if kind == "static":
        return number, part[1]
    return (number, bases[part[1]], *part[2:])


# ---- what a compiled function does with arrays

class Arrays:
    """The programs of a compiled function, or of a gradient of it, over arrays; its callables share them."""

    def __init__(self, state: Any, what: int, places: tuple[int, ...], single: bool, aux: bool, of_variables: bool) -> None:
        self.state, self.what, self.places, self.single, self.aux = state, what, places, single, aux
        self.of_variables = of_variables
        self.player = _arrays.Player()
        self.passes = 0                 # recordings during which a reverse pass began
        self.as_it_is = False           # there is nothing to replay
        self.attaching = of_variables   # there are Variables that require a gradient
        self.differentiating = False    # there are derivatives inside of the function
        self.plain = False              # with Variables for arguments it runs as it is

    def run(self, replay: Any, args: tuple[Any, ...]) -> Any:
        """A call that was not replayed at once."""
        state = self.state
        if self.as_it_is:
            return replay.eager(state.plainly, args, {})
        if self.of_variables:
            found = None if self.plain or state.check else self.player(args)
            if found is not None:
                return found
            if self.plain or state.check:
                return replay.eager(state.plainly, args, {})
        elif not state.check:       # once more, since keywords are positions now, and ints that are differentiated floats
            replay._player = self.player
            found = self.player(args)
            if found is not None:
                return found
        if state.check:
            found, expected = self.player(args), replay.eager(state.plainly, args, {})
            if found is not None:
                if not alike(found, expected):
                    raise RuntimeError(f"autodiff.compile: {state.name} is not the same function twice: it did something else "
                                       "than what was recorded for the same decisions. What it reads besides its arguments is "
                                       "frozen: make it an argument")
                return expected
        if any(played.program.busy for played in self.player.programs) or (
                not state.lock.acquire(blocking=False)):        # another thread runs or records, or this one does
            return replay.eager(state.plainly, args, {})
        try:
            return self.record(replay, args)
        finally:
            state.lock.release()

    def eager(self, replay: Any, args: tuple[Any, ...], reason: str) -> Any:
        """From now on the function runs as it is; and now."""
        self.leave(None, reason)
        return replay.eager(self.state.plainly, args, {})

    def leave(self, recorder: Recorder | None, reason: str = "") -> None:
        """From now on the function runs as it is."""
        if self.of_variables:           # without a word, as it would without a program
            self.plain = True
        elif recorder is not None and recorder.reason is not None:
            self.state.give_up(recorder.reason, recorder.place)
        else:
            self.state.give_up(reason, None)
        self.player.programs.clear()

    def record(self, replay: Any, args: tuple[Any, ...]) -> Any:
        state, what = self.state, self.what
        recorder = Recorder(state.whole)
        recorder.tracked = bool(what) or self.attaching or self.differentiating
        given = _Given(recorder, recorder.tracked, self.of_variables)
        try:
            taken = [given.take(value, i in self.places) for i, value in enumerate(args)]
            if given.weak and given.narrow:     # as an input, an array of its own, it would make float64 of float32
                raise _Unfit("an argument is a Python float beside arrays of less than float64: give numpy.float32 of it")
        except _Unfit as unfit:         # other calls may be fit
            if self.of_variables:
                return replay.eager(state.plainly, args, {})
            return state.this_call(replay, args, {}, str(unfit))
        parts = given.parts = [part for _, part in taken]
        before, passes, reach = state.drawn(), _engine.passes_begun(), state.reach(args)
        recorder.push()
        try:
            result = state.lifted(*[v for v, _ in taken])
        except Exception:       # it raises in its own words, or only here
            recorder.pop()
            undo(reach)
            if recorder.reason == SECOND:
                self.leave(recorder)
            return replay.eager(state.plainly, args, {})
        except _Leave:
            recorder.pop()
            undo(reach)
            return self.eager(replay, args, "it writes into an argument")
        except BaseException:
            recorder.pop()
            raise
        recorder.pop()
        leaves, treedef = flatten_results(result)
        changes = reach.changes() if reach is not None else []
        if changes:
            if recorder.reason is None:
                state.changed(changes, reach, recorder.depends)
            elif recorder.reason == UNTRACKED:
                self.differentiating = True
            elif not self.coarser(recorder):
                self.leave(recorder)
            if self.runs_again(given, result):
                undo(reach)
            return self.answer(replay, args, result, leaves, treedef, given)
        state.unsettled = 0
        if recorder.reason is None:
            if _engine.passes_begun() - recorder.passes != passes:      # what it computes is not seen at the door
                self.passes += 1
                if self.passes < 4:                     # perhaps it was another thread's
                    return self.answer(replay, args, result, leaves, treedef, given)
                recorder.give_up("a derivative inside of it is not recorded")
            self.look(recorder, leaves, state.drawn() != before)
        if recorder.passes and recorder.reason is None and _arrays.hooked(recorder.held):
            recorder.give_up(HOOKED)
        if recorder.reason is not None:
            if recorder.reason == UNTRACKED:
                self.differentiating = True
            elif not self.coarser(recorder):
                self.leave(recorder)
            if state.by_value() and not what:
                undo(reach)
                return replay.eager(state.plainly, args, {})
            return self.answer(replay, args, result, leaves, treedef, given)
        attached = [v for _, v in recorder.references if v.requires_grad]
        if attached and not what and not self.attaching:
            self.attaching = True       # with the next call, then with names for all values
            return self.answer(replay, args, result, leaves, treedef, given)
        wanted = given.wanted if what else given.wanted + attached
        number = self.number_of(result)
        if what and attached:           # the gradients have a graph of their own
            self.as_it_is = True
            return replay.eager(state.plainly, args, {})
        constant = bool(what) and type(result) in _CONSTANTS and not self.aux      # whose gradients are zeros
        if what and not number and not constant:        # eager code raises, and other calls may be fit, or knows that it is one
            found = replay.eager(state.plainly, args, {})
            self.leave(None, "its result is not a number that depends on what is differentiated")
            return found
        if wanted and not number and not constant:
            return self.eager(replay, args, "it uses Variables that require a gradient, and its result is not one number")
        if state.alone and state.unseen([v for _, v in recorder.references]):
            return self.eager(replay, args, "an op of it is not seen")
        values = [leaf for leaf in leaves if isinstance(leaf, _Base)]
        finals = [recorder.known[id(v)] for v in values]
        origin = Origin(len(recorder.ops), len(recorder.guards), parts, tuple(
            [(recorder.known[id(leaf)], None) if isinstance(leaf, _Base) else (-1, leaf) for leaf in leaves]), treedef,
            recorder.made_inside())
        if constant:
            finals = [recorder.constant(np.zeros(tuple(v.shape), _v.dtype_in(v))) for v in wanted]
        elif wanted:
            try:
                gradients, slots = self.gradients(recorder, values[0], wanted)
            except Exception:       # eager code does, or a write met a view that is gone there, and kept here
                found = replay.eager(state.plainly, args, {})
                self.leave(None, "its backward pass raises while it is recorded")
                return found
            finals += slots
            if recorder.reason is not None:
                if not self.coarser(recorder):
                    self.leave(recorder)
                return self.answer(replay, args, result, leaves, treedef, given, gradients)
        if self.of_variables and len(recorder.ops) < WORTHWHILE:
            return self.eager(replay, args, "it is short")
        plan = Plan(recorder.slots, recorder.ops, recorder.guards, finals)
        plan.origin = origin
        program, bases, output_bases = plan.compiled(finals)
        views = None if what or attached or self.of_variables else recorder.views_in(values, taken, args)
        finish = self.finisher(parts, leaves, treedef, attached, views)
        if constant:
            finish = functools.partial(_after, finish, result)
        played = _arrays.Played(
            program, tuple([_with_bases(part, bases) for part in parts]),
            [(bases[slot], v, _v.dtype_in(v).num, tuple(v.shape)) for slot, v in recorder.references],
            [(base, recorder.slots[slot].shape, recorder.slots[slot].dtype.num)
             for base, slot in zip(output_bases, finals, strict=True)], finish, plan)
        # Held against the recording, which computed what eager code does, before it is used.
        try:
            found = played.raw(args)
        except RuntimeError:        # an op of another dtype without the pass around it
            found = None
        if found is None or not all(alike(one, np.asarray(recorder.values(slot))) for one, slot in
                                    zip(found, finals, strict=True)):
            if COARSE in state.whole:
                self.leave(None, "its program does not compute what it does")
            state.whole.add(COARSE)
            return self.answer(replay, args, result, leaves, treedef, given)
        plan.forget()
        state.watch([v for _, v in recorder.references])
        self.player.programs.insert(0, played)
        state.array_bytes += program.bytes + OP_BYTES * len(plan.recorded) + sum(
            array.nbytes for array in plan.constant.values())
        rare = sum(1 for other in self.player.programs if other.runs < 2)
        if state.array_bytes > state.memory:
            self.leave(None, f"its programs take more than {state.memory} bytes")
        elif rare > MOST:
            self.leave(None, f"{rare} of its programs ran once: the shapes of its arguments or its decisions hardly come again")
        return finished(finish, found, args)

    def coarser(self, recorder: Recorder) -> bool:
        """Whether the next call may be recorded, with an op as one whose derivative could not be."""
        whole, blamed = self.state.whole, recorder.blamed
        if COARSE in whole or recorder.reason == HOOKED or not recorder.failed_in_pass:
            return False
        whole.add(COARSE if blamed is None or blamed in whole else blamed)
        return True

    def number_of(self, result: Any) -> bool:
        """Whether a result is a number that depends on something, or with has_aux that and more."""
        if self.what and self.aux:
            if type(result) is not tuple or len(result) != 2:
                return False
            result = result[0]
        return isinstance(result, _Base) and result.ndim == 0 and result.requires_grad

    def answer(self, replay: Any, args: tuple[Any, ...], result: Any, leaves: list[Any], treedef: Any, given: Any,
               gradients: Any = None) -> Any:
        """What the call returns whose run is no program: where it can be, the function is not called a second time."""
        if self.runs_again(given, result):
            return replay.eager(self.state.plainly, args, {})
        if not self.what:
            return replay.eager(lambda *_args, **_kwargs: result, args, {})
        if gradients is None:
            try:
                gradients = grad([leaves[0]], given.wanted, retain_graph=True, allow_unused=True)
            except Exception:       # the same
                return replay.eager(self.state.plainly, args, {})
        plain = [np.array(_v.plain_of(leaf)) for leaf in leaves if isinstance(leaf, _Base)]
        plain += [np.zeros(tuple(v.shape), _v.dtype_in(v)) if g is None else np.array(_v.plain_of(g))
                  for g, v in zip(gradients, given.wanted, strict=True)]
        finish = self.finisher(given.parts, leaves, treedef, [])
        return finished(finish, [v.item() if v.ndim == 0 else v for v in plain], args)

    def runs_again(self, given: Any, result: Any) -> bool:
        """Whether what a recorded run returned is not what the call returns."""
        if given.recorder.other:
            return True
        if not self.what:
            if given.tracked:               # all values depend on the arguments, though nobody asked
                return True
            # ... or on leaves of transforms inside of it, which the recording keeps alive.
            return any(isinstance(v, _Base) and v.requires_grad for v in flatten_results(result)[0]) and not any(
                v.requires_grad for _, v in given.recorder.references)
        return not self.number_of(result)   # eager code raises, or knows that it is a constant

    def look(self, recorder: Recorder, leaves: list[Any], drew: bool) -> None:
        """What cannot be seen at the door."""
        if recorder.pending:
            recorder.give_up("it takes values out")
        elif drew:
            recorder.give_up(DRAWN)
        else:
            for leaf in leaves:
                if isinstance(leaf, _Base):
                    if recorder.known.get(id(leaf), -1) < 0:
                        recorder.give_up("it returns a Variable that it did not compute of its arguments")
                elif type(leaf) not in _CONSTANTS and type(leaf) not in (bool, str, type(None), np.bool_):
                    recorder.give_up(f"it returns {type(leaf).__name__} that it did not compute of its arguments")

    def gradients(self, recorder: Recorder, value: Any, wanted: list[Any]) -> tuple[Any, list[int]]:
        """The gradients, by a recorded pass, and their slots."""
        seed = recorder.seed_of(value)
        recorder.backward, recorder.forward = True, len(recorder.slots)
        recorder.called_from = recorder.here()
        recorder.push()
        try:
            gradients = grad([value], wanted, [seed], create_graph=True, allow_unused=True)
        finally:
            recorder.pop()
        if recorder.pending:
            recorder.give_up("it takes values out")
        elif _arrays.hooked(recorder.held):
            recorder.give_up(HOOKED)
        slots = [None if g is None else recorder.slot_of_gradient(g) for g in gradients]
        if any(g is not None and slot is None for g, slot in zip(gradients, slots, strict=True)):
            recorder.give_up("a gradient of it is not recorded")
        if recorder.reason is not None:
            return gradients, []
        return gradients, [recorder.constant(np.zeros(tuple(v.shape), _v.dtype_in(v))) if slot is None else slot
                for v, slot in zip(wanted, slots, strict=True)]

    # ---- what is made of the program's outputs

    def finisher(self, parts: list[Any], leaves: list[Any], treedef: Any, attached: list[Any],
                 views: Any = None) -> Callable[..., Any]:
        what, places, single = self.what, self.places, self.single
        if what:
            trees = [_tree(parts[place]) for place in places]
            order = sorted(range(len(places)), key=lambda i: places[i])     # gradients come in the order of the arguments
            if single and trees[0] is None and not self.aux:
                if what == _program.GRADIENT:
                    return lambda made, args: made[1]
                if what == _program.VALUE_AND_GRADIENT:
                    return tuple
                return lambda made, args: (made[1], made[0])

            flat = None if self.aux else _flat(trees, single)
            if flat is not None and order == sorted(order):
                if what == _program.GRADIENT:
                    return lambda made, args: flat(made[1:])
                if what == _program.VALUE_AND_GRADIENT:
                    return lambda made, args: (made[0], flat(made[1:]))
                return lambda made, args: (flat(made[1:]), made[0])
            aux = self.aux
            beside = [(not isinstance(leaf, _Base), None if isinstance(leaf, _Base) else leaf) for leaf in leaves[1:]]

            def gradients(made: list[Any], args: tuple[Any, ...]) -> Any:
                given = iter(made)
                value = next(given)
                if aux:     # the value is in a pair with it
                    pair = treedef.unflatten([value, *[kept if plain else next(given) for plain, kept in beside]])
                    value = pair if what != _program.GRADIENT else pair[1]
                found: list[Any] = [None] * len(places)
                for i in order:
                    found[i] = _built(trees[i], given)
                gradient = found[0] if single else tuple(found)
                if what == _program.GRADIENT:
                    return (gradient, value) if aux else gradient
                return (value, gradient) if what == _program.VALUE_AND_GRADIENT else (gradient, value)

            return gradients
        flavours = [type(leaf) if isinstance(leaf, _Base) else None for leaf in leaves]
        if attached or self.of_variables:
            return functools.partial(self.with_node, attached, leaves[0])
        examples: Any = EXAMPLES if any(map(_holds_variable, parts)) else {}
        if views:
            inner = self.finisher(parts, leaves, treedef, attached)

            def seen(made: list[Any], args: tuple[Any, ...]) -> Any:
                for i, (path, transforms) in views.items():
                    array: Any = args
                    for key in path:
                        array = array[key]
                    for transform in transforms:
                        array = transform.apply(array)
                    made[i] = array
                return inner(made, args)

            return seen

        if len(leaves) == 1 and treedef.kind is None and not examples and flavours[0] is not None:
            return _first

        def results(made: list[Any], args: tuple[Any, ...]) -> Any:
            given = iter(made)
            found = []
            for leaf, flavour in zip(leaves_kept, flavours, strict=True):
                if flavour is None:
                    found.append(leaf)
                elif examples:
                    found.append(_v.constant_of(np.asarray(next(given)), like=examples[flavour]))
                else:
                    found.append(next(given))
            return treedef.unflatten(found)

        leaves_kept = [None if isinstance(leaf, _Base) else leaf for leaf in leaves]
        return results

    def with_node(self, attached: list[Any], like: Any, made: list[Any], args: tuple[Any, ...]) -> Any:
        """The value, on a node that has the gradients of the Variables among the arguments and of those that the function uses.

        A pass that is recorded runs the function once more, as it is: programs have first derivatives.
        """
        variables = [v for v in variables_in(args) if v.requires_grad] if self.of_variables else []
        variables += attached
        value, gradients = np.asarray(made[0], _v.dtype_in(like)), made[1:]
        versions = [v._version for v in variables]

        def vjp(cotangents: Any, needs: Any) -> Any:
            g = cotangents[0]
            if not _v.mode("grad_off"):
                if versions != [v._version for v in variables]:
                    raise RuntimeError("one of the variables needed for gradient computation has been modified by an inplace "
                                       f"operation: an argument of {self.state.name}, or a Variable that it uses, which "
                                       "autodiff.compile needs for its second derivative")
                wanted = [v for v, need in zip(variables, needs, strict=True) if need]
                found = iter(grad([self.state.plainly(*args)], wanted, [g], create_graph=True, allow_unused=True))
                return tuple([next(found) if need else None for need in needs])
            factor = g.item()
            # Copies in any case, since a graph that is kept is walked again.
            scaled = [np.array(gradient if factor == 1 else gradient * factor, _v.dtype_in(v))
                      for v, gradient in zip(variables, gradients, strict=True)]
            return tuple([_v.constant_of(gradient) if need else None for gradient, need in zip(scaled, needs, strict=True)])

        (result,) = _v.record_custom(tuple(variables), (value,), vjp, "CompiledBackward")
        return _v.in_flavour(result, EXAMPLES[type(like)])


def _itself(made: list[Any]) -> Any:
    return made


def finished(finish: Any, made: list[Any], args: tuple[Any, ...]) -> Any:
    """What a program's outputs are made into."""
    return tuple(made) if finish is tuple else finish(made, args)


def _after(finish: Any, constant: Any, made: list[Any], args: tuple[Any, ...]) -> Any:
    """... of a program whose value is a constant."""
    return finished(finish, [constant, *made], args)


def _first(made: list[Any], args: tuple[Any, ...]) -> Any:
    return made[0]


def _holds_variable(part: Any) -> bool:
    if part[0] in ("list", "tuple", "dict"):
        return any(map(_holds_variable, part[-1]))
    return bool(part[0] == "values")


def _tree(part: Any) -> Any:
    """How a gradient is built: None is a leaf."""
    if part[0] in ("list", "tuple"):
        return part[0], None, [_tree(p) for p in part[1]]
    return ("dict", part[1], [_tree(p) for p in part[2]]) if part[0] == "dict" else None


def _flat(trees: list[Any], single: bool) -> Callable[[list[Any]], Any] | None:
    """What makes the gradient of a list of its leaves, where it is itself a list or a tuple of them."""
    if not single:
        return tuple if all(tree is None for tree in trees) else None
    kind, _, parts = trees[0]
    if kind == "dict" or any(part is not None for part in parts):
        return None
    return _itself if kind == "list" else tuple


def _built(tree: Any, given: Any) -> Any:
    if tree is None:
        return next(given)
    kind, keys, parts = tree
    found = [_built(part, given) for part in parts]
    if kind == "dict":
        return dict(zip(keys, found, strict=True))
    return found if kind == "list" else tuple(found)


#: How far a program may be from eager code, relative to the largest element: sums and products in another order.
TOLERANCE = {8: 1e-9, 4: 2e-3}


def is_single(v: float) -> bool:
    """Whether it is the value of a float32."""
    return abs(v) < 3e38 and float(np.float32(v)) == v


def alike(found: Any, expected: Any) -> bool:
    """Whether two results agree: up to the order of sums."""
    if type(expected) in (list, tuple):
        return type(found) is type(expected) and len(found) == len(expected) and all(map(alike, found, expected))
    if type(expected) is dict:
        return list(found) == list(expected) and all(map(alike, found.values(), expected.values()))
    if not isinstance(expected, (np.ndarray, float, complex)):
        return bool(found is expected or found == expected)
    a, b = np.asarray(found), np.asarray(expected)
    if a.shape != b.shape:
        return False
    if a.dtype.kind not in "fc" or not a.size:
        return bool(np.array_equal(a, b))
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    a, b = a[finite], b[finite]
    if not a.size:
        return True
    size = expected.dtype.itemsize if isinstance(expected, np.ndarray) else 8
    if type(expected) is float and type(found) is float and is_single(expected) and is_single(found):
        size = 4        # a float32 that became a number on its way out
    return bool(np.all(abs(a - b) <= TOLERANCE.get(size, 1e-9) * abs(b).max()))
