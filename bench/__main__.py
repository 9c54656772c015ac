"""The command `python -m bench`."""

from __future__ import annotations

import argparse
import gc
import importlib
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from . import limit_threads

GROUPS = (
    "arrays",
    "scalars",
    "indexing",
    "objectives",
    "training",
    "derivatives",
    "numpy_style",
    "linear",
    "layers",
    "ops",
    "memory",
    "startup",
    "neighbour",
    "record",
    "record_arrays",
    "workers",
)
COMMANDS = ("compare", "report")
EXTRA = 'the "bench" extra is not complete ({}): install it with  pip install -e ".[bench]"'


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=(
            "Time autodiff beside its peers, interleaved in one process, and compare with the demands.\n"
            "Every case first checks that the gradients agree. Peers that are not installed are left out."
        ),
        epilog=(
            "examples:\n"
            "  python -m bench                          everything (some minutes)\n"
            "  python -m bench --quick                  a smoke run; its numbers are not measurements\n"
            "  python -m bench chain rosenbrock         the cases whose name contains one of these\n"
            "  python -m bench --group ops,training     the cases of these files of bench/\n"
            "  python -m bench --peers torch,floats     only these beside autodiff\n"
            "  python -m bench --threads 1,2            with one thread, then with two what is large enough for it\n"
            "  python -m bench compare OLD NEW          two results.json: what became slower (--help says more)\n"
            "  python -m bench report FILE... --output DIR   table and plots again, from one results.json or several\n"
            "\nexit status: 0; 1 if a gradient is wrong or autodiff fails, or with --strict if a demand is missed;\n"
            "2 if autodiff cannot be imported or an argument is wrong."
        ),
    )
    parser.add_argument("filter", nargs="*", help="run the cases whose name contains one of these words")
    parser.add_argument("--list", action="store_true", help="list the cases and their demands, and leave")
    parser.add_argument("--quick", action="store_true", help="few rounds, short samples, small sizes: a smoke run")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of interleaved samples (default 7; quick 2)")
    parser.add_argument("--peers", metavar="A,B", help="peers and baselines to run beside autodiff (default: all)")
    parser.add_argument("--group", metavar="A,B", help=f"run the cases of these groups only: {', '.join(GROUPS)}")
    parser.add_argument("--threads", default="1", metavar="N,M", help="threads each library may use (default 1)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).parent / "results",
        metavar="DIR",
        help="where results.json, table.txt and the plots go (default bench/results)",
    )
    parser.add_argument(
        "--no-freeze",
        action="store_true",
        help="let the collector scan the modules of all peers too, as in a program that has imported them all",
    )
    parser.add_argument(
        "--threaded-only", action="store_true", help="leave out the cases whose time no number of threads changes"
    )
    parser.add_argument("--no-plots", action="store_true", help="write the table and results.json only")
    parser.add_argument("--strict", action="store_true", help="exit with status 1 if a demand is missed")
    options = parser.parse_args(argv)
    try:
        options.threads = [int(n) for n in str(options.threads).split(",")]
    except ValueError:
        parser.error("--threads is a number, or several with commas between them")
    if min(options.threads) < 1 or (options.rounds is not None and options.rounds < 1):
        parser.error("--rounds and --threads are at least 1")
    options.group = [g.strip() for g in options.group.split(",")] if options.group else list(GROUPS)
    unknown = [g for g in options.group if g not in GROUPS]
    if unknown:
        parser.error(f"unknown group {', '.join(unknown)}; known are {', '.join(GROUPS)}")
    return parser, options


class Lines:
    """Stands in for tqdm: one line when the text changes case."""

    def __init__(self, total=None, desc="", **_):
        self.n, self.total, self.case = 0, total, ""

    def update(self, n=1):
        self.n += n

    def set_description_str(self, text):
        name = text.partition(":")[0]
        if name != self.case:
            self.case = name
            print(f"[{self.n}/{self.total}] {name}", file=sys.stderr, flush=True)

    def close(self):
        pass


def choose(parser, options, harness):
    cases = [
        c
        for c in harness.CASES.values()
        if c.group in options.group
        and (c.small or not options.quick)
        and (c.threaded or not options.threaded_only)
        and (not options.filter or any(w in c.name for w in options.filter))
    ]
    if not cases:
        parser.error(f"no case matches {' '.join(options.filter) or 'these options'}; see --list")
    known = [*(p for p in harness.PEERS if p != "autodiff"), *harness.BASELINES]
    if options.peers is None:
        return cases, known
    peers = [p.strip() for p in options.peers.split(",") if p.strip() and p.strip() != "autodiff"]
    unknown = [p for p in peers if p not in known]
    if unknown:
        parser.error(f"unknown peer {', '.join(unknown)}; known are {', '.join(known)}")
    return cases, peers


def listing(cases):
    words = {"faster": ">= {:g}x {}", "cost": "time <= {:g}x {}", "most": "<= {}", "completes": "completes"}
    from . import harness

    for c in cases:
        peers = ", ".join(p for p in c.build(False) if p != "autodiff")
        print(f"{c.name}\n    {c.description}\n    peers: {peers or '-'}")
        for d in c.demands:
            number = harness.show(d.number, c.unit)
            text = words[d.kind].format(number) if d.kind == "most" else words[d.kind].format(d.number, d.peer)
            print(f"    demand: {text}" + (f" (aim {d.aim:g}x)" if d.aim else ""))


