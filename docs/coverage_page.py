"""Writes docs/numpy-coverage.md, what of NumPy is differentiated, by the lists and the tests: ``python docs/coverage_page.py``.
"""
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
PAGE = HERE / "numpy-coverage.md"
LINES = HERE.parent / "tests" / "numpy_lines"

HEAD = """\
# NumPy functions

Written by `python docs/coverage_page.py`; do not edit it here. Every function that NumPy 2 hands to the arrays it is called
with stands in exactly one of four lists, which a test holds complete. [How it works](numpy.md).

* **A rule of its own**: a row of [the catalogue](ops.md).
* **Composite**: written with functions that have one, so it has derivatives of every order, forward mode and `vmap`, too.
* **No derivative**: conditions, positions, dtypes, texts; computed on the values.
* **Refused**: with the reason.

"""
TABLE = """\
## Lines that are tested

Each is compared with NumPy bit for bit (*close*: to rounding), its gradient with central differences, its second derivatives
with differences of the gradient, forward mode with reverse, `vmap` with a loop, and float32 with float64, but for what the last
column says ([how](../tests/test_numpy_lines.py)).

"""


def names(functions):
    from autodiff import _guidance

    return ", ".join(sorted({f"`{_guidance.name_of(function).removeprefix('np.')}`" for function in functions}))


def page():
    """The text of the page."""
    import numpy.fft  # NumPy knows of its functions once they are imported  # noqa: F401
    from numpy.testing import overrides

    from autodiff import _variable
    from autodiff.numpy import _answers, _dispatch

    del _answers
    of_numpy = overrides.get_overridable_numpy_array_functions() | overrides.get_overridable_numpy_ufuncs()
    rows = {f for f in of_numpy if f in _variable.ARRAY_FUNCTIONS or _variable.OPS.answer(f) is not None}
    parts = [HEAD, f"{len(rows)} have a rule of their own: {names(rows)}.\n"]
    composite = {f for f in of_numpy if f in _dispatch.COMPOSITES} - rows
    values = {f for f in of_numpy if f in _dispatch.VALUES} - rows - composite
    parts.append(f"{len(composite)} are composite: {names(composite)}.\n")
    public = {f for f in values if not getattr(f, "__name__", "_").startswith("_")}
    parts.append(f"{len(public)} have no derivative: {names(public)}.\n")
    reasons = defaultdict(list)
    for function, reason in _dispatch.REFUSED.items():
        if function in of_numpy:
            reasons[reason].append(function)
    parts.append("Refused:\n\n" + "\n".join(f"* {names(found)}: {reason}" for reason, found in reasons.items()) + "\n")
    parts.append(TABLE)
    for path in sorted(LINES.glob("*.txt")):
        found = [line.split(" ;") for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
        parts.append(f"### {path.stem}\n\n| line | operands | besides |\n|---|---|---|\n" + "\n".join(
            f"| `{line[0].strip().replace('|', '&#124;')}` | {line[1].strip()} | {line[2].strip() if len(line) > 2 else ''} |"
            for line in found) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
