"""Values that travel to other processes: what transforms make, ops, and Variables with their memory beside the pickle."""
import copy
import inspect
import io
import mmap
import os
import pickle
import subprocess
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff.autograd import forward_ad

ROOT = Path(autodiff.__file__).resolve().parent.parent
PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)
FLAVOURS = [autodiff.tensor, anp.array]

# What travels, with what it is called with.  Run as a module of its own, whose names another process finds, and as `__main__`,
# whose names it does not.
CALLABLES = """
import functools
import math
import numpy as np
import autodiff
import autodiff.func
import autodiff.numpy as anp

x = np.array([0.3, -0.5, 0.7])
rows = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
shift = anp.array([1.0, 2.0, 3.0])
drawing = autodiff.Generator().manual_seed(3)


def f(x):
    return np.sum(np.exp(x) * x)

def g(x):
    return np.sin(x) * x

def two(x, y=2.0):
    return np.sum(x * x * y)

def of_the_mirror(x):
    return anp.sum(anp.where(x > 0, x * shift, x))

def of_dtypes(x):
    return np.sum(x * autodiff.ones(3, dtype=autodiff.float64))

def scalar(x):
    return math.sqrt(2.0) * x * x

def loops(x):
    y = np.zeros(3)
    for i in range(3):
        y[i] = x[i] * math.exp(1.0)
    return y.sum()

lifted = autodiff.lift(loops)

@autodiff.lift
def lifted_here(x):
    y = np.zeros(3)
    y[0] = x[0] ** 2
    return y.sum()

@autodiff.grad
def gradient_here(x):
    return np.sum(x ** 3)

@autodiff.value_and_grad
def both_here(x):
    return np.sum(x ** 3)

@functools.partial(autodiff.vmap, in_dims=0)
@autodiff.grad
def rows_here(x):
    return np.sum(x ** 3)

@autodiff.no_grad()
def without(x):
    return x * 2

@autodiff.primitive
def logsumexp(x):
    return np.log(np.sum(np.exp(x)))

def logsumexp_vjp(ans, x):
    return lambda g: g * np.exp(x - ans)

logsumexp.defvjp(logsumexp_vjp)

class Square(autodiff.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0]

    @staticmethod
    def jvp(ctx, t):
        return 2 * t * ctx.saved_tensors[0]

def squares(x):
    return Square.apply(x).sum()

def of_the_primitive(x):
    return logsumexp(x) * 2

@autodiff.compile
def compiled(x):
    return x * x + 1.0

def of_the_compiled(x):
    return compiled(x) * 3.0

class Model:
    def __init__(self):
        self.weight = anp.array([1.0, -1.0, 2.0])

    def loss(self, x):
        return np.sum(self.weight * x ** 2)

model = Model()

everything = {}
for name in ("grad", "value_and_grad", "grad_and_value", "hessian", "jacobian", "jacrev", "jacfwd"):
    transform = getattr(autodiff, name, None) or getattr(autodiff.func, name)
    same = getattr(autodiff.func, name)
    everything[name] = transform(f), (x,)
    everything[name + " of func"] = same(f), (x,)
    everything[name + " of a partial"] = transform(functools.partial(two, y=3.0)), (x,)
    everything[name + " in two arguments"] = transform(two, argnums=(0, 1)), (x, 3.0)
    everything[name + " of the mirror"] = transform(of_the_mirror), (x,)
    everything[name + " of dtypes"] = transform(of_dtypes), (x,)
    everything[name + " of a lifted function"] = transform(lifted), (x,)
    everything[name + " of a function lifted where it stands"] = transform(lifted_here), (x,)
    everything[name + " of a Function"] = transform(squares), (x,)
    everything[name + " of a Function's apply"] = transform(Square.apply), (0.7,)
    everything[name + " of a primitive"] = transform(of_the_primitive), (x,)
    everything[name + " of a compiled function"] = transform(of_the_compiled), (0.7,)
    everything[name + " of a method"] = transform(model.loss), (x,)
    everything[name + " of an op"] = transform(anp.sum), (x,)
    everything[name + " of a row"] = transform(autodiff.exp), (0.5,)
    everything["a partial of " + name] = functools.partial(transform(two), y=5.0), (x,)
    everything["lift of " + name] = autodiff.lift(transform(loops)), (x,)
everything["jacobians of vectors"] = autodiff.jacrev(g), (x,)
everything["elementwise_grad"] = autodiff.elementwise_grad(g), (x,)
everything["holomorphic_grad"] = autodiff.holomorphic_grad(np.sin), (0.3 + 0.2j,)
everything["sparse_hessian"] = autodiff.sparse_hessian(f), (x,)
everything["sparse_jacobian"] = autodiff.sparse_jacobian(g), (x,)
everything["vmap"] = autodiff.vmap(g), (rows,)
everything["vmap of grad"] = autodiff.vmap(autodiff.grad(f)), (rows,)
everything["vmap with all its options"] = autodiff.vmap(g, 1, 1, "same", chunk_size=2), (rows,)
everything["grad of grad"] = autodiff.grad(autodiff.grad(scalar)), (0.4,)
everything["vmap of hessian of grad"] = autodiff.vmap(autodiff.hessian(f)), (rows,)
everything["decorated by grad"] = gradient_here, (x,)
everything["decorated by value_and_grad"] = both_here, (x,)
everything["decorated twice"] = rows_here, (rows,)
everything["decorated by no_grad"] = without, (x,)
everything["a primitive"] = logsumexp, (x,)
everything["an apply"] = Square.apply, (shift,)
everything["vjp"] = autodiff.vjp(g, x)[1], (rows[0],)
everything["vjp of two"] = autodiff.vjp(two, autodiff.tensor([1.0, 2.0]), autodiff.tensor(3.0))[1], (autodiff.tensor(2.0),)
everything["linearize"] = autodiff.linearize(g, x)[1], (rows[0],)
everything["frompyfunc"] = anp.frompyfunc(scalar, 1, 1), (x,)

if __name__ == "__main__":
    k = 2.5
    def closed(by):
        def inside(x):
            return autodiff.grad(lambda y: np.sum(y ** 2) * by * k)(x)
        return inside
    everything["a closure"] = closed(3.0), (x,)
    everything["a lambda"] = autodiff.grad(lambda x: np.sum(x * autodiff.randn(3, generator=drawing))), (x,)
    everything["a lambda of the mirror"] = autodiff.vmap(autodiff.grad(lambda x: anp.sum(x * x))), (rows,)
    everything["a lifted lambda"] = autodiff.grad(autodiff.lift(lambda x: np.sum(np.zeros(3) + x ** 2))), (x,)
    everything["a primitive in a closure"] = autodiff.grad(lambda x: logsumexp(x) * k), (x,)
    everything["decorated where a function is a local"] = autodiff.grad(autodiff.no_grad()(lambda x: np.sum(x))), (x,)
"""
SEND = """
    import cloudpickle, pickle, sys
    # Packed before anything is called: an argument draws from a generator that travels with it.
    everything = {name: pair for name, pair in everything.items() if "compiled" not in name}
    data = {name: (cloudpickle.dumps(function), args) for name, (function, args) in everything.items()}
    values = {name: function(*args) for name, (function, args) in everything.items()}
    with open(sys.argv[1], "wb") as file:
        pickle.dump((data, values), file)
"""
RECEIVE = """
import pickle, sys
with open(sys.argv[1], "rb") as file:
    data, values = pickle.load(file)
import numpy as np

def same(a, b):
    if hasattr(a, "todense"):
        a, b = a.todense(), b.todense()
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and np.array_equal(np.asarray(a), np.asarray(b))

wrong = []
for name, (packed, args) in data.items():
    for one in packed if isinstance(packed, list) else [packed]:
        found = pickle.loads(one)(*args)
        if not same(found, values[name]):
            wrong.append((name, found, values[name]))
assert not wrong, wrong
print(len(data))
"""


