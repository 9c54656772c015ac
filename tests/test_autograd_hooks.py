"""Hooks on nodes and after accumulation, anomaly mode, levels above the ops, values saved on disk."""
import os
import warnings

import numpy as np
import pytest

import autodiff
from autodiff import _variable, autograd


def leaf(values):
    return autodiff.tensor(values, requires_grad=True)


# ---- hooks

@pytest.mark.parametrize("shape", [(), (3,)])
def test_post_accumulate_sees_the_gradient_and_may_change_the_leaf(shape):
    x = leaf(np.full(shape, 2.0))
    seen = []

    def step(parameter):
        assert parameter is x
        seen.append(np.array(parameter.grad.tolist()))
        with autodiff.no_grad():
            parameter -= 0.5 * parameter.grad
        parameter.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    (x * 3).sum().backward()
    assert np.all(seen[0] == 3) and x.grad is None
    assert np.all(np.array(x.tolist()) == 0.5)
    handle.remove()
    (x * 3).sum().backward()
    assert len(seen) == 1 and np.all(np.array(x.grad.tolist()) == 3)


def test_a_leaf_with_a_hook_runs_as_soon_as_its_gradient_is_complete():
    x, y = leaf([1.0]), leaf([1.0])
    order = []
    below = x * 2
    below.register_hook(lambda g: order.append("below"))
    y.register_post_accumulate_grad_hook(lambda p: order.append("leaf"))
    (below.exp() * y).sum().backward()
    assert order == ["leaf", "below"]      # the last edge into y is the product's, which runs first


def test_post_accumulate_is_refused_where_it_has_no_meaning():
    x = leaf([1.0])
    with pytest.raises(RuntimeError, match="non-leaf"):
        (x * 2).register_post_accumulate_grad_hook(print)
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        autodiff.ones(1).register_post_accumulate_grad_hook(print)
    x.register_post_accumulate_grad_hook(lambda p: p)
    with pytest.raises(RuntimeError, match="should return None"):
        (x * 2).backward()


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_hooks_of_a_node(shape, create_graph):
    x, y = leaf(np.full(shape, 2.0)), leaf(np.full(shape, 5.0))
    z = x * y
    before, after = [], []

    def prehook(grad_outputs):
        before.append(grad_outputs[0].tolist())
        return (grad_outputs[0] * 10,)

    def posthook(grad_inputs, grad_outputs):
        after.append((len(grad_inputs), grad_outputs[0].tolist()))
        return (grad_inputs[0] + 1, None)

    z.grad_fn.register_prehook(prehook)
    z.grad_fn.register_hook(posthook)
    gx, gy = autograd.grad(z.sum(), (x, y), create_graph=create_graph, allow_unused=True)
    assert np.all(np.array(gx.tolist()) == 51) and gy is None
    assert np.all(np.array(before[0]) == 1) and after[0][0] == 2 and np.all(np.array(after[0][1]) == 10)


def test_a_node_hook_of_another_arity_is_refused_and_the_graph_stays_usable():
    x = leaf([1.0, 2.0])
    z = x * x
    handle = z.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0],))
    with pytest.raises(RuntimeError, match="incorrect number of values"):
        z.sum().backward(retain_graph=True)
    assert x.grad is None
    handle.remove()
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


# ---- where prehooks run

def captured_node():
    order = []
    x = leaf([1.0, 2.0])
    y = x * 2
    y.register_hook(lambda g: order.append("tensor"))
    y.retain_grad()

    def prehook(grad_outputs):
        order.append("pre")
        return (grad_outputs[0] * 10,)

    y.grad_fn.register_prehook(prehook)
    y.grad_fn.register_hook(lambda gi, go: order.append("post"))
    return x, y, order


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_node_that_is_only_captured_does_not_run(create_graph):
    _, y, order = captured_node()
    gradient, = autograd.grad((y * 3).sum(), y, create_graph=create_graph)
    assert order == ["tensor"] and gradient.tolist() == [3.0, 3.0] and y.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_what_is_captured_is_the_gradient_before_prehooks(create_graph):
    x, y, order = captured_node()
    gy, gx = autograd.grad((y * 3).sum(), (y, x), create_graph=create_graph)
    assert order == ["tensor", "pre", "post"]
    assert gy.tolist() == [3.0, 3.0] and gx.tolist() == [60.0, 60.0] and y.grad.tolist() == [3.0, 3.0]


