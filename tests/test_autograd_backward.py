"""backward() and grad(): arguments, accumulation, hooks, in-place writes and views, freed values, higher orders."""
import _thread
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import autodiff as ad
from autodiff._core import memory_stats
from autodiff._variable import record_custom


def leaf(value, **kind):
    return ad.tensor(value, requires_grad=True, **kind)


def address(v):
    return v.detach().numpy().ctypes.data


def toy(x, factor, log=None, tag=None):
    def vjp(gs, needs):
        if log is not None:
            log.append(tag)
        return [gs[0] * factor]

    return record_custom((x,), (x.detach().numpy() * factor,), vjp, "Toy")[0]


# ---- roots and gradients

def test_implicit_gradient():
    for shape in ((), (1,), (1, 1)):
        x = leaf(np.full(shape, 3.0))
        (x * x).backward()
        assert x.grad.numpy().tolist() == np.full(shape, 6.0).tolist()
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (leaf([1.0, 2.0]) * 2).backward()


def test_gradients_are_checked():
    y = leaf([1.0, 2.0, 3.0]) * 2
    with pytest.raises(RuntimeError, match=r"Mismatch in shape: grad_output\[0\] has a shape of"):
        y.backward(ad.ones(2))
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (leaf(1.0) * 2).backward(ad.ones(1))
    with pytest.raises(TypeError, match="gradients can be either Tensors or None, but got float"):
        y.backward([1.0, 2.0, 3.0])
    with pytest.raises(TypeError):
        y.backward(1.0)
    with pytest.raises(RuntimeError, match="got 2 tensors and 1 gradients"):
        ad.autograd.backward([y, y], [ad.ones(3)])
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        ad.ones(1).backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        ad.autograd.backward([y.sum(), ad.ones(1)])


def test_gradients_of_other_dtypes_are_cast():
    x = leaf([1.0, 2.0], dtype=ad.float32)
    (x * 2).backward(ad.tensor([1, 2]))
    assert x.grad.dtype == ad.float32 and x.grad.tolist() == [2.0, 4.0]
    (x * 2).backward(ad.tensor([1.0, 2.0]))
    assert x.grad.tolist() == [4.0, 8.0]


def test_several_roots():
    x = leaf([1.0, 2.0])
    y = x + x
    z = y + y + y
    ad.autograd.backward([z, y, y], [ad.ones(2), ad.ones(2), None if y.numel() == 1 else ad.ones(2) * 10])
    assert x.grad.tolist() == [28.0, 28.0]
    ad.autograd.backward([])
    assert ad.autograd.grad([z, y], x, [ad.ones(2), ad.ones(2)])[0].tolist() == [8.0, 8.0]


def test_legacy_arguments():
    x = leaf([1.0])
    with pytest.warns(FutureWarning, match="grad_variables"):
        ad.autograd.backward(x * 2, grad_variables=[ad.ones(1)])
    assert x.grad.item() == 2.0


# ---- accumulation

def test_accumulates_in_place():
    for x in (leaf([1.0, 2.0]), leaf(1.0)):
        (x * 2).sum().backward()
        g = x.grad
        (x * 3).sum().backward()
        assert x.grad is g
        assert g.numpy().ravel()[0] == 5.0


def test_accumulates_out_of_place_with_create_graph():
    x = leaf([1.0, 2.0])
    (x * x).sum().backward(create_graph=True)
    g = x.grad
    (x * x).sum().backward(create_graph=True)
    assert x.grad is not g
    assert g.tolist() == [2.0, 4.0] and x.grad.tolist() == [4.0, 8.0]
    assert g.requires_grad and x.grad.requires_grad


def test_accumulating_into_a_recorded_gradient_keeps_its_graph():
    x = leaf([1.0, 2.0])
    (x * x * x).sum().backward(create_graph=True)
    first = x.grad
    (x * 2).sum().backward()
    assert x.grad is first and first.tolist() == [5.0, 14.0]      # in place, as PyTorch adds under no_grad
    assert ad.autograd.grad(first.sum(), x)[0].tolist() == [6.0, 12.0]


@pytest.mark.parametrize("create", [False, True])
def test_the_users_gradient_is_neither_kept_nor_changed(create):
    g = ad.tensor([1.0, 2.0])
    x, w = leaf([1.0, 1.0]), leaf([1.0, 1.0])
    y = x + w
    y.retain_grad()
    y.backward(g, create_graph=create)
    gradients = [x.grad, w.grad, y.grad]
    x.backward(g, create_graph=create)
    addresses = [address(v) for v in gradients] + [address(g)]
    assert len(set(addresses)) == 4
    assert g.tolist() == [1.0, 2.0]
    with ad.no_grad():
        for v in gradients:
            v.mul_(100)
    assert g.tolist() == [1.0, 2.0]
    g.mul_(0)
    assert w.grad.tolist() == [100.0, 200.0]


@pytest.mark.parametrize("create", [False, True])
def test_inputs_never_share_a_gradient(create):
    g = ad.tensor([1.0, 2.0])
    x, w = leaf([1.0, 1.0]), leaf([1.0, 1.0])
    y = x + w
    y.backward(g, inputs=[x, w, y], create_graph=create)
    assert len({address(v) for v in (x.grad, w.grad, y.grad, g)}) == 4
    assert x.grad is not w.grad and y.grad is not g
    assert [v.grad.tolist() for v in (x, w, y)] == [[1.0, 2.0]] * 3


@pytest.mark.parametrize("op", [lambda x: x + 0, lambda x: x.reshape(3, 2), lambda x: x.T, lambda x: x[0], lambda x: x[:, 1],
                                lambda x: x.expand(4, 2, 3), lambda x: x.view(6), lambda x: ad.cat([x, x]),
                                lambda x: ad.stack([x]), lambda x: x.clone(), lambda x: -x, lambda x: x - x,
                                lambda x: x.unsqueeze(0), lambda x: x.to(ad.float32), lambda x: x.sum(0), lambda x: x.mean()])
@pytest.mark.parametrize("create", [False, True])
def test_gradients_alias_nothing(op, create):
    x, w = leaf(np.ones((2, 3))), leaf(np.ones((2, 3)))
    y = op(x) + op(w)
    g = ad.tensor(np.arange(float(y.numel())).reshape(y.shape))
    g = g.to(y.dtype)
    before = g.tolist()
    y.backward(g, create_graph=create, retain_graph=True)
    for v in (x.grad, w.grad):
        assert not np.shares_memory(v.detach().numpy(), g.numpy())
        assert tuple(v.shape) == (2, 3)
    assert not np.shares_memory(x.grad.detach().numpy(), w.grad.detach().numpy())
    expected = x.grad.detach().numpy().copy()
    y.backward(g, create_graph=create)
    np.testing.assert_array_equal(x.grad.detach().numpy(), 2 * expected)
    np.testing.assert_array_equal(w.grad.detach().numpy(), 2 * expected)
    assert g.tolist() == before


