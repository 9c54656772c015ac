"""The engine with toy ops and plain ones: order, cotangents, several outputs, marks, failure, nested and parallel passes."""
import math
import os
import random
import struct
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import autodiff as ad
from autodiff._core import memory_stats
from autodiff._variable import record_custom

# The engine marks a cotangent that nothing has reached with this bit pattern, and one without a value with the next.
SENTINELS = (0x7FF4DEADBEEF0001, 0x7FF4DEADBEEF0002)


def leaf(value):
    return ad.tensor(value, requires_grad=True)


def toy(operands, values, vjp, name="ToyBackward"):
    return record_custom(tuple(operands), tuple(values), vjp, name)


def scaled(x, factor, log=None, tag=None):
    """x * factor as a toy op that notes when its derivative runs."""
    def vjp(gs, needs):
        if log is not None:
            log.append(tag)
        return [gs[0] * factor]

    return toy([x], [x.detach().numpy() * factor], vjp)[0]


# ---- order: a reference that knows nothing of slabs

class Expression:
    """The reference: an expression that keeps its parents and local derivatives, differentiated by path counting."""

    def __init__(self, value, parents=()):
        self.value, self.parents = value, parents


def reference_gradients(root, leaves, cotangent=1.0):
    finished, order, stack = set(), [], [(root, False)]
    while stack:
        e, done = stack.pop()
        if done:
            order.append(e)
        elif id(e) not in finished:
            finished.add(id(e))
            stack.append((e, True))
            stack.extend((p, False) for p, _ in e.parents)
    adjoint = {id(root): cotangent}
    for e in reversed(order):
        g = adjoint.get(id(e))
        for p, local in e.parents:
            adjoint[id(p)] = adjoint.get(id(p), 0.0) + g * local
    return [adjoint.get(id(e)) for e in leaves]


def random_step(rng, pairs):
    (x, a), (y, b) = rng.choice(pairs), rng.choice(pairs)
    kind = rng.randrange(6)
    if kind == 0:
        return x * y * 0.5, Expression(a.value * b.value * 0.5, ((a, b.value * 0.5), (b, a.value * 0.5)))
    if kind == 1:
        return x + y, Expression(a.value + b.value, ((a, 1.0), (b, 1.0)))
    if kind == 2:
        return x - 2.0 * y, Expression(a.value - 2 * b.value, ((a, 1.0), (b, -2.0)))
    if kind == 3:
        return x.sin(), Expression(math.sin(a.value), ((a, math.cos(a.value)),))
    if kind == 4:
        return x.tanh(), Expression(math.tanh(a.value), ((a, 1 - math.tanh(a.value) ** 2),))
    return y / 3.0, Expression(b.value / 3.0, ((b, 1 / 3.0),))


@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_with_deletions(seed):
    # Deleting at random makes holes in slabs and recycles whole ones: a new node must still be newer than its operands.
    rng = random.Random(seed)
    leaves = [leaf(rng.uniform(-1, 1)) for _ in range(5)]
    expressions = [Expression(x.item()) for x in leaves]
    base = list(zip(leaves, expressions))
    pairs = list(base)
    for _ in range(3000):
        pairs.append(random_step(rng, pairs))
        if abs(pairs[-1][1].value) > 1e3:
            pairs.pop()
        if len(pairs) > 60:
            del pairs[rng.randrange(5, len(pairs))]
        if rng.random() < 0.003:
            pairs = base + pairs[5:][-rng.randrange(1, 8):]
        if rng.random() < 0.02:
            y, e = rng.choice(pairs)
            for x in leaves:
                x.grad = None
            y.backward(retain_graph=True)
            for x, expected in zip(leaves, reference_gradients(e, expressions)):
                assert (x.grad is None) == (expected is None)
                assert expected is None or x.grad.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_random_graphs_of_scalars_and_arrays(seed):
    # Array nodes, toy ops and scalar nodes share slabs; every value is three equal elements, so one number is the reference.
    rng = random.Random(seed)
    leaves = [leaf([rng.uniform(-1, 1)] * 3) for _ in range(3)]
    expressions = [Expression(x[0].item()) for x in leaves]
    pairs = list(zip(leaves, expressions))
    for _ in range(400):
        if rng.random() < 0.3:
            x, a = rng.choice(pairs)
            pairs.append((scaled(x, 0.7), Expression(a.value * 0.7, ((a, 0.7),))))
        elif rng.random() < 0.3:
            x, a = rng.choice(pairs)
            # through scalars and back
            pairs.append((ad.stack([x[2], x[0] * 1.0, x[1]]), Expression(a.value, ((a, 1.0),))))
        else:
            pairs.append(random_step(rng, pairs))
        if abs(pairs[-1][1].value) > 1e3:
            pairs.pop()
        if len(pairs) > 20:
            del pairs[rng.randrange(3, len(pairs))]
    y, e = pairs[-1]
    y.backward(ad.ones(3))
    for x, expected in zip(leaves, reference_gradients(e, expressions)):
        assert (x.grad is None) == (expected is None)
        if expected is not None:
            np.testing.assert_allclose(x.grad.numpy(), [expected] * 3, rtol=1e-9, atol=1e-12)


