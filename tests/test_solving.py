"""Linear systems, inverses, determinants and factorisations: identities, corners, and the words of errors.

What a case of one row shows is in cases_solving.py.
"""
import itertools
import subprocess
import sys

import mpmath
import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd, linalg
from autodiff.helpers import solving
from checks import leaf

eye, double = np.eye, np.float64


def plain(v):
    return v.detach().numpy()


def normal(*shape, seed=0, dtype=double):
    random = np.random.default_rng(seed)
    x = random.normal(size=shape)
    return (x + 1j * random.normal(size=shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def of_rank(n, rank, seed=0, dtype=double):
    """A random matrix of a rank."""
    return normal(n, rank, seed=seed, dtype=dtype) @ normal(rank, n, seed=seed + 1, dtype=dtype)


def close(found, expected, tolerance=1e-10):
    found = plain(found) if hasattr(found, "detach") else found
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * max(1.0, np.abs(expected).max(initial=0)))


def gradient(f, *arrays):
    xs = [leaf(a) for a in arrays]
    out = f(*xs)
    return [plain(g) for g in autograd.grad(out.real if out.is_complex() else out, xs)]


def without_scipy(monkeypatch):
    monkeypatch.setattr(solving, "_scipy", [None])


@pytest.fixture(params=["scipy", "numpy"])
def either(request, monkeypatch):
    """Each of the two ways of computing, where both are there."""
    if request.param == "numpy":
        without_scipy(monkeypatch)
    else:
        pytest.importorskip("scipy.linalg")


#: Batches and orders: one element, none, a batch of none, what LAPACK is called for.
SHAPES = [(1, 1), (2, 2), (3, 3), (0, 0), (0, 3, 3), (2, 0, 0), (2, 3, 3), (2, 1, 4, 4), (12, 12), (2, 40, 40)]
DTYPES = ["float64", "complex128", "float32", "complex64"]


# ---- laws

@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_laws_of_values(shape, dtype, either):
    a, b = (autodiff.tensor(normal(*shape, seed=i, dtype=dtype) + 5 * eye(shape[-1], dtype=dtype)) for i in (0, 1))
    tolerance = 1e-9 if dtype in ("float64", "complex128") else 2e-3
    one = np.broadcast_to(eye(shape[-1]), shape)
    inverse = linalg.inv(a)
    assert inverse.dtype == a.dtype
    close(a @ inverse, one, tolerance)
    close(linalg.inv(a @ b), plain(linalg.inv(b) @ inverse), tolerance)
    close(linalg.solve(a, b), plain(inverse @ b), tolerance)
    close(linalg.solve(a, b, left=False), plain(b @ inverse), tolerance)
    close(linalg.solve(a, a), one, tolerance)
    if shape[-1] < 40:          # float32 ends at 1e38
        close(linalg.det(a @ b), plain(linalg.det(a) * linalg.det(b)), 10 * tolerance)
        close(linalg.det(inverse) * linalg.det(a), np.ones(shape[:-2]), 10 * tolerance)
        close(linalg.slogdet(a).sign * autodiff.exp(linalg.slogdet(a).logabsdet), plain(linalg.det(a)), 10 * tolerance)
    symmetric = a @ a.mH
    lower, upper = linalg.cholesky(symmetric), linalg.cholesky(symmetric, upper=True)
    close(lower @ lower.mH, plain(symmetric), tolerance)
    close(upper.mH @ upper, plain(symmetric), tolerance)
    assert np.array_equal(np.tril(plain(lower)), plain(lower))
    close(2 * autodiff.log(autodiff.diagonal(lower, 0, -2, -1).real).sum(-1),
          plain(autodiff.logdet(symmetric).real), tolerance)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 9, 12])
