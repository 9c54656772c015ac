"""The door of the ops: a level above is asked before each of them, whatever it is, and may answer in its place.

A level that writes down what it is asked, and hands everything on, is held up while the golden suite runs: every call of a
public function, method or attribute must ask it at least once, unless the call hands an operand back, or its name is in NO_OPS.
What the suite does not call is called here.
"""
import ast
import builtins
import contextlib
import copy
import importlib.util
import io
import math
import os
import pathlib
import pickle
import sys
import threading
import types

import numpy as np
import pytest

import autodiff
from autodiff import _variable, autograd

Base = _variable.Base
HERE = pathlib.Path(__file__).resolve().parent

#: What computes nothing from elements, and makes no Variable: no level is asked.
NO_OPS = {
    "sizes, dtypes and places in memory": {
        "device", "dim", "dtype", "element_size", "is_complex", "is_conj", "is_contiguous", "is_cpu", "is_cuda",
        "is_floating_point", "is_neg", "is_sparse", "itemsize", "layout", "nbytes", "ndim", "nelement", "numel", "shape",
        "size", "storage_offset", "stride", "broadcast_shapes", "can_cast", "promote_types", "result_type", "is_tensor", "cuda",
        "bfloat16", "cpu", "base", "flags", "flat", "setflags", "strides", "to_device"},
    "refused by the NumPy flavour": {"byteswap", "getfield", "setfield"},
    "what is known of the graph": {
        "_base", "_is_view", "_version", "grad", "grad_fn", "_grad_fn", "is_inference", "is_leaf", "output_nr", "requires_grad",
        "retains_grad", "volatile"},
    "leaves, hooks and passes": {
        "backward", "register_hook", "register_post_accumulate_grad_hook", "requires_grad_", "retain_grad", "detach_",
        "drop_grad", "attach_grad", "get_gradient_edge", "increment_version", "register_multi_grad_hook",
        "disable_saved_tensors_hooks", "allow_mutation_on_saved_tensors", "_current_autograd_node",
        "_current_graph_task_execution_order", "_current_graph_task_id", "_is_multithreading_enabled",
        "_will_engine_execute_node", "enter_dual_level", "exit_dual_level", "unpack_dual"},
    "functions of functions, which compute when they are called": {
        "grad_and_value", "hessian", "jacfwd", "jacobian", "jacrev", "value_and_grad", "vmap", "primitive", "defjvp",
        "defvjp", "once_differentiable", "vjp", "jvp", "hvp", "linearize", "elementwise_grad", "holomorphic_grad", "lift",
        "compile", "checkpoint", "checkpointed_loop", "sparse_hessian", "sparse_jacobian"},
    "levels of forward mode": {"enter_dual_level", "exit_dual_level"},
    "settings": {
        "get_default_dtype", "set_default_dtype", "get_num_threads", "set_num_threads", "is_grad_enabled",
        "is_inference_mode_enabled", "is_multithreading_enabled", "set_multithreading_enabled", "is_anomaly_enabled",
        "is_anomaly_check_nan_enabled", "set_anomaly_enabled", "manual_seed", "seed", "initial_seed", "get_rng_state",
        "set_rng_state", "check_backward_validity", "set_checkpoint_early_stop",
        "set_default_device",
        "get_default_device", "get_printoptions", "set_printoptions", "printoptions", "memory_stats", "release_memory"},
    "files": {"load", "save"},
    "what is said and shown of a graph": {"draw", "explain"},
    "windows, of a length alone": {"bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"},
    "ops of one's own": {"once_differentiable", "defjvp", "defvjp", "primitive"},
}
QUIET = set().union(*NO_OPS.values())


