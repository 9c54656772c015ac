"""Ways in which a gradient was lost, or was wrong, without a word in some library: each is kept here, or refused with the fix.

What is kept is held against central differences of the same lines run on plain arrays.  What is refused says what to write
instead, and is kept by `autodiff.lift` where the third word says so.
"""
import gc
import math
import pickle
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp

scipy_linalg = pytest.importorskip("scipy.linalg")
import scipy.integrate  # noqa: E402
import scipy.interpolate  # noqa: E402
import scipy.signal  # noqa: E402
import scipy.sparse  # noqa: E402
import scipy.sparse.linalg  # noqa: E402
import scipy.stats  # noqa: E402

POINT = np.array([0.6, 0.9, 1.4])
MATRIX = np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.1, 0.2, 1.8]])
SPARSE = scipy.sparse.csr_matrix(MATRIX)


def differences(f, x, h=1e-6):
    slope = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        slope[i] = (float(f(up)) - float(f(down))) / (2 * h)
    return slope


# ---- programs

def elements_into_zeros(t):
    out = np.zeros(3)
    for i in range(3):
        out[i] = t[i] * t[i]
    return (out * t).sum()


def all_into_zeros(t):
    out = np.zeros(3)
    out[:] = t
    return (out * t).sum()


def added_to_an_element(t):
    acc = np.zeros(3)
    for i in range(3):
        acc[0] += t[i] * t[i]
    return acc.sum() * t[0]


def into_zeros_like(t):
    out = np.zeros_like(t)
    out[0] = t[0] * t[1]
    out[1:] = t[1:] ** 2
    return np.sum(out * t)


def into_empty_like(t):
    out = np.empty_like(t)
    for i in range(3):
        out[i] = t[i] * t[0]
    return np.sum(out * t)


def into_zeros_like_by_keyword(t):
    out = np.zeros(3, like=t) if not isinstance(t, np.ndarray) else np.zeros(3)
    out[1] = t[0] * t[1]
    return np.sum(out * t)


def by_a_mask(t):
    out = np.zeros_like(t)
    out[t > 0.8] = t[t > 0.8] * 2.0
    return np.sum(out * t)


def accumulated(t):
    acc = np.zeros(3)
    acc += t * t
    acc *= 2.0
    return np.sum(acc)


def accumulated_by_a_view(t):
    matrix = np.zeros((2, 3))
    row = matrix[0]
    row += t
    return np.sum(matrix * matrix)


def branching(t):
    total = 0.0
    for v in t:
        total = total + (v * v if v > 0.8 else np.sin(v))
    return total


def into_out(t):
    arr = np.zeros(3)
    np.exp(t, out=arr)
    return np.sum(arr * t)


def into_out_where(t):
    out = t * 1.0
    np.exp(t, where=np.array([True, False, True]), out=out)
    return np.sum(out * t)


def writer(write):
    """A program that hands a plain array to one of NumPy's functions that write."""
    def program(t):
        arr = np.zeros((3, 3))
        write(arr, t)
        return np.sum(arr * t)
    return program


def views_written(t):
    y = t * 1
    v = y[:2]
    v *= 2
    return np.sum(y * y)


def masked_square_root(t):
    return np.sum(np.where(t > 0.8, np.sqrt(t - 0.5), 0.0))


