"""What NumPy and SciPy are answered that ask a Variable for its values, where these would leave the graph.

NumPy's functions dispatch on Variables.  What asks for values all the same cannot dispatch: np.array and np.asarray, writes
into plain arrays, methods of plain arrays, most of SciPy.  The error names the function that was called, if the stack tells,
what to use for it, and the line of the program.  Imported when the first such error is raised.
"""
from __future__ import annotations

import copy
import linecache
import os
import re
import sys
from _thread import _local
from types import FunctionType
from typing import Any

import numpy as np

_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
#: Packages through which a program reaches a Variable; what they ask for they ask for the program's sake.
LIBRARIES = ("numpy", "scipy", "pandas", "xarray", "sklearn")
#: NumPy's functions that dispatch on no Variable, and are functions of `autodiff.numpy`.
MIRRORED = {"array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "asarray_chkfinite", "full", "arange",
            "fromiter", "fromfunction", "vectorize", "frompyfunc", "nditer", "ndenumerate", "broadcast", "poly1d"}
#: What to use for a function of SciPy's, where it is no function of that name of ours.
SCIPY = {"linalg.norm": "norm", "linalg.expm": "linalg.matrix_exp", "integrate.cumulative_trapezoid": "cumulative_trapezoid"}
#: What to write for a function of SciPy's that asks for values and has no replacement of one name.
FORMULAS = {
    "special.factorial": "scipy.special.gamma(n + 1)", "special.comb": "scipy.special.binom(N, k)",
    "special.perm": "scipy.special.poch(N - k + 1, k)", "special.diric": "np.sin(n * x / 2) / (n * np.sin(x / 2))",
    "special.spherical_jn": "np.sqrt(np.pi / (2 * z)) * scipy.special.jv(n + 0.5, z)",
    "special.spherical_yn": "np.sqrt(np.pi / (2 * z)) * scipy.special.yv(n + 0.5, z)",
    "special.spherical_in": "np.sqrt(np.pi / (2 * z)) * scipy.special.iv(n + 0.5, z)",
    "special.spherical_kn": "np.sqrt(np.pi / (2 * z)) * scipy.special.kv(n + 0.5, z)",
    "special.legendre_p": "scipy.special.eval_legendre(n, z)",
}
#: Questions whose answer is one bool, a dtype or a number of elements: there is no gradient to lose.
QUESTIONS = frozenset({np.array_equal, np.array_equiv, np.allclose, np.size, np.iscomplexobj, np.isrealobj, np.result_type,
                       np.common_type, np.can_cast, np.min_scalar_type, np.may_share_memory, np.shares_memory})

#: How often values were refused in this thread, and by which type of error: NumPy swallows errors in places.
refused = _local()


def _public(name: str) -> Any:
    found: Any = sys.modules.get("autodiff")
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def replacement(name: str) -> str | None:
    """What to use for a function of NumPy or SciPy, given by its full name; None where there is nothing yet.

    >>> replacement("np.vectorize"), replacement("scipy.special.psi"), replacement("scipy.linalg.expm")
    ('autodiff.numpy.vectorize', 'autodiff.digamma', 'autodiff.linalg.matrix_exp')
    >>> replacement("scipy.linalg.inv"), replacement("scipy.linalg.sqrtm")
    ('autodiff.linalg.inv', None)
    """
    package, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    if package == "np":
        return f"autodiff.numpy.{rest}" if rest in MIRRORED or first in ("polynomial", "testing") else None
    if package != "scipy":
        return None
    from . import rules

    if rest in FORMULAS:
        return FORMULAS[rest]
    own: str | None = SCIPY.get(rest)
    if own is None:
        own = next((rule.path for rule in rules.RULES for answer in rule.answers
                    if name in answer.functions and rule.function), None)
    if own is None and first in ("linalg", "special"):
        # special.softmax is softmax, and linalg.inv no inv.
        paths = (rest, rest.rpartition(".")[2]) if first == "linalg" else (rest.rpartition(".")[2], rest)
        own = next((path for path in paths if callable(_public(path))), None)
    if own is None and first == "fft":
        own = rest
    return f"autodiff.{own}" if own is not None and callable(_public(own)) else None


def name_of(function: Any, method: str = "__call__") -> str:
    """How a program calls a function of NumPy, or a ufunc of any package.

    >>> name_of(np.linalg.norm), name_of(np.add, "reduce")
    ('np.linalg.norm', 'np.add.reduce')
    """
    name = function.__name__
    if not isinstance(function, np.ufunc):
        return f"{_short(function.__module__ or 'numpy')}.{name}"
    if name.endswith(" (vectorized)"):
        return f"what np.frompyfunc makes of {name.removesuffix(' (vectorized)')}()"
    if getattr(np, name, None) is not function:
        special = sys.modules.get("scipy.special")
        name = f"scipy.special.{name}" if getattr(special, name, None) is function else name
    else:
        name = f"np.{name}"
    return name if method == "__call__" else f"{name}.{method}"


def _short(module: str) -> str:
    return "np" + module[len("numpy"):] if module.partition(".")[0] == "numpy" else module


