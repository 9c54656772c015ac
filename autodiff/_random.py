"""Generators of random numbers, which are NumPy's."""
from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _variable as _v
from ._core import count_forks
from ._types import device as _device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._variable import Base, Tensor, _Device

__all__ = ["Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed",
           "set_rng_state"]

_Base: Any = _v.Tensor.__base__

#: The seed of a generator that was given none, as PyTorch's.
FIRST_SEED = 67280421310721
#: A state is this, the seed, and what NumPy's PCG64 holds: two numbers of 128 bits, and half of a drawn word.
MAGIC = b"autodiff PCG64 1"
SIZE = len(MAGIC) + 8 + 16 + 16 + 1 + 4


def _seed(seed, name):
    number = _v.integer_given(seed, name, "seed")       # NumPy would walk into lists
    if not -2**63 <= number < 2**64:
        raise ValueError(f"{name}(): a seed has 64 bits, from -2**63 to 2**64 - 1, but got {number}")
    return number % 2**64


class Generator:
    """A source of random numbers of its own, for the generator= of rand, randn, randint and their like.

    device: 'cpu'; another raises RuntimeError.  The numbers are NumPy's (PCG64), not PyTorch's; those of one seed are always
    the same.  A generator can be copied and pickled, with its place among its numbers.  A forked child has its parent's
    generators, and draws the numbers that the parent draws next, as with NumPy and PyTorch: seed() or manual_seed() it.
    As https://pytorch.org/docs/stable/generated/torch.Generator.html

    >>> import autodiff
    >>> g = autodiff.Generator().manual_seed(0); a = autodiff.rand(2, generator=g)
    >>> autodiff.equal(a, autodiff.rand(2, generator=g.manual_seed(0)))
    True
    """

    # numpy.random is imported when numbers are drawn: that costs 10 ms, half of what the rest of an import does.
    __slots__ = ("__weakref__", "_forks", "_initial", "_numpy")

    def __init__(self, device: _Device = "cpu") -> None:
        _device(device)
        self._initial: int | None = FIRST_SEED
        self._numpy: Any = None
        self._forks = 0

    @property
    def device(self) -> _device:
        """device(type='cpu')."""
        return _device("cpu")

    def manual_seed(self, seed: int) -> Generator:
        """Start anew from a seed, an int of 64 bits; returns the generator.

        Raises TypeError for what is no int, ValueError for one of more bits.

        >>> import autodiff
        >>> autodiff.Generator().manual_seed(3).initial_seed()
        3
        """
        self._initial, self._numpy = _seed(seed, "manual_seed"), None
        return self

    def initial_seed(self) -> int:
        """The seed that the numbers started from.

        >>> import autodiff
        >>> autodiff.Generator().initial_seed()
        67280421310721
        """
        if self._initial is None:
            self.seed()
        return self._initial        # type: ignore[return-value]

    def seed(self) -> int:
        """Start anew from a seed that nobody can know beforehand, and return it.

        >>> import autodiff
        >>> g = autodiff.Generator()
        >>> g.seed() == g.initial_seed()
        True
        """
        import os

        self._initial, self._numpy = int.from_bytes(os.urandom(8), "little"), None
        return self._initial

    def numbers(self) -> np.random.Generator:
        """NumPy's generator behind this one.

        >>> import autodiff
        >>> type(autodiff.Generator().numbers()).__module__
        'numpy.random._generator'
        """
        if self._numpy is None:
            self._numpy = np.random.Generator(np.random.PCG64(self.initial_seed()))
        if self._forks != count_forks():
            self._forks = count_forks()
            source = self._numpy.bit_generator
            if source.lock.acquire(blocking=False):
                source.lock.release()
            else:       # of a thread of the parent that drew when it forked: nobody would give it back
                own = np.random.PCG64(0)
                own.state = source.state
                self._numpy = np.random.Generator(own)
        return self._numpy

    def get_state(self) -> Tensor:
        """Where it stands among its numbers, as a Tensor of bytes for set_state().

        >>> import autodiff
        >>> autodiff.Generator().get_state().dtype
        autodiff.uint8
        """
        held = self.numbers().bit_generator.state
        words = [(self.initial_seed(), 8), (held["state"]["state"], 16), (held["state"]["inc"], 16), (held["has_uint32"], 1),
                 (held["uinteger"], 4)]
        data = MAGIC + b"".join(number.to_bytes(size, "little") for number, size in words)
        return _v.from_numpy(np.frombuffer(data, np.uint8).copy())

    def set_state(self, new_state: Base) -> Generator:
        """Go on from where another stood.

        new_state: what get_state() returned.  Raises TypeError for what is no Tensor of bytes, RuntimeError for bytes that
        are no state; the generator then stays as it was.

        >>> import autodiff
        >>> g = autodiff.Generator(); state = g.get_state(); a = autodiff.rand(2, generator=g)
        >>> _ = g.set_state(state)
        >>> autodiff.equal(a, autodiff.rand(2, generator=g))
        True
        """
        array = _v.plain_of(new_state) if isinstance(new_state, _Base) else None
        if array is None:
            raise TypeError(f"expected a autodiff.ByteTensor, but got {type(new_state).__name__}")
        if array.dtype != np.uint8:
            raise TypeError(f"RNG state must be a autodiff.ByteTensor, not one of {array.dtype}")
        data = array.tobytes()
        if len(data) != SIZE or not data.startswith(MAGIC):
            raise RuntimeError(f"Expected a state of {SIZE} bytes from Generator.get_state() but found the input RNG state "
                               f"size to be {len(data)}{', and other bytes' if len(data) == SIZE else ''}")
        place, found = len(MAGIC), []
        for size in (8, 16, 16, 1, 4):
            found.append(int.from_bytes(data[place:place + size], "little"))
            place += size
        if found[3] > 1 or found[2] % 2 == 0:
            raise RuntimeError("Expected a state from Generator.get_state(), but these bytes are none")
        source = np.random.PCG64(0)
        source.state = {"bit_generator": "PCG64", "state": {"state": found[1], "inc": found[2]}, "has_uint32": found[3],
                        "uinteger": found[4]}
        self._initial, self._numpy = found[0], np.random.Generator(source)
        return self

    def __repr__(self) -> str:
        return "<autodiff.Generator>"

    def __reduce__(self) -> Any:
        return _restored, (self.get_state(),)


