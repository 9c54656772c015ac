"""primitive: an op of a function on plain arrays whose derivative is known."""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import _variable as _v
from ._travel import by_name
from .autograd import enable_grad, grad
from .autograd.function import Function

__all__ = ["defjvp", "defvjp", "primitive"]


class _Applied(Function):
    """What primitives apply: the Function of each is a subclass that bears its name."""

    @staticmethod
    def forward(ctx: Any, op: primitive, kwargs: dict[str, Any], *args: Any) -> Any:
        variables = [arg for arg in args if isinstance(arg, _v.Base)]
        like = next((v for v in variables if _v.is_numpy_flavour(v)), variables[0])
        result = op.__wrapped__(*(_v.plain_of(arg) if isinstance(arg, _v.Base) else arg for arg in args), **kwargs)
        ctx.op, ctx.kwargs, ctx.single = op, kwargs, type(result) is not tuple
        outputs = tuple(_constant(value, like) for value in ((result,) if ctx.single else result))
        ctx.rest = tuple(None if isinstance(arg, _v.Base) else arg for arg in args)
        ctx.where = tuple(i for i, arg in enumerate(args) if isinstance(arg, _v.Base))
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*variables, *outputs)
        ctx.save_for_forward(*variables, *outputs)
        return outputs[0] if ctx.single else outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        args, answers = _given(ctx)
        gradients = tuple(_v.zeros_like(answer) if gradient is None else _of_numpy(gradient)
                          for gradient, answer in zip(gradients, answers, strict=True))
        results: list[Any] = [None, None]
        for i, arg in enumerate(args):
            result = None
            if ctx.needs_input_grad[i + 2]:
                result = ctx.op._vjp(i, _packed(ctx, answers), args, ctx.kwargs)(_packed(ctx, gradients))
            results.append(None if result is None else _variable(result, arg))
        return tuple(results)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        args, answers = _given(ctx)
        totals: list[Any] = [None] * len(answers)
        for i, tangent in enumerate(tangents[2:]):
            if tangent is None:
                continue
            rule = ctx.op._jvp(i)
            if rule is None:
                parts = _transposed(ctx, i, tangent, args, answers)
            elif rule == "same":
                part = ctx.op(*(tangent if k == i else arg for k, arg in enumerate(args)), **ctx.kwargs)
                parts = (part,) if ctx.single else part
            else:
                part = rule(_of_numpy(tangent), _packed(ctx, answers), *args, **ctx.kwargs)
                parts = (part,) if ctx.single else part
            totals = [part if total is None else total + part for total, part in zip(totals, parts, strict=True)]
        results = [None if total is None else _v.in_flavour(_variable(total, answer), ctx.saved_tensors[-1])
                   for total, answer in zip(totals, answers, strict=True)]
        return results[0] if ctx.single else tuple(results)


def _constant(value: Any, like: Any) -> Any:
    """A Variable of an array of its own: a function may hand its argument back."""
    return _v.constant_of(np.array(value, copy=True), like)


def _of_numpy(value: Any) -> Any:
    return _v.as_ndarray(value, copy=False)


def _variable(value: Any, like: Any) -> Any:
    return value if isinstance(value, _v.Base) else _constant(value, like)


def _packed(ctx: Any, values: tuple[Any, ...]) -> Any:
    return values[0] if ctx.single else values


def _given(ctx: Any) -> tuple[list[Any], tuple[Any, ...]]:
    """The arguments and the answers as rules are handed them: Variables of NumPy's flavour, on the graph."""
    saved = [_of_numpy(value) for value in ctx.saved_tensors]
    args = list(ctx.rest)
    for i, value in zip(ctx.where, saved, strict=False):
        args[i] = value
    return args, tuple(saved[len(ctx.where):])


