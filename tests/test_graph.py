"""The graph to look at: what nodes saved, nodes called, edges of the graph, versions, writes to what was saved."""
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest

import autodiff
import cases
from autodiff import _variable, autograd, rules
from autodiff.autograd import graph
from checks import public

RNG = np.random.default_rng(5)


def leaf(values):
    return autodiff.tensor(values, requires_grad=True)


def programs():
    """Functions of every row that has a derivative, each with arrays for its operands."""
    for rule in rules.ELEMENTWISE:
        if rule.dx and (rule.function or rule.method):
            low, high = rule.at
            arrays = [RNG.uniform(low, high, (2, 3)) for _ in range(rule.arity)]
            if rule.arity == 2 and rule.at_y:
                arrays[1] = RNG.uniform(*rule.at_y, (2, 3))
            yield pytest.param(public(rule), arrays, id=rule.name)
            yield pytest.param(public(rule), [a[0, 0] for a in arrays], id=f"{rule.name}, numbers")
    for row, found in cases.CASES.items():
        for name, f, _, shapes in found:
            yield pytest.param(f, [RNG.uniform(0.5, 2.0, shape) for shape in shapes], id=f"{row}, {name}")


PROGRAMS = list(programs())


def nodes_below(*outputs):
    """All nodes of ops below some outputs, each once."""
    waiting, seen = [v.grad_fn for v in outputs], {}
    while waiting:
        node = waiting.pop()
        if node is not None and node.name() != "AccumulateGrad" and node not in seen:
            seen[node] = None
            waiting.extend(below for below, _ in node.next_functions)
    return list(seen)


def results(f, leaves):
    """What a program gives, without what has no node."""
    made = f(*leaves)
    return [v for v in (made if isinstance(made, (tuple, list)) else [made]) if v.grad_fn is not None]


def gradients(outputs, leaves, **more):
    return autograd.grad(outputs, leaves, [autodiff.ones(*v.shape, dtype=v.dtype) for v in outputs], allow_unused=True, **more)


