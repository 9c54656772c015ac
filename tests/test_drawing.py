"""Random numbers: their distributions, the derivatives of samples in parameters, writes in place, vmap, refusals."""
import copy
import math
import pickle
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from autodiff._variable import OPS
from checks import leaf, plain

MANY = 40000


@pytest.fixture(autouse=True)
def seeded():
    autodiff.manual_seed(0)


def near(values, mean, variance, scale=6.0):
    """Mean and variance, to so many standard errors."""
    values = plain(values).astype(np.float64).ravel()
    assert abs(values.mean() - mean) < scale * math.sqrt(variance / values.size), values.mean()
    spread = math.sqrt(max(((values - mean) ** 4).mean() - variance ** 2, 0) / values.size)
    assert abs(((values - mean) ** 2).mean() - variance) < scale * spread + 1e-12, values.var()


# ---- distributions

def full(value, dtype=autodiff.float64):
    return autodiff.full((MANY,), value, dtype=dtype)


@pytest.mark.parametrize("dtype", [autodiff.float32, autodiff.float64])
def test_means_and_variances(dtype):
    new = autodiff.zeros(MANY, dtype=dtype)
    near(autodiff.normal(full(2.0, dtype), 0.5), 2, 0.25)
    near(autodiff.normal(-1.0, full(3.0, dtype)), -1, 9)
    near(autodiff.normal(1.0, 2.0, (MANY,), dtype=dtype), 1, 4)
    near(autodiff.poisson(full(3.5, dtype)), 3.5, 3.5)
    near(autodiff.binomial(full(10.0, dtype), full(0.25, dtype)), 2.5, 1.875)
    near(autodiff.standard_gamma(full(0.3, dtype)), 0.3, 0.3)
    near(autodiff.standard_gamma(full(7.0, dtype)), 7, 7)
    near(autodiff.sample_beta(full(2.0, dtype), full(3.0, dtype)), 0.4, 0.04)
    near(new.exponential_(4.0), 0.25, 0.0625)
    near(new.log_normal_(0.1, 0.25), math.exp(0.13125), (math.exp(0.0625) - 1) * math.exp(0.2625))
    near(new.geometric_(0.25), 4, 12)
    near(new.random_(2, 8), 4.5, 35 / 12)
    near(autodiff.randint_like(new, 6), 2.5, 35 / 12)
    drawn = plain(new.cauchy_(3.0, 2.0))
    assert abs(np.median(drawn) - 3) < 0.1 and abs(np.subtract(*np.quantile(drawn, [0.75, 0.25])) - 4) < 0.2


def test_dirichlet():
    a = autodiff.tensor([0.5, 1.0, 2.5])
    drawn = autodiff.sample_dirichlet(a.expand(MANY, 3))
    np.testing.assert_allclose(plain(drawn.sum(-1)), 1, rtol=1e-12)
    for i, mean in enumerate(np.array([0.5, 1, 2.5]) / 4):
        near(drawn[:, i], mean, mean * (1 - mean) / 5)
    assert autodiff.sample_dirichlet(autodiff.tensor([1e-4, 1e-4])).min() > 0
    one = leaf(np.array([2.0]))
    out = autodiff.sample_dirichlet(one)
    out.sum().backward()
    assert out.tolist() == [1.0] and one.grad.tolist() == [0.0]


@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial(replacement):
    p = np.array([0.0, 1.0, 3.0, 4.0])
    drawn = plain(autodiff.multinomial(autodiff.tensor(p).expand(MANY, 4), 2, replacement))
    assert drawn.dtype == np.int64 and drawn.shape == (MANY, 2) and drawn.min() == 1
    first = np.bincount(drawn[:, 0], minlength=4) / MANY
    np.testing.assert_allclose(first, p / 8, atol=0.015)
    if replacement:
        np.testing.assert_allclose(np.bincount(drawn[:, 1], minlength=4) / MANY, p / 8, atol=0.015)
        assert (drawn[:, 0] == drawn[:, 1]).any()
    else:
        assert (drawn[:, 0] != drawn[:, 1]).all()
        second = np.bincount(drawn[:, 1], minlength=4) / MANY
        expected = [0] + [sum(p[j] / 8 * p[i] / (8 - p[j]) for j in (1, 2, 3) if j != i) for i in (1, 2, 3)]
        np.testing.assert_allclose(second, expected, atol=0.015)
    # what has no weight comes last, and never with replacement
    assert sorted(autodiff.multinomial(autodiff.tensor([0.0, 1.0]), 2).tolist()) == [0, 1]


