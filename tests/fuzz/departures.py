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

    raises: str                 # who raises: "torch", "autodiff", "both", or "" where both compute and the results differ
    line: str                   # a regular expression found in the line
    message: str                # another, found in what was raised, or in the description of the difference
    documented: str             # words of docs/differences.md, which tests/test_fuzz.py looks up

    def matches(self, raises: str, line: str, message: str) -> bool:
        return raises == self.raises and bool(re.search(self.line, line)) and bool(re.search(self.message, message))


DEPARTURES: list[Departure] = [
    # PyTorch refuses, autodiff computes
    Departure("torch", "",
              r"not implemented for|does not support complex|not supported for complex|Boolean inputs not supported|"
              r"for complex tensors|not yet implemented|with (a|two) bool tensors? is not supported|Bool inputs not supported|"
              r"For integral input tensors|"
              r"automatic differentiation for outputs with complex|only supports floating-point|must be floating point|"
              r"does not support bool|not supported with complex|argument alpha must not be",
              "a dtype that PyTorch has no kernel for"),
    Departure("torch", r"\[.*\] *\S*= ", "Index put requires the source and destination dtypes match",
              "with `v` of another dtype"),
    Departure("torch", "index_put_|index_copy_|index_add_|scatter_|put_|masked", "dtype|scalar type",
              "with `v` of another dtype"),
    Departure("torch", "", "modified by an inplace operation", "and other ops whose derivative uses their result"),
    Departure("torch", "", "backward through the graph a second time", "a second backward through"),
    Departure("torch", "", "some elements of the input tensor and the written-to",
              "whose operand shares a part of the target's memory"),
    Departure("torch", "", "more than one element of the written-to tensor", "the gradient of `sum`"),
    Departure("torch", "",
              "is the output of a function that returns multiple views|is a view and its base or another view",
              "the results of `split`, `chunk`, `unbind`"),
    Departure("torch", "", "A view was created in no_grad mode", "a view made under `no_grad`"),
    Departure("torch", "requires_grad = True", "you can only change requires_grad flags",
              "`y.requires_grad = True` of a result"),
    # Both refuse
    Departure("both", r"\] *[-+*/]?= |_\(", "out of bounds|out of range", "a write refused for one position"),
    # autodiff refuses, PyTorch computes
    Departure("autodiff", "",
              r"not implemented for '(Complex|Bool|Long)|not supported for complex inputs|the derivative of .* for complex",
              "complex numbers in ops whose derivative"),
    Departure("autodiff", r"\*\*", "Integers to negative integer powers", "integer Tensors to negative powers"),
    Departure("autodiff", "", "is out of bounds for dimension . with size 0|index .* is out of bounds",
              "positions out of range where the result has no elements"),
    Departure("autodiff", "", "more than one element of the written-to tensor",
              "windows of `unfold` that overlap, in place"),
    Departure("autodiff", "tangent", "in forward mode", "forward mode"),
    Departure("autodiff", r"\.data = ", "data of another dtype cannot be assigned", "`x.data = y` of another dtype"),
]


def departure(raises: str, line: str, message: str) -> Departure | None:
    """The deliberate difference that explains what was seen, if one does."""
    return next((d for d in DEPARTURES if d.matches(raises, line, message)), None)
