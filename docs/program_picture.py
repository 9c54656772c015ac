"""The picture in docs/programs.md: the recorded program of log(x^2) sin(x) + 1/x.

Run: python docs/program_picture.py      (needs Graphviz: pip install 'autodiff-core[viz]')
"""
from pathlib import Path

import numpy as np

import autodiff


@autodiff.compile
def lesson(x):
    return np.log(x**2) * np.sin(x) + 1 / x


if __name__ == "__main__":
    autodiff.value_and_grad(lesson)(2.0)
    lesson.program.draw().save(Path(__file__).resolve().parent / "program.svg")
