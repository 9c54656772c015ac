"""Ufuncs of Variables: array += v and what it must not leave behind, out= and where= with the gradients, at, reduce, errors."""
import operator
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from autodiff.numpy import _ufuncs

FLAVOURS = pytest.mark.parametrize("make", [autodiff.tensor, anp.array], ids=["Tensor", "ndarray"])


def leaf(values, make=anp.array):
    return make(values, requires_grad=True)


def slope(result, *leaves):
    """The gradient of the sum of a result, as lists."""
    found = autograd.grad(result.sum(), leaves)
    return found[0].tolist() if len(found) == 1 else [g.tolist() for g in found]


# ---- array += v

TOTAL = np.zeros(2)


class Holder:
    def __init__(self):
        self.total = np.zeros(2)


def in_a_local(v):
    a = np.zeros(2)
    for factor in (1.0, 2.0):
        a += v * factor
    return a


def in_a_global(v):
    global TOTAL
    TOTAL = np.zeros(2)
    TOTAL += 3.0 * v
    found, TOTAL = TOTAL, np.zeros(2)
    return found


def in_a_closure(v):
    a = np.zeros(2)

    def add():
        nonlocal a
        a += 3.0 * v
    add()
    return a


def in_an_attribute(v):
    holder = Holder()
    holder.total += 3.0 * v
    return holder.total


def in_a_dict(v):
    found = {"a": np.zeros(2)}
    found["a"] += 3.0 * v
    return found["a"]


def in_a_list(v):
    found = [np.zeros(2)]
    found[0] += 3.0 * v
    return found[0]


def in_a_module(v):
    space = {"np": np, "v": v}
    exec("a = np.zeros(2)\na += 3.0 * v", space)
    return space["a"]


def in_a_generator(v):
    def steps():
        a = np.zeros(2)
        a += 3.0 * v
        yield a
    return next(steps())


def of_a_new_shape(v):
    a = np.zeros(2).reshape(1, 2)
    a += 3.0 * v
    return a[0]


def of_a_fresh_argument(v):
    def add(a):
        a += 3.0 * v
        return a
    return add(np.zeros(2))


@FLAVOURS
@pytest.mark.parametrize("statement", [in_a_local, in_a_global, in_a_closure, in_an_attribute, in_a_dict, in_a_list,
                                       in_a_module, in_a_generator, of_a_new_shape, of_a_fresh_argument])
def test_an_array_that_nobody_else_has_becomes_a_variable(statement, make):
    v = leaf([1.0, 2.0], make)
    for _ in range(20):         # the interpreter takes other instructions for what ran often
        result = statement(v)
        assert type(result) is type(v) and result.tolist() == [3, 6] and slope(result, v) == [3, 3]


def with_another_name(v):
    a = np.zeros(2)
    b = a
    a += v
    return b


def of_a_row(v):
    matrix = np.zeros((2, 2))
    row = matrix[0]
    row += v
    return matrix


def of_an_item_of_a_matrix(v):
    matrix = np.zeros((2, 2))
    matrix[0] += v
    return matrix


def with_a_view(v):
    a = np.zeros(2)
    tail = a[1:]
    a += v
    return tail


def of_a_shape_of_a_name(v):
    flat = np.zeros(2)
    a = flat.reshape(1, 2)
    a += v
    return flat


def with_another_shape(v):
    a = np.zeros(2).reshape(1, 2)
    b = a.T
    a += v
    return b


def of_the_callers(v):
    def add(a):
        a += v
    a = np.zeros(2)
    add(a)
    return a


def of_a_loop(v):
    rows = [np.zeros(2), np.zeros(2)]
    for row in rows:
        row += v
    return rows


def of_a_holder_with_an_alias(v):
    holder = Holder()
    kept = holder.total
    holder.total += v
    return kept


def of_a_dict_with_an_alias(v):
    found = {"a": np.zeros(2)}
    kept = found["a"]
    found["a"] += v
    return kept


def of_a_product_with_an_alias(v):
    a = np.eye(2)
    b = a
    a @= anp.array(np.eye(2)) * v
    return b


