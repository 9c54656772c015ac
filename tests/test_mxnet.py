"""MXNet's autograd: record, pause, attach_grad and what follows from them inside and outside of a recorded block."""
import threading

import numpy as np
import pytest

import autodiff
from autodiff import autograd

MAKERS = [pytest.param(lambda *values: autodiff.tensor(values or [0.0, 1.0, 2.0, 3.0]), id="Tensor"),
          pytest.param(lambda *values: autodiff.numpy.array(values or [0.0, 1.0, 2.0, 3.0]), id="ndarray")]


@pytest.fixture(params=MAKERS)
def make(request):
    return request.param


def attached(v, *args):
    v.attach_grad(*args)
    return v


def test_the_gradient_is_there_at_once(make):
    x = attached(make())
    assert x.grad.tolist() == [0, 0, 0, 0] and x.grad.dtype == x.dtype and type(x.grad) is type(x)
    assert x.is_leaf and x.grad_fn is None


def test_the_first_lesson(make):
    x = attached(make())
    with autograd.record():
        y = 2 * x.dot(x)
    assert y.item() == 28
    y.backward()
    assert x.grad.tolist() == [0, 4, 8, 12]
    with autograd.record():
        y = x.sum()
    y.backward()
    assert x.grad.tolist() == [1, 1, 1, 1]             # overwritten
    with autograd.record():
        y = x * x
    y.backward()                                       # the sum of y
    assert x.grad.tolist() == [0, 2, 4, 6]
    with autograd.record():
        y = x * x
        u = y.detach()
        z = u * x
    z.backward()
    assert x.grad.tolist() == u.tolist() == [0, 1, 4, 9]
    y.backward()
    assert x.grad.tolist() == [0, 2, 4, 6]


def test_loops_and_branches(make):
    def f(a):
        b = a * 2
        while b.norm() < 1000:
            b = b * 2
        return b if b.sum() > 0 else 100 * b

    for value in (1.2009, -0.3):
        a = attached(make(value).reshape(()))
        with autograd.record():
            d = f(a)
        d.backward()
        assert a.grad.item() == pytest.approx((d / a).item())


def test_nothing_is_recorded_outside(make):
    x = attached(make())
    y = x * x
    assert not y.requires_grad and y.grad_fn is None
    with pytest.raises(RuntimeError):
        y.backward()
    assert x.grad.tolist() == [0, 0, 0, 0]


def test_what_needs_no_gradient_is_not_recorded_inside(make):
    with autograd.record():
        assert not (make() * 2).requires_grad


def test_write_keeps_the_buffer_and_adds_within_a_pass(make):
    x = attached(make())
    buffer = x.grad
    for _ in range(2):
        with autograd.record():
            y = 3 * x + 4 * x
        y.backward()
        assert x.grad is buffer and buffer.tolist() == [7, 7, 7, 7]


def test_add_accumulates_until_reset(make):
    x = attached(make(), "add")
    for _ in range(3):
        with autograd.record():
            y = x * 2
        y.backward()
    assert x.grad.tolist() == [6, 6, 6, 6]
    x.grad[:] = 0
    with autograd.record():
        y = x * 2
    y.backward()
    assert x.grad.tolist() == [2, 2, 2, 2]


def test_null_wants_no_gradient(make):
    x = attached(make(), "null")
    assert x.grad is None
    with autograd.record():
        assert not (x * 2).requires_grad


def test_another_request_is_refused(make):
    x = make()
    with pytest.raises(ValueError, match="grad_req"):
        x.attach_grad("sometimes")
    assert x.grad is None and not x.requires_grad


def test_a_head_of_any_shape_is_summed_and_a_given_head_is_checked(make):
    x = attached(make())
    with autograd.record():
        y = x * x
    y.backward(make(1.0, 10.0, 100.0, 1000.0))
    assert x.grad.tolist() == [0, 20, 400, 6000]
    with autograd.record():
        y = x * x
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        y.backward(make(1.0, 2.0))
    assert x.grad.tolist() == [0, 20, 400, 6000]
    y.backward()


def test_an_unused_variable_keeps_its_gradient(make):
    x, w = attached(make()), attached(make())
    with autograd.record():
        y = x * w
    y.backward()
    with autograd.record():
        y = x * 2
    y.backward()
    assert w.grad.tolist() == [0, 1, 2, 3] and x.grad.tolist() == [2, 2, 2, 2]


def test_a_second_pass_needs_the_graph(make):
    x = attached(make())
    with autograd.record():
        y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [0, 2, 4, 6]
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


