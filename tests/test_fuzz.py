"""The fuzzers themselves: that they run, replay, shrink, name what crashes, and can find a fault at all."""
import gc
import io
import sys
from pathlib import Path

import pytest
from fuzz import calls, driver, programs
from fuzz.departures import DEPARTURES

import autodiff

ROOT = Path(__file__).resolve().parent.parent


def test_a_seed_is_always_the_same_program():
    for module in (programs, calls):
        assert [module.make(seed) for seed in range(50)] == [module.make(seed) for seed in range(50)]


def test_programs_have_several_kinds_of_lines():
    text = "\n".join("\n".join(programs.make(seed)["lines"]) for seed in range(300))
    for part in ("backward(", "autograd.grad(", "create_graph=True", "register_hook", "no_grad", "[[0, 0]]", "+= ",
                 ".T", "copied(", "leaf(",
                 "T.float32", "T.int64", "T.bool", "T.complex128", "detach", ".data", "index_put_", "tangent("):
        assert part in text, part


def test_departures_are_documented():
    text = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    assert [d.documented for d in DEPARTURES if d.documented not in text] == []


def test_differences_find_a_wrong_derivative(monkeypatch):
    """The oracle by differences, asked about a library whose sine has the derivative of a cosine."""
    program = {"oracle": "differences", "flavour": "Tensor", "lines": [
        "v0 = leaf([0.5, 1.0])", "v1 = v0 * 2.0", "v2 = v0.tanh()", "v3 = T.sin(v2)", "loss = v3.sum()"]}
    assert programs.check(program) == (None, None)

    def wrong(x):
        return autodiff.cos(x) + (autodiff.sin(x) - autodiff.cos(x)).detach()

    monkeypatch.setattr(programs.OURS.T, "sin", wrong)
    fault, _ = programs.check(program)
    assert fault.kind == "first derivative"
    smaller, found = driver.shrink(program, vars(fault), lambda p: (f := programs.check(p)[0]) and vars(f))
    assert smaller["lines"] == ["v0 = leaf([0.5, 1.0])", "v2 = v0.tanh()", "v3 = T.sin(v2)", "loss = v3.sum()"]
    assert found["kind"] == "first derivative" and "sin" in programs.show(smaller)


def test_differences_find_a_wrong_second_derivative_and_tangent(monkeypatch):
    program = {"oracle": "differences", "flavour": "ndarray",
               "lines": ["v0 = leaf([0.5, 1.0])", "v1 = T.square(v0)", "loss = v1.sum()"]}
    assert programs.check(program) == (None, None)
    # The first derivative is right, and a constant.
    monkeypatch.setattr(programs.OURS.T, "square", lambda x: x * x.detach() * 2 - (x * x).detach())
    assert programs.check(program)[0].kind == "second derivative"
    # What forward mode is given has lost its tangent.
    monkeypatch.setattr(programs.OURS.T, "square", lambda x: x * x if x.requires_grad else x.detach() * x)
    assert programs.check(program)[0].kind == "forward mode"


def test_torch_finds_wrong_values_gradients_and_refusals(monkeypatch):
    pytest.importorskip("torch")
    lines = ["v0 = T.tensor([0.5, 1.0], dtype=T.float64, requires_grad=True)", "v1 = v0 * 2.0", "v2 = T.exp(v1)",
             "v2.sum().backward()"]
    program = {"oracle": "torch", "flavour": "Tensor", "lines": lines}
    assert programs.check(program) == (None, None)
    exp = autodiff.exp
    for wrong, kinds in ((lambda x: exp(x) * 1.001, "grad values"), (lambda x: exp(x) + x - x.detach(), "grad values"),
                         (lambda x: (exp(x) * 1.001).detach() + exp(x) - exp(x).detach(), "values"),
                         (lambda x: exp(x.detach()), "only autodiff raises"),
                         (lambda x: exp(x).to(autodiff.float32), "dtype float32")):
        monkeypatch.setattr(programs.OURS.T, "exp", wrong)
        fault, _ = programs.check(program)
        assert fault is not None and kinds.startswith(fault.kind.split(":")[0]), fault

    def refuses(x):
        raise RuntimeError("no")

    def breaks(x):
        raise KeyError("inner")

    monkeypatch.setattr(programs.OURS.T, "exp", refuses)
    assert programs.check(program)[0].kind == "only autodiff raises"
    monkeypatch.setattr(programs.OURS.T, "exp", breaks)
    assert programs.check(program)[0].kind == "raises KeyError"


