"""NumPy, differentiable: its whole namespace, and the type of arrays with its methods on the storage and graph of Tensors.

`import autodiff.numpy as np` in the place of `import numpy as np`: functions meet Variables wherever they stand, in lists and
object arrays too, and what makes arrays (`array`, `zeros`, `full`, `arange`, ...) makes ones that Variables can be written
into.  Functions of plain arrays alone are NumPy's own.
"""
from __future__ import annotations

import sys as _sys
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING, Any

from .._variable import ndarray as ndarray
from . import _methods  # noqa: F401

if TYPE_CHECKING:
    from .._variable import _DType

# All else is NumPy's and found when it is asked for: a program that does not ask starts no later for it.


def array(object: Any, dtype: _DType | None = None, requires_grad: bool = False, *, copy: bool | None = True, order: str = "K",
          subok: bool = False, ndmin: int = 0, ndmax: int = 0, like: Any = None) -> ndarray:
    """An array of a copy of object: of numbers, arrays and Variables, in lists of lists; what is recorded stays recorded.

    What no Variable can hold (text, objects, dates, records) becomes an array of NumPy's.  requires_grad: make it a leaf.
    The others are numpy.array's: https://numpy.org/doc/stable/reference/generated/numpy.array.html

    >>> import autodiff.numpy as np
    >>> t = np.array(0.5, requires_grad=True)
    >>> rotation = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    >>> rotation[1, 0].backward()
    >>> t.grad
    array(0.87758256)
    """
    from ._mirror import array

    return array(object, dtype, requires_grad, copy=copy, order=order, subok=subok, ndmin=ndmin, ndmax=ndmax, like=like)


def asarray(a: Any, dtype: _DType | None = None, order: str | None = None, *, device: str | None = None,
            copy: bool | None = None, like: Any = None) -> ndarray:
    """The same without a copy where that is possible: a Variable is itself, an array shares its memory.

    https://numpy.org/doc/stable/reference/generated/numpy.asarray.html
    """
    from ._mirror import asarray

    return asarray(a, dtype, order, device=device, copy=copy, like=like)


def _submodule(name: str) -> _ModuleType:
    """`autodiff.numpy.linalg` and the like, which need no file: `import autodiff.numpy.linalg` finds them here."""
    module = _ModuleType(f"{__name__}.{name}", f"numpy.{name}, whose functions take Variables wherever they stand.")

    def found(attribute: str) -> Any:
        if attribute.startswith("__") and attribute != "__all__":
            raise AttributeError(f"module '{module.__name__}' has no attribute '{attribute}'")
        from ._mirror import of_submodule

        value = of_submodule(name, attribute)
        setattr(module, attribute, value)
        return value

    def names() -> list[str]:
        from ._mirror import names_of

        return names_of(name)

    module.__dict__.update(__getattr__=found, __dir__=names)
    _sys.modules[module.__name__] = module
    return module


linalg, fft, random, testing, polynomial, lib, emath = map(
    _submodule, ("linalg", "fft", "random", "testing", "polynomial", "lib", "emath"))


def __getattr__(name: str) -> Any:
    if name.startswith("_") and name not in ("__all__", "__version__", "__array_namespace_info__"):
        raise AttributeError(f"module 'autodiff.numpy' has no attribute '{name}'")
    from ._mirror import of_numpy

    value = globals()[name] = of_numpy(name)
    return value


def __dir__() -> list[str]:
    from ._mirror import names_of

    return sorted({*globals(), *(name for name in names_of("") if not name.startswith("_"))})
