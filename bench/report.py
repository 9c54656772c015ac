"""What a run leaves behind: the table, the plots, and `results.json`, from which the other two can be made again."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from .harness import BASELINES, PEERS, Case, Result, ratio_of, ratio_text, show

QUICK = "A quick run: small sizes, few and short samples. It shows that the cases work, not how fast they are."


# -------------------------------------------------------------------------------------------------------------- entries


def entry(case: Case, results: dict[str, Result], threads: int) -> dict[str, Any]:
    """A case as it stands in `results.json`."""
    return {
        "name": case.name,
        "group": case.group,
        "family": case.family,
        "size": case.size,
        "threads": threads,
        "description": case.description,
        "unit": case.unit,
        "demands": [vars(demand) for demand in case.demands],
        "rows": rows(case, results),
    }


def digits(value: float | None) -> float | None:
    """Six digits: more would say nothing, and make the file twice as large."""
    return None if value is None else float(f"{value:.6g}")


def rows(case: Case, results: dict[str, Result]) -> list[dict[str, Any]]:
    """One row per peer: what the table prints and the plot draws."""
    demands = {demand.peer: demand for demand in case.demands}
    own = results["autodiff"]
    table = []
    for peer in [*results, *(peer for peer in demands if peer not in results)]:
        result = results.get(peer, Result(error="not run"))
        ratio = median = None
        if peer != "autodiff" and result.best is not None and own.best is not None and own.best > 0:
            ratio = ratio_of(own, result)
            # An interrupted round has fewer samples of the later peers.
            median = statistics.median(p / o for p, o in zip(result.samples, own.samples, strict=False))
        demand = demands.get(peer)
        wanted, verdict = demand.judge(results, case.unit) if demand is not None else ("", "")
        table.append(
            {
                "peer": peer,
                "best": digits(result.best),
                "median": digits(result.median),
                "samples": [digits(value) for value in result.samples],
                "repeat": result.repeat,
                "detail": result.detail,
                "error": result.error,
                "wrong": result.wrong,
                "ratio": digits(ratio),
                "ratio_median": digits(median),
                "demand": wanted,
                "verdict": verdict,
            }
        )
    return table


def summary(name: str, description: str, demand, value: float, *, peer: str = "autodiff", note: str = "") -> dict:
    """An entry that a family says of its cases together: `value` is a ratio to the peer, or a number of its own."""
    ratio = value if peer != "autodiff" else None
    row = {
        "peer": peer,
        "best": None if ratio else digits(value),
        "median": None,
        "samples": [],
        "repeat": 1,
        "detail": {"note": note} if note else {},
        "error": None,
        "wrong": False,
        "ratio": digits(ratio),
        "ratio_median": None,
        "demand": demand.words(""),
        "verdict": demand.verdict(value, ratio),
    }
    return {
        "name": name,
        "group": "",
        "family": "",
        "size": None,
        "description": description,
        "unit": "",
        "demands": [vars(demand)],
        "rows": [row],
        "summary": True,
    }


def growth(entries: list[dict[str, Any]]) -> dict[int, float]:
    """Autodiff's best time of each size of a family, where it was measured."""
    own = [(entry["size"], entry["rows"][0]["best"]) for entry in entries]
    return {size: best for size, best in own if best}


# ---------------------------------------------------------------------------------------------------------------- table


def thread_counts(report: list[dict[str, Any]]) -> list[int]:
    return sorted({entry["threads"] for entry in report})


def threads_text(threads: int) -> str:
    return f"{threads} thread" + ("s" if threads > 1 else "")


def is_sweep(entry: dict[str, Any]) -> bool:
    """Whether a case is one of a family without sizes: many alike, that a compact table shows better."""
    return bool(entry["family"]) and entry["size"] is None


def table(report: list[dict[str, Any]]) -> str:
    """The report as text, the cases of each number of threads by themselves."""
    blocks = []
    counts = thread_counts(report)
    for threads in counts:
        entries = [entry for entry in report if entry["threads"] == threads]
        parts = [cases_table([entry for entry in entries if not is_sweep(entry)])]
        for name in dict.fromkeys(entry["family"] for entry in entries if is_sweep(entry)):
            parts.append(f"{name}, slowest first:\n\n{sweep_table([e for e in entries if e['family'] == name])}")
        text = "\n\n".join(part for part in parts if part)
        blocks.append(f"{threads_text(threads).upper()}\n\n{text}" if len(counts) > 1 else text)
    return "\n\n\n".join(blocks)


