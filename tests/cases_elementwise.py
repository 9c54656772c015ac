"""Elementwise rows: functions that NumPy lacks, remainders, clamping, choosing, activations, bits."""
import math

import numpy as np

import autodiff
from autodiff._variable import OPS
from checks import derivative, leaf

erf = np.vectorize(math.erf, otypes=[float])
REFERENCES = {"floor_quotient": np.floor_divide, "trunc_quotient": lambda x, y: np.trunc(x / y),
              "log1p_exp_minus": lambda x: np.log1p(np.exp(-x)), "one_minus_square": lambda x: 1 - x * x,
              "difference": np.subtract, "cosine_of": lambda x, y: x / np.hypot(x, y),
              "logistic": lambda x: 1 / (1 + np.exp(-x)), "logistic_slope": lambda x: 1 / (2 + np.exp(x) + np.exp(-x)),
              "flat": lambda x: 0 * x, "kink": lambda x: 0 * x,
              "hole": lambda x: np.where(x == 0, np.nan, 0 * x), "pow_slope_at_0": lambda x, y: 0 * x * y}
SHAPES = ((), (2, 3), (0,))
BAD = [1, np.nan, np.inf]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(x))


def softplus(x, beta=1):
    return np.log1p(np.exp(beta * x)) / beta


def softplus_above(x, beta, threshold):
    return np.where(beta * x > threshold, x, softplus(x, beta))


def gelu_by_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def activation(f, ref, in_place=None, *more):
    """The cases of an activation: shapes, in place where it has such a form, and given ones of other parameters."""
    cases = [(str(s), f, ref, [s]) for s in SHAPES]
    if in_place:
        cases.append(("in place", lambda x: getattr(x * 1, in_place)(), ref, [(3,)]))
    return cases + [(name, g, other, [(2, 3)]) for name, g, other in more]


