"""Sums in an order that the number of terms alone decides: who added which of them changes no bit."""
from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .._pytree import flatten

__all__ = ["added", "joined", "pairwise_sum", "partial_sums"]


def added(left: Any, right: Any) -> Any:
    """Two trees of the same structure, leaf by leaf."""
    a, tree = flatten(left)
    b, other = flatten(right)
    if tree != other:
        raise ValueError(f"pairwise_sum: the terms are trees of different structure, {tree} and {other}")
    return tree.unflatten([x + y for x, y in zip(a, b, strict=True)])


def partial_sums(places: Sequence[int], count: int, value: Callable[[int], Any]) -> dict[tuple[int, int], Any]:
    """Of `count` terms those at the places (sorted), added as far as neighbours in the tree are there: {(first, end): sum}.

    value(i) is asked in the order of the places, and no more than log2(count) sums are held for one run of places.
    """
    found: dict[tuple[int, int], Any] = {}

    def total(first: int, end: int) -> Any:
        if end - first == 1:
            return value(first)
        middle = (first + end) // 2
        left = total(first, middle)
        return added(left, total(middle, end))

    def walk(first: int, end: int) -> None:
        inside = bisect_left(places, end) - bisect_left(places, first)
        if inside == end - first:
            found[first, end] = total(first, end)
        elif inside:
            middle = (first + end) // 2
            walk(first, middle)
            walk(middle, end)

    walk(0, count)
    return found


def joined(found: dict[tuple[int, int], Any], count: int) -> dict[tuple[int, int], Any]:
    """Partial sums of several hands, added where both halves of a node are there: of all terms it is {(0, count): sum}."""
    starts = sorted(first for first, _ in found)

    def walk(first: int, end: int) -> dict[tuple[int, int], Any]:
        if (first, end) in found:
            return {(first, end): found[first, end]}
        if end - first == 1 or bisect_left(starts, first) == bisect_left(starts, end):
            return {}
        middle = (first + end) // 2
        left, right = walk(first, middle), walk(middle, end)
        if (first, middle) in left and (middle, end) in right:
            return {(first, end): added(left[first, middle], right[middle, end])}
        return left | right

    return walk(0, count)


def pairwise_sum(values: Iterable[Any], count: int | None = None) -> Any:
    """The sum of trees (of arrays, Variables, numbers) in the order in which distributed.value_and_grad adds shards.

    The first half is added, then the second, each in the same way, then both: the number of terms alone decides the order, so
    that terms computed by any number of workers, by joblib or by a plain loop have sums of the same bits.  An iterator needs
    `count` to be added up as it comes, with log2(count) sums in memory; otherwise its values are collected first.  Raises
    ValueError for no terms, for another number than `count`, and for trees of different structure.
    Source: pairwise summation (Higham, 1993, The accuracy of floating point summation), whose error grows as log(n).

    >>> from autodiff.distributed import pairwise_sum
    >>> pairwise_sum([(0.1, [1.0]), (0.2, [2.0]), (0.3, [3.0])])
    (0.6, [6.0])
    >>> 0.1 + 0.2 + 0.3
    0.6000000000000001
    """
    if count is None:
        values = values if isinstance(values, (list, tuple)) else list(values)
        count = len(values)
    if count < 1:
        raise ValueError("pairwise_sum: no terms to add")
    left = iter(values)

    def value(place: int) -> Any:
        for found in left:
            return found
        raise ValueError(f"pairwise_sum: {count} terms were announced, but there are {place}")

    total = partial_sums(range(count), count, value)[0, count]
    for _ in left:
        raise ValueError(f"pairwise_sum: {count} terms were announced, but there are more")
    return total
