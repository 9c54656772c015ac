"""Transforms of functions: what they make are objects that know their function, and later transforms see through them."""
from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import math
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import _variable as _v
from ._batching import IN_PLACE, active, batch_rows, first_row, fresh_leaf
from ._pytree import LEAF, Treedef, flatten, flatten_results, map_leaves
from ._travel import by_name

__all__ = ["ElementwiseGrad", "Grad", "GradAndValue", "Hessian", "HolomorphicGrad", "JVPFunction", "JacFwd", "JacRev",
           "Jacobian", "Transform", "VJPFunction", "ValueAndGrad", "hvp", "jvp", "linearize", "vjp"]

_Base: Any = _v.Tensor.__base__


@contextlib.contextmanager
def _enable_grad() -> Iterator[None]:
    off, inference = _v.set_mode("grad_off", False), _v.set_mode("inference", False)
    try:
        yield
    finally:
        _v.set_mode("grad_off", off)
        _v.set_mode("inference", inference)


@contextlib.contextmanager
def _dual_level() -> Iterator[None]:
    level = _v.enter_level()
    try:
        yield
    finally:
        _v.exit_level(level)


_OPS: Any = _v.OPS
_FLOATS = frozenset((float,))
_INTS = frozenset((int,))
_NUMBERS = (float, int, complex, np.number, np.bool_)


def _name(function: Any) -> str:
    return getattr(function, "__name__", None) or repr(function)


# ---- what goes in and comes out: Variables where there are any, else plain arrays and numbers

class _Given:
    """What a transform was handed: Variables, of whose flavour everything is then, or plain arrays and numbers alone."""

    __slots__ = ("arrays", "kind", "plain")

    def __init__(self, *trees: Any) -> None:
        self.kind: Any = _v.ndarray
        self.plain = True
        self.arrays: list[Any] = []
        for tree in trees:
            if type(tree) in (list, tuple) and _FLOATS.issuperset(map(type, tree)):
                continue
            for leaf in (tree,) if isinstance(tree, (_Base, np.ndarray, float)) else flatten(tree)[0]:
                if isinstance(leaf, _Base):
                    if self.plain or type(leaf) is _v.ndarray:
                        self.kind = type(leaf)
                    self.plain = False
                elif isinstance(leaf, np.ndarray):
                    self.arrays.append(leaf)

    def variable(self, value: Any, what: str) -> Any:
        """An argument that is differentiated, as a Variable: no new one if it is one."""
        if isinstance(value, _Base):
            return value if type(value) is self.kind else _v.in_flavour(value, _EXAMPLES[self.kind])
        if isinstance(value, np.ndarray):
            array = value
        elif type(value) is float or (hasattr(type(value), "__array__") and not isinstance(value, np.generic)):    # of xarray
            array = np.asarray(value)
        elif isinstance(value, _NUMBERS):
            array = np.asarray(value)
            if array.dtype.kind in "iub" and isinstance(value, (int, np.integer)) and not isinstance(value, bool):
                array = array.astype(_v.get_default_type())         # of Python numbers 3 is 3.0
        else:
            raise TypeError(f"{what}: expected Variables, arrays and numbers to differentiate in, but got "
                            f"{type(value).__name__}")
        if array.dtype.kind not in "fc":
            raise TypeError(f"{what}: an array of {array.dtype} has no derivatives: convert it, as by x.astype(float)")
        made = _v.as_ndarray(array, copy=isinstance(value, _NUMBERS))      # a number is a C double in memory of its own
        return made if self.kind is _v.ndarray else _v.in_flavour(made, _EXAMPLES[self.kind])

    def give(self, tree: Any) -> Any:
        """Results as what came in: plain where that was, unless something else is differentiated or carried along."""
        if not self.plain:
            return tree
        return self._own(tree) if isinstance(tree, _Base) else map_leaves(self._own, tree)

    def _own(self, value: Any) -> Any:
        """A plain result that shares no memory with what was handed in: x -= g must not change it."""
        found = _plain(value)
        if found is not value and isinstance(found, np.ndarray) and any(np.may_share_memory(found, a) for a in self.arrays):
            return found.copy()
        return found


_EXAMPLES = {_v.Tensor: _v.tensor(0.0), _v.ndarray: _v.as_ndarray(0.0)}


def _plain(value: Any) -> Any:
    if not isinstance(value, _Base) or value.requires_grad or _v.carries_more(value) or (
            _v.levels and _v.recorder() is not None):
        return value
    return value.item() if value.ndim == 0 else np.asarray(value)


def _leaf(variable: Any, what: str) -> Any:
    """Another Variable of the same value, for a derivative in it: in the graph where that is, and with its tangents."""
    if not (variable.is_floating_point() or variable.is_complex()):
        raise RuntimeError(f"only Tensors of floating point dtype can require gradients: an argument of {what} is of "
                           f"{variable.dtype}; convert it, as by x.double()")
    return fresh_leaf(variable) if _v.levels else _v.fork(variable)


