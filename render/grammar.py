"""The grammar of a row: its texts are parsed and checked against the closed vocabulary of ``autodiff/rules/``.

What follows from a text alone stands here, too: what it mentions, what is saved for it, how it differentiates complex
operands.  Nothing is rendered.
"""
from __future__ import annotations

import ast
import functools
from dataclasses import replace
from typing import NamedTuple

#: The names of operands in a row's texts.
OPERANDS = ("x", "y", "z")
#: Tokens of rows that are not elementwise; known without saving an array.
TOKENS = ("xs", "shape_x", "shape_y", "dtype_x", "shapes", "position")
#: Functions that are one exact operation in C; every other function of the vocabulary is a call of NumPy's inner loop.
EXACT = ("abs", "sqrt", "square", "flat", "kink", "hole", "pow_slope_at_0")
#: Functions whose bits depend, in NumPy, on whether the second operand is one number: they have C text of their own.
OWN_TEXT = ("pow",)
#: Bits of a saved set, as SAVES_* in _kernels.pxd.
SAVES = {"x": 1, "y": 2, "out": 4, "shapes": 8}
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
        return _names_of_parameters(rule.params)
    except SyntaxError:
        raise GrammarError(f"rule {rule.name!r}, params = {rule.params!r}: not a list of parameters") from None


@functools.cache
def _names_of_parameters(params: str) -> tuple[str, ...]:
    arguments = ast.parse(f"lambda {params}: 0", mode="eval").body.args
    several = [arguments.vararg] if arguments.vararg else []
    return tuple(argument.arg for argument in (*arguments.args, *several, *arguments.kwonlyargs))


def arguments(rule) -> ast.arguments:
    """The parsed parameters of a row."""
    return ast.parse(f"lambda {rule.params}: 0", mode="eval").body.args


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
        if rule.elementwise and len(rule.operands) > 1 and (rule.dx is None) != (rule.dy is None) and (
                rule.function or rule.method):
            refuse("it has a derivative in one operand and none in another, which users may ask for: where that is zero, it is "
                   "'0'; where it is not computed, a structural row raises an error")
        if rule.ends and not (rule.elementwise and rule.operands == "xy" and not rule.function and not rule.method):
            refuse("a derivative that is not computed is for elementwise rows of two operands that only derivatives call")
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
    """The kinks of a row, read; GrammarError where one is not in the grammar of rules/row.py."""
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
    return set() if text is None else set(_names_but_of_calls(text))


@functools.cache        # each text is asked for in every template: a third of the time of a build in which nothing changed
def _names_but_of_calls(text: str) -> frozenset[str]:
    tree = ast.parse(text, mode="eval")
    calls = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in calls)


def saves(rule, which: str) -> set[str]:
    """What the derivative ``which`` (dx, dy) needs from the forward pass: a subset of x, y, out (xs: all)."""
    return mentioned(rule, which) & {*OPERANDS, "xs", "out"}


def saves_mask(rule, which: str) -> int:
    """The same as bits SAVES_* of _kernels.pxd, with that of the shapes of any number of operands."""
    return sum(SAVES[name] for name in saves(rule, which) | mentioned(rule, which) & {"shapes"})


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


def piecewise(rule) -> int:
    """Which derivatives stay in their operand's graph though their formula may not mention it: 1 dx, 2 dy."""
    return sum(bit for which, bit in (("dx", 1), ("dy", 2))
               if getattr(rule, which) == "0" or (rule.piecewise and getattr(rule, which) is not None))


def is_g(rule, which: str) -> bool:
    """Whether a derivative hands the cotangent on as it is."""
    return getattr(rule, which) == "g"
