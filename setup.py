"""Renders the catalogue's templates and compiles the extension modules; everything else is in pyproject.toml."""
import importlib.util
import os
import sys
from pathlib import Path

import numpy
from Cython.Distutils import build_ext
from setuptools import Extension, setup

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "autodiff"


def load(name):
    """A file of the package as a module by itself: importing the package would need what is yet to be built."""
    spec = importlib.util.spec_from_file_location(f"_build_{name}", PACKAGE / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


load("_render").render_all(PACKAGE, load("rules"))

if sys.platform == "win32":
    compile_flags, link_flags = ["/O2", "/fp:precise"], []
else:
    # Contracting a product and a sum into one rounding would give a scalar other bits than an array. Neither errno nor
    # trapping comparisons change a value; without them the compiler may vectorise selections and square roots.
    compile_flags = ["-O3", "-g0", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
    link_flags = [] if sys.platform == "darwin" else ["-Wl,-s"]
    if "-fsanitize" in os.environ.get("CFLAGS", ""):
        # A report of a sanitizer is read by names and lines, which the flags of a release take away.
        compile_flags[:2], link_flags = ["-O1", "-g1", "-fno-omit-frame-pointer"], []

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
}


# The loops of the rows are compiled once for each CPU level; the widest that the processor has is chosen at import.
LOOPS = [f"autodiff/_loops_{level}.c" for level in ("baseline", "avx2", "avx512")]


def extension(name):
    module = Extension(
        f"autodiff.{name}",
        [f"autodiff/{name}.pyx", *(LOOPS if name == "_kernels" else ())],
        include_dirs=[numpy.get_include(), "autodiff"],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"), ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION")],
        depends=[f"autodiff/{path.name}" for path in sorted(
            path for kind in ("pxd", "pxi", "h") for path in PACKAGE.glob(f"*.{kind}"))],
        extra_compile_args=compile_flags,
        extra_link_args=link_flags,
    )
    module.cython_directives = DIRECTIVES
    return module


setup(
    ext_modules=[extension(name) for name in ("_kernels", "_core", "_variable") if (PACKAGE / f"{name}.pyx").exists()],
    cmdclass={"build_ext": build_ext},
)
