"""What a case is, and how it is timed.

A case is declared once, with the decorator `case`; its function returns one builder per peer. `measure` checks that the
gradients agree, then times the peers in turn (autodiff, peer 1, peer 2, ... in every round), so that a change of clock
speed or a busy neighbour meets all of them alike. What is stated is the ratio of the best samples: the minimum is the
sample least disturbed by other work, and the median beside it shows how much disturbance there was.

Cases that differ in one thing (the size, the op) form a family. A family is measured in passes over all its cases, and
states the median of the passes' ratios: a neighbour that is busy for a while spoils one pass of three. Its summary
turns the ratios of its cases into rows of their own.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# name: (module, distribution). Any other name in a case is a baseline (plain Python floats, plain NumPy).
PEERS = {
    "autodiff": ("autodiff", "autodiff"),
    "torch": ("torch", "torch"),
    "jax": ("jax", "jax"),
    "autograd": ("autograd", "autograd"),
    "mygrad": ("mygrad", "mygrad"),
    "micrograd": ("micrograd.engine", "micrograd"),
    "scipy": ("scipy", "scipy"),
    "casadi": ("casadi", "casadi"),
}
BASELINES = {
    "floats": "plain Python floats, value only",
    "numpy": "plain NumPy, see the case",
    "functional": "torch.autograd.functional",
    "passes": "as many backward passes of autodiff",
    "hand": "autodiff, the same written out",
    "methods": "autodiff, methods instead of np.",
    "empty": "NumPy's protocols, nothing behind",
    "eager": "autodiff, run by Python",
    "loop": "autodiff, a plain loop",
    "no_barrier": "autodiff, the paths without one",
}


# ---------------------------------------------------------------------------------------------------------------- cases


@dataclass
class Work:
    """What a builder returns: `run` is timed. `gradient` is compared with autodiff's; by default what `run` returns.

    `setup`, if there is one, is called before every `run` and not timed. `per` is the number of operations in a run:
    what is stated is the time of one of them.
    """

    run: Callable[[], Any]
    gradient: Callable[[], Any] | None = None
    setup: Callable[[], Any] | None = None
    rtol: float = 1e-9
    per: int = 1


@dataclass
class Figure:
    """A measurement with its own clock or scales: `take()` is a sample. `once`: it is the same every time."""

    take: Callable[[], float]
    once: bool = False


@dataclass
class Child:
    """A measurement made by `bench/child.py` in a fresh process: memory, or what could crash the interpreter."""

    program: str
    peer: str
    size: int
    rtol: float = 1e-9


@dataclass(frozen=True)
class Demand:
    peer: str
    kind: str  # faster, cost, most, completes
    number: float = 0.0
    aim: float | None = None

    def judge(self, results: dict[str, Result], unit: str) -> tuple[str, str]:
        """The demand in words, and the verdict: met, aim met, missed, or - if its peer was not run."""
        wanted = self.words(unit)
        own, other = results.get("autodiff"), results.get(self.peer)
        if own is not None and own.best is None and own.error is not None:
            return wanted, "missed"
        if other is not None and other.wrong:
            return wanted, "missed"
        if own is None or own.best is None or other is None or other.best is None or other.error is not None:
            return wanted, "-"
        return wanted, self.verdict(own.best, ratio_of(own, other))

    def words(self, unit: str) -> str:
        wanted = {
            "faster": f">= {self.number:g}x",
            "cost": f">= 1/{self.number:g}x",
            "most": f"<= {show(self.number, unit)}",
            "completes": "completes",
        }[self.kind]
        if self.aim is not None:
            wanted += f" (aim 1/{self.aim:g}x)" if self.kind == "cost" else f" (aim {self.aim:g}x)"
        return wanted

    def verdict(self, own: float, ratio: float | None) -> str:
        """`own` is autodiff's figure, `ratio` the peer's by it; None where it is zero, as growth of memory may be."""
        if self.kind == "completes":
            return "met"
        if self.kind == "most":
            return "met" if own <= self.number else "missed"
        if ratio is None:
            return "met"
        if self.kind == "faster":
            reached, aimed = ratio >= self.number, self.aim is not None and ratio >= self.aim
        else:
            reached, aimed = 1 / ratio <= self.number, self.aim is not None and 1 / ratio <= self.aim
        return "aim met" if reached and aimed else "met" if reached else "missed"


def faster(peer: str, number: float, aim: float | None = None) -> Demand:
    """The peer takes at least `number` times as long as autodiff."""
    return Demand(peer, "faster", number, aim)


def cost(peer: str, number: float, aim: float | None = None) -> Demand:
    """Autodiff takes at most `number` times as long as the peer."""
    return Demand(peer, "cost", number, aim)


def most(number: float) -> Demand:
    """Autodiff takes at most `number` seconds (or bytes, or whatever the unit of the case is)."""
    return Demand("autodiff", "most", number)


def completes() -> Demand:
    return Demand("autodiff", "completes")


@dataclass
class Case:
    name: str
    description: str
    demands: tuple[Demand, ...]
    unit: str  # "s", "B", or "" for a plain number
    build: Callable[[bool], dict[str, Callable[[Any], Work | Child | Figure]]]
    group: str = ""  # the file it is declared in
    family: str = ""
    size: int | None = None  # what the members of a family are plotted against
    threaded: bool = False
    small: bool = True

    def __post_init__(self):
        peers = [demand.peer for demand in self.demands]
        if len(set(peers)) < len(peers):
            raise ValueError(f"{self.name}: one demand for each peer")


CASES: dict[str, Case] = {}


def case(
    name: str,
    description: str,
    demands: Iterable[Demand] = (),
    unit: str = "s",
    *,
    family: str = "",
    size: int | None = None,
    threaded: bool = False,
    small: bool = True,
) -> Callable:
    """Declare a case. The decorated function takes `quick` and returns `{peer: builder}`; a builder takes the peer's
    module (None for a baseline) and returns a `Work`, a `Child`, a `Figure`, or None if the peer has no such thing. A
    name that starts with "autodiff" other than "autodiff" itself is autodiff on other work, to state how time grows.

    `threaded`: the work is large enough that the number of threads matters, and is measured with each. `small`: false
    for sizes that a quick run leaves out.
    """

    def register(build: Callable) -> Callable:
        if name in CASES:
            raise ValueError(f"two cases are called {name}")
        group = build.__module__.rpartition(".")[2]
        CASES[name] = Case(name, description, tuple(demands), unit, build, group, family, size, threaded, small)
        return build

    return register


@dataclass(frozen=True)
class Family:
    """Cases measured in `passes`, and what is said of them together: `summary` takes their entries of the report."""

    name: str
    summary: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
    passes: int = 1


FAMILIES: dict[str, Family] = {}


def family(name: str, passes: int = 1) -> Callable:
    """Declare a family. The decorated function takes the entries of its measured cases and returns summary entries."""

    def register(summary: Callable) -> Callable:
        FAMILIES[name] = Family(name, summary, passes)
        return summary

    return register


# ---------------------------------------------------------------------------------------------------------------- peers


def base(peer: str) -> str:
    return "autodiff" if peer.startswith("autodiff") else peer


def installed(peer: str) -> bool:
    if peer not in PEERS:
        return True
    try:
        return importlib.util.find_spec(PEERS[peer][0].partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def load(peer: str, threads: int = 1) -> Any:
    """Import a peer and set it to float64 and to the number of threads."""
    peer = base(peer)
    if peer not in PEERS:
        return None
    module = importlib.import_module(PEERS[peer][0])
    if peer == "torch":
        module.set_default_dtype(module.float64)
        module.set_num_threads(threads)
        # The first call with gradient= imports SymPy. Here it comes before the modules are frozen; later, each collection
        # between the samples scanned it, 12 ms.
        module.ones(1, requires_grad=True).backward(module.ones(1))
    elif peer == "jax":
        module.config.update("jax_enable_x64", True)
        # Every call is waited for, so that handing it to another thread would only cost JAX: the gradient of the
        # expression of 1,000 elements takes 5 us instead of 20, that of logsumexp of 2,500 takes 9 instead of 22.
        module.config.update("jax_cpu_enable_async_dispatch", False)
    elif peer == "autodiff" and hasattr(module, "set_num_threads"):
        module.set_num_threads(threads)
    return module


def version(peer: str) -> str | None:
    module, distribution = PEERS.get(peer, (peer, peer))
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return getattr(sys.modules.get(module), "__version__", None)


def machine(peers: Iterable[str]) -> dict[str, Any]:
    """What a reader needs to judge the times; nothing that names the computer or its owner."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": model,
        "cores": cores,
        "system": platform.system(),
        "architecture": platform.machine(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: version(name) for name in dict.fromkeys((*peers, "numpy")) if name != "floats"},
    }


