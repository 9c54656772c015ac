"""The picture in docs/why-is-my-gradient.md: the dependency graph of log(x^2) sin(x) + 1/x, and of a NaN, as draw() shows them.

Run: python docs/graph_picture.py      (needs Graphviz: pip install 'autodiff-core[viz]')
"""
from pathlib import Path

import autodiff

HERE = Path(__file__).resolve().parent


def lesson():
    x = autodiff.tensor(2.0, requires_grad=True)
    y = autodiff.log(x**2) * autodiff.sin(x) + 1 / x
    return autodiff.draw(y)


def a_nan():
    x = autodiff.tensor([0.0, 4.0], requires_grad=True)
    w = autodiff.tensor([1.0, 1.0], requires_grad=True)
    root = x.sqrt()
    loss = (autodiff.where(x > 0, root, 0.0) * w).sum()
    return autodiff.draw(loss)


def loops():
    w, b = (autodiff.tensor([0.5, 0.25], requires_grad=True) for _ in range(2))
    h = autodiff.ones(2)
    for _ in range(20):
        for _ in range(10):
            h = (h * w).sin()
        h = h + b
    loss = h.sum()
    return autodiff.draw(loss)


if __name__ == "__main__":
    for name, drawing in (("graph", lesson()), ("graph-nan", a_nan()), ("graph-loops", loops())):
        drawing.save(HERE / f"{name}.svg")
