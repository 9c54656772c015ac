"""The code of the pages in docs runs and shows what it says."""
import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

import autodiff

DOCS = Path(__file__).resolve().parent.parent / "docs"
pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="needs a checkout")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["functions.md", "memory.md", "numpy.md", "transforms.md", "programs.md", "convolutions.md",
                                  "functional.md", "why-is-my-gradient.md", "workers.md"])
def test_the_examples_of_a_page(page):
    """In order, in one namespace."""
    if page == "workers.md":
        for module in ("dask.array", "distributed", "joblib", "scipy"):
            pytest.importorskip(module)
    text = "\n".join(blocks(page, "pycon"))
    assert text.count(">>>") > 5
    shown = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(doctest.DocTestParser().get_doctest(text, {"__name__": page}, page, None, 0), out=shown.append)
    assert runner.failures == 0, "".join(shown)


def test_the_compiled_op_of_the_page_builds_by_its_own_setup(tmp_path):
    pytest.importorskip("Cython", reason="a compiled op needs Cython")
    source, = blocks("functions.md", "cython")
    setup, = blocks("functions.md", "setup")
    example, = blocks("functions.md", "compiled")
    (tmp_path / "softsign.pyx").write_text(source)
    (tmp_path / "setup.py").write_text(setup)
    root = Path(autodiff.__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=tmp_path, capture_output=True,
                          text=True, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(re.findall(r"<\w+\*?>", source)) == {"<PyObject*>"}       # the only cast, which the page explains
    shown = []
    runner = doctest.DocTestRunner()
    sys.path.insert(0, str(tmp_path))
    try:
        runner.run(doctest.DocTestParser().get_doctest(example, {}, "compiled", None, 0), out=shown.append)
    finally:
        sys.path.remove(str(tmp_path))
    assert runner.failures == 0, "".join(shown)


def both_columns(page):
    """The code of the page, and the rows of its table, each a pair of expressions."""
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.*?)` \| `(.*?)` \|$", text, flags=re.MULTILINE)
    assert len(rows) >= 15
    return blocks(page, "python")[0], rows


def arrays_in(value):
    """All numbers of nested results, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [array for part in value for array in arrays_in(part)]
    return [numpy.asarray(value)]


@pytest.mark.parametrize(("page", "peer"), [("coming-from-autograd.md", "autograd"), ("coming-from-jax.md", "jax")])
def test_both_columns_of_a_page_agree(page, peer):
    setup, rows = both_columns(page)
    own = {"np": numpy, "autodiff": autodiff}
    exec(setup, own)
    found = [arrays_in(eval(right, own)) for _, right in rows]
    module = pytest.importorskip(peer)
    theirs = {"np": importlib.import_module(f"{peer}.numpy")}
    if peer == "jax":
        module.config.update("jax_enable_x64", True)
        theirs |= {"jax": module, "jnp": theirs["np"]}
    else:
        theirs |= {name: getattr(module, name) for name in dir(module)}
        theirs |= {"make_vjp": lambda f: lambda x: importlib.import_module("autograd.core").make_vjp(f, x)}
    exec(setup.removeprefix("import numpy as np\n"), theirs)
    for (left, right), ours in zip(rows, found):
        expected = arrays_in(eval(left, theirs))
        assert len(ours) == len(expected), right
        for one, other in zip(ours, expected):
            numpy.testing.assert_allclose(one, other, rtol=1e-12, err_msg=right)
