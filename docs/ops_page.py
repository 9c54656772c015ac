"""Writes docs/ops.md, the reference of ops, and docs/kinks.md from the rows of the catalogue: ``python docs/ops_page.py``.

The standard library only; the package need not be built.
"""
import ast
import importlib.util
import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "autodiff"
PAGE = HERE / "ops.md"
KINKS = HERE / "kinks.md"

HEAD = """\
# Ops

Written by `python docs/ops_page.py` from the rows of [`autodiff/rules`](../autodiff/rules); do not edit it here.
`help(autodiff.exp)` shows the same for one op, with the meaning of its parameters and an example.

In the formulas `x`, `y`, `z` are the operands in order (`xs` all of them), `out` is the result and `g` the gradient of
the result; `shape_x` and the like are known without saving an array. An elementwise formula is all there is to the
op. Elsewhere a formula calls a function of [`autodiff/helpers`](../autodiff/helpers); that of a *composite* op
computes with other ops, and its derivatives are theirs. *Saved* is what is kept for the backward pass.
Every op has derivatives of every order and forward mode, unless it says that it has none.

Parameters called `dim` and `keepdim` may be given as `axis=` and `keepdims=`. In place means the method with `_` at
its end.
"""
INTERNAL = """\
## Internal rows

Nobody calls these by their names: formulas above use them, or an op written by hand (indexing, `fill_`) records them.
"""
KINKS_HEAD = """\
# Kinks

Written by `python docs/ops_page.py` from the field `kinks` of the rows of [`autodiff/rules`](../autodiff/rules).
What is found where an op has no derivative, in the orders 1, 2 and 3, by `create_graph=True` and again:

* Where the derivatives on both sides of the point tend to one value, it is that value.
* Else order 1 is a convention, PyTorch's where it has one: `abs` at 0 has the gradient 0, `maximum` shares it among ties.
* A convention is not differentiated as if it were a constant. The next order is a limit from one side, or the mean of
  both; where there is none (`norm` at 0, `std` of equal numbers) it is `nan`, for the rows of a batch that are there.
  The smooth spelling has all derivatives: `(x * x).sum()` for `x.norm() ** 2`, `x.var()` for `x.std() ** 2`.
* Piecewise linear ops have a second derivative of 0 in the graph of their operand, so that asking for it does not raise.

*Checked at* are the arguments of the calls by which `tests/test_kinks.py` holds a line; a list is a Tensor.

| op | point | order 1 | order 2 | order 3 | checked at |
|---|---|---|---|---|---|
"""
SECTION = re.compile(r"    # ---- (.+)")
DTYPES = {"promote": "promoted", "float": "promoted, integers and bools to the default dtype", "bool": "bool",
          "same": "the operand's", "index": "int64"}
OPERATORS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**", "matmul": "@", "eq": "==", "ne": "!=",
             "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "mod": "%", "floordiv": "//", "and": "&", "or": "|",
             "xor": "^", "lshift": "<<", "rshift": ">>"}
# Rows whose method and function are written by hand: how those are called.
BY_HAND = {"where": "`where(condition, input, other)`, method `x.where(condition, other)`", "view": "method `x.view(shape)`",
           "to": "method `x.to(dtype)`"}
PREFIX = {"neg": "-x", "pos": "+x", "abs": "abs(x)", "invert": "~x"}


