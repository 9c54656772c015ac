"""Quotients with NumPy's bits; hypot, atan2 and the gamma functions in units of the last place."""
import mpmath
import numpy as np
import pytest

import autodiff
from checks import plain

dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def random_bits(rng, dtype, count):
    """Every exponent alike, infinities and nan among them."""
    return rng.integers(0, 256, count * np.dtype(dtype).itemsize, dtype=np.uint8).view(dtype)


def special(dtype):
    """Every pair of the values at the ends of the range, and of some within."""
    limits = np.finfo(dtype)
    values = np.array([0.0, np.inf, np.nan, 1.0, 0.5, 3.0, 1 / 3, 1e10, 7e20, limits.tiny, limits.smallest_subnormal,
                       5 * limits.smallest_subnormal, 0.6 * float(limits.max), limits.max], dtype)
    values = np.concatenate([values, -values])
    return [operand.ravel().copy() for operand in np.meshgrid(values, values)]


def operands(kind, dtype, count=50_000):
    rng = np.random.default_rng(3)
    y = rng.standard_normal(count).astype(dtype)
    digits = 7 if dtype == np.float32 else 15
    whole = np.rint(rng.standard_normal(count) * 10.0 ** rng.uniform(0, digits, count))
    if kind == "ordinary":
        return (10 * rng.standard_normal(count)).astype(dtype), y
    if kind == "any bits":
        return random_bits(rng, dtype, count), random_bits(rng, dtype, count)
    if kind == "any size":
        x = random_bits(rng, dtype, count)
        with np.errstate(invalid="ignore"):     # some bits are a signalling NaN's
            exponent = np.frexp(x)[1]
        exponent = exponent - rng.integers(-60, 60, count)
        with np.errstate(over="ignore"):
            return x, np.ldexp(y, exponent).astype(dtype)
    if kind == "denormal":
        tiny = np.finfo(dtype).smallest_subnormal
        return [rng.integers(-size, size, count).astype(dtype) * tiny for size in (10**6, 99)]
    if kind == "special":
        return special(dtype)
    x = (y * whole).astype(dtype)
    return {"multiple": x, "above a multiple": np.nextafter(x, dtype(np.inf)),
            "below a multiple": np.nextafter(x, dtype(-np.inf)), "half": (y * (whole + 0.5)).astype(dtype)}[kind], y


KINDS = ["ordinary", "any bits", "any size", "denormal", "special", "multiple", "above a multiple", "below a multiple",
         "half"]


def assert_same_bits(found, wanted):
    """Signs of zeros too; one nan is as good as another."""
    differ = (found != wanted) | (np.signbit(found) != np.signbit(wanted))
    assert not np.any(differ & ~(np.isnan(found) & np.isnan(wanted)))


@dtypes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "reference"), [
    ("fmod", np.fmod), ("remainder", np.remainder), ("floor_divide", np.floor_divide)])
def test_quotients_have_the_bits_of_numpy(name, reference, kind, dtype):
    x, y = operands(kind, dtype)
    with np.errstate(all="ignore"):
        wanted = reference(x, y)
    found = plain(getattr(autodiff, name)(autodiff.tensor(x), autodiff.tensor(y)))
    assert found.dtype == dtype
    assert_same_bits(found, wanted)


@dtypes
@pytest.mark.parametrize("name", ["fmod", "remainder", "floor_divide"])
def test_the_operand_may_be_the_result(name, dtype):
    """In place, with elements among the others that need another method than they do."""
    x, y = operands("ordinary", dtype)
    x[::7], y[3::11] = np.inf, 0.0
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(x, y)
    t = autodiff.tensor(x)
    getattr(t, name + "_")(autodiff.tensor(y))
    assert_same_bits(plain(t), wanted)


def ulps(found, x, reference):
    """The largest distance from what mpmath computes, in units of the last place of its double or float."""
    largest = 0.0
    with mpmath.workdps(40):
        for value, *arguments in zip(found, *x):
            wanted = reference(*(mpmath.mpf(float(argument)) for argument in arguments))
            place = np.spacing(np.abs(found.dtype.type(float(wanted))))
            largest = max(largest, float(abs(mpmath.mpf(float(value)) - wanted) / mpmath.mpf(float(place))))
    return largest


def planes(kind, dtype):
    rng = np.random.default_rng(5)
    x, y = (rng.standard_normal(800).astype(dtype) for _ in range(2))
    if kind == "one larger":
        y *= (10.0 ** rng.uniform(-9, 9, y.size)).astype(dtype)
    elif kind == "scaled":
        # far from 1 together, up to where the squares leave the range
        reach = 300 if dtype == np.float64 else 36
        scale = (10.0 ** rng.uniform(-reach, reach, x.size)).astype(dtype)
        x, y = x * scale, y * scale
    elif kind == "first octant":
        y = (np.abs(x) * rng.uniform(0, 1, x.size)).astype(dtype)
    return x, y


@dtypes
@pytest.mark.parametrize("kind", ["ordinary", "one larger", "scaled", "first octant"])
@pytest.mark.parametrize(("name", "reference", "bound"), [("hypot", mpmath.hypot, 1.0), ("atan2", mpmath.atan2, 1.0)])
def test_functions_of_a_point_of_the_plane(name, reference, bound, kind, dtype):
    x, y = planes(kind, dtype)
    found = plain(getattr(autodiff, name)(autodiff.tensor(y), autodiff.tensor(x)))
    # NumPy's own arctan2 of floats, the loop on processors with AVX-512, is 4 ulp
    assert ulps(found, (y, x), reference) <= bound


