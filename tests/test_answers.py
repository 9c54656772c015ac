"""What of NumPy and SciPy the rows answer to: a table from the function itself to a row and the reader of its arguments."""
import importlib
import inspect

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import _guidance, _ops, _variable, autograd, rules
from checks import plain, public, render

NAMES = [(rule.name, answer, name) for rule in rules.RULES for answer in rule.answers for name in answer.functions]
SCIPY = [entry for entry in NAMES if entry[2].startswith("scipy.")]
NUMPY = [entry for entry in NAMES if not entry[2].startswith("scipy.")]
by_name = pytest.mark.parametrize(("row", "answer", "name"), NAMES, ids=[name for _, _, name in NAMES])


def function_of(name):
    """The function of NumPy or SciPy of a name; the test is skipped where SciPy is not installed."""
    if name.startswith("scipy."):
        module, _, own = name.rpartition(".")
        pytest.importorskip("scipy")
        return getattr(importlib.import_module(module), own)
    found = np
    for part in name.split("."):
        found = getattr(found, part)
    return found


@by_name
def test_a_function_that_is_named_exists_and_is_answered_by_its_row(row, answer, name):
    function = function_of(name)
    assert callable(function)
    found, reader = _ops.answer(function)
    assert found == row and callable(reader)
    if isinstance(function, np.ufunc) and not name.startswith("scipy."):
        assert _variable.ufuncs()[function][0] == row
        assert function.nin == rules.BY_NAME[row].arity


def test_no_two_rows_answer_one_function():
    found = {}
    for row, _, name in NUMPY:
        assert found.setdefault(function_of(name), row) == row, name
    names = [name for _, _, name in SCIPY]
    assert len(names) == len(set(names))
    methods = [name for rule in rules.RULES for answer in rule.answers for name in answer.methods]
    assert len(methods) == len(set(methods))


def test_the_table_has_what_the_rows_name_and_nothing_else():
    named = {function_of(name) for _, _, name in NUMPY}
    assert named <= set(_ops.ANSWERS)
    # SciPy's come in when they are asked for.
    assert all("scipy" in str(_guidance.name_of(function)) for function in set(_ops.ANSWERS) - named)
    assert set(_ops.SCIPY) == {name for _, _, name in SCIPY}
    assert len(NUMPY) >= 140 and len(SCIPY) > 8
    assert _ops.answer(np.einsum_path) is None and _ops.answer(len) is None and _ops.answer(np.add.reduce) is None


#: Whether NumPy is newer than the one whose signatures the rows have: keywords that it adds are refused by name.
NEWER = np.lib.NumpyVersion(np.__version__) >= "2.5.0"


@by_name
def test_a_reader_accepts_numpys_own_signature(row, answer, name):
    function = function_of(name)
    reader = _ops.answer(function)[1]
    if isinstance(function, np.ufunc):      # out=, where= and their like are the business of __array_ufunc__
        inspect.signature(reader).bind(*"xyz"[:function.nin])
        return
    own = inspect.signature(function).parameters
    read = inspect.signature(reader).parameters
    for position, (parameter, theirs) in enumerate(own.items()):
        if theirs.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        if parameter not in read and theirs.kind is inspect.Parameter.KEYWORD_ONLY and NEWER:
            assert theirs.default is not inspect.Parameter.empty     # argsort(descending=) came with NumPy 2.5
            continue
        assert parameter in read, parameter
        assert read[parameter].kind == theirs.kind, parameter
        if theirs.kind is not inspect.Parameter.KEYWORD_ONLY:
            assert list(read)[position] == parameter
        default = theirs.default
        if default is inspect.Parameter.empty or "no value" in repr(default):
            assert (read[parameter].default is inspect.Parameter.empty) == (default is inspect.Parameter.empty)
        else:
            assert read[parameter].default == default, parameter
    # what NumPy has since a later version than 2.0, its methods have here of any
    assert set(read) - set(own) <= (set() if NEWER else {"descending"})