def by_path(name):
    spec = importlib.util.spec_from_file_location(f"{name}_of_the_door", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def below(level):
    _variable.push_level(level)
    try:
        yield
    finally:
        _variable.pop_level()


class Book:
    """A level that hands everything on and writes it down; and the calls of a snippet, each with whether it asked."""

    def __init__(self):
        self.calls = []
        self.asked = set()
        self.silent = {}

    def __call__(self, call):
        self.calls.append(self.entry(call))
        return NotImplemented

    def entry(self, call):
        return call

    def names(self):
        return [call.name for call in self.calls]

    def attribute(self, value, name):
        """What stands for `value.name` in a snippet."""
        before = len(self.calls)
        found = getattr(value, name)
        of_variable = isinstance(value, Base)
        of_module = isinstance(value, types.ModuleType) and value.__name__.split(".")[0] == "autodiff"
        plain = (type, Base, _variable.Node_, _variable.Context)
        if callable(found) and not isinstance(found, plain) and (of_variable or of_module):
            return self.method(found, name, (value,) if of_variable else ())
        if of_variable:
            self.note(name, before, found, (value,))
        return found

    def method(self, function, name, owner):
        def call(*args, **kwargs):
            before = len(self.calls)
            result = function(*args, **kwargs)
            self.note(name, before, result, (*owner, *args, *kwargs.values()))
            return result

        return call

    def note(self, name, before, result, given):
        if len(self.calls) > before:
            self.asked.add(name)
        elif not any(result is value for value in given):
            self.silent.setdefault(name, self.snippet)


class Names(Book):
    """A book that keeps no operands: snippets ask whether theirs are gone."""

    def entry(self, call):
        return types.SimpleNamespace(name=call.name)


class Watched(ast.NodeTransformer):
    """x.name becomes __attribute__(x, "name")."""

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        watched = ast.Call(ast.Name("__attribute__", ast.Load()), [node.value, ast.Constant(node.attr)], [])
        return ast.copy_location(watched, node)


class Parsed:
    """The module ast as a snippet is read with it: attributes are watched."""

    Expr, Expression = ast.Expr, ast.Expression

    @staticmethod
    def parse(code):
        return ast.fix_missing_locations(Watched().visit(ast.parse(code)))


@pytest.fixture(scope="module")
def golden():
    """The book of the whole suite, and the snippets that show something else below a level."""
    golden_torch = by_path("golden_torch")
    book, changed = Names(), []
    default = autodiff.get_default_dtype()

    def shown(code):
        autodiff.set_default_dtype(autodiff.float32)
        try:
            return golden_torch.show(autodiff, code)
        finally:
            autodiff.set_grad_enabled(True)
            autodiff.set_printoptions(profile="default")

    builtins.__attribute__ = book.attribute
    try:
        for _, _, code, _, _ in golden_torch.snippets():
            if "weakref" in code or "threading" in code or "detect_anomaly(" in code:
                continue        # a call below keeps what it was given; another thread has no levels; a line of ours is named
            bare = shown(code)
            book.snippet = code
            golden_torch.ast = Parsed
            with below(book):
                watched = shown(code)
            golden_torch.ast = ast
            if watched != bare:
                changed.append(code)
    finally:
        del builtins.__attribute__
        autodiff.set_default_dtype(default)
    return book, changed


def test_the_golden_suite_shows_the_same_below_a_level(golden):
    assert not golden[1]


def test_no_op_of_the_golden_suite_goes_round_the_door(golden):
    book, _ = golden
    assert len({call.name for call in book.calls}) > 300 and len(book.calls) > 10000
    # x.type() names the dtype, x.tag is an attribute that a user set
    missing = sorted(name for name in book.silent if name not in QUIET | {"type", "tag"})
    assert not missing, {name: book.silent[name] for name in missing}


def called(value, name, *args, **kwargs):
    """Whether a level is asked for value.name(*args), or an operand is handed back."""
    book = Book()
    with below(book):
        found = getattr(value, name)
        if callable(found) and not isinstance(found, Base):
            found = found(*args, **kwargs)
    return book.calls or found is value or any(found is given for given in args)


def vector():
    return autodiff.tensor([1.0, 2.0, 3.0], dtype=autodiff.float64)


def square():
    return autodiff.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=autodiff.float64)


def ones(*sizes):
    return autodiff.ones(*sizes, dtype=autodiff.float64)


def whole(*numbers):
    return autodiff.tensor(list(numbers))


