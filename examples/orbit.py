"""The velocity with which a probe passes a planet and ends at a target: Newton's method through an orbit that is integrated in
a Python loop, whose step is as long as the place asks for.

The loop is of plain floats, with an `if` on where the probe is; `autodiff.compile` records it once for each way through it.
R. H. Battin, An Introduction to the Mathematics and Methods of Astrodynamics, chapter 7; the step is Stoermer's and Verlet's.
"""
import math
import sys
from pathlib import Path

import numpy as np

import autodiff

#: The mass of the planet in the sun's, its distance from the sun and its angle at the start; units: 1 au, 1 year / (2 pi).
PLANET, DISTANCE, ANGLE = 3e-3, 1.52, 0.6
TIME, TARGET = 4.2, (-1.3, 0.75)
NEAR = 0.25             # from the planet: there a step is a quarter as long


def pull(x, y, time):
    """The acceleration of the probe by sun and planet, and its squared distance from the planet."""
    angle = ANGLE + time / DISTANCE**1.5
    dx, dy = x - DISTANCE * math.cos(angle), y - DISTANCE * math.sin(angle)
    sun, squared = (x * x + y * y) ** -1.5, dx * dx + dy * dy
    planet = PLANET * (squared + 1e-4) ** -1.5
    return -x * sun - dx * planet, -y * sun - dy * planet, squared


def flight(vx, vy, seen=None):
    """Where the probe is after TIME, from (1, 0) with a velocity; `seen` takes the places on its way."""
    x, y, time = 1.0, 0.0, 0.0
    ax, ay, squared = pull(x, y, time)
    while time < TIME - 1e-9:
        h = min(0.01 if squared < NEAR * NEAR else 0.04, TIME - time)      # an `if` on a value
        vx, vy = vx + 0.5 * h * ax, vy + 0.5 * h * ay
        x, y, time = x + h * vx, y + h * vy, time + h
        ax, ay, squared = pull(x, y, time)
        vx, vy = vx + 0.5 * h * ax, vy + 0.5 * h * ay
        if seen is not None:
            seen.append((x, y))
    return x, y


def cost(vx, vy):
    """Half the squared distance from the target at the end."""
    x, y = flight(vx, vy)
    return 0.5 * ((x - TARGET[0]) ** 2 + (y - TARGET[1]) ** 2)


#: The place where the flight ends and its derivatives, without Python once its way is recorded.
END = autodiff.compile(flight)
SLOPES = autodiff.jacobian(END, argnums=(0, 1))
COST = autodiff.value_and_grad(autodiff.compile(cost), argnums=(0, 1))


def aim(velocity=(-0.2, 1.3), rounds=60):
    """[(velocity, distance from the target)]: Newton's method with a step that is at most 0.03 long, until it is met."""
    velocity, found = np.array(velocity), []
    for _ in range(rounds):
        gap = np.array(END(*velocity.tolist())) - TARGET
        found.append((velocity, float(np.hypot(*gap))))
        if found[-1][1] < 1e-12:
            break
        step = np.linalg.solve(np.array(SLOPES(*velocity.tolist())), gap)
        velocity = velocity - step * min(1.0, 0.03 / np.hypot(*step))
    return found


def picture(found, path):
    """The flights on the way to the last, the planet's path, and the target."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 5))
    for i, (velocity, _) in enumerate(found):
        seen = [(1.0, 0.0)]
        flight(*velocity.tolist(), seen)
        axes.plot(*np.array(seen).T, color="C0" if i == len(found) - 1 else "0.8", linewidth=1.5)
    angles = ANGLE + np.linspace(0.0, TIME, 100) / DISTANCE**1.5
    axes.plot(DISTANCE * np.cos(angles), DISTANCE * np.sin(angles), "C1--", linewidth=1, label="planet")
    axes.plot(0, 0, "o", color="orange", markersize=12)
    axes.plot(*TARGET, "k*", markersize=12, label="target")
    axes.set_aspect("equal")
    axes.legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    tries = aim()
    for number, (velocity, miss) in enumerate(tries):
        print(f"{number:2d}  velocity {velocity[0]:8.5f} {velocity[1]:8.5f}  misses by {miss:.2e}")
    value, gradient = COST(*tries[0][0].tolist())
    print(f"at the first try the cost is {value:.4f}, its gradient {gradient[0]:.3f} {gradient[1]:.3f}")
    print(f"ways through the loop that were recorded: {sum(tree.leaves for tree in END.program.trees)}")
    picture(tries, sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"))
