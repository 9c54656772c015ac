"""How Tensors print: held to the letter against strings gathered from PyTorch 2.13 and, where it is installed, PyTorch.

``golden/printing.json`` holds arrays, options and the text PyTorch printed.  To gather it anew, with PyTorch installed:
``python tests/test_printing.py``.
"""
import doctest
import json
import pathlib
import threading
import time

import numpy as np
import pytest

from autodiff import _printing

GOLDEN = pathlib.Path(__file__).parent / "golden" / "printing.json"
DEFAULTS = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
DTYPES = ["float16", "float32", "float64", "complex64", "complex128", "bool", "uint8", "int8", "int16"]
DTYPES += ["int32", "int64"]


@pytest.fixture(autouse=True)
def default_options():
    _printing.set_printoptions(profile="default")
    yield
    _printing.set_printoptions(profile="default")


def text32(values, dtype=None, **keywords):
    """Print as PyTorch does out of the box: float32 is the default dtype, the module is torch."""
    array = np.array(values, dtype=dtype)
    if dtype is None and array.dtype == np.float64:
        array = array.astype(np.float32)
    if dtype is None and array.dtype == np.complex128:
        array = array.astype(np.complex64)
    return _printing.tensor_text(array, default_dtype=np.float32, dtype_module="torch", **keywords)


# ---------------------------------------------------------------------------------------- examples to read the rules by

inf, nan = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "tensor([])"),
        (28.0, "tensor(28.)"),
        ([1.5, 2.0, 3.0], "tensor([1.5000, 2.0000, 3.0000])"),
        ([1.0, -2.0, 3.0], "tensor([ 1., -2.,  3.])"),
        ([0.1, 0.25, 10.125], "tensor([ 0.1000,  0.2500, 10.1250])"),
        ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
        ([1e-3, 1.0], "tensor([0.0010, 1.0000])"),  # in float32 the quotient is just below 1000
        ([1e-3, 1.1], "tensor([1.0000e-03, 1.1000e+00])"),
        ([1e8], "tensor([100000000.])"),
        ([123456789.0], "tensor([1.2346e+08])"),
        ([1e9], "tensor([1.0000e+09])"),
        (1e-4, "tensor(1.0000e-04)"),  # in float32 just below 1e-4
        (0.00012345, "tensor(0.0001)"),
        (123456.7891, "tensor(123456.7891)"),
        ([nan, 1.0], "tensor([nan, 1.])"),
        ([nan, 1.5], "tensor([   nan, 1.5000])"),
        ([-inf, inf, nan], "tensor([-inf, inf, nan])"),
        ([-0.0, 0.0], "tensor([-0., 0.])"),
        ([[0.0, 10.0], [-1.0, 5.0]], "tensor([[ 0., 10.],\n        [-1.,  5.]])"),
        ([[[1, 2]], [[3, 4]]], "tensor([[[1, 2]],\n\n        [[3, 4]]])"),
        ([True, False], "tensor([ True, False])"),
        (7, "tensor(7)"),
        ([1 + 2j], "tensor([1.+2.j])"),
        ([1 + 2j, 3 - 4.5j], "tensor([1.+2.0000j, 3.-4.5000j])"),
        (complex(nan, -0.0), "tensor(nan-0.j)"),
    ],
)
def test_values(values, text):
    assert text32(values) == text


def test_suffixes():
    assert text32([0.0, 4.0], requires_grad=True) == "tensor([0., 4.], requires_grad=True)"
    assert text32(28.0, grad_fn="MulBackward0", requires_grad=True) == "tensor(28., grad_fn=<MulBackward0>)"
    assert text32([1.0], "float64", requires_grad=True) == "tensor([1.], dtype=torch.float64, requires_grad=True)"
    assert text32([1.0], tangent="tensor([2.])") == "tensor([1.], tangent=tensor([2.]))"
    assert text32([1.0], prefix="Weight(") == "Weight([1.])"


def test_suffix_on_a_line_of_its_own():
    assert text32(np.linspace(0, 7.5, 7), grad_fn="MulBackward0") == (
        "tensor([0.0000, 1.2500, 2.5000, 3.7500, 5.0000, 6.2500, 7.5000],\n       grad_fn=<MulBackward0>)"
    )