#: What the program is, what it must be (kept, raises, or either while others decide), whether lift() keeps it.
LINES = [
    # Functions for which objects of Variables were made, and leaked
    ("np.roll", lambda t: np.sum(np.roll(t, 1) * t), "kept"),
    ("np.tril", lambda t: np.sum(np.tril(t[:, None] * t) * t), "kept"),
    ("np.triu", lambda t: np.sum(np.triu(t[:, None] * t) * t), "kept"), ("np.diag", lambda t: np.sum(np.diag(t) * t), "kept"),
    ("np.diagflat", lambda t: np.sum(np.diagflat(t) * t), "kept"), ("np.flipud", lambda t: np.sum(np.flipud(t) * t), "kept"),
    ("np.fliplr", lambda t: np.sum(np.fliplr(t[:, None] * t) * t), "kept"),
    ("np.fft.fftshift", lambda t: np.sum(np.fft.fftshift(t) * t), "either"),
    ("np.linalg.norm inf", lambda t: np.linalg.norm(t, np.inf) * t[0], "kept"),
    ("np.linalg.norm 1", lambda t: np.linalg.norm(t, 1) * t[0], "kept"),
    ("np.linalg.multi_dot", lambda t: np.sum(np.linalg.multi_dot([MATRIX, t[:, None] * t, t])), "kept"),
    ("a branch on values", branching, "kept"),
    # Values taken by __array__ and __float__
    ("out[i] = t[i]", elements_into_zeros, "raises", "lift"), ("out[:] = t", all_into_zeros, "raises", "lift"),
    ("acc[0] += t[i]", added_to_an_element, "raises", "lift"),
    ("np.array of a row @ t", lambda t: np.sum(np.array([[t[0], t[1], 1.0]]) @ t), "kept"),
    ("np.asarray(t) * t", lambda t: np.sum(np.asarray(t) * t), "raises", "lift"),
    ("np.array(t) * t", lambda t: np.sum(np.array(t) * t), "raises", "lift"),
    ("np.asanyarray", lambda t: np.sum(np.asanyarray(t) * t), "raises", "lift"),
    ("np.ascontiguousarray", lambda t: np.sum(np.ascontiguousarray(t) * t), "raises", "lift"),
    ("math.sin(t[0]) * t", lambda t: np.sum(math.sin(t[0]) * t), "raises", "lift"),
    ("float(t[0]) * t", lambda t: np.sum(float(t[0]) * t), "raises"),
    ("np.float64(t[0]) * t", lambda t: np.sum(np.float64(t[0]) * t), "raises"),
    ("arr.dot(t)", lambda t: np.sum(MATRIX.dot(t) * t), "raises", "lift"),
    ("w.T.dot(t)", lambda t: np.sum((t[:, None] * t).T.dot(t)), "kept"),
    ("np.dot(A, t)", lambda t: np.sum(np.dot(MATRIX, t) * t), "kept"),
    ("t.copy()", lambda t: np.sum(t.copy() * t), "kept"), ("t.astype(float)", lambda t: np.sum(t.astype(float) * t), "kept"),
    ("a view that is written", views_written, "kept"), ("np.exp(where=, out=)", into_out_where, "kept"),
    # Numbers of the graph in new arrays
    ("np.array of elements", lambda t: np.sum(np.array([t[0], t[1] * t[2], 1.0]) * t), "kept"),
    ("a rotation", lambda t: np.sum(np.array([[np.cos(t[0]), -np.sin(t[0])], [np.sin(t[0]), np.cos(t[0])]]) @ t[1:]), "kept"),
    ("np.full(3, v)", lambda t: np.sum(np.full(3, t[0]) * t), "kept"),
    ("np.full((2, 3), v)", lambda t: np.sum(np.full((2, 3), t[0]) * t), "kept"),
    ("np.full(3, t)", lambda t: np.sum(np.full(3, t) * t), "raises", "lift"),
    ("np.r_ of numbers", lambda t: np.sum(np.r_[t[0], t[1], 1.0] * t), "kept"),
    ("np.r_ of arrays", lambda t: np.sum(np.r_[t, t[0]] ** 2), "raises", "lift"),
    ("np.c_ of numbers", lambda t: np.sum(np.c_[t[0], t[1], t[2]] * t), "kept"),
    ("np.c_ of arrays", lambda t: np.sum(np.c_[t, t] ** 2), "raises", "lift"),
    ("np.atleast_1d([v])", lambda t: np.sum(np.atleast_1d([t[0]]) * t), "kept"),
    ("np.hstack of numbers", lambda t: np.sum(np.hstack([t[0], t[1], 2.0]) * t), "kept"),
    ("np.stack of lists", lambda t: np.sum(np.stack([[t[0], 1.0, t[2]], [t[1], t[1], 2.0]]) * t), "kept"),
    ("np.concatenate of lists", lambda t: np.sum(np.concatenate(([t[0]], [t[1], t[2]])) * t), "kept"),
    ("np.array of rows", lambda t: np.sum(np.array([t, t * t])), "raises", "lift"),
    ("np.array with a dtype", lambda t: np.sum(np.array([t[0], t[1]], dtype=float)), "raises", "lift"),
    ("np.sum of a list", lambda t: np.sum([t[0], t[1] * t[2]]), "kept"),
    ("an object array returned", lambda t: np.asarray(np.sum(t * t)), "kept"),
    ("sum() of a list", lambda t: sum([v * v for v in t]), "kept"),
    # Arrays made like one of ours
    ("np.zeros_like(t)[...] =", into_zeros_like, "kept"), ("np.empty_like(t)[i] =", into_empty_like, "kept"),
    ("np.zeros(3, like=t)", into_zeros_like_by_keyword, "kept"), ("out[mask] = t[mask]", by_a_mask, "kept"),
    # Arrays that are written by others
    ("acc += t", accumulated, "kept"), ("row += t of a view", accumulated_by_a_view, "raises", "lift"),
    ("np.exp(t, out=arr)", into_out, "raises"),
    *((f"np.{name}", writer(write), "raises") for name, write in {
        "copyto": lambda arr, t: np.copyto(arr, t), "put": lambda arr, t: np.put(arr, [0, 1, 2], t),
        "place": lambda arr, t: np.place(arr, arr == 0, t), "putmask": lambda arr, t: np.putmask(arr, arr == 0, t),
        "add.at": lambda arr, t: np.add.at(arr, 0, t), "fill_diagonal": lambda arr, t: np.fill_diagonal(arr, t),
        "add(out=)": lambda arr, t: np.add(arr, t, out=arr), "put_along_axis": lambda arr, t: np.put_along_axis(
            arr, np.zeros((1, 3), int), np.reshape(t, (1, 3)), 0)}.items()),
    # Methods of plain arrays
    ("arr.searchsorted(t)", lambda t: np.sum(np.arange(3.0).searchsorted(t) * t), "raises"),
    ("arr.fill(v)", lambda t: np.sum([arr := np.zeros(3), arr.fill(t[0])][0] * t), "raises"),
    ("arr.put(i, t)", lambda t: np.sum([arr := np.zeros(3), arr.put([0, 1, 2], t)][0] * t), "raises"),
    ("arr.clip(v, 2)", lambda t: np.sum(POINT.clip(t[1], 2.0) * t), "either"),
    # Iteration
    ("np.vectorize", lambda t: np.sum(np.vectorize(lambda v: v * v)(t)), "raises", "lift"),
    ("np.frompyfunc", lambda t: np.sum(np.frompyfunc(lambda v: v * v, 1, 1)(t)), "raises", "lift"),
    ("np.fromiter", lambda t: np.sum(np.fromiter(t, float) * t), "raises", "lift"),
    ("np.nditer", lambda t: sum([v * v for v in np.nditer(t)]), "raises", "lift"),
    ("np.ndenumerate", lambda t: sum([v * (i + 1) for (i,), v in np.ndenumerate(t)]), "raises", "lift"),
    ("np.broadcast", lambda t: sum([a * b for a, b in np.broadcast(t, t)]), "raises", "lift"),
    ("np.poly1d", lambda t: np.poly1d(t)(2.0), "either", "lift"),
    ("np.polynomial", lambda t: np.polynomial.polynomial.polyval(2.0, t), "raises", "lift"),
    ("np.ma", lambda t: np.ma.array(t).sum(), "raises"), ("np.random", lambda t: np.sum(np.random.normal(t)), "raises"),
    ("as_strided", lambda t: np.sum(np.lib.stride_tricks.as_strided(t)), "raises"),
    # Ranges
    ("np.linspace", lambda t: np.sum(np.linspace(t[0], t[1], 3) * t), "kept"),
    ("np.logspace", lambda t: np.sum(np.logspace(t[0], t[1], 3) * t), "kept"),
    ("np.geomspace", lambda t: np.sum(np.geomspace(t[0], t[1], 3) * t), "kept"),
    ("np.arange", lambda t: np.sum(np.arange(t[0], 3.0, t[1]) ** 2), "raises", "lift"),
    ("np.select", lambda t: np.sum(np.select([t > 0.8, t < 0.7], [t * t, np.sin(t)], 0.0)), "kept"),
    ("np.piecewise", lambda t: np.sum(np.piecewise(t, [t > 0.8, t <= 0.8], [lambda v: v * v, np.sin])), "kept"),
    ("np.apply_along_axis", lambda t: np.sum(np.apply_along_axis(lambda v: np.sum(v * v), 0, t[:, None] * t)), "kept"),
    # SciPy
    ("scipy.linalg.expm", lambda t: np.sum(scipy_linalg.expm(t[:, None] * t)), "raises"),
    ("scipy.linalg.solve", lambda t: np.sum(scipy_linalg.solve(MATRIX, t)), "raises"),
    ("scipy.stats", lambda t: np.sum(scipy.stats.norm.logpdf(t)), "raises"),
    ("scipy.integrate.quad", lambda t: scipy.integrate.quad(lambda s: t[0] * s, 0.0, 1.0)[0], "raises"),
    ("scipy.signal.convolve", lambda t: np.sum(scipy.signal.convolve(t, t) ** 2), "raises"),
    ("scipy.interpolate", lambda t: np.sum(scipy.interpolate.CubicSpline(np.arange(3), t)(0.5)), "raises"),
    ("csr @ t", lambda t: np.sum((SPARSE @ t) * t), "raises"), ("csr.dot(t)", lambda t: np.sum(SPARSE.dot(t) * t), "raises"),
    ("t @ csr", lambda t: np.sum((t @ SPARSE) * t), "raises"),
    ("spsolve", lambda t: np.sum(scipy.sparse.linalg.spsolve(SPARSE.tocsc(), t)), "raises"),
    # Buffers
    ("memoryview", lambda t: np.sum(np.asarray(memoryview(t)) * t), "raises"),
    ("np.frombuffer", lambda t: np.sum(np.frombuffer(t) * t), "raises"),
    ("np.from_dlpack", lambda t: np.sum(np.from_dlpack(t) * t), "raises"),
    # Where the other branch is infinite
    ("np.where of a square root", masked_square_root, "kept"),
]
IDS = [line[0] for line in LINES]
KEPT, RAISES = ([line for line in LINES if line[2] == wanted] for wanted in ("kept", "raises"))


