# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The base of the layer of Variables: their fields, the geometry of views, and the door through which every op goes.

A 0-d float is a C double in the object until somebody asks for an alias of it; everything else is an Array.  What a level above
is asked before an op is computed, and how node, object and tangent are made after, stand here and nowhere else.
"""
cimport cython
cimport numpy as cnp
from cpython.object cimport PyObject, PyTypeObject, visitproc
from cpython.exc cimport PyErr_WarnEx
from cpython.ref cimport Py_INCREF
from libc.stdint cimport uint16_t, uintptr_t
from libc.stdlib cimport free

from ._core cimport (ARRAY, FLOAT32, HEAD, HOOKED, LEAF, OUT_SCALAR, PAYLOAD, PICK, PYTHON, SAVES, MODIFIED, VARIANT, Array,
                     Node, NodeExtras, Payload, Shape, allocate, broadcast_strides, contiguous_copy, disown, foreign_array,
                     graph, hold, hold_array, itemsize, kernel_type, new_array, new_geometry, new_leaf, new_payload,
                     new_shape, node_shape, node_type, promote, read_double, record, record_payload, record_read,
                     record_write, release_array, release_payload, release_shape, same_shape, scalar_shape, sole_owner,
                     strides_of, write_double, zeros)
from ._kernels cimport MAX_DIMS, intp

from _thread import _local

import numpy as np

from ._core import NodeExtras as _NodeExtras
from ._types import finfo, to_numpy_dtype, DTYPES

cnp.import_array()

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #define AUTODIFF_THREAD __declspec(thread)
    #else
    #define AUTODIFF_THREAD _Thread_local
    #endif

    /* The modes of this thread; looked at only where graph.unusual says that some thread has one.  With glibc the word is in
       the thread's own block, a load away; else reading it is a call.  This module alone has it: what a .pxd holds verbatim is
       compiled into each module, with words of its own. */
    #if defined(__GLIBC__) && defined(__GNUC__)
    static AUTODIFF_THREAD int autodiff_modes __attribute__((tls_model("initial-exec"))) = 0;
    #else
    static AUTODIFF_THREAD int autodiff_modes = 0;
    #endif
    static AUTODIFF_THREAD long long autodiff_level = 0;    /* of forward mode in this thread: the innermost that ops see */
    static AUTODIFF_THREAD long long autodiff_levels[64];   /* ... all of them, outermost first */
    static AUTODIFF_THREAD int autodiff_depth = 0;          /* ... how many ops see */
    static AUTODIFF_THREAD PyObject* autodiff_keeper = NULL;    /* this thread's ThreadModes; borrowed */
    static AUTODIFF_THREAD PyObject* autodiff_waiting = NULL;
    static AUTODIFF_THREAD int autodiff_nested = 0;
    static AUTODIFF_THREAD PyObject* autodiff_recorder = NULL;  /* the thread's only level, if it is asked in C; borrowed */

    #define autodiff_link(o) ((PyObject**)((char*)(o) + Py_TYPE(o)->tp_weaklistoffset))
    static void autodiff_set_slots(PyTypeObject* type, destructor dealloc, traverseproc traverse, const char* name) {
        type->tp_dealloc = dealloc;
        type->tp_traverse = traverse;
        /* Not a slot that asks for more: then x.exp() would make a bound method first, 50 ns beside 40 of work. */
        type->tp_getattro = PyObject_GenericGetAttr;
        type->tp_setattro = PyObject_GenericSetAttr;
        /* Indexed as a mapping alone, as PyTorch's: of what looks like a sequence NumPy hides the error of a conversion
           behind "setting an array element with a sequence". */
        type->tp_as_sequence->sq_item = NULL;
        type->tp_as_sequence->sq_ass_item = NULL;
        type->tp_name = name;
        PyType_Modified(type);
    }
    #define autodiff_drop(o) do { \
        AUTODIFF_STRUCT* v = (AUTODIFF_STRUCT*)(o); \
        PyObject* extras = (PyObject*)v->extras; \
        PyObject* path = (PyObject*)v->path; \
        PyObject* attributes = v->__dict__; \
        v->__dict__ = NULL; \
        Py_DECREF(path); Py_DECREF(extras); Py_XDECREF(attributes); \
    } while (0)
    """
    int local_modes "autodiff_modes"
    long long local_level "autodiff_level"
    long long* local_levels "autodiff_levels"
    int local_depth "autodiff_depth"
    PyObject* local_keeper "autodiff_keeper"
    PyObject* waiting_variables "autodiff_waiting"
    int nested_releases "autodiff_nested"
    PyObject* local_recorder "autodiff_recorder"
    PyObject** link "autodiff_link"(PyObject* o)
    void set_slots "autodiff_set_slots"(PyTypeObject* type, void (*dealloc)(PyObject*) noexcept,
                                        int (*traverse)(PyObject*, visitproc, void*) noexcept, const char* name)
    void variable_drop "autodiff_drop"(PyObject* o)

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(object o)
    PyObject* PyThreadState_GetDict()
    void PyObject_GC_UnTrack(PyObject* o)
    void PyObject_GC_Del(PyObject* o)
    void PyObject_ClearWeakRefs(PyObject* o)

cdef enum:
    NESTED_MAX = 16

NAMES = [None] * 512
COMPLEX_VALUES, COMPLEX_VJPS, COMPLEX_SAVES = [None] * 512, [None] * 512, [None] * 512
GRAD_FN, VALUES, VJPS, NUMPY_FUNCTIONS = [None] * 512, [None] * 512, [None] * 512, [None] * 512
DEFAULTS, TAGS = [None] * 512, [None]
cdef dict TAG_NUMBERS = {None: 0}
SPECIAL_POWERS, NUMBERS = {}, {}
default_type = T_DOUBLE


@cython.final
cdef class Extras:
    """What few Variables have: a gradient, how grad is written."""

    def __dealloc__(self):
        if self.attached != NULL:
            self.attached.y.variable = NULL
            disown(self.attached)
        if self.dormant != NULL:
            self.dormant.y.variable = NULL
            disown(self.dormant)


@cython.auto_pickle(False)
cdef class Variable:
    """The C fields of both flavours; methods and final types stand in _variable."""

    def __cinit__(self, *args, **kwargs):
        if not is_variable(self):
            raise TypeError("the common base of Tensor and ndarray has no instances: use autodiff.tensor(...)")
        self.flags = INLINE64 | BLANK


# ---- geometry: a view is the same storage under a transform


@cython.final
@cython.freelist(256)
@cython.no_gc
cdef class Transform:
    """How a view looks at its operand: a reshape, a permutation, an expansion, an index, strides, parts of complex numbers, or
    several in turn."""

    def __dealloc__(self):
        # A view of a view ... holds a chain of them: taken apart link by link, the C stack stays short.
        cdef Transform link = self.first
        cdef Transform rest
        if self.data != NULL and self.data != self.room:
            free(self.data)
        self.first = None
        while link is not None and Py_REFCNT(link) == 1:
            rest = link.first
            link.first = None
            link = rest
            rest = None

    def apply(self, array):
        """The view of a plain ndarray under this transform; ValueError where a reshape in it would need a copy."""
        return apply_to_ndarray(self, array)

    @property
    def shows_once(self):
        """Whether it is one step that keeps the dtype and shows no element twice: adding where it looks is writing there."""
        return self.kind == INDEX or self.kind == PERMUTE or self.kind == RESHAPE

    def steps(self, shape):
        """What this transform shows of an array of a shape, step by step, also where a view is impossible.

        A list of (step, shape before it): a step is an array of flat positions, or "real", "imag", "pairs", "joined".
        """
        return steps_of(self, shape)

    @property
    def links(self):
        """Its steps as [(name, what goes with it)]: sizes, dimensions, an index; None where there is no word for one."""
        cdef Transform part
        found = []
        for part in links_of(self):
            numbers = [part.data[i] for i in range(part.count * (4 if part.kind == INDEX else 1))]
            if part.kind == INDEX:
                found.append(("index", tuple([
                    None if numbers[i] == NEWAXIS else numbers[i + 1] if numbers[i] == SELECT else
                    slice_of(numbers[i + 1], numbers[i + 2], numbers[i + 3]) for i in range(0, len(numbers), 4)])))
            elif part.kind == RESHAPE or part.kind == PERMUTE or part.kind == EXPAND:
                found.append(("reshape" if part.kind == RESHAPE else "permute" if part.kind == PERMUTE else "expand",
                              tuple(numbers)))
            else:
                return None
        return found

    def __repr__(self):
        return f"Transform({self.name})"


cdef object slice_of(intp start, intp step, intp length):
    """What shows so many elements from one on."""
    cdef intp stop = start + step * length
    return slice(start, None if stop < 0 else stop, step) if length else slice(0, 0, 1)


cdef Transform new_transform(int kind, str name, int count):
    cdef Transform t = Transform.__new__(Transform)
    t.kind, t.name, t.count = kind, name, count
    if count * (4 if kind == INDEX else 1) <= 4:
        t.data = t.room
    else:
        t.data = <intp*>allocate(count * sizeof(intp) * (4 if kind == INDEX else 1))
    return t


cdef Transform then(Transform first, Transform second):
    cdef Transform t
    if first is None:
        return second
    if second.kind == PATH:     # the second of a path is a single link: others in it would not be seen
        for part in links_of(second):
            first = then(first, <Transform>part)
        return first
    t = Transform.__new__(Transform)
    t.kind, t.name = PATH, "path"
    t.first, t.second = first, second
    return t


cdef Array* transformed(Transform t, Array* source) except? NULL:
    """The geometry of the view; NULL without an error where a reshape needs a copy.

    A path is applied in turn without recursion: its first parts are collected, then applied from the base on.
    """
    cdef Array* array
    cdef Array* next_array
    cdef list parts
    if t.kind != PATH:
        return transformed_once(t, source)
    parts = []
    while t.kind == PATH:
        parts.append(t.second)
        t = t.first
    array = transformed_once(t, source)
    for part in reversed(parts):
        if array == NULL:
            return NULL
        try:
            next_array = transformed_once(<Transform>part, array)
        finally:
            release_array(array)
        array = next_array
    return array


cdef int misfit() except -1:
    raise RuntimeError("a Variable took another shape while an index or a size for it was read")


cdef Array* transformed_once(Transform t, Array* source) except? NULL:
    """One transform of a geometry.  That it fits is asked again here: an index whose __index__ gives its Variable other data
    comes by with numbers for the old ones."""
    cdef intp[MAX_DIMS] room, dims, steps
    cdef const intp* strides = strides_of(source, room)
    cdef Shape* shape
    cdef char* data = source.data
    cdef int i, d = 0, n = 0
    cdef intp* item
    cdef intp low, high
    if t.kind == PARTS:
        return read_as_parts(t, source)
    if t.kind == RESHAPE:
        shape = new_shape(t.count, t.data)
        try:
            if shape.size != source.shape.size:
                misfit()
            if source.strides == NULL:
                return new_geometry(source, data, shape, NULL)
            if not reshaped_strides(source, shape, steps):
                return NULL
            return new_geometry(source, data, shape, steps)
        finally:
            release_shape(shape)
    if t.kind == PERMUTE:
        n = t.count
        if n != source.shape.ndim:
            misfit()
        for i in range(n):
            dims[i] = source.shape.dim[t.data[i]]
            steps[i] = strides[t.data[i]]
    elif t.kind == EXPAND:
        shape = new_shape(t.count, t.data)
        try:
            if not broadcast_strides(source, shape, steps):
                misfit()
            return new_geometry(source, data, shape, steps)
        finally:
            release_shape(shape)
    elif t.kind == STRIDED:
        d = t.data[0]
        if d != source.shape.ndim:
            misfit()
        for i in range(d):
            data += t.data[1 + i] * strides[i]
            low = high = t.data[1 + i]
            item = &t.data[1 + d]
            while item < &t.data[t.count]:
                if item[0] > 0:
                    if item[1 + i] > 0:
                        high += item[1 + i] * (item[0] - 1)
                    else:
                        low += item[1 + i] * (item[0] - 1)
                elif item[0] == 0:
                    low, high = 0, -1       # nothing is shown
                    break
                item += 1 + d
            if low < 0 or high >= source.shape.dim[i]:
                misfit()
        item = &t.data[1 + d]
        while item < &t.data[t.count]:
            dims[n], steps[n] = item[0], 0
            for i in range(d):
                steps[n] += item[1 + i] * strides[i]
            n += 1
            item += 1 + d
    else:
        for i in range(t.count):
            item = &t.data[4 * i]
            if item[0] == NEWAXIS:
                dims[n], steps[n] = 1, 0
                n += 1
            elif d >= source.shape.ndim:
                misfit()
            elif item[0] == SELECT:
                if not 0 <= item[1] < source.shape.dim[d]:
                    misfit()
                data += item[1] * strides[d]
                d += 1
            else:
                if item[3]:
                    high = item[1] + item[2] * (item[3] - 1)
                    if not (0 <= item[1] < source.shape.dim[d] and 0 <= high < source.shape.dim[d]):
                        misfit()
                    data += item[1] * strides[d]
                dims[n], steps[n] = item[3], item[2] * strides[d]
                n += 1
                d += 1
        while d < source.shape.ndim:
            dims[n], steps[n] = source.shape.dim[d], strides[d]
            n += 1
            d += 1
    shape = new_shape(n, dims)
    try:
        return new_geometry(source, data, shape, steps)
    finally:
        release_shape(shape)


