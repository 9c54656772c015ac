"""Renders the catalogue into source, at build time: every ``name.tp`` of the package becomes ``name``.

Loaded by path by ``setup.py`` together with ``autodiff/rules/`` (the build must not import the package) and by the
tests, which hold every row against the grammar.  A wheel does not contain it.  The standard library only;
Cython.Tempita is imported when rendering.

``grammar`` reads and checks the rows, ``c``, ``python`` and ``stubs`` say what each is in their languages, and this
file fills the templates.  Each imports only what stands before it here.
"""
from __future__ import annotations

import ast
import functools
from pathlib import Path

from .grammar import (
    EXACT, GrammarError, Kink, _learn, check, complex_kind, complex_row, is_g, kinks_of, mentioned, numpy_operands,
    parameters, parse, piecewise, saves, saves_mask, specials,
)
from .c import C_TYPE, c_loop, c_scalar, captured, numpy_slot, own_functions, slots
from .python import (
    RECORDED, _also, call_text, defaults, differentiated, keywords, later_names, numbers, operand_parameters, passed_on,
    plain_function, plain_text, reader_body, reader_methods, reads, recorded, saved_names, signature, unary_door,
)
from .stubs import docstring, exported, function_stubs, numpy_signature, overloads, result_type


def namespaces(rules) -> tuple[str, ...]:
    """The public modules but autodiff itself in which rows have functions."""
    used = {rule.namespace for rule in rules.RULES if rule.function}
    used |= {name.rpartition(".")[0] for rule in rules.RULES for name in rule.elsewhere}
    return tuple(name for name in rules.NAMESPACES[1:] if name in used)


def namespace(rules) -> dict:
    """What a template sees."""
    functions, inline = rules.FUNCTIONS, own_functions(rules)
    return {
        "RULES": rules.RULES, "BY_NAME": rules.BY_NAME, "NUMBER": rules.NUMBER, "ELEMENTWISE": rules.ELEMENTWISE,
        "DTYPES": rules.DTYPES, "FUNCTIONS": functions, "CAPTURED": captured(rules), "C_TYPE": C_TYPE,
        "SLOTS": {dtype: slots(rules, dtype) for dtype in rules.DTYPES}, "STRUCTURAL": rules.STRUCTURAL,
        "later_names": later_names, "RECORDED": RECORDED, "complex_kind": complex_kind, "numpy_slot": numpy_slot,
        "complex_row": complex_row, "DIFFERENTIATED": differentiated(rules),
        "NAMESPACES": namespaces(rules), "function_stubs": function_stubs, "signature": signature, "keywords": keywords,
        "defaults": defaults,
        "SPECIALS": specials(rules), "overloads": overloads,
        "result_type": result_type,
        "call_text": call_text, "docstring": docstring,
        "numpy_signature": numpy_signature, "reads": reads, "reader_methods": reader_methods,
        "reader_body": lambda rule, answer: reader_body(rule, answer, rules.BY_NAME),
        "passed_on": passed_on, "numbers": numbers, "operand_parameters": operand_parameters, "also": _also,
        "saves": saves, "saves_mask": saves_mask, "is_g": is_g, "piecewise": piecewise,
        "mentioned": mentioned, "parameters": parameters, "saved_names": saved_names(rules),
        "recorded": recorded, "plain_text": plain_text, "plain_function": plain_function, "unary_door": unary_door,
        "parse": lambda rule, which: parse(rule, which, functions),
        "c_scalar": lambda rule, which, dtype: c_scalar(rule, which, dtype, functions, inline),
        "c_loop": lambda rule, which, dtype: c_loop(rule, which, dtype, functions, inline),
    }


def groups(rules) -> dict:
    """{family: its rows} of the families that are imported when they are asked for, but for functions of others' texts."""
    families = {rule.name: family for family in rules.FAMILIES for rule in family.RULES}
    used = {(name, families[rule.name]) for rule in rules.RULES for which in ("value", "dx", "dy") if getattr(rule, which)
            for name in _names_of(getattr(rule, which)) if name in rules.BY_NAME}
    shared = {name for name, family in used if families[name] is not family}
    return {family.__name__.rpartition(".")[2]: tuple(rule for rule in family.RULES if rule.name not in shared)
            for family in rules.LATER}


@functools.cache
def _names_of(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}


def group(rules, family: str = "") -> dict:
    """What _ops.py.tp sees of one of these families, or of all that is none of them."""
    later = groups(rules)
    apart = {rule.name for rows in later.values() for rule in rows}
    own = {rule.name for rule in later[family]} if family else {rule.name for rule in rules.RULES} - apart
    numbers = {rules.NUMBER[name] for name in own if name in rules.NUMBER}
    return {
        "GROUP": family, "GROUPS": later,
        "RULES": tuple(rule for rule in rules.RULES if rule.name in own),
        "FUNCTIONS": tuple(name for name in rules.FUNCTIONS if name in own or (not family and name not in rules.BY_NAME)),
        "ELEMENTWISE": tuple(rule for rule in rules.ELEMENTWISE if rule.name in own),
        "STRUCTURAL": tuple(rule for rule in rules.STRUCTURAL if rule.name in own),
        "DIFFERENTIATED": [(prefix, rule) for prefix, rule in differentiated(rules) if rule.name in own],
        "saved_names": [(number, names) for number, names in saved_names(rules) if number in numbers],
    }


def render(template: Path, rules, **more) -> str:
    """The text a template renders to."""
    from Cython.Tempita import Template

    _learn(rules)
    if template.name == "_ops.py.tp":
        more = group(rules) | more
    text = Template(template.read_text(encoding="utf-8"), name=template.name).substitute(namespace(rules) | more)
    with_names = ("__init__.pyi.tp", "return_types.pyi.tp", "_namespace.pyi.tp", "fft.pyi.tp", "linalg.pyi.tp",
                  "special.pyi.tp")
    return text + exported(text) if template.name in with_names else text


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
    for family in groups(rules):
        write(folder / f"_ops_{family}.py", render(folder / "_ops.py.tp", rules, **group(rules, family)))
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
        own = parent / "__init__.py"
        text = own.read_text(encoding="utf-8") if own.exists() else ""
        for kind in ("py", "pyi") if "__getattr__" not in text else ():      # a package that is written by hand imports it
            if not (parent / f"__init__.{kind}.tp").exists():
                write(parent / f"__init__.{kind}", f"from . import {place.name} as {place.name}\n")
    for kind in ("py", "pyi"):
        target = place.with_suffix(f".{kind}")
        if target.with_name(target.name + ".tp").exists():
            continue
        if target.exists() and "_namespace" not in target.read_text(encoding="utf-8").partition("\n")[0]:
            raise GrammarError(f"{target.name} is written by hand, and rows have functions in {name}: make it {target.name}.tp")
        write(target, render(folder / f"_namespace.{kind}.tp", rules, NAMESPACE=name, DOTS="." * (name.count(".") + 1)))
