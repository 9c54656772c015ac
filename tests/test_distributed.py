"""Gradients on Dask's workers: a real cluster of processes, which die, and sums whose bits no number of them changes."""
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import autodiff
from autodiff import distributed
from autodiff.distributed._sums import joined, partial_sums
from autodiff.distributed._workers import KEPT

dask_distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

ROOT = Path(autodiff.__file__).resolve().parent.parent
# Dask's own: a cluster that is closed while its workers are being started again.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def loss(weights, shard):
    """A logistic regression's, of the rows of a shard."""
    features, labels = shard
    scores = features @ weights
    return np.sum(np.logaddexp(0.0, scores) - labels * scores)


def slow_loss(weights, shard):
    time.sleep(0.03)
    return loss(weights, shard)


def square(x, shard):
    return np.sum((shard - x) ** 2)


def regression(rows=2000, columns=5, pieces=40):
    random = np.random.default_rng(0)
    features = random.normal(size=(rows, columns))
    labels = (random.uniform(size=rows) < 1 / (1 + np.exp(-features @ random.normal(size=columns)))).astype(float)
    return list(zip(np.array_split(features, pieces), np.array_split(labels, pieces)))


def processes(count):
    return dask_distributed.LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=":0", silence_logs=60)


@pytest.fixture(scope="module")
def client():
    with processes(2) as cluster, dask_distributed.Client(cluster, set_as_default=False) as client:
        yield client


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def same(found, expected):
    assert type(found[0]) is type(expected[0]) and found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


def plain(function, params, shards):
    gradient = autodiff.value_and_grad(function)
    return distributed.pairwise_sum([gradient(params, shard) for shard in shards])


# ---- sums

def test_whoever_adds_what_the_sum_has_the_same_bits():
    random = np.random.default_rng(1)
    for count in (1, 2, 3, 7, 40, 41):
        terms = [[float(random.normal()), random.normal(size=3)] for _ in range(count)]
        expected = distributed.pairwise_sum(terms)
        np.testing.assert_allclose(expected[1], sum(term[1] for term in terms), rtol=1e-12)
        for workers in (1, 2, 4, 7):
            for owners in (np.sort(random.integers(workers, size=count)), random.integers(workers, size=count)):
                found = {}
                for worker in range(workers):
                    places = np.flatnonzero(owners == worker).tolist()
                    part = partial_sums(places, count, terms.__getitem__)
                    found |= joined(part, count)
                total, = joined(found, count).values()
                assert total[0] == expected[0]
                np.testing.assert_array_equal(total[1], expected[1])


def test_an_iterator_is_added_up_as_it_comes():
    alive, most = 0, 0

    class Counted(np.ndarray):
        def __del__(self):
            nonlocal alive
            alive -= 1

    def terms(count):
        nonlocal alive, most
        for k in range(count):
            made = np.full(2, 0.1 * k).view(Counted)
            alive += 1
            most = max(most, alive)
            yield made

    total = distributed.pairwise_sum(terms(64), count=64)
    np.testing.assert_array_equal(total, distributed.pairwise_sum([np.full(2, 0.1 * k) for k in range(64)]))
    assert most <= 10


@pytest.mark.parametrize(("values", "count", "words"), [
    ([], None, "no terms"), ([1.0], 2, "2 terms were announced, but there are 1"), ([1.0, 2.0], 1, "there are more"),
    ([1.0, (1.0,)], None, "different structure")])
def test_what_cannot_be_added(values, count, words):
    with pytest.raises(ValueError, match=words):
        distributed.pairwise_sum(iter(values), count)


# ---- gradients of sums over shards

def fit(gradient, shards, client, columns=5):
    from scipy.optimize import minimize

    return minimize(gradient, np.zeros(columns), args=(shards, client), jac=True, method="L-BFGS-B")