cdef Array* read_as_parts(Transform t, Array* source) except? NULL:
    """Complex numbers read as real ones, or the other way round; NULL where pairs do not lie together in memory."""
    cdef intp[MAX_DIMS] room, dims, steps
    cdef const intp* strides = strides_of(source, room)
    cdef Shape* shape
    cdef Array typed
    cdef int i, n = source.shape.ndim, type
    cdef intp offset = 0
    if t.data[0] == JOINED:
        n -= 1
        if kernel_type(source.type) < 0 or n < 0 or source.shape.dim[n] != 2:
            misfit()
        type = cnp.NPY_CDOUBLE if source.type == T_DOUBLE else cnp.NPY_CFLOAT
        if strides[n] != itemsize(source.type):
            return NULL
    else:
        if category(source.type) != 3:
            misfit()
        type = T_DOUBLE if source.type == cnp.NPY_CDOUBLE else T_FLOAT
        offset = itemsize(type) if t.data[0] == IMAGINARY_PART else 0
    for i in range(n):
        dims[i], steps[i] = source.shape.dim[i], strides[i]
    if t.data[0] == PAIRS:
        if n == MAX_DIMS:
            raise ValueError(f"maximum supported dimension is {MAX_DIMS}, but found {n + 1}")
        dims[n], steps[n] = 2, itemsize(type)
        n += 1
    shape = new_shape(n, dims)
    typed.type, typed.storage = type, source.storage
    try:
        return new_geometry(&typed, source.data + offset, shape, steps)
    finally:
        release_shape(shape)


cdef bint reshaped_strides(Array* source, Shape* shape, intp* steps) noexcept:
    """The strides of a reshape that needs no copy: runs of dimensions that lie together keep together."""
    cdef intp[MAX_DIMS] dims, strides
    cdef int i, n = 0, old = 0, new = 0, old_end, new_end
    cdef intp old_count, new_count, step
    if source.shape.size == 0:
        step = itemsize(source.type)
        for i in range(shape.ndim - 1, -1, -1):
            steps[i] = step
            step *= shape.dim[i] if shape.dim[i] else 1
        return True
    for i in range(source.shape.ndim):
        if source.shape.dim[i] != 1:
            dims[n], strides[n] = source.shape.dim[i], source.strides[i]
            n += 1
    while old < n or new < shape.ndim:
        if old == n:
            steps[new] = itemsize(source.type)  # trailing sizes of 1
            new += 1
            continue
        if new == shape.ndim:
            return False
        old_end, new_end = old + 1, new + 1
        old_count, new_count = dims[old], shape.dim[new]
        while old_count != new_count:
            if new_count < old_count:
                new_count *= shape.dim[new_end]
                new_end += 1
            else:
                old_count *= dims[old_end]
                old_end += 1
        for i in range(old, old_end - 1):
            if strides[i] != strides[i + 1] * dims[i + 1]:
                return False
        step = strides[old_end - 1]
        for i in range(new_end - 1, new - 1, -1):
            steps[i] = step
            step *= shape.dim[i]
        old, new = old_end, new_end
    return True


cdef object apply_to_ndarray(Transform t, cnp.ndarray source):
    cdef Array* array
    cdef Array* view
    array = array_of(source)
    try:
        view = transformed(t, array)
        if view == NULL:
            raise ValueError("this view needs a copy")
        return ndarray_of(view, True)
    finally:
        release_array(array)


cdef list links_of(Transform t):
    """The single transforms of a path, from the base on."""
    cdef list parts = []
    while t.kind == PATH:
        parts.append(t.second)
        t = t.first
    parts.append(t)
    parts.reverse()
    return parts


def batched_transform(Transform t not None, intp size, int rank):
    """What t is to an operand with a batch of a size in front of its `rank` dimensions: (transform, rank of the view).

    The rank is that of one sample's view.
    """
    cdef Transform made = None
    for link in links_of(t):
        moved, rank = batched_link(<Transform>link, size, rank)
        made = then(made, <Transform>moved)
    return made, rank


cdef tuple batched_link(Transform t, intp size, int rank):
    cdef Transform made
    cdef Transform wide = None
    cdef int i, k, n
    if t.kind == PARTS:
        return t, rank + (1 if t.data[0] == PAIRS else -1 if t.data[0] == JOINED else 0)
    if t.kind == INDEX:
        made = new_transform(INDEX, t.name, t.count + 1)
        made.data[0], made.data[1], made.data[2], made.data[3] = SLICE, 0, 1, size
        for i in range(4 * t.count):
            made.data[4 + i] = t.data[i]
        for i in range(t.count):
            rank += 1 if t.data[4 * i] == NEWAXIS else -1 if t.data[4 * i] == SELECT else 0
    elif t.kind == STRIDED:
        n = t.data[0]
        k = (t.count - 1 - n) // (1 + n)
        made = new_transform(STRIDED, t.name, (2 + n) * (2 + k))
        for i in range(made.count):
            made.data[i] = 0
        made.data[0] = 1 + n
        for i in range(n):
            made.data[2 + i] = t.data[1 + i]
        made.data[2 + n], made.data[3 + n] = size, 1
        for rank in range(k):
            made.data[(2 + n) * (2 + rank)] = t.data[(1 + n) * (1 + rank)]
            for i in range(n):
                made.data[(2 + n) * (2 + rank) + 2 + i] = t.data[(1 + n) * (1 + rank) + 1 + i]
        rank = k
    elif t.kind == PERMUTE:
        made = new_transform(PERMUTE, t.name, t.count + 1)
        made.data[0] = 0
        for i in range(t.count):
            made.data[1 + i] = 1 + t.data[i]
    else:
        if t.kind == EXPAND and t.count > rank:     # new dimensions come between the batch and the others
            wide = new_transform(INDEX, t.name, 1 + t.count - rank)
            wide.data[0], wide.data[1], wide.data[2], wide.data[3] = SLICE, 0, 1, size
            for i in range(t.count - rank):
                wide.data[4 + 4 * i] = NEWAXIS
                wide.data[5 + 4 * i] = wide.data[6 + 4 * i] = wide.data[7 + 4 * i] = 0
        made = new_transform(t.kind, t.name, t.count + 1)
        made.data[0] = size
        for i in range(t.count):
            made.data[1 + i] = t.data[i]
        rank = t.count
    made.output = t.output
    return then(wide, made), rank


cdef tuple PART_NAMES = ("real", "imag", "pairs", "joined")


cdef list steps_of(Transform t, tuple shape):
    """See Transform.steps: runs of links that keep the dtype become positions, the others are named."""
    cdef list steps = []
    cdef Transform part
    before, array = shape, None
    for link in links_of(t):
        part = <Transform>link
        if part.kind == PARTS:
            if array is not None:
                steps.append((array, before))
                before, array = array.shape, None
            steps.append((PART_NAMES[part.data[0]], before))
            if part.data[0] == PAIRS:
                before = (*before, 2)
            elif part.data[0] == JOINED:
                before = before[:-1]
            continue
        if array is None:
            array = np.arange(int(np.prod(before))).reshape(before)
        try:
            array = apply_to_ndarray(part, array)
        except ValueError:
            array = apply_to_ndarray(part, np.ascontiguousarray(array))
    if array is not None:
        steps.append((array, before))
    return steps


# ---- arrays and NumPy

@cython.final
@cython.no_gc
cdef class Owner:
    """Keeps a storage alive for an ndarray that looks at it."""
    cdef Array* array

    def __dealloc__(self):
        release_array(self.array)


cdef cnp.ndarray ndarray_of(Array* array, bint take):
    """An ndarray that shares the array's memory.  take: the reference becomes the ndarray's."""
    cdef intp[MAX_DIMS] room
    cdef Owner owner = Owner.__new__(Owner)
    cdef cnp.ndarray result
    cdef int flags = cnp.NPY_ARRAY_WRITEABLE | cnp.NPY_ARRAY_ALIGNED
    if array.storage.readonly:
        flags = cnp.NPY_ARRAY_ALIGNED
    owner.array = array
    if not take:
        array.owners += 1
    result = cnp.PyArray_New(cnp.ndarray, array.shape.ndim, <cnp.npy_intp*>array.shape.dim, array.type,
                             <cnp.npy_intp*>strides_of(array, room), array.data, 0, flags, <object>NULL)
    Py_INCREF(owner)            # the call takes a reference
    cnp.PyArray_SetBaseObject(result, owner)
    return result


cdef Array* array_of(object value) except NULL:
    """An array that shares the memory of an ndarray, or a copy where its memory cannot be used as it is."""
    cdef cnp.ndarray a = value if isinstance(value, cnp.ndarray) else np.asarray(value)
    cdef Shape* shape
    if not cnp.PyArray_ISBEHAVED_RO(a):
        a = np.array(a, dtype=a.dtype.newbyteorder("="), order="C")
    if a.dtype not in DTYPES:
        raise TypeError(f"can't convert np.ndarray of type numpy.{a.dtype}: the dtypes of autodiff are "
                        f"{', '.join([d.name for d in DTYPES.values()])}")
    shape = new_shape(cnp.PyArray_NDIM(a), <const intp*>cnp.PyArray_DIMS(a))
    try:
        return foreign_array(normal_type(cnp.PyArray_TYPE(a)), <char*>cnp.PyArray_DATA(a), shape,
                             <const intp*>cnp.PyArray_STRIDES(a), a, not cnp.PyArray_ISWRITEABLE(a))
    finally:
        release_shape(shape)


cdef inline int normal_type(int type) noexcept:
    """One number per dtype: C's long long is its long here, where both have 64 bits."""
    if type == cnp.NPY_LONGLONG and sizeof(long) == 8:
        return cnp.NPY_LONG
    if type == cnp.NPY_ULONGLONG and sizeof(long) == 8:
        return cnp.NPY_ULONG
    return type


cdef Array* array_copy_of(object value) except NULL:
    """A pooled copy of an ndarray."""
    cdef Array* source = array_of(value)
    cdef Array* copy
    try:
        copy = contiguous_copy(source)
    finally:
        release_array(source)
    return copy


cdef int add_generic(Array* target, Array* source) except -1:
    a = ndarray_of(target, False)
    np.add(a, ndarray_of(source, False), out=a, casting="unsafe")
    return 0


cdef Array* reduce_generic(Array* source, int type, Shape* shape) except NULL:
    """Sum to a shape and cast, for any dtype; also a contiguous copy."""
    cdef int i, extra = source.shape.ndim - shape.ndim
    cdef Array* result
    a = ndarray_of(source, False)
    if not same_shape(source.shape, shape):
        axes = tuple([i for i in range(source.shape.ndim)
                      if i < extra or (shape.dim[i - extra] == 1 and source.shape.dim[i] != 1)])
        a = np.sum(a, axis=axes, keepdims=True).reshape(shape_tuple(shape))
    result = new_array(type, shape)
    try:
        out = ndarray_of(result, False)
        with np.errstate(all="ignore"):
            np.copyto(out, a.real if a.dtype.kind == "c" and out.dtype.kind != "c" else a, casting="unsafe")
    except BaseException:
        release_array(result)
        raise
    return result


cdef tuple shape_tuple(Shape* shape):
    cdef int i
    return tuple([shape.dim[i] for i in range(shape.ndim)])


cdef object numpy_dtype(int type):
    return <object>cnp.PyArray_DescrFromType(type)


# ---- values: how a Variable holds its elements

cdef int category(int type) noexcept:
    if type == T_BOOL:
        return 0
    if type < cnp.NPY_FLOAT:
        return 1
    return 3 if cnp.NPY_CFLOAT <= type <= cnp.NPY_CLONGDOUBLE else 2


cdef void release_fields(PyObject* o) noexcept:
    cdef Node* node = (<Variable>o).node
    cdef Array* array = (<Variable>o).array
    cdef History* history = (<Variable>o).history
    if node != NULL:
        (<Variable>o).node = NULL
        if node.flags & LEAF and node.y.variable == <void*>o:
            node.y.variable = NULL
        disown(node)
    if array != NULL:
        (<Variable>o).array = NULL
        if history != NULL:
            (<Variable>o).history = NULL
            if (<Variable>o).path is None and history.owners > 1 and history.array == NULL:
                history.array = array
                array = NULL
            release_history(history)
        release_array(array)
    variable_drop(o)


cdef void forget(PyObject* o) noexcept:
    cdef Node* node = (<Variable>o).node
    if (<Variable>o).flags & BATCHED and (<Variable>o).extras is not None:
        if (<Variable>o).extras.handle is not None:
            unlink_handle(<PyObject*>(<Variable>o).extras.handle)
    if node != NULL and node.flags & LEAF and node.y.variable == <void*>o:
        node.y.variable = NULL
    if (<Variable>o).history != NULL and (<Variable>o).history.base == <void*>o:
        (<Variable>o).history.base = NULL
    if (<Variable>o).extras is not None:
        if (<Variable>o).extras.attached != NULL:
            (<Variable>o).extras.attached.y.variable = NULL
        if (<Variable>o).extras.dormant != NULL:
            (<Variable>o).extras.dormant.y.variable = NULL


