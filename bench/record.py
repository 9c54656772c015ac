"""Recorded programs: functions of numbers, recorded once and replayed, beside eager runs, CasADi and jax.jit."""

from __future__ import annotations

import math
import time

import numpy as np

from .harness import Figure, Work, case, cost, faster, most
from .scalars import chain

# ---------------------------------------------------------------------------------------------------------- the programs

MARKET = (100.0, 105.0, 0.03, 0.2, 1.5)
START = (1.0, 0.04, 1.5, 0.04, 0.3, 0.02)
STEPS, STEP = 100, 0.01


def black_scholes(lib, erf):
    """The price of a call, of spot, strike, rate, volatility and time."""

    def price(spot, strike, rate, vol, time):
        scale = vol * lib.sqrt(time)
        d1 = (lib.log(spot / strike) + (rate + 0.5 * vol * vol) * time) / scale
        d2 = d1 - scale
        a, b = 0.5 + 0.5 * erf(d1 * math.sqrt(0.5)), 0.5 + 0.5 * erf(d2 * math.sqrt(0.5))
        return spot * a - strike * lib.exp(-rate * time) * b

    return price


def heston(lib, guarded=False):
    """The end of a path of Heston's model by Euler steps, of its start and parameters, with given draws."""

    def path(spot, var, speed, mean, wild, rate, first, second):
        for i in range(STEPS):
            root = lib.sqrt(var)
            spot = spot * lib.exp((rate * STEP - var * (0.5 * STEP)) + root * first[i])
            if guarded and spot < 0.0:
                return spot
            var = var + (mean - var) * speed * STEP + wild * root * second[i]
            var = lib.sqrt(var * var + 1e-6)
        return spot

    return path


def draws():
    return np.random.default_rng(0).standard_normal((2, STEPS)).tolist()


def flat(value, gradients):
    return np.array([value, *gradients], dtype=float)


def replayed(lib, function, *args, count):
    call = lib.value_and_grad(lib.compile(function), argnums=tuple(range(count)))
    call(*args)
    return Work(lambda: call(*args), gradient=lambda: flat(*call(*args)))


def ran(lib, function, *args, count):
    call = lib.value_and_grad(function, argnums=tuple(range(count)))
    return Work(lambda: call(*args), gradient=lambda: flat(*call(*args)))


def of_casadi(lib, function, *args, count):
    """A Function of CasADi's with value and gradient, called through buffer(), the quickest way that it has."""
    inputs = [lib.SX.sym(f"x{i}") for i in range(count)]
    out = function(*inputs, *args[count:])
    made = lib.Function("f", inputs, [out, lib.gradient(out, lib.vertcat(*inputs))])
    buffer, call = made.buffer()
    given = [np.array([x]) for x in args[:count]]
    value, gradient = np.zeros(1), np.zeros(count)
    for i, x in enumerate(given):
        buffer.set_arg(i, memoryview(x))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradient))

    def run():
        for x, new in zip(given, args, strict=False):
            x[0] = new
        call()
        return value, gradient

    run.keeps = made, buffer  # call() is an address in them
    return Work(run, gradient=lambda: (run(), flat(value[0], gradient))[1])


def of_jax(lib, function, *args, count):
    lib.config.update("jax_enable_x64", True)
    call = lib.jit(lib.value_and_grad(function, argnums=tuple(range(count))))

    def run():
        value, gradients = call(*args)
        value.block_until_ready()
        return value, gradients

    return Work(run, gradient=lambda: flat(*run()))


# ------------------------------------------------------------------------------------------------------------- the cases


@case(
    "record_chain",
    "500 times y = y * 1.0001; y = y + x on a number, value and gradient, replayed; a run of 1,000 operations (eager: the same,"
    " run by Python)",
    [most(6.5e-6), faster("eager", 7)],
)
def record_chain(quick):
    return {
        "autodiff": lambda lib: replayed(lib, chain, 0.5, count=1),
        "eager": lambda _: ran(library(), chain, 0.5, count=1),
    }


