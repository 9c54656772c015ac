"""autodiff.testing: what is close passes, what is not is said in PyTorch's words; check_grads finds what is wrong."""
import collections
import re

import numpy as np
import pytest

import autodiff
from autodiff.autograd import Function
from autodiff.testing import assert_allclose, assert_close, check_grads

anp = autodiff.numpy
T = autodiff.tensor
F32, F64 = autodiff.float32, autodiff.float64
NAN, INF = float("nan"), float("inf")


def said(error, *arguments, **options):
    with pytest.raises(error) as caught:
        assert_close(*arguments, **options)
    return str(caught.value)


# ---- assert_close

@pytest.mark.parametrize(("actual", "expected", "options"), [
    (T([1.0, 2.0]), T([1.0, 2.0 + 1e-8]), {}), (T([1.0], dtype=F32), T([1.00001], dtype=F32), {}),
    (T([1.0], dtype=autodiff.float16), T([1.001], dtype=autodiff.float16), {}), (T([1 + 1j]), T([1 + 1j + 1e-8]), {}),
    (T([1.0, 2.0], requires_grad=True) * 1, T([1.0, 2.0], requires_grad=True), {}), (T([]), T([]), {}),
    (1.0, 1.0 + 1e-8, {}), (3, 3, {}), (2**70, 2**70, {}), (True, True, {}), (1j, 1j, {}), (None, None, {}), ([], (), {}),
    (np.float64(1), np.float64(1), {}), (T([NAN, INF]), T([NAN, INF]), {"equal_nan": True}),
    (T([INF, -INF]), T([INF, -INF]), {}),
    ([1.0, (T(1.0), {"a": np.ones(2)})], (1.0, [T(1.0), {"a": np.ones(2)}]), {}),
    (T([1.0], dtype=F32), T([1.0]), {"check_dtype": False}), (1.0, 1, {"check_dtype": False}),
    (T([1.0]), T([1.5]), {"rtol": 0.5, "atol": 0}), (T([1.0]), T([1.5]), {"rtol": 0, "atol": 0.5}),
    (anp.array([1.0]), np.array([1.0]), {}), (np.array([1.0]), anp.array([1.0], requires_grad=True), {}),
    (T([[1.0, 2.0], [3.0, 4.0]]).T, T([[1.0, 3.0], [2.0, 4.0]]), {}), (collections.OrderedDict(a=1), {"a": 1}, {}),
    (np.array([2**63], np.uint64), np.array([2**63], np.uint64), {}),
], ids=str)
def test_what_is_close(actual, expected, options):
    assert_close(actual, expected, **options)


@pytest.mark.parametrize(("actual", "expected", "options"), [
    (T([1.0, 2.0]), T([1.0, 2.0 + 1e-6]), {}), (T([1.0], dtype=F32), T([1.0001], dtype=F32), {}), (T([NAN]), T([NAN]), {}),
    (T([INF]), T([-INF]), {}), (T([INF]), T([1.0]), {}), (T([1, 2]), T([1, 3]), {}), (T([True]), T([False]), {}),
    (T([1.0]), T([1.5]), {"rtol": 0.1, "atol": 0.1}), ([1.0, 2.0], [1.0, 2.1], {}), (2**70, 2**70 + 1, {}), (True, False, {}),
    (None, 1.0, {}), (0.0, None, {}), (1.0, NAN, {}), (T(1.0), T(2.0), {}),
    (np.array([0], np.uint8), np.array([255], np.uint8), {}),
    (np.array([2**63], np.uint64), np.array([2**63 + 1], np.uint64), {}),
], ids=str)
def test_what_is_not_close(actual, expected, options):
    said(AssertionError, actual, expected, **options)


def test_a_mismatch_says_how_many_and_where():
    text = said(AssertionError, T([[1.0, 2.0], [3.0, 4.0]]), T([[1.0, 2.0], [3.5, 5.0]]))
    assert text == ("Tensor-likes are not close!\n\nMismatched elements: 2 / 4 (50.0%)\n"
                    "Greatest absolute difference: 1.0 at index (1, 1) (up to 1e-07 allowed)\n"
                    "Greatest relative difference: 0.2 at index (1, 1) (up to 1e-07 allowed)")
    assert said(AssertionError, T([1, 2]), T([1, 3])).startswith("Tensor-likes are not equal!") and "allowed" not in said(
        AssertionError, T([1, 2]), T([1, 3]))
    assert said(AssertionError, 1, 2) == ("Scalars are not equal!\n\nExpected 2 but got 1.\nAbsolute difference: 1\n"
                                          "Relative difference: 0.5")
    # what is close does not count for the greatest difference, and a NaN does
    assert "1.0 at index (1,)" in said(AssertionError, T([100.0, 0.0]), T([101.0, 1.0]), rtol=0.1, atol=0)
    assert "nan at index (1,)" in said(AssertionError, T([1.0, NAN, 5.0]), T([1.0, 1.0, 1.0]))
    assert "Absolute difference: 255" in said(AssertionError, np.array(0, np.uint8), np.array(255, np.uint8))


