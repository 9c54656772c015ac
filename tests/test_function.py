"""Custom Functions: derivatives of every order, what they save, contexts, memory, both flavours.

What PyTorch shows for them stands in golden/functions.txt.
"""
import gc
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest

import autodiff as ad
from autodiff.autograd import Function, forward_ad, grad
from autodiff.autograd.function import FunctionCtx, once_differentiable


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        y, = ctx.saved_tensors
        return gradient * y


class Product(Function):
    @staticmethod
    def forward(x, y, power=2):
        return x * y ** power, x + y

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, y, ctx.power = inputs
        ctx.save_for_backward(x, y)
        ctx.save_for_forward(x, y)

    @staticmethod
    def backward(ctx, g, h):
        x, y = ctx.saved_tensors
        n = ctx.power
        return g * y ** n + h, g * x * n * y ** (n - 1) + h, None

    @staticmethod
    def jvp(ctx, s, t, _):
        x, y = ctx.saved_tensors
        n = ctx.power
        return s * y ** n + t * x * n * y ** (n - 1), s + t


def make(flavour, values, requires_grad=True):
    values = np.array(values)
    v = ad.tensor(values) if flavour == "Tensor" else ad.numpy.array(values)
    return v.requires_grad_(requires_grad)


FLAVOURS = ("Tensor", "ndarray")


# ---- derivatives

@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("values", [[0.5, -1.0, 2.0], 0.75, [[0.25]], []])
def test_derivatives_of_every_order(flavour, values):
    """Those of exp() are itself."""
    x = make(flavour, values)
    value = Exp.apply(x)
    for _ in range(4):
        assert type(value) is type(x)
        np.testing.assert_allclose(np.asarray(value.detach()), np.exp(values), rtol=1e-14)
        value, = grad(value.sum(), x, create_graph=True)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_derivatives_are_those_of_the_ops(flavour):
    x, y = make(flavour, [0.5, -1.0, 2.0]), make(flavour, [1.5, 0.25, -2.0])

    def by_ops(x, y):
        return x * y ** 3, x + y

    def hessians(f):
        a, b = f(x, y)
        first = grad((a * b).sum(), (x, y), create_graph=True)
        return [np.asarray(v.detach()) for v in (*first, *grad((first[0] * first[1]).sum(), (x, y)))]

    for own, given in zip(hessians(lambda x, y: Product.apply(x, y, 3)), hessians(by_ops), strict=True):
        np.testing.assert_allclose(own, given, rtol=1e-13)


def test_forward_mode_agrees_with_reverse():
    x, y = ad.tensor([0.5, -1.0]), ad.tensor([1.5, 0.25])
    s, t = ad.tensor([0.3, 0.7]), ad.tensor([-0.2, 1.1])
    with forward_ad.dual_level():
        a, b = Product.apply(forward_ad.make_dual(x, s), forward_ad.make_dual(y, t))
        tangents = [forward_ad.unpack_dual(v).tangent for v in (a, b)]
    u, w = x.clone().requires_grad_(), y.clone().requires_grad_()
    for output, tangent in zip(Product.apply(u, w), tangents, strict=True):
        rows = [grad(output[i], (u, w), retain_graph=True) for i in range(2)]
        np.testing.assert_allclose(tangent.numpy(), [float((p * s).sum() + (q * t).sum()) for p, q in rows], rtol=1e-13)


def test_a_tangent_reaches_the_operands_of_jvp_recorded():
    """Reverse over forward: what jvp() computes is recorded."""
    x = ad.tensor([0.5, -1.0], requires_grad=True)
    with forward_ad.dual_level():
        a, _ = Product.apply(forward_ad.make_dual(x, ad.ones(2)), ad.tensor([2.0, 3.0]))
        tangent = forward_ad.unpack_dual(a).tangent
    g, = grad((tangent * x).sum(), x)       # tangent is y ** 2
    assert g.tolist() == [4.0, 9.0]


# ---- what is saved, and depends on an input without being one

