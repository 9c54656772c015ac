"""The catalogue: every op autodiff knows, one row each.

From a row follow the compiled loops for each dtype, the same rule on C doubles for scalars, the recorded derivative
(and so the derivatives of every order), the saved values, method, operator, function, stub, documentation row and
tests.  This file is read by the build (which must not import the package), by the tests and by the documentation; it
imports the standard library only.

The grammar of a row
--------------------
``Rule(name, value, dx, dy, ...)``.  The three texts are Python expressions in a closed vocabulary:

* ``x y z``     the operands; ``xs`` stands for all operands of a row with any number of them;
* ``out``       the result, ``g`` the cotangent of the result;
* parameters    the names declared in ``params``;
* numbers, ``+ - * /``, unary minus, comparisons ``< <= > >= == !=``, ``where(condition, a, b)``;
* ``FUNCTIONS``: elementwise rows whose value is a call of their own name, as ``exp(x)``, and those of ``CONSTANTS``;
* names of ``helpers``, for rows that are not elementwise.

What is **saved** for the reverse pass is what ``dx``, ``dy`` mention: ``x``, ``y`` or ``out``.  The tokens ``shape_x``,
``shape_y``, ``dtype_x`` and, where there is any number of operands, ``shapes`` and ``position`` are known without saving an
array and do not count; nor do parameters, which are those that the op was applied with.  An operand's value is saved only
if the operand whose derivative mentions it needs a gradient (``x * y`` with a constant ``y`` saves ``y`` alone).
A saved value that is written before the backward pass makes that pass raise, and one that is written through ``.data``
makes it wrong, so a row saves what PyTorch's op does, and computes again what it could have kept: a quotient saves its
operands, for ``y = x / w; y += 1`` is ordinary code.  ``tests/test_saved.py`` holds the rows against PyTorch's table.
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
params     the parameters after the operands, in PyTorch's spelling, with defaults: what they are is in ``PARAMETERS``.
           An elementwise row has keywords at most, and a front
front      who reads the arguments of a call and applies the op: a helper by name, ``""`` for nobody (the arguments are
           the op's), ``compiled`` where method and function are written in ``_variable``.  That of an elementwise row is
           asked where a parameter is not its default, and says which row is applied instead, to which operands
compiled   whether ``_variable`` names the op, for a fast path; a change of other rows compiles nothing but themselves
signature  core dimensions of a structural row in the notation of NumPy's generalised ufuncs: the last ones, or those that
           parameters of the role ``dim`` or ``dims`` name
batch      ``own`` where a dimension in front of the operands' is not taken along by moving each parameter of the role ``dim``
           or ``dims`` up by one: its parameters tell of every dimension, or it joins operands, or takes all of their elements
namespace  the public module in which the function lives, one of ``NAMESPACES``.  A name is the row's alone: the function of
           a row ``linalg_norm`` of ``linalg`` is ``linalg.norm``
function   whether there is a function, by the row's name and its aliases
method     the same of methods on a Variable
aliases    further names of function and method
infix      the Python operator: ``add`` renders ``__add__``, ``__radd__`` and ``__iadd__``
inplace    whether ``name_`` exists
numpy      what of NumPy and SciPy the row answers to, parted by ``;``: ``NAMES(PARAMETERS) -> TYPE = CALL``.  The names of
           functions, parted by spaces, without ``np.`` (SciPy's in full), and with a dot the method of the NumPy flavour.
           The parameters are NumPy's own, operands first, where they are more than those.  The call, of a helper or of a
           row, is who reads them; without it each goes to the row's parameter of the same meaning, and one that there is
           not may not be given.  The type is the result's in the stubs where it is not the row's.  The first function is
           what the values are compared with
loop       kernel source: ``numpy:NAME`` captures NumPy's inner loop, ``c`` renders the text of ``value`` (which may be
           a call of a C function of ``csrc/special.h``), ``vector`` is a loop of its own, ``NAME_block_DTYPE`` of the headers
           ``csrc/vector*.h`` (``vector numpy:NAME``: at float64, and NumPy's at float32, where that is vectorised;
           ``vector like numpy:NAME``: at both, with NumPy's bits; ``c vector``: the text at float64, its own at float32),
           ``helper`` evaluates it on plain arrays, ``composite`` on recorded values, ``view`` shares the operand's
           storage under another geometry
fast       a value-only VJP in C beside the recorded one, by name; the tests hold the two together
dtype      the result's dtype: ``promote``, ``float`` (integers become the default dtype), ``bool``, ``same``, ``index``
outputs    names of the results where there are several: the call returns a named tuple of them; of ``values`` and
           ``indices``, where ``dim`` may be left out, a call without it has one result
grad_fn    the name of the node, PyTorch's; a dict where overloads differ, keyed by ``t``/``n`` (tensor, number) for
           each position, ``""`` for the rest.  ``NAME of copies``: that overload saves copies of its operands, so that
           writes to them are no matter; for ops that PyTorch computes in steps, of which it saves a result that nobody
           else has
special    the call of another row that this one is a special case of, as ``pow(x, 2)``: it takes calls with that number
at         the interval tests and documentation sample operands from; ``at_y`` for the second
kinks      points without a derivative and what is found there in the orders 1, 2 and 3, as
           ``{point: "order 1; order 2; order 3 at call"}``.  A value is an expression in the operands and parameters, a
           list where the operand has dimensions; ``0 in x, 1 in y`` and ``0 in each`` where there are two operands;
           ``words = value`` where order 1 is better said in words.  The call is the arguments of one, several are parted
           by ``or``; ``words as row`` instead refers to the row by which it is reached.  A point where only a higher
           derivative is missing ends in ``(order 2)``.  tests/test_kinks.py holds each to it, and to the limits from
           both sides: where these agree, their value is the only right one; where they do not, a number may be chosen in
           order 1, and a later one is a limit, their mean, or nan, so that a choice is never differentiated as a constant
piecewise  whether the formula of the derivative changes between pieces: recorded, it then stays in its operand's graph even
           where it does not mention it, so that the next derivative is 0 and not an error (a derivative of ``0`` does always)
complex    ``holomorphic`` (the cotangent rule is conj(expr(conj g)), where the kind is linear expr itself), ``as written``
           (the texts hold for complex operands as they stand), ``refused``, the name of another row that is applied
           instead, or calls of helpers in place of dx, dy, parted by ``;``
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
from typing import NamedTuple

KINDS = ("elementwise", "linear", "multilinear", "reduction", "gather", "custom")
#: Public modules in which functions live.
NAMESPACES = ("autodiff", "linalg", "fft", "special", "nn.functional")

#: What a parameter can be, and its type in the stubs.  Batching moves ``dim`` and ``dims`` up by one; a row of which a
#: parameter is in ``OF_EVERY_DIMENSION`` has a batch rule of its own.
ROLES = {
    "dim": "_int",          # one dimension, of the operands or of the result: fronts hand on what is not negative; None: the
                            # operand is flattened
    "dims": "_Dims",        # several; None: all of them; (): the operand is flattened
    "shape": "_Dims",       # the sizes of the result
    "sizes": "_Dims",       # an entry for each dimension: how often, how much before and after
    "index": "_Operand",    # positions in the operand
    "mask": "_Operand",     # of bools, broadcast with the operands
    "geometry": "_Any",     # where a view looks
    "operand": "_Operand",  # what the op computes with, besides its operands: a Variable, an array, a number
    "number": "_Number",    # a number without a derivative: a Variable that wants one is refused
    "count": "_int",        # an int that is no dimension
    "flag": "_bool",
    "choice": "_str",       # one of several words
    "dtype": "_DType",
    "any": "_Any",
}
OF_EVERY_DIMENSION = ("shape", "sizes", "index", "mask", "geometry")


class Parameter(NamedTuple):
    """A parameter of rows: its role, what it means, its type in the stubs where that is not its role's."""

    role: str
    doc: str = ""
    type: str = ""


_Q = "how many parts, or the indices where the parts after the first begin"
_FACTOR = Parameter("operand", "a factor of the product")
_OF_INPUT = Parameter("operand", "a factor of input")
_DIAGONAL = Parameter("count", "which diagonal: 0 the main one, positive above it, negative below")

#: Parameters by name.  ``row.name`` is what a name means to one row; ``reduction.name`` to those that reduce dimensions to
#: one result, ``position.name`` to those whose results are positions, ``total.name`` to those of the dtype ``same``.
PARAMETERS = {
    # dimensions
    "dim": Parameter("dim", "the dimension along which to compute, from the end if negative"),
    "reduction.dim": Parameter("dims", "the dimension or dimensions to reduce, from the end if negative; all of them if None"),
    "position.dim": Parameter("dim", "the dimension along which to compute, from the end if negative; the flattened operand if "
                                     "None"),
    "count_nonzero.dim": Parameter("dims", "the dimension or dimensions to count along, from the end if negative; all if None"),
    "repeat_interleave.dim": Parameter("dim", "the dimension; the flattened operand if None"),
    "squeeze.dim": Parameter("dims", "the dimension or dimensions, from the end if negative; all of size 1 if None"),
    "squeeze_.dim": Parameter("dim", "the dimension, from the end if negative; all of size 1 if None"),
    "dim0": Parameter("dim"),
    "dim1": Parameter("dim"),
    "dim2": Parameter("dim"),
    "axis1": Parameter("dim"),
    "axis2": Parameter("dim"),
    "dimension": Parameter("dim"),
    "start_dim": Parameter("dim", "the first of the dimensions"),
    "end_dim": Parameter("dim", "the last of the dimensions"),
    "dims": Parameter("dims"),
    "flip.dims": Parameter("dims", "the dimensions, as arguments or in one tuple"),
    "flip.ints": Parameter("dims"),
    "rot90.dims": Parameter("dims", "the plane: two dimensions"),
    "tensordot.dims": Parameter("any", "how many dimensions, or two lists of them"),
    "movedim.source": Parameter("dims", "the dimension or dimensions to move"),
    "movedim.destination": Parameter("dims", "where they go"),
    # sizes
    "shape": Parameter("shape"),
    "size": Parameter("shape", "the sizes of the result"),
    "broadcast_to.ints": Parameter("shape"),
    "unfold.size": Parameter("count", "the length of a window"),
    "sizes": Parameter("shape", "the sizes of the dimension's parts"),
    "stride": Parameter("sizes", "for each dimension, by how many elements it steps"),
    "pad": Parameter("sizes", "counts before and after, in pairs, the last dimension first; negative ones take away"),
    "ints": Parameter("sizes"),
    "tile.dims": Parameter("sizes", "how often in each dimension, as arguments or in one tuple; the last ones where fewer are "
                                    "given"),
    "repeat.repeats": Parameter("sizes", "how often in each dimension, as arguments or in one tuple; new dimensions come first",
                                "_Any"),
    "split_size_or_sections": Parameter("any", "the size of each part but the last, or the sizes of all", "_Dims"),
    "split_size": Parameter("any", "the same", "_Dims"),
    "indices_or_sections": Parameter("any", _Q, "_Dims"),
    # where
    "index": Parameter("index"),
    "indices": Parameter("index", type="_Any"),
    "select_scatter.index": Parameter("count"),
    "mask": Parameter("mask", "a bool Variable of a shape that broadcasts"),
    "condition": Parameter("mask", "a bool Variable, array or number"),
    "geometry": Parameter("geometry"),
    # what is computed with
    "min": Parameter("operand", "the lower bound, a number or a Variable; none if None"),
    "max": Parameter("operand", "the upper bound, a number or a Variable; none if None"),
    "other": Parameter("operand", type="_Any"),
    "weight": Parameter("operand"),
    "weights": Parameter("operand"),
    "bias": Parameter("operand", "what is added to the product, or None"),
    "src": Parameter("operand"),
    "source": Parameter("operand"),
    "values": Parameter("operand"),
    "masked_fill.value": Parameter("operand"),
    "index_fill.value": Parameter("operand"),
    "addcmul.value": _FACTOR,
    "addcdiv.value": Parameter("operand", "a factor of the quotient"),
    "index_add.alpha": Parameter("operand", "a factor of source"),
    "add.alpha": Parameter("operand", "a factor of other"),
    "sub.alpha": Parameter("operand", "a factor of other"),
    **{f"{row}.beta": _OF_INPUT for row in ("addmm", "addmv", "addr", "addbmm", "baddbmm")},
    **{f"{row}.alpha": _FACTOR for row in ("addmm", "addmv", "addr", "addbmm", "baddbmm")},
    "q": Parameter("operand", "the quantile or quantiles, from 0 to 1", "_Any"),
    "repeats": Parameter("operand", "how often: an int, or a Variable of ints, one for each slice", "_Any"),
    "x": Parameter("operand", type="_Any"),
    "prepend": Parameter("operand", type="_Any"),
    "append": Parameter("operand", type="_Any"),
    "searchsorted.input": Parameter("operand"),
    "sorter": Parameter("operand"),
    "boundaries": Parameter("operand"),
    "test_elements": Parameter("operand"),
    "args": Parameter("any", "an equation and Variables; or Variables, each followed by its subscripts, and those of the "
                             "result"),
    # numbers
    "p": Parameter("number", "the order of the norm, a number or inf"),
    "norm.p": Parameter("number", "the order of the norm, a number or inf", "_Number | _str"),
    "alpha": Parameter("number", "a factor"),
    "beta": Parameter("number"),
    "value": Parameter("number"),
    "pad.value": Parameter("number", "the constant, 0 if None"),
    "threshold": Parameter("number"),
    "negative_slope": Parameter("number", "the slope for negative elements"),
    "min_val": Parameter("number", "the lower bound"),
    "max_val": Parameter("number", "the upper bound"),
    "histc.min": Parameter("number", "the lower bound"),
    "histc.max": Parameter("number", "the upper bound"),
    "nan": Parameter("number", "what replaces NaN"),
    "posinf": Parameter("number", "what replaces inf; the dtype's largest number if None"),
    "neginf": Parameter("number", "what replaces -inf; the dtype's smallest number if None"),
    "eps": Parameter("number", "what keeps a divisor or a logarithm away from 0"),
    "rtol": Parameter("number", "the tolerance relative to other"),
    "atol": Parameter("number", "the absolute tolerance"),
    "correction": Parameter("number", "what is subtracted from the count: 1 makes the estimate of a variance unbiased"),
    "dx": Parameter("number"),
    # counts
    "k": Parameter("count", "how many, or which, counted from 1"),
    "rot90.k": Parameter("count", "how many quarters; negative ones turn back"),
    "n": Parameter("count"),
    "matrix_power.n": Parameter("count", "how many copies"),
    "r": Parameter("count", "how many"),
    "chunks": Parameter("count", "how many pieces at most"),
    "sections": Parameter("count"),
    "bins": Parameter("count"),
    "minlength": Parameter("count"),
    "output_size": Parameter("count"),
    "decimals": Parameter("count", "how many decimals to keep; of negative ones, the nearest ten, hundred, ..."),
    "offset": _DIAGONAL,
    "diagonal": _DIAGONAL,
    "shifts": Parameter("count", "by how many places, for each of dims", "_Dims"),
    "start": Parameter("count"),
    "end": Parameter("count"),
    "step": Parameter("count"),
    "unfold.step": Parameter("count", "from one window to the next"),
    "storage_offset": Parameter("count", "the element to begin with, counted from the beginning of the storage"),
    # flags
    "keepdim": Parameter("flag", "whether reduced dimensions stay, with size 1"),
    "unbiased": Parameter("flag", "whether to divide by the count less 1"),
    "descending": Parameter("flag", "whether the largest comes first"),
    "stable": Parameter("flag", "whether equal elements keep their order; they do either way"),
    "largest": Parameter("flag", "whether the largest are meant; else the smallest"),
    "sorted": Parameter("flag", "whether the results are in order"),
    "equal_nan": Parameter("flag", "whether NaN is close to NaN"),
    "with_replacement": Parameter("flag", "whether an element may come several times"),
    "return_inverse": Parameter("flag"),
    "return_counts": Parameter("flag"),
    "as_tuple": Parameter("flag"),
    "right": Parameter("flag"),
    "out_int32": Parameter("flag"),
    "accumulate": Parameter("flag"),
    "invert": Parameter("flag"),
    "assume_unique": Parameter("flag"),
    "sparse_grad": Parameter("flag"),
    "include_self": Parameter("flag"),
    "ignore_nan": Parameter("flag"),
    # words and dtypes
    "approximate": Parameter("choice", "'none' for the exact function, 'tanh' for the approximation by a hyperbolic tangent"),
    "rounding_mode": Parameter("choice", "None for the true quotient, 'floor' to round it down, 'trunc' to round it towards 0"),
    "indexing": Parameter("choice", "'ij' for the first operand along the first dimension, 'xy' for the second"),
    "mode": Parameter("choice"),
    "pad.mode": Parameter("choice", "'constant', or what is repeated: 'reflect' (without the edge), 'replicate' (the edge), "
                                    "'circular'"),
    "interpolation": Parameter("choice"),
    "side": Parameter("choice"),
    "reduce": Parameter("choice"),
    "dtype": Parameter("dtype", "the dtype to cast the operand to first"),
    "total.dtype": Parameter("dtype", "the dtype to cast the operand to first; without it, integers and bools become int64"),
    **{f"{row}.dtype": Parameter("dtype", "the dtype to cast the operand to first")
       for row in ("softmax", "softmin", "log_softmax")},
    "out": Parameter("any", "a Variable to write the result into; not where a gradient is wanted"),
}



class Answer(NamedTuple):
    """Functions of NumPy and SciPy, and methods of the NumPy flavour, that a row answers to in one way."""

    functions: tuple[str, ...]      # without np.; SciPy's in full
    methods: tuple[str, ...]
    params: str = ""                # NumPy's own, the operands first; empty: the operands alone
    value: str = ""                 # the call that reads them, where there is one
    returns: str = ""


def _answer(text: str) -> Answer:
    names, parenthesis, rest = text.partition("(")
    depth, end = bool(parenthesis), 0
    while depth and end < len(rest):
        depth += {"(": 1, ")": -1}.get(rest[end], 0)
        end += 1
    returns, _, value = rest[end:].partition("=")
    found = names.split()
    return Answer(tuple(name for name in found if not name.startswith(".")),
                  tuple(name[1:] for name in found if name.startswith(".")), rest[:end - 1] if parenthesis else "",
                  value.strip(), returns.replace("->", "").strip())


