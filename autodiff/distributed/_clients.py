"""Dask's clients: the one that is meant, a local one where there is none, and calls to workers."""
from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
from collections.abc import Iterator
from typing import Any

__all__ = ["ask_seats", "client_of", "dask_distributed", "waiting"]


def dask_distributed() -> Any:
    """The module dask.distributed.  Raises ImportError, with the command that installs it."""
    try:
        import distributed
    except ImportError as error:
        raise ImportError("autodiff.distributed runs on Dask, which is not installed: pip install autodiff-core[dask]"
                          ) from error
    return distributed


_own: dict[int, Any] = {}
#: The process that asked for a client: any other one is its fork, without the threads of its Dask.
_asked: list[int] = []


def _local() -> Any:
    """A client of processes on this machine, one thread each: made once in a process, closed at its end."""
    distributed = dask_distributed()
    found = _own.get(os.getpid())
    if found is not None and found.status == "running":
        return found
    import multiprocessing

    import dask
    from dask.system import CPU_COUNT

    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError("worker processes are being started by a program that starts them when it is imported: put what the "
                           "program does under  if __name__ == '__main__':")
    # Dask says "one thread" to the libraries beneath NumPy in the environment that workers start with.
    with dask.config.set({"distributed.nanny.pre-spawn-environ.AUTODIFF_NUM_THREADS": "1"}):
        try:
            cluster = distributed.LocalCluster(n_workers=CPU_COUNT, threads_per_worker=1, processes=True,
                                               dashboard_address="127.0.0.1:0")
        except RuntimeError as error:
            error.add_note("autodiff.distributed: no worker process started; their own errors are above. They import the "
                           "program, which is to be a file (not standard input), with what it does under  "
                           "if __name__ == '__main__':")
            raise
    client = _own[os.getpid()] = distributed.Client(cluster, set_as_default=False)
    atexit.register(_close, os.getpid())
    return client


def _close(process: int) -> None:
    client = _own.pop(process, None)
    if client is not None and process == os.getpid():       # a forked child has no threads to close it with
        cluster = client.cluster
        client.close()
        cluster.close()


def _check_fork() -> None:
    """RuntimeError in a child of a fork whose parent used Dask: a thread that such a child waits for is only in the parent."""
    from distributed.worker import thread_state

    here = os.getpid()
    if _asked and _asked[0] != here and getattr(thread_state, "key", None) is None:      # in a task Dask runs here, too
        raise RuntimeError("autodiff.distributed: this process was forked from one that uses Dask, whose threads it does not "
                           "have, so that it would wait forever: start it by 'spawn' or 'forkserver', or fork before the first "
                           "call")
    _asked[:] = [here]


def client_of(client: Any) -> Any:
    """The client that was given, that of the context, or a local one.  TypeError for what is no client that waits."""
    distributed = dask_distributed()
    _check_fork()
    if client is None:
        try:
            client = distributed.get_client()
        except ValueError:
            client = _local()
    if not isinstance(client, distributed.Client):
        raise TypeError(f"client: expected a dask.distributed.Client, but got {type(client).__name__}")
    if client.asynchronous:
        raise TypeError("client: an asynchronous client cannot be waited for in a plain call; make it with "
                        "Client(asynchronous=False), or call this in a thread")
    if client.status != "running":
        raise RuntimeError(f"client: it is {client.status}")
    return client


@contextlib.contextmanager
def waiting() -> Iterator[None]:
    """In a task of a worker the place of the task is free for others while it waits for them."""
    from distributed.worker import thread_state

    if getattr(thread_state, "key", None) is None or getattr(thread_state, "actor", False):
        yield
        return
    distributed = dask_distributed()
    distributed.secede()
    try:
        yield
    finally:
        distributed.rejoin()


# ---- calls of seats

def _near(client: Any, address: str) -> bool:
    """Whether a worker can be asked without the scheduler in between: where this process may not reach it, it cannot."""
    if client.direct_to_workers is not None:
        return bool(client.direct_to_workers)
    from distributed.comm.addressing import get_address_host
    from distributed.utils import get_ip

    try:
        return get_address_host(address) in ("127.0.0.1", "localhost", "::1", get_ip())
    except (ValueError, NotImplementedError, OSError):
        return False


async def _call(client: Any, seat: Any, function: str, *args: Any) -> Any:
    from distributed.protocol import to_serialize

    message = {"actor": seat.future.key, "function": function, "args": [to_serialize(arg) for arg in args],
               "kwargs": {"separate_thread": False} if function == "stop" else {}}
    if seat.near is None:
        seat.near = _near(client, seat.address)
    if seat.near:
        answer = await client.rpc(seat.address).actor_execute(**message)
    else:
        answer = await client.scheduler.proxy(worker=seat.address, msg=message | {"op": "actor_execute"})
    if answer["status"] != "OK":
        raise answer["exception"]
    return answer["result"]


async def _ask_all(client: Any, seats: list[Any], number: int, token: str, blob: bytes, params: Any) -> list[Any]:
    """The answers of the seats, None of one that is lost; after the first failure no others are waited for."""
    async def one(seat: Any) -> Any:
        answer = await _call(client, seat, "run", number, token, None if token in seat.known else blob, params)
        if answer[0] == "unknown":
            answer = await _call(client, seat, "run", number, token, blob, params)
        seat.known.add(token)
        return answer

    tasks = {asyncio.ensure_future(one(seat)): seat for seat in seats}
    answers: dict[Any, Any] = dict.fromkeys(seats)
    pending = set(tasks)
    try:
        while pending:
            done, pending = await asyncio.wait(pending, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                try:
                    answers[tasks[task]] = task.result()
                except (OSError, KeyError):     # no connection; a worker that does not know the seat, a scheduler the worker
                    continue
                if answers[tasks[task]][0] != "sums":
                    return list(answers.items())
            if not done:
                # Connecting to one that is gone is tried again for half a minute.
                alive = await client.scheduler.ncores()
                gone = {task for task in pending if tasks[task].address not in alive}
                for task in gone:
                    task.cancel()
                pending -= gone
    finally:
        for task in pending:
            task.cancel()
        for task in pending:
            with contextlib.suppress(OSError, KeyError):
                await _call(client, tasks[task], "stop", number)
    return list(answers.items())


def ask_seats(client: Any, seats: list[Any], number: int, token: str, blob: bytes, params: Any) -> list[tuple[Any, Any]]:
    """A pass of some seats: each with its answer."""
    return client.sync(_ask_all, client, seats, number, token, blob, params)