def same(first, second):
    for a, b in zip(first, second, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


# ---- every row

@pytest.mark.parametrize(("f", "arrays"), PROGRAMS)
def test_a_node_called_gives_what_the_pass_passes_on(f, arrays):
    leaves = [leaf(a) for a in arrays]
    outputs = results(f, leaves)
    seen = {}
    handles = [node.register_hook(lambda inputs, outputs, node=node: seen.update({node: (inputs, outputs)}))
               for node in nodes_below(*outputs)]
    gradients(outputs, leaves, retain_graph=True)
    assert len(handles) >= len(seen) > 0 or not outputs       # positive() hands its operand back
    for node, (inputs, given) in seen.items():
        answered = node(*given)
        answered = answered if isinstance(answered, tuple) else (answered,)
        assert len(answered) == len(inputs) == len(node.next_functions)
        for (below, _), one, other in zip(node.next_functions, answered, inputs, strict=True):
            if below is None:
                assert one is None and other is None
            elif other is not None:
                assert other.shape == below._input_metadata[0].shape == one.shape
                np.testing.assert_allclose(one.detach().numpy(), other.numpy(), rtol=1e-12)


@pytest.mark.parametrize(("f", "arrays"), PROGRAMS)
def test_what_a_node_saved_can_be_read_and_packed(f, arrays):
    leaves = [leaf(a) for a in arrays]
    outputs = results(f, leaves)
    expected = gradients(outputs, leaves, retain_graph=True)
    packed = unpacked = 0

    def unpack(value):
        nonlocal unpacked
        unpacked += 1
        return autodiff.tensor(value)

    for node in nodes_below(*outputs):
        for name in sorted(dir(node), reverse=True):        # looked at, then packed
            if name.startswith("_saved_"):
                value = getattr(node, name)
                if isinstance(value, autodiff.Tensor) and value.is_leaf and value.requires_grad:
                    assert any(value is v for v in leaves)
            elif name.startswith("_raw_saved_"):
                try:
                    getattr(node, name).register_hooks(lambda t: t.numpy().copy(), unpack)
                    packed += 1
                except RuntimeError as error:
                    assert any(words in str(error) for words in ("value None", "a Python number", "copied an element"))
    again = gradients(outputs, leaves, retain_graph=True)
    assert not packed or unpacked
    for a, b in zip(expected, again, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            # What is packed goes the recorded way: sums that cancel may leave another rounding than a loop in C.
            size = np.abs(b.numpy()).max(initial=0)
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-13, atol=4e-15 * max(size, 1))
    gradients(outputs, leaves)
    for node in nodes_below(*outputs):
        for name in dir(node):
            if name.startswith("_raw_saved_"):
                value = name.replace("_raw", "")
                if unpacked and _freed(node, value):
                    with pytest.raises(RuntimeError, match="after it has been freed"):
                        getattr(node, name).register_hooks(lambda t: t, lambda t: t)


def _freed(node, name):
    try:
        getattr(node, name)
    except RuntimeError as error:
        assert "a second time" in str(error)
        return True
    return False


# ---- saved values

def test_a_leaf_saved_is_the_leaf_until_its_data_is_another():
    x = leaf([1.0, 2.0])
    y = x * x
    assert y.grad_fn._saved_self is x and y.grad_fn._saved_other is x
    x.data = autodiff.tensor([5.0, 6.0])
    assert y.grad_fn._saved_self is not x and y.grad_fn._saved_self.tolist() == [1.0, 2.0]
    n = autodiff.numpy.array([1.0, 2.0])
    n.requires_grad = True
    assert (n * n).grad_fn._saved_self is n


def test_what_was_saved_has_its_place_in_the_graph():
    x = leaf([1.0, 2.0])
    y = x * 3
    z = y * y
    saved = z.grad_fn._saved_self
    assert saved is not y and saved.grad_fn is y.grad_fn and saved.data_ptr() == y.data_ptr()
    assert autograd.grad(saved.sum(), x)[0].tolist() == [3.0, 3.0]
    result = x.exp()
    assert autograd.grad(result.grad_fn._saved_result.sum(), x)[0].tolist() == result.tolist()


def test_a_result_saved_keeps_no_variable_alive():
    x = leaf([1.0, 2.0])
    y = x.exp()
    z = y * 2
    gone = weakref.ref(y)
    node = y.grad_fn
    del y
    assert gone() is None and node._saved_result.tolist() == np.exp([1.0, 2.0]).tolist()
    assert z.grad_fn.next_functions[0][0] is node


def test_names_are_those_of_the_row():
    def names(v):
        return sorted(name[7:] for name in dir(v.grad_fn) if name.startswith("_saved_"))

    x, y = leaf([[1.0, 2.0]]), leaf([[3.0], [4.0]])
    assert names(x * y) == ["other", "self"] and names(x + y) == [] and names(x ** y) == ["exponent", "result", "self"]
    assert names(x.tanh()) == ["result"] and names(x.sum(1)) == ["dim", "keepdim", "self_sym_sizes"]
    assert names(x @ y) == ["other", "other_sym_sizes", "self", "self_sym_sizes"] and names(x[0]) == ["self_sym_sizes"]
    assert names(autodiff.stack([x, x])) == ["dim"] and names(x.sqrt()) == ["result"] and names(x ** 2) == ["exponent", "self"]
    assert (x ** 2).grad_fn._saved_exponent == 2 and (x ** 2.5).grad_fn._saved_exponent == 2.5
    assert x[:, [1, 0]].grad_fn._saved_index[1].tolist() == [1, 0]
    with pytest.raises(AttributeError, match="'MulBackward0' object has no attribute '_saved_result'"):
        (x * x).grad_fn._saved_result     # noqa: B018
    with pytest.raises(AttributeError, match="AccumulateGrad"):
        graph.get_gradient_edge(x).node._saved_self     # noqa: B018


@pytest.mark.parametrize("values", [2.0, [2.0, 3.0]])
def test_saved_values_after_a_write(values):
    x = leaf(values)
    y = x * 1
    z, e = y * y, y.exp()
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.grad_fn._saved_self     # noqa: B018
    e_before = e.tolist()
    assert e.grad_fn._saved_result.tolist() == e_before
    e.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        autograd.grad(e.sum(), x)


def test_hooks_of_one_saved_value():
    x = leaf([1.0, 2.0])
    y = x * x
    seen = []
    y.grad_fn._raw_saved_self.register_hooks(lambda t: seen.append((t.tolist(), t.requires_grad)) or 5, lambda five: (
        autodiff.tensor([five, five], dtype=autodiff.float64)))
    assert seen == [([1.0, 2.0], True)] and y.grad_fn._saved_self.tolist() == [5.0, 5.0]
    with pytest.raises(RuntimeError, match="have already been set"):
        y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)
    y.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [6.0, 7.0]        # 5 from one operand, x from the other
    raw = y.grad_fn._raw_saved_other
    with pytest.raises(TypeError, match="must be callable"):
        raw.register_hooks(3, lambda t: t)
    with pytest.raises(ZeroDivisionError):
        raw.register_hooks(lambda t: 1 / 0, lambda t: t)
    assert y.grad_fn._saved_other is x          # as it was
    raw.register_hooks(lambda t: None, lambda none: None)
    with pytest.raises(TypeError, match="expected to be a Tensor"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match="from Python is forbidden"):
        autograd.SavedTensor()
    bare = autograd.SavedTensor.__new__(autograd.SavedTensor)
    for use in (lambda: bare.register_hooks(lambda t: t, lambda t: t), lambda: bare.data, bare.unpack):
        with pytest.raises(RuntimeError, match="_raw_saved_NAME"):
            use()


