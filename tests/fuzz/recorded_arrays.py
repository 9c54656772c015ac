"""Random functions of two arrays and a number with branches, eager against compiled: values and gradients.

Recorded at the first point and replayed at the others; NaN and infinities agree in place, numbers up to the order of sums.
A value that were frozen would show at the second point.
"""
from __future__ import annotations

import re
import warnings
from random import Random

import numpy as np

import autodiff
from autodiff import _variable
from autodiff._lift import lift
from autodiff._pytree import flatten
from autodiff.programs import Compiled, _arrays

from .common import Fault

NAMES = {"np": np, "autodiff": autodiff}
UNARY = ("np.tanh({})", "np.exp(np.tanh({}))", "np.log({0} * {0} + 0.1)", "np.sqrt({0} * {0} + 0.01)", "-{}", "{} ** 2",
         "{} ** 3", "np.sin({})", "abs({})", "np.square({})", "np.maximum({}, 0.1)", "np.clip({}, -0.5, 0.5)", "{}.copy()",
         "1.0 / ({0} * {0} + 0.5)", "autodiff.sigmoid({})", "autodiff.relu({})", "np.sign({})", "np.floor({})", "{} * 0.5",
         "{}[::-1]", "{0}[..., ::-1]", "{} + 0.0", "1.0 * {}", "{0} * ({0} > 0.2)", "np.where({0} > 0.1, {0}, -0.5 * {0})",
         "{0} - {0}.mean()", "{0} / ({0}.max() + 4.0)", "np.expand_dims({}, 0)[0]", "np.cumsum({}, axis=-1)",
         "autodiff.softmax({}, -1)", "np.roll({}, 1, axis=-1)", "{0} - {0}.mean(axis=-1, keepdims=True)",
         "autodiff.logsumexp({0}, -1, keepdim=True) * {0}", "np.broadcast_to({}.sum(axis=0), {}.shape)", "np.flip({}, 0)",
         "{0} * CONSTANT", "{0} + CONSTANT[0]", "{0} * REFERENCE")
#: Of two arrays of the same shape (3, 4).
BINARY = ("{} + {}", "{} - {}", "{} * {}", "{} / ({} ** 2 + 0.5)", "np.maximum({}, {})", "np.hypot({}, {})",
          "np.where({0} > {1}, {0}, {1} * 2.0)", "({0} @ {1}.T) @ {1}", "{0} * {1}[0]", "{0} + {1}[:, :1]", "{0} * {1}[1, 2]",
          "np.concatenate([{0}[:1], {1}[1:]])", "np.stack([{0}[0], {1}[1], {0}[2]])", "{0}[np.array([2, 0, 2])] + {1}",
          "{0} * {1}.sum(axis=0)", "{0} - {1}.max(axis=1, keepdims=True)", "{0}.T.reshape(3, 4) * {1}", "{0} * n + {1}",
          "np.where(({0} > 0.0) & ({1} < 0.5), {0}, {1})", "{0} * {1}.reshape(4, 3).T",
          "np.einsum('ij,kj->ik', {0}, {1}) @ {1}",
          "{0} * np.exp(-{1}.var())", "autodiff.cat([{0}, {1}])[1:4]", "{0} * {1}.prod(axis=0) * 0.1")
CONDITIONS = ("{}.sum() > {}.mean()", "{}[0, 0] > 0.1", "np.any({} > 1.2)", "np.all({} < 1.5)", "{}.max() > {}.max()",
              "n > 0.2", "len({0}[{0} > 0.0]) > 5", "{}.argmax() > 5", "np.array_equal({0} > 0, {1} > 0)",
              "not {}.mean() > 0", "bool({}[1, 1] < n)", "int({}.sum()) % 2 == 0", "{}[0].argmax().item() > 1")