HELD = [with_another_name, of_a_row, of_a_shape_of_a_name, with_another_shape, of_an_item_of_a_matrix, with_a_view,
        of_the_callers, of_a_loop, of_a_holder_with_an_alias, of_a_dict_with_an_alias, of_a_product_with_an_alias]


@pytest.mark.parametrize("statement", HELD)
def test_an_array_that_is_held_elsewhere_is_not_left_behind(statement):
    v = leaf([1.0, 2.0])
    for _ in range(20):
        with pytest.raises(TypeError, match=r"held elsewhere too|a view of another array") as caught:
            statement(v)
        assert "np.zeros_like(v)" in str(caught.value)


@pytest.mark.parametrize("statement", HELD)
def test_what_records_nothing_is_written_as_numpy_writes_it(statement):
    with autodiff.no_grad():
        found = statement(leaf([1.0, 2.0]))
    expected = statement(np.array([1.0, 2.0])) if statement is not of_a_product_with_an_alias else np.diag([1.0, 2.0])
    np.testing.assert_array_equal(found, expected)


def test_every_form_of_the_statement_was_measured():
    assert set(_ufuncs.HELD) == {"FAST", "NAME", "GLOBAL", "DEREF", "ATTR", "SUBSCR", "@", "base"}


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "//", "%", "**"])
def test_every_operator_in_place_rebinds(sign):
    v = leaf([1.5, 2.0])
    space = {"np": np, "v": v}
    exec(f"def f():\n    a = np.array([2.0, 3.0])\n    a {sign}= v\n    return a", space)
    found = space["f"]()
    np.testing.assert_array_equal(found.detach().numpy(), eval(f"np.array([2.0, 3.0]) {sign} np.array([1.5, 2.0])"))
    expected = eval(f"np.array([2.0, 3.0]) {sign} v", space)
    assert slope(found, v) == slope(expected, v)


def test_a_product_of_matrices_in_place_rebinds():
    v = leaf([[1.0, 2.0], [0.0, 1.0]])

    def f():
        a = np.array([[1.0, 2.0], [3.0, 4.0]])
        a @= v
        return a
    assert f().tolist() == [[1, 4], [3, 10]] and slope(f(), v) == [[4, 4], [6, 6]]


def test_a_call_with_out_is_told_from_the_statement():
    v, a = leaf([1.0, 2.0]), np.zeros(2)
    for call in (lambda: np.add(a, v, out=a), lambda: np.add(a, v, a), lambda: operator.iadd(a, v), lambda: np.exp(v, out=a),
                 lambda: np.add(v, v, out=(a,)), lambda: np.matmul(v, v, out=np.zeros(())),
                 lambda: np.add(a, 1.0, where=v > 1, out=a) if v.requires_grad and np.add(v, 1, out=a) else None):
        with pytest.raises(TypeError, match=r"out=array\) would lose the gradient.*np\.zeros_like"):
            call()
    assert a.tolist() == [0, 0]


def test_the_statement_keeps_the_arrays_dtype_and_shape():
    v = leaf([1.0, 2.0])

    def into(array):
        array += v
        return array
    single = into(np.zeros(2, np.float32))
    assert single.dtype == np.float32 and slope(single, v) == [1, 1]
    with pytest.raises(TypeError, match="Cannot cast ufunc 'add' output from dtype\\('float64'\\) to dtype\\('int64'\\)"):
        into(np.zeros(2, int))
    with pytest.raises(ValueError, match="non-broadcastable output operand"):
        into(np.zeros(1))
    wide = into(np.zeros((3, 2)))
    assert wide.shape == (3, 2)


def test_the_statement_in_transforms():
    def f(x):
        total = np.zeros(2)
        for _ in range(3):
            total += x * x
        return np.sum(total)
    x = np.array([1.0, 2.0])
    assert autodiff.grad(f)(x).tolist() == [6, 12]
    assert autodiff.jvp(f, (x,), (np.ones(2),))[1] == 18
    assert autodiff.vmap(f)(np.stack([x, 2 * x])).tolist() == [15, 60]

    def held(x):
        a = np.zeros(2)
        b = a
        a += x
        return np.sum(b)
    with pytest.raises(TypeError, match="held elsewhere"):      # a batch cannot be written into an array either
        autodiff.vmap(held)(np.stack([x, x]))


