"""Rows as Python: derivatives on recorded values, signatures and bodies of methods and functions, readers of NumPy's calls."""
from __future__ import annotations

import ast

from .grammar import (
    _rows,
    arguments,
    complex_row,
    mentioned,
    numpy_operands,
    numpy_parameters,
    parameters,
    special_of,
)


def differentiated(rules) -> list:
    """The rows whose derivatives are written on Variables, those for complex operands alone by a prefix of their own."""
    own = [complex_row(rule) for rule in rules.RULES]
    return [("", rule) for rule in rules.STRUCTURAL] + [("complex_", rule) for rule in own if rule is not None]


# ---- what nodes show

def saved_names(rules) -> list:
    """(number, names) of each row with a derivative: what its nodes show as ``_saved_NAME``, as PyTorch's signature has it.

    names: the operands that a derivative needs the value of, "" for others; the parameters in their order, "" for those that
    no derivative mentions; whose shapes one mentions, a bit for each; all operands; {name: number} of the operand that a
    special case replaces.
    """
    found = []
    for rule in rules.RULES:
        texts = [which for which in ("dx", "dy") if getattr(rule, which)]
        if rule.composite or not texts:
            continue
        used = set().union(*(mentioned(rule, which) for which in texts))
        own = ["self" if name == "input" else name for name in rule.operand_names]
        operands = ()
        if rule.operands != "*":
            operands = tuple(own[i] if name in used else "" for i, name in enumerate("xy"[:len(own)]))
        hidden = {name for name in parameters(rule) if name == "geometry"}
        constants = {}
        if rule.special:
            name, number = special_of(rule, rules.BY_NAME)
            names = rules.BY_NAME[name].node_names
            if rule.grad_fn in (names.values() if isinstance(names, dict) else (names,)):
                constants[rules.BY_NAME[name].operand_names[1]] = int(number) if number == int(number) else number
        found.append((rules.NUMBER[rule.name], (
            operands, tuple(name if name in used - hidden else "" for name in parameters(rule)),
            ("shape_x" in used) + 2 * ("shape_y" in used), tuple(own), constants)))
    return found


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
    given = parameters(rule)

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

def defaults(rule) -> str:
    """The tuple of the parameters of a call that gives none; None where one has to be given."""
    given = arguments(rule)
    plain, found = [*given.posonlyargs, *given.args], [*given.defaults, *given.kw_defaults]
    if given.vararg or None in found or len(given.defaults) < len(plain):
        return "None"
    return ast.unparse(ast.Tuple(found))


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


# ---- NumPy's calls

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
    lines, wider = [], []
    if (rule.operands == "*" and rule.names == "*args") or "condition" in operands:
        pass                    # operands among other arguments, or constants among them: the row's helper tells them apart
    elif rule.operands == "*":
        first = operands[0]
        lines += [f"if isinstance({first}, _Base) or not _v.all_variables({first}):", f"    {first} = _given(*{first})"]
    elif len(operands) > 1:
        given = ", ".join(operands)
        # Python numbers are weak: they take the dtype of the other operand.
        weak = ", numbers=True" if rule.takes_numbers else ""
        lines += [f"if not _v.all_variables(({given})):", f"    {given} = _given({given}{weak})"]
    else:
        others = "".join(f", {name}" for name, _ in rest if name != "out")
        lines += [f"if not isinstance({operands[0]}, _Base):", f"    {operands[0]} = _first_given({operands[0]}{others})"]
    for name, default in rest:
        if name in used:
            continue
        if name == "dtype" and rule.arity == 1:
            lines += ["if dtype is not None:", f"    {operands[0]} = OPS.to({operands[0]}, dtype)"]
        else:
            wider.append(f"{name} is not {default}" if default in ("None", "True", "False") else f"{name} != {default}")
    shown = (answer.functions or answer.methods)[0]
    if ({"axis", "keepdims"} <= {name for name, _ in rest} and "dim" in parameters(rule)
            and rule.parameter("dim").role == "dims"):
        # () is no dimension to NumPy, and all of them to a row, as to PyTorch
        wider.append("(type(axis) is tuple and not axis)")
    if wider:
        lines += [f"if {' or '.join(wider)}:",
                  f'    return OPS.wider("{shown}", ({operands[0]},), dict('
                  f"{', '.join(f'{name}={name}' for name in [*operands[1:], *(name for name, _ in rest)])}))"]
    # A level is told of the row's call, not of NumPy's arguments; what writes in place is made of ops that are asked.
    if answer.value and not rest and answer.returns != "None":
        lines += ["if _v.levels:", f'    taken = _v.asked("{rule.name}", ({", ".join(operands)},), '
                  f'({"".join(name + ", " for name, _ in rest)}))',
                  "    if taken is not NotImplemented:", "        return taken"]
    return [*lines, f"return {call}"]


# ---- families that are imported when they are asked for

def later_names(groups: dict) -> dict:
    """{"rows", "types", "functions", "methods", "namespaces", "answers": {name: family or families}} of {family: rows}."""
    found: dict = {"rows": {}, "types": {}, "functions": {}, "methods": {}, "namespaces": {}, "answers": {}}
    for family, rows in groups.items():
        for rule in rows:
            found["rows"][rule.name] = family
            if rule.outputs:
                found["types"][rule.name] = family
            for name in (rule.name, *rule.aliases):
                if (rule.rendered or rule.elementwise) and rule.function and rule.namespace == "autodiff":
                    found["functions"][name] = family
                if (rule.rendered or rule.elementwise) and rule.method:
                    found["methods"]["Tensor", name] = family
                    if rule.inplace:
                        found["methods"]["Tensor", f"{name}_"] = family
            places = [rule.namespace] if rule.function and rule.namespace != "autodiff" else []
            for place in (*places, *(name.rpartition(".")[0] for name in rule.elsewhere)):
                found["namespaces"][place] = tuple(dict.fromkeys((*found["namespaces"].get(place, ()), family)))
            for answer in rule.answers:
                if reads(rule, answer):
                    found["methods"].update({("ndarray", name): family for name in reader_methods(rule, answer)})
                for name in (name.rpartition(".")[2] for name in answer.functions):
                    found["answers"][name] = tuple(dict.fromkeys((*found["answers"].get(name, ()), family)))
    return found
