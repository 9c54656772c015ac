"""Memory-mapped files in blocks of rows, which travel as a path and an offset and are opened where they are used."""
from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .._pytree import Treedef, flatten

__all__ = ["Blocks", "blocks"]


def _head(path: str, length: int) -> bytes:
    """What an .npy file says of its array before the array begins; nothing of other files.

    Source: numpy.lib.format, whose heads have their own length at byte 8, in two bytes, or four from version 2 on.
    """
    with open(path, "rb") as file:
        head = file.read(length)
    if not head.startswith(b"\x93NUMPY"):
        return b""
    width = 2 if head[6:7] == b"\x01" else 4
    return head[:8 + width + int.from_bytes(head[8:8 + width], "little")]


class _Rows:
    """The rows of an array in a file: where they are, not what they are."""

    __slots__ = ("count", "dtype", "head", "offset", "path", "rest")

    def __init__(self, array: Any) -> None:
        self.path = os.path.abspath(os.fspath(array.filename))
        # A view keeps the offset of the array that it was taken of: addresses say where it begins.
        mapped = np.frombuffer(array._mmap, np.uint8)
        start = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
        self.offset = start + array.__array_interface__["data"][0] - mapped.__array_interface__["data"][0]
        self.dtype, self.count, self.rest = array.dtype, array.shape[0], array.shape[1:]
        self.head = _head(self.path, array.offset)

    def opened(self, first: int, end: int) -> np.ndarray:
        width = self.dtype.itemsize * int(np.prod(self.rest, dtype=np.int64))
        if not (end - first) * width:       # a map of no bytes cannot be made
            return np.empty((end - first, *self.rest), self.dtype)
        # Its bytes would be taken for numbers of the old type.
        if self.head and _head(self.path, len(self.head)) != self.head:
            raise ValueError(f"blocks: {self.path} has been written anew, as an array of another type or shape: call blocks() "
                             "again")
        return np.asarray(np.memmap(self.path, self.dtype, "r", self.offset + first * width, (end - first, *self.rest)))

    def key(self) -> tuple[Any, ...]:
        return self.path, str(self.dtype), self.offset, self.count, self.rest, self.head


class Blocks(Sequence[Any]):
    """What blocks() makes: a sequence of shards, each of which is opened when it is asked for.

    It pickles as paths, offsets and shapes.  `rows` is the number of rows of a block, of which the last may have fewer.
    """

    def __init__(self, files: list[_Rows], tree: Treedef, rows: int) -> None:
        self._files, self._tree, self.rows = files, tree, rows

    def __len__(self) -> int:
        return -(-self._files[0].count // self.rows)

    def __getitem__(self, place: Any) -> Any:
        place = range(len(self))[place]
        if isinstance(place, range):
            raise TypeError("blocks are asked for one by one, not by a slice: they would all be opened")
        first, end = place * self.rows, min((place + 1) * self.rows, self._files[0].count)
        return self._tree.unflatten([file.opened(first, end) for file in self._files])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Blocks) and self.rows == other.rows and self._tree == other._tree
                and [f.key() for f in self._files] == [f.key() for f in other._files])

    def __hash__(self) -> int:
        return hash((self.rows, *(file.path for file in self._files)))

    def __repr__(self) -> str:
        paths = ", ".join(dict.fromkeys(os.path.basename(file.path) for file in self._files))
        return f"<{len(self)} blocks of {self.rows} rows of {paths}>"


def _mapped(value: Any) -> Any:
    if isinstance(value, (str, os.PathLike)):
        value = np.load(value, mmap_mode="r")
    if not isinstance(value, np.memmap) or value.filename is None:
        raise TypeError("blocks: expected memory-mapped arrays (np.memmap, np.load(path, mmap_mode='r')) or paths of .npy "
                        f"files, but got {type(value).__name__}")
    if value.mode == "c":
        raise ValueError("blocks: the array is mapped with mode 'c', so that what was written to it is in this process and not "
                         "in the file; map it with 'r'")
    if value.ndim == 0 or not value.flags.c_contiguous:
        raise ValueError("blocks: the rows of a block must lie one after another in the file, but those of an array of shape "
                         f"{value.shape} and strides {value.strides} do not")
    return value


def blocks(arrays: Any, rows: int) -> Blocks:
    """Memory-mapped arrays as shards of `rows` rows each, which any process on the machine opens by itself.

    arrays: an np.memmap (also np.load(path, mmap_mode="r") and slices of it along axis 0), the path of an .npy file, or a
    tuple, list or dict of such, all of the same length; a shard is the same tree of plain read-only arrays.  Nothing is read
    before it is used, and what was used is unmapped with the block, so that a walk over a file needs the memory of one block,
    here and on workers.  Raises TypeError for an array in memory, ValueError for other layouts, lengths that differ or
    rows < 1; of blocks FileNotFoundError where a worker has no such file, ValueError where it was written anew with another
    type or shape (another content is read as it is).

    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from autodiff.distributed import blocks
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "x.npy"
    >>> np.save(path, np.arange(10.0).reshape(5, 2))
    >>> parts = blocks(path, rows=2)
    >>> len(parts), parts[2]
    (3, array([[8., 9.]]))
    >>> folder.cleanup()
    """
    if not isinstance(rows, (int, np.integer)) or isinstance(rows, bool):
        raise TypeError(f"blocks: rows is a number of rows, not {type(rows).__name__}")
    if rows < 1:
        raise ValueError(f"blocks: rows is at least 1, not {rows}")
    leaves, tree = flatten(arrays)
    files = [_Rows(_mapped(leaf)) for leaf in leaves]
    if not files:
        raise ValueError("blocks: no arrays")
    lengths = [file.count for file in files]
    if len(set(lengths)) > 1:
        raise ValueError(f"blocks: the arrays have different numbers of rows: {', '.join(map(str, lengths))}")
    if not lengths[0]:
        raise ValueError("blocks: the arrays have no rows")
    return Blocks(files, tree, int(rows))
