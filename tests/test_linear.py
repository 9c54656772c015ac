"""Products: what a case of one row does not show."""
import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from checks import leaf


def plain(v):
    return v.detach().numpy()


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# ---- NumPy's flavour

@pytest.mark.parametrize(("a", "b"), [((), ()), ((), (3,)), ((2, 3), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)),
                                      ((2, 3), (3, 2)), ((3,), (2, 3, 4)), ((2, 2, 3), (3,)), ((2, 2, 3), (3, 2)),
                                      ((2, 3), (2, 3, 4)), ((2, 1, 3), (4, 3, 2)), ((2, 0), (3, 0, 2))])
def test_dot_is_numpys(a, b):
    x, y = normal(*a), normal(*b, seed=1)
    vx, vy = (anp.array(v, requires_grad=True) for v in (x, y))
    out = vx.dot(vy)
    expected = np.dot(x, y)
    assert type(out) is anp.ndarray and out.shape == expected.shape
    np.testing.assert_allclose(plain(out), expected, rtol=1e-13, atol=1e-13)
    assert vx.dot(y).detach().tolist() == out.tolist()
    w = normal(*expected.shape, seed=2)
    gx, gy = autograd.grad((out * w).sum(), (vx, vy))
    for v, g, f in ((x, gx, lambda v: np.sum(w * np.dot(v, y))), (y, gy, lambda v: np.sum(w * np.dot(x, v)))):
        assert g.shape == v.shape
        for position in np.ndindex(*v.shape):
            step = np.zeros(v.shape)
            step[position] = 0.5
            np.testing.assert_allclose(plain(g)[position], f(v + step) - f(v - step), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("shape", "arguments"), [((3, 3), ()), ((3, 4), (1,)), ((3, 4), (-2,)), ((3, 4), (9,)),
                                                  ((2, 3, 4), (0, 1, 2)), ((2, 3, 4), (1, 2, 0)),
                                                  ((2, 3, 4), (0, -1, 1)), ((2, 3, 4), ())])