@dtypes
@pytest.mark.parametrize("name", ["hypot", "atan2"])
def test_ends_of_the_range_of_the_plane(name, dtype):
    x, y = special(dtype)
    found = plain(getattr(autodiff, name)(autodiff.tensor(y), autodiff.tensor(x)))
    wanted = {"hypot": np.hypot, "atan2": np.arctan2}[name](y.astype(np.longdouble), x.astype(np.longdouble))
    with np.errstate(over="ignore"):
        wanted = wanted.astype(dtype)
    np.testing.assert_array_equal(np.signbit(found)[~np.isnan(wanted)], np.signbit(wanted)[~np.isnan(wanted)])
    limits = np.finfo(dtype)
    np.testing.assert_allclose(found, wanted, rtol=4 * limits.eps, atol=float(limits.smallest_subnormal))


def positive(kind, dtype):
    rng = np.random.default_rng(7)
    near = rng.choice([-1, 1], 200) * 10.0 ** rng.uniform(-15, -1, 200)
    x = {"small": rng.uniform(0, 1, 300), "middle": rng.uniform(1, 12, 300),
         "any size": 10.0 ** rng.uniform(-15, 15, 200), "at the root of digamma": 1.4616321449683622 + near,
         "at 1": 1 + near, "at 2": 2 + near}[kind].astype(dtype)
    return x[(x != 1) & (x != 2)]


@dtypes
@pytest.mark.parametrize("kind", ["small", "middle", "any size", "at the root of digamma", "at 1", "at 2"])
@pytest.mark.parametrize(("name", "reference", "bound"), [
    ("digamma", mpmath.digamma, 4), ("polygamma", lambda x: mpmath.psi(1, x), 10), ("lgamma", mpmath.loggamma, 4)])
def test_gamma_functions_above_0(name, reference, bound, kind, dtype):
    x = positive(kind, dtype)
    if name == "polygamma":
        found = plain(autodiff.polygamma(1, autodiff.tensor(x)))
        finite = np.isfinite(found)
        assert np.all(x[~finite] < 1e-18)
        x, found = x[finite], found[finite]
    else:
        found = plain(getattr(autodiff, name)(autodiff.tensor(x)))
    assert ulps(found, (x,), reference) <= (bound if dtype == np.float64 else 1)


@dtypes
@pytest.mark.parametrize("name", ["fmod", "remainder", "hypot", "atan2", "digamma", "lgamma", "polygamma"])
def test_a_scalar_has_the_bits_of_the_array(name, dtype):
    """Whatever the method: ordinary elements, and rare ones between them."""
    x, y = (np.concatenate(pair)[::61] for pair in zip(operands("ordinary", dtype), operands("any bits", dtype),
                                                       operands("special", dtype)))
    kind = autodiff.float64 if dtype == np.float64 else autodiff.float32
    if name in ("digamma", "lgamma", "polygamma"):
        f = (lambda x, y: autodiff.polygamma(1, x)) if name == "polygamma" else lambda x, y: getattr(autodiff, name)(x)
    else:
        f = getattr(autodiff, name)
    together = plain(f(autodiff.tensor(x), autodiff.tensor(y)))
    apart = [f(*(autodiff.tensor(float(operand), dtype=kind) for operand in pair)).item() for pair in zip(x, y)]
    assert_same_bits(together, np.array(apart, dtype))


def test_sigmoid_of_float32():
    """Within 3 ulp of 50 digits down to the least denormal, wherever an element stands; NaN, infinities and zeros."""
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.uniform(-4, 4, 1500), rng.uniform(-104, 20, 1500), [-103.9, -88.8, -87.3, -17, 17, 89, 104],
                        10.0 ** rng.uniform(-45, 1, 300) * rng.choice([-1, 1], 300)]).astype(np.float32)
    found = plain(autodiff.sigmoid(autodiff.tensor(x)))
    assert found.dtype == np.float32
    with mpmath.workdps(50):
        wanted = [1 / (1 + mpmath.exp(-mpmath.mpf(v.item()))) for v in x]
        spacing = np.spacing(np.array(wanted, np.float32))
        errors = [abs(mpmath.mpf(f.item()) - w) / mpmath.mpf(u.item()) for f, w, u in zip(found, wanted, spacing)]
    assert max(errors) <= 3, x[int(np.argmax(errors))]
    assert found[x < -100].any() and (found[x > 20] == 1).all()
    special = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 3e38, -3e38, 1e-45, -1e-45], np.float32)
    np.testing.assert_array_equal(plain(autodiff.sigmoid(autodiff.tensor(special))),
                                  np.array([np.nan, 1, 0, 0.5, 0.5, 1, 0, 0.5, 0.5], np.float32))
    spread = plain(autodiff.sigmoid(autodiff.tensor(np.repeat(x, 3))[::3]))
    assert spread.tobytes() == found.tobytes()
    for position in range(0, len(x), 97):
        assert autodiff.sigmoid(autodiff.tensor(x[position].item(), dtype=autodiff.float32)).item() == found[position]
