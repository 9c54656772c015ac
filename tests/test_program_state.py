"""Compiled functions that change what lies outside of them: no replay does that, so they run as they are, and say so."""
import collections
import dataclasses
import functools
import itertools
import random
import types
import warnings

import numpy as np
import pytest

import autodiff

A_GLOBAL = 0.0
POINTS = {"number": (0.5, 1.5, 0.5, 0.25), "array": [np.array(v) for v in ([0.5, 1.0], [1.5, -1.0], [0.5, 1.0], [0.25, 2.0])]}


class Slotted:
    __slots__ = ("h",)

    def __init__(self):
        self.h = 0.0


class Counted:
    calls = 0.0
    table = {}

    def __init__(self):
        self.h = self.count = 0.0
        self.inner = types.SimpleNamespace(h=0.0)
        self.before = []

    def step(self, x):
        self.h = np.tanh(self.h + x)
        return self.h

    def counting(self, x):
        self.count += 1.0
        return x * self.count

    def __call__(self, x):
        self.inner.h = self.inner.h + 1.0
        return x * self.inner.h

    @property
    def next(self):
        self.h += 1.0
        return self.h

    def of_class(self, x):
        Counted.calls += 1.0
        return x * Counted.calls

    def of_table(self, x):
        self.table["n"] = self.table.get("n", 0.0) + 1.0
        return x * self.table["n"]


def of_attribute():
    m = types.SimpleNamespace(h=0.0)

    def f(x):
        m.h = np.tanh(m.h + x)
        return m.h
    return f


def of_slot():
    m = Slotted()

    def f(x):
        m.h = m.h + x
        return m.h * 2.0
    return f


def of_setattr():
    m = types.SimpleNamespace(h=1.0)
    return lambda x: (setattr(m, "h", m.h * 2.0), x * m.h)[1]


def of_dict():
    d = {}

    def f(x):
        d["sum"] = d.get("sum", 0.0) + x
        return d["sum"] * 2.0
    return f


def of_new_keys():
    d = {}

    def f(x):
        d[len(d)] = None
        return x * len(d)
    return f


def of_list():
    seen = [1.0]

    def f(x):
        seen.append(x)
        return x * len(seen)
    return f


def of_list_in_place():
    seen = [1.0, 2.0]

    def f(x):
        seen[0] += 1.0
        return x * seen[0]
    return f


def of_long_list():
    seen = [1.0] * 5000

    def f(x):
        seen.append(1.0)
        return x * len(seen)
    return f


def of_deque():
    seen = collections.deque([1.0], maxlen=3)

    def f(x):
        seen.append(seen[-1] * 2.0)
        return x * seen[0]
    return f


def of_set():
    seen = set()

    def f(x):
        seen.add(len(seen))
        return x * len(seen)
    return f


def of_default_dict():
    seen = collections.defaultdict(float)

    def f(x):
        seen["n"] += 1.0
        return x * seen["n"]
    return f


def of_cell():
    n = 0.0

    def f(x):
        nonlocal n
        n = n + x
        return n * 2.0
    return f


def of_global():
    global A_GLOBAL
    A_GLOBAL = 0.0

    def f(x):
        global A_GLOBAL
        A_GLOBAL = A_GLOBAL + 1.0
        return x * A_GLOBAL
    return f


def of_default():
    def f(x, seen=[]):      # noqa: B006
        seen.append(None)
        return x * len(seen)
    return f


def of_function():
    def f(x):
        return helper(x)

    def helper(x):
        helper.calls += 1.0
        return x * helper.calls

    helper.calls = 0.0
    return f


def of_generator():
    numbers = (float(i) for i in itertools.count(1))
    return lambda x: x * next(numbers)


def of_range():
    numbers = iter(range(1, 100))
    return lambda x: x * next(numbers)


def of_count():
    numbers = itertools.count(1.0)
    return lambda x: x * next(numbers)


def of_zip():
    numbers = zip([1.0] * 50, map(float, range(50)), strict=True)
    return lambda x: x * sum(next(numbers))


def of_numpys_generator():
    rng = np.random.default_rng(0)
    return lambda x: x * rng.standard_normal()


def of_an_old_generator():
    rng = np.random.RandomState(0)
    return lambda x: x * rng.standard_normal()


def of_pythons_generator():
    rng = random.Random(0)
    return lambda x: x * rng.random()


def of_bytes():
    seen = bytearray(b"\1")

    def f(x):
        seen[0] += 1
        return x * seen[0]
    return f


def of_array_attribute():
    m = types.SimpleNamespace(h=np.zeros(3))

    def f(x):
        m.h[1] += 1.0
        return x * float(m.h.sum())
    return f


