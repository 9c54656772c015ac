"""Renders the catalogue into source, at build time: every ``name.tp`` beside this file becomes ``name``.

Loaded by path by ``setup.py`` together with ``rules.py`` (the build must not import the package) and imported by the
tests, which hold every row against the grammar.  The standard library only; Cython.Tempita is imported when rendering.

A row's text is parsed with ``ast``, checked against the closed vocabulary of ``rules.py``, and rendered to C from the
tree with every operation in parentheses and every number typed, never by text substitution.
"""
from __future__ import annotations

import ast
import builtins
import re
import struct
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

#: The names an elementwise text may mention, in the order of a C rule's arguments.
OPERANDS = ("x", "y", "z")
CONTEXT = ("g", *OPERANDS, "out")
#: Tokens of rows that are not elementwise; known without saving an array.
TOKENS = ("xs", "shape_x", "shape_y", "shape_z", "dtype_x", "shapes", "position")
#: Functions that are one exact operation in C; every other function of the vocabulary is a call of NumPy's inner loop.
EXACT = ("abs", "sqrt", "square", "flat", "kink", "hole", "pow_slope_at_0")
#: Bits of a saved set, as SAVES_* in _kernels.pxd.
SAVES = {"x": 1, "y": 2, "out": 4}
C_TYPE = {"float64": "double", "float32": "float"}
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class GrammarError(ValueError):
    """A row of the catalogue is not in the grammar; the message names the row, the field and the text."""


# ---- the grammar

def parse(rule, which: str, functions=()) -> ast.expr | None:
    """The checked tree of one text of a row (``which`` is value, dx, dy or dz); None where the row has no such text."""
    text = getattr(rule, which)
    if text is None:
        return None

    def refuse(reason):
        raise GrammarError(f"rule {rule.name!r}, {which} = {text!r}: {reason}")

    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        refuse(f"not an expression ({error.msg})")
    names = {*_operands(rule), *parameters(rule), *(rule.operand_names if rule.composite else ())}
    if which != "value":
        names |= {"g", "out"}
    if not rule.elementwise:
        names |= set(TOKENS)
    _check(tree, names, rule, set(functions), refuse,
           condition=rule.elementwise and rule.dtype == "bool" and which == "value")
    return tree


def _operands(rule) -> tuple[str, ...]:
    return ("xs",) if rule.operands == "*" else tuple(rule.operands)


def parameters(rule) -> tuple[str, ...]:
    """The names declared in a row's ``params``."""
    try:
        arguments = ast.parse(f"lambda {rule.params}: 0", mode="eval").body.args
    except SyntaxError:
        raise GrammarError(f"rule {rule.name!r}, params = {rule.params!r}: not a list of parameters") from None
    several = [arguments.vararg] if arguments.vararg else []
    return tuple(argument.arg for argument in (*arguments.args, *several, *arguments.kwonlyargs))


def _check(node, names, rule, functions, refuse, condition=False):
    """Walk the tree; a comparison may stand only where a condition is wanted."""
    if isinstance(node, ast.Compare) != condition:
        refuse("a condition must be a comparison" if condition else "a comparison may stand only in where(...)")
    if isinstance(node, ast.Compare):
        if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARE:
            refuse("only a single comparison by < <= > >= == != is in the vocabulary")
        children = [node.left, node.comparators[0]]
    elif isinstance(node, ast.Constant):
        if type(node.value) not in (int, float):
            refuse(f"{node.value!r} is not a number")
        children = []
    elif isinstance(node, ast.Name):
        if node.id not in names:
            refuse(f"{node.id!r} is not among the names {', '.join(sorted(names))}")
        children = []
    elif isinstance(node, ast.UnaryOp):
        if not isinstance(node.op, ast.USub):
            refuse(f"the operator {type(node.op).__name__} is not in the vocabulary")
        children = [node.operand]
    elif isinstance(node, ast.BinOp):
        if type(node.op) not in _BINARY:
            refuse(f"the operator {type(node.op).__name__} is not in the vocabulary")
        children = [node.left, node.right]
    elif isinstance(node, ast.Call):
        children = _check_call(node, rule, functions, refuse)
        if node.func.id == "where":
            _check(children.pop(0), names, rule, functions, refuse, condition=True)
    else:
        refuse(f"{type(node).__name__} is not in the vocabulary")
    for child in children:
        _check(child, names, rule, functions, refuse)