def test_laws_of_derivatives(n, dtype, either):
    """Both sides of an identity have the same gradient."""
    a, b = (normal(n, n, seed=i, dtype=dtype) + 3 * eye(n) for i in (0, 1))
    w = autodiff.tensor(normal(n, n, seed=2, dtype=dtype))
    pairs = [
        (lambda a, b: (linalg.inv(a @ b) * w).sum(), lambda a, b: (linalg.inv(b) @ linalg.inv(a) * w).sum()),
        (lambda a, b: (linalg.solve(a, b) * w).sum(), lambda a, b: (linalg.inv(a) @ b * w).sum()),
        (lambda a, b: (linalg.solve(a, b, left=False) * w).sum(), lambda a, b: (b @ linalg.inv(a) * w).sum()),
        (lambda a, b: linalg.det(a @ b), lambda a, b: linalg.det(a) * linalg.det(b)),
        (lambda a, b: linalg.slogdet(a @ b).logabsdet, lambda a, b: linalg.slogdet(a)[1] + linalg.slogdet(b)[1]),
        (lambda a, b: linalg.slogdet(a).sign * autodiff.exp(linalg.slogdet(a).logabsdet) * (b * 0 + 1).sum(),
         lambda a, b: linalg.det(a) * (b * 0 + 1).sum()),
        (lambda a, b: (linalg.solve(a, linalg.solve(b, w)) * w).sum(), lambda a, b: (linalg.solve(b @ a, w) * w).sum()),
    ]
    for left, right in pairs:
        for found, expected in zip(gradient(left, a, b), gradient(right, a, b)):
            close(found, expected, 1e-9)

    def rebuilt(x):
        factor = linalg.cholesky(x @ x.mH + autodiff.tensor(eye(n)))
        return (factor @ factor.mH * w).sum()

    close(gradient(rebuilt, a)[0], gradient(lambda x: ((x @ x.mH) * w).sum(), a)[0], 1e-9)


@pytest.mark.parametrize("n", [2, 3, 4, 9])
def test_the_trace_of_a_logarithm_is_the_logarithm_of_the_determinant(n):
    """d log det(A) along A itself is the order; and along any B it is tr(A^-1 B)."""
    a, b = normal(n, n) + 3 * eye(n), normal(n, n, seed=1)
    g, = gradient(lambda x: linalg.slogdet(x).logabsdet, a)
    close((g * a).sum(), float(n))
    close((g * b).sum(), np.trace(np.linalg.solve(a, b)))


# ---- determinants of singular matrices

@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(("n", "rank"), [(n, n - lost) for n in (1, 2, 3, 4, 5, 6) for lost in (1, 2, 3) if n >= lost])
def test_determinants_of_singular_matrices(n, rank, dtype):
    """Orders 1 and 2 against sums over permutations, whatever the rank."""
    a = of_rank(n, rank, dtype=dtype)
    v = normal(n, n, seed=5, dtype=dtype)

    def by_permutations(x):
        total = 0
        for order in itertools.permutations(range(n)):
            term = float(np.linalg.det(eye(n)[list(order)]).round())
            for i, j in enumerate(order):
                term = x[i, j] * term
            total = total + term
        return total

    def along(f):
        def second(x):
            out = f(x)
            (g,) = autograd.grad(out.real if out.is_complex() else out, x, create_graph=True)
            found = (g * autodiff.tensor(v)).sum()
            return (found.real if found.is_complex() else found) + 0 * abs(x).sum()
        return second

    close(gradient(linalg.det, a)[0], gradient(by_permutations, a)[0], 1e-11)
    close(gradient(along(linalg.det), a)[0], gradient(along(by_permutations), a)[0], 1e-11)


def test_a_batch_of_regular_and_singular_matrices():
    each = [of_rank(5, rank) for rank in (5, 4, 3, 2)] + [np.zeros((5, 5)), normal(5, 5)]
    (g,) = gradient(lambda x: linalg.det(x).sum(), np.stack(each))
    for found, a in zip(g, each):
        close(found, gradient(linalg.det, a)[0], 1e-12)
    assert np.abs(g[3:5]).max() < 1e-12       # two singular values are 0


