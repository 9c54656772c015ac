"""Arrays: expressions on small arrays, and a program whose control flow depends on its data."""

from __future__ import annotations

import numpy as np

from .harness import Work, case, central_difference, faster


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


@case(
    "expression_4",
    "(tanh(x)*x + exp(-x)*2).sum() of 4 elements and its gradient (jax: compiled; numpy: the value only)",
    [faster("torch", 10), faster("autograd", 20)],
)
def expression_4(quick):
    return expression_peers(4)


@case("expression_1000", "the same of 1,000 elements", [faster("torch", 3)])
def expression_1000(quick):
    return expression_peers(1000)


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
