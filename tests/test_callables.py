"""Functions and methods as objects: names, signatures, help, pickling, arguments, and what is refused."""
import contextlib
import copy
import inspect
import pickle
import pydoc
import warnings
import weakref

import numpy as np
import pytest

import autodiff
from autodiff import _variable, rules

BASE = autodiff.Tensor.__base__
ROWS = [rule for rule in rules.ELEMENTWISE if rule.method and rule.function]
OWN = type(autodiff.exp)


def functions():
    """Every public callable of the package that is no class, by its dotted name."""
    for module in (autodiff, autodiff.numpy, autodiff.autograd):
        for name in dir(module):
            value = getattr(module, name)
            if callable(value) and not name.startswith("_") and not isinstance(value, type):
                yield pytest.param(value, id=f"{module.__name__}.{name}")


def methods():
    for kind in (autodiff.Tensor, autodiff.numpy.ndarray):
        for name in dir(kind):
            value = getattr(kind, name)
            if callable(value) and not isinstance(value, type) and name not in ("__init_subclass__", "__subclasshook__"):
                yield pytest.param(kind, name, id=f"{kind.__name__}.{name}")


# ---- pickling

@pytest.mark.parametrize("function", list(functions()))
def test_every_function_pickles_by_its_name(function):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(function, protocol)) is function
    assert copy.copy(function) is copy.deepcopy(function) is function


@pytest.mark.parametrize("kind, name", list(methods()))
def test_every_method_pickles_by_its_name(kind, name):
    method = getattr(kind, name)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(method, protocol)) == method


def test_a_bound_method_pickles_with_its_variable():
    x = autodiff.tensor([1.0, 2.0])
    assert pickle.loads(pickle.dumps(x.exp))().tolist() == x.exp().tolist()


def test_a_pickle_names_the_package_alone():
    """What it names inside would be gone with the next arrangement of files."""
    for function in (autodiff.exp, autodiff.Tensor.exp, autodiff.softmax, autodiff.Tensor.clamp_, autodiff.matmul,
                     autodiff.numpy.ndarray.std):
        text = pickle.dumps(function)
        assert b"autodiff" in text and b"autodiff._" not in text, function


def test_names_say_where_a_function_is_found():
    assert (autodiff.exp.__module__, autodiff.exp.__qualname__) == ("autodiff", "exp")
    assert autodiff.Tensor.exp.__qualname__ == "Tensor.exp" and autodiff.Tensor.subtract_.__name__ == "subtract_"
    assert autodiff.absolute is autodiff.abs and autodiff.softmax.__module__ == "autodiff"
    assert repr(autodiff.exp) == "<function autodiff.exp>"
    assert repr(autodiff.Tensor.exp) == "<method 'exp' of 'autodiff.Tensor' objects>"


# ---- what describes them

@pytest.mark.parametrize("rule", ROWS, ids=lambda rule: rule.name)
def test_signatures_and_help_follow_from_the_row(rule):
    word = {"add": ", alpha=1", "sub": ", alpha=1", "div": ", rounding_mode=None"}.get(rule.name, "")
    second = "".join(f", {name}" for name in rule.operand_names[1:])
    function, method = getattr(autodiff, rule.name), getattr(autodiff.Tensor, rule.name)
    star = ", *" if word else ""
    assert str(inspect.signature(function)) == f"(input{second}, *{word}, out=None)"
    assert str(inspect.signature(method)) == f"(self{second}{star}{word})"
    bound = getattr(autodiff.tensor(1.0), rule.name)
    assert str(inspect.signature(bound)) == str(inspect.signature(method)).replace("self, ", "").replace("self", "")
    for name in (rule.name, *rule.aliases):
        assert getattr(autodiff, name) is function
        one = getattr(autodiff.Tensor, name)
        assert one.__name__ == name and rule.doc in one.__doc__ and rule.doc in function.__doc__
        assert inspect.isroutine(one) and callable(one)
        shown = pydoc.plain(pydoc.render_doc(one))
        assert f"{name}(self" in shown and rule.doc[:40] in shown
        in_place = getattr(autodiff.Tensor, name + "_", None)
        assert (in_place is not None) == rule.inplace
        if rule.inplace:
            assert in_place.__name__ == name + "_" and "In place." in in_place.__doc__
            assert str(inspect.signature(in_place)) == str(inspect.signature(method))
    assert "out: " in function.__doc__ and "out: " not in method.__doc__


@pytest.mark.parametrize("function", list(functions()))
def test_every_function_tells_its_parameters(function):
    assert isinstance(inspect.signature(function), inspect.Signature)
    assert not (inspect.getdoc(function) or "").startswith(function.__name__ + "(")     # the text that it is read from


