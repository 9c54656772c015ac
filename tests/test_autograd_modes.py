"""Grad modes: contexts, decorators, generators, threads; saved-tensor hooks."""
import functools
import gc
import subprocess
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest

import autodiff as ad
from autodiff import _variable, autograd
from autodiff._variable import record_custom
from autodiff.autograd.graph import saved_tensors_hooks


def leaf(value):
    return ad.tensor(value, requires_grad=True)


@pytest.fixture(autouse=True)
def modes_are_left_as_found():
    yield
    assert ad.is_grad_enabled()
    assert not ad.autograd.is_inference_mode_enabled()


# ---- contexts

def test_no_grad_records_nothing():
    for x in (leaf(2.0), leaf([2.0])):
        with ad.no_grad():
            assert not ad.is_grad_enabled()
            y = x * x
            z = x[...] if x.ndim else x.clone()
        assert not y.requires_grad and y.grad_fn is None
        assert not z.requires_grad
        assert (x * x).requires_grad


def test_modes_nest():
    x = leaf(1.0)
    with ad.no_grad():
        with ad.enable_grad():
            assert (x * 2).requires_grad
            with ad.no_grad():
                assert not (x * 2).requires_grad
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad


def test_one_object_may_be_entered_again():
    mode = ad.no_grad()
    with mode, mode:
        assert not ad.is_grad_enabled()
        with mode:
            assert not ad.is_grad_enabled()
        assert not ad.is_grad_enabled()
    assert ad.is_grad_enabled()


def test_a_mode_ends_with_an_error():
    with pytest.raises(KeyError), ad.no_grad():
        raise KeyError
    assert ad.is_grad_enabled()


def test_constructors_ignore_the_mode():
    with ad.no_grad():
        x = ad.tensor([1.0], requires_grad=True)
        assert ad.ones(2, requires_grad=True).requires_grad
    assert x.requires_grad and (x * 2).requires_grad


def test_set_grad_enabled_as_a_function():
    x = leaf(1.0)
    ad.set_grad_enabled(False)
    try:
        assert not ad.is_grad_enabled() and not (x * 2).requires_grad
    finally:
        ad.set_grad_enabled(True)
    assert (x * 2).requires_grad


@pytest.mark.parametrize("make", [
    lambda: ad.no_grad(False), lambda: ad.no_grad(1, 2), lambda: ad.no_grad(mode=True), lambda: ad.enable_grad(None),
    lambda: ad.inference_mode(1), lambda: ad.inference_mode(None), lambda: ad.inference_mode(mode="no"),
    lambda: ad.inference_mode(off=1), lambda: ad.set_grad_enabled(0), lambda: ad.set_grad_enabled(ad.tensor(True)),
    lambda: ad.autograd.set_detect_anomaly("on"), lambda: ad.autograd.set_multithreading_enabled(1),
])
def test_a_mode_takes_no_value_that_it_would_read_otherwise(make):
    with pytest.raises(TypeError):
        make()
    assert ad.is_grad_enabled() and not ad.is_inference_mode_enabled()
    assert not ad.autograd.is_anomaly_enabled() and ad.autograd.is_multithreading_enabled()


def test_a_mode_takes_the_bools_of_numpy():
    with ad.set_grad_enabled(np.bool_(False)):
        assert not ad.is_grad_enabled()
    with ad.inference_mode(np.bool_(True)):
        assert ad.is_inference_mode_enabled()


def test_multithreading_is_a_setting_of_the_thread():
    autograd = ad.autograd
    assert autograd.is_multithreading_enabled()
    with autograd.set_multithreading_enabled(False):
        assert not autograd.is_multithreading_enabled()
        found = []
        thread = threading.Thread(target=lambda: found.append(autograd.is_multithreading_enabled()))
        thread.start()
        thread.join()
        assert found == [True]
        with pytest.raises(ZeroDivisionError), autograd.set_multithreading_enabled(True):
            assert autograd.is_multithreading_enabled()
            raise ZeroDivisionError
        assert not autograd.is_multithreading_enabled()
        autograd.set_multithreading_enabled(True)
        assert autograd.is_multithreading_enabled()
    assert autograd.is_multithreading_enabled()
    function = autograd.set_multithreading_enabled(False)(autograd.is_multithreading_enabled)
    assert autograd.is_multithreading_enabled() and not function() and autograd.is_multithreading_enabled()
    autograd.set_multithreading_enabled(False)
    try:
        assert not autograd.is_multithreading_enabled()
    finally:
        autograd.set_multithreading_enabled(True)


