"""The layers: a file imports only what stands to its left in LAYERS, and the engine names no op.

The files are read, not imported, so that an import inside a function counts as well.
"""
import re
import sys
from pathlib import Path

import pytest

from checks import load

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "autodiff"

# One straight line.  A new module needs a place here: as far left as what it imports allows.
LAYERS = ("api", "rules", "_guidance", "_missing", "_rebind", "_travel", "helpers", "_types", "_printing", "api", "_kernels",
          "_convolving", "_core", "_base", "_elementwise", "_structural", "_indexing", "_batched", "_engine", "_function",
          "_program", "_arrays", "_variable", "_ops", "_ops_of_a_family", "_namespace", "return_types", "_random", "random",
          "_create", "_windows", "_draws", "_lowrank", "_dlpack", "_functions", "_pytree", "_batching", "_vmap", "_transforms",
          "autograd", "_C", "_files", "_explain", "_draw", "_primitive", "func", "linalg", "fft", "special", "nn", "testing",
          "numpy", "_math", "_lift", "programs", "jit", "utils", "distributed", "__init__", "__main__")

# What a module may import of the package, where that is less than everything to its left.
NARROWER = {
    "api": set(),        # users compile against it: a table of functions, no struct of the core
    "rules": set(),
    "_guidance": {"rules"},     # words only: is handed what it asks about Variables
    "_missing": set(),   # words only
    "_rebind": set(),    # Python's functions, whatever they compute with
    "_travel": set(),    # names of callables, whatever they compute
    "helpers": set(),    # a helper is given the namespace of ops: recorded ops, or ops on plain arrays
    "_types": set(),
    "_printing": set(),  # prints arrays, knows no Variable
    "_kernels": set(),
    "_convolving": {"_kernels"},        # values on plain arrays, handed to helpers
    "_core": {"_kernels"},
    "_base": {"_types", "_kernels", "_core"},
    "_elementwise": {"_types", "_kernels", "_core", "_base"},
    "_structural": {"_types", "_kernels", "_core", "_base", "_elementwise"},
    "_indexing": {"_types", "_kernels", "_core", "_base", "_elementwise", "_structural"},
    "_batched": {"_kernels", "_core", "_base", "_elementwise", "_structural"},
    "_engine": {"_guidance", "_types", "_kernels", "_core", "_base", "_elementwise", "_structural", "_indexing", "_batched"},
    "_function": {"_types", "_kernels", "_core", "_base", "_elementwise", "_structural", "_indexing", "_engine"},
    "_program": {"_kernels", "_core", "_base", "_elementwise"},
    "_arrays": {"_kernels", "_core", "_base", "_program"},
    "_variable": {"_guidance", "_types", "_printing", "_kernels", "_core", "_base", "_elementwise", "_structural", "_indexing",
                  "_engine", "_function"},
}

# Names of ops that the engine's code may use, since they mean something else there.
ENGINE_WORDS = {
    "take": "memory out of a pool",
    "add": "entry of the table that _engine fills: accumulating must add two gradients, recorded",
    "chunk": "a piece of memory from the allocator, not a part of a tensor",
    "min": "Python's own, of two numbers",
    "flat": "a walk over memory that runs on, not the op whose derivatives are 0",
}

TOKEN = re.compile(r'''
    (?P<comment>\#[^\n]*)
  | (?P<string>[bBuUrRfF]{0,2}(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'
                                |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
  | (?P<number>\d[\w.]*)
  | (?P<word>[^\W\d]\w*)
  | (?P<newline>\n)
  | (?P<space>[^\S\n]+)
  | (?P<other>.)
''', re.VERBOSE | re.DOTALL)


def tokens(text):
    """(kind, text) of Python or Cython source.  The tokenizer of the standard library refuses some of Cython's."""
    return [(match.lastgroup, match[0]) for match in TOKEN.finditer(text)]


def inside(string):
    """A literal without prefix and quotes."""
    body = string.lstrip("bBuUrRfF")
    width = 3 if body[:3] in ('"""', "'''") else 1
    return body[width:-width]