def test_randperm_is_fair():
    rows = np.array([autodiff.randperm(3).tolist() for _ in range(3000)])
    assert (np.sort(rows, 1) == [0, 1, 2]).all()
    counts = np.unique(rows @ [100, 10, 1], return_counts=True)[1]
    assert len(counts) == 6 and np.abs(counts - 500).max() < 120
    assert autodiff.randperm(0).shape == (0,) and autodiff.randperm(4, dtype=autodiff.float32).dtype == autodiff.float32


def test_random_fills_the_dtype():
    for dtype, most in ((autodiff.uint8, 255), (autodiff.int8, 127), (autodiff.bool, 1), (autodiff.float32, 2 ** 24),
                        (autodiff.float64, 2 ** 53), (autodiff.float16, 2 ** 11)):
        x = plain(autodiff.zeros(4000, dtype=dtype).random_().double())
        assert 0 <= x.min() <= 0.02 * most and 0.98 * most <= x.max() <= most
    assert autodiff.zeros(500, dtype=autodiff.int8).random_(-128, 128).min() < -100
    assert autodiff.zeros(500, dtype=autodiff.int8).random_(100, None).min() >= 100
    assert autodiff.zeros(50).random_(**{"from": 3, "to": 4}).tolist() == [3.0] * 50
    x = autodiff.zeros(300, dtype=autodiff.uint8).geometric_(1e-6)
    assert x.min() == 255       # what does not fit ends at the dtype's largest


# ---- derivatives in parameters

def test_normal_is_a_function_of_its_parameters():
    """PyTorch's gradients are 0 here: see docs/differences.md."""
    mean, std = leaf(np.array([1.0, -2.0, 0.5])), leaf(np.array([[0.5], [2.0]]))
    out = autodiff.normal(mean, std)
    assert out.grad_fn.name() == "NormalBackward3" and out.shape == (2, 3)
    eps = (plain(out) - plain(mean)) / plain(std)
    w = np.arange(6.0).reshape(2, 3)
    gm, gs = autograd.grad(out, (mean, std), autodiff.tensor(w))
    np.testing.assert_allclose(plain(gm), w.sum(0), rtol=1e-12)
    np.testing.assert_allclose(plain(gs), (w * eps).sum(1, keepdims=True), rtol=1e-12)
    x = autodiff.normal(leaf(np.ones(2, np.float32)), autodiff.ones(2))
    assert x.dtype == autodiff.float32 and autodiff.normal(1, leaf(np.ones(2))).grad_fn.name() == "NormalBackward2"
    z = autodiff.normal(leaf(np.array([1j, 2.0])), 0.0)
    assert z.tolist() == [1j, 2.0] and z.grad_fn.name() == "NormalBackward1"
    assert type(autodiff.normal(anp.array([1.0]), 1.0)) is anp.ndarray


def quantile_slopes(quantile, u, *parameters):
    """Central differences of a quantile function in each of its parameters."""
    found = []
    for i, a in enumerate(parameters):
        h = 1e-5 * a
        up, down = [quantile(*parameters[:i], a + s * h, *parameters[i + 1:], u) for s in (1, -1)]
        found.append((up - down) / (2 * h))
    return found


@pytest.mark.parametrize("a", [0.05, 0.4, 1.0, 1.5, 3.0, 12.0, 150.0, 4000.0])
def test_gamma_samples_move_as_quantiles_do(a):
    special = pytest.importorskip("scipy.special")
    u = np.array([0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999])
    a = np.full_like(u, a)
    z = special.gammaincinv(a, u)
    expected, = quantile_slopes(special.gammaincinv, u, a)
    x = leaf(a)
    g, = autograd.grad(OPS.apply("gamma_sample", (x, autodiff.tensor(z)), ()).sum(), x)
    known = z > 1e-200
    np.testing.assert_allclose(plain(g)[known], expected[known], rtol=2e-6)