def cases_table(report: list[dict[str, Any]]) -> str:
    """Time of the peer / time of autodiff, and the demand beside it."""
    if not report:
        return ""
    lines = [("case", "peer", "best", "median", "peer/autodiff", "(median)", "demand", "verdict")]
    for entry in report:
        unit = entry["unit"]
        for i, row in enumerate(entry["rows"]):
            texts = [row["error"] or "", ""]
            if row["best"] is not None:
                texts = [show(row["best"], unit), "" if row["median"] is None else show(row["median"], unit)]
            ratios = ["" if row[k] is None else ratio_text(row[k]) for k in ("ratio", "ratio_median")]
            lines.append((entry["name"] if i == 0 else "", row["peer"], *texts, *ratios, row["demand"], row["verdict"]))
            parts = [f"{name} {show(value, unit)}" for name, value in row["detail"].get("parts", {}).items()]
            note = ", ".join(parts) or row["detail"].get("note")
            if note:
                lines.append(("", "", note, None, "", "", "", ""))
    # An error or a note may be long; it overflows its column instead of widening the table.
    long = [line[3] is None or (not line[3] and not line[4] and len(line[2]) > 12) for line in lines]
    widths = [
        max(len(line[k] or "") for line, wide in zip(lines, long, strict=True) if k != 2 or not wide) for k in range(8)
    ]
    out = []
    for n, (line, wide) in enumerate(zip(lines, long, strict=True)):
        if n and line[0]:
            out.append("")
        if wide:  # in the place of the times and ratios
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


