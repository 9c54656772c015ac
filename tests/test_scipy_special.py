"""Ufuncs of scipy.special of Variables: SciPy's values, derivatives of first and second order against differences of them.

TABLE has for each function points at which it is looked at, and which of its arguments have a derivative.
"""
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd
from autodiff.autograd import forward_ad
from checks import plain

special = pytest.importorskip("scipy.special")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
TABLE = {}


def held(names, *points, wrt=None):
    for name in names.split():
        found = TABLE.setdefault(name, [])
        found += [(point, tuple(range(len(point))) if wrt is None else wrt) for point in points]


held("gamma rgamma loggamma psi digamma gammaln", (2.3,), (0.4,))
held("gamma rgamma psi gammaln", (-1.4,))
held("beta betaln poch", (2.3, 1.2), (0.4, 3.1))
held("binom", (5.3, 2.2), (3.0, 1.5))
held("betainc betaincc", (2.0, 3.0, 0.3), (0.7, 1.4, 0.8), (20.0, 35.0, 0.4), (0.1, 0.2, 0.5), (150.0, 300.0, 0.3))
held("betaincinv betainccinv", (2.0, 3.0, 0.3), (0.7, 1.4, 0.8))
held("gammainc gammaincc", (2.0, 3.0), (0.7, 0.2), (30.0, 28.0), (0.1, 4.0), (500.0, 520.0), (3.0, 1e-3), (1.0, 20.0))
held("gammaincinv gammainccinv", (2.0, 0.3), (0.7, 0.8), (30.0, 0.4))
held("dawsn erfcx erfi", (0.5,), (-1.2,), (3.0,))
held("dawsn erfcx", (11.9,), (12.1,), (40.0,))
held("erfc erf", (0.5,), (-1.2,))
held("ellipk ellipe", (0.3,), (0.0,), (-2.0,), (0.95,))
held("ellipkm1", (0.3,), (1.0,), (1e-3,))
held("ellipkinc ellipeinc", (0.7, 0.3), (-1.2, 0.6), (4.0, 0.5), (1.1, 0.0), (1.0, -2.0), (9.0, 0.3))
held("ellipj", (0.7, 0.3), (1.5, 0.6), (-3.0, 0.5))
held("exp1", (0.5,), (3.0,))
held("expi", (0.5,), (3.0,), (-1.0,))
held("expn", (2, 0.7), (0, 0.7), (1, 1.2), (5, 0.3), wrt=(1,))
held("exprel", (0.0,), (0.5,), (-3.0,))
held("rel_entr kl_div", (0.5, 0.7), (2.0, 1.0))
held("entr", (0.5,))
held("spence", (0.5,), (1.0,), (3.0,), (1.001,))
held("wrightomega", (0.5,), (-3.0,), (10.0,))
held("log_expit expit softplus ndtr log_ndtr", (0.5,), (-3.0,))
held("logit ndtri", (0.3,), (0.9,))
held("erfcinv", (0.3,), (1.4,))
held("erfinv", (0.3,))
held("ndtri_exp", (-0.5,), (-20.0,))
held("boxcox boxcox1p", (0.5, 0.7), (2.0, 0.0))
held("inv_boxcox inv_boxcox1p", (0.5, 0.7), (0.3, 0.0))
held("huber pseudo_huber", (1.0, 0.5), (0.7, 2.0))
held("jv yv iv kv jve ive kve yve jn", (0, 1.3), (1.5, 2.0), (3, 0.7), (2, 8.0), wrt=(1,))
held("yn kn", (0, 1.3), (1, 2.0), (3, 0.7), wrt=(1,))
held("j0 j1 y0 y1 i0 i1 k0 k1 k0e k1e i0e i1e", (0.7,), (3.0,), (8.5,))
held("j0 j1 i0 i1 i0e i1e", (-1.3,))
held("j0 j1 i0 i1", (0.0,))
held("hyp0f1", (1.5, 0.7), (2.0, -3.0), wrt=(1,))
held("hyp1f1", (1.5, 2.5, 0.7), (1.0, 2.0, -3.0), wrt=(2,))
held("hyp2f1", (1.5, 0.5, 2.5, 0.3), (1.0, 2.0, 3.0, -1.5), wrt=(3,))
held("hyperu", (1.5, 2.5, 0.7), wrt=(2,))
held("struve modstruve", (0, 1.3), (1.5, 2.0), (1, 0.5), wrt=(1,))
held("airy airye", (0.7,), (2.0,))
held("airy", (-1.5,))
held("itairy itj0y0 iti0k0 it2j0y0 it2i0k0 itstruve0 itmodstruve0 it2struve0", (1.2,))
held("sici shichi fresnel", (0.7,), (0.05,), (3.0,))
held("exp10 exp2 cbrt cosm1 expm1 log1p sindg cosdg tandg cotdg", (0.5,), (1.3,))
held("radian", (10.0, 20.0, 30.0))
held("xlogy xlog1py powm1", (0.5, 1.5), (2.0, 0.3))
held("stdtr", (3.0, 0.7), (10.0, -1.2), (2.5, 4.0), (3.0, 1e-3))
held("stdtrit", (3.0, 0.7), (4.0, 0.2))
held("stdtridf", (0.8, 1.2))
held("bdtr bdtrc bdtri nbdtr nbdtrc nbdtri", (2, 5, 0.3), wrt=(2,))
held("pdtr pdtrc", (2.0, 1.7), wrt=(1,))
held("pdtri", (2, 0.3), wrt=(1,))
held("pdtrik", (0.3, 4.0))
held("chdtr chdtrc", (3.0, 1.7), (5.5, 8.0))
held("chdtri", (3.0, 0.3))
held("chdtriv", (0.3, 2.0))
held("fdtr fdtrc", (3.0, 5.0, 0.7), (2.5, 4.0, 2.0))
held("fdtri", (3.0, 5.0, 0.7))
held("gdtr gdtrc gdtrix", (1.5, 2.0, 0.7))
held("gdtria", (0.3, 2.0, 0.7))
held("gdtrib", (1.5, 0.3, 0.7))
held("chndtr", (2.0, 3.0, 1.5), (0.7, 1.0, 4.0), wrt=(0, 2))
held("chndtrix", (0.4, 3.0, 1.5), wrt=(0, 2))
held("nrdtrimn", (0.3, 1.0, 0.5))
held("nrdtrisd", (0.2, 0.3, -0.5))
held("agm", (1.0, 3.0), (2.0, 2.0), (5.0, 0.1))
held("owens_t", (0.5, 0.7), (-1.0, 2.0))
held("voigt_profile", (0.5, 0.7, 0.3), (1.0, 0.5, 2.0), (3.0, 1.0, 0.2))
held("zetac", (2.5,), (0.5,), (-1.7,))
held("tklmbda", (0.3, 0.2), wrt=(0,))
held("eval_legendre eval_sh_legendre eval_chebyt eval_chebyu eval_chebyc eval_chebys eval_sh_chebyt eval_sh_chebyu "
     "eval_laguerre eval_hermite eval_hermitenorm", (0, 0.3), (1, 0.3), (4, 0.6), (2, 1.0), wrt=(1,))
