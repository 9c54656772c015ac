"""Convolutions, pooling and the geometry of pictures."""
from autodiff.nn import functional as F


def shuffled(a, r):
    *batch, channels, height, width = a.shape
    n = len(batch)
    parts = a.reshape(*batch, channels // r ** 2, r, r, height, width)
    return parts.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2).reshape(*batch, channels // r ** 2, height * r, width * r)


CASES = {
    "pixel_shuffle": [(f"{shape} {r}", lambda x, r=r: F.pixel_shuffle(x, r), lambda a, r=r: shuffled(a, r), [shape])
                      for shape, r in (((2, 8, 2, 3), 2), ((4, 1, 2), 2), ((9, 2, 1), 3), ((1, 2, 2), 1))],
}
