"""Is a derivative right?  Jacobians by reverse and forward mode, held against central differences."""
from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .. import _variable as _v
from . import forward_ad
from .function import Function

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Inputs: TypeAlias = _v.Base | NDArray[Any] | Sequence[Any]

__all__ = ["GradcheckError", "get_analytical_jacobian", "get_numerical_jacobian", "gradcheck", "gradgradcheck"]

_Base: Any = _v.Tensor.__base__

NOT_REENTRANT = """

NOTE: If func draws random numbers, or sums in an order that changes, this may be expected: call gradcheck or
gradgradcheck with `nondet_tol=<tol>`."""
BATCHED = """gradcheck or gradgradcheck failed while testing batched gradient computation: `autograd.grad` with
`is_grads_batched=True` gives something else than one call for each gradient.  A backward function that looks at values
cannot be batched: call with `check_batched_grad=False`."""
BATCHED_FORWARD = """gradcheck failed while testing batched gradient computation with forward-mode AD: `vmap` over tangents
gives something else than one call for each tangent.  A function that looks at values cannot be batched: call with
`check_batched_forward_grad=False`."""
#: What PyTorch's gradcheck says in place of vmap's own words.
NO_RANDOM = ("vmap: We do not yet support calling random operations inside of vmap. Please perform random operations outside "
             "of vmap as a workaround")
FAST_FAILED = """Fast gradcheck failed but element-wise differences are small. This means that the
test might've passed in slow_mode: call gradcheck or gradgradcheck with `fast_mode=False`."""


#: Attribute and name of the parts of complex numbers, in PyTorch's order.
PARTS = (("imag", "imaginary"), ("real", "real"))


class GradcheckError(RuntimeError):
    """Raised by gradcheck and gradgradcheck where a derivative is wrong."""


class _Undefined(Function):
    """Hands on its operand, and no gradient: what the op below is told when nothing has reached its result."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x) if isinstance(x, _v.Tensor) else x.reshape(x.shape)

    @staticmethod
    def backward(ctx, g):
        return None


def _as_tuple(x):
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def _differentiable(x):
    return isinstance(x, _Base) and x.requires_grad


def _plain(x):
    return x.detach().numpy()


def _like(x, array):
    """A constant of a Variable's flavour."""
    array = np.asarray(array)
    return _v.from_numpy(array) if isinstance(x, _v.Tensor) else _v.as_ndarray(array, None, False)


def _shown(x, array):
    """A Jacobian as Variables of the flavour print, a product with it as a number."""
    if array.ndim == 0:
        return str(array.item())
    return repr(_like(x, np.ascontiguousarray(array)))


def _leaves(inputs):
    """The arguments of func: where none is a Variable, arrays of floats become leaves of the NumPy flavour."""
    inputs = _as_tuple(inputs)
    if any(isinstance(x, _Base) for x in inputs):
        return inputs
    return tuple(_v.as_ndarray(x, None, True).requires_grad_(True) if isinstance(x, np.ndarray) and x.dtype.kind in "fc"
                 else x for x in inputs)


def _outputs(result, like):
    """What func returned, as Variables: plain arrays and numbers are constants."""
    found = []
    for y in _as_tuple(result):
        if not isinstance(y, (_Base, np.ndarray, np.generic, bool, int, float, complex)):
            raise TypeError("gradcheck expects func to return a Tensor, an array or a number, or a tuple of these, but got "
                            f"{type(y).__name__}")
        found.append(y if isinstance(y, _Base) else _like(like, np.array(y)))
    return found


def _overlaps(array):
    """Whether two elements are at one address."""
    offsets = np.zeros(array.shape, np.int64)
    for axis, stride in enumerate(array.strides):
        offsets += stride * np.arange(array.shape[axis]).reshape([-1 if i == axis else 1 for i in range(array.ndim)])
    return np.unique(offsets).size < array.size


def _check_inputs(inputs, warn=True):
    if not any(map(_differentiable, inputs)):
        raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of them have "
                         "requires_grad=True.")
    for number, x in enumerate(inputs):
        if not _differentiable(x):
            continue
        array = x.detach().numpy()
        if warn and array.dtype not in (np.float64, np.complex128):
            warnings.warn(f"Input #{number} requires gradient and is not a double precision floating point or complex. This "
                          "check will likely fail if all the inputs are not of double precision floating point or complex. ",
                          stacklevel=4)
        if array.size and any(stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape, strict=True)):
            what = "a dimension with stride 0"
        elif _overlaps(array):
            what = "elements that share memory"
        elif not array.flags.writeable:
            raise RuntimeError(f"The {number}th input is read-only. gradcheck moves each element of its inputs in place to "
                               "compute the numerical gradients. You should call .clone on the input before passing it to "
                               "gradcheck.")
        else:
            continue
        raise RuntimeError(f"The {number}th input has {what}. gradcheck only supports inputs that are non-overlapping to be "
                           "able to compute the numerical gradients correctly. You should call .contiguous on the input "
                           "before passing it to gradcheck.")