def test_what_is_captured_is_the_gradient_after_hooks_of_the_tensor():
    x = leaf([1.0, 2.0])
    y = x * 2
    y.register_hook(lambda g: g * 10)
    z = (y * 3).sum()
    for inputs in ((y,), (y, x)):
        assert autograd.grad(z, inputs, retain_graph=True)[0].tolist() == [30.0, 30.0]


def test_an_input_of_backward_runs_its_hooks():
    x, y, order = captured_node()
    (y * 3).sum().backward(inputs=[y])
    assert order == ["tensor", "pre", "post"] and y.grad.tolist() == [3.0, 3.0] and x.grad is None
    x, y, order = captured_node()
    (y * 3).sum().backward(inputs=[y, x])
    assert order == ["tensor", "pre", "post"] and y.grad.tolist() == [3.0, 3.0] and x.grad.tolist() == [60.0, 60.0]


def test_hooks_of_a_leaf_that_is_an_input():
    x = leaf([1.0, 2.0])
    order = []
    x.register_hook(lambda g: order.append("tensor"))
    x.register_post_accumulate_grad_hook(lambda p: order.append("accumulated"))
    y = x * 2
    accumulator = y.grad_fn.next_functions[0][0]
    accumulator.register_prehook(lambda grads: order.append("pre"))
    autograd.grad(y.sum(), x, retain_graph=True)
    assert order == ["tensor"]
    order.clear()
    y.sum().backward(inputs=[x])
    assert order == ["tensor", "pre", "accumulated"]


@pytest.mark.parametrize("answer, match", [(lambda g: (), "got 0, but expected 1"),
                                           (lambda g: (g[0], g[0]), "got 2, but expected 1"),
                                           (lambda g: (g[0][:1],), "changed the size"), (lambda g: (1.0,), "expected Variable"),
                                           (lambda g: [], "got 0, but expected 1")])
def test_what_a_prehook_must_not_return(answer, match):
    x = leaf([1.0, 2.0])
    y = x * 2
    handle = y.grad_fn.register_prehook(answer)
    with pytest.raises((RuntimeError, TypeError), match=match):
        y.sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_prehook_that_returns_none_in_its_tuple_ends_the_gradient():
    x, w = leaf([1.0, 2.0]), leaf([1.0, 1.0])
    y = x * 2
    y.grad_fn.register_prehook(lambda grads: (None,))
    (y * w).sum().backward()
    assert x.grad is None and w.grad.tolist() == [2.0, 4.0]


# ---- a hook that writes into its argument

def write(g):
    g.mul_(10)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shape", [(), (2,), (2, 2)])
def test_a_hook_that_writes_changes_its_own_gradient_alone(shape, create_graph):
    a, b, c = (leaf(np.full(shape, v)) for v in (1.0, 2.0, 3.0))
    a.register_hook(write)
    ((a + b + c) * 3).sum().backward(create_graph=create_graph)
    for v, expected in ((a, 30.0), (b, 3.0), (c, 3.0)):
        np.testing.assert_array_equal(v.grad.tolist(), np.full(shape, expected))


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize("kind", ["hook", "prehook", "posthook"])
def test_a_writing_hook_leaves_other_branches_and_the_users_cotangent(shape, create_graph, kind):
    a, b = leaf(np.full(shape, 1.0)), leaf(np.full(shape, 2.0))
    y, z = a.clone(), b.clone()
    if kind == "hook":
        y.register_hook(write)
    elif kind == "prehook":
        y.grad_fn.register_prehook(lambda grads: write(grads[0]))
    else:
        y.grad_fn.register_hook(lambda gi, go: write(gi[0]))
    cotangent = autodiff.tensor(np.full(shape, 1.0))
    total = y + z
    total.retain_grad()
    total.backward(cotangent, create_graph=create_graph)
    np.testing.assert_array_equal(a.grad.tolist(), np.full(shape, 10.0))
    for v in (b.grad, total.grad, cotangent):
        np.testing.assert_array_equal(v.tolist(), np.full(shape, 1.0))


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_hook_that_writes_into_grad_outputs_after_the_node_ran(create_graph):
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = a + b
    y.grad_fn.register_hook(lambda gi, go: write(go[0]))
    captured, ga, gb = autograd.grad((y * 3).sum(), (y, a, b), create_graph=create_graph)
    for g in (captured, ga, gb):
        assert g.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_one_gradient_of_two_operands_is_two_for_a_hook(create_graph):
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = a + b
    y.grad_fn.register_hook(lambda gi, go: write(gi[1]))
    (y * 3).sum().backward(create_graph=create_graph)
    assert a.grad.tolist() == [3.0, 3.0] and b.grad.tolist() == [30.0, 30.0]


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_what_a_hook_kept_is_not_changed_by_the_next(shape, create_graph):
    x = leaf(np.full(shape, 1.0))
    kept = []
    x.register_hook(kept.append)
    x.register_hook(write)
    x.register_hook(kept.append)
    (x * 3).sum().backward(create_graph=create_graph)
    (x * 3).sum().backward(create_graph=create_graph)
    for g, expected in zip(kept, (3.0, 30.0, 3.0, 30.0)):
        np.testing.assert_array_equal(g.tolist(), np.full(shape, expected))
    np.testing.assert_array_equal(x.grad.tolist(), np.full(shape, 60.0))


