"""A row that lives in another public module: its function is there and nowhere else, with a stub and a page.

Composite rows are added to a copy of the built package, where only Python is rendered again.
"""
import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autodiff
from checks import load

PACKAGE = Path(autodiff.__path__[0])
ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / "autodiff" / "_ops.py.tp").exists() or PACKAGE != ROOT / "autodiff",
                                reason="needs a checkout that is built in place")
ROWS = '''
    # ---- a family of other modules
    Rule("entropy", "entropy_of(x)", operands="x", namespace="special", method=False, loop="composite", aliases=("disorder",),
         numpy="scipy.special.struve", source=CALCULUS, doc="-x log x.",
         example="special.entropy(tensor([1.0])) -> tensor([0.])"),
    Rule("linalg_length", "linalg_length_of(x, dim)", operands="x", params="dim=None", namespace="linalg", method=False,
         loop="composite", source=CALCULUS, doc="The 2-norm.", example="linalg.length(tensor([3.0, 4.0])) -> tensor(5.)"),
    Rule("nn_functional_scaled", "scaled_of(x, value)", operands="x", params="value=2.0", namespace="nn.functional",
         method=False, loop="composite", source=CALCULUS, doc="value * x.",
         example="nn.functional.scaled(tensor([1.0])) -> tensor([2.])"),
)
'''
HELPERS = '''

def entropy_of(ops, x):
    return -x * ops.log(x)


def linalg_length_of(ops, x, dim):
    return ops.norm(x, 2, dim)


def scaled_of(ops, x, value):
    return x * value
'''
PROGRAM = '''
import pickle
from autodiff import *
import autodiff
x = tensor([3.0, 4.0], requires_grad=True)
print(linalg.length(x), norm(x), special.disorder(tensor(1.0)), nn.functional.scaled(x, value=3.0))
print([hasattr(autodiff, name) for name in ("entropy", "disorder", "linalg_length", "scaled", "nn_functional_scaled")])
print([sorted({*module.__all__} & {"entropy", "disorder", "length", "scaled"}) for module in (special, linalg, nn.functional)])
print(linalg.__doc__)
for f in (special.entropy, linalg.length, nn.functional.scaled):
    assert pickle.loads(pickle.dumps(f)) is f
    assert not hasattr(Tensor, f.__name__)
special.entropy(x).sum().backward()
print(x.grad)
from autodiff import _guidance
print(_guidance.replacement("scipy.special.struve"), linalg.length.__module__)
import autodiff.nn.functional as F
from autodiff.special import entropy
print(F.scaled is nn.functional.scaled, entropy is special.disorder)
'''


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """(folder, rules, render) of a copy with the rows put in and rendered."""
    pytest.importorskip("Cython", reason="rendering needs Cython")
    folder = tmp_path_factory.mktemp("namespaces")
    shutil.copytree(PACKAGE, folder / "autodiff", ignore=shutil.ignore_patterns("__pycache__", "*.c"))
    family = folder / "autodiff" / "rules" / "reductions.py"
    family.write_text(family.read_text(encoding="utf-8").removesuffix("\n)\n") + ROWS, encoding="utf-8")
    with (folder / "autodiff" / "helpers" / "shapes.py").open("a", encoding="utf-8") as file:
        file.write(HELPERS)
    rules, render = load(folder / "autodiff" / "rules"), load(ROOT / "render")
    render.render_all(folder / "autodiff", rules)
    return folder, rules, render


def run(folder, *arguments):
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_function_is_in_its_module_and_nowhere_else(copy):
    assert run(copy[0], "-c", PROGRAM).splitlines() == [
        "tensor(5., grad_fn=<LinalgVectorNormBackward0>) tensor(5., grad_fn=<LinalgVectorNormBackward0>) tensor(-0.) "
        "tensor([ 9., 12.], grad_fn=<MulBackward0>)",
        "[False, False, False, False, False]",
        "[['disorder', 'entropy'], ['length'], ['scaled']]",
        "autodiff.linalg: linear algebra, which docs/ops.md lists, and the error for matrices that an op cannot be computed of.",  # noqa: E501
        "tensor([-2.0986, -2.3863])",
        "autodiff.special.entropy autodiff.linalg",
        "True True",
    ]


