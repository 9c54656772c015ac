"""The array API standard, version 2024.12, as `autodiff.numpy` has it; DLPack; arrays of pandas, xarray and others.

https://data-apis.org/array-api/2024.12
"""
import inspect
import subprocess
import sys

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff.numpy import _dispatch

NUMPY = np.lib.NumpyVersion(np.__version__)

#: The signatures that the standard publishes.
SIGNATURES = """
arange(start, /, stop=None, step=1, *, dtype=None, device=None)
asarray(obj, /, *, dtype=None, device=None, copy=None)
empty(shape, *, dtype=None, device=None)
empty_like(x, /, *, dtype=None, device=None)
eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None)
from_dlpack(x, /, *, device=None, copy=None)
full(shape, fill_value, *, dtype=None, device=None)
full_like(x, /, fill_value, *, dtype=None, device=None)
linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True)
meshgrid(*arrays, indexing='xy')
ones(shape, *, dtype=None, device=None)
ones_like(x, /, *, dtype=None, device=None)
tril(x, /, *, k=0)
triu(x, /, *, k=0)
zeros(shape, *, dtype=None, device=None)
zeros_like(x, /, *, dtype=None, device=None)
astype(x, dtype, /, *, copy=True, device=None)
can_cast(from_, to, /)
finfo(type, /)
iinfo(type, /)
isdtype(dtype, kind)
result_type(*arrays_and_dtypes)
clip(x, /, min=None, max=None)
take(x, indices, /, *, axis=None)
take_along_axis(x, indices, /, *, axis=-1)
matmul(x1, x2, /)
matrix_transpose(x, /)
tensordot(x1, x2, /, *, axes=2)
vecdot(x1, x2, /, *, axis=-1)
broadcast_arrays(*arrays)
broadcast_to(x, /, shape)
concat(arrays, /, *, axis=0)
expand_dims(x, /, *, axis=0)
flip(x, /, *, axis=None)
moveaxis(x, source, destination, /)
permute_dims(x, /, axes)
repeat(x, repeats, /, *, axis=None)
reshape(x, /, shape, *, copy=None)
roll(x, /, shift, *, axis=None)
squeeze(x, /, axis)
stack(arrays, /, *, axis=0)
tile(x, repetitions, /)
unstack(x, /, *, axis=0)
argmax(x, /, *, axis=None, keepdims=False)
argmin(x, /, *, axis=None, keepdims=False)
count_nonzero(x, /, *, axis=None, keepdims=False)
nonzero(x, /)
searchsorted(x1, x2, /, *, side='left', sorter=None)
where(condition, x1, x2, /)
unique_all(x, /)
unique_counts(x, /)
unique_inverse(x, /)
unique_values(x, /)
argsort(x, /, *, axis=-1, descending=False, stable=True)
sort(x, /, *, axis=-1, descending=False, stable=True)
cumulative_prod(x, /, *, axis=None, dtype=None, include_initial=False)
cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False)
max(x, /, *, axis=None, keepdims=False)
mean(x, /, *, axis=None, keepdims=False)
min(x, /, *, axis=None, keepdims=False)
prod(x, /, *, axis=None, dtype=None, keepdims=False)
std(x, /, *, axis=None, correction=0.0, keepdims=False)
sum(x, /, *, axis=None, dtype=None, keepdims=False)
var(x, /, *, axis=None, correction=0.0, keepdims=False)
all(x, /, *, axis=None, keepdims=False)
any(x, /, *, axis=None, keepdims=False)
diff(x, /, *, axis=-1, n=1, prepend=None, append=None)
linalg.cholesky(x, /, *, upper=False)
linalg.cross(x1, x2, /, *, axis=-1)
linalg.det(x, /)
linalg.diagonal(x, /, *, offset=0)
linalg.eigh(x, /)
linalg.eigvalsh(x, /)
linalg.inv(x, /)
linalg.matmul(x1, x2, /)
linalg.matrix_norm(x, /, *, keepdims=False, ord='fro')
linalg.matrix_power(x, n, /)
linalg.matrix_rank(x, /, *, rtol=None)
linalg.matrix_transpose(x, /)
linalg.outer(x1, x2, /)
linalg.pinv(x, /, *, rtol=None)
linalg.qr(x, /, *, mode='reduced')
linalg.slogdet(x, /)
linalg.solve(x1, x2, /)
linalg.svd(x, /, *, full_matrices=True)
linalg.svdvals(x, /)
linalg.tensordot(x1, x2, /, *, axes=2)
linalg.trace(x, /, *, offset=0, dtype=None)
linalg.vecdot(x1, x2, /, *, axis=-1)
linalg.vector_norm(x, /, *, axis=None, keepdims=False, ord=2)
fft.fft(x, /, *, n=None, axis=-1, norm='backward')
fft.ifft(x, /, *, n=None, axis=-1, norm='backward')
fft.fftn(x, /, *, s=None, axes=None, norm='backward')
fft.ifftn(x, /, *, s=None, axes=None, norm='backward')
fft.rfft(x, /, *, n=None, axis=-1, norm='backward')
fft.irfft(x, /, *, n=None, axis=-1, norm='backward')
fft.rfftn(x, /, *, s=None, axes=None, norm='backward')
fft.irfftn(x, /, *, s=None, axes=None, norm='backward')
fft.hfft(x, /, *, n=None, axis=-1, norm='backward')
fft.ihfft(x, /, *, n=None, axis=-1, norm='backward')
fft.fftfreq(n, /, *, d=1.0, dtype=None, device=None)
fft.rfftfreq(n, /, *, d=1.0, dtype=None, device=None)
fft.fftshift(x, /, *, axes=None)
fft.ifftshift(x, /, *, axes=None)
""".strip().splitlines()
UNARY = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "bitwise_invert", "ceil", "conj", "cos", "cosh", "exp",
    "expm1", "floor", "imag", "isfinite", "isinf", "isnan", "log", "log1p", "log2", "log10", "logical_not",
    "negative", "positive", "real", "reciprocal", "round", "sign", "signbit", "sin", "sinh", "sqrt", "square", "tan",
    "tanh", "trunc")
