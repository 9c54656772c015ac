"""Every form of index, read and written: values as an ndarray's, gradients by position.

The gradient of reading is checked through the positions an index picks: gather the numbers of the elements with the same
index in NumPy, and each element gets the cotangents of all places that show it.
"""
import time

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
    "True": True, "False": False, "range": range(2), "nested list": ([[0, 1], [1, 2]],),
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


def stays(index, shape=SHAPE):
    """For each element that is written, 1 if it is the last one for its place, and 0 if another replaces it."""
    places = np.arange(np.prod(shape, dtype=int)).reshape(shape)[for_numpy(index)]
    flat = np.ravel(places).tolist()
    last = {place: number for number, place in enumerate(flat)}
    return np.array([1.0 if last[place] == number else 0.0 for number, place in enumerate(flat)]).reshape(np.shape(places))


@forms
@pytest.mark.parametrize("kind", ["leaf", "number", "array", "0-d leaf", "broadcast leaf"])
def test_write(index, kind):
    a = numbers()
    part = a[for_numpy(index)].shape
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
            g = v[for_numpy(index)] * stays(index)
            axes = tuple(range(g.ndim - np.ndim(source)))
            np.testing.assert_allclose(found[1].detach().numpy(), g.sum(axes), rtol=1e-12)
            assert found[1].shape == y.shape


@forms
def test_second_derivative_of_writing(index):
    """sum(sin(out)) twice: the recorded pass of a write is held to the closed form."""
    a = numbers()
    source = numbers(3, a[for_numpy(index)].shape)
    x, y = leaf(a), leaf(source)
    out = x.clone()
    out[index] = y
    gx, gy = autograd.grad(out.sin().sum(), (x, y), create_graph=True)
    hx, hy = autograd.grad(gx.sum() + gy.sum(), (x, y))
    curve = -np.sin(written(a, index, source))
    np.testing.assert_allclose(hx.numpy(), written(curve, index, 0.0), rtol=1e-12)
    np.testing.assert_allclose(hy.numpy(), curve[for_numpy(index)] * stays(index), rtol=1e-12)


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
        x.clone()[:1].expand(3, 4, 2)[:, 0] = 1.0
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


def test_a_list_of_more_than_numbers():
    """PyTorch takes it for a tuple, with a warning; NumPy for an array."""
    a = numbers()
    for index, same in (([[0, 1], [1, 2]], ([0, 1], [1, 2])), ([T([0, 1]), slice(1, 3)], ([0, 1], slice(1, 3))),
                        ([None, 0], (None, 0)), ([Ellipsis, [1]], (Ellipsis, [1]))):
        x = T(a)
        with pytest.warns(UserWarning, match="non-tuple sequence"):
            np.testing.assert_array_equal(x[index].numpy(), a[same])
        with pytest.warns(UserWarning, match="non-tuple sequence"):
            x[index] = 5.0
        np.testing.assert_array_equal(x.numpy(), written(a, same, 5.0))
    assert autodiff.numpy.array(a)[[[0, 1], [1, 2]]].shape == (2, 2, 4, 2)


def test_bytes_are_a_mask_for_pytorch_and_numbers_for_numpy():
    a, index = numbers(), np.array([1, 0, 1], np.uint8)
    for i in (T(index), index):
        with pytest.warns(UserWarning, match="uint8 is now deprecated"):
            np.testing.assert_array_equal(T(a)[i].numpy(), a[[0, 2]])
    np.testing.assert_array_equal(autodiff.numpy.array(a)[index].numpy(), a[index])
    with pytest.warns(UserWarning, match="uint8 is now deprecated"):
        assert T(a)[T(1, dtype=autodiff.uint8)].shape == (1, *SHAPE)       # as True, and not position 1
    assert autodiff.numpy.array(a)[np.uint8(1)].shape == SHAPE[1:]


def test_an_ellipsis_of_no_dimension_parts_arrays_for_numpy_alone():
    a = np.arange(6.0).reshape(3, 2)
    i, j = np.array([0, 1, 2]), np.array([1])
    index = (None, i, Ellipsis, j)
    assert a[index].shape == (3, 1)
    np.testing.assert_array_equal(autodiff.numpy.array(a)[index].numpy(), a[index])
    np.testing.assert_array_equal(T(a)[index].numpy(), a[None, i, j])
    x = leaf(np.zeros(3))
    y = T(a) * 1.0
    y[index] = x
    np.testing.assert_array_equal(y.detach().numpy()[:, 1], 0.0)
    (y * T(a)).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), a[:, 1])


