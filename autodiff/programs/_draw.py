"""A recorded program as a graph, in Graphviz's language."""
from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from typing import Any

_NAME = re.compile(r"%\d+")


def dot(lines: Iterable[tuple[int, str, Any]]) -> str:
    """The graph of one tree's listing: an ellipse for each operation, a diamond for each decision, an edge for each operand."""
    found = ["digraph program {", "    rankdir=TB;", '    node [fontname="monospace"];']
    scopes: list[dict[str, str]] = [{}]         # by depth: the node in which a name was computed
    above: list[tuple[str, str] | None] = [None]        # by depth: the decision that led there, and its way
    count = 0
    for depth, text, place in lines:
        while len(scopes) > depth + 1:
            scopes.pop()
            above.pop()
        if text == "else:":
            decided = above[depth]
            scopes.append(dict(scopes[depth]))
            above.append((decided[0], "no") if decided is not None else None)
            continue
        if len(scopes) == depth:
            scopes.append(dict(scopes[-1]))
            above.append(None)
        previous = above[depth]
        if text.startswith("elif ") and previous is not None:
            above[depth] = (previous[0], "no")
        node, scope = f"n{count}", scopes[depth]
        count += 1
        name, equals, formula = text.partition(" = ")
        is_value = bool(equals) and _NAME.fullmatch(name) is not None
        label = formula if is_value else text
        shape = "ellipse" if is_value else "diamond" if text.startswith(("if ", "elif ", "guard ")) else "box"
        where = f"\\n{place[2]}, line {place[1]}" if place else ""
        for operand in dict.fromkeys(_NAME.findall(label)):
            if operand not in scope:            # an input
                scope[operand] = f"i{operand[1:]}"
                if f'    i{operand[1:]} [label="{operand}", shape=box];' not in found:
                    found.append(f'    i{operand[1:]} [label="{operand}", shape=box];')
            found.append(f"    {scope[operand]} -> {node};")
        found.append(f'    {node} [label="{(name + " = " if is_value else "") + label}{where}", shape={shape}];')
        came = above[depth]
        if came is not None:
            found.append(f'    {came[0]} -> {node} [style=dotted, label="{came[1]}"];')
            above[depth] = None
        if is_value:
            scope[name] = node
        elif shape == "diamond" and not text.startswith("guard "):
            above[depth] = (node, "yes")
            scopes.append(dict(scope))
            above.append((node, "yes"))
    return "\n".join([*found, "}"])


def drawn(text: str) -> Any:
    """The drawing, by the package graphviz where it is installed; else the text."""
    try:
        graphviz: Any = importlib.import_module("graphviz")
    except ImportError:
        return text
    return graphviz.Source(text)