held("eval_gegenbauer eval_genlaguerre", (3, 0.7, 0.4), (0, 0.7, 0.4), wrt=(2,))
held("eval_jacobi eval_sh_jacobi", (3, 1.7, 0.4, 0.3), (0, 1.7, 0.4, 0.3), wrt=(3,))
held("lpmv", (1, 2, 0.3), (0, 3, 0.4), wrt=(2,))
held("ber bei ker kei berp beip kerp keip", (1.3,))
held("pbdv", (1.5, 0.7), wrt=(1,))
held("pbwa", (0.5, 0.7), wrt=(1,))
held("pbvv", (1.5, 0.7), wrt=(1,))
held("elliprf", (1.0, 2.0, 3.0))
held("elliprc", (1.0, 2.0))
held("wright_bessel", (0.5, 1.5, 0.7), wrt=(2,))
held("besselpoly", (0.7, 1.5, 1.0), wrt=(0,))
held("kolmogorov", (0.8,))
held("kolmogi", (0.4,))
held("smirnov smirnovi", (5, 0.3), wrt=(1,))
#: Those whose first derivative is a function of SciPy that has none itself.
ONCE = {"kolmogorov", "kolmogi", "smirnov", "smirnovi", "elliprf", "elliprc"}
#: A value by another formula, within this of SciPy's.
POINTS = [pytest.param(name, point, wrt, id=f"{name}{point}") for name, points in TABLE.items() for point, wrt in points]
FIRST = [pytest.param(name, *points[0], id=name) for name, points in TABLE.items()]


