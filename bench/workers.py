"""Sums over shards on workers of Dask, one thread each, beside a plain loop in this process; what they send each other."""

from __future__ import annotations

import atexit
from functools import cache

import numpy as np

import autodiff

from .harness import Figure, Work, case, faster, most

ROWS, COLUMNS, SHARDS = 200_000, 50, 40


def loss(weights, shard):
    features, labels = shard
    scores = features @ weights
    return np.sum(np.logaddexp(0.0, scores) - labels * scores)


def nothing(params, shard):
    """A function without work, whose gradient is as large as its parameters."""
    return params[0] * 0.0


@cache
def client(workers: int):
    from dask.distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")
    found = Client(cluster, set_as_default=False)
    atexit.register(cluster.close)
    atexit.register(found.close)  # first
    return found


@cache
def regression(rows: int):
    random = np.random.default_rng(0)
    features = random.standard_normal((rows, COLUMNS))
    labels = (random.random(rows) < 0.5).astype(float)
    return list(zip(np.array_split(features, SHARDS), np.array_split(labels, SHARDS), strict=True))


def scattered(rows: int, workers: int):
    shards = autodiff.distributed.scatter(regression(rows), client(workers))
    gradient = autodiff.distributed.value_and_grad(loss)
    weights = np.linspace(-0.3, 0.3, COLUMNS)
    return Work(lambda: gradient(weights, shards)[1])


def loop(rows: int):
    shards, gradient = regression(rows), autodiff.value_and_grad(loss)
    weights = np.linspace(-0.3, 0.3, COLUMNS)
    return Work(lambda: autodiff.distributed.pairwise_sum([gradient(weights, shard) for shard in shards])[1])


def regressions(rows):
    return {
        "autodiff": lambda _: scattered(rows, 2),
        "autodiff_one_worker": lambda _: scattered(rows, 1),
        "loop": lambda _: loop(rows),
    }


@case(
    "workers_regression",
    "value and gradient of a logistic regression, 200,000 rows, 50 columns, 40 shards: on two workers of one thread, on one"
    " (autodiff_one_worker), in a plain loop",
    [faster("loop", 1.7)],
)
def workers_regression(quick):
    return regressions(4_000 if quick else ROWS)


@case(
    "workers_regression_large",
    "the same of 2,000,000 rows",
    [faster("loop", 1.7)],
    small=False,
)
def workers_regression_large(quick):
    return regressions(10 * ROWS)


@case("workers_overhead", "a pass over 40 shards that compute nothing, for each of its two workers", [most(5e-3)])
def workers_overhead(quick):
    def build(_):
        shards = autodiff.distributed.scatter([float(k) for k in range(SHARDS)], client(2))
        gradient = autodiff.distributed.value_and_grad(nothing)
        weights = np.zeros(COLUMNS)
        return Work(lambda: gradient(weights, shards)[1], per=2)

    return {"autodiff": build}


def count_frames(dask_worker):
    """From now on this worker counts the bytes of its messages."""
    from distributed.comm import tcp
    from distributed.utils import nbytes

    if hasattr(tcp, "counted"):
        return
    tcp.counted = {"in": 0, "out": 0}
    reading, writing = tcp.from_frames, tcp.to_frames

    async def from_frames(frames, *args, **kwargs):
        tcp.counted["in"] += sum(map(nbytes, frames))
        return await reading(frames, *args, **kwargs)

    async def to_frames(*args, **kwargs):
        frames = await writing(*args, **kwargs)
        tcp.counted["out"] += sum(map(nbytes, frames))
        return frames

    tcp.from_frames, tcp.to_frames = from_frames, to_frames


def counted(dask_worker):
    from distributed.comm import tcp

    return tcp.counted["in"] + tcp.counted["out"]


def beyond(size: int, passes: int) -> Figure:
    """Bytes that a worker gets and sends in a pass, without the parameters and one gradient."""
    workers = client(2)
    shards = autodiff.distributed.scatter([float(k) for k in range(SHARDS)], workers)
    gradient = autodiff.distributed.value_and_grad(nothing)
    weights = np.zeros(size)
    gradient(weights, shards)
    workers.run(count_frames)

    def take() -> float:
        before = workers.run(counted)
        for _ in range(passes):
            gradient(weights, shards)
        after = workers.run(counted)
        sent = max(after[worker] - before[worker] for worker in after) / passes
        return sent - 2 * weights.nbytes

    return Figure(take)


for size in (50, 100_000):

    @case(
        f"workers_bytes_{size}",
        f"bytes that a worker gets and sends in a pass, beyond {size:,} parameters and their gradient: heads of messages",
        [most(2**12)],
        unit="B",
    )
    def workers_bytes(quick, size=size):
        return {"autodiff": lambda _: beyond(size, 20 if quick else 200)}