cdef int has_extras(PyObject* o) noexcept:
    return (<Variable>o).extras is not None or attributes_in(o) != NULL


cdef int visit_fields(PyObject* o, visitproc visit, void* arg) noexcept:
    """What the collector sees: extras, and what hangs on the nodes that this Variable alone keeps alive."""
    cdef int result
    cdef Node* waiting[64]
    cdef Node* number = NULL
    cdef Array* array = (<Variable>o).array
    cdef int count = 0
    if (<Variable>o).extras is not None:
        result = visit(<PyObject*>(<Variable>o).extras, arg)
        if result:
            return result
    if attributes_in(o) != NULL:
        result = visit(attributes_in(o), arg)
        if result:
            return result
    if not graph.hooks:
        return 0
    if (<Variable>o).node != NULL:
        waiting[0] = (<Variable>o).node
        count = 1
    if (<Variable>o).extras is not None and (<Variable>o).extras.dormant != NULL:
        waiting[count] = (<Variable>o).extras.dormant
        count += 1
    if array != NULL and array.owners == 1 and array.storage.owners == 1:
        number = array.storage.number       # the node that it had before materialise(), below the one that it has
    return visit_nodes(waiting, count, visit, arg, number)


cdef int visit_nodes(Node** waiting, int count, visitproc visit, void* arg, Node* number=NULL) noexcept:
    """... on nodes and on what they alone lead to; waiting has room for 64; number has the storage as a second owner."""
    cdef int result, budget = 512, e
    cdef Node* node
    cdef Payload* payload
    cdef PyObject* packed[3]
    while count and budget:
        budget -= 1
        count -= 1
        node = waiting[count]
        if node.owners != (2 if node == number else 1):
            continue
        if node.flags & PAYLOAD:
            payload = node.x.payload
            if payload.extras != NULL:
                result = visit(payload.extras, arg)
                if result:
                    return result
            if node.flags & PYTHON and payload.params != NULL:
                result = visit(payload.params, arg)
                if result:
                    return result
            packed[0], packed[1], packed[2] = payload.x.packed, payload.y.packed, payload.out.packed
            for e in range(3):
                if packed[e] != NULL:
                    result = visit(packed[e], arg)
                    if result:
                        return result
            for e in range(payload.edges):
                if payload.edge[e] != NULL and count < 62:
                    waiting[count] = payload.edge[e]
                    count += 1
        if node.left != NULL and count < 63:
            waiting[count] = node.left
            count += 1
        if node.right != NULL and count < 63:
            waiting[count] = node.right
            count += 1
    return 0


cdef void release_variable(PyObject* o) noexcept:
    """What both flavours have for a tp_dealloc."""
    PyObject_GC_UnTrack(o)
    forget(o)                   # nobody must reach a Variable that is going, by way of its leaf
    if link(o)[0] != NULL:
        PyObject_ClearWeakRefs(o)
    if has_extras(o):
        release_nested(o)
        return
    release_fields(o)
    give_variable(o)


cdef void give_variable(PyObject* o) noexcept:
    global free_count
    if free_count < FREE_MAX:
        free_variables[free_count] = o
        free_count += 1
    else:
        PyObject_GC_Del(o)


cdef void release_nested(PyObject* o) noexcept:
    """Extras and attributes hold Variables that hold Variables ...: beyond a few nested releases those that are going wait in a
    chain, linked through their empty slots for weak references, and the outermost release takes them one by one.  The
    interpreter's own trashcan will not do: CPython 3.13 nests up to 10,000 deep, more than fits into the stack of a thread of
    512 KB.
    """
    global waiting_variables, nested_releases
    if nested_releases >= NESTED_MAX:
        link(o)[0] = waiting_variables
        waiting_variables = o
        return
    nested_releases += 1
    release_fields(o)
    PyObject_GC_Del(o)
    while nested_releases == 1 and waiting_variables != NULL:
        o = waiting_variables
        waiting_variables = link(o)[0]
        link(o)[0] = NULL
        release_fields(o)
        PyObject_GC_Del(o)
    nested_releases -= 1


cdef void adopt(PyTypeObject* type, const char* name) noexcept:
    """Make a final type one of the two flavours."""
    set_slots(type, release_variable, visit_fields, name)


cdef Extras extras_of(Variable v):
    if v.flags & POINT_GRAD:
        settle_grad(v)
    cdef Extras made
    if v.extras is None:
        made = Extras.__new__(Extras)
        if v.extras is None:        # else code that ran meanwhile has made them
            v.extras = made
    return v.extras


cdef int settle_grad(Variable v) except -1:
    """The pending gradient of a 0-d leaf becomes the Variable that `.grad` is.

    Making both objects for each of 100,000 leaves cost 60 ms of a backward pass that takes 10 without.
    """
    cdef int kept = enter_modes(0, INFERENCE)
    try:
        grad = from_number(Py_TYPE(<PyObject*>v), v.node.out.value, type_of(v))
    finally:
        leave_modes(kept)
    v.flags &= ~POINT_GRAD
    extras_of(v).grad = grad
    return 0


cdef int drop_grad(Variable v) except -1:
    v.flags &= ~POINT_GRAD
    if v.extras is not None:
        v.extras.grad = None
    return 0


cdef Variable from_array(PyTypeObject* kind, Array* array):
    """A Variable of an array; takes the array."""
    cdef Variable v
    try:
        v = fresh(kind)
    except MemoryError:
        release_array(array)
        raise
    if array.shape.ndim == 0 and kernel_type(array.type) >= 0 and array.storage.room and sole_owner(array):
        v.value = read_double(array.type, array.data)
        v.flags = INLINE32 if array.type == T_FLOAT else INLINE64
        release_array(array)
    else:
        v.array = array
    if modes() & INFERENCE:
        v.flags |= INFERENCE_TENSOR
    return v


cdef Variable from_number(PyTypeObject* kind, double value, int type, Node* node=NULL):
    """A 0-d float, on a node that it takes, also where it fails."""
    cdef Variable v = fresh_on(kind, node)
    v.value = <float>value if type == T_FLOAT else value
    v.flags = INLINE32 if type == T_FLOAT else INLINE64
    if modes() & INFERENCE:
        v.flags |= INFERENCE_TENSOR
        materialise(v)          # out of the way of the fast paths, which do not ask
    return v


cdef Variable from_result(PyTypeObject* kind, Array* out, Node* node=NULL):
    """A Variable of a result; shares the array (a 0-d float is copied out of it).  Takes the node, also where it fails."""
    cdef Variable v
    if out.shape.ndim == 0 and kernel_type(out.type) >= 0:
        return from_number(kind, read_double(out.type, out.data), out.type, node)
    v = fresh_on(kind, node)
    out.owners += 1
    v.array = out
    if modes() & INFERENCE:
        v.flags |= INFERENCE_TENSOR
    return v


cdef Variable from_owned(Array* array):
    """A Tensor of an array, which it takes, also where it fails."""
    cdef Variable v
    try:
        v = fresh(TENSOR)
    except MemoryError:
        release_array(array)
        raise
    v.array = array
    return v


cdef Array* array_in(Variable v) except NULL:
    """The elements as an array; a new reference.  An INLINE value is copied and stays where it is."""
    cdef Array* array
    if v.array != NULL:
        v.array.owners += 1
        return v.array
    array = new_array(type_of(v), scalar_shape)
    write_double(array.type, array.data, v.value)
    return array


cdef Array* contiguous_copy_of(Variable v) except NULL:
    if v.array == NULL:
        return array_in(v)
    return contiguous_copy(v.array)


cdef int materialise(Variable v) except -1:
    """Before an alias of it exists, a 0-d value moves from the object to a storage.

    Ops that copied the value go by its node: the storage marks it at the next write, and the Variable gets another.
    """
    cdef Node* node = v.node
    if v.array == NULL:
        v.array = array_in(v)
        v.array.storage.version = v.generation      # of writes to the object
        v.flags &= ~INLINE
        if node != NULL and node.owners > 1 and Py_TYPE(<PyObject*>v) == TENSOR:
            node.owners += 1
            v.array.storage.number = node
            replace_node(v)
    return 0


cdef cnp.ndarray plain(Variable v):
    """The values as an ndarray, whatever the graph says; for reading."""
    return ndarray_of(array_in(v), True)


cdef Variable alias_of(Variable v, bint share_version):
    """A Variable on the storage of v, out of the graph; with a version counter of its own for `.data`."""
    if modes() & ABOVE:
        taken = ask("detach" if share_version else "data", (v,), ())
        if taken is not NotImplemented:
            return <Variable?>taken
    return alias_in(v, share_version)


cdef Variable alias_in(Variable v, bint share_version):
    """What alias_of() does once nobody above has answered."""
    cdef Variable alias
    cdef Array* array
    materialise(v)
    if share_version:
        array = new_geometry(v.array, v.array.data, v.array.shape, v.array.strides)
    else:
        # Whoever owns the memory, not the storage between: `v = v.data` in a loop must not keep all the former ones.
        owner = ndarray_of(v.array, False) if v.array.storage.base == NULL else <object>v.array.storage.base
        array = foreign_array(v.array.type, v.array.data, v.array.shape, v.array.strides, owner, v.array.storage.readonly)
    alias = fresh(Py_TYPE(<PyObject*>v))
    alias.array = array
    alias.flags = v.flags & INFERENCE_TENSOR
    if modes() & TRACED:
        trace(alias, v, None)
    return alias


cdef int set_data(Variable v, object value) except -1:
    """Give v other values, as an assignment to `.data` does: identity, leaf and gradient stay."""
    cdef Variable source
    cdef Node* node
    cdef Array* before
    if not isinstance(value, Variable):
        raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
    source = <Variable>value
    if modes() & ABOVE:
        taken = ask("set_data", (v, source), (), v)
        if taken is v:
            return 0
        if taken is not NotImplemented:
            source = <Variable>taken
    if current_node(v) != NULL and category(type_of(source)) < 2:
        raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
    if type_of(source) != type_of(v):
        raise RuntimeError("data of another dtype cannot be assigned: create a new Variable instead")
    if v.array == NULL and source.array == NULL:
        v.value = source.value
        return 0
    if v.flags & ATTACHED and tuple(source.shape) != tuple(v.shape):
        raise RuntimeError(f"data of shape {list(source.shape)} cannot be assigned to an array of shape {list(v.shape)} "
                           "with attach_grad(): create a new Variable and attach a gradient to it")
    if v.flags & POINT_GRAD:
        settle_grad(v)
    other_shape = tuple(source.shape) != tuple(v.shape)
    materialise(source)
    node = current_node(v)
    if node != NULL and not node.flags & LEAF and other_shape:
        raise RuntimeError(f"data of shape {list(source.shape)} cannot be assigned to a result of shape {list(v.shape)} "
                           "that is part of a graph: create a new Variable instead")
    before = v.array
    if sole_owner(source.array):        # nothing was saved of it: the count of the writes goes on
        source.array.storage.version = v.generation if before == NULL else before.storage.version
    v.array = hold_array(source.array)
    v.flags &= ~INLINE
    if v.history != NULL:       # no longer the storage that the views look at
        drop_history(v, before)
    node = v.node
    if node != NULL and node.flags & LEAF and not same_shape(node_shape(node), v.array.shape):
        # a leaf of another shape: gradients of graphs recorded before no longer fit, see run_replaced
        replace_node(v)
    release_array(before)
    return 0


cdef bint same_sizes(Variable v, Node* node) noexcept:
    if v.array == NULL:
        return node_shape(node).ndim == 0
    return same_shape(v.array.shape, node_shape(node))


cdef bint overlaps(Array* array) noexcept:
    """Whether two indices may mean one element: unless each dimension, by size of steps, steps over all smaller ones."""
    cdef intp[MAX_DIMS] steps, dims
    cdef intp step, dim, extent = 0
    cdef int i, j, n = 0
    if array.shape.size <= 1:
        return False
    for i in range(array.shape.ndim):
        dim = array.shape.dim[i]
        if dim == 1:
            continue
        step = array.strides[i] if array.strides[i] > 0 else -array.strides[i]
        j = n
        while j > 0 and steps[j - 1] > step:
            steps[j], dims[j] = steps[j - 1], dims[j - 1]
            j -= 1
        steps[j], dims[j] = step, dim
        n += 1
    for i in range(n):
        if steps[i] <= extent:
            return True
        extent += steps[i] * (dims[i] - 1)
    return False


cdef PyObject* owned(object o):
    Py_INCREF(o)
    return <PyObject*>o


cdef object warn(str text):
    PyErr_WarnEx(UserWarning, text.encode(), 1)


def set_default_type(dtype):
    """The dtype of Python floats; for set_default_dtype."""
    global default_type
    d = to_numpy_dtype(dtype)
    if d not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError("only floating-point types are supported as the default type: float32 or float64")
    default_type = d.num
    finfo.default = d


def get_default_type():
    """The dtype of Python floats, NumPy's."""
    return numpy_dtype(default_type)


# ---- modes of a thread

