# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Recorded programs of scalars: the level that records what a function does, the trees, and what replays them.

A recording is an ordinary run of the function, with a level at the door that writes down each op and each decision; what it
does not know makes the recording worthless, and nothing else.  Trees and their code are in csrc/program.h.  What is recorded
when, and what runs as it always did, is decided in programs/.

Read in this order: the recorder, the tree, the callable.
"""
cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.object cimport PyObject, PyTypeObject
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.math cimport NAN, trunc
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memcmp, memcpy, memset

from ._base cimport (DIFFERENTIABLE, DTYPE_RULE, INLINE64, NAMES, NDARRAY, OP_CLONE, T_DOUBLE, T_FLOAT, VJPS, Call,
                     OpRecorder, Py_TYPE, Variable, ask, edge_of, from_number, is_variable, later, modes, point_result, type_of)
from ._core cimport HOOKED, LEFT_NUMBER, RIGHT_NUMBER, SAVES, Node, disown, hold, kernel_type, read_double
from ._elementwise cimport Operand, binary, condition as condition_of, drop_operand, item_of, promoted, take_operand, unary
from ._kernels cimport Kernel, Loop, Partial, Partial1, Value1, kernels, run_parts, threads_at_most

import math
import os
from functools import partial
from operator import index as operator_index
from types import FunctionType

import numpy as np

from ._base import OPS
from ._kernels import chosen_cpu_level

cdef extern from "Python.h":
    double PyFloat_AS_DOUBLE(object o)
    ctypedef struct PyFrameObject:
        pass
    ctypedef struct PyCodeObject:
        pass
    PyFrameObject* PyEval_GetFrame()
    PyFrameObject* PyFrame_GetBack(PyFrameObject* frame)
    PyCodeObject* PyFrame_GetCode(PyFrameObject* frame)
    int PyFrame_GetLasti(PyFrameObject* frame)
    void Py_DECREF(void* o)
    void Py_INCREF(void* o)
    void Py_XDECREF(void* o)
    long long PyLong_AsLongLongAndOverflow(object o, int* overflow) except? -1

cdef extern from "csrc/program_rows.h":
    enum:
        P_ADD, P_SUB, P_MUL, P_DIV, P_NEG, P_SQUARE, P_SQRT, P_CALL, P_CALL32, P_COPY, P_SELECT, P_WHERE, P_CHECK
        P_LT, P_LE, P_GT, P_GE, P_EQ, P_NE, P_INT, P_END
        P_SINGLE
    ctypedef struct p_point:
        Value1 value
        Partial1 dx, dy
        Loop values
        void* data
        Partial dxs, dys
        uint8_t[2] scales
        uint8_t turn
    p_point p_points[2][512]
    int p_row_exp, p_row_log, p_row_add
    ctypedef struct p_item:
        uint16_t op, row
        int32_t a, b, where
    ctypedef struct p_step:
        uint16_t op
    ctypedef struct p_reverse:
        int seed, choice
    ctypedef struct p_pattern:
        long long* start
        int32_t* column
    ctypedef struct p_rows:
        p_rows* next
        int choice, kind
        int32_t* slot
        int rows, columns, colours
        p_pattern pattern
        int32_t* colour
        int32_t* lane
    ctypedef struct p_segment:
        p_segment* parent
        p_segment** child
        p_step* code
        int start, count, turn
        int leaf
        int32_t* out
        int outs
        p_reverse* reverse
        int reverses
        p_rows* rows
        long long runs
    ctypedef struct p_tree:
        p_segment* root
        uint8_t* single
        int inputs, constant_count, slots, adjoints, leaves, depth
        double* v
        double* g
        double* constants
        size_t bytes
    bint p_is_turn(int op)
    p_item p_item_of(const p_segment* s, int i)
    bint p_lives(const p_segment* s, int i)
    p_tree* p_tree_new(int inputs, const uint8_t* single)
    void p_tree_free(p_tree* t)
    int p_follow(const p_tree* t, const p_item* items, int count, p_segment** at, int* way, int* done)
    p_segment* p_hang(p_tree* t, const p_item* items, int count, p_segment* at, int way, int done)
    int32_t* p_results(p_tree* t, p_segment* leaf, int count)
    int p_render(p_tree* t, p_segment* leaf)
    p_reverse* p_reversed(p_tree* t, p_segment* leaf, const uint8_t* chosen, int choice, int aux)
    int p_gradient_at(const p_reverse* r, int input)
    void p_differentiate(const p_tree* t, const p_reverse* r)
    int p_room(p_tree* t)
    int p_constant_add(p_tree* t, double value)
    enum:
        P_BACK
    ctypedef struct p_left:
        p_segment* at
        int way
        int32_t index
    ctypedef struct p_sweep:
        p_tree* t
        const double** column
        const int* step
        double* values
        double* gradients
        const int* wanted
        int active, choice, kind, lefts, left_room
        Py_ssize_t count
        p_left* left
        double* memory
    ctypedef struct p_span:
        Py_ssize_t first
        int n
    ctypedef struct p_many:
        p_sweep* scratch
        int* taken
        int scratches
        const int32_t* index
        const p_span* span
        Py_ssize_t spans
        int failed
    enum:
        P_CHUNK
    void p_chunk(void* work, Py_ssize_t chunk) noexcept nogil
    int p_left_order(const void* x, const void* y) noexcept nogil
    p_segment* p_forward(p_segment* s, double* v, int* reason)
    int p_use_level(const char* name)
    ctypedef struct p_template:
        p_item* items
        double* numbers
        int count
        int32_t result
        int known
    p_template p_templates[512][2]
    enum:
        P_OF_G, P_OF_X, P_OF_Y, P_OF_OUT, P_OF_TEMPORARY
        P_OF_RESULTS, P_OF_GRADIENT
        P_LANES
    p_rows* p_rows_of(const p_segment* leaf, int kind, int choice)
    int p_rows_make(p_tree* t, p_segment* leaf, const int32_t* wanted, int columns, int choice, int kind, size_t limit)
    void p_more(const p_rows* r, double* v)
    bint p_elements(const p_rows* r, const double* v, double* g, double* elements)
    void p_matrix(const p_rows* r, const double* v, double* g, double* matrix)
    int p_row_alone(const p_tree* t, p_segment* leaf, const p_rows* r, int row, const double* v, double* found)
    void p_combined(const p_rows* r, const double* v, double* g, const double* weights, double* result)
    int p_push(const p_tree* t, const p_segment* leaf, const double* v, double* tangent, int given)


#: What a program does with a row by hand, in float64, and how it decides by one.
BY_HAND = {"add": P_ADD, "sub": P_SUB, "mul": P_MUL, "div": P_DIV, "neg": P_NEG, "square": P_SQUARE, "sqrt": P_SQRT}
TURNS = {"lt": P_LT, "le": P_LE, "gt": P_GT, "ge": P_GE, "eq": P_EQ, "ne": P_NE}
SIGNS = {P_LT: "<", P_LE: "<=", P_GT: ">", P_GE: ">=", P_EQ: "==", P_NE: "!="}

#: Functions of _ops that are asked about as they are called, and compute with elementwise rows alone.
HANDED_ON = frozenset(("clamp", "floor_divide"))
#: What math raises for, told from the one result that each of these computes; log of two numbers divides by the second's.
MATH = frozenset(getattr(math, name) for name in (
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "copysign", "cos", "cosh", "degrees", "erf",
    "erfc", "exp", "exp2", "expm1", "fabs", "fmod", "lgamma", "log", "log10", "log1p", "log2", "pow", "radians", "sin",
    "sinh", "sqrt", "tan", "tanh") if hasattr(math, name))

#: Why a function of numbers may be one of arrays: derivatives are ops there.
INSIDE = "a derivative inside of it is no op"

#: {name: number} of the elementwise rows.
cdef dict ROWS = {}
cdef int[512] HAND
cdef int[512] TURN

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
SCIPY = os.path.join(os.path.dirname(os.path.dirname(NUMPY)), "scipy") + os.sep      # beside it, if it is there


def use_level(str name not None):
    """Let blocks of points use the loops of a CPU level, as _kernels.choose_cpu_level() does; the bits are the same at each."""
    if p_use_level(name.encode()):
        raise ValueError(f"no loops for the CPU level {name!r}")


def _fill():
    """The numbers of the rows, once all are known."""
    global p_row_exp, p_row_log, p_row_add
    cdef int op
    use_level(chosen_cpu_level())
    for op in range(len(NAMES)):
        HAND[op] = P_CALL
        TURN[op] = -1
        if NAMES[op] is not None and kernels[0][op].arity:
            ROWS[NAMES[op]] = op
            HAND[op] = BY_HAND.get(NAMES[op], P_CALL)
            TURN[op] = TURNS.get(NAMES[op], -1)
    p_row_exp, p_row_log, p_row_add = ROWS["exp"], ROWS["log"], ROWS["add"]


# ---- the rules of rows, as items: what a derivative's derivative is made of

@cython.final
cdef class Traced:
    """An operand of a rule while that is written down."""

    cdef int at
    cdef Rule rule

    def __add__(self, other):
        return self.rule.add("add", self, other)

    def __radd__(self, other):
        return self.rule.add("add", other, self)

    def __sub__(self, other):
        return self.rule.add("sub", self, other)

    def __rsub__(self, other):
        return self.rule.add("sub", other, self)

    def __mul__(self, other):
        return self.rule.add("mul", self, other)

    def __rmul__(self, other):
        return self.rule.add("mul", other, self)

    def __truediv__(self, other):
        return self.rule.add("div", self, other)

    def __rtruediv__(self, other):
        return self.rule.add("div", other, self)

    def __neg__(self):
        return self.rule.add("neg", self)

    def __lt__(self, other):
        return self.rule.add("lt", self, other)

    def __le__(self, other):
        return self.rule.add("le", self, other)

    def __gt__(self, other):
        return self.rule.add("gt", self, other)

    def __ge__(self, other):
        return self.rule.add("ge", self, other)

    def __eq__(self, other):
        return self.rule.add("eq", self, other)

    def __ne__(self, other):
        return self.rule.add("ne", self, other)


@cython.final
cdef class Rule:
    """A rule that is run on what stands for its operands."""

    cdef list items, numbers

    def __cinit__(self):
        self.items, self.numbers = [], []

    cdef Traced traced(self, int at):
        cdef Traced made = Traced.__new__(Traced)
        made.at, made.rule = at, self
        return made

    cdef int of(self, object value) except? 0:
        if isinstance(value, Traced):
            return (<Traced>value).at
        self.numbers.append(float(value))
        return -len(self.numbers)

    def add(self, str name, *operands):
        """The next item: a row of one or two operands."""
        cdef int row = ROWS[name]       # KeyError: the rule computes with something else
        places = [self.of(v) for v in operands]
        self.items.append((HAND[row], row, places[0], places[len(places) - 1]))
        return self.traced(P_OF_TEMPORARY + len(self.items) - 1)

    def where(self, condition, x, y):
        """Two items: the condition stands right before the choice."""
        cdef int at = self.of(condition), first = self.of(x), second = self.of(y)
        if at != P_OF_TEMPORARY + len(self.items) - 1:
            self.items.append((P_COPY, 0, at, at))
        self.items.append((P_WHERE, 0, first, second))
        return self.traced(P_OF_TEMPORARY + len(self.items) - 1)

    cdef object run(self, function):
        """The place of the derivative."""
        names = {}
        for name in function.__code__.co_names:
            if name == "r_where":
                names[name] = self.where
            elif name.startswith("r_"):
                names[name] = partial(self.add, name[2:])
        own = FunctionType(function.__code__, names)
        return self.of(own(self.traced(P_OF_G), self.traced(P_OF_X), self.traced(P_OF_Y), self.traced(P_OF_OUT),
                           None, None, None, None, None, 0))

    cdef bint scales(self, int result):
        """Whether the derivative is g, or -g, times what does not depend on g: then 1 in the place of g gives a factor."""
        cdef int factor, uses = sum([(item[2] == P_OF_G) + (item[3] == P_OF_G and item[3] != item[2]) for item in self.items])
        if result < P_OF_TEMPORARY or uses != 1:
            return False
        item = self.items[result - P_OF_TEMPORARY]
        if item[0] != P_MUL:
            return False
        for factor in item[2:]:
            if factor == P_OF_G:
                return True
            if factor >= P_OF_TEMPORARY:
                inner = self.items[factor - P_OF_TEMPORARY]
                if inner[0] == P_NEG and inner[2] == P_OF_G:
                    return True
        return False


cdef int learn_rule(int row) except -1:
    """The templates of a row, and of those that its rules are made of."""
    cdef int side, i
    cdef p_template* of
    cdef Rule rule
    waiting = [row]
    while waiting:
        row = waiting.pop()
        for side in range(kernels[0][row].arity):
            of = &p_templates[row][side]
            if of.known:
                continue
            fill_point(row, 0)
            of.known = -1
            function = VJPS[row][side]
            if function is None:
                continue
            rule = Rule()
            try:
                of.result = rule.run(function)
            except (AttributeError, KeyError, NameError, TypeError):
                continue        # it is not made of rows alone: so there is no template
            of.items = <p_item*>calloc(len(rule.items) + 1, sizeof(p_item))
            of.numbers = <double*>malloc((len(rule.numbers) + 1) * sizeof(double))
            if of.items == NULL or of.numbers == NULL:
                raise MemoryError
            for i in range(len(rule.items)):
                of.items[i].op, of.items[i].row, of.items[i].a, of.items[i].b = rule.items[i]
                if of.items[i].op == P_CALL:
                    waiting.append(of.items[i].row)
            for i in range(len(rule.numbers)):
                of.numbers[i] = rule.numbers[i]
            of.count, of.known = len(rule.items), 1
            p_points[0][row].scales[side] = rule.scales(of.result)
    return 0


cdef int fill_point(int op, int dtype) noexcept:
    p_points[dtype][op].value = kernels[dtype][op].value1
    p_points[dtype][op].dx, p_points[dtype][op].dy = kernels[dtype][op].dx1, kernels[dtype][op].dy1
    # Of two operands point by point: NumPy's power has other bits where the exponent is one number for all.
    p_points[dtype][op].values = kernels[dtype][op].value if kernels[dtype][op].arity == 1 and DTYPE_RULE[op] != 2 else NULL
    p_points[dtype][op].data = kernels[dtype][op].value_data
    p_points[dtype][op].dxs, p_points[dtype][op].dys = kernels[dtype][op].dx, kernels[dtype][op].dy
    p_points[dtype][op].turn = TURN[op] if TURN[op] >= 0 else 0
    return 0


# ---- the recorder

cdef inline double small_whole(object o) except? -1:
    """An int that a double has; NaN for a larger one."""
    cdef int overflow = 0
    cdef long long found = PyLong_AsLongLongAndOverflow(o, &overflow)
    return NAN if overflow or found > (<long long>1 << 53) or found < -(<long long>1 << 53) else <double>found


cdef struct Known:              # a Variable and its slot
    PyObject* v
    Node* node                  # what it is the result of; NULL: the Variable is owned
    int slot


cdef inline uint64_t mixed(uint64_t bits) noexcept:
    bits = (bits ^ (bits >> 32)) * <uint64_t>0xD6E8FEB86659FD93
    return bits ^ (bits >> 32)


@cython.final
cdef class Recorder(OpRecorder):
    """A level that writes down a run of a function.  `reason` is None, or why it came to nothing, and `place` where."""

    cdef p_item* items
    cdef int count, room, slots, slot_room
    cdef uint8_t* single                    # by slot
    cdef Known* known_values                # Variables and their slots: a hash table
    cdef int mask, used
    cdef Node** nodes                       # of Variables that may be gone, owned: so no other one has the node of theirs
    cdef int node_count, node_room
    cdef double* numbers                    # constants, by slot from -1 down
    cdef int number_count, number_room
    cdef int* number_table                  # ... 1 + where they are, by their bits: a hash table
    cdef int number_mask
    cdef dict codes                         # {code of Python: its number, or -1 if it is not the user's}
    cdef readonly list known                # ... in order
    cdef void* last_code
    cdef int last_number
    cdef bint checks, closed
    cdef bint others                        # whether an op was recorded that point() did not answer
    cdef readonly object reason, place
    cdef readonly list strangers            # 0-d Variables that are no inputs: with them it would be a recording

    def __cinit__(self):
        self.codes, self.known, self.strangers = {}, [], []
        self.mask, self.number_mask = 1023, 63
        self.known_values = <Known*>calloc(1024, sizeof(Known))
        self.number_table = <int*>calloc(64, sizeof(int))
        if self.known_values == NULL or self.number_table == NULL:
            raise MemoryError

    def __dealloc__(self):
        cdef int i
        free(self.items)
        free(self.single)
        free(self.numbers)
        free(self.number_table)
        if self.known_values != NULL:
            for i in range(self.mask + 1):
                if self.known_values[i].node == NULL:
                    Py_XDECREF(self.known_values[i].v)
        free(self.known_values)
        for i in range(self.node_count):
            disown(self.nodes[i])
        free(self.nodes)

    # -- what is known of Variables

    cdef inline int find(self, object v) noexcept:
        cdef uintptr_t h = (<uintptr_t><PyObject*>v >> 5) & self.mask
        while self.known_values[h].v != NULL:
            if self.known_values[h].v == <PyObject*>v:
                if self.known_values[h].node == (<Variable>v).node:
                    return self.known_values[h].slot
                self.others = True
                return self.known_values[h].slot if self.known_values[h].node == NULL else -1
            h = (h + 1) & self.mask
        return -1

    cdef inline Known* entry(self, PyObject* v) noexcept:
        """Where a Variable stands, or is to stand."""
        cdef uintptr_t h = (<uintptr_t>v >> 5) & self.mask
        while self.known_values[h].v != NULL and self.known_values[h].v != v:
            h = (h + 1) & self.mask
        return &self.known_values[h]

    cdef int learn(self, Variable v, int slot) except -1:
        """keep() of what an op made that is not of those that point() knows all about."""
        self.others = True
        return self.keep(v, slot)

    cdef int keep(self, Variable v, int slot) except -1:
        """That a Variable is the value of a slot.

        Another one may have its place in memory when it is gone.  One that has a node is known by that, and the node lives
        until the end; the others do so themselves.
        """
        cdef Known* before = self.known_values
        cdef Known* grown
        cdef Known* at
        cdef Node** nodes
        cdef int i, size = self.mask + 1
        if 2 * self.used > size:
            grown = <Known*>calloc(4 * size, sizeof(Known))
            if grown == NULL:
                raise MemoryError
            self.known_values = grown
            self.mask = 4 * size - 1
            for i in range(size):
                if before[i].v != NULL:
                    self.entry(before[i].v)[0] = before[i]
            free(before)
        if self.node_count == self.node_room:
            nodes = <Node**>realloc(self.nodes, (4 * self.node_room + 512) * sizeof(Node*))
            if nodes == NULL:
                raise MemoryError
            self.nodes, self.node_room = nodes, 4 * self.node_room + 512
        at = self.entry(<PyObject*>v)
        if at.v == NULL:
            self.used += 1
        elif at.node == NULL or at.node == v.node:
            return 0            # the first slot that it had
        at.v, at.node, at.slot = <PyObject*>v, v.node, slot
        if v.node == NULL:
            Py_INCREF(<void*>at.v)
        else:
            self.nodes[self.node_count] = hold(v.node)
            self.node_count += 1
        return 0

    cdef int new_slot(self, bint single) except -1:
        cdef uint8_t* grown
        if self.slots == self.slot_room:
            self.slot_room = 2 * self.slot_room + 64
            grown = <uint8_t*>realloc(self.single, self.slot_room)
            if grown == NULL:
                raise MemoryError
            self.single = grown
        self.single[self.slots] = single
        self.slots += 1
        return self.slots - 1

    cdef int take_input(self, Variable v) except -1:
        """The next input; all come before the run."""
        return self.keep(v, self.new_slot(type_of(v) == T_FLOAT))

    def take_arguments(self, tuple args, tuple references=()):
        """The arguments as the function sees them, inside(); Variables among them are the inputs, before the references."""
        args = inside(args)
        for value in args:
            if is_variable(value):
                self.take_input(value)
            elif type(value) is list or type(value) is tuple:
                for v in value:
                    if is_variable(v):
                        self.take_input(v)
        for v in references:
            self.take_input(v)
        return args

    # -- items

    cdef p_item* new_item(self, int op, int row, int a, int b) except NULL:
        cdef p_item* grown
        if self.count == self.room:
            self.room = 2 * self.room + 64
            grown = <p_item*>realloc(self.items, self.room * sizeof(p_item))
            if grown == NULL:
                raise MemoryError
            self.items = grown
        grown = &self.items[self.count]
        self.count += 1
        grown.op, grown.row, grown.a, grown.b = op, row, a, b
        grown.where = self.here()
        return grown

    cdef int value_item(self, int op, int row, int a, int b, bint single) except -1:
        self.new_item(op, row | (P_SINGLE if single else 0), a, b)
        return self.new_slot(single)

    cdef int constant(self, double value) except 0:
        """Negative: the slot of a number."""
        cdef uint64_t bits = (<uint64_t*>&value)[0]
        cdef uint64_t h = mixed(bits) & self.number_mask
        cdef int i
        cdef double* grown
        cdef int* table
        while self.number_table[h]:
            if memcmp(&self.numbers[self.number_table[h] - 1], &value, sizeof(double)) == 0:
                return -self.number_table[h]
            h = (h + 1) & self.number_mask
        if self.number_count == self.number_room:
            grown = <double*>realloc(self.numbers, (2 * self.number_room + 32) * sizeof(double))
            if grown == NULL:
                raise MemoryError
            self.numbers, self.number_room = grown, 2 * self.number_room + 32
        if 2 * self.number_count > self.number_mask:
            table = <int*>calloc(4 * (self.number_mask + 1), sizeof(int))
            if table == NULL:
                raise MemoryError
            free(self.number_table)
            self.number_table, self.number_mask = table, 4 * (self.number_mask + 1) - 1
            for i in range(self.number_count):
                self.number_put(i)
        self.numbers[self.number_count] = value
        self.number_count += 1
        self.number_put(self.number_count - 1)
        return -self.number_count

    cdef void number_put(self, int i) noexcept:
        cdef uint64_t h
        memcpy(&h, &self.numbers[i], sizeof(double))
        h = mixed(h) & self.number_mask
        while self.number_table[h]:
            h = (h + 1) & self.number_mask
        self.number_table[h] = 1 + i

    cdef int here(self) except -2:
        """The place in the user's code: the number of a code object, and of the instruction in it."""
        cdef PyFrameObject* frame = PyEval_GetFrame()
        cdef PyFrameObject* back
        cdef PyCodeObject* code
        cdef int number, found = -1
        if frame == NULL:
            return -1
        Py_INCREF(frame)
        while frame != NULL:
            code = PyFrame_GetCode(frame)
            number = self.last_number if code == self.last_code else self.number_of(<PyObject*>code)
            Py_DECREF(code)     # its frame has it
            if number >= 0:
                found = (number << 20) | min(PyFrame_GetLasti(frame), 0xFFFFF)
                break
            back = PyFrame_GetBack(frame)
            Py_DECREF(frame)
            frame = back
        if frame != NULL:
            Py_DECREF(frame)
        return found

    cdef int number_of(self, PyObject* code) except -2:
        o = <object>code
        found = self.codes.get(o)
        if found is None:
            if o.co_filename.startswith((PACKAGE, NUMPY, SCIPY)) or len(self.known) == 2047:
                found = -1
            else:
                found = len(self.known)
                self.known.append(o)
            self.codes[o] = found
        self.last_code, self.last_number = code, found
        return found

    def give_up(self, str reason):
        """The recording is worth nothing: the function goes on as it would have."""
        if self.reason is None:
            self.reason = reason
            place = self.here()
            self.place = place_of(self.known, place)
        return NotImplemented

    # -- derivatives inside of the function

    def forked(self, v, leaf):
        """A leaf that a transform makes of a value: what is computed of it comes to nothing, passing() says."""

    def of_none(self, v):
        """The gradient of what nothing depends on: of a derivative, too."""
        self.give_up(INSIDE)
        return v

    def row_of(self, basis, int i):
        """A cotangent of a pass, which comes to nothing."""
        return basis[i]

    def passing(self, run, tuple outputs, tuple cotangents, inputs, create_graph, bint accumulates):
        """A reverse pass that begins: as ops it is recorded by programs of arrays."""
        self.give_up(INSIDE)
        return run(outputs, cotangents, inputs, create_graph)

    # -- the door

    def __call__(self, Call call not None):
        return self.answer(call.name, call.operands, call.params, call.into, call.leaves, call.called)

    cdef object answer(self, str name, tuple operands, tuple params, object into, bint leaves, bint called):
        if self.reason is not None:
            return NotImplemented
        if modes():
            return self.give_up("it computes in another mode: no_grad(), forward mode, vmap")
        if into is not None:
            return self.give_up("it writes into a value")
        row = ROWS.get(name)
        if called:
            return NotImplemented if row is not None or name in HANDED_ON else self.give_up(f"{name}() is not recorded")
        if row is not None:
            return self.elementwise(<int>row, operands)
        if name == "__bool__":
            return self.truth(operands[0])
        if name == "__int__":
            return self.whole(operands[0])
        if name == "clone":
            return self.copied(operands[0])
        if name == "where":
            return self.chosen(params[0], operands[0], operands[1])
        if name == "domain":
            return self.domain(operands, params[0])
        if leaves:
            return self.give_up(f"{name}() takes a value out")
        return self.give_up(f"{name}() is not recorded")

    cdef object point(self, int op, object x, object y):
        """elementwise() of one or two numbers that are Variables of float64 here, floats or ints, without looking twice.

        What it says of them is what unary() and binary() say where nothing records.
        """
        cdef PyTypeObject* kind
        cdef Kernel* kernel = &kernels[0][op]
        cdef Node* left = NULL
        cdef Node* right = NULL
        cdef double a, b = 0
        cdef int first, second = 0, flags = 0, item
        cdef int arity = kernel.arity
        cdef bint condition = DTYPE_RULE[op] == 2, is_number = not is_variable(x)
        if self.reason is not None or arity == 0 or arity > 2 or not (condition or DIFFERENTIABLE[op]):
            return None
        if is_number and (arity == 1 or not is_variable(y)):
            return None
        kind = Py_TYPE(<PyObject*>(y if is_number else x))
        if condition and kind != NDARRAY:
            return None
        if is_number:
            if type(x) is not float and type(x) is not int:
                return None
            flags = LEFT_NUMBER
        elif not (<Variable>x).flags & INLINE64:
            return None
        if arity == 2 and Py_TYPE(<PyObject*>y) != kind:
            if type(y) is not float and type(y) is not int:
                return None
            flags = RIGHT_NUMBER
        elif arity == 2 and not (<Variable>y).flags & INLINE64:
            return None
        if flags & LEFT_NUMBER:
            a = <double>x if type(x) is float else small_whole(x)
            if a != a and type(x) is int:
                return None
            first = self.constant(a)
        else:
            a, left, first = (<Variable>x).value, (<Variable>x).node, self.find(x)
            if first < 0:
                return None
        if flags & RIGHT_NUMBER:
            b = <double>y if type(y) is float else small_whole(y)
            if b != b and type(y) is int:
                return None
            second = self.constant(b)
        elif arity == 2:
            b, right, second = (<Variable>y).value, (<Variable>y).node, self.find(y)
            if second < 0:
                return None
        if p_points[0][op].value == NULL:
            fill_point(op, 0)
        if condition:
            return truth_of(self, kernel.value1(a, b) != 0, op, first, second if arity == 2 else first, False)
        if left != NULL and kernel.dx_saves or right != NULL and kernel.dy_saves:
            flags |= SAVES
        result = point_result(kind, op, flags, T_DOUBLE, kernel.value1(a, b), left, a, right, b)
        item = self.value_item(HAND[op], op, first, second if arity == 2 else first, False)
        self.keep(<Variable>result, item)
        if left != NULL and kernel.dx1 == NULL or right != NULL and kernel.dy1 == NULL:
            self.others = True
        if self.checks:
            self.checks = False
            self.value_item(P_CHECK, 0, item, item, False)
        return result

    def says_all(self, v):
        """Whether the graph of a result is what was written down, node for node and no more.

        point() made each node itself, of the nodes that its operands have had since it knows them, and nobody watches one: a
        pass through it does what reverse code of the recording does.
        """
        if self.others or self.reason is not None or not is_variable(v):
            return False
        if not (<Variable>v).flags & INLINE64 or (<Variable>v).node == NULL or self.find(v) < 0:
            return False
        return not self.hooked()

    cdef int slot_of(self, object o, Operand* operand, int type, int* slot) except -1:
        """The slot of an operand; 1: it has none, and the recording came to nothing."""
        cdef double value
        if is_variable(o):
            slot[0] = self.find(o)
            if slot[0] < 0:
                slot[0] = self.strange(<Variable>o)
            return slot[0] < 0
        if operand.array != NULL:
            if operand.array.shape.ndim:
                self.give_up("it computes with an array")
                return 1
            value = (read_double(operand.array.type, operand.array.data) if operand.array.type in (T_DOUBLE, T_FLOAT) else
                     <double>float(o))
        else:
            value = operand.value
        slot[0] = self.constant(<float>value if type == T_FLOAT else value)
        return 0

    cdef object elementwise(self, int op, tuple operands):
        cdef Operand a, b
        cdef Variable result
        cdef int type, dtype, first, second, item
        cdef int arity = kernels[0][op].arity
        cdef bint single
        cdef PyTypeObject* kind
        if arity > 2 or len(operands) != arity:
            return self.give_up(f"{NAMES[op]}() is not recorded")
        x = operands[0]
        y = operands[1] if arity == 2 else None
        if isinstance_truth(x) and is_variable(y):
            x = (<Truth>x).number(type_of(<Variable>y))
        elif isinstance_truth(y) and is_variable(x):
            y = (<Truth>y).number(type_of(<Variable>x))
        kind = Py_TYPE(<PyObject*>x)
        if not is_variable(x) or (Py_TYPE(<PyObject*>x) != NDARRAY and arity == 2 and Py_TYPE(<PyObject*>y) == NDARRAY):
            kind = Py_TYPE(<PyObject*>y)
        a.array = b.array = NULL
        a.node = b.node = NULL
        try:
            if take_operand(x, kind, &a) or (arity == 2 and take_operand(y, kind, &b)):
                return self.give_up(f"{NAMES[op]}() of something that is no number")
            type = promoted(&a, &b, kind) if arity == 2 else a.type
            dtype = kernel_type(type)
            if dtype < 0:
                return self.give_up(f"{NAMES[op]}() of integers, complex numbers or half floats")
            first = second = 0
            if self.slot_of(x, &a, type, &first) or (arity == 2 and self.slot_of(y, &b, type, &second)):
                return NotImplemented
        finally:
            drop_operand(&a)
            if arity == 2:
                drop_operand(&b)
        if arity == 1:
            second = first
        answer = binary(op, x, y) if arity == 2 else condition_of(op, x) if DTYPE_RULE[op] == 2 else unary(op, x)
        if DTYPE_RULE[op] == 2:
            if not isinstance(answer, (bool, np.bool_)):
                return self.give_up(f"{NAMES[op]}() gives a Tensor of bools")
            fill_point(op, dtype)
            return truth_of(self, answer, op, first, second, dtype == 1)
        if not is_variable(answer):
            return self.give_up(f"{NAMES[op]}() is not recorded")
        result = <Variable>answer
        if type_of(result) != type or result.array != NULL and result.array.shape.ndim:
            return self.give_up(f"{NAMES[op]}() makes an array")
        single = dtype == 1
        fill_point(op, dtype)
        item = self.value_item(P_CALL32 if single else HAND[op], op, first, second, single)
        self.learn(<Variable>result, item)
        if self.checks:
            self.checks = False
            self.value_item(P_CHECK, 0, item, item, False)
        return result

    cdef int known_slot(self, object v) except -2:
        """-1: it is none, and the recording came to nothing."""
        cdef int slot = self.find(v) if is_variable(v) else -1
        return self.strange(<Variable>v) if slot < 0 and is_variable(v) else slot

    cdef int strange(self, Variable v) except -2:
        """The slot of a Variable that the function closes over, in a recording that is made once more; -1: it is none."""
        if (type_of(v) != T_DOUBLE and type_of(v) != T_FLOAT) or (v.array != NULL and v.array.shape.ndim) or len(
                self.strangers) == 1 << 16:
            self.give_up("it uses a Variable that is no argument")
            return -1
        self.strangers.append(v)
        self.learn(v, self.new_slot(type_of(v) == T_FLOAT))
        return self.slots - 1

    cdef object truth(self, object v):
        cdef int slot = self.known_slot(v)
        if slot < 0:
            return NotImplemented
        answer = <double>item_of(<Variable>v) != 0
        self.new_item(P_NE, 1 if answer else 0, slot, self.constant(0.0))
        return answer

    cdef object whole(self, object v):
        cdef int slot = self.known_slot(v)
        cdef double value
        if slot < 0:
            return NotImplemented
        value = item_of(<Variable>v)
        answer = int(value)         # raises for what has no whole part
        self.new_item(P_INT, 1, slot, self.constant(trunc(value)))
        return answer

    cdef object copied(self, object v):
        cdef int slot = self.known_slot(v)
        if slot < 0:
            return NotImplemented
        answer = later.other_row(OP_CLONE, (v,))
        self.learn(<Variable>answer, self.value_item(P_COPY, 0, slot, slot, self.single[slot]))
        return answer

    cdef object chosen(self, object condition, object x, object y):
        """where(): both have a part in the graph, and the condition may be a value, too."""
        cdef Operand none
        cdef int first, second, type, at = -1
        if is_variable(condition):
            if type_of(<Variable>condition) != T_DOUBLE and type_of(<Variable>condition) != T_FLOAT:
                return self.give_up("where() of another condition than a comparison")
            condition = self.elementwise(<int>ROWS["ne"], (condition, 0.0))
            if condition is NotImplemented:
                return condition
        elif isinstance(condition, np.ndarray) and condition.ndim == 0 and condition.dtype == bool:
            condition = condition[()]
        if not isinstance(condition, (bool, np.bool_)):
            return self.give_up("where() of an array")
        for o in (x, y):
            if not is_variable(o) and not isinstance(o, (float, int, np.bool_, np.integer, np.floating)) and not (
                    isinstance(o, np.ndarray) and o.ndim == 0):
                return self.give_up("where() of an array")
        plain = np.bool_((<Truth>condition).answer) if isinstance_truth(condition) else condition
        if is_variable(x) or is_variable(y):
            answer = OPS.where(np.asarray(plain), x, y)
        else:
            answer = np.where(plain, x, y)
            answer = later_number(answer)
        if not is_variable(answer) or (type_of(<Variable>answer) != T_DOUBLE and type_of(<Variable>answer) != T_FLOAT) or (
                (<Variable>answer).array != NULL and (<Variable>answer).array.shape.ndim):
            return self.give_up("where() of other numbers than floats")
        type = type_of(<Variable>answer)
        for o in (x, y):
            if is_variable(o) and type_of(<Variable>o) != type:
                return self.give_up("where() of numbers of two dtypes")
        none.array = NULL
        none.value = 0 if is_variable(x) else <double>x
        if self.slot_of(x, &none, type, &first):
            return NotImplemented
        none.value = 0 if is_variable(y) else <double>y
        if self.slot_of(y, &none, type, &second):
            return NotImplemented
        if type == T_FLOAT:         # a cotangent of float32 is rounded where it is copied
            if first >= 0:
                first = self.value_item(P_COPY, 0, first, first, True)
            if second >= 0:
                second = self.value_item(P_COPY, 0, second, second, True)
        if isinstance_truth(condition):
            at = (<Truth>condition).slot_in(self)
        if at >= 0:
            if at != self.slots - 1:
                self.value_item(P_COPY, 0, at, at, False)       # it stands right before the choice
            self.learn(<Variable>answer, self.value_item(P_WHERE, 0, first, second, type == T_FLOAT))
        else:
            if not condition:
                first, second = second, first
            self.learn(<Variable>answer, self.value_item(P_SELECT, 0, first, second, type == T_FLOAT))
        return answer

    cdef object domain(self, tuple operands, object function):
        """math raises outside of the domain of its functions: so it does now, and a replay there leaves the program."""
        if function not in MATH or (function is math.log and len(operands) == 2 and is_variable(operands[1])):
            return self.give_up(f"math.{function.__name__}() is not recorded")
        function(*[item_of(<Variable>v) if is_variable(v) else v for v in operands])
        self.checks = True
        return True

    def result(self, v):
        """The slot of a result, which the recording may know."""
        if isinstance_truth(v):
            return (<Truth>v).slot_in(self)
        return self.find(v) if is_variable(v) else -1

    def hashed(self, v):
        """A number is found by its value in a dict or a set, a Variable by what it is."""
        if self.find(v) >= 0:
            self.give_up("hash() takes a value out")

    def close(self):
        """The run is over: what is asked of its conditions from now on is no part of it."""
        self.closed = True

    def hooked(self, tuple but=()):
        """Whether a Variable that was seen has a hook now, others than those."""
        cdef int i
        cdef Variable v
        for i in range(self.node_count):
            if self.nodes[i].flags & HOOKED and not any([(<Variable>other).node == self.nodes[i] for other in but]):
                return True
        for i in range(self.mask + 1):
            if self.known_values[i].v != NULL and self.known_values[i].node == NULL:
                v = <Variable>self.known_values[i].v
                if v.node != NULL and v.node.flags & HOOKED:
                    return True
        return False


