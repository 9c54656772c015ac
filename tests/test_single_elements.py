"""Single elements: x[i] read, out[i] = v written, scalars stacked.  Their nodes have no payload until something needs one."""
import contextlib
import copy
import gc
import weakref

import numpy as np
import pytest

import autodiff as ad
from autodiff import autograd
from autodiff._core import _fail_allocation, memory_stats
from autodiff.autograd.graph import saved_tensors_hooks
from checks import difference, leaf, plain


def neighbours(x):
    """Reads that are saved, read again, read from the end."""
    return sum((x[i + 1] - x[i] ** 2) ** 2 + x[i] * x[-1 - i] for i in range(len(x) - 1))


def written(x):
    """Writes of results, of numbers, over one another, read again in between; of elements as they are."""
    out = ad.zeros(4, dtype=x.dtype)
    out[0] = x[0] * x[1]
    out[-1] = out[0] + x[2]
    out[1] = 2.5
    out[0] = x[1] / x[0]
    out[2] = x[2]
    return (out * out * ad.tensor([1.0, 2.0, 3.0, 4.0], dtype=x.dtype)).sum()


def written_into(x):
    """Writes into what depends on x, so that what was there loses its gradient."""
    out = x * x
    out[1] = x[0] * 3
    out[2] = 7.0
    return (out * out).sum()


def stacked(x):
    """Results, elements as they are, one twice, and what needs no gradient."""
    parts = [x[0] * x[1], x[2], ad.tensor(2.0, dtype=x.dtype), x[2], x[0].exp()]
    return (ad.stack(parts) ** 3).sum()


def of_a_matrix(x):
    y = (x[:, None] * x[None, :]).t()
    y[1, -1] = y[0, 1] * 2
    return y[-1, 1] * y[0, 0] * y[1, 2]


def of_a_view(x):
    """x twice over, in steps, backwards, and expanded: what is read there adds up on the base."""
    y = (x * 2)[::-1]
    return y[0] * y[1] * x.expand(2, len(x))[1][0] + x.reshape(1, -1).expand(3, -1)[2, 1] * y[-1]


FUNCTIONS = [neighbours, written, written_into, stacked, of_a_matrix, of_a_view]
START = np.array([0.7, 1.3, 0.4])