def test_reverse_order_of_creation():
    log = []
    x = leaf([1.0, 2.0])
    a = scaled(x, 2.0, log, "a")
    b = scaled(x, 3.0, log, "b")
    c = scaled(a, 4.0, log, "c")
    (b + c).backward(ad.ones(2))
    assert log == ["c", "b", "a"]
    assert x.grad.tolist() == [11.0, 11.0]


def test_order_holds_when_a_stale_view_is_regenerated():
    # The node that regenerates the view is made for the product: it must be older than the product.
    x = leaf([1.0, 2.0, 3.0])
    b = x.clone()
    v = b[:2]
    b.mul_(2)
    y = v * 3
    assert y.tolist() == [6.0, 12.0]
    y.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0, 0.0]


def test_both_operands_are_stale_views():
    x = leaf([1.0, 2.0, 3.0])
    b = x.clone()
    v, w = b[:2], b[1:]
    b.mul_(2)
    (v * w).sum().backward()            # 4 x0 x1 + 4 x1 x2
    assert x.grad.tolist() == [8.0, 16.0, 8.0]


def test_nodes_recorded_during_a_pass_do_not_disturb_it():
    x = leaf([1.0, 2.0])
    kept = []

    def vjp(gs, needs):
        with ad.enable_grad():
            z = leaf([1.0, 1.0])
            for _ in range(500):        # more than a slab
                z = z * 1.0
                kept.append(z)
        return [gs[0] * 5]

    y, = toy([x * 2], [[1.0, 1.0]], vjp)
    (y + y).backward(ad.ones(2))
    assert x.grad.tolist() == [20.0, 20.0]


def test_a_hook_that_deletes_the_graph_does_not_recycle_it():
    # The pass owns its root, so nothing that it still has to walk can go.
    x = leaf(2.0)
    held = {"y": x * 1.0}
    for _ in range(1000):
        held["y"] = held["y"] * 1.0

    def hook(g):
        held.clear()
        for _ in range(2000):           # would fill recycled slabs
            x * 3.0

    held["y"].register_hook(hook)
    y = held["y"]
    ad.autograd.backward(y)
    assert x.grad.item() == 1.0
    x.grad = None
    held["y"] = x * 1.0
    for _ in range(1000):
        held["y"] = held["y"] * 1.0
    held["y"].register_hook(hook)
    del y
    held["y"].backward()
    assert x.grad.item() == 1.0


# ---- leaves

def test_leaves_are_written_once_in_a_pass():
    x = leaf([1.0, 2.0])
    y = sum((x * float(i) for i in range(300)), x * 0.0)    # over several slabs
    calls = []
    x.register_hook(lambda g: calls.append(g.tolist()))
    y.backward(ad.ones(2))
    assert calls == [[44850.0, 44850.0]]
    assert x.grad.tolist() == [44850.0, 44850.0]


def test_leaves_are_reached_last_without_hooks():
    x, w = leaf([1.0]), leaf([1.0])
    seen = []

    def vjp(gs, needs):
        seen.append((x.grad, w.grad))
        return [gs[0]]

    early, = toy([w], [[1.0]], vjp)
    (x * 2 + early).backward(ad.ones(1))
    assert seen == [(None, None)]
    assert (x.grad.item(), w.grad.item()) == (2.0, 1.0)


def test_a_leaf_hook_runs_as_soon_as_its_gradient_is_complete():
    # As PyTorch: a leaf is ready when the last op that uses it has run, not at the end of the walk.
    log = []
    x, w = leaf([1.0]), leaf([1.0])
    a = scaled(x, 2.0, log, "a")
    b = scaled(w, 3.0, log, "b")
    w.register_hook(lambda g: log.append("w"))
    x.register_hook(lambda g: log.append("x"))
    (a + b).backward(ad.ones(1))
    assert log == ["b", "w", "a", "x"]


def test_a_leaf_that_is_its_own_root():
    x = leaf([1.0, 2.0])
    x.backward(ad.tensor([3.0, 4.0]))
    assert x.grad.tolist() == [3.0, 4.0]
    s = leaf(1.0)
    s.backward()
    assert s.grad.item() == 1.0


def test_many_leaves_refill_holes():
    for _ in range(3):
        leaves = [leaf(float(i)) for i in range(1000)]
        del leaves[::3]
        leaves += [leaf(float(i)) for i in range(500)]
        total = leaves[0] * 1.0
        for x in leaves[1:]:
            total = total + x * 2.0
        total.backward()
        assert leaves[0].grad.item() == 1.0
        assert {x.grad.item() for x in leaves[1:]} == {2.0}


def test_a_dead_leaf_gets_no_gradient_and_does_no_harm():
    x = leaf([1.0])
    w = leaf([2.0])
    y = x * w
    del x
    y.backward(ad.ones(1))
    assert w.grad.item() == 1.0


# ---- failure in the middle

def failing(x, error):
    def vjp(gs, needs):
        raise error

    return toy([x], [x.detach().numpy().copy()], vjp)[0]


class Broken(Exception):
    pass