def _calling() -> str | None:
    """The function of a library that a program called, if the innermost frames are theirs."""
    found = within = None
    frame = sys._getframe()
    while frame is not None and frame.f_globals is globals():
        frame = frame.f_back                                        # type: ignore[assignment]
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in LIBRARIES:
        code = frame.f_code
        names = [(frame.f_globals["__name__"], getattr(code, "co_qualname", code.co_name).removesuffix(".__call__"))]
        # A decorator's wrapper may ask before the function of that name runs; that is one of its free variables.
        wrapped = [frame.f_locals.get(name) for name in code.co_freevars]
        names += [(one.__module__, one.__name__) for one in wrapped if isinstance(one, FunctionType)]
        found = next(filter(None, (_public_name(*name) for name in names)), found)
        if names[0][0].startswith("scipy.sparse."):
            within = "scipy.sparse"     # an operator, which has no name to call it by
        frame = frame.f_back                                        # type: ignore[assignment]
    return found or within


def _public_name(module: str, name: str) -> str | None:
    """Where a program finds a function (or a method, by its class) of a package, or None."""
    parts = module.split(".")
    if name.startswith("_") or "<" in name or "._" in name:
        return None
    for length in (*range(2, len(parts) + 1), 1):
        public = ".".join(parts[:length])
        if "._" not in public and callable(getattr(sys.modules.get(public), name.partition(".")[0], None)):
            return f"{_short(public)}.{name}"
    return None


def line_of_program() -> str:
    """Where the program is that called NumPy, SciPy or autodiff, in brackets; nothing if there is no file of it."""
    frame: Any = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("autodiff", *LIBRARIES):
        frame = frame.f_back
    if frame is None or not os.path.exists(frame.f_code.co_filename):
        return ""
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return f" ({os.path.basename(frame.f_code.co_filename)}, line {frame.f_lineno}: `{text}`)"


def of_program(frame: Any) -> bool:
    """Whether a frame is a program's, not autodiff's or a library's: by its file, since examples run in our modules' names."""
    return not frame.f_code.co_filename.startswith((_FOLDER, copy.__file__)) and \
        frame.f_globals.get("__name__", "").partition(".")[0] not in LIBRARIES


def place() -> tuple[str, int, str] | None:
    """(file, line, function) of the program that called NumPy, SciPy or autodiff; None where nothing but these is running."""
    frame: Any = sys._getframe()
    while frame is not None and not of_program(frame):
        frame = frame.f_back
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def line_text(where: tuple[str, int, str], always: bool = False) -> str:
    """How a line of a program is named: file, line and what is written there; nothing if that cannot be read, but always.

    >>> line_text(("gone.py", 3, "f"), always=True)
    'gone.py, line 3'
    """
    text = linecache.getline(where[0], where[1]).strip()
    name = where[0] if where[0].startswith("<") else os.path.basename(where[0])
    if not text:
        return f"{name}, line {where[1]}" if always else ""
    return f"{name}, line {where[1]}: `{text}`"


def _way(name: str) -> str:
    if name.startswith("what np.frompyfunc"):
        return "Use autodiff.numpy.frompyfunc instead, or decorate the function with @autodiff.lift"
    other = replacement(name)
    if other is not None:
        return f"Use {other} instead" + (", or decorate the function with @autodiff.lift" if name.startswith("np.") else "")
    if name == "scipy.sparse":
        return "Use A.toarray() @ x instead"
    if name.startswith("pandas."):
        return "Hand NumPy's functions df.to_numpy() instead: pandas computes with values of its own"
    return f"autodiff has nothing in the place of {name} yet: write it with functions of NumPy"


def _ends_there(numpy_flavour: bool) -> str:
    return f"{'array' if numpy_flavour else 'tensor'}.detach().numpy() gives the values alone: the gradient ends there."


def lost_by(name: str, numpy_flavour: bool) -> str:
    """The words for a function that would compute on values alone."""
    kind = "an array" if numpy_flavour else "a Tensor"
    return f"{name} would lose the gradient of {kind} that requires grad. {_way(name)}. {_ends_there(numpy_flavour)}"


def no_numpy(numpy_flavour: bool, dual: bool = False, by_program: bool = False) -> str:
    """The words where values are asked for, by numpy() or by NumPy, which does not say for which of its functions.

    dual: what would be lost is a tangent of forward mode.  by_program: the program itself called numpy().
    """
    text = ("Can't call numpy() on an array that requires grad. " + _ends_there(True) if numpy_flavour else
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead. The gradient ends there.")
    if dual:
        text = text.replace("requires grad", "carries a tangent").replace("gradient", "derivative")
    if by_program:
        return text
    name = _calling()
    if name is not None:
        first, _, rest = name.removeprefix("np.").partition(".")
        if name.startswith("np.") and first not in ("matrix", "asmatrix") and (not rest or first in ("linalg", "fft")):
            # It dispatches on Variables, but not on those in lists and arrays of objects, which that of the mirror sees.
            way = f"Use autodiff.numpy.{name[3:]} instead, or decorate the function with @autodiff.lift"
        else:
            way = _way(name)
        return f"{text} {name} asked for the values{line_of_program()}. {way}."
    return (f"{text} NumPy asked for the values{line_of_program()}, as np.asarray(x), out[i] = x and arr.dot(x) of a plain "
            "array do. To keep the gradient write arr @ x for arr.dot(x), make arrays by autodiff.numpy, or decorate the "
            "function with @autodiff.lift.")


#: Functions of math that NumPy has by another name.
_OF_MATH = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh",
            "atanh": "arctanh", "pow": "power", "dist": "linalg.norm", "fsum": "sum"}
