"""`python -m bench compare OLD NEW`, `python -m bench report FILE... --output DIR`: what is done with finished runs."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .harness import ratio_text, show


@dataclass
class Change:
    """`factor` above 1: the new run is slower (or larger) by so much."""

    name: str
    factor: float
    by: str


def key(entry: dict[str, Any]) -> tuple[str, int]:
    return entry["name"], entry["threads"]


def own_row(entry: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in entry["rows"] if row["peer"] == "autodiff")


def works(entry: dict[str, Any]) -> bool:
    row = own_row(entry)
    return row["best"] is not None and not any(other["wrong"] for other in entry["rows"])


def change(old: dict[str, Any], new: dict[str, Any], name: str) -> Change:
    """By the ratio to the first peer that both runs measured; by autodiff's own figure where there is none.

    Machines differ, and so does one machine from hour to hour, but a peer timed in the same rounds meets the same
    machine. Bytes and counts do not depend on its speed, and are compared as they are."""
    before, after = own_row(old)["best"], own_row(new)["best"]
    if old["unit"] == "s":
        ratios = {row["peer"]: row["ratio"] for row in old["rows"] if row["ratio"]}
        for row in new["rows"]:
            if row["ratio"] and row["peer"] in ratios:
                was, now = ratios[row["peer"]], row["ratio"]
                own = f"own time {show(before, 's')} -> {show(after, 's')}"
                by = f"by the ratio to {row['peer']}: {ratio_text(was)} -> {ratio_text(now)} ({own})"
                return Change(name, was / now, by)
    words = "by its own time, no peer in both runs" if old["unit"] == "s" else "by its own figure"
    if before > 0:
        factor = after / before
    else:  # a growth of memory of nothing: any page more is beyond a factor
        factor = 1.0 if after <= 0 else float("inf")
    return Change(name, factor, f"{words}: {show(before, old['unit'])} -> {show(after, old['unit'])}")


def differences(old: dict[str, Any], new: dict[str, Any], threshold: float) -> dict[str, list]:
    """The cases of two runs under five headings: regressions, improvements, broken, missing, new."""
    if old["settings"]["quick"] != new["settings"]["quick"]:
        raise ValueError("one of the runs is a quick run, the other is not: their sizes differ")
    found: dict[str, list] = {
        "broken": [],
        "regressions": [],
        "improvements": [],
        "missing": [],
        "new": [],
        "level": [],
    }
    before = {key(e): e for e in old["cases"] if not e.get("summary")}
    after = {key(e): e for e in new["cases"] if not e.get("summary")}
    several = len({threads for _, threads in (*before, *after)}) > 1
    for place in [*before, *(place for place in after if place not in before)]:
        name = f"{place[0]}, threads: {place[1]}" if several else place[0]
        if place not in after:
            found["missing"].append(name)
        elif place not in before:
            found["new"].append(name)
        elif not works(after[place]):
            errors = [
                row["error"]
                for row in after[place]["rows"]
                if row["error"] and (row["wrong"] or row["peer"] == "autodiff")
            ]
            found["broken" if works(before[place]) else "level"].append(
                f"{name}: {errors[0] if errors else 'no figure'}"
            )
        elif not works(before[place]):
            found["improvements"].append(Change(name, 0.0, "it failed before"))
        else:
            moved = change(before[place], after[place], name)
            heading = "level"
            if moved.factor > threshold:
                heading = "regressions"
            elif moved.factor < 1 / threshold:
                heading = "improvements"
            found[heading].append(moved)
    found["regressions"].sort(key=lambda c: -c.factor)
    found["improvements"].sort(key=lambda c: c.factor)
    return found


def words(found: dict[str, list], threshold: float) -> str:
    lines = []
    for heading, title in (
        ("broken", "Broken: worked in the old run, fails in the new one"),
        ("regressions", f"Regressions of more than {threshold:g}x"),
        ("improvements", f"Improvements of more than {threshold:g}x"),
        ("missing", "Missing: only in the old run"),
        ("new", "New: only in the new run"),
    ):
        if not found[heading]:
            continue
        lines.append(f"{title} ({len(found[heading])})")
        for item in found[heading]:
            if not isinstance(item, Change):
                lines.append(f"  {item}")
            elif heading == "regressions":
                lines.append(f"  {item.name}: {item.factor:.3g}x slower or larger, {item.by}")
            elif item.factor:
                lines.append(f"  {item.name}: {1 / item.factor:.3g}x better, {item.by}")
            else:
                lines.append(f"  {item.name}: {item.by}")
        lines.append("")
    lines.append(f"{len(found['level'])} cases level.")
    return "\n".join(lines)


def compare(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench compare",
        description=(
            "Compare two results.json. A case with a peer in both runs is compared by its ratio to that peer, since "
            "machines differ; one without by autodiff's own time; memory by its bytes."
        ),
        epilog="exit status: 0; 1 if a case is slower by more than the threshold or fails; 2: wrong argument",
    )
    parser.add_argument("old", metavar="OLD.json")
    parser.add_argument("new", metavar="NEW.json")
    parser.add_argument(
        "--threshold", type=float, default=1.1, metavar="X", help="what counts as a change (default 1.1)"
    )
    options = parser.parse_args(argv)
    if not options.threshold > 1:
        parser.error("--threshold is above 1")
    from . import report

    try:
        found = differences(report.read(options.old), report.read(options.new), options.threshold)
    except (OSError, ValueError) as error:
        print(f"cannot compare: {error}", file=sys.stderr)
        return 2
    print(words(found, options.threshold))
    return 1 if found["regressions"] or found["broken"] else 0


def report(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench report",
        description=(
            "Make the table and the plots again from one results.json, or from several: a case that two of them "
            "measured with the same number of threads is taken from the last."
        ),
    )
    parser.add_argument("files", nargs="+", metavar="RESULTS.json")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(argv)
    from . import report

    try:
        whole = report.merge([report.read(file) for file in options.files])
    except (OSError, ValueError) as error:
        print(f"cannot report: {error}", file=sys.stderr)
        return 2
    print(report.write(whole, options.output))
    return 0
