"""Views share storage and version, and what cannot be one says so; shapes that change in place; NumPy's own methods."""
import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from checks import leaf, plain

VIEWS = {
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "movedim": lambda x: x.movedim(0, 1),
    "swapdims": lambda x: x.swapdims(0, 1),
    "adjoint": lambda x: x.adjoint(),
    "broadcast_to": lambda x: x.broadcast_to(2, *x.shape)[1],
    "diagonal": lambda x: x.diagonal(1),
    "unfold": lambda x: x.unfold(1, 2, 2),
    "as_strided": lambda x: x.as_strided((2, 2), (4, 2), 1),
    "split": lambda x: x.split([1, 3], 1)[1],
    "split_with_sizes": lambda x: x.split_with_sizes([1, 3], 1)[1],
    "chunk": lambda x: x.chunk(2, 1)[1],
    "tensor_split": lambda x: x.tensor_split(2, 1)[1],
    "hsplit": lambda x: x.hsplit(2)[1],
    "vsplit": lambda x: x.vsplit(3)[2],
    "atleast_3d": autodiff.atleast_3d,
    "broadcast_tensors": lambda x: autodiff.broadcast_tensors(x, autodiff.ones(2, 1, 1))[0][0],
    "H": lambda x: x.H,
    "diagonal of windows": lambda x: x.unfold(1, 2, 1).diagonal(0, 0, 1),
}


@pytest.mark.parametrize("f", [pytest.param(f, id=name) for name, f in VIEWS.items()])
def test_a_view_shares_storage_and_version(f):
    x = autodiff.arange(12.0).reshape(3, 4).clone()
    v = f(x)
    assert v._is_view() and np.shares_memory(plain(x), plain(v))
    before = plain(v).copy()
    x.mul_(2)
    np.testing.assert_array_equal(plain(v), 2 * before)
    assert v._version == x._version == 1


@pytest.mark.parametrize("name", sorted(set(VIEWS) - {"split", "split_with_sizes", "chunk", "diagonal of windows",
                                                      "broadcast_to", "broadcast_tensors"}))
def test_a_write_through_a_view_is_recorded(name):
    """Against the same write through the positions that the view looks at."""
    f = VIEWS[name]
    places = plain(f(autodiff.arange(12).reshape(3, 4).clone()))
    a = np.random.default_rng(0).uniform(0.5, 1.5, (3, 4))
    x, y = leaf(a), leaf(a)
    out = x * 1
    f(out).mul_(f(x).detach())
    (out * out).sum().backward()
    factor = np.ones(12)
    factor[places.reshape(-1)] = a.reshape(-1)[places.reshape(-1)]
    other = (y.reshape(-1) * autodiff.tensor(factor)).reshape(3, 4)
    (other * other).sum().backward()
    np.testing.assert_allclose(plain(out), plain(other), rtol=1e-15)
    np.testing.assert_allclose(plain(x.grad), plain(y.grad), rtol=1e-15)


def test_a_view_follows_a_write_to_what_it_looks_at():
    x = leaf(np.arange(1.0, 6.0))
    y = x * 1
    windows, strided = y.unfold(0, 3, 1), y.as_strided((2, 2), (1, 2))
    y.mul_(x.detach())
    (windows.sum() + strided.sum()).backward()
    counts = np.array([1, 2, 3, 2, 1]) + np.array([1, 1, 1, 1, 0])
    assert x.grad.tolist() == (counts * np.arange(1.0, 6.0)).tolist()


def test_strides_never_leave_the_elements():
    """The gradient of a view of a transpose has another layout than the view was made for."""
    base = leaf(np.arange(6.0).reshape(2, 3).T)         # its memory is that of the transpose
    x = (base * 1).t().contiguous()
    y = x.as_strided((2, 2), (1, 2), 1)
    (y * y).sum().backward()
    expected = np.zeros(6)
    np.add.at(expected, [1, 3, 2, 4], 2 * np.arange(6.0)[[1, 3, 2, 4]])
    assert base.grad.t().reshape(-1).tolist() == expected.tolist()
    for v in (autodiff.ones(2, 3).t(), autodiff.ones(4)[::2]):
        with pytest.raises(NotImplementedError, match=r"not contiguous is not supported: use contiguous\(\)"):
            v.as_strided((2,), (1,))
    with pytest.raises(RuntimeError, match="out of bounds for storage"):
        autodiff.ones(4)[:2].as_strided((3,), (1,))


