"""Elementwise ops whose text is too long for a row, or that take parameters."""
from .common import C_TYPES, rounded_once


def where_value(np, x, y, condition):
    return np.where(condition, x, y)


def where_dx(ops, g, condition):
    return ops.where(condition, g, 0.0)


def where_dy(ops, g, condition):
    return ops.where(condition, 0.0, g)


# ---- arguments

def of_kinds(ops, x, kernel, kinds="f"):
    """x, if it is real floating point (or of other kinds); else PyTorch's error, which names its kernel."""
    if ops.dtype(x).kind not in kinds:
        raise NotImplementedError(f'"{kernel}" not implemented for \'{ops.scalar_name(x)}\'')
    return x


def float_front(ops, name, x, *params):
    kernel = {"celu": "elu"}.get(name, name) + "_cpu"
    return ops.apply(name, (of_kinds(ops, x, kernel),), params)


def _without_derivative(ops, name, result, *operands):
    """The result of an op that PyTorch has no derivative for: recorded all the same, so that a reverse pass through it
    raises instead of leaving the gradient out."""
    if any(ops.tangent(x) is not None for x in operands):
        raise NotImplementedError(f"Trying to use forward AD with {name} that does not support it because it has not been "
                                  "implemented yet.")
    if not any(ops.records(x) for x in operands):
        return result

    def refuse(gs, needs):
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    (recorded,) = ops.custom(operands, (result,), refuse, "NotImplemented")
    return ops.like(recorded, result)


# ---- rounding and remainders

@rounded_once
def round_of(ops, x, decimals):
    if decimals == 0:
        return ops.rint(x)
    of_kinds(ops, x, "round_cpu")
    scale = 10.0 ** abs(decimals)
    up, down = (x * scale, lambda whole: whole / scale) if decimals > 0 else (x / scale, lambda whole: whole * scale)
    return ops.named(ops.keep_number(down(ops.rint(ops.keep_number(up)))), "RoundBackward1", x)


def scaled_front(ops, name, x, y, alpha):
    """add, sub: the same op of alpha times the second operand."""
    return name, (x, ops.scaled(name, x, y, alpha))


def rounded_front(ops, name, x, y, rounding_mode):
    """div with a rounding_mode: a quotient without a derivative."""
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(f"{name} expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
                           f"'{rounding_mode}'")
    return f"{rounding_mode}_quotient", (x, y)


def _numpys(ops, *operands):
    """Whether an operand has NumPy's flavour."""
    return any(ops.is_variable(v) and ops.is_numpy(v) for v in operands)


def floor_divide_of(ops, x, y):
    """PyTorch has no derivative of it; NumPy's flavour has that of every function with steps, 0."""
    if _numpys(ops, x, y):
        return ops.floor_quotient(x, y)
    return _without_derivative(ops, "floor_divide", ops.floor_quotient(x, y), x, y)


# ---- clamping, blending

def clamp_of(ops, x, low, high):
    if low is None and high is None:
        raise RuntimeError("autodiff.clamp: At least one of 'min' or 'max' must not be None")
    result = x
    if low is not None:
        result = ops.clamp_min(result, low)
    if high is not None:
        result = ops.clamp_max(result, high)
    tensors = ops.is_variable(low) or ops.is_variable(high)
    return ops.named(result, "ClampBackward0" if tensors else "ClampBackward1", x)


def numpy_clip(ops, x, a_min, a_max, low, high):
    """numpy.clip, whose bounds have two names each; both absent leave the operand as it is."""
    if (a_min is not None and low is not None) or (a_max is not None and high is not None):
        raise ValueError("Passing `min` or `max` keyword argument when `a_min` and `a_max` are provided is forbidden.")
    low, high = a_min if low is None else low, a_max if high is None else high
    return x.clone() if low is None and high is None else clamp_of(ops, x, low, high)


def numpy_where(ops, condition, x, y):
    """numpy.where: of the condition alone, where it holds."""
    if x is None and y is None:
        return tuple([ops.constant(positions, like=condition if ops.is_variable(condition) else None)
                      for positions in ops.numpy.nonzero(ops.numpy.atleast_1d(ops.plain(condition)))])
    if type(condition) in (list, tuple):
        condition = ops.lifted(condition)
    if not ops.is_variable(x) and not isinstance(x, (bool, int, float, complex)):
        x = ops.lifted(x)
    if not ops.is_variable(y) and not isinstance(y, (bool, int, float, complex)):
        y = ops.lifted(y)
    return ops.where(condition, x, y)


def _same_dtype(ops, x, y, argument):
    """PyTorch refuses to blend two dtypes."""
    if ops.dtype(x) != ops.dtype(y):
        names = [ops.scalar_name(v).lower() for v in (x, y)]
        raise RuntimeError(f"expected dtype {names[0]} for `{argument}` but got dtype {names[1]}")