def gradient_or_error(f, x):
    """(gradient, None), or (None, the error)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # of SciPy's, about other things
        try:
            return autodiff.grad(f)(x), None
        except (TypeError, RuntimeError, NotImplementedError, ValueError, AttributeError, BufferError) as error:
            return None, error


@pytest.mark.parametrize("line", LINES, ids=IDS)
def test_the_gradient_is_kept_or_the_line_is_refused(line):
    _, f, wanted, *_ = line
    gradient, error = gradient_or_error(f, POINT)
    assert wanted == "either" or (error is None) == (wanted == "kept"), error
    if error is None:
        assert type(gradient) is np.ndarray and gradient.dtype == np.float64
        np.testing.assert_allclose(gradient, differences(f, POINT), rtol=1e-6, atol=1e-8)
    else:
        assert str(error)


@pytest.mark.parametrize("line", LINES, ids=IDS)
def test_forward_mode_loses_no_tangent(line):
    """Values were handed out of duals, which need no graph."""
    f = line[1]
    gradient, refused = gradient_or_error(f, POINT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _, tangent = autodiff.jvp(f, (POINT,), (np.array([1.0, -0.5, 2.0]),))
        except (TypeError, RuntimeError, NotImplementedError, ValueError, AttributeError, BufferError) as caught:
            error = caught
        else:
            error = None
    assert (error is None) == (refused is None), error
    if error is None:
        assert tangent == pytest.approx(gradient @ np.array([1.0, -0.5, 2.0]), rel=1e-12)


@pytest.mark.parametrize("line", KEPT, ids=[line[0] for line in KEPT])
def test_what_is_kept_is_kept_in_batches(line):
    """Refused, as where a sample's values decide what is done, or as in a loop; never another number."""
    f, batch = line[1], np.stack([POINT, POINT * 0.7])
    expected, refused = gradient_or_error(f, POINT)
    if refused is not None:
        pytest.fail(str(refused))
    try:
        found = autodiff.vmap(autodiff.grad(f))(batch)
    except (TypeError, RuntimeError, NotImplementedError) as error:
        assert "vmap" in str(error) or "data pointer" in str(error), error
        return
    np.testing.assert_allclose(found, [expected, autodiff.grad(f)(batch[1])], rtol=1e-12)