def test_hooks_on_a_saved_number():
    x, y = leaf(2.0), leaf(5.0)
    z = x * y
    z.grad_fn._raw_saved_other.register_hooks(lambda t: t.item(), lambda v: autodiff.tensor(v * 10))
    z.backward(create_graph=True)
    assert x.grad.item() == 50.0 and y.grad.item() == 2.0
    y = leaf([1.0, 2.0])
    with pytest.raises(NotImplementedError, match="saved_tensors_hooks around it"):
        (y[0] * y[1]).grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)


def test_a_packed_value_that_refers_to_its_graph_is_collected():
    x = leaf([1.0, 2.0])
    y = x.exp()

    class Kept:
        pass

    kept = Kept()
    kept.node = y.grad_fn
    gone = weakref.ref(kept)
    y.grad_fn._raw_saved_result.register_hooks(lambda t, kept=kept: (t, kept), lambda pair: pair[0])
    del kept
    gc.collect()
    assert gone() is not None
    del y
    gc.collect()
    assert gone() is None


# ---- nodes

def test_every_node_is_an_instance_of_node_and_none_has_it_for_a_base():
    x = leaf([1.0, 2.0])
    a, b = _variable.record_custom((x,), (x.detach() * 1, x.detach() * 2), lambda gs, needs: (gs[0],), "CustomBackward")
    for node in (x.exp().grad_fn, x[0].grad_fn, graph.get_gradient_edge(x).node, a.grad_fn, (x.sum() * 2).grad_fn):
        assert isinstance(node, graph.Node) and issubclass(type(node), graph.Node) and graph.Node not in type(node).__mro__
    assert a.grad_fn is b.grad_fn and (a.output_nr, b.output_nr) == (0, 1)
    assert not isinstance(x, graph.Node) and not issubclass(int, graph.Node)
    with pytest.raises(TypeError, match="abstract"):
        graph.Node()
    with pytest.raises(TypeError, match="made by recorded ops"):
        type(x.exp().grad_fn)()

    class Mine(graph.Node):
        pass

    assert not isinstance(x.exp().grad_fn, Mine)


@pytest.mark.parametrize("values", [2.0, [2.0, 3.0]])
def test_what_a_node_called_refuses(values):
    x = leaf(values)
    y = x * x
    one = autodiff.ones_like(x)
    with pytest.raises(TypeError, match="expected 1 arguments, got 2 instead"):
        y.grad_fn(one, one)
    with pytest.raises(TypeError, match="argument 0 is not a Variable"):
        y.grad_fn(1.0)
    with pytest.raises(TypeError, match="keyword arguments"):
        y.grad_fn(g=one)
    with pytest.raises(RuntimeError, match=r"got a gradient of shape \[3\]"):
        y.grad_fn(autodiff.ones(3))
    assert y.grad_fn(None) == (None, None)
    assert y.grad_fn(one.float())[0].dtype == autodiff.float64
    y.sum().backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.grad_fn(one)
    assert not (x + 1).grad_fn(one)[0].requires_grad


def test_a_node_called_is_recorded_and_frees_nothing():
    x = leaf([1.0, 2.0])
    y = x ** 3
    gradient = y.grad_fn(autodiff.ones(2))[0]
    assert autograd.grad(gradient.sum(), x)[0].tolist() == [6.0, 12.0]
    with autodiff.no_grad():
        assert y.grad_fn(autodiff.ones(2))[0].grad_fn is None
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]