def sweep_table(report: list[dict[str, Any]]) -> str:
    """A line for each case of a family, the smallest ratio first."""
    lines = []
    for entry in report:
        op, own = entry["name"].rpartition("/")[2], entry["rows"][0]
        times = [op, "" if own["best"] is None else show(own["best"], entry["unit"])]
        other = next((row for row in entry["rows"][1:] if row["error"] != "not run"), None)
        if other is None:
            lines.append((float("inf"), (*times, "", "", "", "", own["error"] or "")))
            continue
        times.append("" if other["best"] is None else show(other["best"], entry["unit"]))
        ratios = ["" if other[k] is None else ratio_text(other[k]) for k in ("ratio", "ratio_median")]
        end = "; ".join(text for text in (other["verdict"], own["error"] or other["error"]) if text)
        lines.append((other["ratio"] or 0.0, (*times, *ratios, other["demand"], end)))
    lines.sort(key=lambda line: line[0])
    peer = next((row["peer"] for entry in report for row in entry["rows"][1:]), "peer")
    cells = [
        ("op", "autodiff", peer, f"{peer}/autodiff", "(median)", "demand", "verdict"),
        *(line for _, line in lines),
    ]
    widths = [max(len(row[k]) for row in cells) for k in range(6)] + [len("verdict")]
    cells.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(
            t.rjust(w) if 1 <= k <= 4 else t.ljust(w) for k, (t, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def verdicts(report: list[dict[str, Any]]) -> list[str]:
    return [row["verdict"] for entry in report for row in entry["rows"] if row["verdict"]]


def notes(whole: dict[str, Any]) -> str:
    facts, settings, given = whole["machine"], whole["settings"], verdicts(whole["cases"])
    lines = [
        f"{facts['cpu']}, {facts['cores']} cores; {facts['python']}; "
        + ", ".join(f"{name} {number}" for name, number in facts["versions"].items() if number),
        f"float64 unless the case says float32; threads: {', '.join(map(str, settings['threads']))}; "
        f"rounds: {settings['rounds']}; peer/autodiff above 1x: autodiff is ahead",
    ]
    if settings["quick"]:
        lines.append(QUICK)
    if settings["interrupted"]:
        lines.append("Interrupted: the cases above are complete, the others were not run.")
    met, missed, unknown = sum("met" in verdict for verdict in given), given.count("missed"), given.count("-")
    lines.append(f"Demands: {met} met, {missed} missed, {unknown} not measured.")
    names_by_threads: dict[int, list[str]] = {}
    for entry in whole["cases"]:
        if any(row["verdict"] == "missed" for row in entry["rows"]):
            names_by_threads.setdefault(entry["threads"], []).append(entry["name"])
    for threads, names in sorted(names_by_threads.items()):
        lines.append(f"Missed with {threads_text(threads)}: {', '.join(names)}.")
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------------------------- files


def merge(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Several runs as one; a case that two of them measured with the same number of threads is taken from the last."""
    kinds = {run["settings"]["quick"] for run in runs}
    if len(kinds) > 1:
        raise ValueError("a quick run and a full one do not mix: their sizes differ")
    cases = {}
    for run in runs:
        cases.update({(entry["threads"], entry["name"]): entry for entry in run["cases"]})
    settings = dict(runs[-1]["settings"])
    settings["threads"] = sorted({n for run in runs for n in run["settings"]["threads"]})
    settings["interrupted"] = any(run["settings"]["interrupted"] for run in runs)
    settings["seconds"] = round(sum(run["settings"]["seconds"] for run in runs), 1)
    versions = {name: number for run in runs for name, number in run["machine"]["versions"].items()}
    return {
        "machine": runs[-1]["machine"] | {"versions": versions},
        "settings": settings,
        "cases": list(cases.values()),
    }


def read(path: str | Path) -> dict[str, Any]:
    whole = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(whole, dict) or "cases" not in whole or "settings" not in whole:
        raise ValueError(f"{path} is not a results.json of this benchmark")
    return whole


def write(whole: dict[str, Any], output: Path, *, plots: bool = True) -> str:
    """Write results.json, table.txt and the plots into a folder; the text of the table."""
    output.mkdir(parents=True, exist_ok=True)
    head = {key: value for key, value in whole.items() if key != "cases"}
    cases = ",\n".join(json.dumps(entry) for entry in whole["cases"])  # a line for each: a difference names its case
    (output / "results.json").write_text(
        f'{json.dumps(head, indent=1)[:-2]},\n "cases": [\n{cases}\n]}}\n', encoding="utf-8"
    )
    text = f"{table(whole['cases'])}\n\n{notes(whole)}"
    (output / "table.txt").write_text(text + "\n", encoding="utf-8")
    if plots:
        title = f"{whole['machine']['cpu']}, {whole['machine']['python']}"
        title += " (quick run: not a measurement)" if whole["settings"]["quick"] else ""
        for threads in thread_counts(whole["cases"]):
            entries = [entry for entry in whole["cases"] if entry["threads"] == threads]
            end = threads_text(threads).replace(" ", "-")
            under = f"{title}, {threads_text(threads)}"
            plot_ratios(entries, str(output / f"ratios-{end}.png"), under)
            plot_times(entries, str(output / f"times-{end}.png"), under)
            for stem in ("ops", "linalg"):
                members = [entry for entry in entries if entry["family"].startswith(stem)]
                plot_sweep(members, str(output / f"{stem}-{end}.png"), under)
    return text


# ---------------------------------------------------------------------------------------------------------------- plots


def drawing():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def save(figure, path: str) -> None:
    """With a palette of 64 colours: bars and lines need no more, and the file is a third."""
    import io

    from matplotlib import pyplot
    from PIL import Image  # matplotlib requires it

    whole = io.BytesIO()
    figure.savefig(whole, dpi=90)
    pyplot.close(figure)
    Image.open(whole).convert("RGB").quantize(64).save(path, optimize=True)


def colour(peer: str) -> str:
    """A peer has the same colour in every plot."""
    known = [*PEERS, *BASELINES]
    return f"C{known.index(peer)}" if peer in known else "0.6"


def bare(axes, *sides: str) -> None:
    axes.set_axisbelow(True)
    for side in sides:
        axes.spines[side].set_visible(False)


def wanted_ratio(demand: dict[str, Any] | None) -> float | None:
    if demand is None or demand["kind"] not in ("faster", "cost"):
        return None
    return demand["number"] if demand["kind"] == "faster" else 1 / demand["number"]


def plot_ratios(report: list[dict[str, Any]], path: str, title: str) -> None:
    """Bars of the ratios on a logarithmic axis, one block per case, demands as black ticks."""
    pyplot = drawing()
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    bars = []  # (height, case or "", peer, ratio, demanded ratio, verdict)
    height = 0.0
    blocks = []
    for entry in report:
        rows = [row for row in entry["rows"] if row["ratio"] is not None]
        # The sweep has a plot of its own, and so have sizes that nothing is demanded of.
        if is_sweep(entry) or (entry["family"] and not entry["demands"]):
            continue
        if not rows:
            continue
        first = height
        for row in rows:
            demand = next((d for d in entry["demands"] if d["peer"] == row["peer"]), None)
            wanted = wanted_ratio(demand)
            bars.append((height, row["peer"], row["ratio"], wanted, row["verdict"]))
            height += 1
        blocks.append((first, height - 1, entry["name"]))
        height += 0.8
    if not bars:
        return
    names = list(dict.fromkeys(bar[1] for bar in bars))
    known = [*PEERS, *BASELINES]
    names.sort(key=lambda name: known.index(name) if name in known else len(known))
    figure, axes = pyplot.subplots(figsize=(10, 1.6 + 0.2 * height), layout="constrained")
    for y, peer, ratio, wanted, verdict in bars:
        # From 1 outwards: right of the line autodiff is faster, left of it slower.
        axes.barh(y, ratio - 1, left=1, height=0.82, color=colour(peer), edgecolor="none")
        text = ratio_text(ratio) + (" missed" if verdict == "missed" else "")
        right = ratio >= 1
        axes.annotate(
            text,
            (max(ratio, wanted or ratio) if right else min(ratio, wanted or ratio), y),
            xytext=(5 if right else -5, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontsize=7,
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
    bare(axes, "top", "right", "left")
    axes.set_xlabel("peer / autodiff (time; bytes for memory): right of 1x autodiff is ahead")
    handles: list[Any] = [Patch(color=colour(name), label=name) for name in names if name in known]
    handles.append(Line2D([], [], color="black", linewidth=1.8, label="demand"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 5), frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=10)
    save(figure, path)


def plot_times(report: list[dict[str, Any]], path: str, title: str) -> None:
    """Time against size, both logarithmic: a panel for each family with sizes, a line for each peer."""
    pyplot = drawing()
    panels = []
    for name in dict.fromkeys(entry["family"] for entry in report if entry["family"] and entry["size"] is not None):
        entries = sorted((e for e in report if e["family"] == name), key=lambda entry: entry["size"])
        lines = {}
        for entry in entries:
            for row in entry["rows"]:
                if row["best"] is not None:
                    lines.setdefault(row["peer"], []).append((entry["size"], row["best"]))
        if len(entries) > 1:
            panels.append((name, entries[0]["description"], lines))
    if not panels:
        return
    figure, grid = pyplot.subplots(1, len(panels), figsize=(5.6 * len(panels), 5), layout="constrained", squeeze=False)
    for axes, (name, _, lines) in zip(grid[0], panels, strict=True):
        for peer, points in lines.items():
            own = peer == "autodiff"
            axes.plot(
                *zip(*points, strict=True),
                color=colour(peer),
                marker="o",
                markersize=4 if own else 3,
                linewidth=2.2 if own else 1.1,
                zorder=3 if own else 2,
                label=peer,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(name.replace("_", " "), fontsize=10)
        axes.set_xlabel("size")
        axes.set_ylabel("seconds")
        axes.grid(color="0.9", linewidth=0.8)
        axes.legend(frameon=False, fontsize=8)
        bare(axes, "top", "right")
    figure.suptitle(title, fontsize=10)
    save(figure, path)


def plot_sweep(report: list[dict[str, Any]], path: str, title: str) -> None:
    """The ops of the sweep, a bar for each type of number, sorted by the mean of their ratios."""
    pyplot = drawing()
    families: list[str] = []
    ratios: dict[str, dict[str, float]] = {}
    wanted = None
    for entry in report:
        if not is_sweep(entry):
            continue
        # The axis is PyTorch's: of a family with other peers, or where it is not installed, there is nothing to draw.
        ratio = next((row["ratio"] for row in entry["rows"][1:] if row["ratio"] and row["peer"] == "torch"), None)
        if ratio is not None:
            families += [entry["family"]] if entry["family"] not in families else []
            ratios.setdefault(entry["name"].rpartition("/")[2], {})[entry["family"]] = ratio
            wanted = wanted or wanted_ratio(entry["demands"][0] if entry["demands"] else None)
    if not ratios:
        return
    ops = sorted(ratios, key=lambda op: statistics.geometric_mean(ratios[op].values()))
    figure, axes = pyplot.subplots(figsize=(11, 1.6 + 0.2 * len(ops)), layout="constrained")
    height = 0.8 / len(families)
    for i, name in enumerate(families):
        at = [y + (i - (len(families) - 1) / 2) * height for y in range(len(ops))]
        values = [ratios[op].get(name, 1.0) for op in ops]
        mean = statistics.geometric_mean(ratios[op][name] for op in ops if name in ratios[op])
        label = f"{name.replace('_', ' ')}, geometric mean {mean:.2f}x"
        axes.barh(
            at, [value - 1 for value in values], left=1, height=height, color=f"C{i}", label=label
        )
    if wanted is not None:
        axes.axvline(wanted, color="black", linewidth=1, label=f"demand, {wanted:g}x")
    axes.axvline(1, color="0.3", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_ylim(len(ops) - 0.4, -0.6)
    axes.set_yticks(range(len(ops)), ops, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}x" if f"{value:e}"[0] in "25" else "")
    axes.tick_params(axis="x", which="minor", labelsize=8)
    axes.grid(axis="x", color="0.9", linewidth=0.8)
    axes.set_xlabel("torch / autodiff, forward and backward: right of 1x autodiff is ahead")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    bare(axes, "top", "right", "left")
    figure.suptitle(title, fontsize=10)
    save(figure, path)
