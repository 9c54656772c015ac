"""Draw docs/architecture.svg: the layers, and the graph as slabs walked backwards.

Run: python docs/architecture_picture.py
"""
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1000, 560
INK, FAINT, FORWARD, BACKWARD = "#222222", "#777777", "#2b6cb0", "#c05621"

LAYERS = (  # file, what it holds, what it knows
    ("rules", "table", "one row per op"),
    ("_kernels", "C loops", "pointers, steps"),
    ("_core", "graph", "names no op"),
    ("_variable", "they meet", "Tensor, ndarray"),
    ("_ops", "thin Python", "from the rows"),
    ("autograd, func, ...", "thin Python", "transforms"),
    ("__init__", "names", "import autodiff"),
)
# y = tanh(x) * x + c: number, text, operands; the leaves have number 0 and slabs of their own
NODES = ((1, "tanh", ("x",)), (2, "mul", (1, "x")), (3, "other", ()),
         (4, "add", (2, "c")), (5, "other", ()), (6, "sum", (4,)))

parts = []


def box(x, y, width, height, fill, stroke=INK, dash=""):
    parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="{stroke}"'
                 + (f' stroke-dasharray="{dash}"' if dash else "") + "/>")


def text(x, y, words, size=14, fill=INK, anchor="middle", weight="normal", family="sans-serif"):
    parts.append(f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
                 f'font-weight="{weight}" font-family="{family}">{escape(words)}</text>')


def arrow(path, colour, dash="", width=1.6):
    parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" '
                 f'marker-end="url(#{colour[1:]})"' + (f' stroke-dasharray="{dash}"' if dash else "") + "/>")


def layers(top):
    text(20, top, "The layers: a file imports only what stands to its left", 17, anchor="start", weight="bold")
    width, gap = 120, 20
    for place, (name, what, knows) in enumerate(LAYERS):
        x = 20 + place * (width + gap)
        box(x, top + 18, width, 76, "#edf2f7" if place in (0, 4, 5, 6) else "#fefcbf")
        text(x + width / 2, top + 42, name, 12 if place == 5 else 14, weight="bold",
             family="sans-serif" if place == 5 else "monospace")
        text(x + width / 2, top + 63, what)
        text(x + width / 2, top + 82, knows, 12, FAINT)
        if place:
            arrow(f"M{x - 2} {top + 56} H{x - gap + 6}", INK)
    text(20, top + 116, "arrows: imports; yellow: compiled; helpers stand beside rules", 12, FAINT, "start")


def graph(top):
    text(20, top, "The graph: slabs of nodes in creation order, for y = (tanh(x) * x + c).sum()", 17, anchor="start",
         weight="bold")
    y = top + 96
    place = {"x": 92, "c": 166}
    box(40, y - 30, 176, 104, "none", FAINT, "5 4")
    text(128, y + 94, "leaves: slabs of their own, number 0", 12, FAINT)
    for name in ("x", "c"):
        box(place[name] - 28, y, 56, 44, "#c6f6d5")
        text(place[name], y + 27, name, 15, weight="bold")
    for slab, numbers in enumerate(((1, 2, 3), (4, 5, 6))):
        left = 270 + slab * 350
        box(left, y - 30, 326, 104, "none", FAINT, "5 4")
        text(left + 163, y + 94, f"slab {slab + 1}: 4 to 16 KB", 12, FAINT)
        for order, number in enumerate(numbers):
            place[number] = left + 60 + order * 103
    for number, name, _ in NODES:
        other = name == "other"
        box(place[number] - 42, y, 84, 44, "#f7fafc" if other else "#bee3f8", FAINT if other else INK)
        text(place[number], y + 20, "(unrelated)" if other else name, 12 if other else 15, FAINT if other else INK,
             weight="normal" if other else "bold")
        text(place[number], y + 37, str(number), 11, FAINT)
    # Edges leave through the top; the further the operand, the higher the arc.
    for number, _, operands in NODES:
        for which, operand in enumerate(operands):
            start = place[number] - 12 - 18 * which
            end = place[operand] + (28 if operand in (1, 2, 4) else 8 if number == 1 else -8)
            lift = y - 22 - 0.11 * (start - end)
            arrow(f"M{start} {y} C{start - 10} {lift}, {end + 10} {lift}, {end} {y - 3}", FORWARD)
    walk = y + 134
    arrow(f"M{place[6]} {walk} H{place['x']}", BACKWARD, width=2.4)
    for number in (6, 4, 2, 1):
        parts.append(f'<circle cx="{place[number]}" cy="{walk}" r="6" fill="{BACKWARD}"/>')
    for number in (5, 3):
        parts.append(f'<circle cx="{place[number]}" cy="{walk}" r="5" fill="white" stroke="{BACKWARD}"/>')
    for line, colour, words in (
        (0, FORWARD, "Blue: edges, written once, to finished nodes only, so that an operand's number is smaller."),
        (1, BACKWARD, "Orange: the reverse pass walks down the slabs, newest first, and stops only where a cotangent "
                      "was left (full circles);"),
        (2, BACKWARD, "the cotangents are the pass's own table, saved values go as it passes, and the leaves come last, "
                      "each written once."),
    ):
        text(20, walk + 36 + 21 * line, words, 13, colour, "start")


layers(34)
graph(206)
markers = "".join(
    f'<marker id="{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    f'<path d="M0 0 L8 4 L0 8 z" fill="{colour}"/></marker>' for colour in (INK, FORWARD, BACKWARD))
svg = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
       f'aria-label="Layers of autodiff, and its graph">\n<defs>{markers}</defs>\n'
       f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")
Path(__file__).with_name("architecture.svg").write_text(svg, encoding="utf-8")
