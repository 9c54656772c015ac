"""Lines of plain NumPy code, each differentiated as it stands.

``tests/numpy_lines/FAMILY.txt`` has a line for each call::

    expression ; operands ; words

The expression is Python in which ``np`` is NumPy and the operands are arrays: ``x=3x4`` has that shape, ``x=0d`` is 0-d.
The first is differentiated; ``(x, y)`` can be by a second line.  Operands are random in (-2, 2), far from each other, and
the words say what is different about the line:

========= ===================================================================================
positive  operands in (0.5, 2)
unit      operands in (-0.9, 0.9)
sorted    operands in order
complex   operands are complex128
both      the gradient in all operands is tested, not in the first alone
constant  has no derivative: the value alone is compared, of Variables that require grad
close     the value may differ by rounding (a sum in another order); else it has NumPy's bits
first     no second order (of linear functions it is 0, which is tested); the reason follows in a comment
loop      not under vmap: its shape or its steps depend on values
double    not in float32: NumPy's own result of float32 operands is no float32, or is too coarse for differences
reverse   not in forward mode
before2.5 NumPy 2.5 refuses it
========= ===================================================================================

What is tested: the value, its dtype and its shape against NumPy's; the gradient of a weighted sum of the results against
central differences in float64; the second derivatives in a direction against differences of the gradient; forward mode
against reverse; vmap of value and gradient against a loop of three; float32 against float64.
"""
from __future__ import annotations

import functools
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff.autograd import forward_ad
from checks import load

FOLDER = Path(__file__).resolve().parent / "numpy_lines"
WORDS = {"positive", "unit", "sorted", "complex", "both", "constant", "close", "first", "loop", "double", "reverse",
         "before2.5"}


class Line:
    """A line of the table, read."""

    def __init__(self, family: str, text: str):
        self.family = family
        parts = [part.strip() for part in text.split(" ;")]
        self.text, operands = parts[0], parts[1]
        self.words = set(parts[2].split()) if len(parts) > 2 else set()
        assert self.words <= WORDS, f"{text}: {self.words - WORDS} are no words of the table"
        self.shapes = {}
        for operand in operands.split():
            name, _, shape = operand.partition("=")
            self.shapes[name] = () if shape == "0d" else tuple(map(int, shape.split("x")))
        self.code = compile(self.text, f"<{family}: {self.text}>", "eval")

    def operands(self, seed: int = 0, dtype=None) -> list[np.ndarray]:
        """Random operands; those of one call are apart from each other by 1e-3 at least, so that differences see no tie."""
        random = np.random.default_rng(zlib.crc32(f"{self.text}{seed}".encode()))
        low, high = (0.5, 2.0) if "positive" in self.words else (-0.9, 0.9) if "unit" in self.words else (-2.0, 2.0)
        total = sum(int(np.prod(shape)) for shape in self.shapes.values())

        def numbers():
            slots = random.permutation(total)
            return low + (high - low) * (slots + random.uniform(0.25, 0.75, total)) / total

        flat = numbers() + 1j * numbers() if "complex" in self.words else numbers()
        found, at = [], 0
        for shape in self.shapes.values():
            size = int(np.prod(shape))
            part, at = flat[at:at + size], at + size
            if "sorted" in self.words:
                part = np.sort(part)
            found.append(part.reshape(shape).astype(dtype or part.dtype))
        return found

    def __call__(self, *operands):
        return eval(self.code, {"np": np, "scipy": _scipy(), **dict(zip(self.shapes, operands))})

    @property
    def differentiated(self) -> int:
        """How many of the operands are."""
        return len(self.shapes) if "both" in self.words else 1


def _scipy():
    try:
        import scipy.special

        return scipy
    except ImportError:
        return None


def exists(text):
    """Whether this NumPy has all of the functions that a line names: some came after 2.0."""
    found = re.findall(r"\bnp((?:\.[A-Za-z_]\w*)+)", text)
    return all(functools.reduce(lambda at, name: getattr(at, name, None), names[1:].split("."), np) for names in found)


