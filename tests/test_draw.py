"""draw(): what the picture of a graph shows, as text, as DOT, and as SVG where there is Graphviz."""
import importlib.util
import re
import sys

import numpy as np
import pytest

import autodiff
from autodiff import _draw
from autodiff._draw import Box, Drawing, draw_dag

tensor = autodiff.tensor


def lesson():
    x = tensor(2.0, requires_grad=True)
    y = autodiff.log(x ** 2) * autodiff.sin(x) + 1 / x
    return autodiff.draw(y)


def test_the_exercise_of_the_lesson():
    assert str(lesson()).split("\n") == [
        "y = add  () float64",
        "├─ mul  () float64  saves other 8 B, self 8 B",
        "│  ├─ log  () float64  saves self 8 B",
        "│  │  └─ pow  () float64  saves exponent = 2, self 8 B",
        "│  │     └─ x  () float64",
        "│  └─ sin  () float64  saves self 8 B",
        "│     └─ x",
        "└─ div  () float64  saves other 8 B, self = 1",
        "   └─ x",
    ]


def test_the_source_for_graphviz():
    dot = lesson().dot
    assert dot.startswith("digraph autodiff {") and dot.rstrip().endswith("}")
    assert len(re.findall(r"^  n\d+ \[label", dot, flags=re.MULTILINE)) == 7
    assert len(re.findall(r"n\d+ -> n\d+;", dot)) == 8
    assert 'label="x\\n() float64", fillcolor="#dff0d8", shape="ellipse"' in dot
    assert dot.count("{") == dot.count("}") and dot.count('"') % 2 == 0