@pytest.mark.parametrize("kind, name", list(methods()))
def test_every_method_tells_its_parameters(kind, name):
    """But operators, which Python's own slots give a signature or not."""
    if not name.startswith("__"):
        assert next(iter(inspect.signature(getattr(kind, name)).parameters)) in (
            "self", "input", "tensor", "a", "b", "B", "L")


def test_what_is_inside_is_not_copied_without_its_pointers():
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    calls = []
    _variable.push_level(lambda call: calls.append(call) or NotImplemented)
    try:
        node = x[:1].grad_fn
    finally:
        _variable.pop_level()
    for thing in (node, node.next_functions[0][0], calls[0], *calls[0].params):
        with pytest.raises(TypeError):
            copy.copy(thing)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError):
                pickle.dumps(thing, protocol)


def test_they_are_no_ordinary_objects():
    with pytest.raises(TypeError, match="cannot create"):
        OWN()
    with pytest.raises(TypeError):
        type("Mine", (OWN,), {})
    with pytest.raises(AttributeError):
        autodiff.exp.note = 1
    assert weakref.ref(autodiff.exp)() is autodiff.exp
    assert len({autodiff.exp, autodiff.exp, autodiff.log}) == 2


def test_a_function_in_a_class_is_bound_as_a_function_is():
    class Doubler:
        add = autodiff.add

    with pytest.raises(TypeError, match="argument 'input'"):
        Doubler().add(1.0)
    assert autodiff.exp.__get__(None, object) is autodiff.exp
    assert autodiff.Tensor.exp.__get__(autodiff.tensor(0.0), autodiff.Tensor)().item() == 1.0


# ---- arguments

X = autodiff.tensor(2.0)


@pytest.mark.parametrize("call, words", [
    (lambda: autodiff.exp(), "exp() takes exactly 1 positional argument (0 given)"),
    (lambda: autodiff.exp(X, X), "exp() takes exactly 1 positional argument (2 given)"),
    (lambda: autodiff.exp(X, X, out=None), "exp() takes exactly 1 positional argument (2 given)"),
    (lambda: autodiff.exp(out=X), "exp() takes exactly 1 positional argument (0 given)"),
    (lambda: autodiff.exp(X, foo=1), "exp() got an unexpected keyword argument 'foo'"),
    (lambda: autodiff.exp(X, input=X), "exp() got multiple values for keyword argument 'input'"),
    (lambda: autodiff.exp(X, alpha=2), "exp() got an unexpected keyword argument 'alpha'"),
    (lambda: autodiff.add(X), "add() takes exactly 2 positional arguments (1 given)"),
    (lambda: autodiff.add(other=X), "add() takes exactly 2 positional arguments (0 given)"),
    (lambda: autodiff.add(X, X, 2), "add() takes exactly 2 positional arguments (3 given)"),
    (lambda: autodiff.add(X, X, rounding_mode="floor"), "add() got an unexpected keyword argument 'rounding_mode'"),
    (lambda: X.exp(1), "exp() takes exactly 0 positional arguments (1 given)"),
    (lambda: X.exp(out=X), "exp() got an unexpected keyword argument 'out'"),
    (lambda: X.exp(self=X), "exp() got an unexpected keyword argument 'self'"),
    (lambda: X.add(), "add() takes exactly 1 positional argument (0 given)"),
    (lambda: X.add(alpha=2), "add() takes exactly 1 positional argument (0 given)"),
    (lambda: X.add(1, other=2), "add() got multiple values for keyword argument 'other'"),
    (lambda: X.subtract_(), "subtract_() takes exactly 1 positional argument (0 given)"),
    (lambda: autodiff.Tensor.add(), "add() needs an argument"),
    (lambda: autodiff.Tensor.add(self=X, other=X), "add() needs an argument"),
    (lambda: X.add("a"), "add(): argument 'other' (position 1) must be Tensor or a number, not str"),
    (lambda: X.subtract("a"), "sub(): argument 'other' (position 1) must be Tensor or a number, not str"),
    (lambda: X.add_("a"), "add_(): argument 'other' (position 1) must be Tensor or a number, not str"),
    (lambda: X.clone().div_("a", rounding_mode="floor"),
     "div_(): argument 'other' (position 1) must be Tensor or a number, not str"),
    (lambda: X.pow("a"), "pow(): argument 'other' (position 1) must be Tensor or a number, not str"),
    (lambda: autodiff.pow(X, "a"), "pow(): argument 'exponent' (position 2) must be Tensor or a number, not str"),
    (lambda: autodiff.add("a", X), "add(): argument 'input' (position 1) must be Tensor, not str"),
    (lambda: autodiff.exp("a"), "exp(): argument 'input' (position 1) must be Tensor, not str"),
    (lambda: autodiff.isnan(1.0), "isnan(): argument 'input' (position 1) must be Tensor, not float"),
    (lambda: autodiff.exp(X, out=1.0), "exp(): argument 'out' must be Tensor, not float"),
])
def test_what_is_refused(call, words):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == words