LINES = [line for path in sorted(FOLDER.glob("*.txt")) for text in path.read_text().splitlines()
         if text.strip() and not text.startswith("#") and exists(text)
         for line in [Line(path.stem, text.strip())]
         if "before2.5" not in line.words or np.lib.NumpyVersion(np.__version__) < "2.5.0.dev0"]
DIFFERENTIATED = [line for line in LINES if "constant" not in line.words]


def lines(chosen):
    return pytest.mark.parametrize("line", chosen, ids=[f"{line.family}:{line.text}" for line in chosen])


def leaves(result):
    """The arrays and numbers in a result, lists, tuples and named tuples opened."""
    if isinstance(result, (list, tuple)):
        return [leaf for part in result for leaf in leaves(part)]
    return [result]


def plain(value):
    return value.detach().numpy() if isinstance(value, autodiff.Variable) else np.asarray(value)


def total(line, operands, seed=7):
    """A number: the results weighted by random numbers and added up, the same weights for the same line."""
    random = np.random.default_rng(seed)
    found = 0.0
    for part in leaves(line(*operands)):
        part = part if isinstance(part, autodiff.Variable) else np.asarray(part)
        dtype = np.dtype(part.dtype)
        if dtype.kind not in "fc":
            continue
        weights = random.uniform(0.5, 1.5, part.shape).astype(np.finfo(dtype).dtype)
        if dtype.kind == "c":
            others = weights[::-1] if weights.ndim else weights
            found = found + np.sum(weights * np.real(part)) + np.sum(others * np.imag(part))
        else:
            found = found + np.sum(weights * part)
    return found


def variable(array):
    return anp.array(array, requires_grad=True)


def gradients(line, arrays):
    """The gradients of total() in the operands that the line differentiates, as plain arrays."""
    operands = [variable(a) if i < line.differentiated else a for i, a in enumerate(arrays)]
    result = total(line, operands)
    given = autodiff.autograd.grad(result, operands[:line.differentiated], allow_unused=True)
    return [np.zeros(a.shape, a.dtype) if g is None else plain(g) for g, a in zip(given, arrays)]


def differences(function, arrays, which, step=1e-6):
    """The gradient of a function of arrays with one number as result, by central differences; PyTorch's of complex."""
    array = arrays[which]
    found = np.zeros(array.shape, array.dtype)
    for index in np.ndindex(*array.shape):
        for direction in ((1.0, 1j) if array.dtype.kind == "c" else (1.0,)):
            ends = []
            for sign in (1, -1):
                moved = [a.copy() for a in arrays]
                moved[which][index] += sign * step * direction
                ends.append(float(function(moved)))
            found[index] += direction * (ends[0] - ends[1]) / (2 * step)
    return found


@lines(LINES)
@pytest.mark.filterwarnings("ignore")
def test_the_value_is_numpys(line):
    arrays = line.operands()
    expected = leaves(line(*arrays))
    found = leaves(line(*[variable(a) for a in arrays]))
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        one, other = plain(one), np.asarray(other)
        assert one.dtype == other.dtype and one.shape == other.shape
        if "close" in line.words:
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
        else:
            np.testing.assert_array_equal(one, other)


@lines(DIFFERENTIATED)
@pytest.mark.filterwarnings("ignore")
def test_the_gradient_is_that_of_differences(line):
    arrays = line.operands()
    for which, gradient in enumerate(gradients(line, arrays)):
        expected = differences(lambda moved: total(line, moved), arrays, which)
        assert gradient.dtype == arrays[which].dtype and gradient.shape == arrays[which].shape
        np.testing.assert_allclose(gradient, expected, rtol=2e-5, atol=2e-6)


@lines([line for line in DIFFERENTIATED if "first" not in line.words])
@pytest.mark.filterwarnings("ignore")
def test_the_second_derivative_is_that_of_differences(line):
    arrays = line.operands()
    random = np.random.default_rng(3)
    directions = [random.uniform(0.5, 1.5, a.shape) for a in arrays[:line.differentiated]]
    operands = [variable(a) if i < line.differentiated else a for i, a in enumerate(arrays)]
    chosen = operands[:line.differentiated]
    given = autodiff.autograd.grad(total(line, operands), chosen, create_graph=True, allow_unused=True)
    slope = sum(np.sum(np.real(g) * d) for g, d in zip(given, directions) if g is not None)

    def slope_of(moved):
        return sum(np.sum(np.real(g) * d) for g, d in zip(gradients(line, moved), directions))

    if isinstance(slope, autodiff.Variable) and slope.requires_grad:
        second = [np.zeros(a.shape, a.dtype) if g is None else plain(g)
                  for g, a in zip(autodiff.autograd.grad(slope, chosen, allow_unused=True), arrays)]
    else:
        second = [np.zeros(a.shape, a.dtype) for a in arrays[:line.differentiated]]
    for which, found in enumerate(second):
        np.testing.assert_allclose(found, differences(slope_of, arrays, which), rtol=1e-4, atol=1e-5)


