"""What counts as a write: what is refused leaves no trace, integers and leaves keep to their places, copies are recorded."""
import contextlib
import copy
import warnings

import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as anp
from autodiff import _variable, autograd

FLAVOURS = (ad.tensor, anp.array)


def leaf(values, dtype=None):
    return ad.tensor(values, dtype=dtype, requires_grad=True)


# ---- no value changes: nothing that was saved is stale

@pytest.mark.parametrize("leave", [lambda v: v.detach_(), lambda v: v.requires_grad_(False)])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_leaf_that_leaves_the_graph_keeps_the_values_that_ops_saved(leave, shape):
    x, w = leaf(np.full(shape, 2.0)), leaf(np.full(shape, 3.0))
    y = x * w
    version = x._version
    leave(x)
    assert x._version == version and not x.requires_grad
    gradient, = autograd.grad(y.sum(), w)
    np.testing.assert_array_equal(gradient.tolist(), np.full(shape, 2.0))


def test_a_result_that_leaves_the_graph_keeps_the_values_that_ops_saved():
    a = leaf([1.0])
    b = a.exp()
    c = b * 1.0
    b.detach_()
    c.backward()
    assert a.grad.tolist() == [np.exp(1.0)]


def test_truncated_backpropagation_through_time():
    def gradient(detach):
        w, h, loss = leaf(0.5), ad.tensor(1.0), 0
        for i in range(4):
            h = (w * h).tanh()
            loss = loss + h * h
            if i == 1:
                loss.backward()
                h = detach(h)
                loss = 0
        loss.backward()
        return w.grad.item()

    assert gradient(lambda h: h.detach_()) == gradient(lambda h: h.detach())


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize("off, on", [(lambda x: x.requires_grad_(False), lambda x: x.requires_grad_(True)),
                                     (lambda x: x.detach_(), lambda x: x.requires_grad_()),
                                     (lambda x: setattr(x, "requires_grad", False),
                                      lambda x: setattr(x, "requires_grad", True))])
def test_a_leaf_switched_off_and_on_keeps_its_place_in_old_graphs(shape, off, on):
    x = leaf(np.full(shape, 2.0))
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    y = (x * 3).sum()
    off(x)
    y.backward(retain_graph=True)
    assert x.grad is None and len(seen) == 1            # PyTorch runs the hook, and accumulates nothing
    on(x)
    y.backward()
    (x * 1).sum().backward()
    np.testing.assert_array_equal(x.grad.tolist(), np.full(shape, 4.0))
    assert len(seen) == 3
    new = (x * 2).sum()
    assert autograd.grad(new, x)[0].tolist() == np.full(shape, 2.0).tolist()


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_leaf_written_while_it_was_off(shape):
    x = leaf(np.full(shape, 2.0))
    linear, square = (x * 3).sum(), (x * x).sum()
    x.requires_grad_(False)
    x.mul_(2)
    x.requires_grad_(True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        square.backward()
    linear.backward()
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.tolist(), np.full(shape, 3.0 + 8.0))


def test_a_leaf_that_dies_while_it_is_off_leaves_its_graph_alone():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = (x * w).sum()
    x.requires_grad_(False)
    del x
    y.backward()
    assert w.grad.tolist() == [1.0, 2.0]


def test_attach_grad_makes_another_leaf():
    x = anp.array([1.0, 2.0], requires_grad=True)
    y = (x * 3).sum()
    x.attach_grad()
    y.backward()
    assert x.grad.tolist() == [0.0, 0.0]


# ---- .data of another shape

@pytest.mark.parametrize("before, after", [([1.0, 2.0], np.ones(3)), ([1.0, 2.0], np.ones((3, 2))), (1.0, np.ones(2)),
                                           (np.ones((2, 2)), 1.0)])