BINARY = (
    "add", "atan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
    "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot", "less", "less_equal",
    "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "multiply", "nextafter",
    "not_equal", "pow", "remainder", "subtract")
CONSTANTS = ("e", "inf", "nan", "newaxis", "pi")
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
    "complex64", "complex128")
#: What NumPy has since a later version than 2.0.
SINCE = {"unstack": "2.1.0", "cumulative_sum": "2.1.0", "cumulative_prod": "2.1.0"}

MATRIX = [[2.0, 0.5, 0.25], [0.5, 3.0, -0.5], [0.25, -0.5, 1.5]]
#: Arguments of those functions that take other things than arrays of numbers, by position.
GIVEN = {
    "arange": (3,), "asarray": ([1.0, 2.0],), "empty": ((2, 3),), "eye": (2, 3), "full": ((2,), 0.5), "linspace": (0.0, 1.0, 5),
    "ones": ((2, 3),), "zeros": ((2, 3),), "full_like": ("M", 0.5), "astype": ("M", np.float32),
    "can_cast": (np.float32, np.float64), "finfo": (np.float32,), "iinfo": (np.int16,),
    "isdtype": (np.float32, "real floating"),
    "result_type": ("M", np.float32), "clip": ("M", -0.25, 1.75), "take": ("v", "i"), "take_along_axis": ("M", "I"),
    "broadcast_to": ("v", (2, 3)), "broadcast_arrays": ("M", "v"), "concat": (("M", "M"),), "stack": (("M", "M"),),
    "moveaxis": ("M", 0, 1), "permute_dims": ("M", (1, 0)), "repeat": ("M", 2), "reshape": ("M", (9, 1)), "roll": ("M", 1),
    "squeeze": ("c", 1), "tile": ("M", (2, 1)), "searchsorted": ("s", "v"), "where": ("b", "M", "v"), "meshgrid": ("v", "v"),
    "cumulative_sum": ("v",), "cumulative_prod": ("v",), "tensordot": ("M", "M"), "linalg.tensordot": ("M", "M"),
    "linalg.matrix_power": ("M", 2), "fft.fftfreq": (5,), "fft.rfftfreq": (5,), "from_dlpack": ("plain",),
    "fft.irfft": ("v",), "argmax": ("M",), "unique_all": ("w",), "unique_counts": ("w",), "unique_inverse": ("w",),
    "unique_values": ("w",), "linalg.cross": ("v", "v"), "vecdot": ("v", "v"),
    "linalg.vecdot": ("v", "v"), "linalg.outer": ("v", "v"),
}
#: Values of keywords other than their defaults.
OTHER = {"axis": 0, "k": 1, "dtype": np.float32, "copy": True, "indexing": "ij", "endpoint": False, "axes": 1, "keepdims": True,
         "side": "right", "descending": True, "stable": True, "include_initial": True, "correction": 1.0, "n": 2, "offset": 1,
         "ord": 1, "full_matrices": False, "norm": "ortho", "device": "cpu", "mode": "complete", "rtol": 1e-3, "upper": True}