def test_a_post_accumulate_hook_that_writes_changes_its_own_gradient_alone():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    cotangent = autodiff.ones(2)
    a.register_post_accumulate_grad_hook(lambda p: write(p.grad))
    (a + b).backward(cotangent)
    assert a.grad.tolist() == [10.0, 10.0] and b.grad.tolist() == [1.0, 1.0] and cotangent.tolist() == [1.0, 1.0]


def test_a_hook_that_writes_into_what_it_returned_before():
    x = leaf([1.0, 2.0])
    mine = autodiff.ones(2)
    x.register_hook(lambda g: mine)
    x.register_hook(write)
    (x * 3).sum().backward()
    assert x.grad.tolist() == [10.0, 10.0] and mine.tolist() == [1.0, 1.0]


def test_a_writing_hook_is_differentiated():
    x = leaf([1.0, 2.0])
    x.register_hook(write)
    gradient, = autograd.grad((x ** 3).sum(), x, create_graph=True)
    assert gradient.tolist() == [30.0, 120.0]
    second, = autograd.grad(gradient.sum(), x)      # the hook again, on 10 * 6 x
    assert second.tolist() == [600.0, 1200.0]


def test_a_gradient_owned_alone_is_not_copied_for_a_hook():
    x = leaf(np.ones(1000))
    y = x * 2
    addresses = []
    for _ in range(2):
        y.register_hook(lambda g: addresses.append(g.data_ptr()))
    x.register_hook(lambda g: addresses.append(g.data_ptr()))
    y.exp().sum().backward()
    assert addresses[0] == addresses[1] == addresses[2] == x.grad.data_ptr()    # the product hands its buffer on


# ---- inputs that are no leaves

@pytest.mark.parametrize("shape", [(), (2,)])
def test_backward_into_what_is_no_leaf(shape):
    x = leaf(np.full(shape, 2.0))
    y = x * 2
    z = (y * y).sum()
    z.backward(inputs=[y], retain_graph=True)
    assert y.retains_grad and x.grad is None
    first = y.grad
    z.backward(inputs=[y, y], retain_graph=True)
    np.testing.assert_array_equal(y.grad.tolist(), np.full(shape, 16.0))
    np.testing.assert_array_equal(first.tolist(), np.full(shape, 8.0))     # retained gradients are added out of place
    z.backward()
    np.testing.assert_array_equal(y.grad.tolist(), np.full(shape, 24.0))
    np.testing.assert_array_equal(x.grad.tolist(), np.full(shape, 16.0))


def test_the_root_a_view_and_what_is_not_reached_as_inputs():
    x = leaf([1.0, 2.0])
    z = (x * x).sum()
    z.backward(inputs=[z])
    assert z.grad.item() == 1.0 and x.grad is None
    y = x * 2
    part = y[0]
    (part * 3).backward(inputs=[part])
    assert part.grad.item() == 3.0
    y = x * 2
    part, other = y[0], x * 5
    (y * 3).sum().backward(inputs=[part, other])
    assert part.retains_grad and other.retains_grad and part.grad is None and other.grad is None


def test_an_input_written_later_keeps_its_gradient():
    x = leaf([1.0, 1.0])
    y = x * 2
    (y * 3).sum().backward(inputs=[y], retain_graph=True)
    y.mul_(2)
    (y * 5).sum().backward()
    assert y.grad.tolist() == [8.0, 8.0] and x.grad.tolist() == [20.0, 20.0]


