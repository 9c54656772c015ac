"""Compiled functions that travel: in a pickle with their function, as bytes without it."""
import collections
import copy
import dataclasses
import enum
import inspect
import math
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import warnings
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from fuzz import carried

import autodiff
from autodiff.programs import Compiled, _bytes, _outlines

ROOT = Path(autodiff.__file__).resolve().parent.parent


def price(spot, strike, n, weights):
    total = 0.0
    for i in range(n):
        total = total + weights[i] * np.exp(-spot * 0.01)
    if spot > strike:
        return total * math.log(spot) + int(strike)
    while total > 1.0:
        total = total * 0.5
    return total + strike


POINTS = [(2.0, 1.0, 3, [1.0, 2.0, 3.0]), (1.0, 2.0, 3, [1.0, 2.0, 3.0]), (3.5, 1.5, 3, [1.0, 2.0, 3.0]),
          (2.0, 1.0, 2, (1.0, 2.0))]
TRANSFORMS = {"value": lambda f: f, "value_and_grad": lambda f: autodiff.value_and_grad(f, argnums=(0, 3)),
              "grad": autodiff.grad, "hessian": lambda f: autodiff.hessian(f, argnums=(1, 0)), "jacobian": autodiff.jacobian,
              "grad of grad": lambda f: autodiff.grad(autodiff.grad(f)),
              "points": lambda f: lambda *args: autodiff.vmap(autodiff.value_and_grad(f), in_dims=(0, None, None, None))(
                  np.linspace(args[0], args[0] + 0.1, 70), *args[1:])}


def bits(value):
    """What a result is, bit for bit."""
    if isinstance(value, (tuple, list)):
        return type(value), [bits(part) for part in value]
    if isinstance(value, dict):
        return {key: bits(part) for key, part in value.items()}
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value.hex() if type(value) is float else value


def recorded(function, points, *transforms):
    of = autodiff.compile(function)
    for transform in transforms or TRANSFORMS.values():
        for point in points:
            transform(of)(*point)
    assert of._state.reason is None
    return of


def silent(*_, **__):
    raise AssertionError("it recorded")


def travelled(of):
    """As by a pickle, for functions that pickle does not find by name."""
    make, args, *_ = of.__reduce__()
    return make(*args)


# ---- with the function

@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_copy_replays_at_once_with_the_same_bits(monkeypatch, name):
    of, transform = recorded(price, POINTS), TRANSFORMS[name]
    expected = [transform(of)(*point) for point in POINTS]
    again = travelled(of)
    assert again is not of and again._state.trees[0] is not of._state.trees[0]
    if name != "grad of grad":      # which runs the function, as it does of the original
        monkeypatch.setattr(again._state, "_record", silent)
    for point, value in zip(POINTS, expected, strict=True):
        assert bits(transform(again)(*point)) == bits(value)


def test_it_is_printed_and_counted_alike():
    of = recorded(price, POINTS)
    again = travelled(of)
    assert str(again.program) == str(of.program)
    assert again.branches == of.branches and sum(branch.held for branch in of.branches) > 10
    assert any(branch.file == __file__ for branch in again.branches) and "# price, line" in str(again.program)
    again(*POINTS[0])
    assert again.branches != of.branches


def test_a_copy_records_what_is_new_beside_what_it_has():
    of = recorded(price, POINTS[:1], TRANSFORMS["value_and_grad"])
    again = travelled(of)
    for point in POINTS:
        assert bits(TRANSFORMS["value_and_grad"](again)(*point)) == bits(TRANSFORMS["value_and_grad"](of)(*point))
    assert sorted(tree.leaves for tree in again._state.trees) == [1, 2]
    # Once more, of a program that was read: places of both kinds.
    third = travelled(again)
    assert str(third.program) == str(again.program) and third.to_bytes() == of.to_bytes()


def cubed(x):
    return x * x * x if x > 0.0 else -x


@autodiff.compile
def at_the_top(x):
    return x * x if x > 1.0 else -x


