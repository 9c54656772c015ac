"""Nests of dicts, lists, tuples, named tuples and dataclasses, and their leaves in order."""
from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, repr=False)
class Treedef:
    """The structure of a nest: what makes it again of its leaves."""

    kind: Any                         # None: a leaf
    context: tuple[Any, ...]           # of a dict, or names of a dataclass's fields
    parts: tuple[Treedef, ...]

    def __repr__(self) -> str:
        if self.kind is None:
            return "*"
        name = "dataclass" if dataclasses.is_dataclass(self.kind) else self.kind.__name__
        return f"TreeSpec({name}, {list(self.context) or None}, [{', '.join(map(repr, self.parts))}])"

    @property
    def count(self) -> int:
        """How many leaves."""
        return 1 if self.kind is None else sum(child.count for child in self.parts)

    def unflatten(self, leaves: Any) -> Any:
        """The nest with these leaves."""
        return _made(self, iter(leaves))


LEAF = Treedef(None, (), ())


def _made(tree: Treedef, leaves: Any) -> Any:
    if tree.kind is None:
        return next(leaves)
    parts = [_made(child, leaves) for child in tree.parts]
    if issubclass(tree.kind, dict):
        return tree.kind(zip(tree.context, parts))
    kind: Any = tree.kind
    if dataclasses.is_dataclass(kind):
        return kind(**dict(zip(tree.context, parts)))      # type: ignore[operator]
    return tree.kind._make(parts) if hasattr(tree.kind, "_make") else tree.kind(parts)


def flatten(nest: Any) -> tuple[list[Any], Treedef]:
    """(leaves in order, structure)."""
    leaves: list[Any] = []
    return leaves, _flattened(nest, leaves)


def _parts(nest: Any) -> tuple[tuple[Any, ...], list[Any]] | None:
    """The keys and parts of a nest; None for a leaf."""
    if type(nest) is dict:
        return tuple(nest), list(nest.values())
    if type(nest) in (list, tuple) or (isinstance(nest, tuple) and hasattr(nest, "_fields")):
        return (), list(nest)
    if dataclasses.is_dataclass(nest) and not isinstance(nest, type):
        names = tuple([field.name for field in dataclasses.fields(nest)])
        return names, [getattr(nest, name) for name in names]
    return None


def _flattened(nest: Any, leaves: list[Any]) -> Treedef:
    parts = _parts(nest)
    if parts is None:
        leaves.append(nest)
        return LEAF
    return Treedef(type(nest), parts[0], tuple([_flattened(part, leaves) for part in parts[1]]))


def spread(prefix: Any, tree: Treedef) -> list[Any] | None:
    """The leaves of a nest that is the beginning of another, each as often as what hangs there has leaves; None: it is none."""
    found: list[Any] = []
    return found if _spread(prefix, tree, found) else None


def _spread(prefix: Any, tree: Treedef, found: list[Any]) -> bool:
    parts = _parts(prefix)
    if parts is None:
        found.extend([prefix] * tree.count)
        return True
    if tree.kind is not type(prefix) or len(parts[1]) != len(tree.parts):
        return False
    if isinstance(prefix, dict):
        return set(prefix) == set(tree.context) and all(_spread(prefix[key], child, found)
                                                     for key, child in zip(tree.context, tree.parts))
    return parts[0] == tree.context and all(_spread(part, child, found) for part, child in zip(parts[1], tree.parts))
