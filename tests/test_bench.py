"""The benchmark's own machinery. Nothing here judges a time: figures are made up, sizes are those of a smoke run."""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))                  # bench is beside tests, and is not installed

from bench import __main__ as command  # noqa: E402
from bench import child, compare, harness, objectives, ops, report, startup  # noqa: E402

for group in command.GROUPS:
    __import__(f"bench.{group}")

import autodiff  # noqa: E402


def case(demands=(), unit="s", name="made up", **more):
    return harness.Case(name, "", tuple(demands), unit, lambda quick: {}, **more)


def result(*passes):
    return harness.Result(passes=[list(samples) for samples in passes])


def measured(build, quick=True, rounds=2, modules=None, **more):
    modules = modules or {"autodiff": autodiff, "floats": None}
    return harness.measure(harness.Case("made up", "", (), "s", build), modules, quick=quick, rounds=rounds, threads=1,
                           step=lambda text: None, **more)


# ---- demands

@pytest.mark.parametrize("demand, unit, own, peer, wanted, verdict", [
    (harness.faster("torch", 3), "s", 1.0, 3.0, ">= 3x", "met"),
    (harness.faster("torch", 3), "s", 1.0, 2.9, ">= 3x", "missed"),
    (harness.faster("torch", 3, aim=5), "s", 1.0, 5.0, ">= 3x (aim 5x)", "aim met"),
    (harness.cost("torch", 4), "s", 3.9, 1.0, ">= 1/4x", "met"),
    (harness.cost("torch", 4), "s", 4.1, 1.0, ">= 1/4x", "missed"),
    (harness.cost("torch", 4, aim=3), "s", 2.9, 1.0, ">= 1/4x (aim 1/3x)", "aim met"),
    (harness.cost("torch", 1), "B", 0.0, 1.0, ">= 1/1x", "met"),          # a growth of memory may be zero
    (harness.most(2e-3), "s", 1.9e-3, None, "<= 2 ms", "met"),
    (harness.most(2e-3), "s", 2.1e-3, None, "<= 2 ms", "missed"),
    (harness.most(8192), "B", 8193, None, "<= 8 kB", "missed"),
    (harness.most(3), "", 3, None, "<= 3", "met"),
    (harness.completes(), "s", 9.0, None, "completes", "met"),
    (harness.faster("jax", 3), "s", 1.0, 3.0, ">= 3x", "-"),              # not run
])
def test_demands(demand, unit, own, peer, wanted, verdict):
    results = {"autodiff": result([own])} | ({"torch": result([peer])} if peer else {})
    assert demand.judge(results, unit) == (wanted, verdict)


def test_a_demand_is_missed_by_an_error_and_by_a_wrong_gradient():
    failed, wrong = harness.Result(error="ValueError: x"), harness.Result(error="gradient differs", wrong=True)
    demand = harness.faster("torch", 1)
    assert demand.judge({"autodiff": failed, "torch": result([1.0])}, "s")[1] == "missed"
    assert demand.judge({"autodiff": result([1.0]), "torch": wrong}, "s")[1] == "missed"
    assert demand.judge({"autodiff": result([1.0]), "torch": failed}, "s")[1] == "-"       # its failure is no merit


def test_one_demand_for_each_peer():
    with pytest.raises(ValueError, match="one demand for each peer"):
        case([harness.faster("torch", 1), harness.cost("torch", 2)])


def test_the_ratio_is_of_the_best_samples_and_the_median_of_the_passes():
    assert harness.ratio_of(result([2.0, 1.0]), result([6.0, 9.0])) == 6
    # The second pass was disturbed: neither its mean nor its best counts.
    assert harness.ratio_of(result([1.0], [50.0], [1.0]), result([3.0], [4.0], [5.0])) == 3
    assert harness.ratio_of(result([0.0]), result([1.0])) is None


# ---- measuring

def square(lib):
    x = lib.tensor(0.5, requires_grad=True)

    def run():
        x.grad = None
        (x * x).backward()
        return x.grad

    return harness.Work(run)


def test_a_case_is_measured_in_rounds_and_passes():
    def build(quick):
        return {"autodiff": square, "floats": lambda _: harness.Work(lambda: 0.25, gradient=lambda: 1.0)}

    results = measured(build, rounds=3)
    assert [len(r.samples) for r in results.values()] == [3, 3] and all(r.error is None for r in results.values())
    repeats = [r.repeat for r in results.values()]
    again = measured(build, rounds=2, results=results)
    assert [[len(p) for p in r.passes] for r in again.values()] == [[3, 2], [3, 2]]
    assert [r.repeat for r in again.values()] == repeats, "what is compared is the same work in every pass"


