"""Passes of many cotangents at once give, row by row, what as many passes of one cotangent give."""

import concurrent.futures
import math
import multiprocessing

import numpy as np
import pytest

import autodiff
from autodiff import _variable as inside
from autodiff import func

RANDOM = np.random.default_rng(7)


def element_writes(x):
    y = x * 1.0
    y[0, 1] = x[1, 2] * x[0, 0]
    y[1, 0] = 3.0
    return y * y


def region_writes(x):
    y = x * 2.0
    y[0] = x[1] * x[1]
    y[:, 1:] = x[:, :-1].sin()
    return y * x


def chain_of_numbers(x):
    total = x[0, 0]
    for i in range(3):
        total = (total * x[1, i] - 2.0 / total).tanh() + x[0, i] ** 2
    return total


def written_leaf_view(x):
    y = x.clone()
    row = y[1]
    row *= 2
    return y.exp()


FUNCTIONS = {
    "elementwise": lambda x: (x.sin() * x + 2.0 / x).exp() - x**3,
    "broadcast": lambda x: x * x[0] + x[:, :1] - x[0, 0],
    "constant_operands": lambda x: autodiff.tensor([[1.0], [2.0]]).to(x.dtype) * x / autodiff.tensor(3.0).to(x.dtype),
    "numbers": chain_of_numbers,
    "numbers_to_array": lambda x: x * (x[0, 0].exp() * x[1, 1]),
    "element_reads": lambda x: x[0, 0] * x[1, 2] + x[0, 0] ** 2,
    "element_writes": element_writes,
    "region_writes": region_writes,
    "view_written": written_leaf_view,
    "sum": lambda x: (x * x).sum() * x,
    "sum_dim": lambda x: (x * x).sum(1) * x.sum(0, keepdim=True).sum(),
    "sum_keepdim": lambda x: x.exp().sum((0,), keepdim=True) / x.sum(1, keepdim=True),
    "sum_of_number": lambda x: x[0, 0].sum() * x[0, 1].mean(),
    "mean": lambda x: (x * x).mean() * x.mean(1),
    "mean_dims": lambda x: (x.exp().mean((0, 1)) * x).mean(0, keepdim=True),
    "logsumexp": lambda x: x.logsumexp(1) * x.norm(),
    "softmax": lambda x: x.softmax(1),
    "prod": lambda x: x.prod(0),
    "cumsum": lambda x: x.cumsum(1) * x,
    "max_dim": lambda x: x.amax(1) * x[0, :2],
    "several_results": lambda x: x.max(1)[0] * x.sort(1)[0][:, 0],
    "permute": lambda x: x.t() * x.t().sin(),
    "reshape": lambda x: (x.reshape(3, 2) * x.t()).reshape(6),
    "reshape_of_strided": lambda x: x.t().reshape(6) * x.reshape(6),
    "expand": lambda x: x[:, :1].expand(2, 3) * x.unsqueeze(0).expand(2, 2, 3),
    "slices": lambda x: x[:, ::2] * x[:, 1:] + x.flip(1)[:, :2],
    "windows": lambda x: x.unfold(1, 2, 1) * 2.0,
    "diagonal": lambda x: x.diagonal() * x[0, 0],
    "stack": lambda x: autodiff.stack([x[0, 0] * 2, x[1, 1].exp(), x[0, 0]]),
    "stack_arrays": lambda x: autodiff.stack([x[0], x[1] * x[0]]),
    "cat": lambda x: autodiff.cat([x, x * x], 1),
    "index": lambda x: x[autodiff.tensor([0, 1, 0])] * 2.0,
    "where": lambda x: autodiff.where(x > 0.5, x * x, x.sin()),
    "clamp": lambda x: x.clamp(0.3, 0.8) * x,
    "clone": lambda x: x.clone() + x.detach() * x,
    "matmul": lambda x: (x @ x.t()) @ x,
    "matrix_vector": lambda x: (x @ x[0]) * x[:, 0],
    "vector_matrix": lambda x: x[:, 0] @ x,
    "vector_vector": lambda x: (x[0] @ x[1]) * x[0],
    "matmul_constants": lambda x: autodiff.ones(4, 2, dtype=x.dtype) @ x @ autodiff.ones(3, dtype=x.dtype),
    "matmul_batches": lambda x: x.unsqueeze(0).expand(2, 2, 3) @ x.t().unsqueeze(0).expand(2, 3, 2),
    "cast": lambda x: (x.double() * 2.0).to(x.dtype) * x.float().to(x.dtype),
    "half": lambda x: (x.half() * 2.0).to(x.dtype),
    "complex": lambda x: autodiff.view_as_real(autodiff.complex(x, x * x).exp()),
    "unused": lambda x: autodiff.tensor([1.0, 2.0]).to(x.dtype) * x[0, 0],
    "identity": lambda x: x.view(2, 3),
    "no_elements": lambda x: autodiff.cat([x[:0], x * x]),
}