# ---- conditions

#: What stands in an output for a condition: its slot is 0 or 1.
TRUTH = ("condition",)
LOGICAL = {np.logical_and: "logical_and", np.logical_or: "logical_or", np.logical_xor: "logical_xor",
           np.bitwise_and: "logical_and", np.bitwise_or: "logical_or", np.bitwise_xor: "logical_xor",
           np.multiply: "logical_and", np.add: "logical_or", np.maximum: "logical_or", np.minimum: "logical_and"}
INVERTING = frozenset((np.logical_not, np.invert))


cdef inline bint isinstance_truth(object o) noexcept:
    return Py_TYPE(<PyObject*>o) == <PyTypeObject*>Truth


cdef object later_number(object value):
    """A 0-d array of floats as a Variable; what else it may be as it is."""
    if value.dtype == np.float64:
        return from_number(NDARRAY, value, T_DOUBLE)
    return from_number(NDARRAY, value, T_FLOAT) if value.dtype == np.float32 else value


cdef Truth truth_of(Recorder recorder, bint answer, int row, int first, int second, bint single):
    cdef Truth made = Truth.__new__(Truth)
    made.recorder, made.answer, made.row, made.first, made.second = recorder, answer, row, first, second
    made.single, made.slot, made.where = single, -1, recorder.here()
    return made


