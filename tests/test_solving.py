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
    """And its derivatives neither, as far as the matrix is the same.  Small matrices are factorised anew, in C."""
    pytest.importorskip("scipy.linalg")
    calls = []
    factored = solving._ordered_factors
    monkeypatch.setattr(solving, "_ordered_factors", lambda np, a: calls.append(a.shape) or factored(np, a))
    for a, b in (((40, 40), (40, 3)), ((40, 40), (40,)), ((2, 40, 40), (2, 40, 1)), ((40, 40), (4, 40, 2)),
                 ((3, 40, 40), (40,))):
        x, y = leaf(normal(*a, dtype=dtype) + 4 * eye(40)), leaf(normal(*b, dtype=dtype))
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


# ---- triangular systems and factorisations

@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (0, 0), (2, 3, 3), (0, 2, 2), (9, 9), (2, 70, 70)], ids=str)
def test_factors_solve_what_the_matrix_does(shape, dtype, either):
    n, tolerance = shape[-1], 1e-9 if dtype in ("float64", "complex128") else 5e-3
    a = autodiff.tensor(normal(*shape, dtype=dtype) + 4 * float(np.sqrt(n)) * eye(n, dtype=dtype))
    for rhs in ((*shape[:-1], 4), (n, 4), (3, *shape[:-1], 4)):
        b = autodiff.tensor(normal(*rhs, seed=1, dtype=dtype))
        expected = plain(linalg.solve(a, b))
        factors = linalg.lu_factor(a)
        assert factors.LU.dtype == a.dtype and factors.pivots.dtype == autodiff.int32
        close(linalg.lu_solve(*factors, b), expected, tolerance)
        close(autodiff.lu_solve(b, *factors), expected, tolerance)
        close(linalg.lu_solve(*factors, b, adjoint=True), plain(linalg.solve(a.mH, b)), tolerance)
        close(linalg.lu_solve(*factors, b.mT, left=False), plain(linalg.solve(a, b.mT, left=False)), tolerance)
        close(linalg.lu_solve(*factors, b.mT, left=False, adjoint=True), plain(linalg.solve(a.mH, b.mT, left=False)), tolerance)
        positive = a @ a.mH
        lower, upper = linalg.cholesky(positive), linalg.cholesky(positive, upper=True)
        for factor, which in ((lower, False), (upper, True)):
            close(autodiff.cholesky_solve(b, factor, which), plain(linalg.solve(positive, b)), 10 * tolerance)
            close(autodiff.cholesky_inverse(factor, which), plain(linalg.inv(positive)), 10 * tolerance)
        close(linalg.solve_triangular(lower, b, upper=False), plain(linalg.solve(lower, b)), tolerance)
        close(linalg.solve_triangular(lower + autodiff.triu(a, 1), b, upper=False), plain(linalg.solve(lower, b)), tolerance)
        for hermitian in (False, True):
            symmetric = a + (a.mH if hermitian else a.mT) - 4 * float(np.sqrt(n)) * autodiff.eye(n, dtype=a.dtype)
            found = linalg.ldl_solve(*linalg.ldl_factor(symmetric, hermitian=hermitian), b, hermitian=hermitian)
            close(symmetric @ found, np.broadcast_to(plain(b), found.shape), 100 * tolerance)


@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5), (2, 4, 3), (0, 3), (3, 0), (12, 9)], ids=str)
def test_three_factors_are_the_matrix_and_so_are_their_derivatives(shape, either):
    a, w = normal(*shape), autodiff.tensor(normal(*shape, seed=1))
    p, lower, upper = linalg.lu(autodiff.tensor(a))
    k = min(shape[-2:])
    assert p.shape[-1] == shape[-2] and lower.shape[-2:] == (shape[-2], k) and upper.shape[-2:] == (k, shape[-1])
    close(p @ lower @ upper, a)
    for one, other in zip(autodiff.lu_unpack(*linalg.lu_factor_ex(autodiff.tensor(a))[:2]), (p, lower, upper)):
        np.testing.assert_array_equal(plain(one), plain(other))

    def rebuilt(x):
        p, lower, upper = linalg.lu(x)
        return (p @ lower @ upper * w).sum()

    close(gradient(rebuilt, a)[0], plain(w))