def test_a_wrong_gradient_is_reported_in_place_of_a_time():
    def build(quick):
        return {"autodiff": square, "floats": lambda _: harness.Work(lambda: 0.25, gradient=lambda: 1.001)}

    wrong = measured(build)["floats"]
    assert wrong.wrong and wrong.samples == [] and "gradient differs from autodiff's by 1.0e-03" in wrong.error


def test_failures_are_rows():
    def broken(lib):
        raise ZeroDivisionError("made up")

    def breaks_later(lib):
        calls = []

        def run():
            calls.append(1)
            if len(calls) > 1:
                raise ZeroDivisionError("made up")

        return harness.Work(run, gradient=lambda: None)

    for builder in (broken, breaks_later):
        results = measured(lambda quick: {"autodiff": square, "floats": builder})          # noqa: B023
        assert results["floats"].error == "ZeroDivisionError: made up" and results["autodiff"].best > 0
    results = measured(lambda quick: {"autodiff": broken, "floats": square})
    assert results["autodiff"].error == "ZeroDivisionError: made up" and results["floats"].error == "not run"
    assert "made up" in measured(broken)["autodiff"].error


def test_what_a_peer_does_not_have_is_left_out():
    assert list(measured(lambda quick: {"autodiff": square, "floats": lambda _: None})) == ["autodiff"]


def test_work_per_operation_setup_and_figures():
    called = []

    def build(quick):
        return {
            "autodiff": lambda _: harness.Figure(lambda: called.append("figure") or 2.0),
            "floats": lambda _: harness.Figure(lambda: called.append("once") or 6.0, once=True),
        }

    results = measured(build, rounds=3)
    assert results["autodiff"].samples == [2.0] * 3 and results["floats"].samples == [6.0] and called.count("once") == 1

    work = harness.Work(lambda: called.append("run"), lambda: None, lambda: called.append("setup"), per=10**9)
    del called[:]
    best = measured(lambda quick: {"autodiff": lambda _: work})["autodiff"].best
    assert called[-2:] == ["setup", "run"] and called.count("setup") == called.count("run")
    assert best < 1e-9, "a billionth of a run of microseconds"


def test_disagreement_is_relative_to_the_largest_entry():
    assert harness.disagreement(np.array([1e6, 0.0]), np.array([1e6, 1e-4]), 1e-9) is None
    assert harness.disagreement(np.array([1.0, 0.0]), np.array([1.0, 1e-4]), 1e-9)
    assert harness.disagreement(np.zeros(2), np.zeros(3), 1e-9) == "gradients of 2 and 3 entries"
    assert list(harness.flat([autodiff.tensor([1.0, 2.0]), 3])) == [1, 2, 3]


# ---- the cases

CASES = harness.CASES.values()
REPRESENTATIVE = ["expression_4", "products_4", "intermediates_1MB", "scalar_rosenbrock_1000", "micrograd_perceptron",
                  "reads", "writes_1000", "stack", "numpy_scalar", "logsumexp_2500", "gaussian_mixture_2_5", "mlp_step",
                  "mlp_step_784_float32", "rnn", "layer_norm", "ops_float64/tanh", "ops_float32/hypot", "memory_chain",
                  "memory_mlp", "memory_survivors"]


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_every_case_is_well_formed(case):
    peers = case.build(True)
    assert next(iter(peers)) == "autodiff" and all(callable(build) for build in peers.values())
    known = {*harness.PEERS, *harness.BASELINES}
    assert all(harness.base(peer) in known for peer in peers)
    # A demand on a peer that the case does not have would never be judged.
    assert {demand.peer for demand in case.demands} <= set(case.build(False))
    assert case.group in command.GROUPS and (not case.family or case.family in harness.FAMILIES)


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_gradients_agree(name):
    """Each installed peer's and each baseline's gradient against autodiff's: the harness compares before it times."""
    modules = {"autodiff": autodiff, **dict.fromkeys(harness.BASELINES)}
    if harness.installed("autograd"):
        modules["autograd"] = harness.load("autograd")
    if harness.installed("torch"):
        modules["torch"] = torch = __import__("torch")
        torch.set_default_dtype(torch.float64)
    try:
        results = harness.measure(harness.CASES[name], modules, quick=True, rounds=1, threads=1, step=lambda text: None)
    finally:
        if "torch" in modules:              # other tests compare with PyTorch's defaults
            torch.set_default_dtype(torch.float32)
    assert {peer: r.error for peer, r in results.items()} == dict.fromkeys(results)
    assert all(r.best is not None for r in results.values())