def test_what_grad_returns_is_nobody_elses():
    x, w = leaf([1.0, 1.0]), leaf([1.0, 1.0])
    g = ad.tensor([1.0, 2.0])
    results = ad.autograd.grad(x + w, [x, w, x], g)
    assert len({address(v) for v in results} | {address(g)}) == 4


def test_assigned_gradients():
    x = leaf([1.0, 2.0])
    mine = ad.tensor([10.0, 10.0])
    x.grad = mine
    (x * 2).sum().backward()
    assert x.grad is mine and mine.tolist() == [12.0, 12.0]
    with pytest.raises(TypeError, match="assigned grad expected to be a Tensor or None but got grad of type"):
        x.grad = 3
    with pytest.raises(RuntimeError, match="attempting to assign a gradient of size"):
        x.grad = ad.ones(3)
    with pytest.raises(RuntimeError, match="can't assign Variable as its own grad"):
        x.grad = x
    with pytest.raises(RuntimeError, match="attempting to assign a gradient with dtype"):
        x.grad = ad.ones(2, dtype=ad.float32)
    del x.grad
    assert x.grad is None


def test_assigned_gradients_that_cannot_be_written():
    # An expanded gradient would count each element several times; read-only memory must stay as it is.
    x = leaf([1.0, 2.0, 3.0])
    x.grad = ad.zeros(1).expand(3)
    try:
        (x * x).sum().backward()
    except RuntimeError as error:
        assert "more than one element" in str(error)
    else:
        assert x.grad.tolist() == [2.0, 4.0, 6.0]
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    x.grad = ad.from_numpy(frozen)
    try:
        (x * x).sum().backward()
    except (RuntimeError, ValueError):
        pass
    else:
        assert x.grad.tolist() == [2.0, 4.0, 6.0]
    assert frozen.tolist() == [0.0, 0.0, 0.0]


def test_a_gradient_that_is_a_view_of_a_buffer():
    # As flat-parameter code does: the accumulated gradient lands in the common buffer.
    flat = ad.zeros(5)
    x, s = leaf([1.0, 2.0]), leaf(3.0)
    x.grad, s.grad = flat[1:3], flat[4]
    ((x * x).sum() + s * 5).backward()
    assert flat.tolist() == [0.0, 2.0, 4.0, 0.0, 5.0]


def test_zeroing():
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    g = x.grad
    g.zero_()
    (x * x).sum().backward()
    assert x.grad is g and g.tolist() == [2.0, 4.0]


def test_requires_grad_taken_back():
    x = leaf([1.0])
    y = x * 2
    x.requires_grad_(False)
    y.backward()
    assert x.grad is None
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
        y.requires_grad = False


# ---- freed values

SECOND = "Trying to backward through the graph a second time"


@pytest.mark.parametrize("x", [leaf(2.0), leaf([2.0])], ids=["scalar", "array"])
def test_second_pass(x):
    x.grad = None
    keeps = x + 1                       # nothing saved
    keeps.backward()
    keeps.backward()
    assert x.grad.item() == 2.0
    for saved in (x * x, x.exp(), x / 3 * x, (x * x) + 1, x * 2, 2 * x, x / 2):   # a number counts, as in PyTorch
        x.grad = None
        saved.backward()
        first = x.grad.item()
        with pytest.raises(RuntimeError, match=SECOND):
            saved.backward()
        assert x.grad.item() == first


@pytest.mark.parametrize("value", [2.0, [2.0]])
def test_freed_exactly_where_the_walk_passed(value):
    x, w = leaf(value), leaf(value)
    a, b = x * x, w * w
    a.backward()
    (b * 1.0).backward(retain_graph=True)
    b.backward()
    with pytest.raises(RuntimeError, match=SECOND):
        (a + 1).backward()
    # nodes that lead to no input do not run, so nothing of theirs is freed
    x, w = leaf(value), leaf(value)
    a, b = x * x, w * w
    c = a + b
    ad.autograd.grad(c, x)
    b.backward()
    assert w.grad.item() == 4.0
    with pytest.raises(RuntimeError, match=SECOND):
        a.backward()


def test_a_failing_second_pass_changes_no_gradient():
    x, w = leaf(2.0), leaf(3.0)
    shared = x * x
    shared.backward()
    y = shared + w * 2
    with pytest.raises(RuntimeError, match=SECOND):
        y.backward()
    assert x.grad.item() == 4.0 and w.grad is None


def test_retain_graph():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    for k in range(1, 4):
        y.backward(retain_graph=True)
        assert x.grad.tolist() == [2.0 * k, 4.0 * k]
    y.backward()
    with pytest.raises(RuntimeError, match=SECOND):
        y.backward()
    y = (x * x).sum()
    y.backward(create_graph=True)       # retains too
    y.backward()
    y = (x * x).sum()
    y.backward(create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match=SECOND):
        y.backward()


@pytest.mark.parametrize("shape", [(50,), (40_000,), (3, 50), (2, 40_000)])
def test_what_logsumexp_kept_serves_any_number_of_passes(shape):
    """It keeps its exponentials: the last pass writes the gradient over them, an earlier one must not."""
    array = np.random.default_rng(2).normal(0, 3, shape)
    x = leaf(array)
    y = x.logsumexp(-1).sum()
    passes = [ad.autograd.grad(y, x, retain_graph=True)[0] for _ in range(2)] + [ad.autograd.grad(y, x)[0]]
    exact = np.exp(array.astype(np.longdouble))
    exact /= exact.sum(-1, keepdims=True)
    for gradient in passes:
        np.testing.assert_allclose(gradient.numpy(), exact.astype(float), rtol=1e-13)
        assert gradient.numpy().tobytes() == passes[0].numpy().tobytes()
    assert len({address(gradient) for gradient in passes}) == 3
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    y = x.logsumexp(-1).sum()
    with ad.no_grad():
        x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_the_gradient_of_logsumexp_takes_the_memory_of_what_it_kept():
    x = leaf(np.zeros(100_000))
    y = x.logsumexp(0)
    before = memory_stats()["used_bytes"]
    y.backward()
    assert memory_stats()["used_bytes"] <= before


