"""Checkpoints: values that the reverse pass computes again; a loop of many steps with few of its states kept."""
import contextlib
import gc
import math
import os
import warnings

import numpy as np
import pytest

import autodiff as ad
from autodiff.utils import _loop
from autodiff.utils import checkpoint as module
from autodiff.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

FLAVOURS = {"Tensor": lambda values: ad.tensor(values, requires_grad=True),
            "NumPy": lambda values: ad.numpy.array(values, requires_grad=True)}
both = pytest.mark.parametrize("reentrant", [False, True], ids=["hooks", "reentrant"])
flavours = pytest.mark.parametrize("make", FLAVOURS.values(), ids=FLAVOURS)


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)


def wavy(x):
    return np.exp(np.sin(x)) * x if isinstance(x, ad.numpy.ndarray) else x.sin().exp() * x


def slope(function, values):
    """By the same ops without a checkpoint."""
    x = ad.tensor(values, requires_grad=True)
    function(x).sum().backward()
    return x.grad.numpy()


# ---- checkpoint

@both
@flavours
def test_gradients_are_those_without_and_the_function_runs_twice(make, reentrant):
    for values in ([1.0, 2.0], 0.5, [[1.0], [2.0]], np.zeros((0, 3))):
        x, f = make(values), Counted(wavy)
        y = checkpoint(f, x, use_reentrant=reentrant)
        assert type(y) is type(x) and f.calls == 1
        y.sum().backward()
        assert f.calls == 2 and type(x.grad) is type(x)
        np.testing.assert_array_equal(x.grad.numpy(), slope(wavy, values))


@both
def test_what_the_function_refers_to_has_gradients_too(reentrant):
    x, w = ad.tensor([1.0, 2.0], requires_grad=True), ad.tensor(3.0, requires_grad=True)
    checkpoint(lambda x: (x * w).sin(), x, use_reentrant=reentrant).sum().backward()
    assert np.allclose(w.grad.item(), (np.array([1, 2]) * np.cos([3, 6])).sum())
    w.grad = None
    if reentrant:
        with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True. Gradients will be None"):
            y = checkpoint(lambda x: (x * w).sin(), x.detach(), use_reentrant=True)
        assert not y.requires_grad
    else:
        checkpoint(lambda x: (x * w).sin(), x.detach(), use_reentrant=False).sum().backward()
        assert np.allclose(w.grad.item(), (np.array([1, 2]) * np.cos([3, 6])).sum())


def saved_bytes(run):
    """What stays while the graph is there."""
    gc.collect()
    before = ad.memory_stats()["used_bytes"]
    y = run()
    gc.collect()
    after = ad.memory_stats()["used_bytes"]
    assert y.requires_grad
    return after - before


@both
def test_saved_values_are_not_kept(reentrant):
    x = ad.ones(10_000, requires_grad=True)

    def chain(x):
        for _ in range(20):
            x = x.sin()
        return x.sum()

    everything = saved_bytes(lambda: chain(x))
    assert everything > 19 * 80_000
    assert saved_bytes(lambda: checkpoint(chain, x, use_reentrant=reentrant)) < 80_000
    # the states at the beginnings of three segments, and the five values of the last
    assert saved_bytes(lambda: checkpoint_sequential([ad.sin] * 20, 4, x, use_reentrant=reentrant).sum()) < everything / 2


@both
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")      # of those within, as in PyTorch
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_checkpoints_within_checkpoints(depth, reentrant):
    calls = []

    def nested(level):
        def f(x):
            calls.append(level)
            x = wavy(x)
            return wavy(checkpoint(nested(level - 1), x, use_reentrant=reentrant) if level else x)
        return f

    def plain(level):
        return lambda x: wavy(plain(level - 1)(wavy(x)) if level else wavy(x))

    x = ad.tensor([0.3, -0.4], requires_grad=True)
    checkpoint(nested(depth), x, use_reentrant=reentrant).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), slope(plain(depth), [0.3, -0.4]), rtol=1e-12)
    # an inner function runs once for the result, once within each repetition around it, and once for itself
    assert [calls.count(level) for level in range(depth, -1, -1)] == [2 + i for i in range(depth + 1)]


