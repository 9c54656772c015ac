"""Threads and CPU levels: the same bits with any number of either, safe after fork, in daemons, under other threads."""
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import autodiff as ad
from autodiff import _kernels, rules

SIZE = 300_001           # above the size from which a loop is shared, and no multiple of a block


@pytest.fixture
def threads():
    """Sets the number of threads, and puts it back."""
    before = ad.get_num_threads()
    yield ad.set_num_threads
    ad.set_num_threads(before)


@pytest.fixture
def level():
    yield _kernels.choose_cpu_level
    _kernels.choose_cpu_level()


def operands(rule, dtype, n=SIZE):
    random = np.random.default_rng(7)
    x = random.uniform(*rule.at, n).astype(dtype)
    y = random.uniform(*(rule.at_y or rule.at), n).astype(dtype)
    return x, y


def results(rule, dtype, n=SIZE):
    """Value and derivatives of a row by its compiled loops."""
    x, y = operands(rule, dtype, n)
    given = (x, y)[:len(rule.operands)]
    out = np.empty(n, "?" if rule.dtype == "bool" else dtype)
    found = [_kernels.evaluate(rule.name, "value", out, *given)]
    for which in ("dx", "dy"):
        if getattr(rule, which) is not None:
            found.append(_kernels.evaluate(rule.name, which, np.empty(n, dtype), np.cos(x), x,
                                           y if len(rule.operands) > 1 else None, out))
            found.append(_kernels.evaluate(rule.name, which, x.copy(), np.cos(x), x,
                                           y if len(rule.operands) > 1 else None, out, accumulate=True))
    return found


def same(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("dtype", rules.DTYPES)
@pytest.mark.parametrize("rule", rules.ELEMENTWISE, ids=lambda rule: rule.name)
def test_bits_do_not_depend_on_the_cpu_level(rule, dtype, level):
    wanted = {}
    for name in _kernels.cpu_levels():
        assert level(name) == name == _kernels.chosen_cpu_level()
        found = results(rule, dtype, 1501)
        same(found, wanted.setdefault("found", found))


@pytest.mark.parametrize("rule", [rule for rule in rules.ELEMENTWISE if rule.name in (
    "mul", "exp", "sin", "pow", "maximum", "lt", "atan2", "sigmoid", "remainder")], ids=lambda rule: rule.name)
def test_bits_do_not_depend_on_the_number_of_threads(rule, threads):
    threads(1)
    wanted = results(rule, "float64")
    for count in (2, 3, 7):
        threads(count)
        for _ in range(3):
            same(results(rule, "float64"), wanted)


@pytest.mark.parametrize("shape", [(SIZE,), (700, 900), (3, 250_000), (250_000, 3), (40, 50, 300), (1, 600_000),
                                   (2, 2, 150_000), (150_000, 2), (100, 700, 5)])
def test_sums_have_numpys_bits_with_any_number_of_threads(shape, threads):
    for dtype in rules.DTYPES:
        array = np.random.default_rng(3).standard_normal(shape).astype(dtype)
        for count in (1, 2, 5):
            threads(count)
            x = ad.tensor(array)
            assert x.sum().item() == array.sum()
            for axis in range(array.ndim):
                assert (x.sum(axis).numpy() == array.sum(axis)).all()


@pytest.mark.parametrize("n", [262_143, 262_144, 262_145, 1_000_003, 5_000_000, 5_000_007])
def test_the_sum_in_parts_has_numpys_bits(n, threads):
    threads(2)
    for dtype in rules.DTYPES:
        array = np.random.default_rng(n).standard_normal(n).astype(dtype)
        assert _kernels.evaluate_sum(array) == float(array.sum())
        assert _kernels.evaluate_sum(array[::-2]) == float(array[::-2].sum())
    zeros = np.full(n, -0.0)
    assert not np.signbit(_kernels.evaluate_sum(zeros)) and not np.signbit(zeros.sum())


def test_broadcast_operands_and_their_gradients(threads):
    random = np.random.default_rng(1)
    arrays = [random.standard_normal(shape) for shape in ((600, 700), (700,), (600, 1), ())]

    def gradients():
        matrix, row, column, number = (ad.tensor(array, requires_grad=True) for array in arrays)
        out = (matrix * row + column).sin() * number / (row * row + 1)
        (out * out).sum().backward()
        return [out.detach().numpy(), *(leaf.grad.numpy() for leaf in (matrix, row, column, number))]

    threads(1)
    wanted = gradients()
    for count in (2, 4):
        threads(count)
        same(gradients(), wanted)


def test_strided_and_transposed_operands(threads):
    base = np.random.default_rng(2).uniform(0.5, 2, (900, 1200))
    for view in (base[::2, ::3], base.T, base[:, ::2], base[100:, 7:]):
        x = ad.from_numpy(view)
        threads(1)
        wanted = (x * x).numpy()
        threads(3)
        assert ((x * x).numpy() == wanted).all() and (wanted == view * view).all()


def test_in_place_on_many_elements(threads):
    threads(2)
    start = np.random.default_rng(5).standard_normal(SIZE)
    x = ad.tensor(start)
    x.mul_(3.0).add_(x)
    assert (x.numpy() == start * 3.0 + start * 3.0).all()


def test_the_number_of_threads_is_checked(threads):
    threads(3)
    assert ad.get_num_threads() == 3
    for bad, error in ((0, RuntimeError), (-2, RuntimeError), (1.5, RuntimeError), ("2", RuntimeError),
                       (True, RuntimeError)):
        with pytest.raises(error, match="set_num_threads expects"):
            ad.set_num_threads(bad)
    assert ad.get_num_threads() == 3


def test_many_python_threads_share_the_helpers(threads):
    threads(2)
    array = np.random.default_rng(4).standard_normal(SIZE)
    wanted = np.tanh(array) * (1 - np.tanh(array) ** 2)
    failed = []

    def work():
        for _ in range(10):
            x = ad.tensor(array, requires_grad=True)
            y = x.tanh()
            (y * y).sum().backward()
            if not np.allclose(x.grad.numpy(), 2 * wanted, rtol=1e-12, atol=1e-300):
                failed.append(threading.current_thread().name)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed


def run(program, **environment):
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True,
                          check=False, timeout=120)
    return done


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_of_fork_computes_with_helpers_of_its_own():
    program = """
import os, sys, warnings
import numpy as np
import autodiff as ad
warnings.simplefilter("ignore")
ad.set_num_threads(2)
x = ad.ones(500_000)
wanted = float(np.exp(1.0))
assert (x.exp().numpy() == wanted).all()      # the helpers are up
children = []
for _ in range(4):
    child = os.fork()
    if not child:
        good = all((x.exp().numpy() == wanted).all() for _ in range(5))
        os._exit(0 if good else 3)
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
assert (x.exp().numpy() == wanted).all()
print(codes)
"""
    done = run(program)
    assert done.stdout.strip() == "[0, 0, 0, 0]", done.stderr