def test_a_leak_is_found(monkeypatch):
    gc.collect()        # garbage of earlier tests that goes meanwhile would hide it
    kept = []
    monkeypatch.setattr(programs.OURS.T, "exp", lambda x: kept.append(x) or x)
    program = {"oracle": "differences", "flavour": "Tensor",
               "lines": ["v0 = leaf([0.5])", "v1 = T.exp(v0 * v0)", "loss = v1.sum()"]}
    assert programs.check(program)[0].kind == "leak"


def call(*lines, operands=("x",)):
    return {"lines": [*calls.OPERANDS["x"], *lines], "acted": False, "operands": list(operands)}


def test_calls_find_half_done_writes_inner_errors_and_silence(monkeypatch):
    assert calls.check(call("out = x.add('no')")) == (None, None)

    def half_done(x):
        x.data.zero_()
        raise TypeError("refused, but too late")

    monkeypatch.setitem(calls.NAMES, "half_done", half_done)
    assert calls.check(call("out = half_done(x)"))[0].kind == "refused, but values changed"
    monkeypatch.setitem(calls.NAMES, "inner", lambda x: {}[x.dtype])
    assert calls.check(call("out = inner(x)"))[0].kind == "raises KeyError"
    monkeypatch.setitem(calls.NAMES, "inner", lambda x: None._value)
    assert calls.check(call("out = inner(x)"))[0].kind == "inner words"

    def silent(x):
        raise ValueError

    monkeypatch.setitem(calls.NAMES, "silent", silent)
    assert calls.check(call("out = silent(x)"))[0].kind == "says nothing"


def test_printed_calls_and_programs_run():
    for module, seeds in ((calls, range(60)), (programs, range(20))):
        for seed in seeds:
            compile(module.show(module.make(seed)), f"<{seed}>", "exec")
    text = calls.show(call("out = x[E.B]", "out = itself()"))
    names = {}
    exec(text, names)
    assert "class E" in text and "def itself" in text and "class Raises" not in text
    assert names["out"][0] is names["out"]


# A fuzzer whose seed 3 kills its process and whose seed 5 is faulty; the children import it by name.
CRASHING = '''
import os
from fuzz.common import Fault

def make(seed):
    return {"lines": ["a", "b", "die" if seed == 3 else "wrong" if seed == 5 else "c", "d"]}

def check(program):
    if "die" in program["lines"]:
        os._exit(77)
    return (Fault("values", "wrong", "seen") if "wrong" in program["lines"] else None), None

def show(program):
    return "; ".join(program["lines"])

def alike(fault):
    return fault["kind"]

def warm_up():
    pass
'''


def test_a_crash_costs_one_seed_and_is_shrunk(tmp_path, monkeypatch):
    (tmp_path / "crashing.py").write_text(CRASHING, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    out = io.StringIO()
    assert driver.run("crashing", seed=0, count=8, out=out) == 2
    text = out.getvalue()
    assert "crash: 1 times, seed 3" in text and "exit status 77" in text and "\ndie\n" in text
    assert "values: 1 times, seed 5" in text and "\nwrong\n" in text
    assert "8 crashing from seed 0" in text


@pytest.mark.parametrize("module", [programs, calls])
def test_some_of_each_run(module):
    """A handful in this process: what they find is the business of `python -m tests.fuzz`."""
    for seed in range(1000, 1030):
        assert module.check(module.make(seed)) is not None
    assert autodiff.is_grad_enabled()


def test_command_line():
    import subprocess
    found = subprocess.run([sys.executable, "-m", "tests.fuzz", "calls", "--help"], cwd=ROOT, capture_output=True,
                           text=True, check=True)
    assert "--seconds" in found.stdout and "--jobs" in found.stdout
