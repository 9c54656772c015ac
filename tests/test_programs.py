"""Recorded programs: what is replayed has eager's bits, and what cannot be replayed runs as it did."""
import ctypes
import functools
import gc
import math
import pickle
import random
import re
import sys
import threading
import warnings
from collections import Counter, namedtuple
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
import pytest
from fuzz import recorded

import autodiff
from autodiff import _variable


def compiled(function, **options):
    """A compiled function that is to be replayed: a warning is a failure."""
    warnings.simplefilter("error")
    return autodiff.compile(function, **options)


@pytest.fixture(autouse=True)
def filters():
    with warnings.catch_warnings():
        yield


def eager(function, argnums):
    """value_and_grad() of the function with every float as a Variable, as a recording has them."""
    def inside(*args):
        return function(*[v if isinstance(v, _variable.Base) or not isinstance(v, float) else _variable.as_ndarray(v)
                          for v in args])
    return autodiff.value_and_grad(inside, argnums=argnums)


# ---- random programs

@pytest.mark.parametrize("first", range(0, 400, 40))
def test_random_programs(first):
    for seed in range(first, first + 40):
        program = recorded.make(seed)
        fault, _ = recorded.check(program)
        assert fault is None, f"{fault.kind} {fault.line}: {fault.text}\n{recorded.show(program)}"


def test_what_random_programs_are():
    programs = [recorded.make(seed) for seed in range(300)]
    text = "\n".join("\n".join(program["lines"]) for program in programs)
    for part in ("if ", "else:", "while ", "return ", "int(", "math.log", "np.where", "** ", "detach", "no_grad", "np.isnan"):
        assert part in text, part
    assert any(program["single"] for program in programs)
    assert recorded.make(7) == recorded.make(7)


def test_the_fuzzer_finds_a_wrong_program(monkeypatch):
    """Asked about a function that reads what it changes, of which a program has the first value."""
    monkeypatch.setitem(recorded.NAMES, "state", [])
    lines = ["    v1 = x * y", "    state.append(z)", "    return v1 * len(state)"]
    fault, _ = recorded.check({"lines": lines, "points": [[1.0, 2.0, 3.0]], "single": False, "place": 0})
    assert fault is not None and fault.kind == "gradients"


# ---- branches

def test_a_branch_is_recorded_when_it_is_first_taken():
    runs = SimpleQueue()

    def f(x, y):
        runs.put((x, y))
        if x > y:
            return x * y
        return y - x

    f = compiled(f)
    assert [f(3.0, 2.0), f(5.0, 2.0), f(1.0, 2.0), f(0.0, 2.0), f(7.0, 1.0)] == [6.0, 10.0, 1.0, 2.0, 7.0]
    assert runs.qsize() == 2
    branch, = f.branches
    assert branch.held == 3 and branch.otherwise == 2 and branch.decision == "%0 > %1"
    first = test_a_branch_is_recorded_when_it_is_first_taken.__code__.co_firstlineno
    assert branch.file == __file__ and branch.line == first + 5


def test_the_number_of_steps_of_a_loop():
    def f(x):
        n = 0
        while x < 100.0:
            x, n = x * 1.5, n + 1
        return x * n

    g = autodiff.value_and_grad(compiled(f))
    expected = eager(f, 0)
    for x in (50.0, 1.0, 99.0, 0.01, 100.0, 1.0, 3.0):
        assert g(x) == expected(x)


def test_the_whole_part_of_a_number_decides():
    def f(x, y):
        return [x, x * y, x * y * y][int(y)] + int(x)

    g, expected = autodiff.value_and_grad(compiled(f), argnums=(0, 1)), eager(f, (0, 1))
    for x, y in ((1.5, 0.2), (2.5, 1.2), (-1.5, 2.7), (1.5, 2.2), (1.5, 0.2)):
        assert g(x, y) == expected(x, y)
    for wrong in (math.nan, math.inf):
        with pytest.raises((ValueError, OverflowError)):
            g(1.0, wrong)
    assert g(1.5, 0.2) == expected(1.5, 0.2)


def test_not_a_number_takes_the_other_way():
    def f(x):
        if x:
            return x * 2.0
        if x == 0:
            return x + 1.0
        return x

    f = compiled(f)
    assert f(1.0) == 2.0 and f(0.0) == 1.0 and math.isnan(f(math.nan)) and f(-0.0) == 1.0 and f(3.0) == 6.0


def test_a_long_loop_needs_no_recursion():
    def f(x):
        y = x
        for _ in range(30_000):
            if y > 2.0:
                y = y * 0.5
            y = y * 1.0001
        return y

    f = compiled(f)
    g = autodiff.grad(f)
    assert g(1.0) == g(1.0)
    assert len(f.branches) == 30_000 and str(f.program).count("\n") > 60_000
    del f, g
    gc.collect()


# ---- arguments and results

