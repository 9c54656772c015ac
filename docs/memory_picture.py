"""Draws docs/memory.svg: steps and snapshots of a checkpointed loop, counted while loops run, beside the theory's numbers.

    python docs/memory_picture.py
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

import autodiff
from autodiff.utils._loop import repeated_steps


def counted(n, snapshots):
    """How often the step is called, forward and backward."""
    calls = 0

    def step(x):
        nonlocal calls
        calls += 1
        return x.sin()

    autodiff.checkpointed_loop(step, autodiff.tensor(0.5, requires_grad=True), n, snapshots=snapshots).backward()
    return calls


def main():
    """Two curves a length, and the calls that were counted on them."""
    matplotlib.rcParams.update({"svg.hashsalt": "autodiff", "font.size": 10})
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for n, colour in ((100, "#7a5195"), (1000, "#ef5675"), (10_000, "#003f5c")):
        snapshots = sorted({round(2 * 1.12 ** i) for i in range(60) if 2 * 1.12 ** i <= min(n, 1000)})
        axes.plot(snapshots, [1 + repeated_steps(n, s) / n for s in snapshots], color=colour, label=f"{n:,} steps: theory")
        few = [s for s in (3, 5, 10, 20, 50, 100, 300) if s <= n and repeated_steps(n, s) < 200_000]
        axes.plot(few, [counted(n, s) / n for s in few], "o", color=colour, label="counted")
    axes.set(xscale="log", yscale="log", xlabel="snapshots", ylabel="calls of the step, for each step")
    axes.set_yticks([2, 3, 4, 6, 10, 20, 50], [2, 3, 4, 6, 10, 20, 50])
    axes.minorticks_off()
    axes.set_ylim(1.8, 60)
    axes.grid(alpha=0.3)
    axes.legend(ncols=3, frameon=False, fontsize=8)
    figure.savefig(Path(__file__).parent / "memory.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