@flavours
def test_it_stops_when_all_is_there(make):
    ends = []

    def f(x):
        y = wavy(x)
        ends.append(1)
        return y

    x = make([1.0, 2.0])
    checkpoint(f, x, use_reentrant=False).sum().backward()
    assert len(ends) == 1
    for run in (lambda: checkpoint(f, x, use_reentrant=False, early_stop=False),):
        run().sum().backward()
        assert len(ends) == 3
    with module.set_checkpoint_early_stop(False):
        y = checkpoint(f, x, use_reentrant=False)
        with module.set_checkpoint_early_stop(True):
            z = checkpoint(f, x, use_reentrant=False, early_stop=False)
    y.sum().backward()
    assert len(ends) == 6
    z.sum().backward()
    assert len(ends) == 6


def test_the_end_of_a_repetition_is_no_exception_of_the_users():
    def f(x):
        try:
            return x.sin().exp()
        except Exception:       # as users write it
            raise AssertionError("it looked like an error") from None

    x = ad.ones(2, requires_grad=True)
    checkpoint(f, x, use_reentrant=False).sum().backward()
    assert x.grad is not None


@both
@pytest.mark.parametrize("draw", [lambda x: ad.rand(3), lambda x: np.random.rand(3)], ids=["library", "numpy"])
def test_the_second_run_draws_the_same_numbers(draw, reentrant):
    x = ad.numpy.array([1.0, 2.0, 3.0], requires_grad=True)
    f = (lambda x: np.exp(x) * np.asarray(draw(x)))
    y = checkpoint(f, x, use_reentrant=reentrant)
    following = (ad.get_rng_state(), np.random.get_state()[1:3])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy(force=True))
    assert ad.equal(ad.get_rng_state(), following[0])
    assert np.array_equal(np.random.get_state()[1], following[1][0]) and np.random.get_state()[2] == following[1][1]
    x.grad = None
    y = checkpoint(f, x, use_reentrant=reentrant, preserve_rng_state=False)
    y.sum().backward()
    assert not np.array_equal(x.grad.numpy(), y.numpy(force=True))


RNG = np.random.default_rng(5)


class Noisy:
    def __init__(self):
        self.rng = ad.Generator().manual_seed(3)

    def method(self, x):
        return x.exp() * ad.rand(3, generator=self.rng)

    __call__ = method


def test_generators_that_the_function_is_given_or_refers_to():
    own, theirs = np.random.default_rng(1), ad.Generator().manual_seed(2)
    old = np.random.RandomState(4)
    for f, more in [(lambda x, rng: x.exp() * ad.tensor(rng.random(3)), (own,)),
                    (lambda x: x.exp() * ad.tensor(own.random(3)), ()), (lambda x: x.exp() * ad.tensor(RNG.random(3)), ()),
                    (lambda x: x.exp() * ad.rand(3, generator=theirs), ()), (lambda x: x.exp() * ad.tensor(old.rand(3)), ()),
                    (Noisy(), ()), (Noisy().method, ())]:
        x = ad.ones(3, requires_grad=True)
        y = checkpoint(f, x, *more, use_reentrant=False)
        following = own.bit_generator.state["state"]
        y.sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())
        assert own.bit_generator.state["state"] == following


def test_a_function_that_is_not_the_same_twice():
    x = ad.tensor([1.0, 2.0], requires_grad=True)

    def changing(first, then):
        state = [then, first]
        return lambda x: state.pop()(x)

    cases = [(lambda x: x.sin().exp().tanh(), lambda x: x.sin().exp(), True,
              r"A different number of tensors was saved during the original forward and recomputation.\n"
              r"Number of tensors saved during forward: 3\nNumber of tensors saved during recomputation: 2."),
             (lambda x: x.sin().exp(), lambda x: x.sin().exp().tanh(), False,
              "trying to save more tensors during recomputation than during the original forward pass"),
             (lambda x: x.sin().exp(), lambda x: x[:1].sin().exp(), True,
              r"Recomputed values for the following tensors have different metadata than during the forward pass.\n"
              r"tensor at position 0:\nsaved metadata: .*\[2\].*\nrecomputed metadata: .*\[1\]"),
             (lambda x: x.sin().exp(), lambda x: x.double().float().sin().exp(), True, "different metadata")]
    for first, then, stop, words in cases:
        y = checkpoint(changing(first, then), x, use_reentrant=False, early_stop=stop).sum()
        with pytest.raises(CheckpointError, match=words):
            y.backward()
        y = checkpoint(changing(first, then), x, use_reentrant=False, early_stop=stop, debug=True).sum()
        with pytest.raises(CheckpointError, match=r"Saved during the original forward:\n(.*\n)*Saved during recomp.*:\n"
                                                  r"(.*\n)*.*test_checkpoint\.py:\d+ in <lambda>(.*\n)*They part at position"):
            y.backward()
    assert issubclass(CheckpointError, RuntimeError)
    # more than before is not seen where it stops at what is needed; the check can be left out
    checkpoint(changing(*cases[1][:2]), x, use_reentrant=False).sum().backward()
    x.grad = None
    checkpoint(changing(cases[3][0], cases[3][1]), x, use_reentrant=False, determinism_check="none",
               early_stop=False).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), slope(lambda x: x.sin().exp(), [1.0, 2.0]), rtol=1e-6)
    with pytest.raises(ValueError, match=r"determinism_check should be one of \['default', 'none'\], but got often"):
        checkpoint(ad.sin, x, use_reentrant=False, determinism_check="often")