#: What is called as one op: it reads values, has several results, or is complex in between.
WHOLE = ("np.sort({}, axis=-1)", "np.sort({}, axis=None).reshape(3, 4)", "np.cumprod({} * 0.7, axis=0)",
         "np.fft.ifft(np.fft.fft({0}) * 0.5).real", "abs(np.fft.rfft({0}, axis=0)).sum(axis=0) * {0}",
         "{0} * ({0}[{0} > 0.0] ** 2).sum()", "{0}[np.argsort({0}[:, 0])]", "np.median({0}) + {1}",
         "{0}[{1}[:, 0].argmax()] * {1}", "np.take_along_axis({0}, np.argsort({1}, axis=1), 1)", "np.linalg.norm({0}) * {1}",
         "np.percentile({0}, 40, axis=0) - {1}", "np.linalg.norm({0}, axis=1, keepdims=True) + {1}",
         "np.linalg.solve({0} @ {0}.T + 3.0 * np.eye(3), {1})", "np.linalg.inv({0} @ {0}.T + 3.0 * np.eye(3)) @ {1}",
         "np.linalg.det({0} @ {0}.T + np.eye(3)) * 0.01 + {1}", "np.linalg.cholesky({0} @ {0}.T + 2.0 * np.eye(3)) @ {1}",
         "np.pad({0}, ((1, 0), (0, 0)))[:3] * {1}", "np.diff({0}, axis=0, append=0.0)",
         "np.linalg.eigvalsh({0} @ {0}.T)[:, None] * {1}", "np.array([{0}[0], {1}[1], {0}[2]])",
         "np.clip({0}, {1} - 0.5, {1} + 0.5)", "np.nan_to_num({0}) * {1}.detach()", "np.interp({0}, np.arange(4.0), {1}[0])",
         "np.repeat({0}[:, :2], 2, axis=1)", "np.outer({0}[:, 0], {1}[0])", "{0} * (({0} > 0.1).sum() + 0.5)",
         "autodiff.layer_norm({0}, (4,))", "autodiff.cumsum(autodiff.flip({0}, (0,)), 0)", "{0}.astype(np.float32) * {1}",
         "np.linalg.slogdet({0} @ {0}.T + np.eye(3))[1] * {1}", "np.std({0}, axis=1, keepdims=True) * {1}")
#: Writes into what the function made.
WRITES = ("v{n} = {a} * 1.0; v{n}[0] = {b}[1]", "v{n} = {a} + 0.0; v{n} += {b}", "v{n} = {a} + 0.0; v{n}[:, 1] *= {b}[:, 2]",
          "v{n} = np.zeros((3, 4)); v{n}[1] = {a}[0]; v{n}[2:] += {b}[:1]", "v{n} = {a} * 2.0; v{n}[{b} > 0.3] = 0.25",
          "v{n} = {a} * 2.0; w = v{n}[1]; w += {b}[0]; v{n}[0] = w * 0.5",
          "v{n} = np.empty((3, 4)); v{n}[...] = {a}; v{n} /= 2.0", "v{n} = {a} * 1.0; v{n}[1, 2] = {b}[0, 0]",
          "v{n} = np.zeros_like({a})\n{pad}for i in range(3):\n{pad}    v{n}[i] = {a}[i] * (v{n}[i - 1] + 1.0)",
          "v{n} = {a} * 1.0; w = v{n}[:2]; v{n}[0] = {b}[1]; v{n} = v{n} * 1.0 + w.sum()",
          "v{n} = {a} * 2.0; w = v{n} * np.sum({b} * np.sum({a} * {b})); v{n}[1, 1] = 0.25; v{n} = {a} * 2.0 + v{n} * w",
          "v{n} = {b} * {a}; v{n}[:, :2] = v{n}[:, 1:3]; v{n}[1:] += v{n}[:2]",
          "v{n} = np.ones((3, 4)) * 0.5; w = v{n} + {a}; v{n}[::2] = {b}[::2]; v{n} = v{n} + w + np.ones((3, 4)) * 0.5")
#: Derivatives inside of the function.
INNER = ("autodiff.grad(lambda z: (np.tanh(z) * {b}).sum())({a})", "autodiff.elementwise_grad(np.tanh)({a}) * {b}",
         "autodiff.grad(lambda z: (z * z * {b}).mean() + np.exp(-(z * z).sum()))({a})",
         "autodiff.value_and_grad(lambda z: (z ** 3 * n).sum())({a})[1]",
         "autodiff.value_and_grad(lambda z: np.hypot(z, {b}).sum())({a})[0] * {b}",
         "autodiff.grad(lambda z: (autodiff.grad(lambda u: (u ** 3 * {b}).sum())(z) * {a}).sum())({b})",
         "autodiff.vjp(lambda z: np.sin(z) * {b}, {a})[1]({b})[0]",
         "autodiff.grad(lambda t: (np.sin(t * {a}) * {b}).sum())(n) * {a}",
         "autodiff.grad(lambda z: (np.exp(z) * CONSTANT * {b}).sum())(CONSTANT)",
         "autodiff.grad(lambda z: z.max() * {b}.sum() + np.linalg.norm(z))({a})",
         "autodiff.grad(lambda z: (z * {b}).sum() if z.sum() > 0 else (z * z * z).sum())({a})",
         "sum(autodiff.grad(lambda u, v: (u @ v.T).sum() * n, argnums=(0, 1))({a}, {b}))",
         "autodiff.grad(lambda p: ((p['w'] * {b} + p['c']) ** 2).sum())(dict(w={a}, c=n))['w']",
         "autodiff.value_and_grad(lambda z: ((z * z).sum(), {b} * z), has_aux=True)({a})[0][1]",
         "autodiff.jacobian(lambda t: np.sin(t) * {b}[0])(n) * {a}",
         "{a} @ autodiff.jacobian(lambda z: np.sin(z) * {b}[0])({a}[1])",
         "{a} @ autodiff.hessian(lambda z: (z ** 3 * {b}[0]).sum() + z[0] * z[1] * {a}.mean())({b}[2])",
         "autodiff.vmap(lambda z: np.tanh(z) * z.sum() + {b}[0])({a})",
         "autodiff.vmap(autodiff.grad(lambda z: (np.tanh(z) * {b}[1]).sum() * z[0]))({a})",
         "autodiff.vmap(autodiff.grad(lambda u, z: (u * z).sum() ** 2), in_dims=(None, 0))({b}[0], {a})",
         "autodiff.hvp(lambda z: (z * z * z * {b}).sum(), ({a},), ({b},))[1][0]")
