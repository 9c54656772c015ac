"""The four lists of NumPy's functions, held complete against what NumPy says can be overridden.

Each function is answered by exactly one of a row, a composite, its values (it has no derivative), or a reason why not.  The
names that one version of NumPy lacks are skipped, so that the lists serve them all.
"""
import importlib
import re

import numpy as np
import pytest
from numpy.testing.overrides import get_overridable_numpy_array_functions, get_overridable_numpy_ufuncs

import autodiff.numpy as anp
from autodiff._variable import OPS
from autodiff.numpy import _answers, _dispatch, _values  # noqa: F401

# Functions that are imported late dispatch too.
for _name in ("fft", "strings", "char", "polynomial"):
    importlib.import_module(f"numpy.{_name}")

#: Where functions live under another name than that of their module.
PUBLIC = dict.fromkeys(("numpy.lib.scimath", "numpy.lib._scimath_impl"), "emath")


def name_of(function):
    """The name without ``np.``, of one of NumPy's functions or ufuncs."""
    module = getattr(function, "__module__", None) or "numpy"       # ufuncs have none in some versions
    where = PUBLIC.get(module, module.removeprefix("numpy").removeprefix("."))
    return f"{where}.{function.__name__}".removeprefix(".")


def public(function):
    """What a program calls by that name: ``np.ones`` has a twin for ``like=``, and hands itself over."""
    found = _dispatch.numpy_function(name_of(function))
    return function if found is None else found


FUNCTIONS = sorted({public(function) for function in get_overridable_numpy_array_functions()
                    if "recfunctions" not in function.__module__}, key=name_of)
#: The ufuncs of texts have no public names: functions of np.strings call them.
UFUNCS = sorted((ufunc for ufunc in get_overridable_numpy_ufuncs() if getattr(np, ufunc.__name__, None) is ufunc), key=name_of)


def lists_of(function):
    """The lists that a function is on."""
    found = ["row"] if OPS.answer(function) is not None else []
    found += ["composite"] if function in _dispatch.COMPOSITES else []
    found += ["values"] if function in _dispatch.VALUES else []
    return found + (["refused"] if function in _dispatch.REFUSED else [])


@pytest.mark.parametrize("function", FUNCTIONS + UFUNCS, ids=name_of)
def test_a_function_is_on_one_list(function):
    lists = lists_of(function)
    assert len(lists) == 1, f"{name_of(function)} is on {lists or 'no list'}"


def test_numpy_has_about_as_many_functions_as_are_known():
    assert len(FUNCTIONS) > 250 and len(UFUNCS) > 80


def test_the_lists_name_functions_that_numpy_hands_over():
    """A name that is spelled wrongly would be skipped as one that this NumPy lacks."""
    handed = set(FUNCTIONS) | set(UFUNCS) | set(get_overridable_numpy_array_functions())
    for table in (_dispatch.COMPOSITES, _dispatch.REFUSED):
        # some versions do not list the compiled ones that have like=
        assert not [f for f in table if f not in handed and "like : array_like" not in f.__doc__]
    texts = {getattr(module, name) for module in (np.strings, np.char) for name in module.__all__
             if name not in ("array", "asarray", "chararray")}      # of which NumPy 2.5 warns
    assert not {name_of(f) for f in _dispatch.VALUES if f not in handed and f not in texts}


def test_refused_is_what_has_no_derivative_and_a_reason_is_a_sentence():
    for function, reason in _dispatch.REFUSED.items():
        assert len(reason.split()) > 6 and re.search(r"\.$", reason) and "yet" not in reason, function
    x = anp.array([[2.0, 0.5], [0.5, 1.0]])
    # where there is no gradient to lose, it is computed
    np.testing.assert_array_equal(np.linalg.inv(x.detach()), np.linalg.inv(x.detach().numpy()))
    assert np.fft.fft(x.detach()).shape == (2, 2)


def test_an_object_that_is_no_array_keeps_its_answer():
    class Other:
        def __array_function__(self, function, types, args, kwargs):
            return "other's"

    x = anp.array([1.0, 2.0], requires_grad=True)
    assert np.append(x, Other()) == np.array_equal(x, Other()) == np.stack([x, Other()]) == "other's"