def test_custom_ops_count_as_saving():
    x = leaf([1.0])
    y = toy(x, 2.0)
    y.backward(ad.ones(1))
    with pytest.raises(RuntimeError, match=SECOND):
        y.backward(ad.ones(1))


# ---- higher orders

@pytest.mark.parametrize("value", [1.5, [1.5]])
def test_third_order(value):
    x = leaf(value)
    g = x ** 4 + x.sin() * x.exp()
    s, c, e = np.sin(1.5), np.cos(1.5), np.exp(1.5)
    expected = [4 * 1.5 ** 3 + e * (s + c), 12 * 1.5 ** 2 + 2 * e * c, 24 * 1.5 + 2 * e * (c - s)]
    for value in expected:
        g, = ad.autograd.grad(g, x, create_graph=True)
        assert g.item() == pytest.approx(value, rel=1e-12)
    assert x.grad is None


def test_mixed_scalar_and_array_third_order():
    x, s = leaf([1.0, 2.0]), leaf(0.5)
    y = (x ** 3 * s ** 2).sum() + (s * x[0]) ** 3
    g, = ad.autograd.grad(y, s, create_graph=True)
    h, = ad.autograd.grad(g, x, create_graph=True, grad_outputs=ad.tensor(1.0))
    np.testing.assert_allclose(h.detach().numpy(), [3 * 2 * 0.5 + 9 * 0.25, 12 * 2 * 0.5])
    k, = ad.autograd.grad(h.sum(), s)
    assert k.item() == pytest.approx(2 * 3 + 2 * 12 + 18 * 0.5)


def test_hessian_vector_product_through_backward():
    x = leaf([1.0, 2.0])
    (x ** 3).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    (g * ad.tensor([1.0, 10.0])).sum().backward()
    assert x.grad.tolist() == [6.0, 120.0]


def test_the_gradient_given_is_differentiated_too():
    x, v = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    g, = ad.autograd.grad(x * x, x, v, create_graph=True)
    assert ad.autograd.grad(g.sum(), v)[0].tolist() == [2.0, 4.0]


def test_second_order_checks_versions_too():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    g, = ad.autograd.grad((y ** 3).sum(), y, create_graph=True)
    with ad.no_grad():
        y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        g.sum().backward()


# ---- grad()

def test_grad_touches_no_leaf():
    x, w = leaf(2.0), leaf(3.0)
    y = x * w
    assert [g.item() for g in ad.autograd.grad(y, [x, w])] == [3.0, 2.0]
    assert x.grad is None and w.grad is None


def test_grad_of_unused():
    x, w = leaf([1.0]), leaf([1.0])
    y = x + x
    with pytest.raises(RuntimeError, match="The differentiated Tensor at index 1 appears to not have been used in the graph"):
        ad.autograd.grad(y, [x, w])
    assert ad.autograd.grad(y, [x, w], allow_unused=True)[1] is None
    zero = ad.autograd.grad(y, [x, w], materialize_grads=True)[1]
    assert zero.tolist() == [0.0] and not zero.requires_grad
    assert ad.autograd.grad(y, [x, w], materialize_grads=True, create_graph=True)[1].requires_grad
    with pytest.raises(ValueError, match="Expected allow_unused to be True or not passed"):
        ad.autograd.grad(y, w, materialize_grads=True, allow_unused=False)
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require grad"):
        ad.autograd.grad(y, ad.ones(1))
    with pytest.raises(RuntimeError, match="`inputs` argument to `grad\\(\\)` cannot be empty"):
        ad.autograd.grad(y, [])


def test_grad_of_results_and_of_the_output_itself():
    x = leaf([1.0, 2.0])
    y = x * x
    z = y * 3
    gz, gy, gx, again = ad.autograd.grad(z, [z, y, x, y], ad.ones(2))
    assert [v.tolist() for v in (gz, gy, gx, again)] == [[1.0, 1.0], [3.0, 3.0], [6.0, 12.0], [3.0, 3.0]]
    assert ad.autograd.grad(z, z, ad.tensor([5.0, 6.0]))[0].tolist() == [5.0, 6.0]


def test_grad_of_a_dict():
    x, w = leaf(2.0), leaf(3.0)
    result = ad.autograd.grad(x * w, {"x": x, "w": w})
    assert {k: v.item() for k, v in result.items()} == {"x": 3.0, "w": 2.0}


def test_grad_of_several_outputs_of_one_node():
    x = leaf([1.0, 2.0, 3.0])
    calls = []
    x.register_hook(calls.append)
    a, b = record_custom((x,), ([1.0], [2.0, 3.0]), lambda gs, needs: [None], "Split")
    ga, gb = ad.autograd.grad(a.sum() * 2 + b.sum(), [a, b])
    assert ga.tolist() == [2.0] and gb.tolist() == [1.0, 1.0]
    assert calls == []


def test_batched():
    x = leaf([1.0, 2.0])
    jacobian, = ad.autograd.grad(x * x, x, ad.eye(2), is_grads_batched=True)
    assert jacobian.tolist() == [[2.0, 0.0], [0.0, 4.0]]


# ---- inputs=

def test_branches_that_lead_to_no_input_do_not_run():
    log = []
    x, w = leaf([1.0]), leaf([1.0])
    a = toy(x, 2.0, log, "a")
    b = toy(w, 3.0, log, "b")
    c = toy(a + b, 5.0, log, "c")
    assert ad.autograd.grad(c, x, retain_graph=True)[0].item() == 10.0
    assert log == ["c", "a"]
    log.clear()
    assert ad.autograd.grad(c, a, retain_graph=True)[0].item() == 5.0
    assert log == ["c"]                 # the input's own node does not run
    log.clear()
    c.backward(inputs=[w])
    assert log == ["c", "b"]
    assert w.grad.item() == 15.0 and x.grad is None


def test_needs_say_which_operands_are_wanted():
    seen = []

    def vjp(gs, needs):
        seen.append(list(map(bool, needs)))
        return [gs[0] if n else None for n in needs]

    x, w, c = leaf([1.0]), leaf([1.0]), ad.ones(1)
    y, = record_custom((x, c, w), ([1.0],), vjp, "Toy")
    y.backward(ad.ones(1), retain_graph=True)
    ad.autograd.grad(y, w, retain_graph=True)
    ad.autograd.grad(y, [x], retain_graph=True, create_graph=True)
    assert seen == [[True, False, True], [False, False, True], [True, False, False]]