@pytest.mark.parametrize(("error", "actual", "expected", "options", "words"), [
    (AssertionError, T([1.0]), T([1.0, 2.0]), {}, "The values for attribute 'shape' do not match: autodiff.Size([1]) != "),
    (AssertionError, T(1.0), T([1.0]), {}, "The values for attribute 'shape' do not match"),
    (AssertionError, T([1.0]), T([1.0], dtype=F32), {}, "The values for attribute 'dtype' do not match: autodiff.float64 != "),
    (AssertionError, T([1.0]), T([1.0, 2.0]), {"check_dtype": False}, "The values for attribute 'shape' do not match"),
    (AssertionError, autodiff.ones(2, 3).t(), autodiff.ones(3, 2), {"check_stride": True},
     "The values for attribute 'stride()' do not match: (1, 3) != (2, 1)."),
    (AssertionError, 1.0, 1, {}, "The (d)types do not match: <class 'float'> != <class 'int'>."),
    (AssertionError, True, False, {}, "Booleans mismatch: True is not False"),
    (AssertionError, None, 1.0, {}, "None mismatch: None is not 1.0"),
    (AssertionError, [1, 2], [1], {}, "The length of the sequences mismatch: 2 != 1"),
    (AssertionError, {"a": 1}, {"b": 1}, {}, "The keys of the mappings do not match:\nMissing keys in the actual mapping: "
                                             "['b']\nAdditional keys in the actual mapping: ['a']"),
    (TypeError, T([1.0]), [1.0], {}, "No comparison pair was able to handle inputs of type <class 'autodiff.Tensor'> and "),
    (TypeError, T([1.0]), np.ones(1), {}, "No comparison pair"), (TypeError, T(1.0), 1.0, {}, "No comparison pair"),
    (TypeError, "a", "a", {}, "No comparison pair"), (TypeError, {1}, {1}, {}, "No comparison pair"),
    (TypeError, anp.array([1.0]), np.ones(1), {"allow_subclasses": False}, "No comparison pair"),
    (ValueError, T([1.0]), T([1.0]), {"rtol": 0.1}, "'rtol' and 'atol' must be either specified or omitted, but got no atol."),
    (ValueError, 1.0, 1.0, {"atol": 0.1}, "Both 'rtol' and 'atol' must be either specified or omitted, but got no rtol."),
])
def test_what_cannot_be_compared(error, actual, expected, options, words):
    assert words in said(error, actual, expected, **options)


def test_the_place_in_a_structure_and_messages_of_ones_own():
    tree = lambda x: {"a": [1, {"b": T([x])}]}
    assert said(AssertionError, tree(1.0), tree(2.0)).endswith("\n\nThe failure occurred for item ['a'][1]['b']")
    assert said(TypeError, [1, T(1.0)], [2, 1.0]).endswith("item [1]")      # what cannot be compared is said first
    assert said(AssertionError, tree(1.0), tree(2.0), msg="own") == "own"
    assert said(AssertionError, 1, 2, msg=lambda text: f"own: {text[:7]}") == "own: Scalars"


# ---- assert_allclose

def test_assert_allclose_takes_variables():
    x = T([1.0, 2.0], requires_grad=True)
    for a, b in ((x, [1.0, 2.0]), ([1.0, 2.0], x * 1), (x, anp.array([1.0, 2.0])), ([x[0], 2.0], (1.0, x[1])), (x * 0 + 1, 1.0),
                 (x, np.array([1.0, 2.0])), (T([NAN]), [NAN]), (1.0, 1.0)):
        assert_allclose(a, b)
    for a, b, options in ((x, [1.0, 2.1], {}), (x, [1.0], {"strict": True}), (T([NAN]), [NAN], {"equal_nan": False}),
                          (x, x.detach().float(), {"strict": True})):
        with pytest.raises(AssertionError, match="Not equal to tolerance"):
            assert_allclose(a, b, **options)
    with pytest.raises(AssertionError, match="mine"):
        assert_allclose(x, x + 1, err_msg="mine")
    assert_allclose(x, x + 1, atol=1.5)
    assert_allclose(x, x * 1.1, rtol=0.2)


# ---- check_grads

