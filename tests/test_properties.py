"""Random programs against a slow reference that shares no code, and against PyTorch where it is installed.

The reference computes in forward mode: a buffer holds, for each of its elements, a value and the row of its derivatives
in all inputs; a view is an array of positions in a buffer.  Aliasing needs no theory there: an in-place write writes
values and derivatives, and every view sees them, since it looks at the same places.
"""
import importlib.util
import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import autodiff

HAS_TORCH = importlib.util.find_spec("torch") is not None
#: More examples for a hunt: AUTODIFF_EXAMPLES=20000, which also draws other programs at each run.
EXAMPLES = int(os.environ.get("AUTODIFF_EXAMPLES", "0"))
PROFILE = settings(max_examples=EXAMPLES or 400, derandomize=not EXAMPLES, deadline=None, database=None,
                   suppress_health_check=list(HealthCheck))

#: name: value, derivatives in each operand; smooth, and bounded enough that programs of a dozen steps stay finite.
UNARY = {
    "neg": (lambda x: -x, lambda x: -np.ones_like(x)),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda x: -np.sin(x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2),
    "abs": (np.abs, np.sign),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "square": (np.square, lambda x: 2 * x),
}
BINARY = {
    "add": (lambda x, y: x + y, lambda x, y: np.ones_like(x), lambda x, y: np.ones_like(x)),
    "sub": (lambda x, y: x - y, lambda x, y: np.ones_like(x), lambda x, y: -np.ones_like(x)),
    "mul": (lambda x, y: x * y, lambda x, y: y, lambda x, y: x),
}
IN_PLACE = {"unary": list(UNARY), "binary": list(BINARY)}
OPERATORS = {"add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y}


class Buffer:
    def __init__(self, values, tangents):
        self.values, self.tangents = values, tangents


class Ref:
    """A buffer seen through positions."""

    def __init__(self, buffer, places):
        self.buffer, self.places = buffer, places

    @classmethod
    def of(cls, values, tangents):
        values, tangents = np.array(values, np.float64), np.array(tangents)
        return cls(Buffer(values.reshape(-1), tangents.reshape(values.size, tangents.shape[-1])),
                   np.arange(values.size).reshape(values.shape))

    @property
    def shape(self):
        return self.places.shape

    @property
    def values(self):
        return self.buffer.values[self.places]

    @property
    def tangents(self):
        return self.buffer.tangents[self.places]

    def view(self, f):
        return Ref(self.buffer, f(self.places))

    def overlaps(self):
        return len(np.unique(self.places)) < self.places.size

    def write(self, values, tangents, tracked):
        self.buffer.values[self.places] = values
        if tracked:                     # without a record, values change and derivatives stay what they were
            self.buffer.tangents[self.places] = tangents


def unary(name, x):
    f, df = UNARY[name]
    return f(x.values), df(x.values)[..., None] * x.tangents


def binary(name, x, y):
    f, dx, dy = BINARY[name]
    a, b = np.broadcast_arrays(x.values, y.values)
    return f(a, b), dx(a, b)[..., None] * spread(x.tangents, a.shape) + dy(a, b)[..., None] * spread(y.tangents, a.shape)


def spread(tangents, shape):
    """Broadcast all dimensions but the last."""
    missing = len(shape) + 1 - tangents.ndim
    return np.broadcast_to(tangents.reshape((1,) * missing + tangents.shape), (*shape, tangents.shape[-1]))


class Number(Ref):
    """A constant with no derivatives."""

    def __init__(self, value, count):
        super().__init__(Buffer(np.array([value]), np.zeros((1, count))), np.array(0))
        self.number = value


# ---- programs

#: A step is a name and a few whole numbers, which are read modulo what there is; every list of them is a program.
NAMES = ["unary", "binary", "number", "slice", "select", "transpose", "reshape", "expand", "unsqueeze", "squeeze",
         "inplace unary", "inplace binary", "inplace number", "set slice", "set select", "set number", "gather", "scatter",
         "mask", "set mask", "sum", "mean", "matmul", "cat", "stack", "clone", "quiet", "fill", "detach", "copy_", "leaf view",
         "max", "norm"]
CODE = st.integers(0, 5039)
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), CODE, CODE, CODE), min_size=1, max_size=14)
LEAVES = st.lists(st.sampled_from([(), (1,), (2,), (3,), (2, 3), (3, 2), (2, 2), (1, 3), (2, 1), (2, 3, 2)]),
                  min_size=1, max_size=3)

