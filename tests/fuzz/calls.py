"""Random calls with hostile arguments as lists of lines, and what must hold of each, whatever it is."""
from __future__ import annotations

import gc
import inspect
import re
import warnings
from pathlib import Path
from random import Random

import numpy as np

import autodiff
import autodiff.numpy
from autodiff.autograd import forward_ad

from . import hostile
from .common import INNER, Fault, Raised, compiled, held, left_behind

# Not called at random, with the reason.
LEFT_OUT = {
    "set_num_threads": "starts threads, which outlive the call",
    "save_on_disk": "writes files", "save": "writes files", "load": "reads files",
    "numpy": "a module", "autograd": "a module", "helpers": "a module", "return_types": "a module",
    "breakpoint": "not ours",
}

# Name: the lines that make it.  Each call makes the operands anew that it names.
OPERANDS = {
    "x": ["x = T.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)"],
    "y": ["x = T.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)", "y = x * 2.0"],
    "v": ["b = T.tensor([0.5, 1.5, 2.5, 3.5], requires_grad=True).clone()", "v = b[1:]"],
    "s": ["s = T.tensor(1.5, requires_grad=True)"],
    "r": ["s = T.tensor(1.5, requires_grad=True)", "r = s * 3.0"],
    "i": ["i = T.tensor([0, 1, 1])"],
    "m": ["m = T.tensor([[True, False, True], [False, True, False]])"],
    "c": ["c = T.tensor([1 + 2j, 0.5 - 1j], requires_grad=True)"],
    "e": ["e = T.zeros(0, 3)"],
    "f": ["f = T.tensor([1.0, 2.0, 3.0], dtype=T.float32, requires_grad=True)"],
    "h": ["h = T.tensor([1.0, 2.0], dtype=T.float16)"],
    "k": ["k = T.ones(1, 3).expand(2, 3)"],
    "n": ["n = anp.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)"],
    "o": ["n = anp.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)", "o = n * 2.0"],
    "w": ["w = T.tensor([0.5, 0.25, 0.125])", "w.requires_grad_(); (w * w).sum().backward()"],
    "p": ["p = T.tensor([[2.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.0, 1.0, 1.0]])"],
}

PLAIN = ["0", "1", "-1", "2", "3", "0.5", "1.0", "None", "True", "(0, 1)", "[0]", "[0, 1]", "'sum'", "T.float32",
         "T.int64", "(2, 3)", "slice(1)",
         "...", "(slice(None), 0)", "[1.0, 2.0, 3.0]", "T.tensor([0, 1])", "T.ones(2, 3)", "T.ones(3)", "False",
         "T.bool", "T.tensor(2.0)", "T.ones(3, 3)",
         "[T.ones(3), T.ones(3)]", "(T.tensor([0, 1]),)"]