class _Problem:
    """func at inputs, as seen by one check: in reverse or forward mode, perhaps of real or imaginary parts alone."""

    def __init__(self, func, inputs, options, part="", complex_places=()):
        self.func, self.inputs, self.part, self.complex_places = func, inputs, part, complex_places
        self.eps, self.atol, self.rtol = options["eps"], options["atol"], options["rtol"]
        self.nondet_tol, self.check_grad_dtypes = options["nondet_tol"], options["check_grad_dtypes"]
        self.wanted = [i for i, x in enumerate(inputs) if _differentiable(x)]
        self.diff_inputs = [inputs[i] for i in self.wanted]
        self.like = self.diff_inputs[0]
        self.results = self.call()
        #: Places of the outputs that have a derivative; others are constants.
        self.places = [k for k, y in enumerate(self.results) if y.requires_grad]

    def call(self, inputs=None):
        return _outputs(self.func(*(self.inputs if inputs is None else inputs)), self.like)

    # ---- numbers that say nothing of derivatives: central differences

    def central(self, array, step, place=""):
        """(f(x + step) - f(x - step)) / (2 eps) of each output, flat; None for outputs that are no floats."""
        kept, near = array.copy(), []
        try:
            for move in (np.subtract, np.add):
                array[...] = move(kept, step)
                near.append([np.array(_plain(y)) for y in self.call()])
        finally:
            array[...] = kept
        low, high = near
        if len(low) != len(high):
            raise AssertionError("Expected `func` to return the same number of outputs when inputs are perturbed "
                                 f"{place}by {self.eps}, but got: {len(low)} and {len(high)}.")
        for what, names in (("shape", "shapes"), ("dtype", "dtypes")):
            for a, b in zip(low, high, strict=True):
                if getattr(a, what) != getattr(b, what):
                    raise AssertionError(f"Expected `func` to return outputs with the same {what} when inputs are perturbed "
                                         f"{place}by {self.eps}, but got: {names} {getattr(a, what)} and {getattr(b, what)}.")
        return [((b - a) / (2 * self.eps)).ravel() if a.dtype.kind in "fc" else None for a, b in zip(low, high, strict=True)]

    def along(self, array, step, step_of_imaginary, place=""):
        """The derivative of each output along a step; in complex numbers PyTorch's, the conjugate one."""
        found = self.central(array, step * self.eps, place)
        if array.dtype.kind != "c":
            return found
        turned = self.central(array, step_of_imaginary * 1j * self.eps, place)
        return [None if x is None else x + 1j * y for x, y in zip(found, turned, strict=True)]

    def numerical(self, i):
        """The Jacobian of each output in the i-th input, an array (elements of the input, elements of the output)."""
        return self.numerical_in(self.inputs[i])

    def numerical_in(self, x):
        array = x.detach().numpy()
        columns = [self.along(array[(*index, ...)], 1.0, 1.0, f"on index {index} ") for index in np.ndindex(*array.shape)]
        if not columns:
            return [np.zeros((0, y.numel())) for y in self.results]
        return [None if column[0] is None else np.stack(column) for column in zip(*columns, strict=True)]

    # ---- reverse mode

    def vjps(self, output, cotangents):
        """For each input an array (elements of the input, cotangents)."""
        found = [np.zeros((x.numel(), len(cotangents)), _plain(x).dtype) for x in self.diff_inputs]
        for k, cotangent in enumerate(cotangents):
            gradients = _v.run_backward((output,), (_like(output, cotangent),), True, False, tuple(self.diff_inputs), False,
                                        True, "grad", False)
            for x, g, columns in zip(self.diff_inputs, gradients, found, strict=True):
                if g is None:
                    continue
                if self.check_grad_dtypes and g.dtype != x.dtype:
                    raise GradcheckError("Gradient has dtype mismatch")
                columns[:, k] = _plain(g).ravel()
        return found

    def reverse(self, output, cotangents):
        """The VJPs of an output, computed twice to see that nothing changes meanwhile."""
        first, second = self.vjps(output, cotangents), self.vjps(output, cotangents)
        for a, b in zip(first, second, strict=True):
            with np.errstate(invalid="ignore"):
                if a.size and np.abs(a - b).max() > self.nondet_tol:
                    raise GradcheckError(
                        "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
                        "gives different values, although analytical gradient matches numerical gradient. The tolerance "
                        f"for nondeterminism was {self.nondet_tol}.{NOT_REENTRANT}")
        return first

    def reverse_jacobian(self, place):
        output = self.results[place]
        array = _plain(output)
        basis = np.eye(array.size, dtype=array.dtype).reshape(array.size, *array.shape)
        return self.reverse(output, basis)

    # ---- forward mode

    def duals(self, tangents):
        """The arguments, with tangents (arrays by place) on those that want a derivative."""
        return [forward_ad.make_dual(x.detach(), _like(x, tangents[i])) if i in self.wanted else x
                for i, x in enumerate(self.inputs)]

    def zeros(self):
        return {i: np.zeros_like(_plain(self.inputs[i])) for i in self.wanted}

    def forward(self, i, directions):
        """For each output an array (directions, elements of the output)."""
        same = [k for k in self.wanted if self.inputs[k] is self.inputs[i]]     # as when its elements are moved
        columns = []
        for direction in directions:
            row = []
            for y in self.call(self.duals(self.zeros() | dict.fromkeys(same, direction))):
                value, tangent = forward_ad.unpack_dual(y)
                if self.check_grad_dtypes and tangent is not None and value.is_complex() != tangent.is_complex():
                    raise GradcheckError("Forward AD gradient has dtype mismatch.")
                row.append(np.zeros(y.numel(), _plain(y).dtype) if tangent is None else _plain(tangent).ravel())
            columns.append(row)
        if not columns:
            return [np.zeros((0, y.numel())) for y in self.results]
        return [np.stack(column) for column in zip(*columns, strict=True)]

    def forward_jacobian(self, i):
        array = _plain(self.inputs[i])
        with forward_ad.dual_level():
            return self.forward(i, np.eye(array.size, dtype=array.dtype).reshape(array.size, *array.shape))

    # ---- the two against each other

    def mismatch(self, j, n, analytical, numerical, forward):
        """The words for two Jacobians, or products with them, that differ; j and n count what has a derivative."""
        which, count = ("inputs", n) if forward else ("outputs", j)
        prefix = (f"While considering the {self.part} part of complex {which} only, "
                  if self.part and count in self.complex_places else "")
        mode = "computed with forward mode " if forward else ""
        return (f"{prefix}Jacobian {mode}mismatch for output {j} with respect to input {n},\n"
                f"numerical:{_shown(self.like, numerical)}\nanalytical:{_shown(self.like, analytical)}\n")

    def close(self, analytical, numerical, atol):
        return np.allclose(analytical, numerical, rtol=self.rtol, atol=atol)

    def constant(self):
        """No output has a derivative: then none may depend on the inputs."""
        for i in self.wanted:
            for jacobian in self.numerical(i):
                if jacobian is not None and np.any(jacobian != 0):
                    raise GradcheckError("Numerical gradient for function expected to be zero")

    def slow(self, forward):
        if not self.places:
            self.constant()
            return
        numerical = [self.numerical(i) for i in self.wanted]
        if forward:
            by_input = [self.forward_jacobian(i) for i in self.wanted]
            analytical = [[columns[place] for columns in by_input] for place in self.places]
        for j, place in enumerate(self.places):
            found = analytical[j] if forward else self.reverse_jacobian(place)
            for n, a in enumerate(found):
                if not self.close(a, numerical[n][place], self.atol):
                    raise GradcheckError(self.mismatch(j, n, a, numerical[n][place], forward))

    def fast(self, forward):
        """v @ J @ u for random u and v (J @ u in forward mode) in place of J."""
        if not self.places:
            self.constant()
            return
        random = np.random.default_rng(0)
        steps = {i: (_direction(random, self.inputs[i]), _direction(random, self.inputs[i])) for i in self.wanted}
        weights = [np.ones(1) if forward else _direction(random, self.results[k]).ravel() for k in self.places]
        numerical = {i: self.along(self.inputs[i].detach().numpy(), *steps[i]) for i in self.wanted}
        if forward:
            with forward_ad.dual_level():
                tangents = {i: self.forward(i, [steps[i][0].astype(_plain(self.inputs[i]).dtype)]) for i in self.wanted}
        for j, (place, v) in enumerate(zip(self.places, weights, strict=True)):
            if not forward:
                output = self.results[place]
                pulled = self.reverse(output, [v.reshape(output.shape).astype(_plain(output).dtype)])
            for n, i in enumerate(self.wanted):
                u = steps[i]
                moved = numerical[i][place]
                if forward:
                    a, b = tangents[i][place][0], moved
                elif self.inputs[i].is_complex():
                    row = pulled[n].ravel()
                    a, b = np.asarray(row.real @ u[0].ravel() + 1j * (row.imag @ u[1].ravel())), np.asarray(v @ moved)
                else:
                    a, b = np.asarray(pulled[n].ravel() @ u[0].ravel()), np.asarray(v @ moved)
                # as many elements of J as went into the sum may each be off by atol
                size = u[0].sum() + (u[1].sum() if self.inputs[i].is_complex() else 0.0)
                if not self.close(a, b, self.atol * size * v.sum()):
                    raise GradcheckError(self.mismatch(j, n, a, b, forward) + self.again_slowly(i, n, place, forward))

    def again_slowly(self, i, n, place, forward):
        """The Jacobians that the fast mode did not compute, for its message."""
        numerical = self.numerical(i)[place]
        self.nondet_tol = float("inf")
        analytical = self.forward_jacobian(i)[place] if forward else self.reverse_jacobian(place)[n]
        text = ("\nThe above quantities relating the numerical and analytical jacobians are computed \nin fast mode, which "
                "multiplies them with random vectors. Below, we recompute numerical and analytical jacobians in slow mode:\n\n"
                f"Numerical:\n {_shown(self.like, numerical)}\nAnalytical:\n{_shown(self.like, analytical)}\n\n"
                f"The max per-element difference (slow mode) is: {np.abs(numerical - analytical).max()}.\n")
        return text + FAST_FAILED if self.close(analytical, numerical, self.atol) else text

    # ---- what else a derivative must bear

    def batched(self):
        """Several cotangents at once against one after the other."""
        random = np.random.default_rng(0)
        for j, place in enumerate(self.places):
            output = self.results[place]
            cotangents = [_normal(random, output) for _ in range(2)]
            expected = self.vjps(output, cotangents)
            from . import grad

            try:
                found = grad(output, self.diff_inputs, _like(output, np.stack(cotangents)), retain_graph=True,
                             allow_unused=True, is_grads_batched=True)
            except RuntimeError as error:
                raise GradcheckError(f"While computing batched gradients, got: {_said(error)}\n\n{BATCHED}") from error
            for n, (got, columns) in enumerate(zip(found, expected, strict=True)):
                rows = np.zeros_like(columns.T) if got is None else _plain(got).reshape(2, -1)
                if not np.allclose(rows, columns.T, rtol=1e-5, atol=1e-8):
                    raise GradcheckError(_batched_words(j, n, BATCHED, self.like, rows, columns.T))

    def batched_forward(self):
        """Several tangents at once against one after the other."""
        vmap = getattr(sys.modules[__package__.partition(".")[0]], "vmap", None)
        if vmap is None:
            raise NotImplementedError("check_batched_forward_grad needs autodiff.vmap, which there is not yet: leave it False")
        random = np.random.default_rng(0)
        for n, i in enumerate(self.wanted):
            def jvp(tangent, i=i):
                with forward_ad.dual_level():
                    arguments = [x.detach() if k in self.wanted else x for k, x in enumerate(self.inputs)]
                    arguments[i] = forward_ad.make_dual(arguments[i], tangent)
                    pairs = [forward_ad.unpack_dual(y) for y in self.call(arguments) if y.is_floating_point() or y.is_complex()]
                    return tuple(_like(value, np.zeros_like(_plain(value))) if tangent is None else tangent
                                 for value, tangent in pairs)

            x = self.inputs[i]
            tangents = [_normal(random, x) for _ in range(2)]
            expected = [np.stack([_plain(t) for t in column])
                        for column in zip(*(jvp(_like(x, tangent)) for tangent in tangents), strict=True)]
            try:
                found = vmap(jvp)(_like(x, np.stack(tangents)))
            except RuntimeError as error:
                raise GradcheckError(f"While computing batched gradients, got: {_said(error)}\n\n{BATCHED_FORWARD}") from error
            for j, (got, rows) in enumerate(zip(found, expected, strict=True)):
                if not np.allclose(_plain(got), rows, rtol=1e-5, atol=1e-8):
                    raise GradcheckError(_batched_words(j, n, BATCHED_FORWARD, self.like, _plain(got), rows))

    def homogeneous(self, masked):
        """A cotangent of zeros has a gradient of zeros."""
        outputs = [self.results[k] for k in self.places]
        zeros = tuple(_like(y, np.zeros_like(_plain(y))) for y in outputs)
        for x, g in zip(self.diff_inputs, _gradients(outputs, zeros, self.diff_inputs), strict=True):
            if g is None:
                continue
            if not (np.allclose(_plain(g), 0) if masked else (_plain(g) == 0).all()):
                raise GradcheckError("backward not multiplied by grad_output")
            if g.dtype != x.dtype:
                raise GradcheckError("grad is incorrect type")

    def undefined(self):
        """Where nothing reaches an output, its op is told so, and what it returns must be zeros, or nothing."""
        for alone in [None, *range(len(self.places) if len(self.places) > 1 else 0)]:
            outputs = [y for y in self.call() if y.requires_grad]
            outputs = [_Undefined.apply(y) if alone in (None, k) else y for k, y in enumerate(outputs)]
            zeros = tuple(_like(y, np.zeros_like(_plain(y))) for y in outputs)
            try:
                gradients = _gradients(outputs, zeros, self.diff_inputs)
            except (RuntimeError, TypeError, ValueError, AttributeError) as error:
                _warn_of_undefined()
                raise GradcheckError("Expected backward function to handle undefined output grads: after "
                                     "ctx.set_materialize_grads(False) a gradient that nothing has reached is None."
                                     ) from error
            if any(g is not None and not (_plain(g) == 0).all() for g in gradients):
                _warn_of_undefined()
                raise GradcheckError("Expected all input grads to be undefined or zero when all output grads are undefined or "
                                     "zero.")

    def undefined_forward(self):
        """An input without a tangent is one with a tangent of zeros."""
        random = np.random.default_rng(0)
        tangents = {i: _direction(random, self.inputs[i]).astype(_plain(self.inputs[i]).dtype) for i in self.wanted}
        with forward_ad.dual_level():
            for i in self.wanted:
                arguments = self.duals(tangents | {i: np.zeros_like(tangents[i])})
                with_zeros = self.call(arguments)
                arguments = self.duals(tangents)
                arguments[i] = self.inputs[i].detach()
                for j, (a, b) in enumerate(zip(with_zeros, self.call(arguments), strict=True)):
                    (_, expected), (_, got) = forward_ad.unpack_dual(a), forward_ad.unpack_dual(b)
                    if expected is None or got is None:
                        continue
                    if not np.allclose(_plain(got), _plain(expected)):
                        raise GradcheckError(
                            f"Mismatch in tangent values for output with index: {j} when input: {self.inputs[i].detach()} has "
                            f"an undefined tangent value.  Got: {got} but expected: {expected}")


