"""What NumPy and SciPy are answered where they ask a Variable for its values, and numbers as operands.

No line may lose a gradient without a word; each error names what was called and what to write for it, and the line of the
program; no error recommends detach() without saying that the gradient ends there.
"""
import math
import operator
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import _guidance, rules
from checks import public

FLAVOURS = [autodiff.tensor, anp.array]
both = pytest.mark.parametrize("make", FLAVOURS, ids=["Tensor", "ndarray"])


class Env:
    """The names that the lines below use."""

    def __init__(self, make, requires_grad=True):
        self.x = make([0.1, 0.2, 0.3], requires_grad=requires_grad)
        self.m = make([[2.0, 0.1], [0.1, 2.0]], requires_grad=requires_grad)
        self.v = make(0.5, requires_grad=requires_grad)
        self.arr = np.ones(3)

    def run(self, line):
        return eval(line, {"np": np, "math": math, **vars(self)})


# line, the name that the error has, what it says to use
LINES = [
    ("np.vectorize(abs)(x)", "np.vectorize", "autodiff.numpy.vectorize"),
    ("np.frompyfunc(abs, 1, 1)(x)", "np.frompyfunc", "autodiff.numpy.frompyfunc"),
    ("np.full(3, x)", "np.full", "autodiff.numpy.full"),
    ("np.mean(np.array([v, v]))", "", "autodiff.numpy"),
    ("np.polynomial.polynomial.polyval(2.0, x)", "polyval", "autodiff.numpy.polynomial.polynomial.polyval"),
    ("np.testing.assert_allclose(x, x)", "np.testing.assert_allclose", "autodiff.numpy.testing.assert_allclose"),
    ("np.asarray(x)", "np.asarray(x)", "@autodiff.lift"), ("np.array([x, x])", "", "autodiff.numpy"),
    ("np.asanyarray(m)", "", "autodiff.numpy"), ("np.r_[x, 1.0]", "", "autodiff.numpy"), ("np.c_[x, x]", "", "autodiff.numpy"),
    ("list(np.nditer(x))", "", "autodiff.numpy"), ("list(np.ndenumerate(x))", "", "autodiff.numpy"),
    ("np.broadcast(x, x)", "", "autodiff.numpy"),
    ("np.lib.stride_tricks.as_strided(x)", "", "autodiff.numpy"), ("np.random.normal(x)", "", "autodiff.numpy"),
    ("arr.dot(x)", "arr.dot(x)", "arr @ x"), ("arr.searchsorted(x)", "", "autodiff.numpy"),
    ("arr.put([0], x[:1])", "", "@autodiff.lift"), ("np.array([v, v], float)", "", "@autodiff.lift"),
    ("arr.__setitem__(slice(None), x)", "out[i] = x", "make arrays by autodiff.numpy"),
]


@both
@pytest.mark.parametrize(("line", "called", "use"), LINES, ids=[line for line, _, _ in LINES])
def test_the_error_names_the_function_and_its_replacement(make, line, called, use):
    with pytest.raises((RuntimeError, TypeError)) as caught:
        Env(make).run(line)
    said = str(caught.value)
    assert called in said and use in said
    assert "the gradient ends there" in said.lower()
    if make is anp.array:
        assert "Tensor" not in said and "tensor." not in said


def test_the_error_has_the_line_of_the_program():
    """Where NumPy's own frames, or none at all, stand between the line and the error."""
    x = anp.array([0.1, 0.2], requires_grad=True)
    out = np.zeros(2)
    with pytest.raises(TypeError, match=r"test_guidance\.py.*\b\d+.*out\[1\]|out\[1\].*test_guidance\.py:\d+"):
        out[1] = x[1]
    with pytest.raises(RuntimeError, match=r"np\.vectorize.*\(test_guidance\.py, line \d+: `np\.vectorize\(abs\)\(x\)"):
        np.vectorize(abs)(x)
    with pytest.raises(RuntimeError, match=r"`out\.dot\(x\)`"):
        out.dot(x)


