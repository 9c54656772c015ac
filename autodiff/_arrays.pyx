# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Recorded programs of arrays: what replays them.

A program is a list of steps over buffers that were planned when it was recorded: runs of elementwise ops in blocks that stay
in the first-level cache, sums, products, copies, guards, and calls of Python for what has no loop of its own.  What the steps
are, and where each value lies, is decided in programs/_arrays.py and programs/_plan.py.

Read in this order: the steps, the program, the player.
"""
cimport cython
cimport numpy as cnp
from cpython.object cimport PyTypeObject
from libc.math cimport INFINITY
from libc.stdint cimport uintptr_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from ._base cimport Variable, current_node, is_variable, modes, ndarray_of, type_of
from ._core cimport HOOKED, Array, Shape, Turn, new_array, new_shape, release_shape
from ._kernels cimport FLOAT64, Loop, add_into, exp_sum, intp, kernels, run_loop, run_parts
from ._kernels cimport matmul as matmul_kernel, matmul_batch
from ._kernels import chosen_cpu_level
from ._program import same_static

import numpy as np

cnp.import_array()

cdef extern from "csrc/small.h":
    void autodiff_select(intp n, int size, char* condition, int step, char* x, int x_step, char* y, int y_step, char* out) nogil
    void autodiff_tile(intp rows, intp length, char* x, char* out) nogil
    void autodiff_gather_rows(int dims, intp* shape, intp* strides, int size, intp row, intp rows, char* x, char* out) nogil
    void autodiff_add_rows_double(intp rows, intp columns, char* x, intp step, double* out) nogil
    void autodiff_add_rows_float(intp rows, intp columns, char* x, intp step, float* out) nogil
    void autodiff_stretch(intp rows, intp columns, int size, char* x, char* out) nogil

cdef extern from "csrc/sweep_types.h":
    """
    static const c_sweeps *sweeps = &c_sweeps_baseline;

    static void use_sweeps(int level)
    {
    #if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
        sweeps = level == 0 ? &c_sweeps_baseline : level == 1 ? &c_sweeps_avx2 : &c_sweeps_avx512;
    #else
        (void)level;
    #endif
    }
    """
    ctypedef void (*c_chain)(const unsigned char* code, int operands, char** args, const intp* steps, intp n) noexcept nogil
    ctypedef void (*c_sums)(intp rows, intp columns, const char* x, intp step, char* out) noexcept nogil
    ctypedef void (*c_stretch)(intp rows, intp columns, const char* x, char* out) noexcept nogil
    ctypedef struct c_sweeps:
        c_chain chain[2]
        c_sums sums[2]
        c_stretch stretch[2]
    const c_sweeps* sweeps
    void use_sweeps(int level)
    enum:
        C_MOVE
        C_ADD
        C_SUB
        C_SUB_FROM
        C_MUL
        C_DIV
        C_DIV_INTO
        C_STORE
        C_TWO
        C_NEG
        C_END
        C_SAME
        C_REGISTERS
        C_CODES
        C_OPERANDS

cdef extern from "Python.h":
    double PyFloat_AS_DOUBLE(object o)

cdef extern from "numpy/arrayobject.h":
    object PyArray_New(PyTypeObject* subtype, int nd, intp* dims, int typenum, intp* strides, void* data, int itemsize,
                       int flags, object obj)
    enum:
        NPY_ARRAY_WRITEABLE
        NPY_ARRAY_ALIGNED

cdef enum:
    DIMS = 8                    # more dimensions go by Python
    BLOCK = 512                 # elements of a block: NumPy sums no more by one loop than a multiple of it, see swept()
    REGISTER = 4096             # bytes of a register: a block of doubles
    SUMS = 16                   # sums in one sweep
    SPREAD = 6                  # operands of arithmetic in a sweep that are the same along rows or across them
    SHORT = 128                 # elements of a row up to which a call of a loop for each is too dear; a block has several
    PART_SIZE = 16384           # elements of a part that a thread runs, at least
    PART_LEVELS = 4             # 2 ** PART_LEVELS parts of a sweep, at most
    SHARES = 16
    WORTH_SHARING = 400000      # elements times ops of a sweep from which on threads are asked: some 100 us
    PART_ROOM = 24              # registers that a thread has on its stack
    POOLED = 4096               # elements of a result from which on its memory is the pool's

cdef enum:                      # kinds of steps
    FUSED
    STRIDED                     # one loop over strided operands
    SUM                         # target = 0, then source added to where it goes
    MATMUL
    COPY                        # target = source; with `zeroed` bytes cleared before: zeros with the source in some places
    ADD_TO                      # target += source
    PYTHON
    TRUTH                       # a guard: whether a value is what was recorded
    FINITE                      # a guard: nothing is infinite or nan
    ORDINARY                    # ... nor zero
    LOGSUMEXP                   # of rows: the result, and where wanted exp(x - top) and one over its sum
    LOGSUMEXP_ACROSS            # ... across them
    GATHER                      # target = source at places
    SCATTER                     # target = 0, then source added at places, one after the other

KINDS = {"fused": FUSED, "strided": STRIDED, "sum": SUM, "matmul": MATMUL, "copy": COPY, "add_to": ADD_TO, "python": PYTHON,
         "truth": TRUTH, "finite": FINITE, "ordinary": ORDINARY, "logsumexp": LOGSUMEXP, "logsumexp_across": LOGSUMEXP_ACROSS,
         "gather": GATHER, "scatter": SCATTER}
ARENA, REGISTERS, FIRST_BASE = 0, 1, 2
#: Arithmetic of sweeps: what is done to a value with an operand on its right, and with one on its left.
CHAINED = {"add": (C_ADD, C_ADD), "sub": (C_SUB, C_SUB_FROM), "mul": (C_MUL, C_MUL), "div": (C_DIV, C_DIV_INTO)}
#: ... and with nothing, or itself.
ALONE = {"neg": None, "square": C_MUL}
MOVED, STORED, TWO, NEGATED, END, SAME = C_MOVE, C_STORE, C_TWO, C_NEG, C_END, C_SAME
AT_ONCE, CODES, OPERANDS, ROWS_SPREAD = C_REGISTERS, C_CODES, C_OPERANDS, SPREAD


def use_level(str name not None):
    """Let sweeps use the loops of a CPU level, as _kernels.choose_cpu_level() does; the bits are the same at each."""
    use_sweeps(("baseline", "avx2", "avx512").index(name))


use_level(chosen_cpu_level())

cdef struct Place:              # a value: in which memory, where; how far from row to row and element to element of a sweep
    int base
    intp offset, row, column

cdef struct Micro:              # an op of a fused step
    Loop loop
    void* data
    int args, size              # loop NULL: a choice, of elements of `size` bytes, or
    int count, dtype            # ... arithmetic of so many operations
    unsigned char op[C_CODES]
    Place* arg                  # operands, and the result

cdef struct Step:
    int kind
    Loop loop
    void* data
    int op, dtype, size, args, dims
    intp shape[DIMS]
    Place arg[4]
    intp strides[4][DIMS]
    intp zeroed                 # bytes of the target's buffer that are cleared first, from `zeroed_at` on
    intp zeroed_at
    int expected                # of a guard; of PYTHON: which call
    int first, count            # micros of FUSED, and sums
    int first_sum, sums, row_sums
    intp block                  # of FUSED: elements of a block where it is not by rows
    intp rows, columns


@cython.final
cdef class Program:
    """Steps, and the memory that they compute in."""

    cdef Step* step
    cdef Micro* micro
    cdef Place* place           # of micros
    cdef Place* sum_of          # pairs: source, target
    cdef char** base
    cdef char* arena
    cdef char* registers
    cdef void* arena_memory
    cdef int steps, bases, room
    cdef intp arena_bytes
    cdef Turn turn              # of the call that runs it
    cdef bint heavy
    cdef list calls             # of PYTHON: (function, [(place of an operand) ...], [place of a result or None ...])
    cdef list kept              # constants
    cdef readonly int failed    # the guard that failed last, by its number among the guards; -1: none did
    cdef readonly object failed_value

    def __cinit__(self, list steps, list micros, list sums, int bases, intp arena_bytes, int registers, list constants,
                  list calls, bint heavy):
        """steps: dicts of the fields of Step; micros: (op, None or the operations of arithmetic, dtype, size, places); sums:
        pairs of places; constants: (base, array)."""
        cdef int i, k
        cdef Micro* m
        cdef Place* place
        self.step = <Step*>calloc(len(steps) + 1, sizeof(Step))
        self.micro = <Micro*>calloc(len(micros) + 1, sizeof(Micro))
        self.place = <Place*>calloc(sum([len(micro[3]) for micro in micros]) + 1, sizeof(Place))
        self.sum_of = <Place*>calloc(2 * len(sums) + 1, sizeof(Place))
        self.base = <char**>calloc(bases + 1, sizeof(char*))
        self.arena_memory = calloc(arena_bytes + (<intp>registers) * REGISTER + 256, 1)
        if (self.step == NULL or self.micro == NULL or self.place == NULL or self.sum_of == NULL
                or self.base == NULL or self.arena_memory == NULL):
            raise MemoryError
        self.turn = Turn()
        self.arena = <char*>((<uintptr_t>self.arena_memory + 63) & ~<uintptr_t>63)
        self.arena_bytes = (arena_bytes + 63) & ~63
        self.base[0] = self.arena
        self.base[1] = self.registers = self.arena + self.arena_bytes
        self.room = registers
        self.steps, self.bases, self.calls, self.heavy, self.failed = len(steps), bases, calls, heavy, -1
        self.kept = []
        for number, array in constants:
            self.kept.append(array)
            self.base[<int>number] = <char*>cnp.PyArray_DATA(array)
        place = self.place
        for i in range(len(micros)):
            m = &self.micro[i]
            op, dtype, size, places = micros[i]
            m.args, m.size, m.dtype, m.arg = len(places), size, dtype, place
            place += m.args
            if type(op) is tuple:
                m.count = len(<tuple>op)
                for k in range(m.count):
                    m.op[k] = (<tuple>op)[k]
            elif op is not None:
                m.loop, m.data = kernels[<int>dtype][<int>op].value, kernels[<int>dtype][<int>op].value_data
            for k in range(len(places)):
                take_place(&m.arg[k], places[k])
        for i in range(len(sums)):
            take_place(&self.sum_of[2 * i], sums[i][0])
            take_place(&self.sum_of[2 * i + 1], sums[i][1])
        for i in range(len(steps)):
            self.take_step(&self.step[i], steps[i])

    cdef int take_step(self, Step* s, dict given) except -1:
        cdef int i, k
        s.kind = given["kind"]
        s.dtype, s.size = given.get("dtype", 0), given.get("size", 8)
        op = given.get("op")
        if op is not None:
            s.loop, s.data = kernels[s.dtype][<int>op].value, kernels[s.dtype][<int>op].value_data
        shape = given.get("shape", ())
        s.dims = len(shape)
        for i in range(s.dims):
            s.shape[i] = shape[i]
        places = given.get("places", ())
        s.args = len(places)
        for k in range(s.args):
            base, offset, strides = places[k]
            s.arg[k].base, s.arg[k].offset = base, offset
            for i in range(len(strides)):
                s.strides[k][i] = strides[i]
        s.zeroed, s.zeroed_at = given.get("zeroed", (0, 0))
        s.expected = given.get("expected", 0)
        s.first, s.count = given.get("micros", (0, 0))
        s.first_sum, s.sums = given.get("sums", (0, 0))
        s.row_sums = given.get("row_sums", 0)       # behind the others
        s.block = given.get("block", BLOCK)
        s.rows, s.columns = given.get("sweep", (1, 0))
        return 0

    def __dealloc__(self):
        free(self.step)
        free(self.micro)
        free(self.place)
        free(self.sum_of)
        free(self.base)
        free(self.arena_memory)

    @property
    def busy(self):
        """Whether it runs: another thread's call, or one further out."""
        return self.turn.taken()

    @property
    def bytes(self):
        """What it takes, constants aside."""
        return self.arena_bytes + self.steps * sizeof(Step)

    cdef int execute(self) except -1:
        """1: a guard decided otherwise."""
        cdef int at = 0
        while True:
            if self.heavy:
                with nogil:
                    at = self.run_from(at)
            else:
                at = self.run_from(at)
            if at == self.steps:
                return 0
            if self.step[at].kind != PYTHON:
                self.failed = self.step[at].expected >> 1
                return 1
            if self.call(&self.step[at]):
                self.failed = self.steps
                return 1
            at += 1

    cdef int call(self, Step* s) except -1:
        """1: a result has another shape or dtype than what was recorded, as the elements that a mask selects may be more."""
        function, operands, targets = self.calls[s.expected]
        results = function(*[self.array_at(place) for place in operands])
        if len(results) != len(targets):
            return 1
        for result, target in zip(results, targets):
            if target is None:
                continue
            out = self.array_at(target)
            if result.shape != out.shape or result.dtype != out.dtype:
                return 1
            out[...] = result
        return 0

    cdef object array_at(self, tuple place):
        """(base, offset, shape, strides, type number) as an array that looks at the memory."""
        cdef intp[64] dims
        cdef intp[64] steps
        cdef int i
        base, offset, shape, strides, number = place
        for i in range(len(shape)):
            dims[i], steps[i] = shape[i], strides[i]
        return PyArray_New(<PyTypeObject*>np.ndarray, len(shape), dims, number, steps, self.base[<int>base] + <intp>offset, 0,
                           NPY_ARRAY_WRITEABLE | NPY_ARRAY_ALIGNED, None)

    cdef int run_from(self, int at) noexcept nogil:
        """Run steps until one of Python's, a guard that fails, or the end, and say which."""
        cdef Step* s
        cdef char* args[4]
        cdef const intp* strides[4]
        cdef Sweep sweep
        cdef int i
        while at < self.steps:
            s = &self.step[at]
            if s.kind == PYTHON:
                return at
            for i in range(s.args):
                args[i] = self.base[s.arg[i].base] + s.arg[i].offset
                strides[i] = s.strides[i]
            if s.kind == FUSED:
                sweep.step, sweep.micro, sweep.sum_of = s, &self.micro[s.first], &self.sum_of[2 * s.first_sum]
                sweep.base, sweep.registers, sweep.room = self.base, self.registers, self.room
                swept(&sweep, s)
            elif s.kind == STRIDED and s.dims > 1 and 0 < s.shape[s.dims - 1] <= SHORT and s.args <= 3:
                short_strided(s, args)
            elif s.kind == STRIDED:
                run_loop(s.loop, s.data, s.args, s.dims, s.shape, args, strides)
            elif s.kind == SUM:
                memset(self.base[s.arg[1].base] + s.zeroed_at, 0, s.zeroed)
                if not (short_summed(s, args) or rows_summed(s, args)):
                    add_into(s.dtype, s.dims, s.shape, args[1], strides[1], args[0], strides[0])
            elif s.kind == MATMUL and s.dims == 4:
                products(s, args)
            elif s.kind == MATMUL:
                matmul_kernel(s.dtype, s.shape[0], s.shape[1], s.shape[2], args[0], strides[0][0], strides[0][1],
                              args[1], strides[1][0], strides[1][1], args[2], strides[2][0], strides[2][1])
            elif s.kind == COPY:
                if s.zeroed:
                    memset(self.base[s.arg[1].base] + s.zeroed_at, 0, s.zeroed)
                copied(s.dims, s.shape, s.size, args[0], strides[0], args[1], strides[1])
            elif s.kind == ADD_TO:
                add_into(s.dtype, s.dims, s.shape, args[1], strides[1], args[0], strides[0])
            elif s.kind == LOGSUMEXP:
                logsumexp(s, args)
            elif s.kind == LOGSUMEXP_ACROSS:
                logsumexp_across(s, args)
            elif s.kind == GATHER or s.kind == SCATTER:
                at_places(s, args)
            elif s.kind == TRUTH:
                if truth_at(args[0], s.size, s.dtype) != (s.expected & 1):
                    return at
            elif not self.regular(s, args[0]):
                return at
            at += 1
        return at

    cdef bint regular(self, Step* s, char* x) noexcept nogil:
        """Whether contiguous elements are finite; of ORDINARY, and none is zero."""
        cdef intp i
        cdef double value
        for i in range(s.shape[0]):
            value = (<double*>x)[i] if s.size == 8 else (<float*>x)[i]
            if value - value != 0 or (s.kind == ORDINARY and value == 0):
                return False
        return True


