"""What runs on the workers: functions that are kept there by their content, shards in their seats, tasks of the scheduler."""
from __future__ import annotations

import importlib
import pickle
import threading
import time
import traceback
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .._pytree import Treedef, flatten, map_leaves
from ._blocks import Blocks
from ._sums import added, joined, partial_sums

__all__ = ["KEPT", "Carried", "Failed", "Opaque", "Seat", "Shipped", "Whole", "add_results", "call_on_points", "dumps",
           "handed", "one_shard", "points_of_shard", "rebuilt"]

#: Functions that a seat, a worker and a client keep: with each their recordings, if they are compiled.
KEPT = 8
#: From so many bytes on NumPy asks for large pages.
LARGE = 1 << 22


def dumps(value: Any, **options: Any) -> bytes:
    """The bytes of a value, functions of a program included; what Dask depends on is not imported without it."""
    found: bytes = importlib.import_module("cloudpickle").dumps(value, **options)
    return found


class _Loaded:
    """A function in this process.  Recordings of a compiled one live as long as something in the process holds this."""

    __slots__ = ("__weakref__", "function")

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function


_loaded: weakref.WeakValueDictionary[str, _Loaded] = weakref.WeakValueDictionary()
#: The last ones: Dask takes copies of what no task waits for from its workers, every two seconds.
_recent: OrderedDict[str, _Loaded] = OrderedDict()
_lock = threading.Lock()


def _load(token: str, blob: bytes) -> _Loaded:
    """The function of a content, unpickled once in a process."""
    with _lock:
        found = _loaded.get(token)
    if found is None:
        made = _Loaded(pickle.loads(blob))
        with _lock:
            found = _loaded.setdefault(token, made)
    with _lock:
        _recent[token] = found
        _recent.move_to_end(token)
        while len(_recent) > KEPT:
            _recent.popitem(last=False)
    return found


class Shipped:
    """A function on its way to tasks, and at a worker: it travels as the bytes that it came as."""

    def __init__(self, token: str, blob: bytes) -> None:
        self.token, self.blob = token, blob
        self._held: _Loaded | None = None

    def __reduce__(self) -> Any:
        return Shipped, (self.token, self.blob)

    @property
    def function(self) -> Callable[..., Any]:
        if self._held is None:
            self._held = _load(self.token, self.blob)
        return self._held.function


# ---- errors: what was raised, and where

class Failed(Exception):
    """What a function raised for a shard or a point, on its way to the client.

    Tasks raise it where the error that it speaks of is no longer handled: Dask pickles what an error has as its context, which
    for an error that cannot be pickled would leave nothing but words.
    """

    def __init__(self, place: int, packed: bytes | None, text: str) -> None:
        super().__init__(f"{place}: {text.strip().splitlines()[-1]}")
        self.place, self.packed, self.text = place, packed, text

    def __reduce__(self) -> Any:
        return Failed, (self.place, self.packed, self.text)


def failure(place: int, error: BaseException) -> Failed:
    """The error of a place, picklable whatever it is; Dask has tracebacks pickled with errors."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        packed = dumps(error)
        pickle.loads(packed)
    except Exception:       # what pickling a foreign class raises is its own affair: the text goes in its place
        packed = None
    return Failed(place, packed, text)


def rebuilt(failed: Failed, words: str) -> BaseException:
    """The error as it was raised, with a note of where; RuntimeError with its text for one that cannot be pickled."""
    error: BaseException
    try:
        error = RuntimeError(failed.text) if failed.packed is None else pickle.loads(failed.packed)
    except Exception:       # a class that only the worker has
        error = RuntimeError(failed.text)
    error.add_note(words)
    return error


# ---- seats: shards that stay where they are, and are asked for sums

class Seat:
    """The shards of a worker; an actor of Dask's.

    shards: for each place the tree of a shard and its leaves, or the Blocks of which it is one.
    """

    def __init__(self, places: list[int], count: int, threads: int, shards: Any) -> None:
        self._places, self._count = places, count
        self._shards = shards if isinstance(shards, Blocks) else dict(zip(places, shards, strict=True))
        self._functions: OrderedDict[str, _Loaded] = OrderedDict()
        self._stopped = -1
        threads = min(threads, len(places))
        self._runs = [places[len(places) * k // threads:len(places) * (k + 1) // threads] for k in range(threads)]
        self._pool = ThreadPoolExecutor(threads - 1, "autodiff-shards") if threads > 1 else None

    def _shard(self, place: int) -> Any:
        shards = self._shards
        if isinstance(shards, Blocks):
            return shards[place]
        whole, *leaves = shards[place]
        return whole.opened(leaves)

    def stop(self, number: int) -> None:
        """Passes up to this one go on no further than the shard that they are at."""
        self._stopped = max(self._stopped, number)

    def run(self, number: int, token: str, blob: bytes | None, params: Any) -> tuple[Any, ...]:
        """A pass: ("sums", partial sums, what else was returned), or why there are none."""
        loaded = self._functions.get(token)
        if loaded is None:
            if blob is None:
                return ("unknown",)
            try:
                loaded = self._functions[token] = _load(token, blob)
            except BaseException as error:
                return ("failed", failure(-1, error))
            while len(self._functions) > KEPT:
                self._functions.popitem(last=False)
        self._functions.move_to_end(token)
        function = loaded.function
        aux: dict[int, Any] = {}
        at: dict[int, int] = {}

        def value(place: int) -> Any:
            if self._stopped >= number:
                raise _StoppedError
            at[threading.get_ident()] = place
            return _leaves_of(function, params, self._shard(place), place, aux)

        def sums(places: Sequence[int]) -> Any:
            try:
                return partial_sums(places, self._count, value)
            except _StoppedError:
                return ("stopped",)
            except BaseException as error:
                self.stop(number)
                return ("failed", failure(at.get(threading.get_ident(), -1), error))

        others = [self._pool.submit(sums, run) for run in self._runs[1:]] if self._pool is not None else []
        answers = [sums(self._runs[0]), *(other.result() for other in others)]
        for word in ("failed", "stopped"):
            for answer in answers:
                if isinstance(answer, tuple) and answer[0] == word:
                    return answer
        if len(answers) == 1:
            return "sums", answers[0], aux
        return "sums", joined({node: found for answer in answers for node, found in answer.items()}, self._count), aux


class _StoppedError(Exception):
    """The pass was stopped."""


def _leaves_of(function: Callable[..., Any], params: Any, shard: Any, place: int, aux: dict[int, Any]) -> list[Any]:
    """[value, leaves of the gradient] of a shard."""
    value, gradient = function(params, shard)
    if getattr(function, "options", {}).get("has_aux"):
        value, aux[place] = value
    return [value, *flatten(gradient)[0]]


# ---- tasks of the scheduler

class Opaque:
    """A value that Dask does not look into for futures and tasks."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        return Opaque, (self.value,)


