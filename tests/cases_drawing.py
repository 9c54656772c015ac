"""Random numbers of distributions with parameters, where nothing is left to chance; chance is the business of test_drawing.

A slope has no derivative of its own, so that none of these rows can be held to second differences: they are in VALUES.
"""
import numpy as np

from autodiff._variable import OPS


def drawn(row, *operands):
    return OPS.apply(row, operands, (np.random.default_rng(0),))


A, Z = np.array([0.5, 2.0, 7.5]), np.array([0.25, 0.5, 0.75])


def power_slope(a, z):
    """Of beta distributions whose second parameter is 1: z ** a is the distribution function."""
    return -z * np.log(z) / a


VALUES = {
    "poisson_draw": [("of no rate", lambda x: drawn("poisson_draw", x), np.zeros_like, [np.zeros((2, 3))])],
    "binomial_draw": [("of no choice", lambda x, y: drawn("binomial_draw", x, y), lambda x, y: x * y,
                       [np.arange(6.0).reshape(2, 3), np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])])],
    "gamma_draw": [("of no shape", lambda x: drawn("gamma_draw", x), lambda x: np.full_like(x, np.finfo(x.dtype).tiny),
                    [np.zeros((2, 3))])],
    "beta_draw": [("of no width", lambda x: drawn("beta_draw", x, x), lambda x: np.full_like(x, 0.5),
                   [np.full((2, 3), 1e300)])],
    "dirichlet_draw": [("of one number", lambda x: drawn("dirichlet_draw", x), np.ones_like, [np.full((2, 1), 3.0)])],
    "gamma_sample": [("the sample", lambda x, y: OPS.apply("gamma_sample", (x, y), ()), lambda x, y: y, [A, Z])],
    "dirichlet_sample": [("the sample", lambda x, y: OPS.apply("dirichlet_sample", (x, y), ()), lambda x, y: y,
                          [np.stack([A, A]), np.stack([Z, Z])])],
    "gamma_slope": [("at 0 and beyond", lambda x, y: OPS.apply("gamma_slope", (x, y), ()),
                     lambda x, y: np.where(y == 0, 0.0, np.nan),
                     [A, np.array([0.0, -1.0, np.nan])])],
    "beta_slope": [("of a power", lambda x, y: OPS.apply("beta_slope", (x, y), ())[..., 0].round(decimals=12),
                    lambda x, y: power_slope(x[..., 0], y[..., 0]).round(12),
                    [np.stack([A, np.ones(3)], -1), np.stack([Z, 1 - Z], -1)])],
}
