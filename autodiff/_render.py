"""Renders the catalogue into source, at build time: every ``name.tp`` of the package becomes ``name``.

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
TOKENS = ("xs", "shape_x", "shape_y", "dtype_x", "shapes", "position")
#: Functions that are one exact operation in C; every other function of the vocabulary is a call of NumPy's inner loop.
EXACT = ("abs", "sqrt", "square", "flat", "kink", "hole", "pow_slope_at_0")
#: Functions whose bits depend, in NumPy, on whether the second operand is one number: they have C text of their own.
OWN_TEXT = ("pow",)
#: Bits of a saved set, as SAVES_* in _kernels.pxd.
SAVES = {"x": 1, "y": 2, "out": 4}
C_TYPE = {"float64": "double", "float32": "float"}
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class GrammarError(ValueError):
    """A row of the catalogue is not in the grammar; the message names the row, the field and the text."""


# ---- the grammar

def parse(rule, which: str, functions=()) -> ast.expr | None:
    """The checked tree of one text of a row (``which`` is value, dx or dy); None where the row has no such text."""
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


#: Operands of the functions of the vocabulary, filled by _learn().
_arity: dict[str, int] = dict.fromkeys(OWN_TEXT, 2)
#: The rows by name, filled by _learn().
_rows: dict = {}


def _learn(rules) -> None:
    """Take note of a catalogue's rows, of which texts are rendered that name others."""
    _arity.update({rule.name: rule.arity for rule in rules.ELEMENTWISE})
    _rows.update(rules.BY_NAME)


def check(rules) -> None:
    """Raise GrammarError unless every row of the catalogue is well formed."""
    names = {rule.name for rule in rules.RULES}
    _learn(rules)
    if len(names) != len(rules.RULES):
        twice = sorted({rule.name for rule in rules.RULES if sum(rule.name == other.name for other in rules.RULES) > 1})
        raise GrammarError(f"more than one row is named {', '.join(twice)}")
    for rule in rules.RULES:
        def refuse(reason, rule=rule):
            raise GrammarError(f"rule {rule.name!r}: {reason}")

        if not rule.name.isidentifier():
            refuse("the name is not an identifier")
        if rule.namespace not in rules.NAMESPACES:
            refuse(f"namespace {rule.namespace!r} is not one of {', '.join(rules.NAMESPACES)}")
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
        if rule.elementwise and bool(rule.params) != bool(rule.front):
            refuse("an elementwise row with parameters has a front that reads them, and no other has one")
        if rule.elementwise and rule.params and (not rule.params.startswith("*, ") or None in arguments(rule).kw_defaults):
            refuse("the parameters of an elementwise row are keywords with defaults")
        for name in parameters(rule):
            if name not in rules.PARAMETERS and f"{rule.name}.{name}" not in rules.PARAMETERS:
                refuse(f"the parameter {name} has no line in PARAMETERS")
            if rule.parameter(name).role not in rule.TYPES:
                refuse(f"the role {rule.parameter(name).role!r} of {name} is unknown")
        for answer in rule.answers:
            check_answer(rule, answer, refuse)
        if rule.batch not in ("", "own"):
            refuse(f"batch {rule.batch!r} is not 'own'")
        if rule.elementwise or rule.composite:
            if rule.signature or rule.batch:
                refuse("signature and batch are for structural rows")
        else:
            whole = [name for name in parameters(rule) if rule.parameter(name).role in rules.OF_EVERY_DIMENSION]
            if whole and not rule.batch:
                refuse(f"{whole[0]} tells of every dimension: the row has a batch rule of its own, batch='own'")
            if not rule.signature and not rule.batch:
                refuse("a structural row has a signature, or a batch rule of its own")
        if rule.composite and (rule.dx or rule.dy):
            refuse("a composite row has the derivatives of what its helper calls")
        if rule.operands != "*" and len(rule.operand_names) != len(rule.operands):
            refuse(f"names {rule.names!r} are not one for each of the operands {rule.operands!r}")
        for position, which in enumerate(("dx", "dy")):
            if getattr(rule, which) is not None and rule.operands != "*" and position >= len(rule.operands):
                refuse(f"{which} is given, but the operands are {rule.operands!r}")
        if rule.copies not in ("", "nt") or (rule.copies and not (rule.elementwise and rule.operands == "xy")):
            refuse(f"copies are saved by the overload 'nt' of an elementwise row of two operands, not by {rule.copies!r}")
        for kink in kinks_of(rule):
            if kink.row and kink.row not in names:
                refuse(f"kinks names {kink.row!r}, which is not a row")
        if rule.special:
            special_of(rule, rules.BY_NAME)
        for which in ("value", "dx", "dy"):
            parse(rule, which, rules.FUNCTIONS)
        if complex_kind(rule) == OTHER_ROW and rule.complex not in names:
            refuse(f"complex names {rule.complex!r}, which is not a row")
        own = complex_row(rule)
        if own is not None:
            for which in ("dx", "dy"):
                parse(own, which)