def load_peers(cases, peers, threads, quick, harness):
    """Import autodiff and the peers that the cases use; a peer that is not there is named once and left out."""
    used = {harness.base(p) for c in cases for p in c.build(quick)}
    modules, missing = {"autodiff": harness.load("autodiff", threads)}, []
    for peer in peers:
        if peer not in used:
            continue
        if not harness.installed(peer):
            missing.append(peer)
            continue
        try:
            modules[peer] = harness.load(peer, threads)
        except Exception as error:  # a broken installation of a peer is not ours to judge
            print(f"{peer} is left out, its import fails: {harness.error_text(error)}", file=sys.stderr)
    if missing:
        print(f"not installed, left out: {', '.join(missing)}", file=sys.stderr)
    return modules


def each_number_of_threads(options, argv):
    """Measure in a fresh process for each: BLAS libraries read their number of threads once, when they are loaded."""
    from . import report

    runs, codes = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for i, threads in enumerate(options.threads):
            folder = Path(scratch) / str(threads)
            # Of two options of a name the last holds.
            command = [
                sys.executable,
                "-m",
                "bench",
                *argv,
                "--threads",
                str(threads),
                "--output",
                str(folder),
                "--no-plots",
            ]
            done = subprocess.run(
                [*command, *(["--threaded-only"] if i else [])], stdout=subprocess.DEVNULL, check=False
            )
            codes.append(done.returncode)
            if done.returncode in (0, 1):
                runs.append(report.read(folder / "results.json"))
    if not runs:
        return max(codes)
    print(report.write(report.merge(runs), options.output, plots=plots_possible(options)))
    return max(codes)


def plots_possible(options):
    if options.no_plots:
        return False
    try:
        importlib.import_module("matplotlib")
    except ModuleNotFoundError as error:
        print(f"no plot: {EXTRA.format(error)}", file=sys.stderr)
        return False
    return True


def measure_all(cases, modules, options, rounds, step, child_bar):
    """The report, and whether it was interrupted. The cases of a family are measured together, in passes."""
    from . import harness, report

    entries, interrupted = [], False
    together = {}
    for c in cases:
        together.setdefault(c.family or c.name, []).append(c)
    for name, members in together.items():
        family = harness.FAMILIES.get(name) if members[0].family else None
        passes = 1 if options.quick or family is None else family.passes
        each = rounds if passes == 1 else max(2, rounds // passes)
        results, seconds = {}, dict.fromkeys((c.name for c in members), 0.0)
        try:
            for _ in range(passes):
                for c in members:
                    started = time.perf_counter()
                    results[c.name] = harness.measure(
                        c,
                        modules,
                        quick=options.quick,
                        rounds=each,
                        threads=options.threads[0],
                        step=step,
                        progress=child_bar,
                        results=results.get(c.name),
                    )
                    seconds[c.name] += time.perf_counter() - started
                    if not options.no_freeze:  # what a peer has imported late: JAX at its first compilation
                        gc.collect()
                        gc.freeze()
        except KeyboardInterrupt:
            interrupted = True
        measured = [
            report.entry(c, results[c.name], options.threads[0]) | {"seconds": round(seconds[c.name], 1)}
            for c in members
            if c.name in results
        ]
        if family is not None and not interrupted:
            measured += [
                e | {"group": members[0].group, "threads": options.threads[0]} for e in family.summary(measured)
            ]
        entries += measured
        if interrupted:
            break
    return entries, interrupted


def main(argv=None):
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if argv and argv[0] in COMMANDS:
        from . import compare

        return getattr(compare, argv[0])(argv[1:])
    parser, options = arguments(argv)
    if len(options.threads) > 1 and not options.list:
        return each_number_of_threads(options, argv)

    # NumPy's BLAS and XLA read their number of threads when they are loaded, so the imports come after it is set.
    threads = options.threads[0]
    limit_threads(threads)
    try:
        from . import harness, report

        for group in GROUPS:
            importlib.import_module(f"bench.{group}")  # each declares its cases
    except ModuleNotFoundError as error:
        print(EXTRA.format(error), file=sys.stderr)
        return 2
    except ImportError as error:
        print(f"autodiff cannot be imported ({error}): build it with  pip install -e .", file=sys.stderr)
        return 2

    cases, peers = choose(parser, options, harness)
    if options.list:
        listing(cases)
        return 0
    modules = load_peers(cases, peers, threads, options.quick, harness)
    try:
        from tqdm import tqdm
    except ModuleNotFoundError as error:
        print(EXTRA.format(error), file=sys.stderr)
        tqdm = Lines

    warnings.filterwarnings("ignore")
    rounds = options.rounds or (2 if options.quick else 7)
    # Importing every peer leaves a heap that a user of one library does not have, and each full collection scans it: a
    # chain of 1,000 in micrograd, whose graph is cyclic garbage, takes 11 ms beside torch and jax, 3 ms alone. Frozen,
    # those objects are not scanned; the collector itself stays on with its default thresholds.
    if not options.no_freeze:
        gc.collect()
        gc.freeze()

    started = time.time()
    bar = tqdm(total=None, desc="bench", unit="sample", dynamic_ncols=True, smoothing=0.05)

    def step(text):
        bar.set_description_str(text)
        bar.update(1)

    def child_bar(text, size):
        return tqdm(total=size, desc=text, leave=False, dynamic_ncols=True, unit_scale=True)

    entries, interrupted = measure_all(cases, modules, options, rounds, step, child_bar)
    bar.close()

    settings = {"quick": options.quick, "rounds": rounds, "threads": [threads], "freeze": not options.no_freeze}
    settings |= {"interrupted": interrupted, "seconds": round(time.time() - started, 1)}
    whole = {"machine": harness.machine(modules), "settings": settings, "cases": entries}
    print(report.write(whole, options.output, plots=plots_possible(options)))
    if interrupted:
        return 130
    failed = any(row["wrong"] or (row["error"] and row["peer"] == "autodiff") for e in entries for row in e["rows"])
    return 1 if failed or (options.strict and "missed" in report.verdicts(entries)) else 0


if __name__ == "__main__":
    sys.exit(main())