@pytest.mark.parametrize("a", [0.1, 0.7, 1.0, 3.0, 40.0])
@pytest.mark.parametrize("b", [0.1, 1.0, 2.5, 60.0])
def test_beta_samples_move_as_quantiles_do(a, b):
    special = pytest.importorskip("scipy.special")
    u = np.array([0.02, 0.2, 0.5, 0.8, 0.98])
    a, b = np.full_like(u, a), np.full_like(u, b)
    z = special.betaincinv(a, b, u)
    expected = quantile_slopes(special.betaincinv, u, a, b)
    pairs = leaf(np.stack([a, b], -1))
    out = OPS.apply("dirichlet_sample", (pairs, autodiff.tensor(np.stack([z, 1 - z], -1))), ())
    assert np.array_equal(plain(out)[:, 0], z)
    g = plain(autograd.grad(out[:, 0].sum(), pairs)[0])
    known = (z > 1e-12) & (z < 1 - 1e-6)        # nearer to 1 there are few floats to take differences of
    for i in range(2):
        np.testing.assert_allclose(g[known, i], expected[i][known], rtol=2e-5, atol=1e-12)


def test_slopes_by_many_digits():
    mpmath = pytest.importorskip("mpmath")
    random = np.random.default_rng(1)
    with mpmath.workdps(60):
        for a in (1e-5, 0.3, 2.0, 700.0):
            for z in (*np.maximum(random.standard_gamma(a, 2), 1e-200), 0.99, 1.01, a + 6 * math.sqrt(a)):
                x, s, h = mpmath.mpf(float(z)), mpmath.mpf(a), mpmath.mpf(10) ** -15 * a
                ends = (0, x) if z < a else (x, mpmath.inf)     # the smaller part, of which differences have digits
                up, down = [mpmath.gammainc(s + k * h, *ends, regularized=True) for k in (1, -1)]
                slope = (down - up if z < a else up - down) / (2 * h)
                slope *= mpmath.exp(x - (s - 1) * mpmath.log(x) + mpmath.loggamma(s))
                found = OPS.apply("gamma_slope", (autodiff.tensor(a), autodiff.tensor(float(z))), ()).item()
                np.testing.assert_allclose(found, float(slope), rtol=1e-9)


def test_the_gradient_of_an_expectation():
    """d E[z] / da = 1 of gamma distributions; of beta ones b / (a + b)^2 and -a / (a + b)^2; of Dirichlet ones as of beta."""
    a, b = leaf(np.array(2.0)), leaf(np.array(3.0))
    g, = autograd.grad(autodiff.standard_gamma(a.expand(MANY)).mean(), a)
    assert abs(g.item() - 1) < 0.02
    ga, gb = autograd.grad(autodiff.sample_beta(a.expand(MANY), b.expand(MANY)).mean(), (a, b))
    assert abs(ga.item() - 3 / 25) < 0.003 and abs(gb.item() + 2 / 25) < 0.003
    c = leaf(np.array([1.0, 2.0, 3.0]))
    g, = autograd.grad(autodiff.sample_dirichlet(c.expand(MANY, 3))[:, 0].mean(), c)
    np.testing.assert_allclose(plain(g), [5 / 36, -1 / 36, -1 / 36], atol=0.003)


def test_forward_mode_and_dtypes():
    a = autodiff.tensor([2.0, 0.5], dtype=autodiff.float32)
    out, tangent = autodiff.func.jvp(lambda x: autodiff.standard_gamma(x), (a,), (autodiff.ones(2, dtype=autodiff.float32),))
    assert out.dtype == tangent.dtype == autodiff.float32
    expected = OPS.apply("gamma_slope", (a, out), ())
    np.testing.assert_allclose(plain(tangent), plain(expected), rtol=1e-6)


def test_there_is_no_second_derivative():
    for draw in (autodiff.standard_gamma, autodiff.sample_dirichlet, lambda x: autodiff.sample_beta(x, x)):
        x = leaf(np.array([2.0, 3.0]))
        g, = autograd.grad((draw(x) * autodiff.tensor([1.0, 2.0])).sum(), x, create_graph=True)
        with pytest.raises(NotImplementedError, match=r"none of order 2"):
            g.sum().backward()


def test_counts_have_the_derivative_0():
    x, y = leaf(np.array([3.0, 4.0])), leaf(np.array([0.5, 0.25]))
    for out in (autodiff.poisson(x), autodiff.binomial(x, y)):
        assert out.requires_grad
        assert autograd.grad(out.sum(), x)[0].tolist() == [0, 0]
    assert autodiff.poisson(x).grad_fn.name() == "PoissonBackward0"


# ---- vmap

