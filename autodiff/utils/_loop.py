"""A loop of many steps, differentiated with few of its states kept: the binomial schedule.

Andreas Griewank and Andrea Walther, "Algorithm 799: Revolve", ACM Transactions on Mathematical Software 26 (2000) 19-45.
"""
from __future__ import annotations

import contextlib
import math
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Never

import numpy as np

from .. import _variable as _v
from .._batching import active
from .._pytree import flatten
from ..autograd import enable_grad, is_grad_enabled, no_grad
from ..autograd.function import Function
from ..autograd.graph import saved_tensors_hooks
from ._numbers import Numbers, generators_among, generators_known

__all__ = ["checkpointed_loop", "repeated_steps", "repetitions", "steps_to_next"]

_Base: Any = _v.Tensor.__base__


# ---- the schedule

def repetitions(n: int, snapshots: int) -> int:
    """How often the step is repeated, at most, that the optimal schedule repeats most often.

    It is the r of comb(s + r - 1, s) < n <= comb(s + r, s).

    >>> repetitions(10_000, 50)
    3
    """
    r = 0
    while math.comb(snapshots + r, snapshots) < n:
        r += 1
    return r


def repeated_steps(n: int, snapshots: int) -> int:
    """How many steps the optimal schedule computes, in all, beside the n that it records, each before it goes back through it.

    It is r n - comb(s + r, s + 1) with the r of repetitions(): Griewank and Walther (2000), equation 3.

    >>> repeated_steps(10, 3), repeated_steps(10_000, 50)
    (15, 28622)
    """
    r = repetitions(n, snapshots)
    return r * n - math.comb(snapshots + r, snapshots + 1)


def steps_to_next(n: int, snapshots: int) -> int:
    """How many steps after a state that is kept the next one is kept, where n steps are to be reversed.

    snapshots: how many may be kept, the one at the beginning among them.  Of the best choices it is the longest.

    >>> steps_to_next(10, 3)
    4
    """
    r = repetitions(n, snapshots)
    return max(1, min(math.comb(snapshots + r - 1, snapshots), n - math.comb(snapshots + r - 2, snapshots - 1)))


# ---- what is kept

class _State:
    """A state that is kept: the leaves of its tree, in memory or in a file, and where random numbers stood."""

    __slots__ = ("leaves", "numbers", "path", "versions")

    def __init__(self, leaves: list[Any], numbers: Numbers | None, path: str | None = None) -> None:
        self.numbers, self.path = numbers, path
        self.versions = [leaf._version if isinstance(leaf, _Base) else None for leaf in leaves]
        if path is not None:
            with open(path, "wb") as stream:
                for place, leaf in enumerate(leaves):
                    if isinstance(leaf, (_Base, np.ndarray)):
                        np.save(stream, leaf.detach().numpy() if isinstance(leaf, _Base) else leaf, allow_pickle=False)
                        leaves = [*leaves[:place], _ON_DISK[type(leaf)], *leaves[place + 1:]]
        self.leaves = leaves

    def read(self) -> list[Any]:
        """The leaves.  Raises RuntimeError where one was written in place."""
        if self.path is None:
            for leaf, version in zip(self.leaves, self.versions, strict=True):
                if isinstance(leaf, _Base) and leaf._version != version:
                    raise RuntimeError(
                        "one of the variables needed for gradient computation has been modified by an inplace operation: a "
                        f"state of checkpointed_loop, of shape {list(leaf.shape)}, is at version {leaf._version}; expected "
                        f"version {version} instead")
            return list(self.leaves)
        with open(self.path, "rb") as stream:
            return [_read(leaf, stream) if isinstance(leaf, _OnDisk) else leaf for leaf in self.leaves]

    def drop(self) -> None:
        """It is needed no more: its file goes."""
        self.leaves = []
        if self.path is not None:
            os.remove(self.path)