def test_every_way_out_that_is_named_is_one():
    """What the errors say to write instead exists, and keeps the gradient."""
    x = anp.array([0.1, 0.2], requires_grad=True)
    for name in _guidance.MIRRORED:
        assert callable(getattr(anp, name)) and getattr(anp, name) is not getattr(np, name), name
    arr = np.ones(2)
    for kept in (arr @ x, anp.vectorize(abs)(x), anp.frompyfunc(abs, 1, 1)(x), anp.polynomial.polynomial.polyval(2.0, x)):
        assert kept.requires_grad
    assert autodiff.lift(lambda x: arr.dot(x))(x).requires_grad


def test_numpy_itself_keeps_pytorchs_words():
    with pytest.raises(RuntimeError) as caught:
        autodiff.ones(2, requires_grad=True).numpy()
    assert str(caught.value).startswith("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                                        "instead. The gradient ends there.")


@both
def test_a_write_into_an_array_says_what_is_wrong_itself(make):
    # "setting an array element with a sequence" was NumPy's, with ours in __cause__
    with pytest.raises(ValueError, match="only one element") as caught:
        Env(make).run("arr.__setitem__(0, x)")
    assert caught.value.__cause__ is None
    if make is anp.array:
        with pytest.raises(TypeError, match=r"would lose its gradient.*where the gradient ends") as caught:
            Env(make).run("arr.__setitem__(0, v)")
        assert caught.value.__cause__ is None
    else:
        with pytest.warns(UserWarning, match="(?s)Converting a tensor with requires_grad=True.*The gradient ends there"):
            Env(make).run("arr.__setitem__(0, v)")


@both
def test_questions_are_answered(make):
    """np.array_equal swallowed the error and answered False."""
    env = Env(make)
    assert env.run("np.array_equal(x, x)") is True and env.run("np.array_equiv(x, arr)") is False
    assert env.run("np.allclose(x, x.detach() + 1e-12)") is True
    assert env.run("np.size(x), np.ndim(x), tuple(np.shape(x))") == (3, 1, (3,))
    assert env.run("np.result_type(x, np.float32)") == np.float64 and env.run("np.iscomplexobj(x)") is False


def test_a_ufunc_does_not_write_past_the_version():
    x = autodiff.tensor([1.0, 2.0])
    np.add.at(x, [0], 1.0)
    assert x.tolist() == [2, 2] and x._version == 1
    np.std(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0, out=x)
    assert x.tolist() == [1, 1] and x._version == 2


def test_other_types_are_asked_too():
    class Other:
        def __array_function__(self, function, types, args, kwargs):
            return "other's", [type(a) for a in args[0]]

    assert np.stack([autodiff.ones(2), Other()]) == ("other's", [autodiff.Tensor, Other])


@both
def test_ufuncs_of_helpers_take_numbers(make):
    x = make([-1.0, 0.0, 2.0])
    assert np.heaviside(x, 0.5).tolist() == [0, 0.5, 1] and np.bitwise_and(make([6, 3]), 2).tolist() == [2, 2]
    assert np.heaviside(np.array([1.0, 1.0, -1.0]), x).tolist() == [1, 1, 0]
    assert type(np.heaviside(x, 0)) is type(x) and np.floor_divide(make([7, 8]), 2).tolist() == [3, 4]


def test_a_variable_is_a_mapping_for_indices_and_can_be_reversed():
    for make in FLAVOURS:
        x = make([1.0, 2.0, 3.0])
        assert [v.item() for v in reversed(x)] == [3, 2, 1] and x[1].item() == 2 and [v.item() for v in x] == [1, 2, 3]
        assert 2.0 in x and np.array(x).tolist() == [1, 2, 3] and np.array([x[0], x[1]], float).tolist() == [1, 2]


def test_every_replacement_exists():
    for name in _guidance.SCIPY:
        assert callable(operator.attrgetter(_guidance.SCIPY[name])(autodiff))
        assert _guidance.replacement(f"scipy.{name}") == f"autodiff.{_guidance.SCIPY[name]}"


def test_scipys_functions_are_called_by_their_names():
    special = pytest.importorskip("scipy.special")
    linalg = pytest.importorskip("scipy.linalg")
    env = Env(autodiff.tensor)
    for function, called, use in ((special.modfresnelp, "scipy.special.modfresnelp", "nothing in the place of"),
                                  (lambda m: special.multigammaln(m, 2), "scipy.special.multigammaln",
                                   "autodiff.special.multigammaln"),
                                  (lambda m: special.comb(m, 2), "scipy.special.comb", "scipy.special.binom(N, k)"),
                                  (special.softmax, "scipy.special.softmax", "autodiff.softmax"),
                                  (linalg.sqrtm, "scipy.linalg.sqrtm", "nothing in the place of")):
        with pytest.raises((RuntimeError, NotImplementedError)) as caught:
            function(env.m)
        assert called in str(caught.value) and use in str(caught.value) and "np." not in str(caught.value)
    assert np.allclose(special.erf(env.x.detach()), autodiff.erf(env.x.detach()))
    with pytest.raises(RuntimeError, match=r"scipy\.linalg\.solve"):
        linalg.solve(env.m, np.ones(2))


# ---- numbers as operands

NUMBERS = [rule for rule in rules.RULES if rule.takes_numbers and rule.function]
ARGUMENTS = {"clamp": (0.0, 1.0), "lerp": (0.25,), "threshold": (0.1, 20.0)}
INTEGERS = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "bitwise_not")


