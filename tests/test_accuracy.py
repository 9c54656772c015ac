"""The largest error, in units in the last place, of the functions that have kernels of their own (docs/accuracy.md)."""
import math

import mpmath
import numpy as np
import pytest

import autodiff
from autodiff._variable import OPS
from checks import plain

inf, nan = math.inf, math.nan
PI_2 = math.pi / 2
COUNT = 2000


def evenly(low, high):
    return low, high, False


def by_magnitude(low, high):
    """Of both signs, the exponents of ten evenly."""
    return low, high, True


def points(ranges, extra, seed):
    """The same ones in every run: COUNT of each range, and those where a formula hands over to the next."""
    random = np.random.default_rng(seed)
    parts = [np.asarray(extra, np.float64)]
    for low, high, magnitudes in ranges:
        x = random.uniform(low, high, COUNT)
        parts.append(10.0 ** x * random.choice([-1.0, 1.0], COUNT) if magnitudes else x)
    return np.concatenate(parts)


def around(*values):
    """Each value with the doubles next to it, and all of them negative."""
    near = [w for v in values for w in (np.nextafter(v, -inf), v, np.nextafter(v, inf))]
    return near + [-w for w in near]


def erfinv(x, found):
    """One step of Halley's method in 50 digits from what was found triples its digits; from a wrong value it shows."""
    y, rest = abs(found), 1 - abs(x)
    miss = mpmath.erf(y) - abs(x) if abs(x) < 0.5 else rest - mpmath.erfc(y)
    step = miss / (2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-y * y))
    return mpmath.sign(x) * (y - step / (1 + y * step))


def softplus(x):
    return max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x)))


# Multiples of pi/2 to 53 bits, among them those nearest to a true one; integers and large doubles known to be near.
NEAR_ZEROS = [k * PI_2 for k in (*range(1, 60), 1001, 65537, 10 ** 6, 10 ** 9, 10 ** 15)] + [
    11.0, 22.0, 44.0, 355.0, 710.0, 103993.0, 104348.0, 6381956970095103 * 2.0 ** 797, 5.319372648326541e255]
WAVE = [evenly(-3.2, 3.2), evenly(-100, 100), evenly(-1e5, 1e5), by_magnitude(-300, 0), by_magnitude(5, 22),
        by_magnitude(22, 300)], [*around(PI_2 / 2, 2.0 ** 20), *NEAR_ZEROS]
LOGISTIC = [evenly(-2, 2), evenly(-40, 40), evenly(-700, 700), by_magnitude(-300, 0)], around(36.7, 64.0, 700.0)

# name: the bound in ulp, the reference in 50 digits, the function of a Tensor, ranges, further points
FUNCTIONS = {
    "sin": (1, mpmath.sin, autodiff.sin, *WAVE),
    "cos": (1, mpmath.cos, autodiff.cos, *WAVE),
    "tanh": (2, mpmath.tanh, autodiff.tanh, [evenly(-0.7, 0.7), evenly(-3, 3), evenly(-20, 20), by_magnitude(-320, 0)],
             around(0.625, 19.06, 22.0, 700.0)),
    "erf": (1, mpmath.erf, autodiff.erf, [evenly(-0.9, 0.9), evenly(0.8, 1.2), evenly(-7, 7), by_magnitude(-320, 0)],
            around(0.875, 1.0, 3.0, 5.9, 6.0, 30.0)),
    "erfc": (2, mpmath.erfc, autodiff.erfc, [evenly(-0.6, 0.6), evenly(0.45, 1), evenly(-7, 7), evenly(0.5, 26.5),
                                             evenly(26.5, 27.22), by_magnitude(-320, 0)], around(0.5, 6.0, 26.0)),
    "erfinv": (3, erfinv, autodiff.erfinv, [evenly(-1, 1), evenly(-0.3, 0.3), evenly(0.99, 1), by_magnitude(-300, 0)],
               [*around(0.5, 0.9966), *(s * (1 - 10.0 ** -k) for k in range(1, 16) for s in (1, -1)), 1 - 2.0 ** -53]),
    "normal_cdf": (4, lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2, OPS.normal_cdf,
                   [evenly(-0.8, 0.8), evenly(-10, 10), evenly(-38.4, -5), by_magnitude(-300, 0)], around(0.7071067811865476)),
    "logistic": (3, lambda x: 1 / (1 + mpmath.exp(-x)), OPS.logistic, *LOGISTIC),
    "logistic_slope": (4, lambda x: 1 / (2 + mpmath.exp(x) + mpmath.exp(-x)), OPS.logistic_slope, *LOGISTIC),
    "logaddexp": (2, softplus, lambda t: autodiff.logaddexp(t, autodiff.zeros_like(t)), *LOGISTIC),
}
# computed in double and rounded
FLOAT32 = {"erf": (-5, 5), "erfc": (-5, 10), "erfinv": (-1, 1), "normal_cdf": (-13, 6)}