def test_failure_leaves_gradients_untouched_and_the_graph_usable():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    kept = ad.tensor([7.0, 7.0])
    x.grad = kept
    error = Broken("here")
    switch = [True]

    def vjp(gs, needs):
        if switch[0]:
            raise error
        return [gs[0] * 10]

    y, = toy([x * 2], [[0.0, 0.0]], vjp)
    z = y + w * w
    before = memory_stats()
    for _ in range(3):
        with pytest.raises(Broken) as caught:
            z.backward(ad.ones(2), retain_graph=True)
        assert caught.value is error
        assert x.grad is kept and kept.tolist() == [7.0, 7.0]
        assert w.grad is None
    del caught
    error.__traceback__ = None
    assert memory_stats()["used_bytes"] == before["used_bytes"]
    switch[0] = False
    z.backward(ad.ones(2))
    assert x.grad is kept and kept.tolist() == [27.0, 27.0]
    assert w.grad.tolist() == [6.0, 8.0]


def test_failure_in_a_recorded_pass():
    x = leaf([1.0, 2.0])
    y = failing(x * x, Broken()) + x * x
    for _ in range(3):
        with pytest.raises(Broken):
            y.backward(ad.ones(2), create_graph=True)
    assert x.grad is None
    (x * x).sum().backward(create_graph=True)
    assert x.grad.tolist() == [2.0, 4.0]


def test_failure_in_a_pass_with_inputs():
    x, w = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    y = failing(x * x, Broken()) * w
    for _ in range(3):
        with pytest.raises(Broken):
            ad.autograd.grad(y, [x, w], ad.ones(2), retain_graph=True)
    assert ad.autograd.grad(y, w, ad.ones(2))[0].tolist() == [1.0, 4.0]


def test_failure_with_several_outputs_pending():
    x = leaf([1.0, 2.0])
    a, b = toy([x], [[1.0, 1.0], [2.0, 2.0]], lambda gs, needs: [gs[0] + gs[1]])
    y = failing(a, Broken()) + b
    for _ in range(3):
        with pytest.raises(Broken):
            y.backward(ad.ones(2), retain_graph=True)
    assert x.grad is None


def test_grad_mode_is_restored_after_a_failure():
    x = leaf([1.0])
    y = failing(x, Broken())
    with pytest.raises(Broken):
        y.backward(ad.ones(1), retain_graph=True)
    assert ad.is_grad_enabled()
    with ad.no_grad():
        with pytest.raises(Broken):
            y.backward(ad.ones(1), retain_graph=True, create_graph=True)
        assert not ad.is_grad_enabled()


# ---- allocation failure, in a process of its own: its pools are empty, so that every allocation can fail

