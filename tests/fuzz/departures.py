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
    story: str = ""             # a third, found in what happened on the way: see programs.Story

    def matches(self, raises: str, line: str, message: str, story: str) -> bool:
        return raises == self.raises and all(bool(re.search(pattern, text, re.MULTILINE)) for pattern, text in (
            (self.line, line), (self.message, message), (self.story, story)))


# What is linear in pieces, or of one element: its first derivative has no graph in PyTorch.
PIECEWISE = (r"maximum|minimum|fmax|fmin|clamp|relu6|hardtanh|hardswish|sign_?\(|sgn|floor|ceil|trunc|round|frac|fmod|"
             r" // | % |copysign|xlogy|threshold|amax|amin|\.max\(|\.min\(|median|math\.inf|nan_to_num|\*\* [01]\b|"
             r"cummax|cumprod|\.(var|std)\(")


DEPARTURES: list[Departure] = [
    # PyTorch refuses, autodiff computes
    Departure("torch", "",
              r"not implemented for|does not support complex|not supported for complex|Boolean inputs not supported|"
              r"for complex tensors|not yet implemented|with (a|two) bool tensors? is not supported|"
              r"on a bool tensor is not supported|"
              r"Bool inputs not supported|"
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
    Departure("torch", "", "does not require grad", "the second derivative of `clamp`", PIECEWISE),
    Departure("torch", r"\[.*\] *= |masked_fill", "value cannot be converted to type", "with `v` of another dtype"),
    Departure("torch", "inputs=", "derivative for aten::(heaviside|floor_divide) is not implemented",
              "with `y` no leaf, and then `y.backward()`"),
    Departure("torch", "", "Autograd not support dtype", "integers into which"),
    Departure("torch", "", "leaf variable has been moved into the graph interior", "a view that was made a leaf",
              "requires_grad"),
    Departure("torch", r"\[(\(\)|\.\.\.|:)\] [-+*/]= ", "a leaf Variable that requires grad", "`requires_grad` of a view"),
    Departure("torch", "", "a view of a leaf Variable that requires grad", "no longer a view", r"\.data = "),
    Departure("torch", r"\.view\(-1\)", "view size is not compatible", "the layout of `clone()`",
              r"flip|rot90|clone|copied|contiguous"),
    Departure("torch", "", "a (view of a )?leaf Variable|you can only change requires_grad flags", "`requires_grad` of a view",
              "^(flagged|leaf) view: "),
    Departure("torch", "", "the derivative for 'inplace version of", "`scatter(..., reduce=)`"),
    Departure("torch", "", "ZeroTensors are immutable", "ZeroTensor"),
    Departure("torch", "", "has been detached in-place", "`v.detach_()` of what an op saved"),
    Departure("torch", "", "must have a last dimension with stride 1", "of no elements", "view_as_real"),
    Departure("torch", "", "NoneType", "`autograd.grad(w, v)` of a view", "^none: .*allow_unused"),
    # Both refuse
    Departure("both", r"\] *[-+*/]?= |_\(", "out of bounds|out of range", "a write refused for one position"),
    # autodiff refuses, PyTorch computes
    Departure("autodiff", "", r"not implemented for '(Bool|Long)", "products of bools"),
    Departure("autodiff", r"\*\*", "Integers to negative integer powers", "integer Tensors to negative powers"),
    Departure("autodiff", "", "is out of bounds for dimension . with size 0|index .* is out of bounds",
              "positions out of range where the result has no elements"),
    Departure("autodiff", "", "more than one element of the written-to tensor",
              "windows of `unfold` that overlap, in place"),
    Departure("autodiff", "tangent", "in forward mode", "forward mode"),
    Departure("autodiff", "", "requires? grad|require gradient|requires_grad=False", "`requires_grad` of a view",
              "^flagged view: "),
    Departure("autodiff", r"\.data = ", "data of another dtype cannot be assigned", "`x.data = y` of another dtype"),
    Departure("autodiff", "", "modified by an inplace operation", "or to one of `kron`", "kron|exp2|hypot"),
    # Both compute
    Departure("", "", "requires_grad: False, in PyTorch True", "`requires_grad` of a view", "^flagged view: "),
    Departure("", "", "is_leaf: True, in PyTorch False", "a view that was made a leaf", r"requires_grad(_\(| = True)"),
    Departure("", "", "requires_grad: True, in PyTorch False, no elements", "of no elements"),
    Departure("", r"autograd\.grad", r"^values: .* in PyTorch [\[\]0., ]*$", "`autograd.grad(w, v)` of a view",
              r"materialize_grads(.|\n)*"),
    Departure("", "autograd", "values", "`x.data = value` of the same shape", r"\.data = "),
    Departure("", "autograd", "^values", "writing into a 0-d constant after its use", "^0-d: "),
    Departure("", "", "values: .*nan.* in PyTorch", "at NaN", r"hardswish|norm\(1"),
    Departure("", "", "requires_grad: False, in PyTorch True, a view without a graph", "`requires_grad` of a view"),
    Departure("", "", "requires_grad: False, in PyTorch True, of integers", "integers into which"),
    Departure("", "", "requires_grad: True, in PyTorch False", "the second derivative of `clamp`",
              f"create_graph=True(.|\n)*({PIECEWISE})|({PIECEWISE})(.|\n)*create_graph=True"),
    Departure("", "", "^grad (NoneType|values|Tensor, in PyTorch NoneType)", "`.grad` after a pass that failed",
              r"^refused: .*backward\("),
    Departure("", "", "^grad values", "`x.data = value` of the same shape", r"\.data = |\.(data|detach\(\))\.\w+_\(|\.data\["),
    Departure("", "", "^grad values", "writing into a 0-d constant after its use", "^0-d: "),
    Departure("", "", "^(grad )?values", "whose operand shares a part of the target's memory", "^overlap: "),
    Departure("", "", "^grad (values|Tensor, in PyTorch NoneType)", "a hook on a view", "^regenerated: "),
    Departure("", "allow_unused", "^Tensor, in PyTorch NoneType", "`autograd.grad(w, v)` of a view", r"_\(|\] .?= "),
    Departure("", r"autograd\.grad", "is_leaf: False, in PyTorch True, no elements", "of no elements", "cummax"),
]


def departure(raises: str, line: str, message: str, story: str = "") -> Departure | None:
    """The deliberate difference that explains what was seen, if one does."""
    return next((d for d in DEPARTURES if d.matches(raises, line, message, story)), None)