def test_the_sweep_times_the_rows_of_the_catalogue():
    from autodiff import rules

    names = {row.name for row in ops.sampled()}
    public = {row.name for row in rules.RULES if row.elementwise and row.dx is not None
              and any(hasattr(place, row.function_name) for place in (autodiff, autodiff.special))}
    assert names == public and {"add", "tanh", "atan2", "digamma", "floor"} <= names and "isnan" not in names
    for dtype in ("float64", "float32"):
        assert {f"ops_{dtype}/{name}" for name in names} <= set(harness.CASES)
        x, y = ops.operands(next(row for row in ops.sampled() if row.name == "pow"), dtype, 1000)
        assert x.dtype == y.dtype == dtype and 0.5 <= x.min() <= x.max() <= 2 and -2 <= y.min() < -1 < 1 < y.max() <= 2


def test_the_mixture_is_the_density_it_says():
    """Without prior and constants the objective is the sum of the logarithms of weighted normal densities."""
    scipy_stats = pytest.importorskip("scipy.stats")
    from scipy.special import logsumexp

    d, k, n = 3, 2, 5
    mixture = objectives.Mixture(d, k, n)
    alphas, means, factors = mixture.start
    names = objectives.Ops(exp=np.exp, concatenate=lambda parts: np.concatenate(parts, 1), zeros=np.zeros((k, 1)),
                           logsumexp=lambda x, axis: logsumexp(x, axis))
    value = mixture(alphas, means, factors, mixture.points, names)
    logs = []
    prior = 0.0
    for j in range(k):
        q = np.diag(np.exp(factors[j, :d]))
        q[np.tril_indices(d, -1)] = factors[j, d:]
        normal = scipy_stats.multivariate_normal(means[j], np.linalg.inv(q.T @ q))
        logs.append(alphas[j] - logsumexp(alphas) + normal.logpdf(mixture.points))
        # Wishart with d + 1 degrees of freedom: |W|^0 exp(-tr W / 2) over its constant.
        prior += 0.5 * (q * q).sum()
    rest = value - logsumexp(logs, axis=0).sum() - prior
    multigamma = pytest.importorskip("scipy.special").multigammaln(0.5 * (d + 1), d)
    assert rest == pytest.approx(-k * ((d + 1) * d * -0.5 * np.log(2) - multigamma))


# ---- the report

def entry(name, rows, unit="s", threads=1, demands=(), **more):
    """`rows`: autodiff's figure, and those of the peers."""
    made = case(demands, unit, name, **more)
    return report.entry(made, {peer: value if isinstance(value, harness.Result) else result([value]) for peer, value
                               in rows.items()}, threads)


def run(*entries, quick=False):
    settings = {"quick": quick, "rounds": 7, "threads": sorted({e["threads"] for e in entries}), "freeze": True,
                "interrupted": False, "seconds": 1.0}
    return {"machine": harness.machine(["autodiff"]), "settings": settings, "cases": list(entries)}


def sweep(ratios):
    demands = [harness.faster("torch", 0.9)]
    return [entry(f"ops_float64/{name}", {"autodiff": 1e-3, "torch": ratio * 1e-3}, demands=demands,
                  family="ops_float64") for name, ratio in ratios.items()]


def test_the_summary_of_the_sweep():
    entries = harness.FAMILIES["ops_float64"].summary(sweep({"a": 0.8, "b": 2.0, "c": 5.0}))
    found = {e["name"]: e["rows"][0] for e in entries}
    slowest, mean, below = (found[f"ops_float64: {word}"] for word in ("slowest", "mean", "below 1x"))
    assert slowest["ratio"] == 0.8 and slowest["verdict"] == "missed"
    assert slowest["detail"]["note"].startswith("a 0.80x")
    assert mean["ratio"] == pytest.approx(2.0) and mean["verdict"] == "met" and mean["demand"] == ">= 1.5x"
    assert below["best"] == 1 and below["verdict"] == "met" and below["detail"]["note"] == "a"
    assert harness.FAMILIES["ops_float64"].summary([]) == []
    many = harness.FAMILIES["ops_float64"].summary(sweep({str(i): 0.95 for i in range(4)}))
    assert [e["rows"][0]["verdict"] for e in many] == ["met", "missed", "missed"]


