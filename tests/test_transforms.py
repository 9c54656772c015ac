"""Transforms of functions: what goes in comes out, they nest in any order, print, pickle, and work in other processes.

What PyTorch shows for them stands in golden/transforms.txt.
"""
import collections
import concurrent.futures
import dataclasses
import multiprocessing
import pickle
import threading

import numpy as np
import pytest

import autodiff as ad
from autodiff import func

Pair = collections.namedtuple("Pair", "first second")


@dataclasses.dataclass
class Model:
    weight: object
    bias: object


def cubes(x):
    return (x ** 3).sum()


def wave(x):
    return np.sin(x) * x


def bowl(x, y=1.0):
    return ((x - 1) ** 2 * y).sum()


# ---- what goes in comes out

def test_plain_arrays_and_numbers_in_arrays_and_floats_out():
    g = ad.grad(wave)(2.0)
    assert type(g) is float and g == np.sin(2.0) + 2 * np.cos(2.0)
    g = ad.grad(cubes)(np.array([1.0, 2.0]))
    assert type(g) is np.ndarray and g.tolist() == [3.0, 12.0]
    value, g = ad.value_and_grad(cubes)(np.array([1.0, 2.0], dtype=np.float32))
    assert type(value) is float and g.dtype == np.float32
    assert ad.grad(lambda x: x ** 2)(3) == 6.0                       # an int is a number
    assert ad.grad(lambda x: x ** 2)(np.float64(3)) == 6.0
    out, pull = ad.vjp(lambda x: np.exp(x), np.array([0.0, 1.0]))
    assert type(out) is np.ndarray and type(pull(np.ones(2))[0]) is np.ndarray
    primal, tangent = ad.jvp(wave, (2.0,), (1.0,))
    assert type(primal) is type(tangent) is float and tangent == ad.grad(wave)(2.0)


def test_the_function_is_handed_the_numpy_flavour_of_what_is_differentiated():
    seen = []

    def f(x, data):
        seen.append((type(x), type(data), x.requires_grad))
        return (x * data).sum()

    data = np.array([1.0, 2.0])
    assert ad.grad(f)(np.ones(2), data).tolist() == [1.0, 2.0]
    assert seen == [(ad.numpy.ndarray, np.ndarray, True)]


@pytest.mark.parametrize("make, kind", [(ad.tensor, ad.Tensor), (ad.numpy.array, ad.numpy.ndarray)])
def test_variables_in_variables_of_their_flavour_out(make, kind):
    x = make([1.0, 2.0])
    value, g = ad.value_and_grad(bowl)(x, 3.0)
    assert type(value) is type(g) is kind and not g.requires_grad and not value.requires_grad
    assert g.tolist() == [0.0, 6.0] and not x.requires_grad and x.grad is None
    assert type(ad.grad(bowl, argnums=1)(x, 3.0)) is kind             # a number beside a Variable is one
    for transform in (ad.jacrev, ad.jacfwd, ad.jacobian, ad.hessian):
        assert type(transform(bowl)(x)) is kind


def test_gradients_flow_on_to_what_the_arguments_depend_on():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    g = ad.grad(cubes)(w * 2)                       # 3 (2w)^2
    g.sum().backward()
    assert w.grad.tolist() == [24.0, 48.0]
    value, _ = ad.value_and_grad(cubes)(w)
    value.backward()
    assert w.grad.tolist() == [27.0, 60.0]
    w.grad = None
    out, pull = ad.vjp(lambda x: x * x, w)
    (out.sum() + pull(ad.ones(2))[0].sum()).backward()
    assert w.grad.tolist() == [4.0, 6.0]
    w.grad = None
    ad.jacrev(lambda x: x ** 3)(w).sum().backward()
    assert w.grad.tolist() == [6.0, 12.0]
    w.grad = None
    ad.jacfwd(lambda x: x ** 3)(w).sum().backward()
    assert w.grad.tolist() == [6.0, 12.0]
    w.grad = None
    ad.hvp(cubes, (w,), (ad.ones(2),))[1][0].sum().backward()
    assert w.grad.tolist() == [6.0, 6.0]