@pytest.mark.parametrize("while_off", [False, True])
def test_data_of_another_shape_raises_at_backward(before, after, while_off):
    x, w = leaf(before), leaf(2.0)
    y = (x * w).sum()
    if while_off:
        x.requires_grad_(False)
    x.data = ad.tensor(after)
    if while_off:
        x.requires_grad_(True)
    with pytest.raises(RuntimeError, match="another shape"):
        autograd.grad(y, x, retain_graph=True)
    with pytest.raises(RuntimeError, match="another shape"):
        y.backward()
    assert x.grad is None
    (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad.tolist(), np.full(np.shape(after), 2.0))


def test_data_of_another_shape_and_back_again():
    x = leaf([1.0, 2.0])
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    y = (x * 3).sum()
    x.data = ad.ones(3)
    x.data = ad.ones(2)
    y.backward()
    assert x.grad.tolist() == [3.0, 3.0] and seen == [[3.0, 3.0]]


# ---- gradients that have a graph, or lie where the cotangent lies

@pytest.mark.parametrize("shape", [(), (1,), (2, 2)])
@pytest.mark.parametrize("inputs", [False, True])
def test_a_plain_pass_adds_in_place_onto_a_gradient_with_a_graph(shape, inputs):
    x = leaf(np.full(shape, 2.0))
    (x ** 3).sum().backward(create_graph=True)
    g = x.grad
    (x * 5).sum().backward(inputs=[x] if inputs else None)
    assert x.grad is g and g.requires_grad
    np.testing.assert_array_equal(g.tolist(), np.full(shape, 17.0))
    np.testing.assert_array_equal(autograd.grad(g.sum(), x)[0].tolist(), np.full(shape, 12.0))


@pytest.mark.parametrize("shape", [(), (1,)])
def test_what_saved_such_a_gradient_notices_the_write(shape):
    x = leaf(np.full(shape, 2.0))
    (x ** 3).sum().backward(create_graph=True)
    square = (x.grad * x.grad).sum()
    (x * 5).sum().backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        autograd.grad(square, x)


def test_a_gradient_that_cannot_be_written_keeps_its_graph_too():
    x = leaf([2.0, 2.0])
    w = leaf(1.0)
    x.grad = (w * 3).expand(2)
    (x * 5).sum().backward()
    assert x.grad.tolist() == [8.0, 8.0]
    assert autograd.grad(x.grad.sum(), w)[0].item() == 6.0


@pytest.mark.parametrize("cut", [lambda b: (b[1:], b[:-1]), lambda b: (b[:-1], b[1:]), lambda b: (b[:4], b[:4]),
                                 lambda b: (b[1:], b[:-1].flip(0).flip(0)), lambda b: (b[:-1], b[0].expand(4))])
@pytest.mark.parametrize("foreign", [False, True])
def test_a_gradient_buffer_that_overlaps_the_cotangent(cut, foreign):
    values = np.arange(5.0)
    buffer = ad.from_numpy(values) if foreign else ad.tensor(values)
    x = leaf([1.0, 1.0, 1.0, 1.0])
    grad, cotangent = cut(buffer)
    expected = np.array(grad.tolist()) + np.array(cotangent.tolist())
    x.grad = grad
    x.clone().backward(cotangent)
    assert x.grad.tolist() == expected.tolist()


def test_a_gradient_that_is_the_head_gradient_of_attach_grad():
    x = anp.array([1.0, 2.0])
    x.attach_grad()
    x.grad[:] = anp.array([3.0, 5.0])
    with autograd.record():
        y = x.copy()
    y.backward(x.grad)
    assert x.grad.tolist() == [3.0, 5.0]


# ---- integers never enter the graph