@pytest.mark.parametrize("line", [line for line in LINES if line[3:]], ids=[line[0] for line in LINES if line[3:]])
def test_lift_is_the_way_out(line):
    f = line[1]
    np.testing.assert_allclose(autodiff.grad(autodiff.lift(f))(POINT), differences(f, POINT), rtol=1e-6, atol=1e-8)


#: Of these the words are Python's or SciPy's own, which say what they wanted instead.
THEIR_WORDS = {"memoryview", "np.frombuffer"}


@pytest.mark.parametrize("line", RAISES, ids=[line[0] for line in RAISES])
def test_a_refusal_names_the_way_out(line):
    _, error = gradient_or_error(line[1], POINT)
    if line[0] in THEIR_WORDS:
        assert "bytes-like" in str(error)
    else:
        assert any(word in str(error) for word in ("Use ", "use ", "autodiff.numpy", "@autodiff.lift", "write it with",
                                                   "Leave out=", "np.zeros_like")), error


# ---- objects

def test_object_arrays_are_lifted_where_they_meet_a_variable_or_a_function_of_ours():
    t = anp.array(POINT, requires_grad=True)
    held = np.array([t[0], t[1] * t[2], 2.0])
    assert held.dtype == object
    for f in (lambda: held * t, lambda: t * held, lambda: np.dot(held, t), lambda: t @ held, lambda: autodiff.exp(held),
              lambda: autodiff.sum(held), lambda: autodiff.tensor(held), lambda: autodiff.stack([held, held]),
              lambda: anp.array(held),
              lambda: autodiff.softmax(held, 0), lambda: autodiff.add(held, 1.0), lambda: autodiff.mul(2.0, held),
              lambda: autodiff.hstack([held, held]), lambda: np.sum(held), lambda: anp.mean(held), lambda: anp.exp(held),
              lambda: np.concatenate([held, t]), lambda: np.where(POINT > 0.8, held, t)):
        assert f().requires_grad
    out = t * 0
    out[:] = held
    assert out.requires_grad and out.detach().tolist() == [0.6, pytest.approx(1.26), 2.0]
    out[:2] = [t[0], 1.0]
    np.sum(out).backward()
    assert t.grad.tolist() == [1, 0, 0]
    nested = np.array([[t[0], 1.0], [2.0, t[1]]])
    assert autodiff.tensor(nested).shape == (2, 2) and type(autodiff.tensor(nested)) is autodiff.Tensor
    assert autodiff.tensor(nested, requires_grad=True).is_leaf
    assert autodiff.tensor(nested, dtype=autodiff.float32).dtype == autodiff.float32