@flavours
def test_what_was_written_meanwhile_is_noticed(make):
    x = make([1.0, 2.0])
    z = x * 1.0
    y = checkpoint(wavy, z, use_reentrant=False)
    z += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    w = make([3.0, 4.0])
    y = checkpoint(lambda x: x * w * w, x, use_reentrant=False)
    with ad.no_grad():
        w += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_settings_and_contexts():
    inside = []

    @contextlib.contextmanager
    def note(name):
        inside.append(name)
        yield
        inside.append(f"{name} left")

    x = ad.ones(2, requires_grad=True)
    y = checkpoint(ad.sin, x, use_reentrant=False, context_fn=lambda: (note("first"), note("again")), early_stop=False)
    assert inside == ["first", "first left"]
    y.sum().backward()
    assert inside == ["first", "first left", "again", "again left"]
    pairs = [({"debug": True, "context_fn": lambda: (note(1), note(2)), "use_reentrant": False},
              "debug=True is incompatible with non-default context_fn"),
             ({"debug": True, "use_reentrant": True}, "is only supported when use_reentrant=False"),
             ({"context_fn": lambda: None, "use_reentrant": True}, "is only supported when use_reentrant=False"),
             ({"nonsense": 3, "use_reentrant": True}, "Unexpected keyword arguments: nonsense")]
    for options, words in pairs:
        with pytest.raises(ValueError, match=words):
            checkpoint(ad.sin, x, **options)
    with module.set_checkpoint_debug_enabled(True), pytest.raises(ValueError, match="debug=True is incompatible"):
        checkpoint(ad.sin, x, use_reentrant=False, context_fn=lambda: (note(1), note(2)))
    with module.set_checkpoint_debug_enabled(False):
        checkpoint(ad.sin, x, use_reentrant=False, debug=True, context_fn=lambda: (note(1), note(2)))

    def fail(x):
        raise KeyError(1)

    with pytest.raises(RuntimeError, match="suppressed an exception raised during the checkpointed forward"):
        checkpoint(fail, x, use_reentrant=False, context_fn=lambda: (contextlib.suppress(KeyError), contextlib.nullcontext()))


def test_it_warns_where_the_variant_is_not_given():
    x = ad.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly") as seen:
        y = checkpoint(ad.sin, x)
        z = checkpoint_sequential([ad.sin, ad.exp], 2, x)
    assert all(w.filename == __file__ for w in seen)
    assert y.grad_fn.name() == "CheckpointFunctionBackward" and z.requires_grad
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checkpoint(ad.sin, x, use_reentrant=False)