def test_empty_tells_shape_and_dtype():
    assert text32(np.zeros((0, 3))) == "tensor([], size=(0, 3))"
    assert text32([], "int64") == "tensor([], dtype=torch.int64)"
    assert text32(np.zeros((2, 0)), "bool") == "tensor([], size=(2, 0), dtype=torch.bool)"
    assert text32([], requires_grad=True) == "tensor([], requires_grad=True)"


@pytest.mark.parametrize(
    ("default", "dtype", "text"),
    [
        ("float64", "float64", "tensor([1.])"),
        ("float64", "complex128", "tensor([1.+0.j])"),
        ("float64", "float32", "tensor([1.], dtype=autodiff.float32)"),
        ("float64", "complex64", "tensor([1.+0.j], dtype=autodiff.complex64)"),
        ("float32", "float64", "tensor([1.], dtype=autodiff.float64)"),
        ("float32", "complex64", "tensor([1.+0.j])"),
        ("float16", "complex64", "tensor([1.+0.j])"),
        ("float32", "int64", "tensor([1])"),
        ("float32", "int32", "tensor([1], dtype=autodiff.int32)"),
        ("float32", "uint8", "tensor([1], dtype=autodiff.uint8)"),
        ("float32", "bool", "tensor([True])"),
    ],
)
def test_dtype_is_told_where_it_is_not_the_default(default, dtype, text):
    assert _printing.tensor_text(np.ones(1, dtype), default_dtype=default) == text


def test_defaults_are_float64_and_this_package():
    assert _printing.tensor_text(np.array([0.5])) == "tensor([0.5000])"
    assert _printing.tensor_text(np.ones(1, "int16")) == "tensor([1], dtype=autodiff.int16)"


def test_summary():
    assert text32(np.arange(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    assert text32(np.arange(1001.0)) == "tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.])"
    assert "..." not in text32(np.arange(1000.0))
    # Only what is shown decides on notation and width.
    hidden = np.ones(2000)
    hidden[1000] = 1e30
    assert text32(hidden) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"
    assert text32(np.arange(2000.0).reshape(1000, 2)) == (
        "tensor([[0.0000e+00, 1.0000e+00],\n"
        "        [2.0000e+00, 3.0000e+00],\n"
        "        [4.0000e+00, 5.0000e+00],\n"
        "        ...,\n"
        "        [1.9940e+03, 1.9950e+03],\n"
        "        [1.9960e+03, 1.9970e+03],\n"
        "        [1.9980e+03, 1.9990e+03]])"
    )


# ------------------------------------------------------------------------------------------------------------- options


def test_options_have_the_defaults_and_are_a_copy():
    assert _printing.get_printoptions() == DEFAULTS
    _printing.get_printoptions()["precision"] = 0
    assert _printing.get_printoptions() == DEFAULTS


def test_set_printoptions_changes_what_is_given():
    _printing.set_printoptions(precision=2, linewidth=np.int64(20))
    assert _printing.get_printoptions() == {**DEFAULTS, "precision": 2, "linewidth": 20}
    assert text32([1.12345, 2.0, 3.0]) == "tensor([1.12, 2.00,\n        3.00])"
    _printing.set_printoptions(profile="short", edgeitems=1)
    assert _printing.get_printoptions() == {**DEFAULTS, "precision": 2, "edgeitems": 1}
    _printing.set_printoptions(profile="full")
    assert _printing.get_printoptions() == {**DEFAULTS, "threshold": inf}
    _printing.set_printoptions(profile="default")
    assert _printing.get_printoptions() == DEFAULTS


def test_sci_mode():
    _printing.set_printoptions(sci_mode=True)
    assert text32([1.0, 2.5]) == "tensor([1.0000e+00, 2.5000e+00])"
    assert text32([0.0, nan]) == "tensor([0., nan])"  # as PyTorch: nothing to choose a notation by
    _printing.set_printoptions(sci_mode=False)
    assert text32([1e-5, 1.0]) == "tensor([0.0000, 1.0000])"
    _printing.set_printoptions(precision=3)
    assert _printing.get_printoptions()["sci_mode"] is None  # as PyTorch


def test_no_edge_items():
    with _printing.printoptions(edgeitems=0, threshold=2):
        assert text32([1.0, 2.0, 3.0]) == "tensor([...], size=(3,))"
        assert text32([[1.0, 2.0, 3.0]]) == "tensor([...], size=(1, 3))"
        assert text32([1.0, 2.0]) == "tensor([1., 2.], size=(2,))"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"precision": 2.5}, TypeError, "precision must be an integer"),
        ({"precision": "4"}, TypeError, "precision must be an integer"),
        ({"precision": True}, TypeError, "precision must be an integer"),
        ({"precision": -1}, ValueError, "precision must be between 0 and 1074"),
        ({"precision": 10**6}, ValueError, "precision must be between 0 and 1074"),
        ({"threshold": "many"}, TypeError, "threshold must be a number"),
        ({"threshold": -1}, ValueError, "threshold must be at least 0"),
        ({"threshold": nan}, ValueError, "threshold must be at least 0"),
        ({"edgeitems": 1.0}, TypeError, "edgeitems must be an integer"),
        ({"edgeitems": -3}, ValueError, "edgeitems must be at least 0"),
        ({"linewidth": [80]}, TypeError, "linewidth must be a number"),
        ({"linewidth": -80}, ValueError, "linewidth must be at least 0"),
        ({"profile": "long"}, ValueError, "profile must be 'default', 'short' or 'full', got 'long'"),
        ({"profile": ["short"]}, ValueError, "profile must be"),
        ({"sci_mode": "yes"}, TypeError, "sci_mode must be True, False or None"),
        ({"digits": 3}, TypeError, "digits"),
    ],
)
def test_bad_options_are_refused_and_change_nothing(options, error, words):
    with pytest.raises(error, match=words):
        _printing.set_printoptions(**{"edgeitems": 5, **options})
    with pytest.raises(error, match=words), _printing.printoptions(**options):
        pass
    assert _printing.get_printoptions() == DEFAULTS


