"""Small names: generators, constructors of another Variable's kind, parameters and what is done to all of them, imports."""
import copy
import importlib
import importlib.util
import math
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import autodiff
from autodiff import nn

anp = autodiff.numpy
FLAVOURS = [pytest.param(autodiff.tensor, id="Tensor"), pytest.param(anp.array, id="ndarray")]
both_flavours = pytest.mark.parametrize("make", FLAVOURS)


# ---- new_zeros and its like

@both_flavours
def test_new_variables_are_of_the_flavour_and_dtype(make):
    for dtype in (np.float32, np.float64, np.int64, np.bool, np.complex128):
        x = make(np.ones(2, dtype))
        for made, value in ((x.new_zeros(2, 3), 0), (x.new_ones((2, 3)), 1), (x.new_empty(size=(2, 3)), 0),
                            (x.new_full((2, 3), 1), 1), (x.new_tensor([[1] * 3] * 2), 1)):
            assert type(made) is type(x) and made.dtype == x.dtype and tuple(made.shape) == (2, 3) and made.is_leaf
            assert made.tolist() == np.full((2, 3), value, dtype).tolist() and not made.requires_grad
            made[0] = 1         # an array of its own, which can be written
        assert x.new_zeros(2, dtype=autodiff.int64).dtype == np.int64
    x = make([1.0], requires_grad=True)
    y = (x * 2).new_ones(2, requires_grad=True)
    (y * 3).sum().backward()
    assert x.grad is None and y.grad.tolist() == [3, 3] and type(y.grad) is type(x)


@both_flavours
def test_new_tensor_copies(make):
    x, data = make([1.0]), np.array([1.0, 2.0])
    y = x.new_tensor(data)
    data[0] = 9
    assert y.tolist() == [1, 2]
    z = make([3.0], requires_grad=True)
    with pytest.warns(UserWarning, match="To copy construct from a tensor") as heard:
        w = x.new_tensor(z * 2)
    assert heard[0].filename == __file__ and w.tolist() == [6] and not w.requires_grad and type(w) is type(x)
    assert not x.new_tensor([z, z]).requires_grad       # constants, in lists too


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda x: x.new_zeros(), TypeError, r'new_zeros\(\) missing 1 required positional arguments: "size"'),
    (lambda x: x.new_zeros(2, size=(2,)), TypeError, "sizes as arguments or as size="),
    (lambda x: x.new_ones(-1), RuntimeError, "non-negative"),
    (lambda x: x.new_full(2, 1.0), TypeError, "must be tuple of ints"),
    (lambda x: x.new_full((2,), "a"), TypeError, "'fill_value'"),
    (lambda x: x.new_full((2,), 1j), RuntimeError, "without overflow"),
    (lambda x: x.new_zeros(2, device="cuda"), RuntimeError, "not available"),
    (lambda x: x.new_tensor("a"), ValueError, "expected a number"),
    (lambda x: x.new_zeros(2, dtype=autodiff.int64, requires_grad=True), RuntimeError, "floating point and complex"),
])
def test_new_variables_that_cannot_be(call, error, words):
    with pytest.raises(error, match=words):
        call(autodiff.ones(2))


# ---- random numbers: bernoulli, and writes in place

@both_flavours
def test_random_numbers_written_in_place(make):
    for dtype in (np.float32, np.float64):
        x = make(np.zeros((50, 40), dtype))
        for written in (x.bernoulli_(0.3), x.uniform_(-1, 3), x.normal_(5, 0.5)):
            assert written is x
        assert x.dtype == dtype and abs(x.mean().item() - 5) < 0.1 and 0.4 < x.std().item() < 0.6
        autodiff.manual_seed(3)
        first = x.uniform_(-1, 3).tolist()
        autodiff.manual_seed(3)
        assert x.uniform_(-1, 3).tolist() == first and -1 <= x.min().item() < 0 and 2 < x.max().item() < 3
        drawn = x.new_full((4000,), 0.25).bernoulli()
        assert type(drawn) is type(x) and drawn.dtype == dtype and 800 < drawn.sum().item() < 1200
        assert set(drawn.tolist()) == {0.0, 1.0}
        source = autodiff.Generator().manual_seed(1)
        assert x.normal_(generator=source).tolist() == x.clone().normal_(generator=source.manual_seed(1)).tolist()


