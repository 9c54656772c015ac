"""The likelihood of a local linear trend, by a Kalman filter, and its gradient in the variances of the noises.

J. Durbin, S. J. Koopman, Time Series Analysis by State Space Methods, 2nd edition, chapters 3.2 and 4.3.
"""
import numpy as np

import autodiff


def log_likelihood(parameters, series):
    """parameters: logarithms of the variances of level, slope and observation; series: (n,)."""
    level, slope, noise = np.exp(parameters)
    transition = np.array([[1.0, 1.0], [0.0, 1.0]])
    disturbance = np.diag(np.array([level, slope]))
    observed = np.array([1.0, 0.0])
    state, covariance = np.zeros(2), np.eye(2) * 1e4
    total = 0.0
    for value in series:
        state = transition @ state
        covariance = transition @ covariance @ transition.T + disturbance
        error = value - observed @ state
        variance = observed @ covariance @ observed + noise
        gain = covariance @ observed / variance
        state = state + gain * error
        covariance = covariance - np.outer(gain, gain) * variance
        total = total - 0.5 * (np.log(2 * np.pi * variance) + error**2 / variance)
    return total


def series_of(length=120, seed=4):
    """A random walk with drift, seen through noise."""
    random = np.random.default_rng(seed)
    slope = np.cumsum(0.05 * random.normal(size=length))
    return np.cumsum(slope + 0.3 * random.normal(size=length)) + random.normal(size=length)


def fit(series, steps=60):
    """Newton's method, damped: three parameters, so the matrix of second derivatives costs little."""
    parameters = np.zeros(3)
    gradient, hessian = autodiff.grad(log_likelihood), autodiff.hessian(log_likelihood)
    for _ in range(steps):
        slope = gradient(parameters, series)
        curvature, directions = np.linalg.eigh(-hessian(parameters, series))
        step = directions @ (directions.T @ slope / np.maximum(np.abs(curvature), 1.0))
        parameters = parameters + step / max(1.0, np.abs(step).max())
        if np.abs(slope).max() < 1e-8:
            break
    return parameters


if __name__ == "__main__":
    data = series_of()
    found = fit(data)
    print("variances of level, slope, observation:", np.exp(found).round(4))
    print("log likelihood:", round(float(log_likelihood(found, data)), 4), " largest slope there:",
          f"{np.abs(autodiff.grad(log_likelihood)(found, data)).max():.1e}")
