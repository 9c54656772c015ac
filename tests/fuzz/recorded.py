"""Random functions of three numbers with branches, eager against compiled: values and gradients bit for bit.

A function is recorded at its first point; the others decide otherwise now and then, some on purpose: two points that agree
but for the last bits of one number.  Conditions are
branches and values, arguments come by position and by keyword, and the functions close over two Variables, of which one is
changed.  Each point is asked twice, so that what was recorded there is replayed, once for all
gradients and once for one of them beside numbers.  Exceptions must agree, too.
"""
from __future__ import annotations

import math
import re
import warnings
from random import Random

import numpy as np

import autodiff
from autodiff import _variable
from autodiff._lift import lift
from autodiff.programs import Compiled, _again

from .common import Fault

NAMES = {"np": np, "math": math, "autodiff": autodiff}
UNARY = ("np.tanh({})", "np.exp(np.tanh({}))", "np.log({0} * {0} + 0.1)", "np.sqrt({0} * {0} + 0.01)", "-{}",
         "{} ** 2", "{} ** 3", "np.sin({})", "np.cos({})", "abs({})", "np.arctan({})", "np.log1p({0} * {0})",
         "np.expm1({} * 0.1)", "np.square({})", "np.cbrt({})", "np.sign({})", "np.floor({})", "math.sin({})",
         "math.exp(math.tanh({}))", "math.log(abs({}) + 0.2)", "math.sqrt({})", "math.log({})", "autodiff.erf({})",
         "autodiff.sigmoid({})", "np.maximum({}, 0.1)", "np.minimum(0.3, {})", "np.clip({}, -0.5, 0.5)", "+{}",
         "{}.copy()", "np.abs({}) ** 0.5", "np.exp({}) ** -1", "{} % 0.7", "{} // 0.3", "np.float64(1.5) * {}",
         "2 ** {}", "np.reciprocal({} + 3.0)", "np.logaddexp({}, 0.0)", "1.0 / {}", "0.0 * {}", "np.exp({})",
         "np.log({})")
BINARY = ("{} + {}", "{} - {}", "{} * {}", "{} / ({} + 2.5)", "np.maximum({}, {})", "np.minimum({}, {})", "np.hypot({}, {})",
          "np.arctan2({}, {})", "abs({}) ** {}", "np.where({0} > {1}, {0}, {1} * 2.0)", "np.fmod({}, {})", "{} / {}",
          "np.logaddexp({}, {})", "math.atan2({}, {})", "np.copysign({}, {})", "{0} * {0} + {1}", "{} * 0.5 + {} * 1.25")
CONDITIONS = ("{} < {}", "{} > {}", "{} <= {}", "{} >= 0.1", "0.2 < {}", "{} == {}", "{} != {}", "not {}", "-0.3 < {} < 0.4",
              "{} > 0 and {} > 0", "{} > 0 or {} < 0.2", "np.isnan({})", "np.isfinite({})", "bool({})", "np.signbit({})",
              "int({} * 3) == 1", "max({}, {}) > 0.3")
#: Conditions as values, which have no branch.
CHOICES = ("np.where({} > {}, {a}, {b})", "np.where(({} > {}) & ({b} < 0.3), {a}, {b} * 2.0)", "({} > {}) * {a} + {b}",
           "np.where(({} < 0.1) | ~({} > 0.2), {a}, {b})", "np.select([{} > 0.3, {} < -0.2], [{a}, {b}], 0.5)",
           "np.where(np.logical_xor({} > 0, {} > 0), np.log({a}), {b})", "(1.0 - ({} >= {})) * {a}",
           "np.where({} > {}, 1.0, -0.5) * {a}", "(({} > 0) * ({} < 0.5)) * {b}",
           "np.where(np.isnan(np.log({}) + {}), {a}, {b})",
           "np.where({}, {}, {a})", "int({} > {}) * {a}", "round({} * 2) * {a} + math.floor({})",
           "sum([{} > 0, {} > 0]) * {a}")
#: What the function closes over, read where it stands: one is changed between calls.
CLOSED = ("{} * w0", "w1 - {}", "np.tanh(w0 * {} + w1)", "{} if w1 > {} else w0")
#: What cannot be recorded: right all the same.
ODD = ("v{n} = {a} * np.array([1.0, 2.0])[1]", "v{n} = {a} * float(len([1, 2]))", "v{n} = {a}.sum()",
       "v{n} = np.array([{a}, {b}]).sum()", "v{n} = {a} * {b}.detach()", "v{n} = {a}.reshape(1)[0] * 2.0",
       "with autodiff.no_grad(): v{n} = {a} * {b}", "v{n} = {a} * round({b}.detach().item())",
       "v{n} = {a} + 0; v{n} += {b}", "v{n} = {a} + 0.0; v{n}[...] = {b}")


