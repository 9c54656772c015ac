"""Where autodiff and PyTorch part on purpose: each line points to a row of docs/differences.md, by words that stand there.

A departure is used where the two disagree about one line of a program.  The program is then judged no further, since
what follows rests on another state.
"""
from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Departure:
    """One deliberate difference: what it looks like, and where it is written down."""

    raises: str                 # who raises: "torch", "autodiff", or "" where both compute and the results differ
    line: str                   # a regular expression found in the line
    message: str                # another, found in what was raised, or in the description of the difference
    documented: str             # words of docs/differences.md, which tests/test_fuzz.py looks up

    def matches(self, raises: str, line: str, message: str) -> bool:
        return raises == self.raises and bool(re.search(self.line, line)) and bool(re.search(self.message, message))


DEPARTURES: list[Departure] = []


def departure(raises: str, line: str, message: str) -> Departure | None:
    """The deliberate difference that explains what was seen, if one does."""
    return next((d for d in DEPARTURES if d.matches(raises, line, message)), None)
