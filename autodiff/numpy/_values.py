"""What has no derivative, and what cannot be done: the two lists that say so of NumPy's functions in general.

Families name their own questions and positions where their composites are.
"""
from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .. import _variable as _module
from ._dispatch import composite, of_shapes, of_values, values_of

_v: Any = _module

# ---- questions, whose answers are bools

of_values("array_equal", "array_equiv", "allclose", "shares_memory", "may_share_memory", "is_busday")


@composite("isclose")
def isclose(a: Any, b: Any, rtol: Any = 1.0e-5, atol: Any = 1.0e-8, equal_nan: bool = False) -> Any:
    if not any(_v.physical_of(v) for v in (a, b, rtol, atol)):
        return np.isclose(values_of(a), values_of(b), values_of(rtol), values_of(atol), equal_nan)
    # of samples, whose values are not to be read
    near = np.less_equal(np.abs(a - b), atol + rtol * np.abs(b)) & np.isfinite(b) | np.equal(a, b)
    return near | np.isnan(a) & np.isnan(b) if equal_nan else near


# ---- dtypes: of shapes and dtypes alone, so that they are answered under vmap too

of_shapes("result_type", "can_cast", "common_type")
of_values("min_scalar_type")

# ---- texts and files

of_values("array2string", "array_repr", "array_str", "datetime_as_string", "save", "savez", "savez_compressed", "savetxt")

# ---- integers: bits and days

of_values("packbits", "unpackbits", "busday_count", "busday_offset")
of_values("bitwise_count", "isnat")


def _of_module(module: Any) -> list[str]:
    # NumPy 2.5 warns where chararray and its makers are so much as asked for.
    return [name for name in module.__all__ if name not in ("array", "asarray", "chararray")
            and inspect.isroutine(getattr(module, name))]


# Functions of texts take numbers beside them, as widths and counts.
for _texts in ("strings", "char"):
    of_values(*[f"{_texts}.{_name}" for _name in _of_module(getattr(np, _texts))])