def test_overlapping_windows_are_read_only_in_place():
    x = autodiff.zeros(4)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        x.unfold(0, 2, 1).add_(1)
    x.unfold(0, 2, 2).add_(1)
    x.unfold(0, 2, 3).add_(1)
    assert x.tolist() == [2, 2, 1, 1]


@pytest.mark.parametrize("f", [lambda x: x.t_(), lambda x: x.transpose_(0, 1), lambda x: x.squeeze_(),
                               lambda x: x.unsqueeze_(0)])
def test_a_shape_changes_in_place_only_where_nothing_else_hangs_on_it(f):
    y = leaf(np.ones((2, 3))) * 1
    row = y[0]
    with pytest.raises(NotImplementedError, match="that has views cannot change in place"):
        f(y)
    assert tuple(y.shape) == (2, 3) and row.tolist() == [1, 1, 1]
    x = leaf(np.ones((2, 3)))
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        f(x)
    with autodiff.no_grad(), pytest.raises(NotImplementedError, match="that has views cannot change in place"):
        f(y)
    attached = anp.array([[1.0, 2.0]])
    attached.attach_grad()
    with pytest.raises(NotImplementedError, match="without a record"):
        f(attached)
    del row
    f(y)


def test_a_leaf_takes_another_shape_where_nothing_is_recorded():
    for mode in (autodiff.no_grad, autodiff.inference_mode):
        x, square = leaf(np.arange(6.0).reshape(2, 3)), leaf([[1.0, 2.0], [3.0, 4.0]])
        before, saved = (x * 3).sum(), (square * square).sum()
        address = x.data_ptr()
        with mode():
            assert x.t_() is x and square.t_() is square
        assert x.shape == (3, 2) and x.is_leaf and x.requires_grad and x.data_ptr() == address and x._version == 1
        weights = autodiff.arange(6.0).reshape(3, 2)
        (x * weights).sum().backward()
        assert x.tolist() == [[0, 3], [1, 4], [2, 5]] and x.grad.tolist() == weights.tolist()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            saved.backward()
        with pytest.raises(RuntimeError):       # recorded of the other shape: no gradient may be put in wrong places
            before.backward()
        assert x.grad.tolist() == weights.tolist()
        view = x[0]
        with mode(), pytest.raises(NotImplementedError, match="that has views cannot change in place"):
            x.t_()
        assert view.tolist() == [0, 3]
    with autodiff.autograd.forward_ad.dual_level(), autodiff.no_grad():
        dual = autodiff.autograd.forward_ad.make_dual(autodiff.ones(2, 3), autodiff.ones(2, 3)).requires_grad_()
        with pytest.raises(NotImplementedError, match="without a record"):
            dual.t_()


def test_retained_gradients_and_views_follow_a_shape_changed_in_place():
    x = leaf(np.arange(6.0).reshape(2, 3))
    y = x * 2
    y.retain_grad()
    assert y.t_() is y and y.shape == (3, 2) and y._version == 1 and not y._is_view()
    y[0].mul_(3)
    (y * autodiff.arange(6.0).reshape(3, 2)).sum().backward()
    assert x.grad.tolist() == [[0, 4, 8], [6, 6, 10]]
    z = leaf(np.ones((2, 3))) * 1
    v = z.t()
    v.unsqueeze_(0)
    v.mul_(2)
    assert v.shape == (1, 3, 2) and z.tolist() == [[2, 2, 2], [2, 2, 2]] and z.grad_fn.name() == "CopySlices"


def test_parts_name_themselves():
    y = leaf(np.ones(4)) * 1
    for parts, name in ((y.split(2), "Split"), (y.split([1, 3]), "SplitWithSizes"), (y.chunk(2), "Split"),
                        (y.unbind(), "Unbind")):
        assert {part.grad_fn.name() for part in parts} == {f"{name}Backward0"}
        with pytest.raises(RuntimeError, match=f"Output 1 of {name} is a view and is being modified inplace"):
            parts[1].add_(1)
    with autodiff.no_grad():
        leaf(np.ones(4)).split(2)[1].add_(1)