HOSTILE = [
    "E.A", "E.B", "Int(1)", "Float(0.5)", "np.longdouble(2)", "np.float16(1)", "np.str_('ab')", "Text('sum')",
    "np.int8(1)", "np.bool_(True)", "np.uint64(3)",
    "itself()", "deep()", "1 << 70", "-(1 << 70)", "1 << 62", "-(1 << 63)", "math.nan", "math.inf", "-math.inf",
    "-0.0", "1e308", "5e-324", "None", "Raises()",
    "[Raises()]", "(i_ for i_ in range(2))", "iter([1.0])", "lambda *a: None", "lambda g: ()", "lambda g: 'no'",
    "object()", "object", "int", "float", "bool",
    "''", "'nonsense'", "'mean'", "b'ab'", "bytearray(8)", "memoryview(b'12345678')", "{}", "{'a': 1}", "set()", "()",
    "[]", "[[]]", "[[1.0], [2.0, 3.0]]",
    "range(3)", "range(0)", "1j", "NotImplemented", "Ellipsis", "np.ones(2)", "np.ones((2, 3))", "np.array(1.0)",
    "np.array(['a'])", "np.array([None])",
    "np.arange(6.0).reshape(2, 3)[:, ::-1]", "np.array([1.0, 2.0], dtype='>f8')", "np.ones(3, dtype=np.longdouble)",
    "np.ones(2, dtype='M8[s]')",
    "np.array([(1, 2.0)], dtype='i4,f8')", "np.datetime64('2020')", "np.float64", "np.dtype('f4')", "'f8'",
    "'float32'", "T", "T.Tensor", "anp.ndarray", "T.Variable",
    "T.device('cpu')", "'cuda'", "T.Size([2, 3])", "T.strided", "anp.array([1.0, 2.0, 3.0])", "anp.array(2.0)",
    "T.tensor([], dtype=T.int64)", "T.tensor([7, -9])",
    "T.tensor([1 << 62])", "T.tensor([1.5])", "T.zeros(0)", "T.tensor([True, False])", "T.tensor(1j)",
    "T.tensor([0, 1], dtype=T.uint8)", "slice(None, None, 0)",
    "slice(1 << 70)", "slice('a')", "slice(None, None, -1)", "(0, 0)", "(0, 0, 0, 0, 0)", "(-1, -1)", "[0, 0]",
    "(5,)", "[-4]", "[None, 0]", "(...,  ...)", "[True, False]",
    "(1.5, 2)", "[0.0]", "'ij'", "'floor'", "-7", "7", "100", "1e300", "frozenset({1})", "complex('nan')", "type",
    "print", "Exception()", "math",
    "np.ma.array([1.0, 2.0], mask=[0, 1])", "T.autograd.no_grad()", "[[[]]]", "'a' * 300", "'\\ud800'", "'\\0'",
    "np.nan", "T.tensor(math.nan)", "[T.ones(2), None]",
    "[T.ones(2), anp.array([1.0, 2.0])]", "(T.ones(2), np.ones(2))", "[T.ones(2), 'a']", "[[T.ones(2)]]",
    "np.array(T.ones(2), dtype=object)", "1 << 63", "(1 << 40, 1 << 40)",
]
ACTS = ["{x}.detach_()", "{x}.add_(1)", "setattr({x}, 'data', T.zeros(7))", "{x}.zero_()",
        "{x}.requires_grad_(False)", "{x}.squeeze_()", "{x}.attach_grad()", "{x}.grad.zero_()",
        "{x}.resize_(1)", "{x}.__init__()", "{x}.sum().backward()"]

# What answers as an int does, or nearly.
NEARLY_INTS = ["E.A", "E.B", "Int(1)", "Float(0.5)", "np.int8(1)", "True", "np.bool_(True)", "np.longdouble(1)",
               "np.array(1)"]

KEYWORDS = ["dim", "axis", "keepdim", "dtype", "out", "requires_grad", "alpha", "value", "device", "other", "input",
            "accumulate", "retain_graph", "create_graph", "inputs",
            "gradient", "nonsense", "min", "max", "p", "dims", "index", "src", "reduce", "size", "n", "correction",
            "descending", "memory_format", "grad_tensors",
            "allow_unused", "copy", "order", "k", "diagonal", "indexing", "rounding_mode", "weights", "side", "names",
            "self"]


def attributes(kind):
    """(callable names, other names) that instances of a type have."""
    callables, others = [], []
    for name in dir(kind):
        if name in LEFT_OUT or name in ("__class__", "__del__", "__init_subclass__", "__subclasshook__", "__new__",
                                        "__getattribute__", "__delattr__"):
            continue
        (callables if callable(getattr(kind, name)) else others).append(name)
    return callables, others


def functions(module, prefix):
    """Spellings of what a module offers to be called."""
    return [f"{prefix}.{name}" for name in dir(module) if not name.startswith("_") and name not in LEFT_OUT
            and callable(getattr(module, name))
            and not inspect.ismodule(getattr(module, name))
            and getattr(module, name).__module__ not in ("typing", "collections.abc")]


