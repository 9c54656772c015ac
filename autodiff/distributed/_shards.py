"""Shards on workers: what they were given as, where they are, and what becomes of them when a worker dies."""
from __future__ import annotations

import contextlib
import hashlib
import itertools
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from .. import _variable as _v
from .._pytree import Treedef, flatten, map_leaves
from ._blocks import Blocks
from ._clients import dask_distributed
from ._workers import Carried, Seat, Whole, dumps

__all__ = ["Item", "Placed", "Shards", "alone", "items_of", "packed", "spread_over"]


#: Seconds in which workers are to come where there are none.
NO_WORKERS = 60


class Placed:
    """A seat, as the client knows it."""

    __slots__ = ("address", "future", "known", "near", "places")

    def __init__(self, places: list[int], future: Any) -> None:
        self.places, self.future = places, future
        self.address, self.near = "", None
        self.known: set[str] = set()


class Item:
    """A shard: futures and what they make up; what is kept here of one that was sent; or a block of a file."""

    __slots__ = ("content", "futures", "here", "mark", "sent", "whole")

    def __init__(self, whole: Whole, futures: list[Any], here: Any = None, content: str | None = None) -> None:
        self.whole, self.futures, self.here, self.content, self.sent = whole, futures, here, content, False
        #: Equal for shards that are the same: their content, or the keys of their futures.
        self.mark: Any = content if content is not None else (*(future.key for future in futures), whole.tree)


_Base: Any = _v.Tensor.__base__


def alone(leaf: Any) -> Any:
    """A Variable that looks at memory of others as one with its own: pickled, a view brings all the memory along."""
    if not isinstance(leaf, _Base) or _v.carries_more(leaf) or leaf.requires_grad:
        return leaf
    whole = leaf._base is None and not leaf.storage_offset() and leaf.is_contiguous()
    return leaf if whole else leaf.detach().clone()


def _content(tree: Any) -> str:
    """A hash of everything in a tree."""
    buffers: list[Any] = []
    made = dumps(map_leaves(alone, tree), protocol=5, buffer_callback=buffers.append)
    found = hashlib.blake2b(made, digest_size=16)
    for buffer in buffers:
        found.update(buffer.raw())
    return found.hexdigest()


def _lazy(value: Any) -> bool:
    return hasattr(type(value), "__dask_graph__")


def _pieces(value: Any) -> list[Any] | None:
    """The parts of a Dask collection along its first axis, not computed; None for what is none."""
    if not _lazy(value) or not hasattr(value, "to_delayed"):
        return None
    if hasattr(value, "chunks"):
        if not value.chunks:
            raise ValueError("shards: a dask array without dimensions has no blocks along axis 0")
        if any(len(sizes) > 1 for sizes in value.chunks[1:]):
            raise ValueError("shards: a dask array is cut along axis 0 alone, but this one has chunks along others too: "
                             "x.rechunk({1: -1}) joins those of axis 1")
        return value.to_delayed().ravel().tolist()
    return list(value.to_delayed())


def _collections(tree: Any) -> tuple[list[list[Any]], Treedef] | None:
    """A Dask collection, or a tuple or dict of such: the parts of each."""
    if isinstance(tree, list) or not (_lazy(tree) or isinstance(tree, (tuple, dict))):
        return None
    leaves, treedef = flatten(tree)
    parts = [_pieces(leaf) for leaf in leaves]
    if all(part is None for part in parts):
        return None
    if None in parts:       # else the tuple would be a list of shards, each array whole
        other = type(leaves[parts.index(None)]).__name__
        raise TypeError(f"shards: a {type(tree).__name__} of dask arrays is cut into blocks, but there is a value of type "
                        f"{other} among them: da.from_array(x, chunks=...) makes a dask array of an array, cut as the others; "
                        "a list is one of shards")
    chunks = [leaf.chunks[0] for leaf in leaves if hasattr(leaf, "chunks")]
    if len({len(part) for part in parts if part is not None}) > 1 or any(sizes != chunks[0] for sizes in chunks):
        raise ValueError("shards: the arrays are not cut into the same chunks along axis 0: rechunk one as the other")
    return [part for part in parts if part is not None], treedef