def load(path):
    """A file or folder as a module by itself."""
    file = path / "__init__.py" if path.is_dir() else path
    spec = importlib.util.spec_from_file_location(f"_page_{path.stem}", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def families(rules):
    """The rows by family: what the comments ``# ---- family`` between them say."""
    found = {}
    for family in rules.FAMILIES:
        source = Path(family.__file__).read_text(encoding="utf-8")
        titles = {number: match[1] for number, line in enumerate(source.splitlines(), 1) if (match := SECTION.fullmatch(line))}
        (rows,) = [statement.value.elts for statement in ast.parse(source).body
                   if isinstance(statement, ast.AnnAssign) and statement.target.id == "RULES"]
        if [row.args[0].value for row in rows] != [rule.name for rule in family.RULES]:
            raise ValueError("the rows of RULES are calls, one each, with the name first")
        for row, rule in zip(rows, family.RULES):
            found.setdefault(titles[max(number for number in titles if number < row.lineno)], []).append(rule)
    return found


def calls(rule, render):
    """How the op is called, a text for each way."""
    given = render.signature(rule)
    own, rest = given.partition(", ")[::2]
    if own.startswith("*"):
        own, rest = "", given
    rest = rest.replace("*, out=None", "").replace(", out=None", "").rstrip(", ")
    if rule.name in BY_HAND:
        yield BY_HAND[rule.name]
    if rule.function:
        yield f"`{rule.path}({given})`"
    if rule.method:
        yield f"method `x.{rule.name}({rest})`"
        if rule.inplace:
            yield f"in place `x.{rule.name}_({rest})`"
    for answer in rule.answers:
        for name in answer.methods:
            yield f"in NumPy's flavour `x.{name}({answer.params.partition(', ')[2]})`"
    if rule.infix:
        yield f"operator `{PREFIX.get(rule.infix) or 'x ' + OPERATORS[rule.infix] + ' y'}`"
    if rule.elsewhere:
        yield f"as {', '.join(f'`{name}`' for name in rule.elsewhere)}"
    if rule.aliases:
        yield f"also called {', '.join(f'`{alias}`' for alias in rule.aliases)}"


def row_text(rule, render):
    """One op; of a row that nobody calls the name stands in a list, not over a section."""
    ways = list(calls(rule, render))
    if ways:
        lines = [f"### {rule.name}", "", rule.doc, "", f"* {', '.join(ways)}"]
    else:
        lines = [f"**{rule.name}**: {rule.doc}", ""]
    if rule.outputs:
        lines.append(f"* results: a named tuple ({', '.join(rule.outputs)})")
    if rule.composite:
        lines.append(f"* composite: `{rule.value}`")
    else:
        same = f", NumPy's `{rule.numpy_name}`" if rule.numpy_name else ""
        lines.append(f"* value: `{rule.value}`{same}")
        texts = [(f"d{operand}", f"in {operand}") for operand in rule.operands] if rule.operands != "*" else [("dx", "")]
        known = [(which, f"derivative {where}".rstrip()) for which, where in texts if getattr(rule, which) is not None]
        for which, where in known:
            saved = sorted(render.saves(rule, which), key=("x", "y", "z", "xs", "out").index)
            kept = f"; saved: {', '.join(f'`{name}`' for name in saved)}" if saved else ""
            zero = " (everywhere)" if getattr(rule, which) == "0" else ""
            lines.append(f"* {where}: `{getattr(rule, which)}`{zero}{kept}")
        if not known:
            lines.append("* no derivative")
    for kink in render.kinks_of(rule):
        if kink.of_order == 1:
            lines.append(f"* no derivative at {kink.point}: the gradient there is {kink.words}; "
                         "[kinks](kinks.md) has the next orders")
    if not rule.composite or rule.dtype != "promote":
        lines.append(f"* dtype: {DTYPES[rule.dtype]}")
    if not rule.composite and any(getattr(rule, which) is not None for which in ("dx", "dy")):
        lines.append(f"* complex: {rule.complex}")
    if rule.errors:
        lines.append(f"* errors: {rule.errors}")
    if rule.source:
        lines.append(f"* source: {rule.source}")
    return "\n".join(map(folded, lines))


def folded(line):
    """A long line of a list in several."""
    return textwrap.fill(line, 118, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def page(rules, render):
    """The text of docs/ops.md."""
    parts = [HEAD]
    found = families(rules)
    called = {title: [rule for rule in rows if list(calls(rule, render))] for title, rows in found.items()}
    called = {title: rows for title, rows in called.items() if rows}
    for title, rows in called.items():
        names = ", ".join(f"[{rule.name}](#{rule.name})" for rule in rows)
        parts.append(folded(f"* **{title}**: {names}"))
    parts.append("")
    for title, rows in called.items():
        parts.append(f"## {title[0].upper()}{title[1:]}\n")
        parts += [row_text(rule, render) + "\n" for rule in rows]
    parts.append(INTERNAL)
    parts += [row_text(rule, render) + "\n" for rows in found.values() for rule in rows if not list(calls(rule, render))]
    return "\n".join(parts)


def kinks_page(rules, render):
    """The text of docs/kinks.md: a line for each point."""
    lines = []
    for rule in rules.RULES:
        for kink in render.kinks_of(rule):
            if kink.row:
                cells = [kink.words, f"as `{kink.row}`", "", ""]
            else:
                orders = [by_operand(order, rule) for order in kink.orders]
                first = orders[0] if " in " in kink.words or kink.words == kink.orders[0]["x"] else f"{kink.words}: {orders[0]}"
                cells = [first, *orders[1:], ", ".join(f"`{rule.name}({call})`" for call in kink.calls)]
            lines.append(f"| [{rule.name}](ops.md#{rule.name}) | {kink.point} | {' | '.join(cells)} |")
    return KINKS_HEAD + "\n".join(lines) + "\n"


def by_operand(order, rule):
    """The values of one order in words."""
    if len(rule.operands) < 2:
        return f"`{order['x']}`"
    return ", ".join(f"`{value}` in {operand}" for operand, value in order.items())


if __name__ == "__main__":
    rules, render = load(PACKAGE / "rules"), load(HERE.parent / "render")
    KINKS.write_text(kinks_page(rules, render), encoding="utf-8")
    print(f"wrote {KINKS}")
    PAGE.write_text(page(rules, render), encoding="utf-8")
    print(f"wrote {PAGE}")