@pytest.mark.parametrize("values", [2.0, [2.0, 3.0]])
def test_the_node_of_a_leaf_called_accumulates(values):
    x = leaf(values)
    node = graph.get_gradient_edge(x).node
    given = autodiff.ones_like(x)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    assert node(given) == () and node(given) == () and node(None) == ()
    assert seen[-1] == np.full(np.shape(values), 2.0).tolist() and given.tolist() == np.ones(np.shape(values)).tolist()
    y = leaf(3.0)
    node(given * y)
    assert x.grad.requires_grad


def test_the_object_of_a_node_stands_for_it_before_and_after_an_alias():
    x = leaf(2.0)
    y = x * 3
    node, below = y.grad_fn, y.grad_fn.next_functions[0][0]
    y.view(1), x.detach()       # both get another node, which stands for the former
    z = y * x
    assert z.grad_fn.next_functions[0][0] is node and z.grad_fn.next_functions[1][0].variable is below.variable is x
    seen = []
    below.register_hook(lambda inputs, outputs: seen.append(outputs[0].item()))
    z.backward()
    assert seen == [12.0] and x.grad.item() == 12.0


# ---- edges

@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("values", [2.0, [2.0, 3.0]])
def test_edges_stand_for_what_they_were_asked_of(values, create_graph):
    x = leaf(values)
    y = x * 3
    edges = [graph.get_gradient_edge(v) for v in (x, y)]
    z = (y.clone() ** 2).sum()
    expected = autograd.grad(z, [x, y], retain_graph=True)
    y.mul_(2)
    same(autograd.grad(z, edges, create_graph=create_graph), expected)


@pytest.mark.parametrize("values", [2.0, [2.0, 3.0]])
def test_edges_after_everything_else_is_gone(values):
    x = leaf(values)
    y = x * 3
    below, above = graph.get_gradient_edge(x), graph.get_gradient_edge(y)
    z = (y * y).sum()
    del x, y
    gc.collect()
    gx, gy = autograd.grad(z, [below, above], retain_graph=True)
    assert np.all(gx.numpy() == 18 * np.array(values)) and np.all(gy.numpy() == 6 * np.array(values))
    del z
    gx, = autograd.grad(above, below, autodiff.ones(*np.shape(values)))
    assert np.all(gx.numpy() == 3)


def test_edges_as_outputs():
    x = leaf([1.0, 2.0])
    y = x * x
    edge = graph.get_gradient_edge(y)
    given = autodiff.tensor([10.0, 100.0])
    same(autograd.grad(edge, x, given, retain_graph=True), autograd.grad(y, x, given, retain_graph=True))
    autograd.backward([edge, y.sum(), edge], [given, None, given], retain_graph=True)
    assert x.grad.tolist() == [42.0, 804.0]
    with pytest.raises(RuntimeError, match="implicitly created only for scalar outputs"):
        autograd.grad(edge, x)
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        autograd.grad(edge, x, autodiff.ones(3))
    with pytest.raises(RuntimeError, match="same dtype"):
        autograd.grad(edge, x, autodiff.ones(2, dtype=autodiff.complex128))
    rows, = autograd.grad(edge, x, autodiff.eye(2), is_grads_batched=True, retain_graph=True)
    assert rows.tolist() == [[2.0, 0.0], [0.0, 4.0]]
    with pytest.raises(RuntimeError, match="batch"):
        autograd.grad(edge, x, autodiff.eye(3), is_grads_batched=True)
    second, = autograd.grad(autograd.grad(edge, x, given, create_graph=True)[0].sum(), x)
    assert second.tolist() == [20.0, 200.0]


def test_edges_as_inputs_of_backward():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = x * w
    (y * 2).sum().backward(inputs=graph.get_gradient_edge(x), retain_graph=True)
    assert x.grad.tolist() == [6.0, 8.0] and w.grad is None
    (y * 2).sum().backward(inputs=[graph.get_gradient_edge(y)])         # there is no Variable to keep it in
    assert x.grad.tolist() == [6.0, 8.0] and w.grad is None and not y.retains_grad


