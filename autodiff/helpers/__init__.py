"""Formulas too long for a row of rules/, by family.

A helper imports nothing but its neighbours.  A ``*_value`` helper of a structural row receives NumPy and plain arrays
and returns a plain array; a helper of a derivative receives the namespace of recorded ops (``ops``) and Variables, so
that its own derivatives follow; under ``no_grad`` the same text computes values alone.  The helper of a composite row
receives that namespace and the arguments of the call.  A *front* reads the arguments of a call, checks them, and
applies the structural op: it receives ``ops``, the row's name, operands and parameters.

What ``ops`` has besides the functions of all rows stands at the head of ``_ops.py.tp``.
"""
from .common import *
from .drawing import *
from .elementwise import *
from .fourier import *
from .indexing import *
from .linear import *
from .reductions import *
from .searching import *
from .shapes import *
from .types import *
