"""Every form of index, read and written: values as an ndarray's, gradients by position.

The gradient of reading is checked through the positions an index picks: gather the numbers of the elements with the same
index in NumPy, and each element gets the cotangents of all places that show it.
"""
import numpy as np
import pytest

import autodiff
from autodiff import autograd

SHAPE = (3, 4, 2)
T = autodiff.tensor
MASK = np.random.default_rng(0).random(SHAPE) < 0.5
ROWS = np.array([True, False, True])
PLANE = np.random.default_rng(1).random((3, 4)) < 0.5

#: name: (index of a Variable, the same for NumPy)
BASIC = {
    "int": 1, "negative int": -1, "NumPy int": np.int64(2), "tuple": (1, 2), "full tuple": (1, -2, 0), "empty tuple": (),
    "slice": slice(1, 3), "step": slice(None, None, 2), "reversed": slice(None, None, -1), "negative step": slice(2, 0, -1),
    "beyond the end": slice(1, 99), "from before the start": slice(-99, 2), "nothing": slice(2, 1),
    "no elements": slice(3, None),
    "slices": (slice(1, None), slice(None, None, -2), slice(0, 1)), "ellipsis": Ellipsis, "ellipsis first": (Ellipsis, 1),
    "ellipsis last": (1, Ellipsis), "ellipsis between": (0, Ellipsis, slice(None, None, -1)),
    "ellipsis of nothing": (0, 1, Ellipsis, 1),
    "None": None, "None first": (None, 1), "None between": (slice(None), None, 1), "None last": (Ellipsis, None),
    "Nones": (None, slice(None), None, Ellipsis, None), "int and slice": (1, slice(None), -1),
    "slice and int": (slice(None, None, -1), 2), "int slice": (slice(np.int64(0), np.int64(2)),),
}
ADVANCED = {
    "list": [0, 2], "list of one": [1], "empty list": [], "duplicates": [1, 1, 0, 1], "negative list": [-1, 0, -3],
    "array": np.array([2, 0, 0]), "array of two dimensions": np.array([[0, 1], [2, 2]]),
    "int32": np.array([2, 0], np.int32),
    "0-d array": np.array(1), "pairs": ([0, 1, 1], [3, 2, 2]), "triples": ([0, 1, 2, 0], [3, 2, 1, 3], [0, 1, 0, 0]),
    "broadcast pair": (np.array([[0], [2]]), np.array([1, 3])), "list then slice": ([0, 1], slice(1, 3)),
    "slice then list": (slice(None, None, -1), [3, 3, 0]),
    "slice, list, slice": (slice(1, None), [1, 0], slice(None, None, -1)),
    "ellipsis then list": (Ellipsis, [1, 0, 1]), "lists apart": ([0, 1], slice(None), [1, 0]), "None and list": (None, [0, 2]),
    "list and None": ([0, 2], None), "mask": MASK, "mask of rows": ROWS, "mask of a plane": PLANE,
    "mask as a list": [True, False, True], "nothing masked": np.zeros(SHAPE, bool), "all masked": np.ones(SHAPE, bool),
    "mask after slice": (slice(None), np.array([True, False, True, True])), "mask and list": (ROWS, [0, 1]),
    "True": True, "False": False, "range": range(2), "nested list": [[0, 1], [1, 2]],
}
FORMS = {**BASIC, **ADVANCED}


def for_numpy(index):
    """NumPy takes no range, and an empty list is one of floats."""
    if isinstance(index, tuple):
        return tuple(for_numpy(i) for i in index)
    if isinstance(index, (list, range)):
        a = np.array(list(index))
        return a.astype(int) if not a.size else a
    return index


