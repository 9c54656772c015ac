"""`autodiff.compile`: a function of numbers or arrays, recorded once with its branches, and replayed without Python.

What a program is and how it runs is in `_program`; here is when something is recorded, when a replay will do, and when the
function runs as it always did.
"""
from __future__ import annotations

import copy
import ctypes
import functools
import inspect
import itertools
import operator
import os
import random
import sys
import threading
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _program
from .. import _variable as _variable_module
from .._core import Turn
from .._lift import lift
from .._program import (
    GRADIENT,
    GRADIENT_AND_VALUE,
    HESSIAN,
    JACOBIAN,
    VALUE,
    VALUE_AND_GRADIENT,
    Replay,
    kind_of,
    unusual,
)
from .._program import inside as _inside
from .._pytree import LEAF, flatten, flatten_results, map_leaves
from .._transforms import Grad, GradAndValue, Hessian, JacFwd, Jacobian, JacRev, ValueAndGrad, hvp
from .._travel import by_name
from ..numpy import _answers as _answers  # now, and not while something is recorded
from ..numpy import _mirror as _mirror
from ._reach import Change, Reach, standing, stands_at, undo
from ._sparse import SparseHessian, SparseJacobian, sparse_hessian, sparse_jacobian

if TYPE_CHECKING:
    from .._draw import Drawing

__all__ = ["Branch", "Compiled", "Differentiated", "Program", "SparseHessian", "SparseJacobian", "sparse_hessian",
           "sparse_jacobian"]      # and compile, which is a builtin's name, too

_v: Any = _variable_module
_Base: Any = _v.Tensor.__base__
_WHAT: dict[Any, int] = {Grad: GRADIENT, ValueAndGrad: VALUE_AND_GRADIENT, GradAndValue: GRADIENT_AND_VALUE}
_OF_ONE = (GRADIENT, VALUE_AND_GRADIENT, GRADIENT_AND_VALUE)
_MATRICES: dict[Any, int] = {Hessian: HESSIAN, JacRev: JACOBIAN, JacFwd: JACOBIAN, Jacobian: JACOBIAN}
_NUMBERS = frozenset((float, int, bool, np.float64))
#: Bytes that the programs of a function may take unless it is said.
MEMORY = 64 << 20
#: The op as which a recording sees it.
_WRITE = "a write into an argument"
_REFERENCES = (-2,)      # in the place of arguments: what the function closes over
_CONSTANTS: Any = (float, int, bool, str, bytes, type(None), np.bool_, np.float64, np.float32, np.int64)

_program._fill()


def compile(function: Callable[..., Any] | None = None, *, check: bool = False, memory: int = MEMORY) -> Any:
    """The function, recorded once with its branches and replayed without Python: for functions that are called often.

    Write it as ever: operators, NumPy's functions and math's of numbers, `if`, `while` and `for` on their values, early
    returns.  Inside, every float that is an argument is a 0-d `autodiff.numpy.ndarray`.  The first call runs the function
    and records what it computes and how each `if` was decided; later ones replay that, values and gradients bit for bit,
    and where a value decides otherwise the function runs once more, and that branch is recorded as well.  Of the result
    `autodiff.grad`, `value_and_grad` and `grad_and_value` make compiled gradients.  Arguments that are int, bool, str, None or
    other objects are static: another value, another program; lists and tuples of floats are many inputs.

    What the function reads besides its arguments (globals, attributes, closures) is frozen as it was when that branch was
    recorded, and what it does besides computing, such as printing, happens only then; where it changes attributes, lists or
    names outside of it, it runs as it is.  check: run the function beside every replay, and raise RuntimeError where it does
    something else.  memory: bytes that its programs may take.
    Arrays may be arguments, too, with shape and dtype static; Variables that it uses are read where they are and get their
    gradients.  What cannot be replayed (random numbers, a value taken out by item() or float(), writes, modes) makes the
    function run as it is from then on, right and no faster, with one warning that names the line.

    >>> import autodiff
    >>> @autodiff.compile
    ... def f(x, y):
    ...     if x > y:
    ...         return x * y
    ...     return y - x
    >>> f(3.0, 2.0), f(1.0, 2.0)
    (6.0, 1.0)
    >>> autodiff.value_and_grad(f, argnums=(0, 1))(3.0, 2.0)
    (6.0, (2.0, 3.0))
    >>> f.branches
    [Branch(%0 > %1, held 2 times, else 1)]
    """
    if function is None:
        return functools.partial(compile, check=check, memory=memory)
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(Compiled(function.__func__, check, memory))
    if not callable(function):
        raise TypeError(f"compile() takes a function, but got {type(function).__name__}")
    if type(memory) is not int or memory < 0:
        raise ValueError(f"memory is a number of bytes, a whole one, but got {memory!r}")
    return Compiled(function, check, memory)


class Branch(NamedTuple):
    """A decision in a program: what is asked, the line on which it stands, and how often it was taken either way."""

    decision: str
    file: str
    line: int
    held: int
    otherwise: int

    def __repr__(self) -> str:
        return f"Branch({self.decision}, held {self.held} times, else {self.otherwise})"


class Program:
    """What was recorded of a function: a line for each operation, with the line of the user's that computes it."""

    def __init__(self, trees: Sequence[Any], reason: str | None) -> None:
        self.trees, self.reason = list(trees), reason

    def __str__(self) -> str:
        if self.reason is not None:
            return f"no program: {self.reason}"
        parts = []
        for tree in self.trees:
            lines = [(f"{'    ' * depth}{text}", f"# {place[2]}, line {place[1]}" if place else "")
                     for depth, text, place in tree.listing()]
            width = min(max((len(text) for text, _ in lines), default=0), 60)
            parts.append("\n".join(f"{text:{width}}  {place}".rstrip() for text, place in lines))
        return "\n\n".join(parts) or "no program: nothing is recorded yet"

    __repr__ = __str__

    def draw(self) -> Drawing:
        """The programs as a picture, as autodiff.draw() makes of a graph: text in a terminal, SVG in Jupyter, save() for files.

        >>> import autodiff
        >>> f = autodiff.compile(lambda x: x * x + 1.0)
        >>> f(2.0)
        5.0
        >>> print(f.program.draw().dot.partition(" ")[0])
        digraph
        """
        from ._draw import drawing  # a module more, for those who draw

        return drawing([tree.listing() for tree in self.trees])