def items_of(shards: Any) -> list[Item] | list[list[Any]]:
    """Shards as they were given: as items, or, where some are still to be computed, as [Whole, leaf, ...] each."""
    found = _collections(shards)
    if found is not None:
        parts, tree = found
        return [[Whole(tree), *leaves] for leaves in zip(*parts, strict=True)]
    if isinstance(shards, Blocks):
        return [Item(Whole(None, shards, i), [], content=f"{i}") for i in range(len(shards))]
    if isinstance(shards, (str, bytes, dict)) or not isinstance(shards, Iterable) or hasattr(shards, "__array__"):
        raise TypeError("shards: expected a list of them (arrays, trees of arrays, futures, delayed values), a dask array "
                        "or a tuple or dict of such, or what scatter() or blocks() made, but got "
                        f"{type(shards).__name__}; np.array_split(x, 40) cuts an array")
    Future = dask_distributed().Future
    given = list(shards)
    if not given:
        raise ValueError("shards: there are none")
    flat = [flatten(shard) for shard in given]
    if any(_lazy(leaf) and not isinstance(leaf, Future) for leaves, _ in flat for leaf in leaves):
        return [[Whole(tree), *leaves] for leaves, tree in flat]
    items: list[Item] = []
    for shard, (leaves, tree) in zip(given, flat, strict=True):
        if not any(isinstance(leaf, Future) for leaf in leaves):
            try:
                content = _content(shard)
            except Exception as error:
                error.add_note(f"autodiff.distributed: shard {len(items)} of {len(given)} cannot be sent to workers")
                raise
            items.append(Item(Whole(None), [], shard, content))
        elif all(isinstance(leaf, Future) for leaf in leaves):
            items.append(Item(Whole(tree), leaves))
        else:
            raise TypeError("shards: a shard is made of futures or of values, not of both; client.scatter() makes a future "
                            "of a value")
    return items


def spread_over(count: int, weights: Sequence[int]) -> list[tuple[int, int]]:
    """count things in runs as long as the weights say: (first, end) of each."""
    total = sum(weights)
    ends = [round(count * part / total) for part in itertools.accumulate(weights)]
    return list(zip([0, *ends], ends))


