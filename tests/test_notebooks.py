"""The autograd notebooks that the library was written for, lesson by lesson, cell by cell, with what each cell shows.

A lesson is a session in doctest's form: a cell shows what it prints, then the repr of its last expression.  The default
dtype is float32, as where those notebooks were first run.  ``grad_fn=<...>`` stands for any name.
"""
import doctest
import re
import signal
from pathlib import Path

import pytest

import autodiff

LIMIT = 60  # seconds for a lesson; a wrong norm would let the loops of some lessons run for ever

BASICS = """
>>> import autodiff as torch
>>> from autodiff.autograd import Variable

A column of numbers, twice its squared length, and the gradient 4x.

>>> x = Variable(torch.arange(4, dtype=torch.float32).reshape((4, 1)), requires_grad=True)
>>> print(x)
tensor([[0.],
        [1.],
        [2.],
        [3.]], requires_grad=True)
>>> with torch.enable_grad():
...     y = 2 * torch.matmul(x.T, x)
>>> print(y)
tensor([[28.]], grad_fn=<MulBackward0>)
>>> y.backward()
>>> x.grad
tensor([[ 0.],
        [ 4.],
        [ 8.],
        [12.]])
>>> (x.grad - 4 * x).norm().item()
0.0

The same with a vector and dot; the result of an operation on x remembers how it was made.

>>> x = torch.arange(4.0)
>>> x
tensor([0., 1., 2., 3.])
>>> x.requires_grad_(True)
tensor([0., 1., 2., 3.], requires_grad=True)
>>> x.grad
>>> x.grad is None
True
>>> y = 2 * torch.dot(x, x)
>>> y
tensor(28., grad_fn=<MulBackward0>)
>>> y.backward()
>>> x.grad
tensor([ 0.,  4.,  8., 12.])
>>> 4 * x
tensor([ 0.,  4.,  8., 12.], grad_fn=<MulBackward0>)
>>> x.grad == 4 * x
tensor([True, True, True, True])

Gradients add up until they are set to zero.

>>> y = x.sum()
>>> y
tensor(6., grad_fn=<SumBackward0>)
>>> y.backward()
>>> x.grad
tensor([ 1.,  5.,  9., 13.])
>>> x.grad == 4 * x
tensor([False, False, False, False])
>>> x.grad.zero_()
tensor([0., 0., 0., 0.])
>>> x.sum().backward()
>>> x.grad
tensor([1., 1., 1., 1.])
>>> torch.arange(4.0, requires_grad=True)
tensor([0., 1., 2., 3.], requires_grad=True)
"""

BLITZ = """
>>> import autodiff as torch
>>> from autodiff.autograd import Variable
>>> x = Variable(torch.ones(2, 2), requires_grad=True)
>>> print(x)
tensor([[1., 1.],
        [1., 1.]], requires_grad=True)
>>> y = x + 2
>>> print(y)
tensor([[3., 3.],
        [3., 3.]], grad_fn=<AddBackward0>)
>>> print(type(y.grad_fn).__name__)
AddBackward0
>>> print(x.grad_fn)
None
>>> x.is_leaf, y.is_leaf, y.requires_grad
(True, False, True)
>>> z = y * y * 3
>>> out = z.mean()
>>> print(z, out)
tensor([[27., 27.],
        [27., 27.]], grad_fn=<MulBackward0>) tensor(27., grad_fn=<MeanBackward0>)
>>> out.backward()
>>> print(x.grad)
tensor([[4.5000, 4.5000],
        [4.5000, 4.5000]])

The graph's saved values go with the pass.

>>> out.backward()
Traceback (most recent call last):
RuntimeError: Trying to backward through the graph a second time...

Without recording.

>>> print((x ** 2).requires_grad)
True
>>> with torch.no_grad():
...     print((x ** 2).requires_grad)
False

Another function of two variables, with the gradient of a vector given.

>>> a = torch.tensor([2., 3.], requires_grad=True)
>>> b = torch.tensor([6., 4.], requires_grad=True)
>>> Q = 3 * a ** 3 - b ** 2
>>> Q
tensor([-12.,  65.], grad_fn=<SubBackward0>)
>>> Q.backward(gradient=torch.tensor([1., 1.]))
>>> print(9 * a ** 2 == a.grad)
tensor([True, True])
>>> print(-2 * b == b.grad)
tensor([True, True])
"""