def test_a_leaf_is_changed_outside_and_not_inside(make):
    x = attached(make())
    buffer = x.grad
    with autograd.record():
        y = x * x
    y.backward()
    x[:] = x - 0.5 * x.grad
    assert x.tolist() == [0, 0, 0, 0] and x.grad is buffer and x.is_leaf
    with autograd.record():
        y = x * 1
        for write in (lambda: x.__iadd__(1), lambda: x.__setitem__(slice(None), 1.0), lambda: x.__setitem__(0, 1.0),
                      lambda: y.__iadd__(1), lambda: y.__setitem__(0, 1.0), lambda: x.zero_()):
            with pytest.raises(RuntimeError, match="Assigning to NDArrays that are already in a computational graph"):
                write()
    assert x.tolist() == [0, 0, 0, 0] == y.tolist()


def test_a_result_takes_no_gradient_along(make):
    x = attached(make())
    assert x.copy().grad is None and x.detach().grad is None
    x = x - 1
    assert x.grad is None


def test_values_leave_freely_outside(make):
    x = attached(make())
    assert x.asnumpy().tolist() == [0, 1, 2, 3] == np.asarray(x).tolist()
    assert x.sum().asscalar() == 6


def test_an_intermediate_that_is_attached_is_cut_off(make):
    x = attached(make())
    with autograd.record():
        u = x * 2
        u.attach_grad()
        z = u * 3
    z.backward()
    assert u.grad.tolist() == [3, 3, 3, 3] and x.grad.tolist() == [0, 0, 0, 0]


def test_pause_cuts_out(make):
    x = attached(make())
    with autograd.record():
        y = x * x
        with autograd.pause():
            factor = x * 2
            assert not factor.requires_grad
        z = y + factor * x
    z.backward()
    assert x.grad.tolist() == [0, 4, 8, 12]


def test_modes():
    def now():
        return autograd.is_recording(), autograd.is_training()

    assert now() == (False, False)
    with autograd.record():
        assert now() == (True, True)
        with autograd.pause():
            assert now() == (False, False)
        with autograd.pause(train_mode=True):
            assert now() == (False, True)
        with autograd.predict_mode():
            assert now() == (True, False)
            with autograd.train_mode():
                assert now() == (True, True)
        assert now() == (True, True)
    with autograd.record(train_mode=False):
        assert now() == (True, False)
    with pytest.raises(ZeroDivisionError), autograd.record():
        _ = 1 / 0
    assert now() == (False, False)


def test_grad_takes_mxnets_keywords_and_touches_no_buffer(make):
    x = attached(make())
    with autograd.record():
        y = x * x * x
        first, = autograd.grad(heads=y, variables=[x], head_grads=make(1.0, 1.0, 1.0, 1.0), create_graph=True,
                               retain_graph=True)
        z = first.sum()
    assert first.tolist() == [0, 3, 12, 27] and x.grad.tolist() == [0, 0, 0, 0]
    z.backward()
    assert x.grad.tolist() == [0, 6, 12, 18]


def test_grad_of_a_head_that_is_no_scalar(make):
    x = attached(make())
    with autograd.record():
        y = x * x
    assert autograd.grad(y, x)[0].tolist() == [0, 2, 4, 6]


def test_several_heads(make):
    x, w = attached(make()), attached(make())
    with autograd.record():
        y, z = x * 2, (w * 3).sum()
    autograd.backward([y, z])
    assert x.grad.tolist() == [2, 2, 2, 2] and w.grad.tolist() == [3, 3, 3, 3]


def test_a_recorded_graph_writes_into_leaves_made_pytorchs_way():
    x = autodiff.ones(3, requires_grad=True)
    for _ in range(2):
        with autograd.record():
            y = x * 2
        y.backward()
    assert x.grad.tolist() == [2, 2, 2]
    (x * 2).sum().backward()                # not recorded: PyTorch's way, added
    assert x.grad.tolist() == [4, 4, 4]


def test_the_flag_of_the_head_decides():
    x = autodiff.ones(3, requires_grad=True)
    half = x + x        # saves nothing: a second pass may go through it
    with autograd.record():
        y = half * 3
    y.backward()
    y = half * 5
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        y.backward()
    y.sum().backward()
    assert x.grad.tolist() == [16, 16, 16]


def test_stochastic_descent(make):
    w = attached(make(0.0, 0.0))
    data = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    target = data @ [2.0, -3.4]
    for _ in range(200):
        with autograd.record():
            loss = ((data @ w - target) ** 2).mean()
        loss.backward()
        w[:] = w - 0.5 * w.grad
    np.testing.assert_allclose(w.asnumpy(), [2.0, -3.4], atol=1e-6)


# ---- the rest of mxnet.autograd

@pytest.mark.parametrize("request_name", ["write", "add"])
def test_marked_variables_have_buffers_of_their_own(make, request_name):
    x, buffer = make(), make()
    buffer.zero_()
    autograd.mark_variables([x], [buffer], request_name)
    for n in (1, 2):
        with autograd.record():
            y = x * x
        y.backward()
        assert x.grad is buffer and buffer.tolist() == [n * v if request_name == "add" else v for v in (0, 2, 4, 6)]