@pytest.mark.parametrize("transform", [autodiff.jacobian, autodiff.jacrev, autodiff.jacfwd])
def test_results_that_are_object_arrays(transform):
    """They had a Jacobian of zeros."""
    expected = [[np.cos(0.6), 0, 0], [0, 1.4, 0.9], [0, 0, 0]]
    np.testing.assert_allclose(transform(lambda t: np.array([np.sin(t[0]), t[1] * t[2], 1.0]))(POINT), expected)
    first, second = transform(lambda t: [np.sin(t[0]), np.asarray(t[1] * t[2])])(POINT)
    np.testing.assert_allclose([first, second], expected[:2])


def test_results_of_other_transforms_that_are_object_arrays():
    def f(t):
        return np.array([np.sin(t[0]), t[1] * t[2]])

    _, pull = autodiff.func.vjp(f, POINT)
    np.testing.assert_allclose(pull(np.ones(2))[0], [np.cos(0.6), 1.4, 0.9])
    np.testing.assert_allclose(autodiff.func.jvp(f, (POINT,), (np.ones(3),))[1], [np.cos(0.6), 2.3])
    _, push = autodiff.linearize(f, POINT)
    np.testing.assert_allclose(push(np.ones(3)), [np.cos(0.6), 2.3])
    assert autodiff.value_and_grad(lambda t: np.asarray(t[0] * t[1]))(POINT)[1].tolist() == [0.9, 0.6, 0.0]
    np.testing.assert_allclose(autodiff.vmap(f)(np.stack([POINT, 2 * POINT])), [f(POINT), f(2 * POINT)])


# ---- questions, in which NumPy swallows errors

@pytest.mark.parametrize("make", [anp.array, autodiff.tensor], ids=["ndarray", "Tensor"])
def test_questions_are_answered(make):
    """np.array_equal swallowed the error that values were asked for, and answered False."""
    x, m = make(POINT, requires_grad=True), make(MATRIX, requires_grad=True)
    assert np.array_equal(x, x) is True and np.array_equal(x, POINT) is True and np.array_equal(POINT, x + 1) is False
    assert np.array_equal(x, m) is False and np.array_equal(x, x, equal_nan=True) is True
    assert np.array_equiv(m, m) is True and np.array_equiv(x, m) is False
    assert np.allclose(x, x.detach() + 1e-12) is True and np.allclose(x, x + 1) is False
    assert np.shares_memory(x, x[1:]) is True and np.shares_memory(x, x * 1) is False
    assert np.may_share_memory(x, x[1:]) is True and np.shares_memory(x, POINT.copy()) is False
    assert np.size(x) == 3 and np.ndim(m) == 2 and tuple(np.shape(m)) == (3, 3)
    assert np.iscomplexobj(x) is False and np.isrealobj(x) is True
    assert np.result_type(x, np.float32) == np.float64 and np.can_cast(x.dtype, np.float64) is True
    assert np.isscalar(x) is False and np.iterable(x) is True
    assert bool(np.any(x > 1)) is True and bool(np.all(x > 0)) is True