METHODS, ATTRIBUTES = attributes(autodiff.Tensor)
METHODS_NUMPY, ATTRIBUTES_NUMPY = attributes(autodiff.numpy.ndarray)
# They would write files named after whatever argument they are given.
METHODS_NUMPY = [name for name in METHODS_NUMPY if name not in ("dump", "tofile")]
NODE, NODE_ATTRIBUTES = attributes(autodiff.autograd.graph.Node)
# Of the mirror what makes arrays: its other functions are NumPy's and speak NumPy's words, and some write files.
FUNCTIONS_NUMPY = ["anp.array", "anp.asarray"]
FUNCTIONS = (functions(autodiff, "T") + FUNCTIONS_NUMPY + functions(autodiff.autograd, "T.autograd")
             + functions(forward_ad, "fw") + functions(autodiff.autograd.graph, "T.autograd.graph")
             + functions(autodiff.nn, "T.nn") + functions(autodiff.nn.utils, "T.nn.utils"))
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "@", "<", "==", ">=", "&", "|", "^", "<<", ">>", "!=", "is", "in"]
INPLACE = ["+=", "-=", "*=", "/=", "**=", "//=", "%=", "&=", "|=", "^=", "<<=", ">>="]


class Maker:
    def __init__(self, seed):
        self.r = Random(f"call {seed}")
        self.used = []
        self.acted = False

    def operand(self):
        name = self.r.choice("xxyyvsrimcefhknowp")
        if name not in self.used:
            self.used.append(name)
        return name

    def argument(self):
        at = self.r.random()
        if at < 0.3:
            return self.operand()
        if at < 0.55:
            return self.r.choice(PLAIN)
        if at < 0.97:
            return self.r.choice(HOSTILE)
        self.acted = True
        act = self.r.choice(ACTS).format(x=self.operand())
        return self.r.choice(["Acts(lambda: {act})", "[Acts(lambda: {act})]", "lambda *a: {act}",
                              "(lambda: (({act}), 1.0)[1] for _ in 'a')"]).format(act=act)

    def arguments(self, most=4):
        parts = [self.argument() for _ in range(self.r.choice([0, 1, 1, 1, 2, 2, 3, most]))]
        for _ in range(self.r.choice([0, 0, 0, 0, 1, 1, 2])):
            name = self.r.choice(KEYWORDS)
            if not any(part.startswith(f"{name}=") for part in parts):
                parts.append(f"{name}={self.argument()}")
        return ", ".join(parts)

    def call(self):
        kind = self.r.choices(["method", "function", "operator", "getitem", "setitem", "attribute", "node", "inplace",
                               "delete"],
                              [40, 30, 6, 6, 6, 5, 5, 4, 0.5])[0]
        if kind == "function":
            function = self.r.choice(FUNCTIONS)
            first = self.operand() + ", " if self.r.random() < 0.6 else ""
            if self.r.random() < 0.1:
                first = f"[{self.operand()}, {self.operand()}], "
            return f"{function}({first}{self.arguments()})"
        x = self.operand()
        numpy = x in "no"
        if kind == "method":
            return f"{x}.{self.r.choice(METHODS_NUMPY if numpy else METHODS)}({self.arguments()})"
        if kind == "operator":
            a, b = (x, self.argument()) if self.r.random() < 0.6 else (self.argument(), x)
            return f"({a}) {self.r.choice(OPERATORS)} ({b})"
        if kind == "getitem":
            return f"{x}[{self.key()}]"
        if kind == "setitem":
            if self.r.random() < 0.3:
                return f"{x}[{self.key()}] {self.r.choice(INPLACE)} {self.argument()}"
            return f"{x}[{self.key()}] = {self.argument()}"
        if kind == "attribute":
            name = self.r.choice(ATTRIBUTES_NUMPY if numpy else ATTRIBUTES)
            return f"{x}.{name} = {self.argument()}"
        if kind == "inplace":
            return f"{x} {self.r.choice(INPLACE)} {self.argument()}"
        if kind == "delete":
            return f"del {x}.{self.r.choice(ATTRIBUTES)}"
        if self.r.random() < 0.4:
            hook = self.r.choice(["lambda *a: ()", "lambda *a: None", "lambda *a: (1,)", "lambda *a: a[0] + a[0]",
                                  "lambda *a: 'no'", "lambda a, b, c: None", "lambda *a: [None]",
                                  f"lambda *a: {x}.detach_()", f"lambda *a: {x}.__delitem__(0)", "lambda g: g[0]",
                                  "lambda *a: T.ones(9)", "lambda *a: (T.ones(9),)",
                                  "lambda *a: (np.ones(1),)", "lambda *a: T.tensor(1)", "lambda *a: churn()",
                                  "lambda *a: x.sum().backward()"])
            self.acted = True
            where = self.r.choice([".register_hook", ".grad_fn.register_hook", ".grad_fn.register_prehook",
                                   ".register_post_accumulate_grad_hook"])
            y = self.r.choice("yrvox")
            self.used = list(dict.fromkeys([*self.used, y, "x"]))
            return f"{y}{where}({hook}); {y}.sum().backward()"
        y = self.r.choice("yrvo")
        self.used = list(dict.fromkeys([*self.used, y]))
        return f"{y}.grad_fn.{self.r.choice(NODE)}({self.arguments()})"

    def key(self):
        if self.r.random() < 0.6:
            return self.argument()
        return ", ".join(self.r.choice([self.argument(), self.r.choice(NEARLY_INTS), ":", "0", "None", "..."])
                         for _ in range(self.r.choice([1, 2, 3])))

    def lines(self):
        call = self.call()
        statement = bool(re.search(r"(?<![=<>!(,])\s=\s|\w= |^del |;", call)) or any(f" {op} " in call
                                                                                     for op in INPLACE)
        if self.used and self.r.random() < 0.03 and not statement:
            self.acted = True
            act = self.r.choice(["{x}.detach_()", "{x}.detach_(), churn()", "{x}.add_(1), churn()",
                                 "{x}.data.zero_()"]).format(x=self.r.choice(self.used))
            call = f"out = armed(lambda: ({act}), lambda: {call})"
        elif not statement:
            call = f"out = {call}"
        made = list(dict.fromkeys(line for name in self.used for line in OPERANDS[name]))
        lines = made + [call]
        if self.r.random() < 0.1:
            lines.append("out.sum().backward()")
        elif self.r.random() < 0.05:
            lines.append("str(out)")
        return lines


