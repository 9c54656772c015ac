"""Why a gradient is None, zero, NaN or infinite, in words that name the cause and the line of the program.

Two sources.  The graph: a reverse pass is made over its nodes one by one, and where a cotangent first becomes NaN, infinite or
zero, the op and the values it saved say why.  And, inside of `explain()`, a *book*: a level that is asked before each op, and a
watcher that is told of each result, write down of what it was computed and where; so a value is followed through what cuts the
graph.  Neither costs anything outside of it.
"""
from __future__ import annotations

import linecache
import re
import sys
import warnings
import weakref
from _thread import _local
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import _guidance
from . import _variable as _v
from ._pytree import flatten

__all__ = ["Explanation", "explain"]

_Base = _v.Base
_Place = tuple[str, int, str]


class Explanation:
    """What explain() found.  Its text is a sentence that names the cause and the line, and details in the lines below it.

    cause: a word or two for it ("detach", "no_grad", "kink", "saturated", ...; "fine" if nothing is wrong); sentence: the
    first sentence; details: the others; lines: those of the program that take part, as (file, line, function); kind: "None",
    "zero", "nan", "inf", "fine" or, where there can be no gradient at all, "error".
    """

    def __init__(self, cause: str, sentence: str, details: Iterable[str] = (), lines: Iterable[_Place | None] = (),
                 kind: str = "None") -> None:
        self.cause, self.sentence, self.kind = cause, sentence, kind
        self.details = [line for line in details if line]
        self.lines = list(dict.fromkeys(place for place in lines if place is not None))

    def __str__(self) -> str:
        return "\n".join([self.sentence, *("  " + line for line in self.details)])

    __repr__ = __str__


def _at(place: _Place | None) -> str:
    """at FILE, line N: `text`; nothing if the line is not known."""
    return f" at {_guidance.line_text(place, always=True)}" if place is not None else ""


def _floats(value: Any) -> bool:
    """Whether a Variable holds what can have a gradient, in either flavour."""
    dtype = value.dtype
    return dtype.kind in "fc" if isinstance(dtype, np.dtype) else bool(dtype.is_floating_point or dtype.is_complex)


def _made(node: Any) -> _Place | None:
    """Where the program called the op of a node, if anomaly mode, as in explain(), was on then."""
    return _v.where_made(_v.node_of_context(node) if isinstance(node, _v.Context) else node)


def _number(value: Any) -> str:
    return f"{complex(value):.4g}" if np.iscomplexobj(value) else f"{float(value):.4g}"


# ---- what the values say

#: Ops whose derivative is 0 wherever they have one.
_STEPS = {"Sign": "sign", "Sgn": "sgn", "Round": "round", "Floor": "floor", "Ceil": "ceil", "Trunc": "trunc", "Fix": "fix",
          "Heaviside": "heaviside", "FloorDivide": "floor_divide", "Signbit": "signbit"}
#: Ops that are flat beside an interval.
_FLAT = {"Relu", "Clamp", "ClampMin", "ClampMax", "Hardtanh", "Hardsigmoid", "Hardswish", "Threshold", "Relu6", "Elu", "Selu",
         "Softshrink", "Hardshrink", "Celu"}
#: Ops whose derivative goes to 0 far out.
_SATURATING = {"Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Erf", "Erfc", "Exp", "Expit", "Softplus", "LogSigmoid", "Atan",
               "Gelu", "Silu", "Mish", "Ndtr", "Exp2", "Expm1", "Logsumexp"}
#: Ops that choose some of their elements.
_CHOOSING = {"Max", "Min", "Amax", "Amin", "Maximum", "Minimum", "Fmax", "Fmin", "Median", "Nanmedian", "Kthvalue", "Mode",
             "Topk", "Sort", "Aminmax", "Cummax", "Cummin", "MaxPool1D", "MaxPool2D", "MaxPool3D"}
_PICKING = {"Select", "Slice", "Index", "Gather", "IndexSelect", "Take", "MaskedSelect", "Diagonal", "Split", "Unbind",
            "Narrow", "TakeAlongDim", "Chunk", "Tril", "Triu", "Unfold", "AsStrided", "Pick"}
_BRANCHES = {"Where", "MaskedFill", "MaskedScatter", "NanToNum", "Choose", "Select1"}
_WRITES = {"CopySlices", "IndexPut", "Fill", "Zero", "Copy", "IndexFill", "Scatter", "IndexCopy", "MaskedFill", "Copys",
           "SelectScatter", "SliceScatter", "DiagonalScatter", "Put"}
#: What is infinite, or has no derivative, and where: (word, where it is so, what is said).
_SINGULAR: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "Sqrt": ("result", lambda v: v == 0, "sqrt was taken of 0, where its derivative 1 / (2 * sqrt(0)) is infinite"),
    "Rsqrt": ("result", np.isinf, "rsqrt was taken of 0, where it and its derivative are infinite"),
    "Log": ("self", lambda v: v == 0, "log was taken of 0, where its derivative 1 / 0 is infinite"),
    "Log2": ("self", lambda v: v == 0, "log2 was taken of 0, where its derivative is infinite"),
    "Log10": ("self", lambda v: v == 0, "log10 was taken of 0, where its derivative is infinite"),
    "Log1P": ("self", lambda v: v == -1, "log1p was taken of -1, where its derivative is infinite"),
    "Reciprocal": ("result", np.isinf, "the reciprocal of 0 was taken"),
    "Asin": ("self", lambda v: np.abs(v) == 1, "asin was taken at the end of its interval, where its derivative is infinite"),
    "Acos": ("self", lambda v: np.abs(v) == 1, "acos was taken at the end of its interval, where its derivative is infinite"),
    "Acosh": ("self", lambda v: v == 1, "acosh was taken of 1, where its derivative is infinite"),
    "Atanh": ("self", lambda v: np.abs(v) == 1, "atanh was taken of 1 or -1, where it is infinite"),
    "Div": ("other", lambda v: v == 0, "there is a division by 0"),
    "Std": ("result", lambda v: v == 0, "std is 0 there, a kink: its derivative is 0 / 0"),
    "Exp": ("result", np.isinf, "exp overflows: its result is infinite"),
    "Tan": ("result", np.isinf, "tan has a pole there"),
    "Hypot": ("self", lambda v: v == 0, "hypot(0, 0) is a kink, where there is no derivative"),
    "Atan2": ("self", lambda v: v == 0, "atan2(0, 0) has no derivative"),
    "LinalgVectorNorm": ("result", lambda v: v == 0, "the norm is 0 there, a kink where it has no derivative"),
    "Norm": ("result", lambda v: v == 0, "the norm is 0 there, a kink where it has no derivative"),
    "Lgamma": ("self", lambda v: v <= 0, "lgamma has a pole at 0 and at negative integers"),
}


def _short(node: Any) -> str:
    """The name of an op as its node has it: Sqrt of SqrtBackward0."""
    name = re.sub(r"Backward\d*$|<.*>", "", node.name().rpartition("::")[2])
    if name == "Mul" and node.next_functions[0][0] is None and _saved(node, "other") is not None:
        return "Div"        # 2 / x, which PyTorch names so; 2 * x saves no x
    return name


def _saved(node: Any, word: str) -> Any:
    """A saved value as a plain array, or None."""
    if "_saved_" + word not in dir(node):
        return None
    try:
        value = getattr(node, "_saved_" + word)
    except RuntimeError:        # freed, or written since
        return None
    if isinstance(value, _Base):
        return value.detach().numpy()
    return np.asarray(value) if isinstance(value, (int, float, complex)) and not isinstance(value, bool) else None


def _there(value: Any, mask: Any) -> Any:
    """The elements of value that stand where mask is true, as far as the shapes can be told to belong together."""
    if value is None:
        return np.empty(0)
    value = np.asarray(value)
    if mask is not None:
        try:
            return np.broadcast_to(value, mask.shape)[mask]
        except ValueError:
            return value.ravel()
    return value.ravel()


