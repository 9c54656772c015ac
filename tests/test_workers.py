"""Worker processes and threads: forked at any moment, spawned, joblib's, Dask's; how many threads they have."""
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import autodiff
from autodiff import _kernels

ROOT = Path(autodiff.__file__).resolve().parent.parent
POINTS = np.linspace(-1.0, 1.0, 12).reshape(4, 3)
TRANSFORMS = ["autodiff.grad(f)", "autodiff.value_and_grad(f)", "autodiff.hessian(f)", "autodiff.jacobian(g)",
              "autodiff.elementwise_grad(g)", "autodiff.vmap(autodiff.grad(h))"]
# Functions of a module of its own: a child that is spawned imports it by name.
MODULE = """
import numpy as np

def f(x):
    return np.sum(np.where(x > 0, np.exp(x) * x, np.cumsum(x) ** 2)) + np.max(x)

def g(x):
    return np.sort(x) ** 2

def h(x):
    return np.sin(x) * x
"""
# What the children compute is compared with what the parent computes, in a process that has nothing else to do.
PROGRAM = """
import sys
import numpy as np
import autodiff
from functions_of_workers import f, g, h

points = np.linspace(-1.0, 1.0, 12).reshape(4, 3)


def flat(value):
    return np.concatenate([np.ravel(part) for part in (value if isinstance(value, tuple) else (value,))])


def main(run):
    for transform in ({transforms}):
        expected = [flat(transform(x)) for x in points]
        found = [flat(value) for value in run(transform, points)]
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True)), transform
    print("the same")
"""