DRAWS = [lambda x: autodiff.normal(x, 1.0), lambda x: autodiff.normal(0.0, x), lambda x: autodiff.poisson(x * 100),
         lambda x: autodiff.standard_gamma(x), lambda x: autodiff.sample_beta(x, x), lambda x: autodiff.sample_dirichlet(x),
         lambda x: autodiff.binomial(x * 1000, x / 10), lambda x: x.clone().exponential_(), lambda x: x.clone().cauchy_(),
         lambda x: x.clone().log_normal_(), lambda x: x.clone().geometric_(0.01), lambda x: x.clone().random_(10000)]


@pytest.mark.parametrize("draw", DRAWS)
def test_each_sample_draws_its_own(draw):
    x = autodiff.tensor([1.0, 2.0, 3.0])
    with pytest.raises(RuntimeError, match="randomness error mode"):
        autodiff.vmap(draw)(x.expand(4, 3))
    out = plain(autodiff.vmap(draw, randomness="different")(x.expand(4, 3).clone()))
    assert out.shape == (4, 3) and len(np.unique(out[:, 1])) > 1
    # parameters that are the same for all
    if "clone" not in draw.__code__.co_names:
        out = plain(autodiff.vmap(lambda _: draw(x), randomness="different")(autodiff.zeros(4)))
        assert out.shape == (4, 3) and len(np.unique(out[:, 1])) > 1
        out = plain(autodiff.vmap(lambda _: draw(x), randomness="same")(autodiff.zeros(4)))
        assert (out == out[0]).all()


