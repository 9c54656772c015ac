"""Functions written with `np.`, handed to autodiff.grad as they stand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from .harness import Work, case, cost, family, faster, most
from .report import summary

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def example(name):
    """A program of examples/, as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ------------------------------------------------------------------------------------------------------------- small calls


class Empty:
    """What a call of NumPy costs before anybody computes: handlers compiled in C that take anything and do nothing."""

    __array_ufunc__ = staticmethod("".format)
    __array_function__ = staticmethod("".format)


EMPTY = Empty()


def expression(np):
    return lambda x: np.sum(np.tanh(x) * x + np.exp(-x) * 2)


def expression_by_methods(x):
    return ((-x).exp() * 2 + x.tanh() * x).sum()


def empty_expression():
    np.tanh(EMPTY)
    np.exp(EMPTY)
    np.sum(EMPTY)


def softmax_entropy(np):
    def f(x):
        shifted = x - np.max(x)
        logarithms = shifted - np.log(np.sum(np.exp(shifted)))
        return -np.sum(np.exp(logarithms) * logarithms)

    return f


def softmax_entropy_by_methods(x):
    shifted = x - x.max()
    logarithms = shifted - shifted.exp().sum().log()
    return -(logarithms.exp() * logarithms).sum()


def empty_softmax_entropy():
    for function in (np.max, np.exp, np.sum, np.log, np.exp, np.sum):
        function(EMPTY)


def distances(np):
    def f(x):
        steps = np.concatenate([x[1:] - x[:-1], x[:1]])
        return np.sqrt(np.sum(np.where(steps > 0, steps * steps, np.abs(steps))))

    return f


def distances_by_methods(x):
    from autodiff import cat, where

    steps = cat([x[1:] - x[:-1], x[:1]])
    return where(steps > 0, steps * steps, steps.abs()).sum().sqrt()


def empty_distances():
    np.concatenate([EMPTY, EMPTY])
    np.where(EMPTY, EMPTY, EMPTY)
    np.abs(EMPTY)
    np.sum(EMPTY)
    np.sqrt(EMPTY)


#: name: (function of a namespace, the same by methods, the same calls with nothing behind, how many calls, words)
SMALL = {
    "expression": (expression, expression_by_methods, empty_expression, 3, "np.sum(np.tanh(x) * x + np.exp(-x) * 2)"),
    "entropy": (
        softmax_entropy,
        softmax_entropy_by_methods,
        empty_softmax_entropy,
        6,
        "the entropy of a softmax, in logarithms",
    ),
    "distances": (distances, distances_by_methods, empty_distances, 5, "slices, np.concatenate, np.where, np.sqrt"),
}

for name, parts in SMALL.items():

    @case(
        f"numpy_{name}_4",
        f"{parts[4]} of 4 elements and its gradient, by autodiff.grad(f) (methods: the same spelled with methods of Variable; "
        "empty: the calls of NumPy alone, with handlers that do nothing)",
        [faster("autograd", 10)],
        family="numpy_calls",
    )
    def small(quick, parts=parts):
        spelled, methods, empty, _, _ = parts
        start = np.array([0.5, -1.0, 1.5, 2.0])

        def autodiff(lib):
            gradient = lib.grad(spelled(np))
            return Work(lambda: gradient(start))

        def by_methods(_):
            import autodiff as lib

            gradient = lib.grad(methods)
            return Work(lambda: gradient(start))

        def autograd(lib):
            import autograd.numpy as anp

            gradient = lib.grad(spelled(anp))
            return Work(lambda: gradient(start))

        return {"autodiff": autodiff, "methods": by_methods, "autograd": autograd,
                "empty": lambda _: Work(empty, gradient=lambda: None)}


@family("numpy_calls")
def calls(entries):
    found = []
    for entry in entries:
        best = {row["peer"]: row["best"] for row in entry["rows"]}
        name = entry["name"].removeprefix("numpy_").removesuffix("_4")
        if all(best.get(peer) for peer in ("autodiff", "methods", "empty")):
            count = SMALL[name][3]
            more = (best["autodiff"] - best["methods"] - best["empty"]) / count * 1e6
            description = "what a call spelled np.f costs beyond a method and an empty handler, in microseconds"
            note = f"an empty handler takes {best['empty'] / count * 1e9:.0f} ns"
            found.append(summary(f"{entry['name']}: us a call", description, most(0.3), max(more, 0.0), note=note))
    return found


# ---------------------------------------------------------------------------------------------------------------- programs


@case(
    "heat_200",
    "the heat equation on 200 x 200 cells, 100 steps: value and gradient in every cell's conductivity (numpy: the value)",
    [cost("numpy", 5)],
    small=False,
)
def heat(quick):
    program = example("heat")
    conductivity, temperature = program.plate(20 if quick else 200)
    steps = 5 if quick else 100
    measured = program.simulate(conductivity, temperature, steps)
    start = np.full_like(conductivity, 0.8)

    def autodiff(lib):
        value_and_grad = lib.value_and_grad(program.misfit)
        return Work(lambda: value_and_grad(start, temperature, measured, steps)[1])

    def numpy(_):
        return Work(lambda: program.misfit(start, temperature, measured, steps), gradient=lambda: None)

    return {"autodiff": autodiff, "numpy": numpy}


@case(
    "hidden_markov_64",
    "the forward algorithm of a hidden Markov model, 64 states, 1,000 steps: value and gradient (numpy: the value)",
    [cost("numpy", 5)],
)
def hidden_markov(quick):
    program = example("hidden_markov")
    parameters, observations = program.model(8 if quick else 64, 16, 20 if quick else 1000)

    def autodiff(lib):
        value_and_grad = lib.value_and_grad(program.log_likelihood)
        return Work(lambda: value_and_grad(parameters, observations)[1]["transition"])

    def numpy(_):
        return Work(lambda: program.log_likelihood(parameters, observations), gradient=lambda: None)

    return {"autodiff": autodiff, "numpy": numpy}
