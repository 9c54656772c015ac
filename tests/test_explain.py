"""explain(): programs of the kind that people post with "my gradient is None / NaN / zero".

Each program marks the line of its fault with a comment `# here`, and the first sentence must name the cause and that line.
"""
import copy
import inspect
import linecache
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import autodiff
from autodiff import _variable, autograd

tensor = autodiff.tensor


def leaf(*values):
    return tensor(list(values) if len(values) > 1 else values[0], requires_grad=True)


# ---- NaN and infinities

def sqrt_of_zero():
    x = leaf(0.0, 4.0)
    r = x.sqrt()  # here
    (r * 0).sum().backward()
    return x


def log_of_zero_in_the_untaken_branch():
    x = leaf(0.0, 2.0)
    safe = x > 0
    y = autodiff.where(safe, x.log(), autodiff.zeros(2))  # here
    y.sum().backward()
    return x


def division_in_the_untaken_branch():
    x = leaf(0.0, 2.0)
    inverse = autodiff.sin(x) / x  # here
    y = autodiff.where(x == 0, 1.0, inverse)
    y.sum().backward()
    return x


def softmax_by_hand():
    x = leaf(-1000.0, -1001.0)
    e = x.exp()
    p = e / e.sum()  # here
    p[0].backward()
    return x


def softmax_by_hand_that_overflows():
    x = leaf(1000.0, 1.0)
    e = x.exp()
    p = e / e.sum()  # here
    p[1].backward()
    return x


def norm_by_hand_at_zero():
    x = leaf(0.0, 0.0)
    n = ((x ** 2).sum()) ** 0.5  # here
    n.backward()
    return x


def log_of_a_negative_number():
    x = leaf(-1.0, 2.0)
    y = x.log()  # here
    y.sum().backward()
    return x


def root_of_zero_by_pow():
    x = leaf(0.0, 1.0)
    y = x ** 0.5  # here
    y.sum().backward()
    return x


def standard_deviation_of_equal_numbers():
    x = leaf(2.0, 2.0)
    z = (x - x.mean()) / x.std()  # here
    z.sum().backward()
    return x


def acos_at_one():
    x = leaf(1.0, 0.5)
    angle = x.acos()  # here
    angle.sum().backward()
    return x


def entropy_of_a_certain_thing():
    p = leaf(1.0, 0.0)
    h = -(p * p.log()).sum()  # here
    h.backward()
    return p


def softmax_of_masked_scores_alone():
    x = leaf(1.0, 2.0)
    scores = x + tensor([-np.inf, -np.inf])
    p = scores.softmax(0)  # here
    p.sum().backward()
    return x


def a_nan_in_the_data():
    w = leaf(1.0, 2.0)
    data = tensor([1.0, np.nan])  # here
    y = w * data
    y.sum().backward()
    return w


def log_of_what_underflowed():
    x = leaf(1e-200, 1.0)
    square = x ** 2  # here
    square.log().sum().backward()
    return x


def cross_entropy_of_a_sigmoid_by_hand():
    x = leaf(50.0, 1.0)
    p = x.sigmoid()
    loss = -(1 - p).log().sum()  # here
    loss.backward()
    return x


def norm_at_zero():
    x = leaf(0.0, 0.0)
    x.norm().backward()  # here
    return x


def maximum_with_ties():
    x = leaf(1.0, 4.0, 4.0)
    x.max().backward()  # here
    return x


# ---- None: cuts

def copied_by_copy():
    x = leaf(1.0, 2.0)
    y = copy.deepcopy(x)  # here
    (y ** 2).sum().backward()
    return x


def a_mask_that_is_empty():
    x = leaf(1.0, 2.0)
    chosen = x[x > 5]  # here
    chosen.sum().backward()
    return x


def indices_of_a_sort():
    x, w = leaf(1.0, 2.0), leaf(1.0)
    rank = x.sort().indices  # here
    (rank.double() * w).sum().backward()
    return x


def one_hot_by_argmax():
    x, w = leaf(1.0, 2.0), leaf(1.0, 1.0)
    y = autodiff.zeros(2)
    y[x.argmax()] = 1.0  # here
    (y * w).sum().backward()
    return x


def a_decorated_function():
    x, w = leaf(1.0, 2.0), leaf(1.0)

    @autodiff.no_grad()
    def features():
        return x * 3  # here

    (features().sum() * w).backward()
    return x