def numbers(seed=0, shape=SHAPE, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def leaf(a):
    return autodiff.tensor(a, requires_grad=True)


forms = pytest.mark.parametrize("index", FORMS.values(), ids=FORMS)


def expected_gradient(shape, index, g):
    places = np.arange(int(np.prod(shape))).reshape(shape)[for_numpy(index)]
    result = np.zeros(int(np.prod(shape)))
    np.add.at(result, places, g)
    return result.reshape(shape)


@forms
@pytest.mark.parametrize("create_graph", [False, True])
def test_read(index, create_graph):
    a = numbers()
    x = leaf(a)
    out = x[index]
    expected = a[for_numpy(index)]
    assert tuple(out.shape) == expected.shape
    np.testing.assert_array_equal(out.detach().numpy(), expected)
    assert out.requires_grad and not out.is_leaf
    w = numbers(1, expected.shape)
    (g,) = autograd.grad((out * T(w)).sum(), x, create_graph=create_graph)
    np.testing.assert_allclose(g.detach().numpy(), expected_gradient(SHAPE, index, w), rtol=1e-14)
    assert g.shape == x.shape


@forms
def test_second_derivative_of_reading(index):
    a = numbers()
    x = leaf(a)
    w = numbers(1, a[for_numpy(index)].shape)
    (g,) = autograd.grad((x[index] ** 3 * T(w)).sum(), x, create_graph=True)
    v = numbers(2)
    (h,) = autograd.grad((g * T(v)).sum(), x)
    np.testing.assert_allclose(h.numpy(), expected_gradient(SHAPE, index, w) * 6 * a * v, rtol=1e-12)


@forms
def test_read_without_gradient(index):
    for dtype in (np.float32, np.int64, bool):
        a = (numbers() * 3).astype(dtype)
        out = T(a)[index]
        np.testing.assert_array_equal(out.numpy(), a[for_numpy(index)])
        assert out.numpy().dtype == dtype and not out.requires_grad


@pytest.mark.parametrize("index", BASIC.values(), ids=BASIC)
def test_basic_reads_are_views(index):
    x = T(numbers())
    v = x[index]
    assert v._is_view()
    with autodiff.no_grad():
        v.fill_(7.0)
    assert (x.numpy()[for_numpy(index)] == 7).all()


@pytest.mark.parametrize("index", [i for i in ADVANCED.values() if not (isinstance(i, np.ndarray) and i.ndim == 0)],
                         ids=[n for n, i in ADVANCED.items() if not (isinstance(i, np.ndarray) and i.ndim == 0)])
def test_advanced_reads_are_copies(index):
    a = numbers()
    x = T(a)
    v = x[index]
    v.fill_(7.0)
    np.testing.assert_array_equal(x.numpy(), a)


@pytest.mark.parametrize("index", [i for n, i in ADVANCED.items() if n not in ("True", "False", "range")],
                         ids=[n for n in ADVANCED if n not in ("True", "False", "range")])
def test_variables_as_indices(index):
    def as_variable(i):
        if isinstance(i, tuple):
            return tuple(as_variable(e) for e in i)
        return T(for_numpy(i)) if isinstance(i, (list, np.ndarray)) else i

    a = numbers()
    x = leaf(a)
    out = x[as_variable(index)]
    np.testing.assert_array_equal(out.detach().numpy(), a[for_numpy(index)])
    w = numbers(1, out.shape)
    (out * T(w)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), expected_gradient(SHAPE, index, w))


def test_a_leaf_as_index_is_refused():
    with pytest.raises(IndexError, match="long, int, byte or bool"):
        T(numbers())[T([0.0, 1.0])]


def test_index_beside_an_integer_and_a_slice():
    """PyTorch selects by the integer first; NumPy takes it for an array and moves its dimension to the front."""
    a = numbers()
    cases = [((0, slice(None), [1, 0, 1]), a[0][:, [1, 0, 1]]), ((0, slice(None), np.array([1])), a[0][:, [1]]),
             ((slice(None), 0, [1, 0, 1]), a[:, 0][:, [1, 0, 1]]), ((1, [0, 2], slice(None)), a[1][[0, 2]])]
    for index, expected in cases:
        x = leaf(a)
        out = x[index]
        assert tuple(out.shape) == expected.shape, index
        np.testing.assert_array_equal(out.detach().numpy(), expected)
        y = x.clone()
        y[index] = T(np.arange(expected.size, dtype=float).reshape(expected.shape))
        assert tuple(y[index].shape) == expected.shape


# ---- writing

def written(a, index, value):
    out = np.array(a)
    out[for_numpy(index)] = value
    return out


def has_duplicates(index):
    places = np.arange(24).reshape(SHAPE)[for_numpy(index)]
    return len(np.unique(places)) < places.size