#: Operand and arguments for what the golden suite does not call; else they are a vector, and none.
ARGUMENTS = {
    "new_zeros": lambda: (vector(), 2), "new_ones": lambda: (vector(), 2), "new_empty": lambda: (vector(), 2),
    "new_full": lambda: (vector(), (2,), 1.0), "new_tensor": lambda: (vector(), [1.0]),
    "addbmm": lambda: (square(), ones(2, 2, 2), ones(2, 2, 2)), "addmv": lambda: (vector(), ones(3, 3), vector()),
    "addr": lambda: (square(), ones(2), ones(2)), "astype": lambda: (vector(), "float32"),
    "diagonal_scatter": lambda: (square(), ones(2)), "ger": lambda: (vector(), vector()),
    "index_add": lambda: (vector(), 0, whole(0), ones(1)), "index_copy": lambda: (vector(), 0, whole(0), ones(1)),
    "index_put_": lambda: (vector(), (whole(0),), ones(1)), "index_select": lambda: (vector(), 0, whole(0)),
    "inner": lambda: (vector(), vector()), "masked_scatter": lambda: (vector(), vector() > 1, vector()),
    "pad": lambda: (vector(), (1, 1)), "put": lambda: (vector(), whole(0), ones(1)),
    "select_scatter": lambda: (vector(), ones(1)[0], 0, 1), "slice_scatter": lambda: (vector(), ones(1), 0, 0, 1),
    "take": lambda: (vector(), whole(0)), "threshold": lambda: (vector(), 0.5, 0.0), "threshold_": lambda: (vector(), 0.5, 0.0),
    "asscalar": lambda: (ones(1),), "repeat": lambda: (vector(), 2), "reshape": lambda: (square(), 4),
    "argpartition": lambda: (vector(), 1), "choose": lambda: (whole(0), [vector()]), "compress": lambda: (vector(), [True]),
    "dot": lambda: (vector(), vector()), "item": lambda: (ones(1),), "transpose": lambda: (square(),),
    "swapaxes": lambda: (square(), 0, 1), "mT": lambda: (square(),), "imag": lambda: (autodiff.tensor([1j]),),
    "dump": lambda: (vector(), io.BytesIO()), "fill": lambda: (vector(), 1.0), "partition": lambda: (vector(), 1),
    "resize": lambda: (vector(), (3, 1)), "tofile": lambda: (vector(), os.devnull),
    "sample_beta": lambda: (vector(), vector()),
    "triangular_solve": lambda: (square(), square()), "lu_solve": lambda: (square(), square(), whole(1, 2).int()),
    "searchsorted": lambda: (vector(), 2.0), "trace": lambda: (square(),), "diagonal": lambda: (square(),),
    **dict.fromkeys(("geqrf", "pca_lowrank", "pinverse", "qr", "svd", "svd_lowrank"), lambda: (square(),)),
    "cdist": lambda: (square(), square()), "pdist": lambda: (square(),), "orgqr": lambda: (square(), ones(2)),
    "ormqr": lambda: (square(), ones(2), square()), "histogram": lambda: (vector(), 2),
    **dict.fromkeys(("renorm", "renorm_"), lambda: (square(), 2, 0, 1.0)),
}


@pytest.mark.parametrize("flavour", ["Tensor", "ndarray"])
def test_every_method_asks(golden, flavour):
    kind = autodiff.Tensor if flavour == "Tensor" else autodiff.numpy.ndarray
    silent = []
    for name in dir(kind):
        if name.startswith("_") or name in QUIET:
            continue
        same = getattr(kind, name) is getattr(autodiff.Tensor, name, None)
        if same and name in golden[0].asked:
            continue
        value, *arguments = ARGUMENTS.get(name, lambda: (vector(),))()
        value = value if flavour == "Tensor" else autodiff.numpy.array(value.numpy())
        if not called(value, name, *arguments):
            silent.append(name)
    assert not silent


