"""Rows as C: the functions and loops of ``autodiff/csrc/loops_rows.h``.

A tree is rendered with every operation in parentheses and every number typed, never by text substitution.
"""
from __future__ import annotations

import ast
import struct
import textwrap
from typing import NamedTuple

from .grammar import _BINARY, _COMPARE, EXACT, OPERANDS, OWN_TEXT, mentioned, parse

#: The names an elementwise text may mention, in the order of a C rule's arguments.
CONTEXT = ("g", *OPERANDS, "out")
C_TYPE = {"float64": "double", "float32": "float"}

# ---- NumPy's loops, and functions of our own

class Captured(NamedTuple):
    """An inner loop of NumPy that the kernels call."""

    operands: int
    logical: bool = False


def captured(rules) -> dict[str, Captured]:
    """Every inner loop the kernels call, by NumPy's name; the order is that of the C table: first those that they name."""
    named = {"add": Captured(2), "exp": Captured(1), "maximum": Captured(2), "subtract": Captured(2)}
    loops = {}
    for rule in rules.ELEMENTWISE:
        for dtype in rules.DTYPES:
            if rule.loop_at(dtype).startswith("numpy:"):
                loops[rule.loop_at(dtype)[len("numpy:"):]] = Captured(len(rule.operands), rule.dtype == "bool")
    return named | dict(sorted(loops.items()))


def numpy_slot(rule, dtype: str) -> str:
    """The place of the inner loop that computes a row, in the C table of those of NumPy; -1 where it is one of ours."""
    loop = rule.loop_at(dtype)
    return f"SLOT_{loop[len('numpy:'):]}" if loop.startswith("numpy:") else "-1"


def slots(rules, dtype: str) -> dict[str, str]:
    """The functions of the vocabulary that are NumPy's loops, and which; powers have C text of their own around it."""
    return {name: rules.BY_NAME[name].loop_at(dtype)[len("numpy:"):] for name in rules.FUNCTIONS
            if rules.BY_NAME[name].loop_at(dtype).startswith("numpy:") and name not in (*EXACT, *OWN_TEXT)}


def own_functions(rules) -> tuple[str, ...]:
    """The functions of the vocabulary that are C functions of csrc/special.h: called element by element."""
    return tuple(name for name in rules.FUNCTIONS if rules.BY_NAME[name].loop == "c" and name not in EXACT)


# ---- functions and loops

def number(value, dtype: str) -> str:
    """A typed literal that denotes exactly the number NumPy would use at this dtype."""
    if dtype == "float64":
        return repr(float(value))
    return repr(struct.unpack("f", struct.pack("f", value))[0]) + "f"


def c_expression(node, dtype: str, leaf, call, inline=()) -> str:
    """A tree as C: names through ``leaf(name)``; calls of NumPy's loops through ``call(node)``, others as they stand."""
    def render(node):
        return c_expression(node, dtype, leaf, call, inline)

    if isinstance(node, ast.Constant):
        return number(node.value, dtype)
    if isinstance(node, ast.Name):
        return leaf(node.id)
    if isinstance(node, ast.UnaryOp):
        return f"(-{render(node.operand)})"
    if isinstance(node, ast.BinOp):
        return f"({render(node.left)} {_BINARY[type(node.op)]} {render(node.right)})"
    if isinstance(node, ast.Compare):
        return f"({render(node.left)} {_COMPARE[type(node.ops[0])]} {render(node.comparators[0])})"
    name = node.func.id
    if name == "where":
        condition, chosen, other = map(render, node.args)
        return f"({condition} ? {chosen} : {other})"
    if name in (*EXACT, *inline):
        return f"{name}_{dtype}({', '.join(map(render, node.args))})"
    return call(node)


def compiled_tree(rule, which: str, dtype: str, functions) -> ast.expr | None:
    """The tree of a text; for the value of a row with a loop of its own, whatever its text, the call of that."""
    if which == "value" and rule.loop_at(dtype) == "vector":
        return ast.parse(f"{rule.name}({', '.join(rule.operands)})", mode="eval").body
    return parse(rule, which, functions)


def c_scalar(rule, which: str, dtype: str, functions, inline=()) -> str:
    """The C function of one text on doubles; at float32 every operation is in float arithmetic."""
    real, tree = C_TYPE[dtype], compiled_tree(rule, which, dtype, functions)
    names = _ordered(rule, which)

    def call(node):
        # A power's bits depend, in NumPy, on whether the exponent is one number; that of a scalar is.
        suffix = "_value" if which == "value" and node.func.id in OWN_TEXT else ""
        arguments = [c_expression(argument, dtype, str, call, inline) for argument in node.args]
        return f"{node.func.id}{suffix}_{dtype}({', '.join(arguments)})"

    declared = ("x", "y") if which == "value" else ("g", "x", "y", "out")
    body = c_expression(tree, dtype, str, call, inline)
    if isinstance(tree, ast.Compare):
        body = f"({body} ? {number(1, dtype)} : {number(0, dtype)})"
    lines = [f"static double {rule.name}_{which}1_{dtype}({', '.join(f'double {name}_' for name in declared)})", "{"]
    lines += [f"    {real} {name} = ({real}){name}_;" for name in names]
    unused = [f"(void){name}_;" for name in declared if name not in names]
    lines += [f"    {' '.join(unused)}"] if unused else []
    return _lines([*lines, f"    return (double){body};", "}"])