def test_a_regression_has_the_same_bits_on_any_number_of_workers_one_of_which_is_killed():
    pytest.importorskip("scipy")
    pieces = regression()
    gradient = autodiff.value_and_grad(loss)
    expected = fit(lambda w, shards, _: distributed.pairwise_sum([gradient(w, s) for s in shards]), pieces, None)
    assert expected.success and expected.nit > 5
    with processes(4) as cluster, dask_distributed.Client(cluster, set_as_default=False) as client:
        for count in (4, 2, 1):
            cluster.scale(count)
            for _ in range(600):
                if len(client.nthreads()) == count:
                    break
                time.sleep(0.1)
            shards = distributed.scatter(pieces, client)
            assert len({seat.address for seat in shards.seats}) == count
            found = fit(distributed.value_and_grad(loss), shards, client)
            np.testing.assert_array_equal(found.x, expected.x)
            assert found.fun == expected.fun and found.nfev == expected.nfev
            if count == 1:
                break
            # In the middle of a pass of half a second or more.
            victim = shards.seats[0].address
            pid = client.run(os.getpid, workers=[victim])[victim]
            timer = threading.Timer(0.1, os.kill, (pid, signal.SIGKILL))
            slow = distributed.value_and_grad(slow_loss)
            timer.start()
            same(slow(expected.x, shards), plain(loss, expected.x, pieces))
            timer.join()
            assert all(seat.address != victim for seat in shards.seats)     # it was in the middle
            found = fit(distributed.value_and_grad(loss), shards, None)
            np.testing.assert_array_equal(found.x, expected.x)


@pytest.mark.parametrize("kind", ["floats", "tree", "Tensor", "ndarray", "float32"])
def test_gradients_are_what_the_parameters_are(client, kind):
    shards = [np.arange(3.0) + k for k in range(5)]
    params = {"floats": 1.5, "tree": {"a": np.array([1.0, 2.0, 3.0]), "b": [0.5, (2.0,)]},
              "Tensor": autodiff.tensor([1.0, 2.0, 3.0], dtype=autodiff.float64),
              "ndarray": autodiff.numpy.array([1.0, 2.0, 3.0]), "float32": np.array([1.0, 2.0, 3.0], np.float32)}[kind]

    def f(p, shard):
        if isinstance(p, dict):
            return np.sum(p["a"] * shard) * p["b"][0] * p["b"][1][0]
        if isinstance(p, autodiff.Tensor):
            shard = autodiff.tensor(shard)
        return ((shard - p) ** 2).sum()

    value, gradient = distributed.value_and_grad(f)(params, shards, client)
    value_, gradient_ = plain(f, params, shards)
    assert type(value) is type(value_) and float(value) == float(value_)
    ours, structure = autodiff._pytree.flatten(gradient)
    expected, structure_ = autodiff._pytree.flatten(gradient_)
    assert structure == structure_
    for one, other in zip(ours, expected, strict=True):
        assert type(one) is type(other) and getattr(one, "dtype", None) == getattr(other, "dtype", None)
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("make", [autodiff.tensor, autodiff.numpy.array])
def test_pieces_of_a_variable_take_their_own_memory_along(client, monkeypatch, make):
    """Pickled, a view brings all of the memory that it looks at: forty pieces would bring it forty times."""
    whole = make(np.arange(40_000.0).reshape(400, 100))
    pieces = [(whole[k:k + 10], {"first": whole[k:k + 10, 0].detach()}) for k in range(0, 400, 10)]

    def f(x, shard):
        return (shard[0] * x).sum() + shard[1]["first"].sum()

    sizes, scatter = [], client.scatter

    def counting(data, **options):
        sizes.extend(len(pickle.dumps(one)) for one in data)
        return scatter(data, **options)

    monkeypatch.setattr(client, "scatter", counting)
    shards = distributed.scatter(pieces, client)
    assert len(sizes) == 40 and max(sizes) < 12_000
    value, _ = distributed.value_and_grad(f)(2.0, shards)
    assert float(value) == 2.0 * np.arange(40_000.0).sum() + np.arange(0.0, 40_000.0, 100.0).sum()
    params = whole[3]
    assert type(distributed.value_and_grad(f)(params, shards)[1]) is type(whole)
    assert shards.items[3].here is pieces[3]
    found = distributed.map(lambda row, pair: (type(row), float(row.sum() + pair[0].sum())), whole, [(row,) for row in whole],
                            client=client)
    assert found == [(type(whole), float(2 * row.sum())) for row in whole]


def test_what_else_is_returned_comes_in_the_order_of_shards(client):
    shards = [np.full(2, float(k)) for k in range(7)]

    def f(x, shard):
        return square(x, shard), {"first": shard[0]}

    (value, aux), gradient = distributed.value_and_grad(f, has_aux=True)(1.0, shards, client)
    same((value, gradient), plain(square, 1.0, shards))
    assert [found["first"] for found in aux] == list(range(7))