CASES = {
    "leaky_relu": [(str(s), lambda x: x.leaky_relu(0.2), lambda x: np.where(x > 0, x, 0.2 * x), [s]) for s in SHAPES]
                  + [("in place", lambda x: x.clone().leaky_relu_(0.2), lambda x: np.where(x > 0, x, 0.2 * x), [(3,)])],
    "round": [(str(s), lambda x: (x * 1.7).round(), lambda x: np.round(1.7 * x), [s]) for s in SHAPES]
             + [("2 decimals", lambda x: (x * 1.2345).round(decimals=2), lambda x: np.round(x * 1.2345, 2), [(2, 3)]),
                ("tens", lambda x: (x * 123.45).round(decimals=-1), lambda x: np.round(x * 123.45, -1), [(2, 3)]),
                ("in place", lambda x: (x * 1.7).round_(), lambda x: np.round(1.7 * x), [(3,)])],
    "clamp": [(f"{low} {high} {s}", lambda x, low=low, high=high: x.clamp(low, high),
               lambda x, low=low, high=high: np.clip(x, low, high), [s])
              for low, high in ((-0.5, 0.45), (0.05, None), (None, 0.03)) for s in ((), (2, 3))]
             + [("empty", lambda x: x.clamp(0, 1), lambda x: np.clip(x, 0, 1), [(0,)]),
                ("Tensors", lambda x, low, high: x.clamp(low, low + high * high),
                 lambda x, low, high: np.clip(x, low, low + high * high), [(2, 3), (3,), (2, 1)]),
                ("a Tensor", lambda x, y: autodiff.clip(x, max=y), np.minimum, [(3,), (2, 3)]),
                ("in place", lambda x: (x * 1).clamp_(-0.5, 0.45), lambda x: np.clip(x, -0.5, 0.45), [(2, 3)])],
    "lerp": [(f"{w} {s} {t}", lambda x, y, w=w: x.lerp(y, w), lambda x, y, w=w: x + w * (y - x), [s, t])
             for w in (0.3, 0.8) for s, t in (((), ()), ((2, 3), (3,)))]
            + [(f"weights {s}", lambda x, y, w: autodiff.lerp(x, y, w), lambda x, y, w: x + w * (y - x), s)
               for s in ([(), (), ()], [(2, 3), (3,), (2, 1)], [(3,), (3,), ()], [(0,), (0,), (0,)])]
            + [("in place", lambda x, y: (x * 1).lerp_(y, 0.3), lambda x, y: x + 0.3 * (y - x), [(2, 3), (3,)])],
    "addcmul": [(f"{s}", lambda x, y, z: autodiff.addcmul(x, y, z, value=0.5), lambda x, y, z: x + 0.5 * y * z, s)
                for s in ([(), (), ()], [(2, 3), (3,), (2, 1)], [(0,), (0,), (1,)])]
               + [("value 1", lambda x, y, z: x.addcmul(y, z), lambda x, y, z: x + y * z, [(3,), (3,), (3,)]),
                  ("in place", lambda x, y, z: (x * 1).addcmul_(y, z, value=2), lambda x, y, z: x + 2 * y * z,
                   [(2, 3), (3,), ()])],
    "addcdiv": [(f"{s}", lambda x, y, z: autodiff.addcdiv(x, y, z, value=0.5), lambda x, y, z: x + 0.5 * y / z, s)
                for s in ([(), (), ()], [(2, 3), (3,), (2, 1)], [(0,), (0,), (1,)])]
               + [("value 1", lambda x, y, z: x.addcdiv(y, z), lambda x, y, z: x + y / z, [(3,), (3,), (3,)]),
                  ("in place", lambda x, y, z: (x * 1).addcdiv_(y, z, value=2), lambda x, y, z: x + 2 * y / z,
                   [(2, 3), (3,), ()])],
    "nan_to_num": [(str(s), lambda x: x.nan_to_num(), lambda x: x, [s]) for s in SHAPES]
                  + [("what it replaces", lambda x: autodiff.nan_to_num(x + autodiff.tensor(BAD, dtype=x.dtype), 2, 3),
                      lambda x: np.nan_to_num(x + BAD, nan=2, posinf=3), [(3,)]),
                     ("in place", lambda x: (x * 1).nan_to_num_(), lambda x: x, [(3,)])],
    "elu": activation(lambda x: x.elu(), elu, "elu_",
                      ("alpha", lambda x: autodiff.elu(x, 0.5), lambda x: elu(x, 0.5))),
    "selu": activation(lambda x: x.selu(), lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772), "selu_"),
    "celu": activation(lambda x: x.celu(), elu, "celu_",
                       ("alpha", lambda x: autodiff.celu(x, 2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x / 2)))),
    "gelu": activation(lambda x: x.gelu(), lambda x: x * 0.5 * (1 + erf(x / np.sqrt(2))), None,
                       ("tanh", lambda x: autodiff.gelu(x, approximate="tanh"), gelu_by_tanh)),
    "silu": activation(lambda x: x.silu(), lambda x: x * sigmoid(x), "silu_"),
    "mish": activation(lambda x: x.mish(), lambda x: x * np.tanh(softplus(x)), "mish_"),
    "softplus": activation(lambda x: x.softplus(), softplus, None,
                           ("beta", lambda x: autodiff.softplus(x, 2), lambda x: softplus(x, 2)),
                           ("threshold", lambda x: x.softplus(2, threshold=0.05), lambda x: softplus_above(x, 2, 0.05))),
    "logsigmoid": activation(lambda x: x.logsigmoid(), lambda x: np.log(sigmoid(x))),
    "hardtanh": activation(lambda x: x.hardtanh(-0.5, 0.45), lambda x: np.clip(x, -0.5, 0.45), None,
                           ("in place", lambda x: (x * 3).hardtanh_(), lambda x: np.clip(3 * x, -1, 1))),
    "threshold": activation(lambda x: x.threshold(0.05, 0.7), lambda x: np.where(x > 0.05, x, 0.7), None,
                            ("in place", lambda x: (x * 1).threshold_(0.05, -1), lambda x: np.where(x > 0.05, x, -1))),
}
POINTWISE = {"leaky_relu", "round", "clamp", "nan_to_num", "selu", "gelu", "silu", "mish", "threshold"}

WHOLE, BITS = np.array([5, -3, 6, 0]), np.array([1, 2, 3, 4])
TRUE = np.array([True, False, True, False])


def by_operator(symbol, function, values=(WHOLE, BITS)):
    """The cases of a bitwise op: operator, function, number on either side, in place, broadcast, another dtype."""
    name = function.__name__
    op = eval(f"lambda x, y: x {symbol} y")
    x, y = values

    def in_place(x, y):
        same = getattr(x, f"bitwise_{name.removeprefix('bitwise_')}_")(y)
        assert same is x
        return x

    return [("operator", op, op, [x, y]), ("number right", lambda x: op(x, 2), lambda x: op(x, 2), [x]),
            ("number left", lambda y: op(2, y), lambda y: op(2, y), [y]),
            ("in place", in_place, lambda x, y: op(x, y), [x, y]), ("broadcast", op, op, [x, y[:, None]]),
            ("0-d", op, op, [x[0], y[1]]), ("empty", op, op, [x[:0], y[:0]]),
            ("int32", op, op, [x.astype(np.int32), y.astype(np.int32)])]


