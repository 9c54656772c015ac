"""Nested containers of values: taken apart into leaves, and put together again."""
from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import _variable as _v

__all__ = ["Treedef", "flatten", "flatten_results", "map_leaves", "spread"]


class Treedef:
    """How a tree was built, without its leaves: a container's type, what else it is made with, and its parts."""

    __slots__ = ("context", "count", "kind", "parts")

    def __init__(self, kind: Any, context: Any, parts: tuple[Treedef, ...], count: int) -> None:
        self.kind, self.context, self.parts, self.count = kind, context, parts, count

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The tree with other leaves, as many as it has."""
        return leaves[0] if self is LEAF and type(leaves) is list else self._built(iter(leaves))

    def _built(self, leaves: Any) -> Any:
        kind = self.kind
        if kind is None:
            return next(leaves)
        parts = [next(leaves) if part is LEAF else part._built(leaves) for part in self.parts]
        if kind in (list, tuple):
            return kind(parts)
        if issubclass(kind, tuple):
            return kind._make(parts) if hasattr(kind, "_make") else kind(parts)
        if issubclass(kind, dict):
            keys, factory = self.context
            return kind(factory, zip(keys, parts, strict=True)) if kind is defaultdict else kind(zip(keys, parts, strict=True))
        made = kind.__new__(kind)       # a dataclass: __init__ may compute, or refuse what is no plain value
        for name, part in zip(self.context, parts, strict=True):
            object.__setattr__(made, name, part)
        return made

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Treedef) and self.kind is other.kind and self.context == other.context
                                 and self.parts == other.parts)

    def __hash__(self) -> int:
        return hash((self.kind, self.count))

    def __repr__(self) -> str:
        if self.kind is None:
            return "*"
        parts = ", ".join(map(repr, self.parts))
        return f"({parts})" if self.kind is tuple else f"{self.kind.__name__}({parts})"


LEAF = Treedef(None, None, (), 1)

_Base: Any = _v.Tensor.__base__
#: What needs no second look: asked after the others a leaf takes four times as long, most of it for an attribute it has not.
_LEAVES = {_v.Tensor, _v.ndarray, np.ndarray, np.float64, float, int, complex, bool, str, type(None)}


def flatten(tree: Any) -> tuple[list[Any], Treedef]:
    """The leaves of a tree in order, and how it is built of them.

    Containers are lists, tuples, named tuples, dicts (in their order) and dataclasses; everything else is a leaf, None too.
    Raises ValueError for a container that holds itself.

    >>> from autodiff._pytree import flatten
    >>> leaves, treedef = flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> leaves, treedef.unflatten([10, 20, 30])
    ([1.0, 2.0, 3.0], {'w': [10, 20], 'b': 30})
    """
    if type(tree) in _LEAVES:
        return [tree], LEAF
    leaves: list[Any] = []
    try:
        return leaves, _walk(tree, leaves)
    except RecursionError:
        raise ValueError("a tree of arguments or results holds itself, or is nested too deeply") from None


def flatten_results(tree: Any) -> tuple[list[Any], Treedef]:
    """flatten() of what a function returned: an object array that holds Variables, as np.array([v0, v1]) is one, is lifted.

    Of an array of another library around a Variable, as a DataArray is one, the Variable is taken.

    >>> import autodiff
    >>> autodiff.jacobian(lambda x: np.array([x[0] * x[1], x[1]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [0., 1.]])
    """
    leaves, treedef = flatten(tree)
    for i, leaf in enumerate(leaves):
        if type(leaf) is np.ndarray and leaf.dtype.kind == "O":
            leaves[i] = _v.OPS.lifted(leaf)
        elif type(leaf) not in _LEAVES and not isinstance(leaf, (_Base, np.generic)) and isinstance(
                getattr(leaf, "data", None), _Base):    # numbers hold none, and a condition that is recorded would be decided
            leaves[i] = leaf.data
    return leaves, treedef


def _walk(tree: Any, leaves: list[Any]) -> Treedef:
    kind, before = type(tree), len(leaves)
    context: Any = None
    parts: Any = tree
    if kind is tuple or kind is list or (isinstance(tree, tuple) and hasattr(kind, "_fields")):
        pass
    elif kind in (dict, OrderedDict, defaultdict):
        context = (tuple(tree), getattr(tree, "default_factory", None))
        parts = tree.values()
    elif hasattr(kind, "__dataclass_fields__"):
        context = tuple(field.name for field in dataclasses.fields(tree))
        parts = [getattr(tree, name) for name in context]
    else:
        leaves.append(tree)
        return LEAF
    defs = []
    for part in parts:
        if type(part) in _LEAVES:
            leaves.append(part)
            defs.append(LEAF)
        else:
            defs.append(_walk(part, leaves))
    return Treedef(kind, context, tuple(defs), len(leaves) - before)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree of function(leaf).

    >>> from autodiff._pytree import map_leaves
    >>> map_leaves(lambda leaf: leaf * 2, (1, [2, 3]))
    (2, [4, 6])
    """
    if type(tree) in _LEAVES:
        return function(tree)
    leaves, treedef = flatten(tree)
    return treedef.unflatten([function(leaf) for leaf in leaves])


def spread(prefix: Any, treedef: Treedef) -> list[Any] | None:
    """The leaves of a tree that is the beginning of another, each as often as what hangs there has leaves; None: it is none.

    >>> from autodiff._pytree import flatten, spread
    >>> spread((0, {"a": 1}), flatten((["x", "y"], {"a": "z"}))[1])
    [0, 0, 1]
    """
    if type(prefix) is int or prefix is None:
        return [prefix] * treedef.count
    found: list[Any] = []
    return found if _spread(prefix, treedef, found) else None


def _spread(prefix: Any, treedef: Treedef, found: list[Any]) -> bool:
    kind = type(prefix)
    if kind in (dict, OrderedDict, defaultdict):
        if treedef.kind is not kind or set(prefix) != set(treedef.context[0]):
            return False
        return all(_spread(prefix[key], part, found) for key, part in zip(treedef.context[0], treedef.parts, strict=True))
    if kind in (list, tuple) or (isinstance(prefix, tuple) and hasattr(kind, "_fields")):
        if treedef.kind is not kind or len(prefix) != len(treedef.parts):
            return False
        return all(_spread(value, part, found) for value, part in zip(prefix, treedef.parts, strict=True))
    if dataclasses.is_dataclass(prefix) and not isinstance(prefix, type):
        if treedef.kind is not kind:
            return False
        return all(_spread(getattr(prefix, name), part, found)
                   for name, part in zip(treedef.context, treedef.parts, strict=True))
    found.extend([prefix] * treedef.count)
    return True