def by_passes(f, x):
    leaf = x.detach().requires_grad_()
    out = f(leaf)
    rows = []
    for position in np.ndindex(*out.shape):
        g = np.zeros(tuple(out.shape))
        g[position] = 1
        rows.append(autodiff.autograd.grad(out, leaf, autodiff.tensor(g).to(out.dtype), retain_graph=True)[0].numpy())
    return np.array(rows).reshape(*out.shape, *x.shape)


def tolerance(name, dtype):
    return 1e-2 if name == "half" else 1e-5 if dtype == autodiff.float32 else 1e-12


@pytest.mark.parametrize("dtype", [autodiff.float64, autodiff.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_rows_are_those_of_passes(name, dtype):
    f = FUNCTIONS[name]
    x = autodiff.tensor(RANDOM.uniform(0.2, 0.9, (2, 3))).to(dtype)
    found, wanted = func.jacrev(f)(x), by_passes(f, x)
    assert found.dtype == dtype and tuple(found.shape) == wanted.shape
    np.testing.assert_allclose(found.numpy(), wanted, rtol=tolerance(name, dtype), atol=tolerance(name, dtype))


SECOND = [name for name in FUNCTIONS if name != "half"]


@pytest.mark.parametrize("name", SECOND)
def test_rows_of_a_gradient_are_those_of_passes(name):
    """What a recorded gradient is made of is differentiated again: views undone, sums spread, products transposed."""
    def g(x):
        leaf = x if x.requires_grad else x.detach().requires_grad_()
        return autodiff.autograd.grad((FUNCTIONS[name](leaf) ** 2).sum(), leaf, create_graph=True)[0]

    x = autodiff.tensor(RANDOM.uniform(0.2, 0.9, (2, 3)), dtype=autodiff.float64)
    found = func.hessian(lambda x: (FUNCTIONS[name](x) ** 2).sum())(x).numpy()
    wanted = by_passes(g, x)
    scale = max(1.0, abs(wanted).max())
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * scale)
    np.testing.assert_allclose(found.reshape(6, 6), found.reshape(6, 6).T, rtol=1e-9, atol=1e-9 * scale)


def test_a_batch_of_one_and_of_many():
    x = autodiff.tensor(RANDOM.standard_normal(5), dtype=autodiff.float64)
    for count in (1, 2, 300):
        basis = autodiff.tensor(RANDOM.standard_normal((count, 5)), dtype=autodiff.float64)
        _, pull = func.vjp(lambda x: x.sin() * x, x)
        rows = func.vmap(pull)(basis)[0]
        np.testing.assert_allclose(rows.numpy(), np.stack([pull(g)[0].numpy() for g in basis]), rtol=1e-14)


def test_large_batches_run_without_the_lock():
    x = autodiff.tensor(RANDOM.standard_normal(400), dtype=autodiff.float64)
    found = func.jacrev(lambda x: x.sin() * x)(x).numpy()
    assert found.shape == (400, 400)
    values = x.numpy()
    step = 1e-6
    slope = [((v + step) * math.sin(v + step) - (v - step) * math.sin(v - step)) / (2 * step) for v in values]
    np.testing.assert_allclose(np.diag(found), slope, rtol=1e-7, atol=1e-8)
    assert np.count_nonzero(found - np.diag(np.diag(found))) == 0


def test_a_hook_on_the_way_is_called_with_a_handle():
    shapes = []

    def f(x):
        y = x * x
        y.register_hook(lambda g: shapes.append(tuple(g.shape)) or g * 2)
        return y.sin()

    x = autodiff.tensor([0.5, 1.0, 1.5], dtype=autodiff.float64)
    found = func.jacrev(f)(x).numpy()
    assert shapes == [(3,)]
    np.testing.assert_allclose(found, 2 * by_passes(lambda x: (x * x).sin(), x), rtol=1e-14)


def test_saved_tensor_hooks_unpack_in_a_pass_of_a_batch():
    unpacked = []

    def f(x):
        with autodiff.autograd.graph.saved_tensors_hooks(lambda t: t.numpy().copy(), lambda a: unpacked.append(1)
                                                         or autodiff.tensor(a)):
            return x * x.exp() @ x.cos()

    x = autodiff.tensor([0.5, 1.0, 1.5], dtype=autodiff.float64)
    found = func.jacrev(lambda x: f(x) * x)(x).numpy()
    assert unpacked
    np.testing.assert_allclose(found, by_passes(lambda x: (x * x.exp() @ x.cos()) * x, x), rtol=1e-13)


def test_a_failure_in_a_batch_frees_what_it_held():
    class Fails(autodiff.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise ValueError("no")

    x = autodiff.tensor([0.5, 1.0], dtype=autodiff.float64)
    with pytest.raises(ValueError, match="no"):
        func.jacrev(lambda x: Fails.apply(x).sin())(x)

    def written(x):
        y = x.exp()
        z = y * y
        y += 1
        return z.sin()

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        func.jacrev(written)(x)
    np.testing.assert_allclose(func.jacrev(lambda x: x * x)(x).numpy(), np.diag([1.0, 2.0]))


@pytest.mark.parametrize("allocation", range(0, 60, 3))
def test_no_memory_left(allocation):
    """Whichever allocation fails, the pass says so and the next one is right."""
    from autodiff import _core

    x = autodiff.tensor(RANDOM.standard_normal((3, 4)), dtype=autodiff.float64)

    def f(x):
        y = x * x
        y[0] = x[1].sin()
        return (y.sum(1) @ y)[1:] * y[0, 0]

    wanted = func.jacrev(f)(x).numpy()
    _, pull = func.vjp(f, x)
    basis = autodiff.eye(3, dtype=autodiff.float64)
    _core._fail_allocation(allocation)
    try:
        func.vmap(pull)(basis)
    except MemoryError:
        pass
    finally:
        _core._fail_allocation(-1)
    np.testing.assert_allclose(func.vmap(pull)(basis)[0].numpy(), wanted, rtol=1e-12)


def test_a_pass_inside_two_vmaps():
    """Handles of handles go the way of Variables."""
    x = autodiff.tensor(RANDOM.standard_normal((4, 3)), dtype=autodiff.float64)
    found = func.vmap(func.hessian(lambda x: (x.sin() * x[0]).sum()))(x).numpy()
    wanted = np.stack([func.hessian(lambda x: (x.sin() * x[0]).sum())(row).numpy() for row in x])
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


ON_VARIABLES = {"logsumexp", "softmax", "prod", "cumsum", "max_dim", "several_results", "slices", "stack_arrays", "cat",
                "index", "where", "clamp", "matmul_batches", "half", "complex", "no_elements"}


def asked_of_the_pass(name):
    """The ops of a pass of six cotangents about which a level above is asked."""
    x = autodiff.tensor(RANDOM.uniform(0.2, 0.9, (2, 3)), dtype=autodiff.float64)
    _, pull = func.vjp(func.grad(lambda x: (FUNCTIONS[name](x) ** 2).sum()), x)
    basis = autodiff.eye(6, dtype=autodiff.float64).reshape(6, 2, 3)
    asked = []
    inside.push_level(lambda call: asked.append(call.name) or NotImplemented)
    try:
        func.vmap(pull)(basis)
    finally:
        inside.pop_level()
    return asked


def test_common_rows_compute_on_arrays():
    """No op of the pass is asked about: what it computes is no Variable.

    In a process of its own: a leaf with hooks, wherever in the process it lives, keeps passes on Variables.
    """
    names = [name for name in FUNCTIONS if name not in ON_VARIABLES]
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert dict(zip(names, pool.map(asked_of_the_pass, names), strict=True)) == {name: [] for name in names}


@pytest.mark.parametrize("create_graph", [False, True])
def test_batched_cotangents_of_grad_are_rows(create_graph):
    x = autodiff.tensor([0.3, 0.7, 1.1], requires_grad=True, dtype=autodiff.float64)
    unused = autodiff.ones(2, requires_grad=True)
    y, s = x.sin() * x, (x * x).sum()
    rows = autodiff.tensor(RANDOM.standard_normal((4, 3)))
    mixed = autodiff.tensor(RANDOM.standard_normal(4))
    one = [autodiff.autograd.grad([y, s], x, [rows[i], mixed[i]], create_graph=True)[0] for i in range(4)]
    g, none = autodiff.autograd.grad([y, s], [x, unused], [rows, mixed], retain_graph=True, create_graph=create_graph,
                                     allow_unused=True, is_grads_batched=True)
    assert none is None and g.requires_grad == create_graph
    np.testing.assert_allclose(g.numpy(force=True), autodiff.stack(one).numpy(force=True), rtol=1e-14)
    if create_graph:
        second, = autodiff.autograd.grad((g * g).sum(), x, retain_graph=True)
        wanted, = autodiff.autograd.grad(sum((h * h).sum() for h in one), x)
        np.testing.assert_allclose(second.numpy(), wanted.numpy(), rtol=1e-13)