def _said(error):
    return NO_RANDOM if str(error).startswith("vmap: called random operation") else error


def _gradients(outputs, cotangents, inputs):
    return _v.run_backward(tuple(outputs), cotangents, None, False, tuple(inputs), False, True, "grad", False)


def _direction(random, x):
    """Random numbers of a shape, none negative so that no sum cancels, of norm 1."""
    vector = np.asarray(random.random(_plain(x).shape))
    return vector / np.linalg.norm(vector) if vector.size else vector


def _normal(random, x):
    values = np.asarray(random.standard_normal(_plain(x).shape))
    if _plain(x).dtype.kind == "c":
        values = values + 1j * random.standard_normal(_plain(x).shape)
    return values.astype(_plain(x).dtype)


def _batched_words(j, n, words, like, got, expected):
    return (f"For output {j} and input {n}:\n\n{words}\n\nGot:\n{_shown(like, got)}\n\nExpected:\n"
            f"{_shown(like, expected)}")


def _warn_of_undefined():
    warnings.warn("Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may "
                  "break existing callers of this function. If this is true for you, you can call this function with "
                  '"check_undefined_grad=False" to disable the feature', stacklevel=5)


def _part_of_outputs(func, part):
    """The real or imaginary part of each complex output."""
    def one(*inputs):
        return tuple(getattr(y, part) if isinstance(y, _Base) and y.is_complex() else y for y in _as_tuple(func(*inputs)))
    return one


