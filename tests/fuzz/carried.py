"""Bytes of compiled functions that were changed, with a checksum that is right again: they are refused with a ValueError, or
are a program that runs.  What is looked for is a crash, and any other error.

A line changes one byte or a few: of all bytes, of a program's or of its code, or a number of a program of arrays; the rest is
put together again around it.
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
ARRAYS = [(np.linspace(-1.0, 1.5, 12).reshape(3, 4), 0.5, [1.0]), (np.linspace(-2.0, 0.5, 12).reshape(3, 4), 0.5, [1.0])]
WHATS = ("all", "program", "code", "code", "code")
OF_ARRAYS = ("all", "outline", "number", "number", "number", "number")
NUMBERS = (-1, 0, 1, 2, 3, 4, 7, 63, 1000, 2**31, 2**40, 2**62, -2**31, -2**63, None, True, 0.5, "float32", (), (0,), (1, 0))
BYTES: list[bytes] = []


def arrays(x, y, v):
    z = np.tanh(x @ x.T) + x[1, ::2].sum() + np.concatenate([x[:, :2], x[:, 1:2]], axis=1)[:, ::-1]
    if z.sum() > y:
        z = np.stack([z[0], z[2]]) * np.array([1.0, 2.0, 3.0])
    return {"a": (np.where(z > 0.1, z, y) ** 2).sum(axis=1).mean() + v[0], "b": np.max(z, axis=0).reshape(1, 3)}


def more_arrays(x, y, v):
    z = np.cumsum(x, axis=1) * np.std(x) + np.roll(x, 1, axis=0) + autodiff.softmax(x, 1) + x[np.array([2, 0, 1])]
    return (z * autodiff.logsumexp(x, 0)).sum() * y + np.tril(x).sum() + np.prod(x) + np.linalg.norm(x)


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
        for function in (arrays, more_arrays):
            of = autodiff.compile(function)
            for args in ARRAYS:
                of(*args)
            BYTES.append(of.to_bytes())


def make(seed):
    rnd = Random(seed)
    lines, which = [], rnd.randrange(12)
    for _ in range(rnd.choice((1, 1, 1, 2, 3))):
        kind = rnd.choices(("set", "add", "drop", "insert", "copy"), (5, 4, 1, 1, 1))[0]
        what = rnd.choice(WHATS if which < 8 else OF_ARRAYS)
        lines.append(f"{what} {kind} {rnd.random()} {rnd.random()} {rnd.randrange(256)}")
    return {"lines": lines, "which": which if which < 8 else 8 + which % 2, "point": rnd.randrange(len(POINTS))}


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
            *before, trees, outlines, over = _bytes.Reader(data, None).get()
            if what == "program":
                trees = tuple([changed(tree, *how) for tree in trees])
            elif what == "outline":
                outlines = tuple([changed(outline, *how) for outline in outlines])
            elif what == "number":
                values = [_bytes.Reader(outline, None).get() for outline in outlines]
                outlines = tuple([written(other_number(value, *how)) for value in values])
            else:
                parts = [list(_bytes.Reader(tree, None).get()) for tree in trees]
                trees = []
                for part in parts:
                    part[4] = changed(part[4], *how)
                    trees.append(written(tuple(part)))
            data = written((*before, tuple(trees), outlines, over))
        except Exception:       # an earlier change broke what is to be changed
            break
    head += struct.pack("<Q", len(data))
    return head + _bytes._checksum(head, data) + data


def other_number(value, kind, at, other, number):
    """The value with one of the numbers and words in its tuples changed."""
    places = []

    def walk(part, path):
        if type(part) is tuple:
            for i, inner in enumerate(part):
                walk(inner, (*path, i))
        elif type(part) in (int, bool, str):
            places.append((path, part))

    walk(value, ())
    path, old = places[int(float(at) * len(places))]
    names = [part for _, part in places if type(part) is str]
    new = (names[int(float(other) * len(names))] if type(old) is str else old + int(number) % 5 - 2 if kind == "add"
           else NUMBERS[int(number) % len(NUMBERS)])

    def built(part, path):
        return tuple([built(inner, path[1:]) if i == path[0] else inner for i, inner in enumerate(part)]) if path else new

    return built(value, path)


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
    whole = _bytes.arguments_of(of._state.trees[0]) if of._state.trees else ARRAYS[program["point"] % 2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for what in (lambda: str(of.program), lambda: of.branches, of.to_bytes):
            wrong = attempt(what)
            if wrong is not None:
                return Fault("looking at it", wrong, ""), None
        for one in derivatives(of):
            for args in (POINTS[program["point"]] if of._state.trees else ARRAYS[0], whole, whole):
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