@pytest.mark.parametrize("peers", [("autograd",), ("autograd", "torch"), ()])
def test_a_sweep_is_drawn_against_pytorch_alone(tmp_path, peers):
    """A family with other peers has no bar on its axis; it once had no mean either, and the plot failed."""
    calls = [entry("numpy_sum_4", {"autodiff": 1e-6, "autograd": 2e-5}, family="numpy_calls")]
    times = {"autodiff": 1e-3} | dict.fromkeys(peers, 0.002)
    rows = [entry(f"ops_float64/{name}", times, family="ops_float64") for name in ("exp", "sin")]
    report.plot_sweep([*calls, *rows], str(tmp_path / "ops.png"), "title")
    assert (tmp_path / "ops.png").exists() == ("torch" in peers)


def test_the_summaries_of_growth():
    entries = [entry(f"chain_{n}", {"autodiff": n * 1e-8 * (2 if n == 10**6 else 1)}, family="chain", size=n)
               for n in (10**3, 10**4, 10**5, 10**6)]
    (growth,) = harness.FAMILIES["chain"].summary(entries)
    assert growth["rows"][0]["best"] == 20 and growth["rows"][0]["verdict"] == "missed"
    assert "1,000,000 by 100,000: 20" in growth["rows"][0]["detail"]["note"]
    entries = [entry(f"expression_{n}", {"autodiff": 1e-6 + n * 1e-9}, family="expression", size=n)
               for n in (1, 100, 10**3, 10**4)]
    flat, growth = harness.FAMILIES["expression"].summary(entries)
    assert flat["rows"][0]["best"] == pytest.approx(1.1, rel=1e-2) and flat["rows"][0]["verdict"] == "met"
    assert growth["rows"][0]["best"] == pytest.approx(5.5) and growth["rows"][0]["verdict"] == "met"


def test_files_of_a_report(tmp_path):
    rows = {"autodiff": 2e-6, "torch": 36e-6, "jax": harness.Result(error="no")}
    timed = entry("expression_4", rows, family="expression", size=4, demands=[harness.faster("torch", 15)])
    other = entry("expression_10", {"autodiff": 2e-6, "torch": 37e-6}, family="expression", size=10)
    two = entry("expression_4", {"autodiff": 2e-6, "torch": 20e-6}, threads=2, demands=[harness.faster("torch", 15)])
    bytes_ = entry("memory", {"autodiff": 49.0, "torch": 1125.0}, unit="B")
    members = sweep({"slow": 0.5, "quick": 8.0})
    summaries = [e | {"group": "ops", "threads": 1} for e in harness.FAMILIES["ops_float64"].summary(members)]
    whole = run(timed, other, bytes_, *members, *summaries, two)
    text = report.write(whole, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text()) == whole
    assert (tmp_path / "table.txt").read_text() == text + "\n"
    assert "1 THREAD" in text and "2 THREADS" in text and "18x" in text and "49 B" in text
    assert text.index("slow   ") < text.index("quick   "), "the slowest op first"
    assert "Missed with 1 thread: ops_float64/slow, ops_float64: slowest." in text
    assert "Missed with 2 threads: expression_4." in text
    names = {file.name for file in tmp_path.iterdir()}
    assert names >= {"ratios-1-thread.png", "ratios-2-threads.png", "times-1-thread.png", "ops-1-thread.png"}
    assert all(file.read_bytes()[:4] == b"\x89PNG" for file in tmp_path.glob("*.png"))
    assert "ops-2-threads.png" not in names, "nothing of it was measured with two"


def test_runs_merge():
    old = run(entry("a", {"autodiff": 1.0}), entry("b", {"autodiff": 1.0}))
    new = run(entry("b", {"autodiff": 2.0}), entry("b", {"autodiff": 3.0}, threads=2))
    whole = report.merge([old, new])
    figures = {(e["name"], e["threads"]): e["rows"][0]["best"] for e in whole["cases"]}
    assert figures == {("a", 1): 1.0, ("b", 1): 2.0, ("b", 2): 3.0} and whole["settings"]["threads"] == [1, 2]
    with pytest.raises(ValueError, match="do not mix"):
        report.merge([old, run(quick=True)])