def _transposed(ctx: Any, i: int, tangent: Any, args: Sequence[Any], answers: tuple[Any, ...]) -> tuple[Any, ...]:
    """The tangents of the answers from the VJP, which is linear in the gradient: its transpose is the JVP."""
    with enable_grad():
        wanted = [answer.is_floating_point() or answer.is_complex() for answer in answers]
        ones = tuple(_v.zeros_like(answer).requires_grad_() if known else _v.zeros_like(answer)
                     for answer, known in zip(answers, wanted, strict=True))
        pulled = ctx.op._vjp(i, _packed(ctx, answers), args, ctx.kwargs)(_packed(ctx, ones))
        if pulled is None:          # a derivative of 0 was declared
            return tuple(_v.zeros_like(answer) for answer in answers)
        if not isinstance(pulled, _v.Base) or not pulled.requires_grad:
            raise NotImplementedError(f"{ctx.op.__name__}() has no rule for forward mode, and its VJP is not made of ops on "
                                      f"the gradient that could be transposed: give it one with {ctx.op.__name__}.defjvp(...)")
        tangent = _v.in_flavour(tangent, pulled)
        if tuple(pulled.shape) != tuple(tangent.shape):     # broadcast: a pass would sum it, so its transpose expands
            tangent = _v.OPS.expand(tangent, tuple(pulled.shape))
        found = iter(grad(pulled, [one for one, known in zip(ones, wanted, strict=True) if known], tangent, create_graph=True,
                          materialize_grads=True))
        return tuple(next(found) if known else _v.zeros_like(answer) for answer, known in zip(answers, wanted, strict=True))


