"""What a row of the catalogue is: its grammar, its fields and the parameters that rows have.

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
A derivative of ``0`` says that it is zero everywhere (``floor``).  One of ``NOT_COMPUTED`` in the first of two operands of
an elementwise row that derivatives call is NaN in its loops; where it is recorded, asking for it is an error.

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
elsewhere  names of the same function in other public modules, as ``special.erf``: it lives in its namespace
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
fast       a value-only VJP in C beside the recorded one, by name, and a quick value if there is one of that name; the tests
           hold the two together
dtype      the result's dtype: ``promote``, ``float`` (integers become the default dtype), ``bool``, ``same``, ``index``
outputs    names of the results where there are several: the call returns a named tuple of them; of ``values`` and
           ``indices``, where ``dim`` may be left out, a call without it has one result
grad_fn    the name of the node, PyTorch's; a dict where overloads differ, keyed by ``t``/``n`` (tensor, number) for
           each position, ``""`` for the rest, and ``second`` for the node of the recorded derivative, where PyTorch has
           an op of its own for that.  ``NAME of copies``: that overload saves copies of its operands, so that
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

#: The text of a derivative that is not computed.
NOT_COMPUTED = "g * hole(0 * x)"
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


#: Rows that have older words for reduction.
LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "cross_entropy", "nll_loss", "binary_cross_entropy",
          "binary_cross_entropy_with_logits", "kl_div", "poisson_nll_loss", "cosine_embedding_loss", "hinge_embedding_loss",
          "margin_ranking_loss", "multi_margin_loss", "multilabel_margin_loss", "soft_margin_loss",
          "multilabel_soft_margin_loss", "triplet_margin_loss")
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
    "generator": Parameter("any"),
    # Fourier transforms
    **{f"fft_{kind}{name}.dim": Parameter("dims", "the dimensions along which to compute, from the end if negative" + more)
       for kind in ("", "i", "r", "ir", "h", "ih") for name, more in (("fft2", ""), ("fftn", "; all of them if None"))},
    **{f"fft_{name}.dim": Parameter("dims", "the dimension or dimensions, from the end if negative; all of them if None")
       for name in ("fftshift", "ifftshift")},
    **{f"fft_{kind}fft.n": Parameter("count", "how many elements to take along the dimension, zeros behind them where it has "
                                              "fewer; all if None")
       for kind in ("", "i", "r", "ih")},
    **{f"fft_{kind}fft.n": Parameter("count", "how many elements the result has along the dimension; if None, twice those of "
                                              "the operand but 2")
       for kind in ("ir", "h")},
    "s": Parameter("any", "what n is to one dimension, for each of dim, or for the last ones without it; -1 for all elements",
                   "_Dims"),
    "norm": Parameter("choice", "which of the transform and its inverse is divided: 'backward' the inverse by the number of "
                                "elements, which is the default, 'forward' the other, 'ortho' both by the root"),
    "forward": Parameter("flag"),
    "scale": Parameter("choice"),
    "onesided": Parameter("flag", "whether the second half of the spectra, which follows from the first, is left out; as is "
                                  "possible if None"),
    "n_fft": Parameter("count", "how many elements are transformed together"),
    "hop_length": Parameter("count", "from one window to the next; a fourth of n_fft if None"),
    "win_length": Parameter("count", "the length of the window, in the middle of n_fft elements; all of them if None"),
    "window": Parameter("operand", "the factors of a window's elements, as hann_window() makes them; 1 if None"),
    "center": Parameter("flag", "whether windows are centred at their places, and the signal goes on beyond its ends"),
    "pad_mode": Parameter("choice", "how it goes on: 'reflect', 'constant' (zeros), 'replicate', 'circular'"),
    "normalized": Parameter("flag", "whether the spectra are divided by the root of n_fft"),
    "return_complex": Parameter("flag", "whether the result is complex; else it has a last dimension of pairs"),
    "istft.return_complex": Parameter("flag", "whether the signal is complex"),
    "istft.length": Parameter("count", "how many elements the signal has; those that the windows reach if None"),
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
    "unsafe_split.split_size": Parameter("any", "the size of each part but the last", "_Dims"),
    "split_sizes": Parameter("any", "the sizes of the parts", "_Dims"),
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
    "mvlgamma.p": Parameter("count", "the dimension, from 1 on"),
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
    "length": Parameter("count"),
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
    # linear systems and factorisations
    "left": Parameter("flag", "whether the matrix stands on the left of what is sought, else on its right"),
    "upper": Parameter("flag", "whether the triangle above the diagonal is meant, else the one below"),
    "check_errors": Parameter("flag", "whether to raise linalg.LinAlgError where a matrix fails"),
    "pivot": Parameter("flag", "whether rows are exchanged; they have to be"),
    "get_infos": Parameter("flag", "whether to return info as well"),
    "unpack_data": Parameter("flag", "whether L and U are wanted"),
    "unpack_pivots": Parameter("flag", "whether P is wanted"),
    "adjoint": Parameter("flag", "whether the conjugate transpose of the matrix is meant"),
    "transpose": Parameter("flag", "whether the transpose of the matrix is meant"),
    **{f"linalg_{row}.hermitian": Parameter("flag", "whether complex matrices are their conjugate transpose, else their "
                                                             "transpose")
       for row in ("ldl_factor", "ldl_factor_ex", "ldl_solve")},
    "linalg_lstsq.rcond": Parameter("any", "singular values below this, relative to the largest, count as 0; by default the "
                                           "precision of the dtype times the larger size"),
    "linalg_lstsq.driver": Parameter("choice", "LAPACK's name of a method, which says what is returned besides the solution: "
                                               "'gels', 'gelsy', 'gelsd' or 'gelss'"),
    "ind": Parameter("count", "how many of the first dimensions stand for rows"),
    "linalg_tensorsolve.dims": Parameter("dims", "dimensions to move to the end first"),
    "N": Parameter("count", "how many powers; by default as many as elements"),
    "increasing": Parameter("flag", "whether the 0th power comes first, else last"),
    "inverse": Parameter("flag"),
    "triangle": Parameter("flag"),
    "transposed": Parameter("flag"),
    "unitriangular": Parameter("flag", "whether the diagonal counts as 1, and is not read"),
    "checked": Parameter("any"),
    "factors": Parameter("any"),
    "limit": Parameter("any"),
    # decompositions
    "UPLO": Parameter("choice", "'L' to read the lower triangle, 'U' the upper one"),
    "uplo": Parameter("choice"),
    "full_matrices": Parameter("flag", "whether the matrices of vectors are square"),
    "full": Parameter("flag"),
    "alone": Parameter("flag"),
    "real": Parameter("flag"),
    "driver": Parameter("choice", "None: others are for GPUs", "_str | None"),
    "some": Parameter("flag", "whether only as many vectors are computed as there are values"),
    "compute_uv": Parameter("flag", "whether the vectors are computed"),
    "linalg_qr.mode": Parameter("choice", "'reduced', 'complete' for a square Q, or 'r' for R alone"),
    "ord": Parameter("any", "the order of the norm: a number, inf, or a word", "_Number | _str | None"),
    "linalg_vector_norm.ord": Parameter("number", "the order of the norm, a number or inf"),
    "linalg_norm.dim": Parameter("dims", "the dimension of vectors, or the two of matrices; None: all of them"),
    "linalg_vector_norm.dim": Parameter("dims", "the dimension or dimensions to reduce; None: all of them"),
    "linalg_matrix_norm.dim": Parameter("dims", "the two dimensions of matrices"),
    "linalg_cond.p": Parameter("any", "the order of the norm: a number, inf, or a word; None: 2", "_Number | _str | None"),
    "linalg_matrix_rank.tol": Parameter("any", "an older name of atol, without rtol", "_Number | _Operand | None"),
    "rcond": Parameter("any", "an older name of rtol", "_Number | _Operand | None"),
    "hermitian": Parameter("flag", "whether matrices are Hermitian, of which the lower triangle is read"),
    **{f"{row}.{word}": Parameter("any", f"the {kind} tolerance", "_Number | _Operand | None")
       for row in ("linalg_matrix_rank", "linalg_pinv") for word, kind in (("atol", "absolute"), ("rtol", "relative"))},
    "cov.correction": Parameter("count", "what is subtracted from the number of observations"),
    "fweights": Parameter("operand", "how often each observation counts: ints", "_Operand | None"),
    "aweights": Parameter("operand", "the weight of each observation", "_Operand | None"),
    "histogram.bins": Parameter("any", "how many intervals, or their edges", "_int | _Operand"),
    "range": Parameter("any", "the first and the last edge; the extreme elements if None", "_Any"),
    "histogram.weight": Parameter("operand", "what each element adds to the count", "_Operand | None"),
    "density": Parameter("flag", "whether the integral is to be 1"),
    "compute_mode": Parameter("choice", "how PyTorch computes distances; here differences are taken first, in each"),
    "maxnorm": Parameter("number", "the largest norm"),
    "ormqr.left": Parameter("flag", "whether the product stands on the left"),
    "ormqr.transpose": Parameter("flag", "whether the adjoint of the product is meant"),
    "kind": Parameter("choice"),
    "rows": Parameter("count"),
    "columns": Parameter("count"),
    "height": Parameter("count"),
    # layers and losses
    "reduction": Parameter("choice", "'mean', 'sum', or 'none' for a loss of each element"),
    "size_average": Parameter("flag", "an older word: False for the sum", "_bool | None"),
    **{f"{row}.reduce": Parameter("flag", "an older word: False for no reduction", "_bool | None")
       for row in LOSSES},
    **{f"{row}.weight": Parameter("operand", f"factors of {what}", "_Operand | None") for rows, what in (
        (("mse_loss", "l1_loss", "huber_loss"), "the losses, of the shape of input"),
        (("cross_entropy", "nll_loss", "multi_margin_loss"), "the classes, a vector"),
        (("binary_cross_entropy", "binary_cross_entropy_with_logits", "multilabel_soft_margin_loss"), "the losses"),
        (("layer_norm", "rms_norm", "batch_norm", "instance_norm", "group_norm"), "the result")) for row in rows},
    **{f"{row}.bias": Parameter("operand", "what is added to the result", "_Operand | None")
       for row in ("layer_norm", "batch_norm", "instance_norm", "group_norm")},
    "pos_weight": Parameter("operand", "factors of the losses of positive targets", "_Operand | None"),
    "smooth_l1_loss.beta": Parameter("number", "where the parabola ends"),
    "delta": Parameter("number", "where the parabola ends"),
    "log_target": Parameter("flag", "whether target is given by logarithms"),
    "var": Parameter("operand", "the variances: of input's shape, without its last dimension, or a number", "_Operand"),
    **{f"{row}.full": Parameter("flag", "whether constants are added") for row in ("gaussian_nll_loss", "poisson_nll_loss")},
    "log_input": Parameter("flag", "whether input is the logarithm of the rate"),
    "ignore_index": Parameter("count", "a target that does not count"),
    "label_smoothing": Parameter("number", "which part of the target all classes share evenly"),
    "margin": Parameter("number", "the margin"),
    "swap": Parameter("flag", "whether the distance between positive and negative counts as well"),
    "distance_function": Parameter("any", "a function of two Variables; pairwise_distance() if None"),
    "inplace": Parameter("flag", "whether input itself is written"),
    "_stacklevel": Parameter("count", "not used"),
    "lower": Parameter("number", "the least slope"),
    "rrelu.upper": Parameter("number", "the largest slope"),
    "nn_functional_rrelu_.upper": Parameter("number", "the largest slope"),
    "training": Parameter("flag", "whether the layer is being trained"),
    "lambd": Parameter("number", "how far from 0"),
    "tau": Parameter("number", "the temperature"),
    "hard": Parameter("flag", "whether the result is 0 and 1"),
    **{f"{row}.p": Parameter("number", "the probability to be dropped") for row in (
        "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")},
    "dropout_p": Parameter("number", "the probability to be dropped"),
    "multi_margin_loss.p": Parameter("number", "1 or 2"),
    "num_classes": Parameter("count", "the size of the new dimension"),
    "padding_idx": Parameter("count", "a row that is left out", "_int | None"),
    "max_norm": Parameter("number", "the largest norm of a row", "_Number | None"),
    "norm_type": Parameter("number", "the order of that norm"),
    "scale_grad_by_freq": Parameter("flag"),
    "sparse": Parameter("flag", "False"),
    "offsets": Parameter("operand", "where bags begin", "_Operand | None"),
    "embedding_bag.mode": Parameter("choice", "'sum', 'mean' or 'max'"),
    "per_sample_weights": Parameter("operand", "factors of the rows", "_Operand | None"),
    "include_last_offset": Parameter("flag", "whether the last offset is the end"),
    "normalized_shape": Parameter("any", "the last sizes", "_Dims"),
    "num_groups": Parameter("count", "how many groups of channels"),
    "running_mean": Parameter("operand", "means of the channels, which are written", "_Operand | None"),
    "running_var": Parameter("operand", "variances of the channels, which are written", "_Operand | None"),
    "momentum": Parameter("number", "how far running statistics move"),
    "use_input_stats": Parameter("flag", "whether to use the operand's own statistics"),
    "local_response_norm.size": Parameter("count", "how many channels"),
    "local_response_norm.k": Parameter("number", "what is added"),
    "attn_mask": Parameter("operand", "where to look, or what is added", "_Operand | None"),
    "is_causal": Parameter("flag", "whether to look at earlier positions only"),
    "scaled_dot_product_attention.scale": Parameter("number", "the factor; 1 / sqrt(size) if None", "_Number | None"),
    "enable_gqa": Parameter("flag", "whether heads of key and value are shared"),
    # convolutions, pooling, pictures
    "upscale_factor": Parameter("count", "how many times as high and as wide"),
    "downscale_factor": Parameter("count", "the height and the width of a square"),
    "groups": Parameter("count", "into how many parts channels are divided, each of which is by itself"),
    "kernel_size": Parameter("any", "the sizes of a window, one number or one for each dimension", "_Dims"),
    "padding": Parameter("any", "how many zeros are put before and behind, one number or one for each dimension", "_Dims"),
    "dilation": Parameter("any", "from one place in a window to the next, one number or one for each dimension", "_Dims"),
    "output_padding": Parameter("any", "by how much the result is larger, one number or one for each dimension", "_Dims"),
    **{f"{row}{n}d.stride": Parameter("any", "from one window to the next, one number or one for each dimension" + more,
                                      "_Dims")
       for row, more in (("conv", ""), ("conv_transpose", ""), ("max_pool", "; the window's sizes if None"),
                         ("avg_pool", "; the window's sizes if None"), ("lp_pool", "; the window's sizes if None"),
                         ("max_unpool", "; the window's sizes if None")) for n in (1, 2, 3)},
    "nn_functional_unfold.stride": Parameter("any", "from one window to the next", "_Dims"),
    "fold.stride": Parameter("any", "from one window to the next", "_Dims"),
    **{f"conv{n}d.padding": Parameter("any", "how many zeros are put before and behind, one number or one for each dimension; "
                                             "or 'same' or 'valid'", "_Dims | _str") for n in (1, 2, 3)},
    **{f"{row}{n}d.output_size": Parameter("any", "how many parts, one number or one for each dimension", "_Any")
       for row in ("adaptive_max_pool", "adaptive_avg_pool") for n in (1, 2, 3)},
    **{f"max_unpool{n}d.output_size": Parameter("any", "the sizes of the result, where several are possible", "_Any")
       for n in (1, 2, 3)},
    "fold.output_size": Parameter("any", "height and width of the result", "_Dims"),
    "ceil_mode": Parameter("flag", "whether a last window may end outside"),
    "return_indices": Parameter("flag", "whether positions in the flattened picture are returned as well"),
    "count_include_pad": Parameter("flag", "whether what is padded counts"),
    "divisor_override": Parameter("any", "what sums are divided by instead of the number of elements", "_int | None"),
    **{f"{row}.{word}": Parameter("any", doc, type) for row in ("interpolate", "upsample") for word, doc, type in (
        ("size", "the sizes of the result, one number or one for each dimension", "_Dims"),
        ("scale_factor", "how many times as large, one number or one for each dimension", "_Any"),
        ("mode", "'nearest', 'nearest-exact', 'linear', 'bilinear', 'trilinear', 'bicubic' or 'area'", "_str"))},
    "align_corners": Parameter("flag", "whether the centres of the first and last elements stay in place, else their edges",
                               "_bool | None"),
    "recompute_scale_factor": Parameter("flag", "whether the quotient of sizes is used in the place of scale_factor",
                                        "_bool | None"),
    "antialias": Parameter("flag", "whether neighbours are as many more as the result is smaller"),
    "grid_sample.mode": Parameter("choice", "'bilinear', 'nearest' or 'bicubic'"),
    "padding_mode": Parameter("choice", "'zeros', 'border' or 'reflection'"),
    "affine_grid.size": Parameter("any", "the sizes of the pictures that will be sampled", "_Dims"),
    **{word: Parameter("any") for word in ("windows", "plan", "plans", "spans", "extent", "kernel", "among")},
    # ----
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


#: Rows that are no loops, but compute each element by itself: their functions take numbers as those of loops do.
OF_ELEMENTS = frozenset({
    "logit", "polygamma", "round", "floor_divide", "clamp", "lerp", "addcmul", "addcdiv", "nan_to_num", "heaviside",
    "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "logsigmoid", "hardtanh", "threshold",
         "isclose",
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "bitwise_not", "conj",
    "conj_physical", "real", "imag", "complex", "polar", "angle", "float_power"})

#: Rows without an operator that take a number for the first operand beside a Variable.
NUMBER_FIRST = frozenset({"float_power"})


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
    elsewhere: tuple[str, ...] = ()
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
    def called(self) -> str:
        """The function's name in messages, PyTorch's: nn.functional says relu(), linalg linalg_norm()."""
        return self.function_name if self.namespace == "nn.functional" else self.name

    @property
    def path(self) -> str:
        """The function's name after ``autodiff.``."""
        return self.function_name if self.namespace == "autodiff" else f"{self.namespace}.{self.function_name}"

    @property
    def arity(self) -> int:
        """How many operands a call has; -1 for any number."""
        return -1 if self.operands == "*" else len(self.operands)

    @property
    def ends(self) -> bool:
        """Whether its derivative in its first operand, which is not computed, is an error."""
        return self.dx == NOT_COMPUTED

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
    def number_first(self) -> bool:
        """Whether the first of two operands may be a number where the row is no loop: those of operators may."""
        return self.arity == 2 and (bool(self.infix) or self.name in NUMBER_FIRST)

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


CALCULUS = "elementary calculus"
TORCH_KINK = "PyTorch, notes/autograd: gradients for non-differentiable functions"