def test_inputs_with_hooks_and_create_graph():
    x = leaf([1.0, 1.0])
    y = x * 2
    y.register_hook(lambda g: g * 10)
    (y * 3).sum().backward(inputs=[y, x])
    assert y.grad.tolist() == [30.0, 30.0] and x.grad.tolist() == [60.0, 60.0]
    y = x * 2
    (y * y).sum().backward(inputs=[y], create_graph=True)
    assert y.grad.tolist() == [4.0, 4.0] and autograd.grad(y.grad.sum(), x)[0].tolist() == [4.0, 4.0]


def test_a_leaf_input_accumulates_in_place():
    x = leaf([1.0, 1.0])
    (x * 3).sum().backward(inputs=[x])
    g = x.grad
    (x * 4).sum().backward(inputs=[x, x])
    assert x.grad is g and g.tolist() == [7.0, 7.0]


def test_a_leaf_input_that_a_hook_took_a_view_of():
    x = leaf(2.0)
    y = x * 3
    addresses = []
    y.register_hook(lambda g: addresses.append(x.data_ptr()))      # the value leaves the object: the leaf has a newer node
    y.backward(inputs=[x])
    assert x.grad.item() == 3.0


def test_the_gradient_of_nothing():
    x = leaf([1.0])
    assert autograd.grad([], [x], allow_unused=True) == (None,)
    with pytest.raises(RuntimeError, match="not have been used in the graph"):
        autograd.grad([], [x])
    zero, = autograd.grad([], [x], allow_unused=True, materialize_grads=True)
    assert zero.tolist() == [0.0]
    assert autograd.backward([]) is None



# ---- anomaly mode

def test_a_nan_names_the_op_and_the_line():
    x = leaf([-1.0, 4.0])
    with autograd.set_detect_anomaly(True):
        assert autograd.is_anomaly_enabled()
        y = x.sqrt()      # the line that the message shows
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output"):
                y.sum().backward()
    assert not autograd.is_anomaly_enabled()
    assert any("y = x.sqrt()      # the line that the message shows" in str(w.message) for w in caught)


@pytest.mark.parametrize("value", [-1.0, [-1.0]])
def test_without_the_check_a_nan_travels_on(value):
    x = leaf(value)
    with autograd.set_detect_anomaly(True, check_nan=False):
        x.sqrt().sum().backward()
    assert np.all(np.isnan(x.grad.tolist()))


@pytest.mark.parametrize("value", [2.0, [2.0, 3.0]])
def test_a_good_pass_under_anomaly_mode(value):
    x, y = leaf(value), leaf(value)
    with autograd.set_detect_anomaly(True):
        (x * x).sum().backward()
    (y * y).sum().backward()
    assert x.grad.tolist() == y.grad.tolist()


def test_a_value_written_in_place_names_the_line():
    x = leaf([1.0, 2.0])
    with autograd.set_detect_anomaly(True), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        c = x * 1
        y = c.sin()      # saves c
        c.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()
    assert any("y = c.sin()      # saves c" in str(w.message) for w in caught)


def test_detect_anomaly_warns_that_it_is_slow():
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"), autograd.detect_anomaly():
        assert autograd.is_anomaly_enabled()
    assert not autograd.is_anomaly_enabled()


# ---- a level above the ops: what a batching transform needs

def test_a_level_sees_ops_and_may_answer():
    seen = []

    def level(call):
        seen.append(call.name)
        return call.operands[0] - 1 if call.name == "exp" else NotImplemented     # inside, the ops are the ordinary ones

    x = leaf([1.0, 2.0])
    _variable.push_level(level)
    try:
        y = ((x * 2).exp().sum() + x[0]).norm()
        (x @ x).mean()
    finally:
        _variable.pop_level()
    assert seen == ["mul", "exp", "sum", "view", "add", "norm", "matmul", "mean"]
    assert y.item() == (2 - 1) + (4 - 1) + 1
    y.backward()
    assert x.grad.tolist() == [3.0, 2.0]


# ---- values saved on disk

def test_saved_values_wait_in_files_and_the_files_go(tmp_path):
    x = leaf(np.arange(1000.0))
    with autograd.graph.save_on_disk(tmp_path, threshold=1000):
        y = (x * x + x).exp().sum() * 1e-300
        assert len(os.listdir(tmp_path)) == 3      # both operands of the product, the result of exp
    z = (x * x + x).exp().sum() * 1e-300
    (expected,) = autograd.grad(z, x)
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), expected.numpy())
    assert os.listdir(tmp_path) == []


