"""The command `python -m bench`."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
import warnings
from pathlib import Path

from . import limit_threads

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
            "  python -m bench --peers torch,floats     only these beside autodiff\n"
            "\nexit status: 0; 1 if a gradient is wrong or autodiff fails, or with --strict if a demand is missed;\n"
            "2 if autodiff cannot be imported or an argument is wrong."
        ),
    )
    parser.add_argument("filter", nargs="*", help="run the cases whose name contains one of these words")
    parser.add_argument("--list", action="store_true", help="list the cases and their demands, and leave")
    parser.add_argument("--quick", action="store_true", help="few rounds, short samples, small sizes: a smoke run")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of interleaved samples (default 7; quick 2)")
    parser.add_argument("--peers", metavar="A,B", help="peers and baselines to run beside autodiff (default: all)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads each library may use (default 1)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).parent / "results",
        metavar="DIR",
        help="where results.json, table.txt and ratios.png go (default bench/results)",
    )
    parser.add_argument(
        "--no-freeze",
        action="store_true",
        help="let the collector scan the modules of all peers too, as in a program that has imported them all",
    )
    parser.add_argument("--strict", action="store_true", help="exit with status 1 if a demand is missed")
    options = parser.parse_args(argv)
    if options.threads < 1 or (options.rounds is not None and options.rounds < 1):
        parser.error("--rounds and --threads are at least 1")
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
    cases = [c for c in harness.CASES.values() if not options.filter or any(w in c.name for w in options.filter)]
    if not cases:
        parser.error(f"no case matches {' '.join(options.filter)}; see --list")
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
        print(
            f"{c.name}\n    {c.description}\n    peers: {', '.join(p for p in c.build(True) if p != 'autodiff') or '-'}"
        )
        for d in c.demands:
            show = harness.bytes_text if c.unit == "B" else harness.seconds_text
            text = words[d.kind].format(show(d.number)) if d.kind == "most" else words[d.kind].format(d.number, d.peer)
            print(f"    demand: {text}" + (f" (aim {d.aim:g}x)" if d.aim else ""))


def load_peers(cases, peers, threads, harness):
    """Import autodiff and the peers that the cases use; a peer that is not there is named once and left out."""
    used = {harness.base(p) for c in cases for p in c.build(True)}
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


def main(argv=None):
    parser, options = arguments(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

    # NumPy's BLAS and XLA read their number of threads when they are loaded, so the imports come after it is set.
    limit_threads(options.threads)
    try:
        from . import arrays, harness, indexing, memory, scalars, training  # noqa: F401  (each declares its cases)
    except ModuleNotFoundError as error:
        print(EXTRA.format(error), file=sys.stderr)
        return 2

    cases, peers = choose(parser, options, harness)
    if options.list:
        listing(cases)
        return 0
    try:
        modules = load_peers(cases, peers, options.threads, harness)
    except ImportError as error:
        print(f"autodiff cannot be imported ({error}): build it with  pip install -e .", file=sys.stderr)
        return 2
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

    total = 0
    for c in cases:
        works = sum(harness.base(p) in modules for p in c.build(options.quick))
        total += works * (1 if c.name.startswith(("memory", "deep")) else rounds + 1)
    report, interrupted, started = [], False, time.time()
    bar = tqdm(total=total, desc="bench", unit="sample", dynamic_ncols=True, smoothing=0.05)

    def step(text):
        bar.set_description_str(text)
        bar.update(1)

    def child_bar(text, size):
        return tqdm(total=size, desc=text, leave=False, dynamic_ncols=True, unit_scale=True)

    try:
        for c in cases:
            results = harness.measure(
                c,
                modules,
                quick=options.quick,
                rounds=rounds,
                threads=options.threads,
                step=step,
                progress=child_bar,
            )
            report.append(
                {
                    "name": c.name,
                    "description": c.description,
                    "unit": c.unit,
                    "demands": [vars(d) for d in c.demands],
                    "rows": harness.rows(c, results),
                }
            )
    except KeyboardInterrupt:
        interrupted = True
    bar.close()

    facts = harness.machine(modules)
    text = harness.table(report)
    notes = [
        f"{facts['cpu']}, {facts['cores']} cores; {facts['python']}; "
        + ", ".join(f"{name} {number}" for name, number in facts["versions"].items() if number),
        f"float64, threads: {options.threads}, rounds: {rounds}; peer/autodiff above 1x: autodiff is ahead",
    ]
    if options.quick:
        notes.append(
            "A quick run: small sizes, few and short samples. It shows that the cases work, not how fast they are."
        )
    if interrupted:
        notes.append("Interrupted: the cases above are complete, the others were not run.")
    verdicts = [row["verdict"] for entry in report for row in entry["rows"] if row["verdict"]]
    notes.append(
        f"Demands: {sum('met' in v for v in verdicts)} met, {verdicts.count('missed')} missed, "
        f"{verdicts.count('-')} not measured."
    )
    text = "\n".join([text, "", *notes])
    print(text)

    options.output.mkdir(parents=True, exist_ok=True)
    settings = {"quick": options.quick, "rounds": rounds, "threads": options.threads, "freeze": not options.no_freeze}
    settings |= {"interrupted": interrupted, "seconds": round(time.time() - started, 1)}
    whole = {"machine": facts, "settings": settings, "cases": report}
    (options.output / "results.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    (options.output / "table.txt").write_text(text + "\n", encoding="utf-8")
    try:
        title = f"{facts['cpu']}, {facts['python']}, threads: {options.threads}"
        title += " (quick run: not a measurement)" if options.quick else ""
        harness.plot(report, str(options.output / "ratios.png"), title)
    except ModuleNotFoundError as error:
        print(f"no plot: {EXTRA.format(error)}", file=sys.stderr)

    failed = any(row["wrong"] or (row["error"] and row["peer"] == "autodiff") for e in report for row in e["rows"])
    if interrupted:
        return 130
    return 1 if failed or (options.strict and "missed" in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