@pytest.mark.parametrize("write", [
    lambda i, x: i.copy_(x),
    lambda i, x: i.__setitem__(slice(None), x),
    lambda i, x: i.__setitem__(..., x),
    lambda i, x: i.__setitem__(0, x[1]),
    lambda i, x: i.__setitem__(slice(0, 1), x[1]),
    lambda i, x: i.__setitem__(ad.tensor([True, False]), x[0]),
    lambda i, x: i.__setitem__(ad.tensor([0, 1]), x),
    lambda i, x: i[0:1].copy_(x[1:]),
    lambda i, x: i.masked_fill_(ad.tensor([True, False]), x[0]),
    lambda i, x: i.fill_(x[1]),
    lambda i, x: i.eq_(x),
], ids=range(11))
@pytest.mark.parametrize("dtype", [ad.int64, ad.bool, ad.uint8])
@pytest.mark.parametrize("make", FLAVOURS)
def test_integers_do_not_enter_the_graph(write, dtype, make):
    i, x = make([1, 2]), make([1.5, 2.5], requires_grad=True)
    i = i.to(dtype)
    view = i[:1]
    write(i, x)
    for v in (i, view):
        assert not v.requires_grad and v.grad_fn is None
    assert not (i * 2.0).requires_grad


def test_an_integer_result_of_a_custom_op_does_not_enter_the_graph():
    x = leaf([1.5, 2.5])
    i, = _variable.record_custom((x,), (np.array([1, 2]),), lambda gs, needs: [None], "Rounded")
    assert not i.requires_grad and not (i * 2.0).requires_grad


# ---- a refused write leaves no trace

def of(values, make=ad.tensor):
    return make(values, requires_grad=True) * 1


WRITES = [
    lambda v: v.mul_(2), lambda v: v.add_(ad.ones(7)), lambda v: v.add_(1j), lambda v: v.exp_(), lambda v: v.zero_(),
    lambda v: v.fill_(ad.ones(2)), lambda v: v.fill_("a"), lambda v: v.copy_(ad.ones(7)), lambda v: v.__setitem__(..., 1.0),
    lambda v: v.__setitem__(9, 1.0), lambda v: v.__setitem__(slice(None), ad.ones(7)), lambda v: v.__setitem__(0, "a"),
    lambda v: v.__setitem__(ad.tensor([0, 9]), 1.0), lambda v: v.__setitem__(ad.tensor([0, 1]), ad.ones(5)),
    lambda v: v.__setitem__(ad.tensor([True] * 9), 1.0), lambda v: v.__setitem__(slice(None), [1.0, "a"]),
    lambda v: v.index_put_((ad.tensor([0, 9]),), ad.tensor(1.0)), lambda v: v.scatter_(0, ad.tensor([0, 9]), ad.ones(2)),
    lambda v: v.index_add_(0, ad.tensor([0, 9]), ad.ones(2)), lambda v: v.index_fill_(0, ad.tensor([0, 9]), 1.0),
    lambda v: v.masked_fill_(ad.tensor([True] * 9), 1.0), lambda v: v.clamp_(1j), lambda v: v.pow_(ad.ones(7)),
    lambda v: v.squeeze_(), lambda v: v.t_(), lambda v: v.transpose_(0, 5), lambda v: v.put_(ad.tensor([9]), ad.tensor([1.0])),
    lambda v: v.masked_scatter_(ad.tensor([True] * 2), ad.ones(1)), lambda v: setattr(v, "real", ad.ones(7)),
    lambda v: setattr(v, "data", ad.ones(1, dtype=ad.int64)), lambda v: setattr(v, "grad", ad.ones(9)),
    lambda v: ad.add(ad.ones(2), 1j, out=v), lambda v: ad.exp(leaf([1.0, 2.0]), out=v),
    lambda v: v.__setitem__(..., v[...].sub_(v)), lambda v: v[:1].mul_(2), lambda v: v.view(-1).mul_(2),
    lambda v: v[0].mul_(2), lambda v: v[...].__setitem__(0, 5.0), lambda v: v.__setitem__(ad.tensor([0, 1]), [1.0, None]),
    lambda v: v.__setitem__(slice(None), np.array([5.0, "a"], object)), lambda v: v.__setitem__(slice(None), [5, 10 ** 400]),
]
STATES = {
    "a leaf": lambda: leaf([1.0, 2.0]), "its view": lambda: leaf([1.0, 2.0])[:], "a result": lambda: of([1.0, 2.0]),
    "split": lambda: of([1.0, 2.0, 3.0, 4.0]).split(2)[0], "chunk": lambda: of([1.0, 2.0, 3.0, 4.0]).chunk(2)[1],
    "unbind": lambda: of([[1.0, 2.0], [3.0, 4.0]]).unbind(0)[0], "an entry": lambda: list(of([[1.0, 2.0], [3.0, 4.0]]))[1],
    "a view of one of several": lambda: of([1.0, 2.0, 3.0, 4.0]).split(2)[0][...],
    "an element of one": lambda: of([1.0, 2.0, 3.0, 4.0]).split(2)[0][1], "expanded": lambda: of([1.0]).expand(2),
    "integers": lambda: ad.tensor([1, 2]), "bools": lambda: ad.tensor([True, False]), "a constant": lambda: ad.ones(2),
    "float32": lambda: leaf([1.0, 2.0], ad.float32) * 1, "of no dimension": lambda: of(3.0),
    "NumPy's": lambda: of([1.0, 2.0], anp.array),
    "read-only": lambda: ad.from_numpy(np.broadcast_to(np.ones(1), (2,))), "complex": lambda: leaf([1j, 2.0]) * 1,
}


