"""NumPy's universal functions of Variables, called otherwise than with operands alone.

``out=``, ``where=``, ``dtype=``, ``casting=``; ``reduce``, ``accumulate``, ``reduceat``, ``outer`` and ``at``; object arrays
that hold Variables; and ``array += v``, which reaches the protocol as ``np.add(array, v, out=array)`` does.
"""
from __future__ import annotations

import dis
import sys
from types import FrameType, SimpleNamespace
from typing import Any

import numpy as np

from .. import _guidance, _variable
from .._variable import OPS, Tensor, ndarray
from ._dispatch import values_of, write_out

_v: Any = _variable          # of which the stub has what users see alone
_Base: Any = Tensor.__base__
_PLAIN = (np.ndarray, np.generic, int, float, complex, list, tuple)


def run_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``__array_ufunc__`` answers where it is not a row applied to operands."""
    if not isinstance(ufunc, np.ufunc):
        raise TypeError(f"__array_ufunc__(): argument 'ufunc' must be a ufunc of NumPy, not {type(ufunc).__name__}")
    if any(type(v).__module__.startswith("numpy.ma") for v in inputs):
        raise TypeError(f"{_guidance.name_of(ufunc)}() of a masked array and a Variable: Variables have no masks; give "
                        "masked.filled(value)")
    for v in inputs:
        if isinstance(v, (np.generic, np.ndarray)) and v.dtype.kind in "mMSUV":
            raise TypeError(f"{_guidance.name_of(ufunc)}() of {v.dtype} and a Variable: Variables hold numbers alone")
    # Of pandas, which leaves the call to what stands beside it.
    inputs = tuple([np.asarray(v) if not isinstance(v, _Base) and hasattr(type(v), "__pandas_priority__") else v
                    for v in inputs])
    out = kwargs.pop("out", None)
    if any(_is_foreign(v) for v in (*inputs, *(out or ()))):
        return NotImplemented
    if (out is not None and method == "__call__" and ufunc.nin == 2 and len(out) == 1 and inputs[0] is out[0]
            and isinstance(out[0], np.ndarray) and not kwargs.keys() - {"axes"} and (inputs[1] is _MARK or _keeps(inputs[1:]))):
        return _rebound(ufunc, inputs[0], inputs[1], sys.getrefcount(inputs[0]), sys._getframe(1))
    if method not in METHODS:
        raise ValueError(f"__array_ufunc__(): a ufunc has no method {method!r}")
    return METHODS[method](ufunc, inputs, out, kwargs)


def _is_foreign(value: Any) -> bool:
    """Whether a value is of a type that may know what to do with a ufunc of Variables: a Series of pandas, for one."""
    kind = type(value)
    if isinstance(value, (_Base, *_PLAIN)):
        return kind.__module__.partition(".")[0] != "numpy" and hasattr(kind, "__array_ufunc__") and not (
            kind.__array_ufunc__ is np.ndarray.__array_ufunc__ or isinstance(value, _Base))
    return hasattr(kind, "__array_ufunc__")


def _keeps(values: Any) -> bool:
    """Whether a gradient, a tangent, or samples of vmap would be lost where only these values are written."""
    return any(_keeps(value) if isinstance(value, (list, tuple)) else (isinstance(value, _Base) and (
        _v.records(value) or _v.physical_of(value) is not None)) or _holds_variables(value) for value in values)


def _holds_variables(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object and any(isinstance(v, _Base) for v in value.flat)


# ---- a call

def _call(ufunc: Any, inputs: tuple[Any, ...], out: Any, kwargs: dict[str, Any]) -> Any:
    where = kwargs.pop("where", True)
    outs = out if out is not None else (None,) * ufunc.nout
    if _is_condition(ufunc):        # there is no gradient to lose
        masks = {} if where is True else {"where": values_of(where)}
        if not any(isinstance(one, _Base) for one in outs):
            return ufunc(*values_of(inputs), **kwargs, **masks, **({} if out is None else {"out": out}))
    if len(outs) != ufunc.nout:
        raise ValueError(f"The 'out' tuple must have exactly {ufunc.nout} entries, one per ufunc output")
    for one in outs:
        if isinstance(one, np.ndarray) and _keeps((*inputs, where)):
            raise TypeError(_lost_in_out(_guidance.name_of(ufunc)))
    if not _keeps(inputs) and not any(isinstance(one, _Base) for one in outs) and OPS.answer(ufunc) is None:
        # frompyfunc's and others that no row answers: on values
        where = {} if where is True else {"where": values_of(where)}
        return ufunc(*values_of(inputs), **kwargs, **where, **({} if out is None else {"out": out}))
    inputs = tuple(_operand(v) for v in inputs)
    casting = kwargs.get("casting", "same_kind")
    if where is not True:
        where = where if isinstance(where, _Base) else np.asarray(OPS.lifted(where))
        if np.dtype(_v.dtype_in(where) if isinstance(where, _Base) else where.dtype) != bool:
            raise TypeError("Cannot cast array data to dtype('bool') according to the rule 'safe': where= is a mask of bools")
        if where.ndim == 0 and not isinstance(where, _Base) and where:
            where = True        # np.add(x, y, where=np.True_)
    if where is not True:
        # Of a value that is not wanted the derivative may be infinite, and 0 * inf is NaN.
        inputs = tuple(_kept_where(where, v, SAFE.get(ufunc, 0.5)) for v in inputs)
    saved = inputs
    if out is not None:     # what the op saves of an operand that is written afterwards is a copy
        saved = tuple(v.copy() if isinstance(v, _Base) and _v.records(v) and _shares(v, outs) else v for v in inputs)
    results = _computed(ufunc, saved, kwargs)
    several = results if isinstance(results, tuple) else (results,)
    finished = []
    for one, result in zip(outs, several):
        if one is None:
            finished.append(result if where is True else np.where(where, result, np.zeros((), _dtype(result))))
        else:
            finished.append(_write(one, result, where, casting, _guidance.name_of(ufunc)))
    return finished[0] if ufunc.nout == 1 else tuple(finished)


#: What stands for elements that ``where=`` leaves out: a point at which the function and its derivative are finite.
SAFE = {np.arccosh: 2.0, np.heaviside: 1.0, np.left_shift: 1, np.right_shift: 1}


def _kept_where(where: Any, value: Any, stand_in: float) -> Any:
    dtype = _dtype(value)
    number = np.asarray(1 if dtype.kind in "iu" else stand_in).astype(dtype)
    return np.where(where, value if isinstance(value, _Base) else np.asarray(value, dtype), number)


def _operand(value: Any) -> Any:
    """An operand: lists and object arrays that hold Variables become one Variable, other lists arrays."""
    if isinstance(value, (_Base, int, float, complex, np.generic)):
        return value
    value = OPS.lifted(value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        raise TypeError("an array of objects that are no numbers meets a Variable: autodiff computes with numbers alone; make "
                        "it an array of a dtype of numbers, by array.astype(float)")
    return value


def _dtype(value: Any) -> np.dtype[Any]:
    if isinstance(value, _Base):
        return np.dtype(_v.dtype_in(value))
    return np.asarray(value).dtype


def _shares(variable: Any, outs: Any) -> bool:
    return any(isinstance(out, _Base) and _v.storage_of(_physical(out))[0] == _v.storage_of(_physical(variable))[0]
               for out in outs)


def _physical(variable: Any) -> Any:
    found = _v.physical_of(variable)
    return variable if found is None else _physical(found[0])


def _computed(ufunc: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The ufunc of operands, with ``dtype=``, ``casting=``, ``signature=`` (``order=`` and ``subok=`` are of no matter)."""
    given = {key: value for key, value in kwargs.items() if key not in ("order", "subok")}
    answer = OPS.answer(ufunc)
    if not given or (given.keys() <= {"casting"} and given["casting"] in ("same_kind", "unsafe")):
        if answer is None and not any(isinstance(v, _Base) for v in inputs):
            return ufunc(*inputs)
        if answer is None:
            return _without_rule(ufunc, "__call__", inputs, {})
        if not any(isinstance(v, _Base) for v in inputs):
            return ufunc(*inputs)
        return answer[1](*inputs)
    if ufunc.signature is not None and set(given) & {"axes", "axis", "keepdims"}:
        inputs, back = _core_dimensions_last(ufunc, inputs, given)
        return back(_computed(ufunc, inputs, {k: v for k, v in given.items() if k not in ("axes", "axis", "keepdims")}))
    kinds = tuple(type(v) if type(v) in (int, float, complex) else _dtype(v) for v in inputs) + (None,) * ufunc.nout
    signature = given.get("signature", given.get("sig"))
    if given.get("dtype") is not None:
        signature = (None,) * ufunc.nin + (np.dtype(given["dtype"]),) * ufunc.nout
    unknown = set(given) - {"dtype", "signature", "sig", "casting"}
    if unknown:
        raise TypeError(f"{ufunc.__name__}() got an unexpected keyword argument '{sorted(unknown)[0]}'")
    more = {} if signature is None else {"signature": signature}
    loop = ufunc.resolve_dtypes(kinds, casting=given.get("casting", "same_kind"), **more)
    cast = tuple(_cast(v, dtype) for v, dtype in zip(inputs, loop))
    results = _computed(ufunc, cast, {})
    several = results if isinstance(results, tuple) else (results,)
    several = tuple(_cast(result, dtype) for result, dtype in zip(several, loop[ufunc.nin:]))
    return several[0] if ufunc.nout == 1 else several