@case(
    "record_black_scholes",
    "the price of a call and its five first derivatives from Python floats, replayed (casadi: a Function through buffer();"
    " jax: compiled)",
    [most(0.6e-6), cost("casadi", 1.2), faster("jax", 25), faster("eager", 7)],
)
def record_black_scholes(quick):
    def of_autodiff(lib):
        return replayed(lib, black_scholes(np, lib.erf), *MARKET, count=5)

    def eager(_):
        return ran(library(), black_scholes(np, library().erf), *MARKET, count=5)

    def casadi(lib):
        return of_casadi(lib, black_scholes(lib, lib.erf), *MARKET, count=5)

    def jax(lib):
        return of_jax(lib, black_scholes(lib.numpy, lib.scipy.special.erf), *MARKET, count=5)

    return {"autodiff": of_autodiff, "eager": eager, "casadi": casadi, "jax": jax}


for guarded in (False, True):

    @case(
        "record_heston_guarded" if guarded else "record_heston",
        f"a path of Heston's model, {STEPS} Euler steps with given draws, and six first derivatives, replayed"
        + (", with an if on a value in each step" if guarded else " (casadi: a Function through buffer())"),
        [most(15e-6 if guarded else 12e-6), faster("eager", 5), *([] if guarded else [faster("casadi", 1.5)])],
    )
    def record_heston(quick, guarded=guarded):
        first, second = draws()
        peers = {
            "autodiff": lambda lib: replayed(lib, heston(np, guarded), *START, first, second, count=6),
            "eager": lambda _: ran(library(), heston(np, guarded), *START, first, second, count=6),
        }
        if not guarded:
            peers["casadi"] = lambda lib: of_casadi(lib, heston(lib), *START, first, second, count=6)
        return peers


@case(
    "record_ten_gradients",
    "the path of Heston's model: from the definition to the tenth gradient, recording included",
    [most(0.5e-3)],
)
def record_ten_gradients(quick):
    first, second = draws()

    def of_autodiff(lib):
        def sample():
            start = time.perf_counter()
            call = lib.value_and_grad(lib.compile(heston(np)), argnums=tuple(range(6)))
            for _ in range(10):
                call(*START, first, second)
            return time.perf_counter() - start

        return Figure(sample)

    return {"autodiff": of_autodiff}


@case(
    "record_flip",
    "the path of Heston's model with an if at its end that decides otherwise for the first time (eager: one run)",
    [cost("eager", 1.5)],
)
def record_flip(quick):
    first, second = draws()

    def flipping(spot, var, speed, mean, wild, rate, first, second):
        end = heston(np)(spot, var, speed, mean, wild, rate, first, second)
        return end * 2.0 if spot > 1.5 else end

    def of_autodiff(lib):
        def sample():
            call = lib.value_and_grad(lib.compile(flipping), argnums=tuple(range(6)))
            call(*START, first, second)
            start = time.perf_counter()
            call(2.0, *START[1:], first, second)
            return time.perf_counter() - start

        return Figure(sample)

    def eager(_):
        call = library().value_and_grad(flipping, argnums=tuple(range(6)))

        def sample():
            start = time.perf_counter()
            call(2.0, *START[1:], first, second)
            return time.perf_counter() - start

        return Figure(sample)

    return {"autodiff": of_autodiff, "eager": eager}


@case(
    "record_bytes",
    "what the program of the path of Heston's model takes, gradient and values included, for each of its operations",
    [most(48)],
    unit="B",
)
def record_bytes(quick):
    first, second = draws()

    def of_autodiff(lib):
        def sample():
            call = lib.value_and_grad(lib.compile(heston(np)), argnums=tuple(range(6)))
            call(*START, first, second)
            (tree,) = call._trees
            segments, _ = tree.outline()
            return tree.bytes / sum(len(items) for _, items, *_ in segments)

        return Figure(sample)

    return {"autodiff": of_autodiff}


@case(
    "record_heston_paths",
    "10,000 paths of Heston's model with given draws and six first derivatives of each, by vmap of the program",
    [most(12e-3)],
)
def record_heston_paths(quick):
    return {"autodiff": lambda lib: paths(lib, barrier(None), 200 if quick else 10_000)}


@case(
    "record_barrier_paths",
    "the same of a path that ends early by an if at one of 100 steps (no_barrier: the case above)",
    [cost("no_barrier", 2)],
)
def record_barrier_paths(quick):
    count = 200 if quick else 10_000
    return {
        "autodiff": lambda lib: paths(lib, barrier(0.9), count),
        "no_barrier": lambda _: paths(library(), barrier(None), count),
    }