class _OnDisk:
    """A leaf that is in the file, and what it is made of there."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make = make


_ON_DISK = {_v.Tensor: _OnDisk(_v.from_numpy), _v.ndarray: _OnDisk(_v.as_ndarray), np.ndarray: _OnDisk(lambda array: array)}


def _read(leaf: _OnDisk, stream: Any) -> Any:
    return leaf.make(np.load(stream, allow_pickle=False))


class _Bar:
    """Progress by tqdm: where it is installed and there is a terminal; progress=True insists, False is without."""

    def __init__(self, progress: bool | None, total: int, what: str) -> None:
        self.bar: Any = None
        if progress is False or (progress is None and (total < 100 or not sys.stderr.isatty())):
            return
        try:
            from importlib import import_module

            tqdm: Any = import_module("tqdm").tqdm
        except ImportError:
            if progress:
                raise ImportError("checkpointed_loop(progress=True) needs tqdm: python -m pip install tqdm") from None
            return
        # nothing is shown of what is over within a second
        self.bar = tqdm(total=total, desc=what, unit="step", leave=False, delay=0 if progress else 1)

    def step(self) -> None:
        if self.bar is not None:
            self.bar.update()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


# ---- the loop

class _Loop:
    """A call of checkpointed_loop()."""

    def __init__(self, step: Any, state: Any, n: int, snapshots: int, indexed: bool, disk: Any, preserve: bool,
                 progress: bool | None) -> None:
        self.step, self.n, self.snapshots, self.indexed, self.disk = step, n, snapshots, indexed, disk
        self.preserve, self.progress = preserve, progress
        leaves, self.tree = flatten(state)
        self.first = [leaf.copy() if type(leaf) is np.ndarray else leaf for leaf in leaves]
        self.needs = [isinstance(leaf, _Base) and leaf.requires_grad for leaf in leaves]
        self.numbers = Numbers(generators_among((*leaves, *generators_known(step)))) if preserve else None
        self.closed: tuple[Any, ...] = ()           # of other Variables that steps use, stand-ins on their edges
        self.known: set[Any] = set()                # ... the edges
        self.versions: list[tuple[Any, int]] = []   # ... those that are leaves
        self.kept: list[tuple[int, _State]] = []    # places of states behind the first, in order
        self.last: Any = None                       # the last step as it was recorded: (leaves, results)
        self.folder: str | None = None
        self.files = 0
        self.start = 0          # nodes whose number is not greater are older than the loop

    # -- single steps

    def call(self, i: int, leaves: list[Any]) -> list[Any]:
        """The leaves of the state after step i."""
        state = self.tree.unflatten(leaves)
        found, tree = flatten(self.step(state, i) if self.indexed else self.step(state))
        if tree != self.tree:
            raise ValueError(f"checkpointed_loop: step {i} returned a tree of another form than the state's: {tree}, not "
                             f"{self.tree}")
        return found

    def record(self, i: int, leaves: list[Any]) -> tuple[list[Any], list[Any]]:
        """Step i in a graph of its own: the leaves that it starts from, and its results."""
        inner = [leaf.detach().requires_grad_() if need and isinstance(leaf, _Base) and _differentiable(leaf) else leaf
                 for leaf, need in zip(leaves, self.needs, strict=True)]
        versions = [leaf._version if isinstance(leaf, _Base) else None for leaf in inner]
        with enable_grad():
            found = self.call(i, inner)
        for leaf, version in zip(inner, versions, strict=True):
            if isinstance(leaf, _Base) and leaf._version != version:
                raise RuntimeError(f"checkpointed_loop: step {i} wrote to its state in place, which is needed again: return a "
                                   "new state")
        return inner, found

    def state_after(self, leaves: list[Any]) -> list[Any]:
        return [leaf.detach() if isinstance(leaf, _Base) else leaf for leaf in leaves]

    # -- forward

    def places(self) -> Iterator[int]:
        """After how many steps a state is kept on the way forward."""
        place, length, snapshots = 0, self.n, self.snapshots
        while snapshots > 1 and length > 1:
            further = steps_to_next(length, snapshots)
            place, length, snapshots = place + further, length - further, snapshots - 1
            if length > 1:      # the last step alone is recorded as it is
                yield place

    def forward(self) -> list[Any]:
        """The leaves of the last state, out of the graph of all steps but the last."""
        places = set(self.places())
        marker: Any = _ROOT * 1      # held: the number of a node that is gone may be given again
        self.start = marker.grad_fn._sequence_nr()
        leaves = self.state_after(self.first)
        found = self.first
        bar = _Bar(self.progress, self.n, "forward")
        shield = saved_tensors_hooks(_as_it_is, _as_it_is) if _v.saved_hooks_are_on() else None
        try:
            if shield is not None:      # those of a checkpoint around the loop, which counts what is saved
                shield.__enter__()
            for i in range(self.n):
                if i in places:
                    self.keep(i, leaves)
                inner, found = self.record(i, leaves)
                self.look(inner, found)
                guards = [leaf.register_hook(_escaped) for leaf in inner
                          if isinstance(leaf, _Base) and leaf.requires_grad]
                leaves = self.state_after(found)
                bar.step()
                if i + 1 == self.n:
                    for guard in guards:
                        guard.remove()
                    self.last = inner, found
        finally:
            if shield is not None:
                shield.__exit__(None, None, None)
            bar.close()
        if self.numbers is not None and self.numbers.unchanged():      # nothing is drawn: it need not be looked at again
            self.numbers = None
            for _, state in self.kept:
                state.numbers = None
        return found

    def look(self, inner: list[Any], found: list[Any]) -> None:
        """Learn which leaves of the state depend on something, and on what beside the state."""
        outputs = tuple(leaf for leaf in found if isinstance(leaf, _Base) and leaf.requires_grad)
        self.needs = [need or (isinstance(leaf, _Base) and leaf.requires_grad)
                      for need, leaf in zip(self.needs, found, strict=True)]
        own = tuple(leaf for leaf in inner if isinstance(leaf, _Base) and leaf.requires_grad)
        if not outputs or not _v.depends_on_others(outputs, own + self.closed):
            return
        nodes = {_v.gradient_edge(leaf).node for leaf in own}
        edges = [_v.gradient_edge(leaf) for leaf in outputs]
        walk = [(edge.node, edge.output_nr) for edge in edges]
        seen = set()
        while walk:
            edge = walk.pop()
            node = edge[0]
            if node is None or edge in seen or node in nodes:
                continue
            seen.add(edge)
            leaf = getattr(node, "variable", None)
            if leaf is None and node._sequence_nr() > self.start:
                walk += node.next_functions
            elif edge not in self.known:
                self.known.add(edge)
                self.closed += (_v.variable_on((*edge, None), outputs),)
                if leaf is not None:
                    self.versions.append((leaf, leaf._version))

    def keep(self, place: int, leaves: list[Any]) -> None:
        path = None
        if self.disk is not None and self.disk is not False:
            if self.folder is None:
                self.folder = tempfile.mkdtemp(prefix="autodiff-", dir=None if self.disk is True else self.disk)
                self.remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
            path = os.path.join(self.folder, f"{self.files}.npy")
            self.files += 1
        self.kept.append((place, _State(leaves, None if self.numbers is None else self.numbers.now(), path)))

    # -- backward

    def reverse(self, first: list[Any], cotangents: list[Any]) -> tuple[list[Any], list[Any]]:
        """Cotangents of the first state and of what was closed over, from those of the last."""
        for leaf, version in self.versions:
            if leaf._version != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: a leaf of "
                    f"shape {list(leaf.shape)}, which steps of checkpointed_loop use, is at version {leaf._version}; expected "
                    f"version {version} instead. The steps would be computed again with other values: write to it after the "
                    "reverse pass")
        self.kept.insert(0, (0, _State(self.state_after(first), None if self.numbers is None else self.numbers)))
        totals: list[Any] = [None] * len(self.closed)
        end, last = self.n, self.last
        self.last = None
        bar = _Bar(self.progress, repeated_steps(end, self.snapshots) + (end if last is None else 1), "backward")
        try:
            with contextlib.nullcontext() if self.numbers is None else self.numbers.afterwards():
                while end:
                    inner, found = self.record_last(end, bar) if last is None else last
                    cotangents = self.pull(inner, found, cotangents, totals)
                    del inner, found        # before the next is recorded
                    last, end = None, end - 1
                    bar.step()
                    if self.kept[-1][0] == end:
                        self.kept.pop()[1].drop()
        finally:
            bar.close()
            self.kept = []
            if self.folder is not None:
                self.remove()
                self.folder = None
        return cotangents, totals

    def record_last(self, end: int, bar: _Bar) -> tuple[list[Any], list[Any]]:
        """The step before a place, recorded; on the way there states are kept where the schedule says."""
        place, state = self.kept[-1]
        leaves = state.read()
        if state.numbers is not None:
            state.numbers.set()
        while place < end - 1:
            free = self.snapshots - len(self.kept) + 1
            further = steps_to_next(end - place, free) if free > 1 else end - 1 - place
            with no_grad():
                for i in range(place, place + further):
                    leaves = self.call(i, leaves)
                    bar.step()
            place += further
            if free > 1 and place < end - 1:
                leaves = self.state_after(leaves)
                self.keep(place, leaves)
        return self.record(place, self.state_after(leaves))

    def pull(self, inner: list[Any], found: list[Any], cotangents: list[Any], totals: list[Any]) -> list[Any]:
        """Cotangents of the state before a step from those of the state after it; those of all else are added to totals."""
        pairs = [(leaf, g) for leaf, g in zip(found, cotangents, strict=True)
                 if g is not None and isinstance(leaf, _Base) and leaf.requires_grad]
        places = [place for place, leaf in enumerate(inner) if isinstance(leaf, _Base) and leaf.requires_grad]
        before: list[Any] = [None] * len(inner)
        if not pairs:
            return before
        gradients = _v.partial_gradients(tuple(leaf for leaf, _ in pairs), tuple(g for _, g in pairs),
                                         tuple(inner[place] for place in places) + self.closed)
        for place, g in zip(places, gradients, strict=False):
            before[place] = g
        for place, g in enumerate(gradients[len(places):]):
            if g is not None:
                totals[place] = g if totals[place] is None else totals[place] + g
        return before

    def recorded(self, leaves: list[Any]) -> list[Any]:
        """All steps in one graph: where derivatives of higher order are asked for, or other levels look at every op."""
        for i in range(self.n):
            leaves = self.call(i, leaves)
        return leaves


def _differentiable(leaf: Any) -> bool:
    return bool(leaf.is_floating_point() or leaf.is_complex())


def _as_it_is(value: Any) -> Any:
    return value


def _escaped(gradient: Any) -> Never:
    raise RuntimeError("checkpointed_loop: a gradient came to a state within the loop, from something that step() put aside "
                       "for a use outside: the graph ends there. Make it a part of the state, which is returned")


#: A leaf, by which the number of the newest node is known, and which is saved where no state is.
_ROOT = _v.tensor(0.0, requires_grad=True)


class CheckpointedLoop(Function):
    """The node of checkpointed_loop()."""

    @staticmethod
    def forward(ctx: Any, loop: _Loop, places: list[int], found: list[Any], *given: Any) -> Any:
        """Results of the last step, as they were computed."""
        ctx.loop, ctx.places = loop, places
        ctx.set_materialize_grads(False)
        ctx.of_state = [place for place, leaf in enumerate(loop.first) if isinstance(leaf, _Base)]
        states = [loop.first[place] for place in ctx.of_state]
        ctx.save_for_backward(*(states or [_ROOT]))
        ctx.first = [None if isinstance(leaf, _Base) else leaf for leaf in loop.first]
        loop.first = []
        return tuple(found[place].detach() for place in places)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Through all steps, from the last to the first."""
        loop, first = ctx.loop, list(ctx.first)
        for place, leaf in zip(ctx.of_state, ctx.saved_tensors, strict=False):
            first[place] = leaf
        if is_grad_enabled():       # create_graph=True
            # copies: a Variable may be two leaves of the state, and be used by steps besides
            first = [leaf.clone() if isinstance(leaf, _Base) and leaf.requires_grad else leaf for leaf in first]
            asked = [leaf for leaf in first if isinstance(leaf, _Base) and leaf.requires_grad]
            with contextlib.nullcontext() if loop.numbers is None else loop.numbers.again():
                found = loop.recorded(first)
            pairs = [(found[place], g) for place, g in zip(ctx.places, gradients, strict=True) if g is not None]
            return None, None, None, *_v.partial_gradients(tuple(leaf for leaf, _ in pairs), tuple(g for _, g in pairs),
                                                           (*asked, *loop.closed), True)
        cotangents: list[Any] = [None] * len(first)
        for place, g in zip(ctx.places, gradients, strict=True):
            cotangents[place] = g
        before, totals = loop.reverse(first, cotangents)
        return None, None, None, *(before[place] for place, leaf in enumerate(first)
                                   if isinstance(leaf, _Base) and leaf.requires_grad), *totals


