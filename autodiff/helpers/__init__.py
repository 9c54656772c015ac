"""Formulas too long for a row of rules/, by family.

A helper imports nothing but its neighbours.  A ``*_value`` helper of a structural row receives NumPy and plain arrays
and returns a plain array; a helper of a derivative receives the namespace of recorded ops (``ops``) and Variables, so
that its own derivatives follow; under ``no_grad`` the same text computes values alone.  The helper of a composite row
receives that namespace and the arguments of the call.  A *front* reads the arguments of a call, checks them, and
applies the structural op: it receives ``ops``, the row's name, operands and parameters.

What ``ops`` has besides the functions of all rows stands at the head of ``_ops.py.tp``.
"""
import contextlib
from importlib import import_module

#: The families, those of the commonest ops first.
FAMILIES = ("common", "shapes", "reductions", "linear", "elementwise", "types", "indexing", "searching", "fourier",
            "special", "solving", "spectral", "drawing", "layers", "convolving")
_ahead = list(FAMILIES)


def __getattr__(name):
    """A helper by its name.  Families are imported until one has it: all of them would be an eighth of autodiff's import."""
    if not name.startswith("__"):
        for family in tuple(_ahead):
            found = vars(import_module(f"{__name__}.{family}"))
            globals().update((word, value) for word, value in found.items() if not word.startswith("_"))
            with contextlib.suppress(ValueError):       # another thread may have been at the same one
                _ahead.remove(family)
            if name in globals():
                return globals()[name]
        if name in globals():           # another thread imported it meanwhile
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