def process(tmp_path, *command, path=()):
    done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *path]), "OPENBLAS_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_callables_arrive_by_pickle(tmp_path, monkeypatch):
    """In a process that was not there when they were made, by every protocol."""
    pytest.importorskip("scipy")
    (tmp_path / "callables_that_travel.py").write_text(CALLABLES)
    monkeypatch.syspath_prepend(str(tmp_path))
    everything = __import__("callables_that_travel").everything
    data = {name: ([pickle.dumps(function, protocol) for protocol in PROTOCOLS], args)
            for name, (function, args) in everything.items()}
    values = {name: function(*args) for name, (function, args) in everything.items()}
    (tmp_path / "sent").write_bytes(pickle.dumps((data, values)))
    assert int(process(tmp_path, "-c", RECEIVE, "sent")) == len(everything)


def test_callables_of_the_main_program_arrive_by_cloudpickle(tmp_path):
    """In a process that has no module of theirs."""
    pytest.importorskip("scipy")
    pytest.importorskip("cloudpickle")
    (tmp_path / "sender.py").write_text(CALLABLES + SEND)
    process(tmp_path, "sender.py", "sent")
    (tmp_path / "sender.py").unlink()
    assert int(process(tmp_path, "-c", RECEIVE, "sent")) > 100


def test_callables_of_a_module_that_is_registered_arrive_by_value(tmp_path, monkeypatch):
    cloudpickle = pytest.importorskip("cloudpickle")
    pytest.importorskip("scipy")
    (tmp_path / "callables_registered.py").write_text(CALLABLES)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = __import__("callables_registered")
    by_name = cloudpickle.dumps(module.gradient_here)
    cloudpickle.register_pickle_by_value(module)
    try:
        data = {name: (cloudpickle.dumps(module.everything[name][0]), module.everything[name][1])
                for name in ("decorated by grad", "decorated twice", "a primitive", "lift of grad",
                             "grad of a function lifted where it stands")}
    finally:
        cloudpickle.unregister_pickle_by_value(module)
    assert len(by_name) < 100 < len(data["decorated by grad"][0])
    values = {name: module.everything[name][0](*args) for name, (_, args) in data.items()}
    (tmp_path / "sent").write_bytes(pickle.dumps((data, values)))
    (tmp_path / "callables_registered.py").unlink()
    assert int(process(tmp_path, "-c", RECEIVE, "sent")) == len(data)


