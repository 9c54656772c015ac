"""Indexing: loops over x[i] of one array, where a library whose x[i] has a gradient as large as x is quadratic."""

from __future__ import annotations

from .harness import Work, case, cost, faster
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
            from .harness import disagreement, flat

            problem = disagreement(flat(work.run()), rosenbrock_gradient(rosenbrock_start(n // 10)), 1e-9)
            if problem is not None:
                raise ArithmeticError(problem)

        return Work(work.run, gradient)

    def numpy(_):
        start = rosenbrock_start(n)
        return Work(lambda: rosenbrock(start, n), gradient=lambda: rosenbrock_gradient(start))

    return {"autodiff": whole, "autodiff, n/10": tenth, "numpy": numpy}