def _singular(node: Any, mask: Any) -> tuple[str, str]:
    """(cause, why) an op's derivative is not finite where mask is true."""
    name = _short(node)
    if isinstance(node, _v.Context):
        return "no finite derivative", f"backward() of {name} returns what is not finite"
    if name in _SINGULAR:
        word, test, said = _SINGULAR[name]
        values = _there(_saved(node, word), mask)
        with np.errstate(all="ignore"):
            if values.size and np.any(test(values)):
                return "kink" if "kink" in said else "infinite derivative", said
    if name in ("LinalgEigh", "LinalgEig", "LinalgSvd"):
        return "kink", f"{_called(name)} has values that are equal, whose vectors have no derivative"
    if name == "Pow":
        base, exponent = _there(_saved(node, "self"), mask), _saved(node, "exponent")
        zero = base.size and np.any(base == 0)
        power = "" if exponent is None or exponent.size != 1 else f" {_number(exponent.reshape(-1)[0])}"
        if zero:
            return "infinite derivative", f"0 was raised to the power{power}, where the derivative is infinite"
        if base.size and np.any(base < 0):
            return "outside of the domain", f"a negative number was raised to the power{power}"
    for word in ("self", "other", "result"):
        values = _there(_saved(node, word), mask)
        if values.size and values.dtype.kind in "fc":
            if np.isnan(values).any():
                return "nan value", f"{_called(name)} had NaN among its values already"
            if np.isinf(values).any():
                return "infinite value", f"{_called(name)} had an infinite value, {_number(values[np.isinf(values)][0])}"
            if np.any(values < 0) and name in ("Log", "Sqrt", "Log2", "Log10"):
                return "outside of the domain", f"{_called(name)} was taken of a negative number"
    return "no finite derivative", f"the derivative of {_called(name)} is not finite there"


def _called(name: str) -> str:
    """sqrt of Sqrt, log_softmax of LogSoftmax."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() or name


def _flat(node: Any, mask: Any) -> tuple[str, str]:
    """(cause, why) an op hands on 0 where mask is true."""
    name = _short(node)
    if isinstance(node, _v.Context):
        return "flat", f"backward() of {name} returns 0"
    called = _called(name)
    x, out = _there(_saved(node, "self"), mask), _there(_saved(node, "result"), mask)
    sample = x if x.size else out
    value = f" ({_number(sample[0])})" if sample.size and sample.dtype.kind in "fciu" else ""
    if name in _STEPS:
        return "step function", f"{called} is a step function, whose derivative is 0 wherever it has one"
    if name == "NotImplemented":
        return "step function", "the op is a step function, without a derivative other than 0"
    if name == "Relu" or (name == "Threshold" and x.size and np.all(x <= 0)):
        return "saturated", f"{called} is saturated: its operand is 0 or less there, where it is flat"
    if name.startswith("Clamp") or name == "Hardtanh":
        return "saturated", f"{called} is saturated: its operand{value} is outside of the bounds, where it is flat"
    if name in _FLAT:
        return "saturated", f"{called} is flat there, it is saturated"
    if name in ("Softmax", "LogSoftmax") and out.size and not np.all((out == 0) | (out == 1)):
        return "cancels", f"the results of {called} sum to 1, and the gradient that arrives is the same for all of them"
    if name in _SATURATING:
        if name.startswith("Exp") and out.size and np.all(out == 0):
            return "underflow", f"{called} underflows to 0, and so does its derivative"
        result = f": its result is {_number(out[0])} to the last digit, so its derivative rounds to 0" if out.size else \
            ": its derivative underflows to 0"
        return "saturated", f"{called} is saturated{result}"
    if name in ("Abs", "LinalgVectorNorm", "Norm", "Hypot", "Atan2", "Cdist", "Pdist", "Dist", "PairwiseDistance"):
        return "kink", f"{called} is at 0, a kink, where 0 is taken for the derivative"
    if name in _BRANCHES:
        return "where", f"it stands in a branch that {called} does not take"
    if name in _CHOOSING:
        return "not chosen", f"{called} does not choose it: another element is the extreme, or is equal and taken for it"
    if name in _PICKING:
        return "not chosen", f"it is not among the elements that are taken ({called})"
    if name in _WRITES:
        return "overwritten", "the elements are overwritten, so what they were before has no influence"
    if name in ("Mul", "Mv", "Mm", "Bmm", "Dot", "Matmul", "Addmm", "Linear", "Addcmul", "Prod", "Cumprod", "Inner", "Outer"):
        return "times zero", "it is multiplied by 0"
    if name == "Div":
        return "times zero", "the numerator is 0, or the divisor infinite"
    if name in ("Pow", "Square"):
        return "stationary", "its derivative at 0 is 0, a stationary point"
    if name in ("Sin", "Cos", "Cosh"):
        return "stationary", f"{called} has a stationary point there"
    return "flat", f"the derivative of {called} is 0 there"


def _tied(node: Any) -> bool:
    """Whether several elements are the extreme that an op has found."""
    if _short(node) in ("Maximum", "Minimum", "Fmax", "Fmin"):
        x, y = _saved(node, "self"), _saved(node, "other")
        return x is not None and y is not None and bool(np.any(x == y))
    if _short(node) in ("Max", "Min", "Amax", "Amin"):
        x, out = _saved(node, "self"), _saved(node, "result")
        return x is not None and out is not None and out.size == 1 and int(np.sum(x == out)) > 1
    return False


class _Finding:
    """Where a cotangent became NaN, infinite or 0: the node's words."""

    def __init__(self, kind: str, cause: str, why: str, place: _Place | None, name: str,
                 earlier: _Finding | None = None) -> None:
        self.kind, self.cause, self.why, self.place, self.name, self.earlier = kind, cause, why, place, name, earlier

    def lines(self) -> list[_Place | None]:
        return [*([] if self.earlier is None else self.earlier.lines()), self.place]


class _State:
    """What a pass knows of a result: the cotangent that has arrived, and where it got NaN, infinities, and zeros from."""

    def __init__(self, node: Any, number: int) -> None:
        self.node, self.number = node, number
        self.g: Any = None
        self.why: dict[str, _Finding] = {}
        self.made = 0       # contributions that were not 0
        self.stopped: Any = None    # the node that has handed nothing on, if nothing has arrived

    def add(self, g: Any, why: dict[str, _Finding]) -> None:
        array = g.detach().numpy()
        first = self.g is None
        with np.errstate(all="ignore"):
            self.g = g if first else self.g + g
        self.made += bool(np.any(array != 0))
        for kind in ("nan", "inf", "ties"):
            if kind in why:
                self.why.setdefault(kind, why[kind])
        for kind in ("zero", "zeros"):
            if kind in why and (first or kind in self.why or kind == "zeros"):
                self.why.setdefault(kind, why[kind])

    @property
    def array(self) -> Any:
        return self.g.detach().numpy()