FAULTS = r'''
import gc, os, sys, traceback
import autodiff as ad
from autodiff._core import _fail_allocation, memory_stats, release_memory
from autodiff._variable import record_custom

def leaf(value):
    return ad.tensor(value, requires_grad=True)

def scalars():
    x, y = leaf(2.0), leaf(3.0)
    z = x
    for _ in range(400):
        z = z * y
        z = z / y
    return [x, y], z + x, None

def arrays():
    x, y = leaf([1.0, 2.0, 3.0]), leaf([[1.0], [2.0]])
    return [x, y], ((x * y + x.exp()).tanh() * (x / y)).sum(), None

def large():
    x, w = leaf([[0.5] * 40] * 30), leaf([[0.25] * 20] * 40)
    return [x, w], ((x @ w).relu().T.reshape(30, 20) * 2).mean(), None

def joined():
    x, y, s = leaf([1.0, 2.0]), leaf([3.0, 4.0]), leaf(5.0)
    return [x, y, s], (ad.cat([x, y, x]) * ad.stack([s, s * s, x[0], y[1], s, s])).sum(), None

def views():
    x = leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    b = x.clone()
    v, w = b[0], b.T[1]
    v.mul_(2)
    b.add_(w[0])
    v[1] = w[1] * 3
    return [x], (b.sin() * 2).sum() + v.sum() + w.exp().sum(), None

def outputs():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    a, b, c = record_custom((x, y), ([1.0, 2.0], [3.0], 4.0), lambda gs, needs: [gs[0] * 2, gs[0] * gs[2]], "Toy")
    return [x, y], (a * c).sum() + a[0] * 0.0, None

def hooked():
    x, s = leaf([1.0, 2.0]), leaf(2.0)
    y = x * s
    y.register_hook(lambda g: g * 2)
    y.retain_grad()
    x.register_hook(lambda g: g + 1)
    s.register_hook(lambda g: g + 1)
    return [x, s], (y * y).sum(), None

def marked():
    x, y = leaf([1.0, 2.0]), leaf(2.0)
    z = x * y
    for _ in range(200):
        z = z + y
    return [x, y], (z * z).sum(), [x, y]

def float32():
    x, y = ad.tensor([1.0, 2.0], dtype=ad.float32, requires_grad=True), ad.tensor(2.0, dtype=ad.float32, requires_grad=True)
    return [x, y], (x.double() * y + x.sum() * y).sum() * x.norm(), None

SCENARIOS = [scalars, arrays, large, joined, views, outputs, hooked, marked, float32]

def walk(leaves, root, inputs, create):
    if inputs is None:
        root.backward(retain_graph=True, create_graph=create)
    else:
        for x, g in zip(leaves, ad.autograd.grad(root, inputs, retain_graph=True, create_graph=create)):
            x.grad = g

def values(leaves):
    return [None if x.grad is None else x.grad.tolist() for x in leaves]

def attempt(build, create, split, n, expected):
    """In a child: the n-th allocation fails.  0: passed; 1: failed; 9: n was past the last allocation."""
    before = memory_stats()
    happened = False
    if split:
        leaves, root, inputs = build()
    _fail_allocation(n)
    try:
        if not split:
            leaves, root, inputs = build()
        walk(leaves, root, inputs, create)
    except MemoryError:
        happened = True
    _fail_allocation(-1)
    if split:
        if happened:
            for got, right in zip(values(leaves), expected):
                assert got is None or got == right, f"half a gradient: {got}, should be {right}"
            for x in leaves:
                x.grad = None
            walk(leaves, root, inputs, create)
        assert values(leaves) == expected, f"the same graph again: {values(leaves)}, should be {expected}"
    leaves = root = inputs = x = None
    gc.collect()
    after = memory_stats()
    assert after["nodes"] == before["nodes"], f"leaked nodes: {before} {after}"
    assert after["used_bytes"] == before["used_bytes"], f"leaked bytes: {before} {after}"
    leaves, root, inputs = build()
    walk(leaves, root, inputs, create)
    assert values(leaves) == expected, f"a clean run: {values(leaves)}, should be {expected}"
    return 0 if happened else 9

def child(work):
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            code = work()
        except BaseException:
            traceback.print_exc(file=sys.stdout)
            code = 1
        sys.stdout.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def expect(build, create):
    read, write = os.pipe()
    def work():
        leaves, root, inputs = build()
        walk(leaves, root, inputs, create)
        os.write(write, repr(values(leaves)).encode())
        return 0
    assert child(work) == 0, "without a fault"
    os.close(write)
    return eval(os.read(read, 1 << 20).decode())

build = globals()[sys.argv[1]]
failures = 0
for create in (False, True):
    expected = expect(build, create)
    for split in (False, True):
        for n in range(2000):
            code = child(lambda: attempt(build, create, split, n, expected))
            if code == 9:
                break
            if code:
                failures += 1
                print(f"^^ {build.__name__} create_graph={create} built before={split} allocation {n}: exit code {code}")
                if failures >= 5:
                    sys.exit(1)
        assert n > 0, "no allocation to fail"
sys.exit(bool(failures))
'''


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to start each attempt from the same empty pools")
@pytest.mark.parametrize("scenario", ["scalars", "arrays", "large", "joined", "views", "outputs", "hooked", "marked",
                                      "float32"])
