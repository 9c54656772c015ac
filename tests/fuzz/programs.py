"""Random programs as lists of lines, and the two oracles they are held against: PyTorch and finite differences."""
from __future__ import annotations

import contextlib
import gc
import math
import os
import re
import types
import warnings
from random import Random

import numpy as np

import autodiff
import autodiff.numpy
from autodiff.autograd import forward_ad

from .common import ALONE, Fault, execute, held, left_behind
from .departures import departure

try:
    if ALONE in os.environ:
        raise ImportError("asked to run without PyTorch")
    import torch
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
except ImportError:
    torch = None

SHAPES = [(), (), (1,), (2,), (3,), (3,), (4,), (2, 3), (2, 3), (3, 2), (3, 3), (3, 1), (1, 3), (2, 2, 2), (1, 2, 3),
          (0,), (2, 0)]
NUMBERS = ["2.0", "0.5", "-1.5", "3", "-1", "0.25"]

# What has a derivative everywhere in the range of values that programs have, so that differences can judge it.
SMOOTH = [
    "{x}.sin()", "{x}.cos()", "{x}.tanh()", "{x}.sigmoid()", "{x}.exp()", "{x} * {x}", "-{x}", "{x} ** 2", "{x} ** 3",
    "({x} * {x} + 1.0).log()", "({x} * {x} + 1.0).sqrt()", "1 / ({x} * {x} + 1.0)", "({x} * {x} + 1.0).reciprocal()",
    "({x} * {x} + 1.0).rsqrt()", "{x}.erf()", "{x}.sinc()", "({x} * {x} + 0.5) ** 1.5", "{x}.atan()", "{x}.asinh()",
    "{x}.expm1()", "({x} * {x}).log1p()", "T.softplus({x})", "T.logsigmoid({x})", "T.gelu({x})", "T.silu({x})",
    "{x}.square()",
    "2.0 - {x}", "{x} / 4", "1 / (2.0 + {x}.sin())", "{x}.sinh()", "{x}.cosh()", "T.mish({x})",
    "({x} * {x} + 0.3).lgamma()",
    "({x} * {x} + 0.3).digamma()", "T.fft.fft({x}).real", "T.fft.hfft({x}, 5)[..., :3]",
    "{x}.exp2()", "0.7 ** {x}", "T.logit({x}.sigmoid() * 0.9 + 0.05)",
]
KINKED = ["{x}.abs()", "{x}.relu()", "{x}.clamp(-0.5, 0.5)", "{x}.sign()", "{x}.floor()", "{x}.frac()",
          "T.leaky_relu({x})",
          "T.hardtanh({x})", "{x}.clamp_min(0)", "{x}.ceil()", "{x}.trunc()", "{x}.round()", "T.relu6({x})",
          "T.elu({x})",
          "{x} % 0.75", "{x}.fmod(0.75)", "{x}.reciprocal()", "{x}.log()", "{x}.sqrt()", "1 / {x}", "{x} ** 0.5",
          "{x} ** -1",
          "T.nan_to_num({x})", "{x}.sgn()", "T.threshold({x}, 0.1, 0.5)", "{x} ** 1", "{x} ** 0", "{x}.positive()",
          "{x}.rsqrt()", "T.hardswish({x})", "T.selu({x})", "T.celu({x})", "{x}.deg2rad()", "{x}.log2()",
          "{x}.log10()"]
NAMED_UNARY = ["sin", "cos", "tanh", "sigmoid", "exp", "square", "neg", "erf", "atan", "expm1", "abs", "relu", "sinh",
               "floor",
               "asinh", "sinc", "reciprocal", "exp2", "sign", "frac", "sgn", "trunc", "ceil", "deg2rad", "sqrt",
               "rsqrt", "log1p"]
SMOOTH_BINARY = ["{x} + {y}", "{x} - {y}", "{x} * {y}", "{x} * {y}", "{x} / ({y} * {y} + 1.0)", "{x} / {y}.exp()",
                 "T.add({x}, {y}, alpha=2)", "{x}.sub({y}, alpha=0.5)", "T.hypot({x}, {y} + 3.0)",
                 "T.logaddexp({x}, {y})",
                 "({x} * {x} + 0.5) ** {y}", "T.atan2({x}, {y} * {y} + 0.5)", "T.lerp({x}, {y}, 0.3)",
                 "T.xlogy({x}, {y} * {y} + 0.5)",
                 "T.where({x} > 0, {x}, {y})", "T.lerp({x}, {y}, {x})", "T.addcmul({x}, {y}, {x}, value=0.5)",
                 "T.addcdiv({x}, {y}, {x} * {x} + 1.0)"]
KINKED_BINARY = ["T.maximum({x}, {y})", "T.minimum({x}, {y})", "{x} / {y}", "{x} % {y}", "T.fmod({x}, {y})",
                 "{x} > {y}", "{x} == {y}",
                 "T.fmax({x}, {y})", "T.copysign({x}, {y})", "{x} // {y}", "{x} <= {y}",
                 "T.where({x} > {y}, {x}, 0.0)",
                 "T.clamp({x}, min={y})", "T.heaviside({x}, {y})", "{x} ** {y}"]


def drop(s, d, e):
    return s[:d] + s[d + 1:]


def same(s, d, e):
    return s


def swap(s, d, e):
    s = list(s)
    s[d], s[e] = s[e], s[d]
    return tuple(s)


def size(s):
    return math.prod(s)


