"""Hooks on nodes and after accumulation, anomaly mode, interpreters above the ops, values saved on disk."""
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

def test_an_interpreter_sees_every_op_and_may_answer():
    seen = []

    def interpreter(name, operands, params):
        seen.append(name)
        return operands[0] - 1 if name == "exp" else NotImplemented     # inside, the ops are the ordinary ones

    x = leaf([1.0, 2.0])
    _variable.push_interpreter(interpreter)
    try:
        y = ((x * 2).exp().sum() + x[0]).norm()
        (x @ x).mean()
    finally:
        _variable.pop_interpreter()
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
    np.testing.assert_allclose([y.item(), x.grad.sum().item()], [np.log(size), 1])
