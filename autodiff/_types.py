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

    @property
    def is_signed(self) -> bool:
        """Whether it has numbers below 0."""
        return self.dtype.kind in "ifc"

    def to_complex(self) -> dtype:
        """The complex dtype of the same precision; TypeError for float16, integers and bool.

        >>> float64 = dtype_of(np.dtype("float64"))
        >>> float64.to_complex()
        autodiff.complex128
        """
        if self.name not in ("float32", "float64", "complex64", "complex128"):
            raise TypeError(f"{self.name} has no complex dtype of its precision in autodiff: use complex64 or complex128")
        return DTYPES[np.dtype("complex128" if self.name in ("float64", "complex128") else "complex64")]

    def to_real(self) -> dtype:
        """The dtype of the real part; itself if not complex."""
        return DTYPES[np.dtype("float64" if self.name == "complex128" else "float32")] if self.is_complex else self


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


#: dtypes of PyTorch that autodiff lacks, and what to use instead
UNSUPPORTED = {"bfloat16": "NumPy has none; use float32, or float16 to save memory",
               "complex32": "NumPy has none; use complex64", "chalf": "NumPy has none; use complex64"}


def is_dtype_name(name: str) -> bool:
    """Whether a string names a dtype of autodiff, one that it lacks, or an alias of one."""
    return name in NAMES or name in ALIASES or name in UNSUPPORTED


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
    if isinstance(given, str) and given in ALIASES:
        given = ALIASES[given]
    if isinstance(given, str) and given in UNSUPPORTED:
        raise TypeError(f"dtype {given} does not exist in autodiff: {UNSUPPORTED[given]}")
    try:
        result = np.dtype(given)
    except (TypeError, ValueError, LookupError, SyntaxError):       # NumPy reads dicts, lists and texts of many kinds
        result = None
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


class memory_format:
    """How elements lie in memory, where PyTorch's functions ask; only what keeps their order exists here.

    >>> contiguous_format
    autodiff.contiguous_format
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"autodiff.{self.name}"

    def __reduce__(self):
        return self.name                    # pickled as the one of its name


class layout(memory_format):
    """How elements are stored: strided, all of them at regular distances.

    >>> strided
    autodiff.strided
    """

    __slots__ = ()


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
strided = layout("strided")


def check_format(given: Any) -> None:
    """Raise for a memory_format that does not exist here."""
    if given is not None and given is not contiguous_format and given is not preserve_format:
        raise TypeError(f"memory_format {given!r} does not exist in autodiff: elements lie in the order of the dimensions; "
                        "permute them")


class _Info:
    """What finfo and iinfo share: they compare by dtype."""

    dtype: str

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.dtype == getattr(other, "dtype", None)

    def __hash__(self) -> int:
        return hash((type(self), self.dtype))


class finfo(_Info):
    """Limits of a floating dtype, or of the parts of a complex one; of the default dtype if none is given.

    Raises TypeError for another dtype.

    >>> finfo(np.float16).max, finfo(np.float32).bits
    (65504.0, 32)
    """

    default: np.dtype[Any] = np.dtype(np.float64)       # of Python floats; follows set_default_dtype

    def __init__(self, type: Any = None) -> None:
        given = self.default if type is None else to_numpy_dtype(type)
        if given.kind not in "fc":
            raise TypeError(f"autodiff.finfo() requires a floating point input type. Use autodiff.iinfo to handle '{given}'")
        info = np.finfo(given)
        self.dtype = info.dtype.name
        self.bits = info.bits
        self.eps, self.max, self.min, self.tiny, self.smallest_normal = (
            float(value) for value in (info.eps, info.max, info.min, info.tiny, info.smallest_normal))
        self.resolution = 10.0 ** -info.precision

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"


class iinfo(_Info):
    """Limits of an integer dtype.

    Raises TypeError for another dtype.

    >>> iinfo(np.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    def __init__(self, type: Any) -> None:
        given = to_numpy_dtype(type)
        if given.kind == "b":
            raise TypeError("autodiff.bool is not supported by autodiff.iinfo")
        if given.kind not in "iu":
            raise TypeError(f"autodiff.iinfo() requires an integer input type. Use autodiff.finfo to handle '{given}'")
        info = np.iinfo(given)
        self.dtype, self.bits, self.min, self.max = given.name, info.bits, int(info.min), int(info.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def promote_types(type1: Any, type2: Any) -> Any:
    """The smallest dtype that holds both, an integer and a float making that float.

    >>> promote_types(np.int64, np.float16)
    autodiff.float16
    """
    a, b = to_numpy_dtype(type1), to_numpy_dtype(type2)
    if a.kind in "fc" and b.kind in "biu":
        return dtype_of(a)
    if b.kind in "fc" and a.kind in "biu":
        return dtype_of(b)
    return dtype_of(np.promote_types(a, b))


def can_cast(from_: Any, to: Any) -> bool:
    """Whether an in-place op may write a result of one dtype into another: never from complex to real, from a float to an
    integer, or to bool.

    >>> can_cast(np.float64, np.float32), can_cast(np.float32, np.int64)
    (True, False)
    """
    ranks = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
    return ranks[to_numpy_dtype(from_).kind] <= ranks[to_numpy_dtype(to).kind]