def _part_of_inputs(func, inputs, part, places):
    """func of the real or imaginary parts of complex inputs, the other parts held where they are."""
    def one(*parts):
        whole = list(parts)
        for i in places:
            held = _plain(inputs[i])
            whole[i] = (whole[i] + _like(inputs[i], held.imag * 1j) if part == "real" else
                        whole[i] * 1j + _like(inputs[i], held.real.astype(held.dtype)))
        return func(*whole)

    taken = []
    for i, x in enumerate(inputs):
        if i in places:
            wanted, x = x.requires_grad, _like(x, np.array(getattr(_plain(x), part[:4])))
            x.requires_grad_(wanted)
        taken.append(x)
    return one, tuple(taken)


def _by_output_parts(problem, options):
    """The problem itself, or where there are complex outputs, their imaginary and their real parts."""
    if not any(y.is_complex() for y in problem.results):
        return [problem]
    places = [j for j, k in enumerate(problem.places) if problem.results[k].is_complex()]
    return [_Problem(_part_of_outputs(problem.func, part), problem.inputs, options, name, places) for part, name in PARTS]


def _by_input_parts(problem, options):
    """The same for inputs, in whose parts forward mode goes."""
    complex_inputs = [i for i, x in enumerate(problem.inputs) if isinstance(x, _Base) and x.is_complex()]
    if not complex_inputs:
        return [problem]
    places = [n for n, i in enumerate(problem.wanted) if i in complex_inputs]
    return [_Problem(*_part_of_inputs(problem.func, problem.inputs, part, complex_inputs), options, name, places)
            for part, name in PARTS]