def test_gradients_flow_to_what_the_function_refers_to():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    g = ad.grad(lambda x: ((x * w) ** 2).sum())(np.ones(2))
    assert isinstance(g, ad.numpy.ndarray) and g.requires_grad       # plain arrays would lose the graph
    g.sum().backward()
    assert w.grad.tolist() == [4.0, 8.0]
    with ad.no_grad():
        g = ad.grad(lambda x: ((x * w) ** 2).sum())(np.ones(2))
    assert type(g) is np.ndarray


def test_trees():
    def f(model, inputs):
        return ((model["layers"][0].weight * inputs.first).sum() + model["layers"][0].bias * inputs.second[0]) ** 2

    model = {"layers": [Model(np.array([1.0, 2.0]), 3.0)], "unused": (np.ones(1),)}
    inputs = Pair(np.array([1.0, 1.0]), [2.0])
    g, h = ad.grad(f, argnums=(0, 1))(model, inputs)
    assert g["layers"][0].weight.tolist() == [18.0, 18.0] and g["layers"][0].bias == 36.0
    assert type(g["layers"][0]) is Model and g["unused"][0].tolist() == [0.0]
    assert type(h) is Pair and h.first.tolist() == [18.0, 36.0] and h.second == [54.0]
    assert model["layers"][0].bias == 3.0                            # what was handed in is as it was
    jacobian = ad.jacrev(lambda x: {"double": x * 2, "both": (x, x.sum())})(np.ones(2))
    assert jacobian["double"].tolist() == [[2.0, 0.0], [0.0, 2.0]] and jacobian["both"][1].tolist() == [1.0, 1.0]


def test_argnums_by_place_and_by_name():
    def f(x, y, *, z=1.0):
        return x * y * y * z

    assert ad.grad(f, argnums=1)(2.0, 3.0) == 12.0 == ad.grad(f, argnums="y")(2.0, 3.0) == ad.grad(f, argnums=-1)(2.0, 3.0)
    assert ad.grad(f, argnums=("x", "z"))(2.0, 3.0, z=5.0) == (45.0, 18.0)
    assert ad.grad(f, argnums="y")(2.0, y=3.0) == 12.0
    assert ad.jacfwd(f, argnums="z")(2.0, 3.0, z=5.0) == 18.0
    for wrong in (2, -3, "w", "z", 1.5, (0, 0)):
        with pytest.raises(RuntimeError if not isinstance(wrong, str) else ValueError, match="argn"):
            ad.grad(f, argnums=wrong)(2.0, 3.0)


def test_what_has_no_derivative_is_refused_in_words():
    with pytest.raises(TypeError, match=r"array of int64 has no derivatives: convert it, as by x.astype\(float\)"):
        ad.grad(cubes)(np.array([1, 2]))
    with pytest.raises(RuntimeError, match=r"floating point dtype.*x.double\(\)"):
        ad.grad(cubes)(ad.tensor([1, 2]))
    with pytest.raises(TypeError, match="but got str"):
        ad.grad(cubes)("text")
    with pytest.raises(RuntimeError, match="scalar Tensor, got tensor with 1 dims"):
        ad.grad(lambda x: x)(np.ones(2))
    with pytest.raises(RuntimeError, match="real number"):
        ad.grad(lambda x: x * 1j)(1.0)
    with pytest.raises(TypeError, match=r"makes a function of a function, but got Tensor: autodiff.autograd.grad"):
        ad.grad(ad.ones(2))
    with pytest.raises(TypeError, match=r"is autodiff.grad\(f\)"):
        ad.autograd.grad(cubes)
    with pytest.raises(ValueError, match="mode is 'rev', 'fwd' or None"):
        ad.jacobian(cubes, mode="both")
    x = np.ones(2)
    with pytest.raises(ZeroDivisionError):
        ad.grad(lambda x: 1 / 0)(x)
    assert not ad.autograd.forward_ad._v.innermost_level()