def ended(command, cwd=None, timeout=240, **environment):
    """What a program printed that ends by itself, and well; with all its children it is killed if it hangs."""
    # Of the limits that this process was given the program is to know nothing.
    own = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.Popen([sys.executable, *command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**own, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", **environment},
                            start_new_session=True)
    try:
        out, err = done.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(done.pid, signal.SIGKILL)
        out, err = done.communicate()
        pytest.fail(f"it hung; {out[-2000:]}{err[-2000:]}")
    assert done.returncode == 0, out[-2000:] + err[-4000:]
    return out.strip()


def run(tmp_path, text):
    (tmp_path / "functions_of_workers.py").write_text(MODULE)
    program = PROGRAM.replace("{transforms}", ", ".join(TRANSFORMS)) + textwrap.dedent(text)
    (tmp_path / "program.py").write_text(program)
    assert ended(["program.py"], tmp_path) == "the same"


METHODS = [method for method in ("fork", "spawn", "forkserver") if method in multiprocessing.get_all_start_methods()]
# What the parent did before it has children.
BEFORE = {
    "nothing": "",
    "a graph": "kept = autodiff.ones(3, requires_grad=True).exp(); autodiff.grad(f)(points[0])",
    "the pool": "autodiff.set_num_threads(4); autodiff.ones(2_000_000).exp()",
    "a thread that computes": """
import threading
autodiff.set_num_threads(2)
over = []
def compute():
    x = autodiff.ones(400_000, requires_grad=True)
    while not over:
        (x * x).sum().backward()
threading.Thread(target=compute).start()
""",
}


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("method", METHODS)
def test_processes_of_the_standard_library(tmp_path, method, before):
    run(tmp_path, f"""
if __name__ == "__main__":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    over = []
{textwrap.indent(BEFORE[before], "    ")}
    try:
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context({method!r})) as pool:
            main(lambda transform, points: list(pool.map(transform, points)))
    finally:
        over.append(True)
""")


@pytest.mark.parametrize("method", METHODS)
def test_daemons_and_pools(tmp_path, method):
    run(tmp_path, f"""
def work(transform, points, queue):
    queue.put([transform(x) for x in points])

if __name__ == "__main__":
    import multiprocessing

    context = multiprocessing.get_context({method!r})
    autodiff.ones(2_000_000).exp()

    def through(transform, points):
        queue = context.Queue()
        child = context.Process(target=work, args=(transform, points, queue), daemon=True)
        child.start()
        found = queue.get(timeout=100)
        child.join()
        assert child.exitcode == 0
        return found

    main(through)
    with context.Pool(2) as pool:
        found = pool.map(autodiff.grad(f), points)
    assert all((a == autodiff.grad(f)(x)).all() for a, x in zip(found, points))
""")


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(tmp_path, backend):
    pytest.importorskip("joblib")
    run(tmp_path, f"""
        if __name__ == "__main__":
            import joblib

            with joblib.parallel_backend({backend!r}, n_jobs=2):
                main(lambda transform, points: joblib.Parallel()(joblib.delayed(transform)(x) for x in points))
    """)


def test_threads():
    gradient = autodiff.grad(lambda x: np.sum(np.sort(x) * np.arange(3.0)))
    expected = [gradient(x) for x in POINTS]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            for found, own in zip(pool.map(gradient, POINTS), expected, strict=True):
                np.testing.assert_array_equal(found, own)


# ---- fork, at any moment

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
# Programs of their own; forked(work) is True if work() was in a child, which a signal kills where it hangs.
FORK = """
import gc, os, signal, sys, threading, time, traceback, warnings
import numpy as np
import autodiff
from autodiff import _variable

warnings.simplefilter("ignore", DeprecationWarning)     # of Python, that there are other threads

def forked(work):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        signal.alarm(30)
        code = 1
        try:
            code = 0 if work() in (None, True) else 2
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        print(f"the child ended with {code}", file=sys.stderr, flush=True)
        os._exit(1)     # other threads may be waiting for this one
    return True

class Aside:
    # A thread that is in the middle of something until it is let go.
    def __init__(self, work):
        self.reached, self.go_on, self.found = threading.Event(), threading.Event(), []
        self.thread = threading.Thread(target=lambda: self.found.append(work(self)))
        self.thread.start()
        assert self.reached.wait(60)
    def wait(self):
        self.reached.set()
        assert self.go_on.wait(60)
    def result(self):
        self.go_on.set()
        self.thread.join(60)
        (found,) = self.found
        return found

def gradient(n=200_000):
    x = autodiff.linspace(0.0, 1.0, n, dtype=autodiff.float64, requires_grad=True)
    (x.exp() * x).sum().backward()
    return x.grad.numpy()

expected = gradient()
def right():
    return np.array_equal(gradient(), expected)
"""
FORKED = {
    "after the pool was used": """
autodiff.set_num_threads(4)
assert right()
for _ in range(3):
    forked(right)
    assert right()
""",
    "while another thread computes": """
autodiff.set_num_threads(3)
over = []
def compute():
    while not over:
        assert right()
threads = [threading.Thread(target=compute) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(20):
    forked(right)
over.append(True)
for thread in threads:
    thread.join()
assert right()
""",
    "with a graph that the parent recorded": """
x = autodiff.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = autodiff.tensor(2.0, requires_grad=True)
z = (x.exp() * y).sum() * y
def backward():
    z.backward()
    assert np.array_equal(x.grad.numpy(), np.exp([1.0, 2.0, 3.0]) * 4.0)
    (x * x).sum().backward()
    return x.grad[0].item() == np.exp(1.0) * 4.0 + 2.0
forked(backward)
assert x.grad is None and backward()
""",
    "while another thread is in a backward pass": """
x = autodiff.tensor([1.0, 2.0, 3.0], requires_grad=True)
def slow(aside):
    y = x * 2
    y.register_hook(lambda g: aside.wait())
    (y * y * x).sum().backward()
    return x.grad.tolist()
shared = (x * x).sum()
aside = Aside(slow)
def child():
    before = autodiff.memory_stats()["nodes"]
    shared.backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]
    for _ in range(100):
        assert right()
    return autodiff.memory_stats()["nodes"] <= before
forked(child)
assert aside.result() == [12.0, 48.0, 108.0]
""",
    "while a large pass of another thread computes": """
autodiff.set_num_threads(2)
over = []
def passes():
    x = autodiff.ones(300_000, requires_grad=True)
    while not over:
        y = x
        for _ in range(20):
            y = y * 1.0 + 0.0
        y.sum().backward()
thread = threading.Thread(target=passes)
thread.start()
for _ in range(20):
    forked(right)
over.append(True)
thread.join()
""",
    "in a hook of the pass that runs": """
x = autodiff.tensor([1.0, 2.0], requires_grad=True)
y = x * 3
inside = []
def hook(g):
    child = os.fork()
    inside.append(child)
y.register_hook(hook)
(y * y).sum().backward()
assert x.grad.tolist() == [18.0, 36.0] and right()
if not inside[0]:
    os._exit(0)
assert os.waitpid(inside[0], 0)[1] == 0
""",
    "while other threads are in modes": """
def mode(context):
    def work(aside):
        with context:
            aside.wait()
            return True
    return work
def mapped(aside):
    def sample(v):
        aside.wait()
        return v * 2
    return autodiff.vmap(sample)(autodiff.ones(3)).tolist() == [2.0, 2.0, 2.0]
def inner(aside):
    def f(v):
        aside.wait()
        return (v * v).sum()
    return autodiff.grad(f)(autodiff.ones(2)).tolist() == [2.0, 2.0]
from autodiff.autograd import forward_ad
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    anomaly = autodiff.autograd.detect_anomaly()
asides = [Aside(work) for work in (mode(autodiff.no_grad()), mode(autodiff.inference_mode()), mode(anomaly),
                                   mode(forward_ad.dual_level()), mapped, inner)]
def child():
    assert _variable.threads_in_modes() == 0, _variable.threads_in_modes()
    assert autodiff.is_grad_enabled() and right()
    assert autodiff.vmap(lambda v: v + 1)(autodiff.zeros(2)).tolist() == [1.0, 1.0]
    assert autodiff.hessian(lambda v: (v ** 3).sum())(autodiff.ones(2)).tolist() == [[6.0, 0.0], [0.0, 6.0]]
    return True
forked(child)
assert all(aside.result() for aside in asides)
assert _variable.threads_in_modes() == 0
""",
    "with recorded programs": """
@autodiff.compile
def f(x):
    return x * x if x > 0 else x * 3.0
@autodiff.compile
def g(x):
    return np.sum(np.exp(x) * x)
points = np.linspace(0.0, 1.0, 50)
wanted = [autodiff.grad(f)(2.0), f(3.0), g(points), autodiff.grad(g)(points)]
g(points), autodiff.grad(g)(points)
def child():
    assert not any(branch.otherwise for branch in f.branches)
    assert autodiff.grad(f)(2.0) == wanted[0] and f(3.0) == wanted[1] and g(points) == wanted[2]
    assert np.array_equal(autodiff.grad(g)(points), wanted[3])
    assert f(-1.0) == -3.0 and autodiff.grad(f)(-1.0) == 3.0 and f(-2.0) == -6.0
    return [branch.otherwise > 0 for branch in f.branches] == [True]
forked(child)
assert not any(branch.otherwise for branch in f.branches) and child()
""",
    "while another thread records": """
import queue
waiting = queue.SimpleQueue()      # no state that a compiled function would be seen to change
@autodiff.compile
def f(x):
    if not waiting.empty():
        waiting.get().wait()
    return x * x + 1.0
@autodiff.compile
def g(x):
    if not waiting.empty():
        waiting.get().wait()
    return np.sum(x * x)
points = np.arange(4.0)
def record(function, argument):
    def work(aside):
        waiting.put(aside)
        return function(argument)
    return Aside(work)
def child():
    for _ in range(3):
        assert f(3.0) == 10.0 and g(points) == 14.0 and np.array_equal(autodiff.grad(g)(points), 2 * points)
    assert autodiff.grad(f)(3.0) == 6.0
    return f._state.trees and len(g._state.played()) > 0
for function, argument, value in ((f, 3.0, 10.0), (g, points, 14.0)):
    aside = record(function, argument)
    forked(lambda: bool(child()))
    assert aside.result() == value
assert child()
""",
    "while another thread is in a recorded program": """
waiting = []
@autodiff.primitive
def slow(x):
    if waiting:
        waiting.pop().wait()
    return x * 2.0
slow.defvjp(lambda ans, x: lambda g: g * 2.0)
@autodiff.compile
def f(x):
    return np.sum(slow(x) * x)
points = np.arange(5.0)
for _ in range(3):
    f(points)
runs = [played.runs for played in f._state.played()]
assert runs and max(runs) >= 1, "it is not replayed"
aside = Aside(lambda aside: (waiting.append(aside), f(points))[1])
def child():
    before = [played.runs for played in f._state.played()]
    for _ in range(3):
        assert f(points) == 60.0
    return sum(played.runs for played in f._state.played()) >= sum(before) + 3
forked(child)
assert aside.result() == 60.0
assert child()
""",
    "after a program ran over points with threads": """
autodiff.set_num_threads(4)
@autodiff.compile
def f(x, k):
    return x * k if x > k else (x - k) ** 2
x, k = np.linspace(-1.0, 1.0, 100_000), np.linspace(1.0, -1.0, 100_000)
both = autodiff.vmap(autodiff.grad(f))
wanted = both(x, k)
def child():
    return np.array_equal(both(x, k), wanted)
for _ in range(3):
    forked(child)
assert child()
""",
    "with generators": """
autodiff.manual_seed(5)
generator = autodiff.Generator().manual_seed(6)
autodiff.rand(3), autodiff.rand(2, generator=generator)
read, write = os.pipe()
def child():
    os.write(write, repr((autodiff.rand(4).tolist(), autodiff.randn(4, generator=generator).tolist())).encode())
forked(child)
drawn = autodiff.rand(4).tolist(), autodiff.randn(4, generator=generator).tolist()
assert eval(os.read(read, 10_000)) == drawn, "a child goes on where its parent stood"
""",
    "while another thread draws": """
autodiff.manual_seed(5)
generator = autodiff.Generator().manual_seed(6)
over = []
def draw():
    while not over:
        autodiff.rand(1_000_000)
        autodiff.randn(1_000_000, generator=generator)
thread = threading.Thread(target=draw)
thread.start()
def child():
    a, b = autodiff.rand(100), autodiff.randn(100, generator=generator)
    assert 0.2 < a.mean().item() < 0.8 and abs(b.mean().item()) < 1
    return autodiff.rand(3, generator=autodiff.Generator().manual_seed(1)).tolist() == wanted
wanted = autodiff.rand(3, generator=autodiff.Generator().manual_seed(1)).tolist()
for _ in range(20):
    time.sleep(0.003)
    forked(child)
over.append(True)
thread.join()
""",
    "of a thread, and again of the child": """
autodiff.set_num_threads(3)
assert right()
def grandchild():
    return right() and forked(right) and right()
found = []
thread = threading.Thread(target=lambda: found.append(forked(grandchild)))
thread.start()
thread.join()
assert found == [True] and right()
""",
    "while another thread releases a large graph": """
over = []
def build():
    while not over:
        x = autodiff.tensor(1.0, requires_grad=True)
        for _ in range(50_000):
            x = x * 1.0
        del x
thread = threading.Thread(target=build)
thread.start()
def child():
    gc.collect()
    for _ in range(3):
        assert right()
    before = autodiff.memory_stats()["nodes"]
    for _ in range(5):
        x = autodiff.ones(10, requires_grad=True)
        for _ in range(1000):
            x = x * 1.0
        del x
    return autodiff.memory_stats()["nodes"] <= before
for _ in range(20):
    forked(child)
over.append(True)
thread.join()
""",
    "while another thread is in the release of what Python owns": """
class Slow:
    def __init__(self, aside):
        self.aside = aside
    def __del__(self):
        self.aside.wait()
def release(aside):
    x = autodiff.ones(3, requires_grad=True)
    y = x * 2
    y.grad_fn.metadata["kept"] = Slow(aside)
    del y
    return True
def release_memory(aside):
    array = np.ones(3)
    class Array(np.ndarray):
        pass
    held = array.view(Array)
    held.kept = Slow(aside)
    x = autodiff.from_numpy(held)
    del array, held, x
    return True
def stats():
    return autodiff.memory_stats()
for work in (release, release_memory):
    aside = Aside(work)
    def child():
        x = autodiff.ones(3, requires_grad=True)
        before, alive = stats()["nodes"], []
        class Array(np.ndarray):
            def __del__(self):
                alive.pop()
        for _ in range(100):
            y = x * 2
            y.grad_fn.metadata["kept"] = 1
            alive.append(1)
            z = autodiff.from_numpy(np.ones(3).view(Array))
            del y, z
        return stats()["nodes"] <= before and not alive
    forked(child)
    assert aside.result()
""",
}


@needs_fork
@pytest.mark.parametrize("moment", FORKED)
def test_fork(moment):
    ended(["-c", FORK + FORKED[moment]])


@needs_fork
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
def test_the_pool_leaves_no_thread_to_a_fork():
    """Python 3.12 warns of a fork in a process of several threads; the pool's end before, and begin anew."""
    ended(["-W", "error", "-c", """
import os, autodiff
def threads():
    return len(os.listdir("/proc/self/task"))
before = threads()
autodiff.set_num_threads(4)
x = autodiff.ones(2_000_000)
for _ in range(3):
    x.exp()
    assert threads() == before + 3, threads()
    child = os.fork()
    if not child:
        os._exit(threads() - 1)
    assert os.waitpid(child, 0)[1] == 0 and threads() == before
"""])


# ---- the end of a process

ENDS = {
    "threads of an executor": """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(4)
found = [pool.submit(work) for _ in range(12)]
found[0].result()
print("done")
""",
    "daemons": """
import threading
def forever():
    while True:
        work()
for _ in range(3):
    threading.Thread(target=forever, daemon=True).start()
for _ in range(5):
    work()
print("done")
""",
    "an exit in a thread's midst": """
import sys, threading
def forever():
    while True:
        work()
threading.Thread(target=forever, daemon=True).start()
work()
print("done")
sys.exit(0)
""",
    "a daemon in a program over points": """
import threading
import numpy as np
f = autodiff.vmap(autodiff.grad(autodiff.compile(lambda x: x * x if x > 0 else x)))
points = np.linspace(-1.0, 1.0, 300_000)
f(points)
def forever():
    while True:
        f(points)
threading.Thread(target=forever, daemon=True).start()
f(points)
print("done")
""",
    "a daemon in a hook": """
import threading, time
reached = threading.Event()
def hooked():
    x = autodiff.ones(3, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: (reached.set(), time.sleep(100)))
    y.sum().backward()
threading.Thread(target=hooked, daemon=True).start()
reached.wait()
work()
print("done")
""",
}


@pytest.mark.parametrize("what", ENDS)
def test_a_process_ends_while_threads_compute(what):
    for _ in range(3):
        assert ended(["-c", """
import autodiff
autodiff.set_num_threads(3)
def work():
    x = autodiff.ones(500_000, requires_grad=True)
    (x.exp() * x).sum().backward()
    return x.grad[0].item()
""" + ENDS[what]], timeout=100) == "done"


# ---- how many threads

THREADS = "import autodiff; print(autodiff.get_num_threads())"


@pytest.mark.parametrize("environment, threads", [
    ({"AUTODIFF_NUM_THREADS": "3"}, 3), ({"OMP_NUM_THREADS": "3"}, 3), ({"OMP_NUM_THREADS": " 4,2 "}, 4),
    ({"AUTODIFF_NUM_THREADS": "2", "OMP_NUM_THREADS": "5"}, 2), ({"AUTODIFF_NUM_THREADS": "", "OMP_NUM_THREADS": "5"}, 5),
    ({"OMP_NUM_THREADS": "many"}, None), ({"OMP_NUM_THREADS": "0"}, None), ({"OMP_NUM_THREADS": ""}, None), ({}, None)])
@pytest.mark.skipif(sys.platform == "win32", reason="one thread there")
def test_the_environment_limits_threads(environment, threads):
    found = int(ended(["-c", THREADS], **environment))
    if threads is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        allowed = _kernels._processors_allowed()
        threads = min(cores, 64, cores if allowed is None else allowed)
    assert found == threads


def test_the_quota_of_a_control_group(tmp_path):
    def allowed(groups, files):
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/self/cgroup").write_text(groups)
        for name, text in files.items():
            path = root / "sys/fs/cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return _kernels._processors_allowed(f"{root}/")

    two = "0::/\n"
    assert allowed(two, {}) is None
    assert allowed(two, {"cpu.max": "max 100000\n"}) is None
    assert allowed(two, {"cpu.max": "200000 100000\n"}) == 2
    assert allowed(two, {"cpu.max": "250000 100000\n"}) == 3
    assert allowed(two, {"cpu.max": "50000 100000\n"}) == 1
    assert allowed(two, {"cpu.max": "nonsense"}) is None
    service = "0::/system.slice/job.service\n"
    for own, wanted in (("max", 4), ("100000", 1), ("800000", 4)):
        assert allowed(service, {"system.slice/job.service/cpu.max": f"{own} 100000\n",
                                 "system.slice/cpu.max": "400000 100000\n"}) == wanted
    one = "4:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n0::/\n"
    assert allowed(one, {"cpu/docker/x/cpu.cfs_quota_us": "300000\n", "cpu/docker/x/cpu.cfs_period_us": "100000\n"}) == 3
    assert allowed(one, {"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}) == 3
    assert allowed(one, {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}) is None
    assert _kernels._processors_allowed(f"{tmp_path}/nowhere/") is None


WORKERS = """
import json, os, sys
import autodiff

def threads(_=None):
    autodiff.ones(2_000_000).exp()
    return autodiff.get_num_threads(), len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0

def plain(_=None):
    return autodiff.get_num_threads()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="one thread there")
def test_joblibs_limits_are_respected(tmp_path):
    pytest.importorskip("joblib")
    (tmp_path / "program.py").write_text(WORKERS + """
if __name__ == "__main__":
    import joblib
    found = []
    for options in ({"inner_max_num_threads": 1}, {"inner_max_num_threads": 3}, {}):
        with joblib.parallel_config(backend="loky", n_jobs=2, **options):
            found.append(joblib.Parallel()(joblib.delayed(plain)(i) for i in range(4)))
    print(json.dumps([found, max(joblib.cpu_count() // 2, 1)]))
""")
    (one, three, default), share = json.loads(ended(["program.py"], tmp_path))
    assert set(one) == {1} and set(three) == {3} and set(default) == {share}
    (one, three, default), _ = json.loads(ended(["program.py"], tmp_path, AUTODIFF_NUM_THREADS="2"))
    assert set(one) == set(three) == set(default) == {2}        # what the user said outright


@pytest.mark.skipif(sys.platform == "win32", reason="one thread there")
def test_dasks_limits_are_respected(tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "program.py").write_text(WORKERS + """
if __name__ == "__main__":
    from distributed import Client, LocalCluster
    found = []
    for workers, each in ((2, 1), (1, 2)):
        with (LocalCluster(n_workers=workers, threads_per_worker=each, dashboard_address=None) as cluster,
              Client(cluster) as client):
            found += client.gather(client.map(plain, range(4), pure=False))
            gradient = autodiff.grad(lambda x: (x * x).sum())
            x = autodiff.ones(200_000) * 3
            assert all(g[0].item() == 6.0 for g in client.gather(client.map(gradient, [x, x.clone()])))
    print(json.dumps(found))
""")
    for environment, threads in (({}, 1), ({"OMP_NUM_THREADS": "3"}, 3), ({"AUTODIFF_NUM_THREADS": "2"}, 2)):
        found = json.loads(ended(["-W", "ignore", "program.py"], tmp_path, **environment).splitlines()[-1])
        assert found == [threads] * 8


@pytest.mark.skipif(sys.platform == "win32", reason="one thread there")
@pytest.mark.parametrize("method", METHODS)
def test_workers_are_told_how_many_threads_by_the_pools_own_means(tmp_path, method):
    (tmp_path / "program.py").write_text(WORKERS + f"""
if __name__ == "__main__":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    autodiff.set_num_threads(3)
    context = multiprocessing.get_context({method!r})
    with ProcessPoolExecutor(2, mp_context=context, initializer=autodiff.set_num_threads, initargs=(1,)) as pool:
        assert set(pool.map(plain, range(4))) == {{1}}
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        found = pool.submit(threads).result()
    if {method!r} == "fork":
        assert found[0] == 3        # its parent's
    print("done")
""")
    assert ended(["program.py"], tmp_path) == "done"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
def test_threads_of_the_program_share_one_pool(tmp_path):
    """Eight threads that compute at once do not have eight pools."""
    assert ended(["-c", """
import os, threading
import autodiff
autodiff.set_num_threads(3)
before = len(os.listdir("/proc/self/task"))
seen = []
def work():
    for _ in range(10):
        autodiff.ones(500_000).exp().sum()
        seen.append(len(os.listdir("/proc/self/task")))
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert max(seen) <= before + 8 + 2, (before, max(seen))
print("done")
"""]) == "done"


def test_a_child_that_is_forked_leaves_the_parents_graph_alone():
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no fork here")
    x = autodiff.numpy.array(POINTS[0], requires_grad=True)
    y = np.sum(np.exp(x))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(abs, -1).result() == 1
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.exp(POINTS[0]))