VALUES = {"M": MATRIX, "v": [-0.5, 0.75, 2.0], "w": [1.0, 2.0, 1.0, 4.0], "i": [2, 0], "I": [[0, 1, 2], [2, 1, 0], [1, 1, 0]],
          "c": [[1.0], [2.0]], "s": [-1.0, 0.5, 1.0], "b": [True, False, True], "plain": [1.0, 2.0]}


def name_of(signature):
    return signature.partition("(")[0]


def found_in(namespace, name):
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


def here(signature):
    return SINCE.get(name_of(signature), "2.0.0") <= NUMPY


def made(namespace, value):
    """An argument of a table, as an array of a namespace."""
    if isinstance(value, tuple):
        return tuple(made(namespace, v) for v in value)
    if value == "plain":
        return np.array(VALUES[value])
    return namespace.asarray(VALUES[value]) if isinstance(value, str) and value in VALUES else value


def parts(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def same(ours, theirs, function=None):
    """Whether results are alike, and arrays of ours where they are floats, but of functions that are computed on values."""
    ours, theirs = parts(ours), parts(theirs)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        if isinstance(other, (np.ndarray, np.generic)):
            assert one.shape == other.shape and one.dtype == other.dtype
            np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-6, atol=1e-12)
            if other.dtype.kind in "fc" and function not in _dispatch.REFUSED:
                assert type(one) is anp.ndarray
        elif not isinstance(other, (np.finfo, np.iinfo)):
            assert one == other


@pytest.mark.parametrize("signature", list(filter(here, SIGNATURES)), ids=name_of)
def test_a_function_takes_what_the_standard_says(signature):
    name = name_of(signature)
    parameters = inspect.signature(eval(f"lambda {signature.partition('(')[2][:-1]}: 0")).parameters.values()
    function = found_in(anp, name)
    given = GIVEN.get(name) or tuple("M" if i == 0 else "v" for i, p in enumerate(parameters) if p.default is p.empty)
    calls = [{}] + [{p.name: value} for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
                    and p.default is not p.empty for value in (p.default, OTHER.get(p.name, p.default))]
    reference = (lambda x, axis=0: np.expand_dims(x, axis)) if name == "expand_dims" else found_in(np, name)
    for keywords in calls:
        if name == "clip" and keywords:
            continue        # given by position above
        if name in ("diff",) and None in keywords.values():
            keywords = {}
        if name.startswith("fft.") and keywords.get("axes"):
            keywords = {"axes": (0,)}
        ours = function(*made(anp, given), **keywords)
        if name in ("empty", "empty_like"):
            assert ours.shape == made(np, given)[0] if name == "empty" else ours.shape == (3, 3)
            continue
        if keywords.get("descending"):
            theirs = np.flip(reference(made(np, given)[0], axis=-1), axis=-1)
        else:
            own = {"descending", "dtype"} if "freq" in name else {"descending"}      # which NumPy has not, or not yet
            theirs = reference(*made(np, given), **{k: v for k, v in keywords.items() if k not in own})
            if "freq" in name and keywords.get("dtype"):
                theirs = theirs.astype(keywords["dtype"])
        same(ours, theirs, reference)


@pytest.mark.parametrize("name", UNARY + BINARY)
def test_an_elementwise_function(name):
    whole = "bitwise" in name
    values = [3, 1, 2] if whole else [True, False, True] if name.startswith("logical") else [0.25, 0.5, 0.75]
    if name == "acosh":
        values = [1.5, 2.0, 3.0]
    count = 1 if name in UNARY else 2
    ours = getattr(anp, name)(*[anp.asarray(values)] * count)
    theirs = getattr(np, name)(*[np.asarray(values)] * count)
    same(ours, theirs, getattr(np, name))
    with pytest.raises(TypeError):
        getattr(anp, name)()


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant(name):
    assert getattr(anp, name) is getattr(np, name)


@pytest.mark.parametrize("name", DTYPES)
def test_a_dtype(name):
    dtype = getattr(anp, name)
    assert anp.zeros(2, dtype=dtype).dtype == dtype and anp.asarray([0, 1], dtype=dtype).dtype == dtype