@pytest.mark.parametrize("rule", NUMBERS, ids=lambda rule: rule.name)
def test_a_function_of_elements_takes_numbers_as_tensors(rule):
    f, more = public(rule), ARGUMENTS.get(rule.name, ())
    low, high = rule.at
    numbers = [low + (high - low) * t for t in (0.7, 0.6, 0.65)][:max(rule.arity, 1)]
    if rule.name in INTEGERS:
        numbers = [6, 3][:rule.arity]
    if rule.name == "polygamma":
        numbers, more = [2], (1.5,)
    if rule.name == "imag":
        numbers = [1 + 2j]
    found = f(*numbers, *more)
    expected = f(*(n if rule.name == "polygamma" else autodiff.tensor(n) for n in numbers),
                 *(autodiff.tensor(m) if rule.name == "polygamma" else m for m in more))
    assert type(found) is autodiff.Tensor and found.shape == () and found.dtype == expected.dtype
    assert found.tolist() == pytest.approx(expected.tolist(), rel=1e-15)
    for bad in ("a", None, [1.0], np.ones(2), object()):
        with pytest.raises(TypeError, match=r"\w+\(\).*(must be|not|expected)"):
            f(*((1, bad) if rule.name == "polygamma" else (bad, *numbers[1:], *more)))


def test_numbers_are_promoted_as_tensors_of_them():
    assert autodiff.exp(1).dtype == autodiff.float64 and autodiff.add(1, 2).dtype == autodiff.int64
    assert autodiff.add(1, 2.5).tolist() == 3.5 and autodiff.pow(2, 3).tolist() == 8
    assert autodiff.exp(np.float32(0.5)).dtype == autodiff.float32 and autodiff.exp(1j).dtype == autodiff.complex128
    assert autodiff.sqrt(np.float64(4)).item() == 2
    autodiff.set_default_dtype(autodiff.float32)
    try:
        assert autodiff.exp(0.5).dtype == autodiff.exp(1).dtype == autodiff.float32
    finally:
        autodiff.set_default_dtype(autodiff.float64)


def test_one_function_serves_floats_and_tensors():
    def f(x):
        return autodiff.exp(-x) * autodiff.sin(3 * x)

    x = autodiff.tensor(0.7, requires_grad=True)
    f(x).backward()
    assert x.grad.item() == pytest.approx((f(0.7 + 1e-6).item() - f(0.7 - 1e-6).item()) / 2e-6, rel=1e-6)


def test_no_words_are_said_where_nothing_is_lost():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert float(autodiff.tensor(0.5)) == 0.5 and autodiff.exp(0.5).item() == math.exp(0.5)