def test_a_constant_function_has_a_gradient_of_zeros():
    assert ad.grad(lambda x: 3.0)(np.ones(2)).tolist() == [0.0, 0.0]
    assert ad.grad(lambda x, y: (x * x).sum(), argnums=1)(np.ones(2), 1.0) == 0.0
    assert ad.jvp(lambda x: np.ones(2), (1.0,), (1.0,))[1].tolist() == [0.0, 0.0]


# ---- nesting

def test_nesting_in_any_order():
    f = lambda x: np.sin(x) * np.exp(x)
    third = 2 * np.exp(0.5) * (np.cos(0.5) - np.sin(0.5))
    forward = lambda g: lambda x: ad.jvp(g, (x,), (1.0,))[1]
    for a in (ad.grad, forward, ad.jacrev, ad.jacfwd):
        for b in (ad.grad, forward, ad.jacrev, ad.jacfwd):
            for c in (ad.grad, forward):
                np.testing.assert_allclose(a(b(c(f)))(0.5), third, rtol=1e-12, err_msg=f"{a} {b} {c}")


def test_no_perturbation_is_taken_for_another():
    """d/dx (x * d/dy (x + y)) is 1."""
    forward = lambda g: lambda x: ad.jvp(g, (x,), (1.0,))[1]
    for outer in (ad.grad, forward):
        assert outer(lambda x: x * ad.grad(lambda y: x + y)(1.0))(3.0) == 1.0
        assert outer(lambda x: x * forward(lambda y: x + y)(1.0))(3.0) == 1.0
        assert outer(lambda x: ad.grad(lambda y: x * y * y)(4.0))(3.0) == 8.0
        assert outer(lambda x: forward(lambda y: x * y * y)(4.0))(3.0) == 8.0
        assert outer(lambda x: ad.grad(lambda y: x * y * y)(x))(3.0) == 12.0
        assert outer(lambda x: forward(lambda y: x * y * y)(x))(3.0) == 12.0


