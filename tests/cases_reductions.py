"""Reductions and sorting."""
import numpy as np

from checks import leaf

CASES = {
    "amin": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.amin(d, k), lambda x, d=dim, k=keep: x.min(axis=d, keepdims=k),
              [(2, 3)]) for dim in (None, 0, (0, 1)) for keep in (False, True)],
    "sort": [(f"{dim} {down}", lambda x, d=dim, down=down: x.sort(d, down)[0],
              lambda x, d=dim, down=down: np.flip(np.sort(x, d), d) if down else np.sort(x, d), [(2, 3)])
             for dim in (0, -1) for down in (False, True)],
}


def amin_ties():
    x = leaf([2.0, 1.0, 1.0])
    x.amin().backward()
    assert x.grad.tolist() == [0, 0.5, 0.5]


KINKS = {"amin": amin_ties}