def test_edges_that_are_not_used_or_not_edges():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    edge = graph.get_gradient_edge(w)
    with pytest.raises(RuntimeError, match="not have been used in the graph"):
        autograd.grad(x.sum(), edge)
    assert autograd.grad(x.sum(), edge, allow_unused=True) == (None,)
    with pytest.raises(RuntimeError, match="materialize_grads cannot be used"):
        autograd.grad(x.sum(), [x, edge], materialize_grads=True)
    assert autograd.grad((x * w).sum(), [x, edge], materialize_grads=True)[1].tolist() == [1.0, 2.0]
    y = x * w
    for made in (graph.GradientEdge(None, 0), graph.GradientEdge(x, 0), graph.GradientEdge(y.grad_fn, 1),
                 graph.GradientEdge(y.grad_fn, -1), graph.GradientEdge(y.grad_fn, "0")):
        with pytest.raises(RuntimeError, match="GradientEdge"):
            autograd.grad(y.sum(), made)
        with pytest.raises(RuntimeError, match="GradientEdge"):
            autograd.grad(made, x, autodiff.ones(2))
    with pytest.raises(RuntimeError, match="but got tuple"):
        autograd.grad(y.sum(), [(y.grad_fn, 0)])
    with pytest.raises(RuntimeError, match="does not require gradients"):
        graph.get_gradient_edge(autodiff.ones(2))
    with pytest.raises(TypeError, match="expected a Tensor"):
        graph.get_gradient_edge(3.0)


def test_edges_of_an_op_with_several_results():
    x = leaf([1.0, 2.0])
    a, b = _variable.record_custom((x,), (x.detach() * 2, x.detach() * 3), lambda gs, needs: (
        sum(k * g for k, g in zip((2, 3), gs) if g is not None),), "CustomBackward")
    edges = [graph.get_gradient_edge(v) for v in (a, b)]
    assert [e.output_nr for e in edges] == [0, 1] and edges[0].node is edges[1].node is a.grad_fn
    total = (a * 10 + b * 100).sum()
    ga, gb, gx = autograd.grad(total, [*edges, x], retain_graph=True)
    assert ga.tolist() == [10.0, 10.0] and gb.tolist() == [100.0, 100.0] and gx.tolist() == [320.0, 320.0]
    hand_made = graph.GradientEdge(*(b + 1).grad_fn.next_functions[0])
    assert autograd.grad((b + 1).sum(), hand_made, retain_graph=True)[0].tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="get_gradient_edge"):
        autograd.grad(hand_made, x, autodiff.ones(2))
    del a, b, total
    gc.collect()
    assert autograd.grad(edges[1], x, autodiff.ones(2), retain_graph=True)[0].tolist() == [3.0, 3.0]
    assert autograd.grad(edges, x, [autodiff.ones(2)] * 2)[0].tolist() == [5.0, 5.0]


def test_an_edge_of_a_split_has_its_number():
    x = leaf([1.0, 2.0, 3.0])
    parts = x.split(1)
    assert [v.output_nr for v in parts] == [0, 1, 2]
    edge = graph.get_gradient_edge(parts[2])
    assert edge.output_nr == 2 and autograd.grad((parts[2] * 7).sum(), edge)[0].tolist() == [7.0]
    made = graph.GradientEdge(parts[1].grad_fn, parts[1].output_nr)
    assert autograd.grad((parts[1] * 7).sum(), made)[0].tolist() == [7.0]


# ---- versions

@pytest.mark.parametrize("shape", [(), (2,)])
def test_writes_are_counted(shape):
    x = autodiff.ones(*shape)
    for count, write in enumerate((lambda: x.add_(1), lambda: x.zero_(), lambda: x.fill_(2), lambda: x.exp_(),
                                   lambda: x.copy_(autodiff.ones(*shape)), lambda: x.detach().add_(1)), 1):
        write()
        assert x._version == count
    x.data.add_(1)
    assert x._version == count and x.data._version == 0 and x.detach()._version == count
    x.data = autodiff.zeros(*shape)
    assert x._version == count
    x += 1
    assert x._version == count + 1 and x.clone()._version == 0