def test_shards_stay_where_they_are(client):
    """Futures are asked where they are, and so are trees of them; of a list what was sent once is not sent again."""
    shards = [np.arange(4.0) + k for k in range(6)]
    workers = sorted(client.nthreads())
    futures = [client.scatter(shard, workers=[workers[k % 2]], hash=False) for k, shard in enumerate(shards)]
    gradient = distributed.value_and_grad(square)
    same(gradient(0.5, futures, client), plain(square, 0.5, shards))
    placed = gradient._shards
    assert {seat.address: seat.places for seat in placed.seats} == {workers[0]: [0, 2, 4], workers[1]: [1, 3, 5]}
    same(gradient(1.5, futures, client), plain(square, 1.5, shards))
    assert gradient._shards is placed
    assert all(len(owners) == 1 for owners in client.who_has(futures).values())

    pairs = [(futures[k], futures[k]) for k in range(6)]
    same(distributed.value_and_grad(lambda x, pair: square(x, pair[0] * pair[1]))(0.5, pairs, client),
         plain(lambda x, shard: square(x, shard * shard), 0.5, shards))

    gradient(0.5, shards, client)
    placed = gradient._shards
    gradient(0.7, list(shards), client)
    assert gradient._shards is placed
    shards[3][0] = 17.0             # its content is another now
    same(gradient(0.7, shards, client), plain(square, 0.7, shards))
    assert gradient._shards is not placed


def test_delayed_shards_and_dask_arrays_are_computed_where_they_are(client):
    da = pytest.importorskip("dask.array")
    pieces = regression(rows=120, pieces=6)
    features, labels = (np.concatenate([piece[k] for piece in pieces]) for k in (0, 1))
    weights = np.linspace(-1.0, 1.0, 5)
    expected = plain(loss, weights, pieces)
    gradient = distributed.value_and_grad(loss)
    lazy = da.from_array(features, chunks=(20, 5)), da.from_array(labels, chunks=20)
    same(gradient(weights, lazy, client), expected)
    same(gradient(weights, [dask.delayed(piece) for piece in pieces], client), expected)
    same(distributed.value_and_grad(lambda w, s: loss(w, (s["x"], s["y"])))(weights, dict(zip("xy", lazy)), client), expected)
    shards = distributed.scatter(lazy, client)
    assert len(shards) == 6
    same(gradient(weights, shards), expected)
    assert distributed.map(lambda shard: shard[0].shape, lazy, client=client) == [(20, 5)] * 6
    with pytest.raises(ValueError, match=r"rechunk\(\{1: -1\}\)"):
        gradient(weights, lazy[0].rechunk((20, 2)), client)
    with pytest.raises(ValueError, match="same chunks"):
        gradient(weights, (lazy[0], lazy[1].rechunk(30)), client)
    with pytest.raises(TypeError, match="a value of type ndarray among them"):     # no list of two shards
        gradient(weights, (lazy[0], labels), client)


def test_a_compiled_function_is_sent_and_recorded_once(client):
    @autodiff.compile
    def f(x, shard):
        return (x - shard) * (x - shard)

    def branches(dask_worker):
        seats = dask_worker.state.actors.values()
        return [len(loaded.function.function.branches) if hasattr(loaded.function.function, "branches") else None
                for seat in seats for loaded in seat._functions.values()], [
                id(loaded) for seat in seats for loaded in seat._functions.values()]

    shards = distributed.scatter([1.0, 2.0, 3.0, 4.0], client)
    gradient = distributed.value_and_grad(f)
    assert gradient(1.0, shards) == (14.0, -12.0)
    before = client.run(branches)
    assert gradient(2.0, shards) == (6.0, -4.0)
    after = client.run(branches)
    assert before == after and all(len(ids) == 1 for _, ids in after.values())
    assert distributed.value_and_grad(f)(2.0, shards) == (6.0, -4.0)        # made anew, it is the same function
    assert client.run(branches) == after


class Unpickled:
    """Says in a file when it arrives in a process."""

    def __init__(self, log):
        self.log = log

    def __setstate__(self, state):
        self.__dict__ = state
        with open(self.log, "a") as file:
            file.write(f"{os.getpid()}\n")

    def __call__(self, x, y):
        time.sleep(0.01)
        return x * y


def test_points_and_delayed_shards_get_a_function_once_as_well(client, tmp_path):
    f = Unpickled(tmp_path / "log")
    for k in range(3):
        assert distributed.map(f, [1.0] * 16, [float(k)] * 16, client=client) == [float(k)] * 16
        lazy = [dask.delayed(float)(k) for k in range(8)]
        assert distributed.value_and_grad(f)(1.0, lazy, client) == (28.0, 28.0)
    pids = (tmp_path / "log").read_text().split()
    assert len(pids) >= 2 and max(map(pids.count, pids)) == 2       # f, and its gradient; Dask may have one worker do it all
    f.log = tmp_path / "other"       # another content is another function
    assert distributed.map(f, [2.0] * 16, [1.0] * 16, client=client) == [2.0] * 16
    assert f.log.exists()
    for k in range(20):
        distributed.map(lambda x, k=k: x + k, [1.0], client=client)
    assert sum(key.startswith("autodiff-function-") for key in client.futures) <= KEPT
    client.restart()                # the functions are gone with the workers
    assert distributed.map(f, [2.0] * 16, [1.0] * 16, client=client) == [2.0] * 16