def test_its_stub_has_it(copy):
    folder = copy[0] / "autodiff"
    assert "\ndef entropy(input: _V) -> _V: ...\ndef disorder(input: _V) -> _V: ..." in (folder / "special.pyi").read_text()
    stub = (folder / "linalg.pyi").read_text()
    assert "\ndef length(input: _V, dim: _int | None = None, *, axis: _int | None = None) -> _V: ..." in stub
    assert re.search(r'__all__ = \[\n[^]]*"length",[^]]*\n\]', stub)
    package = (folder / "__init__.pyi").read_text()
    for name in ("linalg", "nn", "special"):
        assert f"\nfrom . import {name} as {name}\n" in package
    assert not re.search(r"def (entropy|linalg_length|nn_functional_scaled)\(", package)
    assert "from ..." not in (folder / "nn" / "functional.pyi").read_text()


def test_a_type_checker_follows(copy):
    pytest.importorskip("mypy")
    (copy[0] / "use.py").write_text("import autodiff\nfrom autodiff.nn import functional\n"
                                    "reveal_type(autodiff.special.entropy(autodiff.ones(2)))\n"
                                    "reveal_type(functional.scaled(autodiff.ones(2), 3.0))\nautodiff.entropy\n")
    done = subprocess.run([sys.executable, "-m", "mypy", "use.py"], cwd=copy[0], capture_output=True, text=True, check=False)
    assert done.stdout.count('Revealed type is "autodiff._variable.Tensor"') == 2, done.stdout
    # The package's own modules are checked by test_stubs.
    wrong = [line for line in done.stdout.splitlines()
             if "error:" in line and re.match(r"use\.py|.*(special|linalg|nn).*pyi", line)]
    assert len(wrong) == 1 and 'has no attribute "entropy"' in wrong[0], done.stdout


def test_the_page_calls_it_by_its_whole_name(copy):
    _, rules, render = copy
    (copy[0] / "docs").mkdir(exist_ok=True)
    shutil.copy(ROOT / "docs" / "ops_page.py", copy[0] / "docs")
    text = load(copy[0] / "docs" / "ops_page.py").page(rules, render)
    assert "* `linalg.length(input, dim=None, *, axis=None)`" in text
    assert "* `nn.functional.scaled(input, value=2.0)`" in text and "also called `disorder`" in text


def test_what_is_written_by_hand_is_not_overwritten(copy, tmp_path):
    _, rules, render = copy
    folder = tmp_path / "autodiff"
    shutil.copytree(copy[0] / "autodiff", folder, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    (folder / "linalg.py.tp").unlink()
    (folder / "linalg.py").write_text('"""By hand."""\n')
    with pytest.raises(render.GrammarError, match=r"linalg\.py is written by hand.*make it linalg\.py\.tp"):
        render.render_all(folder, rules)
    assert (folder / "linalg.py").read_text() == '"""By hand."""\n'
    (folder / "linalg.py").unlink()
    (folder / "linalg.py.tp").write_text('"""By hand, and {{len(NAMESPACES)}} rooms."""\n')
    render.render_all(folder, rules)
    assert (folder / "linalg.py").read_text() == '"""By hand, and 4 rooms."""\n'


def test_no_module_stands_empty():
    for name, functions in autodiff._ops.NAMESPACES.items():
        # Of the families that are imported when something of theirs is asked for.
        assert functions or importlib.import_module(f"autodiff.{name}").__all__, name
    for name in ("special.py", "fft.py", "linalg.py"):
        assert not (PACKAGE / name).exists() or (PACKAGE / name).read_text().strip()