#: What cannot be recorded: right all the same.
ODD = ("v{n} = {a} * float({b}.sum().detach().item())", "v{n} = {a} * {b}.detach().tolist()[0][1]", "x += 1.0; v{n} = x * {b}",
       "v{n} = np.sort({a} * 1.0, axis=-1) * {b}; v{n}.sort()")


class Maker:
    def __init__(self, rnd: Random) -> None:
        self.rnd, self.lines, self.count, self.last = rnd, [], 0, "x"

    def fill(self, form, known):
        return form.format(*[self.rnd.choice(known[-5:] if self.rnd.random() < 0.7 else known) for _ in range(2)])

    def block(self, known, indent, depth):
        rnd, pad = self.rnd, "    " * indent
        for _ in range(rnd.randint(2, 6)):
            kind = rnd.random()
            self.count += 1
            n = self.count
            if kind < 0.12:
                self.lines.append(f"{pad}v{n} = {self.fill(rnd.choice(WHOLE), known)}")
            elif kind < 0.18:
                self.lines.append(pad + rnd.choice(WRITES).format(n=n, pad=pad, a=rnd.choice(known), b=rnd.choice(known)))
            elif kind < 0.22:
                form = rnd.choice(INNER)
                self.lines.append(f"{pad}v{n} = {form.format(a=rnd.choice(known), b=rnd.choice(known))}")
            elif kind < 0.45:
                self.lines.append(f"{pad}v{n} = {self.fill(rnd.choice(BINARY), known)}")
            elif kind < 0.80:
                self.lines.append(f"{pad}v{n} = {self.fill(rnd.choice(UNARY), known)}")
            elif kind < 0.82:
                self.lines.append(pad + rnd.choice(ODD).format(n=n, a=rnd.choice(known), b=rnd.choice(known)))
            elif kind < 0.93 and depth < 2:
                name = rnd.choice(known)
                self.lines.append(f"{pad}if {self.fill(rnd.choice(CONDITIONS), known)}:")
                self.block(list(known), indent + 1, depth + 1)
                self.lines.append(f"{pad}    {name} = {self.last}")
                self.lines.append(f"{pad}v{n} = {name}")
            else:
                self.lines.append(f"{pad}v{n} = {rnd.choice(known)}")
                self.lines.append(f"{pad}for _ in range(3):")
                self.lines.append(f"{pad}    v{n} = np.tanh(v{n} * {rnd.choice(known)} + {rnd.choice(known)})")
            known.append(f"v{n}")
        self.last = known[-1]


def make(seed):
    rnd = Random(seed)
    maker = Maker(rnd)
    maker.block(["x", "y"], 1, 0)
    ends = ("{}.sum()", "np.mean({})", "({0} * {0}).sum()", "{}[1, 2]", "{}.max()", "np.exp({}).sum() * n")
    maker.lines.append(f"    return {rnd.choice(ends).format(maker.last)}")
    return {"lines": maker.lines, "seeds": [rnd.randrange(1 << 20) for _ in range(4)], "single": rnd.random() < 0.15,
            "places": rnd.choice(((0, 1, 2), (0,), (1, 0), (2,)))}


def source(program):
    return "\n".join(["def f(x, y, n):", *program["lines"]])


def points(program):
    dtype = np.float32 if program["single"] else np.float64
    found = []
    for seed in program["seeds"]:
        rng = np.random.default_rng(seed)
        found.append((rng.uniform(-1.5, 1.5, (3, 4)).astype(dtype), rng.uniform(-1.5, 1.5, (3, 4)).astype(dtype),
                      (np.float32 if program["single"] else float)(rng.uniform(-1, 1))))
    return found