@pytest.mark.parametrize("left", [True, False])
def test_a_batch_of_factors_solves_under_vmap(left):
    """One right-hand side for all, one for each, and factors for all: the shapes are those of a loop."""
    a, each, one = normal(4, 3, 3), normal(4, 5, 3, seed=1), normal(5, 3, seed=2)
    if left:
        each, one = np.swapaxes(each, 1, 2), one.T

    def by_loop(f, *batches):
        return np.stack([plain(f(*[autodiff.tensor(v) for v in those])) for those in zip(*batches)])

    lu, pivots = linalg.lu_factor(autodiff.tensor(a))
    shared = autodiff.tensor(one)
    found = autodiff.vmap(lambda x, p: linalg.lu_solve(x, p, shared, left=left))(lu, pivots)
    expected = by_loop(lambda x: linalg.lu_solve(*linalg.lu_factor(x), shared, left=left), a)
    np.testing.assert_allclose(plain(found), expected, rtol=1e-12)
    found = autodiff.vmap(lambda x, p, b: linalg.lu_solve(x, p, b, left=left))(lu, pivots, autodiff.tensor(each))
    np.testing.assert_allclose(plain(found), by_loop(lambda x, b: linalg.lu_solve(*linalg.lu_factor(x), b, left=left), a, each),
                               rtol=1e-12)
    found = autodiff.vmap(lambda b: linalg.lu_solve(lu[0], pivots[0], b, left=left))(autodiff.tensor(each))
    np.testing.assert_allclose(plain(found), by_loop(lambda b: linalg.lu_solve(lu[0], pivots[0], b, left=left), each),
                               rtol=1e-12)
    found = autodiff.vmap(lambda x: linalg.lu_solve(*linalg.lu_factor(x), shared, left=left))(autodiff.tensor(a))
    np.testing.assert_allclose(plain(found), expected, rtol=1e-12)


def test_the_other_triangle_is_not_read():
    a = normal(3, 3) + 3 * eye(3)
    a[0, 1:] = np.nan
    x = leaf(a)
    out = linalg.solve_triangular(x, autodiff.tensor(normal(3, 2)), upper=False)
    out.sum().backward()
    assert not np.isnan(plain(out)).any() and not plain(x.grad)[0, 1:].any() and not np.isnan(plain(x.grad)).any()
    for unit in (False, True):
        out = linalg.solve_triangular(x, autodiff.tensor(normal(3, 2)), upper=False, unitriangular=unit)
        (g,) = autograd.grad(out.sum(), x)
        assert (np.diagonal(plain(g)) == 0).all() == unit


def test_symmetric_factors_refuse_their_derivative():
    a = leaf([[0.0, 1.0], [1.0, 0.0]])
    ld, pivots = linalg.ldl_factor(a)
    with pytest.raises(RuntimeError, match="is not implemented: linalg"):
        ld.sum().backward()
    with pytest.raises(RuntimeError, match="is not implemented: linalg"):
        linalg.ldl_solve(ld, pivots, leaf([[1.0], [2.0]])).sum().backward()
    with pytest.raises(linalg.LinAlgError, match="pivot 1 of the factorization is zero"):
        linalg.ldl_factor(autodiff.zeros(2, 2))
    assert linalg.ldl_factor_ex(autodiff.zeros(2, 2)).info.item() == 1


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("hermitian", [False, True])
def test_bunch_and_kaufmans_factors_are_lapacks(monkeypatch, hermitian, dtype):
    pytest.importorskip("scipy.linalg")
    for n in (1, 2, 3, 5, 8, 20):
        a = normal(3, n, n, dtype=dtype)
        a[:, range(n), range(n)] *= 0.01        # blocks of two
        a = a + (np.swapaxes(a, 1, 2).conj() if hermitian else np.swapaxes(a, 1, 2))
        found = solving._ldl(np, a, hermitian)
        with monkeypatch.context() as patched:
            without_scipy(patched)
            own = solving._ldl(np, a, hermitian)
        np.testing.assert_array_equal(own[1], found[1])
        np.testing.assert_allclose(own[0], found[0], rtol=1e-8, atol=1e-10)


# ---- the exponential

def exact_exponential(a, digits=60):
    mpmath.mp.dps = digits
    found = np.array(mpmath.expm(mpmath.matrix(a.tolist())).tolist(), dtype=float)
    mpmath.mp.dps = 15
    return found


@pytest.mark.parametrize("a", [
    normal(4, 4), 10 * normal(4, 4), 0.01 * normal(3, 3), np.zeros((3, 3)), np.array([[1.0, 1e6], [0.0, -1.0]]),
    np.array([[1.0, 1e10], [0.0, -1.0]]), np.array([[0.0, 1e200], [0.0, 0.0]]), np.triu(100 * normal(6, 6), 1),
    np.array([[-49.0, 24.0], [-64.0, 31.0]]), normal(3, 3) - 30 * eye(3)], ids=range(10))
