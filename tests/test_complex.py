"""Complex and half floats in the graph.

A gradient is that of PyTorch: the derivative in the real part plus 1j times that in the imaginary part, of a real result.
It is held against central differences in both directions, and so is the gradient of a function of that gradient.
"""
import copy
import pickle
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import _variable, autograd, rules
from autodiff.autograd import forward_ad
from checks import leaf, plain, public

STEP = 1e-6
WEIGHT = 0.7 - 0.4j


@pytest.fixture(autouse=True)
def no_numpy_warning():
    """Casts of cotangents to real dtypes are no loss to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield


def points(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return np.asarray(rng.uniform(0.4, 1.3, shape) + 1j * rng.uniform(-0.9, 0.9, shape))


def weighed(y):
    """A real number made of all elements, complex ones turned by weights."""
    w = np.linspace(0.5, 1.5, y.numel()).reshape(tuple(y.shape))
    total = (y * autodiff.tensor(w)).sum()
    return (total * WEIGHT).real if total.is_complex() else total


def near(f, arrays, i):
    """Central differences of a real function in the real and imaginary parts of its i-th array."""
    x = arrays[i]
    result = np.zeros(x.shape, x.dtype)
    for position in np.ndindex(*x.shape):
        for unit in (1, 1j) if x.dtype.kind == "c" else (1,):
            moved = []
            for step in (STEP, -STEP):
                there = x.copy()
                there[position] += step * unit
                moved.append(f(*arrays[:i], there, *arrays[i + 1:]))
            result[position] += unit * (moved[0] - moved[1]) / (2 * STEP)
    return result


def check(f, *arrays):
    """Gradients by the unrecorded and the recorded pass, and those of a function of them."""
    def first(*arrays):
        leaves = [leaf(a) for a in arrays]
        total = weighed(f(*leaves))
        alone = autograd.grad(total, leaves, retain_graph=True)
        recorded = autograd.grad(total, leaves, create_graph=True)
        for g, r, a in zip(alone, recorded, arrays):
            assert g.dtype == r.dtype == a.dtype and tuple(g.shape) == a.shape
            np.testing.assert_allclose(plain(r), plain(g), rtol=1e-12, atol=1e-13)
        return leaves, recorded

    def curved(gradients):
        return sum([weighed(g * g + g) for g in gradients[1:]], weighed(gradients[0] * gradients[0] + gradients[0]))

    leaves, gradients = first(*arrays)
    second = autograd.grad(curved(gradients), leaves, allow_unused=True) if curved(gradients).requires_grad else ()
    for i, g in enumerate(gradients):
        expected = near(lambda *a: weighed(f(*map(autodiff.tensor, a))).item(), arrays, i)
        np.testing.assert_allclose(plain(g), expected, rtol=1e-6, atol=1e-7)
    for i, g in enumerate(second):
        expected = near(lambda *a: curved(first(*a)[1]).item(), arrays, i)
        np.testing.assert_allclose(0 * expected if g is None else plain(g), expected, rtol=2e-5, atol=2e-5)


#: Rows that calls know by name: those of powers are among the formulas below.
HOLOMORPHIC = [rule for rule in rules.ELEMENTWISE if rule.complex != "refused" and rule.function]


@pytest.mark.parametrize("shape", [(), (2, 3)], ids=str)
@pytest.mark.parametrize("rule", HOLOMORPHIC, ids=lambda rule: rule.name)
def test_elementwise_rows(rule, shape):
    f = public(rule)
    if rule.arity == 1:
        check(f, points(*shape))
        return
    check(f, points(*shape), points(*shape, seed=1))
    check(f, points(*shape), points(3, seed=1))
    check(f, points(*shape), np.asarray(points(*shape, seed=1).real))
    check(f, np.asarray(points(*shape).real), points(3, seed=1))


@pytest.mark.parametrize("f", [
    lambda z: z * 2, lambda z: z * (1 + 2j), lambda z: (1 + 2j) - z, lambda z: 2j / z, lambda z: z ** 2, lambda z: z ** 3,
    lambda z: z ** 0.5, lambda z: z ** (1 - 0.5j), lambda z: 2 ** z, lambda z: (1 + 1j) ** z, lambda z: z ** -1,
    lambda z: z ** z, lambda z: z * z.conj(), lambda z: z.real * z.imag, lambda z: z.abs() ** 2, lambda z: z / z.abs(),
    lambda z: z.real * z, lambda z: z.angle() * z, lambda z: (z * z).real.exp() * z.imag,
    lambda z: autodiff.polar(z.real, z.imag) * z, lambda z: autodiff.view_as_real(z * z).prod(-1),
    lambda z: autodiff.view_as_complex(autodiff.view_as_real(z) ** 2)])
def test_formulas(f):
    check(f, points(2, 3))
    check(f, points())


@pytest.mark.parametrize("f", [
    lambda z: z.sum(0), lambda z: z.mean(1, True), lambda z: z.mean(), lambda z: z.prod(), lambda z: z.prod(1),
    lambda z: z.cumsum(0), lambda z: z.cumprod(1), lambda z: z.norm(), lambda z: z.norm(1), lambda z: z.norm(3, 1),
    lambda z: z.norm(float("inf")), lambda z: z.var(), lambda z: z.std(1), lambda z: z @ z.T, lambda z: z @ z.mH,
    lambda z: z @ z[0], lambda z: z[0] @ z[1], lambda z: z[:, 0] @ z, lambda z: autodiff.stack([z, z * z]) @ z.T,
    lambda z: autodiff.vdot(z[0], z[1]), lambda z: autodiff.cross(z[0], z[1]), lambda z: autodiff.cat([z, z.real]),
    lambda z: z[[0, 1, 0]], lambda z: z[1, 1:], lambda z: z.T.reshape(-1) * z.reshape(-1), lambda z: z[0].expand(2, 3) * z,
    lambda z: autodiff.where(z.real > 0.8, z, 2j), lambda z: z.flip(0) * z, lambda z: z.to(autodiff.complex128).clone(),
    lambda z: autodiff.einsum("ij,kj->ik", z, z.conj())])
def test_structural_rows(f):
    check(f, points(2, 3))


@pytest.mark.parametrize("f", [
    lambda z, x: z * x, lambda z, x: (z * x).exp() / (x + 1j), lambda z, x: autodiff.stack([z, x]) * 1j,
    lambda z, x: z ** x, lambda z, x: autodiff.complex(x, x * x) * z, lambda z, x: (z @ (x + 0j)).abs() if z.ndim else z * x])
def test_a_real_operand_gets_the_real_part(f):
    check(f, points(3), points(3, seed=1).real)
    check(f, points(), np.asarray(points(seed=1).real))


def assigned(z, y, write):
    x = z * 1
    write(x, y)
    return x


@pytest.mark.parametrize("write", [
    lambda x, y: x.copy_(y), lambda x, y: x.__setitem__(0, y[1]), lambda x, y: x.__setitem__(([0, 1], [1, 1]), y[0, :2]),
    lambda x, y: x.mul_(y), lambda x, y: x[1].exp_(), lambda x, y: x.fill_(y[0, 0]), lambda x, y: x.div_(y).add_(1j),
    lambda x, y: x.pow_(2).mul_(y), lambda x, y: x[:, 1:].sgn_()])
def test_writes_in_place(write):
    for other in (points(2, 3, seed=1), points(2, 3, seed=1).real):
        f = lambda z, y: assigned(z, y, write) * z * y
        check(f, points(2, 3), other)


def test_a_saved_value_that_was_written_is_found():
    z = leaf(points(3))
    y = z.exp()
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.abs().sum().backward()
    z = leaf(points(3))
    y = z * 1
    out = y * y
    assert y.real.requires_grad
    with autodiff.no_grad():
        y.real[0] = 5.0             # a view of the same storage: the version is shared
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.abs().sum().backward()


def test_parts_share_storage_out_of_the_graph():
    z = autodiff.tensor(points(3))
    z.real[0], z.imag[1] = 7.0, 8.0
    autodiff.view_as_real(z)[2, 1] = 9.0
    assert z[0].real == 7 and z[1].imag == 8 and z[2].imag == 9
    pairs = autodiff.zeros(2, 2)
    autodiff.view_as_complex(pairs)[1] = 3 + 4j
    assert pairs.tolist() == [[0, 0], [3, 4]]
    z.real = autodiff.ones(3)
    z.imag = 2.0
    assert z.tolist() == [1 + 2j] * 3


# What PyTorch 2.13 answers, program by program: parts are views, of a recorded Variable as of any.

def complex_leaf(values):
    return autodiff.tensor(values, dtype=autodiff.complex128, requires_grad=True)


def a_part_follows_its_base():
    leaf = complex_leaf([1 + 2j, 3 - 1j])
    z = leaf.clone()
    part = z.real
    z.mul_(2)
    (part * part).sum().backward()
    return part.tolist(), leaf.grad.tolist()


def pairs_are_written():
    leaf = complex_leaf([1 + 2j, 3 - 1j])
    z = leaf * 1
    pairs = autodiff.view_as_real(z)
    pairs[0, 1] = 5.0
    pairs[1].mul_(3.0)
    (z * z).real.sum().backward()
    return z.tolist(), leaf.grad.tolist()


def joined_pairs_are_written():
    x = autodiff.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x * 1
    autodiff.view_as_complex(y).mul_(2j)
    (y * autodiff.tensor([[1.0, 10.0], [100.0, 1000.0]])).sum().backward()
    return y.tolist(), x.grad.tolist()


def a_real_number_into_joined_pairs():
    x = autodiff.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    seven = autodiff.tensor(7.0, requires_grad=True)
    pairs = (x * 1).view(2, 2)
    autodiff.view_as_complex(pairs)[0] = seven
    (pairs * pairs).sum().backward()
    return x.grad.tolist(), seven.grad.item()


def second_order_through_joined_pairs():
    x = autodiff.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    z = autodiff.view_as_complex(x)
    g, = autodiff.autograd.grad((z * z.conj() * z).real.sum(), x, create_graph=True)
    return autodiff.autograd.grad((g * g).sum(), x)[0].tolist()


def a_part_of_a_view_is_written():
    leaf = complex_leaf([[1 + 2j, 3 - 1j], [2 + 0j, 1j]])
    z = leaf * 1
    z.t().real[0].copy_(autodiff.tensor([5.0, 6.0]))
    part = z.imag.t()
    z.mul_(3)
    (part * part).sum().backward()
    return z.tolist(), leaf.grad.tolist()


def a_single_number():
    leaf = complex_leaf(1 + 2j)
    z = leaf * 1
    part = z.real
    part.mul_(5)
    (z * z).imag.backward()
    return part.item(), leaf.grad.item()


def a_part_is_assigned():
    z = complex_leaf([1 + 2j, 3j]).clone()
    w = autodiff.tensor([4.0, 5.0], requires_grad=True)
    z.real = w
    (z * z).real.sum().backward()
    return w.grad.tolist()


def tangents():
    forward = autodiff.autograd.forward_ad
    with forward.dual_level():
        z = forward.make_dual(autodiff.tensor([1 + 2j, 3j]), autodiff.tensor([1j, 2 + 1j]))
        return [forward.unpack_dual(part).tangent.tolist()
                for part in (z.imag, autodiff.view_as_real(z), autodiff.view_as_complex(autodiff.view_as_real(z)))]


@pytest.mark.parametrize(("program", "expected"), [
    (a_part_follows_its_base, ([2.0, 6.0], [8, 24])),
    (pairs_are_written, ([1 + 5j, 9 - 3j], [2, 54 + 18j])),
    (joined_pairs_are_written, ([[-4.0, 2.0], [-8.0, 6.0]], [[20.0, -2.0], [2000.0, -200.0]])),
    (a_real_number_into_joined_pairs, ([0.0, 0.0, 6.0, 8.0], 14.0)),
    (second_order_through_joined_pairs, [[116.0, 72.0], [1932.0, 976.0]]),
    (a_part_of_a_view_is_written, ([[15 + 6j, 9 - 3j], [18 + 0j, 3j]], [[36j, -18j], [0j, 18j]])),
    (a_single_number, (5.0, 20 + 10j)),
    (a_part_is_assigned, [8.0, 10.0]),
    (tangents, [[1.0, 1.0], [[0.0, 1.0], [2.0, 1.0]], [1j, 2 + 1j]]),
])
def test_parts_are_views(program, expected):
    assert program() == expected


def test_parts_of_a_leaf_are_written_as_its_views_are():
    z = complex_leaf([1 + 2j])
    for part in (z.real, z.imag, autodiff.view_as_real(z)):
        with pytest.raises(RuntimeError, match="view of a leaf"):
            part.mul_(2)
    assert z.tolist() == [1 + 2j]
    with pytest.raises(RuntimeError, match="non-complex"):
        autodiff.ones(2).imag = 3.0


def test_a_view_knows_its_base():
    z = complex_leaf([1 + 2j, 4j])
    for view in (z.imag, z.real[1:], autodiff.view_as_real(z)[0], z[1:], z.view(2, 1).t()):
        assert view._is_view() and view._base is z
    assert z._base is None and not z._is_view() and z.detach()._base is None


@pytest.mark.parametrize("gone", [False, True])
def test_the_base_of_a_view_is_the_one_that_its_writes_reach(gone):
    x = autodiff.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    view = y[1:]
    if gone:
        del y
    view.mul_(10)
    base = view._base
    assert base.tolist() == [2.0, 40.0, 60.0] and base.grad_fn is not None and view._base is base
    base.mul_(2)
    assert view.tolist() == [80.0, 120.0]
    (view.sum() + base.sum()).backward()
    assert x.grad.tolist() == [4.0, 80.0, 80.0]


def test_a_view_knows_its_base_when_that_has_left_the_graph():
    x = autodiff.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    view = y[1:]
    y.detach_()
    base = view._base
    assert base.tolist() == [2.0, 4.0, 6.0] and base.grad_fn is not None and view._base is base
    base.mul_(3)
    (view.sum() + base[0]).backward()
    assert y.tolist() == [6.0, 12.0, 18.0] and x.grad.tolist() == [6.0, 6.0, 6.0]

    for leave in (lambda leaf: leaf.requires_grad_(False), lambda leaf: leaf.detach_()):
        x = autodiff.tensor([1.0, 2.0, 3.0], requires_grad=True)
        view = x[1:]
        leave(x)
        assert view._base is x
        x.requires_grad_()
        (view * 2).sum().backward()
        assert x.grad.tolist() == [0.0, 2.0, 2.0]

    x = autodiff.tensor([1.0, 2.0, 3.0])
    view = x[1:]
    x.data = autodiff.zeros(5)
    assert view._base.tolist() == [1.0, 2.0, 3.0] and view._base is not x


def test_hooks_retained_gradients_and_accumulation():
    z = leaf(points(3))
    seen = []
    y = z * 2j
    y.retain_grad()
    y.register_hook(lambda g: seen.append(g) or g * 1j)
    y.abs().sum().backward()
    unit = plain(y) / abs(plain(y))
    np.testing.assert_allclose(plain(seen[0]), unit, rtol=1e-14)
    np.testing.assert_allclose(plain(y.grad), 1j * unit, rtol=1e-14)
    np.testing.assert_allclose(plain(z.grad), np.conj(2j) * 1j * unit, rtol=1e-14)
    y = z * 2j
    y.abs().sum().backward()
    np.testing.assert_allclose(plain(z.grad), np.conj(2j) * (1j + 1) * unit, rtol=1e-14)


def test_saved_tensor_hooks_see_complex_values():
    kept = []
    z = leaf(points(3))
    with autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.dtype) or t.numpy().copy(), autodiff.tensor):
        y = (z * z).exp()
    y.abs().sum().backward()
    once = plain(z.grad)
    z.grad = None
    (z * z).exp().abs().sum().backward()
    np.testing.assert_array_equal(once, plain(z.grad))
    assert set(kept) == {autodiff.complex128}


@pytest.mark.parametrize("f", [lambda z: z * z, lambda z: z.exp() / z, lambda z: z.abs(), lambda z: z.conj() * z,
                               lambda z: z.real, lambda z: z.sgn(), lambda z: z.angle(), lambda z: z @ z, lambda z: z.sum(),
                               lambda z: z.prod(), lambda z: z ** (1 - 0.5j), lambda z: z.norm(), lambda z: z.sigmoid()])
def test_forward_mode(f):
    a, t = points(3), points(3, seed=3)
    with forward_ad.dual_level():
        _, tangent = forward_ad.unpack_dual(f(forward_ad.make_dual(autodiff.tensor(a), autodiff.tensor(t))))
    moved = [plain(f(autodiff.tensor(a + s * STEP * t))) for s in (1, -1)]
    np.testing.assert_allclose(plain(tangent), (moved[0] - moved[1]) / (2 * STEP), rtol=1e-6, atol=1e-8)


def test_complex64():
    z = leaf(points(2, 3).astype(np.complex64))
    x = leaf(np.ones(3, np.float32))
    y = (z * x).exp() * 2j
    assert y.dtype == autodiff.complex64
    y.abs().sum().backward()
    assert z.grad.dtype == autodiff.complex64 and x.grad.dtype == autodiff.float32


def test_the_numpy_flavour():
    z = anp.array(points(3), requires_grad=True)
    y = np.exp(z) * z.conj()
    assert type(y) is anp.ndarray and y.dtype == np.complex128
    y.real.sum().backward()
    w = leaf(points(3))
    (w.exp() * w.conj()).real.sum().backward()
    np.testing.assert_array_equal(z.grad.numpy(), plain(w.grad))
    assert type(z.grad) is anp.ndarray


REFUSED = [rule for rule in rules.ELEMENTWISE if rule.complex == "refused" and rule.dx and rule.function]


@pytest.mark.parametrize("rule", REFUSED, ids=lambda rule: rule.name)
def test_rows_that_are_not_holomorphic_say_so(rule):
    z = leaf(points(3))
    with pytest.raises((NotImplementedError, RuntimeError), match="omplex"):
        public(rule)(*[z] * rule.arity)


def test_structural_rows_that_are_not_holomorphic_say_so():
    with pytest.raises(NotImplementedError, match="derivative of softmax"):
        leaf(points(3)).softmax(0)
    with pytest.raises(NotImplementedError, match="derivative of amax"):
        leaf(points(3)).max()


@pytest.mark.parametrize("compare", ["lt", "le", "gt", "ge"])
def test_complex_numbers_have_no_order(compare):
    with pytest.raises(NotImplementedError, match=f"\"{compare}_cpu\" not implemented for 'ComplexDouble'"):
        getattr(autodiff, compare)(autodiff.tensor(points(3)), 1)


def test_no_implicit_cotangent():
    z = leaf(points(3))
    with pytest.raises(RuntimeError, match=r"implicitly created only for real scalar outputs but got autodiff\.complex128"):
        z.sum().backward()
    with pytest.raises(RuntimeError, match="required to have the same dtype"):
        z.sum().backward(autodiff.tensor(1.0))
    with pytest.raises(RuntimeError, match="required to have the same dtype"):
        z.abs().sum().backward(autodiff.tensor(1j))
    z.sum().backward(autodiff.tensor(2j))
    assert z.grad.tolist() == [2j] * 3


def test_casts():
    z = leaf(points(3))
    with pytest.warns(UserWarning, match="discards the imaginary part"):
        x = z.double()
    (x * x).sum().backward()
    np.testing.assert_array_equal(plain(z.grad), 2 * plain(z).real)
    x = leaf(np.ones(3))
    x.cdouble().abs().sum().backward()
    assert x.grad.tolist() == [1, 1, 1]
    with pytest.warns(UserWarning, match="discards the imaginary part"):
        assert autodiff.zeros(1).copy_(autodiff.tensor([1 + 2j])).tolist() == [1]


# ---- half floats

def test_half_is_stored_and_float32_computed():
    x = leaf(np.array([1.0, 2.0, 3.0], np.float16))
    y = (x.float() ** 2).sum()
    y.backward()
    assert y.dtype == autodiff.float32 and x.grad.dtype == autodiff.float16 and x.grad.tolist() == [2, 4, 6]
    for f in (lambda v: v * v, lambda v: v.exp() / v, lambda v: v.sigmoid().sum(), lambda v: v.mean(), lambda v: v.norm(),
              lambda v: v @ v, lambda v: v.relu()[1:], lambda v: v.reshape(3, 1).T, lambda v: v.log_softmax(0), lambda v: 1 / v,
              lambda v: v ** 3, lambda v: autodiff.where(v > 1, v, 0.5), lambda v: autodiff.cat([v, v * 2]), lambda v: -v,
              lambda v: v[[0, 0]], lambda v: v.cumsum(0), lambda v: v.prod(), lambda v: v.abs(), lambda v: v.erf()):
        values = np.array([1.0, 2.0, 3.0])
        half, single = leaf(values.astype(np.float16)), leaf(values.astype(np.float32))
        y, expected = f(half), f(single)
        assert y.dtype == autodiff.float16
        np.testing.assert_allclose(plain(y), plain(expected).astype(np.float16), rtol=1e-3)
        g, = autograd.grad(y.sum(), half)
        h, = autograd.grad(expected.sum(), single)
        assert g.dtype == autodiff.float16
        np.testing.assert_allclose(plain(g), plain(h).astype(np.float16), rtol=2e-3)


def test_half_in_other_dtypes():
    x = leaf(np.array([1.0, 2.0], np.float16))
    w = leaf(np.array([3.0, 4.0], np.float32))
    y = x * w
    assert y.dtype == autodiff.float32
    y.sum().backward()
    assert x.grad.dtype == autodiff.float16 and x.grad.tolist() == [3, 4] and w.grad.tolist() == [1, 2]
    point = leaf(np.float16(2.0))
    (point.float() * 3.0).backward()
    assert point.grad.dtype == autodiff.float16 and point.grad.item() == 3
    point = leaf(2.0)
    (point.half() * 3).double().backward()
    assert point.grad.item() == 3 and point.grad.dtype == autodiff.float64
    with pytest.raises(RuntimeError, match="float"):
        autodiff.complex(x.detach(), x.detach())


def test_sums_of_half_do_not_overflow_on_the_way():
    x = leaf(np.full(4, 60000, np.float16))
    assert x.mean().item() == 60000
    x.mean().backward()
    assert x.grad.tolist() == [0.25] * 4


# ---- dtypes that do not exist, copies, levels

@pytest.mark.parametrize("call", [lambda: autodiff.ones(1).bfloat16(), lambda: autodiff.ones(1).to("bfloat16"),
                                  lambda: autodiff.ones(1, dtype="bfloat16"), lambda: autodiff.tensor(1, dtype="complex32")])
def test_dtypes_that_numpy_lacks(call):
    with pytest.raises(TypeError, match="does not exist in autodiff: NumPy has none; use"):
        call()


@pytest.mark.parametrize("call", [lambda x: x.to("cuda"), lambda x: x.cuda(), lambda x: x.to(0), lambda x: x.to("cuda:1"),
                                  lambda x: x.to(device="mps")])
def test_other_devices(call):
    with pytest.raises(RuntimeError, match="autodiff computes on the CPU"):
        call(autodiff.ones(1))


def test_memory_formats():
    x = autodiff.ones(2, 3)
    assert x.to(memory_format=autodiff.preserve_format) is x and x.contiguous(autodiff.contiguous_format) is x
    assert pickle.loads(pickle.dumps(autodiff.contiguous_format)) is autodiff.contiguous_format
    with pytest.raises(TypeError, match="memory_format"):
        x.clone(memory_format="channels_last")


def test_copies():
    x = autodiff.tensor([1.0, 2.0])
    copy.copy(x)[0] = 5.0
    assert x.tolist() == [5, 2]                 # PyTorch's copy.copy shares memory
    y = anp.array([1.0, 2.0])
    copy.copy(y)[0] = 5.0
    assert y.tolist() == [1, 2]                 # NumPy's does not
    z = leaf(points(3))
    z.abs().sum().backward()
    deep = copy.deepcopy(z)
    np.testing.assert_array_equal(plain(deep.grad), plain(z.grad))
    assert deep.grad is not z.grad and copy.copy(z).grad is None
    again = pickle.loads(pickle.dumps(z))
    assert again.requires_grad and again.dtype == autodiff.complex128 and again.tolist() == z.tolist()


def test_what_copy_and_fill_overwrite_gets_zeros():
    for write in (lambda x, s: x.copy_(s), lambda x, s: x.fill_(s[0]), lambda x, s: x.zero_(), lambda x, s: x.fill_(2.0),
                  lambda x, s: x.copy_(autodiff.ones(2))):
        for create_graph in (False, True):
            start, source = leaf([1.0, 2.0]), leaf([3.0, 4.0])
            x = start * 1
            write(x, source * 1)
            x.sum().backward(create_graph=create_graph)
            assert start.grad.tolist() == [0, 0]
    start, source = leaf(1.0), leaf(2.0)
    x = start * 1
    x.copy_(source * 3)
    x.backward()
    assert start.grad.item() == 0 and source.grad.item() == 3


def test_writes_ask_a_level():
    asked = []

    def level(call):
        asked.append(call.name)
        assert call.into is x
        return NotImplemented if len(asked) < 5 else call.operands[0] * 0 + 7.0

    x, ones = autodiff.ones(3), autodiff.ones(3)
    _variable.push_level(level)
    try:
        x[0] = 2.0
        x[[0, 1]] = 3.0
        x.fill_(4.0)
        x.copy_(ones)
        x.fill_(5.0)
    finally:
        _variable.pop_level()
    assert asked == ["copy_region", "index_set", "copy_region", "copy_region", "copy_region"]
    assert x.tolist() == [7, 7, 7]


@pytest.mark.parametrize("f", [
    lambda z: z.logsumexp(0), lambda z: z.logsumexp((0, 1), True), lambda z: z.logcumsumexp(1),
    lambda z: (z * 5).logcumsumexp(0),
    lambda z: z[0].lerp(z[1], 0.3), lambda z: z[0].lerp(z[1], 0.7 + 0.2j), lambda z: z[0].lerp(z[1], z[0] * z[1]),
    lambda z: autodiff.silu(z), lambda z: z.sinc(), lambda z: (z * 0.05).sinc(), lambda z: (z[0] * 4).logaddexp(z[1] * 3j)])
def test_logarithms_of_sums_and_lerp(f):
    check(f, points(2, 3))


def test_logarithms_of_sums_against_the_formula():
    z = autodiff.tensor(points(4) * 3)
    np.testing.assert_allclose(plain(z.logcumsumexp(0).exp()), np.cumsum(np.exp(plain(z))), rtol=1e-13)
    np.testing.assert_allclose(plain(z.logsumexp(0).exp()), np.sum(np.exp(plain(z))), rtol=1e-13)
    # The imaginary part of the larger one stays, beyond pi too.
    assert abs(autodiff.logaddexp(autodiff.tensor(100 + 9j), autodiff.tensor(1j)).item() - (100 + 9j)) < 1e-12
    ends = autodiff.tensor([complex(-np.inf, 0), complex(-np.inf, 1)])
    assert ends.logcumsumexp(0).real.tolist() == [-np.inf, -np.inf]
    assert ends.sinc().shape == (2,) and autodiff.tensor([0j]).sinc().tolist() == [1]


def test_half_a_turn_between_two_addends():
    """Where the sum is near 0 its logarithm is far from both, and exact."""
    a, b = 1 + 0.5j, 1 + 0.5j + np.pi * 1j + 1e-3
    found = autodiff.logaddexp(autodiff.tensor(a), autodiff.tensor(b)).exp().item()
    np.testing.assert_allclose(found, np.exp(a) + np.exp(b), rtol=1e-10)


def test_lerp_of_real_numbers_takes_no_complex_weight():
    with pytest.raises(RuntimeError, match="value cannot be converted to type double without overflow"):
        autodiff.ones(2).lerp(autodiff.ones(2), 1j)


def test_results_of_no_elements_have_the_dtype_of_the_operand():
    for dtype in (autodiff.int64, autodiff.float32, autodiff.complex128):
        assert autodiff.trapezoid(autodiff.zeros(2, 0, dtype=dtype), dim=1).dtype == dtype
    assert autodiff.zeros(0, dtype=autodiff.bool).median().item() is True       # NaN as a bool has it


@pytest.mark.parametrize("call, error, words", [
    (lambda x: x.sort(), RuntimeError, " Sort does not support complex dtypes on CPU"),
    (lambda x: x.argsort(), RuntimeError, " Sort does not support complex dtypes on CPU"),
    (lambda x: x.msort(), RuntimeError, " Sort does not support complex dtypes on CPU"),
    (lambda x: x.topk(1), RuntimeError, " topk does not support complex dtypes on CPU"),
    (lambda x: x.argmax(), RuntimeError, "argmax(): does not support complex input"),
    (lambda x: x.argmin(), RuntimeError, "argmin(): does not support complex input"),
    (lambda x: x.mode(), NotImplementedError, "\"mode_cpu\" not implemented for 'ComplexDouble'"),
    (lambda x: x.kthvalue(1), NotImplementedError, "\"kthvalue_cpu\" not implemented for 'ComplexDouble'"),
    (lambda x: x.cummax(0), NotImplementedError, "\"cummax_cpu\" not implemented for 'ComplexDouble'"),
    (lambda x: x.cummin(0), NotImplementedError, "\"cummin_cpu\" not implemented for 'ComplexDouble'"),
    (lambda x: x.unique(), NotImplementedError, "\"unique\" not implemented for 'ComplexDouble'"),
])
def test_complex_numbers_have_no_order_in_pytorch(call, error, words):
    with pytest.raises(error) as caught:
        call(autodiff.tensor([1 + 2j, 3.0]))
    assert str(caught.value) == words


@pytest.mark.parametrize(("name", "call"), [
    ("mse_loss", lambda f, z: f(z, z)), ("smooth_l1_loss", lambda f, z: f(z, z)), ("huber_loss", lambda f, z: f(z, z)),
    ("cross_entropy", lambda f, z: f(z, autodiff.tensor([0, 1]))), ("nll_loss", lambda f, z: f(z, autodiff.tensor([0, 1]))),
    ("layer_norm", lambda f, z: f(z, (2,))), ("group_norm", lambda f, z: f(z, 1)), ("batch_norm", lambda f, z: f(z, None, None,
                                                                                                           training=True)),
    ("hardtanh", lambda f, z: f(z)), ("leaky_relu", lambda f, z: f(z)), ("threshold", lambda f, z: f(z, 0.0, 1.0)),
    ("glu", lambda f, z: f(z))])
@pytest.mark.parametrize(("dtype", "word"), [("complex64", "ComplexFloat"), ("complex128", "ComplexDouble")])
def test_layers_that_want_order_or_a_distance_refuse(name, call, dtype, word):
    """As in PyTorch; they gave squares of complex numbers, and compared real parts."""
    z = autodiff.tensor([[1 + 2j, 0j], [1j, 2]], dtype=getattr(autodiff, dtype))
    with pytest.raises(NotImplementedError, match=rf"not implemented for '{word}'"):
        call(getattr(autodiff.nn.functional, name), z)