# ---------------------------------------------------------------------------------------------------------------- times


@dataclass
class Result:
    passes: list[list[float]] = field(default_factory=list)  # the samples of each pass
    repeat: int = 1
    error: str | None = None
    wrong: bool = False  # the error is a gradient that differs from autodiff's
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def samples(self) -> list[float]:
        return [value for samples in self.passes for value in samples]

    @property
    def best(self) -> float | None:
        return min(self.samples) if self.samples else None

    @property
    def median(self) -> float | None:
        return statistics.median(self.samples) if self.samples else None


def ratio_of(own: Result, other: Result) -> float | None:
    """Time of the other by autodiff's: of the best samples of a pass, and the median of the passes."""
    pairs = [(min(o), min(p)) for o, p in zip(own.passes, other.passes, strict=True) if o and p]
    if not pairs or any(o <= 0 for o, _ in pairs):
        return None
    return statistics.median(p / o for o, p in pairs)


def sample(work: Work, repeat: int) -> float:
    """Seconds for `repeat` runs. The collector is on, as in a user's program; it starts from a clean heap, so that a
    peer is not charged for the garbage of the one before it. What garbage is left at the end is collected outside the
    clock, which favours the peers that leave cycles."""
    run, setup, clock = work.run, work.setup, time.perf_counter
    gc.collect()
    if setup is None:
        # The peer before has displaced this one's code and data from the caches, and changed what the allocator holds:
        # in short samples the first runs took two to three times as long, PyTorch's logsumexp of 10 MB six times. A run
        # of a fifth of a second warms itself up.
        start = clock()
        run()
        taken = clock() - start
        if repeat == 1 and taken > 0.2:
            return taken
        for _ in range(repeat // 5 - 1):
            run()
        start = clock()
        for _ in range(repeat):
            run()
        return clock() - start
    total = 0.0
    for _ in range(repeat):
        setup()
        start = clock()
        run()
        total += clock() - start
    return total


def calibrate(work: Work, seconds: float) -> int:
    """Warm up, and find how many runs make a sample of at least `seconds`."""
    repeat = 1
    sample(work, 1)
    while True:
        taken = sample(work, repeat)
        if taken >= seconds:
            return repeat
        repeat = max(repeat + 1, min(repeat * 10, int(repeat * 1.2 * seconds / max(taken, 1e-9))))


def flat(value: Any) -> np.ndarray:
    """Any gradient (a tensor, an array, a float, a list of them) as one vector of float64."""
    if hasattr(value, "detach"):
        value = value.detach().numpy(force=True)  # PyTorch's gradient of sgn is a tensor of zeros without storage
    if isinstance(value, list | tuple):
        return np.concatenate([flat(v) for v in value]) if value else np.zeros(0)
    return np.array(value, dtype=np.float64).ravel()  # a copy: later runs may accumulate into the gradient


def gradient(work: Work) -> np.ndarray | None:
    if work.setup is not None and work.gradient is None:
        work.setup()
    value = (work.gradient or work.run)()
    return None if value is None else flat(value)


def disagreement(ours: np.ndarray, theirs: np.ndarray, rtol: float) -> str | None:
    """Why two gradients differ, or None. Relative to the largest entry: entries that cancel have no digits."""
    if ours.shape != theirs.shape:
        return f"gradients of {ours.size} and {theirs.size} entries"
    scale = max(float(np.abs(theirs).max(initial=0.0)), 1e-300)
    worst = float(np.abs(ours - theirs).max(initial=0.0)) / scale
    return None if worst <= rtol else f"gradient differs from autodiff's by {worst:.1e} of its size"


def central_difference(f: Callable[[float], float], x: float, h: float = 1e-6) -> float:
    return (f(x + h) - f(x - h)) / (2 * h)


def error_text(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:160]


def measure(
    case: Case,
    modules: dict[str, Any],
    *,
    quick: bool,
    rounds: int,
    threads: int,
    step: Callable[[str], None],
    progress: Callable[[str, int], Any] | None = None,
    results: dict[str, Result] | None = None,
) -> dict[str, Result]:
    """Check and time one case. `modules` are the peers to run; `step(text)` is called once per sample taken, and
    once per peer prepared; `progress(text, total)` opens a bar for a long measurement in a process of its own.
    `results` are those of the passes before, which have checked the gradients and found the number of runs."""
    try:
        builders = case.build(quick)
    except Exception as error:  # the case itself is broken: say so, go on with the others
        return {"autodiff": Result(error=error_text(error))}
    first = results is None
    if results is None:
        results = {peer: Result() for peer in builders if base(peer) in modules}
    works: dict[str, Work | Figure] = {}
    ours: np.ndarray | None = None

    for peer, result in list(results.items()):
        step(f"{case.name}: {peer}")
        if result.error is not None:
            continue
        if results["autodiff"].error is not None:  # nothing to compare with
            result.error = "not run"
            continue
        try:
            work = builders[peer](modules[base(peer)])
            if work is None:
                del results[peer]
                continue
            if isinstance(work, Child):
                answer = run_child(work, threads, progress)
                result.passes = [answer.get("samples", [answer["value"]])]
                result.detail = answer["detail"]
                theirs = None if answer.get("gradient") is None else flat(answer["gradient"])
            elif isinstance(work, Figure):
                theirs = None
                if work.once:
                    result.passes = [[work.take()]]
                else:
                    works[peer] = work
                continue
            else:
                theirs = gradient(work) if first else None
            if peer == "autodiff":
                ours = theirs
            elif ours is not None and theirs is not None:
                result.error = disagreement(ours, theirs, work.rtol)
                if result.error is not None:
                    result.passes, result.wrong = [], True
                    continue
            if isinstance(work, Work):
                if first:
                    result.repeat = calibrate(work, 0.002 if quick else 0.02)
                else:
                    sample(work, 1)
                works[peer] = work
        except Exception as error:  # whatever a peer raises belongs in the table
            result.passes, result.error = [], error_text(error)

    for peer in works:
        results[peer].passes.append([])
    started = time.perf_counter()
    for n in range(rounds if works else 0):
        if n >= 5 and time.perf_counter() - started > 5:
            break  # samples of a second are steady, and there are many of them
        for peer, work in list(works.items()):
            step(f"{case.name}: {peer}")
            result = results[peer]
            try:
                if isinstance(work, Figure):
                    taken = work.take()
                else:
                    taken = sample(work, result.repeat) / result.repeat / work.per
                result.passes[-1].append(taken)
            except Exception as error:
                result.error, result.passes = error_text(error), []
                del works[peer]
    return results


def run_child(child: Child, threads: int, progress: Callable[[str, int], Any] | None) -> dict[str, Any]:
    """Run `python -m bench.child` and read its lines: {"progress": n} while it works, {"answer": {...}} at the end."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p or os.getcwd() for p in sys.path))
    command = [sys.executable, "-m", "bench.child", child.program, child.peer, str(child.size), str(threads)]
    bar = progress(f"{child.program} {child.peer}", child.size) if progress is not None else None
    answer = None
    with tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, env=environment, text=True
        ) as process:
            try:
                for line in process.stdout:
                    try:
                        message = json.loads(line)
                    except ValueError:
                        continue
                    answer = message.get("answer", answer)
                    if bar is not None and "progress" in message:
                        bar.update(message["progress"] - bar.n)
            except BaseException:
                process.kill()
                raise
            finally:
                if bar is not None:
                    bar.close()
        if process.returncode < 0:
            raise RuntimeError(f"ended by {signal.Signals(-process.returncode).name}")
        complaints.seek(0)
        last = (complaints.read().strip().splitlines() or [f"exit status {process.returncode}"])[-1]
    if answer is None:
        raise RuntimeError(last)
    return answer


# ------------------------------------------------------------------------------------------------------------- in words


def seconds_text(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}" if value < 999.5 * size else f"{value / size:.0f} {unit}"
    return f"{value * 1e9:.3g} ns"


def bytes_text(value: float) -> str:
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if abs(value) >= 10 * size or (abs(value) >= size and value % size == 0):
            return f"{value / size:.4g} {unit}"
    return f"{value:.4g} B"


def ratio_text(value: float) -> str:
    """Below one as a fraction, in the words of the demands: 1/3.5x is 3.5 times the time of the peer."""
    return f"{value:.3g}x" if value >= 1 else f"1/{1 / value:.3g}x"


def show(value: float, unit: str) -> str:
    return {"s": seconds_text, "B": bytes_text}.get(unit, "{:.3g}".format)(value)
