"""Linear algebra, Fourier transforms and special functions: one op at the sizes that programs have, beside PyTorch's, and the
likelihood of a Gaussian process, which is made of several.

The cotangents are handed to the backward pass, so that nothing but the op is timed. Gradients are compared in a function of
the results that does not change with what LAPACK is free to choose, the signs of vectors.
"""

from __future__ import annotations

import importlib
import statistics

import numpy as np

from autodiff import rules

from .harness import Work, case, family, faster
from .report import summary

SIZES = {"3x3": (3, 3), "30x30": (30, 30), "300x300": (300, 300), "1000 of 3x3": (1000, 3, 3)}
LEAST = {"3x3": 5, "30x30": 1.5, "300x300": 1, "1000 of 3x3": 1}
#: What each is given, and its results as a function of Tensors. Vectors are squared where gradients are compared.
FUNCTIONS = {
    "solve": ("square", lambda lib, a, b: lib.linalg.solve(a, b)),
    "inv": ("square", lambda lib, a: lib.linalg.inv(a)),
    "det": ("scaled", lambda lib, a: lib.linalg.det(a)),
    "slogdet": ("square", lambda lib, a: lib.linalg.slogdet(a)[1]),
    "cholesky": ("positive", lambda lib, a: lib.linalg.cholesky(a)),
    "eigh": ("positive", lambda lib, a: tuple(lib.linalg.eigh(a))),
    "svd": ("square", lambda lib, a: tuple(lib.linalg.svd(a))),
    "qr": ("square", lambda lib, a: tuple(lib.linalg.qr(a))),
    "pinv": ("square", lambda lib, a: lib.linalg.pinv(a)),
    "matrix_exp": ("small", lambda lib, a: lib.linalg.matrix_exp(a)),
}


def matrices(kind, shape):
    random = np.random.default_rng(0)
    a = random.standard_normal(shape)
    n = shape[-1]
    if kind == "small":
        return a / n
    if kind == "positive":
        return a @ np.swapaxes(a, -1, -2) / n + np.eye(n)
    a = a + 3 * np.sqrt(n) * np.eye(n)
    return a / (3 * np.sqrt(n)) if kind == "scaled" else a      # of 300 rows the determinant would overflow


def declare(name, size):
    kind, function = FUNCTIONS[name]
    shape = SIZES[size]

    @case(
        f"linalg {size}/{name}",
        f"linalg.{name} of {size}: forward and backward",
        [faster("torch", LEAST[size])],
        family=f"linalg {size}",
        small=shape[-1] < 300,
    )
    def op(quick):
        start = matrices(kind, shape)
        right = np.random.default_rng(1).standard_normal(shape)

        def tensors(lib):
            leaves = [lib.tensor(start, requires_grad=True)]
            if name == "solve":
                leaves.append(lib.tensor(right, requires_grad=True))
            results = function(lib, *leaves)
            several = isinstance(results, tuple)
            shapes = [tuple(result.shape) for result in (results if several else (results,))]
            weights = [lib.tensor(np.random.default_rng(2).standard_normal(shape)) for shape in shapes]
            backward = lib.autograd.backward

            def run():
                for leaf in leaves:
                    leaf.grad = None
                results = function(lib, *leaves)
                if several:
                    backward(results, weights)
                else:
                    results.backward(weights[0])

            def gradient():
                for leaf in leaves:
                    leaf.grad = None
                results = function(lib, *leaves)
                results = [result * result for result in results] if several else [results]
                sum((result * weight).sum() for result, weight in zip(results, weights, strict=True)).backward()
                return [leaf.grad for leaf in leaves]

            return Work(run, gradient, rtol=1e-6)

        return {"autodiff": tensors, "torch": tensors}


def together(name, description):
    @family(name)
    def of_family(entries):
        ratios = {}
        for entry in entries:
            row = next((row for row in entry["rows"][1:] if row["ratio"]), None)
            if row is not None:
                ratios[entry["name"].rpartition("/")[2]] = (row["ratio"], row["peer"])
        if not ratios:
            return []
        ranked = sorted(ratios, key=ratios.get)
        peer = ratios[ranked[0]][1]
        return [
            summary(
                f"{name}: mean",
                f"geometric mean of the ratios of {len(ranked)} {description}",
                faster(peer, 1),
                statistics.geometric_mean(ratio for ratio, _ in ratios.values()),
                peer=peer,
                note="slowest: " + ", ".join(f"{op} {ratios[op][0]:.2f}x" for op in ranked[:4]),
            )
        ]