def _bound(function: Any, argnums: Any, args: tuple[Any, ...], kwargs: dict[str, Any],
           what: str) -> tuple[Any, tuple[Any, ...]]:
    """argnums as a tuple of places in args and of names in kwargs; an argument by name may be given by position.  None: all."""
    if argnums is None:
        return range(len(args)), args
    if type(argnums) is int and 0 <= argnums < len(args):
        return (argnums,), args
    if type(argnums) is tuple and _INTS.issuperset(map(type, argnums)) and len(set(argnums)) == len(argnums) and (
            min(argnums, default=-1) >= 0 and max(argnums) < len(args)):
        return argnums, args
    places: list[Any] = []
    if argnums == () or argnums == []:
        raise RuntimeError("argnums must be non-empty")
    for number in argnums if isinstance(argnums, (tuple, list)) else (argnums,):
        if isinstance(number, str):
            if number not in kwargs:
                try:
                    names = list(inspect.signature(function).parameters)
                except (TypeError, ValueError):
                    names = []
                if number not in names or names.index(number) >= len(args):
                    raise ValueError(f"{what}: argnums names {number!r}, which is no argument of this call")
                number = names.index(number)
            places.append(number)
            continue
        if not isinstance(number, (int, np.integer)) or isinstance(number, bool):
            raise RuntimeError(f"argnums must be int or Tuple[int, ...], or a name, got: {type(number)}")
        if not -len(args) <= number < len(args):
            raise RuntimeError(f"Got argnum={number}, but only {len(args)} positional inputs")
        places.append(int(number) % len(args))
    if len(set(places)) != len(places):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return places, args


class _Inner:
    """A call of the function on leaves of its own, and what it returned."""

    __slots__ = ("aux", "given", "leaves", "outs", "outtree", "record", "single", "trees", "what")

    def __init__(self, what: str, function: Any, argnums: Any, args: tuple[Any, ...], kwargs: dict[str, Any],
                 has_aux: bool, copy: bool = False) -> None:
        self.what = what
        places, args = _bound(function, argnums, args, kwargs, what)
        self.given = given = _Given(*args, *kwargs.values()) if kwargs else _Given(*args)
        self.single = argnums is not None and not isinstance(argnums, (tuple, list))
        inner: list[Any] = list(args)
        keywords = dict(kwargs)
        self.leaves: list[Any] = []
        self.trees: list[Treedef] = []
        for place in places:
            arguments: Any = keywords if isinstance(place, str) else inner
            if type(arguments[place]) is float:
                arguments[place] = leaf = _leaf(given.variable(arguments[place], what), what)
                self.leaves.append(leaf)
                self.trees.append(LEAF)
                continue
            values, tree = flatten(arguments[place])
            made = [_leaf(value if type(value) is given.kind else
                          given.variable(value.copy() if copy and isinstance(value, np.ndarray) else value, what), what)
                    for value in values]
            self.leaves += made
            self.trees.append(tree)
            arguments[place] = tree.unflatten(made)
        # None: where the result is part of a graph of the caller's; under no_grad nothing is.
        self.record = False if _v.mode("grad_off") or _v.mode("inference") else None
        out = function(*inner, **keywords) if self.record is None else self._recorded(function, inner, keywords)
        self.aux = None
        if has_aux:
            if not (isinstance(out, tuple) and len(out) == 2):
                raise RuntimeError(f"{what}: output of function f should be a tuple: (output, aux) if has_aux is True")
            out, self.aux = out
        self.outs, self.outtree = flatten_results(out)

    @staticmethod
    def _recorded(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        with _enable_grad():
            return function(*args, **kwargs)

    def split(self, gradients: Sequence[Any]) -> Any:
        """One for each leaf, as what the arguments are."""
        if len(self.trees) == len(gradients) and all(tree.kind is None for tree in self.trees):
            return gradients[0] if self.single else tuple(gradients)
        found = []
        start = 0
        for tree in self.trees:
            found.append(tree.unflatten(gradients[start:start + tree.count]))
            start += tree.count
        return found[0] if self.single else tuple(found)

    def primals(self) -> tuple[Any, ...]:
        """The values that it was called with, all of which are differentiated in, to call the function again."""
        values = iter([_plain(v) if self.given.plain else v for v in map(_out_of_graph, self.leaves)])
        return tuple([tree.unflatten([next(values) for _ in range(tree.count)]) for tree in self.trees])

    def outer(self, tree: Any, others: bool) -> Any:
        """What was computed of the leaves, for the caller, who knows nothing of them."""
        if others and self.record is None:
            return tree
        return map_leaves(_out_of_graph, tree)

    def settle_aux(self) -> bool:
        """Of what else was returned only that stays in a graph which depends on other leaves; whether there is any."""
        kept = False

        def settled(v: Any) -> Any:
            nonlocal kept
            if (self.record is None and isinstance(v, _Base) and v.requires_grad
                    and _v.depends_on_others((v,), tuple(self.leaves))):
                kept = True
                return v
            return _out_of_graph(v)

        self.aux = map_leaves(settled, self.aux)
        return kept


def _out_of_graph(value: Any) -> Any:
    """The same value, with its tangents, out of the graph of a transform's leaves."""
    if not isinstance(value, _Base) or not value.requires_grad:
        return value
    if _v.innermost_level() is None:
        return value.detach()
    off = _v.set_mode("grad_off", True)
    try:
        return value.clone()
    finally:
        _v.set_mode("grad_off", off)


def _zeros(variable: Any) -> Any:
    made, recorder = _v.zeros_like(variable), _v.recorder() if _v.levels else None
    return made if recorder is None else recorder.of_none(made)


# ---- gradients

class Transform:
    """A function made of another: it prints, pickles when that does, and knows both.

    `function` is what it was made of, `options` with what else.
    """

    _kind = ""
    _defaults: dict[str, Any] = {}

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        if not callable(function):
            hint = ": autodiff.autograd.grad takes Variables" if isinstance(function, _Base) and self._kind == "grad" else ""
            raise TypeError(f"{self._kind}() makes a function of a function, but got {type(function).__name__}{hint}")
        functools.update_wrapper(self, function, updated=())
        self.function, self.options = function, options

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        return by_name(self) or (_make, (type(self), self.function, self.options))

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items() if self._defaults.get(name) != value)
        inner = repr(self.function) if isinstance(self.function, Transform) else _name(self.function)
        return f"{self._kind}({inner}{options})"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