def _decided(*values):
    """Values with np.bool_ for each condition among them, of which the program asks from now on."""
    return [(<Truth>v).plain() if isinstance_truth(v) else
            type(v)(_decided(*v)) if type(v) is list or type(v) is tuple else v for v in values]


@cython.final
cdef class Truth:
    """A condition in a recording, np.bool_ to whoever asks.

    Where it is combined with others, chooses (np.where) or meets a Variable as a number it is a value of the program; all else,
    bool() before all, decides it, and the program asks there which way to go.
    """

    cdef Recorder recorder
    cdef bint answer, single, decided
    cdef int row, first, second, slot, where

    cdef bint open(self):
        return not self.recorder.closed and self.recorder.reason is None

    cdef int slot_in(self, Recorder recorder) except -2:
        """Its slot as a value, 0 or 1; -1: it is of another recording, or that is over."""
        if recorder is not self.recorder or recorder.closed or recorder.reason is not None:
            return -1
        if self.slot < 0:
            self.slot = recorder.value_item(P_CALL32 if self.single else P_CALL, self.row, self.first, self.second, False)
            recorder.items[recorder.count - 1].where = self.where       # one that is returned is asked by nobody
        return self.slot

    cdef bint decide(self) except -1:
        cdef Recorder recorder = self.recorder
        if self.decided or not self.open():
            return self.answer
        self.decided = True
        if self.slot < 0 and TURN[self.row] >= 0:
            recorder.new_item(TURN[self.row], 1 if self.answer else 0, self.first, self.second)
        else:
            self.slot_in(recorder)
            recorder.new_item(P_NE, 1 if self.answer else 0, self.slot, recorder.constant(0.0))
        return self.answer

    cdef object plain(self):
        return np.bool_(self.decide())

    cdef object combined(self, str name, object other):
        """A condition of two, of which one is self; None: the other is no condition."""
        cdef Recorder recorder = self.recorder
        cdef int first, second, row = ROWS[name]
        cdef bint x = self.answer, y, answer
        if not self.open():
            return None
        if isinstance_truth(other):
            y = (<Truth>other).answer
            second = (<Truth>other).slot_in(recorder)
            if second < 0:
                return None
        elif type(other) is bool or type(other) is np.bool_:
            y = bool(other)
            second = recorder.constant(1.0 if y else 0.0)
        else:
            return None
        first = self.slot_in(recorder)
        answer = (x and y) if name == "logical_and" else (x or y) if name == "logical_or" else x != y
        fill_point(row, 0)
        return truth_of(recorder, answer, row, first, second, False)

    cdef object inverted(self):
        cdef int row = ROWS["logical_not"], slot
        if not self.open():
            return None
        slot = self.slot_in(self.recorder)
        fill_point(row, 0)
        return truth_of(self.recorder, not self.answer, row, slot, slot, False)

    cdef Variable number(self, int type):
        """A Variable that is 0 or 1, beside others of a dtype; None where nothing is recorded any more."""
        cdef Variable made
        cdef int slot
        if not self.open():
            return None
        slot = self.slot_in(self.recorder)
        made = from_number(NDARRAY, 1.0 if self.answer else 0.0, type)
        self.recorder.learn(made, slot)
        return made

    def __array_ufunc__(self, ufunc, str method, *inputs, **kwargs):
        if method == "__call__" and not kwargs and len(inputs) <= 2:
            if ufunc in INVERTING:
                found = self.inverted()
                if found is not None:
                    return found
            elif ufunc in LOGICAL:
                x, y = inputs
                found = (<Truth>x).combined(LOGICAL[ufunc], y) if isinstance_truth(x) else self.combined(LOGICAL[ufunc], x)
                if found is not None:
                    return found
            if len(inputs) == 2:
                found = self.beside(ufunc, inputs[0], inputs[1])
                if found is not None:
                    return found
        kwargs = {key: _decided(v)[0] for key, v in kwargs.items()}
        return getattr(ufunc, method)(*_decided(*inputs), **kwargs)

    cdef object beside(self, object function, object x, object y):
        """function(x, y), of the condition as a number beside a float or a Variable; None: what is beside it is neither."""
        other = y if x is self else x
        cdef int type
        if is_variable(other) and (type_of(<Variable>other) == T_DOUBLE or type_of(<Variable>other) == T_FLOAT):
            type = type_of(<Variable>other)
        elif isinstance(other, float):
            type = T_DOUBLE
        else:
            return None
        number = self.number(type)
        if number is None:
            return None
        return function(number, y) if x is self else function(x, number)

    def __array_function__(self, function, types, args, kwargs):
        if function is np.where and len(args) == 3 and not kwargs:
            condition, x, y = args
            if isinstance_truth(condition) and not isinstance(x, np.bool_) and not isinstance(y, np.bool_) and self.open():
                if is_variable(x) or is_variable(y) or np.result_type(x, y).kind == "f":
                    found = ask("where", (x, y), (condition,))
                    if found is not NotImplemented:
                        return found
        elif function is np.select and not kwargs and 2 <= len(args) <= 3 and self.open():
            found = self.selected(args[0], args[1], args[2] if len(args) == 3 else 0)
            if found is not None:
                return found
        elif function is np.piecewise and len(args) == 3 and not kwargs and self.open():
            found = self.pieced(args[0], args[1], args[2])
            if found is not None:
                return found
        return function(*_decided(*args), **{key: _decided(v)[0] for key, v in kwargs.items()})

    cdef object selected(self, conditions, choices, default):
        """numpy.select of numbers in float64, by where(); None for others."""
        if len(conditions) != len(choices) or not all([isinstance(v, np.bool_) for v in conditions]):
            return None
        for v in (*choices, default):
            if isinstance(v, np.bool_) or not (type(v) in (int, float, float64) or (
                    is_variable(v) and type_of(<Variable>v) == T_DOUBLE)):
                return None
        if all([type(v) is int for v in (*choices, default)]):
            return None
        found = default if is_variable(default) else float(default)
        for condition, choice in zip(reversed(conditions), reversed(choices)):
            found = np.where(condition, choice if is_variable(choice) else float(choice), found)
        return found

    cdef object pieced(self, x, conditions, functions):
        """numpy.piecewise of a number: the last function whose condition holds; None where it is not of that kind."""
        cdef int slot
        if not is_variable(x) or type_of(<Variable>x) != T_DOUBLE or x.ndim or type(conditions) is not list or not all(
                [isinstance(v, np.bool_) for v in conditions]):
            return None
        found = 0.0
        if len(functions) == len(conditions) + 1:
            found = functions[len(conditions)]
        elif len(functions) != len(conditions):
            return None
        for condition, function in zip(reversed(conditions), reversed(functions[:len(conditions)])):
            if condition:
                found = function
                break
        if callable(found):
            found = found(x)
        if is_variable(found) or not isinstance(found, (int, float)):
            return found
        slot = self.recorder.constant(float(found))
        found = from_number(NDARRAY, float(found), T_DOUBLE)
        self.recorder.learn(found, self.recorder.value_item(P_COPY, 0, slot, slot, False))
        return found

    def __array__(self, dtype=None, copy=None):
        return np.array(self.plain(), dtype)

    def __bool__(self):
        return self.decide()

    def __and__(self, other):
        return np.logical_and(self, other) if is_condition(other) else self.plain() & other

    def __rand__(self, other):
        return np.logical_and(other, self) if is_condition(other) else other & self.plain()

    def __or__(self, other):
        return np.logical_or(self, other) if is_condition(other) else self.plain() | other

    def __ror__(self, other):
        return np.logical_or(other, self) if is_condition(other) else other | self.plain()

    def __xor__(self, other):
        return np.logical_xor(self, other) if is_condition(other) else self.plain() ^ other

    def __rxor__(self, other):
        return np.logical_xor(other, self) if is_condition(other) else other ^ self.plain()

    def __invert__(self):
        return np.logical_not(self)

    def __add__(self, other):
        return np.add(self, other)

    def __radd__(self, other):
        return np.add(other, self)

    def __sub__(self, other):
        return np.subtract(self, other)

    def __rsub__(self, other):
        return np.subtract(other, self)

    def __mul__(self, other):
        return np.multiply(self, other)

    def __rmul__(self, other):
        return np.multiply(other, self)

    def __truediv__(self, other):
        return np.true_divide(self, other)

    def __rtruediv__(self, other):
        return np.true_divide(other, self)

    def __floordiv__(self, other):
        return np.floor_divide(self, other)

    def __rfloordiv__(self, other):
        return np.floor_divide(other, self)

    def __mod__(self, other):
        return np.remainder(self, other)

    def __rmod__(self, other):
        return np.remainder(other, self)

    def __divmod__(self, other):
        return divmod(self.plain(), other)

    def __rdivmod__(self, other):
        return divmod(other, self.plain())

    def __pow__(self, other, modulo):
        return np.power(self, other)

    def __rpow__(self, other, modulo):
        return np.power(other, self)

    def __lshift__(self, other):
        return self.plain() << other

    def __rlshift__(self, other):
        return other << self.plain()

    def __rshift__(self, other):
        return self.plain() >> other

    def __rrshift__(self, other):
        return other >> self.plain()

    def __neg__(self):
        return -self.plain()

    def __pos__(self):
        return +self.plain()

    def __abs__(self):
        return abs(self.plain())

    def __eq__(self, other):
        return self.plain() == _decided(other)[0]

    def __ne__(self, other):
        return self.plain() != _decided(other)[0]

    def __lt__(self, other):
        return self.plain() < _decided(other)[0]

    def __le__(self, other):
        return self.plain() <= _decided(other)[0]

    def __gt__(self, other):
        return self.plain() > _decided(other)[0]

    def __ge__(self, other):
        return self.plain() >= _decided(other)[0]

    def __hash__(self):
        return hash(self.plain())

    def __int__(self):
        return int(self.plain())

    def __float__(self):
        return float(self.plain())

    def __complex__(self):
        return complex(self.plain())

    def __index__(self):
        return operator_index(self.plain())

    def __repr__(self):
        return repr(self.plain())

    def __str__(self):
        return str(self.plain())

    def __format__(self, spec):
        return format(self.plain(), spec)

    def __reduce__(self):
        return np.bool_, (bool(self),)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    @property
    def __class__(self):
        return np.bool_

    @property
    def ndim(self):
        return 0

    @property
    def size(self):
        return 1

    @property
    def shape(self):
        return ()

    @property
    def dtype(self):
        return np.dtype(bool)

    def astype(self, dtype, *args, **kwargs):
        """As np.bool_'s: a float of it is a value of the program."""
        if np.dtype(dtype) == np.float64 and not args and not kwargs:
            found = self.number(T_DOUBLE)
            if found is not None:
                return found
        return self.plain().astype(dtype, *args, **kwargs)

    def __getattr__(self, str name):
        return getattr(self.plain(), name)


