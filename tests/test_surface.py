"""The surface: what programs written for PyTorch use exists, and does what PyTorch does.

The first test runs the snippets of ``golden_torch.py`` and compares with what PyTorch showed for them, so that PyTorch
need not be installed.  The others hold what a snippet cannot show, and where autodiff has two flavours.
"""
import copy
import importlib.util
import pathlib
import pickle
import re
import sys

import numpy as np
import pytest

import autodiff
from autodiff import autograd

HERE = pathlib.Path(__file__).resolve().parent
ERROR = re.compile(r"^([A-Za-z]*(?:Error|StopIteration)): (.*)", re.DOTALL)
LAST = re.compile(r"^([A-Za-z]*(?:Error|StopIteration)): (.*)\Z", re.MULTILINE)     # after what was printed
NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]?\d+)?")
WORDS = 6  # of an error's message that must agree


def by_path(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


golden_torch = by_path("golden_torch")
SHOWN = golden_torch.known()
CASES = [pytest.param(*rest, id=f"{group.replace(' ', '-')}-{number}")
         for group, number, *rest in golden_torch.snippets()]


@pytest.fixture
def float32():
    before = autodiff.get_default_dtype()
    autodiff.set_default_dtype(autodiff.float32)
    yield
    autodiff.set_default_dtype(before)
    autodiff.set_grad_enabled(True)
    autodiff.set_printoptions(profile="default")


def same_numbers(a, b):
    """Texts that differ at most in the last digits of numbers."""
    if NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return False
    return all(abs(float(p) - float(q)) <= 1e-4 * abs(float(q)) + 1e-9
               for p, q in zip(NUMBER.findall(a), NUMBER.findall(b), strict=True))


def lead(message):
    """The leading words of a message, without its punctuation at the end."""
    return [word.rstrip(".,:;") for word in message.split()[:WORDS]]


def agree(ours, theirs):
    """Whether two outcomes are the same: an error by type and leading words, a warning line by its leading words."""
    mine, other = ours.split("\n"), theirs.split("\n")
    while mine and other and "Warning: " in mine[0] and "Warning: " in other[0]:
        if lead(mine.pop(0)) != lead(other.pop(0)):
            return False
        mine, other = ([line for line in lines if not line.startswith("Consider")] for lines in (mine, other))
    ours, theirs = "\n".join(mine), "\n".join(other)
    error, expected = ERROR.search(ours) or LAST.search(ours), ERROR.search(theirs) or LAST.search(theirs)
    if error and expected:
        words = min(len(error[2].split()), len(expected[2].split()), WORDS)
        return (error[1] == expected[1] and lead(error[2])[:words] == lead(expected[2])[:words]
                and same_numbers(ours[:error.start()], theirs[:expected.start()]))
    return same_numbers(ours, theirs)


@pytest.mark.parametrize(("code", "ours", "reason"), CASES)
def test_a_snippet_shows_what_pytorch_shows(code, ours, reason, float32):
    assert code in SHOWN, f"nobody has asked PyTorch yet: run `python tests/golden_torch.py` with it installed for\n{code}"
    shown = golden_torch.show(autodiff, code)
    if reason:
        assert agree(shown, ours), f"{code}\nshows\n{shown}\nand not, though {reason},\n{ours}"
        assert not agree(shown, SHOWN[code]), f"{code}\nshows what PyTorch shows: no deviation any more"
    else:
        assert agree(shown, SHOWN[code]), f"{code}\nshows\n{shown}\nand not, as PyTorch,\n{SHOWN[code]}"


def test_every_snippet_was_shown_by_pytorch():
    codes = [code for _, _, code, _, _ in golden_torch.snippets()]
    left = sorted(set(codes) ^ set(SHOWN))
    assert not left, "snippets and what PyTorch showed differ: run `python tests/golden_torch.py` with PyTorch for\n" + left[0]
    assert len(codes) > 400


# ---- the names that the first version promises

FUNCTIONS = [
    "add", "sub", "mul", "div", "pow", "neg", "abs", "exp", "log", "sqrt", "square", "sin", "cos", "tanh", "sigmoid",
    "relu", "eq", "ne", "lt", "le", "gt", "ge", "sum", "mean", "norm", "max", "matmul", "mm", "mv", "dot", "reshape",
    "transpose", "clone", "cat", "stack", "log_softmax",
]
CONSTRUCTORS = [
    "tensor", "Tensor", "FloatTensor", "DoubleTensor", "LongTensor", "as_tensor", "from_numpy", "arange", "linspace",
    "zeros", "ones", "full", "eye", "empty", "zeros_like", "ones_like", "full_like", "empty_like", "rand", "randn",
    "rand_like", "randn_like", "manual_seed", "set_default_dtype", "get_default_dtype",
]
ATTRIBUTES = [
    "data", "grad", "grad_fn", "requires_grad", "requires_grad_", "is_leaf", "detach", "detach_", "clone", "copy",
    "item", "tolist", "numpy", "shape", "size", "dim", "ndim", "numel", "dtype", "T", "backward", "retain_grad",
    "retains_grad", "register_hook", "attach_grad", "reshape", "view", "transpose", "expand", "__len__", "__iter__",
    "__bool__", "__float__", "__int__", "__hash__", "__getitem__", "__setitem__", "__format__", "__array__", "zero_",
    "fill_", "copy_", "add_", "mul_", "sub_", "div_", "output_nr", "t", "permute", "unsqueeze", "squeeze", "flatten",
]
AUTOGRAD = [
    "backward", "grad", "Variable", "no_grad", "enable_grad", "set_grad_enabled", "inference_mode", "record", "pause",
    "is_recording", "is_training", "train_mode", "predict_mode", "graph",
]


def test_promised_names_exist_and_say_what_they_do():
    for name in [*FUNCTIONS, *CONSTRUCTORS]:
        assert getattr(autodiff, name).__doc__, name
    for name in AUTOGRAD:
        assert getattr(autograd, name).__doc__, name
    for v in (autodiff.ones(2, 2), autodiff.numpy.array([[1.0, 2.0]])):
        for name in ATTRIBUTES:
            assert hasattr(type(v), name), name
        for name in set(FUNCTIONS) - {"cat", "stack"}:
            assert callable(getattr(v, name)), name


def test_what_is_left_out_says_what_to_do_instead():
    for look, name in ((lambda: autodiff.optim, "optim"), (lambda: autodiff.jit.script, "jit.script")):
        with pytest.raises(AttributeError, match=rf"autodiff has no '{name}'.*Instead, "):
            look()
    with pytest.raises(AttributeError, match="module 'autodiff' has no attribute 'nonsense'"):
        _ = autodiff.nonsense


def test_programs_ask_for_a_gpu():
    assert autodiff.cuda.is_available() is False and autodiff.cuda.device_count() == 0
    device = autodiff.device("cuda" if autodiff.cuda.is_available() else "cpu")
    assert autodiff.ones(2, device=device).to(device).cpu().device == device


def test_old_tensor_types_name_a_dtype_and_are_asked_for():
    x = autodiff.FloatTensor([1, 2])
    assert isinstance(x, autodiff.FloatTensor) and not isinstance(x, autodiff.DoubleTensor)
    assert x.type(autodiff.DoubleTensor).dtype == autodiff.float64
    assert not isinstance(1.0, autodiff.FloatTensor)
    assert {autodiff.HalfTensor(2).dtype.name, autodiff.CharTensor([1]).dtype.name,
            autodiff.ShortTensor([1]).dtype.name} == {"float16", "int8", "int16"}


def test_asarray_shares_unless_told_otherwise():
    a = np.ones(2)
    shared, own = autodiff.asarray(a), autodiff.asarray(a, copy=True)
    a[0] = 5
    assert shared[0] == 5 and own[0] == 1
    t = autodiff.ones(2)
    assert autodiff.asarray(t) is t and autodiff.asarray(t, copy=True) is not t
    assert autodiff.asarray([1.0], requires_grad=True).requires_grad


# ---- the default dtype

def test_the_default_dtype_is_float64_and_can_be_changed():
    assert autodiff.get_default_dtype() == autodiff.float64
    assert repr(autodiff.tensor([1.0])) == "tensor([1.])"
    try:
        autodiff.set_default_dtype(autodiff.float32)
        assert autodiff.tensor([1.0]).dtype == autodiff.float32 == autodiff.ones(1).dtype
        assert repr(autodiff.tensor([1.0], dtype=autodiff.float64)) == "tensor([1.], dtype=autodiff.float64)"
    finally:
        autodiff.set_default_dtype(autodiff.float64)
    assert repr(autodiff.tensor([1.0], dtype=autodiff.float32)) == "tensor([1.], dtype=autodiff.float32)"


def test_dtypes_are_known_to_numpy():
    assert autodiff.float32 == np.float32 and np.zeros(2, autodiff.float32).dtype == np.float32
    assert autodiff.ones(2, dtype=np.float32).dtype == autodiff.float32
    assert autodiff.ones(2, dtype=float).dtype == autodiff.float64
    assert pickle.loads(pickle.dumps(autodiff.float32)) is autodiff.float32


# ---- NumPy's flavour

anp = autodiff.numpy


def test_an_ndarray_has_numpys_attributes_and_prints_as_numpy():
    x = anp.array([[3.0, 1.0], [2.0, 5.0]], requires_grad=True)
    assert type(x) is anp.ndarray and isinstance(x, autodiff.Variable) and not isinstance(x, autodiff.Tensor)
    assert x.size == 4 and type(x.shape) is tuple and x.dtype is np.dtype(np.float64)
    assert repr(x) == "array([[3., 1.],\n       [2., 5.]])"
    assert repr(x.max(axis=1)) == "array([3., 5.])"
    assert repr(x.sum(axis=0, keepdims=True)) == "array([[5., 6.]])"
    assert repr(x.transpose()) == repr(x.detach().numpy().T)
    assert type(x == x) is np.ndarray and (x == x).all()
    assert repr(anp.array([1, 2.5], dtype=np.float32)) == "array([1. , 2.5], dtype=float32)"


def test_array_copies_and_asarray_shares():
    a = np.arange(3.0)
    copied, shared = anp.array(a), anp.asarray(a)
    a[0] = 9
    assert copied[0] == 0 and shared[0] == 9


def test_the_gradient_has_its_leafs_flavour():
    x = anp.array([1.0, 2.0], requires_grad=True)
    y = autodiff.tensor([3.0, 4.0], requires_grad=True)
    for product in (x * y, y * x):
        assert type(product) is anp.ndarray
    (x * y).sum().backward()
    assert type(x.grad) is anp.ndarray and x.grad.tolist() == [3, 4]
    assert type(y.grad) is autodiff.Tensor and y.grad.tolist() == [1, 2]


def test_an_ndarray_is_copied_and_pickled_as_one():
    x = anp.array([1.0, 2.0], requires_grad=True)
    for y in (pickle.loads(pickle.dumps(x)), copy.copy(x), copy.deepcopy(x)):
        assert type(y) is anp.ndarray and y.requires_grad and y is not x and y.tolist() == [1, 2]


def test_promotion_goes_by_flavour():
    t, x = autodiff.ones(2, dtype=autodiff.float32), anp.array([1.0, 1.0], dtype=np.float32)
    assert (t * np.float64(2)).dtype == (np.float64(2) * t).dtype == autodiff.float32     # a number to PyTorch
    assert (x * np.float64(2)).dtype == (np.float64(2) * x).dtype == np.float64           # a 0-d array to NumPy
    assert (x * 2.0).dtype == np.float32
    for v in (t, x):
        assert (v * np.ones(2)).dtype == (np.ones(2) * v).dtype == np.float64


# ---- Variables among NumPy's own arrays

FLAVOURS = [pytest.param(autodiff.tensor, id="Tensor"), pytest.param(anp.array, id="ndarray")]


@pytest.mark.parametrize("make", FLAVOURS)
def test_operators_and_ufuncs_with_plain_arrays_record(make):
    a = np.array([3.0, 4.0])
    m = np.array([[1.0, 2.0], [3.0, 4.0]])
    for f, slope in ((lambda x: a * x, a), (lambda x: x * a, a), (lambda x: a + x, [1, 1]), (lambda x: a - x, [-1, -1]),
                     (lambda x: np.float64(2) * x, [2, 2]), (lambda x: np.float32(2) * x, [2, 2]),
                     (lambda x: np.multiply(a, x), a), (lambda x: np.negative(x), [-1, -1]),
                     (lambda x: np.sin(x), np.cos([1.0, 2.0])), (lambda x: np.exp(x), np.exp([1.0, 2.0])),
                     (lambda x: np.square(x), [2, 4]), (lambda x: x ** np.float64(2), [2, 4]),
                     (lambda x: m @ x, m.sum(axis=0)), (lambda x: x @ m, m.sum(axis=1)), (lambda x: np.matmul(m, x), m.sum(0))):
        x = make([1.0, 2.0], requires_grad=True)
        y = f(x)
        assert type(y) is type(x)
        y.sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), slope)


