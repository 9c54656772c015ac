"""The surface: what programs written for PyTorch use exists, and does what PyTorch does.

The first test runs the snippets of ``golden_torch.py`` and compares with what PyTorch showed for them, so that PyTorch
need not be installed.  The others hold what a snippet cannot show, and where autodiff has two flavours.
"""
import copy
import importlib.util
import json
import pathlib
import pickle
import re
import sys

import numpy as np
import pytest

import autodiff
from autodiff import autograd

HERE = pathlib.Path(__file__).resolve().parent
ERROR = re.compile(r"^([A-Za-z]*(?:Error|StopIteration)): (.*)", re.DOTALL)
NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]?\d+)?")
WORDS = 6  # of an error's message that must agree


def by_path(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


golden_torch = by_path("golden_torch")
SHOWN = json.loads(golden_torch.GOLDEN.read_text(encoding="utf-8"))["shown"]
CASES = [pytest.param(*rest, id=f"{group.replace(' ', '-')}-{number}")
         for group, number, *rest in golden_torch.snippets()]


@pytest.fixture
def float32():
    before = autodiff.get_default_dtype()
    autodiff.set_default_dtype(autodiff.float32)
    yield
    autodiff.set_default_dtype(before)
    autodiff.set_grad_enabled(True)
    autodiff.set_printoptions(profile="default")


def same_numbers(a, b):
    """Texts that differ at most in the last digits of numbers."""
    if NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return False
    return all(abs(float(p) - float(q)) <= 1e-4 * abs(float(q)) + 1e-9
               for p, q in zip(NUMBER.findall(a), NUMBER.findall(b), strict=True))


def lead(message):
    """The leading words of a message, without its punctuation at the end."""
    return [word.rstrip(".,:;") for word in message.split()[:WORDS]]


def agree(ours, theirs):
    """Whether two outcomes are the same: an error by type and leading words, a warning line by its leading words."""
    mine, other = ours.split("\n"), theirs.split("\n")
    while mine and other and "Warning: " in mine[0] and "Warning: " in other[0]:
        if lead(mine.pop(0)) != lead(other.pop(0)):
            return False
        mine, other = ([line for line in lines if not line.startswith("Consider")] for lines in (mine, other))
    ours, theirs = "\n".join(mine), "\n".join(other)
    error, expected = ERROR.search(ours), ERROR.search(theirs)
    if error and expected:
        return error[1] == expected[1] and lead(error[2]) == lead(expected[2])
    return same_numbers(ours, theirs)


@pytest.mark.parametrize(("code", "ours", "reason"), CASES)
def test_a_snippet_shows_what_pytorch_shows(code, ours, reason, float32):
    shown = golden_torch.show(autodiff, code)
    if reason:
        assert agree(shown, ours), f"{code}\nshows\n{shown}\nand not, though {reason},\n{ours}"
        assert not agree(shown, SHOWN[code]), f"{code}\nshows what PyTorch shows: no deviation any more"
    else:
        assert agree(shown, SHOWN[code]), f"{code}\nshows\n{shown}\nand not, as PyTorch,\n{SHOWN[code]}"


def test_every_snippet_was_shown_by_pytorch():
    codes = [code for _, _, code, _, _ in golden_torch.snippets()]
    assert set(codes) == set(SHOWN), "run `python tests/golden_torch.py` with PyTorch installed"
    assert len(codes) > 400
