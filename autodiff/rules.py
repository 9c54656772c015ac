"""The catalogue: every op autodiff knows, one row each.

From a row follow the compiled loops for each dtype, the same rule on C doubles for scalars, the recorded derivative
(and so the derivatives of every order), the saved values, method, operator, function, stub, documentation row and
tests.  This file is read by the build (which must not import the package), by the tests and by the documentation; it
imports the standard library only.

The grammar of a row
--------------------
``Rule(name, value, dx, dy, dz, ...)``.  The four texts are Python expressions in a closed vocabulary:

* ``x y z``     the operands; ``xs`` stands for all operands of a row with any number of them;
* ``out``       the result, ``g`` the cotangent of the result;
* parameters    the names declared in ``params``;
* numbers, ``+ - * /``, unary minus, comparisons ``< <= > >= == !=``, ``where(condition, a, b)``;
* ``FUNCTIONS``: elementwise rows whose value is a call of their own name, as ``exp(x)``;
* names of ``helpers``, for rows that are not elementwise.

What is **saved** for the reverse pass is what ``dx``, ``dy``, ``dz`` mention: ``x``, ``y``, ``z`` or ``out``.  The
tokens ``shape_x``, ``shape_y`` are known without saving an array and do not count.  An operand's value is saved only
if the operand whose derivative mentions it needs a gradient (``x * y`` with a constant ``y`` saves ``y`` alone).
A derivative of ``None`` says that the op has none in that operand; an op with no derivative at all is not recorded.
A derivative of ``0`` says that it is zero everywhere (``floor``).

A row whose loop is ``composite`` has no derivative of its own: its value is a call of a helper that computes with
recorded ops, so that everything else follows from theirs.  ``grad_fn`` then names the last node.

========== =============================================================================================
field      meaning
========== =============================================================================================
kind       ``elementwise``, ``linear``, ``multilinear``, ``reduction``, ``gather``, ``custom``; fixes the tangent:
           a linear op applies itself to the tangent, a multilinear one to each in turn, an elementwise one
           puts the tangent for ``g``
operands   the names of the operands, in order: ``"x"``, ``"xy"``, ``"xyz"``, or ``"*"`` for any number
names      the operands' names in PyTorch's signature; ``input, other`` where not given; ``*tensors`` where any number
           of operands are the arguments themselves
params     the parameters after the operands, in PyTorch's spelling, with defaults
numpy_params  the same in NumPy's spelling where names, order or defaults differ
numpy_value  the call of the method of the NumPy flavour, of a helper, where NumPy means something else by the name
numpy_returns  the type of what that returns, in the stubs, where it is not the same
front      who reads the arguments of a call and applies the op: a helper by name, ``""`` for nobody (the arguments are
           the op's), ``compiled`` where method and function are written in ``_variable``
compiled   whether ``_variable`` names the op, for a fast path; a change of other rows compiles nothing but themselves
signature  core dimensions in the notation of NumPy's generalised ufuncs; empty for elementwise ops
method     the method's name on a Variable (True: the row's name; False: none); aliases in ``aliases``
infix      the Python operator: ``add`` renders ``__add__``, ``__radd__`` and ``__iadd__``
inplace    whether ``name_`` exists
numpy      the NumPy function of the same meaning, for dispatch and for tests of the value
loop       kernel source: ``numpy:NAME`` captures NumPy's inner loop, ``c`` renders the text of ``value`` (which may be
           a call of a C function of ``_special.h``), ``helper`` evaluates it on plain arrays, ``composite`` on recorded
           values, ``view`` shares the operand's storage under another geometry
fast       a value-only VJP in C beside the recorded one, by name; the tests hold the two together
dtype      the result's dtype: ``promote``, ``float`` (integers become the default dtype), ``bool``, ``same``, ``index``
outputs    names of the results where there are several: the call returns a named tuple of them
grad_fn    the name of the node, PyTorch's; a dict where overloads differ, keyed by ``t``/``n`` (tensor, number) for
           each position, ``""`` for the rest
special    exponents (or other constant second operands) that have a row of their own: ``{2: "square"}``
at         the interval tests and documentation sample operands from; ``at_y`` for the second
kinks      points without a derivative and the value chosen there, as ``{point: "convention"}``
complex    ``holomorphic`` (the cotangent rule is conj(expr(conj g))), ``refused``, or a text of its own
out        whether the function of a row that is not elementwise takes ``out=`` (refused where a gradient is wanted);
           those of elementwise rows do
returns    the result's type in the stubs where it is not that of the first operand, which is ``_V`` in it
source     where the formula is written down
doc        one line for the reference
errors     what is raised for what, a sentence, where it is not what every op raises
example    ``expression -> what it shows``, run by the tests; the names of autodiff are known in it
========== =============================================================================================

Expressions are parsed, never substituted as text (``1/2*g`` must not become C's integer division), and rendered to C
compiled with ``-ffp-contract=off``, so that a scalar's gradient has the bits of an array's on every machine.
"""
from __future__ import annotations

from dataclasses import dataclass, field

KINDS = ("elementwise", "linear", "multilinear", "reduction", "gather", "custom")


@dataclass(frozen=True)
class Rule:
    name: str
    value: str
    dx: str | None = None
    dy: str | None = None
    dz: str | None = None
    kind: str = "elementwise"
    operands: str = ""
    names: str = ""
    params: str = ""
    numpy_params: str | None = None
    numpy_value: str = ""
    numpy_returns: str = ""
    front: str = ""
    compiled: bool = False
    signature: str = ""
    method: bool | str = True
    function: bool = True
    aliases: tuple[str, ...] = ()
    infix: str | None = None
    inplace: bool = False
    numpy: str | None = None
    loop: str = "c"
    fast: str | None = None
    dtype: str = "promote"
    outputs: tuple[str, ...] = ()
    grad_fn: str | dict[str, str] = ""
    special: dict[float, str] = field(default_factory=dict)
    at: tuple[float, float] = (-2.0, 2.0)
    at_y: tuple[float, float] | None = None
    kinks: dict[str, str] = field(default_factory=dict)
    complex: str = "refused"
    out: bool = False
    returns: str = ""
    source: str = ""
    doc: str = ""
    errors: str = ""
    example: str = ""

    @property
    def arity(self) -> int:
        """How many operands a call has; -1 for any number."""
        return -1 if self.operands == "*" else len(self.operands)

    @property
    def elementwise(self) -> bool:
        """Whether loops are compiled for the row."""
        return not self.signature and (self.loop == "c" or self.loop.startswith("numpy:"))

    @property
    def composite(self) -> bool:
        """Whether the row is computed by other rows, and so has no op of its own."""
        return self.loop == "composite"

    @property
    def rendered(self) -> bool:
        """Whether method and function follow from the row alone, in ``_ops``."""
        return not self.elementwise and self.front != "compiled" and bool(self.method or self.function)

    @property
    def spread(self) -> bool:
        """Whether the operands are the positional arguments of the call, however many."""
        return self.names.startswith("*")

    @property
    def numpy_method(self) -> bool:
        """Whether the NumPy flavour has a method of its own."""
        return self.numpy_params is not None and bool(self.numpy_value or (self.rendered and self.method))

    @property
    def operand_names(self) -> tuple[str, ...]:
        """The operands' names in a call."""
        if self.names:
            return tuple(self.names.lstrip("*").replace(",", " ").split())
        return ("tensors",) if self.operands == "*" else ("input", "other", "third")[:len(self.operands)]


def _elementwise(name, value, dx=None, dy=None, *, numpy=None, loop=None, grad_fn="", **fields):
    """A row whose loops are rendered; the operands are those that the value names."""
    operands = "".join(letter for letter in "xyz" if letter in _names(value))
    if not grad_fn:
        grad_fn = name.title().replace("_", "") + "Backward0"
    return Rule(name, value, dx, dy, operands=operands, numpy=numpy, grad_fn=grad_fn,
                loop=loop or (f"numpy:{numpy}" if numpy else "c"), **fields)


def _names(text: str) -> set[str]:
    import ast

    return {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}


#: x where a power series in it holds, 0 elsewhere: its powers must not overflow where another branch is chosen.
_NEAR_0 = "where(abs(x) < 0.1, x, 0)"
#: The distance of (y, x) from the origin, and 1 at the origin itself, where it has no derivative.
_RADIUS = "hypot(x, where(abs(x) + abs(y) == 0, 1, y))"
CALCULUS = "elementary calculus"
GILES = "Giles 2008, An extended collection of matrix derivative results"
ADDED = "Where beta is 0, the values of input, which may be NaN, take no part.  Raises RuntimeError for shapes that do not fit."
TORCH_KINK = "PyTorch, notes/autograd: gradients for non-differentiable functions"