cdef bint is_condition(object o):
    return isinstance_truth(o) or type(o) is bool or type(o) is np.bool_


def plain_condition(v):
    """What a condition of a recording is outside; anything else as it is."""
    return np.bool_((<Truth>v).answer) if isinstance_truth(v) else v


def place_of(list known, int where):
    """(file, line, function) of a place; None where it is unknown."""
    if where < 0 or where >> 20 >= len(known):
        return None
    code = known[where >> 20]
    at = where & 0xFFFFF
    if type(code) is tuple:     # what was read of bytes: places as they are
        return (<tuple>code)[at]
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= at < end and number is not None:
            line = number
    return code.co_filename, line, code.co_name


# ---- the tree

cdef enum:                      # what an argument is
    FLOAT
    SINGLE
    FLOATS                      # a list or tuple of floats
    STATIC

#: Types of static arguments that are compared as they are; of others see key_of().
cdef frozenset BY_VALUE = frozenset((int, bool, str, bytes, np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8,
                                     np.uint16, np.uint32, np.uint64))

cdef object ZERO = 0.0
cdef object float32 = np.float32
cdef object float64 = np.float64

cdef enum:                      # what a Replay returns
    VALUE_ONLY
    GRADIENT_ONLY
    VALUE_FIRST                 # (value, gradient)
    VALUE_LAST
    SECOND                      # the matrix of second derivatives
    FIRST                       # the Jacobian: for each result a gradient

HESSIAN, JACOBIAN = SECOND, FIRST
RESULT_ROWS, GRADIENT_ROWS = P_OF_RESULTS, P_OF_GRADIENT
VALUE, GRADIENT, VALUE_AND_GRADIENT, GRADIENT_AND_VALUE = VALUE_ONLY, GRADIENT_ONLY, VALUE_FIRST, VALUE_LAST


def same_static(o, other):
    """Whether a static argument is another one, or of its value."""
    if o is other or type(o) is not type(other):
        return o is other
    return bool(o == other) if type(o) in BY_VALUE else key_of(o) == key_of(other)


def key_of(o):
    """What static arguments of one value have in common: those that cannot be written; others are told by identity."""
    kind = type(o)
    module = kind.__module__
    if kind in BY_VALUE or o is None:
        return kind, o
    if kind is float or kind is complex:
        return kind, o.real.hex(), o.imag.hex()
    if kind is slice or kind is range:
        return kind, key_of(o.start), key_of(o.stop), key_of(o.step)
    if kind is tuple:
        return kind, tuple([key_of(x) for x in o])
    if kind is frozenset:
        return kind, frozenset([key_of(x) for x in o])
    if isinstance(o, np.dtype):
        return np.dtype, o
    if isinstance(o, np.generic) and not isinstance(o, np.void) and module == "numpy":
        return kind, o.dtype, repr(o) if kind is np.longdouble or kind is np.clongdouble else o.tobytes()
    if module == "decimal" and kind.__name__ == "Decimal":
        return kind, o.as_tuple()           # 1.0 and 1.00 are equal
    if module == "fractions" and kind.__name__ == "Fraction":
        return kind, o.numerator, o.denominator
    if module == "datetime" and kind.__name__ in ("date", "time", "datetime", "timedelta", "timezone"):
        return kind, tuple([key_of(x) for x in o.__reduce_ex__(4)[1]])
    if module == "uuid" and kind.__name__ == "UUID" or module.startswith("pathlib") and hasattr(kind, "parts"):
        return kind, str(o)
    return kind, id(o)


def unusual():
    """Whether this thread is in a mode: under vmap, no_grad, in forward mode, in a recording."""
    return modes() != 0


def kind_of(o):
    """(kind, number of inputs) of an argument; None: it is no argument of a program, as an array is none."""
    if type(o) is float or type(o) is float64:
        return FLOAT, 1
    if type(o) is float32:
        return SINGLE, 1
    if of_floats(o):
        return FLOATS, len(o)
    if isinstance(o, (list, tuple, dict, set, bytearray, np.ndarray, Variable, complex, np.complexfloating)) or (
            hasattr(type(o), "__dataclass_fields__")):
        return None
    return STATIC, 0


cdef bint of_floats(object o):
    """Whether it is a list or tuple of floats, and of one at least."""
    if type(o) is not list and type(o) is not tuple:
        return False
    for x in o:
        if type(x) is not float and type(x) is not float64:
            return False
    return len(o) != 0


cdef Variable number_inside(object o):
    return from_number(NDARRAY, <double>o, T_FLOAT if type(o) is float32 else T_DOUBLE)


def inside(tuple args):
    """Arguments as a recorded function sees them: numbers are Variables, in lists and tuples of floats, too."""
    return tuple([
        number_inside(o) if type(o) is float or type(o) is float64 or type(o) is float32 else
        [number_inside(x) for x in o] if type(o) is list and of_floats(o) else
        tuple([number_inside(x) for x in o]) if of_floats(o) else o for o in args])


def sample_of(list columns, uintptr_t addresses, Py_ssize_t point):
    """The leaves of one point: where a column has an address, the double at the point, else what stands in the list."""
    cdef const uint64_t* address = <const uint64_t*>addresses
    cdef Py_ssize_t i, count = len(columns)
    made = PyList_New(count)
    for i in range(count):
        give_item(made, i, (<const double*><uintptr_t>address[i])[point] if address[i] else columns[i])
    return made


