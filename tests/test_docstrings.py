"""What documentation shows is what happens: examples of docstrings, README and docs run; nothing public lacks a docstring."""
import ast
import builtins
import contextlib
import doctest
import importlib
import importlib.util
import inspect
import io
import pkgutil
import re
import types
from pathlib import Path

import numpy
import pytest

import autodiff
from autodiff import rules
from checks import load, public, render

ROOT = Path(__file__).resolve().parent.parent
MODULES = ["autodiff", *sorted(module.name for module in pkgutil.walk_packages(autodiff.__path__, "autodiff.")
                               if not module.name.endswith("__main__"))]
# Modules that users import: every public thing of theirs says what it is.  The others start with an underscore, or are
# read by the build.
PUBLIC = [name for name in MODULES
          if not any(part.startswith("_") for part in name.split("."))
          and not name.startswith(("autodiff.helpers", "autodiff.rules"))]


@pytest.fixture(autouse=True)
def modes_as_they_were():
    """An example that leaves a mode switched shall not change what other tests see."""
    before, dtype, options = autodiff.is_grad_enabled(), autodiff.get_default_dtype(), autodiff.get_printoptions()
    yield
    autodiff.set_grad_enabled(before)
    autodiff.set_default_dtype(dtype)
    autodiff.set_printoptions(**options)


def own(module):
    """Functions and classes defined in a module, compiled ones included, and the classes' members."""
    for name, thing in vars(module).items():
        if callable(thing) and getattr(thing, "__module__", None) == module.__name__:
            yield name, thing
            if inspect.isclass(thing):
                for member, value in vars(thing).items():
                    # Not plain values, whose docstring is their class's: CPython 3.13 puts the number of the class's first
                    # line into it, and int's own example is run with the module's names.
                    if callable(value) or hasattr(value, "__get__"):
                        yield f"{name}.{member}", value


def documented():
    """What is public, by its name: the module's functions and classes, the classes' methods and properties."""
    for module in map(importlib.import_module, PUBLIC):
        yield module.__name__, module
        for name, thing in vars(module).items():
            if name.startswith("_") or not callable(thing) or not str(thing.__module__).startswith("autodiff"):
                continue
            yield f"{module.__name__}.{name}", thing
            if inspect.isclass(thing):
                for member in dir(thing):
                    if not member.startswith("_") and member not in dir(tuple) + dir(BaseException):
                        yield f"{module.__name__}.{name}.{member}", inspect.getattr_static(thing, member)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    """Compiled functions, too, which doctest does not find by itself."""
    module = importlib.import_module(name)
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    texts = {name: module.__doc__, **{f"{name}.{inner}": getattr(thing, "__doc__", None) for inner, thing in own(module)}}
    for where, text in texts.items():
        if isinstance(text, str) and ">>>" in text:
            shown = io.StringIO()
            runner.run(parser.get_doctest(text, dict(vars(module)), where, None, 0), out=shown.write)
            assert runner.failures == 0, shown.getvalue()


def test_examples_are_found():
    for module, names in (("_variable", {"Base.backward"}), ("_indexing", {"tensor"}), ("_engine", {"RemovableHandle"})):
        assert f"autodiff.{module}" in MODULES
        found = {name for name, thing in own(importlib.import_module(f"autodiff.{module}"))
                 if ">>>" in (getattr(thing, "__doc__", None) or "")}
        assert found >= names


def test_everything_public_has_a_docstring():
    data = (int, str, types.MemberDescriptorType)
    seen = {name: thing for name, thing in documented() if not isinstance(thing, data)}
    assert {"autodiff.exp", "autodiff.Tensor.backward", "autodiff.numpy.ndarray.T", "autodiff.autograd.grad"} <= set(seen)
    missing = [name for name, thing in seen.items() if not inspect.getdoc(thing)]
    assert not missing, f"give these a docstring, or a name that begins with an underscore: {', '.join(missing)}"


# ---- the catalogue

def test_every_public_row_has_an_example():
    """An expression and what it shows; test_examples_run runs it as part of the docstring."""
    missing = [rule.name for rule in rules.RULES if (rule.method or rule.function) and not rule.example]
    assert missing == [], f"give these rows an example: {', '.join(missing)}"
    for rule in rules.RULES:
        assert not rule.example or rule.example.count(" -> ") == 1, rule.name
        if rule.example and rule.function:
            assert f">>> {rule.example.split(' -> ')[0]}" in inspect.getdoc(public(rule)), rule.name


def test_every_function_has_an_example():
    """What is imported from autodiff itself and called; classes of modes and of dtypes, too."""
    functions = {name: thing for name, thing in vars(autodiff).items()
                 if callable(thing) and not name.startswith("_") and getattr(thing, "__module__", "").startswith("autodiff")}
    excused = {"Tensor", "release_memory"}      # Tensor is shown as tensor(); the other has nothing to show
    missing = [name for name, thing in functions.items() if ">>>" not in inspect.getdoc(thing) and name not in excused]
    assert not missing, f"give the docstrings of these an example with >>>: {', '.join(missing)}"


def test_help_says_what_parameters_mean():
    text = inspect.getdoc(autodiff.amin)
    for words in ("dim: the dimension or dimensions to reduce", "axis, keepdims: NumPy's words", "out: a Variable",
                  "No derivative at ties", "IndexError", "Formula: "):
        assert words in text
    assert "named tuple (values, indices)" in inspect.getdoc(autodiff.sort)
    in_place = inspect.getdoc(autodiff.Tensor.exp_)
    assert "In place." in in_place and "leaf that requires grad" in in_place
    assert inspect.getdoc(autodiff.sum) == inspect.getdoc(autodiff.Tensor.sum)


