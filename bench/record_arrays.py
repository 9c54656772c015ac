"""Recorded programs of arrays: value and gradient replayed, beside eager runs and jax.jit."""

from __future__ import annotations

import numpy as np

from .harness import Work, case, faster, most
from .objectives import Mixture, Ops
from .record import library
from .training import LARGE, RATE, data, perceptron, updates


def arrays_of(found):
    """A value and gradients, or gradients, as a list of arrays."""
    if isinstance(found, (tuple, list)):
        return [array for part in found for array in arrays_of(part)]
    return [np.asarray(found)]


def peers(function, names, start, constants):
    """`function(leaves, constants, names)` in value and gradient: compiled, eager, jax.jit.

    names: what it takes of a library, a function of that library's namespace of arrays and the library.
    """

    def of(lib, compiled):
        chosen = names(np, lib)
        wrapped = lambda leaves, arrays: function(leaves, arrays, chosen)
        call = lib.value_and_grad(lib.compile(wrapped) if compiled else wrapped)
        call(start, constants)
        return Work(lambda: call(start, constants), gradient=lambda: arrays_of(call(start, constants)[1]))

    def jax(lib):
        lib.config.update("jax_enable_x64", True)
        chosen = names(lib.numpy, lib)
        call = lib.jit(lib.value_and_grad(lambda leaves, arrays: function(leaves, arrays, chosen)))
        leaves, arrays = lib.tree.map(lib.numpy.asarray, (list(start), list(constants)))
        run = lambda: lib.block_until_ready(call(leaves, arrays))
        return Work(run, gradient=lambda: arrays_of(run()[1]))

    return {"autodiff": lambda lib: of(lib, True), "eager": lambda _: of(library(), False), "jax": jax}


for size, ratio in ((4, 3), (1_000, 3), (100_000, 1.2), (1_000_000, 1.2)):

    @case(
        f"record_elementwise_{size}",
        f"(tanh(x) * x + exp(-x) * 2).sum() of {size:,} elements, value and gradient in one sweep (jax: compiled)",
        [faster("jax", ratio), faster("eager", 1), *([most(0.7e-6)] if size == 4 else [])],
    )
    def record_elementwise(quick, size=size):
        x = np.random.default_rng(0).standard_normal(size)

        def function(leaves, arrays, lib):
            (x,) = leaves
            return (lib.tanh(x) * x + lib.exp(-x) * 2).sum()

        if size > 4:
            return peers(function, lambda arrays, lib: arrays, [x], [])
        found = peers(function, lambda arrays, lib: arrays, [x], [])

        def alone(lib):         # without a list around the argument
            call = lib.value_and_grad(lib.compile(lambda x: (np.tanh(x) * x + np.exp(-x) * 2).sum()))
            call(x)
            return Work(lambda: call(x), gradient=lambda: arrays_of(call(x)[1]))

        return found | {"autodiff": alone}


@case(
    "record_mlp_step_784",
    "mlp_step_784_float64 with a compiled step: perceptron 784-256-10, batch of 64, gradient descent (jax: compiled)",
    [faster("jax", 1), faster("eager", 1)],
)
def record_mlp_step(quick):
    def trained(lib, compiled):
        x, t, state = data(LARGE)
        loss = lambda p, x, t: perceptron(x, *p, t, np.tanh)
        gradient = lib.grad(lib.compile(loss) if compiled else loss)

        def step():
            for p, g in zip(state, gradient(state, x, t), strict=True):
                g *= RATE
                p -= g

        return Work(step, lambda: updates(step, lambda: state))

    def jax(lib):
        lib.config.update("jax_enable_x64", True)
        x, t, start = data(LARGE)
        state = [lib.numpy.asarray(p) for p in start]
        x, t = lib.numpy.asarray(x), lib.numpy.asarray(t)
        gradient = lib.grad(lambda p: perceptron(x, *p, t, lib.numpy.tanh))
        compiled = lib.jit(lambda p: [a - RATE * g for a, g in zip(p, gradient(p), strict=True)])

        def step():
            state[:] = lib.block_until_ready(compiled(state))

        return Work(step, lambda: updates(step, lambda: state))

    return {"autodiff": lambda lib: trained(lib, True), "eager": lambda _: trained(library(), False), "jax": jax}


@case(
    "record_rnn",
    "the recurrent network of `rnn`: 100 steps, batch of 8, 32 units, value and gradient replayed (jax: compiled)",
    [faster("jax", 1), faster("eager", 1)],
)
def record_rnn(quick):
    steps = 10 if quick else 100
    random = np.random.default_rng(0)
    start = [random.standard_normal(shape) / 6 for shape in ((32, 32), (32, 32), (32,))]

    def loss(leaves, arrays, lib):
        (w, u, b), (inputs, h) = leaves, arrays
        for t in range(steps):
            h = lib.tanh(inputs[t] @ w + h @ u + b)
        return (h * h).mean()

    return peers(loss, lambda arrays, lib: arrays, start, [random.standard_normal((steps, 8, 32)), np.zeros((8, 32))])