def _cast(value: Any, dtype: Any) -> Any:
    if isinstance(value, _Base):
        return value if _dtype(value) == dtype else _v.cast_variable(value, OPS.numpy_dtype(dtype))
    return np.asarray(value).astype(OPS.numpy_dtype(dtype))


def _core_dimensions_last(ufunc: Any, inputs: tuple[Any, ...], given: dict[str, Any]) -> Any:
    """Operands of a product with its dimensions at the end, and what brings those of the result to their place."""
    cores = [len(part.strip("()").split(",")) if part != "()" else 0
             for part in ufunc.signature.replace("?", "").replace("->", " ").replace("),(", ") (").split()]
    axes = given.get("axes")
    if axes is None:
        axes = [(given.get("axis", -1),)] * ufunc.nin + [()]
    axes = [(axis,) if isinstance(axis, (int, np.integer)) else tuple(axis) for axis in axes]
    if len(axes) == ufunc.nin:
        axes = [*axes, ()]
    moved = []
    for value, axis in zip(inputs, axes):
        value = value if isinstance(value, _Base) else np.asarray(value)
        moved.append(np.moveaxis(value, axis, tuple(range(-len(axis), 0))) if axis else value)
    last = axes[-1]

    def back(result: Any) -> Any:
        if given.get("keepdims"):
            place = axes[0][0]
            return np.reshape(result, _inserted(tuple(result.shape), place))
        return np.moveaxis(result, tuple(range(-len(last), 0)), last) if last and cores[-1] == len(last) else result
    return tuple(moved), back


