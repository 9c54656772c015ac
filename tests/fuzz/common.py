"""What both fuzzers need: running a line, judging what it raised, and counting what is held."""
from __future__ import annotations

import functools
import gc
from dataclasses import dataclass

import autodiff

# Set in the environment of a child that is to do without PyTorch.
ALONE = "AUTODIFF_FUZZ_ALONE"

# Never right, whatever was asked: they are faults of the library's own inside.
INNER = (SystemError, KeyError, UnboundLocalError, NameError, RecursionError, AssertionError)


@dataclass
class Fault:
    """kind groups faults that look alike; text is for the reader."""

    kind: str
    line: str
    text: str


class Raised:
    """What a line raised, without the traceback, whose frames would keep everything alive."""

    def __init__(self, error):
        # The frames: execute, the line, and what it called.  An AttributeError of the line itself, as of None.zero_(),
        # and a name that no line has made, since that line raised, are the program's own.
        inside = error.__traceback__.tb_next is not None and error.__traceback__.tb_next.tb_next is not None
        own = type(error) is NameError and not inside
        self.bad = (isinstance(error, INNER) and not own) or (isinstance(error, AttributeError) and inside)
        self.kind, self.message = type(error).__name__, str(error)

    def __str__(self):
        return f"{self.kind}: {self.message}"


@functools.lru_cache(4096)
def compiled(line):
    """The code of a line: compiling takes longer than running, and each line runs under two libraries or many times."""
    return compile(line, "<program>", "exec")


def execute(line, names):
    """Run one line; what it raised, or None."""
    try:
        exec(compiled(line), names)
    except Exception as error:
        return Raised(error)
    return None


def left_behind(before):
    """What is held now and was not before, in words, or None, once the collector has been."""
    if held() == before:
        return None
    # What survives a collection is left out of later ones, which PyTorch's many objects would make a hundred times longer
    # than a program.  Garbage that a finaliser makes in the middle of one would be left out, too: hence the second.
    for again in (False, True):
        if again:
            gc.unfreeze()
        gc.collect()
        gc.freeze()
        after = held()
        if after[0] <= before[0] and after[1] <= before[1]:
            return None
    return f"left behind: {after[0] - before[0]} nodes, {after[1] - before[1]} bytes"


def held():
    """Nodes and bytes that Variables and graphs hold just now."""
    stats = autodiff.memory_stats()
    return stats["nodes"], stats["used_bytes"]
