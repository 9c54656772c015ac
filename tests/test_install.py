"""What a user installs and imports: the cost of the import, what it brings in, and which copy of the package is found."""
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy
import pytest

import autodiff

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(autodiff.__file__).resolve().parent              # the pure Python files
BUILT = Path(autodiff._variable.__file__).resolve().parent     # the compiled modules: elsewhere, if a checkout hides them
NUMPY = Path(numpy.__file__).resolve().parent.parent


def python(*arguments, path=None, cwd=None, code=0):
    """Run a fresh interpreter; its standard output and error."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if path is not None:
        env["PYTHONPATH"] = os.pathsep.join(map(str, path))
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


# ---- the import

MEASURE = """
import time
import numpy
before = time.perf_counter()
import autodiff
print(time.perf_counter() - before)
"""


def test_the_import_costs_little_beside_numpys(tmp_path):
    """30 ms are demanded; the bound leaves room for a busy machine.  -S: what site adds is not the package's."""
    times = [float(python("-S", "-c", MEASURE, path=[SOURCE.parent, BUILT.parent, NUMPY], cwd=tmp_path)[0]) for _ in range(7)]
    print(f"import autodiff after import numpy: {min(times) * 1e3:.1f} ms")
    assert min(times) < 0.060


def test_the_import_brings_in_nothing_but_numpy(tmp_path):
    code = """
import sys
import numpy
before = set(sys.modules)
import autodiff
print(*sorted(set(sys.modules) - before))
"""
    loaded = set(python("-S", "-c", code, path=[SOURCE.parent, BUILT.parent, NUMPY], cwd=tmp_path)[0].split())
    new = {name.partition(".")[0] for name in loaded}
    assert "autodiff.func" not in loaded and "autodiff.autograd.functional" not in loaded      # a quarter of the time
    # Cython's shared types register themselves under a name of their own.
    foreign = {name for name in new - set(sys.stdlib_module_names) - {"autodiff", "numpy"} if not re.match(r"_?cython", name)}
    assert foreign == set()
    _, seen = python("-S", "-X", "importtime", "-c", "import autodiff", path=[SOURCE.parent, BUILT.parent, NUMPY], cwd=tmp_path)
    assert not re.search(r"\| +(scipy|matplotlib|torch|sklearn|tqdm|Cython|setuptools|jax)\b", seen)


def requirements():
    try:
        return metadata.requires("autodiff-core") or []
    except metadata.PackageNotFoundError:
        pytest.skip("not installed, only on the path")


def test_numpy_is_the_only_hard_requirement():
    hard = [requirement for requirement in requirements() if "extra ==" not in requirement]
    assert [re.match(r"[\w-]+", requirement)[0] for requirement in hard] == ["numpy"]


# ---- which copy is found

@pytest.fixture
def checkout(tmp_path):
    """A checkout that was never built: the package without compiled modules."""
    folder = tmp_path / "checkout"
    ignore = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "*.c", "*.pyx", "*.pxi", "*.tp")
    shutil.copytree(SOURCE, folder / "autodiff", ignore=ignore)
    return folder


@pytest.fixture
def installed(tmp_path):
    """An installed copy."""
    folder = tmp_path / "installed"
    shutil.copytree(SOURCE, folder / "autodiff", ignore=shutil.ignore_patterns("__pycache__", "*.c", "*.pyx", "*.pxi", "*.tp"))
    if BUILT != SOURCE:
        for module in BUILT.glob("_*.*"):
            if module.suffix in (".so", ".pyd"):
                shutil.copy(module, folder / "autodiff")
    return folder


USE = """
import autodiff
x = autodiff.tensor(3.0, requires_grad=True)
(x * x).backward()
print(x.grad, autodiff._variable.__file__)
"""


def test_a_checkout_as_current_directory_uses_the_installed_build(checkout, installed):
    for arguments in (["-c", USE], ["-m", "use"]):
        (checkout / "use.py").write_text(USE)
        shown, _ = python(*arguments, path=[installed, NUMPY], cwd=checkout)
        value, file = shown.split()
        assert value == "tensor(6.)" and Path(file).is_relative_to(installed)