@pytest.mark.parametrize("f", FUNCTIONS)
def test_gradients(f):
    x = leaf(START)
    gradient, = autograd.grad(f(x), x, create_graph=True)
    np.testing.assert_allclose(plain(gradient), difference(lambda a: f(leaf(a)).item(), [START], 0), rtol=1e-7, atol=1e-7)
    second, = autograd.grad((gradient * ad.tensor([1.0, -2.0, 0.5])).sum(), x)

    def slope(a):
        y = leaf(a)
        f(y).backward()
        return float((plain(y.grad) * [1.0, -2.0, 0.5]).sum())

    np.testing.assert_allclose(plain(second), difference(slope, [START], 0), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("f", FUNCTIONS)
@pytest.mark.parametrize("dtype", [ad.float32, ad.float64])
def test_passes_agree(f, dtype):
    """The pass by hand, a pass with inputs=, under a hook, twice over one graph, of modes: all the same gradient."""
    x = leaf(START, dtype)
    f(x).backward()
    expected = x.grad.clone()
    assert x.grad.dtype == dtype
    y = f(x)
    assert ad.equal(autograd.grad(y, x, retain_graph=True)[0], expected)
    x.grad = None
    y.backward(retain_graph=True)
    y.backward()
    assert ad.equal(x.grad, expected * 2)
    x.grad = None
    handle = x.register_hook(lambda g: g * 2)
    f(x).backward()
    handle.remove()
    assert ad.equal(x.grad, expected * 2)
    close = {"rtol": 1e-5 if dtype == ad.float32 else 1e-12}
    with saved_tensors_hooks(lambda v: v, lambda v: v):
        y = f(x)
    np.testing.assert_allclose(plain(autograd.grad(y, x)[0]), plain(expected), **close)
    with pytest.warns(UserWarning, match="Anomaly"), autograd.detect_anomaly():
        y = f(x)
        np.testing.assert_allclose(plain(autograd.grad(y, x)[0]), plain(expected), **close)
    np.testing.assert_allclose(plain(autograd.grad(f(x), x, create_graph=True)[0]), plain(expected), **close)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_and_bits_are_those_of_arrays(dtype):
    rng = np.random.default_rng(3)
    a = rng.uniform(0.1, 2.0, 50).astype(dtype)
    x = leaf(a)
    for op in (np.add, np.subtract, np.multiply, np.divide, np.power):
        whole = op(a, a[::-1].copy())
        for i in range(len(a)):
            v = op(x[i], x[-1 - i])
            assert v.item() == whole[i]
            assert v.dtype == x.dtype
    for name in ("exp", "log", "sin", "tanh", "sqrt"):
        whole = plain(getattr(ad, name)(ad.tensor(a)))
        assert [getattr(x[i], name)().item() for i in range(len(a))] == whole.tolist()
    assert [(x[i] * 3).item() for i in range(len(a))] == (a * 3).tolist()
    assert [(0.1 - x[i]).item() for i in range(len(a))] == (dtype(0.1) - a).tolist()


def test_other_dtypes_and_operands():
    x = leaf(np.array([1.0, 2.0], np.float32))
    assert (x[0] * ad.tensor(3.0, dtype=ad.float64)).dtype == ad.float64
    assert (x[0] + ad.ones(2, dtype=ad.float64)).shape == (2,)
    assert ((x[0] + x[1]) > 2).item() is True
    assert (ad.arange(3)[1] + x[1]).item() == 3.0
    assert ad.arange(3)[1].dtype == ad.int64
    with pytest.raises(OverflowError, match="too large for a float"):
        x[0] + 10 ** 400
    half = ad.tensor([1.0, 2.0], dtype=ad.float16, requires_grad=True)
    (half[0] * half[1]).backward()
    assert half.grad.tolist() == [2.0, 1.0]
    out = ad.zeros(2, dtype=ad.float64)
    out[0] = x[1]
    (out * out).sum().backward()
    assert x.grad.tolist() == [0.0, 4.0]
    for bad in (2, -3, 10 ** 30):
        with pytest.raises((IndexError, OverflowError)):
            x[bad]
        with pytest.raises((IndexError, OverflowError)), ad.no_grad():
            x[bad] = 1.0
    with pytest.raises(IndexError, match="too many indices"):
        x[0, 0]


# ---- what is written is noticed

def written_without_record(x, i, value):
    with ad.no_grad():
        x[i] = value


def test_a_saved_element_is_checked():
    x = leaf([1.0, 2.0, 3.0])
    y = x[0] * x[1]
    written_without_record(x, 2, 5.0)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: \[autodiff.DoubleTensor \[\]\], which is "
                                           r"output 0 of AsStrided, is at version 1; "
                                           "expected version 0 instead. Hint"):
        y.backward()
    y = x[0] * x[1]             # of the new version
    y.backward()
    assert x.grad.tolist() == [2.0, 1.0, 0.0]
    y = x[0] + x[1] * 2         # saves no element
    written_without_record(x, 0, 5.0)
    y.backward()
    assert x.grad.tolist() == [3.0, 3.0, 0.0]


def test_between_read_and_use():
    """The version that counts is that of the use."""
    x = leaf([1.0, 2.0])
    v = x[0]
    written_without_record(x, 0, 4.0)
    y = v * v
    y.backward()
    assert x.grad.tolist() == [8.0, 0.0]
    y = v * v
    written_without_record(x, 0, 5.0)
    assert v.item() == 5.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