@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("inner", [True, False])
def test_set_grad_enabled_as_a_context(outer, inner):
    with ad.set_grad_enabled(outer):
        assert ad.is_grad_enabled() is outer
        with ad.set_grad_enabled(inner):
            assert ad.is_grad_enabled() is inner
        assert ad.is_grad_enabled() is outer


def test_backward_works_inside_no_grad():
    x = leaf(3.0)
    y = x * x
    with ad.no_grad():
        y.backward(retain_graph=True)
        g, = ad.autograd.grad(y, x, create_graph=True)      # records, whatever the mode outside
        assert not ad.is_grad_enabled()
    assert x.grad.item() == 6.0
    assert g.requires_grad and ad.autograd.grad(g, x)[0].item() == 2.0


def test_a_plain_pass_records_nothing():
    modes = []

    def vjp(gs, needs):
        modes.append(ad.is_grad_enabled())
        return [gs[0]]

    x = leaf([1.0])
    y, = record_custom((x,), ([1.0],), vjp, "Toy")
    y.register_hook(lambda g: modes.append(ad.is_grad_enabled()))
    y.backward(ad.ones(1), retain_graph=True)
    assert modes == [False, False]
    y.backward(ad.ones(1), create_graph=True)
    assert modes == [False, False, True, True]
    assert ad.is_grad_enabled()


# ---- decorators

@pytest.mark.parametrize("decorate", [lambda f: ad.no_grad(f), lambda f: ad.no_grad()(f),
                                      lambda f: ad.set_grad_enabled(False)(f)],
                         ids=["bare", "called", "set_grad_enabled"])
def test_decorators(decorate):
    @decorate
    def f(x, *, k=2):
        """Doc."""
        assert not ad.is_grad_enabled()
        return x * k

    assert ad.is_grad_enabled()
    assert f.__name__ == "f" and f.__doc__ == "Doc."
    x = leaf(1.0)
    assert not f(x).requires_grad
    assert f(x, k=5).item() == 5.0
    assert ad.is_grad_enabled()


def test_enable_grad_and_inference_as_decorators():
    @ad.enable_grad
    def f(x):
        return x * 2

    @ad.enable_grad()
    def g(x):
        return x * 2

    @ad.autograd.inference_mode()
    def h(x):
        assert ad.autograd.is_inference_mode_enabled()
        return x * 2

    @ad.autograd.inference_mode
    def k(x):
        assert ad.autograd.is_inference_mode_enabled()
        return x * 2

    x = leaf(1.0)
    with ad.no_grad():
        assert f(x).requires_grad and g(x).requires_grad
    assert not h(x).requires_grad and not k(x).requires_grad


def test_methods_and_recursion():
    class Model:
        @ad.no_grad()
        def step(self, x, depth):
            assert not ad.is_grad_enabled()
            if depth:
                with ad.enable_grad():
                    self.step(x, depth - 1)
                    assert ad.is_grad_enabled()
            assert not ad.is_grad_enabled()
            return x * 2

    assert not Model().step(leaf(1.0), 10).requires_grad
    assert ad.is_grad_enabled()


@pytest.mark.parametrize("wrap", [ad.no_grad, lambda f: ad.no_grad()(f)], ids=["bare", "called"])
def test_any_callable_is_decorated(wrap):
    class Callable:
        def __call__(self, x):
            return x * 2

    x = leaf(1.0)
    for f in (functools.partial(lambda k, x: x * k, 2), Callable(), Callable().__call__):
        assert not wrap(f)(x).requires_grad


