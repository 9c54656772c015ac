"""A compiled op of a user's own, through the installed table of functions alone."""
import importlib
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import autodiff

pytest.importorskip("Cython", reason="a compiled op needs Cython")

SOURCE = """
# cython: language_level=3
from cpython.object cimport PyObject
from libc.math cimport cosh, sinh
from autodiff.api cimport AutodiffApi, autodiff_api

cdef double value(double x, double y) noexcept nogil:
    return cosh(x)

cdef double dx(double g, double x, double y, double out) noexcept nogil:
    return g * sinh(x)

cdef double area(double x, double y) noexcept nogil:
    return x * x * y

cdef double area_dx(double g, double x, double y, double out) noexcept nogil:
    return g * 2 * x * y

cdef double area_dy(double g, double x, double y, double out) noexcept nogil:
    return g * x * x

cdef AutodiffApi* api = autodiff_api()
cdef int COSH = api.register_op("cosh", 1, value, dx, NULL, NULL, NULL)
recorded_dx = lambda g, x, y, out: g * 2 * x * y
recorded_dy = lambda g, x, y, out: g * x * x
cdef int AREA = api.register_op("area", 2, area, area_dx, area_dy, <PyObject*>recorded_dx, <PyObject*>recorded_dy)

def cosh_of(x):
    return api.apply(COSH, x, None)

def area_of(x, y):
    return api.apply(AREA, x, y)

def register_nothing():
    api.register_op("nothing", 1, NULL, NULL, NULL, NULL, NULL)

def apply_unknown(x):
    return api.apply(3, x, None)
"""


def built(folder, name, source):
    """The module of a source, compiled as a user would."""
    (folder / f"{name}.pyx").write_text(source)
    root = Path(autodiff.__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-m", "Cython.Build.Cythonize", "-i", "-3", f"{name}.pyx"], cwd=folder,
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(root)})
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    return built(tmp_path_factory.mktemp("compiled_op"), "autodiff_user_op", SOURCE)


def test_the_example_of_the_pages_compiles_as_it_is_written(tmp_path):
    declared = Path(autodiff.__file__).with_name("api.pxd").read_text(encoding="utf-8")
    example = textwrap.dedent(re.search(r"::\n\n(.*?)\n\nThe functions", declared, re.DOTALL)[1])
    page = Path(__file__).resolve().parent.parent / "CONTRIBUTING.md"
    if page.exists():
        assert re.search(r"```cython\n(.*?)\n```", page.read_text(encoding="utf-8"), re.DOTALL)[1] == example
    module = built(tmp_path, "autodiff_example_op", example)
    x = autodiff.tensor([0.5, 2.0], requires_grad=True)
    first, = autodiff.autograd.grad(module.my_cosh(x).sum(), x, create_graph=True)
    second, = autodiff.autograd.grad(first.sum(), x)
    assert np.allclose(first.detach().numpy(), np.sinh([0.5, 2.0]), rtol=1e-15)
    assert np.allclose(second.numpy(), np.cosh([0.5, 2.0]), rtol=1e-15)


def test_an_array(user):
    x = autodiff.tensor([0.1, 0.2, 0.3], requires_grad=True)
    y = user.cosh_of(x)
    y.sum().backward()
    assert np.allclose(y.detach().numpy(), np.cosh([0.1, 0.2, 0.3]), rtol=1e-15)
    assert np.allclose(x.grad.numpy(), np.sinh([0.1, 0.2, 0.3]), rtol=1e-15)
    assert type(y.grad_fn).__name__ == "CoshBackward0"


def test_scalars_and_second_derivatives(user):
    x, y = (autodiff.tensor(v, requires_grad=True) for v in (0.5, 2.0))
    first = autodiff.autograd.grad(user.area_of(x, y), (x, y), create_graph=True)
    assert [g.item() for g in first] == [2.0, 0.25]
    assert [g.item() for g in autodiff.autograd.grad(first[0], (x, y))] == [4.0, 1.0]


def test_float32_broadcast_and_accumulation(user):
    x = autodiff.ones(3, dtype=autodiff.float32, requires_grad=True)
    y = autodiff.ones(2, 1, dtype=autodiff.float32, requires_grad=True)
    user.area_of(x, y).sum().backward()
    assert x.grad.tolist() == [4.0] * 3 and x.grad.dtype == np.float32
    assert y.grad.tolist() == [[3.0], [3.0]]


def test_no_recorded_rule_is_an_error_that_says_so(user):
    x = autodiff.tensor(0.5, requires_grad=True)
    with pytest.raises(NotImplementedError, match="compiled op cosh"):
        autodiff.autograd.grad(user.cosh_of(x), x, create_graph=True)


def test_bad_registrations(user):
    with pytest.raises(ValueError, match="compiled op nothing"):
        user.register_nothing()
    with pytest.raises(ValueError, match="not the number of a registered op"):
        user.apply_unknown(autodiff.tensor(1.0))