def test_derivatives_travel_with_what_was_recorded():
    of = autodiff.compile(cubed)
    for transformed, x in ((autodiff.grad(of), 2.0), (autodiff.value_and_grad(of), 2.0), (autodiff.hessian(of), 2.0),
                           (autodiff.jacobian(of), 2.0), (autodiff.vmap(autodiff.grad(of)), np.array([1.0, 2.0]))):
        expected = transformed(x)
        again = pickle.loads(pickle.dumps(transformed))
        assert bits(again(x)) == bits(expected)
        inner = again
        while not hasattr(inner, "_state"):
            inner = inner.func if hasattr(inner, "func") else inner.function
        assert inner._state is not of._state and inner._state.trees[0].leaves == 1


def test_one_of_a_module_is_pickled_by_its_name_and_keeps_what_it_has():
    at_the_top(2.0)
    assert pickle.loads(pickle.dumps(at_the_top)) is at_the_top
    data = pickle.dumps(at_the_top)
    assert b"at_the_top" in data and _bytes.MAGIC in data
    kept = list(at_the_top._state.trees)
    at_the_top._state.trees.clear()
    assert pickle.loads(data) is at_the_top and len(at_the_top._state.trees) == 1
    at_the_top(0.5)
    more = list(at_the_top._state.trees)
    assert more[0].leaves == 2
    pickle.loads(data)                      # it has less, which is not taken up
    assert at_the_top._state.trees == more
    at_the_top._state.trees[:] = kept


def test_another_version_of_a_function_is_recorded_anew():
    def one(x):
        return x * 2.0

    def other(x):
        return x * 3.0

    of = recorded(one, [(1.0,)], TRANSFORMS["value"])
    make, (_, *rest) = of.__reduce__()
    assert make(other, *rest)(1.0) == 3.0 and make(one, *rest)._state.trees
    assert not make(math.sqrt, *rest)._state.trees


