"""NumPy's shapes and joins of Variables: errors, views, kinds of results.  Values and gradients: numpy_lines/shapes.txt."""
import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp

A = np.arange(1.0, 7.0).reshape(2, 3)
V = np.array([1.0, 2.0, 3.0])


def variable(array):
    return anp.array(array, requires_grad=True)


#: Calls that NumPy refuses: of Variables they are refused by the same type of error, in the same words.
WRONG = [
    "np.reshape(x, (4, 2))", "np.reshape(x, 6, order='K')", "np.transpose(x, (0, 0))", "np.transpose(x, (0, 1, 2))",
    "np.swapaxes(x, 0, 5)", "np.moveaxis(x, 0, 4)", "np.rollaxis(x, 7)", "np.matrix_transpose(v)", "np.expand_dims(x, 5)",
    "np.expand_dims(x, (0, 0))", "np.squeeze(x, axis=0)", "np.squeeze(x, axis=9)", "np.split(v, 2)", "np.split(x, [1], axis=3)",
    "np.hsplit(v[0], 1)", "np.vsplit(v, 1)", "np.dsplit(x, 1)", "np.array_split(v, 0)", "np.stack([x, v])",
    "np.stack([])", "np.stack([v, v], axis=4)", "np.concatenate([x, v])",
    "np.concatenate([x, x.T])", "np.concatenate([v, v], axis=1)", "np.concatenate(v[0])", "np.hstack([x, v])",
    "np.vstack([x, [1.0, 2.0]])", "np.column_stack([x, v])", "np.concatenate([v, v], dtype=np.int64)",
    "np.stack([v], dtype=np.float32, casting='safe')", "np.append(x, v, axis=0)", "np.insert(v, 9, 1.0)",
    "np.insert(v, [0, 9], 1.0)", "np.insert(x, 0, [1.0, 2.0], axis=0)", "np.insert(x, 0, 1.0, axis=2)", "np.delete(v, 5)",
    "np.delete(x, 0, axis=2)", "np.delete(v, [True, False])", "np.block([[v, v], v])", "np.block([v, []])", "np.block((v, v))",
    "np.block([[x], [v[:2]]])", "np.broadcast_to(v, (2, 2))", "np.broadcast_arrays(x, v[:2])", "np.meshgrid(v, indexing='jk')",
    "np.tile(v, -1)", "np.repeat(v, [1, 2])", "np.repeat(v, -1)", "np.roll(x, (1, 2), axis=(0, 3))", "np.flip(v, 1)",
    "np.fliplr(v)", "np.flipud(v[0])", "np.rot90(v)", "np.rot90(x, axes=(0, 0))", "np.diagonal(v)", "np.tril(v[0])",
    "np.lib.stride_tricks.sliding_window_view(v, 4)", "np.lib.stride_tricks.sliding_window_view(x, 2)",
    "np.lib.stride_tricks.sliding_window_view(v, -1)", "np.pad(v, -1)", "np.pad(v, 1.5)", "np.pad(x, ((1, 1), (1, 1), (1, 1)))",
    "np.pad(v, 1, 'mirror')", "np.pad(v, 1, 'edge', constant_values=1)", "np.pad(v[:0], 1, 'reflect')",
    "np.pad(v[:0], 1, 'mean')", "np.pad(v, 1, 'maximum', stat_length=0)", "np.pad(v, 1, constant_values=(1, 2, 3))",
    "np.tril_indices_from(v)", "np.diag_indices_from(x)", "np.resize(v, (2, -1))", "np.ix_(x)", "np.astype(v, 'nonsense')",
    "np.ravel(x, 'Z')", "np.atleast_1d()[0]", "np.fft.fftshift(v, axes=3)",
]


if hasattr(np, "unstack"):
    WRONG += ["np.unstack(v[0])", "np.unstack(x, axis=2)"]