def results(name, operands):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        found = getattr(special, name)(*operands)
    return found if isinstance(found, tuple) else (found,)


def floats(point, wrt):
    return [float(v) if i in wrt else v for i, v in enumerate(point)]


def difference(f, at):
    """The derivative of a function of one number, to some nine digits."""
    h = 2e-4 * (abs(at) if 0 < abs(at) < 1 else 1)
    one, two = (f(at + h) - f(at - h)) / (2 * h), (f(at + 2 * h) - f(at - 2 * h)) / (4 * h)
    three = (f(at + 3 * h) - f(at - 3 * h)) / (6 * h)
    return (15 * one - 6 * two + three) / 10


def replaced(values, i, value):
    return [*values[:i], value, *values[i + 1:]]


@pytest.mark.parametrize(("name", "point", "wrt"), POINTS)
def test_values_and_derivatives(name, point, wrt):
    """First derivatives are held against differences of SciPy's values, second ones against those of the first."""
    values = floats(point, wrt)
    leaves = [anp.array([v, v], requires_grad=True) if i in wrt else v for i, v in enumerate(values)]
    for k, (out, expected) in enumerate(zip(results(name, leaves), results(name, values), strict=True)):
        np.testing.assert_allclose(plain(out.detach()), expected, rtol=1e-13)
        for i in wrt:
            (first,) = autograd.grad(out.sum(), leaves[i], create_graph=True)
            wanted = difference(lambda t, i=i, k=k: results(name, replaced(values, i, t))[k], values[i])
            np.testing.assert_allclose(plain(first.detach()), [wanted] * 2, rtol=1e-6, atol=1e-8, err_msg=f"{k} in {i}")
            for j in wrt if name not in ONCE else ():
                def slope(t, i=i, j=j, k=k):
                    leaf = anp.array(values[i] if i != j else t, requires_grad=True)
                    return float(plain(autograd.grad(results(name, replaced(replaced(values, j, t), i, leaf))[k], leaf)[0]))

                second = None
                if first.requires_grad:
                    (second,) = autograd.grad(first.sum(), leaves[j], retain_graph=True, allow_unused=True)
                second = 0.0 if second is None else plain(second)
                np.testing.assert_allclose(second, difference(slope, values[j]), rtol=2e-6, atol=1e-7, err_msg=f"{k}: {i}, {j}")


