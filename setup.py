"""Renders the catalogue's templates and compiles the extension modules; everything else is in pyproject.toml."""
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import Cython
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


BUILT = HERE / "build" / "in_place.json"       # of a module in place: what it was built from, and what came out


def sha(data):
    return hashlib.sha256(data).hexdigest()


class BuildExt(build_ext):
    """Takes a compiled module that is in place as it is, if it was built from the same.

    An editable install builds in a temporary directory, where it finds neither objects nor modules of the last one, and
    with build isolation under new paths each time: so what is compared is contents and versions, never times or paths.
    """

    def inputs(self, module):
        """A hash of all that decides what the compiler makes."""
        compiler = getattr(self.compiler, "compiler_so", None) or []
        linker = getattr(self.compiler, "linker_so", None) or []
        asked = [*compiler, "--version"] if compiler else [sys.executable, "--version"]
        version = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        files = sorted({*module.sources, *module.depends})
        return sha(json.dumps([
            sys.version, sysconfig.get_platform(), numpy.__version__, Cython.__version__, compiler, linker,
            version, module.define_macros, module.extra_compile_args, module.extra_link_args, DIRECTIVES, self.debug,
            str(self.define), str(self.undef), [(name, sha((HERE / name).read_bytes())) for name in files],
        ]).encode())

    def build_extension(self, module):
        target = Path(self.get_ext_fullpath(module.name)).resolve()
        in_place = PACKAGE / target.name
        inputs = self.inputs(module)
        forced = self.force
        if not forced and in_place.exists() and read_built().get(target.name) == [inputs, sha(in_place.read_bytes())]:
            print(f"{in_place.name} was built from the same sources: taken as it is")
            if target != in_place:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(in_place, target)
            return
        self.force = True       # times say nothing: the flags may have changed
        try:
            super().build_extension(module)
        finally:
            self.force = forced
        if target == in_place:
            BUILT.parent.mkdir(exist_ok=True)
            text = json.dumps(read_built() | {target.name: [inputs, sha(in_place.read_bytes())]}, indent=1)
            BUILT.write_text(text + "\n", encoding="utf-8")


def read_built():
    try:
        return json.loads(BUILT.read_text(encoding="utf-8"))
    except (OSError, ValueError):       # none yet, or one that was cut short: then everything is built
        return {}


def described(text):
    """The README for an index page, where pictures and files of the checkout are out of reach: a picture goes, a link to
    a file becomes the file's name."""
    text = re.sub(r"^!\[[^]]*\]\((?!https?:)[^)]*\)\n\n?", "", text, flags=re.MULTILINE)
    return re.sub(r"\[[^]]*\]\((?!https?:|#)([^)#]+)[^)]*\)", r"`\1`", text)


setup(
    long_description=described((HERE / "README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
    ext_modules=[extension(name) for name in ("_kernels", "_core", "_variable") if (PACKAGE / f"{name}.pyx").exists()],
    cmdclass={"build_ext": BuildExt},
)