VECTORS = """
>>> import autodiff as torch
>>> from autodiff.autograd import Variable

A result that is no scalar needs the gradient of whatever is computed from it.

>>> x = torch.tensor([1., 2.], requires_grad=True)
>>> print('x:', x)
x: tensor([1., 2.], requires_grad=True)
>>> y = 3 * x**2
>>> print('y:', y)
y: tensor([ 3., 12.], grad_fn=<MulBackward0>)
>>> y.backward()
Traceback (most recent call last):
RuntimeError: grad can be implicitly created only for scalar outputs
>>> gradient_value = [1., 1.]
>>> y.backward(torch.tensor(gradient_value))
>>> print('x.grad:', x.grad)
x.grad: tensor([ 6., 12.])

It weighs the elements.

>>> x = torch.tensor([1., 2.], requires_grad=True)
>>> y = 3 * x**2
>>> y.backward(torch.tensor([1., 10.]))
>>> print('x.grad:', x.grad)
x.grad: tensor([  6., 120.])

Ones give the gradient of the sum.

>>> x = torch.arange(4.0, requires_grad=True)
>>> y = x * x
>>> y.backward(gradient=torch.ones(len(y)))
>>> x.grad
tensor([0., 2., 4., 6.])

Doubled until it is long enough.

>>> x = Variable(torch.tensor([0.5, -1.25, 2.]), requires_grad=True)
>>> y = x * 2
>>> while y.data.norm() < 1000:
...     y = y * 2
>>> print(y)
tensor([ 256., -640., 1024.], grad_fn=<MulBackward0>)
>>> y.backward(torch.FloatTensor([0.1, 1.0, 0.0001]))
>>> print(x.grad)
tensor([5.1200e+01, 5.1200e+02, 5.1200e-02])

Curves: every element has its own slope.

>>> import numpy as np
>>> x = torch.linspace(-3.0, 3.0, 61, requires_grad=True)
>>> torch.sin(x).sum().backward()
>>> bool(np.allclose(x.grad.numpy(), np.cos(x.detach().numpy()), atol=1e-6))
True
>>> x = torch.linspace(0.5, 6.0, 56, requires_grad=True)
>>> y = torch.log(x ** 2) * torch.sin(x) + x ** -1
>>> y.sum().backward()
>>> v = x.detach().numpy()
>>> bool(np.allclose(x.grad.numpy(), 2 / v * np.sin(v) + np.log(v ** 2) * np.cos(v) - 1 / v ** 2, atol=1e-5))
True
"""

CONTROL_FLOW = """
>>> import autodiff as torch
>>> def f(a):
...     b = a * 2
...     while b.norm() < 1000:
...         b = b * 2
...     if b.sum() > 0:
...         c = b
...     else:
...         c = 100 * b
...     return c

The function is a multiple of its argument, so the slope is the quotient, whatever the course.

>>> a = torch.tensor(1.2009, requires_grad=True)
>>> d = f(a)
>>> d.backward()
>>> print('a.grad:', a.grad)
a.grad: tensor(1024.)
>>> a.grad == f(a) / a
tensor(True)
>>> a = torch.tensor(-0.3, requires_grad=True)
>>> f(a).backward()
>>> a.grad
tensor(409600.)

With item(), on one element of one dimension.

>>> def g(a):
...     b = a * 2
...     while b.norm().item() < 1000:
...         b = b * 2
...     if b.sum().item() > 0:
...         return b
...     return 100 * b
>>> _ = torch.manual_seed(0)
>>> a = torch.randn((1,)).abs()
>>> a.requires_grad = True
>>> with torch.enable_grad():
...     d = g(a)
>>> d.backward()
>>> print(a.grad == (d / a))
tensor([True])

Any draw, of no dimension.

>>> for seed in range(20):
...     _ = torch.manual_seed(seed)
...     a = torch.randn(size=(), requires_grad=True)
...     d = f(a)
...     d.backward()
...     if not abs(a.grad - d / a) < 1e-6 * abs(a.grad):
...         print(seed, a, a.grad, d / a)
"""

DETACH = """
>>> import autodiff as torch
>>> x = torch.arange(4.0, requires_grad=True)
>>> y = x * x
>>> u = y.detach()
>>> u
tensor([0., 1., 4., 9.])
>>> u.requires_grad, u.grad_fn
(False, None)

To z, u is a constant; the graph of y is still there.

>>> z = u * x
>>> z.sum().backward()
>>> x.grad == u
tensor([True, True, True, True])
>>> x.grad.zero_()
tensor([0., 0., 0., 0.])
>>> y.sum().backward()
>>> x.grad == 2 * x
tensor([True, True, True, True])

Values leave the graph by detach, not by numpy() alone.

>>> x.detach().numpy().tolist()
[0.0, 1.0, 2.0, 3.0]
>>> x.numpy()
Traceback (most recent call last):
RuntimeError: Can't call numpy() on Tensor that requires grad...
"""