class primitive:
    """primitive(function): an op whose value function(*args) computes on plain NumPy arrays, a decorator.

    Called with Variables, it hands their values on as arrays and records the result (an array, a number, or a tuple of them);
    without Variables it is the function.  `defvjp` and `defjvp` say its derivatives; which of the positional arguments have one
    is theirs to say.  Arguments by keyword are constants.  Raises NotImplementedError in a pass that needs a derivative which
    was not given, TypeError for a Variable given by keyword that requires grad.  A function defined at the top of a module
    pickles by its name, another one with its derivatives when they do.  Names and signatures are those of HIPS autograd's
    `extend`.

    >>> import numpy as np
    >>> import autodiff
    >>> @autodiff.primitive
    ... def logsumexp(x):
    ...     return np.log(np.sum(np.exp(x)))
    >>> logsumexp.defvjp(lambda ans, x: lambda g: g * np.exp(x - ans))
    primitive(logsumexp)
    >>> x = autodiff.tensor([0.0, 1.0], requires_grad=True)
    >>> logsumexp(x).backward(); x.grad
    tensor([0.2689, 0.7311])
    """

    __name__: str
    __qualname__: str

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(f"primitive() takes a function, not {type(function).__name__}")
        functools.update_wrapper(self, function)
        if not hasattr(function, "__name__"):
            self.__name__ = type(function).__name__
        self.__wrapped__ = function
        self._vjps: dict[int, Callable[..., Any] | None] = {}
        self._jvps: dict[int, Callable[..., Any] | str] = {}
        name = "".join(part[:1].upper() + part[1:] for part in self.__name__.strip("<>").split("_"))
        self._function: Any = type(name, (_Applied,), {"__module__": self.__module__, "__doc__": function.__doc__})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's value, recorded where an argument is a Variable."""
        for name, value in kwargs.items():
            if isinstance(value, _v.Base):
                if value.requires_grad:
                    raise TypeError(f"{self.__name__}(): the Variable {name!r} requires grad and is given by keyword, where no "
                                    "gradient reaches it: give it by position")
                kwargs[name] = _v.plain_of(value)
        if not any(isinstance(arg, _v.Base) for arg in args):
            return self.__wrapped__(*args, **kwargs)
        return self._function.apply(self, kwargs, *args)

    def defvjp(self, *makers: Callable[..., Any] | None, argnums: Sequence[int] | None = None) -> primitive:
        """Say the VJP in each argument: maker(answer, *args) makes a function of the answer's gradient, the argument's.

        makers: one for each positional argument, or for each of argnums; None where the derivative is 0.  They are handed
        Variables of NumPy's flavour, and may return an array; made of ops they give derivatives of every order.  Returns self.

        >>> import autodiff
        >>> @autodiff.primitive
        ... def area(x, y):
        ...     return x * y
        >>> area.defvjp(lambda ans, x, y: lambda g: g * y, lambda ans, x, y: lambda g: g * x)
        primitive(area)
        """
        self._vjps.update(_by_argument(self, makers, argnums))
        return self

    def defjvp(self, *rules: Callable[..., Any] | str | None, argnums: Sequence[int] | None = None) -> primitive:
        """Say the JVP in each argument: rule(tangent, answer, *args) is the tangent of the answer; "same": the function itself.

        Forward mode needs none where there is a VJP made of ops, which is transposed.  Returns self.

        >>> import numpy as np
        >>> import autodiff
        >>> @autodiff.primitive
        ... def total(x):
        ...     return np.sum(x)
        >>> total.defjvp("same")
        primitive(total)
        """
        self._jvps.update({i: rule for i, rule in _by_argument(self, rules, argnums).items() if rule is not None})
        return self

    def _vjp(self, i: int, answer: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Callable[..., Any]:
        if i not in self._vjps:
            raise NotImplementedError(f"{self.__name__}() has no derivative in its argument {i}: give it one with "
                                      f"{self.__name__}.defvjp(lambda ans, ...: lambda g: ..., argnums=[{i}])")
        maker = self._vjps[i]
        if maker is None:
            return lambda gradient: None
        function = maker(answer, *args, **kwargs)
        if not callable(function):
            raise TypeError(f"the VJP of {self.__name__}() in argument {i} made {type(function).__name__} of the answer and "
                            "the arguments: expected a function of the gradient, as in lambda ans, x: lambda g: g * x")
        return function

    def _jvp(self, i: int) -> Any:
        if i in self._jvps:
            return self._jvps[i]
        if i in self._vjps:
            return None
        raise NotImplementedError(f"{self.__name__}() has no derivative in its argument {i}: give it one with "
                                  f"{self.__name__}.defjvp(lambda t, ans, ...: ..., argnums=[{i}])")

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        # Without a name it is made again of its function: of what cannot be pickled, pickle says so.
        return by_name(self) or (_again, (type(self), self.__wrapped__), {"_vjps": self._vjps, "_jvps": self._jvps})

    def __setstate__(self, rules: dict[str, Any]) -> None:
        self.__dict__.update(rules)

    def __repr__(self) -> str:
        return f"primitive({self.__name__})"


def _again(kind: Any, function: Callable[..., Any]) -> Any:
    return kind(function)


def _by_argument(op: primitive, rules: Sequence[Any], argnums: Sequence[int] | None) -> dict[int, Any]:
    for rule in rules:
        if not (rule is None or callable(rule) or rule == "same"):
            raise TypeError(f"{op.__name__}: a derivative is a function or None, not {type(rule).__name__}")
    numbers = range(len(rules)) if argnums is None else tuple(argnums)
    if len(numbers) != len(rules):
        raise ValueError(f"{op.__name__}: {len(rules)} derivatives for {len(numbers)} argnums")
    return dict(zip(numbers, rules, strict=True))


def _checked(op: Any, name: str) -> primitive:
    if not isinstance(op, primitive):
        raise TypeError(f"{name}(): argument 'op' (position 1) must be a primitive, not {type(op).__name__}")
    return op


def defvjp(op: primitive, *makers: Callable[..., Any] | None, argnums: Sequence[int] | None = None) -> None:
    """op.defvjp(*makers), as HIPS autograd spells it.

    >>> import autodiff
    >>> @autodiff.primitive
    ... def twice(x):
    ...     return 2 * x
    >>> autodiff.defvjp(twice, lambda ans, x: lambda g: 2 * g)
    """
    _checked(op, "defvjp").defvjp(*makers, argnums=argnums)


def defjvp(op: primitive, *rules: Callable[..., Any] | str | None, argnums: Sequence[int] | None = None) -> None:
    """op.defjvp(*rules), as HIPS autograd spells it.

    >>> import autodiff
    >>> @autodiff.primitive
    ... def twice(x):
    ...     return 2 * x
    >>> autodiff.defjvp(twice, lambda t, ans, x: 2 * t)
    """
    _checked(op, "defjvp").defjvp(*rules, argnums=argnums)