def _inserted(shape: tuple[int, ...], place: int) -> tuple[int, ...]:
    place = place % (len(shape) + 1)
    return shape[:place] + (1,) + shape[place:]


def _write(out: Any, result: Any, where: Any, casting: Any, name: str) -> Any:
    """A result into ``out=``; where a mask says so, out keeps its elements and their gradient."""
    _check_fits(result, out, casting, name)
    if not isinstance(out, _Base):
        values = values_of(result)
        np.copyto(out, values, casting="unsafe", where=True if where is True else values_of(where))
        return out
    if where is not True:
        result = np.where(where, _cast(result, _dtype(out)), out)
    out[...] = result
    return out


def _check_fits(result: Any, out: Any, casting: Any, name: str) -> None:
    """Raise NumPy's errors unless a result can be written into the place of out."""
    given, wanted = _dtype(result), _dtype(out)
    if not np.can_cast(given, wanted, casting):
        raise TypeError(f"Cannot cast ufunc '{name.rpartition('.')[2]}' output from {given!r} to {wanted!r} with casting rule "
                        f"'{casting}'")
    shape, place = tuple(np.shape(result)), tuple(out.shape)
    if np.broadcast_shapes(shape, place) != place:
        raise ValueError(f"non-broadcastable output operand with shape {place} doesn't match the broadcast shape "
                         f"{np.broadcast_shapes(shape, place)}")