class Examined:
    """A reverse pass over the nodes of a graph, one by one: nothing is accumulated, no hook runs, nothing is freed."""

    def __init__(self, outputs: Iterable[Any], gradients: Iterable[Any]) -> None:
        self.states: dict[tuple[int, int], _State] = {}
        self.nodes: dict[int, Any] = {}
        self.error: tuple[str, Any] | None = None       # (words, node) of a node that cannot run
        self.stopped: dict[tuple[int, int], Any] = {}   # nodes that hand nothing on to an operand
        self.arcs: dict[tuple[int, int], list[tuple[int, int, Any]]] = {}
        roots = []
        for output, g in zip(outputs, gradients, strict=True):
            edge = (output.grad_fn, output.output_nr) if isinstance(output, _Base) else (output[0], output[1])
            if edge[0] is None:
                if not output.requires_grad:
                    continue
                edge = _v.gradient_edge(output)[:2]
            if g is None:
                g = _ones(output)
            if g is None:
                continue
            roots.append(edge)
            self._state(*edge).add(g, {})
        self.order = self._sorted([node for node, _ in roots])
        with _quiet():
            for node in self.order:
                self._run(node)
        for (key, number), node in self.stopped.items():
            if (key, number) not in self.states:
                self._state(self.nodes[key], number).stopped = node
        self.leaves = {id(leaf): (leaf, state) for leaf, state in self._leaves()}

    def _state(self, node: Any, number: int) -> _State:
        self.nodes[id(node)] = node
        key = id(node), number
        if key not in self.states:
            self.states[key] = _State(node, number)
        return self.states[key]

    def _sorted(self, roots: list[Any]) -> list[Any]:
        """All nodes, each before those of its operands."""
        waiting: dict[int, int] = {}
        stack = list({id(n): n for n in roots}.values())
        for node in stack:
            waiting[id(node)] = waiting.get(id(node), 0)
            self.nodes[id(node)] = node
        while stack:
            for below, _ in stack.pop().next_functions:
                if below is None:
                    continue
                if id(below) not in waiting:
                    waiting[id(below)] = 0
                    self.nodes[id(below)] = below
                    stack.append(below)
                waiting[id(below)] += 1
        order, ready = [], [node for key, node in self.nodes.items() if waiting.get(key) == 0]
        while ready:
            node = ready.pop()
            order.append(node)
            for below, _ in node.next_functions:
                if below is not None:
                    waiting[id(below)] -= 1
                    if waiting[id(below)] == 0:
                        ready.append(below)
        return order

    def _leaves(self) -> Iterator[tuple[Any, _State]]:
        for state in self.states.values():
            if not state.node.next_functions and hasattr(state.node, "variable"):
                leaf = state.node.variable
                if leaf is not None:
                    yield leaf, state

    def _run(self, node: Any) -> None:
        edges = node.next_functions
        if not edges:
            return
        arrived = {number: state for (key, number), state in self.states.items() if key == id(node)} \
            if len(self.states) < 64 else {n: self.states[id(node), n] for n in range(64) if (id(node), n) in self.states}
        arrived = {n: s for n, s in arrived.items() if s.g is not None}
        if not arrived:
            return
        count = max(arrived) + 1
        while True:
            try:
                found = node(*(arrived[i].g if i in arrived else None for i in range(count)))
                break
            except TypeError as error:
                expected = re.match(r"expected (\d+) arguments, got", str(error))
                if expected is None or int(expected[1]) <= count:
                    self.error = self.error or (str(error), node)
                    return
                count = int(expected[1])
            except Exception as error:      # a program's own backward() may raise anything; it is told of
                self.error = self.error or (str(error), node)
                return
        results = found if isinstance(found, tuple) else (found,)
        for operand, ((below, number), g) in enumerate(zip(edges, results, strict=False)):
            if below is None:
                continue
            if not isinstance(g, _Base):
                self.stopped.setdefault((id(below), number), node)
                continue
            why = self._compare(node, arrived, g)
            self.arcs.setdefault((id(below), number), []).append((id(node), operand, why))
            self._state(below, number).add(g, why)

    def _compare(self, node: Any, arrived: dict[int, _State], g: Any) -> dict[str, _Finding]:
        """What became of the cotangents of a node's results in that of an operand."""
        array, given = g.detach().numpy(), [state.array for state in arrived.values()]
        why: dict[str, _Finding] = {}
        known = {kind: finding for state in reversed(arrived.values()) for kind, finding in state.why.items()}
        place = _made(node)
        nan, inf = np.isnan(array), np.isinf(array)
        with np.errstate(all="ignore"):
            if nan.any():
                if any(np.isnan(one).any() for one in given):
                    why["nan"] = known.get("nan") or known.get("inf") or self._not_finite("nan", node, nan, given, known, place)
                elif "inf" in known and any(np.isinf(one).any() for one in given):
                    why["nan"] = known["inf"]       # inf * 0, inf - inf: the cause is where the infinity came from
                else:
                    why["nan"] = self._not_finite("nan", node, nan, given, known, place)
            if inf.any():
                if "inf" in known and any(np.isinf(one).any() for one in given):
                    why["inf"] = known["inf"]
                else:
                    why["inf"] = self._not_finite("inf", node, inf, given, known, place)
            zero = array == 0
            new = zero
            if len(given) == 1 and _fits(given[0].shape, array.shape):
                new = zero & (given[0] != 0)        # not where it was 0 already
                new = new if new.any() else zero
            if array.size and zero.all():
                if all(one.size and (one == 0).all() for one in given):
                    found = known.get("zero") or known.get("zeros")
                    if found is not None:
                        why["zero"] = found
                else:
                    why["zero"] = _Finding("zero", *_flat(node, new), place, _short(node), known.get("zeros"))
            elif zero.any():
                if any((one == 0).any() for one in given) and "zeros" in known:
                    why["zeros"] = known["zeros"]
                else:
                    why["zeros"] = _Finding("zeros", *_flat(node, new), place, _short(node))
            if "ties" in known or _tied(node):
                name = _called(_short(node))
                why["ties"] = known.get("ties") or _Finding(
                    "ties", "ties", f"{name} has a tie, a kink: equal elements share the gradient", place, name)
        return why

    def _not_finite(self, kind: str, node: Any, mask: Any, given: list[Any], known: dict[str, _Finding],
                    place: _Place | None) -> _Finding:
        cause, why = _singular(node, mask)
        g = given[0]
        zero = np.broadcast_to(g, mask.shape)[mask] == 0 if g.ndim <= mask.ndim and _fits(g.shape, mask.shape) else g == 0
        maker = known.get("zeros") or known.get("zero")
        if kind == "nan" and np.any(zero):
            if maker is not None and maker.cause == "where":
                return _Finding(kind, "where", why, place, _short(node), maker)
            return _Finding(kind, cause, why + "; 0 times that is NaN", place, _short(node), maker)
        return _Finding(kind, cause, why, place, _short(node))

    def path_of(self, kind: str) -> set[int]:
        """The nodes whose cotangents are NaN ("nan") or infinite ("inf"), for a picture."""
        test = np.isnan if kind == "nan" else np.isinf
        makers = {above for arcs in self.arcs.values() for above, _, why in arcs if kind in why}
        return makers | {key for (key, _), state in self.states.items() if state.g is not None and test(state.array).any()}


def _fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, into) == tuple(into)
    except ValueError:
        return False


