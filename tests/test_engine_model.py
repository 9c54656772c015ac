"""The model of the engine in docs/engine.md: it runs, and gives the real engine's gradients on random programs."""
import contextlib
import io
import pathlib
import random
import re

import pytest

import autodiff as ad

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "engine.md"
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


def model():
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):     # test_docstrings.py looks at what its example prints
        exec(compile(CODE, str(PAGE), "exec"), names)
    return names


def program(seed):
    """Lines on numbers `v`, a vector leaf `x` and a vector `out` that is written in place."""
    choose = random.Random(seed)
    lines, count = [], 3
    for _ in range(choose.randint(3, 40)):
        a, b = choose.randrange(count), choose.randrange(count)
        kind = choose.choice(["add", "mul", "sin", "exp", "read", "out", "write"])
        if kind == "write":
            lines.append(("write", choose.randrange(4), a))
            continue
        lines.append((kind, a, b))
        count += 1
    return lines


def run(lines, number, vector, constant):
    v = [number(0.5), number(-0.75), number(0.25)]
    x, out = vector([0.3, -0.2, 0.9, 0.1]), constant([0.1, 0.2, 0.3, 0.4])
    leaves = [*v, x]
    for kind, a, b in lines:
        if kind == "write":
            out[a] = v[b]
        elif kind == "add":
            v.append(v[a] + v[b])
        elif kind == "mul":
            v.append(v[a] * v[b])
        elif kind == "sin":
            v.append(v[a].sin())
        elif kind == "exp":
            v.append((v[a].sin() * v[b].sin()).exp())
        elif kind == "read":
            v.append(x[a % 4])
        else:                       # a sum saves nothing that a later write could change: the model has no versions
            v.append(out[a % 4] + v[b])
    total = v[0] * v[0]
    for value in v[1:]:
        total = total + value.sin()
    for _ in range(2):
        total.backward(retain_graph=True)
    total.backward()
    with pytest.raises(RuntimeError, match="second time"):
        total.backward()
    return [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("seed", range(100))
def test_the_model_gives_the_gradients_of_the_engine(seed):
    names = model()
    variable, lines = names["Variable"], program(seed)
    modelled = run(lines, lambda value: variable(value, True), lambda values: variable(values, True), variable)
    real = run(lines, lambda value: ad.tensor(value, requires_grad=True),
               lambda values: ad.tensor(values, requires_grad=True), ad.tensor)
    for one, other in zip(modelled, real):
        assert (one is None) == (other is None)
        if one is not None:
            assert one == pytest.approx(other.tolist(), rel=1e-12, abs=1e-15)


def test_it_is_a_hundred_lines():
    code = [line for line in CODE.partition("\n\n\nx = ")[0].splitlines() if line.strip()]
    assert len(code) <= 110
