"""Pictures of graphs: boxes and arrows as DOT, as SVG where Graphviz is at hand, and as a text tree anywhere.

draw() reads a recorded graph; draw_dag() takes boxes and arrows from whoever has some.  Long graphs are folded: stretches that
repeat are drawn once with their count, and so are the ops of one function of the program, where lines are known.
"""
from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from . import _explain, _guidance
from . import _variable as _v

__all__ = ["Box", "Drawing", "draw", "draw_dag"]

_Base = _v.Base


class Box:
    """A box of a picture: its lines of text, what it is ("op", "leaf", "output", "folded", "decision"), and whether it is red.

    The first line is what the text tree shows again.  within: the number of the stretch that repeats in which it stands, or -1;
    tip: shown by a browser under the pointer.
    """

    def __init__(self, *lines: str, kind: str = "op", red: bool = False, tip: str = "", within: int = -1) -> None:
        self.lines, self.kind, self.red, self.tip, self.within = lines, kind, red, tip, within


_FILL = {"op": "#eef2f7", "leaf": "#dff0d8", "output": "#fdf1cf", "folded": "#e4e0f2", "decision": "#fbe3d6"}
_SHAPE = {"leaf": ', shape="ellipse"', "decision": ', shape="diamond"'}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


class Drawing:
    """A picture of a graph.  As text it is a tree, in Jupyter it shows itself, and svg(), save() and `dot` give the rest.

    boxes: {key: Box}; arrows: (from, to, label, back) in the direction in which values flow, back for those of a loop's next
    round; groups: {number: (text, number of the group around it, or -1)} of stretches that repeat.
    """

    def __init__(self, boxes: Mapping[Any, Box], arrows: Iterable[tuple[Any, ...]],
                 groups: Mapping[int, tuple[str, int]] | None = None, title: str = "") -> None:
        self.boxes = dict(boxes)
        self.arrows = [(*arrow, *("", False)[len(arrow) - 2:]) for arrow in arrows]
        self.groups, self.title = dict(groups or {}), title

    @property
    def dot(self) -> str:
        """The picture in Graphviz's language."""
        number = {key: f"n{i}" for i, key in enumerate(self.boxes)}
        title = f', label={_quoted(self.title)}, labelloc="b"' if self.title else ""
        font = 'fontname="Helvetica", fontsize="11"'
        lines = ["digraph autodiff {", f'  graph [rankdir="TB", ranksep="0.35", nodesep="0.25", {font}{title}];',
                 f'  node [shape="box", style="rounded,filled", margin="0.12,0.06", color="#5b6b7f", {font}];',
                 '  edge [color="#5b6b7f", fontname="Helvetica", fontsize="9", arrowsize="0.7"];']
        members: dict[int, list[str]] = {}
        for key, box in self.boxes.items():
            look = f'label={_quoted(chr(10).join(box.lines))}, fillcolor="{_FILL[box.kind]}"'
            look += _SHAPE.get(box.kind, "")
            if box.red:
                look += ', color="#c00000", fontcolor="#c00000", penwidth="2"'
            if box.tip:
                look += f", tooltip={_quoted(box.tip)}"
            members.setdefault(box.within, []).append(f"{number[key]} [{look}];")
        lines += self._members(-1, members, "  ")
        for start, end, label, back in self.arrows:
            looks = [f"label={_quoted(label)}"] if label else []
            if back:
                looks.append('style="dashed", constraint="false", color="#8a7fb8"')
            elif self.boxes[start].red and self.boxes[end].red:
                looks.append('color="#c00000", penwidth="2"')
            lines.append(f"  {number[start]} -> {number[end]}" + (f" [{', '.join(looks)}]" if looks else "") + ";")
        return "\n".join([*lines, "}"]) + "\n"

    def _members(self, group: int, members: Mapping[int, list[str]], indent: str) -> list[str]:
        """What stands in a group, with the groups in it."""
        lines = [indent + line for line in members.get(group, ())]
        for inner, (text, outer) in self.groups.items():
            if outer == group:
                lines += [f"{indent}subgraph cluster_{inner} {{",
                          f'{indent}  label={_quoted(text)}; labeljust="r"; style="rounded,dashed"; color="#8a7fb8";',
                          *self._members(inner, members, indent + "  "), indent + "}"]
        return lines

    def _times(self, group: int) -> str:
        """How often what stands in a group repeats, with the groups around it."""
        words = ""
        while group >= 0:
            text, group = self.groups[group]
            words = f"{words} in {text}" if words else text
        return words

    def render(self, format: str = "svg") -> bytes:
        """The picture as Graphviz draws it: "svg", "png", "pdf".  Raises RuntimeError where there is no Graphviz."""
        graphviz = _module("graphviz")
        if graphviz is not None:
            try:
                found: bytes = graphviz.Source(self.dot).pipe(format=format, quiet=True)
                return found
            except graphviz.ExecutableNotFound:
                pass        # the package is there, the program `dot` is not: the next brings its own
        pygraphviz = _module("pygraphviz")
        if pygraphviz is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")     # remarks of Graphviz on fonts
                drawn: bytes = pygraphviz.AGraph(string=self.dot).draw(format=format, prog="dot")
            return drawn
        what = "the program `dot`" if graphviz is not None else "Graphviz"
        raise RuntimeError(f"draw() needs {what} for {format}: pip install 'autodiff-core[viz]', or install Graphviz of your "
                           "system and the package graphviz.  print(drawing) shows a text tree, drawing.dot is the source")

    def svg(self) -> str:
        """The picture as SVG.  Raises RuntimeError where there is no Graphviz."""
        return self.render("svg").decode()

    def save(self, path: Any) -> None:
        """Write the picture to a file, in the format that its name ends in: .svg, .png, .pdf, .dot, .txt."""
        name = str(path)
        ending = name.rpartition(".")[2].lower()
        if ending in ("dot", "gv"):
            data = self.dot.encode()
        elif ending == "txt":
            data = (self.text() + "\n").encode()
        else:
            data = self.render(ending)
        with open(path, "wb") as file:
            file.write(data)

    def text(self, most: int = 200) -> str:
        """A tree: each result with its operands below it; what was shown before is only named.  At most `most` lines."""
        below: dict[Any, list[tuple[Any, str]]] = {key: [] for key in self.boxes}
        above: set[Any] = set()
        for start, end, label, back in self.arrows:
            below[end].append((start, "the round before: " if back else f"{label}: " if label else ""))
            if not back:
                above.add(start)
        lines: list[str] = [self.title] if self.title else []
        shown: set[Any] = set()
        # (key, what stands before it, before what is below it, words, whether of the round before)
        stack: list[tuple[Any, str, str, str]] = [(key, "", "", "") for key in reversed(self.boxes) if key not in above]
        while stack:
            key, lead, rest, words = stack.pop()
            box = self.boxes[key]
            first = box.lines[0] if box.lines else ""
            mark = f"  [{self._times(box.within)}]" if box.within >= 0 and key not in shown else ""
            mark += "  <- NaN" if box.red else ""
            again = key in shown or words.startswith("the round before")
            if len(lines) >= most:
                lines.append(f"... and {len(self.boxes) - len(shown)} more")
                break
            if again:
                lines.append(f"{lead}{words}{first} (as above)" if below[key] else f"{lead}{words}{first}")
                continue
            shown.add(key)
            lines.append(lead + words + "  ".join(box.lines) + mark)
            children = below[key]
            for i in range(len(children) - 1, -1, -1):
                last = i == len(children) - 1
                stack.append((children[i][0], rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "),
                              children[i][1]))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except RuntimeError:        # no Graphviz: the notebook shows the text
            return None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """For Jupyter: SVG where there is Graphviz, and the text tree."""
        svg = self._repr_svg_()
        return {"text/plain": self.text(), **({"image/svg+xml": svg} if svg is not None else {})}


