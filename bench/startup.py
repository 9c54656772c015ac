"""Starting: the time from `import numpy` to the first gradient in a fresh process, and the size of a wheel."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import autodiff

from .harness import Figure, case, most

TENSORS = """
x = {0}.tensor(0.5, requires_grad=True)
(x * x).backward()
assert x.grad == 1
"""
FIRST = {
    "autodiff": "import autodiff" + TENSORS.format("autodiff"),
    "torch": "import torch" + TENSORS.format("torch"),
    "jax": "import jax\nassert jax.grad(lambda x: x * x)(0.5) == 1\n",
    "autograd": "import autograd\nassert autograd.grad(lambda x: x * x)(0.5) == 1\n",
}
PROGRAM = """
import time
import numpy
start = time.perf_counter()
{0}
print(time.perf_counter() - start)
"""


@cache
def bytecode() -> str:
    """A folder for bytecode: a process that may write none compiles every module each time, which takes longer than the
    import of an installed package."""
    folder = tempfile.mkdtemp(prefix="bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def first_gradient(peer: str) -> Figure:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")}
    environment |= {
        "PYTHONPYCACHEPREFIX": bytecode(),
        "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path),
    }

    def take() -> float:
        command = [sys.executable, "-c", PROGRAM.format(FIRST[peer])]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
        return float(done.stdout)

    take()  # writes the bytecode, and reads the files into the memory of the system
    return Figure(take)


@case(
    "first_gradient",
    "from the end of `import numpy` to the gradient of x * x, import included, in a fresh process with bytecode cached",
    [most(0.060)],
)
def start(quick):
    peers = ("autodiff",) if quick else FIRST
    return {peer: lambda _, peer=peer: first_gradient(peer) for peer in peers}


def packed() -> float:
    """Bytes of the package as a wheel: a zip archive of its Python files, stubs, headers and compiled modules."""
    places = {Path(autodiff.__file__).parent, Path(autodiff._variable.__file__).parent}
    archive = io.BytesIO()
    names = set()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as wheel:
        for place in sorted(places):
            for file in sorted(place.rglob("*")):
                name = file.relative_to(place.parent).as_posix()
                if file.suffix in (".py", ".pyi", ".pxd", ".so", ".pyd", ".typed") and name not in names:
                    names.add(name)
                    wheel.write(file, name)
    return float(len(archive.getvalue()))


@case("wheel", "size of a wheel of the package as it is installed here", [most(5 * 2**20)], unit="B")
def wheel(quick):
    return {"autodiff": lambda _: Figure(packed, once=True)}