def _ones(output: Any) -> Any:
    if isinstance(output, _Base):
        return output.detach().clone().fill_(1)
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing is recorded, no book sees it, and NumPy and anomaly mode warn of nothing."""
    modes = {"grad_off": True, "above": False, "watched": False}
    before = {name: _v.mode(name) for name in modes}
    try:
        for name, on in modes.items():
            _v.set_mode(name, on)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, on in before.items():
            _v.set_mode(name, on)


# ---- the book of a program that runs

class _Entry:
    """A Variable as the book knows it: of what it was made, where, and whether the graph was cut there."""

    __slots__ = ("bad", "cut", "dtype", "floats", "grad", "leaf", "name", "off", "overflow", "pending", "place",
                 "ref", "shape", "sources", "under", "used", "weak")

    def __init__(self, variable: Any, name: str, place: _Place | None, sources: list[_Entry]) -> None:
        self.ref = weakref.ref(variable)
        self.name, self.place, self.sources = name, place, sources
        self.shape, self.dtype = tuple(variable.shape), str(variable.dtype).rpartition(".")[2]
        self.floats = _floats(variable)
        self.grad = bool(variable.requires_grad)
        self.leaf = bool(variable.requires_grad and variable.is_leaf)
        self.cut: tuple[str, str] | None = None         # (cause, words)
        self.weak: list[_Leave] = []                    # values that left before, of which it may have been made
        self.bad: tuple[str, _Place | None] | None = None           # where its values first were NaN
        self.overflow: tuple[str, _Place | None] | None = None      # ... were infinite
        self.under: tuple[str, _Place | None] | None = None         # ... were 0 because they are too small
        self.used: _Place | None = None                 # first use of what was not made by an op
        self.pending = False                            # told of before it was written: whether it requires grad is not known
        self.off = False


class _Leave:
    """Values that left the graph: by item(), tolist(), numpy() and their like."""

    __slots__ = ("entry", "name", "place", "values")

    def __init__(self, entry: _Entry, name: str, place: _Place | None, values: Any) -> None:
        self.entry, self.name, self.place, self.values = entry, name, place, values


class _Pass:
    """What was found in a reverse pass before it ran."""

    def __init__(self, roots: list[_Entry | None], leaves: dict[int, tuple[Any, Any]], error: Any,
                 inner: dict[tuple[int, int], Any], place: _Place | None) -> None:
        self.roots, self.leaves, self.error, self.inner, self.place = roots, leaves, error, inner, place


#: How values leave, as a program writes it.
_LEAVING = {"item": ".item()", "tolist": ".tolist()", "numpy": ".numpy()", "__array__": "np.asarray()", "__float__": "float()",
            "__int__": "int()", "__bool__": "bool()", "__complex__": "complex()", "__index__": "an index",
            "__reduce__": "pickle", "data_ptr": ".data_ptr()", "__deepcopy__": "copy.deepcopy()"}
#: Constructors: what they make of values has no graph.
_REBUILDING = {"tensor", "array", "from_numpy", "full", "Tensor", "as_tensor"}
_COMPARING = {"gt", "lt", "ge", "le", "eq", "ne", "logical_and", "logical_or", "logical_not", "logical_xor", "isnan", "isinf",
              "isfinite", "isclose", "bitwise_and", "bitwise_or", "bitwise_not", "any", "all", "signbit"}
_INDICES = {"argmax", "argmin", "argsort", "searchsorted", "nonzero", "bucketize", "count_nonzero", "bincount", "histc"}


class Book:
    """The level and the watcher of explain(): what each Variable was made of, what was cut, and what the passes met."""

    def __init__(self) -> None:
        self.entries: dict[int, _Entry] = {}
        self.call: Any = None               # the last op that was asked for
        self.place: _Place | None = None
        self.open: list[tuple[str, list[_Entry], _Place | None]] = []       # asked for, with a result that was not shown
        self.leaves: list[_Leave] = []
        self.passes: list[_Pass] = []
        self.composite: tuple[str, list[_Entry], _Place | None] | None = None       # the last one of what requires grad
        self.ends: list[tuple[str, list[_Entry], _Place | None]] = []               # comparisons and indices of such
        self.memory: dict[int, list[_Entry]] = {}       # what was looked at by detach() and .data, by address

    # -- what is asked, and made

    def __call__(self, call: Any) -> Any:
        _v.set_mode("watched", False)       # what is looked at here is no op of the program's
        try:
            self._asked(call)
        finally:
            _v.set_mode("watched", True)
        return NotImplemented

    def _asked(self, call: Any) -> None:
        place = _guidance.place()
        if self.call is not None and not self.call.leaves:
            self._unmatched()
        self.call, self.place = call, place
        if call.operands and call.name in _LEAVING:
            entry = self._known(call.operands[0], place)
            if entry is not None and self._live(entry):
                self.leaves.append(_Leave(entry, call.name, place, call.operands[0].detach().numpy().copy()))
        else:
            sources = [entry for entry in (self._known(one, place, call.into) for one in call.operands)
                       if entry is not None]
            if any(map(self._live, sources)):
                if call.called:
                    self.composite = call.name, sources, place
                if call.name in _COMPARING | _INDICES:
                    self.ends.append((call.name, sources, place))

    def _unmatched(self) -> None:
        """The op before made a result of which the watcher was not told: a comparison's."""
        call = self.call
        sources = [entry for entry in (self.entries.get(id(one)) for one in call.operands) if entry is not None]
        if sources and call.into is None:
            self.open = [*self.open[-7:], (call.name, sources, self.place)]

    def _known(self, value: Any, place: _Place | None, into: Any = None) -> _Entry | None:
        """The entry of an operand; into: what is about to be written."""
        if not isinstance(value, _Base):
            return None
        entry = self.entries.get(id(value))
        if entry is not None and entry.ref() is value:
            if value is not into:
                self._settle(entry)
            if entry.used is None:
                entry.used = place
            return entry
        name, made = "", None
        sources: list[_Entry] = []
        if not value.requires_grad:
            for i in range(len(self.open) - 1, -1, -1):
                name, sources, made = self.open[i]
                if not _floats(value) and name in _COMPARING | _INDICES:
                    del self.open[i]
                    break
                name, sources, made = "", [], None
            if not sources and not _floats(value) and self.composite is not None:
                name, sources, made = self.composite        # indices of topk(), perhaps: what else makes integers of numbers
        entry = self._enter(value, name, made or place, sources)
        entry.used = place
        if self.leaves and not sources:
            entry.weak = self._left([value.detach().numpy()], False)        # a copy by copy.deepcopy(), perhaps
        return entry

    def _enter(self, value: Any, name: str, place: _Place | None, sources: list[_Entry], off: bool = False) -> _Entry:
        entry = _Entry(value, name, place, sources)
        entry.off = off
        before = self.entries.get(id(value))
        if not sources or (before is not None and before.ref() is value):
            entry.pending = True        # tensor(..., requires_grad=True) is told of before it is a leaf
        elif not entry.grad and any(source.grad for source in sources):
            entry.cut = self._why_cut(entry, name, off)
        self.entries[id(value)] = entry
        return entry

    def _settle(self, entry: _Entry) -> None:
        """Of what was written in place: whether it requires grad by now."""
        value = entry.ref()
        if entry.pending and value is not None:
            entry.pending = False
            entry.grad = bool(value.requires_grad)
            entry.leaf = entry.grad and bool(value.is_leaf)
            if entry.bad is None and entry.floats and np.isnan(value.detach().numpy()).any():
                entry.bad = "NaN was written", entry.place
            if not entry.grad and any(source.grad for source in entry.sources):
                entry.cut = self._why_cut(entry, entry.name, entry.off)

    @staticmethod
    def _live(entry: _Entry) -> bool:
        """Whether a value depends on what requires grad, by whatever way."""
        seen, stack = set(), [entry]
        while stack:
            one = stack.pop()
            if one.grad or one.weak:
                return True
            if id(one) not in seen:
                seen.add(id(one))
                stack.extend(one.sources)
        return False

    @staticmethod
    def _why_cut(entry: _Entry, name: str, off: bool) -> tuple[str, str]:
        dtype = entry.dtype
        if name == "detach":
            return "detach", "detach() cuts the graph"
        if name == "data":
            return "data", ".data cuts the graph"
        if name in _REBUILDING:
            return "rebuilt", f"{name}() rebuilds it from its values alone, which cuts the graph"
        if name in _COMPARING:
            return "comparison", f"a comparison ({name}) has no derivative: its result is {dtype} and cuts the graph"
        if name in _INDICES:
            return "index", f"{name} gives indices, integers that have no derivative, and cuts the graph"
        if not entry.floats:
            if name in ("to", "type"):
                return "integer cast", f"a cast to the integer dtype {dtype} cuts the graph" if dtype != "bool" else \
                    "a cast to bool cuts the graph"
            return "integer", f"{name or 'the op'} gives {dtype}, which has no derivative, and cuts the graph"
        if off:
            return "no_grad", "it was used under no_grad(), where nothing is recorded,"
        return "cut", f"{name or 'the op'} gives a result that does not require grad"

    def made(self, value: Any, x: Any, y: Any, off: bool) -> None:
        """A result, told of by the watcher."""
        call, place = self.call, _guidance.place()
        name = call.name if call is not None else ""
        operands = list(x) if type(x) in (tuple, list) else [x]
        operands.append(y)
        if x is None and call is not None:
            operands = list(call.operands)
        plain = [one for one in operands if not isinstance(one, _Base)]
        sources = [entry for entry in (self._known(one, place, value) for one in operands) if entry is not None]
        if name in _REBUILDING and call is not None:
            sources += [entry for entry in (self._known(one, place) for one in (*call.operands, *call.params)
                                            if isinstance(one, _Base)) if entry is not None and entry not in sources]
            plain += [one for one in call.params if one is not None and not isinstance(one, _Base)]
        before = self.entries.get(id(value))
        if before is not None and before.ref() is value and before not in sources:
            sources.append(before)      # written in place: what it was has part in it, as far as is known
        entry = self._enter(value, name, place, sources, off)
        if self.leaves:
            entry.weak = self._left(plain)
        self._values(entry, value, operands, name)
        if name in ("detach", "data") or (before is not None and before.ref() is value):
            self._memory(entry, value, name, sources, before)
        self.call = None if call is not None and not call.called else call

    def _memory(self, entry: _Entry, value: Any, name: str, sources: list[_Entry], before: _Entry | None) -> None:
        """A write through what detach() or .data gave: it is one to what that was taken of, and is recorded nowhere."""
        array = value.detach().numpy()
        if not array.size:
            return
        known = self.memory.setdefault(array.__array_interface__["data"][0], [])
        if name in ("detach", "data"):
            known += [one for one in (entry, *sources) if one not in known]
        elif before in known:
            known.append(entry)
            for other in list(known):
                whole = other.ref()
                if whole is None or whole is value or whole.grad_fn is not None:
                    continue
                new = _Entry(whole, "write", entry.place, [other, entry])
                if not new.grad:
                    new.cut = "data", "a write through .data or detach() is not recorded,"
                new.used = other.used
                self.entries[id(whole)] = new
                known[known.index(other)] = new

    def _left(self, plain: list[Any], any_of_them: bool = True) -> list[_Leave]:
        """Of which values, that left the graph before, plain operands are made: those of equal values and, if there are
        none, perhaps any."""
        found: list[_Leave] = []
        for value in plain:
            if value is None or isinstance(value, (str, bytes, bool, slice, type, np.dtype)):
                continue
            if isinstance(value, (int, float, complex, np.ndarray, np.generic, list, tuple)):
                try:
                    array = np.asarray(value)
                except ValueError:
                    continue
                if array.dtype.kind not in "fciu":
                    continue
                same = [leave for leave in self.leaves if leave.values.size and (
                    np.may_share_memory(leave.values, array) or (
                        leave.values.size == array.size
                        and np.array_equal(leave.values.ravel(), array.ravel().astype(leave.values.dtype), equal_nan=True)))]
                found += same or (self.leaves if any_of_them and array.dtype.kind in "fc" else [])
        return list(dict.fromkeys(found))

    def _values(self, entry: _Entry, value: Any, operands: list[Any], name: str) -> None:
        """Where values were first NaN, or infinite."""
        for source in entry.sources:
            entry.bad = entry.bad or source.bad
            entry.overflow = entry.overflow or source.overflow
            entry.under = entry.under or source.under
        if not entry.floats:
            return
        array = value.detach().numpy()
        if entry.under is None and name in _SHRINKING and array.size and (array == 0).any():
            given = [one.detach().numpy() if isinstance(one, _Base) else one for one in operands
                     if isinstance(one, (_Base, int, float, np.ndarray, np.generic))]
            mask = array == 0
            for one in given if name in ("mul", "pow", "square", "div") else ():
                if _fits(np.shape(one), mask.shape):
                    mask = mask & (np.broadcast_to(one, mask.shape) != 0) & np.isfinite(np.broadcast_to(one, mask.shape))
            if mask.any():
                entry.under = _arithmetic(name, given, mask, "0, too small for the dtype"), entry.place
        if array.size == 0 or np.isfinite(array).all():
            entry.bad = entry.overflow = None
            return
        arrays = [one.detach().numpy() if isinstance(one, _Base) else one for one in operands
                  if isinstance(one, (_Base, int, float, complex, np.ndarray, np.generic))]
        if np.isnan(array).any():
            if entry.bad is None:
                outside = any(np.asarray(one).dtype.kind in "fc" and np.isnan(one).any() for one in arrays)
                entry.bad = ("NaN is among the data" if outside or not entry.sources else
                             _arithmetic(name, arrays, np.isnan(array))), entry.place
        else:
            entry.bad = None
            if entry.overflow is None and entry.sources and not any(
                    np.asarray(one).dtype.kind in "fc" and np.isinf(one).any() for one in arrays):
                entry.overflow = _arithmetic(name, arrays, np.isinf(array), _number(array[np.isinf(array)][0])), entry.place

    # -- passes

    def before_pass(self, outputs: tuple[Any, ...], gradients: tuple[Any, ...]) -> None:
        """A reverse pass is about to run."""
        place = _guidance.place()
        roots = [self._known(one, place) for one in outputs]
        wanted = [(one, g) for one, g in zip(outputs, gradients, strict=True)
                  if not isinstance(one, _Base) or one.requires_grad]
        anomaly = _v.set_mode("anomaly", True)      # so that the error about a write names its line
        try:
            found = Examined([one for one, _ in wanted], [g for _, g in wanted])
        finally:
            _v.set_mode("anomaly", anomaly)
        leaves = {key: (weakref.ref(leaf), _result(state)) for key, (leaf, state) in found.leaves.items()}
        inner = {(state.node._sequence_nr(), state.number): _result(state) for state in found.states.values()
                 if state.g is not None and state.node.next_functions}
        error = None if found.error is None else (found.error[0], _made(found.error[1]), found.error[1].name())
        self.passes = [*self.passes[-31:], _Pass(roots, leaves, error, inner, place)]

    # -- questions

    def leaf_entries(self) -> list[_Entry]:
        for entry in list(self.entries.values()):
            self._settle(entry)
        return [entry for entry in self.entries.values() if entry.leaf and entry.ref() is not None]

    def chain(self, end: _Entry, start: Any, weak: bool) -> list[Any]:
        """The way from a Variable to an entry: entries and leaves of values, from the entry on; empty if there is none."""
        stack: list[tuple[_Entry, tuple[Any, ...]]] = [(end, (end,))]
        seen: set[int] = set()
        while stack:
            entry, way = stack.pop()
            self._settle(entry)
            if entry.ref() is start and start is not None:
                return list(way)
            if id(entry) in seen:
                continue
            seen.add(id(entry))
            for source in entry.sources:
                stack.append((source, (*way, source)))
            if weak:
                for leave in entry.weak:
                    stack.append((leave.entry, (*way, leave, leave.entry)))
        return []

    def cut_between(self, start: Any, ends: Iterable[_Entry]) -> tuple[list[tuple[str, str, _Place | None]], bool]:
        """((cause, words, place) of what cuts the ways from start to ends, nearest to start first; whether it is certain)."""
        for weak in (False, True):
            for end in ends:
                way = self.chain(end, start, weak)
                cuts: list[tuple[str, str, _Place | None]] = []
                for one in reversed(way):
                    if isinstance(one, _Leave):
                        cuts.append(("value left", f"{_LEAVING[one.name]} takes the values out of the graph", one.place))
                    elif one.cut is not None and (one.cut[0] != "rebuilt" or not cuts):
                        cuts.append((*one.cut, one.place))
                cuts = _merged(cuts)
                if cuts:
                    return cuts, not weak
        return [], True