@pytest.mark.parametrize(("name", "point", "wrt"), FIRST)
def test_broadcasting_flavours_and_nothing(name, point, wrt):
    values, shapes = floats(point, wrt), [(2, 1), (3,), (1, 3), (2, 3)]
    leaves = [anp.array(np.full(shapes[i], v), requires_grad=True) if i in wrt else v for i, v in enumerate(values)]
    out = results(name, leaves)[0]
    assert out.shape == np.broadcast_shapes(*(shapes[i] for i in wrt))
    grads = autograd.grad(out.sum(), [leaves[i] for i in wrt])
    tensors = [autodiff.tensor(v, dtype=autodiff.float64, requires_grad=True) if i in wrt else v for i, v in enumerate(values)]
    one = results(name, tensors)[0]
    assert type(one) is autodiff.Tensor and one.ndim == 0
    for g, single, i in zip(grads, autograd.grad(one, [tensors[i] for i in wrt]), wrt, strict=True):
        count = out.size // int(np.prod(shapes[i]))
        np.testing.assert_allclose(plain(g), np.full(shapes[i], single.item() * count), rtol=1e-12)
    nothing = [anp.array(np.zeros(0), requires_grad=True) if i in wrt else v for i, v in enumerate(values)]
    empty = results(name, nothing)[0]
    assert empty.shape == (0,) and all(g.shape == (0,) for g in autograd.grad(empty.sum(), [nothing[i] for i in wrt]))


@pytest.mark.parametrize(("name", "point", "wrt"), FIRST)
def test_float32_forward_mode_and_vmap(name, point, wrt):
    values = floats(point, wrt)
    narrow = [anp.array(np.full(2, v, np.float32), requires_grad=True) if i in wrt else v for i, v in enumerate(values)]
    out = results(name, narrow)[0]
    assert out.dtype == results(name, [plain(v.detach()) if i in wrt else v for i, v in enumerate(narrow)])[0].dtype
    wide = [anp.array(v, requires_grad=True) if i in wrt else v for i, v in enumerate(values)]
    expected = autograd.grad(results(name, wide)[0], [wide[i] for i in wrt])
    for g, want in zip(autograd.grad(out.sum(), [narrow[i] for i in wrt]), expected, strict=True):
        assert g.dtype == np.float32
        np.testing.assert_allclose(plain(g), [want.item()] * 2, rtol=2e-3, atol=1e-4)
    for i, want in zip(wrt, expected, strict=True):
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(anp.array([values[i]]), anp.array([1.0]))
            tangent = forward_ad.unpack_dual(results(name, replaced(values, i, dual))[0]).tangent
            np.testing.assert_allclose(plain(tangent), [want.item()], rtol=1e-10)

        def function(x, i=i):
            return results(name, replaced(values, i, x))[0]

        samples = anp.array([[values[i]], [values[i] * 1.01]])
        np.testing.assert_allclose(plain(autodiff.vmap(function)(samples)), [plain(function(x)) for x in samples], rtol=1e-13)
        slope = autodiff.func.grad(lambda x, f=function: f(x).sum())
        np.testing.assert_allclose(plain(autodiff.vmap(slope)(samples)), [plain(slope(x)) for x in samples], rtol=1e-11)