# ---- out= and where=

def test_out_is_written_in_place():
    x, y = leaf([1.0, 2.0, 3.0]), leaf([4.0, 5.0, 6.0])
    out = x * 10.0
    view = out[1:]
    assert np.multiply(x, y, out=out) is out
    assert view.tolist() == [10, 18] and slope(view, x, y) == [[0, 5, 6], [0, 2, 3]]


@FLAVOURS
def test_out_keeps_where_the_mask_says_so(make):
    x, kept = leaf([-1.0, 4.0, 9.0], make), leaf([7.0, 8.0, 9.0], make)
    out = kept * 1.0
    np.sqrt(x, where=np.array([False, True, True]), out=out)
    assert out.tolist() == [7, 2, 3]
    found = autograd.grad(out.sum(), (x, kept))
    assert found[0].tolist() == [0, 0.25, 1 / 6] and found[1].tolist() == [1, 0, 0]


def test_where_without_out_is_zero_elsewhere():
    x = leaf([0.0, 1.0, 2.0])
    found = np.log(x, where=[False, True, True])
    assert found.tolist() == [0, 0, np.log(2.0)] and slope(found, x) == [0, 1, 0.5]
    mask = anp.array([True, False, True])
    assert np.divide(1.0, x, where=~mask).tolist() == [0, 1, 0]
    with pytest.raises(TypeError, match="mask of bools"):
        np.log(x, where=[0, 1, 1])


def test_out_of_a_leaf_and_of_other_dtypes_is_refused():
    x = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match="leaf"):
        np.sin(x, out=x)
    with pytest.raises(TypeError, match="Cannot cast ufunc 'add' output"):
        np.add(x, 1.0, out=anp.array([1, 2]))
    with pytest.raises(ValueError, match="non-broadcastable output"):
        np.add(x, np.ones((3, 2)), out=x * 1.0)
    with pytest.raises(TypeError, match="unexpected keyword"):
        np.add(x, 1.0, wheer=True)
    with pytest.raises(TypeError, match="casting rule"):
        np.add(x, 1.0, dtype=int)
    with pytest.raises(TypeError, match="casting rule"):
        np.add(anp.array([1, 2]), x, out=x * 1.0, casting="no", dtype=np.float64)


def test_a_plain_out_is_fine_where_nothing_is_recorded():
    x, out = anp.array([1.0, 2.0]), np.zeros(2)
    assert np.add(x, 1.0, out=out) is out and out.tolist() == [2, 3]
    with autodiff.no_grad():
        np.exp(leaf([0.0, 0.0]), out=out)
    assert out.tolist() == [1, 1]
    np.negative(x, out=out, where=[True, False])
    assert out.tolist() == [-1, 1]
    target = anp.array([0.0, 0.0])
    assert np.add(np.ones(2), 1.0, out=target) is target and target.tolist() == [2, 2] and target._version


def test_conditions_have_no_gradient_to_lose():
    x, out = leaf([-1.0, 2.0]), np.zeros(2, bool)
    assert np.greater(x, 0.0, out=out) is out and out.tolist() == [False, True]
    assert np.isfinite(x, out=out).all() and np.less(x, 0.0, where=[True, False], out=out).all()
    target = anp.array([False, False])
    assert np.greater(x, 0.0, out=target) is target and target.tolist() == [False, True]


def test_dtype_is_that_of_the_loop():
    x = leaf([1.0, 2.0])
    found = np.multiply(x, x, dtype=np.float32)
    assert found.dtype == np.float32
    (gradient,) = autograd.grad(found.sum(), (x,))
    assert gradient.dtype == np.float64 and gradient.tolist() == [2, 4]
    assert np.add(anp.array([1, 2]), 1, dtype=float).dtype == np.float64
    assert np.add(x, 1, signature="ff->f", casting="unsafe").dtype == np.float32
    assert slope(np.sqrt(x, casting="no"), x) == slope(np.sqrt(x), x)
    with pytest.raises(ValueError, match="no method"):
        x.__array_ufunc__(np.add, "fold", x)


# ---- at, reduce and their like

