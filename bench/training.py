"""Training: a step of a small multilayer perceptron, where matrices are small enough that overhead still counts."""

from __future__ import annotations

import numpy as np

from .harness import Work, case, faster

RATE = 0.01


def data():
    """Batch of 32 with 16 features; layers 16-16-1."""
    random = np.random.default_rng(0)
    inputs = random.standard_normal((32, 16))
    targets = np.sin(inputs.sum(axis=1, keepdims=True))
    shapes = (16, 16), (16,), (16, 1), (1,)
    return inputs, targets, [random.standard_normal(shape) * 0.25 for shape in shapes]


def tensor_step(lib):
    """`step()` trains once and returns the loss; the parameters are the second result."""
    inputs, targets, start = data()
    x, t = lib.tensor(inputs), lib.tensor(targets)
    w1, b1, w2, b2 = parameters = [lib.tensor(p, requires_grad=True) for p in start]
    tanh, no_grad = lib.tanh, lib.no_grad

    def step():
        d = tanh(x @ w1 + b1) @ w2 + b2 - t
        loss = (d * d).mean()
        loss.backward()
        with no_grad():
            for p in parameters:
                p -= RATE * p.grad
                p.grad = None  # cheaper for torch than zero_(): the next gradient is stored, not added
        return loss

    return step, parameters


def updates(step, parameters):
    """The gradient of the step, read off its update: this checks forward, backward and the update together."""
    before = [np.array(p) for p in parameters()]
    step()
    return [(b - np.array(p)) / RATE for b, p in zip(before, parameters(), strict=True)]


def perceptron(x, w1, b1, w2, b2, t, tanh):
    d = tanh(x @ w1 + b1) @ w2 + b2 - t
    return (d * d).mean()


@case(
    "mlp_step",
    "a training step of a perceptron 16-16-1 with tanh, batch of 32, mean squared error, gradient descent",
    [faster("torch", 5)],
)
def mlp_step(quick):
    def tensors(lib):
        step, parameters = tensor_step(lib)
        return Work(step, lambda: updates(step, lambda: [p.detach().numpy() for p in parameters]))

    def functional(gradient, state, x, t):
        def step():
            state[:] = [p - RATE * g for p, g in zip(state, gradient(state, x, t), strict=True)]

        return Work(step, lambda: updates(step, lambda: state))

    def autograd(lib):
        import autograd.numpy as anp

        inputs, targets, start = data()
        return functional(lib.grad(lambda p, x, t: perceptron(x, *p, t, anp.tanh)), start, inputs, targets)

    def jax(lib):
        import jax.numpy as jnp

        inputs, targets, start = data()
        state = [jnp.asarray(p) for p in start]
        x, t = jnp.asarray(inputs), jnp.asarray(targets)
        gradient = lib.grad(lambda p: perceptron(x, *p, t, jnp.tanh))
        compiled = lib.jit(lambda p: [a - RATE * g for a, g in zip(p, gradient(p), strict=True)])

        def step():
            state[:] = lib.block_until_ready(compiled(state))

        return Work(step, lambda: updates(step, lambda: state))

    def mygrad(lib):
        inputs, targets, start = data()
        parameters = [lib.tensor(p) for p in start]

        def step():
            perceptron(inputs, *parameters, targets, lib.tanh).backward()
            for p in parameters:
                p.data -= RATE * p.grad

        return Work(step, lambda: updates(step, lambda: [p.data for p in parameters]))

    def numpy(_):
        """The backward pass written by hand: what remains when there is no library at all."""
        x, t, state = data()
        w1, b1, w2, b2 = state

        def step():
            h = np.tanh(x @ w1 + b1)
            d = h @ w2 + b2 - t
            d *= 2 / d.size
            g = (d @ w2.T) * (1 - h * h)
            for p, dp in ((w1, x.T @ g), (b1, g.sum(axis=0)), (w2, h.T @ d), (b2, d.sum(axis=0))):
                p -= RATE * dp

        return Work(step, lambda: updates(step, lambda: state))

    return {
        "autodiff": tensors,
        "torch": tensors,
        "jax": jax,
        "autograd": autograd,
        "mygrad": mygrad,
        "numpy": numpy,
    }