HEADS = st.sampled_from([-1, 0, 0, 0b1001001001001001])


def draw_index(shape, code, negative_steps):
    """A basic index; now and then an ellipsis and a new axis."""
    entries = []
    for n in shape:
        kind, code = code % 6, code // 6
        if kind == 0 and n:
            entries.append(int(code % n) - (n if code % 2 else 0))
        elif kind == 1:
            entries.append(slice(None, None, 2))
        elif kind == 2:
            entries.append(slice(1, None))
        elif kind == 3:
            entries.append(slice(None, None, -1) if negative_steps else slice(0, None))
        elif kind == 4:
            entries.append(slice(None, None, -2) if negative_steps else slice(0, n - 1 if n else 0))
        else:
            entries.append(slice(None))
    if code % 5 == 0:
        entries.insert(code % (len(entries) + 1), None)
    if code % 7 == 0 and shape:
        entries = [*entries[:len(entries) // 2], Ellipsis] if len(entries) > 1 else entries
    return tuple(entries)


class Refused(Exception):
    """The step makes no sense here; it is left out of the program."""


class Machine:
    """One program run on the reference and, in step, on one or two implementations of PyTorch's interface."""

    def __init__(self, shapes, modules, negative_steps=True, seed=0):
        rng = np.random.default_rng(seed)
        sizes = [int(np.prod(s)) for s in shapes]
        self.count, self.modules, self.negative_steps = sum(sizes), modules, negative_steps
        self.log, self.failed = [], None
        self.leaves = [[] for _ in modules]
        self.refs, self.rows = [], []           # a row: the Variables of one value, one per module
        self.pinned = set()                     # buffers of leaves: written under no_grad alone
        start = 0
        for shape, size in zip(shapes, sizes):
            data = np.round(rng.uniform(0.3, 1.4, shape) * rng.choice([-1, 1], shape), 3)
            tangents = np.eye(self.count)[start:start + size]
            start += size
            ref = Ref.of(data, tangents)
            row = [m.tensor(data, dtype=m.float64, requires_grad=True) for m in modules]
            for leaves, v in zip(self.leaves, row):
                leaves.append(v)
            self.pinned.add(id(ref.buffer))
            self.add(ref, row)
        for ref, row in list(zip(self.refs, self.rows)):
            self.add(Ref.of(ref.values, ref.tangents), [v.clone() for v in row])
        self.weights = np.random.default_rng(99)

    def add(self, ref, row):
        self.refs.append(ref)
        self.rows.append(row)

    def pick(self, code, shape=None):
        fitting = [i for i, r in enumerate(self.refs) if r.values.size <= 40
                   and (shape is None or can_broadcast(r.shape, shape))]
        if not fitting:
            raise Refused
        return fitting[code % len(fitting)]

    def each(self, f, *operands):
        """f on every implementation; they fail together or not at all."""
        results, errors = [], []
        for k, m in enumerate(self.modules):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    results.append(f(m, *[self.rows[i][k] if isinstance(i, int) else i[k] for i in operands]))
                errors.append(None)
            except RuntimeError as error:
                results.append(None)
                errors.append(error)
        if any(errors):
            assert all(errors), (self.log, [str(e) for e in errors])
            raise Refused
        return results

    def run(self, steps):
        quiet = 0
        for name, *codes in steps:
            if name == "quiet":
                quiet = 3
                continue
            self.log.append([name, *codes, "no_grad" if quiet else ""])
            try:
                self.step(name, *codes, quiet > 0)
            except Refused:
                self.log.pop()
            quiet = max(quiet - 1, 0)
            self.compare()

    def step(self, name, a, b, c, quiet):
        modes = [m.no_grad if quiet else m.enable_grad for m in self.modules]

        def each(f, *operands):
            def moded(m, *values):
                with modes[self.modules.index(m)]():
                    return f(m, *values)
            return self.each(moded, *operands)

        def new(result, row):
            values, tangents = result
            self.add(Ref.of(values, np.zeros_like(tangents) if quiet else tangents), row)

        def view(x, f, g):
            if quiet:           # what a view made without a record is when its base changes is PyTorch's own affair
                raise Refused
            row = each(lambda m, v: f(v), x)
            self.add(self.refs[x].view(g), row)

        def writable(i):
            if (id(self.refs[i].buffer) in self.pinned) or self.refs[i].overlaps():
                raise Refused

        x = self.pick(a)
        ref = self.refs[x]
        shape, n = ref.shape, len(ref.shape)
        if name == "unary":
            op = list(UNARY)[b % len(UNARY)]
            new(unary(op, ref), each(lambda m, v: getattr(m, op)(v), x))
        elif name == "binary":
            op = list(BINARY)[b % len(BINARY)]
            y = self.pick(c)
            self.check_broadcast(ref.shape, self.refs[y].shape)
            new(binary(op, ref, self.refs[y]), each(lambda m, v, w: OPERATORS[op](v, w), x, y))
        elif name == "number":
            op = list(BINARY)[b % len(BINARY)]
            number = (0.5, -2, 1.25, 3)[c % 4]
            other = Number(number, self.count)
            if c // 4 % 2:
                new(binary(op, ref, other), each(lambda m, v: OPERATORS[op](v, number), x))
            else:
                new(binary(op, other, ref), each(lambda m, v: OPERATORS[op](number, v), x))
        elif name == "slice":
            index = draw_index(shape, b, self.negative_steps)
            view(x, lambda v: v[index], lambda p: p[index])
        elif name == "select":
            if not n or not shape[b % n]:
                raise Refused
            i = c % shape[b % n]
            view(x, lambda v: v.select(b % n, i), lambda p: p.take(i, b % n))
        elif name == "transpose":
            if n < 1:
                raise Refused
            view(x, lambda v: v.transpose(b % n, c % n), lambda p: p.swapaxes(b % n, c % n))
        elif name == "reshape":
            shapes = [s for s in [(ref.places.size,), (1, ref.places.size), (2, -1), (-1, 2), shape[::-1], (-1, 1, 3)]
                      if ref.places.size and ref.places.size % abs(int(np.prod(s))) == 0]
            if not shapes or quiet:
                raise Refused
            s = shapes[b % len(shapes)]
            row = each(lambda m, v: v.reshape(s), x)
            # Whether it is a view is for the implementation to say; they agree, and the reference follows.
            shared = {bool(aliases(m, v, w[x])) for m, v, w in zip(self.modules, row, self.by_module())}
            assert len(shared) == 1, self.log
            if shared.pop():
                self.add(ref.view(lambda p: p.reshape(s)), row)
            else:
                self.add(Ref.of(ref.values.reshape(s), ref.tangents.reshape(-1, self.count)), row)
        elif name == "expand":
            to = [(2, *shape), tuple(3 if k == 1 else k for k in shape), (1, *shape)][b % 3]
            view(x, lambda v: v.expand(to), lambda p: np.broadcast_to(p, to))
        elif name == "unsqueeze":
            d = b % (n + 1)
            view(x, lambda v: v.unsqueeze(d), lambda p: np.expand_dims(p, d))
        elif name == "squeeze":
            view(x, lambda v: v.squeeze(), lambda p: p.squeeze())
        elif name.startswith("inplace") or name in ("set slice", "set select", "set number", "scatter", "set mask", "fill",
                                                    "copy_"):
            writable(x)
            self.write(name, x, b, c, quiet, each)
        elif name == "gather":
            if not n or not shape[0]:
                raise Refused
            index = [(b + k * c) % shape[0] for k in range(c % 4)]
            new((ref.values[np.array(index, int)], ref.tangents[np.array(index, int)]), each(lambda m, v: v[index], x))
        elif name == "mask":
            mask = mask_of(shape, b)
            new((ref.values[mask], ref.tangents[mask]), each(lambda m, v: v[m.tensor(mask)], x))
        elif name in ("sum", "mean"):
            dim = None if not n or b % 3 == 0 else b % n
            keep = dim is not None and c % 2 == 1
            if name == "mean" and ref.places.size == 0:
                raise Refused
            axis = tuple(range(n)) if dim is None else (dim,)
            f = getattr(np, name)
            new((f(ref.values, axis=axis, keepdims=keep), f(ref.tangents, axis=axis, keepdims=keep)),
                each(lambda m, v: getattr(v, name)() if dim is None else getattr(v, name)(dim, keep), x))
        elif name == "max":
            if not n or not shape[b % n]:
                raise Refused
            d = b % n
            order = np.sort(ref.values, d)
            if shape[d] > 1 and np.any(np.diff(order, axis=d) < 1e-9):
                raise Refused
            where = np.expand_dims(ref.values.argmax(d), d)
            new((np.take_along_axis(ref.values, where, d).squeeze(d),
                 np.take_along_axis(ref.tangents, where[..., None], d).squeeze(d)), each(lambda m, v: v.max(d)[0], x))
        elif name == "norm":
            size = np.sqrt((ref.values ** 2).sum())
            if size < 1e-3:
                raise Refused
            new((size, (ref.values[..., None] * ref.tangents).reshape(-1, self.count).sum(0) / size),
                each(lambda m, v: v.norm(), x))
        elif name == "matmul":
            y = self.pick(b)
            other = self.refs[y]
            if not 1 <= n <= 2 or not 1 <= len(other.shape) <= 2 or shape[-1] != other.shape[0]:
                raise Refused
            values = ref.values @ other.values
            tangents = np.stack([ref.tangents[..., k] @ other.values + ref.values @ other.tangents[..., k]
                                 for k in range(self.count)], -1)
            new((values, tangents), each(lambda m, v, w: v @ w, x, y))
        elif name in ("cat", "stack"):
            same = [i for i, r in enumerate(self.refs) if r.shape == shape]
            y = same[b % len(same)]
            d = c % n if n else 0
            if name == "cat" and (not n or shape == (0,)):
                raise Refused
            f = np.concatenate if name == "cat" else np.stack
            new((f([ref.values, self.refs[y].values], d), f([ref.tangents, self.refs[y].tangents], d)),
                each(lambda m, v, w: getattr(m, name)([v, w], d), x, y))
        elif name == "clone":
            new((ref.values, ref.tangents), each(lambda m, v: v.clone(), x))
        elif name == "detach":
            new((ref.values, 0 * ref.tangents), each(lambda m, v: v.detach().clone(), x))
        elif name == "leaf view":
            view(0, lambda v: v.reshape(-1), lambda p: p.reshape(-1))
        if np.abs(self.refs[-1].values).max(initial=0) > 1e4:
            self.refs.pop()
            self.rows.pop()

    def write(self, name, x, b, c, quiet, each):
        ref = self.refs[x]
        shape = ref.shape
        if name == "inplace unary":
            op = IN_PLACE["unary"][b % len(IN_PLACE["unary"])]
            each(lambda m, v: getattr(v, op + "_")(), x)
            ref.write(*unary(op, ref), not quiet)
        elif name == "inplace binary":
            op = IN_PLACE["binary"][b % len(IN_PLACE["binary"])]
            y = self.pick(c, shape)
            if self.partly_overlap(x, y):
                raise Refused
            each(lambda m, v, w: getattr(v, op + "_")(w), x, y)
            ref.write(*binary(op, ref, self.refs[y]), not quiet)
        elif name == "inplace number":
            op = IN_PLACE["binary"][b % len(IN_PLACE["binary"])]
            number = (0.5, -2, 1.25)[c % 3]
            each(lambda m, v: getattr(v, op + "_")(number), x)
            ref.write(*binary(op, ref, Number(number, self.count)), not quiet)
        elif name == "fill":
            each(lambda m, v: v.fill_(0.75) if c % 2 else v.zero_(), x)
            ref.write(0.75 if c % 2 else 0.0, 0.0, not quiet)
        elif name == "copy_":
            y = self.pick(c, shape)
            if self.partly_overlap(x, y):
                raise Refused
            each(lambda m, v, w: v.copy_(w), x, y)
            other = self.refs[y]
            ref.write(np.broadcast_to(other.values, shape), spread(other.tangents, shape), not quiet)
        else:
            if name == "scatter":
                if not shape or not shape[0]:
                    raise Refused
                index = [list(range(shape[0]))[:1 + b % shape[0]]]
                index = (np.array(index[0])[::-1].copy(),)
            elif name == "set mask":
                index = (mask_of(shape, b),)
            elif name == "set select":
                if not shape or not shape[0]:
                    raise Refused
                index = (b % shape[0],)
            else:
                index = draw_index(shape, b, self.negative_steps)
            target = ref.places[index]
            part = Ref(ref.buffer, target)
            if name == "set number":
                values, tangents = 0.25, 0.0
                given = None
            else:
                y = self.pick(c, target.shape)
                other = self.refs[y]
                if other.buffer is ref.buffer:
                    raise Refused
                values, tangents = np.broadcast_to(other.values, target.shape), spread(other.tangents, target.shape)
                given = y

            def assign(m, v, *w):
                own = tuple(m.tensor(i) if isinstance(i, np.ndarray) else i for i in index)
                v[own if len(own) != 1 else own[0]] = w[0] if w else 0.25

            each(assign, x, *([] if given is None else [given]))
            part.write(values, tangents, not quiet)

    def partly_overlap(self, x, y):
        """Whether the two share memory in another arrangement: what a loop then reads is anybody's guess."""
        a, b = self.refs[x], self.refs[y]
        if a.buffer is not b.buffer:
            return False
        same = a.shape == b.shape and (a.places == b.places).all()
        return not same and bool(np.intersect1d(a.places, b.places).size)

    def check_broadcast(self, a, b):
        try:
            np.broadcast_shapes(a, b)
        except ValueError:
            raise Refused from None

    def by_module(self):
        return [[row[k] for row in self.rows] for k in range(len(self.modules))]

    def compare(self):
        for ref, row in zip(self.refs, self.rows):
            for v in row:
                assert tuple(v.shape) == ref.shape, self.log
                np.testing.assert_allclose(v.detach().numpy(), ref.values, rtol=1e-9, atol=1e-9, err_msg=str(self.log))
            first = row[0]
            for v in row[1:]:
                assert (first.requires_grad, first.is_leaf) == (v.requires_grad, v.is_leaf), self.log

    def total(self, k, heads=-1):
        """A weighted sum of everything, or of the last value and what `heads` says, and its derivatives.

        If everything is a head, then the first cotangent a value gets is always its own weight.
        """
        rng = np.random.default_rng(5)
        m, parts, tangents = self.modules[k], [], np.zeros(self.count)
        for i, (ref, row) in enumerate(zip(self.refs, self.rows)):
            w = rng.uniform(0.5, 1.5, ref.shape)
            if not heads >> i & 1 and i < len(self.refs) - 1:
                continue
            tangents = tangents + (w[..., None] * ref.tangents).reshape(-1, self.count).sum(0)
            parts.append((row[k] * m.tensor(w, dtype=m.float64)).sum())
        return sum(parts[1:], parts[0]), tangents


def aliases(module, v, w):
    before = w.detach().numpy().copy()
    if before.size == 0:
        return False
    return np.shares_memory(v.detach().numpy(), w.detach().numpy())


def can_broadcast(a, b):
    """Whether a broadcasts to b."""
    try:
        return np.broadcast_shapes(a, b) == tuple(b)
    except ValueError:
        return False


def mask_of(shape, code):
    return np.array([(code >> (k % 12)) & 1 for k in range(int(np.prod(shape)))], bool).reshape(shape)


def is_version_error(error):
    return "modified by an inplace operation" in str(error)


def flat_grads(leaves):
    return np.concatenate([np.zeros(int(np.prod(v.shape))) if v.grad is None else v.grad.numpy().reshape(-1) for v in leaves])


def close(found, expected, log):
    scale = 1 + np.abs(expected).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * scale, err_msg=str(log))


@PROFILE
@given(LEAVES, STEPS, HEADS)
@example([(2, 3)], [("slice", 1, 4, 0), ("inplace unary", 2, 1, 0)], -1)
@example([(2, 3)], [("set select", 1, 0, 2), ("sum", 1, 1, 0)], 0)
def test_programs_against_the_reference(shapes, steps, heads):
    machine = Machine(shapes, [autodiff])
    machine.run(steps)
    total, expected = machine.total(0, heads)
    leaves = machine.leaves[0]
    if not total.requires_grad:
        assert not expected.any(), machine.log
        return
    try:
        total.backward(retain_graph=True)
    except RuntimeError as error:
        # A saved value was overwritten: the program has no gradient.  That PyTorch says so too is the next test.
        assert is_version_error(error), machine.log
        return
    close(flat_grads(leaves), expected, machine.log)
    total.backward(retain_graph=True)           # accumulates
    close(flat_grads(leaves), 2 * expected, machine.log)
    found = autodiff.autograd.grad(total, leaves, create_graph=True, allow_unused=True, materialize_grads=True)
    close(np.concatenate([g.detach().numpy().reshape(-1) for g in found]), expected, machine.log)
    total.backward()
    close(flat_grads(leaves), 3 * expected, machine.log)


def hessian_products(module, total, leaves):
    """The gradient, and the derivative of its weighted sum: values, or the kind of error."""
    force = {} if module is autodiff else {"force": True}       # PyTorch's zeros may have no memory
    try:
        first = module.autograd.grad(total, leaves, create_graph=True, allow_unused=True, retain_graph=True)
        parts = [(g * module.tensor(np.linspace(0.5, 1.5, int(np.prod(v.shape))).reshape(v.shape))).sum()
                 for g, v in zip(first, leaves) if g is not None]
        parts = [p for p in parts if p.requires_grad]
        second = [None] * len(leaves)
        if parts:
            second = module.autograd.grad(sum(parts[1:], parts[0]), leaves, allow_unused=True)
        return [np.concatenate([np.zeros(int(np.prod(v.shape))) if g is None else g.detach().numpy(**force).reshape(-1)
                                for g, v in zip(grads, leaves)]) for grads in (first, second)]
    except RuntimeError as error:
        if not is_version_error(error):
            raise
        return "modified"


@pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed")
@PROFILE
@given(LEAVES, STEPS, HEADS)
def test_programs_against_pytorch(shapes, steps, heads):
    import torch

    machine = Machine(shapes, [autodiff, torch], negative_steps=False)
    machine.run(steps)
    totals = [machine.total(k, heads)[0] for k in range(2)]
    assert totals[0].requires_grad == totals[1].requires_grad, machine.log
    if not totals[0].requires_grad:
        return
    ours, theirs = (hessian_products(m, totals[k], machine.leaves[k]) for k, m in enumerate(machine.modules))
    if isinstance(theirs, str) and not isinstance(ours, str):
        # 0-d values, and what an in-place op saved, are copies here: right where PyTorch refuses (docs/differences.md)
        return
    assert isinstance(ours, str) == isinstance(theirs, str), (ours, theirs, machine.log)
    if not isinstance(ours, str):
        for a, b in zip(ours, theirs):
            close(a, b, machine.log)


# ---- the NumPy flavour may write to what was read before

@PROFILE
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=10))
def test_recurrences_on_the_numpy_flavour(steps):
    """y[i] = f(y[j]) after y[j] was read: what is saved is a snapshot."""
    p = autodiff.numpy.array([0.5, 0.8, -0.4, 1.1, 0.3], requires_grad=True)
    y = p * 1.0
    values, tangents = np.array([0.5, 0.8, -0.4, 1.1, 0.3]), np.eye(5)
    for i, j, kind in steps:
        if kind == 0:
            y[i] = y[i] * y[j]
            tangents[i] = values[j] * tangents[i] + values[i] * tangents[j]
            values[i] = values[i] * values[j]
        elif kind == 1:
            y[i] = y[j].sin() + y[i]
            tangents[i] = np.cos(values[j]) * tangents[j] + tangents[i]
            values[i] = np.sin(values[j]) + values[i]
        else:
            y[i] = y[j] * 0.5 - 1.0
            tangents[i] = 0.5 * tangents[j]
            values[i] = values[j] * 0.5 - 1.0
    w = np.linspace(0.5, 1.5, 5)
    np.testing.assert_allclose(y.detach().numpy(), values, rtol=1e-12)
    (y * w).sum().backward()
    np.testing.assert_allclose(p.grad.numpy(), w @ tangents, rtol=1e-10, atol=1e-12)