def test_files_go_with_the_graph(tmp_path):
    x = leaf(np.ones(1000))
    with autograd.graph.save_on_disk(tmp_path, threshold=1):
        y = x * x
    assert os.listdir(tmp_path)
    del y
    assert os.listdir(tmp_path) == []


def test_small_values_stay_in_memory(tmp_path):
    x = leaf([1.0, 2.0])
    with autograd.graph.save_on_disk(tmp_path):
        y = (x * x).sum()
    assert os.listdir(tmp_path) == []
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("size", [50, 40_000])
def test_a_hook_on_what_logsumexp_saves_may_give_its_operand_other_data(size):
    x = autodiff.tensor(np.zeros(size), requires_grad=True)

    def pack(saved):
        x.data = autodiff.tensor(np.ones(size))
        return saved

    with autograd.graph.saved_tensors_hooks(pack, lambda saved: saved):
        y = x.logsumexp(0)
    y.backward()
    # The hook kept the leaf itself, of other values by then: the derivative is taken there.
    np.testing.assert_allclose([y.item(), x.grad.sum().item()], [np.log(size), np.e])


# ---- hooks of the node of a leaf

@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_hooks_of_the_node_of_a_leaf(shape, create_graph):
    x = leaf(np.full(shape, 2.0))
    y = x * 3
    node = y.grad_fn.next_functions[0][0]
    seen = []

    def after(grad_inputs, grad_outputs):
        assert grad_inputs == () and x.grad is not None
        seen.append(("post", grad_outputs[0].tolist()))

    handle = node.register_hook(after)
    node.register_prehook(lambda grads: seen.append(("pre", grads[0].tolist())))
    x.register_hook(lambda g: seen.append("tensor") or g * 10)
    x.register_post_accumulate_grad_hook(lambda p: seen.append("accumulated"))
    y.sum().backward(retain_graph=True, create_graph=create_graph)
    thirty = np.full(shape, 30.0).tolist()
    assert seen == ["tensor", ("pre", thirty), "accumulated", ("post", thirty)] and x.grad.tolist() == thirty
    seen.clear()
    autograd.grad(y.sum(), x, retain_graph=True, create_graph=create_graph)
    assert seen == ["tensor"]
    y.sum().backward(inputs=[x], retain_graph=True)
    assert [s if isinstance(s, str) else s[0] for s in seen] == ["tensor", "tensor", "pre", "accumulated", "post"]
    handle.remove()
    seen.clear()
    y.sum().backward()
    assert len(seen) == 3


def test_what_hooks_after_accumulation_return():
    x = leaf([1.0, 2.0])
    y = x * 3
    node = y.grad_fn.next_functions[0][0]
    node.register_hook(lambda grad_inputs, grad_outputs: ())
    y.sum().backward(retain_graph=True)
    node.register_hook(lambda grad_inputs, grad_outputs: (grad_outputs[0],))
    with pytest.raises(RuntimeError, match=r"incorrect number of values \(got 1, but expected 0\)"):
        y.sum().backward()


def test_a_hook_after_accumulation_that_writes_leaves_the_gradient():
    x = leaf([1.0, 2.0])
    y = x.clone()
    y.grad_fn.next_functions[0][0].register_hook(lambda gi, go: write(go[0]))
    given = autodiff.ones(2)
    for _ in range(2):
        y.backward(given, retain_graph=True)
    assert x.grad.tolist() == [2.0, 2.0] and given.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("shape", [(), (2,)])
def test_hooks_of_the_node_of_a_leaf_stay_when_the_leaf_gets_another(shape):
    x = leaf(np.full(shape, 2.0))
    y = x * 3
    seen = []
    y.grad_fn.next_functions[0][0].register_hook(lambda gi, go: seen.append(go[0].tolist()))
    x.detach(), x.view(-1)
    (y + x * 2).sum().backward()
    assert seen == [np.full(shape, 5.0).tolist()]


# ---- hooks of nodes with several results