CALLS = [
    (np.add, ([0, 0, 2], [1.0, 2.0, 3.0])), (np.subtract, ([0, 0], 2.0)), (np.multiply, ([2, 2, 0], [1.0, 2.0, 3.0])),
    (np.divide, ([1, 1], [2.0, 4.0])), (np.maximum, (slice(None), 1.5)), (np.minimum, ([-1, 0], [0.5, 2.5])),
    (np.power, ([1, 1], 2.0)), (np.negative, ([0, 0, 1],)), (np.sqrt, ([1, 1],)), (np.add, ([], [])), (np.add, ((), 1.0)),
    (np.logaddexp, ([0, 2, 0], [0.5, 1.0, 2.0])),
]


@FLAVOURS
@pytest.mark.parametrize(("ufunc", "arguments"), CALLS, ids=[f"{u.__name__}-{i}" for i, (u, _) in enumerate(CALLS)])
def test_at_serves_every_index_once(ufunc, arguments, make):
    base, plain = leaf([1.0, 2.0, 3.0], make), np.array([1.0, 2.0, 3.0])
    w = base * 1.0
    view = w[:]
    assert ufunc.at(w, *arguments) is None
    ufunc.at(plain, *arguments)
    np.testing.assert_array_equal(view.detach().numpy(), plain)
    (found,) = autograd.grad(w.sum(), (base,))
    for i in range(3):
        ends = []
        for step in (1e-6, -1e-6):
            moved = np.array([1.0, 2.0, 3.0])
            moved[i] += step
            ufunc.at(moved, *arguments)
            ends.append(moved.sum())
        assert found[i].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


