"""Scalars: where a library of automatic differentiation is all overhead, a graph node for a single multiplication."""

from __future__ import annotations

import sys

import numpy as np

from .harness import Child, Work, case, central_difference, completes, cost, faster, most


def chain(x, n=500):
    y = x
    for _ in range(n):
        y = y * 1.0001
        y = y + x
    return y


def rosenbrock(x, n):
    """The text is the same for floats, lists of scalars and `x[i]` of one array."""
    total = 0.0
    for i in range(n - 1):
        t = x[i + 1] - x[i] * x[i]
        u = 1.0 - x[i]
        total = total + 100.0 * (t * t) + u * u
    return total


def rosenbrock_start(n):
    return np.linspace(-1.0, 1.0, n)


def rosenbrock_gradient(x):
    """In closed form: central differences of a sum of 100,000 terms keep too few digits."""
    t, u = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    g = np.zeros_like(x)
    g[:-1] = -400 * t * x[:-1] - 2 * u
    g[1:] += 200 * t
    return g


def allow_recursion():
    """micrograd sorts its graph by recursion, one Python frame for each node on the longest path."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 100_000))


@case(
    "scalar_chain",
    "500 times y = y * 1.0001; y = y + x on a scalar: forward, backward, release",
    [faster("torch", 70), faster("micrograd", 150), cost("floats", 5, aim=3.5)],
)
def scalar_chain(quick):
    def tensors(lib):
        x = lib.tensor(0.5, requires_grad=True)

        def run():
            x.grad = None
            chain(x).backward()
            return x.grad

        return Work(run)

    def mygrad(lib):
        x = lib.tensor(0.5)

        def run():
            chain(x).backward()
            return x.grad

        return Work(run)

    def micrograd(lib):
        allow_recursion()
        x = lib.Value(0.5)

        def run():
            x.grad = 0
            chain(x).backward()
            return x.grad

        return Work(run)

    def autograd(lib):
        gradient = lib.grad(chain)
        return Work(lambda: gradient(0.5))

    def floats(_):
        return Work(lambda: chain(0.5), gradient=lambda: central_difference(chain, 0.5), rtol=1e-6)

    return {
        "autodiff": tensors,
        "torch": tensors,
        "micrograd": micrograd,
        "autograd": autograd,
        "mygrad": mygrad,
        "floats": floats,
    }


def leaves(make, n):
    """A Work whose leaves are made before the clock starts, and released, with their gradients, while it runs."""
    start = rosenbrock_start(n).tolist()
    waiting = []

    def setup():
        waiting[:] = [[make(v) for v in start]]

    def run():
        x = waiting.pop()
        rosenbrock(x, n).backward()

    def gradient():
        x = [make(v) for v in start]
        rosenbrock(x, n).backward()
        return [v.grad for v in x]

    return Work(run, gradient, setup)


def scalar_rosenbrock_peers(n):
    def tensors(lib):
        return leaves(lambda v: lib.tensor(v, requires_grad=True), n)

    def micrograd(lib):
        allow_recursion()
        return leaves(lib.Value, n)

    def floats(_):
        start = rosenbrock_start(n)
        values = start.tolist()
        return Work(lambda: rosenbrock(values, n), gradient=lambda: rosenbrock_gradient(start))

    return {"autodiff": tensors, "torch": tensors, "micrograd": micrograd, "floats": floats}


@case(
    "scalar_rosenbrock",
    "Rosenbrock's function of 100,000 scalars in a Python loop: forward, backward, release",
    [cost("floats", 7, aim=5.5)],
)
def scalar_rosenbrock(quick):
    peers = scalar_rosenbrock_peers(10_000 if quick else 100_000)
    return {name: peers[name] for name in ("autodiff", "floats")}


@case("scalar_rosenbrock_1000", "the same of 1,000 scalars, beside the peers")
def scalar_rosenbrock_1000(quick):
    return scalar_rosenbrock_peers(200 if quick else 1_000)


@case(
    "crowd",
    "one multiplication recorded and walked while 1,000,000 unrelated nodes are alive (torch: without a crowd)",
    [most(1e-6)],
)
def crowd(quick):
    def one(lib, others):
        x = lib.tensor(0.5, requires_grad=True)
        other = lib.tensor(0.25, requires_grad=True)
        alive = [other * 1.0001 for _ in range(others)]

        def run():
            (x * 1.0001).backward()
            return alive  # keeps them alive as long as the case

        def gradient():
            x.grad = None
            run()
            return x.grad

        return Work(run, gradient)

    return {
        "autodiff": lambda lib: one(lib, 100_000 if quick else 1_000_000),
        "torch": lambda lib: one(lib, 0),
    }


@case(
    "deep_chain",
    "a chain of 10,000,000 nodes built, walked and freed in a thread with a stack of 512 KB, in a process of its own",
    [completes()],
)
def deep_chain(quick):
    n = 200_000 if quick else 10_000_000
    return {
        "autodiff": lambda _: Child("deep", "autodiff", n),
        "floats": lambda _: Child("deep", "floats", n, rtol=1e-6),
    }