@pytest.mark.parametrize("line", WRONG)
@pytest.mark.filterwarnings("ignore")
def test_what_numpy_refuses_is_refused_as_numpy_does(line):
    with pytest.raises(Exception) as expected:
        eval(line, {"np": np, "x": A.copy(), "v": V.copy()})
    for make in (variable, anp.array):
        with pytest.raises(type(expected.value)) as caught:
            eval(line, {"np": np, "x": make(A), "v": make(V)})
        assert type(caught.value) is type(expected.value) and str(caught.value) == str(expected.value)


def test_errors_are_numpys_under_vmap_and_of_tensors_too():
    with pytest.raises(np.exceptions.AxisError):
        autodiff.vmap(lambda x: np.swapaxes(x, 0, 3))(A)
    with pytest.raises(np.exceptions.AxisError):
        np.expand_dims(autodiff.tensor(A), 7)
    with pytest.raises(ValueError, match="all input arrays must have the same shape"):
        np.stack([autodiff.tensor(V), autodiff.tensor(A)])


def test_an_error_of_the_users_function_is_not_run_again():
    calls = []

    def function(vector, width, axis, kwargs):
        calls.append(1)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        np.pad(variable(V), 1, function)
    assert len(calls) == 1


def test_a_failed_write_has_not_written():
    x, array = variable(V), np.zeros(3)
    with pytest.raises(ValueError, match="could not broadcast"):
        np.copyto(anp.array(V), x[:2])
    with pytest.raises(TypeError, match="plain array"):
        np.copyto(array, x)
    assert array.tolist() == [0, 0, 0]


#: Lines whose result shows the elements of x, as NumPy's does.
VIEWS = ["np.transpose(x)", "np.matrix_transpose(x)", "np.expand_dims(x, 1)", "np.rollaxis(x, 1)", "np.moveaxis(x, 0, 1)",
         "np.swapaxes(x, 0, 1)", "np.reshape(x, (3, 2))", "np.ravel(x)", "np.split(x, 3, axis=1)[1]",
         "np.array_split(x, 2)[1]", "np.hsplit(x, [1])[0]", "np.vsplit(x, 2)[1]", "np.unstack(x)[1]", "np.diagonal(x)[:1]",
         "np.atleast_3d(x)", "np.squeeze(x)", "np.astype(x, float, copy=False)", "np.asarray(x, like=x)",
         "np.lib.stride_tricks.sliding_window_view(x, (2, 2))[0, 0]", "np.real_if_close(x)"]
if not hasattr(np, "unstack"):      # of NumPy 2.1
    VIEWS.remove("np.unstack(x)[1]")


@pytest.mark.parametrize("line", VIEWS)
def test_a_view_is_a_view(line):
    x = variable(A) * 1.0
    view = eval(line, {"np": np, "x": x})
    assert np.shares_memory(view, x)
    if "diagonal" not in line and "sliding" not in line:        # NumPy's cannot be written
        view[...] = view * 3.0
        plain = A.copy()
        part = eval(line.replace(", like=x", ""), {"np": np, "x": plain})
        part[...] = part * 3.0
        np.testing.assert_array_equal(x.detach().numpy(), plain)
        (grad,) = autodiff.autograd.grad(np.sum(x), [x])
        assert grad.shape == (2, 3)


#: Lines whose result has elements of its own.
COPIES = ["np.append(x, 1.0)", "np.insert(x, 0, 1.0)", "np.delete(x, 0)", "np.resize(x, (2, 3))", "np.block(x)", "np.pad(x, 1)",
          "np.pad(x, 0)", "np.pad(x, 0, 'edge')", "np.tile(x, 1)", "np.copy(x)", "np.astype(x, float)", "np.meshgrid(x[0])[0]",
          "np.concatenate([x])", "np.roll(x, 0)", "np.repeat(x, 1)", "np.array(x, like=x)", "np.select([x > 9], [x], x)"]


@pytest.mark.parametrize("line", COPIES)
def test_a_copy_is_a_copy(line):
    x = variable(A) * 1.0
    made = eval(line, {"np": np, "x": x})
    assert not np.shares_memory(made, x)
    made[...] = 0.0
    assert x.tolist() == A.tolist()