# ---- what goes wrong

def test_an_error_names_the_shard_and_stops_the_others(client, tmp_path):
    log = tmp_path / "log"

    class Odd(Exception):
        def __init__(self, first, second):      # cannot be pickled, nor unpickled
            super().__init__(first)
            self.lock = threading.Lock()

    def failing(odd):
        def f(x, shard):
            with open(log, "a") as file:
                file.write(f"{shard}\n")
            if shard == 1:
                raise Odd(1, 2) if odd else ZeroDivisionError("hm")
            time.sleep(0.05)
            return x * shard
        return f

    for odd, expected in ((False, ZeroDivisionError), (True, RuntimeError)):
        log.write_text("")
        with pytest.raises(expected) as caught:
            distributed.value_and_grad(failing(odd))(1.0, [dask.delayed(float)(k) for k in range(3)], client)
        assert caught.value.__notes__[-1] == "autodiff.distributed: in shard 1 of 3"
        with pytest.raises(expected) as caught:
            distributed.map(failing(odd), [1.0] * 3, range(3), client=client)
        assert caught.value.__notes__[-1] == "autodiff.distributed: in point 1 of 3"
        log.write_text("")
        with pytest.raises(expected) as caught:
            distributed.value_and_grad(failing(odd))(1.0, [float(k) for k in range(60)], client)
        assert caught.value.__notes__[-1] == "autodiff.distributed: in shard 1 of 60"
        time.sleep(0.3)
        assert len(log.read_text().splitlines()) < 30
    with pytest.raises(ZeroDivisionError) as caught:
        distributed.value_and_grad(lambda x, s: 1 / (s - 2) * x)(1.0, [dask.delayed(float)(k) for k in range(4)], client)
    assert "autodiff.distributed: in shard 2 of 4" in caught.value.__notes__
    with pytest.raises(RuntimeError, match="scalar") as caught:
        distributed.value_and_grad(lambda x, s: x * s)(np.ones(2), [np.ones(2)], client)
    assert "autodiff.distributed: in shard 0 of 1" in caught.value.__notes__


def test_a_shard_that_kills_its_workers_is_named():
    def f(x, shard):
        if shard == 5:
            os._exit(1)
        return x * shard

    with processes(4) as cluster, dask_distributed.Client(cluster, set_as_default=False) as client:
        shards = distributed.scatter([float(k) for k in range(8)], client)
        with pytest.raises(RuntimeError, match=r"in shard 5 of 8: 3 workers died with it"):
            distributed.value_and_grad(f)(1.0, shards)
        assert distributed.value_and_grad(lambda x, s: x * s)(1.0, shards) == (28.0, 28.0)


def test_what_was_written_to_is_not_sent_again():
    arrays = [np.full(3, float(k)) for k in range(4)]
    with processes(1) as cluster, dask_distributed.Client(cluster, set_as_default=False) as client:
        shards = distributed.scatter(arrays, client)
        gradient = distributed.value_and_grad(square)
        before = gradient(0.0, shards)
        arrays[2][0] = 9.0
        assert gradient(0.0, shards) == before
        pid, = client.run(os.getpid).values()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(RuntimeError, match="in shard 2 of 4: its worker died, and its arrays here have been written to"):
            gradient(0.0, shards)


def test_a_lost_future_is_named(client):
    futures = [client.scatter(np.full(2, float(k)), hash=False) for k in range(4)]
    gradient = distributed.value_and_grad(square)
    gradient(0.0, futures, client)
    client.cancel(futures[3])
    with pytest.raises(RuntimeError, match="in shard 3 of 4: it is lost"):
        distributed.value_and_grad(square)(0.0, futures, client)
    failed = client.submit(int, "x")
    with pytest.raises(ValueError, match="invalid literal") as caught:
        gradient(0.0, [futures[0], failed], client)
    assert "autodiff.distributed: in shard 1 of 2" in caught.value.__notes__