def test_what_only_one_of_both_can():
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    y = checkpoint(wavy, x, use_reentrant=True).sum()
    for ask in (lambda: ad.autograd.grad(y, x, retain_graph=True), lambda: y.backward(inputs=[x], retain_graph=True)):
        with pytest.raises(RuntimeError, match=r"incompatible with \.grad\(\) or passing an `inputs` parameter"):
            ask()
    y.backward()
    with pytest.raises(TypeError, match="returned a dict of Variables, whose gradients would be lost"):
        checkpoint(lambda x: {"a": x.sin()}, x, use_reentrant=True)
    y = checkpoint(lambda x: x.detach(), x, use_reentrant=True).sum()
    with pytest.raises(RuntimeError, match=r"none of output has requires_grad=True, this checkpoint\(\) is not necessary"):
        y.backward()
    (g,) = ad.autograd.grad(checkpoint(wavy, x, use_reentrant=False).sum(), x, create_graph=True)
    (h,) = ad.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), np.diag(ad.hessian(lambda x: wavy(x).sum())(x.detach()).numpy()), rtol=1e-12)
    y = checkpoint(lambda v, scale=1.0: {"a": [v["x"].sin() * scale]}, {"x": x}, use_reentrant=False, scale=2.0)
    (g,) = ad.autograd.grad(y["a"][0].sum(), x)
    np.testing.assert_allclose(g.numpy(), 2 * np.cos([1, 2]))


def test_passes_over_one_graph_compute_it_once_each():
    x, f = ad.tensor([1.0, 2.0], requires_grad=True), Counted(wavy)
    y = checkpoint(f, x, use_reentrant=False).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert f.calls == 3
    np.testing.assert_array_equal(x.grad.numpy(), 2 * slope(wavy, [1.0, 2.0]))
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()
    y = checkpoint(wavy, x, use_reentrant=False)
    rows = ad.autograd.grad(y, x, ad.eye(2, dtype=y.dtype), is_grads_batched=True)[0]
    np.testing.assert_array_equal(rows.numpy(), np.diag(slope(wavy, [1.0, 2.0])))
    y = checkpoint(lambda x: x.exp(), x, use_reentrant=False)
    assert ad.equal(y.grad_fn._saved_result, x.detach().exp())


def test_an_error_in_the_second_run_leaves_all_as_it_was():
    x, state = ad.tensor([1.0, 2.0], requires_grad=True), []

    def f(x):
        if len(state) == 1:
            state.append("failed")
            raise KeyError("now")
        state.append("ran")
        return wavy(x)

    y = checkpoint(f, x, use_reentrant=False).sum()
    with pytest.raises(KeyError, match="now"):
        y.backward(retain_graph=True)
    assert ad.is_grad_enabled() and not ad._variable.saved_hooks_are_on()
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), slope(wavy, [1.0, 2.0]))


def test_in_transforms():
    def plain(x):
        return wavy(x * x.sum()).sum()

    def f(x):
        return checkpoint(plain, x, use_reentrant=False).sin()

    def outer(x):
        return plain(x).sin()

    x, rows = np.array([0.5, 1.5]), np.array([[0.5, 1.5], [1.0, -1.0], [0.0, 2.0]])
    for transform in (ad.grad, ad.hessian, lambda f: ad.grad(lambda x: ad.grad(f)(x).sum()),
                      lambda f: lambda x: ad.hvp(f, (x,), (x,))[1][0], lambda f: lambda x: ad.jvp(ad.grad(f), (x,), (x,))[1]):
        np.testing.assert_allclose(transform(f)(x), transform(outer)(x), rtol=1e-12)
    np.testing.assert_allclose(ad.vmap(ad.grad(f))(rows), ad.vmap(ad.grad(outer))(rows), rtol=1e-12)

    def writes(x):
        z = x * 1
        y = checkpoint(wavy, z, use_reentrant=False).sum()
        z += 1
        return y

    np.testing.assert_allclose(ad.vmap(ad.grad(writes))(rows), ad.vmap(ad.grad(lambda x: wavy(x).sum()))(rows), rtol=1e-12)
    with pytest.raises(CheckpointError, match="put the checkpoint around vmap"):
        ad.grad(lambda rows: ad.vmap(f)(rows).sum())(rows)
    found = ad.grad(lambda rows: checkpoint(ad.vmap(plain), rows, use_reentrant=False).sum())(rows)
    np.testing.assert_allclose(found, ad.vmap(ad.grad(plain))(rows), rtol=1e-12)


def test_as_a_decorator():
    class Model:
        scale = 2.0

        @checkpoint(use_reentrant=False)
        def run(self, x):
            """Its words."""
            return x.sin() * self.scale

    x = ad.ones(2, requires_grad=True)
    Model().run(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.cos(1) * np.ones(2))
    assert Model.run.__doc__ == "Its words." and Model.run.__name__ == "run"
    with pytest.raises(ValueError, match="Unexpected keyword arguments: foo"):
        checkpoint(use_reentrant=False, foo=3)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: foo"):
        checkpoint_sequential([ad.sin], 1, x, use_reentrant=False, foo=3)
    with ad.no_grad():
        assert not Model().run(x).requires_grad