def test_every_allocation_can_fail(scenario):
    done = subprocess.run([sys.executable, "-c", FAULTS, scenario], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


# ---- undefined is not untouched, and neither is zero

def test_none_leaves_no_gradient():
    x, w = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    y, = toy([x, w], [[1.0, 1.0]], lambda gs, needs: [None, gs[0]])
    y.backward(ad.ones(2))
    assert x.grad is None
    assert w.grad.tolist() == [1.0, 1.0]


def test_none_travels_through_ops_below():
    x, s = leaf([1.0, 2.0]), leaf(3.0)
    y, = toy([x * x * s], [[1.0, 1.0]], lambda gs, needs: [None])
    z, = toy([s * s], [1.0], lambda gs, needs: [None])
    (y.sum() + z).backward()
    assert x.grad is None and s.grad is None


def test_none_and_a_value_add_to_the_value():
    for order in (0, 1):
        x, s = leaf([1.0, 2.0]), leaf(3.0)
        a, c = x * 2, s * 2
        parts = [lambda a=a, c=c: toy([a, c], [1.0], lambda gs, needs: [None, None])[0],
                 lambda a=a, c=c: a.sum() + c]
        if order:
            parts.reverse()
        (parts[0]() + parts[1]()).backward()
        assert x.grad.tolist() == [2.0, 2.0]
        assert s.grad.item() == 2.0


def test_none_in_a_recorded_pass():
    x = leaf([1.0, 2.0])
    y, = toy([x * x], [[1.0, 1.0]], lambda gs, needs: [None])
    y.backward(ad.ones(2), create_graph=True)
    assert x.grad is None
    (y + x * x).backward(ad.ones(2), create_graph=True)
    assert x.grad.tolist() == [2.0, 4.0]


def test_none_counts_as_unused_for_grad():
    x = leaf([1.0, 2.0])
    y, = toy([x * x], [[1.0, 1.0]], lambda gs, needs: [None])
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        ad.autograd.grad(y, x, ad.ones(2), retain_graph=True)
    assert ad.autograd.grad(y, x, ad.ones(2), allow_unused=True, retain_graph=True) == (None,)
    zero, = ad.autograd.grad(y, x, ad.ones(2), materialize_grads=True)
    assert zero.tolist() == [0.0, 0.0]


def test_hooks_are_told_of_an_undefined_gradient():
    """As None, as PyTorch's are; a hook cannot make a gradient of it."""
    calls = []
    x = leaf([1.0, 2.0])
    a = x * 2
    a.register_hook(calls.append)
    x.register_hook(calls.append)
    toy([a], [[1.0, 1.0]], lambda gs, needs: [None])[0].backward(ad.ones(2))
    assert calls == [None, None] and x.grad is None
    a = x * 2
    a.register_hook(lambda g: ad.ones(2))
    with pytest.raises(RuntimeError, match="can't replace a None gradient"):
        toy([a], [[1.0, 1.0]], lambda gs, needs: [None])[0].backward(ad.ones(2))


def test_zero_is_a_gradient():
    x, s = leaf([1.0, 2.0]), leaf(1.0)
    ((x * 0.0).sum() + s * 0.0).backward()
    assert x.grad.tolist() == [0.0, 0.0]
    assert s.grad.item() == 0.0


# ---- several outputs

def test_unused_outputs_give_none():
    seen = []

    def vjp(gs, needs):
        seen.append([None if g is None else g.tolist() for g in gs])
        return [sum(g for g in gs if g is not None)]

    x = leaf([1.0, 2.0])
    a, b, c = toy([x], [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], vjp)
    b.backward(ad.tensor([5.0, 6.0]), retain_graph=True)
    (c * 2 + a).backward(ad.ones(2), retain_graph=True)
    assert seen == [[None, [5.0, 6.0], None], [[1.0, 1.0], None, [2.0, 2.0]]]
    assert x.grad.tolist() == [8.0, 9.0]
    assert [v.output_nr for v in (a, b, c)] == [0, 1, 2]
    assert a.grad_fn.name() == c.grad_fn.name() == "ToyBackward"


def test_outputs_of_different_shapes_and_a_number():
    x, s = leaf([1.0, 2.0]), leaf(3.0)
    shapes = []

    def vjp(gs, needs):
        shapes.append([None if g is None else tuple(g.shape) for g in gs])
        return [gs[1] * 2, gs[0].sum() + gs[2]]

    a, b, c = toy([x, s], [[[1.0, 2.0, 3.0]], [1.0, 2.0], 7.0], vjp)
    (a.sum() + (b * ad.tensor([1.0, 10.0])).sum() + c * 100).backward()
    assert shapes == [[(1, 3), (2,), ()]]
    assert x.grad.tolist() == [2.0, 20.0]
    assert s.grad.item() == 103.0


def test_head_runs_once_however_many_outputs_are_roots():
    calls = []

    def vjp(gs, needs):
        calls.append(1)
        return [gs[0] + gs[1]]

    x = leaf([1.0])
    a, b = toy([x], [[1.0], [1.0]], vjp)
    ad.autograd.backward([a, b, a], [ad.ones(1), ad.ones(1) * 10, ad.ones(1) * 100])
    assert calls == [1]
    assert x.grad.item() == 111.0


def test_several_outputs_second_order():
    x = leaf([2.0, 3.0])

    def vjp(gs, needs):
        # of x**2 and x**3
        return [gs[0] * 2 * x + gs[1] * 3 * x * x]

    a, b = toy([x], [[4.0, 9.0], [8.0, 27.0]], vjp)
    g, = ad.autograd.grad(a + b, x, ad.ones(2), create_graph=True)
    assert g.tolist() == [16.0, 33.0]
    h, = ad.autograd.grad(g, x, ad.ones(2))
    assert h.tolist() == [2 + 12.0, 2 + 18.0]


def test_integer_outputs_take_no_part():
    x = leaf([1.0, 2.0])
    a, count = toy([x], [[1.0, 2.0], np.array([1, 2])], lambda gs, needs: [gs[0]])
    assert a.requires_grad and not count.requires_grad
    a.backward(ad.ones(2))
    assert x.grad.tolist() == [1.0, 1.0]


def test_one_output_alive_keeps_the_others_out_of_the_way():
    x = leaf([1.0])
    outputs = toy([x], [[float(i)] for i in range(400)], lambda gs, needs: [sum(g for g in gs if g is not None)])
    kept = outputs[250]
    del outputs
    kept.backward(ad.ones(1))
    assert x.grad.item() == 1.0


@pytest.mark.parametrize("join", ["stack", "cat"])
def test_joining_many(join):
    rows = [leaf([float(i), 1.0]) for i in range(3000)]
    joined = ad.stack(rows) if join == "stack" else ad.cat(rows).reshape(3000, 2)
    weights = ad.arange(6000.0).reshape(3000, 2)
    (joined * weights).sum().backward()
    assert rows[0].grad.tolist() == [0.0, 1.0]
    assert rows[2999].grad.tolist() == [5998.0, 5999.0]
    s = [leaf(float(i)) for i in range(3000)]
    stacked = ad.stack(s + s[:1])
    (stacked * stacked).sum().backward()
    assert s[0].grad.item() == 0.0 and s[7].grad.item() == 14.0


# ---- a derivative that misbehaves

def survives(code):
    """Run in a process of its own what would take the other tests with it if it crashed."""
    head = """
import gc, weakref
import numpy as np
import autodiff as ad
from autodiff._variable import record_custom
def leaf(value): return ad.tensor(value, requires_grad=True)
"""
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", head + code], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, f"exit code {done.returncode}\n" + (done.stdout + done.stderr)[-2000:]


@pytest.mark.parametrize("create", [False, True])
def test_a_derivative_that_returns_nonsense(create):
    # An answer that is neither right nor refused must not reach memory: too few entries, other types.
    survives(f"""
for returned in ([], (), None, 3, ["text"], [3.0], [np.ones(2)], [[1.0, 2.0]], {{}}, [object()]):
    x = leaf([1.0, 2.0])
    y, = record_custom((x,), ([1.0, 1.0],), lambda gs, needs: returned, "Toy")
    try:
        y.backward(ad.ones(2), create_graph={create})
    except (TypeError, RuntimeError, IndexError, KeyError) as e:
        pass
    else:
        raise SystemExit(f"{{returned}} was accepted")
    assert x.grad is None
""")


@pytest.mark.parametrize("create", [False, True])
def test_a_derivative_of_the_wrong_shape_is_refused(create):
    # Summing it to the operand's shape is possible only if the operand broadcasts to it.
    survives(f"""
for shape in ((100000,), (3,), (2, 5), (2, 3, 4), (5, 2, 1000)):
    x = leaf([1.0, 2.0])
    for _ in range(10):
        y, = record_custom((x * 1.0,), ([1.0, 1.0],), lambda gs, needs: [ad.ones(*shape)], "Toy")
        try:
            y.backward(ad.ones(2), create_graph={create})
        except RuntimeError:
            pass
        else:
            raise SystemExit(f"{{shape}} was accepted: {{x.grad}}")
    assert x.grad is None
""")


def test_a_derivative_that_broadcasts_is_summed():
    x, s = leaf([1.0, 2.0]), leaf(1.0)
    toy([x, s], [[1.0, 1.0]], lambda gs, needs: [ad.ones(3, 2), ad.ones(4)])[0].backward(ad.ones(2))
    assert x.grad.tolist() == [3.0, 3.0]
    assert s.grad.item() == 4.0


def test_a_derivative_of_another_dtype_is_cast():
    x = ad.tensor([1.0, 2.0], dtype=ad.float32, requires_grad=True)
    toy([x], [np.ones(2)], lambda gs, needs: [ad.tensor([1, 2])])[0].backward(ad.ones(2))
    assert x.grad.dtype == ad.float32 and x.grad.tolist() == [1.0, 2.0]


def test_values_that_rewrite_the_operand():
    # The operand's node must be held before any code of the user runs.
    survives("""
class Deceitful:
    def __init__(self, act):
        self.act = act
    def __array__(self, dtype=None, copy=None):
        self.act()
        return np.array([1.0, 2.0])
for _ in range(50):
    x = leaf([1.0, 2.0])
    y = x * 2
    z, = record_custom((y,), (Deceitful(y.detach_),), lambda gs, needs: [gs[0] * 3], "Toy")
    junk = [x * 5.0 for _ in range(3)]
    z.backward(ad.ones(2))
    assert x.grad.tolist() == [6.0, 6.0], x.grad
    del junk
""")


@pytest.mark.parametrize("use", ["y[0] = Deceitful(3.0)", "z = y * Deceitful([3.0, 4.0])", "z = Deceitful([3.0, 4.0]) * y",
                                 "y.copy_(Deceitful([3.0, 4.0]))", "z = ad.stack([y, Deceitful([3.0, 4.0])])",
                                 "y.backward(ad.ones(2), inputs=generate())", "y[Deceitful(0)]"])
def test_operands_that_rewrite_the_other_operand(use):
    # Converting an operand runs the user's code, which may drop the node of the one that was looked at before.
    survives(f"""
class Deceitful:
    def __init__(self, value):
        self.value = value
    def rewrite(self):
        y.detach_()
        junk.extend(x * 5.0 for _ in range(3))
    def __array__(self, dtype=None, copy=None):
        self.rewrite()
        return np.array(self.value)
    def __index__(self):
        self.rewrite()
        return 0
    def __float__(self):
        self.rewrite()
        return 3.0
def generate():
    v = x * 1.0
    yield v
    del v
    Deceitful(0).rewrite()
    yield x
for _ in range(100):
    x = leaf([1.0, 2.0])
    junk = []
    y = x * 2
    z = None
    try:
        {use}
    except (TypeError, RuntimeError, IndexError, ValueError):
        pass
    junk.extend(x * 7.0 for _ in range(4))
    for v in (y, z):
        if v is not None and v.requires_grad:
            v.sum().backward()
""")


# ---- nested and parallel passes

def test_a_derivative_that_runs_another_pass():
    x = leaf([1.0, 2.0])

    def vjp(gs, needs):
        with ad.enable_grad():
            z = leaf([3.0, 3.0])
            (z * z * z).sum().backward()
        return [gs[0] * z.grad]

    y, = toy([x * 1.0], [[1.0, 1.0]], vjp)
    (y + y * 2).backward(ad.ones(2))
    assert x.grad.tolist() == [81.0, 81.0]


def test_a_pass_inside_a_pass_over_the_same_nodes():
    # Both walk the same slabs, each with cotangents of its own.
    x = leaf([1.0, 2.0])
    a = x * x
    inner = []

    def vjp(gs, needs):
        inner.append(ad.autograd.grad(a, x, ad.ones(2), retain_graph=True)[0].tolist())
        return [gs[0]]

    b, = toy([a], [[1.0, 4.0]], vjp)
    (b + a * 10).backward(ad.ones(2))
    assert inner == [[2.0, 4.0]]
    assert x.grad.tolist() == [22.0, 44.0]


def test_deeply_nested_passes():
    x = leaf(1.0)

    def build(depth):
        def vjp(gs, needs):
            with ad.enable_grad():
                inner = leaf(1.0)
                if depth:
                    build(depth - 1)(inner).backward()
                    return [gs[0] * (inner.grad + 1)]
            return [gs[0]]

        return lambda v: toy([v * 1.0], [1.0], vjp)[0]

    build(100)(x).backward()
    assert x.grad.item() == 101.0


def test_failure_of_a_nested_pass_ends_both():
    x = leaf([1.0])

    def vjp(gs, needs):
        with ad.enable_grad():
            z = leaf([1.0])
            failing(z * z, Broken("inside")).backward(ad.ones(1))

    y, = toy([x], [[1.0]], vjp)
    with pytest.raises(Broken, match="inside"):
        y.backward(ad.ones(1))
    assert x.grad is None
    (x * 2).backward(ad.ones(1))
    assert x.grad.item() == 2.0


def in_threads(count, work):
    errors = []

    def run(i):
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return errors


@pytest.fixture
def quick_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_add_up_in_a_shared_leaf(quick_switches):
    x, s = leaf([1.0, 2.0]), leaf(1.0)

    def work(i):
        for _ in range(100):
            y = x
            for _ in range(5):
                y = y * 1.0 + s * 0.0
            y, = toy([y], [[0.0, 0.0]], lambda gs, needs: [gs[0] * 1.0])
            (y.sum() + s).backward()

    assert in_threads(8, work) == []
    assert x.grad.tolist() == [800.0, 800.0]
    assert s.grad.item() == 800.0


def test_threads_share_a_graph_with_retain(quick_switches):
    x = leaf([1.0, 2.0])
    y = x
    for _ in range(300):
        y = (y * 1.0).clone()
    y, = toy([y], [[0.0, 0.0]], lambda gs, needs: [gs[0] * 1.0])
    y = (y * y).sum() + (x * x).sum()
    assert in_threads(5, lambda i: y.backward(retain_graph=True)) == []
    assert x.grad.tolist() == [10.0, 20.0]


def test_threads_share_a_graph_without_retain(quick_switches):
    x = leaf([1.0, 2.0])
    y = x
    for _ in range(300):
        y = y * x / x
    errors = in_threads(5, lambda i: y.backward(ad.ones(2)))
    assert len(errors) <= 4
    assert all(isinstance(e, RuntimeError) and "retain_graph=True" in str(e) for e in errors)
    assert x.grad is not None


def test_passes_of_two_threads_interleaved():
    # Thread one stands in the middle of its walk while thread two walks the same slabs and ends.
    x = leaf([1.0, 2.0])
    at, go = threading.Event(), threading.Event()

    def vjp(gs, needs):
        at.set()
        assert go.wait(10)
        return [gs[0] * 3]

    a = x * 2
    slow, = toy([a], [[0.0, 0.0]], vjp)
    slow = slow + a
    quick = a * 5 + a
    thread = threading.Thread(target=lambda: slow.backward(ad.ones(2), retain_graph=True))
    thread.start()
    assert at.wait(10)
    quick.backward(ad.ones(2), retain_graph=True)
    assert x.grad.tolist() == [12.0, 12.0]
    go.set()
    thread.join()
    assert x.grad.tolist() == [20.0, 20.0]


# ---- every double is a legal gradient

def from_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def array_from_bits(bits):
    return np.frombuffer(struct.pack("<Q", bits) * 2, dtype=np.float64).copy()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 5e-324])
