"""The rates of an ordinary differential equation, fitted to measurements with an exact Jacobian.

Lotka's and Volterra's equations by classical Runge-Kutta steps; the states are a list, as people write it.
"""
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

import autodiff


def change(state, rates):
    """The derivative in time of prey and predators."""
    prey, predators = state
    birth, eaten, growth, death = rates
    return np.stack([birth * prey - eaten * prey * predators, growth * prey * predators - death * predators])


def solve(rates, start, steps, h):
    """The states at all times, (steps + 1, 2)."""
    states = [start]
    for _ in range(steps):
        y = states[-1]
        k1 = change(y, rates)
        k2 = change(y + h / 2 * k1, rates)
        k3 = change(y + h / 2 * k2, rates)
        k4 = change(y + h * k3, rates)
        states.append(y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.stack(states)


def residuals(log_rates, measured, start, h=0.05):
    """Computed less measured, flat; log_rates: logarithms, so that rates stay positive."""
    return np.ravel(solve(np.exp(log_rates), start, len(measured) - 1, h) - measured)


def measurements(seed=1, steps=160, h=0.05):
    """(true rates, start, states with noise)."""
    rates, start = np.array([1.1, 0.4, 0.1, 0.4]), np.array([10.0, 5.0])
    states = solve(rates, start, steps, h)
    return rates, start, states + 0.2 * np.random.default_rng(seed).normal(size=states.shape)


def fit(measured, start):
    """Rates by Levenberg's and Marquardt's method, the Jacobian by forward mode: four columns, many rows."""
    jacobian = autodiff.jacfwd(residuals)
    found = least_squares(residuals, np.log([0.8, 0.3, 0.08, 0.5]), jac=jacobian, args=(measured, start), method="lm")
    return np.exp(found.x)


def picture(measured, start, rates, path):
    """Measurements and the fitted curves."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    curves = solve(rates, start, len(measured) - 1, 0.05)
    for column, name, color in ((0, "prey", "tab:green"), (1, "predators", "tab:red")):
        axes.plot(measured[:, column], ".", color=color, alpha=0.4)
        axes.plot(curves[:, column], color=color, label=name)
    axes.legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    true, first, data = measurements()
    answer = fit(data, first)
    print("true rates:  ", true)
    print("fitted rates:", answer.round(4))
    picture(data, first, answer, sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"))
