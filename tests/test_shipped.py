"""What is shipped, and how it is built: files of the source distribution, what an index page shows, a second install
that compiles nothing, the Pythons of continuous integration."""
import email
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

import autodiff

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / "setup.py").exists() or not (ROOT / "autodiff" / "_ops.py.tp").exists(),
                                reason="needs a checkout")
BUILT_FILES = ("*.so", "*.pyd", "*.egg-info", "build", "dist", "__pycache__", ".git", ".*_cache", ".hypothesis", ".venv",
               "*.log")


def run(folder, *arguments, **env):
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=300,
                          env={**{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}, **env})
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


# ---- the source distribution

@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The unpacked source distribution of this checkout."""
    pytest.importorskip("setuptools", minversion="77")
    pytest.importorskip("Cython", reason="rendering needs Cython")
    folder = tmp_path_factory.mktemp("sdist")
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*BUILT_FILES))
    run(tree, "-c", f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return unpacked


def test_the_source_distribution_has_every_file_of_the_checkout(sdist):
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a clone")
    missing = [name for name in tracked.stdout.splitlines() if (ROOT / name).exists() and not (sdist / name).exists()]
    assert not missing
    assert not list(sdist.rglob("*.so"))


def test_what_the_tests_read_is_in_the_source_distribution(sdist):
    """Every file that a test names by its path, whether or not this is a clone."""
    named = {(path, name) for path in (ROOT / "tests").glob("test_*.py")
             for name in re.findall(r'"((?:docs/|bench/|tests/|\.ci/)?[\w./]+\.(?:md|json|txt|toml|in|py|tp))"',
                                    path.read_text(encoding="utf-8")) if (ROOT / name).is_file()}
    assert {name for _, name in named} >= {"CONTRIBUTING.md", "README.md", "docs/ops_page.py"}
    assert not [(path.name, name) for path, name in named if not (sdist / name).is_file()]


# ---- what an index page shows

@pytest.fixture(scope="module")
def described(sdist):
    return email.message_from_string((sdist / "PKG-INFO").read_text(encoding="utf-8"))


def test_an_index_page_has_no_link_that_leads_nowhere(described):
    text = described.get_payload()
    assert described["Description-Content-Type"] == "text/markdown"
    assert text.startswith("# autodiff") and "pip install" in text and "x.grad" in text
    assert not re.findall(r"\]\((?!https?://|#)[^)]*\)", text)
    assert "`docs/ops.md`" in text, "a link to a file of the checkout shows the file's name"


def test_the_metadata_say_who_where_and_on_what(described):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    classifiers = described.get_all("Classifier")
    assert described["Author"] == "The autodiff developers" and described["Author"] in (ROOT / "LICENSE").read_text()
    assert described.get_all("Project-URL") and all("https://" in url for url in described.get_all("Project-URL"))
    assert "Operating System :: POSIX :: Linux" in classifiers
    pythons = {text.rpartition(" ")[2] for text in classifiers if re.search(r":: 3\.\d+$", text)}
    assert f">={min(pythons, key=lambda version: int(version[2:]))}" == project["requires-python"]
    supported = re.search(r'^supported="(.*)"$', (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
    assert pythons <= set(supported)
    for word in ("jacobian", "hessian", "vmap"):
        assert hasattr(autodiff, word) or word not in described["Keywords"]


# ---- an install with nothing changed

#: In the place of the compiler, and of Cython: writes what was never written before, and says where.
TOOL = """
import sys
import uuid
if "-o" in sys.argv:
    target = sys.argv[sys.argv.index("-o") + 1]
    with open(target, "w") as file:
        file.write(uuid.uuid4().hex)
    print("made", target, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the compiler is told by CC")
def test_what_has_not_changed_is_not_compiled_again(tmp_path):
    """A build directory of its own each time, as an editable install has."""
    pytest.importorskip("Cython", reason="rendering needs Cython")
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in ("autodiff", "render"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns(*BUILT_FILES, "_*.c"))
    (tree / "cython.py").write_text(TOOL)           # python -m cython finds it first
    tool = f"{sys.executable} {tree / 'cython.py'}"
    count = 0

    def made(**env):
        nonlocal count
        count += 1
        directories = [f"--build-{kind}={tmp_path / f'{kind}{count}'}" for kind in ("lib", "temp")]
        shown = run(tree, "setup.py", "build_ext", "--inplace", *directories, CC=tool, LDSHARED=tool, **env)
        return {re.sub(r"\.[^.]*-[^.]*\.", ".", Path(name).name) for name in re.findall(r"^made (\S+)", shown, re.MULTILINE)}

    names = {path.name.partition(".")[0] for path in (tree / "autodiff").glob("*.pyx*")}
    assert names >= {"_core", "_kernels", "_variable"}
    translated = {f"{name}.c" for name in names}
    loops = {"loops_baseline.o", "loops_avx2.o", "loops_avx512.o"}
    programs = {"program_baseline.o", "program_avx2.o", "program_avx512.o"}
    sweeps = {"sweep_baseline.o", "sweep_avx2.o", "sweep_avx512.o"}
    compiled = {f"{name}.o" for name in names} | loops | programs | sweeps
    linked = {f"{name}.so" for name in names}
    assert made() == translated | compiled | linked
    modules = sorted((tree / "autodiff").glob("_*.so"))
    assert len(modules) == len(names)
    assert made() == set()
    for path in (tree / "autodiff").rglob("*"):
        path.touch()
    assert made() == set(), "contents count, times do not"
    header = tree / "autodiff" / "csrc" / "special.h"
    header.write_text(header.read_text(encoding="utf-8") + "/* changed */\n", encoding="utf-8")
    assert made() == loops | {"_kernels.so"}
    modules[0].write_text("something else")
    modules[1].unlink()
    contents = [path.read_text() for path in modules[2:]]
    assert made() == set(), "what is in place is not what was built, which is still there"
    assert len({path.read_text() for path in modules}) == len(names) and [path.read_text() for path in modules[2:]] == contents
    rules = tree / "autodiff" / "rules" / "elementwise.py"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace('"g / (3 * (out * out))"', '"g / (out * out * 3)"'), encoding="utf-8")
    assert made() == loops | {"_kernels.so"}, "an elementwise row is its loops"
    assert made(CFLAGS="-DCHANGED") == compiled | linked
    (tree / "build" / "made.json").write_text("{")
    assert made() == translated | compiled | linked
    assert set(map(len, json.loads((tree / "build" / "made.json").read_text()).values())) == {2}