def make(seed):
    """The call of a seed: {"lines": [...]}; operands first, then the call, then perhaps a use of its result."""
    maker = Maker(seed)
    lines = maker.lines()
    return {"lines": lines, "acted": maker.acted,
            "operands": [name for name in OPERANDS
                         if any(line.startswith(f"{name} = ") or ("; " in line and name == "w")
            for line in lines)]}


# ---- what must hold

SENSIBLE = (TypeError, ValueError, RuntimeError, IndexError, NotImplementedError, AttributeError, OverflowError,
            MemoryError, ZeroDivisionError, BufferError,
            StopIteration, Warning)
# Words of the inside of Python, Cython or NumPy, which say nothing to the caller.
INNER_WORDS = re.compile(r"object has no attribute '_[a-z]|'NoneType' object has no attribute|_core\.|ufunc '|has no len\(\)$|"
                         r"unhashable type|inhomogeneous|local variable|dictionary update|not subscriptable")


def snapshot(value):
    """Everything of an operand that a refused call must leave alone."""
    grad = value.grad
    return (value.detach().numpy().tobytes(), value._version, value.requires_grad, value.is_leaf, tuple(value.shape),
            str(value.dtype),
            None if grad is None else grad.detach().numpy().tobytes())


PARTS = ["values", "version", "requires_grad", "is_leaf", "shape", "dtype", "grad"]
NAMES = {name: value for name, value in vars(hostile).items() if not name.startswith("__")}


