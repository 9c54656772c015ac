"""Stands in until vmap batches."""
from . import _variable as _v


def batch_rows(run, basis, count):
    rows = [run(*(b[i] for b in basis)) for i in range(count)]
    return [_v.FUNCTIONS["stack"](list(column)) for column in zip(*rows, strict=True)]
