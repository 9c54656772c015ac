"""`autodiff.lift`: programs for NumPy and math that lose gradients as they stand, run unmodified, against central differences.

The programs above the first test are written as people write NumPy, and are what is lifted.
"""
import copy
import functools
import gc
import inspect
import math
import pickle
import threading
import weakref
from dataclasses import dataclass
from math import exp as natural
from math import hypot

import numpy
import numpy as np
import numpy.linalg as la
import pytest
from numpy import array, sin, zeros

import autodiff
from autodiff import _math

MATRIX = np.array([[1.0, 2.0], [3.0, 4.0]])
calls = 0


def writes(x):
    y = np.zeros(3)
    y[0] = x[0] * 2
    for i in range(1, 3):
        y[i] = y[i - 1] * x[i]
    return y.sum()


def helper(x):
    out = np.empty(2)
    out[0], out[1] = math.sin(x), math.exp(x)
    return out


def second_helper(x):
    return natural(x) * hypot(x, 3.0) + sin(x)


def calling(x):
    return helper(x).sum() + second_helper(x) * math.pi


def of_a_plain_array(x):
    return MATRIX.dot(x).sum() + la.norm(np.array([1.0, 2.0]))


def rows(x):
    return np.sum(np.array([x, x * x]) * numpy.array([[1.0], [2.0]])) + np.full(2, x[0]).sum()


def factorial_like(x, n=3):
    return array([1.0, x]) if n == 0 else factorial_like(x, n - 1) * math.sqrt(x)


def recursive(x):
    return factorial_like(x).sum()


def powers(x, n):
    for i in range(n):
        t = zeros(1)
        t[0] = x ** i
        yield t[0]


def generated(x):
    return sum(powers(x, 4))


def defaults(x, f=np.sin, m=math, *, g=helper):
    return f([x, x]).sum() + m.cos(x) + g(x).sum()