def test_marking_refuses_before_it_changes_anything(make):
    x, y = make(), make()
    for gradients, requests, error in (([make(1.0, 2.0), make()], "write", RuntimeError), ([make()], "write", ValueError),
                                       ([make(), make()], ["write", "other"], ValueError), ([make(), 1.0], "write", TypeError)):
        with pytest.raises(error):
            autograd.mark_variables([y, x][:2], [gradients[-1], *gradients[:-1]] if len(gradients) > 1 else gradients,
                                    requests)
        assert x.grad is None and y.grad is None
    w = make().requires_grad_()
    y = w * 2
    for variables, gradients in ((w, w), (y, y), ([w, y], [make(), y]),
                                 ([w, autodiff.arange(4)], [make(), autodiff.arange(4)])):
        with pytest.raises(RuntimeError, match=r"as its own grad|floating point"):
            autograd.mark_variables(variables, gradients)
        assert w.grad is None and w.is_leaf and y.grad_fn is not None


def test_marking_null_wants_no_gradient(make):
    x = make()
    autograd.mark_variables(x, make(), "null")
    assert x.grad is None


def test_backward_and_grad_by_mxnets_names(make):
    x = attached(make())
    with autograd.record():
        y, z = x * 2, x * x
    autograd.backward(heads=[y, z], head_grads=[make(1.0, 1.0, 1.0, 1.0), None], retain_graph=True, train_mode=False)
    assert x.grad.tolist() == [2, 4, 6, 8]
    y.backward(out_grad=make(1.0, 0.0, 0.0, 1.0), retain_graph=True, train_mode=True)
    assert x.grad.tolist() == [2, 0, 0, 2]
    (g,) = autograd.grad(heads=z, variables=[x], head_grads=make(1.0, 1.0, 1.0, 1.0), train_mode=False)
    assert g.tolist() == [0, 2, 4, 6] and x.grad.tolist() == [2, 0, 0, 2]


def test_a_pass_runs_in_the_training_mode_it_is_given():
    seen = []
    x = autodiff.tensor(1.0, requires_grad=True)
    for wanted in (True, False, None):
        y = x * 2
        y.register_hook(lambda gradient: seen.append(autograd.is_training()))
        y.backward(train_mode=wanted)
    with autograd.train_mode():
        (x * 3).backward(train_mode=False)
        assert autograd.is_training()
    assert seen == [True, False, False] and not autograd.is_training()


def test_set_recording_and_set_training_return_what_was():
    assert autograd.set_recording(True) is False and autograd.is_recording()
    assert autograd.set_recording(False) is True and not autograd.is_recording()
    assert autograd.set_training(True) is False and autograd.is_training()
    assert autograd.set_training(False) is True and not autograd.is_training()
    with autograd.pause():
        assert autograd.set_recording(True) is False and autograd.is_recording()
    assert not autograd.is_recording()


def test_scopes_nest_decorate_and_survive_errors():
    @autograd.record()
    def inner(depth):
        assert autograd.is_recording() and autograd.is_training()
        return inner(depth - 1) if depth else autograd.is_training()

    assert inner(3) and not autograd.is_recording() and not autograd.is_training()
    scope = autograd.record(train_mode=False)
    with scope, autograd.pause(), scope:
        assert autograd.is_recording() and not autograd.is_training()
    with pytest.raises(ZeroDivisionError), autograd.record(), autograd.predict_mode():
        1 / 0  # noqa: B018
    assert not autograd.is_recording() and not autograd.is_training()


def test_a_thread_has_modes_of_its_own():
    seen = []
    with autograd.record():
        thread = threading.Thread(target=lambda: seen.append((autograd.is_recording(), autograd.is_training())))
        thread.start()
        thread.join()
        assert autograd.is_recording()
    assert seen == [(False, False)]


def test_a_dropped_gradient(make):
    x = attached(make())
    x.drop_grad()
    x.drop_grad()
    with autograd.record():
        y = x * 2
    assert x.grad is None and not y.requires_grad


def test_a_scope_that_decorates_is_called():
    for scope in (autograd.record, autograd.pause):
        with pytest.raises(TypeError, match="write @autograd"):
            @scope
            def f():
                return 1


def test_a_pass_inside_record(make):
    x = attached(make())
    with autograd.record():
        y = x * x
        y.backward()
        assert x.grad.tolist() == [0, 2, 4, 6] and autograd.is_recording()
        z = (x * x.grad).sum()
    z.backward()
    assert x.grad.tolist() == [0, 2, 4, 6]