def test_without_any_build_one_error_says_what_to_run(checkout):
    _, error = python("-S", "-c", "import autodiff", path=[NUMPY], cwd=checkout, code=1)
    last = error.strip().splitlines()[-1]
    assert last.startswith("ImportError: autodiff is not built") and "python -m pip install" in last
    assert str(checkout) in last
    assert error.count("Traceback") == 1, "no chain of errors before it"


def test_a_build_in_place_goes_before_an_installed_one(installed, tmp_path):
    """After a change and `pip install -e .`, the change is what runs."""
    own = tmp_path / "own"
    shutil.copytree(installed, own)
    shown, _ = python("-c", USE, path=[installed, NUMPY], cwd=own)
    assert Path(shown.split()[1]).is_relative_to(own)


# ---- what is packed

def test_what_is_installed_is_what_is_needed():
    """The files of a plain install; an editable one has none of its own."""
    try:
        installed = metadata.distribution("autodiff-core")
        files = [str(file) for file in installed.files or []]
    except metadata.PackageNotFoundError:
        pytest.skip("not installed, only on the path")
    if not installed.read_text("RECORD") or not any(file.startswith("autodiff/") for file in files):
        pytest.skip("an editable install: what is found is the checkout's own list of sources")
    check_files([file for file in files if "__pycache__" not in file])


def check_files(files):
    names = {file.rpartition("/")[2] for file in files if file.startswith("autodiff/")}
    assert names >= {"__init__.py", "__init__.pyi", "_variable.pyi", "_core.pyi", "py.typed", "api.pxd"}
    for module in ("_kernels", "_convolving", "_core", "_base", "_elementwise", "_structural", "_indexing", "_batched",
                   "_engine", "_function", "_program", "_arrays", "_variable"):
        assert any(re.match(rf"{module}\..*(so|pyd)$", name) for name in names), module
    left = [file for file in files if file.endswith((".c", ".h", ".tp", ".pyx", ".pxi"))
            or file.startswith(("tests/", "bench/", "docs/", "render/", "autodiff/csrc"))]
    assert not left


def test_the_wheel_is_small(tmp_path):
    """Packed from the compiled modules that are there; compiling takes a minute and is the job of the install."""
    pytest.importorskip("Cython")
    pytest.importorskip("setuptools", minversion="77")
    if BUILT != SOURCE or not (ROOT / "setup.py").exists():
        pytest.skip("needs a checkout with its build")
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name, source in (("autodiff", SOURCE), ("render", ROOT / "render")):
        shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = f"""
import shutil, sys
from pathlib import Path
from setuptools.command import build_ext
def copy_built(self):
    for extension in self.extensions:
        target = Path(self.get_ext_fullpath(extension.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy({str(BUILT)!r} + "/" + target.name, target)
build_ext.build_ext.run = copy_built
from setuptools import build_meta
print(build_meta.build_wheel({str(tmp_path)!r}))
"""
    wheel = tmp_path / python("-c", code, cwd=tree)[0].split()[-1]
    size = wheel.stat().st_size
    print(f"wheel: {size / 2**20:.2f} MB")
    assert size < 4 * 2**20
    import zipfile

    check_files(zipfile.ZipFile(wheel).namelist())


# ---- what a build makes again