def agrees(func, inputs, *, eps, atol, rtol, reverse, forward):
    """The Jacobians of func alone, in products with random vectors: GradcheckError unless they are those of differences."""
    options = {"eps": eps, "atol": atol, "rtol": rtol, "nondet_tol": float("inf"), "check_grad_dtypes": False}
    _check_inputs(inputs, warn=False)
    problem = _Problem(func, inputs, options)
    for one in _by_output_parts(problem, options) if reverse else ():
        one.fast(False)
    for one in _by_input_parts(problem, options) if forward else ():
        one.fast(True)


def _check(func, inputs, **options):
    inputs = _leaves(inputs)
    _check_inputs(inputs)
    problem = _Problem(func, inputs, options)
    how = _Problem.fast if options["fast_mode"] else _Problem.slow
    if options["check_backward_ad"]:
        for one in _by_output_parts(problem, options):
            how(one, False)
    if options["check_forward_ad"]:
        forward = _by_input_parts(problem, options)
        for one in forward:
            how(one, True)
        for one in forward if options["check_undefined_grad"] else ():
            one.undefined_forward()
    if options["check_batched_forward_grad"]:
        problem.batched_forward()
    if not options["check_backward_ad"] or not problem.places:
        return True
    if options["check_batched_grad"]:
        problem.batched()
    problem.homogeneous(options["masked"])
    if options["check_undefined_grad"]:
        problem.undefined()
    return True


