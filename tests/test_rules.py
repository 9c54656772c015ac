"""The grammar of the catalogue: every row is well formed, and what follows from a row does follow."""
import ast
import dataclasses
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from autodiff import rules
from checks import render

names = pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.name)
derivatives = pytest.mark.parametrize("which", ["dx", "dy"])


def test_the_catalogue_is_well_formed():
    render.check(rules)


def test_names_are_unique():
    assert len(rules.BY_NAME) == len(rules.RULES)
    assert len(set(rules.NUMBER.values())) == len(rules.ELEMENTWISE) + len(rules.STRUCTURAL)


def test_numbers_fit_the_table():
    assert min(rules.NUMBER.values()) == 1
    assert max(rules.NUMBER.values()) < 512


@names
def test_texts_parse_in_the_closed_vocabulary(rule):
    for which in ("value", "dx", "dy"):
        tree = render.parse(rule, which, rules.FUNCTIONS)
        assert (tree is None) == (getattr(rule, which) is None)


@names
@derivatives
def test_saved_set_is_what_the_text_mentions(rule, which):
    text = getattr(rule, which)
    found = render.saves(rule, which)
    if text is None:
        assert not found
        return
    mentioned = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert found == mentioned & {"x", "y", "z", "xs", "out"}


def test_helpers_that_rows_call_exist():
    defined = {node.name for path in Path(rules.__file__).parent.with_name("helpers").glob("*.py")
               for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}
    for rule in rules.RULES:
        for which in ("value", "dx", "dy"):
            for node in ast.walk(render.parse(rule, which, rules.FUNCTIONS) or ast.Constant(0)):
                if isinstance(node, ast.Call) and not rule.elementwise:
                    assert node.func.id in defined or node.func.id in rules.BY_NAME, (rule.name, which)
        assert rule.front in ("", "compiled") or rule.front in defined, rule.name


@names
def test_documentation_and_conventions(rule):
    assert rule.doc.endswith("."), f"doc= of the row {rule.name} is one sentence, with a full stop"
    assert rule.dx is None or rule.grad_fn
    for point, orders in rule.kinks.items():
        assert orders, f'kinks= of the row {rule.name} names {point} alone: say "first; second; third order at a call"'
    assert rule.at[0] < rule.at[1]


@pytest.mark.parametrize("rule", rules.ELEMENTWISE, ids=lambda rule: rule.name)
def test_elementwise_rows(rule):
    assert rule.operands == "".join(sorted(render.mentioned(rule, "value")))
    assert (rule.dx is None) == (rule.dtype == "bool")
    # A derivative never needs an operand that the row does not have.
    for which in ("dx", "dy"):
        assert render.saves(rule, which) <= {*rule.operands, "out"}
    # A linear row's derivative is a multiple of g alone; a multilinear one's never needs its own operand.
    if rule.kind == "linear":
        assert not render.saves(rule, "dx") | render.saves(rule, "dy")
    if rule.kind == "multilinear":
        assert "x" not in render.saves(rule, "dx") and "y" not in render.saves(rule, "dy")


@pytest.mark.parametrize(("mask", "name", "which"), [
    (2, "mul", "dx"), (1, "mul", "dy"), (4, "tanh", "dx"), (3, "div", "dy"), (0, "add", "dx"), (7, "pow", "dy"),
])
def test_saved_masks(mask, name, which):
    assert render.saves_mask(rules.BY_NAME[name], which) == mask


def refused(name, **fields):
    """Check the catalogue with a row that says something else."""
    wrong = replace(rules.BY_NAME[name], **fields)
    catalogue = {**vars(rules), "RULES": tuple(wrong if rule.name == name else rule for rule in rules.RULES)}
    return pytest.raises(render.GrammarError), SimpleNamespace(**catalogue)


@pytest.mark.parametrize(("name", "copies"), [("div", "tn"), ("exp", "nt"), ("matmul", "nt")])
def test_copies_are_of_operands_beside_a_number(name, copies):
    raises, catalogue = refused(name, grad_fn={"": "Backward0", copies: "OtherBackward0 of copies"})
    with raises as caught:
        render.check(catalogue)
    assert f"'{name}'" in str(caught.value) and "copies" in str(caught.value)


def test_every_field_is_described_used_and_read():
    """A field that one row uses is folded into another; one that nothing reads is none."""
    fields = {f.name: f for f in dataclasses.fields(rules.Rule)}
    head = set(re.findall(r"^(\w+) {2,}\S", rules.row.__doc__.partition("field      meaning")[2], re.MULTILINE))
    assert head | {"name", "value", "dx", "dy", "at_y"} == set(fields)
    root = Path(rules.__file__).parent.parent
    folders = (root, Path(render.__file__).parent, Path(__file__).parent)
    files = [path for folder in folders for kind in ("*.py", "*.tp") for path in folder.rglob(kind)]
    texts = [path.read_text(encoding="utf-8") for path in files]
    for name, given in fields.items():
        default = given.default_factory() if given.default_factory is not dataclasses.MISSING else given.default
        if name != "namespace":         # other public modules are to come
            assert sum(getattr(rule, name) != default for rule in rules.RULES) > 2, name
        assert any(re.search(rf"\b(rule|row|self|own)\.{name}\b", text) for text in texts) or name in ("dx", "dy"), name