def test_nothing_of_the_computer_is_written():
    facts = harness.machine(["autodiff", "floats"])
    assert set(facts) == {"cpu", "cores", "system", "architecture", "libc", "python", "versions"}
    import platform
    assert not platform.node() or platform.node() not in json.dumps(facts)
    assert "numpy" in facts["versions"] and "floats" not in facts["versions"]


# ---- two runs compared

def compared(old, new, threshold=1.1):
    return compare.differences(run(*old), run(*new), threshold)


def test_a_case_with_a_peer_is_compared_by_its_ratio():
    """The second machine is half as fast, for the peer too: no regression."""
    old = [entry("a", {"autodiff": 1.0, "torch": 10.0})]
    found = compared(old, [entry("a", {"autodiff": 2.0, "torch": 20.0})])
    assert found["regressions"] == [] and [c.name for c in found["level"]] == ["a"]
    found = compared(old, [entry("a", {"autodiff": 1.0, "torch": 8.0})])
    (change,) = found["regressions"]
    assert change.factor == pytest.approx(1.25) and "by the ratio to torch: 10x -> 8x" in change.by
    assert compared(old, [entry("a", {"autodiff": 1.0, "torch": 8.0})], 1.3)["regressions"] == []
    (change,) = compared(old, [entry("a", {"autodiff": 0.5, "torch": 10.0})])["improvements"]
    assert change.factor == pytest.approx(0.5)


def test_a_case_without_a_common_peer_is_compared_by_its_own_figure():
    old = [entry("a", {"autodiff": 1.0, "torch": 10.0}), entry("m", {"autodiff": 49.0, "torch": 1000.0}, unit="B"),
           entry("z", {"autodiff": 0.0}, unit="B")]
    new = [entry("a", {"autodiff": 1.2, "jax": 10.0}), entry("m", {"autodiff": 60.0, "torch": 2000.0}, unit="B"),
           entry("z", {"autodiff": 4096.0}, unit="B")]
    changes = {c.name: c for c in compared(old, new)["regressions"]}
    assert changes["a"].factor == pytest.approx(1.2) and "no peer in both runs" in changes["a"].by
    assert changes["m"].factor == pytest.approx(60 / 49) and "own figure: 49 B -> 60 B" in changes["m"].by
    assert changes["z"].factor == float("inf")


def test_missing_new_broken_and_mended_cases():
    error = harness.Result(error="ValueError: x")
    old = [entry("gone", {"autodiff": 1.0}), entry("breaks", {"autodiff": 1.0}), entry("mended", {"autodiff": error}),
           entry("same", {"autodiff": 1.0}), entry("same", {"autodiff": 1.0}, threads=2)]
    new = [entry("fresh", {"autodiff": 1.0}), entry("breaks", {"autodiff": error}), entry("mended", {"autodiff": 1.0}),
           entry("same", {"autodiff": 1.0}), entry("same", {"autodiff": 2.0}, threads=2)]
    found = compared(old, new)
    assert found["missing"] == ["gone, threads: 1"] and found["new"] == ["fresh, threads: 1"]
    assert found["broken"] == ["breaks, threads: 1: ValueError: x"]
    assert [c.name for c in found["improvements"]] == ["mended, threads: 1"]
    assert [c.name for c in found["regressions"]] == ["same, threads: 2"], "the number of threads is part of the case"
    text = compare.words(found, 1.1)
    for word in ("Broken", "Regressions of more than 1.1x (1)", "Improvements", "Missing", "New", "1 cases level"):
        assert word in text