def test_augmented_writes():
    a, w = numbers(), numbers(1)
    for index in (1, slice(None, None, -2), [0, 2], T(ROWS), T(MASK), (slice(None), [3, 0]), (T([0, 1]), 1)):
        x, v = leaf(a), leaf(np.array(2.0))
        y = x * 1.0
        y[index] *= v
        plain_index = index.numpy() if isinstance(index, autodiff.Tensor) else index
        if isinstance(index, tuple) and isinstance(index[0], autodiff.Tensor):
            plain_index = ([0, 1], 1)
        expected, factor = a.copy(), np.ones(SHAPE)
        expected[plain_index] *= 2
        factor[plain_index] = 2
        np.testing.assert_array_equal(y.detach().numpy(), expected)
        (y * T(w)).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), w * factor)
        np.testing.assert_allclose(v.grad.numpy(), (w * a)[plain_index].sum())


@pytest.mark.parametrize(("index", "value", "message"), [
    ([0, 1], np.ones(5), r"shape mismatch: value tensor of shape \[5\] cannot be broadcast to indexing result of shape "
                         r"\[2, 4, 2\]"),
    (MASK, np.ones(5), "shape mismatch"), ((0, 0, 0), np.ones(2), "shape mismatch|doesn't match"),
])
def test_values_that_do_not_fit(index, value, message):
    a = numbers()
    for given in (value, T(value), leaf(value)):
        y = T(a)
        with pytest.raises(RuntimeError, match=message):
            y[index] = given
        np.testing.assert_array_equal(y.numpy(), a)
        assert not y.requires_grad


def test_positions_out_of_range_are_named():
    for index, words in (([0, 7], "index 7 is out of bounds for dimension 0 with size 3"),
                         ((slice(None), [0, -5]), "index -5 is out of bounds for dimension 1 with size 4"),
                         ((Ellipsis, T([2])), "index 2 is out of bounds for dimension 2 with size 2")):
        for write in (False, True):
            y = T(numbers())
            with pytest.raises(IndexError, match=words):
                if write:
                    y[index] = 1.0
                else:
                    y[index]


# ---- any index at all: an entry for each of the first dimensions, made at random

def any_entry(random, n, shape, negative_steps):
    kind = random.integers(9)
    if kind == 0:
        return int(random.integers(-n, n))
    if kind in (1, 2):
        start, stop = (int(random.integers(-n - 1, n + 2)) if random.random() < 0.6 else None for _ in range(2))
        return slice(start, stop, int(random.choice([1, 2, 3, -1, -2] if negative_steps else [1, 2, 3])))
    if kind == 3:
        return random.integers(-n, n, shape).astype(random.choice([np.int64, np.int32]))
    if kind == 4:
        return random.integers(0, n, shape).tolist() if shape else [0]
    if kind == 5:
        return random.random(n) < 0.5
    if kind == 6:
        return None
    if kind == 7:
        return bool(random.random() < 0.7)
    return random.integers(-n, n, ())


def any_index(random, shape, negative_steps=True):
    together = ((), (2,), (3,), (2, 3), (1,))[random.integers(5)]
    index, d, skipped = [], 0, False
    for _ in range(random.integers(1, 6)):
        if not skipped and random.random() < 0.1:
            index.append(Ellipsis)
            d, skipped = d + int(random.integers(0, 2)), True
        elif d < len(shape):
            entry = any_entry(random, shape[d], together, negative_steps)
            d += entry is not None and not isinstance(entry, bool)
            index.append(entry)
    return tuple(index)


@pytest.mark.parametrize("seed", range(8))
def test_any_index_reads_and_writes_as_numpy_does(seed):
    """The NumPy flavour, whose rules of placement are NumPy's: values, gradients, writes, and what is refused."""
    random = np.random.default_rng(seed)
    read = refused = 0
    for _ in range(60):
        shape = tuple(int(n) for n in random.integers(1, 5, random.integers(1, 5)))
        a, index = random.normal(size=shape), any_index(random, shape)
        x = autodiff.numpy.array(a, requires_grad=True)
        as_variables = tuple(autodiff.numpy.array(e) if isinstance(e, np.ndarray) else e for e in index)
        try:
            expected = a[index]
        except IndexError:
            with pytest.raises(IndexError):
                x[as_variables]
            refused += 1
            continue
        out = x[as_variables]
        np.testing.assert_array_equal(out.detach().numpy(), expected, err_msg=str(index))
        w = random.normal(size=out.shape)
        (out * w).sum().backward()
        places = np.arange(a.size).reshape(shape)[index]
        g = np.zeros(a.size)
        np.add.at(g, places, w)
        np.testing.assert_allclose(x.grad.numpy(), g.reshape(shape), rtol=1e-12, atol=1e-14, err_msg=str(index))
        read += 1
        y, source = x * 1, autodiff.numpy.array(w, requires_grad=True)
        y[as_variables] = source
        np.testing.assert_array_equal(y.detach().numpy(), written(a, index, w), err_msg=str(index))
        v = random.normal(size=shape)
        (g,) = autograd.grad((y * v).sum(), source)
        np.testing.assert_array_equal(g.numpy(), v[index] * stays(index, shape), err_msg=str(index))
    assert read > 20


