"""Rows that are not elementwise, under what a case does not vary: overlapping memory, scalars, the other flavour, modes."""
import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
import cases
from autodiff import autograd, rules
from checks import leaf, plain, weights

FIRST = [pytest.param(row, *found[0][1:], id=row) for row, found in sorted(cases.CASES.items())]
#: Composite rows that work element by element; the family's file says so.
POINTWISE = [pytest.param(f, id=f"{row} {name}") for row, found in sorted(cases.CASES.items())
             for name, f, _, shapes in found[:3]
             if rules.BY_NAME[row].composite and rules.BY_NAME[row].kind == "elementwise" and row in cases.POINTWISE
             and len(shapes) == 1]
#: Rows whose method has NumPy's parameters in the NumPy flavour, which the cases do not use.
NUMPYS_OWN = {name for rule in rules.RULES for answer in rule.answers for name in answer.methods} | cases.OTHERWISE_IN_NUMPY


def sample(shapes):
    return [np.random.default_rng(i).uniform(0.5, 1.5, s) for i, s in enumerate(shapes)]


@pytest.mark.parametrize(("row", "f", "ref", "shapes"),
                         [case for case in FIRST if any(len(s) and s[0] > 1 for s in case.values[3])])
def test_elements_that_are_one_place_in_memory(row, f, ref, shapes):
    """An expanded operand looks at each element several times: the gradient of the element is the sum."""
    small = [a[:1] if a.ndim and a.shape[0] > 1 else a for a in sample(shapes)]
    once = [leaf(a) for a in small]
    full = [leaf(np.broadcast_to(a, s)) for a, s in zip(small, shapes)]
    out, expected = f(*[v.expand(*s) if s else v for v, s in zip(once, shapes)]), f(*full)
    np.testing.assert_allclose(plain(out), plain(expected), rtol=1e-14, atol=1e-14)
    w = autodiff.tensor(weights(plain(expected).shape))
    for v, e, a in zip(once, full, small):
        g, = autograd.grad((out * w).sum(), v, retain_graph=True, allow_unused=True)
        h, = autograd.grad((expected * w).sum(), e, retain_graph=True, allow_unused=True)
        assert (g is None) == (h is None)
        if g is not None:
            summed = plain(h).sum(0, keepdims=True) if a.shape != h.shape else plain(h)
            np.testing.assert_allclose(plain(g), summed, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("row", "f", "ref", "shapes"), [case for case in FIRST if case.values[0] not in NUMPYS_OWN])
def test_the_numpy_flavour_stays_itself(row, f, ref, shapes):
    """The same call on ndarrays: values and gradients of the same numbers, in NumPy's flavour."""
    arrays = sample(shapes)
    expected = f(*[leaf(a) for a in arrays])
    variables = [anp.array(a, requires_grad=True) for a in arrays]
    out = f(*variables)
    assert type(out) is anp.ndarray
    # Small matrices have loops of our own in PyTorch's flavour, and NumPy's bits in NumPy's.
    rtol = 1e-14 if row in {rule.name for rule in rules.solving.RULES} else 0
    np.testing.assert_allclose(out.detach().numpy(), plain(expected), rtol=rtol, atol=rtol)


@pytest.mark.parametrize(("row", "f", "ref", "shapes"), FIRST)
def test_nothing_is_recorded_where_no_gradient_is_wanted(row, f, ref, shapes):
    arrays = sample(shapes)
    expected = f(*[leaf(a) for a in arrays])
    for out in (f(*[autodiff.tensor(a) for a in arrays]), autodiff.no_grad()(f)(*[leaf(a) for a in arrays])):
        assert not out.requires_grad and out.grad_fn is None
        np.testing.assert_array_equal(plain(out), plain(expected))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", POINTWISE)
def test_a_scalar_has_the_bits_of_an_array(f, dtype):
    x = np.random.default_rng(3).uniform(-3, 3, 23).astype(dtype)
    many = leaf(x)
    out = f(many)
    (grads,) = autograd.grad(out.sum(), many)
    for i in range(len(x)):
        one = leaf(x[i])
        value = f(one)
        assert value.item() == plain(out)[i] or np.isnan(plain(out)[i])
        (g,) = autograd.grad(value, one)
        np.testing.assert_array_equal(plain(g), plain(grads)[i])