def test_backward_within_the_function():
    for stop in (True, False):
        x = ad.tensor([1.0, 2.0], requires_grad=True)

        def f(x):
            inner = x.detach().requires_grad_()
            (g,) = ad.autograd.grad(inner.exp().sum(), inner)
            return x.sin().exp() * g

        checkpoint(f, x * 2, use_reentrant=False, early_stop=stop).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp(np.sin([2, 4]) + [2, 4]) * np.cos([2, 4]))


def test_small_functions_of_the_module():
    x = ad.ones(2, requires_grad=True)
    y, number = module.detach_variable((x * 2, 3))
    assert y.is_leaf and y.requires_grad and number == 3
    with pytest.raises(RuntimeError, match=r"Only tuple of tensors is supported. Got Unsupported input type: list"):
        module.detach_variable([x])
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ad.utils.nonsense


# ---- the loop

def unrolled(step, state, n):
    for _ in range(n):
        state = step(state)
    return state


def fewest(n, snapshots, known={}):     # noqa: B006  what is known is kept
    """The least number of repeated steps, of all ways to choose where the next state is kept."""
    if n == 1:
        return 0
    if snapshots == 1:
        return n * (n - 1) // 2
    if (n, snapshots) not in known:
        known[n, snapshots] = min(m + fewest(n - m, snapshots - 1) + fewest(m, snapshots) for m in range(1, n))
    return known[n, snapshots]


def test_the_schedule_is_the_best_that_there_is():
    for snapshots in range(1, 8):
        for n in range(1, 50):
            assert _loop.repeated_steps(n, snapshots) == fewest(n, snapshots)
            if n > 1 and snapshots > 1:
                m = _loop.steps_to_next(n, snapshots)
                assert 0 < m < n and m + fewest(n - m, snapshots - 1) + fewest(m, snapshots) == fewest(n, snapshots)
    # Griewank and Walther: comb(s + r, s) steps are reversed with no step computed more than r times again
    for snapshots, r in ((10, 3), (3, 5), (50, 2)):
        assert _loop.repetitions(math.comb(snapshots + r, snapshots), snapshots) == r
        assert _loop.repetitions(math.comb(snapshots + r, snapshots) + 1, snapshots) == r + 1


@pytest.mark.parametrize(("n", "snapshots"), [(1, 1), (2, 1), (2, 5), (10, 3), (30, 1), (57, 4), (100, 100), (333, 7)])
@pytest.mark.parametrize("disk", [None, True], ids=["memory", "disk"])
def test_steps_and_snapshots_are_as_many_as_the_theory_says(n, snapshots, disk, monkeypatch):
    most, keep = [], _loop._Loop.keep
    monkeypatch.setattr(_loop._Loop, "keep", lambda self, *args: (keep(self, *args), most.append(len(self.kept)))[0])
    step = Counted(lambda x: (x * 1.01).sin())
    x = ad.tensor([0.5, 0.7], requires_grad=True)
    ad.checkpointed_loop(step, x, n, snapshots=snapshots, disk=disk).sum().backward()
    assert step.calls == n + _loop.repeated_steps(n, snapshots)
    assert max(most, default=0) <= snapshots
    np.testing.assert_array_equal(x.grad.numpy(), slope(lambda x: unrolled(step, x, n), [0.5, 0.7]))


def test_ten_thousand_steps_with_fifty_snapshots():
    """No more than the theory's steps, and less than 2 % of the memory without."""
    x, most = ad.ones(2000, requires_grad=True), [0]

    def step(x):
        most[0] = max(most[0], ad.memory_stats()["used_bytes"])
        return x + 1e-4 * x.sin()

    counted = Counted(step)
    before = ad.memory_stats()["used_bytes"]
    ad.checkpointed_loop(counted, x, 10_000, snapshots=50).sum().backward()
    peak = most[0] - before
    assert counted.calls == 10_000 + 28_622 == 10_000 + _loop.repeated_steps(10_000, 50)
    gradient, x.grad, most[0] = x.grad, None, 0
    before = ad.memory_stats()["used_bytes"]
    y = unrolled(step, x, 1000).sum()        # a tenth of the steps
    without = 10 * (most[0] - before)
    assert without > 10_000 * 2000 * 8 and peak < 0.02 * without
    del y
    scale = 1.0
    value = np.ones(2000)
    for _ in range(10_000):     # the derivative of each element by its recurrence
        scale = scale * (1 + 1e-4 * np.cos(value))
        value = value + 1e-4 * np.sin(value)
    np.testing.assert_allclose(gradient.numpy(), scale, rtol=1e-12)


