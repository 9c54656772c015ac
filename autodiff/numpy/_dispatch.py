"""Who answers a function of NumPy that is called with Variables.  Imported with the first call that no row answers.

Four lists, which ``tests/test_numpy_lists.py`` holds complete against ``numpy.testing.overrides``:

* rows of the catalogue, which name the functions they answer to (``_variable.ARRAY_FUNCTIONS``);
* ``COMPOSITES``: functions of this folder with NumPy's own signatures, written with NumPy's functions, so that what has
  a derivative in them is a row's in the end.  They are handed the NumPy flavour, whatever was given;
* ``VALUES``: what has no derivative (conditions, positions, dtypes, texts): NumPy's own, on the values;
* ``REFUSED``: what cannot be done with a Variable that is recorded, each with the reason.

``WIDER`` has, for functions of rows, who reads the parameters that the row has not (``where=``, ``initial=``, ...).
"""
from __future__ import annotations

import inspect
import warnings
from _thread import _local
from typing import Any

import numpy as np

from .. import _guidance, _variable
from .._variable import OPS, Tensor, ndarray

_v: Any = _variable          # of which the stub has what users see alone
ARRAY_FUNCTIONS: dict[Any, Any] = _v.ARRAY_FUNCTIONS
_Base: Any = Tensor.__base__
_OURS = {Tensor, ndarray, np.ndarray}

#: {function of NumPy: who answers}.
COMPOSITES: dict[Any, Any] = {}
VALUES: dict[Any, Any] = {}
#: {function of NumPy: why}.
REFUSED: dict[Any, str] = {}
#: {name without ``np.``: who answers where the row does not read all that is given}.
WIDER: dict[str, Any] = {}
#: Composites that write into an argument: a Tensor among them is not handed on in the other flavour, which is another object.
WRITERS: set[Any] = set()


def numpy_function(name: str) -> Any:
    """NumPy's function of a name without ``np.``; None where this NumPy has none."""
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def composite(*names: str, writes: bool = False) -> Any:
    """A decorator: the function answers to these of NumPy (without ``np.``), with NumPy's own signature."""
    def register(function: Any) -> Any:
        for name in names:
            found = numpy_function(name)
            if found is not None:
                COMPOSITES[found] = function
        if writes:
            WRITERS.add(function)
        return function
    return register


def wider(*names: str) -> Any:
    """A decorator: the function answers where the row of these names does not read every argument that is given."""
    def register(function: Any) -> Any:
        WIDER.update(dict.fromkeys(names, function))
        return function
    return register


def of_values(*names: str) -> None:
    """NumPy's functions of these names have no derivative: they are computed on the values."""
    for found in map(numpy_function, names):
        if found is not None:
            VALUES[found] = found


def of_shapes(*names: str) -> None:
    """NumPy's functions of these names ask for shapes and dtypes alone: they are run on arrays that have no values to read."""
    for name in names:
        found = numpy_function(name)
        if found is not None:
            VALUES[found] = _on_stand_ins(found)


def _on_stand_ins(function: Any) -> Any:
    def answer(*args: Any, **kwargs: Any) -> Any:
        return function(*_stand_ins(args), **_stand_ins(kwargs))
    answer.reads_values = False         # type: ignore[attr-defined]
    return answer


def stand_in(x: Any) -> Any:
    """An array of a Variable's shape and dtype, over one element of memory."""
    return np.broadcast_to(np.zeros((), _v.dtype_in(x)), tuple(x.shape))


def _stand_ins(value: Any) -> Any:
    return _opened(value, lambda v: stand_in(v) if isinstance(v, _Base) else v)


def refused(reason: str, *names: str) -> None:
    """NumPy's functions of these names cannot be called with Variables that are recorded.

    reason: a sentence that says why, and what to write instead.
    """
    for found in map(numpy_function, names):
        if found is not None:
            REFUSED[found] = reason


def any_recorded(*values: Any) -> bool:
    """Whether a gradient (or a tangent) could be lost: any of the values, also in lists, is recorded."""
    return any(any_recorded(*value) if isinstance(value, (list, tuple)) else _v.records(value) for value in values)


def _opened(value: Any, change: Any, depth: int = 4) -> Any:
    """change() of what is in lists, tuples and dicts, which stay what they are."""
    if depth and type(value) in (list, tuple):
        return type(value)([_opened(v, change, depth - 1) for v in value])
    if depth and type(value) is dict:
        return {key: _opened(v, change, depth - 1) for key, v in value.items()}
    return change(value)