def test_positions_under_vmap():
    p = autodiff.tensor([[0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    for replacement in (False, True):
        out = autodiff.vmap(lambda v, again=replacement: v.multinomial(1, again), randomness="different")(p)
        assert out.shape == (2, 1) and out[0].item() == 1
    out = autodiff.vmap(lambda _: autodiff.randperm(50), randomness="different")(autodiff.zeros(3))
    assert out.shape == (3, 50) and (out.sort(1).values == autodiff.arange(50)).all() and not autodiff.equal(out[0], out[1])
    out = autodiff.vmap(lambda _: autodiff.randperm(50), randomness="same")(autodiff.zeros(3))
    assert autodiff.equal(out[0], out[1])
    with pytest.raises(RuntimeError, match="same randomness with a batched"):
        autodiff.vmap(autodiff.poisson, randomness="same")(autodiff.ones(3))
    g = autodiff.Generator().manual_seed(1)
    out = autodiff.vmap(lambda x: x + autodiff.rand(2, generator=g), randomness="different")(autodiff.zeros(3))
    assert autodiff.equal(out, autodiff.rand(3, 2, generator=g.manual_seed(1)))


# ---- generators, out=, refusals

def test_generators():
    p = autodiff.tensor([0.2, 0.3, 0.5])
    for draw in (lambda g: autodiff.normal(p, 1.0, generator=g), lambda g: autodiff.normal(0, 1, (3,), generator=g),
                 lambda g: autodiff.poisson(p * 50, g), lambda g: autodiff.binomial(p * 90, p, g),
                 lambda g: autodiff.multinomial(p, 3, generator=g), lambda g: autodiff.randperm(9, generator=g),
                 lambda g: autodiff.standard_gamma(p, g), lambda g: autodiff.sample_beta(p, p, g),
                 lambda g: autodiff.sample_dirichlet(p, g), lambda g: autodiff.randint_like(p, 999, generator=g),
                 lambda g: p.clone().exponential_(generator=g), lambda g: p.clone().random_(generator=g),
                 lambda g: p.clone().geometric_(0.01, generator=g), lambda g: p.clone().cauchy_(generator=g),
                 lambda g: p.clone().log_normal_(generator=g)):
        first = draw(autodiff.Generator().manual_seed(5))
        assert autodiff.equal(first, draw(autodiff.Generator().manual_seed(5)))
        assert not autodiff.equal(first.double(), draw(np.random.default_rng(3)).double())
        with pytest.raises(TypeError, match="'generator' must be Generator"):
            draw(3)


def test_the_module_of_the_default_generator():
    assert autodiff.random.default_generator is autodiff.default_generator is autodiff.manual_seed(4)
    assert autodiff.initial_seed() == 4 and autodiff.random.manual_seed is autodiff.manual_seed
    with autodiff.random.fork_rng():
        a = autodiff.rand(3)
        autodiff.manual_seed(9)
    assert autodiff.equal(a, autodiff.rand(3)) and autodiff.initial_seed() == 4
    autodiff.manual_seed(4)
    with autodiff.random.fork_rng(enabled=False):
        autodiff.rand(3)
    assert not autodiff.equal(a, autodiff.rand(3))
    with pytest.raises(KeyError), autodiff.random.fork_rng():
        autodiff.manual_seed(5)
        raise KeyError
    assert autodiff.initial_seed() == 4
    assert autodiff.seed() == autodiff.initial_seed() != 4
    star: dict = {}
    exec("from autodiff import *", star)
    assert "random" not in star and "normal" in star


def test_out():
    p = autodiff.tensor([0.2, 0.3, 0.5])
    floats = [lambda out: autodiff.rand(3, out=out), lambda out: autodiff.randn(3, out=out),
              lambda out: autodiff.normal(p, 1.0, out=out), lambda out: autodiff.normal(0, 1, (3,), out=out),
              lambda out: autodiff.bernoulli(p, out=out)]
    integers = [lambda out: autodiff.randint(5, (3,), out=out), lambda out: autodiff.multinomial(p, 3, out=out),
                lambda out: autodiff.randperm(3, out=out)]
    for draw, kind in [(draw, "f") for draw in floats] + [(draw, "i") for draw in integers]:
        out = autodiff.full((3,), -7, dtype=autodiff.int64 if kind == "i" else autodiff.float64)
        assert draw(out) is out and not (out == -7).any()
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            small = autodiff.zeros(2, dtype=out.dtype)
            assert draw(small).shape == (3,)
        assert any("resized" in str(w.message) for w in heard)
        with pytest.raises(TypeError, match="'out' must be"):
            draw([1.0])
    assert autodiff.rand(3, out=autodiff.zeros(3, dtype=autodiff.float32)).dtype == autodiff.float32
    with pytest.raises(RuntimeError, match="does not match dtype of out"):
        autodiff.rand(3, dtype=autodiff.float32, out=autodiff.zeros(3))
    with pytest.raises(RuntimeError, match="automatic differentiation"):
        autodiff.normal(leaf(np.ones(3)), 1.0, out=autodiff.zeros(3))


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: autodiff.normal(0.0, 1.0), TypeError, "need size="),
    (lambda: autodiff.normal(autodiff.ones(2), 1.0, (2,)), TypeError, "size= and dtype="),
    (lambda: autodiff.normal("a", autodiff.ones(2)), TypeError, "'mean'"),
    (lambda: autodiff.normal(1.0, autodiff.ones(2) * 1j), RuntimeError, "non-complex"),
    (lambda: autodiff.binomial(autodiff.ones(2), 0.5), TypeError, "'prob'"),
    (lambda: autodiff.binomial(autodiff.ones(2), autodiff.ones(2).float()), RuntimeError, "dtype Float but expected Double"),
    (lambda: autodiff.standard_gamma(2.0), TypeError, "'concentration'"),
    (lambda: autodiff.standard_gamma(autodiff.tensor([-1.0])), RuntimeError, "non-negative"),
    (lambda: autodiff.standard_gamma(autodiff.tensor([1])), NotImplementedError, "gamma_cpu.*Long"),
    (lambda: autodiff.sample_beta(autodiff.ones(1), autodiff.tensor([math.nan])), RuntimeError, "concentration0"),
    (lambda: autodiff.sample_beta(autodiff.ones(1), autodiff.ones(1).float()), RuntimeError, "Found dtype"),
    (lambda: autodiff.sample_dirichlet(autodiff.ones(2).half()), NotImplementedError, "dirichlet.*Half"),
    (lambda: autodiff.randint_like(2.0, 5), TypeError, "'input'"),
    (lambda: autodiff.randperm(300, dtype=autodiff.uint8), RuntimeError, "without overflow"),
    (lambda: autodiff.zeros(2, dtype=autodiff.uint8).random_(300), RuntimeError, "to - 1 is out of bounds"),
    (lambda: autodiff.zeros(2).random_(form=3), TypeError, "'form'"),
    (lambda: autodiff.zeros(2).random_(2.5), TypeError, "must be int, not float"),
    (lambda: leaf(np.ones(2)).exponential_(), RuntimeError, "a leaf Variable that requires grad"),
    (lambda: autodiff.zeros(2).geometric_("a"), TypeError, "'p'"),
])
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_what_is_overwritten_has_the_derivative_0():
    x = leaf(np.ones(3))
    for write in (lambda v: v.exponential_(), lambda v: v.random_(5), lambda v: v.geometric_(0.5), lambda v: v.cauchy_(),
                  lambda v: v.log_normal_()):
        y = x * 2
        assert write(y) is y
        assert autograd.grad(y.sum(), x)[0].tolist() == [0, 0, 0]