def check_answer(rule, answer, refuse) -> None:
    """Refuse an answer that is no function's and no method's, or whose parameters or call are none."""
    if not answer.functions and not answer.methods:
        refuse(f"numpy {rule.numpy!r} names nothing")
    for text in (f"lambda {answer.params}: 0", answer.value or "0"):
        try:
            ast.parse(text, mode="eval")
        except SyntaxError:
            refuse(f"numpy {rule.numpy!r}: {text!r} is not in the grammar")
    if rule.elementwise and (answer.params or answer.value or answer.methods):
        refuse(f"numpy {rule.numpy!r}: an elementwise row answers to functions of its operands")
    if answer.params and len(numpy_operands(rule, answer)) < len(rule.operand_names) and not answer.value:
        refuse(f"numpy {rule.numpy!r} has fewer operands than {', '.join(rule.operand_names)}")


def special_of(rule, rows) -> tuple[str, float]:
    """The row that a row is a special case of, and the number for its second operand."""
    try:
        call = ast.parse(rule.special, mode="eval").body
        x, number = call.args
        name, value = call.func.id, float(ast.literal_eval(number))
    except (SyntaxError, AttributeError, ValueError, TypeError):
        name = None
    if name not in rows or rows[name].arity != 2 or not rule.elementwise or rule.operands != "x" or ast.unparse(x) != "x":
        raise GrammarError(f"rule {rule.name!r}, special = {rule.special!r}: not a call of a row, as pow(x, 2)")
    return name, value


def specials(rules) -> dict[str, dict[float, str]]:
    """The rows that have special cases, each with its numbers and the rows that take them."""
    found: dict[str, dict[float, str]] = {}
    for rule in rules.RULES:
        if rule.special:
            name, number = special_of(rule, rules.BY_NAME)
            found.setdefault(name, {})[number] = rule.name
    return found


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
    """What the derivative ``which`` (dx, dy) needs from the forward pass: a subset of x, y, out (xs: all)."""
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
    texts = dict(zip(("dx", "dy"), [text.strip() for text in rule.complex.split(";")]))
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
            name = "where" if node.func.id == "where" else rules.BY_NAME[node.func.id].numpy_name
            if not name:
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
            if rules.BY_NAME[name].loop_at(dtype).startswith("numpy:") and name not in (*EXACT, *OWN_TEXT)}


def own_functions(rules) -> tuple[str, ...]:
    """The functions of the vocabulary that are C functions of csrc/special.h: called element by element."""
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
    """A text with its functions by the names they have in _variable, and helpers handed the namespace of ops.

    A parameter is an entry of ``params``: the tuple with which the op was applied, which its node keeps.
    """
    if getattr(rule, which) == "0":
        return "zeros_like(g)"
    given = parameters(rule) + (("shapes",) if rule.operands == "*" else ())

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node):
            if rule.elementwise or node.id not in given:
                return node
            return ast.Subscript(ast.Name("params"), ast.Constant(given.index(node.id)))

        def visit_BinOp(self, node):
            """Numbers are computed here: Cython would divide two integers as C does."""
            self.generic_visit(node)
            values = [_number_of(side) for side in (node.left, node.right)]
            if None in values:
                return node
            return ast.Constant(eval(compile(ast.Expression(ast.fix_missing_locations(node)), "", "eval")))

        def visit_Call(self, node):
            node.args = [self.visit(argument) for argument in node.args]     # a function may be named as a parameter is
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
        found = _rows[function].loop.partition("numpy:")[2] or _rows[function].numpy_name
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
    return f"np.{rule.numpy_name}" if rule.numpy_name else "None"


# ---- methods and functions

def parameter_type(rule, name) -> str:
    """A parameter's type in the stubs."""
    parameter = rule.parameter(NUMPY_WORDS.get(name, name))
    return parameter.type or rule.TYPES[parameter.role]


def numbers(rule) -> tuple[str, ...]:
    """The parameters of a row that are numbers, which it has no derivative in: a Variable that wants one is refused."""
    return tuple(name for name in parameters(rule) if rule.parameter(name).role == "number")


def operand_parameters(rule) -> tuple[str, ...]:
    """The operands of a row but the first, and its parameters that may be Variables."""
    return rule.operand_names[1:] + tuple(name for name in parameters(rule)
                                          if parameter_type(rule, name) in ("_Operand", "_Any"))


