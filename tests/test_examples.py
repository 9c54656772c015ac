"""The programs of examples/: each is differentiated as it stands, its gradient is that of differences, and it runs."""
import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import autodiff

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs a checkout")
PICTURES = {"two_body", "heat", "black_scholes", "predator_prey", "gaussian_process", "digits", "heston", "orbit"}
#: Further arguments, for programs that take long.
SHORTER = {"digits": ["2"]}
#: Packages that programs need beside SciPy.
NEEDS = {"digits": "sklearn", "book": "distributed"}


def example(name):
    if name not in ("kalman", "orbit", "two_body", "hidden_markov", "perceptron"):
        pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module     # functions of an example are pickled and lifted by their module
    spec.loader.exec_module(module)
    return module


def differences(function, x, step=1e-6):
    """The derivatives of a function in an array, the argument's dimensions last."""
    found = []
    for index in np.ndindex(*x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            ends.append(np.asarray(function(moved)))
        found.append((ends[0] - ends[1]) / (2 * step))
    found = np.moveaxis(np.array(found), 0, -1)
    return found.reshape(*found.shape[:-1], *x.shape)


def holds(function, x, rtol=1e-5, atol=1e-7):
    np.testing.assert_allclose(autodiff.grad(function)(x), differences(function, x), rtol=rtol, atol=atol)


def test_kalman():
    program = example("kalman")
    series = program.series_of(30)
    at = np.array([0.1, -0.5, 0.3])
    holds(lambda p: program.log_likelihood(p, series), at)
    gradient = autodiff.grad(program.log_likelihood)
    np.testing.assert_allclose(autodiff.hessian(program.log_likelihood)(at, series),
                               differences(lambda p: gradient(p, series), at), rtol=1e-5, atol=1e-6)
    series = program.series_of()
    assert np.abs(gradient(program.fit(series), series)).max() < 1e-6


def test_two_body():
    program = example("two_body")
    target, velocity = np.array([-1.2, -0.4]), np.array([0.0, 1.0])
    lifted = autodiff.lift(program.miss)
    np.testing.assert_allclose(autodiff.grad(lifted)(velocity, target, 40),
                               differences(lambda v: program.miss(v, target, 40), velocity), rtol=1e-6)
    assert program.miss(program.aim(target, velocity), target) < 1e-20


def test_heat():
    program = example("heat")
    conductivity, temperature = program.plate(7)
    measured = program.simulate(conductivity, temperature, 5)
    at = conductivity + 0.1
    holds(lambda c: program.misfit(c, temperature, measured, 5), at)
    holds(lambda t: program.misfit(at, t, measured, 5), temperature)
    true, found = program.recover(10, 10, 30)
    assert np.abs(true - found)[2:-2, 2:-2].mean() < np.abs(true - 0.8)[2:-2, 2:-2].mean()


def test_black_scholes():
    program = example("black_scholes")
    at = np.array([105.0, 100.0, 0.5, 0.02, 0.25])
    for call in (True, False):
        found = program.greeks(*at, call)
        first = differences(lambda p, call=call: program.price(*p, call), at)
        np.testing.assert_allclose([found["delta"], -found["theta"], found["rho"], found["vega"]], first[[0, 2, 3, 4]],
                                   rtol=1e-6)
        second = differences(lambda p, call=call: np.array(autodiff.grad(program.price, argnums=(0, 4))(*p, call)), at)
        np.testing.assert_allclose([found["gamma"], found["vanna"], found["volga"]],
                                   [second[0, 0], second[0, 4], second[1, 4]], rtol=1e-5)
    spots = np.linspace(80.0, 120.0, 5)
    np.testing.assert_allclose(autodiff.elementwise_grad(program.price)(spots, 100.0, 0.5, 0.02, 0.25),
                               [autodiff.grad(program.price)(spot, 100.0, 0.5, 0.02, 0.25) for spot in spots], rtol=1e-12)


def test_hidden_markov():
    program = example("hidden_markov")
    parameters, observations = program.model(3, 4, 12)
    gradient = autodiff.grad(program.log_likelihood)(parameters, observations)
    for name in parameters:
        expected = differences(lambda p, name=name: program.log_likelihood(parameters | {name: p}, observations),
                               parameters[name])
        np.testing.assert_allclose(gradient[name], expected, rtol=1e-5, atol=1e-8)
    _, values = program.fit(parameters, observations, 10)
    assert values[-1] > values[0]


def test_predator_prey():
    program = example("predator_prey")
    rates, start, measured = program.measurements(steps=20)
    at = np.log(rates)
    found = autodiff.jacfwd(program.residuals)(at, measured, start)
    np.testing.assert_allclose(found, differences(lambda r: program.residuals(r, measured, start), at), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(autodiff.jacrev(program.residuals)(at, measured, start), found, rtol=1e-10, atol=1e-12)
    _, start, measured = program.measurements()
    np.testing.assert_allclose(program.fit(measured, start), rates, rtol=0.05)


def test_logistic():
    program = example("logistic")
    features, labels = program.samples(50)
    holds(lambda w: program.loss(w, features, labels), np.array([0.3, -0.2, 0.1, 0.5]))
    found = program.fit(features, labels)
    assert found.success and np.abs(autodiff.grad(program.loss)(found.x, features, labels)).max() < 1e-4


def test_gaussian_process():
    program = example("gaussian_process")
    points, values = program.measurements(25)
    at = np.array([0.2, -0.3, -1.5])
    holds(lambda p: program.negative_log_likelihood(p, points, values), at)
    gradient = autodiff.grad(program.negative_log_likelihood)
    np.testing.assert_allclose(autodiff.hessian(program.negative_log_likelihood)(at, points, values),
                               differences(lambda p: gradient(p, points, values), at), rtol=1e-5, atol=1e-7)
    points, values = program.measurements()
    found = program.fit(points, values)
    assert found.success and np.abs(gradient(found.x, points, values)).max() < 1e-4
    assert abs(np.exp(found.x[2]) - 0.15) < 0.03        # the noise that was put in
    mean, deviation = program.predict(found.x, points, values, points)
    assert np.abs(mean - values).std() < 0.2 and (deviation > 0).all() and (deviation < 0.2).all()


def test_digits():
    """The gradient of the whole network along a direction, and that a few rounds teach it most digits."""
    pytest.importorskip("sklearn")
    program = example("digits")
    learned, digits, tested, answers = program.pictures()
    parameters = [p.detach().double().requires_grad_() for p in program.start(np.random.default_rng(0))]
    x, y = autodiff.tensor(learned[:5].astype(float)), autodiff.tensor(digits[:5])

    def loss(ps):
        return autodiff.nn.functional.cross_entropy(program.scores(ps, x), y)

    gradients = autodiff.autograd.grad(loss(parameters), parameters)
    random = np.random.default_rng(1)
    directions = [autodiff.tensor(random.normal(size=p.shape)) for p in parameters]
    with autodiff.no_grad():
        ends = [loss([p + sign * 1e-6 * d for p, d in zip(parameters, directions)]).item() for sign in (1, -1)]
    slope = sum((g * d).sum().item() for g, d in zip(gradients, directions))
    assert abs((ends[0] - ends[1]) / 2e-6 - slope) < 1e-4 * abs(slope)
    parameters, losses = program.learn(learned, digits, rounds=4)
    assert losses[-1] < losses[0] / 3
    assert np.mean(program.told(parameters, tested) == answers) > 0.8


def test_perceptron():
    program = example("perceptron")
    points, labels = program.spirals(40)
    layers = program.parameters((2, 3, 1))
    found = autodiff.grad(program.loss)(layers, points, labels)
    for k, layer in enumerate(layers):
        for i in range(2):
            def moved(p, k=k, i=i):
                changed = [list(one) for one in layers]
                changed[k][i] = p
                return program.loss.__wrapped__(changed, points, labels)

            np.testing.assert_allclose(found[k][i], differences(moved, layer[i]), rtol=1e-5, atol=1e-7)
    points, labels = program.spirals(300)
    with warnings.catch_warnings():
        warnings.simplefilter("error")          # it is replayed
        trained, losses = program.train(program.parameters(), points, labels, 400)
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:20])
    assert program.accuracy(trained, points, labels) > 0.7


