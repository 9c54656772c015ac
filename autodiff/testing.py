"""Assertions for tests: values that are close, and derivatives that are right.

>>> import autodiff
>>> autodiff.testing.assert_close(autodiff.tensor([1.0, 2.0]), autodiff.tensor([1.0, 2.0 + 1e-9]))
>>> autodiff.testing.check_grads(lambda x: x.sin() * x, (autodiff.tensor([0.5, 2.0]),), order=2)
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from . import _variable as _v
from .autograd import forward_ad
from .autograd.gradcheck import GradcheckError, agrees, cotangents_for, gradients_of

if TYPE_CHECKING:

    _Message: TypeAlias = str | Callable[[str], str] | None

__all__ = ["assert_allclose", "assert_close", "check_grads"]

_Base: Any = _v.Tensor.__base__

#: PyTorch's tolerances: relative, absolute.
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7),
              "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7)}
_NUMBERS = (bool, int, float, complex, np.number, np.bool)


class _Mismatch(Exception):
    """An error to raise, and where in the two structures it was found."""

    def __init__(self, text, path, kind=AssertionError):
        super().__init__(text)
        self.text, self.path, self.kind = text, path, kind

    def error(self, message):
        where = "".join(f"[{step!r}]" for step in self.path)
        text = self.text + (f"\n\nThe failure occurred for item {where}" if where else "")
        return self.kind(message if isinstance(message, str) else message(text) if message is not None else text)


def _is_array(x):
    return isinstance(x, (_Base, np.ndarray))


def _plain(x):
    return x.detach().numpy() if isinstance(x, _Base) else np.asarray(x)


def _pairs(actual, expected, path, allow_subclasses):
    """The values that stand at the same place of two structures, with their place."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        missing, additional = (sorted(a.keys() - b.keys(), key=repr) for a, b in ((expected, actual), (actual, expected)))
        if missing or additional:
            raise _Mismatch(f"The keys of the mappings do not match:\nMissing keys in the actual mapping: {missing}\n"
                            f"Additional keys in the actual mapping: {additional}", path)
        for key in expected:
            yield from _pairs(actual[key], expected[key], (*path, key), allow_subclasses)
    elif all(isinstance(x, Sequence) and not isinstance(x, (str, bytes)) for x in (actual, expected)):
        if len(actual) != len(expected):
            raise _Mismatch(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", path)
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            yield from _pairs(a, e, (*path, i), allow_subclasses)
    elif not _comparable(actual, expected, allow_subclasses):
        raise _Mismatch(f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.", path,
                        TypeError)
    else:
        yield actual, expected, path


def _comparable(actual, expected, allow_subclasses):
    if actual is None or expected is None:
        return True
    if isinstance(actual, _NUMBERS) and isinstance(expected, _NUMBERS):
        return True
    if not (_is_array(actual) and _is_array(expected)):
        return False
    if not allow_subclasses:
        return type(actual) is type(expected)
    # Variables of the NumPy flavour are arrays among arrays; a Tensor is compared with Tensors.
    return isinstance(actual, _v.Tensor) == isinstance(expected, _v.Tensor)


def _tolerances(dtypes, rtol, atol, path):
    if (rtol is None) != (atol is None):
        raise _Mismatch("Both 'rtol' and 'atol' must be either specified or omitted, but got no "
                        f"{'rtol' if rtol is None else 'atol'}.", path, ValueError)
    if rtol is not None:
        return float(rtol), float(atol)
    relative, absolute = zip(*(TOLERANCES.get(np.dtype(d).name, (0.0, 0.0)) for d in dtypes), strict=True)
    return max(relative), max(absolute)


def _compare(actual, expected, path, rtol, atol, equal_nan, check_dtype, check_stride):
    if actual is None or expected is None:
        if actual is not expected:
            raise _Mismatch(f"None mismatch: {actual} is not {expected}", path)
        return
    numbers = not _is_array(actual)
    if numbers and type(actual) is bool and type(expected) is bool:
        if actual is not expected:
            raise _Mismatch(f"Booleans mismatch: {actual} is not {expected}", path)
        return
    if numbers and check_dtype and type(actual) is not type(expected):
        raise _Mismatch(f"The (d)types do not match: {type(actual)} != {type(expected)}.", path)
    a, e = _plain(actual), _plain(expected)
    for what, mine, other in (("shape", actual, expected), ("dtype", actual, expected)) if not numbers else ():
        if getattr(a, what) != getattr(e, what) and (what == "shape" or check_dtype):
            raise _Mismatch(f"The values for attribute '{what}' do not match: {getattr(mine, what)} != {getattr(other, what)}.",
                            path)
    strides = [tuple(stride // x.itemsize for stride in x.strides) for x in (a, e)]
    if check_stride and strides[0] != strides[1]:
        raise _Mismatch(f"The values for attribute 'stride()' do not match: {strides[0]} != {strides[1]}.", path)
    rtol, atol = _tolerances((a.dtype, e.dtype), rtol, atol, path)
    # differences of bools and of unsigned integers are those of the numbers they stand for
    a, e = ((x if x.dtype.kind in "fcO" else x.astype(np.int64 if x.dtype != np.uint64 else object)) for x in (a, e))
    with np.errstate(all="ignore"):
        if "O" in (a.dtype.kind, e.dtype.kind):
            close = np.asarray(abs(a - e) <= atol + rtol * abs(e), bool)
        else:
            close = np.isclose(a, e, rtol=rtol, atol=atol, equal_nan=equal_nan)
        if close.all():
            return
        off = np.asarray(abs(a - e))
        relative = np.asarray(off / abs(e)) if "O" not in (a.dtype.kind, e.dtype.kind) else off.astype(float) / e.astype(float)
    exactly = rtol == 0 and atol == 0
    equal = "equal" if exactly else "close"
    if off.ndim == 0:
        lines = [f"Scalars are not {equal}!", "", f"Expected {e.item()} but got {a.item()}.",
                 f"Absolute difference: {off.item()}", f"Relative difference: {relative.item()}"]
    else:
        wrong = int((~close).sum())
        lines = [f"Tensor-likes are not {equal}!", "",
                 f"Mismatched elements: {wrong} / {close.size} ({wrong / close.size:.1%})"]
        for what, values in (("absolute", off), ("relative", relative)):
            values = np.where(close, 0, values)
            place = np.unravel_index(np.argmax(values), values.shape)       # of a NaN, if there is one
            lines.append(f"Greatest {what} difference: {values[place]} at index {tuple(int(i) for i in place)}")
    if not exactly:
        lines[-2] += f" (up to {atol} allowed)"
        lines[-1] += f" (up to {rtol} allowed)"
    raise _Mismatch("\n".join(lines), path)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: _Message = None,
) -> None:
    """Raises AssertionError unless actual and expected are close: abs(actual - expected) <= atol + rtol * abs(expected).

    Both are Tensors, or arrays of any kind (NumPy's and Variables of the NumPy flavour), or numbers, None, or sequences and
    mappings of these.  Shapes must be the same, dtypes unless check_dtype=False, strides if check_stride.  rtol and atol,
    given both or none, follow the dtype: 1e-7 and 1e-7 for float64, 1.3e-6 and 1e-5 for float32, 1e-3 and 1e-5 for
    float16, 0 for integers and bools.  equal_nan: NaN is close to NaN.  allow_subclasses: False asks for the same type.
    check_device, check_layout: as PyTorch's; here all is dense and on the CPU.  msg: the message, or a function of it.
    Raises TypeError for what cannot be compared, ValueError where only one tolerance is given.
    As https://pytorch.org/docs/stable/testing.html#torch.testing.assert_close

    >>> import autodiff
    >>> autodiff.testing.assert_close({"w": autodiff.ones(2)}, {"w": autodiff.ones(2) * 1.1})
    Traceback (most recent call last):
    AssertionError: Tensor-likes are not close!
    ...
    """
    try:
        for a, e, path in list(_pairs(actual, expected, (), allow_subclasses)):
            _compare(a, e, path, rtol, atol, equal_nan, check_dtype, check_stride)
    except _Mismatch as mismatch:
        error = mismatch.error(msg)
    else:
        return
    raise error


def _unwrapped(x):
    """Plain arrays for Variables, in lists too."""
    return _plain(x) if isinstance(x, _Base) else type(x)(map(_unwrapped, x)) if type(x) in (list, tuple) else x


def assert_allclose(
    actual: Any,
    desired: Any,
    rtol: float = 1e-07,
    atol: float = 0,
    equal_nan: bool = True,
    err_msg: str = "",
    verbose: bool = True,
    *,
    strict: bool = False,
) -> None:
    """numpy.testing.assert_allclose, for Variables of both flavours as well as for arrays and numbers; their values count.

    Raises AssertionError unless abs(actual - desired) <= atol + rtol * abs(desired); shapes are broadcast against numbers,
    and must be the same, dtypes too, if strict.
    As https://numpy.org/doc/stable/reference/generated/numpy.testing.assert_allclose.html

    >>> import autodiff
    >>> x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    >>> autodiff.testing.assert_allclose(x * 2, [2.0, 4.0])
    """
    import numpy.testing

    numpy.testing.assert_allclose(_unwrapped(actual), _unwrapped(desired), rtol=rtol, atol=atol, equal_nan=equal_nan,
                                  err_msg=err_msg, verbose=verbose, strict=strict)


# ---- derivatives

def _leaves(tree):
    """Arrays, Variables and numbers in dicts, lists and tuples, one after the other."""
    if isinstance(tree, Mapping):
        return [leaf for value in tree.values() for leaf in _leaves(value)]
    if isinstance(tree, (list, tuple)):
        return [leaf for value in tree for leaf in _leaves(value)]
    return [tree]


def _with_leaves(tree, leaves):
    """The same tree with other leaves, an iterator."""
    if isinstance(tree, Mapping):
        return type(tree)({key: _with_leaves(value, leaves) for key, value in tree.items()})
    if isinstance(tree, (list, tuple)):
        values = [_with_leaves(value, leaves) for value in tree]
        return type(tree)(*values) if hasattr(tree, "_fields") else type(tree)(values)
    return next(leaves)


def _through_passes():
    """Whether forward mode goes through a reverse pass."""
    x = _v.tensor([1.0], requires_grad=True)
    try:
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(x.detach(), _v.tensor([1.0])).requires_grad_()
            _v.run_backward((dual * dual,), (_v.tensor([1.0]),), None, True, (dual,), False, True, "grad", False)
    except NotImplementedError:
        return False
    return True


def check_grads(
    f: Callable[..., Any],
    args: Any = None,
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> Any:
    """Raises AssertionError unless the derivatives of f at args are those that central differences show, to an order.

    f: a function of Variables or, where args has none, of arrays; it may return several, in dicts, lists and tuples.
    args: a tuple of arguments: Variables, arrays and floats (0-d arrays to f), alone or in dicts, lists and tuples;
    whatever is of a floating point or complex dtype is differentiated, and integers and all else are constants.  Nothing
    given is written to, and nothing needs requires_grad.  order: 1, 2, ...; modes: "fwd" for forward mode, "rev" for
    reverse; above order 1, modes must have "rev", and each is applied to the recorded pass.  Products of the Jacobians with
    random vectors are compared, within atol and rtol (1e-5; for float32 1e-2), with steps of eps (1e-6; 1e-2).

    Without args a function of them is returned, as by HIPS autograd: check_grads(f, order=2)(x, y).
    As jax.test_util.check_grads.  Raises ValueError for an order below 1, for other modes, and where nothing is
    differentiable.

    >>> import numpy as np
    >>> from autodiff.testing import check_grads
    >>> check_grads(lambda p: np.sin(p["x"]) * p["y"], ({"x": np.ones(3), "y": 2.0},))
    """
    if args is None:
        return lambda *given: check_grads(f, given, order, modes, atol, rtol, eps)
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not modes or not set(modes) <= {"fwd", "rev"}:
        raise ValueError(f'modes must be among "fwd" and "rev", not {modes}')
    order = _v.integer_given(order, "check_grads", "order")
    if order < 1 or (order > 1 and "rev" not in modes):
        raise ValueError(f'order must be 1 or more, and 1 where modes lacks "rev", not {order}')
    args = args if isinstance(args, (tuple, list)) else (args,)
    given = _leaves(args)
    tensors = any(isinstance(x, _v.Tensor) for x in given)
    inputs: Any = []
    narrow = False
    for x in given:
        array = None
        if isinstance(x, (_Base, np.ndarray, np.floating, np.complexfloating, float, complex)):
            array = np.array(_plain(x))
        if array is None or array.dtype.kind not in "fc":
            inputs.append(x)
            continue
        narrow = narrow or array.dtype.itemsize < (8 if array.dtype.kind == "f" else 16)
        as_tensor = isinstance(x, _v.Tensor) or (tensors and not isinstance(x, _Base))
        inputs.append((_v.from_numpy(array) if as_tensor else _v.as_ndarray(array, None, False)).requires_grad_(True))
    if not any(isinstance(x, _Base) and x.requires_grad for x in inputs):
        raise ValueError("check_grads() differentiates arguments of a floating point or complex dtype, and args has none")

    def flat(*leaves):
        return tuple(_leaves(f(*_with_leaves(args, iter(leaves)))))

    atol, rtol, eps = ((1e-2 if narrow else default) if value is None else value
                       for value, default in ((atol, 1e-5), (rtol, 1e-5), (eps, 1e-6)))
    function, inputs, through = flat, tuple(inputs), order > 1 and "fwd" in modes and _through_passes()
    for n in range(1, order + 1):
        try:
            agrees(function, inputs, eps=eps, atol=atol, rtol=rtol, reverse="rev" in modes,
                   forward="fwd" in modes and (n == 1 or through))
        except GradcheckError as error:
            raise AssertionError(f"derivative of order {n}: {error}") from error
        cotangents = cotangents_for(function, inputs) if n < order else ()
        if not cotangents:      # of a constant there is nothing further
            return None
        function, inputs = gradients_of(function, inputs, cotangents), (*inputs, *cotangents)
    return None
