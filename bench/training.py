"""Training: steps of multilayer perceptrons, a recurrent network, layer normalisation."""

from __future__ import annotations

import numpy as np

from .harness import Work, case, faster

RATE = 0.01


SMALL = 32, 16, 16, 1  # the batch, and the layers
LARGE = 64, 784, 256, 10


def data(sizes=SMALL, dtype="float64"):
    """Inputs, targets, and the parameters of a perceptron with one hidden layer."""
    batch, inputs, hidden, outputs = sizes
    random = np.random.default_rng(0)
    x = random.standard_normal((batch, inputs))
    t = np.sin(x.sum(axis=1, keepdims=True) + np.arange(outputs))
    shapes = (inputs, hidden), (hidden,), (hidden, outputs), (outputs,)
    start = [random.standard_normal(shape) / np.sqrt(shape[0]) for shape in shapes]
    return x.astype(dtype), t.astype(dtype), [p.astype(dtype) for p in start]


def tensor_step(lib, sizes=SMALL, dtype="float64"):
    """`step()` trains once and returns the loss; the parameters are the second result."""
    inputs, targets, start = data(sizes, dtype)
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
    return mlp_peers(SMALL, "float64")


for dtype in ("float64", "float32"):

    @case(
        f"mlp_step_784_{dtype}",
        f"the same of a perceptron 784-256-10, batch of 64, {dtype}",
        [faster("torch", 0.95), faster("autograd", 1.25)],
        threaded=True,
    )
    def mlp_step_784(quick, dtype=dtype):
        return mlp_peers(LARGE, dtype)


def mlp_peers(sizes, dtype):
    # An update in float32 keeps three digits of a gradient a thousandth of its parameter.
    rtol = 1e-9 if dtype == "float64" else 1e-2

    def tensors(lib):
        step, parameters = tensor_step(lib, sizes, dtype)
        return Work(step, lambda: updates(step, lambda: [p.detach().numpy() for p in parameters]), rtol=rtol)

    def functional(gradient, state, x, t):
        def step():
            state[:] = [p - RATE * g for p, g in zip(state, gradient(state, x, t), strict=True)]

        return Work(step, lambda: updates(step, lambda: state), rtol=rtol)

    def autograd(lib):
        import autograd.numpy as anp

        inputs, targets, start = data(sizes, dtype)
        return functional(lib.grad(lambda p, x, t: perceptron(x, *p, t, anp.tanh)), start, inputs, targets)

    def jax(lib):
        import jax.numpy as jnp

        inputs, targets, start = data(sizes, dtype)
        state = [jnp.asarray(p) for p in start]
        x, t = jnp.asarray(inputs), jnp.asarray(targets)
        gradient = lib.grad(lambda p: perceptron(x, *p, t, jnp.tanh))
        compiled = lib.jit(lambda p: [a - RATE * g for a, g in zip(p, gradient(p), strict=True)])

        def step():
            state[:] = lib.block_until_ready(compiled(state))

        return Work(step, lambda: updates(step, lambda: state), rtol=rtol)

    def mygrad(lib):
        inputs, targets, start = data(sizes, dtype)
        parameters = [lib.tensor(p) for p in start]

        def step():
            perceptron(inputs, *parameters, targets, lib.tanh).backward()
            for p in parameters:
                p.data -= RATE * p.grad

        return Work(step, lambda: updates(step, lambda: [p.data for p in parameters]), rtol=rtol)

    def numpy(_):
        """The backward pass written by hand: what remains when there is no library at all."""
        x, t, state = data(sizes, dtype)
        w1, b1, w2, b2 = state

        def step():
            h = np.tanh(x @ w1 + b1)
            d = h @ w2 + b2 - t
            d *= 2 / d.size
            g = (d @ w2.T) * (1 - h * h)
            for p, dp in ((w1, x.T @ g), (b1, g.sum(axis=0)), (w2, h.T @ d), (b2, d.sum(axis=0))):
                p -= RATE * dp

        return Work(step, lambda: updates(step, lambda: state), rtol=rtol)

    return {
        "autodiff": tensors,
        "torch": tensors,
        "jax": jax,
        "autograd": autograd,
        "mygrad": mygrad,
        "numpy": numpy,
    }


# -------------------------------------------------------------------------------------------- recurrence, normalisation


def gradient_peers(start, constants, function):
    """`function(leaves, constants, names)` with the library's own tanh, sqrt, where a method will not do."""

    def tensors(lib):
        leaves = [lib.tensor(array, requires_grad=True) for array in start]
        arrays = [lib.tensor(array) for array in constants]

        def run():
            for leaf in leaves:
                leaf.grad = None
            function(leaves, arrays, lib).backward()

        def gradient():
            run()
            return [leaf.grad for leaf in leaves]

        return Work(run, gradient)

    def jax(lib):
        arrays = [lib.numpy.asarray(array) for array in constants]
        compiled = lib.jit(lib.grad(lambda leaves: function(leaves, arrays, lib.numpy)))
        leaves = [lib.numpy.asarray(array) for array in start]
        run = lambda: lib.block_until_ready(compiled(leaves))
        return Work(run, lambda: [np.asarray(g) for g in run()])

    def autograd(lib):
        import autograd.numpy as anp

        gradient = lib.grad(lambda leaves: function(leaves, constants, anp))
        return Work(lambda: gradient(list(start)))

    return {"autodiff": tensors, "torch": tensors, "jax": jax, "autograd": autograd}


@case(
    "rnn",
    "a recurrent network of 100 steps, batch of 8, 32 features, 32 units, tanh: forward and backward (jax: compiled)",
    [faster("torch", 3)],
)
def rnn(quick):
    steps = 10 if quick else 100
    random = np.random.default_rng(0)
    start = [random.standard_normal(shape) / 6 for shape in ((32, 32), (32, 32), (32,))]
    constants = [random.standard_normal((steps, 8, 32)), np.zeros((8, 32))]

    def loss(leaves, arrays, names):
        (w, u, b), (inputs, h), tanh = leaves, arrays, names.tanh
        for t in range(steps):
            h = tanh(inputs[t] @ w + h @ u + b)
        return (h * h).mean()

    return gradient_peers(start, constants, loss)


@case(
    "layer_norm",
    "layer normalisation of 8x16 written out, with weight and bias: forward and backward (jax: compiled)",
    [faster("torch", 5)],
)
def layer_norm(quick):
    random = np.random.default_rng(0)
    start = [random.standard_normal((8, 16)), random.uniform(0.5, 1.5, 16), random.standard_normal(16)]
    constants = [random.standard_normal((8, 16))]

    def loss(leaves, arrays, names):
        x, weight, bias = leaves
        d = x - x.mean(1)[:, None]
        y = d / names.sqrt((d * d).mean(1)[:, None] + 1e-5) * weight + bias
        return (y * arrays[0]).sum()

    return gradient_peers(start, constants, loss)