def two_results():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    p, q = _variable.record_custom((x, y), (x.detach() * 2, y.detach() * 3), lambda gs, needs: tuple(
        None if g is None else g * k for g, k in zip(gs, (2, 3))), "CustomBackward")
    return x, y, p, q


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_prehook_of_several_results_gets_an_entry_for_each(create_graph):
    x, y, p, q = two_results()
    seen = []
    handle = q.grad_fn.register_prehook(lambda grads: seen.append([g if g is None else g.tolist() for g in grads]))
    scale = p.grad_fn.register_prehook(lambda grads: (grads[0] * 10, None))
    p.grad_fn.register_hook(lambda inputs, outputs: seen.append([g is not None for g in (*inputs, *outputs)]))
    p.sum().backward(retain_graph=True, create_graph=create_graph)
    assert seen == [[[1.0, 1.0], None], [True, False, True, False]] and x.grad.tolist() == [20.0, 20.0] and y.grad is None
    (p + q * 5).sum().backward(retain_graph=True, create_graph=create_graph)
    assert seen[2:] == [[[1.0, 1.0], [5.0, 5.0]], [True, False, True, False]] and y.grad is None
    scale.remove()
    p.grad_fn.register_prehook(lambda grads: write(grads[0]))
    given = autodiff.ones(2)
    ones = [given, given]
    autograd.backward([p, q], ones, retain_graph=True, create_graph=create_graph)
    assert x.grad.tolist() == [60.0, 60.0] and y.grad.tolist() == [3.0, 3.0] and given.tolist() == [1.0, 1.0]
    handle.remove()
    seen.clear()
    p.sum().backward()
    assert seen == [[True, False, True, False]]


@pytest.mark.parametrize("answer, match", [(lambda g: (g[0],), "got 1, but expected 2"),
                                           (lambda g: (g[0], g[0]), "can't replace a None"),
                                           (lambda g: (g[0][:1], None), "changed the size"),
                                           (lambda g: (1.0, None), "expected Variable")])
def test_what_a_prehook_of_several_results_must_not_return(answer, match):
    x, _, p, _ = two_results()
    handle = p.grad_fn.register_prehook(answer)
    with pytest.raises((RuntimeError, TypeError), match=match):
        p.sum().backward(retain_graph=True)
    handle.remove()
    p.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_prehook_that_ends_every_gradient():
    x, y, p, q = two_results()
    p.grad_fn.register_prehook(lambda grads: (None, None))
    (p + q).sum().backward()
    assert x.grad is None and y.grad is None


# ---- what hooks after a node see

def test_grad_inputs_are_as_many_as_operands_and_in_their_shapes():
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([1.0, 2.0])
    shapes = {}
    for name, v in (("mul", x * y), ("sum", x.sum()), ("number", x * 2), ("exp", x.exp()), ("mv", x @ y),
                    ("cat", autodiff.cat([x, x]))):
        v.grad_fn.register_hook(lambda gi, go, name=name: shapes.update(
            {name: [g if g is None else tuple(g.shape) for g in gi]}))
        v.sum().backward()
    assert shapes == {"mul": [(2, 2), (2,)], "sum": [(2, 2)], "number": [(2, 2), None], "exp": [(2, 2)], "mv": [(2, 2), (2,)],
                      "cat": [(2, 2), (2, 2)]}


@pytest.mark.parametrize("answer, match", [(lambda gi: (gi[0], gi[0]), "can't replace a None"),
                                           (lambda gi: (gi[0][:1], None), "changed"),
                                           (lambda gi: (1.0, None), "expected Variable")])
def test_what_a_posthook_must_not_return(answer, match):
    x = leaf([1.0, 2.0])
    y = x * autodiff.ones(2)
    y.grad_fn.register_hook(lambda gi, go: answer(gi))
    with pytest.raises((RuntimeError, TypeError), match=match):
        y.sum().backward()
    assert x.grad is None


# ---- hooks that change hooks, raise, run passes

@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_hooks_that_remove_and_add_hooks(shape, create_graph):
    x = leaf(np.full(shape, 1.0))
    y = x * 2
    seen = []

    def first(g):
        seen.append("first")
        handles[0].remove()
        handles[1].remove()
        y.register_hook(lambda g: seen.append("new"))
        return g * 2

    handles = [y.register_hook(first), y.register_hook(lambda g: seen.append("second"))]
    y.sum().backward(retain_graph=True, create_graph=create_graph)
    assert seen == ["first", "second"] and np.all(x.grad.detach().numpy() == 4)     # as they were when the pass came
    y.sum().backward(create_graph=create_graph)
    assert seen == ["first", "second", "new"] and np.all(x.grad.detach().numpy() == 6)
    for handle in handles:
        handle.remove()