class Shards:
    """What scatter() makes: shards that stay on the workers of a client while this is alive.

    `client` is Dask's client, len() the number of shards.
    """

    def __init__(self, client: Any, items: list[Item], given: Blocks | None) -> None:
        self.client, self.items, self._blocks = client, items, given
        self.seats: list[Placed] = []
        self.lock = threading.Lock()        # one pass at a time
        self.deaths = [0] * len(items)      # workers that died with a shard in the pass that is going on
        self._uneven: float | None = None   # when shards were moved because their worker had died
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<{len(self)} shards on {len({seat.address for seat in self.seats})} workers>"

    def number(self) -> int:
        """The number of a pass: later ones have larger ones."""
        return next(self._numbers)

    def words(self, place: int) -> str:
        """What an error says of where it was."""
        return f"autodiff.distributed: in shard {place} of {len(self)}"

    def _weights(self) -> dict[str, int]:
        ask = self.client.scheduler.ncores_running      # not of those that Dask has paused for their memory
        found: dict[str, int] = self.client.sync(ask)
        if not found:
            # Dask's nannies start a worker anew that died, but for one that dies while it is being started.
            with contextlib.suppress(TimeoutError):
                self.client.wait_for_workers(1, timeout=NO_WORKERS)
            found = self.client.sync(ask)
        if not found:
            dead = [i for i, count in enumerate(self.deaths) if count]
            last = f", the last of which died with shards {dead[0]} to {dead[-1]} of {len(self)}" if dead else ""
            raise RuntimeError(f"autodiff.distributed: there are no workers{last}; waited for {NO_WORKERS} s")
        return dict(sorted(found.items()))

    def _send(self, places: list[int]) -> None:
        """Values to workers, neighbours to the same one."""
        weights = self._weights()
        for address, (first, end) in zip(weights, spread_over(len(places), list(weights.values())), strict=True):
            run = [self.items[i] for i in places[first:end]]
            if not run:
                continue
            for place, item in zip(places[first:end], run, strict=True):
                if item.sent and _content(item.here) != item.content:
                    raise RuntimeError(f"{self.words(place)}: its worker died, and its arrays here have been written to since "
                                       "they were sent: scatter copies of what is written to")
            try:
                futures = self.client.scatter([Carried(map_leaves(alone, item.here)) for item in run], workers=[address],
                                              hash=False)
            except (OSError, KeyError):         # it died: place() looks again
                continue
            for item, future in zip(run, futures, strict=True):
                item.futures, item.sent = [future], True

    def _held(self, futures: list[Any]) -> dict[str, Sequence[str]]:
        """The workers that have what futures stand for; the client's own question refuses those that are lost."""
        found: dict[str, Sequence[str]] = self.client.sync(self.client.scheduler.who_has, keys=[f.key for f in futures])
        return found

    def _where(self, places: list[int]) -> dict[str, list[int]]:
        """Shards by the worker that has them."""
        futures = [future for i in places for future in self.items[i].futures]
        distributed = dask_distributed()
        with contextlib.suppress(distributed.client.CancelledError):        # said below, shard by shard
            distributed.wait(futures)
        held = self._held(futures)
        found: dict[str, list[int]] = {}
        for i in places:
            item = self.items[i]
            for future in item.futures:
                if future.status == "error":
                    error = future.exception()
                    error.add_note(self.words(i))
                    raise error
                if future.status in ("cancelled", "lost") and item.content is None:
                    raise RuntimeError(f"{self.words(i)}: it is lost ({future.status}): its worker died, or it was cancelled, "
                                       "and Dask cannot compute it again; what scatter() of autodiff.distributed sent is sent "
                                       "again")
            if not item.futures:
                continue
            owners = [set(held.get(future.key, ())) for future in item.futures]
            best = set.intersection(*owners) or set.union(*owners)
            if best:
                found.setdefault(min(best, key=lambda address: (len(found.get(address, ())), address)), []).append(i)
        return found

    def place(self, alone: int | None = None) -> None:
        """A seat for every shard that has none; for one shard alone, if that is asked."""
        if alone is None:
            seated = {i for seat in self.seats for i in seat.places}
            places = [i for i in range(len(self)) if i not in seated]
        else:
            places = [alone]
        distributed = dask_distributed()
        tried = 0
        while places:
            time.sleep(min(0.1 * tried, 1.0))       # again: a worker died meanwhile, and is still on the scheduler's list
            tried += 1
            weights = self._weights()
            if self._blocks is not None:
                runs = [places[a:b] for a, b in spread_over(len(places), list(weights.values()))]
                at = {address: run for address, run in zip(weights, runs, strict=True) if run}
            else:
                lost = [i for i in places if self.items[i].content is not None
                        and (not self.items[i].futures or self.items[i].futures[0].status != "finished")]
                if lost:
                    self._send(lost)
                at = self._where(places)
            made = []
            for address, run in at.items():
                shards: Any = self._blocks
                if shards is None:
                    shards = [[self.items[i].whole, *self.items[i].futures] for i in run]
                made.append(Placed(run, self.client.submit(
                    Seat, run, len(self), weights.get(address, 1), shards, actor=True, pure=False, workers=[address],
                    allow_other_workers=True, key=f"autodiff-shards-{uuid.uuid4().hex}")))
            with contextlib.suppress(distributed.client.CancelledError):        # of a worker that died meanwhile: once more
                distributed.wait([seat.future for seat in made])
            held = self._held([seat.future for seat in made])
            for seat in made:
                if seat.future.status == "error":
                    raise seat.future.exception()
                owners = held.get(seat.future.key, ())
                if owners:
                    seat.address = owners[0]
                    self.seats.append(seat)
                    places = [i for i in places if i not in set(seat.places)]

    def drop(self, seat: Placed) -> None:
        """A seat whose worker is gone, or that is not wanted any more."""
        self.seats.remove(seat)
        self._uneven = time.monotonic()

    def rows(self) -> list[list[Any]]:
        """Each as what a task takes."""
        return [[item.whole, *item.futures] for item in self.items]

    def restore(self) -> None:
        """What was lost with its worker is sent again."""
        for seat in [seat for seat in self.seats if seat.future.status != "finished"]:
            self.drop(seat)
        self.place()

    def level(self) -> None:
        """Where workers died and others came, shards that this knows to make again go to all alike; looked at once a second."""
        if self._uneven is None or time.monotonic() < self._uneven + 1 or any(item.content is None for item in self.items):
            return
        self._uneven = time.monotonic()
        weights = self._weights()
        if not set(weights) <= {seat.address for seat in self.seats} or len(self.seats) > len(weights):
            self.seats.clear()
            for item in self.items:
                item.futures = []
            self.place()
            self._uneven = None


def packed(function: Any) -> tuple[str, bytes]:
    """(its name by its content, the bytes) of a function."""
    try:
        blob = dumps(function)
    except Exception as error:
        error.add_note(f"autodiff.distributed: {function!r} cannot be sent to workers")
        raise
    return hashlib.blake2b(blob, digest_size=16).hexdigest(), blob