def reset():
    """Take back the settings that a call may have changed."""
    autodiff.set_grad_enabled(True)
    if autodiff.get_default_dtype() is not autodiff.float64:
        autodiff.set_default_dtype(autodiff.float64)
    autodiff.set_printoptions(profile="default")
    autodiff.autograd.set_detect_anomaly(False)
    autodiff.autograd.set_recording(False)
    autodiff.autograd.set_training(False)
    while True:
        try:
            forward_ad.exit_dual_level()
        except RuntimeError:
            return


def run(program):
    names = dict(NAMES)
    lines = program["lines"]
    state = None
    try:
        for line in lines:
            is_call = line not in OPERAND_LINES
            if is_call and state is None:
                operands = {name: names[name] for name in program["operands"] if name in names}
                state = {name: snapshot(value) for name, value in operands.items()}
            try:
                exec(compiled(line), names)
                continue
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                raised, kind = Raised(error), type(error)
                hostile_error = "a hostile object" in str(error)
            if not is_call:
                return Fault("broken", line, str(raised))
            fault = judge(raised, kind, line, hostile_error, program["acted"])
            if fault is not None:
                return fault
            if not program["acted"] and line.startswith(("out = ",
                                                         *OPERAND_STARTS)) and line != "out.sum().backward()":
                for name, value in operands.items():
                    now = snapshot(value)
                    for part, a, b in zip(PARTS, state[name], now):
                        if a != b:
                            return Fault(f"refused, but {part} changed", line,
                                         f"{raised}; of {name}: {a!r} became {b!r}"[:400])
            break
    finally:
        names.clear()
        reset()
    return None


OPERAND_LINES = {line for lines in OPERANDS.values() for line in lines}
OPERAND_STARTS = tuple(f"{name}{c}" for name in OPERANDS for c in ".[ ")


def judge(raised, kind, line, hostile_error, acted):
    if hostile_error or (kind in (NameError, AttributeError) and line.startswith(("out.", "str(out"))):
        return None
    if issubclass(kind, INNER) or not issubclass(kind, SENSIBLE):
        return Fault(f"raises {raised.kind}", line, str(raised))
    if not raised.message and kind is not MemoryError and kind is not StopIteration:
        return Fault("says nothing", line, str(raised))
    if not acted and INNER_WORDS.search(raised.message):
        return Fault("inner words", line, str(raised))
    if "must be Tensor" in raised.message and re.match(r"(out = )?[no]\.(?!grad_fn)", line):
        return Fault("calls an array a Tensor", line, str(raised))
    return None


def check(program):
    """The fault of a call, or None."""
    before = held()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fault = run(program)
    if fault is None and (left := left_behind(before)):
        fault = Fault("leak", program["lines"][-1], left)
    return fault, None


def alike(fault):
    """Calls that fail alike: kind, and the words said, without names and numbers."""
    called = re.search(r"[A-Za-z_][\w.]*(?=[(\[])",
                       re.sub(r"^out = (armed\(lambda: .*?, lambda: )?", "", fault["line"]))
    words = re.sub(r"-?[\d.e+jninf\[\]()]+|'[^']*'", " ", fault["text"])[:60]
    if fault["kind"].startswith(("raises", "inner", "says")):
        return fault["kind"], words
    return fault["kind"], called and called[0]


def warm_up():
    """Collect what importing left, once, and leave the rest out of collections."""
    gc.freeze()
    np.seterr(all="ignore")
    gc.collect()
    gc.freeze()


def show(program):
    """The call as a file that runs by itself."""
    return "\n".join([definitions(program["lines"]), *program["lines"]])


def definitions(lines):
    """Those of hostile.py that the lines name, and those that these name."""
    text = Path(hostile.__file__).read_text()
    head, *parts = re.split(r"\n\n\n(?=class |def )", text)
    named = {re.match(r"(?:class|def) (\w+)", part)[1]: part for part in parts}
    imports = "\n".join(line for line in head.splitlines() if re.match(r"import |from ", line))
    words = "\n".join(lines)
    return "\n".join([imports, *(part.rstrip() for name, part in named.items() if re.search(rf"\b{name}\b", words))])