@dataclass(frozen=True)
class Rule:
    name: str
    value: str
    dx: str | None = None
    dy: str | None = None
    kind: str = "elementwise"
    operands: str = ""
    names: str = ""
    params: str = ""
    namespace: str = "autodiff"
    front: str = ""
    compiled: bool = False
    signature: str = ""
    batch: str = ""
    method: bool = True
    function: bool = True
    aliases: tuple[str, ...] = ()
    infix: str | None = None
    inplace: bool = False
    numpy: str = ""
    loop: str = "c"
    fast: str | None = None
    dtype: str = "promote"
    outputs: tuple[str, ...] = ()
    grad_fn: str | dict[str, str] = ""
    special: str = ""
    at: tuple[float, float] = (-2.0, 2.0)
    at_y: tuple[float, float] | None = None
    kinks: dict[str, str] = field(default_factory=dict)
    piecewise: bool = False
    complex: str = "refused"
    out: bool = False
    returns: str = ""
    source: str = ""
    doc: str = ""
    errors: str = ""
    example: str = ""

    @property
    def function_name(self) -> str:
        """The function's name in its namespace."""
        return self.name.removeprefix(self.namespace.replace(".", "_") + "_")

    @property
    def path(self) -> str:
        """The function's name after ``autodiff.``."""
        return self.function_name if self.namespace == "autodiff" else f"{self.namespace}.{self.function_name}"

    @property
    def arity(self) -> int:
        """How many operands a call has; -1 for any number."""
        return -1 if self.operands == "*" else len(self.operands)

    @property
    def elementwise(self) -> bool:
        """Whether loops are compiled for the row."""
        return self.loop in ("c", "c vector") or self.loop.startswith(("numpy:", "vector"))

    @property
    def takes_numbers(self) -> bool:
        """Whether the function takes Python numbers alone, so that one function serves floats and Tensors.

        Those that answer yes or no (``isnan``) do not: nothing that is differentiated calls them of floats.
        """
        return (self.elementwise and (self.dtype != "bool" or self.arity == 2)) or self.name in OF_ELEMENTS

    @property
    def itself(self) -> bool:
        """Whether the value is the operand: a call then returns it, in PyTorch's flavour, and records nothing."""
        return self.elementwise and self.value == "x"

    @property
    def node_names(self) -> str | dict[str, str]:
        """``grad_fn`` without what it says of copies."""
        if isinstance(self.grad_fn, str):
            return self.grad_fn
        return {key: name.removesuffix(" of copies") for key, name in self.grad_fn.items()}

    @property
    def copies(self) -> str:
        """The overload, keyed as in ``grad_fn``, that saves copies of its operands."""
        names = {} if isinstance(self.grad_fn, str) else self.grad_fn
        return next((key for key, name in names.items() if name.endswith(" of copies")), "")

    @property
    def single(self) -> bool:
        """Whether a call without ``dim`` has one result, though a call with it has several."""
        return self.outputs == ("values", "indices") and "dim=None" in self.params

    def loop_at(self, dtype: str) -> str:
        """Where the loop of the value comes from at a dtype: ``numpy:NAME``, ``vector``, ``c``, ..."""
        own, _, other = self.loop.partition(" ")
        return other if other.startswith(("numpy:", "vector")) and dtype == "float32" else own

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
    def answers(self) -> tuple[Answer, ...]:
        """What of NumPy and SciPy the row answers to, read."""
        return tuple(_answer(text.strip()) for text in self.numpy.split(";") if text.strip())

    @property
    def numpy_name(self) -> str:
        """NumPy's function of the same meaning, without ``np.``; empty where there is none."""
        names = [name for answer in self.answers for name in answer.functions if not name.startswith("scipy.")]
        return names[0] if names else ""

    #: Types of parameters in the stubs, by role.
    TYPES = ROLES

    def parameter(self, name: str) -> Parameter:
        """What one of the row's parameters is."""
        senses = [self.name]
        if self.dtype == "index":
            senses.append("position")
        elif "keepdim" in self.params and not self.outputs:
            senses.append("reduction")
        if self.dtype == "same":
            senses.append("total")
        known = [PARAMETERS[key] for key in (*(f"{sense}.{name}" for sense in senses), name) if key in PARAMETERS]
        return known[0] if known else Parameter("any")

    @property
    def operand_names(self) -> tuple[str, ...]:
        """The operands' names in a call."""
        if self.names:
            return tuple(self.names.lstrip("*").replace(",", " ").split())
        return ("tensors",) if self.operands == "*" else ("input", "other", "third")[:len(self.operands)]


def _elementwise(name, value, dx=None, dy=None, *, numpy="", loop=None, grad_fn="", **fields):
    """A row whose loops are rendered; the operands are those that the value names."""
    operands = "".join(letter for letter in "xyz" if letter in _names(value))
    first = numpy.split(" ")[0]
    if not grad_fn:
        grad_fn = name.title().replace("_", "") + "Backward0"
    return Rule(name, value, dx, dy, operands=operands, numpy=numpy, grad_fn=grad_fn,
                loop=loop or (f"numpy:{first}" if first and "." not in first else "c"), **fields)


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
NO_ELEMENT = "RuntimeError or IndexError where there is no element."
TORCH_KINK = "PyTorch, notes/autograd: gradients for non-differentiable functions"
FLOATS_ONLY = "Integers: NotImplementedError."