def test_the_process_ends_while_a_daemon_computes():
    program = """
import threading
import autodiff as ad
ad.set_num_threads(2)
x = ad.ones(2_000_000)
def forever():
    while True:
        x.sin()
threading.Thread(target=forever, daemon=True).start()
for _ in range(5):
    x.cos()
print("done")
"""
    done = run(program)
    assert done.returncode == 0 and done.stdout.strip() == "done", done.stderr


def test_the_environment_chooses():
    program = """
import json
import autodiff as ad
from autodiff import _kernels
print(json.dumps([ad.get_num_threads(), _kernels.chosen_cpu_level()]))
"""
    assert json.loads(run(program, AUTODIFF_NUM_THREADS="5", AUTODIFF_CPU="baseline").stdout) == [5, "baseline"]
    bad = run(program, AUTODIFF_NUM_THREADS="many")
    assert bad.returncode and "AUTODIFF_NUM_THREADS is 'many'" in bad.stderr
    bad = run(program, AUTODIFF_CPU="quantum")
    assert bad.returncode and "AUTODIFF_CPU is 'quantum', but this processor and this build have" in bad.stderr


def test_info_says_what_was_chosen():
    done = subprocess.run([sys.executable, "-m", "autodiff", "info"], env=os.environ | {"AUTODIFF_CPU": "baseline"},
                          capture_output=True, text=True, check=True)
    assert "cpu level:     baseline (of " in done.stdout and f"numpy:         {np.__version__}" in done.stdout
    assert "called directly" in done.stdout


def test_without_numpys_inner_loops_there_are_no_helpers(threads):
    threads(2)
    _kernels.refuse_captured(True)
    try:
        assert (ad.ones(SIZE).exp().numpy() == np.exp(1.0)).all()
        assert ad.ones(SIZE).sum().item() == SIZE
    finally:
        _kernels.refuse_captured(False)