class Saving(Function):
    @staticmethod
    def forward(ctx, x, make):
        ctx.saved = x.exp()
        ctx.save_for_backward(make(x, ctx.saved))
        del ctx.saved
        return x.exp()

    @staticmethod
    def backward(ctx, g):
        s, = ctx.saved_tensors
        return g * s[:2], None


def filled_by(write):
    def made(x, e):
        s = ad.zeros(3)
        write(s, e)
        return s

    return made


def of_inner_gradient(x, e):
    with ad.enable_grad():
        z = x.detach().requires_grad_()
        return grad(z.exp().sum(), z)[0]


def write_elements(s, e):
    s[0] = e[0]
    s[1] = e[1]


DEPENDENT = {
    "a result": lambda x, e: e,
    "a copy": lambda x, e: e.clone(),
    "detached": lambda x, e: e.detach(),
    "the input detached": lambda x, e: x.detach(),
    "a view": lambda x, e: e.view(2, 1).T[0],
    "a selection": lambda x, e: ad.where(x > 0, e, 0.0),
    "joined elements": lambda x, e: ad.stack([e[0], e[1]]),
    "by NumPy": lambda x, e: ad.tensor(np.exp(x.detach().numpy())),
    "by NumPy, shared": lambda x, e: ad.from_numpy(np.exp(x.detach().numpy())),
    "by lists": lambda x, e: ad.tensor([value + 1 for value in x.tolist()]),
    "assigned": filled_by(lambda s, e: s.__setitem__(slice(0, 2), e)),
    "assigned by element": filled_by(write_elements),
    "added in place": filled_by(lambda s, e: s[:2].add_(e)),
    "copied": filled_by(lambda s, e: s[:2].copy_(e)),
    "an inner gradient": of_inner_gradient,
}


@pytest.mark.parametrize("how", DEPENDENT)
def test_a_saved_value_that_depends_on_an_input_is_told(how):
    x = ad.tensor([0.5, 1.0], requires_grad=True)
    Saving.apply(x, DEPENDENT[how]).sum().backward()        # the first derivative needs none of it
    g, = grad(Saving.apply(x, DEPENDENT[how]).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"saved tensor 0, .* neither an input nor an output"):
        g.sum().backward()


INDEPENDENT = {
    "a dropout mask": lambda x, e: (ad.rand(2) > 0.5).to(x.dtype) / 0.5,
    "a mask by NumPy": lambda x, e: ad.tensor(np.random.default_rng(0).random(2)),
    "a condition of the input": lambda x, e: x > 0.7,
    "an integer of the input": lambda x, e: e.argsort(),
    "sizes of the input": lambda x, e: ad.full((2,), float(len(x))),
}


@pytest.mark.parametrize("how", INDEPENDENT)
def test_a_saved_value_that_depends_on_no_input_passes(how):
    x = ad.tensor([0.5, 1.0], requires_grad=True)
    w = ad.ones(2, requires_grad=True)
    g, = grad((Saving.apply(x, INDEPENDENT[how]) * w).sum(), x, create_graph=True)
    h, = grad(g.sum(), w)
    assert h.shape == (2,)


def test_an_attribute_that_depends_on_an_input_is_told_and_stays_a_constant():
    class Keeps(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.e = x.exp()
            return ctx.e * 1

        @staticmethod
        def backward(ctx, g):
            return g * ctx.e

    x = ad.tensor([0.5, 1.0], requires_grad=True)
    y = Keeps.apply(x)
    g, = grad(y.sum(), x, create_graph=True)
    assert not y.grad_fn.e.requires_grad
    with pytest.raises(RuntimeError, match="attribute 'e'"):
        g.sum().backward()


def test_once_differentiable_is_told_even_where_the_gradient_needs_none():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    x = ad.tensor([3.0], requires_grad=True)
    g, = grad(Square.apply(x), x, create_graph=True)
    assert g.tolist() == [6.0]
    with pytest.raises(RuntimeError, match="trying to differentiate twice"):
        g.backward()
    assert x.grad is None


def test_a_saved_output_whose_variable_is_gone_is_on_the_graph():
    class Pair(Function):
        @staticmethod
        def forward(ctx, x):
            a, b = x * 2, x.exp()
            ctx.save_for_backward(b)
            return a, b

        @staticmethod
        def backward(ctx, g, h):
            b, = ctx.saved_tensors
            return g * 2 + h * b + g * b

    x = ad.tensor([0.5, 1.0], requires_grad=True)
    a, b = Pair.apply(x)
    del b
    g, = grad(a.sum(), x, create_graph=True)        # 2 + exp(x)
    h, = grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), np.exp([0.5, 1.0]))