def of_a_method():
    return Counted().step


def of_a_counting_method():
    return Counted().counting


def of_an_object():
    return Counted()


def of_a_property():
    m = Counted()
    return lambda x: x * m.next


def of_a_class():
    Counted.calls = 0.0
    return Counted().of_class


def of_a_class_table():
    Counted.table.clear()
    return Counted().of_table


def of_partial():
    seen = []

    def f(seen, x):
        seen.append(1)
        return x * len(seen)
    return functools.partial(f, seen)


CHANGING = [of_attribute, of_slot, of_setattr, of_dict, of_list, of_list_in_place, of_long_list, of_deque, of_set,
            of_default_dict, of_cell, of_global, of_default, of_function, of_generator, of_range, of_count, of_zip,
            of_numpys_generator, of_an_old_generator, of_pythons_generator, of_bytes, of_array_attribute, of_a_method,
            of_a_counting_method, of_an_object, of_a_property, of_a_class, of_a_class_table, of_partial]


@pytest.mark.parametrize("kind", ["number", "array"])
@pytest.mark.parametrize("transform", [None, "grad", "value_and_grad"])
@pytest.mark.parametrize("make", CHANGING, ids=lambda make: make.__name__)
def test_what_it_changes_is_changed_in_every_call(make, transform, kind):
    of = getattr(autodiff, transform) if transform else lambda f: f

    def run(compiled):
        function = make()
        inner = summed(function) if kind == "array" else function
        made = of(autodiff.compile(inner) if compiled else inner)
        found = []
        for x in POINTS[kind]:
            value = made(x)
            found.append([np.asarray(v).tolist() for v in (value if type(value) is tuple else (value,))])
        return found, made

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (found, made), (expected, _) = run(True), run(False)
    for a, b in zip(found, expected, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12)
    said = [str(w.message) for w in caught if "runs as it is" in str(w.message)]
    assert len(said) == 1, said
    assert __file__ in said[0], said
    state = getattr(made, "function", made)._state
    assert state.reason is not None and not state.trees and not state.played()


def summed(function):
    def objective(x):
        return np.sum(function(x) * 1.0)
    return objective


@pytest.mark.parametrize("make, words, line", [
    (of_attribute, "it changes m.h", 2), (of_cell, "it changes n, a name of the function around it", 3),
    (of_global, "it changes A_GLOBAL, a global name", 3), (of_list, "it changes seen, a list that it did not make", 2),
    (of_dict, "it changes d, a dict", 2), (of_generator, "it goes on in numbers, an iterator", 0),
    (of_numpys_generator, "it draws random numbers from rng", 0), (of_set, "it changes seen, a set", 2)])
def test_the_warning_names_what_and_the_line(make, words, line):
    function = make()
    c = autodiff.compile(function)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            c(1.0)
    first = function.__code__.co_firstlineno
    text, = [str(w.message) for w in caught]
    place = first + line - 1 if line else first
    assert words in text and f"line {place}," in text, text


# ---- what is no change of anything outside

@dataclasses.dataclass
class Node:
    value: object
    other: object = None


class Lazy:
    def __init__(self):
        self.made = None
        self.log = None

    @functools.cached_property
    def weights(self):
        return np.array([0.5, 2.0])

    def __call__(self, x):
        if self.made is None:
            self.made = 2.0
        return x * self.made * self.weights[1]


@functools.lru_cache
def factor(n):
    return n * 0.5


def with_locals(x):
    node = Node(x)
    node.other = node               # a cycle, which the collector has yet to find
    node.value = node.value * 2.0
    seen, table = [], {}
    for i in range(3):
        seen.append(node.value * i)
        table[i] = seen[-1]
    numbers = iter(seen)
    next(numbers)

    def inner(y):
        nonlocal node
        node = Node(y)
        return node.value
    return inner(next(numbers)) + sum(v for v in table.values())


def with_exceptions(x):
    try:
        raise ValueError(x)
    except ValueError as error:
        kept = error
    return kept.args[0] * 2.0


def with_caches(x):
    return x * factor(3)


def with_generators(x):
    def parts():
        yield x
        yield x * 2.0
    rng = np.random.default_rng(0)
    return sum(parts()) * float(rng.uniform())


MODEL = Lazy()


def with_lazy_attributes(x):
    return MODEL(x)


@pytest.mark.parametrize("function", [with_locals, with_exceptions, with_caches, with_generators, with_lazy_attributes],
                         ids=lambda function: function.__name__)