def test_printoptions_restores_also_after_an_error():
    _printing.set_printoptions(precision=6, sci_mode=True)
    before = _printing.get_printoptions()
    with pytest.raises(KeyError), _printing.printoptions(precision=1, profile="short"):
        assert _printing.get_printoptions() == {**DEFAULTS, "precision": 1, "edgeitems": 2}
        raise KeyError
    assert _printing.get_printoptions() == before


def test_infinite_linewidth():
    _printing.set_printoptions(linewidth=inf)
    assert "\n" not in text32(np.ones(500))


# ------------------------------------------------------------------------------------------------- arrays of every make


def test_layout_in_memory_does_not_matter():
    array = np.arange(24.0).reshape(2, 3, 4) / 8
    text = _printing.tensor_text(array)
    assert _printing.tensor_text(np.asfortranarray(array)) == text
    assert _printing.tensor_text(array[::-1, :, ::-1][::-1, :, ::-1]) == text
    assert _printing.tensor_text(array.astype(">f8")) == text
    assert _printing.tensor_text(array.view(np.ma.MaskedArray)) == text
    matrix = np.arange(4).reshape(2, 2)
    assert _printing.tensor_text(matrix.view(np.matrix)) == _printing.tensor_text(matrix)


def test_64_dimensions():
    array = np.ones((1,) * 64)
    text = _printing.tensor_text(array)
    assert text == "tensor(" + "[" * 64 + "1." + "]" * 64 + ")"
    _printing.set_printoptions(threshold=0)
    assert _printing.tensor_text(np.broadcast_to(array, (2,) + (1,) * 62 + (7,))).count("...") == 2


def test_a_summary_visits_only_what_it_shows():
    huge = np.broadcast_to(np.float64(1.5), (10**6, 10**6, 10**5))
    start = time.perf_counter()
    text = _printing.tensor_text(huge)
    assert time.perf_counter() - start < 1
    assert text.count("1.5000") == 6**3


@pytest.mark.parametrize("dtype", ["longdouble", "clongdouble"])
def test_long_doubles_print_as_doubles(dtype):
    double = {"longdouble": np.float64, "clongdouble": np.complex128}[dtype]
    array = np.array([0.1, 2.5], dtype)
    body = _printing.tensor_text(array.astype(double))[len("tensor(") : -1]
    assert _printing.tensor_text(array).startswith("tensor(" + body)


