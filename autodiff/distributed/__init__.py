"""Gradients on many workers, by Dask: sums over shards that no number of workers changes, and functions of many points.

>>> from autodiff import distributed
>>> distributed.pairwise_sum([0.1, 0.2, 0.3, 0.4])
1.0
"""
from ._blocks import Blocks, blocks
from ._passes import SumOfShards, scatter, value_and_grad
from ._passes import map as map
from ._shards import Shards
from ._sums import pairwise_sum

# A star import leaves Python's map alone.
__all__ = ["Blocks", "Shards", "SumOfShards", "blocks", "pairwise_sum", "scatter", "value_and_grad"]
