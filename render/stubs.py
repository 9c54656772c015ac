"""What a reader sees of a row: its signatures in type stubs, and its docstring."""
from __future__ import annotations

import ast
import builtins
import re
import textwrap

from .grammar import Kink, kinks_of, numpy_operands, numpy_parameters, parameters
from .python import NUMPY_WORDS, _also, keywords, parameter_type, signature

# ---- signatures

def overloads(rule, first: str, one: str) -> list[tuple[str, str]]:
    """The signatures of a row's function in a stub, each with its result: several where a call without dim has one result.

    Those are: all elements, another operand in the place of dim, where there is one, dim, and axis.
    """
    given = signature(rule, True, first)
    if not rule.single:
        return [(given, result_type(rule, one))]
    dim, axis, out = "dim: _int | None = None", "axis: _int | None = None", ", out: _Any = None"
    given, last = (given.removesuffix(out), out) if given.endswith(out) else (given, "")
    whole = given.replace(dim, "dim: None = None").replace(axis, "axis: None = None")
    single = [whole]
    if "other" in parameters(rule):
        single.append(whole.replace("dim: None = None", "dim: _Array").replace("other: _Operand | None", "other: None"))
    several = [given.replace(dim, "dim: _int").replace(axis, "axis: None = None"),
               given.replace(dim, "dim: None = None").replace(axis, "axis: _int")]
    return [(text + last, one) for text in single] + [(text + last, result_type(rule, one)) for text in several]


def result_type(rule, one: str) -> str:
    """What a row's function returns, in a stub, where a single result is of the type ``one``."""
    if rule.outputs and rule.returns in ("", "_Any"):
        module = "return_types" if one == "_V" else "_return_types"
        return f"{module}.{rule.name}[{one}]"
    return re.sub(r"\b_V\b", one, rule.returns) or one


def function_stubs(rule, namespace: str = "") -> list[str]:
    """The function of a row, by each of its names, as the stub of a public module has it: of the row's own if none is given."""
    found: list[str] = []
    names = (rule.function_name, *rule.aliases) if not namespace or namespace == rule.namespace else tuple(
        name.rpartition(".")[2] for name in rule.elsewhere if name.rpartition(".")[0] == namespace)
    for name in names if rule.function else ():
        shown = [f"def {name}({given}) -> {result}: ..." for given, result in _stub_signatures(rule)]
        for line in shown:
            found += ["@_overload", line] if len(shown) > 1 else [line]
    return found


def _stub_signatures(rule) -> list[tuple[str, str]]:
    """The signatures of a row's function, each with its result: one for each kind of operands that decides about it."""
    first = rule.operand_names[0]
    if not rule.elementwise:
        if rule.operands == "*":
            return [(signature(rule, True), result_type(rule, "_V"))]
        texts = overloads(rule, first + ": _V", "_V")
        return texts + (overloads(rule, first + ": _Number", "Tensor") if rule.takes_numbers else [])
    out, second, more = "out: _Any = None", rule.operand_names[-1], keywords(rule, types=True)
    if rule.arity == 1:
        numbers = [(f"input: _Number, *, {out}", "Tensor")] if rule.takes_numbers else []
        return [(f"input: _V, *, {out}", "_V"), *numbers]
    if rule.dtype == "bool":
        return [(f"input: Tensor, {second}: Tensor | _Number | _NDArray[_Any], *, {out}", "Tensor"),
                (f"input: _Operand, {second}: _Operand, *, {out}", "_Any")]
    return [(f"input: _Operand, {second}: _ndarray, *{more}, {out}", "_ndarray"),
            (f"input: _V, {second}: _Operand, *{more}, {out}", "_V"),
            (f"input: _Number | _NDArray[_Any], {second}: _V, *{more}, {out}", "_V"),
            (f"input: _Number, {second}: _Number, *{more}, {out}", "Tensor")]