class _State:
    """What a compiled function and its gradients share."""

    def __init__(self, function: Callable[..., Any], check: bool, memory: int) -> None:
        self.function, self.check, self.memory = function, check, memory
        try:
            self.lifted: Any = lift(function)
        except TypeError:       # no Python code to lift: it computes with what it is given
            self.lifted = function
        self.trees: list[Any] = []
        self.reason: str | None = None
        self.quiet = False          # whether somebody else says so
        self.alone = False          # whether a program stands in for the function, see _carried
        self.lock = Turn()
        self.choices: dict[tuple[int, ...], int] = {(): 0}
        self.name = getattr(function, "__qualname__", None) or repr(function)
        self.like: Any = None               # a result with a graph, and what makes such a one
        self.on_node: Any = None
        self.references: list[Any] = []     # 0-d Variables that it closes over
        self.rebound = 0
        self.said: set[str] = set()         # why single calls ran as they are
        self.orders: dict[Any, Any] = {}    # by count and keywords of a call: how it is by position
        self.writes = False                 # into an argument
        self.forms: dict[Any, Any] = {}     # what is called in the place of calls with keywords, and of nested arguments
        self.watched: list[Any] = []        # where they stand, and what leads there: (a cell or None, what has it, its key, it)
        self.settled: dict[Any, Change] = {}    # what each run leaves outside of it, by where
        self.unsettled = 0              # runs in a row that left something else than there was
        self.over_arrays = False        # even where the arguments are numbers: the function computes with arrays of its own
        self.array_bytes = 0
        self.whole: set[str] = set()    # rows that its programs of arrays call as one
        self.of_arrays: dict[Any, Any] = {}
        self.derivatives: dict[Any, Any] = {}   # what second derivatives and Jacobians in arrays are compiled as

    def drawn(self) -> list[Any]:
        """The states of the generators that a function may draw from without being seen."""
        return _drawn()

    def arrays(self, replay: Any, of_variables: bool = False) -> Any:
        """What a callable does with arrays, or with Variables that require a gradient."""
        key = replay._what, replay._places if replay._what else (), replay._single, bool(replay._aux), of_variables
        found = self.of_arrays.get(key)
        if found is None:
            from ._arrays import Arrays

            found = self.of_arrays[key] = Arrays(self, *key)
        return found

    def played(self) -> list[Any]:
        """The programs of arrays."""
        return [played for arrays in self.of_arrays.values() for played in arrays.player.programs]

    def choice(self, places: tuple[int, ...]) -> int:
        """The number by which reverse code in these arguments goes."""
        return self.choices.setdefault(places, len(self.choices))

    def plainly(self, *args: Any, **kwargs: Any) -> Any:
        """The function as it is, with numbers among the arguments as Variables: what a replay has the bits of."""
        given = args
        inside = not unusual() and not self.by_value()
        if inside and not any(isinstance(v, _v.Tensor) for v in args) and not any(_with_arrays(v, 1) for v in args):
            args = _inside(args)     # beside arrays a float is Python's, whose dtype gives way
            if kwargs and not any(isinstance(v, _Base) or _with_arrays(v, 1) for v in kwargs.values()):
                kwargs = dict(zip(kwargs, _inside(tuple(kwargs.values())), strict=True))
        if self.of_arrays and inside and not any(type(v) is _v.Tensor for v in args):
            args = tuple([_arrays_inside(v) for v in args])
        result, written = _called(self.lifted, args, given, kwargs)
        _write_lists(written)
        return result

    def by_value(self) -> bool:
        """Whether a number is a key of a dict, or in a set: then numbers stay Python's own where nothing is differentiated."""
        return self.reason is not None and self.reason.startswith(_HASHED)

    def forget(self) -> None:
        """A name stands for another Variable: all is recorded anew."""
        now = [stands_at(cell, names, key) for cell, names, key, _ in self.watched]
        before = [v for _, _, _, v in self.watched]
        kept = [v for v in self.references if not any(v is other for other in before)]
        kept += [v for v in now if isinstance(v, _Base) and v.ndim == 0 and v.dtype in (np.float64, np.float32)]
        self.references[:] = {id(v): v for v in kept}.values()
        self.watched.clear()
        self.trees.clear()
        for arrays in self.of_arrays.values():
            arrays.player.programs.clear()
        self.rebound += 1
        if self.rebound == 100 and self.reason is None:
            self.give_up("the Variables that it closes over are others each time", None)

    def watch(self, variables: list[Any]) -> None:
        """From now on it is looked whether the names by which the function has these Variables stand for them still."""
        known = [v for _, _, _, v in self.watched]
        variables = [v for v in variables if not any(v is other for other in known)]
        if variables:
            self.watched += standing(self.function, variables)
        if self.settled:        # if somebody else writes there, the function is to do so again
            own = [change.watched for change in self.settled.values()]
            others = [place for place in self.watched if not any(
                place[0] is cell and place[1] is names and place[2] == key for cell, names, key, _ in own)]
            self.watched[:] = others + [(cell, names, key, stands_at(cell, names, key)) for cell, names, key, _ in own]

    def reach(self, args: tuple[Any, ...]) -> Reach | None:
        """What a run may change: what the function and the objects among its arguments reach."""
        return None if self.alone else Reach([self.function, *_objects(args)])

    def changed(self, changes: list[Change], reach: Any, depends: Callable[[Any], bool]) -> None:
        """A run changed something outside of it, so it is no program.  If that is what each run leaves, the next one may be.

        depends: whether a Variable depends on the arguments.
        """
        self.unsettled += 1
        for change in changes:
            before = self.settled.get(change.place)
            if not change.settles(depends) or not (before is None or change.again(before)) or self.unsettled > 16:
                if self.reason is None:
                    self.give_up(str(change), reach.line(change) or _beginning(self.function))
                return
            self.settled[change.place] = change

    def matrix(self, replay: Any, args: tuple[Any, ...]) -> Any:
        """A Hessian or a Jacobian in arrays: by a program of what computes it, as if that were compiled."""
        if not isinstance(replay, Differentiated) or self.check or replay._aux or sum(
                _elements(args[place]) for place in replay._places) > _ROWS:
            return replay.eager(self.plainly, args, {})
        # Forward mode is not recorded: by rows.
        kind, options = (Hessian, {}) if replay.kind is Hessian else (JacRev, {"has_aux": False, "chunk_size": None})
        by_rows = self.derived((kind, replay._places, replay._single),
                               lambda f: kind(f, argnums=replay.options["argnums"], **options))
        inner = by_rows._state
        reach = None if kind is replay.kind or inner.played() else self.reach(args)
        if kind is replay.kind or inner.reason is None:
            found = by_rows(*args)
            if kind is replay.kind or inner.played():
                return found
            undo(reach)     # nothing is recorded: there may be a no_grad() in it, under which forward mode goes on
        return replay.eager(self.plainly, args, {})

    def derived(self, key: Any, transform: Callable[[Any], Any]) -> Compiled:
        """What a transform makes of the function, compiled."""
        found = self.derivatives.get(key)
        if found is None:
            found = self.derivatives[key] = Compiled(self.function, False, self.memory)
            inner = found._state
            inner.lifted, inner.name, inner.quiet, inner.over_arrays = transform(self.lifted), self.name, True, True
        return found

    # ---- a call that was not replayed at once

    def run(self, replay: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.reason is not None or unusual() or replay.plain:
            return replay.eager(self.plainly, args, kwargs)
        if kwargs:
            args, kwargs = self._by_position(args, kwargs)
        if replay._places and max(replay._places) >= len(args):
            return replay.eager(self.plainly, args, kwargs)     # which says what is wrong
        if not replay._what and not kwargs and any(map(_wants_gradient, args)):
            return self.arrays(replay, True).run(replay, args)
        arrays = any(map(_with_arrays, args))       # whose programs read lists and dicts themselves
        if kwargs or any(_nested(v) and not (arrays and type(v) in (list, tuple, dict)) for v in args):
            return self._arranged(replay, args, kwargs)
        if any(isinstance(v, _Base) and (v.requires_grad or v.ndim == 0) for v in args):
            return replay.eager(self.plainly, args, kwargs)
        if any(type(args[place]) is int for place in replay._places):
            args = tuple([float(v) if i in replay._places and type(v) is int else v for i, v in enumerate(args)])
        if self.over_arrays or arrays:
            if replay._what >= HESSIAN:         # programs of arrays have first derivatives of one number only
                return self.matrix(replay, args)
            return self.arrays(replay).run(replay, args)
        for i, value in enumerate(args):
            kind = kind_of(value)
            if isinstance(value, _Base):
                return replay.eager(self.plainly, args, kwargs)
            if kind is None:
                return self.this_call(replay, args, kwargs, f"argument {i} is neither a number nor made of numbers, but "
                                                            f"{type(value).__name__}")
            if i in replay._places and not kind[1]:
                return replay.eager(self.plainly, args, kwargs)
        if replay._what and any(v.requires_grad for v in self.references):
            return replay.eager(self.plainly, args, kwargs)     # whose results have a graph of those
        tree = next((tree for tree in self.trees if tree.fits(args)), None)
        if tree is not None and self.trees[0] is not tree:
            self.trees.remove(tree)
            self.trees.insert(0, tree)
        return self.grow(replay, args, tree)

    def grow(self, replay: Any, args: tuple[Any, ...], tree: Any, missing: bool = False) -> Any:
        """Replay a tree that the arguments fit, or record what it has not (missing: it has not); None: they fit none."""
        if tree is not None and not self.check and not missing:
            found = replay.replayed(tree, args)
            if found is not None:
                return found
            if tree.state(args) == 2:           # out of the domain of one of math's functions: it raises, or nothing does
                return replay.eager(self.plainly, args, {})
        if not self.lock.acquire(blocking=False):       # another thread records, or this one does
            return replay.eager(self.plainly, args, {})
        try:
            return self._record(replay, args, tree)
        finally:
            self.lock.release()

    def _by_position(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """A call with as few keywords as there can be: those of keyword-only parameters, in their order."""
        key = len(args), tuple(kwargs)
        order = self.orders.get(key)
        if order is None:
            order = self.orders[key] = _order(self.function, *key)
        names, rest = order
        if names is None:
            return args, kwargs
        return (*args, *[kwargs.get(name, default) for name, default in names]), {
            name: kwargs[name] for name in rest}

    def _arranged(self, replay: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call with keywords, or with numbers in dicts, dataclasses and the like: by a function of the numbers themselves."""
        values, names = (*args, *kwargs.values()), tuple(kwargs)
        parts, trees = [], []
        for value in values:
            leaves, tree = flatten(value) if _nested(value) else ([value], None)
            if type(value) in (list, tuple, dict) and any(isinstance(leaf, (np.ndarray, _Base)) for leaf in leaves):
                leaves, tree = [value], None        # programs of arrays read it themselves
            parts.append(leaves)
            trees.append(tree)
        if isinstance(replay, _Product) or any(kind_of(v) is None and not _with_arrays(v) for leaves in parts for v in leaves):
            return self.this_call(replay, args, kwargs, "an argument is nested, or is neither a number nor made of numbers")
        key = len(args), names, tuple(trees)
        form = self.forms.get(key)
        if form is None and len(self.forms) == 512:
            return self.this_call(replay, args, kwargs, "there are more than 512 forms of its arguments")
        if form is None:
            form = self.forms[key] = _Form(self, len(args), names, trees)
        return form.run(replay, args, kwargs, parts)

    def this_call(self, replay: Any, args: tuple[Any, ...], kwargs: dict[str, Any], reason: str) -> Any:
        """A call that no program has; others may have one."""
        if reason not in self.said and not self.quiet:
            self.said.add(reason)
            warnings.warn(f"autodiff.compile: this call of {self.name} runs as it is, right and no faster: {reason}",
                          UserWarning, stacklevel=_level_outside())
        return replay.eager(self.plainly, args, kwargs)

    def give_up(self, reason: str, place: tuple[str, int, str] | None) -> None:
        """From now on the function runs as it is."""
        if reason == f"{_WRITE}() is not recorded":
            reason = "it writes into an argument"
        if reason.startswith(_WHERE_IT_ENDED):      # no line of the function's runs any more: the caller's is none of its
            place = _beginning(self.function)
        if place is not None:
            reason += f" ({place[0]}, line {place[1]}, in {place[2]})"
        self.reason = reason
        self.trees.clear()
        for arrays in self.of_arrays.values():
            arrays.player.programs.clear()
        for form in self.forms.values():
            form.compiled._state.reason = reason
            form.compiled._state.trees.clear()
        if self.quiet:
            return
        warnings.warn(f"autodiff.compile: {self.name} runs as it is from now on, right and no faster: {reason}", UserWarning,
                      stacklevel=_level_outside())

    # ---- recording

    def attached(self, tree: Any, args: tuple[Any, ...]) -> Any:
        """The value, on a node with the gradients of the Variables that the function closes over; None: it is not recorded."""
        found = tree.referred(self.choice(_REFERENCES))
        if found is None:
            return None
        value, gradients = found
        variables = [v for v in tree.references if v.requires_grad]
        if len(variables) < len(gradients):
            gradients = [g for v, g in zip(tree.references, gradients, strict=True) if v.requires_grad]
        return self.on_node(variables, self.like, (value, *gradients), args)

    def _record(self, replay: Any, args: tuple[Any, ...], tree: Any, again: int = 0) -> Any:
        """Run the function as ever, with a level that writes down what it does; the program takes it over at the end alone."""
        recorder = _program.Recorder()
        made = _program.Tree(args, tuple(self.references)) if tree is None else tree
        run = _Run(self, recorder, self.reach(args))
        if replay._what in _OF_ONE and not replay._aux and not self.check and not any(v.requires_grad for v in self.references):
            run.into = made, replay, args
        try:
            result = replay.eager(run, args, {})
        except _Enough:
            self.watch(self.references)
            self._keep(made, tree)
            return run.found
        if run.slots is None:
            return result       # the function was not called, or not to its end
        if run.changes and recorder.reason is None:
            if recorder.strangers:
                self.trees.clear()
                self.references += recorder.strangers       # it is not run again now, which would change something once more
            self.changed(run.changes, run.reach, lambda v: recorder.result(v) >= 0)
            return result
        self.unsettled = 0
        attached = any(v.requires_grad for v in self.references)
        if recorder.reason is None and (replay._what or attached) and recorder.hooked(tuple(self.references)):
            recorder.give_up("a hook stands on one of its values")
        if recorder.reason is None and recorder.strangers:
            if again < 2:       # once more: then they are inputs by reference, but for those that are made anew each time
                self.trees.clear()
                self.references += recorder.strangers
                return self._record(replay, args, None, again + 1)
            self.references.clear()
            recorder.give_up("it uses a Variable that is no argument")
        if _perhaps_of_arrays(recorder.reason) and not self.trees:
            self.over_arrays = True     # recorded with its next call
            return self._freed(result, run, replay, args)
        if recorder.reason is not None:
            self.give_up(recorder.reason, recorder.place)
            if self.by_value() and not replay._what:
                undo(run.reach)
                return replay.eager(self.plainly, args, {})
            return self._freed(result, run, replay, args)
        place = run.place if run.merged else made.merge(recorder, run.slots, run.output)
        self.watch(self.references)
        if place is not None:
            self._differs(place)
            return result
        same: Any = _same
        if replay._what >= HESSIAN:
            # Its rows are added up in another order than those of a batch: to rounding, then.
            same = _close if replay._what == HESSIAN else functools.partial(_close, rows_apart=True)
            if not made.rows(args, replay._choice, replay._places, replay._what - HESSIAN ^ 1):
                replay.plain = True     # a row without a rule that can be written down: this runs as it is, f is replayed
                same = None
        elif replay._what:
            made.differentiate(args, replay._choice, replay._places, replay._aux)
        if attached and isinstance(result, _Base) and result.requires_grad and not result.ndim:
            from ._arrays import Arrays

            self.like, self.on_node = result.detach(), Arrays(self, VALUE, (), False, False, False).with_node
            found = replay.replayed(made, args)
            if found is None or not _same(found.item(), result.item()):
                self._differs(None)
                return result
        elif attached:
            same = None         # a result of another kind runs as it is
        elif same is not None:
            found = replay.replayed(made, args)
            if not same(found, result):
                self._differs(None)
                return result
            if replay._what == JACOBIAN:
                result = found      # has no NaN where eager's rows, which share a pass, have one of each other's infinities
        self._keep(made, tree)
        return result

    def _freed(self, result: Any, run: _Run, replay: Any, args: tuple[Any, ...]) -> Any:
        """What the call returns whose recording came to nothing: in no graph of leaves that the recording kept alive."""
        if any(isinstance(v, _Base) and v.requires_grad for v in flatten_results(result)[0]):
            undo(run.reach)
            return replay.eager(self.plainly, args, {})
        return result

    def _keep(self, made: Any, tree: Any) -> None:
        """A program is used from now on, unless all take too much."""
        if tree is None:
            self.trees.insert(0, made)
        if len(self.trees) > 512:
            self.give_up("it has more than 512 programs: an argument that is static is another in each call", None)
        elif sum(tree.bytes for tree in self.trees) > self.memory:
            lines = Counter(place for tree in self.trees for _, place, _, _ in tree.turns())
            often = lines.most_common(1)
            self.give_up(f"its programs take more than {self.memory} bytes; most of its branches are of one line" if often else
                         f"its programs take more than {self.memory} bytes", often[0][0] if often else None)

    def _differs(self, place: tuple[str, int, str] | None) -> None:
        reason = "it did something else than what was recorded for the same decisions"
        if self.check:
            where = f" ({place[0]}, line {place[1]}, in {place[2]})" if place is not None else ""
            raise RuntimeError(f"autodiff.compile: {self.name} is not the same function twice: {reason}{where}. What it reads "
                               "besides its arguments is frozen: make it an argument")
        self.give_up(reason, place)


#: Beginning of the reason that a number is a key.
_HASHED = "hash() takes a value out"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _level_outside() -> int:
    """The level of the first caller that is none of the package's, for who calls warnings.warn()."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level


#: Hessians and Jacobians in so many elements are recorded: each row is a pass of its own, which takes its time to record.
_ROWS = 32


def _elements(value: Any) -> int:
    return sum(int(np.size(leaf)) for leaf in flatten(value)[0])


#: Beginnings of reasons that are seen when a run is over.
_WHERE_IT_ENDED = ("it returns ", "it writes into a list", "it writes into an argument")


def _beginning(function: Any) -> tuple[str, int, str] | None:
    """Where a function is defined."""
    code = getattr(getattr(function, "__func__", getattr(function, "func", function)), "__code__", None)
    return None if code is None else (code.co_filename, code.co_firstlineno, code.co_name)


def _nested(value: Any) -> bool:
    """Whether it is a container of others, and no list or tuple of floats alone."""
    if isinstance(value, (list, tuple, dict)):
        return kind_of(value) is None and not _with_arrays(value)
    return hasattr(type(value), "__dataclass_fields__")


def _order(function: Any, count: int, keywords: tuple[str, ...]) -> Any:
    """([(name, default) of parameters after `count` positional ones], keywords that are left); (None, ()): none fits."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None, ()
    by_position = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    following = by_position[count:]
    while following and following[-1].name not in keywords:
        following.pop()
    names = {p.name for p in following}
    if any(p.kind == p.POSITIONAL_ONLY or (p.default is p.empty and p.name not in keywords) for p in following):
        return None, ()
    known = [p.name for p in parameters if p.kind == p.KEYWORD_ONLY]
    rest = [name for name in known if name in keywords] + [name for name in keywords if name not in names and name not in known]
    return [(p.name, p.default) for p in following], tuple(rest)


def _called(function: Any, args: tuple[Any, ...], given: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[Any]]:
    """(the result, the lists among the arguments into which it wrote, each with that of the caller's)."""
    lists = [(inside, outside, list(inside)) for inside, outside in zip(args, given, strict=True) if type(inside) is list]
    result = function(*args, **kwargs)
    return result, [(inside, outside) for inside, outside, before in lists
                    if len(inside) != len(before) or not all(map(operator.is_, inside, before))]


def _write_lists(written: list[Any]) -> None:
    """What a function wrote into its copies of lists, into the caller's."""
    for ours, outside in written:
        if ours is not outside:
            outside[:] = map(_plain, ours)


class _Form:
    """A function of numbers in the place of one with keywords and nested arguments, for calls of one form."""

    def __init__(self, state: _State, count: int, names: tuple[str, ...], trees: list[Any]) -> None:
        self.state, self.count, self.names, self.trees = state, count, names, trees
        self.starts = [0]
        for tree in trees:
            self.starts.append(self.starts[-1] + (1 if tree is None else tree.count))
        self.compiled = Compiled(state.function, state.check, state.memory)
        inner = self.compiled._state
        inner.function, inner.lifted, inner.name, inner.quiet = state.function, self.call, state.name, state.quiet
        self.replays: dict[Any, Any] = {}
        self.calls = threading.local()
        self.writes = state.writes      # into an argument, which may have grown by it: that is another form

    def call(self, *leaves: Any) -> Any:
        """The function, called with what the leaves make."""
        values = [leaves[start] if tree is None else tree.unflatten(list(leaves[start:start + tree.count]))
                  for start, tree in zip(self.starts, self.trees, strict=False)]
        args, kwargs = values[:self.count], dict(zip(self.names, values[self.count:], strict=True))
        result = self.state.lifted(*args, **kwargs)
        for i, (value, tree) in enumerate(zip(values, self.trees, strict=True)):
            if tree is None:
                continue
            now, found = flatten(value)
            if found != tree or any(x is not y for x, y in zip(now, leaves[self.starts[i]:], strict=False)):
                self.writes = self.state.writes = True
                for leaf in leaves:
                    if isinstance(leaf, _Base):     # who records gives up
                        _v.asked(_WRITE, (), (leaf,))
                if getattr(self.calls, "values", None) is not None:
                    _write_back(self.calls.values[i], value)
        return result

    def run(self, replay: Any, args: tuple[Any, ...], kwargs: dict[str, Any], parts: list[Any]) -> Any:
        if self.writes:
            result = replay.eager(self.state.plainly, args, kwargs)
            for value in (*args, *kwargs.values()):
                _write_back(value, value)       # numbers of Python's in the place of Variables
            return result
        leaves = [leaf for part in parts for leaf in part]
        self.calls.values = (*args, *kwargs.values())
        try:
            if not isinstance(replay, Differentiated):
                return self.compiled(*leaves)
            return self.differentiated(replay, args, kwargs, leaves)
        finally:
            self.calls.values = None

    def differentiated(self, replay: Any, args: tuple[Any, ...], kwargs: dict[str, Any], leaves: list[Any]) -> Any:
        key = replay.kind, replay._places, replay._single, replay._aux
        nested = any(self.trees[place] is not None for place in replay._places)
        if nested and (replay.kind not in _WHAT or not all(
                type(leaves[k]) in (float, np.float64) for place in replay._places
                for k in range(self.starts[place], self.starts[place + 1]))):
            return replay.eager(self.state.plainly, args, kwargs)
        if all(self.starts[place] == self.starts[place + 1] for place in replay._places):      # empty lists and dicts
            return replay.eager(self.state.plainly, args, kwargs)
        inner = self.replays.get(key)
        if inner is None:
            places = [k for place in replay._places for k in range(self.starts[place], self.starts[place + 1])]
            number = places[0] if replay._single and not nested else tuple(places)
            inner = self.replays[key] = Differentiated(self.compiled, replay.kind, {**replay.options, "argnums": number})
        found = inner(*leaves)
        if not nested:
            return found

        def shaped(flat: Any) -> Any:
            numbers, made = list(flat), []
            for place in replay._places:
                tree = self.trees[place]
                count = 1 if tree is None else tree.count
                made.append(numbers[0] if tree is None else tree.unflatten(numbers[:count]))
                del numbers[:count]
            return made[0] if replay._single else tuple(made)

        if replay._what == GRADIENT:
            return (shaped(found[0]), found[1]) if replay._aux else shaped(found)
        return (found[0], shaped(found[1])) if replay._what == VALUE_AND_GRADIENT else (shaped(found[0]), found[1])


def _write_back(outside: Any, inside: Any) -> None:
    """What a function wrote into its copy of an argument, into the argument."""
    if type(outside) is list and type(inside) is list:
        for x, y in zip(outside, inside, strict=False):
            _write_back(x, y)
        outside[:] = [x if type(x) in (list, dict) and type(x) is type(y) else _plain(y)
                      for x, y in zip([*outside, *[None] * len(inside)], inside, strict=False)]
    elif isinstance(outside, dict) and isinstance(inside, dict):
        kept = {}
        for key, y in inside.items():
            x = outside.get(key)
            _write_back(x, y)
            kept[key] = x if type(x) in (list, dict) and type(x) is type(y) else _plain(y)
        outside.clear()
        outside.update(kept)
    elif isinstance(outside, tuple) and isinstance(inside, tuple):
        for x, y in zip(outside, inside, strict=False):
            _write_back(x, y)
    elif hasattr(type(outside), "__dataclass_fields__") and type(outside) is type(inside):
        for name in outside.__dataclass_fields__:
            x, y = getattr(outside, name), getattr(inside, name)
            _write_back(x, y)
            if type(x) not in (list, dict, tuple):
                object.__setattr__(outside, name, _plain(y))


def _objects(args: Any) -> Iterator[Any]:
    """What arguments refer to: all but arrays and Variables, in lists, tuples and dicts, too."""
    for value in args:
        if type(value) in (list, tuple):
            if not _NUMBERS.issuperset(map(type, value)):
                yield from _objects(value)
        elif type(value) is dict:
            yield from _objects(value.values())
        elif not isinstance(value, (np.ndarray, _Base)):
            yield value


def _with_arrays(value: Any, dimensions: int = 0) -> bool:
    """Whether it is, or has, an array of so many dimensions or more."""
    if type(value) in (list, tuple):
        return not _NUMBERS.issuperset(map(type, value)) and any(_with_arrays(v, dimensions) for v in value)
    if type(value) is dict:
        return any(_with_arrays(v, dimensions) for v in value.values())
    return isinstance(value, (np.ndarray, _Base)) and value.ndim >= dimensions


def _wants_gradient(value: Any) -> bool:
    """Whether it is, or has, a Variable that requires a gradient."""
    if type(value) in (list, tuple):
        return any(map(_wants_gradient, value))
    if type(value) is dict:
        return any(map(_wants_gradient, value.values()))
    return isinstance(value, _Base) and value.requires_grad


def _arrays_inside(value: Any) -> Any:
    """Arrays as a recorded function sees them: where one gives up, what it calls is what it called."""
    if type(value) is np.ndarray:
        return _v.as_ndarray(value, copy=False) if value.dtype.kind in "fbiuc" else value
    if type(value) in (list, tuple):
        return type(value)([_arrays_inside(v) for v in value])
    return {k: _arrays_inside(v) for k, v in value.items()} if type(value) is dict else value


#: What is not recorded of numbers, but perhaps of arrays, which the function makes of them or closes over.
_OF_ARRAYS = frozenset(("arange", "array", "asarray", "broadcast_to", "cat", "column_stack", "concatenate", "detach",
                        "diag", "dot", "einsum", "expand", "eye", "flatten", "full", "heaviside", "hstack", "linspace",
                        "log_ndtr", "matmul", "max", "mean", "meshgrid", "min", "ndtr", "norm", "ones", "outer", "prod",
                        "ravel", "repeat", "reshape", "round", "select", "softmax", "stack", "std", "sum", "tensor",
                        "tile", "to", "transpose", "unsqueeze", "var", "view", "vstack", "zeros"))


def _perhaps_of_arrays(reason: str | None) -> bool:
    """Whether a function of numbers is none for that reason, but perhaps one of arrays."""
    return reason is not None and (reason in ("it computes with an array", "it uses a Variable that is no argument",
                                              _program.INSIDE) or (
        reason.endswith("() is not recorded") and reason.partition("(")[0] in _OF_ARRAYS))


class _Enough(Exception):
    """A run is over: what is left to be done with its graph, the program has done."""


class _Run:
    """The function while it is recorded.  Of a call that ended: slots and output are what it returned."""

    __name__ = "run"

    def __init__(self, state: _State, recorder: Any, reach: Reach | None) -> None:
        self.state, self.recorder, self.reach = state, recorder, reach
        self.changes: list[Change] = []     # of what is not the run's own
        self.slots: list[int] | None = None
        self.output: tuple[Any, list[Any]] = None, []
        self.into: Any = None           # (tree, callable, arguments) where the program's gradient may do for eager's
        self.merged, self.place, self.found = False, None, None

    def __call__(self, *args: Any) -> Any:
        recorder = self.recorder
        given, args = args, recorder.take_arguments(args, tuple(self.state.references))
        before = _drawn()
        _v.push_level(recorder)
        try:
            result, written = _called(self.state.lifted, args, given, {})
            if written:
                recorder.give_up("it writes into a list that is an argument")
            self._take(result)
        finally:
            _v.pop_level()
            recorder.close()
        _write_lists(written)
        if _drawn() != before:
            recorder.give_up("it draws random numbers")
        if self.reach is not None:
            self.changes = self.reach.changes()
        if (not self.changes and self.into is not None and self.output[0] is None and not recorder.strangers
                and recorder.says_all(result)):
            self._finish(result, *self.into)
        return map_leaves(_program.plain_condition, result)

    def _finish(self, result: Any, tree: Any, replay: Any, args: tuple[Any, ...]) -> None:
        """Replay what was recorded: no pass through the graph has another gradient, so with the value's bits it is over."""
        self.merged, self.place = True, tree.merge(self.recorder, self.slots, self.output)
        if self.place is None:
            self.found = replay.finished(tree, args, result.item())
            if self.found is not None:
                raise _Enough

    def _take(self, result: Any) -> None:
        leaves, treedef = flatten_results(result)
        slots = []
        constants = []
        for leaf in leaves:
            slot = self.recorder.result(leaf)
            if slot < 0 and type(leaf) not in _CONSTANTS:
                self.recorder.give_up(f"it returns {type(leaf).__name__} that it did not compute of its arguments")
            slots.append(slot)
            constants.append(leaf if slot < 0 else _program.TRUTH if isinstance(leaf, np.bool_) else None)
        self.slots, self.output = slots, (treedef if treedef.kind is not None else None, constants)


def _drawn() -> list[Any]:
    """The states of the generators that a function may draw from without being seen."""
    return [_numpys_state(), _pythons_state()]


#: A state of NumPy's global generator, as it lies in memory, in which no second number of a normal pair waits: it takes
#: 0.4 us to see that it still is this one, and 44 us to have get_state() say what it is.
_seen = b""
_WORDS = 624            # of MT19937's state, and its position


def _numpys_state() -> Any:
    global _seen
    drawing: Any = np.random        # whose stub leaves the next name out
    generator = drawing.get_bit_generator()
    now = None
    if type(generator) is np.random.MT19937:
        now = ctypes.string_at(generator.ctypes.state_address, 4 * (_WORDS + 1))
        if now == _seen:
            return now
    state: Any = np.random.get_state(legacy=False)
    if now is not None and not state["has_gauss"]:
        inner = state["state"]
        if now == inner["key"].tobytes() + int(inner["pos"]).to_bytes(4, sys.byteorder):
            _seen = now
            return now
    return [v.tobytes() if isinstance(v, np.ndarray) else v for v in flatten(state)[0]]


#: The same of Python's generator, which takes 8 us to say what its state is.
_seen_here = b""


def _pythons_state() -> Any:
    global _seen_here
    generator: Any = getattr(random, "_inst", None)
    now = None
    size = 4 * (_WORDS + 1)
    if (type(generator) is random.Random and sys.implementation.name == "cpython"
            and random.Random.__basicsize__ >= object.__basicsize__ + size):
        now = ctypes.string_at(id(generator) + object.__basicsize__, size)
        if now == _seen_here and getattr(generator, "gauss_next", 0) is None:
            return now
    state = random.getstate()
    if now is not None and state[2] is None and np.array((state[1][-1], *state[1][:-1]), np.uint32).tobytes() == now:
        _seen_here = now
        return now
    return state


def _same(found: Any, expected: Any) -> bool:
    """Whether a replay has what the function gave, bit for bit but for the kinds of NaN."""
    if type(expected) is float and type(found) is float:
        return _program.number_bits(found) == _program.number_bits(expected) or (found != found and expected != expected)
    if type(found) is not type(expected):
        return False
    if isinstance(expected, (list, tuple)):
        return len(found) == len(expected) and all(map(_same, found, expected))
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(map(_same, found.values(), expected.values()))
    return found is expected or bool(found == expected)


def _close(found: Any, expected: Any, rows_apart: bool = False) -> bool:
    """Whether derivatives agree but for the order in which they are added up; rows_apart: or where eager's are NaN."""
    ours, tree = flatten(found)
    theirs, other = flatten(expected)
    if tree != other:
        return False
    a, b = np.array(ours, float), np.array(theirs, float)
    if rows_apart:
        a[np.isnan(b)] = np.nan
    finite = np.isfinite(a) & np.isfinite(b)
    scale = np.abs(b[finite]).max(initial=0.0)
    return bool((np.isfinite(a) == np.isfinite(b)).all() and (np.abs(a[finite] - b[finite]) <= 1e-9 * scale).all())


def _over_points(replay: Any, tree: Any, leaves: list[Any], dims: list[int | None], size: int) -> Any:
    """What vmap makes of a program: it is replayed at each point, and recorded where a point goes a way of its own.

    NotImplemented where that is not what was asked: for Variables, and where a sample is no number.
    """
    state = replay._state
    if state.reason is not None or state.check or unusual() or not size or any(isinstance(v, _Base) for v in leaves):
        return NotImplemented
    # A run that came to nothing is to have changed nothing: the function runs once more, over all points.
    reach = None if state.trees or state.played() else state.reach(tuple(leaves))
    found = _point_by_point(replay, tree, leaves, dims, size)
    if found is NotImplemented:
        undo(reach)
    return found


def _point_by_point(replay: Any, tree: Any, leaves: list[Any], dims: list[int | None], size: int) -> Any:
    state = replay._state
    if state.over_arrays or any(_with_arrays(value, 1 if dim is None else 2) for value, dim in zip(leaves, dims, strict=True)):
        return _over_samples(replay, tree, leaves, dims, size)
    if replay._aux:
        return NotImplemented
    columns = []
    for value, dim in zip(leaves, dims, strict=True):
        if dim is None:
            if type(value) not in (float, np.float64) and kind_of(value) != (kind_of(None)):
                return NotImplemented
            columns.append(value)
        elif type(value) is np.ndarray and value.ndim == 1 and (value.dtype == np.float64 or value.dtype.kind in "iu"):
            columns.append(np.ascontiguousarray(value, np.float64))
        else:
            return NotImplemented
    if any(not 0 <= place < len(tree.parts) for place in replay._places):
        return NotImplemented

    standing = np.array([c.ctypes.data if type(c) is np.ndarray else 0 for c in columns], np.uint64)
    flat = [part.kind if part.kind in (list, tuple) and part.parts.count(LEAF) == part.count else None for part in tree.parts]
    simple = tree.kind is tuple and all(kind or part is LEAF for part, kind in zip(tree.parts, flat, strict=True))
    ends = list(itertools.accumulate(part.count for part in tree.parts))
    spans = [(end - part.count, end, kind) for part, end, kind in zip(tree.parts, ends, flat, strict=True)]
    where = standing.ctypes.data

    def sample(point: int) -> tuple[Any, ...]:
        leaves = _program.sample_of(columns, where, point)
        if not simple:
            return tuple(tree.unflatten(leaves))
        return tuple([kind(leaves[start:end]) if kind else leaves[start] for start, end, kind in spans])

    first = sample(0)
    kinds = [kind_of(value) or (-1, 0) for value in first]
    if (-1, 0) in kinds or not all(kinds[place][1] for place in replay._places):
        return NotImplemented
    given = [(np.array([c]), 0) if type(c) is not np.ndarray else (c, 1) for c in columns
             if type(c) in (np.ndarray, float, np.float64)]
    widths = [kinds[place][1] for place in replay._places]
    if replay._what == JACOBIAN:
        return NotImplemented
    shape = (sum(widths), sum(widths)) if replay._what == HESSIAN else (sum(widths),)
    values, gradients = np.empty(size), np.empty((*shape, size))

    def by_itself(point: int, missing: bool = False) -> bool:
        # A program that holds for one point has the structure of them all: what run() looks for is not there.
        grows = known is not None and state.reason is None and not replay.plain and state.trees and state.trees[0] is known
        found = state.grow(replay, sample(point), known, missing) if grows else state.run(replay, sample(point), {})
        value, row = _parted(replay, found)
        if not isinstance(value, float) or not all(isinstance(x, float) for x in row):
            raise _NoNumber
        values[point], gradients[..., point] = value, row if len(shape) == 1 else np.reshape(row, shape)
        return state.reason is None and not replay.plain

    known = None
    try:
        known = next((program for program in state.trees if program.fits(first)), None)
        if known is not None and (known.has_conditions or known.attached):
            return NotImplemented
        if known is None or replay.plain:
            if replay.plain or state.over_arrays or not by_itself(0):
                return NotImplemented
            if state.unsettled and not by_itself(0):        # the first call left something that each does
                return NotImplemented
            if not state.trees:             # nothing is recorded: all points in one pass, as ever
                return _over_samples(replay, tree, leaves, dims, size) if state.over_arrays else NotImplemented
            known = state.trees[0]
        if known.attached:
            return NotImplemented
        given += [(np.array([v]), 0) for v in known.values_of_references()]
        addresses = [(c.ctypes.data, step) for c, step in given]
        replay.points(known, addresses, size, values.ctypes.data, gradients.ctypes.data, by_itself)
    except _NoNumber:
        return NotImplemented
    if not replay._what:
        return values

    def shaped(rows: Any, inner: Any) -> Any:
        """Rows of numbers as the arguments are."""
        found, start = [], 0
        for place, width in zip(replay._places, widths, strict=True):
            part = [inner(row) for row in rows[start:start + width]]
            found.append(type(first[place])(part) if type(first[place]) in (list, tuple) else part[0])
            start += width
        return found[0] if replay._single else tuple(found)

    if replay._what == HESSIAN:
        return shaped(gradients, lambda row: shaped(row, np.copy))
    gradient = shaped(gradients, np.copy)
    if replay._what == GRADIENT:
        return gradient
    return (values, gradient) if replay._what == VALUE_AND_GRADIENT else (gradient, values)


def _over_samples(replay: Any, tree: Any, leaves: list[Any], dims: list[int | None], size: int) -> Any:
    """What vmap makes of a program of arrays: where it branches, and where that is faster, it is replayed for each sample.

    NotImplemented where one pass over a batch is right and faster, as ever.
    """
    state = replay._state
    rows = [None if dim is None else np.moveaxis(value, dim, 0) for value, dim in zip(leaves, dims, strict=True)]
    if any(row is not None and row.ndim == 1 and row.dtype not in (np.float64, np.float32) for row in rows):
        return NotImplemented       # a number that is no float is static: each would have a program of its own

    def arguments(i: int) -> Any:
        return tree.unflatten([value if row is None else row[i] if row.ndim > 1 or row.dtype != np.float64 else float(row[i])
                               for value, row in zip(leaves, rows, strict=True)])

    def sample(i: int) -> Any:
        return flatten(replay(*arguments(i)))

    if replay._what >= HESSIAN:         # itself no program: does the function branch?
        replay.function(*tree.unflatten([value if row is None else row[0] for value, row in zip(leaves, rows, strict=True)]))
    found = [sample(0)]
    if not state.played() and state.reason is None:     # a derivative inside is recorded by the second call
        found = [sample(0)]
    programs = [played.plan for played in state.played()]
    branches = any(guard.kind == "truth" for plan in programs for guard in plan.guards)
    large = sum(row[0].size for row in rows if row is not None) >= _LARGE
    if state.reason is not None or not programs or not (branches or (replay._what < HESSIAN and (large or size <= _FEW))):
        return NotImplemented
    found += map(sample, range(1, size))
    kept, treedef = found[0]
    if any(other != treedef for _, other in found) or not all(isinstance(v, (float, np.ndarray)) for v in kept):
        return NotImplemented
    if any(len({np.shape(v) for v in column}) > 1 for column in zip(*[v for v, _ in found], strict=True)):
        return NotImplemented
    # Floats may have been float32: where that is all that its programs make, they are so in a batch.
    played = [] if replay._what >= HESSIAN else state.arrays(replay).player.programs
    fitting = [program.plan.made for program in played if program.fits(arguments(0))]
    narrow = set().union(*fitting)
    single = narrow.pop() if len(narrow) == 1 else None
    if single is None and any(type(v) is float for v in kept) and np.dtype(np.float32) in narrow:
        return NotImplemented
    columns = [np.stack(column) for column in zip(*[v for v, _ in found], strict=True)]
    return treedef.unflatten([column.astype(single) if single is not None and type(v) is float else column
                              for v, column in zip(kept, columns, strict=True)])


#: So many samples, or samples of so many elements, are replayed one by one: a batch is faster for many small ones.
_FEW, _LARGE = 32, 512


class _NoNumber(Exception):
    """A point has another result than a number."""


def _parted(replay: Any, result: Any) -> tuple[Any, list[Any]]:
    """The value of a point, and its gradients in a row."""
    if not replay._what:
        return _number(result), []
    value, gradient = 0.0, result
    if replay._what in (VALUE_AND_GRADIENT, GRADIENT_AND_VALUE):
        value, gradient = result if replay._what == VALUE_AND_GRADIENT else result[::-1]
    row = gradient if type(gradient) is tuple and _FLOAT.issuperset(map(type, gradient)) else flatten(gradient)[0]
    return _number(value), [_number(x) for x in row]


_FLOAT = frozenset((float,))


def _number(value: Any) -> Any:
    return float(value) if type(value) is int else value


class Compiled(Replay):
    """What compile() makes."""

    plain = False           # whether it runs as it is, though the function is replayed
    _over_points = _over_points

    def __init__(self, function: Callable[..., Any], check: bool = False, memory: int = MEMORY) -> None:
        self._begin(_State(function, check, memory))

    def _begin(self, state: _State) -> None:
        self.prepare(state, [] if state.check else state.trees, VALUE, 0, (), False)
        functools.update_wrapper(self, state.function, updated=())

    def eager(self, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the function returns when it runs as it is, plain if all that it was given is."""
        result = inner(*args, **kwargs)
        if unusual() or any(isinstance(v, _Base) for v in (*args, *kwargs.values())):
            return result
        return map_leaves(_plain, result)

    def _differentiated(self, kind: Any, options: dict[str, Any]) -> Any:
        """What grad() and its like make of the function."""
        argnums = options["argnums"]
        numbers = argnums if isinstance(argnums, tuple) else (argnums,)
        known = bool(numbers) and all(type(n) is int and n >= 0 for n in numbers) and len(set(numbers)) == len(numbers)
        if not known or (options.get("has_aux") and kind not in _WHAT):
            return kind(self, **options)
        return Differentiated(self, kind, options)

    def _product(self, what: str, primals: Any, tangents: Any) -> Any:
        """hvp() and jvp() of the function, NotImplemented where they run as ever."""
        state = self._state
        if state.check or type(primals) is not tuple or type(tangents) is not tuple or not primals:
            return NotImplemented
        return _Product(self, what, primals, tangents).result()

    @property
    def program(self) -> Program:
        """What was recorded, to be printed: one operation a line."""
        states = self._states()
        return Program([*[tree for state in states for tree in state.trees],
                        *[played.plan for state in states for played in state.played()]], self._state.reason)

    def _states(self) -> list[_State]:
        return [self._state, *[form.compiled._state for form in self._state.forms.values()]]

    @property
    def branches(self) -> list[Branch]:
        """The decisions that depend on values, with their lines, and how often each way was taken."""
        found = []
        for tree in [tree for state in self._states() for tree in state.trees]:
            for decision, place, held, otherwise in tree.turns():
                file, line, _ = place or ("?", 0, "?")
                found.append(Branch(decision, file, line, held, otherwise))
        counts: dict[Any, list[int]] = {}
        for played in [played for state in self._states() for played in state.played()]:
            for guard in played.plan.guards:
                if guard.kind == "truth":
                    counts.setdefault((guard.slot, guard.place), [0, 0])[not guard.expected] += played.runs
        for (slot, place), (held, otherwise) in counts.items():
            file, line, _ = place or ("?", 0, "?")
            found.append(Branch(f"%{slot}", file, line, held, otherwise))
        return found

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"compile({self._state.name})"

    def to_bytes(self) -> bytes:
        """What was recorded, without the function: the same bytes for the same program, wherever and whenever it was recorded.

        They have a version and a checksum, and whoever reads them by from_bytes() runs nothing.  Values and all derivatives are
        theirs; how often a branch was taken is not.  Raises ValueError where nothing is recorded, TypeError where a static
        argument or a result is of a type that cannot be written (what can: None, bool, int, float, str, bytes, members of an
        Enum, and lists, tuples, dicts, named tuples and dataclasses of results).
        In the place of https://docs.jax.dev/en/latest/_autosummary/jax.export.Exported.html, of its serialize().

        >>> import autodiff
        >>> from autodiff.programs import Compiled
        >>> f = autodiff.compile(lambda x: x * x if x > 0 else -x)
        >>> f(3.0)
        9.0
        >>> g = Compiled.from_bytes(f.to_bytes())
        >>> g(4.0), autodiff.grad(g)(4.0)
        (16.0, 8.0)
        """
        from ._carried import without_function

        return without_function(self._state, False)

    @classmethod
    def from_bytes(cls, data: bytes) -> Compiled:
        """The compiled function that to_bytes() wrote.  Nothing in the bytes is run, and they hold no function.

        A call that takes a branch which was not recorded raises RuntimeError: it names the decision, its values and its line.
        Raises ValueError for bytes that are damaged, cut short, of another version, or that something else wrote.
        In the place of https://docs.jax.dev/en/latest/_autosummary/jax.export.deserialize.html.

        >>> from autodiff.programs import Compiled
        >>> Compiled.from_bytes(b"something else")
        Traceback (most recent call last):
        ValueError: these are no bytes of a compiled function (Compiled.to_bytes), or their beginning is missing
        """
        from ._carried import alone

        made = cls.__new__(cls)
        made._begin(alone(data))
        return made

    def __reduce__(self) -> Any:
        from ._carried import Alone, with_function, without_function

        state = self._state
        if isinstance(state, Alone):
            return _alone, (without_function(state, True),)
        name, carried = by_name(self), with_function(state)
        if name is None:
            return _again, (state.function, state.check, state.memory, *(carried or ()))
        return name if carried is None else (_named, (self.__module__, name, *carried))

    def __copy__(self) -> Compiled:
        """Itself, as for every function."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        """Itself, as for every function, unless a copy of what it calls is another object: of that nothing is recorded."""
        state = self._state
        function = copy.deepcopy(state.function, memo)
        return self if function is state.function else Compiled(function, state.check, state.memory)


class Differentiated(Replay):
    """What grad(), value_and_grad(), hessian(), jacobian() and their like make of a compiled function."""

    plain = False
    _over_points = _over_points

    def __init__(self, function: Compiled, kind: Any, options: dict[str, Any]) -> None:
        self.function, self.kind, self.options = function, kind, options
        argnums = options["argnums"]
        places = argnums if isinstance(argnums, tuple) else (argnums,)
        state = function._state
        self._aux = bool(options.get("has_aux"))
        self.prepare(state, [] if state.check else state.trees, _WHAT.get(kind) or _MATRICES[kind],
                     state.choice((*places, -1) if self._aux else places), places, not isinstance(argnums, tuple))
        functools.update_wrapper(self, function, updated=())

    def eager(self, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the transform of the function returns when it runs as it is."""
        if isinstance(inner, _Run) and self.kind in (JacFwd, Jacobian):     # forward mode cannot be recorded
            found = JacRev(inner, argnums=self.options["argnums"], has_aux=False, chunk_size=None)(*args, **kwargs)
            if inner.recorder.reason is None:
                return found
            undo(inner.reach)       # under no_grad() forward mode goes on, and rows do not
            inner = inner.state.plainly
        return self.kind(inner, **self.options)(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return repr(self.kind(self.function, **self.options))

    def __reduce__(self) -> Any:
        return Differentiated, (self.function, self.kind, self.options), {"plain": True} if self.plain else None

    def __copy__(self) -> Differentiated:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Differentiated:
        function = copy.deepcopy(self.function, memo)
        return self if function is self.function else Differentiated(function, self.kind, self.options)


class _Product(Replay):
    """The Hessian's or the Jacobian's product with tangents."""

    plain = False

    def __init__(self, function: Compiled, what: str, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> None:
        state = function._state
        places = tuple(range(len(primals)))
        self.function, self.what, self.primals, self.tangents = function, what, primals, tangents
        self.prepare(state, state.trees, HESSIAN if what == "hvp" else VALUE, state.choice(places), places, False)

    def result(self) -> Any:
        state = self._state
        if state.reason is not None or unusual():
            return NotImplemented
        if self.what == "hvp" and not state.check and type(self.primals) is type(self.tangents) is tuple and (
                any(map(_with_arrays, self.primals)) and not any(map(_wants_gradient, (*self.primals, *self.tangents)))):
            return state.derived("hvp", lambda f: functools.partial(hvp, f))(self.primals, self.tangents)
        weights: list[float] = []
        for value, along in zip(self.primals, self.tangents):
            known = kind_of(value)
            if known is None or isinstance(value, np.float32) or (known, type(value)) != (kind_of(along), type(along)):
                return NotImplemented
            weights += along if isinstance(along, (list, tuple)) else (along,)
        if len(self.primals) != len(self.tangents) or not all((kind_of(value) or (0, 0))[1] for value in self.primals):
            return NotImplemented
        self.weights = [float(v) for v in weights]
        if any(v.requires_grad for v in state.references):
            return NotImplemented
        tree = next((tree for tree in state.trees if tree.fits(self.primals)), None)
        found = None if tree is None else self.replayed(tree, self.primals)
        if found is not None:
            return found
        if self.what == "hvp":
            return state.run(self, self.primals, {})
        reach = state.reach(self.primals)
        self.function(*self.primals)        # which records it
        tree = next((tree for tree in state.trees if tree.fits(self.primals)), None)
        found = None if tree is None else self.replayed(tree, self.primals)
        if found is not None:
            return found
        undo(reach)
        return NotImplemented

    def eager(self, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The product as it always was."""
        return hvp(inner, args, self.tangents)

    def replayed(self, tree: Any, args: tuple[Any, ...]) -> Any:
        found = self.product(tree, args, self.weights, self.what == "jvp")
        if found is None:
            return None
        if self.what == "jvp":
            numbers = type(found[0]) is float or not any(
                isinstance(v, (str, bytes, type(None))) for v in flatten_results(found[0])[0])
            return found if numbers else None       # eager code says that these have no tangents
        value, product = found
        return value, tuple(_shaped(args, product))


def _shaped(args: tuple[Any, ...], values: list[float]) -> list[Any]:
    """Numbers in a row as the arguments are."""
    found, start = [], 0
    for value in args:
        if type(value) in (list, tuple):
            found.append(type(value)(values[start:start + len(value)]))
            start += len(value)
        else:
            found.append(values[start])
            start += 1
    return found


def _again(function: Any, check: bool, memory: int, data: bytes | None = None, objects: Any = ()) -> Any:
    """A compiled function of a pickle."""
    made = Compiled(function, check, memory)
    if data is not None:
        from ._carried import take_up

        take_up(made._state, data, objects, False)
    return made


def _named(module: str, name: str, data: bytes, objects: Any) -> Any:
    """... that is pickled by its name."""
    from ._carried import by_name

    return by_name(module, name, data, objects)


def _alone(data: bytes) -> Any:
    """... that has no function."""
    return Compiled.from_bytes(data)


def _plain(value: Any) -> Any:
    if not isinstance(value, _Base) or value.requires_grad or _v.carries_more(value):
        return value
    return value.item() if value.ndim == 0 else np.asarray(value)