@pytest.mark.parametrize(("call", "at"), [
    (lambda x: special.zeta(x), 2.5), (lambda x: special.zeta(x), 0.5), (lambda x: special.zeta(x), -1.7),
    (lambda x: special.zeta(x, 0.7), 1.5), (lambda q: special.zeta(2.5, q), 0.7),
    (lambda x: special.lambertw(x).real, 0.5), (lambda x: special.lambertw(x).real, 0.0),
    (lambda x: special.lambertw(x, -1).real, -0.2), (special.sinc, 0.3), (lambda x: special.jvp(1, x, 1), 1.2),
    (lambda x: special.legendre(3)(x), 0.3), (lambda x: special.hermite(4)(x), 0.3), (lambda x: special.kvp(0, x), 1.3),
    (lambda x: special.hankel1(0.5, x).real, 1.3), (lambda x: special.hankel2(1, x).imag, 1.3),
    (lambda x: special.hankel1e(1, x).imag, 1.3), (lambda x: special.hankel2e(0, x).real, 1.3),
    (lambda x: special.kelvin(x)[0].imag, 1.3), (lambda x: special.kelvin(x)[3].real, 1.3),
])
def test_functions_that_call_ufuncs(call, at):
    x = anp.array([at], requires_grad=True)
    out = call(x)
    np.testing.assert_allclose(plain(out.detach()), [call(at)], rtol=1e-12)
    (first,) = autograd.grad(out.sum(), x, create_graph=True)
    np.testing.assert_allclose(plain(first.detach()), [difference(call, at)], rtol=1e-7, atol=1e-9)

    def slope(t):
        leaf = anp.array([t], requires_grad=True)
        return float(plain(autograd.grad(call(leaf).sum(), leaf)[0])[0])

    (second,) = autograd.grad(first.sum(), x)
    np.testing.assert_allclose(plain(second), [difference(slope, at)], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("call", "argument"), [
    (lambda v: special.jv(v, 1.5), "argument 1: a derivative in the order"),
    (lambda v: special.expn(v, 1.5), "argument 1: a derivative in the order"),
    (lambda a: special.hyp1f1(a, 2.0, 0.5), "argument 1: a derivative in it"),
    (lambda k: special.bdtr(k, 5, 0.3), "argument 1: the function is one of whole numbers"),
    (lambda n: special.eval_legendre(n, 0.3), "argument 1: a derivative in the order"),
])
def test_an_order_without_a_derivative_is_named_when_it_is_asked_for(call, argument):
    """The value is SciPy's; backward and forward mode say which argument is meant and what to do."""
    v = anp.array(2.0, requires_grad=True)
    value = call(v)
    np.testing.assert_allclose(plain(value.detach()), call(2.0))
    with pytest.raises(NotImplementedError, match=f"has no derivative in its {argument}.*detach"):
        value.backward()
    with forward_ad.dual_level(), pytest.raises(NotImplementedError, match="has no derivative"):
        call(forward_ad.make_dual(anp.array(2.0), anp.array(1.0)))
    np.testing.assert_allclose(plain(call(v.detach())), call(2.0))


def test_results_may_be_written_and_operands_are_watched():
    x = anp.array([0.5, 1.5], requires_grad=True)
    y = special.gamma(x)
    y *= 2.0
    y.sum().backward()
    np.testing.assert_allclose(plain(x.grad), 2 * special.gamma([0.5, 1.5]) * special.psi([0.5, 1.5]))


def test_complex_operands():
    z = anp.array([0.5 + 0.3j], requires_grad=True)
    (g,) = autograd.grad(special.wofz(z).real.sum(), z)
    value = special.wofz(0.5 + 0.3j)
    np.testing.assert_allclose(plain(g), np.conj([2j / np.sqrt(np.pi) - 2 * (0.5 + 0.3j) * value]))
    with pytest.raises(NotImplementedError, match="complex"):
        special.gamma(z)


@pytest.mark.parametrize(("name", "at", "slope"), [
    ("rgamma", -2.0, 2.0), ("rgamma", -3.0, -6.0), ("rgamma", 0.0, 1.0), ("gammainc", 0.0, 0.0), ("gammainc", np.inf, 0.0)])
def test_slopes_at_ends(name, at, slope):
    """1 / Gamma has zeros at -n, with the slope (-1)^n n!; gammainc(3, x) is flat at both ends, in both arguments."""
    operands = [anp.array(at, requires_grad=True)] if name == "rgamma" else [
        anp.array(3.0, requires_grad=True), anp.array(at, requires_grad=True)]
    for g in autograd.grad(getattr(special, name)(*operands), operands):
        np.testing.assert_allclose(plain(g), slope, atol=1e-15)


@pytest.mark.parametrize(("a", "x"), [(0.3, 1e-8), (0.01, 2.0), (5.0, 5.0), (80.0, 60.0), (1e4, 1.01e4), (2.0, 90.0)])
def test_the_derivative_of_the_incomplete_gamma_function_in_its_parameter(a, x):
    mpmath = pytest.importorskip("mpmath")
    leaf = anp.array(a, requires_grad=True)
    (g,) = autograd.grad(special.gammainc(leaf, x), leaf)
    with mpmath.workdps(150):
        h = mpmath.mpf(10) ** -20
        low, high = (mpmath.gammainc(mpmath.mpf(a) + s * h, 0, mpmath.mpf(x), regularized=True) for s in (-1, 1))
        wanted = float((high - low) / (2 * h))
    np.testing.assert_allclose(plain(g), wanted, rtol=2e-10)


