"""Transforms of NumPy functions in worker processes and threads: forked, spawned, from a fork server, joblib's."""
import multiprocessing
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import autodiff

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


def run(tmp_path, text):
    (tmp_path / "functions_of_workers.py").write_text(MODULE)
    program = PROGRAM.replace("{transforms}", ", ".join(TRANSFORMS)) + textwrap.dedent(text)
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "the same"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_the_standard_library(tmp_path, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    run(tmp_path, f"""
        if __name__ == "__main__":
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            autodiff.grad(f)(points[0])         # the parent has a graph, and threads, before it forks
            with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context({method!r})) as pool:
                main(lambda transform, points: list(pool.map(transform, points)))
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


def test_a_child_that_is_forked_leaves_the_parents_graph_alone():
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no fork here")
    x = autodiff.numpy.array(POINTS[0], requires_grad=True)
    y = np.sum(np.exp(x))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(abs, -1).result() == 1
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.exp(POINTS[0]))