def test_heston():
    program = example("heston")
    price, error, slopes = program.greeks(1500)
    assert 7.0 < price < 11.0 and 0.0 < error < 0.5
    for place, name in enumerate(program.NAMES):
        ends = []
        for sign in (1, -1):
            market = list(program.MARKET)
            market[place] += sign * 1e-5
            ends.append(program.greeks(1500, None, tuple(market))[0])
        assert abs(slopes[name] - (ends[0] - ends[1]) / 2e-5) < 0.04 * abs(slopes[name]) + 0.02, name
    short = program.greeks(300, 115.0)
    first, second = program.draws(300)
    plain = [float(program.paid(*program.MARKET, [v[k] for v in first], [v[k] for v in second], 115.0)) for k in range(300)]
    assert np.isclose(short[0], np.mean(plain), rtol=1e-13)


def test_orbit():
    program = example("orbit")
    with warnings.catch_warnings():
        warnings.simplefilter("error")          # it is replayed
        found = program.aim()
    velocity, miss = found[-1]
    assert len(found) < 20 and miss < 1e-10
    assert np.allclose(program.flight(*velocity.tolist()), program.TARGET, atol=1e-10)
    assert sum(tree.leaves for tree in program.END.program.trees) > 2
    value, gradient = program.COST(-0.2, 1.3)
    assert np.isclose(value, program.cost(-0.2, 1.3), rtol=1e-13)
    slopes = [(program.cost(-0.2 + a, 1.3 + b) - program.cost(-0.2 - a, 1.3 - b)) / 2e-6 for a, b in ((1e-6, 0), (0, 1e-6))]
    assert np.allclose(gradient, slopes, rtol=1e-5)


