"""Indexing: loops over x[i] and out[i] = v, where a library whose x[i] has a gradient as large as x is quadratic."""

from __future__ import annotations

import numpy as np

from .harness import Work, case, cost, disagreement, faster, flat, most
from .scalars import rosenbrock, rosenbrock_gradient, rosenbrock_start


def tensors(n):
    def build(lib):
        x = lib.tensor(rosenbrock_start(n), requires_grad=True)

        def run():
            x.grad = None
            rosenbrock(x, n).backward()
            return x.grad

        return Work(run)

    return build


@case(
    "rosenbrock_indexing",
    "Rosenbrock's function over x[i] of one array of 1,000, in a Python loop: forward and backward",
    [faster("torch", 10)],
)
def rosenbrock_indexing(quick):
    n = 200 if quick else 1_000
    start = rosenbrock_start(n)

    def autograd(lib):
        gradient = lib.grad(lambda x: rosenbrock(x, n))
        return Work(lambda: gradient(start))

    def mygrad(lib):
        x = lib.tensor(start)

        def run():
            rosenbrock(x, n).backward()
            return x.grad

        return Work(run)

    def numpy(_):
        """The value only, over x[i] of a NumPy array."""
        return Work(lambda: rosenbrock(start, n), gradient=lambda: rosenbrock_gradient(start))

    return {"autodiff": tensors(n), "torch": tensors(n), "autograd": autograd, "mygrad": mygrad, "numpy": numpy}


@case(
    "rosenbrock_growth",
    "the same: time at n = 100,000 beside time at n = 10,000 (a tenth of it if linear)",
    [cost("autodiff, n/10", 12)],
)
def rosenbrock_growth(quick):
    n = 10_000 if quick else 100_000

    def whole(lib):
        work = tensors(n)(lib)
        return Work(work.run)

    def tenth(lib):
        # Other work, another gradient: it is compared with the closed form here, since the harness compares equal work.
        work = tensors(n // 10)(lib)

        def gradient():
            problem = disagreement(flat(work.run()), rosenbrock_gradient(rosenbrock_start(n // 10)), 1e-9)
            if problem is not None:
                raise ArithmeticError(problem)

        return Work(work.run, gradient)

    def numpy(_):
        start = rosenbrock_start(n)
        return Work(lambda: rosenbrock(start, n), gradient=lambda: rosenbrock_gradient(start))

    return {"autodiff": whole, "autodiff, n/10": tenth, "numpy": numpy}


# --------------------------------------------------------------------------------- one element at a time, 100,000 times


def values(n):
    return np.linspace(0.5, 1.5, n)


def reads(lib, n):
    """Returns x[0] + x[1] + ..., as a program writes it."""
    x = lib.tensor(values(n), requires_grad=True)

    def run():
        x.grad = None
        total = 0.0
        for i in range(n):
            total = total + x[i]
        total.backward()
        return x.grad

    return Work(run, per=n)


def writes(lib, n):
    weights = lib.tensor(values(n))
    v = lib.tensor(0.5, requires_grad=True)

    def run():
        v.grad = None
        out = lib.zeros(n, dtype=lib.float64)
        for i in range(n):
            out[i] = v
        (out * weights).sum().backward()
        return v.grad

    return Work(run, per=n)


def stacks(lib, n):
    weights = lib.tensor(values(n))
    leaves = [lib.tensor(v, requires_grad=True) for v in values(n).tolist()]

    def run():
        for leaf in leaves:
            leaf.grad = None
        (lib.stack(leaves) * weights).sum().backward()

    def gradient():
        run()
        return [leaf.grad for leaf in leaves]

    return Work(run, gradient, per=n)


def linear(name, description, program, expected, small=1_000):
    """Declare two cases: n = 100,000 beside a tenth of it, and n = 1,000 beside PyTorch, which is quadratic in n."""

    def checked(n):
        # Other work, another gradient: it is compared with the closed form here, since the harness compares equal work.
        def build(lib):
            work = program(lib, n)

            def gradient():
                problem = disagreement(flat((work.gradient or work.run)()), flat(expected(n)), 1e-9)
                if problem is not None:
                    raise ArithmeticError(problem)

            return Work(work.run, gradient, per=n)

        return build

    # Times are of one element: 12 times the time for 10 times the elements is 1.2 times the time of one.
    @case(name, f"{description}, 100,000 times: time of one", [most(200e-9), cost("autodiff, n/10", 1.2)])
    def whole(quick):
        n = 10_000 if quick else 100_000
        return {"autodiff": checked(n), "autodiff, n/10": checked(n // 10)}

    @case(f"{name}_{small}", f"{description}, {small:,} times: time of one")
    def beside(quick):
        return {"autodiff": lambda lib: program(lib, small), "torch": lambda lib: program(lib, small)}


linear("reads", "total = total + x[i] over an array, forward and backward", reads, np.ones)
linear("writes", "out[i] = v of a scalar v, forward and backward", writes, lambda n: values(n).sum())
linear("stack", "stack of scalars, forward and backward, an element of it", stacks, values)


@case(
    "numpy_scalar",
    "np.float64(2) * v beside v * 2.0, v a scalar: forward and backward",
    [cost("autodiff, v * 2.0", 3)],
)
def numpy_scalar(quick):
    two = np.float64(2)

    def times(multiply):
        def build(lib):
            v = lib.tensor(0.5, requires_grad=True)

            def run():
                v.grad = None
                multiply(v).backward()
                return v.grad

            return Work(run)

        return build

    return {"autodiff": times(lambda v: two * v), "autodiff, v * 2.0": times(lambda v: v * 2.0)}