class _PackHooks(_local):
    """Saved-tensor hooks of a thread: pairs (pack, unpack), innermost last; and why there may be none, or None."""

    refusal = None


PACK_HOOKS = _PackHooks()


@cython.final
@cython.no_gc
cdef class ThreadModes:
    """The modes of a thread, as counted in graph: kept by the thread's state, whose end takes them back.

    Without it a thread that ended in a mode, as one does after set_grad_enabled(False), would be counted for ever, and each
    op of the process would look at its own thread's modes: a third slower.
    """
    cdef int modes

    def __dealloc__(self):
        global local_modes, local_level, local_depth, local_keeper
        count_modes(self.modes, 0)
        if local_keeper == <PyObject*>self:     # not where the interpreter ends and clears the states of other threads
            local_modes, local_level, local_depth, local_keeper = 0, 0, 0, NULL


cdef int thread_modes() noexcept:
    return local_modes


cdef inline void count_modes(int old, int new) noexcept:
    """graph.unusual counts the threads that have any mode: ops look at the thread's own only if it is not 0."""
    graph.unusual += (new != 0) - (old != 0)
    if (old ^ new) & (ANOMALY | ABOVE):
        count_rare_modes(old, new)


cdef void count_rare_modes(int old, int new) noexcept:
    if (old ^ new) & ANOMALY:
        graph.anomaly += 1 if new & ANOMALY else -1
    if (old ^ new) & ABOVE and LEVELS is not None:      # None: the interpreter ends
        if new & ABOVE:
            LEVELS.append(None)
        else:
            LEVELS.pop()


cdef void want_keeper() noexcept:
    """Apart from set_modes, of which every pass makes two: a `try` there costs each of them."""
    try:
        make_keeper()
    except MemoryError:
        warn("autodiff could not allocate what takes the modes of a thread back when it ends")


cdef int make_keeper() except -1:
    """By the state of the thread and not by a threading.local, which costs a look-up each time: this happens once a thread."""
    global local_keeper
    cdef PyObject* state = PyThreadState_GetDict()
    cdef ThreadModes keeper
    if state != NULL:           # NULL: the thread is going already
        keeper = ThreadModes.__new__(ThreadModes)
        (<dict>state)["autodiff.modes"] = keeper
        local_keeper = <PyObject*>keeper
    return 0


cdef int set_modes(int new) noexcept:
    """Returns what they were."""
    global local_modes
    cdef int old = local_modes
    if old == new:
        return old
    if local_keeper == NULL:
        want_keeper()
    if local_keeper != NULL:
        (<ThreadModes>local_keeper).modes = new
    count_modes(old, new)
    local_modes = new
    return old


def threads_in_modes():
    """How many threads have a mode: unless 0, every op of the process looks at the modes of its own."""
    return graph.unusual


cdef int enter_modes(int on, int off) noexcept:
    return set_modes((local_modes | on) & ~off)


cdef void leave_modes(int previous) noexcept:
    set_modes(previous)


MODE_BITS = {"grad_off": GRAD_OFF, "inference": INFERENCE, "recording": RECORDING, "training": TRAINING,
             "packing": PACKING, "anomaly": ANOMALY, "nan_allowed": NAN_ALLOWED, "above": ABOVE, "watched": WATCHED}


def mode(str name):
    """Whether this thread has a mode."""
    return bool(local_modes & <int>MODE_BITS[name])


def set_mode(str name, bint on):
    """Switch a mode of this thread; returns whether it was on."""
    cdef int bit = MODE_BITS[name]
    return bool((enter_modes(bit, 0) if on else enter_modes(0, bit)) & bit)


cdef list hook_stack():
    """The saved-tensor hooks of this thread, innermost last."""
    try:
        return PACK_HOOKS.stack
    except AttributeError:
        PACK_HOOKS.stack = []
        return PACK_HOOKS.stack


def push_saved_hooks(pack, unpack):
    """Make a pair the innermost saved-tensor hooks of this thread."""
    if PACK_HOOKS.refusal is not None:
        raise RuntimeError(PACK_HOOKS.refusal)
    if not callable(pack) or not callable(unpack):
        raise TypeError("saved_tensors_hooks: pack_hook and unpack_hook must be callable, not "
                        f"{type(unpack if callable(pack) else pack).__name__}")
    hook_stack().append((pack, unpack))
    enter_modes(PACKING, 0)


def pop_saved_hooks():
    """Take the innermost pair away."""
    if not hook_stack():
        raise RuntimeError("no saved-tensor hooks are entered that could be left")
    hook_stack().pop()
    if not hook_stack():
        enter_modes(0, PACKING)


def saved_hooks():
    """The saved-tensor hooks of this thread, innermost last: a tuple of pairs."""
    return tuple(hook_stack())


def restore_saved_hooks(tuple stack):
    """Let the saved-tensor hooks of this thread be these; the mode follows where a pass leaves its own."""
    hook_stack()[:] = stack


cdef tuple modes_to_hand_over():
    """What another thread needs in order to go on in the place of this one."""
    return local_modes, [local_levels[i] for i in range(local_depth)], list(hook_stack()), list(ABOVE_OPS.stack)


cdef int take_modes_over(tuple given) except -1:
    """Be, from now on, the thread that handed its modes over."""
    PACK_HOOKS.stack, ABOVE_OPS.stack = given[2], given[3]
    for i, level in enumerate(given[1]):
        local_levels[i] = level
    see_levels(<int>len(given[1]))
    set_modes(given[0])
    return 0


def refuse_saved_hooks(message):
    """From now on entering saved-tensor hooks in this thread raises with this message, None: no more.  Returns the former."""
    before, PACK_HOOKS.refusal = PACK_HOOKS.refusal, message
    return before


def saved_hooks_are_on():
    """Whether this thread is inside of saved-tensor hooks."""
    return bool(hook_stack())


# ---- tangents of forward mode: a level's number and what is kept of it

cdef enum:
    LEVELS_MAX = 64

cdef long long forward_level = 0
cdef dict KEPT = {}             # {level: what holds tangents for reverse passes, to be cleared when the level ends}


cdef void see_levels(int depth) noexcept:
    """The ops of this thread see so many levels of forward mode, from the outermost on."""
    global local_depth, local_level
    local_depth = depth
    local_level = local_levels[depth - 1] if depth else 0
    if depth:
        enter_modes(FORWARD, 0)
    else:
        enter_modes(0, FORWARD)


def enter_level():
    """Start a level of forward mode in this thread, inside of those that are there; returns its number."""
    global forward_level
    if local_depth == LEVELS_MAX:
        raise RuntimeError(f"forward mode is nested {LEVELS_MAX} levels deep already")
    forward_level += 1
    local_levels[local_depth] = forward_level
    see_levels(local_depth + 1)
    return local_level


def exit_level(level=None):
    """End the innermost level of this thread: its tangents are gone."""
    if not local_depth:
        raise RuntimeError("Trying to exit a forward AD level but no level is active")
    if level is not None and level != local_level:
        raise RuntimeError("Trying to exit a forward AD level that was not the last one that was created. This is not "
                           "supported.")
    ended = local_level
    see_levels(local_depth - 1)
    for holder in KEPT.pop(ended, ()):
        if holder.tangents is not None:
            holder.tangents.pop(ended, None)        # those of levels outside of it stay


def forward_levels():
    """The numbers of the levels of forward mode in this thread, outermost first."""
    return [local_levels[i] for i in range(local_depth)]


def innermost_level():
    """The number of the innermost level of forward mode in this thread; None outside of all."""
    return local_level if local_depth else None


cdef int levels_seen() noexcept:
    return local_depth


cdef int enter_lower() noexcept:
    """What is computed from now on is a tangent of the innermost level: a value to the levels below.  Returns the depth."""
    cdef int depth = local_depth
    see_levels(depth - 1)
    return depth


cdef int leave_lower(int depth) noexcept:
    see_levels(depth)
    return 0


cdef Variable own_tangent(Variable v):
    cdef Extras extras = v.extras
    if extras is None:
        return None
    if extras.level == local_level:
        return <Variable>extras.tangent
    if extras.tangents is not None:
        return <Variable>extras.tangents.get(local_level)
    return None


cdef Variable tangent_in(object o):
    """The tangent of a Variable in the present level, or None.  That of a view is a view of its base's, so that writes meet."""
    cdef Variable v, tangent
    cdef int depth
    if not is_variable(o):
        return None
    v = <Variable>o
    if v.flags & BATCHED:
        tangent = tangent_in(v.extras.handle.physical)
        return None if tangent is None else batched(tangent, v.extras.handle.batch)
    if v.path is not None and v.history != NULL and v.history.base != NULL and local_depth:
        tangent = own_tangent(<Variable><object>v.history.base)
        if tangent is not None:
            depth = enter_lower()
            try:
                if tangent.flags & BATCHED and not (modes() & ABOVE and tangent.extras.handle.batch in ABOVE_OPS.stack):
                    # The level of vmap is answering an op, and is not asked about those that it computes with.
                    return <Variable?>(<object>tangent.extras.handle.batch).inside(OPS.view, tangent, v.path)
                return <Variable>OPS.view(tangent, v.path)
            finally:
                leave_lower(depth)
    return own_tangent(v)


def tangent_of(tensor, level=None):
    """The tangent of a Variable in a level, by default the innermost, or None."""
    cdef int depth = local_depth
    cdef int i
    if level is None or level == local_level:
        return tangent_in(tensor)
    for i in range(depth):
        if local_levels[i] == level:
            see_levels(i + 1)
            try:
                return tangent_in(tensor)
            finally:
                see_levels(depth)
    return None


def set_tangent_at(Variable v not None, Variable tangent, long long level):
    """Give a Variable a tangent of a level that this thread has."""
    cdef int depth = local_depth
    cdef int i
    try:
        for i in range(depth):
            if local_levels[i] == level:
                see_levels(i + 1)
                assign_tangent(v, tangent)
    finally:
        see_levels(depth)


def without_forward(function, *args):
    """function(*args), where ops see no level of forward mode."""
    cdef int depth = local_depth
    see_levels(0)
    try:
        return function(*args)
    finally:
        see_levels(depth)


cdef int set_tangent(Variable v, Variable tangent) except -1:
    if tangent is not None:
        assign_tangent(v, tangent)
    return 0


cdef int assign_tangent(Variable v, Variable tangent) except -1:
    """Of the present level; None: it has none any more."""
    cdef Extras extras = extras_of(v)
    if v.flags & BATCHED:
        # Expanded, where it is the same for the whole batch.
        return assign_tangent(<Variable>extras.handle.physical,
                              None if tangent is None else <Variable?>OPS.physical_beside(v, tangent))
    if extras.tangent is None or extras.level == local_level or extras.level < local_levels[0]:
        if extras.tangents is not None and extras.level != local_level:
            extras.tangents.pop(local_level, None)
        extras.tangent, extras.level = tangent, local_level
    else:
        if extras.tangents is None:
            extras.tangents = {}
        extras.tangents[local_level] = tangent
    return 0


cdef int put_tangent(Variable v, Variable tangent) except -1:
    """v was written in place, and this is its tangent now: a view writes it into that of its base."""
    cdef Variable base, before = tangent_in(v)
    cdef int depth
    if before is None and tangent is None:
        return 0
    if tangent is None:
        depth = enter_lower()
        try:
            tangent = <Variable>OPS.zeros_like(v)
        finally:
            leave_lower(depth)
    if v.path is None:
        return assign_tangent(v, tangent)       # views take theirs from here
    base = <Variable>base_of(v)
    before = own_tangent(base)
    depth = enter_lower()
    try:
        whole = OPS.copy_region(OPS.zeros_like(base) if before is None else before, tangent, v.path)
    finally:
        leave_lower(depth)
    assign_tangent(base, <Variable>whole)
    return assign_tangent(v, tangent)           # the base may be gone before the view is


cdef int move_tangent(Variable v, Variable result) except -1:
    """v gets the value of result in place, and its tangents, in every level."""
    cdef int depth = local_depth if modes() & FORWARD else 0    # off in the forward() of a custom Function, whose jvp() says
    cdef int i
    if modes() & TRACED:
        trace(v, result, None)
    try:
        for i in range(depth):
            see_levels(i + 1)
            put_tangent(v, tangent_in(result))
    finally:
        if depth:
            see_levels(depth)
    return 0


cdef int write_tangents(Variable v, object value, object write) except -1:
    """v was written with value: write(tangent of v or zeros, tangent of value or 0) makes the new tangent, in every level."""
    cdef Variable before, given
    cdef int depth = local_depth
    cdef int i
    try:
        for i in range(depth):
            see_levels(i + 1)
            before, given = tangent_in(v), tangent_in(value)
            if before is None and given is None:
                continue
            see_levels(i)
            new = write(OPS.zeros_like(v) if before is None else before.clone(), 0.0 if given is None else given)
            see_levels(i + 1)
            put_tangent(v, <Variable>new)
    finally:
        see_levels(depth)
    return 0