needs_docs = pytest.mark.skipif(not (ROOT / "docs/ops_page.py").exists(), reason="needs a checkout")


@needs_docs
def test_the_page_of_ops_has_every_row_in_a_family():
    page = load(ROOT / "docs/ops_page.py")
    found = page.families(rules)
    assert [rule.name for rows in found.values() for rule in rows] == [rule.name for rule in rules.RULES]
    text = page.page(rules, render)
    for rule in rules.RULES:
        assert f"### {rule.name}\n\n" in text or f"**{rule.name}**: " in text
    # A name over a section can be called; the others stand apart, and not in the lists at the head.
    for name in re.findall(r"^### (.+)$", text, re.MULTILINE):
        places = (autodiff, autodiff.Tensor, autodiff.numpy.ndarray)
        row = rules.BY_NAME[name]
        assert (callable(public(row)) if row.namespace != "autodiff" else any(hasattr(place, name) for place in places)), name
    apart = re.findall(r"^\*\*(\w+)\*\*: ", text.partition("\n## Internal rows\n")[2], re.MULTILINE)
    for name in apart:
        assert not any(hasattr(place, name) for place in (autodiff, autodiff.Tensor)), name
        assert f"[{name}](#" not in text
    assert set(re.findall(r"\]\(#(\w+)\)", text)) == set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    for words in ("* derivative in x: `g * out`; saved: `out`", "operator `x + y`", "also called `absolute`",
                  "* no derivative at ties", "composite: `clamp_of(x, min, max)`"):
        assert words in text


@needs_docs
def test_the_page_of_ops_is_what_the_rows_say():
    page = load(ROOT / "docs/ops_page.py")
    written = page.PAGE.read_text(encoding="utf-8")
    assert written == page.page(rules, render), "the rows have changed: run `python docs/ops_page.py`"
    assert page.KINKS.read_text(encoding="utf-8") == page.kinks_page(rules, render), "run `python docs/ops_page.py`"


# ---- README and docs

def blocks(path):
    """The Python blocks of a Markdown file, each with its line."""
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield text[:match.start()].count("\n") + 1, match[1]


PAGES = [path for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
         if path.exists()]
BLOCKS = [pytest.param(path, line, code, id=f"{path.name}-{line}") for path in PAGES for line, code in blocks(path)]


@pytest.mark.parametrize(("path", "line", "code"), BLOCKS)
def test_blocks_of_the_pages_run(path, line, code):
    """What a comment beside print(...) says is what is printed.  Rows of the catalogue are held to its grammar."""
    if code.startswith("# autodiff/rules/"):
        rows = eval(f"[{code}]", vars(rules.row))
        functions = (*rules.FUNCTIONS, *(row.name for row in rows))
        for row in rows:
            for which in ("value", "dx", "dy"):
                render.parse(row, which, functions)
        return
    if code.startswith(("# autodiff/", "# tests/")):
        compile(code, f"{path.name}:{line}", "exec")    # test_newcomer.py puts it there
        return
    expected = [match[1] for match in re.finditer(r"^ *print\(.*\)  # (.*)$", code, re.MULTILINE)]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, f"{path.name}:{line}", "exec"), {"__name__": "example"})
    if expected:
        assert printed.getvalue().split("\n")[:-1] == expected


def test_links_of_the_pages_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_a_module_names_only_what_it_has():
    for name in MODULES:
        module = importlib.import_module(name)
        # Asked by name and not of dir(): what comes from a family of LATER is there when it is asked for.
        assert [said for said in getattr(module, "__all__", ()) if not hasattr(module, said)] == [], name


def test_a_star_import_replaces_no_builtin():
    for name in PUBLIC:
        module = importlib.import_module(name)
        assert module.__all__, name
        # NumPy's names replace some: who writes `from numpy import *` means NumPy's sum.
        ours = set(module.__all__) - (set(numpy.__all__) if name == "autodiff.numpy" else set())
        assert not ours & {*dir(builtins), "builtins"}, name
        assert not any(exported.startswith("_") for exported in module.__all__), name
    assert "numpy" not in autodiff.__all__ and {"tensor", "exp", "autograd", "float64"} <= set(autodiff.__all__)
    for stub in ("__init__.pyi", "return_types.pyi"):
        tree = ast.parse(Path(autodiff.__file__).with_name(stub).read_text(encoding="utf-8"))
        (said,) = [ast.literal_eval(statement.value) for statement in tree.body if isinstance(statement, ast.Assign)
                   and statement.targets[0].id == "__all__"]
        module = autodiff if stub == "__init__.pyi" else autodiff.return_types
        assert set(said) == set(module.__all__), stub


def test_signatures_show_no_addresses():
    for name, thing in documented():
        shown = getattr(thing, "__doc__", None) or ""
        with contextlib.suppress(TypeError, ValueError):    # some compiled things have no signature
            shown += str(inspect.signature(thing))
        assert " at 0x" not in shown, name


def test_modules_have_docstrings():
    for path in sorted(Path(autodiff.__file__).parent.rglob("*.py")):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path.name


@pytest.mark.skipif(not (ROOT / ".ci/run").exists(), reason="needs a checkout")
def test_the_page_of_the_tests_has_every_file():
    page = (ROOT / "tests/README.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)\.py`(?=.* \|)", page.split("What they share")[0])
    there = sorted(path.stem for path in (ROOT / "tests").glob("test_*.py"))
    assert sorted(named) == there, "give a new test file its place in the table of tests/README.md, and take out what is gone"
    long = re.search(r'^long="(.*?)"', (ROOT / ".ci/run").read_text(encoding="utf-8"), re.M | re.S)[1].split()
    assert set(long) <= set(there), "`long` in .ci/run names tests that are not there"