@pytest.mark.parametrize("make", FLAVOURS)
def test_augmented_assignment_to_a_plain_array_makes_a_new_variable(make):
    x = make([1.0, 2.0], requires_grad=True)
    a = np.ones(2)
    a += x
    a.sum().backward()
    assert type(a) is type(x) and x.grad.tolist() == [1, 1]
    kept = a = np.ones(2)
    with pytest.raises(TypeError, match="held elsewhere too"):
        a += x          # kept would stay as it is, without a word
    assert kept.tolist() == [1, 1]


@pytest.mark.parametrize("make", FLAVOURS)
def test_a_plain_array_compares_with_a_variable(make):
    x = make([1.0, 2.0], requires_grad=True)
    for result in (np.ones(2) == x, x == np.ones(2), np.ones(2) < x, x <= np.ones(2)):
        assert type(result) is (np.ndarray if make is anp.array else autodiff.Tensor)
        assert result.dtype == np.bool and result.shape == (2,)


@pytest.mark.parametrize("make", FLAVOURS)
def test_no_gradient_is_lost_without_a_word(make):
    x = make([1.0, 2.0], requires_grad=True)
    out = np.zeros(2)
    for f in (lambda: np.asarray(x), lambda: np.array(x), lambda: x.numpy(), lambda: out.__setitem__(slice(None), x),
              lambda: out.dot(x), lambda: np.asarray(x * 2)):
        with pytest.raises(RuntimeError, match="Can't call numpy"):
            f()
    with pytest.raises(TypeError):
        memoryview(x)
    with pytest.raises(TypeError, match="out="):
        np.add(x, x, out=out)
    assert out.tolist() == [0, 0]
    assert np.asarray(x.detach()).tolist() == [1, 2]
    s = x.sum()
    if make is anp.array:
        with pytest.raises(TypeError, match="would lose its gradient"):
            float(s)
    else:
        with pytest.warns(UserWarning, match="Converting a tensor with requires_grad=True"):
            assert float(s) == 3.0
    assert s.item() == 3.0 and bool(s)