cdef int keep_tangents(object holder, object x, object y, object out) except -1:
    """For a reverse pass through duals: what a node saves has tangents, which its NodeExtras, or a saved value, hold meanwhile.

    Until the level ends: a tangent may refer to the very node, and nodes are no objects that the collector could take apart.
    """
    cdef int depth = local_depth
    cdef int i
    found = {}
    try:
        for i in range(depth):
            see_levels(i + 1)
            tangents = (tangent_in(x), tangent_in(y), tangent_in(out))
            if tangents[0] is not None or tangents[1] is not None or tangents[2] is not None:
                found[local_level] = tangents
                KEPT.setdefault(local_level, []).append(holder)
    finally:
        see_levels(depth)
    if found:
        holder.tangents = found
    return 0


cdef int give_tangents(Variable v, dict kept, int which) except -1:
    """A saved value, as it comes out of its node: x (0), y (1) or the result (2), has the tangents that it had."""
    cdef int depth = local_depth
    cdef int i
    try:
        for i in range(depth):
            see_levels(i + 1)
            tangents = kept.get(local_level)
            if tangents is not None:
                set_tangent(v, <Variable>tangents[which])
    finally:
        if depth:
            see_levels(depth)
    return 0


# ---- in the forward() of a custom Function nothing is recorded: what depends on its inputs is marked instead, so that a saved
# value whose dependence the derivative of its backward() would miss can be told

class _Watching(_local):
    """Who is told of the results of this thread's ops, innermost last."""

    def __init__(self):
        self.stack = []


cdef object WATCHING = _Watching()


def push_watcher(watcher):
    """Have watcher.made(result, x, y) called after each op of this thread, and watcher.before_pass(outputs, gradients).

    result: a Variable that was made, or written in place; x, y: what it was made of, x maybe a tuple, y None.  The watcher's
    own ops are not told of, and no level is asked for them.
    """
    WATCHING.stack.append(watcher)
    enter_modes(WATCHED, 0)


def pop_watcher():
    """Take the innermost watcher away."""
    WATCHING.stack.pop()
    if not WATCHING.stack:
        enter_modes(0, WATCHED)


cdef int tell_watcher(Variable v, object x, object y) except -1:
    cdef int previous = enter_modes(GRAD_OFF, WATCHED | ABOVE | TRACING | ANOMALY)
    try:
        for watcher in WATCHING.stack:
            watcher.made(v, x, y, bool(previous & (GRAD_OFF | INFERENCE)))
    finally:
        leave_modes(previous)
    return 0


cdef int tell_of_pass(tuple outputs, tuple gradients) except -1:
    """Before a reverse pass, while its graph is whole."""
    cdef int previous = enter_modes(GRAD_OFF, WATCHED | ABOVE | TRACING | ANOMALY)
    try:
        for watcher in WATCHING.stack:
            watcher.before_pass(outputs, gradients)
    finally:
        leave_modes(previous)
    return 0


cdef bint depends(object o) noexcept:
    return is_variable(o) and ((<Variable>o).flags & (DEPENDS | ATTACHED) or (<Variable>o).node != NULL)


cdef int trace(Variable v, object x, object y) except -1:
    """v was computed of x and y: operands, or a tuple of them."""
    if modes() & WATCHED:
        tell_watcher(v, x, y)
    if v.flags & DEPENDS or not modes() & TRACING:
        return 0
    if type(x) is tuple:
        for operand in <tuple>x:
            if depends(operand):
                v.flags |= DEPENDS
                break
    elif depends(x) or depends(y):
        v.flags |= DEPENDS
    if v.flags & DEPENDS and v.path is not None and v.history != NULL and v.history.base != NULL:
        (<Variable><object>v.history.base).flags |= DEPENDS      # a write to a part of it
    return 0


# ---- what is kept with a node: hooks, names

cdef NodeExtras node_extras(Node* node):
    """Made where there are none.  The node is owned by the caller: making them may run the collector."""
    cdef Payload* payload = promote(node)
    cdef NodeExtras extras
    if payload.extras == NULL:
        extras = _NodeExtras()
        if payload.extras == NULL:      # else code that ran meanwhile has made them
            payload.extras = owned(extras)
    return <NodeExtras><object>payload.extras


def name_node(result, str name):
    """The name that the node of a fresh result shows."""
    cdef Node* node = (<Variable>result).node
    cdef NodeExtras extras
    if node != NULL and not node.flags & LEAF and not node.flags & PICK:
        hold(node)
        try:
            extras = node_extras(node)
            extras.name = name
        finally:
            disown(node)


cdef inline bint has_more(Node* node) noexcept:
    """Whether a node of an op has hooks or metadata: few have, and a `try` for their sake costs 25 instructions a write."""
    return node != NULL and node.flags & (PAYLOAD | LEAF) == PAYLOAD and node.x.payload.extras != NULL


cdef int move_retained(Node* old, Node* node) except -1:
    """retain_grad() follows a Variable to its newest version.  Both nodes are owned by the caller."""
    cdef NodeExtras before, after
    old = first_of(old)
    if node == NULL or old == node or not has_more(old):
        return 0
    before = <NodeExtras>old.x.payload.extras
    if before.retained is None:
        return 0
    after = node_extras(node)
    after.retained, before.retained = before.retained, None
    node.flags |= HOOKED
    return 0


# ---- the door, ask: a level above may answer in the place of an op, before anything of it is computed

@cython.final
cdef class Call:
    """An op that is about to be computed, as a level is handed it."""

    def __repr__(self):
        return f"Call({self.name}, {len(self.operands)} operands, {self.params})"


class _Above(_local):
    """The levels above a thread's ops, innermost last."""

    def __init__(self):
        self.stack = []


ABOVE_OPS = _Above()
#: One entry for each thread with a level: functions of Python ask unless it is empty, which takes 10 ns to see.
cdef list LEVELS = []
levels = LEVELS


def push_level(function):
    """Have function(call) asked before each op of this thread is computed; what it returns is the op's result.

    NotImplemented hands the op on to the level below, the last of which is autodiff itself.  A level and those inside of it
    are off while it is asked, so that it may use the ops.  What it answers to a write (`call.into`) is the value to be
    written, or the Variable itself where it did the writing.
    """
    ABOVE_OPS.stack.append(function)
    find_recorder()
    enter_modes(ABOVE, 0)


def pop_level():
    """Take the innermost level away."""
    ABOVE_OPS.stack.pop()
    find_recorder()
    if not ABOVE_OPS.stack:
        enter_modes(0, ABOVE)


cdef int find_recorder() except -1:
    """Whether the thread's only level is asked in C: it is the stack's, so it lives as long as it stands there."""
    global local_recorder
    cdef list stack = ABOVE_OPS.stack
    local_recorder = <PyObject*>stack[0] if len(stack) == 1 and isinstance(stack[0], OpRecorder) else NULL
    return 0


cdef class OpRecorder:
    """A level that is asked in C, without a Call, where it stands alone: half of what an op costs under a level of Python."""

    cdef object answer(self, str name, tuple operands, tuple params, object into, bint leaves, bint called):
        """What __call__ would say of such a Call."""
        return NotImplemented

    cdef object point(self, int op, object x, object y):
        """The same of an elementwise op, where both are numbers of a kind that is seen at once; None: answer() says."""
        return None


def levels_above():
    """The levels of this thread, innermost last."""
    return list(ABOVE_OPS.stack)


cdef object innermost_above():
    """The level that is asked first, or None."""
    cdef list stack = ABOVE_OPS.stack
    return stack[len(stack) - 1] if stack else None


cdef object recorder_above():
    """The outermost level, if it writes down what runs, passes too; or None."""
    cdef list stack = ABOVE_OPS.stack
    return stack[0] if stack and hasattr(stack[0], "passing") else None


def recorder():
    """The level of this thread that writes down what runs, passes too, or None."""
    return recorder_above() if modes() & ABOVE else None


cdef object ask(str name, tuple operands, tuple params, object into=None, bint leaves=False, bint called=False):
    """What a level answers, or NotImplemented.  Callers test modes() & ABOVE first: where nobody stands, that word is all."""
    cdef list stack
    cdef int i
    cdef Call call
    if local_recorder != NULL:
        recorder = <OpRecorder>local_recorder
        enter_modes(0, ABOVE)
        try:
            return (<OpRecorder>recorder).answer(name, operands, params, into, leaves, called)
        finally:
            enter_modes(ABOVE, 0)
    stack = ABOVE_OPS.stack
    i = len(stack)
    call = Call.__new__(Call)
    call.name, call.operands, call.params, call.into, call.leaves, call.called = name, operands, params, into, leaves, called
    try:
        while i:
            i -= 1
            ABOVE_OPS.stack = stack[:i]
            if i == 0:
                enter_modes(0, ABOVE)
            answer = stack[i](call)
            if answer is not NotImplemented:
                if not (leaves or called or is_variable(answer)):       # compiled callers read its fields
                    raise TypeError(f"a level answered {name} with {type(answer).__name__}: expected a Variable")
                return answer
    finally:
        ABOVE_OPS.stack = stack
        find_recorder()             # a rule that pushed a level and popped it had others below it
        enter_modes(ABOVE, 0)
    return NotImplemented


cdef int tell_hashed(Variable v) except -1:
    """A hash is the Variable's own, whatever its value: the innermost level may want to know who asks for it."""
    cdef list stack = ABOVE_OPS.stack
    told = getattr(stack[len(stack) - 1], "hashed", None)
    if told is not None:
        told(v)
    return 0


cdef object ask_point(int op, object x, object y):
    """What a recorder that stands alone makes of an elementwise op on numbers; None: it is asked as others are.

    Callers have seen that no mode is on but ABOVE.
    """
    if local_recorder == NULL:
        return None
    recorder = <OpRecorder>local_recorder
    return (<OpRecorder>recorder).point(op, x, y)


def asked(str name, tuple operands, tuple params=(), into=None, bint leaves=False, bint called=True):
    """ask() for functions of Python, which look at LEVELS first."""
    return ask(name, operands, params, into, leaves, called) if modes() & ABOVE else NotImplemented


cdef object ask_value(str name, Variable v, tuple params=()):
    """A level is asked before values leave: as a plain array, a bool, a number, a text."""
    if modes() & TRACING and depends(v):
        enter_modes(ESCAPED, 0)
    return ask(name, (v,), params, None, True) if modes() & ABOVE else NotImplemented


# ---- the door, make: after the value, the node; then the object on it; then the tangent

cdef tuple NO_PARAMS = ()


cdef int carry(int op, Variable result, object x, object y, tuple params) except -1:
    """What a fresh result takes over from its operands: a tangent, a mark."""
    cdef int mode = modes()
    if mode & TRACED:
        trace(result, x, y)
    if mode & FORWARD:
        push_levels(op, result, x, y, params)
    return 0


cdef int push_levels(int op, Variable result, object x, object y, tuple params) except -1:
    """The tangents of a result, outermost level first: that of a level is computed with those below."""
    cdef int depth = local_depth
    cdef int i
    cdef Node* node
    if depth == 1:
        later.push_tangents(op, <PyObject*>result, <PyObject*>x, <PyObject*>y, <PyObject*>params)
    else:
        try:
            for i in range(depth):
                see_levels(i + 1)
                later.push_tangents(op, <PyObject*>result, <PyObject*>x, <PyObject*>y, <PyObject*>params)
        finally:
            see_levels(depth)
    node = result.node
    if node != NULL and node.flags & SAVES:
        if type(x) is tuple:
            x, y = x[0] if x else None, x[1] if len(x) > 1 else None
        hold(node)
        try:
            keep_tangents(node_extras(node), x, y, result)
        finally:
            disown(node)
    return 0


cdef Variable make_point(PyTypeObject* kind, int op, int flags, int type, double out, Node* left, double x, Node* right,
                         double y, object operand, object other):
    """point_result() in any mode; operand and other are the operands themselves, for their tangents."""
    cdef Variable result = <Variable>point_result(kind, op, flags | mx(), type, out, left, x, right, y)
    if modes() & INFERENCE:
        result.flags |= INFERENCE_TENSOR
        materialise(result)     # out of the way of the fast paths, which do not ask
    if modes() & (FORWARD | TRACED):
        carry(op, result, operand, other, NO_PARAMS)
    return result


cdef Variable make(int op, int flags, PyTypeObject* kind, Array* out, Payload* payload, Node* left, Node* right, object x,
                   object y, tuple params):
    """The result of an op on arrays: its node is recorded first, then the object made on it, then its tangent pushed.

    payload: the node's, which is taken, also where this fails; NULL: nothing is recorded.  x, y: the operands, or a tuple of
    them and None, and params, for the tangent.
    """
    cdef Node* node = NULL
    cdef Variable result
    if payload != NULL:
        node = record_payload(op, ARRAY | mx() | flags, payload, left, right)
    result = from_result(kind, out, node)
    if modes() & (FORWARD | TRACED):
        carry(op, result, x, y, params)
    return result


cdef Variable make_number(int op, int flags, PyTypeObject* kind, double value, int type, Payload* payload, Node* left,
                          Node* right, object x, object y, tuple params):
    """make() where the result is a float of no dimensions."""
    cdef Node* node = NULL
    cdef Variable result
    if payload != NULL:
        node = record_payload(op, ARRAY | mx() | flags, payload, left, right)
    result = from_number(kind, value, type, node)
    if modes() & (FORWARD | TRACED):
        carry(op, result, x, y, params)
    return result