@pytest.mark.parametrize("name", ["exp", "exp_", "add", "add_", "pow_", "eq", "div", "subtract_", "positive"])
@pytest.mark.parametrize("what", [3, 2.0, "a", None, np.ones(2), object()])
def test_a_method_is_for_variables(name, what):
    """It was called with whatever came, and read a Variable's fields in it."""
    arguments = () if name.strip("_") in ("exp", "positive") else (4,)
    words = rf"\(\): argument 'input' \(position 1\) must be Tensor, not {type(what).__name__}"
    with pytest.raises(TypeError, match=words):
        getattr(autodiff.Tensor, name)(what, *arguments)
    if arguments:
        with pytest.raises(TypeError, match=words):
            getattr(autodiff.Tensor, name)(what, autodiff.tensor(1.0))


#: What object has, too, is a slot.
BEYOND_OBJECT = [method for method in methods() if not hasattr(object, method.values[1])]


@pytest.mark.parametrize("kind, name", BEYOND_OBJECT)
def test_every_method_is_for_variables(kind, name):
    """Whatever comes first: an answer or an exception, and no field of a Variable read in it."""
    for what in (3, "a", None, np.ones(3), [1.0]):
        with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
            getattr(kind, name)(what)
        with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
            getattr(kind, name)(what, 1)


@pytest.mark.parametrize("name", ["zero_", "numel", "detach", "requires_grad_", "__copy__", "sum", "register_hook", "reshape",
                                  "view", "permute", "expand", "to"])
def test_a_compiled_method_says_so(name):
    arguments = (print,) if name == "register_hook" else ()
    with pytest.raises(TypeError, match=rf"^descriptor '{name}' for '.*Base' objects doesn't apply to a 'int' object"):
        getattr(autodiff.Tensor, name)(3, *arguments)           # PyTorch's words, which are Python's
    with pytest.raises(TypeError, match="needs an argument"):
        getattr(autodiff.Tensor, name)()


def test_keywords_do_what_positions_do():
    x, y = autodiff.tensor([7.0, -7.0]), autodiff.tensor([2.0, 2.0])
    for found, expected in (
            (autodiff.exp(input=y), np.exp([2.0, 2.0])), (autodiff.add(other=y, input=x), [9.0, -5.0]),
            (x.add(other=y), [9.0, -5.0]), (x.add(y, alpha=3), [13.0, -1.0]), (autodiff.sub(x, y, alpha=2), [3.0, -11.0]),
            (x.div(y, rounding_mode="floor"), [3.0, -4.0]), (x.div(other=y, rounding_mode=None), [3.5, -3.5]),
            (autodiff.div(x, y, rounding_mode="trunc"), [3.0, -3.0]), (x.clone().sub_(y, alpha=2), [3.0, -11.0]),
            (x.clone().div_(y, rounding_mode="trunc"), [3.0, -3.0]), (x.pow(exponent=2), [49.0, 49.0]),
            (autodiff.add(2.0, x), [9.0, -5.0]), (autodiff.add(np.array([1.0, 2.0]), x), [8.0, -5.0]),
            (x.add(y, **{"al" + "pha": 3}), [13.0, -1.0])):
        np.testing.assert_allclose(found.tolist(), expected)
    assert autodiff.add(1.0, 2.0).item() == 3.0 and autodiff.exp(0.0).item() == 1.0
    assert autodiff.positive(x) is x and x.positive() is x


def test_out_takes_the_result():
    x, out = autodiff.tensor([1.0, 4.0]), autodiff.zeros(2)
    assert autodiff.sqrt(x, out=out) is out and out.tolist() == [1.0, 2.0]
    assert autodiff.add(x, x, alpha=2, out=out) is out and out.tolist() == [3.0, 12.0]
    assert autodiff.div(x, 3.0, rounding_mode="floor", out=out).tolist() == [0.0, 1.0]
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        autodiff.sqrt(autodiff.tensor([1.0, 4.0], requires_grad=True), out=out)