def test_the_namespace_tells_of_itself():
    info = anp.__array_namespace_info__()
    assert info.capabilities()["boolean indexing"] and info.capabilities()["data-dependent shapes"]
    assert info.default_device() == "cpu" and list(info.devices()) == ["cpu"]
    assert info.default_dtypes()["real floating"] == anp.ones(1).dtype
    assert set(info.dtypes()) >= set(DTYPES)
    assert anp.zeros(2).__array_namespace__() is anp
    assert anp.zeros(2).__array_namespace__(api_version=None) is anp
    with pytest.raises(ValueError, match=r"1999\.12"):
        anp.zeros(2).__array_namespace__(api_version="1999.12")
    assert not hasattr(autodiff.tensor(1.0), "__array_namespace__")     # as PyTorch's has none


def test_an_array_is_what_the_standard_says():
    x = anp.asarray(MATRIX)
    assert x.ndim == 2 and x.size == 9 and x.shape == (3, 3) and x.dtype == np.float64 and x.device == "cpu"
    same(x.T, np.array(MATRIX).T)
    same(anp.ones((2, 3, 4)).mT, np.ones((2, 3, 4)).mT)
    assert x.to_device("cpu") is x
    with pytest.raises(ValueError):
        x.to_device("gpu")
    assert complex(anp.asarray(1.5)) == 1.5 and float(anp.asarray(1.5)) == 1.5 and int(anp.asarray(3)) == 3
    assert [0, 1, 2, 3][anp.asarray(3)] == 3 and bool(anp.asarray(True))
    n, m = anp.asarray([5, 6, 7]), np.array([5, 6, 7])
    for operator in ["&", "|", "^", "<<", ">>", "+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!="]:
        same(eval(f"n {operator} 2"), eval(f"m {operator} 2"))
        same(eval(f"2 {operator} n"), eval(f"2 {operator} m"))
    for operator in ["&", "|", "^", "<<", ">>", "+", "-", "*", "//", "%"]:
        here, there = n * 1, m * 1
        exec(f"here {operator}= 2\nthere {operator}= 2")
        same(here, there)
    same(~n, ~m)
    same(abs(-n), abs(-m))
    same(x @ x, np.array(MATRIX) @ np.array(MATRIX))


def test_functions_of_the_standard_keep_the_gradient():
    def loss(x):
        xp = x.__array_namespace__()
        whole = xp.concat([xp.reshape(x, (-1,)), xp.unstack(x)[0] if hasattr(xp, "unstack") else x[0]])
        return xp.sum(xp.sort(xp.permute_dims(x, (1, 0)), descending=True) * x) + xp.sum(xp.pow(xp.acos(whole), 2.0))
    x = np.array([[0.5, -0.25, 0.125], [0.3, 0.6, -0.7]])[:, :2]
    slope = autodiff.grad(loss)(x)
    step = 1e-6
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        wanted = (float(loss(anp.asarray(up))) - float(loss(anp.asarray(down)))) / (2 * step)
        assert slope[i] == pytest.approx(wanted, rel=1e-7)


def test_frequencies_keep_the_gradient_of_the_spacing():
    d = anp.array(0.5, requires_grad=True)
    for name in ("fftfreq", "rfftfreq"):
        found = getattr(anp.fft, name)(5, d, dtype=np.float32)
        assert found.dtype == np.float32 and found.requires_grad
        np.testing.assert_allclose(found.detach(), getattr(np.fft, name)(5, 0.5), rtol=1e-6)
        with pytest.raises(ValueError, match="cuda"):
            getattr(anp.fft, name)(5, d, device="cuda")


def test_array_api_compat_takes_it_as_it_is():
    compat = pytest.importorskip("array_api_compat")
    x = anp.asarray(MATRIX)
    assert compat.is_array_api_obj(x) and compat.array_namespace(x, x, 1.0) is anp
    assert compat.device(x) == "cpu" and compat.size(x) == 9 and compat.to_device(x, "cpu") is x
    assert not compat.is_numpy_array(x) and compat.is_writeable_array(x)


# ---- DLPack

@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
                                   "complex64", "complex128"])
def test_dlpack_shares_memory_both_ways(dtype):
    source = np.array([[1, 0], [0, 1]], dtype=dtype)
    for made, flavour in ((autodiff.from_dlpack, autodiff.Tensor), (anp.from_dlpack, anp.ndarray)):
        x = made(source)
        assert type(x) is flavour and x.tolist() == source.tolist()
        x[0, 0] = 0
        assert source[0, 0] == 0
        back = np.from_dlpack(x.T)
        assert back.dtype == source.dtype and np.shares_memory(back, source) and back.strides == source.T.strides
        source[0, 0] = 1
        assert x.__dlpack_device__() == (1, 0)
        del x, back