@rounded_once
def lerp_of(ops, x, end, weight):
    """From the nearer end, so that both ends are met exactly."""
    ops.operand(end, "lerp", "end", 2)
    _same_dtype(ops, x, end, "end")
    ops.broadcast_shapes(x.shape, end.shape)
    if not ops.is_variable(weight):
        of_kinds(ops, x, "lerp_kernel_scalar", "fc")
        if isinstance(weight, (complex, ops.numpy.complexfloating)) and ops.dtype(x).kind != "c":
            raise RuntimeError(f"value cannot be converted to type {C_TYPES[ops.dtype(x).name]} without overflow")
        return ops.named(x + ops.keep_number(weight * (end - x)) if abs(weight) < 0.5
                         else end - ops.keep_number((end - x) * (1 - weight)), "LerpBackward0", x)
    if weight.ndim:         # one without dimensions is promoted as a number is
        _same_dtype(ops, x, weight, "weight")
    of_kinds(ops, x, "lerp_kernel_tensor", "fc")
    near = abs(ops.plain(weight)) < 0.5
    # One of the two forms above in each element, without computing the other: it may be infinite.
    return ops.named(ops.where(near, x, end) + ops.where(near, weight, weight - 1) * (end - x), "LerpBackward1", x)


def softsign_complex_dx(ops, g, x):
    """The size of x depends on it alone, along x: (g - u Re(conj(u) g) r / (1 + r)) / (1 + r), r = abs(x), u = x / r."""
    whole = 1 + ops.abs(x)
    return g / whole - ops.sgn(x) * (ops.real(ops.conj(g) * x) / whole / whole)


def logaddexp_plane_value(np, x, y):
    """The larger real part stays outside, and its imaginary part too: what is inside is within a half turn of 0.

    Two infinite real parts: the angle of an infinity is that of the sum, that of no weight is nobody's.
    """
    with np.errstate(all="ignore"):
        swapped = x.real < y.real
        low, high = np.where(swapped, x, y), np.where(swapped, y, x)
        out = high + np.log1p(np.exp(low - high))
        same = (low.real == high.real) & np.isinf(low.real)
        if same.any():
            out = np.where(same, np.where(low.real < 0, low, np.log(np.exp(low) + np.exp(high))), out)
    return np.asarray(out, np.result_type(x, y))


def logaddexp_plane_dx(ops, g, x, out, shape_x):
    """In the operand's own shape, as forward mode wants it."""
    dx = g * ops.exp(x - out)
    if tuple(dx.shape) == tuple(shape_x):
        return dx
    first = dx.ndim - len(shape_x)
    dims = [*range(first), *(first + d for d, n in enumerate(shape_x) if n == 1 != dx.shape[first + d])]
    return ops.reshape(ops.sum(dx, tuple(dims), False), tuple(shape_x))


def _at_one_dtype(ops, name, x, tensor1, tensor2, value):
    """The operands at the dtype that they promote to, in which value, a number, has no part; value scales tensor1."""
    dtype = ops.common_dtype((x, tensor1, tensor2))
    value = ops.factor(value, name, "value")
    x, tensor1, tensor2 = [ops.to(v, dtype) for v in (x, tensor1, tensor2)]
    if ops.is_variable(value):
        return x, tensor1 * ops.to(value, dtype), tensor2
    if isinstance(value, (complex, ops.numpy.complexfloating)) and dtype.kind != "c":
        raise RuntimeError(f"value cannot be converted to type {C_TYPES[dtype.name]} without overflow")
    if dtype.kind in "iub":     # PyTorch's kernels take numbers of their dtype
        value = bool(value) if dtype.kind == "b" else int(value)
    return x, tensor1 if value == 1 else tensor1 * value, tensor2


@rounded_once
def addcmul_of(ops, x, tensor1, tensor2, value):
    ops.operand(tensor1, "addcmul", "tensor1", 2)
    ops.operand(tensor2, "addcmul", "tensor2", 3)
    x, tensor1, tensor2 = _at_one_dtype(ops, "addcmul", x, tensor1, tensor2, value)
    return x + tensor1 * tensor2


@rounded_once
def addcdiv_of(ops, x, tensor1, tensor2, value):
    ops.operand(tensor1, "addcdiv", "tensor1", 2)
    ops.operand(tensor2, "addcdiv", "tensor2", 3)
    if ops.dtype(tensor1).kind in "iub" and ops.dtype(tensor2).kind in "iub":
        raise RuntimeError("Integer division with addcdiv is no longer supported: make one of the operands floating point "
                           "for a true division, or write input + value * torch.div(tensor1, tensor2, "
                           "rounding_mode='trunc')")
    x, tensor1, tensor2 = _at_one_dtype(ops, "addcdiv", x, tensor1, tensor2, value)
    return x + tensor1 / tensor2


