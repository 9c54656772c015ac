"""Renders the catalogue's templates and compiles the extension modules; everything else is in pyproject.toml."""
import concurrent.futures
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

import Cython
import numpy
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "autodiff"


def load(path):
    """A file or folder as a module by itself: importing the package autodiff would need what is yet to be built."""
    file = path / "__init__.py" if path.is_dir() else path
    spec = importlib.util.spec_from_file_location(f"_build_{path.stem}", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


load(HERE / "render").render_all(PACKAGE, load(PACKAGE / "rules"))

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

#: Passes of GCC's -O3 that find nothing to gain in C translated by Cython, where they are a fifth of the compiler's time.
SPARED = ["-fno-ipa-cp-clone", "-fno-peel-loops", "-fno-split-paths", "-fno-unswitch-loops", "-fno-version-loops-for-strides"]

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "emit_code_comments": False,    # the source beside its C: a fifth of what the compiler reads
    "auto_pickle": False,           # of classes that say themselves how they are copied, or are not
    # Functions and methods of C, not Cython's objects around them: Python itself looks whether a method is called with an
    # instance of its class, which Cython's does not, and the signature is a text in front of the docstring.
    "binding": False,
    "embedsignature": True,
    "embedsignature.format": "clinic",
}
MACROS = [("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"), ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION")]

# What takes longest comes first, so that it does not wait for what is short.  The loops of the rows are compiled once for
# each CPU level; the widest that the processor has is chosen at import.
SOURCES = {
    "_variable": ["_variable.pyx"],
    "_base": ["_base.pyx"],
    "_engine": ["_engine.pyx"],
    "_function": ["_function.pyx"],
    "_structural": ["_structural.pyx"],
    "_indexing": ["_indexing.pyx"],
    "_core": ["_core.pyx"],
    "_batched": ["_batched.pyx"],
    "_elementwise": ["_elementwise.pyx"],
    "_convolving": ["_convolving.pyx"],
    "_program": ["_program.pyx", *(f"csrc/program_{level}.c" for level in ("baseline", "avx2", "avx512"))],
    "_arrays": ["_arrays.pyx", *(f"csrc/sweep_{level}.c" for level in ("baseline", "avx2", "avx512"))],
    "_kernels": ["_kernels.pyx", *(f"csrc/loops_{level}.c" for level in ("baseline", "avx2", "avx512"))],
}

#: Files of the package that a file is made of: included, or cimported, which brings in the .pxd alone.
NAMED = re.compile(r'^\s*#?\s*include\s+"(?P<included>[\w./]+)"|\bextern\s+from\s+"(?P<header>[\w./]+)"'
                   r"|^\s*from\s+\.(?P<cimported>\w+)\s+cimport\b", re.MULTILINE)


def made_of(name):
    """A source of the package and all that it takes in, which decides when it is compiled again.

    Each is named, like the source, by its path inside the package; a file names others by where it stands itself.
    """
    found, ahead = set(), [PACKAGE / name]
    while ahead:
        path = ahead.pop()
        if path in found or not path.exists():      # NumPy's and the compiler's own headers are elsewhere
            continue
        found.add(path)
        if path.suffix == ".pyx":
            ahead.append(path.with_suffix(".pxd"))
        for match in NAMED.finditer(path.read_text(encoding="utf-8")):
            ahead.append(path.parent / (match["included"] or match["header"] or f"{match['cimported']}.pxd"))
    return sorted(path.relative_to(PACKAGE).as_posix() for path in found)


def extension(name):
    return Extension(
        f"autodiff.{name}",
        [f"autodiff/{source}" for source in SOURCES[name]],
        include_dirs=[numpy.get_include()],
        define_macros=MACROS,
        depends=sorted({f"autodiff/{part}" for source in SOURCES[name] for part in made_of(source)}),
        extra_compile_args=compile_flags,
        extra_link_args=link_flags,
    )


# ---- a build that makes again what is made of something else than last time

BUILD = HERE / "build"


def sha(data):
    return hashlib.sha256(data).hexdigest()


def sha_of(path):
    try:
        return sha(Path(path).read_bytes())
    except FileNotFoundError:
        return None


class Made:
    """What each file that was made was made from, and what came out.

    An editable install may run with build isolation, under new paths each time, and a checkout changes times: so what is
    compared is contents and versions, never times or paths.
    """

    FILE = BUILD / "made.json"

    def __init__(self):
        self.lock = threading.Lock()
        try:
            self.known = json.loads(self.FILE.read_text(encoding="utf-8"))
        except (OSError, ValueError):       # none yet, or one that was cut short: then everything is built
            self.known = {}

    def make(self, target, inputs, build, force=False):
        """Run build() unless the target is there as it came out of the same inputs; whether it ran."""
        inputs = sha(json.dumps(inputs).encode())
        key = os.path.relpath(target, HERE)
        output = sha_of(target)
        if not force and output is not None and self.known.get(key) == [inputs, output]:
            return False
        build()
        with self.lock:
            self.known[key] = [inputs, sha_of(target)]
            self.FILE.parent.mkdir(exist_ok=True)
            text = json.dumps(self.known, indent=1, sort_keys=True) + "\n"
            scratch = self.FILE.with_suffix(".new")
            scratch.write_text(text, encoding="utf-8")
            scratch.replace(self.FILE)
        return True


class BuildExt(build_ext):
    """Translates and compiles all sources side by side, and what has not changed not at all."""

    def finalize_options(self):
        super().finalize_options()
        # Kept between installs, each of which is given a temporary folder.
        self.build_temp = str(BUILD / f"objects-{sys.implementation.cache_tag}-{sysconfig.get_platform()}")

    def build_extensions(self):
        self.check_extensions_list(self.extensions)
        if not getattr(self.compiler, "initialized", True):
            self.compiler.initialize()      # MSVC looks for its tools when it is first used: not in each thread
        self.made = Made()
        self.tools = self.tools_used()
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        with concurrent.futures.ThreadPoolExecutor(self.parallel if type(self.parallel) is int else cores) as pool:
            objects = {module.name: [pool.submit(self.compile, module, source) for source in module.sources]
                       for module in self.extensions}
            try:
                for module in self.extensions:
                    self.link(module, [future.result() for future in objects[module.name]])
            except BaseException:
                pool.shutdown(cancel_futures=True)      # what is wrong is said before the rest is compiled
                raise

    def tools_used(self):
        """What decides, beside the files, what comes out of a compiler."""
        compiler, linker = (getattr(self.compiler, name, None) or [] for name in ("compiler_so", "linker_so"))
        asked = [*compiler, "--version"] if compiler else [sys.executable, "--version"]
        version = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        self.gcc = "Free Software Foundation" in version
        return [sys.version, sysconfig.get_platform(), numpy.__version__, compiler, linker, version, self.debug,
                str(self.define), str(self.undef)]

    def compile(self, module, source):
        """The object file of one source, which Cython translates before if need be; called by a thread."""
        parts = [(part, sha_of(PACKAGE / part)) for part in made_of(Path(source).relative_to("autodiff"))]
        arguments = module.extra_compile_args
        if source.endswith(".pyx"):
            translated = str(Path(source).with_suffix(".c"))
            inputs = [sys.version, Cython.__version__, numpy.__version__, DIRECTIVES,
                      [part for part in parts if not part[0].endswith(".h")]]
            self.made.make(HERE / translated, inputs, lambda: self.translate(source, translated), self.force)
            source = translated
            if self.gcc:
                arguments = arguments + SPARED
        target, = self.compiler.object_filenames([source], output_dir=self.build_temp)
        inputs = [self.tools, module.define_macros, arguments, sha_of(HERE / source),
                  [part for part in parts if part[0].endswith(".h")]]
        self.made.make(HERE / target, inputs, lambda: self.compiler.compile(
            [source], self.build_temp, module.define_macros, module.include_dirs, self.debug,
            extra_postargs=arguments), self.force)
        return target

    def translate(self, source, target):
        """In a process of its own, since Cython keeps one thread busy."""
        options = [word for name, value in DIRECTIVES.items() for word in ("-X", f"{name}={value}")]
        command = [sys.executable, "-m", "cython", *options, "-I", "autodiff", "-o", target, source]
        print(" ".join(command), flush=True)
        if subprocess.run(command, check=False, cwd=HERE).returncode:
            raise CompileError(f"Cython could not translate {source}")

    def link(self, module, objects):
        target = Path(self.get_ext_fullpath(module.name)).resolve()
        linked = Path(self.build_temp) / target.name
        ran = self.made.make(linked, [self.tools, module.extra_link_args, [sha_of(name) for name in objects]],
                             lambda: self.compiler.link_shared_object(
            objects, str(linked), libraries=self.get_libraries(module), library_dirs=module.library_dirs,
            extra_postargs=module.extra_link_args, export_symbols=self.get_export_symbols(module), debug=self.debug,
            build_temp=self.build_temp), self.force)
        if not ran:
            print(f"{target.name} was built from the same sources: taken as it is")
        put(linked, target)

    def copy_extensions_to_source(self):
        """The same, but that a module which a running process has loaded is replaced, and not written over."""
        for module in self.extensions:
            put(*reversed(self._get_inplace_equivalent(self.get_finalized_command("build_py"), module)))


def put(source, target):
    """A copy of a file; nothing if it is there."""
    target = Path(target)
    if sha_of(source) != sha_of(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_suffix(".new")
        shutil.copy(source, scratch)
        scratch.replace(target)


def described(text):
    """The README for an index page, where pictures and files of the checkout are out of reach: a picture goes, a link to
    a file becomes the file's name."""
    text = re.sub(r"^!\[[^]]*\]\((?!https?:)[^)]*\)\n\n?", "", text, flags=re.MULTILINE)
    return re.sub(r"\[[^]]*\]\((?!https?:|#)([^)#]+)[^)]*\)", r"`\1`", text)


setup(
    long_description=described((HERE / "README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
    ext_modules=[extension(name) for name in SOURCES],
    cmdclass={"build_ext": BuildExt},
)