@pytest.mark.parametrize(("f", "args"), [
    (np.sin, (np.ones(3),)), (lambda x, y: x ** y, (1.5, 2.5)), (lambda x: x.exp(), (T([1.0, 2.0]),)),
    (lambda p, n: (p["w"] @ p["b"][0] * n, p["b"][1]), ({"w": np.ones((2, 3)), "b": [np.arange(3.0), 2.0]}, 3)),
    (lambda x, y: {"a": x * y, "b": (x.exp(), 1.0)}, (T([1.0, 2.0]), 2.5)), (lambda z: z * z.abs(), (1 + 1j,)),
    (lambda x, m: x[m], (T([1.0, 2.0]), T([0, 1, 0]))), (lambda x: 1.0, (2.0,)),
    (lambda x, y: x * 3 + y, (T([1.0]), np.ones(1))),
    (lambda p: p.x * p.y, (collections.namedtuple("Pair", "x y")(2.0, 3.0),)), (np.tanh, 0.3),
], ids=lambda f: None)
def test_right_derivatives_of_several_orders(f, args):
    for order in (1, 2, 3):
        assert check_grads(f, args, order=order) is None
    check_grads(f, args, modes=["rev"])
    check_grads(f, args, 1, "fwd")


def test_arguments_are_handed_on_in_their_flavour_and_not_written():
    a, t, seen = np.array([1.0, 2.0]), T([3.0, 4.0]), []

    def f(x, n, s):
        seen.append((type(x), type(n), type(s)))
        return x * n * s

    check_grads(f, (a, 3, 2.0))
    assert set(seen) == {(anp.ndarray, int, anp.ndarray)} and a.tolist() == [1, 2]
    seen.clear()
    check_grads(f, (t, 3, 2.0))
    assert set(seen) == {(autodiff.Tensor, int, autodiff.Tensor)} and t.tolist() == [3, 4] and not t.requires_grad
    x = T([1.0], requires_grad=True)
    check_grads(lambda x: x * x, (x,))
    assert x.grad is None


def test_single_precision_has_tolerances_of_its_own():
    x = T([0.5, 1.5], dtype=F32)
    check_grads(lambda x: (x * x).sin(), (x,))
    with pytest.raises(AssertionError):
        check_grads(lambda x: (x * x).sin(), (x,), eps=1e-6, atol=1e-5, rtol=1e-5)


def wrong(order):
    """x ** 3, whose derivative of an order is wrong."""
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x ** 3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            if order == 3:
                return Square.apply(x) * 3 * g
            return 3 * x * (x.detach() if order == 2 else 2.0) * g

    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x.detach() * g
    return Cube.apply


@pytest.mark.parametrize("order", [1, 2, 3])
def test_wrong_derivatives_are_found_at_their_order(order):
    f, args = wrong(order), (T([1.0, 3.0]),)
    if order > 1:
        check_grads(f, args, order=order - 1, modes=["rev"])
    with pytest.raises(AssertionError, match=rf"^derivative of order {order}: Jacobian mismatch") as caught:
        check_grads(f, args, order=3, modes=["rev"])
    assert re.search(r"Numerical:\s+tensor[^§]*Analytical:\s+tensor", str(caught.value))


def test_a_wrong_derivative_in_forward_mode():
    class Double(Function):
        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, g):
            return g * 2

        @staticmethod
        def jvp(ctx, t):
            return t * 3

    check_grads(Double.apply, (T([1.0]),), modes=["rev"])
    for modes in (["fwd"], "fwd", ("fwd", "rev")):
        with pytest.raises(AssertionError, match="derivative of order 1: Jacobian computed with forward mode mismatch"):
            check_grads(Double.apply, (T([1.0]),), 1, modes)


def test_without_arguments_a_function_of_them():
    check_grads(lambda x, y: x * np.sin(y), order=2)(1.0, np.ones(2))
    with pytest.raises(AssertionError, match="order 1"):
        check_grads(wrong(1), modes=["rev"])(T([1.0]))


@pytest.mark.parametrize(("arguments", "error", "words"), [
    (((3,),), ValueError, "differentiates arguments of a floating point or complex dtype"),
    (((),), ValueError, "differentiates arguments"), (((1.0,), 0), ValueError, "order must be 1 or more"),
    (((1.0,), 2, "fwd"), ValueError, 'order must be 1 or more, and 1 where modes lacks "rev"'),
    (((1.0,), 2, ("rev", "backward")), ValueError, "modes must be among"), (((1.0,), 2, ()), ValueError, "modes must be among"),
    (((1.0,), 1.5), TypeError, "order"),
])
def test_what_check_grads_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        check_grads(lambda *x: x[0], *arguments)
