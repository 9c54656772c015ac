"""Arrays: expressions from one element to ten million, chains of ops, and a program whose control flow depends on its
data."""

from __future__ import annotations

import numpy as np

from .harness import Child, Work, case, central_difference, cost, family, faster, most
from .report import growth, summary


def expression_peers(n):
    start = np.linspace(-1.0, 1.0, n)

    def tensors(lib):
        x = lib.tensor(start, requires_grad=True)
        exp, tanh = lib.exp, lib.tanh

        def run():
            x.grad = None
            (tanh(x) * x + exp(-x) * 2).sum().backward()
            return x.grad

        return Work(run)

    def autograd(lib):
        import autograd.numpy as anp

        gradient = lib.grad(lambda x: (anp.tanh(x) * x + anp.exp(-x) * 2).sum())
        return Work(lambda: gradient(start))

    def jax(lib):
        import jax.numpy as jnp

        gradient = lib.jit(lib.grad(lambda x: (jnp.tanh(x) * x + jnp.exp(-x) * 2).sum()))
        x = jnp.asarray(start)
        return Work(lambda: gradient(x).block_until_ready())

    def mygrad(lib):
        x = lib.tensor(start)

        def run():
            (lib.tanh(x) * x + lib.exp(-x) * 2).sum().backward()
            return x.grad

        return Work(run)

    def numpy(_):
        """NumPy's own evaluation of the value; its gradient is written out, and not timed."""

        def value():
            return (np.tanh(start) * start + np.exp(-start) * 2).sum()

        def gradient():
            return np.tanh(start) + start * (1 - np.tanh(start) ** 2) - 2 * np.exp(-start)

        return Work(value, gradient)

    return {
        "autodiff": tensors,
        "torch": tensors,
        "autograd": autograd,
        "jax": jax,
        "mygrad": mygrad,
        "numpy": numpy,
    }


EXPRESSIONS = {
    1: [],
    4: [faster("torch", 15), faster("jax", 1), cost("numpy", 1), faster("autograd", 20)],
    10: [],
    100: [],
    1_000: [faster("torch", 5), faster("jax", 1)],
    10_000: [faster("torch", 2.5)],
    100_000: [faster("torch", 2)],
    1_000_000: [faster("torch", 1.8)],
    10_000_000: [],
}

for size, demands in EXPRESSIONS.items():

    @case(
        f"expression_{size}",
        f"(tanh(x)*x + exp(-x)*2).sum() of {size:,} elements and its gradient (jax: compiled; numpy: the value only)",
        demands,
        family="expression",
        size=size,
        threaded=size >= 10_000,
        small=size <= 10_000,
    )
    def expression(quick, size=size):
        peers = expression_peers(size)
        # mygrad takes a second for the largest, and says nothing more by it.
        return {name: build for name, build in peers.items() if size <= 1_000_000 or name != "mygrad"}


@family("expression")
def expressions(entries):
    times = growth(entries)
    found = []
    if 1 in times and 100 in times:
        description = "time of the expression of 100 elements by that of one"
        found.append(summary("expression: 100 by 1", description, most(1.5), times[100] / times[1]))
    steps = {n: times[10 * n] / times[n] for n in times if n >= 1_000 and 10 * n in times}
    if steps:
        note = ", ".join(f"{10 * n:,} by {n:,}: {ratio:.3g}" for n, ratio in steps.items())
        description = "the largest t(10 n) / t(n) from n = 1,000"
        found.append(summary("expression: growth", description, most(15), max(steps.values()), note=note))
    return found


# --------------------------------------------------------------------------------------------------------------- chains


def chain_peers(start, chain, ops=1):
    """`chain` computes with operators alone, so that one text serves every library. `ops`: how many it has."""

    def tensors(lib):
        x = lib.tensor(start, requires_grad=True)

        def run():
            x.grad = None
            chain(x).sum().backward()
            return x.grad

        return Work(run, per=ops)

    def autograd(lib):
        gradient = lib.grad(lambda x: chain(x).sum())
        return Work(lambda: gradient(start), per=ops)

    return {"autodiff": tensors, "torch": tensors, "autograd": autograd}


def products(x):
    y = x
    for _ in range(100):
        y = y * x
    return y


def logistic(x):
    """64 ops, and each result is needed again on the way back. It tends to 1/2, so no value leaves the normal range."""
    y = x
    for _ in range(32):
        y = y * (1.5 - y)
    return y