def test_a_saved_value_written_later_raises_and_leaves_nothing():
    x = ad.tensor([0.5, 1.0], requires_grad=True)
    y = Exp.apply(x)
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    assert x.grad is None
    a = ad.tensor(2.0, requires_grad=True) * 1
    b, _ = Product.apply(a, ad.tensor(3.0))
    a.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        b.backward()


def test_numpy_flavour_saves_a_snapshot_of_a_view():
    """y[i + 1] = f(y[i]) is ordinary code there."""
    start = ad.numpy.array([1.0]).requires_grad_()
    y = ad.numpy.array([0.0, 0.0, 0.0])
    y[0] = start[0]
    for i in range(2):
        y[i + 1] = Exp.apply(y[i])
    y[2].backward()
    value = np.exp(1.0)
    np.testing.assert_allclose(start.grad, [value * np.exp(value)])


# ---- the context

def test_the_context_is_the_node():
    x = ad.tensor([0.5], requires_grad=True)
    a, b = Product.apply(x, x)
    context = a.grad_fn
    assert context is b.grad_fn and isinstance(context, FunctionCtx)
    assert type(context).__name__ == context.name() == "ProductBackward"
    assert [node.variable is x for node, _ in context.next_functions] == [True, True]
    assert context.power == 2
    context.metadata["mine"] = 1
    assert b.grad_fn.metadata == {"mine": 1}
    del a, b
    assert [node.variable is x for node, _ in context.next_functions] == [True, True]
    with pytest.raises(RuntimeError, match=r"'metadata' is invalid .* gone with the graph"):
        _ = context.metadata
    with pytest.raises(AttributeError, match="'ProductBackward' object has no attribute 'nothing'"):
        _ = context.nothing
    assert (context.saved_tensors[0] is x) and not hasattr(context, "variable_")


def test_a_context_outlives_its_pass():
    stash = []

    class Stashing(Exp):
        @staticmethod
        def backward(ctx, g):
            stash.append(ctx)
            return Exp.backward(ctx, g)

    x = ad.tensor([0.5], requires_grad=True)
    Stashing.apply(x).backward()
    context, = stash
    with pytest.raises(RuntimeError, match="a second time"):
        _ = context.saved_tensors
    assert context.needs_input_grad == (True,)


def test_keyword_arguments_carry_no_gradient():
    class Shifted(Function):
        @staticmethod
        def forward(ctx, x, *, by=0.0):
            return x + by

        @staticmethod
        def backward(ctx, g):
            return g

    x = ad.tensor([1.0], requires_grad=True)
    assert Shifted.apply(x, by=2.0).tolist() == [3.0]
    with pytest.raises(TypeError, match="'by' requires grad and is given by keyword"):
        Shifted.apply(x, by=x)


def test_a_method_without_staticmethod_and_a_missing_argument_raise():
    with pytest.raises(TypeError):
        Product.apply(ad.ones(2))
    with pytest.raises(TypeError):
        Exp.apply()


def test_subclasses_have_nodes_of_their_own_name():
    class Special(Exp):
        pass

    assert Special.apply(ad.ones(1, requires_grad=True)).grad_fn.name() == "SpecialBackward"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_backward_is_handed_the_flavour_of_the_output(flavour):
    seen = []

    class Sees(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            seen.extend([type(g), type(h), type(ctx.saved_tensors[0])])
            return g * 2

    x = make(flavour, [1.0, 2.0])
    Sees.apply(x)[0].sum().backward()
    assert set(seen) == {type(x)} and type(x.grad) is type(x)


def test_inside_record():
    x = ad.tensor([0.5, 1.0])
    x.attach_grad()
    with ad.autograd.record():
        y = Exp.apply(x)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp([0.5, 1.0]))
    assert Exp.apply(x).grad_fn is None