def test_special_values_travel(value):
    x, s = leaf([1.0, 2.0]), leaf(1.0)
    y = ad.stack([(x * 1.0)[0], s * 1.0])
    z, = toy([y], [[0.0, 0.0]], lambda gs, needs: [gs[0]])
    z.backward(ad.tensor([value, value]))
    for g in (x.grad[0].item(), s.grad.item()):
        assert struct.pack("<d", g) == struct.pack("<d", value) or (g != g and value != value)
    assert x.grad[1].item() == 0.0


@pytest.mark.parametrize("bits", SENTINELS)
def test_the_marks_of_untouched_cotangents_as_gradients(bits):
    # A NaN of the very bits with which the engine marks an empty cotangent is a gradient as any other NaN.
    snan = from_bits(bits)
    gradients = [lambda: ad.tensor(snan), lambda: ad.from_numpy(array_from_bits(bits)[:1]).reshape(()),
                 lambda: ad.tensor(array_from_bits(bits))[0]]
    for make in gradients:
        s = leaf(1.0)
        (s * 1.0 + 0.0).backward(make())
        assert s.grad is not None and math.isnan(s.grad.item())
        s = leaf(1.0)
        (+s).backward(make())
        assert s.grad is not None and math.isnan(s.grad.item())
        s = leaf(1.0)
        s.backward(make())
        assert s.grad is not None and math.isnan(s.grad.item())
        s = leaf(1.0)
        g, = ad.autograd.grad(s + 0.0, s, make())
        assert math.isnan(g.item())