def test_book():
    dask = pytest.importorskip("distributed")
    program = example("book")
    book = program.book_of(50)
    with dask.Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0") as client:
        found = np.array(program.distributed.map(program.greeks, *book))
        worth, slopes = program.risk(book, client)
    assert found.shape == (50, len(program.NAMES)) and (found[:, 2] > 0.0).all()
    np.testing.assert_allclose(found[:, 0], program.price(*book), rtol=1e-13)
    for column, place, sign in ((1, 0, 1), (2, 1, 1), (3, 2, 1), (4, 3, -1)):
        ends = [program.price(*(values + step * (k == place) for k, values in enumerate(book))) for step in (1e-5, -1e-5)]
        np.testing.assert_allclose(found[:, column], sign * (ends[0] - ends[1]) / 2e-5, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(worth, found[:, 0].sum(), rtol=1e-12)
    expected = {"spot": book[0] @ found[:, 1], "volatility": found[:, 2].sum(), "rate": found[:, 3].sum()}
    assert slopes.keys() == expected.keys()
    assert all(np.isclose(slopes[name], expected[name], rtol=1e-10) for name in expected)


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.py")))
def test_it_runs_as_a_program(name, tmp_path):
    pytest.importorskip("scipy")
    if name in PICTURES:
        pytest.importorskip("matplotlib")
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    root = Path(autodiff.__file__).resolve().parent.parent
    picture = tmp_path / "picture.png"
    done = subprocess.run([sys.executable, str(EXAMPLES / f"{name}.py"), str(picture), *SHORTER.get(name, [])],
                          capture_output=True, text=True, cwd=tmp_path, check=False,
                          env={**os.environ, "PYTHONPATH": str(root), "MPLBACKEND": "agg"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert picture.exists() == (name in PICTURES)


def test_the_list_names_each():
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in text for path in EXAMPLES.glob("*.py"))
