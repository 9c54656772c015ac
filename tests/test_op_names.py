"""Ops are persisted by name, never by number: what is written down does not change when rows get other numbers.

In a copy of the built package the structural rows that nothing compiled names change numbers with one another, and only
Python is rendered again.  A program that writes down all that outlives an op must print the same in both.
"""
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autodiff
from autodiff import rules

PACKAGE = Path(autodiff.__path__[0])
ROOT = Path(__file__).resolve().parent.parent

RENUMBERED = '''
_MOVED = [rule.name for rule in STRUCTURAL if not rule.compiled]
NUMBER |= dict(zip(_MOVED, reversed([NUMBER[name] for name in _MOVED])))
'''
PROGRAM = '''
import copy, io, json, pickle, sys
import numpy as np
import autodiff
from autodiff import _variable, autograd, rules

CALLS = {
    "softmax": lambda x: x.softmax(1), "cumsum": lambda x: x.cumsum(0), "amax": lambda x: x.amax(0), "prod": lambda x: x.prod(),
    "std": lambda x: x.std(), "flip": lambda x: x.flip(0), "roll": lambda x: x.roll(1), "tril": lambda x: x.tril(),
    "elu": lambda x: autodiff.elu(x), "pad": lambda x: autodiff.pad(x, (1, 1)), "repeat": lambda x: x.repeat(2, 1),
    "max": lambda x: x.max(1).values, "sort": lambda x: x.sort()[0], "take": lambda x: x.take(autodiff.tensor([0, 3])),
    "trace": lambda x: x.trace(), "var": lambda x: x.var(0), "logcumsumexp": lambda x: x.logcumsumexp(1),
    "index_reduce": lambda x: x.index_reduce(0, autodiff.tensor([0]), x[:1] * 2, "amax"),
    "scatter_reduce": lambda x: x.scatter_reduce(0, autodiff.tensor([[0, 1]]), x[:1] * 2, "amax"),
    "conj": lambda x: (x * 1j).conj().abs(), "rot90": lambda x: x.rot90(), "mul": lambda x: x * x, "sum": lambda x: x.sum(1),
}
said = []


def level(call):
    said.append(call.name)
    return NotImplemented


def names(node):
    return [] if node is None else [node.name()] + [n for other, _ in node.next_functions for n in names(other)]


def error(f):
    try:
        f()
    except Exception as e:
        return f"{type(e).__name__}: {e}"


_variable.push_level(level)
found = {}
for row, f in CALLS.items():
    x = autodiff.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    y = f(x)
    entry = found[row] = {"value": y.tolist(), "names": names(y.grad_fn), "shown": repr(y)}
    entry["pickled"] = pickle.dumps(y.detach()).hex() + pickle.dumps(x).hex()
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(UserWarning)
        entry["of a result"] = pickle.dumps(y).hex()
    entry["copied"] = copy.deepcopy(x).tolist()
    (g,) = autograd.grad((y * y).sum(), x, create_graph=True)
    entry["gradient"], entry["names of the gradient"] = g.tolist(), names(g.grad_fn)
    z = x * 1
    w = f(z)
    z.mul_(2)
    entry["written"] = error(lambda: w.sum().backward())
    c = autodiff.tensor([[1j, 2.0], [3.0, 5.0]], requires_grad=True)
    entry["complex"] = error(lambda: f(c))
    with autograd.forward_ad.dual_level():
        dual = f(autograd.forward_ad.make_dual(x.detach(), autodiff.ones(2, 2)))
        entry["tangent"] = autograd.forward_ad.unpack_dual(dual).tangent.tolist()
found["level"] = said
json.dump([{name: rules.NUMBER[name] for name in ("softmax", "cumsum", "flip")}, found], sys.stdout, sort_keys=True)
'''


def output(folder):
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    import json

    return json.loads(done.stdout)


@pytest.mark.skipif(not (ROOT / "autodiff" / "_ops.py.tp").exists() or PACKAGE != ROOT / "autodiff",
                    reason="needs a checkout that is built in place")
def test_nothing_that_is_written_down_knows_a_number(tmp_path):
    pytest.importorskip("Cython", reason="rendering needs Cython")
    from checks import load

    shutil.copytree(PACKAGE, tmp_path / "autodiff", ignore=shutil.ignore_patterns("__pycache__", "*.c"))
    with (tmp_path / "autodiff" / "rules" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write(RENUMBERED)
    moved, render = load(tmp_path / "autodiff" / "rules"), load(ROOT / "render")
    template = tmp_path / "autodiff" / "_ops.py.tp"
    template.with_suffix("").write_text(render.render(template, moved), encoding="utf-8")
    numbers, here = output(PACKAGE.parent)
    others, there = output(tmp_path)
    assert set(numbers) == set(others) and all(numbers[name] != others[name] for name in numbers)
    assert sorted(moved.NUMBER.values()) == sorted(rules.NUMBER.values())
    for row in here:
        assert here[row] == there[row], row


def test_numbers_are_given_to_what_is_compiled_first():
    """A new row moves no number that a compiled module has in it."""
    numbers = [rules.NUMBER[rule.name] for rule in rules.RULES if rule.name in rules.NUMBER
               and (rule.elementwise or rule.compiled)]
    others = [rules.NUMBER[rule.name] for rule in rules.STRUCTURAL if not rule.compiled]
    assert max(numbers) < min(others) and sorted(numbers + others) == list(range(1, len(rules.NUMBER) + 1))
