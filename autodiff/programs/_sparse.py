"""`sparse_jacobian` and `sparse_hessian`: matrices of which a recorded program tells the pattern."""
from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from .._program import GRADIENT_ROWS, RESULT_ROWS
from .._transforms import _Base, hvp, vjp
from .._travel import by_name

__all__ = ["SparseHessian", "SparseJacobian", "sparse_hessian", "sparse_jacobian"]


def _scipy(what: str) -> Any:
    try:
        return importlib.import_module("scipy.sparse")
    except ImportError as error:
        raise ImportError(f"{what} returns SciPy's sparse matrices: pip install autodiff-core[scipy]") from error


class _Sparse:
    """A function made of another: its sparse matrix."""

    _kind, _rows = "", 0

    def __init__(self, function: Callable[..., Any], argnums: int = 0) -> None:
        if not callable(function):
            raise TypeError(f"{self._kind}() makes a function of a function, but got {type(function).__name__}")
        if type(argnums) is not int or argnums < 0:
            raise TypeError(f"{self._kind}: argnums is the place of one argument, got {argnums!r}")
        functools.update_wrapper(self, function, updated=())
        self.function, self.argnums = function, argnums
        self._made: dict[Any, Any] = {}

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        return by_name(self) or (type(self), (self.function, self.argnums))

    def __repr__(self) -> str:
        return f"{self._kind}({self.function!r}" + (f", argnums={self.argnums})" if self.argnums else ")")

    def __call__(self, *args: Any) -> Any:
        """The matrix, as a scipy.sparse.csr_array.  Raises RuntimeError where the function cannot be recorded."""
        sparse = _scipy(self._kind)
        found = None
        last = self._made.get((None,) * len(args))
        if last is not None:        # lists of floats, mostly, of which nothing need be looked through
            found = self._replayed(last._state, args)
        if found is None:
            compiled, args = self._compiled(args)
            found = self._replayed(compiled._state, args) or self._recorded(compiled, args)
        return sparse.csr_array(found[0], shape=found[1])

    def _replayed(self, state: Any, args: tuple[Any, ...]) -> Any:
        choice = state.choice((self.argnums,))
        for tree in state.trees:
            found = tree.sparse(args, choice, self._rows)
            if found is not None:
                return found
        return None

    def _compiled(self, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        """What is recorded, and the arguments as numbers."""
        if self.argnums >= len(args):
            raise RuntimeError(f"{self._kind}: argnums is {self.argnums}, but there are {len(args)} arguments")
        for value in args:
            if isinstance(value, _Base):
                raise TypeError(f"{self._kind} takes numbers, lists of numbers and arrays, but got "
                                f"{type(value).__name__}: hand its values over, as by x.numpy()")
        shapes = tuple([v.shape if isinstance(v, np.ndarray) and v.dtype.kind in "fiu" else None for v in args])
        place = self.argnums
        args = tuple([v.ravel().astype(float).tolist() if shape is not None else
                      float(v) if i == place and type(v) is int else
                      type(v)(map(float, v)) if type(v) in (list, tuple) and all(type(x) in _NUMBERS for x in v) else v
                      for i, (v, shape) in enumerate(zip(args, shapes, strict=True))])
        made = self._made.get(shapes)
        if made is None:
            made = self._made[shapes] = self._new(shapes)
        return made, args

    def _new(self, shapes: tuple[Any, ...]) -> Any:
        from . import Compiled

        arrays = any(shape is not None for shape in shapes)
        if isinstance(self.function, Compiled) and not arrays:
            return self.function
        function = self.function._state.function if isinstance(self.function, Compiled) else self.function
        made = Compiled(_of_elements(function, shapes) if arrays else function)
        if arrays:          # an array of numbers is an array of objects, on which NumPy calls their own operators
            made._state.lifted = made._state.function
        made._state.quiet = True
        return made

    def _recorded(self, compiled: Any, args: tuple[Any, ...]) -> Any:
        state = compiled._state
        choice = state.choice((self.argnums,))
        if state.reason is None and not state.check:
            compiled(*args)     # which records what is not yet
        if state.check:
            raise RuntimeError(f"{self._kind}: a function that is compiled with check=True is not replayed")
        tree = next((tree for tree in state.trees if tree.fits(args)), None)
        if tree is None:
            raise RuntimeError(f"{self._kind}: {state.name} cannot be recorded as a program of numbers: "
                               f"{state.reason or 'another thread records it'}")
        if not tree.rows(args, choice, (self.argnums,), self._rows):
            raise RuntimeError(f"{self._kind}: {state.name} returns no number" if self._rows == GRADIENT_ROWS and
                               tree.results(args) != 1 else
                               f"{self._kind}: {state.name} computes in float32, or by a row whose derivative is not made of "
                               "rows: take the dense matrix")
        found = tree.sparse(args, choice, self._rows)
        if found is None:
            raise RuntimeError(f"{self._kind}: the pattern of {state.name} has too many elements: take the dense matrix")
        self._check(state, args, found)
        return found

    def _check(self, state: Any, args: tuple[Any, ...], found: Any) -> None:
        """Once for each branch: the product with a vector is that of a run by Python."""
        (data, indices, pointers), (rows, columns) = found
        along = np.random.Generator(np.random.PCG64(0)).standard_normal(rows if self._rows == RESULT_ROWS else columns)
        place = self.argnums
        given = args[place]

        def of_one(value: Any) -> Any:
            return state.plainly(*args[:place], value, *args[place + 1:])

        row = np.repeat(np.arange(rows), np.diff(pointers))
        if self._rows == RESULT_ROWS:
            out, pull = vjp(of_one, given)
            expected = pull(_like(out, iter(along.tolist())))[0]
            product = np.bincount(indices, weights=data * along[row], minlength=columns)
        else:
            expected = hvp(of_one, (given,), (_like(given, iter(along.tolist())),))[1][0]
            product = np.bincount(row, weights=data * along[indices], minlength=rows)
        expected = np.array(_flat(expected), float)
        finite = np.isfinite(expected) & np.isfinite(product)
        scale = max(np.abs(expected[finite]).max(initial=0.0), np.abs(data[np.isfinite(data)]).max(initial=0.0))
        if (np.abs(expected - product)[finite] > 1e-8 * scale).any():
            raise RuntimeError(f"{self._kind}: {state.name} is not the same function twice, so its program has no matrix")


_NUMBERS = (float, int, np.float64)


def _like(tree: Any, numbers: Any) -> Any:
    if isinstance(tree, (list, tuple)):
        return type(tree)([_like(part, numbers) for part in tree])
    return next(numbers)


def _flat(tree: Any) -> list[Any]:
    return [x for part in tree for x in _flat(part)] if isinstance(tree, (list, tuple)) else [tree]


def _of_elements(function: Callable[..., Any], shapes: tuple[Any, ...]) -> Callable[..., Any]:
    """The function of lists in the place of arrays, which it is handed as arrays of objects: one number an element."""
    def of_elements(*args: Any) -> Any:
        made = []
        for value, shape in zip(args, shapes, strict=True):
            if shape is not None:
                array = np.empty(len(value), dtype=object)
                for i, x in enumerate(value):
                    array[i] = x
                value = array.reshape(shape)
            made.append(value)
        result = function(*made)
        return result.ravel().tolist() if isinstance(result, np.ndarray) and result.dtype == object else result

    of_elements.__name__ = of_elements.__qualname__ = getattr(function, "__qualname__", repr(function))
    return of_elements


class SparseJacobian(_Sparse):
    """What sparse_jacobian() makes."""

    _kind, _rows = "sparse_jacobian", RESULT_ROWS


class SparseHessian(_Sparse):
    """What sparse_hessian() makes."""

    _kind, _rows = "sparse_hessian", GRADIENT_ROWS


def sparse_jacobian(function: Callable[..., Any], argnums: int = 0) -> SparseJacobian:
    """The Jacobian of a function of many numbers as a sparse matrix: a scipy.sparse.csr_array, a row for each result.

    argnums: the place of the argument, a list, tuple or array of numbers.  The function is recorded once, as by compile();
    which numbers each result depends on is read off the program, and results that share none are differentiated together.
    What is an array is an array of numbers one by one inside: operators, slices and sums work, whole matrices do not.
    Raises RuntimeError where the function cannot be recorded, with the reason; needs SciPy.

    >>> import autodiff
    >>> autodiff.sparse_jacobian(lambda x: [x[0] * x[1], x[2] ** 2])([2.0, 3.0, 5.0]).toarray()
    array([[ 3.,  2.,  0.],
           [ 0.,  0., 10.]])
    """
    return SparseJacobian(function, argnums)


def sparse_hessian(function: Callable[..., Any], argnums: int = 0) -> SparseHessian:
    """The matrix of second derivatives of a function of many numbers as a sparse matrix: a scipy.sparse.csr_array.

    See sparse_jacobian().  Rows that share no column, or of which each element stands alone in one of two, are computed
    together (star colouring), so that the cost does not grow with the number of rows where each has few elements.

    >>> import autodiff
    >>> autodiff.sparse_hessian(lambda x: x[0] * x[1] + x[2] ** 3)([2.0, 3.0, 5.0]).toarray()
    array([[ 0.,  1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0., 30.]])
    """
    return SparseHessian(function, argnums)