for size in SIZES:
    for name in FUNCTIONS:
        declare(name, size)
    together(f"linalg {size}", "functions of matrices")


# --------------------------------------------------------------------------------------------------- Fourier transforms

for length, least in ((64, 3), (4_096, 0.7), (1_000_003, 0.7)):

    @case(
        f"fft_{length}",
        f"fft.fft of {length:,} real numbers: forward and backward",
        [faster("torch", least)],
        small=length < 10_000,
    )
    def transform(quick, length=length):
        random = np.random.default_rng(0)
        start, real, imaginary = random.standard_normal((3, length))

        def tensors(lib):
            x = lib.tensor(start, requires_grad=True)
            cotangent = lib.tensor(real + 1j * imaginary)
            fft = lib.fft.fft

            def run():
                x.grad = None
                fft(x).backward(cotangent)
                return x.grad

            return Work(run)

        return {"autodiff": tensors, "torch": tensors}


# ------------------------------------------------------------------------------------------------------ Gaussian process


@case(
    "gaussian_process_200",
    "log marginal likelihood of a Gaussian process, 200 points, squared exponential kernel and noise: Cholesky, triangular "
    "solve, log-determinant, and the gradient in 3 parameters",
    [faster("torch", 2)],
)
def gaussian_process(quick):
    random = np.random.default_rng(0)
    n = 200
    points = np.sort(random.uniform(-3, 3, n))
    values = np.sin(2 * points) + 0.1 * random.standard_normal(n)
    squares = (points[:, None] - points) ** 2

    def tensors(lib):
        parameters = lib.tensor([0.0, 0.0, -2.0], requires_grad=True)      # logarithms: scale, length, noise
        distances, right, identity = lib.tensor(squares), lib.tensor(values[:, None]), lib.eye(n, dtype=lib.float64)

        def run():
            parameters.grad = None
            scale, length, noise = parameters.exp()
            factor = lib.linalg.cholesky(scale * (-0.5 * distances / length**2).exp() + noise * identity)
            z = lib.linalg.solve_triangular(factor, right, upper=False)
            (0.5 * (z * z).sum() + factor.diagonal().log().sum()).backward()
            return parameters.grad

        return Work(run, rtol=1e-7)

    return {"autodiff": tensors, "torch": tensors}


# ------------------------------------------------------------------------------------------------------ special functions


def scipy_functions():
    """(row, SciPy's function of the same values) of the rows with loops that answer to one."""
    for row in rules.RULES:
        names = [name for answer in row.answers for name in answer.functions if name.startswith("scipy.special.")]
        if row.elementwise and names and row.arity in (1, 2):
            yield row, names[0].rpartition(".")[2]


def declare_special(row, theirs):
    @case(
        f"special_forward/{row.name}",
        f"{row.name} of 1,000,000 elements, float64, beside scipy.special.{theirs}: the value alone",
        [faster("scipy", 1)],
        family="special_forward",
    )
    def value(quick):
        random = np.random.default_rng(0)
        ends = [row.at, row.at_y or row.at][: row.arity]
        arrays = [random.uniform(low, high, 1_000 if quick else 1_000_000) for low, high in ends]

        def ours(lib):
            function = next(
                found
                for place in (lib, lib.special, lib.Tensor)
                if callable(found := getattr(place, row.function_name, None))
            )
            operands = [lib.tensor(array) for array in arrays]
            return Work(lambda: function(*operands), lambda: np.nan_to_num(function(*operands).numpy()))

        def scipy(_):
            function = getattr(importlib.import_module("scipy.special"), theirs)
            return Work(lambda: function(*arrays), lambda: np.nan_to_num(function(*arrays)), rtol=1e-8)

        return {"autodiff": ours, "scipy": scipy}


for row, theirs in scipy_functions():
    declare_special(row, theirs)
together("special_forward", "special functions")