def _module(name: str) -> Any:
    """A package that may be there."""
    try:
        return import_module(name)
    except ImportError:
        return None


def draw_dag(nodes: Iterable[tuple[Any, Box | str]], edges: Iterable[tuple[Any, ...]], title: str = "") -> Drawing:
    """A Drawing of boxes and arrows: nodes of (key, Box or text), edges of (from, to) or (from, to, label).

    >>> from autodiff._draw import draw_dag
    >>> print(draw_dag([("x", "x"), ("y", "sin"), ("z", "mul")], [("x", "y"), ("x", "z"), ("y", "z")]))
    mul
    ├─ x
    └─ sin
       └─ x
    """
    return Drawing({key: box if isinstance(box, Box) else Box(*box.split("\n")) for key, box in nodes}, edges, title=title)


# ---- a recorded graph

class _Op:
    """A node as it is drawn: in the order of creation, with the places of its operands in that order."""

    def __init__(self, node: Any, leaf: bool) -> None:
        self.node, self.leaf = node, leaf
        self.operands: list[tuple[int, int]] = []       # (place, number of its result)
        self.what = ""
        self.token: Any = None
        self.place = None if leaf else _explain._made(node)


def _names(params: Mapping[str, Any] | None) -> tuple[dict[int, str], dict[tuple[int, int], str]]:
    """The names of leaves, and of results, by those given and those that the program has."""
    leaves: dict[int, str] = {}
    results: dict[tuple[int, int], str] = {}
    scopes: list[Mapping[str, Any]] = [params] if params else []
    frame: Any = sys._getframe()
    while frame is not None:
        if _guidance.of_program(frame):
            scopes += [dict(frame.f_locals), dict(frame.f_globals)]
        frame = frame.f_back
    for scope in scopes:
        for name, value in scope.items():
            members = [(name, value)]
            if isinstance(value, (list, tuple)) and len(value) <= 100:
                members = [(f"{name}[{i}]", one) for i, one in enumerate(value)]
            elif isinstance(value, dict) and len(value) <= 100:
                members = [(f"{name}[{key!r}]", one) for key, one in value.items()]
            for label, one in members:
                if not isinstance(one, _Base) or name.startswith("_") or not name.isidentifier():
                    continue
                if one.is_leaf:
                    leaves.setdefault(id(one), label)
                else:
                    results.setdefault((id(one.grad_fn), one.output_nr), label)
    return leaves, results