MXNET = """
>>> import autodiff as torch
>>> from autodiff import autograd

What is recorded under record() has a gradient of ones at its head, and writes gradients rather than adding them.

>>> x = torch.arange(4.0, requires_grad=True)
>>> with autograd.record():
...     y = x * x
>>> y.backward()
>>> x.grad
tensor([0., 2., 4., 6.])
>>> u = x.copy()
>>> u.attach_grad()
>>> u.grad
tensor([0., 0., 0., 0.])
>>> with autograd.record():
...     v = (u * u).sum()
>>> v.backward()
>>> x.grad == u.grad
tensor([True, True, True, True])
>>> u.grad
tensor([0., 2., 4., 6.])

Another pass replaces what was there, in the same buffer; several uses within one pass add.

>>> kept = u.grad
>>> with autograd.record():
...     v = 3 * u + 4 * u
>>> v.backward()
>>> u.grad
tensor([7., 7., 7., 7.])
>>> kept
tensor([7., 7., 7., 7.])

attach_grad('add') accumulates.

>>> w = torch.ones(2)
>>> w.attach_grad('add')
>>> for _ in range(3):
...     with autograd.record():
...         v = w * 2
...     v.backward()
>>> w.grad
tensor([6., 6.])

Outside record(), and under pause(), nothing is recorded.

>>> (u * u).requires_grad
False
>>> with autograd.record():
...     with autograd.pause():
...         print((u * u).requires_grad)
...     print((u * u).requires_grad)
False
True
"""

SECOND_ORDER = """
>>> import autodiff as t
>>> from autodiff.autograd import Variable as V
>>> x = V(t.Tensor([4]), requires_grad=True)
>>> y = x ** 2
>>> grad_x = t.autograd.grad(y, x, create_graph=True)
>>> print(grad_x)
(tensor([8.], grad_fn=<...>),)
>>> grad_2x = t.autograd.grad(grad_x[0], x)
>>> print(grad_2x)
(tensor([2.]),)

grad() leaves .grad alone; without create_graph its result has no graph.

>>> print(x.grad)
None
>>> t.autograd.grad(x ** 2, x)
(tensor([8.]),)

Third and fourth derivative of x^4.

>>> y = x ** 4
>>> for order in range(4):
...     y, = t.autograd.grad(y, x, create_graph=True)
...     print(y.item())
256.0
192.0
96.0
24.0
"""

LESSONS = {name.lower(): text for name, text in globals().items() if isinstance(text, str) and ">>>" in text}


@pytest.fixture(autouse=True)
def float32():
    before = autodiff.get_default_dtype()
    autodiff.set_default_dtype(autodiff.float32)
    yield
    autodiff.set_default_dtype(before)


@pytest.fixture(autouse=True)
def clock():
    """Raise in the lesson when it takes too long; where the system has no alarm the lesson runs unwatched."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(number, frame):
        raise TimeoutError(f"the lesson took more than {LIMIT} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("lesson", LESSONS)
def test_lesson(lesson):
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    shown = []
    cells = doctest.DocTestParser().get_doctest(LESSONS[lesson], {}, lesson, None, 0)
    failed, tried = runner.run(cells, out=shown.append)
    assert tried == len(cells.examples) > 5
    assert not failed, "".join(shown)


def test_the_lessons_are_the_ones_meant():
    assert list(LESSONS) == ["basics", "blitz", "vectors", "control_flow", "detach", "mxnet", "second_order"]


README = Path(__file__).resolve().parent.parent / "README.md"
needs_readme = pytest.mark.skipif(not README.exists(), reason="needs a checkout")


@needs_readme
def test_the_examples_of_the_readme(capsys):
    """The gradient of a function, a notebook of PyTorch's and a loop over numbers stand before every table."""
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8").partition("\n|")[0], flags=re.DOTALL)
    assert [word in example for word, example in zip(("autodiff.grad(", ".backward()", "while"), examples)] == [True] * 3
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
        assert capsys.readouterr().out.splitlines() == re.findall(r"print\(.*\)  # (.*)", example)


@needs_readme
def test_what_the_readme_calls_missing_is_missing():
    """And no longer: who adds one takes its name out of the paragraph."""
    paragraph = re.search(r"\*\*Missing today:\*\* (.*?)\n\n", README.read_text(encoding="utf-8"), flags=re.DOTALL)[1]
    def there(name):
        thing = autodiff
        for part in name.split("."):
            if not hasattr(thing, part):
                return False
            thing = getattr(thing, part)
        return True

    missing = re.findall(r"`([\w.]+)`", paragraph)
    assert len(missing) >= 10 and not [name for name in missing if there(name)]
    assert there("where") and there("cat") and there("Tensor.norm")


@needs_readme
def test_the_readme_says_how_long_a_build_takes_and_when_not_to_use_the_library():
    text = README.read_text(encoding="utf-8").partition("\n## ")[0]
    assert "takes a minute or two" in text.replace("\n", " ")
    (advice,) = re.findall(r"\*\*When not to use it\.\*\* (.*)", text, flags=re.DOTALL)
    assert all(word in advice for word in ("GPU", "sparse", "large neural networks"))