def test_pytorchs_private_names():
    assert autodiff._standard_gamma is autodiff.standard_gamma and autodiff._sample_dirichlet is autodiff.sample_dirichlet


# ---- numpy.random of the mirror

PARAMETERS = {"normal": (1.5, 0.5), "laplace": (1.0, 0.5), "logistic": (1.0, 0.5), "gumbel": (1.0, 0.5), "uniform": (-1.0, 2.0),
              "exponential": (2.0,), "rayleigh": (2.0,), "lognormal": (0.2, 0.5), "weibull": (1.5,), "power": (2.5,),
              "pareto": (3.0,)}


def of_numpy(name, *parameters):
    np.random.seed(7)
    return getattr(np.random, name)(*parameters, size=4)


@pytest.mark.parametrize("name", PARAMETERS)
def test_numbers_of_numpy_keep_their_bits_and_move_with_their_parameters(name):
    """Of a seed, NumPy's own numbers are a function of the parameters: their differences are the derivatives."""
    p = PARAMETERS[name]
    parameters = [anp.array(v, requires_grad=True) for v in p]
    np.random.seed(7)
    out = getattr(anp.random, name)(*parameters, size=4)
    assert type(out) is anp.ndarray and out.detach().numpy().tolist() == of_numpy(name, *p).tolist()
    w = np.arange(1.0, 5.0)
    gradients = autograd.grad((out * out * w).sum(), parameters, create_graph=True)
    for i, g in enumerate(gradients):
        steps = [[v + s * 1e-5 * (j == i) for j, v in enumerate(p)] for s in (1, 0, -1)]
        up, here, down = [(of_numpy(name, *step) ** 2 * w).sum() for step in steps]
        np.testing.assert_allclose(g.item(), (up - down) / 2e-5, rtol=1e-6, atol=1e-8)
        second, = autograd.grad(g, parameters[i], retain_graph=True)
        np.testing.assert_allclose(second.item(), (up - 2 * here + down) / 1e-10, rtol=1e-3, atol=1e-3)


def test_numbers_of_numpy_whose_slopes_are_integrals():
    np.random.seed(3)
    drawn = np.random.gamma(2.5, 1.5, size=3)
    np.random.seed(3)
    shape, scale = anp.array(2.5, requires_grad=True), anp.array(1.5, requires_grad=True)
    out = anp.random.gamma(shape, scale, size=3)
    np.testing.assert_allclose(out.detach().numpy(), drawn, rtol=1e-15)
    gs, gc = autograd.grad(out.sum(), (shape, scale))
    slopes = OPS.apply("gamma_slope", (autodiff.tensor(2.5), autodiff.tensor(drawn / 1.5)), ())
    np.testing.assert_allclose([gs.item(), gc.item()], [1.5 * slopes.sum().item(), drawn.sum() / 1.5], rtol=1e-12)
    a = anp.array([2.0, 3.0], requires_grad=True)
    for out in (anp.random.beta(a, 2.0), anp.random.beta(2.0, a), anp.random.standard_gamma(a), anp.random.chisquare(a),
                anp.random.dirichlet(a, size=5), anp.random.gamma(2.0, a), anp.random.standard_gamma(shape=a, size=(3, 2))):
        g, = autograd.grad((out * out).sum(), a)
        assert np.all(g.detach().numpy() != 0)
    assert anp.random.normal([a[0], 1.0], 2.0).shape == (2,) and anp.random.uniform(high=a).requires_grad