RULES: tuple[Rule, ...] = (
    # ---- arithmetic
    _elementwise("add", "x + y", "g", "g", params="*, alpha=1", front="scaled_front", kind="linear", infix="add",
                 inplace=True, numpy="add",
                 complex="holomorphic", doc="Sum of two operands.",
                 example="tensor([1.0, 2.0]).add(3.0, alpha=10) -> tensor([31., 32.])"),
    _elementwise("sub", "x - y", "g", "-g", params="*, alpha=1", front="scaled_front", kind="linear", infix="sub",
                 inplace=True, numpy="subtract",
                 grad_fn={"": "SubBackward0", "nt": "RsubBackward1"}, complex="holomorphic",
                 aliases=("subtract",), doc="Difference of two operands.",
                 example="tensor([1.0, 2.0]) - tensor([[1.0], [2.0]]) -> tensor([[ 0.,  1.],\n        [-1.,  0.]])"),
    _elementwise("mul", "x * y", "g * y", "g * x", kind="multilinear", infix="mul", inplace=True, numpy="multiply",
                 complex="holomorphic", aliases=("multiply",), doc="Product of two operands.",
                 example="tensor([1.0, 2.0]) * tensor([3.0, 4.0]) -> tensor([3., 8.])"),
    _elementwise("div", "x / y", "g / y", "-g * (x / y) / y", params="*, rounding_mode=None", front="rounded_front",
                 infix="truediv", inplace=True, numpy="true_divide",
                 dtype="float", grad_fn={"": "DivBackward0", "nt": "MulBackward0 of copies"}, at_y=(0.5, 2.0),
                 complex="holomorphic", source=CALCULUS, aliases=("divide", "true_divide"),
                 doc="Quotient of two operands.",
                 example="tensor([1, 2]) / 2 -> tensor([0.5000, 1.0000])"),
    _elementwise("pow", "pow(x, y)", "g * where(y == 0, pow_slope_at_0(x, y), "
                 "y * (pow(where(y == 0, 1, x), y - 1) + kink(where(x == 0, y - 1, 1))))",
                 ("g * where(x == 0, where(y < 0, -out, out * _L + kink(where(y <= 1, x, 1)) + kink(abs(x) + abs(y))),"
                  " out * _L)").replace("_L", "log(where(x == 0, 1, x))"), infix="pow", inplace=True,
                 names="input, exponent",
                 numpy="power", grad_fn={"": "PowBackward1", "tn": "PowBackward0", "nt": "PowBackward2"},
                 at=(0.5, 2.0), at_y=(-2.0, 2.0),
                 kinks={"x = 0, y > 0": "0 in y; 0 in y; 0 in y at 0, 1.5 or 0, 2",
                        "y = 0": "0 in x; 0 in x; 0 in x at 2, 0 or 0, 0",
                        "x = y = 0": "0 in y; nan in y; nan in y at 0, 0"},
                 complex="pow_complex_dx(g, x, y); pow_complex_dy(g, x, y, out)",
                 source=CALCULUS, doc="x to the power y.",
                 example="tensor([1.0, 2.0, 3.0]) ** 2 -> tensor([1., 4., 9.])"),
    # What is 0 in a first derivative, but not all there is to it.
    _elementwise("flat", "where(x == x, 0, 0)", "0", method=False, function=False, complex="holomorphic", compiled=True,
                 source=CALCULUS,
                 doc="0, a part of the operand's graph: its derivatives of every order are 0."),
    _elementwise("kink", "where(x == x, 0, 0)", "g * hole(x)", method=False, function=False, compiled=True, at=(0.5, 2.0),
                 source=CALCULUS,
                 doc="0, whose derivative is NaN where x is 0: a convention was chosen there, and no limit is at hand."),
    _elementwise("hole", "where(x == 0, x / x, 0)", "g * hole(x)", method=False, function=False, at=(0.5, 2.0),
                 source=CALCULUS,
                 doc="NaN where x is 0, and 0 elsewhere: the derivative of kink, and its own."),
    # y * x^(y - 1) where y is 0: 0, whose derivatives are those of the product.
    _elementwise("pow_slope_at_0", "where(x == y, 0, 0)",
                 ("g * where(y == 0, y * ((y - 1) * pow(where(y == 0, where(x == 0, 1, x), 1), y - 2))"
                  " + kink(where(x == 0, y, 1)), 0)"),
                 "g * where(y == 0, (1 + y * log(_B)) * pow(_B, y) / _B, 0)".replace("_B", "where(y == 0, x, 1)"),
                 method=False, function=False, at=(0.5, 2.0), source=CALCULUS,
                 doc="0: what the derivative of pow in x is where y is 0, with derivatives of its own."),
    _elementwise("neg", "-x", "-g", kind="linear", infix="neg", inplace=True, numpy="negative",
                 complex="holomorphic", aliases=("negative",), doc="Negation.",
                 example="-tensor([1.0, -2.0]) -> tensor([-1.,  2.])"),
    _elementwise("positive", "x", "g", kind="linear", infix="pos", numpy="positive", complex="holomorphic",
                 grad_fn={"": "PositiveBackward0", "tn": "PowBackward0"},
                 doc="The operand itself; of the NumPy flavour a copy.",
                 example="+tensor([1.0, -2.0]) -> tensor([ 1., -2.])"),
    _elementwise("abs", "abs(x)", "g * where(x > 0, 1, where(x < 0, -1, 0 * x))", infix="abs", inplace=True,
                 numpy="absolute", aliases=("absolute",),
                 kinks={"x = 0": "0; 0; 0 at 0"},
                 piecewise=True, source=TORCH_KINK,
                 complex="magnitude", doc="Absolute value.",
                 example="abs(tensor([-1.5, 2.0])) -> tensor([1.5000, 2.0000])"),
    _elementwise("reciprocal", "1 / x", "-g * out * out", inplace=True, numpy="reciprocal", dtype="float",
                 at=(0.5, 2.0), complex="holomorphic",
                 source=CALCULUS, doc="1 / x.", example="tensor([2.0, 4.0]).reciprocal() -> tensor([0.5000, 0.2500])"),
    _elementwise("pow_minus_one", "1 / x", "-g * (1 / x) * (1 / x)", method=False, function=False,
                 loop="numpy:reciprocal",
                 special="pow(x, -1)", dtype="float", grad_fn="PowBackward0", at=(0.5, 2.0), complex="holomorphic",
                 source=CALCULUS, doc="x ** -1, which saves x, as other powers do."),
    _elementwise("square", "square(x)", "g * (2 * x)", inplace=True, numpy="square", special="pow(x, 2)",
                 grad_fn="PowBackward0",
                 complex="holomorphic", compiled=True, source=CALCULUS, doc="x * x.",
                 example="tensor([3.0, -2.0]).square() -> tensor([9., 4.])"),
    _elementwise("sqrt", "sqrt(x)", "g / (2 * out)", inplace=True, numpy="sqrt", dtype="float",
                 at=(0.5, 2.0), kinks={"x = 0": "inf; -inf; inf at 0"},
                 complex="holomorphic", compiled=True, source=CALCULUS, doc="Square root.",
                 example="tensor([4, 9]).sqrt() -> tensor([2., 3.])"),
    _elementwise("pow_half", "sqrt(x)", "g / (2 * sqrt(x))", method=False, function=False, loop="numpy:sqrt",
                 special="pow(x, 0.5)",
                 dtype="float", grad_fn="PowBackward0", at=(0.5, 2.0), kinks={"x = 0": "inf; -inf; inf at 0"},
                 complex="holomorphic", source=CALCULUS, doc="x ** 0.5, which saves x, as other powers do."),
    # ---- transcendental functions
    _elementwise("exp", "exp(x)", "g * out", inplace=True, numpy="exp", dtype="float", complex="holomorphic",
                 compiled=True,
                 source=CALCULUS, doc="Exponential.", example="tensor([0.0, 1.0]).exp() -> tensor([1.0000, 2.7183])"),
    _elementwise("log", "log(x)", "g / x", inplace=True, numpy="log", dtype="float", at=(0.5, 2.0),
                 kinks={"x = 0": "inf; -inf; inf at 0"},
                 complex="holomorphic", compiled=True, source=CALCULUS, doc="Natural logarithm.",
                 example="tensor([1.0, 10.0]).log() -> tensor([0.0000, 2.3026])"),
    _elementwise("sin", "sin(x)", "g * cos(x)", inplace=True, numpy="sin", loop="vector numpy:sin", dtype="float",
                 complex="holomorphic",
                 source=CALCULUS, doc="Sine; x in radians.",
                 example="tensor([0.0, 1.0]).sin() -> tensor([0.0000, 0.8415])"),
    _elementwise("cos", "cos(x)", "g * -sin(x)", inplace=True, numpy="cos", loop="vector numpy:cos", dtype="float",
                 complex="holomorphic",
                 source=CALCULUS, doc="Cosine; x in radians.",
                 example="tensor([0.0, 1.0]).cos() -> tensor([1.0000, 0.5403])"),
    _elementwise("tanh", "tanh(x)", "g * (1 - out * out)", inplace=True, numpy="tanh", dtype="float",
                 complex="holomorphic", source=CALCULUS, doc="Hyperbolic tangent.",
                 example="tensor([0.0, 1.0]).tanh() -> tensor([0.0000, 0.7616])"),
    _elementwise("sigmoid", "1 / (1 + exp(-x))", "g * (1 - out) * out", inplace=True, dtype="float", loop="c vector",
                 complex="holomorphic",
                 numpy="scipy.special.expit",
                 source=CALCULUS, doc="Logistic function 1 / (1 + exp(-x)).",
                 example="tensor([0.0, 2.0]).sigmoid() -> tensor([0.5000, 0.8808])"),
    _elementwise("relu", "where(x <= 0, 0, x)", "where(out <= 0, 0 * out, g)", inplace=True,
                 kinks={"x = 0": "0; 0; 0 at 0"},
                 source=TORCH_KINK, doc="max(x, 0).", example="tensor([-1.0, 2.0]).relu() -> tensor([0., 2.])"),
    _elementwise("tan", "tan(x)", "g * (1 + out * out)", inplace=True, numpy="tan", dtype="float", at=(-1.2, 1.2),
                 complex="holomorphic", source=CALCULUS, doc="Tangent; x in radians.",
                 example="tensor([0.0, 1.0]).tan() -> tensor([0.0000, 1.5574])"),
    # By half the power where it is above 1, times 2 ln 2: the derivative is finite for half a unit longer than the value.
    _elementwise("exp2", "exp2(x)",
                 "where(x > 0, 1.3862943611198906 * g, 0.6931471805599453 * g) * exp2(where(x > 0, x - 1, x))",
                 inplace=True, numpy="exp2 scipy.special.exp2", dtype="float", complex="exp2_complex_dx(g, out)",
                 source=CALCULUS, doc="2 to the power x.",
                 example="tensor([0.0, 3.0]).exp2() -> tensor([1., 8.])"),
    _elementwise("expm1", "expm1(x)", "g * (out + 1)", inplace=True, numpy="expm1 scipy.special.expm1", dtype="float",
                 complex="holomorphic",
                 source=CALCULUS, doc="exp(x) - 1, accurate for small x.",
                 example="tensor([0.0, 1.0]).expm1() -> tensor([0.0000, 1.7183])"),
    _elementwise("log1p", "log1p(x)", "g / (x + 1)", inplace=True, numpy="log1p scipy.special.log1p", dtype="float",
                 at=(-0.5, 2.0),
                 grad_fn="Log1PBackward0",
                 kinks={"x = -1": "inf; -inf; inf at -1"},
                 complex="holomorphic", source=CALCULUS,
                 doc="log(1 + x), accurate for small x.",
                 example="tensor([0.0, 1.0]).log1p() -> tensor([0.0000, 0.6931])"),
    _elementwise("log2", "log2(x)", "g * 1.4426950408889634 / x", inplace=True, numpy="log2", dtype="float",
                 at=(0.5, 2.0), kinks={"x = 0": "inf; -inf; inf at 0"}, complex="holomorphic", source=CALCULUS,
                 doc="Logarithm to base 2.", example="tensor([1.0, 8.0]).log2() -> tensor([0., 3.])"),
    _elementwise("log10", "log10(x)", "g * 0.4342944819032518 / x", inplace=True, numpy="log10", dtype="float",
                 at=(0.5, 2.0), kinks={"x = 0": "inf; -inf; inf at 0"}, complex="holomorphic", source=CALCULUS,
                 doc="Logarithm to base 10.", example="tensor([1.0, 1000.0]).log10() -> tensor([0., 3.])"),
    _elementwise("rsqrt", "1 / sqrt(x)", "-0.5 * g * out * out * out", inplace=True, dtype="float", at=(0.5, 2.0),
                 kinks={"x = 0": "-inf; inf; -inf at 0"}, complex="holomorphic", source=CALCULUS, doc="1 / sqrt(x).",
                 example="tensor([4.0, 0.25]).rsqrt() -> tensor([0.5000, 2.0000])"),
    _elementwise("cbrt", "cbrt(x)", "g / (3 * (out * out))", inplace=True, numpy="cbrt scipy.special.cbrt",
                 dtype="float", at=(0.5, 2.0),
                 kinks={"x = 0": "inf; nan; nan at 0"}, source=CALCULUS, doc="Cube root.",
                 example="tensor([2.0, -27.5]).cbrt() -> tensor([ 1.2599, -3.0184])"),
    _elementwise("one_minus_square", "one_minus_square(x)", "g * (-2 * x)", method=False, function=False, dtype="float",
                 source=CALCULUS,
                 doc="1 - x * x, as a product, which keeps its digits near 1: what asin differentiates by."),
    _elementwise("asin", "asin(x)", "g / sqrt(one_minus_square(x))", inplace=True, numpy="arcsin", dtype="float",
                 at=(-0.9, 0.9),
                 aliases=("arcsin",), kinks={"abs(x) = 1": "inf; x * inf; inf at 1 or -1"},
                 complex="asin_complex_dx(g, x)", source=CALCULUS,
                 doc="Inverse sine, in radians.", example="tensor([0.0, 1.0]).asin() -> tensor([0.0000, 1.5708])"),
    _elementwise("acos", "acos(x)", "-g / sqrt(one_minus_square(x))", inplace=True, numpy="arccos", dtype="float",
                 at=(-0.9, 0.9),
                 aliases=("arccos",), kinks={"abs(x) = 1": "-inf; -x * inf; -inf at 1 or -1"},
                 complex="-asin_complex_dx(g, x)", source=CALCULUS,
                 doc="Inverse cosine, in radians.", example="tensor([0.0, 1.0]).acos() -> tensor([1.5708, 0.0000])"),
    # By hypot twice and not by x * x + 1, whose square overflows in the second derivative from 1e77 on.
    _elementwise("atan", "atan(x)", "g / hypot(x, 1) / hypot(x, 1)", inplace=True, numpy="arctan", dtype="float",
                 aliases=("arctan",), complex="atan_complex_dx(g, x)", source=CALCULUS,
                 doc="Inverse tangent, in radians.",
                 example="tensor([0.0, 1.0]).atan() -> tensor([0.0000, 0.7854])"),
    # By hypot, which neither overflows nor vanishes where x * x + y * y does; at the origin of another point.
    _elementwise("atan2", "atan2(x, y)", "where(_A == 0, g * kink(_A), g * (y / _R) / _R)".replace("_R", _RADIUS)
                 .replace("_A", "(abs(x) + abs(y))"),
                 "where(abs(x) + abs(y) == 0, g * kink(abs(x) + abs(y)), -g * (x / _R) / _R)".replace("_R", _RADIUS),
                 inplace=True,
                 numpy="arctan2", loop="vector", dtype="float", aliases=("arctan2",),
                 kinks={"x = y = 0": "0 in each; nan in each; nan in each at 0, 0"},
                 source=CALCULUS,
                 doc="The angle of the point (y, x), in radians: atan(x / y) in the right quadrant.",
                 example="tensor([1.0, 1.0]).atan2(tensor([1.0, -1.0])) -> tensor([0.7854, 2.3562])"),
    _elementwise("sinh", "sinh(x)", "g * cosh(x)", inplace=True, numpy="sinh", dtype="float", complex="holomorphic",
                 source=CALCULUS, doc="Hyperbolic sine.",
                 example="tensor([0.0, 1.0]).sinh() -> tensor([0.0000, 1.1752])"),
    _elementwise("cosh", "cosh(x)", "g * sinh(x)", inplace=True, numpy="cosh", dtype="float", complex="holomorphic",
                 source=CALCULUS, doc="Hyperbolic cosine.",
                 example="tensor([0.0, 1.0]).cosh() -> tensor([1.0000, 1.5431])"),
    _elementwise("asinh", "asinh(x)", "g / hypot(x, 1)", inplace=True, numpy="arcsinh", dtype="float",
                 aliases=("arcsinh",), complex="asinh_complex_dx(g, x)", source=CALCULUS,
                 doc="Inverse hyperbolic sine.",
                 example="tensor([0.0, 1.0]).asinh() -> tensor([0.0000, 0.8814])"),
    # Two roots: the root of the product has another sign for complex x with a negative real part, and overflows.
    _elementwise("acosh", "acosh(x)", "g / sqrt(x - 1) / sqrt(x + 1)", inplace=True, numpy="arccosh", dtype="float",
                 at=(1.2, 3.0), aliases=("arccosh",),
                 kinks={"x = 1": "inf; -inf; inf at 1"},
                 complex="holomorphic", source=CALCULUS,
                 doc="Inverse hyperbolic cosine.", example="tensor([1.0, 2.0]).acosh() -> tensor([0.0000, 1.3170])"),
    _elementwise("atanh", "atanh(x)", "g / one_minus_square(x)", inplace=True, numpy="arctanh", dtype="float",
                 at=(-0.9, 0.9),
                 aliases=("arctanh",), kinks={"abs(x) = 1": "inf; x * inf; inf at 1 or -1"},
                 complex="atanh_complex_dx(g, x)", source=CALCULUS,
                 doc="Inverse hyperbolic tangent.", example="tensor([0.0, 0.5]).atanh() -> tensor([0.0000, 0.5493])"),
    # Near 0 the derivative is its power series: the closed form subtracts equal numbers there, and divides by 0 at 0.
    _elementwise("sinc", "where(x == 0, 1, sin(3.141592653589793 * x) / where(x == 0, 1, 3.141592653589793 * x))",
                 ("g * where(abs(x) < 0.1, 0 - 19.739208802178716 * _X * (1 / 6 - 9.869604401089358 * _X * _X * (2 / 120"
                  " - 9.869604401089358 * _X * _X * (3 / 5040 - 9.869604401089358 * _X * _X * (4 / 362880"
                  " - 9.869604401089358 * _X * _X * (5 / 39916800 - 9.869604401089358 * _X * _X * (6 / 6227020800)))))),"
                  " (cos(3.141592653589793 * x) - sin(3.141592653589793 * x) / where(abs(x) < 0.1, 1, 3.141592653589793 * x))"
                  " / where(abs(x) < 0.1, 1, x))").replace("_X", _NEAR_0),
                 inplace=True, dtype="float", source=CALCULUS, doc="sin(pi x) / (pi x), and 1 at 0.",
                 example="tensor([0.0, 0.5, 1.0]).sinc() -> tensor([1.0000e+00, 6.3662e-01, 3.8982e-17])"),
    # The derivatives of 1 and -1 stay where the infinities meet: the limit along x = y, in every order.
    _elementwise("difference", "difference(x, y)", "g", "-g", kind="linear", method=False, function=False,
                 dtype="float",
                 grad_fn="SubBackward0", source=CALCULUS,
                 doc="x - y, and 0 where both are the same infinity: what logaddexp and logsumexp differentiate by."),
    _elementwise("exp_shifted", "exp(difference(x, y))", "g * exp(difference(x, y))", "-g * exp(difference(x, y))",
                 method=False, function=False, dtype="float",
                 kinks={"x and y the same infinity": "1 in x, -1 in y; 1 in each; 1 in x, -1 in y "
                                                     "at inf, inf or -inf, -inf"}, compiled=True, source=CALCULUS,
                 doc="exp(x - y), and 1 where both are the same infinity: what the gradient of logsumexp calls."),
    _elementwise("deg2rad", "x * 0.017453292519943295", "g * 0.017453292519943295", inplace=True, numpy="deg2rad",
                 loop="c", dtype="float",
                 source=CALCULUS, doc="Degrees to radians.",
                 example="tensor([180.0, 90.0]).deg2rad() -> tensor([3.1416, 1.5708])"),
    _elementwise("rad2deg", "x * 57.29577951308232", "g * 57.29577951308232", inplace=True, numpy="rad2deg",
                 loop="c", dtype="float",
                 source=CALCULUS, doc="Radians to degrees.",
                 example="tensor([0.0, 1.0]).rad2deg() -> tensor([ 0.0000, 57.2958])"),
    # The derivative of x / hypot by the quotient rule would subtract equal numbers where y is small beside x.
    _elementwise("cosine_of", "cosine_of(x, y)", "g * cosine_of(y, x) * (cosine_of(y, x) / hypot(x, y))",
                 "-g * cosine_of(x, y) * (cosine_of(y, x) / hypot(x, y))", method=False, function=False, dtype="float",
                 at=(0.5, 2.0), kinks={"x = y = 0": "nan in each; nan in each; nan in each at 0, 0"}, source=CALCULUS,
                 doc="x / hypot(x, y): what the gradient of hypot calls."),
    _elementwise("hypot", "hypot(x, y)", "g * cosine_of(x, y)", "g * cosine_of(y, x)", inplace=True,
                 numpy="hypot", loop="vector", dtype="float",
                 at=(0.5, 2.0), kinks={"x = y = 0": "nan in each; nan in each; nan in each at 0, 0"}, source=CALCULUS,
                 doc="sqrt(x * x + y * y) without overflow between.",
                 example="tensor([3.0, 5.0]).hypot(tensor([4.0, 12.0])) -> tensor([ 5., 13.])"),
    _elementwise("log1p_exp_minus", "log1p_exp_minus(x)", "-g * logistic(-x)", method=False, function=False,
                 dtype="float",
                 loop="vector", at=(0.0, 3.0), source=CALCULUS,
                 doc="log(1 + exp(-x)) for x >= 0: what logaddexp adds."),
    _elementwise("logistic", "logistic(x)", "g * logistic_slope(x)", method=False, function=False, dtype="float",
                 loop="vector", grad_fn="SigmoidBackward0", source=CALCULUS,
                 doc="sigmoid with tails that keep every digit, in each order: what derivatives call."),
    _elementwise("logistic_slope", "logistic_slope(x)", "-g * logistic_slope(x) * tanh(0.5 * x)", method=False,
                 function=False, dtype="float", loop="vector", grad_fn="SigmoidBackward0", source=CALCULUS,
                 doc="logistic(x) * logistic(-x): the derivative of logistic."),
    _elementwise("logaddexp", "where(x == y, x + 0.6931471805599453, where(x > y, x, y) + log1p_exp_minus(abs(x - y)))",
                 "g * logistic(difference(x, y))", "g * logistic(difference(y, x))", numpy="logaddexp", loop="c",
                 dtype="float", kinks={"x and y the same infinity": "0.5 in each; 0.25 in each; 0 in each "
                                                     "at inf, inf or -inf, -inf"}, source=CALCULUS,
                 doc="log(exp(x) + exp(y)) without overflow between.",
                 example="tensor([0.0, 1000.0]).logaddexp(tensor([0.0, 0.0])) -> tensor([6.9315e-01, 1.0000e+03])"),
    _elementwise("logaddexp2",
                 "where(x == y, x + 1, where(x > y, x, y) + 1.4426950408889634 * log1p(exp2(-abs(x - y))))",
                 "g * logistic(0.6931471805599453 * difference(x, y))",
                 "g * logistic(0.6931471805599453 * difference(y, x))",
                 numpy="logaddexp2", loop="c", dtype="float",
                 kinks={"x and y the same infinity": "0.5 in each; 0.17328679513998632 in each; 0 in each "
                                                     "at inf, inf or -inf, -inf"},
                 source=CALCULUS, doc="log2(exp2(x) + exp2(y)) without overflow between.",
                 example="tensor([0.0, 3.0]).logaddexp2(tensor([0.0, 3.0])) -> tensor([1., 4.])"),
    _elementwise("xlogy", "where(y != y, y, where(x == 0, 0, x * log(y)))",
                 "g * (log(where(x == 0, where(y <= 0, 1, y), y)) + kink(where(y <= 0, x, 1) * where(y <= 0, y - 1, 1)))",
                 "g * x / y",
                 inplace=True, dtype="float",
                 at_y=(0.5, 2.0),
                 numpy="scipy.special.xlogy",
                 kinks={"x = 0, y <= 0": "0 in x; nan in x; nan in x at 0, -1 or 0, 0",
                        "x = y = 0": "nan in y; nan in y; nan in y at 0, 0"},
                 grad_fn={"": "XlogyBackward0", "nt": "XlogyBackward1", "tn": "XlogyBackward2"},
                 source="PyTorch, torch.xlogy", doc="x * log(y), and 0 where x is 0.",
                 example="tensor([0.0, 2.0]).xlogy(tensor([0.0, 1.0])) -> tensor([0., 0.])"),
    # The root is 1, and NaN outside the interval; inside it is that of a number, which has no derivative.
    _elementwise("log_odds", "log(x / (1 - x))", "g / (x * (1 - x) * sqrt(where(x < 0, x, where(x > 1, -x, 1))))",
                 method=False, function=False, dtype="float", at=(0.1, 0.9),
                 kinks={"x = 0 or 1": "inf; nan; nan at 0 or 1"},
                 grad_fn="LogitBackward0", source="PyTorch, torch.logit",
                 doc="log(x / (1 - x)): logit without its eps.",
                 example="tensor([0.5]).logit() -> tensor([0.])"),
    Rule("logit", "logit_of(x, eps)", operands="x", params="eps=None", loop="composite", inplace=True, out=True,
         grad_fn="LogitBackward0",
         numpy="scipy.special.logit(x)",
         source="PyTorch, torch.logit",
         kinks={"x = 0 or 1": "inf; nan; nan at 0 or 1",
                "x = eps or 1 - eps": "that between them = 1 / x + 1 / (1 - x); 1 / (1 - x) ** 2 - 1 / x ** 2; "
                                      "2 / x ** 3 + 2 / (1 - x) ** 3 at 0.25, 0.25 or 0.75, 0.25"},
         doc="log(x / (1 - x)), the inverse of sigmoid; with eps, of x clamped to eps ... 1 - eps.",
         example="tensor([0.5, 0.9]).logit() -> tensor([0.0000, 2.1972])"),
    # ---- special functions
    _elementwise("erf", "erf(x)", "g * (1.1283791670955126 * exp(-(x * x)))", inplace=True, dtype="float",
                 loop="vector",
                 numpy="scipy.special.erf",
                 source="Abramowitz and Stegun 7.1.1", doc="Error function.",
                 example="tensor([0.0, 1.0]).erf() -> tensor([0.0000, 0.8427])"),
    _elementwise("erfc", "erfc(x)", "-g * (1.1283791670955126 * exp(-(x * x)))", inplace=True, dtype="float",
                 loop="vector",
                 numpy="scipy.special.erfc",
                 source="Abramowitz and Stegun 7.1.2",
                 doc="Complementary error function 1 - erf(x), accurate for large x.",
                 example="tensor([0.0, 1.0]).erfc() -> tensor([1.0000, 0.1573])"),
    _elementwise("normal_cdf", "normal_cdf(x)", "g * (0.3989422804014327 * exp(-0.5 * (x * x)))", method=False,
                 function=False, dtype="float", loop="vector", source="Abramowitz and Stegun 26.2.29",
                 doc="erfc(-x / sqrt(2)) / 2, the normal distribution function: what gelu calls."),
    _elementwise("erfinv", "erfinv(x)", "g * (0.886226925452758 * exp(square(erfinv(x))))", inplace=True, dtype="float",
                 loop="vector", at=(-0.9, 0.9),
                 numpy="scipy.special.erfinv",
                 kinks={"abs(x) = 1": "inf; x * inf; inf at 1 or -1"},
                 source="Abramowitz and Stegun 7.1.1",
                 doc="Inverse error function.", example="tensor([0.0, 0.5]).erfinv() -> tensor([0.0000, 0.4769])"),
    _elementwise("lgamma", "lgamma(x)", "g * digamma(x)", inplace=True, dtype="float", loop="vector", at=(0.5, 3.0),
                 numpy="scipy.special.gammaln",
                 kinks={"x = 0": "-inf; inf; -inf at 0", "x = -1, -2, ...": "nan; inf; nan at -1"},
                 source="Abramowitz and Stegun 6.3.1",
                 doc="Logarithm of the absolute value of the gamma function.",
                 example="tensor([1.0, 4.0]).lgamma() -> tensor([0.0000, 1.7918])"),
    _elementwise("digamma", "digamma(x)", "g * trigamma(x)", inplace=True, dtype="float", loop="vector", at=(0.5, 3.0),
                 numpy="scipy.special.psi",
                 kinks={"x = 0": "inf; -inf; inf at 0", "x = -1, -2, ...": "inf; nan; inf at -1"},
                 source="Abramowitz and Stegun 6.4.1",
                 doc="Derivative of lgamma.", example="tensor([1.0, 2.0]).digamma() -> tensor([-0.5772,  0.4228])"),
    _elementwise("trigamma", "trigamma(x)", "g * polygamma_at(x, 2)", method=False, function=False, dtype="float",
                 loop="vector", at=(0.5, 3.0), kinks={"x = 0": "-inf; inf; -inf at 0"},
                 grad_fn="PolygammaBackward0", source="Abramowitz and Stegun 6.4.1",
                 doc="Derivative of digamma: what its gradient calls."),
    _elementwise("polygamma_at", "polygamma_at(x, y)", "g * polygamma_at(x, y + 1)", method=False, function=False,
                 dtype="float", at=(0.5, 3.0), at_y=(1.0, 4.0),
                 kinks={"x = 0": "inf in x; -inf in x; inf in x at 0, 2"},
                 grad_fn="PolygammaBackward0", source="Abramowitz and Stegun 6.4.1",
                 doc="Derivative of order y of digamma at x.",
                 example="polygamma(1, tensor([1.0])) -> tensor([1.6449])"),
    Rule("polygamma", "polygamma_of(x, n)", operands="x", params="n", function=False, loop="composite", inplace=True,
         numpy="scipy.special.polygamma(n, x) = polygamma_of(x, n)",
         source="Abramowitz and Stegun 6.4.1",
         errors="TypeError where n is no int, RuntimeError where it is negative or above 100.",
         doc="Derivative of order n of digamma; as a function, polygamma(n, input).",
         example="tensor([1.0, 2.0]).polygamma(1) -> tensor([1.6449, 0.6449])"),
    # ---- rounding and remainders
    _elementwise("sign", "where(x > 0, 1, where(x < 0, -1, 0))", "0", inplace=True, numpy="sign", loop="c",
                 kinks={"x = 0": "0; 0; 0 at 0"}, source=TORCH_KINK, doc="-1, 0 or 1 by the sign; 0 for NaN.",
                 example="tensor([-2.0, 0.0, 3.0]).sign() -> tensor([-1.,  0.,  1.])"),
    _elementwise("sgn", "where(x > 0, 1, where(x < 0, -1, 0))", "0", inplace=True, kinks={"x = 0": "0; 0; 0 at 0"},
                 source=TORCH_KINK, complex="unit",
                 doc="-1, 0 or 1 by the sign of real numbers; x / abs(x) of complex ones, and 0 at 0.",
                 example="tensor([3 + 4j, 0.0]).sgn() -> tensor([0.6000+0.8000j, 0.0000+0.0000j])"),
    _elementwise("floor", "floor(x)", "0", inplace=True, numpy="floor",
                 kinks={"whole x": "0; 0; 0 at 2 or 0 or -1"},
                 source=TORCH_KINK,
                 doc="The largest whole number that is not above x.",
                 example="tensor([-1.5, 1.5]).floor() -> tensor([-2.,  1.])"),
    _elementwise("ceil", "ceil(x)", "0", inplace=True, numpy="ceil",
                 kinks={"whole x": "0; 0; 0 at 2 or 0 or -1"},
                 source=TORCH_KINK,
                 doc="The smallest whole number that is not below x.",
                 example="tensor([-1.5, 1.5]).ceil() -> tensor([-1.,  2.])"),
    _elementwise("trunc", "trunc(x)", "0", inplace=True, numpy="trunc", aliases=("fix",),
                 kinks={"whole x": "0; 0; 0 at 2 or 0 or -1"},
                 source=TORCH_KINK, doc="The whole part of x.",
                 example="tensor([-1.5, 1.5]).trunc() -> tensor([-1.,  1.])"),
    _elementwise("frac", "x - trunc(x)", "g", inplace=True,
                 kinks={"whole x": "1; 0; 0 at 2 or 0"},
                 piecewise=True, source=TORCH_KINK,
                 doc="What trunc leaves of x, with the sign of x.",
                 example="tensor([-1.5, 1.25]).frac() -> tensor([-0.5000,  0.2500])"),
    _elementwise("rint", "rint(x)", "0", method=False, function=False, numpy="rint", grad_fn="RoundBackward0",
                 kinks={"x halfway between whole numbers": "0; 0; 0 at 0.5 or 1.5"}, source=TORCH_KINK,
                 doc="The nearest whole number, an even one where two are as near: what round calls."),
    Rule("round", "round_of(x, decimals)", operands="x", params="*, decimals=0",
         loop="composite", inplace=True, out=True,
         numpy="round around .round(a, decimals=0, out=None)",
         kinks={"x halfway between two results": "0; 0; 0 at 0.5 or 0.125, decimals=2"},
         source=TORCH_KINK,
         doc="The nearest number of so many decimals, an even last digit where two are as near; negative decimals "
             "round tens, hundreds, ...", errors="Integers have no decimals: NotImplementedError.",
         example="tensor([0.5, 1.5, -2.5]).round() -> tensor([ 0.,  2., -2.])"),
    _elementwise("fmod", "fmod(x, y)", "g", "-g * trunc_quotient(x, y)", inplace=True, numpy="fmod",
                 loop="vector like numpy:fmod", grad_fn={"": "FmodBackward1", "tn": "FmodBackward0"}, at_y=(0.5, 2.0),
                 kinks={"x / y whole": "1 in x, -trunc(x / y) in y; 0 in each; 0 in each at 4, 2 or -4, 2"},
                 piecewise=True, compiled=True, source=TORCH_KINK,
                 doc="Remainder of the quotient rounded towards zero: it has the sign of x, as C's fmod.",
                 errors="Integers by zero: RuntimeError (NumPy's flavour: 0).",
                 example="tensor([-3.0, 3.0]).fmod(2) -> tensor([-1.,  1.])"),
    _elementwise("remainder", "remainder(x, y)", "g", "-g * floor_quotient(x, y)", infix="mod", inplace=True,
                 numpy="remainder", loop="vector like numpy:remainder",
                 grad_fn={"": "RemainderBackward1", "tn": "RemainderBackward0"},
                 at_y=(0.5, 2.0),
                 kinks={"x / y whole": "1 in x, -floor(x / y) in y; 0 in each; 0 in each at 4, 2 or -4, 2"},
                 piecewise=True, source=TORCH_KINK,
                 doc="Remainder of the quotient rounded down: it has the sign of y, as Python's %.",
                 errors="Integers by zero: RuntimeError (NumPy's flavour: 0).",
                 example="tensor([-3.0, 3.0]) % 2 -> tensor([1., 1.])"),
    _elementwise("floor_quotient", "floor_quotient(x, y)", "0", "0", method=False, function=False,
                 loop="vector like numpy:floor_divide", grad_fn="DivBackward2", at_y=(0.5, 2.0),
                 kinks={"x / y whole": "0 in each; 0 in each; 0 in each at 4, 2 or 4, 0"},
                 compiled=True, source=TORCH_KINK, doc="The quotient rounded down, of derivative 0: what div calls."),
    _elementwise("trunc_quotient", "trunc_quotient(x, y)", "0", "0", method=False, function=False,
                 grad_fn="DivBackward2", at_y=(0.5, 2.0),
                 kinks={"x / y whole": "0 in each; 0 in each; 0 in each at 4, 2 or 4, 0"},
                 compiled=True, source=TORCH_KINK,
                 doc="The quotient rounded towards zero, of derivative 0: what div calls."),
    Rule("floor_divide", "floor_divide_of(x, y)", operands="xy", loop="composite", infix="floordiv", inplace=True,
         out=True, numpy="floor_divide", source="PyTorch, torch.floor_divide",
         doc="The quotient rounded down.  It has no derivative: a reverse pass through it raises, where "
             "div(rounding_mode='floor') has the derivative 0.",
         errors="Integers by zero: RuntimeError (NumPy's flavour: 0).",
         example="tensor([-3.0, 3.0]) // 2 -> tensor([-2.,  1.])"),
    # ---- extremes, clamping, choosing, blending
    _elementwise("maximum", "maximum(x, y)", "where(x == y, g / 2, where(x < y, 0, g))",
                 "where(x == y, g / 2, where(x > y, 0, g))", numpy="maximum",
                 kinks={"x = y": "1/2 in each; 0 in each; 0 in each at 1.5, 1.5"},
                 piecewise=True, source=TORCH_KINK, doc="The larger of two; NaN where one is NaN.",
                 example="maximum(tensor([1.0, 5.0]), tensor([3.0, 2.0])) -> tensor([3., 5.])"),
    _elementwise("minimum", "minimum(x, y)", "where(x == y, g / 2, where(x > y, 0, g))",
                 "where(x == y, g / 2, where(x < y, 0, g))", numpy="minimum",
                 kinks={"x = y": "1/2 in each; 0 in each; 0 in each at 1.5, 1.5"},
                 piecewise=True, source=TORCH_KINK, doc="The smaller of two; NaN where one is NaN.",
                 example="minimum(tensor([1.0, 5.0]), tensor([3.0, 2.0])) -> tensor([1., 2.])"),
    _elementwise("fmax", "fmax(x, y)", "where(x >= y, g, where(y == y, 0, g))", "where(x >= y, 0, where(y == y, g, 0))",
                 numpy="fmax",
                 kinks={"x = y": "1 in x, 0 in y; 0 in each; 0 in each at 1.5, 1.5"},
                 piecewise=True, source=TORCH_KINK,
                 doc="The larger of two; the other where one is NaN.",
                 example="fmax(tensor([1.0, 5.0]), tensor([-1.0, 2.0])) -> tensor([1., 5.])"),
    _elementwise("fmin", "fmin(x, y)", "where(x <= y, g, where(y == y, 0, g))", "where(x <= y, 0, where(y == y, g, 0))",
                 numpy="fmin",
                 kinks={"x = y": "1 in x, 0 in y; 0 in each; 0 in each at 1.5, 1.5"},
                 piecewise=True, source=TORCH_KINK,
                 doc="The smaller of two; the other where one is NaN.",
                 example="fmin(tensor([1.0, 5.0]), tensor([3.0, 2.0])) -> tensor([1., 2.])"),
    _elementwise("clamp_min", "maximum(x, y)", "where(x >= y, g, 0)", "where(x < y, g, 0)", names="input, min",
                 loop="numpy:maximum", inplace=True, grad_fn={"": "ClampMinBackward1", "tn": "ClampMinBackward0"},
                 kinks={"x = min": "1 in x, 0 in min; 0 in each; 0 in each at 1, 1"}, piecewise=True, source=TORCH_KINK,
                 doc="x where it is above min, min elsewhere.",
                 example="tensor([-1.0, 2.0]).clamp_min(0) -> tensor([0., 2.])"),
    _elementwise("clamp_max", "minimum(x, y)", "where(x <= y, g, 0)", "where(x > y, g, 0)", names="input, max",
                 loop="numpy:minimum", inplace=True, grad_fn={"": "ClampMaxBackward1", "tn": "ClampMaxBackward0"},
                 kinks={"x = max": "1 in x, 0 in max; 0 in each; 0 in each at 1, 1"}, piecewise=True, source=TORCH_KINK,
                 doc="x where it is below max, max elsewhere.",
                 example="tensor([-1.0, 2.0]).clamp_max(0) -> tensor([-1.,  0.])"),
    Rule("clamp", "clamp_of(x, min, max)", operands="x", params="min=None, max=None", loop="composite", inplace=True,
         out=True, aliases=("clip",),
         numpy="clip(a, a_min=None, a_max=None, out=None, *, min=None, max=None) "
               "= numpy_clip(a, a_min, a_max, min, max)",
         kinks={"x = min or x = max": "1; 0; 0 at 1, min=1 or 1, min=-1, max=1"},
         source=TORCH_KINK,
         doc="x brought into the interval from min to max, each a number, a Tensor or None; max where min is above it.",
         errors="Neither min nor max: RuntimeError.",
         example="tensor([-1.0, 0.5, 2.0]).clamp(0, 1) -> tensor([0.0000, 0.5000, 1.0000])"),
    Rule("where", "where_value(x, y, condition)", "where_dx(g, condition)", "where_dy(g, condition)", kind="linear",
         operands="xy", params="condition", signature="(),()->()", batch="own", method=False, function=False,
         loop="helper",
         dtype="promote", grad_fn="WhereBackward0", complex="holomorphic",
         compiled=True, front="compiled",
         numpy="where(condition, x=None, y=None, /) = numpy_where(condition, x, y)",
         doc="x where the condition holds, y elsewhere; the unchosen operand gets a cotangent of 0.",
         example="where(tensor([1.0, -1.0]) > 0, tensor([1.0, 2.0]), 0.0) -> tensor([1., 0.])"),
    Rule("lerp", "lerp_of(x, y, weight)", operands="xy", names="input, end", params="weight", loop="composite",
         inplace=True, out=True, source="PyTorch, torch.lerp",
         doc="input + weight * (end - input), exactly input and end at the weights 0 and 1; weight is a number or a "
             "Tensor.", errors="Dtypes that differ: RuntimeError.",
         example="tensor([1.0]).lerp(tensor([3.0]), 0.25) -> tensor([1.5000])"),
    Rule("addcmul", "addcmul_of(x, y, z, value)", operands="xyz", names="input, tensor1, tensor2", params="*, value=1",
         loop="composite", inplace=True, out=True, grad_fn="AddcmulBackward0", source="PyTorch, torch.addcmul",
         doc="input + value * tensor1 * tensor2.",
         example="tensor([1.0]).addcmul(tensor([2.0]), tensor([3.0]), value=0.5) -> tensor([4.])"),
    Rule("addcdiv", "addcdiv_of(x, y, z, value)", operands="xyz", names="input, tensor1, tensor2", params="*, value=1",
         loop="composite", inplace=True, out=True, grad_fn="AddcdivBackward0", source="PyTorch, torch.addcdiv",
         doc="input + value * tensor1 / tensor2.", errors="Integers alone: RuntimeError.",
         example="tensor([1.0]).addcdiv(tensor([2.0]), tensor([4.0]), value=3) -> tensor([2.5000])"),
    Rule("nan_to_num", "nan_to_num_of(x, nan, posinf, neginf)", operands="x",
         params="nan=0.0, posinf=None, neginf=None", loop="composite", inplace=True, out=True,
         grad_fn="NanToNumBackward0",
         numpy="nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None)",
         kinks={"x NaN or infinite": "0; 0; 0 at inf or nan"}, source=TORCH_KINK,
         doc="x with NaN and the infinities replaced, the latter by the dtype's largest and smallest number unless "
             "given.",
         example="tensor([-1.0, 4.0]).sqrt().nan_to_num(nan=0.5) -> tensor([0.5000, 2.0000])"),
    _elementwise("copysign", "copysign(x, y)", "where(x == 0, 0, where(out == x, g, where(out == -x, -g, x)))", "0",
                 inplace=True, numpy="copysign", dtype="float",
                 grad_fn={"": "CopysignBackward0", "tn": "CopysignBackward1"},
                 kinks={"x = 0": "0 in each; 0 in each; 0 in each at 0, -1"},
                 piecewise=True, source=TORCH_KINK, doc="The magnitude of x with the sign of y.",
                 example="tensor([1.0, -2.0]).copysign(-1) -> tensor([-1., -2.])"),
    Rule("heaviside", "heaviside_of(x, y)", operands="xy", names="input, values", loop="composite", inplace=True,
         out=True, numpy="heaviside", source="PyTorch, torch.heaviside",
         doc="0 below 0, 1 above it, values at it.  It has no derivative: a reverse pass through it raises.",
         errors="Dtypes that differ: RuntimeError.",
         example="heaviside(tensor([-1.0, 0.0, 2.0]), tensor(0.5)) -> tensor([0.0000, 0.5000, 1.0000])"),
    # ---- activations
    Rule("leaky_relu", "leaky_relu_value(x, negative_slope)", "leaky_relu_dx(g, x, negative_slope)", kind="custom",
         operands="x", params="negative_slope=0.01", signature="()->()", loop="helper", dtype="float",
         front="leaky_relu_front",
         piecewise=True, inplace=True, grad_fn="LeakyReluBackward0",
         kinks={"x = 0": "negative_slope; 0; 0 at 0, negative_slope=0.25"},
         source="PyTorch, nn.functional.leaky_relu", doc="x where it is positive, negative_slope * x elsewhere.",
         example="tensor([-1.0, 2.0]).leaky_relu(0.1) -> tensor([-0.1000,  2.0000])"),
    Rule("elu", "elu_value(x, alpha)", "elu_dx(g, x, alpha)", kind="custom", operands="x", params="alpha=1.0",
         signature="()->()", loop="helper", dtype="same", inplace=True, front="float_front", grad_fn="EluBackward0",
         kinks={"x = 0": "alpha; alpha; alpha at 0, alpha=0.5"}, source="Clevert et al. 2016, Exponential linear units",
         doc="x where it is positive, alpha * (exp(x) - 1) elsewhere.", errors=FLOATS_ONLY,
         example="elu(tensor([-1.0, 2.0])) -> tensor([-0.6321,  2.0000])"),
    Rule("selu", "selu_of(x)", operands="x", loop="composite", inplace=True, grad_fn="EluBackward0",
         kinks={"x = 0": "1.7580993408473766; 1.7580993408473766; 1.7580993408473766 at 0"},
         source="Klambauer et al. 2017, Self-normalizing neural networks",
         doc="elu with alpha = 1.6733 times 1.0507, under which means and variances stay 0 and 1.", errors=FLOATS_ONLY,
         example="selu(tensor([-1.0, 2.0])) -> tensor([-1.1113,  2.1014])"),
    Rule("celu", "celu_value(x, alpha)", "celu_dx(g, x, alpha)", kind="custom", operands="x", params="alpha=1.0",
         signature="()->()", loop="helper", dtype="same", inplace=True, front="celu_front", grad_fn="CeluBackward0",
         kinks={"x = 0 (order 2)": "1; 1 / alpha; 1 / (alpha * alpha) at 0, alpha=2"},
         source="Barron 2017, Continuously differentiable exponential linear units",
         doc="x where it is positive, alpha * (exp(x / alpha) - 1) elsewhere.",
         errors=FLOATS_ONLY + "  alpha = 0: RuntimeError.",
         example="celu(tensor([-1.0, 2.0]), 2.0) -> tensor([-0.7869,  2.0000])"),
    Rule("gelu", "gelu_of(x, approximate)", operands="x", params="*, approximate='none'", loop="composite",
         grad_fn="GeluBackward0", source="Hendrycks and Gimpel 2016, Gaussian error linear units",
         doc="x times the normal distribution function at x; approximate='tanh' takes its approximation by tanh.",
         errors=FLOATS_ONLY, example="gelu(tensor([-1.0, 2.0])) -> tensor([-0.1587,  1.9545])"),
    Rule("silu", "silu_of(x)", operands="x", loop="composite", inplace=True, grad_fn="SiluBackward0",
         source="Elfwing et al. 2018, Sigmoid-weighted linear units", doc="x * sigmoid(x), also called swish.",
         errors=FLOATS_ONLY,
         example="silu(tensor([-1.0, 2.0])) -> tensor([-0.2689,  1.7616])"),
    Rule("mish", "mish_of(x)", operands="x", loop="composite", inplace=True, grad_fn="MishBackward0",
         source="Misra 2019, Mish: a self regularized non-monotonic activation function",
         doc="x * tanh(softplus(x)).", errors=FLOATS_ONLY,
         example="mish(tensor([-1.0, 2.0])) -> tensor([-0.3034,  1.9440])"),
    Rule("softplus", "softplus_value(x, beta, threshold)", "softplus_dx(g, x, beta, threshold)", kind="custom",
         operands="x", params="beta=1, threshold=20", signature="()->()", loop="helper", dtype="same",
         front="float_front", grad_fn="SoftplusBackward0",
         kinks={"beta * x = threshold": "sigmoid(threshold) = 0.8807970779778823; 0.10499358540350662; "
                "-0.07996250105615312 at 2, beta=1, threshold=2"},
         source="PyTorch, nn.functional.softplus",
         doc="log(1 + exp(beta * x)) / beta, computed stably; x itself where beta * x is above threshold.",
         errors=FLOATS_ONLY,
         example="softplus(tensor([-1.0, 2.0])) -> tensor([0.3133, 2.1269])"),
    _elementwise("log_logistic", "where(x < 0, x, 0) - log1p_exp_minus(abs(x))", "g * logistic(-x)", method=False,
                 function=False, dtype="float", grad_fn="LogSigmoidBackward0", source=CALCULUS,
                 doc="log(logistic(x)): what logsigmoid calls."),
    Rule("logsigmoid", "logsigmoid_of(x)", operands="x", loop="composite", dtype="same", grad_fn="LogSigmoidBackward0",
         source="PyTorch, nn.functional.logsigmoid", doc="log(sigmoid(x)), computed stably.", errors=FLOATS_ONLY,
         example="logsigmoid(tensor([-1.0, 2.0])) -> tensor([-1.3133, -0.1269])"),
    Rule("hardtanh", "hardtanh_value(x, min_val, max_val)", "hardtanh_dx(g, x, min_val, max_val)", kind="custom",
         operands="x", params="min_val=-1.0, max_val=1.0", signature="()->()", loop="helper", dtype="same",
         inplace=True, front="hardtanh_front", grad_fn="HardtanhBackward0",
         kinks={"x = min_val or x = max_val": "0; 0; 0 at -1 or 1"},
         piecewise=True, source=TORCH_KINK, doc="x brought into the interval from min_val to max_val.",
         errors="min_val above max_val: ValueError.",
         example="hardtanh(tensor([-2.0, 0.5])) -> tensor([-1.0000,  0.5000])"),
    _elementwise("relu6", "where(x <= 0, 0, where(x >= 6, 6, x))", "where(x <= 0, 0, where(x >= 6, 0, g))",
                 inplace=True, grad_fn="HardtanhBackward0", at=(-3.0, 8.0),
                 kinks={"x = 0 or x = 6": "0; 0; 0 at 0 or 6"},
                 piecewise=True, source=TORCH_KINK, doc="x brought into the interval from 0 to 6.",
                 example="relu6(tensor([-1.0, 2.0, 8.0])) -> tensor([0., 2., 6.])"),
    _elementwise("hardswish", "where(x <= -3, 0, where(x >= 3, x, x * (x + 3) / 6))",
                 "where(x <= -3, 0, where(x >= 3, g, g * (x * 0.3333333333333333 + 0.5)))", inplace=True, dtype="float",
                 at=(-5.0, 5.0), kinks={"x = -3": "0; 0; 0 at -3", "x = 3": "1; 0; 0 at 3"}, piecewise=True,
                 source="Howard et al. 2019, Searching for MobileNetV3",
                 doc="x * relu6(x + 3) / 6.",
                 example="hardswish(tensor([-1.0, 2.0, 8.0])) -> tensor([-0.3333,  1.6667,  8.0000])"),
    _elementwise("hardsigmoid", "where(x <= -3, 0, where(x >= 3, 1, (x + 3) / 6))",
                 "where(x <= -3, 0, where(x >= 3, 0, g / 6))", inplace=True, dtype="float", at=(-5.0, 5.0),
                 kinks={"x = -3 or x = 3": "0; 0; 0 at -3 or 3"},
                 piecewise=True, source=TORCH_KINK, doc="relu6(x + 3) / 6.",
                 example="hardsigmoid(tensor([-1.0, 2.0, 8.0])) -> tensor([0.3333, 0.8333, 1.0000])"),
    _elementwise("softsign", "x / (1 + abs(x))", "g / _W / _W".replace("_W", "where(x < 0, 1 - x, 1 + x)"),
                 dtype="float",
                 grad_fn="DivBackward0",
                 kinks={"x = 0 (order 2)": "1; -2; 6 at 0"},
                 source=CALCULUS, doc="x / (1 + abs(x)).",
                 example="softsign(tensor([-1.0, 3.0])) -> tensor([-0.5000,  0.7500])"),
    Rule("threshold", "threshold_value(x, threshold, value)", "threshold_dx(g, x, threshold)", kind="custom",
         operands="x",
         params="threshold, value", signature="()->()", loop="helper", dtype="same", piecewise=True, inplace=True,
         grad_fn="ThresholdBackward0",
         kinks={"x = threshold": "0; 0; 0 at 0.5, threshold=0.5, value=2"},
         source=TORCH_KINK,
         doc="x where it is above threshold, value elsewhere.",
         example="threshold(tensor([-1.0, 3.0]), 0.5, 0.0) -> tensor([0., 3.])"),
    # ---- comparisons, logic, bits: no derivative
    _elementwise("eq", "x == y", infix="eq", numpy="equal", dtype="bool", inplace=True,
                 grad_fn={"": "EqBackward1", "tn": "EqBackward0"}, doc="x == y, element by element.",
                 example="tensor([1.0, 2.0]) == 2.0 -> tensor([False,  True])"),
    _elementwise("ne", "x != y", infix="ne", numpy="not_equal", dtype="bool", inplace=True, aliases=("not_equal",),
                 grad_fn={"": "NeBackward1", "tn": "NeBackward0"}, doc="x != y, element by element.",
                 example="tensor([1.0, 2.0]) != 2.0 -> tensor([ True, False])"),
    _elementwise("lt", "x < y", infix="lt", numpy="less", dtype="bool", inplace=True, aliases=("less",),
                 grad_fn={"": "LtBackward1", "tn": "LtBackward0"}, doc="x < y, element by element.",
                 example="tensor([1.0, 2.0]) < 2.0 -> tensor([ True, False])"),
    _elementwise("le", "x <= y", infix="le", numpy="less_equal", dtype="bool", inplace=True, aliases=("less_equal",),
                 grad_fn={"": "LeBackward1", "tn": "LeBackward0"}, doc="x <= y, element by element.",
                 example="tensor([1.0, 2.0]) <= 1.0 -> tensor([ True, False])"),
    _elementwise("gt", "x > y", infix="gt", numpy="greater", dtype="bool", inplace=True, aliases=("greater",),
                 grad_fn={"": "GtBackward1", "tn": "GtBackward0"}, doc="x > y, element by element.",
                 example="tensor([1.0, 2.0]) > 1.0 -> tensor([False,  True])"),
    _elementwise("ge", "x >= y", infix="ge", numpy="greater_equal", dtype="bool", inplace=True,
                 aliases=("greater_equal",), grad_fn={"": "GeBackward1", "tn": "GeBackward0"},
                 doc="x >= y, element by element.",
                 example="tensor([1.0, 2.0]) >= 2.0 -> tensor([False,  True])"),
    _elementwise("isnan", "x != x", numpy="isnan", dtype="bool", doc="Whether an element is NaN.",
                 example="(tensor([-1.0, 4.0]).sqrt()).isnan() -> tensor([ True, False])"),
    _elementwise("isinf", "where(x == x, x - x, 0) != 0", numpy="isinf", dtype="bool",
                 doc="Whether an element is infinite.",
                 example="tensor([0.0, 1.0]).log().isinf() -> tensor([ True, False])"),
    _elementwise("isfinite", "x - x == 0", numpy="isfinite", dtype="bool",
                 doc="Whether an element is neither NaN nor infinite.",
                 example="tensor([0.0, 1.0]).log().isfinite() -> tensor([False,  True])"),
    _elementwise("signbit", "copysign(1, x) < 0", numpy="signbit", dtype="bool",
                 doc="Whether an element's sign is minus, that of -0.0 included.",
                 example="tensor([-0.0, 1.0]).signbit() -> tensor([ True, False])"),
    Rule("isclose", "isclose_of(x, y, rtol, atol, equal_nan)", operands="xy", kind="custom", loop="composite",
         params="rtol=1e-05, atol=1e-08, equal_nan=False", returns="_Any",
         numpy="isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False)",
         doc="Whether abs(input - other) <= atol + rtol * abs(other), element by element.",
         errors="Dtypes that differ, or a negative tolerance: RuntimeError.",
         example="tensor([1.0, 2.0]).isclose(tensor([1.0, 2.1])) -> tensor([ True, False])"),
    _elementwise("logical_and", "where(x != 0, y, 0) != 0", inplace=True, numpy="logical_and", dtype="bool",
                 doc="Whether both elements differ from 0.",
                 example="logical_and(tensor([1.0, 2.0]), tensor([0.0, 3.0])) -> tensor([False,  True])"),
    _elementwise("logical_or", "where(x != 0, x, y) != 0", inplace=True, numpy="logical_or", dtype="bool",
                 doc="Whether one of the elements differs from 0.",
                 example="logical_or(tensor([0.0, 2.0]), tensor([0.0, 3.0])) -> tensor([False,  True])"),
    _elementwise("logical_xor", "where(x != 0, 1, 0) != where(y != 0, 1, 0)", inplace=True, numpy="logical_xor",
                 dtype="bool", doc="Whether just one of the elements differs from 0.",
                 example="logical_xor(tensor([1.0, 2.0]), tensor([0.0, 3.0])) -> tensor([ True, False])"),
    _elementwise("logical_not", "x == 0", inplace=True, numpy="logical_not", dtype="bool",
                 doc="Whether an element is 0.",
                 example="logical_not(tensor([0.0, 2.0])) -> tensor([ True, False])"),
    Rule("bitwise_and", "bitwise_and_of(x, y)", operands="xy", kind="custom", loop="composite", infix="and",
         inplace=True, out=True, numpy="bitwise_and",
         doc="The bits that both integers have; of bools, whether both hold.",
         errors="Floating point: NotImplementedError.",
         example="tensor([True, True]) & tensor([True, False]) -> tensor([ True, False])"),
    Rule("bitwise_or", "bitwise_or_of(x, y)", operands="xy", kind="custom", loop="composite", infix="or",
         inplace=True, out=True, numpy="bitwise_or",
         doc="The bits that one of the integers has; of bools, whether one holds.",
         errors="Floating point: NotImplementedError.",
         example="tensor([1, 2]) | 4 -> tensor([5, 6])"),
    Rule("bitwise_xor", "bitwise_xor_of(x, y)", operands="xy", kind="custom", loop="composite", infix="xor",
         inplace=True, out=True, numpy="bitwise_xor",
         doc="The bits that just one of the integers has; of bools, whether just one holds.",
         errors="Floating point: NotImplementedError.",
         example="tensor([1, 2]) ^ 3 -> tensor([2, 1])"),
    Rule("bitwise_left_shift", "bitwise_left_shift_of(x, y)", operands="xy", kind="custom", loop="composite",
         infix="lshift", inplace=True, out=True, numpy="left_shift",
         doc="input * 2 ** other of integers, overflow dropped.",
         errors="Floating point: NotImplementedError.",
         example="tensor([1, 2]) << 3 -> tensor([ 8, 16])"),
    Rule("bitwise_right_shift", "bitwise_right_shift_of(x, y)", operands="xy", kind="custom", loop="composite",
         infix="rshift", inplace=True, out=True, numpy="right_shift",
         doc="input / 2 ** other of integers, rounded down.",
         errors="Floating point: NotImplementedError.",
         example="tensor([16, -16]) >> 2 -> tensor([ 4, -4])"),
    Rule("bitwise_not", "bitwise_not_of(x)", operands="x", kind="custom", loop="composite",
         infix="invert", inplace=True, out=True, numpy="invert",
         doc="The bits that an integer has not; of bools, whether it does not hold.",
         errors="Floating point: TypeError.",
         example="~tensor([0, 5]) -> tensor([-1, -6])"),
    # ---- types and complex numbers
    Rule("conj", "conj_value(x)", "conj_dx(g)", kind="linear", operands="x", signature="()->()", loop="helper",
         front="conj_front", dtype="same", numpy="conjugate", grad_fn="ConjBackward0", complex="as written",
         source=CALCULUS, doc="The complex conjugate; the operand itself if it is real.",
         example="tensor([1 + 2j, 3.0]).conj() -> tensor([1.-2.j, 3.-0.j])"),
    Rule("conj_physical", "conj_value(x)", "conj_dx(g)", kind="linear", operands="x", signature="()->()", inplace=True,
         loop="helper", front="conj_front", dtype="same", out=True, grad_fn="ConjPhysicalBackward0",
         complex="as written",
         source=CALCULUS, doc="The complex conjugate, as conj.",
         example="tensor([1 + 2j, 3.0]).conj_physical() -> tensor([1.-2.j, 3.-0.j])"),
    Rule("resolve_conj", "itself(x)", operands="x", loop="composite",
         doc="The operand itself: conj() is computed at once.", example="tensor(1j).resolve_conj() -> tensor(0.+1.j)"),
    Rule("resolve_neg", "itself(x)", operands="x", loop="composite",
         doc="The operand itself: negation is computed at once.", example="tensor(-1.0).resolve_neg() -> tensor(-1.)"),
    Rule("real", "real_of(x)", kind="linear", operands="x", method=False, loop="composite", dtype="same",
         grad_fn="SelectBackward0", complex="holomorphic",
         numpy="real(val)",
         source=CALCULUS,
         doc="The real parts, a view; the operand itself if it is not complex.",
         example="real(tensor([1 + 2j, 3.0])) -> tensor([1., 3.])"),
    Rule("imag", "imag_of(x)", kind="linear", operands="x", method=False, loop="composite", dtype="same",
         grad_fn="SelectBackward0", complex="holomorphic",
         numpy="imag(val)",
         source=CALCULUS, doc="The imaginary parts, a view.",
         errors="Other dtypes than complex: RuntimeError.",
         example="imag(tensor([1 + 2j, 3.0])) -> tensor([2., 0.])"),
    Rule("view_as_real", "view_as_real_of(x)", kind="linear", operands="x", method=False, loop="composite",
         grad_fn="ViewAsRealBackward0", complex="holomorphic", source="PyTorch, torch.view_as_real",
         doc="Complex numbers as pairs, real and imaginary, in a last dimension of 2: a view.",
         errors="Other dtypes than complex: RuntimeError.",
         example="view_as_real(tensor([1 + 2j])) -> tensor([[1., 2.]])"),
    Rule("view_as_complex", "view_as_complex_of(x)", kind="linear", operands="x", method=False, loop="composite",
         grad_fn="ViewAsComplexBackward0", complex="holomorphic", source="PyTorch, torch.view_as_complex",
         doc="Pairs in a last dimension of 2 as complex numbers: a view.",
         errors="RuntimeError for other dtypes than float32 and float64, another last size, and pairs that do not lie "
                "together in memory.",
         example="view_as_complex(tensor([[1.0, 2.0]])) -> tensor([1.+2.j])"),
    Rule("complex", "complex_value(x, y)", "complex_dx(g)", "complex_dy(g)", kind="linear", operands="xy",
         names="real, imag", signature="(),()->()", method=False, loop="helper", front="complex_front", out=True,
         grad_fn="ComplexBackward0", complex="as written", source=CALCULUS,
         doc="The complex numbers x + 1j * y.",
         errors="Dtypes that differ, or are no float32 or float64: RuntimeError.",
         example="complex(tensor([1.0]), tensor([2.0])) -> tensor([1.+2.j])"),
    Rule("polar", "polar_of(x, y)", operands="xy", names="abs, angle", loop="composite", method=False, out=True,
         grad_fn="PolarBackward0", source=CALCULUS, doc="The complex numbers of absolute value x and phase y.",
         errors="Dtypes that differ, or are no float32 or float64: RuntimeError.",
         example="polar(tensor([2.0]), tensor([0.0])) -> tensor([2.+0.j])"),
    Rule("magnitude", "magnitude_value(x)", "magnitude_dx(g, x)", kind="custom", operands="x", signature="()->()",
         method=False, function=False, loop="helper", grad_fn="AbsBackward0", complex="as written",
         kinks={"x = 0": "0; nan; nan at 0j"}, source=TORCH_KINK,
         doc="The absolute value of complex numbers: what abs applies to them."),
    Rule("angle", "angle_value(x)", "angle_dx(g, x)", kind="custom", operands="x", signature="()->()", loop="helper",
         front="angle_front", dtype="float", out=True, grad_fn="AngleBackward0", complex="as written",
         numpy="angle(z, deg=False)",
         kinks={"x = 0": "0; nan; nan at 0j", "x real": "0; 0; 0 at 0 or 2 or -2"}, piecewise=True,
         source="PyTorch, torch.angle",
         doc="The phase of complex numbers, from -pi to pi; of real ones 0, or pi below 0.",
         example="tensor([1j, -1.0]).angle() -> tensor([1.5708, 3.1416])"),
    Rule("unit", "unit_value(x)", "unit_dx(g, x, out)", kind="custom", operands="x", signature="()->()", method=False,
         function=False, loop="helper", dtype="same", grad_fn="SgnBackward0", complex="as written",
         kinks={"x = 0": "0; nan; nan at 0j"}, source=TORCH_KINK,
         doc="x / abs(x) of complex numbers, and 0 at 0: what sgn applies to them."),
    Rule("isreal", "isreal_of(x)", operands="x", kind="custom", loop="composite", returns="_Any",
         numpy="isreal(x)",
         doc="Whether an element has no imaginary part.",
         example="tensor([1j, 2.0]).isreal() -> tensor([False,  True])"),
    # ---- reductions
    Rule("sum", "sum_value(x, dim, keepdim, dtype)", "sum_dx(g, shape_x, dim, keepdim)", kind="linear", operands="x",
         params="dim=None, keepdim=False, dtype=None",
         signature="(n)->()", loop="helper", fast="sum", dtype="same",
         grad_fn={"": "SumBackward0", "dim": "SumBackward1"}, complex="holomorphic",
         compiled=True, front="compiled",
         numpy="sum(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=None); "
               ".sum(a, axis=None, dtype=None, out=None, keepdims=False)",
         doc="Sum of elements.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0) -> tensor([4., 6.])"),
    Rule("mean", "mean_value(x, dim, keepdim, dtype)", "mean_dx(g, shape_x, dim, keepdim)", kind="linear",
         operands="x", params="dim=None, keepdim=False, dtype=None", signature="(n)->()",
         loop="helper", fast="mean", dtype="float", grad_fn={"": "MeanBackward0", "dim": "MeanBackward1"},
         complex="holomorphic", compiled=True, front="compiled",
         numpy="mean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=None); "
               ".mean(a, axis=None, dtype=None, out=None, keepdims=False)",
         doc="Arithmetic mean of elements.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).mean(dim=1, keepdim=True) -> tensor([[1.5000],\n        [3.5000]])"),
    Rule("norm", "norm_value(x, p, dim, keepdim, dtype)", "norm_dx(g, x, out, p, dim, keepdim)", kind="reduction",
         operands="x", params="p='fro', dim=None, keepdim=False, dtype=None", signature="(n)->()", loop="helper",
         fast="norm",
         dtype="float",
         grad_fn="LinalgVectorNormBackward0",
         kinks={"x = 0": "0; nan; nan at [0, 0] or [0] or [0, 0], p=3 or [0, 0], p=1.5 or [0, 0], p=4 or "
                "[[0, 0], [0, 0]], dim=1 or [0j, 0j]",
                "an element of 0, p = 1 or below": "0 for it = [0, 1]; 0; 0 at [0, 2], p=1",
                "several largest, p = inf": "shared evenly = [1/2, 1/2]; 0; 0 at [2, 2], p=inf",
                "an element of 0, 1 < p < 2 (order 2)": "[0, 1]; [nan, 0]; [nan, nan] at [0, 2], p=1.5",
                "an element of 0, p > 2 (order p)": "[0, 1]; 0; 0 at [0, 2], p=3 or [0, 2], p=4 or [0, 2], p=inf"},
         complex="as written", source=TORCH_KINK,
         compiled=True, front="compiled", doc="Vector norm of order p of the elements; 'fro' is p = 2.",
         errors="At 0 the second derivative is nan: where it is wanted, (x * x).sum() is the smooth square of the norm.",
         example="tensor([3.0, 4.0]).norm() -> tensor(5.)"),
    Rule("amax", "amax_value(x, dim, keepdim)", "amax_dx(g, x, out, dim, keepdim)", kind="reduction", operands="x",
         params="dim=None, keepdim=False", front="extreme_front",
         signature="(n)->()", loop="helper", dtype="same", out=True, grad_fn="AmaxBackward0",
         numpy="max amax .amax(a, axis=None, out=None, keepdims=False, initial=None, where=None)",
         kinks={"ties": "shared evenly = [1/2, 1/2]; 0; 0 at [2, 2]"}, piecewise=True, source=TORCH_KINK,
         doc="Largest element; a gradient is shared evenly among ties.", errors=NO_ELEMENT,
         example="tensor([[1.0, 5.0], [7.0, 3.0]]).amax(dim=0) -> tensor([7., 5.])"),
    Rule("amin", "amin_value(x, dim, keepdim)", "amax_dx(g, x, out, dim, keepdim)", kind="reduction", operands="x",
         params="dim=None, keepdim=False", front="extreme_front",
         signature="(n)->()", loop="helper", dtype="same", out=True, grad_fn="AminBackward0",
         numpy="min amin .amin(a, axis=None, out=None, keepdims=False, initial=None, where=None)",
         kinks={"ties": "shared evenly = [1/2, 1/2]; 0; 0 at [2, 2]"}, piecewise=True, source=TORCH_KINK,
         doc="Smallest element; a gradient is shared evenly among ties.", errors=NO_ELEMENT,
         example="tensor([3.0, 1.0]).amin() -> tensor(1.)"),
    Rule("max", "max_of(x, dim, keepdim, other)", operands="x", params="dim=None, keepdim=False, *, other=None",
         loop="composite", dtype="same", out=True,
         outputs=("values", "indices"),
         numpy=".max(a, axis=None, out=None, keepdims=False, initial=None, where=None) -> ndarray",
         kinks={"ties of all elements": "shared evenly = [1/2, 1/2]; 0; 0 at [2, 2]",
                "ties along dim": "all of it at indices = [1, 0]; 0; 0 at [2, 2], dim=0"},
         source=TORCH_KINK,
         doc="Largest element; over a dimension the pair (values, indices); with other, the larger of each two elements.",
         errors=NO_ELEMENT, example="tensor([[1.0, 5.0], [7.0, 3.0]]).max(dim=1).indices -> tensor([1, 0])"),
    Rule("min", "min_of(x, dim, keepdim, other)", operands="x", params="dim=None, keepdim=False, *, other=None",
         loop="composite", dtype="same", out=True,
         outputs=("values", "indices"),
         numpy=".min(a, axis=None, out=None, keepdims=False, initial=None, where=None) -> ndarray",
         kinks={"ties of all elements": "shared evenly = [1/2, 1/2]; 0; 0 at [2, 2]",
                "ties along dim": "all of it at indices = [1, 0]; 0; 0 at [2, 2], dim=0"},
         source=TORCH_KINK,
         doc="Smallest element; over a dimension the pair (values, indices); with other, the smaller of each two elements.",
         errors=NO_ELEMENT, example="tensor([[1.0, 5.0], [7.0, 3.0]]).min(dim=1).values -> tensor([1., 3.])"),
    Rule("aminmax", "aminmax_of(x, dim, keepdim)", operands="x", params="*, dim=None, keepdim=False", loop="composite",
         dtype="same", out=True, outputs=("min", "max"), grad_fn="AminmaxBackward0",
         kinks={"ties": "shared evenly = [1/2, 1/2]; 0; 0 at [2, 2]"},
         source=TORCH_KINK, doc="Smallest and largest element.", errors="RuntimeError where there is no element.",
         example="tensor([3.0, 1.0, 2.0]).aminmax().max -> tensor(3.)"),
    Rule("ptp", "ptp_of(x, dim, keepdim)", operands="x", params="dim=None, keepdim=False", method=False, function=False,
         loop="composite", dtype="same",
         numpy="ptp .ptp(a, axis=None, out=None, keepdims=False) = ptp_of(a, axis, keepdims)",
         doc="The largest element less the smallest."),
    Rule("argmax", "argmax_value(x, dim, keepdim)", operands="x", kind="custom", params="dim=None, keepdim=False",
         front="position_front", signature="(n)->()",
         loop="helper", dtype="index", out=True,
         numpy="argmax .argmax(a, axis=None, out=None, *, keepdims=False)",
         doc="Index of the largest element, of several the first.",
         errors="IndexError where there is no element; RuntimeError for bools.",
         example="tensor([1.0, 5.0, 3.0]).argmax() -> tensor(1)"),
    Rule("argmin", "argmin_value(x, dim, keepdim)", operands="x", kind="custom", params="dim=None, keepdim=False",
         front="position_front", signature="(n)->()",
         loop="helper", dtype="index", out=True,
         numpy="argmin .argmin(a, axis=None, out=None, *, keepdims=False)",
         doc="Index of the smallest element, of several the first.",
         errors="IndexError where there is no element; RuntimeError for bools.",
         example="tensor([1.0, 5.0, 3.0]).argmin() -> tensor(0)"),
    Rule("prod", "prod_value(x, dim, keepdim, dtype)", "prod_dx(g, x, out, dim, keepdim)", kind="reduction",
         operands="x",
         params="dim=None, keepdim=False, *, dtype=None",
         front="prod_front", signature="(n)->()", loop="helper", dtype="same", out=True,
         grad_fn={"": "ProdBackward0", "dim": "ProdBackward1"}, complex="holomorphic",
         numpy="prod .prod(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=None)",
         source=CALCULUS,
         doc="Product of elements; gradients are exact where factors are 0.",
         example="tensor([2.0, 3.0, 4.0]).prod() -> tensor(24.)"),
    Rule("all", "all_of(x, dim, keepdim)", operands="x", params="dim=None, keepdim=False", loop="composite",
         dtype="bool", out=True,
         numpy="all .all(a, axis=None, out=None, keepdims=False, *, where=None) -> Any",
         doc="Whether no element is zero; of uint8, a uint8.", example="tensor([0.0, 2.0]).all() -> tensor(False)"),
    Rule("any", "any_of(x, dim, keepdim)", operands="x", params="dim=None, keepdim=False", loop="composite",
         dtype="bool", out=True,
         numpy="any .any(a, axis=None, out=None, keepdims=False, *, where=None) -> Any",
         doc="Whether some element is not zero; of uint8, a uint8.",
         example="tensor([0.0, 2.0]).any() -> tensor(True)"),
    Rule("count_nonzero", "count_nonzero_of(x, dim)", operands="x", params="dim=None", loop="composite", dtype="index",
         numpy="count_nonzero(a, axis=None, *, keepdims=False)",
         doc="How many elements are not zero, in all or along dim, one dimension or several.",
         example="tensor([[0.0, 1.0], [2.0, 3.0]]).count_nonzero(dim=0) -> tensor([1, 2])"),
    Rule("nansum", "nansum_of(x, dim, keepdim, dtype)", operands="x", params="dim=None, keepdim=False, *, dtype=None",
         loop="composite", dtype="same", out=True,
         numpy="nansum(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=None)",
         kinks={"x = NaN": "[0, 1]; 0; 0 at [nan, 1]"},
         source="PyTorch, torch.nansum",
         doc="Sum of the elements that are not NaN.",
         example="tensor([1.0, 1e999 - 1e999, 3.0]).nansum() -> tensor(4.)"),
    Rule("nanmean", "nanmean_of(x, dim, keepdim, dtype)", operands="x", params="dim=None, keepdim=False, *, dtype=None",
         loop="composite", dtype="float", out=True,
         numpy="nanmean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=None)",
         kinks={"x = NaN": "[0, 1]; 0; 0 at [nan, 1]"},
         source="PyTorch, torch.nanmean",
         doc="Arithmetic mean of the elements that are not NaN.",
         example="tensor([1.0, 1e999 - 1e999, 3.0]).nanmean() -> tensor(2.)"),
    Rule("dist", "dist_of(x, y, p)", operands="xy", params="p=2", loop="composite", dtype="promote",
         grad_fn="DistBackward0",
         kinks={"x = y": "0 in each; nan in each; nan in each at [1, 2], [1, 2]"},
         source=TORCH_KINK, doc="The norm of order p of x - y.",
         example="tensor([1.0, 4.0]).dist(tensor([1.0, 1.0])) -> tensor(3.)"),
    # ---- statistics
    Rule("var", "var_value(x, dim, unbiased, keepdim, correction)", "var_dx(g, x, dim, keepdim, correction)",
         kind="reduction", operands="x", params="dim=None, unbiased=True, keepdim=False, *, correction=None",
         front="variance_front",
         signature="(n)->()", loop="helper", dtype="same", out=True, grad_fn="VarBackward0", complex="as written",
         numpy="var .var(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, mean=None, "
               "correction=None) "
               "= numpy_var(a, axis, dtype, ddof, keepdims, correction)",
         source=CALCULUS,
         doc="Variance of the elements; var(unbiased) is of all of them.",
         errors="RuntimeError for integers and bools.",
         example="tensor([1.0, 2.0, 4.0]).var() -> tensor(2.3333)"),
    Rule("std", "std_value(x, dim, unbiased, keepdim, correction)", "std_dx(g, x, out, dim, keepdim, correction)",
         kind="reduction", operands="x", params="dim=None, unbiased=True, keepdim=False, *, correction=None",
         front="variance_front",
         signature="(n)->()", loop="helper", dtype="same", out=True, grad_fn="StdBackward0",
         numpy="std .std(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, mean=None, "
               "correction=None) "
               "= numpy_std(a, axis, dtype, ddof, keepdims, correction)",
         kinks={"all x equal": "0; nan; nan at [1, 1] or [[1, 1], [2, 2]], dim=1 or [1, 1], unbiased=False"},
         complex="as written", source=CALCULUS,
         doc="Standard deviation of the elements; std(unbiased) is of all of them.",
         errors="RuntimeError for integers and bools.", example="tensor([1.0, 2.0, 4.0]).std() -> tensor(1.5275)"),
    Rule("var_mean", "var_mean_of(x, dim, unbiased, keepdim, correction)", operands="x", method=False,
         params="dim=None, unbiased=True, keepdim=False, *, correction=None", loop="composite", dtype="same",
         grad_fn="VarMeanBackward0", returns="tuple[_V, _V]", doc="Variance and arithmetic mean, in a tuple.",
         errors="RuntimeError for integers and bools.",
         example="var_mean(tensor([1.0, 2.0, 6.0])) -> (tensor(7.), tensor(3.))"),
    Rule("std_mean", "std_mean_of(x, dim, unbiased, keepdim, correction)", operands="x", method=False,
         params="dim=None, unbiased=True, keepdim=False, *, correction=None", loop="composite", dtype="same",
         grad_fn="StdMeanBackward0", returns="tuple[_V, _V]", doc="Standard deviation and arithmetic mean, in a tuple.",
         errors="RuntimeError for integers and bools.",
         example="std_mean(tensor([1.0, 1.0])) -> (tensor(0.), tensor(1.))"),
    Rule("median", "median_of(x, dim, keepdim)", operands="x", params="dim=None, keepdim=False", loop="composite",
         dtype="same", out=True, outputs=("values", "indices"),
         kinks={"ties of all elements": "shared evenly = [1/2, 1/2, 0]; 0; 0 at [1, 1, 3]",
                "ties along dim": "all of it at indices = [0, 1, 0]; 0; 0 at [1, 1, 3], dim=0"},
         source="PyTorch, torch.median",
         doc="The middle element, the lower of two; over a dimension the pair (values, indices).",
         errors="IndexError where dim has no element.",
         example="tensor([3.0, 1.0, 2.0, 4.0]).median() -> tensor(2.)"),
    Rule("nanmedian", "nanmedian_of(x, dim, keepdim)", operands="x", params="dim=None, keepdim=False", loop="composite",
         dtype="same", out=True, outputs=("values", "indices"),
         kinks={"ties of all elements": "shared evenly = [1/2, 1/2, 0]; 0; 0 at [1, 1, 3]",
                "ties along dim": "all of it at indices = [0, 1, 0]; 0; 0 at [1, 1, 3], dim=0"},
         source="PyTorch, torch.nanmedian", errors="IndexError where dim has no element.",
         doc="The middle one of the elements that are not NaN; over a dimension the pair (values, indices).",
         example="tensor([1.0, 1e999 - 1e999, 3.0]).nanmedian() -> tensor(1.)"),
    Rule("median_of_all", "median_of_all_value(x, ignore_nan)", "median_of_all_dx(g, x, out)", kind="reduction",
         operands="x", params="ignore_nan", method=False, function=False, batch="own", loop="helper", dtype="same",
         grad_fn="MedianBackward0",
         kinks={"ties": "shared evenly = [1/2, 1/2, 0]; 0; 0 at [1, 1, 3], ignore_nan=False"},
         piecewise=True, source="PyTorch, torch.median",
         doc="The middle element of all, the lower of two."),
    Rule("quantile", "quantile_of(x, q, dim, keepdim, interpolation)", operands="x", loop="composite", out=True,
         params="q, dim=None, keepdim=False, *, interpolation='linear'", dtype="same", grad_fn="SqueezeBackward4",
         source="PyTorch, torch.quantile",
         doc="Elements at the ranks q (n - 1) of the sorted ones, interpolated: linear, lower, higher, nearest or midpoint.",
         errors="RuntimeError for integers, no elements, or a q beyond 0 to 1.",
         example="tensor([4.0, 1.0, 2.0, 8.0]).quantile(0.5) -> tensor(3.)"),
    Rule("nanquantile", "nanquantile_of(x, q, dim, keepdim, interpolation)", operands="x", loop="composite", out=True,
         params="q, dim=None, keepdim=False, *, interpolation='linear'", dtype="same", grad_fn="SqueezeBackward4",
         source="PyTorch, torch.nanquantile", doc="Quantiles of the elements that are not NaN.",
         errors="RuntimeError for integers, no elements, or a q beyond 0 to 1.",
         example="tensor([1.0, 1e999 - 1e999, 3.0]).nanquantile(0.5) -> tensor(2.)"),
    Rule("kthvalue", "kthvalue_of(x, k, dim, keepdim)", operands="x", params="k, dim=-1, keepdim=False",
         loop="composite",
         dtype="same", out=True, outputs=("values", "indices"), source="PyTorch, torch.kthvalue",
         doc="The k-th smallest element along dim, and where it stands.",
         errors="RuntimeError for a k beyond the elements.",
         example="tensor([3.0, 1.0, 2.0]).kthvalue(2).values -> tensor(2.)"),
    Rule("mode", "mode_of(x, dim, keepdim)", operands="x", params="dim=-1, keepdim=False", loop="composite",
         dtype="same", out=True, outputs=("values", "indices"), source="PyTorch, torch.mode",
         doc="The most frequent element along dim, of several the smallest, and where it stands last.",
         errors="IndexError where dim has no element.",
         example="tensor([3.0, 1.0, 3.0]).mode().values -> tensor(3.)"),
    # ---- cumulative
    Rule("cumsum", "cumsum_value(x, dim, dtype)", "cumsum_dx(g, dim)", kind="linear", operands="x",
         params="dim, *, dtype=None", front="cumulative_front",
         signature="(n)->(n)", loop="helper", dtype="same", inplace=True, out=True,
         grad_fn="CumsumBackward0", complex="holomorphic",
         numpy="cumsum .cumsum(a, axis=None, dtype=None, out=None)",
         doc="Sums of the elements up to each, along dim.",
         example="tensor([1.0, 2.0, 3.0]).cumsum(0) -> tensor([1., 3., 6.])"),
    Rule("cumprod", "cumprod_value(x, dim, dtype)", "cumprod_dx(g, x, out, dim)", kind="custom", operands="x",
         params="dim, *, dtype=None", front="cumulative_front",
         signature="(n)->(n)", loop="helper", dtype="same", inplace=True, out=True,
         grad_fn="CumprodBackward0", complex="holomorphic",
         numpy="cumprod .cumprod(a, axis=None, dtype=None, out=None)",
         source=CALCULUS,
         doc="Products of the elements up to each, along dim; gradients are exact where factors are 0.",
         example="tensor([1.0, 2.0, 3.0]).cumprod(0) -> tensor([1., 2., 6.])"),
    Rule("recurrence", "recurrence_value(x, y, dim)", "recurrence_dx(g, y, dim)", "recurrence_dy(g, y, out, dim)",
         kind="custom", operands="xy", params="dim", method=False, function=False, signature="(n),(n)->(n)",
         loop="helper", grad_fn="RecurrenceBackward0", complex="holomorphic", source=CALCULUS,
         doc="The recurrence h_k = x_k + y_k h_(k-1) along dim."),
    Rule("cummax", "cummax_of(x, dim)", operands="x", params="dim", loop="composite", dtype="same", out=True,
         outputs=("values", "indices"), grad_fn="CummaxBackward0",
         kinks={"ties": "all of it at indices = [1, 1]; 0; 0 at [2, 2], dim=0"},
         source="PyTorch, torch.cummax", doc="The largest element up to each, along dim, and where it stands last.",
         example="tensor([1.0, 3.0, 2.0]).cummax(0).values -> tensor([1., 3., 3.])"),
    Rule("cummin", "cummin_of(x, dim)", operands="x", params="dim", loop="composite", dtype="same", out=True,
         outputs=("values", "indices"), grad_fn="CumminBackward0",
         kinks={"ties": "all of it at indices = [1, 1]; 0; 0 at [2, 2], dim=0"},
         source="PyTorch, torch.cummin", doc="The smallest element up to each, along dim, and where it stands last.",
         example="tensor([3.0, 1.0, 2.0]).cummin(0).values -> tensor([3., 1., 1.])"),
    Rule("logcumsumexp", "logcumsumexp_value(x, dim)", "logcumsumexp_dx(g, x, out, dim)", kind="custom", operands="x",
         params="dim", front="logcumsumexp_front", signature="(n)->(n)", loop="helper", dtype="same", out=True,
         grad_fn="LogcumsumexpBackward0", source=CALCULUS,
         doc="log(cumsum(exp(x))) along dim, computed stably.", errors="NotImplementedError for integers and bools.",
         example="tensor([0.0, 0.0]).logcumsumexp(0) -> tensor([0.0000, 0.6931])"),
    Rule("diff", "diff_of(x, n, dim, prepend, append)", operands="x", params="n=1, dim=-1, prepend=None, append=None",
         loop="composite", kind="linear", dtype="same", out=True, complex="holomorphic",
         numpy="diff(a, n=1, axis=-1, prepend=None, append=None) = numpy_diff(a, n, axis, prepend, append)",
         doc="Differences of neighbours along dim, n times, after prepend and append were joined to the operand.",
         errors="RuntimeError for a 0-d operand or a negative n.",
         example="tensor([1.0, 4.0, 9.0]).diff() -> tensor([3., 5.])"),
    Rule("trapezoid", "trapezoid_of(y, x, dx, dim)", operands="x", names="y", params="x=None, *, dx=None, dim=-1",
         loop="composite", method=False, aliases=("trapz",),
         numpy="trapezoid scipy.integrate.trapezoid(y, x=None, dx=1.0, axis=-1) "
               "= numpy_trapezoid(y, x, dx, axis)",
         source="the trapezoidal rule",
         doc="The integral along dim of samples y at x, or at distances dx, by default 1.",
         errors="RuntimeError for bools or another number of x than of samples.",
         example="trapezoid(tensor([1.0, 2.0, 4.0])) -> tensor(4.5000)"),
    Rule("cumulative_trapezoid", "cumulative_trapezoid_of(y, x, dx, dim)", operands="x", names="y",
         params="x=None, *, dx=None, dim=-1", loop="composite", method=False, grad_fn="CumsumBackward0",
         source="the trapezoidal rule",
         doc="The integrals along dim up to each sample but the first, of samples y at x, or at distances dx, by default 1.",
         errors="RuntimeError for bools or another number of x than of samples.",
         example="cumulative_trapezoid(tensor([1.0, 2.0, 4.0])) -> tensor([1.5000, 4.5000])"),
    # ---- softmax
    Rule("logsumexp", "logsumexp_value(x, dim, keepdim)", "logsumexp_dx(g, x, out, dim, keepdim)", kind="reduction",
         operands="x", params="dim, keepdim=False", front="logsumexp_front", signature="(n)->()", loop="helper",
         fast="logsumexp", compiled=True, dtype="float", out=True, grad_fn="LogsumexpBackward0",
         numpy="scipy.special.logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False) "
               "= scipy_logsumexp(a, axis, keepdims)",
         source=CALCULUS,
         doc="log(sum(exp(x))) over dim, one dimension or several, computed stably.",
         example="tensor([0.0, 0.0]).logsumexp(0) -> tensor(0.6931)"),
    Rule("softmax", "softmax_value(x, dim, dtype)", "softmax_dx(g, out, dim)", kind="custom", operands="x",
         params="dim, dtype=None", front="softmax_front", signature="(n)->(n)", loop="helper", dtype="same", out=True,
         grad_fn="SoftmaxBackward0", source="PyTorch, nn.functional.softmax",
         doc="exp(x) / sum(exp(x)) along dim, computed stably.", errors="NotImplementedError for integers and bools.",
         example="tensor([0.0, 1.0]).softmax(0) -> tensor([0.2689, 0.7311])"),
    Rule("softmin", "softmin_of(x, dim, dtype)", operands="x", params="dim, dtype=None", loop="composite", method=False,
         dtype="same", source="PyTorch, nn.functional.softmin", doc="The softmax of -x along dim.",
         errors="NotImplementedError for integers and bools.",
         example="softmin(tensor([0.0, 1.0]), 0) -> tensor([0.7311, 0.2689])"),
    Rule("log_softmax", "log_softmax_value(x, dim, dtype)", "log_softmax_dx(g, out, dim)", kind="custom", operands="x",
         params="dim, dtype=None", front="softmax_front", signature="(n)->(n)", loop="helper", dtype="same", out=True,
         grad_fn="LogSoftmaxBackward0", source="PyTorch, nn.functional.log_softmax",
         doc="x - log(sum(exp(x))) along dim, computed stably.", errors="NotImplementedError for integers and bools.",
         example="tensor([0.0, 0.0]).log_softmax(0) -> tensor([-0.6931, -0.6931])"),
    # ---- sorting and searching
    Rule("sort", "sort_of(x, dim, descending, stable)", operands="x",
         params="dim=-1, descending=False, *, stable=None", loop="composite",
         outputs=("values", "indices"), grad_fn={"": "SortBackward0", "stable": "SortBackward1"},
         numpy="sort(a, axis=-1, kind=None, order=None, *, stable=None) = numpy_sorted_of(a, axis, kind); "
               ".sort(a, axis=-1, kind=None) -> None = numpy_sort_of(a, axis, kind)",
         source="PyTorch, torch.sort", doc="The elements in order along dim, and where they stood.",
         errors="The method of the NumPy flavour sorts in place and returns None, as NumPy's does.",
         example="tensor([3.0, 1.0]).sort().indices -> tensor([1, 0])"),
    Rule("msort", "msort_of(x)", operands="x", loop="composite", grad_fn={"": "SortBackward0"},
         source="PyTorch, torch.msort", doc="The elements in order along the first dimension.",
         example="tensor([3.0, 1.0]).msort() -> tensor([1., 3.])"),
    Rule("argsort", "argsort_of(x, dim, descending, stable)", operands="x", kind="custom",
         params="dim=-1, descending=False, *, stable=True", loop="composite",
         numpy="argsort .argsort(a, axis=-1, kind=None, order=None, *, stable=None) "
               "= numpy_argsort_of(a, axis, kind)",
         doc="The positions that would put the elements in order along dim.",
         example="tensor([3.0, 1.0, 2.0]).argsort() -> tensor([1, 2, 0])"),
    Rule("topk", "topk_of(x, k, dim, largest, sorted)", operands="x", params="k, dim=-1, largest=True, sorted=True",
         loop="composite", outputs=("values", "indices"), grad_fn={"": "TopkBackward0"},
         source="PyTorch, torch.topk",
         doc="The k largest or smallest elements along dim, in order, and where they stand.",
         errors="RuntimeError where k is larger than the dimension.",
         example="tensor([3.0, 1.0, 2.0]).topk(2).values -> tensor([3., 2.])"),
    Rule("unique", "unique_of(x, sorted, return_inverse, return_counts, dim)", operands="x", kind="custom",
         params="sorted=True, return_inverse=False, return_counts=False, dim=None", loop="composite", returns="_Any",
         grad_fn={"": "Unique2Backward0", "dim": "UniqueDimBackward0"},
         doc="The distinct elements in order, or the distinct slices along dim; on demand where each element went, and counts.",
         errors="NotImplementedError when a gradient is propagated through the values.",
         example="tensor([2.0, 1.0, 2.0]).unique() -> tensor([1., 2.])"),
    Rule("unique_consecutive", "unique_consecutive_of(x, return_inverse, return_counts, dim)", operands="x",
         kind="custom",
         params="return_inverse=False, return_counts=False, dim=None", loop="composite", returns="_Any",
         grad_fn={"": "UniqueConsecutiveBackward0"},
         doc="The elements, or slices along dim, without those that equal the one before.",
         errors="NotImplementedError when a gradient is propagated through the values.",
         example="tensor([1.0, 1.0, 2.0, 1.0]).unique_consecutive() -> tensor([1., 2., 1.])"),
    Rule("nonzero", "nonzero_of(x, as_tuple)", operands="x", kind="custom", params="*, as_tuple=False",
         loop="composite", returns="_Any",
         numpy="nonzero .nonzero(a) -> tuple[ndarray, ...] = numpy_nonzero_of(a)",
         doc="The positions of the elements that are not 0: a row each, or with as_tuple one Variable for each dimension.",
         example="tensor([0.0, 5.0, 6.0]).nonzero() -> tensor([[1],\n        [2]])"),
    Rule("argwhere", "argwhere_of(x)", operands="x", kind="custom", loop="composite",
         numpy="argwhere(a)",
         doc="The positions of the elements that are not 0, a row each.",
         example="tensor([0.0, 5.0]).argwhere() -> tensor([[1]])"),
    Rule("searchsorted", "searchsorted_of(x, input, out_int32, right, side, sorter)", operands="x",
         names="sorted_sequence",
         kind="custom", params="input, *, out_int32=False, right=False, side=None, sorter=None", method=False,
         loop="composite",
         numpy="searchsorted .searchsorted(a, v, side='left', sorter=None) "
               "= numpy_searchsorted_of(a, v, side, sorter)",
         doc="Where numbers belong in a sequence in ascending order: before equal ones, or after them with right=True.",
         errors="sorted_sequence may have several dimensions, those of input but the last.",
         example="searchsorted(tensor([1.0, 3.0, 5.0]), tensor([3.0, 9.0])) -> tensor([1, 3])"),
    Rule("bucketize", "bucketize_of(x, boundaries, out_int32, right)", operands="x", kind="custom",
         params="boundaries, *, out_int32=False, right=False", method=False, loop="composite",
         doc="In which of the intervals between boundaries, in ascending order, each element lies.",
         errors="An interval holds its upper boundary, or with right=True its lower one.",
         example="bucketize(tensor([1.0, 4.0]), tensor([2.0, 3.0])) -> tensor([0, 2])"),
    Rule("isin", "isin_of(x, test_elements, assume_unique, invert)", operands="x", names="elements", kind="custom",
         params="test_elements, *, assume_unique=False, invert=False", method=False, loop="composite",
         numpy="isin(element, test_elements, assume_unique=False, invert=False, *, kind=None)",
         doc="Whether each element is among test_elements.",
         example="isin(tensor([1, 2, 3]), tensor([2, 3])) -> tensor([False,  True,  True])"),
    Rule("bincount", "bincount_of(x, weights, minlength)", operands="x", kind="custom",
         params="weights=None, minlength=0",
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
         signature="(n),(n)->()", batch="own", front="vdot_front", loop="helper", out=True, grad_fn="VdotBackward0",
         complex="vdot_complex_dx(g, y); vdot_dx(g, x)",
         numpy="vdot(a, b, /)",
         source=GILES, doc="Inner product of two vectors.",
         errors="Raises RuntimeError for other numbers of dimensions, and for different lengths.",
         example="tensor([1.0, 2.0]).vdot(tensor([3.0, 4.0])) -> tensor(11.)"),
    Rule("inner", "inner_of(x, y)", operands="xy", loop="composite", out=True, complex="holomorphic",
         numpy="inner(a, b, /)",
         doc="Sum of products over the last dimension of both operands; a 0-d operand multiplies.",
         errors="Raises RuntimeError where the last sizes differ.",
         example="inner(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 1.0])) -> tensor([3., 7.])"),
    Rule("outer", "outer_of(x, y)", operands="xy", names="input, vec2", loop="composite", out=True, aliases=("ger",),
         complex="holomorphic", doc="All products of an element of one vector and one of the other.",
         errors="Raises RuntimeError for operands that are no vectors.",
         example="tensor([1.0, 2.0]).outer(tensor([3.0, 4.0])) -> tensor([[3., 4.],\n        [6., 8.]])"),
    Rule("einsum", "einsum_of(xs)", operands="*", names="*args", method=False,
         loop="composite", complex="holomorphic", returns="_Any",
         numpy="einsum(*operands, out=None, optimize=False)",
         source="Einstein's summation convention, as numpy.einsum",
         doc="Sums of products, spelled by an equation as 'ij,jk->ik'.",
         errors="The equation takes an ellipsis, repeated letters (diagonals), and no output (letters that occur once, in "
                "order).  In its place subscript lists may follow each operand.  Three operands and more are contracted in a "
                "greedy order.  Raises RuntimeError for an equation that does not fit the operands.",
         example="einsum('ij,j->i', tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 1.0])) -> tensor([3., 7.])"),
    Rule("tensordot", "tensordot_of(x, y, dims)", operands="xy", names="a, b", params="dims=2", method=False, out=True,
         loop="composite", complex="holomorphic",
         numpy="tensordot(a, b, axes=2) = tensordot_of(a, b, axes)",
         doc="Sum of products over the last dims of a and the first of b, or over two lists of dimensions.",
         errors="Raises RuntimeError where the sizes of a pair of dimensions differ and none is 1.",
         example="tensordot(ones(2, 3), ones(2, 3), ([0, 1], [0, 1])) -> tensor(6.)"),
    Rule("kron", "kron_of(x, y)", operands="xy", loop="composite", out=True, grad_fn="UnsafeViewBackward0",
         complex="holomorphic",
         numpy="kron(a, b)",
         doc="Kronecker product: blocks of the second operand times each element of the first.",
         example="kron(tensor([1.0, 2.0]), tensor([1.0, 10.0])) -> tensor([ 1., 10.,  2., 20.])"),
    Rule("cross", "cross_value(x, y, dim)", "cross_dx(g, y, dim)", "cross_dy(g, x, dim)", kind="multilinear",
         operands="xy",
         params="dim=None", signature="(3),(3)->(3)", front="cross_front", loop="helper", out=True,
         grad_fn="LinalgCrossBackward0", complex="holomorphic", source="elementary vector calculus",
         doc="Cross product along a dimension of size 3, by default the first of that size.",
         errors="Raises RuntimeError where the dimension has another size.",
         example="cross(tensor([1.0, 0.0, 0.0]), tensor([0.0, 1.0, 0.0])) -> tensor([0., 0., 1.])"),
    Rule("trace", "trace_value(x, offset, axis1, axis2)", "trace_dx(g, shape_x, offset, axis1, axis2)", kind="linear",
         operands="x", params="*, offset=0, axis1=0, axis2=1", signature="(n,n)->()", front="trace_front",
         loop="helper", grad_fn="TraceBackward0", complex="holomorphic",
         numpy="trace .trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None)",
         source=GILES,
         doc="Sum of the diagonal of a matrix.",
         errors="Raises RuntimeError for another number of dimensions; the NumPy flavour takes more than two.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).trace() -> tensor(5.)"),
    Rule("addmm", "addmm_of(x, y, z, beta, alpha)", operands="xyz", names="input, mat1, mat2",
         params="*, beta=1, alpha=1",
         loop="composite", inplace=True, out=True, complex="holomorphic", source=GILES,
         doc="beta * input + alpha * (mat1 @ mat2).", errors=ADDED,
         example="addmm(ones(1, 1), ones(1, 3), ones(3, 1), beta=2) -> tensor([[5.]])"),
    Rule("addmv", "addmv_of(x, y, z, beta, alpha)", operands="xyz", names="input, mat, vec",
         params="*, beta=1, alpha=1",
         loop="composite", inplace=True, out=True, complex="holomorphic", source=GILES,
         doc="beta * input + alpha * (mat @ vec).", errors=ADDED,
         example="addmv(ones(2), ones(2, 3), ones(3)) -> tensor([4., 4.])"),
    Rule("addr", "addr_of(x, y, z, beta, alpha)", operands="xyz", names="input, vec1, vec2",
         params="*, beta=1, alpha=1",
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
         complex="holomorphic", source="Cormen et al., Introduction to Algorithms, 15.2",
         doc="Product of matrices, in the order of fewest multiplications.",
         errors="Raises RuntimeError for operands that are no matrices, for sizes that do not fit, and for no operand.",
         example="chain_matmul(ones(1, 2), ones(2, 3), ones(3, 1)) -> tensor([[6.]])"),
    Rule("matrix_power", "matrix_power_of(x, n)", operands="x", params="n", loop="composite", out=True,
         complex="holomorphic",
         numpy="linalg.matrix_power(a, n)",
         source=GILES, doc="Product of n copies of a square matrix, or of each of a batch.",
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
         batch="own", method=False, function=False, loop="view", fast="view", dtype="same",
         grad_fn={"reshape": "ViewBackward0", "permute": "PermuteBackward0", "transpose": "TransposeBackward0",
                  "t": "TBackward0", "expand": "ExpandBackward0", "select": "SelectBackward0",
                  "slice": "SliceBackward0", "unsqueeze": "UnsqueezeBackward0", "squeeze": "SqueezeBackward0",
                  "squeeze_dim": "SqueezeBackward1", "squeeze_dims": "SqueezeBackward2",
                  "diagonal": "DiagonalBackward0", "unfold": "UnfoldBackward0", "as_strided": "AsStridedBackward0",
                  "split": "SplitBackward0", "split_sizes": "SplitWithSizesBackward0", "unbind": "UnbindBackward0",
                  "unsafe": "UnsafeViewBackward0", "view_as_real": "ViewAsRealBackward0",
                  "view_as_complex": "ViewAsComplexBackward0",
                  "path": "AsStridedBackward0", "alias": "AliasBackward0"}, complex="as written",
         compiled=True, doc="The same elements under another geometry: reshape, permute, expand, select, slice."),
    Rule("embed", "embed_value(x, geometry, shape)", "view(g, geometry)", kind="linear", operands="x",
         params="geometry, shape", batch="own", method=False, function=False, loop="helper", dtype="same",
         grad_fn="SliceBackward0", complex="as written",
         compiled=True, doc="Zeros of a shape with the operand added where a geometry looks: the transpose of view."),
    Rule("clone", "clone_value(x)", "g", kind="linear", operands="x", signature="()->()", loop="helper",
         fast="identity", dtype="same", grad_fn="CloneBackward0", complex="holomorphic",
         compiled=True, front="compiled",
         numpy="copy(a, order='K', subok=False)",
         doc="A recorded copy.",
         example="tensor([1.0, 2.0]).clone() -> tensor([1., 2.])"),
    Rule("fill", "fill_value(x)", "fill_dx(g)", kind="linear", operands="x", signature="()->()", method=False,
         function=False, loop="helper", dtype="same", grad_fn="FillBackward2", complex="holomorphic",

         compiled=True,
         doc="What fill_ and zero_ leave: numbers that depend on nothing, so the operand's cotangent is 0."),
    Rule("to", "to_value(x, dtype)", "to(g, dtype_x)", kind="linear", operands="x", params="dtype",
         signature="()->()", method=False, function=False, loop="helper", fast="cast", dtype="same",
         grad_fn="ToCopyBackward0", complex="holomorphic", compiled=True, doc="A recorded cast to another dtype."),
    Rule("copy_region", "copy_region_value(x, y, geometry)", "copy_region_dx(g, geometry)",
         "copy_region_dy(g, geometry)", kind="linear", operands="xy", params="geometry", batch="own",
         method=False, function=False, loop="helper", fast="copy_region", dtype="same", grad_fn="CopySlices",
         complex="as written",
         compiled=True, doc="x with the elements that a geometry looks at replaced by y: an in-place write."),
    Rule("reshape", "reshape(x, shape)", operands="x", params="shape", loop="composite", kind="linear",
         dtype="same", grad_fn="ViewBackward0", complex="holomorphic", front="compiled",
         numpy="reshape(a, /, shape, order='C', *, copy=None) = numpy_reshaped(a, shape, order, copy); "
               ".reshape(a, *shape, order='C', copy=None) = numpy_reshape(a, shape, order, copy)",
         doc="The elements in another shape; a view where possible.",
         example="autodiff.arange(6).reshape(2, -1) -> tensor([[0, 1, 2],\n        [3, 4, 5]])"),
    Rule("flatten", "flatten(x, start_dim, end_dim)", operands="x", params="start_dim=0, end_dim=-1", loop="composite",
         kind="linear", dtype="same",
         grad_fn="ViewBackward0", complex="holomorphic", front="compiled",
         numpy=".flatten(a, order='C') = numpy_flatten(a, order)",
         doc="The dimensions from start_dim to end_dim as one; a view where possible.",
         example="autodiff.zeros(2, 3, 4).flatten(1).shape -> autodiff.Size([2, 12])"),
    Rule("ravel", "ravel(x)", operands="x", loop="composite", kind="linear", dtype="same", grad_fn="ViewBackward0",
         complex="holomorphic",
         front="compiled",
         numpy="ravel .ravel(a, order='C') = numpy_ravel(a, order)",
         doc="The elements in one dimension; a view where possible.",
         example="autodiff.tensor([[1.0, 2.0], [3.0, 4.0]]).ravel() -> tensor([1., 2., 3., 4.])"),
    Rule("squeeze", "squeeze(x, dim)", operands="x", params="dim=None", loop="composite", kind="linear", dtype="same",
         grad_fn="SqueezeBackward0",
         complex="holomorphic", front="compiled",
         numpy="squeeze .squeeze(a, axis=None) = numpy_squeeze(a, axis)",
         doc="Dimensions of size 1 removed; a view.",
         example="autodiff.zeros(1, 3, 1).squeeze(0).shape -> autodiff.Size([3, 1])"),
    Rule("swapdims", "transposed_of(x, dim0, dim1)", operands="x", params="dim0, dim1", loop="composite", kind="linear",
         dtype="same", complex="holomorphic",
         numpy="swapaxes(a, axis1, axis2) = transposed_of(a, axis1, axis2)",
         doc="Two dimensions exchanged; a view.",
         example="ones(2, 3).swapdims(0, 1).shape -> autodiff.Size([3, 2])"),
    Rule("adjoint", "adjoint_of(x)", operands="x", loop="composite", kind="linear", dtype="same",
         doc="The last two dimensions exchanged; a view.",
         errors="RuntimeError for one dimension.", example="ones(2, 3).adjoint().shape -> autodiff.Size([3, 2])"),
    Rule("movedim", "movedim_of(x, source, destination)", operands="x", params="source, destination", loop="composite",
         kind="linear", aliases=("moveaxis",), dtype="same", complex="holomorphic",
         numpy="moveaxis(a, source, destination)",
         doc="Dimensions moved to other places, the rest in order; a view.",
         example="ones(2, 3, 4).movedim(0, -1).shape -> autodiff.Size([3, 4, 2])"),
    Rule("unflatten", "unflatten_of(x, dim, sizes)", operands="x", params="dim, sizes", loop="composite", kind="linear",
         dtype="same", grad_fn="ViewBackward0", complex="holomorphic",
         doc="One dimension as several; one of the sizes may be -1; a view.",
         errors="RuntimeError where the sizes do not multiply up to the dimension's.",
         example="ones(6).unflatten(0, (2, -1)).shape -> autodiff.Size([2, 3])"),
    Rule("broadcast_to", "broadcast_to_of(x, ints, size)", operands="x", params="*ints, size=None", loop="composite",
         kind="linear", dtype="same", grad_fn="ExpandBackward0", complex="holomorphic",
         numpy="broadcast_to(array, shape, subok=False) = broadcast_to(array, shape)",
         doc="Sizes of 1 repeated without a copy; a view.",
         example="tensor([1.0, 2.0]).broadcast_to(2, 2) -> tensor([[1., 2.],\n        [1., 2.]])"),
    Rule("broadcast_tensors", "broadcast_tensors_of(xs)", operands="*", names="*tensors", loop="composite",
         kind="linear",
         returns="tuple[_V, ...]", method=False, complex="holomorphic",
         numpy="broadcast_arrays(*args, subok=False)",
         doc="The operands expanded to their common shape: a tuple of views.",
         example="broadcast_tensors(ones(2, 1), ones(3))[1].shape -> autodiff.Size([2, 3])"),
    Rule("atleast_1d", "atleast_1d_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         returns="_Any", method=False, complex="holomorphic",
         numpy="atleast_1d(*arys)",
         doc="Each operand with one dimension at least; a tuple if there are several.",
         example="atleast_1d(tensor(2.0)) -> tensor([2.])"),
    Rule("atleast_2d", "atleast_2d_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         returns="_Any", method=False, complex="holomorphic",
         numpy="atleast_2d(*arys)",
         doc="Each operand with two dimensions at least; a tuple if there are several.",
         example="atleast_2d(tensor([2.0, 3.0])) -> tensor([[2., 3.]])"),
    Rule("atleast_3d", "atleast_3d_of(xs)", operands="*", names="*tensors", loop="composite", kind="linear",
         returns="_Any", method=False, complex="holomorphic",
         numpy="atleast_3d(*arys)",
         doc="Each operand with three dimensions at least; a tuple if there are several.",
         example="atleast_3d(tensor([2.0, 3.0])).shape -> autodiff.Size([1, 2, 1])"),
    Rule("meshgrid", "meshgrid_of(xs, indexing)", operands="*", names="*tensors", params="indexing=None",
         loop="composite", kind="linear", returns="tuple[_V, ...]", method=False, complex="holomorphic",
         numpy="meshgrid(*xi, copy=True, sparse=False, indexing='xy')",
         doc="The coordinates of a grid with the operands as axes: a tuple of views.",
         errors="Warns where indexing, 'ij' or 'xy', is left out.",
         example="meshgrid(arange(2), arange(3), indexing='ij')[0] -> tensor([[0, 0, 0],\n        [1, 1, 1]])"),
    Rule("diagonal", "diagonal_of(x, offset, dim1, dim2)", operands="x", params="offset=0, dim1=0, dim2=1",
         loop="composite", kind="linear", dtype="same", complex="holomorphic",
         numpy="diagonal .diagonal(a, offset=0, axis1=0, axis2=1) = diagonal_of(a, offset, axis1, axis2)",
         doc="The diagonal of two dimensions, as the last dimension; a view.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).diagonal() -> tensor([1., 4.])"),
    Rule("unfold", "unfold_of(x, dimension, size, step)", operands="x", params="dimension, size, step",
         function=False, loop="composite", kind="linear", dtype="same", complex="holomorphic",
         doc="All windows of a size along a dimension, a step apart; a view whose last dimension is the window.",
         errors="Windows that overlap cannot be written in place.",
         example="tensor([1.0, 2.0, 3.0]).unfold(0, 2, 1) -> tensor([[1., 2.],\n        [2., 3.]])"),
    Rule("as_strided", "as_strided_of(x, size, stride, storage_offset)", operands="x",
         params="size, stride, storage_offset=None", loop="composite", kind="linear", dtype="same",
         complex="holomorphic",
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
         params="*ints, repeats=None",
         front="repeat_front", batch="own", function=False, loop="helper", dtype="same", grad_fn="RepeatBackward0",
         complex="holomorphic", doc="The whole several times along each dimension; NumPy's tile.",
         errors="For the NumPy flavour, as in NumPy, each element several times.",
         example="tensor([1.0, 2.0]).repeat(2) -> tensor([1., 2., 1., 2.])"),
    Rule("tile", "tile_of(x, ints, dims)", operands="x", params="*ints, dims=None", loop="composite", kind="linear",
         dtype="same", grad_fn="RepeatBackward0", complex="holomorphic",
         numpy="tile(A, reps) = tile(A, reps)",
         doc="The whole several times along each dimension, the last ones where fewer are given.",
         example="tensor([1.0, 2.0]).tile(2) -> tensor([1., 2., 1., 2.])"),
    Rule("repeat_interleave", "repeat_interleave_of(x, repeats, dim, output_size)", operands="x",
         params="repeats=None, dim=None, *, output_size=None", loop="composite", kind="linear",
         dtype="same", complex="holomorphic",
         numpy="repeat .repeat(a, repeats, axis=None) = numpy_repeat(a, repeats, axis)",
         doc="Each element several times, as often as an int or a tensor says; of all elements, or slices along dim.",
         example="tensor([1.0, 2.0]).repeat_interleave(2) -> tensor([1., 1., 2., 2.])"),
    Rule("flip", "flip_value(x, ints, dims)", "flip_dx(g, ints)", kind="linear", operands="x",
         params="*ints, dims=None", front="flip_front", signature="(n)->(n)", loop="helper", dtype="same",
         grad_fn="FlipBackward0", complex="holomorphic",
         numpy="flip(m, axis=None) = numpy_flip(m, axis)",
         doc="The order along some dimensions reversed; a copy.",
         example="tensor([1.0, 2.0]).flip(0) -> tensor([2., 1.])"),
    Rule("fliplr", "fliplr_of(x)", operands="x", loop="composite", kind="linear", dtype="same",
         grad_fn="FlipBackward0", complex="holomorphic",
         numpy="fliplr(m)",
         doc="The order of columns, dimension 1, reversed; a copy.",
         example="tensor([[1.0, 2.0]]).fliplr() -> tensor([[2., 1.]])"),
    Rule("flipud", "flipud_of(x)", operands="x", loop="composite", kind="linear", dtype="same",
         grad_fn="FlipBackward0", complex="holomorphic",
         numpy="flipud(m)",
         doc="The order of rows, dimension 0, reversed; a copy.",
         example="tensor([1.0, 2.0]).flipud() -> tensor([2., 1.])"),
    Rule("roll", "roll_value(x, shifts, dims)", "roll_dx(g, shifts, dims)", kind="linear", operands="x",
         params="shifts, dims=None", front="roll_front", signature="(n)->(n)", loop="helper", dtype="same",
         grad_fn="RollBackward0", complex="holomorphic",
         numpy="roll(a, shift, axis=None) = roll(a, shift, axis)",
         doc="Elements shifted along dimensions, those that leave come in again; of all elements in order without dims.",
         example="tensor([1.0, 2.0, 3.0]).roll(1) -> tensor([3., 1., 2.])"),
    Rule("rot90", "rot90_value(x, k, dims)", "rot90_dx(g, k, dims)", kind="linear", operands="x",
         params="k=1, dims=(0, 1)", front="rot90_front", signature="(m,n)->(p,q)", loop="helper",
         dtype="same", grad_fn="Rot90Backward0", complex="holomorphic",
         numpy="rot90(m, k=1, axes=(0, 1)) = rot90(m, k, axes)",
         doc="Turned by k quarters in the plane of two dimensions, from the first towards the second.",
         example="tensor([[1.0, 2.0]]).rot90() -> tensor([[2.],\n        [1.]])"),
    Rule("tril", "tril_value(x, diagonal)", "tril_dx(g, diagonal)", kind="linear", operands="x", params="diagonal=0",
         front="triangle_front", signature="(m,n)->(m,n)", inplace=True, loop="helper", dtype="same",
         out=True, grad_fn="TrilBackward0", complex="holomorphic",
         numpy="tril(m, k=0) = tril(m, k)",
         doc="The elements of the last two dimensions on and below a diagonal, 0 elsewhere.",
         example="ones(2, 2).tril() -> tensor([[1., 0.],\n        [1., 1.]])"),
    Rule("triu", "triu_value(x, diagonal)", "triu_dx(g, diagonal)", kind="linear", operands="x", params="diagonal=0",
         front="triangle_front", signature="(m,n)->(m,n)", inplace=True, loop="helper", dtype="same",
         out=True, grad_fn="TriuBackward0", complex="holomorphic",
         numpy="triu(m, k=0) = triu(m, k)",
         doc="The elements of the last two dimensions on and above a diagonal, 0 elsewhere.",
         example="ones(2, 2).triu(1) -> tensor([[0., 1.],\n        [0., 0.]])"),
    Rule("diag", "diag_of(x, diagonal)", operands="x", params="diagonal=0", loop="composite", kind="linear",
         dtype="same", complex="holomorphic",
         numpy="diag(v, k=0) = diag_of(v, k)",
         doc="A matrix with a vector on a diagonal, or a copy of a matrix's diagonal.",
         example="tensor([1.0, 2.0]).diag() -> tensor([[1., 0.],\n        [0., 2.]])"),
    Rule("diag_embed", "diag_embed_value(x, offset, dim1, dim2)", "diag_embed_dx(g, offset, dim1, dim2)", kind="linear",
         operands="x", params="offset=0, dim1=-2, dim2=-1", front="diag_embed_front", signature="(n)->(p,p)",
         loop="helper", dtype="same", grad_fn="DiagEmbedBackward0", complex="holomorphic",
         doc="Matrices, in two new dimensions, with the last dimension on a diagonal and 0 elsewhere.",
         example="tensor([1.0]).diag_embed(1) -> tensor([[0., 1.],\n        [0., 0.]])"),
    Rule("diagflat", "diagflat_of(x, offset)", operands="x", params="offset=0", loop="composite", kind="linear",
         dtype="same", grad_fn="DiagEmbedBackward0", complex="holomorphic",
         numpy="diagflat(v, k=0) = diagflat_of(v, k)",
         doc="A matrix with all elements in order on a diagonal.",
         example="tensor([[1.0, 2.0]]).diagflat() -> tensor([[1., 0.],\n        [0., 2.]])"),
    Rule("pad", "pad_value(x, pad, mode, value)", "pad_dx(g, pad)", kind="custom", operands="x",
         params="pad, mode='constant', value=None", front="pad_front", batch="own", method=False, loop="helper",
         dtype="same", grad_fn="ConstantPadNdBackward0", complex="holomorphic", source="PyTorch, nn.functional.pad",
         doc="Elements added before and after along dimensions.",
         example="pad(tensor([1.0, 2.0]), (1, 0)) -> tensor([0., 1., 2.])"),
    # ---- indexing
    Rule("index", "index_value(x, index)", "index_dx(g, index, shape_x)", kind="gather", operands="x", params="index",
         batch="own", method=False, function=False, loop="helper", dtype="same", grad_fn="IndexBackward0",
         complex="holomorphic", compiled=True, doc="x[index] with integer or boolean arrays; a copy."),
    Rule("pick", "index_value(x, index)", "index_dx(g, index, shape_x)", kind="gather", operands="x", params="index",
         batch="own", method=False, function=False, loop="helper", dtype="same", grad_fn="IndexBackward0",
         complex="holomorphic", piecewise=True,
         doc="x[index] where the index was found by comparing elements: what max records."),
    Rule("index_add_zeros", "index_add_zeros_value(x, index, shape)", "index(g, index)", kind="linear", operands="x",
         params="index, shape", batch="own", method=False, function=False, loop="helper", dtype="same",
         grad_fn="IndexPutBackward0", complex="holomorphic",
         compiled=True, doc="Zeros of a shape with x added at an index, duplicates summed: the transpose of index."),
    Rule("index_set", "index_set_value(x, y, index)", "index_set_dx(g, index)", "index_set_dy(g, index)", kind="linear",
         operands="xy", params="index", batch="own", method=False, function=False, loop="helper", dtype="same",
         grad_fn="IndexPutBackward0", complex="holomorphic", compiled=True,
         doc="x with x[index] replaced by y; of several elements for one place the last stays."),
    Rule("index_put_add", "index_put_add_value(x, y, index)", "g", "index(g, index)", kind="linear", operands="xy",
         params="index", batch="own", method=False, function=False, loop="helper", dtype="same",
         grad_fn="IndexPutBackward0", complex="holomorphic", doc="x with y added at an index, duplicates each."),
    Rule("scatter_extreme", "scatter_extreme_value(x, y, index, largest, include_self)",
         "scatter_extreme_dx(g, x, y, out, index, include_self)",
         "scatter_extreme_dy(g, x, y, out, index, include_self)",
         kind="custom", operands="xy", params="index, largest, include_self", batch="own", method=False, function=False,
         loop="helper", dtype="same", grad_fn="ScatterReduceBackward0",
         kinks={"ties": "shared evenly as scatter_reduce"},
         piecewise=True, source=TORCH_KINK,
         doc="x with the largest or smallest of itself and what y has for each place."),
    Rule("gather", "gather_of(x, dim, index, sparse_grad)", operands="x", params="dim, index, *, sparse_grad=False",
         loop="composite", grad_fn={"": "GatherBackward0"}, source="PyTorch, torch.gather",
         doc="The elements at positions along dim: out[i, j] = x[index[i, j], j] for dim = 0.",
         errors="RuntimeError where an index is out of range, and where index is larger than x in another dimension.",
         example="tensor([[1.0, 2.0], [3.0, 4.0]]).gather(1, tensor([[0], [1]])) -> tensor([[1.],\n        [4.]])"),
    Rule("take_along_dim", "take_along_dim_of(x, indices, dim)", operands="x", params="indices, dim=None",
         loop="composite",
         grad_fn={"": "GatherBackward0"}, source="PyTorch, torch.take_along_dim",
         doc="The elements at positions along dim, shapes broadcast apart from it; of the flattened operand without dim.",
         example="tensor([[3.0, 1.0]]).take_along_dim(tensor([[1, 0]]), 1) -> tensor([[1., 3.]])"),
    Rule("take", "take_of(x, index)", operands="x", params="index", loop="composite", grad_fn={"": "TakeBackward0"},
         numpy="take .take(a, indices, axis=None, out=None, mode='raise') "
               "= numpy_take_of(a, indices, axis, mode)",
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
    Rule("masked_fill", "masked_fill_of(x, mask, value)", operands="x", params="mask, value", loop="composite",
         inplace=True,
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
         errors="RuntimeError where an index is out of range, and where index is larger than src, or than the operand.  Of "
                "several elements for one place the last stays and has its gradient.",
         example="zeros(3).scatter(0, tensor([2, 0]), tensor([5.0, 6.0])) -> tensor([6., 0., 5.])"),
    Rule("scatter_add", "scatter_add_of(x, dim, index, src)", operands="x", params="dim, index, src", loop="composite",
         inplace=True, grad_fn={"": "ScatterAddBackward0"}, source="PyTorch, Tensor.scatter_add",
         doc="The operand with elements of src added at positions along dim.",
         errors="RuntimeError where an index is out of range, and where index is larger than src, or than the operand.",
         example="zeros(2).scatter_add(0, tensor([1, 1]), tensor([5.0, 6.0])) -> tensor([ 0., 11.])"),
    Rule("scatter_reduce", "scatter_reduce_of(x, dim, index, src, reduce, include_self)", operands="x",
         params="dim, index, src, reduce, *, include_self=True", loop="composite", inplace=True,
         grad_fn="ScatterReduceBackward0",
         kinks={"ties of amax, amin": "shared evenly = 1/2; 0; 0 at "
                "[2, 2], dim=0, index=[0, 1], src=[2, 2], reduce='amax'"},
         source="PyTorch, Tensor.scatter_reduce",
         doc="The operand combined with elements of src at positions along dim: reduce is sum, prod, mean, amax or amin.",
         errors="With include_self=False what stood at those positions takes no part.",
         example="ones(2).scatter_reduce(0, tensor([1, 1]), tensor([5.0, 6.0]), 'amax') -> tensor([1., 6.])"),
    Rule("index_add", "index_add_of(x, dim, index, source, alpha)", operands="x",
         params="dim, index, source, *, alpha=1",
         loop="composite", inplace=True, grad_fn={"": "IndexAddBackward0"}, source="PyTorch, Tensor.index_add",
         doc="The operand with alpha times the slices of source added to its slices at positions along dim.",
         example="ones(2).index_add(0, tensor([1, 1]), tensor([5.0, 6.0])) -> tensor([ 1., 12.])"),
    Rule("index_copy", "index_copy_of(x, dim, index, source)", operands="x", params="dim, index, source",
         loop="composite",
         inplace=True, grad_fn={"": "IndexCopyBackward0"}, source="PyTorch, Tensor.index_copy",
         doc="The operand with slices of source in place of its slices at positions along dim.",
         errors="Of several slices for one position the last stays and has its gradient.",
         example="zeros(3).index_copy(0, tensor([2, 0]), tensor([5.0, 6.0])) -> tensor([6., 0., 5.])"),
    Rule("index_fill", "index_fill_of(x, dim, index, value)", operands="x", params="dim, index, value",
         loop="composite",
         inplace=True, grad_fn={"": "IndexFillBackward0", "t": "IndexFillBackward1"},
         source="PyTorch, Tensor.index_fill",
         doc="The operand with a number, or a 0-d Variable, in its slices at positions along dim.",
         example="zeros(3).index_fill(0, tensor([2]), 5.0) -> tensor([0., 0., 5.])"),
    Rule("index_put", "index_put_of(x, indices, values, accumulate)", operands="x",
         params="indices, values, accumulate=False", loop="composite", inplace=True, grad_fn={"": "IndexPutBackward0"},
         source="PyTorch, Tensor.index_put",
         doc="The operand with values at an index, a tuple of Variables, or with accumulate added there, duplicates each.",
         errors="TypeError where an index is no Variable: slices and None are for x[index] = values.  Of several values for "
                "one place, where they are not added, the last stays and has its gradient.",
         example="zeros(3).index_put((tensor([2, 0]),), tensor([5.0, 6.0])) -> tensor([6., 0., 5.])"),
    Rule("put", "put_of(x, index, source, accumulate)", operands="x", params="index, source, accumulate=False",
         loop="composite", inplace=True, grad_fn={"": "PutBackward0"},
         numpy="put(a, ind, v, mode='raise') -> None = numpy_put_of(a, ind, v, mode); "
               ".put(a, indices, values, mode='raise') -> None = numpy_put_of(a, indices, values, mode)",
         source="PyTorch, Tensor.put",
         doc="The operand with elements of source at positions in the flattened operand, or added there.",
         errors="Of several elements for one position, where they are not added, the last stays and has its gradient.  The "
                "method of the NumPy flavour writes in place and returns None, as NumPy's does.",
         example="zeros(3).put(tensor([2, 0]), tensor([5.0, 6.0])) -> tensor([6., 0., 5.])"),
    Rule("select_scatter", "select_scatter_of(x, src, dim, index)", operands="x", params="src, dim, index",
         loop="composite",
         grad_fn={"": "SelectScatterBackward0"}, source="PyTorch, torch.select_scatter",
         doc="The operand with src in place of its slice at one position along dim.",
         example="zeros(2, 2).select_scatter(ones(2), 0, 1) -> tensor([[0., 0.],\n        [1., 1.]])"),
    Rule("slice_scatter", "slice_scatter_of(x, src, dim, start, end, step)", operands="x",
         params="src, dim=0, start=None, end=None, step=1", loop="composite", grad_fn={"": "SliceScatterBackward0"},
         source="PyTorch, torch.slice_scatter",
         doc="The operand with src in place of what a slice along dim would show.",
         example="zeros(4).slice_scatter(ones(2), start=1, end=3) -> tensor([0., 1., 1., 0.])"),
    Rule("diagonal_scatter", "diagonal_scatter_of(x, src, offset, dim1, dim2)", operands="x",
         params="src, offset=0, dim1=0, dim2=1", loop="composite", grad_fn={"": "DiagonalScatterBackward0"},
         source="PyTorch, torch.diagonal_scatter", doc="The operand with src in place of a diagonal.",
         example="zeros(2, 2).diagonal_scatter(ones(2)) -> tensor([[1., 0.],\n        [0., 1.]])"),
    # ---- joining and splitting
    Rule("cat", "cat_value(xs, dim)", "cat_dx(g, shapes, position, dim)", kind="linear", operands="*",
         params="dim=0", batch="own", method=False, loop="helper", dtype="promote",
         aliases=("concat", "concatenate"), grad_fn="CatBackward0", complex="holomorphic",
         compiled=True, front="compiled",
         numpy="concatenate concat(arrays, /, axis=0, out=None, *, dtype=None, casting='same_kind') "
               "= numpy_concatenate(arrays, axis)",
         doc="Join along an existing dimension.",
         example="cat([tensor([1.0]), tensor([2.0, 3.0])]) -> tensor([1., 2., 3.])"),
    Rule("stack", "stack_value(xs, dim)", "stack_dx(g, position, dim)", kind="linear", operands="*",
         params="dim=0", batch="own", method=False, loop="helper", fast="stack", dtype="promote",
         grad_fn="StackBackward0", complex="holomorphic",
         compiled=True, front="compiled",
         numpy="stack(arrays, axis=0, out=None, *, dtype=None, casting='same_kind')",
         doc="Join along a new dimension.",
         example="stack([tensor([1.0, 2.0]), tensor([3.0, 4.0])], dim=1) -> tensor([[1., 3.],\n        [2., 4.]])"),
    Rule("hstack", "hstack_of(xs)", operands="*", loop="composite", kind="linear", method=False,
         grad_fn="CatBackward0", complex="holomorphic",
         numpy="hstack(tup, *, dtype=None, casting='same_kind')",
         doc="Join along dimension 1, or 0 of what has one dimension.",
         example="hstack((tensor([1.0]), tensor([2.0]))) -> tensor([1., 2.])"),
    Rule("vstack", "vstack_of(xs)", operands="*", loop="composite", kind="linear", method=False,
         aliases=("row_stack",), grad_fn="CatBackward0", complex="holomorphic",
         numpy="vstack(tup, *, dtype=None, casting='same_kind')",
         doc="Join along dimension 0, vectors as rows.",
         example="vstack((tensor([1.0]), tensor([2.0]))) -> tensor([[1.],\n        [2.]])"),
    Rule("dstack", "dstack_of(xs)", operands="*", loop="composite", kind="linear", method=False,
         grad_fn="CatBackward0", complex="holomorphic",
         numpy="dstack(tup)",
         doc="Join along dimension 2.",
         example="dstack((tensor([1.0]), tensor([2.0]))) -> tensor([[[1., 2.]]])"),
    Rule("column_stack", "column_stack_of(xs)", operands="*", loop="composite", kind="linear", method=False,
         grad_fn="CatBackward0", complex="holomorphic",
         numpy="column_stack(tup)",
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
         dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         numpy="array_split(ary, indices_or_sections, axis=0)",
         doc="So many runs along a dimension, the first ones longer by one, or runs between indices: a tuple of views.",
         example="tensor([1.0, 2.0, 3.0]).tensor_split((1,)) -> (tensor([1.]), tensor([2., 3.]))"),
    Rule("hsplit", "hsplit_of(x, indices_or_sections, sections, indices)", operands="x",
         params="indices_or_sections=None, *, sections=None, indices=None", loop="composite", kind="linear",
         dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         numpy="hsplit(ary, indices_or_sections)",
         doc="Even runs along dimension 1, or 0 of what has one dimension, or runs between indices: a tuple of views.",
         example="ones(4).hsplit(2)[0] -> tensor([1., 1.])"),
    Rule("vsplit", "vsplit_of(x, indices_or_sections, sections, indices)", operands="x",
         params="indices_or_sections=None, *, sections=None, indices=None", loop="composite", kind="linear",
         dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         numpy="vsplit(ary, indices_or_sections)",
         doc="Even runs along dimension 0, or runs between indices: a tuple of views.",
         example="ones(2, 2).vsplit(2)[0] -> tensor([[1., 1.]])"),
    Rule("dsplit", "dsplit_of(x, indices_or_sections, sections, indices)", operands="x",
         params="indices_or_sections=None, *, sections=None, indices=None", loop="composite", kind="linear",
         dtype="same", complex="holomorphic", returns="tuple[_V, ...]",
         numpy="dsplit(ary, indices_or_sections)",
         doc="Even runs along dimension 2, or runs between indices: a tuple of views.",
         example="ones(1, 1, 2).dsplit(2)[0] -> tensor([[[1.]]])"),
)

BY_NAME = {rule.name: rule for rule in RULES}
ELEMENTWISE = tuple(rule for rule in RULES if rule.elementwise)
#: Rows that are no loops, but compute each element by itself: their functions take numbers as those of loops do.
OF_ELEMENTS = frozenset({
    "logit", "polygamma", "round", "floor_divide", "clamp", "lerp", "addcmul", "addcdiv", "nan_to_num", "heaviside",
    "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "logsigmoid", "hardtanh", "threshold",
         "isclose",
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "bitwise_not", "conj",
    "conj_physical", "real", "imag", "complex", "polar", "angle"})
#: Rows that are no loops but nodes of the graph.
STRUCTURAL = tuple(rule for rule in RULES if not rule.elementwise and not rule.composite)
#: Numbers, in C and in a first derivative, that have derivatives of their own.
CONSTANTS = ("flat", "kink", "hole", "pow_slope_at_0")
#: Functions that a row's texts may call.
FUNCTIONS = (*(rule.name for rule in ELEMENTWISE if rule.value == f"{rule.name}({', '.join(rule.operands)})"), *CONSTANTS)
#: What an elementwise row is compiled for, in the order of the tables of _kernels.
DTYPES = ("float64", "float32")
#: Op number of a row; 0 is a leaf, the first row is 1.  What the compiled modules name comes first, so that another row
#: moves none of their numbers.
NUMBER = {rule.name: number for number, rule in enumerate(
    sorted((*ELEMENTWISE, *STRUCTURAL), key=lambda rule: (
        not (rule.compiled or (rule.elementwise and rule.infix)), not rule.elementwise)), 1)}