def _bytes(count: int) -> str:
    return f"{count} B" if count < 10000 else f"{count / 1000:.3g} kB" if count < 10 ** 7 else f"{count / 1e6:.3g} MB"


def _shape(shape: Any) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def _type(dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


def _saved(node: Any, storages: dict[Any, int]) -> tuple[list[str], bool]:
    """What a node saved, in words, and whether there is a NaN in it."""
    words, nan = [], False
    for name in dir(node):
        if not name.startswith("_saved_"):
            continue
        try:
            value = getattr(node, name)
        except RuntimeError as error:
            freed = "freed" in str(error)
            words.append(f"{name[7:]}: {'freed' if freed else 'overwritten since'}")
            continue
        if isinstance(value, _Base):
            array = value.detach().numpy()
            nan = nan or (array.dtype.kind in "fc" and bool(np.isnan(array).any()))
            storages[_v.storage_of(value)[0]] = array.nbytes
            words.append(f"{name[7:]} {_bytes(array.nbytes)}")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            words.append(f"{name[7:]} = {value:.6g}")
    return words, nan


def _read(outputs: list[Any]) -> list[_Op]:
    """All nodes behind outputs, in the order of creation, leaves first."""
    nodes: dict[int, Any] = {}
    stack = [_v.gradient_edge(one)[0] for one in outputs]
    while stack:
        node = stack.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            stack.extend(below for below, _ in node.next_functions if below is not None)
    leaves = [node for node in nodes.values() if not node.next_functions]
    others = sorted((node for node in nodes.values() if node.next_functions), key=lambda node: node._sequence_nr())
    ops = [_Op(node, True) for node in leaves] + [_Op(node, False) for node in others]
    places = {id(op.node): place for place, op in enumerate(ops)}
    for op in ops:
        op.operands = [(places[id(below)], number) for below, number in op.node.next_functions if below is not None]
        try:
            shape, dtype, _ = op.node._input_metadata[0]
            op.what = f"{_shape(shape)} {_type(dtype)}"
        except (NotImplementedError, IndexError, AttributeError):
            op.what = "several results"
        # Not how far back the other operands are: in the first round of a loop they stand elsewhere, or are constants.
        op.token = (op.node.name(), op.what, tuple(below for below, _ in op.operands if ops[below].leaf))
    return ops


def _folds(ops: list[_Op]) -> list[Any]:
    """The ops as places and (stretch, times): the same ops of the same leaves at least three times, loops in loops too."""
    items: list[Any] = list(range(len(ops)))
    tokens: list[Any] = [("leaf", place) if op.leaf else op.token for place, op in enumerate(ops)]
    period = 1
    while period <= min(64, len(items) // 3):
        found: list[Any] = []
        found_tokens: list[Any] = []
        place = 0
        while place < len(items):
            end = place
            while end + period < len(items) and tokens[end] == tokens[end + period] and tokens[end][0] != "leaf":
                end += 1
            times = (end - place) // period + 1
            if times >= 3:
                found.append((items[place:place + period], times))
                found_tokens.append(("fold", times, tuple(tokens[place:place + period])))
                place += period * times
            else:
                found.append(items[place])
                found_tokens.append(tokens[place])
                place += 1
        # short stretches first, so that a loop in a loop is folded before the outer one
        period = 1 if len(found) < len(items) else period + 1
        items, tokens = found, found_tokens
    return items


def _count(item: Any) -> int:
    return 1 if isinstance(item, int) else item[1] * sum(map(_count, item[0]))


def _pictured(items: list[Any], start: int, place_of: dict[int, int], groups: dict[int, tuple[str, int]],
              within: dict[int, int], outer: int) -> int:
    """Which place stands for each op, and in which group it is: place_of, within; groups: {number: (text, parent)}."""
    place = start
    for item in items:
        if isinstance(item, int):
            place_of[place] = place
            within[place] = outer
            place += 1
            continue
        inside, times = item
        group = len(groups)
        size = sum(map(_count, inside))
        groups[group] = f"{times} times", outer
        _pictured(inside, place, place_of, groups, within, group)
        for later in range(place + size, place + size * times):
            place_of[later] = place_of[place + (later - place) % size]
        place += size * times
    return place


def draw(outputs: Any, *, params: Mapping[str, Any] | None = None, fold: int | None = 40) -> Drawing:
    """A picture of the graph behind a Variable, or behind several: ops, shapes, dtypes, what they saved, and the leaves.

    Leaves and results bear the names of params ({"w": w}) or those that the program has for them.  The path of a NaN, in what
    was saved or in the gradient, is red.  A graph of more than `fold` ops is folded: what repeats is drawn once with its count,
    and where that is not enough, and the lines of the program are known (in explain() or anomaly mode), what one function of it
    computes; None folds nothing.  The Drawing shows itself in Jupyter; print() shows a text tree; svg() and save("graph.svg")
    need Graphviz, pip install 'autodiff-core[viz]', whose source is .dot.  Raises TypeError for what is no Variable, ValueError
    for one that does not require grad.

    >>> import autodiff
    >>> x = autodiff.tensor(2.0, requires_grad=True)
    >>> print(autodiff.draw(autodiff.log(x ** 2) * autodiff.sin(x)))
    mul  () float64  saves other 8 B, self 8 B
    ├─ log  () float64  saves self 8 B
    │  └─ pow  () float64  saves exponent = 2, self 8 B
    │     └─ x  () float64
    └─ sin  () float64  saves self 8 B
       └─ x
    """
    given = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    for one in given:
        if not isinstance(one, _Base):
            raise TypeError(f"draw() takes a Variable, or several, not {type(one).__name__}")
        if not one.requires_grad:
            raise ValueError("draw(): the Variable does not require grad, so there is no graph behind it; autodiff.explain() "
                             "says why")
    ops = _read(given)
    leaves, results = _names(params)
    with _explain._quiet():
        red = _red(given, ops)
    folding = fold is not None and len(ops) > fold
    place_of: dict[int, int] = {}
    groups: dict[int, tuple[str, int]] = {}
    within: dict[int, int] = {}
    _pictured(_folds(ops) if folding else list(range(len(ops))), 0, place_of, groups, within, -1)
    functions = _functions(ops, place_of, within, fold) if folding else {}
    storages: dict[Any, int] = {}
    boxes: dict[Any, Box] = {}
    for place, op in enumerate(ops):
        saved, nan = ([], False) if op.leaf else _saved(op.node, storages)
        shown = place_of[place]
        key = functions.get(shown, shown)
        if nan:
            red.add(id(op.node))
        if key in boxes:        # another round of a loop, or another op of a function
            boxes[key].red = boxes[key].red or id(op.node) in red
            continue
        if isinstance(key, tuple):
            count = sum(functions.get(place_of[i]) == key for i in range(len(ops)))
            boxes[key] = Box(f"{key[0]}()", f"{count} ops", kind="folded", red=id(op.node) in red)
            continue
        boxes[key] = _box(op, saved, leaves, results, id(op.node) in red, within[shown])
    for one in given:
        edge = _v.gradient_edge(one)
        for place, op in enumerate(ops):
            box = boxes[functions.get(place_of[place], place_of[place])]
            if op.node is edge[0] and box.kind == "op":
                box.kind = "output"
    arrows = dict.fromkeys(_arrows(ops, place_of, functions))
    title = f"{len(ops)} nodes, {_bytes(sum(storages.values()))} saved" if folding else ""
    return Drawing(boxes, arrows, groups, title)


def _red(outputs: list[Any], ops: list[_Op]) -> set[int]:
    """The nodes on the way of a NaN."""
    floats = [one for one in outputs if _explain._floats(one)]
    found = _explain.Examined(floats, [None] * len(floats))
    return found.path_of("nan")


def _box(op: _Op, saved: list[str], leaves: dict[int, str], results: dict[tuple[int, int], str], red: bool, within: int) -> Box:
    if op.leaf:
        leaf = getattr(op.node, "variable", None)
        return Box((leaves.get(id(leaf)) if leaf is not None else None) or "leaf", op.what, kind="leaf", red=red)
    name = _explain._called(_explain._short(op.node))
    label = results.get((id(op.node), 0))
    tip = _guidance.line_text(op.place, always=True) if op.place is not None else ""
    lines = [f"{label} = {name}" if label else name, op.what]
    if saved:
        lines.append("saves " + ", ".join(saved))
    return Box(*lines, red=red, tip=tip, within=within)


def _functions(ops: list[_Op], place_of: dict[int, int], within: dict[int, int],
               fold: int | None) -> dict[int, tuple[str, int]]:
    """Of ops that are still too many: those that one function of the program called, one after the other, as one box."""
    shown = sorted(set(place_of.values()))
    if fold is None or len(shown) <= fold:
        return {}
    result: dict[int, tuple[str, int]] = {}
    run: list[int] = []
    last = None
    for place in [*shown, -1]:
        line = ops[place].place if place >= 0 and within[place] < 0 else None
        function = line[2] if line is not None else None
        if function != last or place < 0:
            if last is not None and last != "<module>" and len(run) > 1:
                result.update(dict.fromkeys(run, (last, run[0])))
            run, last = [], function
        run.append(place)
    return result


def _arrows(ops: list[_Op], place_of: dict[int, int], functions: dict[int, Any]) -> Iterable[tuple[Any, Any, str, bool]]:
    for place, op in enumerate(ops):
        end = place_of[place]
        for below, number in op.operands:
            start = place_of[below]
            tail, head = functions.get(start, start), functions.get(end, end)
            if tail == head and isinstance(tail, tuple):
                continue
            # to the same op, or one that stands before it, in an earlier round
            back = start >= end and not ops[below].leaf
            yield tail, head, f"result {number}" if number else "", back
