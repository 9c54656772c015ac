"""The type stubs: they have the names and signatures that exist, and a typed program passes a strict check.

What is checked is a copy of the package with the stubs rendered afresh, so that neither a stale rendering nor a rebuild
in the checkout matters.
"""
import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autodiff
from autodiff import rules
from checks import render

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(autodiff.__file__).resolve().parent
needs_mypy = pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")

# To a type checker Variable and what Tensor and ndarray share are one class, whose call makes a Tensor.  The latter has
# another name, and refuses to be called, at run time; so does a node.
ALLOWED = """
autodiff.Variable
autodiff.Variable.*
autodiff.autograd.Variable
autodiff.autograd.Variable.*
autodiff._variable.Base.__init__
autodiff._variable.Node_.__init__
autodiff.numpy._mirror.vectorize.__module__
autodiff.utils._numbers._FUNCTIONS
"""

PROGRAM = '''
from typing import Any, assert_type

import numpy as np

import autodiff
import autodiff as torch
from autodiff import Tensor, Variable
from autodiff.numpy import array, ndarray

x = autodiff.tensor([1.0, 2.0], requires_grad=True)
assert_type(x, Tensor)
assert_type(x * 2 + 1, Tensor)
assert_type(2 / x - x ** 2, Tensor)
assert_type(-x.sin().exp(), Tensor)
assert_type(autodiff.exp(x), Tensor)
assert_type(autodiff.add(x, 1.0, alpha=2), Tensor)
assert_type(autodiff.pow(2.0, x), Tensor)
assert_type(x > 0, Tensor)
assert_type(x == x, Tensor)
assert_type(x @ x, Tensor)
assert_type(x[0], Tensor)
assert_type([row for row in x], list[Tensor])
assert_type(x.sum(dim=0, keepdim=True), Tensor)
assert_type(autodiff.sum(x, axis=0), Tensor)
assert_type(x.max(0).indices, Tensor)
assert_type(x.max(0), autodiff.return_types.max[Tensor])
assert_type(x.sort().indices, Tensor)
assert_type(autodiff.sort(x, dim=0, descending=True), autodiff.return_types.sort[Tensor])
assert_type(x.amin(dim=(0,), keepdim=True), Tensor)
assert_type(autodiff.amin(x, axis=0), Tensor)
assert_type(x.leaky_relu_(0.1), Tensor)
x.sort(dim=(0, 1))   # type: ignore[arg-type]
assert_type(autodiff.stack([x, x], dim=1), Tensor)
assert_type(autodiff.hstack((x, x)), Tensor)
assert_type(autodiff.block_diag(x, x), Tensor)
assert_type(autodiff.meshgrid(x, x, indexing="ij"), tuple[Tensor, ...])
assert_type(x.split(1), tuple[Tensor, ...])
assert_type(autodiff.chunk(x, 2, dim=0), tuple[Tensor, ...])
assert_type(x.flip(0), Tensor)
assert_type(x.roll(1, dims=0), Tensor)
assert_type(autodiff.tril(x.reshape(1, 2), diagonal=1), Tensor)
assert_type(x.reshape((1, 2)).rot90(1, (0, 1)), Tensor)
assert_type(autodiff.movedim(x.reshape(1, 2), 0, -1), Tensor)
assert_type(x.topk(1), autodiff.return_types.topk[Tensor])
assert_type(autodiff.topk(x, 1, largest=False).values, Tensor)
assert_type(x.argsort(descending=True), Tensor)
assert_type(x.gather(0, x.argsort()), Tensor)
assert_type(autodiff.index_select(x, 0, x.argsort()), Tensor)
assert_type(x.masked_fill(x > 0, 0.0), Tensor)
assert_type(x.masked_fill_(x > 0, x.sum()), Tensor)
assert_type(x.scatter(0, x.argsort(), 1.0), Tensor)
assert_type(autodiff.outer(x, x), Tensor)
assert_type(autodiff.addmm(x.outer(x), x.outer(x), x.outer(x), beta=0.5), Tensor)
assert_type(autodiff.chain_matmul(x.outer(x), x.outer(x)), Tensor)
assert_type(autodiff.atan2(x, 1.0), Tensor)
assert_type(x.log1p_().expm1(), Tensor)
assert_type(x.median(), Tensor)
assert_type(x.median(dim=0), autodiff.return_types.median[Tensor])
assert_type(autodiff.median(x, axis=0).indices, Tensor)
assert_type(autodiff.var_mean(x, 0, correction=0), tuple[Tensor, Tensor])
assert_type(x.std(unbiased=False), Tensor)
assert_type(autodiff.cumsum(x, 0), Tensor)
assert_type(x.cummax(0).values, Tensor)
assert_type(x.softmax(-1).logsumexp(0), Tensor)
assert_type(x.prod(dim=0, keepdim=True), Tensor)
assert_type(x.clamp(0.0, x.sum()), Tensor)
assert_type(autodiff.maximum(x, 0.0), Tensor)
assert_type(x.maximum(x), Tensor)
assert_type(autodiff.gelu(x, approximate="tanh"), Tensor)
assert_type(x.isnan(), Tensor)
assert_type(autodiff.real(x), Tensor)
assert_type(autodiff.polar(x, x).angle(), Tensor)
x.clamp("0")         # type: ignore[arg-type]
x.cumsum((0, 1))     # type: ignore[arg-type]
x.gather("0", x.argsort())  # type: ignore[arg-type]
x.roll("1")          # type: ignore[arg-type]
assert_type(x.shape, autodiff.Size)
assert_type(x.dtype, autodiff.dtype)
assert_type(autodiff.float32, autodiff.dtype)
assert_type(autodiff.zeros(2, 3, dtype=autodiff.float32), Tensor)
assert_type(autodiff.full((2, 3), 1.5), Tensor)
x.sum().backward()
assert_type(x.grad, Tensor | None)
if x.grad is not None:
    x.data -= 0.1 * x.grad
    x.grad.zero_()
x.add_(1).clam = 3   # type: ignore[attr-defined]
x.clam()             # type: ignore[attr-defined]
x.sum("rows")        # type: ignore[arg-type]
with autodiff.no_grad():
    x.mul_(2.0)
with torch.autograd.record(), autodiff.autograd.forward_ad.dual_level() as level:
    assert_type(level, int)


@autodiff.no_grad()
def doubled(t: Variable) -> Variable:
    return t * 2


@autodiff.no_grad
def tripled(t: Variable) -> Variable:
    return t * 3


assert_type(doubled(x), Variable)
assert_type(tripled(x), Variable)
assert_type(Variable(np.ones(2), requires_grad=True), Tensor)
v = array([1.0, 2.0])
assert_type(v * 2, ndarray)
assert_type(x * v, ndarray)
assert_type(v.size, int)
assert_type(v.amin(axis=0, keepdims=True), ndarray)
v.sort(axis=0)
assert_type(v.topk(1).values, ndarray)
assert_type(autodiff.sort(v), autodiff.return_types.sort[ndarray])
assert_type(autodiff.topk(v, 1).values, ndarray)
assert_type(autodiff.outer(v, v), ndarray)
assert_type(v.flatten(), ndarray)
assert_type(autodiff.hstack([v, v]), ndarray)
assert_type(x.size(), autodiff.Size)
assert_type(x.size(0), int)
assert_type((v > 1).any(), np.bool)
handle = x.register_hook(lambda gradient: gradient * 2)
handle.remove()
stats: dict[str, int] = autodiff.memory_stats()
gradients: Any = autodiff.autograd.grad(x.sum(), x, create_graph=True)
'''


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package with its compiled modules and fresh stubs, in a folder of its own."""
    folder = tmp_path_factory.mktemp("stubs")
    shutil.copytree(SOURCE, folder / "autodiff",
                    ignore=lambda _, names: [n for n in names if n == "__pycache__"
                                             or n.endswith((".c", ".pyx", ".pxi", ".pyx.tp", ".pxi.tp"))])
    compiled = Path(autodiff._variable.__file__).resolve().parent
    for module in compiled.glob("_*.*"):
        if module.suffix in (".so", ".pyd") and compiled != SOURCE:
            shutil.copy(module, folder / "autodiff")
    templates = sorted((folder / "autodiff").glob("*.pyi.tp"))
    if templates:
        pytest.importorskip("Cython", reason="rendering the stubs needs Cython")
    for template in templates:
        if not template.name.startswith("_namespace."):
            template.with_suffix("").write_text(render.render(template, rules), encoding="utf-8")
    for name in render.namespaces(rules):
        render.render_namespace(folder / "autodiff", rules, name, lambda target, text: target.write_text(text))
    return folder


def run(folder, *arguments):
    config = [] if not (ROOT / "pyproject.toml").exists() else [ROOT / "pyproject.toml"]
    flag = {"mypy.stubtest": "--mypy-config-file", "mypy": "--config-file"}[arguments[1]]
    done = subprocess.run([sys.executable, *arguments, *(f"{flag}={path}" for path in config)], cwd=folder, check=False,
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1"})
    assert done.returncode == 0, done.stdout + done.stderr


@needs_mypy
def test_stubs_have_the_signatures_that_exist(copy):
    (copy / "allowed").write_text(ALLOWED)
    run(copy, "-m", "mypy.stubtest", "autodiff", "--ignore-missing-stub", "--ignore-unused-allowlist", "--allowlist=allowed")


@needs_mypy
def test_a_typed_program_passes_a_strict_check(copy):
    (copy / "program.py").write_text(PROGRAM)
    run(copy, "-m", "mypy", "--strict", "program.py")


def names(statements):
    """The names that a stub's statements define, functions of a class included once."""
    found = set()
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.add(statement.name)
        elif isinstance(statement, ast.AnnAssign):
            found.add(statement.target.id)
        elif isinstance(statement, ast.ImportFrom):
            found |= {alias.asname for alias in statement.names if alias.asname == alias.name}
    return found


def test_no_public_name_is_left_out(copy):
    top = names(ast.parse((copy / "autodiff/__init__.pyi").read_text()).body)
    public = {name for name in dir(autodiff) if not name.startswith("_")}     # modules that are imported when asked for, too
    internal = {"annotations", "helpers", "rules"}      # of them rules and helpers are modules someone imported
    assert top >= public - internal and {name for name in top if not name.startswith("_")} <= public

    classes = {statement.name: statement for statement in ast.parse((copy / "autodiff/_variable.pyi").read_text()).body
               if isinstance(statement, ast.ClassDef)}
    shared = names(classes["Base"].body)
    for kind in (autodiff.Tensor, autodiff.numpy.ndarray):
        stub = shared | names(classes[kind.__name__].body)
        assert stub >= {name for name in dir(kind) if not name.startswith("_")}
        assert {name for name in stub if not name.startswith("_")} <= set(dir(kind))


def test_the_package_says_that_it_is_typed():
    assert (SOURCE / "py.typed").exists()