def code(text):
    """The tokens that are code: no comments, no docstrings; C text under ``cdef extern from *`` counts as code."""
    result, line = [], []
    for kind, token in tokens(text):
        if kind in ("comment", "space"):
            continue
        if kind == "newline":
            line = []
        elif kind == "string" and not line and not open_bracket(result):
            # a string that begins a line is a docstring, or C text
            words = [word for _, word in result if word != "\n"][-5:]
            if words == ["cdef", "extern", "from", "*", ":"]:
                result += [piece for piece in tokens(strip_c(inside(token))) if piece[0] not in ("space", "newline")]
            line.append(token)
            continue
        else:
            line.append(token)
        result.append((kind, token))
    return result


def strip_c(text):
    """C text without its comments; # begins none there."""
    return re.sub(r"/\*.*?\*/|//[^\n]*|#", " ", text, flags=re.DOTALL)


def open_bracket(pieces):
    """Whether the last code line is still inside brackets, so that a string at its start is a value."""
    depth = 0
    for _, token in reversed(pieces):
        if token in ")]}":
            depth -= 1
        elif token in "([{":
            depth += 1
            if depth > 0:
                return True
        elif token in ("def", "cdef", "class", "cpdef"):
            return False
    return False


def imported(text, package=()):
    """Modules of autodiff that a source imports or cimports, by their names in LAYERS."""
    pieces = [("newline", "\n"), *code(text), ("newline", "\n")]
    flat, depth = [], 0
    for kind, token in pieces:  # a bracket goes on over line ends
        depth += token in ("(", "[", "{")
        depth -= token in (")", "]", "}")
        if kind != "newline":
            flat.append(token)
        elif depth <= 0:
            flat.append("\n")
    found = set()
    for statement in re.split(r" ?\n ?|;", " ".join(flat)):
        words = statement.replace("(", "").replace(")", "").strip()
        match = re.match(r"from (?P<module>[\w. ]+?) c?import (?P<names>.*)$", words)
        if match:
            names = [name.split(" as ")[0].strip() for name in match["names"].split(",")]
            found |= resolve(match["module"].replace(" ", ""), names, package)
        elif match := re.match(r"c?import (.*)$", words):
            for name in match[1].split(","):
                found |= resolve(name.split(" as ")[0].replace(" ", ""), [], package)
    return found


def resolve(module, names, package):
    if module.startswith("."):
        up = len(module) - len(module.lstrip(".")) - 1
        parts = [*package[:len(package) - up], *filter(None, module.lstrip(".").split("."))]
    else:
        top, *parts = module.split(".")
        if top != "autodiff":
            return set()
    if parts:
        return {parts[0]}
    return {name if name in LAYERS else "__init__" for name in names} or {"__init__"}


def sources():
    for path in sorted(PACKAGE.rglob("*")):
        name = path.name.removesuffix(".tp")
        if name.endswith((".py", ".pyx", ".pxd")) and "__pycache__" not in path.parts:
            yield path


def layer(path):
    name = path.relative_to(PACKAGE).parts[0].split(".")[0]
    return "_ops_of_a_family" if name.startswith("_ops_") else name


SOURCES = [str(path.relative_to(PACKAGE)) for path in sources()]


@pytest.mark.parametrize("name", SOURCES)
def test_imports_go_to_the_left(name):
    path = PACKAGE / name
    mine = layer(path)
    assert mine in LAYERS, f"{name} has no place in LAYERS"
    used = imported(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).parent.parts) - {mine}
    left = set(LAYERS[:LAYERS.index(mine)])
    assert used <= NARROWER.get(mine, left), f"{name} imports {sorted(used - NARROWER.get(mine, left))}"


#: The renderer, which the build loads by path and hands the rows: a line of its own.
RENDER = ("grammar", "c", "python", "stubs", "__init__")