@both_flavours
def test_random_writes_are_recorded_as_constants(make):
    for write in ("bernoulli_", "uniform_", "normal_"):
        x = make([1.0, 2.0, 3.0], requires_grad=True)
        y = x * 2
        getattr(y[:2], write)()
        (y * y).sum().backward()
        assert x.grad.tolist() == [0, 0, 24]
        with pytest.raises(RuntimeError, match="leaf"):
            getattr(x, write)()
        saved = make([1.0], requires_grad=True) * 1
        product = saved * saved
        getattr(saved, write)()
        if make is autodiff.tensor:
            with pytest.raises(RuntimeError, match="modified by an inplace operation"):
                product.backward()
        else:
            product.backward()      # NumPy's flavour leaves the elements to what saved them


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda x: x.bernoulli_(np.nan), RuntimeError, r"expects p to be in \[0, 1\], but got p=nan"),
    (lambda x: x.bernoulli_(autodiff.tensor([0.5, 2.0])), RuntimeError, "expects p to be in"),
    (lambda x: x.bernoulli(autodiff.tensor([0.5, np.nan])), RuntimeError, "expects p to be in"),
    (lambda x: x.bernoulli_("a"), TypeError, "'p'"),
    (lambda x: x.bernoulli_(0.5, generator=3), TypeError, "generator"),
    (lambda x: x.bernoulli_(autodiff.ones(3) / 2), RuntimeError, "shape|size"),
    (lambda x: x.uniform_(0, np.nan), RuntimeError, "range"),
    (lambda x: x.uniform_(0, 1, **{"form": 2}), TypeError, "'form'"),
    (lambda x: x.normal_(0, np.nan), RuntimeError, "std >= 0.0"),
    (lambda x: x.long().normal_(), NotImplementedError, "floating point numbers, not int64"),
    (lambda x: x.new("a"), TypeError, "invalid data type 'str'"),
    (lambda x: x.new(2.5), TypeError, r"data must be a sequence \(got float\)"),
    (lambda x: x.new(2, device="cuda"), RuntimeError, "not available"),
])
def test_what_random_writes_refuse(call, error, words):
    x = autodiff.zeros(2)
    with pytest.raises(error, match=words):
        call(x)
    assert x.tolist() == [0, 0] and x._version == 0


def test_new_makes_what_typed_tensors_make():
    x = autodiff.tensor([1.5], dtype=autodiff.float64)
    assert x.new([1, 2]).dtype == x.dtype and x.new(2, 3).shape == (2, 3) and x.new().shape == (0,)
    source = autodiff.ones(2, requires_grad=True)
    assert x.new(source).dtype == x.dtype and not x.new(source).requires_grad
    y = autodiff.numpy.array([1]).new([2.7])
    assert type(y) is autodiff.numpy.ndarray and y.tolist() == [2]


# ---- generators

def test_a_generator_has_numbers_of_its_own():
    g, h = autodiff.Generator(), autodiff.Generator()
    draws = [lambda g: autodiff.rand(3, generator=g), lambda g: autodiff.randn(2, 2, generator=g),
             lambda g: autodiff.randint(100, (4,), generator=g), lambda g: autodiff.rand_like(autodiff.ones(3), generator=g),
             lambda g: autodiff.randn_like(autodiff.ones(3), generator=g)]
    autodiff.manual_seed(0)
    state = autodiff.get_rng_state()
    for draw in draws:
        g.manual_seed(5)
        first = draw(g)
        assert autodiff.equal(first, draw(h.manual_seed(5))) and not autodiff.equal(first, draw(g))
        assert autodiff.equal(first, draw(np.random.Generator(np.random.PCG64(5))))     # NumPy's generators are taken, too
    assert autodiff.equal(state, autodiff.get_rng_state())
    assert autodiff.equal(autodiff.rand(3), autodiff.rand(3, generator=g.manual_seed(0)))


