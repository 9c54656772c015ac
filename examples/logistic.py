"""A logistic regression whose loss is handed to SciPy's optimiser together with its gradient."""
import numpy as np
from scipy.optimize import minimize

import autodiff


def loss(weights, features, labels, penalty=1e-2):
    """The mean negative log likelihood of labels in {0, 1}, with a ridge; weights: (k + 1,), the last one the intercept."""
    scores = features @ weights[:-1] + weights[-1]
    return np.mean(np.logaddexp(0.0, scores) - labels * scores) + penalty * np.dot(weights[:-1], weights[:-1])


def samples(count=400, seed=2):
    """Features, and labels drawn by known weights."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 3))
    labels = random.uniform(size=count) < 1 / (1 + np.exp(-(features @ np.array([1.5, -2.0, 0.5]) + 0.3)))
    return features, labels.astype(float)


def fit(features, labels):
    """SciPy's result."""
    return minimize(autodiff.value_and_grad(loss), np.zeros(features.shape[1] + 1), args=(features, labels), jac=True,
                    method="BFGS")


if __name__ == "__main__":
    x, y = samples()
    result = fit(x, y)
    print("weights and intercept:", result.x.round(4), " loss:", round(result.fun, 6), " steps:", result.nit)
    print("curvature at the end:\n", autodiff.hessian(loss)(result.x, x, y).round(4))