def test_every_function_asks(golden):
    silent = []
    for name in dir(autodiff):
        function = getattr(autodiff, name)
        if name.startswith("_") or name in QUIET or isinstance(function, type) or not callable(function):
            continue
        if name in golden[0].asked:
            continue
        if not called(autodiff, name, *ARGUMENTS.get(name, lambda: (vector(),))()):
            silent.append(name)
    assert not silent


# ---- what leaves: as a plain array, a bool, a number, a text

LEAVING = {
    "__bool__": (bool, False), "__float__": (float, 7.5), "__int__": (int, 7), "__complex__": (complex, 7j),
    "item": (lambda x: x.item(), 8.0), "tolist": (lambda x: x.tolist(), [8.0]), "numpy": (lambda x: x.numpy(), "an array"),
    "__array__": (np.asarray, np.array(9.0)), "__contains__": (lambda x: 5.0 in x, True), "__repr__": (repr, "shown"),
    "data_ptr": (lambda x: x.data_ptr(), 1), "__reduce__": (lambda x: x.__reduce__(), (float, (1.0,))),
}


@pytest.mark.parametrize("name", LEAVING)
@pytest.mark.parametrize("make", [autodiff.tensor, autodiff.numpy.array], ids=["Tensor", "ndarray"])
def test_a_level_is_asked_before_a_value_leaves(name, make):
    take, answer = LEAVING[name]
    x = make(2.0)
    x.requires_grad_()
    asked = []

    def level(call):
        asked.append((call.name, call.leaves, call.operands))
        return answer

    with below(level):
        got = take(x)
    assert len(asked) == 1 and asked[0][:2] == (name, True) and asked[0][2][0] is x
    assert got is answer or got == answer


def test_an_index_leaves():
    k = autodiff.tensor(1)
    with below(lambda call: 2):
        assert [10, 20, 30][k] == 30


def test_formats_searches_and_copies_ask():
    x = autodiff.tensor([1.0, 2.0])
    for run, name in ((lambda: f"{x[0]:.1f}", "item"), (lambda: f"{x}", "__repr__"), (lambda: str(x), "__repr__"),
                      (lambda: copy.deepcopy(x), "__deepcopy__"), (lambda: copy.copy(x), "detach"),
                      (lambda: pickle.dumps(x), "__reduce__"), (lambda: autodiff.equal(x, x), "equal"),
                      (lambda: autodiff.allclose(x, x), "allclose"), (lambda: math.sin(x[0]), "__float__"),
                      (lambda: np.add.reduce(x), "sum"), (lambda: x[0].is_nonzero(), "__bool__")):
        book = Book()
        with below(book):
            run()
        assert name in book.names(), (name, book.names())


def test_conditions_of_the_numpy_flavour_leave_as_arrays():
    x = autodiff.numpy.array([1.0, 2.0])
    asked = []
    with below(lambda call: asked.append((call.name, call.leaves)) or NotImplemented):
        assert type(x > 1) is np.ndarray
        assert isinstance(autodiff.ones(2) > 1, autodiff.Tensor)
    assert ("gt", True) in asked and ("gt", False) in asked


# ---- answers

def test_an_answer_stands_for_the_result():
    seven = autodiff.tensor(7.0)
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    with below(lambda call: seven):
        for run in (lambda: x + 1, lambda: 1 - x, lambda: x.exp(), lambda: x.sum(), lambda: x.mean(0), lambda: x @ x,
                    lambda: x.norm(), lambda: x[0], lambda: x[1:], lambda: x[[0]], lambda: x.view(2, 1), lambda: x.float(),
                    lambda: x.detach(), lambda: x.data, lambda: autodiff.zeros(3), lambda: autodiff.tensor([1.0]),
                    lambda: autodiff.rand(2), lambda: autodiff.randint(3, (2,)), lambda: autodiff.arange(3),
                    lambda: autodiff.from_numpy(np.ones(2)), lambda: autodiff.where(x > 0, x, x), lambda: x.argmax(),
                    lambda: x.softmax(0), lambda: autodiff.stack([x, x]), lambda: x.all(),
                    lambda: autodiff.numpy.array([1.0]), lambda: x > 0, lambda: x.clone(), lambda: np.sin(x)):
            assert run() is seven