def test_hessians_agree_with_each_other():
    def f(x):
        y = x[0] * x[1:]
        return (np.sin(y) * x[:-1] ** 3).sum() + x[0] ** 4

    x = np.array([0.5, -1.0, 2.0, 0.25])
    first = ad.hessian(f)(x)
    np.testing.assert_allclose(first, ad.jacrev(ad.jacrev(f))(x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(first, ad.jacfwd(ad.jacfwd(f))(x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(first, ad.jacrev(ad.jacfwd(f))(x), rtol=1e-12, atol=1e-12)
    v = np.array([1.0, -0.5, 0.25, 2.0])
    value, (product,) = ad.hvp(f, (x,), (v,))
    np.testing.assert_allclose(product, first @ v, rtol=1e-12)
    assert value == f(x)
    eps = 1e-6
    np.testing.assert_allclose(product, (ad.grad(f)(x + eps * v) - ad.grad(f)(x - eps * v)) / (2 * eps), rtol=1e-6)


def test_jacobians_of_every_shape():
    x = np.arange(6.0).reshape(2, 3) + 1
    for f, out in ((lambda x: x.T @ x, (3, 3)), (lambda x: x.sum(0), (3,)), (lambda x: x.sum(), ()), (lambda x: x[:0], (0, 3))):
        found = [transform(f)(x) for transform in (ad.jacrev, ad.jacfwd, ad.jacobian)]
        found.append(ad.jacrev(f, chunk_size=2)(x))
        for jacobian in found:
            assert np.shape(jacobian) == (*out, 2, 3)
            np.testing.assert_allclose(jacobian, found[0])


def test_linearize_and_vjp_evaluate_once():
    calls = []

    def f(x):
        calls.append(1)
        return np.exp(x) * x

    _, push = ad.linearize(f, np.array([0.5, 1.0]))
    _, pull = ad.vjp(f, np.array([0.5, 1.0]))
    for v in (np.array([1.0, 0.0]), np.array([0.5, 2.0])):
        np.testing.assert_allclose(push(v), pull(v)[0])
    assert len(calls) == 2
    with pytest.raises(RuntimeError, match="structure"):
        push((np.ones(2), np.ones(2)))


@pytest.mark.parametrize("f", [
    lambda x: (ad.vjp(lambda y: y ** 3, x)[0] ** 2).sum(),
    lambda x: sum(part.sum() for part in ad.vjp(lambda y: (y ** 3, y ** 2), x, has_aux=True)[::2]),
    lambda x: (x * ad.grad(lambda y: ((y * x).sum(), y ** 2), has_aux=True)(x)[1]).sum(),
    lambda x: (ad.jacrev(lambda y: (y * y * x, y * 2), has_aux=True)(x)[1] * x).sum(),
    lambda x: (ad.linearize(lambda y: y ** 3, x)[0] * x).sum(),
], ids=["vjp", "vjp aux", "grad aux", "jacrev aux", "linearize"])
def test_under_vmap_what_comes_beside_a_derivative_is_differentiated_further_out(f):
    """The values next to a derivative are handles of batches there, whose graph was not looked at: gradients were too small."""
    xs = np.array([[1.0, 2.0, 3.0], [-0.5, 0.25, 2.0]])
    expected = np.stack([ad.grad(f)(x) for x in xs])
    np.testing.assert_allclose(ad.vmap(ad.grad(f))(xs), expected)
    np.testing.assert_allclose(ad.vmap(ad.vmap(ad.grad(f)))(xs[None])[0], expected)
    eps = 1e-6
    steps = [[float(f(x + eps * e) - f(x - eps * e)) / (2 * eps) for e in np.eye(3)] for x in xs]
    np.testing.assert_allclose(expected, steps, rtol=1e-6)


# ---- what they are

def test_they_print_and_know_what_they_are_made_of():
    g = ad.hessian(ad.grad(cubes, argnums=(0,)))
    assert repr(g) == "hessian(grad(cubes, argnums=(0,)))"
    assert repr(ad.jacobian(cubes, mode="fwd")) == "jacobian(cubes, mode='fwd')"
    assert g.function.function is cubes and g.function.options == {"argnums": (0,), "has_aux": False}
    assert ad.grad(cubes).__name__ == "cubes"
    assert ad.grad is func.grad


def test_they_pickle_when_the_function_does():
    g = pickle.loads(pickle.dumps(ad.grad(ad.grad(wave), argnums=0)))
    assert g(0.5) == ad.grad(ad.grad(wave))(0.5) and repr(g) == "grad(grad(wave))"
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(ad.grad(lambda x: x))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_they_work_in_a_worker_process(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    ad.grad(cubes)(np.ones(2))          # whatever the parent has started must not be in the way
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        assert pool.submit(ad.grad(np.square), 3.0).result() == 6.0


def test_they_work_in_threads():
    def work():
        for _ in range(20):
            found.append(ad.hessian(cubes)(np.array([1.0, 2.0])).tolist())

    found = []
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80 and all(h == [[6.0, 0.0], [0.0, 12.0]] for h in found)


def test_as_decorators_and_methods():
    @ad.value_and_grad
    def f(x):
        """Its own words."""
        return x ** 2

    assert f(3.0) == (9.0, 6.0) and f.__doc__ == "Its own words."

    class Holder:
        k = 5.0

        @ad.primitive
        def scaled(self, x):
            return self.k * x

        scaled.defvjp(lambda ans, self, x: lambda g: g * self.k, argnums=[1])

        def loss(self, x):
            return self.scaled(x) ** 2

    holder = Holder()
    assert ad.grad(holder.loss)(2.0) == 100.0


def test_scipy_takes_the_gradient():
    optimize = pytest.importorskip("scipy.optimize")

    def rosenbrock(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    found = optimize.minimize(ad.value_and_grad(rosenbrock), np.zeros(5), jac=True, method="BFGS")
    np.testing.assert_allclose(found.x, 1.0, atol=1e-5)
    found = optimize.minimize(rosenbrock, np.zeros(5), jac=ad.grad(rosenbrock), hess=ad.hessian(rosenbrock),
                              method="trust-exact")
    np.testing.assert_allclose(found.x, 1.0, atol=1e-6)


# ---- together with vmap

def asked(function):
    """How many ops function() asks a level for."""
    from autodiff import _variable as _v

    names = []

    def level(call):
        names.append(call.name)
        return NotImplemented

    _v.push_level(level)
    try:
        function()
    finally:
        _v.pop_level()
    return len(names)


@pytest.mark.parametrize("transform", [ad.jacrev, ad.jacfwd, lambda f: ad.hessian(lambda x: f(x).sum())])
def test_a_jacobian_is_one_batched_pass(transform):
    """The number of ops does not depend on the number of rows."""
    f = lambda x: ad.tanh(x * x) * x.sum()
    few, many = (asked(lambda n=n: transform(f)(ad.ones(n))) for n in (3, 30))
    assert few == many


def test_transforms_inside_of_vmap_are_those_of_each_sample():
    f = lambda x: (x[1:] * x[:-1] ** 2).sum() * np.sin(x[0])
    batch = np.random.default_rng(0).normal(size=(4, 3))
    t = np.array([1.0, -0.5, 2.0])
    for transform in (ad.grad(f), ad.hessian(f), ad.jacrev(ad.grad(f)), ad.jacfwd(f), ad.jacobian(lambda x: x * f(x)),
                      lambda x: ad.jvp(f, (x,), (x,))[1], lambda x: ad.jvp(ad.grad(f), (x,), (t,))[1],
                      lambda x: ad.hvp(f, (x,), (t,))[1][0], lambda x: ad.vjp(lambda v: v * v, x)[1](t)[0],
                      lambda x: ad.linearize(f, x)[1](t), ad.value_and_grad(f)):
        found, wanted = ad.vmap(transform)(batch), [transform(sample) for sample in batch]
        if isinstance(found, tuple):
            found, wanted = found[1], [entry[1] for entry in wanted]
        np.testing.assert_allclose(found, np.stack([np.asarray(entry) for entry in wanted]), rtol=1e-11)


def test_vmap_inside_of_transforms():
    f = lambda x: ad.vmap(lambda v: (v ** 3).sum())(x).sum()
    x = np.arange(6.0).reshape(3, 2)
    np.testing.assert_allclose(ad.grad(f)(x), 3 * x ** 2)
    np.testing.assert_allclose(ad.jvp(f, (x,), (x,))[1], (3 * x ** 3).sum())
    np.testing.assert_allclose(ad.hessian(f)(x).reshape(6, 6), np.diag(6 * x.ravel()))


def test_tangents_of_one_vmap_and_primals_of_another():
    """A tangent that belongs to each sample of the inner batch, of a value that belongs to each of the outer one."""
    f = lambda x: x * x.sum()
    points, basis = np.random.default_rng(0).normal(size=(2, 3)), np.eye(3)
    columns = ad.vmap(lambda x: ad.vmap(lambda t: ad.jvp(f, (x,), (t,))[1])(basis))(points)
    rows = ad.vmap(lambda t: ad.vmap(lambda x: ad.jvp(f, (x,), (t,))[1])(points))(basis)
    for i, x in enumerate(points):
        np.testing.assert_allclose(columns[i].T, ad.jacrev(f)(x))
        np.testing.assert_allclose(rows[:, i].T, ad.jacrev(f)(x))


def test_gradients_of_each_sample_in_shared_weights():
    def loss(w, x, y):
        return ((ad.tanh(x @ w["first"]) @ w["second"] - y) ** 2).sum()

    random = np.random.default_rng(0)
    w = {"first": random.normal(size=(4, 3)), "second": random.normal(size=(3, 1))}
    x, y = random.normal(size=(5, 4)), random.normal(size=(5, 1))
    w_v = {name: ad.numpy.array(value) for name, value in w.items()}
    found = ad.vmap(ad.grad(loss), in_dims=(None, 0, 0))(w_v, ad.numpy.array(x), ad.numpy.array(y))
    for i in range(5):
        one = ad.grad(loss)(w, x[i], y[i])
        for name in w:
            np.testing.assert_allclose(np.asarray(found[name][i]), one[name], rtol=1e-11)


# ---- what the caller keeps, and what must not be lost on the way

def test_values_and_aux_keep_the_tangents_of_outer_levels():
    c = lambda y: y ** 3
    for f in (lambda x: ad.value_and_grad(c)(x)[0], lambda x: ad.vjp(c, x)[0], lambda x: ad.linearize(c, x)[0],
              lambda x: ad.hvp(c, (x,), (1.0,))[0], lambda x: ad.jacrev(lambda y: (c(y), c(y)), has_aux=True)(x)[1]):
        assert ad.jvp(f, (2.0,), (1.0,))[1] == 12.0
    assert ad.jvp(lambda x: ad.value_and_grad(lambda y: y * x)(2.0)[0], (2.0,), (1.0,))[1] == 2.0


def test_aux_stays_in_the_graph_of_what_it_depends_on():
    f = lambda x, y: (x ** 2, x * y)
    assert ad.grad(lambda y: ad.grad(lambda x: f(x, y), has_aux=True)(2.0)[1])(3.0) == 2.0
    assert ad.grad(lambda y: ad.vjp(lambda x: f(x, y), 2.0, has_aux=True)[2])(3.0) == 2.0
    assert ad.grad(lambda y: ad.value_and_grad(lambda x: f(x, y), has_aux=True)(2.0)[0][1])(3.0) == 2.0
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    _, aux = ad.grad(lambda x: ((x ** 3).sum(), x * w), has_aux=True)(ad.ones(2))
    aux.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]


def test_inside_of_inference_mode():
    with ad.inference_mode():
        made = ad.ones(2)
        assert ad.grad(lambda x: x ** 3)(2.0) == 12.0
        assert ad.jacrev(lambda x: x * x)(ad.ones(2)).tolist() == [[2.0, 0.0], [0.0, 2.0]]
        assert ad.hessian(lambda x: x ** 3)(2.0) == 12.0
    assert ad.grad(lambda x: (x * x).sum())(made).tolist() == [2.0, 2.0]


def test_results_share_no_memory_with_the_arguments():
    x = np.array([1.0, 2.0])
    _, pull = ad.vjp(lambda x: x ** 3, x)
    first, = pull(np.ones(2))
    x -= 0.1 * first
    assert pull(np.ones(2))[0].tolist() == [3.0, 12.0]
    (_, aux), g = ad.value_and_grad(lambda x: ((x ** 3).sum(), x), has_aux=True)(x)
    before = aux.copy()
    x -= g
    assert aux.tolist() == before.tolist()


def test_complex_jacobians_are_refused_as_in_pytorch():
    for transform in (ad.jacrev, ad.jacfwd, ad.jacobian):
        for f, x in ((lambda x: x * (1 + 2j), np.ones(1)), (lambda z: ad.stack([z[0] * z[0], z[0]]), np.array([1 + 2j]))):
            with pytest.raises(RuntimeError, match="to be real but received complex"):
                transform(f)(x)


def test_a_jacobian_falls_back_to_rows_where_forward_mode_cannot():
    def f(x):
        o = ad.zeros(3)
        o[0], o[1], o[2] = x[0], x[0] * x[1], x[1] ** 2
        return o

    assert ad.jacobian(f)(np.array([1.0, 2.0])).tolist() == [[1.0, 0.0], [2.0, 1.0], [0.0, 4.0]]


def test_jacfwd_of_no_elements_and_of_random_functions():
    assert ad.jacfwd(lambda x: x * 2)(ad.zeros(0)).shape == (0, 0)
    assert ad.jacfwd(lambda x: x * ad.rand(1), randomness="same")(ad.ones(2)).shape == (2, 2)
    with pytest.raises(RuntimeError, match="Only allowed values for randomness"):
        ad.func.jacfwd(cubes, randomness="some")


def test_a_strict_jvp_refuses_an_output_that_does_not_depend_on_the_input():
    def f(x):
        return x * x, x.long().double().requires_grad_().clone()

    x, v = ad.tensor([1.0, 2.0]), ad.ones(2)
    assert ad.autograd.functional.jvp(f, x, v)[1][1].tolist() == [0.0, 0.0]
    with pytest.raises(RuntimeError, match="Output 1 of the user-provided function is independent of the input"):
        ad.autograd.functional.jvp(f, x, v, strict=True)


@pytest.mark.parametrize("transform", [
    lambda tree: ad.grad(lambda t: 1.0)(tree), lambda tree: ad.vjp(lambda t: t, tree),
    lambda tree: ad.jvp(lambda t: t, (tree,), (tree,)), lambda tree: ad.vmap(lambda t: t)(tree)])
def test_a_tree_that_holds_itself_is_refused(transform):
    tree = [ad.ones(2)]
    tree.append(tree)
    with pytest.raises(ValueError, match="holds itself"):
        transform(tree)


def test_a_kept_leaf_does_not_show_the_gradient():
    kept = []
    gradient = ad.grad(lambda x: (kept.append(x), (x * x).sum())[1])(np.array([1.0, 2.0]))
    assert kept[0].grad is None and gradient.tolist() == [2, 4]


@pytest.mark.parametrize("view", [
    lambda x: (x * 1).view(3).expand(2, 3), lambda x: (x * 1)[0].expand(3), lambda x: (x * x).view(3).expand(2, 3),
    lambda x: (x * 1)[:2].expand(2, 2), lambda x: ad.broadcast_to(x[:1], (2, 1)),
    lambda x: (x * x)[1:].view(2, 1).expand(2, 4)])
def test_columns_through_views_of_views_that_expand(view):
    x = ad.tensor([1.0, 2.0, 3.0], dtype=ad.float64)
    for f in (view, lambda x: view(x).sum()):
        found, wanted = func.jacfwd(f)(x), func.jacrev(f)(x)
        assert found.shape == wanted.shape and found.tolist() == wanted.tolist()
        columns = func.vmap(lambda t, f=f: func.jvp(f, (x,), (t,))[1])(ad.eye(3, dtype=ad.float64))
        assert columns.movedim(0, -1).tolist() == wanted.tolist()
    hessian = func.jacfwd(func.grad(lambda x: (view(x) ** 3).sum()))(x)
    np.testing.assert_allclose(hessian.numpy(), func.hessian(lambda x: (view(x) ** 3).sum())(x).numpy(), rtol=1e-14)


# ---- elementwise and holomorphic functions, and results in object arrays


def test_elementwise_grad_is_the_derivative_of_each_element():
    x = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
    derivative = ad.elementwise_grad(lambda x: x ** 3)
    np.testing.assert_allclose(derivative(x), [[ad.grad(lambda x: x ** 3)(float(v)) for v in row] for row in x])
    np.testing.assert_allclose(ad.elementwise_grad(derivative)(x), 6 * x)
    assert derivative(2.0) == 12.0 and type(derivative(2.0)) is float
    first, second = ad.elementwise_grad(lambda x, y: x * y, argnums=(0, 1))(x, x + 1)
    np.testing.assert_array_equal(first, x + 1)
    np.testing.assert_array_equal(second, x)
    np.testing.assert_array_equal(ad.elementwise_grad(np.ones_like)(x), 0 * x)
    np.testing.assert_array_equal(ad.elementwise_grad(lambda x: 2.0)(x), 0 * x)
    np.testing.assert_allclose(ad.vmap(derivative)(x), derivative(x))


def test_elementwise_grad_of_variables_stays_in_their_graph():
    t = ad.tensor([1.0, 2.0], requires_grad=True)
    found = ad.elementwise_grad(lambda x: x ** 3 * t)(t)
    assert type(found) is ad.Tensor and found.requires_grad
    found.sum().backward()      # 3 t^2 t, and the t inside is a constant of the inner derivative
    np.testing.assert_allclose(t.grad.numpy(), 9 * np.array([1.0, 4.0]))


def test_elementwise_grad_refuses_what_is_no_array():
    with pytest.raises(RuntimeError, match="Expected f"):
        ad.elementwise_grad(lambda x: (x, x))(1.0)
    with pytest.raises(RuntimeError, match="real number"):
        ad.elementwise_grad(lambda x: x * 1j)(1.0)
    with pytest.raises(TypeError, match="int64"):
        ad.elementwise_grad(np.sin)(np.array([1, 2]))


@pytest.mark.parametrize("function", [lambda z: z ** 3, lambda z: np.exp(1j * z) * z, lambda z: 1 / (z - 3)])
def test_holomorphic_grad_is_the_complex_derivative(function):
    at, step = 0.5 - 0.3j, 1e-6
    expected = (function(at + step) - function(at - step)) / (2 * step)
    assert ad.holomorphic_grad(function)(at) == pytest.approx(expected, rel=1e-8)
    second = ad.holomorphic_grad(ad.holomorphic_grad(function))(at)
    slope = ad.holomorphic_grad(function)
    assert second == pytest.approx((slope(at + step) - slope(at - step)) / (2 * step), rel=1e-7)


def test_holomorphic_grad_refuses_real_numbers():
    with pytest.raises(TypeError, match="return complex"):
        ad.holomorphic_grad(np.abs)(1 + 2j)
    with pytest.raises(TypeError, match="take complex"):
        ad.holomorphic_grad(lambda x: x * 1j)(1.0)


@pytest.mark.parametrize("transform", [ad.jacrev, ad.jacfwd, ad.jacobian])
def test_a_result_in_an_object_array_is_one_array(transform):
    """numpy.array makes one of 0-d results, since NumPy dispatches it to nobody."""
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(transform(lambda x: np.array([x[0] * x[1], x[1], 3.0]))(x), [[2, 1], [0, 1], [0, 0]])
    rows = ad.vmap(lambda x: np.array([x[1], x[0]]))(np.array([[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(rows, [[2, 1], [4, 3]])
    value, tangent = ad.jvp(lambda x: np.array([x[0] * x[1], 1.0]), (x,), (np.array([1.0, 0.0]),))
    np.testing.assert_array_equal(value, [2, 1])
    np.testing.assert_array_equal(tangent, [2, 0])


def test_a_dual_or_a_sample_is_not_handed_out_as_values():
    for transform in (ad.jacfwd, ad.vmap):
        with pytest.raises(RuntimeError):
            transform(lambda x: np.asarray(x) * 2)(np.ones((2, 2)))


@pytest.mark.parametrize("function", [np.prod, np.sum, np.exp, lambda x: x])
def test_a_tangent_that_is_a_leaf_in_another_flavour_is_the_leaf(function):
    """The derivative of a product of one factor hands the tangent on as it is, and a number's leaf once had two nodes then."""
    def along(x, v):
        return ad.jvp(function, (x,), (v,))[1]

    for v in (2.0, np.float64(2.0), np.array(2.0)):
        out, pull = ad.vjp(along, 0.5, v)
        slope = ad.grad(function)(0.5)
        assert float(pull(np.ones_like(out))[1]) == pytest.approx(slope)