def numpy_signature(rule, answer) -> str:
    """The parameters of a method of the NumPy flavour, for a stub."""
    tree = ast.parse(f"lambda {answer.params}: 0", mode="eval").body.args
    shown = [numpy_operands(rule, answer)[0]]

    def show(argument, default):
        kind = parameter_type(rule, argument.arg)
        if default is not None and ast.unparse(default) == "None" and kind != "_Any":
            kind += " | None"
        shown.append(f"{argument.arg}: {kind}" + ("" if default is None else f" = {ast.unparse(default)}"))

    plain = [*tree.posonlyargs, *tree.args]
    for argument, default in list(zip(plain, [None] * (len(plain) - len(tree.defaults)) + tree.defaults))[1:]:
        show(argument, default)
    if tree.vararg:
        shown.append(f"*{tree.vararg.arg}: {parameter_type(rule, tree.vararg.arg)}")
    elif tree.kwonlyargs:
        shown.append("*")
    for argument, default in zip(tree.kwonlyargs, tree.kw_defaults):
        show(argument, default)
    return ", ".join(shown)


# ---- docstrings

def docstring(rule, indent=4, in_place=False, numpy=None) -> str:
    """What help() shows of a row: doc, parameters, shapes and dtypes, kinks, errors, source, an example that runs.

    ``in_place``: of the method ``name_``; ``numpy``: of the reader of one of the row's answers, with NumPy's parameters.
    """
    width = 116 - indent
    parts = [textwrap.wrap(rule.doc + ("  In place." if in_place else ""), width)]
    # What is indented further is a method of the compiled class, which takes no out=.
    given = [f"{names}: {meaning}." for names, meaning in _parameter_docs(rule, in_place or indent > 4, numpy)]
    parts.append([line for text in given for line in textwrap.wrap(text, width, subsequent_indent="    ")])
    if in_place:
        details = ["The Variable takes the result, keeps its dtype, and is returned.",
                   "Raises RuntimeError for a leaf that requires grad, or where the result's shape or dtype do not fit."]
    else:
        details = ["  ".join(_shapes_and_dtypes(rule)), "  ".join(_derivatives(rule)), "  ".join(_errors(rule)),
                   f"Formula: {rule.source}." if rule.source else ""]
    parts.append([line for text in details for line in textwrap.wrap(text, width)])
    if rule.example and not in_place and not numpy:
        expression, shown = rule.example.split(" -> ", 1)
        # A star import brings no name of a builtin; abs, pow and round of Python ask the operand.
        called = sorted({node.func.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Call)
                         and isinstance(node.func, ast.Name)} & {*dir(builtins)} - {"abs", "pow", "round"})
        more = [f">>> from autodiff import {', '.join(called)}"] if called else []
        parts.append([">>> from autodiff import *", *more, f">>> {expression}", *shown.split("\n")])
    parts = [part for part in parts if part]
    lines = [line for part in parts for line in ("", *part)][1:]
    if len(lines) > 1:
        lines.append("")
    return ("\n" + " " * indent).join(lines).replace("\n" + " " * indent + "\n", "\n\n")


def _parameter_docs(rule, method, numpy):
    """The standard parameters that a row has, each with its meaning."""
    if rule.elementwise and rule.arity == 2:
        yield rule.operand_names[1], "a Variable, NumPy array or number"
    if rule.operands == "*":
        yield rule.operand_names[0], "Variables" + ("" if rule.spread else ", in a list or tuple")
    names = [name for name, _ in numpy_parameters(rule, numpy) if name != "out"] if numpy else list(parameters(rule))
    for name in names:
        meaning = rule.parameter(NUMPY_WORDS.get(name, name) if numpy else name).doc
        if meaning:
            yield name, meaning
    words = [] if numpy else list(_also(rule).items())
    if words and (rule.rendered or "keepdim" in names or rule.operands == "*"):
        word = "word" if len(words) == 1 else "words"
        yield ", ".join(other for _, other in words), f"NumPy's {word} for {' and '.join(name for name, _ in words)}"
    if (rule.out or rule.elementwise) and not method and not numpy:
        yield "out", rule.parameter("out").doc


