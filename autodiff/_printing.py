"""How a Variable prints: PyTorch's layout of a tensor, with PyTorch's options, and NumPy's layout of an array.

The rules are those of PyTorch's ``torch.set_printoptions``
(https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html), observed in the output of PyTorch 2.13
and held to it character by character by ``tests/test_printing.py``.  In short:

* one *notation* serves the whole array (a complex array: one for the real parts, one for the imaginary parts).  It is
  chosen from the values that are finite and not zero: whole numbers print as ``2.``, others as ``2.0000``, and both as
  ``2.0000e+00`` where magnitudes differ by a factor above 1000 or leave the range from 1e-4 to 1e8;
* every value is aligned right to the widest of those same values, so a lone ``nan`` may stand out;
* an array of more than ``threshold`` values shows ``edgeitems`` values at both ends of every long axis, and only
  the values shown decide on the notation;
* what the values do not tell follows them: the size where no value is shown, the dtype, ``grad_fn`` or
  ``requires_grad``.

This module knows arrays only, no Variables: it imports NumPy and the standard library.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from operator import index
from sys import maxsize
from typing import Any

import numpy as np

__all__ = ["array_text", "get_printoptions", "printoptions", "set_printoptions", "tensor_text"]

_PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}

# No float64 has more digits than this after the point, and Python refuses absurd precisions only when it prints.
_MOST_DIGITS = 1074

# Never changed in place, only replaced as a whole: a thread that prints keeps the options it started with.
_options = {**_PROFILES["default"], "sci_mode": None}


def _whole_option(name, value, most=None):
    """Check that an option is an integer from 0 to ``most`` and give it back as an int."""
    if not isinstance(value, (bool, np.bool_)):
        try:
            value = index(value)
        except TypeError:
            pass
        else:
            if value < 0 or (most is not None and value > most):
                allowed = "at least 0" if most is None else f"between 0 and {most}"
                raise ValueError(f"set_printoptions(): {name} must be {allowed}, got {value}")
            return value
    raise TypeError(f"set_printoptions(): {name} must be an integer, got {value!r} of type {type(value).__name__}")


def _size_option(name, value):
    """Check that an option is a number of at least 0, infinity included, and give it back."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"set_printoptions(): {name} must be a number, got {value!r} of type {type(value).__name__}")
    if not value >= 0:  # also refuses nan
        raise ValueError(f"set_printoptions(): {name} must be at least 0, got {value}")
    return int(value) if isinstance(value, (int, np.integer)) else float(value)


def set_printoptions(precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
                     linewidth: float | None = None, profile: str | None = None, sci_mode: bool | None = None) -> None:
    """Set how Tensors print, for all threads, with the options of ``torch.set_printoptions``.

    An option left at None keeps its value, except ``sci_mode``: None, also by omission, returns to the automatic
    choice.  A ``profile`` is applied first, then the other options given.  NumPy-flavoured arrays follow
    ``numpy.set_printoptions`` instead.

    Parameters
    ----------
    precision : int, optional
        Digits after the decimal point of values that are not whole numbers (4).
    threshold : number, optional
        The number of values above which only the edges are shown (1000; ``float("inf")`` shows all).
    edgeitems : int, optional
        How many values (rows, ...) are shown at each end of a long axis (3).
    linewidth : number, optional
        The number of characters after which a line is broken (80).
    profile : {"default", "short", "full"}, optional
        ``"short"`` has precision 2 and edgeitems 2, ``"full"`` never leaves out values.
    sci_mode : bool, optional
        True for ``1.0000e+00``, False for ``1.0000``, None (the default) to choose by the values.

    Raises
    ------
    TypeError
        If an option has the wrong type, such as a precision of 2.5.
    ValueError
        If an option is negative, a precision is above 1074 or the profile does not exist.  All options then keep
        their values.

    Examples
    --------
    >>> import numpy as np
    >>> from autodiff import _printing
    >>> _printing.set_printoptions(precision=2)
    >>> _printing.tensor_text(np.array([1.12345]))
    'tensor([1.12])'
    >>> _printing.set_printoptions(profile="default")

    References
    ----------
    https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
    """
    global _options
    chosen = dict(_options)
    if profile is not None:
        if not isinstance(profile, str) or profile not in _PROFILES:
            raise ValueError(f"set_printoptions(): profile must be 'default', 'short' or 'full', got {profile!r}")
        chosen.update(_PROFILES[profile])
    if precision is not None:
        chosen["precision"] = _whole_option("precision", precision, _MOST_DIGITS)
    if threshold is not None:
        chosen["threshold"] = _size_option("threshold", threshold)
    if edgeitems is not None:
        chosen["edgeitems"] = _whole_option("edgeitems", edgeitems)
    if linewidth is not None:
        chosen["linewidth"] = _size_option("linewidth", linewidth)
    if sci_mode is not None and not isinstance(sci_mode, (bool, np.bool_)):
        raise TypeError(
            f"set_printoptions(): sci_mode must be True, False or None, got {sci_mode!r} of type "
            f"{type(sci_mode).__name__}"
        )
    chosen["sci_mode"] = None if sci_mode is None else bool(sci_mode)
    _options = chosen