@pytest.mark.parametrize(("one", "other"), [((), ()), ((3,), ()), ((), (3,)), ((3,), (3,)), ((2, 1), (3,))])
def test_parameters_of_numpys_numbers_broadcast(one, other):
    a, b = (anp.array(np.full(shape, v), requires_grad=True) for shape, v in ((one, 2.0), (other, 3.0)))
    out = anp.random.beta(a, b, size=(2, 3))
    z = out.detach().numpy()
    pairs = autodiff.tensor([2.0, 3.0]).expand(2, 3, 2)
    slopes = plain(OPS.apply("beta_slope", (pairs, autodiff.tensor(np.stack([z, 1 - z], -1))), ()))
    for v, g, slope in zip((a, b), autograd.grad(out.sum(), (a, b)), np.moveaxis(slopes, -1, 0)):
        assert g.shape == v.shape
        np.testing.assert_allclose(g.detach().numpy().sum(), slope.sum(), rtol=1e-10)
    out = anp.random.gamma(a, b, size=(2, 3))
    z = out.detach().numpy() / 3
    ga, gb = autograd.grad(out.sum(), (a, b))
    slope = 3 * plain(OPS.apply("gamma_slope", (autodiff.tensor(2.0), autodiff.tensor(z)), ()))
    np.testing.assert_allclose([ga.detach().numpy().sum(), gb.detach().numpy().sum()], [slope.sum(), z.sum()], rtol=1e-10)
    x = autodiff.tensor([2.0, 3.0], requires_grad=True)         # the row's own broadcasting
    y = autodiff.tensor([[0.25, 0.75], [0.5, 0.5]])
    g, = autograd.grad(OPS.apply("dirichlet_sample", (x, y), ())[:, 0].sum(), x)
    rows = [autograd.grad(OPS.apply("dirichlet_sample", (x, row), ())[0], x)[0] for row in y]
    np.testing.assert_allclose(plain(g), plain(rows[0] + rows[1]), rtol=1e-12)


def test_numpys_refusals_of_parameters():
    a = anp.array([2.0, 3.0], requires_grad=True)
    for call in (lambda r, v: r.normal(v, -1.0), lambda r, v: r.normal(v, size=3), lambda r, v: r.gamma(-v),
                 lambda r, v: r.uniform(v, 1.0, 2, 3), lambda r, v: r.beta(v)):
        with pytest.raises((ValueError, TypeError)) as expected:
            call(np.random, np.array([2.0, 3.0]))
        with pytest.raises(type(expected.value)):
            call(anp.random, a)


def test_numbers_of_no_width():
    """Parameters at the edge, where a number says nothing of how it would move: finite gradients."""
    zero, one = anp.array(0.0, requires_grad=True), anp.array(1.0, requires_grad=True)
    with np.errstate(all="raise"):
        for out in (anp.random.normal(one, zero, 3), anp.random.uniform(one, anp.array(1.0, requires_grad=True), 3),
                    anp.random.exponential(zero, 3), anp.random.gamma(one, zero, 3), anp.random.lognormal(one, zero, 3)):
            g = autograd.grad(out.sum(), (zero, one), allow_unused=True)
            assert all(v is None or np.isfinite(v.item()) for v in g)


def test_generators_of_numpy():
    """Those of the mirror: NumPy's numbers for one seed, which move with their parameters."""
    ours, theirs = anp.random.default_rng(5), np.random.default_rng(5)
    assert isinstance(ours, np.random.Generator) and anp.random.default_rng(ours) is ours
    for name, p in {**PARAMETERS, "gamma": (2.5, 1.5), "beta": (2.0, 3.0), "chisquare": (3.0,)}.items():
        parameters = [anp.array(v, requires_grad=True) for v in p]
        out = getattr(ours, name)(*parameters, size=3)
        np.testing.assert_allclose(out.detach().numpy(), getattr(theirs, name)(*p, size=3), rtol=1e-14)
        assert all(np.isfinite(g.item()) and g.item() for g in autograd.grad(out.sum(), parameters))
    assert ours.integers(9, size=4).tolist() == theirs.integers(9, size=4).tolist()
    assert type(ours.normal()) is float and ours.poisson(anp.array([3.0]).detach()).shape == (1,)
    with pytest.raises(TypeError, match=r"np\.random\.Generator\.poisson\(\) of a Variable would lose"):
        ours.poisson(anp.array([3.0], requires_grad=True))
    for same in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert type(same) is type(ours)
        state = ours.bit_generator.state
        assert same.normal() == ours.normal()
        ours.bit_generator.state = state
    assert autodiff.equal(autodiff.rand(2, generator=anp.random.default_rng(1)),
                          autodiff.rand(2, generator=np.random.default_rng(1)))