def test_a_decorated_function_that_raises():
    @ad.no_grad()
    def f():
        raise KeyError

    with pytest.raises(KeyError):
        f()
    assert ad.is_grad_enabled()


# ---- generators: the mode holds while the generator runs, never between

def test_generators():
    @ad.no_grad()
    def generate():
        for i in range(10):
            assert not ad.is_grad_enabled()
            yield i
            assert not ad.is_grad_enabled()
        return "end"

    def collect():
        result = yield from generate()
        yield result

    assert ad.is_grad_enabled()
    for i, value in enumerate(collect()):
        assert ad.is_grad_enabled()
        assert value == (i if i < 10 else "end")


def test_the_other_way_round():
    @ad.enable_grad()
    def generate():
        for i in range(3):
            assert ad.is_grad_enabled()
            yield i

    with ad.no_grad():
        for _ in generate():
            assert not ad.is_grad_enabled()


def test_send():
    @ad.no_grad
    def generate():
        got = []
        while len(got) < 3:
            assert not ad.is_grad_enabled()
            got.append((yield len(got)))
        yield got

    g = generate()
    assert next(g) == 0
    assert ad.is_grad_enabled()
    assert g.send("a") == 1
    assert g.send("b") == 2
    assert g.send("c") == ["a", "b", "c"]
    assert next(g, "over") == "over"


def test_throw():
    seen = []

    @ad.no_grad()
    def generate():
        while True:
            try:
                yield len(seen)
            except ValueError as error:
                assert not ad.is_grad_enabled()
                seen.append(error)

    g = generate()
    next(g)
    error = ValueError("x")
    assert g.throw(error) == 1
    assert next(g) == 1
    assert seen == [error]
    with pytest.raises(KeyError):
        g.throw(KeyError("not caught"))
    assert ad.is_grad_enabled()
    assert next(g, "over") == "over"


def test_close_runs_the_cleanup_in_the_mode():
    seen = []

    @ad.no_grad()
    def generate():
        try:
            yield 1
        finally:
            seen.append(ad.is_grad_enabled())

    g = generate()
    next(g)
    g.close()
    assert seen == [False]
    g = generate()
    next(g)
    del g
    gc.collect()
    assert seen == [False, False]
    assert ad.is_grad_enabled()


def test_a_generator_that_changes_modes_itself():
    @ad.no_grad()
    def generate():
        with ad.enable_grad():
            yield ad.is_grad_enabled()
        yield ad.is_grad_enabled()

    g = generate()
    assert next(g) is True
    assert ad.is_grad_enabled()
    g.close()


# ---- threads

def test_modes_are_of_one_thread():
    seen = []

    def look():
        seen.append(ad.is_grad_enabled())
        seen.append((leaf(1.0) * 2).requires_grad)

    with ad.no_grad():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert not ad.is_grad_enabled()
    assert seen == [True, True]


def test_another_threads_mode_does_not_leak():
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with ad.no_grad():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert inside.wait(10)
        assert ad.is_grad_enabled()
        x = leaf([1.0, 2.0])
        (x * x).sum().backward()
        assert x.grad.tolist() == [2.0, 4.0]
    finally:
        leave.set()
        thread.join()


def test_a_thread_that_ends_in_a_mode():
    thread = threading.Thread(target=lambda: ad.set_grad_enabled(False))
    thread.start()
    thread.join()
    assert ad.is_grad_enabled() and (leaf(1.0) * 2).requires_grad


# ---- inference mode

def test_inference_mode():
    x = leaf([1.0])
    with ad.autograd.inference_mode():
        y = x * 2
        assert not y.requires_grad and y.is_inference()
        with ad.autograd.inference_mode(False):
            assert (x * 2).requires_grad
        y.mul_(2)
        with ad.enable_grad():
            assert not (x * 2).requires_grad
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        x * y
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside InferenceMode"):
        y.mul_(2)
    with pytest.raises(RuntimeError, match="Setting requires_grad=True on inference tensor"):
        y.requires_grad_()
    assert (x * y.clone()).requires_grad
    assert not x.is_inference()


