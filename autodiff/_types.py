"""dtype, Size, device: the small types that a Tensor's attributes have in PyTorch.  Imports NumPy only."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


class dtype:
    """A dtype by PyTorch's name; NumPy accepts it wherever it takes a dtype, and it equals NumPy's own.

    >>> import numpy as np, autodiff
    >>> autodiff.float32 == np.float32, np.zeros(2, autodiff.float32).dtype
    (True, dtype('float32'))
    """

    __slots__ = ("dtype", "is_complex", "is_floating_point", "itemsize", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype: np.dtype[Any] = np.dtype(name)
        self.is_floating_point = self.dtype.kind == "f"
        self.is_complex = self.dtype.kind == "c"
        self.itemsize = self.dtype.itemsize

    def __repr__(self) -> str:
        return f"autodiff.{self.name}"

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, dtype):
            return self.dtype == other.dtype
        try:
            return self.dtype == np.dtype(other)
        except TypeError:
            return NotImplemented

    def __reduce__(self):
        return _dtype_named, (self.name,)


NAMES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128")
DTYPES: dict[np.dtype[Any], dtype] = {np.dtype(name): dtype(name) for name in NAMES}
#: C's names, which PyTorch takes too
ALIASES = {"half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32",
           "long": "int64", "cfloat": "complex64", "cdouble": "complex128"}
#: how error messages call a tensor of a dtype
TENSOR_NAMES = {"float64": "DoubleTensor", "float32": "FloatTensor", "float16": "HalfTensor", "int64": "LongTensor",
                "int32": "IntTensor", "int16": "ShortTensor", "int8": "CharTensor", "uint8": "ByteTensor",
                "bool": "BoolTensor", "complex64": "ComplexFloatTensor", "complex128": "ComplexDoubleTensor"}
#: how error messages call a dtype
SCALAR_NAMES = {"float64": "Double", "float32": "Float", "float16": "Half", "int64": "Long", "int32": "Int",
                "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool", "complex64": "ComplexFloat",
                "complex128": "ComplexDouble"}


def _dtype_named(name):
    return DTYPES[np.dtype(name)]


def dtype_of(numpy_dtype: np.dtype[Any]) -> Any:
    """autodiff's dtype of a NumPy dtype, or the NumPy dtype itself where PyTorch has no name for it."""
    return DTYPES.get(numpy_dtype, numpy_dtype)


def to_numpy_dtype(given: Any) -> np.dtype[Any]:
    """The NumPy dtype that a user's `dtype=` means: autodiff's, NumPy's, or Python's float, int, bool, complex."""
    if isinstance(given, dtype):
        return given.dtype
    given = getattr(given, "tensor_dtype", given)      # the old way to name one: FloatTensor
    result = np.dtype(given)
    if result not in DTYPES:
        raise TypeError(f"dtype {given!r} is not supported; use one of {', '.join(NAMES)}")
    return result


class Size(tuple[int, ...]):
    """The shape of a Tensor: a tuple that prints as PyTorch's Size.

    >>> Size((2, 3)), Size((2, 3)).numel()
    (autodiff.Size([2, 3]), 6)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"autodiff.Size({list(self)})"

    def numel(self) -> int:
        """The number of elements."""
        count = 1
        for n in self:
            count *= n
        return count

    def __add__(self, other: Iterable[Any]) -> Size:  # type: ignore[override]
        return Size(tuple(self) + tuple(other))

    def __getitem__(self, index: Any) -> Any:
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item


class device:
    """Where a Tensor lives; there is only the CPU.

    >>> device("cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    def __init__(self, type: str | device = "cpu", index: int | None = None) -> None:
        if isinstance(type, device):
            type = type.type
        name = str(type).split(":")[0]
        if name != "cpu":
            raise RuntimeError(f"device '{type}' is not available: autodiff computes on the CPU; use device='cpu'")
        self.type, self.index = "cpu", None

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __eq__(self, other):
        return isinstance(other, device)

    def __hash__(self):
        return hash("cpu")

    def __str__(self):
        return "cpu"


class Returned(tuple[Any, ...]):
    """What an op with several results returns: a tuple whose entries have names, printed as PyTorch's return_types."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def __repr__(self) -> str:
        shown = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
        return f"autodiff.return_types.{type(self).__name__}(\n{shown})"

    def __reduce__(self):
        return returned, (type(self).__name__, self._fields, tuple(self))


#: The types of such results, by the op's name; public as autodiff.return_types.
RETURN_TYPES: dict[str, type[Returned]] = {}


def returned(name: str, fields: tuple[str, ...], values: Any) -> Any:
    """The results of an op under their names; what is no tuple is the one result of an overload, and handed back.

    >>> pair = returned("sort", ("values", "indices"), ([1, 2], [1, 0]))
    >>> pair.indices, pair[0]
    ([1, 0], [1, 2])
    """
    return return_type(name, fields)(values) if isinstance(values, tuple) else values


def return_type(name: str, fields: tuple[str, ...]) -> type[Returned]:
    """The type of an op's results, made once."""
    kind = RETURN_TYPES.get(name)
    if kind is None:
        body = {field: property(lambda self, i=i: tuple.__getitem__(self, i), doc=f"Entry {i}.")
                for i, field in enumerate(fields)}
        kind = RETURN_TYPES[name] = type(name, (Returned,), {
            **body, "__slots__": (), "_fields": fields, "__module__": "autodiff.return_types",
            "__doc__": f"The results of {name}: ({', '.join(fields)})."})
    return kind
