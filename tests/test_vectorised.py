"""Loops of our own are written so that compilers vectorise them; clang says where it could not."""
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parent.parent / "autodiff" / "csrc"

# The loops without the rows around them, which call the C library; used, so that nothing is left out.
SOURCE = """
#include <Python.h>
#include <math.h>
#include <string.h>
#define EACH(count) _Pragma("clang loop vectorize(assume_safety)") for (Py_ssize_t i = 0; i < (count); i++)
#include "vector.h"
#include "vector_division.h"
#include "vector_plane.h"
#include "vector_gamma.h"
void *used[] = {
    digamma_block_float64, digamma_block_float32, trigamma_block_float64, trigamma_block_float32, lgamma_block_float64,
    lgamma_block_float32, erf_block_float64, erfinv_block_float64, sin_block_float64, cos_block_float64,
};
"""


@pytest.mark.parametrize("level", ["-msse2", "-mavx2"])
def test_clang_vectorises_the_loops(tmp_path, level):
    """A function that it does not inline keeps a loop from becoming vectors: lgamma took twice as long as with gcc."""
    clang = shutil.which("clang")
    include = sysconfig.get_path("include")
    if clang is None or not (CSRC / "vector_gamma.h").exists() or not (Path(include) / "Python.h").exists():
        pytest.skip("needs clang, a checkout and Python's headers")
    if sysconfig.get_platform() != "linux-x86_64":
        pytest.skip("the levels are those of x86-64")
    (tmp_path / "loops.c").write_text(SOURCE)
    flags = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", level]
    command = [clang, *flags, "-Wno-unused", "-Werror=pass-failed", "-iquote", CSRC, f"-I{include}", "-c", "loops.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