@case(
    "products_4",
    "100 times y = y * x on 4 elements: forward and backward, time of one product",
    [most(0.3e-6), faster("torch", 15), faster("autograd", 40)],
)
def products_4(quick):
    return chain_peers(np.linspace(0.99, 1.01, 4), products, ops=100)


def bare_memory(n):
    """What any library does that keeps 64 results for the way back: writes each of them once, and reads it once."""
    start = np.linspace(0.1, 0.9, n)
    arrays = [np.ones(n) for _ in range(64)]
    sums = np.ones(n)

    def run():
        for array in arrays:
            np.multiply(start, 1.5, out=array)
        for array in arrays:
            np.add(sums, array, out=sums)

    def gradient():
        y, slope = start, np.ones(n)
        for _ in range(32):
            y, slope = y * (1.5 - y), slope * (1.5 - 2 * y)
        return slope

    return Work(run, gradient)


INTERMEDIATES = [faster("torch", 3), faster("autograd", 8)]

for size, megabytes in ((131_072, 1), (1_048_576, 8)):

    @case(
        f"intermediates_{megabytes}MB",
        f"32 times y = y * (1.5 - y), 64 ops on arrays of {megabytes} MB that all live until the backward pass (numpy: 64 "
        "such arrays written once and read once, no more)",
        INTERMEDIATES,
        threaded=True,
    )
    def intermediates(quick, size=size):
        n = 2_000 if quick else size
        return {**chain_peers(np.linspace(0.1, 0.9, n), logistic), "numpy": lambda _: bare_memory(n)}

    # What malloc returns to the system depends on the largest block that was ever freed: once any library has freed
    # 32 MB, the arrays of all are kept. Alone, HIPS autograd takes 37 ms for the chain of 1 MB; among the others 8.
    @case(
        f"intermediates_{megabytes}MB_alone",
        "the same, each library in a process of its own",
        INTERMEDIATES,
        threaded=True,
    )
    def alone(quick, size=size):
        n = 2_000 if quick else size
        peers = ("autodiff",) if quick else ("autodiff", "torch", "autograd")
        return {name: lambda _, name=name: Child("alone", name, n) for name in peers}


# --------------------------------------------------------------------------------------------------------- control flow


def doubling(a, norm):
    """From "Dive into Deep Learning", on automatic differentiation: the graph depends on the data."""
    b = a * 2
    while norm(b) < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


def control_flow_peers(start):
    start = np.asarray(start)

    def tensors(lib):
        a = lib.tensor(start, requires_grad=True)

        def run():
            a.grad = None
            b = a * 2
            while b.norm() < 1000:
                b = b * 2
            c = b if b.sum() > 0 else 100 * b
            c.sum().backward()
            return a.grad

        return Work(run)

    def autograd(lib):
        import autograd.numpy as anp

        def norm(b):
            return anp.sqrt((b * b).sum())  # autograd's linalg.norm refuses arrays without dimensions

        gradient = lib.grad(lambda a: doubling(a, norm).sum())
        return Work(lambda: gradient(start))

    def mygrad(lib):
        a = lib.tensor(start)

        def run():
            doubling(a, lambda b: lib.sqrt((b * b).sum())).sum().backward()
            return a.grad

        return Work(run)

    def numpy(_):
        """The value only. The function is linear between its jumps, so that differences along a line are exact."""

        def value():
            return doubling(start, np.linalg.norm).sum()

        def gradient():
            def along(k):
                unit = np.zeros(start.size)
                unit[k] = 1.0
                unit = unit.reshape(start.shape)
                return central_difference(lambda h: doubling(start + h * unit, np.linalg.norm).sum(), 0.0)

            return [along(k) for k in range(start.size)]

        return Work(value, gradient, rtol=1e-6)

    return {"autodiff": tensors, "torch": tensors, "autograd": autograd, "mygrad": mygrad, "numpy": numpy}


@case(
    "control_flow",
    "b = a*2; while b.norm() < 1000: b = b*2; c = b if b.sum() > 0 else 100*b, a of shape (), and its gradient",
    [faster("torch", 15)],
)
def control_flow(quick):
    return control_flow_peers(-0.75)


@case("control_flow_3", "the same, a of shape (3,)", [faster("torch", 15)])
def control_flow_3(quick):
    return control_flow_peers([0.5, -1.25, 0.3])
