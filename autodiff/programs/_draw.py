"""A recorded program as a picture."""
from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .._draw import Box, Drawing

_NAME = re.compile(r"%\d+")


def drawing(listings: Iterable[Iterable[tuple[int, str, Any]]]) -> Drawing:
    """The listings of trees: an ellipse for each input, a box for each operation, a diamond for each decision, an arrow
    for each operand and for each way on from a decision."""
    boxes: dict[Any, Box] = {}
    arrows: list[tuple[Any, ...]] = []
    for tree, listing in enumerate(listings):
        _add(tree, listing, boxes, arrows)
    return Drawing(boxes, arrows)


def _add(tree: int, listing: Iterable[tuple[int, str, Any]], boxes: dict[Any, Box], arrows: list[tuple[Any, ...]]) -> None:
    scopes: list[dict[str, Any]] = [{}]         # by depth: the box in which a name was computed
    above: list[tuple[Any, str] | None] = [None]        # by depth: the decision that led there, and its way
    for count, (depth, text, place) in enumerate(listing):
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
        key, scope = (tree, count), scopes[depth]
        name, equals, formula = text.partition(" = ")
        is_value = bool(equals) and _NAME.fullmatch(name) is not None
        decides = text.startswith(("if ", "elif ", "guard "))
        operands = [(operand, scope.setdefault(operand, (tree, operand)))       # what nobody computed is an input
                    for operand in dict.fromkeys(_NAME.findall(formula if is_value else text))]
        for operand, source in operands:
            if source not in boxes:
                boxes[source] = Box(operand, kind="leaf")
            arrows.append((source, key))
        boxes[key] = Box(text, *([f"{place[2]}, line {place[1]}"] if place else []),
                         kind="op" if is_value else "decision" if decides else "output")
        came = above[depth]
        if came is not None:
            arrows.append((came[0], key, came[1]))
            above[depth] = None
        if is_value:
            scope[name] = key
        elif decides:
            above[depth] = (key, "yes")
            if text.startswith("guard "):       # the same code goes on below it
                continue
            scopes.append(dict(scope))
            above.append((key, "yes"))
