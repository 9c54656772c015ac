"""gradcheck and gradgradcheck: what is right passes, what is wrong is found and said; and every row of the catalogue passes.

Wrong derivatives are custom Functions.  Where PyTorch is installed, the golden snippets of gradcheck hold both against the
same problems.
"""
import inspect
import re
import sys
import warnings

import numpy as np
import pytest
from test_derivatives import CASES, DIFFERENTIABLE, by_name, call, sample
from test_forward_ad import REVERSE_ONLY, WRITES

import autodiff
from autodiff import autograd
from autodiff.autograd import Function, forward_ad, gradcheck, gradgradcheck
from autodiff.autograd.gradcheck import GradcheckError
from checks import leaf, plain

anp = autodiff.numpy
FLAVOURS = [pytest.param(autodiff.tensor, id="Tensor"), pytest.param(anp.array, id="ndarray")]
SPEEDS = [pytest.param(False, id="slow"), pytest.param(True, id="fast")]
fast_and_slow = pytest.mark.parametrize("fast_mode", SPEEDS)
both_flavours = pytest.mark.parametrize("make", FLAVOURS)


def function(value, vjp, jvp=None, **more):
    """A Function of one operand, of functions: value(x), vjp(gradient, x), jvp(tangent, x)."""
    class Custom(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x
            ctx.save_for_backward(x)
            ctx.set_materialize_grads(not more)
            return value(x)

        @staticmethod
        def backward(ctx, g):
            return vjp(g, *ctx.saved_tensors)

    if jvp:
        Custom.jvp = staticmethod(lambda ctx, t: jvp(t, ctx.x))
    return Custom.apply


#: x ** 2, whose derivative is said to be g and not 2 x g.
square_wrong = function(lambda x: x * x, lambda g, x: g + 0, lambda t, x: t + 0)


# ---- the catalogue

@pytest.mark.parametrize("shapes", [[(), ()], [(2, 2), (2,)]], ids=str)
@pytest.mark.parametrize("rule", DIFFERENTIABLE, ids=by_name)
def test_elementwise_rows(rule, shapes):
    inputs = [leaf(sample(rule, shape, which=i)) for i, shape in enumerate(shapes[:rule.arity])]
    f = lambda *a: call(rule, *a)
    assert gradcheck(f, inputs, check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(f, inputs, check_batched_grad=True, gen_non_contig_grad_outputs=True)


@pytest.mark.parametrize(("row", "f", "shapes"), [pytest.param(row, f, shapes, id=f"{row} {name} {shapes}")
                                                  for row, found in CASES.items() for name, f, _, shapes in found])
def test_structural_and_composite_rows(row, f, shapes):
    inputs = [leaf(np.random.default_rng(i).uniform(0.5, 1.5, shape)) for i, shape in enumerate(shapes)]
    assert gradcheck(f, inputs)
    assert gradgradcheck(f, inputs)
    if row not in WRITES | REVERSE_ONLY:
        try:
            assert gradcheck(f, inputs, check_forward_ad=True, check_backward_ad=False, check_undefined_grad=False)
        except NotImplementedError as error:
            assert "in forward mode" in str(error)      # a write to a view: refused, not wrong


# ---- what is right passes, in both flavours, and as a plain function of arrays

@fast_and_slow
@both_flavours
def test_what_is_right_passes(make, fast_mode):
    x = make(np.random.default_rng(0).uniform(0.5, 1.5, (2, 3)), requires_grad=True)
    s, n = make(1.3, requires_grad=True), make([1, 2, 3])
    more = {"fast_mode": fast_mode, "check_batched_grad": True}
    for f, inputs in ((lambda x: x.sin() * x, x), (lambda x: [x.exp(), x.sum()], [x]), (lambda x, s: x * s, (x, s)),
                      (lambda x, n, word: (x * n, x.argmax(), x.detach()), (x, n, "word")), (lambda x: x * s, (x,)),
                      (lambda x, s: (x[:, 0] * s).prod(), (x.T.T, s)), (lambda a, b: a * b, (x, x))):
        assert gradcheck(f, inputs, check_forward_ad=True, **more)
        assert gradgradcheck(f, inputs, gen_non_contig_grad_outputs=True, **more)


@fast_and_slow
@both_flavours
def test_complex_numbers(make, fast_mode):
    c = make(np.array([0.5 + 1j, 1.5 - 0.5j]), requires_grad=True)
    x = make([0.5, 1.5], requires_grad=True)
    for f, inputs in ((lambda c: c * c * (1 + 2j), c), (lambda c: c.abs(), c), (lambda c, x: c.exp() * x, (c, x)),
                      (lambda x: autodiff.complex(x, x * x), x), (lambda c, x: (c.conj() * x, c.real * x, x), (c, x)),
                      (lambda x: x * (1 + 2j), (x,))):
        assert gradcheck(f, inputs, check_forward_ad=True, check_batched_grad=True, fast_mode=fast_mode)
        assert gradgradcheck(f, inputs, fast_mode=fast_mode)


@fast_and_slow
def test_plain_functions_of_arrays(fast_mode):
    a, m = np.array([0.5, 1.5, 2.5]), np.ones((3, 3))
    seen = []

    def f(x, m, n=2):
        seen.append((type(x), type(n)))
        return np.sin(x) * np.sum(m @ x) * n

    kept = a.copy()
    assert gradcheck(f, (a, m), fast_mode=fast_mode, check_forward_ad=True)
    assert gradcheck(f, (a, m, 3), fast_mode=fast_mode)
    assert gradcheck(np.sin, a) and gradcheck(np.exp, np.array(0.5)) and gradcheck(np.square, np.array([1 + 1j]))
    assert gradgradcheck(f, (a, m), fast_mode=fast_mode) and gradgradcheck(np.sin, a, np.ones(3))
    assert {kind for kind, _ in seen} == {anp.ndarray} and {kind for _, kind in seen} == {int}
    assert (a == kept).all()
    with pytest.raises(GradcheckError, match=r"umerical:\s*array\(\[\[4\.\s*\]\]\)\n[Aa]nalytical:\s*array\(\[\[1\.\]\]\)"):
        gradcheck(square_wrong, np.array([2.0]), fast_mode=fast_mode)
    # Beside a Variable an array is a constant, as in PyTorch.
    x = autodiff.ones(3, requires_grad=True)
    assert gradcheck(lambda x, a: (x * a, seen.append(type(a)))[0], (x, a)) and seen[-1] is np.ndarray


def test_inputs_and_their_gradients_are_left_alone():
    for value in (2.0, [1.0, 2.0], np.arange(6.0).reshape(2, 3).T, np.array([1 + 1j])):
        x = autodiff.tensor(value, requires_grad=True)
        before, version = x.tolist(), x._version
        y = x * x
        assert gradcheck(lambda x: x * x, (x,)) and x.tolist() == before and x.grad is None and x._version == version
        assert not gradcheck(square_wrong, (x,), raise_exception=False) and x.tolist() == before

        def fails(x, before=before):
            return x * 2 if x.tolist() == before else 1 // 0

        with pytest.raises(ZeroDivisionError):
            gradcheck(fails, (x,))
        assert x.tolist() == before
        y.sum().abs().backward()
    autodiff.manual_seed(0)
    state = autodiff.rand(2).tolist()
    autodiff.manual_seed(0)
    gradgradcheck(lambda x: x * x, (autodiff.ones(2, requires_grad=True),), fast_mode=True)
    assert autodiff.rand(2).tolist() == state


# ---- what is wrong is found

@fast_and_slow
@both_flavours
def test_a_wrong_jacobian_is_shown_beside_the_numerical_one(make, fast_mode):
    x, s = make([3.0, 4.0], requires_grad=True), make([1.0, 1.0], requires_grad=True)
    f = lambda s, x: (s * x, s + square_wrong(x))
    with pytest.raises(GradcheckError) as caught:
        gradcheck(f, (s, x), fast_mode=fast_mode)
    text = str(caught.value)
    assert text.startswith("Jacobian mismatch for output 1 with respect to input 1,\nnumerical:")
    name = "tensor" if make is autodiff.tensor else "array"
    numbers = {"tensor": ("[[6.0000, 0.0000]", "[[1., 0.],"), "array": ("[[6., 0.],", "[[1., 0.],")}[name]
    shown = re.sub(r"e-\d+", "", text)
    if fast_mode:
        assert re.search(r"numerical:\d\.\d+\nanalytical:\d\.\d+\n\nThe above quantities relating the numerical and analytical",
                         text)
        assert re.search(r"The max per-element difference \(slow mode\) is: (6\.9999|7\.0000)", text)
        assert f"Analytical:\n{name}({numbers[1]}" in shown
    else:
        assert f"analytical:{name}({numbers[1]}" in shown and f"numerical:{name}([[6." in shown
    assert isinstance(caught.value, RuntimeError)
    assert gradcheck(f, (s, x), fast_mode=fast_mode, raise_exception=False) is False


@fast_and_slow
def test_forward_mode_is_held_to_differences_by_itself(fast_mode):
    x = leaf([3.0])
    right_in_reverse = function(lambda x: x * x, lambda g, x: 2 * x * g, lambda t, x: t + 0)
    assert gradcheck(right_in_reverse, (x,), fast_mode=fast_mode)
    for reverse in (True, False):
        with pytest.raises(GradcheckError, match=r"^Jacobian computed with forward mode mismatch for output 0 with respect to "
                                                 r"input 0,\nnumerical:tensor\(\[+6"):
            gradcheck(right_in_reverse, (x,), fast_mode=fast_mode, check_forward_ad=True, check_backward_ad=reverse)
    right_in_forward = function(lambda x: x * x, lambda g, x: g + 0, lambda t, x: 2 * x * t)
    assert gradcheck(right_in_forward, (x,), fast_mode=fast_mode, check_forward_ad=True, check_backward_ad=False)


@fast_and_slow
def test_the_part_of_complex_numbers_is_said(fast_mode):
    x, c = leaf([3.0]), autodiff.tensor([1 + 1j], requires_grad=True)
    words = "While considering the {} part of complex {} only, Jacobian {}mismatch for output 0 with respect to input 0"
    real_wrong = lambda x: autodiff.complex(square_wrong(x), x)
    for f, given, part in ((square_wrong, c, "imaginary"), (real_wrong, x, "real"),
                           (lambda x: autodiff.complex(x, square_wrong(x)), x, "imaginary")):
        with pytest.raises(GradcheckError, match=words.format(part, "outputs", "")):
            gradcheck(f, given, fast_mode=fast_mode)
    for f, part in ((square_wrong, "imaginary"), (lambda c: square_wrong(c.real), "real"),
                    (lambda c: square_wrong(c.imag), "imaginary")):
        with pytest.raises(GradcheckError, match=words.format(part, "inputs", "computed with forward mode ")):
            gradcheck(f, c, check_forward_ad=True, check_backward_ad=False, fast_mode=fast_mode)
    # of real numbers nothing is said, though there are complex ones beside
    with pytest.raises(GradcheckError, match=r"^Jacobian mismatch for output 0 with respect to input 1"):
        gradcheck(lambda c, x: (square_wrong(x), c), (c, x), fast_mode=fast_mode)


@fast_and_slow
def test_a_wrong_second_derivative_alone(fast_mode):
    cube = function(lambda x: x ** 3, lambda g, x: 3 * x * x.detach() * g)
    x = leaf([1.0, 2.0])
    assert gradcheck(cube, (x,), fast_mode=fast_mode)
    with pytest.raises(GradcheckError, match=r"^Jacobian mismatch for output 0 with respect to input 0"):
        gradgradcheck(cube, (x,), fast_mode=fast_mode)
    assert gradgradcheck(cube, (x,), fast_mode=fast_mode, raise_exception=False) is False


@fast_and_slow
def test_nondeterminism(fast_mode):
    def jittery(size):
        random = np.random.default_rng(0)
        f = function(lambda x: x * 2, lambda g, x: f(g) * (1 + size * autodiff.tensor(random.random(3))))
        return f
    x = leaf([1.0, 2.0, 3.0])
    assert gradcheck(jittery(0.0), (x,), fast_mode=fast_mode) and gradgradcheck(jittery(0.0), (x,), fast_mode=fast_mode)
    for check, size in ((gradcheck, 1e-6), (gradgradcheck, 1e-12)):
        with pytest.raises(GradcheckError, match=r"^Backward is not reentrant, i.e., running backward with same input and "
                                                 r"grad_output multiple times gives different values[^§]*nondet_tol=<tol>"):
            check(jittery(size), (x,), fast_mode=fast_mode)
    assert gradgradcheck(jittery(1e-12), (x,), nondet_tol=1e-5, fast_mode=fast_mode)
    assert gradcheck(jittery(1e-6), (x,), nondet_tol=1e-4, fast_mode=fast_mode)


@fast_and_slow
def test_what_depends_without_a_derivative(fast_mode):
    x = leaf([1.0, 2.0])
    with pytest.raises(GradcheckError, match=r"^Numerical gradient for function expected to be zero"):
        gradcheck(lambda x: x.detach() * 2, (x,), fast_mode=fast_mode)
    for constant in (lambda x: autodiff.ones(3), lambda x: 1.0, lambda x: x.argmax(), lambda x: (x * 0).detach()):
        assert gradcheck(constant, (x,), fast_mode=fast_mode)
    with pytest.raises(ValueError, match=r"expects at least one output of func to require gradient"):
        gradgradcheck(lambda x: x.detach(), (x,))


@fast_and_slow
def test_a_cotangent_of_zeros(fast_mode):
    def shifted(x):
        y = x.clone()
        y.register_hook(lambda g: g + 1e-2)
        return y
    x = leaf([1.0])
    with pytest.raises(GradcheckError, match=r"^backward not multiplied by grad_output"):
        gradcheck(shifted, (x,), atol=1e-1, fast_mode=fast_mode)
    nearly = function(lambda x: x + 0, lambda g, x: g + 1e-12)
    assert not gradcheck(nearly, (x,), raise_exception=False, check_undefined_grad=False)
    assert gradcheck(nearly, (x,), masked=True, check_undefined_grad=False)


@fast_and_slow
def test_undefined_gradients(fast_mode):
    x = leaf([1.0, 2.0])
    fails = function(lambda x: x * 2, lambda g, x: g * 2, keep=True)
    ones = function(lambda x: x * 2, lambda g, x: autodiff.ones(2) if g is None else g * 2, keep=True)
    zeros = function(lambda x: x * 2, lambda g, x: autodiff.zeros(2) if g is None else g * 2, keep=True)
    none = function(lambda x: x * 2, lambda g, x: None if g is None else g * 2, keep=True)
    for f, words in ((fails, "Expected backward function to handle undefined output grads"),
                     (ones, "Expected all input grads to be undefined or zero when all output grads are undefined or zero")):
        with pytest.warns(UserWarning, match=r"New undefined gradient support"), pytest.raises(GradcheckError, match=words):
            gradcheck(f, (x,), fast_mode=fast_mode)
        assert gradcheck(f, (x,), check_undefined_grad=False, fast_mode=fast_mode)
    assert gradcheck(zeros, (x,), fast_mode=fast_mode) and gradcheck(none, (x,), fast_mode=fast_mode)


def test_one_output_undefined_and_the_other_not():
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            if g is None and h is not None and (h == 0).all():
                return autodiff.ones(1)
            parts = [gradient * slope for gradient, slope in ((g, 2), (h, 3)) if gradient is not None]
            return sum(parts) if parts else None

    x = leaf([1.0])
    with pytest.warns(UserWarning, match=r"New undefined"), pytest.raises(GradcheckError, match=r"undefined or zero when"):
        gradcheck(Two.apply, (x,))
    assert gradcheck(Two.apply, (x,), check_undefined_grad=False)


def test_forward_mode_of_an_input_without_a_tangent():
    class Product(Function):
        @staticmethod
        def forward(x, y):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.inputs = inputs
            ctx.set_materialize_grads(False)

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.inputs
            return (None, None) if g is None else (g * y, g * x)

        @staticmethod
        def jvp(ctx, dx, dy):
            x, y = ctx.inputs
            if dx is None or dy is None:
                return y * 7 if dx is None else x * 7
            return dx * y + x * dy

    x, y = leaf([2.0]), leaf([3.0])
    more = {"check_forward_ad": True, "check_backward_ad": False}
    assert gradcheck(Product.apply, (x, y), check_undefined_grad=False, **more)
    with pytest.raises(GradcheckError, match=r"Mismatch in tangent values for output with index: 0 when input:"):
        gradcheck(Product.apply, (x, y), **more)


# ---- batches

def test_batched_gradients():
    random = np.random.default_rng(0)
    jittery = function(lambda x: x * 2, lambda g, x: g * 2 * (1 + 1e-3 * autodiff.tensor(random.random(2))))
    x = leaf([1.0, 2.0])
    assert gradcheck(jittery, (x,), atol=0.1, nondet_tol=0.1)
    with pytest.raises(GradcheckError, match=r"For output 0 and input 0:\n\ngradcheck or gradgradcheck failed while testing "
                                             "batched gradient[^§]*Got:\ntensor[^§]*Expected:\ntensor"):
        gradcheck(jittery, (x,), atol=0.1, nondet_tol=0.1, check_batched_grad=True)


def test_batched_gradients_that_raise(monkeypatch):
    def refuse(*arguments, is_grads_batched=False, **rest):
        raise RuntimeError("no batch rule")
    monkeypatch.setattr(autograd, "grad", refuse)
    with pytest.raises(GradcheckError, match=r"^While computing batched gradients, got: no batch rule"):
        gradcheck(lambda x: x * 2, (leaf([1.0]),), check_batched_grad=True)


def test_batched_tangents(monkeypatch):
    """Held against a stand-in for vmap: a loop, and one that is wrong."""
    def loop(f, scale=1.0):
        def batched(tangents):
            return tuple(autodiff.stack(list(column)) * scale for column in zip(*map(f, tangents)))
        return batched

    x, y = leaf([1.0, 2.0]), leaf(3.0)
    more = {"check_forward_ad": True, "check_batched_forward_grad": True}
    f = lambda x, y: (x * y, x.sum(), x.detach() * 2)
    monkeypatch.setattr(autodiff, "vmap", loop, raising=False)
    assert gradcheck(f, (x, y), **more)
    monkeypatch.setattr(autodiff, "vmap", lambda f: loop(f, 1.5))
    with pytest.raises(GradcheckError, match=r"failed while testing batched gradient computation with forward-mode"):
        gradcheck(f, (x, y), **more)

    def refuse(f):
        raise RuntimeError("no batch rule")
    monkeypatch.setattr(autodiff, "vmap", refuse)
    with pytest.raises(GradcheckError, match=r"^While computing batched gradients, got: no batch rule"):
        gradcheck(f, (x, y), **more)


# ---- options

def test_the_dtype_of_gradients(monkeypatch):
    """The engine casts gradients itself; one that did not would be found."""
    from autodiff.autograd import gradcheck as name
    assert name is gradcheck
    x = leaf([1.0])
    f = function(lambda x: x * 2, lambda g, x: (g * 2).to(autodiff.float32))
    assert gradcheck(f, (x,), check_grad_dtypes=True)
    run = autodiff._variable.run_backward
    monkeypatch.setattr(autodiff._variable, "run_backward",
                        lambda *a: tuple(None if g is None else g.to(autodiff.float32) for g in run(*a)))
    with pytest.raises(GradcheckError, match=r"^Gradient has dtype mismatch"):
        gradcheck(lambda x: x * 2, (x,), check_grad_dtypes=True)
    with pytest.raises(GradcheckError, match=r"^grad is incorrect type"):
        gradcheck(lambda x: x * 2, (x,))
    monkeypatch.undo()
    monkeypatch.setattr(forward_ad, "unpack_dual", lambda y: (y, autodiff.ones(1, dtype=autodiff.complex128) * 2))
    with pytest.raises(GradcheckError, match=r"^Forward AD gradient has dtype mismatch"):
        gradcheck(lambda x: x * 2, (x,), check_grad_dtypes=True, check_forward_ad=True, check_backward_ad=False)


def test_tolerances_and_steps():
    x = leaf([1.0])
    nearly = function(lambda x: x * x, lambda g, x: 2 * x * g * 1.01)
    assert not gradcheck(nearly, (x,), raise_exception=False)
    assert gradcheck(nearly, (x,), rtol=0.02) and gradcheck(nearly, (x,), atol=0.03)
    assert gradcheck(nearly, (x,), rtol=0.02, fast_mode=True)
    with pytest.raises(GradcheckError):       # a step across the kink
        gradcheck(lambda x: (x - 1.01).abs(), (x,), eps=0.1)
    assert gradcheck(lambda x: (x - 1.01).abs(), (x,))


def test_fast_mode_says_where_the_slow_one_would_pass():
    x = leaf([1.0, 2.0])
    slopes = autodiff.tensor([1000.0, -1000.0])
    nearly = function(lambda x: (slopes * x).sum(), lambda g, x: g * (slopes + autodiff.tensor([0.9, 0.0])))
    assert gradcheck(nearly, (x,))      # off by 0.9 where 1.0 is allowed; in the sum of both the slopes cancel, not the error
    with pytest.raises(GradcheckError, match=r"Fast gradcheck failed but element-wise differences are small"):
        gradcheck(nearly, (x,), fast_mode=True)


@pytest.mark.parametrize(("check", "options", "words"), [
    (gradcheck, {"check_backward_ad": False}, "Expected at least one of check_forward_ad or check_backward_ad to be True"),
    (gradcheck, {"check_batched_grad": True, "check_backward_ad": False, "check_forward_ad": True},
     "Setting check_batched_grad=True requires check_backward_ad to be True"),
    (gradcheck, {"check_batched_forward_grad": True},
     "Setting check_batched_forward_grad=True requires check_forward_ad to be True"),
    (gradgradcheck, {"check_rev_over_rev": False}, "Expected at least one of check_fwd_over_rev or check_rev_over_rev"),
    (gradgradcheck, {"check_rev_over_rev": False, "check_fwd_over_rev": True},
     "Setting check_undefined_grad=True requires check_rev_over_rev to be True"),
    (gradgradcheck, {"check_rev_over_rev": False, "check_fwd_over_rev": True, "check_undefined_grad": False,
                     "check_batched_grad": True}, "Setting check_batched_grad=True requires check_rev_over_rev to be True"),
])
def test_options_that_need_others(check, options, words):
    with pytest.raises(AssertionError, match=words):
        check(lambda x: x * 2, (leaf([1.0]),), **options)


def test_cotangents_given_to_gradgradcheck():
    x, v = leaf([1.0, 2.0]), leaf([0.5, 1.5])
    assert gradgradcheck(lambda x: x ** 3, (x,), v) and gradgradcheck(lambda x: x ** 3, (x,), v.detach())
    assert gradgradcheck(lambda x: (x ** 3, x.sum()), (x,), [v, None])
    cube = function(lambda x: x ** 3, lambda g, x: 3 * x * x * g.detach())      # wrong in g alone
    assert gradgradcheck(cube, (x,), v.detach())
    with pytest.raises(GradcheckError, match=r"mismatch for output 0 with respect to input 1"):
        gradgradcheck(cube, (x,), v)


def test_forward_mode_over_reverse():
    x = leaf([1.0, 2.0])
    try:
        assert gradgradcheck(lambda x: x ** 3, (x,), check_fwd_over_rev=True)
    except NotImplementedError as error:
        assert "forward over reverse" in str(error)
        pytest.skip("forward mode through a pass is not there yet")
    # right where a pass goes over it, and wrong where a tangent does
    wrong = function(lambda x: x * x, lambda g, x: 2 * x * g, lambda t, x: t + 0)
    f = lambda x: wrong(x) * x
    assert gradgradcheck(f, (x,))
    with pytest.raises(GradcheckError, match=r"computed with forward mode"):
        gradgradcheck(f, (x,), check_fwd_over_rev=True)


def test_forward_mode_calls_the_function_as_often_as_pytorch_does():
    calls = []

    class Both(Function):
        @staticmethod
        def forward(x, y):
            return x.clone(), y.clone()

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def jvp(ctx, dx, dy):
            calls.append(1)
            return dx, dy

    more = {"check_forward_ad": True, "check_backward_ad": False}
    for flag, expected in ((True, (2, 6)), (False, (1, 2))):
        x, y = leaf([1.0]), autodiff.ones(1, requires_grad=flag)
        for undefined, count in zip((False, True), expected):
            calls.clear()
            assert gradcheck(Both.apply, (x, y), check_undefined_grad=undefined, **more)
            assert len(calls) == count


# ---- inputs and functions that cannot be checked

@pytest.mark.parametrize("inputs", [(), 5, (1.0, "word"), [autodiff.ones(2)], np.arange(3), (autodiff.ones(1), np.ones(2))],
                         ids=lambda i: type(i).__name__)
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_nothing_requires_grad(check, inputs):
    """Even with raise_exception=False: that is about derivatives."""
    with pytest.raises(ValueError, match=r"gradcheck expects at least one input tensor to require gradient, but none of them"):
        check(lambda *a: autodiff.ones(1), inputs, raise_exception=False)


def test_single_precision_is_warned_of():
    x = autodiff.ones(2, dtype=autodiff.float32, requires_grad=True)
    y = autodiff.ones(2, dtype=autodiff.float32)        # not differentiated: nothing to warn of
    with pytest.warns(UserWarning, match=r"^Input #0 requires gradient and is not a double precision floating point") as heard:
        assert not gradcheck(lambda x, y: x * x * y, (x, y), raise_exception=False)
    assert len(heard) == 1 and heard[0].filename == __file__
    with pytest.warns(UserWarning, match=r"Input #0"):
        assert gradcheck(lambda x, y: x * x * y, (x, y), eps=1e-2, atol=1e-2, rtol=1e-2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradcheck(lambda x, y: x * y, (leaf([1.0, 2.0]), y))


def test_inputs_whose_elements_share_memory():
    expanded = leaf([1.0]).expand(3)
    windows = leaf([1.0, 2.0, 3.0]).unfold(0, 2, 1)
    for x, words in ((expanded, "The 1th input has a dimension with stride 0"),
                     (windows, "The 1th input has elements that share memory")):
        with pytest.raises(RuntimeError, match=words) as caught:
            gradcheck(lambda _, x: x * 2, (leaf(1.0), x))
        assert not isinstance(caught.value, GradcheckError) and ".contiguous" in str(caught.value)
        assert gradcheck(lambda x: x * 2, (x.contiguous(),))
    # no two elements of these share any
    for x in (leaf([1.0, 2.0, 3.0]).expand(1, 3), leaf(np.ones((0, 3))).expand(4, 0, 3), leaf([1.0, 2.0])[::-1],
              leaf([1.0, 2.0, 3.0])[::2], leaf([[1.0, 2.0]]).T):
        assert gradcheck(lambda x: x * x, (x,))


def test_inputs_that_cannot_be_moved():
    array = np.ones(2)
    array.flags.writeable = False
    x = autodiff.autograd.Variable(array, requires_grad=True) if not array.flags.writeable else None
    if plain(x).flags.writeable:
        pytest.skip("a Variable of a read-only array is a copy")
    with pytest.raises(RuntimeError, match=r"The 0th input is read-only.*clone"):
        gradcheck(lambda x: x * 2, (x,))
    assert gradcheck(lambda x: x * 2, (x.clone(),))


@fast_and_slow
def test_shape_and_dtype_that_depend_on_values(fast_mode):
    x = leaf([1.0])
    above = lambda x: x[0].item() > 1.0
    for f, words in ((lambda x: x.reshape(1, 1) if above(x) else x, "outputs with the same shape when inputs are perturbed"),
                     (lambda x: x.float() if above(x) else x, "outputs with the same dtype when inputs are perturbed"),
                     (lambda x: (x, x) if above(x) else x, "the same number of outputs when inputs are perturbed")):
        with pytest.raises(AssertionError, match=words):
            gradcheck(f, (x,), fast_mode=fast_mode)


@pytest.mark.parametrize("result", [None, {"a": 1}, "word", [[1.0]]], ids=str)
def test_results_that_are_none(result):
    with pytest.raises(TypeError, match=r"gradcheck expects func to return a Tensor, an array or a number.*but got"):
        gradcheck(lambda x: result, (leaf([1.0]),))


def test_errors_of_the_function_are_its_own():
    def fails(x):
        raise RuntimeError("Not a GradcheckError!")
    with pytest.raises(RuntimeError, match=r"Not a GradcheckError!") as caught:
        gradcheck(fails, (leaf([1.0]),), raise_exception=False)
    assert type(caught.value) is RuntimeError


def test_where_the_names_are():
    import importlib

    module = importlib.import_module("autodiff.autograd.gradcheck")
    assert module.gradcheck is autograd.gradcheck is gradcheck and module.gradgradcheck is autograd.gradgradcheck
    assert autograd.gradcheck.GradcheckError is module.GradcheckError is GradcheckError


def test_signatures_are_pytorchs():
    torch = pytest.importorskip("torch")
    for ours, theirs in ((gradcheck, torch.autograd.gradcheck), (gradgradcheck, torch.autograd.gradgradcheck)):
        told = [[(p.name, p.default, p.kind) for p in inspect.signature(f).parameters.values()] for f in (ours, theirs)]
        assert told[0] == told[1]


def test_the_deprecated_jacobians():
    module = sys.modules["autodiff.autograd.gradcheck"]
    x, y = (autodiff.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=autodiff.float64, requires_grad=True) for _ in range(2))
    with pytest.warns(FutureWarning, match="was part of PyTorch's private API"):
        found = module.get_numerical_jacobian(lambda inputs: (inputs[0] * 2 + inputs[1], inputs[1]), (x, y), eps=1e-6)
    np.testing.assert_allclose([j.numpy() for j in found], [2 * np.eye(4), np.eye(4)], atol=1e-6)
    with pytest.warns(FutureWarning):
        found, = module.get_numerical_jacobian(lambda inputs: inputs[0] * y, (x,), target=y, eps=1e-6)
    np.testing.assert_allclose(found.numpy(), np.diag([1.0, 2.0, 3.0, 4.0]), atol=1e-6)
    assert x.tolist() == y.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.warns(FutureWarning):
        (found, _), *rest = module.get_analytical_jacobian((x, y), x * x + y)
    np.testing.assert_array_equal(found.numpy(), 2 * np.diag([1.0, 2.0, 3.0, 4.0]))
    assert rest == [True, True, True]
    for use in (lambda: module.get_numerical_jacobian(lambda inputs: inputs[0], (x,), grad_out=2.0),
                lambda: module.get_analytical_jacobian((x,), x * 1, grad_out=2.0)):
        with pytest.warns(FutureWarning), pytest.raises(ValueError, match=r"Expected grad_out to be 1\.0"):
            use()