#: Keywords of NumPy that PyTorch takes as well, and so do functions and methods here.
ALSO = {"dim": "axis", "keepdim": "keepdims"}
#: What NumPy calls parameters of the rows.
NUMPY_WORDS = {"axis": "dim", "keepdims": "keepdim", "ddof": "correction"}


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
            kind = "_Any" if rule.parameter(name).role == "any" and rule.parameter(name).doc else kind
            shown.append(f"{star}{name}: {kind}" if types else star + name)

    def parameter(name, default, optional=False):
        if not types:
            return name if default is None else f"{name}={default}"
        kind = parameter_type(rule, name)
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
    if (rule.out or rule.elementwise) and not in_place:
        keywords.append(parameter("out", "None"))
    if keywords and not given.vararg and not rule.spread:
        shown.append("*")
    return ", ".join(shown + keywords)


def keywords(rule, types=False) -> str:
    """The parameters of an elementwise row, as they follow those before them: ``, alpha=1``."""
    given = arguments(rule)
    shown = [(argument.arg, ast.unparse(default)) for argument, default in zip(given.kwonlyargs, given.kw_defaults)]
    if not types:
        return "".join(f", {name}={default}" for name, default in shown)
    return "".join(f", {name}: {parameter_type(rule, name)}{' | None' * (default == 'None')} = {default}"
                   for name, default in shown)


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


def function_stubs(rule) -> list[str]:
    """The function of a row, by each of its names, as a stub has it."""
    found: list[str] = []
    for name in (rule.function_name, *rule.aliases):
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


# ---- NumPy's calls

def numpy_parameters(rule, answer) -> list[tuple[str, str | None]]:
    """NumPy's parameters of an answer but for the operands, each with its default."""
    given = ast.parse(f"lambda {answer.params}: 0", mode="eval").body.args
    plain = [*given.posonlyargs, *given.args]
    pairs = list(zip(plain, [None] * (len(plain) - len(given.defaults)) + given.defaults))
    pairs = pairs[0 if rule.spread else max(len(rule.operand_names), 1):] + list(zip(given.kwonlyargs, given.kw_defaults))
    return [(argument.arg, None if default is None else ast.unparse(default)) for argument, default in pairs]


def numpy_operands(rule, answer) -> tuple[str, ...]:
    """What an answer calls the operands."""
    given = ast.parse(f"lambda {answer.params}: 0", mode="eval").body.args
    if rule.spread:
        return (given.vararg.arg,) if given.vararg else rule.operand_names
    return tuple(argument.arg for argument in (*given.posonlyargs, *given.args))[:len(rule.operand_names)]


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


def reads(rule, answer) -> bool:
    """Whether an answer has a reader of its own: the parameters are more than the operands, or a call says who reads them.

    The method of the NumPy flavour of a row whose front is compiled is compiled, too, unless a call is given.
    """
    return bool(answer.value or (answer.params and (answer.functions or rule.front != "compiled")))


def reader_methods(rule, answer) -> tuple[str, ...]:
    """The methods of the NumPy flavour that the reader of an answer is put in as."""
    return answer.methods if answer.value or rule.front != "compiled" else ()


def reader_body(rule, answer, names) -> list[str]:
    """The statements of the reader of an answer: what cannot be given is refused, the rest handed on."""
    operands, rest = numpy_operands(rule, answer), numpy_parameters(rule, answer)
    if answer.value:
        tree = ast.parse(answer.value, mode="eval").body
        used = [node.id for node in tree.args]
        call = (f"OPS.{tree.func.id}({', '.join(used)})" if tree.func.id in names
                else f"helpers.{tree.func.id}({', '.join(['OPS', *used])})")
    else:
        declared = parameters(rule)
        used = [name for name, _ in rest if NUMPY_WORDS.get(name, name) in declared]
        stars = "*" if rule.spread else ""
        target = f"f_{rule.name}" if rule.rendered else f"OPS.{rule.name}"
        call = f"{target}({', '.join([stars + name for name in operands] + [f'{NUMPY_WORDS.get(n, n)}={n}' for n in used])})"
    lines, refused = [], []
    if answer.value and answer.methods and rule.operands != "*":
        lines.append(f'_operand({operands[0]}, "{rule.name}", "{operands[0]}")')
    if answer.value:
        lines += ["if _v.levels:", f'    taken = _v.asked("{rule.name}", ({", ".join(operands)},), '
                  f'({"".join(name + ", " for name, _ in rest)}))',
                  "    if taken is not NotImplemented:", "        return taken"]
    shown = (answer.functions or answer.methods)[0]
    for name, default in rest:
        if name in used:
            continue
        if name == "out":
            lines += ["if out is not None:", f'    raise RuntimeError("{shown}(): functions with out=... arguments don\'t '
                      'support automatic differentiation")']
        elif name == "dtype" and rule.arity == 1:
            lines += ["if dtype is not None:", f"    {operands[0]} = OPS.to({operands[0]}, dtype)"]
        else:
            refused.append((name, default))
    for name, default in refused:
        differs = f"{name} is not {default}" if default in ("None", "True", "False") else f"{name} != {default}"
        lines += [f"if {differs}:", f'    raise _unread("{shown}", "{name}", "{default}")']
    return [*lines, f"return {call}"]


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