# ---- the NumPy flavour

A = np.random.default_rng(1).normal(size=(2, 3, 4))


@pytest.mark.parametrize("f", [
    lambda x: x.reshape(4, 6), lambda x: x.reshape((4, 6), order="F"), lambda x: x.reshape(-1, order="F"),
    lambda x: x.reshape(2, -1, copy=True), lambda x: x.flatten(), lambda x: x.flatten("F"), lambda x: x.ravel(),
    lambda x: x.ravel(order="F"), lambda x: x.transpose(), lambda x: x.transpose(1, 0, 2), lambda x: x.transpose((2, 0, 1)),
    lambda x: x.swapaxes(0, 2), lambda x: x.T, lambda x: x.diagonal(), lambda x: x.diagonal(-1, 2, 0),
    lambda x: x.diagonal(offset=1, axis1=1, axis2=2), lambda x: x.repeat(2), lambda x: x.repeat(2, axis=-1),
    lambda x: x.repeat([1, 2, 0], 1), lambda x: x.repeat(np.array([1, 2]), axis=0), lambda x: x[:1].squeeze(axis=0),
    lambda x: x[:1, :, :1].squeeze(), lambda x: x[:1, :, :1].squeeze((0, -1)),
])
def test_methods_of_the_numpy_flavour_mean_what_numpy_means(f):
    x = anp.array(A, requires_grad=True)
    out = f(x)
    assert type(out) is anp.ndarray
    np.testing.assert_array_equal(out.detach().numpy(), f(A))
    out.sum().backward()
    places = f(np.arange(A.size).reshape(A.shape))
    np.testing.assert_array_equal(x.grad.numpy().reshape(-1), np.bincount(places.reshape(-1), minlength=A.size))


def test_flatten_copies_and_ravel_does_not():
    x = anp.array(A)
    assert not np.shares_memory(x.flatten().numpy(), x.numpy()) and np.shares_memory(x.ravel().numpy(), x.numpy())
    with pytest.raises(ValueError, match="cannot select an axis to squeeze out"):
        x.squeeze(0)
    with pytest.raises(ValueError, match="order 'K'"):
        x.reshape(-1, order="K")


def test_combinations_of_more_than_memory_holds_are_refused_at_once():
    with pytest.raises(ValueError, match="more than memory holds"):
        autodiff.combinations(autodiff.ones(3), 2 ** 70)


@pytest.mark.parametrize("other", [(2,), (2, 2), (0,)])
def test_cat_keeps_an_operand_of_no_elements_in_the_graph(other):
    x, y = autodiff.zeros(0, requires_grad=True), autodiff.ones(*other, requires_grad=True)
    out = autodiff.cat([x, y, x], -1)
    assert out.tolist() == y.tolist()
    assert autodiff.cat([x, y.detach()]).requires_grad
    out.sum().backward()
    assert tuple(x.grad.shape) == (0,) and y.grad.tolist() == autodiff.ones(*other).tolist()


@pytest.mark.parametrize("shape, index", [((2, 0), (2, 0)), ((2, 3), (2, 0)), ((2, 3), (0, 3)), ((), (0,))])
def test_gather_of_nothing_is_recorded(shape, index):
    x = autodiff.ones(*shape, requires_grad=True)
    out = x.gather(0, autodiff.zeros(*index, dtype=autodiff.int64))
    assert tuple(out.shape) == index and out.requires_grad
    out.sum().backward()
    assert x.grad.tolist() == autodiff.zeros(*shape).tolist()


def test_results_of_indices_lie_in_order():
    """NumPy gathers along a last dimension into another layout, of which `view` would be refused."""
    x = autodiff.arange(24.0).reshape(2, 3, 4)
    for index in ((Ellipsis, [1, 1]), (slice(None), [0, 1]), (slice(None), slice(None), [0, 1]), (slice(None), [0, 1], [0, 1])):
        assert x[index].is_contiguous() and x.transpose(0, 2)[index].is_contiguous()
        assert x[index].view(-1).tolist() == x.numpy()[index].reshape(-1).tolist()
