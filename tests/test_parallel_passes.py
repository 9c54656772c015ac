"""Threads that share leaves, graphs and memory: nothing is lost, nothing is silently wrong.

AUTODIFF_STRESS_SECONDS says how long the stress test runs (1.5), as in a build with a sanitizer:
AUTODIFF_STRESS_SECONDS=60 python -m pytest tests/test_parallel_passes.py -k stress
"""
import os
import subprocess
import sys
import threading
import time
import traceback

import numpy as np
import pytest

import autodiff as ad
from autodiff.utils.checkpoint import checkpoint

SECONDS = float(os.environ.get("AUTODIFF_STRESS_SECONDS", "1.5"))
SIZES = [(), (3,), (70_000,)]       # a number, a small array, one whose loops let go of the interpreter


def together(count, work):
    """work(number) in so many threads that start at once; the results, exceptions among them."""
    start, results = threading.Barrier(count), [None] * count

    def run(number):
        start.wait()
        try:
            results[number] = work(number)
        except BaseException as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture(autouse=True)
def often():
    """Threads take turns a hundred times as often as they would."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.filterwarnings("ignore:Using backward")
def test_a_shared_leaf_loses_nothing(size, create_graph):
    x = ad.ones(size, requires_grad=True)
    rounds = 50 if create_graph else 200
    rounds = rounds // 10 if size == (70_000,) else rounds

    def work(number):
        for _ in range(rounds):
            (x * (number + 1)).sum().backward(create_graph=create_graph)

    assert together(8, work) == [None] * 8
    np.testing.assert_array_equal(x.grad.detach().numpy(), np.full(size, rounds * 36.0))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_leaf_with_hooks_loses_nothing(size):
    x, seen = ad.ones(size, requires_grad=True), []
    x.register_hook(lambda g: seen.append(1) or g * 2)
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf))
    assert together(8, lambda number: [(x * 3).sum().backward() for _ in range(20)] and None) == [None] * 8
    np.testing.assert_array_equal(x.grad.numpy(), np.full(size, 160 * 6.0))
    assert len(seen) == 320 and sum(leaf is x for leaf in seen) == 160


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_shared_graph_is_for_one_of_them(size):
    """At least one pass succeeds, the others have PyTorch's error; none returns a wrong gradient."""
    for _ in range(30 if size != (70_000,) else 8):
        x = ad.full(size, 0.5, requires_grad=True)
        y = x
        for _ in range(20):
            y = y.sin() * y
        y = y.sum()
        results = together(6, lambda number, y=y, x=x: ad.autograd.grad(y, x)[0])
        good = [g for g in results if not isinstance(g, BaseException)]
        bad = [error for error in results if isinstance(error, BaseException)]
        assert good
        assert all(type(error) is RuntimeError and "Specify retain_graph=True" in str(error) for error in bad)
        fresh = ad.full(size, 0.5, requires_grad=True)
        z = fresh
        for _ in range(20):
            z = z.sin() * z
        z.sum().backward()
        for g in good:
            np.testing.assert_array_equal(g.numpy(), fresh.grad.numpy())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("recompute", [False, True], ids=["kept", "checkpoint"])
def test_a_shared_graph_that_is_retained(size, recompute):
    x = ad.full(size, 0.5, requires_grad=True)

    def f(x):
        for _ in range(10):
            x = x.sin() * x
        return x.sum()

    y = checkpoint(f, x, use_reentrant=False) if recompute else f(x)
    alone = ad.autograd.grad(y, x, retain_graph=True)[0].numpy()
    for g in together(5, lambda number: ad.autograd.grad(y, x, retain_graph=True)[0]):
        np.testing.assert_array_equal(g.numpy(), alone)
    assert together(5, lambda number: y.backward(retain_graph=True)) == [None] * 5
    np.testing.assert_allclose(x.grad.numpy(), 5 * alone, rtol=1e-14)


