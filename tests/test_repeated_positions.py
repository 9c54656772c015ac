"""Writes that name a place more than once: the last element in C order stays, and has the gradient; the others have 0.

The reference writes element by element, in a loop; derivatives are held against differences of it.
"""
import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff.autograd import forward_ad as fw
from checks import check

T = autodiff.tensor


def written(a, index, values):
    """a with values at an index, one after the other."""
    out = np.array(a)
    places = np.arange(out.size).reshape(out.shape)[index]
    for place, value in zip(np.ravel(places), np.ravel(np.broadcast_to(values, np.shape(places)))):
        out.reshape(-1)[place] = value
    return out


def set_in(x, index, y):
    out = x * 1.0
    out[index] = y
    return out


def set_in_view(x, index, y):
    """The same through a view of a permuted base."""
    base = x.permute(tuple(range(x.ndim))[::-1]) * 1.0
    view = base.permute(tuple(range(x.ndim))[::-1])
    view[index] = y
    return base.permute(tuple(range(x.ndim))[::-1])


def spelled(random, positions, n):
    """Positions of which some are counted from the end."""
    return np.where(random.random(positions.shape) < 0.5, positions, positions - n)


def any_index(random, shape):
    """An index with many repetitions: arrays of one shape or broadcast, slices, integers, masks, None, in any order."""
    together = ((3,), (4,), (2, 3), (3, 2))[random.integers(4)]
    index = []
    for d, n in enumerate(shape):
        kind = random.integers(6) if d else 0
        if kind == 0 or kind == 1:
            own = together
            if random.random() < 0.3:
                own = tuple(1 if random.random() < 0.5 else size for size in together)
            a = spelled(random, random.integers(0, min(n, 2), own), n)
            index.append(np.asfortranarray(a) if random.random() < 0.3 else a)
        elif kind == 2:
            index.append(slice(None, None, int(random.choice([1, 2, -1]))))
        elif kind == 3:
            index.append(int(random.integers(-n, n)))
        elif kind == 4:
            index.append(slice(1, None))
        else:
            mask = np.zeros(n, bool)
            mask[random.integers(n)] = True
            index.append(mask)
        if random.random() < 0.1:
            index.append(None)
    return tuple(index[:random.integers(1, len(index) + 1)])


def shape_of(random):
    return tuple(int(n) for n in random.integers(2, 4, random.integers(1, 4)))


def source_shape(random, shape):
    """A shape that broadcasts to another: that itself, a part of it, or with sizes of 1."""
    kind = random.integers(4)
    if kind == 0:
        return ()
    if kind == 1:
        return shape[random.integers(len(shape) + 1):]
    return tuple(1 if random.random() < 0.3 else n for n in shape)


@pytest.mark.parametrize("write", [set_in, set_in_view])
@pytest.mark.parametrize("seed", range(6))
def test_assignment(seed, write):
    random = np.random.default_rng(seed)
    repeated = 0
    for _ in range(4):
        a = random.normal(size=shape_of(random))
        index = any_index(random, a.shape)
        places = np.arange(a.size).reshape(a.shape)[index]
        repeated += np.unique(places).size < places.size
        y = random.normal(size=source_shape(random, np.shape(places)))
        # PyTorch takes integers beside arrays first; where that places dimensions otherwise the NumPy flavour is right.
        if T(a)[index].shape == np.shape(places):
            check(lambda x, y, index=index: write(x, index, y), lambda x, y, index=index: written(x, index, y), [a, y])
        x, source = anp.array(a, requires_grad=True), anp.array(y, requires_grad=True)
        out = set_in(x, index, source)
        np.testing.assert_array_equal(out.detach().numpy(), written(a, index, y))
        in_order = tuple(np.ascontiguousarray(entry) if isinstance(entry, np.ndarray) else entry for entry in index)
        expected = a.copy()
        expected[in_order] = y
        np.testing.assert_array_equal(out.detach().numpy(), expected)
        w = random.normal(size=a.shape)
        (out * w).sum().backward()
        step = 1e-6
        for v, found in ((a, x.grad), (y, source.grad)):
            for at in np.ndindex(v.shape):
                kept = v[at]
                v[at] = kept + step
                above = (written(a, index, y) * w).sum()
                v[at] = kept - step
                below = (written(a, index, y) * w).sum()
                v[at] = kept
                assert abs(found.numpy()[at] - (above - below) / (2 * step)) < 1e-6
    assert repeated


def grid(index, dim):
    return tuple(index if d == dim else i for d, i in enumerate(np.indices(index.shape, sparse=True)))