@pytest.mark.parametrize("when", ["before the write", "after the write"])
def test_a_hook_does_not_hide_a_write(when):
    """A node that gets a payload goes on watching."""
    x = leaf([1.0, 2.0])
    v = x[0]
    y = v * x[1]
    z = v.exp() * 3             # saves its result
    if when == "before the write":
        v.register_hook(lambda g: g)
        u = v * v               # recorded on the node with a payload
    written_without_record(x, 1, 5.0)
    if when == "after the write":
        v.register_hook(lambda g: g)
    else:
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            u.backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
    z.backward()
    np.testing.assert_allclose(plain(x.grad), [3 * np.e, 0.0])


def test_a_write_between_two_passes():
    x = leaf([2.0, 3.0])
    gradient, = autograd.grad(x[0] ** 3 * x[1], x, create_graph=True)
    written_without_record(x, 0, 4.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        gradient.sum().backward()


def test_numpy_flavour_takes_snapshots():
    """y[i + 1] = y[i] + h * f(y[i])."""
    def f(x):
        y = x * 0
        y[0] = x[0]
        for i in range(2):
            y[i + 1] = y[i] + x[1] * y[i] * y[i]
        return y[2]

    x = ad.numpy.array(START, requires_grad=True)
    f(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), difference(lambda a: float(f(a)), [START], 0), rtol=1e-6)


def test_pytorch_flavour_refuses_the_same():
    x = leaf(START)
    y = x * 0
    y[0] = x[0]
    y[1] = y[0] * y[0]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_an_element_stays_a_view():
    x = leaf([1.0, 2.0, 3.0])
    y = x * 2
    v = y[1]
    y[0] = 5.0
    y[1] = v * 10               # linear in v: nothing of it is saved
    assert v.item() == 40.0
    v.mul_(x[2])
    assert y.tolist() == [5.0, 120.0, 6.0]
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 60.0, 42.0]
    w = ad.zeros(3)
    u = w[0]
    w[0] = x[1]
    assert u.requires_grad and u.grad_fn.name() == "AsStridedBackward0"
    with ad.no_grad():
        t = (x * 1)[0]
    assert not t.requires_grad


# ---- the graph as Python sees it

def test_names_and_neighbours():
    x = leaf([1.0, 2.0])
    v = x[-1]
    assert repr(v) == "tensor(2., grad_fn=<SelectBackward0>)"
    assert [(n.name(), i) for n, i in v.grad_fn.next_functions] == [("AccumulateGrad", 0)]
    assert v.grad_fn is v.grad_fn
    out = ad.zeros(2)
    out[0] = v
    assert out.grad_fn.name() == "CopySlices"
    assert [(n and n.name(), i) for n, i in out.grad_fn.next_functions] == [(None, 0), ("SelectBackward0", 0)]
    out[1] = 3.0
    assert [n and n.name() for n, i in out.grad_fn.next_functions] == ["CopySlices", None]
    s = ad.stack([v, x[0] * 1, ad.tensor(1.0)])
    assert s.grad_fn.name() == "StackBackward0"
    assert [n and n.name() for n, i in s.grad_fn.next_functions] == ["SelectBackward0", "MulBackward0", None]


@pytest.mark.parametrize("late", [False, True])
def test_hooks_of_an_element(late):
    """Registered before the element is used or after; retain_grad, hooks on its node, metadata."""
    x = leaf([1.0, 2.0])
    seen = []

    def hang(v):
        v.register_hook(lambda g: seen.append(g.item()) or g * 10)
        v.grad_fn.register_prehook(lambda gs: seen.append(gs[0].item()))
        v.grad_fn.register_hook(lambda inputs, outputs: seen.append(inputs[0].tolist()))
        v.grad_fn.metadata["key"] = "value"
        v.retain_grad()

    v = x[1]
    if not late:
        hang(v)
    y = v * v
    if late:
        hang(v)
    y.backward()
    assert seen == [4.0, 40.0, [0.0, 40.0]]
    assert v.grad.item() == 40.0 and v.grad_fn.metadata == {"key": "value"}
    assert x.grad.tolist() == [0.0, 40.0]