Generator.__module__ = "autodiff"


def _restored(state):
    return Generator().set_state(state)


#: What rand() and its like draw from, started from a seed that nobody knows.
DEFAULT = Generator()
DEFAULT._initial = None


#: The same by PyTorch's name.
default_generator = DEFAULT


def manual_seed(seed: int | None) -> Generator:
    """Seed the generator of random Tensors and return it.  The numbers are NumPy's, not PyTorch's.

    seed: an int of 64 bits; None takes one that nobody knows.  Raises TypeError for what is no int, ValueError for one of
    more bits.

    >>> import autodiff
    >>> _ = autodiff.manual_seed(0); a = autodiff.rand(2)
    >>> _ = autodiff.manual_seed(0); autodiff.equal(a, autodiff.rand(2))
    True
    """
    if seed is None:
        DEFAULT.seed()
        return DEFAULT
    return DEFAULT.manual_seed(seed)


def seed() -> int:
    """Seed the generator of random Tensors by a number that nobody can know beforehand, and return it.

    >>> import autodiff
    >>> autodiff.seed() == autodiff.initial_seed()
    True
    """
    return DEFAULT.seed()


def initial_seed() -> int:
    """The seed that the generator of random Tensors started from.

    >>> import autodiff
    >>> _ = autodiff.manual_seed(3); autodiff.initial_seed()
    3
    """
    return DEFAULT.initial_seed()


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """A block after which the generator of random Tensors stands where it stood before.

    devices: of other devices than the CPU, of which there are none.  enabled: False lets the block be no such block.
    As https://pytorch.org/docs/stable/random.html

    >>> import autodiff
    >>> _ = autodiff.manual_seed(0)
    >>> with autodiff.random.fork_rng():
    ...     a = autodiff.rand(2)
    >>> autodiff.equal(a, autodiff.rand(2))
    True
    """
    if not enabled:
        yield
        return
    state = DEFAULT.get_state()
    try:
        yield
    finally:
        DEFAULT.set_state(state)


def get_rng_state() -> Tensor:
    """Where the generator of random Tensors stands, as a Tensor of bytes for set_rng_state().

    >>> import autodiff
    >>> state = autodiff.get_rng_state(); a = autodiff.rand(2)
    >>> autodiff.set_rng_state(state); autodiff.equal(a, autodiff.rand(2))
    True
    """
    return DEFAULT.get_state()


def set_rng_state(new_state: Base) -> None:
    """Let the generator of random Tensors go on from where it stood at get_rng_state().

    Raises TypeError for what is no Tensor of bytes, RuntimeError for bytes that are no state.

    >>> import autodiff
    >>> autodiff.set_rng_state(autodiff.get_rng_state())
    """
    DEFAULT.set_state(new_state)


def drawn_from(generator, name):
    """NumPy's generator of what a call was given as generator=; the default for None."""
    if generator is None:
        return DEFAULT.numbers()
    if isinstance(generator, Generator):
        return generator.numbers()
    if isinstance(generator, np.random.Generator):
        return generator
    raise TypeError(f"{name}(): argument 'generator' must be Generator, not {type(generator).__name__}")