def test_other_dtypes_show_their_repr():
    assert _printing.tensor_text(np.array(["a", None], object)) == "tensor([ 'a', None], dtype=autodiff.object)"


def test_no_floating_point_warning_is_raised():
    with np.errstate(all="raise"):
        for dtype in ("float16", "float32", "float64", "longdouble", "complex64"):
            tiny, huge = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
            assert "e" in _printing.tensor_text(np.array([tiny, huge, nan, inf, -0.0], dtype))


def test_threads_do_not_see_half_a_change():
    array, seen, stop = np.array([1.12345, 2.0]), set(), threading.Event()

    def change():
        while not stop.is_set():
            _printing.set_printoptions(profile="short")
            _printing.set_printoptions(profile="default")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(2000):
            seen.add(_printing.tensor_text(array))
    finally:
        stop.set()
        thread.join()
    assert seen <= {"tensor([1.12, 2.00])", "tensor([1.1235, 2.0000])"}


def test_array_text_is_numpys():
    for array in (np.array([1.0, 2.5]), np.float64(3.5), np.zeros((0, 2), "float32"), np.arange(2000), np.array([1j])):
        assert _printing.array_text(array) == repr(np.asarray(array))
    assert _printing.array_text(np.array(3.5)) == "array(3.5)"
    assert _printing.array_text(np.array([[1]]).view(np.matrix)) == "array([[1]])"


def test_bad_arguments():
    with pytest.raises(TypeError):
        _printing.tensor_text(np.ones(1), default_dtype="no dtype")
    with pytest.raises(ValueError, match="inhomogeneous"):
        _printing.tensor_text([[1.0], [1.0, 2.0]])


def test_docstrings():
    failed, attempted = doctest.testmod(_printing)
    assert attempted >= 10
    assert failed == 0


# --------------------------------------------------------------------------------------------- golden texts and PyTorch


