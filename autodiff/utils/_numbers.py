"""Where random numbers stand, taken down and set again: what is computed twice must draw the same ones."""
from __future__ import annotations

import contextlib
import functools
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .. import _random

__all__ = ["Numbers", "generators_among", "generators_known"]


def generators_among(values: Iterable[Any]) -> list[Any]:
    """The generators of random numbers among values, this library's and NumPy's.

    >>> import numpy as np
    >>> len(generators_among([3.0, np.random.default_rng(0)]))
    1
    """
    kinds = (_random.Generator, np.random.Generator, np.random.RandomState)
    return [value for value in values if isinstance(value, kinds)]


def generators_known(function: Any) -> list[Any]:
    """The generators that a function refers to: of its closure, its globals, its defaults, and the object of a method.

    So of functions that it refers to, if they are of its own module or of its closure.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> len(generators_known(lambda x, noise=rng: x + noise.normal()))
    1
    """
    found: dict[int, Any] = {}
    seen: set[int] = set()
    functions = [function]
    for function in functions:          # which grows
        if id(function) in seen or len(seen) > 100:
            continue
        seen.add(id(function))
        values = _known(function)
        found |= {id(value): value for value in generators_among(values)}
        functions += (value for value in values if isinstance(value, _FUNCTIONS))
    return list(found.values())


_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)


def _known(function: Any) -> list[Any]:
    """What a function refers to; of functions among its globals those of the same module alone."""
    values: list[Any] = []
    if isinstance(function, functools.partial):
        return [function.func, *function.args, *function.keywords.values()]
    if not hasattr(function, "__code__") and not hasattr(function, "__func__"):
        values += getattr(function, "__dict__", {}).values()
        function = getattr(type(function), "__call__", function)    # noqa: B004  the method itself, to read it
    values += getattr(getattr(function, "__self__", None), "__dict__", {}).values()
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if code is None:
        return values
    values += (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):       # a name that has no value yet
            values.append(cell.cell_contents)
    codes, names = [code], function.__globals__
    for code in codes:                  # which grows
        for name in code.co_names:
            value = names.get(name)
            if not isinstance(value, types.FunctionType) or value.__globals__ is names:
                values.append(value)
        codes += (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return values


class Numbers:
    """Where the library's generator, NumPy's global one and any that are given stand now; `again()` goes back there.

    >>> import autodiff
    >>> numbers = Numbers(); a = autodiff.rand(2); b = autodiff.rand(2)
    >>> with numbers.again():
    ...     autodiff.equal(a, autodiff.rand(2))
    True
    """

    __slots__ = ("generators", "states")

    def __init__(self, generators: Iterable[Any] = ()) -> None:
        self.generators = (_random.DEFAULT, np.random.mtrand._rand, *generators)
        self.states = [_state(generator) for generator in self.generators]

    def set(self) -> None:
        """Let all of them stand where they stood."""
        for generator, state in zip(self.generators, self.states, strict=True):
            _set_state(generator, state)

    def now(self) -> Numbers:
        """Where the same generators stand now."""
        return Numbers(self.generators[2:])

    def unchanged(self) -> bool:
        """Whether nothing was drawn since."""
        return all(_same_state(_state(generator), state)
                   for generator, state in zip(self.generators, self.states, strict=True))

    @contextlib.contextmanager
    def afterwards(self) -> Iterator[None]:
        """Whatever is drawn inside, the generators stand afterwards where they stood before."""
        now = self.now()
        try:
            yield
        finally:
            now.set()

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        """Inside, the same numbers are drawn once more; afterwards those go on that were interrupted."""
        with self.afterwards():
            self.set()
            yield


def _state(generator: Any) -> Any:
    if isinstance(generator, _random.Generator):
        source = generator._numpy
        return generator.initial_seed(), None if source is None else source.bit_generator.state
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state


def _same_state(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return all(_same_state(value, other[key]) for key, value in one.items())
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else bool(one == other)


def _set_state(generator: Any, state: Any) -> None:
    if isinstance(generator, _random.Generator):
        seed, numbers = state
        generator._initial = seed
        if numbers is None:
            generator._numpy = None             # it drew none: they are made of the seed
        else:
            generator.numbers().bit_generator.state = numbers
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state