def test_arguments_that_make_no_sense(client):
    gradient = distributed.value_and_grad(square)
    with pytest.raises(TypeError, match="pickle") as caught:
        gradient(1.0, [1.0, threading.Lock()], client)
    assert caught.value.__notes__ == ["autodiff.distributed: shard 1 of 2 cannot be sent to workers"]
    for shards, kind, words in [(np.ones((4, 2)), TypeError, "array_split"), ({}, TypeError, "but got dict"),
                                ([], ValueError, "none"), (3, TypeError, "but got int"),
                                ([(client.scatter(1.0), 2.0)], TypeError, "not of both")]:
        with pytest.raises(kind, match=words):
            gradient(1.0, shards, client)
    with pytest.raises(TypeError, match=r"expected a dask.distributed.Client, but got str"):
        gradient(1.0, [1.0], "tcp://127.0.0.1:8786")
    with pytest.raises(TypeError, match="makes a function of a function"):
        distributed.value_and_grad(3)
    with pytest.raises(TypeError, match="expected a function"):
        distributed.map(3, [1.0])
    with pytest.raises(ValueError, match="no parameters"):
        gradient((), [1.0], client)
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"hand p.detach\(\)"):
        gradient(x, [1.0], client)
    with pytest.raises(RuntimeError, match=r"hand p.detach\(\)"):
        autodiff.grad(lambda p: gradient(p, [np.ones(2)], client)[0])(np.ones(2))
    with pytest.raises(RuntimeError, match="stands for a batch"):
        autodiff.vmap(lambda p: gradient(p, [np.ones(2)], client)[0])(np.ones((3, 2)))
    with autodiff.no_grad():
        assert gradient(x, [autodiff.tensor([1.0, 1.0])], client)[1].tolist() == [0.0, 2.0]

    class Asynchronous(dask_distributed.Client):
        asynchronous = True

        def __init__(self):
            self.status = "running"

        __del__ = close = lambda self, *_: None

    with pytest.raises(TypeError, match="asynchronous client"):
        gradient(1.0, [1.0], Asynchronous())


