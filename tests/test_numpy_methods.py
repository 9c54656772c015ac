"""ndarray's methods, attributes, operators and indices on the NumPy flavour: all are there, and mean what NumPy's do."""
import copy
import inspect
import itertools
import math
import operator
import pickle
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd

M = np.arange(6.0).reshape(2, 3) + 1
FLAVOURS = pytest.mark.parametrize("make", [autodiff.tensor, anp.array], ids=["Tensor", "ndarray"])

#: What ndarray has and its flavour here has not, and why.
ABSENT = {
    "__array_finalize__": "of subclasses of numpy.ndarray",
    "__array_interface__": "would show the memory, and lose the gradient without a word",
    "__array_struct__": "would show the memory, and lose the gradient without a word",
    "__array_wrap__": "functions are answered by __array_ufunc__ and __array_function__",
    "__buffer__": "would show the memory, and lose the gradient without a word",
    "_set_dtype": "of NumPy's own", "_set_shape": "of NumPy's own",
    "__setstate__": "pickled by __reduce__ alone",
}


def leaf(values):
    return anp.array(values, requires_grad=True)


def slope(result, *leaves):
    found = autograd.grad(result.sum(), leaves)
    return found[0].tolist() if len(found) == 1 else [g.tolist() for g in found]


# ---- all of ndarray's

@pytest.mark.parametrize("name", dir(np.ndarray))
def test_everything_of_ndarray_is_there_or_named(name):
    if name in ABSENT:
        assert ABSENT[name] and not hasattr(anp.ndarray, name)
        return
    assert hasattr(anp.ndarray, name)
    theirs = getattr(np.ndarray, name)
    if callable(theirs) and not name.startswith("__"):
        assert callable(getattr(anp.ndarray, name)) and getattr(anp.ndarray, name).__doc__
        try:
            wanted = list(inspect.signature(theirs).parameters.values())[1:]
        except ValueError:      # NumPy gives signatures since 2.4
            return
        own = list(inspect.signature(getattr(anp.ndarray, name)).parameters.values())[1:]
        names = [p.name for p in own]
        for position, parameter in enumerate(wanted):
            if parameter.kind is parameter.VAR_KEYWORD:
                continue
            assert parameter.name in names, parameter
            found = own[names.index(parameter.name)]
            if parameter.kind is not parameter.KEYWORD_ONLY:
                assert names.index(parameter.name) == position
            assert found.default == parameter.default or (found.default is None and parameter.name == "where")


def test_attributes_are_numpys():
    x, z = leaf(M), leaf(np.array([1 + 2j, 3 - 1j]))
    for name in ("size", "itemsize", "nbytes", "ndim", "strides", "dtype", "shape", "device"):
        assert getattr(x, name) == (getattr(M, name) if hasattr(M, name) else "cpu")
        assert getattr(x.T, name) == (getattr(M.T, name) if hasattr(M, name) else "cpu")
    assert x.base is None and x[0].base is x and x.T.base is x
    assert x.flags.c_contiguous and x.T.flags["F_CONTIGUOUS"] and x.flags.writeable and "WRITEABLE : True" in repr(x.flags)
    assert x.flags.owndata and not x.T.flags["O"] and x.flags.contiguous
    with pytest.raises(AttributeError, match="always"):
        x.flags.writeable = False
    with pytest.raises(KeyError):
        x.flags["Q"]
    assert x.imag.tolist() == np.zeros((2, 3)).tolist() and x.real.tolist() == M.tolist()
    with pytest.raises(TypeError, match="imaginary part"):
        x.imag = 1.0
    w = z * 1
    w.imag = [5.0, 6.0]
    w.real = 0.0
    assert w.tolist() == [5j, 6j]
    with pytest.raises(ValueError, match="ndim < 2"):
        _ = x[0].mT
    with pytest.raises(TypeError, match="where the gradient ends"):
        _ = x.ctypes
    assert anp.array([1.0]).ctypes.data and anp.ndarray[float] is not None