def nan_to_num_of(ops, x, nan, posinf, neginf):
    values = ops.plain(x)
    if values.dtype.kind not in "fc":
        return x.clone()
    replaced = ops.numpy.nan_to_num(values, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)
    return ops.where(ops.numpy.isfinite(values), x, replaced)


def heaviside_of(ops, x, values):
    """As floor_divide, without a derivative to PyTorch."""
    if values is not None and _numpys(ops, x, values):
        return _numpy_heaviside(ops, x, values)
    ops.operand(values, "heaviside", "values", 2)
    if ops.dtype(x) != ops.dtype(values):
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    if ops.dtype(x).kind == "c":
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    a, b = ops.plain(x), ops.plain(values)
    ops.broadcast_shapes(a.shape, b.shape)
    # NaN is not above 0 to PyTorch.
    result = ops.numpy.where(a == 0, b, (a > 0).astype(a.dtype))
    return _without_derivative(ops, "heaviside", ops.constant(result, like=x), x, values)


def _numpy_heaviside(ops, x, values):
    """NaN at NaN; constant between its steps, so that the derivative in x is 0."""
    if any(ops.is_variable(v) and ops.dtype(v).kind == "c" for v in (x, values)):
        raise TypeError("ufunc 'heaviside' not supported for the input types: complex numbers are neither below 0 nor above it")
    step = ops.where(x == 0, values, (ops.sign(x) + 1.0) * 0.5)
    return ops.where(x != x, x, step)


# ---- activations

def leaky_relu_front(ops, name, x, negative_slope):
    if ops.is_variable(negative_slope):
        return ops.where(x > 0, x, x * negative_slope)
    if ops.dtype(x).kind in "biu":
        x = ops.to(x, "float64" if ops.is_numpy(x) else ops.default_dtype())
    return ops.apply(name, (x,), (negative_slope,))


def _ordered(x, kernel):
    """Refuse complex numbers, which have no order, in PyTorch's words."""
    if x.dtype.kind == "c":
        kind = "ComplexFloat" if x.itemsize == 8 else "ComplexDouble"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind}'")


def leaky_relu_value(np, x, negative_slope):
    _ordered(x, "leaky_relu_cpu")
    return np.where(x > 0, x, x * x.dtype.type(negative_slope))


def leaky_relu_dx(ops, g, x, negative_slope):
    return ops.where(ops.plain(x) > 0, g, g * negative_slope)


def elu_value(np, x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x)))


def elu_dx(ops, g, x, alpha):
    """exp of what is not positive alone: of the rest it would be infinite."""
    return g * ops.where(x > 0, 1.0, alpha * ops.exp(ops.where(x > 0, 0.0, x)))


#: Under which a standard normal input gives a mean of 0 and a variance of 1.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@rounded_once
def selu_of(ops, x):
    return ops.elu(x, SELU_ALPHA) * SELU_SCALE


def celu_front(ops, name, x, alpha):
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return float_front(ops, name, x, alpha)


def celu_value(np, x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x) / alpha))


def celu_dx(ops, g, x, alpha):
    return g * ops.where(x > 0, 1.0, ops.exp(ops.where(x > 0, 0.0, x) / alpha))


@rounded_once
def gelu_of(ops, x, approximate):
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    of_kinds(ops, x, "GeluKernelImpl")
    if approximate == "none":
        return x * ops.normal_cdf(x)
    # The logistic function of twice u is (1 + tanh(u)) / 2 without the subtraction of equal numbers below 0.  It is 0 or
    # 1 long before 30; beyond, a power of x would overflow.
    near = ops.clamp(x, -30.0, 30.0)
    return x * ops.logistic(1.5957691216057308 * (near + 0.044715 * (near * near * near)))


@rounded_once
def silu_of(ops, x):
    return of_kinds(ops, x, "silu_cpu", "fc") * ops.sigmoid(x)


@rounded_once
def mish_of(ops, x):
    return of_kinds(ops, x, "mish_cpu") * ops.tanh(ops.softplus(x, 1, 40))


def softplus_value(np, x, beta, threshold):
    z = x if beta == 1 else x * beta
    if threshold > 80:      # where the exponential of a float32 overflows
        value = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    else:
        value = np.log1p(np.exp(np.minimum(z, threshold)))
    return np.where(z > threshold, x, value if beta == 1 else value / beta)


def softplus_dx(ops, g, x, beta, threshold):
    z = x if beta == 1 else x * beta
    return g * ops.where(z > threshold, 1.0, ops.logistic(z))