def test_static_arguments_have_a_program_each():
    def f(x, n, how, flag=None):
        for _ in range(n):
            x = x * x if how == "square" else x + 1.0
        return x if flag is None else -x

    f = compiled(f)
    g = autodiff.grad(f)
    assert f(2.0, 2, "square") == 16.0 and f(2.0, 3, "add") == 5.0 and f(2.0, 2, "square", True) == -16.0
    assert g(2.0, 2, "square") == 32.0 and g(3.0, 2, "square") == 108.0 and g(2.0, 3, "add") == 1.0
    assert f(2.0, True, "add") == 3.0 and f(2.0, 1, "add") == 3.0
    assert f(2.0, n=2, how="square", flag=True) == -16.0 and f(3.0, how="add", n=2) == 5.0
    assert len(f._state.trees) == 6
    assert [f(2.0, np.int64(500 // 250), "".join(("squ", "are"))) for _ in range(3)] == [16.0] * 3 and len(f._state.trees) == 7


def test_objects_are_static():
    class Model:
        def __init__(self, scale):
            self.scale = scale

    def f(x, model):
        return x * model.scale

    f = compiled(f)
    two, three = Model(2.0), Model(3.0)
    assert [f(1.0, two), f(1.0, three), f(2.0, two), f(2.0, three)] == [2.0, 3.0, 4.0, 6.0]


def test_lists_of_floats_are_inputs():
    def f(xs, pair):
        total = 0.0
        for i in range(len(xs) - 1):
            t = xs[i + 1] - xs[i] * xs[i]
            total = total + pair[0] * (t * t) + (pair[1] - xs[i]) ** 2
        return total

    g = autodiff.value_and_grad(compiled(f), argnums=(0, 1))
    expected = autodiff.value_and_grad(f, argnums=(0, 1))
    for xs in ([0.5, 1.0, -0.3], [1.0, 2.0, 3.0], [0.1] * 70, [0.2] * 70):
        assert g(xs, (100.0, 1.0)) == expected(xs, (100.0, 1.0))
    assert autodiff.grad(compiled(f))([0.5, 1.0], (100.0, 1.0)) == expected([0.5, 1.0], (100.0, 1.0))[1][0]
    assert type(g([0.5, 1.0], (100.0, 1.0))[1][1]) is tuple


def test_an_int_that_is_differentiated_is_a_float():
    f = compiled(lambda x, y: x * x * y)
    assert autodiff.grad(f)(3, 2.0) == 12.0
    assert autodiff.grad(f, argnums=(0, 1))(3, 2) == (12.0, 9.0)


def test_results_may_be_trees():
    f = compiled(lambda x, y: {"sum": x + y, "parts": (x * 2.0, [y, 1, "word"])})
    assert f(1.0, 2.0) == f(1.0, 2.0) == {"sum": 3.0, "parts": (2.0, [2.0, 1, "word"])}
    with pytest.raises(RuntimeError, match="return a Tensor, got"):
        autodiff.grad(f)(1.0, 2.0)


def test_a_constant_result():
    f = compiled(lambda x: 7 if x > 0 else x)
    g = autodiff.value_and_grad(f)
    assert g(1.0) == g(2.0) == (7, 0.0) and g(-1.0) == g(-1.0) == (-1.0, 1.0) and f(3.0) == 7


def test_single_precision():
    def f(x, y):
        return np.exp(x) * y + x / 3 if x > 0.1 else y

    g, expected = autodiff.value_and_grad(compiled(f), argnums=(0, 1)), autodiff.value_and_grad(f, argnums=(0, 1))
    for x in (0.3, 0.7, -1.0):
        single = np.float32(x), np.float32(1.25)
        assert g(*single) == expected(*single) and g(x, 1.25) == expected(x, 1.25)
        assert g(*single)[0] == np.float32(g(*single)[0])
        assert g(single[0], 1.25) == expected(single[0], 1.25)


def test_the_three_gradients():
    f = compiled(lambda x, y: x * y * y)
    assert autodiff.grad(f)(2.0, 3.0) == 9.0
    assert autodiff.func.grad_and_value(f, argnums=1)(2.0, 3.0) == (12.0, 18.0)
    assert autodiff.value_and_grad(f, argnums=(1,))(2.0, 3.0) == (18.0, (12.0,))
    assert autodiff.value_and_grad(f, argnums=(1, 0))(2.0, 3.0) == (18.0, (12.0, 9.0))


def test_what_other_transforms_do_with_it():
    def f(x, y):
        return np.sin(x) * y if x > 0 else y * y

    c = compiled(f)
    assert autodiff.hessian(c, argnums=(0, 1))(0.5, 2.0) == autodiff.hessian(f, argnums=(0, 1))(0.5, 2.0)
    assert autodiff.grad(autodiff.grad(c))(0.5, 2.0) == autodiff.grad(autodiff.grad(f))(0.5, 2.0)
    assert autodiff.jvp(lambda x: c(x, 2.0), (0.5,), (1.0,)) == autodiff.jvp(lambda x: f(x, 2.0), (0.5,), (1.0,))
    assert autodiff.grad(c, argnums=-1)(0.5, 2.0) == np.sin(0.5)
    x = autodiff.tensor(0.5, requires_grad=True)
    c(x, 2.0).backward()
    assert x.grad == autodiff.cos(x.detach()) * 2
    values = autodiff.vmap(compiled(lambda x: np.exp(x) * x))(np.array([0.0, 1.0]))
    assert values.tolist() == [0.0, np.exp(1.0)]
    with autodiff.no_grad():
        assert c(0.5, 2.0) == float(np.sin(0.5) * 2)


def test_a_compiled_function_inside_of_another():
    inner = compiled(lambda x: x * x if x > 1 else x)
    outer = compiled(lambda x: inner(x) + inner(x * 2.0))
    g = autodiff.grad(outer)
    assert [g(0.25), g(0.75), g(2.0), g(0.75)] == [3.0, 7.0, 20.0, 7.0]
    assert "mul" in str(outer.program) and outer._state.reason is None


# ---- many points

def branching(x, y, n):
    if x > y:
        return np.exp(x) * y
    while x < 0.5:
        x = x + 0.25 * y * y + 0.1
    return x * n


def flat(result):
    return [v for part in result for v in flat(part)] if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("transform", [
    lambda f: f, autodiff.grad, lambda f: autodiff.value_and_grad(f, argnums=(0, 1)),
    lambda f: autodiff.func.grad_and_value(f, argnums=(1,))])
def test_vmap_goes_its_own_way_at_each_point(transform):
    rng = np.random.default_rng(0)
    xs, ys = rng.standard_normal((2, 300))
    f = transform(compiled(branching))
    found = flat(autodiff.vmap(f, in_dims=(0, 0, None))(xs, ys, 3))
    wanted = [flat(transform(compiled(branching))(x, y, 3)) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
    assert [column.tolist() for column in found] == [list(column) for column in zip(*wanted, strict=True)]
    again = flat(autodiff.vmap(f, in_dims=(0, 0, None))(xs[::-1], ys[::-1], 3))
    assert [column[::-1].tolist() for column in again] == [column.tolist() for column in found]
    one = flat(autodiff.vmap(f, in_dims=(0, None, None))(xs, -0.3, 3))
    assert one[0].shape == (300,)


def test_vmap_of_lists_of_columns():
    f = compiled(lambda p, q: p[0] * p[1] if p[0] > q else p[1] * 3.0)
    xs = [np.arange(3.0), np.array([1.0, 2.0, 5.0])]
    value, gradient = autodiff.vmap(autodiff.value_and_grad(f), in_dims=(0, None))(xs, 0.5)
    assert value.tolist() == [3.0, 2.0, 10.0]
    assert [row.tolist() for row in gradient] == [[0.0, 2.0, 5.0], [3.0, 1.0, 2.0]]
    assert autodiff.vmap(f, in_dims=((0, 0), None))(tuple(xs), 0.5).tolist() == [3.0, 2.0, 10.0]


def test_vmap_where_a_point_raises():
    def f(x):
        if x > 2.0:
            raise LookupError("too large")
        return x * x if x > 0.5 else x

    f = compiled(f)
    xs = np.linspace(0.0, 1.9, 200)
    expected = [x * x if x > 0.5 else x for x in xs.tolist()]
    assert autodiff.vmap(f)(xs).tolist() == expected
    for _ in range(2):
        with pytest.raises(LookupError):
            autodiff.vmap(f)(np.append(xs, [3.0, 0.1]))
    assert autodiff.vmap(f)(xs).tolist() == expected


def test_vmap_where_a_point_cannot_be_recorded():
    def f(x):
        if x > 1.5:
            return x * round(x.detach().item())
        if x > 1.0:
            return x * x
        return math.sqrt(x) if x > 0.0 else -x

    f = autodiff.compile(f)
    xs = np.linspace(-1.0, 2.9, 391)
    with pytest.warns(UserWarning, match="detach"):
        found = autodiff.vmap(f)(xs)
    assert found.tolist() == [
        x * round(x) if x > 1.5 else x * x if x > 1.0 else math.sqrt(x) if x > 0.0 else -x for x in xs.tolist()]


def test_vmap_where_math_raises():
    f = compiled(lambda x: math.log(x) * x)
    xs = np.linspace(0.1, 5.0, 100)
    assert autodiff.vmap(f)(xs).tolist() == [float(np.log(x) * x) for x in xs]
    with pytest.raises(ValueError):
        autodiff.vmap(f)(np.append(xs, -1.0))
    assert autodiff.vmap(f)(np.append(xs, np.inf))[-1] == np.inf


def test_vmap_of_what_is_no_program():
    f = autodiff.compile(lambda x: (x * x).sum())
    assert autodiff.vmap(f)(np.ones((2, 3))).tolist() == [3.0, 3.0]
    assert autodiff.vmap(compiled(lambda x: x * 2.0))(np.ones(0)).shape == (0,)
    assert autodiff.vmap(compiled(lambda x: x * 2.0))(autodiff.ones(2)).tolist() == [2.0, 2.0]
    assert autodiff.vmap(compiled(lambda x: x * 2 if x > 1 else x))(np.array([1, 2])).tolist() == [1.0, 4.0]
    with pytest.raises(ValueError, match="same size"):
        autodiff.vmap(compiled(branching), in_dims=(0, 0, None))(np.ones(2), np.ones(3), 1)


# ---- math

def test_math_is_recorded_and_raises_as_ever():
    def f(x):
        return math.log(x) * math.sin(x) + math.exp(x)

    c = compiled(f)
    g = autodiff.value_and_grad(c)
    expected = autodiff.value_and_grad(autodiff.lift(f))
    for x in (0.5, 2.0, 0.1):
        assert g(x) == expected(x)
    program = str(c.program)
    for wrong, error in ((-1.0, ValueError), (0.0, ValueError), (1e4, OverflowError)):
        for _ in range(2):
            with pytest.raises(error):
                g(wrong)
    assert g(0.5) == expected(0.5) and str(c.program) == program


# ---- what is not replayed

def once(function, *args, match):
    """A call that warns, and names the line; the ones after it do not."""
    c = autodiff.compile(function)
    with pytest.warns(UserWarning, match=match) as record:
        first = c(*args)
    assert len(record) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert c(*args) is not None
    assert "no program" in str(c.program) and c.branches == []
    return first


@pytest.mark.parametrize("function, match", [
    (lambda x, y: x * y.item(), r"item\(\) takes a value out .*test_programs.py, line \d+, in <lambda>"),
    (lambda x, y: x * float(y), "__float__"),
    (lambda x, y: f"{x:.2f}" and x + y, "item"),
    (lambda x, y: math.gamma(x) + y, r"math.gamma\(\) is not recorded"),
], ids=str)
def test_what_is_not_recorded_runs_as_ever(function, match):
    first = once(function, 1.5, 2.5, match=match)
    lifted = autodiff.lift(function)
    expected = lifted(_variable.as_ndarray(1.5), _variable.as_ndarray(2.5))
    assert float(first) == float(expected)


@pytest.mark.parametrize("function", [
    lambda x, y: (x * np.array([1.0, 2.0])).sum() + y, lambda x, y: np.array([x, y]).sum(),
    lambda x, y: x + autodiff.tensor(1.0), lambda x, y: x.astype(np.float32) + y, lambda x, y: x.reshape(1)[0] + y,
    lambda x, y: np.linalg.norm([x, y]) * np.mean([x, y])])
def test_functions_that_make_arrays(function):
    """They have a program of arrays, or run as they are, with one word of it."""
    f = autodiff.compile(function)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for x, y in ((1.5, 2.5), (1.5, 2.5), (-0.5, 3.0)):
            assert float(f(x, y)) == float(autodiff.lift(function)(_variable.as_ndarray(x), _variable.as_ndarray(y)))
    assert len(caught) == (f._state.reason is not None)


@pytest.mark.parametrize("draw", [lambda: np.random.rand(), lambda: random.random(), lambda: float(autodiff.rand(())),
                                  lambda: np.random.normal()])
def test_random_numbers_are_not_frozen(draw):
    with pytest.warns(UserWarning, match="random|rand"):
        c = autodiff.compile(lambda x: x + draw())
        c(1.0)
    assert c(1.0) != c(1.0)


def test_other_modes_inside():
    def f(x):
        with autodiff.no_grad():
            y = x * x
        return y * x

    g = autodiff.grad(autodiff.compile(f))
    with pytest.warns(UserWarning, match="another mode"):
        assert g(3.0) == 9.0
    assert g(3.0) == 9.0


def test_hooks_are_not_forgotten():
    def f(x):
        y = x * 2.0
        if y.requires_grad:
            y.register_hook(lambda g: g * 10.0)
        return y * x

    g = autodiff.grad(autodiff.compile(f))
    with pytest.warns(UserWarning, match="hook"):
        assert g(3.0) == 66.0
    assert g(3.0) == 66.0


def test_a_parameter_closed_over_is_not_frozen():
    p = autodiff.tensor(2.0, requires_grad=True)
    c = autodiff.compile(lambda x: x * p)
    for _ in range(3):
        c(3.0).backward()
    assert p.grad == 9.0
    with autodiff.no_grad():
        p.mul_(2.0)
    assert c(3.0) == 12.0


def test_a_recording_that_raises_leaves_nothing_behind():
    def f(x):
        y = x * 2.0
        if x > 1.0:
            z = y * y
            if x > 2.0:
                raise LookupError("too large")
            return z
        return y

    c = compiled(f)
    g = autodiff.grad(c)
    assert g(0.5) == 2.0
    before = str(c.program)
    for _ in range(2):
        with pytest.raises(LookupError):
            g(3.0)
        assert str(c.program) == before
    assert g(1.5) == 12.0 and g(0.7) == 2.0 and c(1.5) == 9.0
    with pytest.raises(LookupError):
        c(3.0)


def test_what_differs_is_noticed():
    scale = [2.0]
    frozen = compiled(lambda x: x * scale[0])
    checked = autodiff.compile(lambda x: x * scale[0], check=True)
    assert frozen(1.0) == checked(1.0) == 2.0
    assert checked(5.0) == 10.0
    scale[0] = 3.0
    assert frozen(1.0) == 2.0       # documented
    with pytest.raises(RuntimeError, match=r"not the same function twice.*test_programs.py, line \d+"):
        checked(1.0)
    with pytest.raises(RuntimeError, match="not the same function twice"):
        autodiff.grad(checked)(1.0)


def test_another_way_to_the_same_branch_is_noticed():
    scale = [2.0]

    def f(x):
        y = x * scale[0]
        return y if x > 0 else -y

    c = autodiff.compile(f)
    assert c(1.0) == 2.0
    scale[0] = 3.0
    with pytest.warns(UserWarning, match="did something else"):
        assert c(-1.0) == 3.0
    assert c(1.0) == 3.0


def test_memory_is_bounded():
    def f(x):
        return x * int(x * 1000)

    c = autodiff.compile(f, memory=20_000)
    with pytest.warns(UserWarning, match=r"more than 20000 bytes.*test_programs.py, line \d+, in f"):
        for i in range(1000):
            assert c(i * 0.01) == i * 0.01 * int(i * 0.01 * 1000)
    assert c(0.5) == 250.0


def straight(x):
    y = x
    for _ in range(500):
        y = y * 1.0001 + x
    return y


def leaving(state, n, step):
    """A loop of n steps of which each may be the last: step(i, state), and the product of the state where it stops."""
    def f(x, y, stop, zs):
        now = state(x, y)
        for i in range(n):
            now = step(i, x, y, now, zs[i])
            if stop < i:
                return now[0] * now[-1] if i % 2 else now[-1] * now[0]
        return now[0] + now[-1]
    return f


def from_before(i, x, y, now, z):
    return now[0], now[1], now[2] * now[0] + now[1]


def last_one(i, x, y, now, z):
    return now[0] * x, np.sqrt(now[0] * now[0] + z * z)


LEAVING = {
    "one number": (lambda x, y: (x,), lambda i, x, y, now, z: (now[0] * 1.01 + x * y,)),
    "all inputs in each step": (lambda x, y: (x, y), lambda i, x, y, now, z: (np.sin(now[0]) * x + z, now[1] * z + y * now[0])),
    "two that change places": (lambda x, y: (x, x * y), lambda i, x, y, now, z: (now[1] * 0.9 + x, now[0] * y)),
    "three that go round": (lambda x, y: (x, y, x + y), lambda i, x, y, now, z: (now[1] * x, now[2] - z, now[0] * 0.5)),
    "numbers from before the loop": (lambda x, y: (np.exp(x), y * y, x), from_before),
    "what only the last step reads": (lambda x, y: (x, y), last_one),
}


def every_way(function, n):
    """The arguments that stop a leaving() of n steps at each of them, in an order that is none."""
    zs = [0.5 + 0.01 * i for i in range(n)]
    return [(1.1, 0.7, stop - 0.5, zs) for stop in sorted(range(n + 1), key=lambda i: i * 37 % (n + 1))]


@pytest.mark.parametrize("name", LEAVING)
def test_leaves_that_share_reverse_code_have_eagers_bits(name):
    f = leaving(*LEAVING[name][:1], 30, LEAVING[name][1])
    for argnums in ((0,), (0, 1, 3)):
        c = compiled(f)
        replayed, runs = autodiff.value_and_grad(c, argnums=argnums), every_way(f, 30)
        expected = [eager_lists(f, argnums)(*args) for args in runs]
        for _ in range(2):
            assert [replayed(*args) for args in runs] == expected
        stops = np.array([args[2] for args in runs])
        values, gradients = autodiff.vmap(replayed, in_dims=(None, None, 0, None))(1.1, 0.7, stops, runs[0][3])
        assert values.tolist() == [value for value, _ in expected]
        assert gradients[0].tolist() == [gradients[0] for _, gradients in expected]


def eager_lists(function, argnums):
    """eager(), of lists of floats, too."""
    def inside(*args):
        return function(*[[_variable.as_ndarray(x) if isinstance(x, float) else x for x in v] if isinstance(v, list) else
                          _variable.as_ndarray(v) if isinstance(v, float) else v for v in args])
    return autodiff.value_and_grad(inside, argnums=argnums)


def of_leaving(name, n, argnums):
    """The tree of a leaving() with all its leaves differentiated."""
    c = compiled(leaving(*LEAVING[name][:1], n, LEAVING[name][1]))
    call = autodiff.value_and_grad(c, argnums=argnums)
    for args in every_way(None, n):
        call(*args)
    tree, = c._state.trees
    assert tree.leaves == n + 1
    return tree


@pytest.mark.parametrize("name", LEAVING)
@pytest.mark.parametrize("argnums", [(0, 1), (0, 1, 3)])
def test_bytes_grow_as_the_leaves_do(name, argnums):
    few, more, most = [of_leaving(name, n, argnums).bytes for n in (50, 100, 200)]
    assert (most - more) / 100 < 1.15 * (more - few) / 50
    assert (most - more) / 100 < 1600


def test_bytes_of_a_straight_program():
    c = compiled(straight)
    autodiff.grad(c)(1.0)
    tree, = c._state.trees
    assert tree.bytes <= 48 * 1000


def in_use():
    """What the C library has given away, in bytes; None where it does not say."""
    mallinfo = getattr(ctypes.CDLL(None), "mallinfo2", None) if sys.platform == "linux" else None
    if mallinfo is None:
        return None
    mallinfo.restype = type("Info", (ctypes.Structure,), {"_fields_": [(f"n{i}", ctypes.c_size_t) for i in range(10)]})
    info = mallinfo()
    return info.n7 + info.n4 or None        # in use on the heap, mapped; a sanitizer counts nothing


@pytest.mark.skipif(in_use() is None, reason="the C library does not say what it gave away")
@pytest.mark.parametrize("kind", ["straight", "matrix", "leaving"])
def test_bytes_are_what_the_tree_takes(kind):
    if kind == "leaving":
        tree = of_leaving("all inputs in each step", 400, (0, 1))
    else:
        c = compiled(straight)
        (autodiff.grad if kind == "straight" else autodiff.hessian)(c)(1.0)
        tree, = c._state.trees
        del c
    for _ in range(3):      # what other tests left behind goes now, and not with it
        gc.collect()
    said, before = tree.bytes, in_use()
    del tree
    gc.collect()
    assert 0.95 * said < before - in_use() < 1.05 * said + 16384


# ---- threads, and code that runs in the middle

def test_threads_call_one_program():
    def f(x, y):
        n = 0
        while x > 1.0 and n < 40:
            x, n = x * y, n + 1
        return x * x + y

    c = compiled(f)
    g, expected = autodiff.value_and_grad(c, argnums=(0, 1)), eager(f, (0, 1))
    points = [(1.0 + i * 0.37, 0.3 + (i % 7) * 0.09) for i in range(200)]
    wanted = [expected(*p) for p in points]
    wrong = []

    def work(start):
        for i in range(600):
            k = (start * 31 + i * 7) % len(points)
            if g(*points[k]) != wanted[k]:
                wrong.append(points[k])

    threads = [threading.Thread(target=work, args=(start,)) for start in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_finaliser_that_calls_the_program():
    c = compiled(lambda x, y: (x * y, x + y, [x, y]))
    assert c(2.0, 3.0) == (6.0, 5.0, [2.0, 3.0])

    class Trap:
        def __init__(self):
            self.me = self

        def __del__(self):
            c(100.0, 200.0)

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(300):
            Trap()
            assert c(2.0, 3.0) == (6.0, 5.0, [2.0, 3.0])
    finally:
        gc.set_threshold(*threshold)


# ---- to look at

def test_the_listing():
    def lesson(x):
        return np.log(x ** 2) * np.sin(x) + 1 / x

    c = compiled(lesson)
    assert str(c.program) == "no program: nothing is recorded yet"
    c(0.5)
    line = lesson.__code__.co_firstlineno + 1
    assert [row.split("#")[0].strip() for row in str(c.program).splitlines()] == [
        "%1 = square %0", "%2 = log %1", "%3 = sin %0", "%4 = mul %2, %3", "%5 = div 1.0, %0", "%6 = add %4, %5", "return %6"]
    assert str(c.program).count(f"# lesson, line {line}") == 6


def test_the_listing_of_branches():
    def f(x):
        if x > 0:
            return x * int(x)
        return x

    c = compiled(f)
    for x in (1.5, 2.5, 3.5, -1.0):
        c(x)
    assert [row.split("#")[0].rstrip() for row in str(c.program).splitlines()] == [
        "if %0 > 0.0:", "    if int(%0) == 1:", "        %1 = mul %0, 1.0", "        return %1", "    elif int(%0) == 2:",
        "        %1 = mul %0, 2.0", "        return %1", "    else:", "        guard int(%0) == 3", "        %1 = mul %0, 3.0",
        "        return %1", "else:", "    return %0"]


@autodiff.compile
def at_the_top(x):
    """Twice x."""
    return x * 2.0


class Holder:
    scale = 3.0

    @autodiff.compile
    def times(self, x):
        return x * self.scale


def test_names_pickles_methods():
    assert at_the_top.__doc__ == "Twice x." and at_the_top.__name__ == "at_the_top"
    assert repr(at_the_top) == "compile(at_the_top)"
    assert repr(autodiff.value_and_grad(at_the_top)) == "value_and_grad(at_the_top)"
    assert pickle.loads(pickle.dumps(at_the_top)) is at_the_top
    assert pickle.loads(pickle.dumps(autodiff.grad(at_the_top)))(1.0) == 2.0
    holder = Holder()
    assert holder.times(2.0) == holder.times(2.0) == 6.0
    assert autodiff.grad(holder.times)(2.0) == 3.0
    with pytest.raises(TypeError, match="takes a function"):
        autodiff.compile(3)
    assert autodiff.compile(check=True)(lambda x: x * x)(3.0) == 9.0


# ---- second order, and matrices

def rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total = total + 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
    return total


def arrow(x):
    """The first variable meets all others, which meet no other."""
    total = 0.0
    for v in x[1:]:
        total = total + np.sin(x[0] * v) * v
    return total


def grid(x):
    """Neighbours on a grid of three columns."""
    total = x[0] ** 2
    for i in range(len(x) - 3):
        total = total + np.exp(x[i] * x[i + 3]) + (x[i] * x[i + 1] * np.tanh(x[i]) if i % 3 < 2 else 0.0)
    return total


def special(x, y):
    """Rules with masks, a branch, an operand for both sides."""
    if x < y:
        return np.hypot(x, y) * autodiff.erf(x * y) + np.maximum(x, 0.25) ** y
    return np.arctan2(x, y) * np.logaddexp(x, y) - x / y * np.sqrt(x)


def replays(function, *args):
    """What is replayed, not what was found while it was recorded."""
    function(*args)
    return function(*args)


def close(found, expected):
    """The same but for the order in which contributions to a second derivative are added."""
    ours, theirs = (autodiff._pytree.flatten(tree) for tree in (found, expected))
    return ours[1] == theirs[1] and np.allclose(np.array(ours[0]), np.array(theirs[0]), rtol=1e-14, atol=0)


@pytest.mark.parametrize("function, args, argnums", [
    (rosenbrock, (np.linspace(0.5, 1.5, 30).tolist(),), 0),
    (rosenbrock, (tuple(np.linspace(0.5, 1.5, 4).tolist()),), (0,)),
    (special, (0.5, 0.75), (0, 1)),
    (special, (0.75, 0.5), (1, 0)),
    (special, (0.75, 0.5), 1),
    (lambda v, s: rosenbrock(v) * s * s, (np.linspace(0.5, 1.5, 5).tolist(), 2.0), (0, 1)),
    (lambda x: 3.0, (1.0,), 0),
    (lambda x: x, (1.0,), 0),
])
def test_hessians_are_eagers(function, args, argnums):
    c = compiled(function)
    expected = autodiff.hessian(function, argnums=argnums)(*args)
    found = replays(autodiff.hessian(c, argnums=argnums), *args)
    assert c._state.reason is None and type(found) is type(expected)
    assert found == expected if function is rosenbrock else close(found, expected)


def test_jacobians_and_products():
    def f(x, y):
        return {"a": x * y, "b": [np.sin(x), y / x, 3.0]}

    c = compiled(f)
    for kind in (autodiff.jacobian, autodiff.jacrev, autodiff.jacfwd):
        for argnums in (0, 1, (1, 0)):
            assert replays(kind(c, argnums=argnums), 1.5, 2.0) == kind(f, argnums=argnums)(1.5, 2.0)
    assert replays(lambda *a: autodiff.jvp(c, a, (1.0, 0.5)), 1.5, 2.0) == autodiff.jvp(f, (1.5, 2.0), (1.0, 0.5))
    c = compiled(special)
    for point in ((0.5, 0.75), (0.75, 0.5)):
        for what in (autodiff.hvp, autodiff.jvp):
            assert close(replays(lambda *a, what=what: what(c, a, (1.0, -0.5)), *point), what(special, point, (1.0, -0.5)))
    assert c._state.reason is None


def test_the_second_order_is_computed_by_the_program():
    calls = SimpleQueue()

    def f(x):
        calls.put(x)
        return x ** 3

    c = compiled(f)
    of = autodiff.hessian(c)
    of(2.0)
    while not calls.empty():
        calls.get()
    assert (of(3.0), autodiff.hvp(c, (2.0,), (1.0,)), autodiff.jvp(c, (2.0,), (1.0,))) == (18.0, (8.0, (12.0,)), (8.0, 12.0))
    assert replays(autodiff.jacobian(c), 2.0) == 12.0
    assert calls.qsize() == 1       # the Jacobian was recorded


def test_a_variable_that_is_closed_over_has_no_tangent():
    """One of 0 would make NaN of an infinite value."""
    w = autodiff.numpy.array(0.7)
    f = lambda x: np.log(x) * w
    c = autodiff.compile(f)
    for x in (2.0, 0.0, -0.5, 2.0):
        with np.errstate(all="ignore"):
            found, expected = autodiff.jvp(c, (x,), (1.0,)), autodiff.jvp(f, (x,), (1.0,))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("argnums", [0, (1, 0)])
def test_vmap_of_hessians(argnums):
    x, y = np.random.default_rng(0).uniform(0.1, 2.0, (2, 200))
    found = autodiff.vmap(autodiff.hessian(compiled(special), argnums=argnums))(x, y)
    expected = [autodiff.hessian(special, argnums=argnums)(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert np.allclose(np.moveaxis(np.array(found), -1, 0), np.array(expected), rtol=1e-13, atol=0)


def test_levels_and_threads_have_the_same_bits():
    from autodiff import _kernels, _program
    x, y = np.random.default_rng(0).uniform(0.1, 2.0, (2, 1500))
    found = []
    threads = autodiff.get_num_threads()
    try:
        for level in _kernels.cpu_levels():
            for count in (1, 3):
                _program.use_level(level)
                autodiff.set_num_threads(count)
                c = compiled(special)
                found.append([autodiff.vmap(autodiff.value_and_grad(c, argnums=(0, 1)))(x, y)[1],
                              autodiff.vmap(autodiff.hessian(c, argnums=(0, 1)))(x, y),
                              autodiff.hessian(c, argnums=(0, 1))(0.5, 0.75)])
    finally:
        autodiff.set_num_threads(threads)
        _program.use_level(_kernels.chosen_cpu_level())
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert np.array_equal(np.array(a), np.array(b))
    with pytest.raises(ValueError, match="no loops"):
        _program.use_level("sse9")


@pytest.mark.parametrize("function, size, colours", [(rosenbrock, 40, 3), (arrow, 40, 2), (grid, 40, 9)])
def test_sparse_hessians_and_colours(function, size, colours):
    pytest.importorskip("scipy")
    x = np.linspace(0.2, 1.1, size).tolist()
    of = autodiff.sparse_hessian(function)
    expected = np.array(autodiff.hessian(function)(x))
    for found in (of(x), of(x), of(np.array(x))):
        assert type(found).__name__ == "csr_array" and found.has_canonical_format
        assert np.allclose(found.toarray(), expected, rtol=1e-13, atol=0)
    state = of._made[None,]._state
    number, colour, _ = state.trees[0].colours((x,), state.choice((0,)), 1)
    assert number <= colours and max(colour) == number - 1
    check_colours(found, colour)


def check_colours(pattern, colour):
    """Each element stands alone in the colour of its column, among its row's, or else in that of its row among its column's."""
    rows = [set(pattern.indices[pattern.indptr[i]:pattern.indptr[i + 1]].tolist()) for i in range(pattern.shape[0])]
    for i, row in enumerate(rows):
        for j in row:
            assert i in rows[j]
            alone = sum(colour[k] == colour[j] for k in rows[i]) == 1 or sum(colour[k] == colour[i] for k in rows[j]) == 1
            assert alone, (i, j)


def test_random_patterns_are_coloured():
    pytest.importorskip("scipy")
    rnd = random.Random(0)
    for _ in range(40):
        size = rnd.randint(2, 25)
        pairs = [(rnd.randrange(size), rnd.randrange(size)) for _ in range(rnd.randint(1, 2 * size))]

        def f(x, pairs=pairs):
            total = 0.0
            for i, j in pairs:
                total = total + np.sin(x[i] * x[j]) * x[i]
            return total

        x = [rnd.uniform(0.1, 1.0) for _ in range(size)]
        of = autodiff.sparse_hessian(f)
        found = of(x)
        assert np.allclose(found.toarray(), np.array(autodiff.hessian(f)(x)), rtol=1e-12, atol=1e-15)
        state = of._made[None,]._state
        check_colours(found, state.trees[0].colours((x,), state.choice((0,)), 1)[1])
        jacobian = autodiff.sparse_jacobian(lambda x, pairs=pairs: [x[i] * np.exp(x[j]) for i, j in pairs])
        of = autodiff.jacobian(lambda x, pairs=pairs: [x[i] * np.exp(x[j]) for i, j in pairs])
        assert np.array_equal(jacobian(x).toarray(), np.array(of(x)))


def test_sparse_matrices_of_arrays_branches_and_others():
    pytest.importorskip("scipy")
    x = np.linspace(0.5, 1.5, 6)

    def f(x):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2) + np.exp(x[0])

    assert np.allclose(autodiff.sparse_hessian(f)(x).toarray(), autodiff.hessian(f)(x), rtol=1e-12)
    found = autodiff.sparse_jacobian(lambda x: x[1:] * np.exp(x[:-1]))(x)
    assert np.allclose(found.toarray(), autodiff.jacobian(lambda x: x[1:] * np.exp(x[:-1]))(x), rtol=1e-14)

    def branches(x, n):
        return [x[i] ** 2 if x[i] > 0 else x[i] * x[(i + 1) % n] for i in range(n)]

    of = autodiff.sparse_jacobian(compiled(branches))
    for point in ([1.0, 2.0, 3.0], [-1.0, 2.0, 3.0], [1.0, 2.0, 3.0]):
        assert np.array_equal(of(point, 3).toarray(), np.array(autodiff.jacobian(branches)(point, 3)))
    assert repr(of).startswith("sparse_jacobian(")
    assert pickle.loads(pickle.dumps(autodiff.sparse_hessian(rosenbrock, argnums=0)))([1.0, 2.0]).shape == (2, 2)


def test_what_has_no_sparse_matrix():
    pytest.importorskip("scipy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError, match=r"cannot be recorded as a program of numbers: .*item"):
            autodiff.sparse_hessian(lambda x: x[0] * x[0].item())([1.0, 2.0])
    with pytest.raises(RuntimeError, match="returns no number"):
        autodiff.sparse_hessian(lambda x: [x[0], x[1]])([1.0, 2.0])
    with pytest.raises(TypeError, match="hand its values over"):
        autodiff.sparse_hessian(rosenbrock)(autodiff.tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match="place of one argument"):
        autodiff.sparse_jacobian(rosenbrock, argnums=(0,))
    with pytest.raises(TypeError, match="makes a function"):
        autodiff.sparse_jacobian(3)
    with pytest.raises(RuntimeError, match="there are 1 arguments"):
        autodiff.sparse_jacobian(rosenbrock, argnums=1)([1.0, 2.0])


def test_sparse_matrices_need_scipy(monkeypatch):
    import sys
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(ImportError, match=r"autodiff-core\[scipy\]"):
        autodiff.sparse_hessian(rosenbrock)([1.0, 2.0])


def test_infinite_factors_are_not_spread_over_a_colour():
    """0 * inf is where eager has it, whether rows share a lane or not."""
    def f(x):
        return x[0] * x[1] + np.sqrt(x[2]) * x[3] + x[4] ** 2

    x = [1.0, 2.0, 0.0, 1.0, 3.0]
    found, expected = (np.array(replays(autodiff.hessian(g), x)) for g in (compiled(f), f))
    assert np.array_equal(found, expected, equal_nan=True)


def test_what_goes_along():
    """has_aux: the first result is differentiated, the others are returned beside it."""
    def f(x, y):
        if x > y:
            return x * y, {"sum": x + y, "n": 3}
        return x / y, {"sum": x - y, "n": 4}

    c = compiled(f)
    for kind in (autodiff.grad, autodiff.value_and_grad, autodiff.func.grad_and_value):
        for argnums in (0, (1, 0)):
            of, replayed = (kind(g, argnums=argnums, has_aux=True) for g in (f, c))
            for point in ((2.0, 1.0), (1.0, 2.0)):
                assert replays(replayed, *point) == of(*point)
    assert c._state.reason is None
    with pytest.raises(RuntimeError, match="Expected f"):
        autodiff.grad(c)(2.0, 1.0)
    with pytest.raises(RuntimeError, match="should be a tuple"):
        autodiff.grad(compiled(lambda x: x * x), has_aux=True)(2.0)


def test_a_program_is_drawn():
    def f(x, y):
        if x > y:
            return x * int(y)
        return y - x

    c = compiled(f)
    for point in ((2.0, 1.0), (3.0, 2.5), (4.0, 3.5), (1.0, 2.0)):
        c(*point)
    picture = c.program.draw()
    kinds = Counter(box.kind for box in picture.boxes.values())
    # x > y, and whether int(y) is 1, 2, 3; four ends; two inputs; three products and a difference
    assert kinds == {"decision": 4, "output": 4, "leaf": 2, "op": 4}
    assert Counter(label for _, _, label, _ in picture.arrows if label) == {"yes": 4, "no": 3}
    assert all(start in picture.boxes and end in picture.boxes for start, end, *_ in picture.arrows)
    ends = [key for key, box in picture.boxes.items() if box.kind == "output"]
    assert all(any(end == key for _, end, *_ in picture.arrows) for key in ends)
    assert picture.dot.count('shape="diamond"') == 4 and "%0" in picture.text()
    assert compiled(f).program.draw().boxes == {}


# ---- conditions as values

POINTS = [(1.5, 2.0), (-1.5, 2.0), (0.0, -0.0), (0.5, 0.5), (-0.25, -3.0), (float("nan"), 1.0), (float("inf"), -1.0)]
CHOICES = {
    "where": lambda x, y: np.where(x > 0, x * y, y),
    "where of what has no value": lambda x, y: np.where(x > 0, np.log(x), np.sqrt(x)) * y,
    "where of numbers": lambda x, y: np.where(x > 0, 1.0, -1.0) * y,
    "where of a value": lambda x, y: np.where(x, x * x, y),
    "autodiff's where": lambda x, y: autodiff.where(x > 0, x * x, y),
    "nested": lambda x, y: np.where(x > 0, np.where(y > 0, x * y, -y), np.where(y > x, x, y * y)),
    "maximum": lambda x, y: np.maximum(x, y) * np.minimum(x, 0), "clip": lambda x, y: np.clip(x, 0, 1) * y,
    "abs": lambda x, y: np.abs(x) * abs(y) + np.sign(x) * y,
    "select": lambda x, y: np.select([x > 1, x > 0], [x, y], 0.5) * y,
    "select without a default": lambda x, y: np.select([x > 1, x > 0], [x * x, 2]) * 1.0 * y,
    "and": lambda x, y: np.where((x > 0) & (y > 1), x, y * y), "or": lambda x, y: np.where((x > 0) | (y > 1), x, y * y),
    "xor": lambda x, y: np.where((x > 0) ^ (y > 1), x, y * y), "not": lambda x, y: np.where(~(x > 0), x, y * y),
    "with a bool": lambda x, y: np.where((x > 0) & True, x, y) * np.where(False | (x > y), 2.0, y),
    "logical": lambda x, y: np.where(np.logical_and(x > 0, np.logical_not(y > 1)), x, y * y),
    "logical of values": lambda x, y: np.where(np.logical_or(x, y), x + 1.0, y),
    "times": lambda x, y: (x > 0) * y + x * (y > x) + (x > 0) * 2.5 + 1.5 * (y <= 0) + (1.0 - (x > y)) * x,
    "one of two": lambda x, y: (x > 0) * (y > 0) * x + ((x > 0) + (y > 0)) * y,
    "astype": lambda x, y: (x > 0).astype(float) * y, "isnan": lambda x, y: np.where(np.isnan(np.log(x)), 0.25, y),
}


@pytest.mark.parametrize("name", CHOICES)
def test_choices_have_no_branches(name):
    """One program, recorded once, with eager's bits on every side, at one point, at many, and in second derivatives."""
    f = CHOICES[name]
    plain = lambda x, y: f(_variable.as_ndarray(x), _variable.as_ndarray(y)) if type(x) is float else f(x, y)
    of, expected = autodiff.value_and_grad(compiled(f), argnums=(0, 1)), autodiff.value_and_grad(plain, argnums=(0, 1))
    for point in POINTS:
        assert recorded.same_bits(of(*point), expected(*point)), (name, point)
    function = of.function
    assert function.branches == [] and len(function._state.trees) == 1
    values, rows = autodiff.vmap(of)(*np.array(POINTS * 20).T)
    for i, point in enumerate(POINTS * 20):
        assert recorded.same_bits((values[i].item(), tuple(row[i].item() for row in rows)), expected(*point)), (name, point)
    hessian = autodiff.hessian(plain, argnums=(0, 1))
    second = autodiff.hessian(function, argnums=(0, 1))
    for point in POINTS[:5]:
        for _ in range(2):
            assert recorded.near(recorded.as_floats(hessian(*point)), recorded.as_floats(second(*point))), (name, point)


def test_choices_of_float32():
    f = compiled(lambda x, y: np.where(x > y, x * y, y) * np.where(y > 0, np.float32(0.1), x) + (x > 0) * y)
    of, expected = autodiff.value_and_grad(f, argnums=(0, 1)), eager(f.__wrapped__, (0, 1))
    for x, y in ((0.3, 0.1), (-0.3, 0.7), (1.1, -2.3), (0.3, 0.1)):
        x, y = np.float32(x), np.float32(y)
        found = expected(_variable.as_ndarray(x), _variable.as_ndarray(y))
        assert recorded.same_bits(recorded.as_floats(of(x, y)), recorded.as_floats(found))
    assert f.branches == []


def test_what_a_condition_decides():
    """bool(), an int, a text, an index or a key of it are guards; a condition that is returned is a value again."""
    forms = [lambda x, y: x if x > y else y, lambda x, y: int(x > y) * y, lambda x, y: {True: x, False: y * y}[x > y],
             lambda x, y: sum([x > 0, y > 0, x > y]) * y, lambda x, y: np.where(x > y, 3, 4) * y,
             lambda x, y: (1 - (x > y)) * y, lambda x, y: (str(x > y), x * y),
             lambda x, y: x * y if np.any([x > y, y > 3]) else y,
             lambda x, y: np.piecewise(x, [x < 0, x > y], [lambda t: -t, lambda t: t * t, 0.5]) * y,
             lambda x, y: x * y if isinstance(x > y, np.bool_) else 0.0, lambda x, y: (x > y, [x <= y, ~(x > 0)], x * y),
             lambda x, y: (lambda c: np.where(c, x, y) if c else np.where(c, y, x * y))(x > y), lambda x, y: x > y]
    for f in forms:
        g = compiled(f)
        for point in ((2.0, 1.0), (1.0, 2.0), (-1.0, -2.0), (-2.0, 1.0), (2.0, 1.0), (1.0, 2.0)):
            expected = f(*map(_variable.as_ndarray, point))
            expected = autodiff.programs.map_leaves(lambda v: v.item() if isinstance(v, _variable.Base) else v, expected)
            found = g(*point)
            assert type(found) is type(expected) and found == expected, (found, expected)
        assert g._state.reason is None


def test_conditions_that_are_returned_are_no_branches():
    f = compiled(lambda x, y: {"a": (x * y, [x > y]), "b": ~(y > 1.0), "c": np.isnan(x)})
    g = compiled(lambda x: x > 0)
    for point in ((2.0, 1.5), (1.0, 2.0), (2.0, 0.5), (math.nan, 1.0)):
        x, y = point
        assert str(f(x, y)) == str({"a": (x * y, [np.bool_(x > y)]), "b": np.bool_(not y > 1.0), "c": np.isnan(x)})
        assert g(y - 1.0) is np.bool_(y > 1.0)
        of = autodiff.value_and_grad(lambda x, y: f(x, y)["a"][0])
        assert recorded.same_bits(of(x, y), (x * y, y))
    line = f.__wrapped__.__code__.co_firstlineno
    assert f.branches == [] and g.branches == [] and str(f.program).count(f"line {line}") == 5
    assert autodiff.vmap(g)(np.array([1.0, -1.0, 0.0])).tolist() == [True, False, False]


@pytest.mark.parametrize("function", [
    lambda x, y: round(x) * y, lambda x, y: math.floor(x) * y + math.ceil(y) * x, lambda x, y: math.trunc(x) * y,
    lambda x, y: [x, y, x * y, y][math.floor(abs(x)) % 4] * 2.0, lambda x, y: y if math.isnan(x) else x * y,
    lambda x, y: y if math.isinf(x) or not math.isfinite(y) else x * y, lambda x, y: x if math.isclose(x, y) else x * y,
    lambda x, y: x if math.isclose(x, 0.5, rel_tol=0.0, abs_tol=0.1) else x * y,
    lambda x, y: math.log(abs(x) + 1.5, abs(y) + 0.5), lambda x, y: math.log(x, y), lambda x, y: math.log(2.0, y) * x])
def test_whole_numbers_and_questions_are_guards(function):
    points = [*POINTS, (0.5, 0.5 + 1e-12), (2.5, -2.5), (1.5, 1.0), (3.5, 0.5), (0.5, 1.0), (2.0, 0.0)]
    c, plain = compiled(function), autodiff.lift(function)
    inside = lambda x, y: plain(_variable.as_ndarray(x), _variable.as_ndarray(y)) if type(x) is float else plain(x, y)
    for of, expected in ((lambda f: f, inside), (autodiff.grad, autodiff.grad(inside))):
        for _ in range(2):
            for point in points:
                a, b = recorded.outcome(expected, *point), recorded.outcome(of(c), *point)
                a = a.item() if isinstance(a, _variable.Base) else a
                assert recorded.same_bits(a, b, signs=False), (point, a, b)
    assert c._state.reason is None and not c._state.over_arrays


def test_math_raises_in_forward_mode():
    """The values of a point are read there, though its tangents are many."""
    def f(x, y):
        try:
            return math.log(x) * y
        except ValueError:
            return y

    for g in (autodiff.lift(f), compiled(f)):
        for of in (autodiff.jacfwd, autodiff.jacrev, autodiff.jacobian):
            for _ in range(2):
                assert np.allclose(of(g, argnums=(0, 1))(2.0, 3.0), (1.5, math.log(2.0)))
                assert of(g, argnums=(0, 1))(-2.0, 3.0) == (0.0, 1.0)
    g = autodiff.jacfwd(autodiff.lift(lambda x: math.floor(x) * x + math.gamma(x) + math.remainder(x, 2.0)))
    assert np.isclose(g(-0.5), -1.0 + autodiff.grad(autodiff.lift(math.gamma))(-0.5) + 1.0)


def test_a_condition_outlives_its_recording():
    outside = SimpleQueue()
    f = compiled(lambda x, y: outside.put(x > y) or x * y)
    assert f(2.0, 1.0) == 2.0
    kept = outside.get()
    assert kept and not ~kept and kept * 2.5 == 2.5 and str(kept) == "True"
    assert type(pickle.loads(pickle.dumps(kept))) is np.bool_
    assert f(1.0, 2.0) == 2.0 and f.branches == []


def test_arrays_made_of_numbers():
    """Functions of numbers that compute with arrays of their own have programs of arrays, also within vmap()."""
    f = compiled(lambda x, y: np.sum([x, y, x * y]) + np.linalg.norm([x, y]))
    for _ in range(3):
        assert f(3.0, 4.0) == 24.0
    assert f._state.reason is None and f._state.over_arrays
    g = autodiff.grad(compiled(lambda x: np.mean([x, x * x])))
    assert autodiff.vmap(g)(np.array([1.0, 2.0])).tolist() == [1.5, 2.5]


@pytest.mark.parametrize("function", [
    lambda x, y: np.array([x, y]).sum(), lambda x, y: np.array([[x, y], [1.0, x * y]]) @ np.array([x, 2.0]) @ np.ones(2),
    lambda x, y: np.array((x, y), dtype=float).prod(), lambda x, y: autodiff.tensor([x, y]).sum() * y,
    lambda x, y: np.array([x, y])[0 if x > y else 1] * y, lambda x, y: np.asarray(x) * y if x < y else np.array([x, y]).max()])
def test_arrays_of_arguments_are_recorded(function):
    f, plain = compiled(function), autodiff.lift(function)
    of, expected = autodiff.value_and_grad(f, argnums=(0, 1)), autodiff.value_and_grad(
        lambda x, y: plain(_variable.as_ndarray(x), _variable.as_ndarray(y)), argnums=(0, 1))
    for x, y in ((2.0, 1.0), (0.5, 3.0), (2.0, 1.0), (-1.0, 0.25)):
        value, gradients = expected(_variable.as_ndarray(x), _variable.as_ndarray(y))
        assert np.allclose([f(x, y), *recorded.as_floats(of(x, y))[1]], [value.item(), *[g.item() for g in gradients]])
    assert f._state.reason is None and f._state.over_arrays


@pytest.mark.parametrize(("function", "word"), [
    (lambda x, y: x * y * len(f"{x:.3f}"), "item() takes a value out"),
    (lambda x, y: x * y * len(str(x)), "__repr__() takes a value out"),
    (lambda x, y: float(x.detach()) * y, "__float__() takes a value out"),
    (lambda x, y: x.item() * y, "item() takes a value out")])
def test_what_takes_a_number_out_runs_as_it_is(function, word):
    f = autodiff.compile(function)
    line = function.__code__.co_firstlineno
    with pytest.warns(UserWarning, match=rf"runs as it is.*{re.escape(word)} \(.*, line {line}, in") as told:
        for x, y in ((2.0, 1.0), (0.5, 3.0), (2.0, 1.0)):
            inside = _variable.as_ndarray(x), _variable.as_ndarray(y)
            assert f(x, y) == function(*inside)
            assert autodiff.grad(f, argnums=1)(x, y) == autodiff.grad(function, argnums=1)(*inside)
    assert len(told) == 1


# ---- Variables that the function closes over

def test_numbers_closed_over_are_inputs_by_reference():
    w, shift = autodiff.tensor(0.5, requires_grad=True, dtype=autodiff.float64), autodiff.numpy.array(0.25)

    def f(x, y):
        z = x * w + shift
        return z * z if z > y else np.exp(w * y)

    c = compiled(f)
    points = ((2.0, 1.0), (1.0, 2.0), (2.0, 1.0), (1.0, 2.0), (3.0, -1.0))
    for value, by in ((0.5, 0.25), (-1.5, 0.125), (2.0, 3.0)):
        with autodiff.no_grad():
            w.fill_(value)
            shift[...] = by
        for point in points:
            w.grad = None
            expected = f(*map(_variable.as_ndarray, point))
            expected.backward()
            slope, w.grad = w.grad.item(), None
            found = c(*point)
            assert type(found) is type(expected) and found.item() == expected.item()
            found.backward()
            assert w.grad.item() == slope
            with autodiff.no_grad():
                assert c(*point).item() == expected.item()
    assert len(c._state.trees) == 1 and c._state.trees[0].leaves == 2 and not c._state.over_arrays
    grad = autodiff.grad(c)(2.0, 1.0)       # the gradient in an argument is a function of w, as in eager code
    grad.backward()
    assert c._state.reason is None and w.grad is not None


def test_numbers_closed_over_that_need_no_gradient():
    """Then all is replayed: gradients, second derivatives, many points."""
    a, b = autodiff.numpy.array(0.5), autodiff.numpy.array(-2.0)
    f = lambda x, y: x * a * y + y * b if x > y else np.tanh(b * x) * a
    plain = lambda x, y: f(_variable.as_ndarray(x), _variable.as_ndarray(y)) if type(x) is float else f(x, y)
    c = compiled(f)
    of, expected = autodiff.value_and_grad(c, argnums=(0, 1)), autodiff.value_and_grad(plain, argnums=(0, 1))
    for _ in range(3):
        for point in ((2.0, 1.0), (1.0, 2.0), (0.5, 0.25)):
            assert recorded.same_bits(of(*point), expected(*point)) and c(*point) == f(*map(_variable.as_ndarray, point)).item()
            both = [autodiff.hessian(g, argnums=(0, 1))(*point) for g in (c, plain)]
            assert recorded.near(*map(recorded.as_floats, both))
            both = [autodiff.hvp(g, point, (1.0, 0.5)) for g in (c, plain)]
            assert recorded.as_floats(both[0]) == recorded.as_floats(both[1])
        values, _ = autodiff.vmap(of, in_dims=(0, None))(np.linspace(-2.0, 2.0, 150), 0.5)
        assert values.tolist() == [expected(x, 0.5)[0] for x in np.linspace(-2.0, 2.0, 150).tolist()]
        a *= 1.5
        b += 0.75
    assert c._state.reason is None and not c._state.over_arrays


def test_a_name_that_stands_for_another_variable():
    def of(w, holder):
        def f(x):
            return x * w * holder.slope

        def rebind(v):
            nonlocal w
            w = v
        return f, rebind

    holder = lambda: 0
    holder.slope = autodiff.numpy.array(3.0)
    f, rebind = of(autodiff.numpy.array(2.0), holder)
    c = compiled(f)
    assert c(1.0) == 6.0 and c(1.0) == 6.0 and autodiff.grad(c)(1.0) == 6.0
    rebind(autodiff.numpy.array(5.0))
    assert c(1.0) == 15.0 and autodiff.grad(c)(1.0) == 15.0 and c(1.0) == 15.0
    globals()["A_NUMBER"] = autodiff.numpy.array(2.0)
    c = compiled(lambda x: x * A_NUMBER)        # noqa: F821
    assert c(1.0) == 2.0 and c(1.0) == 2.0
    globals()["A_NUMBER"] = autodiff.numpy.array([4.0, 1.0])
    assert c(1.0).tolist() == [4.0, 1.0] and c(1.0).tolist() == [4.0, 1.0]
    globals()["A_NUMBER"] = autodiff.numpy.array([5.0, 1.0])        # a program of arrays
    assert c(1.0).tolist() == [5.0, 1.0]
    for k in range(120):
        globals()["A_NUMBER"] = autodiff.numpy.array(float(k))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert c(1.0) == k
    assert "others each time" in c._state.reason


# ---- arguments

@dataclass
class Line:
    slope: float
    shift: float
    power: int = 2


Point = namedtuple("Point", "x y")


def by_keyword(x, *rest, scale=1.0, power=2, **more):
    return scale * x**power + sum(rest) + more.get("shift", 0.0)


def test_arguments_by_keyword():
    c = compiled(by_keyword)
    calls = [((1.5,), {}), ((1.5, 2.0), {"scale": 3.0}), ((1.5,), {"power": 3}),
             ((1.5, 2.0, 3.0), {"shift": 0.5, "scale": 2.0}), ((1.5, 2.0, 3.0), {"scale": 2.0, "shift": 0.25}),
             ((0.5, 1.0), {"scale": -1.0})]
    for _ in range(3):
        for args, kwargs in calls:
            assert c(*args, **kwargs) == by_keyword(*args, **kwargs)
            for of in (autodiff.grad, autodiff.hessian, functools.partial(autodiff.value_and_grad, argnums=0)):
                assert of(c)(*args, **kwargs) == of(by_keyword)(*args, **kwargs)
    assert c._state.reason is None and str(c.program).count("return") == 4
    plain = lambda x, y=2.0, z=3.0: x * y + z
    c = compiled(plain)
    for args, kwargs in (((1.0,), {}), ((1.0,), {"z": 5.0}), ((), {"x": 1.0, "z": 4.0}), ((1.0, 4.0), {}),
                         ((1.0,), {"y": 7.0})):
        assert c(*args, **kwargs) == plain(*args, **kwargs)
    assert not c._state.forms and c(x=1.0) == 5.0
    for args, kwargs in (((), {}), ((1.0,), {"x": 2.0}), ((1.0,), {"t": 2.0}), ((1.0, 2.0, 3.0, 4.0), {})):
        with pytest.raises(TypeError, match="argument"):
            c(*args, **kwargs)


def test_numbers_in_containers():
    def f(line, point, table, n):
        y = (line.slope * point.x + line.shift) ** line.power
        if y > table["limit"]:
            return table["limit"] * point.y * n
        return y * table["weights"][0][1] + table["weights"][1] * n

    of = autodiff.value_and_grad(f, argnums=(0, 1, 2))
    c = compiled(f)
    replayed = autodiff.value_and_grad(c, argnums=(0, 1))
    for _ in range(3):
        for slope in (0.5, 2.0):
            args = (Line(slope, 0.25), Point(1.5, -2.0), {"limit": 3.0, "weights": [(1, 2.0), 0.5]}, 3)
            assert c(*args) == f(*args) and autodiff.grad(c, argnums=1)(*args) == autodiff.grad(f, argnums=1)(*args)
            assert replayed(*args) == autodiff.value_and_grad(f, argnums=(0, 1))(*args)
            line, table = Line(slope, 0.25, 2.0), {"limit": 3.0, "weights": [(1.0, 2.0), 0.5]}
            value, gradients = autodiff.value_and_grad(c, argnums=(0, 1, 2))(line, *args[1:2], table, 3)
            expected, slopes = of(line, *args[1:2], table, 3)
            assert value == expected and gradients == slopes
    assert c._state.reason is None and len(c.branches) >= 2


@pytest.mark.parametrize("odd", [{1, 2}, bytearray(b"x"), [1.0, {2}], np.array(["a"], object)], ids=str)
def test_a_call_that_no_program_has_leaves_the_others(odd):
    c = autodiff.compile(lambda x, y: x * 2.0)
    assert c(1.0, 2.0) == 2.0
    with pytest.warns(UserWarning, match="this call of .* runs as it is"):
        assert c(1.5, odd) == 3.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert c(1.5, odd) == 3.0 and c(2.0, 2.0) == 4.0 and autodiff.grad(c)(1.0, 2.0) == 2.0
    assert c._state.reason is None and c._state.trees[0].leaves == 1


def test_an_auxiliary_result_beside_a_gradient_in_arrays():
    c = autodiff.compile(lambda x: ((x * x).sum(), x * 2))
    of = autodiff.grad(c, has_aux=True)
    for _ in range(3):
        gradient, aux = of(np.array([1.0, 2.0]))
        assert gradient.tolist() == [2.0, 4.0] and aux.tolist() == [2.0, 4.0]
    assert c._state.reason is None and c._state.played()


def test_writes_into_arguments_reach_the_caller():
    def into_list(xs, y):
        xs[0] = xs[0] * y
        xs.append(y)
        return xs[0] + xs[1]

    def into_dict(d, y):
        d["product"] = d["a"] * y
        d["list"].append(y)
        return d["product"] * 2.0

    for function, make in ((into_list, lambda: [1.0, 2.0]), (into_dict, lambda: {"a": 2.0, "list": [1.0]})):
        c, said = autodiff.compile(function), 0
        for _ in range(3):
            given, expected = make(), make()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                assert c(given, 3.0) == function(expected, 3.0)
            said += len(caught)
            assert given == expected and [type(v) for v in given] == [type(v) for v in expected]
            assert not any(isinstance(v, _variable.Base) for v in autodiff.programs.flatten(given)[0])
        assert said == 1


class Model:
    def __init__(self, rate):
        self.rate = rate

    @autodiff.compile
    def method(self, x):
        return x * self.rate

    @autodiff.compile
    @staticmethod
    def outside(x):
        return x * 3.0

    @staticmethod
    @autodiff.compile
    def inside(x):
        return x * 3.0

    @autodiff.compile
    @classmethod
    def of_class(cls, x):
        return x * 4.0


def test_methods():
    two, three = Model(2.0), Model(3.0)
    for _ in range(3):
        assert two.method(1.0) == 2.0 and three.method(1.0) == 3.0 and autodiff.grad(two.method)(1.0) == 2.0
        assert two.outside(1.0) == Model.outside(1.0) == two.inside(1.0) == 3.0
        assert two.of_class(1.0) == Model.of_class(1.0) == 4.0
        assert autodiff.grad(Model.outside)(1.0) == 3.0 and autodiff.grad(Model.of_class)(1.0) == 4.0
    assert Model.inside._state.reason is None and len(vars(Model)["method"]._state.trees) == 2
    many = autodiff.compile(lambda o, x: x * o.rate)
    with pytest.warns(UserWarning, match="more than 512 programs"):
        for k in range(600):
            assert many(Model(float(k)), 2.0) == 2.0 * k


def test_a_compiled_function_calls_others_and_itself():
    @autodiff.compile
    def power(x, n):
        return x if n <= 1 else power(x, n - 1) * x

    inner = compiled(lambda x: x * x if x > 0 else -x)
    outer = compiled(lambda x, y: inner(x) + inner(y))
    for _ in range(2):
        assert power(2.0, 5) == 32.0 and autodiff.grad(power)(2.0, 3) == 12.0
        assert outer(1.0, 2.0) == 5.0 and outer(1.0, -2.0) == 3.0 and autodiff.grad(outer, argnums=1)(1.0, -2.0) == -1.0
    assert len(outer.branches) == 2 and power._state.reason is None


def test_a_function_is_traced_by_an_example():
    def f(x, y):
        return x * y if x > y else y

    for example, count in (((2.0, 1.0), 1), ((1.0, 2.0), 1)):
        traced = autodiff.jit.trace(f, example)
        assert len(traced.branches) == count and traced(*example) == f(*example)
        assert (traced(3.0, 2.0), traced(2.0, 3.0)) == (6.0, 3.0)
    assert autodiff.jit.trace(lambda x: x + 1.0, 2.0)(3.0) == 4.0
    with pytest.raises(ZeroDivisionError):
        autodiff.jit.trace(lambda x: 1 / 0, 2.0)


def test_a_row_of_a_jacobian_has_no_nan_of_another():
    """Where the derivative of one result is infinite, those that do not depend on it stay what they are."""
    f = compiled(lambda x, y: (np.sqrt(x), y + x, x * y, y**0.5 + x * 0.0))
    for of in (autodiff.jacrev, autodiff.jacfwd, autodiff.jacobian):
        for _ in range(2):
            assert of(f, argnums=(0, 1))(0.0, 4.0) == ((np.inf, 0.0), (1.0, 1.0), (4.0, 0.0), (0.0, 0.25))
    sparse = pytest.importorskip("scipy.sparse")
    g = compiled(lambda xs: [xs[0]**0.5, xs[0] + xs[1], xs[1] * xs[2], xs[2]**0.5, xs[2] * xs[0]])
    expected = [[np.inf, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, np.inf], [0, 0, 0]]
    found = autodiff.sparse_jacobian(g)([0.0, 1.0, 0.0])
    assert sparse.issparse(found) and found.toarray().tolist() == expected
    assert autodiff.jacobian(g)([0.0, 1.0, 0.0]) == expected


def test_a_number_that_waits_in_the_generator_is_a_draw():
    """The second of a pair of normal numbers moves no word of the generator's state."""
    @autodiff.compile
    def f(x):
        return x * np.random.standard_normal()

    state = np.random.get_state()
    try:
        np.random.seed(0)
        np.random.standard_normal()         # the first of the pair
        waits = np.random.get_state()
        expected = 2.0 * np.random.standard_normal()
        np.random.set_state(waits)
        with pytest.warns(UserWarning, match="draws random numbers"):
            assert f(2.0) == expected
    finally:
        np.random.set_state(state)


@pytest.mark.parametrize("wanted", [autodiff.grad, autodiff.value_and_grad, autodiff.func.grad_and_value])
def test_a_graph_that_says_more_than_the_recording_is_differentiated(wanted):
    """What is watched, switched off or copied inside is no op of two numbers: the pass through the graph decides."""
    def copied(x, y):
        return x.copy() * y + x

    def switched(x, y):
        z = y * 2.0
        return (x * z).detach() * x

    def watched(x, y):
        z = x * y
        z.register_hook(lambda g: g * 10.0)
        return z * y

    for f in (copied, switched, watched):
        call = wanted(autodiff.compile(f), argnums=(0, 1))
        eager = wanted(autodiff.lift(f), argnums=(0, 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            for x, y in ((1.5, 2.5), (0.5, -3.0)):
                assert call(x, y) == eager(x, y), f


def test_values_that_are_gone_are_not_taken_for_others():
    """Variables of a long loop lie where earlier ones did; some have no node, since nothing is differentiated in them."""
    def f(x, y):
        total = x
        for i in range(300):
            a = y * (i + 0.5)
            b = x * a
            del a
            c = y + b * 0.25
            total = total * 0.99 + c * (y - 0.5)
        return total

    for places in ((0,), (1,), (0, 1)):
        call, eager = (autodiff.value_and_grad(g, argnums=places) for g in (autodiff.compile(f), autodiff.lift(f)))
        for x, y in ((0.3, 0.7), (-1.25, 2.5)):
            assert call(x, y) == eager(x, y)


def test_a_global_array_of_an_attribute_s_name_is_none_of_the_function_s():
    """np.exp is no exp that a notebook has: replaced in each call, it made programs of numbers give up."""
    names = {"np": np}
    exec("def f(x):\n    return np.exp(x)\n\ndef g(x):\n    return np.exp(x) * exp[1]", names)
    c = compiled(names["f"])
    assert c(1.0) == math.exp(1.0)
    names["exp"] = np.array([1.0, 3.0])
    assert autodiff.grad(c)(1.0) == math.exp(1.0) and c._state.trees
    assert autodiff.grad(autodiff.compile(names["g"]))(1.0) == 3.0 * math.exp(1.0)


def test_results_may_have_none_among_them():
    def f(x, y):
        if x < 0.0:
            return None
        if x > 5.0:
            return {"root": x * y, "why": None}
        return x * y, None, "found", 3

    c = compiled(f)
    for _ in range(2):
        for args in ((1.0, 2.0), (-1.0, 2.0), (6.0, 2.0), (2.0, 1.0)):
            assert c(*args) == f(*args)
    assert type(c).from_bytes(c.to_bytes())(-1.0, 2.0) is None and len(c.branches) == 2
    with pytest.raises(RuntimeError, match="NoneType"):
        autodiff.jvp(c, (-1.0, 2.0), (1.0, 0.0))


def test_an_empty_list_has_an_empty_gradient():
    c = compiled(lambda xs, y=2.0: sum(xs) * y)
    assert autodiff.value_and_grad(c)([]) == (0.0, []) and autodiff.value_and_grad(c)([1.0, 2.0]) == (6.0, [2.0, 2.0])
    assert autodiff.grad(c, argnums=(0, 1))([], 3.0) == ([], 0.0)


def test_a_state_that_grows_is_written_and_that_is_said_once():
    """Each step made another form of the argument, which was recorded for nothing, and a warning of its own."""
    @dataclass
    class State:
        x: float
        history: list

    def step(state, dt):
        state.x = state.x * (1.0 - dt)
        state.history.append(state.x)
        return state.x

    c, ours, plain = autodiff.compile(step), State(1.0, []), State(1.0, [])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(5):
            assert c(ours, 0.125) == step(plain, 0.125) and ours == plain
    assert len(caught) == 1 and "it writes into an argument" in str(caught[0].message)


@pytest.mark.parametrize("memory", [-1, "a", 1.5, None])
def test_memory_is_a_number_of_bytes(memory):
    with pytest.raises(ValueError, match="a number of bytes"):
        autodiff.compile(abs, memory=memory)


def test_what_is_seen_when_a_run_is_over_names_the_function_s_line():
    function = lambda x: (x, object())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        autodiff.compile(function)(1.0)
    assert len(caught) == 1 and f"line {function.__code__.co_firstlineno}, in <lambda>" in str(caught[0].message)
    assert caught[0].filename == __file__       # the line that called it