def _merged(cuts: list[tuple[str, str, _Place | None]]) -> list[tuple[str, str, _Place | None]]:
    """detach().numpy() is one cut, and tensor(x.numpy()) is one."""
    result: list[tuple[str, str, _Place | None]] = []
    for cut in cuts:
        if not result or result[-1][2] != cut[2]:
            result.append(cut)
    return result


#: Ops that are 0 only where they underflow, or where an operand is 0.
_SHRINKING = {"exp", "mul", "pow", "square", "div", "sigmoid", "exp2"}
_OPERATORS = {"div": "/", "mul": "*", "sub": "-", "add": "+", "pow": "**", "true_divide": "/"}


def _arithmetic(name: str, arrays: list[Any], mask: Any, what: str = "NaN") -> str:
    """0 / 0 is NaN; exp(1000) is inf: the operands where a result is not finite."""
    if name in ("pow_half", "square"):
        name, arrays = "pow", [*arrays, 0.5 if name == "pow_half" else 2]
    numbers = []
    for one in arrays:
        array = np.asarray(one)
        if _fits(array.shape, mask.shape):
            numbers.append(_number(np.broadcast_to(array, mask.shape)[mask][0]))
        elif array.size and array.dtype.kind in "fc" and array.size < 5:
            numbers.append("[" + ", ".join(map(_number, array.ravel())) + "]")
    if len(numbers) == 2 and name in _OPERATORS:
        return f"{numbers[0]} {_OPERATORS[name]} {numbers[1]} is {what}"
    return f"{name}({', '.join(numbers) if numbers else '...'}) is {what}"


class _Result:
    """The gradient that arrives at a place, as a pass found it."""

    def __init__(self, kind: str, finding: _Finding | None, count: int, size: int, cancel: bool) -> None:
        self.kind, self.finding, self.count, self.size, self.cancel = kind, finding, count, size, cancel


def _result(state: _State) -> _Result:
    array = state.array if state.g is not None else np.empty(0)
    size = array.size
    if state.g is None:
        node = state.stopped
        why = f"backward() of {node.name().removesuffix('Backward')} returns None for it"
        return _Result("None", _Finding("None", "backward returned None", why, _made(node), node.name()), 0, 0, False)
    nan, inf, zero = int(np.isnan(array).sum()), int(np.isinf(array).sum()), int((array == 0).sum())
    if nan:
        return _Result("nan", state.why.get("nan") or state.why.get("inf"), nan, size, False)
    if inf:
        return _Result("inf", state.why.get("inf"), inf, size, False)
    if size and zero == size:
        return _Result("zero", state.why.get("zero") or state.why.get("zeros"), zero, size, state.made > 0)
    if zero and "ties" not in state.why:
        return _Result("zeros", state.why.get("zeros") or state.why.get("zero"), zero, size, False)
    return _Result("fine", state.why.get("ties"), 0, size, False)


# ---- the words

class _Running(_local):
    """The books of this thread: open ones, innermost last, and the last that was closed."""

    def __init__(self) -> None:
        self.books: list[Book] = []
        self.last: Book | None = None


_RUNNING = _Running()
#: The order in which explanations are given, the worst first.
_RANK = {"error": 0, "nan": 1, "None": 2, "inf": 3, "zero": 4, "zeros": 5, "fine": 6}
_HINT = "Run the program inside `with autodiff.explain():` to have the lines named."


def _name_of(variable: Any) -> str:
    """The name that a program has for a Variable, looked for in its frames."""
    frame: Any = sys._getframe()
    while frame is not None:
        if _guidance.of_program(frame):
            text = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
            for scope in (frame.f_locals, frame.f_globals):
                names = [name for name, value in list(scope.items()) if value is variable and name.isidentifier()
                         and not name.startswith("_")]
                if names:
                    # `for value in (x, y)` is another name of x, which the line that asks does not use
                    return next((name for name in names if re.search(rf"\b{name}\b", text)), names[0])
        frame = frame.f_back
    return ""


