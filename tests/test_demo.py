"""``python -m autodiff``, run as a user runs it."""
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autodiff.__main__ as demo


def run(*arguments, cwd, code=None):
    # Not in the checkout, where a file beside the package could be imported by accident; but the package under test, not
    # another that may be installed.
    path = os.pathsep.join([str(Path(demo.__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, *(["-m", "autodiff"] if code is None else ["-c", code]), *arguments]
    return subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": path})


def test_help(tmp_path):
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    for said in ("finite differences", "handwritten digits", "loop and branches", "picture",
                 "--output", "--seeds", "--quick", "--no-plot"):
        assert said in done.stdout
    assert not list(tmp_path.iterdir())


def test_quick_demonstration(tmp_path):
    for module in ("sklearn", "tqdm", "matplotlib"):
        pytest.importorskip(module)
    picture = tmp_path / "picture.png"
    done = run("--quick", "--output", str(picture), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("differ by") == len(demo.FUNCTIONS)
    largest = re.search(r"largest difference (\S+), demanded", done.stdout)
    assert float(largest[1]) < 1e-7
    assert "MISSED" not in done.stdout
    right = re.search(r"split 0: (\S+) % of the held-out digits right", done.stdout)
    assert float(right[1]) > 95
    restitution = re.search(r"restitution +(\S+)", done.stdout)
    assert abs(float(restitution[1]) - 0.8) < 0.005
    assert "epoch" in done.stderr, "tqdm's progress bar"
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 30_000
    assert list(tmp_path.iterdir()) == [picture]


def test_without_the_extra_it_runs_what_it_can_and_says_what_to_install(tmp_path):
    code = ("import sys; sys.modules.update(sklearn=None, tqdm=None, matplotlib=None)\n"
            "from autodiff.__main__ import main; sys.exit(main())")
    done = run("--quick", cwd=tmp_path, code=code)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "largest difference" in done.stdout and "restitution" in done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    for said in ("scikit-learn", "tqdm", "matplotlib", 'python -m pip install -e ".[demo]"'):
        assert said in lines[0]
    assert not list(tmp_path.iterdir())


def test_a_wrong_or_missing_gradient_is_not_passed(monkeypatch, capsys):
    one = demo.FUNCTIONS[2]
    for wrong in (np.nan, 1e-3):
        monkeypatch.setattr(demo, "FUNCTIONS", (one,))
        monkeypatch.setattr(demo, "automatic", lambda f, point, w=wrong: demo.finite_differences(f, point) + w)
        assert not demo.show_gradients()
        assert "MISSED" in capsys.readouterr().out


def test_the_ball_s_gradient_goes_through_its_bounces():
    """Fitted where it stands: against finite differences, away from where a step's bounce begins or ends."""
    heights = demo.fall(**demo.BALL)
    assert min(heights) > 0 and sum(b > a for a, b in itertools.pairwise(heights)) > 5, "it bounces"
    point = list(demo.BALL.values())

    def last(x):
        return demo.fall(x[0], x[1])[-1]

    np.testing.assert_allclose(demo.automatic(last, point), demo.finite_differences(last, point), rtol=1e-6)


def test_a_picture_that_cannot_be_saved_is_one_message(tmp_path):
    pytest.importorskip("matplotlib")
    done = run("--quick", "--output", str(tmp_path / "missing" / "picture.png"), cwd=tmp_path)
    assert done.returncode == 1
    assert "The picture could not be saved: " in done.stderr and "Traceback" not in done.stderr