@pytest.mark.parametrize("values", [2.0, [2.0, 3.0]])
def test_writes_that_the_library_did_not_see(values):
    x = leaf(values)
    y = x * x
    graph.increment_version(x)
    assert x._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    (x * 2).sum().backward()
    assert np.all(x.grad.numpy() == 2)
    graph.increment_version(v for v in (x, x.detach()))
    assert x._version == 3
    for wrong in (3, [3], [x, None]):
        with pytest.raises(RuntimeError, match="increment_version"):
            graph.increment_version(wrong)
    assert x._version == 3
    n = autodiff.arange(3)
    graph.increment_version(n)
    assert n._version == 1
    with autodiff.inference_mode():
        v = autodiff.ones(2)
    graph.increment_version(v)
    with pytest.raises(RuntimeError, match="do not track version counter"):
        v._version     # noqa: B018


def test_a_copying_reshape_is_no_view():
    x = autodiff.ones(2, 3)
    assert x.reshape(6)._base is x
    y = x.T.reshape(6)
    assert y._base is None and not y._is_view()
    z = leaf(np.ones((2, 3))).T.reshape(6)
    z.mul_(2)
    assert z.grad_fn.name() == "MulBackward0"


# ---- contexts for saved values

def test_hooks_are_refused_where_they_are_disabled():
    x = leaf([1.0, 2.0])
    with graph.disable_saved_tensors_hooks("outer"):
        with pytest.raises(RuntimeError, match="inner"), graph.disable_saved_tensors_hooks("inner"), graph.save_on_cpu():
            pass
        with pytest.raises(RuntimeError, match="outer"), graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            pass
        (x * x).grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)
        there = []

        def elsewhere():
            with graph.save_on_cpu():
                there.append((x * x).sum())

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert len(there) == 1
    with graph.save_on_cpu():
        with pytest.raises(RuntimeError, match="too late"), graph.disable_saved_tensors_hooks("too late"):
            pass
        assert not _variable.refuse_saved_hooks(None)
        y = x * x
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]

    @graph.disable_saved_tensors_hooks("decorated")
    def f():
        with graph.save_on_cpu():
            pass

    for _ in range(2):
        with pytest.raises(RuntimeError, match="decorated"):
            f()
    with pytest.raises(TypeError, match="must be str"), graph.disable_saved_tensors_hooks(3):
        pass
    with pytest.raises(TypeError, match="must be callable"), graph.saved_tensors_hooks(3, lambda t: t):
        pass
    assert not _variable.saved_hooks_are_on()


@pytest.mark.parametrize("values", [2.0, [2.0, 3.0]])
def test_save_on_cpu_keeps_the_check_of_versions(values):
    x = leaf(values)
    with graph.save_on_cpu(pin_memory=True, device_type="cpu"):
        y = (x * x).exp().sum()
        c = x * 1
        z = (c * c).sum()
    expected, = autograd.grad((x * x).exp().sum(), x)
    same(autograd.grad(y, x), (expected,))
    if np.shape(values):        # a number is saved as a copy
        c.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.backward()


WRITES = [lambda y: y.mul_(3), lambda y: y.__setitem__(0, 7.0), lambda y: y[1:].zero_(), lambda y: y.copy_(autodiff.zeros(3)),
          lambda y: y.detach().fill_(9), lambda y: y.__iadd__(1), lambda y: y.view(3, 1).exp_(), lambda y: y.sub_(y),
          lambda y: y.data.add_(1), lambda y: autodiff.exp(autodiff.zeros(3), out=y.detach()),
          lambda y: y.masked_fill_(y > 0, 0.0), lambda y: y[[0, 2]].sum() + y.index_fill_(0, autodiff.tensor([1]), 4.0).sum()]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("create_graph", [False, True])
def test_what_was_saved_is_copied_before_a_write(write, create_graph):
    x = leaf([1.0, 2.0, 3.0])
    with graph.allow_mutation_on_saved_tensors() as context:
        y = x * 2
        z = (y ** 3).sum() + (y * y[1]).sum() + y.exp().log().sum()
        count = len(context.original)
        assert count and not context.cloned
        write(y)
        assert context.cloned and len(context.original) + len(context.cloned) >= count      # exp_() saves its result
        gradient, = autograd.grad(z, x, create_graph=create_graph)
        second = autograd.grad(gradient.sum(), x)[0] if create_graph else None
    assert not context.cloned and not context.original
    v = leaf([1.0, 2.0, 3.0])
    w = v * 2
    expected, = autograd.grad((w ** 3).sum() + (w * w[1]).sum() + w.exp().log().sum(), v, create_graph=create_graph)
    np.testing.assert_allclose(gradient.detach().numpy(), expected.detach().numpy(), rtol=1e-14)
    if create_graph:
        np.testing.assert_allclose(second.numpy(), autograd.grad(expected.sum(), v)[0].numpy(), rtol=1e-14)


