"""Compiled functions that change what lies outside of them: no replay does that, so they run as they are, and say so."""
import collections
import dataclasses
import datetime
import decimal
import fractions
import functools
import itertools
import pathlib
import random
import re
import types
import uuid
import warnings
from queue import SimpleQueue

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


# ---- static arguments, and values that are asked for by what they are

Pair = collections.namedtuple("Pair", "a b")


def made_twice():
    utc = datetime.timezone(datetime.timedelta(hours=1))
    return [range(3), slice(0, 2), slice(None, None, -1), frozenset([1, 2]), frozenset([1.5, ("a", 2)]),
            decimal.Decimal("1.50"), fractions.Fraction(2, 3), datetime.date(2020, 1, 2),
            datetime.datetime(2020, 1, 2, 3, tzinfo=utc), datetime.timedelta(days=2), np.dtype("f4"), np.dtype([("a", "f8")]),
            np.int8(3), np.float16(1.5), np.longdouble(1.5), np.datetime64("2020-01-02"), np.str_("abc"), 10 ** 30, "abc" * 2,
            uuid.UUID(int=5), pathlib.PurePosixPath("a/b"), (range(2), slice(1)), Pair(1, "x")]


@pytest.mark.parametrize("i", range(len(made_twice())))
def test_static_arguments_are_told_by_their_values(i):
    """Each call was recorded anew, until there were 512 programs."""
    one, other = made_twice()[i], made_twice()[i]
    for x in (1.5, np.array([1.0, 2.0, 3.0])):
        calls = SimpleQueue()

        def f(x, s, calls=calls):
            calls.put(s)
            return np.sum(x * 2.0)

        c = autodiff.compile(f)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert c(x, one) == c(x, other) == c(x, one) == np.sum(x * 2.0)
            before = calls.qsize()
            assert c(x, one) == c(x, other) and calls.qsize() == before <= 3
            gradient = autodiff.grad(c)
            gradient(x, one)
            before = calls.qsize()
            gradient(x, other)
            assert calls.qsize() == before


@pytest.mark.parametrize("one, other", [
    (range(0, 3, 2), range(0, 4, 2)), (slice(0, 2), slice(False, 2)), (slice(0.0), slice(-0.0)),
    (frozenset([1]), frozenset([True])), (frozenset([1]), frozenset([1.0])), (decimal.Decimal("1.5"), decimal.Decimal("1.50")),
    (datetime.datetime(2020, 1, 1, 12, tzinfo=datetime.UTC),
     datetime.datetime(2020, 1, 1, 13, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))),
    (np.float16(0.0), np.float16(-0.0)), (np.datetime64("2020-01-01"), np.datetime64("2020-01-01", "s")), (1, True),
    (fractions.Fraction(3), fractions.Fraction(4)), (np.dtype("f4"), np.dtype("f8"))])
def test_equal_values_that_are_not_the_same_have_programs_of_their_own(one, other):
    seen = SimpleQueue()

    def f(x, s):
        seen.put(s)
        return x * 2.0

    c = autodiff.compile(f)
    for s in (one, other):
        c(1.0, s)
        assert repr(seen.get()) == repr(s)


def test_a_branch_that_returns_a_constant_is_a_program_too():
    """An empty array, or a branch without a value, ended the programs of a function."""
    def total(x):
        found = 0.0
        for v in x:
            found = found + v * v
        return found

    def stopped(x):
        return 0.0 if x.sum() < 0.0 else (x * x).sum()

    for f, points in ((total, (np.ones(3), np.zeros(0), np.full(3, 2.0), np.zeros((0, 2)))),
                      (stopped, (np.ones(3), -np.ones(3), np.full(3, 2.0), -np.ones(3)))):
        c = autodiff.compile(f)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for of in (lambda g: g, autodiff.grad, autodiff.value_and_grad, autodiff.func.grad_and_value):
                made, plain = of(c), of(f)
                for x in [*points, *points]:
                    for a, b in zip(flat(made(x)), flat(plain(x)), strict=True):
                        assert np.shape(a) == np.shape(b) and np.array_equal(a, b)
        assert c._state.reason is None and c._state.played()


def flat(value):
    return value if type(value) is tuple else (value,)


