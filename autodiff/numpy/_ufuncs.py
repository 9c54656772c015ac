"""NumPy's universal functions of Variables, called otherwise than with operands alone: ``out=``, ``where=``, ``dtype=``,
``reduce``, ``accumulate``, ``reduceat``, ``outer`` and ``at``, and with object arrays that hold Variables."""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import _guidance
from .. import _variable as _v
from .._variable import OPS, Tensor, ndarray

_Base: Any = Tensor.__base__


def run_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``__array_ufunc__`` answers where it is not a row applied to operands."""
    if not isinstance(ufunc, np.ufunc):
        raise TypeError(f"__array_ufunc__(): argument 'ufunc' must be a ufunc of NumPy, not {type(ufunc).__name__}")
    answer = OPS.answer(ufunc)
    if method != "__call__" or answer is None:
        return _without_rule(ufunc, method, inputs, kwargs)
    out = kwargs.pop("out", None)
    if out is not None and len(out) == 1 and isinstance(out[0], np.ndarray) and not kwargs:
        if not any(_v.records(v) for v in inputs):
            # arr -= t with nothing to record: written into the array, as NumPy would
            return ufunc(*[_v.plain_of(v) if isinstance(v, _Base) else v for v in inputs], out=out)
    if kwargs or (out is not None and not (len(out) == 1 and isinstance(out[0], np.ndarray) and inputs[0] is out[0])):
        raise NotImplementedError(f"np.{ufunc.__name__} of a Variable takes no keyword arguments; autodiff has no derivative "
                                  "for out= and where=")
    return answer[1](*[OPS.lifted(v) for v in inputs])


def _without_rule(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc that has no row, or is run otherwise than on elements: on values alone it is NumPy's."""
    lossy = [v for v in inputs if _v.OF_VARIABLES[1](v)]
    written = kwargs.get("out") is not None or method == "at"
    if not lossy and not written:
        return getattr(ufunc, method)(*[_v.readable(v) if isinstance(v, _Base) else v for v in inputs],
                                      **{k: _v.readable(v) if isinstance(v, _Base) else v for k, v in kwargs.items()})
    name = _guidance.name_of(ufunc, method)
    if not lossy:
        raise NotImplementedError(f"{name} writes into arrays, not into Variables: write what it returns by x[:] = ... or "
                                  "x.copy_(...)")
    _guidance.note(NotImplementedError)
    raise NotImplementedError(_guidance.lost_by(name, type(lossy[0]) is ndarray))


OPS.run_ufunc = run_ufunc