def test_inputs_that_are_no_leaves():
    x = leaf([1.0, 2.0])
    y = x * x
    z = (y * 3).sum()
    z.backward(inputs=[y], retain_graph=True)
    assert y.grad.tolist() == [3.0, 3.0] and x.grad is None
    z.backward(inputs=[y, x])
    assert y.grad.tolist() == [6.0, 6.0] and x.grad.tolist() == [6.0, 12.0]


def test_an_input_above_an_input():
    x = leaf([2.0])
    y = x * x
    z = y * x
    gy, gx = ad.autograd.grad(z, [y, x])
    assert gy.item() == 2.0 and gx.item() == 12.0


CALLS = [lambda y, inputs: y.backward(inputs=inputs), lambda y, inputs: ad.autograd.backward(y, inputs=inputs)]


@pytest.mark.parametrize("call", CALLS, ids=["method", "function"])
def test_forms_of_inputs(call):
    for wrap in (lambda x: [x], lambda x: (x,), lambda x: [x, x]):
        x, w = leaf([1.0, 2.0]), leaf([1.0, 2.0])
        call((x * w).sum(), wrap(x))
        assert x.grad.tolist() == [1.0, 2.0] and w.grad is None
    x = leaf([1.0])
    with pytest.raises(RuntimeError, match="all inputs have to be Tensors"):
        call(x * 2, [3])
    with pytest.raises(TypeError):
        call(x * 2, 3)
    w = leaf([1.0])
    call(x * 2, [w])                    # unused: silently nothing
    assert w.grad is None and x.grad is None


@pytest.mark.parametrize("call", CALLS, ids=["method", "function"])
def test_no_inputs(call):
    with pytest.raises(RuntimeError, match="`inputs` argument to `backward\\(\\)` cannot be empty"):
        call(leaf([1.0]) * 2, [])


@pytest.mark.parametrize("call", ["y.backward(inputs=inputs)", "ad.autograd.backward(y, inputs=inputs)"])
def test_inputs_that_are_no_list(call):
    # One Variable is one input, not a row of its elements, and an iterator's items are held while the pass runs.
    code = f"""
import autodiff as ad
for wrap in (lambda x: x, lambda x: iter([x]), lambda x: (v for v in [x])):
    for _ in range(30):
        x, w = (ad.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        y = (x * w).sum()
        inputs = wrap(x)
        {call}
        assert x.grad is not None and x.grad.tolist() == [1.0, 2.0] and w.grad is None
        junk = [v * 2 for v in (x, w)]
"""
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_inputs_accumulate_in_place():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward(inputs=[x])
    g = x.grad
    (x * 2).sum().backward(inputs=[x])
    assert x.grad is g and g.tolist() == [4.0, 4.0]


def test_marks_on_a_graph_of_many_slabs():
    leaves = [leaf(float(i)) for i in range(50)]
    y = leaves[0] * 1.0
    for k in range(5000):
        y = y + leaves[k % 50] * float(k % 7)
    whole = ad.autograd.grad(y, leaves, retain_graph=True)
    for i in (0, 13, 49):
        assert ad.autograd.grad(y, leaves[i], retain_graph=True)[0].item() == whole[i].item()
    expected = [sum(float(k % 7) for k in range(i, 5000, 50)) + (i == 0) for i in range(50)]
    assert [g.item() for g in whole] == expected


# ---- hooks

def test_hooks_run_in_order_and_replace():
    x = leaf([1.0])
    y = x * 1.0
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g + 1)
    y.backward()
    assert seen == [1.0, 10.0] and x.grad.item() == 11.0


@pytest.mark.parametrize("value", [1.0, [1.0]])
@pytest.mark.parametrize("create", [False, True])
def test_hooks_see_the_whole_gradient_once(value, create):
    x = leaf(value)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(("y", g.item())))
    x.register_hook(lambda g: seen.append(("x", g.item())))
    (y * 3 + y * 4 + x).backward(create_graph=create)
    assert seen == [("y", 7.0), ("x", 15.0)]


def test_counting_hooks():
    x = leaf([1.0])
    z = x * 2
    counter = [0]

    def add(n):
        def hook(g):
            counter[0] += n
        return hook

    first = z.register_hook(add(1))
    z.backward(retain_graph=True)
    assert counter == [1]
    second = z.register_hook(add(2))
    z.backward(retain_graph=True)
    assert counter == [4]
    second.remove()
    second.remove()
    z.backward(retain_graph=True)
    assert counter == [5]
    with first:
        z.backward(retain_graph=True)
    z.backward()
    assert counter == [6]


def test_a_hook_that_removes_itself_and_others():
    x = leaf([1.0])
    y = x * 1.0
    log = []
    handles = []

    def itself(g):
        log.append("itself")
        handles[0].remove()
        handles[1].remove()
        return g * 2

    handles.append(y.register_hook(itself))
    handles.append(y.register_hook(lambda g: log.append("other")))
    y.backward(retain_graph=True)
    y.backward()
    # this pass had begun to run them, as in PyTorch; the next one finds none
    assert log == ["itself", "other"]
    assert x.grad.item() == 3.0


def test_a_hook_added_by_a_hook_runs_later():
    x = leaf([1.0])
    y = x * 1.0
    log = []

    def first(g):
        if not log:
            y.register_hook(lambda g: log.append("late"))
            log.append("first")

    y.register_hook(first)
    y.backward(retain_graph=True)
    assert log == ["first"]
    y.backward()
    assert log == ["first", "late"]


@pytest.mark.parametrize("value", [1.0, [1.0, 2.0]])
@pytest.mark.parametrize("create", [False, True])
def test_hooks_that_return_nonsense(value, create):
    x = leaf(value)
    y = x * 1.0
    wrong_shape = y.register_hook(lambda g: ad.ones(3, 5))
    with pytest.raises(RuntimeError, match="has changed the size of value"):
        y.sum().backward(retain_graph=True, create_graph=create)
    wrong_shape.remove()
    wrong_type = y.register_hook(lambda g: 3)
    with pytest.raises(TypeError, match="expected Variable, but hook returned 'int'"):
        y.sum().backward(retain_graph=True, create_graph=create)
    wrong_type.remove()
    assert x.grad is None
    y.sum().backward()
    assert x.grad.numpy().ravel()[0] == 1.0


def test_hooks_return_the_same_dtype():
    x = leaf([1.0, 2.0], dtype=ad.float32)
    y = x * 1.0
    y.register_hook(lambda g: g.double() * 2)
    with pytest.raises(RuntimeError, match="has changed the type of value"):
        y.backward(ad.ones(2))
    assert x.grad is None


