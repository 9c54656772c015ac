"""How a derivative is held against finite differences, and the renderer; shared by the tests of rows."""
import importlib.util
import itertools
import operator
import sys
from pathlib import Path

import numpy as np

import autodiff
from autodiff import autograd

ROOT = Path(__file__).resolve().parent.parent
STEP = 1e-6
LOADED = itertools.count()


def load(path):
    """A file or folder as a module by itself, read anew each time."""
    file = path / "__init__.py" if path.is_dir() else path
    spec = importlib.util.spec_from_file_location(f"_loaded_{next(LOADED)}_{path.stem}", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


#: What renders the rows at build time: not in the package, and so found by its path.
render = load(ROOT / "render")


def leaf(array, dtype=None):
    return autodiff.tensor(np.asarray(array), dtype=dtype, requires_grad=True)


def plain(v):
    return v.detach().numpy() if isinstance(v, autodiff.Tensor) else np.asarray(v)


def public(rule):
    """The function of a row, where users find it."""
    return operator.attrgetter(rule.path)(autodiff)


def weights(shape, seed=7):
    return np.asarray(np.random.default_rng(seed).uniform(0.5, 1.5, shape))


def difference(f, arrays, i):
    """The gradient of a scalar function in its i-th array, by central differences."""
    x = arrays[i]
    result = np.zeros(x.shape)
    for position in np.ndindex(*x.shape):
        moved = []
        for step in (STEP, -STEP):
            near = x.copy()
            near[position] += step
            moved.append(float(f(*arrays[:i], near, *arrays[i + 1:])))
        result[position] = (moved[0] - moved[1]) / (2 * STEP)
    return result


def gradients(f, arrays, w, v=None):
    """Gradients of sum(w f), or, given v, of sum(v times these gradients): one pass recorded, the next not."""
    leaves = [leaf(a) for a in arrays]
    out = f(*leaves)
    first = autograd.grad((out * autodiff.tensor(w)).sum(), leaves, create_graph=v is not None, allow_unused=True)
    if v is None:
        return [np.zeros(a.shape) if g is None else plain(g) for a, g in zip(arrays, first)]
    parts = [(g * autodiff.tensor(vi)).sum() for g, vi in zip(first, v) if g is not None and g.requires_grad]
    if not parts:
        return [np.zeros(a.shape) for a in arrays]
    second = autograd.grad(sum(parts[1:], parts[0]), leaves, allow_unused=True)
    return [np.zeros(a.shape) if g is None else plain(g) for a, g in zip(arrays, second)]


def check(f, ref, arrays, order=2):
    """Value, and derivatives of order 1 (differences of the reference) and 2 (differences of order 1)."""
    arrays = [np.asarray(a, np.float64) for a in arrays]
    expected = np.asarray(ref(*arrays))
    out = f(*[leaf(a) for a in arrays])
    assert tuple(out.shape) == expected.shape
    np.testing.assert_allclose(plain(out), expected, rtol=1e-13, atol=1e-13)
    w = weights(expected.shape)
    first = gradients(f, arrays, w)
    for i, g in enumerate(first):
        assert g.shape == arrays[i].shape
        near = difference(lambda *a: np.sum(w * ref(*a)), arrays, i)
        np.testing.assert_allclose(g, near, rtol=1e-6, atol=1e-6, err_msg=f"gradient in operand {i}")
    # The recorded pass runs the row's text on Variables, the other one its compiled loops.
    leaves = [leaf(a) for a in arrays]
    recorded = autograd.grad((f(*leaves) * autodiff.tensor(w)).sum(), leaves, create_graph=True)
    for g, r in zip(first, recorded):
        np.testing.assert_allclose(plain(r), g, rtol=1e-13, atol=1e-15, err_msg="recorded against compiled rule")
    if order < 2:
        return
    # Through a sine: alone, a linear row would have second derivatives of 0, however wrong its recorded pass.
    curved = lambda *a: f(*a).sin()
    v = [weights(a.shape, 11 + i) for i, a in enumerate(arrays)]
    second = gradients(curved, arrays, w, v)
    for i, g in enumerate(second):
        near = difference(lambda *a: sum(np.sum(vi * gi) for vi, gi in zip(v, gradients(curved, list(a), w))), arrays, i)
        np.testing.assert_allclose(g, near, rtol=2e-5, atol=2e-5, err_msg=f"second derivative in operand {i}")


def derivative(f, *numbers, order=1):
    """The derivative in the first operand at a point, for a scalar and for an array: they agree."""
    found = []
    for shape in ((), (2,)):
        xs = [leaf(np.full(shape, n)) for n in numbers]
        out = f(*xs)
        for _ in range(order):
            (out,) = autograd.grad(out.sum(), xs[0], create_graph=True)
        found.append(plain(out).ravel()[0])
    assert found[0] == found[1] or (found[0] != found[0] and found[1] != found[1])
    return found[0]
