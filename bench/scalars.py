"""Scalars: where a library of automatic differentiation is all overhead, a graph node for a single multiplication."""

from __future__ import annotations

import sys

import numpy as np

from .harness import Child, Work, case, completes, cost, family, faster, most
from .report import growth, summary


def chain(x, n=500, factor=1.0001):
    y = x
    for _ in range(n):
        y = y * factor
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
    [faster("torch", 70), faster("micrograd", 150), cost("floats", 4, aim=3)],
)
def scalar_chain(quick):
    return scalar_chain_peers(chain)


def scalar_chain_peers(chain):
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
        return Work(lambda: chain(0.5), gradient=lambda: chain(1.0))  # the chain is linear in its start

    return {
        "autodiff": tensors,
        "torch": tensors,
        "micrograd": micrograd,
        "autograd": autograd,
        "mygrad": mygrad,
        "floats": floats,
    }


# Above these sizes a peer takes seconds for a run: its line in the plot is straight by then, or it recurses.
LARGEST = {"torch": 100_000, "micrograd": 10_000, "autograd": 10_000, "mygrad": 1_000}

for size in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):

    @case(
        f"chain_{size}",
        f"a scalar chain of {size:,} nodes, y = y * 1.0000001; y = y + x: forward, backward, release",
        family="chain",
        size=size,
        small=size <= 10_000,
    )
    def long_chain(quick, size=size):
        # Growth by less than e over the longest: neither values nor cotangents become subnormal, where a multiplication
        # takes a hundred cycles.
        peers = scalar_chain_peers(lambda x: chain(x, size // 2, 1 + 1e-7))
        return {name: build for name, build in peers.items() if size <= LARGEST.get(name, size)}


@family("chain")
def chains(entries):
    times = growth(entries)
    steps = {n: times[10 * n] / times[n] for n in times if 10 * n in times}
    if not steps:
        return []
    note = ", ".join(f"{10 * n:,} by {n:,}: {ratio:.3g}" for n, ratio in steps.items())
    return [summary("chain: growth", "the largest t(10 n) / t(n)", most(15), max(steps.values()), note=note)]


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
    [cost("floats", 6, aim=5)],
)
def scalar_rosenbrock(quick):
    peers = scalar_rosenbrock_peers(10_000 if quick else 100_000)
    return {name: peers[name] for name in ("autodiff", "floats")}


@case("scalar_rosenbrock_1000", "the same of 1,000 scalars, beside the peers")
def scalar_rosenbrock_1000(quick):
    return scalar_rosenbrock_peers(200 if quick else 1_000)


# ----------------------------------------------------------------------------------------------- micrograd's perceptron


class Scalars:
    """The perceptron 2-16-16-1 of micrograd's demonstration, each of its numbers a leaf."""

    SIZES = 2, 16, 16, 1

    def __init__(self, samples):
        random = np.random.default_rng(0)
        self.points = random.uniform(-1.5, 2.5, (samples, 2)).tolist()
        self.labels = np.where(np.sin(2 * np.array(self.points)).sum(axis=1) > 0, 1.0, -1.0).tolist()
        self.start = [
            [([*random.uniform(-1, 1, inputs).tolist()], 0.0) for _ in range(outputs)]
            for inputs, outputs in zip(self.SIZES, self.SIZES[1:], strict=False)
        ]

    def layers(self, make):
        return [[([make(w) for w in weights], make(bias)) for weights, bias in layer] for layer in self.start]

    @staticmethod
    def parameters(layers):
        return [p for layer in layers for weights, bias in layer for p in (*weights, bias)]

    def loss(self, layers, relu):
        """Hinge loss, and the sum of the squares of all parameters by 10,000."""
        *hidden, last = layers
        total = 0.0
        for point, label in zip(self.points, self.labels, strict=True):
            x = point
            for layer in hidden:
                x = [relu(sum((w * v for w, v in zip(weights, x, strict=True)), bias)) for weights, bias in layer]
            ((weights, bias),) = last
            total = total + relu(1 + -label * sum((w * v for w, v in zip(weights, x, strict=True)), bias))
        return total * (1.0 / len(self.points)) + 1e-4 * sum(p * p for p in self.parameters(layers))


@case(
    "micrograd_perceptron",
    "micrograd's demonstration, scalar by scalar: loss of a perceptron 2-16-16-1 on 100 samples and its gradient",
    # A C++ tape that is compiled once takes 0.19 ms for this; 25 times as much is allowed to a Python loop.
    [most(4.75e-3), faster("micrograd", 100)],
)
def micrograd_perceptron(quick):
    network = Scalars(5 if quick else 100)

    def scalars(make, relu, zero):
        layers = network.layers(make)
        parameters = network.parameters(layers)

        def run():
            for p in parameters:
                p.grad = zero
            network.loss(layers, relu).backward()

        def gradient():
            run()
            return [p.grad for p in parameters]

        return Work(run, gradient)

    def tensors(lib):
        return scalars(lambda v: lib.tensor(v, requires_grad=True), lib.relu, None)

    def micrograd(lib):
        allow_recursion()
        return scalars(lib.Value, lib.Value.relu, 0)

    def floats(_):
        """The value only."""
        layers = network.layers(float)
        return Work(lambda: network.loss(layers, lambda v: v if v > 0 else 0.0), gradient=lambda: None)

    return {"autodiff": tensors, "torch": tensors, "micrograd": micrograd, "floats": floats}


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