def test_no_gradient_is_lost_inside_record_either():
    x = anp.array([1.0, 2.0])
    x.attach_grad()
    with autograd.record(), pytest.raises(RuntimeError, match="Can't call numpy"):
        np.asarray(x)
    assert x.asnumpy().tolist() == [1, 2]


# ---- shapes that need a copy, objects that need care

@pytest.mark.parametrize("make", FLAVOURS)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_reshape_copies_where_no_view_is_possible(make, requires_grad):
    x = make([[1.0, 2.0], [3.0, 4.0]], requires_grad=requires_grad)
    for y in (x.T.reshape(4), x.T.reshape(-1), x.T.flatten(), x.T.ravel()):
        assert y.tolist() == [1, 3, 2, 4]
    assert x.T.contiguous().is_contiguous() and x.T.contiguous().view(4).tolist() == [1, 3, 2, 4]
    if requires_grad:
        (x.T.reshape(4) * make([1.0, 2.0, 3.0, 4.0])).sum().backward()
        assert x.grad.tolist() == [[1, 3], [2, 4]]


def test_backward_takes_one_bare_input():
    x = autodiff.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.sum().backward(inputs=y)
    assert y.grad is not None and y.grad.tolist() == [1, 1] and x.grad is None


def test_inputs_may_be_made_on_the_way():
    """The pass must hold nodes of inputs that nobody else holds."""
    for _ in range(3):
        x = autodiff.ones(4, requires_grad=True)
        y = x * 2
        y.sum().backward(inputs=(y[i] for i in range(4)))
        autograd.grad((x * x).sum(), x, create_graph=True)
    assert x.grad is None


def test_a_variable_keeps_the_attributes_of_its_user():
    x = autodiff.ones(2)
    x.name = "weights"
    assert x.name == "weights"
    del x.name
    assert not hasattr(x, "name")