#: A package of the same files, each with next to nothing in it, so that a build takes seconds.
SMALL = {
    "README.md": "",
    "pyproject.toml": '[project]\nname = "autodiff-core"\nversion = "0"\ndynamic = ["readme"]\n'
                      '[tool.setuptools]\npackages = ["autodiff"]\n',
    "autodiff/__init__.py": "",
    "autodiff/rules/__init__.py": "",
    "render/__init__.py": "def render_all(folder, rules):\n    pass\n",
    "autodiff/csrc/loops.h": "double loops_baseline(double x);\n",
    "autodiff/csrc/loops_rows.h": '#include "vector.h"\n',
    "autodiff/csrc/vector.h": "#define FACTOR 2.0\n",
    "autodiff/csrc/loops_baseline.c": '#include "loops_rows.h"\ndouble loops_baseline(double x) { return x * FACTOR; }\n',
    "autodiff/csrc/loops_avx2.c": '#include "loops_rows.h"\n',
    "autodiff/csrc/loops_avx512.c": '#include "loops_rows.h"\n',
    "autodiff/_kernels.pxd": "cdef double doubled(double x)\n",
    "autodiff/_kernels.pyx": 'cdef extern from "csrc/loops.h":\n    double loops_baseline(double x)\n'
                             "cdef double doubled(double x):\n    return loops_baseline(x)\n",
    "autodiff/_core.pxd": "from ._kernels cimport doubled\n",
    "autodiff/_core.pyx": "def core(double x):\n    return doubled(x)\n",
    "autodiff/_variable.pyx": 'from ._core import core\ninclude "_variable_part.pxi"\n',
    "autodiff/_variable_part.pxi": "def variable(x):\n    return core(x)\n",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    pytest.importorskip("Cython")
    pytest.importorskip("setuptools", minversion="77")
    if not (ROOT / "setup.py").exists():
        pytest.skip("needs a checkout")
    folder = tmp_path_factory.mktemp("small")
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    text, others = re.subn(r'^    "_(?!core|kernels|variable)\w+": \["_\w+\.pyx".*\],\n', "", text, flags=re.MULTILINE)
    assert others, "the modules between _core and _variable are left out: more of the same"
    (folder / "setup.py").write_text(text, encoding="utf-8")
    for name, text in SMALL.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    assert made(folder) == {"_variable.c", "_core.c", "_kernels.c", "loops_baseline.o", "loops_avx2.o", "loops_avx512.o",
                            "_variable.o", "_core.o", "_kernels.o", "_variable.so", "_core.so", "_kernels.so"}
    return folder


def made(folder, *arguments):
    """The files that a build made."""
    shown, _ = python("setup.py", "build_ext", "--inplace", *arguments, cwd=folder)
    return {re.sub(r"\.[^.]*-[^.]*\.", ".", Path(name).name) for line in shown.splitlines()
            for name in re.findall(r" -o (\S+)", line)}


#: What is changed, how, and what is made again: no other module, and no more of one than is made of it.
CHANGES = [
    ("autodiff/rules/__init__.py", "another = 1\n", set(), set()),
    ("autodiff/csrc/vector.h", "#define ANOTHER 1\n", {"loops_baseline.o", "loops_avx2.o", "loops_avx512.o"}, {"_kernels.so"}),
    ("autodiff/csrc/loops.h", "#define ANOTHER 1\n", {"_kernels.o"}, {"_kernels.so"}),
    ("autodiff/_core.pyx", "another = 1\n", {"_core.c", "_core.o", "_core.so"}, set()),
    ("autodiff/_variable_part.pxi", "another = 1\n", {"_variable.c", "_variable.o", "_variable.so"}, set()),
    ("autodiff/_kernels.pxd", "cdef enum:\n    ANOTHER = 1\n", {"_kernels.c", "_core.c"},
     {"_kernels.o", "_core.o", "_kernels.so", "_core.so"}),
]


@pytest.mark.parametrize("name, more, made_again, perhaps", CHANGES, ids=[name for name, *_ in CHANGES])
def test_a_build_makes_again_what_is_made_of_what_changed(small, name, more, made_again, perhaps):
    """perhaps: what is made of that, should it come out otherwise."""
    path = small / name
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    assert made_again <= made(small) <= made_again | perhaps
    assert made(small) == set()
    assert python("-c", "from autodiff._variable import variable; print(variable(3.0))", path=[small], cwd=small)[0] == "6.0\n"


def test_a_module_that_was_lost_comes_back(small):
    lost, = (small / "autodiff").glob("_core.*.so")
    lost.unlink()
    assert made(small) == set() and lost.exists()


def test_force_and_jobs(small):
    everything = made(small, "--force", "-j1")
    assert {"_variable.c", "loops_avx2.o", "_core.so"} <= everything and made(small, "-j", "3") == set()


def test_an_error_of_the_compiler_ends_the_build(small):
    path = small / "autodiff/csrc/vector.h"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + "#error no such machine\n", encoding="utf-8")
    shown = python("setup.py", "build_ext", "--inplace", cwd=small, code=1)
    assert "no such machine" in "".join(shown) and "Traceback" not in "".join(shown)
    path.write_text(before, encoding="utf-8")
    assert made(small) <= {"loops_baseline.o", "loops_avx2.o", "loops_avx512.o", "_kernels.so"}