def test_exponentials_against_mpmath(a):
    """Small, large, nilpotent, far from normal: where squaring too often loses the digits."""
    exact = exact_exponential(a)
    found = plain(linalg.matrix_exp(autodiff.tensor(a)))
    assert np.abs(found - exact).max() <= 5e-14 * np.abs(exact).max()
    narrow = plain(linalg.matrix_exp(autodiff.tensor(a.astype(np.float32) if np.abs(a).max() < 1e30 else a * 0)))
    if np.abs(a).max() < 10:
        assert np.abs(narrow - exact).max() <= 2e-5 * np.abs(exact).max()


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_derivative_of_an_exponential_scales(scale):
    """Along a large matrix as along a small one: it is linear."""
    a, along = normal(3, 3), normal(3, 3, seed=1)
    _, found = autodiff.func.jvp(linalg.matrix_exp, (autodiff.tensor(a),), (autodiff.tensor(scale * along),))
    block = np.block([[a, along], [np.zeros((3, 3)), a]])
    np.testing.assert_allclose(plain(found) / scale, exact_exponential(block)[:3, 3:], rtol=1e-12, atol=1e-13)


def test_laws_of_exponentials():
    a, s = normal(2, 3, 3), normal(2, 3, 3)
    s = s - np.swapaxes(s, 1, 2)
    x = autodiff.tensor(a)
    close(linalg.matrix_exp(x) @ linalg.matrix_exp(-x), np.broadcast_to(eye(3), (2, 3, 3)), 1e-12)
    close(linalg.det(linalg.matrix_exp(x)), np.exp(np.trace(a, axis1=1, axis2=2)), 1e-12)
    rotation = linalg.matrix_exp(autodiff.tensor(s))
    close(rotation @ rotation.mT, np.broadcast_to(eye(3), (2, 3, 3)), 1e-13)
    # d tr exp(A) = tr(exp(A) dA), and so the gradient is exp(A)^T; its derivative in turn is symmetric
    (g,) = gradient(lambda x: autodiff.diagonal(linalg.matrix_exp(x), 0, -2, -1).sum(), a)
    close(g, np.swapaxes(plain(linalg.matrix_exp(x)), 1, 2), 1e-12)
    hessian = autodiff.func.hessian(lambda v: autodiff.trace(linalg.matrix_exp(v.reshape(3, 3))))(x[0].reshape(9))
    close(hessian, plain(hessian).T, 1e-12)
    assert np.isnan(plain(linalg.matrix_exp(autodiff.tensor(np.array([[np.nan, 0.0], [0.0, 1.0]]))))).all()


# ---- powers, tensors, least squares

@pytest.mark.parametrize("n", [-3, -2, -1, 0, 1, 2, 5])
def test_powers_and_their_derivatives(n):
    a = normal(2, 3, 3) + 3 * eye(3)
    close(linalg.matrix_power(autodiff.tensor(a), n), np.linalg.matrix_power(a, n), 1e-12)
    w = autodiff.tensor(normal(3, 3, seed=1))

    def in_steps(x):
        out = x * 0 + autodiff.tensor(eye(3))
        for _ in range(abs(n)):
            out = out @ (linalg.inv(x) if n < 0 else x)
        return (out * w).sum()

    close(gradient(lambda x: (linalg.matrix_power(x, n) * w).sum(), a)[0], gradient(in_steps, a)[0], 1e-10)


def test_tensors_as_matrices():
    a = normal(2, 3, 6) + 3 * eye(6).reshape(2, 3, 6)
    x, b = autodiff.tensor(a), normal(2, 3, seed=1)
    inverse = linalg.tensorinv(x)
    close(inverse, np.linalg.tensorinv(a))
    close(autodiff.tensordot(inverse, autodiff.tensor(b), 2), plain(linalg.tensorsolve(x, autodiff.tensor(b))))
    w = autodiff.tensor(normal(6, seed=2))
    for one, other in zip(gradient(lambda x, b: (autodiff.tensordot(linalg.tensorinv(x), b, 2) * w).sum(), a, b),
                          gradient(lambda x, b: (linalg.tensorsolve(x, b) * w).sum(), a, b)):
        close(one, other)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (2, 5, 3), (2, 3, 5)], ids=str)
def test_least_squares_are_those_of_the_pseudo_inverse(shape, dtype):
    """A^+ B, with A^+ written by inverses of A^H A or A A^H, and its derivatives."""
    a, b = normal(*shape, dtype=dtype), normal(*shape[:-1], 2, seed=1, dtype=dtype)
    w = autodiff.tensor(normal(*shape[:-2], shape[-1], 2, seed=2, dtype=dtype))

    def by_inverse(x, y):
        if x.shape[-2] >= x.shape[-1]:
            return linalg.inv(x.mH @ x) @ (x.mH @ y)
        return x.mH @ (linalg.inv(x @ x.mH) @ y)

    close(linalg.lstsq(autodiff.tensor(a), autodiff.tensor(b)).solution,
          plain(by_inverse(autodiff.tensor(a), autodiff.tensor(b))), 1e-9)
    for found, expected in zip(gradient(lambda x, y: (linalg.lstsq(x, y)[0] * w).sum(), a, b),
                               gradient(lambda x, y: (by_inverse(x, y) * w).sum(), a, b)):
        close(found, expected, 1e-8)


