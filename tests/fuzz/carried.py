"""Bytes of compiled functions that were changed, with a checksum that is right again: they are refused with a ValueError, or
are a program that runs.  What is looked for is a crash, and any other error.

A line changes one byte or a few: of all bytes, of a program's or of its code, which are put together again around it.
"""
from __future__ import annotations

import math
import struct
import warnings
from random import Random

import numpy as np

import autodiff
from autodiff.programs import Compiled, _bytes, _carried

from .common import INNER, Fault


def with_loops(x, y, n, v):
    total = 0.0
    for i in range(n):
        total = total + v[i] * x * np.exp(y)
    whole = int(x)
    if x > y:
        return total * np.log(x) + whole + np.maximum(total, 2.0)
    while total > 1.0:
        total = total * 0.5
    return total + y


def nested(x, y, n, v):
    return {"a": math.log(x) * y, "b": [np.where(x > y, x, y), n, "three"], "c": 2.5}


def chosen(x, y, n, v):
    between = (x > 0.5) & (y < 1.5)
    return [np.where(between, x * v[0], np.exp(y)) * np.select([x > y, x < 1.0], [x, y], 0.25), ~between, x > y]


def logarithm(x, y, n, v):
    return math.log(x) * y + v[0]


POINTS = [(2.0, 1.0, 3, [1.0, 2.0, 3.0]), (1.0, 2.0, 3, [1.0, 2.0, 3.0]), (3.5, 1.0, 3, [1.0, 2.0, 3.0]),
          (2.0, 1.0, 2, (1.0, 2.0)), (np.float32(2.0), np.float32(1.0), 3, [1.0, 2.0, 3.0])]
WHATS = ("all", "program", "code", "code", "code")
BYTES: list[bytes] = []


def derivatives(of):
    return (of, autodiff.value_and_grad(of, argnums=(0, 1)), autodiff.hessian(of, argnums=(0, 3)), autodiff.jacobian(of))


def attempt(function, *args):
    """What is wrong with what it raised, or None."""
    try:
        function(*args)
    except INNER as error:
        if not isinstance(error, AssertionError):
            return f"{type(error).__name__}: {error}"
    except Exception:       # in words of its own
        return None
    return None


def warm_up():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for function in (with_loops, nested, chosen, logarithm):
            of = autodiff.compile(function)
            for one in derivatives(of):
                for point in POINTS if function is logarithm else POINTS[:-1]:
                    attempt(one, *point)
            BYTES.extend((of.to_bytes(), _carried.without_function(of._state, True)))


def make(seed):
    rnd = Random(seed)
    lines = []
    for _ in range(rnd.choice((1, 1, 1, 2, 3))):
        kind = rnd.choices(("set", "add", "drop", "insert", "copy"), (5, 4, 1, 1, 1))[0]
        lines.append(f"{rnd.choice(WHATS)} {kind} {rnd.random()} {rnd.random()} {rnd.randrange(256)}")
    return {"lines": lines, "which": rnd.randrange(8), "point": rnd.randrange(len(POINTS))}


def changed(data, kind, at, other, value):
    data = bytearray(data)
    if not data:
        return bytes(data)
    i, j = int(float(at) * len(data)), int(float(other) * len(data))
    if kind == "set":
        data[i] = int(value)
    elif kind == "add":
        data[i] = (data[i] + int(value) % 5 - 2) & 255
    elif kind == "drop":
        del data[i:i + 1 + int(value) % 4]
    elif kind == "insert":
        data[i:i] = bytes([int(value)])
    else:
        data[i:i + 1 + int(value) % 30] = data[j:j + 1 + int(value) % 30]
    return bytes(data)


def forged(data, lines):
    """The bytes after the changes, with the length and the checksum that belong to them."""
    start = len(_bytes.MAGIC) + 3 + data[len(_bytes.MAGIC) + 2]
    head, data = data[:start], data[start + 24:]
    for line in lines:
        what, *how = line.split()
        try:
            if what == "all":
                data = changed(data, *how)
                continue
            *before, trees = _bytes.Reader(data, None).get()
            if what == "program":
                trees = tuple([changed(tree, *how) for tree in trees])
            else:
                parts = [list(_bytes.Reader(tree, None).get()) for tree in trees]
                trees = []
                for part in parts:
                    part[4] = changed(part[4], *how)
                    trees.append(written(tuple(part)))
            data = written((*before, tuple(trees)))
        except Exception:       # an earlier change broke what is to be changed
            break
    head += struct.pack("<Q", len(data))
    return head + _bytes._checksum(head, data) + data


def written(value):
    writer = _bytes.Writer(None)
    writer.put(value)
    return writer.done()


def check(program):
    data = forged(BYTES[program["which"]], program["lines"])
    try:
        of = Compiled.from_bytes(data)
    except ValueError:
        return None, None
    except Exception as error:
        return Fault("an error of another kind", type(error).__name__, str(error)), None
    whole = _bytes.arguments_of(of._state.trees[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for what in (lambda: str(of.program), lambda: of.branches, of.to_bytes):
            wrong = attempt(what)
            if wrong is not None:
                return Fault("looking at it", wrong, ""), None
        for one in derivatives(of):
            for args in (POINTS[program["point"]], whole):
                wrong = attempt(one, *args)
                if wrong is not None:
                    return Fault("a call", wrong, repr(args)), None
        wrong = attempt(autodiff.vmap(autodiff.value_and_grad(of), in_dims=(0, None, None, None)), np.linspace(0.5, 4.0, 70),
                        1.0, 3, [1.0, 2.0, 3.0])
    return (None if wrong is None else Fault("many points", wrong, "")), None


def show(program):
    return "\n".join(["from tests.fuzz import carried", "carried.warm_up()", f"print(carried.check({program!r}))"])


def alike(fault):
    return fault["kind"], fault["line"]