def test_hooks_that_run_passes():
    x, w = leaf([1.0, 2.0]), leaf([1.0, 1.0])
    y = x * 2
    seen = []

    def inner(g):
        seen.append(autograd.graph._current_graph_task_id())
        with autodiff.enable_grad():
            (w * w).sum().backward()
        seen.append(autograd.graph._current_graph_task_id())

    y.register_hook(inner)
    y.grad_fn.register_prehook(lambda grads: inner(grads))
    y.grad_fn.register_hook(lambda gi, go: inner(gi))
    x.register_post_accumulate_grad_hook(lambda p: inner(p))
    y.sum().backward()
    assert w.grad.tolist() == [8.0, 8.0] and x.grad.tolist() == [2.0, 2.0] and len(set(seen)) == 1 and seen[0] > 0
    assert autograd.graph._current_graph_task_id() == -1


# ---- a hook on several gradients

def test_a_hook_on_several_gradients_counts_those_that_take_part():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    c, d = a * b, a + b
    seen = []
    handle = autograd.graph.register_multi_grad_hook((a, b, c, d), lambda gs: seen.append([g is not None for g in gs]))
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=[a], retain_graph=True)
    autograd.grad(c.sum(), c, retain_graph=True)
    autograd.grad((c * d).sum(), [a, b], create_graph=True)
    autograd.grad(d.sum(), [d, b], retain_graph=True)
    (c * 1).sum().backward(retain_graph=True, create_graph=True)
    assert seen == [[True, True, True, False], [True, False, True, False], [False, False, True, False], [True] * 4,
                    [False, True, False, True], [True, True, True, False]]
    handle.remove()
    handle.remove()
    c.sum().backward()
    assert len(seen) == 6