def _labelled(variable: Any, name: str | None = None) -> str:
    found = name or _name_of(variable)
    return found or f"a {type(variable).__name__} of shape {tuple(variable.shape)}"


_OF_KIND = {"nan": "NaN", "inf": "infinite", "zero": "zero", "zeros": "zero", "None": "None"}


def _of_result(label: str, result: _Result, seen: _Seen) -> Explanation:
    """The words for a gradient that arrived."""
    kind, finding = result.kind, result.finding
    if kind in ("fine", "zeros") and seen.bad is not None:
        return Explanation("nan value", f"The gradient of {label} is finite, but the value that was differentiated is NaN "
                           f"because {seen.bad[0]}{_at(seen.bad[1])}{seen.after()}.", [], [*seen.lines(), seen.bad[1]], "fine")
    if kind == "fine" and finding is not None:
        return Explanation("ties", f"The gradient of {label} is finite, but {finding.why}{_at(finding.place)}.", [],
                           [finding.place], "fine")
    if kind == "fine":
        return Explanation("fine", f"The gradient of {label} is finite and not zero: nothing is wrong with it.", kind="fine")
    part = f" ({result.count} of its {result.size} elements)" if result.count < result.size else ""
    head = f"The gradient of {label} is {_OF_KIND[kind]}{part}"
    bad = seen.bad or (seen.inner if finding is not None and finding.cause in ("nan value", "infinite value") else None)
    if kind == "nan" and bad is not None:
        words, place = bad
        return Explanation("nan value", f"{head} because the values are NaN already in the forward pass: {words}{_at(place)}"
                           f"{seen.after() or seen.below()}.", ["NaN in a value makes every gradient NaN that passes it."],
                           [*seen.lines(), place], "nan")
    if result.cancel:
        return Explanation("cancels", f"{head} because the contributions of the places where it is used cancel each other.",
                           kind="zero")
    if finding is None:
        return Explanation("given", f"{head} because the gradient that the pass began with is.", kind=kind)
    if kind == "nan" and finding.cause == "where" and finding.earlier is not None:
        where = finding.earlier
        sentence = (f"{head} because {finding.why}{_at(finding.place)}, in a branch that where does not take{_at(where.place)}"
                    ": 0 times infinity is NaN.")
        details = ["where() hands 0 to the branch that is not taken, and 0 times an infinite derivative is NaN.",
                   "Mask the operand before: where(c, x, 1.0) inside, then where(c, f(that), other)."]
        return Explanation("where", sentence, details, [where.place, finding.place], "nan")
    infinite = finding.cause == "infinite value"
    after = seen.after() if infinite else seen.below() if finding.cause in ("infinite derivative", "times zero") else ""
    sentence = f"{head} because {finding.why}{_at(finding.place)}{after}."
    details = []
    if finding.earlier is not None:
        before = f"{finding.earlier.why}{_at(finding.earlier.place)}."
        details.append(f"Where it is not zero there, it is already: {before}" if kind in ("zero", "zeros")
                       else f"The 0 comes of this: {before}")
    details.append(_ADVICE.get(finding.cause, ""))
    if finding.place is None:
        details.append(_HINT)
    lines = [*finding.lines(), *(seen.lines() if after else [])]
    return Explanation(finding.cause, sentence, details, lines, kind if kind != "zeros" else "zero")


_ADVICE = {
    "infinite derivative": "Add a small number before, or keep the point out with where() on the operand.",
    "kink": "Add a small number inside of the root, or treat the point apart.",
    "step function": "A step has no slope to learn from: use a smooth function in its place, or a derivative of one's own.",
    "saturated": "Scale the operand down, begin elsewhere, or compute with logarithms (log_sigmoid, log_softmax).",
    "underflow": "Compute with logarithms: logsumexp, log_softmax.",
    "detach": "Leave out detach() where the gradient is to pass.",
    "data": "Leave out .data where the gradient is to pass; under no_grad() write in place instead.",
    "no_grad": "Take the computation out of no_grad().",
    "rebuilt": "Keep the Variable itself, or join Variables by stack() and cat().",
    "value left": "Keep the Variable: functions of autodiff and NumPy take it as it is.",
    "integer cast": "Keep a floating-point dtype on the way.",
    "comparison": "Use where(), a sigmoid, or the value itself in the place of the comparison.",
    "index": "Use a soft choice (softmax weights), or the value at the index.",
    "overwritten": "Write into a clone, or build the result by where(), stack() or cat().",
    "in place": "Write `y = y + 1` for `y += 1`, or clone() before the write.",
    "freed": "Say backward(retain_graph=True) in the first pass, or compute the graph anew.",
}


def _of_cuts(label: str, cuts: list[tuple[str, str, _Place | None]], certain: bool, loss: str = "") -> Explanation:
    cause, words, place = cuts[0]
    sentence = f"The gradient of {label} is None because {words}{_at(place)}."
    details = [f"Then {more}{_at(where)}." for _, more, where in cuts[1:6]]
    if not certain:
        details.append("Python numbers and plain arrays cannot be followed: this is where its values left, as far as is known.")
    details.append(_ADVICE.get(cause, ""))
    return Explanation(cause, sentence, details, [one[2] for one in cuts], "None")


def _of_error(label: str, error: tuple[str, _Place | None, str]) -> Explanation:
    words, place, name = error
    if "modified by an inplace operation" in words:
        found = re.search(r"It was written in (.*)\.$", words, flags=re.DOTALL)
        line = f" at {found[1]}" if found else ""
        what = f"a value that {_called(name.partition('Backward')[0])} saved{_at(place)}"
        return Explanation("in place", f"The gradient of {label} cannot be computed because {what} was overwritten in place"
                           f"{line}.",                           [words, _ADVICE["in place"]], [place, _parsed(line)], "error")
    if "a second time" in words:
        return Explanation("freed", f"The gradient of {label} cannot be computed because the graph is freed: a reverse pass "
                           "went through it already, and it does not keep what it saved.", [_ADVICE["freed"]], [place], "error")
    missing = re.match(r"derivative for (?:aten::)?(\w+) is not implemented", words)
    if missing is not None:
        return Explanation("no derivative", f"The gradient of {label} cannot be computed because {missing[1]} has no derivative"
                           f"{_at(place)}.", [words, _ADVICE["step function"]], [place], "error")
    return Explanation("error", f"The gradient of {label} cannot be computed because {name} raises{_at(place)}: {words}", [],
                       [place], "error")


def _parsed(line: str) -> _Place | None:
    found = re.match(r" at (.*?), line (\d+): ", line)
    return (found[1], int(found[2]), "") if found else None


class _Seen:
    """What a book knows of the values behind results: where they became NaN, and where those behind them did, or infinite."""

    def __init__(self, book: Book | None, roots: Iterable[_Entry | None]) -> None:
        self.bad = self.inner = self.overflow = self.under = None
        if book is None:
            return
        stack, seen = [root for root in roots if root is not None], set()
        self.bad = next((root.bad for root in stack if root.bad is not None), None)
        while stack:
            one = stack.pop()
            if id(one) not in seen:
                seen.add(id(one))
                self.inner, self.overflow = self.inner or one.bad, self.overflow or one.overflow
                self.under = self.under or one.under
                stack.extend(one.sources)

    def after(self) -> str:
        if self.overflow is None:
            return ""
        what = "infinity" if self.overflow[0].startswith(("log", "reciprocal", "tan", "atanh")) else "overflow"
        return f", after an {what}, {self.overflow[0]},{_at(self.overflow[1])}"

    def below(self) -> str:
        return f", after an underflow, {self.under[0]},{_at(self.under[1])}" if self.under is not None else ""

    def lines(self) -> list[_Place | None]:
        return [one[1] for one in (self.overflow, self.under) if one is not None]


_NOTHING_SEEN = _Seen(None, ())


