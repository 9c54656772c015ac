"""Measurements that need a fresh process: `python -m bench.child PROGRAM PEER SIZE THREADS`. Answers in JSON lines."""

from __future__ import annotations

import gc
import json
import math
import os
import subprocess
import sys
import threading
import time

from . import limit_threads
from .harness import load


def say(**message):
    print(json.dumps(message), flush=True)


def resident() -> int:
    """Bytes of this process in physical memory."""
    try:
        with open("/proc/self/statm", encoding="ascii") as line:
            return int(line.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:  # not Linux
        return 1024 * int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(os.getpid())]))


def watch_peak() -> tuple[int, bool]:
    """Bytes in physical memory now, from where a peak is counted; and whether the peak could be set back to it."""
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # VmHWM := VmRSS
    except OSError:  # not Linux: what the import needed for a moment counts too, for every peer alike
        return resident(), False
    return resident(), True


def peak(reset: bool) -> int:
    """The most that was resident since `watch_peak`."""
    if reset:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def leaf(peer, lib, value):
    return lib.Value(value) if peer == "micrograd" else lib.tensor(value, requires_grad=True)


def extend(y, n):
    for _ in range(n):
        y = y * 1.000001
    return y


def per_node(peer, size, threads):
    lib = load(peer, threads)
    x = leaf(peer, lib, 0.5)
    y = extend(x, 1000)  # what the first nodes allocate once and for all is not theirs
    if peer == "autodiff":
        y.backward()
        slope = float(x.grad)
        if not math.isclose(slope, 1.000001**1000, rel_tol=1e-9):
            raise ArithmeticError(f"gradient {slope}")
    del y
    gc.collect()
    before = resident()
    y = extend(x, size)
    gc.collect()
    return {"value": (resident() - before) / size, "detail": {"nodes": size}}, y


def above(run, detail):
    """The peak while `run()` computes, above what was resident before."""
    before, reset = watch_peak()
    gradient = run()
    answer = {"value": peak(reset) - before, "detail": detail | {"after_import": before}}
    return answer | ({} if gradient is None else {"gradient": gradient}), None


def peak_mlp(peer, size, threads):
    from .training import LARGE, tensor_step

    lib = load(peer, threads)

    def run():
        step, _ = tensor_step(lib, LARGE)
        return [step().item() for _ in range(size)]  # the losses, by which the peers are compared

    return above(run, {"steps": size})


def peak_intermediates(peer, size, threads):
    from .arrays import chain_peers, logistic

    lib = load(peer, threads)
    import numpy as np

    def run():
        gradient = chain_peers(np.linspace(0.1, 0.9, size), logistic)[peer](lib).run()
        return float(gradient.sum())

    return above(run, {"elements": size})


def alone(peer, size, threads):
    from .arrays import chain_peers, logistic

    lib = load(peer, threads)
    import numpy as np

    run = chain_peers(np.linspace(0.1, 0.9, size), logistic)[peer](lib).run
    gradient = float(np.asarray(run()).sum())
    run()
    times = []
    for _ in range(9):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return {"value": min(times), "samples": times, "detail": {"elements": size}, "gradient": gradient}, None


def busy(op, single, peer, size):
    """Mean time of an op forward and backward while a process for all cores but one computes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lib = load(peer, 1 if single else cores)
    x = lib.tensor([0.5] * size, requires_grad=True)
    y = lib.tensor([1.5] * size)
    ones = lib.tensor(1.0 if op == "sum" else [1.0] * size)

    def run():
        x.grad = None
        out = lib.exp(x) if op == "exp" else x * y if op == "mul" else (x * y).sum()
        out.backward(ones)

    run()
    neighbours = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(max(cores - 1, 1))]
    try:
        time.sleep(0.2)
        times = []
        end = time.perf_counter() + (0.1 if size < 100_000 else 2)
        while time.perf_counter() < end or len(times) < 5:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
    return {"value": sum(times) / len(times), "detail": {"elements": size, "runs": len(times)}}, None


def peak_chain(peer, size, threads):
    lib = load(peer, threads)

    def run():
        x = leaf(peer, lib, 0.5)
        extend(x, size).backward()
        return float(x.grad)

    return above(run, {"nodes": size})


def survivors(peer, size, threads):
    """The kept node is the first after the leaf, so that it keeps no other: what it holds beyond itself is the memory
    that its neighbours left and nobody can use."""
    lib = load(peer, threads)
    x = leaf(peer, lib, 0.5)
    warm = extend(x, 1000)
    warm.backward()
    del warm
    gc.collect()
    before = resident()
    kept = []
    for _ in range(size // 1000):
        y = x * 1.000001
        kept.append(y)
        y = extend(y, 999)
    del y
    gc.collect()
    return {"value": (resident() - before) / len(kept), "detail": {"nodes": size, "survivors": len(kept)}}, kept


def training(peer, size, threads):
    from .training import tensor_step

    step, _ = tensor_step(load(peer, threads))
    settled = max(1, size // 100)
    first = step().item()
    sizes = {}
    for n in range(2, size + 1):
        loss = step()
        if n == settled or n % max(1, size // 100) == 0:
            sizes[n] = resident()
            say(progress=n)
    last = loss.item()
    if not last < first:
        raise ArithmeticError(f"training does not reduce the loss: {first} at the first step, {last} at the last")
    detail = {"steps": size, "from_step": settled, "resident": sizes, "first_loss": first, "last_loss": last}
    return {"value": sizes[size] - sizes[settled], "detail": detail}, None


def deep(peer, size, threads):
    """A stack of 512 KB holds a few thousand C frames: any recursion over the nodes would be fatal."""
    answer = {}

    def floats():
        start = time.perf_counter()
        y = extend(0.5, size)
        answer.update(value=time.perf_counter() - start, detail={"nodes": size}, gradient=y / 0.5)

    def tensors():
        x = leaf(peer, lib, 0.5)
        times = [time.perf_counter()]
        y = extend(x, size)
        times.append(time.perf_counter())
        say(progress=size // 2)
        y.backward()
        times.append(time.perf_counter())
        del y
        times.append(time.perf_counter())
        parts = {name: b - a for name, a, b in zip(("build", "walk", "free"), times, times[1:], strict=False)}
        answer.update(value=times[-1] - times[0], detail={"nodes": size, "parts": parts}, gradient=float(x.grad))

    lib = load(peer, threads)
    threading.stack_size(512 * 1024)
    problems = []
    threading.excepthook = problems.append
    thread = threading.Thread(target=floats if peer == "floats" else tensors)
    thread.start()
    thread.join()
    if problems:
        raise problems[0].exc_value
    return answer, None


def main():
    program, peer, size, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    limit_threads(threads)
    programs = per_node, training, deep, peak_mlp, peak_intermediates, alone, peak_chain, survivors
    if program.startswith("busy_"):
        answer, _alive = busy(program.split("_")[1], program.endswith("_single"), peer, size)
    else:
        answer, _alive = {function.__name__: function for function in programs}[program](peer, size, threads)
    say(progress=size)
    say(answer=answer)
    # Leave without releasing the graph: freeing a deep graph is another case, and some peers recurse in it.
    os._exit(0)


if __name__ == "__main__":
    main()