def test_at_says_what_it_does_not_take():
    x = leaf([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=r"would lose the gradient.*like=v"):
        np.add.at(np.zeros(3), [0, 0], x[:2])
    with pytest.raises(RuntimeError, match="leaf"):
        np.add.at(x, [0], 1.0)
    with pytest.raises(IndexError):
        np.add.at(x * 1.0, [5], 1.0)
    with pytest.raises(ValueError, match="not broadcastable"):
        np.add.at(x * 1.0, [0], np.ones((2, 3)))
    with pytest.raises(TypeError, match="Cannot cast"):
        np.add.at(anp.array([1, 2]), [0], x[:1])
    plain = np.zeros(3)
    np.add.at(plain, [0, 0], anp.array([1.0, 2.0]))
    assert plain.tolist() == [3, 0, 0]
    zero = leaf(2.0) * 1.0
    np.add.at(zero, (), 1.0)
    assert zero.item() == 3.0
    empty = np.zeros(3)
    with pytest.raises(ValueError):
        np.modf.at(x * 1.0, [0])
    assert empty.tolist() == [0, 0, 0]


def test_reductions_have_numpys_errors():
    m = leaf(np.ones((2, 3)))
    for call, error, words in [
        (lambda: np.subtract.reduce(m, axis=None), ValueError, "not reorderable"),
        (lambda: np.maximum.reduce(m, where=m > 0), ValueError, "specify 'initial'"),
        (lambda: np.maximum.reduce(leaf(np.ones((0, 3)))), ValueError, "zero-size array"),
        (lambda: np.add.reduce(m, axis=2), np.exceptions.AxisError, "out of bounds"),
        (lambda: np.sin.reduce(m), ValueError, "binary"),
        (lambda: np.matmul.reduce(m), RuntimeError, "signature"),
        (lambda: np.add.accumulate(leaf(1.0)), TypeError, "scalar"),
        (lambda: np.add.reduceat(m, [0, 5]), IndexError, "out-of-bounds"),
        (lambda: np.sin.outer(m, m), ValueError, "binary"),
        (lambda: np.matmul.outer(m, m), TypeError, "signature"),
        (lambda: np.add.reduce(m, out=np.zeros(3)), TypeError, "would lose the gradient"),
    ]:
        with pytest.raises(error, match=words):
            call()
    assert np.add.reduce(leaf(np.ones((0, 3)))).tolist() == [0, 0, 0]
    assert np.multiply.reduce(leaf(np.ones((0, 3)))).tolist() == [1, 1, 1]
    assert np.hypot.reduce(leaf(np.ones((2, 0))), axis=1).tolist() == [0, 0]


def test_reductions_of_initial_values_that_are_recorded():
    x, start = leaf([1.0, 2.0]), leaf(3.0)
    found = np.add.reduce(x, initial=start)
    assert found.item() == 6 and slope(found, x, start) == [[1, 1], 1]
    found = np.subtract.reduce(x, initial=start)
    assert found.item() == 0 and slope(found, x, start) == [[-1, -1], 1]


def test_reductions_into_variables():
    x, out = leaf([[1.0, 2.0], [3.0, 4.0]]), anp.array([0.0, 0.0])
    assert np.add.reduce(x, axis=0, out=out) is out and out.tolist() == [4, 6] and slope(out, x) == [[1, 1], [1, 1]]
    out = anp.array(np.zeros((2, 2)))
    np.multiply.accumulate(x, axis=0, out=out)
    assert out.tolist() == [[1, 2], [3, 8]] and slope(out, x) == [[4, 5], [1, 2]]


@pytest.mark.parametrize("ufunc", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_reductions_treat_nan_as_numpy(ufunc):
    values = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan], [2.0, 5.0, 4.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for axis in (0, 1):
            found = ufunc.reduce(leaf(values), axis=axis).detach().numpy()
            np.testing.assert_array_equal(found, ufunc.reduce(values, axis=axis))
    x = leaf([1.0, np.nan, 3.0])
    if ufunc in (np.fmax, np.fmin):
        assert slope(ufunc.reduce(x), x) == ([0, 0, 1] if ufunc is np.fmax else [1, 0, 0])


# ---- object arrays, lists, other types

def test_object_arrays_of_variables_are_lifted():
    v, w = leaf(2.0), leaf(3.0)
    pair = np.array([v, w])
    assert pair.dtype == object
    x = leaf([1.0, 4.0])
    for found, expected in [(pair * x, [2, 12]), (x * pair, [2, 12]), (x + np.array([v, 1.0]), [3, 5]), (pair @ x, 14),
                            (x @ pair, 14), (np.arctan2(pair, x), np.arctan2([2, 3], [1, 4]).tolist())]:
        assert type(found) is anp.ndarray and np.allclose(found.detach().numpy(), expected)
        assert all(g is not None for g in autograd.grad(found.sum(), (v, x), retain_graph=True))
    assert slope(pair * x, v, w, x) == [1, 4, [2, 3]]
    sines = np.sin(np.array([v, w]))
    assert slope(sines[0] + sines[1], v, w) == [np.cos(2.0), np.cos(3.0)]
    matrix = np.array([v, w]) @ np.array([[1.0, 2.0], [3.0, 4.0]])
    assert slope(matrix[0] + matrix[1], v, w) == [3, 7]
    with pytest.raises(TypeError, match="objects that are no numbers"):
        np.add(np.array([1, "a"], dtype=object), x)
    with pytest.raises(TypeError, match="objects that are no numbers"):
        x + np.array([None, 1.0], dtype=object)


class Series:
    """A type with an answer of its own, as pandas' Series."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return "series", ufunc.__name__, method


def test_types_with_an_answer_of_their_own_are_asked():
    x, series = leaf([1.0, 2.0]), Series()
    assert np.add(x, series) == ("series", "add", "__call__") and np.add(series, x) == ("series", "add", "__call__")
    assert np.add(x, 1.0, out=series) == ("series", "add", "__call__")
    assert np.multiply.outer(x, series) == ("series", "multiply", "outer")

    class Length(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return "length"
    assert np.add(x, np.ones(2).view(Length)) == "length"


def test_series_of_pandas():
    pandas = pytest.importorskip("pandas")
    x = anp.array([1.0, 2.0])
    found = np.add(x, pandas.Series([1.0, 2.0]))
    assert type(found) is anp.ndarray and found.tolist() == [2, 4]


def test_functions_made_of_python_functions_are_refused_by_name():
    x = leaf([1.0, 2.0])
    double = np.frompyfunc(lambda a: 2 * a, 1, 1)
    with pytest.raises(NotImplementedError, match="would lose the gradient"):
        double(x)
    assert double(x.detach()).tolist() == [2, 4]