def values_of(value: Any) -> Any:
    """Arguments with plain arrays in the place of Variables, and of object arrays that hold some."""
    def change(v: Any) -> Any:
        if isinstance(v, np.ndarray) and v.dtype == object:
            v = lifted(v)
        return _v.readable(v) if isinstance(v, _Base) else v
    return _opened(value, change)


def _in_numpy_flavour(value: Any) -> Any:
    return _opened(value, lambda v: _v.as_ndarray(v, None, False) if type(v) is Tensor else v)


def _as_tensors(value: Any) -> Any:
    if type(value) is ndarray:
        return value.as_tensor() if hasattr(value, "as_tensor") else _v.in_flavour(value, _TENSOR)
    if type(value) in (list, tuple):
        return type(value)(map(_as_tensors, value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_as_tensors, value))
    return value


_TENSOR = _v.tensor(0.0)
_NDARRAY = _v.as_ndarray(0.0)


def _of_tensors(function: Any, numpy_too: bool) -> Any:
    """A composite, which knows the NumPy flavour alone, for calls with Tensors: of nothing else, the results are Tensors."""
    def answer(*args: Any, **kwargs: Any) -> Any:
        result = function(*_in_numpy_flavour(args), **_in_numpy_flavour(kwargs))
        return result if numpy_too else _as_tensors(result)
    return answer