def test_hooks_without_a_name():
    class Hook:
        def __call__(self, g):
            return ad.ones(7)

    x = leaf([1.0])
    (y := x * 1.0).register_hook(Hook())
    with pytest.raises(RuntimeError, match="hook 'Hook' has changed the size of value"):
        y.backward()


def test_hooks_refused():
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't require gradient"):
        ad.ones(1).register_hook(lambda g: g)


def test_leaf_hooks_and_grad():
    x, w = leaf([1.0]), leaf([1.0])
    seen = []
    x.register_hook(lambda g: seen.append("x") or g * 10)
    w.register_hook(lambda g: seen.append("w") or g * 10)
    y = x * 2 + w
    assert ad.autograd.grad(y, x, retain_graph=True)[0].item() == 20.0
    assert seen == ["x"]                # not of a leaf that is no input
    y.backward(inputs=[w], retain_graph=True)
    assert seen == ["x", "w"] and w.grad.item() == 10.0 and x.grad is None
    y.backward()
    assert x.grad.item() == 20.0 and w.grad.item() == 20.0


@pytest.mark.parametrize("value", [2.0, [2.0]])
def test_a_leaf_hook_that_fails(value):
    x, w = leaf(value), leaf(value)

    def fail(g):
        raise KeyError("hook")

    handle = x.register_hook(fail)
    y = x * w
    with pytest.raises(KeyError, match="hook"):
        y.backward(retain_graph=True)
    assert x.grad is None
    handle.remove()
    w.grad = None
    y.backward()
    assert x.grad.item() == 2.0 and w.grad.item() == 2.0


def test_hooks_that_run_backward():
    x, w = leaf([1.0]), leaf([1.0])

    def hook(g):
        with ad.enable_grad():
            (w * 3).backward()

    y = x * 2
    y.register_hook(hook)
    x.register_hook(hook)
    (y * y).backward()
    assert w.grad.item() == 6.0 and x.grad.item() == 8.0


def test_hooks_stay_with_the_version_they_were_registered_on():
    x = leaf([1.0])
    y = x * 1.0
    old, new = [], []
    y.register_hook(lambda g: old.append(g.item()))
    y.mul_(5)
    y.register_hook(lambda g: new.append(g.item()))
    y.backward()
    assert old == [5.0] and new == [1.0]


def test_one_hook_may_hang_on_two_variables():
    x = leaf([1.0])
    y = x * 2
    seen = []
    for v in (x, y):
        v.register_hook(seen.append)
    y.backward()
    assert [g.item() for g in seen] == [1.0, 2.0]


# ---- retain_grad

@pytest.mark.parametrize("value", [1.0, [1.0]])
def test_retain_grad(value):
    x = leaf(value)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    x.retain_grad()
    assert y.retains_grad and not x.retains_grad
    (y * 3).sum().backward(retain_graph=True)
    assert y.grad.item() == 3.0
    (y * 3).sum().backward()
    assert y.grad.item() == 6.0 and x.grad.item() == 12.0
    with pytest.raises(RuntimeError, match=r"can't retain_grad on Tensor that has requires_grad=False"):
        ad.ones(1).retain_grad()


@pytest.mark.parametrize("value", [1.0, [1.0]])
def test_retain_grad_follows_in_place_writes(value):
    x = leaf(value)
    y = x * 2
    y.retain_grad()
    y.mul_(4)
    y.add_(1)
    y.backward()
    assert y.grad.item() == 1.0 and x.grad.item() == 8.0


def test_retain_grad_follows_setitem_copy_and_fill():
    x = leaf([1.0, 2.0])
    for write in (lambda y: y.__setitem__(0, x[1]), lambda y: y.copy_(x * 3)):
        y = x * 2
        y.retain_grad()
        write(y)
        (y * ad.tensor([5.0, 6.0])).sum().backward()
        assert y.grad.tolist() == [5.0, 6.0]


def test_retain_grad_follows_a_write_through_a_view():
    x = leaf([1.0, 2.0])
    y = x * 2
    y.retain_grad()
    y[:1].mul_(4)
    (y * ad.tensor([5.0, 6.0])).sum().backward()
    assert x.grad.tolist() == [40.0, 12.0]
    assert y.grad.tolist() == [5.0, 6.0]


def test_retain_grad_of_a_view():
    x = leaf([1.0, 2.0])
    y = x * 2
    v = y[:1]
    v.retain_grad()
    v.mul_(4)
    (y * ad.tensor([5.0, 6.0])).sum().backward()
    assert x.grad.tolist() == [40.0, 12.0]


def test_retain_grad_sees_the_hooks_whatever_their_order():
    for first in (True, False):
        x = leaf([1.0])
        y = x * 1.0
        if first:
            y.retain_grad()
        y.register_hook(lambda g: g * 2)
        if not first:
            y.retain_grad()
        y.register_hook(lambda g: g * 2)
        y.backward()
        assert y.grad.item() == 4.0


def test_retain_grad_of_an_output():
    x = leaf([1.0, 2.0])
    a, b = record_custom((x,), ([1.0], [2.0]), lambda gs, needs: [None], "Toy")
    b.retain_grad()
    b.register_hook(lambda g: g * 7)
    (a + b * 3).backward()
    assert b.grad.item() == 21.0


def test_grad_of_a_result_warns():
    y = leaf([1.0]) * 2
    with pytest.warns(UserWarning, match="The .grad attribute of a Tensor that is not a leaf Tensor is being accessed"):
        assert y.grad is None


# ---- in-place writes and views

MODIFIED = "one of the variables needed for gradient computation has been modified by an inplace operation"


@pytest.mark.parametrize("value", [2.0, [2.0, 3.0]])
def test_saved_values_are_checked(value):
    x = leaf(value)
    writes = [lambda y: y.mul_(2), lambda y: y.add_(1), lambda y: y.exp_(), lambda y: y.zero_(), lambda y: y.fill_(3.0),
              lambda y: y.copy_(x), lambda y: y.detach().mul_(2), lambda y: y.__setitem__(..., 1.0)]
    for write in writes:
        y = x * 1.0
        z = y * y
        write(y)
        with pytest.raises(RuntimeError, match=MODIFIED):
            z.sum().backward()
        y = x * 1.0
        z = y * 3 + y           # saves nothing
        write(y)
        x.grad = None
        z.sum().backward()
        assert x.grad.numpy().ravel()[0] == 4.0
    for write in writes:
        y = (x * 1.0).exp()     # saves its result
        write(y)
        if write is not writes[0] and write is not writes[1]:
            continue
        with pytest.raises(RuntimeError, match=MODIFIED):
            y.sum().backward()
    assert x.tolist() == value