#: Those that SciPy has.
_OF_SCIPY = {"erf": "erf", "erfc": "erfc", "gamma": "gamma", "lgamma": "gammaln"}


def statement() -> tuple[str, str]:
    """(what a program was computing, where): the innermost expression outside of this package, as it is written there.

    The text is empty where the source cannot be read.
    """
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("autodiff", *LIBRARIES):
        frame = frame.f_back
    code = frame.f_code
    positions = list(code.co_positions())[frame.f_lasti // 2] if frame.f_lasti >= 0 else (None,) * 4
    text, (first, last, begin, end) = "", positions
    if first is not None and first == last and begin is not None and end is not None:
        line = linecache.getline(code.co_filename, first, frame.f_globals).encode()
        text = line[begin:end].decode(errors="replace").strip()
    return text, f"{code.co_filename}:{frame.f_lineno}"


def no_number() -> str:
    """The words where a number is taken out of an array that requires grad: by float(), math's functions, or a write."""
    text, where = statement()
    named = re.match(r"(?:math\.)?(\w+)\(", text)
    name = named[1] if named else ""
    if name in _OF_SCIPY:
        way = f"scipy.special.{_OF_SCIPY[name]} instead of {text.partition('(')[0]}"
    elif name != "float" and callable(getattr(np, _OF_MATH.get(name, name).partition(".")[0], None)) and name:
        way = f"np.{_OF_MATH.get(name, name)} instead of {text.partition('(')[0]}"
    elif name in ("float", "complex"):
        way = f"the array itself instead of {text}"
    else:
        way = ("functions of NumPy (np.sin, not math.sin); for numbers that go into an array, one that keeps them, by "
               "np.zeros_like(v), np.zeros(n, like=v) or autodiff.numpy, or decorate the function with @autodiff.lift")
    return ("a number taken out of an array that requires grad would lose its gradient" + (f", in `{text}`" if text else "")
            + f" ({where}): use {way}; or take the value with .item(), where the gradient ends")


def note(error: type[Exception]) -> None:
    """Remember that values were refused."""
    refused.count, refused.error = getattr(refused, "count", 0) + 1, error


def _with_values(value: Any, plain: Any, is_variable: Any, depth: int = 4) -> Any:
    """Arguments in which arrays stand for Variables."""
    if is_variable(value):
        return plain(value)
    if depth and type(value) in (list, tuple):
        return type(value)(_with_values(v, plain, is_variable, depth - 1) for v in value)
    if depth and type(value) is dict:
        return {key: _with_values(v, plain, is_variable, depth - 1) for key, v in value.items()}
    return value


def _any(value: Any, wanted: Any, depth: int = 4) -> bool:
    if depth and type(value) in (list, tuple, dict):
        return any(_any(v, wanted, depth - 1) for v in (value.values() if type(value) is dict else value))
    return bool(wanted(value))


def undispatched(own: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """A function of NumPy that nobody answers, a newer NumPy's: by methods of that name, else by ``__array__``.

    own: (is_variable, requires_grad, plain, readable, numpy_flavour), functions of one value.
    """
    is_variable, requires_grad, plain, readable, numpy_flavour = own
    kinds = [kind for kind in types if not issubclass(kind, np.ndarray) and kind.__module__.partition(".")[0] != "autodiff"]
    compute = getattr(function, "_implementation", None)
    lossy = _any((args, kwargs), requires_grad)
    if compute is None:
        name = name_of(function)
        raise TypeError(f"{name}(like=...) makes an array of NumPy's, not a Variable: use autodiff.numpy.{name[3:]}")
    if function in QUESTIONS or (kinds and not lossy):
        return function(*_with_values(args, plain, is_variable), **_with_values(kwargs, plain, is_variable))
    if not lossy:
        try:
            return compute(*args, **kwargs)
        except (TypeError, NotImplementedError):
            # a method of ours with other parameters than NumPy's: np.std(x) passes dtype=
            if _any(kwargs.get("out"), is_variable):
                raise
            return function(*_with_values(args, readable, is_variable), **_with_values(kwargs, readable, is_variable))
    count = getattr(refused, "count", 0)
    try:
        result = compute(*args, **kwargs)
    except Exception as error:
        if getattr(refused, "count", 0) != count:
            raise refused.error(lost_by(name_of(function), _any((args, kwargs), numpy_flavour))) from None
        if isinstance(error, (TypeError, NotImplementedError)):
            raise TypeError(lost_by(name_of(function), _any((args, kwargs), numpy_flavour))) from error
        raise
    if getattr(refused, "count", 0) != count:
        raise refused.error(lost_by(name_of(function), _any((args, kwargs), numpy_flavour)))
    return result
