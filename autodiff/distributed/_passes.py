"""Gradients of sums over shards, and functions of many points, on Dask's workers."""
from __future__ import annotations

import contextlib
import contextvars
import importlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .. import _variable as _v
from .._pytree import flatten, map_leaves
from .._transforms import ValueAndGrad
from ._blocks import Blocks
from ._clients import ask_seats, client_of, dask_distributed, waiting
from ._shards import Item, Shards, alone, items_of, packed, spread_over
from ._sums import joined
from ._workers import (
    KEPT,
    Failed,
    Opaque,
    Shipped,
    add_results,
    call_on_points,
    handed,
    one_shard,
    points_of_shard,
    rebuilt,
)

__all__ = ["SumOfShards", "map", "scatter", "value_and_grad"]

_Base: Any = _v.Tensor.__base__
#: Tasks of map() for each thread: the last one to end keeps the others waiting for a quarter of a share at most.
SHARES = 4
#: Workers that died with a shard in a pass, the last of them with it alone, before it is said to kill them.
DEATHS = 3
#: Seconds that Dask's bar is given to say that all is done.
BAR = 5


@contextlib.contextmanager
def _at(client: Any) -> Iterator[None]:
    """With this client; nothing but what is asked for goes over the wire: not the lines of the caller, for Dask's dashboard."""
    import dask

    with client.as_current(), waiting(), dask.config.set({"distributed.diagnostics.computations.nframes": 0,
                                                          "distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        yield


def scatter(shards: Any, client: Any = None) -> Shards:
    """Shards on the workers of a client, where they stay for any number of calls of value_and_grad() and map().

    shards: a list of trees of arrays, which are sent, neighbours to the same worker; futures of Dask, which stay where they
    are; delayed values, a dask array or a tuple or dict of dask arrays cut alike along axis 0, which are computed and kept on
    the workers; or what blocks() made, which workers open by themselves.  client: see value_and_grad().

    Arrays that were sent are referred to here as well, and sent again if their worker dies.  When the result is let go of, so
    is what the workers hold.  Raises TypeError for other kinds, ValueError for no shards or arrays cut otherwise.
    """
    client = client_of(client)
    items = items_of(shards)
    if not isinstance(items[0], Item):
        import dask

        items = [Item(row[0], [client.compute(leaf) if dask.is_dask_collection(leaf) else client.scatter(leaf)
                               for leaf in row[1:]]) for row in items]
    made = Shards(client, items, shards if isinstance(shards, Blocks) else None)
    with _at(client):
        made.place()
    return made


def _plain_params(params: Any) -> Any:
    """Parameters as they travel.  RuntimeError for those of a graph: its gradients would end here."""
    recording = not (_v.mode("grad_off") or _v.mode("inference"))

    def settled(leaf: Any) -> Any:
        if not isinstance(leaf, _Base):
            return leaf
        if _v.carries_more(leaf):
            raise RuntimeError("distributed.value_and_grad: a parameter has a tangent or stands for a batch, which does not "
                               "travel to workers: transform the function of a shard instead")
        if leaf.requires_grad:
            if recording:
                raise RuntimeError("distributed.value_and_grad: a parameter requires grad, but no graph is recorded across "
                                   "workers: hand p.detach(), or call it under no_grad(); the gradients are in the result")
            return alone(leaf.detach())
        return alone(leaf)

    return map_leaves(settled, params)


class SumOfShards:
    """What distributed.value_and_grad() makes.

    `function` is what it was made of.
    """

    def __init__(self, function: Callable[..., Any], has_aux: bool, progress: bool) -> None:
        self.function, self.has_aux, self.progress = function, has_aux, progress
        self._of_shard = ValueAndGrad(function, argnums=0, has_aux=has_aux)
        self._shards: Shards | None = None      # of the last list

    def __repr__(self) -> str:
        return f"distributed.value_and_grad({getattr(self.function, '__name__', None) or repr(self.function)})"

    def __getstate__(self) -> Any:
        return self.function, self.has_aux, self.progress

    def __setstate__(self, state: Any) -> None:
        self.__init__(*state)       # type: ignore[misc]

    def __call__(self, params: Any, shards: Any, client: Any = None) -> Any:
        """(sum of the values, gradient as params): see value_and_grad()."""
        leaves, tree = flatten(params)
        if not leaves:
            raise ValueError("distributed.value_and_grad: there are no parameters to differentiate in")
        params = _plain_params(params)
        token, blob = packed(self._of_shard)
        if isinstance(shards, Shards):
            if client is not None and client is not shards.client:
                raise ValueError("client: the shards are with another client")
            client = client_of(shards.client)
        else:
            client = client_of(client)
        with _at(client):
            placed = self._placed(shards, client)
            count = len(placed)
            if isinstance(placed, Shards):
                with placed.lock:
                    sums, aux = self._of_placed(placed, token, blob, params)
            else:
                sums, aux = _by_tasks(client, placed, token, blob, params, self.progress)
        value, gradient = sums[0], tree.unflatten(sums[1:])
        return ((value, [aux[i] for i in range(count)]), gradient) if self.has_aux else (value, gradient)

    def _of_placed(self, shards: Shards, token: str, blob: bytes, params: Any) -> Any:
        if self.progress:
            try:
                return _by_tasks(shards.client, shards.rows(), token, blob, params, True)
            except dask_distributed().client.CancelledError:    # with what a worker had that died: the rest without a bar
                shards.restore()
        return _pass(shards, token, blob, params)

    def _placed(self, shards: Any, client: Any) -> Any:
        if isinstance(shards, Shards):
            return shards
        items = items_of(shards)
        if not isinstance(items[0], Item):
            return items
        given = shards if isinstance(shards, Blocks) else None
        kept = self._shards
        if (kept is None or kept.client is not client or kept._blocks != given
                or [item.mark for item in kept.items] != [item.mark for item in items]):
            self._shards = None     # what is there goes before others come
            kept = self._shards = Shards(client, items, given)
            kept.place()
        elif given is None:
            for old, new in zip(kept.items, items, strict=True):
                old.here = new.here
        return kept


def value_and_grad(f: Callable[..., Any], has_aux: bool = False, *, progress: bool = False) -> SumOfShards:
    """A function (params, shards, client=None) that returns the sum over shards of f(params, shard), and its gradient.

    f returns a number for a tree of parameters and one shard; the gradient is of the kind and the structure of params, as that
    of autodiff.value_and_grad.  With has_aux f returns (number, anything), and the result is ((value, list of anything in the
    order of shards), gradient).  With progress Dask's bar is shown.

    shards: what scatter() made; or anything that it takes.  Of a list, what is sent stays on the workers as long as this
    function or until it is given another one: each call hashes the list's arrays to see whether it is the same, which scatter()
    saves.  Dask arrays and delayed values are computed where Dask has them computed, each time, block by block, and not kept.
    client: a dask.distributed.Client; None is that of the context, else one with a process for each core of this machine,
    started with the first call and closed with the program.

    A pass sends the parameters to each worker, and brings back a sum of gradients of each; a function is sent once, and is
    recorded once where it is compiled.  Sums are added as pairwise_sum() does, so that any number of workers gives the same
    bits.  A worker that dies is replaced by others.  An error of f is raised as it is, with a note that names the shard, and
    stops the pass; RuntimeError names a shard whose workers die again and again, or a future that is lost.  TypeError for
    what are no shards, ImportError without Dask, RuntimeError for parameters that are part of a graph.

    >>> import numpy as np
    >>> from autodiff import distributed
    >>> def loss(w, shard):
    ...     return np.sum((shard - w) ** 2)
    >>> gradient = distributed.value_and_grad(loss)
    >>> from dask.distributed import Client
    >>> with Client(processes=False, dashboard_address=":0", set_as_default=False) as client:
    ...     shards = distributed.scatter([np.array([1.0, 2.0]), np.array([3.0])], client)
    ...     gradient(1.0, shards)
    (5.0, -6.0)
    """
    if not callable(f):
        raise TypeError(f"value_and_grad() makes a function of a function, but got {type(f).__name__}")
    return SumOfShards(f, bool(has_aux), bool(progress))


def _pass(shards: Shards, token: str, blob: bytes, params: Any) -> tuple[list[Any], dict[int, Any]]:
    """The sums of all shards, whatever becomes of the workers."""
    count, found, aux = len(shards), {}, {}
    missing = set(range(count))
    shards.deaths = [0] * count
    shards.level()
    while missing:
        suspects = [i for i in sorted(missing) if shards.deaths[i] >= 2]
        if suspects:
            # More than one worker died with these: one after the other, so that it is known which one kills.
            for seat in [seat for seat in shards.seats if not missing.isdisjoint(seat.places)]:
                shards.drop(seat)
            shards.place(suspects[0])
        else:
            shards.place()
        seats = [seat for seat in shards.seats if not missing.isdisjoint(seat.places)]
        for seat, answer in ask_seats(shards.client, seats, shards.number(), token, blob, params):
            if answer is None:
                shards.drop(seat)
                for i in seat.places:
                    shards.deaths[i] += 1
                    if len(seat.places) == 1 and shards.deaths[i] >= DEATHS:
                        raise RuntimeError(f"{shards.words(i)}: {shards.deaths[i]} workers died with it, one after the other "
                                           "(killed for their memory, or by what the function calls?)")
            elif answer[0] == "failed":
                failed = answer[1]
                words = shards.words(failed.place) if failed.place >= 0 else "autodiff.distributed: on a worker"
                raise rebuilt(failed, words)
            elif answer[0] == "sums":
                found.update(answer[1])
                aux.update(answer[2])
                missing.difference_update(seat.places)
    return joined(found, count)[0, count], aux


# ---- by tasks of the scheduler: what is still to be computed, what shows its progress, points

def _bar(futures: Any) -> threading.Thread | None:
    """Dask's bar, shown: in a thread, for it waits forever for tasks that were lost with the data of a worker that died."""
    from distributed.utils import is_kernel

    progress = dask_distributed().progress
    if is_kernel():                     # a widget, which shows itself when it is displayed
        importlib.import_module("IPython.display").display(progress(futures))
        return None
    shown = threading.Thread(target=contextvars.copy_context().run, args=(progress, futures), name="autodiff-bar", daemon=True)
    shown.start()
    return shown


def _gathered(client: Any, futures: Any, progress: bool, what: str, count: int, keys: dict[Any, str]) -> Any:
    """Results of futures; if one fails, or the program is interrupted, all are cancelled.  keys: what tasks are, in words."""
    from distributed.scheduler import KilledWorker

    try:
        bar = _bar(futures) if progress else None
        found = client.gather(futures)
        if bar is not None:
            bar.join(BAR)
        return found
    except Failed as failed:
        client.cancel(futures)
        error: BaseException = rebuilt(failed, _in(what, failed.place, count))
    except KilledWorker as killed:
        client.cancel(futures)
        where = keys.get(killed.task, "autodiff.distributed")
        error = RuntimeError(f"{where}: several workers died with it, one after the other (killed for their memory, or by what "
                             "the function calls?)")
        error.__cause__ = killed
    except BaseException:
        client.cancel(futures)
        raise
    raise error


_sending = threading.Lock()


def _sent(client: Any, token: str, blob: bytes) -> Any:
    """The task of a function, by its content: from here it is sent once, and kept among the workers for further calls."""
    with _sending:
        # With the client, so that it goes where the client goes: its futures refer to it.
        kept: OrderedDict[str, Any] = client.__dict__.setdefault("_autodiff_functions", OrderedDict())
        future = kept.pop(token, None)
        if future is None or future.status not in ("pending", "finished"):      # the cluster was started anew
            future = client.submit(Shipped, token, blob, key=f"autodiff-function-{token}", pure=False)
        kept[token] = future
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return future


def _in(what: str, place: int, count: int) -> str:
    return f"autodiff.distributed: in {what} {place} of {count}"


def _tree(leaves: list[Any], first: int, end: int, plus: Any, name: str) -> Any:
    """The sum of some tasks, in the order of pairwise_sum()."""
    if end - first == 1:
        return leaves[first]
    middle = (first + end) // 2
    return plus(_tree(leaves, first, middle, plus, name), _tree(leaves, middle, end, plus, name),
                dask_key_name=f"autodiff-sum-{name}-{first}-{end}")


def _by_tasks(client: Any, rows: list[list[Any]], token: str, blob: bytes, params: Any,
              progress: bool) -> tuple[list[Any], Any]:
    """One task for each shard, and one for each sum of two."""
    from dask import delayed

    name, count = uuid.uuid4().hex, len(rows)
    function = _sent(client, token, blob)
    given = client.submit(handed, Opaque(params), key=f"autodiff-parameters-{name}", pure=False)
    task, plus = delayed(one_shard, pure=False), delayed(add_results, pure=False)
    keys = {f"autodiff-shard-{name}-{i}": _in("shard", i, count) for i in range(count)}

    leaves = [task(function, given, i, *row, dask_key_name=key) for (i, row), key in zip(enumerate(rows), keys)]
    future = client.compute(_tree(leaves, 0, count, plus, name))
    return _gathered(client, future, progress, "shard", count, keys)


def map(f: Callable[..., Any], points: Any, *more: Any, client: Any = None, progress: bool = False) -> list[Any]:
    """[f(point) for point in points] on the workers, in order; f(a, b, ...) with further sequences of points, as Python's map.

    f: any function, as autodiff.value_and_grad(price, argnums=(0, 1)) or a vmap.  points: a sequence, the rows of an array;
    the workers get runs of them.  Shards of scatter() and blocks(), dask arrays, futures and delayed values are points as well,
    each computed where it is.  Results come back as what they are.  client, progress: see value_and_grad().

    An error of f is raised as it is, with a note that names the point, and stops the others.  Raises ValueError for sequences
    of different lengths, TypeError for what is none, ImportError without Dask.

    >>> import autodiff
    >>> from autodiff import distributed
    >>> from dask.distributed import Client
    >>> with Client(processes=False, dashboard_address=":0", set_as_default=False) as client:
    ...     distributed.map(autodiff.value_and_grad(lambda x, y: x * y ** 2), [1.0, 2.0], [3.0, 4.0], client=client)
    [(9.0, 9.0), (32.0, 16.0)]
    """
    if not callable(f):
        raise TypeError(f"map(): expected a function, but got {type(f).__name__}")
    client = client_of(points.client if isinstance(points, Shards) and client is None else client)
    token, blob = packed(f)
    name = uuid.uuid4().hex
    rows = [] if more else _rows(points, client)
    with _at(client):
        function = _sent(client, token, blob)
        if rows:
            for _ in range(DEATHS):
                try:
                    return _of_rows(client, function, rows, progress)
                except dask_distributed().client.CancelledError:
                    if not isinstance(points, Shards):
                        raise
                    points.restore()
                    rows = points.rows()
            return _of_rows(client, function, rows, progress)
        columns = [_column(values) for values in (points, *more)]
        count = len(columns[0])
        if any(len(column) != count for column in columns):
            raise ValueError("map(): the arguments have different numbers of points: "
                             + ", ".join(str(len(column)) for column in columns))
        if not count:
            return []
        threads = sum(client.nthreads().values()) or 1
        runs = spread_over(count, [1] * min(count, SHARES * threads))
        keys = {f"autodiff-points-{name}-{first}": f"autodiff.distributed: in points {first} to {end - 1} of {count}"
                for first, end in runs}
        parts = [Opaque((first, [_run(column, first, end) for column in columns])) for first, end in runs]
        futures = client.map(call_on_points, parts, shipped=function, pure=False, key=list(keys))
        found = _gathered(client, futures, progress, "point", count, keys)
    return [result for part in found for result in part]


def _of_rows(client: Any, function: Any, rows: list[list[Any]], progress: bool) -> list[Any]:
    """A function of each shard, one task for each."""
    from dask import delayed

    name, task, count = uuid.uuid4().hex, delayed(points_of_shard, pure=False), len(rows)
    keys = {f"autodiff-point-{name}-{i}": _in("point", i, count) for i in range(count)}
    made = [task(function, i, *row, dask_key_name=key) for (i, row), key in zip(enumerate(rows), keys)]
    found: list[Any] = _gathered(client, client.compute(made), progress, "point", count, keys)
    return found


def _run(column: Any, first: int, end: int) -> Any:
    """Some points of a column, without what else there is in memory."""
    if not isinstance(column, (list, tuple)):
        return alone(column[first:end])
    return [point if type(point) in (float, int) else map_leaves(alone, point) for point in column[first:end]]


def _column(values: Any) -> Any:
    """Points that can be cut into runs."""
    if isinstance(values, np.ndarray) and values.ndim:
        return values
    if isinstance(values, _Base) and values.ndim and not values.requires_grad:
        return values
    if isinstance(values, (str, bytes, dict)) or not isinstance(values, Iterable):
        raise TypeError(f"map(): expected a sequence of points, but got {type(values).__name__}")
    return values if isinstance(values, (list, tuple, range)) else list(values)


def _rows(points: Any, client: Any) -> list[list[Any]]:
    """Points that are shards of some kind, each as what a task takes; none for other points."""
    if isinstance(points, Shards):
        if client is not points.client:
            raise ValueError("client: the shards are with another client")
        return points.rows()
    if not isinstance(points, Blocks):
        import dask

        parts = points if isinstance(points, (list, tuple)) else [points]
        if not any(isinstance(part, dask_distributed().Future) or dask.is_dask_collection(part) for part in parts):
            return []
    return [[item.whole, *item.futures] if isinstance(item, Item) else item for item in items_of(points)]