RULES: tuple[Rule, ...] = (
    # ---- arithmetic
    _elementwise("add", "x + y", "g", "g", kind="linear", infix="add", inplace=True, numpy="add",
                 complex="holomorphic", doc="Sum of two operands.",
                 example="tensor([1.0, 2.0]).add(3.0, alpha=10) -> tensor([31., 32.])"),
    _elementwise("sub", "x - y", "g", "-g", kind="linear", infix="sub", inplace=True, numpy="subtract",
                 grad_fn={"": "SubBackward0", "nt": "RsubBackward1"}, complex="holomorphic",
                 aliases=("subtract",), doc="Difference of two operands.",
                 example="tensor([1.0, 2.0]) - tensor([[1.0], [2.0]]) -> tensor([[ 0.,  1.],\n        [-1.,  0.]])"),
    _elementwise("mul", "x * y", "g * y", "g * x", kind="multilinear", infix="mul", inplace=True, numpy="multiply",
                 complex="holomorphic", aliases=("multiply",), doc="Product of two operands.",
                 example="tensor([1.0, 2.0]) * tensor([3.0, 4.0]) -> tensor([3., 8.])"),
    _elementwise("div", "x / y", "g / y", "-g * out / y", infix="truediv", inplace=True, numpy="true_divide",
                 dtype="float", grad_fn={"": "DivBackward0", "nt": "MulBackward0"}, at_y=(0.5, 2.0),
                 complex="holomorphic", source=CALCULUS, aliases=("divide", "true_divide"), doc="Quotient of two operands.",
                 example="tensor([1, 2]) / 2 -> tensor([0.5000, 1.0000])"),
    _elementwise("pow", "pow(x, y)", "g * where(y == 0, 0, y * pow(x, y - 1))",
                 "g * where(x == 0, where(y < 0, log(x) * out, 0), out * log(x))", infix="pow", inplace=True,
                 names="input, exponent",
                 numpy="power", grad_fn={"": "PowBackward1", "tn": "PowBackward0", "nt": "PowBackward2"},
                 special={2: "square", 1: "positive", 0.5: "sqrt", -1: "reciprocal"}, at=(0.5, 2.0), at_y=(-2.0, 2.0),
                 kinks={"x = 0, y >= 0": "0 in y", "y = 0": "0 in x"},
                 source=CALCULUS, doc="x to the power y.",
                 example="tensor([1.0, 2.0, 3.0]) ** 2 -> tensor([1., 4., 9.])"),
    _elementwise("neg", "-x", "-g", kind="linear", infix="neg", inplace=True, numpy="negative",
                 complex="holomorphic", aliases=("negative",), doc="Negation.",
                 example="-tensor([1.0, -2.0]) -> tensor([-1.,  2.])"),
    _elementwise("positive", "x", "g", kind="linear", infix="pos", numpy="positive", complex="holomorphic",
                 grad_fn={"": "PositiveBackward0", "tn": "PowBackward0"}, doc="The operand itself.",
                 example="+tensor([1.0, -2.0]) -> tensor([ 1., -2.])"),
    _elementwise("abs", "abs(x)", "g * where(x > 0, 1, where(x < 0, -1, 0 * x))", infix="abs", inplace=True,
                 numpy="absolute", aliases=("absolute",), kinks={"x = 0": "0"}, source=TORCH_KINK,
                 doc="Absolute value.", example="abs(tensor([-1.5, 2.0])) -> tensor([1.5000, 2.0000])"),
    _elementwise("reciprocal", "1 / x", "-g * out * out", inplace=True, numpy="reciprocal", dtype="float",
                 grad_fn={"": "ReciprocalBackward0", "tn": "PowBackward0"}, at=(0.5, 2.0), complex="holomorphic",
                 source=CALCULUS, doc="1 / x.", example="tensor([2.0, 4.0]).reciprocal() -> tensor([0.5000, 0.2500])"),
    _elementwise("square", "square(x)", "g * (2 * x)", inplace=True, numpy="square", grad_fn="PowBackward0",
                 complex="holomorphic", source=CALCULUS, doc="x * x.",
                 example="tensor([3.0, -2.0]).square() -> tensor([9., 4.])"),
    _elementwise("sqrt", "sqrt(x)", "g / (2 * out)", inplace=True, numpy="sqrt", dtype="float",
                 grad_fn={"": "SqrtBackward0", "tn": "PowBackward0"}, at=(0.5, 2.0), kinks={"x = 0": "inf"},
                 complex="holomorphic", source=CALCULUS, doc="Square root.",
                 example="tensor([4, 9]).sqrt() -> tensor([2., 3.])"),
    # ---- transcendental functions
    _elementwise("exp", "exp(x)", "g * out", inplace=True, numpy="exp", dtype="float", complex="holomorphic",
                 source=CALCULUS, doc="Exponential.", example="tensor([0.0, 1.0]).exp() -> tensor([1.0000, 2.7183])"),
    _elementwise("log", "log(x)", "g / x", inplace=True, numpy="log", dtype="float", at=(0.5, 2.0),
                 kinks={"x = 0": "inf"}, complex="holomorphic", source=CALCULUS, doc="Natural logarithm.",
                 example="tensor([1.0, 10.0]).log() -> tensor([0.0000, 2.3026])"),
    _elementwise("sin", "sin(x)", "g * cos(x)", inplace=True, numpy="sin", dtype="float", complex="holomorphic",
                 source=CALCULUS, doc="Sine; x in radians.",
                 example="tensor([0.0, 1.0]).sin() -> tensor([0.0000, 0.8415])"),
    _elementwise("cos", "cos(x)", "g * -sin(x)", inplace=True, numpy="cos", dtype="float", complex="holomorphic",
                 source=CALCULUS, doc="Cosine; x in radians.",
                 example="tensor([0.0, 1.0]).cos() -> tensor([1.0000, 0.5403])"),
    _elementwise("tanh", "tanh(x)", "g * (1 - out * out)", inplace=True, numpy="tanh", dtype="float",
                 complex="holomorphic", source=CALCULUS, doc="Hyperbolic tangent.",
                 example="tensor([0.0, 1.0]).tanh() -> tensor([0.0000, 0.7616])"),
    _elementwise("sigmoid", "1 / (1 + exp(-x))", "g * (1 - out) * out", inplace=True, dtype="float",
                 source=CALCULUS, doc="Logistic function 1 / (1 + exp(-x)).",
                 example="tensor([0.0, 2.0]).sigmoid() -> tensor([0.5000, 0.8808])"),
    _elementwise("relu", "where(x <= 0, 0, x)", "where(out <= 0, 0 * out, g)", inplace=True, kinks={"x = 0": "0"},
                 source=TORCH_KINK, doc="max(x, 0).", example="tensor([-1.0, 2.0]).relu() -> tensor([0., 2.])"),
    _elementwise("tan", "tan(x)", "g * (1 + out * out)", inplace=True, numpy="tan", dtype="float", at=(-1.2, 1.2),
                 complex="holomorphic", source=CALCULUS, doc="Tangent; x in radians.",
                 example="tensor([0.0, 1.0]).tan() -> tensor([0.0000, 1.5574])"),
    _elementwise("exp2", "exp2(x)", "g * (0.6931471805599453 * out)", inplace=True, numpy="exp2", dtype="float",
                 complex="holomorphic", source=CALCULUS, doc="2 to the power x.",
                 example="tensor([0.0, 3.0]).exp2() -> tensor([1., 8.])"),
    _elementwise("expm1", "expm1(x)", "g * (out + 1)", inplace=True, numpy="expm1", dtype="float", complex="holomorphic",
                 source=CALCULUS, doc="exp(x) - 1, accurate for small x.",
                 example="tensor([0.0, 1.0]).expm1() -> tensor([0.0000, 1.7183])"),
    _elementwise("log1p", "log1p(x)", "g / (x + 1)", inplace=True, numpy="log1p", dtype="float", at=(-0.5, 2.0),
                 grad_fn="Log1PBackward0", kinks={"x = -1": "inf"}, complex="holomorphic", source=CALCULUS,
                 doc="log(1 + x), accurate for small x.", example="tensor([0.0, 1.0]).log1p() -> tensor([0.0000, 0.6931])"),
    _elementwise("log2", "log2(x)", "g / (x * 0.6931471805599453)", inplace=True, numpy="log2", dtype="float",
                 at=(0.5, 2.0), kinks={"x = 0": "inf"}, complex="holomorphic", source=CALCULUS,
                 doc="Logarithm to base 2.", example="tensor([1.0, 8.0]).log2() -> tensor([0., 3.])"),
    _elementwise("log10", "log10(x)", "g / (x * 2.302585092994046)", inplace=True, numpy="log10", dtype="float",
                 at=(0.5, 2.0), kinks={"x = 0": "inf"}, complex="holomorphic", source=CALCULUS,
                 doc="Logarithm to base 10.", example="tensor([1.0, 1000.0]).log10() -> tensor([0., 3.])"),
    _elementwise("rsqrt", "1 / sqrt(x)", "-0.5 * g * (out * out * out)", inplace=True, dtype="float", at=(0.5, 2.0),
                 kinks={"x = 0": "-inf"}, complex="holomorphic", source=CALCULUS, doc="1 / sqrt(x).",
                 example="tensor([4.0, 0.25]).rsqrt() -> tensor([0.5000, 2.0000])"),
    _elementwise("cbrt", "cbrt(x)", "g / (3 * (out * out))", inplace=True, numpy="cbrt", dtype="float", at=(0.5, 2.0),
                 kinks={"x = 0": "inf"}, source=CALCULUS, doc="Cube root.",
                 example="tensor([8.0, -27.0]).cbrt() -> tensor([ 2., -3.])"),
    _elementwise("asin", "asin(x)", "g / sqrt(1 - x * x)", inplace=True, numpy="arcsin", dtype="float", at=(-0.9, 0.9),
                 aliases=("arcsin",), kinks={"abs(x) = 1": "inf"}, complex="holomorphic", source=CALCULUS,
                 doc="Inverse sine, in radians.", example="tensor([0.0, 1.0]).asin() -> tensor([0.0000, 1.5708])"),
    _elementwise("acos", "acos(x)", "-g / sqrt(1 - x * x)", inplace=True, numpy="arccos", dtype="float", at=(-0.9, 0.9),
                 aliases=("arccos",), kinks={"abs(x) = 1": "-inf"}, complex="holomorphic", source=CALCULUS,
                 doc="Inverse cosine, in radians.", example="tensor([0.0, 1.0]).acos() -> tensor([1.5708, 0.0000])"),
    _elementwise("atan", "atan(x)", "g / (x * x + 1)", inplace=True, numpy="arctan", dtype="float", aliases=("arctan",),
                 complex="holomorphic", source=CALCULUS, doc="Inverse tangent, in radians.",
                 example="tensor([0.0, 1.0]).atan() -> tensor([0.0000, 0.7854])"),
    # By hypot, which neither overflows nor vanishes where x * x + y * y does; at the origin of another point.
    _elementwise("atan2", "atan2(x, y)", "where(abs(x) + abs(y) == 0, 0, g * (y / _R) / _R)".replace("_R", _RADIUS),
                 "where(abs(x) + abs(y) == 0, 0, -g * (x / _R) / _R)".replace("_R", _RADIUS), inplace=True,
                 numpy="arctan2", dtype="float", aliases=("arctan2",), kinks={"x = y = 0": "0"}, source=CALCULUS,
                 doc="The angle of the point (y, x), in radians: atan(x / y) in the right quadrant.",
                 example="tensor([1.0, 1.0]).atan2(tensor([1.0, -1.0])) -> tensor([0.7854, 2.3562])"),
    _elementwise("sinh", "sinh(x)", "g * cosh(x)", inplace=True, numpy="sinh", dtype="float", complex="holomorphic",
                 source=CALCULUS, doc="Hyperbolic sine.", example="tensor([0.0, 1.0]).sinh() -> tensor([0.0000, 1.1752])"),
    _elementwise("cosh", "cosh(x)", "g * sinh(x)", inplace=True, numpy="cosh", dtype="float", complex="holomorphic",
                 source=CALCULUS, doc="Hyperbolic cosine.",
                 example="tensor([0.0, 1.0]).cosh() -> tensor([1.0000, 1.5431])"),
    _elementwise("asinh", "asinh(x)", "g / sqrt(x * x + 1)", inplace=True, numpy="arcsinh", dtype="float",
                 aliases=("arcsinh",), complex="holomorphic", source=CALCULUS, doc="Inverse hyperbolic sine.",
                 example="tensor([0.0, 1.0]).asinh() -> tensor([0.0000, 0.8814])"),
    # Two roots: the root of the product has another sign for complex x with a negative real part, and overflows.
    _elementwise("acosh", "acosh(x)", "g / sqrt(x - 1) / sqrt(x + 1)", inplace=True, numpy="arccosh", dtype="float",
                 at=(1.2, 3.0), aliases=("arccosh",), kinks={"x = 1": "inf"}, complex="holomorphic", source=CALCULUS,
                 doc="Inverse hyperbolic cosine.", example="tensor([1.0, 2.0]).acosh() -> tensor([0.0000, 1.3170])"),
    _elementwise("atanh", "atanh(x)", "g / (1 - x * x)", inplace=True, numpy="arctanh", dtype="float", at=(-0.9, 0.9),
                 aliases=("arctanh",), kinks={"abs(x) = 1": "inf"}, complex="holomorphic", source=CALCULUS,
                 doc="Inverse hyperbolic tangent.", example="tensor([0.0, 0.5]).atanh() -> tensor([0.0000, 0.5493])"),
    # Near 0 the derivative is its power series: the closed form subtracts equal numbers there, and divides by 0 at 0.
    _elementwise("sinc", "where(x == 0, 1, sin(3.141592653589793 * x) / where(x == 0, 1, 3.141592653589793 * x))",
                 ("g * where(abs(x) < 0.1, 0 - 19.739208802178716 * _X * (1 / 6 - 9.869604401089358 * _X * _X * (2 / 120"
                  " - 9.869604401089358 * _X * _X * (3 / 5040 - 9.869604401089358 * _X * _X * (4 / 362880"
                  " - 9.869604401089358 * _X * _X * (5 / 39916800 - 9.869604401089358 * _X * _X * (6 / 6227020800)))))),"
                  " (cos(3.141592653589793 * x) - out) / where(abs(x) < 0.1, 1, x))").replace("_X", _NEAR_0),
                 inplace=True, dtype="float", source=CALCULUS, doc="sin(pi x) / (pi x), and 1 at 0.",
                 example="tensor([0.0, 0.5, 1.0]).sinc() -> tensor([1.0000e+00, 6.3662e-01, 3.8982e-17])"),
    _elementwise("deg2rad", "deg2rad(x)", "g * 0.017453292519943295", inplace=True, numpy="deg2rad", dtype="float",
                 source=CALCULUS, doc="Degrees to radians.",
                 example="tensor([180.0, 90.0]).deg2rad() -> tensor([3.1416, 1.5708])"),
    _elementwise("rad2deg", "rad2deg(x)", "g * 57.29577951308232", inplace=True, numpy="rad2deg", dtype="float",
                 source=CALCULUS, doc="Radians to degrees.",
                 example="tensor([0.0, 1.0]).rad2deg() -> tensor([ 0.0000, 57.2958])"),
    _elementwise("hypot", "hypot(x, y)", "g * (x / out)", "g * (y / out)", inplace=True, numpy="hypot", dtype="float",
                 at=(0.5, 2.0), kinks={"x = y = 0": "nan"}, source=CALCULUS,
                 doc="sqrt(x * x + y * y) without overflow between.",
                 example="tensor([3.0, 5.0]).hypot(tensor([4.0, 12.0])) -> tensor([ 5., 13.])"),
    _elementwise("logaddexp", "logaddexp(x, y)", "g / (1 + exp(y - x))", "g / (1 + exp(x - y))", numpy="logaddexp",
                 dtype="float", source=CALCULUS, doc="log(exp(x) + exp(y)) without overflow between.",
                 example="tensor([0.0, 1000.0]).logaddexp(tensor([0.0, 0.0])) -> tensor([6.9315e-01, 1.0000e+03])"),
    _elementwise("logaddexp2", "logaddexp2(x, y)", "g / (1 + exp2(y - x))", "g / (1 + exp2(x - y))", numpy="logaddexp2",
                 dtype="float", source=CALCULUS, doc="log2(exp2(x) + exp2(y)) without overflow between.",
                 example="tensor([0.0, 3.0]).logaddexp2(tensor([0.0, 3.0])) -> tensor([1., 4.])"),
    _elementwise("xlogy", "where(y != y, y, where(x == 0, 0, x * log(y)))",
                 "g * log(where(x == 0, where(y <= 0, 1, y), y))", "g * x / y", inplace=True, dtype="float",
                 at_y=(0.5, 2.0), kinks={"x = 0, y <= 0": "0 in x", "x = y = 0": "nan in y"},
                 grad_fn={"": "XlogyBackward0", "nt": "XlogyBackward1", "tn": "XlogyBackward2"},
                 source="PyTorch, torch.xlogy", doc="x * log(y), and 0 where x is 0.",
                 example="tensor([0.0, 2.0]).xlogy(tensor([0.0, 1.0])) -> tensor([0., 0.])"),
    _elementwise("log_odds", "log(x / (1 - x))", "where(x < 0, out, where(x > 1, out, g / (x * (1 - x))))", method=False,
                 function=False, dtype="float", at=(0.1, 0.9), kinks={"x = 0 or 1": "inf"}, grad_fn="LogitBackward0",
                 source="PyTorch, torch.logit", doc="log(x / (1 - x)): logit without its eps.",
                 example="tensor([0.5]).logit() -> tensor([0.])"),
    Rule("logit", "logit_of(x, eps)", operands="x", params="eps=None", loop="composite", inplace=True, out=True,
         grad_fn="LogitBackward0", source="PyTorch, torch.logit", kinks={"x = 0 or 1": "inf"},
         doc="log(x / (1 - x)), the inverse of sigmoid; with eps, of x clamped to eps ... 1 - eps.",
         example="tensor([0.5, 0.9]).logit() -> tensor([0.0000, 2.1972])"),
    # ---- special functions
    _elementwise("erf", "erf(x)", "g * (1.1283791670955126 * exp(-(x * x)))", inplace=True, dtype="float",
                 source="Abramowitz and Stegun 7.1.1", doc="Error function.",
                 example="tensor([0.0, 1.0]).erf() -> tensor([0.0000, 0.8427])"),
    _elementwise("erfc", "erfc(x)", "-g * (1.1283791670955126 * exp(-(x * x)))", inplace=True, dtype="float",
                 source="Abramowitz and Stegun 7.1.2", doc="Complementary error function 1 - erf(x), accurate for large x.",
                 example="tensor([0.0, 1.0]).erfc() -> tensor([1.0000, 0.1573])"),
    _elementwise("erfinv", "erfinv(x)", "g * (0.886226925452758 * exp(out * out))", inplace=True, dtype="float",
                 at=(-0.9, 0.9), kinks={"abs(x) = 1": "inf"}, source="Giles 2010, Approximating the erfinv function",
                 doc="Inverse error function.", example="tensor([0.0, 0.5]).erfinv() -> tensor([0.0000, 0.4769])"),
    _elementwise("lgamma", "lgamma(x)", "g * digamma(x)", inplace=True, dtype="float", at=(0.5, 3.0),
                 kinks={"x = 0, -1, -2, ...": "nan, at 0 -inf"}, source="Abramowitz and Stegun 6.3.1",
                 doc="Logarithm of the absolute value of the gamma function.",
                 example="tensor([1.0, 4.0]).lgamma() -> tensor([0.0000, 1.7918])"),
    _elementwise("digamma", "digamma(x)", "g * polygamma_at(x, 1)", inplace=True, dtype="float", at=(0.5, 3.0),
                 kinks={"x = 0, -1, -2, ...": "inf"}, source="Abramowitz and Stegun 6.4.1",
                 doc="Derivative of lgamma.", example="tensor([1.0, 2.0]).digamma() -> tensor([-0.5772,  0.4228])"),
    _elementwise("polygamma_at", "polygamma_at(x, y)", "g * polygamma_at(x, y + 1)", method=False, function=False,
                 dtype="float", at=(0.5, 3.0), at_y=(1.0, 4.0), kinks={"x = 0, -1, -2, ...": "inf or nan, as the value"},
                 grad_fn="PolygammaBackward0", source="Abramowitz and Stegun 6.4.1",
                 doc="Derivative of order y of digamma at x.", example="polygamma(1, tensor([1.0])) -> tensor([1.6449])"),
    Rule("polygamma", "polygamma_of(x, n)", operands="x", params="n", function=False, loop="composite", inplace=True,
         source="Abramowitz and Stegun 6.4.1",
         errors="TypeError where n is no int, RuntimeError where it is negative or above 100.",
         doc="Derivative of order n of digamma; as a function, polygamma(n, input).",
         example="tensor([1.0, 2.0]).polygamma(1) -> tensor([1.6449, 0.6449])"),
    # ---- rounding and remainders
    # ---- extremes, clamping, choosing, blending
    Rule("where", "where_value(x, y, condition)", "where_dx(g, condition)", "where_dy(g, condition)", kind="linear",
         operands="xy", params="condition", signature="()->()", method=False, function=False, loop="helper",
         dtype="promote", grad_fn="WhereBackward0", complex="holomorphic",
         compiled=True, front="compiled",
         doc="x where the condition holds, y elsewhere; the unchosen operand gets a cotangent of 0.",
         example="where(tensor([1.0, -1.0]) > 0, tensor([1.0, 2.0]), 0.0) -> tensor([1., 0.])"),
    # ---- activations
    Rule("leaky_relu", "leaky_relu_of(x, negative_slope)", operands="x", params="negative_slope=0.01", loop="composite",
         inplace=True, grad_fn="LeakyReluBackward0", kinks={"x = 0": "negative_slope"},
         source="PyTorch, nn.functional.leaky_relu", doc="x where it is positive, negative_slope * x elsewhere.",
         example="tensor([-1.0, 2.0]).leaky_relu(0.1) -> tensor([-0.1000,  2.0000])"),
    # ---- comparisons, logic, bits: no derivative
    _elementwise("eq", "x == y", infix="eq", numpy="equal", dtype="bool", doc="x == y, element by element.",
                 example="tensor([1.0, 2.0]) == 2.0 -> tensor([False,  True])"),
    _elementwise("ne", "x != y", infix="ne", numpy="not_equal", dtype="bool", doc="x != y, element by element.",
                 example="tensor([1.0, 2.0]) != 2.0 -> tensor([ True, False])"),
    _elementwise("lt", "x < y", infix="lt", numpy="less", dtype="bool", doc="x < y, element by element.",
                 example="tensor([1.0, 2.0]) < 2.0 -> tensor([ True, False])"),
    _elementwise("le", "x <= y", infix="le", numpy="less_equal", dtype="bool", doc="x <= y, element by element.",
                 example="tensor([1.0, 2.0]) <= 1.0 -> tensor([ True, False])"),
    _elementwise("gt", "x > y", infix="gt", numpy="greater", dtype="bool", doc="x > y, element by element.",
                 example="tensor([1.0, 2.0]) > 1.0 -> tensor([False,  True])"),
    _elementwise("ge", "x >= y", infix="ge", numpy="greater_equal", dtype="bool", doc="x >= y, element by element.",
                 example="tensor([1.0, 2.0]) >= 2.0 -> tensor([False,  True])"),
    # ---- types and complex numbers
    # ---- reductions
    Rule("sum", "sum_value(x, dim, keepdim, dtype)", "sum_dx(g, shape_x, dim, keepdim)", kind="linear", operands="x",
         params="dim=None, keepdim=False, dtype=None", numpy_params="axis=None, dtype=None, out=None, keepdims=False",
         signature="(n)->()", numpy="sum", loop="helper", fast="sum", dtype="same",
         grad_fn={"": "SumBackward0", "dim": "SumBackward1"}, complex="holomorphic",
         compiled=True, front="compiled", doc="Sum of elements.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0) -> tensor([4., 6.])"),
    Rule("mean", "mean_value(x, dim, keepdim, dtype)", "mean_dx(g, shape_x, dim, keepdim)", kind="linear",
         operands="x", params="dim=None, keepdim=False, dtype=None",
         numpy_params="axis=None, dtype=None, out=None, keepdims=False", signature="(n)->()", numpy="mean",
         loop="helper", fast="mean", dtype="float", grad_fn={"": "MeanBackward0", "dim": "MeanBackward1"},
         complex="holomorphic", compiled=True, front="compiled", doc="Arithmetic mean of elements.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).mean(dim=1, keepdim=True) -> tensor([[1.5000],\n        [3.5000]])"),
    Rule("norm", "norm_value(x, p, dim, keepdim)", "norm_dx(g, x, out, p, dim, keepdim)", kind="reduction",
         operands="x", params="p='fro', dim=None, keepdim=False", signature="(n)->()", loop="helper", fast="norm",
         dtype="float",
         grad_fn="LinalgVectorNormBackward0", kinks={"x = 0": "0"}, source=TORCH_KINK,
         compiled=True, front="compiled", doc="Vector norm of order p of the elements; 'fro' is p = 2.",
         example="tensor([3.0, 4.0]).norm() -> tensor(5.)"),
    Rule("amax", "amax_value(x, dim, keepdim)", "amax_dx(g, x, out, dim, keepdim)", kind="reduction", operands="x",
         params="dim=None, keepdim=False", signature="(n)->()", numpy="max", loop="helper", dtype="same",
         grad_fn={"": "MaxBackward1", "dim": "AmaxBackward0"}, kinks={"ties": "shared evenly"}, source=TORCH_KINK,
         compiled=True, front="compiled", doc="Largest element; a gradient is shared evenly among ties.",
         example="tensor([[1.0, 5.0], [7.0, 3.0]]).amax(dim=0) -> tensor([7., 5.])"),
    Rule("argmax", "argmax_value(x, dim, keepdim)", operands="x", kind="custom", params="dim=None, keepdim=False",
         signature="(n)->()", numpy="argmax", loop="helper", dtype="index",
         compiled=True, front="compiled", doc="Index of the largest element.",
         example="tensor([1.0, 5.0, 3.0]).argmax() -> tensor(1)"),
    Rule("amin", "amin_value(x, dim, keepdim)", "amax_dx(g, x, out, dim, keepdim)", kind="reduction", operands="x",
         params="dim=None, keepdim=False", numpy_params="axis=None, out=None, keepdims=False", front="extreme_front",
         signature="(n)->()", numpy="min", loop="helper", dtype="same", out=True,
         grad_fn={"": "MinBackward1", "dim": "AminBackward0"}, kinks={"ties": "shared evenly"}, source=TORCH_KINK,
         doc="Smallest element; a gradient is shared evenly among ties.", example="tensor([3.0, 1.0]).amin() -> tensor(1.)"),
    # ---- statistics
    # ---- cumulative
    # ---- softmax
    Rule("log_softmax", "log_softmax_value(x, dim)", "log_softmax_dx(g, out, dim)", kind="custom", operands="x",
         params="dim", signature="(n)->(n)", loop="helper", dtype="float", grad_fn="LogSoftmaxBackward0",
         source="PyTorch, nn.functional.log_softmax",
         compiled=True, front="compiled", doc="x - log(sum(exp(x))) along dim, computed stably.",
         example="tensor([0.0, 0.0]).log_softmax(0) -> tensor([-0.6931, -0.6931])"),
    # ---- sorting and searching
    Rule("sort", "sort_of(x, dim, descending, stable)", operands="x", params="dim=-1, descending=False, *, stable=None",
         numpy_params="axis=-1, kind=None", numpy_value="numpy_sort_of(x, axis, kind)", numpy_returns="None", loop="composite",
         outputs=("values", "indices"), grad_fn={"": "SortBackward0", "stable": "SortBackward1"},
         source="PyTorch, torch.sort", doc="The elements in order along dim, and where they stood.",
         errors="The method of the NumPy flavour sorts in place and returns None, as NumPy's does.",
         example="tensor([3.0, 1.0]).sort().indices -> tensor([1, 0])"),
    Rule("msort", "msort_of(x)", operands="x", loop="composite", grad_fn={"": "SortBackward0"},
         source="PyTorch, torch.msort", doc="The elements in order along the first dimension.",
         example="tensor([3.0, 1.0]).msort() -> tensor([1., 3.])"),
    Rule("argsort", "argsort_of(x, dim, descending, stable)", operands="x", kind="custom",
         params="dim=-1, descending=False, *, stable=True", numpy_params="axis=-1, kind=None",
         numpy_value="numpy_argsort_of(x, axis, kind)", loop="composite", numpy="argsort",
         doc="The positions that would put the elements in order along dim.",
         example="tensor([3.0, 1.0, 2.0]).argsort() -> tensor([1, 2, 0])"),
    Rule("topk", "topk_of(x, k, dim, largest, sorted)", operands="x", params="k, dim=-1, largest=True, sorted=True",
         loop="composite", outputs=("values", "indices"), grad_fn={"": "TopkBackward0"},
         source="PyTorch, torch.topk", doc="The k largest or smallest elements along dim, in order, and where they stand.",
         errors="RuntimeError where k is larger than the dimension.",
         example="tensor([3.0, 1.0, 2.0]).topk(2).values -> tensor([3., 2.])"),
    Rule("unique", "unique_of(x, sorted, return_inverse, return_counts, dim)", operands="x", kind="custom",
         params="sorted=True, return_inverse=False, return_counts=False, dim=None", loop="composite", returns="_Any",
         grad_fn={"": "Unique2Backward0", "dim": "UniqueDimBackward0"},
         doc="The distinct elements in order, or the distinct slices along dim; on demand where each element went, and counts.",
         errors="NotImplementedError when a gradient is propagated through the values.",
         example="tensor([2.0, 1.0, 2.0]).unique() -> tensor([1., 2.])"),
    Rule("unique_consecutive", "unique_consecutive_of(x, return_inverse, return_counts, dim)", operands="x", kind="custom",
         params="return_inverse=False, return_counts=False, dim=None", loop="composite", returns="_Any",
         grad_fn={"": "UniqueConsecutiveBackward0"},
         doc="The elements, or slices along dim, without those that equal the one before.",
         errors="NotImplementedError when a gradient is propagated through the values.",
         example="tensor([1.0, 1.0, 2.0, 1.0]).unique_consecutive() -> tensor([1., 2., 1.])"),
    Rule("nonzero", "nonzero_of(x, as_tuple)", operands="x", kind="custom", params="*, as_tuple=False", numpy_params="",
         numpy_value="numpy_nonzero_of(x)", numpy_returns="tuple[ndarray, ...]", loop="composite", returns="_Any",
         doc="The positions of the elements that are not 0: a row each, or with as_tuple one Variable for each dimension.",
         example="tensor([0.0, 5.0, 6.0]).nonzero() -> tensor([[1],\n        [2]])"),
    Rule("argwhere", "argwhere_of(x)", operands="x", kind="custom", loop="composite", numpy="argwhere",
         doc="The positions of the elements that are not 0, a row each.",
         example="tensor([0.0, 5.0]).argwhere() -> tensor([[1]])"),
    Rule("searchsorted", "searchsorted_of(x, input, out_int32, right, side, sorter)", operands="x", names="sorted_sequence",
         kind="custom", params="input, *, out_int32=False, right=False, side=None, sorter=None", method=False,
         numpy_params="v, side='left', sorter=None", numpy_value="numpy_searchsorted_of(x, v, side, sorter)",
         loop="composite", numpy="searchsorted",
         doc="Where numbers belong in a sequence in ascending order: before equal ones, or after them with right=True.",
         errors="sorted_sequence may have several dimensions, those of input but the last.",
         example="searchsorted(tensor([1.0, 3.0, 5.0]), tensor([3.0, 9.0])) -> tensor([1, 3])"),
    Rule("bucketize", "bucketize_of(x, boundaries, out_int32, right)", operands="x", kind="custom",
         params="boundaries, *, out_int32=False, right=False", method=False, loop="composite",
         doc="In which of the intervals between boundaries, in ascending order, each element lies.",
         errors="An interval holds its upper boundary, or with right=True its lower one.",
         example="bucketize(tensor([1.0, 4.0]), tensor([2.0, 3.0])) -> tensor([0, 2])"),
    Rule("isin", "isin_of(x, test_elements, assume_unique, invert)", operands="x", names="elements", kind="custom",
         params="test_elements, *, assume_unique=False, invert=False", method=False, loop="composite", numpy="isin",
         doc="Whether each element is among test_elements.",
         example="isin(tensor([1, 2, 3]), tensor([2, 3])) -> tensor([False,  True,  True])"),
    Rule("bincount", "bincount_of(x, weights, minlength)", operands="x", kind="custom", params="weights=None, minlength=0",
         loop="composite", grad_fn={"": "BincountBackward0"},
         doc="How often each number from 0 occurs among integers; with weights, the sum of the weights.",
         example="tensor([1, 2, 1]).bincount() -> tensor([0, 2, 1])"),
    Rule("histc", "histc_of(x, bins, min, max)", operands="x", kind="custom", params="bins=100, min=0, max=0",
         loop="composite", doc="How many elements lie in each of bins intervals of equal width from min to max.",
         errors="The range is that of the elements where min and max are equal.",
         example="tensor([1.0, 2.0, 1.0]).histc(4, 0, 4) -> tensor([0., 2., 1., 0.])"),
    # ---- linear algebra: products
    Rule("matmul", "matmul_value(x, y)", "matmul_dx(g, y, shape_x)", "matmul_dy(g, x, shape_y)", kind="multilinear",
         operands="xy", signature="(m?,k),(k,n?)->(m?,n?)", infix="matmul", numpy="matmul", loop="helper",
         fast="matmul", grad_fn={"": "MmBackward0", "mv": "MvBackward0", "dot": "DotBackward0",
                                 "vm": "SqueezeBackward4", "bmm": "UnsafeViewBackward0"},
         complex="holomorphic", source=GILES,
         compiled=True, front="compiled", doc="Matrix product of the last two dimensions, broadcast over the others.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]) @ tensor([1.0, 1.0]) -> tensor([3., 7.])"),
    Rule("bmm", "bmm_of(x, y)", operands="xy", names="input, mat2", loop="composite", out=True, grad_fn="",
         complex="holomorphic", source=GILES, doc="Products of the matrices of two batches, pair by pair.",
         errors="Raises RuntimeError unless both have three dimensions, one batch size and one inner size.",
         example="bmm(ones(2, 1, 3), ones(2, 3, 1)).flatten() -> tensor([3., 3.])"),
    Rule("vdot", "vdot_value(x, y)", "vdot_dx(g, y)", "vdot_dx(g, x)", kind="multilinear", operands="xy",
         signature="(n),(n)->()", front="vdot_front", numpy="vdot", loop="helper", out=True, grad_fn="VdotBackward0",
         source=GILES, doc="Inner product of two vectors.",
         errors="Raises RuntimeError for other numbers of dimensions, and for different lengths.",
         example="tensor([1.0, 2.0]).vdot(tensor([3.0, 4.0])) -> tensor(11.)"),
    Rule("inner", "inner_of(x, y)", operands="xy", loop="composite", numpy="inner", out=True, complex="holomorphic",
         doc="Sum of products over the last dimension of both operands; a 0-d operand multiplies.",
         errors="Raises RuntimeError where the last sizes differ.",
         example="inner(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 1.0])) -> tensor([3., 7.])"),
    Rule("outer", "outer_of(x, y)", operands="xy", names="input, vec2", loop="composite", out=True, aliases=("ger",),
         complex="holomorphic", doc="All products of an element of one vector and one of the other.",
         errors="Raises RuntimeError for operands that are no vectors.",
         example="tensor([1.0, 2.0]).outer(tensor([3.0, 4.0])) -> tensor([[3., 4.],\n        [6., 8.]])"),
    Rule("einsum", "einsum_of(xs)", operands="*", names="*args", method=False,
         loop="composite", numpy="einsum", complex="holomorphic", returns="_Any",
         source="Einstein's summation convention, as numpy.einsum",
         doc="Sums of products, spelled by an equation as 'ij,jk->ik'.",
         errors="The equation takes an ellipsis, repeated letters (diagonals), and no output (letters that occur once, in "
                "order).  In its place subscript lists may follow each operand.  Three operands and more are contracted in a "
                "greedy order.  Raises RuntimeError for an equation that does not fit the operands.",
         example="einsum('ij,j->i', tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 1.0])) -> tensor([3., 7.])"),
    Rule("tensordot", "tensordot_of(x, y, dims)", operands="xy", names="a, b", params="dims=2", method=False, out=True,
         loop="composite", complex="holomorphic",
         doc="Sum of products over the last dims of a and the first of b, or over two lists of dimensions.",
         errors="Raises RuntimeError where the sizes of a pair of dimensions differ and none is 1.",
         example="tensordot(ones(2, 3), ones(2, 3), ([0, 1], [0, 1])) -> tensor(6.)"),
    Rule("kron", "kron_of(x, y)", operands="xy", loop="composite", numpy="kron", out=True, grad_fn="UnsafeViewBackward0",
         complex="holomorphic", doc="Kronecker product: blocks of the second operand times each element of the first.",
         example="kron(tensor([1.0, 2.0]), tensor([1.0, 10.0])) -> tensor([ 1., 10.,  2., 20.])"),
    Rule("cross", "cross_value(x, y, dim)", "cross_dx(g, y, dim)", "cross_dy(g, x, dim)", kind="multilinear", operands="xy",
         params="dim=None", signature="(3),(3)->(3)", front="cross_front", loop="helper", out=True,
         grad_fn="LinalgCrossBackward0", source="elementary vector calculus",
         doc="Cross product along a dimension of size 3, by default the first of that size.",
         errors="Raises RuntimeError where the dimension has another size.",
         example="cross(tensor([1.0, 0.0, 0.0]), tensor([0.0, 1.0, 0.0])) -> tensor([0., 0., 1.])"),
    Rule("trace", "trace_value(x, offset, axis1, axis2)", "trace_dx(g, shape_x, offset, axis1, axis2)", kind="linear",
         operands="x", params="*, offset=0, axis1=0, axis2=1",
         numpy_params="offset=0, axis1=0, axis2=1, dtype=None, out=None", signature="(n,n)->()", front="trace_front",
         numpy="trace", loop="helper", grad_fn="TraceBackward0", complex="holomorphic", source=GILES,
         doc="Sum of the diagonal of a matrix.",
         errors="Raises RuntimeError for another number of dimensions; the NumPy flavour takes more than two.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).trace() -> tensor(5.)"),
    Rule("addmm", "addmm_of(x, y, z, beta, alpha)", operands="xyz", names="input, mat1, mat2", params="*, beta=1, alpha=1",
         loop="composite", inplace=True, out=True, complex="holomorphic", source=GILES,
         doc="beta * input + alpha * (mat1 @ mat2).", errors=ADDED,
         example="addmm(ones(1, 1), ones(1, 3), ones(3, 1), beta=2) -> tensor([[5.]])"),
    Rule("addmv", "addmv_of(x, y, z, beta, alpha)", operands="xyz", names="input, mat, vec", params="*, beta=1, alpha=1",
         loop="composite", inplace=True, out=True, complex="holomorphic", source=GILES,
         doc="beta * input + alpha * (mat @ vec).", errors=ADDED,
         example="addmv(ones(2), ones(2, 3), ones(3)) -> tensor([4., 4.])"),
    Rule("addr", "addr_of(x, y, z, beta, alpha)", operands="xyz", names="input, vec1, vec2", params="*, beta=1, alpha=1",
         loop="composite", inplace=True, out=True, complex="holomorphic",
         doc="beta * input + alpha * outer(vec1, vec2).", errors=ADDED,
         example="addr(zeros(1, 2), tensor([2.0]), tensor([3.0, 4.0])) -> tensor([[6., 8.]])"),
    Rule("addbmm", "addbmm_of(x, y, z, beta, alpha)", operands="xyz", names="input, batch1, batch2",
         params="*, beta=1, alpha=1", loop="composite", inplace=True, out=True, complex="holomorphic", source=GILES,
         doc="beta * input + alpha * the sum of the products of the matrices of two batches.", errors=ADDED,
         example="addbmm(zeros(1, 1), ones(4, 1, 2), ones(4, 2, 1)) -> tensor([[8.]])"),
    Rule("baddbmm", "baddbmm_of(x, y, z, beta, alpha)", operands="xyz", names="input, batch1, batch2",
         params="*, beta=1, alpha=1", loop="composite", inplace=True, out=True, complex="holomorphic", source=GILES,
         doc="beta * input + alpha * bmm(batch1, batch2).", errors=ADDED,
         example="baddbmm(ones(1), ones(1, 1, 2), ones(1, 2, 1)) -> tensor([[[3.]]])"),
    Rule("chain_matmul", "chain_of(xs)", operands="*", names="*matrices", method=False, loop="composite",
         complex="holomorphic", returns="_Any", source="Cormen et al., Introduction to Algorithms, 15.2",
         doc="Product of matrices, in the order of fewest multiplications.",
         errors="Raises RuntimeError for operands that are no matrices, for sizes that do not fit, and for no operand.",
         example="chain_matmul(ones(1, 2), ones(2, 3), ones(3, 1)) -> tensor([[6.]])"),
    Rule("matrix_power", "matrix_power_of(x, n)", operands="x", params="n", loop="composite", out=True,
         complex="holomorphic", source=GILES, doc="Product of n copies of a square matrix, or of each of a batch.",
         errors="Raises RuntimeError for matrices that are not square, NotImplementedError for a negative n.",
         example="tensor([[1.0, 1.0], [0.0, 1.0]]).matrix_power(3) -> tensor([[1., 3.],\n        [0., 1.]])"),
    Rule("linear", "linear_of(x, y, bias)", operands="xy", names="input, weight", params="bias=None", method=False,
         loop="composite", complex="holomorphic", source="PyTorch, nn.functional.linear",
         doc="input @ weight.T + bias: a fully connected layer.",
         errors="Raises RuntimeError where the last size of input is not that of weight.",
         example="linear(tensor([1.0, 2.0]), tensor([[3.0, 4.0]]), tensor([0.5])) -> tensor([11.5000])"),
    Rule("bilinear", "bilinear_of(x, y, z, bias)", operands="xyz", names="input1, input2, weight", params="bias=None",
         method=False, loop="composite", complex="holomorphic", source="PyTorch, nn.functional.bilinear",
         doc="input1 @ weight[k] @ input2 + bias[k] for each k.",
         errors="Raises RuntimeError where the sizes do not fit.",
         example="bilinear(ones(2), ones(3), ones(1, 2, 3)) -> tensor([6.])"),
    # ---- shapes: the operand's storage under another geometry
    Rule("view", "view(x, geometry)", "embed(g, geometry, shape_x)", kind="linear", operands="x", params="geometry",
         signature="view", method=False, function=False, loop="view", fast="view", dtype="same",
         grad_fn={"reshape": "ViewBackward0", "permute": "PermuteBackward0", "transpose": "TransposeBackward0",
                  "t": "TBackward0", "expand": "ExpandBackward0", "select": "SelectBackward0",
                  "slice": "SliceBackward0", "unsqueeze": "UnsqueezeBackward0", "squeeze": "SqueezeBackward0",
                  "squeeze_dim": "SqueezeBackward1", "squeeze_dims": "SqueezeBackward2",
                  "diagonal": "DiagonalBackward0", "unfold": "UnfoldBackward0", "as_strided": "AsStridedBackward0",
                  "split": "SplitBackward0", "split_sizes": "SplitWithSizesBackward0", "unbind": "UnbindBackward0",
                  "unsafe": "UnsafeViewBackward0",
                  "path": "AsStridedBackward0", "alias": "AliasBackward0"}, complex="holomorphic",
         compiled=True, doc="The same elements under another geometry: reshape, permute, expand, select, slice."),
    Rule("embed", "embed_value(x, geometry, shape)", "view(g, geometry)", kind="linear", operands="x",
         params="geometry, shape", signature="view", method=False, function=False, loop="helper", dtype="same",
         grad_fn="SliceBackward0", complex="holomorphic",
         compiled=True, doc="Zeros of a shape with the operand added where a geometry looks: the transpose of view."),
    Rule("clone", "clone_value(x)", "g", kind="linear", operands="x", signature="()->()", loop="helper",
         fast="identity", dtype="same", numpy="copy", grad_fn="CloneBackward0", complex="holomorphic",
         compiled=True, front="compiled", doc="A recorded copy.",
         example="tensor([1.0, 2.0]).clone() -> tensor([1., 2.])"),
    Rule("fill", "fill_value(x)", "fill_dx(g)", kind="linear", operands="x", signature="()->()", method=False,
         function=False, loop="helper", dtype="same", grad_fn="FillBackward2", complex="holomorphic",

         compiled=True, doc="What fill_ and zero_ leave: numbers that depend on nothing, so the operand's cotangent is 0."),
    Rule("to", "to_value(x, dtype)", "to(g, dtype_x)", kind="linear", operands="x", params="dtype",
         signature="()->()", method=False, function=False, loop="helper", fast="cast", dtype="same",
         grad_fn="ToCopyBackward0", complex="holomorphic", compiled=True, doc="A recorded cast to another dtype."),
    Rule("copy_region", "copy_region_value(x, y, geometry)", "copy_region_dx(g, geometry)",
         "copy_region_dy(g, geometry)", kind="linear", operands="xy", params="geometry", signature="view",
         method=False, function=False, loop="helper", fast="copy_region", dtype="same", grad_fn="CopySlices",
         complex="holomorphic",
         compiled=True, doc="x with the elements that a geometry looks at replaced by y: an in-place write."),
    Rule("reshape", "reshape(x, shape)", operands="x", params="shape", loop="composite", kind="linear",
         numpy_params="*shape, order='C', copy=None", numpy_value="numpy_reshape(x, shape, order, copy)",
         dtype="same", grad_fn="ViewBackward0", complex="holomorphic", front="compiled",
         doc="The elements in another shape; a view where possible.",
         example="autodiff.arange(6).reshape(2, -1) -> tensor([[0, 1, 2],\n        [3, 4, 5]])"),
    Rule("flatten", "flatten(x, start_dim, end_dim)", operands="x", params="start_dim=0, end_dim=-1", loop="composite",
         kind="linear", numpy_params="order='C'", numpy_value="numpy_flatten(x, order)", dtype="same",
         grad_fn="ViewBackward0", complex="holomorphic", front="compiled",
         doc="The dimensions from start_dim to end_dim as one; a view where possible.",
         example="autodiff.zeros(2, 3, 4).flatten(1).shape -> autodiff.Size([2, 12])"),
    Rule("ravel", "ravel(x)", operands="x", loop="composite", kind="linear", numpy_params="order='C'",
         numpy_value="numpy_ravel(x, order)", dtype="same", grad_fn="ViewBackward0", complex="holomorphic",
         front="compiled", doc="The elements in one dimension; a view where possible.",
         example="autodiff.tensor([[1.0, 2.0], [3.0, 4.0]]).ravel() -> tensor([1., 2., 3., 4.])"),
    Rule("squeeze", "squeeze(x, dim)", operands="x", params="dim=None", loop="composite", kind="linear",
         numpy_params="axis=None", numpy_value="numpy_squeeze(x, axis)", dtype="same", grad_fn="SqueezeBackward0",
         complex="holomorphic", front="compiled", doc="Dimensions of size 1 removed; a view.",
         example="autodiff.zeros(1, 3, 1).squeeze(0).shape -> autodiff.Size([3, 1])"),
    Rule("swapdims", "transposed_of(x, dim0, dim1)", operands="x", params="dim0, dim1", loop="composite", kind="linear",
         dtype="same", complex="holomorphic", doc="Two dimensions exchanged; a view.",
         example="ones(2, 3).swapdims(0, 1).shape -> autodiff.Size([3, 2])"),
    Rule("adjoint", "adjoint_of(x)", operands="x", loop="composite", kind="linear", dtype="same",
         doc="The last two dimensions exchanged; a view.",
         errors="RuntimeError for one dimension.", example="ones(2, 3).adjoint().shape -> autodiff.Size([3, 2])"),
    Rule("movedim", "movedim_of(x, source, destination)", operands="x", params="source, destination", loop="composite",
         kind="linear", aliases=("moveaxis",), dtype="same", complex="holomorphic",
         doc="Dimensions moved to other places, the rest in order; a view.",
         example="ones(2, 3, 4).movedim(0, -1).shape -> autodiff.Size([3, 4, 2])"),
    Rule("unflatten", "unflatten_of(x, dim, sizes)", operands="x", params="dim, sizes", loop="composite", kind="linear",
         dtype="same", grad_fn="ViewBackward0", complex="holomorphic",
         doc="One dimension as several; one of the sizes may be -1; a view.",
         errors="RuntimeError where the sizes do not multiply up to the dimension's.",
         example="ones(6).unflatten(0, (2, -1)).shape -> autodiff.Size([2, 3])"),
    Rule("broadcast_to", "broadcast_to_of(x, ints, size)", operands="x", params="*ints, size=None", loop="composite",
         kind="linear", dtype="same", grad_fn="ExpandBackward0", complex="holomorphic",
         doc="Sizes of 1 repeated without a copy; a view.",
         example="tensor([1.0, 2.0]).broadcast_to(2, 2) -> tensor([[1., 2.],\n        [1., 2.]])"),
    Rule("broadcast_tensors", "broadcast_tensors_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         returns="tuple[_V, ...]", method=False, complex="holomorphic",
         doc="The operands expanded to their common shape: a tuple of views.",
         example="broadcast_tensors(ones(2, 1), ones(3))[1].shape -> autodiff.Size([2, 3])"),
    Rule("atleast_1d", "atleast_1d_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         returns="_Any", method=False, complex="holomorphic",
         doc="Each operand with one dimension at least; a tuple if there are several.",
         example="atleast_1d(tensor(2.0)) -> tensor([2.])"),
    Rule("atleast_2d", "atleast_2d_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         returns="_Any", method=False, complex="holomorphic",
         doc="Each operand with two dimensions at least; a tuple if there are several.",
         example="atleast_2d(tensor([2.0, 3.0])) -> tensor([[2., 3.]])"),
    Rule("atleast_3d", "atleast_3d_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         returns="_Any", method=False, complex="holomorphic",
         doc="Each operand with three dimensions at least; a tuple if there are several.",
         example="atleast_3d(tensor([2.0, 3.0])).shape -> autodiff.Size([1, 2, 1])"),
    Rule("meshgrid", "meshgrid_of(xs, indexing)", operands="*", names="*tensors", params="indexing=None",
         loop="composite", kind="linear", returns="tuple[_V, ...]", method=False, complex="holomorphic",
         doc="The coordinates of a grid with the operands as axes: a tuple of views.",
         errors="Warns where indexing, 'ij' or 'xy', is left out.",
         example="meshgrid(arange(2), arange(3), indexing='ij')[0] -> tensor([[0, 0, 0],\n        [1, 1, 1]])"),
    Rule("diagonal", "diagonal_of(x, offset, dim1, dim2)", operands="x", params="offset=0, dim1=0, dim2=1",
         numpy_params="offset=0, axis1=0, axis2=1", numpy_value="numpy_diagonal(x, offset, axis1, axis2)",
         loop="composite", kind="linear", dtype="same", complex="holomorphic",
         doc="The diagonal of two dimensions, as the last dimension; a view.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).diagonal() -> tensor([1., 4.])"),
    Rule("unfold", "unfold_of(x, dimension, size, step)", operands="x", params="dimension, size, step",
         function=False, loop="composite", kind="linear", dtype="same", complex="holomorphic",
         doc="All windows of a size along a dimension, a step apart; a view whose last dimension is the window.",
         errors="Windows that overlap cannot be written in place.",
         example="tensor([1.0, 2.0, 3.0]).unfold(0, 2, 1) -> tensor([[1., 2.],\n        [2., 3.]])"),
    Rule("as_strided", "as_strided_of(x, size, stride, storage_offset)", operands="x",
         params="size, stride, storage_offset=None", loop="composite", kind="linear", dtype="same", complex="holomorphic",
         doc="A view by sizes and steps, counted in elements of a contiguous operand.",
         errors="NotImplementedError where the operand is not contiguous, RuntimeError where the view would leave its "
                "elements.",
         example="arange(4).as_strided((3, 2), (1, 1)) -> tensor([[0, 1],\n        [1, 2],\n        [2, 3]])"),
    Rule("squeeze_", "squeeze_in_place(x, dim)", operands="x", params="dim=None", function=False, loop="composite",
         kind="linear", dtype="same", complex="holomorphic", doc="Dimensions of size 1 removed in place.",
         errors="NotImplementedError where the operand has views.",
         example="ones(1, 2).squeeze_() -> tensor([1., 1.])"),
    Rule("unsqueeze_", "unsqueeze_in_place(x, dim)", operands="x", params="dim", function=False, loop="composite",
         kind="linear", dtype="same", complex="holomorphic", doc="A dimension of size 1 inserted in place.",
         errors="NotImplementedError where the operand has views.",
         example="ones(2).unsqueeze_(0) -> tensor([[1., 1.]])"),
    Rule("t_", "t_in_place(x)", operands="x", function=False, loop="composite", kind="linear", dtype="same",
         complex="holomorphic", doc="At most two dimensions exchanged in place.",
         errors="NotImplementedError where the operand has views.",
         example="ones(1, 2).t_() -> tensor([[1.],\n        [1.]])"),
    Rule("transpose_", "transpose_in_place(x, dim0, dim1)", operands="x", params="dim0, dim1",
         function=False, loop="composite", kind="linear", aliases=("swapaxes_", "swapdims_"), dtype="same",
         complex="holomorphic", doc="Two dimensions exchanged in place.",
         errors="NotImplementedError where the operand has views.",
         example="ones(1, 2).transpose_(0, 1) -> tensor([[1.],\n        [1.]])"),
    # ---- rearranging: flip, roll, repeat, triangles, diagonals, padding
    Rule("repeat", "repeat_value(x, ints, repeats)", "repeat_dx(g, shape_x, ints)", kind="linear", operands="x",
         params="*ints, repeats=None", numpy_params="repeats, axis=None", numpy_value="numpy_repeat(x, repeats, axis)",
         front="repeat_front", signature="tile", function=False, loop="helper", dtype="same", grad_fn="RepeatBackward0",
         complex="holomorphic", doc="The whole several times along each dimension; NumPy's tile.",
         errors="For the NumPy flavour, as in NumPy, each element several times.",
         example="tensor([1.0, 2.0]).repeat(2) -> tensor([1., 2., 1., 2.])"),
    Rule("tile", "tile_of(x, ints, dims)", operands="x", params="*ints, dims=None", loop="composite", kind="linear",
         numpy="tile", dtype="same", grad_fn="RepeatBackward0", complex="holomorphic",
         doc="The whole several times along each dimension, the last ones where fewer are given.",
         example="tensor([1.0, 2.0]).tile(2) -> tensor([1., 2., 1., 2.])"),
    Rule("repeat_interleave", "repeat_interleave_of(x, repeats, dim, output_size)", operands="x",
         params="repeats=None, dim=None, *, output_size=None", loop="composite", kind="linear", numpy="repeat",
         dtype="same", complex="holomorphic",
         doc="Each element several times, as often as an int or a tensor says; of all elements, or slices along dim.",
         example="tensor([1.0, 2.0]).repeat_interleave(2) -> tensor([1., 1., 2., 2.])"),
    Rule("flip", "flip_value(x, ints, dims)", "flip_dx(g, ints)", kind="linear", operands="x",
         params="*ints, dims=None", front="flip_front", signature="(n)->(n)", numpy="flip", loop="helper", dtype="same",
         grad_fn="FlipBackward0", complex="holomorphic", doc="The order along some dimensions reversed; a copy.",
         example="tensor([1.0, 2.0]).flip(0) -> tensor([2., 1.])"),
    Rule("fliplr", "fliplr_of(x)", operands="x", loop="composite", kind="linear", numpy="fliplr", dtype="same",
         grad_fn="FlipBackward0", complex="holomorphic", doc="The order of columns, dimension 1, reversed; a copy.",
         example="tensor([[1.0, 2.0]]).fliplr() -> tensor([[2., 1.]])"),
    Rule("flipud", "flipud_of(x)", operands="x", loop="composite", kind="linear", numpy="flipud", dtype="same",
         grad_fn="FlipBackward0", complex="holomorphic", doc="The order of rows, dimension 0, reversed; a copy.",
         example="tensor([1.0, 2.0]).flipud() -> tensor([2., 1.])"),
    Rule("roll", "roll_value(x, shifts, dims)", "roll_dx(g, shifts, dims)", kind="linear", operands="x",
         params="shifts, dims=None", front="roll_front", signature="(n)->(n)", numpy="roll", loop="helper", dtype="same",
         grad_fn="RollBackward0", complex="holomorphic",
         doc="Elements shifted along dimensions, those that leave come in again; of all elements in order without dims.",
         example="tensor([1.0, 2.0, 3.0]).roll(1) -> tensor([3., 1., 2.])"),
    Rule("rot90", "rot90_value(x, k, dims)", "rot90_dx(g, k, dims)", kind="linear", operands="x",
         params="k=1, dims=(0, 1)", front="rot90_front", signature="(m,n)->(p,q)", numpy="rot90", loop="helper",
         dtype="same", grad_fn="Rot90Backward0", complex="holomorphic",
         doc="Turned by k quarters in the plane of two dimensions, from the first towards the second.",
         example="tensor([[1.0, 2.0]]).rot90() -> tensor([[2.],\n        [1.]])"),
    Rule("tril", "tril_value(x, diagonal)", "tril_dx(g, diagonal)", kind="linear", operands="x", params="diagonal=0",
         front="triangle_front", signature="(m,n)->(m,n)", inplace=True, numpy="tril", loop="helper", dtype="same",
         out=True, grad_fn="TrilBackward0", complex="holomorphic",
         doc="The elements of the last two dimensions on and below a diagonal, 0 elsewhere.",
         example="ones(2, 2).tril() -> tensor([[1., 0.],\n        [1., 1.]])"),
    Rule("triu", "triu_value(x, diagonal)", "triu_dx(g, diagonal)", kind="linear", operands="x", params="diagonal=0",
         front="triangle_front", signature="(m,n)->(m,n)", inplace=True, numpy="triu", loop="helper", dtype="same",
         out=True, grad_fn="TriuBackward0", complex="holomorphic",
         doc="The elements of the last two dimensions on and above a diagonal, 0 elsewhere.",
         example="ones(2, 2).triu(1) -> tensor([[0., 1.],\n        [0., 0.]])"),
    Rule("diag", "diag_of(x, diagonal)", operands="x", params="diagonal=0", loop="composite", kind="linear",
         numpy="diag", dtype="same", complex="holomorphic",
         doc="A matrix with a vector on a diagonal, or a copy of a matrix's diagonal.",
         example="tensor([1.0, 2.0]).diag() -> tensor([[1., 0.],\n        [0., 2.]])"),
    Rule("diag_embed", "diag_embed_value(x, offset, dim1, dim2)", "diag_embed_dx(g, offset, dim1, dim2)", kind="linear",
         operands="x", params="offset=0, dim1=-2, dim2=-1", front="diag_embed_front", signature="(n)->(p,p)",
         loop="helper", dtype="same", grad_fn="DiagEmbedBackward0", complex="holomorphic",
         doc="Matrices, in two new dimensions, with the last dimension on a diagonal and 0 elsewhere.",
         example="tensor([1.0]).diag_embed(1) -> tensor([[0., 1.],\n        [0., 0.]])"),
    Rule("diagflat", "diagflat_of(x, offset)", operands="x", params="offset=0", loop="composite", kind="linear",
         numpy="diagflat", dtype="same", grad_fn="DiagEmbedBackward0", complex="holomorphic",
         doc="A matrix with all elements in order on a diagonal.",
         example="tensor([[1.0, 2.0]]).diagflat() -> tensor([[1., 0.],\n        [0., 2.]])"),
    Rule("pad", "pad_value(x, pad, mode, value)", "pad_dx(g, pad)", kind="custom", operands="x",
         params="pad, mode='constant', value=None", front="pad_front", signature="pad", method=False, loop="helper",
         dtype="same", grad_fn="ConstantPadNdBackward0", complex="holomorphic", source="PyTorch, nn.functional.pad",
         doc="Elements added before and after along dimensions.",
         example="pad(tensor([1.0, 2.0]), (1, 0)) -> tensor([0., 1., 2.])"),
    # ---- indexing
    Rule("index", "index_value(x, index)", "index_dx(g, index, shape_x)", kind="gather", operands="x", params="index",
         signature="view", method=False, function=False, loop="helper", dtype="same", grad_fn="IndexBackward0",
         complex="holomorphic", compiled=True, doc="x[index] with integer or boolean arrays; a copy."),
    Rule("index_add_zeros", "index_add_zeros_value(x, index, shape)", "index(g, index)", kind="linear", operands="x",
         params="index, shape", signature="view", method=False, function=False, loop="helper", dtype="same",
         grad_fn="IndexPutBackward0", complex="holomorphic",
         compiled=True, doc="Zeros of a shape with x added at an index, duplicates summed: the transpose of index."),
    Rule("index_set", "index_set_value(x, y, index)", "index_set_dx(g, index)", "index(g, index)", kind="linear",
         operands="xy", params="index", signature="view", method=False, function=False, loop="helper", dtype="same",
         grad_fn="IndexPutBackward0", complex="holomorphic", compiled=True, doc="x with x[index] replaced by y."),
    Rule("index_put_add", "index_put_add_value(x, y, index)", "g", "index(g, index)", kind="linear", operands="xy",
         params="index", signature="view", method=False, function=False, loop="helper", dtype="same",
         grad_fn="IndexPutBackward0", complex="holomorphic", doc="x with y added at an index, duplicates each."),
    Rule("scatter_extreme", "scatter_extreme_value(x, y, index, largest, include_self)",
         "scatter_extreme_dx(g, x, y, out, index, include_self)", "scatter_extreme_dy(g, x, y, out, index, include_self)",
         kind="custom", operands="xy", params="index, largest, include_self", signature="view", method=False, function=False,
         loop="helper", dtype="same", grad_fn="ScatterReduceBackward0", kinks={"ties": "shared evenly"}, source=TORCH_KINK,
         doc="x with the largest or smallest of itself and what y has for each place."),
    Rule("gather", "gather_of(x, dim, index, sparse_grad)", operands="x", params="dim, index, *, sparse_grad=False",
         loop="composite", grad_fn={"": "GatherBackward0"}, source="PyTorch, torch.gather",
         doc="The elements at positions along dim: out[i, j] = x[index[i, j], j] for dim = 0.",
         errors="RuntimeError where an index is out of range, and where index is larger than x in another dimension.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).gather(1, tensor([[0], [1]])) -> tensor([[1.],\n        [4.]])"),
    Rule("take_along_dim", "take_along_dim_of(x, indices, dim)", operands="x", params="indices, dim=None", loop="composite",
         grad_fn={"": "GatherBackward0"}, source="PyTorch, torch.take_along_dim",
         doc="The elements at positions along dim, shapes broadcast apart from it; of the flattened operand without dim.",
         example="tensor([[3.0, 1.0]]).take_along_dim(tensor([[1, 0]]), 1) -> tensor([[1., 3.]])"),
    Rule("take", "take_of(x, index)", operands="x", params="index", numpy_params="indices, axis=None, out=None, mode='raise'",
         numpy_value="numpy_take_of(x, indices, axis, out, mode)", loop="composite", grad_fn={"": "TakeBackward0"},
         source="PyTorch, torch.take", doc="The elements at positions in the flattened operand, in the shape of index.",
         errors="IndexError where an index is out of range.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).take(tensor([0, 3])) -> tensor([1., 4.])"),
    Rule("index_select", "index_select_of(x, dim, index)", operands="x", params="dim, index", loop="composite",
         grad_fn={"": "IndexSelectBackward0"}, source="PyTorch, torch.index_select",
         doc="The slices at positions along dim.", errors="IndexError where an index is out of range.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).index_select(0, tensor([1, 1])) "
                 "-> tensor([[3., 4.],\n        [3., 4.]])"),
    Rule("masked_select", "masked_select_of(x, mask)", operands="x", params="mask", loop="composite",
         grad_fn={"": "MaskedSelectBackward0"}, source="PyTorch, torch.masked_select",
         doc="The elements where a mask is True, in one dimension; shapes are broadcast.",
         example="tensor([1.0, 2.0, 3.0]).masked_select(tensor([True, False, True])) -> tensor([1., 3.])"),
    Rule("masked_fill", "masked_fill_of(x, mask, value)", operands="x", params="mask, value", loop="composite", inplace=True,
         grad_fn={"": "MaskedFillBackward0", "t": "MaskedFillBackward1"}, source="PyTorch, Tensor.masked_fill",
         doc="The operand with a number, or a 0-d Variable, where a mask is True; shapes are broadcast.",
         example="tensor([1.0, 2.0]).masked_fill(tensor([True, False]), 0.5) -> tensor([0.5000, 2.0000])"),
    Rule("masked_scatter", "masked_scatter_of(x, mask, source)", operands="x", params="mask, source", loop="composite",
         inplace=True, grad_fn={"": "MaskedScatterBackward0"}, source="PyTorch, Tensor.masked_scatter",
         doc="The operand with the elements of source, in their order, where a mask is True.",
         errors="RuntimeError where source has too few elements.",
         example="zeros(3).masked_scatter(tensor([True, False, True]), tensor([1.0, 2.0])) -> tensor([1., 0., 2.])"),
    Rule("scatter", "scatter_of(x, dim, index, src, value, reduce)", operands="x",
         params="dim, index, src=None, *, value=None, reduce=None", loop="composite", inplace=True,
         grad_fn={"": "ScatterBackward0", "n": "ScatterBackward1"}, source="PyTorch, Tensor.scatter",
         doc="The operand with elements of src, or a number, at positions along dim; reduce 'add' or 'multiply' combines them.",
         errors="RuntimeError where an index is out of range, and where index is larger than src, or than the operand.  Which "
                "of several elements for one place is taken is not defined, and each gets that place's gradient.",
         example="zeros(3).scatter(0, tensor([2, 0]), tensor([5.0, 6.0])) -> tensor([6., 0., 5.])"),
    Rule("scatter_add", "scatter_add_of(x, dim, index, src)", operands="x", params="dim, index, src", loop="composite",
         inplace=True, grad_fn={"": "ScatterAddBackward0"}, source="PyTorch, Tensor.scatter_add",
         doc="The operand with elements of src added at positions along dim.",
         errors="RuntimeError where an index is out of range, and where index is larger than src, or than the operand.",
         example="zeros(2).scatter_add(0, tensor([1, 1]), tensor([5.0, 6.0])) -> tensor([ 0., 11.])"),
    Rule("scatter_reduce", "scatter_reduce_of(x, dim, index, src, reduce, include_self)", operands="x",
         params="dim, index, src, reduce, *, include_self=True", loop="composite", inplace=True,
         grad_fn="ScatterReduceBackward0", kinks={"ties of amax, amin": "shared evenly"},
         source="PyTorch, Tensor.scatter_reduce",
         doc="The operand combined with elements of src at positions along dim: reduce is sum, prod, mean, amax or amin.",
         errors="With include_self=False what stood at those positions takes no part.",
         example="ones(2).scatter_reduce(0, tensor([1, 1]), tensor([5.0, 6.0]), 'amax') -> tensor([1., 6.])"),
    Rule("index_add", "index_add_of(x, dim, index, source, alpha)", operands="x", params="dim, index, source, *, alpha=1",
         loop="composite", inplace=True, grad_fn={"": "IndexAddBackward0"}, source="PyTorch, Tensor.index_add",
         doc="The operand with alpha times the slices of source added to its slices at positions along dim.",
         example="ones(2).index_add(0, tensor([1, 1]), tensor([5.0, 6.0])) -> tensor([ 1., 12.])"),
    Rule("index_copy", "index_copy_of(x, dim, index, source)", operands="x", params="dim, index, source", loop="composite",
         inplace=True, grad_fn={"": "IndexCopyBackward0"}, source="PyTorch, Tensor.index_copy",
         doc="The operand with slices of source in place of its slices at positions along dim.",
         example="zeros(3).index_copy(0, tensor([2, 0]), tensor([5.0, 6.0])) -> tensor([6., 0., 5.])"),
    Rule("index_fill", "index_fill_of(x, dim, index, value)", operands="x", params="dim, index, value", loop="composite",
         inplace=True, grad_fn={"": "IndexFillBackward0", "t": "IndexFillBackward1"}, source="PyTorch, Tensor.index_fill",
         doc="The operand with a number, or a 0-d Variable, in its slices at positions along dim.",
         example="zeros(3).index_fill(0, tensor([2]), 5.0) -> tensor([0., 0., 5.])"),
    Rule("index_put", "index_put_of(x, indices, values, accumulate)", operands="x",
         params="indices, values, accumulate=False", loop="composite", inplace=True, grad_fn={"": "IndexPutBackward0"},
         source="PyTorch, Tensor.index_put",
         doc="The operand with values at an index, a tuple of Variables, or with accumulate added there, duplicates each.",
         errors="TypeError where an index is no Variable: slices and None are for x[index] = values.",
         example="zeros(3).index_put((tensor([2, 0]),), tensor([5.0, 6.0])) -> tensor([6., 0., 5.])"),
    Rule("put", "put_of(x, index, source, accumulate)", operands="x", params="index, source, accumulate=False",
         numpy_params="indices, values, mode='raise'", numpy_value="numpy_put_of(x, indices, values, mode)",
         numpy_returns="None", loop="composite", inplace=True, grad_fn={"": "PutBackward0"}, source="PyTorch, Tensor.put",
         doc="The operand with elements of source at positions in the flattened operand, or added there.",
         errors="The method of the NumPy flavour writes in place and returns None, as NumPy's does.",
         example="zeros(3).put(tensor([2, 0]), tensor([5.0, 6.0])) -> tensor([6., 0., 5.])"),
    Rule("select_scatter", "select_scatter_of(x, src, dim, index)", operands="x", params="src, dim, index", loop="composite",
         grad_fn={"": "SelectScatterBackward0"}, source="PyTorch, torch.select_scatter",
         doc="The operand with src in place of its slice at one position along dim.",
         example="zeros(2, 2).select_scatter(ones(2), 0, 1) -> tensor([[0., 0.],\n        [1., 1.]])"),
    Rule("slice_scatter", "slice_scatter_of(x, src, dim, start, end, step)", operands="x",
         params="src, dim=0, start=None, end=None, step=1", loop="composite", grad_fn={"": "SliceScatterBackward0"},
         source="PyTorch, torch.slice_scatter", doc="The operand with src in place of what a slice along dim would show.",
         example="zeros(4).slice_scatter(ones(2), start=1, end=3) -> tensor([0., 1., 1., 0.])"),
    Rule("diagonal_scatter", "diagonal_scatter_of(x, src, offset, dim1, dim2)", operands="x",
         params="src, offset=0, dim1=0, dim2=1", loop="composite", grad_fn={"": "DiagonalScatterBackward0"},
         source="PyTorch, torch.diagonal_scatter", doc="The operand with src in place of a diagonal.",
         example="zeros(2, 2).diagonal_scatter(ones(2)) -> tensor([[1., 0.],\n        [0., 1.]])"),
    # ---- joining and splitting
    Rule("cat", "cat_value(xs, dim)", "cat_dx(g, shapes, position, dim)", kind="linear", operands="*",
         params="dim=0", signature="join", method=False, numpy="concatenate", loop="helper", dtype="promote",
         aliases=("concat", "concatenate"), grad_fn="CatBackward0", complex="holomorphic",
         compiled=True, front="compiled", doc="Join along an existing dimension.",
         example="cat([tensor([1.0]), tensor([2.0, 3.0])]) -> tensor([1., 2., 3.])"),
    Rule("stack", "stack_value(xs, dim)", "stack_dx(g, position, dim)", kind="linear", operands="*",
         params="dim=0", signature="join", method=False, numpy="stack", loop="helper", dtype="promote",
         grad_fn="StackBackward0", complex="holomorphic",
         compiled=True, front="compiled", doc="Join along a new dimension.",
         example="stack([tensor([1.0, 2.0]), tensor([3.0, 4.0])], dim=1) -> tensor([[1., 3.],\n        [2., 4.]])"),
    Rule("hstack", "hstack_of(xs)", operands="*", loop="composite", kind="linear", method=False, numpy="hstack",
         grad_fn="CatBackward0", complex="holomorphic", doc="Join along dimension 1, or 0 of what has one dimension.",
         example="hstack((tensor([1.0]), tensor([2.0]))) -> tensor([1., 2.])"),
    Rule("vstack", "vstack_of(xs)", operands="*", loop="composite", kind="linear", method=False, numpy="vstack",
         aliases=("row_stack",), grad_fn="CatBackward0", complex="holomorphic",
         doc="Join along dimension 0, vectors as rows.",
         example="vstack((tensor([1.0]), tensor([2.0]))) -> tensor([[1.],\n        [2.]])"),
    Rule("dstack", "dstack_of(xs)", operands="*", loop="composite", kind="linear", method=False, numpy="dstack",
         grad_fn="CatBackward0", complex="holomorphic", doc="Join along dimension 2.",
         example="dstack((tensor([1.0]), tensor([2.0]))) -> tensor([[[1., 2.]]])"),
    Rule("column_stack", "column_stack_of(xs)", operands="*", loop="composite", kind="linear", method=False,
         numpy="column_stack", grad_fn="CatBackward0", complex="holomorphic",
         doc="Join along dimension 1, vectors as columns.",
         example="column_stack((tensor([1.0]), tensor([2.0]))) -> tensor([[1., 2.]])"),
    Rule("block_diag", "block_diag_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         method=False, grad_fn="BlockDiagBackward0", complex="holomorphic",
         doc="A matrix with the operands, as matrices, along its diagonal and 0 elsewhere.",
         example="block_diag(tensor([[1.0]]), tensor([2.0, 3.0])) -> tensor([[1., 0., 0.],\n        [0., 2., 3.]])"),
    Rule("cartesian_prod", "cartesian_prod_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         method=False, complex="holomorphic", doc="All tuples with one element of each vector, as rows.",
         example="cartesian_prod(arange(2), arange(2)).shape -> autodiff.Size([4, 2])"),
    Rule("combinations", "combinations_of(x, r, with_replacement)", operands="x", params="r=2, with_replacement=False",
         loop="composite", kind="linear", method=False, dtype="same", grad_fn="StackBackward0", complex="holomorphic",
         doc="All choices of r elements of a vector, in order, as rows.",
         example="combinations(tensor([1.0, 2.0, 3.0])) -> tensor([[1., 2.],\n        [1., 3.],\n        [2., 3.]])"),
    Rule("split", "split_of(x, split_size_or_sections, dim, split_size)", operands="x", names="tensor",
         params="split_size_or_sections=None, dim=0, *, split_size=None", loop="composite", kind="linear", dtype="same",
         complex="holomorphic", returns="tuple[_V, ...]",
         doc="Runs of a size, or of several sizes, along a dimension: a tuple of views.",
         errors="Where a gradient is wanted the parts cannot be written in place.",
         example="tensor([1.0, 2.0, 3.0]).split(2) -> (tensor([1., 2.]), tensor([3.]))"),
    Rule("chunk", "chunk_of(x, chunks, dim)", operands="x", params="chunks, dim=0", loop="composite", kind="linear",
         dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         doc="At most so many runs of one size along a dimension: a tuple of views.",
         errors="Where a gradient is wanted the parts cannot be written in place.",
         example="tensor([1.0, 2.0, 3.0]).chunk(2) -> (tensor([1., 2.]), tensor([3.]))"),
    Rule("tensor_split", "tensor_split_of(x, indices_or_sections, dim, sections, indices)", operands="x",
         params="indices_or_sections=None, dim=0, *, sections=None, indices=None", loop="composite", kind="linear",
         numpy="array_split", dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         doc="So many runs along a dimension, the first ones longer by one, or runs between indices: a tuple of views.",
         example="tensor([1.0, 2.0, 3.0]).tensor_split((1,)) -> (tensor([1.]), tensor([2., 3.]))"),
    Rule("hsplit", "hsplit_of(x, indices_or_sections, sections, indices)", operands="x",
         params="indices_or_sections=None, *, sections=None, indices=None", loop="composite", kind="linear",
         numpy="hsplit", dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         doc="Even runs along dimension 1, or 0 of what has one dimension, or runs between indices: a tuple of views.",
         example="ones(4).hsplit(2)[0] -> tensor([1., 1.])"),
    Rule("vsplit", "vsplit_of(x, indices_or_sections, sections, indices)", operands="x",
         params="indices_or_sections=None, *, sections=None, indices=None", loop="composite", kind="linear",
         numpy="vsplit", dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         doc="Even runs along dimension 0, or runs between indices: a tuple of views.",
         example="ones(2, 2).vsplit(2)[0] -> tensor([[1., 1.]])"),
    Rule("dsplit", "dsplit_of(x, indices_or_sections, sections, indices)", operands="x",
         params="indices_or_sections=None, *, sections=None, indices=None", loop="composite", kind="linear",
         numpy="dsplit", dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         doc="Even runs along dimension 2, or runs between indices: a tuple of views.",
         example="ones(1, 1, 2).dsplit(2)[0] -> tensor([[[1.]]])"),
)

BY_NAME = {rule.name: rule for rule in RULES}
ELEMENTWISE = tuple(rule for rule in RULES if rule.elementwise)
#: Rows that are no loops but nodes of the graph.
STRUCTURAL = tuple(rule for rule in RULES if not rule.elementwise and not rule.composite)
#: Functions that a row's texts may call.
FUNCTIONS = tuple(rule.name for rule in ELEMENTWISE if rule.value == f"{rule.name}({', '.join(rule.operands)})")
#: What an elementwise row is compiled for, in the order of the tables of _kernels.
DTYPES = ("float64", "float32")
#: Op number of a row; 0 is a leaf, the first row is 1.  What the compiled modules name comes first, so that another row
#: moves none of their numbers.
NUMBER = {rule.name: number for number, rule in enumerate(
    sorted((*ELEMENTWISE, *STRUCTURAL), key=lambda rule: (not rule.elementwise, not rule.compiled)), 1)}
