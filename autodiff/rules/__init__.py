"""The catalogue: every op autodiff knows, one row each.

From a row follow the compiled loops for each dtype, the same rule on C doubles for scalars, the recorded derivative
(and so the derivatives of every order), the saved values, method, operator, function, stub, documentation row and
tests.  The rows are read by the build (which must not import the package), by the tests and by the documentation, and
so need the standard library only.

``row`` is the grammar.  Each other file is a family, whose helpers are mostly in the file of ``helpers/`` of the same
name.
"""
from __future__ import annotations

from . import (
    convolving,
    drawing,
    elementwise,
    fourier,
    indexing,
    joining,
    layers,
    linear,
    reductions,
    row,
    searching,
    shapes,
    solving,
    special,
    spectral,
    types,
)
from .row import KINDS, NAMESPACES, OF_ELEMENTS, OF_EVERY_DIMENSION, PARAMETERS, ROLES, Answer, Parameter, Rule, _answer

#: The families, in the order of the reference.
FAMILIES = (elementwise, types, reductions, searching, linear, solving, spectral, fourier, shapes, indexing, joining, drawing,
            special, layers, convolving)
#: Those whose rows in Python are imported when one is asked for: few programs need them.
LATER = (solving, spectral, fourier, drawing, special, layers, convolving)
RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.RULES)

BY_NAME = {rule.name: rule for rule in RULES}
ELEMENTWISE = tuple(rule for rule in RULES if rule.elementwise)
#: Rows that are no loops but nodes of the graph.
STRUCTURAL = tuple(rule for rule in RULES if not rule.elementwise and not rule.composite)
#: Numbers, in C and in a first derivative, that have derivatives of their own.
CONSTANTS = ("flat", "kink", "hole", "pow_slope_at_0")
#: Functions that a row's texts may call.
FUNCTIONS = (*(rule.name for rule in ELEMENTWISE if rule.value == f"{rule.name}({', '.join(rule.operands)})"), *CONSTANTS)
#: What an elementwise row is compiled for, in the order of the tables of _kernels.
DTYPES = ("float64", "float32")
#: Op number of a row; 0 is a leaf, the first row is 1.  What the compiled modules name comes first, so that another row
#: moves none of their numbers.
NUMBER = {rule.name: number for number, rule in enumerate(
    sorted((*ELEMENTWISE, *STRUCTURAL), key=lambda rule: (
        not (rule.compiled or (rule.elementwise and rule.infix)), not rule.elementwise)), 1)}