@case(
    "record_gaussian_mixture_20_25",
    "gaussian_mixture_20_25, value and gradient replayed (jax: compiled)",
    [faster("jax", 1), faster("eager", 1)],
)
def record_gaussian_mixture(quick):
    mixture = Mixture(20, 25, 100 if quick else 1_000)

    def names(arrays, lib):
        if arrays is np:
            logsumexp = lib.logsumexp
        else:
            from jax.scipy.special import logsumexp
        return Ops(exp=arrays.exp, concatenate=lambda parts: arrays.concatenate(parts, 1), logsumexp=logsumexp,
                   zeros=arrays.zeros((25, 1)))

    return peers(lambda leaves, arrays, ops: mixture(*leaves, arrays[0], ops), names, list(mixture.start), [mixture.points])


@case(
    "record_newton_logistic",
    "a logistic regression of 50 x 4 by five steps of Newton's method: gradient and Hessian inside of what is compiled",
    [faster("eager", 4)],
)
def record_newton(quick):
    random = np.random.default_rng(0)
    x, ones = random.standard_normal((50, 4)), (random.random(50) < 0.5).astype(float)

    def fitted(b, x, ones, arrays, lib):
        for _ in range(5):
            cost = lambda b: (arrays.logaddexp(0.0, x @ b) - ones * (x @ b)).sum() + 0.1 * (b @ b)
            b = b - arrays.linalg.solve(lib.hessian(cost)(b), lib.grad(cost)(b))
        return b

    def of(lib, compiled):
        wrapped = lambda b, x, ones: fitted(b, x, ones, np, lib)
        call = lib.compile(wrapped) if compiled else wrapped
        for _ in range(2):      # the second call records it
            call(np.zeros(4), x, ones)
        start = np.zeros(4)
        return Work(lambda: call(start, x, ones), gradient=lambda: arrays_of(call(start, x, ones)))

    def jax(lib):
        lib.config.update("jax_enable_x64", True)
        call = lib.jit(lambda b, x, ones: fitted(b, x, ones, lib.numpy, lib))
        given = [lib.numpy.asarray(v) for v in (np.zeros(4), x, ones)]
        run = lambda: lib.block_until_ready(call(*given))
        return Work(run, gradient=lambda: arrays_of(run()))

    return {"autodiff": lambda lib: of(lib, True), "eager": lambda _: of(library(), False), "jax": jax}


@case(
    "record_logsumexp_1280000",
    "logsumexp of 1,280,000 elements and its gradient, replayed (jax: compiled)",
    [faster("jax", 1), faster("eager", 1)],
)
def record_logsumexp(quick):
    def names(arrays, lib):
        if arrays is np:
            return lib.logsumexp
        from jax.scipy.special import logsumexp

        return logsumexp

    x = np.random.default_rng(0).standard_normal(1_000 if quick else 1_280_000)
    return peers(lambda leaves, arrays, logsumexp: logsumexp(leaves[0], 0), names, [x], [])


@case(
    "record_lstm",
    "an LSTM of 2 layers of 14 units over 1,024 steps with weights that it closes over, replayed: a loss and .backward()",
    [faster("eager", 4)],
)
def record_lstm(quick):
    units, steps = 14, 64 if quick else 1_024

    def built(lib, compiled):
        random = np.random.default_rng(0)
        shapes = (4 * units, units), (4 * units, units), (4 * units,)
        layers = [[lib.tensor(random.normal(size=shape) * 0.3, requires_grad=True) for shape in shapes] for _ in range(2)]
        inputs = random.normal(size=(steps, units))
        leaves = [leaf for layer in layers for leaf in layer]

        def loss(inputs):
            hidden = [np.zeros(units)] * 2
            cells = [np.zeros(units)] * 2
            for t in range(steps):
                x = inputs[t]
                for k, (a, b, c) in enumerate(layers):
                    z = a @ x + b @ hidden[k] + c
                    i, f, o = (lib.sigmoid(z[n * units:(n + 1) * units]) for n in range(3))
                    cells[k] = f * cells[k] + i * lib.tanh(z[3 * units:])
                    x = hidden[k] = o * lib.tanh(cells[k])
            return (x * x).sum()

        call = lib.compile(loss) if compiled else loss

        def run():
            for leaf in leaves:
                leaf.grad = None
            call(inputs if compiled else lib.tensor(inputs)).backward()

        def gradient():
            run()
            return [leaf.grad for leaf in leaves]

        run()
        return Work(run, gradient)

    return {"autodiff": lambda lib: built(lib, True), "eager": lambda _: built(library(), False)}