def test_a_value_saved_twice_is_copied_once_and_goes_with_the_graph():
    x = leaf([1.0, 2.0])
    with graph.allow_mutation_on_saved_tensors() as context:
        y = x.clone()
        z = (y * y).sum() + (y * y).sum()
        assert len(context.original) == 1
        y.mul_(2)
        assert len(context.original) == 0 and len(context.cloned) == 1
        y.mul_(2)
        assert len(context.cloned) == 1
        w = (y * y).sum()
        assert len(context.original) == 1
        z.backward()
        del z
        assert len(context.cloned) == 0
        y.zero_()
        (g,) = autograd.grad(w, y, allow_unused=True)
    assert x.grad.tolist() == [4.0, 8.0] and g is None


def test_the_context_is_one_and_the_pass_is_inside():
    x = leaf([1.0, 2.0])
    with graph.allow_mutation_on_saved_tensors():
        y = (x * x).sum()
        with pytest.raises(RuntimeError, match="cannot be nested"), graph.allow_mutation_on_saved_tensors():
            pass
        z = (x * x).sum()
    with pytest.raises(AssertionError, match="outside of the 'allow_mutation_on_saved_tensors' context"):
        y.backward()
    with graph.allow_mutation_on_saved_tensors(), pytest.raises(AssertionError, match="outside of"):
        z.backward()
    assert not _variable.saved_hooks_are_on() and not autodiff._variable.levels
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


# ---- the names of torch._C

@pytest.mark.parametrize("make", [autodiff.tensor, autodiff.numpy.array], ids=["Tensor", "ndarray"])
def test_ops_of_the_graph_alone(make):
    functions = autodiff._C._functions
    x = make([1.0, 2.0], requires_grad=True)
    y, none, z = functions.DelayedError("not here", 3)(x, None, x * 2)
    assert type(y) is type(x) and none is None and y.tolist() == [1, 2] and z.tolist() == [2, 4]
    assert y.grad_fn.name() == "Error" and y.grad_fn is z.grad_fn
    with pytest.raises(RuntimeError, match="not here"):
        (z * 2).sum().backward()
    assert x.grad is None
    with pytest.raises(TypeError, match="expected Variables or None, got float"):
        functions.DelayedError("no", 1)(2.0)
    y = functions.UndefinedGrad()(x)
    (y * y).sum().backward()
    assert type(y) is type(x) and x.grad is None
    (functions.UndefinedGrad()(x) + x).sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_the_node_that_runs():
    node = autodiff._C._current_autograd_node
    x, seen = leaf([1.0, 2.0]), []
    y = x.exp()
    first, second = (y * y).split(1)
    total = (first * 2 + second).sum()
    for v in (y, first, second, total):
        v.register_hook(lambda g, v=v: seen.append(node() is v.grad_fn))
    x.register_hook(lambda g: seen.append(type(node()) is autodiff._C._functions.AccumulateGrad))
    # the end of a pass is in no node
    total.register_hook(lambda g: autograd.Variable._execution_engine.queue_callback(lambda: seen.append(node() is None)))
    total.backward()
    assert seen == [True] * 6 and node() is None
    others = []
    thread = threading.Thread(target=lambda: others.append(node()))
    z = x * 2

    def ask(g):
        thread.start()
        thread.join()
        raise ValueError("stop")

    z.register_hook(ask)
    with pytest.raises(ValueError, match="stop"):
        z.sum().backward()
    assert others == [None] and node() is None


