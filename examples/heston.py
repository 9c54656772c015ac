"""A call, and one that is cut short by an `if`, under Heston's model: prices and Greeks from paths of a compiled Python loop.

S. L. Heston, A Closed-Form Solution for Options with Stochastic Volatility, Review of Financial Studies 6 (1993), with the
full-truncation Euler scheme; path by path derivatives: P. Glasserman, Monte Carlo Methods in Financial Engineering, 7.2.
"""
import math
import sys
from pathlib import Path

import numpy as np

import autodiff

STEPS, STRIKE = 100, 100.0
NAMES = ("spot", "variance", "speed", "mean", "wildness", "rate")
MARKET = (100.0, 0.04, 1.5, 0.05, 0.4, 0.02)
CORRELATION = -0.6


def paid(spot, var, speed, mean, wild, rate, first, second, ceiling):
    """What one path of a year pays, discounted; where it reaches the ceiling it ends there, by a Python if."""
    step = 1.0 / STEPS
    for i in range(STEPS):
        positive = np.maximum(var, 0.0)         # not an `if`: of 100 coins each fall would be a branch of its own
        root = np.sqrt(positive * step + 1e-8)
        spot = spot * np.exp((rate - 0.5 * positive) * step + root * first[i])
        if ceiling is not None and spot > ceiling:
            return (spot - STRIKE) * np.exp(-rate * (i + 1) * step)
        var = var + speed * (mean - positive) * step + wild * root * second[i]
    if spot > STRIKE:
        return (spot - STRIKE) * np.exp(-rate)
    return 0.0 * spot


#: Value and six derivatives at many paths, each of which goes its own way.
OF_PATHS = autodiff.vmap(autodiff.value_and_grad(autodiff.compile(paid), argnums=tuple(range(6))),
                         in_dims=(None,) * 6 + (0, 0, None))


def draws(paths, seed=0):
    """Two rows of normal numbers a step, correlated."""
    first, second = np.random.default_rng(seed).standard_normal((2, STEPS, paths))
    return list(first), list(CORRELATION * first + math.sqrt(1 - CORRELATION**2) * second)


def greeks(paths, ceiling=None, market=MARKET, block=10_000):
    """(price, its standard error, {name: derivative}); the derivatives are those of each path, averaged.

    With the ceiling they leave out that fewer paths may reach it: what each path pays hardly jumps there.
    """
    values, slopes = [], []
    for start in range(0, paths, block):
        value, gradients = OF_PATHS(*market, *draws(min(block, paths - start), start), ceiling)
        values.append(value)
        slopes.append(np.mean(gradients, axis=1) * len(value))
    values = np.concatenate(values)
    return values.mean(), values.std() / math.sqrt(paths), dict(zip(NAMES, sum(slopes) / paths, strict=True))


def picture(path, paths=4_000):
    """Delta and vega over the spot, with and without a ceiling."""
    import matplotlib.pyplot as plt

    spots = np.linspace(80.0, 125.0, 10)
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for ceiling, label in ((None, "call"), (130.0, "ends at 130")):
        found = [greeks(paths, ceiling, (float(spot), *MARKET[1:]))[2] for spot in spots]
        for axis, name in zip(axes, ("spot", "variance"), strict=True):
            axis.plot(spots, [row[name] for row in found], label=label)
            axis.set_title(f"derivative in the {name}")
            axis.set_xlabel("spot")
    axes[0].legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    for ceiling in (None, 130.0):
        price, error, slopes = greeks(100_000, ceiling)
        print("call" if ceiling is None else f"ends at {ceiling}:", f"{price:.4f} +- {error:.4f}",
              " ".join(f"{name} {slope:.4f}" for name, slope in slopes.items()))
    picture(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"))