def _check_call(node, rule, functions, refuse):
    if not isinstance(node.func, ast.Name) or node.keywords:
        refuse("a call is a plain name with plain arguments")
    name = node.func.id
    if name == "where" or name in functions:
        wanted = 3 if name == "where" else _arity.get(name, 1)
        if len(node.args) != wanted:
            refuse(f"{name} takes {wanted} argument(s), not {len(node.args)}")
    elif rule.elementwise:
        refuse(f"{name!r} is not a function of the vocabulary")
    return list(node.args)


#: Operands of the functions of the vocabulary, filled by check().
_arity: dict[str, int] = {"pow": 2}
#: The rows by name, filled by check().
_rows: dict = {}


def check(rules) -> None:
    """Raise GrammarError unless every row of the catalogue is well formed."""
    names = {rule.name for rule in rules.RULES}
    _arity.update({rule.name: rule.arity for rule in rules.ELEMENTWISE})
    _rows.update(rules.BY_NAME)
    if len(names) != len(rules.RULES):
        twice = sorted({rule.name for rule in rules.RULES if sum(rule.name == other.name for other in rules.RULES) > 1})
        raise GrammarError(f"more than one row is named {', '.join(twice)}")
    for rule in rules.RULES:
        def refuse(reason, rule=rule):
            raise GrammarError(f"rule {rule.name!r}: {reason}")

        if not rule.name.isidentifier():
            refuse("the name is not an identifier")
        if rule.kind not in rules.KINDS:
            refuse(f"kind {rule.kind!r} is not one of {', '.join(rules.KINDS)}")
        if rule.operands not in ("x", "xy", "xyz", "*"):
            refuse(f"operands {rule.operands!r} are not x, xy, xyz or *")
        if rule.dtype not in ("promote", "float", "bool", "same", "index"):
            refuse(f"dtype {rule.dtype!r} is unknown")
        if (rule.loop not in ("c", "c vector", "vector", "helper", "composite", "view")
                and not rule.loop.removeprefix("vector ").removeprefix("like ").startswith("numpy:")):
            refuse(f"loop {rule.loop!r} is unknown")
        if rule.elementwise and rule.operands not in ("x", "xy"):
            refuse("an elementwise row has one operand or two")
        if rule.elementwise and rule.params:
            refuse("an elementwise row has no parameters")
        if rule.composite and (rule.dx or rule.dy or rule.dz):
            refuse("a composite row has the derivatives of what its helper calls")
        if rule.operands != "*" and len(rule.operand_names) != len(rule.operands):
            refuse(f"names {rule.names!r} are not one for each of the operands {rule.operands!r}")
        for position, which in enumerate(("dx", "dy", "dz")):
            if getattr(rule, which) is not None and rule.operands != "*" and position >= len(rule.operands):
                refuse(f"{which} is given, but the operands are {rule.operands!r}")
        if rule.copies not in ("", "nt") or (rule.copies and not (rule.elementwise and rule.operands == "xy")):
            refuse(f"copies {rule.copies!r} is not the overload 'nt' of an elementwise row of two operands")
        for kink in kinks_of(rule):
            if kink.row and kink.row not in names:
                refuse(f"kinks names {kink.row!r}, which is not a row")
        for special in rule.special.values():
            if special not in names:
                refuse(f"special names {special!r}, which is not a row")
        for which in ("value", "dx", "dy", "dz"):
            parse(rule, which, rules.FUNCTIONS)
        if complex_kind(rule) == OTHER_ROW and rule.complex not in names:
            refuse(f"complex names {rule.complex!r}, which is not a row")
        own = complex_row(rule)
        if own is not None:
            for which in ("dx", "dy", "dz"):
                parse(own, which)


# ---- kinks

class Kink(NamedTuple):
    """A point without a derivative, as a row's ``kinks`` says it."""

    point: str
    words: str                                  # what is found in order 1, for readers
    orders: tuple[dict[str, str], ...] = ()     # for each order the value in each operand, as texts
    calls: tuple[str, ...] = ()                 # the arguments of calls at such points
    row: str = ""                               # the row by which it is reached, where calls are not its own

    @property
    def of_order(self) -> int:
        """The first derivative that does not exist."""
        return 2 if "(order" in self.point else 1


def kinks_of(rule) -> list[Kink]:
    """The kinks of a row, read; GrammarError where one is not in the grammar of rules.py."""
    def refuse(reason):
        raise GrammarError(f"rule {rule.name!r}, kinks {point!r}: {reason}")

    found = []
    for point, text in rule.kinks.items():
        words, _, row = text.partition(" as ")
        if row and " at " not in text:
            found.append(Kink(point, words, row=row))
            continue
        values, _, calls = text.rpartition(" at ")
        texts = values.split("; ")
        if not calls or len(texts) != 3:
            refuse(f"{text!r} is not 'order 1; order 2; order 3 at call'")
        words, _, value = texts[0].partition(" = ")
        orders = tuple(_in_operands(rule, value, refuse) for value in (value or words, *texts[1:]))
        arguments = [f"f({call})" for call in calls.split(" or ")]
        for expression in [value for order in orders for value in order.values()] + arguments:
            try:
                ast.parse(expression, mode="eval")
            except SyntaxError:
                refuse(f"{expression!r} is not an expression")
        found.append(Kink(point, words, orders, tuple(calls.split(" or "))))
    return found