def run_array_function(function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """What ``__array_function__`` answers where the table of rows alone does not say."""
    if any(kind not in _OURS and not issubclass(kind, np.ndarray) for kind in types):
        return NotImplemented       # whose type that is may know what to do
    found = ARRAY_FUNCTIONS.get(function)
    known = found is not None or function in COMPOSITES or function in VALUES or function in REFUSED
    if not known and OPS.answer(function) is not None:
        found = ARRAY_FUNCTIONS[function]       # of a row whose family was not imported yet
    if found is None:
        found = COMPOSITES.get(function)
        if found is not None and Tensor in types and found not in WRITERS:
            found = _of_tensors(found, ndarray in types)
    if found is not None:
        try:
            return found(*args, **kwargs)
        except Exception as error:
            raise_as_numpy(function, args, kwargs, error)
            raise
    found = VALUES.get(function)
    if found is not None:
        if getattr(found, "reads_values", True):
            args, kwargs = values_of(args), values_of(kwargs)
        return found(*args, **kwargs)
    if function in REFUSED:
        if not any_recorded(args, list(kwargs.values())):       # no gradient to lose
            return function(*values_of(args), **values_of(kwargs))
        raise TypeError(f"{_guidance.name_of(function)}() of a Variable: {REFUSED[function]}")
    return _guidance.undispatched(_v.OF_VARIABLES, function, types, args, kwargs)


def raise_as_numpy(function: Any, args: Any, kwargs: Any, error: Exception) -> None:
    """Raise what NumPy raises for a call that ended in an error of ours; return where NumPy raises nothing.

    The rows have PyTorch's errors, and programs written for NumPy expect NumPy's (AxisError, ValueError).  Who knows them is
    NumPy: it is called with copies of the values, so that nothing is written; with ones where values cannot be read, as
    under vmap.  Not where a function of the user's would run a second time.
    """
    functions: list[Any] = []
    _opened((args, kwargs), lambda v: functions.append(v) if callable(v) and not isinstance(v, type) else None)
    if isinstance(error, (NotImplementedError, Warning)) or functions or _deliberate(error):
        return
    count = getattr(_guidance.refused, "count", 0)
    try:
        args, kwargs = _opened((args, kwargs), _copied)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            function(*args, **kwargs)
    except Exception as found:
        if getattr(_guidance.refused, "count", 0) == count:
            raise found.with_traceback(None) from None


def _deliberate(error: Exception) -> bool:
    """Whether it says of a Variable what NumPy cannot know: that a gradient would be lost, or is none here yet."""
    return isinstance(error, TypeError) and any(word in str(error) for word in ("gradient", "derivative", "Variable"))


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if not isinstance(value, _Base):
        return value
    try:
        return np.array(_v.readable(value))
    except RuntimeError:                # a sample of a batch
        return np.ones(tuple(value.shape), _v.dtype_in(value))


def run_wider(name: str, operands: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
    """A function that a row answers to, with arguments that the row does not read.

    arguments: all others by name, those that were not given at their defaults.
    """
    function = numpy_function(name)
    out = arguments.pop("out", None)
    if out is not None:
        return write_out(out, run_plainly(function, name, operands, arguments), f"np.{name}")
    return run_plainly(function, name, operands, arguments)


def run_plainly(function: Any, name: str, operands: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
    """The same without ``out=``."""
    found = WIDER.get(name)
    if found is not None:
        kinds = [type(v) for v in operands]
        if Tensor not in kinds:
            return found(*operands, **arguments)
        result = found(*_in_numpy_flavour(operands), **_in_numpy_flavour(arguments))
        return result if ndarray in kinds else _as_tensors(result)
    reader = ARRAY_FUNCTIONS[function]
    defaults = {key: parameter.default for key, parameter in inspect.signature(reader).parameters.items()}
    given = {key: value for key, value in arguments.items() if value is not defaults[key]}
    row = {key: value for key, value in given.items() if key not in _OF_MEMORY}
    asked = (name, *sorted(row))
    if asked in _asked.calls:       # the reader has handed it on again: an argument that is left is none of the row's
        raise NotImplementedError(f"np.{name}() of a Variable does not take {' or '.join(map('{}='.format, given))}")
    _asked.calls.append(asked)
    try:
        return reader(*operands, **row)
    finally:
        _asked.calls.remove(asked)


class _Asked(_local):
    """The readers of rows that run in a thread without some of their arguments."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []


_asked = _Asked()


#: Arguments about memory and checks, not about values: rows choose for themselves.
_OF_MEMORY = ("subok", "casting", "order", "kind", "like", "copy", "optimize")


def write_out(out: Any, result: Any, name: str) -> Any:
    """result, written into ``out=``: into a Variable with its gradient, into a plain array where there is none to lose."""
    if isinstance(out, tuple) and len(out) == 1:
        out = out[0]
    if isinstance(out, _Base):
        if not np.can_cast(np.dtype(_v.dtype_in(result)), np.dtype(_v.dtype_in(out)), "same_kind"):
            raise TypeError(f"{name}(): cannot write {np.dtype(_v.dtype_in(result))} into out= of {_v.dtype_in(out)}")
        if tuple(out.shape) != tuple(result.shape):
            raise ValueError(f"{name}(): out= has the shape {tuple(out.shape)}, the result {tuple(result.shape)}")
        out[...] = result
        return out
    if any_recorded(result):
        raise TypeError(f"{name}(..., out=array) would lose the gradient: a plain array keeps none. Leave out= away, or give "
                        "a Variable, as np.zeros_like(x) of one is.")
    np.copyto(out, values_of(result), casting="same_kind")
    return out


def lifted(value: Any) -> Any:
    """What is no Variable, ready to be an operand: lists and object arrays that hold Variables become one Variable.

    >>> import numpy as np, autodiff
    >>> x = autodiff.tensor(2.0, requires_grad=True)
    >>> lifted([x, 1.0]).requires_grad, lifted([1.0, 2.0])
    (True, array([1., 2.]))
    """
    try:
        return _lifted(value)
    except RecursionError:
        raise ValueError("a list that holds itself, or is nested too deeply, is no array") from None


def _lifted(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == object:
        parts = [_lifted(part) for part in value.ravel().tolist()]
        if not any(isinstance(part, _Base) for part in parts):
            return value
        joined = _stacked(parts)
        return OPS.reshape(joined, (*value.shape, *tuple(joined.shape)[1:]))
    if isinstance(value, (list, tuple)):
        parts = [part if isinstance(part, _Base) else _lifted(part) for part in value]
        if any(isinstance(part, _Base) for part in parts):
            return _stacked(parts)
        return _v.plain_of(value)
    return value


def variable(value: Any) -> Any:
    """An operand as a Variable of the NumPy flavour: beside Variables there may be arrays, numbers and lists."""
    value = lifted(value)
    return value if isinstance(value, _Base) else _v.constant_of(np.asarray(value), _NDARRAY)


def _stacked(parts: list[Any]) -> Any:
    like = next(part for part in parts if isinstance(part, _Base))
    parts = [part if isinstance(part, _Base) else _v.constant_of(np.asarray(part), like) for part in parts]
    if len({tuple(part.shape) for part in parts}) > 1:
        raise ValueError("setting an array element with a sequence: the parts of one array have the shapes "
                         + " and ".join(map(str, sorted({tuple(part.shape) for part in parts}))))
    return OPS.stack(parts)