def test_hooks_of_what_is_written():
    x = leaf([1.0, 2.0])
    out = ad.zeros(2)
    out[0] = x[0]
    out.retain_grad()
    seen = []
    out.register_hook(lambda g: seen.append(g.tolist()))
    out[1] = x[1] * 3           # retain_grad goes along, the hook stays
    (out * ad.tensor([5.0, 7.0])).sum().backward()
    assert seen == [[5.0, 0.0]] and out.grad.tolist() == [5.0, 7.0]
    assert x.grad.tolist() == [5.0, 21.0]


# ---- memory

def test_elements_need_no_payload():
    """What makes a loop over 100,000 of them cheap."""
    x = leaf(np.ones(200))
    before = memory_stats()["nodes"]
    total = 0.0
    for i in range(200):
        total = total + x[i] * x[i]
    out = ad.zeros(200)
    for i in range(200):
        out[i] = x[i]
    whole = ad.stack([x[i] for i in range(200)])
    assert memory_stats()["nodes"] - before <= 1
    assert total.item() == out.sum().item() == whole.sum().item() == 200
    del total, out, whole
    assert memory_stats()["nodes"] == before


def test_an_element_does_not_hold_the_array():
    a = leaf(np.ones(1 << 16))
    before = memory_stats()["used_bytes"]
    x = a * 2
    y = x[5] * x[6]
    kept = memory_stats()["used_bytes"]
    assert kept - before >= 1 << 19
    v = x[3]
    del x
    assert memory_stats()["used_bytes"] >= kept      # a view of it lives
    del v
    assert memory_stats()["used_bytes"] - before < 1 << 12
    y.backward()
    assert a.grad[4:8].tolist() == [0.0, 4.0, 4.0, 0.0]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
@pytest.mark.parametrize("writes", [0, 1, 2])
def test_any_order_of_release(order, writes):
    """Storage, nodes that watch it before and after writes, one of them with a payload."""
    x = leaf(np.ones(1000))
    things = [x[1] * x[2]]
    for k in range(writes):
        written_without_record(x, k, 3.0)
    v = x[3]
    things += [v * v, v.exp()]
    v.register_hook(lambda g: g)
    del v
    things.append(x)
    del x
    for k in order:
        things[k] = None
    gc.collect()
    fresh = leaf(np.arange(1000.0))
    (fresh[10] * fresh[20]).backward()
    assert fresh.grad[10].item() == 20.0


def test_a_failed_write_leaves_value_and_graph():
    x = leaf([1.0, 2.0])
    for after in range(6):
        out = x * 1
        node = out.grad_fn
        _fail_allocation(after)
        try:
            out[0] = x[1]
            done = True
        except MemoryError:
            done = False
        finally:
            _fail_allocation(-1)
        assert out.tolist() == ([2.0, 2.0] if done else [1.0, 2.0])
        assert (out.grad_fn is node) != done


def test_failed_stacks_and_reads():
    x = leaf(np.arange(1.0, 40.0))
    parts = [x[i] + 2 for i in range(39)]      # nothing saved: they may be walked again
    before = memory_stats()
    for after in range(12):
        _fail_allocation(after)
        try:
            s = ad.stack(parts)
            t = x[2] * x[3]
            (s.sum() * t).backward()
        except MemoryError:
            pass
        finally:
            _fail_allocation(-1)
        s = t = None
        x.grad = None
    gc.collect()
    after = memory_stats()
    assert after["nodes"] == before["nodes"] and after["used_bytes"] == before["used_bytes"]
    ad.stack(parts).sum().backward()
    assert x.grad.tolist() == [1.0] * 39