def sine_by_numpy_of_the_values():
    x, w = leaf(1.0, 2.0), leaf(1.0, 1.0)
    y = tensor(np.sin(x.detach().numpy()))  # here
    (y * w).sum().backward()
    return x


def the_leaf_that_was_replaced_by_a_step():
    w = leaf(1.0, 2.0)
    (w ** 2).sum().backward()
    w = w - 0.1 * w.grad  # here
    (w ** 2).sum().backward()
    return w

def detached_in_the_middle():
    x = leaf(1.0, 2.0)
    h = (x * 2).detach()  # here
    loss = (h ** 2).sum()
    with pytest.raises(RuntimeError, match="does not require grad"):
        loss.backward()
    return x


def detached_beside_another_leaf():
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    h = x.tanh().detach()  # here
    (h * w).sum().backward()
    return x


def data_of_a_parameter():
    w, b = leaf(1.0, 2.0), leaf(0.5)
    out = w.data * 3 + b  # here
    out.sum().backward()
    return w


def through_numpy_and_back():
    x, w = leaf(1.0, 2.0), leaf(1.0, 1.0)
    array = x.detach().numpy()  # here
    y = autodiff.from_numpy(array * 2)
    (y * w).sum().backward()
    return x


def cast_to_integers():
    x, w = leaf(1.5, 2.5), leaf(2.0)
    k = x.long()  # here
    (k.double() * w).sum().backward()
    return x


def argmax_as_a_value():
    x, w = leaf(1.0, 3.0), leaf(2.0)
    label = x.argmax()  # here
    (label.double() * w).backward()
    return x


def accuracy_as_a_loss():
    x, w = leaf(0.2, 0.9), leaf(1.0)
    hits = (x > 0.5).double()  # here
    (hits.mean() * w).backward()
    return x


def under_no_grad():
    x, w = leaf(1.0, 2.0), leaf(1.0)
    with autodiff.no_grad():
        features = x * 3  # here
    (features.sum() * w).backward()
    return x