# Template, least number of dimensions, shape of the result; {d} and {e} are dimensions of x.
VIEWS = [
    ("{x}.transpose({d}, {e})", 1, swap), ("{x}.unsqueeze({d})", 1, lambda s, d, e: (*s[:d], 1, *s[d:])),
    ("{x}.select({d}, 0)", 1, drop),
    ("{x}.narrow({d}, 0, 1)", 1, lambda s, d, e: (*s[:d], 1, *s[d + 1:])),
    ("{x}.reshape(-1)", 0, lambda s, d, e: (size(s),)),
    ("{x}.view(-1)", 0, lambda s, d, e: (size(s),)), ("{x}.flatten()", 0, lambda s, d, e: (size(s),)),
    ("{x}.squeeze()", 0, lambda s, d, e: tuple(n for n in s if n != 1)),
    ("{x}.split(1, {d})[0]", 1, lambda s, d, e: (*s[:d], 1, *s[d + 1:])),
    ("{x}.unbind({d})[-1]", 1, drop),
    ("{x}.chunk(2, {d})[-1]", 1, lambda s, d, e: (*s[:d], max(s[d] - (s[d] + 1) // 2, 1), *s[d + 1:])),
    ("{x}.expand(2, *{x}.shape)", 0, lambda s, d, e: (2, *s)),
    ("{x}.diagonal()", 2, lambda s, d, e: (*s[2:], min(s[:2]))),
    ("{x}.T", 2, lambda s, d, e: s[::-1]), ("{x}.movedim({d}, {e})", 1, swap),
    ("{x}.unfold({d}, 2, 2)", 1, lambda s, d, e:
     (*s[:d], s[d] // 2, *s[d + 1:], 2)), ("{x}[...]", 0, same), ("{x}[None]", 0, lambda s, d, e: (1, *s)),
     ("{x}[0]", 1, lambda s, d, e: s[1:]),
    ("{x}[-1]", 1, lambda s, d, e: s[1:]), ("{x}[1:]", 1, lambda s, d, e: (max(s[0] - 1, 0), *s[1:])),
    ("{x}[..., 0]", 1, lambda s, d, e: s[:-1]),
    ("{x}[::2]", 1, lambda s, d, e: ((s[0] + 1) // 2, *s[1:])),
    ("{x}[:, 1:]", 2, lambda s, d, e: (s[0], max(s[1] - 1, 0), *s[2:])),
    ("{x}.view_as({x})", 0, same), ("{x}.swapaxes({d}, {e})", 1, swap), ("{x}.view({x}.shape)", 0, same),
]
REDUCTIONS = [
    ("{x}.sum()", 0, lambda s, d, e: ()), ("{x}.sum({d})", 1, drop), ("{x}.mean()", 0, lambda s, d, e: ()),
    ("{x}.mean({d})", 1, drop),
    ("{x}.sum({d}, keepdim=True)", 1, lambda s, d, e: (*s[:d], 1, *s[d + 1:])), ("{x}.prod()", 0, lambda s, d, e: ()),
    ("{x}.prod({d})", 1, drop),
    ("{x}.logsumexp({d})", 1, drop), ("({x} * {x} + 1.0).norm()", 0, lambda s, d, e: ()),
    ("({x} * {x} + 1.0).norm(3, {d})", 1, drop),
    ("{x}.var()", 0, lambda s, d, e: ()), ("{x}.var({d}, unbiased=False)", 1, drop),
    ("{x}.nansum()", 0, lambda s, d, e: ()),
    ("T.trapezoid({x}, dim={d})", 1, drop),
]
KINKED_REDUCTIONS = [
    ("{x}.max()", 0, lambda s, d, e: ()), ("{x}.amax({d})", 1, drop), ("{x}.min({d})[0]", 1, drop),
    ("{x}.std()", 0, lambda s, d, e: ()),
    ("{x}.std({d})", 1, drop), ("{x}.norm()", 0, lambda s, d, e: ()), ("{x}.norm(1, {d})", 1, drop),
    ("{x}.norm(math.inf)", 0, lambda s, d, e: ()),
    ("{x}.median()", 0, lambda s, d, e: ()), ("{x}.amin()", 0, lambda s, d, e: ()),
    ("{x}.argmax()", 0, lambda s, d, e: ()),
    ("{x}.aminmax()[1]", 0, lambda s, d, e: ()), ("{x}.any()", 0, lambda s, d, e: ()),
    ("{x}.count_nonzero()", 0, lambda s, d, e: ()),
    ("T.dist({x}, {x} * 0.5)", 0, lambda s, d, e: ()), ("{x}.quantile(0.4)", 0, lambda s, d, e: ()),
    ("{x}.nanmean({d})", 1, drop),
]
STRUCTURAL = [
    ("{x}.cumsum({d})", 1, same), ("{x}.cumprod({d})", 1, same), ("{x}.softmax({d})", 1, same),
    ("{x}.log_softmax({d})", 1, same),
    ("{x}.flip({d})", 1, same), ("{x}.roll(1, {d})", 1, same),
    ("T.cat([{x}, {x}], {d})", 1, lambda s, d, e: (*s[:d], 2 * s[d], *s[d + 1:])),
    ("T.stack([{x}, {x} * 2])", 0, lambda s, d, e: (2, *s)),
    ("{x}.repeat(2, *[1] * {x}.dim())", 0, lambda s, d, e: (2, *s)),
    ("{x}.tril()", 2, same), ("{x}.triu(1)", 2, same), ("{x}.outer({x})", 1, lambda s, d, e: (s[0], s[0])),
    ("{x} @ {x}.T", 2, lambda s, d, e:
     (s[0], s[0])), ("{x} @ {x}", 1, lambda s, d, e: ()),
     ("T.einsum('ij,ij->i', {x}, {x})", 2, lambda s, d, e: s[:1]), ("{x}.clone()", 0, same),
    ("{x}.diag()", 1, lambda s, d, e: (s[0], s[0])),
    ("{x}.index_select({d}, T.tensor([0, 0]))", 1, lambda s, d, e: (*s[:d], 2, *s[d + 1:])),
    ("{x}.take(T.tensor([0, 0, -1]))", 1, lambda s, d, e: (3,)),
    ("{x}.gather({d}, T.zeros(*{x}.shape, dtype=T.int64))", 1, same),
    ("{x}.contiguous()", 0, same), ("{x}.logcumsumexp({d})", 1, same), ("{x}.diff(dim={d})", 1, lambda s, d, e:
     (*s[:d], max(s[d] - 1, 0), *s[d + 1:])), ("T.linear({x}, {x})", 2, lambda s, d, e: (s[0], s[0])),
     ("{x}.sort({d})[0]", 1, same),
    ("T.hstack([{x}, {x}])", 1, lambda s, d, e: (2 * s[0], *s[1:]) if len(s) == 1 else (s[0], 2 * s[1], *s[2:])),
    ("T.kron({x}, {x})", 1, lambda s, d, e:
     tuple(n * n for n in s)), ("{x}.repeat_interleave(2)", 0, lambda s, d, e: (2 * size(s),)),
     ("{x}.tile(2)", 0, lambda s, d, e:
     (*s[:-1], 2 * s[-1]) if s else (2,)), ("T.pad({x}, (1, 1))", 1, lambda s, d, e: (*s[:-1], s[-1] + 2)),
    ("{x}.masked_select({x} > 0)", 0, lambda s, d, e: (1,)), ("{x}.masked_fill({x} > 0, 0.5)", 0, same),
    ("T.index_put({x}, (T.tensor([0, 0]),), {x}[0] * 0.5, accumulate=True)", 1, same),
    ("T.topk({x}, 1, {d})[0]", 1, lambda s, d, e:
     (*s[:d], 1, *s[d + 1:])), ("{x}.cummax({d})[0]", 1, same), ("{x}.trace()", 2, lambda s, d, e: ()),
    ("{x}.scatter_add({d}, T.zeros(*{x}.shape, dtype=T.int64), {x})", 1, same),
    ("{x}.select_scatter({x}.select({d}, 0) * 2, {d}, -1)", 1, same),
    ("{x}.slice_scatter({x}.narrow({d}, 0, 1) * 2, {d}, 0, 1)", 1, same),
    ("{x}.index_add({d}, T.tensor([0]), {x}.narrow({d}, 0, 1))", 1, same),
    ("{x}.rot90()", 2, lambda s, d, e: (s[1], s[0], *s[2:])), ("T.cross({x}, {x}.sin().flip(0))", 1, same),
    ("{x}.index_copy({d}, T.tensor([0]), {x}.narrow({d}, 0, 1) * 3)", 1, same),
    ("T.meshgrid({x}, {x}, indexing='ij')[1]", 1, lambda s, d, e: (s[0], s[0])),
    ("T.tensordot({x}, {x}, {x}.dim())", 1, lambda s, d, e: ()),
    ("{x}.scatter({d}, T.zeros(*{x}.shape, dtype=T.int64).narrow({d}, 0, 1), 0.5)", 1, same),
    ("T.chain_matmul({x}, {x}.T)", 2, lambda s, d, e: (s[0], s[0])),
    ("T.cumulative_trapezoid({x}, dim={d})", 1, lambda s, d, e: (*s[:d], max(s[d] - 1, 0), *s[d + 1:])),
]
# One index that reads or writes; repeated positions apart, since what PyTorch differentiates there is not what it computed.
INDICES = [("0", 1), ("-1", 1), ("1:", 1), ("::2", 1), ("...", 0), (":", 1), ("..., 0", 1), (":, 0", 2), ("0, 1", 2),
           ("None", 0), ("[0]", 1),
           (":, None", 1), ("[1, 0]", 1), ("{x} > 0", 0), (":, [1, 0]", 2), ("[0, 1], [1, 0]", 2),
           ("T.tensor([-1])", 1), ("..., T.tensor([0, 1])", 1),
           ("T.tensor([[0], [1]])", 1), ("None, [0]", 1), ("0, [1]", 2), ("[0], ..., [0]", 2), ("[1, 0], None", 1),
           ("1:, ::2", 2),
           ("()", 0), ("True", 0), ("T.tensor(1)", 1), ("-1, ...", 1), ("0:0", 1), ("T.tensor([True, False])", 1)]
REPEATED = [("[0, 0]", 1), ("[0, 0, 1]", 1), (":, [0, 0]", 2), ("[0, 0], [1, 1]", 2), ("T.tensor([1, 1, 0])", 1),
            ("[0, -1, 0]", 1), ("..., [1, 1]", 1)]


class Value:
    __slots__ = ("dtype", "grad", "leaf", "name", "shape")

    def __init__(self, name, shape, dtype, grad=False, leaf=False):
        self.name, self.shape, self.dtype, self.grad, self.leaf = name, shape, dtype, grad, leaf


class Maker:
    """Draws lines; knows of each name its likely shape and dtype (where it is wrong the line raises, under both)."""

    def __init__(self, seed, smooth):
        self.r = Random(f"program {seed}")
        self.smooth = smooth
        self.lines, self.values, self.count = [], [], 0

    # -- drawing

    def literal(self, shape, dtype="float64"):
        if shape == ():
            if dtype == "int64":
                return str(self.r.randint(-2, 3))
            if dtype == "bool":
                return str(self.r.random() < 0.5)
            if dtype == "complex128":
                return f"{self.r.uniform(-2, 2):.1f}{self.r.uniform(-2, 2):+.1f}j"
            if self.smooth:
                return f"{self.r.uniform(-1.5, 1.5):.2f}3"       # never at 0, where masks and kinks are
            if self.r.random() < 0.9:
                return f"{self.r.uniform(-1.5, 1.5):.2f}"
            return self.r.choice(["0.0", "1.0", "-1.0"])
        return "[" + ", ".join(self.literal(shape[1:], dtype) for _ in range(shape[0])) + "]"

    def pick(self, dims=0, grad=None, dtype=None):
        """A value of at least dims dimensions, mostly a late one."""
        fit = [v for v in self.values if len(v.shape) >= dims and (grad is None or v.grad == grad)
               and (dtype is None or v.dtype in dtype)]
        if not fit:
            return None
        return fit[max(self.r.randrange(len(fit)),
                       self.r.randrange(len(fit)))] if self.r.random() < 0.7 else self.r.choice(fit)

    def new(self, text, shape, dtype, grad, leaf=False):
        name = f"v{self.count}"
        self.count += 1
        self.lines.append(f"{name} = {text}")
        value = Value(name, tuple(shape), dtype, grad, leaf)
        self.values.append(value)
        return value

    # -- leaves

    def leaf(self):
        shape = self.r.choice(SHAPES)
        if self.smooth:
            if 0 in shape:
                shape = (3,)
            if self.r.random() < 0.85:
                return self.new(f"leaf({self.literal(shape)})", shape, "float64", True, True)
            return self.new(f"const({self.literal(shape)})", shape, "float64", False)
        dtype = self.r.choices(["float64", "float32", "int64", "bool", "complex128"], [70, 10, 9, 4, 7])[0]
        grad = dtype not in ("int64", "bool") and self.r.random() < 0.8
        extra = ", requires_grad=True" if grad else ""
        literal = self.literal(shape, dtype)
        return self.new(f"T.tensor({literal}, dtype=T.{dtype}{extra})", shape, dtype, grad, grad)

    # -- results

    def table(self, rows, dims_floor=0):
        x = self.pick(dims_floor)
        if x is None:
            return self.leaf()
        fit = [row for row in rows if row[1] <= len(x.shape)]
        if not fit:
            return None
        text, _, shape = self.r.choice(fit)
        d = self.r.randrange(len(x.shape)) if x.shape else 0
        e = self.r.randrange(len(x.shape)) if x.shape else 0
        try:
            result = shape(x.shape, d, e)
        except (IndexError, ValueError):
            result = x.shape
        if size(result) > 64:
            return None
        if self.r.random() < 0.3:
            d -= len(x.shape)           # counted from the end
        text = text.format(x=x.name, d=d, e=e)
        return self.wrapped(text, result, x.dtype, x.grad)

    def wrapped(self, text, shape, dtype, grad):
        """The line, now and then inside a mode."""
        if not self.smooth and self.r.random() < 0.04:
            mode = self.r.choice(["T.no_grad()", "T.enable_grad()", "T.set_grad_enabled(False)",
                                  "T.no_grad(), T.enable_grad()"])
            value = self.new(text, shape, dtype, False)
            self.lines[-1] = f"with {mode}: {self.lines[-1]}"
            return value
        return self.new(text, shape, dtype, grad)

    def unary(self):
        x = self.pick()
        text = self.r.choice(SMOOTH if self.smooth and self.r.random() < 0.9 else SMOOTH + KINKED)
        if self.smooth and text in KINKED[16:]:
            text = "{x} * 0.5"
        return self.wrapped(text.format(x=x.name), x.shape, x.dtype, x.grad)

    def binary(self):
        x, y = self.pick(), self.pick()
        text = self.r.choice(SMOOTH_BINARY if self.smooth else SMOOTH_BINARY + KINKED_BINARY)
        if self.r.random() < 0.2:
            return self.wrapped(text.format(x=x.name, y=x.name), x.shape, x.dtype, x.grad)
        if self.r.random() < 0.15:
            number = self.r.choice(NUMBERS)
            text = self.r.choice(["{x} + {n}", "{x} * {n}", "{n} - {x}", "{x} / {n}", "{n} * {x}"])
            return self.wrapped(text.format(x=x.name, n=number), x.shape, x.dtype, x.grad)
        try:
            shape = np.broadcast_shapes(x.shape, y.shape)
        except ValueError:
            if self.r.random() < 0.9:
                y = x
            shape = x.shape
        return self.wrapped(text.format(x=x.name, y=y.name), shape, self.promoted(x, y), x.grad or y.grad)

    def promoted(self, x, y):
        order = ["bool", "int64", "float32", "float64", "complex128"]
        return order[max(order.index(x.dtype), order.index(y.dtype))]

    def view(self):
        return self.table(VIEWS)

    def reduction(self):
        return self.table(REDUCTIONS if self.smooth else REDUCTIONS + KINKED_REDUCTIONS)

    def structural(self):
        return self.table(STRUCTURAL)

    def copied(self):
        x = self.pick()
        return self.new(self.r.choice(["copied({x})", "{x}.clone()", "copied({x})"]).format(x=x.name), x.shape,
                        x.dtype, x.grad)

    def index(self, x, repeated):
        """Text of an index of x, and the shape of what it selects."""
        rows = [row for row in (INDICES + REPEATED * 3 if repeated else INDICES) if row[1] <= len(x.shape)]
        if not rows:
            return None
        text = self.r.choice(rows)[0].format(x=x.name)
        if x.name in text:
            return text, (2,)
        try:
            shape = eval(f"a[{text}]", {"T": _Positions, "a": np.empty(x.shape)}).shape
        except (IndexError, ValueError):
            shape = x.shape             # an index that both refuse
        return text, shape

    def read(self):
        x = self.pick()
        found = self.index(x, True)
        if found is None:
            return None
        return self.wrapped(f"{x.name}[{found[0]}]", found[1], x.dtype, x.grad)

    # -- writes

    def target(self):
        """What to write into: mostly no leaf, since those refuse."""
        x = self.pick()
        return self.pick() if x.leaf and self.r.random() < 0.8 else x

    def operand(self, shape):
        """Something that can be written into a place of this shape: a number, or a value, cut or summed to fit."""
        fit = [v for v in self.values if len(v.shape) <= len(shape)
               and all(a in (1, b) for a, b in zip(v.shape[::-1], shape[::-1]))]
        if not fit or self.r.random() < 0.2:
            return self.r.choice(NUMBERS), False
        value = self.r.choice(fit)
        return value.name, value.grad

    def write(self):
        x = self.target()
        if x is None or (x.leaf and self.smooth):
            return None
        y, grad = self.operand(x.shape)
        if not self.smooth and self.r.random() < 0.1:
            y = self.pick().name
        pattern = self.r.choice(["{x} += {y}", "{x} *= {y}", "{x}.mul_({y})", "{x} -= {y}", "{x}.add_({y})",
                                 "{x} /= 2.0", "{x}.copy_({y})",
                                 "{x}.{u}_()", "{x}.zero_()", "{x}.fill_({n})", "{x}.sub_({y}, alpha=2)",
                                 "{x}.div_({n})", "{x} **= 2",
                                 "{x}.{u}_().mul_({y})", "{x}.masked_fill_({x} > 0, {n})", "{x}.clamp_(-1, 1)",
                                 "{x}.lerp_({x} * 2, 0.5)",
                                 "{x}.addcmul_({x}, {x})", "{x}.copy_({x} * {x})"])
        names = NAMED_UNARY[:10] if self.smooth else NAMED_UNARY
        self.emit_write(pattern.format(x=x.name, y=y, n=self.r.choice(NUMBERS), u=self.r.choice(names)), x, grad)

    def emit_write(self, text, x, grad):
        if not self.smooth and self.r.random() < (0.4 if x.leaf else 0.05):
            text = f"with T.no_grad(): {text}"
        self.lines.append(text)
        x.grad = x.grad or (grad and x.dtype in ("float64", "float32", "complex128"))

    def write_at(self):
        x = self.target()
        if x is None or (x.leaf and self.smooth):
            return None
        found = self.index(x, self.smooth)
        if found is None:
            return None
        index, shape = found
        y, grad = self.operand(shape)
        pattern = self.r.choice(["{x}[{i}] = {y}", "{x}[{i}] = {y}", "{x}[{i}] += {y}", "{x}[{i}] *= {y}",
                                 "{x}[{i}] = {x}[{i}] * 2.0",
                                 "{x}[{i}] -= {y}"])
        self.emit_write(pattern.format(x=x.name, i=index, y=y), x, grad)

    def write_by_name(self):
        x = self.target()
        if x is None or not x.shape or (x.leaf and self.smooth):
            return None
        d = self.r.randrange(len(x.shape))
        where = self.r.choice(["[0, 0]", "[1, 0]", "[0, 0, 1]"] if self.smooth else ["[0]", "[1, 0]"])
        count = where.count(",") + 1
        shape = (*x.shape[:d], count, *x.shape[d + 1:])
        y, grad = self.operand(shape)
        if y in NUMBERS:
            y = f"T.ones({', '.join(map(str, shape))},) * {y}" if not self.smooth else f"const({y}).expand({list(shape)})"
        z, zgrad = self.operand((count, *x.shape[1:]))
        pattern = self.r.choice(["{x}.index_fill_({d}, T.tensor({w}), {n})",
                                 "{x}.index_copy_({d}, T.tensor({w}), ({y}).expand({s}))",
                                 "{x}.index_add_({d}, T.tensor({w}), ({y}).expand({s}))",
                                 "{x}.index_put_((T.tensor({w}),), T.as_tensor({z}))",
                                 "{x}.index_put_((T.tensor({w}),), T.as_tensor({z}), accumulate=True)",
                                 "{x}.put_(T.tensor({w}), T.as_tensor({f}))",
                                 "{x}.scatter_({d}, T.tensor({w}).reshape([-1 if k == {d} else 1 for k in range({x}.dim())])"
                                 ".expand({s}), ({y}).expand({s}))",
                                 "{x}.put_(T.tensor({w}), T.as_tensor({f}), accumulate=True)"])
        flat = "[" + ", ".join(self.r.choice(NUMBERS) for _ in range(count)) + "]"
        one = self.pick()
        if one.shape and size(one.shape) >= count and self.r.random() < 0.6:
            flat, fgrad = f"{one.name}.reshape(-1)[:{count}]", one.grad
        else:
            fgrad = False
        self.emit_write(pattern.format(x=x.name, d=d, w=where, y=y, s=list(shape), z=z, f=flat,
                                       n=self.r.choice(NUMBERS)), x, grad or zgrad or fgrad)

    # -- the graph

    def hook(self):
        x = self.pick()
        body = self.r.choice(["g * 2", "None", "g.clone()", "g + 1", "g.detach()", "g.zero_()", "g.mul_(2) and None"
                              if self.r.random() < 0.3 else "-g",
                              "g * g"])
        self.lines.append(self.r.choice([
            f"{x.name}.register_hook(lambda g: {body})", f"{x.name}.register_hook(lambda g: {body}).remove()",
            f"{x.name}.register_post_accumulate_grad_hook(lambda p: [p.grad.mul_(2), None][1])",
            f"{x.name}.retain_grad()",
            f"{x.name}.grad_fn.register_hook(lambda gi, go: None)",
            f"{x.name}.grad_fn.register_prehook(lambda gs: tuple(g * 2 for g in gs))",
            f"{x.name}.register_hook(lambda g: seen.append({x.name!r}))",
            f"{x.name}.grad_fn.register_prehook(lambda gs: seen.append({x.name!r}))",
            f"{x.name}.register_hook(lambda g: g.mul_(0.5))",
            f"{x.name}.register_hook(lambda g: [g.mul_(3), None][1])",
            f"{x.name}.retain_grad()"]))

    def state(self):
        x = self.pick()
        n = x.name
        y = self.pick().name
        if self.r.random() < 0.1:
            leaf = self.r.choice([v for v in self.values if v.leaf] or [x])
            like = self.r.choice([v for v in self.values if v.shape == leaf.shape])
            self.lines.append(f"{leaf.name}.data = {like.name}.data * 2")
            return
        text = self.r.choice([
            f"{n}.detach_()", f"{n}.requires_grad_()", f"{n}.requires_grad_(False)", f"{n}.grad = None",
            f"{n}.grad.zero_()",
            f"{n}.data.mul_(0.5)", f"{n}.data.fill_(0.5)", f"{n}.grad = {n}.detach() * 0.5",
            f"{n}.requires_grad = True",
            f"{n}.data[..., 0] = 2.0", f"{n}.detach().add_(1)", f"{n}.requires_grad_(False).requires_grad_(True)",
            f"{n}.grad.mul_(2)",
            f"{n}.grad = {y}.detach()", f"{n}.requires_grad_(False)"])
        self.lines.append(text)

    def detached(self):
        x = self.pick()
        text = self.r.choice(["{x}.detach()", "{x}.data", "{x}.detach().requires_grad_()", "{x}.detach().clone()",
                              "T.tensor({x}.tolist())",
                              "T.as_tensor({x})", "{x}.clone().detach_()", "{x}.new_like()" if self.r.random() < 0.01
                              else "{x}.detach()"])
        return self.new(text.format(x=x.name), x.shape, x.dtype, "requires_grad_" in text)

    def cast(self):
        x = self.pick()
        dtype = self.r.choice(["float64", "float32", "int64", "bool", "complex128"])
        if x.dtype == "complex128" and self.r.random() < 0.9:
            return self.complex_parts(x)
        return self.wrapped(f"{x.name}.to(T.{dtype})", x.shape, dtype, x.grad and dtype not in ("int64", "bool"))

    def complex_parts(self, x):
        text = self.r.choice(["{x}.real", "{x}.imag", "{x}.abs()", "T.view_as_real({x})", "{x}.conj().clone()",
                              "{x}.angle()"]).format(x=x.name)
        shape, dtype = x.shape, "float64"
        if "view_as" in text:
            shape = (*shape, 2)
        if "conj" in text:
            dtype = "complex128"
        return self.new(text, shape, dtype, x.grad)

    def join(self):
        x, y = self.pick(), self.pick()
        if len(x.shape) == len(y.shape) > 0 and x.shape[1:] == y.shape[1:]:
            return self.new(f"T.cat([{x.name}, {y.name}])", (x.shape[0] + y.shape[0], *x.shape[1:]),
                            self.promoted(x, y), x.grad or y.grad)
        if x.shape and y.shape and x.shape[-1] == y.shape[0] and len(x.shape) < 3 and len(y.shape) < 3:
            return self.new(f"{x.name} @ {y.name}", x.shape[:-1] + y.shape[1:], self.promoted(x, y), x.grad or y.grad)
        scalars = [v.name for v in self.values if v.shape == ()]
        if len(scalars) > 1:
            picked = [self.r.choice(scalars) for _ in range(3)]
            return self.new(f"T.stack([{', '.join(picked)}])", (3,), x.dtype, True)
        return None

    def loss(self, x):
        return self.r.choice(["{x}.sum()", "({x} * {x}).sum()", "{x}.sum()", "{x}.mean()"]).format(x=x.name)

    def passes(self):
        x = self.pick(grad=True) or self.pick()
        some = [v.name for v in self.values if v.grad]
        leaves = [v.name for v in self.values if v.leaf] or [x.name]
        retain = self.r.choice(["", "", "retain_graph=True"])
        kind = self.r.randrange(10)
        if kind < 4:
            extra = self.r.choice([retain, retain, "create_graph=True", f"inputs=[{self.r.choice(leaves)}]",
                                   f"inputs=[{self.r.choice(some or leaves)}], retain_graph=True"])
            self.lines.append(f"{self.loss(x)}.backward({extra})")
        elif kind == 4:
            self.lines.append(f"{x.name}.backward({x.name}.detach() * 0.5{', ' + retain if retain else ''})")
        elif kind == 5:
            two = f"[{self.loss(x)}, {self.loss(self.pick())}]"
            self.lines.append(f"T.autograd.backward({two}{', ' + retain if retain else ''})")
        elif kind == 6:
            y = self.r.choice([v for v in self.values if v.leaf] or [x])
            self.new(f"{y.name}.grad", y.shape, y.dtype, False)
        else:
            wanted = self.r.sample(some or leaves, k=min(len(some or leaves), self.r.choice([1, 1, 2])))
            extra = self.r.choice(["", "create_graph=True", "create_graph=True", "retain_graph=True"])
            unused = self.r.choice(["", "allow_unused=True", "allow_unused=True", "materialize_grads=True"])
            arguments = ", ".join(t for t in (self.loss(x), f"[{', '.join(wanted)}]", extra, unused) if t)
            by_name = {v.name: v for v in self.values}
            first = by_name[wanted[0]]
            self.new(f"T.autograd.grad({arguments})[0]", first.shape, first.dtype, "create" in extra)

    def forward_mode(self):
        x = self.pick(dtype=("float64",))
        if x is None:
            return
        text = self.r.choice(SMOOTH).format(x="p")
        self.new(f"tangent(lambda p: {text}, {x.name})", x.shape, x.dtype, False)

    # -- whole programs

    STEPS = [("unary", 14), ("binary", 16), ("view", 15), ("reduction", 6), ("structural", 9), ("copied", 2),
             ("read", 8), ("write", 13), ("write_at", 12),
             ("write_by_name", 4), ("join", 5), ("leaf", 2)]
    MORE = [("hook", 6), ("state", 7), ("detached", 3), ("cast", 4), ("passes", 12), ("forward_mode", 2)]

    def program(self):
        for _ in range(self.r.choice([1, 2, 2, 3])):
            self.leaf()
        names, weights = zip(*(self.STEPS if self.smooth else self.STEPS + self.MORE))
        for name in self.r.choices(names, weights, k=self.r.choice([2, 3, 4, 5, 6, 7, 8, 10, 14])):
            getattr(self, name)()
        if self.smooth:
            ends = [v.name for v in self.values if not v.leaf][-6:] or [v.name for v in self.values]
            kept = self.r.sample(ends, k=min(len(ends), self.r.choice([1, 2, 3])))
            self.lines.append("loss = " + " + ".join(self.r.choice(["{x}.sum()", "({x} * {x}).sum() * 0.5",
                                                                    "{x}.sin().sum()"]).format(x=x) for x in kept))
        else:
            self.passes()
            if self.r.random() < 0.3:
                self.passes()
        return self.lines


class _Positions:
    """Stands for T where the shape of an indexed array is foretold with NumPy."""

    tensor = staticmethod(np.array)


def make(seed):
    """The program of a seed: {"oracle": "torch" or "differences", "flavour": ..., "lines": [...]}."""
    r = Random(f"oracle {seed}")
    smooth = r.random() < 0.4
    flavour = r.choice(["Tensor", "Tensor", "ndarray"]) if smooth else "Tensor"
    return {"oracle": "differences" if smooth else "torch", "flavour": flavour,
            "lines": Maker(seed, smooth).program()}


# ---- running

class World:
    """A library under the names that programs use."""

    def __init__(self, library, forward, copied, functions=None):
        self.T = types.SimpleNamespace(**{**vars(functions or library), **vars(library)})
        for name in ("fft", "linalg", "special"):       # imported when they are asked for
            if not hasattr(self.T, name):
                setattr(self.T, name, getattr(functions or library, name))
        self.forward, self.copy = forward, copied

    def copied(self, x):
        """What NumPy code calls x.copy()."""
        if x is None:                    # a gradient that there is not
            raise TypeError("None has no copy")
        return self.copy(x)

    def tangent(self, f, x):
        """The tangent of f at x along 0.5."""
        if x is None:                    # a gradient that there is not
            raise TypeError("None has no tangent")
        with self.forward.dual_level():
            result = f(self.forward.make_dual(x.detach(), self.T.ones_like(x) * 0.5))
            return self.forward.unpack_dual(result).tangent

    def names(self):
        return {"T": self.T, "math": math, "tangent": self.tangent, "copied": self.copied, "seen": []}

    def reset(self):
        """Modes that a program may have left on."""
        if not self.T.is_grad_enabled():
            self.T.set_grad_enabled(True)


OURS = World(autodiff, forward_ad, lambda x: x.copy())
THEIRS = torch and World(torch, torch.autograd.forward_ad, lambda x: x.clone(), torch.nn.functional)


def plain(value):
    """A NumPy array of a value of either library."""
    return value.detach().numpy() if isinstance(value, autodiff.Variable) else value.numpy(force=True)


TOLERANCE = {"float32": 2e-4, "complex64": 2e-4, "float16": 2e-2}


def close(a, b, bound):
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "bui" or a.size == 0:
        return bool((a == b).all())
    a, b = np.asarray(a), np.asarray(b)
    if (a == b).all():
        return True
    finite = np.isfinite(a) & np.isfinite(b)
    top = np.abs(b[finite]).max(initial=1.0)
    if top > 1e12:                       # whatever was cancelled to get there has no digits left
        return True
    return bool((np.abs(a - b)[finite] <= bound * top).all()
                and np.array_equal(a[~finite], b[~finite], equal_nan=True))


def dtype_name(value):
    return str(value.dtype).partition(".")[2]


def difference(ours, theirs, bound=1e-8, deep=True):
    """How two values differ, in words, or None."""
    if isinstance(ours, (tuple, list)) and isinstance(theirs, (tuple, list)):
        return None if len(ours) == len(theirs) else f"{len(ours)} results, {len(theirs)} in PyTorch"
    is_ours, is_theirs = isinstance(ours, autodiff.Variable), isinstance(theirs, torch.Tensor)
    if not (is_ours and is_theirs):
        return None if is_ours == is_theirs else f"{type(ours).__name__}, in PyTorch {type(theirs).__name__}"
    if dtype_name(ours) != dtype_name(theirs):
        return f"dtype: {dtype_name(ours)}, in PyTorch {dtype_name(theirs)}"
    if tuple(ours.shape) != tuple(theirs.shape):
        return f"shape: {tuple(ours.shape)}, in PyTorch {tuple(theirs.shape)}"
    if not close(plain(ours), plain(theirs), max(bound, TOLERANCE.get(dtype_name(ours), 0.0))):
        return f"values: {plain(ours).tolist()}, in PyTorch {plain(theirs).tolist()}"
    if ours.requires_grad != theirs.requires_grad:
        kind = (", a view without a graph" if flagged(theirs) else
                ", no elements" if not theirs.numel() else
                ", of integers" if not (theirs.is_floating_point() or theirs.is_complex()) else "")
        return f"requires_grad: {ours.requires_grad}, in PyTorch {theirs.requires_grad}{kind}"
    if not deep:
        return None
    try:
        theirs.is_leaf                   # noqa: B018 (PyTorch refuses to look at some views that were made in a mode)
    except RuntimeError:
        return None
    if ours.is_leaf != theirs.is_leaf:
        return (f"is_leaf: {ours.is_leaf}, in PyTorch {theirs.is_leaf}"
                f"{'' if theirs.numel() else ', no elements'}")
    found = difference(ours.grad if ours.is_leaf or ours.retains_grad else None, theirs.grad if theirs.is_leaf
                       or theirs.retains_grad else None, bound, deep=False)
    return found and f"grad {found}"


def flagged(theirs):
    """Whether a PyTorch view says that it requires grad for its base alone: no gradient goes through it."""
    try:
        return theirs.requires_grad and theirs._is_view() and theirs.grad_fn is None
    except RuntimeError:                 # made in a mode, and written since: it is not even told whether it has one
        return True


class Story:
    """What happened on the way, a line each, for departures that a line and a message alone do not show.

    A program's lines stand there as they are, or behind `refused: ` where both libraries raised, `overlap: ` where
    PyTorch read and wrote the same memory, `0-d: ` where a 0-d constant was written.  Of names at the time of asking:
    `flagged view: ` (see flagged), `leaf view: ` (a view that was made a leaf itself), `none: ` (a gradient that
    PyTorch does not have), `regenerated: ` (a view whose node was made anew after a hook was registered).
    """

    WRITE = re.compile(r"(?:with [^:]*: )?(v\d+)(?:\.data|\.detach\(\))?(?:\[.*\])? ?"
                       r"(?:(?:\.\w+\(.*\))?\.\w+_\(|[-+*/]?\*?= )")
    BY_POSITION = re.compile(r"\.(index_\w+|put|scatter)_\(")

    def __init__(self):
        self.lines, self.hooked = [], []

    def before(self, line, theirs):
        """Look at a line that PyTorch is about to run."""
        mark = ""
        written = self.WRITE.match(line)
        target = theirs.get(written[1]) if written else None
        if isinstance(target, torch.Tensor) and not line.startswith(f"{written[1]} = "):
            others = [theirs[name] for name in re.findall(r"\bv\d+\b", line[written.end(1):]) if name in theirs]
            others = [x for x in others if isinstance(x, torch.Tensor) and x.numel()
                      and x.untyped_storage().data_ptr() == target.untyped_storage().data_ptr()]
            place = (target.data_ptr(), target.shape, target.stride())
            if any((x.data_ptr(), x.shape, x.stride()) != place or self.BY_POSITION.search(line) for x in others):
                mark = "overlap: "
            elif target.dim() == 0:
                mark = "0-d: "
        self.lines.append(mark + line)
        hooked = re.match(r"(v\d+)\.(grad_fn\.)?(register_|retain_grad)", line)
        x = theirs.get(hooked[1]) if hooked else None
        if isinstance(x, torch.Tensor) and x._is_view():
            with contextlib.suppress(RuntimeError):      # made in a mode, and written since
                self.hooked.append((hooked[1], x, x.grad_fn))

    def refused(self, line):
        self.lines[-1] = f"refused: {line}"

    def told(self, ours, theirs):
        """All of it, with what is true of the names just now."""
        now = []
        for name, x in theirs.items():
            if not isinstance(x, torch.Tensor):
                if x is None and isinstance(ours.get(name), autodiff.Variable):
                    now += [f"none: {line}" for line in self.lines if line.startswith(f"{name} = ")]
            elif flagged(x) and isinstance(ours.get(name), autodiff.Variable):
                now.append(f"{'leaf' if ours[name].requires_grad else 'flagged'} view: {name}")
        for name, x, node in self.hooked:
            try:
                again = x.grad_fn is not node
            except RuntimeError:         # made in a mode, and written since
                again = True
            if again:
                now.append(f"regenerated: {name}")
        return "\n".join(self.lines + now)


def against_torch(lines):
    """Run the lines under both, one by one; the first fault, or None, and the departure that ended the run, or None."""
    ours, theirs = OURS.names(), THEIRS.names() if torch else None
    story = Story()
    # What single precision has rounded may have been cast to double since.
    bound = TOLERANCE["float32"] if any("float32" in line for line in lines) else 1e-8
    try:
        for line in lines:
            a = execute(line, ours)
            if a is not None and a.bad:
                return Fault(f"raises {a.kind}", line, str(a)), None
            if theirs is None:
                continue
            story.before(line, theirs)
            b = execute(line, theirs)
            if a is None and b is None:
                name = line.partition(" = ")[0]
                if "autograd.grad(" in line and isinstance(theirs.get(name), torch.Tensor) and 0 in theirs[name].stride():
                    # The gradient of a sum is expanded there (docs/differences.md): a write into it would be undefined.
                    theirs[name] = theirs[name].clone(memory_format=torch.contiguous_format)
                continue
            if a is not None and b is not None:
                story.refused(line)
                known = departure("both", line, str(b))
                if known is not None:
                    return None, known
                continue
            raises, message = ("torch", str(b)) if a is None else ("autodiff", str(a))
            known = departure(raises, line, message, story.told(ours, theirs))
            if known is not None:
                return None, known
            return Fault(f"only {raises} raises", line, message), None
        if theirs is None:
            return None, None
        for name in [name for name in ours if name.startswith("v") and name in theirs]:
            found = difference(ours[name], theirs[name], bound)
            if found:
                line = next((line for line in lines if line.startswith(f"{name} =") or f" {name} =" in line), "")
                known = departure("", line, found, story.told(ours, theirs))
                if known is not None:
                    return None, known
                return Fault(" ".join(found.split()[:2]).rstrip(":,"), line, f"{name}: {found}"), None
        if sorted(ours["seen"]) != sorted(theirs["seen"]):
            return Fault("hooks", "", f"hooks called: {ours['seen']}, in PyTorch {theirs['seen']}"), None
    finally:
        ours.clear()
        OURS.reset()
        if theirs is not None:
            theirs.clear()
            THEIRS.reset()
    return None, None


# ---- finite differences

STALE = "modified by an inplace operation"


def against_differences(lines, flavour):
    """Derivatives of the last line's loss along one direction, in three ways; the first fault, or None."""
    made = autodiff.numpy.array if flavour == "ndarray" else autodiff.tensor

    known = []                           # the values and the direction of each leaf
    refused = set()                      # lines that raise: a run without, or with more of them is another program

    def run(step=None, dual=False):
        names = OURS.names()
        leaves = []

        def leaf(values):
            if len(leaves) == len(known):
                array = np.array(values)
                angles = 1.3 * (np.arange(array.size) + 2.7 * len(leaves))
                known.append((array, np.cos(angles).reshape(array.shape)))
            array, direction = known[len(leaves)]
            if dual:
                result = forward_ad.make_dual(made(array), made(direction))
            else:
                result = made(array if step is None else array + step * direction, requires_grad=True)
            leaves.append((result, direction))
            return result

        names["leaf"], names["const"] = leaf, lambda values: made(values)
        for line in lines:
            if dual and line in refused:
                continue                # a dual is no leaf, and may be written where its primal was refused
            raised = execute(line, names)
            if raised is not None and raised.bad:
                return Fault(f"raises {raised.kind}", line, str(raised)), None, None
            if raised is not None and line not in refused:
                if dual:
                    return None, None, names
                refused.add(line)
        return names.get("loss"), leaves, names

    def slope(leaves, loss, create_graph):
        """The derivative along the direction, recorded if create_graph."""
        gradients = autodiff.autograd.grad(loss, [x for x, _ in leaves], create_graph=create_graph, retain_graph=True,
                                               allow_unused=True)
        parts = [(g * made(d)).sum() for g, (_, d) in zip(gradients, leaves) if g is not None]
        return sum(parts[1:], parts[0]) if parts else made(0.0)

    loss, leaves, names = run()
    if isinstance(loss, Fault):
        return loss
    if loss is None or not leaves or not loss.requires_grad:
        return None
    value = loss.item()
    if not math.isfinite(value) or abs(value) > 1e6:
        return None
    last = lines[-1]
    second = None
    # The order 1 without a graph goes by the fast rules, with one by the recorded rules: both are asked.
    try:
        recorded = slope(leaves, loss, True)
        first = recorded.item()
        # What is not recorded says that its own derivative is 0, and is taken at its word.
        second = slope(leaves, recorded, False).item() if recorded.requires_grad else 0.0
        plainly = slope(leaves, loss, False).item()
    except RuntimeError as error:
        if STALE in str(error) or "has no second derivative" in str(error) or "not differentiable" in str(error):
            return None
        return Fault("backward raises", last, str(error))

    def numeric(of, step):
        high, low = of(step), of(-step)
        return (high - low) / (2 * step)

    def judged(what, got, of, bound):
        """A fault if two steps agree with each other and not with what was got."""
        if not math.isfinite(got):
            return None
        scale = max(1.0, abs(value), abs(got))
        estimate = numeric(of, 3e-5)
        if abs(estimate - got) <= bound * scale or not math.isfinite(estimate):
            return None
        finer = numeric(of, 7e-6)
        if abs(finer - estimate) > 0.2 * abs(estimate - got) or scale > 1e5:
            return None                  # a kink or a jump nearby
        return Fault(what, last, f"{what} along the direction: {got:.9g}, by differences {estimate:.9g}")

    def value_at(step):
        moved = run(step)[0]
        return moved.item() if isinstance(moved, autodiff.Variable) else math.nan

    def slope_at(step):
        moved, points, _ = run(step)
        return slope(points, moved, False).item()

    fault = judged("first derivative", plainly, value_at, 1e-5) or judged("first derivative, recorded", first,
                                                                          value_at, 1e-5)
    if fault is None and second is not None:
        value = max(abs(value), abs(first))
        fault = judged("second derivative", second, slope_at, 1e-4)
    if fault is not None:
        return fault
    names.clear()
    try:
        with forward_ad.dual_level():
            dual, _, names = run(dual=True)
            if isinstance(dual, Fault):
                return dual
            tangent = None if dual is None else forward_ad.unpack_dual(dual).tangent
            if tangent is None:
                return None
            got = tangent.item()
            names.clear()
    except (RuntimeError, NotImplementedError) as error:
        return Fault("forward mode raises", last, str(error))
    if math.isfinite(got) and abs(got - first) > 1e-8 * max(1.0, abs(first), abs(value)):
        return Fault("forward mode", last, f"tangent {got:.12g}, reverse mode {first:.12g}")
    return None


# ---- one program

def check(program):
    """The fault of a program, or None; the second result is the departure that ended it early, or None."""
    before = held()
    known = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if program["oracle"] == "torch":
            fault, known = against_torch(program["lines"])
        else:
            fault = against_differences(program["lines"], program["flavour"])
    if fault is None and (left := left_behind(before)):
        fault = Fault("leak", "", left)
    return fault, known


def show(program):
    """The program as a file that runs by itself, under autodiff or, with `torch` as argument, under PyTorch."""
    lines = program["lines"]
    words = "\n".join(lines)
    head = ["import autodiff as T"]
    if program["oracle"] == "torch":
        head = ["import sys", "if sys.argv[1:] == ['torch']:",
                "    import torch as T; T.set_default_dtype(T.float64)", "else:", "    import autodiff as T"]
    array = "T.tensor"
    if program["flavour"] == "ndarray":
        head.append("import autodiff.numpy as anp")
        array = "anp.array"
    optional = {"math.": "import math", "leaf(": f"leaf = lambda values: {array}(values, requires_grad=True)",
                "const(": f"const = lambda values: {array}(values)",
                "copied(": "copied = lambda x: x.copy() if hasattr(x, 'copy') else x.clone()",
                "seen.": "seen = []", "tangent(": TANGENT}
    head += [text for word, text in optional.items() if word in words]
    if program["oracle"] == "differences":
        leaves = ", ".join(line.split()[0] for line in lines if " = leaf(" in line)
        return "\n".join([*head, *lines,
                          f"print(T.autograd.grad(loss, [{leaves}], create_graph=True, allow_unused=True))"])
    names = dict.fromkeys(re.findall(r"\bv\d+\b", words))
    return "\n".join([*head, *lines, f"for v in ({', '.join(names)},): print(v, v.grad)"])


TANGENT = """def tangent(f, x):
    fw = T.autograd.forward_ad
    with fw.dual_level():
        return fw.unpack_dual(f(fw.make_dual(x.detach(), T.ones_like(x) * 0.5))).tangent"""


def alike(fault):
    """What faults have in common that are one fault: kind, the method or function of the line, the words said."""
    words = re.sub(r"[-\d.e+jninf\[\], ]+|'[^']*'", " ", fault["text"])[:70] if "raises" in fault["kind"] else ""
    return fault["kind"], fault["line"] if fault["kind"] in ("crash", "hang") else words


def warm_up():
    """Run some programs for the modules that they load, then leave all that is there out of collections."""
    gc.freeze()
    for seed in range(40):
        check(make(-1 - seed))
    gc.collect()
    gc.freeze()
