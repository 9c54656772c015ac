"""The code of the pages in docs runs and shows what it says."""
import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autodiff

DOCS = Path(__file__).resolve().parent.parent / "docs"
pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="needs a checkout")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["functions.md", "transforms.md", "numpy.md"])
def test_the_examples_of_a_page(page):
    """In order, in one namespace."""
    text = "\n".join(blocks(page, "pycon"))
    assert text.count(">>>") > 10
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