def test_an_error_in_a_pass_restores_the_modes(make):
    def hook(gradient):
        raise ZeroDivisionError

    x = attached(make())
    with autograd.record():
        y = x * x
    y.register_hook(hook)
    for run in (lambda: y.backward(retain_graph=True, train_mode=True),
                lambda: autograd.backward(y, retain_graph=True, train_mode=True),
                lambda: autograd.grad(y, x, retain_graph=True, train_mode=True)):
        with pytest.raises(ZeroDivisionError):
            run()
        assert not autograd.is_training() and not autograd.is_recording()
    assert x.grad.tolist() == [0, 0, 0, 0]


def test_threads_record_at_once(make):
    results, barrier = {}, threading.Barrier(4)

    def work(n):
        x = attached(make())
        barrier.wait()
        for _ in range(50):
            with autograd.record(train_mode=n % 2 == 0):
                y = n * x
                assert autograd.is_training() == (n % 2 == 0)
            assert not autograd.is_recording()
            y.backward()
        results[n] = x.grad.tolist()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: [n] * 4 for n in range(4)}


def test_what_a_gradient_cannot_be(make):
    x = make()
    with pytest.raises(NotImplementedError, match="leave stype out"):
        x.attach_grad(stype="row_sparse")
    assert x.grad is None
    x.attach_grad("write", stype="default")
    whole = autodiff.tensor([1, 2])
    with pytest.raises(RuntimeError, match="only Tensors of floating point dtype"):
        whole.attach_grad()
    with autograd.record():
        assert not (whole * 2).requires_grad
    assert whole.grad is None


def test_errors_say_what_to_do(make):
    x, w = attached(make()), attached(make())
    with pytest.raises(RuntimeError, match=r"inside autograd.record\(\)"):
        (x * 2).backward()
    with autograd.record():
        y = x * 2
    with pytest.raises(RuntimeError, match="Cannot differentiate with respect to the 2-th variable because it is unreachable"):
        autograd.grad(y, [x, w], retain_graph=True)
    assert autograd.grad(y, [x, w], allow_unused=True)[1] is None
    with pytest.raises(ValueError, match="The current array is not a scalar"):
        y.asscalar()


# ---- lessons in their MXNet form: the preliminaries of Dive into Deep Learning

def test_lesson_of_linear_algebra():
    np_ = autodiff.numpy
    a = np_.array(np.arange(20.0).reshape(5, 4))
    b = a.copy()
    assert (a + b).tolist() == (2 * np.arange(20.0).reshape(5, 4)).tolist()
    assert a.sum().item() == 190 and a.sum(axis=0).tolist() == [40, 45, 50, 55] and a.mean().item() == 9.5
    assert a.sum(axis=1, keepdims=True).shape == (5, 1)
    assert (a / a.sum(axis=1, keepdims=True)).shape == (5, 4)
    x, y = np_.array(np.arange(4.0)), np_.array(np.ones(4))
    assert x.dot(y).item() == (x * y).sum().item() == 6
    assert (a @ x).tolist() == [14, 38, 62, 86, 110] and a.T.shape == (4, 5)
    b = np_.array(np.ones((4, 3)))
    assert a.dot(b).tolist() == (a @ b).tolist() and a.dot(b).shape == (5, 3)
    assert autodiff.einsum("ij,j->i", a, x).tolist() == [14, 38, 62, 86, 110]
    assert autodiff.tensordot(x, y, 1).item() == 6 and autodiff.outer(x, y).shape == (4, 4)
    u = np_.array([3.0, -4.0])
    assert autodiff.norm(u).item() == 5 and abs(u).sum().item() == 7


def test_lesson_of_calculus():
    def f(x):
        return 3 * x ** 2 - 4 * x

    x = attached(autodiff.numpy.array(1.0))
    h = 0.1
    for _ in range(5):
        h *= 0.1
    assert abs((f(1 + h) - f(1)) / h - 2) < 1e-4
    with autograd.record():
        y = f(x)
    y.backward()
    assert x.grad.item() == 2


def test_lesson_of_control_flow_and_its_plot():
    """A function that is linear in pieces: d / a is the gradient."""
    def f(a):
        b = a * 2
        while autodiff.norm(b) < 1000:
            b = b * 2
        return b if b.sum() > 0 else 100 * b

    for start in (0.7, -1.3, 42.0):
        a = attached(autodiff.numpy.array(start))
        with autograd.record():
            d = f(a)
        d.backward()
        assert (a.grad == d / a).item()


def test_lesson_of_a_vector_argument_with_weights():
    x = attached(autodiff.arange(4.0))
    with autograd.record():
        y = x * x
    y.backward(autodiff.ones(4))
    assert x.grad.tolist() == [0, 2, 4, 6]
    with autograd.record():
        y = x * x
        u = y.detach()
        z = u * x
    z.backward()
    assert (x.grad == u).all()