@pytest.mark.parametrize("kind", ["number", "array"])
def test_what_it_makes_itself_it_may_change(function, kind):
    if function is with_lazy_attributes:
        global MODEL
        MODEL = Lazy()
    inner = summed(function) if kind == "array" else function
    c = autodiff.compile(inner)
    of = autodiff.value_and_grad(c)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in [*POINTS[kind], *POINTS[kind]]:
            np.testing.assert_allclose(c(x), inner(x), rtol=1e-15)
            (value, gradient), (y, g) = of(x), autodiff.value_and_grad(inner)(x)
            np.testing.assert_allclose(value, y, rtol=1e-15)
            np.testing.assert_allclose(gradient, g, rtol=1e-12)
    assert c._state.reason is None and (c._state.played() if kind == "array" else c._state.trees)


def test_what_every_run_leaves_is_left_again_where_somebody_else_changed_it():
    m = types.SimpleNamespace(done=False, n=0)

    def f(x):
        m.done = True
        m.n = 300 + 7
        return x * 2.0

    c = autodiff.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [c(1.0), c(2.0), c(3.0)] == [2.0, 4.0, 6.0] and m.done and c._state.trees
        m.done, m.n = False, 1
        assert c(4.0) == 8.0 and m.done and m.n == 307
        m.n = 2
        assert autodiff.grad(c)(4.0) == 2.0 and m.n == 307
        assert c(5.0) == 10.0 and c(6.0) == 12.0 and c._state.trees and c._state.reason is None


def test_branches_that_leave_different_values_are_told_apart():
    m = types.SimpleNamespace(n=0)

    def f(x):
        m.n = 0
        while x < 4.0:
            x = x * 2.0
            m.n = m.n + 1
        return x

    c = autodiff.compile(f)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for x, n in ((1.0, 2), (1.5, 2), (3.0, 1), (1.0, 2), (3.0, 1), (5.0, 0)):
            c(x)
            assert m.n == n
    assert len(caught) == 1 and "it changes m.n" in str(caught[0].message)


def test_a_dict_with_a_new_key_in_each_call_is_said_and_not_waited_for():
    function, plain = of_new_keys(), of_new_keys()
    c = autodiff.compile(function)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(30):
            assert c(1.5) == plain(1.5)
    assert len(caught) == 1 and "it changes d, a dict" in str(caught[0].message)


def test_a_cache_by_a_static_argument_fills():
    cache = {}

    def f(x, n):
        if n not in cache:
            cache[n] = np.arange(n).sum()
        return x * cache[n]

    c = autodiff.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in (3, 4, 3, 4, 5, 3, 4, 5):
            assert c(2.0, n) == 2.0 * sum(range(n))
    assert c._state.reason is None and c._state.played()


@pytest.mark.parametrize("make", CHANGING, ids=lambda make: make.__name__)
def test_second_derivatives_of_what_it_changes(make):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = autodiff.hessian(autodiff.compile(make()))
        found = [compiled(x) for x in (0.5, 1.5)]
        plain = autodiff.hessian(make())
        expected = [plain(x) for x in (0.5, 1.5)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_an_object_among_the_arguments_is_looked_at_too():
    def f(x, m):
        m.h = m.h + x
        return m.h * 2.0

    c, m = autodiff.compile(f), types.SimpleNamespace(h=0.0)
    with pytest.warns(UserWarning, match="it changes m?.*h"):
        found = [c(1.0, m) for _ in range(3)]
    assert found == [2.0, 4.0, 6.0]


def test_variables_that_a_function_closes_over_do_not_have_it_run_twice():
    w, m = autodiff.tensor([1.0, 2.0], requires_grad=True), types.SimpleNamespace(n=0.0)

    def f(x):
        m.n = m.n + 1.0
        return (x * w).sum() * m.n

    c = autodiff.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(1, 5):
            result = c(np.ones(2))
            assert m.n == i and result.item() == 3.0 * i
            result.backward()
    assert w.grad.tolist() == [10.0, 10.0]
    scale = autodiff.tensor(2.0, requires_grad=True)

    def g(x):
        m.n = m.n + 1.0
        return x * scale * m.n

    m.n, c = 0.0, autodiff.compile(g)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(1, 5):
            assert c(1.0).item() == 2.0 * i and m.n == i


def test_an_error_inside_does_not_change_anything_twice():
    m = types.SimpleNamespace(n=0)

    def f(x):
        m.n += 1
        raise ZeroDivisionError

    c = autodiff.compile(f)
    for x in (1.0, np.ones(3)):
        m.n = 0
        with pytest.raises(ZeroDivisionError):
            c(x)
        assert m.n == 1