def largest_error(found, wanted, spacing):
    """In units in the last place of what is wanted, and where in the list."""
    errors = [float(abs(mpmath.mpf(f.item()) - w)) / float(u) for f, w, u in zip(found, wanted, spacing)]
    return max(zip(errors, range(len(errors))))


def references(name, x, found):
    reference = FUNCTIONS[name][1]
    with mpmath.workdps(50):
        return [reference(mpmath.mpf(v.item()), *([mpmath.mpf(f.item())] if reference is erfinv else []))
                for v, f in zip(x, found)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_largest_error(name):
    bound, _, function, ranges, extra = FUNCTIONS[name]
    x = points(ranges, extra, seed=len(name))
    found = plain(function(autodiff.tensor(x)))
    wanted = references(name, x, found)
    error, position = largest_error(found, wanted, np.spacing(np.abs(np.array(wanted, np.float64))))
    assert error <= bound, f"{error:.3f} ulp at {x[position]!r}"


@pytest.mark.parametrize("name", FLOAT32)
def test_largest_error_of_float32(name):
    """What rounding to the nearest leaves, and a little."""
    x = np.random.default_rng(3).uniform(*FLOAT32[name], 400).astype(np.float32)
    found = plain(FUNCTIONS[name][2](autodiff.tensor(x)))
    assert found.dtype == np.float32
    wanted = references(name, x, found)
    error, position = largest_error(found, wanted, np.spacing(np.abs(np.array(wanted, np.float32))))
    assert error <= 0.55, f"{error:.3f} ulp at {x[position]!r}"


TINY = 5e-324


@pytest.mark.parametrize(("name", "wanted"), [
    # at         0     -0    inf   -inf  nan  TINY  -TINY
    ("sin",     (0.0, -0.0, nan, nan, nan, TINY, -TINY)),
    ("cos",     (1.0, 1.0, nan, nan, nan, 1.0, 1.0)),
    ("tanh",    (0.0, -0.0, 1.0, -1.0, nan, TINY, -TINY)),
    ("erf",     (0.0, -0.0, 1.0, -1.0, nan, TINY, -TINY)),
    ("erfc",    (1.0, 1.0, 0.0, 2.0, nan, 1.0, 1.0)),
    ("erfinv",  (0.0, -0.0, nan, nan, nan, TINY, -TINY)),
])
def test_special_values(name, wanted):
    found = plain(FUNCTIONS[name][2](autodiff.tensor([0.0, -0.0, inf, -inf, nan, TINY, -TINY], dtype=autodiff.float64)))
    np.testing.assert_array_equal(found, wanted)
    same = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(found)[same], np.signbit(wanted)[same])


def test_where_erfinv_ends():
    ends = plain(autodiff.erfinv(autodiff.tensor([1.0, -1.0, 1.5, -1.5], dtype=autodiff.float64)))
    np.testing.assert_array_equal(ends, [inf, -inf, nan, nan])


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_element_has_the_same_bits_wherever_it_stands(name, dtype):
    """In arrays of any length, among elements that need another method, strided, alone, as a scalar."""
    function = FUNCTIONS[name][2]
    with np.errstate(over="ignore"):
        x = points(*FUNCTIONS[name][3:], seed=11)[::4].astype(dtype)
    x = np.concatenate([x, np.array([inf, -inf, nan, 0, -0.0, 1, -1], dtype)])

    def value(array):
        return plain(function(autodiff.tensor(array))).view(f"u{x.itemsize}")

    whole = value(x)
    for count in (1, 2, 3, 5, 7, 8, 9, 15, 17, 31, 33):
        np.testing.assert_array_equal(value(x[:count]), whole[:count])
        np.testing.assert_array_equal(value(x[-count:]), whole[-count:])
    np.testing.assert_array_equal(value(np.tile(x, 3)), np.tile(whole, 3))
    np.testing.assert_array_equal(value(x[::3].copy()), whole[::3])
    view = autodiff.tensor(np.repeat(x, 3))[::3]
    np.testing.assert_array_equal(plain(function(view)).view(f"u{x.itemsize}"), whole)
    for position in range(0, len(x), 7):
        scalar = autodiff.tensor(x[position].item(), dtype=getattr(autodiff, dtype))
        assert plain(function(scalar)).view(f"u{x.itemsize}").item() == whole[position], x[position]


def test_the_largest_error_is_seen():
    """The measure itself: a value one double off is one ulp off, and a worse one is worse."""
    x = np.array([0.3, 0.7])
    found = np.array([math.sin(v) for v in x])
    off = (found.view(np.int64) + 2).view(np.float64)
    wanted = references("sin", x, found)
    spacing = np.spacing(found)
    assert largest_error(found, wanted, spacing)[0] <= 1 < 1.4 < largest_error(off, wanted, spacing)[0] <= 2.6