@pytest.mark.parametrize("exponent", [2, 6, 10, 14, 16, 30, 300])
def test_determinants_near_singular_ones(exponent):
    """Cofactors lose no digit to the smallest singular value: against mpmath."""
    u, v = (np.linalg.qr(normal(5, 5, seed=i))[0] for i in (0, 1))
    a = u @ np.diag([1.0, 2.0, 0.5, 1.5, 10.0 ** -exponent]) @ v
    (found,) = gradient(linalg.det, a)
    mpmath.mp.dps = 60
    exact = np.empty((5, 5))
    for i in range(5):
        for j in range(5):
            minor = mpmath.matrix(np.delete(np.delete(a, i, 0), j, 1).tolist())
            exact[i, j] = float((-1) ** (i + j) * mpmath.det(minor))
    mpmath.mp.dps = 15
    np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-13)


def test_the_third_derivative_of_a_determinant():
    """Right for regular matrices, and of orders above 3 refused where it would have no digits."""
    def third(f, a):
        x = leaf(a)
        out = f(x)
        for seed in (3, 4):
            (g,) = autograd.grad(out, x, create_graph=True)
            out = (g * autodiff.tensor(normal(*a.shape, seed=seed))).sum()
        return plain(autograd.grad(out, x)[0])

    def expanded(x):
        return sum((-1) ** j * x[0, j] * linalg.det(autodiff.cat([x[1:, :j], x[1:, j + 1:]], 1)) for j in range(4))

    a = normal(4, 4)
    close(third(linalg.det, a), third(expanded, a), 1e-10)
    with pytest.raises(linalg.LinAlgError, match="third derivative of det"):
        third(linalg.det, of_rank(4, 3))
    close(third(linalg.det, of_rank(3, 1)), third(lambda x: (x[0] * autodiff.cross(x[1], x[2])).sum(), of_rank(3, 1)))


def test_a_singular_matrix_has_no_logarithm_of_its_determinant():
    a = leaf(of_rank(3, 0))
    sign, logarithm = linalg.slogdet(a)
    assert sign.item() == 0 and logarithm.item() == -np.inf
    logarithm.backward()
    assert np.isnan(plain(a.grad)).all()


# ---- ill-conditioned systems

def hilbert(n):
    return 1.0 / (np.arange(n)[:, None] + np.arange(n) + 1)


@pytest.mark.parametrize("n", [3, 6, 9, 12])
def test_residuals_of_ill_conditioned_systems_are_no_larger_than_numpys(n, either):
    a, b = hilbert(n), normal(n, 2)
    x = leaf(a)
    out = linalg.solve(x, leaf(b))

    def residual(found, a, b):
        return np.abs(a @ found - b).max() / (np.abs(a).max() * np.abs(found).max() + np.abs(b).max())

    assert residual(plain(out), a, b) <= max(10 * residual(np.linalg.solve(a, b), a, b), 1e-15)
    # the gradient in b solves the transposed system, for which the same is asked
    g = normal(n, 2, seed=3)
    y = leaf(b)
    (linalg.solve(autodiff.tensor(a), y) * autodiff.tensor(g)).sum().backward()
    assert residual(plain(y.grad), a.T, g) <= max(10 * residual(np.linalg.solve(a.T, g), a.T, g), 1e-15)


def test_gradients_of_an_ill_conditioned_inverse_against_mpmath():
    n = 5
    mpmath.mp.dps = 50
    exact = mpmath.matrix(hilbert(n).tolist()) ** -1
    exact = -(exact.T * mpmath.ones(n) * exact.T)
    exact = np.array(exact.tolist(), dtype=float)
    mpmath.mp.dps = 15
    (found,) = gradient(lambda x: linalg.inv(x).sum(), hilbert(n))
    condition = np.linalg.cond(hilbert(n))
    np.testing.assert_allclose(found, exact, atol=1e-15 * condition * np.abs(exact).max())


# ---- factors that are kept