def test_a_shape_can_be_set():
    x = leaf(M)
    y = x * 2.0
    y.shape = (3, 2)
    assert y.shape == (3, 2) and y[2, 1].item() == 12 and slope(y * y, x) == (8 * M).tolist()
    y = x * 2.0
    y.shape = -1
    assert y.shape == (6,)
    for sizes in ((4,), (-1, 4), (-1, -1)):
        with pytest.raises(ValueError, match="cannot reshape"):
            y.shape = sizes
    turned = (x * 1.0).T
    with pytest.raises((AttributeError, NotImplementedError)):
        turned.shape = (6,)
    y = x * 1.0
    y.resize(3, 2)
    assert y.shape == (3, 2)
    with pytest.raises(ValueError, match=r"np\.resize"):
        y.resize(7)
    with pytest.raises(TypeError, match="integers"):
        y.resize([2.0, 3.0])


def test_flat_reads_and_writes():
    x, v = leaf(M), leaf(5.0)
    assert [a.item() for a in x.flat] == M.ravel().tolist() and len(x.flat) == 6
    for index in (2, -1, slice(1, 4), [0, 5], np.array([True] * 3 + [False] * 3)):
        np.testing.assert_array_equal(x.flat[index].detach().numpy(), M.flat[index])
    flat = x.flat
    next(flat)
    assert flat.index == 1 and flat.coords == (0, 1) and flat.base is x and flat.copy().tolist() == M.ravel().tolist()
    y, plain = x * 1.0, M.copy()
    y.flat[1] = v
    y.flat[[0, 2]] = 7.0
    y.flat[3:] = [1.0, 2.0]
    plain.flat[1], plain.flat[[0, 2]], plain.flat[3:] = 5.0, 7.0, [1.0, 2.0]
    assert y.tolist() == plain.tolist() and slope(y, x, v) == [np.zeros((2, 3)).tolist(), 1]
    y = x * 1.0
    y.flat = v
    assert slope(y, v) == 6
    with pytest.raises(IndexError, match="out of bounds"):
        x.flat[6]
    with pytest.raises((TypeError, RuntimeError)):
        np.asarray(x.flat)