@forms
@pytest.mark.parametrize("kind", ["leaf", "number", "array", "0-d leaf", "broadcast leaf"])
def test_write(index, kind):
    a = numbers()
    part = a[for_numpy(index)].shape
    if has_duplicates(index) and kind in ("leaf", "array", "broadcast leaf"):
        pytest.skip("which of several writes to one place lasts is not defined")
    source = {"leaf": lambda: numbers(3, part), "number": lambda: 0.5, "array": lambda: numbers(3, part),
              "0-d leaf": lambda: numbers(3, ()), "broadcast leaf": lambda: numbers(3, part[-1:])}[kind]()
    x = leaf(a)
    y = leaf(source) if "leaf" in kind else source
    out = x.clone()
    out[index] = y
    np.testing.assert_array_equal(out.detach().numpy(), written(a, index, source))
    assert out.requires_grad
    w = numbers(4)
    total = (out.sin() * T(w)).sum()
    v = w * np.cos(written(a, index, source))
    for create_graph in (False, True):
        wanted = [x, y] if "leaf" in kind else [x]
        found = autograd.grad(total, wanted, retain_graph=True, create_graph=create_graph)
        np.testing.assert_allclose(found[0].detach().numpy(), written(v, index, 0.0), rtol=1e-12)
        if "leaf" in kind:
            g = v[for_numpy(index)]
            axes = tuple(range(g.ndim - np.ndim(source)))
            np.testing.assert_allclose(found[1].detach().numpy(), g.sum(axes), rtol=1e-12)
            assert found[1].shape == y.shape


@forms
def test_second_derivative_of_writing(index):
    """sum(sin(out)) twice: the recorded pass of a write is held to the closed form."""
    if has_duplicates(index):
        pytest.skip("which of several writes to one place lasts is not defined")
    a = numbers()
    source = numbers(3, a[for_numpy(index)].shape)
    x, y = leaf(a), leaf(source)
    out = x.clone()
    out[index] = y
    gx, gy = autograd.grad(out.sin().sum(), (x, y), create_graph=True)
    hx, hy = autograd.grad(gx.sum() + gy.sum(), (x, y))
    curve = -np.sin(written(a, index, source))
    np.testing.assert_allclose(hx.numpy(), written(curve, index, 0.0), rtol=1e-12)
    np.testing.assert_allclose(hy.numpy(), curve[for_numpy(index)], rtol=1e-12)


@pytest.mark.parametrize("index", BASIC.values(), ids=BASIC)
@pytest.mark.parametrize("how", ["mul_", "sin_", "operator", "copy_"])
def test_in_place_on_a_view(index, how):
    a = numbers()
    x = leaf(a)
    base = x * 1.0
    view = base[index]
    part = a[for_numpy(index)]
    w = numbers(4)
    if how == "mul_":
        view.mul_(3.0)
        value, slope = 3 * part, 3.0
    elif how == "sin_":
        view.sin_()
        value, slope = np.sin(part), np.cos(part)
    elif how == "operator":
        base[index] *= -2.0
        value, slope = -2 * part, -2.0
    else:
        view.copy_(T(part * 5))
        value, slope = part * 5, 0.0
    np.testing.assert_array_equal(base.detach().numpy(), written(a, index, value))
    (base * T(w)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), written(w, index, w[for_numpy(index)] * slope), rtol=1e-12)


@pytest.mark.parametrize("how", ["set", "mul_"])
def test_second_derivative_of_in_place_on_a_view(how):
    """The derivative of a write's derivative is a write too, of zeros, and has a reverse pass of its own."""
    a = numbers(0, (4,))
    x = leaf(a)
    c = x * 2.0
    if how == "set":
        c[1:] = x[:-1] * 3.0
        weights = np.array([2.0, 3, 3, 3])
        source = np.array([0, 0, 1, 2])
    else:
        c[1:].mul_(-1.5)
        weights = np.array([2.0, -3, -3, -3])
        source = np.arange(4)
    (g,) = autograd.grad(c.sin().sum(), x, create_graph=True)
    (h,) = autograd.grad(g.sum(), x, retain_graph=True)
    values = weights * a[source]
    np.testing.assert_allclose(c.detach().numpy(), values)
    first, second = np.zeros(4), np.zeros(4)
    np.add.at(first, source, weights * np.cos(values))
    np.add.at(second, source, -weights ** 2 * np.sin(values))
    np.testing.assert_allclose(g.detach().numpy(), first, rtol=1e-12)
    np.testing.assert_allclose(h.numpy(), second, rtol=1e-12)