def taken_apart(a, index):
    """What PyTorch's rule gives: integers, slices, None and bools beside arrays first, one by one; then the arrays.

    The places of the arrays' common dimensions: where they stand, if they stand side by side in what is left; else first.
    """
    index = tuple(int(e) if isinstance(e, np.ndarray) and e.ndim == 0 and e.dtype != bool else e for e in index)
    consumed = sum(e is not None and not isinstance(e, bool) and e is not Ellipsis for e in index)
    full = []
    for e in index:
        full += [slice(None)] * (a.ndim - consumed) if e is Ellipsis else [e]
    axis, arrays = 0, []
    for e in full:
        if isinstance(e, (int, np.integer)) and not isinstance(e, bool):
            a = np.take(a, e, axis)
        elif isinstance(e, slice):
            a, axis = a[(slice(None),) * axis + (e,)], axis + 1
        elif e is None:
            a, axis = np.expand_dims(a, axis), axis + 1
        elif isinstance(e, bool):
            a = np.expand_dims(a, axis)
            arrays.append((axis, np.array([0] if e else [], int)))
            axis += 1
        else:
            e = np.asarray(e)
            if e.dtype == bool and e.size != a.shape[axis]:
                raise IndexError("a mask of another size")
            arrays.append((axis, np.flatnonzero(e) if e.dtype == bool else e))
            axis += 1
    rest = [slice(None)] * a.ndim
    for axis, array in arrays:
        rest[axis] = array
    return a[tuple(rest)] if arrays else a


@pytest.mark.parametrize("seed", range(8))
def test_any_index_reads_as_pytorch_does(seed):
    random = np.random.default_rng(100 + seed)
    read = 0
    for _ in range(60):
        shape = tuple(int(n) for n in random.integers(1, 5, random.integers(1, 5)))
        a, index = random.normal(size=shape), any_index(random, shape)
        x = leaf(a)
        as_variables = tuple(T(e) if isinstance(e, np.ndarray) else e for e in index)
        try:
            expected = taken_apart(a, index)
        except IndexError:
            with pytest.raises(IndexError):
                x[as_variables]
            continue
        out = x[as_variables]
        np.testing.assert_array_equal(out.detach().numpy(), expected, err_msg=str(index))
        w = random.normal(size=tuple(out.shape))
        (out * T(w)).sum().backward()
        g = np.zeros(a.size)
        np.add.at(g, taken_apart(np.arange(a.size).reshape(shape), index), w)
        np.testing.assert_allclose(x.grad.numpy(), g.reshape(shape), rtol=1e-12, atol=1e-14, err_msg=str(index))
        read += 1
    assert read > 20


def test_many_positions_are_added_fast():
    """A million elements: well under what one element at a time would take."""
    random = np.random.default_rng(0)
    x = leaf(np.ones((1000, 1000)))
    index = T(random.integers(0, 1000, (1000, 1000)))
    for f in (lambda: x.gather(0, index), lambda: x.scatter_add(1, index, x * 1), lambda: x.index_select(1, index[0]),
              lambda: x.take(index), lambda: x[index[0], index[1]], lambda: x.index_add(0, index[0], x)):
        start = time.perf_counter()
        f().sum().backward()
        assert time.perf_counter() - start < 2
    expected = np.zeros((1000, 1000))
    np.add.at(expected, (index.numpy(), np.arange(1000)[None]), 1.0)
    x.grad = None
    x.gather(0, index).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), expected)


# ---- functions