def space_of(program):
    dtype = np.float32 if program["single"] else np.float64
    constant = np.random.default_rng(7).uniform(-1, 1, (3, 4)).astype(dtype)
    return {**NAMES, "CONSTANT": constant, "REFERENCE": autodiff.numpy.array(constant[::-1] * 2)}


def show(program):
    return "\n".join(["import numpy as np", "import autodiff", "CONSTANT = REFERENCE = np.ones((3, 4))", source(program),
                      f"# x, y = rng.uniform(-1.5, 1.5, (3, 4)) each, rng = np.random.default_rng of {program['seeds']}"])


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error)


def check(program):
    space = space_of(program)
    try:
        exec(compile(source(program), "<recorded>", "exec"), space)
    except SyntaxError:             # lines were taken out while shrinking
        return None, None
    function = lift(space["f"])

    def lifted(x, y, n):            # a float is a number of the NumPy flavour inside
        return function(x, y, _variable.as_ndarray(n) if type(n) in (float, np.float32) else n)

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        compiled = autodiff.compile(space["f"])
        eager = autodiff.value_and_grad(lifted, argnums=program["places"])
        of = autodiff.value_and_grad(compiled, argnums=program["places"])
        given = points(program)
        for i in (0, 1, 2, 3, 0, 2):
            if i == 2:
                space["REFERENCE"][...] = space["CONSTANT"] * 0.5       # read where it is
            theirs, ours, again = [tuple([v.copy() if isinstance(v, np.ndarray) else v for v in given[i]]) for _ in range(3)]
            expected, found = outcome(eager, *theirs), outcome(of, *ours)
            if not same(found, expected):
                return Fault("gradients", f"point {i}", f"{expected} eager, {found} compiled"), None
            if not same(ours, theirs):
                return Fault("arguments", f"point {i}", f"{theirs} after an eager call, {ours} after a compiled one"), None
            value = outcome(compiled, *again)
            if isinstance(expected, tuple) and not same(value, expected[0]):
                return Fault("value", f"point {i}", f"{expected[0]} eager, {value} compiled"), None
        if program["seeds"][0] % 4 == 0 and program["places"] == (2,):      # whose Hessian is one number
            for i in (0, 1, 2, 0):
                expected, found = [outcome(autodiff.hessian(f, argnums=2), *given[i]) for f in (lifted, compiled)]
                if not same(found, expected):
                    return Fault("second derivatives", f"point {i}", f"{expected} eager, {found} compiled"), None
        return check_carried(program, compiled, of, given), None


def check_carried(program, compiled, of, given):
    """What was recorded, read again from bytes: the same results, or an error where it is not recorded."""
    try:
        data = compiled.to_bytes()
    except (TypeError, ValueError) as error:        # it has words for that
        return None if re.search("cannot be written as bytes|has no program", str(error)) else Fault("to_bytes", "", str(error))
    alone = Compiled.from_bytes(data)
    if alone.to_bytes() != data:
        return Fault("other bytes", "", "")
    for what, one, other in (("gradients", of, autodiff.value_and_grad(alone, argnums=program["places"])),
                             ("value", compiled, alone)):
        for i in (0, 1, 2, 3, 0):
            expected, found = outcome(one, *given[i]), outcome(other, *given[i])
            if not same(found, expected) and found is not RuntimeError:
                return Fault(f"{what} by bytes", f"point {i}", f"{expected} recorded, {found} by bytes")
            # (A derivative inside is recorded when a way is gone for the second time.)
            if found is RuntimeError and not isinstance(expected, type) and what == "value" and i < 2 and (
                    "(lambda" not in source(program)):
                return Fault("not recorded", f"point {i}", f"{expected} recorded")
    return None


def alike(fault):
    """Faults of one kind."""
    return fault["kind"], fault["line"]


def same(found, expected):
    if isinstance(expected, type) or isinstance(found, type):
        return found is expected
    if _arrays.alike(found, expected):
        return True
    # A gradient that is 0 but for rounding (of softmax(x).sum()) has no digits to agree in.
    pairs = list(zip(flatten(found)[0], flatten(expected)[0]))
    return all(np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=0, atol=1e-6 if single(a) and single(b) else 1e-14)
               for a, b in pairs)


def single(v):
    """Whether it is of float32, or a number that came of one."""
    return np.asarray(v).itemsize < 8 or (type(v) is float and _arrays.is_single(v))


def warm_up():
    check(make(0))