def random_reals(rng, count):
    """Draw values that lie around the borders between notations, with zeros, infinities and nan among them."""
    borders = [1e-4, 1e-4 * (1 - 1e-7), 1e-3, 0.99, 1, 1.0000001, 1000, 1001, 1e8, 1e8 + 8, 99999.99995, 9.99995, -0.5]
    extremes = [1e308, -1e300, 3e38, 6e4, 1.0, 1e-45, 1e-300, 5e-324]
    special = [nan, inf, -inf, 0.0, -0.0]
    values = [
        lambda: rng.standard_normal(count),
        lambda: np.floor(rng.standard_normal(count) * 10.0 ** rng.integers(0, 10)),
        lambda: rng.standard_normal(count) * 10.0 ** rng.integers(-12, 13),
        lambda: 10.0 ** rng.uniform(-6, 9, count),
        lambda: 10.0 ** rng.integers(-5, 10, count) * rng.choice([1.0, -1.0], count),
        lambda: rng.choice(borders, count),
        lambda: rng.choice(extremes, count),
        lambda: rng.choice(special, count),
        lambda: rng.integers(-1000, 1000, count) / 8.0,
        lambda: np.arange(count) * rng.choice([1.0, 0.5, -1.0, 1e-3, 1e6]),
        lambda: np.full(count, rng.standard_normal() * 10.0 ** rng.integers(-3, 4)),
    ][rng.integers(11)]()
    if count and rng.random() < 0.35:
        where = rng.integers(0, count, rng.integers(1, max(2, count // 3) + 1))
        values[where] = rng.choice(special, len(where))
    return values


def random_array(rng, largest):
    """Draw an array of 0 to 4 dimensions and at most ``largest`` values."""
    ndim = int(rng.integers(0, 5))
    low = 0 if rng.random() < 0.1 else 1
    longest = max(2, round(largest ** (1 / max(ndim, 1))))
    shape = tuple(int(length) for length in rng.integers(low, longest + 1, ndim))
    count = int(np.prod(shape))
    dtype = np.dtype(str(rng.choice(DTYPES if rng.random() < 0.6 else ["float32", "float64"])))
    with np.errstate(all="ignore"):
        if dtype.kind == "f":
            array = random_reals(rng, count).astype(dtype)
        elif dtype.kind == "c":
            array = np.empty(count, dtype)
            array.real, array.imag = random_reals(rng, count), random_reals(rng, count)
        elif dtype.kind == "b":
            array = rng.random(count) < rng.random()
        else:
            bound = min(int(np.iinfo(dtype).max), 10 ** int(rng.integers(1, 19)))
            bottom = max(int(np.iinfo(dtype).min), -bound) if rng.random() < 0.5 else 0
            array = rng.integers(bottom, bound, count, dtype=dtype, endpoint=True)
    return array.reshape(shape)


def random_options(rng):
    """Draw keywords for set_printoptions, none half of the time."""
    draws = {
        "profile": lambda: ["default", "short", "full"][rng.integers(3)],
        "precision": lambda: int(rng.integers(0, 11)),
        "threshold": lambda: [0, 1, 5, 7.5, 50, 1000, inf][rng.integers(7)],
        "edgeitems": lambda: int(rng.integers(0, 7)),
        "linewidth": lambda: [0, 1, 10, 20, 33.5, 40, 79, 80, 100, 120, 200][rng.integers(11)],
        "sci_mode": lambda: [True, False, None][rng.integers(3)],
    }
    if rng.random() < 0.5:
        return {}
    return {name: draw() for name, draw in draws.items() if rng.random() < 0.35}


def random_case(seed, largest):
    """Draw an array, keywords of tensor_text and options."""
    rng = np.random.default_rng(seed)
    array = random_array(rng, largest)
    keywords = {"default_dtype": ["float32", "float64", "float16"][rng.choice(3, p=[0.4, 0.4, 0.2])]}
    if array.dtype.kind in "fc":
        choice = rng.integers(4)
        if choice == 1:
            keywords["requires_grad"] = True
        elif choice == 2:
            keywords["grad_fn"] = "CloneBackward0"
    return array, keywords, random_options(rng)


def torch_text(torch, array, keywords, options):
    """Print with PyTorch what tensor_text prints."""
    default = torch.get_default_dtype()
    tensor = torch.from_numpy(array.copy())
    try:
        torch.set_default_dtype(getattr(torch, keywords["default_dtype"]))
        if "requires_grad" in keywords or "grad_fn" in keywords:
            tensor.requires_grad_()
        if "grad_fn" in keywords:
            tensor = tensor.clone()
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**options)
        return repr(tensor)
    finally:
        torch.set_printoptions(profile="default")
        torch.set_default_dtype(default)


def tensor_text(array, keywords, options):
    with _printing.printoptions(**options):
        return _printing.tensor_text(array, dtype_module="torch", **keywords)


def test_golden_texts():
    cases = json.loads(GOLDEN.read_text())["cases"]
    assert len(cases) >= 300
    for case in cases:
        dtype = np.dtype(case["dtype"])
        # The numbers' bytes: nothing depends on how decimal digits are read.
        array = np.frombuffer(bytes.fromhex(case["bytes"]), dtype.newbyteorder("<")).reshape(case["shape"])
        options = {name: inf if value == "inf" else value for name, value in case["options"].items()}
        assert tensor_text(array, case["keywords"], options) == case["text"], case


@pytest.mark.parametrize("block", range(10))
def test_against_torch(block):
    torch = pytest.importorskip("torch")
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 13):
        pytest.skip("the rules are those of PyTorch 2.13")
    for seed in range(100 * block, 100 * block + 100):
        array, keywords, options = random_case([seed, 1], 3000)
        assert tensor_text(array, keywords, options) == torch_text(torch, array, keywords, options), (seed, options)


def gather_golden_texts():
    import torch

    lines = []
    for seed in range(360):
        array, keywords, options = random_case([seed, 0], 1500 if seed % 120 == 0 else 24)
        if seed % 4 == 0 and array.size < 100:
            options["threshold"] = seed % 12
        case = {
            "dtype": array.dtype.name,
            "shape": array.shape,
            "bytes": array.astype(array.dtype.newbyteorder("<")).tobytes().hex(),
            "keywords": keywords,
            "options": {name: "inf" if value == inf else value for name, value in options.items()},
            "text": torch_text(torch, array, keywords, options),
        }
        lines.append(json.dumps(case))
    head = f'{{"source": "PyTorch {torch.__version__}, gathered by test_printing.py", "cases": [\n'
    GOLDEN.write_text(head + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    gather_golden_texts()
