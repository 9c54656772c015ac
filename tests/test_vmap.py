"""vmap against a loop: every row of the catalogue, and what is around it.

The reference is the function itself, applied to each sample in turn.  From the cases of the rows (tests/cases*.py)
follow values, gradients of each sample, gradients through vmap, batches of cotangents and of tangents, second
derivatives and nested vmaps.
"""
import contextlib
import copy
import dataclasses
import functools
import gc
import io
import pickle
import threading
import warnings
from typing import NamedTuple

import numpy as np
import pytest
import test_forward_ad

import autodiff
import cases
from autodiff import _batching, _variable, autograd, rules, vmap
from autodiff._batching import batch_rows, fresh_leaf, level_sizes
from autodiff._variable import OPS
from autodiff.autograd import forward_ad
from autodiff.autograd.function import Function
from checks import public

B = 3
T = autodiff.tensor
#: Cases that look at values in Python to say which they expect.
LOOKING = {"gumbel_softmax", "kthvalue", "mode"}
#: Rows whose results may differ in shape from sample to sample: refused.
DYNAMIC = {"unique", "unique_consecutive", "nonzero", "argwhere"}
#: Cases of a view of all of the memory, which a sample of a batch is not.
WHOLE = {"as_strided "}


def array(v):
    return np.asarray(v.detach().numpy() if isinstance(v, _variable.Base) else v)


def parts(result):
    return [part for one in result for part in parts(one)] if isinstance(result, (tuple, list)) else [result]


def sample(a, i, dim=0):
    return a if dim is None else np.take(a, i, dim)


def looped(f, arrays, dims):
    """f of each sample, stacked: a list of arrays, one for each result."""
    found = [[array(v) for v in parts(f(*[T(sample(a, i, d)) for a, d in zip(arrays, dims)]))] for i in range(B)]
    return [np.stack(values) for values in zip(*found)]


def same(found, expected, rtol=1e-10):
    found = [array(v) for v in parts(found)]
    assert len(found) == len(expected)
    for got, want in zip(found, expected):
        assert got.shape == want.shape and got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-11)


def batch_of(rng, shape, dim, low=0.5, high=1.5):
    return rng.uniform(low, high, shape if dim is None else (B, *shape) if dim == 0 else (*shape, B))


def in_dims_of(count):
    """All mapped; each of several operands the same for all samples, in turn; mapped along the last dimension."""
    yield (0,) * count
    if count > 1:
        for i in range(count):
            yield tuple([None if j == i else 0 for j in range(count)])
    yield (-1,) * count


SHAPES = {1: [[(2, 3)], [()], [(0,)]], 2: [[(2, 3), (2, 3)], [(2, 3), (3,)], [(), (3,)], [(3,), ()], [(), ()], [(2, 1), (3,)]]}


def interval(rule, i):
    return rule.at if i == 0 or rule.at_y is None else rule.at_y


def elementwise_function(rule):
    return public(rule) if rule.function else getattr(OPS, rule.name)


@pytest.mark.parametrize("rule", rules.ELEMENTWISE, ids=lambda rule: rule.name)
def test_elementwise_rows(rule):
    rng, f = np.random.default_rng(1), elementwise_function(rule)
    for shapes in SHAPES[rule.arity]:
        for dims in in_dims_of(rule.arity):
            arrays = [batch_of(rng, s, d, *interval(rule, i)) for i, (s, d) in enumerate(zip(shapes, dims))]
            same(vmap(f, in_dims=dims)(*map(T, arrays)), looped(f, arrays, dims))


STRUCTURAL = [pytest.param(row, f"{row} {name}", f, shapes, id=f"{row} {name}") for row, found in cases.CASES.items()
              for name, f, _, shapes in found if row not in LOOKING]


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize(("row", "label", "f", "shapes"), STRUCTURAL)
def test_structural_and_composite_rows(row, label, f, shapes):
    rng = np.random.default_rng(2)
    for dims in in_dims_of(len(shapes)):
        arrays = [batch_of(rng, s, d) for s, d in zip(shapes, dims)]
        if dims[0] is None and "in place" in label:
            with pytest.raises(RuntimeError, match="inplace arithmetic"):
                vmap(f, in_dims=dims)(*map(T, arrays))
        else:
            same(vmap(f, in_dims=dims)(*map(T, arrays)), looped(f, arrays, dims))


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize(("row", "name", "f", "arrays"), [
    pytest.param(row, name, f, arrays, id=f"{row} {name}") for row, found in cases.VALUES.items()
    for name, f, _, arrays in found if arrays])
def test_rows_without_a_derivative(row, name, f, arrays):
    arrays = [np.asarray(a) for a in arrays]
    batches = [np.stack([a, a[::-1] if a.ndim else a, a]) for a in arrays]
    for dims in in_dims_of(len(arrays)):
        given = [a if d is None else b if d == 0 else np.moveaxis(b, 0, -1) for a, b, d in zip(arrays, batches, dims)]
        if row in DYNAMIC or (dims[0] is None and name == "in place"):
            with pytest.raises(RuntimeError, match="vmap: "):
                vmap(f, in_dims=dims)(*map(T, given))
            continue
        try:
            expected = looped(f, given, dims)
        except ValueError:          # samples with results of different shapes
            with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
                vmap(f, in_dims=dims)(*map(T, given))
            continue
        same(vmap(f, in_dims=dims)(*map(T, given)), expected)