def test_a_finaliser_that_writes():
    """Code that runs when something is let go may write to the very array that an element is read from or written to."""
    class Writer:
        def __init__(self, target):
            self.target = target

        def __del__(self):
            with ad.no_grad():
                self.target[0] = 9.0
            self.target[1] = self.target[2] * 2

    x = leaf(np.ones(4))
    out = x * 1
    for _ in range(50):
        v = x[2] * 1
        v.grad_fn.metadata["writer"] = Writer(out)
        out[3] = v              # what is let go later runs the writer
        del v
        out[3] = 1.0
        gc.collect()
        out = out.detach().clone() + x
    out.sum().backward()
    assert x.grad.tolist() == [1.0] * 4


def test_weak_references_to_elements():
    x = leaf([1.0, 2.0])
    v = x[0]
    gone = []
    r = weakref.ref(v, lambda _: gone.append(x[1].item()))
    del v
    assert r() is None and gone == [2.0]


# ---- the shape of a stack

def test_stacks_of_scalars():
    a, b = leaf(2.0), leaf(3.0)
    s = ad.stack([a, b, a])
    assert s.tolist() == [2.0, 3.0, 2.0]
    (s * ad.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert a.grad.item() == 101.0 and b.grad.item() == 10.0
    s = ad.stack((a, b), dim=-1)
    s.sum().backward()          # its cotangent is one number, expanded
    assert a.grad.item() == 102.0
    assert not ad.stack([a.detach(), b.detach()]).requires_grad
    with pytest.raises(IndexError, match="Dimension out of range"):
        ad.stack([a, b], dim=1)
    with pytest.raises(RuntimeError, match="equal size"):
        ad.stack([a, ad.ones(1)])
    mixed = ad.stack([a, ad.tensor(1.0, dtype=ad.float32), ad.tensor(2)])
    assert mixed.dtype == ad.float64 and mixed.requires_grad
    assert ad.stack([ad.tensor(1.0, dtype=ad.float32)]).dtype == ad.float32
    assert type(ad.stack([ad.numpy.array(1.0), ad.numpy.array(2.0)])) is ad.numpy.ndarray
    assert type(ad.stack([ad.tensor(1.0), ad.numpy.array(2.0)])) is ad.numpy.ndarray
    t = ad.tensor([a, b])
    assert t.requires_grad and t.tolist() == [2.0, 3.0]
    with ad.no_grad():
        assert not ad.stack([a, b]).requires_grad


def test_stacks_of_what_is_no_list():
    a = leaf(2.0)
    assert ad.stack(a * i for i in range(1, 4)).tolist() == [2.0, 4.0, 6.0]
    assert ad.stack((a, a * 2)).grad_fn.name() == "StackBackward0"
    with pytest.raises(RuntimeError, match="non-empty"):
        ad.stack([])
    with pytest.raises(TypeError, match="but got str"):
        ad.stack([a, "b"])


def test_gradients_of_leaves_that_were_looked_at():
    """A leaf keeps what a look at its gradient made; later gradients are pending there as they were at first."""
    a = leaf(2.0)
    a.note = "mine"
    (a * 3).backward()
    assert a.grad.item() == 3.0
    a.grad = None
    assert a.grad is None
    (a * 4).backward()
    (a * 5).backward()
    kept = a.grad
    assert kept.item() == 9.0 and a.note == "mine"
    (a * 1).backward()
    assert a.grad is kept and kept.item() == 10.0
    a.grad = None
    (a * 2).backward()
    assert copy.deepcopy(a).grad.item() == 2.0
    (a * 2).backward()
    a.grad.zero_()
    (a * 7).backward(create_graph=True)
    assert a.grad.item() == 7.0
    a.grad = None
    (a * 2).backward()
    a.requires_grad_(False)
    assert a.grad.item() == 2.0


@pytest.mark.parametrize("operand", [ad.tensor(1.0, dtype=ad.float64), ad.tensor(1, dtype=ad.int64), 1.0])
@pytest.mark.parametrize("recorded", [False, True])
def test_an_element_written_in_place_keeps_its_dtype(operand, recorded):
    """Of no dimensions, float64 outranks a float32 element as far as the computation goes, but not its four bytes."""
    v = ad.tensor([0.5, -1.5, 2.5], dtype=ad.float32)
    with contextlib.nullcontext() if recorded else ad.no_grad():
        v[1] -= operand
        element = v[0]
        element.add_(operand)
    assert v.dtype == ad.float32 and v.tolist() == [1.5, -2.5, 2.5]


ALIASES = ["v.detach()", "v.data", "v.view(-1)", "v[None]", "v.expand(2)", "v.reshape(1)", "v.squeeze()", "v.data_ptr()",
           "v.numpy(force=True)"]


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_of_a_number_does_not_split_its_gradient(alias):
    """Uses before and after the alias count: by an input of a pass, by retain_grad and by hooks, before it and after."""
    def program(aliased, when):
        x = ad.tensor(0.5, requires_grad=True)
        v = x * 2
        seen = []

        def watch():
            v.retain_grad()
            v.register_hook(lambda g: seen.append(g.item()))

        if when == "before":
            watch()
        w = v.sin()
        kept = eval(aliased, {"v": v}) if aliased else None     # noqa: F841 (held: the alias lives)
        if when == "after":
            watch()
        loss = w * v * v.cos()
        (wanted,) = ad.autograd.grad(loss, [v], retain_graph=True)
        seen.clear()
        loss.backward()
        return wanted.item(), v.grad.item(), seen, x.grad.item()

    for when in ("before", "after"):
        assert program(alias, when) == program(None, when)
    wanted = program(alias, "after")[0]

    def value(z):
        return np.sin(z) * z * np.cos(z)

    assert wanted == pytest.approx((value(1 + 1e-6) - value(1 - 1e-6)) / 2e-6, rel=1e-8)


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.parametrize("how", ["backward", "inputs", "grad", "create_graph"])
def test_hooks_of_a_leaf_see_its_whole_gradient(alias, how):
    """A hook that is not linear, run on the parts of a gradient, would give another gradient: clipping does."""
    def program(aliased):
        x = ad.tensor(0.5, requires_grad=True)
        seen = []

        def clip(g):
            seen.append(g.item())
            return g.clip(-0.75, 0.75)

        w = x.sin()
        kept = [eval(aliased, {"v": x.detach() if aliased.startswith("v.numpy") else x})] if aliased else []
        x.register_hook(clip)
        v = x.exp()
        kept += [eval(aliased, {"v": x})] if aliased else []
        loss = w * v * x.cos()
        if how in ("grad", "create_graph"):
            (g,) = ad.autograd.grad(loss, [x], create_graph=how == "create_graph")
        else:
            loss.backward(inputs=[x] if how == "inputs" else None)
            g = x.grad
        return seen, g.item()

    assert program(alias) == program(None)
    seen, g = program(alias)
    assert g == 0.75 and len(seen) == 1

    def value(z):
        return np.sin(z) * np.exp(z) * np.cos(z)

    assert seen[0] == pytest.approx((value(0.5 + 1e-6) - value(0.5 - 1e-6)) / 2e-6, rel=1e-8)


def test_a_hook_that_raises_after_an_alias_leaves_nothing():
    x = ad.tensor(0.5, requires_grad=True)
    w = x.sin()
    x.detach()

    def refuse(g):
        raise ValueError("refused")

    handle = x.register_hook(refuse)
    loss = w * x
    with pytest.raises(ValueError, match="refused"):
        loss.backward(retain_graph=True)
    assert x.grad is None
    handle.remove()
    loss.backward()
    assert x.grad.item() == pytest.approx(np.sin(0.5) + 0.5 * np.cos(0.5))


def test_what_is_retained_follows_a_number_that_has_aliases_and_is_written():
    x = ad.tensor(0.5, requires_grad=True)
    v = x * 2
    v.retain_grad()
    alias = v.detach()
    v.mul_(3.0)
    (v * v).backward()
    assert v.grad.item() == 6.0 and x.grad.item() == 36.0 and alias.item() == 3.0
