"""Complex numbers: parts, conjugates, phases.

A gradient in a complex operand is the derivative in its real part plus 1j times that in its imaginary part: PyTorch's
convention, in which it points where a real result grows fastest.
"""


def _is_complex(ops, x):
    return ops.dtype(x).kind == "c"


def _float_operands(ops, name, x, y):
    """Two real operands of one float dtype."""
    for v, position in ((x, 1), (y, 2)):
        ops.operand(v, name, ("real", "imag")[position - 1] if name == "complex" else ("abs", "angle")[position - 1], position)
    if any(ops.dtype(v).kind != "f" for v in (x, y)):
        raise RuntimeError("Expected both inputs to be Half, Float or Double tensors but got "
                           f"{ops.scalar_name(x)} and {ops.scalar_name(y)}")
    if ops.dtype(x) != ops.dtype(y):
        raise RuntimeError(f"Expected object of scalar type {ops.scalar_name(x)} but got scalar type {ops.scalar_name(y)} for "
                           "second argument")
    if ops.dtype(x).itemsize < 4:
        raise RuntimeError(f"{name}() of half floats would be complex32, which NumPy does not have: convert with .float()")


# ---- conjugates and parts

def conj_front(ops, name, x):
    return ops.apply(name, (x,), ()) if _is_complex(ops, x) else x


def conj_value(np, x):
    return np.conj(x)


def conj_dx(ops, g):
    return ops.conj(g)


def itself(ops, x):
    return x


def real_of(ops, x):
    return ops.real_parts(x) if _is_complex(ops, x) else x


def imag_of(ops, x):
    if not _is_complex(ops, x):
        if ops.is_numpy(x):
            return ops.where(ops.numpy.zeros((1,) * x.ndim, bool), x, 0)        # of x's graph: the derivative is 0
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return ops.imaginary_parts(x)


def view_as_real_of(ops, x):
    if not _is_complex(ops, x):
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return ops.pairs_of_parts(x)


def view_as_complex_of(ops, x):
    if ops.dtype(x).kind != "f" or ops.dtype(x).itemsize < 4:
        raise RuntimeError("view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar "
                           f"type: {ops.scalar_name(x)}" + ("; half floats would make complex32, which NumPy does not have"
                                                            if ops.dtype(x).kind == "f" else ""))
    if not len(x.shape):
        raise RuntimeError("Input tensor must have one or more dimensions")
    if x.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    result = ops.joined_parts(x)
    if result is None:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    return result


# ---- made of two

def complex_front(ops, name, x, y):
    _float_operands(ops, name, x, y)
    return ops.apply(name, (x, y), ())


def _joined(np, x, y):
    """x + 1j * y without arithmetic, which would make NaN of infinities; shapes are broadcast."""
    x, y = np.broadcast_arrays(x, y)
    out = np.empty(x.shape, np.complex128 if x.dtype.itemsize > 4 else np.complex64)
    out.real, out.imag = x, y
    return out


def complex_value(np, x, y):
    return _joined(np, x, y)


def complex_dx(ops, g):
    return ops.real(g)


def complex_dy(ops, g):
    return ops.imag(g)


def polar_of(ops, x, y):
    _float_operands(ops, "polar", x, y)
    # Of copies, which nobody writes: PyTorch saves the result, which at abs = 0 has lost the angle.
    x, y = ops.clone(x), ops.clone(y)
    return ops.complex(x * ops.cos(y), x * ops.sin(y))


# ---- magnitude and phase

def magnitude_value(np, x):
    return np.abs(x)


def _kinked(ops, size):
    """0, whose derivative is NaN where a size is 0: no limit is at hand there for what follows a chosen value."""
    return ops.kink(size) if ops.records(size) and not ops.plain(size).all() else 0.0


def magnitude_dx(ops, g, x):
    return g * (ops.sgn(x) + _kinked(ops, ops.abs(x)))


def angle_front(ops, name, x):
    """Integers have the phases of floats; a real number's is 0 or pi, with the derivative 0."""
    if ops.dtype(x).kind in "biu":
        x = ops.to(x, ops.default_dtype() if not ops.is_numpy(x) else "float64")
    return ops.apply(name, (x,), ())


def angle_value(np, x):
    if x.dtype.kind == "c":
        return np.angle(x)
    return np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(np.pi), x.dtype.type(0)))


def angle_dx(ops, g, x):
    """g i z / abs(z)^2 in a complex operand; 0 at 0 and in a real one.  By abs(z), whose square may leave the range."""
    if not _is_complex(ops, x):
        return ops.zeros_like(g)
    size = ops.abs(x)
    return ops.where(size == 0, 0.0, g / ops.where(size == 0, 1.0, size)) * ((ops.sgn(x) + _kinked(ops, size)) * 1j)


def unit_value(np, x):
    return np.sign(x)


def unit_dx(ops, g, x, out):
    """(g - out Re(conj(out) g)) / abs(x), what of g is across x; 0 at 0."""
    size = ops.abs(x)
    across = g - out * ops.real(ops.conj(out) * g)
    return across * (ops.where(size == 0, 0.0, 1 / ops.where(size == 0, 1.0, size)) + _kinked(ops, size))


def exp2_complex_dx(ops, g, out):
    return g * ops.conj(out * 0.6931471805599453)


def asin_complex_dx(ops, g, x):
    """By two roots, and differences that keep the sign of an imaginary part of 0: on the cuts, beyond -1 and 1, it tells the
    side."""
    return g / ops.conj(ops.sqrt(-(x - 1)) * ops.sqrt(x - -1))


def atan_complex_dx(ops, g, x):
    return g / ops.conj(x * x + 1)


def asinh_complex_dx(ops, g, x):
    return g / ops.conj(ops.sqrt(x * x + 1))


def atanh_complex_dx(ops, g, x):
    return g / ops.conj(1 - x * x)


def pow_complex_dx(ops, g, x, y):
    """g conj(y x^(y - 1)); 0 where y is 0, at x = 0 too."""
    if not ops.is_variable(y):
        return g * ops.conj(x ** (y - 1) * y) if y else ops.zeros_like(g)
    if not ops.is_variable(x):
        return g * ops.conj(y * x ** (y - 1)) if x else ops.zeros_like(g)
    zero = (ops.plain(x) == 0) & (ops.plain(y) == 0)
    if not zero.any():
        return g * ops.conj(y * x ** (y - 1))
    return g * ops.conj(y * ops.where(zero, 1.0, x) ** (y - 1) + _kinked(ops, ops.abs(x) + ops.abs(y)))


def pow_complex_dy(ops, g, x, y, out):
    """g conj(x^y log x); 0 where x is 0 and the real part of y is not below 0."""
    if not ops.is_variable(x):
        return g * ops.conj(out * ops.numpy.log(ops.numpy.complex128(x))) if x else ops.zeros_like(g)
    exponent = ops.plain(y).real
    zero = (ops.plain(x) == 0) & (exponent >= 0)
    if not zero.any():
        return g * ops.conj(out * ops.log(x + 0j))
    # Beyond the exponent 1 the derivative in x has a limit, which is 0.
    steep = _kinked(ops, ops.where(zero & (exponent <= 1), ops.abs(x), 1.0))
    return g * ops.conj(out * ops.log(ops.where(zero, 1.0, x) + 0j) + steep)


def isreal_of(ops, x):
    values = ops.numpy.isreal(ops.plain(x))
    return values if ops.is_numpy(x) else ops.constant(values)