@pytest.mark.parametrize("make", [lambda x: x * 2, lambda x: x[:1], lambda x: x.sum(), lambda x: x.clone(), lambda x: x.t(),
                                  lambda x: ad.zeros(2), lambda x: ad.stack([x, x]), lambda x: ad.tensor(1.0),
                                  lambda x: ad.tensor([1.0]).exp().sum()])
def test_results_of_inference_mode_are_marked(make):
    base = ad.ones(2)
    with ad.autograd.inference_mode():
        y = make(base)
    # a view of an ordinary tensor stays one
    assert y.is_inference() or y._is_view()


def test_scalars_of_inference_mode():
    s = leaf(1.0)
    with ad.autograd.inference_mode():
        y = s * 2.0
    assert y.is_inference()
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        s * y


# ---- saved-tensor hooks

def test_pack_and_unpack_are_called_for_each_saved_value():
    packed, unpacked = [], []
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    with saved_tensors_hooks(lambda t: packed.append(t.tolist()) or t.numpy().copy(),
                             lambda a: unpacked.append(a.tolist()) or ad.tensor(a)):
        y = x * w
        z = y * 2 + 1
    assert sorted(packed) == [[1.0, 2.0], [3.0, 4.0]]       # Python numbers are no tensors
    assert unpacked == []
    z.sum().backward()
    assert sorted(unpacked) == [[1.0, 2.0], [3.0, 4.0]]
    assert x.grad.tolist() == [6.0, 8.0] and w.grad.tolist() == [2.0, 4.0]


def test_what_unpack_returns_is_used():
    x = leaf([3.0])
    with saved_tensors_hooks(lambda t: t, lambda t: t * 2):
        y = x * x
    y.backward(ad.ones(1))
    assert x.grad.tolist() == [12.0]


def test_the_innermost_pair_wins():
    x = leaf([3.0])
    with saved_tensors_hooks(lambda t: t, lambda t: t * 100):
        with saved_tensors_hooks(lambda t: t, lambda t: t * 2):
            y = x * x
        z = x * x
    w = x * x
    for v, expected in ((y, 12.0), (z, 600.0), (w, 6.0)):
        assert ad.autograd.grad(v, x, ad.ones(1))[0].item() == expected


def test_saved_hooks_on_scalars():
    x = leaf(3.0)
    with saved_tensors_hooks(lambda t: t, lambda t: t * 2):
        y = x * x
        z = y.exp()
    z.backward(ad.tensor(0.0), retain_graph=True)
    x.grad = None
    y.backward()
    assert x.grad.item() == 12.0


def test_saved_hooks_and_the_second_order():
    x = leaf([2.0])
    with saved_tensors_hooks(lambda t: t.numpy().copy(), lambda a: ad.tensor(a)):
        y = x * x * x
    g, = ad.autograd.grad(y, x, ad.ones(1), retain_graph=True)
    assert g.item() == 12.0


def test_the_second_order_goes_through_a_pair_that_keeps_the_tensor():
    # PyTorch puts the saved operand's graph back on what unpack returns.
    x = leaf([2.0])
    with saved_tensors_hooks(lambda t: t, lambda t: t):
        y = x * x * x
    g, = ad.autograd.grad(y, x, ad.ones(1), create_graph=True)
    assert g.item() == 12.0
    assert ad.autograd.grad(g, x, ad.ones(1))[0].item() == 12.0


class Broken(Exception):
    pass


def refuse(*_):
    raise Broken