def test_a_write_of_another_thread_is_noticed_or_came_before():
    """While a loop computes without the interpreter, another thread writes to its operand: the gradient is that of one of both
    values, or the pass raises; never is the result of one value differentiated with the other."""
    raised = right = 0
    end = time.monotonic() + min(SECONDS, 5)
    while time.monotonic() < end and not (raised and right > 10):
        x = ad.full((300_000,), 0.5, requires_grad=True)
        operand = x * 1.0
        written = threading.Event()

        def compute(operand=operand, x=x, written=written):
            y = operand.sin()
            written.wait(60)    # a write while the pass itself computes is noticed by no check yet
            g = ad.autograd.grad(y.sum(), x)[0]
            return y.detach().numpy(), g.numpy()

        def write(operand=operand, written=written):
            operand.detach().add_(1.0)
            written.set()

        found, error = together(2, lambda number, both=(compute, write): both[number]())
        assert error is None
        if isinstance(found, BaseException):
            assert isinstance(found, RuntimeError) and "modified by an inplace operation" in str(found)
            raised += 1
            continue
        value, gradient = found
        np.testing.assert_allclose(value ** 2 + gradient ** 2, 1, rtol=1e-12)
        right += 1
    assert right + raised


def test_a_write_between_a_loop_and_what_it_saves():
    """Writes all the time while ops compute, none while a pass runs: it raises, or the result was that of the saved value."""
    x = ad.full((50_000,), 0.5, requires_grad=True)
    end, turn, writes = threading.Event(), threading.Lock(), []
    operand = x * 1.0
    alias = operand.detach()

    def writer():
        while not end.is_set():
            with turn:
                pass
            alias.mul_(-1.0)
            writes.append(1)

    thread = threading.Thread(target=writer)
    thread.start()
    raised = 0
    try:
        for op in (lambda v: v * v, lambda v: v.square(), lambda v: v.cumprod(0)[:1], lambda v: v @ v) * 15:
            z = op(operand)
            with turn:
                time.sleep(0.001)       # a write that was on its way is over
                count = len(writes)
                try:
                    (g,) = ad.autograd.grad(z.sum(), x, retain_graph=True)
                except RuntimeError as error:
                    assert "modified by an inplace operation" in str(error)
                    raised += 1
                else:
                    assert len(writes) - count <= 1
                    assert g.shape == x.shape
            alias.fill_(0.5)
    finally:
        end.set()
        thread.join()
    assert writes and raised