def test_what_a_node_is_called():
    assert rules.BY_NAME["div"].node_names == {"": "DivBackward0", "nt": "MulBackward0"} and rules.BY_NAME["div"].copies == "nt"
    assert [rule.name for rule in rules.RULES if rule.copies] == ["div"]
    assert rules.BY_NAME["exp"].node_names == "ExpBackward0"


def test_special_cases_of_a_row():
    assert render.specials(rules) == {"pow": {2.0: "square", 0.5: "pow_half", -1.0: "pow_minus_one"}}


@pytest.mark.parametrize(("name", "fields", "words"), [
    ("square", {"special": "power(x, 2)"}, "special = 'power.*not a call of a row"),
    ("square", {"special": "pow(x, x)"}, "not a call of a row"),
    ("square", {"special": "pow"}, "not a call of a row"),
    ("matmul", {"special": "pow(x, 2)"}, "not a call of a row"),
    ("mul", {"params": "*, alpha=1"}, "has a front that reads them"),
    ("exp", {"front": "scaled_front"}, "and no other has one"),
    ("mul", {"params": "alpha=1", "front": "scaled_front"}, "keywords with defaults"),
    ("mul", {"params": "*, alpha", "front": "scaled_front"}, "keywords with defaults"),
    ("index", {"batch": "", "signature": "(n)->(n)"}, "index tells of every dimension"),
    ("softmax", {"signature": ""}, "has a signature, or a batch rule of its own"),
    ("softmax", {"batch": "mine"}, "batch 'mine' is not 'own'"),
    ("exp", {"signature": "()->()"}, "are for structural rows"),
    ("swapdims", {"batch": "own"}, "are for structural rows"),
])
def test_what_a_row_may_not_say(name, fields, words):
    raises, catalogue = refused(name, **fields)
    with raises as caught:
        render.check(catalogue)
    assert re.search(words, str(caught.value)) and f"rule {name!r}" in str(caught.value)


def test_a_parameter_means_what_the_row_the_family_or_its_name_say():
    role = {(row, name): rules.BY_NAME[row].parameter(name).role for row, name in (
        ("sum", "dim"), ("argmax", "dim"), ("softmax", "dim"), ("max", "dim"), ("repeat", "ints"), ("flip", "ints"),
        ("add", "alpha"), ("elu", "alpha"), ("movedim", "source"), ("index_add", "source"), ("clamp", "min"), ("histc", "min"))}
    assert " ".join(role.values()) == "dims dim dim dim sizes dims operand number dims operand operand number"
    assert set(rules.ROLES) >= {parameter.role for parameter in rules.PARAMETERS.values()}


def test_every_parameter_of_the_table_is_one_of_a_row_and_the_other_way_round():
    known = {f"{rule.name}.{name}" for rule in rules.RULES for name in (*render.parameters(rule), *rule.operand_names)}
    names = {name.partition(".")[2] for name in known} | {"out"}
    for key in rules.PARAMETERS:
        row, _, name = key.rpartition(".")
        assert name in names, key
        assert not row or row in ("reduction", "position", "total") or key in known, key
    assert {f"{rule.name}.{name}" for rule in rules.RULES for name in render.parameters(rule)
            if f"{rule.name}.{name}" not in rules.PARAMETERS and name not in rules.PARAMETERS} == set()


@pytest.mark.parametrize(("text", "message"), [
    ("g * w", "'w' is not among the names"),
    ("g ** 2", "operator Pow"),
    ("g if x else y", "IfExp"),
    ("g * nothing(x)", "not a function of the vocabulary"),
    ("exp(x, x)", "takes 1 argument"),
    ("where(x, g, 0)", "condition must be a comparison"),
    ("g * (x > 0)", "only in where"),
    ("where(0 < x < 1, g, 0)", "single comparison"),
    ("g * True", "not a number"),
    ("g * 'a'", "not a number"),
    ("x.real", "Attribute"),
    ("x[0]", "Subscript"),
    ("g *", "not an expression"),
    ("+g", "operator UAdd"),
    ("exp(x=x)", "plain name with plain arguments"),
    ("__import__('os')", "not a function of the vocabulary"),
])
def test_what_the_grammar_refuses(text, message):
    broken = replace(rules.BY_NAME["mul"], dx=text)
    with pytest.raises(render.GrammarError, match=message) as caught:
        render.parse(broken, "dx", rules.FUNCTIONS)
    assert "'mul', dx" in str(caught.value)


def test_value_does_not_see_the_cotangent():
    with pytest.raises(render.GrammarError, match="'g' is not among"):
        render.parse(replace(rules.BY_NAME["mul"], value="x * g"), "value", rules.FUNCTIONS)


def test_numbers_of_a_recorded_rule_are_divided_as_python_divides():
    half = replace(rules.BY_NAME["square"], dx="1/2*g - -1 / 4 * x")
    assert render.recorded(half, "dx") == "0.5 * g - -0.25 * x"


def test_literals_are_typed_and_parenthesised():
    half = replace(rules.BY_NAME["square"], dx="1/2*g - 0.1 * -x")
    wide = render.c_scalar(half, "dx", "float64", rules.FUNCTIONS)
    narrow = render.c_scalar(half, "dx", "float32", rules.FUNCTIONS)
    assert "(((1.0 / 2.0) * g) - (0.1 * (-x)))" in wide
    assert "(((1.0f / 2.0f) * g) - (0.10000000149011612f * (-x)))" in narrow