# ---- sweeps

cdef struct Sweep:              # a fused step that runs
    Step* step
    Micro* micro                # its first
    Place* sum_of
    char** base
    char* registers
    int room, levels            # registers; 2 ** levels parts
    intp length                 # rows of a part
    double[SUMS * SHARES] totals


cdef void swept(Sweep* w, Step* s) noexcept nogil:
    """All blocks, on several threads if they are many; what a part is does not depend on how many threads there are."""
    cdef intp size = s.rows * s.columns, parts, i
    cdef int k
    cdef Place* target
    cdef char* x
    w.levels = 0
    if size * s.count >= WORTH_SHARING and w.room <= PART_ROOM:
        while w.levels < PART_LEVELS and size >> (w.levels + 1) >= PART_SIZE:
            w.levels += 1
    parts = <intp>1 << w.levels
    if s.rows > 1:
        w.length = (s.rows + parts - 1) // parts
        if parts == 1:
            rows_swept(w, 0, s.rows, w.registers)
        else:
            run_parts(rows_part, w, (s.rows + w.length - 1) // w.length)
        return
    if parts == 1:
        run_of(w, 0, s.columns, w.totals, w.registers)
    else:
        run_parts(run_part, w, parts)
    while parts > 1:
        parts //= 2
        for i in range(parts):
            added(s, &w.totals[2 * i * SUMS], &w.totals[(2 * i + 1) * SUMS], &w.totals[i * SUMS])
    for k in range(s.sums):
        target = &w.sum_of[2 * k + 1]
        x = w.base[target.base] + target.offset
        if s.dtype == FLOAT64:
            (<double*>x)[0] = w.totals[k] + 0.0
        else:
            (<float*>x)[0] = <float>(w.totals[k] + 0.0)


cdef void run_part(void* work, intp part) noexcept nogil:
    cdef Sweep* w = <Sweep*>work
    cdef double[PART_ROOM * BLOCK + 8] room
    cdef intp start = 0, n = w.step.columns, half
    cdef int level = w.levels
    while level:
        level -= 1
        half = n // 2
        half -= half % 8
        if part >> level & 1:
            start, n = start + half, n - half
        else:
            n = half
    run_of(w, start, n, &w.totals[part * SUMS], <char*>((<uintptr_t>room + 63) & ~<uintptr_t>63))


cdef void rows_part(void* work, intp part) noexcept nogil:
    cdef Sweep* w = <Sweep*>work
    cdef double[PART_ROOM * BLOCK + 8] room
    cdef intp start = part * w.length
    rows_swept(w, start, min(w.length, w.step.rows - start), <char*>((<uintptr_t>room + 63) & ~<uintptr_t>63))


cdef inline intp step_of(Micro* m, Place* place) noexcept nogil:
    return -1 if m.count and place.column == 0 and place.row == 0 else place.column     # as its C_SAME says


cdef void micros(Sweep* w, intp row, intp start, intp n, char* registers) noexcept nogil:
    """All ops on a block: n elements from `start` on, of a row."""
    cdef Micro* m = w.micro
    cdef Micro* end = m + w.step.count
    cdef Place* place
    cdef char* args[C_OPERANDS]
    cdef intp steps[C_OPERANDS]
    cdef int i
    while m < end:
        for i in range(m.args):
            place = &m.arg[i]
            steps[i] = step_of(m, place)
            if place.base == 1:
                args[i] = registers + place.offset
            else:
                args[i] = w.base[place.base] + place.offset + row * place.row + start * place.column
        computed(m, args, steps, n)
        m += 1


cdef void short_rows(Sweep* w, intp row, intp rows, char* registers) noexcept nogil:
    """All ops on whole rows: what is the same along or across rows is spread first.

    A call of a loop for each row of 14 elements takes seven times as long.
    """
    cdef Micro* m = w.micro
    cdef Micro* end = m + w.step.count
    cdef Place* place
    cdef intp columns = w.step.columns, n = rows * columns, size
    cdef double[SPREAD * BLOCK] room
    cdef char* args[C_OPERANDS]
    cdef intp steps[C_OPERANDS]
    cdef int i, spread
    cdef char* x
    while m < end:
        spread = 0
        for i in range(m.args):
            place = &m.arg[i]
            steps[i] = step_of(m, place)
            if place.base == 1:
                args[i] = registers + place.offset
                continue
            args[i] = w.base[place.base] + place.offset + row * place.row
            if place.row == 0 and place.column:
                size = place.column
                autodiff_tile(rows, columns * size, args[i], <char*>&room[spread * BLOCK])
            elif place.column == 0 and place.row:
                size = steps[i] = place.row
                if size == 1:       # of what is true
                    autodiff_stretch(rows, columns, 1, args[i], <char*>&room[spread * BLOCK])
                else:
                    sweeps.stretch[size == 4](rows, columns, args[i], <char*>&room[spread * BLOCK])
            else:
                continue
            args[i] = <char*>&room[spread * BLOCK]
            spread += 1
        computed(m, args, steps, n)
        m += 1
    for i in range(w.step.sums, w.step.sums + w.step.row_sums):
        place = &w.sum_of[2 * i]
        x = registers + place.offset if place.base == 1 else w.base[place.base] + place.offset + row * place.row
        size = 8 if w.step.dtype == FLOAT64 else 4
        sweeps.sums[w.step.dtype](rows, columns, x, columns * size,
                                  w.base[w.sum_of[2 * i + 1].base] + w.sum_of[2 * i + 1].offset + row * size)


cdef inline void added(Step* s, const double* x, const double* y, double* out) noexcept nogil:
    cdef int i
    for i in range(s.sums):
        out[i] = x[i] + y[i] if s.dtype == FLOAT64 else <float>(<float>x[i] + <float>y[i])


cdef void run_of(Sweep* w, intp start, intp n, double* totals, char* registers) noexcept nogil:
    """A run of elements in blocks that end where NumPy's pairwise sum has parts, so that sums of them have its bits."""
    cdef Step* s = w.step
    cdef double[SUMS] rest
    cdef intp half
    cdef int i
    cdef Place* source
    cdef char* x
    cdef float single
    if n > s.block:
        half = n // 2
        half -= half % 8
        run_of(w, start, half, totals, registers)
        run_of(w, start + half, n - half, rest, registers)
        added(s, totals, rest, totals)
        return
    micros(w, 0, start, n, registers)
    for i in range(s.sums):
        source = &w.sum_of[2 * i]
        x = registers + source.offset if source.base == 1 else w.base[source.base] + source.offset + start * source.column
        if s.dtype == FLOAT64:
            sweeps.sums[0](1, n, x, 0, <char*>&totals[i])
        else:
            sweeps.sums[1](1, n, x, 0, <char*>&single)
            totals[i] = single


cdef void rows_swept(Sweep* w, intp row, intp rows, char* registers) noexcept nogil:
    cdef intp columns = w.step.columns, some = BLOCK // columns, start, end = row + rows
    if some > 3:
        while row < end:
            short_rows(w, row, min(some, end - row), registers)
            row += some
        return
    while row < end:
        start = 0
        while start < columns:
            micros(w, row, start, min(<intp>BLOCK, columns - start), registers)
            start += BLOCK
        row += 1


cdef inline void computed(Micro* m, char** args, const intp* steps, intp n) noexcept nogil:
    """One op of a fused step."""
    if m.loop != NULL:
        m.loop(args, &n, steps, m.data)
    elif m.count:
        sweeps.chain[m.dtype](m.op, m.args, args, steps, n)
    else:
        autodiff_select(n, m.size, args[0], <int>steps[0], args[1], <int>steps[1], args[2], <int>steps[2], args[3])


cdef void logsumexp(Step* s, char** args) noexcept nogil:
    """s.shape: rows and their length; args: x, result, and if there are four, exp(x - top), and one over the sum of those."""
    cdef intp i, n = s.shape[1]
    cdef double top = 0, total
    cdef char* kept = NULL
    for i in range(s.shape[0]):
        if s.args == 4:
            kept = args[2] + i * n * s.size
        total = exp_sum(s.dtype, n, args[0] + i * n * s.size, &top, kept)
        if s.dtype == FLOAT64:
            (<double*>args[1])[i] = kernels[s.dtype][LOG].value1(total, 0) + top
            if s.args == 4:
                (<double*>args[3])[i] = 1 / total
        else:
            (<float*>args[1])[i] = <float>kernels[s.dtype][LOG].value1(total, 0) + <float>top
            if s.args == 4:
                (<float*>args[3])[i] = <float>(1 / total)


cdef void logsumexp_across(Step* s, char** args) noexcept nogil:
    """s.shape: rows and their length; args: x, result.  Operation by operation what the op does with whole arrays."""
    cdef intp n = s.shape[1], start, count, row, i
    cdef int size = 8 if s.dtype == FLOAT64 else 4
    cdef double[3 * BLOCK] room
    cdef char* top = <char*>room
    cdef char* total = <char*>&room[BLOCK]
    cdef char* term = <char*>&room[2 * BLOCK]
    cdef char* x
    cdef intp* steps = [size, size, size]
    start = 0
    while start < n:
        count, x = min(<intp>BLOCK, n - start), args[0] + start * size
        memcpy(top, x, count * size)
        for row in range(1, s.shape[0]):
            applied(s.dtype, MAXIMUM, top, x + row * n * size, top, &count, steps)
        for i in range(count):          # inf - inf would be nan
            if s.dtype == FLOAT64 and ((<double*>top)[i] == INFINITY or (<double*>top)[i] == -INFINITY):
                (<double*>top)[i] = 0
            elif s.dtype != FLOAT64 and ((<float*>top)[i] == INFINITY or (<float*>top)[i] == -INFINITY):
                (<float*>top)[i] = 0
        for row in range(s.shape[0]):
            applied(s.dtype, SUB, x + row * n * size, top, term, &count, steps)
            applied(s.dtype, EXP, term, total if row == 0 else term, NULL, &count, steps)
            if row:
                applied(s.dtype, ADD, total, term, total, &count, steps)
        applied(s.dtype, LOG, total, total, NULL, &count, steps)
        applied(s.dtype, ADD, total, top, args[1] + start * size, &count, steps)
        start += count


cdef inline void applied(int dtype, int op, char* x, char* y, char* z, const intp* n, const intp* steps) noexcept nogil:
    cdef char* args[3]
    args[0], args[1], args[2] = x, y, z
    kernels[dtype][op].value(args, n, steps, kernels[dtype][op].value_data)


cdef void at_places(Step* s, char** args) noexcept nogil:
    """s.shape: how many places; args: source, places, target."""
    cdef intp i, n = s.shape[0]
    cdef intp* place = <intp*>args[1]
    if s.kind == SCATTER:
        memset(args[2], 0, s.zeroed)
    if s.kind == GATHER and s.dtype == FLOAT64:
        for i in range(n):
            (<double*>args[2])[i] = (<double*>args[0])[place[i]]
    elif s.kind == GATHER:
        for i in range(n):
            (<float*>args[2])[i] = (<float*>args[0])[place[i]]
    elif s.dtype == FLOAT64:
        for i in range(n):
            (<double*>args[2])[place[i]] += (<double*>args[0])[i]
    else:
        for i in range(n):
            (<float*>args[2])[place[i]] += (<float*>args[0])[i]


cdef void short_strided(Step* s, char** args) noexcept nogil:
    """A loop over strided operands with short rows, of which a call has many: one for each row of 20 takes twice as long.

    Rows that are the same again and again are laid side by side once, those that lie so are read where they are, others are
    gathered.
    """
    cdef int last = s.dims - 1, result = s.args - 1, i, d
    cdef intp columns = s.shape[last], some = BLOCK // columns, inner = s.shape[last - 1], rows = 1, row, within, at, n
    cdef int size = 8 if s.dtype == FLOAT64 else 4
    cdef double[2 * BLOCK] room
    cdef char* given[3]
    cdef char* start[2]
    cdef intp steps[3]
    cdef bint gathered = inner < some       # several of these rows are not enough for a call
    for i in range(last):
        rows *= s.shape[i]
    steps[result] = s.strides[result][last]                 # the result lies one after the other
    for i in range(result):
        steps[i], given[i] = size, <char*>&room[i * BLOCK]
        if s.strides[i][last] != size or s.strides[i][last - 1] not in (0, columns * size):
            gathered = True
    row = within = 0
    while row < rows:
        n = min(some, rows - row if gathered else inner - within)
        for i in range(result):
            if gathered:
                autodiff_gather_rows(s.dims, s.shape, s.strides[i], size, row, n, args[i], given[i])
                continue
            if within == 0:
                start[i], at = args[i], row // inner
                for d in range(last - 2, -1, -1):
                    start[i] += at % s.shape[d] * s.strides[i][d]
                    at //= s.shape[d]
                if s.strides[i][last - 1] == 0:
                    autodiff_tile(some, columns * size, start[i], <char*>&room[i * BLOCK])
            if s.strides[i][last - 1]:
                given[i] = start[i] + within * columns * size
        given[result] = args[result] + row * columns * steps[result]
        row += n
        within = (within + n) % inner
        n *= columns
        s.loop(given, &n, steps, s.data)


cdef struct Sums:               # sums of rows, in parts
    int dtype
    intp rows, columns, step, length
    char* x
    char* out


cdef void sums_part(void* work, intp part) noexcept nogil:
    cdef Sums* w = <Sums*>work
    cdef intp start = part * w.length
    sweeps.sums[w.dtype](min(w.length, w.rows - start), w.columns, w.x + start * w.step, w.step,
                         w.out + start * (8 if w.dtype == FLOAT64 else 4))


cdef bint short_summed(Step* s, char** args) noexcept nogil:
    """Sums along short rows that are as far from each other each, into one after the other; False: they are not."""
    cdef int last = s.dims - 1, d
    cdef intp size = 8 if s.dtype == FLOAT64 else 4, parts
    cdef Sums sums
    if s.dims < 2 or s.shape[last] > SHORT or s.strides[0][last] != size or s.strides[1][last] != 0:
        return False
    sums.dtype, sums.rows, sums.columns, sums.step = s.dtype, s.shape[last - 1], s.shape[last], s.strides[0][last - 1]
    if s.strides[1][last - 1] != size:
        return False
    for d in range(last - 2, -1, -1):
        if s.strides[0][d] != sums.rows * sums.step or s.strides[1][d] != sums.rows * size:
            return False
        sums.rows *= s.shape[d]
    sums.x, sums.out = args[0], args[1]
    sums.length = max(<intp>1, PART_SIZE // sums.columns)
    parts = (sums.rows + sums.length - 1) // sums.length
    if sums.rows * sums.columns < WORTH_SHARING:
        sums.length = sums.rows
        sums_part(&sums, 0)
    else:
        run_parts(sums_part, &sums, parts)
    return True


cdef bint rows_summed(Step* s, char** args) noexcept nogil:
    """Sums of rows, one after the other, where they are short and lie so; False: they do not."""
    cdef int last = s.dims - 1
    cdef intp size = 8 if s.dtype == FLOAT64 else 4, outer = 1, i
    if s.dims < 2 or s.dims > 3 or s.shape[last] > SHORT or s.shape[last] < 2:
        return False
    if s.strides[0][last] != size or s.strides[1][last] != size or s.strides[1][last - 1] != 0:
        return False
    if s.dims == 3:
        if s.strides[1][0] != s.shape[2] * size:
            return False
        outer = s.shape[0]
    for i in range(outer):
        if s.dtype == FLOAT64:
            autodiff_add_rows_double(s.shape[last - 1], s.shape[last], args[0] + i * s.strides[0][0], s.strides[0][last - 1],
                                     <double*>(args[1] + i * s.shape[last] * size))
        else:
            autodiff_add_rows_float(s.shape[last - 1], s.shape[last], args[0] + i * s.strides[0][0], s.strides[0][last - 1],
                                    <float*>(args[1] + i * s.shape[last] * size))
    return True


cdef void products(Step* s, char** args) noexcept nogil:
    """s.shape: m, k, n, and how many; strides from product to product, row to row, column to column."""
    cdef intp[9] steps
    cdef int i
    for i in range(3):
        steps[i], steps[3 + 2 * i], steps[4 + 2 * i] = s.strides[i][0], s.strides[i][1], s.strides[i][2]
    matmul_batch(s.dtype, s.shape[3], s.shape, args, steps)


cdef int ADD = 0
cdef int SUB = 0
cdef int MAXIMUM = 0
cdef int EXP = 0
cdef int LOG = 0


def _fill(number):
    """The numbers of these rows, once rows have numbers."""
    global ADD, SUB, MAXIMUM, EXP, LOG
    ADD, SUB, MAXIMUM, EXP, LOG = [number(name) for name in ("add", "sub", "maximum", "exp", "log")]


cdef int take_place(Place* place, tuple given) except -1:
    place.base, place.offset, place.row, place.column = given
    return 0


cdef bint truth_at(char* x, int size, int is_float) noexcept nogil:
    if size == 1:
        return x[0] != 0
    if is_float == 2:               # integers
        return (<long long*>x)[0] != 0 if size == 8 else (<int*>x)[0] != 0
    return (<double*>x)[0] != 0 if size == 8 else (<float*>x)[0] != 0


cdef void copied(int dims, const intp* shape, int size, char* x, const intp* x_strides, char* out,
                 const intp* out_strides) noexcept nogil:
    """Elements copied from strided to strided memory."""
    cdef intp i, n
    if dims == 0:
        memcpy(out, x, size)
        return
    n = shape[0]
    if dims > 1:
        for i in range(n):
            copied(dims - 1, shape + 1, size, x + i * x_strides[0], x_strides + 1, out + i * out_strides[0], out_strides + 1)
    elif x_strides[0] == size and out_strides[0] == size:
        memcpy(out, x, n * size)
    elif size == 8:
        for i in range(n):
            (<long long*>(out + i * out_strides[0]))[0] = (<long long*>(x + i * x_strides[0]))[0]
    else:
        for i in range(n):
            memcpy(out + i * out_strides[0], x + i * x_strides[0], size)


cdef cnp.ndarray fresh(int ndim, intp* dims, int number):
    """An array for a result: a large one in memory of the pool, since pages new to the process take longer than the work."""
    cdef Shape* shape
    cdef Array* array
    cdef intp size = 1
    cdef int i
    for i in range(ndim):
        size *= dims[i]
    if size < POOLED:
        return cnp.PyArray_EMPTY(ndim, <cnp.npy_intp*>dims, number, 0)
    shape = new_shape(ndim, dims)
    try:
        array = new_array(number, shape)
    finally:
        release_shape(shape)
    return ndarray_of(array, True)


# ---- the player

cdef enum:                          # what a part of the arguments is
    ARRAY                           # (ARRAY, base, type number, shape)
    NUMBER                          # (NUMBER, base): float64; the number is copied to the arena
    SINGLE
    LIST                            # (LIST, parts)
    TUPLE
    DICT                            # (DICT, keys, parts)
    STATIC                          # (STATIC, value)
    VALUES                          # (VALUES, base, type number, shape, requires_grad, type): a Variable

PARTS = {"array": ARRAY, "number": NUMBER, "single": SINGLE, "list": LIST, "tuple": TUPLE, "dict": DICT, "static": STATIC,
         "values": VALUES}

@cython.final
cdef class Played:
    """A program with how its arguments are read and its results are made."""

    cdef readonly Program program
    cdef readonly tuple parts           # of the arguments
    cdef readonly list references       # (base, Variable, type number, shape): read where they are
    cdef list outputs                   # (base, shape, type number or -1 for a float) or (None, constant)
    cdef readonly object finish         # finish(outputs, args): the result; or tuple
    cdef readonly object plan            # what is shown of it
    cdef list held
    cdef double* numbers
    cdef int number
    cdef readonly long long runs

    def __cinit__(self, Program program not None, tuple parts, list references, list outputs, finish, plan):
        self.program, self.parts, self.references, self.outputs = program, parts, references, outputs
        self.finish, self.plan, self.held = finish, plan, []
        self.numbers = <double*>calloc(program.bases + 1, sizeof(double))
        if self.numbers == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.numbers)

    def fits(self, tuple args):
        """Whether the arguments are of its structure."""
        if self.program.turn.taken():
            return False
        found = self.match(args)
        self.held.clear()
        return found

    cdef bint match(self, tuple args) except -1:
        cdef int i
        if len(args) != len(self.parts):
            return False
        self.number = 0
        for i in range(len(args)):
            if not self.matches(<tuple>self.parts[i], args[i]):
                return False
        for base, v, number, shape in self.references:
            if not self.variable(<int>base, <Variable>v, <int>number, <tuple>shape):
                return False
        return True

    cdef bint matches(self, tuple part, object o) except -1:
        cdef int kind = part[0], i
        cdef cnp.ndarray array
        cdef tuple shape
        if kind == ARRAY:
            if type(o) is not np.ndarray:
                return False
            array = <cnp.ndarray>o
            shape = <tuple>part[3]
            if cnp.PyArray_TYPE(array) != <int>part[2] or cnp.PyArray_NDIM(array) != len(shape):
                return False
            for i in range(len(shape)):
                if cnp.PyArray_DIM(array, i) != <intp>shape[i]:
                    return False
            if not cnp.PyArray_ISCARRAY_RO(array):
                array = np.array(array, array.dtype.newbyteorder("="), order="C")      # a file's bytes may be swapped
                self.held.append(array)
            self.program.base[<int>part[1]] = <char*>cnp.PyArray_DATA(array)
            return True
        if kind == NUMBER:
            if type(o) is not float and type(o) is not np.float64:
                return False
            self.numbers[self.number] = PyFloat_AS_DOUBLE(o)
        elif kind == SINGLE:
            if type(o) is not np.float32:
                return False
            (<float*>&self.numbers[self.number])[0] = <float>o
        elif kind == STATIC:
            if o is part[1]:
                return True
            return same_static(o, part[1])
        elif kind == VALUES:
            if not is_variable(o) or type(o) is not part[5] or o.requires_grad != part[4]:
                return False
            return self.variable(<int>part[1], <Variable>o, <int>part[2], <tuple>part[3])
        elif kind == DICT:
            if type(o) is not dict or tuple(<dict>o) != part[1]:
                return False
            i = 0
            for value in (<dict>o).values():
                if not self.matches(<tuple>(<tuple>part[2])[i], value):
                    return False
                i += 1
            return True
        else:
            if type(o) is not (list if kind == LIST else tuple) or len(o) != len(<tuple>part[1]):
                return False
            for i in range(len(o)):
                if not self.matches(<tuple>(<tuple>part[1])[i], o[i]):
                    return False
            return True
        self.program.base[<int>part[1]] = <char*>&self.numbers[self.number]
        self.number += 1
        return True

    cdef bint variable(self, int base, Variable v, int number, tuple shape) except -1:
        """A Variable's elements, where they are if they lie one after the other."""
        cdef Array* array
        cdef int i
        if type_of(v) != number:
            return False
        if v.array == NULL:
            if shape:
                return False
            if v.flags & 1:
                self.numbers[self.number] = v.value
            else:
                (<float*>&self.numbers[self.number])[0] = <float>v.value
            self.program.base[base] = <char*>&self.numbers[self.number]
            self.number += 1
            return True
        array = v.array
        if array.shape.ndim != len(shape):
            return False
        for i in range(array.shape.ndim):
            if array.shape.dim[i] != <intp>shape[i]:
                return False
        if array.strides != NULL:
            made = np.array(plain_of(v), order="C")
            self.held.append(made)
            self.program.base[base] = <char*>cnp.PyArray_DATA(made)
        else:
            self.held.append(v)
            self.program.base[base] = array.data
        return True

    def run(self, tuple args):
        """The result; None: the arguments are of another structure, or a guard decided otherwise (program.failed >= 0)."""
        return self.played(args)

    def raw(self, tuple args):
        """What the program computes, before a result is made of it; None as in run()."""
        return self.computed(args)

    cdef object played(self, tuple args):
        made = self.computed(args)
        if made is None:
            return None
        # (value, gradient) as they come: a function of Python's, called for that, takes a tenth of a small program's time.
        return tuple(<list>made) if self.finish is tuple else self.finish(made, args)

    cdef list computed(self, tuple args):
        cdef Program program = self.program
        cdef intp[64] dims
        cdef int i, number
        cdef list made
        cdef cnp.ndarray array
        program.failed = -1
        if not program.turn.claim():         # another thread's, or one of its own calls further out
            return None
        try:
            if not self.match(args):
                return None
            made = []
            for base, shape, type_number in self.outputs:
                if base is None:
                    made.append(shape)
                    continue
                number = type_number
                for i in range(len(<tuple>shape)):
                    dims[i] = <intp>(<tuple>shape)[i]
                array = fresh(len(<tuple>shape), dims, number)
                program.base[<int>base] = <char*>cnp.PyArray_DATA(array)
                made.append(array)
            try:
                if program.execute():
                    return None
            except Exception:       # of an op of Python's: the function raises it again, in its own words
                program.failed = program.steps
                return None
        finally:
            self.held.clear()
            program.turn.held = False
        for i in range(len(made)):
            value = made[i]
            if isinstance(value, cnp.ndarray) and cnp.PyArray_NDIM(<cnp.ndarray>value) == 0 and self.outputs[i][0] is not None:
                if cnp.PyArray_TYPE(<cnp.ndarray>value) == cnp.NPY_DOUBLE:
                    made[i] = (<double*>cnp.PyArray_DATA(<cnp.ndarray>value))[0]
                else:
                    made[i] = value.item()
        self.runs += 1
        return made


@cython.final
cdef class Player:
    """The programs of a function, or of its gradient, the one that ran last first."""

    cdef readonly list programs

    def __cinit__(self):
        self.programs = []

    def __call__(self, tuple args):
        """The result, or None where nothing that is recorded fits."""
        cdef Played played
        cdef list programs = self.programs
        cdef int i
        if modes():
            return None
        for i in range(len(programs)):
            played = <Played>programs[i]
            found = played.played(args)
            if found is not None:
                if i:
                    programs.remove(played)
                    programs.insert(0, played)
                return found
        return None


def hooked(list variables):
    """Whether one of some Variables has a hook."""
    for v in variables:
        if (<Variable>v).node != NULL and (<Variable>v).node.flags & HOOKED:
            return True
    return False


def node_of(Variable v not None):
    """The address of a Variable's node, which says what it is; 0: it has none."""
    return <uintptr_t>current_node(v)


def memory_of(Variable v not None):
    """Where a Variable's elements are; 0: it is a number."""
    return <uintptr_t>v.array.data if v.array != NULL else 0


def storage_of(Variable v not None):
    """What a Variable shares with its views; 0: it is a number."""
    return <uintptr_t>v.array.storage if v.array != NULL else 0


def traits_of(Variable v not None):
    """(shape, node_of(), storage_of(), memory_of())."""
    cdef int i
    cdef Array* array = v.array
    if array == NULL:
        return (), <uintptr_t>current_node(v), 0, 0
    shape = tuple([array.shape.dim[i] for i in range(array.shape.ndim)])
    return shape, <uintptr_t>current_node(v), <uintptr_t>array.storage, <uintptr_t>array.data


def has_shape(Variable v not None, tuple shape not None):
    """Whether a Variable has a shape."""
    cdef int i
    if v.array == NULL:
        return len(shape) == 0
    if v.array.shape.ndim != len(shape):
        return False
    for i in range(v.array.shape.ndim):
        if v.array.shape.dim[i] != <intp>shape[i]:
            return False
    return True


def seen_by(transform, tuple shape not None, tuple strides not None, dtype):
    """(shape, strides, offset) of what a geometry shows of memory that is laid out so; None: it has another dtype.

    ValueError where that would need a copy.  The memory itself is not looked at.
    """
    cdef intp[64] dims
    cdef intp[64] steps
    cdef double[2] anywhere
    cdef int i
    cdef cnp.ndarray seen
    for i in range(len(shape)):
        dims[i], steps[i] = shape[i], strides[i]
    origin = PyArray_New(<PyTypeObject*>np.ndarray, len(shape), dims, dtype.num, steps, anywhere, 0,
                         NPY_ARRAY_WRITEABLE | NPY_ARRAY_ALIGNED, None)
    seen = transform.apply(origin)
    if seen.dtype is not dtype and seen.dtype != dtype:
        return None
    return (tuple([cnp.PyArray_DIM(seen, i) for i in range(cnp.PyArray_NDIM(seen))]),
            tuple([cnp.PyArray_STRIDE(seen, i) for i in range(cnp.PyArray_NDIM(seen))]),
            cnp.PyArray_BYTES(seen) - <char*>anywhere if cnp.PyArray_SIZE(seen) else 0)


cdef object plain_of = None


def _use(function):
    """Who makes a plain array of a Variable."""
    global plain_of
    plain_of = function