def test_names_are_given_or_found():
    first, second = (tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    layers = [second]
    shown = autodiff.draw((first * layers[0]).sum(), params={"weight": first}).text()
    assert "weight  (2,) float64" in shown and ("second  (2,)" in shown or "layers[0]  (2,)" in shown)
    assert "leaf  (2,) float64" in autodiff.draw(tensor([1.0, 2.0], requires_grad=True) * 2).text()


def test_several_outputs_and_results():
    x = tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
    values, vectors = autodiff.linalg.eigh(x)
    drawing = autodiff.draw([values.sum(), vectors.abs().sum()])
    assert drawing.text().count("sum  ()") == 2 and drawing.dot.count('fillcolor="#fdf1cf"') == 2
    assert "linalg_eigh" in drawing.text()


def test_the_path_of_a_nan_is_red():
    x = tensor([0.0, 1.0], requires_grad=True)
    w = tensor([1.0, 1.0], requires_grad=True)
    drawing = autodiff.draw((autodiff.where(x > 0, x.sqrt(), 0.0) * w).sum())
    red = {box.lines[0] for box in drawing.boxes.values() if box.red}
    assert red == {"sqrt", "x"} and 'color="#c00000", penwidth="2"];' in drawing.dot
    assert "x  (2,) float64  <- NaN" in drawing.text()
    values = autodiff.draw(((x / x) * w).sum())
    assert {"div", "mul", "x", "w"} <= {box.lines[0] for box in values.boxes.values() if box.red}
    assert not any(box.red for box in lesson().boxes.values())


def chain(rounds, inner=1):
    w, b, h = tensor([1.0, 2.0], requires_grad=True), autodiff.zeros(2, requires_grad=True), autodiff.ones(2)
    for _ in range(rounds):
        for _ in range(inner):
            h = (h * w).sin()
        h = h + b
    return h.sum()


def test_loops_are_folded():
    drawing = autodiff.draw(chain(200))
    assert len(drawing.boxes) == 6 and drawing.groups == {0: ("200 times", -1)}
    assert "603 nodes" in drawing.title and "sin  (2,) float64  saves self 16 B  [200 times]" in drawing.text()
    assert "the round before: add" in drawing.text() and 'style="dashed", constraint="false"' in drawing.dot
    assert len(autodiff.draw(chain(200), fold=None).boxes) == 603
    assert len(autodiff.draw(chain(3)).boxes) == 12         # few are shown as they are


def test_loops_in_loops_are_folded():
    drawing = autodiff.draw(chain(20, 10))
    assert sorted(drawing.groups.values()) == [("10 times", 0), ("20 times", -1)] and len(drawing.boxes) == 6
    assert "[10 times in 20 times]" in drawing.text()
    assert drawing.dot.index("cluster_0") < drawing.dot.index("cluster_1") and drawing.dot.count("{") == drawing.dot.count("}")


def test_layers_of_other_leaves_are_not_one_loop():
    h = autodiff.ones(2)
    weights = [tensor([1.0, 2.0], requires_grad=True) for _ in range(30)]
    for w in weights:
        h = (h * w).sin()
    assert len(autodiff.draw(h.sum()).boxes) == 91


def test_functions_are_folded_where_their_lines_are_known():
    def block(h, w, k):
        for op in (autodiff.sin, autodiff.cos, autodiff.tanh)[:k % 3 + 1]:
            h = op(h * w)
        return h

    weights = [tensor([1.0, 2.0], requires_grad=True) for _ in range(30)]
    with autodiff.explain():
        h = autodiff.ones(2)
        for k, w in enumerate(weights):
            h = block(h, w, k)
            h = h + 1
    drawing = autodiff.draw(h.sum())
    folded = [box for box in drawing.boxes.values() if box.kind == "folded"]
    assert len(folded) == 30 and folded[0].lines == ("block()", "2 ops") and len(drawing.boxes) == 30 + 30 + 30 + 1
    shown = next(box for box in drawing.boxes.values() if box.lines[0].endswith("add"))
    assert "test_draw.py, line" in shown.tip and "h = h + 1" in shown.tip


def test_what_is_freed_or_overwritten_is_said():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    y.backward()
    assert "saves other: freed, self: freed" in autodiff.draw(y).text()
    z = x.exp()
    total = z.sum()
    z.add_(1)
    assert "result: overwritten since" in autodiff.draw(total).text()


def test_the_numpy_flavour_and_custom_functions():
    x = autodiff.numpy.array([1.0, 2.0]).requires_grad_()
    assert "sin  (2,) float64  saves self 16 B" in autodiff.draw(np.sin(x).sum()).text()

    class Double(autodiff.autograd.Function):
        @staticmethod
        def forward(ctx, v):
            return v * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    assert "double" in autodiff.draw(Double.apply(tensor([1.0], requires_grad=True))).text()


def test_a_long_graph_is_cut_in_the_text():
    x = tensor(1.0, requires_grad=True)
    y = x
    for k in range(3000):
        y = y * (1 + k * 1e-9)
    text = autodiff.draw(y, fold=None).text()
    assert len(text.split("\n")) <= 202 and text.endswith("more")


@pytest.mark.parametrize("given, error", [(3, TypeError), ([tensor(1.0, requires_grad=True), "y"], TypeError),
                                          (tensor(1.0), ValueError)], ids=["number", "text", "no graph"])
def test_what_has_no_graph_is_refused(given, error):
    with pytest.raises(error, match=r"draw\(\)"):
        autodiff.draw(given)


def test_nothing_is_accumulated_or_freed():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    autodiff.draw(y)
    assert x.grad is None
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


# ---- boxes and arrows of others

def test_a_dag_of_anybody():
    drawing = draw_dag([("a", 'a "quoted" \\ name'), ("b", Box("b", "second line", kind="leaf")), ("c", "c\nwith more")],
                       [("a", "c"), ("b", "c", "right")], title="mine")
    assert str(drawing).split("\n") == ["mine", "c  with more", '├─ a "quoted" \\ name', "└─ right: b  second line"]
    assert r'label="a \"quoted\" \\ name"' in drawing.dot and 'label="right"' in drawing.dot


# ---- Graphviz

def test_without_graphviz_there_is_the_text(monkeypatch, tmp_path):
    monkeypatch.setattr(_draw, "_module", lambda name: None)
    drawing = lesson()
    with pytest.raises(RuntimeError, match=r"pip install 'autodiff-core\[viz\]'"):
        drawing.svg()
    assert drawing._repr_svg_() is None and drawing._repr_mimebundle_() == {"text/plain": str(drawing)}
    drawing.save(tmp_path / "lesson.txt")
    drawing.save(tmp_path / "lesson.dot")
    assert (tmp_path / "lesson.txt").read_text(encoding="utf-8") == str(drawing) + "\n"
    assert (tmp_path / "lesson.dot").read_text(encoding="utf-8") == drawing.dot


def test_the_package_without_its_program_asks_the_next(monkeypatch):
    class NoDot(RuntimeError):
        pass

    class Graphviz:
        ExecutableNotFound = NoDot

        class Source:
            def __init__(self, dot):
                assert dot.startswith("digraph")

            def pipe(self, format, quiet):
                raise NoDot("dot is not there")

    class Pygraphviz:
        class AGraph:
            def __init__(self, string):
                self.string = string

            def draw(self, format, prog):
                return f"<svg>{format} by {prog}</svg>".encode()

    monkeypatch.setattr(_draw, "_module", {"graphviz": Graphviz, "pygraphviz": Pygraphviz}.get)
    assert lesson().svg() == "<svg>svg by dot</svg>"
    monkeypatch.setattr(_draw, "_module", {"graphviz": Graphviz}.get)
    with pytest.raises(RuntimeError, match="needs the program `dot`"):
        lesson().svg()


HAS = importlib.util.find_spec("pygraphviz") is not None


@pytest.mark.skipif(not HAS, reason="pygraphviz, which brings Graphviz, is not installed")
def test_graphviz_draws_it(tmp_path):
    drawing = autodiff.draw(chain(20, 10))
    svg = drawing.svg()
    assert "<svg" in svg and "10 times" in svg and "sin" in svg
    assert drawing._repr_mimebundle_()["image/svg+xml"] == svg
    drawing.save(tmp_path / "loops.png")
    assert (tmp_path / "loops.png").read_bytes()[:4] == b"\x89PNG"


def test_it_is_not_imported_with_autodiff():
    assert isinstance(lesson(), Drawing) and "autodiff._draw" in sys.modules
