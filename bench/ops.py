"""Ops: every elementwise row of the catalogue that has a derivative, on a large array, beside PyTorch's.

There is no list of ops here. The rows of `autodiff/rules/` say which there are and from which interval their operands
are sampled, so that an op added there is timed here; PyTorch's function is looked up by the row's name.
"""

from __future__ import annotations

import statistics

import numpy as np

from autodiff import rules

from .harness import Work, case, family, faster, most
from .report import summary

# PyTorch sets the tolerance: its hardsigmoid multiplies float64 by a sixth that went through float32 (3e-8 off), and
# its derivative of sinc in float32 cancels near 0 (3e-4 off).
RTOL = {"float64": 1e-7, "float32": 2e-3}
LEAST = 0.9


def sampled():
    """The rows to time: a derivative, one operand or two, and a function of the row's name."""
    return [
        row
        for row in rules.RULES
        if row.elementwise and row.arity in (1, 2) and row.function and row.dx is not None
    ]


def function(lib, name):
    """The library's function of that name, wherever it is kept; None if it has none."""
    functional = getattr(getattr(lib, "nn", None), "functional", None)
    for place in (lib, getattr(lib, "special", None), functional, getattr(lib, "Tensor", None)):
        found = getattr(place, name, None)
        if callable(found):
            return found
    return None


def operands(row, dtype, size):
    random = np.random.default_rng(0)
    ends = [row.at, row.at_y or row.at][: row.arity]
    return [random.uniform(low, high, size).astype(dtype) for low, high in ends]


def declare(row, dtype):
    @case(
        f"ops_{dtype}/{row.name}",
        f"{row.name} of 1,000,000 elements, {dtype}: forward and backward",
        [faster("torch", LEAST)],
        family=f"ops_{dtype}",
        threaded=True,
    )
    def op(quick):
        size = 1_000 if quick else 1_000_000

        def tensors(lib):
            f = function(lib, row.name)
            if f is None:
                return None
            leaves = [lib.tensor(array, requires_grad=True) for array in operands(row, dtype, size)]
            ones = lib.ones(size, dtype=getattr(lib, dtype))
            if not f(*leaves).requires_grad:
                return None

            def run():
                for leaf in leaves:
                    leaf.grad = None
                f(*leaves).backward(ones)

            def gradient():
                run()
                return [leaf.grad for leaf in leaves]

            return Work(run, gradient, rtol=RTOL[dtype])

        return {"autodiff": tensors, "torch": tensors}


def together(dtype):
    @family(f"ops_{dtype}", passes=3)
    def ops(entries):
        ratios = {}
        for entry in entries:
            row = next((row for row in entry["rows"] if row["peer"] == "torch"), None)
            if row is not None and row["ratio"] is not None:
                ratios[entry["name"].rpartition("/")[2]] = row["ratio"]
        if not ratios:
            return []
        ranked = sorted(ratios, key=ratios.get)
        below = [name for name in ranked if ratios[name] < 1]
        count = f"of {len(ranked)} ops"
        return [
            summary(
                f"ops_{dtype}: slowest",
                f"the op with the smallest ratio, {count}",
                faster("torch", LEAST),
                ratios[ranked[0]],
                peer="torch",
                note=", ".join(f"{name} {ratios[name]:.2f}x" for name in ranked[:5]),
            ),
            summary(
                f"ops_{dtype}: mean",
                f"geometric mean of the ratios {count}",
                faster("torch", 1.5),
                statistics.geometric_mean(ratios.values()),
                peer="torch",
            ),
            summary(
                f"ops_{dtype}: below 1x",
                f"how many {count} take longer than PyTorch's",
                most(3),
                len(below),
                note=", ".join(below),
            ),
        ]


for dtype in ("float64", "float32"):
    for row in sampled():
        declare(row, dtype)
    together(dtype)