def test_dlpack_keeps_the_memory_alive():
    shared = np.from_dlpack(autodiff.tensor([1.0, 2.0]) * 3.0)
    assert shared.tolist() == [3.0, 6.0]
    x = autodiff.from_dlpack(np.arange(3.0) * 2.0)
    assert x.tolist() == [0.0, 2.0, 4.0]


def test_dlpack_is_refused_while_a_gradient_is_required():
    for x in (autodiff.tensor([1.0], requires_grad=True), anp.array([1.0], requires_grad=True)):
        for shared in (x, x * 2.0, x[0]):
            with pytest.raises(BufferError, match="detach"):
                np.from_dlpack(shared)
        with autodiff.no_grad(), pytest.raises(BufferError):
            np.from_dlpack(x)
        assert np.from_dlpack(x.detach()).tolist() == [1.0]
    with pytest.raises((BufferError, RuntimeError)):
        autodiff.jvp(lambda v: np.sum(anp.from_dlpack(v)), (np.ones(2),), (np.ones(2),))


def test_dlpack_of_what_cannot_be_shared():
    frozen = np.ones(2)
    frozen.flags.writeable = False
    for made in (autodiff.from_dlpack, anp.from_dlpack):
        x = made(frozen)
        x[0] = 5.0
        assert frozen.tolist() == [1.0, 1.0]        # a copy, where writing would have changed what may only be read
        with pytest.raises(BufferError, match="copy=True"):
            made(frozen, copy=False)
        source = np.ones(2)
        made(source, copy=True)[0] = 5.0
        assert source[0] == 1.0
        with pytest.raises(TypeError, match="__dlpack__"):
            made([1.0])
        with pytest.raises((RuntimeError, ValueError)):
            made(source, device="cuda")


def test_dlpack_with_pytorch():
    torch = pytest.importorskip("torch")
    theirs = torch.ones(2, 2)
    for made in (autodiff.from_dlpack, anp.from_dlpack):
        x = made(theirs)
        x[0, 1] = 7.0
        assert theirs[0, 1] == 7.0
        back = torch.from_dlpack(x)
        assert back.data_ptr() == theirs.data_ptr()
        theirs[0, 1] = 1.0
    with pytest.raises(BufferError):
        torch.from_dlpack(anp.array([1.0], requires_grad=True))
    with pytest.raises(BufferError):
        autodiff.from_dlpack(torch.ones(1, requires_grad=True))


# ---- arrays of other libraries