def form_of(name, random):
    """(the arguments of the method, given y; the reference; shape of x; shape of y)"""
    rows, columns = 3, int(random.integers(2, 5))
    dim = int(random.integers(-2, 2))
    size = (rows, columns)[dim]
    count = int(random.integers(2, 6))
    where = spelled(random, random.integers(0, 2, count), size)
    before = (slice(None),) * (dim % 2)
    parts = [rows, columns]
    parts[dim] = count
    if name == "index_fill":
        return lambda y: (dim, T(where), y), lambda x, y: written(x, (*before, where), y), (rows, columns), ()
    if name == "index_copy":
        where = where % size
        return lambda y: (dim, T(where), y), lambda x, y: written(x, (*before, where), y), (rows, columns), tuple(parts)
    if name == "scatter":
        index = random.integers(0, 2, parts if random.random() < 0.5 else (2, 2))
        return (lambda y: (dim, T(index), y),
                lambda x, y: written(x, grid(index, dim % 2), y[tuple(slice(n) for n in index.shape)]),
                (rows, columns), tuple(max(a, b) for a, b in zip(parts, index.shape)))
    if name == "put":
        index = spelled(random, random.integers(0, 4, (2, count)), rows * columns)
        return (lambda y: (T(index), y), lambda x, y: written(x.reshape(-1), index.reshape(-1), y.reshape(-1)).reshape(x.shape),
                (rows, columns), (count, 2))
    index = tuple(entry for entry in any_index(random, (rows, columns)) if isinstance(entry, np.ndarray))
    shape = np.empty((rows, columns))[index].shape
    return (lambda y: (tuple(T(entry) for entry in index), y), lambda x, y: written(x, index, y), (rows, columns),
            source_shape(random, shape))


@pytest.mark.parametrize("name", ["index_fill", "index_copy", "scatter", "put", "index_put"])
@pytest.mark.parametrize("seed", range(4))
def test_methods(name, seed):
    random = np.random.default_rng(seed)
    for _ in range(3):
        arguments, ref, one, two = form_of(name, random)
        f = lambda x, y, arguments=arguments: getattr(x, name)(*arguments(y))
        arrays = [random.normal(size=one), random.normal(size=two)]
        check(f, ref, arrays)
        check(lambda x, y, arguments=arguments: getattr(x * 1.0, name + "_")(*arguments(y)), ref, arrays, order=1)
        # Forward mode: the tangent is written as the values are.
        tangents = [random.normal(size=one), random.normal(size=two)]
        with fw.dual_level():
            out = f(*[fw.make_dual(T(a), T(t)) for a, t in zip(arrays, tangents)])
            np.testing.assert_array_equal(fw.unpack_dual(out).tangent.numpy(), ref(*tangents))


def test_put_of_the_numpy_flavour():
    x = anp.array([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = anp.array([10.0, 20.0, 30.0], requires_grad=True)
    out = x * 1
    out.put([0, -1, 3, -4, 0], y)                   # values repeated as often as needed
    np.testing.assert_array_equal(out.detach().numpy(), [[20.0, 2.0], [3.0, 30.0]])
    (out * np.array([[5.0, 6.0], [7.0, 8.0]])).sum().backward()
    np.testing.assert_array_equal(y.grad.numpy(), [0.0, 5.0, 8.0])
    np.testing.assert_array_equal(x.grad.numpy(), [[0.0, 6.0], [7.0, 0.0]])


@pytest.mark.parametrize("make", [T, anp.array])
def test_augmented_assignment(make):
    """x[[0, 0, 1]] *= 3 reads, computes and writes once, in both flavours: no position counts twice."""
    x = make([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1
    y[[0, 0, 1]] *= 3
    y[[2, -1]] += y[[0, 1]]
    np.testing.assert_array_equal(y.detach().numpy(), [3.0, 6.0, 9.0])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3.0, 6.0, 1.0])


def test_a_cotangent_that_is_no_number_does_not_reach_what_was_written_over():
    y = T([1.0, 2.0], requires_grad=True)
    out = autodiff.zeros(2).index_put((T([0, 0]),), y)
    (g,) = autodiff.autograd.grad(out, y, T([np.nan, np.inf]))
    np.testing.assert_array_equal(g.numpy(), [0.0, np.nan])


@pytest.mark.parametrize("count", [10, 100_000])
def test_many_positions(count):
    """Permutations have nothing written over, and a table larger than the index is read only where it was written."""
    random = np.random.default_rng(count)
    n = 200_000
    for index in (np.arange(count), random.permutation(n)[:count], random.integers(0, n, count), np.full(count, 7)):
        y = T(random.normal(size=count), requires_grad=True)
        out = autodiff.zeros(n)
        out[T(index)] = y
        w = random.normal(size=n)
        (out * T(w)).sum().backward()
        last = np.full(n, -1)
        for number, place in enumerate(index.tolist()):
            last[place] = number
        np.testing.assert_array_equal(y.grad.numpy(), np.where(last[index] == np.arange(count), w[index], 0.0))