def test_a_level_is_asked():
    from autodiff import _variable as _v

    seen = []

    def level(call):
        seen.append((call.name, call.params[:1]))
        return NotImplemented

    _v.push_level(level)
    try:
        Exp.apply(ad.ones(2))
    finally:
        _v.pop_level()
    assert ("Exp", (Exp,)) in seen


def test_an_error_in_forward_leaves_the_modes_as_they_were():
    class Fails(Function):
        @staticmethod
        def forward(ctx, x):
            raise ValueError("mine")

    x = ad.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="mine"):
        Fails.apply(x)
    assert ad.is_grad_enabled() and (x * 2).requires_grad
    y = (x * 2).exp()
    g, = grad(y.sum(), x, create_graph=True)
    g.sum().backward()          # nothing is traced any more: y refuses nothing


def test_an_error_in_backward_keeps_its_type_and_leaves_the_graph_usable():
    fail = [True]

    class Fails(Exp):
        @staticmethod
        def backward(ctx, g):
            if fail[0]:
                raise KeyError("mine")
            return Exp.backward(ctx, g)

    x, w = ad.ones(2, requires_grad=True), ad.ones(2, requires_grad=True)
    y = (Fails.apply(x) * 1).sum() + w.sum()
    with pytest.raises(KeyError, match="mine"):
        y.backward(retain_graph=True)
    assert x.grad is None
    fail[0] = False
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp([1.0, 1.0]))


@pytest.mark.parametrize("returned, words", [
    ("text", "expected Variable or None"), ([None], "expected Variable or None"), (lambda g: (g, g, g), "incorrect number"),
    (lambda g: g.sum(), "invalid gradient at index 0"),
])
def test_what_backward_must_not_return(returned, words):
    class Returns(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return returned(g) if callable(returned) else returned

    x = ad.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=words):
        Returns.apply(x).sum().backward()
    assert x.grad is None


# ---- memory and depth

def test_the_graph_goes_with_its_last_reference():
    gc.collect()
    gc.disable()
    try:
        x = ad.ones(3, requires_grad=True)
        y = Exp.apply(x)
        context = weakref.ref(y.grad_fn)
        nodes = ad.memory_stats()["nodes"]
        del y
        assert context() is None and ad.memory_stats()["nodes"] == nodes - 1
    finally:
        gc.enable()