@cython.final
cdef class Tree:
    """The program of a function for one structure of its arguments: what was recorded, and the code that replays it."""

    cdef p_tree* t
    cdef int arguments
    cdef int* kinds
    cdef int* first                 # the input with which an argument begins
    cdef int* lengths
    cdef readonly tuple statics     # the arguments that are static; of a list or tuple, its type
    cdef readonly tuple references  # 0-d Variables that the function closes over: the last inputs
    cdef int numbers_given          # the inputs among the arguments
    cdef list outputs               # by leaf: (Treedef or None, constants)
    cdef dict constants
    cdef list known                 # code objects of the user's
    cdef dict numbers
    cdef p_segment* merged          # the leaf of the last recording

    def __cinit__(self, tuple args, tuple references=()):
        cdef int i, inputs = 0
        cdef bytearray single = bytearray()
        self.references = references
        self.arguments = len(args)
        self.kinds = <int*>malloc((len(args) + 1) * sizeof(int))
        self.first = <int*>malloc((len(args) + 1) * sizeof(int))
        self.lengths = <int*>malloc((len(args) + 1) * sizeof(int))
        if self.kinds == NULL or self.first == NULL or self.lengths == NULL:
            raise MemoryError
        for i in range(len(args)):
            self.kinds[i], self.lengths[i] = kind_of(args[i])
            self.first[i] = inputs
            inputs += self.lengths[i]
            single += bytes([self.kinds[i] == SINGLE]) * self.lengths[i]
        self.first[len(args)] = inputs
        self.numbers_given = inputs
        inputs += len(references)
        single += bytes([type_of(<Variable?>v) == T_FLOAT for v in references])
        self.statics = tuple([o if self.kinds[i] == STATIC else type(o) for i, o in enumerate(args)])
        self.outputs, self.constants, self.known, self.numbers = [], {}, [], {}
        self.t = p_tree_new(inputs, <const uint8_t*>single)
        if self.t == NULL:
            raise MemoryError

    def __dealloc__(self):
        p_tree_free(self.t)
        free(self.kinds)
        free(self.first)
        free(self.lengths)

    cdef int fill(self, tuple args) noexcept:
        """The arguments into the slots of the inputs; 1: they are of another structure, or there is no program yet."""
        cdef int i, k
        cdef double* v = self.t.v
        cdef object o
        if len(args) != self.arguments or v == NULL:
            return 1
        for i in range(self.arguments):
            o = args[i]
            if self.kinds[i] == FLOAT:
                if type(o) is not float and type(o) is not float64:
                    return 1
                v[0] = PyFloat_AS_DOUBLE(o)
                v += 1
            elif self.kinds[i] == FLOATS:
                if type(o) is not self.statics[i]:
                    return 1
                if type(o) is list:
                    if len(<list>o) != self.lengths[i]:
                        return 1
                    for k in range(self.lengths[i]):
                        x = (<list>o)[k]
                        if type(x) is not float and type(x) is not float64:
                            return 1
                        v[k] = PyFloat_AS_DOUBLE(x)
                else:
                    if len(<tuple>o) != self.lengths[i]:
                        return 1
                    for k in range(self.lengths[i]):
                        x = (<tuple>o)[k]
                        if type(x) is not float and type(x) is not float64:
                            return 1
                        v[k] = PyFloat_AS_DOUBLE(x)
                v += self.lengths[i]
            elif self.kinds[i] == SINGLE:
                if type(o) is not float32:
                    return 1
                v[0] = <float>o
                v += 1
            elif o is not self.statics[i]:
                if not same_static(o, self.statics[i]):
                    return 1
        for i in range(len(self.references)):
            if not self.look_up(i, &v[i]):
                return 1
        return 0

    cdef bint look_up(self, int i, double* value) noexcept:
        """What a reference is now; False: it has another dtype, or dimensions."""
        cdef Variable r = <Variable>self.references[i]
        cdef bint single = self.t.single[self.numbers_given + i]
        if type_of(r) != (T_FLOAT if single else T_DOUBLE) or (r.array != NULL and r.array.shape.ndim):
            return False
        value[0] = r.value if r.array == NULL else read_double(type_of(r), r.array.data)
        return True

    def values_of_references(self):
        """What they are now."""
        cdef double value = 0
        cdef int i
        found = []
        for i in range(len(self.references)):
            if not self.look_up(i, &value):
                return None
            found.append(value)
        return found

    @property
    def attached(self):
        """Whether a reference requires a gradient."""
        return self.is_attached()

    cdef bint is_attached(self) except -1:
        for v in self.references:
            if edge_of(<Variable>v) != NULL:
                return True
        return False

    def fits(self, tuple args):
        """Whether the arguments are of this tree's structure."""
        return self.fill(args) == 0

    def merge(self, Recorder recorder not None, list slots, tuple output):
        """Hang up what a recording has that is new.  slots: of the results, numbers for what is constant.

        Returns None, or the place in the user's code where the function did something else than when that way was recorded.
        """
        cdef int i, way, done, found, slot
        cdef p_segment* at
        cdef p_segment* leaf
        cdef p_item* q
        cdef list constants = []
        cdef list codes = []
        for i in range(recorder.number_count):
            value = recorder.numbers[i]
            bits = number_bits(value)
            known = self.constants.get(bits)
            if known is None:
                slot = p_constant_add(self.t, value)
                if slot == 0:
                    raise MemoryError
                known = self.constants[bits] = slot
            constants.append(known)
        for code in recorder.known:
            if code not in self.numbers:
                self.numbers[code] = len(self.known)
                self.known.append(code)
            codes.append(self.numbers[code])
        for i in range(recorder.count):
            q = &recorder.items[i]
            if q.a < 0:
                q.a = constants[-1 - q.a]
            if q.b < 0:
                q.b = constants[-1 - q.b]
            if q.where >= 0:
                q.where = (<int>codes[q.where >> 20] << 20) | (q.where & 0xFFFFF)
        recorder.number_count, recorder.known = 0, self.known
        found = p_follow(self.t, recorder.items, recorder.count, &at, &way, &done)
        if found < 0:
            if recorder.count:
                return place_of(self.known, recorder.items[min(done, recorder.count - 1)].where) or ("?", 0, "?")
            return "?", 0, "?"
        if found == 1:
            leaf = at
            if slots != [leaf.out[i] for i in range(leaf.outs)] or self.outputs[leaf.leaf] != output:
                return "?", 0, "?"
        else:
            leaf = p_hang(self.t, recorder.items, recorder.count, at, way, done)
            if leaf == NULL:
                raise MemoryError
            if p_results(self.t, leaf, len(slots)) == NULL:
                raise MemoryError
            for i in range(leaf.outs):
                leaf.out[i] = slots[i]
            self.outputs.append(output)
            if p_render(self.t, leaf):
                raise MemoryError
        if p_room(self.t):
            raise MemoryError
        self.merged = leaf
        return None

    @staticmethod
    cdef p_reverse* reversed_in(p_segment* leaf, int choice) noexcept:
        cdef int i
        for i in range(leaf.reverses):
            if leaf.reverse[i].choice == choice:
                return &leaf.reverse[i]
        return NULL

    def differentiate(self, tuple args, int choice, tuple places, bint aux=False):
        """Reverse code of the leaf to which the arguments lead, in the arguments at those places; False: they lead to none."""
        cdef int reason = 0
        cdef p_segment* leaf
        if self.fill(args):
            raise ValueError("arguments of another structure")
        leaf = p_forward(self.t.root, self.t.v, &reason)
        if leaf == NULL:
            return False
        self.reverse_leaf(leaf, choice, places, aux)
        return True

    cdef int reverse_leaf(self, p_segment* leaf, int choice, tuple places, bint aux) except -1:
        cdef int i, k
        cdef bytearray chosen = bytearray(self.t.inputs + 1)
        for i in places:
            for k in range(self.first[i], self.first[i + 1]):
                chosen[k] = 1
        if p_reversed(self.t, leaf, <const uint8_t*>chosen, choice, aux) == NULL or p_room(self.t):
            raise MemoryError
        return 0

    def referred(self, int choice):
        """(value, gradients in the references) of a function that returns one number, at the arguments that were filled in.

        None: it is not recorded there, or returns something else.
        """
        cdef int i, k, reason = 0
        cdef p_tree* t = self.t
        cdef p_segment* leaf
        cdef p_reverse* reverse
        cdef bytearray chosen
        cdef double value
        cdef double* gradients
        leaf = p_forward(t.root, t.v, &reason)
        if leaf == NULL or leaf.outs != 1 or (<tuple>self.outputs[leaf.leaf])[0] is not None:
            return None
        if leaf.out[0] < 0 or (<list>(<tuple>self.outputs[leaf.leaf])[1])[0] is not None:
            return None
        reverse = Tree.reversed_in(leaf, choice)
        if reverse == NULL:
            chosen = bytearray(self.numbers_given) + b"\1" * len(self.references) + b"\0"
            given = (<const char*>t.v)[:t.inputs * sizeof(double)]      # which lie elsewhere once there is more room
            if p_reversed(t, leaf, <const uint8_t*>chosen, choice, False) == NULL or p_room(t):
                raise MemoryError
            memcpy(t.v, <const char*>given, t.inputs * sizeof(double))
            return self.referred(choice)
        leaf.runs += 1
        value = t.v[leaf.out[0]]
        p_differentiate(t, reverse)
        gradients = <double*>malloc((len(self.references) + 1) * sizeof(double))
        if gradients == NULL:
            raise MemoryError
        for i in range(len(self.references)):           # before anything is made, see run()
            k = p_gradient_at(reverse, self.numbers_given + i)
            gradients[i] = t.g[k] if k >= 0 else 0.0
        try:
            return value, [gradients[i] for i in range(len(self.references))]
        finally:
            free(gradients)

    def rows(self, tuple args, int choice, tuple places, int kind, size_t limit=1 << 26):
        """The matrix of the leaf to which the arguments lead, in the arguments at those places; whether there is one now.

        kind: P_OF_RESULTS (a Jacobian) or P_OF_GRADIENT (a Hessian).  False where a row has no template, or of float32.
        """
        cdef int reason = 0
        cdef p_segment* leaf
        if self.fill(args):
            raise ValueError("arguments of another structure")
        leaf = p_forward(self.t.root, self.t.v, &reason)
        return leaf != NULL and self.rows_leaf(leaf, choice, places, kind, limit)

    cdef bint rows_leaf(self, p_segment* leaf, int choice, tuple places, int kind, size_t limit) except -1:
        cdef int i, k, status
        cdef p_item q
        cdef p_segment* s = leaf
        wanted = np.array([k for i in places for k in range(self.first[i], self.first[i + 1])], np.int32)
        if kind == P_OF_GRADIENT and leaf.outs != 1:
            return False
        if p_rows_of(leaf, kind, choice) != NULL:
            return True
        while s != NULL:
            for i in range(s.count):
                q = p_item_of(s, i)
                if q.op < P_COPY:
                    learn_rule(q.row & ~P_SINGLE)
            s = s.parent
        status = p_rows_make(self.t, leaf, <const int32_t*><uintptr_t>wanted.ctypes.data, len(wanted), choice, kind, limit)
        if status == -1 or p_room(self.t):
            raise MemoryError
        return status == 0

    def sparse(self, tuple args, int choice, int kind):
        """((elements, columns, where each row begins), shape) of a matrix; None: not recorded, or there is no pattern."""
        cdef int i, reason = 0
        cdef long long k
        cdef p_segment* leaf
        cdef p_rows* r
        cdef double* g
        cdef double* elements
        cdef Py_ssize_t total
        if self.fill(args):
            return None
        leaf = p_forward(self.t.root, self.t.v, &reason)
        if leaf == NULL:
            return None
        r = p_rows_of(leaf, kind, choice)
        if r == NULL or r.pattern.start == NULL:
            return None
        total = r.pattern.start[r.rows]
        g = <double*>malloc(((self.t.adjoints + 2) * P_LANES + r.columns) * sizeof(double))
        if g == NULL:
            raise MemoryError
        leaf.runs += 1
        p_more(r, self.t.v)
        # What makes an object may let other code run, which may call this very program: so the values come first.
        elements = <double*>malloc((total + 1) * sizeof(double))
        if elements == NULL:
            free(g)
            raise MemoryError
        if not p_elements(r, self.t.v, g, elements) and kind == P_OF_RESULTS:
            for i in range(r.rows):
                if g == NULL or p_row_alone(self.t, leaf, r, i, self.t.v, g):
                    free(g)
                    free(elements)
                    raise MemoryError
                for k in range(r.pattern.start[i], r.pattern.start[i + 1]):
                    elements[k] = g[r.pattern.column[k]]
        free(g)
        try:
            data, columns = np.empty(total), np.empty(total, np.int32)
            start = np.empty(r.rows + 1, np.int64)
            memcpy(<void*><uintptr_t>data.ctypes.data, elements, total * sizeof(double))
            memcpy(<void*><uintptr_t>columns.ctypes.data, r.pattern.column, total * sizeof(int32_t))
            memcpy(<void*><uintptr_t>start.ctypes.data, r.pattern.start, (r.rows + 1) * sizeof(long long))
            return (data, columns, start if total > 0x7FFFFFFF else start.astype(np.int32)), (r.rows, r.columns)
        finally:
            free(elements)

    def colours(self, tuple args, int choice, int kind):
        """(how many lanes, the lane of each row, the lane in which each element is read) of a matrix; None: there is none."""
        cdef int reason = 0
        cdef long long k
        cdef p_segment* leaf
        cdef p_rows* r
        if self.fill(args):
            return None
        leaf = p_forward(self.t.root, self.t.v, &reason)
        r = NULL if leaf == NULL else p_rows_of(leaf, kind, choice)
        if r == NULL or r.pattern.start == NULL:
            return None
        return r.colours, [r.colour[k] for k in range(r.rows)], [r.lane[k] for k in range(r.pattern.start[r.rows])]

    def results(self, tuple args):
        """How many results the leaf has to which the arguments lead; -1: none is recorded."""
        cdef int reason = 0
        cdef p_segment* leaf
        if self.fill(args):
            return -1
        leaf = p_forward(self.t.root, self.t.v, &reason)
        return -1 if leaf == NULL else leaf.outs

    @property
    def has_conditions(self):
        """Whether a leaf returns a condition, np.bool_ and no float."""
        return any([constant is TRUTH for _, constants in self.outputs for constant in constants])

    @property
    def bytes(self):
        """What the tree takes."""
        return self.t.bytes

    @property
    def leaves(self):
        """How many ways through the function were recorded."""
        return self.t.leaves

    def state(self, tuple args):
        """0: the arguments lead to a leaf, 1: to where nothing is recorded, 2: out of what the recording holds for."""
        cdef int reason = 0
        if self.fill(args):
            return 1
        return 0 if p_forward(self.t.root, self.t.v, &reason) != NULL else 1 + reason

    # -- to look at

    def listing(self):
        """[(depth, text, place)]: the program, one op a line; a guard that has both ways has them one step deeper."""
        cdef p_segment* s
        cdef p_item q
        cdef int i
        lines = []
        waiting = [(<uintptr_t>self.t.root, 0, "")]
        while waiting:
            address, depth, text = waiting.pop()
            if text:
                lines.append((depth, text, None))
                continue
            s = <p_segment*><uintptr_t>address
            for i in range(s.count):
                q = p_item_of(s, i)
                if q.op == P_CHECK:
                    lines.append((depth, f"leave unless finite {self.name(q.a)}", place_of(self.known, q.where)))
                elif p_lives(s, i):
                    text = f"{self.name(s.start + i)} = {self.operation(&q, s.start + i)}"
                    lines.append((depth, text, place_of(self.known, q.where)))
            q = p_item_of(s, s.count)
            place = place_of(self.known, q.where)
            if s.turn == P_END:
                _, constants = self.outputs[s.leaf]
                found = [repr(c) if s.out[i] < 0 else self.name(s.out[i]) for i, c in enumerate(constants)]
                lines.append((depth, f"return {', '.join(found)}", None))
            elif s.child[0] == NULL or s.child[1] == NULL:
                i = s.child[0] == NULL
                lines.append((depth, f"guard {'' if i else 'not '}{self.decision(&q)}", place))
                waiting.append((<uintptr_t>s.child[i], depth, ""))
            else:
                word = "if"
                if q.op == P_INT and lines and lines[len(lines) - 1] == (depth - 1, "else:", None):
                    word, depth = "elif", depth - 1         # int() is asked number by number
                    lines.pop()
                lines.append((depth, f"{word} {self.decision(&q)}:", place))
                waiting += [(<uintptr_t>s.child[0], depth + 1, ""), (0, depth, "else:"), (<uintptr_t>s.child[1], depth + 1, "")]
        return lines

    cdef str name(self, int slot):
        if slot >= 0:
            return f"%{slot}"
        return repr(self.t.constants[-1 - slot])

    cdef str operation(self, p_item* q, int slot):
        row = q.row & ~P_SINGLE
        if q.op == P_COPY:
            return f"copy {self.name(q.a)}"
        if q.op == P_SELECT:
            return f"where {self.name(q.a)}, not {self.name(q.b)}"
        if q.op == P_WHERE:
            return f"where {self.name(slot - 1)}, {self.name(q.a)}, {self.name(q.b)}"
        text = f"{NAMES[row]} {self.name(q.a)}"
        if kernels[0][row].arity == 2:
            text += f", {self.name(q.b)}"
        return text + (" (float32)" if q.row & P_SINGLE else "")

    cdef str decision(self, p_item* q):
        if q.op == P_INT:
            return f"int({self.name(q.a)}) == {int(self.t.constants[-1 - q.b])}"
        return f"{self.name(q.a)} {SIGNS[q.op]} {self.name(q.b)}"

    def turns(self):
        """[(decision, place, runs in which it held, runs in which it did not)], from the root on."""
        cdef p_segment* s
        cdef p_item q
        cdef int i
        order, totals = [], {}
        waiting = [<uintptr_t>self.t.root]
        while waiting:
            address = waiting.pop()
            order.append(address)
            s = <p_segment*><uintptr_t>address
            for i in range(2):
                if s.turn != P_END and s.child[1 - i] != NULL:
                    waiting.append(<uintptr_t>s.child[1 - i])
        for address in reversed(order):         # children come after their parent
            s = <p_segment*><uintptr_t>address
            totals[address] = s.runs if s.turn == P_END else (
                totals.get(<uintptr_t>s.child[0], 0) + totals.get(<uintptr_t>s.child[1], 0))
        found = []
        for address in order:
            s = <p_segment*><uintptr_t>address
            if s.turn != P_END:
                q = p_item_of(s, s.count)
                found.append((self.decision(&q), place_of(self.known, q.where),
                              totals.get(<uintptr_t>s.child[1], 0), totals.get(<uintptr_t>s.child[0], 0)))
        return found

    # -- as bytes, and of them

    def written(self):
        """What it is made of, by names and relative places: the same for the same program, wherever it was recorded.

        (ops, constants, places, code, leaves): names with flags (see OF_FLOAT32), numbers, (file, line, function) by their
        first use in the code; of each leaf its number, how often it ran, and for what there is code: (-1 or the kind of a
        matrix, choice).
        """
        cdef Written w
        cdef int i
        memset(&w, 0, sizeof(w))
        try:
            # No object is made in here, so that no other code runs, which may record.
            if self.walk(&w) or w.out.failed or w.ops.failed or w.constants.failed or w.places.failed:
                raise MemoryError
            code = (<const char*>w.out.data)[:w.out.n]
            ops = [op_name(<int>(w.ops.order[i] >> 16), <int>(w.ops.order[i] & 0xFFFF)) for i in range(w.ops.used)]
            constants = [self.t.constants[w.constants.order[i]] for i in range(w.constants.used)]
            places = [place_of(self.known, <int>w.places.order[i]) for i in range(w.places.used)]
            leaves = [self.leaf_written(w.leaf[i]) for i in range(w.leaves)]
            return ops, constants, places, code, leaves
        finally:
            for address in (<uintptr_t>w.out.data, <uintptr_t>w.leaf, <uintptr_t>w.waiting):
                free(<void*><uintptr_t>address)
            table_free(&w.ops)
            table_free(&w.constants)
            table_free(&w.places)

    cdef object leaf_written(self, p_segment* leaf):
        cdef int i
        cdef p_rows* r
        derived = [(-1, leaf.reverse[i].choice) for i in range(leaf.reverses)]
        r = leaf.rows
        while r != NULL:
            derived.append((r.kind, r.choice))
            r = r.next
        return leaf.leaf, leaf.runs, derived

    cdef int walk(self, Written* w) noexcept:
        """The code: chains of segments, each from where it hangs to its leaf, the way that holds first.  1: memory is short."""
        cdef p_segment* s = self.t.root
        cdef p_item q
        cdef Waiting* grown
        cdef p_segment** more
        cdef int i, way, at = -1, number = 0, own
        if s.turn == 0:
            return 1
        put(&w.out, 0)
        put(&w.out, 2)
        while True:
            own = number
            number += 1
            put(&w.out, s.count)
            for i in range(s.count):
                q = p_item_of(s, i)
                put(&w.out, numbered(&w.ops, (<int64_t>q.op << 16) | q.row))
                put_operand(w, s.start + i, q.a)
                if has_two(q.op, q.row):
                    put_operand(w, s.start + i, q.b)
                put_place(w, q.where)
            put(&w.out, numbered(&w.ops, <int64_t>s.turn << 16))
            if s.turn != P_END:
                q = p_item_of(s, s.count)
                put_operand(w, s.start + s.count, q.a)
                put_operand(w, s.start + s.count, q.b)
                put_place(w, q.where)
                way = s.child[1] != NULL
                put(&w.out, way)
                if way and s.child[0] != NULL:
                    if w.waits == w.waiting_room:
                        w.waiting_room = 2 * w.waiting_room + 64
                        grown = <Waiting*>realloc(w.waiting, w.waiting_room * sizeof(Waiting))
                        if grown == NULL:
                            return 1
                        w.waiting = grown
                    w.waiting[w.waits].s, w.waiting[w.waits].at = s.child[0], own
                    w.waits += 1
                s = s.child[way]
                continue
            put(&w.out, s.outs)
            for i in range(s.outs):
                put(&w.out, s.out[i] + 1 if s.out[i] >= 0 else 0)
            if w.leaves == w.leaf_room:
                w.leaf_room = 2 * w.leaf_room + 64
                more = <p_segment**>realloc(w.leaf, w.leaf_room * sizeof(p_segment*))
                if more == NULL:
                    return 1
                w.leaf = more
            w.leaf[w.leaves] = s
            w.leaves += 1
            if not w.waits:
                return 0
            w.waits -= 1
            s, at = w.waiting[w.waits].s, w.waiting[w.waits].at
            put(&w.out, at + 1)
            put(&w.out, 0)

    def output_of(self, int leaf):
        """(Treedef or None, constants) of a leaf."""
        return self.outputs[leaf]

    def read(self, list ops, list constants, tuple places, bytes code, list outputs, list leaves):
        """Of a new tree: take what written() gave; outputs are those of the leaves in their order.

        leaves: of each how often it ran and what code it has: (-1 or the kind of a matrix, choice, places, aux).  Whatever is
        not as written() writes it is a ValueError.
        """
        cdef In source
        cdef p_segment** segments = NULL
        cdef p_segment** grown
        cdef p_segment* s
        cdef p_segment* at
        cdef p_item* items = NULL
        cdef p_item* more
        cdef p_item* q
        cdef uint8_t* kinds = NULL      # by slot of the path: 2 is no value
        cdef uint8_t* wider
        cdef int* rows = NULL           # by number in ops
        cdef int count, room = 0, used = 0, segment_room = 0, kind_room = 0, slot, i, k, n, way, op, row, hangs, leaf = 0
        cdef uint64_t read
        cdef bytearray single = bytearray(self.t.inputs + 1)
        if self.t.root.turn != 0 or len(places) > 0xFFFFF or len(constants) > len(code) or len(ops) > len(code):
            raise ValueError("a program that is none")
        source.data, source.n, source.at, source.failed = <const uint8_t*>code, len(code), 0, False
        for value in constants:
            if p_constant_add(self.t, value) == 0:
                raise MemoryError
            self.constants[number_bits(value)] = -self.t.constant_count
        self.known.append(places)
        self.numbers[places] = 0
        for i in range(self.arguments):
            for k in range(self.first[i], self.first[i + 1]):
                single[k] = self.kinds[i] == SINGLE
        try:
            rows = <int*>malloc((2 * len(ops) + 2) * sizeof(int))
            if rows == NULL:
                raise MemoryError
            for i in range(len(ops)):
                rows[2 * i], rows[2 * i + 1] = op_named(ops[i])
            while source.at < source.n:
                n = take(&source, used + 1) - 1
                way = take(&source, 3)
                if source.failed or (n < 0) != (used == 0) or (way == 2) != (used == 0):
                    raise ValueError("a branch that hangs nowhere")
                at = self.t.root if used == 0 else segments[n]
                slot = self.t.inputs if used == 0 else at.start + at.count
                if used and (at.turn == P_END or at.child[way] != NULL):
                    raise ValueError("a branch where there is one")
                if slot >= kind_room:
                    kind_room = 2 * slot + 64
                    wider = <uint8_t*>realloc(kinds, kind_room)
                    if wider == NULL:
                        raise MemoryError
                    kinds = wider
                memcpy(kinds, <const uint8_t*>single, self.t.inputs)
                s = at
                while used and s != NULL:
                    for i in range(s.count):
                        kinds[s.start + i] = 2 if s.code[i].op == P_CHECK else 0
                    s = s.parent
                count, hangs = 0, 1
                while True:             # a segment
                    n = take(&source, code_left(&source))
                    for i in range(n + 1):
                        if slot + 1 >= kind_room:
                            kind_room = 2 * kind_room + 64
                            wider = <uint8_t*>realloc(kinds, kind_room)
                            if wider == NULL:
                                raise MemoryError
                            kinds = wider
                        if count == room:
                            room = 2 * room + 64
                            more = <p_item*>realloc(items, room * sizeof(p_item))
                            if more == NULL:
                                raise MemoryError
                            items = more
                        q = &items[count]
                        memset(q, 0, sizeof(p_item))
                        k = take(&source, len(ops))
                        if source.failed:
                            raise ValueError("code that ends in the middle")
                        op, row = rows[2 * k], rows[2 * k + 1]
                        if p_is_turn(op) != (i == n):
                            raise ValueError("a decision in the middle, or none at the end")
                        q.op, q.row, q.where = op, row, -1
                        if op == P_END:
                            break
                        q.a = read_operand(&source, slot, self.t.constant_count, kinds)
                        q.b = read_operand(&source, slot, self.t.constant_count, kinds) if has_two(op, row) else q.a
                        k = take(&source, len(places) + 1)
                        if source.failed:
                            raise ValueError("an operand or a place that is none")
                        if k:
                            q.where = k - 1
                        if op == P_WHERE and (slot == self.t.inputs or kinds[slot - 1] == 2):
                            raise ValueError("a choice without a condition")
                        if op == P_INT and (q.a < 0 or q.b >= 0 or not is_whole(self.t.constants[-1 - q.b])):
                            raise ValueError("a whole number that is none")
                        count += 1
                        if not p_is_turn(op):
                            kinds[slot] = 2 if op == P_CHECK else 0
                            slot += 1
                    if op == P_END:
                        break
                    q.row = take(&source, 2)
                    if source.failed or (op == P_INT and q.row != 1):
                        raise ValueError("a way that is none")
                    hangs += 1
                n = take(&source, code_left(&source) + 1)
                if source.failed or leaf >= len(outputs) or len(<list>(<tuple>outputs[leaf])[1]) != n:
                    raise ValueError("results that are none")
                s = p_hang(self.t, items, count, at, -1 if used == 0 else way, 0)
                if s == NULL:
                    raise MemoryError
                if p_results(self.t, s, n) == NULL:
                    raise MemoryError
                for i in range(n):
                    k = take(&source, slot + 1)
                    s.out[i] = k - 1 if k else -1
                    if source.failed or (k and kinds[k - 1] == 2):
                        raise ValueError("a result that is none")
                self.outputs.append(outputs[leaf])
                self.check_output(s)
                if p_render(self.t, s) or p_room(self.t):
                    raise MemoryError
                while used + hangs > segment_room:
                    segment_room = 2 * segment_room + 64
                    grown = <p_segment**>realloc(segments, segment_room * sizeof(p_segment*))
                    if grown == NULL:
                        raise MemoryError
                    segments = grown
                for i in range(hangs):      # from the leaf up
                    segments[used + hangs - 1 - i] = s
                    s = s.parent
                self.read_leaf(segments[used + hangs - 1], <tuple>leaves[leaf])
                used += hangs
                leaf += 1
            if leaf == 0 or leaf != len(outputs):
                raise ValueError("results without a branch")
        finally:
            free(segments)
            free(items)
            free(kinds)
            free(rows)

    cdef int check_output(self, p_segment* leaf) except -1:
        """That there is a constant where there is no slot, and one result where they are not nested."""
        cdef int i
        treedef, constants = <tuple>self.outputs[leaf.leaf]
        if leaf.outs != (1 if treedef is None else treedef.count):
            raise ValueError("results that are another number than are returned")
        for i in range(leaf.outs):
            constant = (<list>constants)[i]
            if constant is not TRUTH if leaf.out[i] >= 0 and constant is not None else constant is TRUTH:
                raise ValueError("a result that is computed and is none")
        return 0

    cdef int read_leaf(self, p_segment* leaf, tuple given) except -1:
        cdef int place
        leaf.runs, derived = given
        for kind, choice, places, aux in derived:
            for place in places:
                if not 0 <= place < self.arguments or self.kinds[place] == STATIC:
                    raise ValueError("a derivative in what is no number")
            if len(set(places)) != len(places):
                raise ValueError("a derivative in one argument twice")
            if kind >= 0:
                self.rows_leaf(leaf, choice, places, P_OF_GRADIENT if kind else P_OF_RESULTS, 1 << 26)
            elif leaf.outs == 1 or (aux and leaf.outs > 1):
                self.reverse_leaf(leaf, choice, places, aux)
            else:
                raise ValueError("a derivative of what is no number")
        return 0

    # -- to be run by Python

    def outline(self):
        """(segments, constants): of each segment its first slot, items (name, flags, row, a, b or None, place), how it ends,
        the numbers of what comes after it (-1: nothing is recorded), and of a leaf (slots, (Treedef or None, constants))."""
        cdef p_segment* s
        cdef p_item q
        cdef int i
        order, numbers = [], {}
        waiting = [<uintptr_t>self.t.root]
        while waiting:
            address = waiting.pop()
            numbers[address] = len(order)
            order.append(address)
            s = <p_segment*><uintptr_t>address
            for i in range(2):
                if s.turn != P_END and s.child[1 - i] != NULL:
                    waiting.append(<uintptr_t>s.child[1 - i])
        found = []
        for address in order:
            s = <p_segment*><uintptr_t>address
            items = []
            for i in range(s.count):
                q = p_item_of(s, i)
                items.append((*op_name(q.op, q.row), q.row & ~P_SINGLE, q.a, q.b if has_two(q.op, q.row) else None,
                              place_of(self.known, q.where)))
            q = p_item_of(s, s.count)
            turn = (op_name(q.op, 0)[0], q.a, q.b, place_of(self.known, q.where))
            if s.turn == P_END:
                found.append((s.start, items, turn, None, ([s.out[i] for i in range(s.outs)], self.outputs[s.leaf])))
            else:
                after = tuple([numbers[<uintptr_t>s.child[i]] if s.child[i] != NULL else -1 for i in range(2)])
                found.append((s.start, items, turn, after, None))
        return found, [self.t.constants[i] for i in range(self.t.constant_count)]

    def structure(self):
        """[(kind, length, what is static)] of the arguments; see KINDS."""
        return [(self.kinds[i], self.lengths[i], self.statics[i]) for i in range(self.arguments)]

    def left(self, tuple args):
        """Where arguments leave what is recorded: (decision, values, way, place), of a value that is not finite way None."""
        cdef int i, reason = 0
        cdef bint way
        cdef p_item q
        cdef p_segment* s = self.t.root
        cdef double* v = self.t.v
        cdef double a, b
        if self.fill(args) or p_forward(s, v, &reason) != NULL:
            return None
        while True:
            for i in range(s.count):
                q = p_item_of(s, i)
                if q.op == P_CHECK and v[q.a] - v[q.a] != 0:
                    return self.name(q.a), (v[q.a],), None, place_of(self.known, q.where)
            if s.turn == P_END:
                return None
            q = p_item_of(s, s.count)
            a, b = v[q.a], v[q.b]
            way = (a < b if q.op == P_LT else a <= b if q.op == P_LE else a > b if q.op == P_GT else
                   a >= b if q.op == P_GE else a == b if q.op == P_EQ else a != b if q.op == P_NE else
                   trunc(a) == b)
            if s.child[way] == NULL:
                asked = [a] if q.op == P_INT else [a, b]
                return self.decision(&q), asked, bool(way), place_of(self.known, q.where)
            s = s.child[way]