def test_without_dask_the_error_says_what_to_install():
    program = """
        import sys
        sys.modules["distributed"] = None
        import autodiff
        assert "dask" not in sys.modules
        assert autodiff.distributed.pairwise_sum([1.0, 2.0]) == 3.0
        try:
            autodiff.distributed.value_and_grad(lambda x, s: x * s)(1.0, [2.0])
        except ImportError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("pip install autodiff-core[dask]")


# ---- what is left behind

def test_nothing_is_left_on_the_workers(client):
    def held(dask_worker):
        return {key for key in (*dask_worker.data, *dask_worker.state.actors) if not key.startswith("autodiff-function-")}

    def awaited():
        return {key for key in client.futures if not key.startswith("autodiff-function-")}      # some are kept

    gc.collect()
    before, futures = client.run(held), awaited()     # of other tests
    shards = distributed.scatter([np.arange(4000.0) for _ in range(8)], client)
    gradient = distributed.value_and_grad(square)
    params = np.ones(4000)          # 32 kB

    def memory():
        return client.run(lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096)

    for _ in range(100):
        gradient(params, shards)
    settled = memory()
    for _ in range(250):
        gradient(params, shards)
    after = memory()
    assert max(after[worker] - settled[worker] for worker in after) < 4 * 2 ** 20
    assert len(awaited() - futures) == 8 + 2      # shards, seats
    distributed.map(square, [1.0] * 100, [2.0] * 100, client=client)
    distributed.value_and_grad(square)(1.0, [dask.delayed(float)(2)], client)
    del shards, gradient
    gc.collect()
    for _ in range(50):
        after = client.run(held)
        if all(after[worker] <= before[worker] for worker in before) and awaited() <= futures:
            break
        time.sleep(0.1)
    assert all(after[worker] <= before[worker] for worker in before) and awaited() <= futures


def test_an_interrupt_stops_the_workers(client, tmp_path):
    log = tmp_path / "log"
    log.write_text("")

    def f(x, shard):
        with open(log, "a") as file:
            file.write("x")
        time.sleep(0.05)
        return x * shard

    shards = distributed.scatter([1.0] * 100, client)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)       # a program in the background ignores it
    for run in (lambda: distributed.value_and_grad(f)(1.0, shards),
                lambda: distributed.map(f, [1.0] * 100, [1.0] * 100, client=client)):
        log.write_text("")
        timer = threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            run()
        timer.join()
        time.sleep(0.3)
        count = len(log.read_text())
        time.sleep(0.3)
        assert len(log.read_text()) == count < 100
    signal.signal(signal.SIGINT, before)
    assert distributed.value_and_grad(lambda x, s: x * s)(2.0, shards) == (200.0, 100.0)


def test_arrays_begin_where_their_type_may_at_a_worker(client):
    """Dask reads frames to wherever they come to lie; products of what is not aligned are slow."""
    def aligned(w, shard):
        assert all(array.flags.aligned and array.flags.writeable for array in shard), [array.ctypes.data for array in shard]
        return np.sum(shard[0] @ w)

    random = np.random.default_rng(0)
    pieces = [(random.normal(size=(301, 5)), random.normal(size=(7,))) for _ in range(12)]
    value, _ = distributed.value_and_grad(aligned)(np.ones(5), pieces, client)
    np.testing.assert_allclose(value, sum(piece[0].sum() for piece in pieces))
    assert distributed.map(lambda shard: shard[1].sum(), distributed.scatter(pieces, client)) == [p[1].sum() for p in pieces]


def test_the_local_cluster_is_made_once_and_closed_with_the_program(tmp_path):
    program = """
        import autodiff

        def f(x, shard):
            return x * shard

        if __name__ == "__main__":
            gradient = autodiff.distributed.value_and_grad(f)
            assert gradient(2.0, [1.0, 2.0]) == (6.0, 3.0)
            client = gradient._shards.client
            assert autodiff.distributed.map(abs, [-1.0, 2.0]) == [1.0, 2.0]
            assert autodiff.distributed.value_and_grad(f)(3.0, [1.0]) == (3.0, 1.0)
            assert set(client.run(autodiff.get_num_threads).values()) == {1}
            print(*client.run(__import__("os").getpid).values())
    """
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
                          timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0 and not done.stderr, done.stderr
    for pid in done.stdout.split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_told_that_dasks_threads_are_not_there(tmp_path):
    """It waited forever: the thread that Dask hands messages to is in the parent."""
    program = """
        import multiprocessing
        from autodiff import distributed
        from dask.distributed import Client

        def child(client):
            try:
                distributed.map(abs, [3.0], client=client)
            except RuntimeError as error:
                print(error, flush=True)

        if __name__ == "__main__":
            with Client(processes=False, dashboard_address=":0") as client:
                assert distributed.map(abs, [-2.0]) == [2.0]
                for given in (None, client):
                    process = multiprocessing.get_context("fork").Process(target=child, args=(given,))
                    process.start()
                    process.join(60)
                    assert process.exitcode == 0
                assert distributed.map(abs, [-3.0]) == [3.0]
    """
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    done = subprocess.run([sys.executable, "-W", "ignore", "program.py"], cwd=tmp_path, capture_output=True, text=True,
                          check=False, timeout=200, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("forked from one that uses Dask") == 2


def test_a_program_without_a_guard_is_told_what_it_lacks(tmp_path):
    (tmp_path / "program.py").write_text("from autodiff import distributed\nprint(distributed.map(abs, [-1.0]))\n")
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
                          timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 1 and not done.stdout
    assert "if __name__ == '__main__':" in done.stderr.splitlines()[-1]


# ---- points

def price(spot, strike, years, rate, volatility):
    """Black and Scholes' of a call."""
    from math import erf, sqrt

    def normal(x):
        return 0.5 * (1 + (autodiff.erf if isinstance(x, autodiff.Tensor.__base__) else erf)(x / sqrt(2)))

    deviation = volatility * np.sqrt(years)
    upper = (np.log(spot / strike) + rate * years) / deviation + deviation / 2
    return spot * normal(upper) - strike * np.exp(-rate * years) * normal(upper - deviation)


def book(count=2000):
    random = np.random.default_rng(3)
    return [random.uniform(low, high, size=count) for low, high in ((80, 120), (80, 120), (0.1, 2), (0, 0.05), (0.1, 0.5))]


def test_a_book_of_options_with_greeks(client, pool):
    columns = book()
    greeks = autodiff.value_and_grad(price, argnums=(0, 3, 4))
    expected = [greeks(*option) for option in zip(*columns)]
    found = distributed.map(greeks, *columns, client=client)
    assert found == expected
    step = 1e-5
    bumped = [price(spot + step, *rest) for spot, *rest in zip(*columns)]
    dropped = [price(spot - step, *rest) for spot, *rest in zip(*columns)]
    np.testing.assert_allclose([slopes[0] for _, slopes in found], (np.array(bumped) - dropped) / (2 * step), rtol=1e-4,
                               atol=1e-7)
    assert list(pool.map(greeks, *columns, chunksize=250)) == expected
    joblib = pytest.importorskip("joblib")
    assert joblib.Parallel(n_jobs=2, batch_size=250)(joblib.delayed(greeks)(*option) for option in zip(*columns)) == expected