def _deprecated(name):
    warnings.warn(f"`{name}` was part of PyTorch's private API and not meant to be exposed: use gradcheck(), or "
                  "autograd.functional.jacobian()", FutureWarning, stacklevel=3)


def get_numerical_jacobian(
    fn: Callable[..., Any], inputs: _Inputs, target: _Inputs | None = None, eps: float = 1e-3, grad_out: float = 1.0,
) -> tuple[Any, ...]:
    """The Jacobian of the first output of fn in each input by central differences.  Deprecated, as in PyTorch.

    fn: takes the tuple of inputs as one argument.  inputs: Variables.  target: those to be differentiated in, one or several,
    which are moved in place and put back (default: inputs).  eps: the step.  Returns a tuple with a matrix for each, rows for
    elements of the input.  Warns with FutureWarning; raises ValueError for grad_out other than 1.

    >>> import autodiff, warnings
    >>> from autodiff.autograd.gradcheck import get_numerical_jacobian
    >>> x = autodiff.tensor([1.0, 2.0], dtype=autodiff.float64, requires_grad=True)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     jacobian, = get_numerical_jacobian(lambda inputs: inputs[0] * 3, (x,))
    >>> autodiff.testing.assert_allclose(jacobian, [[3.0, 0.0], [0.0, 3.0]])
    """
    _deprecated("get_numerical_jacobian")
    if grad_out != 1.0:
        raise ValueError("Expected grad_out to be 1.0. get_numerical_jacobian no longer supports values of grad_out != 1.0.")
    inputs = _as_tuple(inputs)
    targets = tuple(filter(_differentiable, _as_tuple(inputs if target is None else target)))
    options = {"eps": eps, "atol": 0.0, "rtol": 0.0, "nondet_tol": 0.0, "check_grad_dtypes": False}
    _check_inputs(targets, warn=False)
    problem = _Problem(lambda *moved: fn(inputs), targets, options)     # moved in place, wherever fn finds them
    return tuple(_like(x, problem.numerical_in(x)[0]) for x in targets)