cdef Variable make_of_points(int op, PyTypeObject* kind, Array* out, Payload* payload, Node** edge, int edges):
    """make() for many operands without dimensions, in a thread without modes; takes the payload and the edges, an array
    of nodes that the caller owned.

    Those of 100,000 operands lie in no cache: owned once more for the node, and less after, each would be fetched twice.
    """
    cdef Node* node
    cdef Variable result
    cdef int i
    try:
        node = record_payload(op, ARRAY, payload, NULL, NULL)
    except BaseException:
        for i in range(edges):
            disown(edge[i])
        free(edge)
        raise
    payload.edge, payload.edges = edge, edges
    result = fresh_on(kind, node)
    result.array = hold_array(out)
    return result


# ---- views and single elements

cdef bint locate(Array* array, object index, intp* at, intp* position, char** data) except -1:
    """Where the element is that an int, or a tuple of an int for each dimension, means; False: they mean something else."""
    cdef intp[MAX_DIMS] room
    cdef const intp* steps
    cdef int d, ndim = array.shape.ndim
    if kernel_type(array.type) < 0 or not ndim:
        return False            # asked again: code may have run since may_be_element
    if type(index) is int:
        if ndim != 1:
            return False
        at[0] = index
    elif type(index) is tuple and len(<tuple>index) == ndim:
        d = 0
        for entry in <tuple>index:
            if type(entry) is not int:
                return False
            at[d] = entry
            d += 1
    else:
        return False
    steps = strides_of(array, room)
    position[0], data[0] = 0, array.data
    for d in range(ndim):
        if at[d] < 0:
            at[d] += array.shape.dim[d]
        if at[d] < 0 or at[d] >= array.shape.dim[d]:
            return False
        position[0] = position[0] * array.shape.dim[d] + at[d]
        data[0] += at[d] * steps[d]
    return True


cdef inline bint fits_element_node(Node* node, Array* array) noexcept:
    """Whether an element of node's result, an array of this geometry, can be told by its number and a C double."""
    return (kernel_type(array.type) >= 0 and node_type(node) == array.type and array.shape.size <= LARGEST_POSITION
            and same_shape(node_shape(node), array.shape))


cdef Variable make_view(Variable x, Transform t, Array* geometry):
    """A view of x; takes the geometry."""
    cdef Variable v
    cdef Node* left = NULL
    cdef Payload* payload
    try:
        if modes() & ABOVE:
            taken = ask("view", (x,), (t,))
            if taken is not NotImplemented:
                return <Variable>taken
        v = fresh(Py_TYPE(<PyObject*>x))    # first: the collector may run, and with it code that changes x
        if not x.flags & INFERENCE_TENSOR:      # a view of one is another, of which nothing is recorded
            left = edge_of(x)
        if x.array.storage != geometry.storage:
            raise RuntimeError("the data of a Variable was replaced while a view of it was made")
        geometry.owners += 1
        v.array = geometry
        share_history(x)
        v.history = x.history
        v.history.owners += 1
        v.generation = v.history.generation
        v.path = then(x.path, t)
        v.flags = x.flags & OF_VIEWS
        if left != NULL:
            payload = new_payload(geometry.type, geometry.shape)
            payload.params = <PyObject*>t
            Py_INCREF(t)
            v.node = record_payload(OP_VIEW, ARRAY | mx(), payload, left, NULL)
        elif x.history.node != NULL:
            v.flags |= INFERENCE_VIEW if modes() & INFERENCE else NO_GRAD_VIEW
            v.value = geometry.storage.version
        elif modes() & (GRAD_OFF | INFERENCE):
            v.flags |= UNDER_INFERENCE if modes() & INFERENCE else UNDER_NO_GRAD
    finally:
        release_array(geometry)
    if modes() & (FORWARD | TRACED):
        if modes() & FORWARD and v.history != NULL and v.history.base != NULL:
            extras_of(v).base = <object>v.history.base      # else its tangent would not follow writes, once that is gone
        carry(OP_VIEW, v, x, None, (t,))
    return v


cdef Variable view_by(Variable x, Transform t):
    cdef Array* geometry
    materialise_for_view(x)
    geometry = transformed(t, x.array)
    if geometry == NULL:
        raise RuntimeError("view size is not compatible with input tensor's size and stride (at least one dimension "
                           "spans across two contiguous subspaces). Use .reshape(...) instead.")
    return make_view(x, t, geometry)


cdef int materialise_for_view(Variable x) except -1:
    return materialise(x)


cdef Variable element_view(Variable x, object index):
    """x[i] or x[i, j], outside of any mode: make_view, with a node that needs no payload; None: not so simple."""
    cdef Variable v = fresh(Py_TYPE(<PyObject*>x))      # first: the collector may run, and with it code that changes x
    cdef Node* left = edge_of(x) if not x.flags & INFERENCE_TENSOR else NULL    # no object below that the collector tracks
    cdef Transform t
    cdef intp[MAX_DIMS] at
    cdef intp position
    cdef char* data
    cdef int d
    if x.array == NULL or not locate(x.array, index, at, &position, &data) or (
            left != NULL and not fits_element_node(left, x.array)):
        return None
    if Py_TYPE(<PyObject*>x) == NDARRAY and kernel_type(x.array.type) >= 0:
        # To NumPy an element is a number, not a view: `y[0], y[1] = y[1], y[0]` swaps.
        v.value = read_double(x.array.type, data)
        v.flags = INLINE32 if x.array.type == T_FLOAT else INLINE64
        if left != NULL:
            v.node = record_read(OP_VIEW, x.array.type, left, position, NULL)
        return v
    t = new_transform(INDEX, "select", x.array.shape.ndim)
    for d in range(x.array.shape.ndim):
        t.data[4 * d], t.data[4 * d + 1], t.data[4 * d + 2], t.data[4 * d + 3] = SELECT, at[d], 0, 0
    v.array = new_geometry(x.array, data, scalar_shape, NULL)
    share_history(x)
    v.history = x.history
    v.history.owners += 1
    v.generation = v.history.generation
    v.path = t if x.path is None else then(x.path, t)
    v.flags = x.flags & OF_VIEWS
    if left != NULL:
        v.node = record_read(OP_VIEW, x.array.type, left, position,
                             x.array.storage if Py_TYPE(<PyObject*>x) == TENSOR else NULL)
    elif x.history.node != NULL:
        v.flags |= INFERENCE_VIEW if modes() & INFERENCE else NO_GRAD_VIEW
        v.value = v.array.storage.version
    return v


# ---- handles of vmap: what a function that is batched sees of a batch

#: {name of an op: function(level, call)}: a handle of the result, or None where the op is not so simple.
cdef dict QUICK = {}
quick_rules = QUICK
#: Ops without operands that draw random numbers.
cdef set RANDOM_OPS = {"rand", "randn", "randint"}


cdef class BatchLevel:
    """What a level of vmap has in common with its handles; the level itself is one of Python, see func/_batching.py.

    A handle is a Variable that shows the shape of one sample, over one element of memory, and has no node.  The batch, the
    *physical* Variable, stands in its extras: an op on a handle is answered by the level with one on the physical.
    """

    def __call__(self, Call call not None):
        """The answer to an op: NotImplemented where it has nothing to do with this level.

        Common ops are answered by what QUICK has for them; the rest, and their errors, are the business of answer().
        """
        if not (has_handle(self, call.operands, 0) or (call.params and has_handle(self, call.params, 0))
                or (call.into is not None and has_handle(self, (call.into,), 0))):
            return self.answer(call) if not call.operands and call.name in RANDOM_OPS else NotImplemented
        if call.into is None and not call.called:
            quick = QUICK.get(call.name)
            if quick is not None:
                try:
                    result = quick(self, call)
                except (RuntimeError, ValueError):
                    result = None       # in words about one sample, if it happens again
                if result is not None:
                    return result
        return self.answer(call)

    def wrap(self, Variable physical not None):
        """A handle of this level on a batch, whose first dimension is the batch's."""
        return batched(physical, self)

    def physical(self, v):
        """The batch, if v is a handle of this level; else None."""
        if is_variable(v) and (<Variable>v).flags & BATCHED and (<Variable>v).extras.handle.batch is self:
            return (<Variable>v).extras.handle.physical
        return None

    def concerns(self, tuple values):
        """Whether there is a handle of this level among values, or in tuples, lists and slices among them."""
        return has_handle(self, values, 0)

    def close(self):
        """The level ends.  A handle that outlives it becomes the batch: it shows its first dimension from now on."""
        cdef Variable v
        while self.handles != NULL:
            v = <Variable><object>(<Handle>self.handles).shown
            unlink_handle(self.handles)
            become_physical(v)

    def __dealloc__(self):
        while self.handles != NULL:
            unlink_handle(self.handles)


@cython.final
cdef class Handle:
    """What stands behind a handle, and where that is in its level's chain."""

    def __dealloc__(self):
        unlink_handle(<PyObject*>self)      # by no object of its own: the collector may have cleared them


cdef bint has_handle(BatchLevel level, object values, int depth) except -1:
    cdef Variable v
    for value in values:
        if is_variable(value):
            v = <Variable>value
            if v.flags & BATCHED and v.extras.handle.batch is level:
                return True
        elif type(value) is tuple or type(value) is list:
            if depth < 64 and has_handle(level, value, depth + 1):      # a list may hold itself
                return True
    return False


cdef double NO_NUMBER = float("nan")


cdef Variable batched(Variable physical, BatchLevel level):
    """A handle; raises TypeError for what has no dimension that could be the batch's."""
    cdef intp[MAX_DIMS] steps
    cdef Variable v
    cdef Shape* shape
    cdef Array* element
    cdef int i, n
    if physical.array == NULL or physical.array.shape.ndim == 0:
        raise TypeError("a batch has one dimension at least")
    n = physical.array.shape.ndim - 1
    for i in range(n):
        steps[i] = 0
    shape = new_shape(n, physical.array.shape.dim + 1)
    element = NULL
    try:
        element = zeros(physical.array.type, scalar_shape)
        if kernel_type(element.type) >= 0:
            write_double(element.type, element.data, NO_NUMBER)     # who reads it must not go on unnoticed
        v = fresh(Py_TYPE(<PyObject*>physical))
        v.array = new_geometry(element, element.data, shape, steps if n else NULL)
    finally:
        release_array(element)
        release_shape(shape)
    link_handle(v, physical, level)
    return v


cdef int link_handle(Variable v, Variable physical, BatchLevel level) except -1:
    cdef Handle handle = Handle.__new__(Handle)
    cdef PyObject* own = <PyObject*>handle
    handle.physical, handle.batch = physical, level
    handle.shown, handle.listed = <PyObject*>v, <PyObject*>level
    handle.before, handle.after = NULL, level.handles
    if level.handles != NULL:
        (<Handle>level.handles).before = own
    level.handles = own
    extras_of(v).handle = handle
    v.flags |= BATCHED
    return 0


cdef void unlink_handle(PyObject* own) noexcept:
    cdef PyObject* level = (<Handle>own).listed
    cdef PyObject* before = (<Handle>own).before
    cdef PyObject* after = (<Handle>own).after
    if level == NULL:
        return
    if before != NULL:
        (<Handle>before).after = after
    else:
        (<BatchLevel>level).handles = after
    if after != NULL:
        (<Handle>after).before = before
    (<Handle>own).listed = (<Handle>own).before = (<Handle>own).after = NULL


cdef int become_physical(Variable v) except -1:
    """A handle whose level is gone shows the whole batch: no op may take its one element for values."""
    cdef Extras extras = v.extras
    cdef Handle handle
    cdef Variable physical
    cdef Array* before = v.array
    cdef Node* node
    if extras is None or extras.handle is None or extras.handle.physical is None:     # the collector has cleared it
        return 0
    handle = extras.handle
    physical = <Variable>handle.physical
    node = hold(current_node(physical))
    v.flags &= ~BATCHED
    v.array = hold_array(physical.array)
    v.node = node
    extras.handle = None
    if physical.flags & BATCHED:        # of an outer level
        link_handle(v, <Variable>physical.extras.handle.physical, physical.extras.handle.batch)
    elif physical.extras is not None:
        extras.tangent, extras.level = physical.extras.tangent, physical.extras.level
        extras.tangents = physical.extras.tangents
    release_array(before)
    return 0


cdef Variable physical_in(Variable v):
    """The batch that a handle stands for; v itself if it is none."""
    while v.flags & BATCHED:
        v = <Variable>v.extras.handle.physical
    return v


def physical_of(v):
    """(the batch, its level) of a handle of vmap, else None."""
    if is_variable(v) and (<Variable>v).flags & BATCHED:
        return (<Variable>v).extras.handle.physical, (<Variable>v).extras.handle.batch
    return None


def leaf_of_batches(Variable v not None, tuple shape):
    """A new leaf that shows the elements of v expanded to a shape, sharing their memory."""
    cdef Transform t = new_transform(EXPAND, "expand", len(shape))
    cdef Variable leaf
    cdef Array* geometry
    cdef int i
    for i in range(len(shape)):
        t.data[i] = shape[i]
    materialise(v)
    geometry = transformed(t, v.array)
    try:
        leaf = fresh(Py_TYPE(<PyObject*>v))
        leaf.array = hold_array(geometry)
    finally:
        release_array(geometry)
    set_requires_grad(leaf, True)
    return leaf