# ---- random shapes, strides, broadcasting, dtypes for one op

ARRAYS = st.tuples(st.lists(st.integers(0, 3), max_size=3), st.integers(0, 999), st.integers(0, 63), st.booleans())


def made(spec):
    """A leaf over an ndarray of random layout: strides of any sign, permuted, with gaps, expanded."""
    shape, seed, layout, narrow = spec
    rng = np.random.default_rng(seed)
    dtype = np.float32 if narrow else np.float64
    room = rng.uniform(0.5, 1.5, tuple(2 * n + 1 for n in shape)).astype(dtype)
    index = tuple([slice(1, 1 + n), slice(0, 2 * n, 2), slice(n, 0, -1) if n else slice(0, 0),
                   slice(2 * n - 1, None, -2) if n else slice(0, 0)][(layout >> (2 * k)) & 3] for k, n in enumerate(shape))
    a = room[index]
    assert a.shape == tuple(shape)
    return a.T if layout & 1 and seed & 1 else a


@PROFILE
@given(ARRAYS, ARRAYS, st.sampled_from(["add", "sub", "mul", "div", "pow"]), st.booleans())
def test_layouts_and_broadcasting_of_binary_ops(one, two, op, create_graph):
    a, b = made(one), made(two)
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        with pytest.raises(RuntimeError, match="must match the size"):
            getattr(autodiff, op)(autodiff.from_numpy(a), autodiff.from_numpy(b))
        return
    x, y = (autodiff.from_numpy(v).requires_grad_() if v.ndim else autodiff.tensor(v, requires_grad=True) for v in (a, b))
    out = getattr(autodiff, op)(x, y)
    wide = [v.astype(np.float64) for v in (a, b)]
    f = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power}[op]
    np.testing.assert_allclose(out.detach().numpy(), f(*wide), rtol=3e-6, atol=1e-6)
    assert tuple(out.shape) == shape
    w = np.random.default_rng(1).uniform(0.5, 1.5, shape)
    grads = autodiff.autograd.grad(out, (x, y), autodiff.tensor(w), create_graph=create_graph)
    u, v = np.broadcast_arrays(*wide)
    with np.errstate(all="ignore"):
        partial = {"add": (1 + 0 * u, 1 + 0 * u), "sub": (1 + 0 * u, -1 + 0 * u), "mul": (v, u), "div": (1 / v, -u / v ** 2),
                   "pow": (v * u ** (v - 1), np.log(u) * u ** v)}[op]
    for leaf, g, d in zip((x, y), grads, partial):
        assert g.dtype == leaf.dtype and g.shape == leaf.shape
        full = w * d
        extra = full.ndim - leaf.ndim
        axes = tuple(k for k in range(full.ndim) if k < extra or leaf.shape[k - extra] == 1 != full.shape[k])
        np.testing.assert_allclose(g.detach().numpy(), full.sum(axes, keepdims=True).reshape(tuple(leaf.shape)),
                                   rtol=1e-4, atol=1e-5)