def get_analytical_jacobian(
    inputs: _Inputs, output: _v.Base, nondet_tol: float = 0.0, grad_out: float = 1.0,
) -> tuple[tuple[Any, ...], bool, bool, bool]:
    """The Jacobian of output in each input by backward passes.  Deprecated, as in PyTorch.

    inputs: Variables, of which those that require grad are differentiated in; output: computed of them.  Returns (Jacobians, a
    matrix for each with rows for elements of the input; whether a second pass gave the same within nondet_tol; whether
    gradients were of the inputs' shapes; of their dtypes).  Warns with FutureWarning; raises ValueError for grad_out other
    than 1 and for a complex output.

    >>> import autodiff, warnings
    >>> from autodiff.autograd.gradcheck import get_analytical_jacobian
    >>> x = autodiff.tensor([1.0, 2.0], dtype=autodiff.float64, requires_grad=True)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     get_analytical_jacobian((x,), x * 3)[1:]
    (True, True, True)
    """
    _deprecated("get_analytical_jacobian")
    if grad_out != 1.0:
        raise ValueError("Expected grad_out to be 1.0. get_analytical_jacobian no longer supports values of grad_out != 1.0.")
    if output.is_complex():
        raise ValueError("Expected output to be non-complex. get_analytical_jacobian no longer supports functions that return "
                         "complex outputs.")
    wanted = list(filter(_differentiable, _as_tuple(inputs)))
    _check_inputs(wanted, warn=False)
    shape, count, dtype = tuple(output.shape), output.numel(), _plain(output).dtype
    twice, of_shape, of_dtype = [], True, True
    for _ in range(2):
        found = [np.zeros((x.numel(), count), _plain(x).dtype) for x in wanted]
        for k, cotangent in enumerate(np.eye(count, dtype=dtype).reshape(count, *shape)):
            gradients = _v.run_backward((output,), (_like(output, cotangent),), True, False, tuple(wanted), False, True, "grad",
                                        False)
            for x, g, columns in zip(wanted, gradients, found, strict=True):
                if g is not None:
                    of_shape, of_dtype = of_shape and g.shape == x.shape, of_dtype and g.dtype == x.dtype
                    columns[:, k] = _plain(g).ravel()
        twice.append(found)
    same = all(np.abs(a - b).max(initial=0.0) <= nondet_tol for a, b in zip(*twice, strict=True))
    return tuple(_like(x, jacobian) for x, jacobian in zip(wanted, twice[0], strict=True)), same, of_shape, of_dtype


def _needs(option, other, options):
    if options[option] and not options[other]:
        raise AssertionError(f"Setting {option}=True requires {other} to be True")