WRITES = {
    "add_": lambda x: x.add_(1.0), "+=": lambda x: operator_iadd(x), "exp_": lambda x: x.exp_(), "eq_": lambda x: x.eq_(1.0),
    "pow_": lambda x: x.pow_(2), "fill_": lambda x: x.fill_(1.0), "zero_": lambda x: x.zero_(), "x[0] =": lambda x: put(x, 0),
    "x[[0]] =": lambda x: put(x, [0]), "x[Variable] =": lambda x: put(x, whole(0)), "x[:] =": lambda x: put(x, slice(None)),
    "clamp_": lambda x: x.clamp_(0.0, 1.0), "sin out": lambda x: autodiff.sin(autodiff.ones(2), out=x),
    "cumsum out": lambda x: autodiff.cumsum(autodiff.ones(2), 0, out=x),
}


def operator_iadd(x):
    x += 1.0


def put(x, index):
    x[index] = 5.0


@pytest.mark.parametrize("name", WRITES)
def test_what_a_level_answers_to_a_write_is_written(name):
    x = autodiff.tensor([1.0, 2.0])
    nine, into = autodiff.tensor([9.0, 8.0]), []

    def level(call):
        if call.into is None:
            return NotImplemented
        into.append(call.into)
        return nine

    version = x._version
    with below(level):
        WRITES[name](x)
    assert len(into) == 1 and into[0] is x
    assert x.tolist() == [9.0, 8.0] and x._version > version and nine.tolist() == [9.0, 8.0]


def test_a_level_may_do_the_writing_itself():
    x = autodiff.tensor([1.0, 2.0])

    def level(call):
        if call.into is None:
            return NotImplemented
        call.into.fill_(3.0)
        return call.into

    with below(level):
        x.mul_(2.0)
        x[0] = 7.0
    assert x.tolist() == [3.0, 3.0]


def test_data_that_is_replaced_is_a_write():
    x, y = autodiff.tensor([1.0, 2.0]), autodiff.tensor([3.0])
    asked = []
    with below(lambda call: asked.append((call.name, call.into)) or NotImplemented):
        x.data = y
    assert asked == [("set_data", x)] and x.tolist() == [3.0]


@pytest.mark.parametrize("answer", [None, 3, (), "text"], ids=repr)
def test_an_answer_that_is_no_variable_is_refused(answer):
    """Compiled callers read the fields of what they are handed."""
    x = autodiff.tensor([1.0, 2.0])
    with below(lambda call: answer):
        for run in (lambda: x[1:].sum(), lambda: x + 1, lambda: x.sum(), lambda: x.mul_(2), lambda: x.detach(),
                    lambda: x.__setitem__(0, 1.0), lambda: x.copy_([1.0, 2.0]), lambda: x[whole(0)],
                    lambda: autodiff.tensor([1.0]), lambda: x.view(2, 1), lambda: setattr(x, "data", x)):
            with pytest.raises(TypeError):
                run()
    assert x.tolist() == [1.0, 2.0]


def test_data_that_a_level_answers_is_taken():
    x, nine = autodiff.tensor([1.0, 2.0]), autodiff.tensor([9.0])
    y = autodiff.tensor([3.0, 4.0])
    with below(lambda call: nine):
        x.data = y
    assert x.tolist() == [9.0]


# ---- the stack of levels

def test_a_level_hands_on_to_the_one_below():
    heard = []

    def outer(call):
        heard.append(("outer", call.name))
        return autodiff.tensor(1.0) * 5 if call.name == "exp" else NotImplemented    # its own ops are nobody's

    def inner(call):
        heard.append(("inner", call.name))
        return call.operands[0] * 2 if call.name == "sin" else NotImplemented        # its own ops are the outer level's

    x = autodiff.tensor(3.0)
    with below(outer), below(inner):
        assert x.exp().item() == 5
        assert x.sin().item() == 6
        assert x.cos().item() == pytest.approx(math.cos(3.0))
    assert heard == [("inner", "exp"), ("outer", "exp"), ("inner", "item"), ("outer", "item"),
                     ("inner", "sin"), ("outer", "mul"), ("inner", "item"), ("outer", "item"),
                     ("inner", "cos"), ("outer", "cos"), ("inner", "item"), ("outer", "item")]
    assert not _variable.levels and not _variable.threads_in_modes()