def test_complex_random_numbers_fill_both_parts():
    g = autodiff.Generator().manual_seed(1)
    uniform = autodiff.rand(100, 100, dtype=autodiff.complex64, generator=g)
    normal = autodiff.randn(100, 100, dtype=autodiff.complex128, generator=g, requires_grad=True)
    assert uniform.dtype is autodiff.complex64 and normal.dtype is autodiff.complex128 and normal.requires_grad
    for part in (uniform.real.numpy(), uniform.imag.numpy()):
        assert 0 <= part.min() < 0.01 and 0.99 < part.max() < 1 and abs(part.mean() - 0.5) < 0.02
    for part in (normal.detach().real.numpy(), normal.detach().imag.numpy()):
        assert abs(part.mean()) < 0.03 and abs(part.var() - 0.5) < 0.03         # the variance of both together is 1
    assert abs(np.corrcoef(normal.detach().real.numpy().ravel(), normal.detach().imag.numpy().ravel())[0, 1]) < 0.05
    for like in (autodiff.rand_like, autodiff.randn_like):
        first = like(uniform, generator=g.manual_seed(2))
        assert first.shape == uniform.shape and first.dtype is uniform.dtype
        assert autodiff.equal(first, like(uniform, generator=g.manual_seed(2))) and first.imag.abs().sum() > 0
    assert autodiff.randn((), dtype=autodiff.complex64).shape == ()
    assert autodiff.rand(0, 2, dtype=autodiff.complex64).shape == (0, 2)
    with pytest.raises(NotImplementedError, match="floating point and complex numbers, not int64"):
        autodiff.rand_like(autodiff.tensor([1, 2]))


def test_a_state_is_a_place_among_the_numbers():
    g = autodiff.Generator().manual_seed(3)
    autodiff.randint(5, (3,), dtype=autodiff.int32, generator=g)
    g.numbers().integers(0, 2**32, 1, dtype=np.uint32)          # half of a word is left
    for other in (autodiff.Generator().set_state(g.get_state()), pickle.loads(pickle.dumps(g)), copy.deepcopy(g), copy.copy(g)):
        assert other is not g and other.initial_seed() == 3
        assert autodiff.equal(other.get_state(), g.get_state())
        same = copy.deepcopy(g)
        assert same.numbers().integers(0, 2**32, 3, dtype=np.uint32).tolist() == other.numbers().integers(
            0, 2**32, 3, dtype=np.uint32).tolist()
    autodiff.manual_seed(1)
    state = autodiff.get_rng_state()
    first = autodiff.randn(4)
    autodiff.set_rng_state(state)
    assert autodiff.equal(first, autodiff.randn(4))


def test_seeds():
    g = autodiff.Generator()
    assert g.initial_seed() == 67280421310721 and g.manual_seed(-1).initial_seed() == 2**64 - 1
    assert {g.seed() for _ in range(5)}.__len__() == 5 and g.initial_seed() == autodiff.Generator().set_state(
        g.get_state()).initial_seed()
    returned = autodiff.manual_seed(7)
    assert isinstance(returned, autodiff.Generator) and returned.initial_seed() == 7
    assert autodiff.manual_seed(None).initial_seed() != 7 and repr(g) == "<autodiff.Generator>" and g.device.type == "cpu"


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda g: g.manual_seed(2**64), ValueError, "64 bits"), (lambda g: g.manual_seed(-2**63 - 1), ValueError, "64 bits"),
    (lambda g: g.manual_seed("a"), TypeError, "seed"), (lambda g: g.manual_seed(1.5), TypeError, "seed"),
    (lambda g: g.set_state(b"abc"), TypeError, "ByteTensor"),
    (lambda g: g.set_state(autodiff.ones(61)), TypeError, "ByteTensor"),
    (lambda g: g.set_state(g.get_state()[:-1]), RuntimeError, "Expected a state of 61 bytes"),
    (lambda g: g.set_state(autodiff.zeros(61, dtype=autodiff.uint8)), RuntimeError, "and other bytes"),
    (lambda g: g.set_state(autodiff.cat([g.get_state()[:-5], g.new(255, 5)])), RuntimeError, "these bytes are none"),
    (lambda g: autodiff.Generator("cuda"), RuntimeError, "not available"),
    (lambda g: autodiff.rand(2, generator=5), TypeError, "rand.*argument 'generator' must be Generator, not int"),
    (lambda g: autodiff.randint(2, (2,), generator="a"), TypeError, "randint.*must be Generator, not str"),
])
def test_what_generators_refuse(call, error, words):
    g = autodiff.Generator().manual_seed(3)
    before = g.get_state()

    class Helped:
        def __getattr__(self, name):
            return getattr(g, name)

        def new(self, value, count):
            return autodiff.full((count,), value, dtype=autodiff.uint8)

    with pytest.raises(error, match=words):
        call(Helped())
    assert autodiff.equal(before, g.get_state())        # as it was