class Maker:
    """Lines of a function's body; a name is known from where it is assigned to the end of its block."""

    def __init__(self, rnd: Random) -> None:
        self.rnd, self.lines, self.count = rnd, [], 0

    def fill(self, form, known):
        names = [self.rnd.choice(known[-6:] if self.rnd.random() < 0.7 else known) for _ in range(2)]
        return form.format(*names)

    def block(self, known, indent, depth):
        rnd, pad = self.rnd, "    " * indent
        for _ in range(rnd.randint(2, 7)):
            kind = rnd.random()
            self.count += 1
            n = self.count
            if kind < 0.35:
                self.lines.append(f"{pad}v{n} = {self.fill(rnd.choice(BINARY), known)}")
            elif kind < 0.65:
                self.lines.append(f"{pad}v{n} = {self.fill(rnd.choice(UNARY), known)}")
            elif kind < 0.68:
                a, b = rnd.choice(known), rnd.choice(known)
                form = rnd.choice(CHOICES if rnd.random() < 0.8 else CLOSED).replace("{a}", a).replace("{b}", b)
                self.lines.append(f"{pad}v{n} = {self.fill(form, known)}")
            elif kind < 0.70:
                self.lines.append(f"{pad}v{n} = {rnd.choice(known)} * {rnd.choice(('0.5', '2', '-1.25', 'True', '1e-3'))}")
            elif kind < 0.72:
                self.lines.append(f"{pad}v{n} = {rnd.choice(known)} * int({rnd.choice(known)} * 2)")
            elif kind < 0.73:
                self.lines.append(pad + rnd.choice(ODD).format(n=n, a=rnd.choice(known), b=rnd.choice(known)))
            elif kind < 0.90 and depth < 3:
                name = rnd.choice(known)
                self.lines.append(f"{pad}if {self.fill(rnd.choice(CONDITIONS), known)}:")
                self.block(list(known), indent + 1, depth + 1)
                self.ending(name, pad + "    ")
                if rnd.random() < 0.6:
                    self.lines.append(f"{pad}else:")
                    self.block(list(known), indent + 1, depth + 1)
                    self.ending(name, pad + "    ")
                self.lines.append(f"{pad}v{n} = {name}")
            elif depth < 2:
                name = rnd.choice(known)
                self.lines += [f"{pad}v{n}, n{n} = {name}, 0",
                               f"{pad}while v{n} > {rnd.choice(('0.2', '0.4', '-0.1'))} and n{n} < 5:",
                               f"{pad}    v{n}, n{n} = v{n} * 0.5, n{n} + 1"]
                self.block([*known, f"v{n}"], indent + 1, depth + 2)
            else:
                self.lines.append(f"{pad}v{n} = {rnd.choice(known)} + 0.125")
            known.append(f"v{n}")
        self.last = known[-1]

    def ending(self, name, pad):
        if self.rnd.random() < 0.15:
            self.lines.append(f"{pad}return {self.last}")
        else:
            self.lines.append(f"{pad}{name} = {self.last}")


def make(seed):
    rnd = Random(seed)
    maker = Maker(rnd)
    maker.block(["x", "y", "z"], 1, 0)
    maker.lines.append(f"    return {maker.last}" if rnd.random() < 0.9 else f"    return {maker.last} * x + y")
    points = [[rnd.uniform(-1.5, 1.5) for _ in range(3)] for _ in range(7)]
    points += [[rnd.choice((0.0, -0.0, 1.0, 0.5, -0.1)) for _ in range(3)]]
    for point in points[:2]:
        near = list(point)
        near[rnd.randrange(3)] *= 1 + 1e-15
        points.append(near)
    return {"lines": maker.lines, "points": points, "single": rnd.random() < 0.2, "place": rnd.randrange(3)}


def source(program):
    return "\n".join(["def f(x, y, z):", *program["lines"]])


def show(program):
    number = "np.float32" if program["single"] else ""
    return "\n".join(["import math", "import numpy as np", "import autodiff", source(program),
                      "w0, w1 = autodiff.numpy.array(0.7), autodiff.numpy.array(-0.3)",
                      "of = autodiff.value_and_grad(f, argnums=(0, 1, 2))",
                      "compiled = autodiff.value_and_grad(autodiff.compile(f), argnums=(0, 1, 2))",
                      f"for point in {program['points']}:",
                      f"    print(of(*map({number or 'float'}, point)), compiled(*map({number or 'float'}, point)))"])


def outcome(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error)