def test_pandas_values_are_operands():
    pd = pytest.importorskip("pandas")
    s, df = pd.Series([1.0, 2.0, 4.0]), pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, 5.0, -1.0]})
    x = anp.array([0.5, 1.5, 2.5], requires_grad=True)
    for result in (x * s, s * x, np.multiply(s, x), np.multiply(x, s), x * s.values):
        assert type(result) is anp.ndarray and result.tolist() == [0.5, 3.0, 10.0]
        assert autodiff.autograd.grad(result.sum(), x)[0].tolist() == [1.0, 2.0, 4.0]
    for line in ("s - x", "x - s", "s / x", "x ** s", "df * w", "w + df", "np.exp(s) * x", "np.where(s > 1.5, x, 0.0)",
                 "x[s > 1.5]", "np.concatenate([x, s])", "np.dot(x, s)", "x @ s", "s @ s * x", "np.maximum(s, x)",
                 "np.interp(x, s, s)", "df.to_numpy() @ w", "w @ df.T.to_numpy()", "np.add.outer(s, x)", "s < x", "x >= s"):
        w = anp.array([0.25, -2.0], requires_grad=True)
        ours = eval(line)
        theirs = eval(line, {"np": np, "s": s.values, "df": df if "to_numpy" in line else df.values,
                             "x": x.detach().numpy(), "w": w.detach().numpy()})
        np.testing.assert_allclose(ours.detach() if type(ours) is anp.ndarray else ours, theirs)
        assert ours.dtype == bool or ours.requires_grad
    y = x * 1.0
    y += s
    y[s > 3.0] = s[:1]
    assert y.tolist() == [1.5, 3.5, 1.0]
    for f in (lambda v: ((df["b"] - v[0] * df["a"]) ** 2).mean(), lambda v: np.mean((v[0] * df["a"] - df["b"]) ** 2)):
        a, b = df["a"].to_numpy(), df["b"].to_numpy()
        np.testing.assert_allclose(autodiff.grad(f)(np.array([2.0])), [np.mean(2 * (2.0 * a - b) * a)])
    with pytest.raises(RuntimeError, match=r"to_numpy\(\)"):
        df @ anp.array([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError):
        x * pd.Series(["a", "b", "c"])
    with pytest.raises(TypeError):
        s * autodiff.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for made in (autodiff.tensor, autodiff.as_tensor, anp.array, anp.asarray):
        assert made(s).tolist() == s.tolist() and made(df).tolist() == df.values.tolist()
    np.testing.assert_array_equal(autodiff.grad(lambda v: np.sum(v ** 2))(s), 2 * s.values)
    np.testing.assert_array_equal(autodiff.grad(lambda v: np.sum(v ** 2))(df), 2 * df.values)


def test_xarray_wraps_what_is_recorded():
    xr = pytest.importorskip("xarray")
    da = xr.DataArray([1.0, 2.0, 4.0], dims="t", coords={"t": [10, 20, 30]})
    x = anp.array([0.5, 1.5, 2.5], requires_grad=True)
    wrapped = xr.DataArray(x, dims="t", coords={"t": [10, 20, 30]})
    for result in (x * da, da * x, wrapped * da, np.multiply(da, x)):
        assert result.data.tolist() == [0.5, 3.0, 10.0] and result.data.requires_grad
        assert autodiff.autograd.grad(result.data.sum(), x)[0].tolist() == [1.0, 2.0, 4.0]
    found = (wrapped * da).sum("t") + wrapped.sel(t=20) ** 2 + wrapped.mean()
    assert found.item() == pytest.approx(13.5 + 2.25 + 1.5)
    assert autodiff.autograd.grad(found.data, x)[0].tolist() == pytest.approx([1 + 1 / 3, 2 + 3 + 1 / 3, 4 + 1 / 3])
    np.testing.assert_allclose(autodiff.grad(lambda v: ((da - v[0] * da) ** 2).mean())(np.array([3.0])), [28.0])
    np.testing.assert_array_equal(autodiff.grad(lambda v: np.sum(v ** 2))(da), 2 * da.values)
    for made in (autodiff.tensor, autodiff.as_tensor, anp.array, anp.asarray):
        assert made(da).tolist() == da.values.tolist()


ESTIMATORS = """
import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.preprocessing import KernelCenterer, MaxAbsScaler, MinMaxScaler, Normalizer, StandardScaler

import autodiff.numpy as anp

random = np.random.default_rng(0)
X, y = random.normal(size=(40, 4)), random.normal(size=40)
labels = (X[:, 0] + 0.1 * y > 0).astype(np.int64)


def held(make, plain, given):
    found = make(*given)
    with sklearn.config_context(array_api_dispatch=True):
        ours = make(*[anp.asarray(v) for v in given])
    np.testing.assert_allclose(np.asarray(ours), np.asarray(found), rtol=1e-8, atol=1e-10)
    print("held", plain)


held(lambda a: MinMaxScaler().fit_transform(a), "MinMaxScaler", (X,))
held(lambda a: MaxAbsScaler().fit_transform(a), "MaxAbsScaler", (X,))
held(lambda a: Normalizer().fit_transform(a), "Normalizer", (X,))
held(lambda a: StandardScaler().fit_transform(a), "StandardScaler", (X,))
held(lambda a: KernelCenterer().fit_transform(a), "KernelCenterer", (X.T @ X,))
held(lambda a: abs(PCA(2, svd_solver="full").fit_transform(a)), "PCA", (X,))
held(lambda a, b: Ridge(solver="svd").fit(a, b).predict(a), "Ridge", (X, y))
held(lambda a, b: LinearDiscriminantAnalysis().fit(a, b).predict_proba(a), "LinearDiscriminantAnalysis", (X, labels))
held(lambda a, b: mean_squared_error(a, b), "mean_squared_error", (y, X[:, 0]))
held(lambda a, b: r2_score(a, b), "r2_score", (y, X[:, 0]))
"""


def test_estimators_of_scikit_learn_run_on_values():
    pytest.importorskip("sklearn")
    # SciPy reads the variable when it is first imported.
    found = subprocess.run([sys.executable, "-c", ESTIMATORS], capture_output=True, text=True, timeout=600,
                           env={**__import__("os").environ, "SCIPY_ARRAY_API": "1"})
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("held") == 10