def test_methods_in_place():
    x, v = leaf([3.0, 1.0, 2.0]), leaf(4.0)
    for write, values, slopes in [
        (lambda y: y.sort(), [1, 2, 3], [3, 1, 2]), (lambda y: y.partition(0), None, None),
        (lambda y: y.fill(v), [4, 4, 4], None),
        (lambda y: y.put([0, 2], [7.0, v]), [7, 1, 4], [0, 2, 0]), (lambda y: y.fill(2), [2, 2, 2], None),
    ]:
        y = x * 1.0
        view = y[:]
        assert write(y) is None
        if values is None:
            values = np.array([3.0, 1.0, 2.0])
            values.partition(0)
            values = values.tolist()
        assert view.tolist() == values
        if slopes:
            assert slope(y * np.array([1.0, 2.0, 3.0]), x) == slopes
    with pytest.raises(RuntimeError, match="leaf"):
        x.sort()
    with pytest.raises(ValueError, match="order"):
        (x * 1).sort(order="a")
    with pytest.raises(ValueError, match="sequence"):
        (x * 1).fill([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        x.setflags(write=False)
    x.setflags(write=True)


def test_methods_without_a_line():
    x = leaf([3.0, 1.0, 2.0])
    assert x.argpartition(1).tolist() == np.array([3.0, 1.0, 2.0]).argpartition(1).tolist()
    assert anp.array([0, 1, 0]).choose([x, [7.0, 8.0, 9.0]]).tolist() == [3, 8, 2]
    assert slope(anp.array([0, 1, 0]).choose([x, [7.0, 8.0, 9.0]]), x) == [1, 0, 1]
    assert anp.array([0, 3, -1]).choose([x, x * 2], mode="wrap").tolist() == [3, 2, 4]
    assert anp.array([0, 1]).choose([[1.0, 2.0], [3.0, 4.0]]).tolist() == [1, 4]
    with pytest.raises(ValueError, match="invalid entry"):
        anp.array([0, 2]).choose([x, x])
    assert pickle.loads(x.dumps()).tolist() == [3, 1, 2] and pickle.loads(x.dumps()).requires_grad
    assert x.tobytes() == np.array([3.0, 1.0, 2.0]).tobytes() and x.to_device("cpu") is x
    for refused in (lambda: x.byteswap(), lambda: x.getfield(int), lambda: x.setfield(1, int), lambda: x.view(np.float32)):
        with pytest.raises(TypeError, match="no derivative"):
            refused()
    for error, refused in ((ValueError, lambda: x.to_device("cuda")), (TypeError, lambda: x.astype(int, casting="safe")),
                           (TypeError, lambda: x.astype("U3")), (TypeError, lambda: x.astype(object)),
                           (ValueError, lambda: x.item()), (ValueError, lambda: x.transpose(0, 1)),
                           (ValueError, lambda: leaf(M).transpose(0, 0)), (IndexError, lambda: x.item(3))):
        with pytest.raises(error):
            refused()
    assert x.item(1) == 1 and leaf(M).item(-1) == 6 and leaf(M).item(1, 2) == 6 and leaf(M).item((0, 1)) == 2
    assert x.astype(np.float64, copy=False) is x and x.astype(np.float64) is not x
    out = anp.array([0.0, 0.0])
    assert x.compress([True, False, True], out=out) is out and slope(out, x) == [1, 0, 1]
    z = leaf([1.0, 2.0, 3.0, 4.0])
    assert z.view(complex).tolist() == [1 + 2j, 3 + 4j] and z.view().tolist() == z.tolist()
    with pytest.raises(ValueError, match="not aligned"):
        x.dot(np.ones(2))
    assert slope(x.dot([x[0], 1.0, 2.0]), x) == [6, 1, 2] and x.dot(2.0).tolist() == [6, 2, 4]
    y = z * 1.0
    y.view()[0] = 9.0
    assert y[0].item() == 9


def test_files(tmp_path):
    x = leaf([3.0, 1.0])
    x.dump(tmp_path / "x")
    with open(tmp_path / "x", "rb") as file:
        assert pickle.load(file).tolist() == [3, 1]
    x.tofile(tmp_path / "raw")
    assert np.fromfile(tmp_path / "raw").tolist() == [3, 1]


def test_copies():
    x = leaf([1.0, 2.0])
    assert slope(copy.copy(x), x) == [1, 1] and copy.deepcopy(x).requires_grad and copy.deepcopy(x).is_leaf


# ---- numbers out of arrays

@FLAVOURS
def test_whole_numbers_need_no_gradient(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for value in (2.5, -2.5, 3.5, 7.0):
            v = make(value, requires_grad=True)
            for f in (int, math.floor, math.ceil, math.trunc, round):
                assert f(v) == f(value) and type(f(v)) is int
        v = make(2.345, requires_grad=True)
        assert float(round(v.detach(), 1)) == pytest.approx(2.3) and round(v, 1).requires_grad
        assert [0, 1, 2, 3][make(2)] == 2 and operator.index(make([3])) == 3
        with pytest.raises(TypeError):
            operator.index(make(2.0))
        with pytest.raises(TypeError, match="__round__"):
            round(make([1.0, 2.0]))
        with pytest.raises(ValueError):
            math.floor(make([1.0, 2.0]))
        with pytest.raises((RuntimeError, ValueError)):
            autodiff.vmap(lambda x: math.floor(x) * x)(np.ones(2))


def test_a_number_taken_out_names_the_expression_and_the_fix():
    v = leaf(0.5)
    for call, words in [
        (lambda: math.sin(v), r"in `math\.sin\(v\)` .*use np.sin instead of math.sin"),
        (lambda: math.asin(v), "use np.arcsin instead of math.asin"),
        (lambda: math.pow(v, 2), "use np.power instead of math.pow"),
        (lambda: math.erf(v), "use scipy.special.erf instead of math.erf"),
        (lambda: float(v), r"use the array itself instead of float\(v\)"),
        (lambda: complex(v), r"use the array itself instead of complex\(v\)"),
        (lambda: np.zeros(2).__setitem__(0, v), r"np.zeros\(n, like=v\)"),
    ]:
        with pytest.raises(TypeError, match="(?s)would lose its gradient.*" + words) as caught:
            call()
        assert "test_numpy_methods.py:" in str(caught.value) and "where the gradient ends" in str(caught.value)
    out = np.zeros(2)
    with pytest.raises(TypeError, match=r"in `out\[0\]` .*like=v|in `out\[0\] = v` .*like=v"):
        out[0] = v
    with autodiff.no_grad():
        assert math.sin(v) == math.sin(0.5) and float(v) == 0.5 and complex(v) == 0.5
    with pytest.warns(UserWarning, match="Converting a tensor"):
        assert math.sin(autodiff.tensor(0.5, requires_grad=True)) == math.sin(0.5)


def test_what_python_asks():
    x, v = leaf([1.0, 2.0, 3.0]), leaf(2.0)
    a, b, c = x
    assert slope(a * b + c, x) == [2, 1, 1] and [float(e.detach()) for e in x] == [1, 2, 3]
    assert len(x) == 3 and 2.0 in x and 5.0 not in x and bool(v) and f"{v:.2f}" == "2.00" and f"{x}" == "array([1., 2., 3.])"
    assert sum(x).item() == 6 and max(x).item() == 3 and [e.item() for e in reversed(x)] == [3, 2, 1]
    for f, error in ((len, TypeError), (iter, TypeError)):
        with pytest.raises(error):
            f(v)
    with pytest.raises(ValueError, match=r"a\.any\(\)"):
        bool(x)
    with pytest.raises(ValueError, match="empty array"):
        bool(x[:0])
    assert (x == None).tolist() == [False] * 3 and (x != "a").tolist() == [True] * 3       # noqa: E711
    for result in (x > 1, x == x, x <= [1.0, 5.0, 2.0], x > [2.0, 2.0, 2.0]):
        assert type(result) is np.ndarray and result.dtype == bool
    q, r = divmod(x, 2.0)
    assert q.tolist() == [0, 1, 1] and r.tolist() == [1, 0, 1] and slope(r, x) == [1, 1, 1] and slope(q, x) == [0, 0, 0]
    with pytest.raises(TypeError):
        divmod(x, "a")


# ---- operators

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
          operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift, operator.lt, operator.ge, operator.eq,
          operator.ne]
UNARY = [operator.neg, operator.pos, operator.abs, operator.invert, np.sqrt, np.exp, np.sin]


def outcome(function, *operands):
    """What comes out: dtype and values, or that it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = function(*operands)
    except (TypeError, ValueError, OverflowError) as error:
        return next(kind for kind in (OverflowError, TypeError, ValueError) if isinstance(error, kind))
    found = found.detach().numpy() if type(found) is anp.ndarray else np.asarray(found)
    return found.dtype.name, found.shape, np.round(found.astype(complex), 2).tolist()


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", DTYPES)
def test_promotion_is_numpys(function, dtype):
    """All dtypes on both sides, as arrays, 0-d arrays, NumPy's scalars, Variables, and Python's numbers."""
    for shape in ((2,), ()):
        plain = np.full(shape, 2, dtype)
        x = anp.array(plain)
        others = [(make(other), make(other)) for other in DTYPES
                  for make in (lambda d: np.array([1, 2], d), lambda d: np.array(1, d), lambda d: np.dtype(d).type(1))]
        others += [(anp.array(np.array([1, 2], other)), np.array([1, 2], other)) for other in DTYPES]
        others += [(number, number) for number in (2, 2.5, 2j, True, 1)]
        for ours, theirs in others:
            if function is operator.pow and dtype == "bool" and type(theirs) is int:
                continue        # NumPy squares bools in int8, as it does no other number
            assert outcome(function, x, ours) == outcome(function, plain, theirs), (ours, "right")
            if type(ours) is not anp.ndarray:
                assert outcome(function, ours, x) == outcome(function, theirs, plain), (ours, "left")


@pytest.mark.parametrize("function", UNARY, ids=lambda f: f.__name__)
def test_the_dtype_of_one_operand_is_numpys(function):
    for dtype, shape in itertools.product(DTYPES, ((2,), ())):
        plain = np.ones(shape, dtype)
        assert outcome(function, anp.array(plain)) == outcome(function, plain), dtype


def test_integers_that_do_not_fit_raise():
    small = anp.array(np.array([1, 2], np.int8))
    for call in (lambda: small + 300, lambda: small & 300, lambda: 300 * small):
        with pytest.raises(OverflowError, match="out of bounds for int8"):
            call()
    assert (small < 300).all() and (small + 3).dtype == np.int8


@pytest.mark.parametrize("other", [np.array(["a", "b"]), np.array(["2020", "2021"], "M8[Y]"), np.array([1, 2], "m8[s]"),
                                   np.array([(1, 2.0), (3, 4.0)], "i4,f8"), np.ones(2, np.longdouble), "a", {}, object()],
                         ids=["text", "dates", "spans", "records", "longdouble", "str", "dict", "object"])
def test_what_is_no_number_is_refused_with_a_word(other):
    x = leaf([1.0, 2.0])
    for call in (lambda: x * other, lambda: other + x, lambda: np.add(x, other), lambda: x @ other):
        with pytest.raises(TypeError) as caught:
            call()
        assert len(str(caught.value)) > 20


def test_operators_take_lists_with_variables_in_them():
    x, v = leaf([1.0, 2.0]), leaf(3.0)
    assert slope(x * [v, 2.0], x, v) == [[3, 2], 1] and slope([v, v] - x, x, v) == [[-1, -1], 2]
    assert slope((v, 1.0) @ x, x, v) == [[3, 1], 1] and slope(x @ [[v, 1.0], [2.0, v]], v) == 3
    y = x * 1.0
    view = y[1:]
    y += [10.0, v]
    assert view.tolist() == [5] and slope(y, x, v) == [[1, 1], 1]
    y = anp.array([1.0, 2.0]) * x
    y *= np.array([v, v])
    assert slope(y, v) == 5


def test_operators_in_place_have_numpys_errors():
    for write, error, words in [
        (lambda: operator.iadd(anp.array([1, 2]), 1.5), TypeError, "same_kind"),
        (lambda: operator.iadd(anp.array([1.0, 2.0]), 1j), TypeError, "same_kind"),
        (lambda: operator.iadd(anp.array([1.0]), np.ones(2)), ValueError, "non-broadcastable"),
        (lambda: operator.imul(leaf([1.0]), 2.0), RuntimeError, "leaf"),
        (lambda: operator.imatmul(anp.array(np.eye(2)), np.ones(2)), ValueError, "non-broadcastable"),
    ]:
        with pytest.raises(error, match=words):
            write()
    single = anp.array(np.ones(2, np.float32))
    single += np.ones(2)
    assert single.dtype == np.float32
    x = leaf(np.eye(2))
    y = x * 2.0
    row = y[0]
    y @= np.array([[1.0, 2.0], [3.0, 4.0]])
    assert row.tolist() == [2, 4] and slope(y, x) == [[6, 14], [6, 14]]
    for call in (lambda: x + np.ones(3), lambda: x @ np.ones(3)):
        with pytest.raises(ValueError, match=r"shapes|size|matmul"):
            call()


# ---- indices

INDICES = [0, -1, (0, 1), slice(1, None), slice(None, None, -1), ..., None, (), (..., 1), (slice(None), None, 1), [0, 1],
           [1, 1, 0], ([0, 1], [2, 0]), (slice(None), [0, 2]), np.ix_([0, 1], [0, 2]), (M > 2), [True, False],
           ([True, False], 1), (0, [1, 2]),
           np.array([[0, 1], [1, 0]]), (np.newaxis, ..., [0, 1]), np.int64(1), np.array(1), ([0, 1], slice(0, 2)), True, []]


@pytest.mark.parametrize("index", INDICES, ids=map(str, range(len(INDICES))))
def test_indices_are_numpys(index):
    x = leaf(M)
    index = np.array(index, int) if isinstance(index, list) and not index else index
    expected = M[index]
    found = x[index]
    assert type(found) is anp.ndarray and found.shape == expected.shape and found.tolist() == expected.tolist()
    weights = np.arange(found.size).reshape(found.shape) + 1.0
    wanted = np.zeros((2, 3))
    np.add.at(wanted, index, weights)
    assert slope(found * weights, x) == wanted.tolist()
    v, y, plain = leaf(np.full(expected.shape, 9.0)), x * 1.0, M.copy()
    y[index] = v
    plain[index] = 9.0
    assert y.tolist() == plain.tolist() and slope(y, x) == (plain != 9).astype(float).tolist()
    y, plain = x * 1.0, M.copy()
    y[index] += 2.0
    plain[index] += 2.0
    assert y.tolist() == plain.tolist()


@pytest.mark.parametrize("index", [5, (0, 0, 0), "a", 1.5, [0, 7], (0, 3), np.array([1.5]), np.ones(3, bool),
                                   (slice(None), -4)])
def test_indices_that_do_not_fit_raise_as_numpys(index):
    for use in (lambda a: a[index], lambda a: a.__setitem__(index, 0.0)):
        with pytest.raises(IndexError):
            use(M.copy())
        with pytest.raises(IndexError):
            use(leaf(M) * 1.0)


def test_values_that_do_not_fit_raise_as_numpys():
    y = leaf(M) * 1.0
    for index, value in (((0,), np.ones(2)), ((slice(None), 0), np.ones(3)), ((M > 2), np.ones(3)), ((0,), [1.0, 2.0])):
        with pytest.raises(ValueError):
            M.copy()[index] = value
        with pytest.raises((ValueError, RuntimeError)):
            y[index] = value


def test_results_without_dimensions_stay_arrays_with_a_gradient():
    x = leaf(M)
    for found in (x[0, 0], x.sum(), x.max(), x.mean(), x.std(), x[0] @ x[1], np.sum(x), x[0].dot(x[1]), x.trace()):
        assert type(found) is anp.ndarray and found.shape == () and found.requires_grad and repr(found).startswith("array(")


# ---- numbers: to NumPy an element and a result without dimensions are no arrays

def swapped(x):
    y = x.copy()
    y[0], y[1] = y[1], y[0]
    return y @ np.arange(1.0, 4.0)


def bubble_sorted(x):
    y = x.copy()
    for i in range(3):
        for j in range(2 - i):
            if y[j] > y[j + 1]:
                y[j], y[j + 1] = y[j + 1], y[j]
    return y @ np.arange(1.0, 4.0)


def divided_by_an_element(x):
    y = x.copy()
    pivot = y[0]
    for k in range(3):
        y[k] /= pivot
    return y.sum()


def unpacked(x):
    y = x.copy()
    a, b, _ = y
    y[0] = 9.0
    return a * b + y.sum()


def summed(x):
    total = x[0]
    for v in x[1:]:
        total += v
    return total


def before_the_last(x):
    total, parts = 0.0, []
    for v in x:
        total += v**2
        parts.append(total)
    return parts[0] + parts[1] * 2 - parts[2]


def kept(x):
    best = np.max(x)
    other = best
    best *= 2
    loss = np.sum(x**2)
    old = loss
    loss -= x[0]
    return best * other + old - loss


def of_a_matrix(x):
    a = np.outer(x, x)
    element = a[0, 1]
    a[0, 1] = 0.0
    row = a[1]          # a row is a view
    row += x
    return element + a.sum()


def of_a_state(x):
    state = {"x": x[0], "v": x[1]}
    for _ in range(3):
        state["v"] -= 0.1 * state["x"]
        state["x"] += 0.1 * state["v"]
    return state["x"] ** 2 + state["v"] * x[0]


def of_an_ellipsis(x):
    y = x * 1
    view = y[..., 0]    # which is a view of the array in NumPy, too
    view *= 10
    return y.sum()


def listed(x):
    return sum(v**2 for v in x.tolist()) + max(list(x * 2))


NUMBERS = [swapped, bubble_sorted, divided_by_an_element, unpacked, summed, before_the_last, kept, of_a_matrix, of_a_state,
           of_an_ellipsis, listed]


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
def test_elements_and_results_without_dimensions_are_numbers(f):
    x = np.array([3.0, 1.0, 2.0])
    value, gradient = autodiff.value_and_grad(f)(x)
    assert value == f(x)
    step = 1e-6
    expected = [(f(x + step * e) - f(x - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(autodiff.jacfwd(f)(x), gradient, rtol=1e-12, atol=1e-12)
    if f not in (bubble_sorted, listed):        # these ask for values
        np.testing.assert_allclose(autodiff.vmap(f)(np.stack([x, x * 2])), [f(x), f(x * 2)], rtol=1e-12)


def test_a_parameter_is_stepped_where_it_is():
    w = anp.array(2.0, requires_grad=True)
    (w * w).backward()
    kept = w
    with autodiff.no_grad():
        w -= 0.25 * w.grad
    assert w is kept and w.requires_grad and w.item() == 1.0