def test_a_result_that_has_no_gradient_raises_and_leaves_the_programs():
    c = autodiff.compile(lambda x: (x * x).sum() if x.ndim == 1 else x * x)
    gradient, x = autodiff.grad(c), np.ones(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradient(x).tolist() == [2.0, 2.0]
        with pytest.raises(Exception, match=r"number|scalar|grad"):
            gradient(np.ones((2, 2)))
        assert gradient(x).tolist() == [2.0, 2.0]
    assert c._state.reason is None


def test_a_complex_argument_leaves_the_programs():
    c = autodiff.compile(lambda x, z: abs(x * z))
    assert c(2.0, 1.0) == 2.0
    with pytest.warns(UserWarning, match="this call of .* complex"):
        assert c(2.0, 3.0 + 4.0j) == 10.0
    assert c._state.reason is None and c(3.0, 1.0) == 3.0 and c._state.trees


@pytest.mark.parametrize("kind", ["number", "array"])
def test_a_number_as_a_key_is_no_program(kind):
    """It was found by what the Variable is, and its default was frozen."""
    table = {1.0: 5.0, 2.0: 7.0}
    f = (lambda x: x * table.get(x, 0.5)) if kind == "number" else (lambda x: x[0] * table.get(x[0], 0.5))
    c = autodiff.compile(f)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = [c(v if kind == "number" else np.array([v, 1.0])) for v in (1.0, 2.0, 3.0, 1.0)]
    assert found == [5.0, 14.0, 1.5, 5.0]
    assert len(caught) == 1 and "hash() takes a value out" in str(caught[0].message) and __file__ in str(caught[0].message)


def test_the_line_is_the_user_s_where_scipy_takes_a_value_out():
    stats = pytest.importorskip("scipy.stats")
    c = autodiff.compile(lambda x: stats.norm.cdf(x) * x)
    line = c.__wrapped__.__code__.co_firstlineno
    with pytest.warns(UserWarning, match=rf"takes a value out \({re.escape(__file__)}, line {line}, in <lambda>\)"):
        assert c(0.0) == 0.0


def test_vmap_of_a_function_that_makes_something_once():
    m = types.SimpleNamespace(table=None)

    def f(x):
        if m.table is None:
            m.table = {True: 2.0, False: 3.0}
        return x * m.table[bool(x > 0.0)]

    for of in (lambda f: f, autodiff.grad):
        m.table, xs = None, np.array([1.0, -2.0, 3.0])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = autodiff.vmap(of(autodiff.compile(f)))(xs)
        assert found.tolist() == [of(f)(x) for x in xs.tolist()]


# ---- Variables that stand elsewhere

class Weighted:
    weight = autodiff.tensor([1.0, 2.0])

    def __call__(self, x):
        return (x * self.weight).sum()


def by_class_attribute():
    Weighted.weight = autodiff.tensor([1.0, 2.0])
    return Weighted(), lambda: setattr(Weighted, "weight", autodiff.tensor([3.0, -1.0]))


def by_class():
    Weighted.weight = autodiff.tensor([1.0, 2.0])
    return (lambda x: (x * Weighted.weight).sum()), lambda: setattr(Weighted, "weight", autodiff.tensor([3.0, -1.0]))


def by_default():
    def f(x, parameters={"w": autodiff.tensor([1.0, 2.0])}):        # noqa: B006, B008
        return (x * parameters["w"]).sum()
    return f, lambda: f.__defaults__[0].update(w=autodiff.tensor([3.0, -1.0]))


def by_tuple():
    m = types.SimpleNamespace(ws=(autodiff.tensor([1.0, 2.0]),))
    return (lambda x: (x * m.ws[0]).sum()), lambda: setattr(m, "ws", (autodiff.tensor([3.0, -1.0]),))


def by_list():
    ws = [autodiff.tensor([1.0, 2.0])]

    def f(x):
        for w in ws:
            x = x * w
        return x.sum()
    return f, lambda: ws.append(autodiff.tensor([3.0, -1.0]))


def by_shorter_list():
    f, _ = by_list()
    ws = f.__closure__[0].cell_contents
    ws.append(autodiff.tensor([3.0, -1.0]))
    return f, ws.pop


def by_dict():
    ws = {"a": autodiff.tensor([1.0, 2.0])}

    def f(x):
        for w in ws.values():
            x = x * w
        return x.sum()
    return f, lambda: ws.update(b=autodiff.tensor([3.0, -1.0]))


@pytest.mark.parametrize("make", [by_class_attribute, by_class, by_default, by_tuple, by_list,
                                  by_shorter_list, by_dict], ids=lambda make: make.__name__)
def test_variables_that_stand_elsewhere_are_found_there(make):
    f, change = make()
    c, x = autodiff.compile(f), np.array([1.5, -0.5])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            for _ in range(3):
                assert c(x) == f(x).item()
                assert np.array_equal(autodiff.grad(c)(x), autodiff.grad(f)(x))
            change()
    assert c._state.reason is None


@pytest.mark.parametrize("transform", [lambda f: lambda x: autodiff.jvp(f, (x,), (1.0,)),
                                       lambda f: lambda x: autodiff.vmap(f)(np.array([x, 2 * x])),
                                       lambda f: lambda x: autodiff.vmap(autodiff.grad(f))(np.array([x, 2 * x])),
                                       lambda f: lambda x: autodiff.vmap(f)(np.array([[x, 2.0], [x, 3.0]])),
                                       lambda f: lambda x: autodiff.jacfwd(f)(np.array([x, 2.0]))],
                         ids=["jvp", "vmap", "vmap grad", "vmap of arrays", "jacfwd"])
def test_a_run_that_comes_to_nothing_changes_nothing(transform):
    """What cannot be recorded is tried, and runs once more over all points or in forward mode: it counts once."""
    def counting(calls):
        def f(x):
            calls[0] += 1
            return (x * x * calls[0]).sum()
        return f

    plain, calls = [0], [0]
    eager = transform(autodiff.lift(counting(plain)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = transform(autodiff.compile(counting(calls)))
        for x in (0.5, 0.5, 1.5):
            found, expected = compiled(x), eager(x)
            for a, b in zip(autodiff._pytree.flatten(found)[0], autodiff._pytree.flatten(expected)[0], strict=True):
                np.testing.assert_allclose(a, b)
            assert calls == plain