def test_joblib_and_the_standard_librarys_pool_add_to_the_same_bits(client, pool):
    pieces = regression(rows=800)
    weights = np.linspace(-1.0, 1.0, 5)
    gradient = autodiff.value_and_grad(loss)
    expected = distributed.value_and_grad(loss)(weights, pieces, client)
    same(distributed.pairwise_sum(list(pool.map(gradient, [weights] * 40, pieces))), expected)
    joblib = pytest.importorskip("joblib")
    same(distributed.pairwise_sum(joblib.Parallel(n_jobs=2)(joblib.delayed(gradient)(weights, s) for s in pieces)), expected)


def test_results_are_the_trees_they_are_in_order(client):
    rows = np.arange(30.0).reshape(10, 3)
    jacobian = distributed.map(autodiff.grad(lambda x: np.sum(x ** 2)), rows, client=client)
    np.testing.assert_array_equal(np.stack(jacobian), 2 * rows)
    found = distributed.map(lambda k: {"k": k, "v": (np.full(k, 2.0), "x" * k)}, range(20), client=client)
    assert [one["k"] for one in found] == list(range(20)) and found[7]["v"][0].shape == (7,)
    assert distributed.map(lambda x: x, [], client=client) == []
    assert distributed.map(lambda x: x + 1, (k for k in range(3)), client=client) == [1, 2, 3]
    cubes = autodiff.vmap(autodiff.grad(lambda x: x ** 3))
    batched = distributed.map(cubes, [np.array([1.0, 2.0]), np.array([3.0])], client=client)
    np.testing.assert_array_equal(np.concatenate(batched), [3.0, 12.0, 27.0])
    with pytest.raises(ValueError, match="different numbers of points: 1, 2"):
        distributed.map(lambda x, y: x, [1], [1, 2], client=client)
    with pytest.raises(ZeroDivisionError) as caught:
        distributed.map(lambda x: 1 / (x - 13), range(100), client=client)
    assert "autodiff.distributed: in point 13 of 100" in caught.value.__notes__
    shards = distributed.scatter([1.0, 2.0, 3.0], client)
    assert distributed.map(lambda x: -x, shards) == [-1.0, -2.0, -3.0]


def test_a_bar_of_dasks_is_shown(client, capfd):
    shards = distributed.scatter([np.full(2, float(k)) for k in range(7)], client)
    same(distributed.value_and_grad(square, progress=True)(0.5, shards), distributed.value_and_grad(square)(0.5, shards))
    assert "100% Completed" in capfd.readouterr().out
    assert distributed.map(abs, [-1, -2], client=client, progress=True) == [1, 2]
    assert "100% Completed" in capfd.readouterr().out


def test_a_bar_does_not_wait_for_a_worker_that_died():
    """Dask's own waits forever for tasks that were lost with the arrays sent to the worker."""
    with processes(2) as cluster, dask_distributed.Client(cluster, set_as_default=False) as client:
        shards = distributed.scatter([float(k) for k in range(30)], client)

        def f(x, shard):
            time.sleep(0.03)
            return x * shard

        timer = threading.Timer(0.2, os.kill, (client.run(os.getpid, workers=[shards.seats[0].address]).popitem()[1],
                                               signal.SIGKILL))
        timer.start()
        assert distributed.value_and_grad(f, progress=True)(1.0, shards) == (435.0, 435.0)
        timer.join()


def test_in_a_task_of_a_worker_its_client_is_used(client):
    def nested(x):
        return distributed.value_and_grad(square)(x, [np.ones(2), np.zeros(2)]), distributed.map(abs, [-1.0, x])

    assert client.submit(nested, 0.5).result(timeout=60) == ((1.0, 0.0), [1.0, 0.5])


def test_threads_of_one_worker_and_the_client_of_the_context():
    with dask_distributed.Client(processes=False, n_workers=1, threads_per_worker=3, dashboard_address=":0") as client:
        pieces = regression(rows=200)
        weights = np.linspace(-1.0, 1.0, 5)
        gradient = distributed.value_and_grad(loss)
        same(gradient(weights, pieces), plain(loss, weights, pieces))
        assert gradient._shards.client is client and len(gradient._shards.seats) == 1
        with pytest.raises(ZeroDivisionError) as caught:
            distributed.value_and_grad(lambda x, s: 1 / (s - 7) * x)(1.0, [float(k) for k in range(20)])
        assert "autodiff.distributed: in shard 7 of 20" in caught.value.__notes__


# ---- out of core