def test_trees_closures_and_transforms():
    x0, w0 = np.array([0.5, 0.7]), np.array([0.3, -0.2])

    def model(loop):
        def f(v):
            x, w = v[0], v[1]
            u = w * 2

            def step(s):
                return {"a": s["a"] + 0.1 * np.sin(s["b"] * u), "b": [s["b"] * 0.9 + s["a"] * w[0]][0], "n": s["n"] + 1}
            last = loop(step, {"a": x, "b": x * x, "n": 0})
            assert last["n"] == 30
            return (last["a"] ** 2 * last["b"]).sum()
        return f

    f = model(lambda step, state: ad.checkpointed_loop(step, state, 30, snapshots=4))
    plain = model(lambda step, state: unrolled(step, state, 30))
    v = np.stack([x0, w0])
    for transform in (ad.grad, ad.hessian, ad.jacrev, ad.jacfwd, lambda f: lambda x: ad.jvp(f, (x,), (x,))[1],
                      lambda f: lambda x: ad.hvp(f, (x,), (x,))[1][0], lambda f: ad.grad(lambda x: ad.grad(f)(x).sum()),
                      lambda f: lambda x: ad.vmap(ad.grad(f))(np.stack([x, 2 * x])),
                      lambda f: ad.grad(lambda x: ad.vmap(f)(np.stack([x, 2 * x])).sum())):
        np.testing.assert_allclose(transform(f)(v), transform(plain)(v), rtol=1e-11)


@flavours
def test_hooks_and_kept_gradients_of_what_steps_use(make):
    def run(loop):
        x, w, seen = make([0.5, 0.7]), make([0.3, -0.2]), []
        w.register_hook(lambda g: seen.append(1) or g * 2)
        u = w * 3
        u.retain_grad()
        u.register_hook(lambda g: g + 1)
        a, b = (w.exp() * 2).split(1) if isinstance(w, ad.Tensor) else np.split(np.exp(w) * 2, 2)
        y = loop(lambda s: s + 0.1 * s * u * u + 0.01 * w * a + 0.02 * b, x)
        y.sum().backward()
        assert len(seen) == 1
        return [g.numpy() for g in (x.grad, w.grad, u.grad)]

    for found, wanted in zip(run(lambda step, x: ad.checkpointed_loop(step, x, 25, snapshots=3)),
                             run(lambda step, x: unrolled(step, x, 25)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_states_of_every_kind():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    # nothing of the state requires grad at first; an array, an integer and None go along
    first = np.zeros(2), 0, ad.tensor([1, 2]), None
    last = ad.checkpointed_loop(lambda s: (s[0] * 0.5 + w, s[1] + 1, s[2] * 2, None), first, 8, snapshots=3)
    assert last[1] == 8 and last[2].tolist() == [256, 512] and not last[2].requires_grad and last[3] is None
    last[0].sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), np.full(2, sum(0.5 ** i for i in range(8))))
    # the same Variable twice, and used by the step besides
    x = ad.tensor(0.5, requires_grad=True)
    for create in (False, True):
        y, z = ad.checkpointed_loop(lambda s: (s[0].sin() * x, s[1] * s[0]), (x, x), 6, snapshots=2)
        (found,) = ad.autograd.grad(y + z, x, create_graph=create)
        y, z = unrolled(lambda s: (s[0].sin() * x, s[1] * s[0]), (x, x), 6)
        np.testing.assert_allclose(found.item(), ad.autograd.grad(y + z, x)[0].item(), rtol=1e-12)
    # a result that does not depend on it, no steps at all, nothing recorded
    y = ad.checkpointed_loop(lambda s: s * 0 + 1, x, 3, snapshots=2)
    assert ad.autograd.grad(y, x)[0].item() == 0
    assert ad.checkpointed_loop(lambda s: s, x, 0) is x
    with ad.no_grad():
        assert not ad.checkpointed_loop(ad.sin, x, 3).requires_grad
    assert not ad.checkpointed_loop(ad.sin, x.detach(), 3).requires_grad
    places = []
    ad.checkpointed_loop(lambda s, i: (places.append(i), s * (i + 1))[1], x, 4, snapshots=1, indexed=True).backward()
    assert places == [0, 1, 2, 3, 0, 1, 2, 0, 1, 0] and x.grad.item() == 24