def test_questions_about_lists_of_variables():
    v = anp.array(0.5, requires_grad=True)
    assert np.array_equal(np.array([v, v]), [0.5, 0.5]) and not np.array_equal(np.array([v, v]), [0.5, 0.6])
    assert anp.allclose([v, v], 0.5) and anp.array_equal([v, 1.0], [0.5, 1.0])


def test_no_buffer_is_exported_while_a_gradient_is_required():
    for x in (anp.array(POINT, requires_grad=True), autodiff.tensor(POINT, requires_grad=True)):
        for name in ("__array_interface__", "__array_struct__", "__buffer__"):
            assert not hasattr(x, name)
        with pytest.raises(TypeError):
            memoryview(x)
        with pytest.raises(RuntimeError):
            np.asarray(x)


# ---- points at which others give NaN, or the wrong sign

def test_special_points():
    zero = np.zeros(3)
    assert autodiff.grad(lambda t: np.linalg.norm(t))(zero).tolist() == [0, 0, 0]
    assert autodiff.grad(lambda t: np.sqrt(np.sum(t * t) + 1.0))(zero).tolist() == [0, 0, 0]
    assert autodiff.grad(lambda t: np.prod(t))(np.array([0.0, 2.0, 3.0])).tolist() == [6, 0, 0]
    assert autodiff.grad(lambda t: np.prod(t))(np.array([0.0, 0.0, 3.0])).tolist() == [0, 0, 0]
    assert autodiff.grad(lambda t: np.sum(np.abs(t)))(zero).tolist() == [0, 0, 0]
    assert autodiff.grad(lambda t: np.sum(np.sinc(t)))(zero).tolist() == [0, 0, 0]
    assert autodiff.grad(lambda t: np.sum(t ** 2))(zero).tolist() == [0, 0, 0]
    assert autodiff.grad(lambda t: np.sum(t ** 0))(zero).tolist() == [0, 0, 0]
    assert autodiff.grad(lambda t: np.sqrt(t))(0.0) == math.inf


def test_gradients_of_two_passes_add_up():
    x = anp.array(1.0, requires_grad=True)
    (x * 2).backward()
    (x * 3).backward()
    assert x.grad.item() == 5.0


def test_integers_are_promoted_or_refused():
    assert autodiff.grad(lambda t: t ** 2)(3) == 6.0 and autodiff.grad(lambda t: t ** -1)(2) == -0.25
    with pytest.raises(TypeError, match=r"convert it, as by x\.astype\(float\)"):
        autodiff.grad(lambda t: np.sum(t ** 2))(np.array([1, 2]))
    v = anp.array([1, 2])
    with pytest.raises(RuntimeError, match="floating point"):
        v.requires_grad_()


def test_the_dtype_stays():
    x = anp.array(POINT, dtype=np.float32, requires_grad=True)
    for f in (lambda t: np.sum(np.sin(t) * 2.0), lambda t: np.mean(t), lambda t: np.sum(np.array([t[0], t[1]])),
              lambda t: np.sum(t * np.float32(2)), lambda t: np.sum(np.concatenate([t, t])), lambda t: np.sqrt(np.sum(t * t))):
        out = f(x)
        out.backward()
        assert out.dtype == np.float32 and x.grad.dtype == np.float32


def test_long_chains_are_freed_without_recursion():
    x = anp.array(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    y.backward()
    assert x.grad.item() == 1.0
    del y
    gc.collect()


def test_gradient_functions_pickle():
    assert pickle.loads(pickle.dumps(autodiff.grad(branching)))(POINT).tolist() == autodiff.grad(branching)(POINT).tolist()


def test_whole_numbers_have_the_derivative_zero():
    """int() and round() have no gradient to lose."""
    assert autodiff.grad(lambda t: t * math.floor(t))(2.5) == 2.0 and autodiff.grad(lambda t: t * int(t))(2.5) == 2.0
    assert autodiff.grad(lambda t: t * np.floor(t))(2.5) == 2.0 and autodiff.grad(lambda t: t * round(t))(2.6) == 3.0


def test_a_variable_of_numpys_flavour_is_no_array_of_numpys_but_one_of_the_mirrors():
    t = anp.array(POINT)
    assert not isinstance(t, np.ndarray) and isinstance(t, anp.ndarray) and isinstance(POINT, anp.ndarray)
    assert autodiff.lift(lambda t: isinstance(t, np.ndarray))(t) is True