def test_errors_in_pack_and_unpack():
    x = leaf([2.0])
    with pytest.raises(Broken), saved_tensors_hooks(refuse, lambda t: t):
        x * x
    with saved_tensors_hooks(lambda t: t, refuse):
        y = x * x
    with pytest.raises(Broken):
        y.backward(ad.ones(1))
    with saved_tensors_hooks(lambda t: t, lambda t: "no tensor"):
        y = x * x
    with pytest.raises(TypeError, match="unpack_hook expected to be a Tensor"):
        y.backward(ad.ones(1))
    assert x.grad is None
    (x * x).backward(ad.ones(1))
    assert x.grad.item() == 4.0


def test_pack_must_not_write_in_place():
    x = leaf([2.0])

    def pack(t):
        t.mul_(2)
        return t

    with pytest.raises(RuntimeError, match=r"in-?place|modified"), saved_tensors_hooks(pack, lambda t: t):
        y = x.exp()
        y * y


def test_packed_values_are_released_by_the_walk():
    class Token:
        pass

    tokens = []

    def pack(t):
        token = Token()
        token.value = t.numpy().copy()
        tokens.append(weakref.ref(token))
        return token

    x = leaf([2.0])
    with saved_tensors_hooks(pack, lambda token: ad.tensor(token.value)):
        y = x * x
        z = x.exp()
    assert all(t() is not None for t in tokens)
    y.backward(ad.ones(1))
    assert [t() is None for t in tokens] == [True, True, False]
    del z
    assert all(t() is None for t in tokens)


def test_unpack_of_another_shape_does_no_harm():
    x = leaf([[1.0, 2.0]])
    with saved_tensors_hooks(lambda t: t, lambda t: ad.ones(5, 1000)):
        y = x * x
    with pytest.raises(RuntimeError):
        y.backward(ad.ones(1, 2))


def test_leaving_without_entering_does_no_harm():
    hooks = saved_tensors_hooks(lambda t: t, lambda t: t)
    with pytest.raises((IndexError, RuntimeError)):
        hooks.__exit__(None, None, None)
    x = leaf([2.0])
    (x * x).backward(ad.ones(1))
    assert x.grad.item() == 4.0


def test_what_an_unpack_hook_enters_or_leaves_ends_with_the_pass():
    x = leaf([1.0, 2.0])
    calls = []

    def unpack(value):
        calls.append("inner")
        return value

    inner = saved_tensors_hooks(lambda t: t, unpack)
    outer = saved_tensors_hooks(lambda t: t, lambda t: calls.append("outer") or (inner.__enter__() and t))
    with outer:
        y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    z = x * x                   # nobody's hooks are left
    z.sum().backward()
    assert calls and set(calls) == {"outer"}
    z = x * x
    z.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)

    leaving = saved_tensors_hooks(lambda t: t, lambda t: calls.append("leaving") or innermost.__exit__() or t)
    innermost = saved_tensors_hooks(lambda t: t, unpack)
    with leaving:
        y = x.exp().sum()
    with innermost:
        y.backward()
        calls.clear()
        (x * x).sum().backward()
    assert calls and set(calls) == {"inner"}
    with pytest.raises(RuntimeError, match="no saved-tensor hooks are entered"):
        innermost.__exit__()


def test_hooks_entered_in_a_pass_that_raises_go_with_it():
    x = leaf([1.0])
    packed = []
    hooks = saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t)

    def enter(gradient):
        hooks.__enter__()
        raise ValueError("no")

    y = x * 2
    y.register_hook(enter)
    with pytest.raises(ValueError, match="no"):
        y.backward()
    assert (x * x).item() == 1 and not packed


def test_saved_hooks_are_of_one_thread():
    packed = []
    x = leaf([2.0])

    def work():
        x * x

    with saved_tensors_hooks(lambda t: packed.append(1) or t, lambda t: t):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert packed == []


def test_saved_hooks_do_not_run_on_what_the_hooks_compute():
    depth = []

    def pack(t):
        depth.append(1)
        assert len(depth) < 50
        with ad.enable_grad():      # hooks run without recording
            w = leaf([1.0])
            (w * w).backward(ad.ones(1))
        return t

    x = leaf([2.0])
    with saved_tensors_hooks(pack, lambda t: t):
        y = x.exp()
    y.backward(ad.ones(1))
    np.testing.assert_allclose(x.grad.numpy(), np.exp([2.0]))