def test_what_runs_as_it_is_travels_so_without_another_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        of = autodiff.compile(taking_out)
        of(2.4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = pickle.loads(pickle.dumps(of))
        assert again(2.4) == of(2.4)
    assert str(again.program) == str(of.program) and "item()" in str(of.program)


def taking_out(x):
    return x * x.item()


def test_static_objects_travel_if_they_are_found_by_name():
    def f(x, how, what):
        return how(x) if what is None else x

    of = recorded(f, [(1.0, np.exp, None), (1.0, math.sin, None), (2.0, np.exp, object())], TRANSFORMS["value"])
    # A class, and a function of C: by their names.  ufuncs of the NumPy at hand are objects of no module of their own.
    again = travelled(of)
    assert 1 <= len(again._state.trees) < 3
    for how in (np.exp, math.sin):
        assert again(1.0, how, None) == of(1.0, how, None)


def test_check_travels():
    of = autodiff.compile(cubed, check=True)
    of(2.0)
    again = pickle.loads(pickle.dumps(of))
    assert again._state.check and len(again._state.trees) == 1 and again(3.0) == 27.0


def test_copies_are_itself_unless_what_it_calls_is_copied():
    class Model:
        def __init__(self, rate):
            self.rate = rate
            self.loss = autodiff.compile(self.eager)

        def eager(self, x):
            return x * self.rate

    of = recorded(cubed, [(2.0,)], TRANSFORMS["grad"])
    for one in (of, autodiff.grad(of)):
        assert copy.copy(one) is one and copy.deepcopy(one) is one and copy.deepcopy([one, one])[0] is one
    model = Model(2.0)
    assert model.loss(3.0) == 6.0
    other = copy.deepcopy(model)
    other.rate = 5.0
    assert other.loss is not model.loss and other.loss(3.0) == 15.0 and model.loss(3.0) == 6.0
    gradient = copy.deepcopy([other, autodiff.grad(other.loss)])
    gradient[0].rate = 7.0
    assert gradient[1](3.0) == 7.0


def test_a_pickle_while_others_record_and_replay():
    of = autodiff.compile(cubed)
    failed = []
    stop = threading.Event()

    def call(k):
        i = 0
        while not stop.is_set():
            i += 1
            x = ((i * 7 + k) % 11 - 5) * 0.5
            if autodiff.grad(of)(x) != (3 * x * x if x > 0 else -1.0):
                failed.append(x)

    threads = [threading.Thread(target=call, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            again = pickle.loads(pickle.dumps(of))
            assert again(2.0) == 8.0 and again(-2.0) == 2.0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed


def test_it_may_be_pickled_while_it_is_recorded():
    made = SimpleQueue()

    def f(x):
        made.put(travelled(of))
        return x * 2.0

    of = autodiff.compile(f)
    assert of(1.0) == 2.0 and made.get()._state.trees == []


# ---- without it

@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_program_alone_has_all_derivatives(name):
    of, transform = recorded(price, POINTS, TRANSFORMS["value"]), TRANSFORMS[name]
    alone = Compiled.from_bytes(of.to_bytes())
    for _ in range(2):
        for point in POINTS[:1] if name == "points" else POINTS:
            assert bits(transform(alone)(*point)) == bits(transform(of)(*point))
    assert alone._state.reason is None and alone.to_bytes() == of.to_bytes()


def test_other_calls_of_a_program_alone_run_its_ops():
    of = recorded(price, POINTS, TRANSFORMS["value"])
    alone = Compiled.from_bytes(of.to_bytes())
    x, weights = autodiff.numpy.array(2.0, requires_grad=True), [1.0, 2.0, 3.0]
    value = alone(x, 1.0, 3, weights)
    value.backward()
    assert value.item() == of(2.0, 1.0, 3, weights) and x.grad.item() == autodiff.grad(of)(2.0, 1.0, 3, weights)
    assert alone(weights=weights, n=3, strike=1.0, spot=2.0) == of(2.0, 1.0, 3, weights)
    with autodiff.no_grad():
        assert alone(2.0, 1.0, 3, weights) == of(2.0, 1.0, 3, weights)
    for what in (autodiff.jvp, autodiff.hvp):
        args, along = (2.0, 1.0), (1.0, 0.5)
        two, two_alone = (lambda a, b, f=f: f(a, b, 3, weights) for f in (of, alone))
        assert bits(what(two_alone, args, along)) == bits(what(two, args, along))
    squares = Compiled.from_bytes(recorded(sum_of_squares, [([1.0, 2.0],)], TRANSFORMS["value"]).to_bytes())
    assert autodiff.sparse_hessian(squares)([1.0, 2.0]).toarray().tolist() == [[2.0, 0.0], [0.0, 2.0]]
    assert alone.__name__ == alone.__qualname__ == "price" and "weights" in str(inspect.signature(alone))


def sum_of_squares(x):
    total = 0.0
    for v in x:
        total = total + v * v
    return total


def test_what_is_not_recorded_raises_and_says_why():
    alone = Compiled.from_bytes(recorded(price, POINTS, TRANSFORMS["value"]).to_bytes())
    line = price.__code__.co_firstlineno
    gradient, hessian = autodiff.value_and_grad(alone), autodiff.hessian(alone)
    for of in (alone, gradient, hessian, autodiff.grad(gradient.function)):
        with pytest.raises(RuntimeError, match=rf"price was read from bytes.*int\(%1\) == 1 does not hold, here with 9\.0 .*"
                                               rf"test_carried\.py, line {line + 5}, in price\), is not recorded.*bytes again"):
            of(20.0, 9.0, 3, [1.0, 2.0, 3.0])
        with pytest.raises(RuntimeError, match=r"> 1\.0 holds, here with .*, 1\.0 "):
            of(1.0, 2.0, 3, [1.0, 2.0, 300.0])
        with pytest.raises(RuntimeError, match=r"is recorded for \(float, float, 2, tuple of 2 floats\); .*called with \(f"):
            of(1.0, 2.0, 5, [1.0] * 5)
        assert isinstance(of(*POINTS[0]), object)       # what is recorded goes on
    with pytest.raises(RuntimeError, match="is not recorded"):
        autodiff.vmap(gradient, in_dims=(0, 0, None, None))(np.full(70, 20.0), np.linspace(1.0, 9.0, 70), 3, [1.0, 2.0, 3.0])
    with pytest.raises(RuntimeError, match="called with"):
        alone(np.ones(3), 1.0, 3, [1.0, 2.0, 3.0])
    assert alone._state.reason is None


def test_out_of_the_domain_of_math():
    alone = Compiled.from_bytes(recorded(lambda x: math.log(x) * 2.0, [(2.0,)], TRANSFORMS["value"]).to_bytes())
    for of in (alone, autodiff.grad(alone)):
        with pytest.raises(RuntimeError, match=r"a result of one of math's functions is nan \(.*line \d+.*may have raised"):
            of(-1.0)
    assert alone(math.e) == 2.0
    for value in (math.inf, math.nan):          # where math does not raise, though the program is left
        assert bits(alone(value)) == bits(math.log(value) * 2.0)


@dataclasses.dataclass
class Greeks:
    value: float
    delta: float


Pair = collections.namedtuple("Pair", "first second")


class Side(enum.Enum):
    CALL = 1
    PUT = 2


def nested(x, side, label):
    y = x * 2.0 if side is Side.CALL else -x
    return {"pair": Pair(y, [label, 3, True, b"bytes"]), ("key", 1): Greeks(y, 2.5), None: (collections.OrderedDict(a=x), "x")}


def test_results_as_the_function_nests_them():
    of = recorded(nested, [(1.5, Side.CALL, "a"), (1.5, Side.PUT, "b"), (1.5, None, 3)], TRANSFORMS["value"])
    data = of.to_bytes()
    for again in (Compiled.from_bytes(data), travelled(of), pickle.loads(pickle.dumps(Compiled.from_bytes(data)))):
        for args in ((2.5, Side.CALL, "a"), (2.5, Side.PUT, "b"), (2.5, None, 3)):
            assert again(*args) == nested(*args)
            assert type(again(*args)["pair"]) is Pair and type(again(*args)["key", 1]) is Greeks


def test_a_class_that_is_not_there_is_not_looked_for(monkeypatch):
    data = recorded(nested, [(1.5, Side.CALL, "a")], TRANSFORMS["value"]).to_bytes()
    monkeypatch.delattr(sys.modules[__name__], "Greeks")
    with pytest.raises(ValueError, match=r"Greeks, which is not there, or has other fields: import its module first"):
        Compiled.from_bytes(data)
    for module in ("surely_not_imported", "autodiff.no_such", "json.tool"):
        sys.modules.pop(module, None)
        with pytest.raises(ValueError, match="import"):
            _bytes._class((module, "Point"), ("x", "y"))
        assert module not in sys.modules


def test_what_has_no_place_in_the_bytes_is_named():
    class Local:
        pass

    def f(x, what):
        return x * 2.0

    given = Local()
    of = recorded(f, [(1.0, given)], TRANSFORMS["value"])
    with pytest.raises(TypeError, match=r"f cannot be written as bytes: it has <.*Local object at .*Pickle it with its f"):
        of.to_bytes()
    assert travelled(of)(1.0, given) == 2.0
    local = collections.namedtuple("local", "x")
    of = recorded(lambda x: local(x), [(1.0,)], TRANSFORMS["value"])
    with pytest.raises(TypeError, match=r"the class .*local, which is not found"):
        of.to_bytes()
    assert travelled(of)(1.0) == local(1.0)
    with pytest.raises(TypeError, match="a defaultdict of"):
        recorded(lambda x: collections.defaultdict(lambda: 1, a=x), [(1.0,)], TRANSFORMS["value"]).to_bytes()
    with pytest.raises(ValueError, match="no program yet: call it once"):
        autodiff.compile(cubed).to_bytes()
    nested = autodiff.compile(lambda x, more: x * more["y"])
    assert nested(1.0, {"y": 2.0}) == travelled(nested)(1.0, {"y": 2.0}) == 2.0
    with pytest.raises(TypeError, match=r"calls by keyword.*by position"):
        nested.to_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        of = autodiff.compile(taking_out)
        of(2.4)
    with pytest.raises(ValueError, match=r"taking_out has no program: item\(\)"):
        of.to_bytes()


def test_conditions_as_values():
    def f(x, y):
        between = (x > 0.5) & (y < 1.5)
        return {"a": np.where(between, x * y, np.exp(y)) * np.where(x > y, x, 0.25), "b": ~between, "c": x > y}

    points = [(x, y) for x in (0.25, 0.75, 2.0) for y in (0.25, 1.0, 2.0)]
    of = recorded(f, points, TRANSFORMS["value"])
    again, alone = travelled(of), Compiled.from_bytes(of.to_bytes())
    for x, y in points:
        expected = of(x, y)
        for one in (again, alone):
            assert bits(one(x, y)) == bits(expected) and type(one(x, y)["b"]) is np.bool_
        found = alone(autodiff.numpy.array(x, requires_grad=True), y)
        assert [found["a"].item(), bool(found["b"]), bool(found["c"])] == list(expected.values())
        one, other = (autodiff.grad(lambda x, y, g=g: g(x, y)["a"])(x, y) for g in (alone, f))
        assert one == other


def test_conditions_beside_float32_without_a_program():
    """Op by op, as derivatives that were not recorded are, a condition is a number of its neighbour's dtype."""
    of = recorded(lambda x, y: ((x > 0) * (y < 0.5)) * y + np.exp(x), [(np.float32(1.5), np.float32(0.3))], TRANSFORMS["value"])
    args = np.float32(1.25), np.float32(0.2)
    expected = autodiff.value_and_grad(of, argnums=(0, 1))(*args)
    assert bits(autodiff.value_and_grad(Compiled.from_bytes(of.to_bytes()), argnums=(0, 1))(*args)) == bits(expected)


def test_float32_and_second_derivatives_without_a_program():
    of = recorded(lambda x, y: x * np.exp(y) * 0.1, [(np.float32(1.5), np.float32(0.3))], TRANSFORMS["value"], autodiff.grad)
    alone = Compiled.from_bytes(of.to_bytes())
    args = np.float32(1.25), np.float32(0.7)
    for transform in (lambda f: f, autodiff.grad, lambda f: autodiff.hessian(f, argnums=(0, 1))):
        found, expected = transform(alone)(*args), transform(of)(*args)
        assert bits(found) == bits(expected) or np.allclose(np.ravel(found), np.ravel(expected), rtol=1e-7)


# ---- the bytes

PROGRAM = """
import hashlib, sys
import numpy as np
import autodiff
junk = [object() for _ in range(int(sys.argv[1]))]
from functions_that_travel import price, POINTS
of = autodiff.compile(price)
for point in POINTS if sys.argv[2] == "forwards" else POINTS[::-1]:
    of(*point)
if sys.argv[2] == "forwards":
    autodiff.hessian(of)(*POINTS[0])
    autodiff.grad(of)(*POINTS[1])
arrays = autodiff.compile(lambda x, names: (np.tanh(x @ x.T) * np.arange(3.0)).sum() + names["one"] * names["two"])
arrays(np.ones((3, 2)), {"one": 1.0, "two": 2.0})
print(hashlib.sha256(of.to_bytes()).hexdigest(), hashlib.sha256(arrays.to_bytes()).hexdigest())
"""


def functions(tmp_path):
    (tmp_path / "functions_that_travel.py").write_text(
        "import math\nimport numpy as np\nimport autodiff\n\n" + inspect.getsource(price) + f"\n\nPOINTS = {POINTS}\n"
        "\n\n@autodiff.compile\ndef named(x):\n    return x * x if x > 1.0 else -x\n")


def run(tmp_path, text, *args, **environment):
    (tmp_path / "program.py").write_text(text)
    done = subprocess.run([sys.executable, "program.py", *args], cwd=tmp_path, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_same_program_has_the_same_bytes_in_every_process(tmp_path):
    functions(tmp_path)
    found = {run(tmp_path, PROGRAM, str(junk), way, PYTHONHASHSEED=seed)
             for junk, way, seed in ((0, "forwards", "0"), (12345, "forwards", "1"), (7, "backwards", "2"))}
    assert len(found) == 1


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_worker_replays_at_once(tmp_path, method):
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    functions(tmp_path)
    assert run(tmp_path, textwrap.dedent(f"""
        import multiprocessing
        import autodiff
        from functions_that_travel import price, named, POINTS

        def work(given):
            of, point = given
            inner = of
            while not hasattr(inner, "_state"):
                inner = inner.func
            def silent(*_):
                raise AssertionError("it recorded")
            inner._state._record = silent
            return of(*point)

        if __name__ == "__main__":
            tasks = []
            of = autodiff.compile(price)
            for one in (of, autodiff.value_and_grad(of, argnums=(0, 3)), autodiff.hessian(of)):
                tasks += [(one, point) for point in POINTS]
            tasks += [(named, (3.0,)), (autodiff.grad(named), (0.5,)), (autodiff.grad(named), (3.0,))]
            expected = [of(*point) for of, point in tasks]
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                assert pool.map(work, tasks) == expected
            print("the same")
    """)) == "the same"


def test_cloudpickle_carries_functions_that_have_no_name(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")
    rate = 3.0
    of = recorded(lambda x: x * rate if x > 0.0 else -x, [(1.0,), (-1.0,)], TRANSFORMS["grad"])
    again = pickle.loads(cloudpickle.dumps(autodiff.grad(of)))
    assert again.function.branches == of.branches and again._state.trees[0].leaves == 2 and again(2.0) == 3.0


def test_cloudpickle_carries_a_named_one_of_main_by_value(tmp_path):
    """As of a notebook: the worker's __main__ is another."""
    pytest.importorskip("cloudpickle")
    (tmp_path / "worker.py").write_text("import pickle, sys\nprint([of(2.0) for of in pickle.load(open('sent', 'rb'))])\n")
    found = run(tmp_path, textwrap.dedent("""
        import subprocess, sys
        import cloudpickle
        import autodiff

        @autodiff.compile
        def f(x):
            return x * x if x > 1.0 else -x

        f(2.0)
        gradient = autodiff.value_and_grad(f)
        gradient(2.0)
        with open("sent", "wb") as file:
            cloudpickle.dump([f, gradient], file)
        print(subprocess.run([sys.executable, "worker.py"], capture_output=True, text=True, check=True).stdout)
    """))
    assert found == "[4.0, (4.0, 4.0)]"


# ---- functions of arrays

def test_a_program_of_arrays_is_recorded_anew_beside_its_function():
    of = autodiff.compile(summed)
    x = np.arange(3.0)
    assert of(x) == 5.0
    again = pickle.loads(pickle.dumps(autodiff.grad(of)))
    assert again(x).tolist() == [0.0, 2.0, 4.0] and not again.function._state.trees


def summed(x):
    return (x * x).sum()


def loss(weights, x, y, rate, kind):
    hidden = np.tanh(x @ weights["w"] + weights["b"])
    if kind == "max":
        return np.max(hidden - y, axis=1).sum() * rate
    error = np.where(hidden > y, hidden - y, 0.5 * (y - hidden)) ** 2
    if error.mean() > 0.2:
        error = np.concatenate([error[:3], error[5:, ::-1]])
    return error.mean() * rate + np.linalg.norm(weights["b"] * np.arange(2.0))


def with_arrays(scale, kind="mean"):
    rng = np.random.default_rng(0)
    weights = {"w": scale * rng.standard_normal((3, 2)), "b": np.array([0.5, -0.5])}
    return weights, rng.standard_normal((8, 3)), np.zeros((8, 2)), 0.25, kind


GIVEN = [with_arrays(0.1), with_arrays(5.0), with_arrays(1.0, "max")]


def test_a_program_of_arrays_alone():
    of = recorded(loss, GIVEN, TRANSFORMS["value"])
    data = of.to_bytes()
    alone = Compiled.from_bytes(data)
    assert alone.to_bytes() == data == recorded(loss, GIVEN[::-1], TRANSFORMS["value"], autodiff.grad).to_bytes()
    assert "matmul" in str(alone.program) and "test_carried.py" in {os.path.basename(branch.file) for branch in alone.branches}
    for transform in (lambda f: f, autodiff.grad, lambda f: autodiff.value_and_grad(f, argnums=(0, 2, 3))):
        one, other = transform(of), transform(alone)
        for _ in range(2):
            for args in GIVEN:
                assert bits(one(*args)) == bits(other(*args))
    # Not op by op: what was read is recorded here as any function is.
    assert not alone._state.op_by_op and all(arrays.player.programs for arrays in alone._state.of_arrays.values())
    assert bits(pickle.loads(pickle.dumps(alone))(*GIVEN[0])) == bits(of(*GIVEN[0])) and alone.to_bytes() == data
    weights = {name: autodiff.numpy.array(value, requires_grad=True) for name, value in GIVEN[0][0].items()}
    alone(weights, *GIVEN[0][1:]).backward()
    expected = autodiff.grad(of)(*GIVEN[0])
    for name in weights:
        np.testing.assert_array_equal(weights[name].grad.numpy(), expected[name])


def test_of_arrays_what_is_not_recorded_raises_and_says_why():
    alone = Compiled.from_bytes(recorded(loss, GIVEN[:1], TRANSFORMS["value"]).to_bytes())
    line = loss.__code__.co_firstlineno + 5
    for of in (alone, autodiff.grad(alone)):
        with pytest.raises(RuntimeError, match=rf"branch where gt is True \(.*, line {line}, in loss\) is not recorded\. Call"):
            of(*GIVEN[1])
        with pytest.raises(RuntimeError, match=r"recorded for \(dict of 'w': array of float64 \(3, 2\), .* but was called wi"):
            of(*GIVEN[2])
        with pytest.raises(RuntimeError, match=r"but was called with"):
            of(GIVEN[0][0], GIVEN[0][1][:3], *GIVEN[0][2:])
        of(*GIVEN[0])


def test_variables_that_a_function_uses_are_not_frozen_in_bytes():
    w = autodiff.zeros(3, requires_grad=True)
    plain = autodiff.numpy.arange(3.0)
    x = np.ones(3)
    for function in (lambda x: (x * w).sum(), lambda x: (x * plain).sum()):
        of = recorded(function, [(x,), (x,)], TRANSFORMS["value"])      # with the second call where there is a gradient
        with pytest.raises(TypeError, match=r"a Variable that is no argument, .*make it an argument\. Pickle it with its f"):
            of.to_bytes()
    of = recorded(lambda x: (x * np.arange(3.0)).sum(), [(x,)], TRANSFORMS["value"])      # nobody else has that one
    assert Compiled.from_bytes(of.to_bytes())(x) == 3.0


def test_a_shape_that_depends_on_values_is_a_decision():
    def f(x):
        return x.sum() * len(x[x > 0.0])

    of = recorded(f, [(np.array([1.0, -2.0, 3.0]),)], TRANSFORMS["value"])
    alone = Compiled.from_bytes(of.to_bytes())
    assert alone(np.array([4.0, 2.0, -3.0])) == 6.0
    with pytest.raises(RuntimeError, match=r"the branch where the shape of index is \(1,\) \(.*, in f\) is not recorded"):
        alone(np.array([4.0, -2.0, -3.0]))


def test_an_op_that_is_not_written_is_named():
    of = recorded(lambda x: np.linalg.det(x), [(np.eye(2),)], TRANSFORMS["value"])
    with pytest.raises(TypeError, match=r"it has determinant\(\), which is not written\. Pickle it with its function"):
        of.to_bytes()


def test_numbers_with_arrays_of_their_own():
    def f(x, y):
        return np.sum([x, y] * np.array([2.0, 3.0]))

    of = recorded(f, [(1.0, 2.0), (2.0, 2.0)], TRANSFORMS["value"])
    assert of._state.over_arrays
    alone = Compiled.from_bytes(of.to_bytes())
    assert alone(3.0, 4.0) == 18.0 and autodiff.grad(alone, argnums=(0, 1))(3.0, 4.0) == (2.0, 3.0)


def test_every_damage_is_refused():
    data = recorded(price, POINTS, TRANSFORMS["value"]).to_bytes()
    for i in range(0, len(data), 3):
        for other in (data[:i], data[:i] + bytes([data[i] ^ 1]) + data[i + 1:]):
            with pytest.raises(ValueError, match=r"bytes of a compiled function|checksum|cut short"):
                Compiled.from_bytes(other)
    with pytest.raises(ValueError, match="have 1 more behind them"):
        Compiled.from_bytes(data + b"\0")
    with pytest.raises(ValueError, match="no bytes of a compiled function"):
        Compiled.from_bytes(pickle.dumps(3))
    with pytest.raises(TypeError, match="read from bytes, but got str"):
        Compiled.from_bytes("text")
    assert Compiled.from_bytes(memoryview(data))(*POINTS[0]) == Compiled.from_bytes(bytearray(data))(*POINTS[0])


def test_another_version_says_which(monkeypatch):
    of = recorded(cubed, [(2.0,)], TRANSFORMS["value"])
    data, whole = of.to_bytes(), pickle.dumps(of)
    monkeypatch.setattr(_bytes, "FORMAT", _bytes.FORMAT + 1)
    for load in (lambda: Compiled.from_bytes(data), lambda: pickle.loads(whole)):
        with pytest.raises(ValueError, match=rf"version {_bytes.FORMAT - 1} of their format, by autodiff .*record it anew"):
            load()
    monkeypatch.undo()
    monkeypatch.setattr(autodiff, "__version__", "99.0")
    with pytest.raises(ValueError, match=r"by autodiff (?!99).*, and this is autodiff 99\.0"):
        Compiled.from_bytes(data)


def test_forged_bytes_are_refused_or_a_program():
    """A few of those that `python -m tests.fuzz carried` tries by the hundred thousand."""
    carried.warm_up()
    assert [(seed, fault) for seed in range(400) if (fault := carried.check(carried.make(seed))[0]) is not None] == []


def test_a_pickle_names_nothing_but_the_library_and_its_function():
    import pickletools

    def names(data):
        seen, found = [], set()
        for op, value, _ in pickletools.genops(data):
            if op.name in ("SHORT_BINUNICODE", "BINUNICODE"):
                seen.append(value)
            elif op.name == "STACK_GLOBAL":
                found.add(tuple(seen[-2:]))
        return found

    of = recorded(cubed, [(2.0,)], TRANSFORMS["grad"])
    assert names(pickle.dumps(of)) == {("autodiff.programs", "_again"), (__name__, "cubed")}
    assert names(pickle.dumps(Compiled.from_bytes(of.to_bytes()))) == {("autodiff.programs", "_alone")}


@pytest.mark.parametrize("name, kind", [("view", -1), ("mul", 0), ("amax", -1)])
def test_a_view_is_no_parameter_of_another_op(name, kind):
    x, links = autodiff.numpy.arange(3.0), _outlines._View([("reshape", (1, 3))])
    assert _outlines.applied("view", 0, (x,), (links,)).shape == (1, 3)
    with pytest.raises(ValueError, match="a view that is none"):
        _outlines.applied(name, kind, (x,), (links,))