def test_random_steps_draw_the_same_numbers_again():
    rng = np.random.default_rng(1)
    for draw in (lambda: rng.normal(), lambda: np.random.normal(), lambda: ad.randn(()).item()):
        for snapshots in (1, 3, 30):
            x = ad.tensor(1.5, requires_grad=True)
            y = ad.checkpointed_loop(lambda s, draw=draw: s * (1 + 0.1 * draw()), x, 20, snapshots=snapshots)
            following = ad.get_rng_state(), rng.bit_generator.state
            y.backward(retain_graph=True)
            np.testing.assert_allclose(x.grad.item(), y.item() / 1.5, rtol=1e-12)
            y.backward()
            np.testing.assert_allclose(x.grad.item(), 2 * y.item() / 1.5, rtol=1e-12)
            assert ad.equal(following[0], ad.get_rng_state()) and following[1] == rng.bit_generator.state


def test_backward_twice():
    x = ad.tensor([0.5, 0.7], requires_grad=True)
    y = ad.checkpointed_loop(ad.sin, x, 9, snapshots=2).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * slope(lambda x: unrolled(ad.sin, x, 9), [0.5, 0.7]), rtol=1e-14)
    with pytest.raises(RuntimeError, match=r"Trying to backward through the graph a second time.*retain_graph=True"):
        y.backward()
    w = ad.tensor(0.5, requires_grad=True)      # nothing but what steps refer to
    y = ad.checkpointed_loop(lambda s: s * w, 1.0, 3, snapshots=2)
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


def test_within_checkpoints_and_around_them():
    def f(x):
        def step(s):
            return checkpoint(wavy, s, use_reentrant=False) * 0.3
        return ad.checkpointed_loop(step, x.cos(), 9, snapshots=2)

    for reentrant in (False, True):
        x = ad.tensor([0.5, 0.7], requires_grad=True)
        checkpoint(f, x, use_reentrant=reentrant).sum().backward()
        wanted = slope(lambda x: unrolled(lambda s: wavy(s) * 0.3, x.cos(), 9), [0.5, 0.7])
        np.testing.assert_allclose(x.grad.numpy(), wanted, rtol=1e-12)
    x = ad.tensor(0.5, requires_grad=True)      # a loop in a loop

    def inner(s):
        return ad.checkpointed_loop(lambda t: (t * x).sin(), s, 4, snapshots=2)

    ad.checkpointed_loop(inner, x, 3, snapshots=2).backward()
    np.testing.assert_allclose(x.grad.item(), slope(lambda x: unrolled(lambda s: (s * x).sin(), x, 12), 0.5), rtol=1e-12)