def test_trace_is_numpys(shape, arguments):
    a = normal(*shape)
    x = anp.array(a, requires_grad=True)
    out = x.trace(*arguments)
    expected = np.trace(a, *arguments)
    assert out.shape == expected.shape
    np.testing.assert_allclose(plain(out), expected, rtol=1e-14)
    w = normal(*expected.shape, seed=1)
    g, = autograd.grad((out * w).sum(), x)
    b = normal(*shape, seed=2)
    np.testing.assert_allclose(np.sum(plain(g) * b), np.sum(w * np.trace(b, *arguments)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("offset", [-2**31, 2**31 - 1, -2**31 - 1, 2**31, -2**63, 2**63, 2**100, np.int64(-2**31)])
def test_diagonals_far_away_are_empty(offset):
    """NumPy's own trace() reads memory of others for -2**31, and may end the process."""
    a = normal(2, 3)
    n, x = anp.array(a, requires_grad=True), autodiff.tensor(a, requires_grad=True)
    for out in (np.trace(n, offset), n.trace(offset), anp.trace(n, offset), np.linalg.trace(n, offset=offset),
                autodiff.trace(x, offset=offset)):
        assert out.item() == 0.0
    g, = autograd.grad(np.trace(n, offset), n)
    np.testing.assert_array_equal(plain(g), np.zeros((2, 3)))
    assert autodiff.diagonal(x, offset).shape == np.diagonal(n, offset).shape == autodiff.diag(x, offset).shape == (0,)
    np.testing.assert_array_equal(plain(autodiff.tril(x, offset)), a if offset > 0 else a * 0)
    np.testing.assert_array_equal(plain(np.triu(n, offset)), a if offset < 0 else a * 0)
    np.testing.assert_array_equal(plain(autodiff.diagonal_scatter(x, autodiff.ones(0, dtype=autodiff.float64), offset)), a)
    with pytest.raises(RuntimeError, match="size equal to the slice"):
        autodiff.diagonal_scatter(x, autodiff.ones(2, dtype=autodiff.float64), offset)
    for of in (autodiff.diag, autodiff.diagflat, autodiff.diag_embed):
        with pytest.raises((ValueError, MemoryError)):
            of(x[0], offset)


def test_trace_by_keywords_and_refusals():
    x = anp.array(normal(2, 3, 4))
    assert x.trace(axis1=1, axis2=2).shape == (2,)
    with pytest.raises(ValueError, match="at least two dimensions"):
        anp.array([1.0]).trace()
    with pytest.raises(ValueError, match="cannot be the same"):
        x.trace(0, 1, -2)
    with pytest.raises(RuntimeError, match="expected a matrix"):
        autodiff.ones(2, 2, 2).trace()


def test_dtypes_are_promoted_as_numpy_does():
    x, y = anp.array(np.ones((2, 2), np.float32)), anp.array(np.ones((2, 2)))
    for out in (x.dot(y), x @ y, autodiff.einsum("ij,jk", x, y), autodiff.tensordot(x, y, 1), autodiff.addmm(x, x, y),
                autodiff.linear(x, y)):
        assert out.dtype == np.float64 and type(out) is anp.ndarray
    assert (anp.array([True, False]) @ anp.array([True, True])).dtype == np.bool_


# ---- batches

@pytest.mark.parametrize(("a", "b"), [((3, 2, 4), (4, 5)), ((2, 4), (3, 4, 5)), ((3, 1, 2, 4), (2, 4, 5)), ((2, 2, 4), (4,)),
                                      ((4,), (2, 3, 4, 5)), ((1, 2, 4), (3, 4, 5))])
def test_the_gradient_of_a_batch_is_the_sum_over_it(a, b):
    """Against a loop over the matrices of the batch; and the recorded pass has derivatives of its own."""
    x, y = leaf(normal(*a)), leaf(normal(*b, seed=1))
    out = x @ y
    w = normal(*out.shape, seed=2)
    gx, gy = autograd.grad((out * autodiff.tensor(w)).sum(), (x, y), create_graph=True)
    batch = np.broadcast_shapes(a[:-2], b[:-2])
    xs = np.broadcast_to(plain(x) if len(a) > 1 else plain(x)[None], (*batch, *(a if len(a) > 1 else (1, 4))[-2:]))
    ys = np.broadcast_to(plain(y) if len(b) > 1 else plain(y)[:, None], (*batch, *(b if len(b) > 1 else (4, 1))[-2:]))
    w = w.reshape(*batch, xs.shape[-2], ys.shape[-1])
    hx, hy = np.zeros(xs.shape), np.zeros(ys.shape)
    for i in np.ndindex(*batch):
        hx[i], hy[i] = w[i] @ ys[i].T, xs[i].T @ w[i]

    def folded(h, shape):
        h = h.reshape(*batch, *shape) if len(shape) == 1 else h
        h = h.sum(tuple(range(h.ndim - len(shape))))
        return h.sum(tuple(d for d, n in enumerate(shape) if n == 1 != h.shape[d]), keepdims=True)

    np.testing.assert_allclose(plain(gx), folded(hx, a).reshape(a), rtol=1e-12)
    np.testing.assert_allclose(plain(gy), folded(hy, b).reshape(b), rtol=1e-12)
    second = autograd.grad((gx * gx).sum() + (gy * gy).sum(), (x, y))
    assert [tuple(g.shape) for g in second] == [a, b]


def test_an_expanded_batch_of_no_matrices():
    x, y = leaf(np.zeros((0, 2, 3))), leaf(np.ones((3, 2)))
    (x @ y).sum().backward()
    assert x.grad.shape == (0, 2, 3) and y.grad.tolist() == [[0, 0]] * 3


# ---- einsum

def test_more_labels_than_letters_of_one_case_and_many_operands():
    operands = [autodiff.tensor(normal(2, 2, seed=i)) for i in range(8)]
    equation = ",".join(a + b for a, b in zip("aBcDeFgH", "BcDeFgHz")) + "->az"
    expected = np.linalg.multi_dot([plain(v) for v in operands])
    np.testing.assert_allclose(plain(autodiff.einsum(equation, *operands)), expected, rtol=1e-12)


def test_an_einsum_of_what_is_not_finite_mixes_nothing_in():
    """A diagonal is taken, not masked out of a product."""
    x = leaf([[1.0, np.inf], [np.nan, 2.0]])
    y = autodiff.einsum("ii->i", x)
    assert y.tolist() == [1, 2]
    y.sum().backward()
    assert x.grad.tolist() == [[1, 0], [0, 1]]


def test_einsum_shares_no_memory_with_a_view_that_is_written():
    """PyTorch returns a view of the operand for a permutation; so does autodiff, and a write into it is recorded."""
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    z = x * 1
    y = autodiff.einsum("ij->ji", z)
    y[0, 1] = 10.0
    assert z.tolist() == [[1, 2], [10, 4]]
    z.sum().backward()
    assert x.grad.tolist() == [[1, 1], [0, 1]]


@pytest.mark.parametrize(("equation", "shapes"), [("ij,ij,kl->kl", [(2, 3), (2, 3), (2, 2)]), ("i,i,i,i->", [(3,)] * 4),
                                                  ("ab,bc,cd,de,ef->af", [(9, 2), (2, 8), (8, 3), (3, 7), (7, 1)])])
def test_operands_are_contracted_in_a_good_order(equation, shapes):
    arrays = [normal(*s, seed=i) for i, s in enumerate(shapes)]
    leaves = [leaf(a) for a in arrays]
    out = autodiff.einsum(equation, *leaves)
    np.testing.assert_allclose(plain(out), np.einsum(equation, *arrays), rtol=1e-12)
    assert all(g is not None for g in autograd.grad(out.sum(), leaves))


# ---- sums of products

def test_nan_in_an_input_that_counts_for_nothing():
    for name, shapes in (("addmm", [(2, 2), (2, 3), (3, 2)]), ("addmv", [(2,), (2, 3), (3,)]), ("addr", [(2, 3), (2,), (3,)]),
                         ("addbmm", [(2, 2), (2, 2, 3), (2, 3, 2)]), ("baddbmm", [(2, 2, 2), (2, 2, 3), (2, 3, 2)])):
        x = leaf(np.full(shapes[0], np.nan))
        a, b = (leaf(normal(*s)) for s in shapes[1:])
        out = getattr(autodiff, name)(x, a, b, beta=0)
        grads = autograd.grad(out.sum(), (x, a, b))
        assert np.isfinite(plain(out)).all() and not plain(grads[0]).any()
        assert all(np.isfinite(plain(g)).all() for g in grads)


def test_factors_may_be_variables():
    x, a, b, beta = leaf(normal(2, 2)), leaf(normal(2, 3)), leaf(normal(3, 2)), leaf(0.5)
    out = autodiff.addmm(x, a, b, beta=beta, alpha=autodiff.tensor(2.0))
    np.testing.assert_allclose(plain(out), 0.5 * plain(x) + 2 * plain(a) @ plain(b))
    g, = autograd.grad(out.sum(), beta)
    np.testing.assert_allclose(plain(g), plain(x).sum())


def test_a_refused_write_changes_nothing():
    x = autodiff.ones(2, 1)
    for a, b in ((autodiff.ones(2, 3), autodiff.ones(3, 2)), (autodiff.ones(2, 3), autodiff.ones(2, 3))):
        with pytest.raises(RuntimeError):
            x.addmm_(a, b)
    w = leaf(np.ones((2, 2)))
    with pytest.raises(RuntimeError, match="leaf"):
        w.addmm_(w, w)
    assert x.tolist() == [[1], [1]] and w.tolist() == [[1, 1], [1, 1]] and x._version == 0


def test_an_input_that_is_saved_is_not_written_unseen():
    x = leaf(normal(2, 2))
    y = x * 1
    z = y @ y
    y.addmm_(x, x)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()
    y = x * 1
    y.addmm_(y, y)          # the value is right, and what the product needs of the old one is gone
    a = plain(x)
    np.testing.assert_allclose(plain(y), a + a @ a)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_a_negative_power_of_a_singular_matrix_says_so():
    with pytest.raises(autodiff.linalg.LinAlgError, match="diagonal element 2 is zero"):
        autodiff.ones(2, 2).matrix_power(-2)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("m, k, n", [(1, 16, 8), (3, 4, 5), (3, 4, 1), (1, 4, 1), (3, 1, 5), (1, 1, 5), (3, 1, 1), (2, 0, 2)])
def test_batches_with_one_matrix_and_outer_products(dtype, m, k, n):
    """One matrix for the whole batch becomes one product, a column times a row a loop of its own: in every layout."""
    random = np.random.default_rng(0)

    def layouts(rows, columns):
        full = autodiff.tensor(random.standard_normal((6, rows, columns)).astype(dtype))
        return [full, full[:1].expand(6, rows, columns), full.mT.clone().mT, full.repeat(2, 1, 1)[::2],
                full.repeat(1, 1, 2)[:, :, ::2], full.repeat(1, 2, 1)[:, ::2]]

    for x in layouts(m, k):
        for y in layouts(k, n):
            np.testing.assert_allclose((x @ y).numpy(), np.matmul(x.numpy(), y.numpy()),
                                       rtol=1e-5 if dtype == "float32" else 1e-13, atol=1e-6 if dtype == "float32" else 1e-14)