def test_the_first_ops_of_several_threads():
    """Helpers and families of rows are imported when they are first asked for, by whichever threads that are."""
    program = """
import sys, threading
import numpy as np, autodiff as ad
sys.setswitchinterval(1e-5)
jobs = [lambda x: x.sum(0), lambda x: x.clone().flip(0), lambda x: x.sort(0).values, lambda x: ad.linalg.inv(x + ad.eye(3)),
        lambda x: ad.fft.fft(x).real, lambda x: ad.special.erf(x), lambda x: x.gather(0, x.argsort(0)), lambda x: x.cumsum(0)]
start, errors = threading.Barrier(8), []
def work(i):
    start.wait()
    for k in range(8):
        try:
            x = ad.ones(3, 3, requires_grad=True)
            (jobs[(i + k) % 8](x) ** 2).sum().backward()
            assert x.grad is not None
        except BaseException as error:
            errors.append(repr(error))
threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(errors)
"""
    for _ in range(4):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
        assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_errors_come_to_the_thread_that_asked():
    class Fails(ad.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyError(threading.get_ident())

    x = ad.ones(3, requires_grad=True)

    def work(number):
        if number % 2:
            (x * number).sum().backward()
            return None
        try:
            Fails.apply(x * 2).sum().backward()
        except KeyError as error:
            assert error.args == (threading.get_ident(),)
            return traceback.extract_tb(error.__traceback__)[-1].name
        return "nothing"

    results = together(8, work)
    assert [r for i, r in enumerate(results) if i % 2] == [None] * 4
    assert [r for i, r in enumerate(results) if not i % 2] == ["backward"] * 4
    np.testing.assert_array_equal(x.grad.numpy(), np.full(3, 1.0 + 3 + 5 + 7))


def test_modes_are_the_threads_own():
    x = ad.ones(3, requires_grad=True)

    def work(number):
        assert ad.is_grad_enabled() and not ad.is_inference_mode_enabled()
        for _ in range(100):
            if number % 3 == 0:
                with ad.no_grad():
                    assert not (x * 2).requires_grad
            elif number % 3 == 1:
                with ad.inference_mode():
                    assert (x * 2).is_inference()
            else:
                assert (x * 2).requires_grad
        return ad.is_grad_enabled()

    with ad.no_grad():
        assert together(9, work) == [True] * 9
        assert not ad.is_grad_enabled()


def test_a_hook_runs_in_the_thread_and_the_mode_of_its_pass():
    x = ad.ones(3, requires_grad=True)
    seen = {}
    y = x * 2
    y.register_hook(lambda g: seen.update({threading.get_ident(): ad.is_grad_enabled()}))
    z = (y * y).sum()

    def work(number):
        with ad.set_grad_enabled(bool(number % 2)):
            (g,) = ad.autograd.grad(z, x, retain_graph=True, create_graph=number == 3)
            return threading.get_ident(), g.requires_grad

    results = together(4, work)
    assert [requires for _, requires in results] == [False, False, False, True]
    assert [seen[ident] for ident, _ in results] == [False, False, False, True]


# ---- stress

def test_stress():
    """Eight threads do everything at once with a few shared leaves, for a while; each checks what it computes."""
    shared = [ad.full(size, 0.5, requires_grad=True) for size in SIZES]
    array = ad.numpy.array(np.full(100, 0.5), requires_grad=True)
    counts = [[0] * len(shared) for _ in range(8)]
    end = time.monotonic() + SECONDS

    def accumulate(number, rng):
        which = rng.integers(len(shared))
        (shared[which] * 2).sum().backward()
        counts[number][which] += 1

    def transform(number, rng):
        a = rng.random(5)
        np.testing.assert_allclose(ad.grad(lambda v: (v.sin() * v if isinstance(v, ad.Tensor) else np.sin(v) * v).sum())(a),
                                   np.sin(a) + a * np.cos(a), rtol=1e-12)

    def second(number, rng):
        x = shared[1]
        (g,) = ad.autograd.grad((x ** 3).sum(), x, create_graph=True)
        (h,) = ad.autograd.grad(g.sum(), x)
        np.testing.assert_allclose(h.numpy(), 3.0)

    def again(number, rng):
        x = shared[rng.integers(2)]
        (g,) = ad.autograd.grad(checkpoint(lambda x: (x.sin() * x).exp().sum(), x, use_reentrant=False), x)
        wanted = np.exp(np.sin(0.5) * 0.5) * (np.sin(0.5) + 0.5 * np.cos(0.5))
        np.testing.assert_allclose(g.numpy(), wanted, rtol=1e-12)

    def loop(number, rng):
        (g,) = ad.autograd.grad(ad.checkpointed_loop(lambda s: s * shared[0], 1.0, 8, snapshots=3), shared[0])
        np.testing.assert_allclose(g.item(), 8 * 0.5 ** 7)

    def views(number, rng):
        y = shared[1].clone()
        v = y[:2]
        y.mul_(2)
        (g,) = ad.autograd.grad((v * v).sum(), shared[1])
        np.testing.assert_allclose(g.numpy(), [4, 4, 0])

    def elements(number, rng):
        (g,) = ad.autograd.grad(sum(array[i] * array[i] for i in range(30)), array)
        assert g.sum() == 30

    def drops(number, rng):
        y = shared[2]
        for _ in range(5):
            y = y.cos()
        del y

    def batched(number, rng):
        a = rng.random((4, 3))
        np.testing.assert_allclose(ad.vmap(ad.grad(lambda x: (x ** 2).sum() * shared[0].item()))(a), a, rtol=1e-12)

    def fails(number, rng):
        y = (shared[1] * shared[1]).sum()
        ad.autograd.grad(y, shared[1])
        with pytest.raises(RuntimeError, match="Specify retain_graph=True"):
            ad.autograd.grad(y, shared[1])

    jobs = [accumulate, accumulate, transform, second, again, loop, views, elements, drops, batched, fails]

    def work(number):
        rng = np.random.default_rng(number)
        done = 0
        while time.monotonic() < end or not done:
            jobs[rng.integers(len(jobs))](number, rng)
            done += 1
        return done

    nodes = ad.memory_stats()["nodes"]
    results = together(8, work)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    assert min(results) > 0
    for which, x in enumerate(shared):
        total = sum(count[which] for count in counts)
        if total:
            np.testing.assert_array_equal(x.grad.numpy(), np.full(SIZES[which], 2.0 * total))
    assert ad.memory_stats()["nodes"] <= nodes + 5      # all graphs went
