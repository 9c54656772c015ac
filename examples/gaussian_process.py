"""A Gaussian process fitted to noisy points: the logarithm of its marginal likelihood, differentiated in three parameters.

C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning, algorithm 2.1 and section 5.4.1.
"""
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import autodiff


def kernel(parameters, one, other):
    """Squared exponentials of the distances between points; parameters: logarithms of length, amplitude and noise."""
    length, amplitude, _ = np.exp(parameters)
    distances = (one[:, None] - other[None, :]) / length
    return amplitude**2 * np.exp(-0.5 * distances**2)


def factor(parameters, points):
    """The Cholesky factor of the covariance of what is measured."""
    return np.linalg.cholesky(kernel(parameters, points, points) + np.exp(2 * parameters[2]) * np.eye(len(points)))


def negative_log_likelihood(parameters, points, values):
    """Minus the logarithm of the density of values, per value."""
    lower = factor(parameters, points)
    weights = np.linalg.solve(lower, values)
    return (0.5 * weights @ weights + np.sum(np.log(np.diagonal(lower)))) / len(points) + 0.5 * np.log(2 * np.pi)


def measurements(count=60, noise=0.15, seed=1):
    """Points in disorder, and a smooth function there, seen through noise."""
    random = np.random.default_rng(seed)
    points = np.sort(random.uniform(0.0, 10.0, count))
    return points, np.sin(points) + 0.3 * np.sin(3 * points) + noise * random.normal(size=count)


def fit(points, values, start=(0.0, 0.0, -1.0)):
    """SciPy's result."""
    return minimize(autodiff.value_and_grad(negative_log_likelihood), np.array(start), args=(points, values), jac=True,
                    method="L-BFGS-B")


def predict(parameters, points, values, at):
    """Mean and standard deviation of the function at other points."""
    lower = factor(parameters, points)
    across = np.linalg.solve(lower, kernel(parameters, points, at))
    mean = across.T @ np.linalg.solve(lower, values)
    return mean, np.sqrt(np.maximum(np.exp(2 * parameters[1]) - np.sum(across**2, axis=0), 0.0))


def picture(path, parameters, points, values):
    """The points, and the process that they leave."""
    import matplotlib.pyplot as plt

    at = np.linspace(-1.0, 11.0, 400)
    mean, deviation = predict(parameters, points, values, at)
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    axes.fill_between(at, mean - 2 * deviation, mean + 2 * deviation, alpha=0.25, label="two standard deviations")
    axes.plot(at, mean, label="mean")
    axes.plot(points, values, "k.", label="measured")
    axes.legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    x, y = measurements()
    result = fit(x, y)
    slope = autodiff.grad(negative_log_likelihood)(result.x, x, y)
    print("length, amplitude, noise:", np.exp(result.x).round(4), " steps:", result.nit)
    print("negative log likelihood per point:", round(float(result.fun), 6), f" largest slope there: {np.abs(slope).max():.1e}")
    curvature = autodiff.hessian(negative_log_likelihood)(result.x, x, y) * len(x)
    print("standard errors of the logarithms:", np.sqrt(np.diag(np.linalg.inv(curvature))).round(3))
    picture(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"), result.x, x, y)