def _lost_in_out(name: str) -> str:
    return (f"{name}(..., out=array) would lose the gradient: a plain array keeps none. Leave out= away (array = {name}(...)), "
            "or give a Variable to write into, as np.zeros_like(x) and np.empty_like(x) of a Variable x are")


def _without_rule(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc that has no row, or whose results are no numbers: on values alone it is NumPy's."""
    lossy = [v for v in inputs if isinstance(v, _Base) and _v.records(v)]
    name = _guidance.name_of(ufunc, method)
    if not lossy or _is_condition(ufunc):
        return getattr(ufunc, method)(*values_of(inputs), **values_of(kwargs))
    _guidance.note(NotImplementedError)
    raise NotImplementedError(_guidance.lost_by(name, type(lossy[0]) is ndarray))


def _is_condition(ufunc: Any) -> bool:
    """Whether all results are bools or integers, whatever the operands: there is no derivative."""
    loops = [loop for loop in ufunc.types if "O" not in loop]
    return bool(loops) and all(set(loop.partition("->")[2]) <= set("?bBhHiIlLqQpPnN") for loop in loops)


# ---- array += v

def _rebound(ufunc: Any, array: Any, other: Any, count: int, frame: FrameType) -> Any:
    """``array += v``: what the name becomes.  TypeError where it is no such statement, or another would keep the old array.

    count: the references to array as run_ufunc sees them.
    """
    while frame.f_code.co_name == "first" and frame.f_globals.get("__name__") == "autodiff" and frame.f_back is not None:
        frame = frame.f_back                    # the first call of all, which imported this module
    form = _form_of_statement(frame)
    name = _guidance.name_of(ufunc)
    if other is _MARK and form is not None:
        HELD["@" if ufunc is np.matmul else form] = count
        return array
    if form is None:
        raise TypeError(_lost_in_out(name))
    if array.base is not None and not (isinstance(array.base, np.ndarray) and sys.getrefcount(array.base) <= HELD["base"]):
        raise TypeError(_left_behind(name, "a view of another array, which would keep its old elements"))
    if count > HELD.get(form, 0) + (HELD["@"] - HELD["FAST"] if ufunc is np.matmul else 0):
        raise TypeError(_left_behind(name, "held elsewhere too (by another name, a container, the caller of this function or "
                                           "a view), where its old elements would stay"))
    result = _computed(ufunc, (array, _operand(other)), {})
    _check_fits(result, array, "same_kind", name)
    return _cast(result, array.dtype)


def _left_behind(name: str, why: str) -> str:
    sign = SIGNS.get(name.rpartition(".")[2], "+")
    return (f"array {sign}= v of a plain array and a Variable that requires grad makes array a new Variable, and this array is "
            f"{why}. Write array = array {sign} v if that is meant, or allocate the array as a Variable: np.zeros_like(v), "
            "np.zeros(shape, like=v)")


SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//", "remainder": "%", "power": "**",
         "matmul": "@", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^", "left_shift": "<<", "right_shift": ">>"}

_BINARY_OP = dis.opmap.get("BINARY_OP", -1)
_CACHE = dis.opmap.get("CACHE", 0)
#: Those arguments of BINARY_OP that mean an operator in place: NB_INPLACE_ADD to NB_INPLACE_XOR, in every CPython since 3.11.
_IN_PLACE = range(13, 26)
_SWAP, _EXTENDED = dis.opmap.get("SWAP", -1), dis.opmap.get("EXTENDED_ARG", -1)


def _form_of_statement(frame: FrameType) -> str | None:
    """Where the statement ``a += b`` that a frame is at stores its result: "FAST", "ATTR", ...; None: it is at no such one."""
    code, at = frame.f_code.co_code, frame.f_lasti
    if at < 0 or code[at] != _BINARY_OP or code[at + 1] not in _IN_PLACE:
        return None
    at += 2
    while at < len(code) and code[at] in (_CACHE, _SWAP, _EXTENDED):
        at += 2
    name = dis.opname[code[at]] if at < len(code) else ""
    return name.split("_")[1] if name.startswith("STORE_") else None


#: {form of statement: how many references to its array there are when no other name has it}, as measured below; "@": of
#: a matrix product, which NumPy hands on with more around it; "base": to the array that a view looks at, of the view alone.
HELD: dict[str, int] = {}
#: The operand by which the statements below are known.
_MARK = _v.as_ndarray(0.0)


def _measure() -> None:
    """How many references a statement of each form holds itself: it differs by version of Python."""
    v = _MARK

    def local() -> None:
        a = np.zeros(2)
        a += v

    def product() -> None:
        a = np.zeros(2)
        a @= v

    def cell() -> Any:
        a = np.zeros(2)
        a += v
        return lambda: a

    def attribute() -> None:
        holder = SimpleNamespace(a=np.zeros(2))
        holder.a += v

    def item() -> None:
        holder = {"a": np.zeros(2)}
        holder["a"] += v

    space = {"np": np, "v": v}
    name = compile("a = np.zeros(2)\na += v", "<measure>", "exec")
    outer = compile("def f():\n    global a\n    a = np.zeros(2)\n    a += v\nf()", "<measure>", "exec")
    for statement in (local, product, cell, attribute, item, lambda: exec(name, space, {}), lambda: exec(outer, dict(space))):
        statement()
    view = np.zeros(2).reshape(1, 2)        # np.zeros(6).reshape(2, 3) += v leaves nobody behind: no name has its base
    HELD["base"] = sys.getrefcount(view.base)


# ---- reduce, accumulate, reduceat: rows where they are, else folds along the axis, in NumPy's order

def _reduce(ufunc: Any, inputs: tuple[Any, ...], out: Any, kwargs: dict[str, Any]) -> Any:
    return _finished(ufunc, "reduce", out, _reduced(ufunc, *inputs, **kwargs))


def _reduced(ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False,
             initial: Any = np._NoValue, where: Any = True) -> Any:
    _check_binary(ufunc, "reduce")
    array = _typed(_operand(array), dtype)
    if _is_condition(ufunc) and ufunc not in FOLDED_BY_ROWS:
        more = {} if initial is np._NoValue else {"initial": values_of(initial)}
        return ufunc.reduce(values_of(array), axis=axis, keepdims=keepdims, where=values_of(where), **more)
    axes = _axes(array, axis)
    if ufunc not in REORDERABLE and len(axes) > 1:
        raise ValueError(f"reduction operation '{ufunc.__name__}' is not reorderable, so at most one axis may be specified")
    if not axes:            # axis=(): every element by itself
        return array if initial is np._NoValue else _computed(ufunc, (initial, array), {})
    identity = ufunc.identity if ufunc in REORDERABLE else None
    if initial is np._NoValue and where is not True and identity is None:
        raise ValueError(f"reduction operation '{ufunc.__name__}' does not have an identity, so to use a where mask one has to "
                         "specify 'initial'")
    if where is not True:
        where = where if isinstance(where, _Base) else np.asarray(where)
    row = FOLDED_BY_ROWS.get(ufunc)
    empty = any(array.shape[a] == 0 for a in axes)
    if row is not None and (not empty or ufunc in (np.add, np.multiply)):
        if where is not True:
            array = np.where(where, array, np.asarray(row.neutral(_dtype(array))).astype(_dtype(array)))
        result = row.reduce(array, axes, keepdims)
        if initial is not np._NoValue and initial is not None:
            result = _computed(ufunc, (initial, result), {})
        return result
    start = identity if initial is np._NoValue else initial
    if empty and start is None:
        raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
    shape = tuple(1 if i in axes else n for i, n in enumerate(array.shape))
    lines, marks = _lines(array, axes), None
    if where is not True:
        marks = _lines(np.broadcast_to(where, tuple(array.shape)), axes)
    if initial is np._NoValue and where is True and not empty:
        start = None        # NumPy begins with the first element
    result, first = (lines[0], 1) if start is None else (_full(lines, array, shape, axes, start), 0)
    for i in range(first, lines.shape[0]):
        step = _computed(ufunc, (result, lines[i]), {})
        result = step if marks is None else np.where(marks[i], step, result)
    return np.reshape(result, shape) if keepdims else result


def _check_binary(ufunc: Any, method: str) -> None:
    if ufunc.nin != 2 or ufunc.nout != 1:
        raise ValueError(f"{method} only supported for binary functions" if ufunc.nin != 2 else
                         f"{method} only supported for functions returning a single value")
    if ufunc.signature is not None:
        raise RuntimeError(f"Reduction not defined on ufunc with signature: {ufunc.__name__}.{method}")


def _typed(array: Any, dtype: Any) -> Any:
    array = array if isinstance(array, _Base) else np.asarray(array)
    return array if dtype is None else _cast(array, np.dtype(dtype))


def _axes(array: Any, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(array.ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if array.ndim == 0:
        axes = tuple(a for a in axes if a not in (0, -1))
    return tuple(sorted(np.lib.array_utils.normalize_axis_tuple(axes, array.ndim)))


def _lines(array: Any, axes: tuple[int, ...]) -> Any:
    """The elements with the axes to reduce as one, in front."""
    moved = np.moveaxis(array, axes, tuple(range(len(axes))))
    rest = tuple(moved.shape[len(axes):])
    return np.reshape(moved, (int(np.prod([array.shape[a] for a in axes])), *rest))


def _full(lines: Any, array: Any, shape: Any, axes: Any, start: Any) -> Any:
    rest = tuple(n for i, n in enumerate(array.shape) if i not in axes)
    if not isinstance(start, _Base):
        start = np.asarray(start).astype(_dtype(array)) if type(start) in (int, float, bool) else np.asarray(start)
        if isinstance(array, _Base):
            start = _v.constant_of(start, array)
    return np.broadcast_to(start, rest)


def _finished(ufunc: Any, method: str, out: Any, result: Any) -> Any:
    if out is None or out[0] is None:
        return result
    return write_out(out, result, _guidance.name_of(ufunc, method))


class _ByRow:
    """A fold that a function of NumPy computes at once: the function, what elements are that do not count."""

    def __init__(self, reduce: Any, neutral: Any):
        self.reduce, self.neutral = reduce, neutral


def _smallest(dtype: np.dtype[Any]) -> Any:
    return False if dtype.kind == "b" else -np.inf if dtype.kind in "fc" else np.iinfo(dtype).min


def _largest(dtype: np.dtype[Any]) -> Any:
    return True if dtype.kind == "b" else np.inf if dtype.kind in "fc" else np.iinfo(dtype).max


def _ignoring_nan(function: Any, neutral: float) -> Any:
    def reduce(array: Any, axes: Any, keepdims: Any) -> Any:
        if _dtype(array).kind not in "fc":
            return function(array, axis=axes, keepdims=keepdims)
        missing = np.isnan(array)
        result = function(np.where(missing, np.asarray(neutral).astype(_dtype(array)), array), axis=axes, keepdims=keepdims)
        return np.where(np.all(missing, axis=axes, keepdims=keepdims), np.asarray(np.nan).astype(_dtype(array)), result)
    return reduce


def _logsumexp(array: Any, axes: Any, keepdims: Any) -> Any:
    return OPS.logsumexp(array if isinstance(array, _Base) else _v.constant_of(array), axes, keepdims)


FOLDED_BY_ROWS = {
    np.add: _ByRow(lambda x, axes, keepdims: np.sum(x, axis=axes, keepdims=keepdims), lambda dtype: 0),
    np.multiply: _ByRow(lambda x, axes, keepdims: np.prod(x, axis=axes, keepdims=keepdims), lambda dtype: 1),
    np.maximum: _ByRow(lambda x, axes, keepdims: np.max(x, axis=axes, keepdims=keepdims), _smallest),
    np.minimum: _ByRow(lambda x, axes, keepdims: np.min(x, axis=axes, keepdims=keepdims), _largest),
    np.fmax: _ByRow(_ignoring_nan(np.max, -np.inf), _smallest),
    np.fmin: _ByRow(_ignoring_nan(np.min, np.inf), _largest),
    np.logaddexp: _ByRow(_logsumexp, _smallest),
    np.logical_and: _ByRow(lambda x, axes, keepdims: np.all(x, axis=axes, keepdims=keepdims), lambda dtype: 1),
    np.logical_or: _ByRow(lambda x, axes, keepdims: np.any(x, axis=axes, keepdims=keepdims), lambda dtype: 0),
}
#: Ufuncs whose order does not matter to NumPy, so that several axes may be reduced.
REORDERABLE = {*FOLDED_BY_ROWS, np.hypot, np.logaddexp2, np.logical_xor, np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.gcd,
               np.lcm}


def _accumulate(ufunc: Any, inputs: tuple[Any, ...], out: Any, kwargs: dict[str, Any]) -> Any:
    return _finished(ufunc, "accumulate", out, _accumulated(ufunc, *inputs, **kwargs))


def _accumulated(ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    _check_binary(ufunc, "accumulate")
    array = _typed(_operand(array), dtype)
    if array.ndim == 0:
        raise TypeError("cannot accumulate on a scalar")
    axis = np.lib.array_utils.normalize_axis_index(axis, array.ndim)
    if _is_condition(ufunc):
        return ufunc.accumulate(values_of(array), axis=axis)
    if ufunc is np.add:
        return np.cumsum(array, axis=axis)
    if ufunc is np.multiply:
        return np.cumprod(array, axis=axis)
    if ufunc in (np.maximum, np.minimum) and isinstance(array, _Base) and array.shape[axis]:
        return (OPS.cummax if ufunc is np.maximum else OPS.cummin)(array, axis)[0]
    if ufunc is np.logaddexp and isinstance(array, _Base) and _dtype(array).kind == "f":
        return OPS.logcumsumexp(array, axis)
    lines = np.moveaxis(array, axis, 0)
    if lines.shape[0] == 0:
        return array
    steps = [lines[0]]
    for i in range(1, lines.shape[0]):
        steps.append(_computed(ufunc, (steps[-1], lines[i]), {}))
    return np.moveaxis(np.stack(steps), 0, axis)


def _reduceat(ufunc: Any, inputs: tuple[Any, ...], out: Any, kwargs: dict[str, Any]) -> Any:
    return _finished(ufunc, "reduceat", out, _reduced_at(ufunc, *inputs, **kwargs))


def _reduced_at(ufunc: Any, array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    _check_binary(ufunc, "reduceat")
    array, indices = _typed(_operand(array), dtype), np.asarray(values_of(indices))
    axis = np.lib.array_utils.normalize_axis_index(axis, array.ndim)
    if _is_condition(ufunc):
        return ufunc.reduceat(values_of(array), indices, axis=axis)
    size, where = array.shape[axis], indices.tolist()
    for i in where:
        if not 0 <= i < size:
            raise IndexError(f"index {i} out-of-bounds in {ufunc.__name__}.reduceat [0, {size})")
    lines, parts = np.moveaxis(array, axis, 0), []
    for begin, end in zip(where, [*where[1:], size]):
        parts.append(_reduced(ufunc, lines[begin:end], 0) if begin < end else lines[begin])
    if not parts:
        return np.moveaxis(lines[:0], 0, axis)
    return np.moveaxis(np.stack(parts), 0, axis)


def _outer(ufunc: Any, inputs: tuple[Any, ...], out: Any, kwargs: dict[str, Any]) -> Any:
    _check_outer(ufunc)
    a, b = (v if isinstance(v, _Base) else np.asarray(v) for v in map(_operand, inputs))
    a = np.reshape(a, (*a.shape, *(1,) * b.ndim))
    return _call(ufunc, (a, b), out, kwargs)


def _check_outer(ufunc: Any) -> None:
    if ufunc.signature is not None:
        raise TypeError("method outer is not allowed in ufunc with non-trivial signature")
    if ufunc.nin != 2:
        raise ValueError("outer product only supported for binary functions")


# ---- at

def _at(ufunc: Any, inputs: tuple[Any, ...], out: Any, kwargs: dict[str, Any]) -> None:
    """``ufunc.at(a, indices, b)``: in place, once for each index, also where one comes several times."""
    array, indices, *rest = inputs
    if not isinstance(array, _Base):
        if _keeps(rest):
            raise TypeError(f"{_guidance.name_of(ufunc, 'at')}(array, indices, v) would lose the gradient: a plain array keeps "
                            "none. Give a Variable to write into, as np.zeros_like(v) and np.zeros(n, like=v) are")
        ufunc.at(array, *values_of((indices, *rest)))
        return
    if ufunc.nout != 1 or ufunc.signature is not None or ufunc.nin != len(rest) + 1:
        raise ValueError(f"{ufunc.__name__}.at() takes a ufunc of one result, of one operand without values or two with them")
    shape = tuple(array.shape)
    places = np.arange(int(np.prod(shape))).reshape(shape)[values_of(indices)]
    flat = np.asarray(places).ravel()
    values = None
    if rest:
        value = _operand(rest[0])
        value = value if isinstance(value, _Base) else np.asarray(value)
        if np.broadcast_shapes(tuple(value.shape), np.shape(places)) != np.shape(places):
            raise ValueError("array is not broadcastable to correct shape")
        values = np.reshape(np.broadcast_to(value, np.shape(places)), (-1,))
    kinds = (_dtype(array),) if values is None else (_dtype(array), type(rest[0]) if type(rest[0]) in (int, float, complex)
                                                     else _dtype(values))
    made = ufunc.resolve_dtypes((*kinds, None))[-1]
    if not np.can_cast(made, _dtype(array), "same_kind"):
        raise TypeError(f"Cannot cast ufunc '{ufunc.__name__}' output from {made!r} to {_dtype(array)!r} with casting rule "
                        "'same_kind'")
    if not flat.size:
        return
    order, turn = _turns(flat)
    rounds = int(turn.max()) + 1
    if rounds > 1 and values is not None and ufunc in (np.add, np.subtract) and shape:
        # a histogram's: thousands of indices of one place are one op, and not as many rounds
        terms = _cast(values, _dtype(array))
        terms = terms if isinstance(terms, _Base) else _v.constant_of(terms, array)
        places = tuple(_v.constant_of(place, array) for place in np.unravel_index(flat, shape))
        _Base.index_put_(array, places, terms if ufunc is np.add else -terms, True)
        return
    for i in range(rounds):
        chosen = np.sort(order[turn == i])
        at = np.unravel_index(flat[chosen], shape) if shape else ...
        now = array[at]
        operands = (now,) if values is None else (now, np.reshape(values[chosen], tuple(now.shape)))
        array[at] = _cast(_computed(ufunc, operands, {}), _dtype(array))


def _turns(flat: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The indices in the order of their places, and for each how many of its place come before it."""
    order = np.argsort(flat, kind="stable")
    places = flat[order]
    begins = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
    return order, np.arange(flat.size) - np.repeat(begins, np.diff(np.append(begins, flat.size)))


METHODS: dict[str, Any] = {"__call__": _call, "reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat,
                           "outer": _outer, "at": _at}
OPS.run_ufunc = run_ufunc
_measure()