def _shapes_and_dtypes(rule):
    words = " ".join((rule.doc, *(text for kink in _missing(rule) for text in (kink.point, kink.words))))
    if re.search(r"\bx\b", words) and rule.operands != "*":
        yield ("x is the operand.", "x and y are the operands.", "x, y and z are the operands.")[rule.arity - 1]
    elementwise = rule.elementwise or rule.signature in ("()->()", "(),()->()")
    if elementwise:
        yield "Element by element, in any shape." if rule.arity == 1 else "Element by element; shapes are broadcast."
    elif "?" in rule.signature:
        yield f"Shapes: {rule.signature}, in the notation of NumPy's generalised ufuncs."
    if rule.loop == "view":
        yield "A view: it shares the operand's storage."
    if rule.outputs:
        yield f"The result is a named tuple ({', '.join(rule.outputs)})."
    if rule.dtype == "float":
        yield ("Integers and bools become the default dtype; other dtypes stay." if rule.arity == 1 else
               "Dtypes are promoted, integers and bools to the default dtype.")
    elif rule.dtype == "bool":
        promoted = "Dtypes are promoted; the" if rule.arity > 1 else "The"
        yield f"{promoted} result is bool, without a gradient."
    elif rule.dtype == "index":
        yield "The result is int64, without a gradient."
    elif rule.dtype == "same" and "dtype" not in parameters(rule):
        yield "The result has the operand's dtype."
    elif rule.dtype == "promote" and not rule.composite:
        yield "The result has the operand's dtype." if rule.arity == 1 else "Dtypes are promoted."


def _derivatives(rule):
    """Where the derivative is not what calculus says, or does not exist."""
    texts = [getattr(rule, which) for which in ("dx", "dy")][:max(rule.arity, 1)]
    if rule.dtype not in ("bool", "index") and not rule.composite:
        if not any(texts):
            yield "The result has no gradient."
        elif all(text == "0" for text in texts if text):
            yield "The gradient is 0 everywhere."
        elif None in texts and rule.arity > 1:
            yield f"No gradient for {' and '.join(n for n, t in zip(rule.operand_names, texts) if t is None)}."
    if _missing(rule):
        yield "; ".join(f"No derivative at {kink.point}: the gradient there is {kink.words}" if not i else
                        f"at {kink.point}: {kink.words}" for i, kink in enumerate(_missing(rule))) + "."


def _missing(rule) -> list[Kink]:
    """Where there is no first derivative."""
    return [kink for kink in kinks_of(rule) if kink.of_order == 1]


def _errors(rule):
    found = []
    if rule.elementwise and rule.arity == 2:
        found.append("RuntimeError for shapes that cannot be broadcast")
    if "dim" in parameters(rule):
        found.append("IndexError for a dimension out of range")
    if found:
        yield f"Raises {', '.join(found)}."
    if rule.errors:
        yield rule.errors


# ---- the whole of a stub

def exported(stub: str) -> str:
    """`__all__` of a stub: its public names, but for those that a star import must not replace."""
    names = set()
    for statement in ast.parse(stub).body:
        if isinstance(statement, ast.ImportFrom):
            names |= {alias.asname for alias in statement.names if alias.asname}
        elif isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names.add(statement.name)
        elif isinstance(statement, ast.AnnAssign):
            names.add(statement.target.id)
    kept = sorted(name for name in names if not name.startswith("_") and name not in {*dir(builtins), "numpy", "random"})
    return "\n__all__ = [\n" + textwrap.fill(", ".join(f'"{name}"' for name in kept), 116, initial_indent="    ",
                                            subsequent_indent="    ") + ",\n]\n"