def modules_of(path):
    return set(re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("name", [*(f"autodiff/rules/{path.name}" for path in sorted((PACKAGE / "rules").glob("*.py"))),
                                  *(f"render/{name}.py" for name in RENDER)])
def test_what_the_build_loads_imports_the_standard_library_and_cython_only(name):
    modules = {module for module in modules_of(ROOT / name) if not module.startswith(".")}
    assert modules
    if name == "render/__init__.py":
        modules -= {"Cython.Tempita"}
    assert {module.split(".")[0] for module in modules} <= sys.stdlib_module_names


@pytest.mark.parametrize("place", range(len(RENDER)))
def test_imports_of_the_renderer_go_to_the_left(place):
    assert {path.stem for path in (ROOT / "render").glob("*.py")} == set(RENDER)
    modules = {module for module in modules_of(ROOT / "render" / f"{RENDER[place]}.py") if module.startswith(".")}
    assert modules <= {f".{name}" for name in RENDER[:place]}
    assert modules or place == 0


def test_nothing_of_the_package_needs_the_renderer():
    assert not [path for path in sources() if re.search(r"^\s*(?:from|c?import) \.*render\b", path.read_text(encoding="utf-8"),
                                                        flags=re.MULTILINE)]


@pytest.mark.parametrize("name", ["rules/__init__.py", "_kernels.pyx.tp", "_kernels.pxd", "_core.pyx", "_core.pxd",
                                  "_base.pyx", "_base.pxd.tp", "_elementwise.pyx", "_structural.pyx", "_indexing.pyx",
                                  "_batched.pyx", "_engine.pyx", "_function.pyx", "_variable.pyx.tp", "__init__.py"])
def test_the_layers_are_there(name):
    assert name in SOURCES


def names_of_ops():
    rules = load(PACKAGE / "rules")
    names = set()
    for rule in rules.RULES:
        names |= {rule.name, *rule.aliases}
        names |= {rule.grad_fn} if isinstance(rule.grad_fn, str) else set(rule.grad_fn.values())
    return names - {""}


def named(text, names):
    """Ops that the code of a source names, as an identifier or as the whole of a string."""
    words = {token if kind == "word" else inside(token) for kind, token in code(text) if kind in ("word", "string")}
    return sorted(words & names)


@pytest.mark.parametrize("name", ["_core.pyx", "_core.pxd"])
def test_the_engine_names_no_op(name):
    names = names_of_ops()
    assert {"mul", "tanh", "matmul", "MulBackward0", "concatenate"} <= names
    assert set(named((PACKAGE / name).read_text(encoding="utf-8"), names)) <= set(ENGINE_WORDS)


def test_what_these_tests_see():
    """The reader of sources itself: what it must find, and what it must pass over."""
    text = '''
"""mul in a docstring; from ._variable import x"""
from ._core cimport (Node,
                     Edge)  # from .func import grad
cimport numpy as np
from autodiff import linalg, no_grad
import autodiff.fft as fft
cdef extern from *:
    """
    #define twice(x) tanh(x) /* sin in C's comment */
    """
    double twice(double)
def f(x):
    "exp"
    from . import special
    table = (
        "sqrt",
        'log of x')
    return x.cos + b"abs"  # neg
'''
    assert imported(text) == {"_core", "linalg", "__init__", "fft", "special"}
    ops = {"mul", "tanh", "sin", "exp", "sqrt", "log", "cos", "abs", "neg"}
    assert named(text, ops) == ["abs", "cos", "sqrt", "tanh"]
    assert imported("from . import functional\nfrom .functional import relu\nfrom .. import func", ("nn",)) == {
        "nn", "func"}


# ---- what is borrowed is not looked at again after other code may have run: see hold() in _core.pxd

#: The modules that know Variables.
OF_VARIABLES = ("_base", "_elementwise", "_structural", "_indexing", "_batched", "_engine", "_function", "_variable")


def of_variables():
    return [path for path in sources() if layer(path) in OF_VARIABLES and ".pyi" not in path.name]


BORROWED = re.compile(r"\b(edge_of|current_node)\(")
#: Functions that may keep the node they are lent without owning it, and what makes that right.
LOOKS = {
    "edge_of": "hands on what it was lent",
    "element_view": "makes no object that the collector tracks before the node is recorded",
    "make_view": "the object is made first, the node recorded before anything else runs",
    "whole_reduction": "make_number() records before it makes the object",
    "point_reduction": "make_number() records before it makes the object",
    "euclidean": "holds it, or make_number() records at once",
    "cast": "make_number() records before it makes the object",
    "condition_in_place": "make() records before it makes the object",
    "set_data": "looks at it at once, and again at the end",
    "set_requires_grad": "looks at it at once",
    "become_view": "compares it",
    "check_writable": "looks at it at once",
    "is_leaf": "looks at it at once",
    "grad_fn": "node_object() holds it",
    "output_nr": "looks at it at once",
    "grad": "looks at it at once",
    "retain_grad": "holds it before anything is made",
    "register_hook": "add_hook() holds it",
    "register_post_accumulate_grad_hook": "add_hook() holds it",
    "reverse_pass": "holds it in the next statement",
    "depends_on_others": "holds it in the next statement",
    "place_of_gradient": "its caller holds it",
    "say_what_stays": "looks at it at once",
}


def test_borrowed_nodes_are_held():
    """A node that a function is lent goes through hold(), or is only compared, or the function stands above with a reason."""
    lent, seen = [], set()
    for path in of_variables():
        function = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            head = re.match(r"\s*(?:cdef|def|cpdef)\s[^=]*?(\w+)\(.*:\s*$|\s*(?:cdef|def|cpdef)\s[^=]*?(\w+)\([^)]*$", line)
            if head:
                function = head[1] or head[2]
                continue
            code = line.split("#")[0]
            for match in BORROWED.finditer(code):
                before, after = code[:match.start()], code[match.end():]
                if before.rstrip().endswith("hold(") or re.search(r"\)\s*[!=]= NULL", after) or not before.strip():
                    continue
                if function in LOOKS:
                    seen.add(function)
                    continue
                lent.append(f"{path.name}:{number}: {line.strip()}")
    assert not lent, "held by nobody: " + "; ".join(lent)
    assert not LOOKS.keys() - seen, "no longer lent a node: " + ", ".join(sorted(LOOKS.keys() - seen))


# ---- the door: nodes and Variables meet in one file

DOOR = "_base"
#: What makes nodes, and what puts one on a Variable; some structs that are no Variables have such a field.
MAKES = re.compile(r"(?<![\w.])(record|record_payload|record_read|record_write|new_leaf|push_tangents)\(")
PUTS = re.compile(r"(?<![\w.])(?!(?:operand|point|a|b|wrapper|context)\.)(\w+|\(<Variable>\w+\))\.node\s*=(?!=)"
                  r"|^\s*(?!point\.)\w+\.node,[^=()]*=(?!=)")

def met(text):
    """(function, line) where a source makes a node or puts one on a Variable."""
    function = None
    for line in text.splitlines():
        head = re.match(r"\s*(?:cdef|def|cpdef)\s[^=]*?(\w+)\(", line)
        if head and (line.rstrip().endswith((":", ",")) or "except" in line or "noexcept" in line):
            function = head[1]
            continue
        code = line.split("#")[0]
        if MAKES.search(code) or PUTS.search(code):
            yield function, line.strip()


def test_nodes_and_variables_meet_at_the_door_alone():
    met_at = {(layer(path), function): line for path in of_variables() for function, line in met(path.read_text())}
    assert len(met_at) > 20
    assert not {place: line for place, line in met_at.items() if place[0] != DOOR}


def test_what_the_test_of_the_door_sees():
    assert [line for _, line in met("""
cdef Variable f(Variable x):
    v.node = node
    (<Variable>o).node = node
    before, x.node = x.node, NULL
    y = record(op, 0)
    operand.node = hold(edge)
    if v.node == NULL and (x, v.node) == y:
    wrapper.node = node
    call(v.node, a=1)
""")] == ["v.node = node", "(<Variable>o).node = node", "before, x.node = x.node, NULL", "y = record(op, 0)"]
