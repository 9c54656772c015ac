"""What CONTRIBUTING says of adding an op is followed to the letter, in a copy of the package.

The blocks of the page begin with the file they go into.  Rendered, their rows must give methods, functions, stubs, help
and a section of the reference; built, they must pass the tests that follow from a row.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

from checks import load

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / "CONTRIBUTING.md").exists() or not (ROOT / "setup.py").exists()
                                or not (ROOT / "autodiff" / "_ops.py.tp").exists(), reason="needs a checkout")
NAMES = ["degrees", "log_abs", "gudermann", "swish", "sumsq", "extent"]


def blocks():
    """(file, text) of the blocks of CONTRIBUTING that say which file they go into."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for match in re.finditer(r"^```(?:python|c)\n(?:# |/\* )(\S+)(?: \*/)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield match[1], match[2]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The sources, without anything rendered or built, with the blocks of the page put in."""
    pytest.importorskip("Cython", reason="rendering needs Cython")
    folder = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(ROOT / "autodiff", folder / "autodiff",
                    ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "_*.c", "loops_rows.h", "*.pyi", "_ops.py"))
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copytree(ROOT / "render", folder / "render", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "docs").mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "docs/ops_page.py"):
        shutil.copy(ROOT / name, folder / name)
    for name, text in blocks():
        path = folder / name
        if "rules" in path.parts:
            rows = path.read_text(encoding="utf-8").removesuffix(")\n")
            text = f"{rows}    # ---- a newcomer's {path.stem}\n{indent(text, '    ')})\n"
        elif path.suffix == ".h":
            text = path.read_text(encoding="utf-8").replace("#endif", text + "\n#endif")
        elif path.exists():
            text = path.read_text(encoding="utf-8") + "\n\n" + text
        elif "helpers" in path.parts:
            with (path.parent / "__init__.py").open("a", encoding="utf-8") as file:
                file.write(f'\nFAMILIES += ("{path.stem}",)\n_ahead += FAMILIES[-1:]\n')
        path.write_text(text, encoding="utf-8")
    return folder


def test_every_kind_of_file_has_its_block():
    assert [name for name, _ in blocks()] == ["autodiff/rules/elementwise.py", "autodiff/rules/reductions.py",
                                              "autodiff/helpers/mine.py", "autodiff/csrc/special.h", "tests/cases_mine.py"]


def test_from_a_row_follow_method_function_stub_help_and_reference(copy):
    rules, render = load(copy / "autodiff/rules"), load(copy / "render")
    page = load(copy / "docs/ops_page.py")
    assert set(NAMES) <= set(rules.BY_NAME)
    render.check(rules)
    text = {name: render.render(copy / "autodiff" / f"{name}.tp", rules)
            for name in ("_ops.py", "_variable.pyi", "__init__.pyi", "return_types.pyi", "csrc/loops_rows.h")}
    reference = page.page(rules, render)
    for name in NAMES:
        rule = rules.BY_NAME[name]
        assert rule.doc in text["_ops.py"]
        stub = text["__init__.pyi"] if rule.namespace == "autodiff" else render.render(
            copy / "autodiff" / "_namespace.pyi.tp", rules, NAMESPACE=rule.namespace, DOTS=".")
        assert f"    def {name}(" in text["_variable.pyi"] and f"\ndef {name}(input: _V" in stub
        assert (f"    def {name}_(" in text["_variable.pyi"]) == rule.inplace
        assert f"### {name}\n\n{rule.doc}" in reference
        assert f">>> {rule.example.split(' -> ')[0]}" in text["_ops.py"]
        if rule.elementwise:
            assert f'FUNCTIONS["{name}"] = _f' in text["_ops.py"] and f"{name}_dx_float32" in text["csrc/loops_rows.h"]
        else:
            assert f"def f_{name}(input" in text["_ops.py"]
            assert f'_METHODS.append((_Base, "{name}", f_{name}))' in text["_ops.py"]
    assert "beta: _Any = 1.0" in text["__init__.pyi"] or "beta: _Number = 1.0" in text["__init__.pyi"]
    assert "axis: _Dims | None = None" in re.search(r"def sumsq\(.*", text["__init__.pyi"])[0]
    assert "class extent(Returned, Generic[_V]):" in text["return_types.pyi"]
    assert "def gudermann_float64" not in text["csrc/loops_rows.h"], "a function of csrc/special.h is called, not rendered"


#: What is rendered anew for a row of each kind: where nothing but Python is, the build compiles nothing.
PYTHON = {"_ops.py", "_variable.pyi", "__init__.pyi", "return_types.pyi", "special.pyi"}


@pytest.mark.parametrize("name", NAMES)
def test_an_elementwise_row_compiles_its_loops_and_no_other_row_anything(copy, name):
    rules, render = load(copy / "autodiff/rules"), load(copy / "render")
    changed = changed_by(copy, rules, render, name)
    assert "_ops.py" in changed and changed - PYTHON == ({"loops_rows.h"} if rules.BY_NAME[name].elementwise else set())


def changed_by(copy, rules, render, name):
    """The rendered files that a row changes: the catalogue without it, and with it."""
    folder = copy / "autodiff" / f"rules_without_{name}"
    shutil.copytree(copy / "autodiff/rules", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(rf'^    (Rule|_elementwise)\("{name}".*?(?=^    (Rule|_elementwise|#)|^\)\n)', "", text,
                               flags=re.DOTALL | re.MULTILINE), encoding="utf-8")
    less = load(folder)
    shutil.rmtree(folder)
    assert set(rules.BY_NAME) - set(less.BY_NAME) == {name}
    rendered = {}
    for catalogue in (less, rules):
        render.check(catalogue)
        for template in (copy / "autodiff").rglob("*.tp"):
            if template.name.startswith("_namespace."):     # Python, rendered once for each module
                continue
            rendered.setdefault(template.stem, []).append(render.render(template, catalogue))
    return {file for file, (before, after) in rendered.items() if before != after}


def run(folder, *arguments):
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_the_rows_pass_the_tests_that_follow_from_them(copy):
    """Built without optimisation, which halves the time."""
    pytest.importorskip("setuptools")
    setup = copy / "setup.py"
    setup.write_text(setup.read_text(encoding="utf-8").replace('"-O3"', '"-O0"').replace("/O2", "/Od"), encoding="utf-8")
    run(copy, "setup.py", "-q", "build_ext", "--inplace")
    use = ("from autodiff import *; x = tensor(1.0, requires_grad=True); print(log_abs(x), x.extent(), x.sumsq());"
           "print(special.gudermann(x), 'gudermann' in globals())")
    shown = run(copy, "-c", use)
    for words in ("tensor(0., grad_fn=<LogAbsBackward0>)", "tensor(0.8658, grad_fn=<GudermannBackward0>) False",
                  "high=tensor(1., grad_fn=", "grad_fn=<SumsqBackward0>"):
        assert words in shown
    files = [f"tests/test_{name}.py" for name in ("derivatives", "kernels", "rows", "forward_ad", "rules", "kinks")]
    shown = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k",
                " or ".join([*NAMES, "test_every_row_has_a_case"]))
    assert re.search(r"\d{2,} passed", shown)
    run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_docstrings.py", "-k", "examples_run or example")