@pytest.mark.parametrize(("a", "b", "x"), [(0.3, 2.0, 1e-6), (0.05, 0.04, 0.7), (5.0, 5.0, 0.5), (300.0, 200.0, 0.62)])
def test_the_derivative_of_the_incomplete_beta_function_in_its_parameters(a, b, x):
    mpmath = pytest.importorskip("mpmath")
    leaves = [anp.array(v, requires_grad=True) for v in (a, b)]
    grads = autograd.grad(special.betainc(*leaves, x), leaves)
    with mpmath.workdps(150):
        h = mpmath.mpf(10) ** -20
        for i, g in enumerate(grads):
            low, high = (mpmath.betainc(a + s * h * (i == 0), b + s * h * (i == 1), 0, mpmath.mpf(x), regularized=True)
                         for s in (-1, 1))
            np.testing.assert_allclose(plain(g), float((high - low) / (2 * h)), rtol=2e-10)


@pytest.mark.parametrize(("name", "at", "wanted"), [
    # 5! / 6! times the slope of 1 / Gamma at 0, which is 1
    ("binom", (5.0, 6.0), (1 / 6, -1 / 6)), ("boxcox", (0.0, 1.0), (1.0, 1.0)), ("boxcox", (1.0, 0.0), (1.0, 0.0)),
    ("betaln", (1e10, 1.0), (-1e-10, -23.60306659489199)), ("gammaincinv", (2.0, 0.0), (0.0, np.inf)),
    ("stdtr", (3.0, 0.0), (0.0, 2 / (np.sqrt(3) * np.pi))), ("chndtr", (2.0, 3.0, 0.0), (None, None, None)),
    ("voigt_profile", (0.3, 0.0, 1.0), (-0.6 / (np.pi * 1.09 ** 2), 0.0, (0.09 - 1.0) / (np.pi * 1.09 ** 2)))])
def test_slopes_in_all_arguments_at_ends(name, at, wanted):
    leaves = [anp.array(v, requires_grad=i != 1 or name != "chndtr") for i, v in enumerate(at)]
    asked = [v for v in leaves if v.requires_grad]
    found = [plain(g).item() for g in autograd.grad(getattr(special, name)(*leaves), asked)]
    if name == "chndtr":        # the central distribution, and the step to two more degrees of freedom
        density = np.exp(-1.0) * np.sqrt(2.0 / (2 * np.pi))
        wanted = (density, 0.5 * (special.chdtr(5.0, 2.0) - special.chdtr(3.0, 2.0)))
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-15)


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    import sys

    from autodiff.numpy import _scipy

    monkeypatch.setitem(sys.modules, "scipy.special", None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r"scipy\.special\.gamma needs SciPy: pip install autodiff-core\[scipy\]"):
        _scipy.sp.gamma(1.0)


@pytest.mark.parametrize(("name", "point"), [("gammainc", (2.5, 3.0)), ("betainc", (2.0, 3.0, 0.3)), ("ellipeinc", (0.7, 0.3))])
def test_derivatives_of_many_elements_are_computed_in_pieces(name, point):
    """As those of a few, with operands that broadcast."""
    count = 40000
    leaf = anp.array(np.linspace(0.5, 1.0, count).reshape(100, 400) * point[0], requires_grad=True)
    rest = [np.full(400, v) for v in point[1:]]
    (g,) = autograd.grad(getattr(special, name)(leaf, *rest).sum(), leaf)
    few = anp.array(plain(leaf.detach())[::33, :3], requires_grad=True)
    (wanted,) = autograd.grad(getattr(special, name)(few, *point[1:]).sum(), few)
    np.testing.assert_allclose(plain(g)[::33, :3], plain(wanted), rtol=1e-14)
