from collections.abc import Callable
from typing import Any, final

KINDS: dict[str, int]
PARTS: dict[str, int]
ARENA: int
REGISTERS: int
FIRST_BASE: int
CHAINED: dict[str, tuple[int, int]]
ALONE: dict[str, int | None]
MOVED: int
STORED: int
TWO: int
NEGATED: int
END: int
SAME: int
AT_ONCE: int
CODES: int
OPERANDS: int
ROWS_SPREAD: int

def use_level(name: str) -> None: ...
def hooked(variables: list[Any]) -> bool: ...
def node_of(v: Any) -> int: ...
def memory_of(v: Any) -> int: ...
def traits_of(v: Any) -> tuple[tuple[int, ...], int, int, int]: ...
def has_shape(v: Any, shape: tuple[int, ...]) -> bool: ...
def seen_by(transform: Any, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any) -> Any: ...
def _fill(number: Callable[[str], int]) -> None: ...
def _use(function: Any) -> None: ...

@final
class Program:
    failed: int
    busy: bool
    bytes: int
    def __new__(cls, steps: list[Any], micros: list[Any], sums: list[Any], bases: int, arena_bytes: int, registers: int,
                constants: list[Any], calls: list[Any], heavy: bool, /) -> Program: ...

@final
class Played:
    program: Program
    parts: tuple[Any, ...]
    references: list[Any]
    finish: Any
    plan: Any
    runs: int
    def __new__(cls, program: Program, parts: tuple[Any, ...], references: list[Any], outputs: list[Any], finish: Any,
                plan: Any, /) -> Played: ...
    def fits(self, args: tuple[Any, ...]) -> bool: ...
    def run(self, args: tuple[Any, ...]) -> Any: ...
    def raw(self, args: tuple[Any, ...]) -> Any: ...

@final
class Player:
    programs: list[Played]
    def __call__(self, args: tuple[Any, ...]) -> Any: ...