def checkpointed_loop(step: Callable[..., Any], state: Any, n: int, *, snapshots: int | None = None, indexed: bool = False,
                      disk: str | os.PathLike[str] | bool | None = None, preserve_rng_state: bool = True,
                      progress: bool | None = None) -> Any:
    """step(step(... step(state))), n times, differentiated with no more than so many states kept at once.

    state: a Variable, or a tree (lists, tuples, dicts, dataclasses) of Variables, arrays and anything else; step returns a new
    one of the same form.  indexed: step(state, i) is called, with i from 0 to n - 1.  snapshots: how many states are kept, the
    first among them; by default so many that no step is computed more than three times, about sqrt(2 n).  The schedule is the
    optimal one: forward and backward, it takes n + repeated_steps(n, snapshots) calls of step, 38,622 with 50 snapshots of
    10,000 steps, which is 3.9 for each, and n for the forward pass alone.  Gradients flow to the state and to every Variable
    that step refers to.
    disk: True, or a directory: snapshots behind the first wait in files there, which go with the graph, also after errors.
    preserve_rng_state: what is computed again draws the same random numbers, from the library's generator, from NumPy's global
    one, and from those that are in the state or that step refers to.  progress: a bar of tqdm's in long loops where that is
    installed and there is a terminal; True insists, False is without.
    A derivative of higher order (create_graph=True), and forward mode or vmap around the loop, take a plain loop's memory:
    of many states at once let step be vmap(step).
    Raises ValueError for a state of another form than before and for a snapshots or n out of range, RuntimeError where step
    writes to its state in place, and where a Variable that steps use was written before the reverse pass.
    Griewank and Walther (2000), https://doi.org/10.1145/347837.347846

    >>> import numpy as np
    >>> import autodiff
    >>> def f(x, rate):
    ...     return autodiff.checkpointed_loop(lambda x: x + rate * np.sin(x), x, 1000, snapshots=10).sum()
    >>> autodiff.grad(f, argnums=1)(np.array([0.5, 1.0]), 1e-3)
    1863.0152159900315
    """
    n = _v.integer_given(n, "checkpointed_loop", "n")
    if n < 0:
        raise ValueError(f"checkpointed_loop(): n is a number of steps, not {n}")
    if snapshots is None:
        snapshots = 1
        while math.comb(snapshots + 2, 2) < n:
            snapshots += 1
    snapshots = _v.integer_given(snapshots, "checkpointed_loop", "snapshots")
    if snapshots < 1:
        raise ValueError(f"checkpointed_loop(): snapshots is at least 1, the first state, not {snapshots}")
    if not callable(step):
        raise TypeError(f"checkpointed_loop(): step is a function of a state, not {type(step).__name__}")
    if not n:
        return state
    loop = _Loop(step, state, n, snapshots, indexed, disk, preserve_rng_state, progress)
    if not is_grad_enabled() or active() or _v.forward_levels():
        return loop.tree.unflatten(loop.recorded(loop.first))
    found = loop.forward()
    places = [place for place, leaf in enumerate(found) if isinstance(leaf, _Base) and leaf.requires_grad]
    if not places:
        return loop.tree.unflatten(found)
    given = [leaf for leaf in loop.first if isinstance(leaf, _Base) and leaf.requires_grad]
    results = loop.state_after(found)
    applied: Any = CheckpointedLoop.apply(loop, places, found, *given, *loop.closed)
    for place, result in zip(places, applied, strict=True):
        results[place] = result
    return loop.tree.unflatten(results)