def gradcheck(
    func: Callable[..., Any],
    inputs: _Inputs,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the derivatives of func at inputs are those that central differences show: True, or GradcheckError.

    func: takes the inputs, returns a Variable or a tuple of them.  inputs: one argument, or a tuple or list of them; those
    Variables that require grad are differentiated (float64 or complex128, any shape; their elements are moved in place and
    put back), all else is handed on as it is.  Where no argument is a Variable, arrays of floats become leaves of the NumPy
    flavour, so that plain functions of arrays are checked as they stand.  eps: the step; atol, rtol: how near the two
    Jacobians must be; nondet_tol: how near two passes must be to each other.  fast_mode: products of the Jacobians with
    random vectors instead, two calls of func for each input.  check_forward_ad, check_backward_ad: which modes;
    check_batched_grad, check_batched_forward_grad: several gradients at once; check_undefined_grad: gradients that nothing
    has reached are zeros; check_grad_dtypes: of the input's dtype.  raise_exception=False: False in place of GradcheckError.

    Of complex outputs the real and the imaginary part are checked one after the other, as in PyTorch.  Raises
    GradcheckError, whose message shows both Jacobians, rows for elements of the input; ValueError where no input requires
    grad; RuntimeError for inputs whose elements share memory or are read-only; AssertionError for outputs whose shape or
    dtype depends on values.  Warns of inputs that are not of double precision.
    As https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html

    >>> import autodiff
    >>> x = autodiff.tensor([0.5, 2.0], requires_grad=True)
    >>> autodiff.autograd.gradcheck(lambda x: x.sin() * x, (x,))
    True
    >>> autodiff.autograd.gradcheck(lambda x: x.detach() * x, (x,), raise_exception=False)
    False
    """
    options = locals()
    raise_exception = options.pop("raise_exception")
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    _needs("check_batched_grad", "check_backward_ad", options)
    _needs("check_batched_forward_grad", "check_forward_ad", options)
    try:
        return _check(**options)
    except GradcheckError:
        if raise_exception:
            raise
        return False


# `except autograd.gradcheck.GradcheckError` finds it, too, where the name of this module is the function.
setattr(gradcheck, "GradcheckError", GradcheckError)    # noqa: B010


def cotangents_for(func, inputs, apart=False):
    """Random leaves in the shapes of the outputs that have a derivative; with gaps in memory, if apart."""
    random = np.random.default_rng(0)
    like = next((x for x in inputs if _differentiable(x)), None)
    found = []
    for y in filter(_differentiable, () if like is None else _outputs(func(*inputs), like)):
        array = _plain(y)
        values = random.uniform(-1, 1, (*array.shape[:-1], 2 * array.shape[-1]) if apart and array.ndim else array.shape)
        if y.is_complex():
            values = values + 1j * random.uniform(-1, 1, np.shape(values))
        values = np.asarray(values).astype(array.dtype)
        values = values[..., ::2] if apart and array.ndim else values
        found.append(_like(y, values).requires_grad_(True))
    return tuple(found)


def gradients_of(func, inputs, cotangents):
    """The function of inputs and cotangents that gives the gradients of func, recorded."""
    count = len(inputs)
    wanted = [i for i, x in enumerate((*inputs, *cotangents)) if _differentiable(x)]

    def gradients(*arguments):
        # forward mode hands over detached values
        arguments = [x.requires_grad_() if i in wanted else x for i, x in enumerate(arguments)]
        outputs = [y for y in _as_tuple(func(*arguments[:count])) if _differentiable(y)]
        found = _v.run_backward(tuple(outputs), tuple(arguments[count:]), None, True,
                                tuple(arguments[i] for i in wanted if i < count), False, True, "grad", False)
        return tuple(g for g in found if g is not None)

    return gradients


def gradgradcheck(
    func: Callable[..., Any],
    inputs: _Inputs,
    grad_outputs: _Inputs | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the second derivatives of func at inputs are right: gradcheck of its gradients.

    func, inputs and options as for gradcheck.  grad_outputs: the cotangent of each output that has a derivative; they are
    differentiated in, too, where they require grad.  Without it random ones are made, with gaps in memory if
    gen_non_contig_grad_outputs.  check_rev_over_rev: by a pass through the recorded pass; check_fwd_over_rev: by forward mode
    through it.  Raises what gradcheck raises, and ValueError where no output of func requires grad.
    As https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html

    >>> import autodiff
    >>> x = autodiff.tensor([0.5, 2.0], requires_grad=True)
    >>> autodiff.autograd.gradgradcheck(lambda x: x.sin() * x, (x,))
    True
    """
    options = locals()
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    _needs("check_undefined_grad", "check_rev_over_rev", options)
    _needs("check_batched_grad", "check_rev_over_rev", options)
    plain = not any(isinstance(x, _Base) for x in _as_tuple(inputs))
    inputs = _leaves(inputs)
    if grad_outputs is None:
        cotangents = cotangents_for(func, inputs, gen_non_contig_grad_outputs)
        if not cotangents and any(map(_differentiable, inputs)):
            raise ValueError("gradgradcheck expects at least one output of func to require gradient, but none of them have "
                             "requires_grad=True.")
    else:
        cotangents = _leaves(grad_outputs) if plain else _as_tuple(grad_outputs)
    return gradcheck(gradients_of(func, inputs, cotangents), (*inputs, *cotangents), eps=eps, atol=atol, rtol=rtol,
                     raise_exception=raise_exception, nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad,
                     check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad, fast_mode=fast_mode,
                     check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev, masked=masked)
