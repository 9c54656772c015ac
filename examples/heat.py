"""The conductivity of a plate, from how warm it is after a while: an inverse problem of the heat equation.

An explicit scheme on a square grid, written with slices.  The gradient in the conductivity of every cell costs a few times
the simulation.  J. Crank, The Mathematics of Diffusion, 2nd edition, chapter 8.
"""
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import autodiff


def simulate(conductivity, temperature, steps, dt=0.2):
    """The temperature after so many steps; conductivity and temperature: (n, n), the rim keeps its own."""
    across = 0.5 * (conductivity[1:, :] + conductivity[:-1, :])
    along = 0.5 * (conductivity[:, 1:] + conductivity[:, :-1])
    for _ in range(steps):
        down = across * (temperature[1:, :] - temperature[:-1, :])
        right = along * (temperature[:, 1:] - temperature[:, :-1])
        flow = down[1:, 1:-1] - down[:-1, 1:-1] + right[1:-1, 1:] - right[1:-1, :-1]
        temperature = temperature + dt * np.pad(flow, 1)
    return temperature


def misfit(conductivity, temperature, measured, steps):
    """Half the squared difference between what is computed and what was measured."""
    return 0.5 * np.sum((simulate(conductivity, temperature, steps) - measured) ** 2)


def plate(n):
    """A plate that conducts worse in a disc, and is warm along bands."""
    y, x = np.mgrid[0:1:n * 1j, 0:1:n * 1j]
    conductivity = np.where((x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.04, 0.3, 1.0)
    return conductivity, np.sin(6 * np.pi * x) * np.sin(6 * np.pi * y) + y


def recover(n=40, steps=60, rounds=80):
    """(true conductivity, found conductivity) of a plate."""
    true, temperature = plate(n)
    measured = simulate(true, temperature, steps)
    value_and_grad = autodiff.value_and_grad(misfit)

    def objective(flat):
        value, gradient = value_and_grad(flat.reshape(n, n), temperature, measured, steps)
        return value, gradient.ravel()

    found = minimize(objective, np.full(n * n, 0.8), jac=True, method="L-BFGS-B", bounds=[(0.1, 1.2)] * (n * n),
                     options={"maxiter": rounds})
    return true, found.x.reshape(n, n)


def picture(true, found, path):
    """Both conductivities side by side."""
    import matplotlib.pyplot as plt

    figure, both = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
    for axes, values, title in zip(both, (true, found), ("conductivity", "recovered from the temperature")):
        image = axes.imshow(values, vmin=0.1, vmax=1.2)
        axes.set_title(title)
        axes.set_axis_off()
    figure.colorbar(image, ax=both)
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    truth, answer = recover()
    inside = np.s_[2:-2, 2:-2]
    print("mean error of the conductivity:", np.abs(truth - answer)[inside].mean().round(4))
    picture(truth, answer, sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"))