def test_a_level_that_raises_leaves_the_stack_as_it_was():
    x = autodiff.tensor([1.0, 2.0])
    asked = []

    def level(call):
        asked.append(call.name)
        if call.name == "mul":
            raise ValueError("not today")
        return NotImplemented

    with below(level):
        with pytest.raises(ValueError, match="not today"):
            x * 2
        with pytest.raises(ValueError, match="not today"):
            x.mul_(2)
        x + 1
    assert asked == ["mul", "mul", "add"] and x.tolist() == [1.0, 2.0]
    assert not _variable.levels


def test_a_level_is_its_threads_own():
    asked, other = [], []
    x = autodiff.tensor([1.0, 2.0])

    def run():
        other.append((x * 2).tolist())

    with below(lambda call: asked.append(call.name) or NotImplemented):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert not asked and other == [[2.0, 4.0]]


def test_modes_that_a_level_changes_stay_changed():
    def level(call):
        autograd.set_grad_enabled(False)
        return NotImplemented

    x = autodiff.tensor(2.0, requires_grad=True)
    with below(level):
        y = x * 2
    try:
        assert not y.requires_grad and not autodiff.is_grad_enabled()
    finally:
        autograd.set_grad_enabled(True)


def test_what_a_call_says():
    calls = []
    x, y = autodiff.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), autodiff.ones(2)
    with below(lambda call: calls.append(call) or NotImplemented):
        x.sum(-1)
        x + y
        x.softmax(-1)
        x.t()
    first, second, *rest = calls
    assert (first.name, first.operands, first.params) == ("sum", (x,), ((1,), False, None))
    assert first.into is None and not first.called and not first.leaves
    assert second.name == "add" and second.operands[0] is x and second.operands[1] is y and second.params == ()
    assert rest[0].called and rest[0].name == "softmax" and rest[0].params[0] == -1
    assert calls[-1].name == "view" and repr(calls[-1].params[0]) == "Transform(t)" and "view" in repr(calls[-1])


def test_gradients_are_the_same_below_a_level():
    def program(x):
        y = (x * x.sin()).sum() + x.cumsum(0).norm() + x.softmax(0)[0] * x[[0, 2]].prod()
        y = y + autodiff.where(x > 1, x, x * 2).max()
        return autograd.grad(y, x, create_graph=True)[0]

    def both():
        x = vector().requires_grad_()
        first = program(x)
        return first.tolist(), autograd.grad(first.sum(), x)[0].tolist()

    bare = both()
    book = Book()
    with below(book):
        watched = both()
    assert bare == watched and len(book.calls) > 40


def test_a_custom_op_is_asked_and_refuses_forward_mode():
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)

    def double():
        return _variable.record_custom((x,), (x.detach() * 2,), lambda gs, needs: (gs[0] * 2,), "DoubleBackward")[0]

    book = Book()
    with below(book):
        double()
    assert book.names() == ["detach", "mul", "DoubleBackward"]
    with autograd.forward_ad.dual_level():
        x = autograd.forward_ad.make_dual(x, autodiff.ones(2))
        with pytest.raises(NotImplementedError, match="forward mode"):
            double()


def test_saved_tensor_hooks_keep_the_flag_of_a_recorded_scope():
    """Two marks of one node, which were set by different hands: gradients of a recorded graph overwrite, they do not add."""
    from autodiff.autograd.graph import saved_tensors_hooks

    x = autodiff.tensor(2.0)
    x.attach_grad()
    for _ in range(2):
        with autograd.record(), saved_tensors_hooks(lambda t: t, lambda t: t):
            y = x * x
        y.backward()
    assert x.grad.item() == 4.0
