"""A call of NumPy's of plain arrays beside the same call of Variables: values, dtypes, shapes, errors and warnings."""
import warnings

import numpy as np

import autodiff
import autodiff.numpy as anp


def operands(dtypes="f8 f4 f2 i4 ?", shape=(3, 4)):
    """Arrays of several dtypes by name; of floats there are some with NaN, with infinities and with equal elements, too."""
    random = np.random.default_rng(0)
    found = {}
    for dtype in dtypes.split():
        x = random.normal(size=shape) * 2
        if dtype[0] == "c":
            x = x + 1j * random.normal(size=shape)
        found[dtype] = x = x.astype(dtype)
        if dtype[0] == "f":
            found[f"{dtype} with NaN"] = x.copy()
            found[f"{dtype} with NaN"][0, 1] = found[f"{dtype} with NaN"][2] = np.nan
            found[f"{dtype} with infinities"] = x.copy()
            found[f"{dtype} with infinities"][0, 1], found[f"{dtype} with infinities"][1, 2] = np.inf, -np.inf
            found[f"{dtype} with ties"] = np.round(x)
    return found


def called(text, x):
    """(result or None, error or None, warnings that are no floating point's) of a line of code in x."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result, error = eval(text, {"np": np, "x": x}), None
        except Exception as found:
            result, error = None, found
    return result, error, sorted({str(w.message) for w in caught if "encountered in" not in str(w.message)})


def leaves(result):
    if isinstance(result, (list, tuple)):
        return [leaf for part in result for leaf in leaves(part)]
    return [result.detach().numpy() if isinstance(result, autodiff.Variable) else np.asarray(result)]


def hold_against_numpy(text, x, rounding=0.0):
    """The same result of a Variable as of the array, to the bit unless rounding is given; NumPy's errors and warnings."""
    expected, error, said = called(text, x.copy())
    found, ours, told = called(text, anp.array(x, requires_grad=x.dtype.kind in "fc"))
    if error is not None:
        assert isinstance(ours, type(error)), f"{ours!r} and not {error!r}"
        return
    assert ours is None, repr(ours)
    assert told == said
    assert isinstance(found, tuple) == isinstance(expected, tuple)
    if isinstance(expected, tuple) and hasattr(expected, "_fields"):
        assert type(found) is type(expected)
    found, expected = leaves(found), leaves(expected)
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert one.dtype == other.dtype and one.shape == other.shape
        if rounding:
            np.testing.assert_allclose(one, other, rtol=rounding)
        else:
            np.testing.assert_array_equal(one, other)