@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_the_backward_pass_of_solve_factorises_nothing(monkeypatch, dtype):
    """And its derivatives neither, as far as the matrix is the same."""
    pytest.importorskip("scipy.linalg")
    calls = []
    factored = solving._factored
    monkeypatch.setattr(solving, "_factored", lambda np, a: calls.append(a.shape) or factored(np, a))
    for a, b in (((12, 12), (12, 3)), ((12, 12), (12,)), ((2, 12, 12), (2, 12, 1)), ((12, 12), (4, 12, 2)),
                 ((3, 12, 12), (12,))):
        x, y = leaf(normal(*a, dtype=dtype) + 4 * eye(12)), leaf(normal(*b, dtype=dtype))
        calls.clear()
        g = autograd.grad(abs(linalg.solve(x, y)).sum(), (x, y), create_graph=True)
        second = autograd.grad(sum((abs(v) ** 2).sum() for v in g), (x, y))
        assert len(calls) == 1, calls
        without = [autograd.grad(abs(linalg.inv(x) @ (y if len(b) > 1 else y[:, None])).sum(), (x, y), create_graph=True)]
        for found, expected in zip(g, without[0]):
            close(found, plain(expected), 1e-9)
        expected = autograd.grad(sum((abs(v) ** 2).sum() for v in without[0]), (x, y))
        for found, wanted in zip(second, expected):
            close(found, plain(wanted), 1e-8)


def test_factors_are_not_those_of_a_matrix_that_was_written(either):
    """Through .data no version is counted, and the derivative is of the values that are there: never of others' factors."""
    x, y = leaf(normal(9, 9) + 4 * eye(9)), leaf(normal(9))
    out = linalg.solve(x, y)
    x.data.mul_(2.0)
    (g,) = autograd.grad(out.sum(), y)
    close(g, np.linalg.solve(plain(x).T, np.ones(9)))
    z = leaf(normal(9, 9) + 4 * eye(9)) * 1
    out = linalg.solve(z, y)
    z.mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_numpy_alone_computes_the_same(monkeypatch):
    """LU and substitution in panels, without SciPy."""
    without_scipy(monkeypatch)
    for m, n in ((70, 70), (40, 65), (65, 40), (3, 5), (5, 3), (1, 1), (0, 3)):
        for dtype in DTYPES:
            a = normal(2, m, n, dtype=dtype)
            lu, pivots = solving.lu_in_numpy(np, a)
            k = min(m, n)
            lower = np.tril(lu[..., :k], -1) + eye(m, k)
            rows = np.arange(m)[None].repeat(2, 0)
            for i, swaps in enumerate(pivots):
                for j, other in enumerate(swaps):
                    rows[i, [j, other]] = rows[i, [other, j]]
            expected = np.take_along_axis(a, rows[..., None], 1)
            tolerance = 1e-12 if dtype in ("float64", "complex128") else 1e-4
            np.testing.assert_allclose(lower @ np.triu(lu[..., :k, :]), expected, rtol=tolerance, atol=tolerance)
            assert (np.abs(lower) <= np.sqrt(2) + 1e-6).all()


# ---- NumPy's functions

def test_cholesky_of_numpys_flavour_has_the_gradient_of_what_is_read():
    """Finite differences of np.linalg.cholesky: the other triangle has none; PyTorch's is symmetric."""
    a = normal(3, 3)
    a, w = a @ a.T + eye(3), np.random.default_rng(1).normal(size=(3, 3))
    for upper in (False, True):
        expected = np.zeros((3, 3))
        for index in np.ndindex(3, 3):
            near = [a.copy(), a.copy()]
            near[0][index] += 1e-6
            near[1][index] -= 1e-6
            values = [(np.linalg.cholesky(x, upper=upper) * w).sum() for x in near]
            expected[index] = (values[0] - values[1]) / 2e-6
        x = anp.array(a, requires_grad=True)
        (g,) = autograd.grad((np.linalg.cholesky(x, upper=upper) * w).sum(), x)
        np.testing.assert_allclose(plain(g), expected, atol=1e-7)
        read = np.triu(np.ones((3, 3)), 1) if upper else np.tril(np.ones((3, 3)), -1)
        assert not plain(g)[read.T.astype(bool)].any()
        y = leaf(a)
        (symmetric,) = autograd.grad((linalg.cholesky(y, upper=upper) * autodiff.tensor(w)).sum(), y)
        np.testing.assert_allclose(plain(symmetric), (expected + expected.T) / 2, atol=1e-7)


