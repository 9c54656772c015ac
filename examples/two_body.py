"""A planet on its orbit by Runge-Kutta steps that write into an array, and where it ends as a function of how it starts.

The loop is the textbook's: ``path[i + 1] = path[i] + ...``.  ``autodiff.lift`` runs it as it stands, with arrays that keep
the gradient of what is written into them.  E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I,
chapter II.1.
"""
import sys
from pathlib import Path

import numpy as np

import autodiff


def acceleration(state):
    """The derivative of (x, y, vx, vy) around a sun of mass 1 at the origin."""
    x, y, vx, vy = state
    cubed = (x**2 + y**2) ** 1.5
    return np.array([vx, vy, -x / cubed, -y / cubed])


def orbit(velocity, steps=200, h=0.02):
    """The states from (1, 0) with a velocity, (steps + 1, 4)."""
    path = np.zeros((steps + 1, 4))
    path[0, 0] = 1.0
    path[0, 2:] = velocity
    for i in range(steps):
        k1 = acceleration(path[i])
        k2 = acceleration(path[i] + h / 2 * k1)
        k3 = acceleration(path[i] + h / 2 * k2)
        k4 = acceleration(path[i] + h * k3)
        path[i + 1] = path[i] + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return path


def miss(velocity, target, steps=200):
    """Half the squared distance of the end of the orbit from a target."""
    return 0.5 * np.sum((orbit(velocity, steps)[-1, :2] - target) ** 2)


def aim(target, velocity, rounds=20):
    """The velocity with which the planet ends at a target: Newton's method on the place where it ends."""
    end = autodiff.lift(lambda v: orbit(v)[-1, :2])
    jacobian = autodiff.jacobian(end)
    for _ in range(rounds):
        gap = orbit(velocity)[-1, :2] - target
        if np.abs(gap).max() < 1e-12:
            break
        step = np.linalg.solve(jacobian(velocity), gap)
        velocity = velocity - step * min(1.0, 0.1 / np.linalg.norm(step))
    return velocity


def picture(target, first, found, path):
    """The orbit before and after aiming."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot(*orbit(first)[:, :2].T, label="first try")
    axes.plot(*orbit(found)[:, :2].T, label="aimed")
    axes.plot(0, 0, "o", color="orange", markersize=12)
    axes.plot(*target, "k*", markersize=12, label="target")
    axes.set_aspect("equal")
    axes.legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    wanted, start = np.array([-1.2, -0.4]), np.array([0.0, 1.0])
    print("gradient of the miss:", autodiff.grad(autodiff.lift(miss))(start, wanted))
    velocity = aim(wanted, start)
    print("velocity that meets the target:", velocity, " miss:", miss(velocity, wanted))
    picture(wanted, start, velocity, sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"))