def test_a_cycle_through_the_context_is_collected():
    class Keeps(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.out = x * 2
            return ctx.out

        @staticmethod
        def backward(ctx, g):
            return g * 2

    gc.collect()
    y = Keeps.apply(ad.ones(3, requires_grad=True))
    context = weakref.ref(y.grad_fn)
    del y
    gc.collect()
    assert context() is None


def test_a_context_whose_finaliser_collects():
    class Noisy:
        def __del__(self):
            gc.collect()

    class Keeps(Exp):
        @staticmethod
        def forward(ctx, x):
            ctx.noisy = Noisy()
            return Exp.forward(ctx, x)

    x = ad.ones(3, requires_grad=True)
    y = x
    for _ in range(20):
        y = Keeps.apply(y * 0.1)
    y.sum().backward()
    del y
    assert x.grad is not None


def test_a_chain_of_100000_functions_is_walked_and_released_without_recursion():
    class Step(Function):
        @staticmethod
        def forward(ctx, x):
            return x + 1

        @staticmethod
        def backward(ctx, g):
            return g

    x = ad.tensor(0.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = Step.apply(y)
    y.backward()
    assert x.grad == 1 and y == 100_000
    del y


def test_passes_inside_passes_2000_deep():
    class Deep(Function):
        @staticmethod
        def forward(ctx, x):
            with ad.enable_grad():
                ctx.x = ad.autograd.Variable(x.detach(), requires_grad=True) - 1
            return ctx.x.detach()

        @staticmethod
        def backward(ctx, g):
            if ctx.x < 0:
                return g
            with ad.enable_grad():
                Deep.apply(ctx.x).sum().backward()
            return g

    for _ in range(2):
        x = ad.tensor(2000.0, requires_grad=True)
        Deep.apply(x).sum().backward()
        assert x.grad == 1
    assert threading.active_count() < 10


def test_a_deep_pass_has_the_modes_of_its_thread_and_its_error():
    depth = 150
    seen = []

    class Deep(Function):
        @staticmethod
        def forward(ctx, x, left):
            ctx.left = left
            return x * 2

        @staticmethod
        def backward(ctx, g):
            if not ctx.left:
                seen.append((ad.is_grad_enabled(), ad.autograd.is_anomaly_enabled()))
                raise LookupError("at the bottom")
            with ad.enable_grad():
                Deep.apply(ad.ones(1, requires_grad=True), ctx.left - 1).backward(create_graph=ctx.left == 1)
            return g, None

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ad.autograd.set_detect_anomaly(True), pytest.raises(LookupError, match="at the bottom"):
            Deep.apply(ad.ones(1, requires_grad=True), depth).backward()
    assert seen == [(True, True)] and not ad.autograd.is_anomaly_enabled()


def test_failing_allocations_leave_nothing_half_done():
    from autodiff import _core

    for after in range(60):
        x = ad.tensor([0.5, 1.0], requires_grad=True)
        _core._fail_allocation(after)
        try:
            a, b = Product.apply(x, x)
            (Exp.apply(a) * b).sum().backward()
        except MemoryError:
            assert x.grad is None
        else:
            _core._fail_allocation(-1)
            break
        finally:
            _core._fail_allocation(-1)
        assert ad.is_grad_enabled()
    else:
        raise AssertionError("a program of five ops makes fewer allocations")


def test_a_function_in_many_threads():
    x = ad.ones(3, requires_grad=True)

    def work():
        for _ in range(50):
            (Exp.apply(x) * 1).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(x.grad.numpy(), 200 * np.exp(np.ones(3)))


def test_references_are_balanced():
    class Plain(Function):
        @staticmethod
        def forward(ctx, x, k):
            ctx.save_for_backward(x)
            return x * k

        @staticmethod
        def backward(ctx, g):
            return g * 2, None

    marker = object()
    x = ad.ones(3, requires_grad=True)
    Plain.apply(x, 2).sum().backward()
    counts = sys.getrefcount(x), sys.getrefcount(marker), sys.getrefcount(None)

    class Takes(Plain):
        @staticmethod
        def forward(ctx, x, k):
            return Plain.forward(ctx, x, 2)

    for _ in range(100):
        Takes.apply(x, marker).sum().backward()
    after = sys.getrefcount(x), sys.getrefcount(marker), sys.getrefcount(None)
    assert after[:2] == counts[:2]
    assert abs(after[2] - counts[2]) < 50


@pytest.mark.parametrize("look", [lambda x: x, lambda x: x.view(-1)], ids=["the input", "a view"])
def test_jvp_of_what_forward_returns_as_it_is(look):
    """What looks at an input has a tangent that looks at the input's: writes to one reach the other."""
    class Reversed(Function):
        @staticmethod
        def forward(x):
            return look(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, g):
            return -g

        @staticmethod
        def jvp(ctx, t):
            return -t if wrong else look(t).view_as(t)

    x, t, wrong = ad.ones(2), ad.ones(2), True
    with pytest.raises(RuntimeError, match=r"is returning a view .* but the jvp is not returning a view"):
        ad.jvp(lambda x: Reversed.apply(x) * 3 + x * 10, (x,), (t,))
    wrong = False
    assert ad.jvp(lambda x: Reversed.apply(x) * 3 + x * 10, (x,), (t,))[1].tolist() == [13.0, 13.0]
    assert ad.jacrev(lambda x: Reversed.apply(x) * 3 + x * 10)(x).tolist() == [[7.0, 0.0], [0.0, 7.0]]


def test_an_instance_is_neither_context_nor_node():
    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        f = Exp()
    for name in ("register_hook", "register_prehook", "next_functions", "name", "_sequence_nr", "_set_sequence_nr",
                 "_input_metadata", "_register_hook_dict", "saved_tensors", "save_for_backward"):
        with pytest.raises(RuntimeError, match=f"Attribute '{name}' is invalid for this instance of Exp"):
            getattr(f, name)
    with pytest.raises(RuntimeError, match="underlying PyNode has already been deallocated"):
        _ = f.metadata
    with pytest.raises(AttributeError, match="'Exp' object has no attribute 'nonsense'"):
        _ = f.nonsense
    assert not hasattr(f, "__wrapped__") and f.generate_vmap_rule is False
    with pytest.raises(RuntimeError, match="non-static forward method is deprecated"):
        f(ad.ones(1))


def test_an_inplace_function_is_a_function():
    from autodiff.autograd.function import InplaceFunction

    class Double(InplaceFunction):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = ad.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    assert Double.apply(y) is y and type(y.grad_fn) is Double._backward_cls
    (y * y).sum().backward()
    assert x.grad.tolist() == [8, 16]
    with pytest.raises(RuntimeError, match="leaf"):
        Double.apply(x)
    with pytest.raises(NotImplementedError, match="You must implement the forward function"):
        InplaceFunction.apply(x)
    with pytest.warns(DeprecationWarning):
        assert InplaceFunction(inplace=True).inplace is True


@pytest.mark.parametrize("shape", [(), (2,)], ids=["0-d", "an array"])
@pytest.mark.parametrize("look", [lambda y: None, lambda y: y.detach(), lambda y: y.detach().numpy()],
                         ids=["alone", "detached", "as an array"])
def test_a_cycle_through_an_attribute_of_the_context_is_collected(shape, look):
    """Also where a look at the output meanwhile gave its value a storage, which owns the node that it had."""
    class Kept(Function):
        @staticmethod
        def forward(ctx, x, held):
            y = x.clone()
            ctx.held = held
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            look(ctx.held["y"])
            return g * ctx.saved_tensors[0], None

    def scope():
        held = {}
        held["y"] = Kept.apply(ad.full(shape, 3.0, requires_grad=True), held)
        held["y"].sum().backward()
        return weakref.ref(held["y"])

    gone = scope()
    gc.collect()
    assert gone() is None


def test_forward_of_a_dual_that_writes_in_place_leaves_its_tangent_to_jvp():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x.mul_(2))
            return x

        @staticmethod
        def backward(ctx, g):
            return 2 * g

        @staticmethod
        def jvp(ctx, t):
            return t.mul_(2)

    for shape in ((), (2,)):
        x, t = ad.full(shape, 3.0, requires_grad=True) * 1, ad.ones(shape)
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(x, t)
            assert Double.apply(dual) is dual and forward_ad.unpack_dual(dual).tangent is t
        assert t.tolist() == ad.full(shape, 2.0).tolist()


@pytest.mark.parametrize("make", [lambda x: x.detach(), lambda x: x.detach().requires_grad_() * 1, lambda x: x.view(())])
def test_a_saved_number_of_which_each_pass_makes_an_alias(make):
    """The alias gives the leaf another node: a second pass must find that one, and not put a third in its place."""
    class Triple(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.detach() * 3

        @staticmethod
        def backward(ctx, g):
            x, = ctx.saved_tensors
            assert x is leaf
            make(x)
            return g * 3

    leaf = ad.tensor(2.0, requires_grad=True)
    y = Triple.apply(leaf)
    for times in (1, 2, 3):
        y.backward(retain_graph=True)
        assert leaf.grad.item() == 3 * times
    (leaf * leaf).backward()
    assert leaf.grad.item() == 13