@pytest.mark.parametrize("seed", range(20))
def test_a_pass_runs_in_the_order_that_it_says(seed):
    rng = np.random.default_rng(seed)
    shape = (2,) if seed % 2 else ()
    values = [leaf(np.ones(shape) * (i + 1)) for i in range(3)]
    leaves = list(values)
    for _ in range(12):
        x, y = (values[i] for i in rng.integers(len(values), size=2))
        values.append([x.__mul__, x.__add__, lambda y, x=x: x.sin(), lambda y, x=x: (x * 1).view(shape)][rng.integers(4)](y))
    root = values[-1] + values[-2]
    ran, said, waiting, met = [], [], [root.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in met:
            continue
        met.add(node)
        node.register_prehook(lambda g, node=node: ran.append(node))
        waiting.extend(after for after, _ in node.next_functions)
    if seed % 3 == 0:       # hooked leaves run as soon as their last part is there, others at the end
        for each in leaves:
            each.register_hook(lambda g: None)
    root.register_hook(lambda g: said.extend(autodiff._C._current_graph_task_execution_order()))
    with autograd.set_multithreading_enabled(False):
        root.backward(autodiff.ones(shape, dtype=root.dtype), retain_graph=True)
        assert said == ran and set(said) == met
        reached = [each for each in leaves if (each * 1).grad_fn.next_functions[0][0] in met]
        if reached:
            ran.clear()
            said.clear()
            root.backward(autodiff.ones(shape, dtype=root.dtype), inputs=reached[:1])
            assert said == ran


def test_whether_passes_may_use_threads_is_kept_for_each_thread():
    enabled, others = autodiff._C._is_multithreading_enabled, []

    @autograd.set_multithreading_enabled(False)
    def inside():
        return enabled()

    assert enabled() and not inside() and enabled()
    with autograd.set_multithreading_enabled(False):
        thread = threading.Thread(target=lambda: others.append(enabled()))
        thread.start()
        thread.join()
        assert not enabled() and others == [True]
        autograd.set_multithreading_enabled(True)
        assert enabled()
    assert enabled()


def test_versions_are_set():
    set_versions = autodiff._C._autograd._unsafe_set_version_counter
    x, point = autodiff.ones(2), autodiff.tensor(1.0)
    view = x[:1]
    point.add_(1)
    set_versions([x, point], [5, 0])
    assert (x._version, view._version, point._version) == (5, 5, 0)
    with autodiff.inference_mode():
        y = autodiff.ones(1)
    set_versions((y,), (3,))
    for versions, error in (((-1, 2), RuntimeError), ((1,), RuntimeError), (("a", 1), TypeError),
                            ((2 ** 70, 1), OverflowError)):
        with pytest.raises(error):
            set_versions((x, point), versions)
    with pytest.raises(TypeError, match="expected Variables, got int"):
        set_versions((3,), (1,))
    assert (x._version, point._version) == (5, 0)
    w = leaf([2.0])
    a = w * 1
    product = a * w
    with autograd._unsafe_preserve_version_counter(a):
        kept = a.detach().clone()
        a.detach().zero_()
        a.detach().copy_(kept)
    product.backward()
    assert w.grad.tolist() == [4.0]
    b = w * 1
    product = b * w
    with pytest.raises(ZeroDivisionError), autograd._unsafe_preserve_version_counter(b):
        b.detach().zero_()
        raise ZeroDivisionError
    assert b._version == 0


# ---- handles

def test_a_handle_is_pickled_by_its_number():
    x = leaf([1.0])
    handle = x.register_hook(lambda g: g * 10)
    copy = pickle.loads(pickle.dumps(handle))
    assert copy.id == handle.id
    copy.remove()
    assert x.register_hook(lambda g: None).id > handle.id
    x.sum().backward()
    assert x.grad.tolist() == [10.0]
    several = graph.register_multi_grad_hook((x,), lambda gs: None)
    assert len(pickle.loads(pickle.dumps(several)).handles) == 1


def test_a_pack_hook_may_free_what_it_packs_or_set_hooks_itself():
    for _ in range(50):
        x = autodiff.ones(3, requires_grad=True) * 2
        x2 = x * 1
        y = x2 * x2.exp()
        saved = y.grad_fn._raw_saved_self

        def freeing(v, x=x, y=y):
            autograd.grad(y, x, autodiff.ones(3))
            return v.clone()

        with pytest.raises(RuntimeError, match="freed"):
            saved.register_hooks(freeing, lambda v: v)
        x2 = x * 1
        y = x2 * x2.exp()
        saved = y.grad_fn._raw_saved_self

        def again(v, saved=saved):
            saved.register_hooks(lambda v: v, lambda v: v)
            return v.clone()

        with pytest.raises(RuntimeError, match="already been set"):
            saved.register_hooks(again, lambda v: v)
        assert autograd.grad(y.sum(), x)[0].shape == (3,)
