"""Elementwise rows: functions that NumPy lacks, and activations."""
import numpy as np

import autodiff
from checks import derivative

CASES = {
    "leaky_relu": [(str(s), lambda x: x.leaky_relu(0.2), lambda x: np.where(x > 0, x, 0.2 * x), [s])
                   for s in ((), (2, 3), (0,))]
                  + [("in place", lambda x: x.clone().leaky_relu_(0.2), lambda x: np.where(x > 0, x, 0.2 * x), [(3,)])],
}


def leaky_relu_kink():
    assert derivative(lambda x: autodiff.leaky_relu(x, 0.25), 0.0) == 0.25


KINKS = {"leaky_relu": leaky_relu_kink}
POINTWISE = {"leaky_relu"}