def test_few_rows_run_sample_by_sample():
    """Over the whole catalogue, with any operand mapped."""
    _batching.FALLBACKS.clear()
    rng = np.random.default_rng(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for found in (*cases.CASES.values(), *cases.VALUES.values()):
            for _, f, _, operands in found:
                for dims in in_dims_of(len(operands)):
                    if not operands:
                        continue
                    given = [batch_of(rng, s, d) if isinstance(s, tuple) else np.asarray(s) if d is None
                             else np.stack([np.asarray(s)] * B, d) for s, d in zip(operands, dims)]
                    with contextlib.suppress(Exception):
                        vmap(f, in_dims=dims)(*map(T, given))
    assert 3 <= len(_batching.FALLBACKS) <= 10, sorted(_batching.FALLBACKS)


def test_a_row_without_a_rule_warns_and_names_itself():
    with pytest.warns(UserWarning,
                      match="performance drop because we have not yet implemented the batching rule for histc") as heard:
        found = vmap(lambda x: autodiff.histc(x, 2, 0, 2))(T([[0.0, 1.5], [0.5, 0.5]]))
    assert found.tolist() == [[1, 1], [2, 0]]
    assert heard[0].filename == __file__


@pytest.mark.parametrize(("row", "label", "f", "shapes"), STRUCTURAL)
@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_the_numpy_flavour(row, label, f, shapes):
    rng = np.random.default_rng(4)
    arrays = [batch_of(rng, s, 0) for s in shapes]
    try:
        expected = [array(f(*[autodiff.numpy.array(a[i]) for a in arrays])) for i in range(B)]
    except Exception:               # means something else, or is refused, there
        return
    if expected[0].dtype == object:
        return
    found = vmap(f)(*[autodiff.numpy.array(a) for a in arrays])
    assert type(found) is autodiff.numpy.ndarray
    plain = vmap(f)(*arrays)
    assert type(plain) is np.ndarray
    same(found, [np.stack(expected)])
    np.testing.assert_array_equal(plain, array(found))


# ---- derivatives

def derivative_cases():
    for rule in rules.ELEMENTWISE:
        if rule.dx and rule.function and (rule.dy or rule.arity == 1):
            for shapes in ([[(2, 3)], [()]] if rule.arity == 1 else [[(2, 3), (2, 3)], [(3,), ()], [(), (3,)]]):
                low = [interval(rule, i) for i in range(rule.arity)]
                yield pytest.param(public(rule), shapes, low, id=f"{rule.name} {shapes}")
    for row, found in cases.CASES.items():
        for name, f, _, shapes in found:
            if row not in LOOKING and f"{row} {name}" not in WHOLE:
                yield pytest.param(f, shapes, [(0.5, 1.5)] * len(shapes), id=f"{row} {name}")
    for row, functions in test_forward_ad.CASES.items():
        for i, f in enumerate(functions):
            yield pytest.param(f, [(2, 3)], [(0.5, 1.5)], id=f"{row} {i} of forward mode")


def operands_of(shapes, low, count=B):
    rng = np.random.default_rng(5)
    arrays = [rng.uniform(*ends, (count, *shape)) for shape, ends in zip(shapes, low)]
    return rng, [np.where(np.abs(a) < 0.1, 0.3, a) for a in arrays]


def pulled(out, leaves, u=None, **options):
    return autograd.grad(out, leaves, u, allow_unused=True, materialize_grads=True, **options)


def every(f, arrays, count=B):
    """The results of f for each sample, stacked."""
    found = [f(*[T(a[i]) for a in arrays]) for i in range(count)]
    return [np.stack([array(v) for v in values]) for values in zip(*found)]


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize(("f", "shapes", "low"), list(derivative_cases()))
def test_derivatives(f, shapes, low):
    rng, arrays = operands_of(shapes, low)
    out = f(*[T(a[0]) for a in arrays])
    w, us = T(rng.normal(size=tuple(out.shape))), T(rng.normal(size=(B, *out.shape)))
    vs = [rng.normal(size=a.shape) for a in arrays]

    def of_a_sample(*xs):
        leaves = [fresh_leaf(x) for x in xs]
        return pulled((f(*leaves) * w).sum(), leaves)

    same(vmap(of_a_sample)(*map(T, arrays)), every(of_a_sample, arrays))

    leaves = [T(a, requires_grad=True) for a in arrays]
    through = pulled((vmap(f)(*leaves) * us).sum(), leaves)
    stacked = autodiff.stack([f(*[leaf[i] for leaf in leaves]) for i in range(B)])
    same(through, [array(g) for g in pulled((stacked * us).sum(), leaves)])

    one = [T(a[0], requires_grad=True) for a in arrays]
    root = f(*one)
    of_cotangent = functools.partial(pulled, root, one, retain_graph=True)
    same(vmap(of_cotangent)(us), every(of_cotangent, [array(us)]))

    def pushed(*both):
        with forward_ad.dual_level():
            duals = [forward_ad.make_dual(x, v) for x, v in zip(both[:len(arrays)], both[len(arrays):])]
            primal, tangent = forward_ad.unpack_dual(f(*duals))
            return primal, primal * 0 if tangent is None else tangent

    expected = every(pushed, arrays + vs)
    same(vmap(pushed)(*map(T, arrays + vs)), expected)
    with forward_ad.dual_level():
        duals = [forward_ad.make_dual(T(a), T(v)) for a, v in zip(arrays, vs)]
        primal, tangent = forward_ad.unpack_dual(vmap(f)(*duals))
        same((primal, primal * 0 if tangent is None else tangent), expected)
    same(vmap(functools.partial(pushed, *[T(a[0]) for a in arrays]))(*map(T, vs)),
         every(functools.partial(pushed, *[T(a[0]) for a in arrays]), vs))


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize(("f", "shapes", "low"), list(derivative_cases()))
def test_second_derivatives_and_nested_vmaps(f, shapes, low):
    rng, arrays = operands_of(shapes, low)
    out = f(*[T(a[0]) for a in arrays])
    w, us = T(rng.normal(size=tuple(out.shape))), T(rng.normal(size=(2, *out.shape)))
    vs = [T(rng.normal(size=a.shape[1:])) for a in arrays]

    def second(*xs):
        leaves = [fresh_leaf(x) for x in xs]
        first = pulled((f(*leaves) * w).sum(), leaves, create_graph=True)
        total = sum([(g * v).sum() for g, v in zip(first, vs)])
        return pulled(total, leaves) if total.requires_grad else [x * 0 for x in xs]

    same(vmap(second)(*map(T, arrays)), every(second, arrays), 1e-9)

    def jacobian(*xs):
        leaves = [fresh_leaf(x) for x in xs]
        root = f(*leaves)
        return vmap(lambda u: pulled(root, leaves, u, retain_graph=True))(us)

    same(vmap(jacobian)(*map(T, arrays)), every(jacobian, arrays))
    two = [np.stack([a, a[::-1]]) for a in arrays]
    same(vmap(vmap(f))(*map(T, two)), [np.stack([np.stack([array(f(*[T(a[i][j]) for a in two])) for j in range(B)])
                                                 for i in range(2)])])


def test_gradients_through_a_batch_of_cotangents():
    x = T([0.5, 1.5], requires_grad=True)
    us = T([[1.0, 2.0], [3.0, 4.0], [0.5, 0.0]])

    def total(batched):
        def pull(u):
            return autograd.grad(x * x.sin() * x, x, u, create_graph=True)[0]

        rows = vmap(pull)(us) if batched else autodiff.stack([pull(u) for u in us])
        return autograd.grad((rows * rows).sum(), x)[0]

    np.testing.assert_allclose(total(True).numpy(), total(False).numpy(), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("f", [lambda x: x.median(), lambda x: x.amax(), lambda x: x.max(0).values,
                               lambda x: x.norm(float("inf"))])
def test_ties_are_those_of_a_sample(f):
    x = T([[1.0, 2.0, 2.0], [3.0, 3.0, 3.0]], requires_grad=True)
    through = autograd.grad(vmap(f)(x).sum(), x)[0]
    assert through.tolist() == autograd.grad(sum([f(row) for row in x]), x)[0].tolist()


def test_rows_of_a_jacobian():
    x = T([0.5, 1.5, 2.0], requires_grad=True)
    y = x.sin() * x.sum()
    rows, twice = batch_rows(lambda v: (autograd.grad(y, x, v, retain_graph=True)[0], v * 2), (T(np.eye(3)),), 3)
    np.testing.assert_allclose(rows.numpy(), np.diag(np.cos(x.detach().numpy())) * 4 + np.sin(x.detach().numpy())[:, None])
    assert twice.tolist() == (2 * np.eye(3)).tolist()


def test_gradients_of_weights_that_samples_share_are_one_for_each():
    rng = np.random.default_rng(6)
    w, x = T(rng.normal(size=(3, 2))), T(rng.normal(size=(4, 2)))

    def gradient(x):
        leaf = fresh_leaf(w)
        return autograd.grad((leaf @ x).tanh().sum(), leaf)[0]

    assert vmap(gradient)(x).shape == (4, 3, 2)
    np.testing.assert_allclose(vmap(gradient)(x).numpy(), np.stack([gradient(row).numpy() for row in x]), rtol=1e-12)


def test_a_gradient_that_would_be_a_sum_over_the_batch_is_refused():
    w = T([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="all samples share would be a sum over the batch"):
        vmap(lambda x: autograd.grad((w * x).sum(), w)[0])(autodiff.ones(3, 2))


def test_passes_inside():
    x = T([[1.0, 2.0], [3.0, 4.0]])

    def backward(x):
        y = x.detach().requires_grad_()
        assert y.requires_grad and y.is_leaf and y.grad is None
        (y * y).sum().backward()
        return y.grad

    assert vmap(backward)(x).tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert not x.requires_grad and x.grad is None

    def by_requires_grad(x):
        x.requires_grad_()
        return autograd.grad((x * x).sum(), x)[0]

    assert vmap(by_requires_grad)(x).tolist() == [[2.0, 4.0], [6.0, 8.0]] and not x.requires_grad
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        vmap(lambda x: autograd.grad(x.requires_grad_() * 2, x, autodiff.ones(3)))(x)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        vmap(lambda x: autograd.grad(x.requires_grad_() * 2, x))(x)
    leaf = T([1.0, 1.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="cannot be accumulated"):
        vmap(lambda u: (leaf * 2).backward(u))(x)


def test_a_leaf_of_two_vmaps_has_an_entry_for_each_sample_of_both():
    w = T([1.0, 2.0])

    def inner(x, y):
        assert level_sizes() == [2, 3]
        leaf = fresh_leaf(w)
        return autograd.grad((leaf * x * y).sum(), leaf)[0]

    found = vmap(lambda x: vmap(functools.partial(inner, x))(T([1.0, 2.0, 3.0])))(T([10.0, 20.0]))
    np.testing.assert_array_equal(found.numpy(), np.multiply.outer([10, 20], [1, 2, 3])[..., None] * np.ones(2))
    assert level_sizes() == []


# ---- positions that differ from sample to sample

RNG = np.random.default_rng(7)
X = RNG.normal(size=(B, 4, 5, 2))
ONE, SOME, GRID = RNG.integers(0, 2, B), RNG.integers(-2, 2, (B, 3)), RNG.integers(0, 2, (B, 2, 3))
APART = np.array([[0, 2, 3], [3, 1, 0], [1, 0, 2]])
PAIR = np.array([[0, 1], [1, 0], [0, 1]])
MASK, NUMBERS, NUMBER = RNG.normal(size=(B, 4)) > 0, RNG.normal(size=(B, 3)), RNG.normal(size=B)
U = T([0, 1, 1])

READS = {
    "i": ["x[i]", "x[:, i]", "x[..., i]", "x[i, i]", "x[i, 1]", "x[1, :, i]", "x[i, :, 1]", "x[None, i]", "x[i, None]",
          "x[i, U]", "x[U, i]", "x[U, :, i]"],
    "j": ["x[j]", "x[:, j]", "x[..., j]", "x[j, j]", "x[:, j, j]", "x[j, :, j]", "x[1, :, j]", "x[1, j]", "x[None, j]",
          "x[:, None, j]", "x[j, None]", "x[j, U]", "x[U, j]", "x[[0, 1, 1], :, j]", "x[j, 1:3]", "x[1:3, j]", "x[j, ..., U]",
          "x[T([True, True, False, True]), j]", "x.index_select(1, j % 2)", "x.take(j)", "x[:, 0, 0].gather(0, j % 2)",
          "x[:, :, 0].take_along_dim((j % 2)[:, None], 0)", "x.take_along_dim(j % 2)", "T(X[0])[j]", "T(X[0])[:, j]",
          "T(X[0])[j, j]"],
    "k": ["x[k]", "x[:, k]", "x[k, :, k]", "x[1, :, k]", "x.take(k)"],
}
POSITIONS = {"i": ONE, "j": SOME, "k": GRID}


def read(code):
    names = {"T": T, "X": X, "U": U, "autodiff": autodiff}
    return lambda x, *values: eval(code, names | dict(zip("xabc", (x, *values))) | dict(zip("ijk", values * 3)))


@pytest.mark.parametrize(("code", "positions"), [(code, name) for name, codes in READS.items() for code in codes])
def test_reads_at_positions_of_each_sample(code, positions):
    f, at = read(code), POSITIONS[positions]
    for dims in ((0, 0), (None, 0), (0, None)):
        given = [X if dims[0] == 0 else X[1], at if dims[1] == 0 else at[1]]
        same(vmap(f, in_dims=dims)(*map(T, given)), looped(f, given, dims), 1e-15)
    # ... and their gradients
    x = T(X, requires_grad=True)
    out = vmap(f)(x, T(at))
    if not out.requires_grad:
        return
    expected = autodiff.stack([f(x[i], T(at[i])) for i in range(B)])
    w = T(RNG.normal(size=tuple(out.shape)))
    same(pulled((out * w).sum(), [x]), [array(pulled((expected * w).sum(), [x])[0])])


WRITES = {
    "x[a] = 1.0": (ONE,), "x[a] = b": (ONE, NUMBER), "x[:, a] = b": (ONE, NUMBER), "x[a, 0, 0] = b": (ONE, NUMBER),
    "x[a, :, 0] = b[0]": (ONE, NUMBERS), "x[0] = a": (NUMBER,), "x[0, 1:4, 0] = a": (NUMBERS,),
    "x[0, 1:4] = a[:, None]": (NUMBERS,), "x[1:] = 2.0": (), "x[...] = a": (NUMBER,), "x[a % 2, 0, 0] = b": (APART, NUMBERS),
    "x[:, a, 0] = b": (APART, NUMBERS), "x[0, a, 0] = b": (APART, NUMBERS), "x[0, a] = b[:, None]": (APART, NUMBERS),
    "x[:, a] = b[:, None]": (APART, NUMBERS), "x[U] = a[:, None, None]": (NUMBERS,),
    "x[T([0, 2, 3])] = a[:, None, None]": (NUMBERS,), "x[:, T([0, 2, 3])] = a[:, None]": (NUMBERS,),
    "x[T([0, 2, 3]), :, T([0, 1, 1])] = a[:, None]": (NUMBERS,), "x[T([0, 2, 3]), :, T([0, 1, 1])] = np.arange(5.0)": (),
    "x[a] = 1.5": (MASK,), "x[a] = b ": (MASK, NUMBER), "x[a, 0, 0] = T([1.0, 2.0, 3.0])": (APART,), "x[a % 2] += 1": (ONE,),
    "x.index_fill_(0, a, 3.0)": (PAIR,), "x.index_add_(0, a, b)": (PAIR, X[:, :2]),
    "x.index_copy_(0, a + T([0, 2]), b)": (PAIR, X[:, :2]),
    "x[0].add_(1)": (), "x.view(20, 2)[3].mul_(a)": (NUMBER,), "x.transpose(0, 2)[0] = a": (NUMBER,),
    "x[0, 0, 0] = a": (NUMBER,),
    "x.fill_(a)": (NUMBER,), "x.fill_(2.5)": (), "x.zero_()": (), "x[0:2] = x[2:4]": (), "x.masked_fill_(a[:, None, None], "
                                                                                         "3.0)": (MASK,),
    "x.masked_fill_(a[:, None, None], b)": (MASK, NUMBER), "x.index_put_((a, a), b[:, None])": (APART, NUMBERS),
    "x.index_put_((a, a), b[:, None], accumulate=True)": (APART, NUMBERS), "x.put_(a, b)": (APART, NUMBERS),
    "x[0, 0].scatter_(0, a[:1], b[:1])": (PAIR, NUMBERS), "x[:, :, 0].scatter_add_(0, a[:, None], b[:, None])": (APART,
                                                                                                                 NUMBERS),
    "x.clamp_(a, 1.0)": (-np.abs(NUMBER),), "x.exp_()": (), "x.pow_(2)": (), "x.eq_(a)": (NUMBER,), "x /= a": (NUMBER,),
    "x **= 2": (), "x.copy_(a)": (NUMBER,), "x[a, b] = c": (ONE, PAIR, X[:, 0, :2]), "x.t_() if x.ndim == 2 else "
                                                                                     "x.transpose_(0, 1)": (),
    "y = x + 1; x.mul_(a); x.add_(y)": (NUMBER,), "x = x[0]; x[a] = b": (ONE, NUMBER),
}


@pytest.mark.parametrize("code", WRITES)
def test_writes(code):
    values, names = WRITES[code], {"T": T, "U": U, "np": np}

    def f(x, *values):
        here = names | {"x": x * 1} | dict(zip("abc", values))
        exec(code, here)
        return here["x"]

    floats = [v.dtype.kind == "f" for v in values]
    for fixed in (None, *range(len(values))):
        dims = (0, *[None if i == fixed else 0 for i in range(len(values))])
        given = [X, *[v[1] if i == fixed else v for i, v in enumerate(values)]]
        same(vmap(f, in_dims=dims)(*map(T, given)), looped(f, given, dims), 1e-15)
    # ... recorded
    leaves = [T(X, requires_grad=True), *[T(v, requires_grad=True) if is_float else T(v) for v, is_float in zip(values,
                                                                                                                floats)]]
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    out, expected = vmap(f)(*leaves), autodiff.stack([f(*[leaf[i] for leaf in leaves]) for i in range(B)])
    w = T(RNG.normal(size=tuple(out.shape)))
    same(pulled((out * w).sum(), wanted), [array(g) for g in pulled((expected * w).sum(), wanted)])


def test_a_result_that_does_not_fit_is_not_written():
    x = autodiff.tensor([[1, 2], [3, 4]])
    with pytest.raises(RuntimeError, match="result type Double can't be cast to the desired output type Long"):
        vmap(lambda v: v.add_(0.5))(x)
    with pytest.raises(RuntimeError, match="can't be cast"):
        vmap(lambda v: v.addcmul_(v * 0.5, v))(x)
    assert x.tolist() == [[1, 2], [3, 4]]


def test_a_batch_is_written_where_it_stands():
    x = autodiff.zeros(2, 3)
    vmap(lambda row: row.add_(1))(x)
    assert x.tolist() == [[1.0] * 3] * 2
    vmap(lambda column: column[0].fill_(5.0), in_dims=1)(x)
    assert x.tolist() == [[5.0] * 3, [1.0] * 3]


@pytest.mark.parametrize("write", [lambda x, y: y.add_(x), lambda x, y: y.copy_(x), lambda x, y: y.__setitem__(0, x[0]),
                                   lambda x, y: y.__setitem__(U[:2], x), lambda x, y: y.fill_(x[0]), lambda x, y: y.clamp_(x),
                                   lambda x, y: y.__setitem__(x.long() % 2, 1.0)])
def test_what_samples_share_is_not_written_by_one(write):
    y = autodiff.zeros(2)
    with pytest.raises(RuntimeError, match=r"vmap: inplace arithmetic|doesn't match the broadcast shape"):
        vmap(write, in_dims=(0, None))(autodiff.ones(3, 2), y)
    assert y.tolist() == [0.0, 0.0]


# ---- dtypes

PROMOTIONS = {
    "float32 of no dimensions and float64": lambda v, w: v.float() * w, "the other way": lambda v, w: w * v.float(),
    "ints": lambda v, w: w.long() + v, "ints and a number": lambda v, w: w.long() * 2.5,
    "a comparison": lambda v, w: v.float() <= w, "where": lambda v, w: autodiff.where(v > 1, v.float(), w),
    "cat": lambda v, w: autodiff.cat([w.float(), v[None]]), "stack": lambda v, w: autodiff.stack([v.float(), v.double()]),
    "a 0-d constant": lambda v, w: w.float() * T(2.0, dtype=autodiff.float64),
    "a constant": lambda v, w: v.float() * T([2.0], dtype=autodiff.float64), "an array": lambda v,
    w: w.float() * np.arange(3.0),
    "bits": lambda v, w: w.long() & 1 | v.int(), "a true quotient": lambda v, w: v.long() / w.long(),
    "sum of bools": lambda v, w: (w > 1).sum(), "mean": lambda v, w: w.float().mean(), "pow": lambda v, w: w.float() ** v,
    "half": lambda v, w: w.half() * v,
}


@pytest.mark.parametrize("name", PROMOTIONS)
def test_dtypes_are_those_of_a_sample(name):
    arrays = [np.array([1.0, 2.0, 3.0]), np.arange(1.0, 10.0).reshape(3, 3)]
    for dims in ((0, 0), (None, 0), (0, None)):
        given = [a if d == 0 else a[0] for a, d in zip(arrays, dims)]
        same(vmap(PROMOTIONS[name], in_dims=dims)(*map(T, given)), looped(PROMOTIONS[name], given, dims), 1e-6)


# ---- custom Functions

class Scaled(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, y):
        return x * y, x.sum()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        assert len(ctx.needs_input_grad) == 2

    @staticmethod
    def backward(ctx, g, h):
        x, y = ctx.saved_tensors
        return g * y + h, g * x

    @staticmethod
    def jvp(ctx, x_tangent, y_tangent):
        x, y = ctx.saved_tensors
        return x_tangent * y + x * y_tangent, x_tangent.sum()


class Square(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0]


class Ruled(Function):
    heard = []

    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y, g * x

    @staticmethod
    def vmap(info, in_dims, x, y):
        Ruled.heard.append((info.batch_size, info.randomness, in_dims))
        return Ruled.apply(x.movedim(0, -1), y[:, None] if in_dims[1] is None else y.movedim(0, -1)), -1


def test_functions():
    rng = np.random.default_rng(8)
    x, y = T(rng.normal(size=(3, 2)), requires_grad=True), T(rng.normal(size=2), requires_grad=True)
    w = T(rng.normal(size=(3, 2)))

    def numbers(batched, function):
        if batched:
            out = vmap(function, in_dims=(0, None))(x, y)
        else:
            rows = [function(row, y) for row in x]
            several = isinstance(rows[0], tuple)
            out = tuple([autodiff.stack(values) for values in zip(*rows)]) if several else autodiff.stack(rows)
        total = (out[0] * w).sum() + (out[1] ** 2).sum() if isinstance(out, tuple) else (out * w).sum()
        first = autograd.grad(total, (x, y), create_graph=True)
        return [array(v) for v in (*parts(out), *first, *autograd.grad((first[0] ** 2).sum() + first[1].sum(), (x, y)))]

    for function in (Scaled.apply, Ruled.apply):
        same(numbers(True, function), numbers(False, function))
    assert Ruled.heard[0] == (3, "error", (0, None))
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x.detach(), w)
        _, tangent = forward_ad.unpack_dual(vmap(Scaled.apply, in_dims=(0, None))(dual, y.detach())[0])
    np.testing.assert_allclose(tangent.numpy(), (w * y).detach().numpy())
    same(vmap(vmap(Square.apply))(T(X)), [X * X])
    same(autograd.grad(vmap(Square.apply)(x).sum(), x), [2 * array(x)])


def test_attributes_of_the_context_of_a_generated_rule():
    class Cube(Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(ctx, x):
            ctx.slope, ctx.factor = 3 * x * x, 1
            return x ** 3

        @staticmethod
        def backward(ctx, g):
            assert ctx.slope.shape == g.shape == ()
            return g * ctx.slope * ctx.factor

    x = T([1.0, 2.0], requires_grad=True)
    assert autograd.grad(vmap(Cube.apply)(x).sum(), x)[0].tolist() == [3.0, 12.0]
    g, = autograd.grad(vmap(Cube.apply)(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="computed from an input in forward"):
        autograd.grad(g.sum(), x)


def test_functions_without_a_rule():
    class Neither(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    class Both(Neither):
        generate_vmap_rule = True

        @staticmethod
        def vmap(info, in_dims, x):
            return x, 0

    class One(Neither):
        @staticmethod
        def vmap(info, in_dims, x):
            return x

    for function, words in ((Neither, "must override the setup_context"), (Both, "it has both generate_vmap_rule=True"),
                            (One, "have two returns, an output and out_dims")):
        with pytest.raises(RuntimeError, match=words):
            vmap(function.apply)(autodiff.ones(2))


# ---- arguments and results

class Pair(NamedTuple):
    a: object
    b: object


@dataclasses.dataclass
class Model:
    weight: object
    bias: object


def test_nests():
    x, y = T([[1.0, 2.0], [3.0, 4.0]]), T([10.0, 20.0])
    assert vmap(lambda d: {"s": d["a"] + d["b"][0]})({"a": x, "b": [x]})["s"].tolist() == [[2.0, 4.0], [6.0, 8.0]]
    found = vmap(lambda d: d["a"] + d["b"], in_dims=({"a": 0, "b": None},))({"a": x, "b": y})
    assert found.tolist() == [[11.0, 22.0], [13.0, 24.0]]
    out = vmap(lambda m, v: Pair(m.weight * v, [m.bias]), in_dims=(Model(0, None), 0), out_dims=Pair(1, [None]))(Model(x, y),
                                                                                                                 y)
    assert out.a.tolist() == [[10.0, 60.0], [20.0, 80.0]] and out.b[0] is y
    assert vmap(lambda p: p.a * p.b)(Pair(x, x)).tolist() == [[1.0, 4.0], [9.0, 16.0]]
    values, indices = vmap(lambda row: row.sort(descending=True))(x)
    assert values.tolist() == [[2.0, 1.0], [4.0, 3.0]] and indices.tolist() == [[1, 0], [1, 0]]
    assert vmap(lambda row: row.max(0), out_dims=0)(x).values.tolist() == [2.0, 4.0]


def test_where_the_dimension_goes():
    x = T(np.arange(24.0).reshape(2, 3, 4))
    for i in (0, 1, 2, -1, -2):
        for o in (0, 1, 2, -1, -3):
            found = vmap(lambda a: a * 2, in_dims=i, out_dims=o)(x)
            np.testing.assert_array_equal(found.numpy(), np.moveaxis(2 * np.moveaxis(x.numpy(), i, 0), 0, o))


def test_chunks():
    x = T(np.arange(10.0).reshape(5, 2))
    for size in (1, 2, 3, 5, 7):
        seen = []

        def f(row, seen=seen):
            seen.append(level_sizes()[-1])
            return row * 2, row.sum(), T(1.0)

        found = vmap(f, out_dims=(1, 0, None), chunk_size=size)(x)
        assert found[0].tolist() == (x * 2).T.tolist() and found[1].tolist() == x.sum(1).tolist() and found[2].item() == 1
        assert sum(seen) == 5 and max(seen) <= size


def test_you_get_what_you_gave():
    a = np.array([[1.0, 2.0], [3.0, 4.0]])

    def f(x, y):
        assert type(x) is autodiff.numpy.ndarray and y == 2
        return (x * y).sum()

    found = vmap(f, in_dims=(0, None))(a, 2)
    assert type(found) is np.ndarray and found.tolist() == [6.0, 14.0]
    found = vmap(lambda x, y: x * y, in_dims=(0, None))(T(a), a[0])
    assert isinstance(found, autodiff.Tensor)
    found = vmap(lambda x, y: x * y, in_dims=(0, 0))(T(a, requires_grad=True), a)
    assert isinstance(found, autodiff.Tensor) and found.requires_grad
    assert isinstance(vmap(lambda x: x * 2)(autodiff.numpy.array(a)), autodiff.numpy.ndarray)
    assert (vmap(lambda x: x > 2)(a) == (a > 2)).all()


def refused(message, kind=ValueError):
    return pytest.raises(kind, match=message)


def test_arguments_that_do_not_fit():
    x = autodiff.ones(3, 2)
    with refused("same size in the mapped dimension, got sizes"):
        vmap(lambda x, y: x)(x, autodiff.ones(2))
    with refused("expected `in_dims` to be int or a"):
        vmap(lambda x: x, in_dims=None)(x)
    with refused("in_dims is not compatible with the structure of `inputs`"):
        vmap(lambda x: x, in_dims=(0, 0))(x)
    with refused("must be either an integer dimension or None"):
        vmap(lambda x: x, in_dims=(1.5,))(x)
    with refused("expected in_dim to satisfy -2 <= in_dim < 2"):
        vmap(lambda x: x, in_dims=2)(x)
    with refused("cannot vmap over non-Tensor arguments"):
        vmap(lambda x, y: x)(x, 2.0)
    with refused("got no inputs"):
        vmap(lambda: 1)()
    with refused("at least one"):
        vmap(lambda x: x, in_dims=(None,))(x)
    with refused("must only return Tensors, got type <class 'int'>"):
        vmap(lambda x: (x, 3))(x)
    with refused("out_dims is not compatible with the structure of `outputs`"):
        vmap(lambda x: (x, x), out_dims=(0,))(x)
    with refused("`out_dims` must be an int, None or a python collection of ints"):
        vmap(lambda x: x, out_dims="a")(x)
    with refused("can not return a BatchedTensor when out_dim is None"):
        vmap(lambda x: x, out_dims=None)(x)
    with refused("Dimension out of range", IndexError):
        vmap(lambda x: x, out_dims=2)(x)
    with refused("chunk_size should be None or greater than 0"):
        vmap(lambda x: x, chunk_size=0)
    with refused("Only allowed values for randomness", RuntimeError):
        vmap(lambda x: x, randomness="maybe")
    assert vmap(lambda x, y: y, in_dims=(0, None))(x, autodiff.ones(2)).shape == (3, 2)
    assert vmap(lambda x: x * 2)(autodiff.ones(0, 2)).shape == (0, 2)


def test_errors_speak_of_one_sample():
    x = autodiff.ones(5, 2)
    with refused(r"The size of tensor a \(2\) must match the size of tensor b \(3\)", RuntimeError):
        vmap(lambda x: x + autodiff.ones(3))(x)
    with refused("mat1 and mat2 shapes cannot be multiplied|size mismatch|inconsistent", RuntimeError) as error:
        vmap(lambda x: x @ autodiff.ones(3, 3))(x)
    assert "5" not in str(error.value)
    with refused("range of \\[-1, 0\\]", IndexError):
        vmap(lambda x: x.sum(1))(x)
    with refused("index 2 is out of bounds for dimension 0 with size 2", IndexError):
        vmap(lambda x: x[2])(x)
    with refused(r"output with shape \[2\] doesn't match the broadcast shape \[2, 2\]", RuntimeError):
        vmap(lambda x: x.add_(autodiff.ones(2, 2)))(x)


# ---- values that leave

NO_STORAGE, NO_ITEM, NO_CONTROL = "doesn't have storage", r"calling \.item\(\)", "data-dependent control flow"


@pytest.mark.parametrize(("take", "words"), [
    (lambda x: x.item(), NO_ITEM), (float, NO_ITEM), (int, NO_ITEM), (complex, NO_ITEM), (lambda x: 1.0 in x, NO_ITEM),
    (lambda x: [1, 2][x.long()], NO_ITEM), (lambda x: f"{x:.2f}", NO_ITEM), (lambda x: x.asscalar(), NO_ITEM),
    (bool, NO_CONTROL), (lambda x: x if x > 0 else -x, NO_CONTROL), (lambda x: autodiff.equal(x, x), NO_CONTROL),
    (lambda x: x.numpy(), NO_STORAGE), (lambda x: x.tolist(), NO_STORAGE), (lambda x: np.asarray(x[None]), NO_STORAGE),
    (lambda x: np.asarray(x, float), NO_STORAGE),
    (lambda x: x.data_ptr(), NO_STORAGE), (pickle.dumps, NO_STORAGE), (lambda x: x.asnumpy(), NO_STORAGE),
    (lambda x: x.data, "accessing `data`"), (lambda x: autodiff.allclose(x, x), "allclose"),
    (lambda x: x[x > 0], "dynamic shape"), (lambda x: x.nonzero(), "dynamic shape"),
    (lambda x: autodiff.where(x > 0), "dynamic shape"), (lambda x: x[None].masked_select(x[None] > 0), "differently shaped")])
@pytest.mark.parametrize("make", [autodiff.ones, lambda n: autodiff.numpy.array(np.ones(n))], ids=["Tensor", "ndarray"])
def test_a_batch_has_no_one_value(take, words, make):
    with pytest.raises((RuntimeError, TypeError), match=words):
        vmap(take)(make(2))
    assert not _variable.levels


def test_an_element_with_a_tangent_of_each_sample_meets_a_handle():
    """Its tangent is a view of that of the whole, taken while the level answers the op; it was of no memory."""
    x = np.array([0.3, 0.7, 0.9])
    for f in (lambda x, t: t[0] * x[1], lambda x, t: x[1] + t[0], lambda x, t: t * x[1], lambda x, t: t[0] * x[1:],
              lambda x, t: autodiff.maximum(t[0], x[1])):
        found = vmap(lambda t, f=f: autodiff.jvp(lambda x: f(x, t), (x,), (t,))[1])(np.eye(3))
        looped = [autodiff.jvp(lambda x, t=t, f=f: f(x, t), (x,), (t,))[1] for t in np.eye(3)]
        np.testing.assert_allclose(found, looped)


def test_a_number_that_is_a_parameter_cannot_be_batched():
    with pytest.raises(RuntimeError, match="item"):
        vmap(lambda x, p: x.norm(p))(autodiff.ones(2, 3), T([1.0, 2.0]))
    found = vmap(lambda x, a: autodiff.add(x, x, alpha=a))(T([1.0, 2.0]), T([3.0, 4.0]))
    assert found.tolist() == [4.0, 10.0]


def test_a_handle_looks_like_a_sample():
    x = T([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)

    def f(v):
        assert v.shape == (2,) and v.ndim == 1 and len(v) == 2 and v.numel() == 2 and v.dtype == x.dtype and v.stride() == (1,)
        assert v.requires_grad and v.is_leaf and v.grad_fn is None and v.is_contiguous() and isinstance(v, autodiff.Tensor)
        assert (v * 2).grad_fn.name() == "MulBackward0" and not (v * 2).is_leaf
        assert v.detach().requires_grad is False
        return v

    assert vmap(f)(x).tolist() == x.tolist()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        vmap(lambda v: vmap(lambda w: print(w) or w)(v))(T([[1.0]]))
    assert printed.getvalue() == ("BatchedTensor(lvl=2, bdim=0, value=\n    BatchedTensor(lvl=1, bdim=0, value=\n"
                                  "        tensor([[1.]])\n    )\n)\n")


def test_a_handle_that_outlives_its_vmap_is_the_batch():
    kept = []
    x = T([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    vmap(lambda row: kept.append(row * 2) or row)(x)
    assert kept[0].tolist() == [[2.0, 4.0], [6.0, 8.0]] and (kept[0] + 1).shape == (2, 2)
    assert autograd.grad(kept[0].sum(), x)[0].tolist() == [[2.0, 2.0], [2.0, 2.0]]
    vmap(lambda row: kept.append(row[0]) or row)(x)
    assert kept[1].tolist() == [1.0, 3.0]
    inner = []

    def outer(row):
        vmap(lambda v: inner.append(v * 10) or v)(row)
        assert inner[0].shape == (2,)       # a handle of the outer level now
        return inner[0]

    assert vmap(outer)(x).tolist() == [[10.0, 20.0], [30.0, 40.0]]
    assert inner[0].tolist() == [[10.0, 20.0], [30.0, 40.0]]


def test_handles_in_cycles_are_collected():
    def f(x):
        y = x * 2
        y.self = [y]
        return x

    for _ in range(3):
        vmap(f)(autodiff.ones(4, 3))
    gc.collect()
    held = []

    def g(x):
        y = x * 2
        y.self = [y]
        del y
        gc.collect()
        held.append(x + 1)
        return x

    assert vmap(g)(autodiff.ones(2)).tolist() == [1.0, 1.0] and held[0].tolist() == [2.0, 2.0]


# ---- random numbers

def test_randomness():
    x = autodiff.zeros(4, 2)
    draws = [lambda v: autodiff.rand(2), lambda v: autodiff.randn(2), lambda v: autodiff.randint(0, 1000, (2,)),
             lambda v: autodiff.rand_like(v), lambda v: autodiff.randn_like(v)]
    for draw in draws:
        with refused("called random operation while in randomness error mode", RuntimeError):
            vmap(draw)(x)
        found = vmap(draw, randomness="different")(x)
        assert found.shape == (4, 2) and len(np.unique(found.numpy(), axis=0)) == 4
        found = vmap(draw, randomness="same")(x)
        assert found.shape == (4, 2) and len(np.unique(found.numpy(), axis=0)) == 1
    nested = vmap(lambda v: vmap(lambda w: autodiff.rand(3), randomness="different")(v), randomness="same")(x)
    assert nested.shape == (4, 2, 3) and (nested == nested[0]).all() and not (nested[0, 0] == nested[0, 1]).any()
    nested = vmap(lambda v: vmap(lambda w: autodiff.rand(3), randomness="different")(v), randomness="different")(x)
    assert len(np.unique(nested.numpy())) == 24


# ---- the object

def doubled(x):
    """Twice x."""
    return x * 2


def test_the_object():
    f = vmap(doubled, in_dims=(1,), out_dims=-1, randomness="same", chunk_size=2)
    assert repr(f) == "vmap(doubled, in_dims=(1,), out_dims=-1, randomness='same', chunk_size=2)"
    assert repr(vmap(doubled)) == "vmap(doubled, in_dims=0)"
    assert repr(vmap(vmap(doubled))) == "vmap(vmap(doubled, in_dims=0), in_dims=0)"
    assert f.func is doubled and f.in_dims == (1,) and f.out_dims == -1 and f.chunk_size == 2 and f.randomness == "same"
    assert f.__name__ == "doubled" and f.__doc__ == "Twice x." and f.__wrapped__ is doubled
    again = pickle.loads(pickle.dumps(f))
    assert repr(again) == repr(f) and again(T(X[0])).tolist() == f(T(X[0])).tolist()
    assert autodiff.vmap is autodiff.func.vmap is vmap
    assert repr(copy.copy(f)) == repr(f)
    assert vmap(functools.partial(doubled))(T([1.0])).tolist() == [2.0]

    class Holder:
        @vmap
        def method(*args):
            return args[-1] * 2

    assert vmap(Holder.method.func)(T([1.0])).tolist() == [2.0]


def test_exceptions_leave_no_level_behind():
    def fails(x):
        vmap(lambda v: v * 2)(x)
        raise KeyError("not today")

    for _ in range(2):
        with pytest.raises(KeyError):
            vmap(vmap(fails))(autodiff.ones(2, 2, 2))
        assert not _variable.levels and not _variable.threads_in_modes() and level_sizes() == []
    assert (autodiff.ones(2) + 1).tolist() == [2.0, 2.0]


def test_threads_have_levels_of_their_own():
    barrier, found = threading.Barrier(4), []

    def work(k):
        def f(x):
            barrier.wait()
            y = x
            for _ in range(50):
                y = y + k
                assert level_sizes() == [k + 1]
            return y

        found.append((k, vmap(f)(autodiff.zeros(k + 1, 2)).tolist()))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(k, [[50.0 * k] * 2] * (k + 1)) for k in range(4)]
    assert not _variable.threads_in_modes()


def test_conditions_grad_mode_and_what_else_stands_around():
    x = T([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    with autodiff.no_grad():
        assert not vmap(lambda v: v * 2)(x).requires_grad
    with autodiff.inference_mode():
        assert vmap(lambda v: v * 2)(x).is_inference()
    assert vmap(lambda v: np.sin(v) + np.maximum(v, 0) + np.float64(1))(x).shape == (2, 2)
    assert vmap(lambda v: sum([part * i for i, part in enumerate(v)]))(x).tolist() == [2.0, 4.0]
    assert vmap(lambda v: T([v[0], v[1] * 2]))(x).tolist() == [[1.0, 4.0], [3.0, 8.0]]
    with pytest.warns(UserWarning, match="copy construct"):
        assert vmap(lambda v: T(v))(x).tolist() == x.tolist()
    assert vmap(lambda v: copy.deepcopy(v) * 1)(x.detach()).tolist() == x.tolist()


def test_a_view_that_needs_a_copy_is_none():
    x = T(np.arange(24.0).reshape(2, 3, 4))
    assert vmap(lambda v: v.T.reshape(12))(x).tolist() == [v.T.reshape(12).tolist() for v in x]
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        vmap(lambda v: v.T.view(12))(x)


def test_numbers_of_samples_are_put_together_by_numpy_as_recorded_ones_are():
    x = autodiff.numpy.array([[1.0, 2.0], [3.0, 4.0]])

    def swapped(v):
        pair = np.array([v[1], 2.0 * v[0]])
        assert pair.dtype == object
        return v + pair

    assert vmap(swapped)(x).tolist() == [[3, 4], [7, 10]]
