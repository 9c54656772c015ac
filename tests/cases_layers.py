"""Losses, activations, normalisations and attention."""
import numpy as np

from autodiff import tensor
from autodiff.nn import functional as F

NUMBERS = np.random.default_rng(0).normal(size=(3, 4))


def mean_of(a, reduction):
    return {"none": lambda v: v, "mean": np.mean, "sum": np.sum}[reduction](a)


CASES = {
    "mse_loss": [(f"{shape} {r}", lambda x, y, r=r: F.mse_loss(x, y, reduction=r), lambda x, y, r=r: mean_of((x - y) ** 2, r),
                  [shape, shape]) for shape in ((3, 4), ()) for r in ("mean", "sum", "none")]
                + [("weight", lambda x, y: F.mse_loss(x, y, weight=tensor(NUMBERS ** 2).to(x.dtype)),
                    lambda x, y: ((x - y) ** 2 * NUMBERS ** 2).sum() / (NUMBERS ** 2).sum(), [(3, 4), (3, 4)])],
}