def test_callables_are_copied(tmp_path, monkeypatch):
    pytest.importorskip("scipy")
    (tmp_path / "callables_copied.py").write_text(CALLABLES)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, (function, args) in __import__("callables_copied").everything.items():
        value = function(*args)
        for again in (copy.copy, copy.deepcopy):
            made = again(function)
            assert type(made) is type(function), name
            assert repr(made(*args)) == repr(value), name


def test_what_a_decorated_function_is_found_by():
    """A name that means something else by now is not used."""
    from functions_that_change import f  # made below, as a module

    assert pickle.loads(pickle.dumps(f)) is f
    module = sys.modules["functions_that_change"]
    first = module.f
    module.f = autodiff.grad(len)
    try:
        with pytest.raises(pickle.PicklingError, match="not the same object"):
            pickle.dumps(first)
    finally:
        module.f = first


_module = types.ModuleType("functions_that_change")
exec("import autodiff\n@autodiff.grad\ndef f(x):\n    return x * x\n", vars(_module))
sys.modules["functions_that_change"] = _module


NAMESPACES = ["autodiff", "autodiff.func", "autodiff.linalg", "autodiff.fft", "autodiff.special", "autodiff.nn.functional",
              "autodiff.random", "autodiff.numpy", "autodiff.numpy.linalg", "autodiff.numpy.fft", "autodiff.numpy.random",
              "autodiff.autograd", "autodiff.autograd.functional", "autodiff.autograd.graph", "autodiff.autograd.forward_ad"]