@pytest.mark.parametrize("bits", SENTINELS)
def test_the_marks_of_untouched_cotangents_inside_arrays(bits):
    def gradient(n=2):
        return ad.from_numpy(np.repeat(array_from_bits(bits)[:1], n))

    for through in (lambda s: ad.stack([s, s * 2]), lambda s: s.expand(2), lambda s: ad.stack([s + 0.0, s + 0.0]),
                    lambda s: ad.cat([s.reshape(1), s.reshape(1)])):
        s = leaf(1.0)
        through(s + 0.0).backward(gradient())
        assert s.grad is not None and math.isnan(s.grad.item())
    for through in (lambda s: s.reshape(1), lambda s: s.unsqueeze(0), lambda s: ad.stack([s]), lambda s: s.expand(1),
                    lambda s: s.view(1), lambda s: s * ad.ones(1), lambda s: s + ad.zeros(1)):
        s = leaf(1.0)
        through(s + 0.0).backward(gradient(1))
        assert s.grad is not None and math.isnan(s.grad.item())
    # one element written into an array: its cotangent is read from the array's
    s, x = leaf(1.0), leaf([1.0, 2.0])
    y = x.clone()
    y[0] = s + 0.0
    y.backward(gradient())
    assert s.grad is not None and math.isnan(s.grad.item())
    x = leaf([1.0, 2.0])
    (x + 0.0).backward(gradient())
    assert np.isnan(x.grad.numpy()).all()