def a_tensor_made_of_a_tensor():
    x, w = leaf(1.0, 2.0), leaf(1.0, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = tensor(x * 2)  # here
    (y * w).sum().backward()
    return x


def a_list_of_numbers_made_a_tensor():
    x, w = leaf(1.0, 2.0), leaf(1.0, 1.0)
    y = tensor([v.item() ** 2 for v in x])  # here
    (y * w).sum().backward()
    return x


def a_loss_of_items():
    x, w = leaf(1.0, 2.0), leaf(1.0)
    total = 0.0
    for v in x:
        total += v.item()  # here
    (w * total).backward()
    return x


def a_factor_by_float():
    x, w = leaf(3.0), leaf(1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scale = float(x)  # here
    (w * scale).backward()
    return x


def a_list_by_tolist():
    x, w = leaf(1.0, 2.0), leaf(1.0, 1.0)
    values = x.tolist()  # here
    (tensor(values) * w).sum().backward()
    return x


def requires_grad_set_after_use():
    x = tensor([1.0, 2.0])
    w = leaf(1.0)
    y = (x * 2).sum() * w  # here
    x.requires_grad_()
    y.backward()
    return x


def not_a_leaf():
    w = leaf(1.0, 2.0) * 0.1  # here
    (w ** 2).sum().backward()
    return w


# ---- zero

def relu_that_is_dead():
    x = leaf(-1.0, -2.0)
    h = (x - 1).relu()  # here
    h.sum().backward()
    return x


def clamped_outside():
    x = leaf(3.0, -2.0)
    y = x.clamp(0.0, 1.0)  # here
    y.sum().backward()
    return x


def rounded():
    x = leaf(1.4, 2.6)
    y = autodiff.round(x)  # here
    (y ** 2).sum().backward()
    return x


def the_sign():
    x = leaf(1.4, -2.6)
    s = x.sign()  # here
    (s * 3).sum().backward()
    return x


def floored():
    x = leaf(1.4, 2.6)
    y = x.floor() / 2  # here
    y.sum().backward()
    return x


def a_saturated_sigmoid():
    x = leaf(800.0, 900.0)
    y = x.sigmoid()  # here
    y.sum().backward()
    return x


def a_sigmoid_that_underflows():
    x = leaf(-800.0, -900.0)
    y = x.sigmoid()  # here
    y.sum().backward()
    return x


def all_overwritten():
    x = leaf(1.0, 2.0)
    y = x.clone()
    y[:] = 0.0  # here
    (y * 3).sum().backward()
    return x


def one_overwritten():
    x = leaf(1.0, 2.0)
    y = x * 1
    y[0] = 5.0  # here
    y.sum().backward()
    return x


def the_maximum():
    x = leaf(1.0, 4.0, 3.0)
    x.max().backward()  # here
    return x


def multiplied_by_zero():
    x = leaf(1.0, 4.0)
    mask = tensor([0.0, 0.0])
    y = x * mask  # here
    y.sum().backward()
    return x


# ---- errors of the pass

def written_in_place():
    x = leaf(1.0, 2.0)
    y = x.exp()
    y += 1  # here
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.sum().backward()
    return x


def a_view_written_in_place():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y * y
    y[0] = 3.0  # here
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        z.sum().backward()
    return x


PROGRAMS = {
    sqrt_of_zero: ("infinite derivative", "nan", "sqrt was taken of 0"),
    log_of_zero_in_the_untaken_branch: ("where", "nan", "where does not take"),
    division_in_the_untaken_branch: ("where", "nan", "division by 0"),
    softmax_by_hand: ("nan value", "nan", "0 / 0 is NaN"),
    softmax_by_hand_that_overflows: ("nan value", "nan", "inf / inf is NaN"),
    norm_by_hand_at_zero: ("infinite derivative", "nan", "0 was raised to the power 0.5"),
    log_of_a_negative_number: ("nan value", "fine", "log(-1) is NaN"),
    root_of_zero_by_pow: ("infinite derivative", "inf", "0 was raised to the power 0.5"),
    standard_deviation_of_equal_numbers: ("nan value", "nan", "0 / 0 is NaN"),
    acos_at_one: ("infinite derivative", "inf", "acos was taken at the end"),
    entropy_of_a_certain_thing: ("nan value", "nan", "0 * -inf is NaN"),
    softmax_of_masked_scores_alone: ("nan value", "nan", "softmax(-inf) is NaN"),
    a_nan_in_the_data: ("nan value", "nan", "NaN is among the data"),
    log_of_what_underflowed: ("infinite derivative", "inf", "1e-200 ** 2 is 0, too small"),
    cross_entropy_of_a_sigmoid_by_hand: ("infinite derivative", "nan", "log was taken of 0"),
    norm_at_zero: ("kink", "zero", "at 0, a kink"),
    maximum_with_ties: ("ties", "fine", "max has a tie"),
    copied_by_copy: ("value left", "None", "copy.deepcopy() takes the values out"),
    a_mask_that_is_empty: ("not chosen", "zero", "not among the elements that are taken"),
    indices_of_a_sort: ("integer", "None", "sort gives int64"),
    one_hot_by_argmax: ("index", "None", "argmax gives indices"),
    a_decorated_function: ("no_grad", "None", "no_grad()"),
    sine_by_numpy_of_the_values: ("detach", "None", "detach() cuts the graph"),
    the_leaf_that_was_replaced_by_a_step: ("not a leaf", "None", "it is the result of sub"),
    detached_in_the_middle: ("detach", "None", "detach() cuts the graph"),
    detached_beside_another_leaf: ("detach", "None", "detach() cuts the graph"),
    data_of_a_parameter: ("data", "None", ".data cuts the graph"),
    through_numpy_and_back: ("detach", "None", "detach() cuts the graph"),
    cast_to_integers: ("integer cast", "None", "integer dtype int64"),
    argmax_as_a_value: ("index", "None", "argmax gives indices"),
    accuracy_as_a_loss: ("comparison", "None", "a comparison (gt) has no derivative"),
    under_no_grad: ("no_grad", "None", "no_grad()"),
    a_tensor_made_of_a_tensor: ("rebuilt", "None", "tensor() rebuilds it from its values"),
    a_list_of_numbers_made_a_tensor: ("value left", "None", ".item() takes the values out"),
    a_loss_of_items: ("value left", "None", ".item() takes the values out"),
    a_factor_by_float: ("value left", "None", "float() takes the values out"),
    a_list_by_tolist: ("value left", "None", ".tolist() takes the values out"),
    requires_grad_set_after_use: ("set after use", "None", "requires_grad was set after it was used"),
    not_a_leaf: ("not a leaf", "None", "it is not a leaf: it is the result of mul"),
    relu_that_is_dead: ("saturated", "zero", "relu is saturated"),
    clamped_outside: ("saturated", "zero", "outside of the bounds"),
    rounded: ("step function", "zero", "round is a step function"),
    the_sign: ("step function", "zero", "sign is a step function"),
    floored: ("step function", "zero", "floor is a step function"),
    a_saturated_sigmoid: ("saturated", "zero", "sigmoid is saturated: its result is 1"),
    a_sigmoid_that_underflows: ("saturated", "zero", "sigmoid is saturated: its result is 0"),
    all_overwritten: ("overwritten", "zero", "overwritten"),
    one_overwritten: ("overwritten", "zero", "overwritten"),
    the_maximum: ("not chosen", "zero", "max does not choose it"),
    multiplied_by_zero: ("times zero", "zero", "multiplied by 0"),
    written_in_place: ("in place", "error", "overwritten in place"),
    a_view_written_in_place: ("in place", "error", "overwritten in place"),
}


def marked(program):
    """The text of the marked line, and its number."""
    lines, first = inspect.getsourcelines(program)
    place, = (i for i, line in enumerate(lines) if line.rstrip().endswith("# here"))
    return lines[place].strip(), first + place


def check(found, program):
    cause, kind, words = PROGRAMS[program]
    text, number = marked(program)
    sentence = str(found).partition("\n")[0]
    assert sentence == found.sentence
    assert (found.cause, found.kind) == (cause, kind), str(found)
    assert words in sentence and f"test_explain.py, line {number}: `{text}`" in sentence, str(found)
    assert any(line == number for _, line, *_ in found.lines), found.lines


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_first_sentence_names_the_cause_and_the_line(program):
    with autodiff.explain():
        x = program()
        found = autodiff.explain(x)
    check(found, program)
    check(autodiff.explain(x), program)     # also afterwards


# ---- functions that explain() runs

def test_a_function_is_run_and_its_parameters_are_named():
    def loss(weights, x):
        hidden = (weights * x).detach()     # cut
        return (hidden ** 2).sum()

    found = autodiff.explain(loss, np.array([1.0, 2.0]), tensor([1.0, 1.0]))
    assert found.cause == "detach"
    assert found.sentence.startswith("The gradient of weights is None because detach() cuts the graph")
    assert "hidden = (weights * x).detach()     # cut`" in found.sentence and found.kind == "None"


OF_NUMPY = {
    "where": (lambda x: np.where(x > 0, np.sqrt(x), 0.0).sum(), [0.0, 1.0], "where", "nan"),
    "round": (lambda x: np.round(x).sum(), [0.4, 1.6], "step function", "zero"),
    "astype": (lambda x: (x.astype(int) * 2.0).sum(), [0.4, 1.6], "integer cast", "None"),
    "norm": (lambda x: np.linalg.norm(x), [0.0, 0.0], "kink", "zero"),
    "abs": (lambda x: np.abs(x).sum(), [0.0, 0.0], "kink", "zero"),
    "count": (lambda x: (x > 0.5).sum(), [0.0, 1.0], "comparison", "None"),
    "argmax": (lambda x: np.argmax(x), [0.0, 1.0], "index", "None"),
    "asarray": (lambda x: np.asarray(x.detach()).sum(), [0.0, 1.0], "value left", "None"),
    "tolist": (lambda x: np.array(x.detach().tolist()).sum(), [0.0, 1.0], "value left", "None"),
    "softmax": (lambda x: np.exp(x) / np.exp(x).sum(), [-1000.0, -2000.0], "nan value", "nan"),
    "fine": (lambda x: (x * x).sum(), [1.0, 2.0], "fine", "fine"),
}


@pytest.mark.parametrize("name", OF_NUMPY)
def test_functions_of_numpy(name):
    function, values, cause, kind = OF_NUMPY[name]
    found = autodiff.explain(function, np.array(values))
    assert (found.cause, found.kind) == (cause, kind), str(found)
    assert kind == "fine" or "test_explain.py, line " in found.sentence, str(found)


def test_equal_eigenvalues_and_nothing_returned():
    found = autodiff.explain(lambda x: np.linalg.eigh(np.eye(2) * x[0])[1].sum(), np.array([1.0, 2.0]))
    assert (found.cause, found.kind) == ("kink", "nan") and "values that are equal" in found.sentence
    found = autodiff.explain(lambda p: (p * np.log(p)).sum(), np.array([0.0, 1.0]))
    assert "0 * -inf is NaN at test_explain.py" in found.sentence and "after an infinity, log(0) is -inf," in found.sentence
    assert autodiff.explain(lambda x: None, np.array([1.0])).cause == "no result"


def test_objects_closures_and_dicts():
    class Net:
        def __init__(self):
            self.w = leaf(1.0, 2.0)

        def __call__(self, x):
            return (self.w.data * x).sum()

    assert autodiff.explain(Net(), tensor([1.0, 2.0])).cause == "data"
    w = leaf(1.0, 2.0)
    found = autodiff.explain(lambda: (w.detach() * 2).sum())
    assert found.sentence.startswith("The gradient of w is None because detach()")
    found = autodiff.explain(lambda d: (d["a"].detach() * d["b"]).sum(), {"a": leaf(1.0, 2.0), "b": leaf(1.0, 2.0)})
    assert (found.cause, found.kind) == ("detach", "None")


def test_what_a_function_raises_is_told():
    def wrong(x):
        return x @ autodiff.ones(3)

    found = autodiff.explain(wrong, leaf(1.0, 2.0))
    assert found.cause == "error" and "return x @ autodiff.ones(3)`" in found.sentence and "RuntimeError" in found.sentence

    def in_place(x):
        y = x.sigmoid()
        y.zero_()       # the write
        y.sum().backward()

    found = autodiff.explain(in_place, leaf(1.0, 2.0))
    assert found.cause == "in place" and "y.zero_()       # the write`" in found.sentence


def test_custom_functions_are_named():
    class Nothing(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return None

    class Bad(Nothing):
        @staticmethod
        def backward(ctx, g):
            return g * float("nan")

    found = autodiff.explain(lambda x: Nothing.apply(x).sum(), leaf(1.0, 2.0))
    assert found.cause == "backward returned None" and "backward() of Nothing" in found.sentence
    found = autodiff.explain(lambda x: Bad.apply(x).sum(), leaf(1.0, 2.0))
    assert found.kind == "nan" and "backward() of Bad returns what is not finite at test_explain.py" in found.sentence


def test_a_write_through_data_is_found():
    def copied(x):
        y = autodiff.zeros(2)
        y.data.copy_(x)     # here
        return y.sum()

    found = autodiff.explain(copied, leaf(1.0, 2.0))
    assert found.cause == "data" and "y.data.copy_(x)     # here`" in found.sentence, str(found)

    def recorded(x):
        y = autodiff.zeros(2)
        y[0] = x[0]
        y[1] = x[1] * 2
        return (y * y).sum()

    assert autodiff.explain(recorded, leaf(1.0, 2.0)).cause == "fine"


def test_the_loop_that_stops_learning():
    """The hundredth step is as well explained as the first, and the book does not grow with what is gone."""
    w = leaf(0.5, 0.25)
    with autodiff.explain():
        for step in range(100):
            loss = ((w.detach() if step == 99 else w) ** 2).sum()
            if loss.requires_grad:
                loss.backward()
                with autodiff.no_grad():
                    w -= 0.1 * w.grad
            w.grad = None
        found = autodiff.explain(w, loss)
    assert found.cause == "detach" and "w.detach() if step == 99" in found.sentence, str(found)


# ---- without a book

def test_a_graph_is_read_without_a_book():
    x = leaf(0.0, 4.0)
    y = (x.sqrt() * 0).sum()
    found = autodiff.explain(y)
    assert (found.cause, found.kind) == ("infinite derivative", "nan") and "sqrt was taken of 0" in found.sentence
    assert "The gradient of x is NaN" in found.sentence and "with autodiff.explain():" in str(found)
    assert autodiff.explain(x, y).sentence == found.sentence
    assert x.grad is None                       # nothing was accumulated, nothing freed
    y.backward()
    assert autodiff.explain(x, (x * 2).sum()).cause == "fine"


@pytest.mark.parametrize("make, cause", [
    (lambda: tensor([1.0]), "requires_grad"), (lambda: tensor([1]), "integer"), (lambda: leaf(1.0, 2.0), "no backward"),
    (lambda: leaf(1.0, 2.0) * 2, "not a leaf")], ids=["plain", "integers", "unused", "result"])
def test_what_a_variable_says_of_itself(make, cause):
    assert autodiff.explain(make()).cause == cause


def test_a_gradient_that_is_there():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    assert autodiff.explain(x).cause == "fine"
    x.grad = tensor([np.nan, 1.0])
    found = autodiff.explain(x)
    assert found.kind == "nan" and "1 of its 2 elements" in found.sentence


def test_a_graph_that_is_freed():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward()
    found = autodiff.explain(y)
    assert found.cause == "freed" and "retain_graph=True" in str(found)


def test_no_path_and_no_backward():
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with autodiff.explain():
        y = (w * 2).sum()
        assert autodiff.explain(w).cause == "no backward"
        y.backward()
        assert autodiff.explain(x).cause == "no path" and autodiff.explain(w).cause == "fine"


def test_inner_gradients_that_are_retained():
    with autodiff.explain():
        x = leaf(-1.0, -2.0)
        h = x * 2
        h.retain_grad()
        h.relu().sum().backward()
        found = autodiff.explain(h)
    assert found.cause == "saturated" and "The gradient of h is zero" in found.sentence


def test_contributions_that_cancel():
    x = leaf(1.0, 2.0)
    assert autodiff.explain((x - x).sum()).cause == "cancels"
    assert autodiff.explain(x.softmax(0).sum()).cause == "cancels"


@pytest.mark.parametrize("arguments", [(3,), ("x",), (tensor(1.0), 3)], ids=repr)
def test_what_cannot_be_explained_is_refused(arguments):
    with pytest.raises(TypeError, match="explain"):
        autodiff.explain(*arguments)


# ---- what it costs, and leaves behind

def test_nothing_is_left_behind():
    before = _variable.threads_in_modes()
    with pytest.raises(ValueError, match="mine"), autodiff.explain():
        leaf(1.0, 2.0).sum().backward()
        raise ValueError("mine")
    assert _variable.threads_in_modes() == before and not _variable.levels
    assert not autodiff.is_anomaly_enabled() and autodiff.is_anomaly_check_nan_enabled()


def test_values_and_gradients_are_the_same_inside():
    def program(x):
        y = (x * x.sin()).sum() + x.cumsum(0).norm() + x.softmax(0)[0] * x[[0, 2]].prod()
        y = y + autodiff.where(x > 1, x, x * 2).max() + x.sort().values[0]
        g, = autograd.grad(y, x, create_graph=True)
        return g.tolist(), autograd.grad(g.sum(), x)[0].tolist()

    bare = program(leaf(1.0, 2.0, 3.0))
    with autodiff.explain():
        assert program(leaf(1.0, 2.0, 3.0)) == bare


def test_anomaly_mode_inside_still_raises():
    with autodiff.explain(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="nan values"):
            sqrt_of_zero()


def test_threads_have_books_of_their_own():
    found = []

    def run():
        x = leaf(1.0, 2.0)
        with autodiff.explain():
            (x.detach() * leaf(1.0, 1.0)).sum().backward()
            found.append(autodiff.explain(x).cause)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["detach"] * 4


def test_vmap_and_transforms_inside():
    with autodiff.explain():
        assert autodiff.vmap(lambda v: v.sin().sum())(autodiff.ones(3, 2)).shape == (3,)
        assert autodiff.hessian(lambda v: (v ** 3).sum())(tensor([1.0, 2.0])).tolist() == [[6.0, 0.0], [0.0, 12.0]]


# ---- anomaly mode names the lines, too

@pytest.mark.filterwarnings("ignore")
def test_anomaly_mode_names_the_line_of_the_op():
    x = leaf(0.0, 1.0)
    with autograd.detect_anomaly(), pytest.raises(RuntimeError) as caught:
        y = x.sqrt()        # this one
        (y * 0).sum().backward()
    assert str(caught.value).endswith("The op stands in test_explain.py, line "
                                      f"{caught.traceback[0].lineno}: `y = x.sqrt()        # this one`.")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("write", ["y.add_(1)", "y += 1", "y[0] = 1", "y.detach().zero_()", "y.copy_(z)", "y[:1].mul_(2)",
                                   "with autodiff.no_grad(): y.fill_(2)"])
def test_anomaly_mode_names_the_line_of_the_write(write):
    source = f"y = x * 1\nz = y.exp() * y\n{write}\nz.sum().backward()\n"
    name = f"<program that says {write}>"
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    x = leaf(1.0, 2.0)
    with autograd.set_detect_anomaly(True), pytest.raises(RuntimeError) as caught:
        exec(compile(source, name, "exec"), {"x": x, "autodiff": autodiff})
    assert str(caught.value).endswith(f"It was written in {name}, line 3: `{write}`."), str(caught.value)


@pytest.mark.filterwarnings("ignore")
def test_anomaly_mode_names_the_write_of_a_number():
    with autograd.set_detect_anomaly(True), pytest.raises(RuntimeError, match=r"line \d+: `y \+= 1     # here`"):
        y = leaf(2.0) * 1
        z = y * y
        y += 1     # here
        z.backward()


def test_importing_autodiff_does_not_import_it():
    code = "import sys, autodiff; assert not {'autodiff._explain', 'autodiff._draw'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