def test_files_are_removed(tmp_path):
    def files():
        return [name for _, _, names in os.walk(tmp_path) for name in names]

    seen = []

    def step(s):
        seen.append(len(files()))
        return s[0].sin(), np.tanh(s[1]) + s[0].sum().item() * 0, s[2]

    x = ad.tensor([[0.5, 0.7]], requires_grad=True)
    state = (x, ad.numpy.array([1.0, 2.0], requires_grad=True), np.arange(3))
    last = ad.checkpointed_loop(step, state, 30, snapshots=4, disk=tmp_path)
    assert len(files()) == 3 and (last[2] == np.arange(3)).all() and type(last[1]) is ad.numpy.ndarray
    (last[0].sum() + ad.as_tensor(last[1].sum())).backward()
    assert max(seen) == 3 and os.listdir(tmp_path) == []
    np.testing.assert_allclose(x.grad.numpy(), slope(lambda x: unrolled(ad.sin, x, 30), [[0.5, 0.7]]), rtol=1e-12)
    np.testing.assert_allclose(state[1].grad.numpy(), slope(lambda x: unrolled(ad.tanh, x, 30), [1.0, 2.0]), rtol=1e-12)
    last = ad.checkpointed_loop(step, state, 30, snapshots=4, disk=tmp_path)
    assert files()
    del last            # a graph that nobody asks
    gc.collect()
    assert os.listdir(tmp_path) == []
    calls, wrong = [], []

    def failing(s):
        calls.append(1)
        if len(calls) == wrong[-1]:
            raise KeyError("in the middle")
        return s.sin()

    for number in (20, 40):         # in the forward computation, and in the reverse pass
        wrong.append(number)
        calls.clear()
        with pytest.raises(KeyError):
            ad.checkpointed_loop(failing, x, 30, snapshots=4, disk=str(tmp_path)).sum().backward()
        gc.collect()
        assert os.listdir(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        ad.checkpointed_loop(ad.sin, x, 30, snapshots=4, disk=tmp_path / "nowhere")


def test_what_would_be_wrong_is_refused():
    x, w = ad.tensor([0.5, 0.7], requires_grad=True), ad.tensor(2.0, requires_grad=True)
    for n, snapshots, words in ((-1, 2, "n is a number of steps, not -1"), (3, 0, "snapshots is at least 1")):
        with pytest.raises(ValueError, match=words):
            ad.checkpointed_loop(ad.sin, x, n, snapshots=snapshots)
    with pytest.raises(TypeError):
        ad.checkpointed_loop(ad.sin, x, 2.5)
    with pytest.raises(TypeError, match="step is a function of a state, not int"):
        ad.checkpointed_loop(3, x, 2)
    with pytest.raises(ValueError, match=r"step 0 returned a tree of another form than the state's: \(\*, \*\), not \*"):
        ad.checkpointed_loop(lambda s: (s, s), x, 3)
    with pytest.raises(RuntimeError, match=r"in-?place"):
        ad.checkpointed_loop(lambda s: s.sin_(), x, 3)
    with pytest.raises(RuntimeError, match="wrote to its state in place"):
        ad.checkpointed_loop(lambda s: (s[0].sin(), s[1].add_(1)), (x, ad.zeros(2)), 3)
    y = ad.checkpointed_loop(lambda s: s * w, x, 5, snapshots=2).sum()
    with ad.no_grad():
        w.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*which steps of checkpointed_loop use"):
        y.backward()
    z = x * 1
    y = ad.checkpointed_loop(ad.sin, z, 5, snapshots=2).sum()
    z.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
    aside = []
    ad.checkpointed_loop(lambda s: (aside.append(s.sin()), s.cos())[1], x, 5, snapshots=2)
    with pytest.raises(RuntimeError, match=r"a gradient came to a state within the loop.*Make it a part of the state"):
        aside[2].sum().backward()


def test_a_bar_where_one_is_wanted(monkeypatch, capsys):
    tqdm = pytest.importorskip("tqdm")
    x = ad.tensor(0.5, requires_grad=True)
    ad.checkpointed_loop(ad.sin, x, 200, snapshots=3).backward()
    assert capsys.readouterr().err == ""            # no terminal
    ad.checkpointed_loop(ad.sin, x, 200, snapshots=3, progress=True).backward()
    shown = capsys.readouterr().err
    assert "forward" in shown and "backward" in shown
    counts = []
    monkeypatch.setattr(tqdm.tqdm, "update", lambda self, n=1: counts.append(n))
    ad.checkpointed_loop(ad.sin, x, 200, snapshots=3, progress=True).backward()
    assert sum(counts) == 200 + 1 + _loop.repeated_steps(200, 3)       # the last step is not computed again
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    with pytest.raises(ImportError, match="needs tqdm: python -m pip install tqdm"):
        ad.checkpointed_loop(ad.sin, x, 200, progress=True)


def test_the_graph_goes_when_nobody_asks_for_it():
    import weakref

    class Marked:
        def __call__(self, s):
            return s.sin()

    step = Marked()
    gone = weakref.ref(step)
    y = ad.checkpointed_loop(step, ad.ones(3, requires_grad=True), 10, snapshots=3)
    z = checkpoint(step, ad.ones(3, requires_grad=True), use_reentrant=False)
    del step
    assert gone() is not None
    del y, z
    assert gone() is None       # without the collector