@pytest.mark.parametrize("index", [0, slice(1, None), (slice(None), 0), [1], Ellipsis], ids=str)
@pytest.mark.parametrize("seed", ["sum(0)", "mean(0)", "sum(1)", "expand", "an expanded gradient", "sum()"])
def test_write_under_an_expanded_cotangent(index, seed):
    """The cotangent of a sum is one number under many positions: taking the written part out must not touch the rest."""
    x = leaf(numbers(0, (2, 2)))
    y = x.clone()
    y[index] = 3.0
    if seed == "an expanded gradient":
        y.backward(T([2.0]).expand(2, 2))
        full = np.full((2, 2), 2.0)
    else:
        out = {"sum(0)": lambda: y.sum(0), "mean(0)": lambda: y.mean(0) * 2, "sum(1)": lambda: y.sum(1),
               "sum()": lambda: y.sum(), "expand": lambda: y.sum(0, keepdim=True).expand(3, 2)}[seed]()
        out.backward(autodiff.ones(out.shape))
        full = np.full((2, 2), 3.0 if seed == "expand" else 1.0)
    np.testing.assert_array_equal(x.grad.numpy(), written(full, index, 0.0))


@pytest.mark.parametrize("seed", ["transposed", "transposed product", "sum(0)", "plain"])
def test_write_through_a_reshape_under_a_strided_cotangent(seed):
    """Written positions are found by a reshape, which a cotangent in another order has no view for."""
    x = leaf(numbers(0, (2, 3)))
    y = x * 1.0
    y.reshape(-1)[:3] = 5.0
    w = np.arange(1.0, 7.0).reshape(2, 3)
    if seed == "transposed":
        y.T.backward(T(w.T.copy()))
    elif seed == "transposed product":
        (y.T * T(w.T.copy())).sum().backward()
    elif seed == "sum(0)":
        y.sum(0).backward(T([1.0, 2.0, 3.0]))
        w = np.tile([1.0, 2.0, 3.0], (2, 1))
    else:
        y.backward(T(w))
    np.testing.assert_array_equal(x.grad.numpy(), [[0, 0, 0], w[1]])


@pytest.mark.parametrize("peek", [lambda y: y.detach(), lambda y: y.data, lambda y: y.view(1), lambda y: y.detach().numpy()])
def test_a_look_at_a_saved_number_does_not_hide_its_change(peek):
    x = leaf(np.array(2.0))
    y = x * 1.0
    z = y.sin()
    peek(y)
    y.mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_two_expanded_cotangents():
    x = leaf(numbers(0, (2, 3)))
    y = x * 1.0
    a, b = y.sum(0), y.sum(1)
    (a * T([1.0, 2.0, 3.0])).sum().backward(retain_graph=True)
    (a.sum() + (b * T([10.0, 20.0])).sum()).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[12, 13, 14], [22, 23, 24]])