X = np.array([[0.5, -1.5, 2.0], [1.25, 0.75, -0.25]])
V, W = np.array([2.0, 0.5, 1.0]), np.array([3.0, -1.0, 0.5])
Z = np.array([1 + 2j, -3j])
AT = np.array([0, 2])
REGULAR = np.outer(V, W) + 3 * np.eye(3)
#: Calls: (arguments, keywords).  Functions of one operand that are not here are called with X alone.
CALLS = {
    "round": [((X, 1), {}), ((X,), {"decimals": 1})], "around": [((X,), {})],
    "clip": [((X, 0.0, 1.0), {}), ((X, None, 1.0), {}), ((X,), {"max": 1.0, "min": None}), ((X,), {"min": 0.0}), ((X,), {}),
             ((X,), {"min": 0.0, "max": 1.0})],
    "where": [((X > 0, X, 1.0), {}), ((X > 0,), {})],
    "nan_to_num": [((np.array([np.nan, np.inf, 1.0]), True, 2.0), {}), ((np.array([np.nan, -np.inf]),), {"neginf": -1.0})],
    "real": [((Z,), {})], "imag": [((Z,), {})], "angle": [((Z,), {})], "isreal": [((Z,), {})],
    **{name: [((X,), {}), ((X, 1), {}), ((X,), {"axis": -1, "keepdims": True}), ((X, (0, 1)), {})]
       for name in ("max", "amax", "min", "amin", "ptp", "all", "any")},
    **{name: [((X,), {}), ((X, 1), {}), ((X, (0, 1), None, None, True), {}), ((X,), {"dtype": np.float32})]
       for name in ("sum", "mean", "prod", "nansum", "nanmean")},
    **{name: [((X,), {}), ((X, 1), {}), ((X, 0, None, None, 1), {}), ((X,), {"ddof": 1, "keepdims": True, "axis": -1}),
              ((X,), {"correction": 1}), ((X,), {"dtype": np.float32})] for name in ("var", "std")},
    **{name: [((X,), {}), ((X, 1), {}), ((X,), {"axis": 0, "keepdims": True})] for name in ("argmax", "argmin")},
    "count_nonzero": [((X,), {}), ((X, 0), {})],
    **{name: [((X,), {}), ((X, 1), {}), ((X,), {"dtype": np.float32, "axis": 0})] for name in ("cumsum", "cumprod")},
    "diff": [((X,), {}), ((X, 2, -1), {}), ((X,), {"axis": 0}), ((V,), {"prepend": 0.0}), ((X,), {"append": np.ones((2, 1))})],
    "trapezoid": [((X,), {}), ((V, W), {}), ((X,), {"dx": 0.5, "axis": 0})],
    "sort": [((X,), {}), ((X, 0), {}), ((X, None), {})], "argsort": [((X,), {}), ((X, 0), {}), ((X,), {"axis": None})],
    "searchsorted": [((np.sort(V), W), {}), ((np.sort(V), 1.0), {"side": "right"})],
    "isin": [((X, V), {}), ((X, V), {"invert": True})],
    **{name: [((V, W), {}), ((X, X), {})] for name in ("vdot", "inner", "outer", "kron")},
    "dot": [((V, W), {}), ((X, V), {}), ((X, X.T), {}), ((np.ones((2, 2, 3)), np.ones((4, 3, 5))), {})],
    "heaviside": [((X - 0.75, 0.5), {}), ((V, W), {})],
    "tensordot": [((X, X, ([0], [0])), {}), ((X, X), {}), ((X, V, 1), {})],
    "linalg.matrix_power": [((np.outer(V, W), 3), {})],
    **{f"linalg.{name}": [((REGULAR,), {}), ((np.stack([REGULAR, 2 * REGULAR]),), {})] for name in ("inv", "det", "slogdet")},
    "linalg.solve": [((REGULAR, V), {}), ((REGULAR, X.T), {})],
    "linalg.tensorinv": [((np.stack([REGULAR]),), {}), ((REGULAR, 1), {}), ((REGULAR[:, :, None],), {"ind": 1})],
    "linalg.tensorsolve": [((REGULAR, V), {}), ((np.stack([REGULAR]), X[:1]), {}), ((np.stack([REGULAR]), V), {"axes": (0,)})],
    "linalg.lstsq": [((X.T, V), {}), ((X.T, REGULAR), {}), ((X, X[:, :1]), {"rcond": 1e-10})],
    "linalg.cholesky": [((REGULAR @ REGULAR.T,), {}), ((REGULAR @ REGULAR.T,), {"upper": True})],
    **{f"linalg.{name}": [((X[:, 1:],), {}), ((X[:, 1:], "U"), {})] for name in ("eigh", "eigvalsh")},
    "linalg.svd": [((X,), {}), ((X, False), {}), ((X,), {"compute_uv": False}), ((X[:, 1:],), {"hermitian": True})],
    **{f"linalg.{name}": [((X[:, 1:],), {})] for name in ("eig", "eigvals")},
    "linalg.cond": [((X,), {}), ((X[:, 1:], 1), {}), ((X[:, 1:],), {"p": "fro"})],
    "linalg.pinv": [((X,), {}), ((X, 0.1), {}), ((X[:, 1:],), {"hermitian": True}), ((X,), {"rtol": None})],
    "linalg.qr": [((X,), {}), ((X, "complete"), {}), ((X,), {"mode": "r"})],
    "trace": [((X,), {}), ((X, 1), {}), ((np.ones((2, 3, 4)), 0, 2, 0), {})], "copy": [((X,), {})],
    "reshape": [((X, (3, 2)), {}), ((X, -1), {}), ((X, (3, 2)), {"order": "F"}), ((X,), {"shape": (6,)})],
    "ravel": [((X,), {}), ((X, "F"), {})], "squeeze": [((X[:1],), {}), ((X[:1], 0), {}), ((X[:1, :1],), {"axis": (0, 1)})],
    "swapaxes": [((X, 0, -1), {})], "moveaxis": [((X, 0, -1), {}), ((X, (0, 1), (1, 0)), {})],
    "broadcast_to": [((V, (2, 3)), {}), ((V,), {"shape": (2, 3)})], "broadcast_arrays": [((X, V), {})],
    "atleast_1d": [((V, X), {}), ((np.array(2.0),), {})],
    "diagonal": [((X,), {}), ((X, 1), {}), ((X, 0, 1, 0), {})],
    "repeat": [((X, 2), {}), ((X, [1, 2, 0], 1), {}), ((X, 2), {"axis": 0})],
    "tile": [((X, 2), {}), ((X, (2, 1)), {}), ((V, (2, 2)), {})], "flip": [((X,), {}), ((X, 1), {}), ((X,), {"axis": (0, 1)})],
    "roll": [((X, 1), {}), ((X, 1, 0), {}), ((X, (1, 2), (0, 1)), {}), ((X,), {"shift": 2, "axis": -1})],
    "rot90": [((X,), {}), ((X, 3), {}), ((X,), {"axes": (1, 0)})],
    **{name: [((X,), {}), ((X, 1), {}), ((X,), {"k": -1})] for name in ("tril", "triu")},
    **{name: [((V,), {}), ((V, 1), {}), ((X,), {"k": -1})] for name in ("diag", "diagflat")},
    "take": [((X, AT), {}), ((X, AT, 1), {}), ((X, [0, 5]), {"mode": "wrap"})],
    **{name: [(([X, X],), {}), (([X, X], 1), {}), (([X, V],), {"axis": None})] for name in ("concatenate", "concat")},
    "stack": [(([V, W],), {}), (([V, W], 1), {})], **{name: [(([V, W],), {}), (([X, X],), {})]
                                                     for name in ("hstack", "vstack", "dstack", "column_stack")},
    "scipy.special.logit": [((np.array([0.25, 0.5]),), {})], "scipy.special.polygamma": [((2, np.abs(V)), {})],
    "scipy.special.logsumexp": [((X,), {}), ((X, 1), {}), ((X,), {"axis": 0, "keepdims": True})],
    "scipy.integrate.trapezoid": [((X,), {}), ((V, W), {}), ((X,), {"dx": 0.5, "axis": 0})],
}


