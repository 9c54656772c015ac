"""Arguments that nobody should give.  Calls name what is defined here; a printed call begins with this file."""
# ruff: noqa: F401 (calls use all of these names)
import contextlib
import enum
import gc
import math

import numpy as np

import autodiff as T
import autodiff.numpy as anp
from autodiff.autograd import forward_ad as fw


class E(enum.IntEnum):
    A = 0
    B = 1


class Int(int):
    pass


class Float(float):
    pass


class Text(str):
    pass


class Raises:
    """Each question that a library may ask of an object is answered with an error."""

    def fail(self, *arguments):
        raise ValueError("a hostile object")

    __index__ = __int__ = __float__ = __complex__ = __array__ = __len__ = __iter__ = __getitem__ = __bool__ = __repr__ = fail


class Acts:
    """Answers every question, and does something to an operand first."""

    def __init__(self, act):
        self.act = act

    def __index__(self):
        self.act()
        return 0

    def __len__(self):
        self.act()
        return 1

    def __getitem__(self, i):
        self.act()
        if i:
            raise IndexError(i)
        return 0

    def __float__(self):
        self.act()
        return 0.5

    def __array__(self, dtype=None, copy=None):
        self.act()
        return np.array([0.5], dtype=dtype)

    def __bool__(self):
        self.act()
        return True


class Finaliser:
    """Garbage in a cycle: whenever the collector comes by, it does something to an operand."""

    def __init__(self, act):
        self.me, self.act = self, act

    def __del__(self):
        with contextlib.suppress(Exception):        # it would be printed as ignored, and is not what is looked for
            self.act()


def itself():
    """A list that holds itself."""
    result = []
    result.append(result)
    return result


def deep(n=400):
    """A list in a list in a list..."""
    result = 1.0
    for _ in range(n):
        result = [result]
    return result


def armed(act, call):
    """Make the call while every allocation runs the collector, which runs the act."""
    gc.disable()
    gc.collect(0)
    Finaliser(act)
    old = gc.get_threshold()
    gc.set_threshold(1)
    gc.enable()
    try:
        return call()
    finally:
        gc.set_threshold(*old)


def churn():
    """Take from and give to the pools, so that what was freed too early is written over."""
    [T.tensor(3.0, requires_grad=True) * 2.0 for _ in range(40)]
    [T.ones(6) * 2.0 for _ in range(4)]
