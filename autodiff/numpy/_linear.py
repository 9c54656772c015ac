"""Linear algebra as NumPy spells it: products and norms."""
from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np

from .. import _variable as _module
from .._variable import OPS
from ._dispatch import composite, values_of, wider, write_out
from ._operands import as_variables, inexact, is_variable, operand, wrapped_axis

_v: Any = _module


# ---- ranks

@composite("linalg.matrix_rank")
def _matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Of values, as NumPy has it; of samples, which are not to be read, by the op."""
    if not any(_v.physical_of(v) for v in (A, tol, rtol)):
        return np.linalg.matrix_rank(values_of(A), values_of(tol), hermitian, rtol=values_of(rtol))
    if tol is not None and rtol is not None:
        raise ValueError("`tol` and `rtol` can't be both set.")
    if np.ndim(A) < 2:
        return np.any(np.not_equal(A, 0)).astype(int)
    return OPS.linalg_matrix_rank(inexact(A), tol, hermitian, rtol=rtol) if rtol is not None else OPS.linalg_matrix_rank(
        inexact(A), tol, hermitian)


# ---- products

@wider("dot")
def _dot(a: Any, b: Any) -> Any:
    return np.dot(a, b)


@wider("outer")
def _outer(a: Any, b: Any) -> Any:
    return np.outer(a, b)


def _described(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """An equation and its operands, of einsum's arguments in either spelling."""
    if not operands:
        raise ValueError("must specify the einstein sum subscripts string and at least one operand, or at least one operand "
                         "and its corresponding subscripts list")
    if isinstance(operands[0], str):
        return operands[0], list(operands[1:])
    texts = ["".join(map(_letter, labels)) for labels in operands[1::2]]
    equation = ",".join(texts)
    if len(operands) % 2:
        equation += "->" + "".join(map(_letter, operands[-1]))
    return equation, list(operands[:len(operands) // 2 * 2:2])


def _letter(label: Any) -> str:
    if label is Ellipsis:
        return "..."
    try:
        number = label.__index__()
    except AttributeError:
        raise TypeError("each subscript must be either an integer or an ellipsis") from None
    if not 0 <= number < 52:
        raise ValueError("subscript is not within the valid range [0, 52)")
    return chr(ord("A") + number) if number < 26 else chr(ord("a") + number - 26)


@composite("einsum")
def einsum(*operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any) -> Any:
    """optimize= is about time alone, and the row chooses an order by itself; order= is about memory."""
    dtype = kwargs.pop("dtype", None)
    kwargs.pop("order", None)
    casting = kwargs.pop("casting", "safe")
    if kwargs:
        raise TypeError(f"Did not understand the following kwargs: {[*kwargs]}")
    equation, given = _described(operands)
    given = list(map(operand, given))
    if dtype is not None:
        for value in given:
            if not np.can_cast(np.dtype(value.dtype), dtype, casting):
                raise TypeError(f"Iterator operand could not be cast from {np.dtype(value.dtype)!r} to {np.dtype(dtype)!r} "
                                f"according to the rule {casting!r}")
        given = [value.astype(dtype) for value in given]
    if is_variable(out) and not any(map(is_variable, given)):
        return write_out(out, np.einsum(equation, *given), "np.einsum")
    try:
        result = OPS.einsum(equation, *as_variables(*given))
    except RuntimeError as error:
        raise ValueError(str(error).replace("einsum(): ", "")) from None
    return result if out is None else write_out(out, result, "np.einsum")


@composite("einsum_path")
def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    """Of the shapes alone, so that nothing is read."""
    given = [np.broadcast_to(np.zeros((), np.dtype(v.dtype)), tuple(v.shape)) if is_variable(v) else v for v in operands]
    path: Any = np.einsum_path
    return path(*given, optimize=optimize, einsum_call=einsum_call)


@composite("cross")
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    """Of vectors with two elements the third is 0; of two such pairs, the third element alone."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = operand(a), operand(b)
    if a.ndim < 1 or b.ndim < 1:
        raise ValueError("At least one array has zero dimension")
    a = np.moveaxis(a, wrapped_axis(axisa, a.ndim), -1)
    b = np.moveaxis(b, wrapped_axis(axisb, b.ndim), -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(f"Both input arrays must be (arrays of) 3-dimensional vectors, but they are {a.shape[-1]} and "
                         f"{b.shape[-1]} dimensional instead.")
    if a.shape[-1] == 2 or b.shape[-1] == 2:
        warnings.warn("Arrays of 2-dimensional vectors are deprecated. Use arrays of 3-dimensional vectors instead. "
                      "(deprecated in NumPy 2.0)", DeprecationWarning, stacklevel=3)
        third = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
        if a.shape[-1] == b.shape[-1]:
            return third
        if a.shape[-1] == 2:
            parts = [a[..., 1] * b[..., 2], -(a[..., 0] * b[..., 2]), third]
        else:
            parts = [-(a[..., 2] * b[..., 1]), a[..., 2] * b[..., 0], third]
        result = np.stack(parts, -1)
    else:
        ndim = max(a.ndim, b.ndim)
        a, b = (v if v.ndim == ndim else np.reshape(v, (1,) * (ndim - v.ndim) + tuple(v.shape)) for v in (a, b))
        result = OPS.cross(*as_variables(a, b), -1)
    return np.moveaxis(result, -1, wrapped_axis(axisc, result.ndim))


@composite("linalg.cross")
def linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x1, x2 = operand(x1), operand(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(f"Both input arrays must be (arrays of) 3-dimensional vectors, but they are {x1.shape[axis]} and "
                         f"{x2.shape[axis]} dimensional instead.")
    return cross(x1, x2, axis=axis)


@composite("linalg.multi_dot")
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """In the order of fewest multiplications.  A vector in front is a row, one at the end a column."""
    arrays = list(map(operand, arrays))
    if len(arrays) < 2:
        raise ValueError("Expecting at least two arrays.")
    row, column = arrays[0].ndim == 1, arrays[-1].ndim == 1
    if row:
        arrays[0] = arrays[0][np.newaxis, :]
    if column:
        arrays[-1] = arrays[-1][:, np.newaxis]
    for array in arrays:
        if array.ndim != 2:
            raise np.linalg.LinAlgError(f"{array.ndim}-dimensional array given. Array must be two-dimensional")
    for left, right in pairwise(arrays):
        if left.shape[1] != right.shape[0]:
            raise ValueError(f"shapes {tuple(left.shape)} and {tuple(right.shape)} not aligned: {left.shape[1]} (dim 1) != "
                             f"{right.shape[0]} (dim 0)")
    result = OPS.chain_matmul(*as_variables(*arrays))
    if row:
        result = result[0]
    if column:
        result = result[..., 0]
    return result if out is None else write_out(out, result, "np.linalg.multi_dot")


@composite("linalg.matmul")
def linalg_matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


@composite("linalg.outer")
def linalg_outer(x1: Any, x2: Any, /) -> Any:
    x1, x2 = operand(x1), operand(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"Input arrays must be one-dimensional, but they are x1.ndim={x1.ndim} and x2.ndim={x2.ndim}.")
    return np.outer(x1, x2)


@composite("linalg.tensordot")
def linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes=axes)


@composite("linalg.vecdot")
def linalg_vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x1, x2 = operand(x1), operand(x2)
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


# ---- parts of matrices

@composite("linalg.trace")
def linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return np.trace(x, offset, axis1=-2, axis2=-1, dtype=dtype)


@composite("linalg.diagonal")
def linalg_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(x, offset, axis1=-2, axis2=-1)


@composite("linalg.matrix_transpose", "matrix_transpose")
def matrix_transpose(x: Any, /) -> Any:
    x = operand(x)
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return np.swapaxes(x, -1, -2)


# ---- norms

@composite("linalg.norm")
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = inexact(operand(x))
    if axis is None:
        if ord is None or (ord in ("f", "fro") and x.ndim == 2) or (ord == 2 and x.ndim == 1):
            return OPS.norm(x, 2, None, keepdims)
        axes = tuple(range(x.ndim))
    else:
        axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
        axes = tuple(wrapped_axis(a, x.ndim) for a in axes)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"Invalid norm order '{ord}' for vectors")
        return OPS.norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    return _matrix_norm(x, ord, axes, keepdims)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    row, column = axes
    if row == column:
        raise ValueError("Duplicate axes given.")
    if ord is None or ord in ("f", "fro"):
        return OPS.norm(x, 2, axes, keepdims)
    if ord in (2, -2, "nuc"):
        if 0 in (x.shape[row], x.shape[column]):    # what NumPy says of no singular value depends on its version
            return OPS.norm(x * 0, 2, axes, keepdims) * np.linalg.norm(np.zeros((x.shape[row], x.shape[column])), ord)
        return OPS.linalg_matrix_norm(x, ord, axes, keepdims)
    if ord in (1, -1):
        summed, chosen = row, column
    elif ord in (np.inf, -np.inf):
        summed, chosen = column, row
    else:
        raise ValueError("Invalid norm order for matrices.")
    sums = OPS.norm(x, 1, (summed,), True)
    result = (np.max if ord > 0 else np.min)(sums, axis=chosen, keepdims=True)
    return result if keepdims else np.squeeze(result, axes)


@composite("linalg.vector_norm")
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    x = inexact(operand(x))
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")
    if axis is not None:
        axis = tuple(wrapped_axis(a, x.ndim) for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    return OPS.norm(x, ord, axis, keepdims)


@composite("linalg.matrix_norm")
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    x = inexact(operand(x))
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return _matrix_norm(x, ord, (x.ndim - 2, x.ndim - 1), keepdims)