@case(
    "record_barrier_first",
    "the first call of the same, with the recordings of all its branches (no_barrier: its warm calls)",
    [cost("no_barrier", 3.5)],
)
def record_barrier_first(quick):
    count = 200 if quick else 10_000

    def of_autodiff(lib):
        first, second = np.random.default_rng(0).standard_normal((2, STEPS, count))
        args = (*START, list(first), list(second))

        def sample():
            of = lib.value_and_grad(lib.compile(barrier(0.9)), argnums=tuple(range(6)))
            call = lib.vmap(of, in_dims=(None,) * 6 + (0, 0))
            start = time.perf_counter()
            call(*args)
            return time.perf_counter() - start

        return Figure(sample)

    def no_barrier(_):
        warm = paths(library(), barrier(None), count)

        def sample():
            start = time.perf_counter()
            warm.run()
            return time.perf_counter() - start

        return Figure(sample)

    return {"autodiff": of_autodiff, "no_barrier": no_barrier}


@case(
    "record_black_scholes_hessian",
    "the price of a call: all its second derivatives from Python floats, replayed (jax: compiled; eager: run by Python)",
    [most(1.5e-6), faster("jax", 5), faster("eager", 7)],
)
def record_black_scholes_hessian(quick):
    places = tuple(range(5))

    def second(lib, function):
        call = lib.hessian(function, argnums=places)
        call(*MARKET)
        return Work(lambda: call(*MARKET), gradient=lambda: np.array(call(*MARKET), dtype=float).ravel())

    return {
        "autodiff": lambda lib: second(lib, lib.compile(black_scholes(np, lib.erf))),
        "eager": lambda _: second(library(), black_scholes(np, library().erf)),
        "jax": lambda lib: second_of_jax(lib, black_scholes(lib.numpy, lib.scipy.special.erf), MARKET, places),
    }


def second_of_jax(lib, function, args, places):
    lib.config.update("jax_enable_x64", True)
    call = lib.jit(lib.hessian(function, argnums=places))

    def run():
        return lib.block_until_ready(call(*args))

    return Work(run, gradient=lambda: np.array(run(), dtype=float).ravel())


def rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total = total + 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
    return total


@case(
    "record_rosenbrock_hessian",
    "Rosenbrock's function of 30 variables, a list: the matrix of second derivatives, replayed (eager: run by Python)",
    [most(8e-6), faster("eager", 20)],
)
def record_rosenbrock_hessian(quick):
    def second(lib, function):
        point = np.linspace(0.5, 1.5, 30).tolist()
        call = lib.hessian(function)
        call(point)
        return Work(lambda: call(point), gradient=lambda: np.array(call(point)).ravel())

    return {
        "autodiff": lambda lib: second(lib, lib.compile(rosenbrock)),
        "eager": lambda _: second(library(), rosenbrock),
    }


@case(
    "record_rosenbrock_sparse",
    "Rosenbrock's function of 10,000 variables: the sparse matrix of second derivatives, replayed",
    [most(4e-3)],
)
def record_rosenbrock_sparse(quick):
    def of_autodiff(lib):
        point = np.linspace(0.5, 1.5, 200 if quick else 10_000).tolist()
        call = lib.sparse_hessian(rosenbrock)
        call(point)
        return Work(lambda: call(point), gradient=lambda: call(point).data)

    return {"autodiff": of_autodiff}


def barrier(level):
    """A path that pays a tenth of the spot where that falls below a level."""

    def path(spot, var, speed, mean, wild, rate, first, second):
        for i in range(STEPS):
            root = np.sqrt(var)
            spot = spot * np.exp((rate * STEP - var * (0.5 * STEP)) + root * first[i])
            if level is not None and spot < level:
                return spot * 0.1
            var = var + (mean - var) * speed * STEP + wild * root * second[i]
            var = np.sqrt(var * var + 1e-6)
        return spot

    return path


def paths(lib, function, count):
    """Paths with and without a barrier have other gradients, so none are compared here: the tests do."""
    first, second = np.random.default_rng(0).standard_normal((2, STEPS, count))
    of = lib.value_and_grad(lib.compile(function), argnums=tuple(range(6)))
    call = lib.vmap(of, in_dims=(None,) * 6 + (0, 0))
    args = (*START, list(first), list(second))
    call(*args)
    return Work(lambda: call(*args), gradient=lambda: np.zeros(1))


def library():
    """autodiff, for the peer that is autodiff without a program."""
    import autodiff

    return autodiff