def test_a_hook_on_several_gradients_beside_hooks_on_leaves_and_after_an_error():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    c = a * b
    seen = []
    fail = b.register_hook(lambda g: 1 / 0)
    autograd.graph.register_multi_grad_hook((c, a, b, a), lambda gs: seen.append([g.tolist() for g in gs]))
    a.register_post_accumulate_grad_hook(lambda p: None)        # then a pass marks what it reaches
    with pytest.raises(ZeroDivisionError):
        c.sum().backward(retain_graph=True)
    fail.remove()
    c.sum().backward(retain_graph=True)
    assert seen == [[[1.0, 1.0], [3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]]
    c.mul_(2)
    (c * 1).sum().backward()
    assert seen[1:] == [[[2.0, 2.0], [6.0, 8.0], [2.0, 4.0], [6.0, 8.0]]]    # the gradient of c as it was


def test_a_hook_on_the_first_of_several_gradients():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    c = a * b
    seen = []
    with autograd.graph.register_multi_grad_hook((a, autodiff.ones(2), b, c), lambda g: seen.append(g.tolist()), mode="any"):
        c.sum().backward(retain_graph=True)
        autograd.grad(c.sum() * 2, a, retain_graph=True)
    c.sum().backward()
    assert seen == [[1.0, 1.0], [2.0, 2.0]]


def test_what_hooks_on_several_gradients_refuse():
    a = leaf([1.0])
    with pytest.raises(ValueError, match="Expects mode"):
        autograd.graph.register_multi_grad_hook((a,), print, mode="some")
    with pytest.raises(RuntimeError, match="Expected gradient function to be set"):
        autograd.graph.register_multi_grad_hook((a, autodiff.ones(1)), print)
    (a * 1).backward()      # nothing was registered
    with pytest.raises(RuntimeError, match="during the backward pass"):
        autograd.graph._will_engine_execute_node((a * 1).grad_fn)


def test_which_nodes_a_pass_comes_to():
    x, w = leaf([1.0, 2.0]), leaf([1.0, 1.0])
    y, z = x * 2, w * 2
    nodes = [y.grad_fn, z.grad_fn, *(v.grad_fn.next_functions[0][0] for v in (y, z))]
    seen = []
    y.register_hook(lambda g: seen.append([autograd.graph._will_engine_execute_node(node) for node in nodes]))
    y.sum().backward(retain_graph=True)
    (y * z).sum().backward(retain_graph=True)
    (y * z).sum().backward(inputs=[x], retain_graph=True)
    assert seen == [[True, False, True, False], [True] * 4, [True, False, True, False]]
    handle = x.register_hook(lambda g: autograd.graph._will_engine_execute_node(nodes[2]))
    with pytest.raises(RuntimeError, match=r"running autograd.grad\(\)"):
        autograd.grad(y.sum(), x, retain_graph=True)
    handle.remove()
    with pytest.raises(RuntimeError, match="expects an grad_fn, but got Tensor"):
        autograd.graph._will_engine_execute_node(y)


def test_a_pass_comes_to_a_custom_function():
    class Double(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = leaf([1.0])
    y, z = Double.apply(x), Double.apply(x)
    nodes = [y.grad_fn, z.grad_fn]
    seen = []
    y.register_hook(lambda g: seen.append([autograd.graph._will_engine_execute_node(node) for node in nodes]))
    y.backward()
    (y + z).backward()
    assert seen == [[True, False], [True, True]]


@pytest.mark.parametrize("made", ["two", "any"])
def test_hooks_on_several_gradients_in_threads_do_not_meet(made):
    import threading

    leaves = [leaf([float(i)]) for i in range(4)]
    counts = []
    a = leaf([2.0])
    b = a * 3
    autograd.graph.register_multi_grad_hook((a, b), lambda gs: counts.append(autograd.graph._current_graph_task_id()),
                                            mode="all" if made == "two" else "any")

    def run(v):
        for _ in range(20):
            (b * v).sum().backward(retain_graph=True)

    threads = [threading.Thread(target=run, args=(v,)) for v in leaves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == len(set(counts)) == 80 and all(v.grad.item() == 20 * 6.0 for v in leaves)


# ---- callbacks at the end of a pass

def test_callbacks_run_once_at_the_end_of_their_pass():
    engine = autograd.Variable._execution_engine
    x, w = leaf([1.0, 2.0]), leaf([1.0, 1.0])
    y = x * 2
    seen = []

    def outer(g):
        engine.queue_callback(lambda: seen.append(("outer", x.grad.tolist(), autodiff.is_grad_enabled())))
        with autodiff.enable_grad():
            z = w * 1
            z.register_hook(lambda g: engine.queue_callback(lambda: seen.append(("inner", w.grad.tolist()))))
            z.sum().backward()
        seen.append("after")
        engine.queue_callback(lambda: engine.queue_callback(lambda: seen.append("later")))

    handle = y.register_hook(outer)
    y.sum().backward(retain_graph=True)
    assert seen == [("inner", [1.0, 1.0]), "after", ("outer", [2.0, 2.0], False), "later"]
    handle.remove()
    y.sum().backward(retain_graph=True)
    assert len(seen) == 4
    with pytest.raises(RuntimeError, match="only be installed during backward pass"):
        engine.queue_callback(lambda: None)


def test_callbacks_of_a_pass_that_fails_do_not_run():
    engine = autograd.Variable._execution_engine
    x = leaf([1.0, 2.0])
    y = x * x
    seen = []
    bad = [y.register_hook(lambda g: engine.queue_callback(lambda: seen.append("never"))), y.register_hook(lambda g: 1 / 0)]
    with pytest.raises(ZeroDivisionError):
        y.sum().backward(retain_graph=True)
    for handle in bad:
        handle.remove()
    handle = y.register_hook(lambda g: engine.queue_callback(lambda: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        y.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [2.0, 4.0] and seen == []
    handle.remove()
    y.register_hook(lambda g: engine.queue_callback(3))
    with pytest.raises(TypeError, match="expected a callable, got int"):
        y.sum().backward()


# ---- cycles

class Kept:
    pass


@pytest.mark.parametrize("place", ["tensor", "pre", "post", "metadata", "several", "leaf"])
def test_a_hook_that_refers_to_its_node_is_collected_once_the_graph_is_gone_and_no_earlier(place):
    import gc
    import weakref

    def program():
        a = leaf([1.0])
        b = a.clone()
        kept = Kept()
        node = autograd.graph.get_gradient_edge(a).node if place == "leaf" else b.grad_fn

        def hook(*args):
            assert node is not None and kept is not None

        if place == "tensor":
            b.register_hook(hook)
        elif place == "several":
            autograd.graph.register_multi_grad_hook((a, b), hook)
        elif place == "metadata":
            node.metadata["hook"] = hook
        elif place == "pre":
            node.register_prehook(hook)
        else:
            node.register_hook(hook)
        return b.clone(), weakref.ref(kept)

    out, alive = program()
    for _ in range(2):
        out.sum().backward(retain_graph=True)
        gc.collect()
        assert alive() is not None
    del out
    gc.collect()
    assert alive() is None