def logsigmoid_of(ops, x):
    return ops.log_logistic(of_kinds(ops, x, "log_sigmoid_cpu"))


def hardtanh_front(ops, name, x, low, high):
    if low > high:
        raise ValueError("min_val cannot be greater than max_val")
    return ops.apply(name, (x,), (low, high))


def hardtanh_value(np, x, low, high):
    _ordered(x, "hardtanh_cpu")
    return np.minimum(np.maximum(x, x.dtype.type(low)), x.dtype.type(high))


def hardtanh_dx(ops, g, x, low, high):
    values = ops.plain(x)
    return ops.where((values <= low) | (values >= high), 0.0, g)


def threshold_value(np, x, threshold, value):
    _ordered(x, "threshold_cpu")
    return np.where(x <= threshold, x.dtype.type(value), x)


def threshold_dx(ops, g, x, threshold):
    return ops.where(ops.plain(x) <= threshold, 0.0, g)


def logit_of(ops, x, eps):
    if eps is not None:
        # Outside the interval the value is constant and the derivative 0; NaN stays NaN.
        x = ops.where(x < eps, eps, ops.where(x > 1 - eps, 1 - eps, x))
    return ops.log_odds(x)


def polygamma_of(ops, x, n):
    if not hasattr(n, "__index__"):
        raise TypeError(f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    n = n.__index__()
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    if n > 100:
        raise RuntimeError(f"polygamma(n, x) supports n up to 100, not {n}: doubles overflow for most x beyond")
    if n == 0:
        return ops.named(ops.digamma(x), "PolygammaBackward0", x)
    return ops.trigamma(x) if n == 1 else ops.polygamma_at(x, n)


# ---- comparisons, bits: values alone

def _infinite_on_one_side(ops, x, name, compute):
    values = ops.plain(x)
    if values.dtype.kind == "c":
        raise RuntimeError(f"{name} does not support complex inputs.")
    result = ops.numpy.asarray(compute(values))
    return result if ops.is_numpy(x) else ops.constant(result)


def isposinf_of(ops, x):
    return _infinite_on_one_side(ops, x, "isposinf", lambda values: values == ops.numpy.inf)


def isneginf_of(ops, x):
    return _infinite_on_one_side(ops, x, "isneginf", lambda values: values == -ops.numpy.inf)


def isclose_of(ops, x, y, rtol, atol, equal_nan):
    ops.operand(y, "isclose", "other", 2)
    if ops.dtype(x) != ops.dtype(y):
        raise RuntimeError(f"{ops.scalar_name(x)} did not match {ops.scalar_name(y)}")
    for name, given in (("rtol", rtol), ("atol", atol)):
        if given < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {given}")
    a, b = ops.plain(x), ops.plain(y)
    ops.broadcast_shapes(a.shape, b.shape)
    result = ops.numpy.isclose(a, b, rtol, atol, equal_nan)
    return result if ops.is_numpy(x) else ops.constant(result)


def _bitwise(ops, name, kernel, x, y):
    """A ufunc of integers or bools, at the dtype they promote to."""
    if ops.is_numpy(x) or ops.is_numpy(y):      # NumPy's own dtypes (bools are shifted as int8) and errors
        a, b = [v if type(v) is int else ops.plain(v) for v in (x, y)]
        return ops.constant(getattr(ops.numpy, name)(a, b), like=x if ops.is_numpy(x) else y)
    dtype = ops.common_dtype((x, y))
    if dtype.kind not in "iub":
        kind = ops.scalar_name(ops.numpy.empty(0, dtype))
        raise NotImplementedError(f'"{kernel}" not implemented for \'{kind}\'')
    a, b = [ops.plain(v).astype(dtype, copy=False) for v in (x, y)]
    ops.broadcast_shapes(a.shape, b.shape)
    return ops.constant(getattr(ops.numpy, name)(a, b).astype(dtype, copy=False), like=x if ops.is_variable(x) else y)


def bitwise_and_of(ops, x, y):
    return _bitwise(ops, "bitwise_and", "bitwise_and_cpu", x, y)


def bitwise_or_of(ops, x, y):
    return _bitwise(ops, "bitwise_or", "bitwise_or_cpu", x, y)


def bitwise_xor_of(ops, x, y):
    return _bitwise(ops, "bitwise_xor", "bitwise_xor_cpu", x, y)


def bitwise_left_shift_of(ops, x, y):
    return _bitwise(ops, "left_shift", "lshift_cpu", x, y)


def bitwise_right_shift_of(ops, x, y):
    return _bitwise(ops, "right_shift", "rshift_cpu", x, y)


def bitwise_not_of(ops, x):
    if ops.dtype(x).kind not in "iub":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return ops.constant(ops.numpy.invert(ops.plain(x)), like=x)