# ---- a tree as bytes: numbers of seven bits a byte, names, tables

#: Arguments by kind.
KINDS = {"float": FLOAT, "float32": SINGLE, "floats": FLOATS, "static": STATIC}
#: Flags of an op's name: it computes in float32, its result is one.
OF_FLOAT32, IS_FLOAT32 = 1, 2
#: Names of what is no row.
OTHERS = {P_COPY: ".copy", P_SELECT: ".select", P_WHERE: ".where", P_CHECK: ".check", P_INT: ".int", P_END: ".return",
          P_LT: ".lt", P_LE: ".le", P_GT: ".gt", P_GE: ".ge", P_EQ: ".eq", P_NE: ".ne"}

cdef struct Out:
    uint8_t* data
    size_t n, room
    bint failed

cdef struct In:
    const uint8_t* data
    size_t n, at
    bint failed

cdef struct Table:              # of keys, in the order in which they came
    int64_t* order
    int32_t* place              # a hash table: 0, or one more than a number
    int used, mask
    bint failed

cdef struct Waiting:
    p_segment* s
    int at

cdef struct Written:
    Out out
    Table ops, constants, places
    p_segment** leaf
    Waiting* waiting
    int leaves, leaf_room, waits, waiting_room


def op_name(int op, int row):
    """(name, flags) of what an item does."""
    flags = (OF_FLOAT32 if op == P_CALL32 else 0) | (IS_FLOAT32 if row & P_SINGLE else 0)
    return OTHERS[op] if op >= P_COPY else NAMES[row & ~P_SINGLE], flags