def test_the_command_compare(tmp_path, capsys):
    files = {}
    for name, figure in (("old", 1.0), ("slower", 1.5), ("faster", 0.5)):
        files[name] = str(tmp_path / f"{name}.json")
        Path(files[name]).write_text(json.dumps(run(entry("a", {"autodiff": figure, "torch": 10.0}))))
    assert command.main(["compare", files["old"], files["slower"]]) == 1
    assert "a: 1.5x slower or larger, by the ratio to torch: 10x -> 6.67x" in capsys.readouterr().out
    assert command.main(["compare", files["old"], files["slower"], "--threshold", "1.6"]) == 0
    assert command.main(["compare", files["old"], files["faster"]]) == 0
    assert "a: 2x better" in capsys.readouterr().out
    quick = tmp_path / "quick.json"
    quick.write_text(json.dumps(run(quick=True)))
    assert command.main(["compare", files["old"], str(quick)]) == 2
    assert command.main(["compare", files["old"], str(tmp_path / "none.json")]) == 2
    quick.write_text("[]")
    assert command.main(["compare", files["old"], str(quick)]) == 2
    assert "cannot compare" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["compare", files["old"], files["old"], "--threshold", "1"])


def test_the_command_report(tmp_path, capsys):
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps(run(entry("a", {"autodiff": 1.0}))))
    two.write_text(json.dumps(run(entry("b", {"autodiff": 1.0}))))
    assert command.main(["report", str(one), str(two), "--output", str(tmp_path / "both")]) == 0
    assert [e["name"] for e in report.read(tmp_path / "both" / "results.json")["cases"]] == ["a", "b"]
    assert command.main(["report", str(tmp_path / "none.json"), "--output", str(tmp_path)]) == 2


# ---- the command

def test_wrong_arguments(capsys):
    for wrong in (["--threads", "0"], ["--threads", "1,x"], ["--rounds", "0"], ["--group", "nothing"]):
        with pytest.raises(SystemExit) as error:
            command.arguments(wrong)
        assert error.value.code == 2


def test_a_run_with_two_numbers_of_threads(tmp_path):
    """In processes of their own, merged; what threads do not change is measured once."""
    arguments = ["--quick", "--threads", "1,2", "--peers", "floats,numpy", "--output", str(tmp_path), "--no-plots",
                 "logsumexp", "products"]
    done = subprocess.run([sys.executable, "-m", "bench", *arguments], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    whole = report.read(tmp_path / "results.json")
    assert [(e["name"], e["threads"]) for e in whole["cases"]] == [
        ("products_4", 1), ("logsumexp_2500", 1), ("logsumexp_1280000", 1), ("record_logsumexp_1280000", 1),
        ("logsumexp_1280000", 2)]
    assert "1 THREAD" in done.stdout and "2 THREADS" in done.stdout and "A quick run" in done.stdout


def test_an_interrupted_run_keeps_what_it_has(monkeypatch):
    """Ctrl-C in the second pass of a family: the first pass counts, later cases are not in the report."""
    calls = []

    def interrupting():
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return 3.0

    def build(quick):
        return {"autodiff": lambda _: harness.Figure(lambda: 1.0), "floats": lambda _: harness.Figure(interrupting)}

    monkeypatch.setitem(harness.FAMILIES, "made up", harness.Family("made up", lambda entries: 1 / 0, passes=2))
    cases = [harness.Case("made up/a", "", (), "s", build, family="made up"), harness.Case("later", "", (), "s", build)]
    _, options = command.arguments(["--no-freeze"])         # the objects of other tests stay in the collector's sight
    modules = {"autodiff": autodiff, "floats": None}
    entries, interrupted = command.measure_all(cases, modules, options, 4, lambda _: None, None)
    assert interrupted and [e["name"] for e in entries] == ["made up/a"]
    own, floats = entries[0]["rows"]
    assert (len(own["samples"]), len(floats["samples"]), floats["ratio"]) == (4, 3, 3.0)


# ---- memory and start

@pytest.mark.skipif(sys.platform != "linux", reason="the peak is set back by a file of Linux")
def test_a_peak_is_counted_from_where_it_was_set_back():
    block = np.ones(8_000_000)              # 64 MB that are gone before the measurement
    del block

    def run():
        np.ones(2_000_000)

    grown = child.above(run, {})[0]["value"]
    assert 10e6 < grown < 40e6      # of 16 MB; the kernel may have taken other pages meanwhile


def test_the_time_to_the_first_gradient_is_taken_with_bytecode():
    figure = startup.first_gradient("autodiff")
    assert 0 < figure.take() < 60
    assert any(Path(startup.bytecode()).rglob("autodiff/*.pyc"))


def test_the_wheel_is_counted_whole():
    place = Path(autodiff._variable.__file__).parent
    assert max(file.stat().st_size for file in place.glob("_variable*.so")) / 10 < startup.packed() < 50e6