def no_grad_view():
    y = of([1.0, 2.0])
    with ad.no_grad():
        return y[:]


def inference():
    with ad.inference_mode():
        return ad.ones(2)


STATES |= {"a view of no_grad": no_grad_view, "a view of a view of no_grad": lambda: no_grad_view()[:], "inference": inference}


@pytest.mark.parametrize("mode", [contextlib.nullcontext, ad.no_grad, ad.inference_mode, autograd.record,
                                  autograd.forward_ad.dual_level, autograd.detect_anomaly])
@pytest.mark.parametrize("state", STATES)
def test_a_refused_write_leaves_no_trace(mode, state):
    refused = 0
    for write in WRITES:
        v = STATES[state]()
        v.data_ptr()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")

            def trace(v=v):
                version = 0 if v.is_inference() else v._version
                return (repr(v.tolist()), version, v.requires_grad, v.is_leaf, v.grad_fn, v.shape, v.dtype, v.stride(),
                        v._is_view(), v.grad, v.is_inference())

            before = trace()
            try:
                with mode():
                    write(v)
            except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, OverflowError):
                refused += 1
                assert trace() == before
    assert refused > 5


ROWS = [1, np.int8(1), np.array(1), ad.tensor(1), (1, slice(None)), (np.array(1), slice(None)), slice(0, 1), [None, 1]]


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
@pytest.mark.parametrize("how", ["added", "written"])
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
def test_a_row_of_an_expanded_tensor_is_written(row, how):
    b = ad.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    base = b * 2
    x, w = base.expand(2, 3), ad.tensor([1.0, 2.0, 3.0], requires_grad=True)
    if how == "added":
        x[row] += w
        assert x.tolist() == [[3.0, 6.0, 9.0]] * 2
    else:
        x[row] = w * 5
        assert x.tolist() == [[5.0, 10.0, 15.0]] * 2
    (x * ad.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert w.grad.tolist() == [2.0, 20.0, 200.0] if how == "added" else [10.0, 100.0, 1000.0]
    assert b.grad.tolist() == [[4.0, 40.0, 400.0] if how == "added" else [0.0] * 3]
    for refused in (slice(None), (slice(None), 0), [0], np.array([True, False])):
        with pytest.raises(RuntimeError, match="single memory location"):
            x[refused] = 7.0
    assert x._version == 1 and x[0].tolist() == x[1].tolist() != [7.0] * 3


def test_several_results_are_written_all_or_none():
    values, positions = ad.zeros(2), ad.zeros(2, dtype=ad.bool)
    with pytest.raises(RuntimeError, match="can't be cast"):
        ad.max(ad.ones(2, 2), 1, out=(values, positions))
    assert values.tolist() == [0.0, 0.0] and values._version == 0


# ---- copies: recorded, whoever is asked

@pytest.mark.parametrize("make", FLAVOURS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
@pytest.mark.parametrize("prepare", [lambda x: x, lambda x: x * 1])
def test_a_copy_is_recorded_of_a_leaf_and_of_a_result(make, shape, prepare):
    values = np.full(shape, 3.0)
    x = make(values, requires_grad=True)
    y = prepare(x)
    z = y.copy()
    assert type(z) is type(x) and z is not y and not z.is_leaf
    (y * z).sum().backward()
    np.testing.assert_array_equal(x.grad.tolist(), 2 * values)
    with ad.no_grad():
        z = y.copy()
        assert not z.requires_grad
        z[...] = 0.0
    np.testing.assert_array_equal(y.tolist(), values)


def test_a_copy_of_what_attach_grad_made_follows_record():
    x = anp.array([1.0, 2.0])
    x.attach_grad()
    assert not x.copy().requires_grad
    u = x.copy()
    u.attach_grad()                             # a leaf all the same
    with autograd.record():
        y = (x.copy() * u).sum()
    y.backward()
    assert x.grad.tolist() == [1.0, 2.0] and u.grad.tolist() == [1.0, 2.0]


def test_copy_of_the_copy_module_follows_the_flavour():
    x = anp.array([1.0, 2.0], requires_grad=True)
    (x * copy.copy(x)).sum().backward()         # NumPy's copy.copy(a) is a.copy()
    assert x.grad.tolist() == [2.0, 4.0]
    t = leaf([1.0, 2.0])
    assert copy.copy(t).is_leaf and copy.copy(t * 1).is_leaf    # PyTorch's, both


#: Methods that are about leaves, or about the graph itself.
ABOUT_LEAVES = {"grad_fn", "_grad_fn", "is_leaf", "register_post_accumulate_grad_hook", "requires_grad_", "__deepcopy__",
                "retain_grad", "retains_grad", "grad", "backward", "attach_grad", "drop_grad"}
ARGUMENTS = [(), (0,), (1.5,), (2,), (0, 0), (0, 1), (1, 1), ((2, 2),), ("float32",), (ad.float32,), (ad.tensor([0, 1]),),
             (0, ad.tensor([0, 1]))]


@pytest.mark.parametrize("make", FLAVOURS)
def test_membership_in_the_graph_does_not_depend_on_who_is_asked(make):
    """A leaf and a result of the same values are asked for everything: what they answer is in the graph of both or of none."""
    def answer(v, name, arguments):
        try:
            found = getattr(v, name)
            found = found(*arguments) if callable(found) else found
        except Exception as error:
            return None if "leaf Variable that requires grad is being used in an in-place" in str(error) else type(error)
        found = found if isinstance(found, (tuple, list)) else (found,)
        return [(one.requires_grad, one is v) if type(one) in (ad.Tensor, anp.ndarray) else type(one) for one in found]

    asked = 0
    names = [n for n in dir(type(make([1.0]))) if n not in ABOUT_LEAVES and not n.endswith("_")]
    names += ["__copy__", "__neg__", "__pos__"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            for arguments in ARGUMENTS:
                x = make([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
                result = answer(x * 1, name, arguments)
                given = answer(x, name, arguments)
                assert given in (result, None), (name, arguments)       # None: a leaf is not written, as by put()
                asked += type(result) is list
                if not callable(getattr(type(x), name)):
                    break
    assert asked > 100


@pytest.mark.parametrize("write", ["v[:] = v", "v[...] = v", "v[0:1] = x[0:1]", "x[:] = v", "x[0:1] = v[0:1]"])
def test_a_leaf_is_not_written_even_with_itself(write):
    """What `v[:] *= 2` comes to at its end is told from a write of its own: the first one was refused, so this one is."""
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    v = x[:]
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        exec(write)
    with ad.no_grad():
        exec(write)
        v[:] *= 2.0
    assert x.tolist() == [2.0, 4.0] and x._version > 0


def test_gradients_with_a_graph_may_be_written():
    """Each has elements of its own, though the rule of a sum looks at one cotangent many times."""
    for made in ("x.sum()", "x.mean()", "x.sum(0).sum()", "x.sum(1).mean()"):
        x = ad.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
        (plain,) = ad.autograd.grad(eval(made), [x])
        (g,) = ad.autograd.grad(eval(made), [x], create_graph=True)
        plain[-1] -= 1.5
        g[-1] -= 1.5
        assert g.tolist() == plain.tolist() and len({row[0] for row in g.tolist()}) == 2
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    loss = x.sum() ** 3
    with ad.no_grad():            # create_graph records the copy, too
        (g,) = ad.autograd.grad(loss, [x], create_graph=True)
    assert ad.autograd.grad(g[0], x)[0].tolist() == [18.0, 18.0]


def test_a_complex_number_is_not_cut_by_a_mask():
    mask = ad.tensor([True, False])
    for value in (1 + 2j, ad.tensor(1 + 2j)):
        with pytest.raises(RuntimeError, match="cannot be converted to type double without overflow"):
            ad.ones(2).masked_fill(mask, value)
    assert ad.zeros(2).masked_fill(mask, ad.tensor(1 + 0j)).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("shape", [(2,), (0,), (2, 2), ()])
@pytest.mark.parametrize("name", ["scatter_", "scatter_add_", "put_", "index_add_", "index_copy_"])
def test_a_write_to_no_place_stays_in_the_graph(name, shape):
    """The gradient of a source of which nothing was written is 0, and not None."""
    empty = (0,) if name in ("put_", "index_add_", "index_copy_") or not shape else (0, *shape[1:])
    source_shape = (0, *shape[1:]) if name.startswith("index") else empty
    source = ad.ones(*source_shape).requires_grad_()
    index = ad.zeros(*empty, dtype=ad.int64)
    y = ad.ones(*shape)
    if name == "put_":
        y.put_(index, source)
    elif name.startswith("index") and not shape:
        return                  # a number has one place: PyTorch refuses an empty index there
    else:
        getattr(y, name)(0, index, source)
    assert y.requires_grad and y.tolist() == ad.ones(*shape).tolist()
    y.sum().backward()
    assert tuple(source.grad.shape) == source_shape


def test_copy_takes_no_more_dimensions_than_there_are():
    x = ad.zeros(2)
    with pytest.raises(RuntimeError, match=r"shape \[2\] doesn't match the broadcast shape \[1, 2\]"):
        x.copy_(ad.ones(1, 2))
    assert x.tolist() == [0.0, 0.0]
    x[:] = ad.ones(1, 2)        # where PyTorch drops leading dimensions of 1, too
    assert x.tolist() == [1.0, 1.0]


NO_VIEWS = ["ad.quantile(x, 0.3)", "ad.quantile(x.reshape(3, 1), 0.3, dim=0)", "ad.nanquantile(x, ad.tensor([0.3, 0.5]))",
            "ad.kron(x, x)", "ad.kron(s, s)", "s.index_fill(0, ad.tensor([0]), 1.0)", "s.put(ad.tensor([0]), ad.tensor([1.0]))",
            "s.scatter_add(0, ad.tensor([0]), ad.tensor([1.0]))", "s.scatter(0, ad.tensor([0]), ad.tensor([1.0]))",
            "s.index_copy(0, ad.tensor(0), ad.tensor(1.0))"]


@pytest.mark.parametrize("line", NO_VIEWS)
def test_results_of_several_steps_are_no_views(line):
    x = ad.tensor([1.0, 2.0, 3.0], requires_grad=True)
    s = ad.tensor(2.0, requires_grad=True)
    y = eval(line, {"ad": ad, "x": x, "s": s})
    assert not y._is_view() and y._base is None
    leaf = s if "s." in line or "(s" in line else x
    (wanted,) = ad.autograd.grad(y.sum(), [leaf], retain_graph=True)
    y *= 2
    y.sum().backward()
    assert leaf.grad.tolist() == pytest.approx((2 * wanted).tolist())
    y.detach_()
    assert not y.requires_grad
