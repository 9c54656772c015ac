"""primitive: functions on plain arrays with derivatives of the user's."""
import pickle

import numpy as np
import pytest

import autodiff as ad
from autodiff.autograd import forward_ad, grad


@ad.primitive
def powers(x, y):
    """x to the y."""
    return np.power(x, y)


powers.defvjp(lambda ans, x, y: lambda g: g * y * x ** (y - 1), lambda ans, x, y: lambda g: g * np.log(x) * ans)


@ad.primitive
def both(x):
    return np.sin(x), float(np.sum(x))


both.defvjp(lambda ans, x: lambda g: g[0] * np.cos(x) + g[1])


def make(flavour, values):
    return (ad.tensor if flavour == "Tensor" else ad.numpy.array)(values).requires_grad_()


@pytest.mark.parametrize("flavour", ["Tensor", "ndarray"])
def test_derivatives_to_the_third_are_those_of_the_ops(flavour):
    def thirds(f):
        x, y = make(flavour, [0.5, 2.0]), make(flavour, [3.0, 1.5])
        value = f(x, y)
        found = []
        for _ in range(3):
            assert type(value) is type(x)
            gx, gy = grad(value.sum(), (x, y), create_graph=True)
            found += [np.asarray(gx.detach()), np.asarray(gy.detach())]
            value = gx * gy
        return found

    for own, given in zip(thirds(powers), thirds(lambda x, y: x ** y), strict=True):
        np.testing.assert_allclose(own, given, rtol=1e-12)


def test_several_results_of_which_some_take_no_part():
    x = ad.tensor([0.5, 1.0], requires_grad=True)
    s, total = both(x)
    np.testing.assert_array_equal(s.detach().numpy(), np.sin([0.5, 1.0]))
    assert total.shape == () and total == 1.5
    g, = grad(total, x, retain_graph=True)
    assert g.tolist() == [1.0, 1.0]
    (s.sum() + 2 * total).backward()
    np.testing.assert_allclose(x.grad.numpy(), np.cos([0.5, 1.0]) + 2)


def test_without_variables_it_is_the_function():
    assert powers(2.0, 3.0) == 8.0 and type(powers(np.ones(2), 2)) is np.ndarray
    assert powers.__doc__ == "x to the y." and repr(powers) == "primitive(powers)"


def test_one_argument_may_be_plain_and_a_mixed_call_is_of_numpy_flavour():
    x = ad.tensor([0.5, 2.0], requires_grad=True)
    powers(x, 2).sum().backward()
    assert x.grad.tolist() == [1.0, 4.0]
    assert type(powers(x, ad.numpy.array([1.0, 2.0]))) is ad.numpy.ndarray


def test_forward_mode_transposes_the_vjp_or_takes_the_rule():
    x, t = ad.tensor([0.5, 2.0]), ad.tensor([1.0, -1.0])
    by_rule = ad.primitive(lambda x: np.exp(x))
    ad.defjvp(by_rule, lambda t, ans, x: t * ans)
    linear = ad.primitive(lambda x: np.cumsum(x)).defjvp("same")
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, t)
        tangents = [forward_ad.unpack_dual(v).tangent for v in (powers(dual, 3.0), by_rule(dual), linear(dual), *both(dual))]
    wanted = [3 * np.array([0.25, -4.0]), np.exp([0.5, 2.0]) * [1, -1], [1.0, 0.0], np.cos([0.5, 2.0]) * [1, -1], 0.0]
    for tangent, value in zip(tangents, wanted, strict=True):
        assert type(tangent) is ad.Tensor
        np.testing.assert_allclose(tangent.numpy(), value, atol=1e-15)