cdef tuple op_named(tuple given):
    """(op, row) of a name with flags; ValueError: there is none."""
    name, flags = given
    single = P_SINGLE if flags & IS_FLOAT32 else 0
    if type(flags) is not int or not 0 <= flags <= 3:
        raise ValueError("an op with other flags")
    for op, other in OTHERS.items():
        if name == other:
            if flags & ~IS_FLOAT32 or (single and op > P_WHERE):
                raise ValueError("an op with other flags")
            return op, single
    row = ROWS.get(name)
    if row is None:
        raise ValueError(f"an op {name!r} that this version does not have")
    if flags == IS_FLOAT32:
        raise ValueError("a float32 that is not computed in float32")
    if kernels[1 if flags & OF_FLOAT32 else 0][<int>row].value1 == NULL or kernels[0][<int>row].arity > 2:
        raise ValueError(f"an op {name!r} that has no program")
    fill_point(row, 1 if flags & OF_FLOAT32 else 0)
    fill_point(row, 1 if single else 0)
    return P_CALL32 if flags & OF_FLOAT32 else HAND[<int>row], row | single


cdef bint has_two(int op, int row) noexcept:
    """Whether an item has a second operand, or a decision."""
    if op < P_COPY:
        return kernels[0][row & ~P_SINGLE].arity == 2
    return op != P_COPY and op != P_CHECK


cdef int put(Out* out, uint64_t value) noexcept:
    cdef uint8_t* grown
    if out.n + 10 > out.room:
        out.room = 2 * out.room + 256
        grown = <uint8_t*>realloc(out.data, out.room)
        if grown == NULL:
            out.failed, out.room = True, out.room // 2
            out.n = 0
            return 1
        out.data = grown
    while value > 127:
        out.data[out.n] = <uint8_t>(value | 128)
        out.n += 1
        value >>= 7
    out.data[out.n] = <uint8_t>value
    out.n += 1
    return 0


cdef int put_operand(Written* w, int slot, int operand) noexcept:
    """How far before the next slot, twice; or twice the number of a constant, and one."""
    if operand >= 0:
        return put(&w.out, 2 * <uint64_t>(slot - 1 - operand))
    return put(&w.out, 2 * <uint64_t>numbered(&w.constants, -1 - operand) + 1)


cdef int put_place(Written* w, int where) noexcept:
    cdef int number = -1
    if where >= 0:
        number = numbered(&w.places, where)
        if number >= 0xFFFFF:
            number = -1
    return put(&w.out, number + 1)


cdef inline bint is_whole(double value) noexcept:
    return value - value == 0 and value == trunc(value)


cdef size_t code_left(In* source) noexcept:
    return source.n - source.at


cdef int take(In* source, size_t below) noexcept:
    """The next number; 0, and that it failed, where there is none or it is too large."""
    cdef uint64_t value = 0
    cdef int shift = 0
    while source.at < source.n and shift < 35:
        value |= <uint64_t>(source.data[source.at] & 127) << shift
        source.at += 1
        if source.data[source.at - 1] < 128:
            if value >= below or value > 0x7FFFFFFF:
                break
            return <int>value
        shift += 7
    source.failed = True
    return 0


cdef int read_operand(In* source, int slot, int constants, const uint8_t* kinds) noexcept:
    cdef int value = take(source, 0x7FFFFFFF)
    if value & 1:
        if (value >> 1) < constants:
            return -1 - (value >> 1)
    elif (value >> 1) < slot and kinds[slot - 1 - (value >> 1)] != 2:
        return slot - 1 - (value >> 1)
    source.failed = True
    return -1


cdef int numbered(Table* table, int64_t key) noexcept:
    """The number of a key: how many others came first."""
    cdef int i, k, size = table.mask + 1 if table.place != NULL else 0
    cdef int32_t* place
    cdef int64_t* order
    if table.failed:
        return 0
    if 2 * table.used >= size:
        size = 2 * size if size else 64
        place = <int32_t*>calloc(size, sizeof(int32_t))
        order = <int64_t*>realloc(table.order, size * sizeof(int64_t))
        if order != NULL:
            table.order = order
        if place == NULL or order == NULL:
            free(place)
            table.failed = True
            return 0
        free(table.place)
        table.place, table.mask = place, size - 1
        for i in range(table.used):
            k = hashed(order[i]) & table.mask
            while place[k]:
                k = (k + 1) & table.mask
            place[k] = i + 1
    k = hashed(key) & table.mask
    while table.place[k]:
        if table.order[table.place[k] - 1] == key:
            return table.place[k] - 1
        k = (k + 1) & table.mask
    table.order[table.used] = key
    table.used += 1
    table.place[k] = table.used
    return table.used - 1


cdef inline int hashed(int64_t key) noexcept:
    return <int>((<uint64_t>key * <uint64_t>0x9E3779B97F4A7C15) >> 33)


cdef void table_free(Table* table) noexcept:
    free(table.order)
    free(table.place)


cdef bint same_number(double a, double b) noexcept:
    """The same bits, or NaN both."""
    return memcmp(&a, &b, sizeof(double)) == 0 or (a != a and b != b)


def number_bits(double value):
    """The bits of a number: 0.0 and -0.0 are two, NaN is itself."""
    return (<uint64_t*>&value)[0]


# ---- the callable

cdef bint all_finite(const double* values, Py_ssize_t count) noexcept:
    cdef Py_ssize_t i
    cdef double total = 0
    for i in range(count):
        total += values[i] * 0.0
    return total == 0


cdef bint rebound(list watched):
    """Whether a name stands for something else than when it was recorded.  watched: (cell or None, what has it, key, it)."""
    for cell, names, key, v in watched:
        if cell is not None:
            try:
                found = cell.cell_contents
            except ValueError:
                return True
        elif isinstance(names, dict):
            found = (<dict>names).get(key)
        elif type(names) is list:
            found = (<list>names)[key] if key < len(<list>names) else None
        else:
            found = getattr(names, key, None)
        if found is not v:
            return True
    return False


cdef inline object slot_value(double value, object constant):
    """A result as the function returns it."""
    return value if constant is None else np.bool_(value != 0)


cdef inline void give_item(object made, Py_ssize_t i, object o) noexcept:
    """The next item of a new list."""
    Py_INCREF(<void*><PyObject*>o)
    PyList_SET_ITEM(made, i, o)


cdef inline void give_part(tuple made, Py_ssize_t i, object o) noexcept:
    """The next item of a new tuple."""
    Py_INCREF(<void*><PyObject*>o)
    PyTuple_SET_ITEM(made, i, o)