def test_duplicates_accumulate():
    x = leaf(np.array([1.0, 2.0, 3.0]))
    x[[0, 0, 2, 0]].sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3, 0, 1])
    x.grad = None
    (x[[1, 1]] * T([2.0, 5.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 7, 0])


def test_many_reads_of_one_element():
    x = leaf(numbers(0, (5,)))
    total = sum(x[i % 5] * (i + 1) for i in range(100))
    total.backward()
    np.testing.assert_allclose(x.grad.numpy(), [sum(i + 1 for i in range(100) if i % 5 == k) for k in range(5)])


def test_a_swap():
    x = leaf(np.array([1.0, 2.0, 3.0]))
    y = x.clone()
    y[[0, 1]] = y[[1, 0]]
    np.testing.assert_array_equal(y.detach().numpy(), [2, 1, 3])
    (y * T([1.0, 10.0, 100.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [10, 1, 100])


def test_overlapping_write():
    x = leaf(np.arange(5.0))
    y = x.clone()
    y[1:] = y[:-1] * 1.0
    np.testing.assert_array_equal(y.detach().numpy(), [0, 0, 1, 2, 3])
    (y * T([1.0, 2.0, 3.0, 4.0, 5.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3, 3, 4, 5, 0])


def test_write_into_what_needs_no_gradient_makes_it_need_one():
    for index in (1, slice(0, 2), [0, 2], T([True, False, True])):
        y = autodiff.zeros(3)
        s = leaf(np.array(2.0))
        y[index] = s * 3
        assert y.requires_grad and not y.is_leaf
        y.sum().backward()
        assert s.grad.item() == 3 * (y.detach().numpy() == 6).sum()


def test_write_narrows_and_widens():
    for low, high in ((autodiff.float32, autodiff.float64), (autodiff.float64, autodiff.float32)):
        y = autodiff.zeros(3, dtype=low)
        s = autodiff.tensor([1.0, 2.0], dtype=high, requires_grad=True)
        y[1:] = s
        assert y.dtype == low
        for create_graph in (False, True):
            (g,) = autograd.grad((y * y).sum(), s, retain_graph=True, create_graph=create_graph)
            assert g.dtype == high
            np.testing.assert_array_equal(g.detach().numpy(), [2, 4])


def test_writes_that_are_refused():
    x = leaf(numbers())
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x[0] = 1.0
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x[0].mul_(2.0)
    y = x.clone()
    with pytest.raises(RuntimeError, match="shape mismatch"):
        y[0] = autodiff.ones(5)
    with pytest.raises((RuntimeError, ValueError, IndexError)):
        y[[0, 1]] = autodiff.ones(5)
    with pytest.raises(RuntimeError, match="single memory location"):
        x.clone()[:1].expand(3, 4, 2)[0] = 1.0
    with autodiff.no_grad():
        x[0] = 1.0
    assert (x.detach().numpy()[0] == 1).all() and x.is_leaf


@pytest.mark.parametrize(("index", "message"), [
    (3, "index 3 is out of bounds for dimension 0 with size 3"), (-4, "index -4 is out of bounds"),
    ((0, 4), "index 4 is out of bounds for dimension 1 with size 4"),
    ((0, 0, 0, 0), "too many indices for tensor of dimension 3"),
    ((Ellipsis, Ellipsis), "single ellipsis"), (0.5, "valid indices|only integers"), ("a", "valid indices|only integers"),
    ([0, 7], "out of bounds"), (np.ones((2, 2), bool), "did not match|does not match"),
])
@pytest.mark.parametrize("write", [False, True])
def test_indices_that_are_refused(index, message, write):
    y = T(numbers())
    before = y.numpy().copy()
    with pytest.raises(IndexError, match=message):
        if write:
            y[index] = 1.0
        else:
            y[index]
    np.testing.assert_array_equal(y.numpy(), before)


@pytest.mark.parametrize("fresh", [lambda: leaf(np.array(2.0)), lambda: leaf(np.array(2.0)) * 3, lambda: T(np.array(2.0))])
def test_no_dimensions(fresh):
    """A number has no element to pick; a new axis and a mask of no dimensions it can have."""
    for index, shape in (((), ()), (Ellipsis, ()), (None, (1,)), ((None, None), (1, 1)), (True, (1,)), (False, (0,)),
                         (T(True), (1,)), (T(False), (0,))):
        x = fresh()
        assert tuple(x[index].shape) == shape, index
    for index in (1, slice(None), (0, 0)):
        with pytest.raises(IndexError):
            fresh()[index]
    x = leaf(np.array(2.0))
    (x[None] * 3).sum().backward()
    assert x.grad.item() == 3


def test_writing_to_no_dimensions():
    for index in ((), Ellipsis):
        x = leaf(np.array(2.0))
        y = x * 3
        z = y * 5
        y[index] = x * 7
        assert y.item() == 14
        (y + z).backward()
        assert x.grad.item() == 7 + 15
    x = leaf(np.array(2.0))
    y = x * 3
    z = y * y
    y[...] = 1.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_a_saved_element_that_is_overwritten_raises():
    for index in (0, slice(0, 1), [0]):
        x = leaf(np.array([2.0, 3.0]))
        y = x * 1.0
        z = y * y
        y[index] = 1.0
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.sum().backward()


def test_an_index_is_not_held_by_reference():
    """The caller may change the array of positions between the two passes."""
    where = np.array([0, 1])
    x = leaf(np.array([1.0, 2.0, 3.0]))
    out = x[where]
    where[:] = 2
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 1, 0])
    where = np.array([0, 1])
    y = x.clone()
    y[where] = 0.0
    where[:] = 2
    x.grad = None
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0, 1])


def test_index_forms_of_the_numpy_flavour():
    """There, as in NumPy: an integer beside a list is a list."""
    a = numbers()
    for index in FORMS.values():
        x = autodiff.numpy.array(a, requires_grad=True)
        out = x[index]
        assert out.shape == a[for_numpy(index)].shape
        w = numbers(1, out.shape)
        (out * w).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), expected_gradient(SHAPE, index, w))
    x = autodiff.numpy.array(a)
    assert x[0, :, [1, 0, 1]].shape == a[0, :, [1, 0, 1]].shape