# ---- the Pythons of continuous integration

def test_the_pythons_that_are_found(tmp_path):
    """A shim that answers with an error does not count; among pyenv's versions the newest that works is taken."""
    if sys.platform == "win32" or shutil.which("bash") is None:
        pytest.skip("needs bash")
    tools, pyenv = tmp_path / "bin", tmp_path / "pyenv"
    tools.mkdir()
    for name in ("bash", "dirname", "sort", "env"):
        (tools / name).symlink_to(shutil.which(name))

    def fake(path, code):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{shutil.which('bash')}\nexit {code}\n")
        path.chmod(0o755)

    mine = "{}.{}".format(*sys.version_info)
    others = [version for version in ("3.11", "3.12", "3.13", "3.14") if version != mine]
    for version in others:
        fake(tools / f"python{version}", 127)
    fake(pyenv / "versions" / f"{others[0]}.9" / "bin" / "python3", 0)
    fake(pyenv / "versions" / f"{others[0]}.10" / "bin" / "python3", 0)
    fake(pyenv / "versions" / f"{others[0]}.11" / "bin" / "python3", 1)
    fake(pyenv / "versions" / f"{others[1]}.0" / "bin" / "python3", 127)
    done = subprocess.run([tools / "bash", ROOT / ".ci/run", "--pythons"], capture_output=True, text=True, check=False,
                          env={"PATH": str(tools), "PYENV_ROOT": str(pyenv), "PYTHON": sys.executable})
    assert done.returncode == 0, done.stderr
    there, absent = done.stdout.splitlines()
    assert there == (f"to run: {mine}, all tests ({sys.executable}); {others[0]}, the quick half "
                     f"({pyenv}/versions/{others[0]}.10/bin/python3)")
    assert absent == f"absent: {', '.join(others[1:])}"