VALUES = {
    "floor_divide": [("operator", lambda x, y: x // y, lambda x, y: x // y, [WHOLE, BITS]),
                     ("floats", lambda x, y: x // y, lambda x, y: x // y, [WHOLE / 2, BITS * -0.75]),
                     ("number left", lambda y: 7 // y, lambda y: 7 // y, [BITS]),
                     ("in place", lambda x: x.floor_divide_(2), lambda x: x // 2, [WHOLE / 2]),
                     ("0-d", lambda x: x // 2, lambda x: x // 2, [np.array(-3.5)]),
                     ("empty", lambda x: x // 2, lambda x: x // 2, [np.zeros((0, 2))])],
    "heaviside": [("floats", lambda x, y: x.heaviside(y), np.heaviside, [WHOLE / 2, BITS / 4]),
                  ("broadcast", autodiff.heaviside, np.heaviside, [WHOLE / 2, np.array([[0.5], [1.0]])]),
                  ("0-d", autodiff.heaviside, np.heaviside, [np.array(0.0), np.array(0.5)])],
    "isclose": [("floats", lambda x, y: x.isclose(y), np.isclose,
                 [np.array([1, 2, np.nan, np.inf]), np.array([1 + 1e-9, 2.1, np.nan, np.inf])]),
                ("tolerances", lambda x, y: autodiff.isclose(x, y, rtol=0.1, equal_nan=True),
                 lambda x, y: np.isclose(x, y, rtol=0.1, equal_nan=True), [np.array([1, np.nan]), np.array([1.05, np.nan])]),
                ("0-d", autodiff.isclose, np.isclose, [np.array(1), np.array(2)])],
    **{name: [("floats", lambda x, name=name: getattr(x, name)(), getattr(np, name), [array])
              for array in (np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e308]), np.array([np.inf, -np.inf], np.float32),
                            np.array([1, 2]), np.array([True, False]), np.array(np.inf), np.array(-np.inf), np.zeros((0, 2)))]
       for name in ("isposinf", "isneginf")},
    "bitwise_and": by_operator("&", np.bitwise_and)
                   + [("bools", lambda x, y: x & y, np.bitwise_and, [TRUE, TRUE[::-1]]),
                      ("comparisons", lambda x: (x > 1) & (x < 6), lambda x: (x > 1) & (x < 6), [WHOLE / 1])],
    "bitwise_or": by_operator("|", np.bitwise_or) + [("bools", lambda x: x | False, lambda x: x | False, [TRUE])],
    "bitwise_xor": by_operator("^", np.bitwise_xor) + [("bools", lambda x, y: x ^ y, np.bitwise_xor, [TRUE, TRUE[::-1]])],
    "bitwise_left_shift": by_operator("<<", np.left_shift),
    "bitwise_right_shift": by_operator(">>", np.right_shift),
    "bitwise_not": [("integers", lambda x: ~x, np.invert, [WHOLE]), ("bools", autodiff.bitwise_not, np.invert, [TRUE]),
                    ("in place", lambda x: x.bitwise_not_(), np.invert, [WHOLE]),
                    ("0-d", lambda x: ~x, np.invert, [np.array(5)])],
}


def constant_between(*rows):
    """Derivative 0 at a whole number and at a half one, of orders 1 and 2; NaN nowhere."""
    for row in rows:
        for x in (-1.0, 0.0, 0.5, 2.5):
            assert derivative(getattr(autodiff, row), x) == 0
            assert derivative(lambda x, row=row: getattr(autodiff, row)(x) * x, x, order=2) == 0


def in_both(f, x, y):
    """The derivatives of a function of two operands in each."""
    return derivative(f, x, y), derivative(lambda b, a: f(a, b), y, x)


def remainder_kink():
    assert in_both(autodiff.remainder, 4.0, 2.0) == (1, -2)
    assert in_both(autodiff.remainder, -4.0, 2.0) == (1, 2)
    assert in_both(autodiff.remainder, -3.0, 2.0) == (1, 2)


def fmod_kink():
    assert in_both(autodiff.fmod, 4.0, 2.0) == (1, -2)
    assert in_both(autodiff.fmod, -3.0, 2.0) == (1, 1)


def frac_kink():
    assert derivative(autodiff.frac, 2.0) == 1


def quotient_kinks():
    for mode in ("floor", "trunc"):
        assert in_both(lambda x, y, mode=mode: x.div(y, rounding_mode=mode), 4.0, 2.0) == (0, 0)
        assert in_both(lambda x, y, mode=mode: x.div(y, rounding_mode=mode), 4.0, 0.0) == (0, 0)


def extreme_ties():
    for f in (autodiff.maximum, autodiff.minimum):
        assert in_both(f, 1.5, 1.5) == (0.5, 0.5)
        assert np.isnan(f(leaf(np.nan), leaf(1.0)).item()) and np.isnan(f(leaf(1.0), leaf(np.nan)).item())
    for f in (autodiff.fmax, autodiff.fmin):
        assert in_both(f, 1.5, 1.5) == (1, 0)
        assert in_both(f, np.nan, 1.5) == (0, 1)
        assert in_both(f, 1.5, np.nan) == (1, 0)


def clamp_boundaries():
    assert derivative(lambda x: x.clamp(-1, 1), 1.0) == derivative(lambda x: x.clamp(-1, 1), -1.0) == 1
    assert in_both(autodiff.clamp_min, 1.0, 1.0) == in_both(autodiff.clamp_max, 1.0, 1.0) == (1, 0)
    assert derivative(lambda x: x.clamp(2, 1), 1.5) == 0


def hard_boundaries():
    assert derivative(autodiff.hardtanh, 1.0) == derivative(autodiff.hardtanh, -1.0) == 0
    assert derivative(autodiff.relu6, 0.0) == derivative(autodiff.relu6, 6.0) == 0
    assert derivative(autodiff.hardsigmoid, 3.0) == derivative(autodiff.hardsigmoid, -3.0) == 0
    assert derivative(autodiff.hardswish, -3.0) == 0 and derivative(autodiff.hardswish, 3.0) == 1
    assert derivative(lambda x: x.threshold(0.5, 2), 0.5) == 0


def copysign_kink():
    assert in_both(autodiff.copysign, 0.0, -1.0) == (0, 0)
    assert in_both(autodiff.copysign, 1.0, -0.0) == (-1, 0)
    assert in_both(autodiff.copysign, -np.inf, 2.0) == (-1, 0)
    assert np.isnan(derivative(autodiff.copysign, np.nan, 1.0))


def nan_to_num_kinks():
    for bad in (np.nan, np.inf, -np.inf):
        assert derivative(autodiff.nan_to_num, bad) == 0


def elu_kinks():
    assert derivative(autodiff.elu, 0.0) == 1 and derivative(lambda x: x.elu(0.5), 0.0) == 0.5
    assert derivative(autodiff.elu, 0.0, order=2) == 1
    assert derivative(autodiff.celu, 0.0) == 1
    assert abs(derivative(autodiff.selu, 0.0) - 1.7580993408473766) < 1e-15


def softplus_kink():
    assert derivative(lambda x: x.softplus(1, 2), 2.0) == 1 / (1 + np.exp(-2.0))
    assert derivative(lambda x: x.softplus(1, 2), 2.1) == 1


def leaky_relu_kink():
    assert derivative(lambda x: autodiff.leaky_relu(x, 0.25), 0.0) == 0.25


def same_infinities():
    """As two equal numbers, in the second order too."""
    for f in (autodiff.logaddexp, autodiff.logaddexp2):
        for x in (np.inf, -np.inf):
            assert derivative(lambda v, f=f, x=x: f(v, x), x) == derivative(lambda v, f=f, x=x: f(x, v), x) == 0.5
            assert derivative(lambda v, f=f, x=x: f(v, x), x, order=2) == derivative(lambda v, f=f: f(v, 3.0), 3.0, order=2)
    for x in (np.inf, -np.inf):
        assert derivative(lambda v, x=x: OPS.exp_shifted(v, x), x) == 1


def cosine_at_the_origin():
    assert np.isnan(derivative(lambda v: OPS.cosine_of(v, 0.0), 0.0))


KINKS = {"cosine_of": cosine_at_the_origin,
         **dict.fromkeys(("exp_shifted", "logaddexp", "logaddexp2"), same_infinities),
         "leaky_relu": leaky_relu_kink, "remainder": remainder_kink, "fmod": fmod_kink, "frac": frac_kink,
         "floor_quotient": quotient_kinks, "trunc_quotient": quotient_kinks, "clamp": clamp_boundaries,
         "copysign": copysign_kink, "nan_to_num": nan_to_num_kinks, "softplus": softplus_kink}
KINKS |= dict.fromkeys(("sign", "sgn", "floor", "ceil", "trunc", "round"),
                       lambda: constant_between("sign", "sgn", "floor", "ceil", "trunc", "round"))
KINKS |= {"rint": KINKS["round"]}
KINKS |= dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), extreme_ties)
KINKS |= dict.fromkeys(("clamp_min", "clamp_max"), clamp_boundaries)
KINKS |= dict.fromkeys(("hardtanh", "relu6", "hardsigmoid", "hardswish", "threshold"), hard_boundaries)
KINKS |= dict.fromkeys(("elu", "selu"), elu_kinks)