def same_bits(a, b, signs=True):
    """Bit for bit, but for the kinds of NaN, and without signs for those of 0."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same_bits(x, y, signs) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return a.hex() == b.hex() or (a != a and b != b) or (a == b and not signs)
    return type(a) is type(b) and a == b


def check(program):
    space = {**NAMES, "w0": autodiff.numpy.array(0.7), "w1": autodiff.numpy.array(-0.3)}
    try:
        exec(compile(source(program), "<recorded>", "exec"), space)
    except SyntaxError:             # lines were taken out while shrinking
        return None, None
    single, place = program["single"], program["place"]
    number = np.float32 if single else float
    lifted = lift(space["f"])

    def inside(*args):
        return lifted(*[v if isinstance(v, autodiff.Tensor.__base__) else _variable.as_ndarray(v) for v in args])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = autodiff.compile(space["f"])
        pairs = [("gradients", autodiff.value_and_grad(inside, argnums=(0, 1, 2)),
                  autodiff.value_and_grad(compiled, argnums=(0, 1, 2))),
                 ("one gradient", autodiff.grad(inside, argnums=place), autodiff.grad(compiled, argnums=place))]
        for again in range(2):
            space["w0"][...] = 0.7 - again
            for i, point in enumerate(program["points"]):
                args = tuple(map(number, point))
                for what, eager, replayed in pairs:
                    expected, found = outcome(eager, *args), outcome(replayed, *args)
                    # While a level stands above them some ops on 0-d values go the way of arrays, where sums begin with 0.0.
                    # Programs of arrays, of functions that make some, add up in another order.
                    if not same_bits(expected, found, compiled._state.reason is None) and not (
                            compiled._state.over_arrays and near(as_floats(expected), as_floats(found), single)):
                        return Fault(what, f"point {i}, time {again}", f"{expected} eager, {found} compiled"), None
                    if what == "gradients" and isinstance(expected, tuple):
                        value = outcome(compiled, *args) if i % 2 else outcome(compiled, *args[:place], **dict(
                            zip("xyz"[place:], args[place:], strict=True)))
                        if not same_bits(value, expected[0]) and not (
                                compiled._state.over_arrays and near((as_floats(value),), (as_floats(expected[0]),), single)):
                            return Fault("value", f"point {i}, time {again}", f"{expected[0]} eager, {value} compiled"), None
        replays = compiled._state.reason is None and not compiled._state.over_arrays
        if replays and len(str(compiled.program)) < 10 and not isinstance(expected, type):
            return Fault("no program", "", str(compiled.program)), None
        fault = check_carried(program, compiled, number)
        if fault is not None:
            return fault, None
        points, rnd = list(program["points"]), Random(str(program["points"]))
        points += [[rnd.uniform(-1.5, 1.5) for _ in range(3)] for _ in range(140 if place == 0 else 0)]
        expected = [outcome(pairs[0][1], *point) for point in points]
        numbers = all(isinstance(v, tuple) and type(v[0]) is float for v in expected)
        if replays and not single and numbers:
            anew = autodiff.value_and_grad(autodiff.compile(space["f"]), argnums=(0, 1, 2))
            values, rows = autodiff.vmap(anew)(*np.array(points).T)
            found = list(zip(values.tolist(), zip(*[row.tolist() for row in rows], strict=True), strict=True))
            if not all(map(same_bits, expected, found)):
                return Fault("many points", "", f"{expected} eager, {found} compiled"), None
        fault = check_second(program, inside, autodiff.compile(space["f"]), number)
        if fault is None and rnd.random() < 0.1:        # it takes as long as all the rest
            fault = check_inside(program, lifted, number)
        if fault is not None:
            return fault, None
    return None, None


def check_inside(program, lifted, number):
    """A function that differentiates: recorded by its second call, as a program of arrays."""
    def f(x, y, z):
        return autodiff.value_and_grad(lifted, argnums=(0, 2))(x, y, z)

    compiled = autodiff.compile(f)
    for again in range(3):
        for i, point in enumerate(program["points"][:2]):
            args = tuple(map(number, point))
            # As the arguments are inside: Variables.
            expected = as_floats(outcome(f, *map(_variable.as_ndarray, args)))
            found = as_floats(outcome(compiled, *args))
            if not near(expected, found):
                return Fault("a derivative inside", f"point {i}, time {again}", f"{expected} eager, {found} compiled")
    return None


def check_carried(program, compiled, number):
    """What was recorded, by bytes and in a pickle: the same results, errors but for what is not recorded, and bytes."""
    state = compiled._state
    if state.reason is not None or not state.trees:
        return None
    if any(tree.references for tree in compiled._state.trees):
        return None         # Variables do not travel
    data = compiled.to_bytes()
    alone = Compiled.from_bytes(data)
    beside = _again(*compiled.__reduce__()[1])      # which pickle calls, for a function that it can find
    if alone.to_bytes() != data or beside.to_bytes() != data:
        return Fault("other bytes", "", "")
    if str(beside.program) != str(compiled.program) or beside.branches != compiled.branches:
        return Fault("another program", "", f"{beside.program} for {compiled.program}")
    for kind in (lambda f: f, lambda f: autodiff.value_and_grad(f, argnums=(0, 1, 2))):
        of, travelled, with_it = map(kind, (compiled, alone, beside))
        for i, point in enumerate(program["points"]):
            args = tuple(map(number, point))
            expected, found, other = (outcome(f, *args) for f in (of, travelled, with_it))
            if not same_bits(expected, other) or (not isinstance(found, type) and not same_bits(expected, found)) or (
                    isinstance(found, type) and not isinstance(expected, type) and not (
                        found is RuntimeError and "math." in source(program))):     # behind nan of math's nothing is recorded
                return Fault("by bytes", f"point {i}", f"{expected} recorded, {found} by bytes, {other} beside its function")
    return None


def check_second(program, inside, compiled, number):
    """Second derivatives and products: recorded with a first call, replayed by a second one; then at many points."""
    of, replayed = (autodiff.hessian(f, argnums=(0, 1)) for f in (inside, compiled))
    everywhere = autodiff.hessian(compiled, argnums=(0, 1))
    points = program["points"] if program["place"] == 0 else program["points"][:2]
    numbers, irregular = True, False
    for i, point in enumerate(points):
        args = tuple(map(number, point))
        first = outcome(autodiff.value_and_grad(inside, argnums=(0, 1, 2)), *args)
        if not isinstance(first, type) and not finite(first):
            # There eager makes NaN of a 0 that comes from what is constant by pieces.
            outcome(replayed, *args)
            irregular = True
            continue
        expected = as_floats(outcome(of, *args))
        numbers = numbers and isinstance(expected, tuple)
        for again in range(2):
            found = as_floats(outcome(replayed, *args))
            if not near(expected, found):
                return Fault("second derivatives", f"point {i}, time {again}", f"{expected} eager, {found} compiled")
        for what in (autodiff.hvp, autodiff.jvp):
            along = tuple(map(number, (1.0, -0.5, 0.25)))
            expected, found = (as_floats(outcome(what, f, args, along)) for f in (inside, compiled))
            if not near(expected, found):
                return Fault(what.__name__, f"point {i}", f"{expected} eager, {found} compiled")
        expected, found = (as_floats(outcome(autodiff.jacobian(f, argnums=(2, 0)), *args)) for f in (inside, compiled))
        if not near(expected, found):
            return Fault("jacobian", f"point {i}", f"{expected} eager, {found} compiled")
    replays = compiled._state.reason is None and not compiled._state.over_arrays
    if numbers and replays and not everywhere.plain and not program["single"] and not irregular:
        many = points * 12
        expected = [as_floats(outcome(of, *point)) for point in many]
        found = np.moveaxis(np.array(autodiff.vmap(everywhere)(*np.array(many).T)), -1, 0).tolist()
        for i, (a, b) in enumerate(zip(expected, found, strict=True)):
            if not near(a, tuple(map(tuple, b))):
                return Fault("second derivatives at many points", f"point {i}", f"{a} eager, {b} compiled")
    return None


def finite(found):
    return not isinstance(found, type) and bool(np.isfinite(np.array(flat(as_floats(found)))).all())


def near(expected, found, single=False):
    """The same but for what adding up in another order does; of float32, where all is."""
    if isinstance(expected, type) or isinstance(found, type):
        return expected is found
    a, b = np.array(flat(expected)), np.array(flat(found))
    if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return False
    finite = np.isfinite(a)
    # What cancels leaves the rounding of what it is made of.
    least, most = (1e-7, 1e-6) if single else (1e-15, 1e-11)
    return bool((np.abs(a[finite] - b[finite]) <= least + most * np.abs(a[finite]).max(initial=0.0)).all())


def flat(tree):
    return [x for part in tree for x in flat(part)] if isinstance(tree, tuple) else [tree]


def alike(fault):
    """Faults of one kind are one, mostly."""
    return fault["kind"], re.sub(r"[-\d., ]+", " ", fault["line"])


def as_floats(found):
    if isinstance(found, tuple):
        return tuple(map(as_floats, found))
    return found if isinstance(found, type) else float(found)


def warm_up():
    check(make(0))
