"""Cases of the rows by family, gathered from the files ``cases_*.py`` beside this one.

Each of those has CASES, ``{row: [(name, function of Variables, the same of NumPy arrays, shapes of the operands)]}``, and
may have KINKS, ``{row: function that asserts what the row's kinks do not say}``.  From a case follow the tests of
value, first and second derivative, float32, layouts in memory and forward mode.  Rows without a derivative are in VALUES
instead: ``{row: [(name, function of Variables, the same of NumPy arrays, arrays)]}``, held to value, shape and dtype.
REFERENCES has, for functions of rows' texts that NumPy lacks, the same of arrays: ``{"erf": scipy.special.erf}``.
POINTWISE names the composite rows that work element by element, OTHERWISE_IN_NUMPY those whose first case means
something else as a method of the NumPy flavour.
"""
import importlib
import pathlib

CASES, KINKS, VALUES, REFERENCES, POINTWISE, OTHERWISE_IN_NUMPY = {}, {}, {}, {}, set(), set()
for path in sorted(pathlib.Path(__file__).parent.glob("cases_*.py")):
    module = importlib.import_module(path.stem)
    for row, found in getattr(module, "CASES", {}).items():
        CASES.setdefault(row, []).extend(found)
    for row, found in getattr(module, "VALUES", {}).items():
        VALUES.setdefault(row, []).extend(found)
    KINKS.update(getattr(module, "KINKS", {}))
    REFERENCES.update(getattr(module, "REFERENCES", {}))
    POINTWISE |= getattr(module, "POINTWISE", set())
    OTHERWISE_IN_NUMPY |= getattr(module, "OTHERWISE_IN_NUMPY", set())