def exchange_physical(Variable v not None, Variable other not None):
    """Two handles of one level change places: what t_() and the like do to the first."""
    v.extras.handle.physical, other.extras.handle.physical = other.extras.handle.physical, v.extras.handle.physical
    v.array, other.array = other.array, v.array


# ---- custom ops: several outputs, a Python callable for the derivative

cdef Node* make_custom(object params, int flags, Node** edge, int edges, tuple outputs, object written,
                       Node** picks) except NULL:
    """Record a custom op and put it on its results; the node is returned, owned by the caller.

    edge: the operands' nodes, an array of the caller's who owns them; a copy of it is the node's.  outputs: Variables, None
    where one is no function of the operands.  One output is the node's own; of several each has a pick, which stands in picks
    if that is not NULL, lent.  written: the outputs that are operands written in place, by their id(), or None.
    """
    cdef Payload* payload
    cdef Node* node
    cdef Node* pick
    cdef Variable v
    cdef int i, count = <int>len(outputs)
    for i in range(count):
        if outputs[i] is not None:
            break
    v = <Variable>outputs[i]
    payload = new_payload(type_of(v), v.array.shape if v.array != NULL else scalar_shape)
    try:
        payload.edge = <Node**>allocate((edges if edges else 1) * sizeof(Node*))
    except BaseException:
        release_payload(payload)
        raise
    payload.edges = edges
    for i in range(edges):
        payload.edge[i] = edge[i]
    payload.params = owned(params)
    node = record_payload(0, PYTHON | ARRAY | mx() | flags | (HEAD if count > 1 else 0), payload, NULL, NULL)
    try:
        if count == 1:
            hold(node)
            put_on(<Variable>outputs[0], node, written)
            return node
        node.flags &= ~OUT_SCALAR
        node.y.value = count
        for i in range(count):
            if outputs[i] is None:
                continue
            v = <Variable>outputs[i]
            pick = output_node(node, i, type_of(v), v.array.shape if v.array != NULL else scalar_shape)
            if picks != NULL:
                picks[i] = pick
            put_on(v, pick, written)
    except BaseException:
        disown(node)
        raise
    return node


cdef Node* output_node(Node* head, int position, int type, Shape* shape) except NULL:
    """A pick: the node of one output of an op of several, owned by the caller."""
    cdef Payload* payload = new_payload(type, shape)
    cdef Node* pick = record_payload(0, PICK | ARRAY | mx(), payload, head, NULL)
    pick.y.value = position
    return pick


cdef int put_on(Variable v, Node* node, object written) except -1:
    """Takes the node."""
    cdef Node* before
    if written is not None and <uintptr_t><PyObject*>v in written:
        return rebind(v, node)
    before, v.node = v.node, node       # one result given twice has the node of the last
    disown(before)
    return 0


cdef int on_node(Variable v, Node* node) except -1:
    """Put a value that was saved on its node, which it shares with others."""
    v.node = hold(node)
    return 0


cdef int off_node(Variable v) except -1:
    """... and take it off again."""
    cdef Node* node = v.node
    v.node = NULL
    disown(node)
    return 0


def record_custom(tuple operands, tuple values, vjp, str name):
    """Variables of plain arrays `values`, recorded as results of one op on Variables `operands`.

    vjp(gs, needs): gs are the cotangents of the results, Variables or None where one took no part; needs says for which
    operands a cotangent is wanted; returns one Variable or None per operand.  It runs under the grad mode of the pass.
    """
    cdef Node* node
    cdef Node** edge
    cdef int i, n = len(operands)
    cdef bint any_node = False
    cdef list results = []
    if modes() & ABOVE:
        taken = ask(name, operands, (values, vjp), None, False, True)
        if taken is not NotImplemented:
            return taken
    if modes() & FORWARD and any([tangent_in(operand) is not None for operand in operands]):
        raise NotImplementedError(f"{name} has no rule for forward mode: its tangent would silently be lost.  "
                                  "Differentiate it by backward() or autograd.grad")
    edge = <Node**>allocate((n if n else 1) * sizeof(Node*))
    for i in range(n):
        edge[i] = NULL
    try:
        # The nodes are owned before the values are looked at: making arrays of them may run code that changes an operand.
        for i in range(n):
            edge[i] = hold(edge_of(<Variable>operands[i])) if is_variable(operands[i]) else NULL
            any_node = any_node or edge[i] != NULL
        for value in values:
            results.append(alias_in(<Variable>value, True) if is_variable(value)
                           else from_array(TENSOR, array_copy_of(np.asarray(value))))
        if modes() & TRACED:
            for result in results:
                trace(<Variable>result, operands, None)
        if any_node and not results:
            raise RuntimeError("a custom op has at least one result")
        # Integers never enter the graph.
        outputs = tuple([result if category(type_of(<Variable>result)) >= 2 else None for result in results])
        if any_node and any([output is not None for output in outputs]):
            node = make_custom((vjp, name), SAVES, edge, n, outputs, None, NULL)
            disown(node)
    finally:
        for i in range(n):
            disown(edge[i])
        free(edge)
    return tuple(results)


# ---- writes in place

cdef int check_writable(Variable v) except -1:
    """Before anything is changed."""
    cdef Node* node
    cdef int mode = modes()
    if v.array != NULL and v.array.storage.readonly:
        raise ValueError("assignment destination is read-only: the Variable shares a read-only NumPy array; clone() it")
    if v.flags & INFERENCE_TENSOR and not mode & INFERENCE:
        raise RuntimeError("Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone "
                           "to get a normal tensor before doing inplace update.")
    if mode & (GRAD_OFF | INFERENCE):
        return 0
    if v.flags & UNRECORDED_VIEW and (current_node(v) != NULL or (v.path is not None and v.history.node != NULL)):
        refuse_view(v)
    if mode & RECORDING and (v.flags & ATTACHED or current_node(v) != NULL):
        raise RuntimeError("Assigning to NDArrays that are already in a computational graph will cause undefined "
                           "behavior when evaluating gradients. Please call backward first to clear the graph or do this "
                           "out side of a record section.")
    if v.array != NULL and v.array.strides != NULL and not v.flags & BATCHED and overlaps(v.array):
        if v.path is not None and v.history.node != NULL and v.history.node.flags & LEAF:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
        raise RuntimeError("unsupported operation: more than one element of the written-to tensor refers to a single "
                           "memory location. Please clone() the tensor before performing the operation.")
    if v.path is not None:
        if v.history.node != NULL and v.history.node.flags & LEAF:
            if v.flags & MADE_UNDER:
                refuse_view(v)
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
        return leave_to_saved(v)
    node = current_node(v)
    if node != NULL and node.flags & LEAF:
        if v.flags & MADE_UNDER:
            refuse_view(v)
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    return leave_to_saved(v)


cdef int leave_to_saved(Variable v) except -1:
    """NumPy's arrays are written after they were used (K = np.exp(-d); K[0] += 1): what saved the elements keeps them, and v,
    with its base if it is a view, goes on with a copy.  Where more Variables look at the elements they stay, and a backward
    pass through what saved them raises, as PyTorch does.
    """
    cdef Variable base = v
    cdef Array* array
    cdef Array* copy
    cdef Array* look = NULL
    cdef int looks = 1
    if Py_TYPE(<PyObject*>v) != NDARRAY or v.flags & BATCHED or v.array == NULL:
        return 0
    if v.path is not None:
        if v.history.base == NULL or v.array.owners != 1:
            return 0
        base, looks = <Variable><object>v.history.base, 2
    array = base.array
    if array == NULL or not array.saves or array.owners != 1 + array.saves or array.strides != NULL:
        return 0
    if array.storage.owners != looks or array.storage.base != NULL or array.storage.watchers or array.storage.number != NULL:
        return 0
    if base.history != NULL and base.history.owners != looks:
        return 0
    copy = contiguous_copy(array)
    copy.storage.version, copy.storage.writer = array.storage.version, array.storage.writer
    if base is not v:
        try:
            look = new_geometry(copy, copy.data + (v.array.data - array.data), v.array.shape, v.array.strides)
        except BaseException:
            release_array(copy)
            raise
    base.array = copy
    release_array(array)
    if look != NULL:
        array, v.array = v.array, look
        release_array(array)
    return 0


cdef int check_takes(Variable v, Node* right) except -1:
    """Before a value that depends on a graph, of this node or none, is written into v or a part of it."""
    if right != NULL and v.path is not None and v.flags & (CUSTOM_VIEW | ONE_OF_SEVERAL) and not (
            modes() & (GRAD_OFF | INFERENCE)):
        refuse_view(v)
    return 0


cdef int refuse_view(Variable v) except -1:
    """Raise: a write to this view cannot be recorded, or not without replacing the derivative of a custom Function."""
    cdef Node* node = hold(current_node(v))
    cdef str made = None
    cdef str name = None
    cdef str why = why_custom(node) if v.flags & CUSTOM_VIEW else None
    if v.flags & (INFERENCE_VIEW | UNDER_INFERENCE):
        made = "inference"
    elif v.flags & MADE_UNDER or node == NULL:
        made = "no_grad"
    try:
        if node != NULL and not node.flags & LEAF:
            name = output_name(v, node)
    finally:
        disown(node)
    if made is None:
        text = f"{name} is a view and is being modified inplace."
    else:
        text = f"{name} is a view of a view which" if name is not None else "A view"
        text += (" was created in inference mode and is being modified inplace in normal mode." if made == "inference" else
                 " was created in no_grad mode and is being modified inplace with grad mode enabled.")
    if why is not None:
        text += f" {why}"
    elif v.flags & ONE_OF_SEVERAL and not v.flags & MADE_UNDER:
        text += f" {OF_SEVERAL}"
    else:
        text += (" Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving "
                 f"both the view and the inplace either both inside the {made}{'_mode' if made == 'inference' else ''} block "
                 "(if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).")
    raise RuntimeError(text)


cdef str OF_SEVERAL = ("This view is the output of a function that returns multiple views. Such functions do not allow the "
                       "output views to be modified inplace. You should replace the inplace operation by an out-of-place one.")


cdef str why_custom(Node* node):
    """Why a view that a custom Function returned, and what it is a view of, are not written."""
    if node != NULL and node.flags & PICK:
        return OF_SEVERAL
    return ("This view was created inside a custom Function (or because an input was returned as-is) and the autograd logic "
            "to handle view+inplace would override the custom backward associated with the custom Function, leading to "
            "incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function.")


cdef str output_name(Variable v, Node* node):
    """The words for a view by the op that made it and the place among its results."""
    cdef int position = <int>node.y.value if node.flags & PICK else 0
    cdef Transform link
    if node.flags & PICK:
        node = node.left
    if node.flags & PYTHON:
        params = <object>node.x.payload.params
        name = params[1] if type(params) is tuple else type(params).__name__
    elif v.path is not None:
        link = <Transform>v.path.second if v.path.kind == PATH else v.path
        if v.flags & ONE_OF_SEVERAL:        # its shape may have changed in place since
            for each in links_of(v.path):
                if (<Transform>each).name in ("unbind", "split", "split_sizes"):
                    link = <Transform>each
            position = link.output
        name = GRAD_FN[OP_VIEW].get(link.name, "UnbindBackward0" if v.flags & ONE_OF_SEVERAL else "ViewBackward0")
    else:
        return "A view of what a custom Function returned"
    return f"Output {position} of {name.removesuffix('Backward0').removesuffix('Backward')}"


cdef uint16_t tag_number(str name) except? 65535:
    """What Payload.tag is for a node's name or a key of its row's: a field costs a node no object."""
    number = TAG_NUMBERS.get(name)
    if number is None:
        number = TAG_NUMBERS[name] = len(TAGS)
        TAGS.append(name)
    return number


cdef int write_recorded(Variable x, int op, object params, Node* right, str tag=None) except -1:
    """The node of a write to a part of x, or to all of it, becomes x's; right, owned by the caller, is what was written.

    params as a node keeps them (see params_of() of _engine), None for the row's defaults.
    """
    cdef Node* left = hold(current_node(x))
    cdef Node* node = NULL
    cdef Payload* payload
    try:
        if left != NULL or right != NULL:
            payload = new_payload(type_of(x), x.array.shape if x.array != NULL else scalar_shape)
            payload.tag = tag_number(tag)
            if params is not None:
                payload.params = owned(params)
            node = record_payload(op, ARRAY | mx(), payload, left, right)
        if node != NULL or (x.history != NULL and x.history.node != NULL):
            rebind(x, node)
    finally:
        disown(left)
    return 0


# ---- leaves, bases and views: the node of a Variable changes

cdef Variable leaf_behind(Variable physical, bint method):
    """A leaf on the memory of a batch: the batch itself may be what vmap() was given, whose requires_grad is not ours."""
    if physical.flags & BATCHED:
        return batched(leaf_behind(physical.extras.handle.physical, method), physical.extras.handle.batch)
    physical = alias_in(physical, True)
    set_requires_grad(physical, True, method)
    return physical