def doubled(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 2.0 * function(*args, **kwargs)
    return wrapper


@doubled
def decorated(x):
    b = np.zeros(1)
    b[0] = math.tan(x)
    return b[0]


def local_imports(x):
    import math as m
    from math import sinh

    import numpy as n
    import numpy.linalg
    from numpy import ones
    z = ones(2)
    z[0] = sinh(x) + m.log(x)
    return n.sum(z)


def local_functions(x):
    def g(n):
        z = np.zeros(1)
        z[0] = x
        return z[0] if n == 0 else g(n - 1) * x

    class Local:
        factor = np.pi

        def h(self):
            return math.cos(x) * self.factor
    return g(3) + Local().h() + sum([math.sin(x * k) for k in range(3)])


def closing_over():
    ones, n = np.ones(2), np

    def inner(x):
        z = n.zeros(2)
        z[0] = x
        return (z + ones).sum() + ones.dot(z)
    return inner


closure = closing_over()
anonymous = lambda x: (lambda y: np.array([y, math.sin(y)]))(x).sum()
partial = functools.partial(defaults, m=math)


@functools.cache
def cached(x):
    return math.log(x)


def of_a_cache(x):
    return cached(x) * 2.0


element = np.vectorize(lambda t: math.sin(t) * 2.0)


def of_elements(x):
    return np.sum(element(x))


def step(y):
    return np.array([y[1], -y[0] / np.hypot(y[0], y[1]) ** 3])


def orbit(y0):
    y = np.zeros((6, 2))
    y[0] = y0
    for i in range(5):
        k = step(y[i])
        y[i + 1] = y[i] + 0.1 * step(y[i] + 0.05 * k)
    return np.sum(y[-1] ** 2)


class Model:
    def __init__(self, k):
        self.k = k

    def scaled(self, x):
        return math.sin(x) * self.k

    def loss(self, x):
        z = np.zeros(2)
        z[0] = self.scaled(x)
        self.last = "seen"
        return z.sum()

    def __call__(self, x):
        return self.loss(x)


class Submodel(Model):
    def scaled(self, x):
        return super().scaled(x) * 2.0 if isinstance(x, float) else self.k * x


@autodiff.lift
class Whole:
    scale = 2.0

    def __init__(self, k):
        self.k = np.zeros(1)
        self.k[0] = k

    @staticmethod
    def root(x):
        return math.sqrt(x)

    @classmethod
    def scaled(cls, x):
        return math.cos(x) * cls.scale

    @property
    def twice(self):
        return np.array([self.k[0], 1.0]) * 2.0

    def total(self, x):
        return self.root(x) + self.scaled(x) + self.twice.sum()


def counting(x):
    global calls
    calls += 1
    return np.array([x, x * x]).sum()


@autodiff.lift
def decorated_by_lift(x):
    """Its words."""
    y = np.zeros(2)
    y[0] = math.sin(x)
    return y.sum() if x < 0.5 else decorated_by_lift(x - 0.5) * x


@dataclass
class Pair:
    a: float
    b: float


def of_pairs(p):
    out = np.zeros(2)
    out[0] = p.a
    out[1] = math.exp(p.b)
    return Pair(out.sum(), out[1])


# ---- the tests

def differences(f, x, h=1e-6):
    x = np.asarray(x, float)
    if x.ndim == 0:
        return (f(float(x) + h) - f(float(x) - h)) / (2 * h)
    slope = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        slope[i] = (f(up) - f(down)) / (2 * h)
    return slope


SCALAR = [calling, recursive, generated, defaults, decorated, local_imports, local_functions, closure, anonymous, partial,
          of_a_cache, Model(3.0).loss, Model(2.0)]
VECTOR = [writes, of_a_plain_array, rows, of_elements, orbit]
names = [getattr(f, "__name__", type(f).__name__) for f in [*SCALAR, *VECTOR]]


@pytest.mark.parametrize("f", [*SCALAR, *VECTOR], ids=names)
def test_a_program_as_it_stands(f):
    x = 0.7 if f in SCALAR else np.array([0.3, 0.7, 0.9] if f is writes else [0.3, 0.7])
    lifted = autodiff.lift(f)
    value = lifted(x)
    assert value == pytest.approx(f(x), rel=1e-14) and type(value) is type(f(x))
    gradient = autodiff.grad(lifted)(x)
    np.testing.assert_allclose(gradient, differences(f, x), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(autodiff.jacfwd(lifted)(x), gradient, rtol=1e-12)
    second = autodiff.hessian(lifted)(x)
    np.testing.assert_allclose(np.sum(second, axis=0) if np.ndim(x) else second,
                               differences(lambda x: np.sum(autodiff.grad(lifted)(x)), x), rtol=1e-5, atol=1e-7)
    batch = np.stack([x, x * 1.1])
    looped = [autodiff.grad(lifted)(row) for row in batch]
    np.testing.assert_allclose(autodiff.vmap(autodiff.grad(lifted))(batch), looped, rtol=1e-12)


@pytest.mark.parametrize("f", [*SCALAR, *VECTOR], ids=names)
def test_without_it_the_program_raises(f):
    """None of them loses its gradient without a word."""
    x = 0.7 if f in SCALAR else np.array([0.3, 0.7, 0.9] if f is writes else [0.3, 0.7])
    with pytest.raises((TypeError, RuntimeError), match=r"lose|numpy"):
        autodiff.grad(f)(x)


def test_what_lift_makes():
    lifted = autodiff.lift(writes)
    assert lifted.__wrapped__ is writes and lifted.__name__ == "writes"
    assert inspect.signature(lifted) == inspect.signature(writes)
    assert repr(lifted) == "lift(writes)" and autodiff.lift(lifted) is lifted
    assert decorated_by_lift.__doc__ == "Its words." and repr(autodiff.grad(lifted)) == "grad(writes)"
    again = pickle.loads(pickle.dumps(lifted))
    assert again.__wrapped__ is writes and again(np.ones(3)) == writes(np.ones(3))
    assert pickle.loads(pickle.dumps(decorated_by_lift)) is copy.deepcopy(decorated_by_lift) is decorated_by_lift
    assert autodiff.grad(decorated_by_lift)(0.7) == pytest.approx(differences(decorated_by_lift, 0.7))


def test_nothing_of_the_program_is_changed():
    before = dict(globals())
    autodiff.grad(autodiff.lift(calling))(0.7)
    assert {name: globals()[name] for name in before} == before and np is numpy and math.sin(0.0) == 0.0
    assert type(helper(0.5)) is np.ndarray


def test_results_are_what_the_function_returns():
    """Without Variables plain arrays and numbers; with them Variables; trees as they are."""
    lifted = autodiff.lift(lambda x: {"a": np.zeros(2) + x, "b": (np.ones(1), "text", 3)})
    found = lifted(1.0)
    assert type(found["a"]) is np.ndarray and type(found["b"][0]) is np.ndarray and found["b"][1:] == ("text", 3)
    v = autodiff.numpy.array(1.0, requires_grad=True)
    assert lifted(v)["a"].requires_grad
    pair = autodiff.lift(of_pairs)(Pair(1.0, 2.0))
    assert type(pair) is Pair and pair.a == of_pairs(Pair(1.0, 2.0)).a
    gradient = autodiff.grad(lambda p: autodiff.lift(of_pairs)(p).a)(Pair(1.0, 2.0))
    assert gradient.a == 1.0 and gradient.b == pytest.approx(math.exp(2.0))
    k = autodiff.numpy.array(2.0, requires_grad=True)
    assert autodiff.lift(lambda x: np.zeros(2) + k * x)(1.0).requires_grad       # of a closure


def test_arguments_that_are_plain_arrays_and_functions():
    def f(x, a, g):
        a[0] = x
        return a.dot(a) + g(x)

    a = np.array([1.0, 2.0])
    with pytest.warns(UserWarning, match="outside of it the array holds the numbers alone"):
        assert autodiff.grad(autodiff.lift(f))(0.7, a, math.sin) == pytest.approx(1.4 + math.cos(0.7))
    with pytest.warns(UserWarning, match="plain array of shape"):
        assert autodiff.grad(autodiff.lift(f))(0.7, a, helper_sum) == pytest.approx(1.4 + differences(helper_sum, 0.7))
    mask = np.array([True, False])
    assert autodiff.grad(autodiff.lift(lambda x, m: np.sum(x[m])))(np.ones(2), mask).tolist() == [1, 0]


def helper_sum(x):
    return helper(x).sum()


def test_globals_are_read_and_written(monkeypatch):
    lifted = autodiff.lift(counting)
    before = calls
    assert lifted(2.0) == 6.0 and autodiff.grad(lifted)(2.0) == 5.0 and calls == before + 2
    called = autodiff.lift(calling)
    assert called(0.7) == calling(0.7)
    monkeypatch.setitem(globals(), "second_helper", lambda x: x)
    assert called(0.7) == calling(0.7)
    monkeypatch.delitem(globals(), "second_helper")
    with pytest.raises(NameError, match="second_helper"):
        called(0.7)


kept = None


def keeping(x, buffer=np.zeros(2)):  # noqa: B008
    global kept
    buffer[0] = x
    kept = np.array([x, 2.0])
    return buffer.dot(kept)


@pytest.mark.filterwarnings("ignore:a lifted function wrote")
def test_what_is_written_elsewhere_is_no_graph_of_the_next_call():
    lifted = autodiff.lift(keeping)
    v = autodiff.numpy.array(3.0, requires_grad=True)
    assert lifted(v).requires_grad and kept.requires_grad
    assert type(lifted(2.0)) is np.float64 and type(kept) is np.ndarray and kept.tolist() == [2.0, 2.0]
    assert autodiff.grad(lifted)(3.0) == 6.0 and autodiff.grad(autodiff.lift(functools.partial(keeping)))(3.0) == 6.0


def test_closures_are_read_and_written():
    total = 0.0
    last = np.zeros(1)
    scale = 1.0

    def f(x):
        nonlocal total, last
        total += 1.0
        last = np.array([x])
        return x * scale * np.array([x, 1.0]).sum()

    lifted = autodiff.lift(f)
    assert lifted(2.0) == 6.0 and total == 1.0 and last[0] == 2.0 and type(last) is np.ndarray
    scale = 3.0
    assert lifted(2.0) == 18.0 and total == 2.0

    @autodiff.lift
    def local(x, n):
        return np.array([x, 1.0]).sum() if n == 0 else local(x, n - 1) * math.sqrt(x)

    assert autodiff.grad(local)(0.7, 2) == pytest.approx(differences(lambda x: local(x, 2), 0.7))


def test_methods_see_their_object():
    model = Model(3.0)
    assert autodiff.grad(autodiff.lift(model.loss))(0.7) == pytest.approx(3 * math.cos(0.7)) and model.last == "seen"
    assert autodiff.grad(autodiff.lift(Submodel(3.0).loss))(0.7) == pytest.approx(3.0)
    model.k = 1.0
    assert autodiff.grad(autodiff.lift(model))(0.7) == pytest.approx(math.cos(0.7))
    whole = Whole(1.5)
    assert whole.total(0.7) == pytest.approx(math.sqrt(0.7) + 2 * math.cos(0.7) + 5.0) and Whole.__name__ == "Whole"
    assert autodiff.grad(whole.total)(0.7) == pytest.approx(0.5 / math.sqrt(0.7) - 2 * math.sin(0.7))
    assert autodiff.grad(lambda k: Whole(k).total(1.0))(1.5) == pytest.approx(2.0)


def test_what_cannot_be_lifted_is_named():
    with pytest.raises(TypeError, match="len has no Python code"):
        autodiff.lift(len)
    with pytest.raises(TypeError, match="takes a function, but got int"):
        autodiff.lift(3)
    assert autodiff.lift(np.sum) is autodiff.numpy.sum and autodiff.lift(math.sin) is _math.sin
    assert autodiff.lift(lambda x: len([x]) + abs(x))(-1.0) == 2.0


def test_transforms_are_lifted():
    slope = autodiff.lift(autodiff.grad(writes))
    np.testing.assert_allclose(slope(np.ones(3)), differences(writes, np.ones(3)), rtol=1e-8)


def test_threads_share_a_lifted_function():
    lifted, found = autodiff.lift(writes), {}

    def run(k):
        x = np.array([0.1 * k, 0.7, 0.9])
        found[k] = all(np.allclose(autodiff.grad(lifted)(x), [2 * (1 + 0.7 + 0.63), 2 * 0.1 * k * 1.9, 2 * 0.1 * k * 0.7])
                       for _ in range(20))

    threads = [threading.Thread(target=run, args=(k,)) for k in range(1, 5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == dict.fromkeys(range(1, 5), True)


def test_float32_stays():
    def f(x):
        y = np.zeros(2, dtype=np.float32)
        y[0] = x[0]
        return (y * y).sum()

    x = autodiff.numpy.array(np.array([2.0], np.float32), requires_grad=True)
    out = autodiff.lift(f)(x)
    out.backward()
    assert out.dtype == np.float32 and x.grad.dtype == np.float32 and x.grad.tolist() == [4.0]


# ---- math

#: Arguments inside of the domain of each function with a derivative; 0.6 for those that are not here.
POINTS = {"acosh": (1.6,), "atan2": (0.6, 0.7), "copysign": (0.6, -0.7), "dist": ((0.6, 0.7), (0.1, 1.2)), "fmod": (5.6, 1.7),
          "fsum": ((0.6, 0.7, 0.1),), "hypot": (0.6, 0.7, 0.8), "ldexp": (0.6, 3), "log": (0.6, 1.7), "pow": (0.6, 1.7),
          "prod": ((0.6, 0.7, 0.1),), "remainder": (5.6, 1.7), "nextafter": (0.6, 1.0), "sumprod": ((0.6, 0.7), (0.1, 0.2)),
          "fma": (0.6, 0.7, 0.8), "frexp": (5.6,), "modf": (5.6,), "fmax": (0.6, 0.7), "fmin": (0.6, 0.7)}
VALUES = {"comb": (5, 2), "perm": (5, 2), "gcd": (4, 6), "lcm": (4, 6), "factorial": (4,), "isqrt": (17,),
          "isclose": (0.6, 0.7)}
FUNCTIONS = [name for name in dir(math) if not name.startswith("_") and callable(getattr(math, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_math(name):
    ours, theirs = getattr(_math, name), getattr(math, name)
    point = VALUES.get(name) or POINTS.get(name, (0.6,))
    wanted = theirs(*point)
    if name == "sumprod":       # in another order, or not rounded between
        wanted = pytest.approx(wanted, rel=1e-15)
    assert ours(*point) == wanted and ours.__name__ == name
    if name in VALUES or name in _math._OF_VALUES:
        args = [autodiff.numpy.array(v, requires_grad=type(v) is float) for v in point]
        assert ours(*args) == theirs(*point) and type(ours(*args)) is type(theirs(*point))
        return
    size = sum(len(v) if isinstance(v, tuple) else 1 for v in point)
    flat = np.array([w for v in point for w in (v if isinstance(v, tuple) else (v,))], float)

    def built(f, x):
        parts = iter(x)
        args = [tuple(next(parts) for _ in v) if isinstance(v, tuple) else v if next_int(v, parts) else next(parts)
                for v in point]
        found = f(*args)
        return found[0] if isinstance(found, tuple) else found

    def next_int(v, parts):
        return isinstance(v, int) and (next(parts), True)[1]

    value = autodiff.numpy.array(flat, requires_grad=True)
    out = built(ours, value)
    assert out.item() == pytest.approx(built(theirs, flat.tolist()), rel=1e-15)
    found = autodiff.grad(lambda x: built(ours, x))(flat)
    expected = differences(lambda x: built(theirs, x.tolist()), flat)
    assert size == flat.size
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_math_raises_where_math_does():
    v = autodiff.numpy.array(-1.0, requires_grad=True)
    for name in ("sqrt", "log", "acosh", "lgamma", "gamma"):
        with pytest.raises(ValueError, match=r"domain error|positive input"):
            getattr(_math, name)(v)
    with pytest.raises(OverflowError):
        _math.exp(v * -1000.0)
    with pytest.raises(TypeError, match="only 0-dimensional arrays"):
        _math.sin(autodiff.numpy.array([1.0, 2.0], requires_grad=True))
    with pytest.raises(AttributeError, match="module 'math' has no attribute 'nosuch'"):
        _math.nosuch  # noqa: B018
    assert _math.sin(autodiff.numpy.array([1.0], requires_grad=True)).shape == ()
    assert _math.sin(autodiff.tensor(1.0, requires_grad=True)).requires_grad
    assert math.pi == _math.pi and math.isnan(_math.nan) and _math.inf == math.inf
    assert _math.hypot() == 0.0 and _math.prod([]) == 1 and _math.fsum([0.1] * 10) == 1.0


WORKSPACE = np.zeros(3)


@autodiff.lift
def filled(out, x):
    out[:] = x ** 2


@autodiff.lift
def read_workspace():
    return WORKSPACE.sum()


@autodiff.lift
def by_two_functions(x):
    WORKSPACE[:] = x ** 2
    return read_workspace() + x.sum()


@autodiff.lift
def by_recursion(x, n):
    if not n:
        return WORKSPACE.sum()
    WORKSPACE[:] = x ** 2
    return by_recursion(x, n - 1) + x.sum()


def by_default_and_name(x, w=WORKSPACE):
    w[:] = x ** 2
    return WORKSPACE.sum() + x.sum()


@pytest.mark.parametrize("f", [by_two_functions, lambda x: by_recursion(x, 1), autodiff.lift(by_default_and_name)])
def test_writes_into_one_plain_array_meet(f):
    with pytest.warns(UserWarning, match="outside of it"):
        assert autodiff.grad(f)(np.array([1.0, 2.0, 3.0])).tolist() == [3, 5, 7]


def test_a_gradient_that_is_lost_outside_is_told():
    def f(x):
        out = np.zeros(3)
        filled(out, x)
        return out.sum() + x.sum()

    with pytest.warns(UserWarning, match="lift the function that made the array"):
        autodiff.grad(f)(np.array([1.0, 2.0, 3.0]))
    assert autodiff.grad(autodiff.lift(f))(np.array([1.0, 2.0, 3.0])).tolist() == [3, 5, 7]


def test_one_memory_by_two_arrays_is_refused():
    other = WORKSPACE[:]

    def f(x):
        WORKSPACE[:] = x ** 2
        return other.sum() + x.sum()

    with pytest.raises(TypeError, match="same memory"):
        autodiff.grad(autodiff.lift(f))(np.array([1.0, 2.0, 3.0]))


@pytest.mark.parametrize(("x", "y"), [(1.0, 0.1), (1e16, 3.0), (3.0, math.inf), (-1.0, 0.3), (5.5, -2.0)])
def test_remainders_are_maths(x, y):
    for name in ("fmod", "remainder"):
        of_math = getattr(math, name)
        value, slope = autodiff.value_and_grad(autodiff.lift(lambda v, of_math=of_math: of_math(v, y)))(x)
        assert value == of_math(x, y) and slope == 1.0
    for function in (math.modf, math.gamma):
        assert autodiff.value_and_grad(autodiff.lift(lambda v, f=function: f(v)[0] if f is math.modf else f(v)))(
            5.0)[0] == (0.0 if function is math.modf else 24.0)


def test_functions_that_come_as_arguments_do_not_pile_up():
    kept, count = [], 0

    def f(h, x):
        nonlocal count
        count += 1
        return h(x) * count

    lifted = autodiff.lift(f)
    for i in range(3000):
        def h(x, i=i):
            return math.sin(x) + i
        kept.append(weakref.ref(h))
        expected = (math.sin(0.5) + i) * (count + 1), math.cos(0.5) * (count + 1)
        np.testing.assert_allclose(autodiff.value_and_grad(lifted, argnums=1)(h, 0.5), expected)
    del h
    gc.collect()
    assert count == 3000 and sum(ref() is not None for ref in kept) < 1100