@pytest.mark.parametrize("value", [2.0, [2.0]])
def test_an_alias_made_before_is_checked_too(value):
    # detach() shares the version, also where the value was a C double until then.
    x = leaf(value)
    y = x * 1.0
    d = y.detach()
    z = y * y
    d.mul_(2)
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.backward()
    y = x * 1.0
    z = y * y
    y.detach()
    y.mul_(2)
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.backward()


@pytest.mark.parametrize("value", [2.0, [2.0]])
def test_data_is_not_checked(value):
    x = leaf(value)
    y = x * 1.0
    z = y + y
    y.data.mul_(2)
    z.backward()
    assert x.grad.item() == 2.0 and y.numpy(force=True).ravel()[0] == 4.0


@pytest.mark.parametrize("value", [2.0, [2.0]])
def test_writes_in_no_grad_are_checked(value):
    x = leaf(value)
    y = x * x
    with ad.no_grad():
        x.mul_(2)
    assert x.is_leaf and x.requires_grad
    with pytest.raises(RuntimeError, match=MODIFIED):
        y.backward()
    assert x.grad is None
    (x * x).backward()
    assert x.grad.item() == 8.0


def test_a_leaf_written_while_a_graph_holds_it_still_gets_its_gradient():
    x = leaf(2.0)
    y = x + x + x
    with ad.no_grad():
        x.add_(1)
        x.add_(1)
    z = x * 5
    (y + z).backward()
    assert x.grad.item() == 8.0
    assert ad.autograd.grad(x * 3.0 + y, x)[0].item() == 6.0


@pytest.mark.parametrize("shape", [(), (2,)])
def test_leaves_are_not_written(shape):
    x = leaf(np.ones(shape))
    for write in (lambda v: v.mul_(2), lambda v: v.zero_(), lambda v: v.copy_(ad.ones(*shape)), lambda v: v.__iadd__(1),
                  lambda v: v.__setitem__(..., 5.0), lambda v: v.fill_(2.0), lambda v: v.exp_()):
        with pytest.raises(RuntimeError, match=r"a (view of a )?leaf Variable that requires grad is being used in an in-place"):
            write(x)
        assert x.numpy(force=True).tolist() == np.ones(shape).tolist()
    if shape:
        with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place"):
            x[:1].mul_(2)


@pytest.mark.parametrize("value", [2.0, [2.0, 3.0]])
@pytest.mark.parametrize("write, derivative", [
    (lambda v: v.sin_(), np.cos), (lambda v: v.cos_(), lambda a: -np.sin(a)), (lambda v: v.log_(), lambda a: 1 / a),
    (lambda v: v.square_(), lambda a: 2 * a), (lambda v: v.pow_(3), lambda a: 3 * a ** 2), (lambda v: v.exp_(), np.exp),
    (lambda v: v.abs_(), np.sign), (lambda v: v.sqrt_(), lambda a: 0.5 / np.sqrt(a)),
    (lambda v: v.div_(4), lambda a: 0.25 + 0 * a),
    (lambda v: v.tanh_(), lambda a: 1 - np.tanh(a) ** 2)],
    ids=["sin", "cos", "log", "square", "pow", "exp", "abs", "sqrt", "div", "tanh"])
def test_an_in_place_op_keeps_the_old_value_it_needs(value, write, derivative):
    # As PyTorch, which copies the operand before it is overwritten, if the derivative asks for it.
    x = leaf(value)
    y = x.clone()
    write(y)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), derivative(np.array(value)), rtol=1e-12)


@pytest.mark.parametrize("value", [2.0, [2.0, 3.0]])
def test_in_place_with_another_operand_that_needs_a_gradient(value):
    x, s = leaf(value), leaf(3.0)
    y = x.clone()
    y.mul_(s)
    y.div_(s * s)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.full(np.shape(value), 1 / 3))
    assert s.grad.item() == pytest.approx(-np.sum(value) / 9)
    y = leaf([1.0, 2.0]) * 1.0
    s.grad = None
    y[0].mul_(s)
    y[1] = y[0]
    y.sum().backward()
    assert s.grad.item() == 2.0


def test_in_place_on_a_base_and_its_views():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    b = x.clone()
    b[0].mul_(2)
    b.sum().backward()
    assert x.grad.tolist() == [[2.0, 2.0], [1.0, 1.0]]
    x.grad = None
    b = x.clone()
    first, second = b[0], b[0]
    first.mul_(0)
    second.sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    x.grad = None
    b = x.clone()
    b.T[0][1:].mul_(3)                  # a view of a view
    b.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0], [3.0, 1.0]]


def test_writing_makes_a_base_need_a_gradient():
    x = leaf([1.0, 2.0])
    base = ad.zeros(4)
    view = base[1:3]
    view.copy_(x)
    assert base.requires_grad and base.grad_fn.name() == "CopySlices"
    (base * ad.arange(4.0)).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]
    base = ad.zeros(2)
    early = base[:1]
    base.add_(x)
    assert early.requires_grad
    x.grad = None
    early.backward(ad.ones(1))
    assert x.grad.tolist() == [1.0, 0.0]


def test_regenerated_views_are_watched():
    x = leaf([1.0, 2.0])
    b = x.clone()
    v = b[:1]
    z = v * v
    b.mul_(2)
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.backward()
    z = v * v
    z.backward()
    assert x.grad.tolist() == [8.0, 0.0]


def test_views_made_in_no_grad():
    x = leaf([1.0, 2.0])
    b = x.clone()
    with ad.no_grad():
        v = b[:1]
    with pytest.raises(RuntimeError, match="A view was created in no_grad mode and is being modified inplace"):
        v.mul_(2)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        x[:1].clone().expand(3).mul_(2)


