"""Special functions, and the parts of numbers."""
from math import log, pi

from .elementwise import _bitwise

#: What has no further derivative in its first operand, in words.
_ENDINGS = {"igamma_in_aa": "the third derivative of igamma in its first operand",
            "zeta_in_xx": "the third derivative of zeta in its first operand"}


def ending_value(np, x, kind):
    return x.copy()


def ending_dx(ops, g, kind):
    raise RuntimeError(f"{_ENDINGS[kind]} is not implemented: detach that operand, or differentiate less often")


def mvlgamma_of(ops, x, p):
    if isinstance(p, bool) or not hasattr(p, "__index__"):
        raise TypeError(f"mvlgamma(): argument 'p' (position 2) must be int, not {type(p).__name__}")
    p = p.__index__()
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    if ops.dtype(x).kind in "biu":
        x = ops.to(x, "float64" if ops.is_numpy(x) else ops.default_dtype())
    halves = ops.constant((ops.numpy.arange(p) / 2).astype(ops.dtype(x)), like=x)
    return ops.lgamma(ops.reshape(x, (*x.shape, 1)) - halves).sum(-1) + 0.25 * p * (p - 1) * log(pi)


def float_power_of(ops, x, y):
    dtype = "complex128" if any((ops.dtype(v).kind == "c") if ops.is_variable(v) else isinstance(v, complex)
                                for v in (x, y)) else "float64"
    x, y = [ops.to(v, dtype) if ops.is_variable(v) else v for v in (x, y)]
    return x ** y


def _real_floats(ops, *operands):
    """Operands at the dtype of floats that they promote to."""
    dtype = ops.common_dtype(operands)
    if dtype.kind in "biu":
        dtype = "float64" if any(ops.is_variable(v) and ops.is_numpy(v) for v in operands) else ops.default_dtype()
    return [ops.to(v, dtype) for v in operands]


def ldexp_of(ops, x, y):
    ops.operand(y, "ldexp", "other", 2)
    x, y = _real_floats(ops, x, y)
    half = ops.rint(y.detach() * 0.5)
    return x * ops.exp2(half) * ops.exp2(y - half)


def frexp_of(ops, x):
    """The power of 2 is constant between its steps; in two factors, since one alone may overflow."""
    if ops.dtype(x).kind != "f":
        raise RuntimeError("autodiff.frexp() only supports floating-point dtypes")
    values = ops.plain(x)
    exponent = ops.numpy.frexp(values)[1]
    half = exponent // 2
    powers = [ops.constant(ops.numpy.ldexp(ops.numpy.ones((), values.dtype), -part), like=x)
              for part in (half, exponent - half)]
    return x * powers[0] * powers[1], ops.constant(ops.numpy.asarray(exponent), like=x)


def _of_integers(ops, name, x, y):
    """gcd and lcm, which bools do not have."""
    numpys = ops.is_numpy(x) or (ops.is_variable(y) and ops.is_numpy(y))
    if not numpys:
        ops.operand(y, name, "other", 2)
        if ops.common_dtype((x, y)).kind == "b":
            raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")
    return _bitwise(ops, name, f"{name}_cpu", x, y)


def gcd_of(ops, x, y):
    return _of_integers(ops, "gcd", x, y)


def lcm_of(ops, x, y):
    return _of_integers(ops, "lcm", x, y)
