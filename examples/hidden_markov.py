"""The likelihood of observations under a hidden Markov model, by the forward algorithm in logarithms.

L. R. Rabiner, A Tutorial on Hidden Markov Models, Proceedings of the IEEE 77 (1989), section III.A.
"""
import numpy as np

import autodiff


def log_softmax(x):
    """Logarithms of probabilities along the last axis."""
    shifted = x - np.max(x, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def log_likelihood(parameters, observations):
    """parameters: dict of start (k,), transition (k, k) and emission (k, m), as logits; observations: ints (n,)."""
    start = log_softmax(parameters["start"])
    transition = np.exp(log_softmax(parameters["transition"]))
    emission = log_softmax(parameters["emission"])
    alpha = start + emission[:, observations[0]]
    for seen in observations[1:]:
        top = np.max(alpha)
        alpha = top + np.log(np.exp(alpha - top) @ transition) + emission[:, seen]
    top = np.max(alpha)
    return top + np.log(np.sum(np.exp(alpha - top)))


def model(states, symbols, length, seed=3):
    """Random logits, and observations of a sticky chain."""
    random = np.random.default_rng(seed)
    parameters = {"start": random.normal(size=states), "transition": random.normal(size=(states, states)),
                  "emission": random.normal(size=(states, symbols))}
    return parameters, random.integers(0, symbols, length)


def fit(parameters, observations, steps=100, rate=0.02):
    """Ascent on the likelihood for each observation; what it was at every step."""
    values = []
    value_and_grad = autodiff.value_and_grad(log_likelihood)
    for _ in range(steps):
        value, gradient = value_and_grad(parameters, observations)
        parameters = {name: parameters[name] + rate * gradient[name] for name in parameters}
        values.append(value / len(observations))
    return parameters, values


if __name__ == "__main__":
    logits, seen = model(6, 4, 200)
    _, history = fit(logits, seen)
    print("log likelihood for each observation:", " ".join(f"{value:.4f}" for value in history[::20] + history[-1:]))