@pytest.mark.parametrize("line", ["np.split(x, 2)", "np.array_split(x, 2)", "np.hsplit(x, 3)", "np.vsplit(x, 2)",
                                  "np.broadcast_arrays(x, 1.0)", "np.meshgrid(x, x)", "np.ix_(x[0])",
                                  "np.atleast_1d(x, x)", "np.atleast_1d(x)"])
def test_kinds_of_results(line):
    for make in (variable, autodiff.tensor):
        found = eval(line, {"np": np, "x": make(A)})
        expected = eval(line, {"np": np, "x": A})
        assert isinstance(found, type(expected) if isinstance(expected, (list, tuple)) else type(make(A)))
        for part, other in zip(found, expected):
            assert type(part) is type(make(A)) and tuple(part.shape) == other.shape


def test_joins_of_object_arrays_that_hold_variables():
    x = variable(V)
    numbers = np.array([x[0], 2.0, x[1] * x[2]])
    assert numbers.dtype == object
    joined = np.concatenate([x, numbers])
    assert joined.tolist() == [1, 2, 3, 1, 2, 6]
    np.sum(joined).backward()
    assert x.grad.tolist() == [2, 4, 3]


def test_joins_write_into_out():
    x = variable(V)
    out = np.zeros_like(x, shape=(2, 3))
    assert np.stack([x, 2 * x], out=out) is out
    assert np.concatenate([x, x], out=np.zeros_like(x, shape=6)).requires_grad
    np.sum(out).backward()
    assert x.grad.tolist() == [3, 3, 3]
    with pytest.raises(TypeError, match="would lose the gradient"):
        np.concatenate([x, x], out=np.zeros(6))
    plain = np.zeros(6)
    assert np.concatenate([anp.array(V), V], out=plain) is plain and plain.tolist() == [1, 2, 3, 1, 2, 3]


def test_nan_to_num_in_place():
    x = variable(np.array([1.0, np.nan, np.inf]))
    y = x * 1.0
    assert np.nan_to_num(y, copy=False, posinf=5.0) is y and y.tolist() == [1, 0, 5]
    np.sum(y).backward()
    assert x.grad.tolist() == [1, 0, 0]
    with pytest.raises(RuntimeError, match="leaf"):
        np.nan_to_num(x, copy=False)


def test_what_needs_no_values_is_answered_under_vmap():
    def shape(x):
        assert np.shape(x) == (3,) and np.ndim(x) == 1 and np.size(x) == 3 and np.isrealobj(x) and not np.iscomplexobj(x)
        assert np.result_type(x, np.float32) == np.float64 and np.can_cast(x.dtype, float) and np.common_type(x) is np.float64
        assert len(np.tril_indices_from(x[:, None])[0]) == 3
        return x

    assert autodiff.vmap(shape)(A).tolist() == A.tolist()


def test_padding_by_a_function_and_by_dicts():
    x = variable(V)

    def border(vector, width, axis, kwargs):
        vector[:width[0]] = vector[width[0]] * kwargs.get("factor", 1)
        vector[len(vector) - width[1]:] = -1.0

    found = np.pad(x, (2, 1), border, factor=4)
    assert found.tolist() == [4, 4, 1, 2, 3, -1]
    np.sum(found).backward()
    assert x.grad.tolist() == [9, 1, 1]
    if np.lib.NumpyVersion(np.__version__) >= "2.2.0":
        assert np.pad(variable(A), {-1: (1, 0)}).tolist() == np.pad(A, {-1: (1, 0)}).tolist()
    assert np.pad(x, 1, mode="empty").shape == (5,)
    integers = anp.array([1, 2, 4])
    for mode in ("mean", "median", "maximum", "linear_ramp", "constant"):
        if mode == "median":
            continue
        expected = np.pad(np.array([1, 2, 4]), 2, mode)
        found = np.pad(integers, 2, mode)
        assert found.dtype == expected.dtype and found.tolist() == expected.tolist()