def test_a_missing_derivative_names_the_argument():
    half = ad.primitive(lambda x, y: x * y)
    half.defvjp(lambda ans, x, y: lambda g: g * y)
    x, y = ad.tensor([1.0], requires_grad=True), ad.tensor([2.0], requires_grad=True)
    half(x, y.detach()).backward()
    assert x.grad.tolist() == [2.0]
    with pytest.raises(NotImplementedError, match=r"no derivative in its argument 1.*argnums=\[1\]"):
        half(x, y).backward()
    with forward_ad.dual_level(), pytest.raises(NotImplementedError, match="argument 1"):
        half(1.0, forward_ad.make_dual(ad.ones(1), ad.ones(1)))


def test_none_is_a_derivative_of_zero():
    steps = ad.primitive(lambda x, n: x * n)
    steps.defvjp(lambda ans, x, n: lambda g: g * n, None)
    x, n = ad.tensor([1.0], requires_grad=True), ad.tensor([2.0], requires_grad=True)
    steps(x, n).backward()
    assert x.grad.tolist() == [2.0] and n.grad is None


def test_wrong_rules_and_arguments_raise():
    f = ad.primitive(lambda x: x * 2)
    with pytest.raises(TypeError, match="is a function or None, not int"):
        f.defvjp(2)
    with pytest.raises(ValueError, match="1 derivatives for 2 argnums"):
        f.defvjp(lambda ans, x: lambda g: g, argnums=[0, 1])
    f.defvjp(lambda ans, x: 2.0)
    x = ad.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="expected a function of the gradient"):
        f(x).sum().backward()
    with pytest.raises(TypeError, match="'y' requires grad and is given by keyword"):
        powers(2.0, y=x)
    f.defvjp(lambda ans, x: lambda g: np.ones(5))
    with pytest.raises(RuntimeError, match="invalid gradient"):
        f(x).sum().backward()
    assert x.grad is None


def test_a_function_that_returns_its_argument_shares_no_memory():
    same = ad.primitive(lambda x: x)
    same.defvjp(lambda ans, x: lambda g: g)
    x = ad.ones(2)
    y = same(x)
    y += 1
    assert x.tolist() == [1.0, 1.0]


def test_a_write_to_what_was_saved_is_an_error():
    x = ad.ones(2, requires_grad=True) * 2
    y = powers(x, 2.0)
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_it_pickles_by_name_and_is_a_method():
    assert pickle.loads(pickle.dumps(powers)) is powers

    class Model:
        weight = 3.0

        @ad.primitive
        def scaled(self, x):
            return self.weight * x

        scaled.defvjp(lambda ans, self, x: lambda g: g * self.weight, argnums=[1])

    x = ad.ones(2, requires_grad=True)
    Model().scaled(x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_transposing_a_vjp_that_broadcasts_or_is_zero():
    product = ad.primitive(lambda x, y: x * y)
    product.defvjp(lambda ans, x, y: lambda g: g * y, lambda ans, x, y: lambda g: g * x)
    assert ad.jvp(lambda s: product(np.ones(3), s), (2.0,), (1.0,))[1].tolist() == [1.0, 1.0, 1.0]
    flat = ad.primitive(lambda x: np.sign(x)).defvjp(None)
    assert ad.jvp(flat, (np.ones(2),), (np.ones(2),))[1].tolist() == [0.0, 0.0]
    loose = ad.primitive(lambda x: x * 2).defvjp(lambda ans, x: lambda g: np.asarray(g.detach()) * 2)
    with pytest.raises(NotImplementedError, match="not made of ops on the gradient"):
        ad.jvp(loose, (np.ones(2),), (np.ones(2),))


@pytest.mark.parametrize("thing", [None, 3.0, [1.0]])
def test_what_is_no_function_is_refused(thing):
    with pytest.raises(TypeError, match="takes a function"):
        ad.primitive(thing)


@pytest.mark.parametrize("define", [ad.defvjp, ad.defjvp])
def test_a_derivative_is_defined_of_a_primitive(define):
    with pytest.raises(TypeError, match=r"def[vj][jv]p\(\): argument 'op' \(position 1\) must be a primitive, not NoneType"):
        define(None, lambda *_: None)