def variables(value, made):
    """The same arguments with Variables in the place of float arrays."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
        made.append(anp.array(value, requires_grad=True))
        return made[-1]
    return type(value)(variables(v, made) for v in value) if type(value) in (list, tuple) else value


def compare(out, expected):
    if isinstance(expected, (tuple, list)):
        assert isinstance(out, (tuple, list)) and len(out) == len(expected)
        for one, other in zip(out, expected):
            compare(one, other)
        return
    values = out.detach().numpy() if type(out) is anp.ndarray else plain(out)
    np.testing.assert_allclose(values, expected, rtol=1e-6 if np.asarray(expected).dtype == np.float32 else 1e-12, atol=1e-14)
    assert np.shape(values) == np.shape(expected)
    assert np.asarray(values).dtype == np.asarray(expected).dtype


@pytest.mark.parametrize(("row", "name"), [pytest.param(row, name, id=name) for row, answer, name in NAMES if answer.params])
def test_a_reader_computes_what_the_function_computes(row, name):
    """Tests of the rows compare the values of ufuncs, whose operands are all that they take."""
    function = function_of(name)
    for arguments, keywords in CALLS.get(name, [((X,), {})]):
        made = []
        given = variables(arguments, made)
        out = _ops.answer(function)[1](*given, **keywords)
        compare(out, function(*arguments, **keywords))
        first = out[0] if isinstance(out, (tuple, list)) else out
        if type(first) is anp.ndarray and first.dtype.kind == "f" and rules.BY_NAME[row].kind != "custom":
            assert first.requires_grad and any(g is not None for g in autograd.grad(first.sum(), made, allow_unused=True))


def test_what_is_written_elsewhere():
    """Into a plain array what has no gradient to lose; else a Variable is asked for."""
    for name in ("sum", "max", "take", "clip", "std", "round", "stack"):
        function, more = getattr(np, name), {"take": (AT,)}.get(name, ())
        for needed in (False, True):
            v = anp.array(V, requires_grad=needed)
            first = [v] if name == "stack" else v
            expected = function([V] if name == "stack" else V, *more)
            out = np.empty(np.shape(expected))
            if needed:
                with pytest.raises(TypeError, match="would lose the gradient"):
                    _ops.answer(function)[1](first, *more, out=out)
            else:
                assert _ops.answer(function)[1](first, *more, out=out) is out
                np.testing.assert_array_equal(out, expected)
    with pytest.raises(ValueError, match="ddof and correction"):
        _ops.answer(np.std)[1](anp.array(V), ddof=1, correction=1)
    with pytest.raises(ValueError, match="forbidden"):
        _ops.answer(np.clip)[1](anp.array(V), 0.0, min=1.0)


def test_methods_of_the_numpy_flavour_are_the_readers():
    for rule in rules.RULES:
        for i, answer in enumerate(rule.answers):
            for name in answer.methods:
                method = getattr(anp.ndarray, name)
                assert method.__name__ == name
                if name not in ("sum", "mean"):         # compiled
                    reader = getattr(_ops, f"n_{rule.name}" + (f"_{i}" if i else ""))
                    assert method is reader or getattr(method, "__func__", None) is reader
                    assert list(inspect.signature(reader).parameters)[1:] == list(
                        inspect.signature(eval(f"lambda {answer.params}: 0")).parameters)[1:]
    for name in ("sum", "mean"):
        found = getattr(anp.array(V), name)(where=V > 0.75)
        np.testing.assert_array_equal(plain(found), getattr(V, name)(where=V > 0.75))


@pytest.mark.parametrize(("text", "read"), [
    ("add", (("add",), (), "", "", "")),
    ("max amax .amax(a, axis=None)", (("max", "amax"), ("amax",), "a, axis=None", "", "")),
    ("rot90(m, k=1, axes=(0, 1)) = rot90(m, k, axes)", (("rot90",), (), "m, k=1, axes=(0, 1)", "rot90(m, k, axes)", "")),
    (".sort(a, axis=-1) -> None = numpy_sort_of(a, axis)", ((), ("sort",), "a, axis=-1", "numpy_sort_of(a, axis)", "None")),
    ("nonzero(a) -> tuple[ndarray, ...] = f(a)", (("nonzero",), (), "a", "f(a)", "tuple[ndarray, ...]")),
    ("linalg.matrix_power(a, n)", (("linalg.matrix_power",), (), "a, n", "", "")),
])
def test_an_answer_is_read(text, read):
    assert rules._answer(text) == read


@pytest.mark.parametrize("name", [name for _, answer, name in SCIPY if not answer.params] + ["scipy.special.logit"])
def test_scipys_ufuncs_are_answered(name):
    """Values and gradients, of either flavour and with numbers and arrays beside; the table takes the ufunc up."""
    ufunc = function_of(name)
    rule = rules.BY_NAME[next(row for row, _, other in NAMES if other == name)]
    arrays = [np.array([0.25, 0.5, 0.75])] * ufunc.nin
    expected = ufunc(*arrays)
    for make in (autodiff.tensor, anp.array):
        xs = [make(a, requires_grad=True) for a in arrays]
        out = ufunc(*xs)
        np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-14)
        assert type(out) is type(xs[0]) and out.requires_grad
        found = autograd.grad(out.sum(), xs)
        wanted = autograd.grad(public(rule)(*xs).sum(), xs)
        for g, w in zip(found, wanted):
            np.testing.assert_array_equal(g.numpy(), w.numpy())
        if ufunc.nin == 2:
            for mixed in ((arrays[0], xs[1]), (xs[0], arrays[1]), (0.5, xs[1]), (xs[0], 0.5)):
                assert ufunc(*mixed).requires_grad
    assert _variable.ufuncs()[ufunc][0] == rule.name


def test_a_ufunc_of_another_package_is_not_taken_for_numpys():
    """The table is one of ufuncs, not of their names: who has no row is refused where a gradient would be lost."""
    ufunc = np.frompyfunc(lambda x, y: x - y, 2, 1)
    assert _ops.answer(ufunc) is None
    with pytest.raises(NotImplementedError, match="would lose the gradient"):
        ufunc(autodiff.tensor([1.0], requires_grad=True), 2.0)


def test_guidance_names_the_row_that_answers():
    for row, _, name in NAMES:
        if rules.BY_NAME[row].function and name.startswith("scipy."):
            use = _guidance.replacement(name)
            assert use == f"autodiff.{rules.BY_NAME[row].path}" and callable(public(rules.BY_NAME[row])), name
    assert render.numpy_operands(rules.BY_NAME["vdot"], rules.BY_NAME["vdot"].answers[0]) == ("a", "b")