def test_generators_in_threads():
    found = {}

    def draw(k):
        g = autodiff.Generator().manual_seed(k)
        found[k] = [autodiff.rand(100, generator=g).tolist() for _ in range(20)]

    threads = [threading.Thread(target=draw, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, drawn in found.items():
        g = autodiff.Generator().manual_seed(k)
        assert drawn == [autodiff.rand(100, generator=g).tolist() for _ in range(20)]


def test_the_seed_of_a_process_is_not_known():
    code = "import autodiff; print(autodiff.rand(1).item(), autodiff.get_rng_state().tolist())"
    shown = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(shown) == 2


# ---- constructors

def test_logspace_against_numpy():
    for arguments in ((0, 2, 5), (-1.5, 3, 7), (2, 0, 4), (0.5, 0.5, 3), (0, 1, 1), (0, 1, 0)):
        for base in (10.0, 2, math.e, 0.5, 0):
            with np.errstate(all="ignore"):
                expected = np.logspace(*arguments, base=base)
            np.testing.assert_allclose(autodiff.logspace(*arguments, base).numpy(), expected, rtol=1e-14)
    assert autodiff.logspace(0, 2, 3, dtype=autodiff.float32).dtype == autodiff.float32
    x = autodiff.tensor(1.0, requires_grad=True)
    with pytest.raises(TypeError, match="logspace"):
        autodiff.logspace(x, 2, 3)
    with pytest.raises(TypeError, match="base"):
        autodiff.logspace(0, 2, 3, base=1j)


def test_the_default_device():
    autodiff.set_default_device("cpu")
    autodiff.set_default_device(None)
    assert autodiff.get_default_device() == autodiff.device("cpu")
    for other in ("cuda", "mps", "meta", 3):
        with pytest.raises(RuntimeError, match="autodiff computes on the CPU"):
            autodiff.set_default_device(other)


# ---- nn.Parameter

@both_flavours
def test_a_parameter_is_a_leaf_that_says_so(make):
    x = make([1.0, 2.0], requires_grad=True)
    for data in (x, x * 1, make([1.0, 2.0])):
        p = nn.Parameter(data)
        assert type(p) is type(x) and isinstance(p, nn.Parameter) and p.requires_grad and p.is_leaf and p is not data
        assert p.data_ptr() == data.data_ptr() and not isinstance(data, nn.Parameter)
        (p * p).sum().backward()
        assert p.grad.tolist() == [2, 4] and x.grad is None
    for other in (p * 2, p.detach(), p.clone(), p.data, p.view(2) if make is autodiff.tensor else p.reshape(2), p.grad):
        assert not isinstance(other, nn.Parameter)
    for same in (copy.deepcopy(p), pickle.loads(pickle.dumps(p)), copy.copy(p) if make is autodiff.tensor else p):
        assert isinstance(same, nn.Parameter) and same.requires_grad and same.tolist() == [1, 2]
    assert repr(p).startswith("Parameter containing:\n") and repr(p * 1).startswith(("tensor", "array"))
    assert not isinstance(3, nn.Parameter) and not isinstance(np.ones(2), nn.Parameter)


def test_what_a_parameter_is_made_of():
    assert nn.Parameter([1, 2.5]).tolist() == [1, 2.5] and nn.Parameter(np.ones(2)).requires_grad
    assert nn.Parameter().numel() == 0
    assert not nn.Parameter(autodiff.tensor([1]), requires_grad=False).requires_grad
    for data in ([1, 2], autodiff.tensor([True])):
        with pytest.raises(RuntimeError, match="Only Tensors of floating point and complex dtype can require gradients"):
            nn.Parameter(data)
    with pytest.raises(TypeError):
        nn.Parameter("a")
    with autodiff.no_grad():
        assert nn.Parameter(autodiff.ones(1)).requires_grad


# ---- nn.utils

@both_flavours
def test_clip_grad_norm(make):
    a, b, unused = make([3.0, 4.0], requires_grad=True), make([[12.0]], requires_grad=True), make([1.0], requires_grad=True)

    def gradients():
        a.grad = b.grad = None
        (a * make([3.0, 4.0])).sum().backward()
        (b * 12.0).sum().backward()

    for p, norm in ((2.0, 13.0), (1, 19.0), (math.inf, 12.0), (0.5, (3 ** 0.5 + 2 + 12 ** 0.5) ** 2)):
        gradients()
        total = nn.utils.clip_grad_norm_([a, unused, b], 1.0, norm_type=p)
        assert type(total) is type(a) and total.shape == () and not total.requires_grad
        np.testing.assert_allclose(total.item(), norm, rtol=1e-12)
        np.testing.assert_allclose(a.grad.numpy(), np.array([3.0, 4.0]) / norm, rtol=1e-6)
        np.testing.assert_allclose(b.grad.numpy(), [[12.0 / norm]], rtol=1e-6)
    gradients()
    kept = a.grad
    assert nn.utils.clip_grad_norm_((x for x in (a, b)), 20.0).item() == 13.0        # below the bound: nothing changes
    assert a.grad is kept and a.grad.tolist() == [3, 4] and nn.utils.clip_grad_norm_([unused], 1.0).item() == 0


def test_clip_grad_value_and_what_both_refuse():
    w = autodiff.tensor([3.0, -0.1], requires_grad=True)
    (w * w).sum().backward()
    held = w.grad
    assert nn.utils.clip_grad_value_([w, autodiff.ones(1)], 1.0) is None and held.tolist() == [1.0, -0.2]
    for call in (lambda p: nn.utils.clip_grad_norm_(p, 1.0), lambda p: nn.utils.clip_grad_value_(p, 1.0)):
        with pytest.raises(TypeError, match="must be Variables, not float"):
            call([w, 1.0])
        with pytest.warns(UserWarning, match="is an empty generator, no gradient clipping will occur") as heard:
            call(p for p in ())
        assert heard[0].filename == __file__
    w.grad = autodiff.tensor([math.nan, 1.0])
    with pytest.raises(RuntimeError, match=r"The total norm of order 2.0 for gradients from `parameters` is non-finite"):
        nn.utils.clip_grad_norm_(w, 1.0, error_if_nonfinite=True)
    assert w.grad.tolist()[1] == 1.0


def test_clipping_of_complex_and_narrow_gradients():
    c = autodiff.tensor([3 + 4j], requires_grad=True)
    c.grad = autodiff.tensor([3 + 4j])
    h = autodiff.ones(1, dtype=autodiff.float16, requires_grad=True)
    h.grad = autodiff.tensor([12.0], dtype=autodiff.float16)
    total = nn.utils.clip_grad_norm_([h, c], 1.0)
    np.testing.assert_allclose(total.item(), 13.0, rtol=1e-3)
    np.testing.assert_allclose(c.grad.numpy(), [(3 + 4j) / 13], rtol=1e-3)
    assert h.grad.dtype == autodiff.float16 and c.grad.dtype == autodiff.complex128


@both_flavours
def test_parameters_as_a_vector(make):
    w, b = make([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), make(5.0, requires_grad=True)
    v = nn.utils.parameters_to_vector([w.T, b])
    assert v.tolist() == [1, 3, 2, 4, 5]
    (v * v).sum().backward()
    assert w.grad.tolist() == [[2, 4], [6, 8]] and b.grad.item() == 10
    nn.utils.vector_to_parameters(make([0.0, 1.0, 2.0, 3.0, 4.0, 9.0]), [w, b])
    assert w.tolist() == [[0, 1], [2, 3]] and b.item() == 4 and w.is_leaf and w.requires_grad
    with pytest.raises(RuntimeError):
        nn.utils.vector_to_parameters(make([7.0, 7.0, 7.0, 7.0]), [w, b])
    assert w.tolist() == [[0, 1], [2, 3]] and b.item() == 4        # none has changed


# ---- imports

MISSING = ["optim", "utils.data", "nn.modules", "nn.modules.linear", "nn.init", "optim.sgd"]


@pytest.mark.parametrize("name", MISSING)
def test_an_import_has_the_words_of_the_attribute(name):
    with pytest.raises(ModuleNotFoundError, match=r"autodiff has no '.*': it differentiates.*Instead, ") as imported:
        importlib.import_module(f"autodiff.{name}")
    parent, _, last = ".".join(name.split(".")[:2 if name.startswith(("nn", "utils")) else 1]).rpartition(".")
    with pytest.raises(AttributeError) as asked:
        getattr(getattr(autodiff, parent) if parent else autodiff, last)
    assert str(asked.value) == str(imported.value)
    with pytest.raises(ModuleNotFoundError, match="Instead, "):
        exec(f"from autodiff{'.' + parent if parent else ''} import {last}")
    with pytest.raises(ImportError, match="Instead, "):
        exec(f"from autodiff.{name} import something")


def test_what_is_asked_politely_is_answered_politely():
    assert importlib.util.find_spec("autodiff.optim") is None and importlib.util.find_spec("autodiff.nn.modules") is None
    assert not hasattr(autodiff, "optim") and not hasattr(nn, "Linear") and getattr(autodiff, "optim", None) is None
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'autodiff.nonsense'"):
        importlib.import_module("autodiff.nonsense")
    with pytest.raises(ImportError, match="cannot import name 'nonsense'"):
        exec("from autodiff import nonsense")
    with pytest.raises(ModuleNotFoundError, match="No module named 'optim'"):
        importlib.import_module("optim")
    with pytest.raises(AttributeError, match=r"module 'autodiff.nn' has no attribute '__wrapped__'"):
        _ = nn.__wrapped__
    finders = [finder for finder in sys.meta_path if getattr(finder, "__module__", "") == "autodiff._missing"]
    assert len(finders) == 1
    autodiff._missing.install()
    assert len([finder for finder in sys.meta_path if finder in finders]) == 1


def test_modules_are_imported_when_they_are_asked_for():
    code = ("import sys, autodiff;"
            "assert not {'autodiff.nn', 'autodiff.testing', 'numpy.random', 'zipfile'} & set(sys.modules);"
            "assert {'nn', 'testing'} <= set(dir(autodiff)); autodiff.testing.assert_close(1, 1); autodiff.nn.Parameter([1.0]);"
            "from autodiff import nn; import autodiff.nn.utils; print(nn is autodiff.nn)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


def test_random_numbers_stay_below_the_upper_end():
    assert float(autodiff.rand(200000, dtype=autodiff.float16).max()) < 1
    assert float(autodiff.zeros(200000, dtype=autodiff.float32).uniform_(1, 1.000001).max()) < float(np.float32(1.000001))
    for low, high in ((-1e308, 1e308), (0, math.inf), (-math.inf, 0)):
        with pytest.raises(RuntimeError, match=r"to-from|out of bounds"):
            autodiff.zeros(3, dtype=autodiff.float64).uniform_(low, high)


def test_bernoulli_draws_zeros_and_ones_in_the_shape_of_its_input():
    drawn = autodiff.vmap(autodiff.bernoulli, randomness="different")(autodiff.full((4, 3), 7.0))
    assert drawn.tolist() == [[1.0] * 3] * 4
    assert autodiff.bernoulli(autodiff.zeros(2, 3), autodiff.ones(3)).tolist() == [[1.0] * 3] * 2
    with pytest.raises(RuntimeError):
        autodiff.bernoulli(autodiff.zeros(3), autodiff.ones(2, 3))