def test_in_place_forms_leave_a_leaf_alone():
    x, s, i = leaf(np.zeros(3)), T([1.0]), T([0])
    mask = T([True, False, False])
    calls = {"scatter_": (0, i, s), "scatter_add_": (0, i, s), "scatter_reduce_": (0, i, s, "sum"),
             "index_add_": (0, i, s), "index_reduce_": (0, i, s, "amax"),
             "index_copy_": (0, i, s), "index_fill_": (0, i, 1.0), "masked_fill_": (mask, 1.0), "masked_scatter_": (mask, s),
             "index_put_": ((i,), s), "put_": (i, s)}
    for name, arguments in calls.items():
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            getattr(x, name)(*arguments)
        assert x.tolist() == [0, 0, 0] and x._version == 0
        y = x * 1
        assert getattr(y, name)(*arguments) is y and y._version == 1 and y.tolist() == [1, 0, 0]
        z = autodiff.zeros(3)
        assert getattr(z[:], name)(*arguments).tolist() == [1, 0, 0] == z.tolist()
        with pytest.raises((RuntimeError, IndexError)):
            z2 = autodiff.ones(3)
            getattr(z2, name)(*[T([5]) if a is i else (T([5]),) if isinstance(a, tuple) else T([True]) * 5 if a is mask else a
                                for a in arguments])
        assert z2.tolist() == [1, 1, 1]


def test_an_index_of_a_function_is_not_held_by_reference():
    x, where = leaf(np.array([1.0, 2.0, 3.0])), T([0, 1])
    outs = [x.gather(0, where), x.index_select(0, where), x.take(where), x.scatter_add(0, where, x),
            x.index_add(0, where, x[:2]), x.index_put((where,), x[1:])]
    found = [autograd.grad(out.sum(), x, retain_graph=True)[0].tolist() for out in outs]
    where.fill_(2)
    assert [autograd.grad(out.sum(), x)[0].tolist() for out in outs] == found


def test_methods_of_the_numpy_flavour():
    a = numbers()
    make = autodiff.numpy.array
    x = make(a, requires_grad=True)
    y = x * 1
    assert y.sort(0) is None
    np.testing.assert_array_equal(y.detach().numpy(), np.sort(a, 0))
    y[0].sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), a == a.min(0))
    np.testing.assert_array_equal(x.argsort(axis=1).numpy(), a.argsort(axis=1))
    np.testing.assert_array_equal(x.argsort(None).numpy(), a.argsort(None))
    assert [p.tolist() for p in x.nonzero()] == [p.tolist() for p in a.nonzero()]
    for arguments in (([0, -1],), ([[1, 0]], 1), (2, 0), ([5, -7], 0, None, "wrap"), ([5, -7], 0, None, "clip")):
        out = x.take(*arguments)
        np.testing.assert_array_equal(out.detach().numpy(), a.take(*arguments))
        assert type(out) is type(x)
    z, plain = make(a), a.copy()
    assert z.put([0, -1, 5], [7.0, 8.0]) is None
    plain.put([0, -1, 5], [7.0, 8.0])
    np.testing.assert_array_equal(z.numpy(), plain)
    assert make([1.0, 3.0]).searchsorted([0.0, 3.0], side="right").tolist() == [0, 2]
    with pytest.raises(IndexError):
        x.take([3], 0)


def test_values_of_unique_refuse_a_gradient():
    x = leaf(np.array([1.0, 1.0]))
    for f in (autodiff.unique, autodiff.unique_consecutive, lambda x: x.unique(dim=0)):
        values = f(x)
        assert values.tolist() == [1] and values.requires_grad
        with pytest.raises(NotImplementedError, match="derivative for"):
            values.sum().backward()
        assert not f(x.detach()).requires_grad


def test_scatter_reduce_by_products_of_zeros():
    """The derivative of a product in a factor of 0 is the product of the others: of every order."""
    x, y = leaf(np.array([2.0])), leaf(np.array([0.0, 3.0, 0.0]))
    out = x.scatter_reduce(0, T([0, 0, 0]), y, "prod")
    (g,) = autograd.grad(out.sum(), y, create_graph=True)
    assert g.tolist() == [0, 0, 0]
    (h,) = autograd.grad(g[0], y)
    assert h.tolist() == [0, 0, 6]
    z = autodiff.ones(1).scatter_reduce(0, T(np.zeros(1000, int)), autodiff.full((1000,), 1.001), "prod")
    assert abs(z.item() - 1.001 ** 1000) < 1e-9


def test_topk_of_many():
    a = np.random.default_rng(0).permutation(20000).astype(float).reshape(2, 10000)
    for largest in (True, False):
        x = leaf(a)
        values, indices = x.topk(5, 1, largest)
        expected = np.sort(a, 1)[:, :-6:-1] if largest else np.sort(a, 1)[:, :5]
        np.testing.assert_array_equal(values.detach().numpy(), expected)
        np.testing.assert_array_equal(np.take_along_axis(a, indices.numpy(), 1), expected)
        values.sum().backward()
        assert x.grad.sum() == 10


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