def _in_operands(rule, text, refuse) -> dict[str, str]:
    """``1 in x, 0 in y`` or ``0 in each`` or a value alone, by operand."""
    if " in " not in text:
        return dict.fromkeys(rule.operands[:1], text)
    values = {}
    for part in text.split(", "):
        value, _, name = part.rpartition(" in ")
        if name == "each":
            return dict.fromkeys(rule.operands, value)
        letter = dict(zip(rule.operand_names, rule.operands)).get(name, name)
        if letter not in rule.operands:
            refuse(f"{name!r} is not an operand")
        values[letter] = value
    return values


# ---- what follows from a text

def mentioned(rule, which: str) -> set[str]:
    """The names in one text of a row; empty where it has none."""
    text = getattr(rule, which)
    if text is None:
        return set()
    tree = ast.parse(text, mode="eval")
    calls = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in calls}


def saves(rule, which: str) -> set[str]:
    """What the derivative ``which`` (dx, dy, dz) needs from the forward pass: a subset of x, y, z, out (xs: all)."""
    return mentioned(rule, which) & {*OPERANDS, "xs", "out"}


def saves_mask(rule, which: str) -> int:
    """The same as bits SAVES_X, SAVES_Y, SAVES_OUT of _kernels.pxd."""
    return sum(SAVES[name] for name in saves(rule, which))


#: How a row differentiates complex operands, as _variable has it.
REFUSED, AS_WRITTEN, HOLOMORPHIC, OWN, OTHER_ROW = range(5)


def complex_kind(rule) -> int:
    """What a row's ``complex`` means; a linear row with real coefficients hands conj(conj(g)) on, which is g."""
    if rule.complex == "holomorphic":
        return AS_WRITTEN if rule.kind in ("linear", "gather") else HOLOMORPHIC
    if rule.complex.isidentifier():
        return REFUSED if rule.complex == "refused" else OTHER_ROW
    return AS_WRITTEN if rule.complex == "as written" else OWN


def complex_row(rule):
    """A row's texts for complex operands as a row of its own, not elementwise; None where it has no such texts."""
    if complex_kind(rule) != OWN:
        return None
    texts = dict(zip(("dx", "dy", "dz"), [text.strip() for text in rule.complex.split(";")]))
    return replace(rule, value=f"{rule.name}()", loop="helper", signature=rule.signature or "()->()",
                   complex="as written", **texts)


def differentiated(rules) -> list:
    """The rows whose derivatives are written on Variables, those for complex operands alone by a prefix of their own."""
    own = [complex_row(rule) for rule in rules.RULES]
    return [("", rule) for rule in rules.STRUCTURAL] + [("complex_", rule) for rule in own if rule is not None]


def numpy_text(rule, rules) -> str:
    """The value of an elementwise row that NumPy has no function for, as an expression of NumPy's functions."""
    class Rename(ast.NodeTransformer):
        def visit_Call(self, node):
            self.generic_visit(node)
            name = "where" if node.func.id == "where" else rules.BY_NAME[node.func.id].numpy
            if name is None:
                raise GrammarError(f"rule {rule.name!r}: complex values need a function {node.func.id!r} of NumPy")
            node.func = ast.Attribute(ast.Name("numpy"), name)
            return node

    return ast.unparse(Rename().visit(ast.parse(rule.value, mode="eval")))


def piecewise(rule) -> int:
    """Which derivatives stay in their operand's graph though their formula may not mention it: 1 dx, 2 dy."""
    return sum(bit for which, bit in (("dx", 1), ("dy", 2))
               if getattr(rule, which) == "0" or (rule.piecewise and getattr(rule, which) is not None))


def is_g(rule, which: str) -> bool:
    """Whether a derivative hands the cotangent on as it is."""
    return getattr(rule, which) == "g"


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
            if rules.BY_NAME[name].loop_at(dtype).startswith("numpy:") and name not in (*EXACT, "pow")}