@pytest.mark.parametrize("bits", SENTINELS)
def test_the_marks_of_untouched_cotangents_from_callables(bits):
    snan = from_bits(bits)
    s = leaf(1.0)
    toy([s + 0.0], [1.0], lambda gs, needs: [ad.tensor(snan)])[0].backward()
    assert s.grad is not None and math.isnan(s.grad.item())
    s = leaf(1.0)
    y = s + 0.0
    y.register_hook(lambda g: ad.tensor(snan))
    y.backward()
    assert s.grad is not None and math.isnan(s.grad.item())
    s = leaf(1.0)
    s.register_hook(lambda g: ad.tensor(snan))
    (s + 0.0).backward()
    assert s.grad is not None and math.isnan(s.grad.item())


# ---- the nodes as Python sees them

def test_node_objects():
    x, y = leaf([1.0]), leaf([2.0])
    z = x * y
    assert z.grad_fn is z.grad_fn
    assert z.grad_fn.name() == "MulBackward0"
    assert isinstance(z.grad_fn, ad.autograd.graph.Node)
    (a, i), (b, j) = z.grad_fn.next_functions
    assert (i, j) == (0, 0) and a.variable is x and b.variable is y
    w = z + 5
    assert w.grad_fn.next_functions[0][0] is z.grad_fn
    assert w.grad_fn.next_functions[1] == (None, 0)
    fn = w.grad_fn
    fn.metadata["note"] = 3
    del fn
    assert w.grad_fn.metadata == {"note": 3}
    with pytest.raises(TypeError):
        type(w.grad_fn)()
    assert z.grad_fn._sequence_nr() < w.grad_fn._sequence_nr() < a._sequence_nr()


def test_a_node_object_outlives_its_graph():
    x = leaf(1.0)
    y = x * 2
    for _ in range(1000):
        y = y * 1.0
    fn = y.grad_fn
    del y
    steps = 0
    while fn.next_functions and fn.next_functions[0][0] is not None:
        fn = fn.next_functions[0][0]
        steps += 1
    assert steps == 1001 and fn.variable is x
    del x
    assert fn.variable is None


def test_an_uninitialised_node_object_is_harmless():
    # __new__ without a node: every attribute must refuse, not follow a null pointer
    survives("""
x = leaf(1.0)
for cls in (ad.autograd.graph.Node, type((x * 2).grad_fn)):
    try:
        empty = cls.__new__(cls)
    except TypeError:
        continue
    for name in dir(empty):
        try:
            value = getattr(empty, name)
            if name in ("name", "_sequence_nr", "__repr__"):
                value()
        except Exception:
            pass
""")


def test_a_leaf_in_its_last_breath_is_not_revived():
    # A weak reference's callback runs when the Variable is already dead: the graph must not hand it out any more.
    survives("""
for value in ([1.0, 2.0], 1.0):
    x = leaf(value)
    loss = (x * x).sum()
    node = loss.grad_fn
    while node.next_functions:
        node = node.next_functions[0][0]
    revived = []
    r = weakref.ref(x, lambda r: (revived.append(node.variable), loss.backward()))
    del x
    assert revived == [None], "a dead Variable was handed out"
    revived.clear()
    gc.collect()
""")


def test_a_weak_reference_to_a_retained_variable_dies_with_it():
    x = leaf([1.0])
    y = x * 2
    y.retain_grad()
    z = y * 3
    gone = weakref.ref(y)
    del y
    assert gone() is None
    z.backward(ad.ones(1))
    assert x.grad.item() == 6.0
