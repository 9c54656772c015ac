"""A perceptron that learns two spirals, trained by a compiled step.

K. J. Lang, M. J. Witbrock, Learning to tell two spirals apart, Proceedings of the 1988 Connectionist Models Summer School.
"""
import itertools
import time

import numpy as np

import autodiff


def spirals(count, seed=0):
    """Points on two arms, and to which each belongs."""
    random = np.random.default_rng(seed)
    angle = np.sqrt(random.uniform(0.05, 1.0, count)) * 2.5 * np.pi
    label = random.integers(0, 2, count)
    turned = angle + np.pi * label
    points = np.stack([angle * np.cos(turned), angle * np.sin(turned)], axis=1) / 8.0
    return points + random.normal(size=points.shape) * 0.01, 2.0 * label - 1.0


def parameters(sizes=(2, 32, 32, 1), seed=1):
    """A weight and a bias for each layer."""
    random = np.random.default_rng(seed)
    return [(random.normal(size=(n, m)) * np.sqrt(2.0 / n), np.zeros(m)) for n, m in itertools.pairwise(sizes)]


def output(layers, points):
    """Positive where a point is taken for one of the second arm."""
    *hidden, (weight, bias) = layers
    for w, b in hidden:
        points = np.tanh(points @ w + b)
    return (points @ weight + bias)[:, 0]


@autodiff.compile
def loss(layers, points, labels):
    """The mean logistic loss: recorded once for the shapes of a batch, with its backward pass, and replayed from then on."""
    return np.logaddexp(0.0, -labels * output(layers, points)).mean()


def train(layers, points, labels, steps, batch=64, rate=0.01, seed=2):
    """The parameters after some steps of Adam on random batches, and the loss of each step."""
    random = np.random.default_rng(seed)
    step = autodiff.value_and_grad(loss)
    first = [[np.zeros_like(p) for p in layer] for layer in layers]
    second = [[np.zeros_like(p) for p in layer] for layer in layers]
    losses = []
    for t in range(1, steps + 1):
        chosen = random.integers(0, len(points), batch)
        value, gradient = step(layers, points[chosen], labels[chosen])
        losses.append(value)
        for layer, slopes, means, squares in zip(layers, gradient, first, second):
            for p, g, mean, square in zip(layer, slopes, means, squares):
                mean += 0.1 * (g - mean)
                square += 0.001 * (g * g - square)
                p -= rate * mean / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
    return layers, losses


def accuracy(layers, points, labels):
    """The share of points that are told apart."""
    return float(np.mean(np.sign(output(layers, points)) == labels))


if __name__ == "__main__":
    points, labels = spirals(1000)
    layers = parameters()
    print(f"before: {accuracy(layers, points, labels):.0%} of the points are told apart")
    start = time.perf_counter()
    layers, losses = train(layers, points, labels, 2500)
    taken = time.perf_counter() - start
    print(f"after {len(losses)} steps, {1e6 * taken / len(losses):.0f} us each: {accuracy(layers, points, labels):.0%}, "
          f"loss {np.mean(losses[-50:]):.3f}")