def _explain_leaf(x: Any, book: Book | None, label: str, loss: Any = None) -> Explanation:
    """Why the gradient of a leaf is what it is."""
    if book is not None:
        for run in reversed(book.passes) if loss is None else ():
            known = run.leaves.get(id(x))
            if known is not None and known[0]() is x:
                if known[1].kind in ("fine", "zeros") and x.grad is None and run.error is None:
                    return Explanation("reset", f"The gradient of {label} is None because it was taken away after the pass"
                                       f"{_at(run.place)}, or autograd.grad() returned it.", [], [run.place])
                return _of_result(label, known[1], _Seen(book, run.roots))
            if run.error is not None:
                return _of_error(label, run.error)
    if x.grad is None and not x.requires_grad and not (book is not None and book.entries.get(id(x)) is not None):
        return _no_grad_wanted(x, label)
    if book is not None:
        if loss is not None:
            ends = [book.entries[id(loss)]] if id(loss) in book.entries else []
        else:
            ends = [root for run in reversed(book.passes) for root in run.roots if root is not None]
        if not ends:
            ends = [entry for entry in reversed(book.entries.values()) if entry.ref() is not x]
        cuts, certain = book.cut_between(x, ends)
        if cuts:
            return _of_cuts(label, cuts, certain)
        entry = book.entries.get(id(x))
        if x.requires_grad and entry is not None and not entry.grad and entry.used is not None:
            return Explanation("set after use", f"The gradient of {label} is None because requires_grad was set after it was "
                               f"used{_at(entry.used)}: ops before that are not recorded.",
                               ["Set it when it is made: tensor(..., requires_grad=True)."], [entry.used])
        if not x.requires_grad:
            return _no_grad_wanted(x, label, entry)
        left = [leave for leave in book.leaves if book.chain(leave.entry, x, True)]
        if left and (ends or loss is not None) and x.grad is None:
            words = f"{_LEAVING[left[0].name]} takes the values out of the graph"
            return _of_cuts(label, [("value left", words, left[0].place)], False)
        dead = _dead_end(book, x, label)
        if dead is not None and x.grad is None and ends:
            return dead
        if not book.passes and x.grad is None:
            return Explanation("no backward", f"The gradient of {label} is None because backward() was not called yet.",
                               ["Call loss.backward(), or take autodiff.grad(...)."])
        if x.grad is None:
            how = "it was not used in what the pass began with" if entry is not None and entry.used is not None else \
                "no op has used it"
            return Explanation("no path", f"The gradient of {label} is None because there is no path from the result"
                               f"{_at(book.passes[-1].place)} to it: {how}.", [_lookalike(book, x)],
                               [book.passes[-1].place])
    if not x.requires_grad:
        return _no_grad_wanted(x, label)
    if x.grad is None:
        return Explanation("no backward", f"The gradient of {label} is None because backward() was not called yet, or there is "
                           "no path to it from what it was called on.", [_HINT])
    return _plain_gradient(x, label)


def _dead_end(book: Book, x: Any, label: str) -> Explanation | None:
    """A comparison or an index that was made of x, where its result was not followed."""
    for name, sources, place in book.ends:
        if any(book.chain(source, x, True) for source in sources):
            kind = ("index", f"{name} gives indices, integers that have no derivative,") if name in _INDICES else \
                ("comparison", f"a comparison ({name}) has no derivative: what follows depends on its outcome alone,")
            return _of_cuts(label, [(*kind, place)], False)
    return None


def _lookalike(book: Book, x: Any) -> str:
    others = [entry for entry in book.leaf_entries() if entry.ref() is not x and entry.shape == tuple(x.shape)]
    return "Another leaf of its shape was used in its place." if others else ""


def _no_grad_wanted(x: Any, label: str, entry: _Entry | None = None) -> Explanation:
    if not _floats(x):
        kind = str(x.dtype).rpartition(".")[2]
        return Explanation("integer", f"The gradient of {label} is None because it holds {kind}, and only floating-point and "
                           "complex numbers have gradients.", ["Make it with a floating-point dtype."])
    place = entry.used if entry is not None else None
    return Explanation("requires_grad", f"The gradient of {label} is None because it does not require grad (requires_grad is "
                       f"False){', as it is used' + _at(place) if place is not None else ''}.",
                       ["Make it with requires_grad=True, or call requires_grad_() before it is used."], [place])


def _plain_gradient(x: Any, label: str) -> Explanation:
    """Of a gradient that is there, and of which nothing else is known."""
    array = x.grad.detach().numpy()
    nan, inf, zero = np.isnan(array).sum(), np.isinf(array).sum(), (array == 0).sum()
    what = "NaN" if nan else "infinite" if inf else "zero" if array.size and zero == array.size else ""
    if not what:
        return Explanation("fine", f"The gradient of {label} is finite and not zero: nothing is wrong with it.", kind="fine")
    count = nan or inf or zero
    return Explanation("unknown", f"The gradient of {label} is {what} in {count} of its {array.size} elements, and the pass "
                       "that computed it was not watched.", [_HINT, "Or ask before backward(): explain(loss)."],
                       kind=what.lower())


def _explain_graph(y: Any, book: Book | None, label: str) -> Explanation:
    """Of a result with a graph: the worst of what its leaves would get."""
    with _quiet():
        found = Examined([y], [None])
    if found.error is not None:
        text, node = found.error
        return _of_error(label if not found.leaves else _labelled(next(iter(found.leaves.values()))[0]),
                         (text, _made(node), node.name()))
    bad = _Seen(book, [book.entries.get(id(y))] if book is not None else [])
    results = [_of_result(_labelled(leaf), _result(state), bad) for leaf, state in found.leaves.values()]
    return _worst(results) or Explanation("fine", f"Nothing that {label} depends on requires grad any more.", kind="fine")


def _worst(results: list[Explanation]) -> Explanation | None:
    if not results:
        return None
    first = min(results, key=lambda one: _RANK.get(one.kind, 5) + (0.5 if "elements)" in one.sentence else 0))
    others = [one.sentence for one in results if one is not first and one.kind != "fine" and one.sentence != first.sentence]
    first.details += [f"Also: {sentence}" for sentence in others[:5]]
    return first


def _explain_variable(x: Any, loss: Any = None) -> Explanation:
    book = _RUNNING.books[-1] if _RUNNING.books else _RUNNING.last
    label = _labelled(x)
    if loss is not None:
        if loss.requires_grad:
            with _quiet():
                found = Examined([loss], [None])
            if found.error is not None:
                return _of_error(label, (found.error[0], _made(found.error[1]), found.error[1].name()))
            if id(x) in found.leaves:
                entry = book.entries.get(id(loss)) if book is not None else None
                return _of_result(label, _result(found.leaves[id(x)][1]), _Seen(book, [entry]))
            if x.grad_fn is not None:
                state = found.states.get((id(x.grad_fn), x.output_nr))
                if state is not None and state.g is not None:
                    return _of_result(label, _result(state), _NOTHING_SEEN)
        if book is None or id(x) not in book.entries:
            what = "the result does not require grad" if not loss.requires_grad else "there is no path from the result to it"
            return Explanation("no path", f"The gradient of {label} is None because {what}.", [_HINT]) if x.requires_grad \
                else _no_grad_wanted(x, label)
        return _explain_leaf(x, book, label, loss)
    known = book.entries.get(id(x)) if book is not None else None
    if known is not None and known.ref() is not x:
        known = None
    if known is None and book is not None and not _RUNNING.books and not any(
            id(x) in run.leaves and run.leaves[id(x)][0]() is x for run in book.passes):
        book = None
    if x.is_leaf and (x.requires_grad or known is None or known.cut is None):
        if not x.requires_grad and known is not None and known.sources and not known.leaf:
            return _explain_cut_result(x, known, book, label)
        return _explain_leaf(x, book, label)
    if not x.requires_grad:
        return _explain_cut_result(x, known, book, label)
    return _explain_inner(x, known, book, label)


def _explain_cut_result(x: Any, known: _Entry | None, book: Any, label: str) -> Explanation:
    """Of a result that does not require grad."""
    if known is not None:
        for leaf in book.leaf_entries():
            cuts, certain = book.cut_between(leaf.ref(), [known])
            if cuts:
                return _of_cuts(_labelled(leaf.ref()), cuts, certain)
    return _no_grad_wanted(x, label, known)