def test_results_and_errors_are_numpys():
    x = anp.array([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
    result = np.linalg.slogdet(x)
    assert type(result) is type(np.linalg.slogdet(eye(2))) and result.sign == 1
    assert type(result.logabsdet) is anp.ndarray and result.logabsdet.requires_grad
    whole = anp.array([[2, 1], [1, 3]])
    for f in (np.linalg.inv, np.linalg.det, lambda v: np.linalg.slogdet(v)[1], np.linalg.cholesky):
        assert f(whole).dtype == np.float64
        np.testing.assert_array_equal(plain(f(whole)), f(np.array([[2, 1], [1, 3]])))
    assert np.linalg.solve(whole, x).requires_grad
    assert np.linalg.solve(x.astype(np.float32), [1, 2]).dtype == np.linalg.solve(eye(2, dtype=np.float32), [1, 2]).dtype
    singular = anp.array([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    for f in (np.linalg.inv, lambda v: np.linalg.solve(v, [1.0, 2.0])):
        with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
            f(singular)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        np.linalg.cholesky(-x)
    for f in (np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.cholesky):
        for bad in (x[0], x[:1]):
            with pytest.raises(np.linalg.LinAlgError) as expected:
                f(plain(bad))
            with pytest.raises(np.linalg.LinAlgError) as found:
                f(bad)
            assert str(found.value) == str(expected.value)
    with pytest.raises(TypeError, match="float16 is unsupported"):
        np.linalg.inv(x.astype(np.float16))


def test_the_error_is_one_of_both_worlds():
    assert issubclass(linalg.LinAlgError, RuntimeError) and issubclass(linalg.LinAlgError, np.linalg.LinAlgError)
    with pytest.raises(linalg.LinAlgError, match=r"Batch element 1.*diagonal element 2 is zero"):
        linalg.inv(autodiff.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]))


# ---- what fails, matrix by matrix

def test_ex_functions_say_which_matrix_failed():
    a = autodiff.tensor(np.stack([eye(3), np.ones((3, 3)), 0 * eye(3)]), requires_grad=True)
    inverse, info = linalg.inv_ex(a)
    assert info.tolist() == [0, 2, 1] and np.isnan(plain(inverse)[1:]).all() and (plain(inverse)[0] == eye(3)).all()
    inverse[0].sum().backward()
    assert (plain(a.grad)[0] == -1).all()
    result, info = linalg.solve_ex(a, autodiff.ones(3, 1, dtype=a.dtype))
    assert info.tolist() == [0, 2, 1] and (plain(result)[0] == 1).all() and np.isnan(plain(result)[1:]).all()
    factor, info = linalg.cholesky_ex(autodiff.tensor(np.stack([4 * eye(2), [[1.0, 2.0], [2.0, 1.0]]])))
    assert info.tolist() == [0, 2] and (plain(factor)[0] == 2 * eye(2)).all() and np.isnan(plain(factor)[1][1]).all()
    assert info.dtype == autodiff.int32


@pytest.mark.parametrize("n", [2, 9])
def test_nan_goes_through(n, either):
    """LAPACK finds a matrix singular whose first pivot is NaN: it is NaN, in the other matrices of a batch nothing."""
    a = np.stack([2 * eye(n), np.full((n, n), np.nan), eye(n)])
    a[2, 0, 0] = np.nan
    x = autodiff.tensor(a, requires_grad=True)
    for out in (linalg.inv(x), linalg.solve(x, x), linalg.det(x), linalg.slogdet(x).logabsdet):
        assert np.isnan(plain(out)[1]).all() and np.isnan(plain(out)[2]).any() and not np.isnan(plain(out)[0]).any()
    with pytest.raises(linalg.LinAlgError):
        linalg.cholesky(x)
    (g,) = autograd.grad(linalg.det(x)[0], x)
    close(plain(g)[0], 2.0 ** (n - 1) * eye(n))


def test_without_scipy_nothing_is_imported():
    """In a process of its own: SciPy is optional."""
    program = ("import sys; sys.modules['scipy'] = None; import numpy as np, autodiff; "
               "x = autodiff.eye(12, requires_grad=True); "
               "autodiff.linalg.solve(2 * x, autodiff.ones(12)).sum().backward(); print(x.grad.sum().item())")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "-72.0"