def test_setitem():
    x, s, w = leaf([1.0, 2.0, 3.0]), leaf(5.0), leaf([7.0])
    y = x * 1.0
    y[0] = s
    y[1:] = w
    assert y.tolist() == [5.0, 7.0, 7.0]
    (y * ad.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert (x.grad.tolist(), s.grad.item(), w.grad.tolist()) == ([0.0, 0.0, 0.0], 1.0, [110.0])


class Dual:
    """The reference for random programs of views and writes: NumPy's own views of the values and of their Jacobian."""

    def __init__(self, value, jacobian):
        self.value, self.jacobian = value, jacobian

    def view(self, index):
        return Dual(self.value[index], self.jacobian[index])

    def swapped(self):
        return Dual(self.value.swapaxes(0, 1), self.jacobian.swapaxes(0, 1))

    def copy(self):
        return Dual(self.value.copy(), self.jacobian.copy())

    def write(self, value, jacobian):
        # copies first: what is written may overlap with what is read
        value, jacobian = np.array(value), np.array(jacobian)
        self.value[...], self.jacobian[...] = value, jacobian

    def scale(self, k):
        self.write(self.value * k, self.jacobian * k)

    def add(self, other):
        self.write(self.value + other.value, self.jacobian + other.jacobian)

    def product(self, other):
        return Dual(self.value * other.value, self.jacobian * other.value[..., None] + other.jacobian * self.value[..., None])


def random_index(rng, ndim):
    index = []
    for _ in range(ndim):
        index.append(rng.choice([slice(None), slice(None), slice(0, 1), slice(1, None), slice(None, None, 2)]))
    return tuple(index)


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_of_views_and_writes(seed):
    rng = random.Random(seed)
    values = np.array([rng.uniform(-1, 1) for _ in range(12)]).reshape(3, 4)
    x = leaf(values.copy())
    root = Dual(values.copy(), np.eye(12).reshape(3, 4, 12))
    pairs = [(x.clone(), root.copy())]
    for _ in range(40):
        v, d = rng.choice(pairs)
        w, e = rng.choice(pairs)
        step = rng.randrange(9)
        if step == 0 and d.value.ndim == 2:
            pairs.append((v.T, d.swapped()))
        elif step <= 2:
            index = random_index(rng, d.value.ndim)
            pairs.append((v[index], d.view(index)))
        elif step == 3:
            k = rng.uniform(-1.5, 1.5)
            v.mul_(k)
            d.scale(k)
        elif step == 4 and d.value.shape == e.value.shape:
            v.add_(w)
            d.add(e)
        elif step == 5 and d.value.shape == e.value.shape:
            # copies, so that later writes do not touch what the product saved
            pairs.append((v.clone() * w.clone(), d.product(e)))
        elif step == 6:
            pairs.append((v.clone(), d.copy()))
        elif step == 7 and d.value.ndim == 2 and d.value.size:
            v[0] = w.sum()
            row = d.view(0)
            row.write(np.broadcast_to(e.value.sum(), row.value.shape),
                      np.broadcast_to(e.jacobian.reshape(-1, 12).sum(0), row.jacobian.shape))
        elif step == 8 and rng.random() < 0.3:
            k = rng.uniform(-1, 1)
            v.fill_(k)
            d.write(np.full(d.value.shape, k), np.zeros(d.jacobian.shape))
        if np.abs(pairs[-1][1].value).max(initial=0) > 1e3 or len(pairs) > 12:
            del pairs[rng.randrange(len(pairs) - 1)]
    for v, d in pairs:
        np.testing.assert_allclose(v.numpy(force=True), d.value, rtol=1e-9, atol=1e-12)
    for v, d in pairs:
        x.grad = None
        weights = np.array([rng.uniform(-1, 1) for _ in range(d.value.size)]).reshape(d.value.shape)
        if not v.requires_grad:
            assert not d.jacobian.any()
            continue
        (v * ad.tensor(weights)).sum().backward(retain_graph=True)
        expected = (weights[..., None] * d.jacobian).reshape(-1, 12).sum(0).reshape(3, 4)
        actual = np.zeros((3, 4)) if x.grad is None else x.grad.numpy()
        np.testing.assert_allclose(actual, expected, rtol=1e-8, atol=1e-11)


def test_assigning_data_of_another_shape_does_not_reach_memory():
    # A graph that saved or produced the old shape must refuse or fit, never write past a cotangent.
    code = """
import autodiff as ad
x = ad.tensor([1.0, 2.0], requires_grad=True)
def attempt(work):
    try:
        work()
    except (RuntimeError, ValueError, TypeError):
        pass
for n in (100000, 3, 1):
    def one():
        y = x * 2
        y.data = ad.ones(n)
        for _ in range(5):
            (y * y).sum().backward(retain_graph=True)
    def two():
        y = x * 2
        v = y[1:]
        y.data = ad.ones(n)
        v.mul_(2)
        y.mul_(2)
        y.sum().backward()
    def three():
        y = x * 2
        v = y[1:]
        v.data = ad.ones(n)
        v.mul_(2)
        (y.sum() + v.sum()).backward()
    def four():
        w = ad.tensor([1.0, 2.0], requires_grad=True)
        z = w * x
        v = w[1:]
        w.data = ad.ones(n)
        z.sum().backward()
        (w * w).sum().backward()
        assert tuple(w.grad.shape) == (n,)
        v.sum().backward()
    def five():
        s = ad.tensor(1.0, requires_grad=True)
        y = s * 2
        y.data = ad.ones(n)
        (y * y).sum().backward()
    def six():
        y = x * 2
        y.data = ad.tensor(1.0)
        (y * y).sum().backward()
    for work in (one, two, three, four, five, six):
        attempt(work)
"""
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_detach_in_place():
    x = leaf([1.0])
    y = x * 2
    y.detach_()
    assert y.is_leaf and not y.requires_grad
    with pytest.raises(RuntimeError, match="Can't detach views in-place"):
        (x * 2)[:1].detach_()


# ---- interruption

@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
def test_a_long_pass_is_interrupted():
    def fire(*_):
        raise KeyboardInterrupt

    x = leaf(1.0)
    y = x
    for _ in range(1_000_000):
        y = y * 1.0
    y.backward(retain_graph=True)
    x.grad = None
    before = signal.signal(signal.SIGALRM, fire)
    try:
        for delay in (0.002, 0.001, 0.0005, 0.0001):
            signal.setitimer(signal.ITIMER_REAL, delay)
            try:
                y.backward(retain_graph=True)
            except KeyboardInterrupt:
                break
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        else:
            pytest.fail("the walk heeded no signal")
    finally:
        signal.signal(signal.SIGALRM, before)
    x.grad = None
    y.backward()
    assert x.grad.item() == 1.0


def test_interrupted_from_a_hook(request):
    # A process that was started in the background may ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    x = leaf([1.0])
    y = x * 2
    handle = y.register_hook(lambda g: _thread.interrupt_main())
    with pytest.raises(KeyboardInterrupt):
        (y * y).backward(retain_graph=True)
        time.sleep(1)
    handle.remove()
    x.grad = None
    (y * y).backward()
    assert x.grad.item() == 8.0


# ---- nothing that is typed in Python crashes

def test_odd_arguments():
    """Whatever is handed in: an exception or a result, and the process lives."""
    code = r"""
import itertools, math, random, warnings
import numpy as np
import autodiff as ad
warnings.simplefilter("ignore")
rng = random.Random(0)
class Odd:
    def __index__(self): return 2
    def __float__(self): return 3.0
    def __len__(self): return 2
    def __getitem__(self, i): raise IndexError if i > 1 else ValueError
class Liar(list):
    def __len__(self): return 5
odd = [None, True, 0, 1, -1, 2**70, -2**63, 1.5, math.nan, math.inf, 1j, "text", b"bytes", (), [], {}, [[]], [[1], [2, 3]],
       Odd(), Liar(), [1.0, None], [1.0, "a"], range(3), slice(1, None), ..., float, "float64", "int32", object(),
       np.float32(2), np.int64(3), np.zeros((0, 3)), np.ones(3), np.arange(3), np.array("a"), np.array(None),
       np.zeros((2, 2), order="F")[::-1], np.zeros((1,) * 32),
       np.zeros(2, dtype=[("a", float)]), np.array(["2020-01-01"], dtype="M8[D]"), np.zeros(3, dtype=">f8"),
       np.frombuffer(b"x" * 25, dtype=np.uint8)[1:].view(np.float64), np.zeros(2, np.float16), np.zeros(2, np.longdouble),
       np.broadcast_to(1.0, (3, 3)), np.matrix([[1.0]]), np.ma.masked_array([1.0, 2.0], [True, False]), lambda: 0]
def variables():
    x = ad.tensor([1.0, 2.0, 3.0], requires_grad=True)
    return [x, x * 2, ad.tensor(1.0, requires_grad=True), ad.tensor(2.0), ad.tensor([1, 2, 3]), ad.tensor([True, False]),
            ad.zeros(0), ad.ones(2, 3), ad.tensor(3.0, requires_grad=True) * 2, x[1:], (x * 2)[::2], ad.ones(1).expand(3),
            ad.tensor([1.0], dtype=ad.float32)]
functions = [getattr(ad, n) for n in dir(ad) if not n.startswith("_") and callable(getattr(ad, n))
             and not isinstance(getattr(ad, n), np.dtype)
             and n not in ("set_default_dtype", "set_printoptions", "set_grad_enabled", "manual_seed",
                         "save")]
functions += [getattr(ad.autograd, n) for n in ("backward", "grad", "Variable")]
methods = [n for n in dir(ad.Tensor) if n not in ("__class__", "__subclasshook__", "__init_subclass__", "__dir__", "__doc__",
                                                 "__sizeof__", "__new__", "__getattribute__", "__getstate__", "__init__")]
count = 0
def call(f, *args, **kwargs):
    global count
    count += 1
    try:
        result = f(*args, **kwargs)
        if isinstance(result, ad.Tensor) and result.numel() < 1000:
            repr(result)
            if result.requires_grad:
                result.sum().backward()
    except Exception:
        pass
def pick():
    return rng.choice(odd) if rng.random() < 0.6 else rng.choice(variables())
for f in functions:
    for a in odd:
        call(f, a)
    for a in variables():
        call(f, a)
    for _ in range(60):
        call(f, *[pick() for _ in range(rng.randrange(0, 4))])
    for key in ("dtype", "requires_grad", "device", "dim", "size", "inputs", "grad_outputs", "create_graph", "out", "axis",
                "keepdim"):
        for a in odd[::3]:
            call(f, ad.ones(3), **{key: a})
for name in methods:
    for v in variables():
        try:
            m = getattr(v, name)
        except Exception:
            continue
        if callable(m):
            call(m)
            for _ in range(12):
                call(m, *[pick() for _ in range(rng.randrange(1, 4))])
    for v in variables():
        for a in (None, 3, "text", ad.ones(7), ad.ones(2, dtype=ad.float32)):
            try:
                if not name.startswith("__"):
                    setattr(v, name, a)
                    repr(v)
            except Exception:
                pass
            try:
                if not name.startswith("__"):
                    delattr(v, name)
            except Exception:
                pass
for v in variables():
    for index in itertools.product(odd[:20] + [0, -1, slice(None, None, -1), None, slice(2**70), slice(0, 3, 0)], repeat=2):
        call(v.__getitem__, index)
        call(v.__setitem__, index, 1.0)
for cls in (ad.Tensor, ad.numpy.ndarray, type(ad.Tensor.__base__), ad.Tensor.__base__):
    try:
        v = cls.__new__(cls)
    except Exception:
        continue
    for name in methods:
        try:
            m = getattr(v, name)
            if callable(m):
                call(m)
                call(m, 1)
        except Exception:
            pass
x = ad.tensor([1.0, 2.0], requires_grad=True)
call(x.__init__)
call(x.__init__, 5)
call(x.__init__, [1.0] * 100000)
call((x * 2).sum().backward)
print(count)
"""
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, timeout=200,
                          check=False)
    assert done.returncode == 0, f"exit code {done.returncode}\n" + done.stderr[-3000:]