def own_functions(rules) -> tuple[str, ...]:
    """The functions of the vocabulary that are C functions of _special.h: called element by element."""
    return tuple(name for name in rules.FUNCTIONS if rules.BY_NAME[name].loop == "c" and name not in EXACT)


# ---- C

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
        suffix = "_value" if which == "value" and node.func.id == "pow" else ""
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


# ---- the recorded rule: the same text on Variables

#: Rows that a text may call, by the name of the function in _variable that records them.
RECORDED = {"view": "apply_view", "embed": "embed", "index": "index_of", "index_add_zeros": "index_add_zeros",
            "to": "cast_to"}


def _number_of(node):
    """The number that a literal denotes, its sign included; None for anything else."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return node.value if isinstance(node, ast.Constant) else None


def recorded(rule, which: str) -> str:
    """A text with its functions by the names they have in _variable, and helpers handed the namespace of ops."""
    if getattr(rule, which) == "0":
        return "zeros_like(g)"

    class Rename(ast.NodeTransformer):
        def visit_BinOp(self, node):
            """Numbers are computed here: Cython would divide two integers as C does."""
            self.generic_visit(node)
            values = [_number_of(side) for side in (node.left, node.right)]
            if None in values:
                return node
            return ast.Constant(eval(compile(ast.Expression(ast.fix_missing_locations(node)), "", "eval")))

        def visit_Call(self, node):
            self.generic_visit(node)
            name = node.func.id
            if rule.elementwise:
                node.func.id = f"r_{name}"
            elif name in RECORDED:
                node.func.id = RECORDED[name]
            else:
                node.func.id = f"helpers.{name}"
                node.args.insert(0, ast.Name("OPS"))
            return node

    return ast.unparse(Rename().visit(ast.parse(getattr(rule, which), mode="eval")))


def plain_text(rule) -> str | None:
    """The value as an expression of NumPy's functions, for dtypes without loops; None where NumPy lacks one of them."""
    def name(function):
        if function == "where":
            return "np.where"
        found = _rows[function].loop.partition("numpy:")[2] or _rows[function].numpy
        return f"np.{found}" if found else None

    tree = ast.parse(rule.value, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            known = name(node.func.id)
            if known is None:
                return None
            node.func = ast.Name(known)
    return ast.unparse(tree)


def unary_door(rule) -> str:
    """The function of _variable that applies a row of one operand."""
    return "itself" if rule.itself else "condition" if rule.dtype == "bool" else "unary"


def plain_function(rule) -> str:
    """What computes a row at dtypes without loops: NumPy's function, or one of its text."""
    if "numpy:" in rule.loop:
        return "np." + rule.loop.partition("numpy:")[2]
    if rule.dtype == "promote" and plain_text(rule):
        return f"plain_{rule.name}"
    return f"np.{rule.numpy}" if rule.numpy else "None"


# ---- methods and functions

#: Types of parameters in the stubs, by name; what is not listed may be anything.  A default of None is added.
PARAMETER_TYPES = {
    "dim": "_int", "axis": "_int", "keepdim": "_bool", "keepdims": "_bool", "dtype": "_DType", "out": "_Any",
    "correction": "_Number", "unbiased": "_bool", "ddof": "_Number",
    "descending": "_bool", "stable": "_bool", "largest": "_bool", "sorted": "_bool", "k": "_int", "right": "_bool",
    "offset": "_int", "diagonal": "_int", "dim0": "_int", "dim1": "_int", "dim2": "_int", "axis0": "_int", "axis1": "_int",
    "dims": "_Dims", "shifts": "_Dims", "source": "_Dims", "destination": "_Dims", "start_dim": "_int", "end_dim": "_int",
    "shape": "_Dims", "size": "_Dims", "sizes": "_Dims", "ints": "_Dims", "stride": "_Dims", "storage_offset": "_int",
    "chunks": "_int", "start": "_int", "length": "_int", "dimension": "_int", "step": "_int",
    "split_size_or_sections": "_Dims", "indices_or_sections": "_Dims", "sections": "_int", "split_size": "_Dims",
    "output_size": "_int", "indexing": "_str", "mode": "_str", "pad": "_Dims", "r": "_int", "with_replacement": "_bool",
    "approximate": "_str", "rounding_mode": "_str", "decimals": "_int", "dx": "_Number",
    "min": "_Operand", "max": "_Operand", "weight": "_Operand", "condition": "_Operand", "mask": "_Operand",
    "min_val": "_Number", "max_val": "_Number", "threshold": "_Number", "beta": "_Number", "value": "_Number",
    "alpha": "_Number", "negative_slope": "_Number", "nan": "_Number", "posinf": "_Number", "neginf": "_Number",
    "eps": "_Number", "rtol": "_Number", "atol": "_Number", "equal_nan": "_bool", "n": "_int", "p": "_Number",
    "return_inverse": "_bool", "return_counts": "_bool", "minlength": "_int", "as_tuple": "_bool",
    "upper": "_bool", "left": "_bool", "unitriangular": "_bool", "interpolation": "_str",
    "index": "_Operand", "src": "_Operand", "out_int32": "_bool", "accumulate": "_bool", "side": "_str", "invert": "_bool",
    "sorter": "_Operand", "boundaries": "_Operand", "test_elements": "_Operand", "assume_unique": "_bool",
    "weights": "_Operand", "bins": "_int", "axis2": "_int", "sparse_grad": "_bool", "reduce": "_str", "include_self": "_bool",
    "values": "_Operand", "end": "_int", "bias": "_Operand", "repeats": "_Any",
}
#: The same of single rows.
ROW_TYPES = {
    ("squeeze", "dim"): "_Dims", ("norm", "p"): "_Number | _str", ("masked_scatter", "source"): "_Operand",
    ("put", "source"): "_Operand", ("masked_fill", "value"): "_Operand", ("index_fill", "value"): "_Operand",
    ("tensordot", "dims"): "_Any", ("histc", "min"): "_Number", ("histc", "max"): "_Number", ("einsum", "args"): "_Any",
    ("select_scatter", "index"): "_int", ("searchsorted", "input"): "_Operand",
    # Numbers that the row has a derivative in.
    **{(row, name): "_Operand" for row in ("addmm", "addmv", "addr", "addbmm", "baddbmm") for name in ("beta", "alpha")},
    ("index_add", "alpha"): "_Operand", ("addcmul", "value"): "_Operand", ("addcdiv", "value"): "_Operand",
}


def parameter_type(rule, name) -> str:
    """A parameter's type in the stubs."""
    if (rule.name, name) in ROW_TYPES:
        return ROW_TYPES[rule.name, name]
    if name in ("dim", "axis") and "keepdim" in parameters(rule) and not rule.outputs and rule.dtype != "index":
        return "_Dims"
    return PARAMETER_TYPES.get(name, "_Any")


def numbers(rule) -> tuple[str, ...]:
    """The parameters of a row that are numbers, which it has no derivative in: a Variable that wants one is refused."""
    return tuple(name for name in parameters(rule) if parameter_type(rule, name).startswith("_Number"))


def operand_parameters(rule) -> tuple[str, ...]:
    """The operands of a row but the first, and its parameters that may be Variables."""
    return rule.operand_names[1:] + tuple(name for name in parameters(rule)
                                          if parameter_type(rule, name) in ("_Operand", "_Any"))


#: Keywords of NumPy that PyTorch takes as well, and so do functions and methods here.
ALSO = {"dim": "axis", "keepdim": "keepdims"}


def arguments(rule) -> ast.arguments:
    """The parsed parameters of a row."""
    return ast.parse(f"lambda {rule.params}: 0", mode="eval").body.args


def _also(rule) -> dict[str, str]:
    """The parameters of a row that NumPy's keyword gives as well: not those that one without a default comes after."""
    given = arguments(rule)
    plain = [argument.arg for argument in (*given.posonlyargs, *given.args)]
    required = plain[:len(plain) - len(given.defaults)]
    return {name: other for name, other in ALSO.items()
            if name in parameters(rule) and other not in parameters(rule) and name not in required[:-1]}


def passed_on(rule) -> str:
    """The parameters of a row's function, after the operand, as another of the same signature hands them to it."""
    given = arguments(rule)
    keywords = [argument.arg for argument in given.kwonlyargs] + list(_also(rule).values())
    several = [given.vararg.arg] if given.vararg else []
    names = [name for name in rule.operand_names[1:] + parameters(rule) if name not in keywords + several]
    return "".join([f", {name}" for name in names] + [f", *{name}" for name in several]
                   + [f", {name}={name}" for name in keywords])


def signature(rule, types=False, first=None, in_place=False) -> str:
    """The parameters of a row's function, operands first; ``first`` is the first operand's name, ``types`` for a stub."""
    given = arguments(rule)
    plain = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + given.defaults
    names = list(rule.operand_names)
    shown = []
    for position, name in enumerate(names):
        if position == 0 and first:
            shown.append(first)
        else:
            star = "*" if rule.spread else ""
            kind = "_Operand" if rule.operands != "*" else "_V | _Iterable[_V]" if rule.spread else "_Iterable[_V]"
            kind = ROW_TYPES.get((rule.name, name), kind)
            shown.append(f"{star}{name}: {kind}" if types else star + name)

    def parameter(name, default, optional=False):
        if not types:
            return name if default is None else f"{name}={default}"
        kind = parameter_type(rule, {other: name for name, other in ALSO.items()}.get(name, name))
        if default == "None" and kind != "_Any":
            kind += " | None"
        return f"{name}: {kind}" if default is None else f"{name}: {kind} = {default}"

    # A dim without a default may still be given as axis.
    shown += [parameter(a.arg, ast.unparse(d) if d is not None else "None" if a.arg in _also(rule) else None)
              for a, d in zip(plain, defaults)]
    if given.vararg:
        shown.append(f"*{given.vararg.arg}: {parameter_type(rule, given.vararg.arg)}" if types else f"*{given.vararg.arg}")
    keywords = [parameter(a.arg, ast.unparse(d) if d is not None else None)
                for a, d in zip(given.kwonlyargs, given.kw_defaults)]
    keywords += [parameter(other, "None") for other in _also(rule).values()]
    if rule.out and not in_place:
        keywords.append(parameter("out", "None"))
    if keywords and not given.vararg and not rule.spread:
        shown.append("*")
    return ", ".join(shown + keywords)


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


def call_text(rule) -> str:
    """What the body of a row's function calls, in terms of its parameters."""
    operands = list(rule.operand_names)
    given = parameters(rule)
    also = _also(rule)
    values = [f"({name} if {also[name]} is None else {also[name]})" if name in also else name for name in given]
    if rule.composite:
        tree = ast.parse(rule.value, mode="eval").body
        known = dict(zip(("xs",) if rule.operands == "*" else rule.operands, operands))
        known |= dict(zip(operands, operands)) | dict(zip(given, values))
        return f"helpers.{tree.func.id}({', '.join(['OPS', *(known[node.id] for node in tree.args)])})"
    if rule.front:
        return f"helpers.{rule.front}({', '.join(['OPS', repr(rule.name), *operands, *values])})"
    packed = [f"({', '.join(names)}{',' if len(names) == 1 else ''})" for names in (operands, values)]
    return f"OPS.apply({rule.name!r}, {packed[0]}, {packed[1]})"


def numpy_signature(rule) -> str:
    """The parameters of a row's method of the NumPy flavour, for a stub."""
    tree = ast.parse(f"lambda {rule.numpy_params}: 0", mode="eval").body.args
    shown = [rule.operand_names[0]]
    defaults = [None] * (len(tree.args) - len(tree.defaults)) + tree.defaults

    def show(argument, default):
        kind = parameter_type(rule, "dim" if argument.arg == "axis" else argument.arg)
        if default is not None and ast.unparse(default) == "None" and kind != "_Any":
            kind += " | None"
        shown.append(f"{argument.arg}: {kind}" + ("" if default is None else f" = {ast.unparse(default)}"))

    for argument, default in zip(tree.args, defaults):
        show(argument, default)
    if tree.vararg:
        shown.append(f"*{tree.vararg.arg}: {parameter_type(rule, tree.vararg.arg)}")
    for argument, default in zip(tree.kwonlyargs, tree.kw_defaults):
        show(argument, default)
    return ", ".join(shown)


def numpy_call(rule) -> str:
    """What the body of a row's method of the NumPy flavour calls, where it is not the row's own function."""
    tree = ast.parse(rule.numpy_value, mode="eval").body
    names = [rule.operand_names[0] if node.id == "x" else node.id for node in tree.args]
    return f"helpers.{tree.func.id}({', '.join(['OPS', *names])})"


def numpy_arguments(rule) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """NumPy's parameters of a row's method, and which of PyTorch's they become, as ``name=value`` of a call."""
    renamed = {"axis": "dim", "keepdims": "keepdim", "ddof": "correction"}
    tree = ast.parse(f"lambda {rule.numpy_params}: 0", mode="eval").body.args
    given = tuple(argument.arg for argument in (*tree.args, *tree.kwonlyargs))
    declared = parameters(rule)
    return given, tuple(f"{renamed.get(name, name)}={name}" for name in given if renamed.get(name, name) in declared)


#: What parameters mean, by name, in docstrings; a row's own sense of one goes into its ``doc`` or ``errors``.
PARAMETER_DOCS = {
    "dim": "the dimension along which to compute, from the end if negative",
    "keepdim": "whether reduced dimensions stay, with size 1",
    "dtype": "the dtype to cast the operand to first",
    "out": "a Variable to write the result into; not where a gradient is wanted",
    "correction": "what is subtracted from the count: 1 makes the estimate of a variance unbiased",
    "unbiased": "whether to divide by the count less 1",
    "descending": "whether the largest comes first",
    "stable": "whether equal elements keep their order; they do either way",
    "largest": "whether the largest are meant; else the smallest",
    "sorted": "whether the results are in order",
    "k": "how many, or which, counted from 1",
    "p": "the order of the norm, a number or inf",
    "q": "the quantile or quantiles, from 0 to 1",
    "eps": "what keeps a divisor or a logarithm away from 0",
    "min": "the lower bound, a number or a Variable; none if None",
    "max": "the upper bound, a number or a Variable; none if None",
    "alpha": "a factor",
    "bias": "what is added to the product, or None",
    "negative_slope": "the slope for negative elements",
    "decimals": "how many decimals to keep; of negative ones, the nearest ten, hundred, ...",
    "rtol": "the tolerance relative to other",
    "atol": "the absolute tolerance",
    "equal_nan": "whether NaN is close to NaN",
    "min_val": "the lower bound",
    "max_val": "the upper bound",
    "nan": "what replaces NaN",
    "posinf": "what replaces inf; the dtype's largest number if None",
    "neginf": "what replaces -inf; the dtype's smallest number if None",
    "approximate": "'none' for the exact function, 'tanh' for the approximation by a hyperbolic tangent",
    "rounding_mode": "None for the true quotient, 'floor' to round it down, 'trunc' to round it towards 0",
    "offset": "which diagonal: 0 the main one, positive above it, negative below",
    "diagonal": "which diagonal: 0 the main one, positive above it, negative below",
    "shifts": "by how many places, for each of dims",
    "repeats": "how often",
    "condition": "a bool Variable, array or number",
    "mask": "a bool Variable of a shape that broadcasts",
    "chunks": "how many pieces",
    "start_dim": "the first of the dimensions",
    "end_dim": "the last of the dimensions",
    "size": "the sizes of the result",
    "sizes": "the sizes of the dimension's parts",
    "stride": "for each dimension, by how many elements it steps",
    "storage_offset": "the element to begin with, counted from the beginning of the storage",
    "source": "the dimension or dimensions to move",
    "destination": "where they go",
    "indexing": "'ij' for the first operand along the first dimension, 'xy' for the second",
    "split_size_or_sections": "the size of each part but the last, or the sizes of all",
    "indices_or_sections": "the number of parts, or the indices where the parts after the first begin",
    "r": "how many",
    "with_replacement": "whether an element may come several times",
}
#: The same of single rows.
ROW_DOCS = {
    **{(row, "beta"): "a factor of input" for row in ("addmm", "addmv", "addr", "addbmm", "baddbmm")},
    **{(row, "alpha"): "a factor of the product" for row in ("addmm", "addmv", "addr", "addbmm", "baddbmm")},
    ("einsum", "args"): "an equation and Variables; or Variables, each followed by its subscripts, and those of the result",
    ("tensordot", "dims"): "how many dimensions, or two lists of them",
    ("matrix_power", "n"): "how many copies",
    ("rot90", "k"): "how many quarters; negative ones turn back",
    ("rot90", "dims"): "the plane: two dimensions",
    ("chunk", "chunks"): "how many pieces at most",
    ("pad", "pad"): "counts before and after, in pairs, the last dimension first; negative ones take away",
    ("pad", "mode"): "'constant', or what is repeated: 'reflect' (without the edge), 'replicate' (the edge), 'circular'",
    ("pad", "value"): "the constant, 0 if None",
    ("repeat", "axis"): "for the NumPy flavour, the dimension; the flattened operand if None",
    ("repeat_interleave", "repeats"): "how often: an int, or a Variable of ints, one for each slice",
    ("repeat_interleave", "dim"): "the dimension; the flattened operand if None",
    ("unfold", "size"): "the length of a window",
    ("unfold", "step"): "from one window to the next",
    ("flip", "dims"): "the dimensions, as arguments or in one tuple",
    ("tile", "dims"): "how often in each dimension, as arguments or in one tuple; the last ones where fewer are given",
    ("repeat", "repeats"): "how often in each dimension, as arguments or in one tuple; new dimensions come first",
}
#: The same where dimensions are reduced.
REDUCED_DOCS = {"dim": "the dimension or dimensions to reduce, from the end if negative; all of them if None"}
#: What dtype= means to sums and products.
SUMMED = "integers and bools become int64"


def docstring(rule, indent=4, in_place=False, numpy=False) -> str:
    """What help() shows of a row: doc, parameters, shapes and dtypes, kinks, errors, source, an example that runs.

    ``in_place``: of the method ``name_``; ``numpy``: of the method of the NumPy flavour, with NumPy's parameters.
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
        if rule.name in ("add", "sub"):
            yield "alpha", f"a factor of {rule.operand_names[1]}"
        if rule.name == "div":
            yield "rounding_mode", PARAMETER_DOCS["rounding_mode"]
    if rule.operands == "*":
        yield rule.operand_names[0], "Variables" + ("" if rule.spread else ", in a list or tuple")
    own = {name: meaning for (row, name), meaning in ROW_DOCS.items() if row == rule.name}
    meanings = PARAMETER_DOCS | own | (REDUCED_DOCS if "keepdim" in parameters(rule) and not rule.outputs else {})
    if rule.dtype == "index":
        meanings = meanings | {"dim": "the dimension along which to compute, from the end if negative; the flattened "
                                      "operand if None"}
    if rule.dtype == "same" and "dtype" in parameters(rule):
        meanings = meanings | {"dtype": f"{meanings['dtype']}; without it, {SUMMED}"}
    if numpy:
        names = [name for name in numpy_arguments(rule)[0] if name != "out"]
        meanings = meanings | {"axis": meanings["dim"], "keepdims": meanings["keepdim"], "ddof": meanings["correction"]}
    else:
        names = list(parameters(rule))
    for name in names:
        if name in meanings:
            yield name, meanings[name]
    words = [] if numpy else list(_also(rule).items())
    if words and (rule.rendered or "keepdim" in names or rule.operands == "*"):
        word = "word" if len(words) == 1 else "words"
        yield ", ".join(other for _, other in words), f"NumPy's {word} for {' and '.join(name for name, _ in words)}"
    if (rule.out or rule.elementwise) and not method and not numpy:
        yield "out", meanings["out"]


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
    texts = [getattr(rule, which) for which in ("dx", "dy", "dz")][:max(rule.arity, 1)]
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


# ---- templates

def namespace(rules) -> dict:
    """What a template sees."""
    functions, inline = rules.FUNCTIONS, own_functions(rules)
    return {
        "RULES": rules.RULES, "BY_NAME": rules.BY_NAME, "NUMBER": rules.NUMBER, "ELEMENTWISE": rules.ELEMENTWISE,
        "DTYPES": rules.DTYPES, "FUNCTIONS": functions, "CAPTURED": captured(rules), "C_TYPE": C_TYPE,
        "SLOTS": {dtype: slots(rules, dtype) for dtype in rules.DTYPES}, "STRUCTURAL": rules.STRUCTURAL,
        "RECORDED": RECORDED, "complex_kind": complex_kind, "numpy_slot": numpy_slot,
        "complex_row": complex_row, "DIFFERENTIATED": differentiated(rules), "numpy_text": lambda rule: numpy_text(rule, rules),
        "signature": signature, "overloads": overloads, "result_type": result_type,
        "call_text": call_text, "docstring": docstring,
        "numpy_arguments": numpy_arguments, "numpy_signature": numpy_signature, "numpy_call": numpy_call,
        "passed_on": passed_on, "numbers": numbers, "operand_parameters": operand_parameters, "also": _also,
        "saves": saves, "saves_mask": saves_mask, "is_g": is_g, "piecewise": piecewise,
        "mentioned": mentioned, "parameters": parameters,
        "recorded": recorded, "plain_text": plain_text, "plain_function": plain_function, "unary_door": unary_door,
        "parse": lambda rule, which: parse(rule, which, functions),
        "c_scalar": lambda rule, which, dtype: c_scalar(rule, which, dtype, functions, inline),
        "c_loop": lambda rule, which, dtype: c_loop(rule, which, dtype, functions, inline),
    }


def render(template: Path, rules) -> str:
    """The text a template renders to."""
    from Cython.Tempita import Template

    text = Template(template.read_text(encoding="utf-8"), name=template.name).substitute(namespace(rules))
    return text + exported(text) if template.name in ("__init__.pyi.tp", "return_types.pyi.tp") else text


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
    kept = sorted(name for name in names if not name.startswith("_") and name not in {*dir(builtins), "numpy"})
    return "\n__all__ = [\n" + textwrap.fill(", ".join(f'"{name}"' for name in kept), 116, initial_indent="    ",
                                            subsequent_indent="    ") + ",\n]\n"


def render_all(folder: Path, rules) -> list[Path]:
    """Render every template of a folder beside itself; a file is touched only if its text changes."""
    check(rules)
    written = []
    for template in sorted(folder.glob("*.tp")):
        target = template.with_suffix("")
        text = render(template, rules)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
        written.append(target)
    return written