# ---- templates

def namespaces(rules) -> tuple[str, ...]:
    """The public modules but autodiff itself in which rows have functions."""
    used = {rule.namespace for rule in rules.RULES if rule.function}
    return tuple(name for name in rules.NAMESPACES[1:] if name in used)


def namespace(rules) -> dict:
    """What a template sees."""
    functions, inline = rules.FUNCTIONS, own_functions(rules)
    return {
        "RULES": rules.RULES, "BY_NAME": rules.BY_NAME, "NUMBER": rules.NUMBER, "ELEMENTWISE": rules.ELEMENTWISE,
        "DTYPES": rules.DTYPES, "FUNCTIONS": functions, "CAPTURED": captured(rules), "C_TYPE": C_TYPE,
        "SLOTS": {dtype: slots(rules, dtype) for dtype in rules.DTYPES}, "STRUCTURAL": rules.STRUCTURAL,
        "RECORDED": RECORDED, "complex_kind": complex_kind, "numpy_slot": numpy_slot,
        "complex_row": complex_row, "DIFFERENTIATED": differentiated(rules), "numpy_text": lambda rule: numpy_text(rule, rules),
        "NAMESPACES": namespaces(rules), "function_stubs": function_stubs, "signature": signature, "keywords": keywords,
        "SPECIALS": specials(rules), "overloads": overloads,
        "result_type": result_type,
        "call_text": call_text, "docstring": docstring,
        "numpy_signature": numpy_signature, "reads": reads, "reader_methods": reader_methods,
        "reader_body": lambda rule, answer: reader_body(rule, answer, rules.BY_NAME),
        "passed_on": passed_on, "numbers": numbers, "operand_parameters": operand_parameters, "also": _also,
        "saves": saves, "saves_mask": saves_mask, "is_g": is_g, "piecewise": piecewise,
        "mentioned": mentioned, "parameters": parameters,
        "recorded": recorded, "plain_text": plain_text, "plain_function": plain_function, "unary_door": unary_door,
        "parse": lambda rule, which: parse(rule, which, functions),
        "c_scalar": lambda rule, which, dtype: c_scalar(rule, which, dtype, functions, inline),
        "c_loop": lambda rule, which, dtype: c_loop(rule, which, dtype, functions, inline),
    }


def render(template: Path, rules, **more) -> str:
    """The text a template renders to."""
    from Cython.Tempita import Template

    _learn(rules)
    text = Template(template.read_text(encoding="utf-8"), name=template.name).substitute(namespace(rules) | more)
    with_names = ("__init__.pyi.tp", "return_types.pyi.tp", "_namespace.pyi.tp")
    return text + exported(text) if template.name in with_names else text


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
    """Render every template of a folder and the folders in it beside itself; a file is touched only if its text changes."""
    check(rules)
    written = []

    def write(target, text):
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
        written.append(target)

    for template in sorted(folder.rglob("*.tp")):
        if not template.name.startswith("_namespace."):
            write(template.with_suffix(""), render(template, rules))
    for name in namespaces(rules):
        render_namespace(folder, rules, name, write)
    return written


def render_namespace(folder: Path, rules, name: str, write) -> None:
    """The public module of a namespace and its stub, of rows alone.

    What has more than its rows is a template of its own, ``special.py.tp``, in which ``_ops.NAMESPACES`` and
    ``function_stubs`` stand for these.
    """
    place = folder.joinpath(*name.split("."))
    for parent in [parent for parent in place.parents if folder in parent.parents]:
        parent.mkdir(exist_ok=True)
        for kind in ("py", "pyi"):
            if not (parent / f"__init__.{kind}.tp").exists():
                write(parent / f"__init__.{kind}", f"from . import {place.name} as {place.name}\n")
    for kind in ("py", "pyi"):
        target = place.with_suffix(f".{kind}")
        if target.with_name(target.name + ".tp").exists():
            continue
        if target.exists() and "_namespace" not in target.read_text(encoding="utf-8").partition("\n")[0]:
            raise GrammarError(f"{target.name} is written by hand, and rows have functions in {name}: make it {target.name}.tp")
        write(target, render(folder / f"_namespace.{kind}.tp", rules, NAMESPACE=name, DOTS="." * (name.count(".") + 1)))
