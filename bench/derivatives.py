"""Derivatives of functions: Hessians, Jacobians, products with them, gradients of each sample, ops of the user's own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .harness import Work, case, cost, faster


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock_by_elements(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total = total + 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


@case(
    "hessian_rosenbrock_30",
    "the Hessian of Rosenbrock's function of 30 variables, written with slices (functional: torch.autograd.functional.hessian, "
    "vectorize=True)",
    [faster("torch", 5), faster("functional", 5), faster("autograd", 35)],
)
def hessian_rosenbrock(quick):
    start = np.random.default_rng(0).standard_normal(30)

    def functional(_):
        import torch

        x = torch.tensor(start)
        return Work(lambda: torch.autograd.functional.hessian(rosenbrock, x, vectorize=True))

    def autograd(lib):
        return Work(lambda: lib.hessian(rosenbrock)(start))

    return {**hessians(rosenbrock, start), "functional": functional, "autograd": autograd}


def hessians(f, start):
    def autodiff(lib):
        hessian = lib.hessian(f)
        return Work(lambda: hessian(start))

    def torch(lib):
        hessian, x = lib.func.hessian(f), lib.tensor(start)
        return Work(lambda: hessian(x))

    return {"autodiff": autodiff, "torch": torch}


@case(
    "hessian_rosenbrock_elements_30",
    "the same, written as a loop over x[i]",
    [faster("torch", 14)],
)
def hessian_rosenbrock_elements(quick):
    return hessians(rosenbrock_by_elements, np.random.default_rng(0).standard_normal(6 if quick else 30))


# ------------------------------------------------------------------------------------------------------------ perceptrons


def weights(*sizes):
    random = np.random.default_rng(0)
    return [random.standard_normal((a, b)) / a**0.5 for a, b in pairwise(sizes)]


@case(
    "hvp_perceptron",
    "the Hessian of the loss of a perceptron 16-16-1, on 32 samples, times a vector (torch: torch.autograd.functional.vhp)",
    [faster("torch", 8)],
)
def hvp_perceptron(quick):
    random = np.random.default_rng(1)
    inputs, targets = random.standard_normal((32, 16)), random.standard_normal((32, 1))
    start = weights(16, 16, 1)
    vector = [random.standard_normal(w.shape) for w in start]

    def tensors(lib):
        x, y = lib.tensor(inputs), lib.tensor(targets)
        params, v = tuple(map(lib.tensor, start)), tuple(map(lib.tensor, vector))

        def loss(first, second):
            return ((lib.tanh(x @ first) @ second - y) ** 2).mean()

        return loss, params, v

    def autodiff(lib):
        loss, params, v = tensors(lib)
        return Work(lambda: lib.hvp(loss, params, v), gradient=lambda: flat(lib.hvp(loss, params, v)[1]))

    def torch(lib):
        loss, params, v = tensors(lib)
        vhp = lib.autograd.functional.vhp
        return Work(lambda: vhp(loss, params, v), gradient=lambda: flat(vhp(loss, params, v)[1]))

    return {"autodiff": autodiff, "torch": torch}


def flat(tree):
    return np.concatenate([np.asarray(part).ravel() for part in tree])


@case(
    "jacobian_tanh_100",
    "the Jacobian of tanh(W x), 100 outputs, 100 inputs (passes: 100 backward passes of autodiff)",
    [faster("torch", 3.5), faster("passes", 5)],
)
def jacobian_tanh(quick):
    random = np.random.default_rng(0)
    matrix, start = random.standard_normal((100, 100)) / 10, random.standard_normal(100)

    def transform(lib):
        w, x = lib.tensor(matrix), lib.tensor(start)
        jacobian = lib.func.jacrev(lambda x: lib.tanh(w @ x))
        return Work(lambda: jacobian(x))

    def passes(_):
        import autodiff

        w = autodiff.tensor(matrix)

        def run():
            x = autodiff.tensor(start, requires_grad=True)
            y = autodiff.tanh(w @ x)
            rows = [autodiff.autograd.grad(y, x, g, retain_graph=True)[0] for g in autodiff.eye(100)]
            return autodiff.stack(rows)

        return Work(run)

    return {"autodiff": transform, "torch": transform, "passes": passes}


@case(
    "gradients_of_samples_64",
    "the gradient of each of 64 samples in the weights of a perceptron 16-32-1, vmap(grad(f))",
    [faster("torch", 5)],
)
def gradients_of_samples(quick):
    random = np.random.default_rng(1)
    inputs, targets = random.standard_normal((64, 16)), random.standard_normal((64, 1))
    start = weights(16, 32, 1)

    def transform(lib):
        x, y = lib.tensor(inputs), lib.tensor(targets)
        params = tuple(map(lib.tensor, start))

        def loss(params, x, y):
            first, second = params
            return ((lib.tanh(x @ first) @ second - y) ** 2).sum()

        gradients = lib.func.vmap(lib.func.grad(loss), in_dims=(None, 0, 0))
        return Work(lambda: gradients(params, x, y), gradient=lambda: flat(gradients(params, x, y)))

    return {"autodiff": transform, "torch": transform}


# -------------------------------------------------------------------------------------------------------- ops of one's own


def exp_function(lib):
    class Exp(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, gradient):
            (y,) = ctx.saved_tensors
            return gradient * y

    return Exp


@case(
    "function_forward_4",
    "a custom Function, exp of 4 elements, forward",
    [faster("torch", 4)],
)
def function_forward(quick):
    def tensors(lib):
        apply = exp_function(lib).apply
        x = lib.tensor([0.5, 1.0, 1.5, 2.0], dtype=lib.float64, requires_grad=True)
        return Work(lambda: apply(x), gradient=lambda: apply(x).detach())

    return {"autodiff": tensors, "torch": tensors}


@case(
    "function_backward_4",
    "the same, forward and backward",
    [faster("torch", 8)],
)
def function_backward(quick):
    def tensors(lib):
        apply = exp_function(lib).apply
        x = lib.tensor([0.5, 1.0, 1.5, 2.0], dtype=lib.float64, requires_grad=True)
        ones = lib.ones(4, dtype=lib.float64)

        def run():
            x.grad = None
            apply(x).backward(ones)
            return x.grad

        return Work(run)

    return {"autodiff": tensors, "torch": tensors}


@case(
    "grad_of_a_function_4",
    "autodiff.grad(f)(x) of an array of 4 elements (hand: the leaf, f and backward() by hand)",
    [cost("hand", 1.5)],
)
def grad_of_a_function(quick):
    start = np.array([0.5, 1.0, 1.5, 2.0])

    def f(x):
        return (x * x).sum()

    def autodiff(lib):
        gradient = lib.grad(f)
        return Work(lambda: gradient(start))

    def hand(_):
        from autodiff.numpy import array

        def run():
            x = array(start)
            x.requires_grad = True
            f(x).backward()
            return x.grad

        return Work(run)

    return {"autodiff": autodiff, "hand": hand}
