"""Families of rows that are imported when one of their names is asked for: by whatever door, and unnoticed."""
import subprocess
import sys

import pytest

from autodiff import _ops

DOORS = [
    "autodiff.mvlgamma(autodiff.tensor([3.0]), 2)",
    "autodiff.Tensor.frexp",
    "autodiff.tensor([3.0]).frexp()",
    "autodiff.fft.rfft(autodiff.ones(4))",
    "from autodiff.fft import ifft",
    "from autodiff import gcd; gcd(autodiff.tensor(4), autodiff.tensor(6))",
    "import numpy as np; autodiff.grad(lambda x: np.abs(np.fft.fft(x)).sum())(np.arange(3.0))",
    "import numpy as np; np.fft.fftshift(autodiff.numpy.array([1.0, 2.0]))",
    "import pickle; pickle.loads(b'cautodiff\\nmvlgamma\\n.')",
    "autodiff.return_types.frexp",
    "from autodiff import *; mvlgamma",
    "autodiff.zeros(3).exponential_()",
    "autodiff.numpy.ones(3).multinomial",
    "autodiff._variable.OPS.frexp(autodiff.tensor([1.0]))",
]


@pytest.mark.parametrize("door", DOORS)
def test_a_family_is_imported_by_whatever_door(door):
    code = f"""
import sys, autodiff
later = {{f"autodiff._ops_{{family}}" for family in {{*autodiff._ops.LATER["rows"].values()}}}}
later.add("autodiff._draws")
assert later and not later & set(sys.modules), "imported with autodiff"
{door}
assert later & set(sys.modules), "not imported"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_all_names_are_there_before_their_families_are():
    code = """
import sys, autodiff
names = autodiff._ops.LATER
assert {*names["functions"]} <= set(dir(autodiff)) and {*names["functions"]} - {"max", "min"} <= {*autodiff.__all__, "complex"}
assert {name for kind, name in names["methods"] if kind == "Tensor"} <= set(dir(autodiff.Tensor))
assert {"exponential_", "multinomial"} <= set(dir(autodiff.Tensor))
assert {*names["types"]} <= set(dir(autodiff.return_types))
assert not any(name.startswith("autodiff._ops_") for name in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_what_is_not_there_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'f_nothing'"):
        _ = _ops.f_nothing
    with pytest.raises(AttributeError, match="there is no op nothing"):
        _ = _ops.OPS.nothing