def _make(kind: Any, function: Any, options: dict[str, Any]) -> Any:
    return kind(function, **options)


class _OfScalar(Transform):
    _defaults = {"argnums": 0, "has_aux": False}

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        super().__init__(function, **options)
        self._simple = options["argnums"] == 0 and type(options["argnums"]) is int and not options["has_aux"]

    def _found(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        """(value, gradients, aux)."""
        if self._simple and len(args) == 1 and not kwargs:
            found = _v.scalar_gradient(self.function, args[0])
            if found is not NotImplemented:
                if found[1] is not None:
                    return (*found, None)
                return _Called(*found[0]).found()
        return self._found_of_trees(args, kwargs)

    def _found_of_trees(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        """What _found() does for what is not one plain value."""
        options = self.options
        inner = _Inner("grad_and_value(f)(*args)", self.function, options["argnums"], args, kwargs, options["has_aux"])
        out = inner.outs[0] if len(inner.outs) == 1 and inner.outtree.kind is None else None
        kept = inner.settle_aux() if options["has_aux"] else False
        gradients, others = _gradients_of_scalar(inner, out, True if kept else None)
        give = inner.given.give
        aux = give(inner.aux) if options["has_aux"] else None
        return give(inner.outer(out, others)), give(inner.split(gradients)), aux


def _gradients_of_scalar(inner: Any, out: Any, retain: bool | None = None) -> tuple[Sequence[Any], bool]:
    if isinstance(out, _NUMBERS) or (isinstance(out, np.ndarray) and out.ndim == 0):
        return [_zeros(leaf) for leaf in inner.leaves], False
    if not isinstance(out, _Base):
        got = type(inner.outs[0]) if inner.outtree.kind is None else inner.outtree.kind
        raise RuntimeError(f"{inner.what}: Expected f(*args) to return a Tensor, got {got}")
    if out.ndim and out.numel() == 1 and type(out) is _v.ndarray:
        out = out.reshape(())       # a sum with keepdims, as NumPy's programs return it
    if out.ndim:
        raise RuntimeError(f"{inner.what}: Expected f(*args) to return a scalar Tensor, got tensor with {out.ndim} "
                           "dims. Maybe you wanted to use the vjp or jacrev APIs instead?")
    if out.is_complex():
        raise RuntimeError(f"{inner.what}: Expected f(*args) to return a real number, got {out.dtype}: of a function of "
                           "complex values take jacrev, or its real part")
    if not out.requires_grad:
        return [_zeros(leaf) for leaf in inner.leaves], False
    found, others = _v.gradients((out,), (None,), tuple(inner.leaves), retain, inner.record)
    _v.retire(tuple(inner.leaves))
    return [_zeros(leaf) if g is None else g for g, leaf in zip(found, inner.leaves, strict=True)], others


class _Called:
    """A call on one leaf made of a plain value, of which something else came back than a number that has a gradient."""

    what, single, record = "grad_and_value(f)(*args)", True, None

    def __init__(self, leaf: Any, out: Any) -> None:
        self.leaves = [leaf]
        self.outs, self.outtree = flatten_results(out)

    def found(self) -> tuple[Any, Any, Any]:
        """(value, gradient, None), or what _gradients_of_scalar raises."""
        out = self.outs[0] if len(self.outs) == 1 and self.outtree.kind is None else None
        gradients, others = _gradients_of_scalar(self, out)
        value = out if others else _out_of_graph(out)
        return _plain(value), _plain(gradients[0]), None


class Grad(_OfScalar):
    """What grad() makes."""

    _kind = "grad"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The gradient, as what the argument is: (gradient, aux) with has_aux."""
        if self._simple and len(args) == 1 and not kwargs:      # as _found() does, 0.25 us of 3 sooner
            found = _v.scalar_gradient(self.function, args[0])
            if found is not NotImplemented:
                return found[1] if found[1] is not None else _Called(*found[0]).found()[1]
        _, gradients, aux = self._found_of_trees(args, kwargs)
        return (gradients, aux) if self.options["has_aux"] else gradients


class ValueAndGrad(_OfScalar):
    """What value_and_grad() makes."""

    _kind = "value_and_grad"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """(value, gradient), or ((value, aux), gradient) with has_aux."""
        value, gradients, aux = self._found(args, kwargs)
        return ((value, aux), gradients) if self.options["has_aux"] else (value, gradients)


class GradAndValue(_OfScalar):
    """What grad_and_value() makes."""

    _kind = "grad_and_value"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """(gradient, value), or (gradient, (value, aux)) with has_aux."""
        value, gradients, aux = self._found(args, kwargs)
        return (gradients, (value, aux)) if self.options["has_aux"] else (gradients, value)


class ElementwiseGrad(Transform):
    """What elementwise_grad() makes."""

    _kind = "elementwise_grad"
    _defaults = {"argnums": 0}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivatives, as what the argument is."""
        inner = _Inner("elementwise_grad(f)(*args)", self.function, self.options["argnums"], args, kwargs, False)
        out = inner.outs[0] if len(inner.outs) == 1 and inner.outtree.kind is None else None
        if isinstance(out, np.ndarray):
            out = 0.0       # of plain values: its derivatives are 0
        elif isinstance(out, _Base):
            out = out.sum()
        gradients, _ = _gradients_of_scalar(inner, out)
        return inner.given.give(inner.split(gradients))


class HolomorphicGrad(Transform):
    """What holomorphic_grad() makes."""

    _kind = "holomorphic_grad"
    _defaults = {"argnums": 0}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The complex derivatives, as what the argument is."""
        what = "holomorphic_grad(f)(*args)"
        inner = _Inner(what, self.function, self.options["argnums"], args, kwargs, False)
        out = inner.outs[0] if len(inner.outs) == 1 and inner.outtree.kind is None else None
        for value, role in ((out, "return"), *((leaf, "take") for leaf in inner.leaves)):
            if not (isinstance(value, _Base) and value.is_complex()) and not isinstance(value, complex):
                raise TypeError(f"{what}: f is to {role} complex numbers, got {getattr(value, 'dtype', type(value).__name__)}: "
                                "of a real function take grad()")
        # The gradient of the real part is the conjugate of the derivative, by the equations of Cauchy and Riemann.
        gradients, _ = _gradients_of_scalar(inner, _OPS.real(out) if isinstance(out, _Base) else 0.0)
        return inner.given.give(inner.split([_OPS.conj(gradient) for gradient in gradients]))


# ---- products with the Jacobian

class VJPFunction:
    """What vjp() returns beside the value: from cotangents of the outputs to those of the inputs, as often as wanted.

    It pickles when the function does: where it arrives the function is evaluated again.
    """

    def __init__(self, inner: _Inner, others: bool, function: Callable[..., Any], has_aux: bool) -> None:
        self._inner, self._others = inner, others
        self.function, self._has_aux = function, has_aux

    def __call__(self, *cotangents: Any, retain_graph: bool | None = None, create_graph: bool | None = None) -> Any:
        """A tuple, one for each primal; cotangents: as what the function returned.  Raises RuntimeError for another tree."""
        inner = self._inner
        tree = cotangents[0] if len(cotangents) == 1 else cotangents
        values, treedef = flatten(tree)
        if treedef != inner.outtree:
            raise RuntimeError("Expected pytree structure of cotangents to be the same as pytree structure of outputs "
                               f"to the function. cotangents: {treedef}, primal output: {inner.outtree}")
        given = _Given(*values)
        given.kind = inner.given.kind
        pairs = [(out, given.variable(value, "vjp_fn")) for out, value in zip(inner.outs, values, strict=True)
                 if isinstance(out, _Base) and out.requires_grad]
        found: Sequence[Any] = [None] * len(inner.leaves)
        if pairs:
            record = create_graph if create_graph is not None else (True if any(g.requires_grad for _, g in pairs) else None)
            found, _ = _v.gradients(tuple(out for out, _ in pairs), tuple(g for _, g in pairs), tuple(inner.leaves),
                                    True if retain_graph is None else retain_graph, record)
        found = [_zeros(leaf) if g is None else g for g, leaf in zip(found, inner.leaves, strict=True)]
        result = inner.split(found)
        if inner.given.plain and given.plain:
            result = inner.given.give(result)
        return result if not inner.single else (result,)

    def __reduce__(self) -> Any:
        return _vjp_again, (self.function, self._inner.primals(), self._has_aux)

    def __repr__(self) -> str:
        return f"<the VJP of {self._inner.what}>"


def _vjp_again(function: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool) -> Any:
    return vjp(function, *primals, has_aux=has_aux)[1]


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """(func(*primals), a function from cotangents of the result to those of the primals); with has_aux what else it returned.

    The function is evaluated once; what is returned can be called as often as wanted, and returns a tuple, one for each primal.
    Arguments and results may be trees of lists, tuples, dicts and dataclasses, of Variables or of plain arrays and numbers:
    what comes back is what was handed in.  Raises TypeError for arguments without derivatives.
    As https://pytorch.org/docs/stable/generated/torch.func.vjp.html

    >>> import autodiff
    >>> out, pull = autodiff.vjp(lambda x, y: x * y, 2.0, 5.0)
    >>> out, pull(1.0)
    (10.0, (5.0, 2.0))
    """
    if not primals:
        raise RuntimeError("vjp(f, *primals): expected at least one primal")
    inner = _Inner("vjp(f, *primals)", func, None, primals, {}, has_aux, copy=True)
    _check_outputs(inner)
    differentiated = tuple(out for out in inner.outs if isinstance(out, _Base) and out.requires_grad)
    others = bool(differentiated) and _v.depends_on_others(differentiated, tuple(inner.leaves))
    give = inner.given.give
    out = give(inner.outer(inner.outtree.unflatten(inner.outs), others))
    pull = VJPFunction(inner, others, func, has_aux)
    if has_aux:
        inner.settle_aux()
        return out, pull, give(inner.aux)
    return out, pull


def _check_outputs(inner: _Inner) -> None:
    for out in inner.outs:
        if out is None:
            raise RuntimeError("vjp(f, *primals): Expected f to be a function that has non-empty output (got output = [None])")
        if not isinstance(out, (_Base, np.ndarray, *_NUMBERS)):
            raise RuntimeError(f"{inner.what}: expected f(*primals) to return only tensors, arrays and numbers, got "
                               f"unsupported type {type(out)}")


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """(func(*primals), its derivative along tangents), by forward mode: the cost is that of the function, whatever its inputs.

    primals, tangents: tuples of the same trees.  strict: an output that does not depend on the primals is an error instead of
    having a tangent of zeros.  With has_aux func returns (output, aux), and aux comes third.
    As https://pytorch.org/docs/stable/generated/torch.func.jvp.html

    >>> import autodiff
    >>> autodiff.jvp(lambda x: x ** 3, (2.0,), (1.0,))
    (8.0, 12.0)
    """
    what = "jvp(f, primals, tangents)"
    own = None if strict or has_aux else getattr(type(func), "_product", None)      # of a compiled function: its program
    found = NotImplemented if own is None else own(func, "jvp", primals, tangents)
    if found is not NotImplemented:
        return found
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{what}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    if not isinstance(tangents, tuple):
        raise RuntimeError(f"{what}: Expected tangents to be a tuple.")
    values, tree = flatten(primals)
    along, other = flatten(tangents)
    if tree != other:
        raise RuntimeError(f"{what}: Expected primals and tangents to have the same python structure. For example, if "
                           f"primals is a tuple of 3 tensors, tangents also must be. Got primals with structure {tree} "
                           f"and tangents with structure {other}")
    if not values:
        raise RuntimeError(f"{what}: Expected primals to contain at least one Tensor.")
    given = _Given(*values, *along)
    given.kind = _Given(*values).kind if not _Given(*values).plain else given.kind
    primal_values = [given.variable(value, what) for value in values]
    tangent_values = [given.variable(value, what) for value in along]
    with _dual_level():
        duals = [_v.make_dual(v, t) for v, t in zip(primal_values, tangent_values, strict=True)]
        result = func(*tree.unflatten(duals))
        aux = None
        if has_aux:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise RuntimeError(f"{what}: output of function f should be a tuple: (output, aux) if has_aux is True")
            result, aux = result
            aux = map_leaves(_primal, aux)
        outs, outtree = flatten_results(result)
        out_values, out_tangents = [], []
        for out in outs:
            if not isinstance(out, _Base):
                if not isinstance(out, (np.ndarray, *_NUMBERS)):
                    raise RuntimeError(f"{what}: Expected f to return only Tensors, arrays and numbers, got unsupported "
                                       f"type {type(out).__name__}")
                if strict:
                    raise RuntimeError(_INDEPENDENT)
                out_values.append(out)
                out_tangents.append(np.zeros_like(out, dtype=float) if isinstance(out, np.ndarray) else 0.0)
                continue
            value, tangent = _v.primal_of(out), _v.tangent_of(out)
            if tangent is None:
                if strict:
                    raise RuntimeError(_INDEPENDENT)
                tangent = _zeros(value)
            out_values.append(value)
            out_tangents.append(tangent)
    results = (given.give(outtree.unflatten(out_values)), given.give(outtree.unflatten(out_tangents)))
    return (*results, given.give(aux)) if has_aux else results


_INDEPENDENT = ("jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not "
                "allowed with strict=True.")


def _primal(value: Any) -> Any:
    return _v.primal_of(value) if isinstance(value, _Base) else value


class JVPFunction:
    """What linearize() returns beside the value: the function's derivative there, applied to tangents as often as wanted.

    It pickles when the function does: where it arrives the function is evaluated again.
    """

    def __init__(self, inner: _Inner, ones: list[Any], pulled: list[Any], others: bool, function: Callable[..., Any]) -> None:
        self._inner, self._ones, self._pulled, self._others = inner, ones, pulled, others
        self.function = function

    def __call__(self, *tangents: Any) -> Any:
        """The tangent of the output; tangents: one for each primal, of its tree.  Raises RuntimeError for another tree."""
        inner = self._inner
        values: list[Any] = []
        trees = []
        for tangent in tangents:
            leaves, tree = flatten(tangent)
            values += leaves
            trees.append(tree)
        if trees != inner.trees:
            raise RuntimeError(f"the tangents have the structure {trees}, the primals {inner.trees}")
        given = _Given(*values)
        given.kind = inner.given.kind
        pairs = [(w, given.variable(value, "jvp_fn")) for w, value in zip(self._pulled, values, strict=True)
                 if w is not None and w.requires_grad]
        if pairs:
            found, _ = _v.gradients(tuple(w for w, _ in pairs), tuple(t for _, t in pairs), tuple(self._ones), True,
                                    self._others or any(t.requires_grad for _, t in pairs))
        else:
            found = (None,) * len(self._ones)
        rows = iter([_zeros(one) if g is None else g for g, one in zip(found, self._ones, strict=True)])
        result = inner.outtree.unflatten([next(rows) if _differentiable(out) else 0.0 for out in inner.outs])
        return inner.given.give(result) if given.plain else result

    def __reduce__(self) -> Any:
        return _jvp_again, (self.function, self._inner.primals())

    def __repr__(self) -> str:
        return f"<the JVP of {self._inner.what}>"


def _jvp_again(function: Callable[..., Any], primals: tuple[Any, ...]) -> Any:
    return linearize(function, *primals)[1]


def _differentiable(value: Any) -> bool:
    return isinstance(value, _Base) and (value.is_floating_point() or value.is_complex())


def linearize(func: Callable[..., Any], *primals: Any) -> Any:
    """(func(*primals), its derivative there as a linear function of tangents), the function being evaluated once.

    As https://pytorch.org/docs/stable/generated/torch.func.linearize.html

    >>> import autodiff
    >>> out, push = autodiff.linearize(lambda x: x ** 3, 2.0)
    >>> out, push(1.0), push(0.5)
    (8.0, 12.0, 6.0)
    """
    if not primals:
        raise RuntimeError("linearize(f, *primals): expected at least one primal")
    inner = _Inner(f"linearize({_name(func)}, *primals)", func, None, primals, {}, False, copy=True)
    _check_outputs(inner)
    with _enable_grad():
        ones = [_leaf(_zeros(out), inner.what) for out in inner.outs if _differentiable(out)]
        pairs = [(out, one) for out, one in zip(filter(_differentiable, inner.outs), ones, strict=True) if out.requires_grad]
        pulled: list[Any] = [None] * len(inner.leaves)
        others = False
        if pairs:
            found, others = _v.gradients(tuple(out for out, _ in pairs), tuple(one for _, one in pairs), tuple(inner.leaves),
                                         True, True)
            pulled = list(found)
            others = _v.depends_on_others(tuple(out for out, _ in pairs), tuple(inner.leaves))
    out = inner.given.give(inner.outer(inner.outtree.unflatten(inner.outs), others))
    return out, JVPFunction(inner, ones, pulled, others, func)


# ---- Jacobians

#: As many rows are recorded inside of a compiled function, each as a pass of its own: what is computed of a batch is not.
_ROWS_APART = 128


def _rows(run: Callable[..., Sequence[Any]], basis: Sequence[Any], count: int, chunk_size: int | None,
          randomness: str = "error") -> list[Any]:
    """run(row of each basis) for all rows, batched, in chunks."""
    if count == 0:
        return []
    recorder = _v.recorder()
    if count <= _ROWS_APART and recorder is not None:
        found = [run(*[recorder.row_of(b, i) for b in basis]) for i in range(count)]
        return [_v.FUNCTIONS["stack"](list(column)) for column in zip(*found, strict=True)]
    size = count if chunk_size is None else chunk_size
    parts = [batch_rows(run, [b[start:start + size] for b in basis], min(size, count - start), randomness)
             for start in range(0, count, size)]
    if len(parts) == 1:
        return list(parts[0])
    return [_v.FUNCTIONS["cat"](list(column)) for column in zip(*parts, strict=True)]


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, _Base) else np.shape(value)


def _size(value: Any) -> int:
    return math.prod(_shape(value))


def _basis(values: Sequence[Any], total: int) -> list[Any]:
    """Of all elements, `total`, of all values in turn, one row each: arrays (rows, *shape)."""
    found, start = [], 0
    for value in values:
        size = _size(value)
        array = np.zeros((total, size), dtype=_v.dtype_in(value))
        array[start:start + size].reshape(-1)[::size + 1] = 1
        found.append(_v.constant_of(array.reshape((total, *value.shape)), value))
        start += size
    return found


def _check_chunk(chunk_size: Any) -> None:
    if chunk_size is not None and not (isinstance(chunk_size, int) and chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")


class JacRev(Transform):
    """What jacrev() makes."""

    _kind = "jacrev"
    _defaults = {"argnums": 0, "has_aux": False, "chunk_size": None}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The Jacobian: as what the function returns, of as what the argument is, of arrays of output's and input's shapes."""
        options = self.options
        inner = _Inner(f"{self._kind}(f)(*args)", self.function, options["argnums"], args, kwargs, options["has_aux"])
        return self._of(inner)

    def _of(self, inner: _Inner) -> Any:
        options = self.options
        _check_outputs(inner)
        _refuse_complex(self._kind, inner.outs, inner.leaves)
        if options["has_aux"]:
            inner.settle_aux()
        outs = [out for out in inner.outs if isinstance(out, _Base) and out.requires_grad]
        total = sum(map(_size, outs))
        columns: list[Any] = [None] * len(inner.leaves)
        if total:
            def run(*cotangents: Any) -> Sequence[Any]:
                found, _ = _v.gradients(tuple(outs), cotangents, tuple(inner.leaves), True, None)
                return [_zeros(leaf) if g is None else g for g, leaf in zip(found, inner.leaves, strict=True)]

            if total == 1:          # a gradient: one row needs no batch
                columns = [_OPS.reshape(column, (1, *column.shape)) for column in run(*[None if _size(v) else _zeros(v)
                                                                                        for v in outs])]
            else:
                columns = _rows(run, _basis(outs, total), total, options["chunk_size"])
        _v.retire(tuple(inner.leaves))
        parts, start = [], 0
        for out in inner.outs:
            known = isinstance(out, _Base) and out.requires_grad
            size = _size(out)
            row = []
            for leaf, column in zip(inner.leaves, columns, strict=True):
                shape = (*_shape(out), *leaf.shape)
                if known and total:
                    row.append(_OPS.reshape(column if size == total else column[start:start + size], shape))
                else:
                    row.append(_v.constant_of(np.zeros(shape, dtype=_v.dtype_in(leaf)), leaf))
            start += size if known else 0
            parts.append(inner.split(row))
        give = inner.given.give
        result = give(inner.outtree.unflatten(parts))
        return (result, give(inner.aux)) if options["has_aux"] else result


def _refuse_complex(kind: str, *values: Sequence[Any]) -> None:
    """A complex function has two derivatives, and which is meant is not said: PyTorch refuses, too."""
    for value in itertools.chain(*values):
        if value.is_complex() if isinstance(value, _Base) else isinstance(value, complex):
            raise RuntimeError(f"{kind}: Expected all inputs and outputs to be real but received complex values. Take the "
                               "Jacobian of the real and of the imaginary part (x.real, x.imag)")


class JacFwd(Transform):
    """What jacfwd() makes."""

    _kind = "jacfwd"
    _defaults = {"argnums": 0, "has_aux": False, "randomness": "error"}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The Jacobian: as what the function returns, of as what the argument is, of arrays of output's and input's shapes."""
        options = self.options
        what = f"{self._kind}(f)(*args)"
        argnums, has_aux = options["argnums"], options["has_aux"]
        places, args = _bound(self.function, argnums, args, kwargs, what)
        given = _Given(*args, *kwargs.values())
        values: list[Any] = []
        trees = []
        for place in places:
            leaves, tree = flatten(kwargs[place] if isinstance(place, str) else args[place])
            values += [given.variable(value, what) for value in leaves]
            trees.append(tree)
        for value in values:
            if not _differentiable(value):
                raise ValueError(f"Expected primal to be floating point or complex, but got: {value.dtype}: convert it, as by "
                                 "x.double()")
        total = sum(map(_size, values))
        basis = _basis(values, total)
        seen: list[Any] = []

        # Of what is a batch already the values go along with their tangents; else all columns share them.
        along = [value.expand(total, *value.shape) for value in values] if _v.levels and active() else []

        def run(*given: Any) -> Sequence[Any]:
            tangents, primals = given[:len(values)], given[len(values):] or values
            with _dual_level():
                duals = iter([_v.make_dual(v, t) for v, t in zip(primals, tangents, strict=True)])
                inner, keywords = list(args), dict(kwargs)
                for place, tree in zip(places, trees, strict=True):
                    made = tree.unflatten([next(duals) for _ in range(tree.count)])
                    if isinstance(place, str):
                        keywords[place] = made
                    else:
                        inner[place] = made
                out = self.function(*inner, **keywords)
                aux = None
                if has_aux:
                    if not (isinstance(out, tuple) and len(out) == 2):
                        raise RuntimeError(f"{what}: output of function f should be a tuple: (output, aux) if has_aux is True")
                    out, aux = out
                outs, outtree = flatten_results(out)
                pairs = [(_v.primal_of(v), _v.tangent_of(v)) if isinstance(v, _Base) else (_v.constant_of(v, values[0]), None)
                         for v in outs]
                if not seen:
                    aux = map_leaves(_primal, aux)
                    seen.extend([outtree, map_leaves(first_row, aux) if along else aux])
                return [_zeros(value) if tangent is None else tangent for value, tangent in pairs]

        if total:
            try:
                columns = _rows(run, [*basis, *along], total, None, options["randomness"])
            except RuntimeError as error:
                if str(error) != IN_PLACE:
                    raise
                # f writes into an array that it made, of which there is one for all columns: they are computed one by one.
                seen.clear()
                ran = [run(*[b[k] for b in (*basis, *along)]) for k in range(total)]
                columns = [_OPS.stack(list(column)) for column in zip(*ran, strict=True)]
        else:           # once, for what the function returns
            columns = [_v.constant_of(np.zeros((0, *v.shape), _v.dtype_in(v)), v) for v in run(*map(_zeros, values))]
        outtree, aux = seen
        _refuse_complex(self._kind, columns, values)
        parts = []
        for column in columns:
            shape = tuple(column.shape)[1:]
            moved = _OPS.permute(column, (*range(1, column.ndim), 0))
            row, start = [], 0
            for value in values:
                size = value.numel()
                row.append(_OPS.reshape(moved[..., start:start + size], (*shape, *value.shape)))
                start += size
            split, at = [], 0
            for tree in trees:
                split.append(tree.unflatten(row[at:at + tree.count]))
                at += tree.count
            parts.append(tuple(split) if isinstance(argnums, (tuple, list)) else split[0])
        result = given.give(outtree.unflatten(parts))
        return (result, given.give(aux)) if has_aux else result


class Jacobian(Transform):
    """What jacobian() makes."""

    _kind = "jacobian"
    _defaults = {"argnums": 0, "has_aux": False, "mode": None}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The Jacobian, by rows or by columns, whichever are fewer."""
        options = {name: self.options[name] for name in ("argnums", "has_aux")}
        mode = self.options["mode"]
        if mode == "fwd":
            return JacFwd(self.function, **options, randomness="error")(*args, **kwargs)
        by_rows = JacRev(self.function, **options, chunk_size=None)
        inner = _Inner("jacobian(f)(*args)", self.function, options["argnums"], args, kwargs, options["has_aux"])
        if mode is None:
            rows = sum(map(_size, inner.outs))
            columns = sum(map(_size, inner.leaves))
            if rows > columns and _v.recorder() is None:
                try:
                    return JacFwd(self.function, **options, randomness="error")(*args, **kwargs)
                except (NotImplementedError, RuntimeError):
                    # A Function without jvp(), a write that cannot be batched, random numbers: by rows, as recorded above.
                    return by_rows._of(inner)
        return by_rows._of(inner)


class Hessian(Transform):
    """What hessian() makes."""

    _kind = "hessian"
    _defaults = {"argnums": 0}

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        super().__init__(function, **options)
        # The gradient is recorded once, and all rows go back through it in one batched pass; forward over reverse, which runs
        # the function and its gradient on batches, took twice as long for Rosenbrock's function of 30 variables.
        self._of_gradient = JacRev(JacRev(function, **options, has_aux=False, chunk_size=None), **options, has_aux=False,
                                   chunk_size=None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The matrix of second derivatives: of as what the argument is, of as what the argument is."""
        return self._of_gradient(*args, **kwargs)


def hvp(func: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """(func(*primals), its Hessian times tangents) of a function with a scalar result, without the Hessian.

    primals, tangents: tuples of the same trees; the product is a tuple, one for each primal.
    Formula: the gradient of the gradient's product with the tangents (Pearlmutter, 1994, Fast exact multiplication by the
    Hessian).

    >>> import numpy as np
    >>> import autodiff
    >>> autodiff.hvp(lambda x: (x ** 3).sum(), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    (9.0, (array([6., 0.]),))
    """
    what = "hvp(f, primals, tangents)"
    own = getattr(type(func), "_product", None)
    found = NotImplemented if own is None else own(func, "hvp", primals, tangents)
    if found is not NotImplemented:
        return found
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise RuntimeError(f"{what}: Expected primals and tangents to be tuples: f is called as f(*primals)")
    along, other = flatten(tangents)
    inner = _Inner(what, func, None, primals, {}, False)
    if type(primals) is not other.kind or other.parts != tuple(inner.trees):
        raise RuntimeError(f"{what}: Expected primals and tangents to have the same python structure")
    given = _Given(*along)
    given.kind = inner.given.kind
    out = inner.outs[0] if len(inner.outs) == 1 else None
    if not isinstance(out, _Base) or out.ndim:
        _gradients_of_scalar(inner, out)
    products: Sequence[Any] = [None] * len(inner.leaves)
    others = False
    if isinstance(out, _Base) and out.requires_grad:
        leaves = tuple(inner.leaves)
        first, others = _v.gradients((out,), (None,), leaves, True, True)
        outs, vectors, record = [], [], None
        for g, value in zip(first, along, strict=True):
            vector = given.variable(value, what)
            if g is not None and g.requires_grad:
                outs.append(g)
                vectors.append(vector)
                record = True if vector.requires_grad else record
        if outs:
            products, _ = _v.gradients(tuple(outs), tuple(vectors), leaves, others or None, record)
    _v.retire(tuple(inner.leaves))
    found = [_zeros(leaf) if g is None else g for g, leaf in zip(products, inner.leaves, strict=True)]
    product = inner.split(found)
    value = inner.outer(out, others)
    if inner.given.plain and given.plain:
        return inner.given.give(value), inner.given.give(product)
    return value, product