def get_printoptions() -> dict[str, Any]:
    """Return the options that Tensors print with, as a new dict of keywords for :func:`set_printoptions`.

    Examples
    --------
    >>> from autodiff import _printing
    >>> _printing.get_printoptions()
    {'precision': 4, 'threshold': 1000, 'edgeitems': 3, 'linewidth': 80, 'sci_mode': None}

    References
    ----------
    https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
    """
    return dict(_options)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Set the options of :func:`set_printoptions` within a ``with`` block (or a decorated function).

    Afterwards all options are what they were before, also when the block raises.

    Raises
    ------
    TypeError, ValueError
        For options that :func:`set_printoptions` refuses, on entering the block.

    Examples
    --------
    >>> import numpy as np
    >>> from autodiff import _printing
    >>> with _printing.printoptions(precision=1):
    ...     _printing.tensor_text(np.array([1.12345]))
    'tensor([1.1])'
    >>> _printing.tensor_text(np.array([1.12345]))
    'tensor([1.1235])'

    References
    ----------
    https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
    """
    global _options
    before = _options
    set_printoptions(**options)
    try:
        yield
    finally:
        _options = before


def tensor_text(
    array,
    *,
    prefix="tensor(",
    grad_fn=None,
    requires_grad=False,
    tangent=None,
    default_dtype=np.float64,
    dtype_module="autodiff",
):
    """Return the text PyTorch prints for a tensor with the values of ``array``.

    Parameters
    ----------
    array : array_like
        The values: an array of any shape, also 0-d or empty, and of any dtype.  Values of a dtype that PyTorch does
        not have (objects, dates, text) are shown by their ``repr``.
    prefix : str, optional
        What the text starts with; continuation lines are indented by its length.
    grad_fn : str, optional
        The name of the node that made the tensor, as in ``grad_fn=<MulBackward0>``.
    requires_grad : bool, optional
        Whether to say ``requires_grad=True``; not said where ``grad_fn`` is given.
    tangent : str, optional
        The text of a dual tensor's tangent, as in ``tangent=tensor([1., 0.])``; in PyTorch a plain number if 0-d.
    default_dtype : dtype, optional
        The floating dtype that is not mentioned; neither are the complex dtype of that precision, int64 and bool.
    dtype_module : str, optional
        The module that other dtypes are named in, as in ``dtype=autodiff.float32``.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If ``default_dtype`` is not a dtype.
    ValueError
        If ``array`` is a ragged nested sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from autodiff import _printing
    >>> print(_printing.tensor_text(np.array([[1.0, -2.5], [0.0, 10.0]]), grad_fn="MulBackward0"))
    tensor([[ 1.0000, -2.5000],
            [ 0.0000, 10.0000]], grad_fn=<MulBackward0>)
    >>> print(_printing.tensor_text(np.arange(2000)))
    tensor([   0,    1,    2,  ..., 1997, 1998, 1999])
    >>> print(_printing.tensor_text(np.zeros((0, 3), dtype="float32"), requires_grad=True))
    tensor([], size=(0, 3), dtype=autodiff.float32, requires_grad=True)

    References
    ----------
    https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
    """
    array = np.asarray(array)  # a masked array or a matrix has slices of its own kind
    options = _options
    default_dtype = np.dtype(default_dtype)
    suffixes = []
    if array.size == 0:
        # PyTorch takes an empty tensor of any dtype but the default floating one for worth telling.
        body = "[]"
        if array.ndim != 1:
            suffixes.append(f"size={array.shape}")
        unsaid = _same_dtype(array.dtype, default_dtype)
    else:
        body = _nested_text(array, len(prefix), options)
        if options["edgeitems"] == 0:
            suffixes.append(f"size={array.shape}")
        complex_default = np.complex128 if _same_dtype(default_dtype, np.float64) else np.complex64
        unsaid = any(_same_dtype(array.dtype, dtype) for dtype in (default_dtype, complex_default, np.int64, np.bool_))
    if not unsaid:
        suffixes.append(f"dtype={dtype_module}.{array.dtype.name}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    if tangent is not None:
        suffixes.append(f"tangent={tangent}")

    text = prefix + body
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > options["linewidth"]:
            text += ",\n" + " " * len(prefix) + suffix
            column = len(prefix) + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


def array_text(array):
    """Return the text NumPy prints for ``array``, with ``numpy.set_printoptions`` in force and nothing added.

    Parameters
    ----------
    array : array_like
        An array of any shape and dtype.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If ``array`` is a ragged nested sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from autodiff import _printing
    >>> _printing.array_text(np.array([1.0, 2.5]))
    'array([1. , 2.5])'

    References
    ----------
    https://numpy.org/doc/stable/reference/generated/numpy.set_printoptions.html
    """
    return repr(np.asarray(array))


def _same_dtype(dtype, other):
    """Tell whether two dtypes hold the same numbers, whatever their byte order or C type (long, long long)."""
    other = np.dtype(other)
    return dtype.kind == other.kind and dtype.itemsize == other.itemsize


def _edges(array, edgeitems):
    """Return the values of a summarised array that are shown, and per axis whether values were left out there."""
    cut = [length > 2 * edgeitems for length in array.shape]
    lengths = [2 * edgeitems if short else length for short, length in zip(cut, array.shape, strict=True)]
    shown = np.empty(lengths, dtype=array.dtype)
    # Corner by corner: each is a slice, so the work is that of the values shown, however large the array.
    halves = (slice(None, edgeitems), slice(-edgeitems, None))
    for corner in product(*(halves if short else (slice(None),) for short in cut)):
        shown[corner] = array[corner]
    return shown, cut


def _nested_text(array, indent, options):
    """Return the values of a non-empty array in brackets, with continuation lines indented for ``indent``."""
    edgeitems = options["edgeitems"]
    cut = [False] * array.ndim
    if array.ndim and array.size > options["threshold"]:
        if edgeitems == 0:
            return "[...]"
        array, cut = _edges(array, edgeitems)
    pieces, width = _value_texts(array, options)
    if array.ndim == 0:
        return pieces[0]

    # From the last axis, whose values are set in lines, to the first.
    indent += array.ndim
    room = min(options["linewidth"], maxsize) - indent + 1  # an infinite line would make the quotient nan
    per_line = max(1, int(room // (width + 2)))
    for axis in reversed(range(array.ndim)):
        length = array.shape[axis]
        groups = []
        for start in range(0, len(pieces), length):
            group = pieces[start : start + length]
            if axis == array.ndim - 1:
                if cut[axis]:
                    group.insert(edgeitems, " ...")
                if len(group) > per_line:
                    lines = [", ".join(group[first : first + per_line]) for first in range(0, len(group), per_line)]
                    groups.append("[" + (",\n" + " " * indent).join(lines) + "]")
                else:
                    groups.append("[" + ", ".join(group) + "]")
            else:
                if cut[axis]:
                    group.insert(edgeitems, "...")
                between = "," + "\n" * (array.ndim - 1 - axis) + " " * indent
                groups.append("[" + between.join(group) + "]")
        pieces = groups
        indent -= 1
    return pieces[0]


def _value_texts(array, options):
    """Return the aligned texts of all values in C order, and the width of one of them for the breaking of lines."""
    kind = array.dtype.kind
    if kind == "f":
        return _real_texts(array.ravel(), options)
    if kind == "c":
        array = array.ravel()
        real, real_width = _real_texts(array.real, options)
        imaginary, imaginary_width = _real_texts(array.imag, options)
        texts = []
        for left, aligned in zip(real, imaginary, strict=True):
            right = aligned.lstrip(" ")  # PyTorch aligns the real parts alone
            texts.append(f"{left}{right}j" if right[0] == "-" else f"{left}+{right}j")
        return texts, real_width + imaginary_width + 1
    values = array.ravel().tolist()
    texts = [str(value) if kind in "biu" else repr(value) for value in values]
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts], width


def _real_texts(array, options):
    """Return the aligned texts of a one-dimensional floating array and their common width."""
    if array.dtype.itemsize > 8:
        with np.errstate(all="ignore"):  # Python formats floats only: a long double's range is not kept
            array = array.astype(np.float64)
    precision = options["precision"]
    values = array.tolist()
    # Zeros, infinities and nan neither choose the notation nor count for the width, even where they are wider.
    decisive = np.isfinite(array) & (array != 0)
    magnitudes = np.abs(array[decisive].astype(np.float64))
    if magnitudes.size == 0:
        return _notate(values, "whole", precision), 1
    smallest, largest = float(magnitudes.min()), float(magnitudes.max())
    scientific = options["sci_mode"]
    if scientific is None:
        # The quotient of a subnormal overflows to inf, which Python's floats allow in a division.
        scientific = largest / smallest > 1000.0 or largest > 1e8 or smallest < 1e-4
    if scientific:
        notation = "scientific"
    elif (magnitudes == np.floor(magnitudes)).all():
        notation = "whole"
    else:
        notation = "fixed"
    texts = _notate(values, notation, precision)
    width = max(len(text) for text, counts in zip(texts, decisive.tolist(), strict=True) if counts)
    return [text.rjust(width) for text in texts], width


def _notate(values, notation, precision):
    """Return the text of every float in one notation: ``"whole"``, ``"fixed"`` or ``"scientific"``."""
    if notation == "scientific":
        return [f"{value:.{precision}e}" for value in values]
    if notation == "fixed":
        return [f"{value:.{precision}f}" for value in values]
    # value - value is nan for nan and the infinities, which take no point.
    return [f"{value:.0f}." if value - value == 0 else f"{value:.0f}" for value in values]