@lines([line for line in DIFFERENTIATED if "reverse" not in line.words])
@pytest.mark.filterwarnings("ignore")
def test_forward_mode_agrees_with_reverse(line):
    arrays = line.operands()
    random = np.random.default_rng(5)
    tangents = [random.uniform(-1, 1, a.shape).astype(a.dtype) for a in arrays[:line.differentiated]]
    expected = sum(np.sum(np.real(np.conj(g) * t)) for g, t in zip(gradients(line, arrays), tangents))
    with forward_ad.dual_level():
        operands = [forward_ad.make_dual(anp.array(a), anp.array(tangents[i])) if i < line.differentiated else a
                    for i, a in enumerate(arrays)]
        result = total(line, operands)
        tangent = forward_ad.unpack_dual(result).tangent if isinstance(result, autodiff.Variable) else None
    np.testing.assert_allclose(0.0 if tangent is None else plain(tangent), expected, rtol=1e-9, atol=1e-10)


@lines([line for line in DIFFERENTIATED if "loop" not in line.words])
@pytest.mark.filterwarnings("ignore")
def test_vmap_agrees_with_a_loop(line):
    samples = [line.operands(seed) for seed in range(3)]
    batched = [np.stack(parts) for parts in zip(*samples)]

    def one(*operands):
        return tuple(part for part in leaves(line(*operands)) if isinstance(part, autodiff.Variable))

    for found, *expected in zip(autodiff.vmap(one)(*batched), *[[plain(part) for part in leaves(line(*arrays))]
                                                               for arrays in samples]):
        np.testing.assert_allclose(plain(found), np.stack(expected), rtol=1e-12, atol=1e-12)
    which = tuple(range(line.differentiated))
    slopes = autodiff.vmap(autodiff.grad(lambda *operands: total(line, operands), argnums=which))(*batched)
    for found, *expected in zip(slopes, *[gradients(line, arrays) for arrays in samples]):
        np.testing.assert_allclose(plain(found), np.stack(expected), rtol=1e-9, atol=1e-10)


@lines([line for line in LINES if "double" not in line.words])
@pytest.mark.filterwarnings("ignore")
def test_float32_stays_float32(line):
    dtype = np.complex64 if "complex" in line.words else np.float32
    arrays = line.operands(dtype=dtype)
    expected = leaves(line(*arrays))
    for one, other in zip(leaves(line(*[variable(a) for a in arrays])), expected):
        one, other = plain(one), np.asarray(other)
        assert one.dtype == other.dtype and one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)
    if "constant" not in line.words:
        wide = [a.astype(np.complex128 if "complex" in line.words else np.float64) for a in arrays]
        for gradient, other in zip(gradients(line, arrays), gradients(line, wide)):
            assert gradient.dtype == dtype
            np.testing.assert_allclose(gradient, other, rtol=2e-3, atol=2e-3)


def test_the_page_is_what_the_lists_and_the_lines_say():
    """docs/numpy-coverage.md; what a NumPy hands on differs by version, so the whole page is compared with the newest known."""
    path = FOLDER.parent.parent / "docs" / "coverage_page.py"
    if not path.exists():
        pytest.skip("needs a checkout")
    writer = load(path)
    text = (path.parent / "numpy-coverage.md").read_text(encoding="utf-8")
    if np.__version__.startswith("2.4."):
        assert text == writer.page(), "the page has changed: run `python docs/coverage_page.py`"
    for line in LINES:
        assert f"`{line.text.replace('|', '&#124;')}`" in text
    assert len(LINES) >= 600