@PROFILE
@given(ARRAYS, st.sampled_from(["sum", "mean", "norm", "amax"]), st.integers(0, 7), st.booleans(), st.booleans())
def test_layouts_of_reductions(spec, op, code, keep, create_graph):
    a = made(spec)
    dims = tuple(d for d in range(a.ndim) if code >> d & 1)
    if not dims or (op in ("amax", "mean") and a.size == 0):
        return
    x = autodiff.from_numpy(a).requires_grad_()
    out = getattr(x, op)(dim=dims, keepdim=keep)
    wide = a.astype(np.float64)
    f = {"sum": np.sum, "mean": np.mean, "amax": np.max,
         "norm": lambda v, axis, keepdims: np.sqrt((v ** 2).sum(axis=axis, keepdims=keepdims))}[op]
    expected = f(wide, axis=dims, keepdims=keep)
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-5)
    assert out.dtype == x.dtype
    (g,) = autodiff.autograd.grad(out.sum(), x, create_graph=create_graph)
    full = f(wide, axis=dims, keepdims=True)
    count = np.prod([a.shape[d] for d in dims])
    with np.errstate(all="ignore"):
        d = {"sum": np.ones(a.shape), "mean": np.ones(a.shape) / max(count, 1), "norm": wide / full,
             "amax": (wide == full) / (wide == full).sum(axis=dims, keepdims=True)}[op]
    np.testing.assert_allclose(g.detach().numpy(), d, rtol=1e-5)
    assert g.dtype == x.dtype and g.shape == x.shape