def _explain_inner(x: Any, known: _Entry | None, book: Book | None, label: str) -> Explanation:
    """Of a result of an op that requires grad."""
    if book is not None:
        for run in reversed(book.passes):
            if any(root is not None and root.ref() is x for root in run.roots):
                if run.error is not None:
                    return _of_error(label, run.error)
                bad = _Seen(book, run.roots)
                results = [_of_result(_labelled(ref()), result, bad) for ref, result in run.leaves.values()
                           if ref() is not None]
                missing = [leaf.ref() for leaf in book.leaf_entries() if id(leaf.ref()) not in run.leaves]
                results += [one for one in (_explain_leaf(leaf, book, _labelled(leaf)) for leaf in missing)
                            if one.kind == "None" and one.cause != "no path"]
                worst = _worst(results)
                if worst is not None:
                    return worst
    if not x.retains_grad:
        place = _made(x.grad_fn) or (known.place if known is not None else None)
        leaf = Explanation("not a leaf", f"The gradient of {label} is None because it is not a leaf: it is the result of "
                           f"{_called(_short(x.grad_fn))}{_at(place)}, and retain_grad() was not called.",
                           [f"Call {label if label.isidentifier() else 'its'}.retain_grad() before backward(), or make a leaf "
                            "of it with detach().requires_grad_().", "" if place else _HINT], [place])
        if book is not None and book.passes:
            return leaf
        whole = _explain_graph(x, book, label)
        # of zeros alone, a few are everyday: those of a relu
        worse = whole.kind in ("nan", "inf", "error") or (whole.kind == "zero" and "elements)" not in whole.sentence)
        return whole if worse else leaf
    if book is not None:
        for run in reversed(book.passes):
            key = x.grad_fn._sequence_nr(), x.output_nr
            if key in run.inner:
                return _of_result(label, run.inner[key], _Seen(book, run.roots))
    if x.grad is None:
        return Explanation("no backward", f"The gradient of {label} is None because backward() was not called yet, or there is "
                           "no path to it from what it was called on.", [_HINT])
    return _plain_gradient(x, label)


# ---- running a function

def _explain_call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Explanation:
    """f is run in a book of its own; of what it returns a reverse pass is examined."""
    given = [_as_leaf(value) for value in args]
    leaves = [one for value in given for one in flatten(value)[0] if isinstance(one, _Base) and one.requires_grad]
    names = _parameters(function, given)
    error: Exception | None = None
    result = None
    with explain() as book:
        for leaf in leaves:
            book._known(leaf, None)
        try:
            result = function(*given, **kwargs)
        except Exception as raised:     # what the program raises is part of the explanation
            error = raised
        outputs = [one for one in flatten(result)[0] if isinstance(one, _Base)] if result is not None else []
        roots = [one for one in outputs if one.requires_grad]
        if roots and not book.passes:
            book.before_pass(tuple(roots), (None,) * len(roots))
            book.passes[-1].place = None
    with _quiet():
        return _of_call(book, given, leaves, names, outputs, result, error)


def _of_call(book: Book, given: list[Any], leaves: list[Any], names: dict[int, str], outputs: list[Any], result: Any,
             error: Exception | None) -> Explanation:
    """The worst of what became of the gradients of a function's arguments, and of other leaves that it used."""
    ends = [entry for entry in (book.entries.get(id(one)) for one in outputs) if entry is not None]
    all_leaves = leaves + [entry.ref() for entry in book.leaf_entries() if not any(entry.ref() is one for one in leaves)]
    found = []
    for leaf in all_leaves:
        label = names.get(id(leaf)) or _labelled(leaf)
        said = _explain_result(leaf, book, label, ends, result, outputs)
        if not any(leaf is own for own in leaves) and said.cause in ("no path", "no backward"):
            continue        # something beside: a leaf that took part in nothing
        found.append(said)
    plain = [one for value in given for one in flatten(value)[0] if isinstance(one, _Base) and not one.requires_grad]
    if not all_leaves:
        for one in plain:
            found.append(_no_grad_wanted(one, names.get(id(one)) or _labelled(one), book.entries.get(id(one))))
    worst = _worst(found)
    if result is None and error is None and not book.passes:
        return Explanation("no result", "There is no gradient because the function returns None and calls no backward().",
                           ["Let it return what is to be differentiated."])
    if error is not None:
        details = [f"{type(error).__name__}: {error}"]
        if worst is None or worst.kind in ("fine", "zero") or worst.cause in ("no backward", "no path", "reset"):
            place = _raised_at(error)
            worst = Explanation("error", f"There is no gradient because the function raises {type(error).__name__}{_at(place)}"
                                f": {str(error).partition('. ')[0]}.", [], [place], "error")
        worst.details += details
    if worst is None:
        return Explanation("requires_grad", "There is no gradient because nothing that the function uses requires grad.",
                           ["Hand it floats, arrays, or Variables with requires_grad=True."])
    return worst


def _explain_result(leaf: Any, book: Book, label: str, ends: list[_Entry], result: Any, outputs: list[Any]) -> Explanation:
    for run in reversed(book.passes):
        known = run.leaves.get(id(leaf))
        if run.error is not None:
            return _of_error(label, run.error)
        if known is not None:
            return _of_result(label, known[1], _Seen(book, run.roots))
    ends = [*ends, *(root for run in book.passes for root in run.roots if root is not None)]
    cuts, certain = book.cut_between(leaf, ends)
    if cuts:
        return _of_cuts(label, cuts, certain)
    left = [leave for leave in book.leaves if book.chain(leave.entry, leaf, True)]
    if left:
        words = f"{_LEAVING[left[0].name]} takes the values out of the graph"
        return _of_cuts(label, [("value left", words, left[0].place)], isinstance(result, (int, float)) and not outputs)
    dead = _dead_end(book, leaf, label)
    if dead is not None:
        return dead
    if book.passes or outputs or result is not None:
        return Explanation("no path", f"The gradient of {label} is None because there is no path from the result to it: it is "
                           "not used in what is returned.", [])
    return _explain_leaf(leaf, book, label)


def _raised_at(error: BaseException) -> _Place | None:
    place, trace = None, error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if _guidance.of_program(frame) and not frame.f_code.co_filename.endswith(".pyx"):
            place = (frame.f_code.co_filename, trace.tb_lineno, frame.f_code.co_name)
        trace = trace.tb_next
    return place


def _as_leaf(value: Any) -> Any:
    """An argument as f gets it: floats and float arrays require grad, Variables are as they are."""
    if type(value) is float or (isinstance(value, (np.ndarray, np.floating)) and np.asarray(value).dtype.kind in "fc"):
        return _v.as_ndarray(np.array(value)).requires_grad_()
    return value


def _parameters(function: Any, given: list[Any]) -> dict[int, str]:
    """The names of f's parameters, by the Variables that are handed to them."""
    code = getattr(function, "__code__", None)
    if code is None:
        return {}
    first = 1 if hasattr(function, "__self__") else 0
    names = code.co_varnames[first:code.co_argcount]
    return {id(value): name for name, value in zip(names, given, strict=False) if isinstance(value, _Base)}


class explain:
    """Why a gradient is None, zero, NaN or infinite: words that name the cause and the line of the program.

    explain(x): of a Variable, by its graph and, inside `with explain():` or after it, by what the program did there: also what
    cut the graph (detach, no_grad, .data, casts to integers, Variables made anew of values, item(), ...).  Of a leaf it tells
    of its gradient; of the result of ops, of the leaves behind it or, if these are fine, of its own gradient.
    explain(x, loss): why the gradient of loss with respect to x is what it is.
    explain(f, *args, **kwargs): runs f and tells of its result; floats and arrays in args become Variables that require grad.
    Returns an Explanation: text, `cause`, `kind`, `sentence`, `details` and `lines`.  explain() alone is the context.  It costs
    nothing outside; inside each op costs some hundred microseconds and each pass is made twice.  Raises TypeError for what
    is neither Variable nor callable.

    >>> import autodiff
    >>> x = autodiff.tensor([0.0, 4.0], requires_grad=True)
    >>> why = autodiff.explain(autodiff.where(x > 0, x.sqrt(), 0.0).sum())
    >>> why.cause, why.kind
    ('where', 'nan')
    """

    def __new__(cls, target: Any = None, /, *args: Any, **kwargs: Any) -> Any:
        if target is None and not args and not kwargs:
            return super().__new__(cls)
        if isinstance(target, _Base):
            if len(args) > 1 or kwargs or not all(isinstance(one, _Base) for one in args):
                raise TypeError("explain(x, loss): expected a Variable, and perhaps the Variable that is differentiated")
            with _quiet():
                return _explain_variable(target, *args)
        if callable(target):
            return _explain_call(target, args, kwargs)
        raise TypeError(f"explain() takes a Variable or a function, not {type(target).__name__}")

    def __enter__(self) -> Book:
        book = Book()
        self._before = _v.set_mode("anomaly", True), _v.mode("nan_allowed")
        if not self._before[0]:
            _v.set_mode("nan_allowed", True)        # a NaN is to be explained, not an error
        _v.push_level(book)
        _v.push_watcher(book)
        _RUNNING.books.append(book)
        return book

    def __exit__(self, *error: object) -> None:
        _RUNNING.last = _RUNNING.books.pop()
        _v.pop_watcher()
        _v.pop_level()
        _v.set_mode("anomaly", self._before[0])
        _v.set_mode("nan_allowed", self._before[1])