cdef class Replay:
    """A function, or its gradient, that runs its program where there is one, and asks its owner where there is none."""

    cdef readonly object _state         # who is asked where nothing is recorded
    cdef readonly list _trees           # shared with the function's other callables
    cdef readonly int _what, _choice
    cdef readonly tuple _places         # of the arguments that are differentiated
    cdef readonly bint _single
    cdef readonly list _watched         # where the references stand, see rebound()
    cdef public bint _aux               # whether the function returns (value, what goes along)
    cdef public object _player          # of programs of arrays: player(args), which has None where nothing fits; or None
    cdef dict __dict__

    def prepare(self, state, list trees, int what, int choice, tuple places, bint single):
        """What __init__ does, for subclasses in Python."""
        self._state, self._trees, self._what, self._choice, self._places, self._single = (
            state, trees, what, choice, places, single)
        self._watched = state.watched

    def __call__(self, *args, **kwargs):
        cdef Tree tree
        cdef list trees = self._trees
        if self._watched is not None and len(self._watched) and rebound(self._watched):
            self._state.forget()
        if trees is not None and len(trees) and not kwargs and not modes():
            tree = <Tree>trees[0]
            if tree.fill(args) == 0:
                found = self.run(tree, args)
                if found is not None:
                    return found
        if self._player is not None and not kwargs:
            found = self._player(args)
            if found is not None:
                return found
        return self._state.run(self, args, kwargs)

    def replayed(self, Tree tree not None, tuple args):
        """What a tree has for the arguments, as run() returns it; None: nothing is recorded there, or not for this."""
        return None if tree.fill(args) else self.run(tree, args)

    def finished(self, Tree tree not None, tuple args, double expected):
        """What a call returns that was just recorded and merged; None: the program's result has not the bits of `expected`."""
        tree.reverse_leaf(tree.merged, self._choice, self._places, False)
        return None if tree.fill(args) else self.run(tree, args, tree.merged, expected)

    cdef object run(self, Tree tree, tuple args, p_segment* only=NULL, double expected=0):
        """The result for the inputs that are in the tree's slots; None where it has none, or another leaf or number."""
        cdef int reason = 0
        cdef int i, k, n, total
        cdef p_tree* t = tree.t
        cdef p_segment* leaf = p_forward(t.root, t.v, &reason)
        cdef p_reverse* reverse
        cdef double value
        cdef double* gradients
        cdef double[64] room
        if leaf == NULL:
            return None
        if only != NULL and (leaf != only or leaf.outs != 1 or leaf.out[0] < 0 or not same_number(t.v[leaf.out[0]], expected)):
            return None
        if len(tree.references) and tree.is_attached():
            return self._state.attached(tree, args) if self._what == VALUE_ONLY else None
        if self._what == VALUE_ONLY:
            leaf.runs += 1
            return self.output(tree, leaf)
        if self._what >= SECOND:
            return self.matrix(tree, leaf)
        reverse = Tree.reversed_in(leaf, self._choice)
        if reverse == NULL:
            return None
        leaf.runs += 1
        value = t.v[leaf.out[0]] if leaf.out[0] >= 0 else 0
        p_differentiate(t, reverse)
        total = 0
        for i in range(len(self._places)):
            total += tree.lengths[<int>self._places[i]]
        gradients = &room[0]
        if total > 64:
            gradients = <double*>malloc(total * sizeof(double))
            if gradients == NULL:
                raise MemoryError
        # Copied before anything is made: the collector may run then, and code with it that calls this program.
        n = 0
        for i in range(len(self._places)):
            k = <int>self._places[i]
            for k in range(tree.first[k], tree.first[k] + tree.lengths[k]):
                gradients[n] = t.g[k] if p_gradient_at(reverse, k) >= 0 else 0.0
                n += 1
        try:
            if self._aux:
                result = self.output(tree, leaf)        # which copies what it needs first, too
                found = self.gradients(tree, gradients)
                if self._what == GRADIENT_ONLY:
                    return found, result[1]
                return (result, found) if self._what == VALUE_FIRST else (found, result)
            found = self.gradients(tree, gradients)
            if self._what == GRADIENT_ONLY:
                return found
            result = (<list>(<tuple>tree.outputs[leaf.leaf])[1])[0]
            if leaf.out[0] >= 0:
                result = slot_value(value, result)
            return (result, found) if self._what == VALUE_FIRST else (found, result)
        finally:
            if gradients != &room[0]:
                free(gradients)

    cdef object matrix(self, Tree tree, p_segment* leaf):
        """A matrix of derivatives, nested as the arguments are; None where there is no code for it."""
        cdef p_tree* t = tree.t
        cdef p_rows* r = p_rows_of(leaf, P_OF_GRADIENT if self._what == SECOND else P_OF_RESULTS, self._choice)
        cdef double* memory
        cdef double* elements
        cdef long long k
        cdef int i
        cdef Py_ssize_t size
        if r == NULL:
            return None
        size = <Py_ssize_t>r.rows * r.columns
        memory = <double*>malloc((size + (t.adjoints + 2) * P_LANES + 1
                                  + (r.pattern.start[r.rows] if r.pattern.start != NULL else 0))
                                 * sizeof(double))
        if memory == NULL:
            raise MemoryError
        try:
            leaf.runs += 1
            p_more(r, t.v)
            if r.pattern.start == NULL or r.colours >= r.rows:
                p_matrix(r, t.v, memory + size, memory)
            else:
                elements = memory + size + (t.adjoints + 2) * P_LANES
                if not p_elements(r, t.v, memory + size, elements):
                    p_matrix(r, t.v, memory + size, memory)         # 0 * inf is where eager has it
                else:
                    memset(memory, 0, size * sizeof(double))
                    for i in range(r.rows):
                        for k in range(r.pattern.start[i], r.pattern.start[i + 1]):
                            memory[<Py_ssize_t>i * r.columns + r.pattern.column[k]] = elements[k]
            if self._what == FIRST and not all_finite(memory, size):
                for i in range(r.rows):
                    if p_row_alone(t, leaf, r, i, t.v, memory + <Py_ssize_t>i * r.columns):
                        raise MemoryError
            return self.nested(tree, leaf, r, memory)
        finally:
            free(memory)

    cdef object nested(self, Tree tree, p_segment* leaf, p_rows* r, double* matrix):
        cdef int i, k, place, row = 0
        if self._what == FIRST:
            treedef, _constants = <tuple>tree.outputs[leaf.leaf]
            parts = [self.row_of(tree, matrix + <Py_ssize_t>i * r.columns) for i in range(leaf.outs)]
            return parts[0] if treedef is None else treedef.unflatten(parts)
        cdef int count = <int>len(self._places)
        cdef tuple found = PyTuple_New(count)
        for i in range(count):
            place = <int>self._places[i]
            if tree.kinds[place] != FLOATS:
                o = self.row_of(tree, matrix + <Py_ssize_t>row * r.columns)
                row += 1
            else:
                o = PyList_New(tree.lengths[place])
                for k in range(tree.lengths[place]):
                    give_item(o, k, self.row_of(tree, matrix + <Py_ssize_t>row * r.columns))
                    row += 1
                if tree.statics[place] is not list:
                    o = tuple(<list>o)
            if self._single:
                return o
            give_part(found, i, o)
        return found

    cdef object row_of(self, Tree tree, double* row):
        """A row, as the arguments are."""
        cdef int i, k, place, count = <int>len(self._places)
        cdef tuple found = None if self._single else PyTuple_New(count)
        for i in range(count):
            place = <int>self._places[i]
            if tree.kinds[place] != FLOATS:
                o = row[0]
                row += 1
            else:
                o = PyList_New(tree.lengths[place])
                for k in range(tree.lengths[place]):
                    give_item(o, k, ZERO if row[k] == 0 else row[k])        # most are, of a matrix that is sparse
                row += tree.lengths[place]
                if tree.statics[place] is not list:
                    o = tuple(<list>o)
            if self._single:
                return o
            give_part(found, i, o)
        return found

    def product(self, Tree tree not None, tuple args, list weights, bint forward):
        """(value, product): the Hessian times weights, flat; forward: (the results, their tangents), as the results are.

        None where nothing is recorded for it.  All arguments are differentiated.
        """
        cdef p_tree* t = tree.t
        cdef int i, reason = 0
        cdef p_segment* leaf
        cdef p_rows* r = NULL
        cdef double* memory
        cdef double* found
        if tree.fill(args):
            return None
        leaf = p_forward(t.root, t.v, &reason)
        if leaf == NULL:
            return None
        if not forward:
            r = p_rows_of(leaf, P_OF_GRADIENT, self._choice)
            if r == NULL:
                return None
        memory = <double*>calloc(t.slots + 2 * (t.inputs + 1) + (t.adjoints + 2) * P_LANES, sizeof(double))
        if memory == NULL:
            raise MemoryError
        try:
            leaf.runs += 1
            for i in range(tree.numbers_given):         # of the references they are 0
                memory[i] = weights[i]
            if forward:
                if p_push(t, leaf, t.v, memory, tree.numbers_given):
                    raise MemoryError
                treedef, constants = <tuple>tree.outputs[leaf.leaf]
                values = [slot_value(t.v[leaf.out[i]], (<list>constants)[i]) if leaf.out[i] >= 0 else constants[i]
                          for i in range(leaf.outs)]
                tangents = [memory[leaf.out[i]] if leaf.out[i] >= 0 else 0.0 for i in range(leaf.outs)]
                if treedef is None:
                    return values[0], tangents[0]
                return treedef.unflatten(values), treedef.unflatten(tangents)
            found = memory + t.inputs + 1
            p_more(r, t.v)
            p_combined(r, t.v, found + t.inputs + 1, memory, found)
            value = (<list>(<tuple>tree.outputs[leaf.leaf])[1])[0]
            if leaf.out[0] >= 0:
                value = slot_value(t.v[leaf.out[0]], value)
            return value, [found[i] for i in range(tree.numbers_given)]
        finally:
            free(memory)

    def points(self, Tree tree not None, list columns, Py_ssize_t count, uintptr_t values, uintptr_t gradients, by_itself):
        """Replay at many points, in blocks; those that take another way than most of their block are run again together.

        columns: for each input the address of its doubles, and 1 where each point has one, else 0.  values, gradients: where
        the results go; of gradients a row of `count` for each input that is differentiated.  by_itself(point, missing) runs the
        function at one point, which records what is not (missing: the tree has no branch for it), puts its results there, and
        says whether the tree is in use yet.
        """
        cdef int i, k, inputs = tree.t.inputs
        cdef Py_ssize_t first, end, lefts
        cdef p_sweep* w
        cdef p_left* left = NULL
        cdef int32_t* index = NULL
        cdef p_span* span = NULL
        cdef p_many many
        cdef bint used = True, missing
        cdef const double** column = <const double**>malloc((inputs + 1) * sizeof(double*))
        cdef int* step = <int*>malloc((inputs + 1) * sizeof(int))
        cdef int* wanted = <int*>malloc((inputs + 1) * sizeof(int))
        memset(&many, 0, sizeof(many))
        many.scratches = threads_at_most()
        many.scratch = w = <p_sweep*>calloc(many.scratches, sizeof(p_sweep))
        many.taken = <int*>calloc(many.scratches, sizeof(int))
        try:
            span = <p_span*>malloc((count // 64 + 2) * sizeof(p_span))
            if column == NULL or step == NULL or wanted == NULL or span == NULL or w == NULL or many.taken == NULL:
                raise MemoryError
            for i in range(inputs):
                address, step[i] = columns[i]
                column[i] = <const double*><uintptr_t>address
            for i in range(len(self._places)):
                k = self._places[i]
                for k in range(tree.first[k], tree.first[k] + tree.lengths[k]):
                    wanted[w.active] = k
                    w.active += 1
            w.t, w.column, w.step, w.wanted, w.count = tree.t, column, step, wanted, count
            w.values, w.gradients = <double*>values, <double*>gradients
            w.choice = -1 if self._what == VALUE_ONLY else self._choice
            w.kind = P_OF_GRADIENT if self._what == SECOND else P_OF_RESULTS if self._what == FIRST else -1
            for i in range(1, many.scratches):
                w[i] = w[0]
            many.span = span
            for first in range(0, count, 64):
                span[many.spans].first, span[many.spans].n = first, min(64, count - first)
                many.spans += 1
            self.spans(&many)
            while True:
                free(left)
                left = NULL
                lefts = 0
                for i in range(many.scratches):
                    lefts += w[i].lefts
                if not lefts:
                    break
                left = <p_left*>malloc(lefts * sizeof(p_left))
                if left == NULL:
                    raise MemoryError
                lefts = 0
                for i in range(many.scratches):
                    if w[i].lefts:
                        memcpy(left + lefts, w[i].left, w[i].lefts * sizeof(p_left))
                    lefts += w[i].lefts
                    w[i].lefts = 0
                qsort(left, lefts, sizeof(p_left), p_left_order)
                free(index)
                free(span)
                index = span = NULL
                index = <int32_t*>malloc(lefts * sizeof(int32_t))
                span = <p_span*>malloc(lefts * sizeof(p_span))
                if index == NULL or span == NULL:
                    raise MemoryError
                many.index, many.span, many.spans = index, span, 0
                first = 0
                while first < lefts:
                    PyErr_CheckSignals()
                    end = first
                    while end < lefts and left[end].at == left[first].at and left[end].way == left[first].way:
                        index[end] = left[end].index
                        end += 1
                    if not used or not self.goes_on(w, &left[first]):
                        missing = used and left[first].at != NULL and left[first].way != P_BACK
                        used = by_itself(left[first].index, missing) and used
                        first += 1
                        if not used or not self.goes_on(w, &left[first - 1]):
                            while first < end:
                                by_itself(left[first].index, False)
                                first += 1
                    while first < end:
                        span[many.spans].first, span[many.spans].n = first, min(64, end - first)
                        first += span[many.spans].n
                        many.spans += 1
                self.spans(&many)
        finally:
            free(left)
            free(index)
            free(span)
            if w != NULL:
                for i in range(many.scratches):
                    free(w[i].left)
                    free(w[i].memory)
            free(w)
            free(many.taken)
            free(column)
            free(step)
            free(wanted)

    cdef int spans(self, p_many* many) except -1:
        """Run the blocks; now and then the signals are looked for."""
        cdef Py_ssize_t total = many.spans, done = 0
        cdef const p_span* span = many.span
        while done < total and not many.failed:
            many.span, many.spans = span + done, min(1024, total - done)
            run_parts(p_chunk, many, (many.spans + P_CHUNK - 1) // P_CHUNK)
            done += many.spans
            PyErr_CheckSignals()
        if many.failed:
            raise MemoryError
        return 0

    cdef bint goes_on(self, p_sweep* w, p_left* left) noexcept:
        """Whether there is a program for those that left there."""
        if left.at == NULL:
            return False
        if left.way == P_BACK:
            if w.kind >= 0:
                return p_rows_of(left.at, w.kind, w.choice) != NULL
            return Tree.reversed_in(left.at, w.choice) != NULL
        return left.at.child[left.way] != NULL

    cdef object gradients(self, Tree tree, double* gradients):
        cdef int i, k, place, n = 0
        if self._single and tree.kinds[<int>self._places[0]] != FLOATS:
            return gradients[0]
        made = []
        for i in range(len(self._places)):
            place = self._places[i]
            if tree.kinds[place] == FLOATS:
                of_list = [gradients[n + k] for k in range(tree.lengths[place])]
                made.append(of_list if tree.statics[place] is list else tuple(of_list))
            else:
                made.append(gradients[n])
            n += tree.lengths[place]
        return made[0] if self._single else tuple(made)

    cdef object output(self, Tree tree, p_segment* leaf):
        cdef double* v = tree.t.v
        cdef int i
        cdef double* values
        treedef, constants = <tuple>tree.outputs[leaf.leaf]
        if treedef is None:
            return slot_value(v[leaf.out[0]], (<list>constants)[0]) if leaf.out[0] >= 0 else constants[0]
        values = <double*>malloc((leaf.outs + 1) * sizeof(double))
        if values == NULL:
            raise MemoryError
        for i in range(leaf.outs):          # before anything is made, see run()
            values[i] = v[leaf.out[i]] if leaf.out[i] >= 0 else 0
        try:
            return treedef.unflatten([slot_value(values[i], (<list>constants)[i]) if leaf.out[i] >= 0 else constants[i]
                                      for i in range(leaf.outs)])
        finally:
            free(values)
