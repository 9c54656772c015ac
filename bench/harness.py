"""What a case is, and how it is timed.

A case is declared once, with the decorator `case`; its function returns one builder per peer. `measure` checks that the
gradients agree, then times the peers in turn (autodiff, peer 1, peer 2, ... in every round), so that a change of clock
speed or a busy neighbour meets all of them alike. What is stated is the ratio of the best samples: the minimum is the
sample least disturbed by other work, and the median beside it shows how much disturbance there was.
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
}
BASELINES = {"floats": "plain Python floats, value only", "numpy": "plain NumPy, see the case"}


# ---------------------------------------------------------------------------------------------------------------- cases


@dataclass
class Work:
    """What a builder returns: `run` is timed. `gradient` is compared with autodiff's; by default what `run` returns.

    `setup`, if there is one, is called before every `run` and not timed.
    """

    run: Callable[[], Any]
    gradient: Callable[[], Any] | None = None
    setup: Callable[[], Any] | None = None
    rtol: float = 1e-9


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
        show = bytes_text if unit == "B" else seconds_text
        own, other = results.get("autodiff"), results.get(self.peer)
        wanted = {
            "faster": f">= {self.number:g}x",
            "cost": f">= 1/{self.number:g}x",
            "most": f"<= {show(self.number)}",
            "completes": "completes",
        }[self.kind]
        if self.aim is not None:
            wanted += f" (aim 1/{self.aim:g}x)" if self.kind == "cost" else f" (aim {self.aim:g}x)"
        if own is not None and own.best is None and own.error is not None:
            return wanted, "missed"
        if other is not None and other.wrong:
            return wanted, "missed"
        if own is None or own.best is None or other is None or other.best is None or other.error is not None:
            return wanted, "-"
        if self.kind == "completes":
            return wanted, "met"
        if self.kind == "most":
            return wanted, "met" if own.best <= self.number else "missed"
        if own.best <= 0:  # a growth of memory may be zero
            return wanted, "met"
        ratio = other.best / own.best
        if self.kind == "faster":
            reached, aimed = ratio >= self.number, self.aim is not None and ratio >= self.aim
        else:
            reached, aimed = 1 / ratio <= self.number, self.aim is not None and 1 / ratio <= self.aim
        return wanted, "aim met" if reached and aimed else "met" if reached else "missed"


def faster(peer: str, number: float, aim: float | None = None) -> Demand:
    """The peer takes at least `number` times as long as autodiff."""
    return Demand(peer, "faster", number, aim)


def cost(peer: str, number: float, aim: float | None = None) -> Demand:
    """Autodiff takes at most `number` times as long as the peer."""
    return Demand(peer, "cost", number, aim)


def most(number: float) -> Demand:
    """Autodiff takes at most `number` seconds (or bytes)."""
    return Demand("autodiff", "most", number)


def completes() -> Demand:
    return Demand("autodiff", "completes")


@dataclass
class Case:
    name: str
    description: str
    demands: tuple[Demand, ...]
    unit: str  # "s" or "B"
    build: Callable[[bool], dict[str, Callable[[Any], Work | Child]]]


CASES: dict[str, Case] = {}


def case(name: str, description: str, demands: Iterable[Demand] = (), unit: str = "s") -> Callable:
    """Declare a case. The decorated function takes `quick` and returns `{peer: builder}`; a builder takes the peer's
    module (None for a baseline) and returns a `Work` or a `Child`. A name that starts with "autodiff" other than
    "autodiff" itself is autodiff on other work, to state how time grows."""

    def register(build: Callable) -> Callable:
        if name in CASES:
            raise ValueError(f"two cases are called {name}")
        CASES[name] = Case(name, description, tuple(demands), unit, build)
        return build

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
    elif peer == "jax":
        module.config.update("jax_enable_x64", True)
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
    samples: list[float] = field(default_factory=list)
    repeat: int = 1
    error: str | None = None
    wrong: bool = False  # the error is a gradient that differs from autodiff's
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> float | None:
        return min(self.samples) if self.samples else None

    @property
    def median(self) -> float | None:
        return statistics.median(self.samples) if self.samples else None


def sample(work: Work, repeat: int) -> float:
    """Seconds for `repeat` runs. The collector is on, as in a user's program; it starts from a clean heap, so that a
    peer is not charged for the garbage of the one before it. What garbage is left at the end is collected outside the
    clock, which favours the peers that leave cycles."""
    run, setup, clock = work.run, work.setup, time.perf_counter
    gc.collect()
    if setup is None:
        # The peer before has displaced this one's code and data from the caches: in short samples the first runs took
        # two to three times as long.
        for _ in range(repeat // 5):
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
        value = value.detach().numpy()
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
) -> dict[str, Result]:
    """Check and time one case. `modules` are the peers to run; `step(text)` is called once per sample taken, and
    once per peer prepared; `progress(text, total)` opens a bar for a long measurement in a process of its own."""
    try:
        builders = case.build(quick)
    except Exception as error:  # the case itself is broken: say so, go on with the others
        return {"autodiff": Result(error=error_text(error))}
    peers = [peer for peer in builders if base(peer) in modules]
    results = {peer: Result() for peer in peers}
    works: dict[str, Work] = {}
    ours: np.ndarray | None = None

    for peer in peers:
        result = results[peer]
        step(f"{case.name}: {peer}")
        if results["autodiff"].error is not None:  # nothing to compare with
            result.error = "not run"
            continue
        try:
            work = builders[peer](modules[base(peer)])
            if isinstance(work, Child):
                answer = run_child(work, threads, progress)
                result.samples, result.detail = [answer["value"]], answer["detail"]
                theirs = None if answer.get("gradient") is None else flat(answer["gradient"])
            else:
                theirs = gradient(work)
            if peer == "autodiff":
                ours = theirs
            elif ours is not None and theirs is not None:
                result.error = disagreement(ours, theirs, work.rtol)
                if result.error is not None:
                    result.samples, result.wrong = [], True
                    continue
            if isinstance(work, Work):
                result.repeat = calibrate(work, 0.002 if quick else 0.02)
                works[peer] = work
        except Exception as error:  # whatever a peer raises belongs in the table
            result.samples, result.error = [], error_text(error)

    for _ in range(rounds if works else 0):
        for peer, work in list(works.items()):
            step(f"{case.name}: {peer}")
            try:
                results[peer].samples.append(sample(work, results[peer].repeat) / results[peer].repeat)
            except Exception as error:
                results[peer].error, results[peer].samples = error_text(error), []
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


# --------------------------------------------------------------------------------------------------------------- report


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


def rows(case: Case, results: dict[str, Result]) -> list[dict[str, Any]]:
    """One row per peer: what the table prints and the plot draws."""
    demands = {demand.peer: demand for demand in case.demands}
    own = results["autodiff"]
    table = []
    for peer in [*results, *(peer for peer in demands if peer not in results)]:
        result = results.get(peer, Result(error="not run"))
        ratio = median = None
        if peer != "autodiff" and result.best is not None and own.best is not None and own.best > 0:
            ratio = result.best / own.best
            median = statistics.median(p / o for p, o in zip(result.samples, own.samples, strict=True))
        demand = demands.get(peer)
        wanted, verdict = demand.judge(results, case.unit) if demand is not None else ("", "")
        table.append(
            {
                "peer": peer,
                "best": result.best,
                "median": result.median,
                "samples": result.samples,
                "repeat": result.repeat,
                "detail": result.detail,
                "error": result.error,
                "wrong": result.wrong,
                "ratio": ratio,
                "ratio_median": median,
                "demand": wanted,
                "verdict": verdict,
            }
        )
    return table


def table(report: list[dict[str, Any]]) -> str:
    """The report as text: time of the peer / time of autodiff, and the demand beside it."""
    lines = [("case", "peer", "best", "median", "peer/autodiff", "(median)", "demand", "verdict")]
    for entry in report:
        show = bytes_text if entry["unit"] == "B" else seconds_text
        for i, row in enumerate(entry["rows"]):
            texts = [row["error"] or "", ""] if row["best"] is None else [show(row["best"]), show(row["median"])]
            ratios = ["" if row[k] is None else ratio_text(row[k]) for k in ("ratio", "ratio_median")]
            lines.append((entry["name"] if i == 0 else "", row["peer"], *texts, *ratios, row["demand"], row["verdict"]))
            parts = [f"{name} {show(value)}" for name, value in row["detail"].get("parts", {}).items()]
            if parts:
                lines.append(("", "", ", ".join(parts), "", "", "", "", ""))
    # An error may be long; it overflows its column instead of widening the table.
    widths = [max(len(line[k]) for line in lines if k != 2 or line[3]) for k in range(len(lines[0]))]
    out = []
    for n, line in enumerate(lines):
        if n and line[0]:
            out.append("")
        if line[2] and not line[3]:  # an error or a note, in the place of the times and ratios
            cells = [line[0].ljust(widths[0]), line[1].ljust(widths[1]), line[2].ljust(sum(widths[2:6]) + 6)]
            cells += [line[6].ljust(widths[6]), line[7]]
        else:
            cells = [
                t.rjust(w) if 2 <= k <= 5 else t.ljust(w) for k, (t, w) in enumerate(zip(line, widths, strict=True))
            ]
        out.append("  ".join(cells).rstrip())
        if n == 0:
            out.append("  ".join("-" * w for w in widths))
    return "\n".join(out)


def plot(report: list[dict[str, Any]], path: str, title: str) -> None:
    """Bars of the ratios on a logarithmic axis, one block per case, demands as black ticks."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    bars = []  # (height, case or "", peer, ratio, demanded ratio, verdict)
    height = 0.0
    blocks = []
    for entry in report:
        rows = [row for row in entry["rows"] if row["ratio"] is not None]
        if not rows:
            continue
        first = height
        for row in rows:
            demand = next((d for d in entry["demands"] if d["peer"] == row["peer"]), None)
            wanted = None
            if demand is not None and demand["kind"] in ("faster", "cost"):
                wanted = demand["number"] if demand["kind"] == "faster" else 1 / demand["number"]
            bars.append((height, row["peer"], row["ratio"], wanted, row["verdict"]))
            height += 1
        blocks.append((first, height - 1, entry["name"]))
        height += 0.8
    if not bars:
        return
    names = list(dict.fromkeys(bar[1] for bar in bars))
    known = [*PEERS, *BASELINES]  # a peer has the same colour in every plot
    names.sort(key=lambda name: known.index(name) if name in known else len(known))
    colours = {name: f"C{known.index(name)}" if name in known else "0.6" for name in names}
    figure, axes = pyplot.subplots(figsize=(10, 1.6 + 0.27 * height), layout="constrained")
    for y, peer, ratio, wanted, verdict in bars:
        # From 1 outwards: right of the line autodiff is faster, left of it slower.
        axes.barh(y, ratio - 1, left=1, height=0.82, color=colours[peer], edgecolor="none")
        text = ratio_text(ratio) + (" missed" if verdict == "missed" else "")
        right = ratio >= 1
        axes.annotate(
            text,
            (max(ratio, wanted or ratio) if right else min(ratio, wanted or ratio), y),
            xytext=(5 if right else -5, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontsize=8,
            color="firebrick" if verdict == "missed" else "0.2",
        )
        if wanted is not None:
            axes.plot([wanted, wanted], [y - 0.46, y + 0.46], color="black", linewidth=1.8, zorder=3)
    for first, _, _ in blocks:
        if first > 0:
            axes.axhline(first - 0.9, color="0.88", linewidth=0.8)
    axes.set_xscale("log")
    ratios = [bar[2] for bar in bars] + [bar[3] for bar in bars if bar[3]] + [1.0]
    axes.set_xlim(min(ratios) / 6, max(ratios) * 4)  # room for the figures
    axes.set_ylim(height - 0.5, -0.9)
    axes.axvline(1, color="0.3", linewidth=0.8)
    axes.set_yticks([(first + last) / 2 for first, last, _ in blocks], [name for _, _, name in blocks])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
    axes.grid(axis="x", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel("peer / autodiff (time; bytes for memory): right of 1x autodiff is ahead")
    handles: list[Any] = [Patch(color=colours[name], label=name) for name in names]
    handles.append(Line2D([], [], color="black", linewidth=1.8, label="demand"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 5), frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