@pytest.mark.parametrize("name", NAMESPACES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_public_functions_are_found_by_their_names(name, protocol):
    module = __import__(name, fromlist=["x"])
    seen = 0
    for key in dir(module):
        value = getattr(module, key)
        if key.startswith("_") or inspect.ismodule(value) or not callable(value) or "ytest" in type(value).__name__:
            continue
        back = pickle.loads(pickle.dumps(value, protocol))
        assert back is value or (back == value and type(back) is type(value)), f"{name}.{key}"
        seen += 1
    assert seen > 3


@pytest.mark.parametrize("kind", [autodiff.Tensor, anp.ndarray])
def test_methods_are_found_by_their_names(kind):
    cloudpickle = pytest.importorskip("cloudpickle")
    x = kind([[0.5, 0.25], [0.125, 0.0625]]) if kind is autodiff.Tensor else anp.array([[0.5, 0.25], [0.125, 0.0625]])
    seen = 0
    for key in dir(kind):
        method = getattr(kind, key)
        if key.startswith("_") or not callable(method):
            continue
        for dumps in (pickle.dumps, cloudpickle.dumps):
            assert pickle.loads(dumps(method)) is method, key
        bound = pickle.loads(pickle.dumps(getattr(x, key)))
        assert bound.__name__ == method.__name__ and np.array_equal(bound.__self__, x), key
        seen += 1
    assert seen > 200


def test_objects_of_the_library_travel():
    found = autodiff.tensor([[1.0, 3.0], [2.0, 0.0]]).max(0)
    for value in (autodiff.float32, autodiff.device("cpu"), autodiff.ones(2, 3).shape, autodiff.no_grad, autodiff.enable_grad,
                  autodiff.strided, autodiff.finfo(autodiff.float32), autodiff.default_generator, found):
        for protocol in PROTOCOLS:
            back = pickle.loads(pickle.dumps(value, protocol))
            assert type(back) is type(value) and repr(back) == repr(value)
    generator = autodiff.Generator().manual_seed(7)
    autodiff.randn(3, generator=generator)
    again = pickle.loads(pickle.dumps(generator))
    assert autodiff.equal(autodiff.randn(5, generator=again), autodiff.randn(5, generator=generator))
    with pickle.loads(pickle.dumps(autodiff.no_grad())):
        assert not autodiff.is_grad_enabled()
    node = (autodiff.ones(2, requires_grad=True) * 2).grad_fn
    with pytest.raises(TypeError, match="cannot pickle 'MulBackward0' object"):
        pickle.dumps(node)


# ---- Variables

def address(v):
    return np.asarray(v.detach()).__array_interface__["data"][0]


def sent(value, protocol=5):
    """(the pickle, the memory beside it)."""
    buffers = []
    return pickle.dumps(value, protocol, buffer_callback=buffers.append), buffers


DTYPES = ["float16", "float32", "float64", "complex64", "complex128", "bool", "uint8", "int8", "int16", "int32", "int64"]
BUILDS = {"whole": lambda v: v, "rows": lambda v: v[1:], "turned": lambda v: v.T, "steps": lambda v: v[::2],
          "columns": lambda v: v[:, 1:3], "scalar": lambda v: v[0, 1], "none": lambda v: v[:0],
          "repeated": lambda v: v[0].expand(7, 4), "flat": lambda v: v.reshape(-1)[::3], "copied": lambda v: v[1:].clone()}


@pytest.mark.parametrize("make", FLAVOURS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("alone", [False, True])
def test_variables_arrive_as_they_were(make, dtype, build, alone):
    base = make((np.arange(24).reshape(6, 4) % 5).astype(dtype))
    v = BUILDS[build](base).detach()
    if alone:
        del base
    for needs in (False, True) if v.is_floating_point() or v.is_complex() else (False,):
        v.requires_grad_(needs)
        packed = [pickle.dumps(v, protocol) for protocol in PROTOCOLS]
        whole = [pickle.loads(one) for one in packed]
        text, buffers = sent(v)
        whole += [pickle.loads(text, buffers=buffers), pickle.loads(text, buffers=[bytes(b.raw()) for b in buffers]),
                  copy.deepcopy(v)]
        for back in whole:
            assert type(back) is type(v) and back.dtype is v.dtype and back.shape == v.shape and back.is_leaf
            assert back.requires_grad == needs and back.grad is None
            np.testing.assert_array_equal(back.detach().numpy(), v.detach().numpy(), strict=True)


@pytest.mark.parametrize("make", FLAVOURS)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("alias", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128", "int64", "bool"])
def test_memory_goes_beside_the_pickle(make, turned, alias, dtype):
    """Without a copy: the buffer is the Variable's memory, and what arrives looks at the buffer."""
    x = make(np.ones((300, 200), dtype))
    if turned:
        x = x.T.detach()
    other = x.detach() if alias else None
    text, buffers = sent(x)
    assert len(text) < 300 and len(buffers) == 1
    raw = buffers[0].raw()
    assert raw.nbytes == x.numel() * x.itemsize and not raw.readonly
    assert np.frombuffer(raw, np.uint8).__array_interface__["data"][0] == address(x)
    back = pickle.loads(text, buffers=buffers)
    assert address(back) == address(x) and back.stride() == x.stride() and type(back) is type(x)
    arena = bytearray(raw)
    apart = pickle.loads(text, buffers=[arena])
    apart[0, 0] = 0
    assert not any(arena[:x.itemsize]) and x[0, 0].item() == 1
    del other


def test_of_a_view_the_memory_it_looks_at_goes_along_while_somebody_else_looks_at_it():
    b = autodiff.arange(1000.0)
    text, buffers = sent([b, b[10:20], b[::2]])
    assert [buffer.raw().nbytes for buffer in buffers] == [8000]
    one, few, _ = pickle.loads(text, buffers=buffers)
    one[10] = -1.0
    assert few[0].item() == -1.0 == b[10].item()
    del one, few, _, buffers
    assert [buffer.raw().nbytes for buffer in sent(b[10:20])[1]] == [8000]
    assert [buffer.raw().nbytes for buffer in sent(b[10:20].clone())[1]] == [80]
    part = b[10:20].detach()
    del b
    assert [buffer.raw().nbytes for buffer in sent(part)[1]] == [80]
    every = autodiff.arange(1000.0)[::4].detach()
    assert [buffer.raw().nbytes for buffer in sent(every)[1]] == [2000]


@pytest.mark.parametrize("make", FLAVOURS)
def test_leaves_bring_their_gradients_and_attributes(make):
    x = make(np.arange(5000.0), requires_grad=True)
    (x * x).sum().backward()
    x.name_of_it = "weight"
    text, buffers = sent(x)
    assert len(text) < 400 and [b.raw().nbytes for b in buffers] == [40000, 40000]
    back = pickle.loads(text, buffers=buffers)
    assert address(back) == address(x) and address(back.grad) == address(x.grad) and type(back.grad) is type(x)
    assert back.name_of_it == "weight" and back.requires_grad and back.is_leaf
    one = make(3.0, requires_grad=True)
    (one * one).backward()
    for protocol in PROTOCOLS:
        back = pickle.loads(pickle.dumps(one, protocol))
        assert back.grad.item() == 6.0 and back.item() == 3.0
        (back * back).backward()
        assert back.grad.item() == 12.0 and one.grad.item() == 6.0
    parameter = autodiff.nn.Parameter(autodiff.ones(3))
    back = pickle.loads(pickle.dumps(parameter))
    assert isinstance(back, autodiff.nn.Parameter) and back.requires_grad


def read_only(v):
    """The Variable unpickled from pages that cannot be written: a write that is not refused ends the process."""
    import ctypes

    text, (buffer,) = sent(v)
    raw = buffer.raw()
    pages = mmap.mmap(-1, max(raw.nbytes, mmap.PAGESIZE))
    pages[:raw.nbytes] = bytes(raw)
    libc, at = ctypes.CDLL(None), ctypes.addressof(ctypes.c_char.from_buffer(pages))
    assert libc.mprotect(ctypes.c_void_p(at), len(pages), 1) == 0
    return pickle.loads(text, buffers=[memoryview(pages)[:raw.nbytes].toreadonly()])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs mprotect")
@pytest.mark.parametrize("make", FLAVOURS)
def test_writes_into_read_only_buffers_are_refused(make):
    plain = np.arange(16.0).reshape(4, 4)
    x, ones = read_only(make(plain)), np.ones((4, 4))
    writes = [lambda: x.zero_(), lambda: x.add_(1), lambda: x.__setitem__(0, 1.0), lambda: x[1:].mul_(2), lambda: x.T.fill_(1),
              lambda: x.detach().exp_(), lambda: x.data.copy_(make(ones)), lambda: autodiff.add(x, 1, out=x),
              lambda: np.copyto(x, ones), lambda: np.add.at(x, [0], 1.0), lambda: x.__iadd__(1.0), lambda: x.random_(0, 2),
              lambda: x.index_put_((autodiff.tensor([0]),), autodiff.ones(4)), lambda: x.numpy().__setitem__(0, 1.0),
              lambda: x.__setitem__((0, 0), make(1.0, requires_grad=True)), lambda: x.masked_fill_(x > 0, 1.0),
              lambda: autodiff.nn.functional.relu(x, inplace=True)]
    for write in writes:
        with pytest.raises(ValueError, match="assignment destination is read-only"):
            write()
    np.testing.assert_array_equal(np.asarray(x), plain)
    assert not np.asarray(x).flags.writeable
    for own in (x.clone(), copy.deepcopy(x), x.clone().detach()):
        own.zero_()
        assert own.sum().item() == 0
    leaf = read_only(make(plain))
    leaf.requires_grad_(True)
    (leaf * leaf).sum().backward()
    np.testing.assert_array_equal(leaf.grad.numpy(), 2 * plain)
    with pytest.raises(ValueError, match="read-only"), autodiff.no_grad():
        leaf -= 0.1 * leaf.grad
    leaf.grad = read_only(make(plain))              # a gradient is added to in place where it can be written
    (leaf * 3).sum().backward()
    np.testing.assert_array_equal(leaf.grad.numpy(), plain + 3)


def test_read_only_memory_is_as_NumPys():
    for value in (np.arange(8.0), autodiff.arange(8.0), anp.arange(8.0)):
        text, buffers = sent(value)
        back = pickle.loads(text, buffers=[bytes(b.raw()) for b in buffers])
        assert not np.asarray(back).flags.writeable
        with pytest.raises(ValueError, match="assignment destination is read-only"):
            back[0] = 1.0
        for protocol in PROTOCOLS:
            back = pickle.loads(pickle.dumps(value, protocol))
            back[0] = 1.0
            assert back[0] == 1.0 and value[0] == 0.0


def test_a_buffer_that_begins_anywhere_is_copied():
    x = autodiff.arange(100.0)
    text, (buffer,) = sent(x)
    room = bytearray(8 + buffer.raw().nbytes)
    for offset in range(8):
        view = memoryview(room)[offset:offset + buffer.raw().nbytes]
        view[:] = buffer.raw()
        back = pickle.loads(text, buffers=[view])
        assert address(back) % 8 == 0 and autodiff.equal(back, x)
        assert autodiff.equal(back.exp(), x.exp())


def test_buffers_that_do_not_fit_are_refused():
    text, (buffer,) = sent(autodiff.arange(100.0))
    for bad in (b"", bytes(buffer.raw())[:-1]):
        with pytest.raises(ValueError):
            pickle.loads(text, buffers=[bad])
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(text)
    make, (carrier, *_) = autodiff.arange(4.0).__reduce__()[0], autodiff.arange(4.0).__reduce__()[1][1:]
    kind = type(carrier)
    for bad in (np.zeros(4), np.zeros((2, 2), np.uint8), [1, 2], None, "text"):
        with pytest.raises(ValueError, match="does not fit together"):
            kind(bad)
    strided = np.arange(64, dtype=np.uint8)[::-2]
    back = make(False, kind(strided), "<f8", 0, (4,), (8,), False)
    np.testing.assert_array_equal(back.numpy(), strided.copy().view("<f8"))


def test_what_cannot_travel_says_so():
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    handle = x.register_hook(lambda g: g)
    with pytest.warns(UserWarning, match="comes back without its hooks"):
        pickle.dumps(x)
    handle.remove()
    late = x.register_post_accumulate_grad_hook(lambda v: None)
    with pytest.warns(UserWarning, match="comes back without its hooks"):
        pickle.dumps(x)
    late.remove()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.dumps(x)
    y = (x * x).sum()
    y.backward()
    with pytest.warns(UserWarning, match="its graph is gone"):
        assert pickle.loads(pickle.dumps(y)).item() == 5.0
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(autodiff.ones(2), autodiff.ones(2))
        with pytest.raises(RuntimeError, match="with a tangent cannot be pickled"):
            pickle.dumps(dual)
        pickle.dumps(autodiff.ones(2))
    with pytest.raises(RuntimeError, match="storage"):
        autodiff.vmap(lambda v: pickle.loads(pickle.dumps(v)))(autodiff.ones(3))
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(autodiff.grad(lambda v: v))


# ---- the engines

def test_joblib_sees_the_memory(tmp_path):
    """Files and hashes are of the array's own bytes; a large Variable reaches loky's workers as a memory map."""
    joblib = pytest.importorskip("joblib")
    x = autodiff.tensor(np.arange(200_000.0), requires_grad=True)
    one = joblib.hash(x)
    alias = x.detach()
    assert joblib.hash(x) == one == joblib.hash(autodiff.tensor(np.arange(200_000.0), requires_grad=True)) != joblib.hash(alias)
    joblib.dump({"weight": x}, tmp_path / "file")
    assert address(joblib.load(tmp_path / "file")["weight"]) % 16 == 0
    mapped = joblib.load(tmp_path / "file", mmap_mode="r")["weight"]
    assert mapped.requires_grad and autodiff.equal(mapped, x)
    with pytest.raises(ValueError, match="read-only"), autodiff.no_grad():
        mapped.zero_()
    calls = []
    memory = joblib.Memory(tmp_path / "cache", verbose=0)

    def squares(v):
        calls.append(v)
        return v.detach() ** 2

    cached = memory.cache(squares)
    for _ in range(2):
        assert autodiff.equal(cached(x), x.detach() ** 2)
    assert len(calls) == 1


JOBLIB = """
import sys
import numpy as np
import autodiff

def look(v):
    at = np.asarray(v.detach()).__array_interface__["data"][0]
    with open("/proc/self/maps") as maps:
        for line in maps:
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            if low <= at < high:
                last = autodiff.grad(lambda x: (x * x).sum())(v.detach())[-1].item()
                return "joblib_memmapping" in line, v.requires_grad, last

if __name__ == "__main__":
    import joblib
    x = autodiff.tensor(np.arange(300_000.0), requires_grad=True)
    y = autodiff.numpy.array(np.arange(300_000.0))
    small = autodiff.ones(10)
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(look)(v) for v in (x, y, x.detach(), small))
    assert found == [(True, True, 599998.0), (True, False, 599998.0), (True, False, 599998.0), (False, False, 2.0)], found
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/maps")
def test_joblib_maps_large_variables(tmp_path):
    pytest.importorskip("joblib")
    (tmp_path / "program.py").write_text(JOBLIB)
    process(tmp_path, "program.py")


@pytest.mark.parametrize("make", FLAVOURS)
def test_dask_sends_the_memory_itself(make):
    protocol = pytest.importorskip("distributed.protocol")
    x = make(np.arange(100_000.0), requires_grad=True)
    header, frames = protocol.serialize(x)
    sizes = [memoryview(frame).nbytes for frame in frames]
    assert sizes[1:] == [800_000] and sizes[0] < 300
    assert np.frombuffer(frames[1], np.uint8).__array_interface__["data"][0] == address(x)
    back = protocol.deserialize(header, frames)
    assert address(back) == address(x) and back.requires_grad and type(back) is type(x)
    header, frames = protocol.serialize(autodiff.grad(np.sum))
    np.testing.assert_array_equal(protocol.deserialize(header, frames)(np.ones(3)), np.ones(3))


def test_save_and_load_are_what_they_were():
    file = io.BytesIO()
    autodiff.save({"x": autodiff.arange(3.0)}, file)
    file.seek(0)
    assert autodiff.load(file)["x"].tolist() == [0, 1, 2]