@pytest.mark.parametrize("code", ["ad.tensor(2.0).unbind()", "ad.numpy.ndarray.__new__(ad.numpy.ndarray).unbind()",
                                  "x.__init__([1.0] * 100000); (x * 2).sum().backward()"])
def test_odd_calls_that_once_crashed(code):
    code = f"""
import autodiff as ad
x = ad.tensor([1.0, 2.0], requires_grad=True)
try:
    {code}
except (RuntimeError, TypeError, IndexError, ValueError):
    pass
"""
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, f"exit code {done.returncode}\n" + done.stderr[-1000:]


def test_threads_that_build_and_walk_at_once():
    x = leaf([1.0, 2.0])
    errors = []

    def work():
        try:
            for _ in range(200):
                y = x.clone()
                v = y[:1]
                y.mul_(2)
                (v * 3).sum().backward(inputs=[y])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    assert x.grad is None


@pytest.mark.parametrize("look", [lambda x: x.reshape(1), lambda x: x.detach().numpy(), lambda x: x.data.fill_(2.0)])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_view_taken_during_the_pass_keeps_the_gradient_of_a_scalar(look, create_graph):
    """A 0-d leaf moves to an array when somebody looks at its memory, even while its gradient is on the way."""
    x = ad.tensor(2.0, requires_grad=True)
    y = x * 3
    y.register_hook(lambda g: (look(x), None)[1])
    assert ad.autograd.grad(y, x, retain_graph=True, create_graph=create_graph)[0].item() == 3
    y.backward()
    assert x.grad.item() == 3