# ---- threads that end inside a mode

def _level(call):
    return NotImplemented


ENTERED = {
    "grad off": lambda: autograd.set_grad_enabled(False),
    "no_grad": lambda: ad.no_grad().__enter__(),
    "inference": lambda: ad.inference_mode().__enter__(),
    "record": lambda: autograd.record().__enter__(),
    "training": lambda: autograd.set_training(True),
    "anomaly": lambda: autograd.set_detect_anomaly(True),
    "saved hooks": lambda: autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__(),
    "forward level": lambda: autograd.forward_ad.enter_dual_level(),
    "level": lambda: _variable.push_level(_level),
}


@pytest.mark.parametrize("enter", ENTERED.values(), ids=ENTERED)
def test_the_modes_of_a_thread_end_with_it(enter):
    inside = []

    def run():
        enter()
        inside.append(_variable.threads_in_modes())

    before = _variable.threads_in_modes()
    for _ in range(3):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert inside == [before + 1] * 3
    assert _variable.threads_in_modes() == before
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    assert (x * 2).requires_grad and not ad.is_inference_mode_enabled()


def test_many_threads_that_end_in_modes_at_once():
    gate = threading.Barrier(8)

    def run(enter):
        enter()
        gate.wait()

    before = _variable.threads_in_modes()
    enters = [enter for name, enter in ENTERED.items() if name != "forward level"]
    threads = [threading.Thread(target=run, args=(enter,)) for enter in enters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _variable.threads_in_modes() == before


def test_a_mode_of_the_main_thread_outlives_those_of_others():
    def run():
        autograd.set_grad_enabled(False)

    before = _variable.threads_in_modes()
    with ad.no_grad():
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert _variable.threads_in_modes() == before + 1
        assert not (ad.tensor(1.0, requires_grad=True) * 2).requires_grad
    assert _variable.threads_in_modes() == before


def test_the_interpreter_ends_while_daemons_are_in_modes():
    program = """
import threading, time
import autodiff as ad
from autodiff import autograd
started = []
def run(enter):
    enter()
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    started.append(1)
    while True:
        with ad.no_grad():
            (x * 2).sum()
        with ad.enable_grad():
            (x * 2).sum().backward()
for enter in (lambda: autograd.set_grad_enabled(False), lambda: autograd.set_detect_anomaly(True), lambda: None):
    threading.Thread(target=run, args=(enter,), daemon=True).start()
while len(started) < 3:
    time.sleep(0.01)
autograd.set_grad_enabled(False)
print("done")
"""
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")


def test_anomaly_mode_names_what_a_derivative_is_of():
    class Inner(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * float("nan")

    class Outer(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return Inner.apply(g)

    with warnings.catch_warnings(record=True) as heard, autograd.set_detect_anomaly(True):
        warnings.simplefilter("always")
        x, v = ad.ones(2, requires_grad=True), ad.ones(2, requires_grad=True)
        g, = autograd.grad(Outer.apply(x), x, v, create_graph=True)
        with pytest.raises(RuntimeError, match="Function 'InnerBackward' returned nan values in its 0th output"):
            g.sum().backward()
    words = [str(w.message) for w in heard]
    assert "Error detected in InnerBackward. Traceback of forward call" in words[-2] and "Inner.apply(g)" in words[-2]
    assert "induced by OuterBackward. Traceback of forward call" in words[-1] and "Outer.apply(x)" in words[-1]


def test_anomaly_mode_prints_its_warning_where_warnings_are_errors(capsys):
    with warnings.catch_warnings(), autograd.set_detect_anomaly(True):
        warnings.simplefilter("error")
        x = ad.tensor([-1.0], requires_grad=True)
        with pytest.raises(RuntimeError, match="returned nan values"):
            x.sqrt().sum().backward()
    assert "Error detected in SqrtBackward0" in capsys.readouterr().err