class Carried:
    """A shard on its way to a worker, where its arrays begin at an address that their type may have.

    Those that Dask reads from its frames begin anywhere; of 5,000 rows of 50 columns that begin so, the value and gradient of a
    logistic regression take 2.2 ms instead of 0.3, for each product copies them.  Large ones come into memory of NumPy's own as
    well, for which it asks the system for large pages: in small ones the same takes a third longer.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        return arrived, (self.value,)

    def __sizeof__(self) -> int:
        return 64 + sum(getattr(leaf, "nbytes", 0) for leaf in flatten(self.value)[0])


def arrived(value: Any) -> Any:
    """What was carried: the shard itself."""
    return map_leaves(_aligned, value)


def _aligned(leaf: Any) -> Any:
    plain = type(leaf) is np.ndarray
    return leaf.copy(order="K") if plain and (not leaf.flags.aligned or leaf.nbytes >= LARGE) else leaf


class Whole:
    """How a shard is made of what Dask hands over: of leaves, by their tree, or as a block of a file."""

    __slots__ = ("blocks", "place", "tree")

    def __init__(self, tree: Treedef | None, blocks: Blocks | None = None, place: int = 0) -> None:
        self.tree, self.blocks, self.place = tree, blocks, place

    def __reduce__(self) -> Any:
        return Whole, (self.tree, self.blocks, self.place)

    def opened(self, leaves: list[Any]) -> Any:
        """The shard."""
        if self.blocks is not None:
            return self.blocks[self.place]
        if self.tree is None:
            return leaves[0].value if type(leaves[0]) is Carried else leaves[0]     # it did not leave the process
        return self.tree.unflatten(leaves)


class _Watch:
    """Whether the client has cancelled the task that asks, looked up no more often than every twentieth of a second."""

    def __init__(self) -> None:
        from distributed import get_worker
        from distributed.worker import thread_state

        self._tasks, self._key = get_worker().state.tasks, thread_state.key
        self._next = time.monotonic() + 0.05

    def cancelled(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + 0.05
        task = self._tasks.get(self._key)
        return task is None or task.state == "cancelled"


def handed(value: Any) -> Any:
    """The task of a value that others need: sent with it to a worker once, and sent again if it is lost."""
    return value


def one_shard(shipped: Shipped, params: Opaque, place: int, whole: Whole, *leaves: Any) -> tuple[list[Any], dict[int, Any]]:
    """The task of a shard."""
    aux: dict[int, Any] = {}
    try:
        return _leaves_of(shipped.function, params.value, whole.opened(list(leaves)), place, aux), aux
    except BaseException as error:
        failed = failure(place, error)
    raise failed


def add_results(left: Any, right: Any) -> Any:
    """The task of a sum of two."""
    return added(left[0], right[0]), left[1] | right[1]


def call_on_points(points: Opaque, shipped: Shipped) -> list[Any]:
    """The task of a run of points: (the place of the first, for each argument its values)."""
    first, columns = points.value
    watch = _Watch()
    found: list[Any] = []
    try:
        function = shipped.function
        for point in zip(*columns, strict=True):
            if watch.cancelled():
                break
            found.append(function(*point))
        return found
    except BaseException as error:
        failed = failure(first + len(found), error)
    raise failed


def points_of_shard(shipped: Shipped, place: int, whole: Whole, *leaves: Any) -> Any:
    """The task of a point that is a shard."""
    try:
        return shipped.function(whole.opened(list(leaves)))
    except BaseException as error:
        failed = failure(place, error)
    raise failed