def test_what_least_squares_return_depends_on_the_driver():
    a, b = autodiff.tensor(normal(5, 3), requires_grad=True), autodiff.tensor(normal(5, 2, seed=1))
    expected = np.linalg.lstsq(plain(a), plain(b), None)
    for driver in ("gels", "gelsy", "gelsd", "gelss", None):
        solution, residuals, rank, values = linalg.lstsq(a, b, driver=driver)
        close(solution, expected[0])
        assert residuals.shape == ((2,) if driver in ("gels", "gelsd", "gelss") else (0,))
        assert rank.tolist() == ([] if driver == "gels" else 3)
        assert values.shape == ((3,) if driver in ("gelsd", "gelss") else (0,))
    close(residuals if residuals.shape[0] else linalg.lstsq(a, b, driver="gelsd").residuals, expected[1])
    values = linalg.lstsq(a, b, driver="gelsd").singular_values
    close(values, expected[3])
    # the derivative of a singular value is u v^T
    u, _, v = np.linalg.svd(plain(a), full_matrices=False)
    (g,) = autograd.grad(values[1], a, create_graph=True)
    close(g, np.outer(u[:, 1], v[1]))
    with pytest.raises(RuntimeError, match="second derivative of the singular values"):
        g.sum().backward()


@pytest.mark.parametrize("rows, columns", [(4, 3), (3, 4), (4, 4)])
def test_least_squares_without_full_rank(rows, columns):
    """The derivative is that among matrices of the same rank, which is that of the pseudoinverse's product; of order 2, too."""
    a = autodiff.tensor(of_rank(4, 2)[:rows, :columns], requires_grad=True)
    b = autodiff.tensor(normal(rows, 2), requires_grad=True)
    out = linalg.lstsq(a, b)
    assert out.rank.item() == 2
    close(out.solution, np.linalg.lstsq(plain(a), plain(b), None)[0])
    weights = autodiff.tensor(normal(columns, 2))
    results = [autograd.grad((solution * weights).sum(), (a, b), create_graph=True)
               for solution in (out.solution, linalg.pinv(a) @ b)]
    for found, expected in zip(*results):
        close(found, plain(expected), 1e-8)
    for found, expected in zip(*[autograd.grad(sum((v * v).sum() for v in grads), (a, b)) for grads in results]):
        close(found, plain(expected), 1e-6)
    with pytest.raises(linalg.LinAlgError, match=r"full rank \(error code: 2\)"):
        linalg.lstsq(a, b, driver="gels")


def test_least_squares_of_numpys_flavour():
    a, b = normal(5, 3), normal(5, seed=1)
    x, y = anp.array(a, requires_grad=True), anp.array(b, requires_grad=True)
    found, expected = np.linalg.lstsq(x, y, rcond=None), np.linalg.lstsq(a, b, rcond=None)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(plain(one) if isinstance(one, anp.ndarray) else one, other, rtol=1e-12)
        assert np.shape(one) == np.shape(other)
    assert type(found[2]) is type(expected[2])
    g = autograd.grad(found[1].sum(), x)[0]
    rest = a @ expected[0] - b
    np.testing.assert_allclose(plain(g), 2 * np.outer(rest, expected[0]), rtol=1e-9, atol=1e-12)
    for bad in (lambda v: np.linalg.lstsq(v[0], b), lambda v: np.linalg.lstsq(v, b[:2])):
        with pytest.raises(np.linalg.LinAlgError):
            bad(x)


@pytest.mark.parametrize("k", [1, 12])
def test_both_derivatives_of_solve_are_of_one_system(monkeypatch, k):
    """The transposed system is solved once for A and B, and once more where another cotangent arrives."""
    pytest.importorskip("scipy.linalg")
    calls = []
    solved = solving._from_factors
    monkeypatch.setattr(solving, "_from_factors", lambda *args: calls.append(args) or solved(*args))
    x, y = leaf(normal(40, 40) + 9 * eye(40)), leaf(normal(40, k))
    out = linalg.solve(x, y)
    expected = [autograd.grad((linalg.inv(x) @ y).sum() * factor, (x, y)) for factor in (1, 2)]
    for factor, wanted in zip((1, 2), expected):
        for found, other in zip(autograd.grad(out.sum() * factor, (x, y), retain_graph=True), wanted):
            close(found, plain(other))
    assert len(calls) == 3