cdef int set_requires_grad(Variable v, bint wanted, bint method=False) except -1:
    cdef Node* node
    cdef Payload* payload = NULL
    if v.flags & BATCHED:
        if wanted and current_node(physical_in(v)) == NULL:
            v.extras.handle.physical = leaf_behind(v.extras.handle.physical, method)
            return 0
        return set_requires_grad(physical_in(v), wanted, method)
    if v.flags & POINT_GRAD:
        settle_grad(v)
    node = current_node(v)
    if wanted:
        if node != NULL:
            return 0
        if category(type_of(v)) < 2:
            raise RuntimeError("only Tensors of floating point dtype can require gradients" if method else
                               "only Tensors of floating point and complex dtype can require gradients")
        if v.flags & INFERENCE_TENSOR and not modes() & INFERENCE:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        if v.extras is not None and v.extras.dormant != NULL:
            v.node, v.extras.dormant = v.extras.dormant, NULL
            if v.node.flags & MODIFIED or not same_sizes(v, v.node):
                replace_node(v)      # written, or given data of another shape, while it was off
            node = v.node
            if node == NULL:
                return 0        # switched off again by code that ran meanwhile
        else:
            if v.array != NULL:
                payload = new_payload(v.array.type, v.array.shape)
            node = new_leaf(<void*>v, FLOAT32 if type_of(v) == T_FLOAT else 0, payload)
        if v.history != NULL and v.path is None:
            node.owners += 1
            v.history.node = node
        v.node = node
        if v.history != NULL and v.path is not None:
            drop_history(v, v.array)     # a view of something that needs no gradient becomes a leaf of its own
        return 0
    if v.extras is not None:
        forget_leaf(&v.extras.attached)
        node = v.node
    if node == NULL:
        return 0
    if not node.flags & LEAF:
        raise RuntimeError("you can only change requires_grad flags of leaf variables. If you want to use a computed "
                           "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().")
    leave_graph(v)
    return 0


attached_any = False


cdef int attach_grad(Variable v, str request) except -1:
    """MXNet's leaf: `.grad` is zeros at once, and ops record it inside autograd.record() alone."""
    global attached_any
    cdef Payload* payload = NULL
    cdef Extras extras
    if request not in ("write", "add", "null"):
        raise ValueError(f"grad_req {request!r}: use 'write', 'add' or 'null'")
    if request != "null" and category(type_of(v)) < 2:
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    current_node(v)
    leave_graph(v)
    extras = extras_of(v)
    forget_leaf(&extras.dormant)
    forget_leaf(&extras.attached)
    extras.request = request
    v.flags |= ATTACHED
    attached_any = True
    extras.grad = None
    if request == "null":
        return 0
    if v.array != NULL:
        payload = new_payload(v.array.type, v.array.shape)
    extras.attached = new_leaf(<void*>v, FLOAT32 if type_of(v) == T_FLOAT else 0, payload)
    if v.array == NULL:
        extras.grad = from_number(Py_TYPE(<PyObject*>v), 0, type_of(v))
    else:
        extras.grad = from_array(Py_TYPE(<PyObject*>v), zeros(v.array.type, v.array.shape))
    return 0


cdef void forget_leaf(Node** place) noexcept:
    """A leaf that stands in the extras no longer points back, and is let go."""
    cdef Node* leaf = place[0]
    if leaf != NULL:
        place[0] = NULL
        leaf.y.variable = NULL
        disown(leaf)


cdef void drop_history(Variable v, Array* elements) noexcept:
    """The Variable has no part any more in what bases and views share; its elements are what the views look at."""
    cdef History* history = v.history
    v.history = NULL
    v.path = None
    if history.base == <void*>v:
        history.base = NULL
        if history.owners > 1 and history.array == NULL:
            elements.owners += 1
            history.array = elements        # of which a base is made if one asks
    release_history(history)


def no_view(Variable v):
    """v, which an op made of several steps brought into its shape: a result of its own, as PyTorch's results of one op are."""
    if v.path is not None:
        current_node(v)
        if v.history != NULL:
            drop_history(v, v.array)
    return v


cdef void release_history(History* history) noexcept:
    cdef Array* array
    cdef Node* node
    history.owners -= 1
    if history.owners == 0:
        array, node = history.array, history.node
        release_shape(history.shape)
        free(history)
        disown(node)
        release_array(array)


cdef object base_of(Variable v):
    """The Variable that a view is a view of; made anew where it is gone, or left what they shared."""
    cdef Variable base
    cdef History* history = v.history
    if v.path is None or history == NULL:
        return None
    if history.base != NULL:
        return <object>history.base
    if history.node != NULL and history.node.flags & LEAF and history.node.y.variable != NULL:
        return <object>history.node.y.variable      # a leaf switched off, in which its node waits
    if history.array == NULL:
        raise RuntimeError("the base of this view is just being released")
    current_node(v)
    base = fresh(Py_TYPE(<PyObject*>v))
    history = v.history
    if history == NULL or history.array == NULL:
        return base_of(v)       # code that ran meanwhile was quicker
    base.array, history.array = history.array, NULL
    base.node = hold(history.node)
    base.history = history
    history.owners += 1
    base.generation = history.generation
    base.flags = v.flags & INFERENCE_TENSOR
    history.base = <void*>base
    if base.node != NULL and base.node.flags & LEAF and base.node.y.variable == NULL:
        base.node.y.variable = <void*>base
    return base


cdef Node* renewed_node(Variable v) except? NULL:
    cdef Payload* payload
    cdef Node* node = NULL
    cdef Node* before
    cdef Transform named
    if v.flags & CUSTOM_VIEW and v.node != NULL:
        if modes() & GRAD_OFF:
            return v.node
        raise RuntimeError(f"{output_name(v, v.node)} is a view and its base or another view of its base has been modified "
                           f"inplace. {why_custom(v.node)}")
    if v.path is None:
        node = hold(v.history.node)
    elif v.history.node != NULL:
        named = path_named(v.path)
        payload = new_payload(v.array.type, v.array.shape)
        payload.params = owned(named)
        node = record_payload(OP_VIEW, ARRAY, payload, v.history.node, NULL)
    before = v.node
    v.node, v.generation = node, v.history.generation
    hold(node)
    try:
        if v.path is not None:
            move_retained(before, node)
    finally:
        disown(node)
        disown(before)
    return v.node


cdef Transform path_named(Transform t):
    """The transform under the name that a view generated anew shows."""
    cdef Transform named
    if t.name == "path":
        return t
    named = Transform.__new__(Transform)
    named.kind, named.name, named.second = PATH, "path", t
    named.first = identity
    return named


cdef int leave_graph(Variable v) except -1:
    """The Variable is a constant from now on; views of it, or what it is a view of, stay as they are.

    A leaf that graphs hold waits in the extras: switched on again, the Variable takes its old place in them.  No value
    changes, so nothing that was saved is out of date.
    """
    cdef Extras extras = None
    cdef Node* node
    cdef Node* before = NULL
    if v.flags & POINT_GRAD:
        settle_grad(v)
    if v.node != NULL and v.node.flags & LEAF and (v.node.owners > 1 or v.node.flags & HOOKED):
        extras = extras_of(v)
    node, v.node = v.node, NULL
    if node != NULL and node.flags & LEAF:
        if extras is not None:
            before, extras.dormant, node = extras.dormant, node, NULL
            if before != NULL:
                before.y.variable = NULL
        elif node.y.variable == <void*>v:
            node.y.variable = NULL
    if v.history != NULL:
        drop_history(v, v.array)
    disown(node)
    disown(before)
    return 0


cdef int rebind(Variable v, Node* node) except -1:
    """Give a Variable the node of an in-place write.  Takes the node; on a view, its base is rewritten around it."""
    cdef Payload* payload
    cdef Node* whole = NULL
    cdef Node* before
    cdef Node* before_of_base = NULL
    if v.array != NULL and node != NULL and not node.flags & (PYTHON | PICK):
        v.array.storage.writer = <uint16_t>((OP_COPY_REGION if v.path is not None else node.op) + 1)
    if v.history == NULL and not v.flags & POINT_GRAD and not has_more(v.node):     # out[i] = v in a loop
        before = v.node
        v.node = node
        disown(before)
        return 0
    if v.flags & POINT_GRAD:
        try:
            settle_grad(v)      # it stands in the node that goes
        except BaseException:
            disown(node)
            raise
    if v.history == NULL:
        before = v.node
        v.node = whole = node
    elif v.path is None:
        before, before_of_base = v.node, v.history.node
        v.node = v.history.node = whole = node
        hold(node)
        v.history.generation += 1
        v.generation = v.history.generation
    else:
        if node != NULL or v.history.node != NULL:
            try:
                payload = new_payload(v.history.type, v.history.shape)
                payload.params = <PyObject*>v.path
                Py_INCREF(v.path)
                whole = record_payload(OP_COPY_REGION, ARRAY | mx(), payload, v.history.node, node)
            finally:
                disown(node)
        before = v.history.node
        v.history.node = whole
        v.history.generation += 1
    # Everything is in its place: what now goes may run code.
    if has_more(before_of_base if before_of_base != NULL else before):
        hold(whole)
        try:
            move_retained(before_of_base if before_of_base != NULL else before, whole)
        finally:
            disown(whole)
            disown(before)
            disown(before_of_base)
    else:
        disown(before)
        disown(before_of_base)
    return 0


cdef Node* node_of_write(Variable x, Array* array, intp position, Node* right) except NULL:
    """The node of a write to one element, for rebind(): first, as it may fail."""
    return record_write(OP_COPY_REGION, array.type, array.shape, x.node, position, right)


cdef int take_node(Variable x, Variable v) except -1:
    """x gets the node of v, if there is one: it became what v is."""
    cdef Node* before = x.node
    cdef Node* after = v.node
    if after == NULL:
        return 0
    x.node, v.node = after, NULL
    hold(after)
    try:
        move_retained(before, after)
    finally:
        disown(after)
        disown(before)
    return 0


cdef int share_history(Variable base) except -1:
    cdef History* history
    if base.history != NULL:
        return 0
    history = <History*>allocate(sizeof(History))
    history.owners, history.generation = 1, 0
    history.node = base.node
    if base.node != NULL:
        base.node.owners += 1
    history.shape, history.type = base.array.shape, base.array.type
    history.base, history.array = <void*>base, NULL
    history.shape.owners += 1
    base.history = history
    base.generation = 0
    return 0


cdef int replace_node(Variable v) except -1:
    """Give a Variable a node in the place of its old one, which stands for the value until now: a leaf another leaf, to which
    the old one hands its gradient on, a result one of derivative 1 on top of the old one; so, too, what a pass shows of a
    saved leaf that has another node by now."""
    cdef Node* old
    cdef Node* newer
    cdef Payload* payload = NULL
    if v.flags & POINT_GRAD:
        settle_grad(v)
    old = v.node
    if old == NULL:
        return 0                # it left the graph in code that ran meanwhile
    if old.flags & LEAF and old.y.variable == <void*>v:
        if old.flags & PAYLOAD or v.array != NULL:
            payload = new_payload(type_of(v), v.array.shape if v.array != NULL else scalar_shape)
            if old.flags & PAYLOAD and old.x.payload.extras != NULL:
                payload.extras = old.x.payload.extras
                Py_INCREF(<object>payload.extras)
        newer = new_leaf(<void*>v, (old.flags & (FLOAT32 | HOOKED)) | VARIANT, payload)
        old.flags &= ~HOOKED
        old.left = newer
        old.y.variable = NULL
        newer.owners += 1
        v.node = newer
    else:
        newer = record(OP_POSITIVE, (old.flags & FLOAT32) | VARIANT, 0, old, 0, NULL, 0)
        v.node = newer                  # v's former hold on the old node is this call's, the new one owns it too
    disown(old)
    return 0


cdef Node* first_of(Node* node) noexcept:
    """The node that a Variable had before replace_node() gave it others: cotangents of earlier and of later uses meet there.

    What asks for the whole gradient of a Variable (an input of a pass, a hook, retain_grad) goes by this one.
    """
    while node != NULL and node.op == OP_POSITIVE and node.flags & VARIANT and not node.flags & (LEAF | PYTHON | PICK):
        node = node.left
    return node


cdef int set_edge(Variable v, Node* edge, bint copied) except -1:
    """Put a saved value on the node it came from.

    A copy that outlived its operand's value (see Payload.snapshot), or may outlive it (see Op.copies), gets a node of its
    own: ops recorded on it save the copy, which MODIFIED on the operand does not concern.
    """
    if edge == NULL:
        return 0
    if copied or edge.flags & MODIFIED:
        v.node = record(OP_POSITIVE, (edge.flags & FLOAT32) | VARIANT, 0, edge, 0, NULL, 0)
    else:
        edge.owners += 1
        v.node = edge
    return 0


# ---- the namespace of ops: what a helper's formula may use

class Namespace:
    """The ops that a helper's formula may use; those of families that are not imported yet, when they are asked for."""

    def __getattr__(self, name):
        if name == "later" or name.startswith("__"):
            raise AttributeError(f"there is no op {name}")
        return self.later(name)


OPS = Namespace()
OPERATORS = {}                  # functions of the operators whose rows have no loops, filled by _ops


identity = new_transform(INDEX, "alias", 0)