def files(folder, rows, columns):
    random = np.random.default_rng(0)
    np.save(folder / "x.npy", random.uniform(-1.0, 1.0, size=(rows, columns)))
    np.save(folder / "y.npy", (random.uniform(size=rows) < 0.5).astype(float))
    return folder / "x.npy", folder / "y.npy"


def test_blocks_of_files(client, tmp_path):
    paths = files(tmp_path, 1000, 5)
    features, labels = (np.load(path) for path in paths)
    parts = distributed.blocks(paths, rows=300)
    assert len(parts) == 4 and [len(labels) for _, labels in parts] == [300, 300, 300, 100]
    np.testing.assert_array_equal(parts[-1][0], features[900:])
    weights = np.linspace(-1.0, 1.0, 5)
    pieces = [(features[k:k + 300], labels[k:k + 300]) for k in range(0, 1000, 300)]
    expected = plain(loss, weights, pieces)
    gradient = distributed.value_and_grad(loss)
    for _ in range(2):
        same(gradient(weights, parts, client), expected)
        placed = gradient._shards
    gradient(weights, distributed.blocks(paths, rows=300), client)
    assert gradient._shards is placed
    same(gradient(weights, distributed.scatter(parts, client)), expected)
    same(distributed.value_and_grad(loss, progress=True)(weights, parts, client), expected)
    serial = autodiff.value_and_grad(loss)
    same(distributed.pairwise_sum((serial(weights, part) for part in parts), len(parts)), expected)
    mapped = np.load(paths[0], mmap_mode="r")
    for start, rows in ((0, 7), (13, 100), (999, 1)):       # slices of a map begin where they begin
        part = distributed.blocks(mapped[start:], rows)
        np.testing.assert_array_equal(np.concatenate(list(part)), features[start:])
    np.testing.assert_array_equal(distributed.blocks({"a": mapped[10:20][5:]}, 5)[0]["a"], features[15:20])
    assert distributed.map(lambda part: part[1].sum(), parts, client=client) == [labels.sum() for _, labels in pieces]
    assert not parts[0][0].flags.writeable
    other = distributed.blocks(tmp_path / "x.npy", rows=300)
    np.save(tmp_path / "x.npy", features + 1.0)         # another content of the same kind
    np.testing.assert_array_equal(other[1], features[300:600] + 1.0)
    np.save(tmp_path / "x.npy", features.astype(np.int64))
    with pytest.raises(ValueError, match="written anew") as caught:
        distributed.map(np.sum, other, client=client)
    assert any("autodiff.distributed: in point" in note for note in caught.value.__notes__)
    np.save(tmp_path / "x.npy", features)
    for given, rows, kind, words in [
            (features, 10, TypeError, "but got ndarray"), (mapped[:, :2], 10, ValueError, "one after another"),
            (np.load(paths[0], mmap_mode="c"), 10, ValueError, "mode 'c'"), (mapped, 0, ValueError, "at least 1"),
            (mapped, 2.5, TypeError, "number of rows"), ((mapped, mapped[1:]), 10, ValueError, "1000, 999"),
            ((), 3, ValueError, "no arrays")]:
        with pytest.raises(kind, match=words):
            distributed.blocks(given, rows)
    with pytest.raises(TypeError, match="one by one"):
        parts[1:]
    np.save(tmp_path / "empty.npy", np.zeros((0, 5)))
    with pytest.raises(ValueError, match="no rows"):
        distributed.blocks(tmp_path / "empty.npy", 3)
    os.remove(paths[1])
    with pytest.raises(FileNotFoundError) as caught:
        gradient(weights, parts, client)
    assert any("in shard" in note for note in caught.value.__notes__)


def watch_peak():
    """The peak of this process is counted from now on."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="a peak of memory is read where Linux says it")
def test_a_walk_over_a_file_needs_the_memory_of_a_block(client, tmp_path):
    """A file of 80 MB in blocks of 4 MB, in a plain loop and on workers."""
    parts = distributed.blocks(files(tmp_path, 200_000, 50), rows=10_000)
    gradient, weights = autodiff.value_and_grad(loss), np.zeros(50)
    gradient(weights, parts[0])
    before = watch_peak()
    expected = distributed.pairwise_sum((gradient(weights, part) for part in parts), len(parts))
    assert peak() - before < 20 * 2 ** 20
    many = distributed.value_and_grad(loss)
    many(weights, parts, client)
    before = client.run(watch_peak)
    found = many(weights, parts, client)
    assert np.isclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-9, atol=1e-9)     # BLAS has other threads here than there
    after = client.run(peak)
    assert all(after[worker] - before[worker] < 20 * 2 ** 20 for worker in after)