def _ordered(rule, which):
    found = mentioned(rule, which)
    return [name for name in CONTEXT if name in found]


def c_loop(rule, which: str, dtype: str, functions, inline=()) -> str:
    """The C loop of one text over strided memory: a ``Loop`` for the value, a ``Partial`` for a derivative.

    Whatever does not run contiguously is brought into a block on the stack, so that one contiguous loop, which the
    compiler vectorises, serves every geometry.  Each call of a NumPy loop is computed for a block ahead of it.
    """
    real, tree = C_TYPE[dtype], compiled_tree(rule, which, dtype, functions)
    names = _ordered(rule, which)
    value = which == "value"
    place = {"x": 0, "y": 1, "dst": len(rule.operands)} if value else {"dst": 0, "g": 1, "x": 2, "y": 3, "out": 4}
    blocks, before = [], []
    known: dict[str, str] = {}

    def leaf(name):
        return f"{name}[i]"

    def call(node):
        """Compute a call for the whole block first; the same call twice is computed once."""
        text = ast.dump(node)
        if text not in known:
            arguments = []
            for argument in node.args:
                if isinstance(argument, ast.Name):
                    arguments.append(argument.id)
                    continue
                body = c_expression(argument, dtype, leaf, call, inline)
                arguments.append(block())
                before.append(f"EACH(count) {arguments[-1]}[i] = {body};")
            result = block()
            before.append(f"{node.func.id}_block_{dtype}({', '.join(arguments)}, {result}, count);")
            known[text] = result
        return f"{known[text]}[i]"

    def block():
        blocks.append(f"block_{len(blocks)}")
        return blocks[-1]

    whole = value and isinstance(tree, ast.Call) and all(isinstance(argument, ast.Name) for argument in tree.args) and (
        tree.func.id not in ("where", *EXACT, *inline))
    if whole:       # straight into the result: a copy from a block would be one more pass
        body = f"{tree.func.id}_block_{dtype}({', '.join(argument.id for argument in tree.args)}, dst, count);"
    else:
        body = c_expression(tree, dtype, leaf, call, inline)
    step = f"(Py_ssize_t)sizeof({real})"
    contiguous = " && ".join(f"steps[{place[name]}] == {step}" for name in (*names, "dst"))
    buffers = [*blocks, *(f"{name}_block" for name in (*names, "dst"))]
    if value:
        lines = [f"static void {rule.name}_value_{dtype}(char **args, const Py_ssize_t *dimensions, "
                  "const Py_ssize_t *steps, void *data)", "{",
                  "    const Py_ssize_t n = dimensions[0];", "    const int accumulate = 0;"]
    else:
        lines = [f"static void {rule.name}_{which}_{dtype}(char **args, const Py_ssize_t *steps, Py_ssize_t n, "
                  "int accumulate)", "{"]
    lines += [f"    {real} {', '.join(f'{name}[BLOCK]' for name in buffers)};"]
    # All elements in one go, when all operands run on and no loop of NumPy is called between them.
    length = "BLOCK" if blocks else f"{contiguous} ? n : BLOCK"
    lines += [f"    const Py_ssize_t length = {length};"]
    lines += ["    (void)data;"] if value else []
    lines += ["    for (Py_ssize_t start = 0; start < n; start += length) {",
              "        const Py_ssize_t count = n - start < length ? n - start : length;"]
    lines += [f"        const {real} *{name} = gathered_{dtype}(args[{place[name]}], steps[{place[name]}], start, "
              f"count, {name}_block);" for name in names]
    lines += [f"        char *const target = args[{place['dst']}] + start * steps[{place['dst']}];",
              f"        {real} *const dst = steps[{place['dst']}] == {step} ? ({real} *)target : dst_block;"]
    lines += [f"        {line}" for line in before]
    if not value:
        lines += [f"        if (accumulate && dst != dst_block) {{ EACH(count) dst[i] += {body}; }}", "        else"]
    lines += [f"        {body}" if whole else f"        {{ EACH(count) dst[i] = {body}; }}",
              f"        if (dst == dst_block) scatter_{dtype}(target, steps[{place['dst']}], count, dst, accumulate);",
              "    }", "}"]
    return _lines(lines)


def _lines(lines):
    """One text, long lines folded at their spaces."""
    folded = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        folded += textwrap.wrap(line, 116, initial_indent="", subsequent_indent=indent + "    ",
                                break_long_words=False, break_on_hyphens=False)
    return "\n".join(folded)
